//! What happens to instances after their launch: states, attributes, tags.

use super::{
    cloud::Cloud,
    ec2::{filter, launch, tag},
    local::Local,
};
use atelier::lenience;
use aws_sdk_ec2::{
    Client,
    error::ProvideErrorMetadata,
    types::{
        AttributeBooleanValue, AttributeValue, InstanceAttributeName, InstanceStateName, InstanceType, Placement,
        PlacementGroupState, PlacementStrategy,
    },
};
use std::time::Duration;

async fn state(ec2: &Client, id: &str) -> InstanceStateName {
    let answer = ec2.describe_instances().instance_ids(id).send().await.unwrap();
    answer.reservations()[0].instances()[0].state().unwrap().name().unwrap().clone()
}

/// A cloud with one running instance.
async fn running() -> (Cloud, Client, String) {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let id = launch(&ec2, 1, &[("Name", "one")]).await[0].instance_id().unwrap().to_owned();
    cloud.settle();
    (cloud, ec2, id)
}

#[tokio::test]
async fn stop_and_start_pass_through_the_states_of_aws() {
    let (cloud, ec2, id) = running().await;
    let stopped = ec2.stop_instances().instance_ids(&id).send().await.unwrap();
    let change = &stopped.stopping_instances()[0];
    assert_eq!(change.previous_state().unwrap().name(), Some(&InstanceStateName::Running));
    assert_eq!(change.current_state().unwrap().name(), Some(&InstanceStateName::Stopping));
    let early = ec2.start_instances().instance_ids(&id).send().await.unwrap_err();
    assert_eq!(early.code(), Some("IncorrectInstanceState"));
    cloud.settle();
    assert_eq!(state(&ec2, &id).await, InstanceStateName::Stopped);
    let again = ec2.stop_instances().instance_ids(&id).send().await.unwrap();
    assert_eq!(again.stopping_instances()[0].current_state().unwrap().name(), Some(&InstanceStateName::Stopped));
    let started = ec2.start_instances().instance_ids(&id).send().await.unwrap();
    assert_eq!(started.starting_instances()[0].current_state().unwrap().name(), Some(&InstanceStateName::Pending));
    cloud.settle();
    assert_eq!(state(&ec2, &id).await, InstanceStateName::Running);
    assert!(ec2.reboot_instances().instance_ids(&id).send().await.is_ok());
}

#[tokio::test]
async fn a_lenient_engine_waits_for_no_state_and_no_key_pair_and_says_that_aws_does() {
    let local = Local::start_lenient().await;
    let ec2 = Client::new(&local.sdk);
    let run = ec2.run_instances().image_id("ami-0c55b159cbfafe1f0").min_count(1).max_count(1).key_name("nokey");
    let id = run.send().await.unwrap().instances()[0].instance_id().unwrap().to_owned();
    ec2.stop_instances().instance_ids(&id).send().await.unwrap();
    let started = ec2.start_instances().instance_ids(&id).send().await.unwrap();
    let change = &started.starting_instances()[0];
    assert_eq!(change.previous_state().unwrap().name(), Some(&InstanceStateName::Stopping));
    assert_eq!(change.current_state().unwrap().name(), Some(&InstanceStateName::Pending));
    let leans: Vec<_> = lenience::read(local.folder()).into_iter().map(|entry| entry.lean).collect();
    let kinds: Vec<_> = leans.iter().map(lenience::Lean::kind).collect();
    assert_eq!(kinds, ["key_pair", "image", "state", "state"]);
    let mends: Vec<_> = leans.iter().map(|lean| lean.mend().to_string()).collect();
    assert!(mends[2].contains("wait instance-running") && mends[3].contains("wait instance-stopped"), "{mends:?}");
    ec2.terminate_instances().instance_ids(&id).send().await.unwrap();
    assert!(ec2.start_instances().instance_ids(&id).send().await.is_err(), "what has ended stays so");
    local.stop().await;
}

#[tokio::test]
async fn a_terminated_instance_cannot_come_back_and_is_gone_after_an_hour() {
    let (cloud, ec2, id) = running().await;
    let gone = ec2.terminate_instances().instance_ids(&id).send().await.unwrap();
    assert_eq!(gone.terminating_instances()[0].current_state().unwrap().name(), Some(&InstanceStateName::ShuttingDown));
    cloud.settle();
    assert_eq!(state(&ec2, &id).await, InstanceStateName::Terminated);
    for code in [
        ec2.start_instances().instance_ids(&id).send().await.unwrap_err().code().map(str::to_owned),
        ec2.stop_instances().instance_ids(&id).send().await.unwrap_err().code().map(str::to_owned),
        ec2.reboot_instances().instance_ids(&id).send().await.unwrap_err().code().map(str::to_owned),
    ] {
        assert_eq!(code.as_deref(), Some("IncorrectInstanceState"));
    }
    assert!(ec2.terminate_instances().instance_ids(&id).send().await.is_ok());
    cloud.clock.advance(Duration::from_hours(1));
    let error = ec2.describe_instances().instance_ids(&id).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidInstanceID.NotFound"));
}

