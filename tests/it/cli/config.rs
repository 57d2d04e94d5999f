//! `config show`: what was resolved, and from where.

use crate::support::{Output, Project};
use serde_json::{Value, json};

fn setting(output: &Output, name: &str) -> Value {
    let document = output.json();
    let settings = document["data"]["settings"].as_array().unwrap().clone();
    settings.into_iter().find(|setting| setting["name"] == name).unwrap()
}

#[test]
fn each_value_tells_where_it_came_from() {
    let project = Project::new().with("AWS_REGION", "eu-west-3").with("CODESPACE_NAME", "fuzzy-fish");
    let project = project.with("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "app.github.dev");
    project.write("atelier.toml", "stack = 'demo'\nport = 4567\n");
    let output = project.run(&["config", "show", "--timeout", "30s", "--json"]);
    assert_eq!(setting(&output, "region")["origin"], json!({ "kind": "environment", "name": "AWS_REGION" }));
    assert_eq!(setting(&output, "timeout")["origin"], json!({ "kind": "flag", "name": "--timeout" }));
    assert_eq!(setting(&output, "stack")["origin"]["kind"], "file");
    assert_eq!(setting(&output, "public_endpoint")["value"], "https://fuzzy-fish-4567.app.github.dev");
    assert_eq!(setting(&output, "public_endpoint")["origin"]["kind"], "derived");
    assert_eq!(setting(&output, "image")["origin"], json!({ "kind": "default" }));
    assert_eq!(setting(&output, "rate")["origin"], json!({ "kind": "derived", "name": "public_endpoint" }));
    assert_eq!(setting(&output, "folder")["origin"], json!({ "kind": "default" }));
    let folder = project.path().display().to_string();
    let output = project.run(&["config", "show", "--folder", &folder, "--color", "never", "--json"]);
    assert_eq!(setting(&output, "folder")["origin"], json!({ "kind": "flag", "name": "--folder" }));
    assert_eq!(setting(&output, "color")["origin"], json!({ "kind": "flag", "name": "--color" }));
}

#[test]
fn people_see_the_origin_when_they_ask() {
    let project = Project::new().with("AWS_REGION", "eu-west-3");
    let plain = project.run(&["config", "show"]).stdout;
    let origin = project.run(&["config", "show", "--origin"]).stdout;
    assert!(plain.contains("eu-west-3") && !plain.contains("AWS_REGION"), "{plain}");
    assert!(origin.contains("from the variable `AWS_REGION`"), "{origin}");
}

#[test]
fn each_setting_names_what_can_say_it() {
    let project = Project::new();
    let output = project.run(&["config", "show", "--json"]);
    assert_eq!(setting(&output, "port")["ways"], json!(["--port", "ATELIER_PORT", "atelier.toml"]));
    assert_eq!(setting(&output, "docker_host")["ways"], json!(["DOCKER_HOST"]));
    let origin = project.run(&["config", "show", "--origin"]).stdout;
    let columns: Vec<_> = origin.lines().map(|line| line.find("by default  ").or_else(|| line.find("from "))).collect();
    assert!(columns.iter().all(|column| column.is_some() && *column == columns[0]), "aligned: {origin}");
    let port = origin.lines().find(|line| line.starts_with("port ")).unwrap();
    assert!(port.contains("by default") && port.ends_with("  --port, ATELIER_PORT, atelier.toml"), "{origin}");
}

#[test]
fn the_engine_is_the_one_that_runs_here_unless_another_is_named() {
    let project = Project::new().up();
    let output = project.run(&["config", "show", "--json"]);
    assert_eq!(setting(&output, "engine")["value"], "embedded");
    assert_eq!(setting(&output, "engine")["origin"], json!({ "kind": "kept" }));
    let origin = project.run(&["config", "show", "--origin"]).stdout;
    assert!(origin.contains("kept from the last `up`"), "{origin}");
    let output = project.run(&["config", "show", "--engine", "aws", "--json"]);
    assert_eq!(setting(&output, "engine")["origin"], json!({ "kind": "flag", "name": "--engine" }));
}

#[test]
fn the_port_is_the_one_that_the_engine_has_or_that_the_next_one_takes() {
    let project = Project::new().with("DOCKER_HOST", "unix:///nonexistent/docker.sock").up();
    let port = project.record()["port"].clone();
    for _ in 0..2 {
        let output = project.run(&["config", "show", "--json"]);
        assert_eq!(setting(&output, "port")["value"], port);
        assert_eq!(setting(&output, "port")["origin"], json!({ "kind": "kept" }));
        let report = project.run(&["doctor", "--report"]).stdout;
        assert!(report.contains(&format!("\nport: {port}\n")) && report.contains("\nengine: embedded\n"), "{report}");
        let doctor = project.run(&["doctor"]).stdout;
        assert!(doctor.contains(&format!(" {port} is ")), "{doctor}");
        assert_eq!(project.run(&["down"]).code, Some(0));
    }
    let output = project.run(&["config", "show", "--port", "4999", "--json"]);
    assert_eq!(setting(&output, "port")["value"], 4999);
}

#[test]
fn no_secret_is_a_setting_that_is_shown() {
    let project = Project::new().with("LOCALSTACK_AUTH_TOKEN", "ls-secret").with("AWS_SECRET_ACCESS_KEY", "aws-secret");
    for args in [&["config", "show", "--origin"][..], &["config", "show", "--json"]] {
        let output = project.run(args);
        assert!(!output.stdout.contains("secret") && !output.stderr.contains("secret"), "{output:?}");
    }
}
