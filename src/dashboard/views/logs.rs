//! The logs, folded: a call is one line with all that was written about it below, and what belongs to no call is a line of
//! its own.

use super::{
    calls::{answer, clock, link, more},
    parts::why,
};
use crate::{
    api_key::Scope,
    cli::LogSource,
    dashboard::{
        layout::Frame,
        shown::{Brief, Shown, fitting, say},
        view::View,
    },
    error::Error,
    text::Message,
    trace::{Call, Cursor, Filter, Line, Page, time_of},
    ui::millis,
};
use clap::ValueEnum;
use maud::{Markup, PreEscaped, html};
use regex_lite::Regex;
use time::{OffsetDateTime, macros::format_description};

/// How many calls a page shows at most.
pub(in crate::dashboard) const SIZE: usize = 60;
/// The most that a page's entries weigh, in bytes of markup: with the frame, the script and the style, a page stays below
/// 120 kB, however much was written.
const WEIGHT: usize = 80_000;
/// The most that the lines of one call take of it; the call's own page shows more of them.
const CALL_WEIGHT: usize = 20_000;

/// Which lines are wanted, as the page's form asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::dashboard) struct Query {
    source: Option<LogSource>,
    text: String,
    request: String,
    errors: bool,
    from: Option<Cursor>,
}

impl Query {
    /// Reads it; what cannot be is as if it were not there.
    pub(in crate::dashboard) fn of(query: &str) -> Self {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let of = |name: &str| {
            let value = pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim().to_owned());
            value.unwrap_or_default()
        };
        Self {
            source: LogSource::from_str(&of("source"), false).ok(),
            text: of("text"),
            request: of("request"),
            errors: !of("errors").is_empty(),
            from: of("from").parse().ok(),
        }
    }

    /// Where an earlier page ended.
    pub(in crate::dashboard) fn cursor(&self) -> Option<&Cursor> {
        self.from.as_ref()
    }

    /// The logs that are to be read; empty is all.
    pub(in crate::dashboard) fn sources(&self) -> Vec<LogSource> {
        self.source.into_iter().collect()
    }

    /// The filter that it means.
    pub(in crate::dashboard) fn filter(&self) -> Filter {
        let word = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let grep = word(&self.text).and_then(|text| Regex::new(&regex_lite::escape(&text)).ok());
        Filter { request: word(&self.request), grep, errors: self.errors, ..Filter::default() }
    }

    /// The command that shows the same.
    pub(in crate::dashboard) fn command(&self) -> String {
        let (source, grep) = (self.source.map(name).unwrap_or_default(), regex_lite::escape(&self.text));
        let line = View::Logs.command_with(&[("source", &source), ("grep", &grep), ("request", &self.request)]);
        if self.errors { line + " --errors" } else { line }
    }

    fn link(&self, from: &Cursor) -> String {
        let from = from.to_string();
        let source = self.source.map(name).unwrap_or_default();
        let pairs = [("source", source.as_str()), ("text", &self.text), ("request", &self.request)];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()));
        if self.errors {
            query.append_pair("errors", "1");
        }
        format!("/logs?{}", query.append_pair("from", &from).finish())
    }
}

