//! A random walk of runs, kills and mishaps; wherever it ends, one deploy makes the stack whole and one clean takes it
//! away. A failing walk is shrunk to the shortest that fails.

use super::{lab::Lab, program::PROGRAM};
use crate::support::{
    archives::Damage,
    fault::{At, Fault},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use std::fs;

#[derive(Debug, Clone)]
enum Step {
    Deploy,
    /// A deploy, killed around its call of this number.
    KilledDeploy(usize, bool),
    Clean,
    KilledClean(usize, bool),
    /// The engine comes back empty.
    Reset,
    /// A file gets other content.
    Corrupt(usize, usize),
    Delete(usize),
    /// There is a newer function to deploy.
    Upgrade,
    /// The archives of the functions that there are.
    Damage(Damage),
}

/// What atelier keeps in the project, relied upon by nobody.
const FILES: [&str; 6] =
    [".api_id", ".instance_id", "deploy.log", ".atelier/state.json", ".atelier/lock", ".atelier/engine.json"];
/// Nothing, half of something, something else, something newer, something foreign.
const CONTENTS: [&str; 6] =
    ["", "{\"schema\":1,", "\u{0}\u{1}\u{2}", "{\"schema\":99}", "i-0000000000000000f\n", "null"];

/// More than a deploy or a clean makes, so that each of their calls can be the one; what is killed later than at the
/// last of them is not killed.
const MOST_CALLS: usize = 70;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Deploy),
        4 => (0..MOST_CALLS, any::<bool>()).prop_map(|(call, before)| Step::KilledDeploy(call, before)),
        1 => Just(Step::Clean),
        3 => (0..MOST_CALLS, any::<bool>()).prop_map(|(call, before)| Step::KilledClean(call, before)),
        1 => Just(Step::Reset),
        2 => (0..FILES.len(), 0..CONTENTS.len()).prop_map(|(file, content)| Step::Corrupt(file, content)),
        2 => (0..FILES.len()).prop_map(Step::Delete),
        1 => Just(Step::Upgrade),
        2 => prop_oneof![Just(Damage::Flipped), Just(Damage::Truncated), Just(Damage::Missing)].prop_map(Step::Damage),
    ]
}

/// The walker: an engine, and which function is the newest.
struct Walker {
    lab: Lab,
    version: u32,
}

impl Walker {
    fn take(&mut self, step: &Step) {
        let kill = |before| if before { Fault::KillBefore } else { Fault::KillAfter };
        match step {
            Step::Deploy => {
                self.lab.ok(&["deploy"]);
            }
            Step::Clean => {
                self.lab.ok(&["clean", "--yes"]);
            }
            Step::KilledDeploy(call, before) => {
                self.lab.hit(&["deploy"], At::Number(*call), kill(*before));
            }
            Step::KilledClean(call, before) => {
                self.lab.hit(&["clean", "--yes"], At::Number(*call), kill(*before));
            }
            Step::Corrupt(file, content) => self.lab.project.write(FILES[*file], CONTENTS[*content]),
            Step::Delete(file) => drop(fs::remove_file(self.lab.project.path().join(FILES[*file]))),
            Step::Upgrade => {
                self.version += 1;
                PROGRAM.pack(&self.lab.project.path(), self.version);
            }
            Step::Reset => {
                self.lab.restart(true);
                self.lab.plant();
            }
            Step::Damage(damage) => self.lab.damage(*damage),
        }
    }

    fn arrive(&mut self) {
        // Whatever became of its record, the engine is found; and it finds what became of the archives.
        self.lab.restart(false);
        self.lab.told_of_lost_code();
        self.lab.ok(&["deploy"]);
        self.lab.good();
        self.lab.gone();
    }
}

#[test]
fn a_walk_can_kill_a_run_at_each_of_its_calls() {
    let lab = Lab::new();
    let (_, deploy) = lab.ok(&["deploy"]);
    let (_, clean) = lab.ok(&["clean", "--yes"]);
    assert!(deploy.len() < MOST_CALLS && clean.len() < MOST_CALLS, "{} {}", deploy.len(), clean.len());
    assert!(deploy.len() > MOST_CALLS / 2, "{}", deploy.len());
}

#[test]
fn wherever_a_walk_of_runs_kills_and_mishaps_ends_the_next_run_makes_it_good() {
    let config = Config { cases: 16, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let walks = prop::collection::vec(step(), 1..=12);
    let steps = std::cell::Cell::new(0);
    TestRunner::new(config.clone())
        .run(&walks, |walk| {
            let mut walker = Walker { lab: Lab::new(), version: 1 };
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                for step in &walk {
                    walker.take(step);
                }
                walker.arrive();
            }));
            steps.set(steps.get() + walk.len());
            ended.map_err(|_| TestCaseError::fail("see above"))
        })
        .unwrap();
    super::tell(&format!(
        "random walks: {} of {} steps in all; each ended whole and went away clean",
        config.cases,
        steps.get()
    ));
}
