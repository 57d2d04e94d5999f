//! Another type for an instance: at once for one at rest; one that runs is stopped, changed and started again.
//!
//! EC2 may take longer for a stop than a request may. So what is on its way stands in a tag of the instance before the
//! first step: whoever looks next, the same request or a tick, goes on from what it sees, and the tag goes last.

use super::{
    ec2::Ec2,
    failure::Failure,
    instance::{Aim, Goal, Instance, State},
    log,
};
use crate::{flight::Turn, marks::MODIFY_TAG, names::InstanceType};
use std::time::Duration;

/// The pauses between two looks: they double from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What is wanted of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Modification {
    pub(super) kind: InstanceType,
    /// Whether one that runs may be stopped and started for it.
    pub(super) restart: bool,
    pub(super) wait: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It has the type, and is where it was.
    Done,
    /// Remember that it is on its way, and stop it.
    Stop,
    Modify,
    Start,
    /// Forget that it was on its way.
    Forget,
    Wait,
}

/// Decides from what was just seen: pure.
///
/// # Errors
/// Returns a conflict for a state that forbids it.
fn next(instance: &Instance, modification: &Modification) -> Result<Step, Failure> {
    let is_on_its_way = instance.becomes().is_some();
    let has_type = instance.kind == modification.kind.as_str();
    match (instance.state, has_type) {
        (state, _) if state.is_gone() => Err(Failure::Conflict("The instance is terminated")),
        (State::Running | State::Pending, true) if is_on_its_way => Ok(Step::Forget),
        (State::Stopped, true) if is_on_its_way => Ok(Step::Start),
        (State::Stopping, true) if is_on_its_way => Ok(Step::Wait),
        (_, true) => Ok(Step::Done),
        (State::Stopped, false) => Ok(Step::Modify),
        (State::Stopping, false) if modification.wait || is_on_its_way => Ok(Step::Wait),
        (State::Stopping, false) => Err(Failure::Conflict("The instance is still stopping")),
        (State::Pending, false) if modification.restart || is_on_its_way => Ok(Step::Wait),
        (State::Running, false) if modification.restart || is_on_its_way => Ok(Step::Stop),
        (_, false) => Err(Failure::Conflict("The instance is running: stop it first, or say `restart=1`")),
    }
}

impl Ec2 {
    /// Brings the instance to its type. With `false` it is on its way there: time is up, or nobody waits.
    pub(super) async fn modify(
        &self,
        aim: &Aim,
        modification: &Modification,
        until: Duration,
        turn: &Turn,
    ) -> Result<(Instance, bool), Failure> {
        let mut pause = FIRST_PAUSE;
        let mut is_checked = false;
        loop {
            let step = self.modify_step(aim, modification, &mut is_checked, turn).await?;
            let (instance, step) = step;
            let is_on_its_way = instance.becomes().is_some();
            let time_is_up = self.uptime() + pause >= until;
            match step {
                Step::Done => return Ok((instance, true)),
                Step::Wait if time_is_up && !is_on_its_way => return Err(Failure::Deadline),
                Step::Wait if time_is_up || !modification.wait => return Ok((instance, false)),
                Step::Wait => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                // Something was done: the next look comes at once.
                _ => pause = FIRST_PAUSE,
            }
        }
    }

    /// One look, and what follows from it, in one turn.
    async fn modify_step(
        &self,
        aim: &Aim,
        modification: &Modification,
        is_checked: &mut bool,
        turn: &Turn,
    ) -> Result<(Instance, Step), Failure> {
        let _turn = turn.lock().await;
        let _turn_of_process = self.turn().await;
        let mut instance = self.find(aim).await?;
        if !*is_checked && instance.kind != modification.kind.as_str() {
            self.check_type(&modification.kind, &instance).await?;
            *is_checked = true;
        }
        let step = next(&instance, modification)?;
        let id = instance.id.to_string();
        let mark = || [(MODIFY_TAG.to_owned(), modification.kind.to_string())];
        match step {
            Step::Done | Step::Wait => {}
            Step::Stop => {
                if instance.becomes() != Some(modification.kind.as_str()) {
                    self.tag(&[&id], &mark()).await?;
                    instance.tags.extend(mark());
                }
                instance.state = self.order(Goal::Stopped, &id).await?;
                return Ok((instance, Step::Wait));
            }
            Step::Modify => {
                log::saw(&id, &instance.kind);
                let modified = self.give_type(&id, modification.kind.as_str()).await;
                if modified.is_ok() {
                    log::saw(&id, modification.kind.as_str());
                }
                if let (Err(failure), true) = (&modified, instance.becomes().is_some()) {
                    self.give_up(&instance, failure).await?;
                }
                modified?;
            }
            Step::Start => {
                instance.state = self.order(Goal::Running, &id).await?;
            }
            Step::Forget => {
                // It is told of once it runs.
                if instance.state == State::Pending && modification.wait {
                    return Ok((instance, Step::Wait));
                }
                self.untag(&[&id], &[MODIFY_TAG]).await?;
                instance.tags.remove(MODIFY_TAG);
                return Ok((instance, Step::Done));
            }
        }
        Ok((instance, step))
    }

    /// EC2 will not have it: the instance runs again as it was. What may yet succeed is left for the next look.
    async fn give_up(&self, instance: &Instance, failure: &Failure) -> Result<(), Failure> {
        let is_final = matches!(failure, Failure::BadGateway(_) | Failure::NotPermitted(_));
        if !is_final {
            return Ok(());
        }
        log::upstream(super::failure::Upstream::Ec2, "ModifyInstanceAttribute", "given_up");
        self.order(Goal::Running, instance.id.as_str()).await?;
        self.untag(&[instance.id.as_str()], &[MODIFY_TAG]).await
    }
}
