//! Security groups, key pairs, and the default network that instances are launched into.

use super::{
    cloud::Cloud,
    ec2::{filter, tag},
};
use aws_sdk_ec2::{
    Client,
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{
        HttpTokensState, Instance, InstanceMetadataOptionsRequest, InstanceNetworkInterfaceSpecification, IpPermission,
        IpRange, KeyType, ResourceType, SecurityGroup, TagSpecification, UserIdGroupPair,
    },
};

/// A rule for one TCP port from one block.
fn tcp(port: i32, block: &str) -> IpPermission {
    let range = IpRange::builder().cidr_ip(block).description("of a test").build();
    IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port).ip_ranges(range).build()
}

async fn new_group(ec2: &Client, name: &str) -> String {
    let made = ec2.create_security_group().group_name(name).description("of a test").send().await.unwrap();
    made.group_id().unwrap().to_owned()
}

async fn group(ec2: &Client, id: &str) -> SecurityGroup {
    ec2.describe_security_groups().group_ids(id).send().await.unwrap().security_groups()[0].clone()
}

async fn instance(ec2: &Client, id: &str) -> Instance {
    let answer = ec2.describe_instances().instance_ids(id).send().await.unwrap();
    answer.reservations()[0].instances()[0].clone()
}

#[tokio::test]
async fn the_default_network_is_there_and_agrees_with_itself() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let vpcs = ec2.describe_vpcs().filters(filter("is-default", &["true"])).send().await.unwrap();
    let vpc = vpcs.vpcs()[0].vpc_id().unwrap();
    let subnets = ec2.describe_subnets().filters(filter("vpc-id", &[vpc])).send().await.unwrap();
    let zones = ec2.describe_availability_zones().send().await.unwrap();
    let names: Vec<_> = zones.availability_zones().iter().filter_map(|zone| zone.zone_name()).collect();
    assert_eq!(names, ["us-east-1a", "us-east-1b", "us-east-1c"]);
    assert_eq!(subnets.subnets().len(), 3);
    assert!(subnets.subnets().iter().all(|subnet| subnet.available_ip_address_count() == Some(4091)));
    let default = ec2.describe_security_groups().group_names("default").send().await.unwrap();
    assert_eq!(default.security_groups()[0].vpc_id(), Some(vpc));
    let tables = ec2.describe_route_tables().filters(filter("vpc-id", &[vpc])).send().await.unwrap();
    let gateways = ec2.describe_internet_gateways().filters(filter("attachment.vpc-id", &[vpc])).send().await.unwrap();
    let gateway = gateways.internet_gateways()[0].internet_gateway_id();
    assert_eq!(tables.route_tables()[0].routes()[1].gateway_id(), gateway);
    let absent = ec2.describe_vpcs().vpc_ids("vpc-0123456789abcdef0").send().await.unwrap_err();
    assert_eq!(absent.code(), Some("InvalidVpcID.NotFound"));
    let absent = ec2.describe_subnets().subnet_ids("x").send().await.unwrap_err();
    assert_eq!(absent.code(), Some("InvalidSubnetId.Malformed"));
}

#[tokio::test]
async fn rules_are_let_in_once_found_and_taken_out() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let id = new_group(&ec2, "web").await;
    let authorize =
        |rule: IpPermission| ec2.authorize_security_group_ingress().group_id(&id).ip_permissions(rule).send();
    let made = authorize(tcp(22, "10.1.2.3/8")).await.unwrap();
    let rule = &made.security_group_rules()[0];
    assert_eq!((rule.cidr_ipv4(), rule.description()), (Some("10.0.0.0/8"), Some("of a test")));
    let again = authorize(tcp(22, "10.0.0.0/8")).await.unwrap_err();
    assert_eq!(again.code(), Some("InvalidPermission.Duplicate"));
    let message = "the specified rule \"peer: 10.0.0.0/8, TCP, from port: 22, to port: 22, ALLOW\" already exists";
    assert_eq!(again.message(), Some(message));
    authorize(tcp(22, "0.0.0.0/0")).await.unwrap();
    let itself = UserIdGroupPair::builder().group_id(&id).build();
    authorize(IpPermission::builder().ip_protocol("-1").user_id_group_pairs(itself).build()).await.unwrap();
    for (rule, code) in [
        (tcp(70_000, "0.0.0.0/0"), "InvalidParameterValue"),
        (tcp(22, "0.0.0.0/33"), "InvalidParameterValue"),
        (tcp(22, "home"), "InvalidParameterValue"),
        (
            IpPermission::builder().ip_protocol("http").ip_ranges(IpRange::builder().cidr_ip("::/0").build()).build(),
            "InvalidParameterValue",
        ),
        (
            IpPermission::builder()
                .ip_protocol("-1")
                .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-0123456789abcdef0").build())
                .build(),
            "InvalidGroup.NotFound",
        ),
    ] {
        assert_eq!(authorize(rule).await.unwrap_err().code(), Some(code));
    }
    let shown = group(&ec2, &id).await;
    assert_eq!(shown.ip_permissions().len(), 2);
    assert_eq!(shown.ip_permissions()[0].ip_ranges().len(), 2);
    assert_eq!(shown.ip_permissions_egress()[0].ip_protocol(), Some("-1"));
    let by_port =
        ec2.describe_security_groups().filters(filter("ip-permission.from-port", &["22"])).send().await.unwrap();
    assert_eq!(by_port.security_groups()[0].group_id(), Some(id.as_str()));
    let revoke = || ec2.revoke_security_group_ingress().group_id(&id);
    revoke().ip_permissions(tcp(22, "0.0.0.0/0")).send().await.unwrap();
    let gone = revoke().ip_permissions(tcp(22, "0.0.0.0/0")).send().await.unwrap_err();
    assert_eq!(gone.code(), Some("InvalidPermission.NotFound"));
    revoke().security_group_rule_ids(rule.security_group_rule_id().unwrap()).send().await.unwrap();
    assert_eq!(group(&ec2, &id).await.ip_permissions().len(), 1);
    let cloud = cloud.restart().await;
    assert_eq!(group(&cloud.ec2(), &id).await.ip_permissions().len(), 1);
}

