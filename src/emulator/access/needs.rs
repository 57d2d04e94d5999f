//! What a call needs: actions, each with the resource that it is done with, and the condition keys that go with it.
//!
//! A line of a table is an operation and its needs. A need is `[action=]resource[?member]`: the action is the operation's
//! own unless one is named; the need is there only if the input has the member. In a resource `~` stands for
//! `arn:aws:service:region:account:`, `^` for the same without account, `&` for the same without region, `@` for
//! `arn:aws:iam::account:`. `{Member}` is what the input says there; a list makes a need for each of its items, and what
//! is not there is `*`. `{role:Member}` and its like look a name up, `{key-pair:KeyName}` and its like also what else may
//! name the resource.

use super::{
    Call, Caller, gateway, launch,
    need::{Need, Place},
    resource,
    tree::{first, request_tags, texts},
};
use crate::emulator::{policy::Keys, store::Region};
use serde_json::Value;
use std::{collections::BTreeMap, sync::LazyLock};

/// A need as a table has it.
struct Row {
    action: Option<&'static str>,
    resource: &'static str,
    member: Option<&'static str>,
}

type Table = BTreeMap<&'static str, Vec<Row>>;

static TABLES: LazyLock<BTreeMap<&'static str, Table>> = LazyLock::new(|| {
    let table = |(service, text): (&'static str, &'static str)| (service, text.lines().filter_map(line).collect());
    [
        ("ec2", include_str!("tables/ec2.txt")),
        ("events", include_str!("tables/events.txt")),
        ("iam", include_str!("tables/iam.txt")),
        ("lambda", include_str!("tables/lambda.txt")),
        ("logs", include_str!("tables/logs.txt")),
        ("monitoring", include_str!("tables/monitoring.txt")),
        ("sts", include_str!("tables/sts.txt")),
    ]
    .map(table)
    .into()
});

fn line(line: &'static str) -> Option<(&'static str, Vec<Row>)> {
    let mut words = line.split_whitespace();
    let operation = words.next()?;
    let row = |word: &'static str| {
        let (word, member) = word.split_once('?').map_or((word, None), |(word, member)| (word, Some(member)));
        let (action, resource) = word.split_once('=').map_or((None, word), |(action, rest)| (Some(action), rest));
        Row { action, resource, member }
    };
    Some((operation, words.map(row).collect()))
}

/// What a service's actions begin with.
fn prefix(service: &str) -> &str {
    match service {
        "monitoring" => "cloudwatch",
        "apigatewayv2" => "apigateway",
        other => other,
    }
}

/// The services whose actions are the methods of HTTP, and whose resources are paths.
fn is_by_path(service: &str) -> bool {
    matches!(service, "apigateway" | "apigatewayv2")
}

/// Whether it is known what an operation needs.
#[cfg(test)]
pub(super) fn is_known(service: &str, operation: &str) -> bool {
    is_by_path(service) || TABLES.get(service).is_some_and(|table| table.contains_key(operation))
}

/// What a call needs, in the order in which it is asked about.
pub(super) fn of(call: &Call<'_>, caller: &Caller, input: &Value) -> Vec<Need> {
    let keys = request_keys(call, input);
    if is_by_path(call.service) {
        return gateway::by_path(call, input, &keys);
    }
    let own = || format!("{}:{}", prefix(call.service), call.operation);
    let Some(rows) = TABLES.get(call.service).and_then(|table| table.get(call.operation)) else {
        return vec![Need { action: own(), resource: "*".to_owned(), keys }];
    };
    let place = Place { context: call.context, region: call.region, caller };
    if (call.service, call.operation) == ("events", "PutEvents") {
        return put_events(&place, input, &keys);
    }
    let mut needs = Vec::new();
    // Who has EC2 look an image up must be allowed to look.
    if let Some(parameter) = first(input, "ImageId").as_deref().and_then(|image| image.strip_prefix("resolve:ssm:")) {
        let resource = format!("arn:aws:ssm:{}::parameter{parameter}", call.region);
        needs.push(Need { action: "ssm:GetParameters".to_owned(), resource, keys: keys.clone() });
    }
    let is_launch = (call.service, call.operation) == ("ec2", "RunInstances");
    let beside_template = if is_launch { launch::beside_template(call) } else { None };
    for row in rows {
        // An empty text says nothing.
        if row.member.is_some_and(|member| super::tree::at(input, member).iter().all(|value| *value == "")) {
            continue;
        }
        let action = row.action.map_or_else(own, str::to_owned);
        for resource in expand(row.resource, call.service, &place, input) {
            let mut keys = own_keys(call, &action, &keys);
            if is_launch {
                launch::keep(&mut keys, &resource, input);
                launch::add_origin(&mut keys, &resource, beside_template.as_ref());
            }
            if action.starts_with("ec2:") {
                launch::add_keys(&mut keys, call.operation, &resource, &place, input);
            }
            let is_own = row.action.is_none();
            let of_each = if is_launch && is_own && resource.ends_with(":volume/*") {
                launch::volumes(&keys, &place, input)
            } else {
                vec![keys]
            };
            let need = |keys| Need { keys, action: action.clone(), resource: resource.clone() };
            needs.extend(of_each.into_iter().map(need));
        }
    }
    needs
}

