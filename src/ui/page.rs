//! A result for people, written line by line.

use super::{
    style::{Tone, paint},
    words,
};
use crate::text::{Lang, Message};
use std::fmt::Display;
use unicode_width::UnicodeWidthStr;

/// How far a text is indented below its heading on a narrow terminal.
const NARROW_INDENT: usize = 2;

/// Collects the lines of a result; printed at once when the report is done.
#[derive(Debug)]
pub struct Page {
    lang: Lang,
    color: bool,
    width: Option<usize>,
    plain: bool,
    text: String,
}

impl Page {
    /// Starts an empty page; `width` is the terminal's in columns, `None` outside a terminal. A `plain`
    /// page has words only.
    #[must_use]
    pub fn new(lang: Lang, color: bool, width: Option<usize>, plain: bool) -> Self {
        Self { lang, color, width, plain, text: String::new() }
    }

    /// The language of the page.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// The terminal's columns; `None` when the reader is not a terminal and nothing needs to fit.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Whether the reader wants words only.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    fn render(&self, message: &Message) -> String {
        let text = message.render(self.lang);
        if self.plain { words::only(&text) } else { text }
    }

    /// Writes a text and ends the line.
    #[expect(clippy::needless_pass_by_value, reason = "messages are made for the line that they become")]
    pub fn line(&mut self, message: Message) {
        let text = self.render(&message);
        self.raw(text);
    }

    /// Writes a text in a tone and ends the line.
    pub fn toned(&mut self, tone: Tone, message: &Message) {
        let text = self.paint(tone, &self.render(message));
        self.raw(text);
    }

    /// Writes data as it is and ends the line.
    pub fn raw(&mut self, data: impl Display) {
        use std::fmt::Write;
        // Writing to a `String` cannot fail, unless the data's own `Display` does; then its line stays short.
        let _ = writeln!(self.text, "{data}");
    }

    /// Writes `text` after `prefix`, folded between words at the terminal's width, later lines indented by `indent`
    /// columns, which is how many `prefix` takes. Where that leaves little room, the text gets lines of its own.
    pub fn folded(&mut self, prefix: &str, indent: usize, text: &str) {
        let width = self.width.unwrap_or(usize::MAX);
        let (mut prefix, indent) = if indent.saturating_mul(3) > width {
            self.raw(prefix.trim_end());
            (" ".repeat(NARROW_INDENT), NARROW_INDENT)
        } else {
            (prefix.to_owned(), indent)
        };
        let room = width.saturating_sub(indent);
        let mut line = String::new();
        for word in text.split(' ') {
            if !line.is_empty() && columns(&line) + 1 + columns(word) > room {
                self.raw(format_args!("{prefix}{line}"));
                (line, prefix) = (String::new(), " ".repeat(indent));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.raw(format!("{prefix}{line}").trim_end());
    }

    /// Writes a rule across the page, as wide as the terminal allows and never wider than the workshop's 38 columns; it
    /// is a drawing.
    pub fn rule(&mut self) {
        if self.plain {
            return;
        }
        self.raw("━".repeat(self.width.unwrap_or(38).min(38)));
    }

    /// Gives text its tone, for use within a line.
    #[must_use]
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        paint(self.color, tone, text)
    }

    /// What has been written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The columns that a text takes, its escape sequences none.
pub(crate) fn columns(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

/// The columns that the widest of some texts takes.
pub(crate) fn widest(texts: &[String]) -> usize {
    texts.iter().map(|text| columns(text)).max().unwrap_or(0)
}

/// A text with spaces after it, so that it takes `width` columns at least.
pub(crate) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(width: Option<usize>) -> String {
        let mut page = Page::new(Lang::En, false, width, false);
        page.folded("ok    disk  ", 12, "sixty free and more words");
        page.text().to_owned()
    }

    #[test]
    fn a_text_is_folded_between_words_where_the_terminal_ends() {
        assert_eq!(folded(None), "ok    disk  sixty free and more words\n");
        assert_eq!(folded(Some(36)), "ok    disk  sixty free and more\n            words\n");
    }

    #[test]
    fn colour_takes_no_room() {
        let mut page = Page::new(Lang::En, true, Some(36), false);
        let painted = ["sixty", "free", "and", "more"].map(|word| page.paint(Tone::Bad, word)).join(" ");
        page.folded("ok    disk  ", 12, &painted);
        assert_eq!(page.text().lines().count(), 1, "{}", page.text());
    }

    #[test]
    fn on_a_narrow_terminal_it_has_lines_of_its_own() {
        assert_eq!(folded(Some(20)), "ok    disk\n  sixty free and\n  more words\n");
    }
}
