//! Callers who are not the owner: the roles that they hand over, what a launch takes without naming it, and the condition
//! keys of what a call makes or is about.

use super::{
    access::{allow, ann, code, ec2_as, user},
    cloud::{ACCOUNT, Cloud},
};
use aws_sdk_apigateway::{
    primitives::Blob,
    types::{AuthorizerType, IntegrationType, Op, PatchOperation},
};
use aws_sdk_ec2::{
    error::ProvideErrorMetadata,
    types::{
        AttributeValue, BlockDeviceMapping, EbsBlockDevice, Filter, LaunchTemplateSpecification, Placement,
        RequestLaunchTemplateData, Tag, Tenancy,
    },
};
use serde_json::{Value, json};

/// A statement that denies actions under a condition.
fn deny(actions: &str, condition: &Value) -> Value {
    json!({ "Effect": "Deny", "Action": actions, "Resource": "*", "Condition": condition })
}

/// The id of the subnet that the default network has in a zone.
async fn default_subnet(ec2: &aws_sdk_ec2::Client, zone: &str) -> String {
    let filter = Filter::builder().name("availability-zone").values(zone).build();
    let found = ec2.describe_subnets().filters(filter).send().await.unwrap();
    found.subnets()[0].subnet_id().unwrap().to_owned()
}

#[tokio::test]
async fn who_has_a_gateway_act_as_a_role_must_be_allowed_to_pass_it() {
    let cloud = Cloud::with_iam().await;
    let role = format!("arn:aws:iam::{ACCOUNT}:role/acts");
    let owner = aws_sdk_apigateway::Client::new(&cloud.sdk());
    let api = owner.create_rest_api().name("a").send().await.unwrap();
    let (id, root) = (api.id().unwrap(), api.root_resource_id().unwrap());
    let method = owner.put_method().rest_api_id(id).resource_id(root).http_method("GET").authorization_type("NONE");
    method.send().await.unwrap();
    let mock = owner.put_integration().rest_api_id(id).resource_id(root).http_method("GET");
    mock.r#type(IntegrationType::Mock).send().await.unwrap();
    let ann = ann(&cloud, &json!([allow(&["apigateway:*"], "*")])).await;
    let ann = aws_sdk_apigateway::Client::new(&cloud.sdk_as(ann, "us-east-1"));
    let integration = json!({ "type": "mock", "credentials": role });
    let own = json!({ "get": { "x-amazon-apigateway-integration": integration } });
    let imported = json!({ "openapi": "3.0.1", "info": { "title": "t", "version": "1" }, "paths": { "/": own } });
    let imported = || Blob::new(imported.to_string());
    let patch = PatchOperation::builder().op(Op::Replace).path("/credentials").value(&role).build();
    let patched = ann.update_integration().rest_api_id(id).resource_id(root).http_method("GET").patch_operations(patch);
    let authorizer = ann.create_authorizer().rest_api_id(id).name("z").r#type(AuthorizerType::Token);
    let wanted = format!("is not authorized to perform: iam:PassRole on resource: {role} because");
    let word = |answer: Option<String>| answer.is_some_and(|message| message.contains(&wanted));
    let said = |error: &dyn ProvideErrorMetadata| error.message().map(str::to_owned);
    assert!(word(said(&ann.import_rest_api().body(imported()).send().await.unwrap_err())));
    assert!(word(said(&ann.put_rest_api().rest_api_id(id).body(imported()).send().await.unwrap_err())));
    assert!(word(said(&patched.send().await.unwrap_err())));
    assert!(word(said(&authorizer.authorizer_credentials(&role).send().await.unwrap_err())));
}

