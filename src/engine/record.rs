//! `.atelier/engine.json`: which engine `up` started here, so that later commands follow it.
//!
//! A record is a claim, not a fact: it may be older than a reboot. [`Process::is_alive`] tells whether the process that
//! it names is still the same one, also when its number has been given to another.

use crate::{
    disk,
    engine_kind::EngineKind,
    lenience::Lenience,
    log::Rotation,
    settings::{Settings, roles::Door},
};
use rustix::process::{Pid, test_kill_process};
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

/// The version of the record's shape; another version counts as no record.
const SCHEMA: u32 = 1;

/// A process, told apart from a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since boot; `None` where the system does not tell.
    pub started: Option<u64>,
}

impl Process {
    /// Describes this process.
    #[must_use]
    pub fn current() -> Self {
        Self::of(std::process::id())
    }

    /// Describes the process that has this number now.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        Self { pid, started: started(pid) }
    }

    /// Whether this very process still runs. Where the system tells when processes start, one that says nothing of that is
    /// none: whoever has the number now may be anybody.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.pid().is_some_and(|pid| test_kill_process(pid).is_ok()) && self.started == started(self.pid)
    }

    /// The number as system calls take it.
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        i32::try_from(self.pid).ok().and_then(Pid::from_raw)
    }
}

/// Reads the start time of a living process: field 22 of `/proc/<pid>/stat`, counted after the command's name, which
/// may hold spaces and brackets itself. A zombie counts as gone.
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    if state == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// What is recorded of a started engine.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// The version of this shape.
    pub schema: u32,
    /// Which kind it is.
    pub kind: EngineKind,
    /// The public port.
    pub port: u16,
    /// The engine's process, where it is one of ours.
    pub process: Option<Process>,
    /// The AWS account that the engine speaks for.
    pub account: String,
    /// Random, drawn at each start.
    pub session: String,
    /// The access key whose signatures the engine accepts, where it is one of ours; the secret is elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// When it was started, RFC 3339 in UTC.
    pub started_at: String,
    /// The image, where the engine is a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The AWS API as functions reach it, where that differs from the public port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_endpoint: Option<String>,
    /// What its door was started with, where it is in the engine's own process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<Door>,
    /// The docker proxy as functions reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker_proxy: Option<String>,
    /// For whom the engine is lenient.
    #[serde(default, skip_serializing_if = "is_strict")]
    pub lenient: Lenience,
    /// The address of Docker's bridge, where a lenient engine listens there, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<IpAddr>,
    /// When the engine is to end by itself, in seconds since the Unix epoch; it looks here itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stops_at: Option<i64>,
    /// Another address than loopback that it listens on, because somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<IpAddr>,
    /// Whether the engine lets the policies of identities have a say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub iam: bool,
    /// How its log is rotated, where it is one of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<Rotation>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "has the shape that serde asks for")]
fn is_strict(lenience: &Lenience) -> bool {
    !lenience.is_on()
}

