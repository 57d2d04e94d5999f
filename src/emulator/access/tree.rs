//! The input of a call as one tree, whatever its protocol: parameters with dotted names become members.

use crate::emulator::service::Input;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Makes the tree of an input.
pub(super) fn tree(input: &Input) -> Value {
    match input {
        Input::Members(members) => Value::Object(members.clone()),
        Input::Query(params) => {
            let mut root = Map::new();
            for (name, value) in params.entries() {
                let mut at = &mut root;
                let mut names = name.split('.').peekable();
                while let Some(name) = names.next() {
                    if names.peek().is_none() {
                        at.insert(name.to_owned(), value.into());
                        break;
                    }
                    let inner = at.entry(name).or_insert_with(|| Value::Object(Map::new()));
                    // A name that is a text and has members is nobody's honest request.
                    let Value::Object(inner) = inner else { break };
                    at = inner;
                }
            }
            Value::Object(root)
        }
    }
}

/// The items of a list in any of the forms that protocols have for one, or the one thing that is no list.
pub(super) fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(each).collect(),
        Value::Object(members) if members.is_empty() => Vec::new(),
        Value::Object(members) => {
            if let Some(list) = members.get("member").filter(|_| members.len() == 1) {
                return each(list);
            }
            let mut items: Vec<_> =
                members.iter().filter_map(|(name, item)| Some((name.parse::<usize>().ok()?, item))).collect();
            if items.is_empty() || items.len() < members.len() {
                return vec![value];
            }
            items.sort_by_key(|(number, _)| *number);
            items.into_iter().flat_map(|(_, item)| each(item)).collect()
        }
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// What stands at a path (`TagSpecification.ResourceType`), in each item of the lists on the way.
pub(super) fn at<'v>(tree: &'v Value, path: &str) -> Vec<&'v Value> {
    path.split('.')
        .fold(vec![tree], |found, name| found.into_iter().filter_map(|value| value.get(name)).flat_map(each).collect())
}

/// The texts at a path; empty ones are none.
pub(super) fn texts(tree: &Value, path: &str) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    at(tree, path).into_iter().filter_map(text).filter(|text| !text.is_empty()).collect()
}

/// The tags that a call puts on something.
pub(super) fn request_tags(input: &Value) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for list in ["Tag", "Tags", "tags", "TagSpecification.Tag"] {
        for tag in at(input, list) {
            let text = |upper: &str, lower: &str| tag.get(upper).or(tag.get(lower)).and_then(Value::as_str);
            match (text("Key", "key"), tag) {
                (Some(key), _) => {
                    tags.insert(key.to_owned(), text("Value", "value").unwrap_or_default().to_owned());
                }
                (None, Value::Object(map)) => {
                    let texts = map.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
                    tags.extend(texts);
                }
                (None, _) => {}
            }
        }
    }
    tags
}

/// The items of a list member, for whoever looks a name up.
pub(super) fn first(input: &Value, path: &str) -> Option<String> {
    let found = at(input, path);
    found.into_iter().flat_map(each).find_map(|value| value.as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{emulator::wire::QueryParams, http1::Request};
    use serde_json::json;

    #[test]
    fn lists_are_found_in_each_protocols_form() {
        let form = "InstanceId.2=b&InstanceId.1=a&TagSpecification.1.ResourceType=instance&\
                    TagSpecification.1.Tag.1.Key=k&Tags.member.1.Key=x&Name=n";
        let query = tree(&Input::Query(QueryParams::parse(&Request::new(form.into())).unwrap()));
        assert_eq!(texts(&query, "InstanceId"), ["a", "b"]);
        assert_eq!(texts(&query, "TagSpecification.ResourceType"), ["instance"]);
        assert_eq!(texts(&query, "TagSpecification.Tag.Key"), ["k"]);
        assert_eq!(texts(&query, "Tags.Key"), ["x"]);
        assert_eq!(texts(&query, "Name"), ["n"]);
        let members = json!({ "Layers": ["a", "b"], "Tags": { "k": "v" }, "N": 5, "E": "" });
        assert_eq!(texts(&members, "Layers"), ["a", "b"]);
        assert_eq!((texts(&members, "N"), texts(&members, "E")), (vec!["5".to_owned()], vec![]));
        assert!(texts(&members, "Tags.Key").is_empty() && at(&members, "Tags").len() == 1);
    }
}
