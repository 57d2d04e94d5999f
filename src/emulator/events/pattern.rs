//! Event patterns: which events a rule is for.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>

use super::text::{NO_EXCEPTION, Refusal, Text, check_complexity};
use serde_json::{Map, Value};
use std::{borrow::Cow, net::IpAddr};

/// How deep patterns nest: what EventBridge itself reads.
const MAX_DEPTH: usize = 100;
/// The greatest number that is compared as one.
const MAX_NUMBER: f64 = 5e9;

/// A pattern: every field, and one of each group of alternatives, must fit.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Pattern {
    fields: Vec<(String, Field)>,
    alternatives: Vec<Pattern>,
}

/// An event as patterns see it: its names are taken apart at their dots, once for all patterns.
pub(super) struct Seen<'e>(Cow<'e, Value>);

impl<'e> Seen<'e> {
    pub(super) fn of(event: &'e Value) -> Self {
        Self(without_dots(event))
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Field {
    Within(Pattern),
    Values(Vec<Matcher>),
}

/// What a value has to be.
#[derive(Debug, Clone, PartialEq)]
enum Matcher {
    Equals(Value),
    Text(Text),
    /// The value is none of these.
    Not(Vec<Matcher>),
    Numeric(Vec<(Comparison, f64)>),
    Exists(bool),
    /// An address and how many of its bits count.
    Network(IpAddr, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

/// The names that no field has that stands in `$or`: those of expressions, and of such as may come.
/// <https://github.com/aws/event-ruler>
const RESERVED: [&str; 24] = [
    "<",
    "<=",
    "=",
    ">",
    ">=",
    "anything-but",
    "cidr",
    "date-after",
    "date-before",
    "date-on-or-after",
    "date-on-or-before",
    "equals-ignore-case",
    "exactly",
    "exists",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
    "not-equals-ignore-case",
    "not-wildcard",
    "numeric",
    "prefix",
    "regex",
    "suffix",
    "wildcard",
];

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let pattern = Self::kept(text)?;
        pattern.check()?;
        Ok(pattern)
    }

    /// Reads a pattern that was checked when it was kept.
    pub(super) fn kept(text: &str) -> Result<Self, Refusal> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("Filter is not a valid JSON: {error}"))?;
        match value {
            Value::Object(members) => Self::of(&members, 0, false),
            _ => Err("Filter is not an object".to_owned()),
        }
    }

    fn of(members: &Map<String, Value>, depth: usize, is_alternative: bool) -> Result<Self, Refusal> {
        if members.is_empty() {
            return Err("Empty objects are not allowed".to_owned());
        }
        let mut pattern = Self::default();
        for (name, value) in members {
            let depth = depth + dots(name);
            if depth > MAX_DEPTH {
                return Err("Event pattern is nested too deeply".to_owned());
            }
            let field = match value {
                Value::Array(items) if name == "$or" => {
                    pattern.alternatives = alternatives(items, depth)?;
                    continue;
                }
                _ if name == "$or" => return Err("It must be an Array followed with $or.".to_owned()),
                _ if is_alternative && RESERVED.contains(&name.as_str()) => {
                    return Err(format!("{name} is Ruler reserved fieldName which cannot be used inside $or."));
                }
                Value::Object(members) => Field::Within(Self::of(members, depth + 1, is_alternative)?),
                Value::Array(items) if items.is_empty() => return Err("Empty arrays are not allowed".to_owned()),
                Value::Array(items) => Field::Values(items.iter().map(Matcher::of).collect::<Result<Vec<_>, _>>()?),
                _ => return Err(format!("\"{name}\" must be an object or an array")),
            };
            pattern.fields.push(Self::at_path(name, field));
        }
        Ok(pattern)
    }

