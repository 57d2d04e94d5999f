//! `atelier logs`: what the engine, its doors, the function and the deploys wrote, merged by time; followed it is a
//! stream, NDJSON with `--json`.

mod container;
mod file;
mod function;

use super::read_on;
use crate::{
    calls,
    cli::{self, LogSource},
    commands::context::Context,
    docker::Role,
    engine,
    error::{Code, Error, Exit, Result},
    secret,
    text::Message,
    ui::{Page, Report, Tone},
};
use container::ContainerLog;
use file::Tail;
use function::FunctionLog;
use futures_util::future::join_all;
use std::time::Duration;
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};
use tokio::time::timeout;

/// How often a followed log is looked at; a person reads no faster.
const POLL: Duration = Duration::from_millis(400);
/// How long one look at a source may take; the others are not kept waiting for one that hangs.
const ANSWER: Duration = Duration::from_secs(3);

/// What LocalStack's log says of each look at the function's.
const WATCHED: &str = "AWS logs.FilterLogEvents => 200";

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// When it was written; lines without a time of their own have that of the line before them.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// Where it comes from.
    pub source: LogSource,
    /// The line.
    pub text: String,
}

impl Report for Entry {
    fn human(&self, page: &mut Page) {
        let time = self.time.format(format_description!("[hour]:[minute]:[second].[subsecond digits:3]"));
        let time = page.paint(Tone::Dim, &time.unwrap_or_default());
        let (name, number) = match self.source {
            LogSource::Engine => ("engine", 0),
            LogSource::Edge => ("edge", 1),
            LogSource::Proxy => ("proxy", 2),
            LogSource::Lambda => ("lambda", 3),
            LogSource::Deploy => ("deploy", 4),
        };
        let source = page.paint(Tone::Series(number), &format!("{name:6}"));
        page.raw(format_args!("{time} {source} {}", clean(untimed(&self.text))));
    }
}

/// What remains to be said when the stream ends.
#[derive(Debug, serde::Serialize)]
pub struct LogsReport {
    /// How many lines were printed.
    pub lines: usize,
    /// Whether an engine runs; if not, the lines are the end of its last run.
    pub running: bool,
    /// The lines themselves, where they are not a stream.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Entry>,
    #[serde(skip)]
    is_followed: bool,
}

impl Report for LogsReport {
    fn human(&self, page: &mut Page) {
        if self.lines == 0 && self.running && !self.is_followed {
            page.line(Message::new("logs.none"));
        }
    }

    fn exit(&self) -> Option<Exit> {
        (!self.running).then_some(Exit::NotRunning)
    }

    fn error(&self) -> Option<Error> {
        self.exit().map(|_| Error::new(Code::NotRunning))
    }
}

/// The logs that are looked at.
struct Sources {
    files: Vec<Tail>,
    containers: Vec<ContainerLog>,
    lambda: Option<FunctionLog>,
    /// At most this many of a container's last lines are wanted.
    most: usize,
    /// What the engine's log calls the requests that are made here.
    request_id: String,
    /// Why the function's log could not be read the last time.
    failure: Option<Error>,
}

impl Sources {
    fn new(context: &Context, args: &cli::Logs) -> Self {
        let wanted = |source: &LogSource| args.source.is_empty() || args.source.contains(source);
        let folder = &context.settings.folder;
        let containers =
            [(LogSource::Engine, Role::Engine), (LogSource::Edge, Role::Edge), (LogSource::Proxy, Role::Proxy)];
        let kept = containers.map(|(source, role)| (source, engine::log_path(folder, role)));
        let files = kept.into_iter().chain([(LogSource::Deploy, folder.join("deploy.log"))]);
        let files = files.filter(|(source, _)| wanted(source));
        let containers = containers.into_iter().filter(|(source, _)| wanted(source));
        // Without randomness, those of two runs have one name.
        let request_id = format!("logs-{}", secret::random_hex(8).unwrap_or_default());
        calls::name(&request_id);
        Self {
            files: files.map(|(source, path)| Tail::new(source, path)).collect(),
            containers: containers.map(|(source, role)| ContainerLog::new(source, role, start(args))).collect(),
            lambda: wanted(&LogSource::Lambda).then(|| FunctionLog::new(args.since)),
            most: args.lines,
            request_id,
            failure: None,
        }
    }

    /// Reads what has been written since the last look, in the order of time. A source that does not answer in time is
    /// left out, and asked again at the next look.
    async fn read(&mut self, context: &Context) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for tail in &mut self.files {
            entries.extend(tail.read()?);
        }
        let most = self.most;
        let containers = join_all(self.containers.iter_mut().map(|log| timeout(ANSWER, log.read(context, most))));
        let lambda = async {
            match &mut self.lambda {
                Some(log) => log.read(context, ANSWER).await,
                None => Ok(Vec::new()),
            }
        };
        let (containers, lambda) = tokio::join!(containers, lambda);
        entries.extend(containers.into_iter().flatten().flatten());
        self.failure = match lambda {
            Ok(lambda) => {
                entries.extend(lambda);
                None
            }
            Err(error) => Some(error),
        };
        // Who watches the engine is not to be shown that they watch: a followed log would never rest.
        entries.retain(|entry| !entry.text.contains(&self.request_id) && !entry.text.ends_with(WATCHED));
        // What was missed between two looks is wanted whole.
        self.most = usize::MAX;
        // Stable: lines of one moment keep the order in which their source wrote them.
        entries.sort_by_key(|entry| entry.time);
        Ok(entries)
    }
}

