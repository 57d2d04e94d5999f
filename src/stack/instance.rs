//! The instances that the API starts and stops: one without a name, or those that `[instances]` names.
//!
//! `RunInstances` sets all tags, the rev included, so an instance is either absent or finished. Its state is none of
//! `deploy`'s business: a stopped instance is kept stopped, and its type is what the API has made of it until another one
//! is wanted. Then one that runs is stopped, changed and started; what it is on its way to stands in a tag, as when the
//! API does it.
//!
//! Not here: which of those that are there is which of those that are wanted (`instances`).

use super::{
    client::Clients,
    error::Error,
    export::{
        resource::{Body, Concern, Resource},
        scene::Scene,
        value::{Entry, Thing, Value},
    },
    part::Part,
    predict::{self, Predict, Prediction},
    reconcile::{Next, Reconcile},
    sighting::{Found, InstanceFacts, Sighting, Tags, manager, rev as tagged_rev},
    spec::{Names, Spec, WantedInstance, rev},
};
use crate::{
    marks::{
        INSTANCE_NAME_TAG, INSTANCE_TYPE_TAG, MODIFY_TAG, PART_TAG, STACK_TAG, STOPS_AT_TAG, container_stops_at_tag,
    },
    names::StackName,
    schedule::{EDGE_TAG, FILE_SOURCE, SOURCE_TAG, START_TAG, STOP_TAG, Schedule, TAGS},
    text::Message,
};
use aws_sdk_ec2::types::{
    AttributeValue, Filter, Instance as Ec2Instance, InstanceType, ResourceType, Tag, TagSpecification,
};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// States in which an instance is still somebody's; `terminated` ones stay listed for an hour.
const LIVING: [&str; 4] = ["pending", "running", "stopping", "stopped"];
const LEAVING: &str = "shutting-down";
/// The filter that asks for one by its id.
const INSTANCE_ID: &str = "instance-id";

/// One instance that is wanted.
pub(super) struct Instance<'a> {
    clients: &'a Clients,
    spec: &'a Spec,
    wanted: &'a WantedInstance,
    /// One of another name that becomes this one.
    adopted: Option<String>,
    /// What the look at all of them has seen of it, which serves as the first of its own.
    seen: Mutex<Option<Sighting>>,
    rev: String,
    /// Makes a repeated `RunInstances` of this run the same one, where the engine heeds it.
    token: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Create,
    /// Removes a duplicate.
    Remove(String),
    /// Notes that it is on its way to its type.
    Mark(String),
    Stop(String),
    Modify(String),
    Start(String),
    /// Forgets that it was on its way.
    Unmark(String),
    Tag(String),
}

impl<'a> Instance<'a> {
    pub(super) fn new(
        clients: &'a Clients,
        spec: &'a Spec,
        wanted: &'a WantedInstance,
        adopted: Option<String>,
        all: &[Found],
    ) -> Result<Self, Error> {
        let token = crate::secret::random_hex(16).map_err(|error| Error::Bug(error.to_string()))?;
        let seen = Mutex::default();
        let instance = Self { clients, spec, wanted, adopted, seen, rev: wanted_rev(spec, wanted), token };
        let seen = instance.own(all);
        *instance.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(instance)
    }

    /// Of instances, those that are this one; the one that becomes it is, while it has no other.
    fn own(&self, all: &[Found]) -> Sighting {
        let name = self.name();
        let named = |found: &&Found| found.instance.as_ref().is_some_and(|facts| facts.name == name);
        let adopted = |found: &&Found| self.adopted.as_ref() == Some(&found.id);
        let mut ours: Vec<Found> = all.iter().filter(named).cloned().collect();
        if ours.is_empty() {
            ours.extend(all.iter().find(adopted).cloned());
        }
        Sighting { ours, ..Sighting::default() }
    }

    /// The name for people in what is told of it.
    pub(super) fn name(&self) -> Option<String> {
        self.wanted.name.as_ref().map(ToString::to_string)
    }

    fn tags(&self, facts: Option<&InstanceFacts>) -> Vec<Tag> {
        let mut tags = own_tags(self.spec, self.wanted, &self.rev);
        if let Some(schedule) = &self.wanted.schedule
            && facts.is_none_or(|facts| facts.schedule.as_ref() != Some(schedule) || !facts.is_scheduled_by_file)
        {
            tags.extend(file_schedule_tags(schedule));
        }
        tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
    }

