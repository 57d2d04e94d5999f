//! Patch operations: changes of single members, all values as texts, as API Gateway's `Update…` calls send them.
//!
//! A patch is applied to the JSON form of a settings type and read back as an input is, so a member that does not exist,
//! or a text that is no number where one is wanted, is refused by the type itself.

use super::{
    constraints,
    error::{bad_request, not_found},
};
use crate::emulator::{
    service::{Operation, Scope},
    wire::{AwsError, Fault, members},
};
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

/// What an `Update…` call takes whose things have maps: the members that are replaced as a whole, and the maps and lists
/// whose entries come and go one by one.
pub(super) struct Paths {
    pub(super) members: &'static [&'static str],
    pub(super) maps: &'static [&'static str],
    pub(super) lists: &'static [&'static str],
}

/// Reads the input of an `Update…` call.
pub(super) fn inputs<P: DeserializeOwned>(operation: Operation<'_>) -> Result<(P, Patch, Scope<'_>), AwsError> {
    constraints::check(&operation)?;
    operation.inputs()
}

impl Patch {
    /// One of operations that were read already.
    pub(super) fn of(patch_operations: Vec<PatchOperation>) -> Self {
        Self { patch_operations }
    }

    /// Its operations in their order.
    pub(super) fn operations(&self) -> impl Iterator<Item = &PatchOperation> {
        self.patch_operations.iter()
    }

    /// Refuses a patch of anything but these members, or of what is in them.
    pub(super) fn only(&self, members: &[&str]) -> Result<(), AwsError> {
        self.patch_operations.iter().try_for_each(|operation| operation.only(members))
    }

    /// The same of things whose members are replaced and nothing else.
    pub(super) fn replaces(&self, members: &[&str]) -> Result<(), AwsError> {
        self.patch_operations.iter().try_for_each(|operation| match operation {
            PatchOperation { op, path, .. } if op != "replace" => Err(bad_request(format!(
                "Invalid patch path  '{path}' specified for op '{op}'. Please choose supported operations"
            ))),
            operation => operation.only(members),
        })
    }

    /// Gives the description of what has nothing else to change.
    pub(super) fn described(&self, description: Option<String>) -> Result<Option<String>, AwsError> {
        #[derive(Serialize, Deserialize)]
        struct Described {
            description: Option<String>,
        }
        self.replaces(&["description"])?;
        Ok(self.apply(&Described { description })?.description)
    }

    /// Applies all operations or none.
    pub(super) fn apply<T: Serialize + DeserializeOwned>(&self, settings: &T) -> Result<T, AwsError> {
        self.applied(settings, |_, _| Ok(()))
    }

    /// The same, of what has these paths.
    pub(super) fn apply_to<T: Serialize + DeserializeOwned>(&self, settings: &T, paths: &Paths) -> Result<T, AwsError> {
        self.applied(settings, |operation, value| paths.check(operation, value))
    }

    fn applied<T: Serialize + DeserializeOwned>(
        &self,
        settings: &T,
        check: impl Fn(&PatchOperation, &Value) -> Result<(), AwsError>,
    ) -> Result<T, AwsError> {
        let mut value = serde_json::to_value(settings).map_err(|error| AwsError::internal(error.to_string()))?;
        for operation in &self.patch_operations {
            check(operation, &value)?;
            operation.apply(&mut value)?;
        }
        let members = value.as_object().ok_or_else(|| AwsError::internal("Settings are no object."))?;
        members::read(members).map_err(|fault| match fault {
            Fault::Unknown(member) => bad_request(format!("Invalid patch path '/{}'.", member.replace('.', "/"))),
            fault => bad_request(format!("Invalid patch value: {fault}")),
        })
    }

    /// The same, but for the operations that `take` takes: each finds what those before it made.
    pub(super) fn apply_but<T: Serialize + DeserializeOwned>(
        &self,
        mut settings: T,
        mut take: impl FnMut(&mut T, &PatchOperation) -> Result<bool, AwsError>,
    ) -> Result<T, AwsError> {
        for operation in &self.patch_operations {
            if !take(&mut settings, operation)? {
                settings = Self::of(vec![operation.clone()]).apply(&settings)?;
            }
        }
        Ok(settings)
    }
}

impl Paths {
    fn check(&self, operation: &PatchOperation, settings: &Value) -> Result<(), AwsError> {
        let parts: Vec<_> = operation.path.split('/').skip(1).map(unescaped).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match *parts.as_slice() {
            [member] if self.members.contains(&member) => operation.must_replace(),
            [list, ..] if self.lists.contains(&list) => Ok(()),
            [map, name] if self.maps.contains(&map) => {
                if operation.op == "add" || settings[map].get(name).is_some() {
                    return Ok(());
                }
                // Parameters have names, models and templates the types of what they are for.
                let is_parameter = map.ends_with("Parameters");
                Err(not_found(if is_parameter { NO_PARAMETER } else { "Content-Type specified was not found" }))
            }
            _ => Err(operation.invalid_path()),
        }
    }
}

const NO_PARAMETER: &str = "Invalid parameter name specified";

impl PatchOperation {
    /// Refuses what is not within these members.
    fn only(&self, members: &[&str]) -> Result<(), AwsError> {
        let Self { path, op, .. } = self;
        let first = path.strip_prefix('/').unwrap_or_default().split('/').next();
        if first.is_some_and(|first| members.contains(&first)) {
            return Ok(());
        }
        Err(bad_request(format!(
            "Invalid patch path  '{path}' specified for op '{op}'. Must be one of: [{}]",
            members.iter().map(|member| format!("/{member}")).collect::<Vec<_>>().join(", ")
        )))
    }

