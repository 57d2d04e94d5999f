//! `atelier logs`: calls, a line each, and what else the engine, its doors, the function and the deploys wrote, in order
//! of time; followed it is a stream, NDJSON with `--json`. With `--raw` the lines as they were written.
//!
//! Not here: where calls come from and how they are joined (`trace`).

use super::{call_line, read_on};
use crate::{
    cli::{self, LogSource},
    commands::context::Context,
    engine,
    error::{Code, Error, Exit, Result},
    text::Message,
    trace::{Call, Cursor, Filter, Follower, Line, Page as Calls, Reader, time_of},
    ui::{Page, Report, Tone, columns},
};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::timeout;

/// How often a followed log is looked at; a person reads no faster.
const POLL: Duration = Duration::from_millis(400);
/// How long an engine may take to tell whether it runs.
const ANSWER: Duration = Duration::from_secs(3);
/// How many lines of a function are shown below a call that failed.
const REASON: usize = 10;
/// How many calls are asked for at a time.
const PAGE: usize = 500;
/// How far back who follows looks again at what was there.
const AGAIN: Duration = Duration::from_secs(10);

/// What one entry is about.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum Entry {
    /// A call, with all that was written about it.
    Call(Box<Call>),
    /// A line that belongs to no call, or any line where they are wanted as they are.
    Line(Line),
}

impl Entry {
    fn time(&self) -> OffsetDateTime {
        match self {
            Self::Call(call) => call.end,
            Self::Line(line) => line.time,
        }
    }
}

/// An entry as it is shown.
#[derive(Debug, serde::Serialize)]
#[serde(transparent)]
struct Shown<'e> {
    entry: &'e Entry,
    /// Whether the lines of a function are shown below the call.
    #[serde(skip)]
    with_lines: bool,
}

impl Report for Shown<'_> {
    fn human(&self, page: &mut Page) {
        match self.entry {
            Entry::Line(line) => write_line(line, "", page),
            Entry::Call(call) => {
                call_line::write(call, page);
                // Of what went wrong, the function's own words are the reason.
                let most = if self.with_lines { usize::MAX } else { REASON };
                if self.with_lines || call.status.map_or_else(|| call.is_error(), |status| status >= 500) {
                    let own = call.lines.iter().filter(|line| line.source == LogSource::Lambda && !is_folded(line));
                    own.take(most).for_each(|line| write_line(line, "  ", page));
                }
            }
        }
    }
}

fn write_line(line: &Line, indent: &str, page: &mut Page) {
    let time = page.paint(Tone::Dim, &call_line::clock(line.time));
    let (name, number) = match line.source {
        LogSource::Engine => ("engine", 0),
        LogSource::Edge => ("edge", 1),
        LogSource::Proxy => ("proxy", 2),
        LogSource::Lambda => ("lambda", 3),
        LogSource::Deploy => ("deploy", 4),
    };
    let source = page.paint(Tone::Series(number), &format!("{name:6}"));
    let width = indent.len() + columns(&time) + columns(&source) + 2;
    call_line::beside(&format!("{indent}{time} {source} "), width, untimed(&line.text), page);
}

/// What remains to be said when the stream ends.
#[derive(Debug, serde::Serialize)]
pub struct LogsReport {
    /// How many entries were printed.
    pub lines: usize,
    /// Whether an engine runs; if not, the entries are the end of its last run.
    pub running: bool,
    /// The entries themselves, where they are not a stream.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Entry>,
    #[serde(skip)]
    is_followed: bool,
    /// Whether only some were asked for.
    #[serde(skip)]
    is_chosen: bool,
}

impl Report for LogsReport {
    fn human(&self, page: &mut Page) {
        if self.lines == 0 && self.running && !self.is_followed {
            page.line(Message::new(if self.is_chosen { "logs.none_like" } else { "logs.none" }));
        }
    }

    fn exit(&self) -> Option<Exit> {
        // What the last run left is what was asked for.
        (!self.running && self.lines == 0).then_some(Exit::NotRunning)
    }

    fn error(&self) -> Option<Error> {
        self.exit().map(|_| Error::new(Code::NotRunning))
    }
}

/// How entries are chosen and shown.
#[derive(Clone, Copy)]
struct Manner {
    is_raw: bool,
    /// Also what is noise to whoever looks for calls.
    is_whole: bool,
    with_lines: bool,
}

impl Manner {
    /// The entries of some calls and lines, oldest first.
    fn entries(self, calls: Vec<Call>, others: Vec<Line>) -> Vec<Entry> {
        let is_wanted = |line: &Line| self.is_raw || self.is_whole || !is_noise(line);
        let others = others.into_iter().filter(is_wanted).map(Entry::Line);
        let mut entries: Vec<Entry> = if self.is_raw {
            calls.into_iter().flat_map(|call| call.lines).map(Entry::Line).chain(others).collect()
        } else {
            calls.into_iter().map(|call| Entry::Call(Box::new(call))).chain(others).collect()
        };
        // Stable: lines of one moment keep the order in which their source wrote them.
        entries.sort_by_key(Entry::time);
        entries
    }
}

