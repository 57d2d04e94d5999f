//! The function's log group, read through `FilterLogEvents`.

use super::Entry;
use crate::{
    cli::LogSource,
    commands::context::Context,
    engine::{self, Engine},
    error::{Code, Error, Result},
    stack::{self, Part},
};
use aws_sdk_cloudwatchlogs::{Client, error::DisplayErrorContext, types::FilteredLogEvent};
use std::{collections::HashSet, time::Duration};
use time::OffsetDateTime;
use tokio::time::timeout;

/// How far back the first look goes when nobody says so: the service reads from the oldest event on.
const DEFAULT_SINCE: Duration = Duration::from_hours(24);
/// The most pages that one look reads; a page holds up to 1 MB.
const MAX_PAGES: usize = 20;

/// A place in the function's log. Looks for it anew after every error, so that it is followed across a restart of the
/// engine, on whichever port, and across a `clean`.
pub(super) struct FunctionLog {
    /// Where the next look starts, in milliseconds since the Unix epoch.
    start: i64,
    /// The events at `start` and after it that have been seen: events of one millisecond may come in two looks.
    seen: HashSet<String>,
    group: Option<(Client, String)>,
}

impl FunctionLog {
    pub(super) fn new(since: Option<Duration>) -> Self {
        let start = OffsetDateTime::now_utc() - since.unwrap_or(DEFAULT_SINCE);
        Self { start: millis(start), seen: HashSet::new(), group: None }
    }

    /// Reads the events that came since the last time. No engine, or no log group yet, is an empty log.
    pub(super) async fn read(&mut self, context: &Context, limit: Duration) -> Result<Vec<Entry>> {
        let look = async {
            if self.group.is_none() {
                self.group = group(context).await;
            }
            let Some((client, name)) = self.group.clone() else { return Ok(Vec::new()) };
            self.events(&client, &name).await
        };
        let late = || Error::new(Code::Deadline).with("seconds", limit.as_secs()).with("what", "`FilterLogEvents`");
        match timeout(limit, look).await.unwrap_or_else(|_| Err(late())) {
            Ok(events) => Ok(self.fresh(&events)),
            Err(error) => {
                self.group = None;
                // An engine that has ended has no log of its function any more.
                if engine::running(&context.settings).await.is_ok() { Err(error) } else { Ok(Vec::new()) }
            }
        }
    }

    async fn events(&self, client: &Client, name: &str) -> Result<Vec<FilteredLogEvent>> {
        let (mut events, mut token) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let call = client.filter_log_events().log_group_name(name).start_time(self.start).set_next_token(token);
            let answer = call.send().await.map_err(|error| {
                let cause = DisplayErrorContext(error).to_string();
                Error::new(Code::EngineRefused).with("operation", "FilterLogEvents").because(cause)
            })?;
            events.extend_from_slice(answer.events());
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
        Ok(events)
    }

    /// Keeps what has not been seen, and moves on.
    fn fresh(&mut self, events: &[FilteredLogEvent]) -> Vec<Entry> {
        let newest = events.iter().filter_map(FilteredLogEvent::timestamp).max().unwrap_or(self.start);
        let mut entries = Vec::new();
        for event in events {
            let id = event.event_id().unwrap_or_default().to_owned();
            if self.seen.insert(id) {
                entries.extend(entry(event));
            }
        }
        if newest > self.start {
            self.start = newest;
            let kept = events.iter().filter(|event| event.timestamp() == Some(newest));
            self.seen = kept.filter_map(|event| event.event_id().map(str::to_owned)).collect();
        }
        entries
    }
}

async fn group(context: &Context) -> Option<(Client, String)> {
    let engine: Engine = engine::connect(&context.settings).await.ok()?;
    let discovery = Box::pin(stack::discover(&engine, &context.settings.stack.value)).await.ok()?;
    let name = discovery.part(Part::LogGroup)?.id.clone();
    Some((Client::new(&engine.connection.sdk_config()), name))
}

fn entry(event: &FilteredLogEvent) -> Option<Entry> {
    let nanos = i128::from(event.timestamp()?) * 1_000_000;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
    Some(Entry { time, source: LogSource::Lambda, text: event.message()?.trim_end().to_owned() })
}

fn millis(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}
