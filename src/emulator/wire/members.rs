//! The members of a JSON input, read into a type that says which there are.
//!
//! Reading is closed: a member that the type does not know is a [`Fault`], so that no setting is taken and ignored. That
//! cannot be forgotten, because there is no other way to the members. Members that are `null` count as absent, as AWS's
//! services have it. Not for types with `#[serde(flatten)]`, which would swallow what they do not know; an input of two
//! parts is read by [`read_both`].

use super::AwsError;
use serde::{
    Deserialize, Deserializer,
    de::{
        self, DeserializeSeed, EnumAccess, Expected, IntoDeserializer, MapAccess, Unexpected, VariantAccess, Visitor,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};
use std::{cell::RefCell, collections::BTreeSet, fmt};

/// What is wrong with an input; each service words it in its own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The body is no document of the protocol; says why.
    Unreadable(String),
    /// A member that must be there is not.
    Missing(String),
    /// A member has a value of another type than its own; its path, and why.
    WrongType(String, String),
    /// A member has a value of its type that it cannot have; its path, and why.
    Invalid(String, String),
    /// A member that the operation does not know; its path.
    Unknown(String),
}

impl Fault {
    /// Puts the name of the member in front in which this was found.
    fn within(self, name: &str) -> Self {
        let join = |path: String| match path.as_str() {
            "" => name.to_owned(),
            path if path.starts_with('[') => format!("{name}{path}"),
            path => format!("{name}.{path}"),
        };
        match self {
            Self::Unreadable(why) => Self::Unreadable(why),
            Self::Missing(path) => Self::Missing(join(path)),
            Self::WrongType(path, why) => Self::WrongType(join(path), why),
            Self::Invalid(path, why) => Self::Invalid(join(path), why),
            Self::Unknown(path) => Self::Unknown(join(path)),
        }
    }

    /// Words it as the services of AWS JSON 1.1 do: their serializer stumbles over a value of another type, and everything
    /// else is the service's to say, by the error that `invalid` makes of a sentence.
    pub fn in_json(self, invalid: impl Fn(String) -> AwsError) -> AwsError {
        let unfit = |value: &str, why: &str| {
            invalid(format!("1 validation error detected: Value {value} failed to satisfy constraint: {why}"))
        };
        match self {
            Self::Unreadable(why) => AwsError::sender("SerializationException", why),
            Self::WrongType(..) => AwsError::sender("SerializationException", self.to_string()),
            Self::Invalid(path, why) => unfit(&format!("at '{path}'"), &why),
            Self::Missing(path) => unfit(&format!("null at '{path}'"), "Member must not be null"),
            Self::Unknown(path) => {
                invalid(format!("The member '{path}' is not known: this operation does not have it."))
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => f.write_str(why),
            Self::Missing(path) => write!(f, "the member `{path}` is missing"),
            Self::WrongType(path, why) | Self::Invalid(path, why) => {
                write!(f, "the member `{path}` is invalid: {why}")
            }
            Self::Unknown(path) => write!(f, "the member `{path}` is not known here"),
        }
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Invalid(String::new(), message.to_string())
    }

    fn invalid_type(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::WrongType(String::new(), format!("{} is not {}", found_in_words(found), expected_in_words(expected)))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Invalid(String::new(), format!("Member must satisfy enum value set: [{}]", expected.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field.to_owned())
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::Unknown(field.to_owned())
    }
}

/// Says in JSON's words what a value is.
fn found_in_words(found: Unexpected) -> String {
    match found {
        Unexpected::Str(text) => format!("the text \"{text}\""),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        Unexpected::Unit => "null".to_owned(),
        other => other.to_string(),
    }
}

/// Says in JSON's words what a type takes: nobody who calls knows the types of this program.
fn expected_in_words(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    match expected.as_str() {
        "f32" | "f64" => "a number".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "an integer".to_owned(),
        "a string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        name if name.starts_with("struct ") => "an object".to_owned(),
        _ => expected,
    }
}

/// Reads members into `T`.
///
/// # Errors
/// The first fault; an unknown member only when everything else is right.
pub fn read<'a, T: Deserialize<'a>>(members: &'a Map<String, Value>) -> Result<T, Fault> {
    let unknown = RefCell::default();
    let input = T::deserialize(Members { of: members, path: &Path::Root, unknown: &unknown })?;
    first(unknown.into_inner()).map_or(Ok(input), Err)
}

/// Reads members into two types that share them; unknown is what neither knows.
///
/// # Errors
/// As [`read`].
pub fn read_both<'a, A: Deserialize<'a>, B: Deserialize<'a>>(members: &'a Map<String, Value>) -> Result<(A, B), Fault> {
    let (in_a, in_b) = (RefCell::default(), RefCell::default());
    let a = A::deserialize(Members { of: members, path: &Path::Root, unknown: &in_a })?;
    let b = B::deserialize(Members { of: members, path: &Path::Root, unknown: &in_b })?;
    let (in_a, in_b) = (in_a.into_inner(), in_b.into_inner());
    // A member that one type does not know at all may have a member that the other does not know.
    let of_a = in_a.iter().filter(|path| holds(&in_b, path));
    let of_b = in_b.iter().filter(|path| holds(&in_a, path));
    first(of_a.chain(of_b).cloned().collect()).map_or(Ok((a, b)), Err)
}

/// Whether a member, or one that it is within, is among the unknown ones.
fn holds(unknown: &BTreeSet<String>, path: &str) -> bool {
    unknown
        .iter()
        .any(|above| path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])))
}

