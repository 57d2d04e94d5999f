//! A JSON tree for texts that strangers wrote: it keeps duplicate keys, so that they can be refused, and it is bounded
//! in depth and in size, so that reading one neither overflows the stack nor multiplies its memory.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::{cell::Cell, fmt};

/// The deepest container that is kept: an event, its request context, the part of it that holds the method, one spare.
const MAX_DEPTH: usize = 4;
/// How many members of the text's own map are kept; an event of any front has about a dozen.
const MAX_MEMBERS: u32 = 64;
/// How many values are kept below each of them; API Gateway's largest have some dozens. The budget is not shared: a
/// query of thousands of parameters must not take the members along that tell how to answer it.
const MAX_VALUES: u32 = 1024;

/// A JSON value. Numbers have no content: nothing that the handler reads is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number,
    Text(String),
    List(Vec<Json>),
    /// The members in their order, duplicates included.
    Map(Vec<(String, Json)>),
    /// A container that is too deep, or came after too many others, to be kept.
    Excess,
}

impl Json {
    /// Reads a whole text; `None` is not JSON.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let value = Self::deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Some(value)
    }

    /// Looks a member up; of duplicates the first.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.members()?.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Looks a text member up.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    /// Borrows the members of a map.
    pub(super) fn members(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Map(members) => Some(members),
            _ => None,
        }
    }

    /// Borrows a text.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Bounded { depth: MAX_DEPTH, left: &Cell::new(MAX_MEMBERS) }.deserialize(deserializer)
    }
}

/// What may still be kept below this point.
#[derive(Clone, Copy)]
struct Bounded<'a> {
    depth: usize,
    left: &'a Cell<u32>,
}

impl Bounded<'_> {
    /// One level down, as long as there is a level and a value left.
    fn below(self) -> Option<Self> {
        let depth = self.depth.checked_sub(1)?;
        self.left.set(self.left.get().checked_sub(1)?);
        Some(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(inner) = self.below() {
            match list.next_element_seed(inner)? {
                Some(item) => items.push(item),
                None => return Ok(Json::List(items)),
            }
        }
        // `IgnoredAny` is skipped without recursion, however deep it is.
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Json::Excess)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(inner) = self.below() {
            let own = Cell::new(MAX_VALUES);
            let inner = if self.depth == MAX_DEPTH { Bounded { left: &own, ..inner } } else { inner };
            match map.next_key::<String>()? {
                Some(key) => members.push((key, map.next_value_seed(inner)?)),
                None => return Ok(Json::Map(members)),
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Json::Excess)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_members_are_kept() {
        let json = Json::parse(br#"{"a":"1","a":"2"}"#).unwrap();
        assert_eq!(json.members().unwrap().len(), 2);
    }

    #[test]
    fn a_hundred_thousand_levels_neither_overflow_nor_fail() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let text = format!("{}null{}", open.repeat(100_000), close.repeat(100_000));
            assert!(Json::parse(text.as_bytes()).is_some());
        }
    }

    #[test]
    fn a_container_beyond_the_bounds_is_excess() {
        assert_eq!(Json::parse(format!("[{}0]", "0,".repeat(10_000)).as_bytes()), Some(Json::Excess));
        let wide = format!(r#"{{"a":{{{}"n":0}},"b":{{"c":"d"}}}}"#, r#""n":0,"#.repeat(10_000));
        let wide = Json::parse(wide.as_bytes()).unwrap();
        assert_eq!(wide.get("a"), Some(&Json::Excess));
        assert_eq!(wide.get("b").and_then(|b| b.text("c")), Some("d"), "what comes after it is kept");
        let deep = Json::parse(br#"{"a":{"b":{"c":{"d":{"e":1}}}}}"#).unwrap();
        let c = deep.get("a").and_then(|a| a.get("b")).and_then(|b| b.get("c")).unwrap();
        assert_eq!(c.get("d"), Some(&Json::Excess));
    }

    #[test]
    fn what_is_not_json_is_nothing() {
        for text in ["", "{", "nul", "{}x", "\u{feff}{}", "{'a':1}"] {
            assert_eq!(Json::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Json::parse(b"\"\xff\""), None);
    }
}
