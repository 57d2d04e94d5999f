//! Logs Insights: questions about the events of groups, in the commands that people use most.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>
//!
//! A query is done when it was started: its events are read there and then; one that takes too long is at its `Timeout`,
//! as at AWS after an hour. What a query found is in memory, and gone with the emulator. Commands that are not here
//! (`pattern`, `diff`, `unnest`, `lookup`) are refused by name.

mod datum;
mod discover;
mod eval;
mod expression;
mod query;
mod run;
mod search;
mod texts;
mod token;
mod work;

use super::{
    invalid,
    read::{self, event_id},
    state::{Identifier, Language, Name, at_most, identified, limit, signed},
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{
        self, AwsError, Here, Text,
        page::{key_of, token},
    },
};
use datum::Datum;
use query::Query;
use run::{Event, Found};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many queries are remembered.
const KEPT: usize = 100;
/// How many bytes of what they found, in all but the newest.
const KEPT_BYTES: usize = 64 * 1024 * 1024;
/// The most rows of an answer, and how many there are unless it is said.
const MAX_ROWS: usize = 10_000;
/// The most groups of one query.
const MAX_GROUPS: usize = 50;

/// Why a query is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Malformed {
    /// It is not of the language; why.
    Syntax(String),
    /// It is, but the emulator has no such command or function.
    Lacking(String),
}

impl From<Malformed> for AwsError {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Syntax(why) => Self::sender("MalformedQueryException", why),
            Malformed::Lacking(what) => Self::not_implemented("logs", &format!("StartQuery ({what})")),
        }
    }
}

/// The queries that were started.
#[derive(Debug, Default)]
pub struct Queries(Mutex<VecDeque<Started>>);

/// A query, and what it found.
#[derive(Debug, Clone)]
struct Started {
    id: String,
    region: String,
    text: String,
    groups: Vec<String>,
    created: i64,
    rows: Vec<Value>,
    /// About.
    bytes: usize,
    statistics: Value,
    status: Status,
}

impl Queries {
    fn locked(&self) -> MutexGuard<'_, VecDeque<Started>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a query, and forgets the oldest ones where they are too many or hold too much.
    fn keep(&self, started: Started) {
        let mut all = self.locked();
        let holds = |all: &VecDeque<Started>| all.iter().map(|started| started.bytes).sum::<usize>();
        while all.len() >= KEPT || holds(&all) > KEPT_BYTES {
            all.pop_front();
        }
        all.push_back(started);
    }

    fn find(&self, region: &str, id: &str) -> Option<Started> {
        self.locked().iter().find(|started| started.id == id && started.region == region).cloned()
    }
}

