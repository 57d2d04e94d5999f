//! The answers of the API: bodies with exactly these members in this order, each with an example, and the body of a
//! failure.

use super::{
    action::{Action, Change, Target},
    failure::FailureCode,
    operation::Operation,
};
use serde::{Serialize, Serializer};
use std::mem::discriminant;

/// What was done or seen: the body of a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// An instance was changed.
    InstanceChanged {
        /// What has been done.
        #[serde(serialize_with = "done")]
        status: Change,
        /// The instance.
        instance_id: String,
        /// Its state, in EC2's words.
        state: String,
        /// Its name, where it has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// When it will be stopped, where that is set.
        #[serde(skip_serializing_if = "Option::is_none")]
        stops_at: Option<String>,
    },
    /// An instance was given another type, or is on its way to it.
    InstanceModified {
        /// Whether it has the type.
        status: Modified,
        /// The instance, as it is now.
        #[serde(flatten)]
        instance: InstanceStatus,
    },
    /// An instance's state.
    Instance(InstanceStatus),
    /// The stack's instances.
    Instances {
        /// The oldest comes first.
        instances: Vec<InstanceStatus>,
    },
    /// A container was changed.
    ContainerChanged {
        /// What has been done.
        #[serde(serialize_with = "done")]
        status: Change,
        /// Always [`Target::Docker`].
        target: Target,
        /// The container's name.
        container: String,
        /// When it will be stopped, where that is set.
        #[serde(skip_serializing_if = "Option::is_none")]
        stops_at: Option<String>,
    },
    /// A container's state.
    Container(ContainerStatus),
    /// The containers that we own.
    Containers {
        /// In the order in which Docker lists them.
        containers: Vec<ContainerStatus>,
    },
    /// What became of each of many.
    Results {
        /// One entry each, in the order of a list.
        results: Vec<Entry>,
    },
}

/// Whether an instance has its new type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Modified {
    /// It has.
    Modified,
    /// It was not done in time; the same request goes on with it.
    Modifying,
}

/// An instance in `status` and `list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceStatus {
    /// The instance.
    pub instance_id: String,
    /// Its state, in EC2's words.
    pub state: String,
    /// EC2's name of the hardware (`t2.micro`).
    pub r#type: String,
    /// Its name, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it will be stopped, where that is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stops_at: Option<String>,
}

/// A container in `status` and `list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContainerStatus {
    /// Always [`Target::Docker`].
    pub target: Target,
    /// The container's name.
    pub container: String,
    /// Its state, in Docker's words.
    pub state: String,
    /// When it will be stopped, where that is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stops_at: Option<String>,
}

/// What became of one of many: what a request for it alone would have been answered with, and a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What was done (`stopped`), `seen`, or `failed`.
    pub status: &'static str,
    /// `ok`, or the failure's code.
    pub code: &'static str,
    /// The instance, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// The container, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Its state, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// EC2's name of the hardware, where an instance was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// The instance's name, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it will be stopped, where that is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stops_at: Option<String>,
    /// What went wrong, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Entry {
    /// The code of what succeeded.
    pub const OK: &'static str = "ok";
    /// The status of what failed.
    pub const FAILED: &'static str = "failed";
    /// The status of what was only looked at.
    pub const SEEN: &'static str = "seen";

    /// Makes an entry that says nothing but how it ended.
    #[must_use]
    pub fn new(status: &'static str, code: &'static str) -> Self {
        let (instance_id, container, state, kind) = (None, None, None, None);
        Self { status, code, instance_id, container, state, r#type: kind, name: None, stops_at: None, error: None }
    }

    /// Whether it succeeded.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.code == Self::OK
    }

    /// One of each kind, which together have every member that there is, for the documents: an instance that was changed,
    /// one that was not, one that was looked at, and a container.
    #[must_use]
    pub fn examples() -> [Self; 4] {
        let of = |name: &str, id: &str, entry: Self| {
            let (name, instance_id) = (Some(name.to_owned()), Some(id.to_owned()));
            Self { instance_id, name, ..entry }
        };
        let web = |entry| of("web", "i-0123456789abcdef0", entry);
        let state = |change: Change| Some(change.instance_state().to_owned());
        let seen =
            Self { state: state(Change::Stop), r#type: Some("t2.micro".to_owned()), ..Self::new(Self::SEEN, Self::OK) };
        let stopped = Self { state: state(Change::Stop), ..Self::new(Change::Stop.done(), Self::OK) };
        let failed = Self {
            error: Some("The instance is still starting".to_owned()),
            ..Self::new(Self::FAILED, FailureCode::Conflict.as_str())
        };
        let started = Self {
            container: Some("mycontainer".to_owned()),
            state: Some(Change::Start.container_state().to_owned()),
            stops_at: Some("2026-11-28T20:00:00Z".to_owned()),
            ..Self::new(Change::Start.done(), Self::OK)
        };
        [web(stopped), of("db", "i-0fedcba9876543210", failed), web(seen), started]
    }
}

