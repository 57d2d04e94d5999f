//! Regular expressions that users write, bounded.

use regex_lite::{Error, Regex, RegexBuilder};

/// How large an expression may be once it is read, in bytes: every character of a text is held against all of it.
const MAX_SIZE: usize = 64 * 1024;

/// Reads a regular expression.
///
/// # Errors
/// When it is none, or repeats so much so often that reading and using it would take for ever.
pub fn regular_expression(text: &str) -> Result<Regex, Error> {
    RegexBuilder::new(text).size_limit(MAX_SIZE).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_repeats_within_reason() {
        assert!(regular_expression(r"^[\w-]{1,200}$").unwrap().is_match("a-b"));
        assert!(regular_expression(&"a".repeat(1000)).is_ok());
        assert!(regular_expression("((a{99}){99}){99}").is_err());
    }
}
