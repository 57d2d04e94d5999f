//! The methods that texts, numbers, lists and maps have in Java, as far as templates use them.

use super::{
    compare::are_equal,
    error::TemplateError,
    pattern, ties,
    value::{MAP, MAX_BYTES, MEMBER, Members, Shared, Value},
    work::Work,
};
use regex_lite::Regex;
use std::rc::Rc;

/// The most items of a list that a template makes.
const MAX_ITEMS: usize = 100_000;
/// What a part of a text takes in a list, beside its bytes.
const PART: usize = 64;
/// What each byte costs that a pattern may look at once more, where it has found something: it seldom does.
const REST: usize = 32;

/// Calls a method; nothing when the value has none of this name, or none for these arguments.
pub(super) fn call(value: &Value, name: &str, args: &[Value], work: &mut Work) -> Result<Option<Value>, TemplateError> {
    match (name, args) {
        ("toString", []) => return Ok(Some(Value::Text(value.text_within(work)?))),
        ("equals", [other]) => return Ok(Some(Value::Bool(are_equal(value, other, work)?))),
        _ => {}
    }
    match value {
        Value::Object(object) => object.call(name, args, work),
        Value::Text(text) => of_text(text, name, args, work),
        Value::List { items, .. } => of_list(items, name, args, work),
        Value::Map(members) => of_map(members, name, args, work),
        Value::Int(_) | Value::Float(_) => Ok(of_number(value, name)),
        Value::Bool(_) | Value::Null => Ok(None),
    }
}

