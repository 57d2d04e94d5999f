//! Usage errors: what clap found wrong, as an error of ours, so that it has a language, an envelope and hints.

use crate::{
    error::{Code, Error},
    settings::{Rule, shown},
    text::Message,
};
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Turns clap's error into ours.
pub(super) fn error(error: &clap::Error) -> Error {
    let hints = suggestions(error).into_iter().chain(usage(error));
    hints.fold(Error::new(Code::Usage).with_message("detail", detail(error)), Error::hint)
}

fn detail(error: &clap::Error) -> Message {
    let argument = || bare(&text(error, ContextKind::InvalidArg)).to_owned();
    let value = || shown(&text(error, ContextKind::InvalidValue));
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
    let kinds = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let mut hints: Vec<Message> = kinds
        .into_iter()
        .map(|kind| text(error, kind))
        .filter(|name| !name.is_empty())
        .map(|name| Message::new("usage.did_you_mean").with("name", name))
        .collect();
    let possible = text(error, ContextKind::ValidValue);
    if !possible.is_empty() {
        hints.push(Message::new("usage.possible").with("values", possible));
    }
    hints
}

/// Clap's usage line without its heading.
fn usage(error: &clap::Error) -> Option<Message> {
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
