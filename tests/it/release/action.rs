//! The GitHub Action: its steps run as a runner runs them, with inputs in variables and files to tell the job through.

use super::{published, repository, run};
use crate::support::{Project, skipped};
use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// A job on a runner.
pub(super) struct Job {
    pub(super) project: Project,
    variables: Vec<(&'static str, String)>,
}

impl Job {
    /// A job in a folder of its own; without Node.js the test is counted as skipped.
    pub(super) fn new() -> Option<Self> {
        if Command::new("node").arg("--version").output().is_err() {
            skipped("the GitHub Action: there is no Node.js here");
            return None;
        }
        Some(Self { project: Project::new(), variables: Vec::new() })
    }

    /// Sets a variable that the runner has for every step.
    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Runs a step of the action and returns whether it succeeded, and its log.
    pub(super) fn step(&self, script: &str, inputs: &[(&str, &str)]) -> (bool, String) {
        let folder = self.project.path();
        let mut node = Command::new("node");
        node.arg(repository().join("action").join(script)).current_dir(&folder).env_clear();
        #[expect(clippy::disallowed_methods, reason = "where Node.js is, the environment knows")]
        node.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        node.env("HOME", &folder).env("ATELIER_ENGINE", "embedded");
        for file in ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"] {
            node.env(file, folder.join(file));
        }
        node.envs(self.variables.iter().map(|(name, value)| (name, value)));
        for (name, value) in inputs {
            node.env(format!("INPUT_{}", name.to_uppercase()), value);
        }
        // The runner hands the state of the first step to the last.
        for (name, value) in self.told("GITHUB_STATE") {
            node.env(format!("STATE_{name}"), value);
        }
        run(&mut node)
    }

    /// The named values that steps wrote into one of the runner's files.
    pub(super) fn told(&self, file: &str) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.project.path().join(file)).unwrap_or_default();
        let mut lines = text.lines();
        let mut told = BTreeMap::new();
        while let Some((name, end)) = lines.next().and_then(|line| line.split_once("<<")) {
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            told.insert(name.to_owned(), value.join("\n"));
        }
        told
    }
}

/// The inputs' defaults, as the runner fills them in, and the binary of this build.
fn inputs<'a>(others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let defaults = [
        ("version", "latest"),
        ("atelier", env!("CARGO_BIN_EXE_atelier")),
        ("engine", "embedded"),
        ("port", "0"),
        ("lenient", "false"),
        ("deploy", "false"),
        ("test", "false"),
        ("working-directory", "."),
    ];
    let is_other = |name: &str| others.iter().any(|(other, _)| *other == name);
    defaults.into_iter().filter(|(name, _)| !is_other(name)).chain(others.iter().copied()).collect()
}

#[test]
fn it_starts_an_engine_exports_what_clients_need_tests_and_takes_it_away_again() {
    let Some(job) = Job::new() else { return };
    let (started, log) = job.step("start.js", &inputs(&[("test", "true")]));
    assert!(started, "{log}");
    let exported = job.told("GITHUB_ENV");
    for name in ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
        assert!(exported.get(name).is_some_and(|value| !value.is_empty()), "{name}: {exported:?}");
    }
    let secret = &exported["AWS_SECRET_ACCESS_KEY"];
    assert!(log.contains(&format!("::add-mask::{secret}\n")), "the runner hides it from here on");
    assert!(job.told("GITHUB_OUTPUT")["api-url"].contains("/restapis/"));
    let summary = fs::read_to_string(job.project.path().join("GITHUB_STEP_SUMMARY")).unwrap();
    assert!(summary.contains("| check | status |") && summary.contains("| passed | start | 200 |"), "{summary}");
    let path = fs::read_to_string(job.project.path().join("GITHUB_PATH")).unwrap();
    assert!(Path::new(path.trim()).join("atelier").is_file(), "{path}");
    let engine = || job.project.run(&["env"]).code;
    assert_eq!(engine(), Some(0));

    let (stopped, log) = job.step("stop.js", &inputs(&[]));
    assert!(stopped, "{log}");
    assert_eq!(engine(), Some(5), "nothing runs any more");
    let (again, log) = job.step("stop.js", &inputs(&[]));
    assert!(again, "{log}");
}

#[test]
fn it_installs_from_the_repository_that_it_is_of() {
    let Some(job) = Job::new() else { return };
    let (_releases, _, url) = published();
    let server = url.strip_suffix("/releases").unwrap();
    let tools = job.project.path().join("tools");
    let job = job.with("GITHUB_SERVER_URL", server).with("GITHUB_ACTION_REPOSITORY", "somebody/atelier");
    let job = job.with("GITHUB_REPOSITORY", "somebody/else").with("RUNNER_TOOL_CACHE", &tools.display().to_string());
    let (started, log) = job.step("start.js", &inputs(&[("atelier", "")]));
    assert!(started, "{log}");
    assert!(tools.join("atelier/bin/atelier").is_file(), "{log}");
    let (stopped, log) = job.step("stop.js", &inputs(&[]));
    assert!(stopped, "{log}");
}

#[test]
fn what_fails_is_one_line_in_the_jobs_overview() {
    let Some(job) = Job::new() else { return };
    for (other, words) in [
        (("engine", "cloud"), "::error title=atelier::"),
        (("lenient", "maybe"), "::error title=atelier::the input lenient is true or false"),
        (("atelier", "/nowhere/atelier"), "::error title=atelier::cannot run /nowhere/atelier"),
    ] {
        let (started, log) = job.step("start.js", &inputs(&[other]));
        assert!(!started && log.lines().any(|line| line.starts_with(words)), "{other:?}: {log}");
    }
    fs::remove_file(job.project.path().join("GITHUB_STATE")).unwrap();
    let (stopped, log) = job.step("stop.js", &inputs(&[]));
    assert!(stopped, "a start that did not get there leaves nothing to stop: {log}");
}
