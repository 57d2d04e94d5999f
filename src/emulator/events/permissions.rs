//! The resource policies of buses: who but their owner may put events on them. There is one account here, which may always;
//! they are kept and shown. A statement that denies would have to be asked about the owner as well, which nothing here
//! does: it is refused.

use super::{
    invalid, not_found,
    rule::{Bus, BusReference, Plain, bus_arn},
};
use crate::{
    emulator::{
        policy::{Document, Use},
        service::{Operation, Output},
        wire::{AwsError, Text},
    },
    names,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The most bytes of a policy.
const MAX_POLICY: usize = 10_240;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    #[serde(default)]
    event_bus_name: BusReference,
    action: Option<Text<1, 64>>,
    principal: Option<Text<1, 12>>,
    statement_id: Option<Plain<64, false>>,
    condition: Option<Condition>,
    policy: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Condition {
    r#type: String,
    key: String,
    value: String,
}

impl Put {
    /// Makes the statement that is asked for by its parts.
    fn statement(&self, bus_arn: &str) -> Result<Value, AwsError> {
        let (Some(action), Some(principal), Some(id)) = (&self.action, &self.principal, &self.statement_id) else {
            return Err(invalid("Parameter(s) Policy, or Action, Principal and StatementId must be specified."));
        };
        if &**action != "events:PutEvents" {
            return Err(invalid("Provided value in parameter 'action' is not supported."));
        }
        let principal = match &**principal {
            "*" => json!("*"),
            account if names::is_account(account) => json!({ "AWS": format!("arn:aws:iam::{account}:root") }),
            _ => return Err(invalid("Provided value in parameter 'principal' is not valid.")),
        };
        let mut statement = json!({
            "Sid": id.as_str(), "Effect": "Allow", "Principal": principal, "Action": &**action, "Resource": bus_arn,
        });
        if let Some(Condition { r#type, key, value }) = &self.condition {
            if r#type != "StringEquals" || key != "aws:PrincipalOrgID" {
                return Err(invalid("Parameter Condition is not valid."));
            }
            statement["Condition"] = json!({ r#type: { key: value } });
        }
        Ok(statement)
    }
}

/// Reads a policy that is to stand in the place of all statements; one statement by itself is a list of one.
fn read(text: &str) -> Result<Value, AwsError> {
    let refused = |reason: String| invalid(format!("Parameter Policy is not valid. Reason: {reason}"));
    Document::parse(text, Use::Resource).map_err(|error| refused(error.to_string()))?;
    let mut policy: Value = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
    let statements = match policy["Statement"].take() {
        Value::Array(statements) => statements,
        one => vec![one],
    };
    if statements.iter().any(|statement| statement["Effect"] == "Deny") {
        return Err(AwsError::not_implemented("events", "PutPermission with a statement whose Effect is Deny"));
    }
    policy["Statement"] = statements.into();
    Ok(policy)
}

/// `PutPermission`: adds a statement, or puts it in the place of the one with its id; or a policy in the place of all.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Put>()?;
    let name = input.event_bus_name.name(scope.here()).to_owned();
    let whole = input.policy.as_deref().map(read).transpose()?;
    let arn = bus_arn(&scope, &name);
    let now = scope.now_millis();
    scope
        .change(|state| {
            state.events.check_bus(&name)?;
            let mut bus = state.events.buses.get(&name).cloned().unwrap_or_default();
            if let Some(policy) = whole {
                bus.policy = Some(policy);
            } else {
                let statement = input.statement(&arn)?;
                let policy = bus.policy.get_or_insert_with(|| json!({ "Version": "2012-10-17", "Statement": [] }));
                if let Some(statements) = policy["Statement"].as_array_mut() {
                    statements.retain(|old| old["Sid"] != statement["Sid"]);
                    statements.push(statement);
                }
            }
            if bus.policy.as_ref().is_some_and(|policy| policy.to_string().len() > MAX_POLICY) {
                let message = "The resource policy is larger than 10240 bytes.";
                return Err(AwsError::sender("PolicyLengthExceededException", message));
            }
            bus.modified = now;
            state.events.buses.insert(name, bus);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Remove {
    #[serde(default)]
    event_bus_name: BusReference,
    statement_id: Option<Plain<64, false>>,
    #[serde(default)]
    remove_all_permissions: bool,
}

/// `RemovePermission`.
pub(super) async fn remove(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Remove>()?;
    let name = input.event_bus_name.name(scope.here()).to_owned();
    let now = scope.now_millis();
    scope
        .change(|state| {
            state.events.check_bus(&name)?;
            let absent = || not_found("Statement with the provided id does not exist.");
            let bus = state.events.buses.get_mut(&name);
            if input.remove_all_permissions {
                if let Some(bus) = bus {
                    (bus.policy, bus.modified) = (None, now);
                }
                return Ok(());
            }
            let id = input.statement_id.as_ref().map(Plain::as_str);
            let id = id.ok_or_else(|| invalid("Parameter StatementId or RemoveAllPermissions must be specified."))?;
            let bus = bus.ok_or_else(absent)?;
            bus.remove_statement(id).ok_or_else(absent)?;
            bus.modified = now;
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

impl Bus {
    /// Removes the statement of this id, and the policy with the last one; none where there is no such statement.
    fn remove_statement(&mut self, id: &str) -> Option<()> {
        let statements = self.policy.as_mut()?["Statement"].as_array_mut()?;
        let before = statements.len();
        statements.retain(|statement| statement["Sid"] != id);
        let (after, is_empty) = (statements.len(), statements.is_empty());
        if is_empty {
            self.policy = None;
        }
        (after < before).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(effect: &str) -> Value {
        json!({ "Version": "2012-10-17", "Statement": {
            "Sid": "s", "Effect": effect, "Principal": "*", "Action": "events:PutEvents",
            "Resource": "arn:aws:events:us-east-1:000000000000:event-bus/default",
        } })
    }

    #[test]
    fn a_policy_is_one_and_denies_nothing() {
        let allowed = policy("Allow");
        assert_eq!(read(&allowed.to_string()).unwrap()["Statement"], json!([allowed["Statement"]]));
        let denied = read(&policy("Deny").to_string()).unwrap_err();
        assert!(denied.code == "NotImplemented" && denied.message.contains("Deny"), "{}", denied.message);
        let unclear = policy("Perhaps").to_string();
        for bad in ["", "[]", r#"{"Statement":[]}"#, unclear.as_str()] {
            let refused = read(bad).unwrap_err();
            assert_eq!(refused.code, "ValidationException", "{bad}");
            assert!(refused.message.starts_with("Parameter Policy is not valid."), "{}", refused.message);
        }
    }
}
