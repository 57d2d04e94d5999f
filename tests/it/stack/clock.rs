//! What happens by itself, and an engine that ends in the middle of it.

use super::Workshop;
use crate::support::{
    engine_port, eventually,
    fault::{At, Fault, FaultProxy},
    has_ended,
};
use aws_sdk_ec2::types::Tag;
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// The edge on a Friday evening, that on the Monday after it, and two minutes more: long after the machine's own time, in
/// which nothing is due.
const FRIDAY: &str = "2099-01-02T17:30:00Z";
const MONDAY: &str = "2099-01-05T17:30:00Z";
const NEXT: &str = "2099-01-05T17:31:00Z";
const LAST: &str = "2099-01-05T17:32:00Z";

/// The stack's one instance, past everything that atelier keeps.
struct Instance<'a> {
    workshop: &'a Workshop,
    id: &'a str,
}

impl Instance<'_> {
    fn client(&self) -> aws_sdk_ec2::Client {
        aws_sdk_ec2::Client::new(&self.workshop.project.sdk(self.workshop.port))
    }

    fn tag(&self, tags: &[(&str, &str)]) {
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build()).collect();
        answer(self.client().create_tags().resources(self.id).set_tags(Some(tags)).send()).unwrap();
    }

    /// Its state and its tags.
    fn look(&self) -> (String, BTreeMap<String, String>) {
        let seen = answer(self.client().describe_instances().instance_ids(self.id).send()).unwrap();
        let instance = &seen.reservations()[0].instances()[0];
        let state = instance.state().unwrap().name().unwrap().as_str().to_owned();
        let pair = |tag: &Tag| (tag.key().unwrap().to_owned(), tag.value().unwrap().to_owned());
        (state, instance.tags().iter().map(pair).collect())
    }

    fn is_stopped(&self) -> bool {
        eventually(Duration::from_mins(1), || self.look().0 == "stopped")
    }
}

/// Waits for an answer of the engine.
fn answer<T>(call: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call)
}

#[test]
fn an_engine_that_is_killed_between_the_steps_of_a_minute_has_lost_that_minute_and_no_more() {
    let port = engine_port();
    // What the function asks of EC2 goes through the proxy, which kills the engine.
    let proxy = FaultProxy::to(port);
    let workshop = Workshop::on(port, &proxy.url());
    workshop.up();
    let deployed = workshop.ok(&["deploy", "--json"]).json()["data"].clone();
    let (function, id) = (deployed["function"].as_str().unwrap(), deployed["instance_id"].as_str().unwrap());
    let instance = Instance { workshop: &workshop, id };
    for (step, fault) in [
        ("DescribeInstances", Fault::KillBefore),
        ("StopInstances", Fault::KillBefore),
        ("StopInstances", Fault::KillAfter),
        ("CreateTags", Fault::KillBefore),
        ("CreateTags", Fault::KillAfter),
    ] {
        workshop.ok(&["call", "start"]);
        instance.tag(&[
            ("atelier:start", "08:00 Mon-Fri"),
            ("atelier:stop", "18:30 Mon-Fri"),
            ("atelier:zone", "Europe/Paris"),
            ("atelier:edge", FRIDAY),
        ]);
        let (_, before) = instance.look();
        let engine = workshop.pid();
        proxy.arm(Some((At::Named(step.to_owned(), 0), fault)));
        proxy.aim(u32::try_from(engine.as_raw_nonzero().get()).unwrap());
        assert_eq!(workshop.woken(function, MONDAY), None, "{step} {fault:?}: nobody is there to answer");
        assert!(proxy.has_struck(), "{step} {fault:?}");
        assert!(eventually(Duration::from_mins(1), || has_ended(engine)), "{step} {fault:?}");
        proxy.arm(None);
        workshop.up();

        // The next minute does what is left of it, once.
        let made_up = workshop.tick(function, NEXT);
        assert!(made_up["results"].as_array().unwrap().iter().all(|result| result["code"] == "ok"), "{made_up}");
        assert!(instance.is_stopped(), "{step} {fault:?}");
        let mut after = before;
        after.insert("atelier:edge".to_owned(), MONDAY.to_owned());
        assert_eq!(instance.look().1, after, "{step} {fault:?}");
        assert_eq!(workshop.tick(function, LAST), json!({ "results": [] }), "{step} {fault:?}");
        let orders = proxy.calls().iter().filter(|call| call.name() == "StopInstances").count();
        let was_heard = matches!((step, fault), ("StopInstances", Fault::KillAfter) | ("CreateTags", _));
        assert_eq!(orders, usize::from(!was_heard), "{step} {fault:?}: what was ordered is not ordered again");
    }
}

#[test]
fn a_lifetime_outlives_the_engine_that_was_told_of_it() {
    let workshop = Workshop::new();
    workshop.up();
    let deployed = workshop.ok(&["deploy", "--json"]).json()["data"].clone();
    let (function, id) = (deployed["function"].as_str().unwrap(), deployed["instance_id"].as_str().unwrap());
    let instance = Instance { workshop: &workshop, id };
    workshop.ok(&["call", "start", "--for", "2h"]);
    let rules = workshop.rules();
    assert_eq!(rules, ["atelier-clock"]);
    let engine = workshop.pid();
    kill_process(engine, Signal::KILL).unwrap();
    assert!(eventually(Duration::from_mins(1), || has_ended(engine)));
    workshop.up();
    assert_eq!(workshop.rules(), rules, "the rule that wakes the function is there");
    let told = workshop.tick(function, "2099-01-01T00:00:00Z");
    assert_eq!(told["results"][0]["status"], Value::from("stopped"), "{told}");
    assert!(instance.is_stopped());
    assert!(!instance.look().1.contains_key("atelier:stops-at"), "it is stopped once");
    assert_eq!(workshop.tick(function, "2099-01-01T00:01:00Z"), json!({ "results": [] }));
}
