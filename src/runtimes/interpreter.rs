//! Finds the interpreter of this machine that runs a runtime: the same release where there is one, else the nearest.
//!
//! Looked at are the folders of `PATH` and where version managers keep what they install. A file's name, or the folder
//! that it is in, usually says the version; only an interpreter of which neither does is asked, once.

use super::{Language, Machine, Runtime};
use std::{
    collections::HashMap,
    fmt, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::{process::Command, time::timeout};

/// How long an interpreter may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(5);

/// The oldest releases that the runtime clients run on.
const OLDEST_PYTHON: u32 = 9;
const OLDEST_NODE: u32 = 18;

/// A version: its release is the minor number of Python 3 and the major number of Node.js.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u32,
    minor: u32,
    /// Absent where only a file's name told.
    patch: Option<u32>,
}

impl Version {
    /// Reads the version at the beginning of a text (`3.12.1-linux-x86_64`, `20.11`).
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            (part[..end].parse::<u32>(), &part[end..])
        });
        let (Ok(major), "") = numbers.next()? else { return None };
        let (Ok(minor), _) = numbers.next()? else { return None };
        Some(Self { major, minor, patch: numbers.next().and_then(|(patch, _)| patch.ok()) })
    }

    /// Tells whether it is this version or a later one.
    #[must_use]
    pub fn is_at_least(self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }

    /// What tells the runtimes of a language apart; `None` for a version that none of them runs on.
    fn release(self, language: Language) -> Option<u32> {
        match language {
            Language::Python => (self.major == 3 && self.minor >= OLDEST_PYTHON).then_some(self.minor),
            Language::Node => (self.major >= OLDEST_NODE).then_some(self.major),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}

impl crate::text::Verbatim for Version {}

/// An interpreter that can run functions of a runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// What runtime it was looked up for.
    pub runtime: Runtime,
    /// Its file, as it was found: through a virtual environment's link it has that environment's packages.
    pub path: PathBuf,
    /// Its version.
    pub version: Version,
}

impl Interpreter {
    /// Tells whether it is of the release that the runtime has at AWS.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.version.release(self.runtime.language) == Some(self.runtime.release)
    }

    /// The release of its language as people write it (`3.12`, `20`).
    #[must_use]
    pub fn release(&self) -> String {
        self.runtime.language.release(self.version.release(self.runtime.language).unwrap_or_default())
    }

    /// Says that it is another release than the runtime's, where it is.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        let Self { runtime, path, version } = self;
        let (language, release) = (runtime.language, runtime.release());
        let remark = format!(
            "{language} {version} at {} runs this {runtime} function: no {language} {release} was found",
            path.display()
        );
        (!self.is_exact()).then_some(remark)
    }
}

/// This machine has no interpreter for a runtime.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no {} for {runtime} is on this machine: install {} {} ({}), or Docker", .runtime.language, .runtime.language, .runtime.release(), .runtime.remedy())]
pub struct NoInterpreter {
    /// The runtime.
    pub runtime: Runtime,
}

impl Runtime {
    /// The commands that install its interpreter.
    #[must_use]
    pub fn remedy(self) -> String {
        let release = self.release();
        match self.language {
            Language::Python => format!("`uv python install {release}` or `pyenv install {release}`"),
            Language::Node => format!("`nvm install {release}` or `fnm install {release}`"),
        }
    }
}

/// Where version managers keep interpreters: below a folder, one folder per version.
struct Shelf {
    language: Language,
    /// Below the home folder, or from the root on.
    folder: &'static str,
    /// What stands before the version in a folder's name.
    prefix: &'static str,
    /// The folder of the programs inside.
    programs: &'static str,
}

const fn shelf(language: Language, folder: &'static str, prefix: &'static str, programs: &'static str) -> Shelf {
    Shelf { language, folder, prefix, programs }
}

