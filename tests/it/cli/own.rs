//! A function of the user's own behind the API: deployed, changed, tested, called.

use super::journey::succeeds;
use crate::support::{Output, Project, Running, eventually, skipped};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

/// The search path of a machine that has what it has.
#[expect(clippy::disallowed_methods, reason = "the tests' own environment, not the program's")]
fn path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

/// A project on a machine with this machine's interpreters.
fn project() -> Project {
    Project::new().with("PATH", &path())
}

/// Whether this machine has a program; without it the test is counted as skipped.
fn has(program: &str) -> bool {
    let is_there = Command::new("sh").args(["-c", &format!("{program} --version")]).output();
    let is_there = is_there.is_ok_and(|output| output.status.success());
    if !is_there {
        skipped(&format!("no `{program}`"));
    }
    is_there
}

fn write(folder: &Path, name: &str, text: &str, mode: u32) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A handler that answers with a text and what it was given.
fn python(text: &str) -> String {
    format!(
        "import json, os\n\n\ndef handler(event, context):\n    names = ['INSTANCE_ID', 'AWS_ENDPOINT_URL', 'ATELIER_STACK', 'AWS_REGION', 'MINE']\n    \
         body = {{'text': '{text}', 'method': event['httpMethod'], 'path': event['path'], 'body': event.get('body'),\n            \
         'env': {{name: os.environ.get(name) for name in names}}}}\n    return {{'statusCode': 200, 'body': json.dumps(body)}}\n"
    )
}

fn call(project: &Project, args: &[&str]) -> Value {
    let output = project.run(&[&["call", "--json"], args].concat());
    assert_eq!(output.code, Some(0), "{output:?}");
    output.json()["data"]["answer"].clone()
}

