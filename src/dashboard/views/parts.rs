//! What is deployed, what a deploy would do to it, and the keys; never a key's value.

use super::{outcome::Outcome, sign::Sign};
use crate::{
    api_key::Scope,
    commands::{
        call_line::age,
        schedule::office_hours,
        status::{PartStatus, StatusReport},
    },
    dashboard::{
        facts::Found,
        layout::Frame,
        shown::{Shown, command, rich},
    },
    error::Error,
    stack::{Key, Part, Plan, PlannedChange, PlannedPart},
    text::{Message, in_words},
};
use maud::{Markup, html};
use time::OffsetDateTime;

/// Writes the view.
pub(in crate::dashboard) fn body(
    frame: &Frame<'_>,
    status: Option<&StatusReport>,
    found: Option<&Found>,
    outcome: Option<&Outcome>,
) -> Markup {
    html! {
        @if let Some(outcome) = outcome { (outcome.show(frame)) }
        section #parts data-live data-summary=(frame.say("board.parts.changed")) {
            h2 #parts-title { (frame.say("board.parts.deployed")) }
            @match status {
                Some(status) if !status.parts.is_empty() => (table(frame, &status.parts)),
                _ => p { (frame.say("board.parts.none")) },
            }
            h2 { (frame.say("board.parts.plan")) }
            @match found.map(|found| &found.plan) {
                Some(Ok(plan)) => (planned(frame, plan)),
                Some(Err(error)) => (why(frame, error)),
                None => p { (frame.say("board.looking")) },
            }
        }
        section #keys-of-api {
            h2 { (frame.say("board.keys_of_api")) }
            @match found.map(|found| &found.keys) {
                Some(Ok(keys)) => (table_of_keys(frame, keys)),
                Some(Err(error)) => (why(frame, error)),
                None => p { (frame.say("board.looking")) },
            }
            @let line = frame.board.stance.command("atelier key create --scope status");
            p.same { span { (frame.say("board.parts.create_key")) } " " (command(frame.lang(), &line)) }
        }
    }
}

/// Writes why something cannot be told, and what mends that.
pub(in crate::dashboard) fn why(frame: &Frame<'_>, error: &Error) -> Markup {
    let lang = frame.lang();
    html! {
        p.why { (rich(lang, &error.message)) }
        @for hint in error.hints_or_default() { p.hint { (rich(lang, &hint)) } }
    }
}

/// The id of a part's row: of what there may be several of, the name is in it.
pub(super) fn anchor(part: &PartStatus) -> String {
    let name = part.name.as_ref().or(part.id.as_ref().filter(|_| part.part == Part::Alarm));
    let part = part.part.as_str();
    name.map_or_else(|| part.to_owned(), |name| format!("{part}-{name}"))
}

fn table(frame: &Frame<'_>, parts: &[PartStatus]) -> Markup {
    let lang = frame.lang();
    html! {
        div.wide {
            table aria-labelledby="parts-title" {
                thead {
                    tr {
                        @for key in ["status.column.part", "status.column.name", "status.column.state", "status.column.since"] {
                            th scope="col" { (frame.say(key)) }
                        }
                    }
                }
                tbody {
                    @for part in parts {
                        tr id=(anchor(part)) {
                            th scope="row" { (Shown(&part.label().render(lang))) }
                            td data-label=(frame.say("status.column.name")) {
                                @match &part.id {
                                    Some(id) => code { (Shown(id)) },
                                    None => span.state.bad { (Sign::Bad.draw()) (frame.say("status.missing")) },
                                }
                            }
                            td data-label=(frame.say("status.column.state")) {
                                @if let Some(state) = &part.state { (Shown(&in_words(state).render(lang))) } @else { "–" }
                                @if part.id.is_some() && !part.finished { " " span.state.warn { (Sign::Warn.draw()) (frame.say("status.unfinished")) } }
                                @for text in part.schedule.iter().flat_map(office_hours).chain(part.times()) {
                                    div.hint { (rich(lang, &text)) }
                                }
                            }
                            td data-label=(frame.say("status.column.since")) {
                                @if let Some(seconds) = part.age_seconds { (age(seconds).render(lang)) } @else { "–" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn planned(frame: &Frame<'_>, plan: &Plan) -> Markup {
    html! {
        @if plan.changes {
            ul.plan { @for part in &plan.parts { (planned_part(frame, part)) } }
            @let line = frame.board.stance.command("atelier deploy");
            p.same { span { (frame.say("board.parts.deploy")) } " " (command(frame.lang(), &line)) }
        } @else {
            p { (Sign::Good.draw()) " " (frame.say("plan.nothing")) }
        }
    }
}

fn planned_part(frame: &Frame<'_>, part: &PlannedPart) -> Markup {
    let lang = frame.lang();
    let sign = match part.change {
        PlannedChange::Create => "+",
        PlannedChange::Update => "~",
        PlannedChange::Replace => "±",
        PlannedChange::Remove => "-",
        PlannedChange::Unchanged => "=",
    };
    let label = match &part.name {
        Some(name) => Message::literal(format!("{} {name}", part.part.message().render(lang))),
        None => part.part.message(),
    };
    let text = Message::new(format!("plan.{}", part.change.as_str())).with_message("part", label);
    let differs: Vec<String> = part.differs.iter().map(|name| name.render(lang)).collect();
    html! {
        li.(part.change.as_str()) {
            span.mark aria-hidden="true" { (sign) } " " (rich(lang, &text))
            @if let Some(id) = &part.id { " " code { (Shown(id)) } }
            @if !differs.is_empty() { " " span.fact { (Shown(&differs.join(", "))) } }
        }
    }
}

fn table_of_keys(frame: &Frame<'_>, keys: &[Key]) -> Markup {
    let columns = ["board.key.name", "board.key.scope", "board.key.made"];
    html! {
        @if keys.is_empty() { p { (frame.say("key.none")) } } @else {
            div.wide {
                table {
                    caption.unseen { (frame.say("board.keys_of_api")) }
                    thead {
                        tr {
                            @for key in columns { th scope="col" { (frame.say(key)) } }
                            th scope="col" { span.unseen { (frame.say("board.key.revoke")) } }
                        }
                    }
                    tbody {
                        @for key in keys {
                            tr {
                                th scope="row" { (Shown(key.name.as_str())) }
                                td data-label=(frame.say(columns[1])) { (key.scope.as_str()) }
                                td data-label=(frame.say(columns[2])) { (day(key.created)) }
                                td { @if frame.may(Scope::Control) { (revoke(frame, key)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn day(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds).map(|time| time.date().to_string()).unwrap_or_default()
}

/// The question, and the button behind it.
fn revoke(frame: &Frame<'_>, key: &Key) -> Markup {
    let name = key.name.as_str();
    let question = Message::new("board.key.question").with("name", name);
    html! {
        details.ask {
            summary { (frame.say("board.key.revoke")) span.unseen { " " (name) } }
            form method="post" action="/revoke" data-busy=(frame.say("board.busy")) {
                (frame.proof())
                input type="hidden" name="name" value=(name);
                p { (rich(frame.lang(), &question)) }
                button.danger { (frame.say("board.key.revoke")) }
            }
        }
    }
}
