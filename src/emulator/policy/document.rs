//! Policy documents: what is none is refused in the words of IAM, what is one becomes closed types.

use super::{
    condition::Condition,
    keys::Keys,
    operator::Operator,
    pattern::Pattern,
    principal::{Name, Principals},
};
use serde_json::{Map, Value};

/// Where a document is used; the uses have different members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Who may take a role on: has a principal, has no resource.
    Trust,
    /// What an identity may do: has resources, has no principal.
    Identity,
    /// What may be done with a resource, and by whom: has both.
    Resource,
}

/// Why a text is no policy, as IAM says it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// A policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    pub(super) statements: Vec<Statement>,
}

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) id: Option<String>,
    pub(super) effect: Effect,
    /// Whom it is about; `None` is whoever has the policy.
    pub(super) principals: Option<Principals>,
    pub(super) actions: Listed,
    /// What it is about; `None` is what has the policy.
    pub(super) resources: Option<Listed>,
    pub(super) conditions: Vec<Condition>,
}

/// What a statement lists, or all but that (`NotAction`, `NotResource`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    negated: bool,
    patterns: Vec<Pattern>,
}

impl Listed {
    /// Whether a text is meant; actions have no case.
    pub(super) fn has_action(&self, action: &str) -> bool {
        let none = Keys::default();
        self.patterns.iter().any(|pattern| pattern.matches_any_case(action, &none)) != self.negated
    }

    pub(super) fn has_resource(&self, resource: &str, keys: &Keys) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(resource, keys)) != self.negated
    }
}

/// What a statement can have.
const MEMBERS: [&str; 9] =
    ["Action", "Condition", "Effect", "NotAction", "NotPrincipal", "NotResource", "Principal", "Resource", "Sid"];

impl Document {
    /// Reads a policy.
    ///
    /// # Errors
    /// What is wrong with it, in the words of IAM.
    pub fn parse(text: &str, used: Use) -> Result<Self, Malformed> {
        let Ok(Value::Object(document)) = serde_json::from_str(text) else {
            return Err(malformed("This policy contains invalid Json"));
        };
        if document.keys().any(|key| !matches!(key.as_str(), "Id" | "Statement" | "Version")) {
            return Err(syntax());
        }
        let has_variables = match document.get("Version").map(Value::as_str) {
            None | Some(Some("2008-10-17")) => false,
            Some(Some("2012-10-17")) => true,
            Some(_) => return Err(malformed("The policy must contain a valid version string")),
        };
        let statements: Vec<&Map<String, Value>> = match document.get("Statement") {
            Some(Value::Object(statement)) => vec![statement],
            Some(Value::Array(statements)) if !statements.is_empty() => {
                statements.iter().map(|statement| statement.as_object().ok_or_else(syntax)).collect::<Result<_, _>>()?
            }
            _ => return Err(syntax()),
        };
        let read = |statement: &&Map<String, Value>| Statement::parse(statement, used, has_variables);
        let statements = statements.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut ids: Vec<&str> = statements.iter().filter_map(|statement| statement.id.as_deref()).collect();
        ids.retain(|id| !id.is_empty());
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
        }
        Ok(Self { statements })
    }

    /// Writes short forms of resources out (`execute-api:/dev/*`), as who keeps the policy means them.
    #[must_use]
    pub fn with_resources(mut self, write_out: impl Fn(&str) -> Option<String>) -> Self {
        for listed in self.statements.iter_mut().filter_map(|statement| statement.resources.as_mut()) {
            for pattern in &mut listed.patterns {
                if let Some(whole) = write_out(pattern.text()) {
                    *pattern = Pattern::new(&whole, true);
                }
            }
        }
        self
    }
}

