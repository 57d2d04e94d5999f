//! The resources that calls name by something else than their ARNs, and the policies that resources have themselves.

use super::{
    launch,
    need::{Need, Place},
    tree::{each, first, texts},
};
use crate::emulator::{
    context::Context,
    iam, lambda,
    policy::{Document, Layer, Source, Use},
    store::Region,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// The kinds of EC2's resources by what their ids begin with, and whether AWS owns them all (no account in the ARN).
const IDS: [(&str, &str, bool); 17] = [
    ("i", "instance", false),
    ("vol", "volume", false),
    ("sg", "security-group", false),
    ("sgr", "security-group-rule", false),
    ("eni", "network-interface", false),
    ("ami", "image", true),
    ("snap", "snapshot", true),
    ("subnet", "subnet", false),
    ("vpc", "vpc", false),
    ("igw", "internet-gateway", false),
    ("rtb", "route-table", false),
    ("acl", "network-acl", false),
    ("dopt", "dhcp-options", false),
    ("eipalloc", "elastic-ip", false),
    ("lt", "launch-template", false),
    ("nat", "natgateway", false),
    ("vpce", "vpc-endpoint", false),
];

/// The resources of EC2 that a call may name by something else than what their ARNs have: the kind, and the
/// members for it.
const OTHERWISE: [(&str, &[&str]); 9] = [
    ("key-pair", &["KeyPairId"]),
    ("launch-template", &["LaunchTemplateName"]),
    ("security-group", &["GroupName"]),
    ("elastic-ip", &["PublicIp", "AssociationId"]),
    ("route-table", &["AssociationId"]),
    ("subnet", &["AssociationId"]),
    ("vpc", &["AssociationId"]),
    ("network-interface", &["AttachmentId"]),
    ("instance", &["AttachmentId", "AssociationId"]),
];

/// The ARNs of what a call to EC2 is about, however it names it; what is not there may be any.
fn of_ec2(kind: &str, names: &[String], place: &Place<'_>, input: &Value) -> Vec<String> {
    let (region, account) = (place.region.as_str(), place.context.config.account.as_str());
    let others = OTHERWISE.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, others)| *others);
    let by = others.iter().flat_map(|member| texts(input, member));
    let looked_up = by.map(|by| {
        let found = place.context.store.read(place.region, |state| state.ec2.in_arn(kind, &by, account, place.region));
        found.unwrap_or_else(|| "*".to_owned())
    });
    let mut all: Vec<String> = names.iter().cloned().chain(looked_up).collect();
    if all.is_empty() {
        all.push("*".to_owned());
    }
    all.into_iter().map(|name| format!("arn:aws:ec2:{region}:{account}:{kind}/{name}")).collect()
}

