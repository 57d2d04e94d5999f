//! Comparing one value with what a pattern wants of it, in both languages that have conditions.

use super::read::Reader;
use regex_lite::Regex;
use serde_json::Value;

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// In the order in which they are looked for: the longer ones first.
const OPERATORS: [(&str, Operator); 7] = [
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("==", Operator::Equal),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

/// What a value is compared with.
#[derive(Debug)]
enum Wanted {
    /// Any characters in the place of each `*`.
    Text(String),
    Number(f64, String),
    Expression(Regex),
}

/// An operator and what is on its right.
#[derive(Debug)]
pub(in crate::emulator::logs) struct Comparison {
    operator: Operator,
    wanted: Wanted,
}

impl Comparison {
    /// Reads a comparison; a value without quotes ends with white space or with a character of `ends`.
    pub(super) fn read(reader: &mut Reader<'_>, ends: &[char]) -> Result<Self, String> {
        reader.skip();
        let found = OPERATORS.into_iter().find(|(text, _)| reader.take(text));
        let (_, operator) = found.ok_or_else(|| format!("an operator is missing before `{}`", reader.0))?;
        reader.skip();
        let wanted = match reader.0.as_bytes().first() {
            Some(b'"') => Wanted::Text(reader.quoted()?),
            Some(b'%') => Wanted::Expression(reader.expression()?),
            _ => {
                let text = reader.until(|c| c.is_whitespace() || ends.contains(&c));
                if text.is_empty() {
                    return Err("a value is missing".to_owned());
                }
                match text.parse::<f64>() {
                    Ok(number) if number.is_finite() => Wanted::Number(number, text.to_owned()),
                    _ => Wanted::Text(text.to_owned()),
                }
            }
        };
        let is_order = !matches!(operator, Operator::Equal | Operator::NotEqual);
        if is_order && !matches!(wanted, Wanted::Number(..)) {
            return Err("only numbers are less or greater".to_owned());
        }
        Ok(Self { operator, wanted })
    }

    /// Whether it is with a regular expression.
    pub(super) fn is_expression(&self) -> bool {
        matches!(self.wanted, Wanted::Expression(_))
    }

    /// Compares a text, which may be a number.
    pub(super) fn accepts(&self, text: &str) -> bool {
        let is_equal = match &self.wanted {
            Wanted::Text(pattern) => like(pattern, text),
            Wanted::Expression(expression) => expression.is_match(text),
            Wanted::Number(wanted, written) => match text.trim().parse::<f64>() {
                Ok(number) => return self.orders(number, *wanted),
                Err(_) => written == text,
            },
        };
        match self.operator {
            Operator::Equal => is_equal,
            Operator::NotEqual => !is_equal,
            _ => false,
        }
    }

    /// Compares a member of JSON.
    pub(super) fn accepts_value(&self, value: &Value) -> bool {
        match (value, &self.wanted) {
            (Value::Number(number), Wanted::Number(wanted, _)) => {
                number.as_f64().is_some_and(|number| self.orders(number, *wanted))
            }
            (Value::String(text), Wanted::Number(_, written)) => match self.operator {
                Operator::Equal => text == written,
                Operator::NotEqual => text != written,
                _ => false,
            },
            (Value::String(text), _) => self.accepts(text),
            (Value::Number(number), _) => self.accepts(&number.to_string()),
            (Value::Bool(flag), _) => self.accepts(&flag.to_string()),
            (Value::Null | Value::Array(_) | Value::Object(_), _) => self.operator == Operator::NotEqual,
        }
    }

    fn orders(&self, number: f64, wanted: f64) -> bool {
        match self.operator {
            Operator::Equal => number.total_cmp(&wanted).is_eq(),
            Operator::NotEqual => number.total_cmp(&wanted).is_ne(),
            Operator::Less => number < wanted,
            Operator::LessOrEqual => number <= wanted,
            Operator::Greater => number > wanted,
            Operator::GreaterOrEqual => number >= wanted,
        }
    }
}

/// Compares a text with a pattern in which `*` stands for any text.
fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn comparison(text: &str) -> Comparison {
        Comparison::read(&mut Reader(text), &[')']).unwrap()
    }

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("*", "", true),
            ("10.*.1", "10.2.3.1", true),
            ("*a*b*", "xaxbx", true),
            ("ab", "abc", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_texts_as_texts() {
        for (text, value, expected) in [
            ("= 1", json!(1.0), true),
            ("!= 1", json!(2), true),
            (">= 1e3", json!(1000), true),
            ("< 5", json!(5), false),
            ("< 5", json!("4"), false),
            ("= 404", json!("404"), true),
            ("= 4*", json!(404), true),
            ("= \"a b\"", json!("a b"), true),
            ("!= x", json!(null), true),
            ("= true", json!(true), true),
            ("= %^a.c$%", json!("abc"), true),
        ] {
            assert_eq!(comparison(text).accepts_value(&value), expected, "{text} {value}");
        }
        assert!(comparison("> 9").accepts("10"));
        assert!(!comparison("> 9").accepts("x"));
        assert!(Comparison::read(&mut Reader("> x"), &[]).is_err());
        assert!(Comparison::read(&mut Reader("~ x"), &[]).is_err());
    }
}
