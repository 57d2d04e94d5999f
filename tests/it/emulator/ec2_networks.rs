//! Networks of one's own, elastic addresses, interfaces, and launch templates.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    cloud::Cloud,
    ec2::{filter, launch, tag},
};
use aws_sdk_ec2::{
    Client,
    error::ProvideErrorMetadata,
    types::{
        AttributeBooleanValue, Instance, InstanceNetworkInterfaceSpecification, InstanceType,
        LaunchTemplateSpecification, LaunchTemplateTagSpecificationRequest, NewDhcpConfiguration,
        RequestLaunchTemplateData, ResourceType, RuleAction, TagSpecification,
    },
};

async fn instance(ec2: &Client, id: &str) -> Instance {
    let answer = ec2.describe_instances().instance_ids(id).send().await.unwrap();
    answer.reservations()[0].instances()[0].clone()
}

pub(crate) async fn new_vpc(ec2: &Client, block: &str) -> String {
    let made = ec2.create_vpc().cidr_block(block).send().await.unwrap();
    made.vpc().unwrap().vpc_id().unwrap().to_owned()
}

pub(crate) async fn new_subnet(ec2: &Client, vpc: &str, block: &str) -> String {
    let made = ec2.create_subnet().vpc_id(vpc).cidr_block(block).send().await.unwrap();
    made.subnet().unwrap().subnet_id().unwrap().to_owned()
}

/// A gateway that leads out of a VPC.
async fn open(ec2: &Client, vpc: &str) -> String {
    let made = ec2.create_internet_gateway().send().await.unwrap();
    let id = made.internet_gateway().unwrap().internet_gateway_id().unwrap().to_owned();
    ec2.attach_internet_gateway().internet_gateway_id(&id).vpc_id(vpc).send().await.unwrap();
    id
}

async fn launch_in(ec2: &Client, subnet: &str) -> Result<Instance, aws_sdk_ec2::Error> {
    let run = ec2.run_instances().image_id("ami-0a1b2c3d4e5f60001").instance_type(InstanceType::T3Micro);
    let made = run.subnet_id(subnet).min_count(1).max_count(1).send().await?;
    Ok(made.instances()[0].clone())
}

#[tokio::test]
async fn a_vpc_comes_with_what_it_needs_and_goes_when_nothing_else_is_in_it() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let vpc = new_vpc(&ec2, "10.1.2.3/16").await;
    let shown = ec2.describe_vpcs().vpc_ids(&vpc).send().await.unwrap();
    assert_eq!((shown.vpcs()[0].cidr_block(), shown.vpcs()[0].is_default()), (Some("10.1.0.0/16"), Some(false)));
    let tables = ec2.describe_route_tables().filters(filter("vpc-id", &[&vpc])).send().await.unwrap();
    assert_eq!(tables.route_tables()[0].routes()[0].gateway_id(), Some("local"));
    let acls = ec2.describe_network_acls().filters(filter("vpc-id", &[&vpc])).send().await.unwrap();
    assert_eq!(acls.network_acls()[0].is_default(), Some(true));
    let groups = ec2.describe_security_groups().filters(filter("vpc-id", &[&vpc])).send().await.unwrap();
    let default = groups.security_groups()[0].clone();
    assert_eq!(default.group_name(), Some("default"));
    let kept = ec2.delete_security_group().group_id(default.group_id().unwrap()).send().await.unwrap_err();
    assert_eq!(kept.code(), Some("CannotDelete"));
    let subnet = new_subnet(&ec2, &vpc, "10.1.1.0/24").await;
    for (block, code) in [
        ("10.2.0.0/24", "InvalidSubnet.Range"),
        ("10.1.1.128/25", "InvalidSubnet.Conflict"),
        ("10.1.9.0/29", "InvalidSubnet.Range"),
        ("ten", "InvalidParameterValue"),
    ] {
        let refused = ec2.create_subnet().vpc_id(&vpc).cidr_block(block).send().await.unwrap_err();
        assert_eq!(refused.code(), Some(code), "{block}");
    }
    let group = ec2.create_security_group().group_name("web").description("x").vpc_id(&vpc).send().await.unwrap();
    for used in ["a subnet", "a group"] {
        let kept = ec2.delete_vpc().vpc_id(&vpc).send().await.unwrap_err();
        assert_eq!(kept.code(), Some("DependencyViolation"), "{used}");
        if used == "a subnet" {
            ec2.delete_subnet().subnet_id(&subnet).send().await.unwrap();
        }
    }
    ec2.delete_security_group().group_id(group.group_id().unwrap()).send().await.unwrap();
    ec2.delete_vpc().vpc_id(&vpc).send().await.unwrap();
    let gone = ec2.describe_security_groups().filters(filter("vpc-id", &[&vpc])).send().await.unwrap();
    assert!(gone.security_groups().is_empty());
    assert_eq!(ec2.delete_vpc().vpc_id(&vpc).send().await.unwrap_err().code(), Some("InvalidVpcID.NotFound"));
}

