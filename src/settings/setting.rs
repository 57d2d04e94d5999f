//! A value and where it came from.

use std::path::PathBuf;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "name")]
pub enum Origin {
    /// A flag on the command line.
    Flag(&'static str),
    /// A variable of the environment.
    Environment(&'static str),
    /// The file `atelier.toml`.
    File(PathBuf),
    /// Built from what the machine tells (the Codespace's name).
    Derived(&'static str),
    /// Kept from the last `up`, whose engine every command follows.
    Kept,
    /// Nobody said anything.
    Default,
}

/// A value and where it came from.
#[derive(Debug, Clone)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// Makes a value that nobody chose.
    pub fn default_of(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }
}
