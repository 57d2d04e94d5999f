//! The log groups of functions, read through `FilterLogEvents`.

use super::{line::Line, rotated::Chunk};
use crate::{
    cli::LogSource,
    engine,
    error::{Code, Error, Result},
    names::StackName,
    settings::Settings,
    stack,
};
use aws_sdk_cloudwatchlogs::{Client, error::ProvideErrorMetadata, types::FilteredLogEvent};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::time::timeout;

/// How long one look may take; the other logs are not kept waiting by an engine that hangs.
const ANSWER: Duration = Duration::from_secs(3);
/// The same where the engine is far away, or wakes its services at the first call.
const FAR_ANSWER: Duration = Duration::from_secs(20);
/// The most pages that are read of a window before a smaller one is; a page holds up to 1 MB.
const MAX_PAGES: usize = 8;
/// How often the window is made smaller.
const SHRINKS: u32 = 24;

/// How many groups are read beside each other: an engine has others to answer.
const AT_ONCE: usize = 8;

/// The logs of some stacks' functions. Looked for anew after every error, so that they are found across a restart of the
/// engine, on whichever port.
pub(super) struct FunctionLogs {
    client: Option<(Client, Duration)>,
    stacks: Vec<StackName>,
}

impl FunctionLogs {
    pub(super) fn of(stacks: &[StackName]) -> Self {
        Self { client: None, stacks: stacks.to_owned() }
    }

    /// Reads no more of a stack's.
    pub(super) fn leave_out(&mut self, stack: &str) {
        self.stacks.retain(|own| own.as_str() != stack);
    }

    /// Reads the lines from `from` on and before `until`; where there are too many, the newest. No engine, and no group
    /// yet, is an empty log.
    pub(super) async fn read(
        &mut self,
        settings: &Settings,
        window: (OffsetDateTime, OffsetDateTime),
    ) -> Result<Chunk> {
        if self.stacks.is_empty() {
            return Ok(Chunk::default());
        }
        if self.client.is_none() {
            let Ok(engine) = engine::connect(settings).await else { return Ok(Chunk::default()) };
            let limit = if engine.facts.needs_docker() || engine.facts.is_remote() { FAR_ANSWER } else { ANSWER };
            self.client = Some((Client::new(&engine.connection.sdk_config()), limit));
        }
        let Some((client, limit)) = self.client.clone() else { return Ok(Chunk::default()) };
        let late = || Error::new(Code::Deadline).with("seconds", limit.as_secs()).with("what", "`FilterLogEvents`");
        let region = settings.region.value.as_str();
        let groups: Vec<_> = self.stacks.iter().map(|stack| newest(&client, stack, region, window)).collect();
        let groups = stream::iter(groups).buffered(AT_ONCE).try_collect::<Vec<Chunk>>();
        let read = timeout(limit, groups).await.unwrap_or_else(|_| Err(late()));
        if read.is_err() {
            self.client = None;
            // An engine that has ended has no log of its function any more.
            if engine::running(settings).await.is_err() && !engine::is_remote(settings) {
                return Ok(Chunk::default());
            }
        }
        let mut all = Chunk::default();
        for chunk in read? {
            all.lines.extend(chunk.lines);
            all.reached = all.reached.max(chunk.reached);
        }
        Ok(all)
    }
}

/// Reads a window, or as much of its end as can be read: the service reads from the oldest line on.
async fn newest(
    client: &Client,
    stack: &StackName,
    region: &str,
    (from, until): (OffsetDateTime, OffsetDateTime),
) -> Result<Chunk> {
    let group = stack::log_group_name(stack, region);
    let name: Arc<str> = stack.as_str().into();
    let mut start = from;
    for _ in 0..SHRINKS {
        if let Some(mut lines) = whole(client, &group, (start, until)).await? {
            lines.iter_mut().for_each(|line| line.stack = Some(name.clone()));
            return Ok(Chunk { lines, reached: (start > from).then_some(start) });
        }
        start = until - (until - start) / 8;
    }
    // More in a moment than can be read: some of it is better than none.
    Ok(Chunk { lines: Vec::new(), reached: Some(start) })
}

/// Reads a window; `None` where it has too many lines.
async fn whole(
    client: &Client,
    group: &str,
    (from, until): (OffsetDateTime, OffsetDateTime),
) -> Result<Option<Vec<Line>>> {
    let (mut lines, mut token) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let call = client.filter_log_events().log_group_name(group).set_next_token(token);
        let call = call.start_time(millis(from)).end_time(millis(until));
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("ResourceNotFoundException") => return Ok(Some(lines)),
            Err(error) => return Err(stack::Error::call("FilterLogEvents", &error).into()),
        };
        lines.extend(answer.events().iter().filter_map(line).filter(|line| line.time < until));
        token = answer.next_token;
        if token.is_none() {
            return Ok(Some(lines));
        }
    }
    Ok(None)
}

fn line(event: &FilteredLogEvent) -> Option<Line> {
    let nanos = i128::from(event.timestamp()?) * 1_000_000;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
    let stream = event.log_stream_name().map(str::to_owned);
    Some(Line { stream, ..Line::new(time, LogSource::Lambda, event.message()?.trim_end().to_owned()) })
}

/// Milliseconds since the epoch, as the service counts; times before it are its beginning.
fn millis(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or_default().max(0)
}
