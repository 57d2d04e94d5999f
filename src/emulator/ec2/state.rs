//! What EC2 keeps of one region, and how instances are found, launched and forgotten.

use super::{
    groups::Group,
    index::Index,
    instance::{Goal, Instance},
    key_pairs::KeyPair,
    listing::Tags,
    networks::{
        acl::Acl,
        elastic::Elastic,
        endpoints::endpoint::Endpoint,
        interface::OwnInterface,
        nat::Nat,
        options::Options,
        records::{Gateway, Subnet, Vpc},
        table::RouteTable,
    },
    own_images::OwnImage,
    placement::PlacementGroup,
    snapshots::Snapshot,
    templates::Template,
    volumes::Volume,
};
use crate::emulator::{
    store::{AnyTable, Table, Tables},
    wire::AwsError,
};
use serde::{Deserialize, Serialize};

/// How many instances a call forgets besides as many as it works on.
pub(super) const SHARE: usize = 16;

/// What EC2 keeps of one region.
#[derive(Clone, Default)]
pub struct State {
    /// By their ids.
    pub(super) instances: Table<String, Instance>,
    /// What was launched under which client token.
    pub(super) tokens: Table<String, Launch>,
    /// Security groups by their ids; the default one only when it was changed.
    pub(super) groups: Table<String, Group>,
    /// By their names.
    pub(super) key_pairs: Table<String, KeyPair>,
    /// By their ids.
    pub(super) volumes: Table<String, Volume>,
    /// By their ids.
    pub(super) snapshots: Table<String, Snapshot>,
    /// The account's own images by their ids, those that were deregistered with them.
    pub(super) images: Table<String, OwnImage>,
    /// VPCs by their ids; the default one, like the rest of its network, only when it was changed.
    pub(super) vpcs: Table<String, Vpc>,
    /// By their ids.
    pub(super) subnets: Table<String, Subnet>,
    /// By their ids.
    pub(super) route_tables: Table<String, RouteTable>,
    /// Network ACLs by their ids.
    pub(super) acls: Table<String, Acl>,
    /// DHCP options by their ids.
    pub(super) options: Table<String, Options>,
    /// Internet gateways by their ids.
    pub(super) gateways: Table<String, Gateway>,
    /// NAT gateways by their ids.
    pub(super) nats: Table<String, Nat>,
    /// VPC endpoints by their ids.
    pub(super) endpoints: Table<String, Endpoint>,
    /// Elastic addresses by their allocations.
    pub(super) elastic: Table<String, Elastic>,
    /// The interfaces that are no instance's first one, by their ids.
    pub(super) interfaces: Table<String, OwnInterface>,
    /// Launch templates by their ids.
    pub(super) templates: Table<String, Template>,
    /// Placement groups by their names.
    pub(super) placements: Table<String, PlacementGroup>,
    /// The tags of everything but instances, by id.
    pub(super) tags: Table<String, Tags>,
    /// Follows from the instances.
    pub(super) index: Index,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![
            ("ec2/instances", &mut self.instances),
            ("ec2/tokens", &mut self.tokens),
            ("ec2/security-groups", &mut self.groups),
            ("ec2/key-pairs", &mut self.key_pairs),
            ("ec2/volumes", &mut self.volumes),
            ("ec2/snapshots", &mut self.snapshots),
            ("ec2/images", &mut self.images),
            ("ec2/vpcs", &mut self.vpcs),
            ("ec2/subnets", &mut self.subnets),
            ("ec2/route-tables", &mut self.route_tables),
            ("ec2/network-acls", &mut self.acls),
            ("ec2/dhcp-options", &mut self.options),
            ("ec2/internet-gateways", &mut self.gateways),
            ("ec2/nat-gateways", &mut self.nats),
            ("ec2/vpc-endpoints", &mut self.endpoints),
            ("ec2/addresses", &mut self.elastic),
            ("ec2/interfaces", &mut self.interfaces),
            ("ec2/launch-templates", &mut self.templates),
            ("ec2/placement-groups", &mut self.placements),
            ("ec2/tags", &mut self.tags),
        ]
    }

    fn derive(&mut self) {
        self.index = Index::default();
        self.instances.values().for_each(|instance| self.index.add(instance));
        for interface in self.interfaces.values() {
            self.index.hold(interface.own_subnet(), interface.address(), true);
        }
    }
}