    async fn create(&self) -> Result<(), Error> {
        let tags =
            TagSpecification::builder().resource_type(ResourceType::Instance).set_tags(Some(self.tags(None))).build();
        let kind = InstanceType::from(self.wanted.kind.as_str());
        let call = self.clients.ec2.run_instances();
        let call = call.image_id(self.spec.image).instance_type(kind).min_count(1).max_count(1);
        let answer = call.client_token(&self.token).tag_specifications(tags).send().await;
        answer.map(drop).map_err(|error| Error::call("RunInstances", &error))
    }

    /// Brings the tags to what is wanted; those of another schedule go first.
    async fn tag(&self, id: &str, facts: Option<&InstanceFacts>) -> Result<(), Error> {
        let is_files = facts.is_some_and(|facts| facts.is_scheduled_by_file);
        let stale: &[&str] = match (&self.wanted.schedule, facts.and_then(|facts| facts.schedule.as_ref())) {
            (Some(wanted), found) if found != Some(wanted) => &[START_TAG, STOP_TAG],
            (None, Some(_)) if is_files => &TAGS,
            _ => &[],
        };
        if !stale.is_empty() {
            untag(self.clients, id, stale).await?;
        }
        tag(self.clients, id, self.tags(facts)).await
    }

    /// What its type needs, where another one is wanted than the last deploy wanted.
    fn next_of_type(&self, kept: &Found, facts: &InstanceFacts) -> Option<Next<Action>> {
        let (id, wanted) = (kept.id.clone(), self.wanted.kind.as_str());
        let has_type = facts.kind == wanted;
        let is_on_its_way = facts.becomes.as_deref() == Some(wanted);
        let act = |action| Some(Next::Act(action));
        match (kept.state.as_deref().unwrap_or_default(), has_type) {
            (_, true) if !is_on_its_way => None,
            ("stopped", true) => act(Action::Start(id)),
            ("pending" | "running", true) => act(Action::Unmark(id)),
            (_, true) => Some(Next::Wait(Message::new("awaited.stopped"))),
            // The API has changed it, which is none of a deploy's business.
            (_, false) if facts.deployed_kind == wanted && !is_on_its_way => None,
            ("stopped", false) => act(Action::Modify(id)),
            ("running", false) if is_on_its_way => act(Action::Stop(id)),
            ("running", false) => act(Action::Mark(id)),
            (_, false) => Some(Next::Wait(Message::new("awaited.stopped"))),
        }
    }
}

/// The tags of a schedule that is set now: what was before is not caught up.
pub(super) fn schedule_tags(schedule: &Schedule) -> Vec<(String, String)> {
    let now = time::OffsetDateTime::now_utc().replace_nanosecond(0).ok();
    let now = now.and_then(|now| now.format(&time::format_description::well_known::Rfc3339).ok());
    let mut tags = schedule.to_tags();
    tags.push((EDGE_TAG.to_owned(), now.unwrap_or_default()));
    tags
}

/// The tags of an instance, but for its office hours.
fn own_tags(spec: &Spec, wanted: &WantedInstance, rev: &str) -> Vec<(String, String)> {
    let mut tags = spec.names.tags(Part::Instance, Some(rev));
    tags.push(("Name".to_owned(), wanted.full_name(&spec.names.stack)));
    tags.push((INSTANCE_TYPE_TAG.to_owned(), wanted.kind.clone()));
    tags.extend(wanted.name.iter().map(|name| (INSTANCE_NAME_TAG.to_owned(), name.to_string())));
    tags
}

fn file_schedule_tags(schedule: &Schedule) -> Vec<(String, String)> {
    let mut tags = schedule_tags(schedule);
    tags.push((SOURCE_TAG.to_owned(), FILE_SOURCE.to_owned()));
    tags
}

/// Every tag that a deploy may give an instance.
pub(super) fn wanted_tags(spec: &Spec, wanted: &WantedInstance) -> Vec<(String, String)> {
    let mut tags = own_tags(spec, wanted, &wanted_rev(spec, wanted));
    tags.extend(wanted.schedule.as_ref().map(file_schedule_tags).unwrap_or_default());
    tags
}

/// The image is not in it: a newer one must not replace an instance that is in use.
fn wanted_rev(spec: &Spec, wanted: &WantedInstance) -> String {
    let mut content = serde_json::json!({ "name": wanted.full_name(&spec.names.stack), "type": wanted.kind });
    if let Some(schedule) = &wanted.schedule {
        content["schedule"] = serde_json::json!(schedule);
    }
    rev(&content)
}