#[tokio::test]
async fn one_wrong_id_of_many_changes_nothing() {
    let (_cloud, ec2, id) = running().await;
    let absent = "i-00000000000000000";
    let error = ec2.stop_instances().instance_ids(&id).instance_ids(absent).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidInstanceID.NotFound"));
    assert_eq!(error.message(), Some("The instance ID 'i-00000000000000000' does not exist"));
    let malformed = ec2.stop_instances().instance_ids("banana").send().await.unwrap_err();
    assert_eq!(malformed.code(), Some("InvalidInstanceID.Malformed"));
    let dry = ec2.stop_instances().instance_ids(&id).dry_run(true).send().await.unwrap_err();
    assert_eq!(dry.code(), Some("DryRunOperation"));
    assert_eq!(dry.raw_response().unwrap().status().as_u16(), 412);
    assert_eq!(state(&ec2, &id).await, InstanceStateName::Running);
}

#[tokio::test]
async fn a_protected_instance_is_not_terminated() {
    let (_cloud, ec2, id) = running().await;
    let protect = |on| {
        let value = AttributeBooleanValue::builder().value(on).build();
        ec2.modify_instance_attribute().instance_id(&id).disable_api_termination(value).send()
    };
    protect(true).await.unwrap();
    let error = ec2.terminate_instances().instance_ids(&id).send().await.unwrap_err();
    assert_eq!(error.code(), Some("OperationNotPermitted"));
    protect(false).await.unwrap();
    assert!(ec2.terminate_instances().instance_ids(&id).send().await.is_ok());
}

#[tokio::test]
async fn the_type_changes_only_while_the_instance_is_stopped() {
    let (cloud, ec2, id) = running().await;
    let change = |kind: &str| {
        let value = AttributeValue::builder().value(kind).build();
        ec2.modify_instance_attribute().instance_id(&id).instance_type(value).send()
    };
    assert_eq!(change("t2.small").await.unwrap_err().code(), Some("IncorrectInstanceState"));
    ec2.stop_instances().instance_ids(&id).send().await.unwrap();
    cloud.settle();
    change("t2.small").await.unwrap();
    assert_eq!(change("t2.tiny").await.unwrap_err().code(), Some("InvalidParameterValue"));
    let attribute = InstanceAttributeName::InstanceType;
    let answer = ec2.describe_instance_attribute().instance_id(&id).attribute(attribute).send().await.unwrap();
    assert_eq!(answer.instance_type().unwrap().value(), Some("t2.small"));
    let none = ec2.modify_instance_attribute().instance_id(&id).send().await.unwrap_err();
    assert_eq!(none.code(), Some("InvalidParameterCombination"));
}

#[tokio::test]
async fn tags_are_added_replaced_found_and_removed() {
    let (_cloud, ec2, id) = running().await;
    let add = ec2.create_tags().resources(&id).tags(tag("Name", "two")).tags(tag("a", "1"));
    add.send().await.unwrap();
    let described = ec2.describe_tags().filters(filter("resource-id", &[&id])).send().await.unwrap();
    let pairs: Vec<_> = described.tags().iter().map(|tag| (tag.key().unwrap(), tag.value().unwrap())).collect();
    assert_eq!(pairs, [("Name", "two"), ("a", "1")]);
    ec2.delete_tags().resources(&id).tags(tag("a", "other")).tags(tag("Name", "two")).send().await.unwrap();
    let left = ec2.describe_tags().filters(filter("resource-type", &["instance"])).send().await.unwrap();
    assert_eq!(left.tags().iter().filter_map(|tag| tag.key()).collect::<Vec<_>>(), ["a"]);
    for (absent, code) in [("vol-1", "InvalidVolume.NotFound"), ("thing-1", "InvalidID")] {
        let error = ec2.create_tags().resources(absent).tags(tag("a", "1")).send().await.unwrap_err();
        assert_eq!(error.code(), Some(code));
    }
    let reserved = ec2.create_tags().resources(&id).tags(tag("aws:x", "1")).send().await.unwrap_err();
    assert_eq!(reserved.code(), Some("InvalidParameterValue"));
}

#[tokio::test]
async fn status_shows_running_instances_unless_all_are_asked_for() {
    let (cloud, ec2, id) = running().await;
    let status = ec2.describe_instance_status().instance_ids(&id).send().await.unwrap();
    assert_eq!(status.instance_statuses()[0].instance_status().unwrap().status().unwrap().as_str(), "ok");
    ec2.stop_instances().instance_ids(&id).send().await.unwrap();
    cloud.settle();
    assert!(ec2.describe_instance_status().send().await.unwrap().instance_statuses().is_empty());
    let all = ec2.describe_instance_status().include_all_instances(true).send().await.unwrap();
    assert_eq!(all.instance_statuses()[0].instance_state().unwrap().code(), Some(80));
    for (name, value, count) in [
        ("availability-zone-id", "use1-az*", 1),
        ("instance-status.reachability", "*", 0),
        ("event.code", "instance-retirement", 0),
    ] {
        let filtered = ec2.describe_instance_status().include_all_instances(true).filters(filter(name, &[value]));
        assert_eq!(filtered.send().await.unwrap().instance_statuses().len(), count, "{name}");
    }
}

