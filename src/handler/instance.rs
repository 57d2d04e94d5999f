//! The stack's instance as the handler sees it, and how start and stop reach their goal: pure rules, no calls.

use super::failure::Failure;
use crate::{contract::Change, names::InstanceId};

/// An instance of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    pub(super) id: InstanceId,
    pub(super) state: State,
    /// EC2's name of the hardware (`t2.micro`).
    pub(super) kind: String,
    /// When it was launched, in seconds since the Unix epoch.
    pub(super) launched: i64,
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

    fn is_gone(self) -> bool {
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

impl From<Change> for Goal {
    fn from(change: Change) -> Self {
        match change {
            Change::Start => Self::Running,
            Change::Stop => Self::Stopped,
        }
    }
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
pub(super) struct Pursuit {
    goal: Goal,
    ordered: bool,
    /// Seen on its way after the order. EC2 is eventually consistent: the old state alone proves nothing before this.
    moving: bool,
}

const OVERTAKEN: Failure = Failure::Conflict("Another request changed the instance meanwhile");

impl Pursuit {
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
        Instance { id: id.parse().unwrap(), state, kind: "t2.micro".to_owned(), launched }
    }

    /// Feeds states to a pursuit, ordering when it asks to, until it ends.
    fn pursue(goal: Goal, states: &[State]) -> (usize, Result<Step, Failure>) {
        let mut pursuit = Pursuit::new(goal);
        let mut orders = 0;
        let mut last = Ok(Step::Wait);
        for state in states {
            last = pursuit.next(*state);
            match last {
                Ok(Step::Order) => {
                    orders += 1;
                    pursuit.ordered();
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
        assert!(Pursuit::new(Goal::Running).settle_for(State::Stopping).is_err());
        assert!(Pursuit::new(Goal::Running).settle_for(State::Pending).is_ok());
        assert!(Pursuit::new(Goal::Stopped).settle_for(State::Stopping).is_ok());
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
