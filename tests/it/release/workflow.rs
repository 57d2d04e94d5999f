//! The workflow of `examples/github-actions`: its steps run one after another, as a runner runs them.

use super::{action::Job, executable, repository, run};
use crate::support::{skipped, tool};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// The tests of a project: its API answers, and AWS is the engine.
const TESTS: &str = r#"import json
import os
import urllib.request

import boto3


def test_the_api_answers():
    with urllib.request.urlopen(os.environ["API_URL"] + "/infra?action=status") as answer:
        assert json.load(answer)["state"] == "running"


def test_aws_is_the_engine():
    assert boto3.client("sts").get_caller_identity()["Account"] == "000000000000"
"#;

fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(repository().join(name)).unwrap()).unwrap()
}

/// Where programs are, and the Python that has pytest and boto3.
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
fn environment() -> (String, String) {
    let python = std::env::var("ATELIER_PYTEST").unwrap_or_else(|_| "python3".to_owned());
    (std::env::var("PATH").unwrap_or_default(), python)
}

/// What the runner gives the action: the step's inputs, and the action's own defaults for the others.
fn inputs(action: &Value, step: &Value) -> Vec<(String, String)> {
    let value = |name: &str, input: &Value| {
        let given = step["with"].get(name).or_else(|| input.get("default"));
        given.and_then(Value::as_str).unwrap_or_else(|| panic!("the input {name} has no text")).to_owned()
    };
    action["inputs"].as_object().unwrap().iter().map(|(name, input)| (name.clone(), value(name, input))).collect()
}

/// A text with the outputs of the action's step in the place of what names them.
fn evaluated(text: &str, id: &str, outputs: &BTreeMap<String, String>) -> String {
    let text = outputs.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{{{ steps.{id}.outputs.{name} }}}}"), value)
    });
    assert!(!text.contains("${{"), "nobody knows what this is: {text}");
    text
}

/// Runs a step's commands with what the steps before it have told the job.
fn shell(job: &Job, step: &Value, shims: &Path) -> (bool, String) {
    let folder = job.project.path();
    let told = fs::read_to_string(folder.join("GITHUB_PATH")).unwrap_or_default();
    let path = [shims.to_str().unwrap()].into_iter().chain(told.lines()).collect::<Vec<_>>().join(":");
    let mut shell = Command::new("bash");
    shell.args(["-e", "-c", step["run"].as_str().unwrap()]).current_dir(&folder).env_clear();
    shell.env("HOME", &folder).env("PATH", format!("{path}:{}", environment().0)).envs(job.told("GITHUB_ENV"));
    // What the test needs is here already, and nothing else is to be fetched or left behind.
    shell.env("PIP_NO_INDEX", "1").env("PIP_BREAK_SYSTEM_PACKAGES", "1").env("PYTHONDONTWRITEBYTECODE", "1");
    for (name, value) in step["env"].as_object().into_iter().flatten() {
        shell.env(name, evaluated(value.as_str().unwrap(), "atelier", &job.told("GITHUB_OUTPUT")));
    }
    run(&mut shell)
}

#[test]
fn the_steps_of_the_example_test_a_project_against_an_engine_of_the_job() {
    let Some(job) = Job::new() else { return };
    let folder = job.project.path();
    let python = environment().1;
    let mut asked = tool("", &python, &folder, [("PYTHONDONTWRITEBYTECODE", "1")]);
    if !asked.args(["-c", "import boto3, pip, pytest"]).output().is_ok_and(|output| output.status.success()) {
        skipped("the example's workflow: no Python with boto3 and pytest (ATELIER_PYTEST, scripts/pytest.sh)");
        return;
    }
    // What `actions/setup-python` brings.
    let shims = folder.join("shims");
    fs::create_dir(&shims).unwrap();
    executable(&shims.join("python"), &format!("#!/bin/sh\nexec '{python}' \"$@\"\n"));
    // What `actions/checkout` brings.
    job.project.write("requirements.txt", "boto3\npytest\n");
    job.project.write("test_project.py", TESTS);
    let (action, workflow) = (yaml("action.yml"), yaml("examples/github-actions/test.yml"));
    // Runners have had no Node.js 20 since September 2026.
    assert_eq!(action["runs"]["using"], "node24");
    let mut ran = Vec::new();
    for step in workflow["jobs"]["test"]["steps"].as_array().unwrap() {
        let used = step["uses"].as_str().map(|uses| uses.split('@').next().unwrap_or_default());
        match used {
            Some("actions/checkout" | "actions/setup-python") => {}
            Some("OWNER/atelier") => {
                assert_eq!(step["id"], "atelier", "later steps know it by this");
                let mut inputs = inputs(&action, step);
                inputs.retain(|(name, _)| name != "atelier");
                inputs.push(("atelier".to_owned(), env!("CARGO_BIN_EXE_atelier").to_owned()));
                let inputs: Vec<(&str, &str)> = inputs.iter().map(|(name, value)| (&**name, &**value)).collect();
                let (started, log) = job.step("start.js", &inputs);
                assert!(started, "{log}");
            }
            Some(other) => panic!("this test does not know `{other}`"),
            None => {
                let (done, log) = shell(&job, step, &shims);
                assert!(done, "{step}: {log}");
                ran.push(log);
            }
        }
    }
    assert!(ran.iter().any(|log| log.contains("2 passed")), "{ran:?}");
    let (stopped, log) = job.step("stop.js", &[("working-directory", ".")]);
    assert!(stopped, "{log}");
    assert_eq!(job.project.run(&["env"]).code, Some(5), "the engine ends with the job");
}