impl Record {
    /// Starts a record of an engine that starts now, with a session of its own.
    ///
    /// # Errors
    /// Returns the operating system's error when it has no randomness to give.
    pub fn begin(kind: EngineKind, port: u16, account: impl Into<String>) -> Result<Self, getrandom::Error> {
        let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339);
        Ok(Self {
            schema: SCHEMA,
            kind,
            port,
            process: None,
            account: account.into(),
            session: crate::secret::random_hex(8)?,
            access_key_id: None,
            started_at: now.unwrap_or_default(),
            image: None,
            internal_endpoint: None,
            door: None,
            docker_proxy: None,
            lenient: Lenience::Off,
            bridge: None,
            stops_at: None,
            listen: None,
            iam: false,
            logs: None,
        })
    }

    /// Reads the record; one that is absent, damaged or of another version is `None`, because `up` can always write a
    /// new one.
    #[must_use]
    pub fn read(settings: &Settings) -> Option<Self> {
        Self::read_from(&settings.folder)
    }

    /// Reads the record of a project folder; see [`Record::read`].
    #[must_use]
    pub fn read_from(project: &Path) -> Option<Self> {
        let text = disk::read(&path(project)).ok()??;
        serde_json::from_str(&text).ok().filter(|record: &Self| record.schema == SCHEMA)
    }

    /// Returns when the engine was started, without what is below a second: for people.
    #[must_use]
    pub fn started_to_the_second(&self) -> String {
        let is_fraction = |rest: &str| rest.trim_end_matches('Z').bytes().all(|byte| byte.is_ascii_digit());
        match self.started_at.split_once('.') {
            Some((seconds, rest)) if is_fraction(rest) => format!("{seconds}Z"),
            _ => self.started_at.clone(),
        }
    }

    /// Whether the engine's time is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stops_at.is_some_and(|at| at <= time::OffsetDateTime::now_utc().unix_timestamp())
    }

    /// Whether something of it runs in Docker.
    #[must_use]
    pub fn uses_docker(&self) -> bool {
        self.kind.facts().needs_docker() || self.docker_proxy.is_some()
    }

    /// Writes the record.
    ///
    /// # Errors
    /// Returns why the file cannot be written.
    pub fn write_to(&self, project: &Path) -> Result<(), disk::Error> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        disk::replace(&path(project), text.as_bytes(), 0o644)
    }

    /// Removes the record of an engine that has been ended, and keeps how it was for the next `up`.
    ///
    /// # Errors
    /// Returns why the file cannot be removed.
    pub fn retire(project: &Path, record: Option<&Self>) -> Result<(), disk::Error> {
        let (path, last) = (path(project), disk::own_folder(project).join(LAST));
        if let Some(record) = record {
            // A disk that is full has no room for another file, and lets one have another name. A record that only the
            // containers told has no file; what cannot be kept is only not remembered.
            if Self::read_from(project).is_none() || std::fs::rename(&path, &last).is_err() {
                let text = serde_json::to_string_pretty(record).unwrap_or_default();
                let _ = disk::replace(&last, text.as_bytes(), 0o644);
            }
        }
        disk::remove(&path)
    }

    /// Refuses what no record can take the place of: a folder.
    ///
    /// # Errors
    /// Says that it stands there.
    pub fn refuse_folder(project: &Path) -> Result<(), disk::Error> {
        let path = path(project);
        let is_folder = std::fs::symlink_metadata(&path).is_ok_and(|kind| kind.is_dir());
        if is_folder { disk::read(&path).map(drop) } else { Ok(()) }
    }

    /// How the engine was that was ended last.
    #[must_use]
    pub fn last(settings: &Settings) -> Option<Self> {
        let text = disk::read(&disk::own_folder(&settings.folder).join(LAST)).ok()??;
        serde_json::from_str(&text).ok().filter(|record: &Self| record.schema == SCHEMA)
    }
}

const NAME: &str = "engine.json";
/// The file of the last one that was ended.
const LAST: &str = "last-engine.json";

/// Where a project's record is.
#[must_use]
pub fn path(project: &Path) -> PathBuf {
    disk::own_folder(project).join(NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_one_with_its_number_but_another_start_is_not() {
        let this = Process::current();
        assert!(this.is_alive());
        if let Some(started) = this.started {
            for other in [Some(started + 1), None] {
                assert!(!Process { started: other, ..this }.is_alive(), "{other:?}");
            }
        }
    }

    #[test]
    fn a_record_is_put_aside_without_room_for_another_file_and_a_folder_in_its_place_is_told() {
        use std::os::unix::fs::MetadataExt;
        let project = tempfile::tempdir().unwrap();
        let record = Record::begin(EngineKind::Embedded, 4567, "0").unwrap();
        record.write_to(project.path()).unwrap();
        let file = path(project.path()).metadata().unwrap().ino();
        Record::retire(project.path(), Some(&record)).unwrap();
        let last = disk::own_folder(project.path()).join(LAST);
        assert_eq!(last.metadata().unwrap().ino(), file, "the same file under another name");
        assert!(Record::read_from(project.path()).is_none());

        assert!(Record::refuse_folder(project.path()).is_ok());
        std::fs::create_dir(path(project.path())).unwrap();
        assert!(matches!(Record::refuse_folder(project.path()), Err(disk::Error::Strange { .. })));
    }

    #[test]
    fn numbers_that_no_process_can_have_are_dead() {
        assert!(!Process { pid: 0, started: None }.is_alive());
        assert!(!Process { pid: u32::MAX, started: None }.is_alive());
    }
}
