//! Which program this process is: the same file is the command line, the Lambda function's code and every process that
//! atelier starts in the background.

use crate::{app, handler, marks, roles, settings::Environment};
use std::process::ExitCode;

/// Runs the program that this process was started as.
///
/// Hidden roles are named by the first argument (`@engine`) and win over the environment: the emulator starts them
/// from processes whose environment it does not choose.
#[must_use]
pub fn run() -> ExitCode {
    #[cfg(feature = "failpoints")]
    crate::failpoints::arm();
    let mut args = std::env::args_os().skip(1);
    match args.next() {
        Some(role) if role == marks::EDGE_ROLE => roles::edge::run(args),
        Some(role) if role == marks::ENGINE_ROLE => roles::engine::run(args),
        Some(role) if role == marks::PROXY_ROLE => roles::proxy::run(args),
        Some(role) if role == marks::SANDBOX_ROLE => roles::sandbox::run(args),
        _ if handler::is_lambda() => handler::run(),
        _ => command_line(),
    }
}

/// The command line itself, or a shell's question what could come next on it.
fn command_line() -> ExitCode {
    let environment = Environment::capture();
    match roles::complete::asked(&environment) {
        Some(shell) => roles::complete::run(&shell, std::env::args_os().skip(1), &environment),
        None => app::run(&environment),
    }
}
