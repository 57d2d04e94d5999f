//! `atelier runtimes`, with interpreters that are scripts: what they install is made by themselves, without a network.

use crate::support::{Project, engine_port};
use aws_sdk_lambda::{
    Client,
    primitives::Blob,
    types::{FunctionCode, State},
};
use std::{
    io::{Cursor, Write},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// A Python that knows what the verb asks it: its version, whether it has boto3, environments, pip.
const PYTHON: &str = r#"#!/bin/sh
PATH=/usr/bin:/bin
case "$*" in
    --version) echo "Python $VERSION" ;;
    *find_spec*) exit 1 ;;
    "-c import ensurepip, venv") exit "${NO_VENV:-0}" ;;
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip install "*)
        echo pip >> "$HOME/calls"
        while [ -n "$PIP_GATE" ] && [ ! -e "$HOME/go" ]; do sleep 0.01; done
        [ -z "$NO_NETWORK$PIP_NO_INDEX" ] || { echo "ERROR: No matching distribution found for boto3" >&2; exit 1; }
        mkdir -p "$(dirname "$0")/../lib/python3.12/site-packages/boto3" ;;
    *) exit 2 ;;
esac
"#;

/// A project whose machine has one Python, 3.12.1, in pyenv's place.
fn project() -> Project {
    let project = Project::new();
    program(&home(&project).join(".pyenv/versions/3.12.1/bin/python3"), PYTHON);
    project
}

fn home(project: &Project) -> PathBuf {
    project.path().parent().unwrap().join("home")
}

