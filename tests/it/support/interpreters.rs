//! This machine's interpreters, for tests that need one.

use super::skipped;
use atelier::runtimes::{Machine, Runtime, interpreter::Finder};

/// Where this machine has interpreters; packages are looked for nowhere, so that no test depends on what was installed.
#[expect(clippy::disallowed_methods, reason = "the tests' own environment, not the program's")]
pub(crate) fn machine() -> Machine {
    let home = std::env::var_os("HOME").map(Into::into);
    Machine { path: std::env::var("PATH").ok(), home, ..Machine::default() }
}

/// The runtimes of a language, by the beginning of their names, whose own interpreter is here; where there is none, says
/// so and counts the test as skipped.
pub(crate) async fn here(language: &str) -> Vec<Runtime> {
    let finder = Finder::new(&machine());
    let mut here = Vec::new();
    for runtime in Runtime::all().filter(|runtime| runtime.to_string().starts_with(language)) {
        if finder.find(runtime).await.is_ok_and(|found| found.is_exact()) {
            here.push(runtime);
        }
    }
    if here.is_empty() {
        skipped(&format!("no interpreter for any runtime {language}*"));
    }
    here
}
