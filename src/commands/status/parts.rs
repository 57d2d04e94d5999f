//! The parts of a stack: state, age and drift.

use crate::{
    commands::call_line::age,
    commands::schedule::{Next, look_ahead},
    schedule::Schedule,
    stack::{Discovery, Found, Part, Plan, PlannedChange, PlannedPart},
    text::{Message, in_words},
    ui::{Page, Tone, columns, padded, widest},
};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A part as it is.
#[derive(Debug, serde::Serialize)]
pub struct PartStatus {
    /// Which part.
    pub part: Part,
    /// Its id or name; absent while it is missing.
    pub id: Option<String>,
    /// Its state in its service's words, where it has one.
    pub state: Option<String>,
    /// Whether the deploy that made it came to its end.
    pub finished: bool,
    /// How old it is, in seconds, where its service tells.
    pub age_seconds: Option<i64>,
    /// What differs from what a deploy would make of it; absent when that is not known.
    pub drift: Option<Vec<Message>>,
    /// The name of an instance that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When an instance is to be stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stops_at: Option<String>,
    /// When containers are to be stopped, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub containers_stop_at: BTreeMap<String, String>,
    /// An instance's office hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// What comes next of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Next>,
    /// Whether somebody has done otherwise, which holds until then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

impl PartStatus {
    /// What people call it.
    pub(crate) fn label(&self) -> Message {
        self.name.as_deref().map_or_else(|| self.part.message(), |name| named(self.part, name))
    }

