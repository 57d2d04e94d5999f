//! The default VPC, its subnets, routes and gateway: what describes them. They are always there, exactly once, and
//! nothing of them changes but their tags; another VPC cannot be made here.

use super::{
    kind,
    listing::{Listing, Record, Tags, flag, flag_passes},
    network::Network,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, xml},
};

const CIDR: &str = "172.31.0.0/16";
const ANYWHERE: &str = "0.0.0.0/0";

/// Something of the network: its id, whose it is, its tags, and what it takes to describe it.
struct Part<'a> {
    network: Network<'a>,
    scope: Scope<'a>,
}

impl<'a> Part<'a> {
    fn of(scope: Scope<'a>) -> Self {
        Self { network: Network::new(scope.account(), scope.region), scope }
    }

    fn tags(&self, id: &str) -> Tags {
        self.scope.read(|state| state.ec2.tags_of(id).clone())
    }

    fn arn(&self, id: &str) -> String {
        format!("arn:aws:ec2:{}:{}:subnet/{id}", self.scope.region, self.scope.account())
    }
}

struct Vpc {
    id: String,
    owner: String,
    association: String,
    options: String,
    tags: Tags,
}

/// `DescribeVpcs`.
pub(super) fn describe_vpcs(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = [
        "cidr",
        "cidr-block-association.association-id",
        "cidr-block-association.cidr-block",
        "cidr-block-association.state",
        "dhcp-options-id",
        "ipv6-cidr-block-association.association-id",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "ipv6-cidr-block-association.ipv6-pool",
        "ipv6-cidr-block-association.state",
        "is-default",
        "isDefault",
        "owner-id",
        "state",
        "vpc-id",
    ];
    let (listing, scope) = operation.query(|params| Listing::take(params, "VpcId", &known))?;
    let part = Part::of(scope);
    let id = part.network.vpc();
    let vpc = Vpc {
        tags: part.tags(&id),
        owner: scope.account().to_owned(),
        association: part.network.id("vpc-cidr-assoc", ""),
        options: part.network.id("dopt", ""),
        id,
    };
    listing.answer(&kind::VPC, "vpcSet", vec![vpc])
}

impl Record for Vpc {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "cidr" | "cidr-block-association.cidr-block" => test(CIDR),
            "cidr-block-association.association-id" => test(&self.association),
            "cidr-block-association.state" => test("associated"),
            "dhcp-options-id" => test(&self.options),
            "is-default" | "isDefault" => flag_passes(true, test),
            "owner-id" => test(&self.owner),
            "state" => test("available"),
            "vpc-id" => test(&self.id),
            // It has no IPv6 addresses.
            _ => false,
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "vpcId", &self.id);
        xml::text(item, "ownerId", &self.owner);
        xml::text(item, "state", "available");
        xml::text(item, "cidrBlock", CIDR);
        xml::list(item, "cidrBlockAssociationSet", "item", [&self.association], |each, association| {
            xml::text(each, "cidrBlock", CIDR);
            xml::text(each, "associationId", association);
            xml::element(each, "cidrBlockState", |state| xml::text(state, "state", "associated"));
        });
        xml::text(item, "dhcpOptionsId", &self.options);
        xml::text(item, "instanceTenancy", "default");
        flag(item, "isDefault", true);
        write_no_block(item);
    }
}

/// Writes that nobody has blocked the way to the internet.
fn write_no_block(item: &mut xml::Element) {
    xml::element(item, "blockPublicAccessStates", |states| xml::text(states, "internetGatewayBlockMode", "off"));
}

