//! `atelier history`: who changed what. Read from the function's own log group, which is on the engine: it survives the
//! client's machine, and is the same on every engine.

use super::call_line::{self, whole, word};
use crate::{
    cli,
    commands::context::Context,
    engine,
    error::Result,
    text::Message,
    trace::{Call, Change, Filter, Patience, Reader, UNANSWERED},
    ui::{Page, Report, Tone, columns, padded},
};
use time::{Duration, OffsetDateTime};

/// What a function writes of a call that was before that is in its log.
const WRITTEN: Duration = Duration::seconds(2);
/// How many are asked for at a time.
const PAGE: usize = 200;

/// One change, or an attempt at one.
#[derive(Debug, serde::Serialize)]
pub struct Entry {
    /// When it was asked for, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// The name of the key that was shown; `None` where none is asked for, or none was known.
    pub key: Option<String>,
    /// The address that it came from, where a front saw one.
    pub source: Option<String>,
    /// What was asked for.
    pub action: Option<String>,
    /// Of what: `ec2`, `docker`.
    pub target: Option<String>,
    /// The name in the request.
    pub name: Option<String>,
    /// What it did, to each thing.
    pub changes: Vec<Change>,
    /// The answer's status.
    pub status: Option<u16>,
    /// `ok`, or why it was not done.
    pub outcome: String,
    /// The id that every log has it under.
    pub request_id: String,
}

impl From<Call> for Entry {
    fn from(call: Call) -> Self {
        let is_error = call.is_error();
        let Call { time, key, source, action, target, name, changes, status, code, request_id, .. } = call;
        // What went wrong without a word for it is not done.
        let unnamed = || match status {
            _ if !is_error => "ok".to_owned(),
            Some(status) => status.to_string(),
            None => UNANSWERED.to_owned(),
        };
        let outcome = code.unwrap_or_else(unnamed);
        Self { time, key, source, action, target, name, changes, status, outcome, request_id }
    }
}

impl Entry {
    /// Its columns: time, who, from where, what, to what, how.
    fn cells(&self, anybody: &str) -> [String; 6] {
        let or_dash = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), word);
        let changes = self.changes.iter().map(call_line::change).collect::<Vec<_>>().join(", ");
        let named =
            || [&self.target, &self.name].into_iter().flatten().map(|text| word(text)).collect::<Vec<_>>().join(" ");
        [
            call_line::moment(self.time),
            self.key.as_deref().map_or_else(|| anybody.to_owned(), word),
            or_dash(&self.source),
            or_dash(&self.action),
            if changes.is_empty() { named() } else { changes },
            word(&self.outcome),
        ]
    }
}

/// What was changed.
#[derive(Debug, serde::Serialize)]
pub struct HistoryReport {
    /// From when on, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// The changes, the newest last.
    pub entries: Vec<Entry>,
}

impl Report for HistoryReport {
    fn human(&self, page: &mut Page) {
        if self.entries.is_empty() {
            page.line(Message::new("history.none").with("since", call_line::moment(self.since)));
            return;
        }
        let lang = page.lang();
        let say = |key: &str| Message::new(format!("history.{key}")).render(lang);
        let header = ["time", "key", "source", "action", "what", "outcome"].map(say);
        let rows: Vec<[String; 6]> = self.entries.iter().map(|entry| entry.cells(&say("anybody"))).collect();
        let width = |column: usize| rows.iter().chain([&header]).map(|row| columns(&row[column])).max().unwrap_or(0);
        let widths: Vec<usize> = (0..header.len()).map(width).collect();
        let line = |row: &[String; 6]| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| padded(cell, *width));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let head = page.paint(Tone::Dim, &line(&header));
        page.raw(head);
        for (row, entry) in rows.iter().zip(&self.entries) {
            let text = line(row);
            let text = if entry.outcome == "ok" { text } else { page.paint(Tone::Warn, &text) };
            page.raw(text);
        }
    }
}

/// Reads the history.
///
/// # Errors
/// That no engine runs, and why the function's log cannot be read.
pub async fn run(context: &Context, args: &cli::History) -> Result<HistoryReport> {
    engine::connect(&context.settings).await?;
    let since = whole(args.since.before(OffsetDateTime::now_utc()));
    let filter = Filter { since: Some(since), key: args.key.clone(), changes: true, ..Filter::default() };
    Box::pin(settled(context)).await?;
    let mut reader = Reader::of_function(&context.settings);
    let (mut entries, mut cursor) = (Vec::new(), None);
    while entries.len() < args.lines {
        let page = reader.page(&filter, (args.lines - entries.len()).min(PAGE), cursor.as_ref()).await?;
        if let Some(error) = page.failure {
            return Err(error);
        }
        entries.extend(page.calls.into_iter().map(Entry::from));
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    entries.reverse();
    Ok(HistoryReport { since, entries })
}

/// Waits until the function has written what it did last, as far as anybody here knows that it was called.
async fn settled(context: &Context) -> Result<()> {
    if engine::is_remote(&context.settings) {
        return Ok(());
    }
    let mut reader = Reader::new(&context.settings);
    let filter = Filter { ended_since: Some(OffsetDateTime::now_utc() - WRITTEN), ..Filter::default() };
    let patience = Patience::begin();
    loop {
        let page = reader.page(&filter, PAGE, None).await?;
        if page.failure.is_some() || !patience.awaits(&page.calls).await {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_function_wrote_stays_in_its_cell() {
        let hostile = || "\u{1b}[2Jno\r\n\u{202e}fake".to_owned();
        let entry = Entry {
            time: OffsetDateTime::UNIX_EPOCH,
            key: Some(hostile()),
            source: Some(hostile()),
            action: Some(hostile()),
            target: Some(hostile()),
            name: None,
            changes: Vec::new(),
            status: None,
            outcome: hostile(),
            request_id: hostile(),
        };
        let [_, cells @ ..] = entry.cells("-");
        assert_eq!(cells, ["nofake"; 5]);
    }
}
