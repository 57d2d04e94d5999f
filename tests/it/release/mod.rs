//! What a release is made of and how people get it: the archive, the install script, the GitHub Action. Everything that
//! the release workflow does and that needs no GitHub runs here.

mod action;
mod archive;
mod devcontainer;
mod install;
mod newest;
mod workflow;

use crate::support::Project;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
};

/// The version of this build.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The repository's own folder.
fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The name of this machine in releases.
fn target() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

/// Runs a program to its end and returns whether it succeeded, and all that it wrote.
fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Writes a script that can be run. Another process writes it: a file that this one has open while another test forks
/// cannot be run.
fn executable(path: &Path, script: &str) {
    let mut write = Command::new("sh");
    write.args(["-c", r#"printf %s "$1" > "$0"; chmod 755 "$0""#]).arg(path).arg(script);
    assert!(write.status().unwrap().success());
}

/// Makes the release's archive in `dist`, of a stand-in that hands every call to the real binary: a debug binary is large.
fn pack(dist: &Path) -> PathBuf {
    let stand_in = dist.with_file_name("stand-in");
    fs::create_dir_all(&stand_in).unwrap();
    let binary = stand_in.join("atelier");
    executable(&binary, &format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_atelier")));
    let (packed, told) = run(Command::new(repository().join("scripts/pack.sh")).arg(&binary).arg(target()).arg(dist));
    assert!(packed, "{told}");
    dist.join(format!("atelier-{}.tar.gz", target()))
}

/// Serves a folder as the place of releases: `latest` is this version. Returns its URL.
fn releases(folder: PathBuf) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/releases", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let folder = folder.clone();
            thread::spawn(move || serve(&stream, &folder));
        }
    });
    url
}

fn serve(mut stream: &TcpStream, folder: &Path) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let head = lines.next().unwrap_or_default();
    // The rest of the head; the clients here send no bodies.
    while lines.next().is_some_and(|line| !line.is_empty()) {}
    let path = head.split(' ').nth(1).unwrap_or_default();
    // Where a server of repositories has the releases of one.
    let path = path.strip_prefix("/somebody/atelier").unwrap_or(path);
    let tag = format!("v{VERSION}");
    let name = path
        .strip_prefix("/releases/latest/download/")
        .or_else(|| path.strip_prefix("/releases/download/")?.strip_prefix(&tag)?.strip_prefix('/'));
    let file = name.filter(|name| !name.contains('/')).and_then(|name| fs::read(folder.join(name)).ok());
    let head = match (&file, path) {
        (Some(bytes), _) => format!("200 OK\r\ncontent-length: {}", bytes.len()),
        (None, "/releases/latest") => format!("302 Found\r\nlocation: /releases/tag/{tag}\r\ncontent-length: 0"),
        (None, _) => "404 Not Found\r\ncontent-length: 0".to_owned(),
    };
    let _ = write!(stream, "HTTP/1.1 {head}\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(&file.unwrap_or_default());
}

/// A folder with a release in it, and the URL at which it is served.
fn published() -> (Project, PathBuf, String) {
    let project = Project::new();
    let dist = project.path().join("dist");
    pack(&dist);
    let url = releases(dist.clone());
    (project, dist, url)
}
