//! Why a folder cannot become the stack's function.

use crate::{
    error::{Code, Error as Report},
    runtimes::{Language, interpreter::NoInterpreter, packages::InstallError},
    text::Message,
};
use std::{io, path::PathBuf};

/// The largest unpacked size that Lambda takes, in bytes.
pub(super) const LARGEST: u64 = 262_144_000;

/// Why a folder cannot become the stack's function.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder, or something in it, cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// What cannot be read.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nothing in the folder says what kind of function it is.
    #[error("no function in `{}`", dir.display())]
    NoFunction {
        /// The folder.
        dir: PathBuf,
        /// What is missing.
        why: Message,
    },
    /// More than one thing in the folder could be the function.
    #[error("more than one function in `{}`", dir.display())]
    Ambiguous {
        /// The folder.
        dir: PathBuf,
        /// What could be it.
        candidates: String,
        /// The flag that decides.
        flag: &'static str,
    },
    /// Something in the folder cannot be in an archive.
    #[error("`{name}` cannot be in the archive: {why}")]
    BadFile {
        /// Its name in the folder.
        name: String,
        /// Why not.
        why: Message,
    },
    /// What is in the folder is larger than Lambda takes.
    #[error("Unzipped size must be smaller than {LARGEST} bytes")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
    },
    /// A variable of the function is one that the stack sets.
    #[error("`{name}` is set by the stack")]
    Reserved {
        /// The variable.
        name: String,
    },
    /// The OpenAPI document is none.
    #[error("`{}` is no OpenAPI document: {why}", path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is no interpreter to install requirements with.
    #[error(transparent)]
    NoInterpreter(#[from] NoInterpreter),
    /// The requirements could not be installed.
    #[error("`{}` could not be installed: {source}", path.display())]
    Requirements {
        /// The file.
        path: PathBuf,
        /// Why.
        source: InstallError,
    },
}

impl From<Error> for Report {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Report {
    fn from(error: &Error) -> Self {
        let words = error.to_string();
        match error {
            Error::Unreadable { path, source } => Self::new(Code::File)
                .with_message("action", Message::new("action.read"))
                .with("path", path.display())
                .cause(source),
            Error::NoFunction { dir, why } => {
                Self::new(Code::NoFunction).with("dir", dir.display()).because_of(why.clone())
            }
            Error::Ambiguous { dir, candidates, flag } => Self::new(Code::AmbiguousFunction)
                .with("dir", dir.display())
                .with("candidates", candidates)
                .hint(Message::new("hint.ambiguous_function").with("flag", flag)),
            Error::BadFile { name, why } => Self::new(Code::BadFunctionFile).with("name", name).because_of(why.clone()),
            Error::TooLarge { size } => Self::new(Code::ArchiveTooLarge)
                .with("size", size.div_ceil(1024 * 1024))
                .with("most", LARGEST / 1024 / 1024)
                .because(words)
                .hint(Message::new("hint.function_too_large")),
            Error::Reserved { name } => Self::new(Code::BadSetting)
                .with("name", format!("function.environment.{name}"))
                .with("value", "…")
                .with_message("rule", Message::new("rule.function_variable")),
            Error::Document { path, why } => Self::new(Code::BadDocument).with("path", path.display()).because(why),
            Error::NoInterpreter(NoInterpreter { runtime }) => {
                Self::new(Code::NoInterpreter).with("language", runtime.language()).with("runtime", runtime).hint(
                    Message::new(match runtime.language() {
                        Language::Python => "hint.install_python",
                        Language::Node => "hint.install_node",
                    })
                    .with("release", runtime.release()),
                )
            }
            Error::Requirements { source: InstallError::Interrupted, .. } => Self::new(Code::Interrupted),
            Error::Requirements { path, source } => {
                let report = Self::new(Code::RequirementsUnavailable).with("path", path.display());
                match source {
                    InstallError::NoTool { tool } => {
                        report.because(source.to_string()).hint(Message::new("hint.install_tool").with("tool", tool))
                    }
                    _ => report.because(source.to_string()),
                }
            }
        }
    }
}
