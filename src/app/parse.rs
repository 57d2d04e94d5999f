//! From `argv` to a parsed command line, and the console that everything after it prints to.

use super::Ending;
use crate::{
    cli::{
        Cli, Command, Global, StatusOutput,
        help::{self, Extent},
    },
    error::Exit,
    settings::{Environment, Look},
    ui::{Console, Format, Report, Volume},
};
use clap::{FromArgMatches, ValueEnum, error::ErrorKind};
use std::ffi::OsString;

/// What the command line turned out to be.
#[expect(clippy::large_enum_variant, reason = "there is one, and it is taken apart at once")]
pub(super) enum Parsed {
    /// A verb to run.
    Command(Cli),
    /// Clap has the last word: help, the version or a usage error, about this tree.
    Told(clap::Error, Box<clap::Command>),
}

/// Reads the command line. The language and the format are needed before it is known to be right, so they are looked
/// up in the raw arguments first.
pub(super) fn parse(args: impl Iterator<Item = OsString>, environment: &Environment) -> (Console, Parsed) {
    let args: Vec<OsString> = args.collect();
    let early = Early::read(&args);
    let look = Look::resolve(early.lang, early.color, early.args.contains(&"--plain"), environment);
    let extent = if early.is_brief() { Extent::Brief } else { Extent::Whole };
    let mut command = help::extended(look.lang.value, extent);
    let verb = early.verb(&command);
    let parsed = command
        .try_get_matches_from_mut(&args)
        .and_then(|matches| Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command)));
    match parsed {
        Ok(cli) => {
            let look = Look::resolve(cli.global.lang, cli.global.color, cli.global.plain, environment);
            let format = if cli.wants_json() { Format::Json } else { Format::Human };
            let console = Console::new(verb, format, look, volume(&cli.global));
            // Standard output is the command's own.
            let console = if matches!(cli.command, Command::Run(_)) { console.on_stderr() } else { console };
            (console, Parsed::Command(cli))
        }
        Err(error) => {
            let format = if early.wants_json(&verb) { Format::Json } else { Format::Human };
            (Console::new(verb, format, look, Volume::Normal), Parsed::Told(error, Box::new(command)))
        }
    }
}

fn volume(global: &Global) -> Volume {
    match (global.quiet, global.verbose) {
        (true, _) => Volume::Quiet,
        (_, true) => Volume::Verbose,
        _ => Volume::Normal,
    }
}

/// What can be told of a command line that may be wrong.
struct Early<'a> {
    args: Vec<&'a str>,
    lang: Option<crate::text::Lang>,
    color: Option<crate::settings::ColorWhen>,
}

impl<'a> Early<'a> {
    fn read(args: &'a [OsString]) -> Self {
        let args: Vec<&str> =
            args.iter().skip(1).filter_map(|arg| arg.to_str()).take_while(|arg| *arg != "--").collect();
        let (lang, color) = (value(&args, "--lang"), value(&args, "--color"));
        Self { args, lang, color }
    }

    /// Whether help is asked for in its short form.
    fn is_brief(&self) -> bool {
        self.args.contains(&"-h") && !self.args.contains(&"--help")
    }

    /// The verb: the first argument that is neither a flag nor a flag's value; `atelier` where that is no verb.
    fn verb(&self, root: &clap::Command) -> String {
        let takes_value = |flag: &str| {
            let is_it = |arg: &&clap::Arg| flag.strip_prefix("--").is_some_and(|name| arg.get_long() == Some(name));
            root.get_arguments().find(is_it).is_some_and(|arg| arg.get_action().takes_values())
        };
        let mut args = self.args.iter();
        while let Some(arg) = args.next() {
            if takes_value(arg) {
                args.next();
            } else if !arg.starts_with('-') {
                return root.find_subcommand(arg).unwrap_or(root).get_name().to_owned();
            }
        }
        root.get_name().to_owned()
    }

    /// Whether JSON is wanted, in each way that [`Cli::wants_json`] knows.
    fn wants_json(&self, verb: &str) -> bool {
        let output = || value::<StatusOutput>(&self.args, "--output").or_else(|| value(&self.args, "-o"));
        self.args.contains(&"--json") || (verb == "status" && output() == Some(StatusOutput::Json))
    }
}

/// Finds `--flag value` or `--flag=value`; of a short flag also `-fvalue`.
fn value<T: ValueEnum>(args: &[&str], flag: &str) -> Option<T> {
    let is_short = !flag.starts_with("--");
    let texts = args.iter().enumerate().filter_map(|(at, arg)| match arg.strip_prefix(flag)? {
        "" => args.get(at + 1).copied(),
        rest => rest.strip_prefix('=').or_else(|| is_short.then_some(rest)),
    });
    texts.filter_map(|text| T::from_str(text, true).ok()).next_back()
}

/// Prints what clap has to say.
pub(super) fn answer(console: &Console, error: &clap::Error, tree: &clap::Command) -> Ending {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => console.answer(Ok(Text { text: console.styled(error) })),
        // Whoever types the bare name wants to see what there is, but has not asked for anything that could succeed.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if console.format() == Format::Human => {
            console.tell(error.to_string().trim_end());
            Ok(Some(Exit::Usage))
        }
        _ => console.fail(&super::usage::error(error, tree)).map(Some),
    }
}

/// Help or version, asked for with `--json`.
#[derive(serde::Serialize)]
struct Text {
    text: String,
}

impl Report for Text {
    fn human(&self, page: &mut crate::ui::Page) {
        page.raw(self.text.trim_end());
    }
}
