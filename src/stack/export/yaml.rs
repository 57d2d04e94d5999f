//! YAML as CloudFormation reads it: maps, lists, texts, and its functions as tags.

use std::fmt::Write;

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Yaml {
    /// Written as it is: a number, a word of the language.
    Plain(String),
    /// A text.
    Text(String),
    /// Items.
    List(Vec<Yaml>),
    /// Names with nodes; a name may have a comment above it.
    Map(Vec<(String, Yaml)>),
    /// A function (`!Ref`) of a node.
    Tagged(&'static str, Box<Yaml>),
    /// A node with lines of comment above it.
    Commented(String, Box<Yaml>),
}

impl Yaml {
    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A map.
    pub(super) fn map<N: Into<String>>(members: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Map(members.into_iter().map(|(name, node)| (name.into(), node)).collect())
    }

    /// A function of a node.
    pub(super) fn tagged(tag: &'static str, node: Self) -> Self {
        Self::Tagged(tag, Box::new(node))
    }

    /// Writes a document.
    pub(super) fn document(&self) -> String {
        let mut text = String::new();
        if let Self::Map(members) = self {
            members_of(members, 0, &mut text);
        }
        text
    }
}

/// Writes the members of a map, each on lines of its own.
fn members_of(members: &[(String, Yaml)], depth: usize, out: &mut String) {
    let step = "  ".repeat(depth);
    for (name, node) in members {
        let node = match node {
            Yaml::Commented(comment, node) => {
                for line in comment.lines() {
                    let _ = writeln!(out, "{step}# {line}");
                }
                node
            }
            node => node,
        };
        let _ = write!(out, "{step}{}:", scalar(name));
        after(node, depth, out);
    }
}

/// Writes a node after a name or a tag, up to the end of its last line.
fn after(node: &Yaml, depth: usize, out: &mut String) {
    match node {
        Yaml::Plain(text) => {
            let _ = writeln!(out, " {text}");
        }
        Yaml::Text(text) => {
            let _ = writeln!(out, " {}", scalar(text));
        }
        Yaml::List(items) if items.is_empty() => out.push_str(" []\n"),
        Yaml::Map(members) if members.is_empty() => out.push_str(" {}\n"),
        Yaml::List(items) => {
            out.push('\n');
            items_of(items, depth + 1, out);
        }
        Yaml::Map(members) => {
            out.push('\n');
            members_of(members, depth + 1, out);
        }
        Yaml::Tagged(tag, inner) => {
            let _ = write!(out, " !{tag}");
            after(inner, depth, out);
        }
        Yaml::Commented(_, inner) => after(inner, depth, out),
    }
}

fn items_of(items: &[Yaml], depth: usize, out: &mut String) {
    let step = "  ".repeat(depth);
    for item in items {
        match item {
            // The first member stands beside the dash.
            Yaml::Map(members) if !members.is_empty() => {
                let mut inner = String::new();
                members_of(members, depth + 1, &mut inner);
                let _ = write!(out, "{step}- {}", inner.trim_start());
            }
            Yaml::List(inner) if !inner.is_empty() => {
                let _ = write!(out, "{step}-");
                after(item, depth, out);
            }
            other => {
                let _ = write!(out, "{step}-");
                after(other, depth, out);
            }
        }
    }
}

/// A text as a scalar: plain where nothing would read it as something else.
pub(super) fn scalar(text: &str) -> String {
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '*' | ' '))
        && !text.contains(": ")
        && !text.ends_with([':', ' ']);
    let is_something = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    if is_word && !is_something { text.to_owned() } else { quoted(text) }
}

/// A text between quotes: JSON's, in which YAML would still break lines at some characters and refuse others.
fn quoted(text: &str) -> String {
    let is_breaking =
        |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    let escaped = |c: char| if is_breaking(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    serde_json::Value::from(text).to_string().chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let node = Yaml::map([
            ("plain", Yaml::text("AWS::EC2::Instance")),
            ("strange", Yaml::text("2012-10-17: \"a\" # é\n\u{85}\u{2028}\u{7f}")),
            ("yes", Yaml::text("no")),
            (
                "list",
                Yaml::List(vec![
                    Yaml::text("*"),
                    Yaml::map([("a", Yaml::Plain("1".into())), ("b", Yaml::List(vec![]))]),
                ]),
            ),
            ("lists", Yaml::List(vec![Yaml::List(vec![Yaml::text("x")])])),
            (
                "map",
                Yaml::map([
                    ("/infra", Yaml::Map(vec![])),
                    ("200", Yaml::Commented("why\nso".into(), Box::new(Yaml::text("")))),
                ]),
            ),
        ]);
        let read: serde_json::Value = serde_saphyr::from_str(&node.document()).unwrap();
        let wanted = serde_json::json!({
            "plain": "AWS::EC2::Instance", "strange": "2012-10-17: \"a\" # é\n\u{85}\u{2028}\u{7f}", "yes": "no",
            "list": ["*", { "a": 1, "b": [] }], "lists": [["x"]], "map": { "/infra": {}, "200": "" },
        });
        assert_eq!(read, wanted, "{}", node.document());
        assert!(node.document().contains("  # why\n  # so\n"));
        // Readers of YAML 1.1, as CloudFormation's are, break lines at these.
        assert!(node.document().contains("\\u0085\\u2028\\u007f"), "{}", node.document());
    }
}