/// The filter that arguments mean.
pub(super) fn filter(wanted: &cli::Wanted, own: bool, now: OffsetDateTime) -> Filter {
    Filter {
        statuses: wanted.status.clone(),
        action: wanted.action.clone(),
        key: wanted.key.clone(),
        request: wanted.request.clone(),
        since: wanted.since.map(|since| since.before(now)),
        until: wanted.until.map(|until| until.before(now)),
        grep: wanted.grep.clone(),
        own,
        ..Filter::default()
    }
}

/// Prints the logs.
///
/// # Errors
/// `file` when a log or stdout is unusable; after the others, why the function's log cannot be read.
pub async fn run(context: &Context, args: &cli::Logs) -> Result<LogsReport> {
    let now = OffsetDateTime::now_utc();
    // Who asks for one call means it, whosever it is.
    let own = context.console.is_verbose() || args.wanted.request.is_some();
    let stack = context.settings.named_stack();
    let filter = Filter { stack, errors: args.errors, ..filter(&args.wanted, own, now) };
    if filter.until.zip(filter.since).is_some_and(|(until, since)| until <= since) {
        return Err(Error::new(Code::Usage).with_message("detail", Message::new("logs.backwards")));
    }
    let is_timed = filter.since.is_some() || filter.until.is_some();
    let is_chosen = is_timed || filter.grep.is_some() || filter.errors || !filter.takes_other_lines();
    let is_whole = context.console.is_verbose();
    let with_lines = is_whole || context.settings.function.value.is_some();
    let manner = Manner { is_raw: args.raw, is_whole, with_lines };
    let mut reader = Reader::of(&context.settings, &args.source);
    let past = Box::pin(newest(&mut reader, &filter, (args.lines, now), manner));
    let (running, past) = tokio::join!(timeout(ANSWER, engine::connect(&context.settings)), past);
    // One that does not even tell is not gone.
    let running = running.is_err() || running.is_ok_and(|engine| engine.is_ok());
    let Past { seen, newest, mut entries, failure } = past?;
    let skipped = entries.len().saturating_sub(args.lines);
    entries.drain(..skipped);
    let mut lines = entries.len();
    if context.console.is_json() && !args.follow {
        // One document, as every verb's answer: only a stream is one in each line.
        let report = LogsReport { lines, running, entries, is_followed: false, is_chosen };
        return failure.map_or(Ok(report), Err);
    }
    let end = |lines, running| LogsReport { lines, running, entries: Vec::new(), is_followed: args.follow, is_chosen };
    if !print(context, &entries, manner)? {
        return Ok(end(lines, running));
    }
    if !args.follow {
        if !running && lines > 0 {
            context.progress.note(Message::new("logs.ended"));
        }
        return failure.map_or(Ok(end(lines, running)), Err);
    }
    if !running {
        context.progress.note(Message::new("logs.waiting"));
    }
    // What was there already has been shown, or was not wanted.
    let from = newest.filter(|_| args.lines > 0).map_or(now, |newest| newest.min(now) - AGAIN);
    let mut follower = Follower::new(reader, filter, from);
    follower.skip(&seen);
    let mut is_told = false;
    let mut failure = failure;
    loop {
        // One line for as long as it fails: an engine that restarts is away for a moment, and comes back.
        if let Some(error) = failure.take_if(|_| !is_told) {
            context.progress.warn(Message::new("logs.unread").with_message("reason", error.message));
            is_told = true;
        }
        let look = async {
            tokio::time::sleep(POLL).await;
            Box::pin(follower.look()).await
        };
        // Ctrl-C is the way out of a stream that has no end.
        let Some(found) = context.cancel.run_until_cancelled(look).await else { return Ok(end(lines, true)) };
        let found = found?;
        is_told &= found.failure.is_some();
        failure = found.failure;
        let entries = manner.entries(found.calls, found.others);
        lines += entries.len();
        if !print(context, &entries, manner)? {
            return Ok(end(lines, true));
        }
    }
}

/// What was there when the logs were first looked at.
#[derive(Default)]
struct Past {
    /// All that was seen, shown or not, of the time that who follows looks at again.
    seen: Calls,
    /// When the newest of it was.
    newest: Option<OffsetDateTime>,
    entries: Vec<Entry>,
    failure: Option<Error>,
}

