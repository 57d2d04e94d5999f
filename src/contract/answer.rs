//! The answers of the API: bodies with exactly these members in this order, each with an example.

use super::{
    action::{Action, Change, Target},
    operation::Operation,
};
use serde::{Serialize, Serializer};

/// What was done or seen: the body of a 200.
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
    },
    /// An instance's state.
    Instance(InstanceStatus),
    /// The stack's instances.
    Instances {
        /// The one that is acted on comes first.
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
    },
    /// A container's state.
    Container(ContainerStatus),
    /// The containers that we own.
    Containers {
        /// In the order in which Docker lists them.
        containers: Vec<ContainerStatus>,
    },
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
}

impl ContainerStatus {
    /// Makes the status of a container.
    #[must_use]
    pub fn new(container: String, state: String) -> Self {
        Self { target: Target::Docker, container, state }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields by reference")]
fn done<S: Serializer>(change: &Change, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(change.done())
}

impl Answer {
    /// Makes the answer to a change of a container.
    #[must_use]
    pub fn container_changed(status: Change, container: String) -> Self {
        Self::ContainerChanged { status, target: Target::Docker, container }
    }

    /// What the body tells, for the documents.
    #[must_use]
    pub fn meaning(&self) -> String {
        let done = || Change::ALL.map(Change::done).join(" or ");
        match self {
            Self::InstanceChanged { .. } => format!("An instance was {}", done()),
            Self::Instance(_) => "An instance's state".to_owned(),
            Self::Instances { .. } => "The stack's instances".to_owned(),
            Self::ContainerChanged { .. } => format!("A container was {}", done()),
            Self::Container(_) => "A container's state".to_owned(),
            Self::Containers { .. } => "The owner's containers".to_owned(),
        }
    }
}

impl Operation {
    /// An answer as this operation gives it, for the documents.
    #[must_use]
    pub fn example(self) -> Answer {
        let instance_id = || "i-0123456789abcdef0".to_owned();
        let container = || "mycontainer".to_owned();
        let instance = || InstanceStatus {
            instance_id: instance_id(),
            state: Change::Start.instance_state().to_owned(),
            r#type: "t2.micro".to_owned(),
        };
        let exited = || ContainerStatus::new(container(), Change::Stop.container_state().to_owned());
        match (self.target, self.action) {
            (Target::Ec2, Action::Change(status)) => Answer::InstanceChanged {
                status,
                instance_id: instance_id(),
                state: status.instance_state().to_owned(),
            },
            (Target::Ec2, Action::Status) => Answer::Instance(instance()),
            (Target::Ec2, Action::List) => Answer::Instances { instances: vec![instance()] },
            (Target::Docker, Action::Change(status)) => Answer::container_changed(status, container()),
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
                instance,
                &format!(r#"{{"instances":[{instance}]}}"#),
                r#"{"status":"started","target":"docker","container":"mycontainer"}"#,
                r#"{"status":"stopped","target":"docker","container":"mycontainer"}"#,
                container,
                &format!(r#"{{"containers":[{container}]}}"#),
            ]
        );
    }
}
