//! `atelier trace`: one call, station by station, with all that was written about it.

use super::call_line::{self, word};
use crate::{
    cli,
    commands::context::Context,
    engine,
    error::{Code, Error, Result},
    text::Message,
    trace::{Call, Filter, Line, Patience, Reader},
    ui::{Page, Report, Tone, columns, millis, padded, widest},
};

/// The widest that the picture of the stations becomes.
const WIDEST: usize = 48;
/// The narrowest that still shows anything.
const NARROWEST: usize = 10;

/// A call.
#[derive(Debug, serde::Serialize)]
pub struct TraceReport {
    /// The call.
    pub call: Call,
}

impl Report for TraceReport {
    fn human(&self, page: &mut Page) {
        let call = &self.call;
        call_line::write(call, page);
        page.raw("");
        facts(call, page);
        if !call.stations.is_empty() {
            page.raw("");
            waterfall(call, page);
        }
        // What our own lines and Lambda's say of it is shown above.
        let lines: Vec<&Line> = call.lines.iter().filter(|line| !line.is_accounted_for()).collect();
        if !lines.is_empty() {
            page.raw("");
            page.toned(Tone::Strong, &Message::new("trace.lines"));
            for line in lines {
                let time = page.paint(Tone::Dim, &call_line::clock(line.time));
                let source = serde_json::to_value(line.source).ok().and_then(|name| name.as_str().map(str::to_owned));
                let start = format!("  {time} {:6} ", source.unwrap_or_default());
                call_line::beside(&start, columns(&start), &line.text, page);
            }
        }
    }
}

/// What is known of a call besides its stations, a line each.
fn facts(call: &Call, page: &mut Page) {
    let lang = page.lang();
    let answer = match (call.status, &call.code) {
        (Some(status), Some(code)) => Some(format!("{status} {}", word(code))),
        (Some(status), None) => Some(status.to_string()),
        (None, code) => code.as_deref().map(word),
    };
    let changes: Vec<String> = call.changes.iter().map(call_line::change).collect();
    let rows = [
        ("request", Some(word(&call.asked()))),
        ("answer", answer),
        ("time", Some(format!("{} UTC", call_line::moment(call.time)))),
        ("id", Some(word(&call.request_id))),
        ("invocation", call.invocation_id.as_deref().filter(|id| *id != call.request_id).map(word)),
        ("stack", call.stack.as_deref().map(word)),
        ("key", call.key.as_deref().map(word)),
        ("source", call.source.as_deref().map(word)),
        ("changes", Some(changes.join(", ")).filter(|changes| !changes.is_empty())),
    ];
    let say = |key: &str| Message::new(format!("trace.{key}")).render(lang);
    let rows: Vec<(String, String)> = rows.into_iter().filter_map(|(key, value)| Some((say(key), value?))).collect();
    let width = rows.iter().map(|(name, _)| columns(name)).max().unwrap_or_default();
    for (name, value) in rows {
        page.folded(&format!("{}  ", padded(&name, width)), width + 2, &value);
    }
}

/// The stations below each other, each where and as long as it lasted.
fn waterfall(call: &Call, page: &mut Page) {
    let lang = page.lang();
    let end = |station: &crate::trace::Station| station.at_ms + station.ms;
    let whole = call.stations.iter().map(end).fold(call.total_ms.unwrap_or_default(), f64::max).max(f64::MIN_POSITIVE);
    let names: Vec<String> = call
        .stations
        .iter()
        .map(|station| Message::new(format!("trace.place.{}", station.place.as_str())).render(lang))
        .collect();
    let times: Vec<String> = call.stations.iter().map(|station| millis(lang, station.ms)).collect();
    let (name_width, time_width) = (widest(&names), widest(&times));
    // A picture is for who can see one; the numbers say the same.
    let room = page.width().unwrap_or(80).saturating_sub(name_width + time_width + 6).min(WIDEST);
    let room = if page.is_plain() || room < NARROWEST { 0 } else { room };
    for ((station, name), time) in call.stations.iter().zip(names).zip(times) {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "columns"
        )]
        let column = |ms: f64| (ms / whole * room as f64).round().clamp(0.0, room as f64) as usize;
        let start = column(station.at_ms).min(room.saturating_sub(1));
        let length = column(end(station)).saturating_sub(start).max(1);
        let bar = if room == 0 { String::new() } else { format!("{}{}", " ".repeat(start), "=".repeat(length)) };
        let tone = if station.problem.is_some() { Tone::Bad } else { Tone::Series(station.place as usize) };
        let bar = if room == 0 { bar } else { format!("{}  ", padded(&page.paint(tone, &bar), room)) };
        let time = format!("{}{time}", " ".repeat(time_width.saturating_sub(columns(&time))));
        let told = [station.operation.as_deref(), station.problem.as_deref()].into_iter().flatten().map(word);
        let told = told.collect::<Vec<_>>().join(" ");
        page.raw(format!("{}  {bar}{time}  {told}", padded(&name, name_width)).trim_end());
    }
}

/// Finds the call.
///
/// # Errors
/// `no_such_call` when no log has it, `not_running` when there is not even a log, and why a log cannot be read.
pub async fn run(context: &Context, args: &cli::Trace) -> Result<TraceReport> {
    let mut reader = Reader::new(&context.settings);
    let stack = context.settings.named_stack();
    let patience = Patience::begin();
    let call = loop {
        let call = match &args.id {
            Some(id) => reader.find(id, &Filter::default()).await?,
            None => last(&mut reader, &Filter { stack: stack.clone(), ..Filter::default() }).await?,
        };
        if !patience.awaits(&call).await {
            break call;
        }
    };
    match (call, &args.id) {
        (Some(call), _) => Ok(TraceReport { call }),
        (None, Some(id)) => Err(Error::new(Code::NoSuchCall).with("id", word(id))),
        (None, None) => {
            engine::connect(&context.settings).await?;
            Err(Error::new(Code::NoCall))
        }
    }
}

/// The last call that somebody made: of an API where there was one lately, else of AWS.
async fn last(reader: &mut Reader, filter: &Filter) -> Result<Option<Call>> {
    let mut newest = None;
    let mut cursor = None;
    loop {
        let page = reader.page(filter, 50, cursor.as_ref()).await?;
        for call in page.calls {
            if call.is_of_api() || call.invocation_id.is_some() {
                return Ok(Some(call));
            }
            newest.get_or_insert(call);
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return page.failure.filter(|_| newest.is_none()).map_or(Ok(newest), Err),
        }
    }
}