fn int(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn place(value: &Value) -> Result<usize, TemplateError> {
    let at = match value {
        Value::Int(at) => usize::try_from(*at).ok(),
        _ => None,
    };
    match at {
        Some(at) => Ok(at),
        None => Err(TemplateError::Argument(format!("`{}` is not a place", value.to_text()?))),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "as Java's intValue does")]
#[expect(clippy::cast_precision_loss, reason = "as Java's doubleValue does")]
fn of_number(value: &Value, name: &str) -> Option<Value> {
    match (name, value) {
        ("intValue" | "longValue", Value::Int(number)) => Some(Value::Int(*number)),
        ("intValue" | "longValue", Value::Float(number)) => Some(Value::Int(*number as i64)),
        ("doubleValue" | "floatValue", Value::Int(number)) => Some(Value::Float(*number as f64)),
        ("doubleValue" | "floatValue", Value::Float(number)) => Some(Value::Float(*number)),
        _ => None,
    }
}

fn of_text(text: &Rc<str>, name: &str, args: &[Value], work: &mut Work) -> Result<Option<Value>, TemplateError> {
    let mut texts = Vec::with_capacity(args.len());
    for arg in args {
        texts.push(arg.text_within(work)?);
    }
    work.look(text.len())?;
    if let ("matches" | "replaceAll" | "replaceFirst" | "split", [pattern, ..]) = (name, texts.as_slice()) {
        work.search(text.len(), pattern)?;
    }
    let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
    let at = |byte: Option<usize>| byte.map_or(Value::Int(-1), |byte| int(text[..byte].chars().count()));
    let found = match (name, texts.as_slice()) {
        ("length", []) => int(text.encode_utf16().count()),
        ("isEmpty", []) => Value::Bool(text.is_empty()),
        ("isBlank", []) => Value::Bool(text.trim().is_empty()),
        ("trim" | "strip", []) => Value::text(text.trim()),
        ("toLowerCase", []) => Value::text(text.to_lowercase()),
        ("toUpperCase", []) => Value::text(text.to_uppercase()),
        ("contains", [part]) => Value::Bool(text.contains(part)),
        ("startsWith", [part]) => Value::Bool(text.starts_with(part)),
        ("endsWith", [part]) => Value::Bool(text.ends_with(part)),
        ("indexOf", [part]) => at(text.find(part)),
        ("lastIndexOf", [part]) => at(text.rfind(part)),
        ("equalsIgnoreCase", [other]) => Value::Bool(text.to_lowercase() == other.to_lowercase()),
        ("compareTo", [other]) => Value::Int((**text).cmp(other) as i64),
        ("concat", [other]) => bounded(format!("{text}{other}"))?,
        ("replace", [old, new]) => bounded_times(text, old, new)?,
        ("matches", [pattern]) => Value::Bool(pattern::whole(pattern).map_err(TemplateError::Argument)?.is_match(text)),
        ("replaceAll" | "replaceFirst", [pattern, new]) => {
            let (old, new) = (pattern::anywhere(pattern).map_err(TemplateError::Argument)?, pattern::replacement(new));
            let times = usize::from(name == "replaceFirst");
            let count = if times == 0 { matches(&old, pattern, text, work)? } else { 1 };
            if count.saturating_mul(new.len() + 1) > MAX_BYTES {
                return Err(TemplateError::TooLarge);
            }
            bounded(old.replacen(text, times, new.as_str()).into_owned())?
        }
        ("split", [pattern, ..]) => {
            let separator = pattern::anywhere(pattern).map_err(TemplateError::Argument)?;
            let count = matches(&separator, pattern, text, work)?.saturating_add(1);
            work.handle(count.saturating_mul(PART).saturating_add(text.len()))?;
            let mut parts: Vec<_> = separator.split(text).take(MAX_ITEMS).map(Value::text).collect();
            // Java drops the empty ones at the end, and one at the start that has no width.
            while parts.len() > 1 && matches!(parts.last(), Some(Value::Text(last)) if last.is_empty()) {
                parts.pop();
            }
            Value::list(parts)
        }
        ("substring", [_]) => slice(text, place(&args[0])?, None)?,
        ("substring", [_, _]) => slice(text, place(&args[0])?, Some(place(&args[1])?))?,
        ("charAt", [_]) => {
            let at = place(&args[0])?;
            slice(text, at, Some(at + 1))?
        }
        _ => return Ok(None),
    };
    if let Value::Text(made) = &found {
        work.handle(made.len())?;
    }
    Ok(Some(found))
}

/// How often a pattern is found in a text; each time the text may be read to its end to see where what is found ends.
fn matches(regex: &Regex, pattern: &str, text: &str, work: &mut Work) -> Result<usize, TemplateError> {
    let each = if pattern::looks_ahead(pattern) { REST.saturating_mul(1 + pattern.len() / 32) } else { 0 };
    let mut count = 0;
    for found in regex.find_iter(text) {
        work.look((text.len() - found.start()).saturating_mul(each))?;
        count += 1;
    }
    Ok(count)
}

fn bounded(text: String) -> Result<Value, TemplateError> {
    if text.len() > MAX_BYTES { Err(TemplateError::TooLarge) } else { Ok(Value::text(text)) }
}

fn bounded_times(text: &str, old: &str, new: &str) -> Result<Value, TemplateError> {
    if text.matches(old).count().saturating_mul(new.len()) > MAX_BYTES {
        return Err(TemplateError::TooLarge);
    }
    bounded(text.replace(old, new))
}

fn slice(text: &str, from: usize, to: Option<usize>) -> Result<Value, TemplateError> {
    let length = text.chars().count();
    let to = to.unwrap_or(length);
    if from > to || to > length {
        return Err(TemplateError::Argument(format!(
            "there is no text from {from} to {to} in one of {length} characters"
        )));
    }
    Ok(Value::text(text.chars().skip(from).take(to - from).collect::<String>()))
}

fn of_list(
    items: &Shared<Vec<Value>>,
    name: &str,
    args: &[Value],
    work: &mut Work,
) -> Result<Option<Value>, TemplateError> {
    // What is moved within the list, or copied into it.
    let size = |items: &Shared<Vec<Value>>| items.borrow().len().saturating_mul(size_of::<Value>());
    match (name, args) {
        ("add", [_, _]) | ("remove", _) => work.look(size(items))?,
        ("addAll", [Value::List { items: more, .. }]) => work.handle(size(more))?,
        _ => {}
    }
    let room = || if items.borrow().len() < MAX_ITEMS { Ok(()) } else { Err(TemplateError::TooLarge) };
    let found = match (name, args) {
        ("size" | "length", []) => int(items.borrow().len()),
        ("isEmpty", []) => Value::Bool(items.borrow().is_empty()),
        ("get", [at]) => items.borrow().get(place(at)?).cloned().unwrap_or(Value::Null),
        ("contains", [wanted]) => Value::Bool(position(items, wanted, work)?.is_some()),
        ("indexOf", [wanted]) => position(items, wanted, work)?.map_or(Value::Int(-1), int),
        ("add", [item]) => {
            room()?;
            ties::tie(items, item, work)?;
            items.borrow_mut().push(item.clone());
            Value::Bool(true)
        }
        ("add", [at, item]) => {
            room()?;
            let at = place(at)?.min(items.borrow().len());
            ties::tie(items, item, work)?;
            items.borrow_mut().insert(at, item.clone());
            Value::text("")
        }
        ("addAll", [Value::List { items: more, .. }]) => {
            let more = more.borrow().clone();
            if items.borrow().len() + more.len() > MAX_ITEMS {
                return Err(TemplateError::TooLarge);
            }
            for item in &more {
                ties::tie(items, item, work)?;
            }
            items.borrow_mut().extend(more);
            Value::Bool(true)
        }
        ("set", [at, item]) => {
            let at = place(at)?;
            ties::tie(items, item, work)?;
            match items.borrow_mut().get_mut(at) {
                Some(place) => std::mem::replace(place, item.clone()),
                None => return Ok(None),
            }
        }
        ("remove", [at @ Value::Int(_)]) => {
            let at = place(at)?;
            let mut items = items.borrow_mut();
            if at < items.len() { items.remove(at) } else { return Ok(None) }
        }
        ("remove", [item]) => match position(items, item, work)? {
            Some(at) => {
                items.borrow_mut().remove(at);
                Value::Bool(true)
            }
            None => Value::Bool(false),
        },
        ("clear", []) => {
            items.borrow_mut().clear();
            Value::text("")
        }
        _ => return Ok(None),
    };
    Ok(Some(found))
}

/// Where something is in a list.
fn position(items: &Shared<Vec<Value>>, wanted: &Value, work: &mut Work) -> Result<Option<usize>, TemplateError> {
    for (at, item) in items.borrow().iter().enumerate() {
        work.look(size_of::<Value>())?;
        if are_equal(item, wanted, work)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn of_map(
    members: &Shared<Members>,
    name: &str,
    args: &[Value],
    work: &mut Work,
) -> Result<Option<Value>, TemplateError> {
    let key = match args {
        [key, ..] => key.text_within(work)?,
        [] => "".into(),
    };
    let count = members.borrow().len();
    match (name, args) {
        ("containsValue" | "remove", _) => work.look(count.saturating_mul(size_of::<Value>()))?,
        ("keySet" | "values", []) => work.handle(count.saturating_mul(size_of::<Value>()))?,
        ("putAll", [Value::Map(more)]) => work.handle(more.borrow().len().saturating_mul(MEMBER))?,
        ("entrySet", []) => work.handle(count.saturating_mul(MAP + 2 * MEMBER))?,
        _ => {}
    }
    let get = |name: &str| members.borrow().get(name).cloned();
    let found = match (name, args) {
        ("size", []) => int(members.borrow().len()),
        ("isEmpty", []) => Value::Bool(members.borrow().is_empty()),
        ("get", [_]) => get(&key).unwrap_or(Value::Null),
        ("getOrDefault", [_, default]) => get(&key).unwrap_or_else(|| default.clone()),
        ("containsKey", [_]) => Value::Bool(get(&key).is_some()),
        ("containsValue", [wanted]) => {
            let mut is_there = false;
            for value in members.borrow().values() {
                is_there |= are_equal(value, wanted, work)?;
            }
            Value::Bool(is_there)
        }
        ("put", [_, value]) => {
            if members.borrow().len() >= MAX_ITEMS {
                return Err(TemplateError::TooLarge);
            }
            ties::tie(members, value, work)?;
            members.borrow_mut().insert(key, value.clone()).unwrap_or(Value::Null)
        }
        ("putAll", [Value::Map(more)]) => {
            let more = more.borrow().clone();
            if members.borrow().len() + more.len() > MAX_ITEMS {
                return Err(TemplateError::TooLarge);
            }
            for value in more.values() {
                ties::tie(members, value, work)?;
            }
            members.borrow_mut().extend(more);
            Value::text("")
        }
        ("remove", [_]) => members.borrow_mut().shift_remove(&*key).unwrap_or(Value::Null),
        ("clear", []) => {
            members.borrow_mut().clear();
            Value::text("")
        }
        ("keySet", []) => Value::list(members.borrow().keys().map(|name| Value::Text(Rc::clone(name))).collect()),
        ("values", []) => Value::list(members.borrow().values().cloned().collect()),
        ("entrySet", []) => {
            let entry = |(name, value): (&Rc<str>, &Value)| {
                Value::map([("key".into(), Value::Text(Rc::clone(name))), ("value".into(), value.clone())].into())
            };
            Value::list(members.borrow().iter().map(entry).collect())
        }
        // Of what `entrySet` gives.
        ("getKey", []) => return Ok(get("key")),
        ("getValue", []) => return Ok(get("value")),
        _ => return Ok(None),
    };
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_reads_to_the_end_of_a_text_each_time_is_dear() {
        let text = Value::text("a".repeat(2000));
        let called = |name: &str, args: &[&str]| {
            let args: Vec<_> = args.iter().map(|arg| Value::text(*arg)).collect();
            let mut work = Work::new();
            work.look(990_000_000).unwrap();
            call(&text, name, &args, &mut work).err()
        };
        for pattern in ["(.*z)|.", ".+?"] {
            assert_eq!(called("replaceAll", &[pattern, "b"]), Some(TemplateError::TooLong), "{pattern}");
            assert_eq!(called("split", &[pattern]), Some(TemplateError::TooLong), "{pattern}");
        }
        for pattern in ["a", "[b-z]", "a+", r"\s+", "a|b"] {
            assert_eq!(called("replaceAll", &[pattern, "b"]), None, "{pattern}");
            assert_eq!(called("split", &[pattern]), None, "{pattern}");
        }
    }

    #[test]
    fn what_a_text_becomes_counts() {
        let (text, mut work) = (Value::text("a".repeat(1000)), Work::new());
        let long = Value::text("b".repeat(10_000));
        let mut replace = || call(&text, "replace", &[Value::text("a"), long.clone()], &mut work).map(drop);
        for _ in 0..25 {
            assert_eq!(replace(), Ok(()));
        }
        assert_eq!(replace(), Err(TemplateError::TooLong));
    }
}
