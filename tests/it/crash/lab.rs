//! An engine with other people's resources on it, and what can be told of it before and after a run.

use super::{
    foreign::{NEIGHBOURS, Somebody},
    program::PROGRAM,
    situation::Known,
};
use crate::support::{
    Output, Project, Running,
    archives::{Archives, Damage},
    engine_state,
    fault::{At, Call, Fault, FaultProxy},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, sync::Arc};

/// Every kind of part with where the emulator keeps it.
const KINDS: [(&str, &str); 7] = [
    ("instance", "/ec2/instances"),
    ("role", "/iam/roles"),
    ("log-group", "/logs/groups"),
    ("function", "/lambda/functions"),
    ("api", "/apigateway/apis"),
    ("usage-plan", "/apigateway/plans"),
    ("key", "/apigateway/keys"),
];

pub(super) struct Lab {
    pub(super) project: Project,
    pub(super) port: u16,
    /// The inventory with only the foreign resources in it.
    pub(super) before: Inventory,
    /// The archives of all functions but the foreign ones.
    archives: Archives,
    /// How the stack is deployed.
    pub(super) deploy: &'static [&'static str],
    /// What it comes to when nothing disturbs that: the kinds of its parts, and the status.
    pub(super) wanted: (Vec<&'static str>, Value),
    /// The situations in which atelier was asked what it makes of them.
    pub(super) known: Arc<Known>,
}

/// A faulted run, and how it ended.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) code: Option<i32>,
    /// Whether the call that was to be hit was made.
    pub(super) has_struck: bool,
}

impl Lab {
    /// Starts an engine, plants what is not ours, and sees what a deploy that nothing disturbs comes to.
    pub(super) fn new() -> Self {
        let mut lab = Self::bare();
        lab.plant();
        lab.ok(lab.deploy);
        lab.wanted = (lab.kinds(), lab.status());
        lab.restored();
        lab
    }

    /// Starts an empty engine.
    pub(super) fn bare() -> Self {
        let project = Project::in_memory().running(&PROGRAM.path).up();
        let port = project.port();
        // Functions call the engine itself, also when atelier is made to call it through a proxy.
        let project = project.with("AWS_ENDPOINT_INTERNAL", &format!("http://127.0.0.1:{port}"));
        PROGRAM.pack(&project.path(), 1);
        let archives = Archives::from_now_on(&project.path().join(".atelier/engine"));
        Self {
            project,
            port,
            before: Inventory::default(),
            archives,
            deploy: &["deploy"],
            wanted: Default::default(),
            known: Arc::default(),
        }
    }

    /// Puts other people's resources there, and remembers them.
    pub(super) fn plant(&mut self) {
        self.somebody().plant(NEIGHBOURS);
        self.before = self.inventory();
        self.archives = Archives::from_now_on(&self.project.path().join(".atelier/engine"));
    }

    /// Ends the engine, takes everything that it had away if wanted, and starts it on the same port.
    pub(super) fn restart(&self, empty: bool) {
        let port = self.port.to_string();
        let down = self.project.run(&["down"]);
        assert_eq!(down.code, Some(0), "{down:?}");
        if empty {
            fs::remove_dir_all(self.project.path().join(".atelier/engine")).unwrap();
        }
        let up = self.project.run(&["up", "--engine", "embedded", "--port", &port]);
        assert_eq!(up.code, Some(0), "{up:?}");
    }

    pub(super) fn somebody(&self) -> Somebody {
        Somebody::at(&self.project.path(), self.port)
    }

    /// Runs a command that must succeed; gives its data and the calls that it made.
    pub(super) fn ok(&self, args: &[&str]) -> (Value, Vec<Call>) {
        let proxy = FaultProxy::to(self.port);
        let output = self.project.run(&[args, &["--json", "--endpoint", &proxy.url()]].concat());
        assert_eq!(output.code, Some(0), "{args:?}: {output:?}");
        (output.json()["data"].clone(), proxy.calls())
    }