fn first(unknown: BTreeSet<String>) -> Option<Fault> {
    unknown.into_iter().next().map(Fault::Unknown)
}

/// Whether a value asks for nothing, so that a member that is not known may have it.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

/// Where a value stands in its document.
enum Path<'p> {
    Root,
    Member(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Path::Root, name) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, at) => write!(f, "{parent}[{at}]"),
        }
    }
}

type Unknown = RefCell<BTreeSet<String>>;

/// An object that is being read.
#[derive(Clone, Copy)]
struct Members<'de, 'p> {
    of: &'de Map<String, Value>,
    path: &'p Path<'p>,
    unknown: &'p Unknown,
}

impl<'de> Deserializer<'de> for Members<'de, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let rest = self.of.iter();
        visitor.visit_map(MemberAccess { object: self, rest, current: None })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct MemberAccess<'de, 'p> {
    object: Members<'de, 'p>,
    rest: serde_json::map::Iter<'de>,
    current: Option<(&'de str, &'de Value)>,
}

impl<'de> MapAccess<'de> for MemberAccess<'de, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.current = self.rest.find(|(_, value)| !value.is_null()).map(|(name, value)| (name.as_str(), value));
        let Some((name, _)) = self.current else { return Ok(None) };
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((name, value)) = self.current.take() else { return Err(de::Error::custom("a value without a name")) };
        let path = Path::Member(self.object.path, name);
        let member = Member { value, path: &path, unknown: self.object.unknown };
        seed.deserialize(member).map_err(|fault| fault.within(name))
    }
}

/// Any value that is being read.
struct Member<'de, 'p> {
    value: &'de Value,
    path: &'p Path<'p>,
    unknown: &'p Unknown,
}

impl<'de> Member<'de, '_> {
    fn items<V: Visitor<'de>>(self, items: &'de [Value], visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(ItemAccess { items, at: 0, list: self })
    }
}

impl<'de> Deserializer<'de> for Member<'de, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => self.items(items, visitor),
            Value::Object(members) => {
                Members { of: members, path: self.path, unknown: self.unknown }.deserialize_any(visitor)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    /// A structure is an object; serde would read a list as one too, by the order of its members.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value {
            Value::Array(_) => Err(de::Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value {
            Value::String(text) => visitor.visit_enum(Variant(text)),
            _ => Err(de::Error::invalid_type(Unexpected::Other("no text"), &"a text")),
        }
    }

    /// Where serde looks away, this looks: the member is one that the type does not know.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if !says_nothing(self.value) {
            self.unknown.borrow_mut().insert(self.path.to_string());
        }
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier
    }
}

struct ItemAccess<'de, 'p> {
    items: &'de [Value],
    at: usize,
    list: Member<'de, 'p>,
}

impl<'de> de::SeqAccess<'de> for ItemAccess<'de, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(value) = self.items.get(self.at) else { return Ok(None) };
        let path = Path::Item(self.list.path, self.at);
        let name = format!("[{}]", self.at);
        self.at += 1;
        let item = Member { value, path: &path, unknown: self.list.unknown };
        seed.deserialize(item).map(Some).map_err(|fault| fault.within(&name))
    }
}

