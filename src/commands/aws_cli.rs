//! The AWS CLI of this machine: where it is, and whether it is one that would not follow `AWS_ENDPOINT_URL`.

use crate::{disk, settings::Settings};
use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::time::timeout;

/// The program.
pub(super) const PROGRAM: &str = "aws";
/// The first versions that know `AWS_ENDPOINT_URL`, of each generation.
const KNOW_THE_VARIABLE: [(u32, u32); 2] = [(1, 29), (2, 13)];
/// How long the program may take to tell its version; a cold one takes a second.
const VERSION: Duration = Duration::from_secs(10);

/// Finds the program on the `PATH`.
pub(super) fn find(settings: &Settings) -> Option<PathBuf> {
    let folders = std::env::split_paths(settings.machine.path.as_deref()?);
    let is_program = |path: &PathBuf| path.metadata().is_ok_and(|file| file.is_file() && file.mode() & 0o111 != 0);
    folders.filter(|folder| folder.is_absolute()).map(|folder| folder.join(PROGRAM)).find(is_program)
}

/// What was told once of a program, which is the same as long as its file is.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Told {
    path: PathBuf,
    size: u64,
    modified: i64,
    version: String,
}

/// The version of the AWS CLI on the `PATH`, if it is one that would not follow `AWS_ENDPOINT_URL`.
pub(super) async fn old_version(settings: &Settings) -> Option<String> {
    let version = version(settings).await?;
    (!knows_the_variable(&version)).then_some(version)
}

/// Asks for the version, once for each program: it takes a second to say so.
async fn version(settings: &Settings) -> Option<String> {
    let path = find(settings)?;
    let facts = path.metadata().ok()?;
    let kept = disk::own_folder(&settings.folder).join("aws-cli.json");
    let told = disk::read(&kept).ok().flatten().and_then(|text| serde_json::from_str::<Told>(&text).ok());
    let (size, modified) = (facts.len(), facts.mtime());
    if let Some(told) = told.filter(|told| (&told.path, told.size, told.modified) == (&path, size, modified)) {
        return Some(told.version);
    }
    let mut ask = tokio::process::Command::new(&path);
    ask.arg("--version").stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(VERSION, ask.output()).await.ok()?.ok()?;
    // Old ones say it on stderr.
    let said = [output.stdout, output.stderr].concat();
    let version = parse(&String::from_utf8_lossy(&said))?;
    let told = Told { path, size, modified, version };
    if kept.parent().is_some_and(Path::is_dir) {
        // What cannot be kept is asked for again.
        let _ = disk::replace(&kept, serde_json::to_string(&told).unwrap_or_default().as_bytes(), 0o644);
    }
    Some(told.version)
}

/// Reads `aws-cli/2.9.19 Python/3.11.2 …`.
fn parse(said: &str) -> Option<String> {
    let version = said.trim_start().strip_prefix("aws-cli/")?.split_ascii_whitespace().next()?;
    Some(version.to_owned())
}

fn knows_the_variable(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or_default());
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let first = KNOW_THE_VARIABLE.iter().find(|(generation, _)| *generation == major);
    // A generation that is to come knows what the last one did.
    first.map_or(major > 2, |(_, first)| minor >= *first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_and_judged_by_its_generation() {
        let said = "aws-cli/2.9.19 Python/3.11.2 Linux/6.1.0 source/x86_64.debian.12 prompt/off\n";
        assert_eq!(parse(said).as_deref(), Some("2.9.19"));
        assert_eq!(parse("no such thing"), None);
        for (version, knows) in [
            ("1.18.69", false),
            ("1.22.34", false),
            ("1.29.0", true),
            ("2.9.19", false),
            ("2.13.0", true),
            ("3.0", true),
        ] {
            assert_eq!(knows_the_variable(version), knows, "{version}");
        }
    }
}
