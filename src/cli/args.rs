//! What each verb accepts.

mod call;
mod calls;
mod nested;

pub use call::{Call, Called};
pub use calls::{History, LogSource, Logs, Metrics, Trace, Wanted};
pub use nested::{
    Config, ConfigAction, ConfigShow, Key, KeyAction, KeyCreate, KeyList, KeyRevoke, KeyRotate, Runtimes,
    RuntimesAction, RuntimesInstall, RuntimesList, Schedule, ScheduleAction, ScheduleList, ScheduleRemove, ScheduleSet,
};

use crate::{
    contract::Lifetime,
    edge::limits::Limit,
    export_format::Format,
    lenience::Lenience,
    names::{ContainerName, InstanceName, InstanceType},
    settings::Auth,
};
use clap::{Args, ValueEnum};
use std::{ffi::OsString, net::IpAddr, path::PathBuf, time::Duration};

/// Arguments of `up`.
#[derive(Debug, Args)]
pub struct Up {
    /// The engine's image, instead of the pinned one.
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// How often one client may call the edge.
    #[arg(long, value_name = "RATE", value_parser = crate::settings::rate)]
    pub rate: Option<Limit>,
    /// Lets pass what `LocalStack` lets pass.
    #[arg(
        long,
        value_name = "WHERE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "on",
        value_parser = crate::settings::lenient
    )]
    pub lenient: Option<Lenience>,
    /// Ends the embedded engine after that.
    #[arg(long, value_name = "DURATION", value_parser = crate::settings::lifetime)]
    pub stop_after: Option<Lifetime>,
    /// Another address that it listens on.
    #[arg(long, value_name = "ADDRESS", value_parser = crate::settings::address)]
    pub listen: Option<IpAddr>,
    /// Stays until the engine ends, and ends it on Ctrl-C.
    #[arg(long)]
    pub foreground: bool,
    /// Lets the policies of identities have a say.
    #[arg(
        long,
        value_name = "WHETHER",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "on",
        value_parser = crate::settings::switch
    )]
    pub iam: Option<bool>,
    /// Does not ask.
    #[arg(long, short)]
    pub yes: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The id of the call, as its answer carries it.
    #[arg(value_name = "REQUEST-ID")]
    pub request_id: Option<String>,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The language.
    #[arg(value_enum, value_name = "LANGUAGE", default_value = "python")]
    pub template: Template,
    /// Writes over what is there.
    #[arg(long)]
    pub force: bool,
}

/// A language with an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Template {
    /// Python.
    Python,
    /// Node.js.
    Node,
    /// Rust.
    Rust,
    /// A shell script.
    Bash,
}

/// Arguments of `down`.
#[derive(Debug, Args)]
pub struct Down {
    /// Does not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// Stops the engines of every folder of this user.
    #[arg(long)]
    pub all: bool,
}

/// Arguments of `deploy`.
#[derive(Debug, Args)]
pub struct Deploy {
    /// Only tells what would be done.
    #[arg(long)]
    pub dry_run: bool,
    /// Deploys again whenever the binary changes.
    #[arg(long, conflicts_with = "dry_run")]
    pub watch: bool,
    /// Builds the binary whenever its sources change.
    #[arg(long, value_name = "COMMAND", requires = "watch")]
    pub build: Option<String>,
    /// The folder of a function of one's own; kept in `atelier.toml`.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub function: Option<PathBuf>,
    /// Its runtime.
    #[arg(long, value_name = "RUNTIME")]
    pub runtime: Option<String>,
    /// Its handler.
    #[arg(long, value_name = "HANDLER")]
    pub handler: Option<String>,
    /// Who may call the API; kept in `atelier.toml`.
    #[arg(long, value_enum, value_name = "AUTH")]
    pub auth: Option<Auth>,
    /// An instance by name and type; kept in `atelier.toml`.
    #[arg(long, value_name = "NAME=TYPE", value_parser = crate::settings::instance_entry)]
    pub instance: Vec<(InstanceName, InstanceType)>,
    /// A container by name and image; kept in `atelier.toml`.
    #[arg(long, value_name = "NAME=IMAGE", value_parser = crate::settings::container_entry)]
    pub container: Vec<(ContainerName, String)>,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Exits 1 when something is pending.
    #[arg(long)]
    pub check: bool,
    /// A state of Terraform's to compare with, instead of what is deployed.
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub against: Option<PathBuf>,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The tool.
    #[arg(value_enum, value_name = "TOOL")]
    pub format: Format,
    /// The folder, instead of one with the tool's name.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Writes over what is there.
    #[arg(long)]
    pub force: bool,
    /// Takes over the stack that runs.
    #[arg(long)]
    pub import: bool,
}

