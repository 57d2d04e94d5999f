//! What an edge is told when it is made.

use super::limits::Rate;
use crate::{clock::Clock, deadlines, http1::Limits, lenience::Leans};
use std::time::Duration;

/// API calls at a time.
pub const IN_FLIGHT: usize = 96;
/// AWS calls at a time. What is not reserved is more than the functions of an engine take, so that of too many
/// invocations the engine itself refuses some, and other calls find room beside them.
pub const AWS_IN_FLIGHT: usize = 192;

/// How an edge is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Tells whether a signature is fresh, how full the buckets are, and when an API call has taken too long.
    pub clock: Clock,
    /// The host of the public URL, as clients sign it (`name-4566.app.github.dev`), when there is a tunnel.
    pub public_host: Option<String>,
    /// How often one client may call; `None` is as often as it likes. A client is an API key that opens what it calls,
    /// else the tunnel, else an address. Verified AWS calls are not counted: they are the owner's.
    pub rate: Option<Rate>,
    /// API calls at a time, a quarter of them reserved for known keys.
    pub in_flight: usize,
    /// AWS calls at a time, a quarter of them reserved for lent keys: functions make them, for a call that is in flight
    /// already and must not fail for want of room.
    pub aws_in_flight: usize,
    /// The longest time for an API call; then it is a 504.
    pub api_time: Duration,
    /// Origins whose pages may call, exactly as browsers send them.
    pub cors_origins: Vec<String>,
    /// What is let pass although AWS refuses it, and the record of that; nothing, unless the engine is lenient.
    pub leans: Leans,
    /// Sizes, times and connections.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            clock: Clock::System,
            public_host: None,
            rate: None,
            in_flight: IN_FLIGHT,
            aws_in_flight: AWS_IN_FLIGHT,
            api_time: deadlines::EDGE,
            cors_origins: Vec::new(),
            leans: Leans::default(),
            limits: Limits::edge(),
        }
    }
}
