//! What the user reads when Docker is not there, not for them, not in time, or gone in the middle of an `up`.

use super::{
    daemon::{Daemon, Reply},
    program::PROGRAM,
    told::{Told, errors, promptly},
};
use crate::support::{Output, Project};
use std::{
    fs::{Permissions, set_permissions},
    os::unix::{fs::PermissionsExt, net::UnixListener},
};

const UP: [&str; 3] = ["up", "--engine", "localstack"];
const NO_NETWORK: &str =
    r#"{"message":"Get \"https://registry.invalid/v2/\": dial tcp: lookup registry.invalid: no such host"}"#;

/// A project whose Docker is at this address.
fn project(host: &str) -> Project {
    Project::new().running(&PROGRAM.path).with("DOCKER_HOST", host)
}

/// A daemon that has no image and no container, and does this with a pull.
pub(super) fn pulling(pull: fn() -> Reply) -> Daemon {
    Daemon::start(move |request| match request {
        "GET /info" => Reply::Answer(200, "{}"),
        "GET /networks/bridge" => Reply::Answer(200, r#"{"IPAM":{"Config":[{"Gateway":"172.17.0.1"}]}}"#),
        _ if request.starts_with("GET /containers/json?") => Reply::Answer(200, "[]"),
        _ if request.starts_with("GET /images/localstack/") => Reply::Answer(404, r#"{"message":"No such image"}"#),
        _ if request.starts_with("POST /images/create?fromImage=localstack") => pull(),
        // atelier's own image: made at the same time, and never done first.
        _ if request.starts_with("GET /images/atelier/self:") => Reply::Silence,
        _ => panic!("{request}"),
    })
}

/// A daemon that is well until it is asked what containers there are.
fn stuck() -> Daemon {
    Daemon::start(|request| match request {
        "GET /info" => Reply::Answer(200, "{}"),
        "GET /networks/bridge" => Reply::Answer(200, r#"{"IPAM":{"Config":[{"Gateway":"172.17.0.1"}]}}"#),
        _ if request.starts_with("GET /containers/json?") => Reply::Silence,
        _ => panic!("{request}"),
    })
}

/// What happens, and a run in a language that meets it.
type Scene = (&'static str, fn(&str) -> Output);

/// Starts an engine in containers, as a user with that daemon does.
fn up(daemon: &Daemon, lang: &str, more: &[&str]) -> Output {
    let project = project(&daemon.host());
    let mut output = errors(promptly(project.command(&[&UP, &["--lang", lang][..], more].concat())));
    output.stderr = output.stderr.replace(&daemon.host(), "<daemon>");
    output
}

#[test]
fn faults_of_docker_read_like_this() {
    let mut told = Told::default();
    let nowhere = "unix:///nonexistent/docker.sock";
    told.scene("no socket", |lang| promptly(project(nowhere).command(&[&UP, &["--lang", lang][..]].concat())), &[]);

    let folder = tempfile::tempdir().unwrap();
    set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let socket = folder.path().join("docker.sock");
    let host = format!("unix://{}", socket.display());
    let hidden = [(socket.display().to_string(), "<socket>")];
    let listener = UnixListener::bind(&socket).unwrap();
    set_permissions(&socket, Permissions::from_mode(0o600)).unwrap();
    told.scene(
        "a socket that is not this user's",
        |lang| {
            let project = project(&host);
            set_permissions(project.path(), Permissions::from_mode(0o777)).unwrap();
            if !rustix::process::geteuid().is_root() {
                set_permissions(&socket, Permissions::from_mode(0o000)).unwrap();
            }
            promptly(project.command_of_a_user(&[&UP, &["--lang", lang][..]].concat()))
        },
        &hidden,
    );
    drop(listener);
    set_permissions(&socket, Permissions::from_mode(0o600)).unwrap();
    told.scene(
        "a socket without a daemon",
        |lang| promptly(project(&host).command(&[&UP, &["--lang", lang][..]].concat())),
        &hidden,
    );
    told.scene(
        "an image that wants an account",
        |lang| {
            let image = ["--image", "localstack/localstack-pro", "--lang", lang];
            promptly(project(nowhere).command(&[&UP[..], &image].concat()))
        },
        &[],
    );

    let scenes: [Scene; 5] = [
        ("a daemon that says nothing", |lang| up(&Daemon::start(|_| Reply::Silence), lang, &[])),
        ("a daemon that takes longer than --timeout", |lang| up(&stuck(), lang, &["--timeout", "1s"])),
        ("no image and no network", |lang| up(&pulling(|| Reply::Answer(500, NO_NETWORK)), lang, &[])),
        ("a daemon that ends in the middle of a pull", |lang| up(&pulling(|| Reply::End), lang, &[])),
        ("a daemon that ends before it has told what there is", |lang| {
            let ending = Daemon::start(|request| match request {
                "GET /info" => Reply::Answer(200, "{}"),
                "GET /networks/bridge" => Reply::Silence,
                _ => Reply::End,
            });
            up(&ending, lang, &[])
        }),
    ];
    told.at_once(scenes, |(title, run), told| told.scene(title, run, &[]));
    told.are("docker");
}
