//! The name of a region.

use crate::{emulator::wire::AwsError, names::is_region};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The name of a region (`us-east-1`), by its form only ([`is_region`]).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

/// A text that is no region's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a region")]
pub struct InvalidRegion(pub String);

impl Region {
    /// Returns where that lives which belongs to no region, under the name that AWS has for it.
    #[must_use]
    pub fn global() -> Self {
        Self("aws-global".to_owned())
    }

    /// Borrows the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, InvalidRegion> {
        if is_region(text) { Ok(Self(text.to_owned())) } else { Err(InvalidRegion(text.to_owned())) }
    }
}

impl TryFrom<String> for Region {
    type Error = InvalidRegion;

    fn try_from(text: String) -> Result<Self, InvalidRegion> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<InvalidRegion> for AwsError {
    fn from(error: InvalidRegion) -> Self {
        Self::sender("InvalidSignatureException", format!("Credential should be scoped to a valid region: {error}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_a_plain_name() {
        for bad in ["", "..", "a/b", "us_east", "US-EAST-1", "-east-1", "east", "a.json", &"a-".repeat(17)] {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
        assert_eq!(Region::global().as_str().parse(), Ok(Region::global()));
        assert_eq!("eu-west-3".parse::<Region>().unwrap().as_str(), "eu-west-3");
    }
}