/// `DescribeVpcAttribute`: as the default VPC is made.
pub(super) fn describe_vpc_attribute(operation: Operation<'_>) -> Result<Output, AwsError> {
    let names = ["enableDnsHostnames", "enableDnsSupport", "enableNetworkAddressUsageMetrics"];
    let ((id, attribute, dry), scope) = operation.query(|params| {
        let (id, attribute) = (params.required("VpcId")?, params.one_of("Attribute", &names)?);
        let attribute = attribute.ok_or_else(|| AwsError::missing_parameter("Attribute"))?;
        Ok((id, attribute, super::take_dry_run(params)?))
    })?;
    if id != Network::new(scope.account(), scope.region).vpc() {
        return Err(kind::VPC.absent(&id));
    }
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        xml::text(root, "vpcId", &id);
        xml::element(root, &attribute, |value| flag(value, "value", attribute != "enableNetworkAddressUsageMetrics"));
    }))
}

struct Subnet {
    id: String,
    arn: String,
    vpc: String,
    owner: String,
    zone: String,
    cidr: String,
    free: usize,
    tags: Tags,
}

/// `DescribeSubnets`: one in each zone.
pub(super) fn describe_subnets(operation: Operation<'_>) -> Result<Output, AwsError> {
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
    let part = Part::of(scope);
    let taken = scope.read(|state| state.ec2.index.addresses().clone());
    let subnets = part.network.zones().map(|zone| {
        let id = part.network.subnet(&zone);
        Subnet {
            arn: part.arn(&id),
            vpc: part.network.vpc(),
            owner: scope.account().to_owned(),
            cidr: part.network.subnet_cidr(&zone),
            free: part.network.room(&zone, &taken),
            tags: part.tags(&id),
            id,
            zone,
        }
    });
    listing.answer(&kind::SUBNET, "subnetSet", subnets.into())
}

impl Record for Subnet {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "availability-zone" | "availabilityZone" => test(&self.zone),
            "availability-zone-id" => test(&Network::zone_id(&self.zone)),
            "available-ip-address-count" => test(&self.free.to_string()),
            "cidr" | "cidr-block" | "cidrBlock" => test(&self.cidr),
            "default-for-az" | "defaultForAz" | "map-public-ip-on-launch" => flag_passes(true, test),
            "enable-dns64"
            | "ipv6-native"
            | "map-customer-owned-ip-on-launch"
            | "private-dns-name-options-on-launch.enable-resource-name-dns-a-record"
            | "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record" => flag_passes(false, test),
            "owner-id" => test(&self.owner),
            "private-dns-name-options-on-launch.hostname-type" => test("ip-name"),
            "state" => test("available"),
            "subnet-arn" => test(&self.arn),
            "subnet-id" => test(&self.id),
            "vpc-id" => test(&self.vpc),
            // It has no IPv6 addresses, and is in no outpost.
            _ => false,
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "subnetId", &self.id);
        xml::text(item, "subnetArn", &self.arn);
        xml::text(item, "state", "available");
        xml::text(item, "ownerId", &self.owner);
        xml::text(item, "vpcId", &self.vpc);
        xml::text(item, "cidrBlock", &self.cidr);
        xml::element(item, "ipv6CidrBlockAssociationSet", |_| ());
        xml::text(item, "availableIpAddressCount", &self.free.to_string());
        xml::text(item, "availabilityZone", &self.zone);
        xml::text(item, "availabilityZoneId", &Network::zone_id(&self.zone));
        flag(item, "defaultForAz", true);
        flag(item, "mapPublicIpOnLaunch", true);
        flag(item, "mapCustomerOwnedIpOnLaunch", false);
        flag(item, "assignIpv6AddressOnCreation", false);
        flag(item, "enableDns64", false);
        flag(item, "ipv6Native", false);
        xml::element(item, "privateDnsNameOptionsOnLaunch", |options| {
            xml::text(options, "hostnameType", "ip-name");
            flag(options, "enableResourceNameDnsARecord", false);
            flag(options, "enableResourceNameDnsAAAARecord", false);
        });
        write_no_block(item);
    }
}

struct RouteTable {
    id: String,
    association: String,
    vpc: String,
    gateway: String,
    owner: String,
    tags: Tags,
}

