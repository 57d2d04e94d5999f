//! A minute has passed: what is due is started or stopped. The truth is in the instances' tags, which one look shows.
//!
//! First the order, then the note that it was given: who is killed in between gives it once more, which changes nothing.
//! Ticks that come at once take turns, and the second finds nothing to do.
//!
//! Not here: when a schedule's edges are (`schedule`), and the rule that wakes us.

use super::{
    Bounds, Handler,
    ec2::Ec2,
    failure::Failure,
    instance::{Aim, Goal, Instance, State},
    lifetime::container_key,
    log::{self, Acted},
    modify::Modification,
    time,
};
use crate::{
    clock::Clock,
    contract::{Answer, Change, Entry, Target},
    flight::Turn,
    marks::{LAST_CALL_TAG, STOPS_AT_TAG},
    schedule::{self, EDGE_TAG, Schedule},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How old the note of the last call may be: each costs a call to EC2. The last call may have come as long after it, so
/// what is noted counts from its end.
const NOTE_AGE: Duration = Duration::from_mins(1);

/// What is done when nobody calls.
pub(super) struct Idle {
    /// How long nobody may call.
    after: Duration,
    /// Until when the notes hold that there are, by the clock's uptime.
    holds: Mutex<Duration>,
}

impl Idle {
    pub(super) fn new(after: Duration) -> Self {
        Self { after, holds: Mutex::default() }
    }
}

/// Why something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Schedule,
    Lifetime,
    Idle,
}

impl Why {
    fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Lifetime => "lifetime",
            Self::Idle => "idle",
        }
    }
}

/// What is due of one instance.
#[derive(Debug, Default, PartialEq, Eq)]
struct Due {
    order: Option<(Goal, Why)>,
    /// What is noted once the order was given.
    tags: Vec<(String, String)>,
    stale: Vec<&'static str>,
}

impl Due {
    /// Why there is an order.
    fn why(&self) -> Why {
        self.order.map_or(Why::Schedule, |(_, why)| why)
    }

    /// Decides from what the instance's tags say: pure.
    fn of(instance: &Instance, now: i64, idle: Option<Duration>) -> Self {
        let mut due = Self::default();
        if instance.state.is_gone() {
            return due;
        }
        let read = |key: &str| Some(time::parse(instance.tags.get(key)?)?.unix_timestamp());
        let wanted = [due.by_lifetime(read(STOPS_AT_TAG), now), due.by_schedule(instance, read(EDGE_TAG), now)];
        // What came last is what counts.
        let mut wanted = wanted.into_iter().flatten().max_by_key(|(at, ..)| *at).map(|(_, goal, why)| (goal, why));
        if wanted.is_none() && instance.state == State::Running {
            let used = last_use(instance).unwrap_or(instance.launched).max(instance.launched);
            let is_idle = idle.is_some_and(|after| is_over(after, used, now));
            wanted = is_idle.then_some((Goal::Stopped, Why::Idle));
        }
        match (wanted, instance.state) {
            // EC2 takes no such order now: the next minute will see to it.
            (Some((Goal::Stopped, _)), State::Pending) | (Some((Goal::Running, _)), State::Stopping) => {
                return Self::default();
            }
            (Some((Goal::Stopped, why)), State::Running) => due.order = Some((Goal::Stopped, why)),
            (Some((Goal::Running, why)), State::Stopped) => due.order = Some((Goal::Running, why)),
            _ => {}
        }
        let is_stopped = matches!(due.order, Some((Goal::Stopped, _)));
        if is_stopped && instance.tags.contains_key(STOPS_AT_TAG) && due.stale.is_empty() {
            due.stale.push(STOPS_AT_TAG);
        }
        due
    }

    fn by_lifetime(&mut self, stops_at: Option<i64>, now: i64) -> Option<(i64, Goal, Why)> {
        let at = stops_at.filter(|at| *at <= now)?;
        self.stale.push(STOPS_AT_TAG);
        Some((at, Goal::Stopped, Why::Lifetime))
    }

