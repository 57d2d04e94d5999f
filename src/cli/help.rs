//! The texts of `--help`, put into clap's tree from the locale files.
//!
//! A verb's sentence is `help.<verb>.about`, its examples `help.<verb>.examples`, a flag's `help.<verb>.<flag>`, a
//! global flag's `help.global.<flag>`; nested verbs join their names with `_` (`help.config_show.about`).

use crate::text::{Lang, Message};
use clap::{Arg, ArgAction, Command, CommandFactory};

/// Builds clap's tree with its texts in `lang`.
#[must_use]
pub fn command(lang: Lang) -> Command {
    let root = super::Cli::command().disable_version_flag(true).version(env!("CARGO_PKG_VERSION"));
    let root = root
        .mut_args(|arg| described(arg, "help.global", "help.global_options", lang))
        .arg(flag("help", 'h', ActionKind::Help, lang).global(true))
        .arg(flag("version", 'V', ActionKind::Version, lang));
    localized(root, "root", "", lang)
}

/// The flags that clap makes itself, in English, when they are not there.
#[derive(Clone, Copy)]
enum ActionKind {
    Help,
    Version,
}

fn flag(name: &'static str, short: char, kind: ActionKind, lang: Lang) -> Arg {
    let action = match kind {
        ActionKind::Help => ArgAction::Help,
        ActionKind::Version => ArgAction::Version,
    };
    let arg = Arg::new(name).short(short).long(name).action(action);
    described(arg, "help.global", "help.global_options", lang)
}

/// Puts the texts of one verb and of those below it.
fn localized(verb: Command, name: &str, prefix: &str, lang: Lang) -> Command {
    let key = format!("help.{name}");
    let template =
        format!("{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}", text("help.usage", lang));
    verb.disable_help_flag(true)
        .about(text(&format!("{key}.about"), lang))
        .after_help(examples(&key, lang))
        .help_template(template)
        .subcommand_help_heading(text("help.commands", lang))
        .subcommand_value_name(text("help.command", lang))
        .mut_args(|arg| match arg.get_help_heading() {
            Some(_) => arg,
            None if arg.is_positional() => described(arg, &key, "help.arguments", lang),
            None => described(arg, &key, "help.options", lang),
        })
        .mut_subcommands(|inner| {
            let name = format!("{prefix}{}", inner.get_name().replace('-', "_"));
            let below = format!("{name}_");
            localized(inner, &name, &below, lang)
        })
}

/// Puts a flag's text, with its possible values on the same line: clap's own list of them is English and long.
fn described(arg: Arg, key: &str, heading: &str, lang: Lang) -> Arg {
    let help = text(&format!("{key}.{}", arg.get_id()), lang);
    let values = arg.get_possible_values();
    let arg = arg.help_heading(text(heading, lang));
    if !arg.get_action().takes_values() || values.is_empty() {
        return arg.help(help);
    }
    let names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
    arg.help(format!("{help} [{}]", names.join(", "))).hide_possible_values(true)
}

fn text(key: &str, lang: Lang) -> String {
    Message::new(key).render(lang)
}

/// The block under the options: a heading and the verb's examples, indented as clap indents.
fn examples(key: &str, lang: Lang) -> String {
    let lines = text(&format!("{key}.examples"), lang);
    let indented: Vec<String> = lines.lines().map(|line| format!("  {line}")).collect();
    format!("{}\n{}", text("help.examples", lang), indented.join("\n"))
}
