//! Every stack side by side, of this engine and of every folder of this user: for whoever looks after several, as a
//! teacher does.

use super::{outcome::Outcome, parts::why, sign::Sign};
use crate::{
    api_key::Scope,
    commands::{
        call_line::age,
        overview::{Ended, InstanceRow, Row},
    },
    dashboard::{
        facts::{Day, Register},
        layout::Frame,
        shown::{Shown, command, rich},
        view::View,
    },
    text::{Message, in_words},
    ui::millis,
};
use maud::{Markup, html};
use std::{collections::BTreeMap, fmt::Write as _};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Writes the view.
pub(in crate::dashboard) fn body(frame: &Frame<'_>, register: Option<&Register>, outcome: Option<&Outcome>) -> Markup {
    html! {
        @if let Some(outcome) = outcome { (outcome.show(frame)) }
        section #class data-live data-summary=(frame.say("board.class.changed")) {
            @match register.map(|register| (&register.overview, &register.days)) {
                None => p { (frame.say("board.looking")) },
                Some((Err(error), _)) => (why(frame, error)),
                Some((Ok(overview), _)) if overview.rows.iter().all(is_empty) => {
                    p { (frame.say("board.class.none")) }
                    p.same { span { (frame.say("board.parts.deploy")) } " " (command(frame.lang(), "atelier deploy --stack NAME")) }
                }
                Some((Ok(overview), days)) => {
                    (table(frame, &overview.rows, days))
                    p { a href="/class.csv" download="stacks.csv" { (frame.say("board.class.csv")) } }
                }
            }
        }
        @if let Some(Ok(overview)) = register.map(|register| &register.overview) {
            @if frame.may(Scope::Control) && overview.rows.iter().any(runs_here) { (stop_all(frame)) }
        }
    }
}

/// Whether a row is known to have nothing to show.
fn is_empty(row: &Row) -> bool {
    row.stack.is_none() && row.problems.is_empty()
}

/// Whether a row has an instance that can be stopped from here.
fn runs_here(row: &Row) -> bool {
    row.here && row.instances.iter().any(InstanceRow::runs)
}

fn table(frame: &Frame<'_>, rows: &[Row], days: &BTreeMap<String, Day>) -> Markup {
    let lang = frame.lang();
    let columns = ["stack", "instance", "state", "last", "today", "errors", "key", "folder"];
    let columns = columns.map(|key| frame.say(&format!("board.class.column.{key}")));
    html! {
        div.wide {
            table {
                caption.unseen { (frame.title(View::Class)) }
                thead { tr { @for (at, column) in columns.iter().enumerate() { th.number[matches!(at, 4 | 5)] scope="col" { (column) } } } }
                tbody {
                    @for row in rows {
                        @let day = row.stack.as_deref().filter(|_| row.here).and_then(|stack| days.get(stack));
                        tr {
                            th scope="row" {
                                @match &row.stack {
                                    Some(stack) => (Shown(stack)),
                                    None if is_empty(row) => span.fact { (frame.say("board.class.empty")) },
                                    None => "–",
                                }
                                @for problem in &row.problems { div.why { (rich(lang, problem)) } }
                            }
                            td data-label=(columns[1]) {
                                @for instance in &row.instances {
                                    div { @if let Some(name) = &instance.name { (Shown(name)) " " } code { (Shown(&instance.id)) } }
                                }
                                @if row.instances.is_empty() { "–" }
                            }
                            td data-label=(columns[2]) {
                                @for instance in &row.instances {
                                    div {
                                        @if row.instances.len() > 1 { (Shown(instance.label())) " " }
                                        (state(frame, row, instance.state.as_deref()))
                                    }
                                }
                                @if row.instances.is_empty() { (state(frame, row, None)) }
                            }
                            td data-label=(columns[3]) { @match &row.last_call { Some(call) => (last(frame, call)), None => "–" } }
                            td.number data-label=(columns[4]) { @match day { Some(day) => (day.calls), None => "–" } }
                            td.number data-label=(columns[5]) { @match day { Some(day) => (day.errors), None => "–" } }
                            td data-label=(columns[6]) { @match day.and_then(|day| day.key.as_deref()) { Some(key) => (Shown(key)), None => "–" } }
                            td data-label=(columns[7]) { @if row.here { (frame.say("board.class.here")) } @else { code { (Shown(&row.folder.display().to_string())) } } }
                        }
                    }
                }
            }
        }
    }
}