fn outcomes(output: &Output) -> Vec<(String, String)> {
    let parts = output.json()["data"]["parts"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    parts.iter().map(|part| (text(&part["part"]), text(&part["outcome"]))).collect()
}

fn outcome_of(output: &Output, part: &str) -> String {
    outcomes(output).into_iter().find(|(name, _)| name == part).unwrap_or_else(|| panic!("{output:?}")).1
}

#[test]
fn a_folder_becomes_the_function_and_back_again() {
    if !has("python3") {
        return;
    }
    let project = project().up();
    succeeds(&project.run(&["deploy"]));
    let id = fs::read_to_string(project.path().join(".api_id")).unwrap();
    project.write("atelier.toml", "# mine\n[function]\ndir = \"api\"\nenvironment = { MINE = \"1\" }\n");
    write(&project.path(), "api/app.py", &python("one"), 0o600);
    write(&project.path(), "api/__pycache__/app.cpython.pyc", "x", 0o644);

    let plan = project.run(&["plan"]).stdout;
    assert!(plan.contains("~ function: update") && plan.contains("runtime"), "{plan}");
    let output = project.run(&["deploy"]);
    succeeds(&output);
    assert!(output.stderr.contains("is a function: python3.13, handler app.handler"), "{output:?}");
    assert!(output.stdout.contains("_user_request_/\"\n") && !output.stdout.contains("/infra"), "{output:?}");
    assert_eq!(fs::read_to_string(project.path().join(".api_id")).unwrap(), id, "the URL stays");

    let answer = call(&project, &["/a/b?x=1", "-X", "PUT", "--data", "text"]);
    assert_eq!((&answer["text"], &answer["method"]), (&json!("one"), &json!("PUT")), "{answer}");
    assert_eq!((&answer["path"], &answer["body"]), (&json!("/a/b"), &json!("text")), "{answer}");
    let env = &answer["env"];
    assert!(env["INSTANCE_ID"].as_str().unwrap().starts_with("i-"), "{env}");
    assert!(env["AWS_ENDPOINT_URL"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{env}");
    assert_eq!(
        (&env["ATELIER_STACK"], &env["AWS_REGION"], &env["MINE"]),
        (&json!("atelier"), &json!("us-east-1"), &json!("1"))
    );
    assert_eq!(call(&project, &["/"])["path"], "/");

    let again = project.run(&["deploy", "--json"]);
    assert!(outcomes(&again).iter().all(|(_, outcome)| outcome == "unchanged"), "{again:?}");
    assert_eq!(again.json()["data"]["own"]["handler"], "app.handler", "{again:?}");
    succeeds(&project.run(&["plan", "--check"]));
    let status = project.run(&["status", "--check"]);
    succeeds(&status);
    assert!(status.stdout.contains("Code: `") && status.stdout.contains("python3.13"), "{status:?}");
    assert!(project.run(&["open", "--url"]).stdout.trim().ends_with("_user_request_/"));
    assert!(project.run(&["deploy", "-q"]).stdout.trim().ends_with("_user_request_/"), "the same");
    let refused = project.run(&["call", "start"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("atelier call /path"), "{refused:?}");

    write(&project.path(), "api/app.py", &python("two"), 0o644);
    let output = project.run(&["deploy", "--json"]);
    assert_eq!((outcome_of(&output, "function"), outcome_of(&output, "api")), ("updated".into(), "unchanged".into()));
    assert_eq!(call(&project, &["/"])["text"], "two");

    project.write("atelier.toml", "");
    succeeds(&project.run(&["deploy"]));
    assert_eq!(call(&project, &["status"])["state"], "running");
    succeeds(&project.run(&["test"]));
    succeeds(&project.run(&["clean", "--yes"]));
}

#[test]
fn flags_name_a_function_and_are_kept() {
    if !has("node") {
        return;
    }
    let project = project().up();
    let handler = |name: &str| {
        format!("exports.handler = async () => ({{ statusCode: 200, body: JSON.stringify({{ name: '{name}' }}) }});\n")
    };
    write(&project.path(), "api/a.js", &handler("a"), 0o644);
    write(&project.path(), "api/b.js", &handler("b"), 0o644);
    let output = project.run(&["deploy", "--function", "api"]);
    assert_eq!(output.code, Some(2), "{output:?}");
    assert!(output.stderr.contains("`a.handler`, `b.handler`") && output.stderr.contains("`--handler`"), "{output:?}");
    assert!(!project.path().join("atelier.toml").exists(), "what is no function is not kept");

    succeeds(&project.run(&["deploy", "--function", "api", "--handler", "b.handler", "--runtime", "nodejs20.x"]));
    let kept = fs::read_to_string(project.path().join("atelier.toml")).unwrap();
    assert_eq!(kept, "[function]\ndir = \"api\"\nruntime = \"nodejs20.x\"\nhandler = \"b.handler\"\n");
    assert_eq!(call(&project, &["/"])["name"], "b");
    let output = project.run(&["deploy", "--runtime", "python3.12", "--folder", "/"]);
    assert_eq!(output.code, Some(2), "{output:?}");

    write(&project.path(), "other/bootstrap", "#!/bin/sh", 0o755);
    std::os::unix::fs::symlink("/etc/hostname", project.path().join("other/link")).unwrap();
    let output = project.run(&["deploy", "--function", "other"]);
    assert_eq!(output.code, Some(1), "{output:?}");
    let output = project.run(&["deploy", "--function", "api/a.js"]);
    assert!(output.code == Some(2) && output.stderr.contains("expected a folder"), "{output:?}");
    let after = fs::read_to_string(project.path().join("atelier.toml")).unwrap();
    assert_eq!(after, kept, "what was not deployed is not kept");
}

/// What is in `atelier.toml`, files beside it, what is said of them, and the exit code.
type Refusal<'r> = (&'r str, &'r [(&'r str, &'r str)], &'r str, i32);

#[test]
fn what_cannot_be_a_function_is_refused_before_anything_is_made() {
    let project = project().up();
    let refusals: [Refusal; 5] = [
        ("[function]\ndir = 'none'\n", &[], "cannot read", 4),
        ("[function]\ndir = 'api'\n", &[("notes.txt", "")], "holds no function", 2),
        (
            "[function]\ndir = 'api'\n",
            &[("app.py", "def handler(e, c): pass"), ("index.js", "")],
            "more than one function",
            2,
        ),
        (
            "[function]\ndir = 'api'\nenvironment = { INSTANCE_ID = 'x' }\n",
            &[("bootstrap", "#!/bin/sh")],
            "the stack does not set",
            2,
        ),
        ("[function]\ndir = 'api'\nopenapi = 'api.yaml'\n", &[("bootstrap", "#!/bin/sh")], "api.yaml", 4),
    ];
    for (settings, files, words, code) in refusals {
        let _ = fs::remove_dir_all(project.path().join("api"));
        project.write("atelier.toml", settings);
        for (name, text) in files {
            write(&project.path(), &format!("api/{name}"), text, 0o755);
        }
        for verb in ["deploy", "plan"] {
            let output = project.run(&[verb]);
            assert_eq!(output.code, Some(code), "{settings}: {output:?}");
            assert!(output.stderr.contains(words), "{settings}: {output:?}");
        }
    }
    std::os::unix::fs::symlink("/etc/hostname", project.path().join("api/link")).unwrap();
    project.write("atelier.toml", "[function]\ndir = 'api'\n");
    let output = project.run(&["deploy"]);
    assert!(output.code == Some(1) && output.stderr.contains("leads out of the function's folder"), "{output:?}");
    let status = project.run(&["status", "--json"]).json();
    assert_eq!(status["data"]["stack"]["found"], json!([]), "{status}");
}

#[test]
fn a_saved_file_is_shipped_while_watching() {
    if !has("python3") {
        return;
    }
    let project = project().up();
    write(&project.path(), "app.py", &python("one"), 0o644);
    project.write("atelier.toml", "[function]\nhandler = 'app.handler'\n");
    let running = Running::start(project.command(&["deploy", "--watch"]));
    running.tells("Watching `");
    write(&project.path(), "app.py", &python("two"), 0o644);
    running.says("Shipped in ");
    assert_eq!(call(&project, &["/"])["text"], "two");
    std::os::unix::fs::symlink("/", project.path().join("link")).unwrap();
    running.tells("the deploy failed: `link` cannot be in the function's archive");
    fs::remove_file(project.path().join("link")).unwrap();
    running.says("The same code again");
    running.interrupt();
    let output = running.end();
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(output.stdout.matches("Shipped in").count(), 1, "what atelier writes is no change: {output:?}");
}

#[test]
fn a_document_of_ones_own_is_filled_in() {
    let project = project().up();
    let document = "openapi: 3.0.1\ninfo:\n  title: mine\n  version: '1'\npaths:\n  /hello/{name}:\n    get:\n      responses:\n        '200': { description: ok }\n";
    project.write("api.yaml", document);
    project.write("atelier.toml", "[function]\ndir = 'api'\nopenapi = 'api.yaml'\n");
    write(&project.path(), "api/bootstrap", include_str!("../../../src/commands/init/bash/bootstrap"), 0o755);
    succeeds(&project.run(&["deploy"]));
    assert_eq!(project.run(&["call", "/hello/you"]).code, Some(1), "the function's own 404");
    let answer = project.run(&["call", "/other", "--json"]).json();
    assert_eq!(answer["data"]["status"], 403, "no such route: {answer}");
    let again = project.run(&["deploy", "--json"]);
    assert!(outcomes(&again).iter().all(|(_, outcome)| outcome == "unchanged"), "{again:?}");
}

/// A wheel with one module.
fn wheel(path: &Path) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
    let info = "own_words-1.0.dist-info";
    for (name, text) in [
        ("own_words.py".to_owned(), "TEXT = 'installed'\n".to_owned()),
        (format!("{info}/METADATA"), "Metadata-Version: 2.1\nName: own-words\nVersion: 1.0\n".to_owned()),
        (
            format!("{info}/WHEEL"),
            "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned(),
        ),
        (format!("{info}/RECORD"), String::new()),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn requirements_are_installed_once_and_their_lack_is_a_sentence() {
    if !has("python3 -m pip") {
        return;
    }
    let project = project().with("PIP_NO_INDEX", "1").up();
    project.write("atelier.toml", "[function]\ndir = 'api'\n");
    let handler =
        "import own_words\n\n\ndef handler(event, context):\n    return {'statusCode': 200, 'body': own_words.TEXT}\n";
    write(&project.path(), "api/app.py", handler, 0o644);
    write(&project.path(), "api/requirements.txt", "no-such-package==1.0\n", 0o644);
    let output = project.run(&["deploy"]);
    assert_eq!(output.code, Some(4), "{output:?}");
    assert!(output.stderr.contains("requirements.txt` names could not be installed"), "{output:?}");
    assert!(output.stderr.contains("the network is needed this once"), "{output:?}");

    wheel(&project.path().join("own_words-1.0-py3-none-any.whl"));
    write(&project.path(), "api/requirements.txt", "../own_words-1.0-py3-none-any.whl\n", 0o644);
    let output = project.run(&["deploy"]);
    succeeds(&output);
    assert!(output.stderr.contains("Installing what `"), "{output:?}");
    assert_eq!(call(&project, &["/"]), json!("installed"));
    let again = project.run(&["deploy", "--json"]);
    assert!(outcomes(&again).iter().all(|(_, outcome)| outcome == "unchanged"), "{again:?}");
    assert!(!again.stderr.contains("Installing"), "{again:?}");
    write(&project.path(), "api/requirements.txt", "no-such-package==1.0\n", 0o644);
    let plan = project.run(&["plan"]);
    assert!(plan.code == Some(0) && plan.stdout.contains("~ function: update"), "a look installs nothing: {plan:?}");
}

#[test]
fn a_function_that_dies_at_start_is_not_healthy_until_it_is_deployed_anew() {
    let project = project().up();
    project.write("atelier.toml", "[function]\ndir = 'api'\n");
    write(&project.path(), "api/bootstrap", "#!/bin/sh\nexit 3\n", 0o755);
    succeeds(&project.run(&["deploy"]));
    let called = project.run(&["call", "/", "--json"]).json();
    assert_eq!(called["data"]["status"], 502, "{called}");
    // The function's lines are in its log a moment after the answer.
    let seen = eventually(Duration::from_secs(20), || project.run(&["status", "--check"]).code == Some(5));
    let status = project.run(&["status", "--json"]).json();
    assert!(seen, "{status}");
    assert_eq!((&status["data"]["state"], &status["data"]["api"]), (&json!("degraded"), &json!("unhealthy")));
    let why = status["data"]["api_problem"].as_str().unwrap().to_owned();
    assert!(why.contains("could not start") && why.contains("Runtime.ExitError"), "{status}");
    assert_eq!(project.run(&["status", "--check", "--all"]).code, Some(5), "all of it says the same");
    // The door, whose log tells the last call of each of several stacks, does not know why a function failed.
    succeeds(&project.run(&["deploy", "--stack", "second"]));
    let all = project.run(&["status", "--check", "--all", "--json"]);
    let rows = all.json()["data"]["rows"].as_array().unwrap().clone();
    let problems = |stack: &str| rows.iter().find(|row| row["stack"] == stack).unwrap()["problems"].to_string();
    assert!(all.code == Some(5) && problems("atelier").contains("Runtime.ExitError"), "{all:?}");
    assert_eq!(problems("second"), "[]", "nobody has called it: {all:?}");

    // Nobody has called what is there now, and nothing is known against it.
    write(&project.path(), "api/bootstrap", include_str!("../../../src/commands/init/bash/bootstrap"), 0o755);
    succeeds(&project.run(&["deploy"]));
    succeeds(&project.run(&["status", "--check"]));
}

#[test]
fn a_function_of_ones_own_is_tested_with_ones_own_requests() {
    let project = project().up();
    project.write("atelier.toml", "[function]\ndir = 'api'\n");
    write(&project.path(), "api/bootstrap", include_str!("../../../src/commands/init/bash/bootstrap"), 0o755);
    succeeds(&project.run(&["deploy"]));
    let output = project.run(&["test"]);
    assert!(output.code == Some(2) && output.stderr.contains("tests/*.http"), "{output:?}");

    let settings = "[function]\ndir = 'api'\n\n[[test]]\nname = 'greets'\nrequest = 'GET /?name=you'\nstatus = 200\n\
                    json = { message = 'hello you' }\n\n[[test]]\nrequest = '/nothing'\nstatus = 200\n";
    project.write("atelier.toml", settings);
    write(&project.path(), "tests/b.http", "### absent\nGET {{url}}/nothing\n\n?? status == 404\n", 0o644);
    let output = project.run(&["test", "--json", "--junit", "report.xml"]);
    assert_eq!(output.code, Some(1), "{output:?}");
    let data = output.json()["data"].clone();
    let names: Vec<&str> =
        data["checks"].as_array().unwrap().iter().filter_map(|check| check["name"].as_str()).collect();
    assert_eq!(names, ["greets", "GET /nothing", "absent"]);
    assert_eq!((&data["passed"], &data["failed"], &data["by"]), (&json!(2), &json!(1), &json!("requests")), "{data}");
    assert_eq!(data["checks"][1]["problems"], json!(["expected status 200, got 404"]));
    let report = fs::read_to_string(project.path().join("report.xml")).unwrap();
    assert!(report.contains(r#"tests="3" failures="1""#), "{report}");

    write(&project.path(), "tests/b.http", "GET {{nobody}}\n", 0o644);
    let output = project.run(&["test"]);
    assert!(output.code == Some(2) && output.stderr.contains("tests/b.http`, line 1"), "{output:?}");

    // A request that cannot be sent is nothing to the verbs that send none.
    project.write("atelier.toml", "[function]\ndir = 'api'\n\n[[test]]\nrequest = 'hello'\n");
    let output = project.run(&["test"]);
    assert!(output.code == Some(2) && output.stderr.contains("`test.request`"), "{output:?}");
    succeeds(&project.run(&["status", "--check"]));
    succeeds(&project.run(&["down"]));
}

/// Runs a `bootstrap` by itself and gives what it answers to one event.
fn answer_to(bootstrap: &Path, event: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = Command::new(bootstrap);
    command.env_clear().env("PATH", path()).stderr(Stdio::null());
    command.env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string());
    let mut child = command.spawn().unwrap();
    let (sender, bodies) = mpsc::channel();
    let answers = [("200 OK", event.to_owned()), ("202 Accepted", String::new())];
    std::thread::spawn(move || {
        for (status, body) in answers {
            let head = format!("HTTP/1.1 {status}\r\nlambda-runtime-aws-request-id: 1\r\n");
            let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
            let _ = sender.send(exchange(&listener.accept().unwrap().0, &answer));
        }
    });
    let heard = bodies.recv_timeout(Duration::from_secs(20)).and_then(|_| bodies.recv_timeout(Duration::from_secs(20)));
    child.kill().unwrap();
    child.wait().unwrap();
    heard.unwrap()
}

/// Answers one request, and gives its body.
fn exchange(mut stream: &TcpStream, answer: &str) -> String {
    let (mut reader, mut length) = (BufReader::new(stream), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    stream.write_all(answer.as_bytes()).unwrap();
    String::from_utf8(body).unwrap()
}

/// Writes an example into an empty folder, and runs what it says.
fn example(template: &str, project: Project) {
    let project = project.up();
    let output = project.run(&["init", template]);
    succeeds(&output);
    assert!(output.stdout.contains("tests/api.http"), "{output:?}");
    succeeds(&project.run(&["deploy"]));
    let output = project.run(&["test", "--json"]);
    assert_eq!(output.json()["data"]["passed"], 3, "{output:?}");
    let bootstraps = ["api/bootstrap", "dist/bootstrap"].map(|name| project.path().join(name));
    for bootstrap in bootstraps.iter().filter(|path| path.exists()) {
        // As LocalStack writes it.
        let event = r#"{"resource": "/", "path": "/", "queryStringParameters": {"a": "1", "name": "you"}}"#;
        let answer = answer_to(bootstrap, event);
        assert!(answer.starts_with(r#"{"statusCode":200"#) && answer.contains("hello you"), "{answer}");
    }
    succeeds(&project.run(&["status", "--check"]));
    let again = project.run(&["init", template]);
    assert!(again.code == Some(2) && again.stderr.contains("--force"), "{again:?}");
    succeeds(&project.run(&["init", template, "--force"]));
    let output = project.run(&["deploy", "--json"]);
    assert_eq!(output.json()["data"]["changed"], false, "{output:?}");
}

#[test]
fn a_new_project_may_have_a_new_folder() {
    let project = Project::new();
    let output = project.run(&["init", "bash", "--folder", "new/demo"]);
    succeeds(&output);
    assert!(output.stdout.contains("/new/demo && atelier up"), "{output:?}");
    assert!(project.path().join("new/demo/api/bootstrap").exists());
    // Nobody else makes one, and what is no folder stays what it is.
    for args in [["status", "--folder", "nowhere"], ["init", "--folder", "file"]] {
        project.write("file", "");
        let output = project.run(&args);
        assert_eq!(output.code, Some(4), "{output:?}");
    }
    assert!(!project.path().join("nowhere").exists());
}

#[test]
fn the_example_in_python_passes_its_own_test() {
    if has("python3") {
        example("python", project());
    }
}

#[test]
fn the_example_in_node_passes_its_own_test() {
    if has("node") {
        example("node", project());
    }
}

#[test]
fn the_example_in_bash_passes_its_own_test() {
    if has("curl") {
        example("bash", project());
    }
}

#[test]
fn the_example_in_rust_passes_its_own_test() {
    if !has("cargo") {
        return;
    }
    // Of a version manager's stand-ins the one that they stand for: they look into a home folder that is not the project's.
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    let sysroot = String::from_utf8(sysroot.stdout).unwrap();
    let project = project().with("PATH", &format!("{}/bin:{}", sysroot.trim(), path()));
    example("rust", project);
}
