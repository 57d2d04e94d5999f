//! Log groups and streams, without their events, and the rules of their names.

use super::invalid;
use crate::emulator::{
    store::Region,
    wire::{AwsError, Text},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What names a log group or a stream; whether it can be the name of one is checked when it is made.
pub(super) type Name = Text<1, 512>;
/// What names a log group, or is the ARN of one.
pub(super) type Identifier = Text<1, 2048>;
/// What is the ARN of a thing that has tags.
pub(super) type ResourceArn = Text<1, 1011>;

/// The log groups of one region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// By their names.
    pub(super) groups: BTreeMap<String, Group>,
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
    pub(super) streams: BTreeMap<String, Stream>,
}

/// A log stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stream {
    /// The name of its events' files; another one after it was deleted and made again.
    pub(super) id: String,
    /// Milliseconds since the Unix epoch.
    pub(super) created: i64,
}

impl State {
    pub(super) fn group(&self, name: &str) -> Result<&Group, AwsError> {
        self.groups.get(name).ok_or_else(no_group)
    }

    pub(super) fn group_mut(&mut self, name: &str) -> Result<&mut Group, AwsError> {
        self.groups.get_mut(name).ok_or_else(no_group)
    }

    pub(super) fn stream(&self, group: &str, stream: &str) -> Result<&Stream, AwsError> {
        self.group(group)?.streams.get(stream).ok_or_else(no_stream)
    }

    /// The names of all files of events in use.
    pub(super) fn event_files(&self) -> impl Iterator<Item = &str> {
        self.groups.values().flat_map(|group| group.streams.values()).map(|stream| stream.id.as_str())
    }
}

impl Group {
    pub(super) fn new(created: i64) -> Self {
        let class = "STANDARD".to_owned();
        Self { created, retention: None, class, tags: BTreeMap::new(), streams: BTreeMap::new() }
    }

    /// The oldest time of an event that is still kept at `now`.
    pub(super) fn horizon(&self, now: i64) -> i64 {
        self.retention.map_or(i64::MIN, |days| now - i64::from(days) * 24 * 60 * 60 * 1000)
    }
}

fn no_group() -> AwsError {
    AwsError::sender("ResourceNotFoundException", "The specified log group does not exist.")
}

pub(super) fn no_stream() -> AwsError {
    AwsError::sender("ResourceNotFoundException", "The specified log stream does not exist.")
}

/// The ARN of a group; AWS writes it with `:*` behind in some places.
pub(super) fn group_arn(region: &Region, account: &str, group: &str) -> String {
    format!("arn:aws:logs:{region}:{account}:log-group:{group}")
}

/// Checks the name of a new group.
pub(super) fn check_group_name(name: &str) -> Result<(), AwsError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/#".contains(&b);
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
pub(super) fn group_of(name: Option<Name>, identifier: Option<Identifier>) -> Result<String, AwsError> {
    match (name, identifier) {
        (Some(name), None) => Ok(name.into()),
        (None, Some(identifier)) => Ok(group_of_arn(&identifier).unwrap_or(&identifier).to_owned()),
        (Some(_), Some(_)) => Err(invalid("Specify either logGroupName or logGroupIdentifier, not both.")),
        (None, None) => Err(invalid("Either logGroupName or logGroupIdentifier must be specified.")),
    }
}

/// Takes the name of a group out of its ARN, with or without `:*` behind.
pub(super) fn group_of_arn(arn: &str) -> Option<&str> {
    let (_, name) = arn.strip_prefix("arn:aws:logs:")?.split_once(":log-group:")?;
    Some(name.strip_suffix(":*").unwrap_or(name))
}

/// Returns a time that came in, in milliseconds since the Unix epoch, as times are counted here.
pub(super) fn signed(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

/// Reads `limit`: 1 to `most`, which is also what no limit means.
pub(super) fn limit(asked: Option<usize>, most: usize) -> Result<usize, AwsError> {
    match asked {
        None => Ok(most),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(limit) => Err(invalid(format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have \
             value between 1 and {most}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_named_directly_or_by_its_arn() {
        let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f";
        let identifier = |text: &str| serde_json::from_value(text.into()).ok();
        assert_eq!(group_of(None, identifier(arn)).unwrap(), "/aws/lambda/f");
        assert_eq!(group_of(None, identifier(&format!("{arn}:*"))).unwrap(), "/aws/lambda/f");
        assert_eq!(group_of(serde_json::from_value("g".into()).ok(), None).unwrap(), "g");
        assert!(group_of(None, None).is_err());
    }

    #[test]
    fn names_against_the_rules_are_refused() {
        for bad in ["", "a b", "a:b", "é", &"a".repeat(513)] {
            assert!(check_group_name(bad).is_err(), "{bad}");
        }
        assert!(check_group_name("/aws/lambda/f-1_2.3#").is_ok());
        assert!(check_stream_name("2026/11/23/[$LATEST]abc").is_ok());
        assert!(check_stream_name("a:b").is_err());
    }
}
