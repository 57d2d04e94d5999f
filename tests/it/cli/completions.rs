//! Completion: what the shells evaluate, and what they are given at a TAB.

use crate::support::{Output, Project, Running};
use std::{
    io::{Read, Write},
    os::unix::net::UnixListener,
    path::Path,
    process::Command,
};

/// Asks as bash does: the words typed so far, the last one being completed.
fn at_tab(project: &Project, words: &[&str]) -> Vec<String> {
    let mut command = project.command(&[&["--", "atelier"], words].concat());
    command.env("ATELIER_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    let output: Output = Running::start(command).end();
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output:?}");
    output.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn every_shell_has_a_script_that_calls_back() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = project.run(&["completions", shell]);
        assert_eq!(output.code, Some(0), "{shell}");
        assert!(output.stdout.contains("ATELIER_COMPLETE") && output.stdout.contains("atelier"), "{}", output.stdout);
    }
}

#[test]
fn verbs_flags_and_values_are_completed() {
    let project = Project::new();
    assert_eq!(at_tab(&project, &["depl"]), ["deploy"]);
    assert!(at_tab(&project, &["deploy", "--dry"]).contains(&"--dry-run".to_owned()));
    for (words, wanted) in [
        (&["logs", "--source", "l"][..], "lambda"),
        (&["up", "--engine", "emb"], "embedded"),
        (&["completions", "po"], "powershell"),
        (&["config", "s"], "show"),
        (&["help", "depl"], "deploy"),
        (&["man", "depl"], "deploy"),
    ] {
        assert_eq!(at_tab(&project, words), [wanted], "{words:?}");
    }
}

#[test]
fn names_of_instances_come_from_the_settings_file() {
    let project = Project::new();
    project.write("atelier.toml", "[instances]\nweb = 't3.micro'\ndb = 't3.small'\n");
    assert_eq!(at_tab(&project, &["schedule", "remove", "w"]), ["web"]);
}

#[test]
fn what_there_is_already_is_completed_and_what_is_to_be_new_is_not() {
    let project = Project::new().up();
    for args in [&["deploy"][..], &["deploy", "--stack", "second"], &["key", "create", "--scope", "status"]] {
        assert_eq!(project.run(args).code, Some(0), "{args:?}");
    }
    assert_eq!(project.run(&["call", "status"]).code, Some(0));
    assert_eq!(at_tab(&project, &["status", "--stack", ""]), ["atelier", "second"]);
    assert_eq!(at_tab(&project, &["key", "revoke", "s"]), ["status"]);
    assert!(at_tab(&project, &["key", "revoke", "--stack", "second", ""]).iter().all(|word| word != "status"));
    assert!(at_tab(&project, &["key", "create", "--name", ""]).is_empty());
    let call = project.run(&["trace", "--json"]).json()["data"]["call"]["request_id"].as_str().unwrap().to_owned();
    assert!(at_tab(&project, &["trace", ""]).contains(&call), "{call}");
    let folder = project.path().display().to_string();
    assert_eq!(at_tab(&project, &["status", "--folder", &folder, "--stack", "sec"]), ["second"]);
}

/// A Docker daemon that knows no more than completion asks: what it is, and which containers carry the owner's label.
fn daemon(socket: &Path, containers: &'static str) {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut request, mut byte) = (Vec::new(), [0]);
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                request.push(byte[0]);
            }
            let is_list = String::from_utf8_lossy(&request).contains("/containers/json?");
            let body = if is_list { containers } else { "{}" };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
            let _ = write!(stream, "{head}\r\nconnection: close\r\n\r\n{body}");
        }
    });
}

#[test]
fn names_of_containers_come_from_docker_and_only_those_that_the_api_drives() {
    let project = Project::new();
    let socket = project.path().join("docker.sock");
    daemon(
        &socket,
        r#"[{"Id":"aa","Names":["/mycontainer"],"State":"running","Labels":{"atelier.role":"target"}},
            {"Id":"bb","Names":["/localstack-main"],"State":"running","Labels":{"atelier.role":"engine"}}]"#,
    );
    let data = project.path().join("data");
    std::fs::create_dir_all(data.join("atelier")).unwrap();
    std::fs::write(data.join("atelier/owner"), "00112233445566778899aabbccddeeff").unwrap();
    let project = project
        .with("XDG_DATA_HOME", data.to_str().unwrap())
        .with("DOCKER_HOST", &format!("unix://{}", socket.display()));
    assert_eq!(at_tab(&project, &["call", "stop", "--target", "docker", "--name", ""]), ["mycontainer"]);

    let project = project.with("DOCKER_HOST", "unix:///nowhere.sock");
    assert!(at_tab(&project, &["call", "stop", "--name", ""]).is_empty(), "no Docker, no names, no complaint");
}

#[test]
fn a_question_at_a_prompt_leaves_nothing_behind() {
    let project = Project::new();
    at_tab(&project, &["test-bonus", "--"]);
    assert_eq!(std::fs::read_dir(project.path()).unwrap().count(), 0);
}

#[test]
fn bash_itself_completes_after_the_line_of_the_help() {
    let project = Project::new();
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_atelier")).parent().unwrap().to_owned();
    let mut bash = Command::new("bash");
    bash.args([
        "-c",
        "source <(atelier completions bash); COMP_WORDS=(atelier st); COMP_CWORD=1; COMP_TYPE=9; \
         _clap_complete_atelier atelier st atelier; echo \"${COMPREPLY[@]}\"",
    ]);
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let output = bash.env_clear().env("PATH", path).current_dir(project.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "status\n", "{output:?}");
}
