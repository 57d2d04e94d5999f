//! `logs`, of a project whose engine has ended.

use super::journey::{deployed, succeeds};
use crate::support::{Project, Running, eventually};
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use std::{io::Write, time::Duration};

fn project() -> Project {
    let project = Project::new();
    std::fs::create_dir(project.path().join(".atelier")).unwrap();
    project.write(
        ".atelier/engine.log",
        "2026-11-23T12:00:00Z first\n{\"time\":\"2026-11-23T12:00:01.5Z\",\"reason\":\"second\"}\n  and its end\n",
    );
    project
}

#[test]
fn where_nothing_runs_the_last_runs_end_is_shown_and_said_to_be_that() {
    let project = project();
    let output = project.run(&["logs"]);
    assert_eq!(output.code, Some(0));
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines[0], "12:00:00.000 engine first");
    assert!(lines[1].starts_with("12:00:01.500 engine {"), "{lines:?}");
    assert_eq!(lines[2], "12:00:01.500 engine   and its end");
    assert!(output.stderr.contains("no engine runs here: this is the end of its last run"), "{}", output.stderr);
    let none = project.run(&["logs", "--source", "lambda"]);
    assert!(none.code == Some(5) && none.stderr.contains("no engine is running here"), "{none:?}");
}

#[test]
fn with_json_the_lines_are_in_the_one_document_and_in_a_stream_each_is_one() {
    let project = project();
    let output = project.run(&["logs", "-n", "2", "--json"]);
    assert_eq!(output.stdout.lines().count(), 1, "{output:?}");
    let (data, entries) = (output.json()["data"].clone(), output.json()["data"]["entries"].clone());
    assert_eq!((&data["lines"], entries.as_array().unwrap().len()), (&2.into(), 2), "{data}");
    assert!(entries[1]["text"].as_str().unwrap().ends_with("and its end"), "{entries}");
    let running = Running::start(project.command(&["logs", "-f", "-n", "2", "--json"]));
    running.says("and its end");
    running.interrupt();
    let lines: Vec<Value> = running.end().stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines[0]["schema"] == 1 && lines[0]["entry"]["text"].is_string(), "{lines:?}");
    assert_eq!((lines.len(), &lines[2]["data"]["lines"]), (3, &2.into()), "{lines:?}");
}

#[test]
fn what_is_older_than_since_or_of_another_source_is_left_out() {
    let project = project();
    assert_eq!(project.run(&["logs", "--source", "lambda"]).stdout, "");
    let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).unwrap();
    project.write(".atelier/engine.log", &format!("2020-01-01T00:00:00Z old\n{now} new\n"));
    let output = project.run(&["logs", "--since", "10m"]);
    assert!(output.stdout.contains("new") && !output.stdout.contains("old"), "{}", output.stdout);
}

#[test]
fn a_followed_log_shows_what_is_appended() {
    let project = project();
    let running = Running::start(project.command(&["logs", "-f", "-n", "1"]));
    running.says("and its end");
    let path = project.path().join(".atelier/engine.log");
    let mut log = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    log.write_all(b"2026-11-23T12:00:02Z third\n").unwrap();
    running.says("12:00:02.000 engine third");
    running.tells("no engine runs here: waiting for one");
    running.interrupt();
    let output = running.end();
    assert!(!output.stdout.contains("first"), "{}", output.stdout);
}

/// Calls the function and waits until its log has been followed that far.
fn is_followed(project: &Project, logs: &Running) {
    let before = logs.lines();
    // On another port than the one that it was deployed for, the function has nobody to ask, and says so in its log.
    project.run(&["call", "status"]);
    assert!(eventually(Duration::from_secs(30), || logs.lines() > before), "nothing came after line {before}");
}

#[test]
fn the_functions_log_is_followed_across_a_restart_on_another_port_and_a_clean() {
    let project = deployed();
    let logs = Running::start(project.command(&["logs", "-f", "-n", "0", "--source", "lambda"]));
    is_followed(&project, &logs);
    succeeds(&project.run(&["down"]));
    let project = project.up();
    is_followed(&project, &logs);
    succeeds(&project.run(&["clean", "--yes"]));
    succeeds(&project.run(&["deploy"]));
    is_followed(&project, &logs);
    logs.interrupt();
    let output = logs.end();
    assert_eq!(output.code, Some(0), "{output:?}");
}

#[test]
fn who_watches_the_engine_does_not_see_themselves() {
    let project = deployed();
    let logs = Running::start(project.command(&["logs", "-f", "-n", "0"]));
    is_followed(&project, &logs);
    logs.says("GET /infra?action=status");
    logs.interrupt();
    let output = logs.end();
    let engine = std::fs::read_to_string(project.path().join(".atelier/engine.log")).unwrap();
    assert!(engine.contains(r#""request_id":"atelier-logs-"#), "{engine}");
    assert!(!output.stdout.contains("atelier-logs-"), "{output:?}");
}

#[test]
fn an_engine_that_hangs_keeps_no_other_log_back() {
    let project = deployed();
    let pid = project.engine();
    kill_process(pid, Signal::STOP).unwrap();
    let output = project.run(&["logs"]);
    kill_process(pid, Signal::CONT).unwrap();
    assert!(output.stdout.contains(" deploy "), "{output:?}");
    assert_eq!(output.code, Some(6), "what was not read is told: {output:?}");
    assert!(output.stderr.contains("FilterLogEvents"), "{output:?}");
}

#[test]
fn a_line_cannot_move_the_cursor_or_rename_the_window() {
    let project = project();
    project.write(".atelier/engine.log", "2026-11-23T12:00:00Z \x1b]0;owned\x07\x1b[2Jhe\x08llo \x1b[31mred\n");
    let output = project.run(&["logs"]);
    assert_eq!(output.stdout, "12:00:00.000 engine hello red\n");
}
