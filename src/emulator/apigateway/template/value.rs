//! The values of the template language, and the two ways in which they are written: as Java would print them, and as
//! JSON.
//!
//! Lists and maps are shared, as in Java: what is put into one shows wherever it is known. Everything that is written
//! is bounded, because values may hold themselves.

use indexmap::IndexMap;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use std::{cell::RefCell, fmt, fmt::Write, rc::Rc};

/// The most bytes that a template makes, and that any of its texts has: what API Gateway passes on.
pub(super) const MAX_BYTES: usize = 10 * 1024 * 1024;
/// How deep values may stand in each other when they are written.
const MAX_DEPTH: usize = 128;

/// Why a template cannot be read or does not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::emulator::apigateway) enum Trouble {
    /// The text is no template.
    #[error("line {line}: {what}")]
    Syntax {
        /// Where.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// It asks for what the emulator has not.
    #[error("line {line}: the emulator has no `{what}`")]
    Lacking {
        /// Where.
        line: usize,
        /// What it asks for.
        what: String,
    },
    /// It makes more than may be.
    #[error("it makes more than 10 MB, or values that hold themselves")]
    TooLarge,
    /// It takes more steps than may be.
    #[error("it takes more than a million steps")]
    TooLong,
    /// It loops more often than API Gateway lets it.
    #[error("a #foreach has more than 1000 items")]
    TooMany,
    /// A method has an argument that it cannot have.
    #[error("{0}")]
    Argument(String),
}

/// The members of a map, in the order in which they were put.
pub(super) type Members = IndexMap<Rc<str>, Value>;

/// Something that the gateway gives to templates (`$input`, `$util`).
pub(super) trait Object {
    /// What it has under a name.
    fn get(&self, name: &str) -> Option<Value>;

    /// Calls a method; nothing when there is none.
    fn call(&self, name: &str, args: &[Value]) -> Result<Option<Value>, Trouble>;
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
        items: Rc<RefCell<Vec<Value>>>,
        /// Whether it was read from JSON.
        is_json: bool,
    },
    /// A map.
    Map(Rc<RefCell<Members>>),
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
        Self::List { items: Rc::new(RefCell::new(items)), is_json: false }
    }

    pub(super) fn map(members: Members) -> Self {
        Self::Map(Rc::new(RefCell::new(members)))
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

    /// The value as Java prints it.
    pub(super) fn to_text(&self) -> Result<Rc<str>, Trouble> {
        if let Self::Text(text) = self {
            return Ok(Rc::clone(text));
        }
        let mut out = String::new();
        self.write(&mut out, Style::Java, 0)?;
        Ok(out.into())
    }

    /// The value as JSON.
    pub(super) fn to_json(&self) -> Result<String, Trouble> {
        let mut out = String::new();
        self.write(&mut out, Style::Json, 0)?;
        Ok(out)
    }

    fn write(&self, out: &mut String, style: Style, depth: usize) -> Result<(), Trouble> {
        if depth > MAX_DEPTH || out.len() > MAX_BYTES {
            return Err(Trouble::TooLarge);
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
        if out.len() > MAX_BYTES { Err(Trouble::TooLarge) } else { Ok(()) }
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
        Ok(Value::List { items: Rc::new(RefCell::new(read)), is_json: true })
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
    fn a_value_that_holds_itself_is_not_written_for_ever() {
        let list = Value::list(vec![]);
        if let Value::List { items, .. } = &list {
            items.borrow_mut().push(list.clone());
        }
        assert_eq!(list.to_text(), Err(Trouble::TooLarge));
        if let Value::List { items, .. } = &list {
            items.borrow_mut().clear();
        }
    }
}
