//! Kill it anywhere, run it again: what `SAFETY.md` promises under "Crash safety" and "Faults", proved against the
//! embedded engine.

mod children;
pub(crate) mod daemon;
mod docker;
mod drift;
#[cfg(feature = "failpoints")]
mod failpoints;
mod files;
mod foreign;
mod interrupt;
mod lab;
mod matrix;
mod ownership;
mod program;
mod sentences;
mod situation;
mod together;
mod told;
mod walk;

use std::io::Write as _;

/// Says what was proved, also where everything went well: past the harness, which would keep it for itself.
fn tell(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}
