//! Event patterns: which events a rule is for.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>

use serde_json::{Map, Value};
use std::net::IpAddr;

/// How deep patterns nest: what EventBridge itself reads.
const MAX_DEPTH: usize = 100;

/// A pattern: every field, and one of each group of alternatives, must fit.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Pattern {
    fields: Vec<(String, Field)>,
    alternatives: Vec<Pattern>,
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

/// What a text has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Text {
    Prefix {
        of: String,
        ignores_case: bool,
    },
    Suffix {
        of: String,
        ignores_case: bool,
    },
    EqualsIgnoringCase(String),
    /// The texts between the stars.
    Wildcard(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

/// Why a text is no pattern.
type Refusal = String;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("Filter is not a valid JSON: {error}"))?;
        match value {
            Value::Object(members) => Self::of(&members, 0),
            _ => Err("Filter is not an object".to_owned()),
        }
    }

    fn of(members: &Map<String, Value>, depth: usize) -> Result<Self, Refusal> {
        if members.is_empty() {
            return Err("Empty objects are not allowed".to_owned());
        }
        if depth > MAX_DEPTH {
            return Err("Event pattern is nested too deeply".to_owned());
        }
        let mut pattern = Self::default();
        for (name, value) in members {
            match value {
                Value::Array(items) if name == "$or" => pattern.alternatives = alternatives(items, depth)?,
                Value::Object(members) => {
                    pattern.fields.push((name.clone(), Field::Within(Self::of(members, depth + 1)?)));
                }
                Value::Array(items) if items.is_empty() => return Err("Empty arrays are not allowed".to_owned()),
                Value::Array(items) => {
                    let matchers = items.iter().map(Matcher::of).collect::<Result<_, _>>()?;
                    pattern.fields.push((name.clone(), Field::Values(matchers)));
                }
                _ => return Err(format!("\"{name}\" must be an object or an array")),
            }
        }
        Ok(pattern)
    }

    /// Whether an event, or a part of one, fits.
    pub(super) fn accepts(&self, value: &Value) -> bool {
        match value {
            // Of a list one item must fit in everything.
            Value::Array(items) => items.iter().any(|item| self.accepts(item)),
            Value::Object(members) => self.fits(|name| members.get(name)),
            // What is not there may be asked not to be there.
            _ => self.fits(|_| None),
        }
    }

    fn fits<'v>(&self, member: impl Fn(&str) -> Option<&'v Value> + Copy) -> bool {
        let fits = |(name, field): &(String, Field)| match field {
            Field::Within(pattern) => pattern.accepts(member(name).unwrap_or(&Value::Null)),
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
        Value::Object(members) => Pattern::of(members, depth + 1),
        _ => Err("Only objects are allowed in $or".to_owned()),
    };
    items.iter().map(of).collect()
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
        let (Some((kind, value)), None) = (entries.next(), entries.next()) else {
            return Err("Only one key allowed in match expression".to_owned());
        };
        match (kind.as_str(), value) {
            ("exists", Value::Bool(exists)) => Ok(Self::Exists(*exists)),
            ("exists", _) => Err("exists match pattern must be either true or false.".to_owned()),
            ("numeric", Value::Array(items)) => numeric(items),
            ("numeric", _) => Err("Value of numeric must be an array.".to_owned()),
            ("cidr", Value::String(text)) => {
                network(text).ok_or_else(|| format!("Malformed CIDR, one '/' and a number of bits required: {text}"))
            }
            ("cidr", _) => Err("prefix match pattern must be a string".to_owned()),
            ("anything-but", value) => anything_but(value),
            (kind, value) => Text::of(kind, value).map(Self::Text),
        }
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
            Self::Equals(wanted) => value == wanted,
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

fn anything_but(value: &Value) -> Result<Matcher, Refusal> {
    let plain = |value: &Value| match value {
        Value::String(_) | Value::Number(_) => Ok(Matcher::Equals(value.clone())),
        _ => Err("Inside anything but list, start|null|boolean is not supported.".to_owned()),
    };
    match value {
        Value::Array(items) if items.is_empty() => Err("Empty arrays are not allowed".to_owned()),
        Value::Array(items) => {
            let matchers = items.iter().map(plain).collect::<Result<_, _>>()?;
            if items.iter().any(Value::is_string) && items.iter().any(Value::is_number) {
                return Err("Inside anything but list, either all values are number or string, mixed type is not \
                            supported"
                    .to_owned());
            }
            Ok(Matcher::Not(matchers))
        }
        Value::Object(members) => {
            let mut entries = members.iter();
            let (Some((kind, value)), None) = (entries.next(), entries.next()) else {
                return Err("Only one key allowed in match expression".to_owned());
            };
            let values = match value {
                Value::Array(items) if items.is_empty() => return Err("Empty arrays are not allowed".to_owned()),
                Value::Array(items) => items.iter().collect(),
                one => vec![one],
            };
            values
                .into_iter()
                .map(|value| Text::of(kind, value).map(Matcher::Text))
                .collect::<Result<_, _>>()
                .map(Matcher::Not)
        }
        one => plain(one).map(|matcher| Matcher::Not(vec![matcher])),
    }
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
        Some(number) if number.abs() <= 5e9 => Ok(number),
        Some(_) => Err("Value must be between -5.0e9 and 5.0e9, inclusive".to_owned()),
        None => {
            let operator = if operator == "=" { "equals" } else { operator };
            Err(format!("Value of {operator} must be numeric"))
        }
    }
}