impl Statement {
    fn parse(statement: &Map<String, Value>, used: Use, has_variables: bool) -> Result<Self, Malformed> {
        if statement.keys().any(|key| !MEMBERS.contains(&key.as_str())) {
            return Err(syntax());
        }
        let id = sid(statement, used)?;
        let effect = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err(syntax()),
        };
        let actions = either(statement, "Action", "NotAction", false)?
            .ok_or_else(|| malformed("Policy statement must contain actions."))?;
        check_actions(&actions, used)?;
        let conditions = conditions(statement.get("Condition"), used, has_variables)?;
        let has_principal = statement.contains_key("Principal") != statement.contains_key("NotPrincipal");
        let names_nobody = !statement.contains_key("Principal") && !statement.contains_key("NotPrincipal");
        let resources = either(statement, "Resource", "NotResource", has_variables)?;
        match used {
            Use::Trust if !has_principal => return Err(malformed("AssumeRole policy must contain a principal.")),
            Use::Trust if resources.is_some() => return Err(malformed("Has prohibited field Resource")),
            Use::Identity if !names_nobody => {
                return Err(malformed("Policy document should not specify a principal."));
            }
            Use::Resource if !has_principal => return Err(malformed("Missing required field Principal")),
            Use::Identity | Use::Resource => match &resources {
                None => return Err(malformed("Policy statement must contain resources.")),
                Some(resources) if used == Use::Identity => check_resources(resources)?,
                Some(_) => {}
            },
            Use::Trust => {}
        }
        let principals = if names_nobody { None } else { Some(principals(statement)?) };
        Ok(Self { id, effect, principals, actions, resources, conditions })
    }
}

fn sid(statement: &Map<String, Value>, used: Use) -> Result<Option<String>, Malformed> {
    let Some(id) = statement.get("Sid") else { return Ok(None) };
    let id = id.as_str().ok_or_else(syntax)?;
    // A trust policy's may have any letters.
    if used == Use::Identity && !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(malformed(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
             [0-9A-Za-z]*",
        ));
    }
    Ok(Some(id.to_owned()))
}

/// What one of two members lists; both at once is malformed.
fn either(
    statement: &Map<String, Value>,
    member: &str,
    negation: &str,
    has_variables: bool,
) -> Result<Option<Listed>, Malformed> {
    let (value, negated) = match (statement.get(member), statement.get(negation)) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) if member == "Action" => return Err(malformed("Policy statement must contain actions.")),
        (Some(_), Some(_)) => return Err(malformed("Policy statement must contain resources.")),
        (Some(value), None) => (value, false),
        (None, Some(value)) => (value, true),
    };
    let patterns = texts(value)?.into_iter().map(|text| Pattern::new(text, has_variables)).collect();
    Ok(Some(Listed { negated, patterns }))
}