/// Where a container's log begins for a reader who wants no line of the past.
fn start(args: &cli::Logs) -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    match args.since {
        _ if args.lines == 0 => now,
        Some(since) => now - since,
        None => OffsetDateTime::UNIX_EPOCH,
    }
}

/// Prints the logs.
///
/// # Errors
/// `file` when a log or stdout is unusable; after the others, why the function's
/// log cannot be read.
pub async fn run(context: &Context, args: &cli::Logs) -> Result<LogsReport> {
    let mut sources = Sources::new(context, args);
    let (running, first) =
        tokio::join!(timeout(ANSWER, engine::connect(&context.settings)), Box::pin(sources.read(context)));
    // One that does not even tell is not gone.
    let (running, mut first) = (running.is_err() || running.is_ok_and(|engine| engine.is_ok()), first?);
    if let Some(since) = args.since {
        let oldest = OffsetDateTime::now_utc() - since;
        first.retain(|entry| entry.time >= oldest);
    }
    let skipped = first.len().saturating_sub(args.lines);
    let mut lines = first.len() - skipped;
    if context.console.is_json() && !args.follow {
        // One document, as every verb's answer: only a stream is one in each line.
        let entries = first.split_off(skipped);
        let report = LogsReport { lines, running, entries, is_followed: false };
        return sources.failure.map_or(Ok(report), Err);
    }
    if !print(context, &first[skipped..])? {
        return Ok(LogsReport { lines, running, entries: Vec::new(), is_followed: args.follow });
    }
    if !args.follow {
        return sources
            .failure
            .map_or(Ok(LogsReport { lines, running, entries: Vec::new(), is_followed: args.follow }), Err);
    }
    if !running {
        context.progress.note(Message::new("logs.waiting"));
    }
    let mut is_told = false;
    loop {
        // One line for as long as it fails: an engine that restarts is away for a moment, and comes back.
        if let Some(error) = sources.failure.take_if(|_| !is_told) {
            context.progress.warn(Message::new("logs.unread").with_message("reason", error.message));
            is_told = true;
        }
        let look = async {
            tokio::time::sleep(POLL).await;
            Box::pin(sources.read(context)).await
        };
        // Ctrl-C is the way out of a stream that has no end.
        let Some(entries) = context.cancel.run_until_cancelled(look).await else {
            return Ok(LogsReport { lines, running: true, entries: Vec::new(), is_followed: true });
        };
        let entries = entries?;
        is_told &= sources.failure.is_some();
        lines += entries.len();
        if !print(context, &entries)? {
            return Ok(LogsReport { lines, running: true, entries: Vec::new(), is_followed: true });
        }
    }
}

/// Prints entries; `false` when nobody reads any more.
fn print(context: &Context, entries: &[Entry]) -> Result<bool> {
    for entry in entries {
        if !read_on(context.console.entry(entry))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A line without what would move the cursor, change colours or rename the window: a function writes what it likes, and
/// with it whoever calls the function.
fn clean(line: &str) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    plain.chars().filter(|c| *c == '\t' || !c.is_control()).collect()
}

/// A line without the time at its start, which has a column of its own.
fn untimed(mut line: &str) -> &str {
    // What was kept of a container's log has Docker's time before the line's own.
    while let Some((first, rest)) = line.split_once(' ')
        && time_of(first).is_some()
    {
        line = rest;
    }
    line
}

/// Finds the time that a line tells: the `time` or `timestamp` of a JSON object, or an RFC 3339 word at its start.
fn time_of(line: &str) -> Option<OffsetDateTime> {
    // Engines in containers leave the zone out, which is UTC there.
    let parse = |text: &str| {
        OffsetDateTime::parse(text, &Rfc3339).or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339)).ok()
    };
    if line.starts_with('{') {
        let object: serde_json::Value = serde_json::from_str(line).ok()?;
        return ["time", "timestamp"].iter().find_map(|key| parse(object.get(key)?.as_str()?));
    }
    parse(line.split_ascii_whitespace().next()?.trim_matches(['[', ']']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_lines_time_is_its_own_where_it_tells_one() {
        let noon = Some(datetime!(2026-11-23 12:00 UTC));
        assert_eq!(time_of("2026-11-23T12:00:00Z listening"), noon);
        assert_eq!(time_of("[2026-11-23T12:00:00Z] listening"), noon);
        assert_eq!(time_of(r#"{"time":"2026-11-23T12:00:00Z","reason":"ok"}"#), noon);
        assert_eq!(time_of("2026-11-23T12:00:00.000  INFO --- listening"), noon);
        for none in ["", "listening", "{not json", r#"{"time":5}"#] {
            assert_eq!(time_of(none), None, "{none}");
        }
    }

    #[test]
    fn a_reader_who_wants_no_line_of_the_past_gets_none_at_the_second_look_either() {
        let args = |lines, since| cli::Logs { follow: true, lines, since, source: Vec::new() };
        let before = OffsetDateTime::now_utc();
        assert!(start(&args(0, None)) >= before && start(&args(0, Some(ANSWER))) >= before);
        assert!(start(&args(1, Some(ANSWER))) < before);
        assert_eq!(start(&args(1, None)), OffsetDateTime::UNIX_EPOCH);
    }

    #[test]
    fn a_line_has_its_time_once_and_moves_nothing() {
        assert_eq!(untimed("2026-11-23T12:00:00Z listening at 4566"), "listening at 4566");
        assert_eq!(untimed("2026-11-23T12:00:00Z 2026-11-23T12:00:00.001 INFO"), "INFO");
        assert_eq!(untimed("listening at 4566"), "listening at 4566");
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}\r\u{9b}2Jé\tx"), "red2Jé\tx");
    }
}
