//! Log groups and streams, without their events, and the rules of their names.

use super::{invalid, metric_filters::MetricFilter, subscriptions::Subscription};
use crate::emulator::{
    store::{AnyTable, Region, Table, Tables},
    wire::{AwsError, Here, Text},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt, ops::Bound, str::FromStr};

/// What names a log group or a stream; whether it can be the name of one is checked when it is made.
pub(super) type Name = Text<1, 512>;
/// What names a log group, or is the ARN of one.
pub(super) type Identifier = Text<1, 2048>;
/// What is the ARN of a thing that has tags.
pub(super) type ResourceArn = Text<1, 1011>;

/// The log groups of one region.
#[derive(Clone, Default)]
pub struct State {
    /// By their names.
    pub(super) groups: Table<String, Group>,
    /// By their group and their name: a group may have very many.
    pub(super) streams: Table<StreamKey, Stream>,
    /// By their group and their name.
    pub(super) metric_filters: Table<StreamKey, MetricFilter>,
    pub(super) subscriptions: Table<StreamKey, Subscription>,
    /// By their names.
    pub(super) resource_policies: Table<String, ResourcePolicy>,
    /// By their ids.
    pub(super) definitions: Table<String, Definition>,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![
            ("logs/groups", &mut self.groups),
            ("logs/streams", &mut self.streams),
            ("logs/metric-filters", &mut self.metric_filters),
            ("logs/subscriptions", &mut self.subscriptions),
            ("logs/resource-policies", &mut self.resource_policies),
            ("logs/query-definitions", &mut self.definitions),
        ]
    }

    /// The streams were in their groups.
    fn upgrade(state: &mut Value) {
        let mut streams = Map::new();
        let groups = state.pointer_mut("/logs/groups").and_then(Value::as_object_mut);
        for (group, content) in groups.into_iter().flatten() {
            if let Some(Value::Object(own)) = content.as_object_mut().and_then(|content| content.remove("streams")) {
                streams.extend(own.into_iter().map(|(name, one)| (StreamKey::new(group, &name).to_string(), one)));
            }
        }
        if let Some(logs) = state.get_mut("logs").and_then(Value::as_object_mut) {
            logs.insert("streams".to_owned(), Value::Object(streams));
        }
    }
}

/// Where a stream is, written `group:stream`: neither name has a colon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StreamKey {
    pub(super) group: String,
    pub(super) stream: String,
}

impl StreamKey {
    pub(super) fn new(group: &str, stream: &str) -> Self {
        Self { group: group.to_owned(), stream: stream.to_owned() }
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.group, self.stream)
    }
}

impl FromStr for StreamKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.split_once(':').map(|(group, stream)| Self::new(group, stream)).ok_or(())
    }
}

/// A log group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Group {
    /// Milliseconds since the Unix epoch.
    pub(super) created: i64,
    /// How many days events are kept; for ever when it is not said.
    pub(super) retention: Option<u32>,
    /// `STANDARD` or `INFREQUENT_ACCESS`.
    pub(super) class: String,
    pub(super) tags: BTreeMap<String, String>,
    /// Whether it cannot be deleted.
    #[serde(default)]
    pub(super) is_protected: bool,
}

/// A log stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stream {
    /// The name of its events' files; another one after it was deleted and made again.
    pub(super) id: String,
    /// Milliseconds since the Unix epoch.
    pub(super) created: i64,
}

/// Which services of AWS may write to groups.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ResourcePolicy {
    /// JSON, as it came.
    pub(super) document: String,
    /// Milliseconds since the Unix epoch.
    pub(super) updated: i64,
}

/// A query with a name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Definition {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) language: Language,
    pub(super) groups: Vec<String>,
    /// Milliseconds since the Unix epoch.
    pub(super) modified: i64,
    /// What the call that made it can be repeated by.
    pub(super) token: Option<String>,
}

/// The languages that AWS has for queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Language {
    Cwli,
    Sql,
    Ppl,
}

impl State {
    /// The tags of a group.
    pub(in crate::emulator) fn tags_by_name(&self, group: &str) -> Option<BTreeMap<String, String>> {
        self.groups.get(group).map(|group| group.tags.clone())
    }

