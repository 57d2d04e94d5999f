//! `deploy --watch`, with a copy of the binary that changes under it.

use crate::support::{Project, Running};
use atelier::{cli::help, text::Lang};
use std::{os::unix::fs::PermissionsExt, path::Path, process::Command};

/// Starts `deploy --watch` from a copy of the binary in the project folder.
fn watch(project: &Project, more: &[&str]) -> Running {
    let copy = project.path().join("atelier");
    std::fs::copy(env!("CARGO_BIN_EXE_atelier"), &copy).unwrap();
    let like = project.command(&[]);
    let mut command = Command::new(copy);
    command.args(["deploy", "--watch"]).args(more).env_clear().current_dir(project.path());
    command.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("PATH", "/usr/bin:/bin");
    Running::start(command)
}

/// Puts a longer binary, which does the same, in the place of `binary`.
fn rebuild(binary: &Path) {
    let mut bytes = std::fs::read(binary).unwrap();
    bytes.push(0);
    replace(binary, &bytes);
}

/// Puts another program in the place of `binary`, all at once.
fn replace(binary: &Path, bytes: &[u8]) {
    let next = binary.with_extension("next");
    std::fs::write(&next, bytes).unwrap();
    std::fs::set_permissions(&next, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(next, binary).unwrap();
}

#[test]
fn a_new_binary_is_deployed_and_answers() {
    let project = Project::new().up();
    let running = watch(&project, &[]);
    running.tells("Watching `");
    rebuild(&project.path().join("atelier"));
    running.says("first healthy answer after");
    running.interrupt();
    let output = running.end();
    assert_eq!(output.code, Some(0), "Ctrl-C is the way out: {output:?}");
    assert_eq!(output.stdout.matches("Updated in").count(), 1, "{output:?}");
    assert!(!output.stdout.contains("Built in"), "{output:?}");
}

#[test]
fn changed_sources_are_built_and_a_build_that_fails_waits_for_the_next_change() {
    let project = Project::new().up();
    std::fs::create_dir(project.path().join("src")).unwrap();
    project.write("src/handler.rs", "broken");
    let build = "grep -q fixed src/handler.rs && cp atelier next && printf x >> next && mv next atelier";
    let running = watch(&project, &["--json", "--build", build]);
    running.tells("Watching `");
    project.write("src/handler.rs", "still broken");
    running.tells("the build failed: exit status: 1");
    project.write("src/handler.rs", "and now it is fixed");
    running.says("answer_millis");
    running.interrupt();
    let output = running.end();
    assert_eq!(output.code, Some(0), "Ctrl-C is the way out: {output:?}");
    let entries: Vec<serde_json::Value> =
        output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(entries[0]["entry"]["changed"], true, "the first deploy");
    assert_eq!(entries[1]["entry"]["changed"], true, "{output:?}");
    assert!(entries[1]["entry"]["build_millis"].is_u64(), "{output:?}");
    assert_eq!(entries[2]["status"], "ok", "{output:?}");
}

#[test]
fn a_build_that_leaves_the_binary_as_it_was_says_so() {
    let project = Project::new().up();
    std::fs::create_dir(project.path().join("src")).unwrap();
    project.write("src/handler.rs", "before");
    let running = watch(&project, &["--build", "true"]);
    running.tells("Watching `");
    project.write("src/handler.rs", "something else");
    running.tells("/atelier` did not change");
    running.interrupt();
    assert_eq!(running.end().code, Some(0));
}

#[test]
fn a_reader_that_leaves_ends_it_without_a_word() {
    let project = Project::new().up();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = project.command(&["deploy", "--watch"]);
    let output = command.stdout(writer).stderr(std::process::Stdio::piped()).spawn().unwrap().wait_with_output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("stdout"), "{output:?}");
}

#[test]
fn the_new_binary_is_run_with_the_flags_of_this_run() {
    let project = Project::new().up();
    let folder = project.path().display().to_string();
    let flags = ["--stack=demo", "--region=eu-west-1", "--lang=fr", "--color=never", "--timeout=90s", "--verbose"];
    let running = watch(&project, &flags);
    running.tells("Surveillance de `");
    let program = "#!/bin/sh\nprintf '%s\\n' \"$@\" > arguments\necho '{\"data\":{\"changed\":true},\"error\":null}'\n";
    replace(&project.path().join("atelier"), program.as_bytes());
    running.says("première réponse correcte");
    running.interrupt();
    assert_eq!(running.end().code, Some(0));
    let given = std::fs::read_to_string(project.path().join("arguments")).unwrap();
    let given: Vec<&str> = given.lines().collect();
    assert_eq!(given[..4], ["deploy", "--json", "--folder", &folder]);
    let pairs = [["--stack", "demo"], ["--region", "eu-west-1"]];
    assert!(pairs.iter().all(|pair| given.windows(2).any(|two| two == pair)), "{given:?}");
    for flag in ["--lang=fr", "--color=never", "--timeout=90000ms", "--verbose"] {
        assert!(given.contains(&flag), "{flag}: {given:?}");
    }
    let parsed = help::command(Lang::En).try_get_matches_from([&["atelier"], given.as_slice()].concat());
    assert!(parsed.is_ok(), "{given:?}");
}

#[test]
fn a_build_without_watching_is_a_usage_error() {
    let output = Project::new().run(&["deploy", "--build", "make"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("--watch"), "{}", output.stderr);
}
