//! Completion at each TAB: the shell's script calls the binary back with a variable set and the words typed so far.
//!
//! Verbs, flags and their values come from clap's tree; names of containers from Docker, within a second or not at all:
//! somebody is waiting at a prompt, and nothing may be written there but candidates.

use crate::{
    cli::help,
    docker::{Role, container},
    engine::{daemon, installation},
    settings::{Environment, Flags, Look, Settings},
};
use clap_complete::{
    ArgValueCandidates, CompletionCandidate,
    env::{EnvCompleter, Shells},
};
use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

/// The variable that asks for this role; its value is the shell.
pub const VARIABLE: &str = "ATELIER_COMPLETE";

/// How long the shell may hang for names that Docker has.
const PATIENCE: Duration = Duration::from_secs(1);

const SHELLS: Shells<'_> = Shells::builtins();

/// Returns the shell that asks, if this process was started to complete.
#[must_use]
pub fn asked(environment: &Environment) -> Option<String> {
    environment.get(VARIABLE).map(str::to_owned)
}

/// Runs the role: `-- <words>`, the last or the one that the shell points at being completed.
pub fn run(shell: &str, args: impl Iterator<Item = OsString>, environment: &Environment) -> ExitCode {
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
    let mut tree = with_containers(help::command(look.lang.value), environment);
    let folder = std::env::current_dir().ok();
    completer(shell)?.write_complete(&mut tree, words, folder.as_deref(), &mut text)?;
    Ok(text)
}

fn completer(shell: &str) -> io::Result<&dyn EnvCompleter> {
    SHELLS.completer(shell).ok_or_else(|| io::Error::other("no such shell"))
}

/// Makes every `--name` complete to the containers behind the API.
fn with_containers(tree: clap::Command, environment: &Environment) -> clap::Command {
    tree.mut_subcommands(|verb| {
        verb.mut_args(|arg| {
            if arg.get_id() != "name" {
                return arg;
            }
            let environment = environment.clone();
            arg.add(ArgValueCandidates::new(move || containers(&environment)))
        })
    })
}

/// The containers that the API may drive; none where Docker does not answer in time.
fn containers(environment: &Environment) -> Vec<CompletionCandidate> {
    let look = Look::resolve(None, None, false, environment);
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
    let Ok(settings) = Settings::resolve(&Flags::default(), &look, environment) else {
        return Vec::new();
    };
    let names = runtime.block_on(async { tokio::time::timeout(PATIENCE, owned(&settings)).await });
    names.ok().flatten().unwrap_or_default().into_iter().map(CompletionCandidate::new).collect()
}

async fn owned(settings: &Settings) -> Option<Vec<String>> {
    let owner = installation::owner(settings)?;
    let daemon = daemon::find(settings).await.ok()?;
    let containers = container::owned(&daemon, &owner).await.ok()?;
    Some(containers.into_iter().filter(|found| found.role == Role::Target.as_str()).map(|found| found.name).collect())
}
