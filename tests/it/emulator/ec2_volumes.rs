//! Volumes, snapshots and images of one's own: records that agree with each other.

use super::cloud::Cloud;
use aws_sdk_ec2::{
    Client,
    error::ProvideErrorMetadata,
    types::{
        BlockDeviceMapping, CopyTagsFromSource, CreateVolumePermission, CreateVolumePermissionModifications,
        EbsBlockDevice, HttpTokensState, ImageAttributeName, ImdsSupportValues, Instance, InstanceSpecification,
        LaunchPermission, LaunchPermissionModifications, OperationType, PermissionGroup, ResetImageAttributeName,
        SnapshotAttributeName, Tag, VolumeState, VolumeType,
    },
};

async fn launch(ec2: &Client, image: &str) -> Instance {
    let run = ec2.run_instances().image_id(image).min_count(1).max_count(1).send().await.unwrap();
    run.instances()[0].clone()
}

#[tokio::test]
async fn a_volume_is_attached_detached_and_outlives_its_instance() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let id = launch(&ec2, "ami-12345678").await.instance_id().unwrap().to_owned();
    cloud.settle();
    let create = |zone: &str| ec2.create_volume().availability_zone(zone).size(4).volume_type(VolumeType::Gp3);
    let volume = create("us-east-1a").client_token("once").send().await.unwrap();
    let again = create("us-east-1a").client_token("once").send().await.unwrap();
    assert_eq!(volume.volume_id(), again.volume_id());
    let volume = volume.volume_id().unwrap();
    let far = create("us-east-1b").send().await.unwrap();
    let attach =
        |volume: &str, device: &str| ec2.attach_volume().volume_id(volume).instance_id(&id).device(device).send();
    let mismatch = attach(far.volume_id().unwrap(), "/dev/sdf").await.unwrap_err();
    assert_eq!(mismatch.code(), Some("InvalidVolume.ZoneMismatch"));
    let taken = attach(volume, "/dev/xvda").await.unwrap_err();
    assert_eq!(taken.code(), Some("InvalidParameterValue"));
    let said = "Invalid value '/dev/xvda' for unixDevice. Attachment point /dev/xvda is already in use";
    assert_eq!(taken.message(), Some(said));
    attach(volume, "/dev/sdf").await.unwrap();
    assert_eq!(attach(volume, "/dev/sdg").await.unwrap_err().code(), Some("VolumeInUse"));
    let in_use = ec2.delete_volume().volume_id(volume).send().await.unwrap_err();
    assert_eq!(in_use.code(), Some("VolumeInUse"));
    let described = ec2.describe_instances().instance_ids(&id).send().await.unwrap();
    assert_eq!(described.reservations()[0].instances()[0].block_device_mappings().len(), 2);
    ec2.terminate_instances().instance_ids(&id).send().await.unwrap();
    cloud.settle();
    let left = ec2.describe_volumes().send().await.unwrap();
    let mut left: Vec<_> = left.volumes().iter().map(|one| (one.volume_id().unwrap(), one.state())).collect();
    left.retain(|(id, _)| *id == volume);
    assert_eq!(left, [(volume, Some(&VolumeState::Available))]);
    ec2.delete_volume().volume_id(volume).send().await.unwrap();
    let gone = ec2.describe_volumes().volume_ids(volume).send().await.unwrap_err();
    assert_eq!(gone.code(), Some("InvalidVolume.NotFound"));
}

