//! Volumes, snapshots and images of one's own: records that agree with each other.

use super::cloud::Cloud;
use aws_sdk_ec2::{
    Client,
    error::ProvideErrorMetadata,
    types::{BlockDeviceMapping, EbsBlockDevice, Instance, VolumeState, VolumeType},
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
    assert_eq!(attach(volume, "/dev/xvda").await.unwrap_err().code(), Some("InvalidParameterValue"));
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
