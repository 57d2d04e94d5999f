//! The alarms on the stack's function: CloudWatch's, one for each limit that `[alarm]` names.
//!
//! `PutMetricAlarm` sets the tags of ownership when it makes an alarm and no tags when it changes one, so `TagResource`
//! writes the rev last. `LocalStack` 4 keeps tags for alarms that are not there yet, forgets those of `PutMetricAlarm`, and
//! can from then on describe no alarm in the protocol of this SDK; so an alarm's tags are offered first, and go with the
//! alarm where the engine does not know it. Alarms that nobody wants any more are removed by the next deploy.

use super::{
    client::Clients,
    error::{Class, Error},
    export::{
        resource::{Alarm as ExportedAlarm, Body, Concern, Resource},
        scene::Scene,
        value::{Thing, Value},
    },
    outcome::Outcome,
    part::Part,
    predict::{PlannedChange, PlannedPart, Prediction, Wanted},
    reconcile::{Next, Reconcile, reading},
    sighting::{Foreign, Found, Sighting, Tags, rev as tagged_rev},
    spec::{FUNCTION, Names, Spec, rev},
};
use crate::{marks::STACK_TAG, names::StackName, settings::Alarms};
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, MetricAlarm, Statistic, Tag};
use std::collections::{BTreeMap, BTreeSet};

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Errors,
    P95,
    Throttles,
}

impl Kind {
    const EVERY: [Self; 3] = [Self::Errors, Self::P95, Self::Throttles];

    fn suffix(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::P95 => "p95",
            Self::Throttles => "throttles",
        }
    }

    fn name(self, names: &Names) -> String {
        format!("{}-{}", names.function, self.suffix())
    }

    /// Lambda's metric, how much of it is looked at, and for how long, in seconds.
    fn metric(self) -> (&'static str, &'static str, i32) {
        match self {
            Self::Errors => ("Errors", "Sum", 60),
            Self::P95 => ("Duration", "p95", 300),
            Self::Throttles => ("Throttles", "Sum", 60),
        }
    }

    /// The limit that is set.
    fn limit(self, alarms: &Alarms) -> Option<f64> {
        match self {
            Self::Errors => alarms.errors_per_minute.map(f64::from),
            Self::P95 => alarms.p95.map(|time| time.as_secs_f64() * 1000.0),
            Self::Throttles => alarms.throttles.map(f64::from),
        }
    }

    fn rev(self, limit: f64) -> String {
        let (metric, statistic, period) = self.metric();
        rev(&serde_json::json!({ "metric": metric, "statistic": statistic, "period": period, "limit": limit }))
    }
}

/// The names of all that a stack can have.
pub(super) fn every_name(names: &Names) -> [String; 3] {
    Kind::EVERY.map(|kind| kind.name(names))
}

/// The alarms of a stack as they should be.
pub(super) struct StackAlarms<'a> {
    clients: &'a Clients,
    spec: &'a Spec,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Action {
    Create(Kind),
    Change(Kind),
    /// Writes the rev.
    Finish(Kind),
    /// Removes one that nobody wants any more.
    Remove(Kind),
}

/// The alarms that there are.
pub(super) struct View {
    pub(super) sighting: Sighting,
    found: BTreeMap<Kind, Found>,
}

impl<'a> StackAlarms<'a> {
    pub(super) fn new(clients: &'a Clients, spec: &'a Spec) -> Self {
        Self { clients, spec }
    }

    async fn put(&self, kind: Kind, tags: Option<Vec<Tag>>) -> Result<(), Error> {
        let (names, (metric, statistic, period)) = (&self.spec.names, kind.metric());
        let limit = kind.limit(&self.spec.alarms);
        let function = Dimension::builder().name("FunctionName").value(&names.function).build();
        let call = self.clients.cloudwatch.put_metric_alarm().alarm_name(kind.name(names)).namespace("AWS/Lambda");
        let call = call.metric_name(metric).dimensions(function).period(period).evaluation_periods(1);
        let call = match statistic {
            "Sum" => call.statistic(Statistic::Sum),
            percentile => call.extended_statistic(percentile),
        };
        let call = call.set_threshold(limit).comparison_operator(COMPARISON);
        let call = call.treat_missing_data(MISSING).set_tags(tags);
        call.send().await.map(drop).map_err(|error| Error::call("PutMetricAlarm", &error))
    }

    fn tags(&self, rev: Option<&str>) -> Vec<Tag> {
        let tags = self.spec.names.tags(Part::Alarm, rev).into_iter();
        tags.map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
    }

    async fn tag(&self, kind: Kind, tags: Vec<Tag>) -> Result<(), Error> {
        let Spec { region, account, names, .. } = self.spec;
        let arn = format!("arn:aws:cloudwatch:{region}:{account}:alarm:{}", kind.name(names));
        let answer = self.clients.cloudwatch.tag_resource().resource_arn(arn).set_tags(Some(tags)).send().await;
        answer.map(drop).map_err(|error| Error::call("TagResource", &error))
    }

