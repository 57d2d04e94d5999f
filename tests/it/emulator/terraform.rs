//! Terraform itself, with AWS's own provider: every stack of `tests/terraform` in one configuration, and the example.
//!
//! `scripts/terraform.sh` runs each stack alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::cloud::Cloud;
use crate::support::providers;
use std::{path::Path, process::Stdio};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
async fn every_stack_is_applied_planned_empty_changed_in_place_and_destroyed() {
    let Some(providers) = providers() else { return };
    let cloud = Cloud::with_running_clock().await;
    let python = std::env::var("ATELIER_BOTOCORE").unwrap_or_else(|_| "python3".to_owned());
    let mut runner = Command::new(&python);
    runner
        .arg("-B")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terraform/run.py"))
        .args(["--together", "--providers"])
        .arg(providers)
        .env("AWS_ENDPOINT_URL", &cloud.endpoint)
        .env("AWS_ACCESS_KEY_ID", "AKIATEST")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = runner.output().await.unwrap_or_else(|error| panic!("{python}: {error} (scripts/botocore.sh)"));
    let (said, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{failed}");
    assert!(said.contains("1 of 1 hold"), "{said}{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_is_the_whole_chain_and_its_api_answers() {
    let Some(providers) = providers() else { return };
    let binary = env!("CARGO_BIN_EXE_atelier");
    let mut script = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/terraform.sh"));
    script
        .args(["--example", binary])
        .env("ATELIER", binary)
        .env("ATELIER_TERRAFORM_PROVIDERS", providers)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = script.output().await.unwrap();
    let (said, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 of 1 hold"), "{said}{failed}");
}
