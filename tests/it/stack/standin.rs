//! The `aws` engine against an embedded one with `--iam` that stands in for AWS: whoever deploys has the policy that
//! `docs/aws.md` prints and nothing else, and calls are put off and come too early as at AWS.

use super::Workshop;
use crate::support::{
    Output, Project,
    fault::{At, Fault, FaultProxy},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::{Cursor, Write},
};

const DOCUMENT: &str = include_str!("../../../docs/aws.md");
const ACCOUNT: &str = "000000000000";
const ROLE: &str = "atelier-infrastructure-handler";
const SIMULATE: &str = "iam:SimulatePrincipalPolicy";

/// The policy of the document, for the account and the region of the engine.
fn policy() -> Value {
    let (_, rest) = DOCUMENT.split_once("```json\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    serde_json::from_str(&text.replace("ACCOUNT", ACCOUNT).replace("REGION", "us-east-1")).unwrap()
}

/// The engine that stands in, a proxy before it, and the project of somebody who deploys there.
struct StandIn {
    cloud: Workshop,
    proxy: FaultProxy,
    project: Project,
}

impl StandIn {
    fn new(policy: &Value) -> Self {
        let cloud = Workshop::new();
        cloud.ok(&["up", "--engine", "embedded", "--iam"]);
        let iam = aws_sdk_iam::Client::new(&cloud.project.sdk(cloud.port));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let key = runtime.block_on(async {
            iam.create_user().user_name("deployer").send().await.unwrap();
            let made =
                iam.create_policy().policy_name("deploy").policy_document(policy.to_string()).send().await.unwrap();
            let arn = made.policy().unwrap().arn().unwrap();
            iam.attach_user_policy().user_name("deployer").policy_arn(arn).send().await.unwrap();
            iam.create_access_key().user_name("deployer").send().await.unwrap().access_key().unwrap().clone()
        });
        let proxy = FaultProxy::to(cloud.port);
        let project = Project::new()
            .with("AWS_ENDPOINT_URL", &proxy.url())
            .with("AWS_REGION", "us-east-1")
            .with("AWS_ACCESS_KEY_ID", key.access_key_id())
            .with("AWS_SECRET_ACCESS_KEY", key.secret_access_key());
        Self { cloud, proxy, project }
    }

    fn run(&self, args: &[&str]) -> Output {
        self.project.run(&[args, &["--engine", "aws"]].concat())
    }

    fn ok(&self, args: &[&str]) -> Output {
        let output = self.run(args);
        assert_eq!(output.code, Some(0), "{args:?}: {output:?}");
        output
    }

    /// What the engine decided about the calls of whoever deploys, but for the one that a deploy goes without.
    fn decisions(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.cloud.engine().join("decisions.ndjson")).unwrap();
        let decisions = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let is_theirs = |decision: &Value| decision["caller"].as_str().unwrap().ends_with(":user/deployer");
        decisions.filter(|decision| is_theirs(decision) && decision["action"] != SIMULATE).collect()
    }

    /// Everything that there is to do, from an empty account to an empty account.
    fn everything(&self) {
        self.ok(&["plan"]);
        self.ok(&["deploy"]);
        let settled = self.ok(&["deploy", "--json"]).json();
        assert_eq!(settled["data"]["changed"], json!(false), "{settled}");
        self.ok(&["plan"]);
        self.ok(&["status", "--check"]);
        self.ok(&["test"]);
        self.ok(&["call", "start"]);
        self.ok(&["logs"]);
        self.ok(&["schedule", "set", "--stop", "18:30"]);
        self.ok(&["schedule", "remove"]);
        self.ok(&["deploy", "--instance", "web=t2.micro"]);
        self.ok(&["deploy", "--instance", "web=t3.micro"]);
        self.ok(&["deploy", "--auth", "api-key"]);
        self.ok(&["key", "create", "--scope", "control"]);
        self.ok(&["key", "create", "--scope", "status", "--name", "ci"]);
        self.ok(&["key", "rotate", "ci"]);
        self.ok(&["key", "list"]);
        self.ok(&["test"]);
        self.ok(&["key", "revoke", "ci"]);
        self.ok(&["deploy", "--auth", "none"]);
        self.project.write("atelier.toml", "[alarm]\nerrors_per_minute = 5\n");
        self.ok(&["deploy"]);
        self.ok(&["status"]);
        self.project.write("atelier.toml", "");
        self.ok(&["deploy"]);
        self.ok(&["call", "stop"]);
        self.drift();
        // The function can stop nothing now: what the test has started, it stops itself.
        assert_eq!(self.run(&["test"]).code, Some(1));
        self.spoil();
        self.ok(&["deploy"]);
        self.ok(&["call", "status"]);
        self.attach();
        self.ok(&["clean", "--all", "--yes"]);
        self.ok(&["clean", "--yes"]);
    }

    /// Somebody else changes what was deployed, as the account's owner.
    fn drift(&self) {
        let sdk = self.cloud.project.sdk(self.cloud.port);
        let iam = aws_sdk_iam::Client::new(&sdk);
        let less = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:DescribeInstances","ec2:StartInstances"],"Resource":"*"}]}"#;
        let instance = std::fs::read_to_string(self.project.path().join(".instance_id")).unwrap();
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com","ec2.amazonaws.com"]},"Action":"sts:AssumeRole"}]}"#;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            iam.update_assume_role_policy().role_name(ROLE).policy_document(trust).send().await.unwrap();
            iam.put_role_policy().role_name(ROLE).policy_name("atelier").policy_document(less).send().await.unwrap();
            let lambda = aws_sdk_lambda::Client::new(&sdk);
            let change = lambda.update_function_configuration().function_name("infrastructure-handler");
            change.memory_size(256).send().await.unwrap();
            // Of an older build, as their revs say.
            let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:infrastructure-handler");
            lambda.tag_resource().resource(arn).tags("atelier:rev", "older").send().await.unwrap();
            let rev = aws_sdk_ec2::types::Tag::builder().key("atelier:rev").value("older").build();
            let ec2 = aws_sdk_ec2::Client::new(&sdk);
            ec2.create_tags().resources(instance.trim()).tags(rev).send().await.unwrap();
        });
    }

    /// Somebody else puts other code into the function.
    fn spoil(&self) {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("bootstrap", zip::write::SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        archive.write_all(b"#!/bin/sh\n").unwrap();
        let code = aws_sdk_lambda::primitives::Blob::new(archive.finish().unwrap().into_inner());
        let lambda = aws_sdk_lambda::Client::new(&self.cloud.project.sdk(self.cloud.port));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let update = lambda.update_function_code().function_name("infrastructure-handler").zip_file(code);
        runtime.block_on(update.send()).unwrap();
    }

    /// The role gets a policy that nobody here knows of.
    fn attach(&self) {
        let sdk = self.cloud.project.sdk(self.cloud.port);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let attached = "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess";
        runtime.block_on(async {
            let iam = aws_sdk_iam::Client::new(&sdk);
            iam.attach_role_policy().role_name(ROLE).policy_arn(attached).send().await.unwrap();
        });
    }
}