#[tokio::test]
async fn an_instance_in_a_subnet_of_ones_own_agrees_with_it() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let vpc = new_vpc(&ec2, "10.1.0.0/16").await;
    let subnet = new_subnet(&ec2, &vpc, "10.1.1.0/28").await;
    let public = AttributeBooleanValue::builder().value(true).build();
    let made = launch_in(&ec2, &subnet).await.unwrap();
    let address = made.private_ip_address().unwrap();
    assert!(address.starts_with("10.1.1."), "{address}");
    assert_eq!((made.vpc_id(), made.subnet_id()), (Some(vpc.as_str()), Some(subnet.as_str())));
    ec2.modify_subnet_attribute().subnet_id(&subnet).map_public_ip_on_launch(public.clone()).send().await.unwrap();
    let open = launch_in(&ec2, &subnet).await.unwrap();
    cloud.settle();
    let (closed, open) = (instance(&ec2, made.instance_id().unwrap()).await, open.instance_id().unwrap().to_owned());
    assert_eq!(closed.public_ip_address(), None);
    assert_eq!(closed.security_groups()[0].group_name(), Some("default"));
    let shown = instance(&ec2, &open).await;
    assert!(shown.public_ip_address().is_some() && shown.public_dns_name() == Some(""));
    ec2.modify_vpc_attribute().vpc_id(&vpc).enable_dns_hostnames(public).send().await.unwrap();
    assert!(instance(&ec2, &open).await.public_dns_name().unwrap().starts_with("ec2-198-"));
    let used = ec2.delete_subnet().subnet_id(&subnet).send().await.unwrap_err();
    assert_eq!(used.code(), Some("DependencyViolation"));
    let of_default = ec2.describe_security_groups().group_names("default").send().await.unwrap();
    let other = of_default.security_groups()[0].group_id().unwrap();
    let run = ec2.run_instances().image_id("ami-0a1b2c3d4e5f60001").subnet_id(&subnet).security_group_ids(other);
    let mixed = run.min_count(1).max_count(1).send().await.unwrap_err();
    assert_eq!(mixed.code(), Some("InvalidParameter"));
    // Eleven addresses, of which two are taken.
    let run = ec2.run_instances().image_id("ami-0a1b2c3d4e5f60001").subnet_id(&subnet).min_count(9).max_count(20);
    assert_eq!(run.send().await.unwrap().instances().len(), 9);
    let cloud = cloud.restart().await;
    let full = launch_in(&cloud.ec2(), &subnet).await.unwrap_err();
    assert_eq!(full.code(), Some("InsufficientFreeAddressesInSubnet"));
}

