//! The calls, the newest first, and one of them station by station.

use super::{parts::why, sign::Sign};
use crate::{
    api_key::Scope,
    commands::{
        call_line::{age, unanswered},
        status::StatusReport,
    },
    contract::{PATH, Request},
    dashboard::{
        calling::MARK,
        layout::Frame,
        shown::{Brief, Shown, command, fitting},
        view::View,
    },
    error::Error,
    settings::{StatusFilter, status as parse_status},
    shell::quoted,
    text::{Message, in_words},
    trace::{Call, Cursor, Filter, Line, Page, Place, Station},
    ui::millis,
};
use maud::{Markup, html};
use regex_lite::Regex;
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// How many calls a page shows.
pub(in crate::dashboard) const SIZE: usize = 50;
/// The most that the lines of one call weigh on its page, in bytes of markup; `trace` prints all.
const WEIGHT: usize = 60_000;

/// Which calls are wanted, as the page's form asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::dashboard) struct Query {
    status: String,
    action: String,
    key: String,
    stack: String,
    text: String,
    own: bool,
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
            status: of("status"),
            action: of("action"),
            key: of("key"),
            stack: of("stack"),
            text: of("text"),
            own: !of("own").is_empty(),
            from: of("from").parse().ok(),
        }
    }

    /// Where an earlier page ended.
    pub(in crate::dashboard) fn cursor(&self) -> Option<&Cursor> {
        self.from.as_ref()
    }

    /// The filter that it means.
    pub(in crate::dashboard) fn filter(&self) -> Filter {
        let word = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Filter {
            statuses: self.statuses().map(|(_, status)| status).collect(),
            action: word(&self.action),
            key: word(&self.key),
            stack: word(&self.stack),
            grep: word(&self.text).and_then(|text| Regex::new(&regex_lite::escape(&text)).ok()),
            own: self.own,
            ..Filter::default()
        }
    }

    /// The statuses that are any, and how each was written.
    fn statuses(&self) -> impl Iterator<Item = (&str, StatusFilter)> {
        self.status.split(',').filter_map(|text| Some((text.trim(), parse_status(text.trim()).ok()?)))
    }

    /// Whether it says whose calls are wanted.
    pub(in crate::dashboard) fn names_stack(&self) -> bool {
        !self.stack.is_empty()
    }

    /// The command that shows the same.
    pub(in crate::dashboard) fn command(&self) -> String {
        let statuses: Vec<&str> = self.statuses().map(|(text, _)| text).collect();
        let line = View::Calls.command_with(&[
            ("status", &statuses.join(",")),
            ("action", &self.action),
            ("key", &self.key),
            ("stack", &self.stack),
            ("grep", &regex_lite::escape(&self.text)),
        ]);
        if self.own { line + " -v" } else { line }
    }

    /// The same from another place on, as a link.
    fn link(&self, from: &Cursor) -> String {
        let from = from.to_string();
        let Self { status, action, key, stack, text, .. } = self;
        let pairs = [("status", status), ("action", action), ("key", key), ("stack", stack), ("text", text)];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()));
        if self.own {
            query.append_pair("own", "1");
        }
        format!("/calls?{}", query.append_pair("from", &from).finish())
    }
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
    let field = |name: &str, value: &str, hint: &str| {
        html! {
            p {
                label for=(name) { (frame.say(&format!("board.calls.{name}"))) }
                input id=(name) name=(name) value=(Shown(value)) placeholder=(hint) maxlength="128" autocomplete="off";
            }
        }
    };
    html! {
        form.filter method="get" action="/calls" role="search" aria-label=(frame.say("board.calls.filter")) {
            (field("status", &query.status, "4xx"))
            (field("action", &query.action, "start"))
            (field("key", &query.key, ""))
            (field("stack", &query.stack, ""))
            (field("text", &query.text, ""))
            p.check { label { input type="checkbox" name="own" value="1" checked[query.own]; " " (frame.say("board.calls.own")) } }
            p { button { (frame.say("board.calls.filter")) } }
        }
    }
}

fn list(frame: &Frame<'_>, query: &Query, page: &Page) -> Markup {
    let newest = page.calls.first().map(one_line).unwrap_or_default();
    let summary = Message::new("board.calls.newest").with("call", newest).render(frame.lang());
    html! {
        section #calls data-live data-summary=(Shown(&summary)) {
            @if let Some(error) = &page.failure { (why(frame, error)) }
            @if page.calls.is_empty() { p { (frame.say("board.calls.none")) } } @else { (table(frame, &page.calls)) }
            @if let Some(next) = &page.next { p { a href=(query.link(next)) { (frame.say("board.calls.older")) } } }
        }
    }
}

fn one_line(call: &Call) -> String {
    let status = call.status.map(|status| status.to_string()).unwrap_or_default();
    format!("{} {status}", call.asked())
}

