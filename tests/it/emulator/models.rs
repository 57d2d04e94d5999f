//! Every operation against AWS's public models, which botocore has: unknown members, wrong types and what is too deep
//! or too large is refused by name and changes nothing, answers hold what the model says and nothing else, and pagers
//! lose nothing. The tables and the driver are in `tests/models`; each service has an emulator of its own.
//!
//! `scripts/botocore.sh` names a Python that has botocore, for `ATELIER_BOTOCORE`.

use super::cloud::{ACCOUNT, Cloud, config};
use atelier::{
    clock::Clock,
    edge::{Upstream, keyring::Keyring},
    emulator::Emulator,
};
use std::{path::Path, process::Stdio};
use tokio::{process::Command, task::JoinSet};

/// The services of the emulator, by their signing names.
fn services() -> &'static [&'static str] {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "http://127.0.0.1:1", Clock::System, Keyring::default());
    Emulator::open(config).unwrap().services().unwrap()
}

/// Runs a driver for one service; tells the faults, a line each.
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
async fn faults(script: &str, service: &str) -> Result<(), String> {
    let cloud = Cloud::with_running_clock().await;
    let python = std::env::var("ATELIER_BOTOCORE").unwrap_or_else(|_| "python3".to_owned());
    let mut driver = Command::new(&python);
    driver
        // Nothing is written beside the sources.
        .arg("-B")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models").join(script))
        .args([cloud.endpoint.as_str(), "AKIATEST", "secret", ACCOUNT, service])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = driver.output().await.map_err(|error| format!("{python}: {error} (scripts/botocore.sh)"))?;
    let (faults, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(()) } else { Err(format!("{faults}{errors}")) }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_takes_and_answers_what_the_public_models_say() {
    examine("main.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_optional_member_works_is_refused_or_is_on_the_list_of_what_has_no_effect() {
    examine("members.py").await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
async fn the_printed_list_of_what_has_no_effect_is_the_one_that_is_walked() {
    let python = std::env::var("ATELIER_BOTOCORE").unwrap_or_else(|_| "python3".to_owned());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let printed = Command::new(&python).arg("-B").arg(root.join("tests/models/kept.py")).output().await.unwrap();
    let kept = std::fs::read_to_string(root.join("docs/kept.md")).unwrap();
    assert_eq!(kept, String::from_utf8_lossy(&printed.stdout), "python3 tests/models/kept.py > docs/kept.md");
}

async fn examine(script: &'static str) {
    let mut examinations: JoinSet<_> = services().iter().map(|service| faults(script, service)).collect();
    let mut found = String::new();
    while let Some(examined) = examinations.join_next().await {
        if let Err(faults) = examined.unwrap() {
            found.push_str(&faults);
        }
    }
    assert!(found.is_empty(), "{found}");
}
