//! What one line says, as far as it is one of ours, or of Lambda's.

use super::{
    call::{Change, Place},
    line::{Line, unstamped},
};
use crate::{cli::LogSource, names::word};
use serde::Deserialize;

/// What a line says.
#[derive(Debug, PartialEq)]
pub(super) enum Record {
    /// The edge has answered a request.
    Request(Box<Request>),
    /// The edge has refused what it could not even read.
    Rejected(Box<Rejected>),
    /// The gateway has had a function answer.
    Invoked(Invoked),
    /// The handler has answered an event.
    Event(Box<Event>),
    /// An invocation begins.
    Start(String),
    /// An invocation has ended.
    End(String),
    /// What an invocation took.
    Report(Report),
    /// A process of the function could not start, when an invocation waited for it already; what kind of failure it was.
    Unstarted(String),
    /// The docker proxy has decided.
    Proxy(Proxy),
    /// A line that names the request that it belongs to, and nothing else that is known.
    Of(String),
    /// Anything else.
    Other,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Request {
    pub(super) request_id: String,
    pub(super) peer: Option<String>,
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) action: Option<String>,
    pub(super) target: Option<String>,
    pub(super) name: Option<String>,
    pub(super) options: Option<String>,
    /// Of an AWS call: `ec2 StartInstances`.
    pub(super) operation: Option<String>,
    /// Whether an AWS call was made with what was lent to a function.
    pub(super) lent: bool,
    pub(super) stack: Option<String>,
    pub(super) key: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) code: Option<String>,
    pub(super) duration_ms: f64,
    pub(super) gateway_ms: Option<f64>,
}

#[derive(Debug, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rejected {
    pub(super) request_id: String,
    pub(super) peer: Option<String>,
    pub(super) reason: String,
    pub(super) status: Option<u16>,
}

#[derive(Debug, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(super) struct Invoked {
    pub(super) request_id: String,
    pub(super) invocation_id: String,
    pub(super) duration_ms: f64,
}

#[derive(Debug, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    pub(super) request_id: String,
    pub(super) invocation_id: String,
    pub(super) stack: Option<String>,
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) action: Option<String>,
    pub(super) target: Option<String>,
    pub(super) name: Option<String>,
    pub(super) options: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) outcome: Option<String>,
    pub(super) key: Option<String>,
    pub(super) source: Option<String>,
    #[serde(rename = "ColdStart")]
    pub(super) cold: f64,
    #[serde(rename = "Duration")]
    pub(super) ms: f64,
    pub(super) changes: Vec<Changed>,
    pub(super) upstream: Vec<Upstream>,
}

#[derive(Debug, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(super) struct Changed {
    resource: String,
    before: Option<String>,
    after: Option<String>,
    by: Option<String>,
}

impl From<Changed> for Change {
    fn from(Changed { resource, before, after, by }: Changed) -> Self {
        Self { resource, before, after, by }
    }
}

/// One call that the handler made.
#[derive(Debug, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(super) struct Upstream {
    pub(super) operation: String,
    pub(super) at_ms: f64,
    pub(super) ms: f64,
    pub(super) problem: Option<String>,
}

impl Upstream {
    pub(super) fn place(&self) -> Place {
        if self.operation.starts_with("docker") { Place::Docker } else { Place::Ec2 }
    }
}

/// What Lambda says that an invocation took.
#[derive(Debug, PartialEq)]
pub(super) struct Report {
    pub(super) invocation_id: String,
    pub(super) ms: f64,
    pub(super) init_ms: Option<f64>,
    /// How it says that the invocation ended (`success`, `timeout`); a log of the format text says so of failures only.
    pub(super) status: Option<String>,
    /// What kind of failure it says that there was.
    pub(super) error: Option<String>,
}

impl Report {
    /// Whether the invocation failed, where the report itself tells.
    pub(super) fn failed(&self) -> Option<bool> {
        self.status.as_deref().map(|status| status != "success").or(self.error.as_ref().map(|_| true))
    }
}

#[derive(Debug, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(super) struct Proxy {
    pub(super) request_id: String,
    pub(super) peer: Option<String>,
    pub(super) decision: String,
    pub(super) reason: String,
    pub(super) operation: Option<String>,
    pub(super) container: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) duration_ms: f64,
}

/// What decides which of these a line in JSON is.
#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    message: Option<serde_json::Value>,
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default, rename = "_aws")]
    metrics: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

impl Line {
    /// Whether a call that this is a line of tells all that it says.
    #[must_use]
    pub fn is_accounted_for(&self) -> bool {
        !matches!(Record::read(self), Record::Of(_) | Record::Unstarted(_) | Record::Other)
    }
}