const SHELVES: [Shelf; 15] = [
    shelf(Language::Python, ".pyenv/versions", "", "bin"),
    shelf(Language::Python, ".local/share/uv/python", "cpython-", "bin"),
    shelf(Language::Python, ".local/share/mise/installs/python", "", "bin"),
    shelf(Language::Python, ".asdf/installs/python", "", "bin"),
    // Dev containers, Codespaces' own image, GitHub's runners.
    shelf(Language::Python, "/usr/local/python", "", "bin"),
    shelf(Language::Python, "/opt/python", "", "bin"),
    shelf(Language::Python, "/opt/hostedtoolcache/Python", "", "x64/bin"),
    shelf(Language::Node, ".nvm/versions/node", "v", "bin"),
    shelf(Language::Node, ".local/share/fnm/node-versions", "v", "installation/bin"),
    shelf(Language::Node, ".volta/tools/image/node", "", "bin"),
    shelf(Language::Node, ".local/share/mise/installs/node", "", "bin"),
    shelf(Language::Node, ".asdf/installs/nodejs", "", "bin"),
    shelf(Language::Node, "/usr/local/share/nvm/versions/node", "v", "bin"),
    shelf(Language::Node, "/usr/local/nvm/versions/node", "v", "bin"),
    shelf(Language::Node, "/opt/hostedtoolcache/node", "", "x64/bin"),
];

/// Finds interpreters; keeps what those that were asked have said.
#[derive(Debug)]
pub struct Finder {
    path: Vec<PathBuf>,
    home: Option<PathBuf>,
    root: PathBuf,
    told: Mutex<HashMap<(PathBuf, SystemTime), Option<Version>>>,
}

/// A file that is an interpreter by its name.
struct Candidate {
    path: PathBuf,
    version: Option<Version>,
}

impl Finder {
    /// Looks in the folders of the machine's `PATH`, and where version managers keep what they install.
    #[must_use]
    pub fn new(machine: &Machine) -> Self {
        let path = machine.path.as_deref().map(std::env::split_paths).into_iter().flatten();
        let path = path.filter(|folder| folder.is_absolute()).collect();
        Self { path, home: machine.home.clone(), root: PathBuf::from("/"), told: Mutex::default() }
    }

    /// Finds the interpreter for a runtime.
    ///
    /// # Errors
    /// When there is none that its client runs on.
    pub async fn find(&self, runtime: Runtime) -> Result<Interpreter, NoInterpreter> {
        let mut candidates = self.candidates(runtime.language);
        if !candidates.iter().any(|candidate| distance(candidate, runtime) == Some(0)) {
            self.ask_those_unknown(&mut candidates).await;
        }
        by_distance(candidates, runtime).into_iter().next().ok_or(NoInterpreter { runtime })
    }

    /// Finds every interpreter that a runtime's client runs on, the nearest first.
    pub async fn find_all(&self, runtime: Runtime) -> Vec<Interpreter> {
        let mut candidates = self.candidates(runtime.language);
        self.ask_those_unknown(&mut candidates).await;
        by_distance(candidates, runtime)
    }

    async fn ask_those_unknown(&self, candidates: &mut [Candidate]) {
        for candidate in candidates.iter_mut().filter(|candidate| candidate.version.is_none()) {
            candidate.version = self.ask(&candidate.path).await;
        }
    }

    fn candidates(&self, language: Language) -> Vec<Candidate> {
        let in_path = |folder: &PathBuf| {
            // A version manager's stand-ins fail for every version but the chosen one: what they stand for is looked at.
            if folder.ends_with("shims") { behind_shims(folder, language) } else { in_folder(folder, language) }
        };
        let mut found: Vec<Candidate> = self.path.iter().flat_map(in_path).collect();
        for shelf in SHELVES.iter().filter(|shelf| shelf.language == language) {
            let folder = match (shelf.folder.strip_prefix('/'), &self.home) {
                (Some(below), _) => self.root.join(below),
                (None, Some(home)) => home.join(shelf.folder),
                (None, None) => continue,
            };
            found.extend(on_shelf(&folder, shelf));
        }
        found
    }

    /// Asks an interpreter for its version; again only when its file has changed.
    async fn ask(&self, path: &Path) -> Option<Version> {
        let changed = fs::metadata(path).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        let key = (path.to_owned(), changed);
        let told = |this: &Self| this.told.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some(version) = told(self) {
            return version;
        }
        let version = ask(path).await;
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(key, version);
        version
    }
}

