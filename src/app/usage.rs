//! Usage errors: what clap found wrong, as an error of ours, so that it has a language, an envelope and hints.

use crate::{
    error::{Code, Error},
    settings::{Rule, distance},
    text::{Message, without_login},
};
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What people type who know other tools, and what it is called here.
const SYNONYMS: &[(&[&str], &[&str])] = &[
    (&["start", "serve"], &["atelier up", "atelier call start"]),
    (&["stop", "halt", "kill", "shutdown"], &["atelier call stop", "atelier down"]),
    (&["restart", "reboot"], &["atelier call restart"]),
    (&["destroy", "delete", "rm", "remove", "undeploy", "uninstall", "prune"], &["atelier clean"]),
    (&["ps", "list", "ls", "info", "state", "health"], &["atelier status"]),
    (&["ui", "web", "browse", "board"], &["atelier dashboard"]),
    (&["url"], &["atelier open"]),
    (&["diff", "preview", "dry-run"], &["atelier plan"]),
    (&["apply", "push", "publish", "create", "sync"], &["atelier deploy"]),
    (&["watch", "dev"], &["atelier deploy --watch"]),
    (&["invoke", "curl", "request"], &["atelier call status"]),
    (&["log", "tail"], &["atelier logs -f"]),
    (&["check", "diagnose"], &["atelier doctor"]),
    (&["keys", "token", "auth"], &["atelier key list"]),
    (&["settings", "configure"], &["atelier config show"]),
    (&["shell", "export"], &["atelier env"]),
    (&["awslocal"], &["atelier aws sts get-caller-identity"]),
    (&["upgrade", "self-update", "update"], &["atelier version"]),
    (&["completion"], &["atelier completions bash"]),
];

/// What ends, empties or takes away something: no guess for who may have meant something else.
const DESTROYING: &[&str] = &["clean", "down", "remove", "revoke", "--forget"];

/// Turns clap's error into ours.
pub(super) fn error(error: &clap::Error, tree: &clap::Command) -> Error {
    let hints = suggestions(error).into_iter().chain(values(error, tree)).chain(usage(error));
    hints.fold(Error::new(Code::Usage).with_message("detail", detail(error)), Error::hint)
}

fn detail(error: &clap::Error) -> Message {
    let argument = || bare(&text(error, ContextKind::InvalidArg)).to_owned();
    let value = || without_login(&text(error, ContextKind::InvalidValue));
    match error.kind() {
        ErrorKind::UnknownArgument => Message::new("usage.unknown_argument").with("argument", argument()),
        ErrorKind::InvalidSubcommand => {
            Message::new("usage.unknown_command").with("name", text(error, ContextKind::InvalidSubcommand))
        }
        ErrorKind::InvalidValue if value().is_empty() => {
            Message::new("usage.missing_value").with("argument", argument())
        }
        ErrorKind::InvalidValue => Message::new("usage.bad_value").with("value", value()).with("argument", argument()),
        ErrorKind::ValueValidation => bad_value(error, &argument(), &value()),
        // Clap calls a flag that is given twice a conflict with itself.
        ErrorKind::ArgumentConflict if argument() == bare(&text(error, ContextKind::PriorArg)) => {
            Message::new("usage.repeated").with("argument", argument())
        }
        ErrorKind::ArgumentConflict => Message::new("usage.conflict")
            .with("argument", argument())
            .with("other", bare(&text(error, ContextKind::PriorArg))),
        ErrorKind::MissingRequiredArgument => {
            Message::new("usage.missing").with("arguments", text(error, ContextKind::InvalidArg))
        }
        ErrorKind::TooManyValues => {
            Message::new("usage.unexpected_value").with("argument", argument()).with("value", value())
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Message::new("usage.no_command")
        }
        ErrorKind::InvalidUtf8 => Message::new("usage.not_utf8"),
        _ => {
            let rendered = error.to_string();
            let first = rendered.lines().next().unwrap_or_default().trim_start_matches("error: ");
            Message::new("usage.other").with("text", first)
        }
    }
}

/// A value that its parser refused: the rule that it breaks, where the parser is ours.
fn bad_value(error: &clap::Error, argument: &str, value: &str) -> Message {
    let source = std::error::Error::source(error);
    if source.is_some_and(<dyn std::error::Error>::is::<std::num::ParseIntError>) {
        return Message::new("error.bad_setting")
            .with("name", argument)
            .with("value", value)
            .with_message("rule", Message::new("rule.number"));
    }
    match source.and_then(|source| source.downcast_ref::<Rule>()) {
        Some(rule) => Message::new("error.bad_setting")
            .with("name", argument)
            .with("value", value)
            .with_message("rule", rule.0.clone()),
        None => Message::new("usage.bad_value_because")
            .with("argument", argument)
            .with("value", value)
            .with("reason", source.map(ToString::to_string).unwrap_or_default()),
    }
}