    /// What people read of its times.
    pub(crate) fn times(&self) -> Vec<Message> {
        let mut times = Vec::new();
        if let Some(next) = &self.next {
            times.push(Message::new(format!("schedule.next_{}", next.action)).with("time", &next.at));
        }
        if self.held {
            times.push(Message::new("schedule.held"));
        }
        times.extend(self.stops_at.as_ref().map(|at| Message::new("schedule.stops_at").with("time", at)));
        times.extend(
            self.containers_stop_at
                .iter()
                .map(|(name, at)| Message::new("schedule.container_stops_at").with("name", name).with("time", at)),
        );
        times
    }
}

impl PartStatus {
    /// Describes every part of a stack.
    pub(super) fn all(stack: &Discovery, plan: Option<&Plan>, now: OffsetDateTime) -> Vec<Self> {
        let describe = |(part, found): (Part, Option<&Found>)| {
            let stand_in = stack.stand_in(part);
            // Of these there may be several, each with a plan of its own.
            let is_one_of_many = matches!(part, Part::Instance | Part::Alarm);
            let is_its = |planned: &&PlannedPart| {
                planned.part == part && (!is_one_of_many || planned.id.as_ref() == found.map(|found| &found.id))
            };
            // What another tool looks after, no deploy updates.
            let plan = plan.filter(|_| stack.managed_by.is_none());
            let planned = plan.and_then(|plan| plan.parts.iter().find(is_its));
            let facts = found.and_then(|found| found.instance.as_ref());
            let (state, edge) =
                (found.and_then(|found| found.state.as_deref()), facts.and_then(|it| it.edge.as_deref()));
            let schedule = facts.and_then(|facts| facts.schedule.clone());
            let (next, held) = look_ahead(schedule.as_ref(), edge, state, now.unix_timestamp());
            let age = found.filter(|found| found.created > 0).map(|found| now.unix_timestamp() - found.created);
            Self {
                part,
                id: found.map(|found| found.id.clone()).or_else(|| stand_in.map(|foreign| foreign.name.clone())),
                state: found.and_then(|found| found.state.clone()),
                finished: found.is_some_and(|found| found.rev.is_some()) || stand_in.is_some(),
                age_seconds: age.map(|age| age.max(0)),
                drift: planned.map(|planned| match planned.change {
                    PlannedChange::Unchanged | PlannedChange::Create => Vec::new(),
                    PlannedChange::Update | PlannedChange::Replace => planned.differs.clone(),
                    PlannedChange::Remove => vec![Message::new("plan.differs.unwanted")],
                }),
                name: facts.and_then(|facts| facts.name.clone()),
                stops_at: facts.and_then(|facts| facts.stops_at.clone()),
                containers_stop_at: facts.map(|facts| facts.containers_stop_at.clone()).unwrap_or_default(),
                schedule,
                next,
                held,
            }
        };
        // Of instances and alarms there may be several, and a rule only where something depends on the time.
        let rows = Part::EVERY.iter().flat_map(|part| {
            let is_required = Part::required().any(|required| required == *part);
            let found: Vec<&Found> = match part {
                Part::Instance => stack.instances_by_name(),
                part => stack.found.iter().filter(|found| found.part == *part).collect(),
            };
            match (*part, found.is_empty()) {
                (Part::Instance | Part::Alarm, false) => found.into_iter().map(|found| (*part, Some(found))).collect(),
                (Part::Clock, false) => vec![(*part, Some(found[0]))],
                (Part::Clock | Part::Alarm, true) => Vec::new(),
                _ if is_required => vec![(*part, stack.part(*part))],
                _ => Vec::new(),
            }
        });
        rows.map(describe).collect()
    }
}

/// What people call one of several of a kind: `instance web`.
pub(super) fn named(part: Part, name: &str) -> Message {
    Message::new("status.named").with_message("part", part.message()).with("name", name)
}

/// Writes the parts, the missing ones too, and what stands in their place.
pub(super) fn human(stack: &Discovery, parts: &[PartStatus], page: &mut Page) {
    page.raw("");
    page.toned(Tone::Strong, &Message::new("status.stack").with("name", &stack.stack));
    if stack.is_empty() {
        page.line(Message::new("status.nothing"));
    } else {
        if let Some(tool) = &stack.managed_by {
            page.line(Message::new("plan.managed").with("manager", tool));
        }
        let names: Vec<String> = parts.iter().map(|part| part.label().render(page.lang())).collect();
        let lang = page.lang();
        let say = |key: &str| Message::new(format!("status.column.{key}")).render(lang);
        let ids: Vec<String> = parts.iter().map(|part| part.id.clone().unwrap_or_default()).collect();
        let states =
            parts.iter().map(|part| part.state.as_deref().map_or("-".to_owned(), |state| in_words(state).render(lang)));
        let states: Vec<String> = states.collect();
        let widths = [("part", &names), ("name", &ids), ("state", &states)]
            .map(|(key, texts)| widest(texts).max(columns(&say(key))));
        let header = padded(&say("part"), widths[0] + 2);
        let header = format!(
            "{header}{}  {}  {}",
            padded(&say("name"), widths[1]),
            padded(&say("state"), widths[2]),
            say("since")
        );
        // Where a line does not fit, columns help nobody.
        let is_table = page.width().is_none_or(|width| width > columns(&header));
        if is_table {
            let header = page.paint(Tone::Dim, &header);
            page.raw(header);
        }
        for ((part, name), state) in parts.iter().zip(&names).zip(&states) {
            line(part, &padded(name, widths[0] + 2), (state, if is_table { widths } else { [0; 3] }), page);
            for time in part.times() {
                let time = time.render(page.lang());
                let indent = " ".repeat(widths[0] + 2);
                page.folded(&indent, widths[0] + 2, &time);
            }
        }
    }
    for foreign in &stack.foreign {
        let message = Message::new("status.foreign").with_message("part", foreign.part.message());
        page.toned(Tone::Warn, &message.with("name", &foreign.name).with_message("owner", foreign.owner.clone()));
    }
}

fn line(part: &PartStatus, name: &str, (state, widths): (&str, [usize; 3]), page: &mut Page) {
    let say = |key: &str| Message::new(key).render(page.lang());
    let facts = match &part.id {
        None => vec![page.paint(Tone::Bad, &say("status.missing"))],
        Some(id) => {
            let age = part.age_seconds.map(|seconds| age(seconds).render(page.lang()));
            let unfinished = (!part.finished).then(|| page.paint(Tone::Warn, &say("status.unfinished")));
            let drift = part.drift.as_ref().filter(|drift| part.finished && !drift.is_empty()).map(|drift| {
                let names: Vec<String> = drift.iter().map(|name| name.render(page.lang())).collect();
                let said = Message::new("status.drift").with("what", names.join(", ")).render(page.lang());
                page.paint(Tone::Warn, &said)
            });
            let (id, state) = (padded(id, widths[1]), padded(state, widths[2]));
            let facts = [Some(id), Some(state), Some(age.unwrap_or_else(|| "-".to_owned())), unfinished, drift];
            facts.into_iter().flatten().collect()
        }
    };
    page.folded(name, columns(name), &facts.join("  "));
}
