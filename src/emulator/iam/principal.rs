//! Whom a trust policy names: forms that can be somebody, and of this account only those who exist.

use super::{State, document::malformed};
use crate::{
    emulator::wire::AwsError,
    names::{is_account, is_kebab},
};
use serde_json::Value;

impl State {
    /// Refuses a trust policy that names nobody.
    ///
    /// # Errors
    /// `MalformedPolicyDocument`, with the principal.
    pub(super) fn check_principals(&self, trust: &str, account: &str) -> Result<(), AwsError> {
        let document: Value = serde_json::from_str(trust).unwrap_or_default();
        let statements = match &document["Statement"] {
            Value::Array(statements) => statements.iter().collect(),
            one => vec![one],
        };
        for statement in statements {
            for member in ["Principal", "NotPrincipal"] {
                match statement.get(member) {
                    None => {}
                    Some(Value::String(anybody)) if anybody == "*" => {}
                    Some(Value::Object(named)) if !named.is_empty() => {
                        named.iter().try_for_each(|(sort, names)| self.check_names(sort, names, account))?;
                    }
                    Some(_) => return Err(malformed("Invalid principal in policy.")),
                }
            }
        }
        Ok(())
    }

    fn check_names(&self, sort: &str, names: &Value, account: &str) -> Result<(), AwsError> {
        let names = match names {
            Value::Array(names) if names.is_empty() => return Err(malformed("Missing required field Principal")),
            Value::Array(names) => names.iter().collect(),
            one => vec![one],
        };
        for name in names {
            let name = name.as_str().ok_or_else(|| malformed("Syntax errors in policy."))?;
            let is_valid = match sort {
                "AWS" => self.is_somebody(name, account),
                "Federated" => !name.is_empty(),
                "Service" => is_service(name),
                _ => return Err(malformed("Syntax errors in policy.")),
            };
            if !is_valid {
                let sort = if sort == "Service" { "SERVICE" } else { sort };
                return Err(malformed(&format!("Invalid principal in policy: \"{sort}\":\"{name}\"")));
            }
        }
        Ok(())
    }

    /// Whether a text can be whom a permission is given to: anybody, an account, an identity, a service. An identity of
    /// this account must exist.
    pub(in crate::emulator) fn is_principal(&self, name: &str, account: &str) -> bool {
        self.is_somebody(name, account) || is_service(name)
    }

    /// Whether a text names an account or an identity; one of this account must exist.
    fn is_somebody(&self, name: &str, account: &str) -> bool {
        if name == "*" || is_account(name) {
            return true;
        }
        let mut parts = name.splitn(6, ':');
        let (Some("arn"), Some(partition), Some(service), Some(""), Some(owner), Some(resource)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        if !partition.starts_with("aws") || !is_account(owner) {
            return false;
        }
        let last = resource.rsplit('/').next().unwrap_or_default();
        match (service, resource.split('/').next().unwrap_or_default()) {
            ("iam", "root") => resource == "root",
            ("iam", "role") if owner == account => self.has_role(name, account),
            ("iam", "user") if owner == account => self.users.get(last).is_some_and(|user| user.arn(account) == name),
            ("iam", "role" | "user") | ("sts", "assumed-role" | "federated-user") => !last.is_empty(),
            _ => false,
        }
    }
}

/// Whether a text has the form of a service's name.
fn is_service(name: &str) -> bool {
    let label = |label: &str| !label.is_empty() && is_kebab(label);
    let rest = [".amazonaws.com", ".amazon.com", ".amazonaws.com.cn", ".aws.internal", ".aws.com"];
    let rest = rest.into_iter().find_map(|end| name.strip_suffix(end));
    rest.is_some_and(|rest| rest.split('.').all(label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn checked(principal: &Value) -> Result<(), String> {
        let trust = json!({ "Statement": [{ "Principal": principal }] }).to_string();
        State::default().check_principals(&trust, "000000000000").map_err(|error| error.message)
    }

    #[test]
    fn a_principal_can_be_somebody() {
        for principal in [
            json!("*"),
            json!({ "AWS": "*" }),
            json!({ "AWS": ["111111111111", "arn:aws:iam::000000000000:root"] }),
            json!({ "AWS": "arn:aws:iam::111111111111:role/x" }),
            json!({ "Service": ["lambda.amazonaws.com", "logs.eu-west-1.amazonaws.com"] }),
            json!({ "Federated": "cognito-identity.amazonaws.com" }),
        ] {
            assert_eq!(checked(&principal), Ok(()), "{principal}");
        }
    }

    #[test]
    fn what_cannot_be_anybody_is_named() {
        let said = |sort: &str, name: &str| Err(format!("Invalid principal in policy: \"{sort}\":\"{name}\""));
        assert_eq!(checked(&json!({ "Service": "lambda" })), said("SERVICE", "lambda"));
        for name in ["ann", "", "arn:aws:iam::000000000000:role/none", "arn:aws:s3:::bucket", "1234"] {
            assert_eq!(checked(&json!({ "AWS": name })), said("AWS", name));
        }
        assert!(checked(&json!("ann")).is_err() && checked(&json!({ "Person": "ann" })).is_err());
    }
}
