//! Clients of other languages and of other days do with an engine what they do with AWS: the SDKs for Go and Ruby as
//! Debian packages them, and the AWS CLI of 2021.

use crate::support::{Project, skipped};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// What the environment says that a client is run with (`scripts/check.sh` sets it).
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
fn told(variable: &str) -> Option<String> {
    let told = std::env::var(variable).ok();
    if told.is_none() {
        skipped(&format!("a client of another language: {variable} is not set"));
    }
    told
}

/// Runs a client against an engine of its own, and returns what it printed.
fn against_an_engine(mut client: Command) -> Vec<String> {
    let project = Project::new().up();
    let output = client
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", project.path())
        .envs(project.environment())
        .current_dir(project.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn the_sdk_for_go_waits_pages_invokes_and_deploys() {
    let Some(program) = told("ATELIER_SDK_GO") else { return };
    let steps = against_an_engine(Command::new(program));
    assert_eq!(steps, ["identity 000000000000", "instances", "function", "api"]);
}

#[test]
fn the_sdk_for_ruby_signs_and_knows_the_errors() {
    let Some(ruby) = told("ATELIER_SDK_RUBY") else { return };
    let mut client = Command::new(ruby);
    client.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients/scenario.rb"));
    let steps = against_an_engine(client);
    assert_eq!(steps, ["identity 000000000000", "stranger The security token i", "role", "functions", "logs"]);
}

#[test]
fn atelier_aws_drives_a_cli_that_knows_no_endpoint_variable() {
    let Some(cli) = told("ATELIER_OLD_AWS_CLI") else { return };
    let path = format!("{}:/usr/bin:/bin", Path::new(&cli).parent().unwrap().display());
    let project = Project::new().with("PATH", &path).up();
    let env = project.run(&["env"]);
    assert!(env.stderr.contains("1.18.223") && env.stderr.contains("atelier aws"), "it is warned of: {env:?}");
    let text = |args: &[&str]| {
        let output = project.run(&[&["aws"], args].concat());
        assert_eq!(output.code, Some(0), "{output:?}");
        output.stdout.trim().to_owned()
    };
    assert_eq!(text(&["sts", "get-caller-identity", "--query", "Account", "--output", "text"]), "000000000000");
    let id = text(&["ec2", "run-instances", "--image-id", "ami-ff0fea8310f3", "--query", "Instances[0].InstanceId"]);
    let id = id.trim_matches('"');
    let state = ["ec2", "wait", "instance-running", "--instance-ids", id];
    assert_eq!(text(&state), "");
    let query = "Reservations[].Instances[].State.Name";
    assert_eq!(
        text(&["ec2", "describe-instances", "--instance-ids", id, "--query", query, "--output", "text"]),
        "running"
    );
    let unknown = project.run(&["aws", "lambda", "get-function", "--function-name", "none"]);
    assert_eq!(unknown.code, Some(255), "the program's own exit code: {unknown:?}");
    assert!(unknown.stderr.contains("ResourceNotFoundException"), "{unknown:?}");
}
