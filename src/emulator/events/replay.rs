//! A replay, as it is kept.

use serde::{Deserialize, Serialize};

/// A replay; times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Replay {
    /// The names of the archive and of its bus.
    pub(super) archive: String,
    pub(super) bus: String,
    /// The ARNs of the rules that get the events; all when there are none.
    pub(super) only: Vec<String>,
    pub(super) description: Option<String>,
    /// Which events: from this time on, and before that one.
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) begun: i64,
    pub(super) ended: Option<i64>,
    /// The time of the last event that was put on the bus.
    pub(super) last: Option<i64>,
    pub(super) state: Progress,
    /// Why it has failed.
    #[serde(default)]
    pub(super) reason: Option<String>,
}

/// How far a replay has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Progress {
    Starting,
    Running,
    Cancelling,
    Completed,
    Cancelled,
    Failed,
}
