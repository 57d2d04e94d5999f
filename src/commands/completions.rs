//! `atelier completions`: what a shell evaluates so that it can ask atelier for completions.
//!
//! The script is a few lines that call the binary back at each TAB; what is completed is [`crate::roles::complete`]'s.

use crate::{
    cli,
    commands::context::Context,
    error::{Code, Error, Result},
    roles::complete,
    ui::{Page, Report},
};

/// A completion script.
#[derive(Debug, serde::Serialize)]
pub struct CompletionsReport {
    /// The shell that reads it.
    pub shell: String,
    /// The script.
    pub script: String,
}

impl Report for CompletionsReport {
    fn human(&self, page: &mut Page) {
        page.raw(self.script.trim());
    }
}

/// Writes the script.
///
/// # Errors
/// None for the shells that the command line takes.
pub fn run(_context: &Context, args: &cli::Completions) -> Result<CompletionsReport> {
    let shell = args.shell.to_string();
    let script = complete::registration(&shell)
        .map_err(|error| Error::new(Code::Bug).with("detail", "no completions").cause(&error))?;
    Ok(CompletionsReport { shell, script })
}
