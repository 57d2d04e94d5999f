//! The values of the template language, and the two ways in which they are written: as Java would print them, and as
//! JSON.
//!
//! Lists and maps are shared, as in Java: what is put into one shows wherever it is known. Everything that is written
//! is bounded, because values may hold themselves, and nothing goes into them without a bound, because they may nest as deep
//! as a template has steps.

use super::{error::TemplateError, work::Work};
use indexmap::IndexMap;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use std::{
    cell::RefCell,
    fmt,
    fmt::Write,
    mem,
    ops::{Deref, DerefMut},
    rc::Rc,
};

/// The most bytes that a template makes, and that any of its texts has: what API Gateway passes on.
pub(super) const MAX_BYTES: usize = 10 * 1024 * 1024;
/// How deep values may stand in each other when they are written.
const MAX_DEPTH: usize = 128;

/// What a list takes, in bytes, beside its items.
const LIST: usize = 64;
/// What a map takes beside its members.
pub(super) const MAP: usize = 128;
/// What a member of a map takes, with its name and its value but without their texts.
pub(super) const MEMBER: usize = 128;

/// The members of a map, in the order in which they were put.
pub(super) type Members = IndexMap<Rc<str>, Value>;

/// What is in a list or a map.
pub(super) trait Content {
    /// Moves the values out.
    fn pour(&mut self, into: &mut Vec<Value>);
}

impl Content for Vec<Value> {
    fn pour(&mut self, into: &mut Vec<Value>) {
        into.append(self);
    }
}

impl Content for Members {
    fn pour(&mut self, into: &mut Vec<Value>) {
        into.extend(mem::take(self).into_values());
    }
}

/// The content of a list or a map, which ends one value after the other: were each dropped within the next, those that nest
/// deep enough would take more of the stack than there is.
pub(super) struct Held<C: Content>(C);

impl<C: Content> Deref for Held<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

impl<C: Content> DerefMut for Held<C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.0
    }
}

impl<C: Content> Drop for Held<C> {
    fn drop(&mut self) {
        let mut left = Vec::new();
        self.0.pour(&mut left);
        while let Some(value) = left.pop() {
            // What somebody else still knows stays.
            match value {
                Value::List { items, .. } => pour(items, &mut left),
                Value::Map(members) => pour(members, &mut left),
                _ => {}
            }
        }
    }
}

fn pour<C: Content>(shared: Shared<C>, into: &mut Vec<Value>) {
    if let Some(held) = Rc::into_inner(shared) {
        held.into_inner().0.pour(into);
    }
}

/// The content of a list or a map, and all who know it.
pub(super) type Shared<C> = Rc<RefCell<Held<C>>>;

/// Something that the gateway gives to templates (`$input`, `$util`).
pub(super) trait Object {
    /// What it has under a name.
    fn get(&self, name: &str) -> Option<Value>;

    /// Calls a method; nothing when there is none.
    fn call(&self, name: &str, args: &[Value], work: &mut Work) -> Result<Option<Value>, TemplateError>;
}

/// A value.
#[derive(Clone)]
pub(super) enum Value {
    /// Nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(Rc<str>),
    /// A list; one that was read from JSON is written as JSON everywhere.
    List {
        /// The items.
        items: Shared<Vec<Value>>,
        /// Whether it was read from JSON.
        is_json: bool,
    },
    /// A map.
    Map(Shared<Members>),
    /// Something of the gateway's.
    Object(Rc<dyn Object>),
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Java,
    Json,
}