    /// Refuses wildcards that a text can have come to too many places of.
    fn check(&self) -> Result<(), Refusal> {
        for (_, field) in &self.fields {
            match field {
                Field::Within(pattern) => pattern.check()?,
                Field::Values(matchers) => check_complexity(matchers.iter().filter_map(Matcher::text))?,
            }
        }
        self.alternatives.iter().try_for_each(Self::check)
    }

    /// Names a field; a dot in a name leads into an object, as nesting does.
    fn at_path(name: &str, field: Field) -> (String, Field) {
        match name.split_once('.') {
            Some((outer, inner)) => {
                let within = Self { fields: vec![Self::at_path(inner, field)], alternatives: Vec::new() };
                (outer.to_owned(), Field::Within(within))
            }
            None => (name.to_owned(), field),
        }
    }

    /// Whether an event fits.
    pub(super) fn accepts(&self, event: &Seen<'_>) -> bool {
        self.takes(&event.0)
    }

    /// Whether a part of an event fits.
    fn takes(&self, value: &Value) -> bool {
        match value {
            // Of a list one item must fit in everything.
            Value::Array(items) => items.iter().any(|item| self.takes(item)),
            Value::Object(members) => self.fits(|name| members.get(name)),
            // What is not there may be asked not to be there.
            _ => self.fits(|_| None),
        }
    }

    fn fits<'v>(&self, member: impl Fn(&str) -> Option<&'v Value> + Copy) -> bool {
        let fits = |(name, field): &(String, Field)| match field {
            Field::Within(pattern) => pattern.takes(member(name).unwrap_or(&Value::Null)),
            Field::Values(matchers) => matchers.iter().any(|matcher| matcher.accepts(member(name))),
        };
        let has_alternative = || self.alternatives.iter().any(|pattern| pattern.fits(member));
        self.fields.iter().all(fits) && (self.alternatives.is_empty() || has_alternative())
    }
}

fn alternatives(items: &[Value], depth: usize) -> Result<Vec<Pattern>, Refusal> {
    if items.len() < 2 {
        return Err("There must have at least 2 Objects in $or relationship.".to_owned());
    }
    let of = |item: &Value| match item {
        Value::Object(members) => Pattern::of(members, depth + 1, true),
        _ => Err("Only JSON object is allowed in array of $or relationship.".to_owned()),
    };
    items.iter().map(of).collect()
}

fn dots(name: &str) -> usize {
    name.bytes().filter(|byte| *byte == b'.').count()
}

/// Takes the names of an event apart at their dots, as a pattern's are: `{"a.b": 1}` is `{"a": {"b": 1}}`. What would come to
/// lie deeper than any pattern stays as it is.
fn without_dots(value: &Value) -> Cow<'_, Value> {
    fn has_dots(value: &Value) -> bool {
        match value {
            Value::Object(members) => members.iter().any(|(name, value)| name.contains('.') || has_dots(value)),
            Value::Array(items) => items.iter().any(has_dots),
            _ => false,
        }
    }
    fn apart(value: &Value, depth: usize) -> Value {
        match value {
            Value::Object(members) => {
                let mut all = Map::new();
                for (name, value) in members {
                    let within = depth + dots(name) + 1;
                    let one = |inner: Value, name: &str| Value::Object(Map::from_iter([(name.to_owned(), inner)]));
                    let part = if within > MAX_DEPTH {
                        one(apart(value, depth + 1), name)
                    } else {
                        name.rsplit('.').fold(apart(value, within), one)
                    };
                    join(&mut all, part);
                }
                Value::Object(all)
            }
            Value::Array(items) => items.iter().map(|item| apart(item, depth)).collect(),
            plain => plain.clone(),
        }
    }
    if has_dots(value) { Cow::Owned(apart(value, 0)) } else { Cow::Borrowed(value) }
}