/// A launch that a client may repeat under the same token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Launch {
    /// The hash of everything that was asked for.
    pub(super) fingerprint: String,
    /// The reservation that came of it.
    pub(super) reservation: String,
}

impl State {
    /// Finds visible instances by ids, in the order of the ids.
    ///
    /// # Errors
    /// `InvalidInstanceID.Malformed` and `InvalidInstanceID.NotFound`.
    pub(super) fn find(&self, ids: &[String], now: i64) -> Result<Vec<&Instance>, AwsError> {
        check_ids(ids)?;
        let visible = |id: &&String| self.instances.get(*id).is_some_and(|instance| instance.is_visible(now));
        let missing: Vec<&str> = ids.iter().filter(|id| !visible(id)).map(String::as_str).collect();
        match missing.as_slice() {
            [] => Ok(ids.iter().filter_map(|id| self.instances.get(id)).collect()),
            [id] => Err(not_found(format!("The instance ID '{id}' does not exist"))),
            several => Err(not_found(format!("The instance IDs '{}' do not exist", several.join(", ")))),
        }
    }

    /// Every visible instance in the order of launch.
    pub(super) fn visible(&self, now: i64) -> Vec<&Instance> {
        let mut instances: Vec<_> = self.instances.values().filter(|instance| instance.is_visible(now)).collect();
        instances.sort_by_key(|instance| instance.place());
        instances
    }

    /// Takes in an instance that is new.
    pub(super) fn launch(&mut self, instance: Instance) {
        self.index.add(&instance);
        self.instances.insert(instance.id.clone(), instance);
    }

    /// Sets the goal of an instance, see [`Instance::aim`].
    pub(super) fn aim(&mut self, id: &str, goal: Goal, now: i64, transition: i64) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        instance.aim(goal, now, transition);
        if goal == Goal::Terminate {
            self.index.end(instance);
            let (interface, devices) = (instance.interface_id(), std::mem::take(&mut instance.devices));
            let (bound, attached) = (instance.interface.elastic.take(), std::mem::take(&mut instance.attached));
            self.set_tags(&interface, Tags::new());
            self.release(devices);
            self.leave(bound, attached);
        }
    }

    /// The tags of something that is no instance.
    pub(super) fn tags_of(&self, id: &str) -> &Tags {
        static NONE: Tags = Tags::new();
        self.tags.get(id).unwrap_or(&NONE)
    }

    /// The tags of anything that has an id.
    pub(super) fn tags_by_id(&self, id: &str) -> Option<Tags> {
        let instance = self.instances.get(id).map(|instance| &instance.tags);
        instance.or_else(|| self.tags.get(id)).cloned()
    }

    /// Sets the tags of something that is no instance; what is gone has none.
    pub(super) fn set_tags(&mut self, id: &str, tags: Tags) {
        if !tags.is_empty() {
            self.tags.insert(id.to_owned(), tags);
        } else if self.tags.contains_key(id) {
            self.tags.remove(id);
        }
    }

    /// Lists the instances of a reservation that are still known, in their order.
    pub(super) fn members(&self, reservation: &str) -> Vec<&Instance> {
        self.index.members(reservation).filter_map(|id| self.instances.get(id)).collect()
    }

    /// Forgets what nobody can see any more: some of it, so that no single call pays for all.
    pub(super) fn prune(&mut self, now: i64, most: usize) {
        for _ in 0..most {
            let Some(id) = self.index.first_gone(now).cloned() else { return };
            let Some(instance) = self.instances.remove(&id) else { return };
            self.index.forget(&instance);
            if self.index.members(&instance.reservation).next().is_none() {
                self.tokens.remove(&instance.client_token);
            }
        }
    }
}

fn not_found(message: String) -> AwsError {
    AwsError::sender("InvalidInstanceID.NotFound", message)
}

