//! What a target is given of an event: all of it, a part, something else, or something made of it.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use super::{
    invalid,
    rule::{Target, Transformer},
};
use crate::emulator::{
    apigateway::{found_at, is_path},
    wire::AwsError,
};
use serde_json::{Value, json};

/// The most paths of a transformer.
const MAX_PATHS: usize = 100;
/// The names that EventBridge itself gives values.
const RESERVED: [&str; 5] = [
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event",
    "aws.events.event.json",
    "aws.events.event.ingestion-time",
];

/// What is known when an event is sent to a target.
pub(super) struct Given<'a> {
    pub(super) event: &'a Value,
    pub(super) rule_arn: &'a str,
    pub(super) rule: &'a str,
    /// When the event came in, ISO 8601.
    pub(super) ingested: &'a str,
}

/// Refuses a target whose input could not be made.
pub(super) fn check(target: &Target) -> Result<(), AwsError> {
    let id = target.id.as_str();
    let ways = [target.input.is_some(), target.input_path.is_some(), target.input_transformer.is_some()];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        return Err(invalid(format!(
            "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )));
    }
    if let Some(input) = target.input.as_deref().filter(|input| !input.is_empty())
        && let Err(error) = serde_json::from_str::<Value>(input)
    {
        return Err(invalid(format!("JSON syntax error in input for target {id} : {error}")));
    }
    if target.input_path.as_deref().is_some_and(|path| !path.is_empty() && !path_is_good(path)) {
        return Err(invalid(format!("Invalid InputPath for target {id}.")));
    }
    target.input_transformer.as_ref().map_or(Ok(()), |transformer| check_transformer(id, transformer))
}

fn path_is_good(path: &str) -> bool {
    path.starts_with('$') && path.len() <= 256 && is_path(path)
}

fn check_transformer(id: &str, transformer: &Transformer) -> Result<(), AwsError> {
    let paths = &transformer.input_paths_map;
    if paths.len() > MAX_PATHS {
        return Err(invalid(format!("InputPathsMap for target {id} has more than {MAX_PATHS} paths.")));
    }
    for (name, path) in paths {
        if !(1..=256).contains(&name.len())
            || !name.bytes().all(is_name)
            || name.to_ascii_lowercase().starts_with("aws")
        {
            return Err(invalid(format!("Invalid key {name} in InputPathsMap for target {id}.")));
        }
        if !path_is_good(path) {
            return Err(invalid(format!("Invalid path {path} of {name} in InputPathsMap for target {id}.")));
        }
    }
    let mut unknown = None;
    let made = fill(&transformer.input_template, |name| {
        if !paths.contains_key(name) && !RESERVED.contains(&name) {
            unknown.get_or_insert_with(|| name.to_owned());
        }
        Value::Null
    });
    if let Some(name) = unknown {
        return Err(invalid(format!("InputTemplate for target {id} contains invalid placeholder {name}.")));
    }
    if let Err(error) = serde_json::from_str::<Value>(&made) {
        return Err(invalid(format!("Invalid InputTemplate for target {id} : [Source: (String)\"{made}\"; {error}].")));
    }
    Ok(())
}

/// Makes what a target is given.
pub(super) fn make(target: &Target, given: &Given<'_>) -> String {
    if let Some(input) = target.input.as_deref().filter(|input| !input.is_empty()) {
        return input.to_owned();
    }
    if let Some(path) = target.input_path.as_deref().filter(|path| !path.is_empty()) {
        return found_at(given.event, path).unwrap_or_default().to_string();
    }
    let Some(transformer) = &target.input_transformer else { return given.event.to_string() };
    fill(&transformer.input_template, |name| match name {
        "aws.events.rule-arn" => given.rule_arn.into(),
        "aws.events.rule-name" => given.rule.into(),
        "aws.events.event.ingestion-time" => given.ingested.into(),
        "aws.events.event.json" => given.event.clone(),
        // Without the detail.
        "aws.events.event" => match given.event {
            Value::Object(members) => members
                .iter()
                .filter(|(name, _)| *name != "detail")
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            other => other.clone(),
        },
        name => {
            let path = transformer.input_paths_map.get(name);
            path.and_then(|path| found_at(given.event, path)).unwrap_or_default()
        }
    })
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Puts values in the place of `<name>`: within a text as text, outside of one as JSON.
fn fill(template: &str, mut value: impl FnMut(&str) -> Value) -> String {
    let mut made = String::with_capacity(template.len());
    let (mut rest, mut is_text) = (template, false);
    while let Some(next) = rest.chars().next() {
        let placeholder = rest
            .strip_prefix('<')
            .and_then(|after| after.split_once('>'))
            .filter(|(name, _)| !name.is_empty() && name.bytes().all(|byte| is_name(byte) || byte == b'.'));
        if let Some((name, after)) = placeholder {
            let value = value(name);
            match (is_text, &value) {
                (false, value) => made.push_str(&value.to_string()),
                (true, Value::Null) => {}
                (true, Value::String(text)) => made.push_str(&within_text(text)),
                (true, value) => made.push_str(&within_text(&value.to_string())),
            }
            rest = after;
            continue;
        }
        let mut length = next.len_utf8();
        match next {
            '"' => is_text = !is_text,
            // What is escaped ends no text.
            '\\' if is_text => length += rest[length..].chars().next().map_or(0, char::len_utf8),
            _ => {}
        }
        made.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    made
}

/// Writes a text as it stands between the quotes of another.
fn within_text(text: &str) -> String {
    let quoted = json!(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(members: &Value) -> Target {
        let mut whole = json!({ "Id": "t", "Arn": "arn:aws:lambda:us-east-1:000000000000:function:f" });
        whole.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    fn made(members: &Value) -> Value {
        let event = json!({
            "id": "1", "detail-type": "T", "detail": { "state": "run\"ning", "n": 7, "list": [1, 2], "in": { "a": "b" } }
        });
        let given = Given { event: &event, rule_arn: "arn:rule", rule: "r", ingested: "2026-01-02T03:04:05Z" };
        let target = target(members);
        check(&target).unwrap();
        serde_json::from_str(&make(&target, &given)).unwrap()
    }

    #[test]
    fn a_target_gets_the_event_a_part_of_it_or_something_else() {
        assert_eq!(made(&json!({}))["detail"]["n"], 7);
        assert_eq!(made(&json!({ "Input": r#"{"a":1}"# })), json!({ "a": 1 }));
        assert_eq!(made(&json!({ "InputPath": "$.detail" }))["list"], json!([1, 2]));
        assert_eq!(made(&json!({ "InputPath": "$.detail-type" })), "T");
        assert_eq!(made(&json!({ "InputPath": "$.nothing" })), Value::Null);
    }

    #[test]
    fn a_template_takes_texts_as_texts_and_values_as_values() {
        let transformed = |template: &str| {
            made(&json!({ "InputTransformer": {
                "InputPathsMap": { "state": "$.detail.state", "n": "$.detail.n", "in": "$.detail.in", "none": "$.x" },
                "InputTemplate": template,
            } }))
        };
        assert_eq!(transformed(r#""it is <state>, <n>""#), "it is run\"ning, 7");
        assert_eq!(
            transformed(r#"{"s":<state>,"n":<n>,"in":<in>,"t":"<in>","none":<none>,"gone":"<none>"}"#),
            json!({ "s": "run\"ning", "n": 7, "in": { "a": "b" }, "t": r#"{"a":"b"}"#, "none": null, "gone": "" })
        );
        assert_eq!(
            transformed(r#"{"r":"<aws.events.rule-name>","a":<aws.events.rule-arn>,"e":<aws.events.event>}"#),
            json!({ "r": "r", "a": "arn:rule", "e": { "id": "1", "detail-type": "T" } })
        );
        assert_eq!(transformed(r#"{"a":"1 < 2 and \"<n>\""}"#)["a"], "1 < 2 and \"7\"");
    }

    #[test]
    fn what_could_not_be_made_is_refused() {
        let transformer = |paths: Value, template: &str| json!({ "InputTransformer": { "InputPathsMap": paths, "InputTemplate": template } });
        for (members, words) in [
            (json!({ "Input": "{}", "InputPath": "$" }), "Only one of"),
            (json!({ "Input": "{" }), "JSON syntax error"),
            (json!({ "InputPath": "detail" }), "Invalid InputPath"),
            (transformer(json!({ "a": "$.a[" }), r#""<a>""#), "Invalid path"),
            (transformer(json!({ "aws.x": "$.a" }), r#""a""#), "Invalid key"),
            (transformer(json!({}), r#""<b>""#), "invalid placeholder b"),
            (transformer(json!({ "a": "$.a" }), r#"{"a":<a>"#), "Invalid InputTemplate"),
            (transformer(json!({ "a": "$.a" }), "<a> is so"), "Invalid InputTemplate"),
        ] {
            let refusal = check(&target(&members)).unwrap_err();
            assert!(refusal.message.contains(words), "{members}: {}", refusal.message);
        }
    }
}