/// The interpreters of the version manager that a folder of stand-ins belongs to: pyenv's, or mise's and asdf's.
fn behind_shims(folder: &Path, language: Language) -> Vec<Candidate> {
    let own = folder.parent().unwrap_or(folder);
    let places: &[&str] = match language {
        Language::Python => &["versions", "installs/python"],
        Language::Node => &["installs/node", "installs/nodejs"],
    };
    let shelf = |place: &&'static str| on_shelf(&own.join(place), &shelf(language, place, "", "bin"));
    places.iter().flat_map(shelf).collect()
}

/// Sorts what a runtime's client runs on, the nearest first; of two that are as near, the newer. Of equals the first stays so:
/// what is in `PATH` comes before what version managers keep.
fn by_distance(candidates: Vec<Candidate>, runtime: Runtime) -> Vec<Interpreter> {
    let mut near: Vec<_> =
        candidates.into_iter().filter_map(|candidate| Some((distance(&candidate, runtime)?, candidate))).collect();
    near.sort_by_key(|(distance, candidate)| {
        let newer = candidate.version.and_then(|version| version.release(runtime.language)) > Some(runtime.release);
        (*distance, !newer)
    });
    let found = near.into_iter().filter_map(|(_, Candidate { path, version })| Some((path, version?)));
    found.map(|(path, version)| Interpreter { runtime, path, version }).collect()
}

/// How far an interpreter's release is from a runtime's.
fn distance(candidate: &Candidate, runtime: Runtime) -> Option<u32> {
    let release = candidate.version?.release(runtime.language)?;
    Some(release.abs_diff(runtime.release))
}

/// The interpreters of a folder with programs. Those of the plain name are asked, when nothing tells what they are.
fn in_folder(folder: &Path, language: Language) -> Vec<Candidate> {
    let plain: &[&str] = match language {
        Language::Python => &["python3", "python"],
        Language::Node => &["node", "nodejs"],
    };
    let mut names: Vec<String> = plain.iter().map(|name| (*name).to_owned()).collect();
    if language == Language::Python {
        names.extend(super::PYTHON.map(|release| format!("python3.{release}")));
    }
    let programs = names.iter().map(|name| folder.join(name)).filter(|path| is_program(path));
    programs.map(|path| Candidate { version: version_in_path(&path, language), path }).collect()
}

/// The interpreters that a version manager has installed, the newest first.
fn on_shelf(folder: &Path, shelf: &Shelf) -> Vec<Candidate> {
    let program = match shelf.language {
        Language::Python => "python3",
        Language::Node => "node",
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let versions = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let version = name.strip_prefix(shelf.prefix).filter(|text| !is_odd(text)).and_then(Version::parse)?;
        let path = entry.path().join(shelf.programs).join(program);
        is_program(&path).then_some(Candidate { path, version: Some(version) })
    });
    let mut versions: Vec<Candidate> = versions.collect();
    versions.sort_by_key(|found| std::cmp::Reverse(found.version));
    versions
}

