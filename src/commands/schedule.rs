//! `atelier schedule`: when instances start and stop, set into their tags, listed and taken away.

use super::locked;
use crate::{
    cli,
    commands::context::Context,
    engine,
    error::{Code, Error, Result},
    schedule::{Edge, Schedule, Zone},
    settings,
    stack::schedules::{self, Scheduled},
    text::Message,
    ui::{Page, Report, Tone, padded, widest},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// An instance and its office hours.
#[derive(Debug, serde::Serialize)]
pub struct ScheduleEntry {
    /// The instance.
    pub instance_id: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its state, in EC2's words.
    pub state: Option<String>,
    /// When it starts and stops; absent where nothing is set.
    pub schedule: Option<Schedule>,
    /// What comes next, and when.
    pub next: Option<Next>,
    /// When it is to be stopped, whatever its office hours.
    pub stops_at: Option<String>,
    /// Whether it is not as its office hours have it: somebody has started or stopped it, which holds until the next edge.
    pub held: bool,
}

/// What comes next.
#[derive(Debug, serde::Serialize)]
pub struct Next {
    /// `start` or `stop`.
    pub action: &'static str,
    /// When.
    pub at: String,
}

impl From<Edge> for Next {
    fn from(edge: Edge) -> Self {
        Self { action: edge.turn.as_str(), at: instant(edge.at) }
    }
}

/// Writes an instant in UTC.
fn instant(at: i64) -> String {
    OffsetDateTime::from_unix_timestamp(at).ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

impl ScheduleEntry {
    /// Describes an instance as it is now.
    pub(super) fn of(one: Scheduled, now: i64) -> Self {
        let Scheduled { id, state, facts } = one;
        let (next, held) = look_ahead(facts.schedule.as_ref(), facts.edge.as_deref(), state.as_deref(), now);
        Self {
            instance_id: id,
            name: facts.name,
            state,
            schedule: facts.schedule,
            next,
            stops_at: facts.stops_at,
            held,
        }
    }

    /// What people read of it.
    pub(super) fn words(&self) -> Vec<Message> {
        let mut words = Vec::new();
        words.extend(self.schedule.iter().flat_map(office_hours));
        if let Some(next) = &self.next {
            let key = format!("schedule.next_{}", next.action);
            words.push(Message::new(key).with("time", &next.at));
        }
        if self.held {
            words.push(Message::new("schedule.held"));
        }
        words.extend(self.stops_at.as_ref().map(|at| Message::new("schedule.stops_at").with("time", at)));
        words
    }
}

/// What people read of office hours.
pub(crate) fn office_hours(schedule: &Schedule) -> Vec<Message> {
    let times = |key: &str, pattern: Option<&crate::schedule::Pattern>| {
        pattern.map(|pattern| Message::new(format!("schedule.{key}")).with("time", pattern))
    };
    let (start, stop) = (times("starts", schedule.start()), times("stops", schedule.stop()));
    start.into_iter().chain(stop).chain([Message::literal(schedule.zone())]).collect()
}

/// What comes next of a schedule, and whether somebody has done otherwise than its last edge.
pub(crate) fn look_ahead(
    schedule: Option<&Schedule>,
    edge: Option<&str>,
    state: Option<&str>,
    now: i64,
) -> (Option<Next>, bool) {
    let Some(schedule) = schedule else { return (None, false) };
    let acted = edge.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok()).map(OffsetDateTime::unix_timestamp);
    // Only what an edge has decided can be held against it; before the first there was none.
    let last = acted.and_then(|acted| schedule.last_edge(acted - 1, acted)).filter(|last| Some(last.at) == acted);
    let held = matches!(
        (last.map(|last| last.turn), state),
        (Some(crate::schedule::Turn::Start), Some("stopped" | "stopping"))
            | (Some(crate::schedule::Turn::Stop), Some("running" | "pending"))
    );
    (schedule.next_edge(now).map(Next::from), held)
}

/// What `schedule list` found.
#[derive(Debug, serde::Serialize)]
pub struct ScheduleListReport {
    /// Every instance of the stack.
    pub schedules: Vec<ScheduleEntry>,
}

impl ScheduleListReport {
    /// Says that there is no schedule, and how to set one: of several instances by the name of one.
    fn none(&self) -> Message {
        let name = self.schedules.iter().find_map(|entry| entry.name.as_deref());
        match name.filter(|_| self.schedules.len() > 1) {
            Some(name) => Message::new("schedule.none_of").with("name", name),
            None => Message::new("schedule.none"),
        }
    }
}

impl Report for ScheduleListReport {
    fn human(&self, page: &mut Page) {
        if self.schedules.iter().all(|entry| entry.words().is_empty()) {
            page.line(self.none());
            return;
        }
        let label = |entry: &ScheduleEntry| entry.name.clone().unwrap_or_else(|| entry.instance_id.clone());
        let labels: Vec<String> = self.schedules.iter().map(label).collect();
        let width = widest(&labels);
        for (entry, label) in self.schedules.iter().zip(&labels) {
            let words: Vec<String> = entry.words().iter().map(|word| word.render(page.lang())).collect();
            let words = if words.is_empty() { "-".to_owned() } else { words.join(", ") };
            page.folded(&format!("{}  ", padded(label, width)), width + 2, &words);
        }
    }
}

/// What `schedule set` and `schedule remove` did.
#[derive(Debug, serde::Serialize)]
pub struct ScheduleReport {
    /// The instance.
    #[serde(flatten)]
    pub entry: ScheduleEntry,
}

impl Report for ScheduleReport {
    fn human(&self, page: &mut Page) {
        let name = self.entry.name.as_ref().unwrap_or(&self.entry.instance_id);
        let key = if self.entry.schedule.is_some() { "schedule.set" } else { "schedule.removed" };
        page.toned(Tone::Good, &Message::new(key).with("name", name));
        for word in self.entry.words() {
            let word = word.render(page.lang());
            page.raw(format_args!("  {word}"));
        }
    }

    fn quiet(&self, _page: &mut Page) {}
}

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// Runs `schedule set`.
///
/// # Errors
/// A schedule that contradicts itself, no such instance, that no engine runs, that another run is at work here, or what
/// the engine answers.
pub async fn set(context: &Context, args: &cli::ScheduleSet) -> Result<ScheduleReport> {
    let zone = args.zone.clone().unwrap_or_else(Zone::utc);
    let schedule = Schedule::new(args.start.clone(), args.stop.clone(), zone).map_err(|error| {
        let rule = settings::contradiction(error).0;
        let shown = [("--start", &args.start), ("--stop", &args.stop)];
        let shown = shown.into_iter().filter_map(|(flag, time)| Some(format!("{flag} \"{}\"", time.as_ref()?)));
        let shown = shown.collect::<Vec<_>>().join(" ");
        Error::new(Code::BadSetting).with("name", "schedule").with("value", shown).with_message("rule", rule)
    })?;
    if context.settings.function.value.is_some() {
        return Err(Error::new(Code::Usage).with_message("detail", Message::new("schedule.own_function")));
    }
    let _lock = locked(context).await?;
    let engine = engine::connect(&context.settings).await?;
    let one = Box::pin(schedules::set(&context.run(&engine), args.name.as_ref(), &schedule)).await?;
    Ok(ScheduleReport { entry: ScheduleEntry::of(one, now()) })
}

/// Runs `schedule list`.
///
/// # Errors
/// That no engine runs, or what it answers.
pub async fn list(context: &Context, _args: &cli::ScheduleList) -> Result<ScheduleListReport> {
    let engine = engine::connect(&context.settings).await?;
    let all = Box::pin(schedules::list(&engine, &context.settings.stack.value)).await?;
    Ok(ScheduleListReport { schedules: all.into_iter().map(|one| ScheduleEntry::of(one, now())).collect() })
}

/// Runs `schedule remove`.
///
/// # Errors
/// As [`set`].
pub async fn remove(context: &Context, args: &cli::ScheduleRemove) -> Result<ScheduleReport> {
    let _lock = locked(context).await?;
    let engine = engine::connect(&context.settings).await?;
    let mut one = Box::pin(schedules::remove(&context.run(&engine), args.name.as_ref())).await?;
    (one.facts.schedule, one.facts.edge) = (None, None);
    Ok(ScheduleReport { entry: ScheduleEntry::of(one, now()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(names: &[Option<&str>]) -> String {
        let entries = names.iter().map(|name| ScheduleEntry {
            instance_id: "i-0".to_owned(),
            name: name.map(ToOwned::to_owned),
            state: None,
            schedule: None,
            next: None,
            stops_at: None,
            held: false,
        });
        ScheduleListReport { schedules: entries.collect() }.none().to_string()
    }

    #[test]
    fn the_line_to_set_a_schedule_names_one_of_several_instances() {
        assert!(said(&[Some("db"), Some("web")]).contains("`atelier schedule set db --start"));
        for only in [&[None][..], &[Some("web")], &[]] {
            assert!(said(only).contains("`atelier schedule set --start"), "{only:?}");
        }
    }
}
