//! The handler's events: each is read to one of a closed set of requests, or refused as the client's fault.

#![no_main]

use atelier_fuzz::handler::{Read, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match read(bytes) {
        Read::Preflight | Read::Tick => {}
        Read::Request(action, target) => {
            assert!(matches!(action, "start" | "stop" | "restart" | "modify" | "status" | "list"));
            assert!(matches!(target, "ec2" | "docker"));
            // Nothing is done by default: the action itself was written, and Docker was named. Where nothing in the
            // event stands for other bytes, it was written just so.
            let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            let spelled = ["\\", "%", "isBase64Encoded"].iter().any(|text| has(text));
            assert!(spelled || has(action), "{action}");
            assert!(spelled || target == "ec2" || has(target), "{target}");
        }
        Read::Refused(status) => assert!((400..500).contains(&status), "{status}"),
    }
});