impl Reconcile for Instance<'_> {
    type View = Sighting;
    type Action = Action;

    fn step(&self) -> &'static str {
        Part::Instance.as_str()
    }

    fn begun(&self, first: &Action) -> Option<Message> {
        Some(Message::new(if *first == Action::Create { "deploy.instance.create" } else { "deploy.instance.update" }))
    }

    /// Asks for this one alone: a stack may have a thousand.
    async fn look(&self) -> Result<Sighting, Error> {
        if let Some(seen) = self.seen.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok(seen);
        }
        let (clients, names) = (self.clients, &self.spec.names);
        let Some(name) = &self.wanted.name else { return Ok(self.own(&discover(clients, names).await?.ours)) };
        let named = filter(&format!("tag:{INSTANCE_NAME_TAG}"), &[name.as_str()]);
        let mut found = sight(clients, names, &LIVING, Some(named)).await?.ours;
        if found.is_empty()
            && let Some(id) = &self.adopted
        {
            found = sight(clients, names, &LIVING, Some(filter(INSTANCE_ID, &[id]))).await?.ours;
        }
        Ok(self.own(&found))
    }

    fn next(&self, view: &Sighting, _done: &[Action]) -> Result<Next<Action>, Error> {
        if let Some(duplicate) = view.duplicates().first() {
            return Ok(Next::Act(Action::Remove(duplicate.id.clone())));
        }
        let Some(kept) = view.kept() else { return Ok(Next::Act(Action::Create)) };
        let has_rev = kept.rev.as_ref() == Some(&self.rev);
        let of_type = kept.instance.as_ref().filter(|_| !has_rev).and_then(|facts| self.next_of_type(kept, facts));
        Ok(match of_type {
            Some(next) => next,
            None if has_rev => Next::Done,
            None => Next::Act(Action::Tag(kept.id.clone())),
        })
    }

    async fn act(&self, action: &Action, view: &Sighting) -> Result<(), Error> {
        let facts = view.kept().and_then(|kept| kept.instance.as_ref());
        let ec2 = &self.clients.ec2;
        match action {
            Action::Create => self.create().await,
            Action::Remove(id) => delete(self.clients, id).await,
            Action::Mark(id) => {
                let mark = Tag::builder().key(MODIFY_TAG).value(&self.wanted.kind).build();
                tag(self.clients, id, vec![mark]).await
            }
            Action::Unmark(id) => untag(self.clients, id, &[MODIFY_TAG]).await,
            Action::Stop(id) => {
                let answer = ec2.stop_instances().instance_ids(id).send().await;
                answer.map(drop).map_err(|error| Error::call("StopInstances", &error))
            }
            Action::Start(id) => {
                let answer = ec2.start_instances().instance_ids(id).send().await;
                answer.map(drop).map_err(|error| Error::call("StartInstances", &error))
            }
            Action::Modify(id) => {
                let kind = AttributeValue::builder().value(&self.wanted.kind).build();
                let answer = ec2.modify_instance_attribute().instance_id(id).instance_type(kind).send().await;
                answer.map(drop).map_err(|error| Error::call("ModifyInstanceAttribute", &error))
            }
            Action::Tag(id) => self.tag(id, facts).await,
        }
    }
}

impl Predict for Instance<'_> {
    fn sighting(view: &Sighting) -> &Sighting {
        view
    }

    fn prediction(&self, action: &Action, view: &Sighting) -> Prediction {
        let facts = view.kept().and_then(|kept| kept.instance.as_ref());
        match action {
            Action::Create => Prediction::CREATE,
            Action::Remove(id) => Prediction::duplicate(id),
            Action::Tag(_) if facts.is_some_and(|facts| facts.name != self.name()) => {
                let before = facts.and_then(|facts| facts.name.clone());
                Prediction::renamed(before)
            }
            Action::Tag(_) if facts.is_some_and(|facts| facts.schedule.as_ref() != self.wanted.schedule.as_ref()) => {
                Prediction::update("schedule")
            }
            Action::Tag(_) => Prediction::update("tags"),
            Action::Mark(_) | Action::Stop(_) | Action::Modify(_) | Action::Start(_) | Action::Unmark(_) => {
                Prediction::update("type")
            }
        }
    }

    fn prediction_at_rest(&self, _view: &Sighting) -> Prediction {
        Prediction::update("type")
    }
}

/// Predicts what a deploy would do to one.
pub(super) async fn predict_one(instance: &Instance<'_>) -> Result<predict::PlannedPart, Error> {
    let planned = predict::predict(instance, Part::Instance).await?;
    Ok(predict::PlannedPart { name: instance.name(), ..planned })
}

