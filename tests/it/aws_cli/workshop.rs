//! The workshop's own commands, after `eval "$(atelier env)"`.

use super::Cli;
use std::{path::PathBuf, process::Output};

/// What a shell printed to stderr.
fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_workshops_aws_commands_work_unchanged() {
    let cli = Cli::start();
    cli.deploy();
    let endpoint = format!("--endpoint-url={}", cli.variable("AWS_ENDPOINT_PUBLIC"));

    let described = cli.ok(&[&endpoint, "ec2", "describe-instances"]);
    let instance = std::fs::read_to_string(cli.project.path().join(".instance_id")).expect(".instance_id");
    assert_eq!(described["Reservations"][0]["Instances"][0]["InstanceId"], *instance.trim());

    cli.ok(&[
        &endpoint,
        "lambda",
        "invoke",
        "--function-name",
        "infrastructure-handler",
        "--payload",
        r#"{"action":"status"}"#,
        "response.json",
    ]);
    let answer = std::fs::read(cli.project.path().join("response.json")).expect("response.json");
    let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!(answer["instance_id"], *instance.trim());
    assert_eq!(answer["type"], "t2.micro");
}

/// The workshop's commands as its README has them, and what their answer holds.
const COMMANDS: [(&str, &[(&str, &str)]); 5] = [
    (
        r#"curl "$AWS_ENDPOINT_PUBLIC/restapis/$API_ID/dev/_user_request_/infra?action=start""#,
        &[("/status", "started"), ("/state", "running")],
    ),
    (
        r#"curl "$AWS_ENDPOINT_PUBLIC/restapis/$API_ID/dev/_user_request_/infra?action=stop""#,
        &[("/status", "stopped"), ("/state", "stopped")],
    ),
    (
        r#"curl "$AWS_ENDPOINT_PUBLIC/restapis/$API_ID/dev/_user_request_/infra?action=status""#,
        &[("/state", "stopped"), ("/type", "t2.micro")],
    ),
    (
        "aws --endpoint-url=$AWS_ENDPOINT_PUBLIC ec2 describe-instances",
        &[("/Reservations/0/Instances/0/State/Name", "stopped")],
    ),
    (
        "aws --endpoint-url=$AWS_ENDPOINT_PUBLIC lambda invoke \\\n  --function-name infrastructure-handler \\\n  \
         --payload '{\"action\":\"status\"}' \\\n  response.json >&2 && cat response.json",
        &[("/state", "stopped"), ("/type", "t2.micro")],
    ),
];

/// A folder with `atelier` and `aws`, for a shell to find them in.
fn bin(cli: &Cli) -> PathBuf {
    let bin = cli.project.path().join("bin");
    std::fs::create_dir(&bin).expect("a folder");
    let aws = cli.command(&[]).get_program().to_owned();
    let link = |name: &str, target: &std::path::Path| {
        std::os::unix::fs::symlink(target, bin.join(name)).expect("a link");
    };
    link("atelier", std::path::Path::new(env!("CARGO_BIN_EXE_atelier")));
    if std::path::Path::new(&aws).is_absolute() {
        link("aws", std::path::Path::new(&aws));
    }
    bin
}

#[test]
fn the_workshops_commands_work_in_a_shell_after_env() {
    let cli = Cli::start();
    cli.deploy();
    let bin = bin(&cli);
    for (command, expected) in COMMANDS {
        let script = format!("eval \"$(atelier env)\"\nAPI_ID=$(cat .api_id)\n{command}");
        let output = cli.shell(&script, &bin).output().expect("bash runs");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        for (pointer, value) in expected {
            assert_eq!(answer.pointer(pointer).and_then(|value| value.as_str()), Some(*value), "{command}: {answer}");
        }
    }
}

#[test]
fn a_payload_that_is_no_base64_is_read_with_the_settings_of_env_or_the_flag() {
    let cli = Cli::start();
    cli.deploy();
    let bin = bin(&cli);
    let version = cli.shell("aws --version 2>&1", &bin).output().expect("bash runs");
    let invoke = |settings: &str, option: &str| {
        let script = format!(
            "eval \"$(atelier env)\"\n{settings}\naws lambda invoke --function-name infrastructure-handler {option} \
             --payload '{{\"action\":\"status\"}}' answer.json"
        );
        cli.shell(&script, &bin).output().expect("bash runs")
    };
    let without = invoke("unset AWS_CONFIG_FILE", "");
    if String::from_utf8_lossy(&version.stdout).contains("aws-cli/2") {
        assert!(!without.status.success() && told(&without).contains("Invalid base64"), "{without:?}");
        let flag = invoke("unset AWS_CONFIG_FILE", "--cli-binary-format raw-in-base64-out");
        assert!(flag.status.success(), "{flag:?}");
    } else {
        assert!(without.status.success(), "version 1 takes it as it is: {without:?}");
    }
    let with = invoke("", "");
    assert!(with.status.success(), "{with:?}");
}

#[test]
fn a_script_with_credentials_of_its_own_is_told_both_ways_out_and_they_lead_out() {
    let cli = Cli::start();
    let bin = bin(&cli);
    let ask = |credentials: &str| {
        let script = format!("eval \"$(atelier env)\"\n{credentials}\naws sts get-caller-identity");
        cli.shell(&script, &bin).output().expect("bash runs")
    };
    let own = "export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test";
    let refused = ask(own);
    assert!(!refused.status.success(), "{refused:?}");
    for words in ["The security token included in the request is invalid", "atelier env", "atelier up --lenient"] {
        assert!(told(&refused).contains(words), "no `{words}`: {}", told(&refused));
    }
    let with_env = ask("");
    assert!(with_env.status.success(), "{with_env:?}");
    let up = cli.project.run(&["up", "--lenient"]);
    assert_eq!(up.code, Some(0), "{up:?}");
    let lenient = ask(own);
    assert!(lenient.status.success(), "{lenient:?}");
}

#[test]
fn without_the_credentials_of_env_the_public_url_refuses_aws_calls() {
    let mut cli = Cli::start();
    for (name, value) in &mut cli.environment {
        if name == "AWS_SECRET_ACCESS_KEY" {
            "wrong".clone_into(value);
        }
    }
    assert_eq!(cli.refused(&["sts", "get-caller-identity"]), "SignatureDoesNotMatch");
    let unsigned = cli.refused(&["ec2", "describe-instances", "--no-sign-request"]);
    assert_eq!(unsigned, "MissingAuthenticationToken");
}
