//! `--json`: one envelope, whatever happens.

use super::help::verbs;
use crate::support::{Output, Project};
use serde_json::Value;

/// Checks the envelope's shape and gives it back.
fn envelope(output: &Output) -> Value {
    assert_eq!(output.stdout.lines().count(), 1, "{output:?}");
    let envelope = output.json();
    assert_eq!(envelope["schema"], 1);
    assert!(envelope["command"].is_string());
    assert!(envelope["warnings"].is_array());
    let failed = envelope["status"] == "error";
    assert!(failed || envelope["status"] == "ok", "{envelope}");
    assert_eq!(failed, output.code != Some(0), "{output:?}");
    assert_eq!(failed, envelope["error"].is_object(), "{envelope}");
    if failed {
        let error = &envelope["error"];
        assert!(error["code"].is_string() && error["message"].is_string(), "{error}");
        assert!(error["hints"].is_array() && error["retryable"].is_boolean(), "{error}");
    }
    envelope
}

#[test]
fn every_verb_answers_with_one_document_where_nothing_runs() {
    let project = Project::new();
    // What starts something, or waits for a question to be answered, has tests of its own.
    for verb in verbs().into_iter().filter(|verb| !matches!(verb.join(" ").as_str(), "up" | "bonus" | "dashboard")) {
        let mut args: Vec<&str> = verb.iter().map(String::as_str).collect();
        args.push("--json");
        if verb == ["completions"] {
            args.push("bash");
        }
        let output = project.run(&args);
        let command = verb.first().map_or("atelier", String::as_str);
        assert_eq!(envelope(&output)["command"], command, "{verb:?}");
    }
}

#[test]
fn every_verb_answers_a_usage_error_with_one_document() {
    let project = Project::new();
    // What `aws` is told is the AWS CLI's to judge.
    for verb in verbs().into_iter().filter(|verb| verb != &["aws"]) {
        for wrong in ["--no-such-flag", "--port=none", "--lang=xx"] {
            let mut args: Vec<&str> = verb.iter().map(String::as_str).collect();
            args.extend([wrong, "--json"]);
            let output = project.run(&args);
            assert_eq!(output.code, Some(2), "{args:?}");
            assert_eq!(envelope(&output)["error"]["code"], "usage", "{args:?}");
        }
    }
}

#[test]
fn the_verb_is_no_flags_value_and_json_is_meant_however_it_is_said() {
    let project = Project::new();
    for (args, command) in [
        (&["--stack", "test", "status", "--bogus", "--json"][..], "status"),
        (&["--stack", "test", "status", "--json"], "status"),
        (&["-v", "--region", "env", "doctor", "--bogus", "--json"], "doctor"),
        (&["--json", "nothing", "up"], "atelier"),
        (&["status", "-o", "json", "--bogus"], "status"),
        (&["status", "-ojson", "--bogus"], "status"),
        (&["status", "--output=json", "--bogus"], "status"),
    ] {
        assert_eq!(envelope(&project.run(args))["command"], command, "{args:?}");
    }
    let output = project.run(&["logs", "-o", "json"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "`-o` is a flag of `status`");
}

#[test]
fn every_verb_answers_with_one_document_where_a_stack_is_deployed() {
    let project = super::journey::deployed();
    for verb in verbs() {
        let mut args: Vec<&str> = verb.iter().map(String::as_str).collect();
        match verb.join(" ").as_str() {
            // They need Docker, or are tested with what they print as they go; those that take things away come last.
            "bonus" | "test-bonus" | "aws" | "clean" | "dashboard" | "down" => continue,
            "up" => args.extend(["--engine", "embedded"]),
            "completions" => args.push("bash"),
            "key create" => args.extend(["--scope", "status"]),
            "call" | "key revoke" | "key rotate" => args.push("status"),
            _ => {}
        }
        args.push("--json");
        let command = verb.first().map_or("atelier", String::as_str);
        assert_eq!(envelope(&project.run(&args))["command"], command, "{args:?}");
    }
    for args in [&["clean", "--json"][..], &["clean", "--yes", "--json"], &["down", "--json"]] {
        assert_eq!(envelope(&project.run(args))["command"], args[0], "{args:?}");
    }
}

#[test]
fn help_and_version_are_documents_too() {
    let project = Project::new();
    assert!(envelope(&project.run(&["--help", "--json"]))["data"]["text"].as_str().unwrap().contains("deploy"));
    assert!(envelope(&project.run(&["--json", "--version"]))["data"]["text"].as_str().unwrap().contains("atelier"));
    let version = envelope(&project.run(&["version", "--json"]));
    assert_eq!(version["data"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["data"]["engines"], serde_json::json!(["embedded", "localstack", "aws"]));
}

#[test]
fn json_is_never_translated() {
    let project = Project::new();
    for args in [&["status", "--no-such-flag", "--json"][..], &["env", "--json"], &["man", "nothing", "--json"]] {
        let english = project.run(&[args, &["--lang", "en"]].concat());
        let french = project.run(&[args, &["--lang", "fr"]].concat());
        assert_eq!(english.stdout, french.stdout);
    }
}

#[test]
fn a_setting_that_cannot_be_is_a_document() {
    let project = Project::new().with("AWS_ENDPOINT_PUBLIC", "x-4566.app.github.dev");
    let output = project.run(&["version", "--json"]);
    assert_eq!(output.code, Some(2));
    assert_eq!(envelope(&output)["error"]["code"], "bad_setting");
}
