//! The README's troubleshooting, walked: each row that can be provoked here is, and the symptom, `doctor`'s words and the
//! way out are what it says. The others name the tests that have them.

use super::{journey::deployed, tunnel};
use crate::support::{Output, Project, Running, eventually};
use std::{
    fs::{File, Permissions, set_permissions},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::Path,
    time::Duration,
};

/// How a row is walked.
enum Walk {
    /// By this.
    Here(fn()),
    /// By these tests, each with its file.
    There(&'static [(&'static str, &'static str)]),
    /// By this, and with what this machine may not have by these tests.
    Both(fn(), &'static [(&'static str, &'static str)]),
}
use Walk::{Both, Here, There};

/// Each row, by how its symptom begins.
const ROWS: &[(&str, Walk)] = &[
    ("`no engine is running here`", Here(no_engine)),
    ("`port 4566 is taken by …`", Here(taken_port)),
    ("`Docker does not answer at …`", Here(no_docker)),
    (
        "`this user may not use Docker's socket`",
        Both(
            denied_socket,
            &[("tests/docker/connecting.rs", "a_user_without_the_right_to_the_socket_is_told_the_way_in")],
        ),
    ),
    ("`the image … needs an account`", Here(image_with_account)),
    (
        "`the image … cannot be pulled`",
        There(&[("tests/it/pull.rs", "a_pull_that_fails_says_why_in_the_registrys_words")]),
    ),
    ("`curl: (7) Failed to connect`", Here(nobody_listens)),
    ("401, 302 or a login page", Here(private_port)),
    ("`AWS_ENDPOINT_PUBLIC not set`", Here(new_terminal)),
    ("`AWS_ENDPOINT_PUBLIC cannot be …`", Here(typed_without_scheme)),
    ("404 `not_found` from an old URL", Here(old_url)),
    (
        "`{\"error\":\"Instance not found\"}`",
        Both(terminated_instance, &[("tests/it/handler/ec2.rs", "what_is_absent_or_not_ours_is_the_same_404")]),
    ),
    (
        "502, `the function did not become active`",
        Both(
            dead_function,
            &[
                (
                    "tests/docker/failing.rs",
                    "a_function_that_cannot_start_is_explained_by_the_engines_reason_and_last_words",
                ),
                (
                    "tests/it/crash/sentences.rs",
                    "faults_in_the_middle_of_a_deploy_read_like_this_and_the_next_run_makes_them_good",
                ),
            ],
        ),
    ),
    (
        "504, or an answer",
        There(&[(
            "tests/it/handler/deadlines.rs",
            "a_call_that_is_never_answered_is_a_504_after_20_seconds_and_not_made_again",
        )]),
    ),
    ("429, 503 with `Retry-After`", There(&[("tests/it/cli/status.rs", "an_api_that_is_limited_is_alive")])),
    ("400 `missing_parameter`", Here(no_action)),
    ("the function runs old code", There(&[("tests/it/cli/watch.rs", "a_new_binary_is_deployed_and_answers")])),
    ("`Cannot connect to Docker daemon`", Here(no_proxy)),
    ("`Container not found`", There(&[("tests/docker/workshop.rs", "the_workshops_commands_work_in_their_order")])),
    ("`Unable to locate credentials`", There(&[("tests/it/cli/aws.rs", "an_old_aws_is_told_of_and_led_by_its_flag")])),
    (
        "`Invalid base64`",
        There(&[(
            "tests/it/aws_cli/workshop.rs",
            "a_payload_that_is_no_base64_is_read_with_the_settings_of_env_or_the_flag",
        )]),
    ),
    (
        "`The security token included",
        There(&[
            (
                "tests/it/aws_cli/workshop.rs",
                "a_script_with_credentials_of_its_own_is_told_both_ways_out_and_they_lead_out",
            ),
            ("tests/it/lenient/record.rs", "what_leaned_is_told_once_with_awss_words_and_what_mends_it"),
        ]),
    ),
    (
        "`SignatureDoesNotMatch`",
        There(&[
            ("tests/it/aws_cli/workshop.rs", "without_the_credentials_of_env_the_public_url_refuses_aws_calls"),
            ("tests/it/edge/calls.rs", "a_refused_call_is_worded_as_its_service_words_it"),
        ]),
    ),
    ("CORS errors", Here(foreign_page)),
    (
        "`the … exists and is not ours`",
        There(&[(
            "tests/it/crash/ownership.rs",
            "a_role_a_function_or_an_api_of_our_name_is_refused_with_its_owners_name",
        )]),
    ),
    ("`another run is at work here`", Here(another_run)),
    ("`cannot write …`", Here(read_only_folder)),
    (
        "`this atelier is dynamically linked`",
        There(&[("tests/docker/images.rs", "a_dynamically_linked_binary_is_refused")]),
    ),
    ("accents look wrong", There(&[("tests/it/cli/language.rs", "accents_are_right_in_every_locale")])),
    ("something else", Here(report)),
];

#[test]
fn every_row_is_walked_here_or_there() {
    let readme = include_str!("../../../README.md");
    let (_, table) = readme.split_once("\n## Troubleshooting\n").unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows: Vec<&str> = table.lines().filter_map(|line| line.strip_prefix("| ")).skip(2).collect();
    let known: Vec<&str> = ROWS.iter().map(|(symptom, _)| *symptom).collect();
    assert_eq!(rows.len(), known.len(), "{rows:#?}");
    for ((symptom, walk), row) in ROWS.iter().zip(&rows) {
        assert!(row.starts_with(symptom), "`{symptom}` is not how this row begins: {row}");
        match walk {
            Here(provoke) => provoke(),
            There(tests) => are_tests(tests),
            Both(provoke, tests) => {
                provoke();
                are_tests(tests);
            }
        }
    }
}

fn are_tests(tests: &[(&str, &str)]) {
    for (file, test) in tests {
        assert_is_a_test(file, test);
    }
}

/// A name that is no test's any more proves nothing.
fn assert_is_a_test(file: &str, test: &str) {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    let text = text.unwrap_or_else(|error| panic!("{file}: {error}"));
    let before = text.split_once(&format!("fn {test}()")).map(|(before, _)| before);
    let before = before.unwrap_or_else(|| panic!("{file} has no `fn {test}`"));
    let attribute = before.trim_end_matches("async ").trim_end().lines().next_back().unwrap_or_default();
    assert!(attribute.starts_with("#[") && attribute.contains("test"), "`{test}` of {file} is no test: {attribute}");
}

/// What people see.
fn seen(output: &Output) -> String {
    format!("{}{}", output.stdout, output.stderr)
}

#[track_caller]
fn shows(output: &Output, words: &[&str]) {
    for word in words {
        assert!(seen(output).contains(word), "no `{word}`: {output:?}");
    }
}

/// A project that no Docker of this machine has a say in.
fn project() -> Project {
    Project::new().with("DOCKER_HOST", "unix:///nonexistent/docker.sock")
}

/// The URL of the deployed API, without what is asked of it.
fn url(project: &Project) -> String {
    let url = project.run(&["open", "--url"]).stdout;
    url.split('?').next().unwrap().to_owned()
}

/// Sends a request with these header lines to the API's host, and gives the whole answer.
fn get(url: &str, path: &str, headers: &str) -> String {
    let authority = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn no_engine() {
    let project = project();
    shows(&project.run(&["call", "status"]), &["no engine is running here", "hint: `atelier up`"]);
    shows(&project.run(&["doctor"]), &["none is running here"]);
}

fn taken_port() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let project = project();
    let up = project.run(&["up", "--engine", "embedded", "--port", &port]);
    assert_eq!(up.code, Some(4));
    shows(&up, &[&format!("port {port} is taken by"), "`atelier up --port 0`"]);
    shows(&project.run(&["doctor", "--port", &port]), &[&format!("{port} is taken by"), "→ `atelier up --port 0`"]);
    assert_eq!(project.run(&["up", "--engine", "embedded", "--port", "0"]).code, Some(0), "the way out is one");
}

fn no_docker() {
    let project = project();
    let up = project.run(&["up", "--engine", "localstack"]);
    assert_eq!(up.code, Some(4));
    shows(&up, &["Docker does not answer at"]);
    shows(&project.run(&["doctor"]), &["Docker does not answer at"]);
    assert_eq!(project.run(&["up", "--engine", "embedded", "--port", "0"]).code, Some(0), "the way out is one");
}

fn denied_socket() {
    let project = Project::new();
    let socket = project.path().join("docker.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    set_permissions(&socket, Permissions::from_mode(0o000)).unwrap();
    set_permissions(project.path(), Permissions::from_mode(0o777)).unwrap();
    let project = project.with("DOCKER_HOST", &format!("unix://{}", socket.display()));
    let run = |args: &[&str]| Running::start(project.command_of_a_user(args)).end();
    let up = run(&["up", "--engine", "localstack"]);
    assert_eq!(up.code, Some(4), "{up:?}");
    shows(&up, &["this user may not use Docker's socket", "usermod -aG docker"]);
    shows(&run(&["doctor"]), &["this user may not use Docker's socket"]);
}

fn terminated_instance() {
    let project = deployed();
    let id = std::fs::read_to_string(project.path().join(".instance_id")).unwrap();
    let client = aws_sdk_ec2::Client::new(&project.sdk(project.port()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(client.terminate_instances().instance_ids(id.trim()).send()).unwrap();
    // It is on its way for a moment.
    let is_gone = || {
        let said = seen(&project.run(&["call", "status"]));
        ["Instance not found", r#""state":"terminated""#].iter().any(|words| said.contains(words))
    };
    assert!(eventually(Duration::from_mins(1), is_gone), "{:?}", project.run(&["call", "status"]));
    assert_eq!(project.run(&["status", "--check"]).code, Some(5));
    let deploy = project.run(&["deploy"]);
    assert_eq!(deploy.code, Some(0), "{deploy:?}");
    shows(&project.run(&["call", "status"]), &[r#""state":"running""#]);
}

fn dead_function() {
    let project = project().up();
    let folder = project.path().join("api");
    std::fs::create_dir(&folder).unwrap();
    project.write("api/bootstrap", "#!/bin/sh\necho 'there is no such module' >&2\nexit 1\n");
    set_permissions(folder.join("bootstrap"), Permissions::from_mode(0o755)).unwrap();
    project.write("atelier.toml", "[function]\ndir = 'api'\n");
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    shows(&project.run(&["call", "/"]), &["status 502", "atelier logs --source lambda"]);
    // The function's log has its lines a moment after the answer.
    let told = |args: &[&str], words: &str| {
        let is_told = || seen(&project.run(args)).contains(words);
        assert!(eventually(Duration::from_mins(1), is_told), "no `{words}`: {:?}", project.run(args));
    };
    told(&["status"], "last call: 502");
    told(&["status"], "the function could not start");
    told(&["logs", "--source", "lambda"], "there is no such module");
}

fn image_with_account() {
    let up = project().run(&["up", "--engine", "localstack", "--image", "localstack/localstack:latest"]);
    assert_eq!(up.code, Some(4));
    shows(&up, &["needs an account", "LOCALSTACK_AUTH_TOKEN", "4.14.0"]);
}

fn nobody_listens() {
    shows(&project().run(&["status"]), &["`atelier up` starts the engine"]);
    let project = deployed().with("AWS_ENDPOINT_PUBLIC", "http://127.0.0.1:1");
    shows(&project.run(&["doctor"]), &["does not answer: nobody listens there"]);
}

fn private_port() {
    let project = deployed().with("AWS_ENDPOINT_PUBLIC", &tunnel());
    let gh = "gh codespace ports visibility";
    shows(&project.run(&["call", "status"]), &["is private", gh]);
    shows(&project.run(&["doctor"]), &["is private", gh]);
    shows(&project.run(&["status"]), &["public URL", "a login page"]);
}

fn new_terminal() {
    let project = deployed();
    shows(&project.run(&["doctor"]), &["none is set: URLs work on this machine only"]);
    shows(&project.run(&["env"]), &["export AWS_ENDPOINT_PUBLIC='http", "export API_ID='"]);
}

fn typed_without_scheme() {
    for url in ["x-4566.app.github.dev", "https://x-4566.app.github.dev/restapis"] {
        let output = project().with("AWS_ENDPOINT_PUBLIC", url).run(&["doctor"]);
        assert_eq!(output.code, Some(2), "{output:?}");
        shows(&output, &["`AWS_ENDPOINT_PUBLIC` cannot be"]);
    }
    let slash = project().with("AWS_ENDPOINT_PUBLIC", "https://x-4566.app.github.dev/").run(&["doctor"]);
    assert_eq!(slash.code, Some(0), "a slash at the end does no harm: {slash:?}");
}

fn old_url() {
    let project = deployed();
    let answer = get(&url(&project), "/restapis/abcdefghij/dev/_user_request_/infra?action=status", "");
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains(r#""code":"not_found""#), "{answer}");
    assert_eq!(project.run(&["deploy", "--stack", "other"]).code, Some(0));
    shows(&project.run(&["doctor"]), &["deployed here, besides `atelier`: other"]);
}

fn no_action() {
    let project = deployed();
    let path = url(&project).split_once("//").unwrap().1.split_once('/').unwrap().1.to_owned();
    for (query, code) in [("", "missing_parameter"), ("?action=reboot", "invalid_parameter")] {
        let answer = get(&url(&project), &format!("/{path}{query}"), "");
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(code), "{answer}");
    }
    shows(&project.run(&["call", "reboot"]), &["possible values: start, stop, restart, modify, status, list"]);
}

fn no_proxy() {
    let call = deployed().run(&["call", "status", "--target", "docker", "--name", "mycontainer"]);
    shows(&call, &["status 503", "hint: `atelier bonus`"]);
}

fn foreign_page() {
    let project = deployed();
    let path = url(&project).split_once("//").unwrap().1.split_once('/').unwrap().1.to_owned();
    let answer = get(&url(&project), &format!("/{path}?action=status"), "origin: https://example.com\r\n");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    project.write("atelier.toml", "cors_origins = [\"https://example.com\"]\n");
    let up = project.run(&["up"]);
    assert_eq!(up.code, Some(0), "{up:?}");
    shows(&up, &["again with another `cors_origins`"]);
    let answer = get(&url(&project), &format!("/{path}?action=status"), "origin: https://example.com\r\n");
    assert!(answer.starts_with("HTTP/1.1 200"), "the way out is one: {answer}");
}

fn another_run() {
    let project = deployed();
    let lock = File::options().write(true).open(project.path().join(".atelier/lock")).unwrap();
    lock.lock().unwrap();
    let output = project.run(&["deploy", "--timeout", "1s"]);
    assert_eq!(output.code, Some(75), "{output:?}");
    shows(&output, &["another run is at work here"]);
    drop(lock);
    assert_eq!(project.run(&["deploy"]).code, Some(0), "nothing needs to be unlocked");
}

fn read_only_folder() {
    let project = project();
    set_permissions(project.path(), Permissions::from_mode(0o555)).unwrap();
    let run = |args: &[&str]| Running::start(project.command_of_a_user(args)).end();
    let up = run(&["up", "--engine", "embedded", "--port", "0"]);
    assert_eq!(up.code, Some(4), "{up:?}");
    shows(&up, &["error: cannot ", "permission denied", "--folder"]);
    let doctor = run(&["doctor"]);
    shows(&doctor, &["cannot be written"]);
    set_permissions(project.path(), Permissions::from_mode(0o755)).unwrap();
}

fn report() {
    let output = project().run(&["doctor", "--report"]);
    assert!(output.stdout.starts_with("```text\natelier: "), "{output:?}");
}
