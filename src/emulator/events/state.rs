//! What EventBridge keeps, and how it is found.

use super::{
    archive::{Archive, Kept, KeptKey, Size},
    invalid, not_found,
    replay::Replay,
    rule::{BUS, Bus, DEFAULT, Rule, RuleKey},
    too_many,
};
use crate::emulator::{
    store::{AnyTable, Table, Tables},
    wire::{Arn, AwsError, Here},
};
use std::{collections::BTreeMap, ops::Bound};

/// The most events of an archive, and their bytes, which are all in memory; when there are more, the oldest go.
const MAX_EVENTS: usize = 10_000;
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// The most archives of a region: each that takes an event has a copy of it,
const MAX_ARCHIVES: usize = 100;
/// and the most bytes of the events of all of them; here too the oldest go.
const MAX_ALL_BYTES: usize = 256 * 1024 * 1024;

/// The buses, rules and archives of one region.
#[derive(Clone, Default)]
pub struct State {
    /// By their names; the default one only when something was set for it.
    pub(super) buses: Table<String, Bus>,
    pub(super) rules: Table<RuleKey, Rule>,
    pub(super) archives: Table<String, Archive>,
    pub(super) kept: Table<KeptKey, Kept>,
    pub(super) replays: Table<String, Replay>,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![
            ("events/buses", &mut self.buses),
            ("events/rules", &mut self.rules),
            ("events/archives", &mut self.archives),
            ("events/archived", &mut self.kept),
            ("events/replays", &mut self.replays),
        ]
    }
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

    /// The tags of the bus or rule of an ARN.
    pub(in crate::emulator) fn tags_by_arn(&self, here: Here<'_>, arn: &str) -> Option<BTreeMap<String, String>> {
        match Tagged::of(here, arn).ok()? {
            Tagged::Bus(name) => self.buses.get(&name).map(|bus| bus.tags.clone()),
            Tagged::Rule(key) => self.rules.get(&key).map(|rule| rule.tags.clone()),
        }
    }

    /// The bus or rule of an ARN, to change its tags.
    pub(super) fn tags_mut(&mut self, here: Here<'_>, arn: &str) -> Result<&mut BTreeMap<String, String>, AwsError> {
        match Tagged::of(here, arn)? {
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
    fn of(here: Here<'_>, arn: &str) -> Result<Self, AwsError> {
        let of_events = Arn::parse(arn).filter(|arn| arn.service == "events");
        let tagged = of_events.and_then(|arn| Self::named(arn.resource)).ok_or_else(|| {
            invalid(format!("Parameter ResourceARN is not valid. Reason: {arn} is the ARN of no rule and of no bus."))
        })?;
        match here.resource("events", arn) {
            Some(_) => Ok(tagged),
            None => Err(not_found(format!("{arn} does not exist in this region and account."))),
        }
    }

    fn named(resource: &str) -> Option<Self> {
        if let Some(name) = resource.strip_prefix(BUS) {
            return Some(Self::Bus(name.to_owned()));
        }
        let rule = resource.strip_prefix("rule/")?;
        let (bus, rule) = rule.rsplit_once('/').unwrap_or((DEFAULT, rule));
        Some(Self::Rule(RuleKey::new(bus, rule)))
    }
}

impl State {
    /// Adds an archive.
    pub(super) fn add_archive(&mut self, name: String, archive: Archive) -> Result<(), AwsError> {
        if self.archives.contains_key(&name) {
            let message = format!("Archive {name} already exists.");
            return Err(AwsError::sender("ResourceAlreadyExistsException", message));
        }
        self.check_bus(&archive.bus)?;
        if self.archives.len() >= MAX_ARCHIVES {
            return Err(too_many());
        }
        self.archives.insert(name, archive);
        Ok(())
    }

    /// Puts an event into an archive, and takes away what is too old or too much. That takes as long however much is there:
    /// nothing is counted twice.
    pub(super) fn add_kept(&mut self, name: &str, kept: &Kept) {
        self.count();
        let Some(archive) = self.archives.get_mut(name) else { return };
        archive.last += 1;
        archive.size = Some(archive.size.unwrap_or_default().with(kept));
        let key = KeptKey { archive: name.to_owned(), number: archive.last };
        self.kept.insert(key, kept.clone());
        while let Some(key) = self.surplus(name, kept.at) {
            self.remove_kept(&key);
        }
        self.shrink(MAX_ALL_BYTES);
    }

    /// Counts what archives have that an older version has kept.
    fn count(&mut self) {
        let unknown = self.archives.iter().filter(|(_, archive)| archive.size.is_none());
        let counted: Vec<(String, Size)> = unknown.map(|(name, _)| (name.clone(), self.size_of(name))).collect();
        for (name, size) in counted {
            if let Some(archive) = self.archives.get_mut(&name) {
                archive.size = Some(size);
            }
        }
    }

    /// How much an archive has.
    pub(super) fn size_of(&self, name: &str) -> Size {
        let known = self.archives.get(name).and_then(|archive| archive.size);
        known.unwrap_or_else(|| self.kept_of(name).fold(Size::default(), |size, (_, kept)| size.with(kept)))
    }

    /// The oldest event of an archive, where it is too old or the archive has too much.
    fn surplus(&self, name: &str, now: i64) -> Option<KeptKey> {
        let (archive, size) = (self.archives.get(name)?, self.size_of(name));
        let (key, oldest) = self.kept_of(name).next()?;
        let is_surplus = size.events > MAX_EVENTS || size.bytes > MAX_BYTES || !archive.keeps(oldest, now);
        is_surplus.then(|| key.clone())
    }

    /// Takes an event out of its archive.
    fn remove_kept(&mut self, key: &KeptKey) {
        let Some(kept) = self.kept.remove(key) else { return };
        if let Some(archive) = self.archives.get_mut(&key.archive) {
            archive.size = archive.size.map(|size| size.without(&kept));
        }
    }

    /// Takes away the oldest events of all archives until the others have no more than so many bytes.
    fn shrink(&mut self, most: usize) {
        let mut all: usize = self.archives.keys().map(|name| self.size_of(name).bytes).sum();
        while all > most {
            // The first of each is its oldest.
            let firsts = self.archives.keys().filter_map(|name| self.kept_of(name).next());
            let oldest = firsts.min_by_key(|(_, kept)| kept.at).map(|(key, kept)| (key.clone(), kept.event.len()));
            let Some((key, bytes)) = oldest else { return };
            self.remove_kept(&key);
            all = all.saturating_sub(bytes);
        }
    }

    /// Walks over the events of an archive in the order in which they came.
    pub(super) fn kept_of(&self, name: &str) -> impl Iterator<Item = (&KeptKey, &Kept)> {
        let rest = self.kept.range(Bound::Included(KeptKey { archive: name.to_owned(), number: 0 }));
        let name = name.to_owned();
        rest.take_while(move |(key, _)| key.archive == name)
    }

    /// Removes an archive with its events.
    pub(super) fn remove_archive(&mut self, name: &str) -> Result<(), AwsError> {
        self.archives.remove(name).ok_or_else(|| no_archive(name))?;
        let keys: Vec<KeptKey> = self.kept_of(name).map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.kept.remove(&key);
        }
        Ok(())
    }

    pub(super) fn archive(&self, name: &str) -> Result<&Archive, AwsError> {
        self.archives.get(name).ok_or_else(|| no_archive(name))
    }
}

