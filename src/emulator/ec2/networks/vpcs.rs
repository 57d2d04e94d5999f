//! VPCs.

use super::{
    block::Block,
    in_use,
    records::Vpc,
    refuse,
    table::{Association, RouteTable},
};
use crate::emulator::{
    ec2::{
        dry_run,
        groups::Group,
        kind,
        listing::{Listing, Record, Tags, flag, flag_passes, write_tags},
        network::Network,
        new_hex, new_id,
        state::State,
        tags, take_dry_run,
    },
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// A VPC as a listing shows it.
struct Shown {
    vpc: Vpc,
    owner: String,
    blocks: Vec<(String, Block)>,
    options: String,
    tags: Tags,
}

impl Shown {
    fn of(state: &State, vpc: Vpc, network: &Network) -> Self {
        Self {
            tags: state.tags_of(&vpc.id).clone(),
            owner: network.account().to_owned(),
            blocks: vpc.associated(network),
            options: vpc.options(network),
            vpc,
        }
    }
}

/// The ways to a block that a VPC has in EC2, and not here.
const LACKING: [&str; 7] = [
    "Ipv4IpamPoolId",
    "Ipv4NetmaskLength",
    "Ipv6CidrBlock",
    "Ipv6CidrBlockNetworkBorderGroup",
    "Ipv6IpamPoolId",
    "Ipv6NetmaskLength",
    "Ipv6Pool",
];

/// Reads the block that a VPC is given, and refuses by name what it could be given besides.
pub(super) fn take_vpc_block(params: &mut QueryParams, operation: &str) -> Result<Block, AwsError> {
    refuse(params, operation, &LACKING)?;
    if params.flag("AmazonProvidedIpv6CidrBlock")? == Some(true) {
        return Err(AwsError::not_implemented("ec2", &format!("{operation} with AmazonProvidedIpv6CidrBlock")));
    }
    take_block(params, "InvalidVpc.Range")
}

/// Reads a block of 16 to 65 536 addresses.
pub(super) fn take_block(params: &mut QueryParams, code: &'static str) -> Result<Block, AwsError> {
    let text = params.required("CidrBlock")?;
    let block: Block =
        text.parse().map_err(|_| AwsError::invalid_parameter(&text, "cidrBlock", "This is not a valid CIDR block."))?;
    if (16..=28).contains(&block.length()) {
        return Ok(block);
    }
    Err(AwsError::sender(code, format!("The CIDR '{text}' is invalid.")))
}

/// `CreateVpc`: with its main route table and its default group.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((block, tenancy, tags, dry), scope) = operation.query(|params| {
        refuse(params, "CreateVpc", &["VpcEncryptionControl"])?;
        let tenancy = params.one_of("InstanceTenancy", &["dedicated", "default"])?;
        let tags = tags::take_for(params, &kind::VPC)?;
        Ok((take_vpc_block(params, "CreateVpc")?, tenancy, tags, take_dry_run(params)?))
    })?;
    let network = Network::new(scope.account(), scope.region);
    let vpc = Vpc {
        id: new_id(kind::VPC.prefix)?,
        block,
        tenancy: tenancy.unwrap_or_else(|| "default".to_owned()),
        is_default: false,
        has_dns: true,
        has_names: false,
        counts_usage: false,
        more: Vec::new(),
        options: None,
    };
    let main = RouteTable {
        id: new_id(kind::ROUTE_TABLE.prefix)?,
        vpc: vpc.id.clone(),
        routes: Vec::new(),
        associations: vec![Association { id: format!("rtbassoc-{}", new_hex()?), subnet: None }],
        token: String::new(),
    };
    let group = Group::default_in(&vpc.id)?;
    let shown = scope
        .change(|state| {
            dry_run(dry)?;
            state.ec2.set_tags(&vpc.id, tags);
            state.ec2.route_tables.insert(main.id.clone(), main);
            state.ec2.groups.insert(group.id.clone(), group);
            state.ec2.vpcs.insert(vpc.id.clone(), vpc.clone());
            Ok(Shown::of(&state.ec2, vpc, &network))
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::element(root, "vpc", |item| {
            shown.write_with("pending", item);
            // Its first description has the list, the later ones only with something in it.
            xml::element(item, "ipv6CidrBlockAssociationSet", |_| ());
            write_tags(item, shown.tags());
        });
    }))
}