    /// Runs a command that a fault hits: it may fail or be killed, but not hang, end in a bug or leave the user alone.
    pub(super) fn hit(&self, args: &[&str], at: At, fault: Fault) -> Hit {
        let proxy = FaultProxy::to(self.port);
        proxy.watch(self.archives.clone());
        proxy.arm(Some((at, fault)));
        let mut args = [args, &["--json", "--endpoint"]].concat();
        let url = proxy.url();
        args.push(&url);
        if fault == Fault::Hang {
            // The deadline of each call, so that nobody waits for the usual one.
            args.extend(["--timeout", "500ms"]);
        }
        let running = Running::start(self.project.command(&args));
        proxy.aim(running.pid());
        let output = running.end();
        let hit = Hit { code: output.code, has_struck: proxy.has_struck() };
        if hit.has_struck {
            excused(fault, &output);
        } else if fault != Fault::Hang {
            assert_eq!(output.code, Some(0), "{args:?}: {output:?}");
        }
        hit
    }

    /// Damages the archives of our functions.
    pub(super) fn damage(&self, damage: Damage) {
        self.archives.damage(damage);
    }

    /// Tells whether a function of ours has an archive that is not what was kept.
    fn has_lost_code(&self, ours: &Inventory) -> bool {
        ours.of("function").any(|(_, function)| !self.archives.is_whole(function["code"]["blob"].as_str().unwrap()))
    }

    /// Starts the engine anew where code is lost, as nothing else makes it look, and asserts that whoever asks is told.
    pub(super) fn told_of_lost_code(&self) {
        if !self.has_lost_code(&self.inventory().without(&self.before)) {
            return;
        }
        self.restart(false);
        for (args, code) in [(&["status", "--check"][..], 5), (&["plan", "--check"], 1), (&["doctor"], 4)] {
            let output = self.project.run(args);
            assert_eq!(output.code, Some(code), "{args:?}: {output:?}");
        }
        let status = self.project.run(&["status"]);
        assert!(status.stdout.contains("The code of this function is lost"), "{status:?}");
    }

    /// What the engine has in all regions.
    pub(super) fn inventory(&self) -> Inventory {
        let engine = self.project.path().join(".atelier/engine");
        let mut things = BTreeMap::new();
        for (place, state) in engine_state::read(&engine).as_object().into_iter().flatten() {
            for (kind, pointer) in KINDS {
                for (id, thing) in state.pointer(pointer).and_then(Value::as_object).into_iter().flatten() {
                    // Terminated instances stay listed for an hour, as on AWS.
                    if thing["goal"] != "terminate" {
                        things.insert((kind, place.clone(), id.clone()), thing.clone());
                    }
                }
            }
        }
        Inventory(things)
    }

    /// Asserts that there is one finished resource per part beside what was there before, and the wanted status.
    pub(super) fn whole(&self) {
        self.has_its_parts();
        assert_eq!(self.status(), self.wanted.1);
    }

