//! The function's log group, which keeps a week.
//!
//! `CreateLogGroup` sets the tags of ownership but no rev; the retention follows; `TagResource` writes the rev last. A
//! group of our name without our tags is used and left as it is: Lambda makes one by itself when a function writes
//! after its group was deleted, and whatever else it may be, it does no harm.

use super::{
    client::Clients,
    error::Error,
    export::{
        resource::{Body, Concern, Resource},
        scene::Scene,
        value::Thing,
    },
    part::Part,
    predict::{self, PlannedPart, Predict, Prediction, Wanted},
    reconcile::{Next, Reconcile},
    sighting::{Found, Sighting, Tags, rev as tagged_rev},
    spec::{FUNCTION, LAMBDA, Names, Spec, rev},
};
use crate::{marks::STACK_TAG, names::StackName};
use aws_sdk_cloudwatchlogs::types::LogGroup as LogGroupFacts;
use std::collections::BTreeSet;

/// How long lines are kept.
const RETENTION_DAYS: i32 = 7;

pub(super) struct LogGroup<'a> {
    clients: &'a Clients,
    spec: &'a Spec,
    rev: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Create,
    Retention,
    /// Writes the rev.
    Finish,
}

impl<'a> LogGroup<'a> {
    pub(super) fn new(clients: &'a Clients, spec: &'a Spec) -> Self {
        Self { clients, spec, rev: wanted_rev() }
    }
}

fn wanted_rev() -> String {
    rev(&serde_json::json!({ "retention": RETENTION_DAYS }))
}

/// The group, and how long it keeps its lines.
pub(super) struct View {
    pub(super) sighting: Sighting,
    retention: Option<i32>,
}

impl Reconcile for LogGroup<'_> {
    type View = View;
    type Action = Action;

    fn step(&self) -> &'static str {
        Part::LogGroup.as_str()
    }

    async fn look(&self) -> Result<View, Error> {
        look(self.clients, &self.spec.names).await
    }

    fn next(&self, view: &View, done: &[Action]) -> Result<Next<Action>, Error> {
        Ok(match view.sighting.kept() {
            None if view.sighting.stand_in().is_some() => Next::Done,
            None => Next::Act(Action::Create),
            Some(found)
                if found.rev.as_ref() == Some(&self.rev)
                    && (view.retention == Some(RETENTION_DAYS) || done.contains(&Action::Retention)) =>
            {
                Next::Done
            }
            Some(_) if !done.contains(&Action::Retention) => Next::Act(Action::Retention),
            Some(_) => Next::Act(Action::Finish),
        })
    }

    async fn act(&self, action: &Action, _view: &View) -> Result<(), Error> {
        let (logs, names) = (&self.clients.logs, &self.spec.names);
        let name = &names.log_group;
        match action {
            Action::Create => {
                let tags = names.tags(Part::LogGroup, None).into_iter().collect();
                let answer = logs.create_log_group().log_group_name(name).set_tags(Some(tags)).send().await;
                answer.map(drop).map_err(|error| Error::call("CreateLogGroup", &error))
            }
            Action::Retention => {
                let call = logs.put_retention_policy().log_group_name(name).retention_in_days(RETENTION_DAYS);
                call.send().await.map(drop).map_err(|error| Error::call("PutRetentionPolicy", &error))
            }
            Action::Finish => {
                let arn = format!("arn:aws:logs:{}:{}:log-group:{name}", self.spec.region, self.spec.account);
                let tags = names.tags(Part::LogGroup, Some(&self.rev)).into_iter().collect();
                let answer = logs.tag_resource().resource_arn(arn).set_tags(Some(tags)).send().await;
                answer.map(drop).map_err(|error| Error::call("TagResource", &error))
            }
        }
    }
}

impl Predict for LogGroup<'_> {
    fn sighting(view: &View) -> &Sighting {
        &view.sighting
    }

    fn prediction(&self, action: &Action, _view: &View) -> Prediction {
        match action {
            Action::Create => Prediction::CREATE,
            Action::Retention | Action::Finish => Prediction::update("retention"),
        }
    }
}

/// Predicts what a deploy would do to the log group.
pub(super) async fn predict(clients: &Clients, wanted: &Wanted<'_>) -> Result<Option<PlannedPart>, Error> {
    predict::predict(&LogGroup::new(clients, wanted.spec), Part::LogGroup).await.map(Some)
}

