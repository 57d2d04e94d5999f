//! Filter patterns: which log events somebody wants.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>
//!
//! Three languages, told apart by how a pattern begins: terms in any text, `{ … }` about the members of JSON, and
//! `[ … ]` about the fields of a line.

mod compare;
mod fields;
mod json;
mod read;
mod terms;

use super::invalid;
use crate::emulator::wire::AwsError;
use std::collections::BTreeMap;

/// The most regular expressions of a pattern for JSON or for fields.
const MAX_EXPRESSIONS: usize = 2;

/// A filter pattern, read.
#[derive(Debug)]
pub(super) enum FilterPattern {
    Terms(terms::Terms),
    Json(json::Condition),
    Fields(fields::Fields),
}

impl FilterPattern {
    /// Reads a pattern; an empty one accepts everything.
    ///
    /// # Errors
    /// `InvalidParameterException` for what is no pattern.
    pub(super) fn parse(text: &str) -> Result<Self, AwsError> {
        let text = text.trim();
        let read = match text.as_bytes().first() {
            Some(b'{') => json::Condition::parse(text).map(Self::Json),
            Some(b'[') => fields::Fields::parse(text).map(Self::Fields),
            _ => terms::Terms::parse(text).map(Self::Terms),
        };
        let read = match read {
            Ok(pattern) if pattern.expressions() > MAX_EXPRESSIONS => {
                Err(format!("it has more than {MAX_EXPRESSIONS} regular expressions"))
            }
            other => other,
        };
        read.map_err(|why| invalid(format!("Invalid filter pattern: {why}")))
    }

    /// How many regular expressions it has of those that are counted.
    fn expressions(&self) -> usize {
        match self {
            Self::Terms(_) => 0,
            Self::Json(condition) => condition.expressions(),
            Self::Fields(fields) => fields.expressions(),
        }
    }

    /// Tells whether a message passes.
    pub(super) fn accepts(&self, message: &str) -> bool {
        match self {
            Self::Terms(terms) => terms.accepts(message),
            Self::Json(condition) => {
                serde_json::from_str(message.trim()).is_ok_and(|message| condition.accepts(&message))
            }
            Self::Fields(fields) => fields.accepts(message),
        }
    }

    /// What the pattern names in a message that passes: the members of JSON as `$.a`, the fields of a line as `$a`.
    pub(super) fn extracted(&self, message: &str) -> BTreeMap<String, String> {
        match self {
            Self::Terms(_) => BTreeMap::new(),
            Self::Json(condition) => serde_json::from_str(message.trim())
                .map_or_else(|_| BTreeMap::new(), |message| condition.extracted(&message)),
            Self::Fields(fields) => fields.extracted(message),
        }
    }
}

/// What a selector (`$.a.b`, or `$field` where a pattern has fields) names in a message.
pub(super) fn selected(pattern: &FilterPattern, selector: &str, message: &str) -> Option<String> {
    if let FilterPattern::Fields(fields) = pattern {
        fields.extracted(message).remove(selector)
    } else {
        let message = serde_json::from_str(message.trim()).ok()?;
        json::select(selector, &message).map(|value| json::text(&value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_pattern_begins_says_what_it_is() {
        for (pattern, message) in
            [("ERROR", "an ERROR"), ("{ $.a = 1 }", r#"{"a":1}"#), ("[a, b=2]", "1 2"), ("  ", "anything")]
        {
            assert!(FilterPattern::parse(pattern).unwrap().accepts(message), "{pattern}");
            assert!(!FilterPattern::parse("{ $.a = 2 }").unwrap().accepts(message), "{pattern}");
        }
        for pattern in ["{", "{ $.a }", "{ a = 1 }", "[", "[a", "\"open", "%(%", "{ $.a = 1 } x"] {
            let error = FilterPattern::parse(pattern).unwrap_err();
            assert_eq!(error.code, "InvalidParameterException", "{pattern}");
        }
    }

    #[test]
    fn regular_expressions_are_those_of_the_documentation() {
        for (pattern, message) in [
            ("%^starting|^shutting down%", "shutting down"),
            (r"%\d{1,3}\.\d{1,3}%", "10.1"),
            (r"%a\x3A[b-d]+%", "a:bcd"),
            ("{ $.a = %x% && ($.b = %y% || $.c = 1) }", r#"{"a":"x","b":"y"}"#),
            ("[a = %1%, b = %2%, c]", "1 2 3"),
            ("%a% %b% %c%", "abc"),
        ] {
            assert!(FilterPattern::parse(pattern).unwrap().accepts(message), "{pattern}");
        }
        for pattern in [
            "%something!%",
            "%(a|b)%",
            r"%\(%",
            "%é%",
            "{ $.a = %x% && ($.b = %y% || $.c = %z%) }",
            "[a = %1% || a = %2%, b = %3%]",
        ] {
            assert_eq!(FilterPattern::parse(pattern).unwrap_err().code, "InvalidParameterException", "{pattern}");
        }
    }

    #[test]
    fn a_selector_names_what_a_metric_counts() {
        let json = FilterPattern::parse("{ $.ms > 0 }").unwrap();
        assert_eq!(selected(&json, "$.ms", r#"{"ms":1.5}"#).as_deref(), Some("1.5"));
        let fields = FilterPattern::parse("[ip, size]").unwrap();
        assert_eq!(selected(&fields, "$size", "127.0.0.1 9").as_deref(), Some("9"));
        assert_eq!(selected(&fields, "$other", "127.0.0.1 9"), None);
    }
}
