//! What strangers write is text on every page: markup, control characters, marks that turn a line around.

use super::served::Served;
use crate::cli::journey::deployed;

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
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
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
