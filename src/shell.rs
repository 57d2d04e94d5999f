//! Words for a POSIX shell.

/// Writes a word so that a shell reads it back as it was, whatever it holds.
#[must_use]
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Writes a word so that a shell reads it back as it was, without quotes where it needs none.
#[must_use]
pub fn word(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ':' | '@' | ',');
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { quoted(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_word_that_needs_quotes_has_them() {
        assert_eq!(word("/home/ada/a-b_c.1"), "/home/ada/a-b_c.1");
        assert_eq!(word("my stack"), "'my stack'");
        assert_eq!(word("a;b"), "'a;b'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn no_word_can_end_its_quotes() {
        assert_eq!(quoted("it's $(x)"), r"'it'\''s $(x)'");
        assert_eq!(quoted(""), "''");
    }
}
