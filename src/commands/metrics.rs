//! `atelier metrics`: calls in numbers, by action and by how they ended; how long instances ran, and what the same would
//! cost on AWS, which is an estimate and says so.

use super::{
    call_line::{counted_as, moment, whole, word},
    live,
};
use crate::{
    cli,
    commands::context::Context,
    engine,
    error::{Code, Result},
    stack::{self, BilledInstance},
    text::{Lang, Message, in_words},
    trace::{
        ActionNumbers, Bill, Call, Filter, InstanceHours, Life, Numbers, PRICES_OF, Place, Reader, Usage, hourly,
        running,
    },
    ui::{Page, Report, Tone, columns, hours, millis, padded},
};
use std::{collections::BTreeMap, time::Duration};
use time::OffsetDateTime;

/// How many calls are asked for at a time.
const PAGE: usize = 1_000;
/// The pause between two looks of `--watch`.
const PAUSE: Duration = Duration::from_secs(2);

/// Calls in numbers.
#[derive(Debug, serde::Serialize)]
pub struct MetricsReport {
    /// From when on, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// The calls of users; atelier's own are left out.
    pub numbers: Numbers,
    /// How long each instance ran.
    pub instances: Vec<InstanceHours>,
    /// What that was.
    pub usage: Usage,
    /// What it would cost on AWS: an estimate.
    pub cost: Bill,
    /// Why something could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Message>,
    #[serde(skip)]
    is_streamed: bool,
}

