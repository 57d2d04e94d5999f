//! Subnets.

use super::{
    in_use,
    records::Subnet,
    refuse,
    vpcs::{take_block, write_no_block},
};
use crate::emulator::{
    ec2::{
        dry_run, kind,
        listing::{Listing, Record, Tags, created, flag, flag_passes},
        network::Network,
        new_id,
        options::Names,
        state::State,
        tags, take_dry_run,
    },
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// The most subnets of a VPC.
const SUBNETS: usize = 200;

/// A subnet as a listing shows it.
struct Shown {
    subnet: Subnet,
    arn: String,
    owner: String,
    free: usize,
    tags: Tags,
}

impl Shown {
    fn of(state: &State, subnet: Subnet, network: &Network) -> Self {
        Self {
            arn: network.arn("subnet", &subnet.id),
            owner: network.account().to_owned(),
            free: subnet.room().saturating_sub(state.index.addresses().count(&subnet, network)),
            tags: state.tags_of(&subnet.id).clone(),
            subnet,
        }
    }
}

const LACKING: [&str; 6] =
    ["Ipv4IpamPoolId", "Ipv4NetmaskLength", "Ipv6CidrBlock", "Ipv6IpamPoolId", "Ipv6NetmaskLength", "OutpostArn"];

/// Reads the zone of a subnet, by its name or by its id.
fn take_zone(params: &mut QueryParams, network: &Network) -> Result<String, AwsError> {
    let zones = network.zones();
    let said = |text: Option<String>| text.filter(|zone| !zone.is_empty());
    let (name, id) = (said(params.text("AvailabilityZone")), said(params.text("AvailabilityZoneId")));
    let parameter = if name.is_some() { "availabilityZone" } else { "availabilityZoneId" };
    let found = match (&name, &id) {
        (Some(_), Some(_)) => {
            let message = "The parameter AvailabilityZone cannot be used with the parameter AvailabilityZoneId";
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        (Some(name), None) => zones.iter().find(|zone| *zone == name),
        (None, Some(id)) => zones.iter().find(|zone| Network::zone_id(zone) == *id),
        (None, None) => zones.first(),
    };
    found.cloned().ok_or_else(|| {
        let reason =
            format!("Subnets can currently only be created in the following availability zones: {}.", zones.join(", "));
        AwsError::invalid_parameter(&name.or(id).unwrap_or_default(), parameter, &reason)
    })
}

/// `CreateSubnet`.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (account, region) = (operation.account().to_owned(), operation.region().clone());
    let network = Network::new(&account, &region);
    let ((vpc, block, zone, tags, dry), scope) = operation.query(|params| {
        refuse(params, "CreateSubnet", &LACKING)?;
        if params.flag("Ipv6Native")? == Some(true) {
            return Err(AwsError::not_implemented("ec2", "CreateSubnet with Ipv6Native"));
        }
        let (vpc, zone) = (params.required("VpcId")?, take_zone(params, &network)?);
        let tags = tags::take_for(params, &kind::SUBNET)?;
        Ok((vpc, take_block(params, "InvalidSubnet.Range")?, zone, tags, take_dry_run(params)?))
    })?;
    let id = new_id(kind::SUBNET.prefix)?;
    let shown = scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let vpc = ec2.vpc(&vpc, &network)?;
            if !vpc.blocks().into_iter().any(|own| own.holds(block)) {
                return Err(AwsError::sender("InvalidSubnet.Range", format!("The CIDR '{block}' is invalid.")));
            }
            let siblings = ec2.subnets(&network).into_iter().filter(|known| known.vpc == vpc.id);
            let siblings: Vec<Subnet> = siblings.collect();
            if siblings.iter().any(|known| known.block.meets(block)) {
                let message = format!("The CIDR '{block}' conflicts with another subnet");
                return Err(AwsError::sender("InvalidSubnet.Conflict", message));
            }
            if siblings.len() >= SUBNETS {
                let message = "The maximum number of subnets has been reached.";
                return Err(AwsError::sender("SubnetLimitExceeded", message));
            }
            dry_run(dry)?;
            let subnet =
                Subnet { id, vpc: vpc.id, zone, block, is_default: false, maps_public: false, names: Names::default() };
            ec2.set_tags(&subnet.id, tags);
            ec2.subnets.insert(subnet.id.clone(), subnet.clone());
            Ok(Shown::of(ec2, subnet, &network))
        })
        .await?;
    Ok(created("subnet", shown, ""))
}

