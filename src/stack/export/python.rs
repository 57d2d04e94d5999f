//! Values in Python, as a Pulumi program has them.

use super::{
    escape::escape,
    provider::{attribute, by_need, in_pulumi, kind, name},
    value::{Entry, Piece, Symbol, Text, Thing, Value},
};

/// How long a list or dictionary may be on one line.
const WIDTH: usize = 80;

/// The variable that holds a resource.
pub(super) fn variable(thing: &Thing) -> String {
    let kind = kind(thing).pulumi.rsplit('.').next().unwrap_or_default();
    let mut snake = String::new();
    for character in kind.chars() {
        if character.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    match thing {
        Thing::ClockPermission => format!("clock_{snake}"),
        Thing::Instance(Some(_)) | Thing::Key(_) | Thing::PlanKey(_) | Thing::Alarm(_) => {
            format!("{snake}_{}", name(thing))
        }
        _ => snake,
    }
}

/// What a reference is written as, and whether its value is known only when the program has run.
pub(super) fn symbol(symbol: &Symbol) -> (String, bool) {
    match symbol {
        Symbol::Account => ("account".to_owned(), false),
        Symbol::Variable(name) => (name.clone(), false),
        Symbol::Digest(key) => (format!("KEY_DIGESTS[{}]", quoted(key)), false),
        Symbol::Of(thing, what) => (format!("{}.{}", variable(thing), in_pulumi(thing, attribute(thing, *what))), true),
    }
}

/// A text between quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escape(text))
}

/// A text, formatted where it has references.
pub(super) fn text(text: &Text) -> String {
    let pieces = text.0.as_slice();
    match pieces {
        [Piece::Symbol(only)] => return symbol(only).0,
        _ if text.literal().is_some() => return quoted(text.literal().unwrap_or_default()),
        _ => {}
    }
    let is_late = pieces.iter().any(|piece| matches!(piece, Piece::Symbol(reference) if symbol(reference).1));
    if is_late {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(literal) => quoted(literal),
            Piece::Symbol(reference) => symbol(reference).0,
        };
        return format!("pulumi.Output.concat({})", pieces.iter().map(piece).collect::<Vec<_>>().join(", "));
    }
    let piece = |piece: &Piece| match piece {
        Piece::Literal(literal) => escape(literal).replace('{', "{{").replace('}', "}}"),
        // Before Python 3.12 no quote of the same kind may stand in one.
        Piece::Symbol(reference) => format!("{{{}}}", symbol(reference).0.replace('"', "'")),
    };
    format!("f\"{}\"", pieces.iter().map(piece).collect::<String>())
}

/// A value; what takes more than a line is indented by `depth` steps from its second line on.
pub(super) fn value(value: &Value, depth: usize) -> String {
    match value {
        Value::Text(text) => self::text(text),
        Value::Number(number) => number.to_string(),
        Value::Flag(true) => "True".to_owned(),
        Value::Flag(false) => "False".to_owned(),
        Value::Optional(variable) => variable.clone(),
        // As compact and in the order that a deploy writes them, so that equal is recognised as equal.
        Value::Json(inner) => {
            format!(
                "pulumi.Output.json_dumps({}, separators=(\",\", \":\"), sort_keys=True)",
                self::value(inner, depth)
            )
        }
        Value::List(items) => {
            bracketed(('[', ']'), items.iter().map(|item| self::value(item, depth + 1)).collect(), depth)
        }
        Value::Map(entries) => map(entries, depth),
    }
}

fn map(entries: &[Entry], depth: usize) -> String {
    let (always, needing) = by_need(entries);
    let pair = |entry: &&Entry| format!("{}: {}", text(&entry.name), value(&entry.value, depth + 1));
    let mut members: Vec<String> = always.iter().map(pair).collect();
    for (variable, entries) in needing {
        let pairs: Vec<String> = entries.iter().map(pair).collect();
        members.push(format!("**({{{}}} if {variable} else {{}})", pairs.join(", ")));
    }
    bracketed(('{', '}'), members, depth)
}

/// Members between brackets, on one line where they are short.
#[expect(clippy::needless_pass_by_value, reason = "nobody needs the members afterwards")]
pub(super) fn bracketed((open, close): (char, char), members: Vec<String>, depth: usize) -> String {
    let flat = format!("{open}{}{close}", members.join(", "));
    if flat.len() <= WIDTH && !flat.contains('\n') {
        return flat;
    }
    let step = "    ".repeat(depth + 1);
    let lines: String = members.iter().map(|member| format!("{step}{member},\n")).collect();
    format!("{open}\n{lines}{}{close}", "    ".repeat(depth))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::export::value::{Attribute, REGION};

    #[test]
    fn a_text_is_formatted_as_late_as_what_is_in_it() {
        assert_eq!(text(&Text::parse("a\"{b}")), "\"a\\\"{b}\"");
        assert_eq!(text(&Text::parse(&format!("{{x}}{REGION}"))), "f\"{{x}}{region}\"");
        let late = Text::symbol(Symbol::Of(Thing::Api, Attribute::ExecutionArn)).then(Text::parse("/*"));
        assert_eq!(text(&late), "pulumi.Output.concat(rest_api.execution_arn, \"/*\")");
    }
}
