//! GitHub Codespaces: its forwarded ports are private until somebody makes them public, and again after each restart.
//!
//! The public URL itself is a setting (built from the Codespace's variables); here the port behind it is opened with
//! `gh`, where that is there and signed in. Not here: a private port is recognised by its answer, in `http_client`.

use super::record::Record;
use crate::{
    error::{Code, Error},
    progress::Progress,
    settings::{Origin, Settings},
    text::Message,
};
use std::{process::Stdio, time::Duration};
use tokio::{
    process::Command,
    time::{Instant, sleep, timeout},
};

/// How long a port may take until Codespaces lists it, which it does once something listens.
const LISTED: Duration = Duration::from_secs(20);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// How long `gh` may take for one; it asks a server.
const ONE_TRY: Duration = Duration::from_secs(15);
/// The exit code by which `gh` says that it is not signed in.
const NOT_SIGNED_IN: i32 = 4;

/// What the user has to do by hand when a port is private.
#[must_use]
pub fn manual_step(port: u16) -> Message {
    Message::new("hint.codespace_port").with("port", port)
}

/// The error of a public URL whose port only its owner can call.
#[must_use]
pub fn private_port(settings: &Settings, url: &str) -> Error {
    let port = Record::read(settings).map_or(settings.port.value, |record| record.port);
    Error::new(Code::PrivatePort).with("url", url).hint(manual_step(port))
}

/// Makes the public port public where this is a Codespace; says what is left to do when it could not. Never an error:
/// the engine runs all the same.
pub async fn open_port(settings: &Settings, port: u16, progress: &Progress) {
    // Who names a public URL of his own does not go through the Codespace's port.
    let is_forwarded = matches!(settings.public_endpoint.origin, Origin::Derived(_) | Origin::Default);
    let Some(name) = settings.codespace.as_ref().filter(|_| is_forwarded) else { return };
    match make_public("gh", name, port).await {
        Outcome::Public => progress.note(Message::new("codespace.public").with("port", port)),
        Outcome::No => progress.warn(manual_step(port)),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// `gh` says that the port is public now.
    Public,
    /// There is no `gh`, it is not signed in, or the port was not listed in time.
    No,
}

async fn make_public(gh: &str, codespace: &str, port: u16) -> Outcome {
    let end = Instant::now() + LISTED;
    loop {
        let tried = Command::new(gh)
            .args(["codespace", "ports", "visibility", &format!("{port}:public"), "-c", codespace])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .status();
        match timeout(ONE_TRY, tried).await {
            Ok(Ok(status)) if status.success() => return Outcome::Public,
            Ok(Ok(status)) if status.code() != Some(NOT_SIGNED_IN) && Instant::now() < end => sleep(PAUSE).await,
            _ => return Outcome::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    /// A `gh` that writes down its arguments and ends with the codes of `codes`, one per call.
    fn fake_gh(folder: &Path, codes: &[i32]) -> String {
        let lines: Vec<String> = codes.iter().map(i32::to_string).collect();
        fs::write(folder.join("codes"), lines.join("\n")).unwrap();
        let script = format!(
            "#!/bin/sh\ncd '{}'\necho \"$@\" >> calls\nexit \"$(sed -n \"$(wc -l < calls)p\" codes)\"\n",
            folder.display()
        );
        let (draft, gh) = (folder.join("draft"), folder.join("gh"));
        fs::write(&draft, script).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
        // Another process makes the copy: a file that this one has open while another test forks cannot be run.
        assert!(std::process::Command::new("cp").args([&draft, &gh]).status().unwrap().success());
        gh.display().to_string()
    }

    #[tokio::test]
    async fn the_port_is_made_public_as_soon_as_it_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        let gh = fake_gh(folder.path(), &[1, 0]);
        assert_eq!(make_public(&gh, "fuzzy-fish", 4566).await, Outcome::Public);
        let calls = fs::read_to_string(folder.path().join("calls")).unwrap();
        assert_eq!(calls, "codespace ports visibility 4566:public -c fuzzy-fish\n".repeat(2));
    }

    #[tokio::test]
    async fn without_gh_or_signed_out_the_manual_step_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let gh = fake_gh(folder.path(), &[NOT_SIGNED_IN]);
        assert_eq!(make_public(&gh, "fuzzy-fish", 4566).await, Outcome::No);
        assert_eq!(fs::read_to_string(folder.path().join("calls")).unwrap().lines().count(), 1, "asked once");
        assert_eq!(make_public("/nonexistent/gh", "fuzzy-fish", 4566).await, Outcome::No);
    }
}
