//! The kinds of engine, as users name them and as records keep them.
//!
//! What differs between them is in facts of the engine (`engine`), never in a comparison elsewhere.

use crate::text::{Message, Verbatim};
use std::fmt;

/// The kinds of engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// This binary, in a background process.
    Embedded,
    /// A container that speaks the AWS API (LocalStack and its kin).
    Localstack,
    /// The cloud.
    Aws,
}

impl Verbatim for EngineKind {}

impl EngineKind {
    /// Returns what people call it.
    #[must_use]
    pub fn message(self) -> Message {
        Message::new(format!("engine.name.{self}"))
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::Localstack => "localstack",
            Self::Aws => "aws",
        })
    }
}