impl Past {
    /// Notes what was seen: the newest page first, and of that only what may be seen again.
    fn note(&mut self, page: &Calls, now: OffsetDateTime) {
        let times = page.calls.iter().map(|call| call.end).chain(page.others.iter().map(|line| line.time));
        self.newest = self.newest.max(times.max());
        let Some(newest) = self.newest else { return };
        let from = newest.min(now) - AGAIN;
        self.seen.calls.extend(page.calls.iter().filter(|call| call.end >= from).cloned());
        self.seen.others.extend(page.others.iter().filter(|line| line.time >= from).cloned());
    }
}

/// Reads the newest entries, `most` of them and perhaps some more.
async fn newest(
    reader: &mut Reader,
    filter: &Filter,
    (most, now): (usize, OffsetDateTime),
    manner: Manner,
) -> Result<Past> {
    let mut past = Past::default();
    let mut cursor: Option<Cursor> = None;
    loop {
        let mut page = reader.page(filter, most.clamp(20, PAGE), cursor.as_ref()).await?;
        // Of one moment the line that was written first comes first.
        page.calls.reverse();
        page.others.reverse();
        past.note(&page, now);
        past.failure = past.failure.or(page.failure);
        let mut entries = manner.entries(page.calls, page.others);
        entries.append(&mut past.entries);
        past.entries = entries;
        match page.next {
            Some(next) if past.entries.len() < most => cursor = Some(next),
            _ => return Ok(past),
        }
    }
}

/// Prints entries; `false` when nobody reads any more.
fn print(context: &Context, entries: &[Entry], manner: Manner) -> Result<bool> {
    for entry in entries {
        if !read_on(context.console.entry(&Shown { entry, with_lines: manner.with_lines }))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a line of a function says what the call's own line says already.
fn is_folded(line: &Line) -> bool {
    let text = line.text.as_str();
    ["START RequestId: ", "END RequestId: ", "REPORT RequestId: "].iter().any(|start| text.starts_with(start))
        || (text.starts_with('{') && (text.contains("\"_aws\":{") || text.contains("\"type\":\"platform.")))
}

/// Whether a line is of no use to whoever looks for calls: what LocalStack says of each of its own, and what it says of
/// itself whenever it is asked.
fn is_noise(line: &Line) -> bool {
    let text = untimed(&line.text);
    text.contains("is deprecated")
        || text.contains("DeprecationWarning")
        || (text.contains(" AWS ") && text.contains(" => "))
        || (line.source == LogSource::Lambda && is_folded(line))
}

/// A line without the time at its start, which has a column of its own.
fn untimed(mut line: &str) -> &str {
    // What was kept of a container's log has Docker's time before the line's own.
    while let Some((first, rest)) = line.split_once(' ')
        && !first.starts_with('{')
        && time_of(first).is_some()
    {
        line = rest;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(source: LogSource, text: &str) -> Line {
        Line::new(OffsetDateTime::UNIX_EPOCH, source, text.to_owned())
    }

    #[test]
    fn of_what_was_there_only_the_last_moments_are_remembered() {
        let at = |second: i64| OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second);
        let page = |seconds: std::ops::Range<i64>| Calls {
            others: seconds.map(|second| Line::new(at(second), LogSource::Engine, String::new())).collect(),
            ..Calls::default()
        };
        let mut past = Past::default();
        past.note(&Calls::default(), at(1_000));
        assert_eq!(past.newest, None);
        for newer_first in [page(995..1_000), page(100..995), page(0..100)] {
            past.note(&newer_first, at(2_000));
        }
        assert_eq!(past.newest, Some(at(999)));
        let oldest = past.seen.others.iter().map(|line| line.time).min();
        assert_eq!((past.seen.others.len(), oldest), (11, Some(at(989))));
        // A container's clock that is ahead: what is followed begins before this machine's moment.
        let mut past = Past::default();
        past.note(&page(0..1_000), at(500));
        assert_eq!((past.newest, past.seen.others.len()), (Some(at(999)), 510));
    }

    #[test]
    fn a_line_has_its_time_once() {
        assert_eq!(untimed("2026-11-23T12:00:00Z listening at 4566"), "listening at 4566");
        assert_eq!(untimed("2026-11-23T12:00:00Z 2026-11-23T12:00:00.001 INFO"), "INFO");
        assert_eq!(untimed("listening at 4566"), "listening at 4566");
    }

    #[test]
    fn what_an_engine_says_of_itself_all_the_time_is_noise() {
        let noise =
            "2026-11-23T12:00:00.000  INFO --- [et.reactor-0] localstack.request.aws : AWS ec2.StartInstances => 200";
        assert!(is_noise(&line(LogSource::Engine, noise)));
        assert!(is_noise(&line(LogSource::Engine, "WARN --- LAMBDA_EXECUTOR is deprecated")));
        assert!(!is_noise(&line(LogSource::Engine, "ERROR --- cannot start the function")));
        assert!(!is_noise(&line(LogSource::Lambda, "hello from a function")));
    }
}
