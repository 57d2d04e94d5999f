//! Patch operations: changes of single members, all values as texts, as API Gateway's `Update…` calls send them.
//!
//! A patch is applied to the JSON form of a settings type and read back as an input is, so a member that does not exist,
//! or a text that is no number where one is wanted, is refused by the type itself.

use super::error::bad_request;
use crate::emulator::wire::{AwsError, Fault, members};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// The body of every `Update…` call.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Patch {
    patch_operations: Vec<PatchOperation>,
}

/// One change.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PatchOperation {
    op: String,
    #[serde(default)]
    path: String,
    value: Option<String>,
    from: Option<String>,
}

/// The name that a part of a path means.
pub(super) fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

impl Patch {
    /// One of operations that were read already.
    pub(super) fn of(patch_operations: Vec<PatchOperation>) -> Self {
        Self { patch_operations }
    }

    /// Refuses a patch of anything but these members, or of what is in them.
    pub(super) fn only(&self, members: &[&str]) -> Result<(), AwsError> {
        let is_known = |operation: &PatchOperation| {
            let first = operation.path.strip_prefix('/').unwrap_or_default().split('/').next();
            first.is_some_and(|first| members.contains(&first))
        };
        match self.patch_operations.iter().find(|operation| !is_known(operation)) {
            Some(PatchOperation { path, op, .. }) => Err(bad_request(format!(
                "Invalid patch path  '{path}' specified for op '{op}'. Must be one of: [{}]",
                members.iter().map(|member| format!("/{member}")).collect::<Vec<_>>().join(", ")
            ))),
            None => Ok(()),
        }
    }

    /// The operations that `take` does not take.
    pub(super) fn without(
        &self,
        mut take: impl FnMut(&PatchOperation) -> Result<bool, AwsError>,
    ) -> Result<Self, AwsError> {
        let mut rest = Vec::new();
        for operation in &self.patch_operations {
            if !take(operation)? {
                rest.push(operation.clone());
            }
        }
        Ok(Self { patch_operations: rest })
    }

    /// Applies all operations or none.
    pub(super) fn apply<T: Serialize + DeserializeOwned>(&self, settings: &T) -> Result<T, AwsError> {
        let mut value = serde_json::to_value(settings).map_err(|error| AwsError::internal(error.to_string()))?;
        for operation in &self.patch_operations {
            operation.apply(&mut value)?;
        }
        let members = value.as_object().ok_or_else(|| AwsError::internal("Settings are no object."))?;
        members::read(members).map_err(|fault| match fault {
            Fault::Unknown(member) => bad_request(format!("Invalid patch path '/{}'.", member.replace('.', "/"))),
            fault => bad_request(format!("Invalid patch value: {fault}")),
        })
    }
}

impl PatchOperation {
    /// `add`, `remove`, `replace`, `copy`, `move` or `test`.
    pub(super) fn op(&self) -> &str {
        &self.op
    }

    /// What is changed (`/quota/limit`).
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Where a `copy` comes from.
    pub(super) fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    fn apply(&self, settings: &mut Value) -> Result<(), AwsError> {
        let invalid = || bad_request(format!("Invalid patch path  '{}' specified for op '{}'.", self.path, self.op));
        // The only path of three parts: which kind an endpoint is instead of another.
        if let ("replace", Some(old)) = (self.op.as_str(), self.path.strip_prefix("/endpointConfiguration/types/")) {
            let types = settings["endpointConfiguration"]["types"].as_array_mut().ok_or_else(invalid)?;
            let known = types.iter_mut().find(|kind| kind.as_str() == Some(old)).ok_or_else(invalid)?;
            *known = self.text()?.into();
            return Ok(());
        }
        let mut names = self.path.split('/').skip(1).map(unescaped);
        let (first, second) = (names.next().ok_or_else(invalid)?, names.next());
        if names.next().is_some() || !matches!(self.op.as_str(), "add" | "replace" | "remove") {
            return Err(invalid());
        }
        // A number that may be absent: no text at all takes it away.
        let is_size = first == "minimumCompressionSize" && self.op != "remove";
        if let (true, None, Some(text)) = (is_size, &second, self.value.as_deref()) {
            settings[&first] = if text.is_empty() { Value::Null } else { number(text) };
            return Ok(());
        }
        // What is not there yet may be a member all the same: the type tells, when it is read.
        let member = settings.as_object_mut().ok_or_else(invalid)?.entry(first).or_insert(Value::Null);
        match (second, self.op.as_str()) {
            (Some(name), "remove") => remove(member, &name),
            (Some(name), _) => self.set(member, name),
            (None, "remove") if member.is_array() => remove(member, self.value.as_deref().unwrap_or_default()),
            (None, "remove") => *member = Value::Null,
            (None, _) => match member {
                Value::Array(list) => push(list, self.text()?),
                member => *member = typed(member, self.text()?),
            },
        }
        Ok(())
    }

