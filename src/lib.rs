//! atelier turns an HTTP request into an infrastructure action: `curl -> edge -> API Gateway -> Lambda -> EC2 / Docker`.
//!
//! One package, a library and a thin binary; the same file is the command line, the Lambda function's code, the edge
//! in front of the local cloud, the Docker proxy and an AWS emulator. Dependencies point down only, from floor to floor,
//! which `tests/it/architecture.rs` holds:
//!
//! ```text
//! app -> commands -> trace -> stack -> engine -> settings -> docker
//!                    emulator, edge, handler, proxy   (know neither commands nor ui)
//!                    http1, contract, api_key, names, marks ... (the ground)
//! ```
//!
//! A type that children take never stands in the file that dispatches to the children.
//!
//! Invariants: only `ui` writes to stdout or stderr; only `settings` reads the environment (and the handler its own few
//! variables, in one place); every wait has a deadline; no `unsafe`, no `process::exit`, no panic on input; what is
//! destroyed carries our tag or label; no byte that a client sent reaches the Docker socket; secrets cannot be printed.

rust_i18n::i18n!("locales", fallback = "en");

pub mod api_key;
pub mod app;
pub mod aws;
pub mod aws_protocol;
pub mod calls;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod contract;
pub mod dashboard;
pub mod deadlines;
pub mod disk;
pub mod docker;
pub mod edge;
pub mod elf;
pub mod emulator;
pub mod engine;
pub mod engine_kind;
pub mod error;
pub mod export_format;
#[cfg(feature = "failpoints")]
pub mod failpoints;
mod flight;
pub mod handler;
pub mod hosts;
pub mod http1;
pub mod http_client;
pub mod lenience;
pub mod log;
pub mod marks;
pub mod names;
pub mod openapi;
pub mod program;
pub mod progress;
pub mod proxy;
pub mod roles;
pub mod runtimes;
pub mod schedule;
pub mod secret;
pub mod settings;
pub mod shell;
pub mod stack;
pub mod text;
pub mod trace;
pub mod ui;
