//! Launching and finding instances.

use super::cloud::Cloud;
use aws_sdk_ec2::{
    Client,
    error::ProvideErrorMetadata,
    types::{Filter, Instance, InstanceStateName, InstanceType, ResourceType, Tag, TagSpecification},
};
use std::time::Duration;

pub(crate) fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

pub(crate) fn filter(name: &str, values: &[&str]) -> Filter {
    Filter::builder().name(name).set_values(Some(values.iter().map(|value| (*value).to_owned()).collect())).build()
}

/// Launches `count` instances with these tags.
pub(crate) async fn launch(ec2: &Client, count: i32, tags: &[(&str, &str)]) -> Vec<Instance> {
    let specification = TagSpecification::builder()
        .resource_type(ResourceType::Instance)
        .set_tags(Some(tags.iter().map(|(key, value)| tag(key, value)).collect()))
        .build();
    let run = ec2
        .run_instances()
        .image_id("ami-0c55b159cbfafe1f0")
        .instance_type(InstanceType::T2Micro)
        .min_count(count)
        .max_count(count)
        .tag_specifications(specification);
    run.send().await.unwrap().instances().to_vec()
}

async fn find(ec2: &Client, filters: &[Filter]) -> Vec<Instance> {
    let answer = ec2.describe_instances().set_filters(Some(filters.to_vec())).send().await.unwrap();
    answer.reservations().iter().flat_map(|reservation| reservation.instances().to_vec()).collect()
}

#[tokio::test]
async fn a_launched_instance_is_pending_then_running_and_looks_like_one() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let launched = launch(&ec2, 1, &[("Name", "atelier")]).await.remove(0);
    let id = launched.instance_id().unwrap();
    assert_eq!(id.len(), "i-".len() + 17);
    assert_eq!(launched.state().unwrap().name(), Some(&InstanceStateName::Pending));
    cloud.settle();
    let instance = find(&ec2, &[filter("instance-id", &[id])]).await.remove(0);
    assert_eq!(instance.state().unwrap().name(), Some(&InstanceStateName::Running));
    assert_eq!(instance.state().unwrap().code(), Some(16));
    assert_eq!(instance.instance_type(), Some(&InstanceType::T2Micro));
    assert_eq!(instance.tags(), [tag("Name", "atelier")]);
    assert_eq!(instance.placement().unwrap().availability_zone(), Some("us-east-1a"));
    let address = instance.private_ip_address().unwrap();
    assert!(address.starts_with("172.31."), "{address}");
    assert_eq!(instance.private_dns_name(), Some(format!("ip-{}.ec2.internal", address.replace('.', "-")).as_str()));
    assert_eq!(instance.root_device_name(), Some("/dev/xvda"));
    assert_eq!(instance.launch_time().unwrap().to_string(), "2026-11-23T12:00:00Z");
}

#[tokio::test]
async fn instances_are_found_by_filters_with_wildcards() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let ours = launch(&ec2, 1, &[("atelier:stack", "atelier"), ("atelier:part", "instance")]).await.remove(0);
    launch(&ec2, 2, &[("atelier:stack", "other*"), ("atelier:part", "instance")]).await;
    cloud.settle();
    let count = |filters: Vec<Filter>| {
        let ec2 = ec2.clone();
        async move { find(&ec2, &filters).await.len() }
    };
    let part = filter("tag:atelier:part", &["instance"]);
    let found = find(&ec2, &[filter("tag:atelier:stack", &["atelier"]), part.clone()]).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].instance_id(), ours.instance_id());
    assert_eq!(count(vec![part]).await, 3);
    assert_eq!(count(vec![filter("tag:atelier:stack", &["ate?ier", "none"])]).await, 1);
    assert_eq!(count(vec![filter("tag:atelier:stack", &[r"other\*"])]).await, 2);
    assert_eq!(count(vec![filter("tag-key", &["atelier:*"])]).await, 3);
    assert_eq!(count(vec![filter("instance-state-name", &["running"])]).await, 3);
    assert_eq!(count(vec![filter("instance-state-name", &["stop*"])]).await, 0);
    assert_eq!(count(vec![filter("private-ip-address", &[ours.private_ip_address().unwrap()])]).await, 1);
    assert_eq!(count(vec![filter("vpc-id", &[ours.vpc_id().unwrap()])]).await, 3);
    let error = ec2.describe_instances().filters(filter("color", &["red"])).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    assert_eq!(error.message(), Some("The filter 'color' is invalid"));
}

#[tokio::test]
async fn a_client_token_makes_one_launch_of_many_equal_calls() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let run = |count: i32| {
        ec2.run_instances().image_id("ami-12345678").min_count(count).max_count(count).client_token("token-1").send()
    };
    let (first, second) = tokio::join!(run(1), run(1));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.instances()[0].instance_id(), second.instances()[0].instance_id());
    assert_eq!(find(&ec2, &[]).await.len(), 1);
    assert_eq!(run(2).await.unwrap_err().code(), Some("IdempotentParameterMismatch"));
    let cloud = cloud.restart().await;
    let ec2 = cloud.ec2();
    let run = ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1).client_token("token-1");
    assert_eq!(run.send().await.unwrap().instances()[0].instance_id(), first.instances()[0].instance_id());
}