/// Writes a program by another process: one that this one has open while another test forks cannot be run.
fn program(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut write = Command::new("sh");
    write.args(["-c", r#"printf %s "$1" > "$2" && chmod 755 "$2""#, "sh", text]).arg(path);
    assert!(write.status().unwrap().success());
}

fn packages(project: &Project) -> PathBuf {
    home(project).join(".cache/atelier/runtimes/python3.12/lib/python3.12/site-packages")
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn the_list_has_every_runtime_and_what_runs_it() {
    let project = project();
    let output = project.run(&["runtimes", "list", "--json"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    let report = output.json();
    let runtimes = report["data"]["runtimes"].as_array().unwrap();
    assert_eq!(runtimes.len(), 10, "{report}");
    let python = runtimes.iter().find(|entry| entry["runtime"] == "python3.12").unwrap();
    assert_eq!(python["interpreter"]["exact"], true, "{python}");
    assert_eq!(python["packages"]["from"], "nowhere", "{python}");
    let text = project.run(&["runtimes", "list"]).stdout;
    assert!(text.contains("python3.12  Python 3.12.1, without boto3: `"), "{text}");
    assert!(text.contains("`atelier runtimes install python3."), "{text}");
}

#[test]
fn packages_are_installed_once_and_then_without_a_network() {
    let project = project();
    let first = project.run(&["runtimes", "install", "python3.12", "--json"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    let report = first.json();
    assert_eq!(report["data"]["changed"], true, "{report}");
    let installed = &report["data"]["runtimes"][0];
    assert_eq!(installed["packages"]["folder"], packages(&project).to_str().unwrap(), "{report}");
    let offline = project.with("NO_NETWORK", "1");
    let second = offline.run(&["runtimes", "install", "python3.12", "--json"]).json();
    assert_eq!((&second["status"], &second["data"]["changed"]), (&"ok".into(), &false.into()));
    assert_eq!(std::fs::read_to_string(home(&offline).join("calls")).unwrap(), "pip\n");
    let listed = offline.run(&["runtimes", "list"]).stdout;
    assert!(listed.contains("python3.12  Python 3.12.1, with boto3: `"), "{listed}");
}

#[test]
fn what_could_not_be_installed_leaves_nothing_and_says_the_tools_words() {
    let project = project().with("NO_NETWORK", "1");
    let output = project.run(&["runtimes", "install", "python3.12"]);
    assert_eq!(output.code, Some(4), "{output:?}");
    for said in ["boto3 could not be installed for Python 3.12.1", "`pip` failed: ERROR: No matching", "this once"] {
        assert!(output.stderr.contains(said), "{said}: {}", output.stderr);
    }
    assert_eq!(names(&home(&project).join(".cache/atelier/runtimes")), [""; 0]);
}

#[test]
fn a_python_without_venv_names_debians_package() {
    let output = project().with("NO_VENV", "1").run(&["runtimes", "install", "python3.12"]);
    assert_eq!(output.code, Some(4), "{output:?}");
    assert!(output.stderr.contains("sudo apt-get install python3.12-venv"), "{}", output.stderr);
}

#[test]
fn a_machine_without_an_interpreter_says_how_to_get_one() {
    let project = Project::new();
    let output = project.run(&["runtimes", "install", "python3.12", "--json"]);
    let listed = project.run(&["runtimes", "list", "--json"]).json();
    let entries = listed["data"]["runtimes"].as_array().unwrap();
    if entries.iter().any(|entry| entry["runtime"] == "python3.12" && !entry["interpreter"].is_null()) {
        crate::support::skipped("this machine keeps a Python outside of PATH and HOME");
        return;
    }
    let error = &output.json()["error"];
    assert_eq!((output.code, &error["code"]), (Some(4), &"no_interpreter".into()), "{error}");
    assert!(error["hints"][0].as_str().unwrap().contains("`uv python install 3.12`"), "{error}");
}

#[test]
fn a_folder_that_a_killed_run_left_is_removed_and_one_of_a_run_that_lives_is_not() {
    let project = project();
    let shelf = home(&project).join(".cache/atelier/runtimes");
    // No process has a number as high as this, and this test's own process lives.
    let (dead, alive) = (".python3.12.4194305".to_owned(), format!(".python3.12.{}", std::process::id()));
    for name in [&dead, &alive] {
        std::fs::create_dir_all(shelf.join(name)).unwrap();
    }
    assert_eq!(project.run(&["runtimes", "install", "python3.12"]).code, Some(0));
    let mut left = names(&shelf);
    left.sort();
    assert_eq!(left, [alive, "python3.12".to_owned()]);
}

/// Creates a function in Python.
async fn create(client: &Client, name: &str) {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("app.py", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(b"def handler(event, context): pass").unwrap();
    let zip = archive.finish().unwrap().into_inner();
    let code = FunctionCode::builder().zip_file(Blob::new(zip)).build();
    let create = client.create_function().function_name(name).role("arn:aws:iam::000000000000:role/any");
    let created = create.runtime("python3.12".into()).handler("app.handler").code(code).send().await.unwrap();
    assert_eq!(created.state(), Some(&State::Pending));
}

/// Waits until a function has a state, with this in its reason; gives the reason.
async fn becomes(client: &Client, name: &str, state: State, reason: &str) -> String {
    let seen = async {
        loop {
            let got = client.get_function_configuration().function_name(name).send().await.unwrap();
            let why = got.state_reason().unwrap_or_default();
            if got.state() == Some(&state) && why.contains(reason) {
                return why.to_owned();
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_mins(1), seen)
        .await
        .unwrap_or_else(|_| panic!("{name} never is {}: {reason}", state.as_str()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_function_has_its_packages_installed_and_says_why_they_are_not() {
    for offline in ["", "1"] {
        let project = project().with("ATELIER_RUNTIME_PACKAGES", "on").with("PIP_GATE", "1");
        let project = project.with("PIP_NO_INDEX", offline).with("DOCKER_HOST", "unix:///nonexistent/docker.sock");
        let port = engine_port();
        let up = project.run(&["up", "--lenient", "--port", &port.to_string()]);
        assert_eq!(up.code, Some(0), "{up:?}");
        let client = Client::new(&project.sdk(port));
        Box::pin(create(&client, "first")).await;
        becomes(&client, "first", State::Pending, "boto3 is being installed for Python 3.12.1").await;
        std::fs::write(home(&project).join("go"), "").unwrap();
        if offline.is_empty() {
            assert_eq!(becomes(&client, "first", State::Active, "").await, "");
            assert!(packages(&project).join("boto3").is_dir());
        } else {
            let why = becomes(&client, "first", State::Active, "boto3 could not be installed for Python 3.12.1").await;
            assert!(why.contains("No matching distribution") && why.contains("`atelier runtimes install python3.12`"));
        }
        // What is there, or has just failed, is not tried again.
        Box::pin(create(&client, "second")).await;
        becomes(&client, "second", State::Active, "").await;
        assert_eq!(std::fs::read_to_string(home(&project).join("calls")).unwrap(), "pip\n");
    }
}