    pub(super) fn group(&self, name: &str) -> Result<&Group, AwsError> {
        self.groups.get(name).ok_or_else(no_group)
    }

    pub(super) fn group_mut(&mut self, name: &str) -> Result<&mut Group, AwsError> {
        self.groups.get_mut(name).ok_or_else(no_group)
    }

    pub(super) fn stream(&self, group: &str, stream: &str) -> Result<&Stream, AwsError> {
        self.group(group)?;
        self.streams.get(&StreamKey::new(group, stream)).ok_or_else(no_stream)
    }

    /// Walks over the streams of a group in the order of their names.
    pub(super) fn streams_of(&self, group: &str) -> impl Iterator<Item = (&str, &Stream)> {
        // No name is empty, so this is before the first.
        let before = StreamKey::new(group, "");
        let rest = self.streams.range(Bound::Excluded(before));
        rest.take_while(move |(key, _)| key.group == group).map(|(key, stream)| (key.stream.as_str(), stream))
    }

    /// Removes a group and returns the streams that it had.
    pub(super) fn remove_group(&mut self, name: &str) -> Vec<Stream> {
        self.groups.remove(name);
        let of_group = |key: &&StreamKey| key.group == name;
        for key in self.metric_filters.keys().filter(of_group).cloned().collect::<Vec<_>>() {
            self.metric_filters.remove(&key);
        }
        for key in self.subscriptions.keys().filter(of_group).cloned().collect::<Vec<_>>() {
            self.subscriptions.remove(&key);
        }
        let names: Vec<String> = self.streams_of(name).map(|(stream, _)| stream.to_owned()).collect();
        names.iter().filter_map(|stream| self.streams.remove(&StreamKey::new(name, stream))).collect()
    }

    /// The names of all files of events in use.
    pub(super) fn event_files(&self) -> impl Iterator<Item = &str> {
        self.streams.values().map(|stream| stream.id.as_str())
    }
}

impl Group {
    pub(super) fn new(created: i64) -> Self {
        let class = "STANDARD".to_owned();
        Self { created, retention: None, class, tags: BTreeMap::new(), is_protected: false }
    }

    /// The oldest time of an event that is still kept at `now`.
    pub(super) fn horizon(&self, now: i64) -> i64 {
        self.retention.map_or(i64::MIN, |days| now - i64::from(days) * 24 * 60 * 60 * 1000)
    }
}

pub(super) fn no_group() -> AwsError {
    AwsError::sender("ResourceNotFoundException", "The specified log group does not exist.")
}

pub(super) fn no_stream() -> AwsError {
    AwsError::sender("ResourceNotFoundException", "The specified log stream does not exist.")
}

/// The ARN of a group; AWS writes it with `:*` behind in some places.
pub(super) fn group_arn(region: &Region, account: &str, group: &str) -> String {
    format!("arn:aws:logs:{region}:{account}:log-group:{group}")
}

/// What is said of the name of a group or of a stream that is longer than one may be.
pub(super) const LONG_NAME: &str = "Invalid LogGroup or LogStream, both must have length less than or equal to 512.";

/// Checks the name of a new group.
pub(super) fn check_group_name(name: &str) -> Result<(), AwsError> {
    if name.chars().count() > 512 {
        return Err(invalid(LONG_NAME));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/#".contains(&b);
    if name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws/")) {
        return Err(invalid("Log groups starting with AWS/ are reserved for AWS."));
    }
    if (1..=512).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"
    )))
}

/// Checks the name of a new stream.
pub(super) fn check_stream_name(name: &str) -> Result<(), AwsError> {
    if (1..=512).contains(&name.chars().count()) && !name.contains([':', '*']) {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at 'logStreamName' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: [^:*]*"
    )))
}

/// Takes the name of a group out of what may also be its ARN (`logGroupIdentifier`).
pub(super) fn group_of(here: Here<'_>, name: Option<Name>, identifier: Option<Identifier>) -> Result<String, AwsError> {
    match (name, identifier) {
        (Some(name), None) => Ok(name.into()),
        (None, Some(identifier)) => identified(here, &identifier),
        (Some(_), Some(_)) => {
            let message = "LogGroup name and LogGroup ARN are mutually exclusive parameters.";
            Err(AwsError::sender("ValidationException", message))
        }
        (None, None) => Err(invalid("Either logGroupName or logGroupIdentifier must be specified.")),
    }
}