/// Arguments of `clean`.
#[derive(Debug, Args)]
pub struct Clean {
    /// Does not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// Removes every stack, not only this one.
    #[arg(long)]
    pub all: bool,
}

/// Arguments of `test`.
#[derive(Debug, Args)]
pub struct Test {
    /// Who else is told.
    #[command(flatten)]
    pub report: TestReporting,
}

/// Who is told of checks besides the terminal.
#[derive(Debug, Args)]
pub struct TestReporting {
    /// A file for the result as `JUnit` XML.
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub junit: Option<PathBuf>,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Exits 5 unless everything is healthy.
    #[arg(long)]
    pub check: bool,
    /// Looks again until everything is healthy, for this long at most.
    #[arg(long, value_name = "DURATION", value_parser = crate::settings::duration)]
    pub wait: Option<Duration>,
    /// The form of the answer.
    #[arg(long, short, value_enum, value_name = "FORM", conflicts_with = "json")]
    pub output: Option<StatusOutput>,
    /// Looks again and again, until Ctrl-C.
    #[arg(long, conflicts_with_all = ["wait", "check", "output"])]
    pub watch: bool,
    /// Every stack of this engine, and every folder of this user that has an engine.
    #[arg(long, conflicts_with_all = ["wait", "output"])]
    pub all: bool,
}

/// A form of `status` for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatusOutput {
    /// `NAME='value'` lines.
    Env,
    /// As `--json`.
    Json,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Prints a text to paste into a bug report.
    #[arg(long)]
    pub report: bool,
    /// Tells what worked on a lenient engine and fails on AWS.
    #[arg(long, conflicts_with = "report")]
    pub aws: bool,
    /// Empties that record once it is told.
    #[arg(long, requires = "aws")]
    pub forget: bool,
}

/// Arguments of `dashboard`.
#[derive(Debug, Args)]
pub struct Dashboard {
    /// Prints the URL and opens no browser.
    #[arg(long)]
    pub url: bool,
    /// Lets pages change something on AWS.
    #[arg(long)]
    pub allow_writes: bool,
    /// Prints a second URL, for others, that only looks; it lasts this long.
    #[arg(long, value_name = "DURATION", value_parser = crate::settings::duration)]
    pub share: Option<Duration>,
}

/// Arguments of `open`.
#[derive(Debug, Args)]
pub struct Open {
    /// Prints the URL instead of opening it.
    #[arg(long)]
    pub url: bool,
}

/// Arguments of `bonus`.
#[derive(Debug, Args)]
pub struct Bonus {
    /// The container's image.
    #[arg(long, value_name = "IMAGE", default_value = crate::docker::image::BONUS)]
    pub image: String,
    /// Its name; containers share theirs with everybody who uses this Docker.
    #[arg(long, value_name = "NAME", default_value = crate::docker::image::BONUS_NAME)]
    pub name: ContainerName,
}

/// Arguments of `test-bonus`.
#[derive(Debug, Args)]
pub struct TestBonus {
    /// The container's name.
    #[arg(long, value_name = "NAME", default_value = crate::docker::image::BONUS_NAME)]
    pub name: ContainerName,
    /// Who else is told.
    #[command(flatten)]
    pub report: TestReporting,
}

/// Arguments of `env`.
#[derive(Debug, Args)]
pub struct Env {
    /// The shell that will read the lines; by default `SHELL` tells.
    #[arg(long, value_enum, value_name = "SHELL")]
    pub shell: Option<EnvShell>,
}

/// A shell whose way to set variables we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EnvShell {
    /// `export NAME='value'`
    Bash,
    /// As bash.
    Zsh,
    /// `set -gx NAME 'value'`
    Fish,
}

/// Arguments of `aws`.
#[derive(Debug, Args)]
pub struct Aws {
    /// What the AWS CLI is told, as it is.
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<OsString>,
}

/// Arguments of `help`.
#[derive(Debug, Args)]
pub struct Help {
    /// The verb, in as many words as it has.
    #[arg(value_name = "COMMAND")]
    pub verb: Vec<String>,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Lets pass what `LocalStack` lets pass, where the command has an engine of its own.
    #[arg(long)]
    pub lenient: bool,
    /// The command and its arguments.
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, value_hint = clap::ValueHint::CommandWithArguments)]
    pub command: Vec<OsString>,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// The verb whose page is wanted, in as many words as it has; without it, the page of `atelier` itself.
    #[arg(value_name = "COMMAND")]
    pub verb: Vec<String>,
}

/// Arguments of `version`.
#[derive(Debug, Args)]
pub struct Version {
    /// Asks the releases whether there is a newer one.
    #[arg(long)]
    pub check: bool,
}
