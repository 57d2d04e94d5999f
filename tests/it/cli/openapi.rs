//! The API against its own document, which promises exactly what the API does: schemathesis makes requests that the document
//! admits, and requests that it does not, and compares the answers.
//!
//! `scripts/schemathesis.sh` installs it where it is wanted and names it in `ATELIER_SCHEMATHESIS`.

use super::journey::{deployed, succeeds};
use crate::support::skipped;
use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
};

/// What the document cannot know: whether there is a container of a name, whether the instance is on its way to another
/// state (of all, that is a 502 with the outcome of each), and whether there is a Docker to drive.
const CONFIG: &str = "hooks = \"hooks.py\"\n[checks.not_a_server_error]\nexpected-statuses = [\"2xx\", \"3xx\", \"4xx\", 502, 503]\n\
    [checks.positive_data_acceptance]\nexpected-statuses = [\"2xx\", 404, 409, 502, 503]\n";

/// Nor can it know which types of instances an engine has, only how their names look: a name that looks like one becomes
/// one that there is.
const HOOKS: &str = r#"import re
import schemathesis

TYPE = re.compile(r"[a-z0-9-]{1,16}[.][a-z0-9-]{1,16}")

def known(request):
    if isinstance(request, dict):
        for name, value in request.items():
            if name == "type" and isinstance(value, str) and TYPE.fullmatch(value):
                request[name] = "t3.small"
            else:
                known(value)

@schemathesis.hook
def before_call(context, case, kwargs):
    known(case.query)
    known(case.body)
"#;

#[test]
fn schemathesis_finds_nothing() {
    #[expect(clippy::disallowed_methods, reason = "the test's own environment, not the program's")]
    let Some(program) = std::env::var_os("ATELIER_SCHEMATHESIS") else {
        return skipped("no schemathesis: `scripts/schemathesis.sh` installs it");
    };
    let project = deployed();
    project.write("schemathesis.toml", CONFIG);
    project.write("hooks.py", HOOKS);
    let check = |key: Option<&str>| {
        let url = project.run(&["open", "--url"]).stdout;
        let url = url.split("/infra").next().unwrap();
        let mut run = Command::new(&program);
        run.args(["--config-file", "schemathesis.toml", "run", &format!("{url}/openapi.json"), "--url", url])
            // The document's own server is relative to it, which schemathesis resolves against the host alone.
            .args(["--generation-deterministic", "--max-examples", "30", "--no-color"])
            // A key may call 50 times a second.
            .args(["--rate-limit", "40/s"])
            .args(key.map(|key| ["-H".to_owned(), format!("x-api-key: {key}")]).into_iter().flatten())
            .current_dir(project.path());
        let output = run.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        // The document's own address is left out by schemathesis itself.
        assert!(said.contains("Tested: 3"), "every operation of the resource: {said}");
    };
    check(None);
    succeeds(&project.run(&["deploy", "--auth", "api-key"]));
    let made = project.run(&["key", "create", "--scope", "modify", "--json"]).json();
    // A 502 of every call would be within what is allowed above.
    succeeds(&project.run(&["call", "modify", "--type", "t3.small", "--restart"]));
    check(Some(made["data"]["value"].as_str().unwrap()));
}

#[test]
fn the_documents_own_address_names_its_one_method() {
    let project = deployed();
    let url = project.run(&["open", "--url"]).stdout;
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let path = path.split("/infra").next().unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    let request = format!(
        "PUT /{path}/openapi.json HTTP/1.1\r\nhost: {authority}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("\r\nallow: GET\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"error":"The methods are GET","code":"method_not_allowed"}"#), "{answer}");
}