impl Value {
    pub(super) fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List { items: Rc::new(RefCell::new(Held(items))), is_json: false }
    }

    /// A list that was read from JSON.
    pub(super) fn json_list(items: Vec<Self>) -> Self {
        Self::List { items: Rc::new(RefCell::new(Held(items))), is_json: true }
    }

    pub(super) fn map(members: Members) -> Self {
        Self::Map(Rc::new(RefCell::new(Held(members))))
    }

    /// A map of texts.
    pub(super) fn texts<'a>(pairs: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        let pairs = pairs.into_iter();
        Self::map(pairs.map(|(name, value)| (name.as_str().into(), Self::text(value.as_str()))).collect())
    }

    /// What a map or an object has under a name.
    pub(super) fn member(&self, name: &str) -> Option<Self> {
        match self {
            Self::Map(members) => members.borrow().get(name).cloned(),
            Self::Object(object) => object.get(name),
            _ => None,
        }
    }

    /// As `#if` takes it: everything is true but `false` and nothing.
    pub(super) fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// Writes the value as Java prints it, and counts what comes of it.
    pub(super) fn text_within(&self, work: &mut Work) -> Result<Rc<str>, TemplateError> {
        let text = self.to_text()?;
        // A text is itself.
        let is_made = !matches!(self, Self::Text(_));
        if is_made {
            work.handle(text.len())?;
        } else {
            work.look(text.len())?;
        }
        Ok(text)
    }

    /// A value of its own that is like this one, with its own lists and maps; they stand in each other as deep as in JSON.
    pub(super) fn copied(&self, work: &mut Work) -> Result<Self, TemplateError> {
        work.look(size_of::<Self>())?;
        match self {
            Self::List { items, is_json } => {
                let items = items.borrow();
                work.handle(LIST + items.len().saturating_mul(size_of::<Self>()))?;
                let copies = items.iter().map(|item| item.copied(work)).collect::<Result<Vec<_>, _>>()?;
                Ok(Self::List { items: Rc::new(RefCell::new(Held(copies))), is_json: *is_json })
            }
            Self::Map(members) => {
                let members = members.borrow();
                work.handle(MAP + members.len().saturating_mul(MEMBER))?;
                let copies = members.iter().map(|(name, value)| Ok((Rc::clone(name), value.copied(work)?)));
                Ok(Self::map(copies.collect::<Result<_, TemplateError>>()?))
            }
            other => Ok(other.clone()),
        }
    }

    /// The value as Java prints it.
    pub(super) fn to_text(&self) -> Result<Rc<str>, TemplateError> {
        if let Self::Text(text) = self {
            return Ok(Rc::clone(text));
        }
        let mut out = String::new();
        self.write(&mut out, Style::Java, 0)?;
        Ok(out.into())
    }

    /// The value as JSON.
    pub(super) fn to_json(&self) -> Result<String, TemplateError> {
        let mut out = String::new();
        self.write(&mut out, Style::Json, 0)?;
        Ok(out)
    }

    fn write(&self, out: &mut String, style: Style, depth: usize) -> Result<(), TemplateError> {
        if depth > MAX_DEPTH || out.len() > MAX_BYTES {
            return Err(TemplateError::TooLarge);
        }
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Int(number) => out.push_str(&number.to_string()),
            // Writing into a text cannot fail.
            Self::Float(number) => write!(out, "{number:?}").unwrap_or_default(),
            Self::Text(text) if style == Style::Json => out.push_str(&quoted(text)),
            Self::Text(text) => out.push_str(text),
            Self::Object(_) => {}
            Self::List { items, is_json } => {
                let style = if *is_json { Style::Json } else { style };
                let between = if style == Style::Json { "," } else { ", " };
                out.push('[');
                for (at, item) in items.borrow().iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { between });
                    item.write(out, style, depth + 1)?;
                }
                out.push(']');
            }
            Self::Map(members) => {
                let (between, is) = if style == Style::Json { (",", ":") } else { (", ", "=") };
                out.push('{');
                for (at, (name, value)) in members.borrow().iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { between });
                    out.push_str(&if style == Style::Json { quoted(name) } else { name.to_string() });
                    out.push_str(is);
                    value.write(out, style, depth + 1)?;
                }
                out.push('}');
            }
        }
        if out.len() > MAX_BYTES { Err(TemplateError::TooLarge) } else { Ok(()) }
    }
}

/// A text as JSON writes it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        Self::deserialize(value).unwrap_or(Self::Null)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

/// Reads JSON, the members of objects in their order.
struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "a number beyond 64 bits is one of double precision in JSON")]
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element()? {
            read.push(item);
        }
        Ok(Value::json_list(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Members::new();
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            read.insert(name.into(), value);
        }
        Ok(Value::map(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_printed_as_java_has_it_and_a_list_of_json_as_json() {
        let value: Value = serde_json::from_str(r#"{"b":1,"a":{"c":[{"d":"x"}]},"n":null,"f":1.0}"#).unwrap();
        assert_eq!(&*value.to_text().unwrap(), r#"{b=1, a={c=[{"d":"x"}]}, n=null, f=1.0}"#);
        assert_eq!(value.to_json().unwrap(), r#"{"b":1,"a":{"c":[{"d":"x"}]},"n":null,"f":1.0}"#);
    }

    #[test]
    fn a_copy_has_lists_and_maps_of_its_own_and_counts() {
        let value: Value = serde_json::from_str(r#"{"a":[1,{"b":"x"}]}"#).unwrap();
        let copy = value.copied(&mut Work::new()).unwrap();
        assert_eq!(copy.to_json(), value.to_json());
        if let Some(Value::List { items, .. }) = copy.member("a") {
            items.borrow_mut().clear();
        }
        assert_eq!(copy.to_json().unwrap(), r#"{"a":[]}"#);
        assert_eq!(value.to_json().unwrap(), r#"{"a":[1,{"b":"x"}]}"#);
        let mut work = Work::new();
        work.handle(255_000_000).unwrap();
        let wide = Value::list(vec![Value::Null; 50_000]);
        assert_eq!(wide.copied(&mut work).err(), Some(TemplateError::TooLong));
    }

    #[test]
    fn a_value_that_holds_itself_is_not_written_for_ever() {
        let list = Value::list(vec![]);
        if let Value::List { items, .. } = &list {
            items.borrow_mut().push(list.clone());
        }
        assert_eq!(list.to_text(), Err(TemplateError::TooLarge));
        if let Value::List { items, .. } = &list {
            items.borrow_mut().clear();
        }
    }
}