impl State {
    pub(super) fn replay(&self, name: &str) -> Result<&Replay, AwsError> {
        self.replays.get(name).ok_or_else(|| no_replay(name))
    }

    pub(super) fn replay_mut(&mut self, name: &str) -> Result<&mut Replay, AwsError> {
        self.replays.get_mut(name).ok_or_else(|| no_replay(name))
    }
}

fn no_archive(name: &str) -> AwsError {
    not_found(format!("Archive {name} does not exist."))
}

fn no_replay(name: &str) -> AwsError {
    not_found(format!("Replay {name} does not exist."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Here<'static> = Here { region: "us-east-1", account: "000000000000" };
    const DAY: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn a_rule_is_found_by_the_arn_that_it_has() {
        for (bus, arn) in [("default", "rule/r"), ("a/b", "rule/a/b/r")] {
            let key = RuleKey::new(bus, "r");
            let whole = key.arn("us-east-1", "000000000000");
            assert_eq!(whole, format!("arn:aws:events:us-east-1:000000000000:{arn}"));
            assert!(matches!(Tagged::of(HERE, &whole), Ok(Tagged::Rule(found)) if found == key));
            let elsewhere = Tagged::of(HERE, &whole.replace("us-east-1", "eu-west-1")).err().unwrap();
            assert_eq!(elsewhere.code, "ResourceNotFoundException");
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        assert!(Tagged::of(HERE, "arn:aws:sqs:us-east-1:000000000000:q").is_err());
    }

    fn archive() -> Archive {
        Archive::new(DEFAULT.to_owned(), 0)
    }

    fn kept(at: i64) -> Kept {
        Kept { at, time: None, event: "{}".to_owned() }
    }

    #[test]
    fn a_region_has_a_hundred_archives_at_most() {
        let mut state = State::default();
        for number in 0..100 {
            state.add_archive(format!("a{number}"), archive()).unwrap();
        }
        let refused = state.add_archive("one-more".to_owned(), archive()).unwrap_err();
        assert_eq!(refused.code, "LimitExceededException");
        assert_eq!(refused.message, "The requested resource exceeds the maximum number allowed.");
        let again = state.add_archive("a1".to_owned(), archive()).unwrap_err();
        assert_eq!(again.code, "ResourceAlreadyExistsException");
        state.remove_archive("a1").unwrap();
        state.add_archive("one-more".to_owned(), archive()).unwrap();
    }

    #[test]
    fn where_all_archives_have_too_much_the_oldest_events_go_first() {
        let mut state = State::default();
        for name in ["a", "b", "c"] {
            state.add_archive(name.to_owned(), archive()).unwrap();
        }
        for (name, at) in [("b", 1), ("a", 2), ("b", 3), ("a", 4), ("c", 5)] {
            state.add_kept(name, &kept(at));
        }
        // As an older version has kept it: what it has is counted when that is needed.
        state.archives.get_mut("c").unwrap().size = None;
        state.shrink(5);
        let left = |name: &str| state.kept_of(name).map(|(_, kept)| kept.at).collect::<Vec<_>>();
        assert_eq!((left("a"), left("b"), left("c")), (vec![4], vec![], vec![5]));
        let sizes = ["a", "b", "c"].map(|name| state.archives.get(name).unwrap().size);
        let one = Size { events: 1, bytes: 2 };
        assert_eq!(sizes, [Some(one), Some(Size::default()), None]);
        assert_eq!(state.size_of("c"), one);
        state.add_kept("a", &kept(6));
        assert_eq!(state.archives.get("c").unwrap().size, Some(one), "from now on it is known");
    }

    #[test]
    fn what_an_archive_has_is_known_without_a_walk_over_it() {
        let mut state = State::default();
        state.add_archive("a".to_owned(), archive()).unwrap();
        for at in 1..=3 {
            state.add_kept("a", &kept(at));
        }
        assert_eq!(state.size_of("a"), Size { events: 3, bytes: 6 });
        // Who walked would find three.
        state.archives.get_mut("a").unwrap().size = Some(Size { events: MAX_EVENTS + 1, bytes: 6 });
        state.add_kept("a", &kept(4));
        let left: Vec<i64> = state.kept_of("a").map(|(_, kept)| kept.at).collect();
        assert_eq!((left, state.size_of("a").events), (vec![3, 4], MAX_EVENTS));
    }

    #[test]
    fn an_archive_keeps_what_is_young_enough_in_the_order_in_which_it_came() {
        let mut state = State::default();
        let daily = Archive { retention: 1, ..archive() };
        state.archives.insert("a".into(), daily.clone());
        state.archives.insert("a-1".into(), daily);
        for (name, at) in [("a", 1), ("a-1", 2), ("a", 3), ("a", DAY + 2)] {
            state.add_kept(name, &kept(at));
        }
        let times = |name: &str| state.kept_of(name).map(|(_, kept)| kept.at).collect::<Vec<_>>();
        assert_eq!((times("a"), times("a-1")), (vec![3, DAY + 2], vec![2]));
        let key = state.kept_of("a-1").next().unwrap().0.clone();
        assert_eq!(key.to_string().parse(), Ok(key));
    }
}
