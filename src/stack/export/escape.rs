//! What all languages between double quotes escape alike.

use std::fmt::Write as _;

/// Escapes quotes, backslashes and control characters as Python and HCL both have them.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            control if control.is_control() => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(control));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_or_change_a_text_is_escaped() {
        assert_eq!(escape("a\"b\\c\n\r\t\u{7}\u{85}é"), r#"a\"b\\c\n\r\t\u0007\u0085é"#);
    }
}
