//! Buses, rules and targets, as they are kept, and the rules of their names.

use super::{not_found, pattern::Pattern, schedule::Schedule};
use crate::emulator::{
    service::Scope,
    wire::{Arn, AwsError, Here, Text},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The bus that every account has.
pub(in crate::emulator) const DEFAULT: &str = "default";
/// What stands before the name of a bus in its ARN.
pub(super) const BUS: &str = "event-bus/";

/// A bus.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Bus {
    /// Milliseconds since the Unix epoch.
    pub(super) created: i64,
    /// The same.
    #[serde(default)]
    pub(super) modified: i64,
    pub(super) description: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    /// Its resource policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<Value>,
}

/// Where a rule is, written `bus/rule`: the name of a rule has no slash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RuleKey {
    pub(super) bus: String,
    pub(super) rule: String,
}

impl RuleKey {
    pub(super) fn new(bus: &str, rule: &str) -> Self {
        Self { bus: bus.to_owned(), rule: rule.to_owned() }
    }

    /// The ARN of the rule; the default bus is not named in it.
    pub(super) fn arn(&self, region: &str, account: &str) -> String {
        let bus = if self.bus == DEFAULT { String::new() } else { format!("{}/", self.bus) };
        format!("arn:aws:events:{region}:{account}:rule/{bus}{}", self.rule)
    }

    pub(super) fn absent(&self) -> AwsError {
        not_found(format!("Rule {} does not exist on EventBus {}.", self.rule, self.bus))
    }
}

impl fmt::Display for RuleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.bus, self.rule)
    }
}

impl FromStr for RuleKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.rsplit_once('/').map(|(bus, rule)| Self::new(bus, rule)).ok_or(())
    }
}

/// A rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rule {
    /// The pattern and the schedule as they came; a rule may have both.
    pub(super) pattern: Option<String>,
    pub(super) schedule: Option<String>,
    pub(super) state: Switch,
    pub(super) description: Option<String>,
    /// When it was last due and served, or switched on: what it is due by. Milliseconds since the Unix epoch.
    pub(super) since: i64,
    pub(super) tags: BTreeMap<String, String>,
    /// By their ids.
    pub(super) targets: BTreeMap<String, Target>,
}

/// Whether a rule is on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Switch {
    #[default]
    Enabled,
    Disabled,
    /// No trail sends events here, so this is as good as the first.
    EnabledWithAllCloudtrailManagementEvents,
}

impl Rule {
    /// Its schedule, while it is on.
    pub(super) fn schedule(&self) -> Option<Schedule> {
        let text = self.schedule.as_deref().filter(|_| self.state != Switch::Disabled)?;
        Schedule::parse(text)
    }

    /// Its pattern, while it is on.
    pub(super) fn pattern(&self) -> Option<Pattern> {
        let text = self.pattern.as_deref().filter(|_| self.state != Switch::Disabled)?;
        Pattern::kept(text).ok()
    }
}

/// What a rule sends its events to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Target {
    pub(super) id: TargetId,
    pub(super) arn: Text<1, 1600>,
    /// The role that sends to a bus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role_arn: Option<Text<1, 1600>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<Text<0, 8192>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input_path: Option<Text<0, 256>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input_transformer: Option<Transformer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_policy: Option<RetryPolicy>,
}

impl Target {
    /// Whether it gets something else than the event as it is.
    pub(super) fn shapes_its_input(&self) -> bool {
        let given = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
        given(self.input.as_deref()) || given(self.input_path.as_deref()) || self.input_transformer.is_some()
    }
}

/// How a target's input is made of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Transformer {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) input_paths_map: BTreeMap<String, String>,
    pub(super) input_template: Text<1, 8192>,
}

/// For how long delivery is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RetryPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maximum_retry_attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maximum_event_age_in_seconds: Option<u32>,
}

/// A name that is checked against its pattern where it is read: 1 to `MOST` letters, digits, `.`, `-`, `_`, and `/` in
/// the names of buses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(super) struct Plain<const MOST: usize, const SLASH: bool>(String);

/// The name of a rule.
pub(super) type RuleName = Plain<64, false>;
/// The id of a target.
pub(super) type TargetId = Plain<64, false>;
/// The name of a bus.
pub(super) type BusName = Plain<256, true>;

impl<const MOST: usize, const SLASH: bool> Plain<MOST, SLASH> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn check(text: &str) -> Result<(), String> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b) || SLASH && b == b'/';
        if text.is_empty() {
            Err("Member must have length greater than or equal to 1".to_owned())
        } else if text.len() > MOST {
            Err(format!("Member must have length less than or equal to {MOST}"))
        } else if text.bytes().all(plain) {
            Ok(())
        } else {
            let slash = if SLASH { "/" } else { "" };
            Err(format!("Member must satisfy regular expression pattern: [{slash}\\.\\-_A-Za-z0-9]+"))
        }
    }
}

impl<'de, const MOST: usize, const SLASH: bool> Deserialize<'de> for Plain<MOST, SLASH> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::check(&text).map_err(D::Error::custom)?;
        Ok(Self(text))
    }
}

/// A bus as a call names it: by its name or its ARN; the default one when it names none. Which bus that is, the call's
/// region and account say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BusReference(String);

impl Default for BusReference {
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

impl BusReference {
    /// The name of the bus; of one that is elsewhere its whole ARN, which no bus here has as its name.
    pub(super) fn name(&self, here: Here<'_>) -> &str {
        here.resource("events", &self.0).and_then(|resource| resource.strip_prefix(BUS)).unwrap_or(&self.0)
    }

    /// Whether the bus is of another region or account.
    pub(super) fn is_elsewhere(&self, here: Here<'_>) -> bool {
        self.0.starts_with("arn:") && here.resource("events", &self.0).is_none()
    }

    /// Names a rule of the bus.
    pub(super) fn rule(&self, here: Here<'_>, rule: &RuleName) -> RuleKey {
        RuleKey::new(self.name(here), rule.as_str())
    }
}

impl<'de> Deserialize<'de> for BusReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::<1, 1600>::deserialize(deserializer)?;
        let name = match Arn::parse(&text).filter(|arn| arn.service == "events") {
            Some(arn) => arn.resource.strip_prefix(BUS).unwrap_or_default(),
            None => &text,
        };
        BusName::check(name).map_err(D::Error::custom)?;
        Ok(Self(text.into()))
    }
}

/// The ARN of a bus.
pub(super) fn bus_arn(scope: &Scope<'_>, name: &str) -> String {
    format!("arn:aws:events:{}:{}:event-bus/{name}", scope.region, scope.account())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Here<'static> = Here { region: "us-east-1", account: "000000000000" };

    #[test]
    fn a_bus_is_named_directly_or_by_its_arn() {
        let bus = |text: &str| serde_json::from_value::<BusReference>(text.into());
        let read = |text: &str| bus(text).map(|bus| bus.name(HERE).to_owned());
        assert_eq!(read("default").unwrap(), "default");
        assert_eq!(read("arn:aws:events:us-east-1:000000000000:event-bus/a/b").unwrap(), "a/b");
        for bad in ["", "a b", "arn:aws:events:us-east-1:000000000000:rule/a"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        for elsewhere in
            ["arn:aws:events:us-east-1:123456789012:event-bus/a", "arn:aws:events:eu-west-1:000000000000:event-bus/a"]
        {
            assert_eq!(read(elsewhere).unwrap(), elsewhere);
            assert!(bus(elsewhere).unwrap().is_elsewhere(HERE), "{elsewhere}");
        }
    }
}
