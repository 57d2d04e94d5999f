//! Who is told of checks besides the terminal: readers of `JUnit` files, and GitHub.

use super::{
    bent,
    journey::{deployed, succeeds},
};
use crate::support::fault::{At, Fault, FaultProxy};
use aws_smithy_xml::decode::Document;

/// The names of the test cases in a file, each with the names of what is inside.
fn cases(path: &std::path::Path) -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), "{text}");
    let mut reader = Document::new(text.split_once('\n').unwrap().1);
    let mut root = reader.root_element().unwrap();
    assert_eq!(root.start_el().local(), "testsuites");
    let mut suite = root.next_tag().unwrap();
    let mut cases = Vec::new();
    while let Some(mut case) = suite.next_tag() {
        let name = case.start_el().attr("name").unwrap().to_owned();
        let mut inside = Vec::new();
        while let Some(inner) = case.next_tag() {
            inside.push(inner.start_el().local().to_owned());
        }
        cases.push((name, inside));
    }
    cases
}

#[test]
fn the_junit_file_has_every_check() {
    let project = deployed();
    let file = project.path().join("reports/junit.xml");
    succeeds(&project.run(&["test", "--junit", "reports/junit.xml"]));
    let passed = cases(&file);
    let names: Vec<&str> = passed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["start", "stop", "status", "unknown_action", "no_action"]);
    assert!(passed.iter().all(|(_, inside)| inside == &["system-out"]), "{passed:?}");
}

#[test]
fn what_failed_is_in_the_file_and_beside_the_run_on_github() {
    // Every check goes wrong, each in its own words.
    let project = deployed();
    let bent = bent(&project.path(), "200 OK\r\ncontent-type: application/json", "{}");
    let project = project.with("AWS_ENDPOINT_PUBLIC", &bent).with("GITHUB_ACTIONS", "true");
    let output = project.run(&["test", "--junit", "junit.xml", "--json"]);
    assert_eq!(output.code, Some(1));
    assert_eq!(output.json()["data"]["failed"], 5, "{output:?}");
    let annotations: Vec<&str> = output.stderr.lines().filter(|line| line.starts_with("::error title=")).collect();
    assert_eq!(annotations.len(), 5, "{}", output.stderr);
    assert!(annotations[0].contains("atelier test%3A ") && annotations[0].contains("expected"), "{annotations:?}");
    let cases = cases(&project.path().join("junit.xml"));
    assert!(cases.iter().all(|(_, inside)| inside == &["failure", "system-out"]), "{cases:?}");
}

#[test]
fn an_engine_that_fails_in_the_middle_leaves_what_was_seen_and_an_error() {
    let project = deployed();
    let port = project.port();
    let proxy = FaultProxy::to(port);
    let project = project.with("AWS_ENDPOINT_PUBLIC", &format!("http://127.0.0.1:{port}"));
    proxy.arm(Some((At::Named("DescribeInstances".to_owned(), 4), Fault::Reset)));
    let output = project.run(&["test", "--junit", "junit.xml", "--endpoint", &proxy.url()]);
    assert!(proxy.has_struck() && output.code != Some(0), "{output:?}");
    let cases = cases(&project.path().join("junit.xml"));
    assert!(cases.len() > 1 && cases.len() < 5, "{cases:?}");
    let (last, before) = cases.split_last().unwrap();
    assert_eq!(last.1, ["error", "system-out"], "{cases:?}");
    assert!(before.iter().all(|(_, inside)| inside == &["system-out"]), "{cases:?}");
}

#[test]
fn what_is_no_file_is_written_to_and_stays_what_it_is() {
    let project = deployed();
    let link = project.path().join("junit.xml");
    project.write("elsewhere.xml", "");
    std::os::unix::fs::symlink("elsewhere.xml", &link).unwrap();
    succeeds(&project.run(&["test", "--junit", "junit.xml"]));
    assert_eq!(std::fs::read_link(&link).unwrap().to_str(), Some("elsewhere.xml"));
    assert_eq!(cases(&project.path().join("elsewhere.xml")).len(), 5);
    succeeds(&project.run(&["clean", "--yes"]));
    assert_eq!(project.run(&["test", "--junit", "junit.xml"]).code, Some(5));
    assert!(link.is_symlink(), "not removed either");
}

#[test]
fn a_run_without_checks_leaves_no_older_report_in_place() {
    let project = crate::support::Project::new();
    project.write("junit.xml", "of yesterday");
    assert_eq!(project.run(&["test", "--junit", "junit.xml"]).code, Some(5));
    assert!(!project.path().join("junit.xml").exists());
}
