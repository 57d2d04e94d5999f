//! What stands in the way of `up`, and what the user sees of it. No engine starts here.

use crate::{
    machine::{self, CRASHING, HTTPD, SILENT, Site, UNLICENSED, docker},
    support::{Project, Running},
};
use std::net::TcpListener;

fn hints(error: &serde_json::Value) -> String {
    error["hints"].to_string()
}

#[test]
fn a_foreign_container_of_one_of_the_names_is_named_and_left_alone_and_nothing_is_made() {
    if !machine::is_here() {
        return;
    }
    for base in ["localstack-main", "atelier-edge", "docker-proxy"] {
        let site = Site::new();
        let name = site.name(base);
        let id = docker(&["run", "-d", "--name", &name, HTTPD]);
        let error = site.fails(&["up", "--engine", "localstack"], 1, "not_ours");
        let state = docker(&["inspect", "--format", "{{.Id}} {{.State.Running}}", &name]);
        docker(&["rm", "-f", &name]);
        assert!(error["message"].as_str().unwrap().contains(&name), "{error}");
        assert!(error["message"].as_str().unwrap().contains(HTTPD), "{error}");
        assert_eq!(state, format!("{id} true"));
        site.left_nothing();
    }
}

#[test]
fn the_token_goes_into_the_engines_environment_and_nowhere_else() {
    if !machine::is_here() {
        return;
    }
    let token = "ls-token-that-nobody-may-see";
    let site = Site::of(Project::new().with("LOCALSTACK_AUTH_TOKEN", token));
    let output = site.run(&["up", "--image", CRASHING, "--verbose"]);
    assert_eq!(output.code, Some(5), "{output:?}");
    assert!(!output.stdout.contains(token) && !output.stderr.contains(token), "{output:?}");
    assert!(site.inspect("localstack-main", "{{.Config.Env}}").contains(token));
    let elsewhere = "{{.Path}} {{.Args}} {{.Config.Cmd}} {{.Config.Entrypoint}} {{.Config.Labels}}";
    assert!(!site.inspect("localstack-main", elsewhere).contains(token));
    assert!(!docker(&["logs", &site.name("localstack-main")]).contains(token));
    // The engine may have ended before the doors were made.
    let engine = site.name("localstack-main");
    for door in site.containers().iter().filter(|name| **name != engine) {
        assert!(!docker(&["inspect", "--format", "{{json .}}", door]).contains(token), "{door}");
    }
    let own = site.project().path().join(".atelier");
    let found = std::process::Command::new("grep").arg("-rF").arg(token).arg(own).output().unwrap();
    assert_eq!(found.status.code(), Some(1), "no file holds it");
}

#[test]
fn a_port_that_another_container_publishes_is_named_by_it() {
    if !machine::is_here() {
        return;
    }
    let site = Site::new();
    let name = format!("holder-{}", site.port);
    docker(&["run", "-d", "--name", &name, "-p", &format!("127.0.0.1:{}:80", site.port), HTTPD]);
    let error = site.run(&["up", "--engine", "localstack", "--json"]);
    docker(&["rm", "-f", &name]);
    let message = error.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains(&name), "{error:?}");
}

#[test]
fn a_taken_port_is_refused_before_an_engine_is_started_for_it() {
    if !machine::is_here() {
        return;
    }
    let site = Site::new();
    let _holder = TcpListener::bind(("127.0.0.1", site.port)).unwrap();
    let error = site.fails(&["up", "--engine", "localstack"], 4, "port_taken");
    let holder = format!("(pid {})", std::process::id());
    assert!(error["message"].as_str().unwrap().contains(&holder), "{error}");
    assert_eq!(site.containers(), [""; 0]);
}

#[test]
fn an_image_that_ends_for_want_of_a_license_is_explained() {
    if !machine::is_here() {
        return;
    }
    let site = Site::new();
    let error = site.fails(&["up", "--image", UNLICENSED], 4, "image_needs_token");
    assert!(error.to_string().contains("license activation failed"), "{error}");
    assert!(hints(&error).contains(machine::ENGINE), "{error}");
    site.ok(&["down"]);
    assert_eq!(site.containers(), [""; 0]);
}

