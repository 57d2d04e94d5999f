//! Aliases: names for one version of a function, or for two that share its calls.

use super::{
    Statement,
    error::{invalid, unfit, validation},
    name::FunctionName,
    qualified::VersionId,
};
use crate::emulator::wire::AwsError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An alias.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Alias {
    pub(super) version: VersionId,
    pub(super) description: String,
    /// The other version that it stands for, with its share of the calls.
    pub(super) other: Option<(u64, f64)>,
    pub(super) policy: Vec<Statement>,
    pub(super) revision: String,
}

impl Alias {
    /// Chooses the version that a call gets whose place among all is `place`, from 0 to 1.
    pub(super) fn choose(&self, place: f64) -> VersionId {
        match self.other {
            Some((other, share)) if place < share => VersionId::Published(other),
            _ => self.version,
        }
    }

    /// Whether it stands for a version, wholly or in part.
    pub(super) fn names(&self, number: u64) -> bool {
        self.version == VersionId::Published(number) || self.other.is_some_and(|(other, _)| other == number)
    }

    pub(super) fn show(&self, function_arn: &str, name: &str) -> Value {
        let mut shown = json!({
            "AliasArn": format!("{function_arn}:{name}"),
            "Name": name,
            "FunctionVersion": self.version,
            "Description": self.description,
            "RevisionId": self.revision,
        });
        if let Some((other, share)) = self.other {
            shown["RoutingConfig"] = json!({ "AdditionalVersionWeights": { other.to_string(): share } });
        }
        shown
    }
}

/// Checks the name of a new alias, which no version can have.
pub(super) fn check_name(name: &str) -> Result<(), AwsError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let is_number = name.bytes().all(|b| b.is_ascii_digit());
    if (1..=128).contains(&name.len()) && name.bytes().all(plain) && !is_number {
        return Ok(());
    }
    Err(validation(name, "name", "satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"))
}

/// Reads the weights beside an alias's own version: at most one version has one.
pub(super) fn other(weights: &BTreeMap<String, f64>, main: VersionId) -> Result<Option<(u64, f64)>, AwsError> {
    if weights.len() > 1 {
        return Err(invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"));
    }
    let Some((key, weight)) = weights.iter().next() else { return Ok(None) };
    if !(0.0..=1.0).contains(weight) {
        let rule = "[Member must have value less than or equal to 1.0, Member must have value greater than or equal to \
                    0.0, Member must not be null]";
        return Err(unfit_map(key, *weight, "Map value", rule));
    }
    let Ok(VersionId::Published(number)) = key.parse() else {
        let rule = "[Member must have length less than or equal to 1024, Member must have length greater than or equal to \
                    1, Member must satisfy regular expression pattern: [0-9]+]";
        return Err(unfit_map(key, *weight, "Map keys", rule));
    };
    if main == VersionId::Latest {
        return Err(invalid("$LATEST is not supported for an alias pointing to more than 1 version"));
    }
    if main == VersionId::Published(number) {
        return Err(invalid(format!(
            "Invalid function version {number}. Function version {number} is already included in routing configuration."
        )));
    }
    Ok(Some((number, *weight)))
}

fn unfit_map(key: &str, weight: f64, what: &str, rule: &str) -> AwsError {
    let value = format!("'{{{key}={weight:?}}}' at 'routingConfig.additionalVersionWeights'");
    unfit(&value, &format!("{what} must satisfy constraint: {rule}"))
}

/// Says that a function has no alias of this name.
pub(super) fn absent(function_arn: &str, name: &str) -> AwsError {
    super::error::not_found(format!("Cannot find alias arn: {function_arn}:{name}"))
}

/// The key of an alias in the table.
pub(super) type Key = super::qualified::Qualified<String>;

impl super::State {
    /// The aliases of a function, in the order of their names.
    pub(super) fn aliases_of(&self, name: &FunctionName) -> impl Iterator<Item = (&String, &Alias)> {
        super::qualified::of(&self.aliases, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_calls_goes_to_the_other_version() {
        let alias = Alias {
            version: VersionId::Published(1),
            description: String::new(),
            other: Some((2, 0.25)),
            policy: Vec::new(),
            revision: String::new(),
        };
        let chosen = [0.0, 0.2, 0.25, 0.9].map(|place| alias.choose(place).to_string());
        assert_eq!(chosen, ["2", "2", "1", "1"]);
        assert!(alias.names(1) && alias.names(2) && !alias.names(3));
    }

    #[test]
    fn a_weight_is_one_other_versions_share() {
        let read = |weights: &[(&str, f64)], main: &str| {
            let weights = weights.iter().map(|(key, weight)| ((*key).to_owned(), *weight)).collect();
            other(&weights, main.parse().unwrap())
        };
        assert_eq!(read(&[], "1").unwrap(), None);
        assert_eq!(read(&[("2", 0.1)], "1").unwrap(), Some((2, 0.1)));
        for (weights, main, code) in [
            (&[("2", 0.1), ("3", 0.1)][..], "1", "InvalidParameterValueException"),
            (&[("1", 0.1)], "1", "InvalidParameterValueException"),
            (&[("2", 0.1)], "$LATEST", "InvalidParameterValueException"),
            (&[("2", 1.5)], "1", "ValidationException"),
            (&[("live", 0.5)], "1", "ValidationException"),
        ] {
            assert_eq!(read(weights, main).unwrap_err().code, code, "{weights:?} {main}");
        }
    }

    #[test]
    fn an_alias_has_a_name_that_no_version_has() {
        for name in ["live", "v1", "1-a", "A_b"] {
            check_name(name).unwrap();
        }
        for name in ["", "12", "a b", "$LATEST", "é", &"a".repeat(129)] {
            assert_eq!(check_name(name).unwrap_err().code, "ValidationException", "{name}");
        }
    }
}