/// What it needs to put events: each entry has its own bus, and its own keys, which no other entry may stand in for.
fn put_events(place: &Place<'_>, input: &Value, keys: &Keys) -> Vec<Need> {
    let entries = super::tree::at(input, "Entries").into_iter();
    let needs = entries.flat_map(|entry| {
        let mut keys = keys.clone();
        keys.set("events:eventBusInvocation", "false");
        for (name, member) in [("events:source", "Source"), ("events:detail-type", "DetailType")] {
            if let Some(value) = texts(entry, member).into_iter().next() {
                keys.set(name, value);
            }
        }
        let buses = resource::named("bus", &texts(entry, "EventBusName"), place, &Value::Null).into_iter();
        buses.map(move |resource| Need { action: "events:PutEvents".to_owned(), resource, keys: keys.clone() })
    });
    needs.collect()
}

/// Keys that a need has because of its action.
fn own_keys(call: &Call<'_>, action: &str, keys: &Keys) -> Keys {
    let mut keys = keys.clone();
    match action {
        "iam:PassRole" => {
            let service = match call.service {
                "logs" | "events" => format!("{}.amazonaws.com", call.service),
                "lambda" => "lambda.amazonaws.com".to_owned(),
                _ => "ec2.amazonaws.com".to_owned(),
            };
            keys.set("iam:PassedToService", service);
        }
        "ec2:CreateTags" if call.operation != "CreateTags" => keys.set("ec2:CreateAction", call.operation),
        _ => {}
    }
    keys
}

/// The keys that follow from the input.
fn request_keys(call: &Call<'_>, input: &Value) -> Keys {
    let mut keys = Keys::default();
    let tags = request_tags(input);
    keys.set_tags("aws:RequestTag", &tags);
    let mut names: Vec<String> = tags.into_keys().collect();
    for list in ["TagKeys", "tagKeys"] {
        names.extend(texts(input, list));
    }
    if !names.is_empty() {
        keys.set_all("aws:TagKeys", names);
    }
    let one = |keys: &mut Keys, name: &str, member: &str| {
        if let Some(value) = texts(input, member).into_iter().next() {
            keys.set(name, value);
        }
    };
    let several = |keys: &mut Keys, name: &str, member: &str| {
        let values = texts(input, member);
        if !values.is_empty() {
            keys.set_all(name, values);
        }
    };
    match call.service {
        "ec2" => {
            keys.set("ec2:Region", call.region.as_str());
            for (name, member) in [
                ("ec2:InstanceType", "InstanceType"),
                ("ec2:InstanceProfile", "IamInstanceProfile.Arn"),
                ("ec2:ImageID", "ImageId"),
                ("ec2:MetadataHttpTokens", "MetadataOptions.HttpTokens"),
                ("ec2:MetadataHttpEndpoint", "MetadataOptions.HttpEndpoint"),
                ("ec2:KeyPairName", "KeyName"),
                ("ec2:Attribute", "Attribute"),
            ] {
                one(&mut keys, name, member);
            }
            if let Some(id) = texts(input, "LaunchTemplate.LaunchTemplateId").first() {
                let account = &call.context.config.account;
                keys.set("ec2:LaunchTemplate", format!("arn:aws:ec2:{}:{account}:launch-template/{id}", call.region));
            }
            if call.operation == "CreateVolume" {
                launch::volume_keys(&mut keys, input, "Size");
            }
            if call.operation.starts_with("Modify") {
                attribute_keys(&mut keys, input);
            }
            // A launch that does not say it is one of this type.
            if call.operation == "RunInstances" && keys.get("ec2:InstanceType").is_none() {
                keys.set("ec2:InstanceType", "m1.small");
            }
        }
        "iam" => {
            for (name, member) in [
                ("iam:PolicyARN", "PolicyArn"),
                ("iam:PermissionsBoundary", "PermissionsBoundary"),
                ("iam:AWSServiceName", "AWSServiceName"),
            ] {
                one(&mut keys, name, member);
            }
            if let Some(boundary) = boundary_of(call, input).filter(|_| keys.get("iam:PermissionsBoundary").is_none()) {
                keys.set("iam:PermissionsBoundary", boundary);
            }
        }
        "events" => {
            several(&mut keys, "events:TargetArn", "Targets.Arn");
            let pattern = first(input, "EventPattern").and_then(|text| serde_json::from_str::<Value>(&text).ok());
            if let Some(pattern) = &pattern {
                pattern_keys(&mut keys, pattern);
            }
        }
        "monitoring" => {
            one(&mut keys, "cloudwatch:namespace", "Namespace");
            several(&mut keys, "cloudwatch:AlarmActions", "AlarmActions");
        }
        "lambda" => {
            let is_of_function = call.operation.contains("EventSourceMapping") || call.operation.contains("UrlConfig");
            if let Some(name) = texts(input, "FunctionName").first().filter(|_| is_of_function) {
                keys.set("lambda:FunctionArn", resource::function_arn(call.context, call.region, name, input));
            }
            one(&mut keys, "lambda:Principal", "Principal");
            one(&mut keys, "lambda:FunctionUrlAuthType", "AuthType");
            one(&mut keys, "lambda:FunctionUrlAuthType", "FunctionUrlAuthType");
            several(&mut keys, "lambda:Layer", "Layers");
            several(&mut keys, "lambda:SubnetIds", "VpcConfig.SubnetIds");
            several(&mut keys, "lambda:SecurityGroupIds", "VpcConfig.SecurityGroupIds");
        }
        _ => {}
    }
    keys
}

