//! An embedded engine of one command's own (`atelier run`): it begins empty, in a folder of its own below the project's,
//! and is gone when the command is. The project's record and state are not touched.
//!
//! It is tethered: its standard input is a pipe whose other end this process alone holds. When that end is closed, also by
//! a `kill -9`, the engine ends and takes its folder with it. Only an engine and a command that are both killed leave one,
//! which the next such command sweeps away.

use super::{
    embedded,
    installation::{self, Installation},
    local::loopback,
    record::{Process, Record},
};
use crate::{
    disk,
    error::{Code, Result},
    lenience::Lenience,
    progress::Progress,
    secret::random_hex,
    settings::{
        Origin, Setting, Settings,
        roles::{Habits, rotation},
    },
};
use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::Child,
};

/// Where the folders of such engines are, in atelier's own folder of the project.
const RUNS: &str = "runs";

/// An engine that ends with this value, or with this process.
pub struct Temporary {
    folder: Folder,
    record: Record,
    child: Child,
    /// What the engine reads from; dropped, it is cut.
    tether: Option<io::PipeWriter>,
}

/// Starts one, on the port where scripts look for an engine; where that is taken on any free one, unless a flag names it.
///
/// # Errors
/// Says why the machine cannot run it, or that it ended while starting.
pub async fn start(settings: &Settings, progress: &Progress) -> Result<Temporary> {
    Installation::load_or_create_telling(settings, progress)?;
    match start_at(settings.port.clone(), settings, progress).await {
        Err(error) if error.code == Code::PortTaken && !matches!(settings.port.origin, Origin::Flag(_)) => {
            start_at(Setting::default_of(0), settings, progress).await
        }
        started => started,
    }
}

async fn start_at(port: Setting<u16>, settings: &Settings, progress: &Progress) -> Result<Temporary> {
    let folder = Folder::make(&settings.folder)?;
    let (reader, tether) = io::pipe().map_err(|source| folder.unusable(source))?;
    let settings = Settings { folder: folder.0.clone(), port, ..alone(settings) };
    // Nobody is asked here, so that it is lenient on this machine at most.
    let lenient = if settings.lenient.value.is_on() { Lenience::On } else { Lenience::Off };
    let logs = rotation(&settings);
    let habits = Habits { lenient, bridge: None, listen: None, iam: settings.iam.value, logs };
    let (record, child) = embedded::start(&settings, habits, progress, Some(reader)).await?;
    Ok(Temporary { folder, record, child, tether: Some(tether) })
}

/// The settings of an engine that only this machine reaches.
fn alone(settings: &Settings) -> Settings {
    let port = match settings.port.origin {
        Origin::Flag(_) => settings.port.clone(),
        _ => Setting::default_of(0),
    };
    Settings { port, public_endpoint: Setting::default_of(None), rate: Setting::default_of(None), ..settings.clone() }
}

impl Temporary {
    /// The port at which it answers.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.record.port
    }

    /// The URL at which it answers.
    #[must_use]
    pub fn url(&self) -> String {
        loopback(self.record.port)
    }

    /// The settings of a command that works with it.
    #[must_use]
    pub fn settings(&self, settings: &Settings) -> Settings {
        let endpoint = Setting { value: Some(self.url()), origin: Origin::Derived("run") };
        Settings { endpoint, ..alone(settings) }
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(mut self) -> Result<()> {
        drop(self.tether.take());
        if let Some(process) = &self.record.process {
            embedded::stop(process, &Progress::silent()).await?;
        }
        // It is at its end; nobody is kept waiting.
        let _ = self.child.wait();
        drop(self.folder);
        Ok(())
    }
}

/// The folder of one such engine; removed with what is in it.
struct Folder(PathBuf);

impl Folder {
    /// Makes one that only its owner can read, with the project's key pair in it, and sweeps away what is left of others.
    fn make(project: &Path) -> Result<Self> {
        let runs = disk::own_folder(project).join(RUNS);
        sweep(&runs);
        let name = random_hex(4).map_err(|error| unusable(&runs, io::Error::other(error)))?;
        let folder = Self(runs.join(format!("{}-{name}", std::process::id())));
        let own = disk::own_folder(&folder.0);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&own).and_then(|()| {
            fs::copy(installation::credentials_path(project), installation::credentials_path(&folder.0)).map(drop)
        });
        made.map_err(|source| folder.unusable(source))?;
        Ok(folder)
    }

    fn unusable(&self, source: io::Error) -> disk::Error {
        unusable(&self.0, source)
    }
}

fn unusable(path: &Path, source: io::Error) -> disk::Error {
    disk::Error::Io { action: "write", path: path.to_owned(), source }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

/// Removes such a folder, and the one that they are in with the last of them.
pub(crate) fn remove(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    if let Some(runs) = folder.parent() {
        let _ = fs::remove_dir(runs);
    }
}

/// Removes the folders whose command and engine have both ended.
fn sweep(runs: &Path) {
    for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.split('-').next()?.parse().ok()) else { continue };
        let engine = Record::read_from(&entry.path()).and_then(|record| record.process);
        if !Process::of(pid).is_alive() && !engine.is_some_and(|process| process.is_alive()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_ends_have_left_is_swept_away_and_what_is_in_use_is_not() {
        let project = tempfile::tempdir().unwrap();
        let runs = project.path().join(RUNS);
        let own = runs.join(format!("{}-00000000", std::process::id()));
        let left = runs.join(format!("{}-00000000", i32::MAX));
        for folder in [&own, &left, &runs.join("notes")] {
            fs::create_dir_all(folder).unwrap();
        }
        sweep(&runs);
        assert!(own.is_dir() && !left.exists() && runs.join("notes").is_dir());
    }
}
