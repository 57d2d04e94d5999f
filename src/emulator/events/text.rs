//! What a pattern asks of a text: how it begins and ends, whatever its case, with stars in it.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>

use serde_json::{Map, Value};

/// Why a text is no pattern.
pub(super) type Refusal = String;

/// What is said where `anything-but` has something of another kind.
pub(super) const NO_EXCEPTION: &str = "Value of anything-but must be an array or single string/number value.";
/// What can be asked of a text.
const KINDS: [&str; 4] = ["equals-ignore-case", "prefix", "suffix", "wildcard"];
/// How many places the wildcards of a field may come to at once: AWS does not say it, and refuses what is in 11.
const MAX_PLACES: usize = 10;

/// What a text has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    Prefix {
        of: String,
        ignores_case: bool,
    },
    Suffix {
        of: String,
        ignores_case: bool,
    },
    EqualsIgnoringCase(String),
    /// The texts between the stars.
    Wildcard(Vec<String>),
}

impl Text {
    /// Reads an expression of this kind.
    pub(super) fn of(kind: &str, value: &Value) -> Result<Self, Refusal> {
        let (of, ignores_case) = match (kind, value) {
            (kind, _) if !KINDS.contains(&kind) => return Err(format!("Unrecognized match type {kind}")),
            (_, Value::String(text)) => (text.clone(), false),
            ("prefix" | "suffix", Value::Object(members)) => (caseless(kind, members)?, true),
            _ => return Err(format!("{kind} match pattern must be a string")),
        };
        match kind {
            "prefix" => Ok(Self::Prefix { of, ignores_case }),
            "suffix" => Ok(Self::Suffix { of, ignores_case }),
            "wildcard" => wildcard(&of).map(Self::Wildcard),
            _ => Ok(Self::EqualsIgnoringCase(of)),
        }
    }

    /// Reads the expressions that `anything-but` turns round, which has words of its own for what they cannot be.
    pub(super) fn exceptions(kind: &str, value: &Value) -> Result<Vec<Self>, Refusal> {
        if !KINDS.contains(&kind) {
            return Err(format!("Unsupported anything-but pattern: {kind}"));
        }
        match value {
            Value::Array(items) if items.is_empty() => Err("Empty arrays are not allowed".to_owned()),
            Value::Array(items) => items.iter().map(|item| Self::exception(kind, item)).collect(),
            Value::String(_) | Value::Number(_) => Self::exception(kind, value).map(|one| vec![one]),
            _ => Err(NO_EXCEPTION.to_owned()),
        }
    }

    fn exception(kind: &str, value: &Value) -> Result<Self, Refusal> {
        match (kind, value.as_str()) {
            ("prefix" | "suffix", Some("")) => Err("Null prefix/suffix not allowed".to_owned()),
            ("prefix" | "suffix", None) => Err("prefix/suffix match pattern must be a string".to_owned()),
            ("equals-ignore-case", None) => {
                Err("Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
                    .to_owned())
            }
            _ => Self::of(kind, value),
        }
    }

    pub(super) fn accepts(&self, value: &str) -> bool {
        match self {
            Self::Prefix { of, ignores_case: false } => value.starts_with(of.as_str()),
            Self::Prefix { of, ignores_case: true } => value.to_lowercase().starts_with(&of.to_lowercase()),
            Self::Suffix { of, ignores_case: false } => value.ends_with(of.as_str()),
            Self::Suffix { of, ignores_case: true } => value.to_lowercase().ends_with(&of.to_lowercase()),
            Self::EqualsIgnoringCase(of) => value.to_lowercase() == of.to_lowercase(),
            Self::Wildcard(parts) => accepts_parts(parts, value),
        }
    }
}

