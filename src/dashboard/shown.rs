//! Texts of strangers, as text: maud escapes them, and what would be invisible or turn a line around is made visible.
//!
//! A path, a container's name, a tag and a log line are whatever somebody sent.

use crate::text::{Lang, Message};
use maud::{Markup, PreEscaped, Render, html};
use std::{borrow::Cow, fmt::Write as _};

/// A longer text of a stranger is cut here, in characters; whoever wants the whole has the command line.
const LONGEST: usize = 4096;
/// The same where it is one of many in a list, whose entries lead to the whole.
const BRIEF: usize = 256;

/// A text of a stranger, on one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'a>(pub(super) &'a str);

/// The same in a list of many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brief<'a>(pub(super) &'a str);

/// The same where lines are kept (`<pre>`).
#[derive(Debug, Clone, Copy)]
pub(super) struct ShownLines<'a>(pub(super) &'a str);

impl Render for Shown<'_> {
    fn render_to(&self, buffer: &mut String) {
        visible(self.0, false, LONGEST).as_ref().render_to(buffer);
    }
}

impl Render for Brief<'_> {
    fn render_to(&self, buffer: &mut String) {
        visible(self.0, false, BRIEF).as_ref().render_to(buffer);
    }
}

impl Render for ShownLines<'_> {
    fn render_to(&self, buffer: &mut String) {
        visible(self.0, true, LONGEST).as_ref().render_to(buffer);
    }
}

/// Writes what cannot be seen so that it can: control characters as their pictures, marks that turn or join text by
/// their number.
fn visible(text: &str, keeps_lines: bool, longest: usize) -> Cow<'_, str> {
    let is_plain = |c: char| !is_hidden(c) || (keeps_lines && matches!(c, '\n' | '\t'));
    if text.len() <= longest && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len().min(longest) + 8);
    for (count, c) in text.chars().enumerate() {
        if count == longest {
            shown.push('…');
            break;
        }
        match c {
            c if is_plain(c) => shown.push(c),
            // Unicode has a picture for each of these.
            '\0'..='\u{1f}' => shown.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
            '\u{7f}' => shown.push('\u{2421}'),
            c => {
                // Writing to a `String` cannot fail.
                let _ = write!(shown, "⟨U+{:04X}⟩", u32::from(c));
            }
        }
    }
    Cow::Owned(shown)
}

/// Whether a character is not seen where it stands: controls, marks of direction, joiners, tags and fillers.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Writes a text of ours in a language.
pub(super) fn say(lang: Lang, key: &str) -> String {
    Message::new(key).render(lang)
}

/// Writes a message with what can be typed as code: it stands in backticks.
pub(super) fn rich(lang: Lang, message: &Message) -> Markup {
    let text = message.render(lang);
    html! {
        @for (at, piece) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (Shown(piece)) } } @else { (Shown(piece)) }
        }
    }
}

/// Draws rows until they weigh so many bytes, the first one whatever it weighs; tells how many were left.
pub(super) fn fitting(rows: impl ExactSizeIterator<Item = Markup>, most: usize) -> (Markup, usize) {
    let (mut drawn, count) = (String::new(), rows.len());
    for (at, row) in rows.enumerate() {
        let row = row.into_string();
        if at > 0 && drawn.len() + row.len() > most {
            return (PreEscaped(drawn), count - at);
        }
        drawn.push_str(&row);
    }
    (PreEscaped(drawn), 0)
}

/// Writes a command to be copied. The button is for scripts, which show it.
pub(super) fn command(lang: Lang, text: &str) -> Markup {
    html! {
        span.command {
            code { (Shown(text)) }
            button.copy type="button" hidden data-copy=(text) data-done=(say(lang, "board.copied")) {
                (say(lang, "board.copy")) span.unseen { " " (Shown(text)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text() {
        let page = html! { p title=("\"><script>") { (Shown("<img src=x onerror=alert(1)>&amp;")) } };
        assert_eq!(
            page.into_string(),
            r#"<p title="&quot;&gt;&lt;script&gt;">&lt;img src=x onerror=alert(1)&gt;&amp;amp;</p>"#
        );
    }

    #[test]
    fn what_cannot_be_seen_is_made_visible() {
        let shown = |text| Shown(text).render().into_string();
        assert_eq!(shown("\u{1b}[31mred\u{7}\r\n"), "␛[31mred␇␍␊");
        assert_eq!(shown("a\u{202e}txt.exe\u{200b}\u{85}"), "a⟨U+202E⟩txt.exe⟨U+200B⟩⟨U+0085⟩");
        assert_eq!(shown("déjà vu 東京 🚀"), "déjà vu 東京 🚀");
        assert_eq!(ShownLines("a\n\tb\u{0}").render().into_string(), "a\n\tb␀");
        assert_eq!(shown(&"x".repeat(9000)).chars().count(), LONGEST + 1);
        let brief = |text| Brief(text).render().into_string();
        assert_eq!((brief("a\u{7}"), brief(&"é".repeat(300)).chars().count()), ("a␇".to_owned(), BRIEF + 1));
    }

    #[test]
    fn as_many_rows_are_drawn_as_weigh_little_enough_and_one_always() {
        let drawn = |most| {
            let rows = ["aa", "bb", "cc"].iter().map(|row| html! { (*row) });
            let (rows, left) = fitting(rows, most);
            (rows.into_string(), left)
        };
        assert_eq!(drawn(0), ("aa".to_owned(), 2));
        assert_eq!(drawn(4), ("aabb".to_owned(), 1));
        assert_eq!((drawn(5), drawn(6)), (("aabb".to_owned(), 1), ("aabbcc".to_owned(), 0)));
        assert_eq!(fitting(std::iter::empty(), 9).1, 0);
    }

    #[test]
    fn what_can_be_typed_is_code() {
        let message = Message::literal("run `atelier up`, <b>");
        assert_eq!(rich(Lang::En, &message).into_string(), "run <code>atelier up</code>, &lt;b&gt;");
    }
}
