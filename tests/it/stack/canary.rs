//! The canaries: after a full run with everything on, each secret is only where it belongs.

use super::Workshop;
use crate::support::{
    Output, Project,
    canary::{Canary, files, holds, of_every_process},
    raw,
};
use std::{fs, net::SocketAddr};

/// What the functions were lent: each process of a function has it in its environment, and nobody else.
fn lent(workshop: &Workshop) -> Vec<Canary> {
    let endpoint = format!("AWS_ENDPOINT_URL=http://127.0.0.1:{}", workshop.port);
    let mut canaries = Vec::new();
    for variables in of_every_process("environ") {
        let variables = String::from_utf8_lossy(&variables).into_owned();
        let variables: Vec<&str> = variables.split('\0').collect();
        let value = |name: &str| variables.iter().find_map(|variable| variable.strip_prefix(name));
        if !variables.contains(&endpoint.as_str()) || value("AWS_LAMBDA_FUNCTION_NAME=").is_none() {
            continue;
        }
        for variables in [&["AWS_SECRET_ACCESS_KEY"], &["AWS_SESSION_TOKEN"]] {
            let [name] = *variables;
            let value = value(name).unwrap().strip_prefix('=').unwrap().to_owned();
            canaries.push(Canary { name, value, files: &[], variables });
        }
    }
    assert!(!canaries.is_empty(), "a function's process is kept for the next call");
    canaries
}

/// Everything that the API answers to these headers: status, headers and body.
fn answer(workshop: &Workshop, url: &str, query: &str, headers: &str) -> Output {
    let path = url.strip_prefix(&format!("http://127.0.0.1:{}", workshop.port)).unwrap();
    let host = format!("127.0.0.1:{}", workshop.port);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async {
        let mut client = raw::Client::connect(SocketAddr::from(([127, 0, 0, 1], workshop.port))).await;
        client.send(format!("GET {path}/infra{query} HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n")).await;
        client.answer().await.unwrap()
    });
    let stdout = format!("{} {:?} {}", answer.status, answer.headers, answer.text());
    Output { code: None, stdout, stderr: String::new() }
}

fn secrets(workshop: &Workshop, keys: [String; 4]) -> Vec<Canary> {
    let text = fs::read_to_string(workshop.project.path().join(".atelier/credentials.json")).unwrap();
    let stored: serde_json::Value = serde_json::from_str(&text).unwrap();
    let stored = |name: &str| stored[name].as_str().unwrap().to_owned();
    let [key, second, human, rotated] = keys;
    let spent = |value| Canary { name: "API key", value, files: &[], variables: &[] };
    let mut canaries = vec![
        Canary {
            name: "secret access key",
            value: stored("secret_access_key"),
            files: &["credentials.json"],
            variables: &[],
        },
        Canary {
            name: "proxy token",
            value: stored("proxy_token"),
            // The function's configuration is the engine's to keep.
            files: &["credentials.json", "engine/"],
            variables: &["DOCKER_PROXY_TOKEN"],
        },
        // One key is kept for our own calls; the engine keeps digests.
        Canary { name: "API key", value: key, files: &["api-key.header"], variables: &[] },
        spent(second),
        spent(human),
        spent(rotated),
    ];
    canaries.extend(lent(workshop));
    canaries
}

#[test]
fn after_a_full_run_every_secret_is_only_where_it_belongs() {
    let workshop = Workshop::new();
    let project = Project::new()
        .with("AWS_ENDPOINT_INTERNAL", &format!("http://127.0.0.1:{}", workshop.port))
        .with("DOCKER_PROXY", "http://127.0.0.1:1");
    let workshop = Workshop { project, port: workshop.port };
    let mut said: Vec<(String, Output)> = Vec::new();
    let mut run = |args: &[&str]| {
        let output = workshop.run(args);
        said.push((args.join(" "), output));
    };
    run(&["up", "--engine", "embedded", "-v"]);
    run(&["deploy", "--auth", "api-key", "-v"]);
    let shown = |args: &[&str]| {
        let made = workshop.ok(&[&["key"], args, &["-v"]].concat());
        let value = made.stdout.lines().find(|line| line.starts_with("atl_")).unwrap().to_owned();
        assert!(made.stdout.matches(&value).count() == 1 && !made.stderr.contains(&value), "{made:?}");
        value
    };
    let made = workshop.run(&["key", "create", "--scope", "control", "--json"]).json();
    let key = made["data"]["value"].as_str().unwrap().to_owned();
    let second = shown(&["create", "--scope", "control", "--name", "second"]);
    let keys = [key, second, shown(&["create", "--scope", "status"]), shown(&["rotate", "status"])];
    for args in [
        &["test", "-v"][..],
        &["test-bonus", "-v"],
        &["call", "start", "-v"],
        &["call", "list", "--json"],
        &["key", "list", "-v"],
        &["key", "create", "--scope", "control"],
        &["key", "revoke", "nobody", "--json"],
        &["plan", "-v"],
        &["deploy", "-v", "--json"],
        &["status", "--json"],
        &["config", "show", "--origin"],
        &["logs"],
        &["logs", "--json"],
        &["deploy", "--endpoint", "http://127.0.0.1:1", "--timeout", "2s", "-v"],
    ] {
        run(args);
    }
    let url = workshop.ok(&["status", "--json"]).json()["data"]["url"].as_str().unwrap().to_owned();
    for query in ["?action=status", "?action=stop", "?action=list&target=docker", "?action=explode", ""] {
        for key in [None, Some("atl_wrong"), Some(keys[0].as_str()), Some(&keys[2]), Some(&keys[3])] {
            let header = key.map(|key| format!("x-api-key: {key}\r\n")).unwrap_or_default();
            said.push((format!("GET {query}"), answer(&workshop, &url, query, &header)));
        }
    }
    let canaries = secrets(&workshop, keys);
    let env = workshop.ok(&["env", "-v"]);
    for canary in &canaries {
        for (command, Output { stdout, stderr, .. }) in &said {
            assert!(!stdout.contains(&canary.value) && !stderr.contains(&canary.value), "{}: `{command}`", canary.name);
        }
        // Giving the key pair to the shell is what `env` is for; nothing else.
        assert_eq!(env.stdout.contains(&canary.value), canary.name == "secret access key", "{}", canary.name);
        assert!(!env.stderr.contains(&canary.value), "{}", canary.name);
        canary.check_files(workshop.project.path().parent().unwrap());
        canary.check_processes();
    }
    let failed: Vec<_> = said.iter().filter(|(_, output)| output.code == Some(70)).collect();
    assert!(failed.is_empty(), "{failed:?}");

    workshop.ok(&["clean", "--yes", "-v"]);
    workshop.ok(&["down"]);
    let key = &canaries[2];
    assert!(files(&workshop.project.path()).iter().all(|path| !holds(&fs::read(path).unwrap(), &key.value)));
}
