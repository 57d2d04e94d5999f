//! The stack's instance as the handler sees it, and how start and stop reach their goal: pure rules, no calls.

use super::failure::Failure;
use crate::{
    marks::{INSTANCE_NAME_TAG, MODIFY_TAG, STOPS_AT_TAG},
    names::{ContainerName, InstanceId, InstanceName},
};
use std::collections::{BTreeMap, BTreeSet};

/// An instance of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    pub(super) id: InstanceId,
    pub(super) state: State,
    /// EC2's name of the hardware (`t2.micro`).
    pub(super) kind: String,
    /// When it was launched, in seconds since the Unix epoch.
    pub(super) launched: i64,
    /// The processors that it runs on (`x86_64`), where EC2 tells.
    pub(super) architecture: Option<String>,
    /// Its tags that are ours.
    pub(super) tags: BTreeMap<String, String>,
}

impl Instance {
    /// Its name, where it has one.
    pub(super) fn name(&self) -> Option<InstanceName> {
        self.tags.get(INSTANCE_NAME_TAG)?.parse().ok()
    }

    /// When it is to be stopped, where that is set: only what can be a time is shown to anybody.
    pub(super) fn stops_at(&self) -> Option<String> {
        self.tags.get(STOPS_AT_TAG).filter(|text| super::time::parse(text).is_some()).cloned()
    }

    /// The type that it is on its way to.
    pub(super) fn becomes(&self) -> Option<&str> {
        self.tags.get(MODIFY_TAG).map(String::as_str)
    }
}

/// Which instance is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Aim {
    /// The only one.
    Only,
    /// The one of this name.
    Named(ContainerName),
    /// This one.
    Id(InstanceId),
}

impl Aim {
    /// Finds the instance among those of the stack, which are in order.
    ///
    /// # Errors
    /// There is none, or there are several and none was named.
    pub(super) fn choose(&self, instances: Vec<Instance>) -> Result<Instance, Failure> {
        let is_meant = |instance: &Instance| match self {
            Self::Only => true,
            Self::Named(name) => instance.name().is_some_and(|known| known.as_str() == name.as_str()),
            Self::Id(id) => instance.id == *id,
        };
        let names: BTreeSet<Option<InstanceName>> = instances.iter().map(Instance::name).collect();
        if *self == Self::Only && names.len() > 1 {
            return Err(Failure::NameNeeded(names.into_iter().flatten().collect()));
        }
        instances.into_iter().find(is_meant).ok_or(Failure::InstanceNotFound)
    }
}

/// EC2's instance states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Running,
    Stopping,
    Stopped,
    ShuttingDown,
    Terminated,
}

impl State {
    /// Reads EC2's own name of a state.
    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Pending, Self::Running, Self::Stopping, Self::Stopped, Self::ShuttingDown, Self::Terminated]
            .into_iter()
            .find(|state| state.as_str() == name)
    }

    /// EC2's own name of the state.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
        }
    }

    pub(super) fn is_gone(self) -> bool {
        matches!(self, Self::ShuttingDown | Self::Terminated)
    }
}

/// Leaves terminated instances out, unless there is nothing else, and puts the rest in a fixed order: the oldest
/// first, of equally old ones the lowest id. The first is the one that the API acts on.
pub(super) fn in_order(mut instances: Vec<Instance>) -> Vec<Instance> {
    if instances.iter().any(|instance| !instance.state.is_gone()) {
        instances.retain(|instance| !instance.state.is_gone());
    }
    instances.sort_by(|a, b| a.launched.cmp(&b.launched).then_with(|| a.id.cmp(&b.id)));
    instances
}

/// Where start and stop want the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Running,
    Stopped,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The goal is reached.
    Done,
    /// EC2 must be told to start or stop the instance.
    Order,
    /// The instance is on its way, or must first settle.
    Wait,
}

