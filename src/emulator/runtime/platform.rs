//! What the log says between a function's own lines, and how much of it: the format of a function's log.
//!
//! In the format `Text` these are the lines START, END and REPORT; in `JSON` they are records whose level decides whether
//! they are written: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fmt::{self, Write},
    str::FromStr,
    time::Duration,
};

/// The level of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

const LEVELS: [(&str, Level); 6] = [
    ("TRACE", Level::Trace),
    ("DEBUG", Level::Debug),
    ("INFO", Level::Info),
    ("WARN", Level::Warn),
    ("ERROR", Level::Error),
    ("FATAL", Level::Fatal),
];

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        LEVELS.iter().find(|(name, _)| *name == text).map(|(_, level)| *level).ok_or(())
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = LEVELS.iter().find(|(_, level)| level == self).map_or("INFO", |(name, _)| *name);
        f.write_str(name)
    }
}

/// The format of a function's log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogFormat {
    /// Lines of text, all of them.
    #[default]
    Text,
    /// Records in JSON, those of a level and above.
    Json {
        /// The least level of what the function says.
        application: Level,
        /// The least level of what is said about it.
        system: Level,
    },
}

impl LogFormat {
    /// The variables by which runtimes learn of it; of the usual one they learn nothing.
    pub(super) fn variables(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Text => Vec::new(),
            Self::Json { application, .. } => {
                vec![("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()), ("AWS_LAMBDA_LOG_LEVEL", application.to_string())]
            }
        }
    }

    /// Whether a line of the function's own is written. A runtime that knows the level leaves the others out itself; of
    /// the lines of one that does not, those in JSON that have a level are judged by it.
    pub(super) fn takes(self, line: &str) -> bool {
        let Self::Json { application, .. } = self else { return true };
        if application == Level::Trace || !line.starts_with('{') {
            return true;
        }
        let record: Option<Leveled> = serde_json::from_str(line).ok();
        let level = record.and_then(|record| record.level?.to_ascii_uppercase().parse().ok());
        level.is_none_or(|level: Level| level >= application)
    }
}

#[derive(Deserialize)]
struct Leveled {
    level: Option<String>,
}

/// What is known of the process whose log it is.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// The function's name.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
    /// Its memory, in MB.
    pub(super) memory: u32,
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Status {
    /// With a result.
    Success,
    /// With an error of this type.
    Error(String),
    /// By running out of time.
    Timeout,
}

/// What is said of an invocation that has ended.
#[derive(Debug)]
pub(super) struct Ending<'e> {
    pub(super) id: &'e str,
    /// Why it failed, when the process is gone with it.
    pub(super) failure: Option<&'e str>,
    pub(super) status: &'e Status,
    /// How long it took.
    pub(super) duration: Duration,
    /// The most memory that its processes held, in MB.
    pub(super) memory: u64,
    /// How long the process took to start, at its first invocation.
    pub(super) init: Option<Duration>,
}

/// Writes a remark of the engine's own.
pub(super) fn remarked(format: LogFormat, time: &str, remark: &str) -> Option<String> {
    match format {
        LogFormat::Text => Some(remark.to_owned()),
        LogFormat::Json { system, .. } => (system <= Level::Info)
            .then(|| json!({ "timestamp": time, "level": "INFO", "message": remark }).to_string()),
    }
}

/// Says that the process could not start, in the attempt that is called so.
pub(super) fn init_failed(
    format: LogFormat,
    time: &str,
    phase: &str,
    status: &Status,
    duration: Duration,
) -> Vec<String> {
    let LogFormat::Json { system, .. } = format else {
        let millis = duration.as_secs_f64() * 1000.0;
        return vec![format!("INIT_REPORT Init Duration: {millis:.2} ms\tPhase: {phase}\t{}", words(status))];
    };
    let mut record = json!({
        "initializationType": "on-demand",
        "phase": phase,
        "metrics": { "durationMs": millis(duration) },
    });
    put_status(&mut record, status);
    event(system, Level::Warn, time, "initReport", &record).into_iter().collect()
}

impl Subject {
    /// Says that the process has begun, and what there is to say about the program and what it is given.
    pub(super) fn started(&self, format: LogFormat, time: &str, phase: &str, remarks: &[String]) -> Vec<String> {
        let mut lines: Vec<String> = remarks.iter().filter_map(|remark| remarked(format, time, remark)).collect();
        if let LogFormat::Json { system, .. } = format {
            let record = json!({
                "initializationType": "on-demand",
                "phase": phase,
                "functionName": self.name,
                "functionVersion": self.version,
            });
            lines.extend(event(system, Level::Debug, time, "initStart", &record));
        }
        lines
    }

