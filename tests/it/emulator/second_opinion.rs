//! A second opinion: moto's server is asked what the emulator is asked, and each difference is on the list of
//! `tests/models/moto_differences.py`, with who is right and why; what differs no more is not.
//!
//! `scripts/moto.sh` names a Python that has moto's server, for `ATELIER_MOTO`.

use super::cloud::{ACCOUNT, Cloud};
use crate::support::skipped;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{process::Command, task::JoinSet};

/// A Python that has moto's server, if the environment names one.
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
fn told() -> Option<String> {
    let told = std::env::var("ATELIER_MOTO").ok();
    if told.is_none() {
        skipped("a second opinion: no Python with moto's server (ATELIER_MOTO, scripts/moto.sh)");
    }
    told
}

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models")
}

/// Runs Python, which writes nothing beside the sources; returns what it printed, and whether it succeeded.
async fn run(python: &str, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(python);
    command.arg("-B").args(arguments).current_dir(models()).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.unwrap();
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), format!("{told}{errors}"))
}

/// Asks both about a service; tells what is not as the list says, a line each.
async fn differences(python: String, service: String) -> Option<String> {
    let cloud = Cloud::with_running_clock().await;
    let arguments = ["opinion.py", cloud.endpoint.as_str(), "AKIATEST", "secret", ACCOUNT, service.as_str()];
    let (is_known, told) = run(&python, &arguments).await;
    (!is_known).then_some(told)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_difference_to_moto_is_known_and_each_known_one_is_there() {
    let Some(python) = told() else { return };
    let (is_read, services) = run(&python, &["-c", "import moto_differences as d; print(*d.SERVICES)"]).await;
    assert!(is_read && services.contains("events"), "{services}");
    let services = services.split_whitespace().map(str::to_owned);
    let mut opinions: JoinSet<_> = services.map(|service| differences(python.clone(), service)).collect();
    let mut found = String::new();
    while let Some(opinion) = opinions.join_next().await {
        found.push_str(&opinion.unwrap().unwrap_or_default());
    }
    assert!(found.is_empty(), "{found}");
}
