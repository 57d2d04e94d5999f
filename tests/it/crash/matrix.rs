//! Every fault at every call of a deploy, of an upgrade and of a clean, each followed by one run that nothing hits.
//!
//! Calls are known by their names and their order among calls of the same name: parts are made in parallel, so a call's
//! number differs from run to run. One round hits a deploy, then an upgrade of what it made (where one is left to be
//! hit), then a clean of that: each of them begins where the one before was made good.

use super::{
    foreign::Somebody,
    lab::{self, Lab},
    program::PROGRAM,
    situation::Known,
    tell,
};
use crate::support::{
    archives::Damage,
    fault::{At, Call, Fault},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// Those that make a run wait for a deadline come first, so that no engine is idle at the end.
const FAULTS: [Fault; 12] = [
    Fault::Hang,
    Fault::Throttled(Some(1)),
    Fault::Throttled(None),
    Fault::KillBefore,
    Fault::KillAfter,
    Fault::Interrupt,
    Fault::Lost,
    Fault::Reset,
    Fault::Status(500),
    Fault::Status(503),
    Fault::Truncated,
    Fault::Html,
];

/// What befalls the function's archive at a call, each at every third of them: what it comes to is seen later, when the
/// engine is started anew.
const DAMAGES: [Damage; 3] = [Damage::Flipped, Damage::Truncated, Damage::Missing];

/// How many engines are used at once: runs that wait for a deadline leave the processor to the others.
const LABS: usize = 4;
/// A call that depends on the engine's pace (asking whether the function is active yet) may be missing from one run.
const MOST_TRIES: usize = 5;
/// Where runs are slower than those that were counted, a change is there after fewer looks: less than one hit of this
/// many may be lost to that.
const FEW: usize = 20;

/// With keys a deploy makes every call that one without keys makes, and some more.
const DEPLOY: &[&str] = &["deploy", "--auth", "api-key"];
/// Another function, another environment of it, another document of the API.
const UPGRADE: &[&str] = &["deploy", "--auth", "none"];
const CLEAN: &[&str] = &["clean", "--yes"];

/// An engine, and what a deploy and an upgrade come to on it.
struct Bench {
    lab: Lab,
    somebody: Somebody,
    deployed: (Vec<&'static str>, Value),
    upgraded: (Vec<&'static str>, Value),
}

impl Bench {
    fn new(known: &Arc<Known>) -> Self {
        let mut lab = Lab::bare();
        lab.known = known.clone();
        let somebody = lab.somebody();
        lab.plant();
        let mut bench = Self { lab, somebody, deployed: Default::default(), upgraded: Default::default() };
        bench.begin();
        bench.lab.ok(DEPLOY);
        bench.deployed = (bench.lab.kinds(), bench.lab.status());
        bench.newer();
        bench.lab.ok(UPGRADE);
        bench.upgraded = (bench.lab.kinds(), bench.lab.status());
        bench.lab.gone();
        bench
    }

    /// There is nothing of ours but a key.
    fn begin(&mut self) {
        PROGRAM.pack(&self.lab.project.path(), 1);
        self.somebody.our_key("atelier");
        (self.lab.deploy, self.lab.wanted) = (DEPLOY, self.deployed.clone());
    }

    /// Goes back to the beginning.
    fn anew(&mut self) {
        self.lab.ok(CLEAN);
        self.begin();
    }

    /// There is something newer to deploy.
    fn newer(&mut self) {
        PROGRAM.pack(&self.lab.project.path(), 2);
        (self.lab.deploy, self.lab.wanted) = (UPGRADE, self.upgraded.clone());
    }

    /// Hits what is done now with each of these faults, makes it good each time, and tells how the hit runs ended.
    fn round(&mut self, round: &Round) -> Ends {
        let mut ends = Ends::default();
        let mut hit = |hit: &Option<Hit>, bench: &mut Self, again: &dyn Fn(&mut Self), args: &[&str]| {
            if let Some((at, fault)) = hit {
                match bench.strike(args, at, *fault, again) {
                    Some(run) => ends.hit.push((*fault, run.code)),
                    None => ends.missed.push(at.clone()),
                }
                if matches!(fault, Fault::Damaged(_)) {
                    bench.lab.told_of_lost_code();
                }
            }
        };
        self.begin();
        hit(&round.deploy, self, &Self::anew, DEPLOY);
        self.lab.ok(DEPLOY);
        self.lab.good();
        if round.upgrade.is_some() {
            self.newer();
            let again = |bench: &mut Self| {
                bench.anew();
                bench.lab.ok(DEPLOY);
                bench.newer();
            };
            hit(&round.upgrade, self, &again, UPGRADE);
            self.lab.ok(UPGRADE);
            self.lab.good();
        }
        let again = |bench: &mut Self| {
            bench.anew();
            bench.lab.ok(DEPLOY);
        };
        hit(&round.clean, self, &again, CLEAN);
        self.lab.gone();
        ends
    }

    /// Hits a run until the call that is to be hit was made; `again` goes back to before that run.
    fn strike(&mut self, args: &[&str], at: &At, fault: Fault, again: &dyn Fn(&mut Self)) -> Option<lab::Hit> {
        for _ in 0..MOST_TRIES {
            let hit = self.lab.hit(args, at.clone(), fault);
            if hit.has_struck {
                return Some(hit);
            }
            again(self);
        }
        None
    }
}

/// How the hit runs of some rounds ended.
#[derive(Default)]
struct Ends {
    /// The fault of each, and its exit code, `None` of a killed one.
    hit: Vec<(Fault, Option<i32>)>,
    /// The calls that were not made any more when they were to be hit.
    missed: Vec<At>,
}

/// Tells whether a call only looks.
fn looks(at: &At) -> bool {
    matches!(at, At::Named(name, _) if ["Describe", "Get", "GET "].iter().any(|verb| name.starts_with(verb)))
}

/// A call, and what happens to it.
type Hit = (At, Fault);

/// What is hit in one round.
#[derive(Debug, Default)]
struct Round {
    deploy: Option<Hit>,
    upgrade: Option<Hit>,
    clean: Option<Hit>,
}

/// How often each name is called in every one of some runs that nothing hits.
fn certain(runs: &[Vec<Call>]) -> BTreeMap<String, usize> {
    let count = |calls: &[Call]| {
        calls.iter().fold(BTreeMap::<String, usize>::new(), |mut counts, call| {
            *counts.entry(call.name()).or_default() += 1;
            counts
        })
    };
    let counts: Vec<_> = runs.iter().map(|calls| count(calls)).collect();
    let least = |name: &String| counts.iter().map(|counts| counts.get(name).copied().unwrap_or_default()).min();
    counts[0].keys().map(|name| (name.clone(), least(name).unwrap_or_default())).collect()
}

/// Each fault at each of these calls.
fn hits(calls: &BTreeMap<String, usize>) -> Vec<Hit> {
    let calls = || calls.iter().flat_map(|(name, count)| (0..*count).map(move |index| At::Named(name.clone(), index)));
    let every = FAULTS.into_iter().flat_map(|fault| calls().map(move |at| (at, fault)));
    let damages = DAMAGES.into_iter().cycle().map(Fault::Damaged);
    every.chain(calls().zip(damages)).collect()
}

/// What every round of the whole matrix hits.
fn rounds(bench: &mut Bench) -> (String, VecDeque<Round>) {
    let (mut deploys, mut upgrades, mut settled, mut cleans) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        bench.anew();
        deploys.push(bench.lab.ok(DEPLOY).1);
        settled.push(bench.lab.ok(DEPLOY).1);
        cleans.push(bench.lab.ok(CLEAN).1);
        bench.begin();
        bench.lab.ok(DEPLOY);
        bench.newer();
        upgrades.push(bench.lab.ok(UPGRADE).1);
    }
    let (deploys, mut upgrades, cleans) = (certain(&deploys), certain(&upgrades), certain(&cleans));
    // What makes a deploy an upgrade: the calls that one with nothing to do does not make.
    let settled = certain(&settled);
    upgrades.retain(|name, _| !settled.contains_key(name));
    let count = |calls: &BTreeMap<String, usize>| calls.values().sum::<usize>();
    let told = format!(
        "{} calls of a deploy, {} of an upgrade, {} of a clean",
        count(&deploys),
        count(&upgrades),
        count(&cleans)
    );
    let (deploys, upgrades, cleans) = (hits(&deploys), hits(&upgrades), hits(&cleans));
    assert!(deploys.len() > 500 && upgrades.len() > 30 && cleans.len() > 300, "{told}");
    let length = deploys.len().max(cleans.len());
    let at = |hits: &[Hit], index| hits.get(index).cloned();
    let rounds = (0..length).map(|index| Round {
        deploy: at(&deploys, index),
        upgrade: at(&upgrades, index),
        clean: at(&cleans, index),
    });
    (told, rounds.collect())
}

/// Names the round that a failure belongs to, and ends the others with it.
struct Context<'a>(&'a Round, &'a Mutex<VecDeque<Round>>);

impl Drop for Context<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tell(&format!("failed: {:?}", self.0));
            self.1.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

#[test]
fn a_deploy_an_upgrade_or_a_clean_that_is_hit_at_any_call_is_made_up_for_by_the_next() {
    let began = Instant::now();
    let known = Arc::<Known>::default();
    let (told, rounds) = rounds(&mut Bench::new(&known));
    let (rounds, ends) = (Mutex::new(rounds), Mutex::new(Ends::default()));
    std::thread::scope(|scope| {
        for _ in 0..LABS {
            scope.spawn(|| {
                let mut bench = Bench::new(&known);
                loop {
                    let Some(round) = rounds.lock().unwrap().pop_front() else { return };
                    let context = Context(&round, &rounds);
                    let ended = bench.round(&round);
                    drop(context);
                    let mut ends = ends.lock().unwrap();
                    ends.hit.extend(ended.hit);
                    ends.missed.extend(ended.missed);
                }
            });
        }
    });
    let Ends { hit: ends, missed } = ends.into_inner().unwrap();
    assert!(missed.len() * FEW < ends.len() && missed.iter().all(looks), "{missed:?}");
    // Otherwise something that is drawn makes every situation look new.
    assert!(known.count("deployed") < ends.len() / 10, "{}", known.count("deployed"));
    let mut by_fault = String::new();
    for fault in FAULTS.into_iter().chain(DAMAGES.map(Fault::Damaged)) {
        let codes = ends.iter().filter(|(known, _)| *known == fault).map(|(_, code)| *code);
        let (well, hit) = codes.fold((0, 0), |(well, hit), code| (well + usize::from(code == Some(0)), hit + 1));
        let _ = write!(by_fault, "\n  {fault:?}: {hit} runs, {well} got over it, {} were made up for", hit - well);
    }
    tell(&format!(
        "crash matrix: {} faults at {told}: {} hit runs in {} s, {} looks not made any more{by_fault}\n  after each and one run more: one resource per \
         part, all tagged, the files naming them; after each clean the inventory as before, byte for byte\n  in each of \
         the {} situations that this led to, `status` told the same and another deploy sent nothing that changes; in \
         each of {}, another clean",
        FAULTS.len() + DAMAGES.len(),
        ends.len(),
        began.elapsed().as_secs(),
        missed.len(),
        known.count("deployed"),
        known.count("cleaned"),
    ));
}