fn check_actions(actions: &Listed, used: Use) -> Result<(), Malformed> {
    if actions.patterns.is_empty() {
        return Err(malformed("Policy statement must contain actions."));
    }
    for action in actions.patterns.iter().map(Pattern::text) {
        match action.split_once(':') {
            None if action != "*" => return Err(no_vendor()),
            // Everything of every service, in more letters.
            Some(("*", "*")) if used != Use::Trust => {}
            Some((vendor, name)) if vendor.is_empty() || name.is_empty() || !is_vendor(vendor) => {
                return Err(malformed(&format!("Vendor {vendor} is not valid")));
            }
            Some((vendor, name)) if used == Use::Trust && !is_of_trust(vendor, name) => {
                return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
            }
            None if used == Use::Trust => {
                return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_vendor(vendor: &str) -> bool {
    vendor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

/// Whether an action is one that a trust policy is about.
fn is_of_trust(vendor: &str, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let starts = ["assumerole", "setcontext", "setsourceidentity", "tagsession"];
    vendor.eq_ignore_ascii_case("sts") && (name == "*" || starts.iter().any(|start| name.starts_with(start)))
}

fn check_resources(resources: &Listed) -> Result<(), Malformed> {
    if resources.patterns.is_empty() {
        return Err(malformed("Policy statement must contain resources."));
    }
    match resources
        .patterns
        .iter()
        .map(Pattern::text)
        .find(|resource| *resource != "*" && !resource.starts_with("arn:"))
    {
        Some(resource) => Err(malformed(&format!("Resource {resource} must be in ARN format or \"*\"."))),
        None => Ok(()),
    }
}

fn conditions(value: Option<&Value>, used: Use, has_variables: bool) -> Result<Vec<Condition>, Malformed> {
    let operators = match value {
        None => return Ok(Vec::new()),
        Some(Value::Object(operators)) => operators,
        Some(_) => return Err(syntax()),
    };
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        let operator = || Operator::parse(name).ok_or_else(|| malformed(&format!("Invalid Condition type : {name}.")));
        for (key, values) in keys.as_object().ok_or_else(syntax)? {
            // An identity's may ask about what no request has.
            if used != Use::Identity && !key.contains(':') {
                return Err(no_vendor());
            }
            let values = match values {
                Value::Array(values) => values.iter().collect(),
                one => vec![one],
            };
            let values = values.into_iter().map(|value| match value {
                Value::String(text) => Ok(Pattern::new(text, has_variables)),
                Value::Bool(_) | Value::Number(_) => Ok(Pattern::literal(&value.to_string())),
                _ => Err(syntax()),
            });
            let values = values.collect::<Result<_, _>>()?;
            conditions.push(Condition { operator: operator()?, key: key.clone(), values });
        }
    }
    Ok(conditions)
}

fn principals(statement: &Map<String, Value>) -> Result<Principals, Malformed> {
    let negated = statement.contains_key("NotPrincipal");
    let value = statement.get(if negated { "NotPrincipal" } else { "Principal" });
    let names = match value {
        Some(Value::String(anybody)) if anybody == "*" => vec![Name::Anybody],
        Some(Value::Object(sorts)) if !sorts.is_empty() => {
            let mut names = Vec::new();
            for (sort, values) in sorts {
                for name in texts(values)? {
                    names.push(match sort.as_str() {
                        "AWS" if name == "*" => Name::Anybody,
                        "AWS" => Name::Aws(name.to_owned()),
                        "Service" => Name::Service(name.to_owned()),
                        "Federated" | "CanonicalUser" => Name::Federated(name.to_owned()),
                        _ => return Err(syntax()),
                    });
                }
            }
            names
        }
        _ => return Err(malformed("Invalid principal in policy.")),
    };
    Ok(Principals { negated, names })
}

/// The texts of a list, or the one that stands for a list.
fn texts(value: &Value) -> Result<Vec<&str>, Malformed> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().ok_or_else(syntax)).collect(),
        one => Ok(vec![one.as_str().ok_or_else(syntax)?]),
    }
}

fn no_vendor() -> Malformed {
    malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
}

fn syntax() -> Malformed {
    malformed("Syntax errors in policy.")
}

fn malformed(message: &str) -> Malformed {
    Malformed(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn said(statement: &Value, used: Use) -> Option<String> {
        let document = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        Document::parse(&document, used).err().map(|malformed| malformed.0)
    }

    #[test]
    fn an_action_is_of_one_service_or_of_all() {
        let of = |action: &str, used: Use| {
            let mut statement = json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
            if used == Use::Resource {
                statement["Principal"] = json!("*");
            }
            said(&statement, used)
        };
        for used in [Use::Identity, Use::Resource] {
            assert_eq!((of("*", used), of("*:*", used), of("ec2:*", used)), (None, None, None));
            assert_eq!(of("*:Run*", used).as_deref(), Some("Vendor * is not valid"));
        }
        let trust = json!({ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "*:*" });
        assert!(said(&trust, Use::Trust).is_some());
    }

    #[test]
    fn conditions_and_principals_that_cannot_be_are_named() {
        let with = |member: &str, value: Value| {
            let mut statement = json!({ "Effect": "Allow", "Action": "ec2:*", "Resource": "*" });
            statement[member] = value;
            statement
        };
        let identity = |condition: Value| said(&with("Condition", condition), Use::Identity);
        assert_eq!(
            identity(json!({ "StringEqual": { "aws:a": "b" } })).as_deref(),
            Some("Invalid Condition type : StringEqual.")
        );
        assert_eq!(identity(json!({ "StringEquals": { "a": "b" }, "StringEqual": {} })), None);
        for bad in [json!("x"), json!({ "Bool": "true" }), json!({ "Bool": { "aws:a": null } })] {
            assert_eq!(identity(bad).as_deref(), Some("Syntax errors in policy."));
        }
        assert_eq!(identity(json!({ "Bool": { "aws:a": true }, "NumericLessThan": { "s3:max-keys": 5 } })), None);
        let mut of_resource = with("Principal", json!("*"));
        of_resource["Condition"] = json!({ "StringEquals": { "a": "b" } });
        let vendor = Some("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
        assert_eq!(said(&of_resource, Use::Resource).as_deref(), vendor);
        let resource = |principal: Value| said(&with("Principal", principal), Use::Resource);
        assert_eq!(resource(json!("ann")).as_deref(), Some("Invalid principal in policy."));
        assert_eq!(resource(json!({ "AWS": ["*"], "Service": "lambda.amazonaws.com" })), None);
        assert_eq!(said(&with("Sid", json!("a")), Use::Resource).as_deref(), Some("Missing required field Principal"));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_a_document_or_malformed(text in ".{0,200}") {
            for used in [Use::Trust, Use::Identity, Use::Resource] {
                if let Err(malformed) = Document::parse(&text, used) {
                    prop_assert!(!malformed.0.is_empty());
                }
            }
        }
    }
}