fn table(frame: &Frame<'_>, calls: &[Call]) -> Markup {
    let columns = ["time", "asked", "answer", "took", "by", "id"].map(|key| frame.say(&format!("board.column.{key}")));
    html! {
        div.wide {
            table.calls {
                caption.unseen { (frame.title(View::Calls)) }
                thead { tr { @for (at, column) in columns.iter().enumerate() { th.number[at == 3] scope="col" { (column) } } } }
                tbody {
                    @for call in calls {
                        tr {
                            td data-label=(columns[0]) { (clock(call.end)) }
                            th scope="row" { code { (Brief(&call.asked())) } }
                            td data-label=(columns[2]) { (answer(frame, call)) }
                            td.number data-label=(columns[3]) { (took(frame, call)) @if call.cold == Some(true) { " " span.tag { (frame.say("board.calls.cold")) } } }
                            td data-label=(columns[4]) { (by(call)) }
                            td data-label=(columns[5]) { a href={ "/calls/" (link(&call.request_id)) } { code { (Brief(&short(&call.request_id))) } } }
                        }
                    }
                }
            }
        }
    }
}

/// Says how many lines a page leaves out.
pub(super) fn more(frame: &Frame<'_>, count: usize) -> String {
    Message::new("board.logs.more").with("count", count).render(frame.lang())
}

/// An id as a segment of a path.
pub(super) fn link(id: &str) -> String {
    percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The first group of a UUID; others whole.
fn short(id: &str) -> String {
    let is_uuid = id.len() == 36 && id.bytes().filter(|byte| *byte == b'-').count() == 4;
    if is_uuid { id[..8].to_owned() } else { id.to_owned() }
}

pub(super) fn clock(time: OffsetDateTime) -> Markup {
    let text = time.format(format_description!("[hour]:[minute]:[second]")).unwrap_or_default();
    let whole = time.format(&Rfc3339).unwrap_or_default();
    html! { time datetime=(whole) title=(whole) { (text) } }
}

pub(super) fn answer(frame: &Frame<'_>, call: &Call) -> Markup {
    let sign = match call.status {
        Some(200..400) => Sign::Good,
        Some(400..500) => Sign::Warn,
        Some(_) => Sign::Bad,
        None if call.has_ended_well() => Sign::Good,
        None => Sign::None,
    };
    html! {
        span.state.(sign.class()) {
            (sign.draw())
            @match call.status {
                Some(status) => (status),
                // Where the function alone writes what became of a call, nobody has seen its answer.
                None => (unanswered(call).render(frame.lang())),
            }
            @if let Some(code) = &call.code { " " (Brief(code)) }
        }
    }
}

fn took(frame: &Frame<'_>, call: &Call) -> String {
    call.total_ms.map_or_else(|| "–".to_owned(), |ms| millis(frame.lang(), ms))
}

/// By whose key, and whether by a page of ours.
fn by(call: &Call) -> Markup {
    html! {
        @if let Some(key) = &call.key { (Brief(key)) " " }
        @if call.request_id.starts_with(MARK) { span.tag { (MARK) } }
        @if call.own { span.tag { "atelier" } }
        @if call.key.is_none() { @if let Some(source) = &call.source { span.fact { (Brief(source)) } } }
    }
}

/// Writes one call.
pub(in crate::dashboard) fn one(frame: &Frame<'_>, status: Option<&StatusReport>, call: &Call) -> Markup {
    html! {
        p { a href="/calls" { (frame.say("board.calls.back")) } }
        h2.asked { code { (Shown(&call.asked())) } " " (answer(frame, call)) }
        (facts(frame, call))
        @if !call.stations.is_empty() {
            h3 #way { (frame.say("board.calls.way")) }
            (waterfall(frame, call))
        }
        @if !call.changes.is_empty() {
            h3 { (frame.say("board.calls.changes")) }
            ul {
                @for change in &call.changes {
                    li { code { (Shown(&change.resource)) } " " (state(frame, change.before.as_deref())) " → " (state(frame, change.after.as_deref())) @if let Some(by) = &change.by { " (" (Shown(by)) ")" } }
                }
            }
        }
        (again(frame, status, call))
        // What a function writes may hold what others sent.
        @if frame.visitor.scope.allows(Scope::Control) && !call.lines.is_empty() {
            h3 { (frame.say("board.calls.lines")) }
            @let row = |line: &Line| html! { li { (clock(line.time)) " " code { (Shown(&line.text)) } } };
            @let (lines, left) = fitting(call.lines.iter().map(row), WEIGHT);
            ul.log { (lines) @if left > 0 { li { (more(frame, left)) } } }
        }
    }
}

fn state(frame: &Frame<'_>, state: Option<&str>) -> Markup {
    html! { @match state { Some(state) => (Shown(&in_words(state).render(frame.lang()))), None => "?" } }
}

fn facts(frame: &Frame<'_>, call: &Call) -> Markup {
    let seconds = (OffsetDateTime::now_utc() - call.end).whole_seconds().max(0);
    let ago = Message::new("board.ago").with_message("age", age(seconds)).render(frame.lang());
    let rows = [
        ("took", Some(took(frame, call))),
        ("time", call.time.format(&Rfc3339).ok().map(|time| format!("{time} ({ago})"))),
        ("id", Some(call.request_id.clone())),
        ("invocation", call.invocation_id.clone().filter(|id| *id != call.request_id)),
        ("stack", call.stack.clone()),
        ("key", call.key.clone()),
        ("source", call.source.clone()),
    ];
    html! {
        dl.headers {
            @for (name, value) in rows {
                @if let Some(value) = value {
                    dt { (frame.say(&format!("board.column.{name}"))) }
                    dd { (Shown(&value)) }
                }
            }
        }
    }
}

/// The stations below each other, each as a bar where and as long as it lasted. The numbers beside them say the same.
fn waterfall(frame: &Frame<'_>, call: &Call) -> Markup {
    let end = |station: &Station| station.at_ms + station.ms;
    let whole = call.stations.iter().map(end).fold(call.total_ms.unwrap_or_default(), f64::max).max(f64::MIN_POSITIVE);
    let share = |ms: f64| format!("{:.2}", (ms / whole * 100.0).clamp(0.0, 100.0));
    html! {
        table.way aria-labelledby="way" {
            tbody {
                @for station in &call.stations {
                    tr {
                        th scope="row" { (place(frame, station.place)) }
                        td.number { (millis(frame.lang(), station.ms)) }
                        td.bar {
                            svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
                                rect.(if station.problem.is_some() { "bad" } else { "bar" }) x=(share(station.at_ms)) y="1" height="6" rx=".6"
                                    width=(share(station.ms.max(whole / 200.0))) {}
                            }
                        }
                        td.fact { @for text in station.operation.iter().chain(&station.problem) { (Shown(text)) " " } }
                    }
                }
            }
        }
    }
}