/// Puts the members of an object among others; what cannot be both is a list of both.
fn join(all: &mut Map<String, Value>, more: Value) {
    let Value::Object(more) = more else { return };
    for (name, new) in more {
        match (all.get_mut(&name), new) {
            (Some(Value::Object(old)), new @ Value::Object(_)) => join(old, new),
            (Some(Value::Array(old)), new) => old.push(new),
            (Some(old), new) => *old = Value::Array(vec![old.take(), new]),
            (None, new) => {
                all.insert(name, new);
            }
        }
    }
}

impl Matcher {
    fn of(value: &Value) -> Result<Self, Refusal> {
        match value {
            Value::Object(members) => Self::of_expression(members),
            Value::Array(_) => Err("Match value must be String, number, true, false, or null".to_owned()),
            plain => Ok(Self::Equals(plain.clone())),
        }
    }

    fn of_expression(members: &Map<String, Value>) -> Result<Self, Refusal> {
        let mut entries = members.iter();
        let (kind, value) = entries.next().ok_or_else(|| "Match expression name not found".to_owned())?;
        if entries.next().is_some() {
            return Err("Only one key allowed in match expression".to_owned());
        }
        match (kind.as_str(), value) {
            ("exists", Value::Bool(exists)) => Ok(Self::Exists(*exists)),
            ("exists", _) => Err("exists match pattern must be either true or false.".to_owned()),
            ("numeric", Value::Array(items)) => numeric(items),
            ("numeric", _) => Err("Value of numeric must be an array.".to_owned()),
            ("cidr", Value::String(text)) => network(text),
            ("cidr", _) => Err("prefix match pattern must be a string".to_owned()),
            ("anything-but", value) => anything_but(value),
            (kind, value) => Text::of(kind, value).map(Self::Text),
        }
    }

    fn text(&self) -> Option<&Text> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    fn accepts(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            // Only what has a value of its own is there: no object, no list of nothing.
            (Self::Exists(wanted), value) => value.is_some_and(has_leaf) == *wanted,
            (_, None | Some(Value::Object(_))) => false,
            (matcher, Some(Value::Array(items))) => items.iter().any(|item| matcher.accepts(Some(item))),
            (matcher, Some(value)) => matcher.takes(value),
        }
    }

    /// Whether a value that holds no others fits.
    fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Equals(wanted) => equal(value, wanted),
            Self::Text(text) => value.as_str().is_some_and(|value| text.accepts(value)),
            Self::Not(matchers) => !matchers.iter().any(|matcher| matcher.takes(value)),
            Self::Numeric(comparisons) => value
                .as_f64()
                .is_some_and(|value| comparisons.iter().all(|(comparison, bound)| comparison.holds(value, *bound))),
            Self::Network(network, bits) => value
                .as_str()
                .and_then(|text| text.parse::<IpAddr>().ok())
                .is_some_and(|address| starts_like(address, *network, *bits)),
            Self::Exists(_) => false,
        }
    }
}

fn has_leaf(value: &Value) -> bool {
    match value {
        Value::Object(_) => false,
        Value::Array(items) => items.iter().any(has_leaf),
        _ => true,
    }
}

/// Numbers are equal by what they are worth, however they are written.
#[expect(clippy::float_cmp, reason = "a pattern that names a number means that number")]
fn equal(value: &Value, wanted: &Value) -> bool {
    match (value.as_f64(), wanted.as_f64()) {
        (Some(value), Some(wanted)) if value.abs() <= MAX_NUMBER => value == wanted,
        _ => value == wanted,
    }
}

