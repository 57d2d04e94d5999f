//! Why the embedded engine cannot start: from the process that finds it out, through its pipe, to the sentence with the
//! way out.

use crate::{
    disk,
    emulator::{Obstacle, OpenError},
    error::{Code, Error},
    text::Message,
};
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why an engine cannot start.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum Refusal {
    /// Its state is from a version of atelier that knows more.
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's format.
        found: u64,
        /// The newest format that this binary reads.
        known: u64,
    },
    /// Another process works on its folder.
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// Something that is no file stands in the place of one.
    Obstacle {
        /// The file's name.
        path: PathBuf,
        /// What stands there.
        what: Obstacle,
    },
    /// The operating system refuses a file or the folder.
    File {
        /// What was tried.
        path: PathBuf,
        /// Its number, where it has one.
        errno: Option<i32>,
        /// Its words.
        reason: String,
    },
    /// Something else.
    Other {
        /// What was said, the outermost first.
        causes: Vec<String>,
    },
}

impl Refusal {
    /// Says what came in the way.
    pub(crate) fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        match error.downcast_ref::<OpenError>() {
            Some(OpenError::Newer { path, found, known }) => {
                Self::Newer { path: path.clone(), found: *found, known: *known }
            }
            Some(OpenError::InUse { path }) => Self::InUse { path: path.clone() },
            Some(OpenError::Obstacle { path, what }) => Self::Obstacle { path: path.clone(), what: what.clone() },
            Some(OpenError::Folder { path, source }) => {
                Self::File { path: path.clone(), errno: source.raw_os_error(), reason: source.to_string() }
            }
            None => {
                let chain = std::iter::successors(Some(error), |error| error.source());
                Self::Other { causes: chain.map(ToString::to_string).collect() }
            }
        }
    }

    /// Makes the user's error of it; `stopped` says how the process ended, which is all that is known of anything else.
    pub(super) fn into_error(self, stopped: Error) -> Error {
        match self {
            Self::Newer { path, found, known } => {
                let error = Error::new(Code::StateNewer).with("path", path.display());
                error.with("found", found).with("known", known)
            }
            Self::InUse { path } => Error::new(Code::StateInUse).with("path", path.display()),
            Self::Obstacle { path, what: Obstacle::Link(target) } => {
                let cause = Message::new("strange.link_to").with("target", target.display());
                unusable(&path).because_of(cause).hint(Message::new("hint.link"))
            }
            Self::Obstacle { path, what } => {
                let what = if what == Obstacle::Folder { "strange.folder" } else { "strange.irregular" };
                unusable(&path).because_of(Message::new(what)).hint(Message::new("hint.in_the_way"))
            }
            Self::File { path, errno, reason } => {
                let source = errno.map_or_else(|| io::Error::other(reason), io::Error::from_raw_os_error);
                disk::Error::Io { action: "use", path, source }.into()
            }
            Self::Other { causes } => causes.into_iter().fold(stopped, Error::because),
        }
    }
}

fn unusable(path: &Path) -> Error {
    Error::new(Code::File).with_message("action", Message::new("action.use")).with("path", path.display())
}
