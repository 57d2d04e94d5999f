//! Values in Terraform's language, laid out as `terraform fmt` lays them out.

use super::{
    escape::escape,
    provider::{attribute, by_need, kind, name},
    value::{Entry, Piece, Symbol, Text, Thing, Value},
};

/// How long a list may be on one line.
const WIDTH: usize = 80;

/// A resource's address.
pub(super) fn address(thing: &Thing) -> String {
    format!("{}.{}", kind(thing).terraform, name(thing))
}

/// What a reference is written as.
pub(super) fn symbol(symbol: &Symbol) -> String {
    match symbol {
        Symbol::Account => "data.aws_caller_identity.current.account_id".to_owned(),
        Symbol::Variable(name) => format!("var.{name}"),
        Symbol::Digest(key) => format!("local.key_digests[{}]", quoted(key)),
        Symbol::Of(thing, what) => format!("{}.{}", address(thing), attribute(thing, *what)),
    }
}

/// A text between quotes, with nothing in it that the language would read.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Keeps what begins an expression a text.
fn escaped(text: &str) -> String {
    escape(text).replace("${", "$${").replace("%{", "%%{")
}

/// A text: quoted, or a reference alone.
pub(super) fn text(text: &Text) -> String {
    match text.0.as_slice() {
        [Piece::Symbol(only)] => symbol(only),
        pieces => {
            let piece = |piece: &Piece| match piece {
                Piece::Literal(literal) => escaped(literal),
                Piece::Symbol(reference) => format!("${{{}}}", symbol(reference)),
            };
            format!("\"{}\"", pieces.iter().map(piece).collect::<String>())
        }
    }
}

/// A value; what takes more than a line is indented by `depth` steps from its second line on.
pub(super) fn value(value: &Value, depth: usize) -> String {
    match value {
        Value::Text(text) => self::text(text),
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Optional(variable) => format!("var.{variable}"),
        Value::Json(inner) => format!("jsonencode({})", self::value(inner, depth)),
        Value::List(items) => list(items, depth),
        Value::Map(entries) => map(entries, depth),
    }
}

fn list(items: &[Value], depth: usize) -> String {
    let on_a_line = |items: &[String]| format!("[{}]", items.join(", "));
    let flat: Vec<String> = items.iter().map(|item| value(item, depth)).collect();
    if flat.iter().all(|item| !item.contains('\n')) && on_a_line(&flat).len() <= WIDTH {
        return on_a_line(&flat);
    }
    let step = indent(depth + 1);
    let lines = items.iter().map(|item| format!("{step}{},\n", value(item, depth + 1)));
    format!("[\n{}{}]", lines.collect::<String>(), indent(depth))
}

fn map(entries: &[Entry], depth: usize) -> String {
    let (always, needing) = by_need(entries);
    if needing.is_empty() {
        return object(&always, depth);
    }
    let step = indent(depth + 1);
    let mut merged = format!("merge(\n{step}{},\n", object(&always, depth + 1));
    for (variable, entries) in needing {
        merged.push_str(&format!("{step}var.{variable} == null ? {{}} : {},\n", object(&entries, depth + 1)));
    }
    format!("{merged}{})", indent(depth))
}

fn object(entries: &[&Entry], depth: usize) -> String {
    if entries.is_empty() {
        return "{}".to_owned();
    }
    let members = entries.iter().map(|entry| (member(&entry.name), value(&entry.value, depth + 1))).collect();
    format!("{{\n{}{}}}", aligned(members, depth + 1), indent(depth))
}

/// A member's name: bare where the language allows it.
fn member(name: &Text) -> String {
    let is_bare = |text: &&str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            && !matches!(*text, "for" | "null" | "true" | "false")
    };
    match name.literal().filter(is_bare) {
        Some(bare) => bare.to_owned(),
        None => match name.0.as_slice() {
            [Piece::Symbol(only)] => format!("({})", symbol(only)),
            _ => text(name),
        },
    }
}

/// Lines of names with values, the signs of those that follow each other on one line each below each other.
#[expect(clippy::needless_pass_by_value, reason = "nobody needs the members afterwards")]
pub(super) fn aligned(members: Vec<(String, String)>, depth: usize) -> String {
    let step = indent(depth);
    let is_short = |member: &(String, String)| !member.1.contains('\n');
    let mut lines = String::new();
    for chunk in members.chunk_by(|a, b| is_short(a) && is_short(b)) {
        let width = chunk.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        for (name, value) in chunk {
            lines.push_str(&format!("{step}{name:width$} = {value}\n"));
        }
    }
    lines
}

/// The spaces in front of a line.
pub(super) fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::export::value::Attribute;

    #[test]
    fn nothing_in_a_text_is_read_by_the_language() {
        assert_eq!(quoted("a\"b\\c\n${x} %{y}\u{1}é"), "\"a\\\"b\\\\c\\n$${x} %%{y}\\u0001é\"");
        assert_eq!(text(&Text::parse("")), "\"\"");
    }

    #[test]
    fn a_value_is_laid_out_as_terraform_does() {
        let arn = Value::of(Thing::Role, Attribute::Arn);
        let entries = vec![
            Entry::new("a", Value::text("1")),
            Entry::new("atelier:part", arn),
            Entry::new("list", Value::texts(["x", "y"])),
            Entry::new("b", Value::Map(vec![Entry::new("c", Value::Flag(true))])),
            Entry::new("only", Value::variable("v")).needing("v"),
        ];
        let wanted = "merge(\n  {\n    a              = \"1\"\n    \"atelier:part\" = aws_iam_role.function.arn\n    list           = [\"x\", \"y\"]\n    b = {\n      c = true\n    }\n  },\n  var.v == null ? {} : {\n    only = var.v\n  },\n)";
        assert_eq!(value(&Value::Map(entries), 0), wanted);
    }
}
