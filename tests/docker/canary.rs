//! The canaries, on LocalStack: after a run with everything on, each secret is only where it belongs, seen from Docker and
//! from the machine.

use crate::{
    bonus::name_turn,
    machine::{self, HTTPD, Site, docker},
    support::{Output, Project, canary::Canary},
};
use serde_json::Value;

fn secrets(site: &Site, key: String) -> [Canary; 4] {
    let text = std::fs::read_to_string(site.project().path().join(".atelier/credentials.json")).unwrap();
    let stored: Value = serde_json::from_str(&text).unwrap();
    let stored = |name: &str| stored[name].as_str().unwrap().to_owned();
    [
        Canary {
            name: "secret access key",
            value: stored("secret_access_key"),
            files: &["credentials.json"],
            variables: &["ATELIER_EDGE_SECRET_ACCESS_KEY"],
        },
        Canary {
            name: "proxy token",
            value: stored("proxy_token"),
            files: &["credentials.json"],
            variables: &["ATELIER_PROXY_TOKEN", "DOCKER_PROXY_TOKEN"],
        },
        Canary { name: "API key", value: key, files: &["api-key.header"], variables: &[] },
        Canary {
            name: "account's token",
            value: TOKEN.to_owned(),
            files: &[],
            // LocalStack's entry point gives itself each of its variables without the prefix, too.
            variables: &["LOCALSTACK_AUTH_TOKEN", "AUTH_TOKEN"],
        },
    ]
}

const TOKEN: &str = "ls-canary-that-nobody-may-see";

/// Asserts that of all that Docker tells of a container, only the variables where it belongs hold a secret.
fn check_container(canary: &Canary, name: &str) {
    let mut inspected: Value = serde_json::from_str(&docker(&["inspect", name])).unwrap();
    let variables = inspected[0]["Config"]["Env"].take();
    for variable in variables.as_array().into_iter().flatten() {
        canary.check_variable(variable.as_str().unwrap());
    }
    assert!(!inspected.to_string().contains(&canary.value), "the {} is in {name}: {inspected}", canary.name);
    assert!(!machine::logs(name).contains(&canary.value), "the {} is in the log of {name}", canary.name);
}

#[test]
fn after_a_full_run_every_secret_is_only_where_it_belongs() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let _name = name_turn();
    // The token is the shell's that calls atelier, and its processes are over when others are looked at.
    let site = Site::of(Project::new().with("LOCALSTACK_AUTH_TOKEN", TOKEN));
    let mut said: Vec<(String, Output)> = Vec::new();
    for args in [&["up", "--engine", "localstack", "-v"][..], &["deploy", "--auth", "api-key", "-v"]] {
        said.push((args.join(" "), site.ok(args)));
    }
    let made = site.ok(&["key", "create", "--scope", "control", "--json"]).json();
    let key = made["data"]["value"].as_str().unwrap().to_owned();
    let mut run = |args: &[&str]| said.push((args.join(" "), site.ok(args)));
    run(&["test", "-v"]);
    run(&["bonus", "--image", HTTPD, "-v"]);
    run(&["test-bonus", "-v"]);
    run(&["status", "--json"]);
    run(&["plan", "-v"]);
    run(&["config", "show", "--origin"]);
    run(&["doctor", "--report"]);
    run(&["logs", "--lines", "10000"]);
    run(&["call", "status", "-v"]);
    run(&["logs", "--json", "--lines", "10000"]);

    let containers = site.containers();
    assert!(containers.iter().any(|name| name.contains("-lambda-")), "{containers:?}");
    for canary in secrets(&site, key) {
        for (command, Output { stdout, stderr, .. }) in &said {
            assert!(!stdout.contains(&canary.value) && !stderr.contains(&canary.value), "{}: `{command}`", canary.name);
        }
        for name in &containers {
            check_container(&canary, name);
        }
        canary.check_processes();
        canary.check_files(site.project().path().parent().unwrap());
    }
    site.ok(&["clean", "--yes"]);
    assert_eq!(site.containers(), [""; 0]);
}
