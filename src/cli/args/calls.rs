//! What the verbs accept that show calls that were made.

use crate::settings::{Moment, StatusFilter};
use clap::{Args, ValueEnum};

/// Which calls are wanted, for the verbs that show calls.
#[derive(Debug, Clone, Default, Args)]
pub struct Wanted {
    /// Only what came after this moment.
    #[arg(long, value_name = "WHEN", value_parser = crate::settings::moment)]
    pub since: Option<Moment>,
    /// Only what came before this moment.
    #[arg(long, value_name = "WHEN", value_parser = crate::settings::moment)]
    pub until: Option<Moment>,
    /// Only calls whose answer has one of these statuses.
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = crate::settings::status)]
    pub status: Vec<StatusFilter>,
    /// Only calls that ask for this.
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,
    /// Only calls with the key of this name.
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
    /// Only the call with this id, or this beginning of it.
    #[arg(long, value_name = "ID")]
    pub request: Option<String>,
    /// Only what matches this pattern.
    #[arg(long, value_name = "PATTERN", value_parser = crate::settings::pattern)]
    pub grep: Option<regex_lite::Regex>,
}

/// Arguments of `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// Goes on until Ctrl-C.
    #[arg(long, short, conflicts_with = "until")]
    pub follow: bool,
    /// How many of the last calls and lines.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    pub lines: usize,
    /// Only these sources.
    #[arg(long, value_enum, value_name = "SOURCE", value_delimiter = ',')]
    pub source: Vec<LogSource>,
    /// The lines as they were written.
    #[arg(long)]
    pub raw: bool,
    /// Only what went wrong.
    #[arg(long)]
    pub errors: bool,
    /// Which calls.
    #[command(flatten)]
    pub wanted: Wanted,
}

/// Arguments of `trace`.
#[derive(Debug, Args)]
pub struct Trace {
    /// The request's id, or the beginning of it; without it, the last call.
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

/// Arguments of `history`.
#[derive(Debug, Args)]
pub struct History {
    /// How far back.
    #[arg(long, value_name = "WHEN", value_parser = crate::settings::moment, default_value = "24h")]
    pub since: Moment,
    /// Only what this key did.
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
    /// How many of the last changes.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    pub lines: usize,
}

/// Arguments of `metrics`.
#[derive(Debug, Args)]
pub struct Metrics {
    /// How far back.
    #[arg(long, value_name = "WHEN", value_parser = crate::settings::moment, default_value = "1h")]
    pub since: Moment,
    /// Looks again and again, until Ctrl-C.
    #[arg(long)]
    pub watch: bool,
}

/// Where a log line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogSource {
    /// The engine and, where they are one process, its edge.
    Engine,
    /// The public door's container.
    Edge,
    /// The docker proxy's container.
    Proxy,
    /// The deployed function.
    Lambda,
    /// What `deploy` did.
    Deploy,
}
