//! Buses, rules and targets, as they are kept, and the rules of their names.

use super::{invalid, not_found, pattern::Pattern, schedule::Schedule};
use crate::emulator::{
    service::Scope,
    store::{AnyTable, Table, Tables},
    wire::{AwsError, Text},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::{collections::BTreeMap, fmt, ops::Bound, str::FromStr};

/// The bus that every account has.
pub(in crate::emulator) const DEFAULT: &str = "default";

/// The buses and rules of one region.
#[derive(Clone, Default)]
pub struct State {
    /// By their names; the default one only when it has tags.
    pub(super) buses: Table<String, Bus>,
    pub(super) rules: Table<RuleKey, Rule>,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![("events/buses", &mut self.buses), ("events/rules", &mut self.rules)]
    }
}

/// A bus.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Bus {
    /// Milliseconds since the Unix epoch.
    pub(super) created: i64,
    pub(super) description: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
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

    fn absent(&self) -> AwsError {
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
        Pattern::parse(text).ok()
    }
}

/// What a rule sends its events to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Target {
    pub(super) id: TargetId,
    pub(super) arn: Text<1, 1600>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<Text<0, 8192>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input_path: Option<Text<0, 256>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input_transformer: Option<Transformer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_policy: Option<RetryPolicy>,
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

/// A bus as a call names it: by its name or its ARN; the default one when it names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BusReference(String);

impl Default for BusReference {
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

impl BusReference {
    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// Names a rule of the bus.
    pub(super) fn rule(&self, rule: &RuleName) -> RuleKey {
        RuleKey::new(&self.0, rule.as_str())
    }
}

impl<'de> Deserialize<'de> for BusReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::<1, 1600>::deserialize(deserializer)?;
        let name = match text.strip_prefix("arn:aws:events:") {
            Some(rest) => rest.split_once(":event-bus/").map_or("", |(_, name)| name),
            None => &text,
        };
        BusName::check(name).map_err(D::Error::custom)?;
        Ok(Self(name.to_owned()))
    }
}

/// The ARN of a bus.
pub(super) fn bus_arn(scope: &Scope<'_>, name: &str) -> String {
    format!("arn:aws:events:{}:{}:event-bus/{name}", scope.region, scope.account())
}

impl State {
    /// Refuses a bus that is not there.
    pub(super) fn check_bus(&self, name: &str) -> Result<(), AwsError> {
        if name == DEFAULT || self.buses.contains_key(name) {
            return Ok(());
        }
        Err(not_found(format!("Event bus {name} does not exist.")))
    }

    pub(super) fn rule(&self, key: &RuleKey) -> Result<&Rule, AwsError> {
        self.check_bus(&key.bus)?;
        self.rules.get(key).ok_or_else(|| key.absent())
    }

    pub(super) fn rule_mut(&mut self, key: &RuleKey) -> Result<&mut Rule, AwsError> {
        self.check_bus(&key.bus)?;
        self.rules.get_mut(key).ok_or_else(|| key.absent())
    }

    /// Walks over the rules of a bus in the order of their names.
    pub(super) fn rules_of(&self, bus: &str) -> impl Iterator<Item = (&RuleKey, &Rule)> {
        // No name is empty, so this is before the first.
        let rest = self.rules.range(Bound::Excluded(RuleKey::new(bus, "")));
        let bus = bus.to_owned();
        rest.take_while(move |(key, _)| key.bus == bus)
    }

    /// The bus or rule of an ARN, to change its tags.
    pub(super) fn tags_mut(&mut self, arn: &str) -> Result<&mut BTreeMap<String, String>, AwsError> {
        match Tagged::of(arn)? {
            Tagged::Bus(name) => {
                self.check_bus(&name)?;
                if !self.buses.contains_key(&name) {
                    self.buses.insert(name.clone(), Bus::default());
                }
                let bus = self.buses.get_mut(&name).map(|bus| &mut bus.tags);
                bus.ok_or_else(|| not_found(format!("Event bus {name} does not exist.")))
            }
            Tagged::Rule(key) => Ok(&mut self.rule_mut(&key)?.tags),
        }
    }
}

/// What has tags.
enum Tagged {
    Bus(String),
    Rule(RuleKey),
}

impl Tagged {
    fn of(arn: &str) -> Result<Self, AwsError> {
        let rest = arn.strip_prefix("arn:aws:events:").and_then(|rest| rest.splitn(3, ':').nth(2));
        if let Some(name) = rest.and_then(|rest| rest.strip_prefix("event-bus/")) {
            return Ok(Self::Bus(name.to_owned()));
        }
        let rule = rest.and_then(|rest| rest.strip_prefix("rule/"));
        let rule = rule.ok_or_else(|| {
            invalid(format!("Parameter ResourceARN is not valid. Reason: {arn} is the ARN of no rule and of no bus."))
        })?;
        let (bus, rule) = rule.rsplit_once('/').unwrap_or((DEFAULT, rule));
        Ok(Self::Rule(RuleKey::new(bus, rule)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_is_named_directly_or_by_its_arn() {
        let read = |text: &str| serde_json::from_value::<BusReference>(text.into()).map(|bus| bus.0);
        assert_eq!(read("default").unwrap(), "default");
        assert_eq!(read("arn:aws:events:us-east-1:000000000000:event-bus/a/b").unwrap(), "a/b");
        for bad in ["", "a b", "arn:aws:events:us-east-1:000000000000:rule/a"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rule_is_found_by_the_arn_that_it_has() {
        for (bus, arn) in [("default", "rule/r"), ("a/b", "rule/a/b/r")] {
            let key = RuleKey::new(bus, "r");
            let whole = key.arn("us-east-1", "000000000000");
            assert_eq!(whole, format!("arn:aws:events:us-east-1:000000000000:{arn}"));
            assert!(matches!(Tagged::of(&whole), Ok(Tagged::Rule(found)) if found == key));
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        assert!(Tagged::of("arn:aws:sqs:us-east-1:000000000000:q").is_err());
    }
}
