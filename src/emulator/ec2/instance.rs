//! An instance, and how its state follows from what was asked of it and when.

use super::{
    groups::GroupName,
    images,
    network::Network,
    networks::{elastic::Bound, interface::OwnInterface},
    options::Options,
    profile::Profile,
    volumes::Device,
};
use crate::emulator::wire::utc_time;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// How long `pending`, `stopping` and `shutting-down` last, in milliseconds.
pub(super) const TRANSITION: i64 = 100;
/// How long a terminated instance stays visible, in milliseconds: an hour, as on AWS.
pub(super) const AFTERLIFE: i64 = 60 * 60 * 1000;

/// What was last asked of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Goal {
    Run,
    Stop,
    Terminate,
}

/// The state of an instance as clients see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

impl Phase {
    /// The name and the number (of its low byte) that EC2 gives this state.
    pub(super) fn name_and_code(self) -> (&'static str, &'static str) {
        match self {
            Self::Pending => ("pending", "0"),
            Self::Running => ("running", "16"),
            Self::ShuttingDown => ("shutting-down", "32"),
            Self::Terminated => ("terminated", "48"),
            Self::Stopping => ("stopping", "64"),
            Self::Stopped => ("stopped", "80"),
        }
    }
}

/// A virtual machine that exists as its description only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Instance {
    pub(super) id: String,
    pub(super) reservation: String,
    /// The place within its reservation, from 0.
    pub(super) index: u32,
    /// When it was first launched, milliseconds since the Unix epoch; the order of listings.
    pub(super) created: i64,
    /// When it was last started.
    pub(super) launched: i64,
    pub(super) goal: Goal,
    /// When the goal was set.
    pub(super) since: i64,
    /// How long the way to the goal takes; 0 where EC2 goes there at once.
    pub(super) transition: i64,
    pub(super) image: String,
    pub(super) kind: String,
    pub(super) zone: String,
    pub(super) address: Ipv4Addr,
    pub(super) tags: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) client_token: String,
    #[serde(default)]
    pub(super) attributes: Attributes,
    #[serde(default)]
    pub(super) interface: Interface,
    #[serde(default)]
    pub(super) options: Options,
    /// The name of the key pair.
    #[serde(default)]
    pub(super) key: Option<String>,
    /// The device that it starts from; empty where that follows from the image.
    #[serde(default)]
    pub(super) root: String,
    /// The volumes, the one that it starts from first.
    #[serde(default)]
    pub(super) devices: Vec<Device>,
    #[serde(default)]
    pub(super) profile: Option<Profile>,
    /// The interfaces that were attached to it, as they are now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) attached: Vec<OwnInterface>,
}

/// The interface that an instance came with, apart from its addresses.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Interface {
    /// Empty for the default group alone.
    pub(super) groups: Vec<GroupName>,
    /// Whether it has a public address while the instance runs.
    pub(super) is_public: bool,
    /// How often the instance was started again; its public address follows from it.
    pub(super) starts: u32,
    pub(super) description: String,
    pub(super) delete_on_termination: bool,
    /// Where it is, unless it is in a subnet of the default network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lot: Option<Lot>,
    /// The elastic address that leads to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) elastic: Option<Bound>,
    /// Whether one that was made before is in its place, see [`Instance::first`].
    pub(super) is_given: bool,
}

/// A place in a network of one's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Lot {
    pub(super) subnet: String,
    pub(super) vpc: String,
    /// Whether what has a public address there has a public name.
    pub(super) has_names: bool,
}

impl Default for Interface {
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            is_public: true,
            starts: 0,
            description: String::new(),
            delete_on_termination: true,
            lot: None,
            elastic: None,
            is_given: false,
        }
    }
}

/// What `ModifyInstanceAttribute` changes, apart from the type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "EC2 has these switches, each for itself")]
pub(super) struct Attributes {
    pub(super) disable_api_termination: bool,
    pub(super) disable_api_stop: bool,
    pub(super) ebs_optimized: bool,
    pub(super) source_dest_check: bool,
    pub(super) monitoring: bool,
    /// `stop` or `terminate`.
    pub(super) shutdown_behavior: String,
    /// Base64, as it came.
    pub(super) user_data: Option<String>,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            disable_api_termination: false,
            disable_api_stop: false,
            ebs_optimized: false,
            source_dest_check: true,
            monitoring: false,
            shutdown_behavior: "stop".to_owned(),
            user_data: None,
        }
    }
}

impl Instance {
    /// The state at a time.
    pub(super) fn phase(&self, now: i64) -> Phase {
        // A clock that was set back must not keep it on its way for ever.
        let arrived = now >= self.since.saturating_add(self.transition) || now < self.since;
        match (self.goal, arrived) {
            (Goal::Run, false) => Phase::Pending,
            (Goal::Run, true) => Phase::Running,
            (Goal::Stop, false) => Phase::Stopping,
            (Goal::Stop, true) => Phase::Stopped,
            (Goal::Terminate, false) => Phase::ShuttingDown,
            (Goal::Terminate, true) => Phase::Terminated,
        }
    }