fn anything_but(value: &Value) -> Result<Matcher, Refusal> {
    let matchers: Result<Vec<Matcher>, Refusal> = match value {
        Value::Array(items) => {
            if items.iter().any(|item| !item.is_string() && !item.is_number()) {
                return Err("Inside anything but list, start|null|boolean is not supported.".to_owned());
            }
            if items.iter().any(Value::is_string) == items.iter().any(Value::is_number) {
                return Err("Inside anything but list, either all values are number or string, mixed type is not \
                            supported"
                    .to_owned());
            }
            Ok(items.iter().cloned().map(Matcher::Equals).collect())
        }
        Value::Object(members) => {
            let mut entries = members.iter();
            match (entries.next(), entries.next()) {
                (Some((kind, value)), None) => {
                    Text::exceptions(kind, value).map(|texts| texts.into_iter().map(Matcher::Text).collect())
                }
                (None, _) => Err("Anything-But expression name not found".to_owned()),
                _ => Err("Only one key allowed in match expression".to_owned()),
            }
        }
        Value::String(_) | Value::Number(_) => Ok(vec![Matcher::Equals(value.clone())]),
        _ => Err(NO_EXCEPTION.to_owned()),
    };
    matchers.map(Matcher::Not)
}

/// Reads one comparison, or the two of a range: its bottom first, then its top. In the words and the order of
/// <https://github.com/aws/event-ruler>.
fn numeric(items: &[Value]) -> Result<Matcher, Refusal> {
    let (bottom, rest) = items.split_at(items.len().min(2));
    let Some(operator) = bottom.first().and_then(Value::as_str) else {
        let found = bottom.first().map_or_else(|| "]".to_owned(), Value::to_string);
        return Err(format!("Invalid member in numeric match: {found}"));
    };
    let comparison = Comparison::parse(operator);
    let comparison = comparison.ok_or_else(|| format!("Unrecognized numeric range operator: {operator}"))?;
    let least = bound(operator, bottom.get(1))?;
    let Some(second) = rest.first() else { return Ok(Matcher::Numeric(vec![(comparison, least)])) };
    if !matches!(comparison, Comparison::More | Comparison::AtLeast) {
        return Err("Too many elements in numeric expression".to_owned());
    }
    let operator = second.as_str().ok_or_else(|| format!("Bad value in numeric range: {second}"))?;
    let upper = Comparison::parse(operator).filter(|upper| matches!(upper, Comparison::Less | Comparison::AtMost));
    let upper = upper.ok_or_else(|| format!("Bad numeric range operator: {operator}"))?;
    let greatest = bound(operator, rest.get(1))?;
    if rest.len() > 2 {
        return Err("Too many terms in numeric range expression".to_owned());
    }
    if least >= greatest {
        return Err("Bottom must be less than top".to_owned());
    }
    Ok(Matcher::Numeric(vec![(comparison, least), (upper, greatest)]))
}

/// Reads what an operator compares with.
fn bound(operator: &str, value: Option<&Value>) -> Result<f64, Refusal> {
    match value.and_then(Value::as_f64) {
        Some(number) if number.abs() <= MAX_NUMBER => Ok(number),
        Some(_) => Err("Value must be between -5.0e9 and 5.0e9, inclusive".to_owned()),
        None => {
            let operator = if operator == "=" { "equals" } else { operator };
            Err(format!("Value of {operator} must be numeric"))
        }
    }
}

/// Reads a range of addresses. A single one is no range: it is written as it is.
fn network(text: &str) -> Result<Matcher, Refusal> {
    let [address, bits] = text.split('/').collect::<Vec<_>>()[..] else {
        return Err("Malformed CIDR, one '/' required".to_owned());
    };
    let bits: i32 = bits.parse().map_err(|_| "Malformed CIDR, mask bits must be an integer".to_owned())?;
    let bits = u32::try_from(bits).map_err(|_| "Malformed CIDR, mask bits must not be negative".to_owned())?;
    let address: IpAddr = address.parse().map_err(|_| format!("Nonstandard IP address: {address}"))?;
    match address {
        IpAddr::V4(_) if bits > 31 => Err("IPv4 mask bits must be < 32".to_owned()),
        IpAddr::V6(_) if bits > 127 => Err("IPv6 mask bits must be < 128".to_owned()),
        _ => Ok(Matcher::Network(address, bits)),
    }
}

