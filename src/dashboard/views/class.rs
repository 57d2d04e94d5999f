//! Every stack of the engine, side by side: for whoever looks after several, as a teacher does.

use super::{outcome::Outcome, parts::why, sign::Sign};
use crate::{
    api_key::Scope,
    dashboard::{
        calling::runs,
        layout::Frame,
        shown::{Shown, command},
    },
    error::Error,
    stack::{Discovery, Part},
    text::in_words,
};
use maud::{Markup, html};
use std::fmt::Write as _;

/// Writes the view.
pub(in crate::dashboard) fn body(
    frame: &Frame<'_>,
    stacks: Option<&Result<Vec<Discovery>, Error>>,
    outcome: Option<&Outcome>,
) -> Markup {
    html! {
        @if let Some(outcome) = outcome { (outcome.show(frame)) }
        section #class data-live data-summary=(frame.say("board.class.changed")) {
            @match stacks {
                None => p { (frame.say("board.looking")) },
                Some(Err(error)) => (why(frame, error)),
                Some(Ok(stacks)) if stacks.is_empty() => {
                    p { (frame.say("board.class.none")) }
                    p.same { span { (frame.say("board.parts.deploy")) } " " (command(frame.lang(), "atelier deploy --stack NAME")) }
                }
                Some(Ok(stacks)) => {
                    (table(frame, stacks))
                    p { a href="/class.csv" download="stacks.csv" { (frame.say("board.class.csv")) } }
                }
            }
        }
        @if let Some(Ok(stacks)) = stacks {
            @if frame.may(Scope::Control) && stacks.iter().any(runs) { (stop_all(frame)) }
        }
    }
}

fn table(frame: &Frame<'_>, stacks: &[Discovery]) -> Markup {
    let lang = frame.lang();
    let columns = ["board.class.stack", "part.instance", "status.column.state", "part.function", "part.api"];
    html! {
        div.wide {
            table {
                caption.unseen { (frame.title(crate::dashboard::view::View::Class)) }
                thead { tr { @for key in columns { th scope="col" { (frame.say(key)) } } } }
                tbody {
                    @for stack in stacks {
                        @let instance = stack.part(Part::Instance);
                        @let state = instance.and_then(|found| found.state.as_deref());
                        tr {
                            th scope="row" { (Shown(stack.stack.as_str())) }
                            td data-label=(frame.say(columns[1])) { (id(instance.map(|found| found.id.as_str()))) }
                            td data-label=(frame.say(columns[2])) {
                                @let sign = sign_of(state);
                                span.state.(sign.class()) {
                                    (sign.draw())
                                    @match state {
                                        Some(state) => (Shown(&in_words(state).render(lang))),
                                        None => (frame.say("status.missing")),
                                    }
                                }
                            }
                            td data-label=(frame.say(columns[3])) {
                                @match stack.part(Part::Function).and_then(|found| found.state.as_deref()) {
                                    Some(state) => (Shown(&in_words(state).render(lang))),
                                    None => "–",
                                }
                            }
                            td data-label=(frame.say(columns[4])) { (id(stack.part(Part::Api).map(|found| found.id.as_str()))) }
                        }
                    }
                }
            }
        }
    }
}

fn id(id: Option<&str>) -> Markup {
    html! { @match id { Some(id) => code { (Shown(id)) }, None => "–" } }
}

fn sign_of(state: Option<&str>) -> Sign {
    match state {
        Some("running") => Sign::Good,
        Some("stopped") => Sign::Rest,
        Some("terminated" | "shutting-down") | None => Sign::Bad,
        Some(_) => Sign::Warn,
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
pub(in crate::dashboard) fn csv(stacks: &[Discovery]) -> String {
    let mut text = String::from("stack,instance,state,function,api\r\n");
    for stack in stacks {
        let of = |part| stack.part(part);
        let cells = [
            stack.stack.as_str(),
            of(Part::Instance).map(|found| found.id.as_str()).unwrap_or_default(),
            of(Part::Instance).and_then(|found| found.state.as_deref()).unwrap_or_default(),
            of(Part::Function).map(|found| found.id.as_str()).unwrap_or_default(),
            of(Part::Api).map(|found| found.id.as_str()).unwrap_or_default(),
        ];
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{}\r\n", cells.map(cell).join(","));
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