/// What can have become of a query; here each is done when it was started, or took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
enum Status {
    Scheduled,
    Running,
    Complete,
    Failed,
    Cancelled,
    Timeout,
    Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartQuery {
    query_language: Option<Language>,
    log_group_name: Option<Name>,
    #[serde(default)]
    log_group_names: Vec<Name>,
    #[serde(default)]
    log_group_identifiers: Vec<Identifier>,
    /// Seconds since the Unix epoch; milliseconds are taken too, as AWS takes them.
    start_time: u64,
    end_time: u64,
    query_string: Text<0, 10_000>,
    limit: Option<usize>,
}

/// Whether a time of a query is in seconds: nobody asks for the year 5138.
fn is_seconds(time: u64) -> bool {
    time < 100_000_000_000
}

/// Writes a time of a query in milliseconds.
fn millis(time: u64) -> i64 {
    if is_seconds(time) { signed(time.saturating_mul(1000)) } else { signed(time) }
}

fn groups(here: Here<'_>, input: &StartQuery) -> Result<Vec<String>, AwsError> {
    let named = input.log_group_name.iter().map(|name| name.to_string());
    let names = input.log_group_names.iter().map(|name| name.to_string());
    let by_identifier = input.log_group_identifiers.iter().map(|text| identified(here, text));
    let by_identifier = by_identifier.collect::<Result<Vec<_>, _>>()?;
    let kinds = usize::from(input.log_group_name.is_some())
        + usize::from(!input.log_group_names.is_empty())
        + usize::from(!input.log_group_identifiers.is_empty());
    if kinds != 1 {
        return Err(invalid("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified."));
    }
    let groups: Vec<_> = named.chain(names).chain(by_identifier).collect();
    if groups.len() > MAX_GROUPS {
        Err(invalid(format!("A query has at most {MAX_GROUPS} log groups.")))
    } else {
        Ok(groups)
    }
}

/// `StartQuery`.
pub(super) async fn start(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<StartQuery>()?;
    if let Some(language @ (Language::Sql | Language::Ppl)) = input.query_language {
        let language = format!("{language:?}").to_uppercase();
        return Err(AwsError::not_implemented("logs", &format!("StartQuery (queryLanguage {language})")));
    }
    let most = limit(input.limit, MAX_ROWS)?;
    let query = Query::parse(&input.query_string, scope.now_millis())?;
    let groups = groups(scope.here(), &input)?;
    let range = (millis(input.start_time), millis(input.end_time));
    if range.0 > range.1 {
        return Err(Malformed::Syntax("Query's end date and time is before its start date and time".to_owned()).into());
    }
    let found = search(&scope, &groups, range, query, most).await?;
    let sources: Vec<String> = groups.iter().map(|group| format!("\"{group}\"")).collect();
    // AWS remembers a query with what it is asked of; a second ends with its last millisecond.
    let end = if is_seconds(input.end_time) { range.1 + 999 } else { range.1 };
    let started = Started {
        id: wire::request_id(),
        region: scope.region.to_string(),
        text: format!("SOURCE {} START={} END={end} | {}", sources.join(", "), range.0, &*input.query_string),
        groups,
        created: scope.now_millis(),
        rows: shown(&found.rows),
        bytes: found.rows.iter().flatten().map(|(field, value)| field.len() + value.size()).sum(),
        statistics: json!({
            "recordsMatched": found.matched,
            "recordsScanned": found.scanned,
            "bytesScanned": found.bytes,
        }),
        status: if found.is_late { Status::Timeout } else { Status::Complete },
    };
    let id = started.id.clone();
    scope.context.queries.keep(started);
    Ok(Output::Members(json!({ "queryId": id })))
}

/// Reads the events of groups, and asks them.
async fn search(
    scope: &Scope<'_>,
    groups: &[String],
    range: (i64, i64),
    query: Query,
    most: usize,
) -> Result<Found, AwsError> {
    let now = scope.now_millis();
    let account = scope.account().to_owned();
    let streams = scope.read(|state| {
        let mut streams = Vec::new();
        for group in groups {
            let horizon = state.logs.group(group).map_err(|_| no_group(group, &account))?.horizon(now);
            let own = state.logs.streams_of(group);
            streams.extend(own.map(|(name, stream)| (group.clone(), name.to_owned(), stream.id.clone(), horizon)));
        }
        Ok::<_, AwsError>(streams)
    })?;
    let shared = Arc::clone(scope.context);
    let found = read::read_off_thread(move || {
        let mut events = Vec::new();
        for (group, stream, id, horizon) in streams {
            let stored = shared.events.read(&id, (range.0.max(horizon), range.1), |_| true)?;
            events.extend(stored.into_iter().map(|stored| Event {
                pointer: event_id(&(stored.timestamp, stream.clone(), stored.number)),
                timestamp: stored.timestamp,
                ingested: stored.ingested,
                log: format!("{account}:{group}"),
                stream: stream.clone(),
                message: stored.message,
            }));
        }
        // The newest first, unless the query sorts.
        events.sort_by(|a, b| (b.timestamp, &b.pointer).cmp(&(a.timestamp, &a.pointer)));
        Ok(query.run(events, most))
    })
    .await?;
    let too_much = || AwsError::sender("LimitExceededException", "The query takes more than the engine does for one.");
    found.ok_or_else(too_much)
}

/// A group that is not there, as Insights says it.
fn no_group(group: &str, account: &str) -> AwsError {
    let message = format!(
        "Log group '{group}' does not exist for account ID '{account}' (Service: AWSLogs; Status Code: 400; Error Code: \
         ResourceNotFoundException; Request ID: {}; Proxy: null)",
        wire::request_id()
    );
    AwsError::sender("ResourceNotFoundException", message)
}

fn shown(rows: &[Vec<(String, Datum)>]) -> Vec<Value> {
    let cell = |(field, value): &(String, Datum)| json!({ "field": field, "value": value.to_string() });
    rows.iter().map(|row| row.iter().map(cell).collect::<Value>()).collect()
}

/// The query that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfQuery {
    query_id: Text<0, 256>,
}