    /// The kinds of what is ours, one for each resource.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.inventory().without(&self.before).kinds()
    }

    /// Asserts that there is one resource per part, tagged as ours, with the code that it was given, and that the files
    /// name them.
    fn has_its_parts(&self) {
        let ours = self.inventory().without(&self.before);
        assert_eq!(ours.kinds(), self.wanted.0, "{ours:?}");
        assert!(!self.has_lost_code(&ours), "{ours:?}");
        for ((kind, _, id), thing) in &ours.0 {
            assert_eq!(thing["tags"]["atelier:stack"], "atelier", "{id}");
            assert_eq!(thing["tags"]["atelier:part"], *kind, "{id}");
        }
        for (kind, name) in [("api", ".api_id"), ("instance", ".instance_id")] {
            let written = fs::read_to_string(self.project.path().join(name)).unwrap();
            assert_eq!(ours.of(kind).map(|(id, _)| format!("{id}\n")).collect::<Vec<_>>(), [written]);
        }
    }

    /// Asserts what [`Lab::whole`] and [`Lab::settled`] do. What atelier says and does is asked only in situations in
    /// which it was not asked before.
    pub(super) fn good(&self) {
        self.has_its_parts();
        if self.known.is_new("deployed", self) {
            assert_eq!(self.status(), self.wanted.1);
            self.settled();
        }
    }

    /// Asserts what [`Lab::restored`] does, in the same way.
    pub(super) fn gone(&self) {
        self.ok(&["clean", "--yes"]);
        assert_eq!(self.inventory(), self.before);
        if self.known.is_new("cleaned", self) {
            self.empty();
        }
    }

    /// What `status` tells of the stack, without what differs from one instance to the next.
    pub(super) fn status(&self) -> Value {
        let (mut status, _) = self.ok(&["status"]);
        for found in status["stack"]["found"].as_array_mut().unwrap() {
            found["created"].take();
            match found["part"].as_str().unwrap() {
                "instance" => {
                    assert!(found["rev"].is_string(), "{found}");
                    // Drawn by the engine, and pending for a moment.
                    found["id"].take();
                    found["state"].take();
                }
                "key" | "usage-plan" => drop(found["id"].take()),
                _ => assert!(found["rev"].is_string(), "{found}"),
            }
        }
        assert_eq!(status["stack"]["foreign"], json!([]));
        status["stack"].take()
    }

    /// Asserts that another deploy finds nothing to do and sends nothing that could change anything.
    pub(super) fn settled(&self) {
        let (data, calls) = self.ok(self.deploy);
        let mutating: Vec<_> = calls.iter().filter(|call| call.is_mutating()).collect();
        assert!(mutating.is_empty() && data["changed"] == false, "{mutating:?} {data}");
    }

    /// Cleans up, asserts that everything is as before and that another `clean` has nothing to do.
    pub(super) fn restored(&self) {
        self.ok(&["clean", "--yes"]);
        self.empty();
    }

    /// Asserts that nothing of ours is there, everything else is untouched, and `clean` has nothing to do.
    pub(super) fn empty(&self) {
        assert_eq!(self.inventory(), self.before);
        let (data, calls) = self.ok(&["clean", "--yes"]);
        let mutating: Vec<_> = calls.iter().filter(|call| call.is_mutating()).collect();
        assert!(mutating.is_empty() && data["removed"] == json!([]), "{mutating:?} {data}");
    }
}

/// How a run may end that a fault hit at one call: it gets over whatever happens to the call and says why when it does
/// not get over it, and what to do.
fn excused(fault: Fault, output: &Output) {
    match (fault, output.code) {
        (Fault::KillBefore | Fault::KillAfter, code) => {
            assert_eq!((code, output.stdout.as_str()), (None, ""), "{output:?}");
            return;
        }
        (_, Some(0)) => return,
        // The function that it has just made or changed does not work.
        (Fault::Damaged(_), Some(1)) => {}
        // With so short a deadline, what a hanging run waits for may not be there in time.
        (Fault::Interrupt, Some(130)) | (Fault::Hang, Some(5 | 6)) => {}
        _ => panic!("{fault:?}: {output:?}"),
    }
    let error = &output.json()["error"];
    assert!(error["message"].is_string(), "{output:?}");
    assert!(!error["hints"].as_array().unwrap().is_empty(), "{output:?}");
}

/// Every resource, by kind, region and id, as the engine keeps it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Inventory(BTreeMap<(&'static str, String, String), Value>);

impl Inventory {
    /// Everything of one kind.
    pub(super) fn of(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().filter(move |((known, ..), _)| *known == kind).map(|((.., id), thing)| (id.as_str(), thing))
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.0.keys().map(|(kind, ..)| *kind).collect()
    }

    /// What is here and was not there.
    pub(super) fn without(&self, earlier: &Self) -> Self {
        let new = self.0.iter().filter(|(key, _)| !earlier.0.contains_key(*key));
        Self(new.map(|(key, thing)| (key.clone(), thing.clone())).collect())
    }
}