impl Record {
    /// Reads a line. Whoever may write into a source is believed about that source only: what a function prints is no
    /// request of the edge's.
    pub(super) fn read(line: &Line) -> Self {
        let text = unstamped(&line.text);
        if !text.starts_with('{') {
            return if line.source == LogSource::Lambda { lambda(text) } else { Self::Other };
        }
        let Ok(kind) = serde_json::from_str::<Kind>(text) else { return Self::Other };
        let message = kind.message.as_ref().and_then(|message| message.as_str());
        let read = match (line.source, message) {
            (LogSource::Engine | LogSource::Edge, Some("request")) => from(text, Self::Request),
            (LogSource::Engine | LogSource::Edge, Some("rejected")) => from(text, Self::Rejected),
            (LogSource::Engine, Some("invoked")) => from(text, |invoked: Box<Invoked>| Self::Invoked(*invoked)),
            (LogSource::Lambda, _) if kind.metrics.is_some() => from(text, Self::Event),
            (LogSource::Lambda, _) if kind.kind.is_some() => platform(text),
            (LogSource::Proxy, _) => from(text, |proxy: Box<Proxy>| Self::Proxy(*proxy)),
            _ => None,
        };
        read.or_else(|| kind.request_id.map(Self::Of)).unwrap_or(Self::Other)
    }
}

fn from<'t, T: Deserialize<'t>>(text: &'t str, make: impl FnOnce(Box<T>) -> Record) -> Option<Record> {
    serde_json::from_str::<T>(text).ok().map(|read| make(Box::new(read)))
}

/// Reads what Lambda writes between a function's own lines.
fn lambda(text: &str) -> Record {
    let id = |rest: &str| rest.split_ascii_whitespace().next().unwrap_or_default().to_owned();
    if let Some(rest) = text.strip_prefix("START RequestId: ") {
        return Record::Start(id(rest));
    }
    if let Some(rest) = text.strip_prefix("END RequestId: ") {
        return Record::End(id(rest));
    }
    if let Some(rest) = text.strip_prefix("INIT_REPORT ") {
        let word = |name: &str| rest.split('\t').find_map(|field| field.trim().strip_prefix(name));
        return unstarted(word("Phase: "), word("Status: "), word("Error Type: ")).unwrap_or(Record::Other);
    }
    let Some(rest) = text.strip_prefix("REPORT RequestId: ") else { return Record::Other };
    let word = |name: &str| rest.split('\t').find_map(|field| field.trim().strip_prefix(name)).map(str::trim);
    let time = |name: &str| word(name)?.trim_end_matches("ms").trim().parse().ok();
    match time("Duration:") {
        Some(ms) => Record::Report(Report {
            invocation_id: id(rest),
            ms,
            init_ms: time("Init Duration:"),
            status: word("Status:").map(str::to_owned),
            error: word("Error Type:").map(str::to_owned),
        }),
        None => Record::Other,
    }
}

/// A start that failed in the time of an invocation. One that failed before is made again, and may go well then.
fn unstarted(phase: Option<&str>, status: Option<&str>, kind: Option<&str>) -> Option<Record> {
    let status = status.filter(|status| *status != "success" && phase == Some("invoke"))?;
    let kind = kind.and_then(|kind| word(kind, 64)).or_else(|| word(status, 64)).unwrap_or("error");
    Some(Record::Unstarted(kind.to_owned()))
}

/// What kind of failure a function's own line tells, where it is one of those that a runtime writes when an invocation
/// fails: an exception that nobody caught, an end of the process, or the time that was over.
pub(super) fn failure(text: &str) -> Option<&str> {
    if text.contains(" Task timed out after ") {
        return Some("timeout");
    }
    // `[ERROR] ValueError: …`; behind what a program logs itself there is a tab.
    if let Some(rest) = text.strip_prefix("[ERROR] ") {
        return word(rest.split([':', '\n', '\r']).next()?, 64).or(Some("error"));
    }
    if text.starts_with("RequestId: ") && text.contains(" Error: ") {
        return Some("error");
    }
    let rest = text.split_once("\"errorType\"")?.1.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    word(rest.split('"').next()?, 64).or(Some("error"))
}