/// An instance that is wanted no more.
pub(super) struct Unwanted<'a> {
    pub(super) clients: &'a Clients,
    pub(super) names: &'a Names,
    pub(super) id: String,
    /// The times of containers that stand in its tags, and the instance that keeps them from now on.
    pub(super) bequest: Option<(String, Vec<(String, String)>)>,
}

impl Reconcile for Unwanted<'_> {
    type View = bool;
    type Action = ();

    fn step(&self) -> &'static str {
        Part::Instance.as_str()
    }

    fn begun(&self, (): &()) -> Option<Message> {
        Some(Message::new("deploy.instance.remove"))
    }

    async fn look(&self) -> Result<bool, Error> {
        let only = filter(INSTANCE_ID, &[&self.id]);
        Ok(!sight(self.clients, self.names, &LIVING, Some(only)).await?.ours.is_empty())
    }

    fn next(&self, is_there: &bool, _done: &[()]) -> Result<Next<()>, Error> {
        Ok(if *is_there { Next::Act(()) } else { Next::Done })
    }

    async fn act(&self, (): &(), _is_there: &bool) -> Result<(), Error> {
        if let Some((heir, tags)) = &self.bequest {
            set_tags(self.clients, heir, tags.clone()).await?;
        }
        delete(self.clients, &self.id).await
    }
}

async fn tag(clients: &Clients, id: &str, tags: Vec<Tag>) -> Result<(), Error> {
    let answer = clients.ec2.create_tags().resources(id).set_tags(Some(tags)).send().await;
    answer.map(drop).map_err(|error| Error::call("CreateTags", &error))
}

/// Takes tags of an instance away.
pub(super) async fn untag(clients: &Clients, id: &str, keys: &[&str]) -> Result<(), Error> {
    let tags = keys.iter().map(|key| Tag::builder().key(*key).build()).collect();
    let answer = clients.ec2.delete_tags().resources(id).set_tags(Some(tags)).send().await;
    answer.map(drop).map_err(|error| Error::call("DeleteTags", &error))
}

/// Sets tags of an instance.
pub(super) async fn set_tags(clients: &Clients, id: &str, tags: Vec<(String, String)>) -> Result<(), Error> {
    let tags = tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    tag(clients, id, tags).await
}

/// Describes the instances for other tools.
pub(super) fn exported(scene: &Scene<'_>) -> Vec<Resource> {
    let instance = |wanted: &WantedInstance| {
        let mut more = vec![
            Entry::new("Name", scene.text(&wanted.full_name(&scene.marked().names.stack))),
            Entry::new(INSTANCE_TYPE_TAG, Value::text(&wanted.kind)),
        ];
        more.extend(wanted.name.iter().map(|name| Entry::new(INSTANCE_NAME_TAG, Value::text(name.as_str()))));
        let live = scene.live(wanted.name.as_ref());
        let schedule = match &wanted.schedule {
            Some(schedule) => {
                let source = (SOURCE_TAG.to_owned(), FILE_SOURCE.to_owned());
                schedule.to_tags().into_iter().chain([source]).collect()
            }
            None => live.and_then(InstanceFacts::schedule_by_hand).map(Schedule::to_tags).unwrap_or_default(),
        };
        more.extend(schedule.into_iter().map(|(name, value)| Entry::new(name, Value::text(value))));
        // What runs is taken over with the type that the API has given it since.
        let adopted = live.filter(|_| scene.is_import).map_or(&wanted.kind, |facts| &facts.kind);
        let tags = scene.tags(Part::Instance, Some(&wanted_rev(scene.spec, wanted)), more);
        Resource {
            part: Part::Instance,
            thing: Thing::of_instance(wanted.name.as_ref()),
            concern: Concern::Compute,
            why: "The API starts and stops it. Whether it runs is the API's business, not this file's.",
            body: Body::Instance { size: adopted.clone(), is_resized: scene.spec.may_modify, tags },
        }
    };
    scene.spec.instances.iter().map(instance).collect()
}

/// Finds the stack's living instances.
pub(super) async fn discover(clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    sight(clients, names, &LIVING, None).await
}

/// Finds those that are still going away, too: `clean` waits for them.
pub(super) async fn remains(clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    let states: Vec<&str> = LIVING.into_iter().chain([LEAVING]).collect();
    sight(clients, names, &states, None).await
}