impl From<InstanceStatus> for Entry {
    fn from(instance: InstanceStatus) -> Self {
        let InstanceStatus { instance_id, state, r#type, name, stops_at } = instance;
        let (instance_id, state, kind) = (Some(instance_id), Some(state), Some(r#type));
        Self { instance_id, state, r#type: kind, name, stops_at, ..Self::new(Self::SEEN, Self::OK) }
    }
}

impl From<ContainerStatus> for Entry {
    fn from(container: ContainerStatus) -> Self {
        let ContainerStatus { container, state, stops_at, .. } = container;
        Self { container: Some(container), state: Some(state), stops_at, ..Self::new(Self::SEEN, Self::OK) }
    }
}

impl ContainerStatus {
    /// Makes the status of a container.
    #[must_use]
    pub fn new(container: String, state: String) -> Self {
        Self { target: Target::Docker, container, state, stops_at: None }
    }
}

/// The body of every failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    /// What went wrong, for people.
    pub error: String,
    /// The stable code.
    pub code: &'static str,
    /// What became of each, where all were meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<Entry>,
}

impl ErrorBody {
    /// A body as a failure has it, for the documents.
    #[must_use]
    pub fn example() -> Self {
        Self { error: "Instance not found".to_owned(), code: FailureCode::NotFound.as_str(), results: Vec::new() }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields by reference")]
fn done<S: Serializer>(change: &Change, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(change.done())
}

impl Answer {
    /// The members that are left out where there is nothing to say.
    pub const OPTIONAL: [&'static str; 2] = ["name", "stops_at"];

    /// Makes the answer to a change of a container.
    #[must_use]
    pub fn container_changed(status: Change, container: String, stops_at: Option<String>) -> Self {
        Self::ContainerChanged { status, target: Target::Docker, container, stops_at }
    }

    /// Whether what was asked for is done: it is not yet for an instance that is on its way to its type.
    #[must_use]
    pub fn is_done(&self) -> bool {
        !matches!(self, Self::InstanceModified { status: Modified::Modifying, .. })
    }

    /// What the body tells, for the documents.
    #[must_use]
    pub fn meaning(&self) -> String {
        let done = || Change::ALL.map(Change::done).join(", ");
        match self {
            Self::InstanceChanged { .. } => format!("An instance was changed: {}", done()),
            Self::InstanceModified { .. } => "An instance has its type, or with 202 is on its way to it".to_owned(),
            Self::Instance(_) => "An instance's state".to_owned(),
            Self::Instances { .. } => "The stack's instances".to_owned(),
            Self::ContainerChanged { .. } => format!("A container was changed: {}", done()),
            Self::Container(_) => "A container's state".to_owned(),
            Self::Containers { .. } => "The owner's containers".to_owned(),
            Self::Results { .. } => "What became of each of all".to_owned(),
        }
    }

    /// Every kind of answer that there is to a request, as the documents show it. Members that may be left out are there.
    #[must_use]
    pub fn kinds() -> Vec<Self> {
        let mut kinds: Vec<Self> = Vec::new();
        for mut example in Operation::all().map(Operation::example) {
            if kinds.iter().any(|kind| discriminant(kind) == discriminant(&example)) {
                continue;
            }
            let (name_of_all, stop) = (Some("web".to_owned()), Some("2026-11-28T20:00:00Z".to_owned()));
            match &mut example {
                Self::InstanceChanged { name, stops_at, .. } => (*name, *stops_at) = (name_of_all, stop),
                Self::ContainerChanged { stops_at, .. } => *stops_at = stop,
                Self::InstanceModified { instance, .. } | Self::Instance(instance) => {
                    (instance.name, instance.stops_at) = (name_of_all, stop);
                }
                Self::Instances { instances } => {
                    instances.iter_mut().for_each(|of| (of.name, of.stops_at) = (name_of_all.clone(), stop.clone()));
                }
                Self::Container(container) => container.stops_at = stop,
                Self::Containers { containers } => containers.iter_mut().for_each(|of| of.stops_at = stop.clone()),
                Self::Results { .. } => {}
            }
            kinds.push(example);
        }
        kinds.push(Self::results_example());
        kinds
    }

    /// What a request for all is answered with, for the documents.
    #[must_use]
    pub fn results_example() -> Self {
        let [stopped, failed, ..] = Entry::examples();
        Self::Results { results: vec![stopped, failed] }
    }
}

impl Operation {
    /// An answer as this operation gives it, for the documents.
    #[must_use]
    pub fn example(self) -> Answer {
        let instance_id = || "i-0123456789abcdef0".to_owned();
        let container = || "mycontainer".to_owned();
        let instance = |state: &str, kind: &str| InstanceStatus {
            instance_id: instance_id(),
            state: state.to_owned(),
            r#type: kind.to_owned(),
            name: None,
            stops_at: None,
        };
        let (running, stopped) = (Change::Start.instance_state(), Change::Stop.instance_state());
        let exited = || ContainerStatus::new(container(), Change::Stop.container_state().to_owned());
        match (self.target, self.action) {
            (Target::Ec2, Action::Change(status)) => Answer::InstanceChanged {
                status,
                instance_id: instance_id(),
                state: status.instance_state().to_owned(),
                name: None,
                stops_at: None,
            },
            (_, Action::Modify) => {
                Answer::InstanceModified { status: Modified::Modified, instance: instance(stopped, "t3.small") }
            }
            (Target::Ec2, Action::Status) => Answer::Instance(instance(running, "t2.micro")),
            (Target::Ec2, Action::List) => Answer::Instances { instances: vec![instance(running, "t2.micro")] },
            (Target::Docker, Action::Change(status)) => Answer::container_changed(status, container(), None),
            (Target::Docker, Action::Status) => Answer::Container(exited()),
            (Target::Docker, Action::List) => Answer::Containers { containers: vec![exited()] },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_exactly_the_contracts_keys_in_its_order() {
        let instance = r#"{"instance_id":"i-0123456789abcdef0","state":"running","type":"t2.micro"}"#;
        let container = r#"{"target":"docker","container":"mycontainer","state":"exited"}"#;
        let bodies: Vec<String> =
            Operation::all().map(|operation| serde_json::to_string(&operation.example()).unwrap()).collect();
        assert_eq!(
            bodies,
            [
                r#"{"status":"started","instance_id":"i-0123456789abcdef0","state":"running"}"#,
                r#"{"status":"stopped","instance_id":"i-0123456789abcdef0","state":"stopped"}"#,
                r#"{"status":"restarted","instance_id":"i-0123456789abcdef0","state":"running"}"#,
                r#"{"status":"modified","instance_id":"i-0123456789abcdef0","state":"stopped","type":"t3.small"}"#,
                instance,
                &format!(r#"{{"instances":[{instance}]}}"#),
                r#"{"status":"started","target":"docker","container":"mycontainer"}"#,
                r#"{"status":"stopped","target":"docker","container":"mycontainer"}"#,
                r#"{"status":"restarted","target":"docker","container":"mycontainer"}"#,
                container,
                &format!(r#"{{"containers":[{container}]}}"#),
            ]
        );
        let results = serde_json::to_string(&Answer::results_example()).unwrap();
        let stopped =
            r#"{"status":"stopped","code":"ok","instance_id":"i-0123456789abcdef0","state":"stopped","name":"web"}"#;
        assert!(
            results.starts_with(&format!(r#"{{"results":[{stopped},{{"status":"failed","code":"conflict","#)),
            "{results}"
        );
    }
}
