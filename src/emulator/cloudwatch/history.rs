//! What happened to alarms, and `DescribeAlarmHistory`.

use super::{alarm::State, answer, input, metric::Moment, read::ScanBy, seconds};
use crate::emulator::{
    service::{Operation, Output},
    wire::{
        AwsError, Text,
        page::{key_of, page, token},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cmp::Reverse;

/// How much of what happened is kept of a region.
const MOST: usize = 1000;

/// Something that happened to an alarm.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) alarm: String,
    #[serde(default)]
    pub(super) is_composite: bool,
    /// Milliseconds since the Unix epoch.
    pub(super) time: i64,
    pub(super) kind: Kind,
    pub(super) summary: String,
    /// JSON, for programs.
    pub(super) data: String,
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    ConfigurationUpdate,
    StateUpdate,
    Action,
}

impl State {
    /// Notes that something happened.
    pub(super) fn note(&mut self, item: Item) {
        let next = self.history.keys().last().map_or(0, |last| last + 1);
        self.history.insert(next, item);
        while self.history.len() > MOST {
            let Some(first) = self.history.keys().next().copied() else { return };
            self.history.remove(&first);
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Describe {
    alarm_name: Option<Text<1, 255>>,
    #[serde(default)]
    alarm_types: Vec<AlarmType>,
    history_item_type: Option<AskedKind>,
    start_date: Option<Moment>,
    end_date: Option<Moment>,
    #[serde(default)]
    max_records: MaxRecords,
    next_token: Option<String>,
    #[serde(default)]
    scan_by: ScanBy,
}

#[derive(Deserialize, PartialEq, Eq)]
pub(super) enum AlarmType {
    CompositeAlarm,
    MetricAlarm,
}

impl AlarmType {
    /// Whether alarms of a kind are asked for; unless it is said, only those on metrics are.
    pub(super) fn are(asked: &[Self], is_composite: bool) -> bool {
        let own = if is_composite { Self::CompositeAlarm } else { Self::MetricAlarm };
        asked.contains(&own) || asked.is_empty() && !is_composite
    }
}

/// The kinds that can be asked for; of some there is never any here.
#[derive(Deserialize)]
enum AskedKind {
    ConfigurationUpdate,
    StateUpdate,
    Action,
    AlarmContributorStateUpdate,
    AlarmContributorAction,
}

impl AskedKind {
    fn is(&self, kind: Kind) -> bool {
        match self {
            Self::ConfigurationUpdate => kind == Kind::ConfigurationUpdate,
            Self::StateUpdate => kind == Kind::StateUpdate,
            Self::Action => kind == Kind::Action,
            Self::AlarmContributorStateUpdate | Self::AlarmContributorAction => false,
        }
    }
}

/// How many records a page has: 1 to 100.
#[derive(Clone, Copy)]
pub(super) struct MaxRecords(usize);

impl Default for MaxRecords {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for MaxRecords {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer)? {
            most @ 1..=100 => Ok(Self(usize::try_from(most).unwrap_or(100))),
            _ => Err(serde::de::Error::custom("Member must have value between 1 and 100")),
        }
    }
}

impl MaxRecords {
    /// Cuts a page out of items by their keys; gives the token of the next one.
    pub(super) fn cut<T, K: Ord>(
        self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> K,
        written: impl Fn(&K) -> String,
        read: impl Fn(&str) -> Option<K>,
        next_token: Option<&str>,
    ) -> Result<(Vec<T>, Option<String>), AwsError> {
        let unknown = || AwsError::sender("InvalidNextToken", "The NextToken is not valid.");
        let after = match next_token.filter(|token| !token.is_empty()) {
            Some(token) => Some(key_of(token).and_then(|text| read(&text)).ok_or_else(unknown)?),
            None => None,
        };
        let (items, last) = page(items, key, after.as_ref(), self.0);
        Ok((items, last.map(|last| token(&written(&last)))))
    }
}

/// `DescribeAlarmHistory`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<Describe>(operation)?;
    let wanted = |item: &Item| {
        AlarmType::are(&input.alarm_types, item.is_composite)
            && input.alarm_name.as_deref().is_none_or(|name| name == item.alarm)
            && input.history_item_type.as_ref().is_none_or(|kind| kind.is(item.kind))
            && input.start_date.is_none_or(|start| item.time >= start.0)
            && input.end_date.is_none_or(|end| item.time <= end.0)
    };
    let (items, next) = scope.read(|state| {
        let items = state.cloudwatch.history.iter().filter(|(_, item)| wanted(item));
        let items: Vec<(u64, Item)> = items.map(|(number, item)| (*number, item.clone())).collect();
        let token = input.next_token.as_deref();
        if input.scan_by == ScanBy::TimestampAscending {
            input.max_records.cut(items, |(number, _)| *number, u64::to_string, |text| text.parse().ok(), token)
        } else {
            let key = |(number, _): &(u64, Item)| Reverse(*number);
            let read = |text: &str| text.parse().ok().map(Reverse);
            input.max_records.cut(items.into_iter().rev(), key, |Reverse(number)| number.to_string(), read, token)
        }
    })?;
    let show = |(_, item): &(u64, Item)| {
        json!({
            "AlarmName": item.alarm,
            "AlarmType": if item.is_composite { "CompositeAlarm" } else { "MetricAlarm" },
            "Timestamp": seconds(item.time),
            "HistoryItemType": item.kind, "HistorySummary": item.summary, "HistoryData": item.data,
        })
    };
    let mut shown = json!({ "AlarmHistoryItems": items.iter().map(show).collect::<Vec<Value>>() });
    if let Some(next) = next {
        shown["NextToken"] = next.into();
    }
    Ok(answer(shown))
}