    fn by_schedule(&mut self, instance: &Instance, acted: Option<i64>, now: i64) -> Option<(i64, Goal, Why)> {
        let schedule = Schedule::from_tags(&instance.tags)?;
        let mut note = |at: i64| {
            let at = ::time::OffsetDateTime::from_unix_timestamp(at).map(time::text).unwrap_or_default();
            self.tags.push((EDGE_TAG.to_owned(), at));
        };
        let Some(since) = acted else {
            // Somebody has written the tags by hand: from now on.
            note(now);
            return None;
        };
        let edge = schedule.last_edge(since, now)?;
        note(edge.at);
        let goal = match edge.turn {
            schedule::Turn::Start => Goal::Running,
            schedule::Turn::Stop => Goal::Stopped,
        };
        Some((edge.at, goal, Why::Schedule))
    }
}

impl Handler {
    /// Does what is due at `time`, which the rule's event says; else now.
    pub(super) async fn tick(&self, time: Option<&str>, bounds: &Bounds) -> Result<Answer, Failure> {
        let now = time.and_then(time::parse).unwrap_or_else(|| self.timing.clock.now()).unix_timestamp();
        let ec2 = self.ec2()?;
        let (instances, mut results) = {
            let _turn = self.ticks.lock().await;
            let _turn_of_process = ec2.turn().await;
            let instances = ec2.list().await?;
            let idle = self.idle.as_ref().map(|idle| idle.after);
            let due = instances.iter().map(|instance| (instance, Due::of(instance, now, idle))).collect();
            let mut results = act(ec2, due, &self.timing.clock, bounds.until).await;
            results.extend(self.stop_containers(ec2, &instances, now).await);
            (instances, results)
        };
        // What is on its way to another type is gone on with, each in its own turn.
        for instance in instances.iter().filter(|instance| !instance.state.is_gone()) {
            if let Some(kind) = instance.becomes().and_then(|kind| kind.parse().ok()) {
                let (aim, modification) =
                    (Aim::Id(instance.id.clone()), Modification { kind, restart: true, wait: false });
                let modified = ec2.modify(&aim, &modification, bounds.until, &Turn::default()).await;
                if let Err(failure) = modified {
                    results.push(failed(&failure, instance));
                }
            }
        }
        if results.iter().all(Entry::is_ok) { Ok(Answer::Results { results }) } else { Err(Failure::Partial(results)) }
    }

    /// Stops the containers whose time has come, and with idle ones everything.
    async fn stop_containers(&self, ec2: &Ec2, instances: &[Instance], now: i64) -> Vec<Entry> {
        let mut results = Vec::new();
        for instance in instances.iter().filter(|instance| !instance.state.is_gone()) {
            for (key, name) in due_containers(instance, now) {
                let stopped = self.stop_container(&name).await;
                // One that is gone is stopped, too.
                let is_settled = matches!(stopped, Ok(()) | Err(Failure::ContainerNotFound | Failure::Conflict(_)));
                results.push(told(&name, Why::Lifetime, stopped));
                if is_settled && let Err(failure) = ec2.untag(&[instance.id.as_str()], &[&key]).await {
                    results.push(failed(&failure, instance));
                }
            }
        }
        let Some(after) = self.idle.as_ref().map(|idle| idle.after) else { return results };
        // Of a container nobody knows since when it runs: only a call tells.
        let used = instances.iter().filter_map(last_use).max();
        let is_idle = used.is_some_and(|used| is_over(after, used, now));
        let Some(docker) = self.docker.as_ref().filter(|_| is_idle) else { return results };
        for container in docker.list().await.unwrap_or_default() {
            if container.state == "running" {
                let stopped = self.stop_container(&container.name).await;
                results.push(told(&container.name, Why::Idle, stopped));
            }
        }
        results
    }

    async fn stop_container(&self, name: &str) -> Result<(), Failure> {
        let name = name.parse().map_err(|_| Failure::ContainerNotFound)?;
        self.change_container(Change::Stop, name).await
    }

