//! `atelier status --all`: every stack of this engine, and every folder of this user that has an engine, a row each.

use super::{
    call_line::{age, word},
    live, resource_url,
};
use crate::{
    cli,
    commands::context::Context,
    engine::{self, Engine, record::Record, registry},
    error::{Code, Error, Exit, Result},
    names::StackName,
    settings::Settings,
    stack::{self, Discovery, Found},
    text::{Message, in_words},
    trace::{Filter, Reader},
    ui::{Page, Report, Tone, columns, millis, padded},
};
use futures_util::future::join_all;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};
use time::OffsetDateTime;
use tokio::time::timeout;

/// How long one engine may take, and how long its logs; the others are not kept waiting.
const ANSWER: Duration = Duration::from_secs(10);
/// How far back a last call is looked for.
const LATELY: Duration = Duration::from_hours(24);
/// How many calls are asked for at a time.
const PAGE: usize = 200;
/// How many instances are told by their names.
const FEW: usize = 4;
/// The pause between two looks of `--watch`.
const PAUSE: Duration = Duration::from_secs(2);

/// How a call ended.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Ended {
    /// When it was answered, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// With which status.
    pub status: Option<u16>,
    /// Why it was not done.
    pub code: Option<String>,
    /// How long it took, in milliseconds.
    pub total_ms: Option<f64>,
    /// The id that every log has it under.
    #[serde(skip)]
    id: String,
    /// What kept the function from starting, where that is why it failed.
    #[serde(skip)]
    pub(super) unstarted: Option<String>,
}

impl Ended {
    /// Says that the next call will hardly end better: the function could not even start, and is still the same.
    pub(super) fn why_never(&self, stack: &Discovery) -> Option<Message> {
        let failure = self.dead_start()?;
        (!stack.is_changed_since(self.time)).then(|| Message::new("status.unstarted").with("failure", failure))
    }

    /// What kept the function from starting. One that only was not ready in time may be so the next time.
    fn dead_start(&self) -> Option<&str> {
        let failure = self.unstarted.as_deref().filter(|failure| *failure != "timeout")?;
        self.status.is_some_and(|status| status >= 500).then_some(failure)
    }
}

/// One of a stack's instances.
#[derive(Debug, Clone, serde::Serialize)]
pub struct InstanceRow {
    /// Its id.
    pub id: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its state.
    pub state: Option<String>,
}

impl InstanceRow {
    /// What it is called: its name, else its id.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    /// Whether there is something to stop.
    #[must_use]
    pub fn runs(&self) -> bool {
        matches!(self.state.as_deref(), Some("running" | "pending"))
    }
}

/// One stack, or an engine without any.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Row {
    /// The folder that the engine was started in.
    pub folder: PathBuf,
    /// Whether that is this one.
    pub here: bool,
    /// The engine.
    pub engine: String,
    /// Its public port, where it has one.
    pub port: Option<u16>,
    /// Whether it runs.
    pub running: bool,
    /// The stack; `None` where nothing is deployed.
    pub stack: Option<String>,
    /// The stack's instance, where there is only one.
    pub instance_id: Option<String>,
    /// Its state.
    pub instance_state: Option<String>,
    /// All of the stack's instances, by their names.
    pub instances: Vec<InstanceRow>,
    /// The API's URL.
    pub url: Option<String>,
    /// How the last call of the last day ended.
    pub last_call: Option<Ended>,
    /// What is not as it should be.
    pub problems: Vec<Message>,
}

/// Everything of this user.
#[derive(Debug, serde::Serialize)]
pub struct OverviewReport {
    /// A row for each stack, and for each engine without one.
    pub rows: Vec<Row>,
    #[serde(skip)]
    is_checked: bool,
    #[serde(skip)]
    is_streamed: bool,
}