#[tokio::test]
async fn routes_lead_where_something_is() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let vpc = new_vpc(&ec2, "10.1.0.0/16").await;
    let (subnet, gateway) = (new_subnet(&ec2, &vpc, "10.1.1.0/24").await, open(&ec2, &vpc).await);
    let table = ec2.create_route_table().vpc_id(&vpc).send().await.unwrap();
    let table = table.route_table().unwrap().route_table_id().unwrap().to_owned();
    let create = |block: &str, gateway: &str| {
        ec2.create_route().route_table_id(&table).destination_cidr_block(block).gateway_id(gateway).send()
    };
    create("0.0.0.0/0", &gateway).await.unwrap();
    for (block, gateway, code) in [
        ("0.0.0.0/0", gateway.as_str(), "RouteAlreadyExists"),
        ("10.1.0.0/16", gateway.as_str(), "RouteAlreadyExists"),
        ("10.9.0.0/16", "igw-0123456789abcdef0", "InvalidInternetGatewayID.NotFound"),
        ("ten", gateway.as_str(), "InvalidParameterValue"),
    ] {
        assert_eq!(create(block, gateway).await.unwrap_err().code(), Some(code), "{block} {gateway}");
    }
    let made = ec2.associate_route_table().route_table_id(&table).subnet_id(&subnet).send().await.unwrap();
    let association = made.association_id().unwrap();
    let again = ec2.associate_route_table().route_table_id(&table).subnet_id(&subnet).send().await.unwrap_err();
    assert_eq!(again.code(), Some("Resource.AlreadyAssociated"));
    let used = ec2.delete_route_table().route_table_id(&table).send().await.unwrap_err();
    assert_eq!(used.code(), Some("DependencyViolation"));
    let state = async || {
        let shown = ec2.describe_route_tables().route_table_ids(&table).send().await.unwrap();
        shown.route_tables()[0].routes()[1].state().unwrap().as_str().to_owned()
    };
    assert_eq!(state().await, "active");
    ec2.detach_internet_gateway().internet_gateway_id(&gateway).vpc_id(&vpc).send().await.unwrap();
    assert_eq!(state().await, "blackhole");
    ec2.disassociate_route_table().association_id(association).send().await.unwrap();
    let delete = || ec2.delete_route().route_table_id(&table).destination_cidr_block("0.0.0.0/0").send();
    delete().await.unwrap();
    assert_eq!(delete().await.unwrap_err().code(), Some("InvalidRoute.NotFound"));
    ec2.delete_route_table().route_table_id(&table).send().await.unwrap();
}

#[tokio::test]
async fn an_elastic_address_stays_with_its_instance_and_is_free_after_it() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let id = launch(&ec2, 1, &[]).await[0].instance_id().unwrap().to_owned();
    let other = launch(&ec2, 1, &[]).await[0].instance_id().unwrap().to_owned();
    cloud.settle();
    let made = ec2.allocate_address().send().await.unwrap();
    let (allocation, address) = (made.allocation_id().unwrap(), made.public_ip().unwrap());
    let associate = |instance: &str| ec2.associate_address().allocation_id(allocation).instance_id(instance);
    let association = associate(&id).send().await.unwrap();
    assert_eq!(associate(&id).send().await.unwrap().association_id(), association.association_id());
    let stays = associate(&other).allow_reassociation(false).send().await.unwrap_err();
    assert_eq!(stays.code(), Some("Resource.AlreadyAssociated"));
    let twice = ec2.disassociate_address().association_id(association.association_id().unwrap()).public_ip(address);
    assert_eq!(twice.send().await.unwrap_err().code(), Some("InvalidParameterCombination"));
    assert_eq!(instance(&ec2, &id).await.public_ip_address(), Some(address));
    let interface = instance(&ec2, &id).await.network_interfaces()[0].clone();
    assert_eq!(interface.association().unwrap().ip_owner_id(), Some("000000000000"));
    ec2.stop_instances().instance_ids(&id).send().await.unwrap();
    cloud.settle();
    assert_eq!(instance(&ec2, &id).await.public_ip_address(), Some(address), "also while it is stopped");
    let used = ec2.release_address().allocation_id(allocation).send().await.unwrap_err();
    assert_eq!(used.code(), Some("InvalidIPAddress.InUse"));
    associate(&other).send().await.unwrap();
    assert_eq!(instance(&ec2, &id).await.public_ip_address(), None);
    let by_instance = ec2.describe_addresses().filters(filter("instance-id", &[&other])).send().await.unwrap();
    assert_eq!(by_instance.addresses()[0].public_ip(), Some(address));
    let cloud = cloud.restart().await;
    let ec2 = cloud.ec2();
    ec2.terminate_instances().instance_ids(&other).send().await.unwrap();
    let left = ec2.describe_addresses().allocation_ids(allocation).send().await.unwrap();
    assert_eq!(left.addresses()[0].association_id(), None);
    ec2.release_address().allocation_id(allocation).send().await.unwrap();
    let gone = ec2.release_address().allocation_id(allocation).send().await.unwrap_err();
    assert_eq!(gone.code(), Some("InvalidAllocationID.NotFound"));
}