fn starts_like(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let same = |differing: u128, width: u32| bits == 0 || differing >> (width - bits) == 0;
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => same((address.to_bits() ^ network.to_bits()).into(), 32),
        (IpAddr::V6(address), IpAddr::V6(network)) => same(address.to_bits() ^ network.to_bits(), 128),
        _ => false,
    }
}

impl Comparison {
    fn parse(operator: &str) -> Option<Self> {
        Some(match operator {
            "<" => Self::Less,
            "<=" => Self::AtMost,
            "=" => Self::Equal,
            ">=" => Self::AtLeast,
            ">" => Self::More,
            _ => return None,
        })
    }

    #[expect(clippy::float_cmp, reason = "a pattern that names a number means that number")]
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Less => value < bound,
            Self::AtMost => value <= bound,
            Self::Equal => value == bound,
            Self::AtLeast => value >= bound,
            Self::More => value > bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn accepts(pattern: &Value, event: &Value) -> bool {
        let read = Pattern::parse(&pattern.to_string()).unwrap_or_else(|why| panic!("{pattern}: {why}"));
        read.accepts(&Seen::of(event))
    }

    #[test]
    fn each_kind_of_match() {
        let event = json!({
            "source": "aws.ec2", "detail": { "state": "running", "n": 7, "f": 1.5, "none": null, "flag": true, "ip": "10.0.1.7",
            "list": ["a", "b"], "empty": [], "in": { "x": "Äb*c" } }, "resources": ["arn:1", "arn:2"]
        });
        for (pattern, expected) in [
            (json!({ "source": ["aws.ec2"] }), true),
            (json!({ "source": ["aws.s3", "aws.ec2"] }), true),
            (json!({ "source": ["aws.s3"] }), false),
            (json!({ "resources": ["arn:2"] }), true),
            (json!({ "detail": { "n": [7] } }), true),
            (json!({ "detail": { "n": ["7"] } }), false),
            (json!({ "detail": { "n": [7.0] } }), true),
            (json!({ "detail": { "none": [null], "flag": [true] } }), true),
            (json!({ "source": [{ "prefix": "aws." }] }), true),
            (json!({ "source": [{ "prefix": { "equals-ignore-case": "AWS." } }] }), true),
            (json!({ "source": [{ "suffix": "ec2" }] }), true),
            (json!({ "source": [{ "suffix": "s3" }] }), false),
            (json!({ "source": [{ "equals-ignore-case": "AWS.EC2" }] }), true),
            (json!({ "source": [{ "wildcard": "a*.*2" }] }), true),
            (json!({ "source": [{ "wildcard": "a*.*3" }] }), false),
            (json!({ "detail": { "in": { "x": [{ "wildcard": "*b\\*c" }] } } }), true),
            (json!({ "detail": { "state": [{ "anything-but": "stopped" }] } }), true),
            (json!({ "detail": { "state": [{ "anything-but": ["stopped", "running"] }] } }), false),
            (json!({ "detail": { "state": [{ "anything-but": { "prefix": "run" } }] } }), false),
            (json!({ "detail": { "state": [{ "anything-but": { "suffix": ["x", "y"] } }] } }), true),
            (json!({ "detail": { "absent": [{ "anything-but": "x" }] } }), false),
            (json!({ "detail": { "n": [{ "numeric": [">", 5, "<=", 7] }] } }), true),
            (json!({ "detail": { "n": [{ "numeric": [">=", 7, "<", 8] }] } }), true),
            (json!({ "detail": { "n": [{ "anything-but": [7, 8] }] } }), false),
            (json!({ "detail": { "n": [{ "numeric": ["=", 8] }] } }), false),
            (json!({ "detail": { "state": [{ "numeric": ["=", 8] }] } }), false),
            (json!({ "detail": { "state": [{ "exists": true }] } }), true),
            (json!({ "detail": { "absent": [{ "exists": false }] } }), true),
            (json!({ "absent": { "within": [{ "exists": false }] } }), true),
            (json!({ "detail": { "in": [{ "exists": true }] } }), false),
            (json!({ "detail": { "empty": [{ "exists": true }] } }), false),
            (json!({ "detail": { "ip": [{ "cidr": "10.0.0.0/16" }] } }), true),
            (json!({ "detail": { "ip": [{ "cidr": "10.1.0.0/16" }] } }), false),
            (json!({ "$or": [{ "source": ["x"] }, { "detail": { "n": [7] } }] }), true),
            (json!({ "source": ["aws.ec2"], "$or": [{ "source": ["x"] }, { "detail": { "n": [8] } }] }), false),
        ] {
            assert_eq!(accepts(&pattern, &event), expected, "{pattern}");
        }
    }

