//! The language runtimes that functions are written for: their names, this machine's interpreters, and the packages
//! that AWS has beside them.
//!
//! Not here: how a function's process is started (`emulator::runtime`), and what people are told (`commands::runtimes`).

pub mod interpreter;
pub mod packages;

use std::{collections::BTreeMap, ffi::OsStr, fmt, path::PathBuf, str::FromStr};

/// Where this machine keeps interpreters and packages, in the eyes of the user who runs atelier.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Machine {
    /// `PATH`.
    pub path: Option<String>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// Atelier's folder in the user's cache.
    pub cache: Option<PathBuf>,
    /// `DOCKER_HOST`.
    #[serde(default)]
    pub docker_host: Option<String>,
    /// Whether packages that a function's interpreter lacks are installed without being asked for.
    #[serde(default)]
    pub installs: bool,
    /// The variables by which installers find proxies, indexes and certificates. They may hold secrets, and are handed on in
    /// the environment of a process only.
    #[serde(skip)]
    pub tools: BTreeMap<String, String>,
}

impl Machine {
    /// Reads what [`Machine::to_text`] wrote.
    #[must_use]
    pub fn parse(text: &OsStr) -> Option<Self> {
        serde_json::from_str(text.to_str()?).ok()
    }

    /// Writes it as one word for an argument; none of it is secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A programming language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Python.
    Python,
    /// JavaScript on Node.js.
    Node,
}

/// Writes the name that people use.
impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Python => "Python",
            Self::Node => "Node.js",
        })
    }
}

impl crate::text::Verbatim for Language {}

/// A runtime of AWS Lambda that brings an interpreter (`python3.12`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Runtime {
    language: Language,
    /// What tells this language's runtimes apart: the minor version of Python 3, the major version of Node.js.
    release: u32,
}

/// A text that names no runtime with an interpreter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a runtime with an interpreter: expected python3.9 to python3.14 or nodejs18.x to nodejs24.x")]
pub struct UnknownRuntime;

/// The releases of Python 3 that there are runtimes for.
const PYTHON: [u32; 6] = [9, 10, 11, 12, 13, 14];
/// The releases of Node.js that there are runtimes for.
const NODE: [u32; 4] = [18, 20, 22, 24];

/// The runtimes that AWS has ended.
const ENDED: [&str; 6] = ["nodejs12.x", "nodejs14.x", "nodejs16.x", "python3.6", "python3.7", "python3.8"];

impl Runtime {
    /// Finds the runtime whose interpreter runs functions of a runtime's name: of one that AWS has ended, and only lenient
    /// engines take, the oldest of its language.
    #[must_use]
    pub fn that_runs(name: &str) -> Option<Self> {
        let oldest = match name {
            ended if !ENDED.contains(&ended) => return name.parse().ok(),
            ended if ended.starts_with("python") => Self { language: Language::Python, release: PYTHON[0] },
            _ => Self { language: Language::Node, release: NODE[0] },
        };
        Some(oldest)
    }

    /// Lists every runtime, the oldest of each language first.
    pub fn all() -> impl Iterator<Item = Self> {
        let python = PYTHON.map(|release| Self { language: Language::Python, release });
        let node = NODE.map(|release| Self { language: Language::Node, release });
        python.into_iter().chain(node)
    }

    /// The language.
    #[must_use]
    pub fn language(self) -> Language {
        self.language
    }

    /// The release of the language as people write it (`3.12`, `20`).
    #[must_use]
    pub fn release(self) -> String {
        self.language.release(self.release)
    }
}

impl Language {
    fn release(self, number: u32) -> String {
        match self {
            Self::Python => format!("3.{number}"),
            Self::Node => number.to_string(),
        }
    }
}

impl FromStr for Runtime {
    type Err = UnknownRuntime;

    fn from_str(text: &str) -> Result<Self, UnknownRuntime> {
        Self::all().find(|runtime| runtime.to_string() == text).ok_or(UnknownRuntime)
    }
}

/// Writes AWS's name.
impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.language {
            Language::Python => write!(f, "python3.{}", self.release),
            Language::Node => write!(f, "nodejs{}.x", self.release),
        }
    }
}

impl crate::text::Verbatim for Runtime {}

impl serde::Serialize for Runtime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runtime_is_read_from_its_own_name() {
        let names: Vec<String> = Runtime::all().map(|runtime| runtime.to_string()).collect();
        assert_eq!(names.first().map(String::as_str), Some("python3.9"));
        assert_eq!(names.last().map(String::as_str), Some("nodejs24.x"));
        for runtime in Runtime::all() {
            assert_eq!(runtime.to_string().parse(), Ok(runtime));
        }
    }

    #[test]
    fn what_aws_does_not_have_is_no_runtime() {
        for text in ["", "python", "python3", "python3.8", "python3.15", "nodejs20", "nodejs19.x", "provided.al2023"] {
            assert_eq!(text.parse::<Runtime>(), Err(UnknownRuntime), "{text}");
        }
    }
}