#[tokio::test]
async fn an_interface_is_attached_detached_and_removed() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let machine = launch(&ec2, 1, &[]).await.remove(0);
    let id = machine.instance_id().unwrap();
    cloud.settle();
    let made = ec2.create_network_interface().subnet_id(machine.subnet_id().unwrap()).description("own");
    let made = made.send().await.unwrap();
    let interface = made.network_interface().unwrap().network_interface_id().unwrap().to_owned();
    let attach =
        |index| ec2.attach_network_interface().network_interface_id(&interface).instance_id(id).device_index(index);
    assert_eq!(attach(0).send().await.unwrap_err().code(), Some("InvalidParameterValue"));
    let attachment = attach(1).send().await.unwrap().attachment_id().unwrap().to_owned();
    let shown = instance(&ec2, id).await;
    assert_eq!(shown.network_interfaces().len(), 2);
    assert_eq!(shown.network_interfaces()[1].description(), Some("own"));
    let by = ec2.describe_instances().filters(filter("network-interface.network-interface-id", &[&interface]));
    assert_eq!(by.send().await.unwrap().reservations().len(), 1);
    let used = ec2.delete_network_interface().network_interface_id(&interface).send().await.unwrap_err();
    assert_eq!(used.code(), Some("InvalidParameterValue"));
    ec2.detach_network_interface().attachment_id(&attachment).send().await.unwrap();
    assert_eq!(instance(&ec2, id).await.network_interfaces().len(), 1);
    let first =
        instance(&ec2, id).await.network_interfaces()[0].attachment().unwrap().attachment_id().unwrap().to_owned();
    let kept = ec2.detach_network_interface().attachment_id(first).send().await.unwrap_err();
    assert_eq!(kept.code(), Some("OperationNotPermitted"));
    attach(2).send().await.unwrap();
    ec2.terminate_instances().instance_ids(id).send().await.unwrap();
    let left = ec2.describe_network_interfaces().network_interface_ids(&interface).send().await.unwrap();
    assert_eq!(left.network_interfaces()[0].status().unwrap().as_str(), "available");
    ec2.delete_network_interface().network_interface_id(&interface).send().await.unwrap();
}

#[tokio::test]
async fn a_nat_gateway_has_an_address_for_as_long_as_it_is_there() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let vpc = new_vpc(&ec2, "10.1.0.0/16").await;
    let subnet = new_subnet(&ec2, &vpc, "10.1.1.0/24").await;
    let allocation = ec2.allocate_address().send().await.unwrap().allocation_id().unwrap().to_owned();
    let create = || ec2.create_nat_gateway().subnet_id(&subnet).allocation_id(&allocation);
    assert_eq!(create().send().await.unwrap_err().code(), Some("Gateway.NotAttached"));
    open(&ec2, &vpc).await;
    let nat = create().send().await.unwrap().nat_gateway().unwrap().nat_gateway_id().unwrap().to_owned();
    let state = async || {
        let shown = ec2.describe_nat_gateways().nat_gateway_ids(&nat).send().await.unwrap();
        shown.nat_gateways()[0].state().unwrap().as_str().to_owned()
    };
    assert_eq!(state().await, "pending");
    cloud.settle();
    assert_eq!(state().await, "available");
    let used = ec2.delete_subnet().subnet_id(&subnet).send().await.unwrap_err();
    assert_eq!(used.code(), Some("DependencyViolation"));
    ec2.delete_nat_gateway().nat_gateway_id(&nat).send().await.unwrap();
    cloud.settle();
    assert_eq!(state().await, "deleted");
    ec2.release_address().allocation_id(&allocation).send().await.unwrap();
    ec2.delete_subnet().subnet_id(&subnet).send().await.unwrap();
}