/// A text as the variant of an enumeration; none has content.
struct Variant<'de>(&'de str);

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        Ok((seed.deserialize(self.0.into_deserializer())?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Fault> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"a text"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Fault> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"a text"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Fault> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"a text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Inner {
        size: u8,
        kind: Option<Kind>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "UPPERCASE")]
    enum Kind {
        Small,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Input {
        group_name: String,
        #[serde(default)]
        tags: BTreeMap<String, String>,
        inner: Option<Inner>,
        #[serde(default)]
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Other {
        #[expect(dead_code, reason = "read to be known")]
        group_name: String,
        colour: Option<String>,
    }

    fn read(value: &Value) -> Result<Input, Fault> {
        super::read(value.as_object().unwrap())
    }

    #[test]
    fn what_the_type_knows_is_read_at_every_depth() {
        let input = read(&json!({
            "groupName": "g", "tags": { "a": "b" }, "inner": { "size": 3, "kind": "SMALL" }, "list": [{ "size": 1 }]
        }));
        let input = input.unwrap();
        assert_eq!((input.group_name.as_str(), input.tags["a"].as_str()), ("g", "b"));
        assert_eq!(input.inner, Some(Inner { size: 3, kind: Some(Kind::Small) }));
        assert_eq!(input.list, [Inner { size: 1, kind: None }]);
    }

    #[test]
    fn an_unknown_member_is_named_with_its_path() {
        for (value, path) in [
            (json!({ "groupName": "g", "colour": "red" }), "colour"),
            (json!({ "groupName": "g", "inner": { "size": 1, "colour": 1 } }), "inner.colour"),
            (json!({ "groupName": "g", "list": [{ "size": 1 }, { "size": 1, "x": { "y": 1 } }] }), "list[1].x"),
        ] {
            assert_eq!(read(&value).unwrap_err(), Fault::Unknown(path.to_owned()));
        }
    }

    #[test]
    fn an_unknown_member_that_says_nothing_is_let_pass() {
        read(&json!({ "groupName": "g", "a": null, "b": false, "c": "", "d": [], "e": {} })).unwrap();
    }

    #[test]
    fn null_is_absent() {
        assert_eq!(read(&json!({ "groupName": "g", "tags": null })).unwrap().tags, BTreeMap::new());
        assert_eq!(read(&json!({ "groupName": null })).unwrap_err(), Fault::Missing("groupName".to_owned()));
    }

    #[test]
    fn a_wrong_type_and_a_missing_member_are_named_with_their_path() {
        let path = |value: &Value| match read(value).unwrap_err() {
            Fault::WrongType(path, _) => format!("wrong {path}"),
            Fault::Invalid(path, _) => path,
            Fault::Missing(path) => format!("missing {path}"),
            other => panic!("{other:?}"),
        };
        assert_eq!(path(&json!({ "groupName": 1 })), "wrong groupName");
        assert_eq!(path(&json!({ "groupName": "g", "inner": { "size": 300 } })), "inner.size");
        assert_eq!(path(&json!({ "groupName": "g", "list": [{}] })), "missing list[0].size");
        assert_eq!(path(&json!({ "groupName": "g", "inner": { "size": 1, "kind": "HUGE" } })), "inner.kind");
        assert_eq!(path(&json!({ "groupName": "g", "inner": { "size": 1, "kind": 7 } })), "wrong inner.kind");
    }

    #[test]
    fn what_a_value_is_and_should_be_is_said_without_the_words_of_a_program() {
        let why = |value: &Value| match read(value).unwrap_err() {
            Fault::WrongType(_, why) | Fault::Invalid(_, why) => why,
            other => panic!("{other:?}"),
        };
        let inner = |inner: Value| json!({ "groupName": "g", "inner": inner });
        assert_eq!(why(&inner(json!({ "size": "abc" }))), "the text \"abc\" is not an integer");
        assert_eq!(why(&inner(json!("abc"))), "the text \"abc\" is not an object");
        assert_eq!(why(&json!({ "groupName": ["g"] })), "a list is not a text");
        assert_eq!(why(&inner(json!([1, "SMALL"]))), "a list is not an object");
        assert_eq!(why(&json!({ "groupName": "g", "list": {} })), "an object is not a list");
        let kind = why(&inner(json!({ "size": 1, "kind": "HUGE" })));
        assert_eq!(kind, "Member must satisfy enum value set: [SMALL]");
    }

    #[test]
    fn of_two_parts_each_may_know_what_the_other_does_not() {
        let both = |value: &Value| read_both::<Input, Other>(value.as_object().unwrap());
        let (_, other) = both(&json!({ "groupName": "g", "tags": {"a": "b"}, "colour": "red" })).unwrap();
        assert_eq!(other.colour.as_deref(), Some("red"));
        let unknown = both(&json!({ "groupName": "g", "taste": "sour" })).unwrap_err();
        assert_eq!(unknown, Fault::Unknown("taste".to_owned()));
        let within = both(&json!({ "groupName": "g", "inner": { "size": 1, "taste": "sour" } })).unwrap_err();
        assert_eq!(within, Fault::Unknown("inner.taste".to_owned()));
    }
}
