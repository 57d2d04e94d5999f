//! `doctor --aws`: what worked on a lenient engine and fails on AWS, each with AWS's words and the line that mends it.
//!
//! Read from the engine's record, which stays when the engine ends. An engine that was never lenient has refused all of
//! it already.

use super::{Finding, scene::Scene};
use crate::{
    disk,
    engine::record::Record,
    error::{Code, Error, Exit, Result},
    lenience::{self, Entry},
    settings::Settings,
    text::Message,
    ui::{Page, Report, Tone},
};
use std::path::{Path, PathBuf};

/// One thing that works here and fails on AWS.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Difference {
    /// What leaned, and the first call that did.
    #[serde(flatten)]
    entry: Entry,
    /// What leaned on what.
    message: Message,
    /// What AWS says instead.
    aws: String,
    /// What mends it: a line to paste, or a sentence.
    fix: Message,
}

/// All that works here and fails on AWS.
#[derive(Debug, serde::Serialize)]
pub struct AwsReport {
    /// For whom the engine is lenient, where one is recorded.
    lenient: Option<lenience::Lenience>,
    /// The differences, in the order in which they came.
    differences: Vec<Difference>,
    /// Whether the record was emptied after it was read.
    forgotten: bool,
}

impl Report for AwsReport {
    fn human(&self, page: &mut Page) {
        let fixes: Vec<String> = self.differences.iter().map(|difference| difference.fix.render(page.lang())).collect();
        for (at, Difference { entry, message, aws, .. }) in self.differences.iter().enumerate() {
            let word =
                page.paint(Tone::Warn, &Message::new(format!("lean.title.{}", entry.lean.kind())).render(page.lang()));
            page.folded(&format!("{word}  "), 2, &message.render(page.lang()));
            let call = Message::new("lean.call").with("call", &entry.call).with("time", &entry.at);
            page.folded("  ", 2, &call.render(page.lang()));
            page.folded("  ", 2, &Message::new("lean.aws").with("aws", aws).render(page.lang()));
            // Said once, where the last is told that it mends. Never folded: a line that is cut in two cannot be pasted.
            if !fixes[at + 1..].contains(&fixes[at]) {
                page.raw(format_args!("  → {}", fixes[at]));
            }
        }
        if !self.differences.is_empty() {
            page.raw("");
        }
        page.line(summary(self.differences.len(), self.lenient));
        if self.forgotten {
            page.line(Message::new("lean.forgotten"));
        }
    }

    fn exit(&self) -> Option<Exit> {
        (!self.differences.is_empty()).then_some(Exit::Failed)
    }

    fn error(&self) -> Option<Error> {
        // For people, the lines above have said it.
        self.exit().map(|_| Error::new(Code::FailsOnAws).with("count", self.differences.len()))
    }
}

/// The one line about all of it.
fn summary(count: usize, lenient: Option<lenience::Lenience>) -> Message {
    match (count, lenient) {
        (0, Some(lenience)) if lenience.is_on() => Message::new("lean.none"),
        (0, _) => Message::new("lean.strict"),
        _ => Message::new("lean.count").with("count", count),
    }
}

/// Reads the record, and with `forget` empties it.
///
/// # Errors
/// The record cannot be removed.
pub(super) fn report(settings: &Settings, forget: bool) -> Result<AwsReport> {
    let folder = engine_folder(&settings.folder);
    let differences = lenience::read(&folder).into_iter().map(|entry| Difference {
        message: entry.lean.message(),
        aws: entry.lean.refusal(),
        fix: entry.lean.mend(),
        entry,
    });
    let differences = differences.collect();
    if forget {
        lenience::forget(&folder).map_err(|source| disk::Error::Io {
            action: "remove",
            path: folder.clone(),
            source,
        })?;
    }
    let lenient = Record::read(settings).map(|record| record.lenient);
    Ok(AwsReport { lenient, differences, forgotten: forget })
}

/// Says of a lenient engine that it is one, and of its record that it is not empty.
pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let is_lenient = scene.running().is_some_and(|record| record.lenient.is_on());
    match count(&scene.settings.folder) {
        0 if is_lenient => vec![Finding::ok("lenient", Message::new("lean.none"))],
        0 => Vec::new(),
        count => {
            vec![Finding::warn("lenient", Message::new("lean.count").with("count", count)).run("atelier doctor --aws")]
        }
    }
}

/// How many things worked here and fail on AWS, for whoever tells of them in a line.
pub(crate) fn count(project: &Path) -> usize {
    lenience::read(&engine_folder(project)).len()
}

fn engine_folder(project: &Path) -> PathBuf {
    disk::own_folder(project).join("engine")
}