    #[test]
    fn a_dot_in_a_name_leads_into_an_object() {
        let (nested, dotted) = (json!({ "detail": { "a": { "b": ["x"] } } }), json!({ "detail": { "a.b": ["x"] } }));
        for event in [json!({ "detail": { "a": { "b": "x" } } }), json!({ "detail": { "a.b": "x", "a": 1 } })] {
            assert!(accepts(&nested, &event) && accepts(&dotted, &event), "{event}");
        }
        assert!(!accepts(&dotted, &json!({ "detail": { "a.b": { "b": "x" } } })));
        // However many there are, what comes of it is neither deep nor in lists of lists.
        let deep = json!({ (".a".repeat(100_000)): 1, "detail": { "a.b": "x" } });
        assert!(accepts(&dotted, &deep));
        let mut many: Map<String, Value> = (0..100_000).map(|number| (format!("a.{number}"), json!(1))).collect();
        many.extend([("a".to_owned(), json!(1)), ("a.b".to_owned(), json!("x"))]);
        assert!(accepts(&dotted, &json!({ "detail": many })));
        assert!(Pattern::parse(&format!(r#"{{"{}":["x"]}}"#, "a.".repeat(1000))).is_err());
    }

    #[test]
    fn of_a_list_of_objects_one_must_fit_in_everything() {
        let event = json!({ "detail": { "disks": [{ "id": "a", "size": 1 }, { "id": "b", "size": 2 }] } });
        assert!(accepts(&json!({ "detail": { "disks": { "id": ["b"], "size": [2] } } }), &event));
        assert!(!accepts(&json!({ "detail": { "disks": { "id": ["a"], "size": [2] } } }), &event));
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_its_reason() {
        for (bad, reason) in [
            ("", "JSON"),
            ("[]", "not an object"),
            ("{}", "Empty objects"),
            (r#"{"a":{}}"#, "Empty objects"),
            (r#"{"a":[]}"#, "Empty arrays"),
            (r#"{"a":"b"}"#, "must be an object or an array"),
            (r#"{"a":[{"matches":"b"}]}"#, "Unrecognized match type matches"),
            (r#"{"a":[{"prefix":1}]}"#, "must be a string"),
            (r#"{"a":[{"exists":"yes"}]}"#, "true or false"),
            (r#"{"a":[{"numeric":["~",1]}]}"#, "operator"),
            (r#"{"a":[{"numeric":[">","1"]}]}"#, "numeric"),
            (r#"{"a":[{"numeric":[]}]}"#, "Invalid member in numeric match: ]"),
            (r#"{"a":[{"numeric":[">"]}]}"#, "Value of > must be numeric"),
            (r#"{"a":[{"numeric":[1]}]}"#, "Invalid member in numeric match: 1"),
            (r#"{"a":[{"numeric":["=","x"]}]}"#, "Value of equals must be numeric"),
            (r#"{"a":[{"numeric":[">",1,"<"]}]}"#, "Value of < must be numeric"),
            (r#"{"a":[{"numeric":[">",1,2]}]}"#, "Bad value in numeric range: 2"),
            (r#"{"a":[{"numeric":["=",1,"<",5]}]}"#, "Too many elements in numeric expression"),
            (r#"{"a":[{"numeric":["<",5,">",1]}]}"#, "Too many elements in numeric expression"),
            (r#"{"a":[{"numeric":["<=",5,"<",9]}]}"#, "Too many elements in numeric expression"),
            (r#"{"a":[{"numeric":[">",1,">",2]}]}"#, "Bad numeric range operator: >"),
            (r#"{"a":[{"numeric":[">=",1,"=",2]}]}"#, "Bad numeric range operator: ="),
            (r#"{"a":[{"numeric":[">",5,"<",5]}]}"#, "Bottom must be less than top"),
            (r#"{"a":[{"numeric":[">=",7,"<=",5]}]}"#, "Bottom must be less than top"),
            (r#"{"a":[{"numeric":[">",1,"<",5,"<",9]}]}"#, "Too many terms in numeric range expression"),
            (r#"{"a":[{"anything-but":["a",1]}]}"#, "mixed type is not supported"),
            (r#"{"a":[{"anything-but":["a",null]}]}"#, "is not supported"),
            (r#"{"a":[{"cidr":"10.0.0.0"}]}"#, "Malformed CIDR, one '/' required"),
            (r#"{"a":[{"cidr":"10.0.0.0/x"}]}"#, "mask bits must be an integer"),
            (r#"{"a":[{"cidr":"10.0.0.0/32"}]}"#, "IPv4 mask bits must be < 32"),
            (r#"{"a":[{"cidr":"10.0.0/8"}]}"#, "Nonstandard IP address: 10.0.0"),
            (r#"{"a":[{"anything-but":null}]}"#, "Value of anything-but must be"),
            (r#"{"a":[{"anything-but":{"prefix":""}}]}"#, "Null prefix/suffix not allowed"),
            (r#"{"a":[{"anything-but":{"suffix":[1]}}]}"#, "prefix/suffix match pattern must be a string"),
            (r#"{"$or":[{"prefix":["a"]},{"a":["b"]}]}"#, "prefix is Ruler reserved fieldName"),
            (r#"{"$or":[{"a":{"date-after":["b"]}},{"a":["b"]}]}"#, "date-after is Ruler reserved fieldName"),
            (r#"{"a":[{}]}"#, "Match expression name not found"),
            (r#"{"a":[{"anything-but":{}}]}"#, "Anything-But expression name not found"),
            (r#"{"a":[{"anything-but":{"prefix":null}}]}"#, "Value of anything-but must be"),
            (r#"{"a":[{"anything-but":{"numeric":null}}]}"#, "Unsupported anything-but pattern: numeric"),
            (r#"{"a":[{"anything-but":{"wildcard":[{"b":1}]}}]}"#, "wildcard match pattern must be a string"),
            (r#"{"a":[{"anything-but":{"equals-ignore-case":1}}]}"#, "Inside anything-but/equals-ignore-case list"),
            (r#"{"a":[{"prefix":{}}]}"#, "Prefix expression name not found"),
            (r#"{"a":[{"suffix":{"wildcard":"b"}}]}"#, "Unsupported suffix pattern: wildcard"),
            (r#"{"a":[{"prefix":{"equals-ignore-case":1}}]}"#, "equals-ignore-case match pattern must be a string"),
            (r#"{"a":[{"wildcard":"a**b"}]}"#, "Consecutive"),
            (r#"{"a":[{"prefix":"a","suffix":"b"}]}"#, "Only one key"),
            (r#"{"a":[["b"]]}"#, "Match value"),
            (r#"{"$or":[{"a":["b"]}]}"#, "at least 2"),
        ] {
            let refusal = Pattern::parse(bad).unwrap_err();
            assert!(refusal.contains(reason), "{bad}: {refusal}");
        }
        let deep = format!("{}[1]{}", r#"{"a":"#.repeat(120), "}".repeat(120));
        assert!(Pattern::parse(&deep).is_err());
    }
}