    /// Says that an invocation begins.
    pub(super) fn begun(&self, format: LogFormat, time: &str, id: &str) -> Vec<String> {
        let version = &self.version;
        match format {
            LogFormat::Text => vec![format!("START RequestId: {id} Version: {version}")],
            LogFormat::Json { system, .. } => {
                let record = json!({ "requestId": id, "version": version });
                event(system, Level::Info, time, "start", &record).into_iter().collect()
            }
        }
    }

    /// Says that an invocation has ended.
    pub(super) fn ended(&self, format: LogFormat, time: &str, ending: &Ending<'_>) -> Vec<String> {
        let LogFormat::Json { system, .. } = format else {
            let failure = ending.failure.map(|why| match ending.status {
                Status::Timeout => format!("{time} {} {why}", ending.id),
                _ => why.to_owned(),
            });
            let end = format!("END RequestId: {}", ending.id);
            return failure.into_iter().chain([end, self.report_line(ending)]).collect();
        };
        let level = if *ending.status == Status::Success { Level::Info } else { Level::Warn };
        let done = if level == Level::Info { Level::Debug } else { Level::Warn };
        let duration = json!({ "durationMs": millis(ending.duration) });
        let done = event(system, done, time, "runtimeDone", &record(ending, &duration));
        let mut metrics = json!({
            "durationMs": millis(ending.duration),
            "billedDurationMs": billed(ending.duration),
            "memorySizeMB": self.memory,
            "maxMemoryUsedMB": ending.memory,
        });
        if let Some(init) = ending.init {
            metrics["initDurationMs"] = millis(init).into();
        }
        let report = event(system, level, time, "report", &record(ending, &metrics));
        done.into_iter().chain(report).collect()
    }

    fn report_line(&self, ending: &Ending<'_>) -> String {
        let memory = self.memory;
        let duration = ending.duration.as_secs_f64() * 1000.0;
        let mut line = format!(
            "REPORT RequestId: {}\tDuration: {duration:.2} ms\tBilled Duration: {} ms\tMemory Size: {memory} MB\tMax Memory \
             Used: {} MB\t",
            ending.id,
            billed(ending.duration),
            ending.memory
        );
        if let Some(init) = ending.init {
            let _ = write!(line, "Init Duration: {:.2} ms\t", init.as_secs_f64() * 1000.0);
        }
        // Nothing is said here of an error that the function itself has told.
        if ending.failure.is_some() {
            line.push_str(&words(ending.status));
        }
        line
    }
}

/// What a record says of an invocation that has ended.
fn record(ending: &Ending<'_>, metrics: &Value) -> Value {
    let mut record = json!({ "requestId": ending.id, "metrics": metrics });
    put_status(&mut record, ending.status);
    record
}

fn put_status(record: &mut Value, status: &Status) {
    match status {
        Status::Success => record["status"] = "success".into(),
        Status::Timeout => record["status"] = "timeout".into(),
        Status::Error(kind) => {
            record["status"] = "error".into();
            record["errorType"] = kind.as_str().into();
        }
    }
}

/// How something ended, in the words of a line.
fn words(status: &Status) -> String {
    match status {
        Status::Success => "Status: success".to_owned(),
        Status::Timeout => "Status: timeout".to_owned(),
        Status::Error(kind) => format!("Status: error\tError Type: {kind}"),
    }
}

/// A record about the function, if records of its level are written.
fn event(least: Level, level: Level, time: &str, kind: &str, record: &Value) -> Option<String> {
    (level >= least).then(|| json!({ "time": time, "type": format!("platform.{kind}"), "record": record }).to_string())
}

/// Milliseconds to three places.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

