//! The command line as `clap` types, and nothing else: what a flag means is decided in `settings` and `commands`.
//!
//! A new verb is three lines: its variant in [`Command`], its arm in `app::dispatch` and its module in `commands`.
//! The texts of `--help` are in the locale files under `help`, see [`crate::cli::help`].

pub mod args;
pub mod help;

pub use args::{
    Aws, Bonus, Call, Called, Clean, Completions, Config, ConfigAction, ConfigShow, Dashboard, Deploy, Doctor, Down,
    Env, EnvShell, Explain, Export, Help, History, Init, Key, KeyAction, KeyCreate, KeyList, KeyRevoke, KeyRotate,
    LogSource, Logs, Man, Metrics, Open, Plan, Run, Runtimes, RuntimesAction, RuntimesInstall, RuntimesList, Schedule,
    ScheduleAction, ScheduleList, ScheduleRemove, ScheduleSet, Status, StatusOutput, Template, Test, TestBonus,
    TestReporting, Trace, Up, Version, Wanted,
};

use crate::{engine_kind::EngineKind, names::StackName, settings::ColorWhen, text::Lang};
use std::{path::PathBuf, time::Duration};

/// The whole command line.
#[derive(Debug, clap::Parser)]
#[command(name = "atelier", bin_name = "atelier", disable_help_subcommand = true, arg_required_else_help = true)]
pub struct Cli {
    /// What every verb accepts.
    #[command(flatten)]
    pub global: Global,
    /// The verb.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Whether the result is wanted as JSON, however that was said.
    #[must_use]
    pub fn wants_json(&self) -> bool {
        let output = match &self.command {
            Command::Status(status) => status.output,
            _ => None,
        };
        self.global.json || output == Some(StatusOutput::Json)
    }
}

/// What every verb accepts, before or after it.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Global {
    /// Prints one JSON object instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// The language of texts.
    #[arg(long, global = true, value_enum, value_name = "LANG")]
    pub lang: Option<Lang>,
    /// When to use colour.
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub color: Option<ColorWhen>,
    /// Words only: no drawing, no emoji, nothing that moves.
    #[arg(long, global = true)]
    pub plain: bool,
    /// Tells warnings and errors only.
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Tells more: each call to AWS and Docker, and durations.
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// The engine that answers the AWS API.
    #[arg(long, global = true, value_enum, value_name = "ENGINE")]
    pub engine: Option<EngineKind>,
    /// The stack.
    #[arg(long, global = true, value_name = "NAME", value_parser = crate::settings::stack)]
    pub stack: Option<StackName>,
    /// The AWS region.
    #[arg(long, global = true, value_name = "REGION", value_parser = crate::settings::region)]
    pub region: Option<String>,
    /// The public port.
    #[arg(long, global = true, value_name = "PORT", value_parser = crate::settings::port)]
    pub port: Option<u16>,
    /// The bound of every wait.
    #[arg(long, global = true, value_name = "DURATION", value_parser = crate::settings::duration)]
    pub timeout: Option<Duration>,
    /// An AWS API that already runs.
    #[arg(long, global = true, value_name = "URL", value_parser = crate::settings::endpoint)]
    pub endpoint: Option<String>,
    /// The project folder.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

/// The verbs.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Writes an example.
    Init(Init),
    /// Starts the engine.
    Up(Up),
    /// Tells what a deploy would do.
    Plan(Plan),
    /// Deploys the stack.
    Deploy(Deploy),
    /// Writes the stack for another tool.
    Export(Export),
    /// Tests the deployed API.
    Test(Test),
    /// Puts a container behind the API.
    Bonus(Bonus),
    /// Tests the container behind the API.
    TestBonus(TestBonus),
    /// Calls the deployed API.
    Call(Call),
    /// Shows all of it in a browser.
    Dashboard(Dashboard),
    /// Opens the deployed API in a browser.
    Open(Open),
    /// Tells how everything is.
    Status(Status),
    /// Shows the logs.
    Logs(Logs),
    /// Shows one call, station by station.
    Trace(Trace),
    /// Tells who changed what.
    History(History),
    /// Tells how many calls there were, how fast, and what it would cost.
    Metrics(Metrics),
    /// Prints shell variables.
    Env(Env),
    /// Runs a command with these variables.
    Run(Run),
    /// Runs the AWS CLI against the engine.
    Aws(Aws),
    /// Sets when instances start and stop.
    Schedule(Schedule),
    /// Tells which statement of a policy decided about a call.
    Explain(Explain),
    /// Handles the API's keys.
    Key(Key),
    /// Tells which languages functions can be written in here.
    Runtimes(Runtimes),
    /// Removes what was deployed.
    Clean(Clean),
    /// Stops the engine.
    Down(Down),
    /// Looks for what is wrong with this machine.
    Doctor(Doctor),
    /// Shows the settings.
    Config(Config),
    /// Prints the help of a verb.
    Help(Help),
    /// Prints a completion script.
    Completions(Completions),
    /// Prints the manual.
    Man(Man),
    /// Tells the version.
    Version(Version),
}