/// `DeleteSubnet`: once nobody has an address in it.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) = operation.query(|params| Ok((params.required("SubnetId")?, take_dry_run(params)?)))?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let subnet = state.ec2.subnet(&id, &network)?;
            if state.ec2.index.addresses().count(&subnet, &network) > 0 {
                return Err(in_use("subnet", &id));
            }
            if subnet.is_default {
                return Err(AwsError::not_implemented("ec2", "DeleteSubnet of a default subnet"));
            }
            dry_run(dry)?;
            state.ec2.unfollow(&id, &network);
            state.ec2.leave_acl(&id);
            state.ec2.subnets.remove(&id);
            state.ec2.set_tags(&id, Tags::new());
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `ModifySubnetAttribute`: one attribute.
pub(in crate::emulator::ec2) async fn modify(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, public, kind, a, aaaa), scope) = operation.query(|params| {
        refuse(params, "ModifySubnetAttribute", &["CustomerOwnedIpv4Pool", "EnableLniAtDeviceIndex"])?;
        for name in
            ["AssignIpv6AddressOnCreation", "DisableLniAtDeviceIndex", "EnableDns64", "MapCustomerOwnedIpOnLaunch"]
        {
            if params.flag(&format!("{name}.Value"))? == Some(true) {
                return Err(AwsError::not_implemented("ec2", &format!("ModifySubnetAttribute with {name}")));
            }
        }
        let public = params.flag("MapPublicIpOnLaunch.Value")?;
        let kind = params.one_of("PrivateDnsHostnameTypeOnLaunch", &["ip-name", "resource-name"])?;
        let a = params.flag("EnableResourceNameDnsARecordOnLaunch.Value")?;
        let aaaa = params.flag("EnableResourceNameDnsAAAARecordOnLaunch.Value")?;
        Ok((params.required("SubnetId")?, public, kind, a, aaaa))
    })?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let mut subnet = state.ec2.subnet(&id, &network)?;
            subnet.maps_public = public.unwrap_or(subnet.maps_public);
            subnet.names.by_id = kind.map_or(subnet.names.by_id, |kind| kind == "resource-name");
            subnet.names.has_a = a.unwrap_or(subnet.names.has_a);
            subnet.names.has_aaaa = aaaa.unwrap_or(subnet.names.has_aaaa);
            state.ec2.subnets.insert(id.clone(), subnet);
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DescribeSubnets`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = [
        "availability-zone",
        "availability-zone-id",
        "availabilityZone",
        "available-ip-address-count",
        "cidr",
        "cidr-block",
        "cidrBlock",
        "customer-owned-ipv4-pool",
        "default-for-az",
        "defaultForAz",
        "enable-dns64",
        "enable-lni-at-device-index",
        "ipv6-cidr-block-association.association-id",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "ipv6-cidr-block-association.state",
        "ipv6-native",
        "map-customer-owned-ip-on-launch",
        "map-public-ip-on-launch",
        "outpost-arn",
        "owner-id",
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
        "private-dns-name-options-on-launch.hostname-type",
        "state",
        "subnet-arn",
        "subnet-id",
        "vpc-id",
    ];
    let (listing, scope) = operation.query(|params| Listing::take(params, "SubnetId", &known))?;
    let network = Network::new(scope.account(), scope.region);
    let shown = scope.read(|state| {
        let subnets = state.ec2.subnets(&network).into_iter();
        subnets.map(|subnet| Shown::of(&state.ec2, subnet, &network)).collect()
    });
    listing.answer(&kind::SUBNET, "subnetSet", shown)
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.subnet.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        let subnet = &self.subnet;
        match filter {
            "availability-zone" | "availabilityZone" => test(&subnet.zone),
            "availability-zone-id" => test(&Network::zone_id(&subnet.zone)),
            "available-ip-address-count" => test(&self.free.to_string()),
            "cidr" | "cidr-block" | "cidrBlock" => test(&subnet.block.to_string()),
            "default-for-az" | "defaultForAz" => flag_passes(subnet.is_default, test),
            "map-public-ip-on-launch" => flag_passes(subnet.maps_public, test),
            "enable-dns64" | "ipv6-native" | "map-customer-owned-ip-on-launch" => flag_passes(false, test),
            "private-dns-name-options-on-launch.enable-resource-name-dns-a-record" => {
                flag_passes(subnet.names.has_a, test)
            }
            "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record" => {
                flag_passes(subnet.names.has_aaaa, test)
            }
            "owner-id" => test(&self.owner),
            "private-dns-name-options-on-launch.hostname-type" => test(subnet.names.kind()),
            "state" => test("available"),
            "subnet-arn" => test(&self.arn),
            "subnet-id" => test(&subnet.id),
            "vpc-id" => test(&subnet.vpc),
            // It has no IPv6 addresses, and is in no outpost.
            _ => false,
        }
    }

    fn write(&self, item: &mut xml::Element) {
        let subnet = &self.subnet;
        xml::text(item, "subnetId", &subnet.id);
        xml::text(item, "subnetArn", &self.arn);
        xml::text(item, "state", "available");
        xml::text(item, "ownerId", &self.owner);
        xml::text(item, "vpcId", &subnet.vpc);
        xml::text(item, "cidrBlock", &subnet.block.to_string());
        xml::element(item, "ipv6CidrBlockAssociationSet", |_| ());
        xml::text(item, "availableIpAddressCount", &self.free.to_string());
        xml::text(item, "availabilityZone", &subnet.zone);
        xml::text(item, "availabilityZoneId", &Network::zone_id(&subnet.zone));
        flag(item, "defaultForAz", subnet.is_default);
        flag(item, "mapPublicIpOnLaunch", subnet.maps_public);
        flag(item, "mapCustomerOwnedIpOnLaunch", false);
        flag(item, "assignIpv6AddressOnCreation", false);
        flag(item, "enableDns64", false);
        flag(item, "ipv6Native", false);
        xml::element(item, "privateDnsNameOptionsOnLaunch", |options| {
            xml::text(options, "hostnameType", subnet.names.kind());
            flag(options, "enableResourceNameDnsARecord", subnet.names.has_a);
            flag(options, "enableResourceNameDnsAAAARecord", subnet.names.has_aaaa);
        });
        write_no_block(item);
    }
}
