//! The `atelier` binary: which of its programs this process is, is decided in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    atelier::program::run()
}