/// The actions of a policy, each with the name of its statement.
fn allowed(policy: &Value) -> BTreeSet<(String, String)> {
    let mut allowed = BTreeSet::new();
    for statement in policy["Statement"].as_array().unwrap() {
        let id = statement["Sid"].as_str().unwrap();
        for action in statement["Action"].as_array().unwrap() {
            allowed.insert((id.to_owned(), action.as_str().unwrap().to_owned()));
        }
    }
    allowed
}

#[test]
fn whoever_has_the_policy_of_the_document_can_do_everything_and_needs_all_of_it() {
    let policy = policy();
    let standin = StandIn::new(&policy);
    standin.everything();
    let decisions = standin.decisions();
    let refused: Vec<_> = decisions.iter().filter(|decision| decision["outcome"] != "allowed").collect();
    assert!(refused.is_empty(), "{refused:?}");
    let used: BTreeSet<_> = decisions
        .iter()
        .map(|decision| {
            let statement = decision["by"]["statement"].as_str().unwrap();
            (statement.to_owned(), decision["action"].as_str().unwrap().to_owned())
        })
        .collect();
    let unused: Vec<_> = allowed(&policy).difference(&used).cloned().collect();
    assert!(unused.is_empty(), "nothing needs {unused:?}");
}

#[test]
fn whoever_lacks_the_policy_is_told_in_the_words_of_aws() {
    let nothing = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*" }],
    });
    let standin = StandIn::new(&nothing);
    let refused = standin.run(&["deploy", "--json"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stdout.contains("is not authorized to perform:"), "{refused:?}");
    assert!(refused.stdout.contains(&format!("arn:aws:iam::{ACCOUNT}:user/deployer")), "{refused:?}");
}

