//! The rule that wakes the function, on LocalStack; and `down` on an engine that keeps nothing, which asks before.

use crate::{
    machine::{self, Site},
    support::{Terminal, eventually},
};
use serde_json::json;
use std::{thread::sleep, time::Duration};

/// The rule fires once a minute, and the first time may be one that comes before the instance's time is up.
const TWO_TURNS: Duration = Duration::from_secs(150);
/// Between two calls of the API: each runs the function.
const PAUSE: Duration = Duration::from_secs(1);
/// Wide enough that no line is folded.
const COLUMNS: u16 = 160;
const RULE: &str = "atelier-clock";

/// Whether the engine has the rule.
fn has_rule(site: &Site) -> bool {
    let config = site.project().sdk(site.port);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let answer = aws_sdk_eventbridge::Client::new(&config).list_rules().send().await.unwrap();
        answer.rules().iter().any(|rule| rule.name() == Some(RULE))
    })
}

/// Somebody who is asked what `down` takes along says no, and nothing happens.
fn a_no_keeps_the_engine(site: &Site) {
    let engine = || site.inspect("localstack-main", "{{.Id}} {{.State.Running}} {{.State.StartedAt}}");
    let before = engine();
    let mut down = Terminal::start(site.project().command(&["down"]), COLUMNS);
    down.shows("stacks `atelier`, `other`");
    down.shows("Stop the engine all the same? [y/N]");
    down.types("n\n");
    assert_eq!(down.end(), Some(3), "{}", down.seen());
    down.shows("nothing was done");
    assert_eq!(engine(), before);
}

#[test]
fn the_rule_stops_what_has_had_its_time_and_goes_with_its_stack() {
    if !machine::is_here() {
        return;
    }
    let turn = machine::engine_turn();
    let site = Site::new();
    site.ok(&["up", "--engine", "localstack"]);
    site.ok(&["deploy"]);
    site.ok(&["deploy", "--stack", "other"]);
    assert!(!has_rule(&site), "nothing depends on the time yet");
    let started = site.ok(&["call", "start", "--for", "1s", "--json"]).json();
    assert!(started["data"]["answer"]["stops_at"].is_string(), "{started}");
    assert!(has_rule(&site));
    a_no_keeps_the_engine(&site);
    // From here on it is mostly waited: the next engine may start meanwhile.
    drop(turn);

    let mut last = None;
    let is_stopped = eventually(TWO_TURNS, || {
        sleep(PAUSE);
        let seen = site.run(&["call", "status", "--json"]);
        let answer = seen.json()["data"]["answer"].clone();
        last = Some(seen);
        answer["state"] == "stopped" && answer["stops_at"].is_null()
    });
    assert!(is_stopped, "nobody has stopped it: {last:?}");

    let cleaned = site.ok(&["clean", "--yes", "--json"]).json();
    let removed = cleaned["data"]["removed"].as_array().unwrap();
    assert!(removed.contains(&json!({"part": "clock", "id": RULE})), "{cleaned}");
    assert!(!has_rule(&site), "the engine is still there: another stack is in it");

    let mut down = Terminal::start(site.project().command(&["down", "--yes"]), COLUMNS);
    assert_eq!(down.end(), Some(0), "{}", down.seen());
    down.shows("stacks `other`");
    assert!(!down.seen().contains("[y/N]"), "{}", down.seen());
    assert_eq!(site.containers(), [""; 0]);
}
