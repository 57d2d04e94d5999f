//! What a version of a launch template holds: members of a launch, by the names that they have in a query.

use crate::emulator::{
    ec2::catalog,
    wire::{AwsError, QueryParams, xml},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, iter::Peekable};

/// What is in a template, by the names of `RunInstances` (`BlockDeviceMapping.1.Ebs.VolumeSize`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Data(pub(super) BTreeMap<String, String>);

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Text,
    Flag,
    Number,
    /// One of these.
    Of(&'static [&'static str]),
    /// An instance type.
    Kind,
}

use Is::{Flag, Kind, Number, Of, Text};

const SWITCH: Is = Of(&["disabled", "enabled"]);

/// Every member, `N` for the place in a list.
const MEMBERS: &[(&str, Is)] = &[
    ("BlockDeviceMapping.N.DeviceName", Text),
    ("BlockDeviceMapping.N.Ebs.DeleteOnTermination", Flag),
    ("BlockDeviceMapping.N.Ebs.Encrypted", Flag),
    ("BlockDeviceMapping.N.Ebs.Iops", Number),
    ("BlockDeviceMapping.N.Ebs.KmsKeyId", Text),
    ("BlockDeviceMapping.N.Ebs.SnapshotId", Text),
    ("BlockDeviceMapping.N.Ebs.Throughput", Number),
    ("BlockDeviceMapping.N.Ebs.VolumeInitializationRate", Number),
    ("BlockDeviceMapping.N.Ebs.VolumeSize", Number),
    ("BlockDeviceMapping.N.Ebs.VolumeType", Of(&["gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"])),
    ("BlockDeviceMapping.N.NoDevice", Text),
    ("BlockDeviceMapping.N.VirtualName", Text),
    (
        "CapacityReservationSpecification.CapacityReservationPreference",
        Of(&["capacity-reservations-only", "none", "open"]),
    ),
    ("CpuOptions.CoreCount", Number),
    ("CpuOptions.ThreadsPerCore", Number),
    ("CreditSpecification.CpuCredits", Of(&["standard", "unlimited"])),
    ("DisableApiStop", Flag),
    ("DisableApiTermination", Flag),
    ("EbsOptimized", Flag),
    ("EnclaveOptions.Enabled", Flag),
    ("HibernationOptions.Configured", Flag),
    ("IamInstanceProfile.Arn", Text),
    ("IamInstanceProfile.Name", Text),
    ("ImageId", Text),
    ("InstanceInitiatedShutdownBehavior", Of(&["stop", "terminate"])),
    ("InstanceType", Kind),
    ("KernelId", Text),
    ("KeyName", Text),
    ("MaintenanceOptions.AutoRecovery", Of(&["default", "disabled"])),
    ("MetadataOptions.HttpEndpoint", SWITCH),
    ("MetadataOptions.HttpProtocolIpv6", SWITCH),
    ("MetadataOptions.HttpPutResponseHopLimit", Number),
    ("MetadataOptions.HttpTokens", Of(&["optional", "required"])),
    ("MetadataOptions.InstanceMetadataTags", SWITCH),
    ("Monitoring.Enabled", Flag),
    ("NetworkInterface.N.AssociatePublicIpAddress", Flag),
    ("NetworkInterface.N.DeleteOnTermination", Flag),
    ("NetworkInterface.N.Description", Text),
    ("NetworkInterface.N.DeviceIndex", Number),
    ("NetworkInterface.N.InterfaceType", Text),
    ("NetworkInterface.N.NetworkCardIndex", Number),
    ("NetworkInterface.N.NetworkInterfaceId", Text),
    ("NetworkInterface.N.PrivateIpAddress", Text),
    ("NetworkInterface.N.SecondaryPrivateIpAddressCount", Number),
    ("NetworkInterface.N.SecurityGroupId.N", Text),
    ("NetworkInterface.N.SubnetId", Text),
    ("Placement.Affinity", Text),
    ("Placement.AvailabilityZone", Text),
    ("Placement.AvailabilityZoneId", Text),
    ("Placement.GroupId", Text),
    ("Placement.GroupName", Text),
    ("Placement.HostId", Text),
    ("Placement.HostResourceGroupArn", Text),
    ("Placement.PartitionNumber", Number),
    ("Placement.SpreadDomain", Text),
    ("Placement.Tenancy", Of(&["dedicated", "default", "host"])),
    ("PrivateDnsNameOptions.EnableResourceNameDnsAAAARecord", Flag),
    ("PrivateDnsNameOptions.EnableResourceNameDnsARecord", Flag),
    ("PrivateDnsNameOptions.HostnameType", Of(&["ip-name", "resource-name"])),
    ("RamDiskId", Text),
    ("SecurityGroup.N", Text),
    ("SecurityGroupId.N", Text),
    ("TagSpecification.N.ResourceType", Of(&["instance", "network-interface", "spot-instances-request", "volume"])),
    ("TagSpecification.N.Tag.N.Key", Text),
    ("TagSpecification.N.Tag.N.Value", Text),
    ("UserData", Text),
];