    /// Sets a member of an object, or adds an item that is named by the path itself.
    fn set(&self, member: &mut Value, name: String) {
        match member {
            Value::Array(list) => push(list, &name),
            member => {
                if !member.is_object() {
                    *member = Value::Object(Map::new());
                }
                let text = self.value.as_deref().unwrap_or_default();
                let old = &member[name.as_str()];
                // The members of `throttle` and `quota` are numbers, and absent before they are first set.
                let is_number = matches!(name.as_str(), "rateLimit" | "burstLimit" | "limit" | "offset");
                // Whether a parameter must be there is a boolean.
                let is_flag = name.starts_with("method.") && matches!(text, "true" | "false");
                let new = match text {
                    text if is_number => number(text),
                    text if is_flag => (text == "true").into(),
                    text => typed(old, text),
                };
                member[name] = new;
            }
        }
    }

    /// The new value.
    pub(super) fn text(&self) -> Result<&str, AwsError> {
        self.value.as_deref().ok_or_else(|| bad_request("Invalid patch: a value is missing"))
    }
}

fn push(list: &mut Vec<Value>, text: &str) {
    if !list.iter().any(|item| item == text) {
        list.push(text.into());
    }
}

fn remove(member: &mut Value, name: &str) {
    match member {
        Value::Array(list) => list.retain(|item| item != name),
        Value::Object(members) => {
            members.remove(name);
        }
        _ => {}
    }
}

/// Reads a text as the type that the member has now; an absent one may be a number.
fn typed(old: &Value, text: &str) -> Value {
    match (old, text) {
        (Value::Bool(_), "true") => true.into(),
        (Value::Bool(_), "false") => false.into(),
        (Value::Number(_), text) => number(text),
        _ => text.into(),
    }
}

fn number(text: &str) -> Value {
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(whole), _) => whole.into(),
        (_, Ok(fraction)) => fraction.into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Settings {
        name: String,
        enabled: bool,
        types: Vec<String>,
        throttle: Option<Throttle>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Throttle {
        rate_limit: f64,
    }

    fn patched(operations: &Value) -> Result<Settings, AwsError> {
        let patch: Patch = serde_json::from_value(json!({ "patchOperations": operations })).unwrap();
        patch.apply(&Settings { name: "a".into(), enabled: false, types: vec!["x/y".into()], throttle: None })
    }

    #[test]
    fn texts_become_what_the_member_is() {
        let operations = json!([
            { "op": "replace", "path": "/name", "value": "b" },
            { "op": "replace", "path": "/enabled", "value": "true" },
            { "op": "add", "path": "/types/image~1png" },
            { "op": "remove", "path": "/types/x~1y" },
            { "op": "replace", "path": "/throttle/rateLimit", "value": "1.5" },
        ]);
        let settings = patched(&operations).unwrap();
        assert_eq!((settings.name.as_str(), settings.enabled), ("b", true));
        assert_eq!(settings.types, ["image/png"]);
        assert_eq!(settings.throttle, Some(Throttle { rate_limit: 1.5 }));
    }

    #[test]
    fn what_does_not_exist_or_does_not_fit_is_refused() {
        for operation in [
            json!({ "op": "replace", "path": "/nothing", "value": "b" }),
            json!({ "op": "replace", "path": "", "value": "b" }),
            json!({ "op": "replace", "path": "/name" }),
            json!({ "op": "remove", "path": "/name" }),
            json!({ "op": "test", "path": "/name", "value": "a" }),
            json!({ "op": "replace", "path": "/enabled", "value": "maybe" }),
            json!({ "op": "replace", "path": "/throttle/colour", "value": "red" }),
        ] {
            assert_eq!(patched(&json!([operation])).unwrap_err().code, "BadRequestException");
        }
    }
}
