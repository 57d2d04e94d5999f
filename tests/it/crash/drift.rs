//! What is there against what is wanted: what somebody changed is changed back, what is new is brought, and no more.

use super::{
    foreign::{OURS, Somebody},
    lab::Lab,
    program::PROGRAM,
};
use crate::support::fault::{At, Call, Fault, FaultProxy};
use serde_json::{Value, json};

/// What a deploy did to each part that it did something to.
fn done(data: &Value) -> Vec<(&str, &str)> {
    let parts = data["parts"].as_array().unwrap().iter();
    let told = parts.map(|part| (part["part"].as_str().unwrap(), part["outcome"].as_str().unwrap()));
    told.filter(|(_, outcome)| *outcome != "unchanged").collect()
}

/// A part, what differs in it afterwards, and what somebody does to it.
type Change = (&'static str, &'static str, fn(&Somebody));

#[test]
fn what_somebody_has_changed_is_seen_by_status_and_changed_back() {
    const POLICY: &str = "atelier";
    let changes: [Change; 5] = [
        ("function", "memory, timeout", |somebody| somebody.change_function(OURS.function)),
        ("role", "policy", |somebody| somebody.change_policy(OURS.role, POLICY)),
        ("role", "policy", |somebody| somebody.remove_policy(OURS.role, POLICY)),
        ("role", "trust", |somebody| somebody.change_trust(OURS.role)),
        ("log-group", "retention", |somebody| somebody.change_retention(OURS.log_group)),
    ];
    let lab = Lab::new();
    lab.ok(&["deploy"]);
    for (part, what, change) in changes {
        let settings = || {
            let inventory = lab.inventory();
            let of = |kind: &str, fields: &[&str]| -> Vec<Value> {
                let of = |thing: &Value| fields.iter().map(|name| thing[*name].clone()).collect::<Value>();
                inventory.of(kind).map(|(id, thing)| json!([id, of(thing)])).collect()
            };
            json!([
                of("function", &["memory", "timeout", "variables", "role"]),
                of("role", &["trust", "inline"]),
                of("log-group", &["retention"]),
            ])
        };
        let before = settings();
        change(&lab.somebody());
        assert_ne!(settings(), before, "{part}");
        let (status, _) = lab.ok(&["status"]);
        let seen = status["parts"].as_array().unwrap().iter().find(|seen| seen["part"] == part).unwrap();
        let seen: Vec<_> = seen["drift"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(seen.join(", "), what, "{part}");
        let (data, _) = lab.ok(&["deploy"]);
        assert_eq!(done(&data), [(part, "updated")]);
        assert_eq!(settings(), before, "{part}");
        lab.settled();
    }
    lab.whole();
    lab.restored();
}

#[test]
fn a_change_that_is_still_on_its_way_is_seen_by_status() {
    let lab = Lab::new();
    lab.ok(&["deploy"]);
    lab.somebody().change_function(OURS.function);
    let proxy = FaultProxy::to(lab.port);
    let on_its_way = Fault::Reworded(r#""LastUpdateStatus":"Successful""#, r#""LastUpdateStatus":"InProgress""#);
    proxy.arm(Some((At::Any, on_its_way)));
    let output = lab.project.run(&["status", "--json", "--endpoint", &proxy.url()]);
    let status = output.json();
    let parts = status["data"]["parts"].as_array().unwrap();
    let drift = |part: &str| parts.iter().find(|seen| seen["part"] == part).unwrap()["drift"].clone();
    assert_eq!(drift("function"), json!(["memory", "timeout"]));
    assert_eq!(drift("role"), json!([]));
    lab.restored();
}

#[test]
fn newer_code_goes_into_the_same_function_behind_the_same_url_and_touches_nothing_else() {
    let lab = Lab::new();
    let (first, _) = lab.ok(&["deploy"]);
    PROGRAM.pack(&lab.project.path(), 2);
    let (data, calls) = lab.ok(&["deploy"]);
    assert_eq!(done(&data), [("function", "updated")]);
    for id in ["api_id", "instance_id", "function"] {
        assert_eq!(data[id], first[id]);
    }
    // Each run has a proxy, so a port, of its own.
    let path = |data: &Value| data["url"].as_str().unwrap().split_once("/restapis/").unwrap().1.to_owned();
    assert_eq!(path(&data), path(&first));
    let changing: Vec<_> = calls.iter().filter(|call| call.is_mutating()).map(Call::name).collect();
    assert_eq!(changing, ["PUT /2015-03-31/functions/infrastructure-handler/code"]);
    lab.settled();
    lab.restored();
}

#[test]
fn the_function_may_do_what_it_needs_and_nothing_else() {
    let lab = Lab::bare();
    for (stack, function) in [("atelier", "infrastructure-handler"), ("other", "other-infrastructure-handler")] {
        lab.ok(&["deploy", "--stack", stack]);
        let inventory = lab.inventory();
        let (_, role) = inventory.of("role").find(|(_, role)| role["tags"]["atelier:stack"] == stack).unwrap();
        let inline = role["inline"].as_object().unwrap();
        assert_eq!(inline.keys().collect::<Vec<_>>(), ["atelier"]);
        let policy: Value = serde_json::from_str(inline["atelier"].as_str().unwrap()).unwrap();
        let clock = format!("arn:aws:events:us-east-1:000000000000:rule/{stack}-clock");
        let wanted = json!({
            "Version": "2012-10-17",
            "Statement": [
                { "Effect": "Allow", "Action": ["ec2:DescribeInstances"], "Resource": "*" },
                {
                    "Effect": "Allow",
                    "Action": ["ec2:StartInstances", "ec2:StopInstances", "ec2:RebootInstances"],
                    "Resource": "arn:aws:ec2:us-east-1:000000000000:instance/*",
                    "Condition": { "StringEquals": { "aws:ResourceTag/atelier:stack": stack } },
                },
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": format!("arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/{function}:*"),
                },
                {
                    "Effect": "Allow",
                    "Action": ["ec2:CreateTags", "ec2:DeleteTags"],
                    "Resource": "arn:aws:ec2:us-east-1:000000000000:instance/*",
                    "Condition": {
                        "StringEquals": { "aws:ResourceTag/atelier:stack": stack },
                        "ForAllValues:StringLike": {
                            "aws:TagKeys": [
                                "atelier:stops-at",
                                "atelier:stops-at:*",
                                "atelier:modify",
                                "atelier:edge",
                                "atelier:last-call",
                            ],
                        },
                    },
                },
                { "Effect": "Allow", "Action": ["events:PutRule", "events:TagResource"], "Resource": clock },
                {
                    "Effect": "Allow",
                    "Action": "events:PutTargets",
                    "Resource": clock,
                    "Condition": {
                        "ArnEquals": {
                            "events:TargetArn": format!("arn:aws:lambda:us-east-1:000000000000:function:{function}"),
                        },
                    },
                },
            ],
        });
        assert_eq!(policy, wanted, "{stack}");
        let trust: Value = serde_json::from_str(role["trust"].as_str().unwrap()).unwrap();
        assert_eq!(trust["Statement"].as_array().unwrap().len(), 1);
        assert_eq!(trust["Statement"][0]["Principal"], json!({ "Service": "lambda.amazonaws.com" }));
    }
}