/// Describes the log group for other tools.
pub(super) fn exported(scene: &Scene<'_>) -> Vec<Resource> {
    let tags = scene.tags(Part::LogGroup, Some(&wanted_rev()), Vec::new());
    vec![Resource {
        part: Part::LogGroup,
        thing: Thing::LogGroup,
        concern: Concern::Logs,
        why: "The function's log. Lambda would make one by itself, which nobody removes and which keeps its lines for ever.",
        body: Body::LogGroup { name: scene.text(&scene.marked().names.log_group), days: RETENTION_DAYS.into(), tags },
    }]
}

/// Looks the group up by its name; the service only knows prefixes.
pub(super) async fn discover(clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    look(clients, names).await.map(|view| view.sighting)
}

async fn look(clients: &Clients, names: &Names) -> Result<View, Error> {
    let nothing = View { sighting: Sighting::default(), retention: None };
    let call = clients.logs.describe_log_groups().log_group_name_prefix(&names.log_group);
    let answer = call.send().await.map_err(|error| Error::call("DescribeLogGroups", &error))?;
    let mut groups = answer.log_groups.unwrap_or_default().into_iter();
    let Some(group) = groups.find(|group| group.log_group_name.as_deref() == Some(&names.log_group)) else {
        return Ok(nothing);
    };
    let retention = group.retention_in_days;
    let created = group.creation_time.unwrap_or_default() / 1000;
    let arn = arn(group);
    let Some(tags) = tags(clients, &arn).await? else { return Ok(nothing) };
    let found = Found {
        part: Part::LogGroup,
        id: names.log_group.clone(),
        rev: tagged_rev(&tags),
        state: None,
        reason: None,
        created,
        changed: None,
        instance: None,
    };
    let mut sighting = Sighting::named(names, found, &tags, &arn);
    if let Some(foreign) = &mut sighting.foreign {
        foreign.is_stand_in = true;
    }
    Ok(View { sighting, retention })
}

/// `arn` ends in `:*`, which the tagging calls refuse; `logGroupArn` does not, but not every engine has it.
fn arn(group: LogGroupFacts) -> String {
    let arn = group.log_group_arn.or(group.arn).unwrap_or_default();
    arn.trim_end_matches(":*").to_owned()
}

/// The tags of a group; `None` when it has gone meanwhile.
async fn tags(clients: &Clients, arn: &str) -> Result<Option<Tags>, Error> {
    let answer = clients.logs.list_tags_for_resource().resource_arn(arn).send().await;
    match answer.map_err(|error| Error::call("ListTagsForResource", &error)) {
        Err(error) if error.is_not_found() => Ok(None),
        answer => Ok(Some(answer?.tags.unwrap_or_default().into_iter().collect())),
    }
}

/// Returns the stacks that have a log group.
pub(super) async fn stacks(clients: &Clients) -> Result<BTreeSet<StackName>, Error> {
    let mut stacks = BTreeSet::new();
    let mut token = None;
    loop {
        let call = clients.logs.describe_log_groups().log_group_name_prefix(LAMBDA).set_next_token(token);
        let page = call.send().await.map_err(|error| Error::call("DescribeLogGroups", &error))?;
        // Only groups of our names can be ours; asking each for its tags would be a call per group.
        let is_candidate = |group: &LogGroupFacts| group.log_group_name().is_some_and(|name| name.ends_with(FUNCTION));
        for group in page.log_groups.unwrap_or_default().into_iter().filter(is_candidate) {
            let tags = tags(clients, &arn(group)).await?.unwrap_or_default();
            stacks.extend(tags.get(STACK_TAG).and_then(|name| name.parse().ok()));
        }
        match page.next_token.filter(|token| !token.is_empty()) {
            Some(next) => token = Some(next),
            None => return Ok(stacks),
        }
    }
}

/// Deletes the group with its lines.
pub(super) async fn delete(clients: &Clients, name: &str) -> Result<(), Error> {
    let answer = clients.logs.delete_log_group().log_group_name(name).send().await;
    answer.map(drop).map_err(|error| Error::call("DeleteLogGroup", &error))
}
