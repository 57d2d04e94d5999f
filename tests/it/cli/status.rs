//! `status`: what is half dead is not running, and the picture fits its terminal.

use crate::support::{
    Output, Project, Terminal,
    fault::{At, Fault, FaultProxy},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn deployed() -> Project {
    let project = Project::new().up();
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    project
}

fn record(project: &Project) -> Value {
    let record = std::fs::read_to_string(project.path().join(".atelier/engine.json")).unwrap();
    serde_json::from_str(&record).unwrap()
}

fn engine(project: &Project) -> Pid {
    Pid::from_raw(i32::try_from(record(project)["process"]["pid"].as_i64().unwrap()).unwrap()).unwrap()
}

fn state(output: &Output) -> Value {
    output.json()["data"]["state"].clone()
}

#[test]
fn the_picture_shows_the_whole_chain_with_each_ones_health() {
    let project = deployed();
    let mut status = Terminal::start(project.command(&["status", "--color", "never"]), 80);
    assert_eq!(status.end(), Some(0), "{}", status.seen());
    status.shows("│ edge    │───▶│ API     │───▶│ function │───▶│ instance │");
    status.shows("│ healthy │    │ healthy │    │ Active   │    │ ");
    let too_wide = status.seen().lines().any(|line| line.trim_end().chars().count() > 80 && !line.contains("http"));
    assert!(!too_wide, "{}", status.seen());
}

#[test]
fn a_narrow_or_dumb_terminal_gets_a_list_in_its_language() {
    let project = deployed();
    let mut status = Terminal::start(project.command(&["status", "--color", "never", "--lang", "fr"]), 40);
    assert_eq!(status.end(), Some(0), "{}", status.seen());
    status.shows("edge : opérationnel\r\n-> API : opérationnel\r\n  -> fonction : Active\r\n    -> instance : ");
    assert!(!status.seen().contains('│'), "{}", status.seen());

    let output = Project::with(deployed(), "TERM", "dumb").run(&["status"]);
    assert!(output.stdout.contains("edge: healthy\n-> API: healthy\n"), "{}", output.stdout);
    assert!(!output.stdout.contains('\x1b'));
}

#[test]
fn parts_are_told_with_their_age_and_what_a_deploy_would_change() {
    let project = deployed();
    let part = |output: &Output, name: &str| {
        let parts = output.json()["data"]["parts"].as_array().unwrap().clone();
        parts.into_iter().find(|part| part["part"] == name).unwrap()
    };
    let output = project.run(&["status", "--json"]);
    assert_eq!(part(&output, "function")["drift"], serde_json::json!([]));
    assert!(part(&output, "instance")["age_seconds"].is_i64(), "{output:?}");
    // The engine's address for functions is part of the function's environment.
    let project = project.with("AWS_ENDPOINT_INTERNAL", "http://127.0.0.1:9");
    let output = project.run(&["status", "--json"]);
    assert_eq!(part(&output, "function")["drift"], serde_json::json!(["environment AWS_ENDPOINT_URL"]));
    let output = project.run(&["status"]);
    assert!(output.stdout.contains("differs: environment AWS_ENDPOINT_URL"), "{}", output.stdout);
}

#[test]
fn an_engine_that_hangs_is_degraded_and_one_that_is_gone_is_stopped() {
    let project = deployed();
    assert_eq!(state(&project.run(&["status", "--json"])), "healthy");
    kill_process(engine(&project), Signal::STOP).unwrap();
    // What hangs makes every question take its own deadline; the components' is enough here.
    let output = project.run(&["status", "--check", "--json"]);
    kill_process(engine(&project), Signal::CONT).unwrap();
    assert_eq!((output.code, state(&output)), (Some(5), "degraded".into()), "{output:?}");
    assert_eq!(project.run(&["down"]).code, Some(0));
    let output = project.run(&["status", "--json"]);
    assert_eq!((output.code, state(&output)), (Some(0), "stopped".into()), "the question was answered");
}

#[test]
fn a_part_that_is_there_and_does_not_work_is_not_healthy() {
    let project = deployed();
    let proxy = FaultProxy::to(u16::try_from(record(&project)["port"].as_u64().unwrap()).unwrap());
    // The engine's address for functions stays what it was.
    let internal = format!("http://127.0.0.1:{}", record(&project)["port"]);
    let project = project.with("AWS_ENDPOINT_INTERNAL", &internal);
    let check = || project.run(&["status", "--check", "--json", "--endpoint", &proxy.url()]);
    assert_eq!((check().code, state(&check())), (Some(0), "healthy".into()), "{:?}", check());

    let api = At::Named("GET /restapis/*/dev/_user_request_/openapi.json".to_owned(), 0);
    let failed = Fault::Reworded(r#""State":"Active""#, r#""State":"Failed""#);
    for (at, fault, station) in [(api, Fault::Status(500), "api"), (At::Any, failed, "function")] {
        proxy.arm(Some((at, fault)));
        let output = check();
        assert_eq!((output.code, state(&output)), (Some(5), "degraded".into()), "{station}: {output:?}");
        let stem = output.json()["data"]["chain"]["stem"].as_array().unwrap().clone();
        let found = stem.iter().find(|found| found["name"] == station).unwrap();
        assert!(found["state"] == "unhealthy" || found["state"] == "Failed", "{found}");
    }
}

#[test]
fn waiting_ends_with_health_or_with_its_deadline() {
    let project = Project::new().up();
    let output = project.run(&["status", "--check", "--wait", "500ms", "--json"]);
    assert_eq!((output.code, &output.json()["error"]["code"]), (Some(5), &"unhealthy".into()), "{output:?}");
    let output = project.run(&["status", "--wait", "500ms", "--json"]);
    assert_eq!((output.code, &output.json()["error"]["code"]), (Some(6), &"deadline".into()), "{output:?}");
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    assert_eq!(project.run(&["status", "--wait", "60s"]).code, Some(0));
}

#[test]
fn scripts_can_have_variables_or_json() {
    let project = deployed();
    let output = project.run(&["status", "-o", "env"]);
    let api = std::fs::read_to_string(project.path().join(".api_id")).unwrap();
    assert!(output.stdout.contains("export ATELIER_STATE='healthy'\n"), "{}", output.stdout);
    assert!(output.stdout.contains(&format!("export API_ID='{}'\n", api.trim())), "{}", output.stdout);
    assert!(output.stdout.lines().all(|line| line.starts_with("export ")), "{}", output.stdout);
    assert_eq!(project.run(&["status", "-o", "json"]).json()["command"], "status");
    assert_eq!(project.run(&["clean", "--yes"]).code, Some(0));
    let output = project.run(&["status", "-o", "env"]);
    assert!(output.stdout.contains("unset API_ID\nunset INSTANCE_ID\n"), "{}", output.stdout);
}

#[test]
fn what_is_told_since_when_has_no_fraction_of_a_second() {
    let project = Project::new().up();
    let detail = project.run(&["status", "--json"]).json()["data"]["components"][0]["detail"].clone();
    let since = detail.as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(since.len(), "2026-11-23T12:00:00Z".len(), "{since}");
}