/// Tells whether a version's name is of a build that behaves differently: one without the global lock.
fn is_odd(name: &str) -> bool {
    name.contains("freethreaded") || name.ends_with('t')
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Reads the version from the name of the file that a path leads to (`python3.11`), or of a folder that it is in
/// (`v20.11.1`).
fn version_in_path(path: &Path, language: Language) -> Option<Version> {
    let target = fs::canonicalize(path).ok()?;
    let name = target.file_name()?.to_str()?;
    if let Some(version) = name.strip_prefix("python").filter(|_| language == Language::Python).and_then(Version::parse)
    {
        return Some(version);
    }
    let folders = target.parent()?.components().rev().filter_map(|part| part.as_os_str().to_str());
    let names = folders.map(|name| name.strip_prefix('v').unwrap_or(name)).filter(|name| !is_odd(name));
    names.filter_map(Version::parse).find(|version| version.patch.is_some())
}

/// Starts an interpreter to tell its version.
async fn ask(path: &Path) -> Option<Version> {
    let child = Command::new(path)
        .arg("--version")
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let Output { status, stdout, .. } = timeout(PATIENCE, child).await.ok()?.ok()?;
    let text = String::from_utf8(stdout).ok().filter(|_| status.success())?;
    // `Python 3.11.2`, `v20.11.1`
    Version::parse(text.trim().trim_start_matches("Python ").trim_start_matches('v'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("20.17.0").is_at_least(20, 17) && version("22.0").is_at_least(20, 17));
        assert!(!version("20.9.1").is_at_least(20, 17) && !version("18.20").is_at_least(20, 17));
    }

    /// A machine of a test's own, whose interpreters are scripts that tell their version and leave a mark.
    struct Fake {
        folder: tempfile::TempDir,
        path: Vec<&'static str>,
    }

    impl Fake {
        fn new(path: &[&'static str]) -> Self {
            Self { folder: tempfile::tempdir().unwrap(), path: path.to_vec() }
        }

        /// Puts an interpreter of a version into a place of the machine.
        fn with(self, place: &str, version: &str) -> Self {
            let file = self.folder.path().join(place);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            let mark = self.folder.path().join("asked").display().to_string();
            let script = format!("#!/bin/sh\necho x >> {mark}\necho '{version}'\n");
            // By another process: a child that another test forks while this one writes would keep the file busy.
            let mut write = std::process::Command::new("sh");
            write.args(["-c", r#"printf %s "$1" > "$2" && chmod 755 "$2""#, "sh", &script]).arg(&file);
            assert!(write.status().unwrap().success());
            self
        }

        fn linked(self, place: &str, target: &str) -> Self {
            std::os::unix::fs::symlink(target, self.folder.path().join(place)).unwrap();
            self
        }

        fn finder(&self) -> Finder {
            let path = std::env::join_paths(self.path.iter().map(|folder| self.folder.path().join(folder))).unwrap();
            let (path, home) = (path.into_string().ok(), Some(self.folder.path().join("home")));
            let finder = Finder::new(&Machine { path, home, ..Machine::default() });
            Finder { root: self.folder.path().to_owned(), ..finder }
        }

        async fn finds(&self, runtime: &str) -> Option<String> {
            let found = self.finder().find(runtime.parse().unwrap()).await.ok()?;
            let place = found.path.strip_prefix(self.folder.path()).unwrap().display().to_string();
            let mut text = format!("{place} {}", found.version);
            if !found.is_exact() {
                write!(text, " not exact").unwrap();
            }
            Some(text)
        }

        fn asked(&self) -> usize {
            fs::read_to_string(self.folder.path().join("asked")).unwrap_or_default().lines().count()
        }
    }

    #[tokio::test]
    async fn a_name_with_the_version_in_path_is_found_without_asking_it() {
        let machine = Fake::new(&["usr/bin"]).with("usr/bin/python3.12", "").with("usr/bin/python3", "Python 3.11.2");
        assert_eq!(machine.finds("python3.12").await.as_deref(), Some("usr/bin/python3.12 3.12"));
        assert_eq!(machine.asked(), 0);
    }

    #[tokio::test]
    async fn a_link_says_what_it_leads_to() {
        let machine = Fake::new(&["usr/bin"]).with("usr/bin/python3.11", "").linked("usr/bin/python3", "python3.11");
        assert_eq!(machine.finds("python3.11").await.as_deref(), Some("usr/bin/python3 3.11"));
        assert_eq!(machine.asked(), 0);
    }

    #[tokio::test]
    async fn version_managers_are_looked_through_and_the_newest_patch_is_taken() {
        let machine = Fake::new(&["usr/bin"])
            .with("home/.pyenv/versions/3.9.2/bin/python3", "")
            .with("home/.pyenv/versions/3.9.18/bin/python3", "")
            .with("home/.local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3", "")
            .with("home/.local/share/uv/python/cpython-3.14.0+freethreaded-linux-x86_64-gnu/bin/python3", "")
            .with("home/.nvm/versions/node/v20.11.1/bin/node", "")
            .with("home/.local/share/fnm/node-versions/v22.1.0/installation/bin/node", "")
            .with("opt/hostedtoolcache/node/18.20.0/x64/bin/node", "");
        for (runtime, found) in [
            ("python3.9", "home/.pyenv/versions/3.9.18/bin/python3 3.9.18"),
            ("python3.13", "home/.local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3 3.13.1"),
            ("python3.14", "home/.local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3 3.13.1 not exact"),
            ("nodejs20.x", "home/.nvm/versions/node/v20.11.1/bin/node 20.11.1"),
            ("nodejs22.x", "home/.local/share/fnm/node-versions/v22.1.0/installation/bin/node 22.1.0"),
            ("nodejs18.x", "opt/hostedtoolcache/node/18.20.0/x64/bin/node 18.20.0"),
        ] {
            assert_eq!(machine.finds(runtime).await.as_deref(), Some(found));
        }
        assert_eq!(machine.asked(), 0);
    }

    #[tokio::test]
    async fn one_whose_name_says_nothing_is_asked_once() {
        let machine = Fake::new(&["usr/bin"]).with("usr/bin/node", "v21.7.3");
        let finder = machine.finder();
        for _ in 0..2 {
            let found = finder.find("nodejs20.x".parse().unwrap()).await.unwrap();
            assert_eq!((found.version.to_string().as_str(), found.is_exact()), ("21.7.3", false));
        }
        assert_eq!(machine.asked(), 1);
    }

    #[tokio::test]
    async fn where_there_is_no_equal_the_nearest_runs_and_says_so() {
        let machine = Fake::new(&["a", "b"]).with("a/python3.10", "").with("b/python3.13", "");
        assert_eq!(machine.finds("python3.11").await.as_deref(), Some("a/python3.10 3.10 not exact"));
        assert_eq!(machine.finds("python3.14").await.as_deref(), Some("b/python3.13 3.13 not exact"));
        let found = machine.finder().find("python3.12".parse().unwrap()).await.unwrap();
        let remark = found.remark().unwrap();
        assert!(remark.starts_with("Python 3.13 at "), "{remark}");
        assert!(remark.ends_with("/b/python3.13 runs this python3.12 function: no Python 3.12 was found"), "{remark}");
    }

    #[tokio::test]
    async fn of_two_that_are_as_near_the_newer_runs() {
        let machine = Fake::new(&["a"]).with("a/python3.10", "").with("a/python3.12", "");
        assert_eq!(machine.finds("python3.11").await.as_deref(), Some("a/python3.12 3.12 not exact"));
    }

    #[tokio::test]
    async fn stand_ins_old_versions_and_what_does_not_answer_are_none() {
        let machine = Fake::new(&["manager/shims", "old", "broken"])
            .with("manager/shims/python3.12", "")
            .with("old/python3", "Python 3.6.9")
            .with("old/node", "v16.20.0")
            .with("broken/python3", "no version at all");
        assert_eq!(machine.finds("python3.12").await, None);
        assert_eq!(machine.finds("nodejs20.x").await, None);
    }

    #[tokio::test]
    async fn what_stand_ins_stand_for_has_their_place_in_path() {
        let machine = Fake::new(&["manager/shims", "usr/bin"])
            .with("manager/shims/python3", "")
            .with("manager/versions/3.11.7/bin/python3", "")
            .with("usr/bin/python3.11", "")
            .with("usr/bin/python3.10", "");
        let found = machine.finds("python3.11").await;
        assert_eq!(found.as_deref(), Some("manager/versions/3.11.7/bin/python3 3.11.7"));
        assert_eq!(machine.finds("python3.10").await.as_deref(), Some("usr/bin/python3.10 3.10"));
        assert_eq!(machine.asked(), 0);
    }

    #[tokio::test]
    async fn the_error_names_both_ways_out() {
        let error = Fake::new(&[]).finder().find("python3.12".parse().unwrap()).await.unwrap_err().to_string();
        assert!(error.contains("`uv python install 3.12`") && error.ends_with("or Docker"), "{error}");
    }

    #[test]
    fn versions_are_read_as_far_as_they_are_numbers() {
        let text = |text| Version::parse(text).map(|version| version.to_string());
        assert_eq!(text("3.12.1-linux-x86_64-gnu").as_deref(), Some("3.12.1"));
        assert_eq!(text("3.14.0rc2").as_deref(), Some("3.14.0"));
        assert_eq!(text("3.12").as_deref(), Some("3.12"));
        for none in ["", "3", "miniconda3-24.1", "system", "-1.2", "99999999999.1"] {
            assert_eq!(text(none), None, "{none}");
        }
    }
}
