//! Whether a trust policy lets somebody take a role on.
//!
//! Not here: identity policies, which would have their say as well.

use super::Caller;
use serde_json::Value;

/// What a trust policy says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Allowed,
    Denied,
    /// It depends on a condition that is not known here.
    Unknown(String),
}

/// Decides about `sts:AssumeRole` by a caller of the role's own account.
pub(super) fn decide(policy: &str, caller: &Caller, account: &str, external_id: Option<&str>) -> Decision {
    let document: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = each(&document["Statement"]);
    let mut decision = Decision::Denied;
    for statement in statements {
        if !names_action(statement) || !names_caller(statement, caller, account) {
            continue;
        }
        match conditions(statement, external_id) {
            Ok(false) => {}
            Ok(true) if statement["Effect"] == "Deny" => return Decision::Denied,
            Ok(true) => decision = Decision::Allowed,
            Err(unknown) => return Decision::Unknown(unknown),
        }
    }
    decision
}

/// The items of a list, or the one that stands for a list.
fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

fn names_action(statement: &Value) -> bool {
    let is_it = |action: &&Value| {
        let action = action.as_str().unwrap_or_default().to_ascii_lowercase();
        matches!(action.as_str(), "*" | "sts:*" | "sts:assume*" | "sts:assumerole" | "sts:assumerole*")
    };
    match statement.get("NotAction") {
        Some(excluded) => !each(excluded).iter().any(is_it),
        None => each(&statement["Action"]).iter().any(is_it),
    }
}

fn names_caller(statement: &Value, caller: &Caller, account: &str) -> bool {
    let root = format!("arn:aws:iam::{account}:root");
    // A role session is trusted by its own ARN or by that of its role.
    let role = caller.arn.split(':').next_back().and_then(|rest| rest.strip_prefix("assumed-role/"));
    let role = role.and_then(|rest| rest.split('/').next());
    let is_it = |principal: &Value| {
        let name = principal.as_str().unwrap_or_default();
        let is_role = role.is_some_and(|role| {
            name.starts_with(&format!("arn:aws:iam::{account}:role/")) && name.rsplit('/').next() == Some(role)
        });
        name == "*" || name == account || name == root || name == caller.arn || is_role
    };
    let of = |principal: &Value| match principal {
        Value::String(_) => is_it(principal),
        named => each(&named["AWS"]).into_iter().any(is_it),
    };
    match statement.get("NotPrincipal") {
        Some(excluded) => !of(excluded),
        None => statement.get("Principal").is_some_and(of),
    }
}

/// Tells whether all conditions hold.
fn conditions(statement: &Value, external_id: Option<&str>) -> Result<bool, String> {
    let Some(Value::Object(operators)) = statement.get("Condition") else { return Ok(true) };
    let mut all = true;
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else { return Err(operator.clone()) };
        for (key, values) in keys {
            let has = |wanted: &str| each(values).iter().any(|value| value.as_str() == Some(wanted));
            all &= match (operator.as_str(), key.to_ascii_lowercase().as_str()) {
                ("StringEquals", "sts:externalid") => external_id.is_some_and(has),
                ("StringNotEquals", "sts:externalid") => !external_id.is_some_and(has),
                // Nobody has a second factor here.
                ("Bool", "aws:multifactorauthpresent") => has("false"),
                ("BoolIfExists", "aws:multifactorauthpresent") => true,
                (operator, key) => return Err(format!("{operator} {key}")),
            };
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ACCOUNT: &str = "000000000000";

    fn caller(arn: &str) -> Caller {
        Caller { arn: arn.to_owned(), id: String::new(), user: None, is_owner: false, is_role: false }
    }

    fn decided(statement: &Value, arn: &str, external_id: Option<&str>) -> Decision {
        decide(&json!({ "Statement": statement }).to_string(), &caller(arn), ACCOUNT, external_id)
    }

    fn allow(principal: &Value) -> Value {
        json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" })
    }

    #[test]
    fn whom_it_names_may_and_others_may_not() {
        let user = "arn:aws:iam::000000000000:user/ann";
        let session = "arn:aws:sts::000000000000:assumed-role/worker/one";
        for (principal, arn, decision) in [
            (json!({ "AWS": "000000000000" }), user, Decision::Allowed),
            (json!({ "AWS": ["arn:aws:iam::000000000000:root"] }), user, Decision::Allowed),
            (json!({ "AWS": user }), user, Decision::Allowed),
            (json!({ "AWS": "arn:aws:iam::000000000000:user/bob" }), user, Decision::Denied),
            (json!("*"), user, Decision::Allowed),
            (json!({ "Service": "lambda.amazonaws.com" }), user, Decision::Denied),
            (json!({ "AWS": "arn:aws:iam::000000000000:role/service/worker" }), session, Decision::Allowed),
            (json!({ "AWS": "arn:aws:iam::111111111111:root" }), user, Decision::Denied),
        ] {
            assert_eq!(decided(&allow(&principal), arn, None), decision, "{principal}");
        }
    }

    #[test]
    fn a_denial_wins_and_a_condition_counts() {
        let user = "arn:aws:iam::000000000000:user/ann";
        let mut deny = allow(&json!("*"));
        deny["Effect"] = json!("Deny");
        assert_eq!(decided(&json!([allow(&json!("*")), deny]), user, None), Decision::Denied);
        let mut partner = allow(&json!("*"));
        partner["Condition"] = json!({ "StringEquals": { "sts:ExternalId": "x" } });
        assert_eq!(decided(&partner, user, None), Decision::Denied);
        assert_eq!(decided(&partner, user, Some("x")), Decision::Allowed);
        partner["Condition"] = json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } });
        assert_eq!(decided(&partner, user, None), Decision::Unknown("IpAddress aws:sourceip".to_owned()));
    }
}