    /// What is to be done next to one of them.
    fn next_of(&self, kind: Kind, view: &View, done: &[Action]) -> Result<Option<Action>, Error> {
        let (wanted, found) = (kind.limit(&self.spec.alarms), view.found.get(&kind));
        Ok(match (wanted, found) {
            (None, None) => None,
            (None, Some(_)) => Some(Action::Remove(kind)),
            (Some(_), None) => {
                // One that is somebody else's is in the way of ours only.
                view.sighting.refuse_foreign()?;
                Some(Action::Create(kind))
            }
            (Some(limit), Some(found)) if found.rev.as_ref() == Some(&kind.rev(limit)) => None,
            _ if done.contains(&Action::Create(kind)) || done.contains(&Action::Change(kind)) => {
                Some(Action::Finish(kind))
            }
            _ => Some(Action::Change(kind)),
        })
    }

    /// Tells what a run has done to each alarm, by their names: to those that are there, and those that it removed.
    pub(super) fn outcomes(&self, view: &View, done: &[Action]) -> Vec<(String, Outcome)> {
        let kept = view.found.keys().map(|kind| {
            let is_of = |action: &Action| matches!(action, Action::Change(one) | Action::Finish(one) if one == kind);
            let outcome = if done.contains(&Action::Create(*kind)) {
                Outcome::Created
            } else if done.iter().any(is_of) {
                Outcome::Updated
            } else {
                Outcome::Unchanged
            };
            (*kind, outcome)
        });
        let removed = done.iter().filter_map(|action| match action {
            Action::Remove(kind) => Some((*kind, Outcome::Removed)),
            _ => None,
        });
        kept.chain(removed).map(|(kind, outcome)| (kind.name(&self.spec.names), outcome)).collect()
    }
}

/// When a limit is reached.
const COMPARISON: ComparisonOperator = ComparisonOperator::GreaterThanOrEqualToThreshold;
/// Who is not called does nothing wrong.
const MISSING: &str = "notBreaching";

/// Describes the alarms that are wanted for other tools.
pub(super) fn exported(scene: &Scene<'_>) -> Vec<Resource> {
    let alarm = |kind: Kind, limit: f64| {
        let (metric, statistic, period) = kind.metric();
        let whole = limit.to_string().parse().map(Value::Number);
        let alarm = ExportedAlarm {
            name: scene.text(&kind.name(&scene.marked().names)),
            metric: metric.to_owned(),
            statistic: statistic.to_owned(),
            period: period.into(),
            threshold: whole.unwrap_or_else(|_| Value::text(limit.to_string())),
            comparison: COMPARISON.as_str().to_owned(),
            missing: MISSING.to_owned(),
            tags: scene.tags(Part::Alarm, Some(&kind.rev(limit)), Vec::new()),
        };
        Resource {
            part: Part::Alarm,
            thing: Thing::Alarm(kind.suffix().to_owned()),
            concern: Concern::Alarms,
            why: match kind {
                Kind::Errors => "Rings when the function fails as often in a minute.",
                Kind::P95 => "Rings when the slowest twentieth of the calls takes longer, in milliseconds.",
                Kind::Throttles => "Rings when Lambda turns calls away as often in a minute.",
            },
            body: Body::Alarm(alarm),
        }
    };
    wanted(scene.spec).map(|(kind, limit)| alarm(kind, limit)).collect()
}

/// The alarms that are wanted, with their limits.
fn wanted(spec: &Spec) -> impl Iterator<Item = (Kind, f64)> {
    Kind::EVERY.into_iter().filter_map(|kind| Some((kind, kind.limit(&spec.alarms)?)))
}

/// The names of the alarms that are wanted, by what they end with.
pub(super) fn names(spec: &Spec) -> Vec<(&'static str, String)> {
    wanted(spec).map(|(kind, _)| (kind.suffix(), kind.name(&spec.names))).collect()
}

impl Reconcile for StackAlarms<'_> {
    type View = View;
    type Action = Action;

    fn step(&self) -> &'static str {
        Part::Alarm.as_str()
    }

    async fn look(&self) -> Result<View, Error> {
        look(self.clients, &self.spec.names).await
    }

    fn next(&self, view: &View, done: &[Action]) -> Result<Next<Action>, Error> {
        for kind in Kind::EVERY {
            if let Some(action) = self.next_of(kind, view, done)? {
                return Ok(Next::Act(action));
            }
        }
        Ok(Next::Done)
    }

    async fn act(&self, action: &Action, _view: &View) -> Result<(), Error> {
        match action {
            Action::Create(kind) => match self.tag(*kind, self.tags(None)).await {
                Ok(()) => self.put(*kind, None).await,
                Err(error) if error.is_not_found() => self.put(*kind, Some(self.tags(None))).await,
                Err(error) => Err(error),
            },
            Action::Change(kind) => self.put(*kind, None).await,
            Action::Finish(kind) => {
                let rev = kind.limit(&self.spec.alarms).map(|limit| kind.rev(limit));
                self.tag(*kind, self.tags(rev.as_deref())).await
            }
            Action::Remove(kind) => delete(self.clients, &kind.name(&self.spec.names)).await,
        }
    }
}