    /// Tells whether the instance is still shown.
    pub(super) fn is_visible(&self, now: i64) -> bool {
        self.goal != Goal::Terminate || now < self.since.saturating_add(self.transition + AFTERLIFE)
    }

    /// Why the instance is where it is; empty while it runs.
    pub(super) fn reason(&self) -> String {
        match self.goal {
            Goal::Run => String::new(),
            Goal::Stop | Goal::Terminate => format!("User initiated ({} GMT)", utc_time(self.since)),
        }
    }

    /// Sets a goal that is reached after `transition` milliseconds.
    pub(super) fn aim(&mut self, goal: Goal, now: i64, transition: i64) {
        (self.goal, self.since, self.transition) = (goal, now, transition);
        if goal == Goal::Run {
            self.launched = now;
            self.interface.starts = self.interface.starts.wrapping_add(1);
        }
    }

    /// The groups of its interface.
    pub(super) fn groups(&self, network: &Network) -> Vec<GroupName> {
        if let Some(first) = self.first() {
            return first.groups.clone();
        }
        match self.interface.groups.as_slice() {
            [] => vec![GroupName::default_of(network)],
            groups => groups.to_vec(),
        }
    }

    /// Whether its interface is in a group.
    pub(super) fn is_in(&self, group: &str, network: &Network) -> bool {
        if let Some(first) = self.first() {
            return first.groups.iter().any(|known| known.id == group);
        }
        match self.interface.groups.as_slice() {
            [] => group == network.security_group(),
            groups => groups.iter().any(|known| known.id == group),
        }
    }

    /// The public address: an elastic one always, another one while it runs.
    pub(super) fn public_address(&self, now: i64) -> Option<Ipv4Addr> {
        if self.interface.is_given {
            return self.first().and_then(OwnInterface::elastic_address);
        }
        if let Some(bound) = &self.interface.elastic {
            return Some(bound.address);
        }
        let has_one = self.interface.is_public && self.phase(now) == Phase::Running;
        has_one.then(|| match &self.interface.lot {
            None => Network::public_address(self.address, self.interface.starts),
            Some(_) => Network::public_address_of(&self.id, self.interface.starts),
        })
    }

    /// The subnet, where it did not come with the default network.
    pub(super) fn own_subnet(&self) -> Option<&str> {
        self.interface.lot.as_ref().map(|lot| lot.subnet.as_str())
    }

    /// The device that it starts from.
    pub(super) fn root_device(&self) -> &str {
        if self.root.is_empty() { images::root_device(&self.image) } else { &self.root }
    }

    /// The first interface, where it was made before the instance was launched with it.
    pub(super) fn first(&self) -> Option<&OwnInterface> {
        self.attached.first().filter(|_| self.interface.is_given)
    }

    /// Whether it takes only what is addressed to it, and sends only what is its own.
    pub(super) fn source_dest_check(&self) -> bool {
        self.first().map_or(self.attributes.source_dest_check, |first| first.source_dest_check)
    }

    /// The id of the interface that it came with.
    pub(super) fn interface_id(&self) -> String {
        self.id.replacen("i-", "eni-", 1)
    }
}

impl Instance {
    /// The place in listings: stable, whatever happens to the instance.
    pub(super) fn place(&self) -> (i64, &str, u32) {
        (self.created, &self.reservation, self.index)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A running instance that was launched at 0.
    pub(in crate::emulator::ec2) fn sample(id: &str) -> Instance {
        Instance {
            id: id.to_owned(),
            reservation: "r-00000000000000001".to_owned(),
            index: 0,
            created: 0,
            launched: 0,
            goal: Goal::Run,
            since: 0,
            transition: TRANSITION,
            image: "ami-12345678".to_owned(),
            kind: "t2.micro".to_owned(),
            zone: "us-east-1a".to_owned(),
            address: Ipv4Addr::new(172, 31, 0, 10),
            tags: BTreeMap::new(),
            client_token: String::new(),
            attributes: Attributes::default(),
            interface: Interface::default(),
            options: Options::default(),
            key: None,
            root: String::new(),
            devices: Vec::new(),
            profile: None,
            attached: Vec::new(),
        }
    }

    #[test]
    fn a_state_follows_from_the_goal_and_the_time() {
        let mut instance = sample("i-00000000000000001");
        assert_eq!(instance.phase(TRANSITION - 1), Phase::Pending);
        assert_eq!(instance.phase(TRANSITION), Phase::Running);
        instance.aim(Goal::Stop, 1000, TRANSITION);
        assert_eq!(instance.phase(1000), Phase::Stopping);
        assert_eq!(instance.phase(1100), Phase::Stopped);
        instance.aim(Goal::Terminate, 2000, 0);
        assert_eq!(instance.phase(2000), Phase::Terminated);
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nothing_on_its_way() {
        let mut instance = sample("i-00000000000000001");
        instance.aim(Goal::Stop, 1_000_000, TRANSITION);
        assert_eq!(instance.phase(999_999), Phase::Stopped);
        instance.aim(Goal::Run, 1_000_000, TRANSITION);
        assert_eq!(instance.phase(0), Phase::Running);
    }
}