/// What EC2 has for a template, and atelier has not.
const LACKING: &[&str] = &[
    "CapacityReservationSpecification.CapacityReservationTarget",
    "CpuOptions.AmdSevSnp",
    "CpuOptions.NestedVirtualization",
    "ElasticGpuSpecification",
    "ElasticInferenceAccelerator",
    "InstanceMarketOptions",
    "InstanceRequirements",
    "LicenseSpecification",
    "NetworkPerformanceOptions",
    "Operator",
    "SecondaryInterface",
];

/// What the interface of a template can have in EC2, and not here.
const LACKING_OF_INTERFACES: &[&str] = &[
    "AssociateCarrierIpAddress",
    "ConnectionTrackingSpecification",
    "EnaQueueCount",
    "EnaSrdSpecification",
    "Ipv4Prefix",
    "Ipv4PrefixCount",
    "Ipv6AddressCount",
    "Ipv6Addresses",
    "Ipv6Prefix",
    "Ipv6PrefixCount",
    "PrimaryIpv6",
    "PrivateIpAddresses",
];

impl Data {
    /// Reads `LaunchTemplateData`.
    ///
    /// # Errors
    /// `MissingParameter` where it holds nothing, `UnknownParameter`, `InvalidParameterValue`, and `NotImplemented`, by
    /// name, for what no template can hold here.
    pub(super) fn take(params: &mut QueryParams, operation: &str) -> Result<Self, AwsError> {
        params.structure("LaunchTemplateData", |data| Self::of(data, operation))
    }

    fn of(data: &mut QueryParams, operation: &str) -> Result<Self, AwsError> {
        if data.is_empty() {
            return Err(AwsError::missing_parameter("LaunchTemplateData"));
        }
        if let Some(name) = LACKING.iter().find(|name| data.has(name)) {
            return Err(lacking(operation, name));
        }
        let mut held = BTreeMap::new();
        for (name, value) in data.take_rest() {
            let plain = plain(&name);
            if let Some(of_interface) = plain.strip_prefix("NetworkInterface.N.") {
                let is_it = |name: &&&str| of_interface.split('.').next() == Some(**name);
                if let Some(name) = LACKING_OF_INTERFACES.iter().find(is_it) {
                    return Err(lacking(operation, &format!("NetworkInterface.{name}")));
                }
            }
            // An empty list is written as the name alone.
            let is_list =
                |known: &(&str, Is)| known.0.strip_prefix(plain.as_str()).is_some_and(|rest| rest.starts_with(".N"));
            if value.is_empty() && MEMBERS.iter().any(is_list) {
                continue;
            }
            let Some((_, is)) = MEMBERS.iter().find(|(known, _)| *known == plain) else {
                return Err(AwsError::sender(
                    "UnknownParameter",
                    format!("The parameter LaunchTemplateData.{name} is not recognized"),
                ));
            };
            let is_valid = match is {
                Text => true,
                Flag => matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "1" | "0"),
                Number => value.parse::<i64>().is_ok(),
                Of(values) => values.contains(&value.as_str()),
                Kind => catalog::find(&value).is_some(),
            };
            if !is_valid {
                let expected = match is {
                    Flag => "Expected a boolean.".to_owned(),
                    Of(values) => format!("Expected one of {}.", values.join(", ")),
                    Kind => "Expected an instance type.".to_owned(),
                    Number | Text => "Expected an integer.".to_owned(),
                };
                return Err(AwsError::invalid_parameter(&value, &format!("LaunchTemplateData.{name}"), &expected));
            }
            held.insert(name, value);
        }
        Ok(Self(held))
    }

    /// What a version holds that was made from another one: its own members in the place of the other's.
    pub(super) fn over(&self, source: &Self) -> Self {
        let top = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let own = |name: &String| self.0.keys().any(|known| top(known) == top(name));
        let kept = source.0.iter().filter(|(name, _)| !own(name));
        Self(kept.chain(self.0.iter()).map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// One of its members.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Writes what it holds.
    pub(super) fn write(&self, element: &mut xml::Element) {
        // Numbers in their order, so that lists keep theirs.
        let mut paths: Vec<(Vec<Step>, &str)> =
            self.0.iter().map(|(name, value)| (steps(name), value.as_str())).collect();
        paths.sort();
        write_level(element, &mut paths.into_iter().peekable(), 0, None);
    }
}

fn lacking(operation: &str, name: &str) -> AwsError {
    AwsError::not_implemented("ec2", &format!("{operation} with LaunchTemplateData.{name}"))
}

/// A name with `N` in the place of each number.
fn plain(name: &str) -> String {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    name.split('.').map(|part| if is_number(part) { "N" } else { part }).collect::<Vec<_>>().join(".")
}

/// A part of a name: a member, or a place in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Place(usize),
    Member(String),
}

