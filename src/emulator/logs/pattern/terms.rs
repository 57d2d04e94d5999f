//! Patterns for texts: words that must be there, `-` before those that must not, `?` before alternatives, `%…%` around
//! regular expressions.

use super::read::Reader;
use regex_lite::Regex;

/// Terms, by what they are for.
#[derive(Debug, Default)]
pub(in crate::emulator::logs) struct Terms {
    all: Vec<Term>,
    none: Vec<Term>,
    /// At least one of these, when there are any and nothing is in `all`.
    any: Vec<Term>,
}

/// One term.
#[derive(Debug)]
enum Term {
    Text(String),
    Expression(Regex),
}

impl Term {
    /// Letters are compared as they are.
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => message.contains(text.as_str()),
            Self::Expression(expression) => expression.is_match(message),
        }
    }
}

impl Terms {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader(text);
        let mut terms = Self::default();
        while !reader.0.is_empty() {
            let list = match reader.0.as_bytes()[0] {
                b'-' => &mut terms.none,
                b'?' => &mut terms.any,
                _ => &mut terms.all,
            };
            reader.0 = reader.0.strip_prefix(['-', '?']).unwrap_or(reader.0);
            let term = match reader.0.as_bytes().first() {
                Some(b'"') => Term::Text(reader.quoted()?),
                Some(b'%') => Term::Expression(reader.expression()?),
                _ => Term::Text(reader.until(char::is_whitespace).to_owned()),
            };
            if !matches!(&term, Term::Text(text) if text.is_empty()) {
                list.push(term);
            }
            reader.skip();
        }
        Ok(terms)
    }

    pub(super) fn accepts(&self, message: &str) -> bool {
        let is_in = |term: &Term| term.is_in(message);
        // Alternatives beside words that must be there are left out of account, as on AWS.
        let any = self.any.is_empty() || !self.all.is_empty() || self.any.iter().any(is_in);
        self.all.iter().all(is_in) && any && !self.none.iter().any(is_in)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_exclusions_alternatives_and_expressions() {
        for (pattern, message) in [
            ("", "anything"),
            ("ERROR", "[ERROR] no"),
            ("a b", "b then a"),
            (r#""a b""#, "x a b y"),
            (r#""say \"hi\"""#, r#"say "hi" now"#),
            ("ERROR -EXIT", "ERROR"),
            ("?WARN ?ERROR", "an ERROR"),
            ("must ?may", "must"),
            (r"%ERR\w+%", "an ERROR"),
            (r"-%\d%", "none"),
        ] {
            assert!(Terms::parse(pattern).unwrap().accepts(message), "{pattern} {message}");
        }
        for (pattern, message) in [
            ("ERROR", "error"),
            ("a b", "a"),
            (r#""a b""#, "b a"),
            ("ERROR -EXIT", "ERROR EXIT"),
            ("?WARN ?ERROR", "INFO"),
            (r"%^x%", "ax"),
            (r"-%\d%", "1"),
        ] {
            assert!(!Terms::parse(pattern).unwrap().accepts(message), "{pattern} {message}");
        }
    }
}