/// The same in a log of the format JSON.
fn platform(text: &str) -> Option<Record> {
    let line: serde_json::Value = serde_json::from_str(text).ok()?;
    let record = &line["record"];
    if line["type"] == "platform.initReport" {
        return unstarted(record["phase"].as_str(), record["status"].as_str(), record["errorType"].as_str());
    }
    let id = record["requestId"].as_str()?.to_owned();
    match line["type"].as_str()? {
        "platform.start" => Some(Record::Start(id)),
        "platform.report" => {
            let metric = |name: &str| record["metrics"][name].as_f64();
            let (ms, init_ms) = (metric("durationMs")?, metric("initDurationMs"));
            let word = |name: &str| record[name].as_str().map(str::to_owned);
            let (status, error) = (word("status"), word("errorType"));
            Some(Record::Report(Report { invocation_id: id, ms, init_ms, status, error }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    fn read(source: LogSource, text: &str) -> Record {
        Record::read(&Line::new(OffsetDateTime::UNIX_EPOCH, source, text.to_owned()))
    }

    #[test]
    fn lambdas_own_lines_are_told_apart_from_the_functions() {
        let lambda = |text: &str| read(LogSource::Lambda, text);
        assert_eq!(lambda("START RequestId: i-1 Version: $LATEST"), Record::Start("i-1".to_owned()));
        assert_eq!(lambda("END RequestId: i-1"), Record::End("i-1".to_owned()));
        let report = "REPORT RequestId: i-1\tDuration: 15.25 ms\tBilled Duration: 16 ms\tMemory Size: 128 MB\tMax Memory \
                      Used: 9 MB\tInit Duration: 7.00 ms\t";
        let expected = |ms, init_ms| Report { invocation_id: "i-1".to_owned(), ms, init_ms, status: None, error: None };
        assert_eq!(lambda(report), Record::Report(expected(15.25, Some(7.0))));
        assert_eq!(lambda("REPORT RequestId: i-1\tDuration: much"), Record::Other);
        let json = r#"{"time":"t","type":"platform.report","record":{"requestId":"i-1","metrics":{"durationMs":1.5}}}"#;
        assert_eq!(lambda(json), Record::Report(expected(1.5, None)));
    }

    #[test]
    fn a_failure_is_what_a_runtime_says_of_one_and_not_what_a_program_logs() {
        for (text, expected) in [
            ("[ERROR] ValueError: no\nTraceback (most recent call last):", Some("ValueError")),
            ("[ERROR] \u{1b}[2J: no", Some("error")),
            ("[ERROR]\t2026-11-23T12:00:00.000Z\ti-1\tlogged, and gone on", None),
            ("2026-11-23T12:00:00.000Z i-1 Task timed out after 3.00 seconds", Some("timeout")),
            ("RequestId: i-1 Error: Runtime exited with error: exit status 1", Some("error")),
            (r#"t\ti-1\tERROR\tInvoke Error\t{"errorType":"TypeError","errorMessage":"no"}"#, Some("TypeError")),
            ("an Error: of its own", None),
            ("", None),
        ] {
            assert_eq!(failure(text), expected, "{text}");
        }
        let failed = |text: &str| match read(LogSource::Lambda, text) {
            Record::Report(report) => (report.failed(), report.error),
            other => panic!("{other:?}"),
        };
        let text = "REPORT RequestId: i-1\tDuration: 3000.00 ms\tStatus: timeout";
        assert_eq!(failed(text), (Some(true), None));
        let text = "REPORT RequestId: i-1\tDuration: 3.00 ms\tStatus: error\tError Type: Runtime.ExitError";
        assert_eq!(failed(text), (Some(true), Some("Runtime.ExitError".to_owned())));
        assert_eq!(failed("REPORT RequestId: i-1\tDuration: 3.00 ms\t"), (None, None));
        let json =
            r#"{"type":"platform.report","record":{"requestId":"i-1","status":"success","metrics":{"durationMs":1}}}"#;
        assert_eq!(failed(json), (Some(false), None));
    }

    #[test]
    fn a_start_that_failed_counts_once_it_is_the_last_attempt() {
        let lambda = |text: &str| read(LogSource::Lambda, text);
        let unstarted = |kind: &str| Record::Unstarted(kind.to_owned());
        let text = "INIT_REPORT Init Duration: 12.00 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError";
        assert_eq!(lambda(text), unstarted("Runtime.ExitError"));
        assert_eq!(lambda(&text.replace("invoke", "init")), Record::Other, "there is a second attempt");
        assert_eq!(lambda("INIT_REPORT Init Duration: 9.00 ms\tPhase: invoke\tStatus: timeout"), unstarted("timeout"));
        assert_eq!(lambda("INIT_REPORT Init Duration: 9.00 ms\tPhase: invoke\tStatus: success"), Record::Other);
        let json = r#"{"type":"platform.initReport","record":{"phase":"invoke","status":"error","errorType":"X.Y"}}"#;
        assert_eq!(lambda(json), unstarted("X.Y"));
    }

    #[test]
    fn a_function_that_prints_what_the_edge_writes_is_not_taken_for_it() {
        let text = r#"{"request_id":"r","message":"request","status":200,"duration_ms":1.5}"#;
        assert!(matches!(read(LogSource::Engine, text), Record::Request(_)));
        assert_eq!(read(LogSource::Lambda, text), Record::Of("r".to_owned()));
        assert_eq!(read(LogSource::Lambda, r#"{"message":{"request":1}}"#), Record::Other);
        assert_eq!(read(LogSource::Engine, "{half"), Record::Other);
    }

    #[test]
    fn what_docker_stamped_is_read_all_the_same() {
        let text = r#"2026-11-23T12:00:00Z {"request_id":"r","decision":"allow","reason":"ok","duration_ms":2}"#;
        let Record::Proxy(proxy) = read(LogSource::Proxy, text) else { panic!("no record of the proxy's") };
        assert_eq!(
            (proxy.request_id.as_str(), proxy.decision.as_str(), format!("{:.0}", proxy.duration_ms).as_str()),
            ("r", "allow", "2")
        );
    }
}
