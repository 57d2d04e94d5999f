//! What a look at one part saw: resources that are ours, by their tags, and those of our names that are not.

use super::{error::Error, part::Part, spec::Names};
use crate::{
    marks::{CLOUDFORMATION_TAG, MANAGER_TAG, PART_TAG, REV_TAG, STACK_TAG},
    schedule::Schedule,
    text::Message,
};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A resource that is ours.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Found {
    /// Which part it is.
    pub part: Part,
    /// Its id or, where the service has none, its name.
    pub id: String,
    /// The rev that it was last brought to; absent while it is unfinished.
    pub rev: Option<String>,
    /// Its state in its service's words, where it has one.
    pub state: Option<String>,
    /// Why it is in that state, where its service tells and it is none to stay in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was made, in seconds since the Unix epoch; 0 where the service does not tell.
    pub created: i64,
    /// When it was changed last, where its service tells.
    #[serde(skip)]
    pub changed: Option<OffsetDateTime>,
    /// What is known of an instance besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<InstanceFacts>,
}

impl Found {
    /// The name of an instance that has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.instance.as_ref()?.name.as_deref()
    }
}

/// What the tags of an instance tell, and its type.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct InstanceFacts {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The type that a deploy last wanted of it.
    #[serde(skip)]
    pub deployed_kind: String,
    /// The type that it is on its way to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub becomes: Option<String>,
    /// When it is to be stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stops_at: Option<String>,
    /// When containers are to be stopped, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub containers_stop_at: BTreeMap<String, String>,
    /// Its office hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// The last edge of them that was acted on.
    #[serde(skip)]
    pub edge: Option<String>,
    /// Whether they stand in `atelier.toml`.
    #[serde(skip)]
    pub is_scheduled_by_file: bool,
}

impl InstanceFacts {
    /// Its office hours, where they stand in its tags only.
    #[must_use]
    pub fn schedule_by_hand(&self) -> Option<&Schedule> {
        self.schedule.as_ref().filter(|_| !self.is_scheduled_by_file)
    }

    /// Whether a minute's passing matters to it.
    #[must_use]
    pub fn needs_clock(&self) -> bool {
        self.stops_at.is_some()
            || self.schedule.is_some()
            || self.becomes.is_some()
            || !self.containers_stop_at.is_empty()
    }
}

/// A resource of our name that is not ours.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Foreign {
    /// Which part it would be.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// Whose it is, as far as its tags tell.
    pub owner: Message,
    /// Whether it does as the part, and is left as it is.
    #[serde(skip)]
    pub is_stand_in: bool,
}

impl Foreign {
    /// Refuses to touch it.
    pub(super) fn refuse(&self) -> Result<(), Error> {
        Err(Error::NotOurs { part: self.part, name: self.name.clone(), owner: self.owner.clone() })
    }
}

/// What one part's discover saw.
#[derive(Debug, Default)]
pub(super) struct Sighting {
    /// Ours, the one to keep first.
    pub(super) ours: Vec<Found>,
    /// Ours, and on their way out.
    pub(super) leaving: Vec<Found>,
    /// Not ours.
    pub(super) foreign: Option<Foreign>,
    /// The tool that looks after ours, where it is not atelier.
    pub(super) manager: Option<String>,
}

impl Sighting {
    /// Files a resource that is known by its name: ours by its tags, or somebody else's.
    pub(super) fn named(names: &Names, found: Found, tags: &Tags, arn: &str) -> Self {
        match ownership(names, found.part, tags) {
            Ownership::Ours => Self { ours: vec![found], manager: manager(tags), ..Self::default() },
            Ownership::Theirs(owner) => {
                let name = found.id;
                let owner = owner.unwrap_or_else(|| Message::new("stack.nobody").with("id", arn));
                let foreign = Foreign { part: found.part, name, owner, is_stand_in: false };
                Self { foreign: Some(foreign), ..Self::default() }
            }
        }
    }

    /// Puts the one to keep first: the oldest, then the lowest id. Every run decides alike.
    pub(super) fn sort(&mut self) {
        self.ours.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    }

    /// The one to keep.
    pub(super) fn kept(&self) -> Option<&Found> {
        self.ours.first()
    }

    /// What is not ours and does as the part.
    pub(super) fn stand_in(&self) -> Option<&Foreign> {
        self.foreign.as_ref().filter(|foreign| foreign.is_stand_in)
    }

    /// The ones to remove.
    pub(super) fn duplicates(&self) -> &[Found] {
        self.ours.get(1..).unwrap_or_default()
    }

    /// Refuses to touch what is not ours.
    pub(super) fn refuse_foreign(&self) -> Result<(), Error> {
        self.foreign.as_ref().map_or(Ok(()), Foreign::refuse)
    }
}

/// A resource's tags.
pub(super) type Tags = BTreeMap<String, String>;

/// The rev that a resource's tags tell.
pub(super) fn rev(tags: &Tags) -> Option<String> {
    tags.get(REV_TAG).cloned()
}

/// The tool that looks after a resource, as its tags tell.
pub(super) fn manager(tags: &Tags) -> Option<String> {
    let is_cloudformations = || tags.contains_key(CLOUDFORMATION_TAG).then(|| "cloudformation".to_owned());
    // Somebody else's words, which go into a sentence.
    let is_word = |name: &&String| !name.is_empty() && name.len() <= 64 && !name.contains(char::is_control);
    tags.get(MANAGER_TAG).filter(is_word).cloned().or_else(is_cloudformations)
}

pub(super) enum Ownership {
    Ours,
    /// The other stack, where the tags name one.
    Theirs(Option<Message>),
}

/// Whether a resource is this part of this stack.
pub(super) fn ownership(names: &Names, part: Part, tags: &Tags) -> Ownership {
    match (tags.get(STACK_TAG), tags.get(PART_TAG)) {
        (Some(stack), Some(tagged)) if stack == names.stack.as_str() && tagged == part.as_str() => Ownership::Ours,
        (stack, _) => Ownership::Theirs(stack.map(|stack| Message::new("stack.other").with("name", stack))),
    }
}