#[tokio::test]
async fn an_instance_is_what_its_template_and_its_launch_say() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let tags = LaunchTemplateTagSpecificationRequest::builder()
        .resource_type(ResourceType::Instance)
        .tags(tag("of", "template"))
        .tags(tag("by", "template"))
        .build();
    let data = RequestLaunchTemplateData::builder()
        .image_id("ami-0a1b2c3d4e5f60001")
        .instance_type(InstanceType::T3Micro)
        .tag_specifications(tags)
        .build();
    let create = ec2.create_launch_template().launch_template_name("web").launch_template_data(data.clone());
    let made = create.send().await.unwrap();
    let id = made.launch_template().unwrap().launch_template_id().unwrap().to_owned();
    let twice = ec2.create_launch_template().launch_template_name("web").launch_template_data(data);
    let twice = twice.send().await.unwrap_err();
    assert_eq!(twice.code(), Some("InvalidLaunchTemplateName.AlreadyExistsException"));
    let second = RequestLaunchTemplateData::builder().instance_type(InstanceType::T3Small).build();
    let version = ec2.create_launch_template_version().launch_template_name("web").source_version("1");
    version.launch_template_data(second).send().await.unwrap();
    let launched = async |version: Option<&str>, own: Option<InstanceType>| {
        let template = LaunchTemplateSpecification::builder().launch_template_id(&id);
        let template = template.set_version(version.map(str::to_owned)).build();
        let by = TagSpecification::builder().resource_type(ResourceType::Instance).tags(tag("by", "launch")).build();
        let run = ec2.run_instances().launch_template(template).min_count(1).max_count(1);
        let made = run.set_instance_type(own).tag_specifications(by).send().await?;
        Ok::<_, aws_sdk_ec2::Error>(made.instances()[0].clone())
    };
    let kind = |made: &Instance| made.instance_type().unwrap().clone();
    let first = launched(None, None).await.unwrap();
    assert_eq!(kind(&first), InstanceType::T3Micro);
    for expected in [
        tag("of", "template"),
        tag("by", "launch"),
        tag("aws:ec2launchtemplate:id", &id),
        tag("aws:ec2launchtemplate:version", "1"),
    ] {
        assert!(first.tags().contains(&expected), "{expected:?} in {:?}", first.tags());
    }
    assert_eq!(kind(&launched(Some("$Latest"), None).await.unwrap()), InstanceType::T3Small);
    assert_eq!(kind(&launched(Some("2"), Some(InstanceType::T2Micro)).await.unwrap()), InstanceType::T2Micro);
    let absent = launched(Some("9"), None).await.unwrap_err();
    assert_eq!(absent.code(), Some("InvalidLaunchTemplateId.VersionNotFound"));
    ec2.modify_launch_template().launch_template_id(&id).default_version("2").send().await.unwrap();
    let cloud = cloud.restart().await;
    let ec2 = cloud.ec2();
    let shown =
        ec2.describe_launch_template_versions().launch_template_id(&id).versions("$Default").send().await.unwrap();
    let shown = &shown.launch_template_versions()[0];
    assert_eq!((shown.version_number(), shown.default_version()), (Some(2), Some(true)));
    assert_eq!(shown.launch_template_data().unwrap().image_id(), Some("ami-0a1b2c3d4e5f60001"));
    ec2.delete_launch_template().launch_template_name("web").send().await.unwrap();
    let gone = ec2.describe_launch_templates().launch_template_ids(&id).send().await.unwrap_err();
    assert_eq!(gone.code(), Some("InvalidLaunchTemplateId.NotFound"));
}

#[tokio::test]
async fn an_instance_is_launched_with_an_interface_that_stays_after_it() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let vpc = new_vpc(&ec2, "10.1.0.0/16").await;
    let subnet = new_subnet(&ec2, &vpc, "10.1.1.0/24").await;
    let made = ec2.create_network_interface().subnet_id(&subnet).private_ip_address("10.1.1.9").send().await.unwrap();
    let interface = made.network_interface().unwrap().network_interface_id().unwrap().to_owned();
    let launch = |index| {
        let given = InstanceNetworkInterfaceSpecification::builder().network_interface_id(&interface);
        let run = ec2.run_instances().image_id("ami-0a1b2c3d4e5f60001").instance_type(InstanceType::T3Micro);
        run.network_interfaces(given.device_index(index).build()).min_count(1).max_count(1).send()
    };
    assert_eq!(launch(1).await.unwrap_err().code(), Some("InvalidParameterCombination"));
    let id = launch(0).await.unwrap().instances()[0].instance_id().unwrap().to_owned();
    assert_eq!(launch(0).await.unwrap_err().code(), Some("InvalidNetworkInterface.InUse"));
    let cloud = cloud.restart().await;
    let ec2 = cloud.ec2();
    let shown = instance(&ec2, &id).await;
    assert_eq!((shown.subnet_id(), shown.private_ip_address()), (Some(subnet.as_str()), Some("10.1.1.9")));
    assert_eq!(shown.network_interfaces().len(), 1);
    assert_eq!(shown.network_interfaces()[0].network_interface_id(), Some(interface.as_str()));
    let off = AttributeBooleanValue::builder().value(false).build();
    ec2.modify_instance_attribute().instance_id(&id).source_dest_check(off).send().await.unwrap();
    let all = ec2.describe_network_interfaces().filters(filter("vpc-id", &[&vpc])).send().await.unwrap();
    assert_eq!(all.network_interfaces().len(), 1);
    assert_eq!(all.network_interfaces()[0].source_dest_check(), Some(false));
    let attachment = all.network_interfaces()[0].attachment().unwrap().attachment_id().unwrap().to_owned();
    let kept = ec2.detach_network_interface().attachment_id(attachment).send().await.unwrap_err();
    assert_eq!(kept.code(), Some("OperationNotPermitted"));
    ec2.terminate_instances().instance_ids(&id).send().await.unwrap();
    ec2.delete_network_interface().network_interface_id(&interface).send().await.unwrap();
    ec2.delete_subnet().subnet_id(&subnet).send().await.unwrap();
}