/// The document's policy with leave to ask what it allows, and without these actions.
fn asking(without: &[&str]) -> Value {
    let mut policy = policy();
    let statements = policy["Statement"].as_array_mut().unwrap();
    for statement in statements.iter_mut() {
        let actions = statement["Action"].as_array_mut().unwrap();
        actions.retain(|action| !without.contains(&action.as_str().unwrap()));
    }
    statements.retain(|statement| !statement["Action"].as_array().unwrap().is_empty());
    statements.push(json!({ "Sid": "Ask", "Effect": "Allow", "Action": [SIMULATE], "Resource": "*" }));
    policy
}

#[test]
fn who_may_ask_what_is_allowed_hears_what_is_missing_before_anything_is_made() {
    let standin = StandIn::new(&asking(&["lambda:CreateFunction", "iam:PassRole"]));
    let refused = standin.run(&["deploy", "--json"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let told = refused.json();
    assert_eq!(told["error"]["code"], "not_allowed", "{told}");
    for action in ["lambda:CreateFunction", "iam:PassRole"] {
        assert!(refused.stdout.contains(action), "{told}");
    }
    assert!(!refused.stdout.contains("iam:CreateRole"), "what is allowed is not named: {told}");
    let made: Vec<_> = ["CreateRole", "RunInstances", "CreateLogGroup", "POST /restapis"]
        .into_iter()
        .filter(|call| standin.proxy.calls().iter().any(|made| made.name().starts_with(call)))
        .collect();
    assert!(made.is_empty(), "{made:?}");
}

#[test]
fn who_may_ask_and_has_the_policy_of_the_document_is_refused_nothing() {
    let standin = StandIn::new(&asking(&[]));
    standin.project.write("atelier.toml", "auth = \"api-key\"\n[idle]\nstop_after = \"30m\"\n");
    standin.ok(&["deploy"]);
    standin.ok(&["plan"]);
    let asked = standin.proxy.calls().iter().filter(|call| call.name().starts_with("SimulatePrincipalPolicy")).count();
    assert!(asked > 0, "{:?}", standin.proxy.calls());
}

#[test]
fn calls_that_are_put_off_or_come_too_early_are_got_over() {
    let standin = StandIn::new(&policy());
    let assumed = Fault::Refused(
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    );
    for (call, fault) in [
        ("CreateRole", Fault::Throttled(None)),
        ("RunInstances", Fault::Throttled(Some(1))),
        ("POST /2015-03-31/functions", assumed),
        ("POST /restapis", Fault::Throttled(None)),
        ("PutRolePolicy", Fault::Refused("NoSuchEntity", "The role with name x cannot be found.")),
    ] {
        standin.proxy.arm(Some((At::Named(call.to_owned(), 0), fault)));
        let output = standin.run(&["deploy"]);
        assert!(standin.proxy.has_struck(), "{call}: {:?}", standin.proxy.calls());
        assert_eq!(output.code, Some(0), "{call}: {output:?}");
        standin.proxy.arm(None);
        standin.ok(&["call", "status"]);
        standin.ok(&["clean", "--yes"]);
    }
}