/// A flag without the name of its value (`--port <PORT>`).
fn bare(argument: &str) -> &str {
    argument.split(" <").next().unwrap_or(argument)
}

fn suggestions(error: &clap::Error) -> Vec<Message> {
    let typed = text(error, ContextKind::InvalidSubcommand);
    if let Some((_, names)) = SYNONYMS.iter().find(|(words, _)| words.contains(&typed.as_str())) {
        return vec![did_you_mean(names.iter().copied())];
    }
    let kinds = [
        (ContextKind::SuggestedSubcommand, ContextKind::InvalidSubcommand),
        (ContextKind::SuggestedArg, ContextKind::InvalidArg),
        (ContextKind::SuggestedValue, ContextKind::InvalidValue),
    ];
    let mut hints: Vec<Message> = kinds
        .into_iter()
        .filter_map(|(suggested, typed)| {
            let guesses = text(error, suggested);
            let near = nearest(bare(&text(error, typed)), guesses.split(", "));
            (!near.is_empty()).then(|| did_you_mean(near.into_iter()))
        })
        .collect();
    let possible = text(error, ContextKind::ValidValue);
    if !possible.is_empty() {
        hints.push(Message::new("usage.possible").with("values", possible));
    }
    hints
}

/// Keeps of clap's guesses, of which the best comes last, what is nearest to what was typed: one, or two that are as near.
fn nearest<'a>(typed: &str, guesses: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let is_near = |far: usize, guess: &str| {
        let letters = |text: &str| text.trim_start_matches('-').chars().count();
        let is_begun = letters(typed) > 2 && guess.starts_with(typed);
        is_begun || far <= (letters(typed).max(letters(guess)) / 3).max(1)
    };
    let guesses = guesses.filter(|guess| !guess.is_empty()).map(|guess| (distance(typed, guess), guess));
    let mut near: Vec<(usize, &str)> = guesses.filter(|(far, guess)| is_near(*far, guess)).collect();
    let is_only = near.len() == 1;
    near.retain(|(far, guess)| !DESTROYING.contains(guess) || (is_only && *far == 1));
    let best = near.iter().map(|(far, _)| *far).min();
    near.into_iter().rev().filter(|(far, _)| Some(*far) == best).map(|(_, guess)| guess).take(2).collect()
}

/// Names what may have been meant, each between backticks of its own.
fn did_you_mean<'a>(names: impl Iterator<Item = &'a str>) -> Message {
    let quoted = names.map(|name| Message::literal(format_args!("`{name}`")));
    let either =
        quoted.reduce(|one, other| Message::new("usage.either").with_message("one", one).with_message("other", other));
    Message::new("usage.did_you_mean").with_message("name", either.unwrap_or_else(|| Message::literal("")))
}

/// The values of arguments that are missing, where they are few enough to be a list.
fn values(error: &clap::Error, tree: &clap::Command) -> Option<Message> {
    if error.kind() != ErrorKind::MissingRequiredArgument {
        return None;
    }
    let missing = text(error, ContextKind::InvalidArg);
    let line = text(error, ContextKind::Usage);
    // The deepest verb that clap's usage line names.
    let verb = line.split_ascii_whitespace().fold(tree, |verb, word| verb.find_subcommand(word).unwrap_or(verb));
    let arg = verb.get_arguments().find(|arg| missing.contains(&arg.to_string()))?;
    let names: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    (!names.is_empty()).then(|| Message::new("usage.possible").with("values", names.join(", ")))
}

/// Clap's usage line without its heading.
fn usage(error: &clap::Error) -> Option<Message> {
    if error.kind() == ErrorKind::InvalidSubcommand {
        return Some(Message::new("usage.list"));
    }
    let text = text(error, ContextKind::Usage);
    let line = text.split_once(": ").map(|(_, line)| line.trim())?;
    Some(Message::new("usage.see").with("usage", format!("`{line}`")))
}

/// A piece of what clap knows about the error; nothing where it knows nothing.
fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::StyledStrs(texts)) => texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_guess_is_offered_and_none_that_destroys_where_another_may_be_meant() {
        for (typed, guesses, offered) in [
            ("explan", &["clean", "plan", "explain"][..], &["explain"][..]),
            ("opn", &["plan", "down", "open"], &["open"]),
            ("oepn", &["open"], &["open"]),
            ("dash", &["dashboard"], &["dashboard"]),
            ("clan", &["clean", "plan"], &["plan"]),
            ("cleann", &["clean"], &["clean"]),
            ("cln", &["clean"], &[]),
            ("dwnn", &["down"], &[]),
            ("pen", &["ben", "den", "ten"], &["ten", "den"]),
            ("--chek", &["--check"], &["--check"]),
            ("--instance", &["--stack"], &[]),
            ("", &[""], &[]),
        ] {
            assert_eq!(nearest(typed, guesses.iter().copied()), offered, "{typed}");
        }
    }
}