/// Predicts what a deploy would do to each alarm that is there or wanted.
pub(super) async fn predict(clients: &Clients, wanted: &Wanted<'_>) -> Result<Vec<PlannedPart>, Error> {
    let alarms = StackAlarms::new(clients, wanted.spec);
    let view = reading(|| alarms.look()).await?;
    let mut planned = Vec::new();
    for kind in Kind::EVERY {
        let id = view.found.get(&kind).map(|found| found.id.clone());
        let Prediction { change, differs } = match alarms.next_of(kind, &view, &[])? {
            None if id.is_none() => continue,
            None => Prediction::UNCHANGED,
            Some(Action::Create(_)) => Prediction::CREATE,
            Some(Action::Change(_) | Action::Finish(_)) => Prediction::update("limits"),
            Some(Action::Remove(_)) => Prediction { change: PlannedChange::Remove, differs: Vec::new() },
        };
        // One that is not there yet has a name all the same.
        let name = id.is_none().then(|| kind.name(&wanted.spec.names));
        planned.push(PlannedPart { part: Part::Alarm, change, id, differs, name });
    }
    Ok(planned)
}

/// Finds the stack's alarms.
pub(super) async fn discover(clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    look(clients, names).await.map(|view| view.sighting)
}

async fn look(clients: &Clients, names: &Names) -> Result<View, Error> {
    let mut view = View { sighting: Sighting::default(), found: BTreeMap::new() };
    for alarm in list(clients, &format!("{}-", names.function)).await? {
        let name = alarm.alarm_name.unwrap_or_default();
        let Some(kind) = Kind::EVERY.into_iter().find(|kind| kind.name(names) == name) else { continue };
        let arn = alarm.alarm_arn.unwrap_or_default();
        let Some(tags) = tags(clients, &arn).await? else { continue };
        let found = Found {
            part: Part::Alarm,
            id: name,
            rev: tagged_rev(&tags),
            state: alarm.state_value.map(|state| state.as_str().to_owned()),
            reason: None,
            created: 0,
            changed: None,
            instance: None,
        };
        let sighting = Sighting::named(names, found, &tags, &arn);
        // One that is somebody else's is in nobody's way until an alarm of its name is wanted.
        let foreign = sighting.foreign.map(|foreign| Foreign { is_stand_in: true, ..foreign });
        view.sighting.foreign = view.sighting.foreign.or(foreign);
        for found in sighting.ours {
            view.found.insert(kind, found.clone());
            view.sighting.ours.push(found);
        }
    }
    Ok(view)
}

/// Lists the alarms whose names begin so.
async fn list(clients: &Clients, prefix: &str) -> Result<Vec<MetricAlarm>, Error> {
    let mut alarms = Vec::new();
    let mut token = None;
    loop {
        let call = clients.cloudwatch.describe_alarms().set_next_token(token);
        let call = if prefix.is_empty() { call } else { call.alarm_name_prefix(prefix) };
        let page = match call.send().await.map_err(|error| Error::call("DescribeAlarms", &error)) {
            // An engine without CloudWatch has no alarms of ours, and a caller who may not look at them made none.
            Err(error) if matches!(error.class(), Some(Class::Refused | Class::NotFound)) => return Ok(alarms),
            answer => answer?,
        };
        alarms.extend(page.metric_alarms.unwrap_or_default());
        match page.next_token.filter(|token| !token.is_empty()) {
            Some(next) => token = Some(next),
            None => return Ok(alarms),
        }
    }
}

/// The tags of an alarm; `None` when it has gone meanwhile.
async fn tags(clients: &Clients, arn: &str) -> Result<Option<Tags>, Error> {
    let answer = clients.cloudwatch.list_tags_for_resource().resource_arn(arn).send().await;
    let tags = match answer.map_err(|error| Error::call("ListTagsForResource", &error)) {
        Err(error) if error.is_not_found() => return Ok(None),
        answer => answer?.tags.unwrap_or_default(),
    };
    Ok(Some(tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value?))).collect()))
}

/// Returns the stacks that have alarms.
pub(super) async fn stacks(clients: &Clients) -> Result<BTreeSet<StackName>, Error> {
    let mut stacks = BTreeSet::new();
    // Only alarms of our names can be ours; asking each for its tags would be a call per alarm.
    let is_candidate =
        |name: &str| Kind::EVERY.iter().any(|kind| name.ends_with(&format!("{FUNCTION}-{}", kind.suffix())));
    for alarm in list(clients, "").await? {
        if !alarm.alarm_name().is_some_and(is_candidate) {
            continue;
        }
        let tags = tags(clients, alarm.alarm_arn().unwrap_or_default()).await?.unwrap_or_default();
        stacks.extend(tags.get(STACK_TAG).and_then(|name| name.parse().ok()));
    }
    Ok(stacks)
}

/// Deletes an alarm.
pub(super) async fn delete(clients: &Clients, name: &str) -> Result<(), Error> {
    let answer = clients.cloudwatch.delete_alarms().alarm_names(name).send().await;
    answer.map(drop).map_err(|error| Error::call("DeleteAlarms", &error))
}