async fn sight(clients: &Clients, names: &Names, states: &[&str], only: Option<Filter>) -> Result<Sighting, Error> {
    let mut filters = vec![
        filter(&format!("tag:{STACK_TAG}"), &[names.stack.as_str()]),
        filter(&format!("tag:{PART_TAG}"), &[Part::Instance.as_str()]),
        filter("instance-state-name", states),
    ];
    filters.extend(only);
    let listed = list(clients, filters).await?;
    let manager = listed.iter().find_map(|instance| manager(&tags(instance)));
    let found = listed.into_iter().filter_map(found);
    let (leaving, ours) = found.partition(|found: &Found| found.state.as_deref() == Some(LEAVING));
    let mut sighting = Sighting { ours, leaving, foreign: None, manager };
    sighting.sort();
    Ok(sighting)
}

fn tags(instance: &Ec2Instance) -> Tags {
    let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
    instance.tags().iter().filter_map(pair).collect()
}

fn found(instance: Ec2Instance) -> Option<Found> {
    let tags = tags(&instance);
    let kind = instance.instance_type.map(|kind| kind.as_str().to_owned()).unwrap_or_default();
    Some(Found {
        part: Part::Instance,
        id: instance.instance_id?,
        rev: tagged_rev(&tags),
        state: instance.state.and_then(|state| state.name).map(|name| name.as_str().to_owned()),
        reason: None,
        created: instance.launch_time.map_or(0, |time| time.secs()),
        changed: None,
        instance: Some(facts(&tags, kind)),
    })
}

fn facts(tags: &Tags, kind: String) -> InstanceFacts {
    let prefix = container_stops_at_tag("");
    let of_containers = |(key, at): (&String, &String)| {
        let name = key.strip_prefix(&prefix)?;
        Some((name.to_owned(), at.clone()))
    };
    InstanceFacts {
        name: tags.get(INSTANCE_NAME_TAG).cloned(),
        // Before there were types to choose from, there was this one.
        deployed_kind: tags.get(INSTANCE_TYPE_TAG).cloned().unwrap_or_else(|| InstanceType::T2Micro.to_string()),
        kind,
        becomes: tags.get(MODIFY_TAG).cloned(),
        stops_at: tags.get(STOPS_AT_TAG).cloned(),
        containers_stop_at: tags.iter().filter_map(of_containers).collect(),
        schedule: Schedule::from_tags(tags),
        edge: tags.get(EDGE_TAG).cloned(),
        is_scheduled_by_file: tags.get(SOURCE_TAG).is_some_and(|source| source == FILE_SOURCE),
    }
}

/// Returns the stacks that have an instance.
pub(super) async fn stacks(clients: &Clients) -> Result<BTreeSet<StackName>, Error> {
    let filters = vec![filter("tag-key", &[STACK_TAG]), filter("instance-state-name", &LIVING)];
    let tags = list(clients, filters).await?.into_iter().flat_map(|instance| instance.tags.unwrap_or_default());
    Ok(tags.filter(|tag| tag.key() == Some(STACK_TAG)).filter_map(|tag| tag.value?.parse().ok()).collect())
}

fn filter(name: &str, values: &[&str]) -> Filter {
    Filter::builder().name(name).set_values(Some(values.iter().map(ToString::to_string).collect())).build()
}

async fn list(clients: &Clients, filters: Vec<Filter>) -> Result<Vec<Ec2Instance>, Error> {
    let mut instances = Vec::new();
    let mut token = None;
    loop {
        let call = clients.ec2.describe_instances().set_filters(Some(filters.clone())).set_next_token(token);
        let page = call.send().await.map_err(|error| Error::call("DescribeInstances", &error))?;
        instances
            .extend(page.reservations.unwrap_or_default().into_iter().flat_map(|r| r.instances.unwrap_or_default()));
        match page.next_token.filter(|token| !token.is_empty()) {
            Some(next) => token = Some(next),
            None => return Ok(instances),
        }
    }
}

/// Ends an instance for good.
pub(super) async fn delete(clients: &Clients, id: &str) -> Result<(), Error> {
    delete_all(clients, &[id.to_owned()]).await
}

/// Ends instances for good: all of them or none.
pub(super) async fn delete_all(clients: &Clients, ids: &[String]) -> Result<(), Error> {
    let answer = clients.ec2.terminate_instances().set_instance_ids(Some(ids.to_vec())).send().await;
    answer.map(drop).map_err(|error| Error::call("TerminateInstances", &error))
}