/// The keys that a rule has for the events that its pattern is about; what the pattern says otherwise than by values is
/// none of them: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html>
fn pattern_keys(keys: &mut Keys, pattern: &Value) {
    for (name, path) in [
        ("events:source", "source"),
        ("events:detail-type", "detail-type"),
        ("events:detail.service", "detail.service"),
        ("events:detail.eventTypeCode", "detail.eventTypeCode"),
        ("events:detail.userIdentity.principalId", "detail.userIdentity.principalId"),
    ] {
        let values = texts(pattern, path);
        if !values.is_empty() {
            keys.set_all(name, values);
        }
    }
}

/// The attributes that a call changes, by the names that it has for them, and what they are to be.
fn attribute_keys(keys: &mut Keys, input: &Value) {
    let of_general = first(input, "Attribute").zip(first(input, "Value"));
    let own = input.as_object().into_iter().flatten();
    let own = own.filter_map(|(name, value)| Some((name.clone(), value.get("Value")?.as_str()?.to_owned())));
    let all: Vec<(String, String)> = own.chain(of_general).collect();
    for (name, value) in &all {
        keys.set(&format!("ec2:Attribute/{name}"), value);
    }
    if !all.is_empty() {
        keys.set_all("ec2:Attribute", all.into_iter().map(|(name, _)| name));
    }
}

/// The operations on a role or a user that are asked about the permissions boundary which it has already:
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>
const BOUND: [&str; 10] = [
    "AttachRolePolicy",
    "AttachUserPolicy",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DeleteUserPermissionsBoundary",
    "DeleteUserPolicy",
    "DetachRolePolicy",
    "DetachUserPolicy",
    "PutRolePolicy",
    "PutUserPolicy",
];

/// The ARN of the boundary of the role or user that such a call is about.
fn boundary_of(call: &Call<'_>, input: &Value) -> Option<String> {
    if !BOUND.contains(&call.operation) {
        return None;
    }
    let account = &call.context.config.account;
    let granted = call.context.store.read(&Region::global(), |state| match first(input, "RoleName") {
        Some(role) => state.iam.granted_to_role(&role, account),
        None => state.iam.granted_to_user(&first(input, "UserName")?, account),
    });
    Some(granted?.boundary?.0)
}

/// Writes a resource out, once for each of the items that lists in it have.
fn expand(template: &str, service: &str, place: &Place<'_>, input: &Value) -> Vec<String> {
    let (region, account) = (place.region.as_str(), place.context.config.account.as_str());
    let service = prefix(service);
    let (start, rest) = match template.split_at_checked(1) {
        Some(("~", rest)) => (format!("arn:aws:{service}:{region}:{account}:"), rest),
        Some(("^", rest)) => (format!("arn:aws:{service}:{region}::"), rest),
        Some(("&", rest)) => (format!("arn:aws:{service}::{account}:"), rest),
        Some(("@", rest)) => (format!("arn:aws:iam::{account}:"), rest),
        _ => (String::new(), template),
    };
    let mut written = vec![start];
    let mut rest = rest;
    while let Some((before, after)) = rest.split_once('{') {
        let (inner, after) = after.split_once('}').unwrap_or((after, ""));
        let (kind, member) = inner.split_once(':').unwrap_or(("", inner));
        let values = match (kind, texts(input, member)) {
            ("", values) if !values.is_empty() => values,
            ("", _) if member == "Path" => vec!["/".to_owned()],
            ("", _) => vec!["*".to_owned()],
            (kind, values) => resource::named(kind, &values, place, input),
        };
        written = written
            .iter()
            .flat_map(|start| values.iter().map(move |value| format!("{start}{before}{value}")))
            .collect();
        rest = after;
    }
    written.into_iter().map(|start| start + rest).collect()
}
