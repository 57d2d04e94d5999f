//! VPC endpoints: gateways in route tables, interfaces in subnets, and the services that they lead to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    cloud::Cloud,
    ec2::filter,
    ec2_networks::{new_subnet, new_vpc},
};
use aws_sdk_ec2::{
    Client,
    error::ProvideErrorMetadata,
    types::{AttributeBooleanValue, ServiceType, VpcEndpoint, VpcEndpointType},
};

const S3: &str = "com.amazonaws.us-east-1.s3";
const LAMBDA: &str = "com.amazonaws.us-east-1.lambda";

async fn new_table(ec2: &Client, vpc: &str) -> String {
    let made = ec2.create_route_table().vpc_id(vpc).send().await.unwrap();
    made.route_table().unwrap().route_table_id().unwrap().to_owned()
}

async fn endpoint(ec2: &Client, id: &str) -> VpcEndpoint {
    let shown = ec2.describe_vpc_endpoints().vpc_endpoint_ids(id).send().await.unwrap();
    shown.vpc_endpoints()[0].clone()
}

/// Where the routes of a table with a prefix list lead, each after its list.
async fn led(ec2: &Client, table: &str) -> Vec<(String, String)> {
    let shown = ec2.describe_route_tables().route_table_ids(table).send().await.unwrap();
    let routes = shown.route_tables()[0].routes().iter();
    let led = routes.filter_map(|route| {
        Some((route.destination_prefix_list_id()?.to_owned(), route.gateway_id().unwrap().to_owned()))
    });
    led.collect()
}

