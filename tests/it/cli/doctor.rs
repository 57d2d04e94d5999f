//! `doctor`: each thing that is wrong is found, told with its way out, and costs the exit that it should.

use super::tunnel;
use crate::support::{Output, Project, engine_port, eventually, has_ended};
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use std::{
    net::TcpListener,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    time::Duration,
};

/// A project whose default port is free, and that no Docker of this machine has a say in.
fn project() -> Project {
    Project::new()
        .with("ATELIER_PORT", &engine_port().to_string())
        .with("DOCKER_HOST", "unix:///nonexistent/docker.sock")
}

/// The findings of one check.
fn of(output: &Output, check: &str) -> Vec<Value> {
    let findings = output.json()["data"]["findings"].as_array().unwrap().clone();
    findings.into_iter().filter(|finding| finding["check"] == check).collect()
}

fn one(output: &Output, check: &str) -> (String, String) {
    let found = of(output, check);
    assert_eq!(found.len(), 1, "{check}: {output:?}");
    let text = |name: &str| found[0][name].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("fix"))
}

#[test]
fn where_nothing_is_wrong_the_exit_is_0_and_every_group_has_spoken() {
    let output = project().run(&["doctor", "--json"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    for check in [
        "folder",
        "disk",
        "memory",
        "binary",
        "docker",
        "port",
        "reach",
        "engine",
        "credentials",
        "aws",
        "python",
        "node",
    ] {
        assert!(!of(&output, check).is_empty(), "{check}");
    }
    assert_eq!(output.json()["data"]["failures"], 0);
}

#[test]
fn a_missing_docker_is_a_failure_only_where_containers_are_wanted() {
    let project = project();
    let (verdict, fix) = one(&project.run(&["doctor", "--json"]), "docker");
    assert_eq!(verdict, "warn");
    assert_eq!(fix, "`unset DOCKER_HOST`", "there is nothing to start where it points");
    let output = project.run(&["doctor", "--engine", "localstack", "--json"]);
    assert_eq!((output.code, one(&output, "docker").0.as_str()), (Some(4), "fail"));
}

#[test]
fn a_docker_that_says_nothing_is_told_with_its_way_out_and_hides_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let _listener = UnixListener::bind(&path).unwrap();
    let project = project().with("DOCKER_HOST", &format!("unix://{}", path.display()));
    let output = project.run(&["doctor", "--json"]);
    let (verdict, fix) = one(&output, "docker");
    assert_eq!((output.code, verdict.as_str()), (Some(0), "warn"), "{output:?}");
    assert!(fix.contains("docker status") || fix.contains("status docker"), "{fix}");
    for check in ["port", "reach", "clock", "engine", "disk"] {
        assert_eq!(one(&output, check).0, "ok", "{check}");
    }
    let output = project.run(&["doctor", "--engine", "localstack", "--json"]);
    assert_eq!((output.code, one(&output, "docker").0.as_str()), (Some(4), "fail"), "{output:?}");
}

#[test]
fn an_engine_that_hangs_is_a_failure_and_is_not_waited_for_again() {
    let project = project().up();
    let pid = project.engine();
    kill_process(pid, Signal::STOP).unwrap();
    let output = project.run(&["doctor", "--json"]);
    kill_process(pid, Signal::CONT).unwrap();
    let (verdict, fix) = one(&output, "engine");
    assert_eq!((output.code, verdict.as_str()), (Some(4), "fail"), "{output:?}");
    assert!(fix.contains("atelier down && atelier up"), "{fix}");
    assert!(of(&output, "stacks").is_empty(), "{output:?}");
    assert_eq!(one(&output, "port").0, "ok");
}

#[test]
fn an_engine_without_a_record_is_found() {
    let project = project().up();
    std::fs::remove_file(project.path().join(".atelier/engine.json")).unwrap();
    let output = project.run(&["doctor", "--json"]);
    assert_eq!(one(&output, "engine"), ("warn".to_owned(), "`atelier up`".to_owned()));
    assert_eq!(output.code, Some(0), "`up` ends it by itself: {output:?}");
}

#[test]
fn credentials_that_sign_nothing_are_a_failure() {
    let project = project().with("AWS_EC2_METADATA_DISABLED", "true");
    let output = project.run(&["doctor", "--engine", "aws", "--json"]);
    let (verdict, fix) = one(&output, "aws");
    assert_eq!((output.code, verdict.as_str()), (Some(4), "fail"), "{output:?}");
    assert_eq!(fix, "`aws sts get-caller-identity`");
}

#[test]
fn looking_writes_nothing() {
    let project = project();
    for more in [&[][..], &["--report"], &["--engine", "localstack"], &["--endpoint", "http://127.0.0.1:1"]] {
        project.run(&[&["doctor"], more].concat());
        assert_eq!(std::fs::read_dir(project.path()).unwrap().count(), 0, "{more:?}");
        assert_eq!(std::fs::read_dir(project.path().parent().unwrap().join("home")).unwrap().count(), 0, "{more:?}");
    }
}

#[test]
fn a_taken_port_is_told_with_its_holder_and_the_exit_is_4() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let output = project().run(&["doctor", "--port", &port]);
    assert_eq!(output.code, Some(4), "{output:?}");
    let me = std::process::id();
    assert!(output.stdout.contains("FAIL  port"), "{}", output.stdout);
    assert!(output.stdout.contains(&format!("(pid {me})")), "{}", output.stdout);
    assert!(output.stdout.contains("→ `atelier up --port 0`"), "{}", output.stdout);
}

