//! What pages ask of commands, beyond what the lookout sees.

use super::{
    board::Board,
    facts::{Counted, Day, Found, Minute, Register, minutes},
    footprint,
    views::{calls, logs},
};
use crate::{
    cli,
    commands::{
        context::Context,
        doctor::{self, DoctorReport},
        metrics::{self, MetricsReport},
        overview,
    },
    engine::{self, record::Record},
    error::{Error, Result},
    settings::{Moment, moment},
    stack::{self, keys},
    trace::{Call, Cursor, Filter, Page, Reader},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use time::OffsetDateTime;

/// How far back the numbers go.
const HOUR: Duration = Duration::from_hours(1);

/// How many calls the picture of the last hour counts at most, a page at a time.
const COUNTED: usize = 1_000;
const PAGES: usize = 10;

impl Board {
    /// What a deploy would do, and the keys.
    pub(super) async fn found(&self) -> Option<Arc<Found>> {
        let ask = self.desk.ask(|context| async move {
            let engine = match engine::connect(&context.settings).await {
                Ok(engine) => engine,
                Err(error) => return Found { keys: Err(Error::new(error.code)), plan: Err(error) },
            };
            let plan = Box::pin(stack::plan(&context.run(&engine))).await.map_err(Error::from);
            let keys = keys::list(&engine, &context.settings.stack.value).await.map_err(Error::from);
            Found { plan, keys }
        });
        self.parts.get(ask).await
    }

    /// Every stack of the engine and of every folder of this user, with what the last day brought.
    pub(super) async fn register(&self) -> Option<Arc<Register>> {
        let ask = self.desk.ask(|context| async move {
            let args = cli::Status { check: false, wait: None, output: None, watch: false, all: true };
            let overview = Box::pin(overview::run(&context, &args)).await;
            Register { overview, days: last_day(&context).await }
        });
        self.class.get(ask).await
    }

    /// The last calls.
    pub(super) async fn lately(&self) -> Option<Arc<Result<Page>>> {
        let ask = self.desk.ask(|context| async move {
            let filter = of_stack(Filter::default(), &context);
            Reader::new(&context.settings).page(&filter, calls::SIZE, None).await
        });
        self.lately.get(ask).await
    }

    /// The calls that a form asks for.
    pub(super) async fn calls(&self, query: calls::Query, is_whole: bool) -> Option<Arc<Result<Page>>> {
        if query == calls::Query::default() {
            return self.lately().await;
        }
        let ask = self.desk.ask(move |context| async move {
            let mut reader = Reader::new(&context.settings);
            let filter = of_stack(query.filter(), &context);
            Box::pin(page(&mut reader, filter, is_whole, (calls::SIZE, query.cursor()))).await
        });
        ask.await.map(Arc::new)
    }

    /// One call.
    pub(super) async fn call(&self, id: String) -> Option<Result<Option<Call>>> {
        let find = |context: Context| async move { Reader::new(&context.settings).find(&id, &Filter::default()).await };
        self.desk.ask(find).await
    }

    /// The lines that a form asks for.
    pub(super) async fn logs(&self, query: logs::Query, is_whole: bool) -> Option<Result<Page>> {
        let read = move |context: Context| async move {
            let mut reader = Reader::of(&context.settings, &query.sources());
            let filter = of_stack(query.filter(), &context);
            Box::pin(page(&mut reader, filter, is_whole, (logs::SIZE, query.cursor()))).await
        };
        self.desk.ask(read).await
    }

    /// The numbers of the last hour.
    pub(super) async fn numbers(&self) -> Option<Arc<Counted>> {
        let ask = self.desk.ask(|context| async move {
            let args = cli::Metrics { since: Moment::Ago(HOUR), watch: false };
            let metrics = Box::pin(metrics::run(&context, &args)).await;
            Counted { metrics, minutes: last_hour(&context).await, engine: footprint::of(&context.settings).await }
        });
        self.numbers.get(ask).await
    }

    /// The numbers since the engine was started.
    pub(super) async fn metrics(&self) -> Option<Arc<Result<MetricsReport>>> {
        let ask = self.desk.ask(|context| async move {
            let started = Record::read(&context.settings).and_then(|record| moment(&record.started_at).ok());
            let since = started.unwrap_or(Moment::Ago(24 * HOUR));
            Box::pin(metrics::run(&context, &cli::Metrics { since, watch: false })).await
        });
        self.metrics.get(ask).await
    }

    /// What is wrong with this machine.
    pub(super) async fn doctor(&self) -> Option<Arc<DoctorReport>> {
        let ask = async {
            let args = cli::Doctor { report: false, aws: false, forget: false };
            let asked = self.desk.ask(|context| async move { Box::pin(doctor::run(&context, &args)).await });
            // It has no errors: what is wrong is what it tells.
            asked.await?.ok()
        };
        self.doctor.get(ask).await
    }

    /// Has everything found out anew: something was changed.
    pub(super) async fn forget(&self) {
        tokio::join!(self.parts.forget(), self.class.forget(), self.lately.forget());
    }
}

/// Narrows a filter down to the stack that was named for this command, as the commands do that pages show; a filter that
/// names one keeps it.
fn of_stack(filter: Filter, context: &Context) -> Filter {
    let stack = filter.stack.or_else(|| context.settings.named_stack());
    Filter { stack, ..filter }
}

/// Reads a page. Who is not shown the whole, lines included, is not told what is in them by looking for it either.
async fn page(
    reader: &mut Reader,
    mut filter: Filter,
    is_whole: bool,
    (size, cursor): (usize, Option<&Cursor>),
) -> Result<Page> {
    let grep = filter.grep.take_if(|_| !is_whole);
    let mut page = reader.page(&filter, size, cursor).await?;
    if grep.is_some() {
        let wanted = Filter { grep, own: true, ..Filter::default() };
        page.calls.retain(|call| {
            let mut bare = call.clone();
            bare.lines.clear();
            wanted.takes(&bare)
        });
    }
    Ok(page)
}

/// Counts the calls of the last hour by minute.
async fn last_hour(context: &Context) -> Vec<Minute> {
    let now = OffsetDateTime::now_utc();
    let mut found = Vec::new();
    let stack = context.settings.named_stack();
    let filter = Filter { ended_since: Some(now - HOUR), stack, ..Filter::default() };
    // Where nobody wrote an answer down, a function that ended well has given one.
    let status = |call: &Call| call.status.or(call.has_ended_well().then_some(200));
    each(context, &filter, |call| found.push((call.end, status(call)))).await;
    minutes(&found, now)
}

/// Counts the calls of the last day by stack.
async fn last_day(context: &Context) -> BTreeMap<String, Day> {
    let mut days: BTreeMap<String, Day> = BTreeMap::new();
    let filter = Filter { ended_since: Some(OffsetDateTime::now_utc() - 24 * HOUR), ..Filter::default() };
    each(context, &filter, |call| {
        let Some(stack) = call.stack.clone().filter(|_| call.is_of_api()) else { return };
        let day = days.entry(stack).or_default();
        day.calls += 1;
        day.errors += usize::from(call.is_error());
        // The newest comes first.
        day.key = day.key.take().or_else(|| call.key.clone());
    })
    .await;
    days
}

/// Goes through the calls that a filter lets through, the newest first; through so many of them.
async fn each(context: &Context, filter: &Filter, mut see: impl FnMut(&Call)) {
    let mut reader = Reader::new(&context.settings).bare();
    let mut cursor = None;
    for _ in 0..PAGES {
        // What cannot be read is told by the numbers themselves.
        let Ok(page) = reader.page(filter, COUNTED, cursor.as_ref()).await else { break };
        page.calls.iter().for_each(&mut see);
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
}
