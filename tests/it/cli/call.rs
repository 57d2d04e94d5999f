//! `call`, `open` and `--verbose`: the deployed API from the command line, and what goes over the wire on the way.

use crate::support::Project;
use serde_json::{Value, json};

fn deployed() -> Project {
    let project = Project::new().up();
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    project
}

#[test]
fn the_answer_is_printed_as_it_came() {
    let project = deployed();
    let output = project.run(&["call", "stop"]);
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output:?}");
    let id = std::fs::read_to_string(project.path().join(".instance_id")).unwrap();
    let stopped = format!("{{\"status\":\"stopped\",\"instance_id\":\"{}\",\"state\":\"stopped\"}}\n", id.trim());
    assert_eq!(output.stdout, stopped);

    let output = project.run(&["call", "status", "--json"]);
    assert_eq!(output.json()["data"]["status"], 200);
    assert_eq!(output.json()["data"]["answer"]["state"], "stopped");
    let output = project.run(&["call", "list"]);
    assert!(serde_json::from_str::<Value>(&output.stdout).unwrap()["instances"].is_array(), "{output:?}");
}

#[test]
fn a_bad_status_is_a_bad_exit_and_the_answer_is_there_all_the_same() {
    let project = deployed();
    // Without a docker proxy the handler has nobody to ask.
    let output = project.run(&["call", "status", "--target", "docker", "--name", "mycontainer"]);
    assert_eq!(output.code, Some(5), "{output:?}");
    assert!(serde_json::from_str::<Value>(&output.stdout).unwrap()["error"].is_string(), "{output:?}");
    assert!(output.stderr.contains("the API answered with status 503"), "{}", output.stderr);
    let output = project.run(&["call", "list", "--name", "x", "--json"]);
    assert_eq!((output.code, &output.json()["error"]["code"]), (Some(2), &json!("usage")));
}

#[test]
fn open_prints_the_url_where_nobody_looks() {
    let project = deployed();
    let output = project.run(&["open"]);
    assert_eq!(output.code, Some(0));
    assert!(output.stdout.trim_end().ends_with("/infra?action=status"), "{output:?}");
    assert_eq!(project.run(&["open", "--url"]).stdout, output.stdout);
    assert_eq!(project.run(&["open", "--json"]).json()["data"]["opened"], false);
}

#[test]
fn without_a_deployment_each_says_what_to_do() {
    let project = Project::new().up();
    for verb in [&["call", "status"][..], &["open"]] {
        let output = project.run(verb);
        assert_eq!(output.code, Some(5), "{verb:?}");
        assert!(output.stderr.contains("`atelier deploy`"), "{}", output.stderr);
    }
}

#[test]
fn verbose_tells_each_call_with_its_time_and_no_secret() {
    let project = deployed();
    let output = project.run(&["plan", "--verbose"]);
    assert!(output.stderr.contains("→ sts GetCallerIdentity: 200 ("), "{}", output.stderr);
    assert!(output.stderr.contains("→ ec2 DescribeInstances: 200 ("), "{}", output.stderr);
    assert!(output.stderr.contains("→ apigateway GET /restapis: 200 ("), "{}", output.stderr);
    let credentials = std::fs::read_to_string(project.path().join(".atelier/credentials.json")).unwrap();
    let credentials: Value = serde_json::from_str(&credentials).unwrap();
    for name in ["secret_access_key", "access_key_id", "proxy_token"] {
        assert!(!output.stderr.contains(credentials[name].as_str().unwrap()), "{name}: {}", output.stderr);
    }
    assert_eq!(project.run(&["plan", "--quiet"]).stderr, "");
}

#[test]
fn up_and_down_say_each_thing_once() {
    let project = Project::new();
    let up = project.run(&["up", "--engine", "embedded", "--port", "0"]);
    assert_eq!(up.stderr, "🚀 Starting the engine...\n");
    assert_eq!(up.stdout.lines().count(), 1, "{up:?}");
    let down = project.run(&["down"]);
    assert_eq!(down.stderr, "🛑 Stopping the engine...\n");
    assert_eq!(down.stdout.lines().count(), 1, "{down:?}");
}

#[test]
fn whatever_port_is_free_is_the_last_one_where_it_is() {
    let project = Project::new();
    let up = || {
        let up = project.run(&["up", "--engine", "embedded", "--port", "0", "--json"]).json();
        let url = up["data"]["url"].as_str().unwrap().to_owned();
        url.rsplit(':').next().unwrap().parse::<u16>().unwrap()
    };
    let port = up();
    assert_eq!(project.run(&["down"]).code, Some(0));
    // What was deployed calls the engine there.
    assert_eq!(up(), port);
    assert_eq!(project.run(&["down"]).code, Some(0));
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    assert_ne!(up(), port);
}