#[tokio::test]
async fn an_image_of_an_instance_launches_the_like_until_it_is_deregistered() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let id = launch(&ec2, "ami-12345678").await.instance_id().unwrap().to_owned();
    cloud.settle();
    let create = |name: &str| ec2.create_image().instance_id(&id).name(name).send();
    let image = create("golden").await.unwrap().image_id().unwrap().to_owned();
    assert_eq!(create("golden").await.unwrap_err().code(), Some("InvalidAMIName.Duplicate"));
    assert_eq!(create("a").await.unwrap_err().code(), Some("InvalidAMIName.Malformed"));
    let own = ec2.describe_images().owners("self").send().await.unwrap();
    assert_eq!((own.images().len(), own.images()[0].source_instance_id()), (1, Some(id.as_str())));
    let snapshot = own.images()[0].block_device_mappings()[0].ebs().unwrap().snapshot_id().unwrap().to_owned();
    let used = ec2.delete_snapshot().snapshot_id(&snapshot).send().await.unwrap_err();
    assert_eq!(used.code(), Some("InvalidSnapshot.InUse"));
    launch(&ec2, &image).await;
    ec2.deregister_image().image_id(&image).send().await.unwrap();
    let run = ec2.run_instances().image_id(&image).min_count(1).max_count(1).send().await.unwrap_err();
    assert_eq!(run.code(), Some("InvalidAMIID.Unavailable"));
    let gone = ec2.describe_images().image_ids(&image).send().await.unwrap_err();
    assert_eq!(gone.code(), Some("InvalidAMIID.NotFound"));
    ec2.delete_snapshot().snapshot_id(&snapshot).send().await.unwrap();
}

#[tokio::test]
async fn a_launch_says_what_its_volumes_are_like() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let device = |name: &str, ebs: EbsBlockDevice| BlockDeviceMapping::builder().device_name(name).ebs(ebs).build();
    let run = |mapping: BlockDeviceMapping| {
        ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1).block_device_mappings(mapping).send()
    };
    let large = EbsBlockDevice::builder().volume_size(20).delete_on_termination(false).build();
    let launched = run(device("/dev/xvda", large)).await.unwrap().instances()[0].clone();
    let volumes = ec2.describe_volumes().send().await.unwrap();
    assert_eq!((volumes.volumes().len(), volumes.volumes()[0].size()), (1, Some(20)));
    assert_eq!(launched.block_device_mappings()[0].ebs().unwrap().delete_on_termination(), Some(false));
    for (ebs, code) in [
        (EbsBlockDevice::builder().volume_size(4).build(), "InvalidBlockDeviceMapping"),
        (EbsBlockDevice::builder().volume_type(VolumeType::Io1).build(), "MissingParameter"),
        (EbsBlockDevice::builder().snapshot_id("snap-0123456789abcdef0").build(), "InvalidSnapshot.NotFound"),
    ] {
        assert_eq!(run(device("/dev/xvda", ebs)).await.unwrap_err().code(), Some(code));
    }
}

#[tokio::test]
async fn a_snapshot_is_copied_from_another_region_and_what_was_encrypted_stays_so() {
    let cloud = Cloud::start().await;
    let east = cloud.ec2();
    let credentials = aws_credential_types::Credentials::from_keys("AKIATEST", "secret", None);
    let west = Client::new(&cloud.sdk_as(credentials, "us-west-2"));
    let volume = east.create_volume().availability_zone("us-east-1a").size(4).encrypted(true).send().await.unwrap();
    let source = east.create_snapshot().volume_id(volume.volume_id().unwrap()).send().await.unwrap();
    let source = source.snapshot_id().unwrap();
    let copy = |from: &str, id: &str| west.copy_snapshot().source_region(from).source_snapshot_id(id);
    for (copy, code) in [
        (copy("us-west-2", source), "InvalidSnapshot.NotFound"),
        (copy("us-east-1", "snap-0123456789abcdef0"), "InvalidSnapshot.NotFound"),
        (copy("moon-east-1", source), "InvalidRegion"),
        (copy("us-east-1", source).destination_region("us-east-1"), "InvalidParameterValue"),
        (copy("us-east-1", source).dry_run(true), "DryRunOperation"),
    ] {
        assert_eq!(copy.send().await.unwrap_err().code(), Some(code));
    }
    let made = copy("us-east-1", source).destination_region("us-west-2").description("far").send().await.unwrap();
    let copies = west.describe_snapshots().owner_ids("self").send().await.unwrap();
    let [copied] = copies.snapshots() else { panic!("{copies:?}") };
    assert_eq!((copied.snapshot_id(), copied.volume_id()), (made.snapshot_id(), Some("vol-ffffffff")));
    assert_eq!((copied.encrypted(), copied.volume_size()), (Some(true), Some(4)));
    assert_eq!(copied.description(), Some("far"));
}

