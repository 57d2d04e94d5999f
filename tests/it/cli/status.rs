//! `status`: what is half dead is not running, and the picture fits its terminal.

use crate::support::{
    Output, Project, Running, Terminal, engine_port, eventually,
    fault::{At, Fault, FaultProxy},
};
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use std::time::Duration;

fn deployed() -> Project {
    let project = Project::new().up();
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    project
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
fn whoever_cannot_see_a_picture_gets_words_in_their_language() {
    let project = deployed();
    let mut status = Terminal::start(project.command(&["status", "--color", "never", "--lang", "fr"]), 40);
    assert_eq!(status.end(), Some(0), "{}", status.seen());
    status
        .shows("edge : opérationnel\r\n-> API : opérationnel\r\n  -> fonction : prête (Active)\r\n    -> instance : ");
    assert!(!status.seen().contains('│'), "{}", status.seen());

    // In a pipe as well, without being asked to.
    let output = project.run(&["status"]);
    assert!(output.stdout.contains("edge: healthy\n-> API: healthy\n"), "{}", output.stdout);
    for (name, value) in [("TERM", "dumb"), ("ACCESSIBLE", "1")] {
        let mut command = project.command(&["status"]);
        command.env(name, value);
        let mut status = Terminal::start(command, 120);
        assert_eq!(status.end(), Some(0), "{}", status.seen());
        status.shows("edge: healthy\r\n-> API: healthy\r\n");
        assert!(!status.seen().contains(['\x1b', '│', '━']) || name == "ACCESSIBLE", "{}", status.seen());
    }
    let output = project.run(&["--plain", "deploy"]);
    assert_eq!(output.code, Some(0));
    assert!(output.stdout.contains("Nothing to do: unchanged\nAPI_ID: "), "no rule and no emoji: {}", output.stdout);
    assert!(!format!("{}{}", output.stdout, output.stderr).contains(['✨', '✅', '━']), "{output:?}");
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
    kill_process(project.engine(), Signal::STOP).unwrap();
    // What hangs makes every question take its own deadline; the components' is enough here.
    let output = project.run(&["status", "--check", "--json"]);
    kill_process(project.engine(), Signal::CONT).unwrap();
    assert_eq!((output.code, state(&output)), (Some(5), "degraded".into()), "{output:?}");
    assert_eq!(project.run(&["down"]).code, Some(0));
    let output = project.run(&["status", "--json"]);
    assert_eq!((output.code, state(&output)), (Some(0), "stopped".into()), "the question was answered");
}

#[test]
fn a_part_that_is_there_and_does_not_work_is_not_healthy() {
    let project = deployed();
    let proxy = FaultProxy::to(project.port());
    // The engine's address for functions stays what it was.
    let internal = format!("http://127.0.0.1:{}", project.port());
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

#[test]
fn an_api_with_keys_is_healthy_with_whichever_key_is_kept() {
    let project = Project::new().up();
    assert_eq!(project.run(&["deploy", "--auth", "api-key"]).code, Some(0));
    let check = |what: &str| {
        let output = project.run(&["status", "--check", "--json"]);
        assert_eq!((output.code, state(&output)), (Some(0), "healthy".into()), "{what}: {output:?}");
        assert_eq!(output.json()["data"]["api"], "healthy");
    };
    check("no key");
    for scope in ["status", "control"] {
        assert_eq!(project.run(&["key", "create", "--scope", scope]).code, Some(0));
        check(scope);
        assert_eq!(project.run(&["call", "status"]).code, Some(0), "{scope}: a caller sees the same");
    }
}

#[test]
fn an_api_that_is_limited_is_alive() {
    let port = engine_port().to_string();
    let project = Project::new();
    let up = project.run(&["up", "--engine", "embedded", "--port", &port, "--rate", "1/3"]);
    assert_eq!(up.code, Some(0), "{up:?}");
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    // The burst, and one more.
    let last = (0..6).map(|_| project.run(&["call", "status"])).find(|output| output.code != Some(0));
    let limited = last.expect("one in a second is the limit");
    assert_eq!(limited.code, Some(75), "{limited:?}");
    assert!(limited.stderr.contains("hint: wait for 1 s"), "{limited:?}");
    let output = project.run(&["status", "--check", "--json"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(output.json()["data"]["components"][0]["health"], "healthy", "{output:?}");
    let doctor = project.run(&["doctor", "--json"]).json();
    let engine =
        doctor["data"]["findings"].as_array().unwrap().iter().find(|found| found["check"] == "engine").unwrap();
    assert_eq!(engine["verdict"], "ok", "{engine}");
}

#[test]
fn a_public_url_that_leads_nowhere_is_a_row_of_its_own_and_one_error() {
    let project = deployed().with("AWS_ENDPOINT_PUBLIC", "http://127.0.0.1:1");
    let output = project.run(&["status", "--check", "--json"]);
    assert_eq!((output.code, state(&output)), (Some(5), "degraded".into()), "{output:?}");
    let components = output.json()["data"]["components"].as_array().unwrap().clone();
    let health = |name: &str| components.iter().find(|found| found["name"] == name).unwrap()["health"].clone();
    assert_eq!((health("engine"), health("public-url")), ("healthy".into(), "unhealthy".into()));
    assert_eq!(output.json()["data"]["api"], "healthy", "on this machine");
    for args in [&["call", "status", "--json"][..], &["test", "--json"]] {
        let output = project.run(args);
        assert_eq!(output.json()["error"]["code"], "public_url_unreachable", "{output:?}");
        assert_eq!(output.code, Some(4));
        let hints = output.json()["error"]["hints"].to_string();
        assert!(hints.contains("atelier doctor") && hints.contains("AWS_ENDPOINT_PUBLIC=http://127.0.0.1:"), "{hints}");
    }
    let told = project.run(&["test", "--lang", "fr"]);
    assert_eq!(told.stdout.matches("🧪").count(), 0, "no check before it is clear what it would drive: {told:?}");

    // Somebody else answers, or a login page.
    let strange = super::door("404 Not Found\r\ncontent-type: text/html", "<h1>no such codespace</h1>");
    let login = super::door("302 Found\r\nlocation: https://github.com/codespaces/auth/x", "");
    let code = |url: &str| {
        let mut command = project.command(&["call", "status", "--json"]);
        command.env("AWS_ENDPOINT_PUBLIC", url);
        Running::start(command).end().json()["error"]["code"].clone()
    };
    assert_eq!((code(&strange), code(&login)), ("public_url_unreachable".into(), "private_port".into()));
    let welcome = super::door("200 OK\r\ncontent-type: text/html", "<h1>welcome</h1>");
    assert_eq!(code(&welcome), "public_url_of_another");
}

#[test]
fn a_public_url_that_leads_to_another_atelier_is_unhealthy_and_nothing_acts_on_what_is_there() {
    let other = deployed();
    let project = deployed().with("AWS_ENDPOINT_PUBLIC", &format!("http://127.0.0.1:{}", other.port()));
    let output = project.run(&["status", "--check", "--json"]);
    assert_eq!((output.code, state(&output)), (Some(5), "degraded".into()), "{output:?}");
    let components = output.json()["data"]["components"].as_array().unwrap().clone();
    let health = |name: &str| components.iter().find(|found| found["name"] == name).unwrap()["health"].clone();
    assert_eq!((health("engine"), health("public-url")), ("healthy".into(), "unhealthy".into()));
    let doctor = project.run(&["doctor", "--json"]).json();
    let findings = doctor["data"]["findings"].as_array().unwrap().clone();
    assert_eq!(findings.iter().find(|found| found["check"] == "public-url").unwrap()["verdict"], "fail");
    for args in [&["call", "stop", "--json"][..], &["test", "--json"]] {
        let output = project.run(args);
        assert_eq!((output.code, output.json()["error"]["code"].clone()), (Some(4), "public_url_of_another".into()));
        assert_eq!(output.json()["error"]["retryable"], false);
    }
    // Whoever is only given the URL is told where it leads.
    for args in [&["up", "--json"][..], &["deploy", "--json"], &["open", "--url", "--json"], &["env", "--json"]] {
        let output = project.run(args);
        assert_eq!(output.code, Some(0), "{output:?}");
        let warnings = output.json()["warnings"].to_string();
        assert!(warnings.contains("leads to somebody else"), "{args:?}: {warnings}");
    }
    let left = other.run(&["status", "--json"]).json();
    assert_eq!(left["data"]["last_call"], Value::Null, "the other one has never been called: {left}");
}

#[test]
fn an_archive_that_is_damaged_is_seen_and_shipped_again() {
    let project = deployed();
    let blobs = project.path().join(".atelier/engine/blobs");
    let files = std::fs::read_dir(&blobs).unwrap().map(|file| file.unwrap().path());
    let blob = files.into_iter().find(|path| path.extension().is_none()).unwrap();
    assert_eq!(project.run(&["down"]).code, Some(0));
    let mut bytes = std::fs::read(&blob).unwrap();
    let third = bytes.len() / 3;
    bytes[third..third + 8].iter_mut().for_each(|byte| *byte ^= 0x55);
    std::fs::write(&blob, bytes).unwrap();
    assert_eq!(project.run(&["up"]).code, Some(0));
    // It is looked at beside the first calls.
    let seen = eventually(Duration::from_secs(50), || project.run(&["status", "--check"]).code == Some(5));
    let output = project.run(&["status"]);
    assert!(seen && output.stdout.contains("function: The code of this function is lost"), "{output:?}");
    assert!(output.stdout.contains("`atelier deploy` mends the stack"), "{}", output.stdout);
    let doctor = project.run(&["doctor"]);
    let said = "does not work: The code of this function is lost";
    assert!(doctor.code == Some(4) && doctor.stdout.contains(said), "doctor sees the same: {doctor:?}");
    assert_eq!(project.run(&["plan", "--check"]).code, Some(1));
    assert_ne!(project.run(&["call", "status"]).code, Some(0), "a caller sees the same");
    let deployed = project.run(&["deploy"]);
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
    assert_eq!(project.run(&["call", "status"]).code, Some(0));
    assert_eq!(project.run(&["status", "--check"]).code, Some(0));
    assert!(blob.with_extension("damaged").exists(), "for whoever wants to look at it");
}

#[test]
fn a_cloud_that_nobody_can_ask_is_unknown_and_the_way_out_is_told() {
    let project = Project::new().with("AWS_EC2_METADATA_DISABLED", "true");
    let output = project.run(&["status", "--engine", "aws", "--json"]);
    assert_eq!((output.code, state(&output)), (Some(0), "unknown".into()), "{output:?}");
    assert_eq!(output.json()["data"]["components"][0]["health"], "unknown");
    assert_eq!(output.json()["data"]["problem"], "no AWS credentials found");
    assert_eq!(project.run(&["status", "--engine", "aws", "--check"]).code, Some(5));
    let output = project.run(&["status", "--engine", "aws"]);
    assert!(output.stdout.contains("hint: `aws configure`"), "{}", output.stdout);
}

#[test]
fn what_is_to_be_done_next_is_the_last_line() {
    let project = Project::new();
    let last = |project: &Project| project.run(&["status"]).stdout.trim_end().lines().last().unwrap().to_owned();
    assert_eq!(last(&project), "`atelier up` starts the engine");
    let project = project.up();
    assert_eq!(last(&project), "`atelier deploy` deploys the stack");
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    assert_eq!(project.run(&["call", "status"]).code, Some(0));
    let output = project.run(&["status"]);
    assert!(output.stdout.contains("last call: 200, "), "{}", output.stdout);
    assert!(output.stdout.contains("\npart       "), "the parts have a header: {}", output.stdout);
    assert_eq!(project.run(&["status", "-q"]).stdout, "");
}
