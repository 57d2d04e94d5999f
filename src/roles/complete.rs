//! Completion at each TAB: the shell's script calls the binary back with a variable set and the words typed so far.
//!
//! Verbs, flags and their values come from clap's tree, names from where they are ([`names`]). Nothing may be written at a
//! prompt but candidates.

mod names;

use crate::{
    calls,
    cli::help,
    marks::OWN_CALLS,
    secret::random_hex,
    settings::{Environment, Look},
};
use clap_complete::{
    ArgValueCandidates, CompletionCandidate,
    env::{EnvCompleter, Shells},
};
use names::{Kind, Place};
use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

/// The variable that asks for this role; its value is the shell.
pub const VARIABLE: &str = "ATELIER_COMPLETE";

const SHELLS: Shells<'_> = Shells::builtins();

/// Returns the shell that asks, if this process was started to complete.
#[must_use]
pub fn asked(environment: &Environment) -> Option<String> {
    environment.get(VARIABLE).map(str::to_owned)
}

/// Runs the role: `-- <words>`, the last or the one that the shell points at being completed.
pub fn run(shell: &str, args: impl Iterator<Item = OsString>, environment: &Environment) -> ExitCode {
    // What is asked for it is nobody's call.
    calls::name(&format!("{OWN_CALLS}complete-{}", random_hex(4).unwrap_or_default()));
    let words: Vec<OsString> = args.skip_while(|arg| arg != "--").skip(1).collect();
    let written = candidates(shell, words, environment).and_then(|text| io::stdout().lock().write_all(&text));
    // A prompt is no place for an error; without candidates the shell completes as if there were none.
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Writes what `shell` evaluates at its start.
///
/// # Errors
/// That there is no such shell.
pub fn registration(shell: &str) -> io::Result<String> {
    let mut script = Vec::new();
    completer(shell)?.write_registration(VARIABLE, "atelier", "atelier", "atelier", &mut script)?;
    String::from_utf8(script).map_err(io::Error::other)
}

fn candidates(shell: &str, words: Vec<OsString>, environment: &Environment) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if words.is_empty() {
        return Ok(text);
    }
    let look = Look::resolve(None, None, false, environment);
    let mut tree = with_names(help::command(look.lang.value), &Place::of(&words, environment));
    let folder = std::env::current_dir().ok();
    completer(shell)?.write_complete(&mut tree, words, folder.as_deref(), &mut text)?;
    Ok(text)
}

fn completer(shell: &str) -> io::Result<&dyn EnvCompleter> {
    SHELLS.completer(shell).ok_or_else(|| io::Error::other("no such shell"))
}

/// Makes names complete to those that there are, and what `help` and `man` explain to the verbs.
fn with_names(tree: clap::Command, place: &Place) -> clap::Command {
    let shown = tree.get_subcommands().filter(|verb| !verb.is_hide_set());
    let verbs: Vec<String> = shown.map(|verb| verb.get_name().to_owned()).collect();
    named(tree, place, &verbs)
}

fn named(command: clap::Command, place: &Place, verbs: &[String]) -> clap::Command {
    let verb = command.get_name().to_owned();
    let command = command.mut_args(|arg| match Kind::of(&verb, arg.get_id().as_str()) {
        Some(kind) => {
            let place = place.clone();
            arg.add(ArgValueCandidates::new(move || place.candidates(kind)))
        }
        None if arg.get_id() == "verb" => {
            let verbs = verbs.to_owned();
            arg.add(ArgValueCandidates::new(move || verbs.iter().map(CompletionCandidate::new).collect()))
        }
        None => arg,
    });
    command.mut_subcommands(|verb| named(verb, place, verbs))
}
