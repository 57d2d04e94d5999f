//! What each verb accepts.

use crate::{
    api_key::Scope,
    contract::{Action, Lifetime, Target},
    edge::limits::Limit,
    export_format::Format,
    lenience::Lenience,
    names::{ContainerName, InstanceName, InstanceType, KeyName},
    runtimes::Runtime,
    schedule::{Pattern, Zone},
    settings::{Auth, Moment, Rule, StatusFilter},
};
use clap::{
    Args, Subcommand, ValueEnum,
    builder::{EnumValueParser, PossibleValue, TypedValueParser},
};
use std::{
    ffi::{OsStr, OsString},
    net::IpAddr,
    path::PathBuf,
    time::Duration,
};

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

/// Arguments of `call`.
#[derive(Debug, Args)]
pub struct Call {
    /// What the API is asked to do, or a path of it.
    #[arg(value_name = "ACTION", value_parser = CalledParser)]
    pub action: Called,
    /// What it is asked to do it to.
    #[arg(long, value_enum, value_name = "TARGET", default_value = "ec2")]
    pub target: Target,
    /// The container's name, or the instance's.
    #[arg(long, value_name = "NAME")]
    pub name: Option<ContainerName>,
    /// All of the target.
    #[arg(long)]
    pub all: bool,
    /// How long it may run.
    #[arg(long = "for", id = "for", value_name = "DURATION", value_parser = crate::settings::lifetime)]
    pub lifetime: Option<Lifetime>,
    /// The instance's type to be.
    #[arg(long = "type", id = "type", value_name = "TYPE", value_parser = crate::settings::instance_type)]
    pub kind: Option<InstanceType>,
    /// Stops and starts a running instance for it.
    #[arg(long)]
    pub restart: bool,
    /// The method, with a path.
    #[arg(long, short = 'X', value_name = "METHOD", value_parser = method)]
    pub method: Option<http::Method>,
    /// A header, with a path.
    #[arg(long, short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    pub header: Vec<(String, String)>,
    /// The body, with a path.
    #[arg(long, short = 'd', value_name = "BODY")]
    pub data: Option<String>,
}

/// What is called: an action of atelier's own function, or a path below the API's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called {
    /// An action.
    Action(Action),
    /// A path, and perhaps a query.
    Path(String),
}

/// Takes what begins with a slash for a path, and anything else for an action.
#[derive(Debug, Clone)]
struct CalledParser;

impl TypedValueParser for CalledParser {
    type Value = Called;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Called, clap::Error> {
        match value.to_str() {
            Some(path) if path.starts_with('/') && !path.contains(char::is_whitespace) => {
                Ok(Called::Path(path.to_owned()))
            }
            _ => EnumValueParser::<Action>::new().parse_ref(command, arg, value).map(Called::Action),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values: Vec<PossibleValue> =
            Action::value_variants().iter().filter_map(Action::to_possible_value).collect();
        Some(Box::new(values.into_iter()))
    }
}

fn method(text: &str) -> Result<http::Method, Rule> {
    let method = text.to_ascii_uppercase().parse().ok();
    method.filter(|_| text.bytes().all(|byte| byte.is_ascii_alphabetic())).ok_or_else(|| Rule::new("method"))
}

fn header(text: &str) -> Result<(String, String), Rule> {
    let header = text.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    header
        .filter(|(name, value)| http::HeaderName::try_from(name).is_ok() && http::HeaderValue::try_from(value).is_ok())
        .ok_or_else(|| Rule::new("header"))
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

/// Arguments of `key`.
#[derive(Debug, Args)]
pub struct Key {
    /// What to do with the keys.
    #[command(subcommand)]
    pub action: KeyAction,
}

/// What can be done with the keys.
#[derive(Debug, Subcommand)]
pub enum KeyAction {
    /// Makes a key and shows it, this once.
    Create(KeyCreate),
    /// Lists the keys, without their values.
    List(KeyList),
    /// Takes a key away.
    Revoke(KeyRevoke),
    /// Puts a new key in the place of one.
    Rotate(KeyRotate),
}

/// Arguments of `key create`.
#[derive(Debug, Args)]
pub struct KeyCreate {
    /// What the key opens.
    #[arg(long, value_enum, value_name = "SCOPE")]
    pub scope: Scope,
    /// Its name; by default the scope's.
    #[arg(long, value_name = "NAME")]
    pub name: Option<KeyName>,
}

/// Arguments of `key list`.
#[derive(Debug, Args)]
pub struct KeyList {}

/// Arguments of `key revoke`.
#[derive(Debug, Args)]
pub struct KeyRevoke {
    /// The key.
    #[arg(value_name = "NAME")]
    pub name: KeyName,
}

/// Arguments of `key rotate`.
#[derive(Debug, Args)]
pub struct KeyRotate {
    /// The key.
    #[arg(value_name = "NAME")]
    pub name: KeyName,
}

/// Arguments of `schedule`.
#[derive(Debug, Args)]
pub struct Schedule {
    /// What to do with the schedules.
    #[command(subcommand)]
    pub action: ScheduleAction,
}

/// What can be done with the schedules.
#[derive(Debug, Subcommand)]
pub enum ScheduleAction {
    /// Gives an instance a schedule.
    Set(ScheduleSet),
    /// Lists the schedules.
    List(ScheduleList),
    /// Takes the schedule of an instance away.
    Remove(ScheduleRemove),
}

/// Arguments of `schedule set`.
#[derive(Debug, Args)]
pub struct ScheduleSet {
    /// The instance; the only one needs no name.
    #[arg(value_name = "NAME", value_parser = crate::settings::instance_name)]
    pub name: Option<InstanceName>,
    /// When it starts.
    #[arg(long, value_name = "TIME", value_parser = crate::settings::time)]
    pub start: Option<Pattern>,
    /// When it stops.
    #[arg(long, value_name = "TIME", value_parser = crate::settings::time)]
    pub stop: Option<Pattern>,
    /// The zone of both.
    #[arg(long, value_name = "ZONE", value_parser = crate::settings::zone)]
    pub zone: Option<Zone>,
}

/// Arguments of `schedule list`.
#[derive(Debug, Args)]
pub struct ScheduleList {}

/// Arguments of `schedule remove`.
#[derive(Debug, Args)]
pub struct ScheduleRemove {
    /// The instance; the only one needs no name.
    #[arg(value_name = "NAME", value_parser = crate::settings::instance_name)]
    pub name: Option<InstanceName>,
}

/// Arguments of `runtimes`.
#[derive(Debug, Args)]
pub struct Runtimes {
    /// What to do with the runtimes.
    #[command(subcommand)]
    pub action: RuntimesAction,
}

/// What can be done with the runtimes.
#[derive(Debug, Subcommand)]
pub enum RuntimesAction {
    /// Lists what this machine has for each.
    List(RuntimesList),
    /// Installs the packages that AWS has beside an interpreter.
    Install(RuntimesInstall),
}

/// Arguments of `runtimes list`.
#[derive(Debug, Args)]
pub struct RuntimesList {}

/// Arguments of `runtimes install`.
#[derive(Debug, Args)]
pub struct RuntimesInstall {
    /// The runtimes.
    #[arg(value_name = "RUNTIME", required = true, value_parser = crate::settings::runtime)]
    pub runtimes: Vec<Runtime>,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct Config {
    /// What to do with the settings.
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// What can be done with the settings.
#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Prints every setting.
    Show(ConfigShow),
}

/// Arguments of `config show`.
#[derive(Debug, Args)]
pub struct ConfigShow {
    /// Tells where each value came from.
    #[arg(long)]
    pub origin: bool,
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