#[tokio::test]
async fn a_group_is_deleted_when_nothing_depends_on_it() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let (web, data) = (new_group(&ec2, "web").await, new_group(&ec2, "data").await);
    let twice = ec2.create_security_group().group_name("web").description("x").send().await.unwrap_err();
    assert_eq!(twice.code(), Some("InvalidGroup.Duplicate"));
    for (name, code) in [("default", "InvalidParameterValue"), ("sg-x", "InvalidParameterValue")] {
        let bad = ec2.create_security_group().group_name(name).description("x").send().await.unwrap_err();
        assert_eq!(bad.code(), Some(code));
    }
    let from_web = UserIdGroupPair::builder().group_id(&web).build();
    let rule = IpPermission::builder().ip_protocol("-1").user_id_group_pairs(from_web).build();
    ec2.authorize_security_group_ingress().group_id(&data).ip_permissions(rule).send().await.unwrap();
    let run = ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1).security_group_ids(&data);
    let launched = run.send().await.unwrap().instances()[0].clone();
    assert_eq!(launched.security_groups()[0].group_name(), Some("data"));
    let delete = |id: &str| ec2.delete_security_group().group_id(id).send();
    for used in [&web, &data] {
        assert_eq!(delete(used).await.unwrap_err().code(), Some("DependencyViolation"));
    }
    ec2.terminate_instances().instance_ids(launched.instance_id().unwrap()).send().await.unwrap();
    cloud.settle();
    delete(&data).await.unwrap();
    delete(&web).await.unwrap();
    assert_eq!(delete(&web).await.unwrap_err().code(), Some("InvalidGroup.NotFound"));
    let default = ec2.describe_security_groups().group_names("default").send().await.unwrap();
    let default = default.security_groups()[0].group_id().unwrap().to_owned();
    assert_eq!(delete(&default).await.unwrap_err().code(), Some("CannotDelete"));
}

#[tokio::test]
async fn key_pairs_are_made_imported_and_named_at_launch() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let made = ec2.create_key_pair().key_name("rsa").send().await.unwrap();
    assert!(made.key_material().unwrap().starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    assert_eq!(made.key_fingerprint().unwrap().len(), 59);
    let made = ec2.create_key_pair().key_name("edwards").key_type(KeyType::Ed25519).send().await.unwrap();
    assert!(made.key_material().unwrap().starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
    let twice = ec2.create_key_pair().key_name("rsa").send().await.unwrap_err();
    assert_eq!(twice.code(), Some("InvalidKeyPair.Duplicate"));
    let pairs = ec2.describe_key_pairs().key_names("rsa").include_public_key(true).send().await.unwrap();
    let public = pairs.key_pairs()[0].public_key().unwrap().to_owned();
    let specification = TagSpecification::builder().resource_type(ResourceType::KeyPair).tags(tag("a", "b")).build();
    let import = ec2.import_key_pair().key_name("mine").public_key_material(Blob::new(public));
    let imported = import.tag_specifications(specification).send().await.unwrap();
    assert_eq!((imported.key_fingerprint().unwrap().len(), imported.tags()), (47, [tag("a", "b")].as_slice()));
    let bad = ec2.import_key_pair().key_name("bad").public_key_material(Blob::new("ssh-rsa x")).send().await;
    assert_eq!(bad.unwrap_err().code(), Some("InvalidKey.Format"));
    let run = ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1).key_name("mine");
    assert_eq!(run.send().await.unwrap().instances()[0].key_name(), Some("mine"));
    let by_key = ec2.describe_instances().filters(filter("key-name", &["mine"])).send().await.unwrap();
    assert_eq!(by_key.reservations().len(), 1);
    ec2.delete_key_pair().key_name("mine").send().await.unwrap();
    ec2.delete_key_pair().key_name("mine").send().await.unwrap();
    let gone = ec2.describe_key_pairs().key_names("mine").send().await.unwrap_err();
    assert_eq!(
        (gone.code(), gone.message()),
        (Some("InvalidKeyPair.NotFound"), Some("The key pair 'mine' does not exist"))
    );
}

