//! `atelier run`: a command with an engine that is there, or with one of its own.

use super::journey::deployed;
use crate::support::{Output, Project, Running, engine_port, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{fs, path::Path, process::Command, time::Duration};

/// Whatever ends with a command ends soon after it.
const SOON: Duration = Duration::from_secs(20);

/// Runs a line of a shell, in which `atelier` is a command.
fn shell(project: &Project, line: &str) -> Output {
    project.run(&["run", "--", "sh", "-c", &with_atelier(line)])
}

fn with_atelier(line: &str) -> String {
    format!("atelier() {{ {} \"$@\"; }}; {line}", env!("CARGO_BIN_EXE_atelier"))
}

/// Whether nothing of an engine of a command's own is left: no process and no folder.
fn is_gone(project: &Project) -> bool {
    let runs = project.path().join(".atelier/runs");
    let serves = |entry: &fs::DirEntry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        line.contains("@engine\0") && line.contains(&runs.display().to_string())
    };
    !runs.exists() && !fs::read_dir("/proc").unwrap().flatten().any(|entry| serves(&entry))
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

/// A command that has an engine of its own and goes on until it is told to end.
fn lasting(project: &Project, script: &str) -> Running {
    let running = Running::start(project.command(&["run", "--", "sh", "-c", script]));
    running.says("begun");
    running
}

#[test]
fn without_an_engine_the_command_has_one_of_its_own_that_is_gone_afterwards() {
    let project = Project::new();
    let line = "atelier deploy --json >&2 && atelier up && curl=$(atelier open --url) && echo $curl && \
                atelier call status && atelier down && atelier call status && echo \"$ATELIER_ENDPOINT $AWS_ENDPOINT_URL\"";
    let output = shell(&project, line);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(output.stdout.matches("\"state\":\"running\"").count(), 2, "{output:?}");
    assert!(output.stdout.contains("there is nothing to start"), "{output:?}");
    assert!(output.stdout.contains("was not started here"), "{output:?}");
    let last = output.stdout.lines().last().unwrap();
    let (endpoint, aws) = last.split_once(' ').unwrap();
    assert!(endpoint == aws && endpoint.starts_with("http://127.0.0.1:"), "{last}");
    assert!(output.stderr.contains("this command has one of its own at http://127.0.0.1:"), "{output:?}");
    assert!(is_gone(&project));
    assert!(!project.path().join(".atelier/engine.json").exists() && !project.path().join(".atelier/engine").exists());

    // A test that the command runs has an engine of its own, as the fixtures of the documents do.
    let line = "atelier up --engine embedded --port 0 --folder tests && atelier deploy --folder tests && \
                atelier down --folder tests && atelier call status";
    std::fs::create_dir(project.path().join("tests")).unwrap();
    let nested = shell(&project, line);
    assert_eq!((nested.code, nested.stdout.matches("API_ID").count()), (Some(5), 1), "{nested:?}");
    assert!(nested.stderr.contains("nothing is deployed"), "its own engine is empty: {nested:?}");

    let again = shell(&project, "atelier status --json");
    let status: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(status["data"]["stack"]["found"], Value::Array(Vec::new()), "it begins empty: {again:?}");
}

#[test]
fn an_engine_that_runs_is_used_and_stays() {
    let project = deployed();
    let record = fs::read_to_string(project.path().join(".atelier/engine.json")).unwrap();
    let profile = project.command(&[]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_atelier"));
    command.args([
        "run",
        "--",
        "sh",
        "-c",
        r#"echo "$API_ID|$AWS_ACCESS_KEY_ID|$AWS_PROFILE|$AWS_SESSION_TOKEN|$OWN|$ATELIER_ENDPOINT""#,
    ]);
    command.env_clear().envs(profile.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.envs([("AWS_PROFILE", "work"), ("AWS_SESSION_TOKEN", "x"), ("AWS_ACCESS_KEY_ID", "AKIA"), ("OWN", "mine")]);
    let output = Running::start({
        command.current_dir(project.path());
        command
    })
    .end();
    let id = fs::read_to_string(project.path().join(".api_id")).unwrap();
    assert!(output.stdout.starts_with(&format!("{}|ATELIER", id.trim())), "{output:?}");
    assert!(output.stdout.trim_end().ends_with("|||mine|"), "{output:?}");
    assert_eq!(output.stderr, "");
    assert_eq!(fs::read_to_string(project.path().join(".atelier/engine.json")).unwrap(), record);
    assert_eq!(project.run(&["call", "status"]).code, Some(0));
}

#[test]
fn it_ends_as_the_command_does_and_leaves_stdout_to_it() {
    let project = Project::new().up();
    for (line, code) in [("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", 143), ("kill -KILL $$", 137)] {
        let output = project.run(&["run", "--json", "--", "sh", "-c", line]);
        assert_eq!((output.code, output.stdout.as_str()), (Some(code), ""), "{line}: {output:?}");
        let envelope: Value = serde_json::from_str(&output.stderr).unwrap();
        assert_eq!(envelope["data"]["exit_code"], code, "{envelope}");
        assert_eq!((&envelope["command"], &envelope["status"]), (&"run".into(), &"ok".into()), "{envelope}");
    }
    let output = project.run(&["run", "sh", "-c", "cat; echo out; echo err >&2; exit 1"]);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("out\n", "err\n"), "nothing of ours");
}

#[test]
fn a_command_that_is_not_there_is_127_and_one_that_is_no_program_126() {
    let project = Project::new();
    project.write("notes", "no program");
    for (command, code, error) in [("no-such-command", 127, "command_not_found"), ("./notes", 126, "command_not_run")] {
        let output = project.run(&["run", "--quiet", "--", command]);
        assert_eq!(output.code, Some(code), "{output:?}");
        assert!(output.stderr.contains(&format!("`{command}`")) && output.stderr.contains("hint:"), "{output:?}");
        let output = project.run(&["run", "--json", "--quiet", "--", command]);
        let envelope: Value = serde_json::from_str(&output.stderr).unwrap();
        assert_eq!(envelope["error"]["code"], error, "{envelope}");
    }
    assert!(is_gone(&project));
}

#[test]
fn ctrl_c_is_the_commands_and_its_engine_ends_with_it() {
    let project = Project::new();
    let running = lasting(&project, "trap 'echo interrupted; exit 7' INT; echo begun; while :; do sleep 0.05; done");
    running.interrupt();
    let output = running.end();
    assert_eq!(output.code, Some(7), "{output:?}");
    assert!(output.stdout.contains("interrupted") && !output.stderr.contains("error:"), "{output:?}");
    assert!(is_gone(&project));

    let running = lasting(&project, "echo begun; exec sleep 60");
    running.interrupt();
    let output = running.end();
    assert_eq!(output.code, Some(130), "{output:?}");
    assert!(!output.stderr.contains("error:"), "{output:?}");
    let running = lasting(&project, "echo begun; exec sleep 60");
    signal(running.pid(), Signal::TERM);
    assert_eq!(running.end().code, Some(143));
    assert!(is_gone(&project));
}

#[test]
fn its_engine_does_not_outlive_a_run_that_is_killed() {
    let project = Project::new();
    let running = lasting(&project, "echo $$ > pid; echo begun; exec sleep 60");
    assert!(!is_gone(&project));
    signal(running.pid(), Signal::KILL);
    assert!(eventually(SOON, || is_gone(&project)));
    let pid = fs::read_to_string(Path::new(&project.path()).join("pid")).unwrap();
    signal(pid.trim().parse().unwrap(), Signal::KILL);
}

#[test]
fn two_commands_have_two_engines() {
    let project = Project::new();
    let running = lasting(&project, "echo begun; while [ ! -e done ]; do sleep 0.05; done; echo $AWS_ENDPOINT_URL");
    let output = shell(&project, "echo $AWS_ENDPOINT_URL");
    project.write("done", "");
    let other = running.end();
    assert_ne!(output.stdout.trim(), other.stdout.lines().last().unwrap());
    assert!(is_gone(&project));
}

#[test]
fn an_engine_in_containers_is_not_started_for_one_command() {
    let output = Project::new().run(&["run", "--engine", "localstack", "--", "true"]);
    assert_eq!(output.code, Some(5), "{output:?}");
    assert!(output.stderr.contains("atelier up"), "{output:?}");
}

#[test]
fn an_engine_of_its_own_is_lenient_on_request() {
    let project = Project::new();
    let ask = "curl -sS -o /dev/null -w '%{http_code}' \"$AWS_ENDPOINT_URL/_localstack/health\"";
    let strict = shell(&project, ask);
    let lenient = project.run(&["run", "--lenient", "--", "sh", "-c", ask]);
    assert_eq!((lenient.code, lenient.stdout.as_str()), (Some(0), "200"), "{lenient:?}");
    assert_ne!(strict.stdout, "200", "{strict:?}");
    assert!(is_gone(&project));
}

#[test]
fn an_engine_of_its_own_is_where_scripts_look_for_one_unless_somebody_else_is() {
    let port = engine_port();
    let project = Project::new().with("ATELIER_PORT", &port.to_string());
    let own = project.run(&["run", "--", "sh", "-c", "echo $AWS_ENDPOINT_URL"]);
    assert_eq!(own.stdout, format!("http://127.0.0.1:{port}\n"), "{own:?}");
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let other = project.run(&["run", "--", "sh", "-c", "echo $AWS_ENDPOINT_URL"]);
    assert!(other.code == Some(0) && !other.stdout.contains(&port.to_string()), "{other:?}");
    assert!(other.stderr.contains(&format!("Port {port} is taken")), "{other:?}");
    let named = project.run(&["run", "--port", &port.to_string(), "--", "true"]);
    assert!(named.code == Some(4) && named.stderr.contains("`atelier run --port 0 -- …`"), "{named:?}");
    assert!(is_gone(&project));
}