#[tokio::test]
async fn a_subnet_is_in_one_network_acl_and_takes_nothing_with_it() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let vpc = new_vpc(&ec2, "10.1.0.0/16").await;
    let subnet = new_subnet(&ec2, &vpc, "10.1.1.0/24").await;
    let made = ec2.create_network_acl().vpc_id(&vpc).send().await.unwrap();
    let acl = made.network_acl().unwrap().network_acl_id().unwrap().to_owned();
    let add = || {
        let entry = ec2.create_network_acl_entry().network_acl_id(&acl).rule_number(100).egress(false);
        entry.protocol("-1").rule_action(RuleAction::Allow).cidr_block("0.0.0.0/0").send()
    };
    add().await.unwrap();
    assert_eq!(add().await.unwrap_err().code(), Some("NetworkAclEntryAlreadyExists"));
    let of_subnet = || ec2.describe_network_acls().filters(filter("association.subnet-id", &[&subnet])).send();
    let default = of_subnet().await.unwrap().network_acls()[0].clone();
    assert_eq!(default.is_default(), Some(true));
    let association = default.associations()[0].network_acl_association_id().unwrap();
    ec2.replace_network_acl_association().association_id(association).network_acl_id(&acl).send().await.unwrap();
    let found = of_subnet().await.unwrap();
    assert_eq!((found.network_acls().len(), found.network_acls()[0].entries().len()), (1, 3));
    assert_eq!(found.network_acls()[0].network_acl_id(), Some(acl.as_str()));
    let delete = || ec2.delete_network_acl().network_acl_id(&acl).send();
    assert_eq!(delete().await.unwrap_err().code(), Some("DependencyViolation"));
    ec2.delete_subnet().subnet_id(&subnet).send().await.unwrap();
    let kept = ec2.delete_vpc().vpc_id(&vpc).send().await.unwrap_err();
    assert_eq!(kept.code(), Some("DependencyViolation"), "while it has an ACL of its own");
    delete().await.unwrap();
    ec2.delete_vpc().vpc_id(&vpc).send().await.unwrap();
}

#[tokio::test]
async fn a_vpc_has_the_dhcp_options_that_it_is_given() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let vpc = new_vpc(&ec2, "10.1.0.0/16").await;
    let domain = NewDhcpConfiguration::builder().key("domain-name").values("example.com").build();
    let made = ec2.create_dhcp_options().dhcp_configurations(domain).send().await.unwrap();
    let id = made.dhcp_options().unwrap().dhcp_options_id().unwrap().to_owned();
    ec2.associate_dhcp_options().dhcp_options_id(&id).vpc_id(&vpc).send().await.unwrap();
    let shown = ec2.describe_vpcs().vpc_ids(&vpc).send().await.unwrap();
    assert_eq!(shown.vpcs()[0].dhcp_options_id(), Some(id.as_str()));
    let used = ec2.delete_dhcp_options().dhcp_options_id(&id).send().await.unwrap_err();
    assert_eq!(used.code(), Some("DependencyViolation"));
    ec2.associate_dhcp_options().dhcp_options_id("default").vpc_id(&vpc).send().await.unwrap();
    ec2.delete_dhcp_options().dhcp_options_id(&id).send().await.unwrap();
    let gone = ec2.describe_dhcp_options().dhcp_options_ids(&id).send().await.unwrap_err();
    assert_eq!(gone.code(), Some("InvalidDhcpOptionID.NotFound"));
}