#[test]
fn a_crash_ends_the_wait_at_once_with_exit_code_and_log() {
    if !machine::is_here() {
        return;
    }
    let site = Site::new();
    let error = site.fails(&["up", "--image", CRASHING, "--timeout", "10m"], 5, "engine_crashed");
    assert!(error["message"].as_str().unwrap().contains("exit code 3"), "{error}");
    assert_eq!(error["causes"].to_string().matches("out of luck").count(), 1, "{error}");
    assert!(hints(&error).contains(&format!("docker logs {}", site.name("localstack-main"))), "{error}");
}

#[test]
fn an_engine_that_never_answers_is_given_up_on() {
    if !machine::is_here() {
        return;
    }
    let site = Site::new();
    site.fails(&["up", "--image", SILENT, "--timeout", "4s"], 6, "deadline");
    site.ok(&["down"]);
    assert_eq!(site.containers(), [""; 0]);
}

#[test]
fn an_image_that_wants_an_account_is_refused_without_asking_docker() {
    let site = Project::new().with("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    let output = site.run(&["up", "--engine", "localstack", "--image", "localstack/localstack:latest", "--json"]);
    assert_eq!((output.code, output.json()["error"]["code"].as_str()), (Some(4), Some("image_needs_token")));
}

#[test]
fn an_image_that_is_neither_here_nor_in_a_registry_is_named() {
    if !machine::is_here() {
        return;
    }
    let site = Site::new();
    let image = "127.0.0.1:1/atelier-test/absent:1";
    let error = site.fails(&["up", "--image", image], 4, "image_unavailable");
    assert!(error["message"].as_str().unwrap().contains(image), "{error}");
}

#[test]
fn a_foreign_mycontainer_is_left_alone() {
    if !machine::is_here() {
        return;
    }
    let _name = super::bonus::name_turn();
    let site = Site::new();
    site.ok(&["up", "--engine", "embedded"]);
    let id = docker(&["run", "-d", "--name", "mycontainer", HTTPD]);
    let refused = site.run(&["bonus", "--image", HTTPD, "--json"]);
    let state = docker(&["inspect", "--format", "{{.Id}} {{.State.Running}}", "mycontainer"]);
    docker(&["rm", "-f", "mycontainer"]);
    // The door is open by then; to the same user's other folders it is this one's.
    let folder = site.project().path();
    let other = folder.with_file_name("other");
    std::fs::create_dir(&other).unwrap();
    let mut command = site.project().command(&["up", "--engine", "localstack", "--json"]);
    command.current_dir(&other);
    let elsewhere = Running::start(command).end();
    site.ok(&["down"]);

    let error = elsewhere.json()["error"].clone();
    assert_eq!((elsewhere.code, error["code"].as_str()), (Some(1), Some("not_ours")), "{elsewhere:?}");
    let (door, owner) = (site.name("docker-proxy"), folder.canonicalize().unwrap());
    let told = format!("`{door}` exists and is not ours: it belongs to `{}`", owner.display());
    assert!(error["message"].as_str().unwrap().contains(&told), "{error}");
    assert!(hints(&error).contains("`atelier up --port 0` and `atelier bonus --name NAME` use other names"), "{error}");
    assert_eq!((refused.code, refused.json()["error"]["code"].as_str()), (Some(1), Some("not_ours")), "{refused:?}");
    assert_eq!(state, format!("{id} true"));
    assert_eq!(site.containers(), [""; 0]);
}

#[test]
fn a_container_that_does_not_stay_up_is_no_bonus() {
    if !machine::is_here() {
        return;
    }
    let _name = super::bonus::name_turn();
    let site = Site::new();
    site.ok(&["up", "--engine", "embedded"]);
    let error = site.fails(&["bonus", "--image", CRASHING], 5, "engine_crashed");
    assert!(error["message"].as_str().unwrap().contains("mycontainer"), "{error}");
    site.ok(&["clean", "--yes"]);
    site.ok(&["down"]);
}
