//! `StartInstances`, `StopInstances`, `RebootInstances`, `TerminateInstances`: all instances of a call, or none.

use super::{
    instance::{Goal, Instance, Phase, TRANSITION},
    instance_xml::write_state,
    notices,
    state::{SHARE, State},
};
use crate::{
    emulator::{
        context::Context,
        runtime::Functions,
        service::{Operation, Output, Scope},
        store::Region,
        wire::{AwsError, QueryParams, millis, xml},
    },
    lenience::Lean,
};
use std::sync::Arc;

/// The code of a refusal because of where an instance is.
const WRONG_STATE: &str = "IncorrectInstanceState";

/// What happens to an instance: nothing (it is there already), or a goal and how long the way takes.
type Step = Option<(Goal, i64)>;

/// `StartInstances`.
pub(super) async fn start(operation: Operation<'_>) -> Result<Output, AwsError> {
    change(
        operation,
        |params| {
            params.text("AdditionalInfo");
            Ok(())
        },
        |(), instance, phase| match phase {
            Phase::Pending | Phase::Running => Ok(None),
            Phase::Stopped => Ok(Some((Goal::Run, TRANSITION))),
            _ => Err(wrong_state(instance, "started")),
        },
    )
    .await
}

/// `StopInstances`.
pub(super) async fn stop(operation: Operation<'_>) -> Result<Output, AwsError> {
    let take = |params: &mut QueryParams| {
        take_shutdown(params)?;
        Ok(params.flag("Hibernate")?.unwrap_or(false))
    };
    change(operation, take, |hibernate, instance, phase| {
        if hibernate {
            let message = format!("The instance '{}' is not configured for hibernation.", instance.id);
            return Err(AwsError::sender("UnsupportedHibernationConfiguration", message));
        }
        stopping(instance, phase)
    })
    .await
}

fn stopping(instance: &Instance, phase: Phase) -> Result<Step, AwsError> {
    match phase {
        Phase::Stopping | Phase::Stopped => Ok(None),
        Phase::Running if instance.attributes.disable_api_stop => Err(protected(instance, "stopped", "disableApiStop")),
        Phase::Running => Ok(Some((Goal::Stop, TRANSITION))),
        _ => Err(wrong_state(instance, "stopped")),
    }
}

/// `TerminateInstances`.
pub(super) async fn terminate(operation: Operation<'_>) -> Result<Output, AwsError> {
    change(operation, take_shutdown, |(), instance, phase| terminating(instance, phase)).await
}

fn terminating(instance: &Instance, phase: Phase) -> Result<Step, AwsError> {
    match phase {
        Phase::ShuttingDown | Phase::Terminated => Ok(None),
        _ if instance.attributes.disable_api_termination => {
            Err(protected(instance, "terminated", "disableApiTermination"))
        }
        // There is nothing left to shut down.
        Phase::Stopped => Ok(Some((Goal::Terminate, 0))),
        _ => Ok(Some((Goal::Terminate, TRANSITION))),
    }
}

/// `RebootInstances`: checked, and without a trace.
pub(super) fn reboot(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((ids, dry), scope) = operation.query(take)?;
    let now = scope.now_millis();
    scope.read(|state| {
        let instances = state.ec2.find(&ids, now)?;
        match instances.iter().find(|instance| instance.phase(now) != Phase::Running) {
            Some(instance) => Err(wrong_state(instance, "rebooted")),
            None => super::dry_run(dry),
        }
    })?;
    Ok(Output::Done)
}

/// What an alarm does to the instance whose metric it watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator) enum Deed {
    Stop,
    Terminate,
    Reboot,
    Recover,
}

impl Deed {
    /// Reads the last word of the ARN of such an action.
    pub(in crate::emulator) fn parse(word: &str) -> Option<Self> {
        match word {
            "stop" => Some(Self::Stop),
            "terminate" => Some(Self::Terminate),
            "reboot" => Some(Self::Reboot),
            "recover" => Some(Self::Recover),
            _ => None,
        }
    }
}

/// Does to an instance what an alarm is there for.
///
/// # Errors
/// As the operation of that name.
pub(in crate::emulator) async fn act(
    context: &Arc<Context>,
    functions: &Functions,
    region: &Region,
    (id, deed): (&str, Deed),
) -> Result<(), AwsError> {
    let time = context.config.clock.now();
    let now = millis(time);
    let decide = |state: &State| {
        let found = state.find(&[id.to_owned()], now)?;
        let Some(instance) = found.first() else { return Ok(None) };
        match (deed, instance.phase(now)) {
            (Deed::Stop, phase) => stopping(instance, phase),
            (Deed::Terminate, phase) => terminating(instance, phase),
            // What runs comes back as it was.
            (Deed::Reboot | Deed::Recover, Phase::Running) => Ok(None),
            (Deed::Reboot, _) => Err(wrong_state(instance, "rebooted")),
            (Deed::Recover, _) => Err(wrong_state(instance, "recovered")),
        }
    };
    let changed = context.store.change(region, |state| {
        let step = decide(&state.ec2)?;
        if let Some((goal, transition)) = step {
            state.ec2.aim(id, goal, now, transition);
            state.ec2.prune(now, 1 + SHARE);
        }
        Ok::<_, AwsError>(step.is_some())
    });
    if changed.await? {
        notices::tell_at(context, functions, region, time, vec![id.to_owned()]);
    }
    Ok(())
}

