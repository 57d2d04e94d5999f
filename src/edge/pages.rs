//! What a lenient engine answers at `LocalStack`'s own pages: the same members in the same spelling, because scripts look
//! for `"lambda": "running"` with `grep`, and the truth in them: what answers is atelier.

use super::{answer, lenient::Page};
use crate::{clock::Clock, http1::Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json, ser::Formatter};
use std::{
    collections::BTreeSet,
    io,
    sync::{Mutex, PoisonError},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What the pages tell of an engine.
pub(super) struct Pages {
    clock: Clock,
    began: OffsetDateTime,
    /// The services that were called.
    used: Mutex<BTreeSet<String>>,
}

impl Pages {
    pub(super) fn new(clock: Clock) -> Self {
        Self { began: clock.now(), clock, used: Mutex::default() }
    }

    /// Notes that a service was called: `LocalStack` loads a service when it is.
    pub(super) fn note(&self, service: &str) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(service) {
            used.insert(service.to_owned());
        }
    }

    /// Answers a page.
    pub(super) fn answer(&self, page: Page, services: &[&str]) -> Response {
        let document = match page {
            Page::Health => json!({
                "services": self.services(services), "edition": EDITION, "version": env!("CARGO_PKG_VERSION")
            }),
            Page::Init => json!({
                "completed": { "BOOT": true, "START": true, "READY": true, "SHUTDOWN": false }, "scripts": []
            }),
            Page::Ready => json!({ "completed": true, "scripts": [] }),
            Page::Info => self.info(),
            Page::Root => json!({ "status": "running" }),
        };
        let mut response = answer::json(StatusCode::OK, &Value::Null);
        *response.body_mut() = spaced(&document).into();
        response
    }

    fn services(&self, services: &[&str]) -> Map<String, Value> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let state = |name: &str| if used.contains(name) { "running" } else { "available" };
        services.iter().map(|name| ((*name).to_owned(), state(name).into())).collect()
    }

    fn info(&self) -> Value {
        let now = self.clock.now();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "edition": EDITION,
            "is_license_activated": false,
            "session_id": "",
            "machine_id": "",
            "system": std::env::consts::OS,
            "is_docker": false,
            "server_time_utc": now.format(&Rfc3339).unwrap_or_default(),
            "uptime": (now - self.began).whole_seconds(),
        })
    }
}

/// What these pages name as their edition, where `LocalStack` says `community`.
const EDITION: &str = "atelier";

/// Writes a document as Python does, with a space behind each colon and comma.
fn spaced(document: &Value) -> Vec<u8> {
    struct Spaced;
    impl Formatter for Spaced {
        fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
            if first { Ok(()) } else { writer.write_all(b", ") }
        }
        fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
            if first { Ok(()) } else { writer.write_all(b", ") }
        }
        fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
            writer.write_all(b": ")
        }
    }
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Spaced);
    // A document in memory is always written.
    let _ = document.serialize(&mut serializer);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_health_page_can_be_searched_as_that_of_localstack() {
        let pages = Pages::new(Clock::System);
        let text = || String::from_utf8(pages.answer(Page::Health, &["ec2", "lambda"]).into_body().to_vec()).unwrap();
        assert!(text().contains(r#""services": {"ec2": "available", "lambda": "available"}"#), "{}", text());
        pages.note("lambda");
        assert!(text().contains(r#""lambda": "running""#), "{}", text());
        assert!(text().contains(r#""edition": "atelier""#), "{}", text());
    }

    #[test]
    fn the_other_pages_say_what_scripts_wait_for() {
        let pages = Pages::new(Clock::System);
        let read = |page| serde_json::from_slice::<Value>(pages.answer(page, &[]).body()).unwrap();
        assert_eq!(read(Page::Init)["completed"]["READY"], true);
        assert_eq!(read(Page::Ready)["completed"], true);
        assert_eq!(read(Page::Info)["edition"], "atelier");
    }
}