/// One start or stop on its way, fed with each state that is seen.
#[derive(Debug)]
pub(super) struct Transition {
    goal: Goal,
    ordered: bool,
    /// Seen on its way after the order. EC2 is eventually consistent: the old state alone proves nothing before this.
    moving: bool,
}

const OVERTAKEN: Failure = Failure::Conflict("Another request changed the instance meanwhile");

impl Transition {
    pub(super) fn new(goal: Goal) -> Self {
        Self { goal, ordered: false, moving: false }
    }

    /// Decides from the state that was just seen.
    ///
    /// # Errors
    /// Returns a conflict for a state that forbids the goal, and when somebody else's order has overtaken this one.
    pub(super) fn next(&mut self, state: State) -> Result<Step, Failure> {
        let (settled, moving, opposite) = match self.goal {
            Goal::Running => (State::Running, State::Pending, State::Stopped),
            Goal::Stopped => (State::Stopped, State::Stopping, State::Running),
        };
        if state.is_gone() {
            return Err(Failure::Conflict("The instance is terminated"));
        }
        if state == settled {
            return Ok(Step::Done);
        }
        if state == moving {
            self.moving = self.ordered;
            return Ok(Step::Wait);
        }
        match (state == opposite, self.ordered) {
            (true, false) => Ok(Step::Order),
            (true, true) if self.moving => Err(OVERTAKEN),
            (true, true) => Ok(Step::Wait),
            (false, true) => Err(OVERTAKEN),
            // A stopping instance can be started once it has stopped; EC2 lets nobody stop a pending one.
            (false, false) if self.goal == Goal::Running => Ok(Step::Wait),
            (false, false) => Err(Failure::Conflict("The instance is still starting")),
        }
    }

    /// Notes that EC2 has taken the order.
    pub(super) fn ordered(&mut self) {
        self.ordered = true;
    }

