//! The examples of `examples/`, run as their readers would run them.

use crate::support::{Project, Running, eventually, raw, skipped, tool};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// An example's YAML.
fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(example(name)).unwrap()).unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn pytest_has_an_engine_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let binary = env!("CARGO_BIN_EXE_atelier");
    let python = |args: &[&str]| {
        let environment = [("ATELIER", binary), ("PYTHONDONTWRITEBYTECODE", "1"), ("AWS_PROFILE", "somebody")];
        tool("ATELIER_PYTEST", "python3", folder.path(), environment).args(args).output()
    };
    if !python(&["-c", "import boto3, pytest"]).is_ok_and(|output| output.status.success()) {
        skipped("no Python with boto3 and pytest (ATELIER_PYTEST, scripts/pytest.sh)");
        return;
    }
    let tests = example("pytest").display().to_string();
    let output = python(&["-m", "pytest", "-q", "-p", "no:cacheprovider", &tests]).unwrap();
    assert!(output.status.success() && said(&output).contains("2 passed"), "{}", said(&output));
}

#[test]
fn a_rust_test_has_an_engine_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    // The crate of the example is one file, and its test another: no registry, no lock file, one compiler run each.
    let environment = [("ATELIER", env!("CARGO_BIN_EXE_atelier"))];
    // The compiler beside the cargo that builds this: elsewhere no toolchain may be chosen.
    let compiler = Path::new(env!("CARGO")).with_file_name("rustc").display().to_string();
    let rustc = |args: &[&str]| tool("RUSTC", &compiler, folder.path(), environment).args(args).output().unwrap();
    let (library, test) = (example("rust-test/src/lib.rs"), example("rust-test/tests/infra.rs"));
    let edition = ["--edition", "2024"];
    let built = rustc(
        &[&edition[..], &["--crate-type", "rlib", "--crate-name", "rust_test", library.to_str().unwrap()]].concat(),
    );
    assert!(built.status.success(), "{}", said(&built));
    let linked = ["--extern", "rust_test=librust_test.rlib", "--test", "-o", "infra", test.to_str().unwrap()];
    let built = rustc(&[&edition[..], &linked].concat());
    assert!(built.status.success(), "{}", said(&built));
    let output = tool("", folder.path().join("infra").to_str().unwrap(), folder.path(), environment).output().unwrap();
    assert!(output.status.success() && said(&output).contains("2 passed"), "{}", said(&output));
}

#[test]
fn the_services_of_the_compose_file_do_what_it_says() {
    let compose = yaml("compose.yaml");
    let service = |name: &str| compose["services"][name].clone();
    let words = |value: &Value| {
        value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let public = service("engine")["environment"]["AWS_ENDPOINT_PUBLIC"].as_str().unwrap().to_owned();
    assert_eq!(service("deploy")["environment"]["AWS_ENDPOINT_PUBLIC"], public.as_str());
    let project = Project::new().with("AWS_ENDPOINT_PUBLIC", &public);
    let port = crate::support::engine_port();
    let mut up = words(&service("engine")["command"]);
    // Here are other engines, too.
    up.extend(["--port".to_owned(), port.to_string()]);
    let engine = Running::start(project.command(&up.iter().map(String::as_str).collect::<Vec<_>>()));
    let health = words(&service("engine")["healthcheck"]["test"]);
    assert_eq!(health[..2], ["CMD", "/atelier"]);
    let health: Vec<&str> = health[2..].iter().map(String::as_str).collect();
    assert!(eventually(Duration::from_secs(30), || project.run(&health).code == Some(0)));
    let deploy = words(&service("deploy")["command"]);
    let output = project.run(&deploy.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(output.code, Some(0), "{output:?}");
    // What the app asks, by the service's name.
    let asked = service("app")["command"][0].as_str().unwrap().to_owned();
    let url = asked
        .split('"')
        .nth(1)
        .unwrap()
        .replace("$$(cat /work/.api_id)", fs::read_to_string(project.path().join(".api_id")).unwrap().trim());
    let path = url.strip_prefix(&public).unwrap().to_owned();
    let host = public.strip_prefix("http://").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async {
        let mut client = raw::Client::connect(SocketAddr::from(([127, 0, 0, 1], port))).await;
        client.send(format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n")).await;
        client.answer().await.unwrap()
    });
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    engine.interrupt();
    engine.end();
}

#[test]
fn the_workflow_gives_the_action_what_it_takes() {
    let workflow = yaml("github-actions/test.yml");
    let action: Value = serde_saphyr::from_str(
        &fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("action.yml")).unwrap(),
    )
    .unwrap();
    let steps = workflow["jobs"]["test"]["steps"].as_array().unwrap();
    let ours = steps.iter().find(|step| step["id"] == "atelier").unwrap();
    let given: BTreeMap<&str, &Value> =
        ours["with"].as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value)).collect();
    for name in given.keys() {
        assert!(action["inputs"].get(*name).is_some(), "the action has no input `{name}`");
    }
    let text = fs::read_to_string(example("github-actions/test.yml")).unwrap();
    for output in text.split("steps.atelier.outputs.").skip(1) {
        let name: String = output.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        assert!(action["outputs"].get(&name).is_some(), "the action has no output `{name}`");
    }
}
