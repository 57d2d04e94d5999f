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
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The most paths of a transformer.
const MAX_PATHS: usize = 100;
/// The most bytes of what a transformer makes: what a function takes that nobody waits for. A template of some kilobytes may
/// name a large event thousands of times.
const MAX_MADE: usize = 1024 * 1024;
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
    let made = made.unwrap_or_default();
    if let Err(error) = check_made(&made) {
        return Err(invalid(format!("Invalid InputTemplate for target {id} : [Source: (String)\"{made}\"; {error}].")));
    }
    Ok(())
}

/// Refuses what is neither JSON nor several lines of which each is a text. AWS takes such lines, though none of the
/// targets that there are here can be given them: functions take JSON only.
fn check_made(made: &str) -> Result<(), serde_json::Error> {
    let Err(error) = serde_json::from_str::<Value>(made) else { return Ok(()) };
    let mut lines = made.lines().filter(|line| !line.trim().is_empty());
    if lines.clone().count() > 1 && lines.all(|line| serde_json::from_str::<String>(line).is_ok()) {
        return Ok(());
    }
    Err(error)
}

/// Makes what a target is given; nothing where that is too large or, with what the event has, no JSON.
pub(super) fn make(target: &Target, given: &Given<'_>) -> Option<String> {
    if let Some(input) = target.input.as_deref().filter(|input| !input.is_empty()) {
        return Some(input.to_owned());
    }
    if let Some(path) = target.input_path.as_deref().filter(|path| !path.is_empty()) {
        return Some(found_at(given.event, path).unwrap_or_default().to_string());
    }
    let Some(transformer) = &target.input_transformer else { return Some(given.event.to_string()) };
    let made = fill(&transformer.input_template, |name| match name {
        "aws.events.rule-arn" => given.rule_arn.into(),
        "aws.events.rule-name" => given.rule.into(),
        "aws.events.event.ingestion-time" => given.ingested.into(),
        "aws.events.event.json" => given.event.clone(),
        // Without the detail, and with one name that the event itself does not have.
        "aws.events.event" => match given.event {
            Value::Object(members) => members
                .iter()
                .filter(|(name, _)| *name != "detail")
                .map(|(name, value)| {
                    let name = if name == "detail-type" { "detailType" } else { name.as_str() };
                    (name.to_owned(), value.clone())
                })
                .collect(),
            other => other.clone(),
        },
        name => {
            let path = transformer.input_paths_map.get(name);
            path.map_or_else(|| json!(""), |path| found(given.event, path))
        }
    })?;
    serde_json::from_str::<IgnoredAny>(&made).is_ok().then_some(made)
}

