//! What a launch, or an interface that is made, takes without naming it, and the condition keys of each thing that a call
//! makes or is about.

use super::{
    Call,
    need::Place,
    tree::{at, request_tags, texts, tree},
};
use crate::emulator::{policy::Keys, service::Input, wire::QueryParams};
use serde_json::Value;
use std::collections::BTreeMap;

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

/// The members by which a launch names a resource of each kind, and so another than its template does.
const OVERRIDING: [(&str, &[&str]); 8] = [
    ("image", &["ImageId"]),
    ("key-pair", &["KeyName"]),
    ("network-interface", &["NetworkInterface"]),
    ("placement-group", &["Placement.GroupName", "Placement.GroupId"]),
    ("security-group", &["SecurityGroupId", "SecurityGroup", "NetworkInterface.SecurityGroupId"]),
    ("snapshot", &["BlockDeviceMapping"]),
    ("subnet", &["SubnetId", "NetworkInterface.SubnetId"]),
    ("volume", &["BlockDeviceMapping"]),
];

/// What a launch by a template says itself; nothing where it has none.
pub(super) fn beside_template(call: &Call<'_>) -> Option<Value> {
    let said = tree(&Input::Query(QueryParams::parse(call.request).ok()?));
    said.get("LaunchTemplate").is_some().then_some(said)
}

/// Tells with `ec2:IsLaunchTemplateResource` whether a resource is the one of the template, which the launch names no
/// other for: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/permissions-for-launch-templates.html>
pub(super) fn add_origin(keys: &mut Keys, resource: &str, said: Option<&Value>) {
    let (kind, _) = parts(resource);
    let members = OVERRIDING.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, members)| *members);
    let is_own = said.is_some_and(|said| members.iter().all(|member| at(said, member).is_empty()));
    keys.set("ec2:IsLaunchTemplateResource", is_own.to_string());
}

/// The kind of what an ARN names, and what follows.
fn parts(arn: &str) -> (&str, &str) {
    arn.splitn(6, ':').nth(5).and_then(|resource| resource.split_once('/')).unwrap_or_default()
}

/// Leaves the keys of a launch that one of its resources has; of the tags those that it is to have itself.
pub(super) fn keep(keys: &mut Keys, resource: &str, input: &Value) {
    let (kind, _) = parts(resource);
    let is_tag = |name: &str| name.starts_with("aws:requesttag/") || name == "aws:tagkeys";
    keys.retain(|name| !is_tag(name) && LAUNCHED.iter().all(|(key, of)| *key != name || *of == kind));
    let specifications = at(input, "TagSpecification").into_iter();
    let of_kind = specifications.filter(|specification| specification["ResourceType"] == kind);
    let tags: BTreeMap<String, String> = of_kind.flat_map(request_tags).collect();
    if !tags.is_empty() {
        keys.set_tags("aws:RequestTag", &tags);
        keys.set_all("aws:TagKeys", tags.into_keys());
    }
}

/// The keys that something of EC2's has for what it is, or, where it is made, for where it is to be.
pub(super) fn add_keys(keys: &mut Keys, operation: &str, resource: &str, place: &Place<'_>, input: &Value) {
    let account = &place.context.config.account;
    let of = |kind: &str, rest: &str| {
        place.context.store.read(place.region, |state| state.ec2.keys_by_arn(kind, rest, account, place.region))
    };
    let (kind, rest) = parts(resource);
    let is_launch = operation == "RunInstances";
    let found = match (kind, rest) {
        ("network-interface" | "instance" | "volume", "*") if is_launch || operation == "CreateNetworkInterface" => {
            let subnet = subnets(place, input).into_iter().next().unwrap_or_default();
            let mut found = of("subnet", &subnet);
            // A subnet is one of the keys of an interface only; an instance has none of its network's.
            found.retain(|(key, _)| *key != "ec2:SubnetID" && (kind == "network-interface" || *key != "ec2:Vpc"));
            match kind {
                "network-interface" => {
                    found.push(("ec2:Subnet", format!("arn:aws:ec2:{}:{account}:subnet/{subnet}", place.region)));
                }
                "instance" => {
                    let tenancy = texts(input, "Placement.Tenancy").into_iter().next();
                    found.push(("ec2:Tenancy", tenancy.unwrap_or_else(|| "default".to_owned())));
                }
                _ => {}
            }
            found
        }
        (_, "*") => {
            let vpc = texts(input, "VpcId").into_iter().next();
            vpc.map(|vpc| ("ec2:Vpc", format!("arn:aws:ec2:{}:{account}:vpc/{vpc}", place.region)))
                .into_iter()
                .collect()
        }
        (kind, rest) => of(kind, rest),
    };
    for (key, value) in found {
        keys.set(key, value);
    }
}

