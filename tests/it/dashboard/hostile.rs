//! What strangers write is text on every page: markup, control characters, marks that turn a line around.

use super::served::{Served, raw};
use crate::cli::journey::deployed;
use crate::support::Project;

/// What must not be on a page as it was sent.
const CORPUS: [&str; 10] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></style></textarea><svg onload=alert(1)>",
    "javascript:alert(1)//<a href=",
    "\u{1b}[31mred\u{1b}]0;title\u{7}",
    "a\u{202e}gnp.exe\u{2066}b",
    "zero\u{200b}width\u{feff}",
    "line\u{2028}two\r\nset-cookie: a=b",
    "&lt;b&gt;&#60;i&#62;",
];

/// Percent-encodes everything.
fn encoded(text: &str) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap();
    text.bytes().flat_map(|byte| ['%', digit(byte >> 4), digit(byte & 15)]).collect()
}

#[test]
fn what_strangers_write_is_text_wherever_it_is_shown() {
    let project = deployed();
    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    for text in CORPUS {
        let name = encoded(text);
        let pages = [
            visit.post("/try", &format!("action=status&target=docker&name={name}&key=kept")),
            visit.post("/act", &format!("action=stop&name={name}")),
            visit.post("/try", &format!("action={name}&target={name}&name={name}")),
        ];
        for page in pages {
            assert_eq!(page.status, 200, "{text:?}");
            harmless(&page.body, text);
        }
    }
}

/// Nothing of it is markup, and nothing of it is hidden.
pub(super) fn harmless(page: &str, text: &str) {
    for markup in [
        "<script>alert",
        "<img",
        "<svg onload",
        "<b>&",
        "onerror=alert(1)>",
        "\u{1b}",
        "\u{7}",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\u{2028}",
    ] {
        assert!(!page.contains(markup), "{markup:?} of {text:?}: {page}");
    }
    assert!(!page.contains("' onmouseover='alert(1)'"), "{page}");
    assert_eq!(page.matches("<title>").count(), 1);
    assert_eq!(page.matches("</script>").count(), 1, "the page's own: {page}");
}

/// Where the project's API is: its port and its path.
fn api(project: &Project) -> (u16, String) {
    let status = project.run(&["status", "--json"]).json();
    let url = status["data"]["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:").unwrap().to_owned();
    let (port, path) = url.split_once('/').unwrap();
    (port.parse().unwrap(), format!("/{path}"))
}

#[test]
fn what_strangers_ask_for_is_text_in_calls_and_logs() {
    let project = deployed();
    let (port, path) = api(&project);
    for text in CORPUS {
        let (host, target) = (format!("127.0.0.1:{port}"), encoded(text));
        let id = format!("hostile-{}", text.len());
        for head in [
            format!("GET {path}?action={target}"),
            format!("GET {path}?action=status&name={target}"),
            format!("GET {path}/{target}"),
        ] {
            raw(
                port,
                &head,
                &[("host", &host), ("x-request-id", &id), ("user-agent", "<b>\"'"), ("x-api-key", "<i>")],
                "",
            );
        }
    }
    let served = Served::start(&project, &["--lang", "en"]);
    let visit = served.visit(&served.url);
    visit.shows("/calls", "hostile-");
    for page in [
        "/",
        "/calls",
        "/calls?own=1",
        "/logs",
        "/logs?errors=1",
        "/numbers",
        "/class",
        "/calls/hostile-25",
        "/metrics",
    ] {
        let answer = visit.get(page);
        assert_eq!(answer.status, 200, "{page}");
        if page != "/metrics" {
            harmless(&answer.body, page);
        }
    }
    for text in CORPUS {
        for page in [
            "/calls?text=",
            "/calls?status=",
            "/calls?action=",
            "/calls?from=",
            "/logs?text=",
            "/logs?request=",
            "/calls/",
        ] {
            let answer = visit.get(&format!("{page}{}", encoded(text)));
            assert!(matches!(answer.status, 200 | 404), "{page}{text:?}: {answer:?}");
            harmless(&answer.body, text);
        }
    }
}
