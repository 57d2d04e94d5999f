//! What belongs to a function or a layer and has a name or a number of its own: versions, aliases, what is set for them.

use super::name::{FunctionName, LATEST};
use crate::emulator::store::{Key, Table, Value};
use serde::{Deserialize, Serialize};
use std::{fmt, ops::Bound, str::FromStr};

/// Where such a thing is, written `owner:qualifier`: no owner's name has a colon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Qualified<Q, O = FunctionName> {
    /// The function, or the layer.
    pub(super) owner: O,
    pub(super) qualifier: Q,
}

impl<Q> Qualified<Q> {
    pub(super) fn new(function: &FunctionName, qualifier: Q) -> Self {
        Self { owner: function.clone(), qualifier }
    }
}

impl<Q: fmt::Display, O: fmt::Display> fmt::Display for Qualified<Q, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.owner, self.qualifier)
    }
}

impl<Q: FromStr, O: FromStr> FromStr for Qualified<Q, O> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (owner, qualifier) = text.split_once(':').ok_or(())?;
        Ok(Self { owner: owner.parse().map_err(drop)?, qualifier: qualifier.parse().map_err(drop)? })
    }
}

/// What can stand behind an owner's name in a table: its least value is that of no thing, so that all come behind it.
pub(super) trait Qualifier: Key + Default {}

impl<Q: Key + Default> Qualifier for Q {}

/// Walks over what a table has of a function or a layer, in the order of the qualifiers.
pub(super) fn of<'t, Q: Qualifier, O: Key, V: Value>(
    table: &'t Table<Qualified<Q, O>, V>,
    owner: &O,
) -> impl Iterator<Item = (&'t Q, &'t V)> {
    let rest = table.range(Bound::Included(Qualified { owner: owner.clone(), qualifier: Q::default() }));
    let owner = owner.clone();
    rest.take_while(move |(key, _)| key.owner == owner).map(|(key, value)| (&key.qualifier, value))
}

/// Removes what a table has of a function, and returns it.
pub(super) fn remove_all<Q: Qualifier, V: Value>(
    table: &mut Table<Qualified<Q>, V>,
    function: &FunctionName,
) -> Vec<(Q, V)> {
    let qualifiers: Vec<Q> = of(table, function).map(|(qualifier, _)| qualifier.clone()).collect();
    let remove = |qualifier: Q| Some((qualifier.clone(), table.remove(&Qualified::new(function, qualifier))?));
    qualifiers.into_iter().filter_map(remove).collect()
}

/// A version of a function: the function itself, or one that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) enum VersionId {
    /// `$LATEST`.
    Latest,
    /// A published one, counted from 1.
    Published(u64),
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str(LATEST),
            Self::Published(number) => number.fmt(f),
        }
    }
}

impl FromStr for VersionId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text == LATEST {
            return Ok(Self::Latest);
        }
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err("it is neither `$LATEST` nor a number");
        }
        // One that is too large for a number is none of ours, and neither is the first one before the first.
        Ok(Self::Published(text.parse().unwrap_or_default()))
    }
}

impl TryFrom<String> for VersionId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        text.parse()
    }
}

impl From<VersionId> for String {
    fn from(version: VersionId) -> Self {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_function_has_is_that_of_no_other_and_in_the_order_of_the_numbers() {
        let mut table = Table::<Qualified<u64>, String>::default();
        let name = |text: &str| text.parse::<FunctionName>().unwrap();
        for (function, number) in [("f", 10), ("f", 2), ("f-1", 1), ("e", 3)] {
            table.insert(Qualified::new(&name(function), number), format!("{function} {number}"));
        }
        let has: Vec<_> = of(&table, &name("f")).map(|(number, _)| *number).collect();
        assert_eq!(has, [2, 10]);
        assert_eq!(remove_all(&mut table, &name("f")).len(), 2);
        assert_eq!(table.values().collect::<Vec<_>>(), ["e 3", "f-1 1"]);
    }

    #[test]
    fn keys_and_versions_are_read_as_they_are_written() {
        for text in ["f:12", "f-1:1"] {
            assert_eq!(text.parse::<Qualified<u64>>().unwrap().to_string(), text);
        }
        for text in ["$LATEST", "1", "42"] {
            assert_eq!(text.parse::<VersionId>().unwrap().to_string(), text);
        }
        for text in ["", "live", "-1", "$LATEST.PUBLISHED"] {
            assert!(text.parse::<VersionId>().is_err(), "{text}");
        }
    }
}