#[tokio::test]
async fn a_denial_holds_for_the_subnet_and_the_group_that_a_launch_takes_without_naming_them() {
    let cloud = Cloud::with_iam().await;
    let owner = cloud.ec2();
    let (first, second) = (default_subnet(&owner, "us-east-1a").await, default_subnet(&owner, "us-east-1b").await);
    let prod = || Tag::builder().key("Env").value("prod").build();
    owner.create_tags().resources(&first).tags(prod()).send().await.unwrap();
    let groups = owner.describe_security_groups().group_names("default").send().await.unwrap();
    let group = groups.security_groups()[0].group_id().unwrap().to_owned();
    let other = owner.create_security_group().group_name("web").description("web").send().await.unwrap();
    let other = other.group_id().unwrap();
    let acls = owner.describe_network_acls().send().await.unwrap();
    let of_first =
        acls.network_acls()[0].associations().iter().find(|each| each.subnet_id() == Some(first.as_str())).unwrap();
    let association = of_first.network_acl_association_id().unwrap();
    let acl = owner.create_network_acl().vpc_id(acls.network_acls()[0].vpc_id().unwrap()).send().await.unwrap();
    let acl = acl.network_acl().unwrap().network_acl_id().unwrap();
    let denied = deny("ec2:*", &json!({ "StringEquals": { "aws:ResourceTag/Env": "prod" } }));
    let ann = ec2_as(&cloud, ann(&cloud, &json!([allow(&["ec2:*"], "*"), denied])).await);
    let run = |zone: Option<&str>| {
        let launch = ann.run_instances().image_id("ami-12345678").min_count(1).max_count(1);
        launch.set_placement(zone.map(|zone| Placement::builder().availability_zone(zone).build()))
    };
    let refused = Some("UnauthorizedOperation");
    assert_eq!(code(run(None).send().await).as_deref(), refused);
    assert_eq!(code(run(Some("us-east-1a")).send().await).as_deref(), refused);
    let replace = ann.replace_network_acl_association().association_id(association).network_acl_id(acl);
    assert_eq!(code(replace.send().await).as_deref(), refused);
    run(Some("us-east-1b")).send().await.unwrap();
    // The same for the group.
    owner.create_tags().resources(&group).tags(prod()).send().await.unwrap();
    assert_eq!(code(run(Some("us-east-1b")).send().await).as_deref(), refused);
    assert_eq!(code(ann.create_network_interface().subnet_id(&second).send().await).as_deref(), refused);
    let made = ann.create_network_interface().subnet_id(&second).groups(other).send().await.unwrap();
    run(Some("us-east-1b")).security_group_ids(other).send().await.unwrap();
    // An interface that was made before brings its own with it.
    let made = made.network_interface().unwrap().network_interface_id().unwrap();
    owner.create_tags().resources(made).tags(prod()).send().await.unwrap();
    let given = aws_sdk_ec2::types::InstanceNetworkInterfaceSpecification::builder().device_index(0);
    let given = given.network_interface_id(made).build();
    assert_eq!(code(run(None).network_interfaces(given).send().await).as_deref(), refused);
}

#[tokio::test]
async fn conditions_know_the_network_the_tenancy_and_the_volumes_of_a_launch() {
    let cloud = Cloud::with_iam().await;
    let owner = cloud.ec2();
    let first = default_subnet(&owner, "us-east-1a").await;
    let vpc = owner.describe_vpcs().send().await.unwrap().vpcs()[0].vpc_id().unwrap().to_owned();
    let arn = |kind: &str, id: &str| format!("arn:aws:ec2:us-east-1:{ACCOUNT}:{kind}/{id}");
    let volume = |size: i32| {
        let ebs = EbsBlockDevice::builder().volume_size(size).build();
        BlockDeviceMapping::builder()
            .device_name(format!("/dev/sd{}", if size > 10 { 'g' } else { 'f' }))
            .ebs(ebs)
            .build()
    };
    let refused = Some("UnauthorizedOperation");
    for (name, condition) in [
        ("vpc", json!({ "ArnEquals": { "ec2:Vpc": arn("vpc", &vpc) } })),
        ("subnet", json!({ "ArnEquals": { "ec2:Subnet": arn("subnet", &first) } })),
        ("zone", json!({ "StringEquals": { "ec2:AvailabilityZone": "us-east-1a" } })),
        ("tenancy", json!({ "StringEquals": { "ec2:Tenancy": "dedicated" } })),
        ("size", json!({ "NumericGreaterThan": { "ec2:VolumeSize": "10" } })),
    ] {
        let statements = json!([allow(&["ec2:*"], "*"), deny("ec2:RunInstances", &condition)]);
        let ec2 = ec2_as(&cloud, user(&cloud, name, &statements).await);
        let run = || ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1);
        let dedicated = Placement::builder().tenancy(Tenancy::Dedicated).build();
        // The large volume is none that the small one stands in for.
        let launch = run().placement(dedicated).block_device_mappings(volume(5)).block_device_mappings(volume(11));
        assert_eq!(code(launch.send().await).as_deref(), refused, "{name}");
        if matches!(name, "tenancy" | "size") {
            run().block_device_mappings(volume(5)).send().await.unwrap();
        }
    }
}