#[test]
fn an_engine_that_was_killed_leaves_a_record_that_is_told() {
    let project = project().up();
    let output = project.run(&["doctor", "--json"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!((one(&output, "engine").0.as_str(), one(&output, "clock").0.as_str()), ("ok", "ok"));
    let pid = project.engine();
    kill_process(pid, Signal::KILL).unwrap();
    assert!(eventually(Duration::from_mins(1), || has_ended(pid)));
    let output = project.run(&["doctor", "--json"]);
    assert_eq!(one(&output, "engine"), ("warn".to_owned(), "`atelier up`".to_owned()));
}

#[test]
fn credentials_that_others_can_read_are_a_failure_with_the_line_that_closes_them() {
    let project = project().up();
    let path = project.path().join(".atelier/credentials.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = project.run(&["doctor", "--json"]);
    assert_eq!(output.code, Some(4));
    assert!(one(&output, "credentials").1.contains("chmod 600"));
}

#[test]
fn a_private_port_is_recognised_by_its_answer() {
    let project = project().up().with("AWS_ENDPOINT_PUBLIC", &tunnel());
    let output = project.run(&["doctor", "--json"]);
    assert_eq!(output.code, Some(4), "{output:?}");
    let (verdict, fix) = one(&output, "public-url");
    assert_eq!(verdict, "fail");
    assert!(fix.contains("gh codespace ports visibility"), "{fix}");
}

#[test]
fn other_stacks_and_another_endpoint_are_told() {
    let project = project().up().with("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    assert_eq!(project.run(&["deploy", "--stack", "other"]).code, Some(0));
    let output = project.run(&["doctor", "--json"]);
    assert_eq!(one(&output, "stacks"), ("ok".to_owned(), String::new()), "others are nobody's fault");
    assert!(of(&output, "stacks")[0]["message"].as_str().unwrap().contains("other"), "{output:?}");
    assert!(one(&output, "endpoint").1.contains("atelier env"));
}

#[test]
fn the_report_can_be_pasted_anywhere() {
    let project = project()
        .with("LOCALSTACK_AUTH_TOKEN", "ls-hidden-token")
        .with("AWS_ACCESS_KEY_ID", "AKIAHIDDEN")
        .with("CODESPACE_NAME", "fuzzy-fish")
        .with("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "app.github.dev")
        .up();
    let output = project.run(&["doctor", "--report", "--lang", "fr"]);
    assert!(output.stdout.starts_with("```text\natelier: ") && output.stdout.ends_with("```\n"), "{}", output.stdout);
    let home = project.path().parent().unwrap().join("home").display().to_string();
    let credentials = std::fs::read_to_string(project.path().join(".atelier/credentials.json")).unwrap();
    let credentials: Value = serde_json::from_str(&credentials).unwrap();
    let secrets = ["secret_access_key", "proxy_token", "access_key_id"].map(|name| credentials[name].as_str().unwrap());
    for hidden in ["ls-hidden-token", "AKIAHIDDEN", "fuzzy-fish", &home].into_iter().chain(secrets) {
        assert!(!output.stdout.contains(hidden), "{hidden}: {}", output.stdout);
    }
    assert!(output.stdout.contains("LOCALSTACK_AUTH_TOKEN: set"), "{}", output.stdout);
    assert!(output.stdout.contains("\n     → `unset DOCKER_HOST`\n"), "{}", output.stdout);
}
