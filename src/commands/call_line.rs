//! A call as one line for people.

use crate::{
    marks::NO_ACTION,
    text::{Message, plain},
    trace::{Call, Change, UNANSWERED},
    ui::{Page, Tone, millis},
};
use time::{OffsetDateTime, macros::format_description};

/// How many characters of what a stranger wrote one line has room for.
const LONGEST: usize = 160;

/// A moment of today, to the millisecond.
pub(super) fn clock(time: OffsetDateTime) -> String {
    time.format(format_description!("[hour]:[minute]:[second].[subsecond digits:3]")).unwrap_or_default()
}

/// Somebody else's words on one line, and not on more of it than there is.
pub(super) fn word(text: &str) -> String {
    let plain = plain(text).replace('\t', " ");
    match plain.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &plain[..end]),
        None => plain,
    }
}

/// An id as far as it is needed to name it: the first group of a UUID, others whole.
pub(super) fn short(id: &str) -> String {
    let is_uuid = id.len() == 36 && id.bytes().filter(|byte| *byte == b'-').count() == 4;
    if is_uuid { id[..8].to_owned() } else { word(id) }
}

/// What became of a thing: `i-0123 running -> stopped (idle)`.
pub(super) fn change(change: &Change) -> String {
    let Change { resource, before, after, by } = change;
    let state = |state: &Option<String>| state.as_deref().map_or_else(|| "?".to_owned(), word);
    let why = by.as_deref().map(|by| format!(" ({})", word(by))).unwrap_or_default();
    format!("{} {} -> {}{why}", word(resource), state(before), state(after))
}

/// A moment for people, to the second, or as far as it is told.
pub(crate) fn moment(time: OffsetDateTime) -> String {
    time.format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second]")).unwrap_or_default()
}

/// A moment without what is less than a second.
pub(super) fn whole(time: OffsetDateTime) -> OffsetDateTime {
    time.replace_nanosecond(0).unwrap_or(time)
}

/// Writes an age as one number with its unit, the way that `docker ps` and `kubectl` do.
pub(crate) fn age(seconds: i64) -> Message {
    match seconds {
        ..60 => Message::literal(format!("{seconds}s")),
        60..3600 => Message::literal(format!("{}m", seconds / 60)),
        3600..86_400 => Message::literal(format!("{}h", seconds / 3600)),
        _ => Message::new("status.days").with("count", seconds / 86_400),
    }
}

/// Writes a call: `09:19:24.333  GET /infra?action=reboot  400 invalid_parameter  35 ms  key alice  4e71eb26`.
pub(super) fn write(call: &Call, page: &mut Page) {
    let lang = page.lang();
    let say = |key: &str, name: &'static str, value: String| Message::new(key).with(name, value).render(lang);
    let tone = match call.status {
        Some(..400) => Tone::Good,
        Some(..500) => Tone::Warn,
        None if call.has_ended_well() => Tone::Good,
        _ => Tone::Bad,
    };
    let status = call.status.map_or_else(|| unanswered(call).render(lang), |status| status.to_string());
    let outcome = match &call.code {
        Some(code) => format!("{status} {}", word(code)),
        None => status,
    };
    let cold = (call.cold == Some(true)).then(|| Message::new("call_line.cold").render(lang));
    let stack = call.stack.as_deref().filter(|stack| *stack != crate::settings::DEFAULT_STACK);
    let facts = [
        Some(page.paint(Tone::Dim, &clock(call.time))),
        Some(word(&call.asked())),
        Some(page.paint(tone, &outcome)),
        call.total_ms.map(|ms| millis(lang, ms)),
        cold,
        call.key.as_deref().map(|key| say("call_line.key", "name", word(key))),
        stack.map(|stack| say("call_line.stack", "name", word(stack))),
        Some(page.paint(Tone::Dim, &short(&call.request_id))),
    ];
    page.raw(facts.into_iter().flatten().collect::<Vec<_>>().join("  "));
}

/// What stands for a status where none was written down: how the function ended, as far as it told.
pub(crate) fn unanswered(call: &Call) -> Message {
    let is_told = call.invocation_id.is_some() && call.code.is_some();
    Message::new(match (call.has_ended_well(), is_told) {
        (true, _) => "call_line.ended",
        (false, true) => "call_line.failed",
        (false, false) => "call_line.unanswered",
    })
}

/// What calls are counted as, for people: those that ask for nothing that there is, or for more than a table has room for,
/// are the others.
pub(crate) fn counted_as(name: &str) -> Message {
    match name {
        NO_ACTION => Message::new("call_line.others"),
        UNANSWERED => Message::new("call_line.unanswered"),
        name => Message::literal(word(name)),
    }
}

/// Writes somebody else's lines behind a start of this width: the first beside it, the others below that one.
pub(super) fn beside(start: &str, width: usize, text: &str, page: &mut Page) {
    // What is indented is nobody's line but theirs, whatever stands in it.
    for (at, line) in text.split('\n').enumerate() {
        let line = plain(line);
        if at == 0 {
            page.raw(format_args!("{start}{line}"));
        } else {
            page.raw(format_args!("{:width$}{line}", ""));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    #[test]
    fn ages_have_one_unit() {
        let ages = |lang| [0, 59, 60, 3599, 7200, 90_000].map(|seconds| age(seconds).render(lang));
        assert_eq!(ages(Lang::En), ["0s", "59s", "1m", "59m", "2h", "1d"]);
        assert_eq!(ages(Lang::Fr)[5], "1j");
    }

    #[test]
    fn a_call_is_told_with_the_decimal_mark_of_its_reader() {
        let mut call = Call::new("lesson-1".to_owned(), OffsetDateTime::UNIX_EPOCH);
        (call.status, call.total_ms) = (Some(200), Some(1.26));
        for (lang, told) in [(Lang::En, "  1.3 ms  "), (Lang::Fr, "  1,3 ms  ")] {
            let mut page = Page::new(lang, false, None, false);
            write(&call, &mut page);
            assert!(page.text().contains(told), "{}", page.text());
        }
    }

    #[test]
    fn what_is_counted_without_a_name_has_one_in_every_language() {
        let counted = |name| [Lang::En, Lang::Fr].map(|lang| counted_as(name).render(lang));
        assert_eq!(counted("none"), ["(others)", "(autres)"]);
        assert_eq!(counted("unanswered"), ["unanswered", "sans réponse"]);
        assert_eq!(counted("stop\u{1b}[2J"), ["stop", "stop"]);
    }

    #[test]
    fn further_lines_stand_below_the_first_and_never_at_the_beginning() {
        let mut page = Page::new(Lang::En, false, None, false);
        beside("12:00 lambda ", 13, "[ERROR] ValueError: no\r\nTraceback\n\u{1b}[2J  File", &mut page);
        let below = " ".repeat(13);
        assert_eq!(page.text(), format!("12:00 lambda [ERROR] ValueError: no\n{below}Traceback\n{below}  File\n"));
        let mut page = Page::new(Lang::En, false, None, false);
        beside("start ", 6, "", &mut page);
        assert_eq!(page.text(), "start \n");
    }

    #[test]
    fn ids_are_cut_where_they_are_long_and_words_where_they_move_something() {
        assert_eq!(short("4e71eb26-1111-4222-8333-444455556666"), "4e71eb26");
        assert_eq!(short("lesson-1"), "lesson-1");
        assert_eq!(word("a\u{1b}[2J\u{202e}b\tc\r\n"), "ab c");
        assert_eq!(word(&"x".repeat(500)).chars().count(), LONGEST + 1);
    }
}