fn place(frame: &Frame<'_>, place: Place) -> String {
    frame.say(&format!("trace.place.{}", place.as_str()))
}

/// The same once more: as a button, and as a line.
fn again(frame: &Frame<'_>, status: Option<&StatusReport>, call: &Call) -> Markup {
    let is_contract = call.path.as_deref().is_some_and(|path| path.ends_with(PATH)) && call.is_of_api();
    let url = status.and_then(|status| status.url.as_deref()).filter(|_| is_contract);
    let asked = call.asked();
    let query = asked.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let said: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let request = Request::parse(&said).ok();
    // What was refused as no request may have said what no log keeps: the rest of it is something else.
    let is_torn = call.status == Some(400) && request.is_some();
    let is_known = !is_torn && is_contract && call.invocation_id.is_some() && !frame.board.stance.is_own_function();
    let request = request.filter(|request| is_known && frame.may(request.scope()));
    html! {
        @if let Some(url) = url.filter(|_| !is_torn) {
            @let mark = if query.is_empty() { "" } else { "?" };
            p.same { (command(frame.lang(), &format!("curl {}", quoted(&format!("{url}{mark}{query}"))))) }
        }
        @if request.is_some() {
            form method="post" action="/try" {
                (frame.proof())
                @for (name, value) in &said { input type="hidden" name=(name) value=(value); }
                input type="hidden" name="key" value="kept";
                button { (frame.say("board.calls.again")) }
            }
        }
    }
}

/// The median of what the last calls of the API took at a place.
pub(in crate::dashboard) fn medians(calls: &[Call], place: Place) -> Option<f64> {
    let calls = calls.iter().filter(|call| call.is_of_api());
    let mut times: Vec<f64> = calls.filter_map(|call| Some(call.at(place)?.ms)).collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_far_as_it_can_be() {
        let query = Query::of("status=4xx,500,nonsense&action=start&key=&stack=it+is&text=a.b&own=1&from=x");
        assert!(query.cursor().is_none() && query.own);
        let filter = query.filter();
        assert_eq!((filter.statuses.len(), filter.action.as_deref(), filter.key), (2, Some("start"), None));
        assert_eq!(filter.stack.as_deref(), Some("it is"));
        let command = r"atelier logs --status=4xx,500 --action=start --stack='it is' --grep='a\.b' -v";
        assert_eq!((query.command(), Query::default().command()), (command.to_owned(), "atelier logs".to_owned()));
        let grep = filter.grep.unwrap();
        assert!(grep.is_match("xa.bx") && !grep.is_match("axb"), "a text, not a pattern");
        let next = "17_id&=?".parse().unwrap();
        assert_eq!(Query::of(query.link(&next).split_once('?').unwrap().1), Query { from: Some(next), ..query });
    }
}
