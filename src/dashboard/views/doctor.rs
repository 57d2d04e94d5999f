//! What `doctor` finds, with the line that mends it ready to copy.

use super::sign::Sign;
use crate::{
    commands::doctor::{DoctorReport, Finding},
    dashboard::{
        layout::Frame,
        shown::{Shown, command, rich},
    },
    text::Message,
};
use maud::{Markup, html};

/// Writes the view.
pub(in crate::dashboard) fn body(frame: &Frame<'_>, report: Option<&DoctorReport>) -> Markup {
    let Some(report) = report else {
        return html! { p.lead { (frame.say("board.looking")) } };
    };
    let count = Message::new("doctor.count").with("ok", report.ok).with("warnings", report.warnings);
    let count = count.with("failures", report.failures).render(frame.lang());
    html! {
        section #findings data-live data-summary=(count) {
            p.lead { (count) }
            ul.findings { @for finding in &report.findings { (found(frame, finding)) } }
        }
    }
}

fn found(frame: &Frame<'_>, finding: &Finding) -> Markup {
    let lang = frame.lang();
    let word = finding.verdict.word();
    let sign = Sign::of(finding.verdict.tone(), &word);
    html! {
        li {
            span.state.(sign.class()) { (sign.draw()) (word.render(lang)) }
            div {
                strong { (Shown(&finding.title().render(lang))) }
                " " span { (rich(lang, &finding.message)) }
                @if let Some(fix) = &finding.fix { (mend(frame, fix)) }
            }
        }
    }
}

/// A fix that is one command can be copied; a sentence is written as one.
fn mend(frame: &Frame<'_>, fix: &Message) -> Markup {
    let lang = frame.lang();
    let text = fix.render(lang);
    let line = text.strip_prefix('`').and_then(|text| text.strip_suffix('`')).filter(|line| !line.contains('`'));
    html! {
        p.mend {
            @match line {
                Some(line) => (command(lang, line)),
                None => (rich(lang, fix)),
            }
        }
    }
}
