//! In a Codespace: the public URL, and the port behind it, which `gh` opens where it can.

use super::tunnel;
use crate::support::Project;
use std::{fs, path::PathBuf, process::Command};

/// A Codespace with a `gh` that writes down its arguments and then does this.
fn codespace(gh: &str) -> (Project, PathBuf) {
    let project = Project::new().with("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    let (bin, calls) = (project.path().with_file_name("bin"), project.path().with_file_name("calls"));
    fs::create_dir(&bin).unwrap();
    let script = format!("#!/bin/sh\necho \"$@\" >> '{}'\ncalls=$(wc -l < '{0}')\n{gh}\n", calls.display());
    // Another process writes it: a file that this one has open while another test forks cannot be run.
    let mut write = Command::new("sh");
    write.args(["-c", r#"printf %s "$1" > "$0"; chmod +x "$0""#]).arg(bin.join("gh")).arg(script);
    assert!(write.status().unwrap().success());
    let project = project
        .with("PATH", &format!("{}:/usr/bin:/bin", bin.display()))
        .with("CODESPACE_NAME", "fuzzy-fish")
        .with("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "app.github.dev");
    (project, calls)
}

#[test]
fn gh_makes_the_port_public_as_soon_as_it_is_listed() {
    let (project, calls) = codespace(r#"[ "$calls" -ge 2 ]"#);
    let up = project.run(&["up", "--engine", "embedded", "--port", "0", "--json"]);
    let url = up.json()["data"]["url"].as_str().unwrap().to_owned();
    let port = url.strip_prefix("https://fuzzy-fish-").and_then(|rest| rest.strip_suffix(".app.github.dev"));
    let port: u16 = port.unwrap_or_else(|| panic!("{up:?}")).parse().unwrap();
    let call = format!("codespace ports visibility {port}:public -c fuzzy-fish\n");
    assert_eq!(fs::read_to_string(calls).unwrap(), call.repeat(2));
    assert!(!up.stderr.contains("PORTS tab"), "nothing is left to do by hand: {up:?}");
    let deployed = project.run(&["deploy", "--json"]).json();
    assert!(deployed["data"]["url"].as_str().unwrap().starts_with(&format!("{url}/restapis/")), "{deployed}");
}

#[test]
fn that_whoever_has_the_url_may_call_is_one_line_also_for_who_wants_to_hear_little() {
    let project = Project::new().up().with("AWS_ENDPOINT_PUBLIC", "https://fuzzy-fish-4566.app.github.dev");
    let said = |args: &[&str]| {
        let output = project.run(args);
        assert_eq!(output.code, Some(0), "{output:?}");
        output.stderr.lines().filter(|line| line.contains("whoever has this URL")).count()
    };
    assert_eq!(said(&["deploy", "--quiet"]), 1);
    assert_eq!(said(&["deploy"]), 1);
    assert_eq!(said(&["deploy", "--quiet", "--auth", "api-key"]), 0);
}

#[test]
fn where_gh_is_signed_out_the_one_step_by_hand_is_shown() {
    let (project, calls) = codespace("exit 4");
    let up = project.run(&["up", "--engine", "embedded", "--port", "0"]);
    assert_eq!((up.code, fs::read_to_string(calls).unwrap().lines().count()), (Some(0), 1), "{up:?}");
    assert!(up.stderr.contains("PORTS tab"), "{up:?}");
    let by_hand = up.stderr.split('`').find(|text| text.starts_with("gh codespace ports visibility"));
    assert!(by_hand.is_some_and(|line| line.ends_with(r#":public -c "$CODESPACE_NAME""#)), "{up:?}");
}

#[test]
fn a_call_that_a_private_port_answers_is_told_from_one_that_the_api_refuses() {
    let project = Project::new().up();
    assert_eq!(project.run(&["deploy"]).code, Some(0));
    let project = project.with("AWS_ENDPOINT_PUBLIC", &tunnel());
    for args in [&["call", "status", "--json"][..], &["test", "--json"]] {
        let output = project.run(args);
        assert_eq!(output.json()["error"]["code"], "private_port", "{output:?}");
        assert!(output.json()["error"]["hints"].to_string().contains("gh codespace ports visibility"), "{output:?}");
    }
}
