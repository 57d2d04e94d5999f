//! How the last call of the deployed API ended: everything can be there and as it should be, and the function fails all
//! the same.

use crate::{contract::PATH, docker::Role, engine, names::ApiId, settings::Settings, text::Message, ui::Tone};
use serde::Deserialize;
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};
use time::OffsetDateTime;

/// How much of the end of a log is looked through.
const TAIL: u64 = 256 * 1024;

/// The last call that the edge let in.
#[derive(Debug, Clone, serde::Serialize)]
pub struct LastCall {
    /// The status of its answer.
    pub status: u16,
    /// When it was answered.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// How long it took.
    pub duration_ms: u64,
}

/// A line of the edge's log about a request.
#[derive(Deserialize)]
struct Line {
    #[serde(with = "time::serde::rfc3339")]
    time: OffsetDateTime,
    message: String,
    path: String,
    status: u16,
    duration_ms: u64,
}

impl LastCall {
    /// Finds it in the log of an engine that is a process of this machine; of others it is not told.
    pub(super) fn find(settings: &Settings, api: &ApiId) -> Option<Self> {
        let text = tail(&engine::log_path(&settings.folder, Role::Engine))?;
        last(&text, api)
    }

    /// Writes it for people.
    pub(crate) fn line(&self, now: OffsetDateTime) -> (Tone, Message) {
        let tone = if self.status >= 500 { Tone::Bad } else { Tone::Dim };
        let ago = super::parts::age((now - self.time).whole_seconds().max(0));
        let line = Message::new("status.last_call").with("status", self.status).with_message("ago", ago);
        (tone, line.with("millis", self.duration_ms))
    }
}

fn tail(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn last(log: &str, api: &ApiId) -> Option<LastCall> {
    // Below the API's own id, whichever of its two URLs is called; its document is what `status` itself asks for.
    let id = format!("/{api}/");
    let is_call = |line: &Line| line.message == "request" && line.path.contains(&id) && line.path.ends_with(PATH);
    let mut lines = log.lines().rev().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    let Line { time, status, duration_ms, .. } = lines.find(is_call)?;
    Some(LastCall { status, time, duration_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_call_is_the_last_line_about_the_apis_own_path() {
        let line = |time: u8, path: &str, status: u16| {
            format!(
                r#"{{"time":"2026-11-23T12:00:0{time}Z","level":"INFO","request_id":"x","message":"request","path":"{path}","status":{status},"duration_ms":7}}"#
            )
        };
        let path = "/restapis/abcd/dev/_user_request_";
        let log = [
            "half a line".to_owned(),
            line(1, &format!("{path}/infra"), 200),
            line(2, &format!("{path}/infra"), 502),
            line(3, &format!("{path}/openapi.json"), 200),
            line(4, "/restapis/other/dev/_user_request_/infra", 200),
            line(5, "/", 200),
        ];
        let found = last(&log.join("\n"), &"abcd".parse().unwrap()).unwrap();
        assert_eq!((found.status, found.time.second(), found.duration_ms), (502, 2, 7));
        assert!(last(&log[3..].join("\n"), &"abcd".parse().unwrap()).is_none());
    }
}