/// What an event has at a path: an empty text where it has nothing there.
fn found(event: &Value, path: &str) -> Value {
    let found = found_at(event, path).unwrap_or_default();
    if !found.is_null() {
        return found;
    }
    // A `null` is found like nothing; the event may have one all the same.
    let pointer = path.trim_start_matches('$').replace(['\'', '"', ']'], "").replace(['.', '['], "/");
    if event.pointer(&pointer).is_some() { Value::Null } else { json!("") }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Puts values in the place of `<name>`, each asked for once: within a text as text, outside of one as JSON. Nothing
/// where it becomes too large.
fn fill<'t>(template: &'t str, mut value_of: impl FnMut(&'t str) -> Value) -> Option<String> {
    let is_object = template.trim_start().starts_with('{');
    let mut known: HashMap<&str, Written> = HashMap::new();
    let mut made = String::with_capacity(template.len());
    let (mut rest, mut is_text) = (template, false);
    while let Some(next) = rest.chars().next() {
        let placeholder = rest
            .strip_prefix('<')
            .and_then(|after| after.split_once('>'))
            .filter(|(name, _)| !name.is_empty() && name.bytes().all(|byte| is_name(byte) || byte == b'.'));
        if let Some((name, after)) = placeholder {
            let value = known.entry(name).or_insert_with(|| Written::of(&value_of(name), is_object));
            made.push_str(if is_text { &value.text } else { &value.json });
            if made.len() > MAX_MADE {
                return None;
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
    Some(made)
}

/// A value as it comes into a template: outside of texts, and within them.
struct Written {
    json: String,
    text: String,
}

impl Written {
    fn of(value: &Value, is_object: bool) -> Self {
        let json = value.to_string();
        let text = match value {
            Value::Null => String::new(),
            Value::String(text) => within_text(text),
            // A text by itself loses the quotes of what comes into it; one in an object does not, and ends at them.
            Value::Array(_) | Value::Object(_) if !is_object => without_quotes(&json),
            _ => json.clone(),
        };
        Self { json, text }
    }
}

/// Writes a text as it stands between the quotes of another.
fn within_text(text: &str) -> String {
    let quoted = json!(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Takes the quotes out of JSON, those within its texts too: what is left can stand between quotes.
fn without_quotes(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    let mut rest = json.chars();
    while let Some(next) = rest.next() {
        if next == '\\' {
            plain.extend(rest.next().filter(|escaped| *escaped != '"').into_iter().flat_map(|escaped| [next, escaped]));
        } else if next != '"' {
            plain.push(next);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(members: &Value) -> Target {
        let mut whole = json!({ "Id": "t", "Arn": "arn:aws:lambda:us-east-1:000000000000:function:f" });
        whole.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    /// What a target is given of an event; `None` where that cannot be given.
    fn given(members: &Value) -> Option<Value> {
        let event = json!({ "id": "1", "detail-type": "T", "detail": {
            "state": "run\"ning", "n": 7, "list": [1, 2], "names": ["A", "B"], "null": null,
            "in": { "a": "b\\\"\n", "c": 1 },
        } });
        let given = Given { event: &event, rule_arn: "arn:rule", rule: "r", ingested: "2026-01-02T03:04:05Z" };
        let target = target(members);
        check(&target).unwrap();
        make(&target, &given).map(|made| serde_json::from_str(&made).unwrap())
    }

    fn made(members: &Value) -> Value {
        given(members).unwrap()
    }

    fn transformer(template: &str) -> Value {
        let names = ["state", "n", "list", "names", "in", "null", "absent"];
        let paths: Value = names.map(|name| (name, format!("$.detail.{name}"))).into_iter().collect();
        json!({ "InputTransformer": { "InputPathsMap": paths, "InputTemplate": template } })
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
    fn a_template_that_makes_too_much_of_an_event_makes_nothing() {
        let event = json!({ "detail": "x".repeat(100_000) });
        let given = Given { event: &event, rule_arn: "", rule: "", ingested: "" };
        let template = format!("[{}1]", "<aws.events.event.json>,".repeat(300));
        let target = target(&json!({ "InputTransformer": { "InputPathsMap": {}, "InputTemplate": template } }));
        assert_eq!(make(&target, &given), None);
    }

    #[test]
    fn a_template_takes_texts_as_texts_and_values_as_values() {
        let transformed = |template: &str| made(&transformer(template));
        assert_eq!(transformed(r#""it is <state>, <n>""#), "it is run\"ning, 7");
        assert_eq!(
            transformed(r#"{"s":<state>,"n":<n>,"l":<list>,"t":"<n>"}"#),
            json!({ "s": "run\"ning", "n": 7, "l": [1, 2], "t": "7" })
        );
        assert_eq!(
            transformed(r#"{"r":"<aws.events.rule-name>","a":<aws.events.rule-arn>}"#),
            json!({ "r": "r", "a": "arn:rule" })
        );
        assert_eq!(transformed(r#"{"a":"1 < 2 and \"<n>\""}"#)["a"], "1 < 2 and \"7\"");
    }

    #[test]
    fn what_an_event_has_not_is_an_empty_text() {
        assert_eq!(
            made(&transformer(r#"{"a":<absent>,"b":"<absent>","c":<null>,"d":"<null>"}"#)),
            json!({ "a": "", "b": "", "c": null, "d": "" })
        );
    }

    #[test]
    fn an_object_within_a_text_loses_its_quotes_or_ends_the_text() {
        assert_eq!(made(&transformer(r#""<names> multiple""#)), "[A,B] multiple");
        assert_eq!(made(&transformer(r#""Payload of <in>""#)), "Payload of {a:b\\\n,c:1}");
        assert_eq!(made(&transformer(r#"{"t":"<list>"}"#)), json!({ "t": "[1,2]" }));
        assert_eq!(given(&transformer(r#"{"t":"<in>"}"#)), None);
        assert_eq!(given(&transformer(r#"{"t":"<names>"}"#)), None);
    }

    #[test]
    fn the_event_has_a_name_of_its_own_without_its_detail() {
        let both = made(&transformer(r#"{"brief":<aws.events.event>,"whole":<aws.events.event.json>}"#));
        assert_eq!(both["brief"], json!({ "id": "1", "detailType": "T" }));
        assert_eq!((&both["whole"]["detail-type"], &both["whole"]["detail"]["n"]), (&json!("T"), &json!(7)));
    }

    #[test]
    fn several_lines_of_text_are_taken_and_delivered_to_nobody() {
        assert_eq!(given(&transformer("\"<state> is\"\n\"<n> so\"\n")), None);
        let members = transformer("\"<state> is\"\n<n> so");
        assert!(check(&target(&members)).is_err());
    }

    #[test]
    fn a_value_is_asked_for_once_however_often_it_is_named() {
        let mut asked = 0;
        let made = fill(r#"{"a":[<x>,<x>],"b":"<x>"}"#, |_| {
            asked += 1;
            json!(1)
        });
        assert_eq!((made.as_deref(), asked), (Some(r#"{"a":[1,1],"b":"1"}"#), 1));
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