fn billed(duration: Duration) -> u128 {
    duration.as_micros().div_ceil(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "2026-01-02T03:04:05.678Z";

    fn subject() -> Subject {
        Subject { name: "f".to_owned(), version: "1".to_owned(), memory: 128 }
    }

    fn json(application: Level, system: Level) -> LogFormat {
        LogFormat::Json { application, system }
    }

    fn ending<'e>(status: &'e Status, failure: Option<&'e str>) -> Ending<'e> {
        let init = Some(Duration::from_millis(7));
        Ending { id: "i", failure, status, duration: Duration::from_micros(1500), memory: 64, init }
    }

    #[test]
    fn text_has_a_line_at_each_end_and_the_reason_between() {
        assert_eq!(subject().begun(LogFormat::Text, TIME, "i"), ["START RequestId: i Version: 1"]);
        let lines = subject().ended(LogFormat::Text, TIME, &ending(&Status::Timeout, Some("too late")));
        assert_eq!(lines[..2], ["2026-01-02T03:04:05.678Z i too late", "END RequestId: i"]);
        assert!(lines[2].contains("Duration: 1.50 ms\tBilled Duration: 2 ms\t"), "{lines:?}");
        assert!(lines[2].ends_with("Init Duration: 7.00 ms\tStatus: timeout"), "{lines:?}");
    }

    #[test]
    fn a_line_of_text_says_how_a_process_failed_and_nothing_of_what_the_function_has_told_itself() {
        let broken = Status::Error("Runtime.ExitError".to_owned());
        let lines = subject().ended(LogFormat::Text, TIME, &ending(&broken, Some("why")));
        assert_eq!(lines[..2], ["why", "END RequestId: i"]);
        assert!(lines[2].ends_with(" ms\tStatus: error\tError Type: Runtime.ExitError"), "{lines:?}");
        for status in [Status::Success, Status::Error("Own".to_owned())] {
            let lines = subject().ended(LogFormat::Text, TIME, &ending(&status, None));
            assert!(lines.len() == 2 && !lines[1].contains("Status"), "{lines:?}");
        }
    }

    #[test]
    fn a_start_that_fails_is_reported() {
        let (kind, duration) = ("Runtime.ImportModuleError", Duration::from_micros(229_220));
        let failed = |format, status: &Status| init_failed(format, TIME, "init", status, duration);
        let status = Status::Error(kind.to_owned());
        assert_eq!(
            failed(LogFormat::Text, &status),
            ["INIT_REPORT Init Duration: 229.22 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError"]
        );
        assert_eq!(
            failed(LogFormat::Text, &Status::Timeout),
            ["INIT_REPORT Init Duration: 229.22 ms\tPhase: init\tStatus: timeout"]
        );
        let again = init_failed(LogFormat::Text, TIME, "invoke", &Status::Timeout, duration);
        assert_eq!(again, ["INIT_REPORT Init Duration: 229.22 ms\tPhase: invoke\tStatus: timeout"]);
        let lines = failed(json(Level::Info, Level::Warn), &status);
        let report: Value = serde_json::from_str(&lines[0]).unwrap();
        let record = json!({
            "initializationType": "on-demand", "phase": "init", "metrics": { "durationMs": 229.22 },
            "status": "error", "errorType": kind,
        });
        assert_eq!(report, json!({ "time": TIME, "type": "platform.initReport", "record": record }));
        assert!(failed(json(Level::Info, Level::Error), &status).is_empty());
    }

    #[test]
    fn records_are_written_from_their_level_on() {
        let kinds = |system, status: &Status| {
            let format = json(Level::Info, system);
            let mut lines = subject().started(format, TIME, "init", &[]);
            lines.extend(subject().begun(format, TIME, "i"));
            lines.extend(subject().ended(format, TIME, &ending(status, None)));
            let kind =
                |line: &String| serde_json::from_str::<Value>(line).unwrap()["type"].as_str().unwrap().to_owned();
            lines.iter().map(kind).collect::<Vec<_>>()
        };
        let all = ["platform.initStart", "platform.start", "platform.runtimeDone", "platform.report"];
        assert_eq!(kinds(Level::Debug, &Status::Success), all);
        assert_eq!(kinds(Level::Info, &Status::Success), ["platform.start", "platform.report"]);
        assert!(kinds(Level::Warn, &Status::Success).is_empty());
        assert_eq!(kinds(Level::Warn, &Status::Timeout), ["platform.runtimeDone", "platform.report"]);
    }

    #[test]
    fn a_report_says_how_it_ended() {
        let status = Status::Error("Runtime.ExitError".to_owned());
        let lines = subject().ended(json(Level::Info, Level::Info), TIME, &ending(&status, None));
        let report: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
        let metrics = json!({
            "durationMs": 1.5, "billedDurationMs": 2, "memorySizeMB": 128, "maxMemoryUsedMB": 64, "initDurationMs": 7.0
        });
        let record = json!({
            "requestId": "i", "metrics": metrics, "status": "error", "errorType": "Runtime.ExitError"
        });
        assert_eq!(report, json!({ "time": TIME, "type": "platform.report", "record": record }));
    }

    #[test]
    fn a_runtime_is_told_of_another_format_than_the_usual_one() {
        assert!(LogFormat::Text.variables().is_empty());
        let told = json(Level::Warn, Level::Info).variables();
        let expected = [("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_LEVEL", "WARN")];
        assert_eq!(told, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn of_lines_that_have_a_level_the_lower_ones_are_left_out() {
        let format = json(Level::Warn, Level::Info);
        for (line, taken) in [
            ("a line", true),
            (r#"{"level":"info","m":1}"#, false),
            (r#"{"level":"ERROR"}"#, true),
            (r#"{"level":"loud"}"#, true),
            (r#"{"m":1}"#, true),
            ("{", true),
        ] {
            assert_eq!(format.takes(line), taken, "{line}");
            assert!(LogFormat::Text.takes(line));
        }
    }
}
