//! What the verbs accept that have verbs of their own.

use crate::{
    api_key::Scope,
    names::{InstanceName, KeyName},
    runtimes::Runtime,
    schedule::{Pattern, Zone},
};
use clap::{Args, Subcommand};

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
    /// Does not ask.
    #[arg(long, short)]
    pub yes: bool,
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