fn absent() -> AwsError {
    AwsError::sender("ResourceNotFoundException", "The specified query does not exist.")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Results {
    query_id: Text<0, 256>,
    next_token: Option<Text<1, 1024>>,
    /// None is what nothing says, too.
    max_items: Option<usize>,
}

/// `GetQueryResults`: page by page; what a query has found changes no more.
pub(super) fn results(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Results>()?;
    let most = at_most("maxItems", input.max_items.filter(|most| *most > 0), MAX_ROWS)?;
    let unknown = || invalid("The specified nextToken is invalid.");
    let behind: usize = match input.next_token.as_deref() {
        Some(token) => key_of(token).and_then(|text| text.parse().ok()).ok_or_else(unknown)?,
        None => 0,
    };
    let found = scope.context.queries.find(scope.region.as_str(), &input.query_id).ok_or_else(absent)?;
    let rows = found.rows.get(behind..).ok_or_else(unknown)?;
    let page = &rows[..rows.len().min(most)];
    let mut answer = json!({
        "queryLanguage": "CWLI",
        "results": page,
        "statistics": found.statistics,
        "status": found.status,
    });
    if page.len() < rows.len() {
        answer["nextToken"] = token(&(behind + page.len()).to_string()).into();
    }
    Ok(Output::Members(answer))
}

/// `StopQuery`: every query has ended already, and what has ended cannot be stopped.
pub(super) fn stop(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (OfQuery { query_id }, scope) = operation.input()?;
    scope.context.queries.find(scope.region.as_str(), &query_id).ok_or_else(absent)?;
    Err(invalid(format!("The specified query is not running: {}", &*query_id)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeQueries {
    log_group_name: Option<Name>,
    status: Option<Status>,
    max_results: Option<usize>,
    next_token: Option<String>,
    query_language: Option<Language>,
}

/// `DescribeQueries`: the newest first.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<DescribeQueries>()?;
    let most = at_most("maxResults", input.max_results, 1000)?;
    if let Some(group) = &input.log_group_name {
        scope.read(|state| state.logs.group(group).map(drop))?;
    }
    let is_other = input.query_language.is_some_and(|language| language != Language::Cwli);
    let queries = scope.context.queries.locked();
    let is_wanted = |started: &&Started| {
        let of_group = |group: &Name| started.groups.iter().any(|known| **known == **group);
        !is_other
            && started.region == scope.region.as_str()
            && input.status.is_none_or(|status| status == started.status)
            && input.log_group_name.as_ref().is_none_or(of_group)
    };
    let own: Vec<_> = queries.iter().rev().filter(is_wanted).collect();
    let behind = match input.next_token.as_deref() {
        Some(token) => own.iter().position(|started| started.id == token).map_or(own.len(), |at| at + 1),
        None => 0,
    };
    let page = &own[behind..own.len().min(behind + most)];
    let shown: Vec<Value> = page
        .iter()
        .map(|started| {
            json!({
                "queryLanguage": "CWLI",
                "queryId": started.id,
                "queryString": started.text,
                "status": started.status,
                "createTime": started.created,
                "logGroupName": started.groups.join(","),
            })
        })
        .collect();
    let mut answer = json!({ "queries": shown });
    if let Some(last) = page.last().filter(|_| behind + most < own.len()) {
        answer["nextToken"] = last.id.as_str().into();
    }
    Ok(Output::Members(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_queries_found_does_not_pile_up() {
        let queries = Queries::default();
        let keep = |id: usize, bytes: usize| {
            let (text, statistics, status) = (String::new(), Value::Null, Status::Complete);
            let (id, region, groups, rows) = (id.to_string(), "r".to_owned(), Vec::new(), Vec::new());
            queries.keep(Started { id, region, text, groups, created: 0, rows, bytes, statistics, status });
        };
        let is_kept = |id: usize| queries.find("r", &id.to_string()).is_some();
        keep(0, 10);
        keep(1, KEPT_BYTES + 1);
        assert!(is_kept(0) && is_kept(1));
        keep(2, 10);
        assert!(!is_kept(0) && !is_kept(1) && is_kept(2));
        (3..=2 + KEPT).for_each(|id| keep(id, 10));
        assert!(!is_kept(2) && is_kept(3));
    }

    #[test]
    fn times_are_in_seconds_or_in_milliseconds() {
        assert_eq!(millis(1_700_000_000), 1_700_000_000_000);
        assert_eq!(millis(1_700_000_000_123), 1_700_000_000_123);
    }
}