#[tokio::test]
async fn an_instance_agrees_with_its_interface_its_volume_and_its_options() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let tagged = |kind: ResourceType, value: &str| {
        TagSpecification::builder().resource_type(kind).tags(tag("of", value)).build()
    };
    let options = InstanceMetadataOptionsRequest::builder().http_tokens(HttpTokensState::Required).build();
    let run = ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1).metadata_options(options);
    let run = run
        .tag_specifications(tagged(ResourceType::Volume, "volume"))
        .tag_specifications(tagged(ResourceType::Instance, "instance"))
        .tag_specifications(tagged(ResourceType::NetworkInterface, "interface"));
    let launched = run.send().await.unwrap().instances()[0].clone();
    assert_eq!(launched.state_reason().unwrap().code(), Some("pending"));
    cloud.settle();
    let id = launched.instance_id().unwrap();
    let running = instance(&ec2, id).await;
    assert_eq!(running.metadata_options().unwrap().http_tokens(), Some(&HttpTokensState::Required));
    assert_eq!(running.state_reason(), None);
    let (address, name) = (running.public_ip_address().unwrap(), running.public_dns_name().unwrap());
    assert_eq!(name, format!("ec2-{}.compute-1.amazonaws.com", address.replace('.', "-")));
    let device = &running.block_device_mappings()[0];
    assert_eq!(device.device_name(), running.root_device_name());
    let interfaces = ec2.describe_network_interfaces().filters(filter("attachment.instance-id", &[id])).send().await;
    let interface = interfaces.unwrap().network_interfaces()[0].clone();
    assert_eq!(interface.association().unwrap().public_ip(), Some(address));
    assert_eq!(interface.private_ip_address(), running.private_ip_address());
    assert_eq!(interface.tag_set(), [tag("of", "interface")]);
    let tags = ec2.describe_tags().filters(filter("key", &["of"])).send().await.unwrap();
    let kinds: Vec<_> = tags.tags().iter().filter_map(|tag| tag.resource_type()).collect();
    assert_eq!(kinds, [&ResourceType::NetworkInterface, &ResourceType::Instance, &ResourceType::Volume]);
    ec2.stop_instances().instance_ids(id).send().await.unwrap();
    cloud.settle();
    assert_eq!(instance(&ec2, id).await.public_ip_address(), None);
    ec2.start_instances().instance_ids(id).send().await.unwrap();
    cloud.settle();
    assert_ne!(instance(&ec2, id).await.public_ip_address(), Some(address));
    ec2.terminate_instances().instance_ids(id).send().await.unwrap();
    let tags = ec2.describe_tags().filters(filter("resource-type", &["volume", "network-interface"])).send().await;
    assert!(tags.unwrap().tags().is_empty());
}

#[tokio::test]
async fn an_interface_of_a_launch_says_its_groups_and_addresses() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let web = new_group(&ec2, "web").await;
    let interface = |address: &str| {
        InstanceNetworkInterfaceSpecification::builder()
            .device_index(0)
            .groups(&web)
            .associate_public_ip_address(false)
            .private_ip_address(address)
            .build()
    };
    let run = |address: &str| {
        ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1).network_interfaces(interface(address))
    };
    let launched = run("172.31.16.9").send().await.unwrap().instances()[0].clone();
    cloud.settle();
    let running = instance(&ec2, launched.instance_id().unwrap()).await;
    assert_eq!((running.private_ip_address(), running.public_ip_address()), (Some("172.31.16.9"), None));
    assert_eq!(running.placement().unwrap().availability_zone(), Some("us-east-1b"));
    assert_eq!(running.security_groups()[0].group_id(), Some(web.as_str()));
    for (run, code) in [
        (run("172.31.16.9"), "InvalidIPAddress.InUse"),
        (run("10.0.0.9"), "InvalidParameterValue"),
        (run("172.31.16.10").security_group_ids(&web), "InvalidParameterCombination"),
        (run("172.31.16.10").max_count(2), "InvalidParameterCombination"),
    ] {
        assert_eq!(run.send().await.unwrap_err().code(), Some(code));
    }
}