#[tokio::test]
async fn a_launch_that_cannot_be_is_refused_with_the_code_of_aws() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let run = || ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1);
    let cases = vec![
        (run().image_id("12345678"), "InvalidAMIID.Malformed"),
        (run().instance_type("t9.micro".into()), "InvalidParameterValue"),
        (run().min_count(2), "InvalidParameterCombination"),
        (run().min_count(13_000).max_count(13_000), "InstanceLimitExceeded"),
        (run().subnet_id("subnet-1"), "InvalidSubnetID.NotFound"),
        (run().security_group_ids("sg-1"), "InvalidGroup.NotFound"),
        (run().key_name("mine"), "InvalidKeyPair.NotFound"),
        (run().user_data("%"), "InvalidParameterValue"),
        (run().image_id("ami-0a1b2c3d4e5f60002").instance_type(InstanceType::T2Micro), "InvalidParameterValue"),
        (run().dry_run(true), "DryRunOperation"),
    ];
    for (run, code) in cases {
        let error = run.send().await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{:?}", error.message());
    }
    assert!(find(&ec2, &[]).await.is_empty());
}

#[tokio::test]
async fn pages_cover_everything_once_and_ids_exclude_them() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    for count in [3, 4, 5] {
        launch(&ec2, count, &[]).await;
        cloud.clock.advance(Duration::from_secs(1));
    }
    let mut seen = Vec::new();
    let mut token = None;
    loop {
        let answer = ec2.describe_instances().max_results(5).set_next_token(token).send().await.unwrap();
        let page = answer.reservations().iter().flat_map(aws_sdk_ec2::types::Reservation::instances);
        seen.extend(page.map(|instance| instance.instance_id().unwrap().to_owned()));
        token = answer.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 12);
    let all = find(&ec2, &[]).await;
    assert_eq!(seen, all.iter().map(|instance| instance.instance_id().unwrap()).collect::<Vec<_>>());
    let both = ec2.describe_instances().instance_ids(&seen[0]).max_results(5).send().await.unwrap_err();
    assert_eq!(both.code(), Some("InvalidParameterCombination"));
    let small = ec2.describe_instances().max_results(4).send().await.unwrap_err();
    assert_eq!(small.code(), Some("InvalidParameterValue"));
}

#[tokio::test]
async fn regions_types_and_images_are_described() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let regions = ec2.describe_regions().filters(filter("region-name", &["eu-west-*"])).send().await.unwrap();
    assert_eq!(regions.regions().len(), 3);
    let types = ec2.describe_instance_types().instance_types(InstanceType::T2Micro).send().await.unwrap();
    assert_eq!(types.instance_types()[0].v_cpu_info().unwrap().default_v_cpus(), Some(1));
    assert_eq!(types.instance_types()[0].memory_info().unwrap().size_in_mib(), Some(1024));
    let free = ec2.describe_instance_types().filters(filter("free-tier-eligible", &["true"])).send().await.unwrap();
    let free: Vec<_> = free.instance_types().iter().map(|kind| kind.instance_type().unwrap()).collect();
    assert_eq!(free, [&InstanceType::T2Micro, &InstanceType::T3Micro]);
    let images = ec2.describe_images().owners("amazon").filters(filter("name", &["al2023-ami-*-x86_64"]));
    assert_eq!(images.send().await.unwrap().images().len(), 1);
    for (owner, name) in [
        ("099720109477", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*"),
        ("099720109477", "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-amd64-server-*"),
        ("099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"),
        ("amazon", "amzn2-ami-hvm-2.0.*-x86_64-gp2"),
        ("137112412989", "al2023-ami-2023.*-x86_64"),
        ("136693071363", "debian-12-amd64-*"),
        ("801119661308", "Windows_Server-2022-English-Full-Base-*"),
    ] {
        let found = ec2.describe_images().owners(owner).filters(filter("name", &[name])).send().await.unwrap();
        assert_eq!(found.images().len(), 1, "{name}");
        let root = found.images()[0].block_device_mappings()[0].ebs().unwrap();
        let kind =
            if name.contains("noble") || name.contains("2023") || name.contains("debian") { "gp3" } else { "gp2" };
        assert_eq!(root.volume_type().map(aws_sdk_ec2::types::VolumeType::as_str), Some(kind), "{name}");
        assert_eq!(found.images()[0].platform().is_some(), owner == "801119661308", "{name}");
    }
    let own = ec2.describe_images().image_ids("ami-ff0fea8310f3").send().await.unwrap();
    assert_eq!(own.images()[0].image_id(), Some("ami-ff0fea8310f3"));
}

#[tokio::test]
async fn regions_do_not_see_each_other() {
    let cloud = Cloud::start().await;
    launch(&cloud.ec2(), 1, &[]).await;
    let credentials = aws_credential_types::Credentials::from_keys("AKIATEST", "secret", None);
    let west = Client::new(&cloud.sdk_as(credentials, "us-west-2"));
    assert!(find(&west, &[]).await.is_empty());
    assert_eq!(launch(&west, 1, &[]).await[0].placement().unwrap().availability_zone(), Some("us-west-2a"));
    assert_eq!(find(&cloud.ec2(), &[]).await.len(), 1);
}
