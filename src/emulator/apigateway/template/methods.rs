//! The methods that texts, numbers, lists and maps have in Java, as far as templates use them.

use super::{
    compare::are_equal,
    pattern,
    value::{MAX_BYTES, Members, Trouble, Value},
};
use std::{cell::RefCell, rc::Rc};

/// The most items of a list that a template makes.
const MAX_ITEMS: usize = 100_000;

/// Calls a method; nothing when the value has none of this name, or none for these arguments.
pub(super) fn call(value: &Value, name: &str, args: &[Value]) -> Result<Option<Value>, Trouble> {
    match (name, args) {
        ("toString", []) => return Ok(Some(Value::Text(value.to_text()?))),
        ("equals", [other]) => return Ok(Some(Value::Bool(are_equal(value, other)?))),
        _ => {}
    }
    match value {
        Value::Object(object) => object.call(name, args),
        Value::Text(text) => of_text(text, name, args),
        Value::List { items, .. } => of_list(items, name, args),
        Value::Map(members) => of_map(members, name, args),
        Value::Int(_) | Value::Float(_) => Ok(of_number(value, name)),
        Value::Bool(_) | Value::Null => Ok(None),
    }
}

fn int(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn place(value: &Value) -> Result<usize, Trouble> {
    let at = match value {
        Value::Int(at) => usize::try_from(*at).ok(),
        _ => None,
    };
    match at {
        Some(at) => Ok(at),
        None => Err(Trouble::Argument(format!("`{}` is not a place", value.to_text()?))),
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

fn of_text(text: &Rc<str>, name: &str, args: &[Value]) -> Result<Option<Value>, Trouble> {
    let mut texts = Vec::with_capacity(args.len());
    for arg in args {
        texts.push(arg.to_text()?);
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
        ("matches", [pattern]) => Value::Bool(pattern::whole(pattern).map_err(Trouble::Argument)?.is_match(text)),
        ("replaceAll" | "replaceFirst", [old, new]) => {
            let (old, new) = (pattern::anywhere(old).map_err(Trouble::Argument)?, pattern::replacement(new));
            let times = usize::from(name == "replaceFirst");
            let count = if times == 0 { old.find_iter(text).count() } else { 1 };
            if count.saturating_mul(new.len() + 1) > MAX_BYTES {
                return Err(Trouble::TooLarge);
            }
            bounded(old.replacen(text, times, new.as_str()).into_owned())?
        }
        ("split", [separator, ..]) => {
            let separator = pattern::anywhere(separator).map_err(Trouble::Argument)?;
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
    Ok(Some(found))
}

fn bounded(text: String) -> Result<Value, Trouble> {
    if text.len() > MAX_BYTES { Err(Trouble::TooLarge) } else { Ok(Value::text(text)) }
}

fn bounded_times(text: &str, old: &str, new: &str) -> Result<Value, Trouble> {
    if text.matches(old).count().saturating_mul(new.len()) > MAX_BYTES {
        return Err(Trouble::TooLarge);
    }
    bounded(text.replace(old, new))
}

fn slice(text: &str, from: usize, to: Option<usize>) -> Result<Value, Trouble> {
    let length = text.chars().count();
    let to = to.unwrap_or(length);
    if from > to || to > length {
        return Err(Trouble::Argument(format!("there is no text from {from} to {to} in one of {length} characters")));
    }
    Ok(Value::text(text.chars().skip(from).take(to - from).collect::<String>()))
}

fn of_list(items: &Rc<RefCell<Vec<Value>>>, name: &str, args: &[Value]) -> Result<Option<Value>, Trouble> {
    let position = |wanted: &Value| -> Result<Option<usize>, Trouble> {
        for (at, item) in items.borrow().iter().enumerate() {
            if are_equal(item, wanted)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    };
    let room = || if items.borrow().len() < MAX_ITEMS { Ok(()) } else { Err(Trouble::TooLarge) };
    let found = match (name, args) {
        ("size" | "length", []) => int(items.borrow().len()),
        ("isEmpty", []) => Value::Bool(items.borrow().is_empty()),
        ("get", [at]) => items.borrow().get(place(at)?).cloned().unwrap_or(Value::Null),
        ("contains", [wanted]) => Value::Bool(position(wanted)?.is_some()),
        ("indexOf", [wanted]) => position(wanted)?.map_or(Value::Int(-1), int),
        ("add", [item]) => {
            room()?;
            items.borrow_mut().push(item.clone());
            Value::Bool(true)
        }
        ("add", [at, item]) => {
            room()?;
            let at = place(at)?.min(items.borrow().len());
            items.borrow_mut().insert(at, item.clone());
            Value::text("")
        }
        ("addAll", [Value::List { items: more, .. }]) => {
            let more = more.borrow().clone();
            if items.borrow().len() + more.len() > MAX_ITEMS {
                return Err(Trouble::TooLarge);
            }
            items.borrow_mut().extend(more);
            Value::Bool(true)
        }
        ("set", [at, item]) => {
            let at = place(at)?;
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
        ("remove", [item]) => match position(item)? {
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

fn of_map(members: &Rc<RefCell<Members>>, name: &str, args: &[Value]) -> Result<Option<Value>, Trouble> {
    let key = match args {
        [key, ..] => key.to_text()?,
        [] => "".into(),
    };
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
                is_there |= are_equal(value, wanted)?;
            }
            Value::Bool(is_there)
        }
        ("put", [_, value]) => {
            if members.borrow().len() >= MAX_ITEMS {
                return Err(Trouble::TooLarge);
            }
            members.borrow_mut().insert(key, value.clone()).unwrap_or(Value::Null)
        }
        ("putAll", [Value::Map(more)]) => {
            let more = more.borrow().clone();
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
