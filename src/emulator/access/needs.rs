//! What a call needs: actions, each with the resource that it is done with, and the condition keys that go with it.
//!
//! A line of a table is an operation and its needs. A need is `[action=]resource[?member]`: the action is the operation's
//! own unless one is named; the need is there only if the input has the member. In a resource `~` stands for
//! `arn:aws:service:region:account:`, `^` for the same without account, `&` for the same without region, `@` for
//! `arn:aws:iam::account:`. `{Member}` is what the input says there; a list makes a need for each of its items, and what
//! is not there is `*`. `{role:Member}` and its like look a name up.

use super::{
    Call, Caller,
    resource::{self, Place},
    tree::{each, texts},
};
use crate::emulator::policy::Keys;
use serde_json::Value;
use std::{collections::BTreeMap, sync::LazyLock};

/// One thing that a call needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    /// `ec2:StopInstances`
    pub(super) action: String,
    /// An ARN, or `*`.
    pub(super) resource: String,
    /// What goes with it alone.
    pub(super) keys: Keys,
}

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
        return by_path(call, input, &keys);
    }
    let own = || format!("{}:{}", prefix(call.service), call.operation);
    let Some(rows) = TABLES.get(call.service).and_then(|table| table.get(call.operation)) else {
        return vec![Need { action: own(), resource: "*".to_owned(), keys }];
    };
    let place = Place { context: call.context, region: call.region, caller };
    let mut needs = Vec::new();
    // Who has EC2 look an image up must be allowed to look.
    if let Some(parameter) = first(input, "ImageId").as_deref().and_then(|image| image.strip_prefix("resolve:ssm:")) {
        let resource = format!("arn:aws:ssm:{}::parameter{parameter}", call.region);
        needs.push(Need { action: "ssm:GetParameters".to_owned(), resource, keys: keys.clone() });
    }
    for row in rows {
        // An empty text says nothing.
        if row.member.is_some_and(|member| super::tree::at(input, member).iter().all(|value| *value == "")) {
            continue;
        }
        let action = row.action.map_or_else(own, str::to_owned);
        for resource in expand(row.resource, call.service, &place, input) {
            let mut keys = own_keys(call, &action, &keys);
            if (call.service, call.operation) == ("ec2", "RunInstances") {
                keep_launched(&mut keys, &resource, input);
            }
            needs.push(Need { keys, action: action.clone(), resource });
        }
    }
    needs
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

/// Which kind of a launch's resources has which of its keys, after the table of EC2 in AWS's service authorization
/// reference: a condition on the instance's type does not hold for the image.
const LAUNCHED: [(&str, &str); 6] = [
    ("ec2:instancetype", "instance"),
    ("ec2:instanceprofile", "instance"),
    ("ec2:metadatahttptokens", "instance"),
    ("ec2:metadatahttpendpoint", "instance"),
    ("ec2:imageid", "image"),
    ("ec2:keypairname", "key-pair"),
];

/// Leaves the keys of a launch that one of its resources has; of the tags those that it is to have itself.
fn keep_launched(keys: &mut Keys, resource: &str, input: &Value) {
    let kind = resource.rsplit(':').next().and_then(|path| path.split('/').next()).unwrap_or_default();
    let is_tag = |name: &str| name.starts_with("aws:requesttag/") || name == "aws:tagkeys";
    keys.retain(|name| !is_tag(name) && LAUNCHED.iter().all(|(key, of)| *key != name || *of == kind));
    let specifications = super::tree::at(input, "TagSpecification").into_iter();
    let of_kind = specifications.filter(|specification| specification["ResourceType"] == kind);
    let tags: BTreeMap<String, String> = of_kind.flat_map(request_tags).collect();
    if !tags.is_empty() {
        keys.set_tags("aws:RequestTag", &tags);
        keys.set_all("aws:TagKeys", tags.into_keys());
    }
}

/// What is needed to call a path: API Gateway's actions are methods, its resources are paths.
fn by_path(call: &Call<'_>, input: &Value, keys: &Keys) -> Vec<Need> {
    let region = call.region;
    let path = call.request.uri().path().trim_end_matches('/');
    let need = |action: &str, path: &str| Need {
        action: format!("apigateway:{action}"),
        resource: format!("arn:aws:apigateway:{region}::{path}"),
        keys: keys.clone(),
    };
    let mut needs = vec![need(call.request.method().as_str(), path)];
    let changes_policy = !texts(input, "policy").is_empty()
        || super::tree::at(input, "patchOperations").iter().any(|patch| patch["path"] == "/policy");
    if changes_policy {
        needs.push(need("UpdateRestApiPolicy", path));
    }
    let patched = super::tree::at(input, "patchOperations").into_iter();
    let logging =
        patched.filter(|patch| patch["path"] == "/cloudwatchRoleArn").filter_map(|patch| patch["value"].as_str());
    let roles = texts(input, "credentials").into_iter().chain(logging.map(str::to_owned));
    for role in roles.filter(|role| role.starts_with("arn:")) {
        let mut keys = keys.clone();
        keys.set("iam:PassedToService", "apigateway.amazonaws.com");
        needs.push(Need { action: "iam:PassRole".to_owned(), resource: role, keys });
    }
    needs
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
        }
        "events" => {
            let targets = texts(input, "Targets.Arn");
            if !targets.is_empty() {
                keys.set_all("events:TargetArn", targets);
            }
        }
        "monitoring" => one(&mut keys, "cloudwatch:namespace", "Namespace"),
        "lambda" => {
            one(&mut keys, "lambda:Principal", "Principal");
            one(&mut keys, "lambda:FunctionUrlAuthType", "AuthType");
            one(&mut keys, "lambda:FunctionUrlAuthType", "FunctionUrlAuthType");
            let layers = texts(input, "Layers");
            if !layers.is_empty() {
                keys.set_all("lambda:Layer", layers);
            }
        }
        _ => {}
    }
    keys
}

/// The tags that a call puts on something.
fn request_tags(input: &Value) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for list in ["Tag", "Tags", "tags", "TagSpecification.Tag"] {
        for tag in super::tree::at(input, list) {
            let text = |upper: &str, lower: &str| tag.get(upper).or(tag.get(lower)).and_then(Value::as_str);
            match (text("Key", "key"), tag) {
                (Some(key), _) => {
                    tags.insert(key.to_owned(), text("Value", "value").unwrap_or_default().to_owned());
                }
                (None, Value::Object(map)) => {
                    let texts = map.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
                    tags.extend(texts);
                }
                (None, _) => {}
            }
        }
    }
    tags
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

/// The items of a list member, for whoever looks a name up.
pub(super) fn first(input: &Value, path: &str) -> Option<String> {
    let found = super::tree::at(input, path);
    found.into_iter().flat_map(each).find_map(|value| value.as_str().map(str::to_owned))
}
