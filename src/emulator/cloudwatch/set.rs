//! What is done to an alarm from outside: its state is set, its actions are switched on and off.

use super::{
    action::Change,
    alarm::{Condition, StateValue, no_alarm},
    alarms::Names,
    composite::follow,
    input,
    transition::{apply, perform},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, Text},
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SetState {
    alarm_name: Text<1, 255>,
    state_value: StateValue,
    state_reason: Text<0, 1023>,
    state_reason_data: Option<Text<0, 4000>>,
}

/// `SetAlarmState`: until the next evaluation says otherwise. What is to happen in the state happens.
pub(super) async fn state(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<SetState>(operation)?;
    let data = input.state_reason_data.map(String::from);
    if data.as_deref().is_some_and(|data| serde_json::from_str::<Value>(data).is_err()) {
        return Err(AwsError::sender("InvalidFormat", "The StateReasonData was not correctly formatted JSON."));
    }
    let (name, now) = (String::from(input.alarm_name), scope.now_millis());
    let changes = scope
        .change(|state| {
            let state = &mut state.cloudwatch;
            let old = &state.core(&name).ok_or_else(|| no_alarm(&name))?.condition;
            let transitioned = if old.value == input.state_value { old.transitioned } else { now };
            let reason = input.state_reason.into();
            let condition = Condition { value: input.state_value, reason, data, updated: now, transitioned };
            let mut changes: Vec<Change> = apply(state, &name, condition).into_iter().collect();
            follow(state, scope.here(), &mut changes, now);
            Ok::<_, AwsError>(changes)
        })
        .await?;
    for change in &changes {
        perform(scope.context, scope.functions, scope.region, change).await;
    }
    Ok(Output::Done)
}

/// `EnableAlarmActions` and `DisableAlarmActions`: of those that are there.
pub(super) async fn switch(operation: Operation<'_>, is_on: bool) -> Result<Output, AwsError> {
    let (input, scope) = input::<Names>(operation)?;
    let names = input.checked()?;
    scope
        .change(|state| {
            for name in names {
                if let Some(alarm) = state.cloudwatch.core_mut(&name) {
                    alarm.actions_enabled = is_on;
                }
            }
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(Output::Done)
}
