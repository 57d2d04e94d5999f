//! Java's regular expressions, as far as they are every language's: without look-around and back references, which are
//! refused.

use crate::emulator::wire::regular_expression;
use regex_lite::Regex;

/// Reads a pattern that finds its text anywhere.
pub(in crate::emulator::apigateway) fn anywhere(pattern: &str) -> Result<Regex, String> {
    regular_expression(&portable(pattern))
        .map_err(|error| format!("`{pattern}` is a pattern that the emulator cannot read ({error})"))
}

/// Reads a pattern that takes the whole of a text, as Java's `matches` does.
pub(in crate::emulator::apigateway) fn whole(pattern: &str) -> Result<Regex, String> {
    anywhere(&format!(r"\A(?:{pattern})\z"))
}

/// Tells whether a pattern may have to read on behind what it finds: where it repeats something, unless that is a single
/// character at its end.
pub(super) fn looks_ahead(pattern: &str) -> bool {
    let is_sole = !pattern.contains(['(', '|']);
    let body = if is_sole { pattern.strip_suffix(['+', '*']).unwrap_or(pattern) } else { pattern };
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '*' | '+' | '{' => return true,
            _ => {}
        }
    }
    false
}

/// Java's names of classes of ASCII characters, as every language writes them.
fn portable(pattern: &str) -> String {
    const CLASSES: [(&str, &str); 7] = [
        (r"\p{Alpha}", "[A-Za-z]"),
        (r"\p{Digit}", "[0-9]"),
        (r"\p{Alnum}", "[A-Za-z0-9]"),
        (r"\p{Upper}", "[A-Z]"),
        (r"\p{Lower}", "[a-z]"),
        (r"\p{Space}", r"\s"),
        (r"\Z", r"\z"),
    ];
    CLASSES.iter().fold(pattern.to_owned(), |pattern, (java, ours)| pattern.replace(java, ours))
}

/// A replacement of Java's (`$1`, `\$`) as the library writes it.
pub(super) fn replacement(java: &str) -> String {
    let (mut ours, mut chars) = (String::new(), java.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('$') => ours.push_str("$$"),
                Some(other) => ours.push(other),
                None => {}
            },
            '$' if chars.peek().is_some_and(char::is_ascii_digit) => {
                let group = chars.next().unwrap_or('0');
                ours.extend(["${", group.encode_utf8(&mut [0; 4]), "}"]);
            }
            '$' => ours.push_str("$$"),
            c => ours.push(c),
        }
    }
    ours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_pattern_takes_the_whole_text() {
        assert!(whole(r".*\[BadRequest\].*").unwrap().is_match("x [BadRequest] y"));
        assert!(whole("4\\d{2}").unwrap().is_match("404"));
        assert!(!whole("a|b").unwrap().is_match("ab"));
        assert!(!whole(".*x").unwrap().is_match("a\nx"));
        assert!(whole(r"(.|\n)*x").unwrap().is_match("a\nx"));
        assert!(whole("(?!200).*").is_err());
    }

    #[test]
    fn a_pattern_that_repeats_something_may_look_ahead() {
        for pattern in ["(.*z)|.", ".*z", "a+b", "(a+)", "a{2,}", r"\s*,", "x+?"] {
            assert!(looks_ahead(pattern), "{pattern}");
        }
        for pattern in ["'", r"\\'", r"\s+", "[^a-z]+", "a|b", r"\+", "([a-z])-(\\d)", ",", ""] {
            assert!(!looks_ahead(pattern), "{pattern}");
        }
    }

    #[test]
    fn a_replacement_names_groups_as_java_does() {
        let swapped = anywhere("(a)(b)").unwrap().replace_all("ab", replacement(r"$2$1\$x").as_str()).into_owned();
        assert_eq!(swapped, "ba$x");
    }
}