impl OverviewReport {
    fn is_healthy(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.problems.is_empty() && row.running)
    }

    /// What counts as a change of it, in a line.
    fn state(&self) -> String {
        let row = |row: &Row| {
            let name = row.stack.as_deref().unwrap_or("-");
            let state = states(&row.instances, str::to_owned);
            let state = state.unwrap_or_else(|| if row.running { "-" } else { "stopped" }.to_owned());
            let last = row.last_call.as_ref().and_then(|call| call.status).map(|status| status.to_string());
            format!(
                "{}:{name} {state} {}",
                word(&row.folder.display().to_string()),
                last.unwrap_or_else(|| "-".to_owned())
            )
        };
        self.rows.iter().map(row).collect::<Vec<_>>().join("  ")
    }
}

impl Report for OverviewReport {
    fn human(&self, page: &mut Page) {
        if self.is_streamed {
            return;
        }
        if self.rows.is_empty() {
            page.line(Message::new("overview.none"));
            return;
        }
        let lang = page.lang();
        let say = |key: &str| Message::new(format!("overview.{key}")).render(lang);
        let header = ["folder", "engine", "stack", "instance", "last_call"].map(say);
        let rows: Vec<[String; 5]> = self.rows.iter().map(|row| cells(row, page)).collect();
        let width = |column: usize| rows.iter().chain([&header]).map(|row| columns(&row[column])).max().unwrap_or(0);
        let widths: Vec<usize> = (0..header.len()).map(width).collect();
        let line = |row: &[String; 5]| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| padded(cell, *width));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let room = page.width().unwrap_or(usize::MAX);
        let is_table = rows.iter().chain([&header]).all(|row| columns(&line(row)) <= room);
        if is_table {
            let head = page.paint(Tone::Dim, &line(&header));
            page.raw(head);
        }
        for (cells, row) in rows.iter().zip(&self.rows) {
            if is_table {
                page.raw(line(cells));
            } else {
                // The folder, and what there is in it below.
                page.raw(&cells[0]);
                page.folded("  ", 2, &cells[1..].join("  "));
            }
            if let Some(url) = &row.url {
                page.raw(format_args!("  {url}"));
            }
            for problem in &row.problems {
                page.toned(Tone::Bad, &Message::new("overview.problem").with_message("problem", problem.clone()));
            }
        }
    }

    fn exit(&self) -> Option<Exit> {
        (self.is_checked && !self.is_healthy()).then_some(Exit::NotRunning)
    }

    fn error(&self) -> Option<Error> {
        self.exit().map(|_| Error::new(Code::Unhealthy))
    }
}

/// How a stack's instances are: the only one in a word, a few by name, many counted.
fn states(instances: &[InstanceRow], say: impl Fn(&str) -> String) -> Option<String> {
    let state = |instance: &InstanceRow| instance.state.as_deref().map(&say);
    match instances {
        [] => None,
        [only] => state(only),
        few if few.len() <= FEW => {
            let one =
                |it: &InstanceRow| format!("{} {}", word(it.label()), state(it).unwrap_or_else(|| "-".to_owned()));
            Some(few.iter().map(one).collect::<Vec<_>>().join(", "))
        }
        many => {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for instance in many {
                *counts.entry(state(instance).unwrap_or_else(|| "-".to_owned())).or_default() += 1;
            }
            Some(counts.iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", "))
        }
    }
}

fn cells(row: &Row, page: &Page) -> [String; 5] {
    let lang = page.lang();
    let dash = || "-".to_owned();
    let health = if row.running { "status.healthy" } else { "status.stopped" };
    let engine = format!("{} {}", row.engine, row.port.map(|port| port.to_string()).unwrap_or_default());
    let instance = states(&row.instances, |state| in_words(state).render(lang));
    let last = row.last_call.as_ref().map(|call| {
        let ago = age((OffsetDateTime::now_utc() - call.time).whole_seconds().max(0)).render(lang);
        let status = call.status.map_or_else(|| "?".to_owned(), |status| status.to_string());
        let code = call.code.as_deref().map(word).unwrap_or_default();
        let took = call.total_ms.map(|ms| millis(lang, ms)).unwrap_or_default();
        format!("{status} {code} {ago} {took}").replace("  ", " ")
    });
    [
        word(&row.folder.display().to_string()),
        if row.running { engine.trim().to_owned() } else { Message::new(health).render(lang) },
        row.stack.as_deref().map_or_else(dash, word),
        instance.unwrap_or_else(dash),
        last.unwrap_or_else(dash),
    ]
}

