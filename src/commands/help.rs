//! `atelier help`: the help of a verb, for whoever types it as a word instead of a flag.

use crate::{
    cli::{self, help},
    commands::context::Context,
    error::{Code, Error, Result},
    text::Message,
    ui::{Page, Report},
};

/// The help of a verb.
#[derive(Debug, serde::Serialize)]
pub struct HelpReport {
    /// The text.
    pub text: String,
}

impl Report for HelpReport {
    fn human(&self, page: &mut Page) {
        page.raw(self.text.trim_end());
    }
}

/// Writes the help of a verb, or of `atelier` itself.
///
/// # Errors
/// `usage` for a verb that does not exist.
pub fn run(context: &Context, args: &cli::Help) -> Result<HelpReport> {
    let mut root = help::command(context.console.lang());
    root.build();
    let command = verb(&root, &args.verb)?;
    let text = context.console.rendered(&command.clone().render_help());
    Ok(HelpReport { text })
}

/// Finds a verb by its words.
///
/// # Errors
/// `usage`, with the words that there are.
pub(super) fn verb<'a>(root: &'a clap::Command, words: &[String]) -> Result<&'a clap::Command> {
    words.iter().try_fold(root, |command, word| {
        command.find_subcommand(word).ok_or_else(|| {
            let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            let detail = Message::new("usage.unknown_command").with("name", word);
            let error = Error::new(Code::Usage).with_message("detail", detail);
            if names.is_empty() {
                return error;
            }
            error.hint(Message::new("usage.possible").with("values", names.join(", ")))
        })
    })
}