/// How many instances that are there are in a placement group.
async fn placed(ec2: &Client, group: &str) -> usize {
    let living = filter("instance-state-name", &["running", "stopped"]);
    let found = ec2.describe_instances().filters(filter("placement-group-name", &[group])).filters(living);
    found.send().await.unwrap().reservations().iter().map(|reservation| reservation.instances().len()).sum()
}

#[tokio::test]
async fn placement_groups_are_kept_apart_by_name_and_strategy() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let create = |name: &str, strategy| ec2.create_placement_group().group_name(name).strategy(strategy);
    let made = create("parts", PlacementStrategy::Partition).send().await.unwrap();
    let parts = made.placement_group().unwrap();
    assert_eq!((parts.partition_count(), parts.state()), (Some(2), Some(&PlacementGroupState::Available)));
    assert!(parts.group_arn().unwrap().ends_with(":placement-group/parts"), "{parts:?}");
    let twice = create("parts", PlacementStrategy::Spread).send().await.unwrap_err();
    assert_eq!(twice.code(), Some("InvalidPlacementGroup.Duplicate"));
    assert_eq!(twice.message(), Some("The placement group 'parts' already exists."));
    let mixed = create("other", PlacementStrategy::Spread).partition_count(3).send().await.unwrap_err();
    assert_eq!(mixed.code(), Some("InvalidParameterCombination"));
    let many = create("other", PlacementStrategy::Partition).partition_count(8).send().await.unwrap_err();
    assert_eq!(many.code(), Some("InvalidParameterValue"));
    ec2.create_tags().resources(parts.group_id().unwrap()).tags(tag("a", "1")).send().await.unwrap();
    let cloud = cloud.restart().await;
    let ec2 = cloud.ec2();
    let kept = ec2.describe_placement_groups().filters(filter("strategy", &["partition"])).send().await.unwrap();
    assert_eq!((kept.placement_groups()[0].group_name(), kept.placement_groups().len()), (Some("parts"), 1));
    assert_eq!(kept.placement_groups()[0].tags(), [tag("a", "1")]);
    ec2.delete_placement_group().group_name("parts").send().await.unwrap();
    let gone = ec2.delete_placement_group().group_name("parts").send().await.unwrap_err();
    assert_eq!(gone.code(), Some("InvalidPlacementGroup.Unknown"));
    let gone = ec2.describe_placement_groups().group_names("parts").send().await.unwrap_err();
    assert_eq!(gone.message(), Some("The Placement Group 'parts' is unknown."));
}

#[tokio::test]
async fn an_instance_is_in_its_placement_group_until_it_is_moved_or_terminated() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    for (name, strategy) in [("parts", PlacementStrategy::Partition), ("near", PlacementStrategy::Cluster)] {
        ec2.create_placement_group().group_name(name).strategy(strategy).send().await.unwrap();
    }
    let run = |kind: InstanceType, placement: Placement| {
        let run = ec2.run_instances().image_id("ami-0c55b159cbfafe1f0").instance_type(kind);
        run.min_count(2).max_count(2).placement(placement).send()
    };
    let within = |group: &str| Placement::builder().group_name(group);
    for (kind, placement, code) in [
        (InstanceType::T3Micro, within("near"), "InvalidParameterCombination"),
        (InstanceType::M1Small, within("near"), "InvalidParameterCombination"),
        (InstanceType::C5Large, within("far"), "InvalidPlacementGroup.Unknown"),
        (InstanceType::C5Large, within("parts").partition_number(3), "InvalidParameterValue"),
    ] {
        assert_eq!(run(kind, placement.build()).await.unwrap_err().code(), Some(code));
    }
    let launched = run(InstanceType::C5Large, within("parts").build()).await.unwrap();
    let partitions = launched.instances().iter().map(|one| one.placement().unwrap().partition_number());
    assert_eq!(partitions.collect::<Vec<_>>(), [Some(1), Some(2)]);
    cloud.settle();
    assert_eq!((placed(&ec2, "parts").await, placed(&ec2, "near").await), (2, 0));
    let used = ec2.delete_placement_group().group_name("parts").send().await.unwrap_err();
    assert_eq!(used.message(), Some("The placement group 'parts' is in use and may not be deleted."));
    let id = launched.instances()[0].instance_id().unwrap();
    let put = |group: &str| ec2.modify_instance_placement().instance_id(id).group_name(group).send();
    assert_eq!(put("near").await.unwrap_err().code(), Some("IncorrectInstanceState"));
    ec2.stop_instances().instance_ids(id).send().await.unwrap();
    cloud.settle();
    put("near").await.unwrap();
    assert_eq!((placed(&ec2, "parts").await, placed(&ec2, "near").await), (1, 1));
    put("").await.unwrap();
    assert_eq!((placed(&ec2, "parts").await, placed(&ec2, "near").await), (1, 0));
    let other = launched.instances()[1].instance_id().unwrap();
    ec2.terminate_instances().instance_ids(other).send().await.unwrap();
    cloud.settle();
    ec2.delete_placement_group().group_name("parts").send().await.unwrap();
}