/// Takes the name of a group out of what is that or its ARN, which has no `:*` behind here.
pub(super) fn identified(here: Here<'_>, identifier: &str) -> Result<String, AwsError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_#+=/:,.@-".contains(&b);
    if !identifier.bytes().all(plain) {
        return Err(invalid(
            "1 validation error detected: Value at 'logGroupIdentifier' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [\\w#+=/:,.@-]*",
        ));
    }
    if !identifier.starts_with("arn:") {
        return Ok(identifier.to_owned());
    }
    let name = here.resource("logs", identifier).and_then(|resource| resource.strip_prefix("log-group:"));
    name.map(str::to_owned).ok_or_else(no_group)
}

/// Returns a time that came in, in milliseconds since the Unix epoch, as times are counted here.
pub(super) fn signed(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

/// Reads `limit`: 1 to `most`, which is also what no limit means.
pub(super) fn limit(asked: Option<usize>, most: usize) -> Result<usize, AwsError> {
    at_most("limit", asked, most)
}

/// Reads a limit that has another name.
pub(super) fn at_most(member: &str, asked: Option<usize>, most: usize) -> Result<usize, AwsError> {
    match asked {
        None => Ok(most),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(limit) => {
            let bound = if limit == 0 {
                "greater than or equal to 1".to_owned()
            } else {
                format!("less than or equal to {most}")
            };
            Err(invalid(format!(
                "1 validation error detected: Value '{limit}' at '{member}' failed to satisfy constraint: Member must have \
                 value {bound}"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_streams_of_a_group_are_those_of_no_other() {
        let mut state = State::default();
        for (group, stream) in [("a", "1"), ("b", "2"), ("b", "1"), ("b.c", "1"), ("c", "1")] {
            let made = Stream { id: format!("{group}-{stream}"), created: 0 };
            state.streams.insert(StreamKey::new(group, stream), made);
        }
        let of = |group| state.streams_of(group).map(|(_, stream)| stream.id.as_str()).collect::<Vec<_>>();
        assert_eq!(of("b"), ["b-1", "b-2"]);
        assert_eq!((of("c"), of("x")), (vec!["c-1"], vec![]));
        let key: StreamKey = "/aws/lambda/f:2026/11/23/[$LATEST]0".parse().unwrap();
        assert_eq!((key.group.as_str(), key.stream.as_str()), ("/aws/lambda/f", "2026/11/23/[$LATEST]0"));
        assert_eq!(key.to_string().parse(), Ok(key));
    }

    #[test]
    fn a_group_is_named_directly_or_by_its_arn() {
        let here = Here { region: "us-east-1", account: "000000000000" };
        let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f";
        let of = |text: &str| group_of(here, None, serde_json::from_value(text.into()).ok());
        assert_eq!(of(arn).unwrap(), "/aws/lambda/f");
        assert_eq!(of("/aws/lambda/f").unwrap(), "/aws/lambda/f");
        assert_eq!(of(&format!("{arn}:*")).unwrap_err().code, "InvalidParameterException");
        for elsewhere in [arn.replace("000000000000", "123456789012"), arn.replace("us-east-1", "eu-west-1")] {
            assert_eq!(of(&elsewhere).unwrap_err().code, "ResourceNotFoundException", "{elsewhere}");
        }
        assert_eq!(group_of(here, serde_json::from_value("g".into()).ok(), None).unwrap(), "g");
        assert!(group_of(here, None, None).is_err());
    }

    #[test]
    fn names_against_the_rules_are_refused() {
        for bad in ["", "a b", "a:b", "é", "aws/f", &"a".repeat(513)] {
            assert!(check_group_name(bad).is_err(), "{bad}");
        }
        assert_eq!(check_group_name(&"a".repeat(513)).unwrap_err().message, LONG_NAME);
        assert!(check_group_name(&"a".repeat(512)).is_ok());
        assert!(check_group_name("/aws/lambda/f-1_2.3#").is_ok());
        assert!(check_stream_name("2026/11/23/[$LATEST]abc").is_ok());
        assert!(check_stream_name("a:b").is_err());
    }
}