/// `DescribeRouteTables`: the main one, which leads to the gateway.
pub(super) fn describe_route_tables(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = [
        "association.gateway-id",
        "association.main",
        "association.route-table-association-id",
        "association.route-table-id",
        "association.subnet-id",
        "owner-id",
        "route-table-id",
        "route.destination-cidr-block",
        "route.destination-ipv6-cidr-block",
        "route.destination-prefix-list-id",
        "route.egress-only-internet-gateway-id",
        "route.gateway-id",
        "route.instance-id",
        "route.nat-gateway-id",
        "route.origin",
        "route.state",
        "route.transit-gateway-id",
        "route.vpc-peering-connection-id",
        "vpc-id",
    ];
    let (listing, scope) = operation.query(|params| Listing::take_pages(params, "RouteTableId", &known, 100))?;
    let part = Part::of(scope);
    let id = part.network.id("rtb", "");
    let table = RouteTable {
        tags: part.tags(&id),
        association: part.network.id("rtbassoc", ""),
        vpc: part.network.vpc(),
        gateway: part.network.id("igw", ""),
        owner: scope.account().to_owned(),
        id,
    };
    listing.answer(&kind::ROUTE_TABLE, "routeTableSet", vec![table])
}

impl RouteTable {
    /// Destination, gateway and origin of each route.
    fn routes(&self) -> [(&str, &str, &str); 2] {
        [(CIDR, "local", "CreateRouteTable"), (ANYWHERE, &self.gateway, "CreateRoute")]
    }
}

impl Record for RouteTable {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "association.main" => flag_passes(true, test),
            "association.route-table-association-id" => test(&self.association),
            "association.route-table-id" | "route-table-id" => test(&self.id),
            "owner-id" => test(&self.owner),
            "route.destination-cidr-block" => self.routes().iter().any(|(destination, ..)| test(destination)),
            "route.gateway-id" => self.routes().iter().any(|(_, gateway, _)| test(gateway)),
            "route.origin" => self.routes().iter().any(|(.., origin)| test(origin)),
            "route.state" => test("active"),
            "vpc-id" => test(&self.vpc),
            // No subnet is associated by name: the main table is everybody's.
            _ => false,
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "routeTableId", &self.id);
        xml::text(item, "vpcId", &self.vpc);
        xml::text(item, "ownerId", &self.owner);
        xml::list(item, "routeSet", "item", self.routes(), |route, (destination, gateway, origin)| {
            xml::text(route, "destinationCidrBlock", destination);
            xml::text(route, "gatewayId", gateway);
            xml::text(route, "state", "active");
            xml::text(route, "origin", origin);
        });
        xml::list(item, "associationSet", "item", [&self.association], |each, association| {
            xml::text(each, "routeTableAssociationId", association);
            xml::text(each, "routeTableId", &self.id);
            flag(each, "main", true);
            xml::element(each, "associationState", |state| xml::text(state, "state", "associated"));
        });
        xml::element(item, "propagatingVgwSet", |_| ());
    }
}

struct Gateway {
    id: String,
    vpc: String,
    owner: String,
    tags: Tags,
}

/// `DescribeInternetGateways`.
pub(super) fn describe_gateways(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = ["attachment.state", "attachment.vpc-id", "internet-gateway-id", "owner-id"];
    let (listing, scope) = operation.query(|params| Listing::take(params, "InternetGatewayId", &known))?;
    let part = Part::of(scope);
    let id = part.network.id("igw", "");
    let gateway = Gateway { tags: part.tags(&id), vpc: part.network.vpc(), owner: scope.account().to_owned(), id };
    listing.answer(&kind::GATEWAY, "internetGatewaySet", vec![gateway])
}

impl Record for Gateway {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "attachment.state" => test("available"),
            "attachment.vpc-id" => test(&self.vpc),
            "internet-gateway-id" => test(&self.id),
            _ => test(&self.owner),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "internetGatewayId", &self.id);
        xml::text(item, "ownerId", &self.owner);
        xml::list(item, "attachmentSet", "item", [&self.vpc], |each, vpc| {
            xml::text(each, "vpcId", vpc);
            // What EC2 says, although the model has `attached`.
            xml::text(each, "state", "available");
        });
    }
}