    /// Notes that the API is in use, where that matters. A call is answered whatever becomes of it.
    pub(super) async fn note_call(&self) {
        let (Some(idle), Some(ec2)) = (&self.idle, &self.ec2) else { return };
        let now = self.timing.clock.uptime();
        {
            let mut holds = idle.holds.lock().unwrap_or_else(PoisonError::into_inner);
            if now < *holds {
                return;
            }
            *holds = now + NOTE_AGE;
        }
        // A note of another process counts from when that one wrote it; without any the next call tries again.
        let age = self.renew_notes(ec2).await.unwrap_or(NOTE_AGE);
        *idle.holds.lock().unwrap_or_else(PoisonError::into_inner) = now + NOTE_AGE.saturating_sub(age);
    }

    /// Writes the notes that are too old, and tells how old the oldest of the others is; `None` when EC2 took none.
    async fn renew_notes(&self, ec2: &Ec2) -> Option<Duration> {
        let instances = ec2.list().await.ok()?;
        let now = self.timing.clock.now();
        let (mut old, mut oldest) = (Vec::new(), Duration::ZERO);
        for instance in instances.iter().filter(|instance| !instance.state.is_gone()) {
            let noted = instance.tags.get(LAST_CALL_TAG).and_then(|text| time::parse(text));
            // One from the future is another clock's: as good as new.
            match noted.map(|noted| Duration::try_from(now - noted).unwrap_or_default()) {
                Some(age) if age < NOTE_AGE => oldest = oldest.max(age),
                _ => old.push(instance.id.as_str()),
            }
        }
        if !old.is_empty() {
            ec2.tag(&old, &[(LAST_CALL_TAG.to_owned(), time::text(now))]).await.ok()?;
        }
        Some(oldest)
    }
}

/// When the API may last have been called, by the note of it.
fn last_use(instance: &Instance) -> Option<i64> {
    let noted = time::parse(instance.tags.get(LAST_CALL_TAG)?)?;
    Some(noted.unix_timestamp() + NOTE_AGE.as_secs().cast_signed())
}

/// Whether it has been so long since then.
fn is_over(after: Duration, since: i64, now: i64) -> bool {
    i64::try_from(after.as_secs()).is_ok_and(|after| now - since >= after)
}

/// The containers whose time stands in the tags of this instance and has come: the tag and the name.
fn due_containers(instance: &Instance, now: i64) -> Vec<(String, String)> {
    let prefix = container_key("").unwrap_or_default();
    let is_due = |text: &str| time::parse(text).is_some_and(|at| at.unix_timestamp() <= now);
    let of = |(key, text): (&String, &String)| {
        let name = key.strip_prefix(&prefix)?;
        is_due(text).then(|| (key.clone(), name.to_owned()))
    };
    instance.tags.iter().filter_map(of).collect()
}

/// Gives the orders that are due, and notes them.
async fn act(ec2: &Ec2, mut due: Vec<(&Instance, Due)>, clock: &Clock, until: Duration) -> Vec<Entry> {
    let mut results = Vec::new();
    for goal in [Goal::Stopped, Goal::Running] {
        let (ordered, others): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|(_, due)| due.order.is_some_and(|(wanted, _)| wanted == goal));
        due = others;
        let ids: Vec<&str> = ordered.iter().map(|(instance, _)| instance.id.as_str()).collect();
        for (instance, due) in &ordered {
            log::saw(instance.id.as_str(), instance.state.as_str());
            log::because(instance.id.as_str(), due.why().as_str());
        }
        let outcomes = order(ec2, goal, &ids, || clock.uptime() >= until).await;
        let mut kept = Vec::new();
        for ((instance, of_it), done) in ordered.into_iter().zip(outcomes) {
            let is_done = done.is_ok();
            results.push(entry(instance, goal, of_it.why(), done));
            if is_done {
                kept.push((instance, of_it));
            }
        }
        due.extend(kept);
    }
    if let Err(failure) = note(ec2, &due).await {
        results.extend(due.first().map(|(instance, _)| failed(&failure, instance)));
    }
    results
}