/// Looks at everything.
///
/// # Errors
/// Only that stdout is unusable: what cannot be asked is a problem of its row.
pub async fn run(context: &Context, args: &cli::Status) -> Result<OverviewReport> {
    let look = async || Ok(Box::pin(look(&context.settings)).await);
    let report = if args.watch {
        let report = Box::pin(live::watch(context, PAUSE, look, OverviewReport::state)).await?;
        OverviewReport { is_streamed: true, ..report }
    } else {
        look().await?
    };
    Ok(OverviewReport { is_checked: args.check, ..report })
}

async fn look(settings: &Settings) -> OverviewReport {
    let mut places: Vec<Settings> =
        registry::folders(settings).iter().map(|folder| registry::settings_of(settings, folder)).collect();
    // An engine that no `up` started is nobody's folder's, and named here.
    let is_named = engine::is_remote(settings) || settings.endpoint.value.is_some();
    if is_named && !places.iter().any(|place| place.folder == settings.folder) {
        places.insert(0, settings.clone());
    }
    let rows = join_all(places.iter().map(|place| Box::pin(rows(place, place.folder == settings.folder)))).await;
    OverviewReport { rows: rows.into_iter().flatten().collect(), is_checked: false, is_streamed: false }
}

async fn rows(settings: &Settings, here: bool) -> Vec<Row> {
    let record = Record::read(settings).filter(|_| engine::elsewhere(settings).is_none());
    let kind = settings.engine.value.or(record.as_ref().map(|record| record.kind));
    let row = Row {
        folder: settings.folder.clone(),
        here,
        engine: kind.map(|kind| kind.to_string()).unwrap_or_default(),
        port: record.as_ref().map(|record| record.port),
        running: false,
        stack: None,
        instance_id: None,
        instance_state: None,
        instances: Vec::new(),
        url: None,
        last_call: None,
        problems: Vec::new(),
    };
    let engine = match timeout(ANSWER, engine::connect(settings)).await {
        Ok(Ok(engine)) => engine,
        Ok(Err(error)) if error.code == Code::NotRunning => return vec![row],
        Ok(Err(error)) => return vec![Row { problems: vec![error.message], ..row }],
        Err(_) => return vec![Row { problems: vec![Message::new("status.silent")], ..row }],
    };
    let row = Row { running: true, ..row };
    let stacks = match timeout(ANSWER, Box::pin(stack::discover_all(&engine))).await {
        Ok(Ok(stacks)) => stacks,
        Ok(Err(error)) => return vec![Row { problems: vec![Error::from(error).message], ..row }],
        Err(_) => return vec![Row { problems: vec![Message::new("status.silent")], ..row }],
    };
    if stacks.is_empty() {
        return vec![row];
    }
    let names: Vec<StackName> = stacks.iter().map(|stack| stack.stack.clone()).collect();
    let mut called = last_calls(settings, &names).await;
    stacks.iter().map(|stack| of_stack(settings, &engine, (stack, called.remove(stack.stack.as_str())), &row)).collect()
}

fn of_stack(settings: &Settings, engine: &Engine, (stack, last_call): (&Discovery, Option<Ended>), row: &Row) -> Row {
    let mut problems: Vec<Message> = stack
        .obstacles()
        .map(|foreign| {
            Message::new("status.foreign")
                .with_message("part", foreign.part.message())
                .with("name", &foreign.name)
                .with_message("owner", foreign.owner.clone())
        })
        .collect();
    if !stack.is_complete() {
        problems.push(Message::new("status.unfinished"));
    }
    let reasons = stack.found.iter().filter_map(|found| found.reason.as_deref());
    problems.extend(reasons.map(Message::literal));
    problems.extend(last_call.as_ref().and_then(|call| call.why_never(stack)));
    let instances = stack.instances_by_name();
    let only = instances.first().filter(|_| instances.len() == 1);
    Row {
        stack: Some(stack.stack.to_string()),
        instance_id: only.map(|only| only.id.clone()),
        instance_state: only.and_then(|only| only.state.clone()),
        instances: instances.iter().map(|found| instance(found)).collect(),
        url: stack.api_id().map(|api| resource_url(settings, engine, &api)),
        last_call,
        problems,
        ..row.clone()
    }
}

