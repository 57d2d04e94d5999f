//! A sample of the crash matrix on LocalStack, whose answers are not the emulator's: what a fault at one call leaves is
//! made whole by the next deploy, and `clean` takes all of it away.

use crate::{
    machine::{self, Site},
    support::{
        Output, Running,
        fault::{At, Call, Fault, FaultProxy},
    },
};
use serde_json::Value;

/// Each part, and each way in which a call can go wrong.
const SAMPLE: [(&str, Fault); 6] = [
    ("RunInstances", Fault::KillAfter),
    ("CreateRole", Fault::Lost),
    ("POST /2015-03-31/functions", Fault::KillAfter),
    ("POST /restapis", Fault::KillAfter),
    ("PUT /restapis/*", Fault::Status(500)),
    ("POST /restapis/*/deployments", Fault::KillBefore),
];
const PARTS: [&str; 5] = ["api", "function", "instance", "log-group", "role"];

/// Runs a command whose calls to the engine go through a proxy.
fn through(proxy: &FaultProxy, site: &Site, args: &[&str]) -> Output {
    let mut command = site.project().command(&[args, &["--json", "--endpoint", &proxy.url()]].concat());
    command.env("AWS_ENDPOINT_INTERNAL", format!("http://{}", site.engine()));
    let running = Running::start(command);
    proxy.aim(running.pid());
    running.end()
}

/// Runs a command that must succeed; gives its data and the calls that could change something.
fn ok(site: &Site, args: &[&str]) -> (Value, Vec<Call>) {
    let proxy = FaultProxy::to_address(site.engine());
    let output = through(&proxy, site, args);
    assert_eq!(output.code, Some(0), "{args:?}: {output:?}");
    (output.json()["data"].clone(), proxy.calls().into_iter().filter(Call::is_mutating).collect())
}

/// What the engine has, without the instances that are terminated: those stay listed.
fn inventory(site: &Site) -> [String; 4] {
    let instances = "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=instance-state-name\
                     &Filter.1.Value.1=pending&Filter.1.Value.2=running&Filter.1.Value.3=stopping&Filter.1.Value.4=stopped";
    let ids = |text: String, open: &str, close: &str| {
        let found = text.split(open).skip(1).filter_map(|rest| rest.split(close).next());
        found.collect::<Vec<_>>().join(" ")
    };
    let quoted = |text: String, key: &str| ids(text.replace(": ", ":"), &format!("\"{key}\":\""), "\"");
    [
        ids(site.ask_engine("ec2", "POST /", instances), "<instanceId>", "<"),
        ids(site.ask_engine("iam", "POST /", "Action=ListRoles&Version=2010-05-08"), "<RoleName>", "<"),
        quoted(site.ask_engine("lambda", "GET /2015-03-31/functions/", ""), "FunctionName"),
        quoted(site.ask_engine("apigateway", "GET /restapis", ""), "id"),
    ]
}

#[test]
fn what_a_fault_leaves_on_localstack_is_made_whole_and_taken_away() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let site = Site::new();
    site.ok(&["up", "--engine", "localstack"]);
    let before = inventory(&site);
    for (call, fault) in SAMPLE {
        let proxy = FaultProxy::to_address(site.engine());
        proxy.arm(Some((At::Named(call.to_owned(), 0), fault)));
        let hit = through(&proxy, &site, &["deploy"]);
        assert!(proxy.has_struck(), "{call}: {hit:?}");
        drop(proxy);

        ok(&site, &["deploy"]);
        let (status, _) = ok(&site, &["status"]);
        let mut parts: Vec<&str> =
            status["stack"]["found"].as_array().unwrap().iter().map(|part| part["part"].as_str().unwrap()).collect();
        parts.sort_unstable();
        assert_eq!(parts, PARTS, "{call} {fault:?}: {status}");
        let has = inventory(&site);
        for (one, earlier) in has.iter().zip(&before) {
            assert_eq!(
                one.split_whitespace().count(),
                earlier.split_whitespace().count() + 1,
                "{call} {fault:?}: {has:?}"
            );
        }
        let (data, calls) = ok(&site, &["deploy"]);
        assert!(calls.is_empty() && data["changed"] == false, "{call} {fault:?}: {calls:?} {data}");
        site.ok(&["test"]);

        ok(&site, &["clean", "--yes"]);
        assert_eq!(inventory(&site), before, "{call} {fault:?}");
        let (data, calls) = ok(&site, &["clean", "--yes"]);
        assert!(calls.is_empty() && data["removed"].as_array().is_some_and(Vec::is_empty), "{calls:?} {data}");
    }
    site.ok(&["down"]);
}
