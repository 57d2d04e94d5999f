//! Calls page by page, the newest first.

use super::{
    call::{Call, milliseconds},
    container_log::ContainerLog,
    filter::Filter,
    function_log::FunctionLogs,
    join::{Joined, Span, join},
    line::Line,
    record::{Record, Request},
    rotated::{Chunk, Rotated},
};
use crate::{
    cli::LogSource,
    docker::Role,
    engine,
    error::{Code, Error, Result},
    names::StackName,
    settings::Settings,
    text::Message,
};
use futures_util::future::join_all;
use serde::Serialize;
use std::{collections::HashMap, fmt, str::FromStr};
use time::{Duration, OffsetDateTime};

/// How many lines of a log are joined at a time: the newest call is mostly among the first few, and each further window
/// of a page takes twice as many as the one before it.
const FIRST_LINES: usize = 250;
const LINES: usize = 4_000;
/// How far lines of one call may lie apart in different logs, beside the time that it lasts.
const SLACK: Duration = Duration::seconds(2);
/// How long after a call's end the docker proxy may still write of it.
const LATE: Duration = Duration::milliseconds(250);
/// How long a call lasts at most: the gateway gives up then, and the edge soon after.
const LONGEST_CALL: Duration = Duration::seconds(31);
/// The first windows of time that are looked at, from now back; after them all that is left is one.
const WINDOWS: [Duration; 3] = [Duration::minutes(10), Duration::hours(1), Duration::hours(24)];
/// How many windows one page looks at before it says where it is.
const MOST_WINDOWS: usize = 64;

/// A place between calls: right behind the call that ended at this moment with this id, towards the past.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(super) time: OffsetDateTime,
    pub(super) id: String,
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a cursor of an earlier page")]
pub struct InvalidCursor;

impl Cursor {
    /// The place from which on, towards the past, a moment and all before it come next.
    pub(crate) fn with(moment: OffsetDateTime) -> Self {
        Self { time: moment.saturating_add(Duration::nanoseconds(1)), id: String::new() }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.time.unix_timestamp_nanos(), self.id)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidCursor> {
        let (nanos, id) = text.split_once('_').ok_or(InvalidCursor)?;
        let time = nanos.parse().ok().and_then(|nanos| OffsetDateTime::from_unix_timestamp_nanos(nanos).ok());
        Ok(Self { time: time.ok_or(InvalidCursor)?, id: id.to_owned() })
    }
}

impl Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Some calls, and where the next ones are.
#[derive(Debug, Default, Serialize)]
pub struct Page {
    /// The calls, the newest first.
    pub calls: Vec<Call>,
    /// Lines that belong to no call, the newest first; only where the filter is about time alone.
    pub others: Vec<Line>,
    /// Where older ones are; `None` where there are none. A page may be short, or empty, and others follow it.
    pub next: Option<Cursor>,
    /// What could not be read.
    #[serde(skip)]
    pub failure: Option<Error>,
}

/// What is joined at a time.
pub(super) struct Window {
    /// From when, inclusive, and until when, exclusive.
    pub(super) from: OffsetDateTime,
    pub(super) until: OffsetDateTime,
    /// The most lines of each log.
    pub(super) most: usize,
    /// Whether calls may have ended after it.
    pub(super) has_later: bool,
}

/// What wrote about calls here: files, containers, the function's log group.
pub struct Reader {
    pub(super) settings: Settings,
    files: Vec<Rotated>,
    containers: Vec<ContainerLog>,
    functions: FunctionLogs,
    /// The logs that are read; empty is all.
    sources: Vec<LogSource>,
    is_bare: bool,
}