/// `DeleteVpc`: with what came with it, once nothing else is in it.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) = operation.query(|params| Ok((params.required("VpcId")?, take_dry_run(params)?)))?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let vpc = ec2.vpc(&id, &network)?;
            let is_used = ec2.subnets(&network).iter().any(|subnet| subnet.vpc == id)
                || ec2.has_gateway(&id, &network)
                || ec2.route_tables.values().any(|table| table.vpc == id && !table.is_main())
                || ec2.groups.values().any(|group| group.vpc(&network) == id && !group.is_default())
                || ec2.acls.values().any(|acl| acl.vpc == id && !acl.is_default)
                || ec2.endpoints.values().any(|endpoint| endpoint.is_in(&id))
                || ec2.interfaces.values().any(|interface| interface.vpc == id);
            if is_used {
                return Err(in_use("vpc", &id));
            }
            if vpc.is_default {
                return Err(AwsError::not_implemented("ec2", "DeleteVpc of the default VPC"));
            }
            dry_run(dry)?;
            let tables: Vec<String> =
                ec2.route_tables.values().filter(|table| table.vpc == id).map(|table| table.id.clone()).collect();
            for table in tables {
                ec2.route_tables.remove(&table);
                ec2.set_tags(&table, Tags::new());
            }
            let groups: Vec<String> =
                ec2.groups.values().filter(|group| group.vpc(&network) == id).map(|group| group.id.clone()).collect();
            groups.iter().for_each(|group| ec2.remove_group(group));
            let acls = ec2.acls(&network).into_iter().filter(|acl| acl.vpc == id);
            for acl in acls.collect::<Vec<_>>() {
                ec2.acls.remove(&acl.id);
                ec2.set_tags(&acl.id, Tags::new());
            }
            ec2.vpcs.remove(&id);
            ec2.set_tags(&id, Tags::new());
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `ModifyVpcAttribute`: one attribute.
pub(in crate::emulator::ec2) async fn modify(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dns, names, usage), scope) = operation.query(|params| {
        let mut value = |name: &str| params.flag(&format!("{name}.Value"));
        let (dns, names) = (value("EnableDnsSupport")?, value("EnableDnsHostnames")?);
        let usage = value("EnableNetworkAddressUsageMetrics")?;
        Ok((params.required("VpcId")?, dns, names, usage))
    })?;
    if [dns, names, usage].iter().flatten().count() != 1 {
        let message = "Exactly one of EnableDnsSupport, EnableDnsHostnames and EnableNetworkAddressUsageMetrics must be \
                       specified.";
        return Err(AwsError::sender("InvalidParameterCombination", message));
    }
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let mut vpc = state.ec2.vpc(&id, &network)?;
            vpc.has_dns = dns.unwrap_or(vpc.has_dns);
            vpc.has_names = names.unwrap_or(vpc.has_names);
            vpc.counts_usage = usage.unwrap_or(vpc.counts_usage);
            let has_names = vpc.has_dns && vpc.has_names;
            state.ec2.instances.change_where(
                |instance| instance.interface.lot.as_ref().is_some_and(|lot| lot.vpc == id),
                |instance| instance.interface.lot.iter_mut().for_each(|lot| lot.has_names = has_names),
            );
            state.ec2.vpcs.insert(id.clone(), vpc);
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DescribeVpcs`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
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
    let network = Network::new(scope.account(), scope.region);
    let shown = scope.read(|state| {
        let vpcs = state.ec2.vpcs(&network).into_iter();
        vpcs.map(|vpc| Shown::of(&state.ec2, vpc, &network)).collect()
    });
    listing.answer(&kind::VPC, "vpcSet", shown)
}

/// `DescribeVpcAttribute`.
pub(in crate::emulator::ec2) fn describe_attribute(operation: Operation<'_>) -> Result<Output, AwsError> {
    let names = ["enableDnsHostnames", "enableDnsSupport", "enableNetworkAddressUsageMetrics"];
    let ((id, attribute, dry), scope) = operation.query(|params| {
        let (id, attribute) = (params.required("VpcId")?, params.one_of("Attribute", &names)?);
        let attribute = attribute.ok_or_else(|| AwsError::missing_parameter("Attribute"))?;
        Ok((id, attribute, take_dry_run(params)?))
    })?;
    let network = Network::new(scope.account(), scope.region);
    let vpc = scope.read(|state| state.ec2.vpc(&id, &network))?;
    dry_run(dry)?;
    Ok(Output::xml(move |root| {
        let is_on = match attribute.as_str() {
            "enableDnsHostnames" => vpc.has_names,
            "enableDnsSupport" => vpc.has_dns,
            _ => vpc.counts_usage,
        };
        xml::text(root, "vpcId", &id);
        xml::element(root, &attribute, |value| flag(value, "value", is_on));
    }))
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.vpc.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "cidr" => test(&self.vpc.block.to_string()),
            "cidr-block-association.cidr-block" => self.blocks.iter().any(|(_, block)| test(&block.to_string())),
            "cidr-block-association.association-id" => self.blocks.iter().any(|(id, _)| test(id)),
            "cidr-block-association.state" => test("associated"),
            "dhcp-options-id" => test(&self.options),
            "is-default" | "isDefault" => flag_passes(self.vpc.is_default, test),
            "owner-id" => test(&self.owner),
            "state" => test("available"),
            "vpc-id" => test(&self.vpc.id),
            // It has no IPv6 addresses.
            _ => false,
        }
    }

    fn write(&self, item: &mut xml::Element) {
        self.write_with("available", item);
    }
}

impl Shown {
    fn write_with(&self, state: &str, item: &mut xml::Element) {
        xml::text(item, "vpcId", &self.vpc.id);
        xml::text(item, "ownerId", &self.owner);
        xml::text(item, "state", state);
        xml::text(item, "cidrBlock", &self.vpc.block.to_string());
        xml::list(item, "cidrBlockAssociationSet", "item", &self.blocks, |each, (association, block)| {
            xml::text(each, "cidrBlock", &block.to_string());
            xml::text(each, "associationId", association);
            xml::element(each, "cidrBlockState", |state| xml::text(state, "state", "associated"));
        });
        xml::text(item, "dhcpOptionsId", &self.options);
        xml::text(item, "instanceTenancy", &self.vpc.tenancy);
        flag(item, "isDefault", self.vpc.is_default);
        write_no_block(item);
    }
}

/// Writes that nobody has blocked the way to the internet.
pub(super) fn write_no_block(item: &mut xml::Element) {
    xml::element(item, "blockPublicAccessStates", |states| xml::text(states, "internetGatewayBlockMode", "off"));
}
