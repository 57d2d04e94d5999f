//! What functions see at `/tmp` and at `/var/task`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    lambda::{self, create_from, document},
    local::Local,
};
use crate::support::{interpreters::here, skipped};
use serde_json::{Value, json};
use std::{collections::BTreeMap, os::unix::fs::MetadataExt, process::Command};

const APP: &str = "
import os, tempfile
def handler(event, context):
    with open('/tmp/' + event['name'], 'a') as file:
        file.write('x')
    return {'size': os.path.getsize('/tmp/' + event['name']), 'listed': sorted(os.listdir('/tmp')), 'own': os.environ.get('TMPDIR'), 'temporary': tempfile.gettempdir()}
";

const CODE: &str = "
import errno, os
def handler(event, context):
    if event.get('fails'):
        raise ValueError('boom')
    with open('/var/task/app.py') as file:
        text = file.read()
    try:
        open('/var/task/new.py', 'w').close()
        refused = None
    except OSError as error:
        refused = errno.errorcode[error.errno]
    places = [os.environ['LAMBDA_TASK_ROOT'], os.getcwd(), __file__]
    folders = [name for name in os.listdir('/var') if os.path.isdir('/var/' + name) and name != 'task']
    var = {name: os.stat('/var/' + name).st_ino for name in folders}
    return {'text': text, 'refused': refused, 'places': places, 'var': var}
";

/// Whether this machine lets a process see other folders than its own at `/tmp`, `/var/task` and, if it has that, `/opt`.
pub(super) fn lets_mount() -> bool {
    let may =
        |arguments: &[&str]| Command::new("unshare").args(arguments).arg("true").status().is_ok_and(|it| it.success());
    may(&["--mount"]) || may(&["--user", "--mount"])
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
        assert_eq!((&seen["own"], &seen["temporary"]), (&Value::Null, &json!("/tmp")));
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

#[tokio::test(flavor = "multi_thread")]
async fn a_function_finds_its_code_where_it_is_at_aws_and_cannot_change_it() {
    let Some(runtime) = here("python").await.into_iter().next() else { return };
    if !lets_mount() {
        return skipped("nobody may mount anything here");
    }
    let local = Local::start().await;
    let client = create_from(&local, "f", runtime, "app.handler", &[("app.py", CODE)]).await;
    let seen = document(&lambda::invoke(&client, "f", "{}").await);
    assert_eq!(seen["text"], CODE, "{seen}");
    assert_eq!(seen["refused"], "EROFS", "{seen}");
    assert_eq!(seen["places"], json!(["/var/task", "/var/task", "/var/task/app.py"]));
    // The rest of `/var` is the machine's.
    let entries = std::fs::read_dir("/var").unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir() && entry.file_name() != "task");
    let folders: BTreeMap<String, u64> = folders
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::metadata(entry.path()).unwrap().ino()))
        .collect();
    assert_eq!(seen["var"], json!(folders));
    let error = document(&lambda::invoke(&client, "f", r#"{"fails":true}"#).await);
    let trace = error["stackTrace"][0].as_str().unwrap();
    assert!(trace.starts_with("  File \"/var/task/app.py\", line 5, in handler\n"), "{error}");
    local.stop().await;
}