impl Report for MetricsReport {
    fn human(&self, page: &mut Page) {
        if self.is_streamed {
            return;
        }
        let Numbers { calls, errors, cold_starts, actions, by_code, refusals, .. } = &self.numbers;
        let sum = Message::new("metrics.sum").with("calls", *calls).with("errors", *errors);
        page.line(sum.with("cold", *cold_starts).with("since", moment(self.since)));
        if !actions.is_empty() {
            page.raw("");
            let lang = page.lang();
            let say = |key: &str| Message::new(format!("metrics.column.{key}")).render(lang);
            let header = ["action", "calls", "errors", "p50", "p95", "p99"].map(say);
            let rows = actions.iter().map(|(name, action)| {
                let times = [action.p50_ms, action.p95_ms, action.p99_ms];
                let [p50, p95, p99] = times.map(|ms| millis(lang, ms));
                [counted_as(name).render(lang), action.calls.to_string(), action.errors.to_string(), p50, p95, p99]
            });
            table(&header, &rows.collect::<Vec<_>>(), page);
        }
        counted("metrics.errors", by_code, page);
        counted("metrics.refusals", refusals, page);
        if !self.instances.is_empty() {
            page.raw("");
        }
        for instance in &self.instances {
            let state = in_words(&instance.state);
            let name = instance.name.as_deref().map(|name| format!("{} ", word(name))).unwrap_or_default();
            let line = Message::new("metrics.instance").with("id", format!("{name}{}", instance.instance_id));
            let line = line.with("type", &instance.r#type);
            let time = hours(page.lang(), instance.hours);
            let line = line.with_message("state", state).with("time", time);
            page.line(line);
        }
        page.raw("");
        let lang = page.lang();
        let usd = |amount: f64| lang.decimal(&usd(amount));
        let cost = Message::new("metrics.cost").with("usd", usd(self.cost.total_usd)).with("prices", PRICES_OF);
        page.line(cost);
        let parts = Message::new("metrics.parts").with("instances", usd(self.cost.instances_usd));
        page.line(parts.with("api", usd(self.cost.api_usd)).with("function", usd(self.cost.function_usd)));
        for instance in self.instances.iter().filter(|instance| instance.usd_estimate.is_none()) {
            page.toned(Tone::Dim, &Message::new("metrics.no_price").with("type", &instance.r#type));
        }
        if let Some(problem) = &self.problem {
            page.toned(Tone::Warn, &Message::new("metrics.problem").with_message("problem", problem.clone()));
        }
    }
}

/// Dollars with as many places as say something.
fn usd(amount: f64) -> String {
    // The sum of nothing is a negative zero.
    let amount = amount + 0.0;
    if amount >= 1.0 || amount == 0.0 { format!("{amount:.2}") } else { format!("{amount:.5}") }
}

/// A table: the first column to the left, numbers to the right. Where it is wider than the terminal, each row becomes a
/// name with its numbers below.
fn table(header: &[String; 6], rows: &[[String; 6]], page: &mut Page) {
    let width = |column: usize| rows.iter().chain([header]).map(|row| columns(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    if page.width().is_some_and(|room| widths.iter().sum::<usize>() + 2 * (widths.len() - 1) > room) {
        for row in rows {
            page.raw(&row[0]);
            let cells: Vec<String> = header.iter().zip(row).map(|(label, text)| format!("{label} {text}")).collect();
            page.raw(format_args!("  {}", cells[1..3].join("  ")));
            page.raw(format_args!("  {}", cells[3..].join("  ")));
        }
        return;
    }
    let line = |row: &[String; 6]| {
        let cell = |(at, text): (usize, &String)| match at {
            0 => padded(text, widths[0]),
            _ => format!("{}{text}", " ".repeat(widths[at].saturating_sub(columns(text)))),
        };
        row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ")
    };
    let head = page.paint(Tone::Dim, &line(header));
    page.raw(head);
    rows.iter().for_each(|row| page.raw(line(row)));
}

fn counted(key: &str, counts: &BTreeMap<String, usize>, page: &mut Page) {
    if counts.is_empty() {
        return;
    }
    let one = |(name, count): (&String, &usize)| format!("{} {count}", counted_as(name).render(page.lang()));
    let list: Vec<String> = counts.iter().map(one).collect();
    page.line(Message::new(key).with("list", list.join(", ")));
}

/// Runs `metrics`.
///
/// # Errors
/// `file` when a log cannot be read, and `not_running` when there is not even a log. What the engine does not tell is a
/// part of the report.
pub async fn run(context: &Context, args: &cli::Metrics) -> Result<MetricsReport> {
    if !args.watch {
        return Box::pin(look(context, args)).await;
    }
    let state = |report: &MetricsReport| {
        let Numbers { calls, errors, cold_starts, .. } = &report.numbers;
        let p95 = |action: &ActionNumbers| millis(Lang::En, action.p95_ms);
        let one =
            |(name, action): (&String, &ActionNumbers)| format!("{} {} p95 {}", word(name), action.calls, p95(action));
        let times = report.numbers.actions.iter().map(one).collect::<Vec<_>>().join(", ");
        format!("calls {calls}  errors {errors}  cold {cold_starts}  {times}").trim_end().to_owned()
    };
    let report = Box::pin(live::watch(context, PAUSE, async || Box::pin(look(context, args)).await, state)).await?;
    // It has been printed, over and over.
    Ok(MetricsReport { is_streamed: true, ..report })
}

async fn look(context: &Context, args: &cli::Metrics) -> Result<MetricsReport> {
    let now = OffsetDateTime::now_utc();
    let since = whole(args.since.before(now));
    let stack = context.settings.named_stack();
    let filter = Filter { since: Some(since), stack, ..Filter::default() };
    let (instances, counted) = tokio::join!(instances(context), count(context, &filter));
    let (numbers, usage, changes, failure) = counted?;
    let (instances, problem) = match instances {
        Ok(instances) => (instances, failure.map(|error| error.message)),
        // Nobody has counted anything: that is no zero.
        Err(error) if error.code == Code::NotRunning && numbers.calls == 0 => return Err(error),
        Err(error) => (Vec::new(), Some(error.message)),
    };
    let billed = |instance: BilledInstance| {
        let BilledInstance { created, launched, stopped, .. } = instance;
        let runs = matches!(instance.state.as_str(), "running" | "pending");
        let known = changes.get(&instance.id).map(Vec::as_slice).unwrap_or_default();
        let hours = running(known, &Life { created, launched, stopped, runs }, (since, now));
        let usd_estimate = hourly(&instance.r#type).map(|price| price * hours);
        let BilledInstance { id, name, r#type, state, .. } = instance;
        InstanceHours { instance_id: id, name, r#type, state, hours, usd_estimate }
    };
    let instances: Vec<InstanceHours> = instances.into_iter().map(billed).collect();
    let cost = Bill::of(&instances, usage);
    Ok(MetricsReport { since, numbers, instances, usage, cost, problem, is_streamed: false })
}

async fn instances(context: &Context) -> Result<Vec<BilledInstance>> {
    let engine = engine::connect(&context.settings).await?;
    Ok(Box::pin(stack::instances(&engine, &context.settings.stack.value)).await?)
}

/// The states that instances were seen to go into, oldest first: whether each runs then.
type Changes = BTreeMap<String, Vec<(OffsetDateTime, bool)>>;

/// Counts calls page by page; none of them is kept.
async fn count(context: &Context, filter: &Filter) -> Result<(Numbers, Usage, Changes, Option<crate::error::Error>)> {
    let mut reader = Reader::new(&context.settings).bare();
    let (mut numbers, mut usage, mut changes) = (Numbers::default(), Usage::default(), Changes::new());
    let (mut cursor, mut failure) = (None, None);
    loop {
        let page = reader.page(filter, PAGE, cursor.as_ref()).await?;
        for call in &page.calls {
            numbers.add(call);
            note(call, &mut usage, &mut changes);
        }
        failure = failure.or(page.failure);
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    numbers.settle();
    // Lambda bills by the memory that the function asked for.
    let memory = context.settings.function.value.as_ref().and_then(|function| function.memory);
    let gigabytes = f64::from(memory.unwrap_or(stack::FUNCTION_MEMORY)) / 1024.0;
    usage.gb_seconds = numbers.actions.values().map(|action| action.function_ms).sum::<f64>() / 1000.0 * gigabytes;
    changes.values_mut().for_each(|states| states.reverse());
    Ok((numbers, usage, changes, failure))
}

fn note(call: &Call, usage: &mut Usage, changes: &mut Changes) {
    // What the door itself answers, or refuses, is no call that a gateway bills.
    let is_at_gateway = call.at(Place::Gateway).is_some() || call.invocation_id.is_some();
    usage.api_calls += usize::from(call.is_of_api() && is_at_gateway);
    usage.invocations += usize::from(call.invocation_id.is_some());
    for change in &call.changes {
        // Of a change of the type nothing follows.
        let runs = |state: &Option<String>| match state.as_deref()? {
            "running" | "pending" => Some(true),
            "stopping" | "stopped" | "shutting-down" | "terminated" => Some(false),
            _ => None,
        };
        // What was so already is no change.
        if let (Some(after), before) = (runs(&change.after), runs(&change.before))
            && before != Some(after)
        {
            changes.entry(change.resource.clone()).or_default().push((call.end, after));
        }
    }
}