/// Decides for every instance, then changes all of them; answers with the states before and after.
///
/// `option` reads what the operation takes beside the ids.
async fn change<T: Copy>(
    operation: Operation<'_>,
    option: impl FnOnce(&mut QueryParams) -> Result<T, AwsError>,
    decide: impl Fn(T, &Instance, Phase) -> Result<Step, AwsError>,
) -> Result<Output, AwsError> {
    let ((option, (ids, dry)), scope) = operation.query(|params| Ok((option(params)?, take(params)?)))?;
    let now = scope.now_millis();
    let plan = |state: &State| {
        let steps = state.find(&ids, now)?.into_iter().map(|instance| {
            let phase = instance.phase(now);
            let step = decide(option, instance, phase);
            let step = step.or_else(|error| decide(option, instance, hasten(&scope, instance, phase, error)?))?;
            Ok((instance.id.clone(), phase, step))
        });
        let steps = steps.collect::<Result<Vec<_>, AwsError>>()?;
        super::dry_run(dry)?;
        Ok::<_, AwsError>(steps)
    };
    // What changes nothing writes nothing; what does is decided again on the state that it changes.
    let settled = scope.read(|state| plan(&state.ec2))?;
    let steps = if settled.iter().all(|(_, _, step)| step.is_none()) {
        settled
    } else {
        scope
            .change(|state| {
                let steps = plan(&state.ec2)?;
                for (id, _, step) in &steps {
                    if let Some((goal, transition)) = step {
                        state.ec2.aim(id, *goal, now, *transition);
                    }
                }
                state.ec2.prune(now, steps.len() + SHARE);
                Ok::<_, AwsError>(steps)
            })
            .await?
    };
    let on_their_way = steps.iter().filter(|(_, _, step)| step.is_some());
    notices::tell(&scope, on_their_way.map(|(id, ..)| id.clone()).collect());
    Ok(Output::xml(move |root| {
        xml::list(root, "instancesSet", "item", steps, |item, (id, before, step)| {
            xml::text(item, "instanceId", &id);
            write_state(item, "currentState", step.map_or(before, after));
            write_state(item, "previousState", before);
        });
    }))
}

/// Takes an instance to be where it is going, where nothing but the way there is in the way of a call, and the engine is
/// lenient.
fn hasten(scope: &Scope<'_>, instance: &Instance, phase: Phase, error: AwsError) -> Result<Phase, AwsError> {
    let (arrived, done) = match phase {
        Phase::Stopping => (Phase::Stopped, "started"),
        Phase::Pending => (Phase::Running, "stopped"),
        _ => return Err(error),
    };
    let lean = Lean::State { instance: instance.id.clone(), done: done.to_owned() };
    if error.code == WRONG_STATE && scope.lets(&lean) { Ok(arrived) } else { Err(error) }
}

/// Reads how a machine is to be shut down, and forgets it: there is none.
fn take_shutdown(params: &mut QueryParams) -> Result<(), AwsError> {
    params.flag("Force")?;
    params.flag("SkipOsShutdown")?;
    Ok(())
}

fn take(params: &mut QueryParams) -> Result<(Vec<String>, bool), AwsError> {
    let mut ids = params.list("InstanceId")?;
    if ids.is_empty() {
        return Err(AwsError::missing_parameter("InstanceId"));
    }
    ids.sort();
    ids.dedup();
    Ok((ids, super::take_dry_run(params)?))
}

/// The state right after a goal was set.
fn after((goal, transition): (Goal, i64)) -> Phase {
    match goal {
        Goal::Run => Phase::Pending,
        Goal::Stop => Phase::Stopping,
        Goal::Terminate if transition == 0 => Phase::Terminated,
        Goal::Terminate => Phase::ShuttingDown,
    }
}

fn wrong_state(instance: &Instance, done: &str) -> AwsError {
    let message = format!("The instance '{}' is not in a state from which it can be {done}.", instance.id);
    AwsError::sender(WRONG_STATE, message)
}

fn protected(instance: &Instance, done: &str, attribute: &str) -> AwsError {
    let message = format!(
        "The instance '{}' may not be {done}. Modify its '{attribute}' instance attribute and try again.",
        instance.id
    );
    AwsError::sender("OperationNotPermitted", message)
}