/// Orders them together, and tells what came of each. EC2 takes all or none: those that it refuses are ordered in two
/// halves, and so on to each for itself. All halves of one size come before the smaller ones, so that no row of refusals
/// takes the time of the others. What the time did not suffice for was not ordered; the next minute sees to it.
async fn order(ec2: &Ec2, goal: Goal, ids: &[&str], is_late: impl Fn() -> bool) -> Vec<Result<(), Failure>> {
    let mut outcomes = vec![Err(Failure::Deadline); ids.len()];
    let mut left = VecDeque::new();
    left.push_back(0..ids.len());
    while let Some(range) = left.pop_front().filter(|range| !range.is_empty() && !is_late()) {
        let done = ec2.order_all(goal, &ids[range.clone()]).await;
        // It is not about any of them: the others would hear the same.
        if let Err(general @ (Failure::Throttled | Failure::Unavailable(_) | Failure::Deadline)) = &done {
            left.into_iter().chain([range]).for_each(|range| outcomes[range].fill(Err(general.clone())));
            break;
        }
        if done.is_err() && range.len() > 1 {
            let middle = range.start + range.len() / 2;
            left.extend([range.start..middle, middle..range.end]);
        } else {
            outcomes[range].fill(done);
        }
    }
    outcomes
}

/// Writes down what was done: equal notes go together.
async fn note(ec2: &Ec2, due: &[(&Instance, Due)]) -> Result<(), Failure> {
    let mut tags: BTreeMap<&[(String, String)], Vec<&str>> = BTreeMap::new();
    let mut stale: BTreeMap<&[&'static str], Vec<&str>> = BTreeMap::new();
    for (instance, due) in due {
        let id = instance.id.as_str();
        if !due.tags.is_empty() {
            tags.entry(&due.tags).or_default().push(id);
        }
        if !due.stale.is_empty() {
            stale.entry(&due.stale).or_default().push(id);
        }
    }
    for (tags, ids) in tags {
        ec2.tag(&ids, tags).await?;
    }
    for (keys, ids) in stale {
        ec2.untag(&ids, keys).await?;
    }
    Ok(())
}

fn entry(instance: &Instance, goal: Goal, why: Why, done: Result<(), Failure>) -> Entry {
    let change = match goal {
        Goal::Running => Change::Start,
        Goal::Stopped => Change::Stop,
    };
    let outcome = done.as_ref().map_or_else(Failure::code, |()| Entry::OK);
    let target = Target::Ec2.as_str();
    let id = instance.id.as_str();
    log::acted(&Acted { action: change.as_str(), target, id, by: why.as_str(), outcome });
    match done {
        Ok(()) => Entry {
            instance_id: Some(instance.id.to_string()),
            name: instance.name().map(|name| name.to_string()),
            ..Entry::new(change.done(), Entry::OK)
        },
        Err(failure) => failed(&failure, instance),
    }
}

fn failed(failure: &Failure, instance: &Instance) -> Entry {
    Entry {
        instance_id: Some(instance.id.to_string()),
        name: instance.name().map(|name| name.to_string()),
        error: Some(failure.to_string()),
        ..Entry::new(Entry::FAILED, failure.code())
    }
}

fn told(name: &str, why: Why, done: Result<(), Failure>) -> Entry {
    let outcome = done.as_ref().map_or_else(Failure::code, |()| Entry::OK);
    let (action, target) = (Change::Stop.as_str(), Target::Docker.as_str());
    log::because(name, why.as_str());
    log::acted(&Acted { action, target, id: name, by: why.as_str(), outcome });
    let entry = match done {
        Ok(()) => Entry::new(Change::Stop.done(), Entry::OK),
        Err(failure) => Entry { error: Some(failure.to_string()), ..Entry::new(Entry::FAILED, failure.code()) },
    };
    Entry { container: Some(name.to_owned()), ..entry }
}
