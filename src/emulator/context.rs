//! What every service works with.

use super::{
    access, apigateway, cloudwatch, lambda, logs, runtime::WeakFunctions, state::Store, sts, timers::Timers, wire,
};
use crate::{clock::Clock, edge::keyring::Keyring, lenience::Leans, runtimes::Machine};
use std::{path::PathBuf, sync::OnceLock, time::Duration};

/// What an emulator is opened with.
#[derive(Clone)]
pub struct Config {
    /// Where the state lives; made when absent, never shared with another emulator.
    pub folder: PathBuf,
    /// The account that owns everything, twelve digits.
    pub account: String,
    /// The URL at which functions reach the AWS API (`http://127.0.0.1:4566`).
    pub endpoint: String,
    /// Tells the time: timestamps, timed state transitions, idle processes.
    pub clock: Clock,
    /// The keys that the edge accepts; the emulator adds those that it lends to functions.
    pub keyring: Keyring,
    /// The most function processes at a time, of all functions together.
    pub processes: usize,
    /// How long a function may take to start before that counts as a part of its invocation.
    pub init_limit: Duration,
    /// This binary, which starts function processes in its hidden sandbox role.
    pub executable: PathBuf,
    /// Where this machine has interpreters for functions.
    pub machine: Machine,
    /// What is let pass although AWS refuses it, and the record of that; nothing, unless the engine is lenient.
    pub leans: Leans,
    /// Whether the policies of identities have a say (`--iam`); those of functions, APIs and roles always have.
    pub evaluates: bool,
}

/// What every service works with.
pub struct Context {
    /// What the emulator was opened with.
    pub config: Config,
    /// What survives a restart.
    pub store: Store,
    /// The log events, which are kept beside the store.
    pub events: logs::Events,
    /// What Logs Insights was asked.
    pub queries: logs::Queries,
    /// The processes of the functions, for what nobody has called: log events on their way to a function.
    pub functions: OnceLock<WeakFunctions>,
    /// What API Gateway remembers while it runs.
    pub gateway: apigateway::Memory,
    /// The credentials that are lent to functions, and whose they are.
    pub sessions: sts::Sessions,
    /// The links to code that were handed out.
    pub links: lambda::Links,
    /// The metric data, which is nowhere else.
    pub metrics: cloudwatch::Metrics,
    /// Wakes what happens by itself.
    pub timers: Timers,
    /// What was decided about calls.
    pub decisions: access::Journal,
}

impl Context {
    /// Returns the time in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_millis(&self) -> i64 {
        wire::millis(self.config.clock.now())
    }
}
