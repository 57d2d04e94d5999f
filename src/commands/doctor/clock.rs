//! The clock: signatures are valid for minutes, so an engine in a virtual machine that slept refuses every call.

use super::{
    Finding,
    scene::{EngineState, Scene},
};
use crate::{http_client::HttpClient, text::Message};
use bytes::Bytes;
use http::{Method, header};
use std::time::Duration;
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

/// A difference that people may want to know of.
const NOTICEABLE: i64 = 30;
/// AWS refuses signatures that are more than 5 minutes off.
const REFUSED: i64 = 300;
/// How long the answer with the other clock may take.
const ANSWER: Duration = Duration::from_secs(2);

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let of_docker = || scene.docker.as_ref().ok().and_then(|docker| docker.ahead);
    vec![match of_engine(scene).await {
        Some(seconds) => judge(seconds, "doctor.clock.engine"),
        None => match of_docker() {
            Some(seconds) => judge(seconds, "doctor.clock.docker"),
            None => alone(),
        },
    }]
}

/// How many seconds this machine is ahead of the engine.
async fn of_engine(scene: &Scene<'_>) -> Option<i64> {
    let EngineState::Running(engine) = &scene.engine else { return None };
    let url = engine.connection.endpoint.as_deref()?;
    let client = HttpClient::for_url(url).ok()?;
    let answer = client.call(Method::GET, &format!("{url}/healthz"), Bytes::new(), ANSWER).await.ok()?;
    let theirs = answer.headers.get(header::DATE)?.to_str().ok().and_then(parse)?;
    Some((OffsetDateTime::now_utc() - theirs).whole_seconds())
}

/// Reads the form of HTTP dates that servers send (RFC 9110, `Mon, 23 Nov 2026 12:00:00 GMT`).
fn parse(date: &str) -> Option<OffsetDateTime> {
    let form =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    PrimitiveDateTime::parse(date, form).ok().map(PrimitiveDateTime::assume_utc)
}

/// The person who reads it has a clock, too.
fn alone() -> Finding {
    let now = OffsetDateTime::now_utc();
    let now = now.format(format_description!("[year]-[month]-[day] [hour]:[minute] UTC")).unwrap_or_default();
    Finding::ok("clock", Message::new("doctor.clock.alone").with("now", now))
}

fn judge(seconds: i64, whose: &str) -> Finding {
    let off = seconds.abs();
    let said = |case: &str| {
        Message::new(format!("doctor.clock.{case}")).with("seconds", off).with_message("whose", Message::new(whose))
    };
    let set = if cfg!(target_os = "macos") { "sudo sntp -sS time.apple.com" } else { "sudo timedatectl set-ntp true" };
    if off >= REFUSED {
        Finding::fail("clock", said("fail")).run(set)
    } else if off >= NOTICEABLE {
        Finding::warn("clock", said("warn")).run(set)
    } else {
        Finding::ok("clock", said("ok"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Verdict;
    use time::macros::datetime;

    #[test]
    fn http_dates_are_read() {
        assert_eq!(parse("Mon, 23 Nov 2026 12:00:00 GMT"), Some(datetime!(2026-11-23 12:00 UTC)));
        assert_eq!(parse("yesterday"), None);
    }

    #[test]
    fn a_clock_that_signatures_do_not_survive_is_a_failure_in_either_direction() {
        assert_eq!(
            [0, 60, -60, 301, -301].map(|seconds| judge(seconds, "doctor.clock.docker").verdict),
            [Verdict::Ok, Verdict::Warn, Verdict::Warn, Verdict::Fail, Verdict::Fail]
        );
    }
}