/// The ARNs of what an input names.
pub(super) fn named(kind: &str, names: &[String], place: &Place<'_>, input: &Value) -> Vec<String> {
    let (region, account) = (place.region.as_str(), place.context.config.account.as_str());
    let global = |look: &dyn Fn(&iam::State) -> Option<String>| {
        place.context.store.read(&Region::global(), |state| look(&state.iam))
    };
    let of_name = |name: &String| match kind {
        "role" => {
            global(&|iam| iam.role_arn(name, account)).unwrap_or_else(|| format!("arn:aws:iam::{account}:role/{name}"))
        }
        "user" => global(&|iam| Some(iam.user_arn(name, account)?.0))
            .unwrap_or_else(|| format!("arn:aws:iam::{account}:user/{name}")),
        "named-profile" => global(&|iam| Some(iam.profile_arn(name, account)?.0))
            .unwrap_or_else(|| format!("arn:aws:iam::{account}:instance-profile/{name}")),
        "iam-group" => global(&|iam| iam.group_arn(name, account))
            .unwrap_or_else(|| format!("arn:aws:iam::{account}:group/{name}")),
        // A layer has a name or its ARN.
        "layer" if name.starts_with("arn:") => name.clone(),
        "layer" => format!("arn:aws:lambda:{region}:{account}:layer:{name}"),
        "provider" => {
            format!("arn:aws:iam::{account}:oidc-provider/{}", name.strip_prefix("https://").unwrap_or(name))
        }
        "function" => function_arn(place.context, place.region, name, input),
        "id" | "placement" if kind == "placement" || name.starts_with("pg-") => placement_group(place, name),
        "id" if name.starts_with("key-") => of_ec2("key-pair", &[], place, &json!({ "KeyPairId": name })).remove(0),
        "id" => {
            let kind = IDS.iter().find(|(prefix, ..)| name.split('-').next() == Some(prefix));
            let (_, kind, is_shared) = kind.copied().unwrap_or(("", "*", false));
            format!("arn:aws:ec2:{region}:{}:{kind}/{name}", if is_shared { "" } else { account })
        }
        "rule" => {
            let bus = first(input, "EventBusName").filter(|bus| bus != "default" && !bus.ends_with("/default"));
            let bus = bus.map(|bus| format!("{}/", bus.rsplit('/').next().unwrap_or_default())).unwrap_or_default();
            format!("arn:aws:events:{region}:{account}:rule/{bus}{name}")
        }
        "bus" => {
            let name = name.split_once(":event-bus/").map_or(name.as_str(), |(_, name)| name);
            format!("arn:aws:events:{region}:{account}:event-bus/{name}")
        }
        "group" => {
            let name = name.split_once(":log-group:").map_or(name.as_str(), |(_, name)| name.trim_end_matches(":*"));
            format!("arn:aws:logs:{region}:{account}:log-group:{name}")
        }
        _ => "*".to_owned(),
    };
    match kind {
        "launch-groups" => of_ec2("security-group", &launch::groups(place, input), place, &Value::Null),
        "launch-interface" => of_ec2("network-interface", &launch::interfaces(names, input), place, &Value::Null),
        "launch-subnet" => of_ec2("subnet", &launch::subnets(place, input), place, &Value::Null),
        kind if OTHERWISE.iter().any(|(known, _)| *known == kind) => of_ec2(kind, names, place, input),
        // Who names no bus means the default one; every entry of a call may name its own.
        "bus" => {
            let entries = input["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
            let is_unnamed = |entry: &Value| entry["EventBusName"].as_str().is_none_or(str::is_empty);
            let is_default = names.is_empty() || entries.iter().any(is_unnamed);
            let default = is_default.then(|| "default".to_owned());
            names.iter().chain(default.as_ref()).map(of_name).collect()
        }
        // A group has a name or an identifier, which may be its ARN; some calls take several.
        "group" if names.is_empty() => {
            let others = ["logGroupIdentifier", "logGroupNames", "logGroupIdentifiers"];
            let items = others.iter().flat_map(|member| each(&input[member]));
            let found: Vec<String> = items.filter_map(|item| item.as_str().map(str::to_owned)).collect();
            if found.is_empty() { vec![of_name(&"*".to_owned())] } else { found.iter().map(of_name).collect() }
        }
        // The role in a profile, which is what an instance gets.
        "profile" => {
            let name = first(input, "IamInstanceProfile.Name").or_else(|| {
                let arn = first(input, "IamInstanceProfile.Arn")?;
                Some(arn.rsplit('/').next()?.to_owned())
            });
            let role = name.and_then(|name| global(&|iam| iam.role_of_profile(&name, account)));
            vec![role.unwrap_or_else(|| format!("arn:aws:iam::{account}:role/*"))]
        }
        // Who leaves his name away means himself.
        "user" if names.is_empty() => vec![match &place.caller.user {
            Some(name) => of_name(name),
            None => format!("arn:aws:iam::{account}:user/*"),
        }],
        _ if names.is_empty() => vec!["*".to_owned()],
        _ => names.iter().map(of_name).collect(),
    }
}

/// The ARN of the function that a call names in any way, and of the version or alias where it says one.
pub(super) fn function_arn(context: &Context, region: &Region, name: &str, input: &Value) -> String {
    lambda::arn_of(region.as_str(), &context.config.account, name, first(input, "Qualifier").as_deref())
}

/// The ARN of the placement group with an id, which has its name; one that is not there keeps its id.
fn placement_group(place: &Place<'_>, id: &str) -> String {
    let name = place.context.store.read(place.region, |state| state.ec2.placement_name(id));
    let (region, account) = (place.region.as_str(), place.context.config.account.as_str());
    format!("arn:aws:ec2:{region}:{account}:placement-group/{}", name.as_deref().unwrap_or(id))
}

/// The policy that a resource has itself.
pub(super) fn policy_of(context: &Context, region: &Region, need: &Need) -> Option<Source> {
    let text = lambda::policy_text(context, region, &need.resource).filter(|_| need.action.starts_with("lambda:"))?;
    let document = Document::parse(&text, Use::Resource).ok()?;
    Some(Source { layer: Layer::Resource, name: need.resource.clone(), document: Arc::new(document) })
}
