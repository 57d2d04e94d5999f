//! Reading the text of a pattern, piece by piece.

use crate::emulator::wire::regular_expression;

/// What regular expressions have besides letters and digits: no groups, and nothing that is longer than a byte.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html>
const SIGNS: &str = " :_#=@/;,-^$?[]{}|\\*+.";

/// What is left to read.
pub(super) struct Reader<'t>(pub(super) &'t str);

impl<'t> Reader<'t> {
    /// Passes over white space.
    pub(super) fn skip(&mut self) {
        self.0 = self.0.trim_start();
    }

    /// Takes a text, if it is next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Takes a word in either case, if it is next and ends there.
    pub(super) fn word(&mut self, word: &str) -> bool {
        let is_next = self.0.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        let ends =
            self.0.get(word.len()..).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
        if is_next && ends {
            self.0 = &self.0[word.len()..];
        }
        is_next && ends
    }

    /// Takes all up to the first character that `ends`.
    pub(super) fn until(&mut self, ends: impl Fn(char) -> bool) -> &'t str {
        let (taken, rest) = self.0.split_at(self.0.find(ends).unwrap_or(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Takes what stands in quotes; `\"` is a quote within.
    pub(super) fn quoted(&mut self) -> Result<String, String> {
        let whole = self.0;
        let quote = whole.chars().next().unwrap_or('"');
        let mut text = String::new();
        let mut chars = whole[quote.len_utf8()..].char_indices();
        while let Some((at, next)) = chars.next() {
            match next {
                _ if next == quote => {
                    self.0 = &whole[at + 2 * quote.len_utf8()..];
                    return Ok(text);
                }
                '\\' => text.extend(chars.next().map(|(_, escaped)| escaped)),
                other => text.push(other),
            }
        }
        Err("a quote does not end".to_owned())
    }

    /// Takes what stands between two `%`.
    pub(super) fn expression(&mut self) -> Result<regex_lite::Regex, String> {
        let rest = self.0.strip_prefix('%').unwrap_or(self.0);
        let end = rest.find('%').ok_or("a regular expression does not end")?;
        let (text, after) = (&rest[..end], &rest[end + 1..]);
        self.0 = after;
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || SIGNS.contains(c);
        if let Some(other) = text.chars().find(|c| !is_allowed(*c)) {
            return Err(format!("the regular expression `{text}` has `{other}`, which is not supported"));
        }
        regular_expression(text).map_err(|error| format!("`{text}` is no regular expression: {error}"))
    }
}
