//! What several test modules share: temporary project folders, processes under test, a raw HTTP client, waiting for a
//! condition.

pub(crate) mod archives;
pub(crate) mod canary;
pub(crate) mod connections;
pub(crate) mod engine_state;
pub(crate) mod fault;
pub(crate) mod interpreters;
mod port;
mod project;
pub(crate) mod raw;
mod running;
mod skipped;
mod terminal;
mod terraform;
mod tool;
mod wait;

pub(crate) use port::engine_port;
pub(crate) use project::{Output, Project, sdk_of};
pub(crate) use running::Running;
pub(crate) use skipped::skipped;
pub(crate) use terminal::Terminal;
pub(crate) use terraform::{Module, providers};
pub(crate) use tool::tool;
pub(crate) use wait::{eventually, has_ended};
