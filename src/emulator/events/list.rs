//! Lists page by page: `Limit` and `NextToken`.

use super::invalid;
use crate::emulator::wire::{
    AwsError, Text,
    page::{key_of, page, token},
};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Value, json};

/// The most items of a page, and how many one has unless it is said.
const MOST: usize = 100;

/// How many items a page has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(usize);

impl Default for Limit {
    fn default() -> Self {
        Self(MOST)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer)? {
            limit @ 1..=100 => Ok(Self(usize::try_from(limit).unwrap_or(MOST))),
            ..=0 => Err(D::Error::custom("Member must have value greater than or equal to 1")),
            _ => Err(D::Error::custom(format!("Member must have value less than or equal to {MOST}"))),
        }
    }
}

/// Cuts a page out of items by their names, and writes it under `member`.
pub(super) fn cut(
    member: &str,
    items: impl IntoIterator<Item = (String, Value)>,
    limit: Limit,
    after: Option<&Text<1, 2048>>,
) -> Result<Value, AwsError> {
    let unknown = || invalid("Parameter NextToken is not valid.");
    let after = after.map(|token| key_of(token).ok_or_else(unknown)).transpose()?;
    let (items, last) = page(items, |(name, _)| name.clone(), after.as_ref(), limit.0);
    let items: Vec<Value> = items.into_iter().map(|(_, item)| item).collect();
    let mut answer = json!({ member: items });
    if let Some(last) = last {
        answer["NextToken"] = token(&last).into();
    }
    Ok(answer)
}