fn state(frame: &Frame<'_>, row: &Row, state: Option<&str>) -> Markup {
    let sign = match state {
        Some("running") => Sign::Good,
        Some("stopped") => Sign::Rest,
        Some("terminated" | "shutting-down") => Sign::Bad,
        Some(_) => Sign::Warn,
        None => Sign::None,
    };
    html! {
        span.state.(sign.class()) {
            (sign.draw())
            @match state {
                Some(state) => (Shown(&in_words(state).render(frame.lang()))),
                None if !row.running => (frame.say("status.stopped")),
                None if row.stack.is_none() && !is_empty(row) => (frame.say("status.unknown")),
                None => (frame.say("status.missing")),
            }
        }
    }
}

fn last(frame: &Frame<'_>, call: &Ended) -> Markup {
    let seconds = (OffsetDateTime::now_utc() - call.time).whole_seconds().max(0);
    let ago = Message::new("board.ago").with_message("age", age(seconds)).render(frame.lang());
    html! {
        @match call.status { Some(status) => (status), None => "–" }
        @if let Some(code) = &call.code { " " (Shown(code)) }
        span.fact { " " @if let Some(ms) = call.total_ms { (millis(frame.lang(), ms)) ", " } (ago) }
    }
}

/// The question, and the button behind it.
fn stop_all(frame: &Frame<'_>) -> Markup {
    html! {
        section.controls {
            details.ask {
                summary { (frame.say("board.class.stop_all")) }
                form method="post" action="/stop-all" data-busy=(frame.say("board.busy")) {
                    (frame.proof())
                    p { (frame.say("board.class.question")) }
                    button.danger { (frame.say("board.class.stop_all")) }
                }
            }
        }
    }
}

/// Writes the table for a spreadsheet.
pub(in crate::dashboard) fn csv(register: &Register) -> String {
    let mut text = String::from("stack,instance,state,url,last_status,last_time,calls_24h,errors_24h,key,folder\r\n");
    for row in register.overview.iter().flat_map(|overview| &overview.rows) {
        let day = row.stack.as_deref().filter(|_| row.here).and_then(|stack| register.days.get(stack));
        let call = row.last_call.as_ref();
        let cells = [
            row.stack.clone().unwrap_or_default(),
            listed(row, |instance| Some(instance.id.as_str())),
            listed(row, |instance| instance.state.as_deref()),
            row.url.clone().unwrap_or_default(),
            call.and_then(|call| call.status).map(|status| status.to_string()).unwrap_or_default(),
            call.and_then(|call| call.time.format(&Rfc3339).ok()).unwrap_or_default(),
            day.map(|day| day.calls.to_string()).unwrap_or_default(),
            day.map(|day| day.errors.to_string()).unwrap_or_default(),
            day.and_then(|day| day.key.clone()).unwrap_or_default(),
            row.folder.display().to_string(),
        ];
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{}\r\n", cells.map(|text| cell(&text)).join(","));
    }
    text
}

/// What is to be said of a row's instances in one cell: of several, of each by its name.
fn listed<'r>(row: &'r Row, what: impl Fn(&'r InstanceRow) -> Option<&'r str>) -> String {
    let each = |instance: &'r InstanceRow| {
        let what = what(instance).unwrap_or_default();
        if row.instances.len() > 1 { format!("{} {what}", instance.label()) } else { what.to_owned() }
    };
    row.instances.iter().map(each).collect::<Vec<_>>().join("; ")
}

/// Writes a cell so that it stays one, and that no spreadsheet takes it for a formula.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if is_formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_ends_its_quotes() {
        assert_eq!(cell("i-0"), "\"i-0\"");
        assert_eq!(cell("=cmd|'/c calc'!A0"), "\"'=cmd|'/c calc'!A0\"");
        assert_eq!(cell("a\",\"b"), "\"a\"\",\"\"b\"");
    }
}