/// The text of which a beginning or an end may be written in any case: `{"equals-ignore-case": "x"}`.
fn caseless(kind: &str, members: &Map<String, Value>) -> Result<String, Refusal> {
    let mut entries = members.iter();
    match (entries.next(), entries.next()) {
        (None, _) => {
            let kind = if kind == "prefix" { "Prefix" } else { "Suffix" };
            Err(format!("{kind} expression name not found"))
        }
        (Some((name, _)), None) if name != "equals-ignore-case" => Err(format!("Unsupported {kind} pattern: {name}")),
        (Some((_, Value::String(text))), None) => Ok(text.clone()),
        (Some(_), None) => Err("equals-ignore-case match pattern must be a string".to_owned()),
        _ => Err("Only one key allowed in match expression".to_owned()),
    }
}

/// Takes a text with stars apart; `\*` and `\\` stand for themselves. Positions count from the quote before it.
fn wildcard(text: &str) -> Result<Vec<String>, Refusal> {
    let mut parts = vec![String::new()];
    let mut chars = text.char_indices().peekable();
    while let Some((at, next)) = chars.next() {
        let literal = match next {
            '*' if chars.peek().is_some_and(|(_, after)| *after == '*') => {
                return Err(format!("Consecutive wildcard characters at pos {}", at + 1));
            }
            '*' => {
                parts.push(String::new());
                continue;
            }
            '\\' => match chars.next() {
                Some((_, escaped @ ('*' | '\\'))) => escaped,
                _ => return Err(format!("Invalid escape character at pos {}", at + 1)),
            },
            plain => plain,
        };
        if let Some(part) = parts.last_mut() {
            part.push(literal);
        }
    }
    Ok(parts)
}

/// Refuses the wildcards of a field together where a text can have come to too many places of them at once: behind each
/// star, and within as many of the texts between them as begin with the same letters.
pub(super) fn check_complexity<'t>(texts: impl Iterator<Item = &'t Text>) -> Result<(), Refusal> {
    let wildcards = texts.filter_map(|text| if let Text::Wildcard(parts) = text { Some(&parts[1..]) } else { None });
    let after_stars: Vec<&[u8]> = wildcards.flatten().map(String::as_bytes).collect();
    let beginnings: Vec<&[u8]> =
        after_stars.iter().flat_map(|part| (1..=part.len()).map(move |end| &part[..end])).collect();
    let left = MAX_PLACES.checked_sub(after_stars.len());
    let too_many = |text: &&[u8]| {
        let at_once = beginnings.iter().filter(|other| text.ends_with(other));
        Some(at_once.take(MAX_PLACES + 1).count()) > left
    };
    if left.is_none() || beginnings.iter().any(too_many) {
        return Err(
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences \
                    after a wildcard character"
                .to_owned(),
        );
    }
    Ok(())
}

/// Whether a text begins with the first part, ends with the last one, and has the others between them in their order.
fn accepts_parts(parts: &[String], value: &str) -> bool {
    let [first, middle @ .., last] = parts else { return parts.first().is_some_and(|whole| whole == value) };
    let Some(mut rest) = value.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wildcards_of_a_field_may_not_be_in_too_many_places_at_once() {
        let check = |texts: &[&str]| {
            let texts: Vec<_> = texts.iter().map(|text| Text::Wildcard(wildcard(text).unwrap())).collect();
            check_complexity(texts.iter())
        };
        for texts in [
            &["*"][..],
            &["arn:aws:events:us-east-1:*:event-bus/*"],
            &["*/dir/*"],
            &["*.bif", "*.tiff", "*.tif", "*.svs"],
            &["*/datasync/*.bif", "*/datasync/*.tif"],
        ] {
            check(texts).unwrap();
        }
        let four = ["*/datasync/*.bif", "*/datasync/*.tif", "*/datasync/*.tiff", "*/datasync/*.svs"];
        for texts in [&["*:*:*:*:*:event-bus/*"][..], &four] {
            assert!(check(texts).unwrap_err().contains("too complex"), "{texts:?}");
        }
    }

    #[test]
    fn a_wildcard_says_where_it_is_none() {
        assert_eq!(wildcard("abc**def").unwrap_err(), "Consecutive wildcard characters at pos 4");
        assert_eq!(wildcard(r"a\bc").unwrap_err(), "Invalid escape character at pos 2");
        assert_eq!(wildcard(r"a\**").unwrap(), ["a*", ""]);
    }
}
