//! Ctrl-C in the middle of a call: the line that says where it stopped, and a next run that goes on from there.

use super::{
    daemon::Reply,
    docker::pulling,
    lab::Lab,
    program::PROGRAM,
    told::{Told, errors},
};
use crate::support::{
    Output, Project, Running, eventually,
    fault::{At, Fault, FaultProxy},
};
use std::time::Duration;

/// Runs a command until the call of this name hangs, and interrupts it that often.
fn interrupted(lab: &Lab, args: &[&str], call: &str, times: u32) -> Output {
    let proxy = FaultProxy::to(lab.port);
    proxy.arm(Some((At::Named(call.to_owned(), 0), Fault::Hang)));
    let running = Running::start(lab.project.command(&[args, &["--endpoint", &proxy.url()]].concat()));
    assert!(eventually(Duration::from_secs(30), || proxy.has_struck()), "{call}");
    running.interrupt();
    if times > 1 {
        running.tells("Ctrl-C");
        running.interrupt();
    }
    running.end()
}

#[test]
fn a_deploy_that_is_interrupted_says_where_and_the_next_goes_on_from_there() {
    let lab = Lab::new();
    for call in ["GetCallerIdentity", "RunInstances", "CreateRole", "POST /2015-03-31/functions", "PUT /restapis/*"] {
        let output = interrupted(&lab, &["deploy", "--json"], call, 1);
        assert_eq!(output.code, Some(130), "{call}: {output:?}");
        let error = &output.json()["error"];
        assert_eq!(error["code"], "interrupted", "{call}: {output:?}");
        let hint = error["hints"][0].as_str().unwrap();
        assert!(hint.starts_with("it stopped at this step: "), "{call}: {output:?}");
        lab.ok(&["deploy"]);
        lab.whole();
        lab.restored();
    }
}

#[test]
fn a_second_ctrl_c_leaves_at_once_and_is_as_safe() {
    let lab = Lab::new();
    for call in ["RunInstances", "TagRole"] {
        let output = interrupted(&lab, &["deploy"], call, 2);
        assert_eq!(output.code, Some(130), "{call}: {output:?}");
        lab.ok(&["deploy"]);
        lab.whole();
        let output = interrupted(&lab, &["clean", "--yes"], "DeleteRole", 2);
        assert_eq!(output.code, Some(130), "{call}: {output:?}");
        lab.restored();
    }
}

/// Everything before it is done by then, so that there is one step at which a deploy can stop.
const FUNCTION: &str = "POST /2015-03-31/functions";

/// What happens, and a run in a language that meets it.
type Scene = (&'static str, fn(&Lab, &str) -> Output);

/// What is told after Ctrl-C: what was done before it has ids that are drawn.
fn rest(mut output: Output) -> Output {
    let from = ["interrupted: ", "interruption : "].iter().filter_map(|said| output.stderr.find(said)).min();
    output.stderr.drain(..from.unwrap_or_else(|| panic!("{output:?}")));
    output
}

#[test]
fn the_lines_after_ctrl_c_read_well() {
    let scenes: [Scene; 4] = [
        ("Ctrl-C during a deploy", |lab, lang| rest(interrupted(lab, &["deploy", "--lang", lang], FUNCTION, 1))),
        ("Ctrl-C twice during a deploy", |lab, lang| rest(interrupted(lab, &["deploy", "--lang", lang], FUNCTION, 2))),
        ("Ctrl-C during a clean", |lab, lang| {
            lab.ok(&["deploy"]);
            rest(interrupted(lab, &["clean", "--yes", "--lang", lang], "DeleteRole", 1))
        }),
        ("Ctrl-C during an `up`", |_, lang| {
            let daemon = pulling(|| Reply::Silence);
            let project = Project::new().running(&PROGRAM.path).with("DOCKER_HOST", &daemon.host());
            let running = Running::start(project.command(&["up", "--engine", "localstack", "--lang", lang]));
            running.tells("localstack/localstack");
            running.interrupt();
            errors(running.end())
        }),
    ];
    let mut told = Told::default();
    told.at_once(scenes, |(title, run), told| {
        let lab = Lab::new();
        let run = |lang: &str| {
            let output = run(&lab, lang);
            lab.ok(&["deploy"]);
            lab.whole();
            lab.restored();
            output
        };
        told.scene(title, run, &[]);
    });
    told.are("interrupted");
}
