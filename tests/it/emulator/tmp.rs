//! What functions see at `/tmp`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    lambda::{self, create_from, document},
    local::Local,
};
use crate::support::{interpreters::here, skipped};
use serde_json::json;
use std::process::Command;

const APP: &str = "
import os, tempfile
def handler(event, context):
    with open('/tmp/' + event['name'], 'a') as file:
        file.write('x')
    return {'size': os.path.getsize('/tmp/' + event['name']), 'listed': sorted(os.listdir('/tmp')), 'own': os.environ['TMPDIR'], 'temporary': tempfile.gettempdir()}
";

/// Whether this machine lets a process see another `/tmp`.
fn lets_mount() -> bool {
    Command::new("unshare").args(["-Urm", "true"]).status().is_ok_and(|status| status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_has_a_tmp_of_its_own_that_lasts_as_long_as_its_process() {
    let Some(runtime) = here("python").await.into_iter().next() else { return };
    if !lets_mount() {
        return skipped("nobody may mount anything here");
    }
    // The machine's `/tmp` is hidden from the function, so its code must not be below it.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let name = folder.path().file_name().unwrap().to_str().unwrap().to_owned();
    let local = Local::start_in(folder).await;
    let client = create_from(&local, "f", runtime, "app.handler", &[("app.py", APP)]).await;
    let event = json!({ "name": name }).to_string();
    for size in 1..3 {
        let seen = document(&lambda::invoke(&client, "f", &event).await);
        assert_eq!(seen["size"], size, "{seen}");
        assert_eq!(seen["listed"], json!([name]), "somebody else's files");
    }
    assert!(!std::path::Path::new("/tmp").join(&name).exists(), "the machine's /tmp was written to");
    // Another process has another one.
    create_from(&local, "g", runtime, "app.handler", &[("app.py", APP)]).await;
    assert_eq!(document(&lambda::invoke(&client, "g", &event).await)["size"], 1);
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_shares_the_machines_tmp_is_told_so_in_its_log() {
    let Some(runtime) = here("python").await.into_iter().next() else { return };
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let local = Local::start_in(folder).await;
    let app = "import os\ndef handler(event, context): return os.environ['TMPDIR']";
    let client = create_from(&local, "f", runtime, "app.handler", &[("app.py", app)]).await;
    let own = document(&lambda::invoke(&client, "f", "{}").await);
    assert!(own.as_str().unwrap().starts_with(local.folder().to_str().unwrap()));
    local.says("atelier: this function sees the machine's /tmp, because ").await;
    local.stop().await;
}
