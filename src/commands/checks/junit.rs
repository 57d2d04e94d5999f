//! The `JUnit` form of a run: <https://github.com/testmoapp/junitxml>, the part that every reader knows.

use super::Check;
use crate::aws_protocol::xml::legal;
use aws_smithy_xml::encode::{ScopeWriter, XmlWriter};

/// Writes the document. Texts are English: machines compare them between runs.
pub(super) fn document(suite: &str, checks: &[Check]) -> String {
    let mut document = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let count = |is_broken| checks.iter().filter(|check| !check.passed && check.is_broken == is_broken).count();
    let counts = [
        ("name", suite.to_owned()),
        ("tests", checks.len().to_string()),
        ("failures", count(false).to_string()),
        ("errors", count(true).to_string()),
        ("time", seconds(checks.iter().map(|check| check.millis).sum())),
    ];
    let mut writer = XmlWriter::new(&mut document);
    let mut root = writer.start_el("testsuites");
    for (name, value) in &counts {
        root.write_attribute(name, value);
    }
    let mut root = root.finish();
    let mut inner = root.start_el("testsuite");
    for (name, value) in &counts {
        inner.write_attribute(name, value);
    }
    let mut inner = inner.finish();
    for check in checks {
        case(&mut inner, suite, check);
    }
    inner.finish();
    root.finish();
    document.push('\n');
    legal(document)
}

fn case(suite: &mut ScopeWriter<'_, '_>, name: &str, check: &Check) {
    let mut element = suite.start_el("testcase");
    element.write_attribute("classname", name).write_attribute("name", &check.name);
    element.write_attribute("time", &seconds(check.millis));
    let mut case = element.finish();
    if !check.passed {
        let problems: Vec<String> = check.problems.iter().map(ToString::to_string).collect();
        let mut failure = case.start_el(if check.is_broken { "error" } else { "failure" });
        failure.write_attribute("message", problems.first().map_or("", String::as_str));
        failure.finish().data(&problems.join("\n"));
    }
    case.start_el("system-out").finish().data(&check.answer);
    case.finish();
}

fn seconds(millis: u128) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, *};
    use aws_smithy_xml::decode::Document;

    #[test]
    fn a_hostile_answer_stays_text() {
        let hostile = "</system-out><testcase name=\"forged\"/>&amp;\u{1b}]0;x\u{0}]]>\u{ffff}é";
        let checks = [check("start", "{}", &[]), check("stop", hostile, &[hostile, "second"])];
        let document = document("atelier test", &checks);
        assert_eq!(document.matches("<testcase ").count(), 2, "{document}");
        assert!(document.contains(r#"<testsuite name="atelier test" tests="2" failures="1" errors="0" time="2.468">"#));
        assert!(!document.contains(['\u{1b}', '\u{0}', '\u{ffff}']), "{document}");

        let mut reader = Document::new(document.trim_start_matches(|c| c != '\n'));
        let mut root = reader.root_element().unwrap();
        let mut suite = root.next_tag().unwrap();
        let mut names = Vec::new();
        while let Some(mut case) = suite.next_tag() {
            names.push(case.start_el().attr("name").unwrap().to_owned());
            while let Some(mut inner) = case.next_tag() {
                let text = aws_smithy_xml::decode::try_data(&mut inner).unwrap();
                assert!(inner.start_el().local() == "failure" || names.len() == 1 || text.contains("forged"), "{text}");
            }
        }
        assert_eq!(names, ["start", "stop"]);
    }
}
