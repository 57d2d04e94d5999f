//! The docker proxy's rules: a request is refused, or it is exactly one of the templates.

#![no_main]

use atelier_fuzz::{http1::Limits, proxy::rules, request, secret::Secret};
use libfuzzer_sys::fuzz_target;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fuzz_target!(|bytes: &[u8]| {
    let Some(request) = request(bytes, &Limits::proxy()) else { return };
    let (head, _) = request.into_parts();
    let Ok(operation) = rules::decide(&head, &Secret::new(TOKEN)) else { return };
    let target = head.uri.path_and_query().map_or("", |target| target.as_str());
    let method = head.method.as_str();
    match operation.container() {
        None => assert!(matches!((method, target), ("GET", "/_ping" | "/containers")), "{method} {target}"),
        Some(name) => {
            let rest = target.strip_prefix(&format!("/containers/{name}")).expect("the name is the target's own");
            assert!(
                matches!((method, rest), ("GET", "") | ("POST", "/start" | "/stop" | "/restart")),
                "{method} {target}"
            );
        }
    }
    if target != "/_ping" {
        assert_eq!(head.headers["authorization"], format!("Bearer {TOKEN}"));
    }
    let lengths = head.headers.get_all("content-length");
    assert!(lengths.iter().all(|length| length == "0") && !head.headers.contains_key("transfer-encoding"));
});
