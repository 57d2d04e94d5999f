//! `atelier doctor`: looks for what is wrong with this machine, and gives for each thing the line that mends it.
//!
//! One file per group of checks; the groups run side by side, and each check is given 3 s. Nothing is changed or written.
//! What a check means is in its group; here is what all of them have in common.

mod clock;
mod credentials;
mod docker;
mod engine;
pub(crate) mod leans;
mod machine;
mod network;
mod paste;
mod ports;
mod remedy;
mod runtimes;
mod scene;

pub use leans::AwsReport;

use crate::{
    cli,
    commands::context::Context,
    error::{self, Code, Error, Exit, Result},
    text::Message,
    ui::{Page, Report, Tone, padded, widest},
};
use futures_util::{FutureExt, future::join_all};
use scene::Scene;
use std::{
    future::{Future, ready},
    time::Duration,
};
use tokio::time::timeout;

/// How long a check may take.
const LIMIT: Duration = Duration::from_secs(3);

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Something does not work, or not for everybody, and atelier does without.
    Warn,
    /// Something that is wanted does not work.
    Fail,
}

impl Verdict {
    const ALL: [Self; 3] = [Self::Ok, Self::Warn, Self::Fail];

    pub(crate) fn word(self) -> Message {
        Message::new(match self {
            Self::Ok => "doctor.verdict.ok",
            Self::Warn => "doctor.verdict.warn",
            Self::Fail => "doctor.verdict.fail",
        })
    }

    pub(crate) fn tone(self) -> Tone {
        match self {
            Self::Ok => Tone::Good,
            Self::Warn => Tone::Warn,
            Self::Fail => Tone::Bad,
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Finding {
    /// What was looked at (`docker`); stable, for scripts.
    pub check: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub message: Message,
    /// What mends it: a line to paste, or a sentence with one in backticks.
    pub fix: Option<Message>,
}

impl Finding {
    fn new(check: &'static str, verdict: Verdict, message: Message) -> Self {
        Self { check, verdict, message, fix: None }
    }

    fn ok(check: &'static str, message: Message) -> Self {
        Self::new(check, Verdict::Ok, message)
    }

    fn warn(check: &'static str, message: Message) -> Self {
        Self::new(check, Verdict::Warn, message)
    }

    fn fail(check: &'static str, message: Message) -> Self {
        Self::new(check, Verdict::Fail, message)
    }

    /// What people call the check.
    pub(crate) fn title(&self) -> Message {
        Message::new(format!("doctor.title.{}", self.check))
    }

    /// Adds the line that mends it.
    fn fix(mut self, fix: Message) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Adds a command that mends it, the same in every language.
    fn run(self, command: impl std::fmt::Display) -> Self {
        self.fix(Message::literal(format_args!("`{command}`")))
    }

    /// Makes a finding of an error: its sentence and its first hint.
    fn of(check: &'static str, verdict: Verdict, error: &error::Error) -> Self {
        let fix = error.hints_or_default().into_iter().next();
        Self { check, verdict, message: error.message.clone(), fix }
    }
}

/// What all checks found.
#[derive(Debug, serde::Serialize)]
pub struct DoctorReport {
    /// The findings, by group.
    pub findings: Vec<Finding>,
    /// How many are as they should be.
    pub ok: usize,
    /// How many are warnings.
    pub warnings: usize,
    /// How many do not work.
    pub failures: usize,
    /// The text for a bug report, with `--report`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}

impl Report for DoctorReport {
    fn human(&self, page: &mut Page) {
        if let Some(report) = &self.report {
            page.raw(report);
            return;
        }
        self.lines(page, |_| true);
        page.raw("");
        let count = Message::new("doctor.count").with("ok", self.ok).with("warnings", self.warnings);
        page.line(count.with("failures", self.failures));
    }

    fn exit(&self) -> Option<Exit> {
        (self.failures > 0).then_some(Exit::Machine)
    }

    fn error(&self) -> Option<Error> {
        // For people, the lines above have said it.
        self.exit().map(|_| Error::new(Code::NotReady).with("failures", self.failures))
    }

    fn quiet(&self, page: &mut Page) {
        if self.report.is_some() {
            return self.human(page);
        }
        self.lines(page, |finding| finding.verdict != Verdict::Ok);
    }
}

impl DoctorReport {
    fn lines(&self, page: &mut Page, is_told: impl Fn(&Finding) -> bool) {
        let titles: Vec<String> = self.findings.iter().map(|finding| finding.title().render(page.lang())).collect();
        let verdicts = Verdict::ALL.map(|verdict| verdict.word().render(page.lang()));
        let widths = (widest(&verdicts), widest(&titles));
        for (finding, title) in self.findings.iter().zip(&titles).filter(|(finding, _)| is_told(finding)) {
            line(finding, title, widths, page);
        }
    }
}

fn line(finding: &Finding, title: &str, (verdicts, titles): (usize, usize), page: &mut Page) {
    let word = finding.verdict.word().render(page.lang());
    let word = padded(&page.paint(finding.verdict.tone(), &word), verdicts);
    let start = format!("{word}  {}  ", padded(title, titles));
    let message = finding.message.render(page.lang());
    page.folded(&start, verdicts + 2 + titles + 2, &message);
    if let Some(fix) = &finding.fix {
        // Never folded: a line that is cut in two cannot be pasted.
        page.raw(format_args!("{}  → {}", " ".repeat(verdicts), fix.render(page.lang())));
    }
}

/// Looks at everything.
///
/// # Errors
/// None: what is wrong is what the report tells.
pub async fn run(context: &Context, args: &cli::Doctor) -> Result<DoctorReport> {
    let scene = Box::pin(Scene::look(&context.settings)).await;
    let groups = [
        machine::check(&scene).boxed(),
        limited(late("clock", Verdict::Warn), clock::check(&scene)).boxed(),
        docker::check(&scene).boxed(),
        limited(late("port", Verdict::Warn), ports::check(&scene)).boxed(),
        engine::check(&scene).boxed(),
        credentials::check(&scene).boxed(),
        network::check(&scene).boxed(),
        runtimes::check(&scene).boxed(),
        ready(leans::check(&scene)).boxed(),
    ];
    let findings: Vec<Finding> = join_all(groups).await.into_iter().flatten().collect();
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let report = args.report.then(|| paste::text(context, &findings));
    let (ok, warnings, failures) = (count(Verdict::Ok), count(Verdict::Warn), count(Verdict::Fail));
    Ok(DoctorReport { findings, ok, warnings, failures, report })
}

/// Tells what worked on a lenient engine and fails on AWS.
///
/// # Errors
/// The record of it cannot be emptied, where that was asked for.
pub fn aws(context: &Context, args: &cli::Doctor) -> Result<AwsReport> {
    leans::report(&context.settings, args.forget)
}

/// Runs checks, and says `late` in their place when they take too long.
async fn limited(late: Finding, checks: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    timeout(LIMIT, checks).await.unwrap_or_else(|_| vec![late])
}

/// What is said of a check that brought no result.
fn late(check: &'static str, verdict: Verdict) -> Finding {
    Finding::new(check, verdict, Message::new("doctor.slow").with("seconds", LIMIT.as_secs()))
}

/// Runs what may block (a folder on a network that hangs, the whole of `/proc`) off the threads that keep the time.
async fn off_thread<T: Default + Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_finding_with_its_own_way_out() {
        let finding = Finding::of("engine", Verdict::Fail, &Error::new(Code::NotRunning));
        assert_eq!(finding.fix.unwrap().to_string(), "`atelier up`");
    }
}
