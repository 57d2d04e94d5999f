//! The two streams: what goes where, colour, and readers that leave.

use crate::support::Project;
use std::process::Stdio;

#[test]
fn a_pipe_sees_no_escape_sequence() {
    let project = Project::new().with("TERM", "xterm-256color");
    for args in [&["--help"][..], &["stauts"], &["config", "show", "--origin"], &["status"], &["env"]] {
        let output = project.run(args);
        assert!(!output.stdout.contains('\x1b') && !output.stderr.contains('\x1b'), "{args:?}: {output:?}");
    }
    let project = project.up();
    for args in [
        &["up", "--engine", "embedded"][..],
        &["plan"],
        &["deploy"],
        &["deploy", "--verbose"],
        &["test"],
        &["call", "status"],
        &["logs"],
        &["status"],
        &["doctor"],
        &["doctor", "--report"],
        &["key", "list"],
        &["clean", "--yes"],
        &["down"],
    ] {
        let output = project.run(args);
        assert!(!output.stdout.contains('\x1b') && !output.stderr.contains('\x1b'), "{args:?}: {output:?}");
    }
}

#[test]
fn colour_comes_when_forced_and_never_with_no_color() {
    let colored = |project: Project, args: &[&str]| {
        let output = project.run(&[&["stauts"], args].concat());
        output.stderr.contains('\x1b')
    };
    assert!(colored(Project::new().with("CLICOLOR_FORCE", "1"), &[]));
    assert!(colored(Project::new(), &["--color", "always"]));
    assert!(!colored(Project::new().with("CLICOLOR_FORCE", "1").with("NO_COLOR", "1"), &[]));
    assert!(!colored(Project::new().with("CLICOLOR_FORCE", "1"), &["--color=never"]));
    assert!(!colored(Project::new().with("TERM", "dumb"), &[]));
}

#[test]
fn json_is_never_coloured() {
    let output = Project::new().run(&["--help", "--json", "--color", "always"]);
    assert!(!output.stdout.contains("\\u001b"), "{}", output.stdout);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let project = Project::new();
    let mut command = project.command(&["completions", "bash"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_full_disk_behind_stdout_is_an_error() {
    let project = Project::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = project.command(&["version"]);
    let output = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write `stdout`"), "{output:?}");
}
