//! The log of the engine's and the edge's process: what the program traces, one JSON object per line on standard error,
//! which is a file of `.atelier/` or a container's log. The only place of these processes that prints.
//!
//! Not here: the decision log of the docker proxy and the log of the handler, which have shapes of their own.

use serde_json::{Map, Value};
use std::{
    fmt::Debug,
    io::{self, Write},
    sync::atomic::{AtomicU64, Ordering},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// A log that is longer than this begins anew: strangers decide how many lines there are.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Writes what this process traces from now on.
pub fn start() {
    // A second start would be a bug that costs nothing: the first log goes on.
    let _ = tracing::subscriber::set_global_default(Log { written: AtomicU64::new(length()) });
}

/// The log's length so far, where it is a file.
fn length() -> u64 {
    rustix::fs::fstat(io::stderr()).map_or(0, |facts| facts.st_size.unsigned_abs())
}

struct Log {
    written: AtomicU64,
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // What libraries trace may hold headers and bodies; ours does not.
        *metadata.level() <= Level::INFO && metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(Map::new());
        line.0.insert("time".to_owned(), OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default().into());
        line.0.insert("level".to_owned(), event.metadata().level().as_str().into());
        event.record(&mut line);
        let mut text = Value::Object(line.0).to_string();
        text.push('\n');
        // A line that cannot be written is lost: a full disk must not stop the door.
        let _ = io::stderr().lock().write_all(text.as_bytes());
        if self.written.fetch_add(text.len() as u64, Ordering::Relaxed) > LONGEST {
            // Opened for appending, so the next line is the first. What is no file cannot be cut, and need not be.
            let _ = rustix::fs::ftruncate(io::stderr(), 0);
            self.written.store(0, Ordering::Relaxed);
        }
    }

    // There are no spans.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// A line's members.
struct Line(Map<String, Value>);

impl Visit for Line {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }
}
