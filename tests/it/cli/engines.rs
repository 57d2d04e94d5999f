//! Which engine a command means: the one of the last time, and never another than the flags say.

use crate::support::{Project, engine_port};
use serde_json::{Value, json};

fn code(project: &Project, args: &[&str]) -> String {
    let output = project.run(&[args, &["--json"]].concat());
    output.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn up_after_down_takes_the_engine_of_the_last_time_and_says_so() {
    // No Docker, so that another choice would be told.
    let project = Project::new().with("DOCKER_HOST", "unix:///nonexistent/docker.sock").up();
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    let url = project.run(&["open", "--url"]).stdout;
    let down = project.run(&["down"]);
    assert!(down.code == Some(0) && down.stdout.contains("its state stays"), "{down:?}");
    let up = project.run(&["up"]);
    assert_eq!(up.code, Some(0), "{up:?}");
    assert!(up.stderr.contains("the embedded engine again, as the last time"), "{up:?}");
    assert!(!up.stderr.contains("Docker"), "nobody was asked what suits this machine: {up:?}");
    assert_eq!(project.run(&["open", "--url"]).stdout, url, "on the same port, with what was deployed");
    assert_eq!(project.run(&["status", "--check"]).code, Some(0));
    let shown = project.run(&["config", "show", "--json"]).json()["data"]["settings"].clone();
    let engine = shown.as_array().unwrap().iter().find(|entry| entry["name"] == "engine").unwrap().clone();
    assert_eq!((&engine["value"], &engine["origin"]["kind"]), (&"embedded".into(), &"kept".into()));
}

#[test]
fn a_time_to_end_at_says_so_where_it_means_another_engine_than_the_last() {
    let project = Project::new().with("DOCKER_HOST", "unix:///nonexistent/docker.sock").up();
    assert_eq!(project.run(&["down"]).code, Some(0));
    let up = ["up", "--stop-after", "8h", "--port", "0"];
    let same = project.run(&up);
    assert!(same.code == Some(0) && !same.stderr.contains("the last one in this folder"), "{same:?}");
    assert_eq!(project.run(&["down"]).code, Some(0));
    let last = project.path().join(".atelier/last-engine.json");
    let mut record: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&last).unwrap()).unwrap();
    assert_eq!(record["kind"], "embedded");
    record["kind"] = "localstack".into();
    std::fs::write(&last, record.to_string()).unwrap();
    let other = project.run(&up);
    let said = "`--stop-after` means the embedded engine; the last one in this folder was the LocalStack engine";
    assert!(other.code == Some(0) && other.stderr.contains(said), "{other:?}");
}