/// What a volume that is made will be; what is not said is as `CreateVolume` has it. `size` is the member for its size.
pub(super) fn volume_keys(keys: &mut Keys, input: &Value, size: &str) {
    for (name, member, default) in [
        ("ec2:AvailabilityZone", "AvailabilityZone", None),
        ("ec2:Encrypted", "Encrypted", Some("false")),
        ("ec2:VolumeIops", "Iops", None),
        ("ec2:VolumeSize", size, None),
        ("ec2:VolumeThroughput", "Throughput", None),
        ("ec2:VolumeType", "VolumeType", Some("gp2")),
    ] {
        let said = texts(input, member).into_iter().next();
        if let Some(value) = said.or_else(|| default.map(str::to_owned)) {
            keys.set(name, value);
        }
    }
}

/// The keys of each volume that a launch makes, and no other volume has.
pub(super) fn volumes(keys: &Keys, place: &Place<'_>, input: &Value) -> Vec<Keys> {
    let of_volume = |ebs: &Value| {
        let mut keys = keys.clone();
        volume_keys(&mut keys, ebs, "VolumeSize");
        if let Some(snapshot) = texts(ebs, "SnapshotId").into_iter().next() {
            keys.set("ec2:ParentSnapshot", format!("arn:aws:ec2:{}::snapshot/{snapshot}", place.region));
        }
        keys
    };
    let said: Vec<Keys> = at(input, "BlockDeviceMapping.Ebs").into_iter().map(of_volume).collect();
    if said.is_empty() { vec![of_volume(&Value::Null)] } else { said }
}

/// Whether an interface is made, and not only such ones taken as were made before.
fn makes_interface(input: &Value) -> bool {
    let interfaces = at(input, "NetworkInterface");
    interfaces.is_empty() || interfaces.iter().any(|interface| interface.get("NetworkInterfaceId").is_none())
}

/// The ids of the interfaces of a launch; one that it makes is any.
pub(super) fn interfaces(given: &[String], input: &Value) -> Vec<String> {
    given.iter().cloned().chain(makes_interface(input).then(|| "*".to_owned())).collect()
}

/// The subnet and the groups of each interface that a launch takes.
fn given(place: &Place<'_>, input: &Value) -> Vec<(String, Vec<String>)> {
    let ids = texts(input, "NetworkInterface.NetworkInterfaceId");
    place.context.store.read(place.region, |state| ids.iter().filter_map(|id| state.ec2.interface_place(id)).collect())
}

/// The id of the subnet where an interface is made: the one that is named, or else one of the default network.
fn own_subnet(place: &Place<'_>, input: &Value) -> Option<String> {
    let said = |members: &[&str]| members.iter().flat_map(|member| texts(input, member)).next();
    said(&["SubnetId", "NetworkInterface.SubnetId"]).or_else(|| {
        let zone = said(&["Placement.AvailabilityZone", "Placement.AvailabilityZoneId"]);
        let address = said(&["PrivateIpAddress", "NetworkInterface.PrivateIpAddress"]);
        let address = address.and_then(|address| address.parse().ok());
        let fewest = said(&["MinCount"]).and_then(|count| count.parse().ok()).unwrap_or(1);
        let account = &place.context.config.account;
        place.context.store.read(place.region, |state| {
            state.ec2.unnamed_subnet(zone.as_deref(), address, fewest, account, place.region)
        })
    })
}

/// The ids of the subnets where a launch is, that of what it makes first; what cannot be found may be any.
pub(super) fn subnets(place: &Place<'_>, input: &Value) -> Vec<String> {
    let own = makes_interface(input).then(|| own_subnet(place, input).unwrap_or_else(|| "*".to_owned()));
    let mut all: Vec<String> =
        own.into_iter().chain(given(place, input).into_iter().map(|(subnet, _)| subnet)).collect();
    if all.is_empty() {
        all.push("*".to_owned());
    }
    all
}

/// The ids of the groups of a launch: those of its own and of its interfaces, by ids and by names, or else the one that is
/// the default of its network.
pub(super) fn groups(place: &Place<'_>, input: &Value) -> Vec<String> {
    let (region, account) = (place.region, &place.context.config.account);
    let named = texts(input, "SecurityGroup").into_iter().map(|name| {
        let found =
            place.context.store.read(region, |state| state.ec2.in_arn("security-group", &name, account, region));
        found.unwrap_or_else(|| "*".to_owned())
    });
    let ids = ["SecurityGroupId", "NetworkInterface.SecurityGroupId"].into_iter().flat_map(|ids| texts(input, ids));
    let mut all: Vec<String> = ids.chain(named).collect();
    if all.is_empty() && makes_interface(input) {
        let subnet = own_subnet(place, input).unwrap_or_default();
        let found = place.context.store.read(region, |state| state.ec2.unnamed_group(&subnet, account, region));
        all.push(found.unwrap_or_else(|| "*".to_owned()));
    }
    all.extend(given(place, input).into_iter().flat_map(|(_, groups)| groups));
    all
}
