//! The instance: one t2.micro that the API starts and stops.
//!
//! `RunInstances` sets all tags, the rev included, so an instance is either absent or finished. Its state is none of
//! `deploy`'s business: a stopped instance is kept stopped.

use super::{
    client::Clients,
    error::Error,
    export::{Body, Concern, Entry, Resource, Scene, Thing},
    part::Part,
    predict::{self, PlannedPart, Predict, Prediction, Wanted},
    reconcile::{Next, Reconcile},
    sighting::{Found, Sighting, Tags, manager, rev as tagged_rev},
    spec::{Names, Spec, rev},
};
use crate::{
    marks::{PART_TAG, STACK_TAG},
    names::StackName,
    text::Message,
};
use aws_sdk_ec2::types::{Filter, Instance as Ec2Instance, InstanceType, ResourceType, Tag, TagSpecification};
use std::collections::BTreeSet;

/// States in which an instance is still somebody's; `terminated` ones stay listed for an hour.
const LIVING: [&str; 4] = ["pending", "running", "stopping", "stopped"];
const LEAVING: &str = "shutting-down";

pub(super) struct Instance<'a> {
    clients: &'a Clients,
    spec: &'a Spec,
    rev: String,
    /// Makes a repeated `RunInstances` of this run the same one, where the engine heeds it.
    token: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Create,
    /// Removes a duplicate.
    Remove(String),
    Tag(String),
}

impl<'a> Instance<'a> {
    pub(super) fn new(clients: &'a Clients, spec: &'a Spec) -> Result<Self, Error> {
        let token = crate::secret::random_hex(16).map_err(|error| Error::Bug(error.to_string()))?;
        Ok(Self { clients, spec, rev: wanted_rev(spec), token })
    }

    fn tags(&self) -> Vec<Tag> {
        let name = ("Name".to_owned(), self.spec.names.stack.to_string());
        let ours = self.spec.names.tags(Part::Instance, Some(&self.rev));
        ours.into_iter().chain([name]).map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
    }

    async fn create(&self) -> Result<(), Error> {
        let tags =
            TagSpecification::builder().resource_type(ResourceType::Instance).set_tags(Some(self.tags())).build();
        let call = self.clients.ec2.run_instances();
        let call = call.image_id(self.spec.image).instance_type(InstanceType::T2Micro).min_count(1).max_count(1);
        let answer = call.client_token(&self.token).tag_specifications(tags).send().await;
        answer.map(drop).map_err(|error| Error::call("RunInstances", &error))
    }
}

/// The image is not in it: a newer one must not replace an instance that is in use.
fn wanted_rev(spec: &Spec) -> String {
    rev(&serde_json::json!({ "name": spec.names.stack, "type": InstanceType::T2Micro.as_str() }))
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

    async fn look(&self) -> Result<Sighting, Error> {
        discover(self.clients, &self.spec.names).await
    }

    fn next(&self, view: &Sighting, _done: &[Action]) -> Result<Next<Action>, Error> {
        if let Some(duplicate) = view.duplicates().first() {
            return Ok(Next::Act(Action::Remove(duplicate.id.clone())));
        }
        Ok(match view.kept() {
            None => Next::Act(Action::Create),
            Some(kept) if kept.rev.as_ref() == Some(&self.rev) => Next::Done,
            Some(kept) => Next::Act(Action::Tag(kept.id.clone())),
        })
    }

    async fn act(&self, action: &Action, _view: &Sighting) -> Result<(), Error> {
        match action {
            Action::Create => self.create().await,
            Action::Remove(id) => delete(self.clients, id).await,
            Action::Tag(id) => {
                let answer = self.clients.ec2.create_tags().resources(id).set_tags(Some(self.tags())).send().await;
                answer.map(drop).map_err(|error| Error::call("CreateTags", &error))
            }
        }
    }
}

impl Predict for Instance<'_> {
    fn sighting(view: &Sighting) -> &Sighting {
        view
    }

    fn prediction(&self, action: &Action, _view: &Sighting) -> Prediction {
        match action {
            Action::Create => Prediction::CREATE,
            Action::Remove(id) => Prediction::duplicate(id),
            Action::Tag(_) => Prediction::update("tags"),
        }
    }
}

/// Predicts what a deploy would do to the instance.
pub(super) async fn predict(clients: &Clients, wanted: &Wanted<'_>) -> Result<Option<PlannedPart>, Error> {
    predict::predict(&Instance::new(clients, wanted.spec)?, Part::Instance).await.map(Some)
}

/// Describes the instance for other tools.
pub(super) fn exported(scene: &Scene<'_>) -> Vec<Resource> {
    let name = Entry::new("Name", scene.text(scene.marked().names.stack.as_str()));
    let tags = scene.tags(Part::Instance, Some(&wanted_rev(scene.spec)), vec![name]);
    vec![Resource {
        part: Part::Instance,
        thing: Thing::Instance,
        concern: Concern::Compute,
        why: "The instance that the API starts and stops. Whether it runs is the API's business, not this file's.",
        body: Body::Instance { size: InstanceType::T2Micro.as_str().to_owned(), tags },
    }]
}

/// Finds the stack's living instances.
pub(super) async fn discover(clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    sight(clients, names, &LIVING).await
}

/// Finds those that are still going away, too: `clean` waits for them.
pub(super) async fn remains(clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    let states: Vec<&str> = LIVING.into_iter().chain([LEAVING]).collect();
    sight(clients, names, &states).await
}

async fn sight(clients: &Clients, names: &Names, states: &[&str]) -> Result<Sighting, Error> {
    let filters = vec![
        filter(&format!("tag:{STACK_TAG}"), &[names.stack.as_str()]),
        filter(&format!("tag:{PART_TAG}"), &[Part::Instance.as_str()]),
        filter("instance-state-name", states),
    ];
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
    Some(Found {
        part: Part::Instance,
        id: instance.instance_id?,
        rev: tagged_rev(&tags),
        state: instance.state.and_then(|state| state.name).map(|name| name.as_str().to_owned()),
        reason: None,
        created: instance.launch_time.map_or(0, |time| time.secs()),
    })
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
    let answer = clients.ec2.terminate_instances().instance_ids(id).send().await;
    answer.map(drop).map_err(|error| Error::call("TerminateInstances", &error))
}