#[tokio::test]
async fn an_image_that_knows_version_2_of_the_metadata_service_asks_its_instances_for_a_token() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let volume = ec2.create_volume().availability_zone("us-east-1a").size(4).send().await.unwrap();
    let snapshot = ec2.create_snapshot().volume_id(volume.volume_id().unwrap()).send().await.unwrap();
    let disk = EbsBlockDevice::builder().snapshot_id(snapshot.snapshot_id().unwrap()).build();
    let root = BlockDeviceMapping::builder().device_name("/dev/xvda").ebs(disk).build();
    let register =
        |name: &str| ec2.register_image().name(name).root_device_name("/dev/xvda").block_device_mappings(root.clone());
    let old = register("old").send().await.unwrap();
    let new = register("new").imds_support(ImdsSupportValues::V20).send().await.unwrap();
    for (image, tokens, hops) in [(old, HttpTokensState::Optional, 1), (new, HttpTokensState::Required, 2)] {
        let launched = launch(&ec2, image.image_id().unwrap()).await;
        let options = launched.metadata_options().unwrap();
        assert_eq!((options.http_tokens(), options.http_put_response_hop_limit()), (Some(&tokens), Some(hops)));
    }
}

#[tokio::test]
async fn an_image_is_shared_with_accounts_or_everybody_until_that_is_reset() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let id = launch(&ec2, "ami-12345678").await.instance_id().unwrap().to_owned();
    cloud.settle();
    let made = ec2.create_image().instance_id(&id).name("golden").send().await.unwrap();
    let image = made.image_id().unwrap();
    let other = LaunchPermission::builder().user_id("123456789012").build();
    let add = LaunchPermissionModifications::builder().add(other.clone()).build();
    ec2.modify_image_attribute().image_id(image).launch_permission(add).send().await.unwrap();
    let old = || ec2.modify_image_attribute().image_id(image).attribute("launchPermission");
    old().operation_type(OperationType::Add).user_groups("all").send().await.unwrap();
    for (user, group) in [(Some("1234"), None), (None, Some("everyone"))] {
        let add = old().operation_type(OperationType::Add);
        let add = add.set_user_ids(user.map(|user| vec![user.to_owned()]));
        let refused = add.set_user_groups(group.map(|group| vec![group.to_owned()])).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("InvalidAMIAttributeItemValue"));
    }
    let permissions = || {
        let asked = ec2.describe_image_attribute().image_id(image).attribute(ImageAttributeName::LaunchPermission);
        async move { asked.send().await.unwrap().launch_permissions().to_vec() }
    };
    let everybody = LaunchPermission::builder().group(PermissionGroup::All).build();
    assert_eq!(permissions().await, [other.clone(), everybody]);
    let public = ec2.describe_images().owners("self").executable_users("all").send().await.unwrap();
    assert_eq!((public.images().len(), public.images()[0].public()), (1, Some(true)));
    old().operation_type(OperationType::Remove).user_groups("all").send().await.unwrap();
    assert_eq!(permissions().await, [other]);
    let attribute = ResetImageAttributeName::LaunchPermission;
    ec2.reset_image_attribute().image_id(image).attribute(attribute).send().await.unwrap();
    assert!(permissions().await.is_empty());
    let private = ec2.describe_images().image_ids(image).send().await.unwrap();
    assert_eq!(private.images()[0].public(), Some(false));
}

