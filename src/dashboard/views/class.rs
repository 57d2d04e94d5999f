//! Every stack side by side, of this engine and of every folder of this user: for whoever looks after several, as a
//! teacher does.

use super::{calls::millis, outcome::Outcome, parts::why, sign::Sign};
use crate::{
    api_key::Scope,
    commands::{
        call_line::age,
        overview::{Ended, Row},
    },
    dashboard::{
        facts::{Day, Register},
        layout::Frame,
        shown::{Shown, command, rich},
        view::View,
    },
    text::{Message, in_words},
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
                Some((Ok(overview), _)) if !overview.rows.iter().any(|row| row.stack.is_some()) => {
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

/// Whether a row's instance is one that can be stopped from here.
fn runs_here(row: &Row) -> bool {
    row.here && matches!(row.instance_state.as_deref(), Some("running" | "pending"))
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
                                @match &row.stack { Some(stack) => (Shown(stack)), None => span.fact { (frame.say("board.class.empty")) } }
                                @for problem in &row.problems { span.why { (rich(lang, problem)) } }
                            }
                            td data-label=(columns[1]) { @match &row.instance_id { Some(id) => code { (Shown(id)) }, None => "–" } }
                            td data-label=(columns[2]) { (state(frame, row)) }
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

fn state(frame: &Frame<'_>, row: &Row) -> Markup {
    let state = row.instance_state.as_deref();
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
        span.fact { " " @if let Some(ms) = call.total_ms { (millis(ms)) ", " } (ago) }
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
            row.instance_id.clone().unwrap_or_default(),
            row.instance_state.clone().unwrap_or_default(),
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
