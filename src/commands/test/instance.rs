//! The instance as EC2 sees it, asked directly and not through the API under test.

use crate::{
    engine::Engine,
    error::{Code, Error, Result},
    marks::INSTANCE_NAME_TAG,
    names::InstanceId,
    stack,
};
use aws_sdk_ec2::{Client, types::InstanceStateName};
use std::time::Duration;

/// How long to wait for an instance to get to the state that it is on its way to; EC2 itself takes up to a minute.
const LONGEST_WAY: Duration = Duration::from_mins(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// What EC2 says about the instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    /// Its id.
    pub(super) id: String,
    /// Its state, in EC2's words.
    pub(super) state: String,
    /// Its type (`t2.micro`).
    pub(super) kind: String,
    /// Its name, where it has one.
    pub(super) name: Option<String>,
}

/// One instance and the service that has it.
pub(super) struct Instances {
    ec2: Client,
    id: InstanceId,
}

impl Instances {
    pub(super) fn new(engine: &Engine, id: InstanceId) -> Self {
        Self { ec2: Client::new(&engine.connection.sdk_config()), id }
    }

    /// Asks for the instance.
    pub(super) async fn view(&self) -> Result<View> {
        let answer = self.ec2.describe_instances().instance_ids(self.id.as_str()).send().await;
        let answer = answer.map_err(|error| stack::Error::call("DescribeInstances", &error))?;
        let instance = answer.reservations().iter().flat_map(aws_sdk_ec2::types::Reservation::instances).next();
        let instance = instance.ok_or_else(|| Error::new(Code::NotDeployed))?;
        let state = instance.state().and_then(|state| state.name()).map(InstanceStateName::as_str);
        Ok(View {
            id: self.id.to_string(),
            state: state.unwrap_or_default().to_owned(),
            kind: instance.instance_type().map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            name: instance
                .tags()
                .iter()
                .find(|tag| tag.key() == Some(INSTANCE_NAME_TAG))
                .and_then(|tag| tag.value.clone()),
        })
    }

    /// Brings the instance back to where it was, running or at rest, and waits until it is there, so that the next
    /// command finds it as this one did.
    pub(super) async fn restore(&self, state: &str) -> Result<()> {
        // EC2 takes no order for an instance that is on its way somewhere.
        let now = self.settled().await?.state;
        let runs = |state: &str| matches!(state, "running" | "pending");
        let id = self.id.as_str();
        match (runs(state), runs(&now)) {
            (true, false) => {
                let answer = self.ec2.start_instances().instance_ids(id).send().await;
                answer.map_err(|error| stack::Error::call("StartInstances", &error))?;
            }
            (false, true) => {
                let answer = self.ec2.stop_instances().instance_ids(id).send().await;
                answer.map_err(|error| stack::Error::call("StopInstances", &error))?;
            }
            _ => return Ok(()),
        }
        self.settled().await.map(drop)
    }

    /// Looks until the instance is on its way to no other state.
    async fn settled(&self) -> Result<View> {
        let settled = async {
            loop {
                let view = self.view().await?;
                if !matches!(view.state.as_str(), "pending" | "stopping") {
                    return Ok(view);
                }
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
        };
        // One that is still on its way is as it is.
        match tokio::time::timeout(LONGEST_WAY, settled).await {
            Ok(settled) => settled,
            Err(_) => self.view().await,
        }
    }
}