#[tokio::test]
async fn a_snapshot_is_shared_unless_it_is_encrypted_with_a_key_that_cannot_be() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let snapshot = async |is_encrypted: bool| {
        let volume = ec2.create_volume().availability_zone("us-east-1a").size(4).encrypted(is_encrypted);
        let volume = volume.send().await.unwrap();
        let made = ec2.create_snapshot().volume_id(volume.volume_id().unwrap()).send().await.unwrap();
        made.snapshot_id().unwrap().to_owned()
    };
    let (open, secret) = (snapshot(false).await, snapshot(true).await);
    let share = |id: &str| {
        let other = CreateVolumePermission::builder().user_id("123456789012").build();
        let add = CreateVolumePermissionModifications::builder().add(other).build();
        ec2.modify_snapshot_attribute().snapshot_id(id).create_volume_permission(add).send()
    };
    let refused = share(&secret).await.unwrap_err();
    assert_eq!(refused.code(), Some("OperationNotPermitted"));
    assert_eq!(refused.message(), Some("Encrypted snapshots with EBS default key cannot be shared"));
    assert_eq!(share("snap-0123456789abcdef0").await.unwrap_err().code(), Some("InvalidSnapshot.NotFound"));
    share(&open).await.unwrap();
    let attribute = SnapshotAttributeName::CreateVolumePermission;
    let public = ec2.modify_snapshot_attribute().snapshot_id(&open).attribute(attribute.clone());
    public.operation_type(OperationType::Add).group_names("all").send().await.unwrap();
    let found = ec2.describe_snapshots().restorable_by_user_ids("all").send().await.unwrap();
    assert_eq!(found.snapshots().iter().map(|one| one.snapshot_id().unwrap()).collect::<Vec<_>>(), [open.as_str()]);
    let permissions = || {
        let asked = ec2.describe_snapshot_attribute().snapshot_id(&open).attribute(attribute.clone());
        async move { asked.send().await.unwrap().create_volume_permissions().len() }
    };
    assert_eq!(permissions().await, 2);
    ec2.reset_snapshot_attribute().snapshot_id(&open).attribute(attribute.clone()).send().await.unwrap();
    assert_eq!(permissions().await, 0);
}

#[tokio::test]
async fn the_volumes_of_an_instance_are_taken_at_once_without_those_that_are_left_out() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let instance = launch(&ec2, "ami-12345678").await;
    let (id, root) = (instance.instance_id().unwrap(), instance.block_device_mappings()[0].ebs().unwrap());
    cloud.settle();
    let data = ec2.create_volume().availability_zone("us-east-1a").size(4).send().await.unwrap();
    let data = data.volume_id().unwrap();
    ec2.create_tags().resources(data).tags(Tag::builder().key("a").value("1").build()).send().await.unwrap();
    ec2.attach_volume().volume_id(data).instance_id(id).device("/dev/sdf").send().await.unwrap();
    let of = || InstanceSpecification::builder().instance_id(id);
    let take = |of: InstanceSpecification| {
        ec2.create_snapshots().instance_specification(of).copy_tags_from_source(CopyTagsFromSource::Volume).send()
    };
    assert_eq!(take(of().build()).await.unwrap().snapshots().len(), 2);
    let without_root = take(of().exclude_boot_volume(true).build()).await.unwrap();
    let [taken] = without_root.snapshots() else { panic!("{without_root:?}") };
    assert_eq!((taken.volume_id(), taken.tags()[0].key()), (Some(data), Some("a")));
    let without_data = take(of().exclude_data_volume_ids(data).build()).await.unwrap();
    assert_eq!(without_data.snapshots()[0].volume_id(), root.volume_id());
    let refused = take(of().exclude_data_volume_ids(root.volume_id().unwrap()).build()).await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterValue"));
    let kept = ec2.describe_snapshots().owner_ids("self").send().await.unwrap();
    assert_eq!(kept.snapshots().len(), 4);
}
