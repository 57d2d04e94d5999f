//! The verbs that need a deployed stack, on the embedded engine.

use crate::support::{Output, Project};
use serde_json::Value;
use std::process::Command;

pub(crate) fn deployed() -> Project {
    let project = Project::new().up();
    succeeds(&project.run(&["deploy"]));
    project
}

pub(crate) fn succeeds(output: &Output) {
    assert_eq!(output.code, Some(0), "{output:?}");
}

fn instance_state(project: &Project) -> Value {
    let status = project.run(&["status", "--json"]).json();
    let found = status["data"]["stack"]["found"].as_array().unwrap().clone();
    found.into_iter().find(|part| part["part"] == "instance").unwrap()["state"].clone()
}

#[test]
fn the_test_passes_in_the_workshops_words_and_leaves_the_instance_as_it_was() {
    let project = deployed();
    let output = project.run(&["test", "--lang", "fr"]);
    succeeds(&output);
    assert!(
        output.stdout.starts_with("🧪 Test 1: Démarrage de l'instance EC2...\n✅ Réponse : {\"status\":\"started\",")
    );
    assert!(output.stdout.contains("🧪 Test 2: Arrêt de l'instance EC2..."), "{}", output.stdout);
    assert!(output.stdout.contains("✅ Tous les tests sont passés !"), "{}", output.stdout);
    assert_eq!(instance_state(&project), "running", "not on its way there: the next command would be a 409");

    let report = project.run(&["test", "--json"]).json();
    assert_eq!((&report["data"]["passed"], &report["data"]["failed"]), (&5.into(), &0.into()), "{report}");
}

#[test]
fn status_is_healthy_only_once_everything_is_there() {
    let project = Project::new().up();
    let output = project.run(&["status", "--check", "--json"]);
    assert_eq!(output.code, Some(5));
    assert_eq!(output.json()["error"]["code"], "unhealthy");
    assert_eq!(project.run(&["status"]).code, Some(0), "the question was answered");

    succeeds(&project.run(&["deploy"]));
    let output = project.run(&["status", "--check"]);
    succeeds(&output);
    for part in ["engine", "instance", "role", "log group", "function", "API", "URL: http://127.0.0.1:"] {
        assert!(output.stdout.contains(part), "{part}: {}", output.stdout);
    }
}

#[test]
fn the_environment_can_be_evaluated_and_beats_the_users_own() {
    let project = deployed();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", r#"eval "$("$ATELIER" env)"; echo "$AWS_ENDPOINT_URL|$AWS_ENDPOINT_PUBLIC|$API_ID|$AWS_REGION|$AWS_ACCESS_KEY_ID|$AWS_SESSION_TOKEN|$AWS_PROFILE|$AWS_CONFIG_FILE""#])
        .env_clear()
        .env("ATELIER", env!("CARGO_BIN_EXE_atelier"))
        .envs([("AWS_ACCESS_KEY_ID", "AKIAREAL"), ("AWS_SESSION_TOKEN", "real"), ("AWS_PROFILE", "real"), ("AWS_ENDPOINT_URL", "https://elsewhere")])
        .current_dir(project.path());
    let output = String::from_utf8(shell.output().unwrap().stdout).unwrap();
    let values: Vec<&str> = output.trim().split('|').collect();
    assert!(values[0].starts_with("http://127.0.0.1:") && values[0] == values[1], "{values:?}");
    assert_eq!(values[2], std::fs::read_to_string(project.path().join(".api_id")).unwrap().trim());
    assert_eq!((values[3], values[5], values[6]), ("us-east-1", "", ""));
    let config = std::fs::read_to_string(values[7]).unwrap();
    assert!(config.contains("cli_binary_format = raw-in-base64-out"), "version 2 of the AWS CLI takes text: {config}");
    assert!(!values[4].is_empty() && values[4] != "AKIAREAL", "{values:?}");

    // Where that file cannot be, the rest is told all the same.
    let config = project.path().join(".atelier/aws-config");
    std::fs::remove_file(&config).unwrap();
    std::fs::create_dir(&config).unwrap();
    let variables = project.run(&["env", "--json"]).json()["data"]["variables"].clone();
    assert!(variables["API_ID"].is_string() && variables["AWS_CONFIG_FILE"].is_null(), "{variables}");
}

#[test]
fn the_functions_log_is_shown_beside_the_engines() {
    let project = deployed();
    succeeds(&project.run(&["test"]));
    let output = project.run(&["logs", "--source", "lambda", "--json"]);
    succeeds(&output);
    let entries = output.json()["data"]["entries"].as_array().unwrap().clone();
    assert!(entries.len() > 1, "{output:?}");
    assert_eq!(entries[0]["source"], "lambda");

    // A process that waits for work is ended without an answer that its runtime would take for some.
    succeeds(&project.run(&["down"]));
    let engine = std::fs::read_to_string(project.path().join(".atelier/engine.log")).unwrap();
    let function = project.run(&["logs", "--raw", "-n", "1000"]);
    assert!(!engine.contains("panicked") && !function.stdout.contains("panicked"), "{engine}{function:?}");
}

#[test]
fn without_a_stack_the_test_says_what_to_do() {
    let project = Project::new().up();
    let output = project.run(&["test"]);
    assert_eq!(output.code, Some(5));
    assert!(output.stderr.contains("nothing is deployed here") && output.stderr.contains("`atelier deploy`"));
}

#[test]
fn a_question_that_nobody_can_answer_names_the_flag() {
    let project = deployed();
    let output = project.run(&["clean"]);
    assert_eq!(output.code, Some(3));
    assert!(output.stderr.contains("--yes"), "{}", output.stderr);
    succeeds(&project.run(&["clean", "--yes"]));
}
