//! `atelier aws` and `env`: every AWS CLI reaches the engine, also one that knows no variable for it.

use crate::support::{Project, Running};
use std::{fs, os::unix::fs::PermissionsExt, process::Command};

/// A project with an `aws` on its PATH that says it is of this version, and tells what it was started with.
fn with_aws(version: &str) -> Project {
    let project = Project::new();
    let folder = project.path().join("bin");
    fs::create_dir(&folder).unwrap();
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && {{ echo 'aws-cli/{version} Python/3.9.2 Linux/5 source/x86_64'; exit 0; }}\n\
         echo \"args: $*\"\necho \"key: $AWS_ACCESS_KEY_ID profile: ${{AWS_PROFILE-none}} region: $AWS_REGION\"\nexit 7\n"
    );
    // Another process writes it: a file that this one has open while another test forks cannot be run.
    let mut write = Command::new("sh");
    write.args(["-c", r#"printf %s "$1" > "$0""#]).arg(folder.join("aws")).arg(script);
    assert!(write.status().unwrap().success());
    fs::set_permissions(folder.join("aws"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.display());
    project.with("PATH", &path).with("AWS_PROFILE", "theirs").up()
}

#[test]
fn an_old_aws_is_told_of_and_led_by_its_flag() {
    let project = with_aws("1.18.69");
    let record = project.record();
    let output = project.run(&["aws", "ec2", "describe-instances", "--output", "text"]);
    assert_eq!(output.code, Some(7), "its exit code is its own: {output:?}");
    let wanted = format!(
        "args: --endpoint-url http://127.0.0.1:{} ec2 describe-instances --output text\nkey: {} profile: none region: us-east-1\n",
        record["port"],
        record["access_key_id"].as_str().unwrap()
    );
    assert_eq!(output.stdout, wanted);
    let own = project.run(&["aws", "--endpoint-url=http://127.0.0.1:1", "s3", "ls"]);
    assert!(own.stdout.starts_with("args: --endpoint-url=http://127.0.0.1:1 s3 ls\n"), "{own:?}");
    let caught = project.run(&["--json", "aws", "sts", "get-caller-identity"]);
    assert_eq!((caught.code, &caught.json()["data"]["exit_code"]), (Some(7), &7.into()), "{caught:?}");

    let env = project.run(&["env"]);
    assert!(env.stderr.contains("1.18.69") && env.stderr.contains("`atelier aws`"), "{env:?}");
    let doctor = project.run(&["doctor"]);
    assert!(doctor.stdout.contains("→ `atelier aws sts get-caller-identity`"), "{}", doctor.stdout);
    // Asked once: what it said is kept as long as its file is the same.
    fs::set_permissions(project.path().join("bin/aws"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(project.path().join(".atelier/aws-cli.json").exists());
}

#[test]
fn an_aws_that_knows_the_variable_is_not_told_of_and_none_at_all_is_an_error() {
    let project = with_aws("2.13.0");
    assert_eq!(project.run(&["env"]).stderr, "");
    let mut command = project.command(&["aws", "sts", "get-caller-identity", "--json"]);
    command.env("PATH", "/nonexistent");
    let output = Running::start(command).end();
    assert!(output.code == Some(4) && output.stderr.contains("no `aws`"), "{output:?}");
}