    /// Decides whether `state` may be answered to a client that does not wait.
    ///
    /// # Errors
    /// Returns a conflict where the instance is on its way to the opposite: nothing was ordered, and "started" of a
    /// stopping instance would be a lie.
    pub(super) fn settle_for(&self, state: State) -> Result<(), Failure> {
        match (self.goal, state) {
            (Goal::Running, State::Stopping) => Err(Failure::Conflict("The instance is still stopping")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(id: &str, state: State, launched: i64) -> Instance {
        let (kind, tags) = ("t2.micro".to_owned(), BTreeMap::new());
        Instance { id: id.parse().unwrap(), state, kind, launched, architecture: None, tags }
    }

    fn named(id: &str, name: &str) -> Instance {
        let tags = BTreeMap::from([(INSTANCE_NAME_TAG.to_owned(), name.to_owned())]);
        Instance { tags, ..instance(id, State::Running, 0) }
    }

    #[test]
    fn the_only_one_needs_no_name_and_of_several_one_is_named() {
        let chosen = |aim: Aim, all: &[Instance]| aim.choose(all.to_vec()).map(|instance| instance.id.to_string());
        let (web, db) = (named("i-0000000a", "web"), named("i-0000000b", "db"));
        assert_eq!(chosen(Aim::Only, std::slice::from_ref(&web)), Ok("i-0000000a".to_owned()));
        let both = [web, db];
        let names = ["db", "web"].map(|name| name.parse().unwrap()).to_vec();
        assert_eq!(chosen(Aim::Only, &both), Err(Failure::NameNeeded(names)));
        assert_eq!(chosen(Aim::Named("db".parse().unwrap()), &both), Ok("i-0000000b".to_owned()));
        assert_eq!(chosen(Aim::Named("cache".parse().unwrap()), &both), Err(Failure::InstanceNotFound));
        let unnamed = [instance("i-0000000c", State::Running, 0), instance("i-0000000d", State::Running, 1)];
        assert_eq!(chosen(Aim::Only, &unnamed), Ok("i-0000000c".to_owned()));
        assert_eq!(chosen(Aim::Only, &[]), Err(Failure::InstanceNotFound));
    }

    /// Feeds states to a transition, ordering when it asks to, until it ends.
    fn pursue(goal: Goal, states: &[State]) -> (usize, Result<Step, Failure>) {
        let mut transition = Transition::new(goal);
        let mut orders = 0;
        let mut last = Ok(Step::Wait);
        for state in states {
            last = transition.next(*state);
            match last {
                Ok(Step::Order) => {
                    orders += 1;
                    transition.ordered();
                }
                Ok(Step::Wait) => (),
                _ => break,
            }
        }
        (orders, last)
    }

    #[test]
    fn what_is_there_already_needs_no_order() {
        assert_eq!(pursue(Goal::Running, &[State::Running]), (0, Ok(Step::Done)));
        assert_eq!(pursue(Goal::Stopped, &[State::Stopped]), (0, Ok(Step::Done)));
        assert_eq!(pursue(Goal::Running, &[State::Pending, State::Running]), (0, Ok(Step::Done)));
        assert_eq!(pursue(Goal::Stopped, &[State::Stopping, State::Stopped]), (0, Ok(Step::Done)));
    }

    #[test]
    fn one_order_is_enough_even_if_the_old_state_shows_for_a_while() {
        use State::{Pending, Running, Stopped, Stopping};
        assert_eq!(pursue(Goal::Running, &[Stopped, Stopped, Pending, Running]), (1, Ok(Step::Done)));
        assert_eq!(pursue(Goal::Stopped, &[Running, Running, Stopping, Stopped]), (1, Ok(Step::Done)));
        assert_eq!(pursue(Goal::Running, &[Stopping, Stopping, Stopped, Running]), (1, Ok(Step::Done)));
    }

    #[test]
    fn a_terminated_instance_is_never_ordered_about() {
        for state in [State::ShuttingDown, State::Terminated] {
            for goal in [Goal::Running, Goal::Stopped] {
                let (orders, last) = pursue(goal, &[state]);
                assert_eq!((orders, last.unwrap_err().code()), (0, "conflict"));
            }
        }
    }

    #[test]
    fn a_pending_instance_cannot_be_stopped() {
        assert_eq!(pursue(Goal::Stopped, &[State::Pending]).1.unwrap_err().code(), "conflict");
    }

    #[test]
    fn an_order_that_somebody_else_undid_is_a_conflict_and_not_a_lie() {
        use State::{Pending, Running, Stopped, Stopping};
        assert_eq!(pursue(Goal::Running, &[Stopped, Pending, Stopping]), (1, Err(OVERTAKEN)));
        assert_eq!(pursue(Goal::Running, &[Stopped, Pending, Stopped]), (1, Err(OVERTAKEN)));
        assert_eq!(pursue(Goal::Stopped, &[Running, Stopping, Running]), (1, Err(OVERTAKEN)));
        assert_eq!(pursue(Goal::Stopped, &[Running, Stopping, Pending]), (1, Err(OVERTAKEN)));
    }

    #[test]
    fn who_does_not_wait_is_not_told_that_a_stopping_instance_started() {
        assert!(Transition::new(Goal::Running).settle_for(State::Stopping).is_err());
        assert!(Transition::new(Goal::Running).settle_for(State::Pending).is_ok());
        assert!(Transition::new(Goal::Stopped).settle_for(State::Stopping).is_ok());
    }

    #[test]
    fn of_several_instances_the_oldest_living_one_with_the_lowest_id_comes_first() {
        let ids = |instances| in_order(instances).into_iter().map(|i| i.id.to_string()).collect::<Vec<_>>();
        let (a, b, c) = ("i-0000000a", "i-0000000b", "i-0000000c");
        let found =
            vec![instance(c, State::Running, 5), instance(b, State::Stopped, 5), instance(a, State::Terminated, 1)];
        assert_eq!(ids(found), [b, c]);
        assert_eq!(ids(vec![instance(b, State::Terminated, 2), instance(a, State::ShuttingDown, 1)]), [a, b]);
        assert!(ids(Vec::new()).is_empty());
    }
}
