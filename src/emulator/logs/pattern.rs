//! Filter patterns for texts: words that must be there, `-` before those that must not, `?` before alternatives.

use crate::emulator::wire::AwsError;

/// A filter pattern, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FilterPattern {
    all: Vec<String>,
    none: Vec<String>,
    /// At least one of these, when there are any and nothing is in `all`.
    any: Vec<String>,
}

impl FilterPattern {
    /// Reads a pattern; an empty one accepts everything.
    ///
    /// # Errors
    /// `NotImplemented` for JSON (`{…}`), field (`[…]`) and regular-expression (`%…%`) patterns,
    /// `InvalidParameterException` for a quote that does not end.
    pub(super) fn parse(text: &str) -> Result<Self, AwsError> {
        let mut rest = text.trim();
        if rest.starts_with(['{', '[']) || rest.starts_with('%') {
            return Err(AwsError::not_implemented("logs", &format!("FilterLogEvents with the pattern {rest}")));
        }
        let mut pattern = Self::default();
        while !rest.is_empty() {
            let list = match rest.as_bytes()[0] {
                b'-' => &mut pattern.none,
                b'?' => &mut pattern.any,
                _ => &mut pattern.all,
            };
            rest = rest.strip_prefix(['-', '?']).unwrap_or(rest);
            let (term, after) = if let Some(quoted) = rest.strip_prefix('"') {
                take_quoted(quoted)?
            } else {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            };
            if !term.is_empty() {
                list.push(term);
            }
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    /// Tells whether a message passes; letters are compared as they are.
    pub(super) fn accepts(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        // Alternatives beside words that must be there are left out of account, as on AWS.
        let any = self.any.is_empty() || !self.all.is_empty() || self.any.iter().any(has);
        self.all.iter().all(has) && any && !self.none.iter().any(has)
    }
}

/// Takes the text up to the closing quote; `\"` is a quote within.
fn take_quoted(text: &str) -> Result<(String, &str), AwsError> {
    let mut term = String::new();
    let mut chars = text.char_indices();
    while let Some((at, next)) = chars.next() {
        match next {
            '"' => return Ok((term, &text[at + 1..])),
            '\\' => term.extend(chars.next().map(|(_, escaped)| escaped)),
            other => term.push(other),
        }
    }
    Err(super::invalid("Invalid filter pattern: a quote does not end."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(pattern: &str, message: &str) -> bool {
        FilterPattern::parse(pattern).unwrap().accepts(message)
    }

    #[test]
    fn words_phrases_exclusions_and_alternatives() {
        for (pattern, message) in [
            ("", "anything"),
            ("ERROR", "[ERROR] no"),
            ("a b", "b then a"),
            (r#""a b""#, "x a b y"),
            (r#""say \"hi\"""#, r#"say "hi" now"#),
            ("ERROR -EXIT", "ERROR"),
            ("?WARN ?ERROR", "an ERROR"),
            ("must ?may", "must"),
        ] {
            assert!(accepts(pattern, message), "{pattern} {message}");
        }
        for (pattern, message) in [
            ("ERROR", "error"),
            ("a b", "a"),
            (r#""a b""#, "b a"),
            ("ERROR -EXIT", "ERROR EXIT"),
            ("?WARN ?ERROR", "INFO"),
        ] {
            assert!(!accepts(pattern, message), "{pattern} {message}");
        }
    }

    #[test]
    fn patterns_that_are_not_for_texts_are_named_not_ignored() {
        for pattern in ["{ $.a = 1 }", "[a, b]", "%a+%"] {
            assert_eq!(FilterPattern::parse(pattern).unwrap_err().status, 501, "{pattern}");
        }
        assert_eq!(FilterPattern::parse("\"open").unwrap_err().code, "InvalidParameterException");
    }
}