    /// Refuses what is not replaced.
    pub(super) fn must_replace(&self) -> Result<(), AwsError> {
        let refused = || bad_request("Invalid patch operation specified. Must be one of: [replace]");
        if self.op == "replace" { Ok(()) } else { Err(refused()) }
    }

    /// That there is no such path.
    pub(super) fn invalid_path(&self) -> AwsError {
        let path = if self.path.is_empty() { "null" } else { &self.path };
        bad_request(format!("Invalid patch path {path}"))
    }

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

    /// The new value, where there is one.
    pub(super) fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    fn apply(&self, settings: &mut Value) -> Result<(), AwsError> {
        let invalid = || bad_request(format!("Invalid patch path  '{}' specified for op '{}'.", self.path, self.op));
        let mut names = self.path.split('/').skip(1).map(unescaped);
        let (first, second) = (names.next().ok_or_else(invalid)?, names.next());
        if names.next().is_some() || !matches!(self.op.as_str(), "add" | "replace" | "remove") {
            return Err(invalid());
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
                // A flag that is not said to be true is not.
                Value::Bool(flag) => {
                    *flag = self.value.as_deref().is_some_and(|text| text.eq_ignore_ascii_case("true"));
                }
                member => *member = typed(member, self.text()?),
            },
        }
        Ok(())
    }

    /// Sets a member of an object, adds an item that is named by the path itself, or puts another in its place.
    fn set(&self, member: &mut Value, name: String) {
        match member {
            Value::Array(list) if self.op == "replace" => {
                list.retain(|item| *item != name);
                push(list, self.value.as_deref().unwrap_or(&name));
            }
            Value::Array(list) => push(list, &name),
            member => {
                if !member.is_object() {
                    *member = Value::Object(Map::new());
                }
                let text = self.value.as_deref().unwrap_or_default();
                let old = &member[name.as_str()];
                // The members of `throttle` and `quota` are numbers, and absent before they are first set.
                let is_number = matches!(name.as_str(), "rateLimit" | "burstLimit" | "limit" | "offset");
                // Whether a parameter must be there is a boolean, and how a server is known.
                let is_flag = name.starts_with("method.") || name == "insecureSkipVerification";
                let is_flag = is_flag && matches!(text, "true" | "false");
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
            { "op": "replace", "path": "/enabled" },
            { "op": "replace", "path": "/enabled", "value": "TRUE" },
            { "op": "add", "path": "/types/image~1gif" },
            { "op": "replace", "path": "/types/image~1gif", "value": "image/png" },
            { "op": "remove", "path": "/types/x~1y" },
            { "op": "replace", "path": "/throttle/rateLimit", "value": "1.5" },
        ]);
        let settings = patched(&operations).unwrap();
        assert_eq!((settings.name.as_str(), settings.enabled), ("b", true));
        assert_eq!(settings.types, ["image/png"]);
        assert_eq!(settings.throttle, Some(Throttle { rate_limit: 1.5 }));
    }

    #[test]
    fn an_entry_is_replaced_and_removed_where_it_is_and_a_member_is_only_replaced() {
        let paths = Paths { members: &["name"], maps: &["responseParameters", "responseModels"], lists: &[] };
        let settings = json!({ "name": "a", "responseModels": { "text/plain": "Empty" } });
        let check = |op: &str, path: &str| {
            let operation: PatchOperation = serde_json::from_value(json!({ "op": op, "path": path })).unwrap();
            paths.check(&operation, &settings).map_err(|error| error.message)
        };
        for (op, path) in [
            ("replace", "/name"),
            ("add", "/responseModels/application~1json"),
            ("replace", "/responseModels/text~1plain"),
            ("remove", "/responseModels/text~1plain"),
        ] {
            assert_eq!(check(op, path), Ok(()), "{op} {path}");
        }
        for (op, path, message) in [
            ("add", "/name", "Invalid patch operation specified. Must be one of: [replace]"),
            ("remove", "/responseModels/application~1json", "Content-Type specified was not found"),
            ("replace", "/responseParameters/method.response.header.x", "Invalid parameter name specified"),
            ("replace", "/responseModels", "Invalid patch path /responseModels"),
            ("add", "/responseModels/application/json", "Invalid patch path /responseModels/application/json"),
            ("add", "", "Invalid patch path null"),
        ] {
            assert_eq!(check(op, path).unwrap_err(), message, "{op} {path}");
        }
    }

    #[test]
    fn of_what_is_only_described_nothing_else_is_replaced() {
        let described = |op: &str, path: &str| {
            let operation = json!({ "op": op, "path": path, "value": "new" });
            let patch: Patch = serde_json::from_value(json!({ "patchOperations": [operation] })).unwrap();
            patch.described(Some("old".to_owned())).map_err(|error| error.message)
        };
        assert_eq!(described("replace", "/description"), Ok(Some("new".to_owned())));
        for (op, path, why) in [
            ("add", "/description", "Please choose supported operations"),
            ("replace", "/stageName", "Must be one of: [/description]"),
        ] {
            let message = format!("Invalid patch path  '{path}' specified for op '{op}'. {why}");
            assert_eq!(described(op, path), Err(message));
        }
    }

    #[test]
    fn what_does_not_exist_or_does_not_fit_is_refused() {
        for operation in [
            json!({ "op": "replace", "path": "/nothing", "value": "b" }),
            json!({ "op": "replace", "path": "", "value": "b" }),
            json!({ "op": "replace", "path": "/name" }),
            json!({ "op": "remove", "path": "/name" }),
            json!({ "op": "test", "path": "/name", "value": "a" }),
            json!({ "op": "replace", "path": "/throttle/colour", "value": "red" }),
        ] {
            assert_eq!(patched(&json!([operation])).unwrap_err().code, "BadRequestException");
        }
    }
}