#[tokio::test]
async fn conditions_know_attributes_patterns_and_the_tags_of_stages() {
    let cloud = Cloud::with_iam().await;
    let run = cloud.ec2().run_instances().image_id("ami-12345678").min_count(1).max_count(1).send().await.unwrap();
    let instance = run.instances()[0].instance_id().unwrap();
    cloud.settle();
    let owner = aws_sdk_apigateway::Client::new(&cloud.sdk());
    let api = owner.create_rest_api().name("a").send().await.unwrap();
    let (id, root) = (api.id().unwrap(), api.root_resource_id().unwrap());
    let method = owner.put_method().rest_api_id(id).resource_id(root).http_method("GET").authorization_type("NONE");
    method.send().await.unwrap();
    let mock = owner.put_integration().rest_api_id(id).resource_id(root).http_method("GET");
    mock.r#type(IntegrationType::Mock).send().await.unwrap();
    let deployment = owner.create_deployment().rest_api_id(id).send().await.unwrap();
    for (name, value) in [("live", "prod"), ("dev", "test")] {
        let stage = owner.create_stage().rest_api_id(id).stage_name(name).deployment_id(deployment.id().unwrap());
        stage.tags("Env", value).send().await.unwrap();
    }
    let mut own = allow(&["events:PutRule"], "*");
    own["Condition"] =
        json!({ "ForAllValues:StringEquals": { "events:source": "own" }, "Null": { "events:source": "false" } });
    let statements = json!([
        allow(&["apigateway:*", "ec2:*"], "*"),
        own,
        deny("apigateway:*", &json!({ "StringEquals": { "aws:ResourceTag/Env": "prod" } })),
        deny("ec2:ModifyInstanceAttribute", &json!({ "StringEquals": { "ec2:Attribute": "DisableApiTermination" } })),
    ]);
    let sdk = cloud.sdk_as(ann(&cloud, &statements).await, "us-east-1");
    let apis = aws_sdk_apigateway::Client::new(&sdk);
    let stage = |name: &str| apis.get_stage().rest_api_id(id).stage_name(name);
    assert_eq!(code(stage("live").send().await).as_deref(), Some("AccessDeniedException"));
    stage("dev").send().await.unwrap();
    let events = aws_sdk_eventbridge::Client::new(&sdk);
    let rule = |pattern: &str| events.put_rule().name("r").event_pattern(pattern);
    rule(r#"{"source":["own"]}"#).send().await.unwrap();
    for pattern in [r#"{"source":["own","other"]}"#, r#"{"detail-type":["d"]}"#] {
        assert_eq!(code(rule(pattern).send().await).as_deref(), Some("AccessDeniedException"), "{pattern}");
    }
    let ec2 = aws_sdk_ec2::Client::new(&sdk);
    let modify = || ec2.modify_instance_attribute().instance_id(instance);
    let on = aws_sdk_ec2::types::AttributeBooleanValue::builder().value(true).build();
    let protected = modify().disable_api_termination(on).send().await;
    assert_eq!(code(protected).as_deref(), Some("UnauthorizedOperation"));
    let stops = AttributeValue::builder().value("terminate").build();
    modify().instance_initiated_shutdown_behavior(stops).send().await.unwrap();
}

#[tokio::test]
async fn a_launch_may_be_held_to_what_its_template_has() {
    let cloud = Cloud::with_iam().await;
    let data = RequestLaunchTemplateData::builder().image_id("ami-12345678").build();
    let create = cloud.ec2().create_launch_template().launch_template_name("tpl").launch_template_data(data);
    create.send().await.unwrap();
    let mut own = allow(&["ec2:RunInstances"], "*");
    own["Condition"] = json!({ "Bool": { "ec2:IsLaunchTemplateResource": "true" } });
    let ann = ec2_as(&cloud, ann(&cloud, &json!([own])).await);
    let template = LaunchTemplateSpecification::builder().launch_template_name("tpl").build();
    let run = || ann.run_instances().min_count(1).max_count(1);
    run().launch_template(template.clone()).send().await.unwrap();
    let group = cloud.ec2().create_security_group().group_name("web").description("web").send().await.unwrap();
    let refused = Some("UnauthorizedOperation");
    let other = run().launch_template(template).security_group_ids(group.group_id().unwrap());
    assert_eq!(code(other.send().await).as_deref(), refused);
    assert_eq!(code(run().image_id("ami-12345678").send().await).as_deref(), refused);
}
