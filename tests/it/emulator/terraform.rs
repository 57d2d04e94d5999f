//! Terraform itself, with AWS's own provider: every stack of `tests/terraform` in one configuration, and the example.
//!
//! `scripts/terraform-providers.sh` says where this machine has the provider, for `ATELIER_TERRAFORM_PROVIDERS`; without
//! that variable the tests ask it themselves. `scripts/terraform.sh` runs each stack alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::cloud::Cloud;
use crate::support::skipped;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::process::Command;

/// The folder with Terraform's provider; says so and counts the test as skipped where this machine has no Terraform.
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
pub(crate) async fn providers() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("ATELIER_TERRAFORM_PROVIDERS") {
        return Some(folder.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join("terraform").is_file()) {
        skipped("terraform is not on the PATH");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/terraform-providers.sh");
    let found = Command::new(script).stdin(Stdio::null()).output().await.unwrap();
    if !found.status.success() {
        skipped(String::from_utf8_lossy(&found.stderr).trim());
        return None;
    }
    Some(String::from_utf8_lossy(&found.stdout).trim().into())
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
async fn every_stack_is_applied_planned_empty_changed_in_place_and_destroyed() {
    let Some(providers) = providers().await else { return };
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