fn instance(found: &Found) -> InstanceRow {
    let name = found.name().map(ToOwned::to_owned);
    InstanceRow { id: found.id.clone(), name, state: found.state.clone() }
}

/// Finds how the last call of each stack's API ended, of the last day. What is not found in time is not told: whoever asks
/// for one stack waits as long as who asks for all, and is told the same.
pub(super) async fn last_calls(settings: &Settings, stacks: &[StackName]) -> BTreeMap<String, Ended> {
    let mut found = BTreeMap::new();
    let _ = timeout(ANSWER, Box::pin(find_calls(settings, stacks, &mut found))).await;
    found
}

/// Finds them; what was found until this is dropped stays.
///
/// All stacks in one reading: a log of many is long, and would be read as often as there are stacks.
async fn find_calls(settings: &Settings, stacks: &[StackName], found: &mut BTreeMap<String, Ended>) {
    let stack = if let [only] = stacks { Some(only.to_string()) } else { None };
    let size = if stack.is_some() { 1 } else { PAGE };
    let since = Some(OffsetDateTime::now_utc() - LATELY);
    let filter = Filter { stack, since, api: true, ..Filter::default() };
    // A door in the engine's own process knows whose API is called, others do not.
    let is_told = Record::read(settings).is_some_and(|record| record.door.is_some());
    let read: &[StackName] = if is_told && stacks.len() > 1 { &[] } else { stacks };
    let mut reader = Reader::of_stacks(settings, read).bare();
    let mut cursor = None;
    loop {
        let Ok(page) = reader.page(&filter, size, cursor.as_ref()).await else { break };
        for call in page.calls {
            let crate::trace::Call { request_id: id, end, status, code, total_ms, stack, unstarted, .. } = call;
            let Some(stack) = stack.filter(|name| stacks.iter().any(|stack| stack.as_str() == name)) else { continue };
            reader.leave_out(&stack);
            found.entry(stack).or_insert(Ended { time: end, status, code, total_ms, id, unstarted });
        }
        match page.next {
            Some(next) if found.len() < stacks.len() => cursor = Some(next),
            _ => break,
        }
    }
    if read.is_empty() {
        find_dead_starts(settings, stacks, found).await;
    }
}

/// Finds what kept functions from starting, which only their own logs tell: they are read where a call has failed.
async fn find_dead_starts(settings: &Settings, stacks: &[StackName], found: &mut BTreeMap<String, Ended>) {
    for stack in stacks {
        let failed = found.get_mut(stack.as_str()).filter(|call| call.status.is_some_and(|status| status >= 500));
        let Some(ended) = failed else { continue };
        let mut reader = Reader::of_stacks(settings, std::slice::from_ref(stack)).bare();
        let (since, until) = (ended.time, ended.time + time::Duration::NANOSECOND);
        let filter = Filter { ended_since: Some(since), until: Some(until), ..Filter::default() };
        if let Ok(Some(call)) = reader.find(&ended.id, &filter).await {
            ended.unstarted = call.unstarted;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_failed_will_fail_again_and_one_that_took_too_long_need_not() {
        for (status, unstarted, expected) in [
            (Some(502), Some("Runtime.ExitError"), Some("Runtime.ExitError")),
            (Some(502), Some("Runtime.ImportModuleError"), Some("Runtime.ImportModuleError")),
            (Some(504), Some("timeout"), None),
            (Some(200), Some("Runtime.ExitError"), None),
            (None, Some("Runtime.ExitError"), None),
            (Some(500), None, None),
        ] {
            let unstarted = unstarted.map(str::to_owned);
            let (time, id) = (OffsetDateTime::UNIX_EPOCH, String::new());
            let ended = Ended { time, status, code: None, total_ms: None, id, unstarted };
            assert_eq!(ended.dead_start(), expected, "{ended:?}");
        }
    }
}
