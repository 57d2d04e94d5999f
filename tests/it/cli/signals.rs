//! Ctrl-C, before anything, in the middle of a call, and twice.

use super::journey::deployed;
use crate::support::{
    Project, Running, eventually,
    fault::{At, Fault, FaultProxy},
};
use std::{net::TcpListener, os::unix::net::UnixListener, time::Duration};

/// An engine that accepts calls and never answers.
fn silent_engine() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn ctrl_c_is_the_way_out_of_a_followed_log() {
    let project = Project::new();
    std::fs::create_dir(project.path().join(".atelier")).unwrap();
    project.write(".atelier/engine.log", "listening\n");
    let running = Running::start(project.command(&["logs", "-f"]));
    running.says("listening");
    running.interrupt();
    let output = running.end();
    assert_eq!(output.code, Some(0));
    assert!(!output.stderr.contains("interrupted"), "{output:?}");
}

#[test]
fn ctrl_c_is_an_envelope_too() {
    let project = Project::new();
    std::fs::create_dir(project.path().join(".atelier")).unwrap();
    project.write(".atelier/engine.log", "listening\n");
    let running = Running::start(project.command(&["logs", "-f", "--json"]));
    running.says("listening");
    running.interrupt();
    let output = running.end();
    let last: serde_json::Value = serde_json::from_str(output.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(
        (output.code, &last["status"], &last["data"]["lines"]),
        (Some(0), &"ok".into(), &1.into()),
        "{output:?}"
    );
}

#[test]
fn the_second_ctrl_c_leaves_a_call_that_hangs() {
    let (listener, url) = silent_engine();
    let project = Project::new();
    let running = Running::start(project.command(&["deploy", "--endpoint", &url]));
    let (_call, _) = listener.accept().unwrap();
    running.interrupt();
    running.tells("Ctrl-C again leaves at once");
    running.interrupt();
    let output = running.end();
    assert_eq!((output.code, output.stdout.as_str()), (Some(130), ""));
    assert!(output.stderr.contains("the same command goes on from here"), "{output:?}");
}

#[test]
fn one_ctrl_c_is_enough_for_a_call_that_hangs() {
    let (listener, url) = silent_engine();
    let project = Project::new();
    let running = Running::start(project.command(&["deploy", "--endpoint", &url]));
    let (_call, _) = listener.accept().unwrap();
    running.interrupt();
    assert_eq!(running.end().code, Some(130));
}

#[test]
fn what_changes_nothing_is_left_at_the_first_ctrl_c() {
    let (listener, url) = silent_engine();
    let project = Project::new();
    for verb in ["env", "plan", "status"] {
        let running = Running::start(project.command(&[verb, "--endpoint", &url]));
        let (_call, _) = listener.accept().unwrap();
        running.interrupt();
        let output = running.end();
        assert_eq!((output.code, output.stdout.as_str()), (Some(130), ""), "{verb}");
        assert!(!output.stderr.contains("Ctrl-C"), "there is nothing to wait for: {output:?}");
        assert!(output.stderr.contains("begins anew"), "{output:?}");
    }
}

#[test]
fn an_engine_that_starts_is_left_at_the_first_ctrl_c() {
    let project = Project::new();
    let socket = project.path().join("docker.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let project = project.with("DOCKER_HOST", &format!("unix://{}", socket.display()));
    let running = Running::start(project.command(&["up", "--engine", "localstack"]));
    let (_call, _) = listener.accept().unwrap();
    running.interrupt();
    let output = running.end();
    assert!(output.code == Some(130) && !output.stderr.contains("Ctrl-C"), "{output:?}");
    assert!(output.stderr.contains("what it started may run on"), "{output:?}");
}

#[test]
fn a_test_that_is_interrupted_leaves_the_instance_as_it_was() {
    let project = deployed();
    let proxy = FaultProxy::to(project.port());
    // The second call stops the instance; its answer does not come.
    proxy.arm(Some((At::Named("GET /restapis/*/dev/_user_request_/infra".to_owned(), 1), Fault::Hang)));
    let running = Running::start(project.command(&["test", "--endpoint", &proxy.url()]));
    assert!(eventually(Duration::from_secs(30), || proxy.has_struck()));
    running.interrupt();
    let output = running.end();
    assert_eq!(output.code, Some(130), "{output:?}");
    let answer = project.run(&["call", "status", "--json"]).json();
    assert_eq!(answer["data"]["answer"]["state"], "running", "{answer}");
}