#[tokio::test]
async fn a_gateway_is_a_route_in_each_of_its_tables() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let vpc = new_vpc(&ec2, "10.1.0.0/16").await;
    let (table, other) = (new_table(&ec2, &vpc).await, new_table(&ec2, &vpc).await);
    let create = || ec2.create_vpc_endpoint().vpc_id(&vpc).service_name(S3).route_table_ids(&table);
    let made = create().send().await.unwrap().vpc_endpoint().unwrap().clone();
    let id = made.vpc_endpoint_id().unwrap();
    assert_eq!(
        (made.state().unwrap().as_str(), made.vpc_endpoint_type()),
        ("available", Some(&VpcEndpointType::Gateway))
    );
    assert!(made.policy_document().unwrap().contains(r#""Action":"*""#));
    let lists = ec2.describe_prefix_lists().filters(filter("prefix-list-name", &[S3])).send().await.unwrap();
    let list = lists.prefix_lists()[0].prefix_list_id().unwrap();
    assert!(!lists.prefix_lists()[0].cidrs().is_empty());
    let route = (list.to_owned(), id.to_owned());
    assert_eq!(led(&ec2, &table).await, std::slice::from_ref(&route));
    let found = ec2.describe_route_tables().filters(filter("route.gateway-id", &[id])).send().await.unwrap();
    assert_eq!(found.route_tables()[0].route_table_id(), Some(table.as_str()));
    assert_eq!(create().send().await.unwrap_err().code(), Some("RouteAlreadyExists"));
    let modify = || ec2.modify_vpc_endpoint().vpc_endpoint_id(id);
    modify().add_route_table_ids(&other).remove_route_table_ids(&table).send().await.unwrap();
    assert_eq!((led(&ec2, &table).await, led(&ec2, &other).await), (Vec::new(), vec![route]));
    assert_eq!(endpoint(&ec2, id).await.route_table_ids(), std::slice::from_ref(&other));
    assert_eq!(ec2.delete_vpc().vpc_id(&vpc).send().await.unwrap_err().code(), Some("DependencyViolation"));
    ec2.delete_route_table().route_table_id(&other).send().await.unwrap();
    assert!(endpoint(&ec2, id).await.route_table_ids().is_empty());
    let delete = async || {
        let answer = ec2.delete_vpc_endpoints().vpc_endpoint_ids(id).send().await.unwrap();
        let left = answer.unsuccessful().iter();
        left.map(|item| item.error().unwrap().code().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(delete().await.is_empty());
    assert_eq!(delete().await, ["InvalidVpcEndpoint.NotFound"]);
    let gone = ec2.describe_vpc_endpoints().vpc_endpoint_ids(id).send().await.unwrap_err();
    assert_eq!(gone.code(), Some("InvalidVpcEndpointId.NotFound"));
    ec2.delete_route_table().route_table_id(&table).send().await.unwrap();
    ec2.delete_vpc().vpc_id(&vpc).send().await.unwrap();
}

#[tokio::test]
async fn an_interface_endpoint_has_an_interface_in_each_of_its_subnets() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let vpc = new_vpc(&ec2, "10.1.0.0/16").await;
    let (subnet, near) = (new_subnet(&ec2, &vpc, "10.1.1.0/24").await, new_subnet(&ec2, &vpc, "10.1.2.0/24").await);
    let far = ec2.create_subnet().vpc_id(&vpc).cidr_block("10.1.3.0/24").availability_zone("us-east-1b");
    let far = far.send().await.unwrap().subnet().unwrap().subnet_id().unwrap().to_owned();
    let group = ec2.create_security_group().group_name("x").description("x").vpc_id(&vpc).send().await.unwrap();
    let group = group.group_id().unwrap();
    let create = || {
        let create = ec2.create_vpc_endpoint().vpc_id(&vpc).service_name(LAMBDA);
        create.vpc_endpoint_type(VpcEndpointType::Interface).subnet_ids(&subnet).security_group_ids(group)
    };
    // Private names are on by default, and need those of the VPC.
    assert_eq!(create().send().await.unwrap_err().code(), Some("InvalidParameter"));
    let on = AttributeBooleanValue::builder().value(true).build();
    ec2.modify_vpc_attribute().vpc_id(&vpc).enable_dns_hostnames(on).send().await.unwrap();
    let made = create().send().await.unwrap().vpc_endpoint().unwrap().clone();
    let id = made.vpc_endpoint_id().unwrap();
    assert_eq!((made.state().unwrap().as_str(), made.private_dns_enabled()), ("pending", Some(true)));
    assert_eq!(made.dns_entries().last().unwrap().dns_name(), Some("lambda.us-east-1.amazonaws.com"));
    assert_eq!(create().send().await.unwrap_err().code(), Some("InvalidParameter"), "two of one name");
    cloud.settle();
    assert_eq!(endpoint(&ec2, id).await.state().unwrap().as_str(), "available");
    let interface = &made.network_interface_ids()[0];
    let shown = ec2.describe_network_interfaces().network_interface_ids(interface).send().await.unwrap();
    let shown = &shown.network_interfaces()[0];
    assert_eq!((shown.interface_type().unwrap().as_str(), shown.requester_managed()), ("vpc_endpoint", Some(true)));
    assert_eq!((shown.subnet_id(), shown.groups()[0].group_id()), (Some(subnet.as_str()), Some(group)));
    let kept = ec2.delete_network_interface().network_interface_id(interface).send().await.unwrap_err();
    assert_eq!(kept.code(), Some("InvalidParameterValue"));
    let kept = ec2.delete_security_group().group_id(group).send().await.unwrap_err();
    assert_eq!(kept.code(), Some("DependencyViolation"));
    let modify = || ec2.modify_vpc_endpoint().vpc_endpoint_id(id);
    let same_zone = modify().add_subnet_ids(&near).send().await.unwrap_err();
    assert_eq!(same_zone.code(), Some("DuplicateSubnetsInSameZone"));
    modify().add_subnet_ids(&far).remove_subnet_ids(&subnet).private_dns_enabled(false).send().await.unwrap();
    let changed = endpoint(&ec2, id).await;
    assert_eq!((changed.subnet_ids(), changed.private_dns_enabled()), ([far.clone()].as_slice(), Some(false)));
    ec2.delete_subnet().subnet_id(&subnet).send().await.unwrap();
    ec2.delete_vpc_endpoints().vpc_endpoint_ids(id).send().await.unwrap();
    assert_eq!(endpoint(&ec2, id).await.state().unwrap().as_str(), "deleting");
    cloud.settle();
    let all = ec2.describe_vpc_endpoints().send().await.unwrap();
    assert!(all.vpc_endpoints().is_empty());
    ec2.delete_subnet().subnet_id(&far).send().await.unwrap();
    ec2.delete_security_group().group_id(group).send().await.unwrap();
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_is_refused() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let vpc = new_vpc(&ec2, "10.1.0.0/16").await;
    let subnet = new_subnet(&ec2, &vpc, "10.1.1.0/24").await;
    let table = new_table(&ec2, &vpc).await;
    let create = |service: &str| ec2.create_vpc_endpoint().vpc_id(&vpc).service_name(service);
    let interface = || create(LAMBDA).vpc_endpoint_type(VpcEndpointType::Interface).private_dns_enabled(false);
    for (call, code) in [
        (create("com.amazonaws.us-east-1.nothing"), "InvalidServiceName"),
        (create("com.amazonaws.eu-west-1.s3"), "InvalidServiceName"),
        (create(LAMBDA), "InvalidParameter"),
        (create(S3).subnet_ids(&subnet), "InvalidParameter"),
        (create(S3).private_dns_enabled(true), "InvalidParameter"),
        (interface().route_table_ids(&table), "InvalidParameter"),
        (create(S3).policy_document("{"), "InvalidPolicyDocument"),
        (create(S3).route_table_ids("rtb-0123456789abcdef0"), "InvalidRouteTableID.NotFound"),
        (interface().subnet_ids("subnet-0123456789abcdef0"), "InvalidSubnetID.NotFound"),
        (create(S3).vpc_id("vpc-0123456789abcdef0"), "InvalidVpcID.NotFound"),
        (create(S3).dry_run(true), "DryRunOperation"),
    ] {
        let asked = format!("{call:?}");
        assert_eq!(call.send().await.unwrap_err().code(), Some(code), "{asked}");
    }
    let left = ec2.describe_vpc_endpoints().send().await.unwrap();
    assert!(left.vpc_endpoints().is_empty());
    let free = ec2.describe_subnets().subnet_ids(&subnet).send().await.unwrap();
    assert_eq!(free.subnets()[0].available_ip_address_count(), Some(251));
}

#[tokio::test]
async fn a_service_is_told_by_its_name_and_its_type() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let both = ec2.describe_vpc_endpoint_services().service_names(S3).send().await.unwrap();
    let types = both.service_details().iter().map(|detail| detail.service_type()[0].service_type().cloned().unwrap());
    assert_eq!(types.collect::<Vec<_>>(), [ServiceType::Gateway, ServiceType::Interface]);
    let one = ec2.describe_vpc_endpoint_services().service_names(S3).filters(filter("service-type", &["Interface"]));
    let one = one.send().await.unwrap().service_details()[0].clone();
    assert_eq!(one.private_dns_name(), Some("*.s3.us-east-1.amazonaws.com"));
    assert_eq!(one.availability_zones(), ["us-east-1a", "us-east-1b", "us-east-1c"]);
    let none = ec2.describe_vpc_endpoint_services().service_names("com.amazonaws.us-east-1.nothing").send().await;
    assert_eq!(none.unwrap_err().code(), Some("InvalidServiceName"));
}