/// The word of a source, as the command line has it.
fn name(source: LogSource) -> String {
    source.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Writes the view.
pub(in crate::dashboard) fn body(frame: &Frame<'_>, query: &Query, page: Option<&Result<Page, Error>>) -> Markup {
    html! {
        (filter(frame, query))
        @match page {
            None => p { (frame.say("board.looking")) },
            Some(Err(error)) => (why(frame, error)),
            Some(Ok(page)) => (list(frame, query, page)),
        }
    }
}

fn filter(frame: &Frame<'_>, query: &Query) -> Markup {
    html! {
        form.filter method="get" action="/logs" role="search" aria-label=(frame.say("board.calls.filter")) {
            p {
                label for="source" { (frame.say("board.logs.source")) }
                select #source name="source" {
                    option value="" { (frame.say("board.logs.all")) }
                    @for source in LogSource::value_variants() {
                        option value=(name(*source)) selected[query.source == Some(*source)] { (name(*source)) }
                    }
                }
            }
            p {
                label for="text" { (frame.say("board.calls.text")) }
                input #text name="text" value=(Shown(&query.text)) maxlength="128" autocomplete="off";
            }
            p {
                label for="request" { (frame.say("board.column.id")) }
                input #request name="request" value=(Shown(&query.request)) maxlength="64" autocomplete="off";
            }
            p.check { label { input type="checkbox" name="errors" value="1" checked[query.errors]; " " (frame.say("board.logs.errors")) } }
            p { button { (frame.say("board.calls.filter")) } }
        }
    }
}

/// What stands on one line.
enum Entry<'a> {
    Call(&'a Call),
    Line(&'a Line),
}

impl Entry<'_> {
    fn time(&self) -> OffsetDateTime {
        match self {
            Self::Call(call) => call.end,
            Self::Line(line) => line.time,
        }
    }
}

fn list(frame: &Frame<'_>, query: &Query, page: &Page) -> Markup {
    // What a function writes may hold what others sent.
    let is_whole = frame.visitor.scope.allows(Scope::Control);
    let calls = page.calls.iter().map(Entry::Call);
    let others = page.others.iter().filter(|_| is_whole).map(Entry::Line);
    let mut entries: Vec<Entry<'_>> = calls.chain(others).collect();
    // The newest first, as they came.
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.time()));
    let times: Vec<OffsetDateTime> = entries.iter().map(Entry::time).collect();
    let row = |at: usize| match &entries[at] {
        Entry::Line(line) => html! { li { (clock(line.time)) " " (text(line)) } },
        Entry::Call(call) => html! { li { (folded(frame, call, at, is_whole)) } },
    };
    let (rows, count, cut) = paged(&times, row, |left| html! { li { (more(frame, left)) } });
    let summary = Message::new("board.logs.lines").with("count", count).render(frame.lang());
    html! {
        section #logs data-live data-summary=(summary) {
            @if let Some(error) = &page.failure { (why(frame, error)) }
            @if entries.is_empty() { p { (frame.say("logs.none")) } }
            ul.log { (rows) }
            @if let Some(next) = cut.as_ref().or(page.next.as_ref()) { p { a href=(query.link(next)) { (frame.say("board.calls.older")) } } }
        }
    }
}

/// Draws the entries of these times, the newest first, until they weigh enough: what is drawn, how many they are, and where
/// the next page begins where they are not all. Those of one moment stay together, since a page begins between two; where
/// they are too many by themselves, the page says how many it leaves out.
fn paged(
    times: &[OffsetDateTime],
    row: impl Fn(usize) -> Markup,
    left_out: impl Fn(usize) -> Markup,
) -> (Markup, usize, Option<Cursor>) {
    let (mut drawn, mut at, mut count) = (String::new(), 0, 0);
    for moment in times.chunk_by(|one, other| one == other) {
        let (rows, left) = fitting((at..at + moment.len()).map(&row), WEIGHT);
        let rows = rows.into_string();
        if at > 0 && drawn.len() + rows.len() > WEIGHT {
            return (PreEscaped(drawn), count, Some(Cursor::with(moment[0])));
        }
        drawn.push_str(&rows);
        if left > 0 {
            drawn.push_str(&left_out(left).into_string());
        }
        at += moment.len();
        count += moment.len() - left;
    }
    (PreEscaped(drawn), count, None)
}

/// A line without the time that it begins with, which stands beside it.
fn words(text: &str) -> &str {
    let stamped = text.split_once(' ').filter(|(first, _)| !first.starts_with('{') && time_of(first).is_some());
    stamped.map_or(text, |(_, rest)| rest)
}