#[test]
fn a_flag_that_contradicts_what_runs_is_refused_and_nothing_is_done() {
    let project = Project::new().up();
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    let other = engine_port().to_string();
    for flags in [["--engine", "localstack"], ["--port", &other]] {
        for verb in
            [&["up"][..], &["deploy"], &["plan"], &["status"], &["call", "stop"], &["clean", "--yes"], &["down"]]
        {
            assert_eq!(code(&project, &[verb, &flags].concat()), "other_engine", "{verb:?} {flags:?}");
        }
    }
    assert_eq!(code(&project, &["up", "--image", "localstack/localstack:4.14.0"]), "other_engine");
    assert_eq!(code(&project, &["up", "--rate", "5"]), "other_engine");
    for verb in ["up", "down", "bonus", "test-bonus"] {
        assert_eq!(code(&project, &[verb, "--engine", "aws"]), "bad_setting", "{verb}");
    }
    let refused = project.run(&["deploy", "--engine", "localstack", "--lang", "fr"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("le moteur embarqué") && !refused.stderr.contains("atelier down"), "{refused:?}");
    assert_eq!(project.run(&["status", "--check"]).code, Some(0), "nothing was done");

    // What says the same, or says how the next one is to be, is no contradiction.
    assert_eq!(project.run(&["status", "--engine", "embedded", "--port", "0", "--check"]).code, Some(0));
    let mut later = project.command(&["status", "--check"]);
    later.env("ATELIER_PORT", &other);
    assert_eq!(crate::support::Running::start(later).end().code, Some(0));
    assert_eq!(project.run(&["down"]).code, Some(0));
    assert_eq!(code(&project, &["deploy", "--engine", "localstack"]), "not_running", "nothing runs to contradict");
}

#[test]
fn what_the_file_says_otherwise_of_an_engine_that_runs_is_taken_by_up_and_never_passed_over() {
    let project = Project::new().up();
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    assert_eq!(project.run(&["up", "--stop-after", "8h"]).code, Some(0));
    let before = project.record();
    project.write("atelier.toml", "cors_origins = ['https://example.com']\nrate = '30/60'\nlog_files = 3\n");
    assert_eq!(project.run(&["status", "--check"]).code, Some(0), "to the others it says how the next one is to be");
    let up = project.run(&["up"]);
    assert_eq!(up.code, Some(0), "{up:?}");
    for setting in ["cors_origins", "rate", "log_files"] {
        assert!(up.stderr.contains(&format!("again with another `{setting}`")), "{up:?}");
    }
    let after = project.record();
    assert_eq!(after["door"]["cors_origins"], json!(["https://example.com"]), "{after}");
    assert_eq!(after["door"]["rate"], json!({ "per_second": 30, "burst": 60 }), "{after}");
    assert_ne!(after["process"], before["process"]);
    assert_eq!((&after["port"], &after["stops_at"]), (&before["port"], &before["stops_at"]), "its life is no longer");
    assert_eq!(project.run(&["status", "--check"]).code, Some(0), "what is deployed stays");

    // The same again, and what nobody says any more, is no reason to start it again.
    for text in ["cors_origins = ['https://example.com']\nrate = '30/60'\nlog_files = 3\n", ""] {
        project.write("atelier.toml", text);
        let up = project.run(&["up"]);
        assert!(up.code == Some(0) && up.stdout.contains("nothing changed"), "{up:?}");
        assert_eq!(project.record(), after);
    }
}

#[test]
fn a_door_to_the_public_stays_one_when_another_shell_starts_the_engine_again() {
    let (project, port) = (Project::new(), engine_port().to_string());
    let up = |flags: &[&str], url: Option<&str>| {
        let mut up = project.command(&[&["up", "--engine", "embedded", "--port", &port], flags].concat());
        up.envs(url.map(|url| ("AWS_ENDPOINT_PUBLIC", url)));
        let up = crate::support::Running::start(up).end();
        assert_eq!(up.code, Some(0), "{up:?}");
        project.record()
    };
    let (public, rate) = (Some("https://mine.example"), json!({ "per_second": 7, "burst": 14 }));
    let first = up(&["--rate", "7"], public);
    assert_eq!((&first["door"]["rate"], &first["door"]["public_host"]), (&rate, &json!("mine.example")), "{first}");
    // What a public URL has of itself is nobody's word against that.
    assert_eq!(up(&[], public)["process"], first["process"]);
    project.write("atelier.toml", "cors_origins = ['https://example.com']\n");
    let again = up(&[], None);
    assert_ne!(again["process"], first["process"]);
    assert_eq!((&again["door"]["rate"], &again["door"]["public_host"]), (&rate, &json!("mine.example")), "{again}");
}

#[test]
fn a_public_url_of_another_host_is_taken_by_up_and_stays_where_a_shell_knows_none() {
    let (project, port) = (Project::new(), engine_port().to_string());
    let up = |url: Option<&str>| {
        let mut up = project.command(&["up", "--engine", "embedded", "--port", &port]);
        up.envs(url.map(|url| ("AWS_ENDPOINT_PUBLIC", url)));
        let up = crate::support::Running::start(up).end();
        assert_eq!(up.code, Some(0), "{up:?}");
        (project.record(), up.stderr)
    };
    let again = "again with another `public_endpoint`";
    let (first, told) = up(Some("https://a.example"));
    assert_eq!(first["door"]["public_host"], "a.example", "{first}");
    assert!(!told.contains(again), "{told}");
    let (second, told) = up(Some("https://b.example"));
    assert!(told.contains(again), "{told}");
    assert_ne!(second["process"], first["process"]);
    let rest = |record: &Value| (record["port"].clone(), record["door"]["rate"].clone());
    assert_eq!((&second["door"]["public_host"], rest(&second)), (&json!("b.example"), rest(&first)), "{second}");
    for url in [None, Some("https://b.example")] {
        let (same, told) = up(url);
        assert!(same == second && !told.contains(again), "{told} {same}");
    }
}

#[test]
fn a_url_that_names_another_engine_means_that_one_and_what_it_cannot_mean_is_refused() {
    let project = Project::new().up();
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    let nobody = "http://127.0.0.1:1";
    let seen = project.run(&["status", "--json", "--endpoint", nobody]).json()["data"].clone();
    let engine = &seen["components"][0];
    assert_eq!((&engine["health"], &engine["url"]), (&"unhealthy".into(), &nobody.into()), "{seen}");
    assert_eq!(seen["components"].as_array().unwrap().len(), 1, "nothing of the engine that runs here: {seen}");
    for verb in [
        &["bonus"][..],
        &["test-bonus"],
        &["down", "--all", "--yes"],
        &["clean", "--yes", "--engine", "aws"],
        &["plan", "--engine", "embedded"],
    ] {
        assert_eq!(code(&project, &[verb, &["--endpoint", nobody]].concat()), "usage", "{verb:?}");
    }
    let own = format!("http://127.0.0.1:{}", project.port());
    assert_eq!(project.run(&["status", "--check", "--endpoint", &own]).code, Some(0), "the one that runs here");
}

#[test]
fn a_flag_that_the_engine_to_be_cannot_heed_is_refused() {
    let project = Project::new().with("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    let up = |flags: &[&str]| code(&project, &[&["up", "--port", "0"], flags].concat());
    assert_eq!(up(&["--engine", "embedded", "--image", "localstack/localstack:4.14.0"]), "bad_setting");
    assert_eq!(up(&["--engine", "localstack", "--listen", "0.0.0.0"]), "bad_setting");
}

#[test]
fn credentials_that_the_engine_does_not_know_are_told_as_that() {
    let project = Project::new().up();
    std::fs::remove_file(project.path().join(".atelier/credentials.json")).unwrap();
    let output = project.run(&["plan"]);
    assert_eq!(output.code, Some(5), "{output:?}");
    assert!(
        output.stderr.contains("does not know these credentials") && output.stderr.contains("`atelier up`"),
        "{output:?}"
    );
    assert_eq!(project.run(&["status", "--json"]).json()["data"]["components"][0]["health"], "unhealthy");
    assert_eq!(project.run(&["up"]).code, Some(0));
    assert_eq!(project.run(&["plan"]).code, Some(0));
}