/// Refuses what cannot be an instance id: `i-` and 8 or 17 lower-case hex digits.
fn check_ids(ids: &[String]) -> Result<(), AwsError> {
    for id in ids {
        let message = match id.strip_prefix("i-") {
            Some(digits) if is_hex_id(digits) => continue,
            Some(_) => format!("Invalid id: \"{id}\""),
            None => format!("Invalid id: \"{id}\" (expecting \"i-...\")"),
        };
        return Err(AwsError::sender("InvalidInstanceID.Malformed", message));
    }
    Ok(())
}

fn is_hex_id(digits: &str) -> bool {
    matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::ec2::instance::{AFTERLIFE, TRANSITION, tests::sample};
    use std::net::Ipv4Addr;

    #[test]
    fn a_terminated_instance_is_seen_for_an_hour() {
        let mut state = State::default();
        let mut instance = sample("i-00000000000000001");
        instance.client_token = "token".to_owned();
        let launch = Launch { fingerprint: String::new(), reservation: instance.reservation.clone() };
        state.tokens.insert("token".to_owned(), launch);
        state.launch(instance);
        state.aim("i-00000000000000001", Goal::Terminate, 0, TRANSITION);
        state.prune(AFTERLIFE + TRANSITION - 1, 9);
        assert_eq!(state.visible(AFTERLIFE + TRANSITION - 1).len(), 1);
        assert!(state.visible(AFTERLIFE + TRANSITION).is_empty());
        state.prune(AFTERLIFE + TRANSITION, 9);
        assert!(state.instances.is_empty() && state.tokens.is_empty());
    }

    #[test]
    fn what_is_derived_again_is_what_was_kept_up_to_date() {
        let mut kept = State::default();
        for number in 0..4 {
            let id = format!("i-0000000000000000{number}");
            let mut instance = Instance { index: 3 - number, ..sample(&id) };
            instance.address = Ipv4Addr::new(172, 31, 16, 10 + u8::try_from(number).unwrap());
            kept.launch(instance);
        }
        kept.aim("i-00000000000000001", Goal::Terminate, 0, 0);
        kept.aim("i-00000000000000002", Goal::Terminate, AFTERLIFE, 0);
        let mut derived = State { index: Index::default(), ..kept.clone() };
        derived.derive();
        for state in [&mut kept, &mut derived] {
            let members = |state: &State| {
                let members = state.members("r-00000000000000001").into_iter();
                members.map(|one| one.id[18..].to_owned()).collect::<String>()
            };
            assert_eq!((members(state).as_str(), state.index.addresses().len()), ("3210", 2));
            state.prune(AFTERLIFE, 9);
            assert_eq!((members(state).as_str(), state.index.addresses().len()), ("320", 2));
            assert!(!state.index.addresses().contains(None, Ipv4Addr::new(172, 31, 16, 12)));
            assert!(state.index.addresses().contains(None, Ipv4Addr::new(172, 31, 16, 13)));
            assert!(state.members("r-0").is_empty());
        }
    }

    #[test]
    fn no_call_forgets_more_than_its_share() {
        let mut state = State::default();
        for number in 0..5 {
            let id = format!("i-0000000000000000{number}");
            state.launch(Instance { index: number, ..sample(&id) });
            state.aim(&id, Goal::Terminate, 0, 0);
        }
        state.prune(AFTERLIFE, 2);
        assert_eq!(state.instances.len(), 3);
    }

    #[test]
    fn malformed_and_absent_ids_are_told_apart() {
        let code = |ids: &[&str]| {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            State::default().find(&ids, 0).map(|_| ()).unwrap_err()
        };
        assert_eq!(code(&["i-0123456789abcdef0"]).code, "InvalidInstanceID.NotFound");
        assert_eq!(
            code(&["i-01234567", "i-89abcdef"]).message,
            "The instance IDs 'i-01234567, i-89abcdef' do not exist"
        );
        for bad in ["", "i-", "i-0123", "i-0123456G", "vol-01234567", "I-01234567"] {
            assert_eq!(code(&[bad]).code, "InvalidInstanceID.Malformed", "{bad}");
        }
    }
}