/// Where a line comes from, and what it says.
fn text(line: &Line) -> Markup {
    html! { span.tag { (name(line.source)) } " " code { (Shown(words(&line.text))) } }
}

fn folded(frame: &Frame<'_>, call: &Call, at: usize, is_whole: bool) -> Markup {
    let line = html! {
        (clock(call.end)) " " code { (Brief(&call.asked())) } " " (answer(frame, call))
        @if let Some(ms) = call.total_ms { " " span.fact { (millis(frame.lang(), ms)) } }
        @if let Some(key) = &call.key { " " span.fact { (say(frame.lang(), "board.column.key")) " " (Brief(key)) } }
    };
    let (lines, left) = fitting(call.lines.iter().map(below), CALL_WEIGHT);
    html! {
        @if is_whole && !call.lines.is_empty() {
            details id={ "call-" (at) } {
                summary { (line) }
                ul {
                    (lines)
                    @if left > 0 { li { a href={ "/calls/" (link(&call.request_id)) } { (more(frame, left)) } } }
                }
            }
        } @else { (line) }
    }
}

/// A line below its call, which tells the day.
fn below(line: &Line) -> Markup {
    let time = line.time.format(format_description!("[hour]:[minute]:[second].[subsecond digits:3]"));
    html! { li { time { (time.unwrap_or_default()) } " " (text(line)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_far_as_it_can_be() {
        let query = Query::of("source=lambda&text=a%26b&request=4e71&errors=1");
        assert_eq!((query.sources(), query.errors), (vec![LogSource::Lambda], true));
        assert_eq!(query.filter().request.as_deref(), Some("4e71"));
        assert_eq!(query.command(), r"atelier logs -f -v --source=lambda --grep='a\&b' --request=4e71 --errors");
        assert!(query.filter().errors && !Query::default().filter().errors);
        assert!(Query::of("source=nonsense&from=x").sources().is_empty());
        let next = "17_id".parse().unwrap();
        assert_eq!(Query::of(query.link(&next).split_once('?').unwrap().1), Query { from: Some(next), ..query });
    }

    #[test]
    fn a_page_ends_between_two_moments_and_the_next_one_begins_there() {
        let noon = time::macros::datetime!(2026-11-23 12:00 UTC);
        let row = |_: usize| html! { ("x".repeat(WEIGHT / 4)) };
        let paged = |seconds: &[i64]| {
            let times: Vec<_> = seconds.iter().map(|second| noon + time::Duration::seconds(*second)).collect();
            let (drawn, count, cut) = paged(&times, row, |left| html! { "-" (left) });
            let drawn = drawn.into_string();
            assert!(drawn.len() <= WEIGHT + 9, "{}", drawn.len());
            (count, drawn.trim_start_matches('x').to_owned(), cut)
        };
        let at = |second| Some(Cursor::with(noon + time::Duration::seconds(second)));
        assert_eq!(paged(&[4, 3, 2, 1]), (4, String::new(), None));
        assert_eq!(paged(&[5, 4, 3, 2, 1]), (4, String::new(), at(1)));
        assert_eq!(paged(&[5, 4, 3, 2, 2]), (3, String::new(), at(2)));
        // More than a page of one moment: there is no place within it.
        assert_eq!(paged(&[5, 2, 2, 2, 2, 2, 2]), (1, String::new(), at(2)));
        assert_eq!(paged(&[2, 2, 2, 2, 2, 2, 1]), (4, "-2".to_owned(), at(1)));
        assert_eq!(paged(&[]), (0, String::new(), None));
    }

    #[test]
    fn a_time_is_not_said_twice() {
        assert_eq!(words("2026-11-23T12:00:00.5Z api a1 created"), "api a1 created");
        for whole in [r#"{"time":"2026-11-23T12:00:00Z", "a": 1}"#, "api a1 created", "2026-11-23T12:00:00Z", ""] {
            assert_eq!(words(whole), whole);
        }
    }
}