fn steps(name: &str) -> Vec<Step> {
    name.split('.').map(|part| part.parse().map_or_else(|_| Step::Member(part.to_owned()), Step::Place)).collect()
}

/// Writes all paths that share their first `depth` steps with the next one.
fn write_level<'a>(
    element: &mut xml::Element,
    paths: &mut Peekable<impl Iterator<Item = (Vec<Step>, &'a str)>>,
    depth: usize,
    within: Option<&str>,
) {
    let Some(stem) = paths.peek().map(|(path, _)| path[..depth].to_vec()) else { return };
    while let Some((path, value)) = paths.peek() {
        if path.len() <= depth || path[..depth] != stem[..] {
            return;
        }
        let (step, is_leaf, is_list) =
            (path[depth].clone(), path.len() == depth + 1, matches!(path.get(depth + 1), Some(Step::Place(_))));
        let (tag, name) = match &step {
            // The ids of an interface's groups have a name of their own.
            Step::Place(_) if within == Some("SecurityGroupId") && depth > 2 => ("groupId".to_owned(), None),
            Step::Place(_) => ("item".to_owned(), None),
            Step::Member(name) if is_list => (set_of(name, depth), Some(name.clone())),
            Step::Member(name) => (lower(name), None),
        };
        if is_leaf {
            xml::text(element, &tag, value);
            paths.next();
        } else {
            xml::element(element, &tag, |child| write_level(child, paths, depth + 1, name.as_deref()));
        }
    }
}

/// What the list of a member is called.
fn set_of(name: &str, depth: usize) -> String {
    if name == "SecurityGroupId" && depth > 0 { "groupSet".to_owned() } else { format!("{}Set", lower(name)) }
}

fn lower(name: &str) -> String {
    format!("{}{}", name[..1].to_ascii_lowercase(), &name[1..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::Request;

    fn taken(form: &str) -> Result<Data, AwsError> {
        let mut params = QueryParams::parse(&Request::new(form.to_owned().into())).unwrap();
        Data::take(&mut params, "CreateLaunchTemplate")
    }

    #[test]
    fn what_it_holds_is_written_as_it_came() {
        let form = "LaunchTemplateData.ImageId=ami-1&LaunchTemplateData.SecurityGroupId.1=sg-1\
                    &LaunchTemplateData.BlockDeviceMapping.2.DeviceName=b\
                    &LaunchTemplateData.BlockDeviceMapping.10.DeviceName=c\
                    &LaunchTemplateData.BlockDeviceMapping.2.Ebs.VolumeSize=8\
                    &LaunchTemplateData.NetworkInterface.1.SecurityGroupId.1=sg-2";
        let data = taken(form).unwrap();
        let text = xml::document("r", "n", |root| data.write(root));
        for part in [
            "<blockDeviceMappingSet><item><deviceName>b</deviceName><ebs><volumeSize>8</volumeSize></ebs></item>\
             <item><deviceName>c</deviceName></item></blockDeviceMappingSet>",
            "<imageId>ami-1</imageId>",
            "<networkInterfaceSet><item><groupSet><groupId>sg-2</groupId></groupSet></item></networkInterfaceSet>",
            "<securityGroupIdSet><item>sg-1</item></securityGroupIdSet>",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn what_it_cannot_hold_is_refused_by_name() {
        for (form, code, name) in [
            ("LaunchTemplateData.Colour=red", "UnknownParameter", "Colour"),
            ("LaunchTemplateData.EbsOptimized=maybe", "InvalidParameterValue", "EbsOptimized"),
            ("LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize=big", "InvalidParameterValue", "VolumeSize"),
            ("LaunchTemplateData.InstanceRequirements.VCpuCount.Min=1", "NotImplemented", "InstanceRequirements"),
            ("LaunchTemplateData.NetworkInterface.1.Ipv6AddressCount=1", "NotImplemented", "Ipv6AddressCount"),
            ("", "MissingParameter", "LaunchTemplateData"),
        ] {
            let error = taken(form).unwrap_err();
            assert_eq!(error.code, code, "{form}");
            assert!(error.message.contains(name), "{error}");
        }
    }

    #[test]
    fn a_version_made_of_another_has_its_own_members_in_the_place_of_the_others() {
        let data = |pairs: &[(&str, &str)]| {
            Data(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let source = data(&[("ImageId", "a"), ("SecurityGroupId.1", "x"), ("SecurityGroupId.2", "y")]);
        let over = data(&[("SecurityGroupId.1", "z"), ("InstanceType", "t3.micro")]).over(&source);
        assert_eq!(over, data(&[("ImageId", "a"), ("InstanceType", "t3.micro"), ("SecurityGroupId.1", "z")]));
    }
}
