//! A deploy that is hit anywhere, then one that is not: the result is as if nothing had happened.
//!
//! A sample: each fault at some of the calls of a clean deploy. Which call has which number varies from run to run,
//! because parts are made in parallel.

use super::Workshop;
use crate::support::{
    eventually,
    fault::{At, Fault, FaultProxy},
};
use serde_json::json;
use std::{process::Stdio, time::Duration};

/// Hits a deploy at each of these shares of its way, in percent; most of a debug build's deploy is one large upload, so
/// the shares are few.
fn sweep(fault: Fault, shares: &[usize]) {
    let workshop = Workshop::new();
    workshop.up();
    let proxy = FaultProxy::to(workshop.port);
    let endpoint = format!("http://127.0.0.1:{}", proxy.port);
    let run = |verb: &[&str]| workshop.ok(&[verb, &["--json", "--endpoint", &endpoint]].concat()).json();
    let url = run(&["deploy"])["data"]["url"].clone();
    let calls = proxy.calls().len();
    run(&["clean", "--yes"]);
    for number in shares.iter().map(|share| calls * share / 100) {
        proxy.arm(Some((At::Number(number), fault)));
        hit(&workshop, &proxy, &["deploy"], fault);
        assert!(proxy.calls().len() > number, "{fault:?} at {number} was never reached");
        proxy.arm(None);
        assert_eq!(run(&["deploy"])["data"]["url"], url, "{fault:?} at {number}");
        let removed = run(&["clean", "--yes"])["data"]["removed"].clone();
        let mut parts: Vec<_> = removed.as_array().unwrap().iter().map(|part| part["part"].clone()).collect();
        parts.sort_by_key(ToString::to_string);
        assert_eq!(json!(parts), json!(["api", "function", "instance", "log-group", "role"]), "{fault:?} at {number}");
    }
}

/// Runs a command that may fail or be killed, but not hang or end in a bug.
pub(super) fn hit(workshop: &Workshop, proxy: &FaultProxy, verb: &[&str], fault: Fault) {
    let (endpoint, port) = (proxy.url(), workshop.port.to_string());
    let mut command = workshop.project.command(&[verb, &["--endpoint", &endpoint, "--port", &port]].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    proxy.aim(child.id());
    let mut ended = None;
    assert!(eventually(Duration::from_secs(30), || {
        ended = child.try_wait().unwrap();
        ended.is_some()
    }));
    let code = ended.and_then(|status| status.code());
    if matches!(fault, Fault::KillBefore | Fault::KillAfter) {
        assert_eq!(code, None, "killed");
    } else {
        assert!(matches!(code, Some(0 | 1 | 5 | 6)), "{fault:?}: {code:?}");
    }
}

#[test]
fn a_kill_before_a_call_is_made_up_for() {
    sweep(Fault::KillBefore, &[35, 85]);
}

#[test]
fn a_kill_before_an_answer_is_made_up_for() {
    sweep(Fault::KillAfter, &[25, 60, 95]);
}

#[test]
fn a_lost_answer_is_looked_into() {
    sweep(Fault::Lost, &[30, 70]);
}

#[test]
fn a_reset_connection_is_looked_into() {
    sweep(Fault::Reset, &[50]);
}

#[test]
fn server_errors_are_looked_into() {
    sweep(Fault::Status(500), &[40, 90]);
    sweep(Fault::Status(503), &[65]);
}

#[test]
fn throttled_calls_are_sent_again() {
    sweep(Fault::Throttled(Some(0)), &[35, 80]);
}

#[test]
fn half_an_answer_and_a_web_page_are_looked_into() {
    sweep(Fault::Truncated, &[45]);
    sweep(Fault::Html, &[75]);
}
