//! The stack as code on LocalStack, made by the tools that it is written for.

use crate::{
    machine::{self, Site},
    support::{Module, providers, tool},
};
use serde_json::json;

/// What leads other tools to the engine.
fn environment(site: &Site) -> Vec<(String, String)> {
    let env = site.ok(&["env", "--json"]).json();
    let variables = env["data"]["variables"].as_object().unwrap().clone();
    variables.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
}

fn nothing_is_left(site: &Site) {
    let status = site.ok(&["status", "--json"]).json();
    assert_eq!(status["data"]["stack"]["found"], json!([]), "{status}");
    site.ok(&["clean", "--yes"]);
}

#[test]
fn terraform_makes_the_stack_on_localstack_and_takes_it_away() {
    if !machine::is_here() || providers().is_none() {
        return;
    }
    let _turn = machine::engine_turn();
    let site = Site::new();
    site.ok(&["up"]);
    site.ok(&["export", "terraform"]);
    let module = Module::new(&site.project().path().join("terraform"), environment(&site));
    module.ok(&["init", "-no-color"]);
    module.ok(&["apply", "-auto-approve", "-no-color"]);
    site.ok(&["test"]);
    let (code, said) = module.run(&["plan", "-detailed-exitcode", "-no-color"]);
    assert_eq!(code, 0, "{said}");
    site.fails(&["deploy"], 1, "managed_elsewhere");
    module.ok(&["destroy", "-auto-approve", "-no-color"]);
    nothing_is_left(&site);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
fn cloudformation_makes_the_stack_on_localstack_and_takes_it_away() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let site = Site::new();
    site.ok(&["up"]);
    let said = site.ok(&["export", "cloudformation"]).stdout;
    let mut environment = environment(&site);
    environment.extend(std::env::var("ATELIER_AWS_CLI").ok().map(|path| ("ATELIER_AWS_CLI".to_owned(), path)));
    let aws = |arguments: &str| {
        let line = format!("\"${{ATELIER_AWS_CLI:-aws}}\" {arguments}");
        let output =
            tool("", "/bin/sh", &site.project().path(), environment.clone()).args(["-c", &line]).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        assert!(output.status.success(), "{line}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    };
    // The commands are those that an export prints.
    aws("s3 mb s3://atelier-code");
    for arguments in said.lines().filter_map(|line| line.trim().strip_prefix("aws ")) {
        aws(&arguments.replace("BUCKET", "atelier-code"));
    }
    // LocalStack drops the tags of an instance.
    let id = aws(
        "cloudformation describe-stacks --stack-name atelier --query 'Stacks[0].Outputs[?OutputKey==`InstanceId`].OutputValue' --output text",
    );
    aws(&format!(
        "ec2 create-tags --resources {id} --tags Key=atelier:stack,Value=atelier Key=atelier:part,Value=instance Key=atelier:rev,Value=1"
    ));
    site.ok(&["test"]);
    site.fails(&["deploy"], 1, "managed_elsewhere");
    aws("cloudformation delete-stack --stack-name atelier");
    aws("cloudformation wait stack-delete-complete --stack-name atelier");
    nothing_is_left(&site);
}
