//! `atelier explain`: which statement allowed or refused a call, read from what the embedded engine wrote down. It needs
//! no engine that runs.

use crate::{
    cli,
    commands::context::Context,
    disk,
    emulator::access::{Decision, Outcome, decisions},
    engine::record::Record,
    error::{Code, Error, Result},
    text::Message,
    ui::{Page, Report, Tone},
};

/// How many refusals are told of where no call is named.
const LATEST: usize = 10;

/// What was decided about one call, or the latest refusals.
#[derive(Debug, serde::Serialize)]
pub struct ExplainReport {
    /// Whether the policies of identities have a say in the engine that is recorded here.
    pub iam: bool,
    /// The decisions, the oldest first.
    pub decisions: Vec<Decision>,
}

impl Report for ExplainReport {
    fn human(&self, page: &mut Page) {
        for decision in &self.decisions {
            let (tone, word) = match decision.outcome {
                Outcome::Allowed => (Tone::Good, "explain.allowed"),
                Outcome::ExplicitDeny => (Tone::Bad, "explain.denied"),
                Outcome::ImplicitDeny => (Tone::Bad, "explain.missing"),
            };
            page.toned(tone, &Message::new(word).with("action", &decision.action));
            for (key, value) in [("caller", &decision.caller), ("resource", &decision.resource)] {
                let message = Message::new(format!("explain.{key}")).with("value", value);
                page.raw(format_args!("  {}", message.render(page.lang())));
            }
            page.folded("  ", 2, &why(decision).render(page.lang()));
            if !decision.unknown.is_empty() {
                let policies = Message::new("explain.unknown").with("policies", decision.unknown.join(", "));
                page.folded("  ", 2, &policies.render(page.lang()));
            }
            let call = Message::new("explain.call").with("call", &decision.call).with("time", &decision.at);
            page.folded("  ", 2, &call.with("id", &decision.request_id).render(page.lang()));
        }
        if self.decisions.is_empty() {
            page.line(Message::new(if self.iam { "explain.none" } else { "explain.without" }));
        }
    }
}

/// Which statement decided, or which sort of policy is missing.
fn why(decision: &Decision) -> Message {
    match (&decision.by, decision.missing) {
        (Some(reason), _) => Message::new("explain.by")
            .with("statement", &reason.statement)
            .with("policy", &reason.policy)
            .with_message("layer", layer(reason.layer.words())),
        (None, Some(missing)) => Message::new("explain.nothing")
            .with_message("layer", layer(missing.words()))
            .with("action", &decision.action),
        (None, None) => Message::new("explain.nobody"),
    }
}

/// The sort of a policy, in the reader's language.
fn layer(words: &str) -> Message {
    let key = words.split([' ', '-']).next().unwrap_or_default();
    Message::new(format!("explain.layer.{key}"))
}

/// Runs `explain`.
///
/// # Errors
/// That nothing is written down about a call of this id.
pub fn run(context: &Context, args: &cli::Explain) -> Result<ExplainReport> {
    let settings = &context.settings;
    let mut decisions = decisions(&disk::own_folder(&settings.folder).join("engine"));
    let iam = Record::read(settings).or_else(|| Record::last(settings)).is_some_and(|record| record.iam);
    match &args.request_id {
        Some(id) => {
            decisions.retain(|decision| decision.request_id == *id);
            if decisions.is_empty() {
                let hint = Message::new(if iam { "hint.no_decision" } else { "hint.no_iam" });
                return Err(Error::new(Code::NoDecision).with("id", id).hint(hint));
            }
        }
        None => {
            decisions.retain(|decision| decision.outcome != Outcome::Allowed);
            let first = decisions.len().saturating_sub(LATEST);
            decisions.drain(..first);
        }
    }
    Ok(ExplainReport { iam, decisions })
}
