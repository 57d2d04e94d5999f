//! The texts of `--help`, put into clap's tree from the locale files.
//!
//! A verb's sentence is `help.<verb>.about`, its examples `help.<verb>.examples`, a flag's `help.<verb>.<flag>`, a
//! global flag's `help.global.<flag>`; nested verbs join their names with `_` (`help.config_show.about`).
//! Headings get their colon here or from clap: a French one brings the space before it (`help.options`, `help.group.…`).

use crate::text::{Lang, Message};
use clap::{Arg, ArgAction, Command, CommandFactory};
use std::fmt::Write;

/// The verbs in groups, as whoever looks for one thinks of them; what is in none comes last.
const GROUPS: [(&str, &[&str]); 5] = [
    ("start", &["init", "up", "deploy", "test", "call", "down"]),
    ("look", &["status", "plan", "logs", "trace", "history", "metrics", "explain", "dashboard", "open", "doctor"]),
    ("tools", &["env", "run", "aws", "export", "key", "schedule", "bonus", "test-bonus", "runtimes", "clean"]),
    ("settings", &["config", "completions", "man", "help", "version"]),
    ("more", &[]),
];

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything (`--help`).
    Whole,
    /// What is particular about the verb (`-h`).
    Brief,
}

/// Builds clap's tree with its texts in `lang`.
#[must_use]
pub fn command(lang: Lang) -> Command {
    extended(lang, Extent::Whole)
}

/// Builds clap's tree with texts of this extent.
#[must_use]
pub fn extended(lang: Lang, extent: Extent) -> Command {
    let root = super::Cli::command().disable_version_flag(true).version(env!("CARGO_PKG_VERSION"));
    let root = root
        .mut_args(|arg| described(arg, "help.global", "help.global_options", lang))
        .arg(flag("help", 'h', ActionKind::Help, lang).global(true))
        .arg(flag("version", 'V', ActionKind::Version, lang));
    let common = root.get_arguments().count();
    let root = match extent {
        Extent::Whole => root,
        Extent::Brief => root.mut_args(|arg| if arg.get_id() == "help" { arg } else { arg.hide(true) }),
    };
    let more = Message::new("help.brief").with("count", common).render(lang);
    let root = localized(root, "root", "", (lang, (extent == Extent::Brief).then_some(&more)));
    let template = root_template(&root, lang);
    root.help_template(template)
}

/// The help of `atelier` itself: the verbs in groups, which clap has no notion of.
fn root_template(root: &Command, lang: Lang) -> String {
    let verbs: Vec<&Command> = root.get_subcommands().filter(|verb| !verb.is_hide_set()).collect();
    let width = verbs.iter().map(|verb| verb.get_name().len()).max().unwrap_or_default();
    let in_group = |name: &str| GROUPS.iter().find(|(_, names)| names.contains(&name)).map_or("more", |(key, _)| *key);
    let mut text = format!("{{about-with-newline}}\n{} {{usage}}\n", self::text("help.usage", lang));
    for (key, order) in GROUPS {
        let mut members: Vec<&&Command> = verbs.iter().filter(|verb| in_group(verb.get_name()) == key).collect();
        members.sort_by_key(|verb| order.iter().position(|name| *name == verb.get_name()));
        if members.is_empty() {
            continue;
        }
        let _ = write!(text, "\n{}:\n", self::text(&format!("help.group.{key}"), lang));
        for verb in members {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {:width$}  {about}", verb.get_name());
        }
    }
    let _ = write!(text, "\n{}:\n{{options}}{{after-help}}", self::text("help.global_options", lang));
    text
}

/// The flags that clap makes itself, in English, when they are not there.
#[derive(Clone, Copy)]
enum ActionKind {
    Help,
    Version,
}

fn flag(name: &'static str, short: char, kind: ActionKind, lang: Lang) -> Arg {
    let action = match kind {
        // The same extent for both of its names; which one it is, is decided before clap sees it.
        ActionKind::Help => ArgAction::HelpShort,
        ActionKind::Version => ArgAction::Version,
    };
    let arg = Arg::new(name).short(short).long(name).action(action);
    described(arg, "help.global", "help.global_options", lang)
}

/// Puts the texts of one verb and of those below it.
fn localized(verb: Command, name: &str, prefix: &str, (lang, more): (Lang, Option<&String>)) -> Command {
    let key = format!("help.{name}");
    let template =
        format!("{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}", text("help.usage", lang));
    verb.disable_help_flag(true)
        .about(text(&format!("{key}.about"), lang))
        .after_help(after(name, &key, lang, more))
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
            localized(inner, &name, &below, (lang, more))
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

/// What stands under the options: the examples; of `atelier` itself how it ends and where more is; and where the rest of
/// the options is.
fn after(name: &str, key: &str, lang: Lang, more: Option<&String>) -> String {
    let ends = (name == "root").then(|| format!("{}\n{}", text("help.exit_codes", lang), text("help.more", lang)));
    let blocks = [Some(examples(key, lang)), ends, more.cloned()];
    blocks.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// The block of examples: a heading and the verb's examples, indented as clap indents.
fn examples(key: &str, lang: Lang) -> String {
    let lines = text(&format!("{key}.examples"), lang);
    let indented: Vec<String> = lines.lines().map(|line| format!("  {line}")).collect();
    format!("{}\n{}", text("help.examples", lang), indented.join("\n"))
}