impl Reader {
    /// Reads what was written about the calls of the engine and the stack that these settings mean. Nothing is opened
    /// yet.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self::of(settings, &[])
    }

    /// The same, of some logs only.
    #[must_use]
    pub fn of(settings: &Settings, sources: &[LogSource]) -> Self {
        // What was written here is about this folder's engine.
        let is_here = engine::elsewhere(settings).is_none();
        let wanted = |source: &LogSource| is_here && (sources.is_empty() || sources.contains(source));
        let roles = [(LogSource::Engine, Role::Engine), (LogSource::Edge, Role::Edge), (LogSource::Proxy, Role::Proxy)];
        let folder = &settings.folder;
        let kept = roles.map(|(source, role)| (source, engine::log_path(folder, role)));
        let files = kept.into_iter().chain([(LogSource::Deploy, folder.join("deploy.log"))]);
        let files = files.filter(|(source, _)| wanted(source)).map(|(source, path)| Rotated::new(path, source));
        let containers = roles.into_iter().filter(|(source, _)| wanted(source));
        Self {
            files: files.collect(),
            containers: containers.map(|(source, role)| ContainerLog::new(source, role)).collect(),
            functions: FunctionLogs::of(std::slice::from_ref(&settings.stack.value)),
            settings: settings.clone(),
            sources: sources.to_vec(),
            is_bare: false,
        }
    }

    /// The same, of the calls of several stacks of the engine.
    #[must_use]
    pub fn of_stacks(settings: &Settings, stacks: &[StackName]) -> Self {
        Self { functions: FunctionLogs::of(stacks), ..Self::new(settings) }
    }

    /// Gives calls without their lines, and no others: who counts them does without what weighs most.
    #[must_use]
    pub fn bare(self) -> Self {
        Self { is_bare: true, ..self }
    }

    /// Reads no more of what a stack's function has written.
    pub fn leave_out(&mut self, stack: &str) {
        self.functions.leave_out(stack);
    }

    /// Only what the function itself has written, which is on the engine and survives this machine.
    #[must_use]
    pub fn of_function(settings: &Settings) -> Self {
        Self::of(settings, &[LogSource::Lambda])
    }

    /// Gives up to `size` calls that a filter lets through, the newest first: those after `cursor`, or the newest of
    /// all. Where few match, a page may end before it is full, and say where to go on.
    ///
    /// # Errors
    /// `file` when a log is there and cannot be read. Why the function's log cannot be read is in the page.
    pub async fn page(&mut self, filter: &Filter, size: usize, cursor: Option<&Cursor>) -> Result<Page> {
        let now = OffsetDateTime::now_utc() + SLACK;
        // A page that ended between two calls has shown all of its last moment; behind a call there may be more of it.
        let behind = |cursor: &Cursor| Duration::nanoseconds(i64::from(!cursor.id.is_empty()));
        let start = cursor.map_or(now, |cursor| cursor.time + behind(cursor));
        let mut until = filter.until.map_or(start, |until| until.min(start));
        let floor = filter.floor();
        let mut page = Page::default();
        // Who says how far back means all of it.
        let mut windows = WINDOWS.into_iter().filter(|_| floor == OffsetDateTime::UNIX_EPOCH);
        let mut most = FIRST_LINES;
        for _ in 0..MOST_WINDOWS {
            if until <= floor {
                return Ok(page);
            }
            let from = windows.next().map_or(floor, |width| (until - width).max(floor));
            let window = Window { from, until, most, has_later: until < now };
            let (joined, low) = self.window(window, &mut page.failure).await?;
            most = LINES.min(most * 2);
            let others = |lines| if self.is_bare { Vec::new() } else { others(filter, lines) };
            for mut call in joined.calls.into_iter().rev() {
                let place = Cursor { time: call.end, id: call.request_id.clone() };
                if cursor.is_some_and(|cursor| place >= *cursor) || !filter.takes(&call) {
                    continue;
                }
                if self.is_bare {
                    call.lines = Vec::new();
                }
                page.calls.push(call);
                if page.calls.len() >= size {
                    let oldest = place.time;
                    // Those of that very moment come with the next page, which begins with it.
                    page.others.extend(others(joined.others).into_iter().filter(|line| line.time > oldest));
                    page.next = Some(place);
                    return Ok(page);
                }
            }
            page.others.extend(others(joined.others));
            until = low;
            if page.others.len() >= size.max(LINES) {
                break;
            }
        }
        page.next = (until > floor).then(|| Cursor { time: until, id: String::new() });
        Ok(page)
    }

    /// Finds one call by its id, or the beginning of it; the newest where several have it.
    ///
    /// # Errors
    /// As [`Reader::page`].
    pub async fn find(&mut self, id: &str, filter: &Filter) -> Result<Option<Call>> {
        let filter = Filter { request: Some(id.to_owned()), own: true, ..filter.clone() };
        let mut cursor = None;
        loop {
            let page = self.page(&filter, 1, cursor.as_ref()).await?;
            if let Some(call) = page.calls.into_iter().next() {
                return Ok(Some(call));
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return page.failure.map_or(Ok(None), Err),
            }
        }
    }

    /// Joins what ended within a window, and tells from when on that is whole.
    pub(super) async fn window(
        &mut self,
        Window { from, until, most, has_later }: Window,
        failure: &mut Option<Error>,
    ) -> Result<(Joined, OffsetDateTime)> {
        let engine = self.engine_lines((from, until), most).await?;
        let mut low = engine.reached.unwrap_or(from);
        let mut lines = engine.lines;
        let is_wanted = self.sources.is_empty() || self.sources.contains(&LogSource::Lambda);
        // One that does not answer is not asked again for the same page.
        if is_wanted && failure.is_none() {
            match self.functions.read(&self.settings, (low - SLACK, until + SLACK)).await {
                Ok(function) => {
                    let reached = function.reached.map(|reached| (reached + SLACK).min(until - SLACK));
                    low = reached.map_or(low, |reached| low.max(reached));
                    lines.extend(function.lines);
                }
                Err(error) => *failure = Some(error),
            }
        }
        // What a call that ended within the window wrote before it.
        let first = lines.iter().filter(|line| line.time >= low).filter_map(begun).min();
        if let Some(first) = first.filter(|first| *first < low) {
            lines.retain(|line| line.time >= low || line.source == LogSource::Lambda);
            // However few were asked for: the beginning of a long call may lie behind many lines of others.
            lines.extend(self.engine_lines((first - SLACK, low), LINES).await?.lines);
        }
        let (later, late) = if has_later { self.later(until).await? } else { (HashMap::new(), Vec::new()) };
        lines.extend(late);
        lines.sort_by_key(|line| line.time);
        let mut joined = join(lines, (low, until), &later);
        // The log that a function's lines are read from is its stack's, whatever the function writes of itself.
        for call in joined.calls.iter_mut().filter(|call| call.stack.is_none()) {
            call.stack = call.lines.iter().find_map(|line| line.stack.as_deref()).map(ToOwned::to_owned);
        }
        Ok((joined, low))
    }

    /// The requests that were answered soon after a moment, and when each was: what belongs to them may lie before it.
    /// Beside them what the docker proxy wrote then: it may be of a call that ended just before the moment.
    async fn later(&mut self, moment: OffsetDateTime) -> Result<(HashMap<String, Span>, Vec<Line>)> {
        let (mut requests, mut late) = (HashMap::new(), Vec::new());
        // Thousands may have been answered since; few of them had begun before.
        let is_kept = |line: &Line| match Record::read(line) {
            Record::Request(request) if !request.lent => begun_at(line, &request) <= moment + SLACK,
            Record::Proxy(_) => line.time < moment + LATE,
            _ => false,
        };
        for line in self.kept_lines((moment, moment + LONGEST_CALL), usize::MAX, is_kept).await?.lines {
            match Record::read(&line) {
                Record::Request(request) => {
                    let begun = begun_at(&line, &request);
                    requests.insert(request.request_id, (begun, line.time));
                }
                _ => late.push(line),
            }
        }
        Ok((requests, late))
    }

    /// Reads files and containers, all of them as far back as the one that is cut first.
    async fn engine_lines(&mut self, window: (OffsetDateTime, OffsetDateTime), most: usize) -> Result<Chunk> {
        self.kept_lines(window, most, |_| true).await
    }

    /// Reads the same, of which only these lines are kept.
    async fn kept_lines(
        &mut self,
        window: (OffsetDateTime, OffsetDateTime),
        most: usize,
        is_kept: impl Fn(&Line) -> bool,
    ) -> Result<Chunk> {
        let mut chunks = Vec::new();
        for file in &self.files {
            chunks.push(file.read(window, most, &is_kept).map_err(|error| {
                let unreadable = Error::new(Code::File).with_message("action", Message::new("action.read"));
                unreadable.with("path", file.path().display()).cause(&error)
            })?);
        }
        let settings = &self.settings;
        chunks.extend(join_all(self.containers.iter_mut().map(|log| log.read(settings, window, most))).await);
        let reached = chunks.iter().filter_map(|chunk| chunk.reached).max();
        let mut lines: Vec<Line> = chunks.into_iter().flat_map(|chunk| chunk.lines).collect();
        lines.retain(|line| reached.is_none_or(|reached| line.time >= reached) && is_kept(line));
        // Stable: lines of one moment keep the order in which their log has them.
        lines.sort_by_key(|line| line.time);
        Ok(Chunk { lines, reached })
    }
}

/// When a request came whose answer a line tells.
fn begun_at(line: &Line, request: &Request) -> OffsetDateTime {
    line.time - milliseconds(request.duration_ms)
}

/// When the request came whose answer a line tells; of the docker proxy's, from when on the answer may have been told.
fn begun(line: &Line) -> Option<OffsetDateTime> {
    match Record::read(line) {
        Record::Request(request) if !request.lent => Some(begun_at(line, &request)),
        Record::Proxy(_) => Some(line.time - LATE),
        _ => None,
    }
}

fn others(filter: &Filter, lines: Vec<Line>) -> Vec<Line> {
    if !filter.takes_other_lines() {
        return Vec::new();
    }
    let takes = |line: &Line| {
        filter.grep.as_ref().is_none_or(|grep| grep.is_match(&line.text))
            && (!filter.errors || line.is_error())
            && line.time >= filter.floor()
            && filter.until.is_none_or(|until| line.time < until)
    };
    lines.into_iter().rev().filter(takes).collect()
}