fn network(text: &str) -> Option<Matcher> {
    let (address, bits) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.parse().ok().filter(|bits| *bits <= most).map(|bits| Matcher::Network(address, bits))
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

impl Text {
    fn of(kind: &str, value: &Value) -> Result<Self, Refusal> {
        let caseless = value.as_object().filter(|members| members.len() == 1);
        let caseless = caseless.and_then(|members| members.get("equals-ignore-case")?.as_str());
        let (of, ignores_case) = match (value.as_str(), caseless) {
            (Some(text), _) => (text.to_owned(), false),
            (None, Some(text)) if matches!(kind, "prefix" | "suffix") => (text.to_owned(), true),
            _ if matches!(kind, "prefix" | "suffix" | "equals-ignore-case" | "wildcard") => {
                return Err(format!("{kind} match pattern must be a string"));
            }
            _ => return Err(format!("Unrecognized match type {kind}")),
        };
        match kind {
            "prefix" => Ok(Self::Prefix { of, ignores_case }),
            "suffix" => Ok(Self::Suffix { of, ignores_case }),
            "equals-ignore-case" => Ok(Self::EqualsIgnoringCase(of)),
            "wildcard" => wildcard(&of).map(Self::Wildcard),
            _ => Err(format!("Unrecognized match type {kind}")),
        }
    }

    fn accepts(&self, value: &str) -> bool {
        match self {
            Self::Prefix { of, ignores_case: false } => value.starts_with(of.as_str()),
            Self::Prefix { of, ignores_case: true } => value.to_lowercase().starts_with(&of.to_lowercase()),
            Self::Suffix { of, ignores_case: false } => value.ends_with(of.as_str()),
            Self::Suffix { of, ignores_case: true } => value.to_lowercase().ends_with(&of.to_lowercase()),
            Self::EqualsIgnoringCase(of) => value.to_lowercase() == of.to_lowercase(),
            Self::Wildcard(parts) => accepts_parts(parts, value),
        }
    }
}

/// Takes a text with stars apart; `\*` and `\\` stand for themselves.
fn wildcard(text: &str) -> Result<Vec<String>, Refusal> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars();
    let mut after_star = false;
    while let Some(next) = chars.next() {
        let literal = match next {
            '*' if after_star => return Err("Consecutive wildcard characters are not allowed".to_owned()),
            '*' => {
                parts.push(String::new());
                after_star = true;
                continue;
            }
            '\\' => match chars.next() {
                Some(escaped @ ('*' | '\\')) => escaped,
                _ => return Err("Invalid escape character in a wildcard pattern".to_owned()),
            },
            plain => plain,
        };
        after_star = false;
        if let Some(part) = parts.last_mut() {
            part.push(literal);
        }
    }
    Ok(parts)
}

/// Whether a text begins with the first part, ends with the last one, and has the others between them in their order.
fn accepts_parts(parts: &[String], value: &str) -> bool {
    let [first, middle @ .., last] = parts else { return parts.first().is_some_and(|whole| whole == value) };
    let Some(mut rest) = value.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn accepts(pattern: &Value, event: &Value) -> bool {
        Pattern::parse(&pattern.to_string()).unwrap_or_else(|why| panic!("{pattern}: {why}")).accepts(event)
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
            (r#"{"a":[{"cidr":"10.0.0.0/33"}]}"#, "CIDR"),
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
