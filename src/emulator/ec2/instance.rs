//! An instance, and how its state follows from what was asked of it and when.

use super::index::Index;
use crate::emulator::{
    store::{AnyTable, Table, Tables},
    wire::{AwsError, utc_time},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// How long `pending`, `stopping` and `shutting-down` last, in milliseconds.
pub(super) const TRANSITION: i64 = 100;
/// How long a terminated instance stays visible, in milliseconds: an hour, as on AWS.
pub(super) const AFTERLIFE: i64 = 60 * 60 * 1000;

/// How many instances a call forgets besides as many as it works on.
pub(super) const SHARE: usize = 16;

/// The instances of one region.
#[derive(Clone, Default)]
pub struct State {
    /// By their ids.
    pub(super) instances: Table<String, Instance>,
    /// What was launched under which client token.
    pub(super) tokens: Table<String, Launch>,
    /// Follows from the instances.
    pub(super) index: Index,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![("ec2/instances", &mut self.instances), ("ec2/tokens", &mut self.tokens)]
    }

    fn derive(&mut self) {
        self.index = Index::default();
        self.instances.values().for_each(|instance| self.index.add(instance));
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
        }
    }
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

impl Instance {
    /// The place in listings: stable, whatever happens to the instance.
    pub(super) fn place(&self) -> (i64, &str, u32) {
        (self.created, &self.reservation, self.index)
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
            assert!(!state.index.addresses().contains(Ipv4Addr::new(172, 31, 16, 12)));
            assert!(state.index.addresses().contains(Ipv4Addr::new(172, 31, 16, 13)));
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
