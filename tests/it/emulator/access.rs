//! Callers who are not the owner, where policies have a say: what they may do, and how they are refused.

use super::cloud::{ACCOUNT, Cloud};
use aws_credential_types::Credentials;
use aws_sdk_ec2::{
    error::ProvideErrorMetadata,
    types::{
        InstanceType, KeyType, LaunchTemplateIamInstanceProfileSpecificationRequest, LaunchTemplatePlacementRequest,
        LaunchTemplateSpecification, Placement, PlacementStrategy, RequestLaunchTemplateData, ResourceType, Tag,
        TagSpecification,
    },
};
use aws_sdk_iam::types::ContextEntry;
use serde_json::{Value, json};

fn document(statements: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

pub(super) fn allow(actions: &[&str], resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resource })
}

/// Makes the user `ann`, who may do this, and gives her key.
pub(super) async fn ann(cloud: &Cloud, statements: &Value) -> Credentials {
    user(cloud, "ann", statements).await
}

pub(super) async fn user(cloud: &Cloud, name: &str, statements: &Value) -> Credentials {
    let iam = cloud.iam();
    iam.create_user().user_name(name).send().await.unwrap();
    let put = iam.put_user_policy().user_name(name).policy_name("own").policy_document(document(statements));
    put.send().await.unwrap();
    let key = iam.create_access_key().user_name(name).send().await.unwrap().access_key().unwrap().clone();
    Credentials::from_keys(key.access_key_id(), key.secret_access_key(), None)
}

pub(super) fn ec2_as(cloud: &Cloud, credentials: Credentials) -> aws_sdk_ec2::Client {
    aws_sdk_ec2::Client::new(&cloud.sdk_as(credentials, "us-east-1"))
}

/// Launches an instance with a tag, as the owner.
async fn instance(cloud: &Cloud, team: &str) -> String {
    let ec2 = cloud.ec2();
    let run = ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1).send().await.unwrap();
    let id = run.instances()[0].instance_id().unwrap().to_owned();
    let tag = aws_sdk_ec2::types::Tag::builder().key("Team").value(team).build();
    ec2.create_tags().resources(&id).tags(tag).send().await.unwrap();
    cloud.settle();
    id
}

#[tokio::test]
async fn a_user_may_do_what_a_policy_allows_and_is_told_in_the_words_of_aws_what_not() {
    let cloud = Cloud::with_iam().await;
    let (red, blue) = (instance(&cloud, "red").await, instance(&cloud, "blue").await);
    let mut own = allow(&["ec2:StopInstances"], "arn:aws:ec2:*:*:instance/*");
    own["Condition"] = json!({ "StringEquals": { "aws:ResourceTag/Team": "red" } });
    let credentials = ann(&cloud, &json!([own])).await;
    let own = aws_sdk_sts::Client::new(&cloud.sdk_as(credentials.clone(), "us-east-1"));
    own.get_caller_identity().send().await.unwrap();
    let ec2 = ec2_as(&cloud, credentials);
    ec2.stop_instances().instance_ids(&red).send().await.unwrap();
    let refused = ec2.stop_instances().instance_ids(&blue).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("UnauthorizedOperation"));
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 403);
    let message = refused.message().unwrap().to_owned();
    let (sentence, token) = message.split_once(" Encoded authorization failure message: ").unwrap();
    assert_eq!(
        sentence,
        format!(
            "You are not authorized to perform this operation. User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to \
             perform: ec2:StopInstances on resource: arn:aws:ec2:us-east-1:{ACCOUNT}:instance/{blue} because no \
             identity-based policy allows the ec2:StopInstances action."
        )
    );
    let sts = aws_sdk_sts::Client::new(&cloud.sdk());
    let decoded = sts.decode_authorization_message().encoded_message(token).send().await.unwrap();
    let decoded: Value = serde_json::from_str(decoded.decoded_message().unwrap()).unwrap();
    assert_eq!(decoded["context"]["action"], "ec2:StopInstances");
    assert_eq!(decoded["context"]["principal"]["name"], "ann");
    let both = ec2.stop_instances().instance_ids(&red).instance_ids(&blue).send().await.unwrap_err();
    assert_eq!(both.code(), Some("UnauthorizedOperation"), "one that may not be is enough");
    let dry = ec2.stop_instances().instance_ids(&blue).dry_run(true).send().await.unwrap_err();
    assert_eq!(dry.code(), Some("UnauthorizedOperation"), "what is only asked is refused, too");
    let listed = ec2.describe_instances().send().await.unwrap_err();
    assert!(
        listed.message().unwrap().ends_with(
            "is not authorized to perform: ec2:DescribeInstances because no identity-based policy allows the \
             ec2:DescribeInstances action."
        ),
        "{listed:?}"
    );
}

#[tokio::test]
async fn denials_boundaries_and_what_is_attached_have_their_say() {
    let cloud = Cloud::with_iam().await;
    let credentials = ann(&cloud, &json!([allow(&["iam:*"], "*")])).await;
    let iam = cloud.iam();
    let own = aws_sdk_iam::Client::new(&cloud.sdk_as(credentials.clone(), "us-east-1"));
    own.list_roles().send().await.unwrap();
    iam.attach_user_policy().user_name("ann").policy_arn("arn:aws:iam::aws:policy/AWSDenyAll").send().await.unwrap();
    let denied = own.list_roles().send().await.unwrap_err();
    assert_eq!(denied.code(), Some("AccessDenied"));
    assert_eq!(
        denied.message().unwrap(),
        format!(
            "User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: iam:ListRoles on resource: \
             arn:aws:iam::{ACCOUNT}:role/ with an explicit deny in an identity-based policy"
        )
    );
    iam.detach_user_policy().user_name("ann").policy_arn("arn:aws:iam::aws:policy/AWSDenyAll").send().await.unwrap();
    let boundary = "arn:aws:iam::aws:policy/AmazonEC2FullAccess";
    iam.put_user_permissions_boundary().user_name("ann").permissions_boundary(boundary).send().await.unwrap();
    let limited = own.list_roles().send().await.unwrap_err();
    assert!(limited.message().unwrap().ends_with("because no permissions boundary allows the iam:ListRoles action"));
    iam.delete_user_permissions_boundary().user_name("ann").send().await.unwrap();
    iam.delete_user_policy().user_name("ann").policy_name("own").send().await.unwrap();
    let reading = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    iam.attach_user_policy().user_name("ann").policy_arn(reading).send().await.unwrap();
    own.list_roles().send().await.unwrap();
    let ec2 = ec2_as(&cloud, credentials);
    ec2.describe_instances().send().await.unwrap();
    let launched = ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1).send().await.unwrap_err();
    assert_eq!(launched.code(), Some("UnauthorizedOperation"));
}

#[tokio::test]
async fn a_users_groups_give_what_they_have_as_long_as_he_is_in_them() {
    let cloud = Cloud::with_iam().await;
    let credentials = ann(&cloud, &json!([allow(&["s3:*"], "*")])).await;
    let iam = cloud.iam();
    iam.create_group().group_name("readers").send().await.unwrap();
    let reading = "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess";
    iam.attach_group_policy().group_name("readers").policy_arn(reading).send().await.unwrap();
    let ec2 = ec2_as(&cloud, credentials);
    assert!(ec2.describe_instances().send().await.is_err());
    iam.add_user_to_group().group_name("readers").user_name("ann").send().await.unwrap();
    ec2.describe_instances().send().await.unwrap();
    let deny = document(&json!([{ "Effect": "Deny", "Action": "ec2:*", "Resource": "*" }]));
    iam.put_group_policy().group_name("readers").policy_name("no").policy_document(&deny).send().await.unwrap();
    let denied = ec2.describe_instances().send().await.unwrap_err();
    assert!(denied.message().unwrap().contains("with an explicit deny in an identity-based policy"));
    iam.delete_group_policy().group_name("readers").policy_name("no").send().await.unwrap();
    iam.remove_user_from_group().group_name("readers").user_name("ann").send().await.unwrap();
    assert!(ec2.describe_instances().send().await.is_err());
}

#[tokio::test]
async fn launching_needs_everything_that_an_instance_is_made_of_and_its_role() {
    let cloud = Cloud::with_iam().await;
    let mut small = allow(&["ec2:RunInstances"], "arn:aws:ec2:*:*:instance/*");
    small["Condition"] = json!({ "StringEquals": { "ec2:InstanceType": "t3.micro" } });
    let mut everything = small.clone();
    everything["Resource"] = json!("*");
    let of = ["image", "network-interface", "subnet", "security-group", "volume"];
    let others: Vec<String> = of.iter().map(|kind| format!("arn:aws:ec2:*:*:{kind}/*")).collect();
    let others = json!({ "Effect": "Allow", "Action": "ec2:RunInstances", "Resource": others });
    let ec2 = ec2_as(&cloud, ann(&cloud, &json!([small, others])).await);
    let run =
        |kind: InstanceType| ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1).instance_type(kind);
    run(InstanceType::T3Micro).send().await.unwrap();
    let large = run(InstanceType::T3Large).send().await.unwrap_err();
    assert!(large.message().unwrap().contains(&format!("resource: arn:aws:ec2:us-east-1:{ACCOUNT}:instance/*")));
    // What is said of the instance's type does not hold for the image and the rest of what a launch takes.
    let trap = ec2_as(&cloud, user(&cloud, "bob", &json!([everything])).await);
    let trapped = trap.run_instances().image_id("ami-12345678").min_count(1).max_count(1);
    let trapped = trapped.instance_type(InstanceType::T3Micro).send().await.unwrap_err();
    assert!(trapped.message().unwrap().contains("resource: arn:aws:ec2:us-east-1::image/ami-12345678"), "{trapped:?}");
    let key = run(InstanceType::T3Micro).key_name("k").send().await.unwrap_err();
    assert!(key.message().unwrap().contains(&format!("arn:aws:ec2:us-east-1:{ACCOUNT}:key-pair/k")));
    let tag = aws_sdk_ec2::types::Tag::builder().key("a").value("b").build();
    let tagged = aws_sdk_ec2::types::TagSpecification::builder().resource_type("instance".into()).tags(tag).build();
    let tagged = run(InstanceType::T3Micro).tag_specifications(tagged).send().await.unwrap_err();
    assert!(
        tagged.message().unwrap().contains("is not authorized to perform: ec2:CreateTags on resource"),
        "{tagged:?}"
    );
    let iam = cloud.iam();
    let trust =
        r#"{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    iam.create_role().role_name("web").assume_role_policy_document(trust).send().await.unwrap();
    iam.create_instance_profile().instance_profile_name("web").send().await.unwrap();
    iam.add_role_to_instance_profile().instance_profile_name("web").role_name("web").send().await.unwrap();
    let profile = aws_sdk_ec2::types::IamInstanceProfileSpecification::builder().name("web").build();
    let passed = run(InstanceType::T3Micro).iam_instance_profile(profile).send().await.unwrap_err();
    assert!(
        passed.message().unwrap().contains(&format!("iam:PassRole on resource: arn:aws:iam::{ACCOUNT}:role/web")),
        "{passed:?}"
    );
}

/// Makes a launch template, as the owner, and names it as a launch does.
async fn template(cloud: &Cloud, name: &str, data: RequestLaunchTemplateData) -> LaunchTemplateSpecification {
    let create = cloud.ec2().create_launch_template().launch_template_name(name).launch_template_data(data);
    create.send().await.unwrap();
    LaunchTemplateSpecification::builder().launch_template_name(name).build()
}

#[tokio::test]
async fn a_placement_group_is_denied_however_a_launch_names_it() {
    let cloud = Cloud::with_iam().await;
    let owner = cloud.ec2();
    let create = |name: &str| owner.create_placement_group().group_name(name).strategy(PlacementStrategy::Spread);
    let made = create("near").send().await.unwrap();
    let id = made.placement_group().unwrap().group_id().unwrap().to_owned();
    let made = create("open").send().await.unwrap();
    let open = made.placement_group().unwrap().group_id().unwrap().to_owned();
    let near = format!("arn:aws:ec2:us-east-1:{ACCOUNT}:placement-group/near");
    let deny = json!({ "Effect": "Deny", "Action": "ec2:*", "Resource": near });
    let ec2 = ec2_as(&cloud, ann(&cloud, &json!([allow(&["ec2:*"], "*"), deny])).await);
    let run = || ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1);
    let data = |placement| RequestLaunchTemplateData::builder().placement(placement).build();
    let named = data(LaunchTemplatePlacementRequest::builder().group_name("near").build());
    let numbered = data(LaunchTemplatePlacementRequest::builder().group_id(&id).build());
    let (named, numbered) = (template(&cloud, "named", named).await, template(&cloud, "numbered", numbered).await);
    for launch in [
        run().placement(Placement::builder().group_name("near").build()),
        run().placement(Placement::builder().group_id(&id).build()),
        run().launch_template(named.clone()),
        run().launch_template(numbered),
    ] {
        let refused = launch.send().await.unwrap_err();
        let message = refused.message().unwrap();
        assert!(message.contains(&format!("resource: {near} with an explicit deny")), "{refused:?}");
    }
    run().placement(Placement::builder().group_id(&open).build()).send().await.unwrap();
    let elsewhere = Placement::builder().group_name("open").build();
    let moved = run().launch_template(named).placement(elsewhere).send().await.unwrap();
    cloud.settle();
    let id_of_instance = moved.instances()[0].instance_id().unwrap();
    ec2.stop_instances().instance_ids(id_of_instance).send().await.unwrap();
    cloud.settle();
    let place = || ec2.modify_instance_placement().instance_id(id_of_instance);
    let refused = place().group_id(&id).send().await.unwrap_err();
    assert!(refused.message().unwrap().contains(&near), "{refused:?}");
    place().group_id(&open).send().await.unwrap();
    let tag = aws_sdk_ec2::types::Tag::builder().key("a").value("b").build();
    let refused = ec2.create_tags().resources(&id).tags(tag).send().await.unwrap_err();
    assert!(refused.message().unwrap().contains(&near), "{refused:?}");
}

#[tokio::test]
async fn what_a_launch_template_says_is_asked_about_as_if_the_launch_said_it() {
    let cloud = Cloud::with_iam().await;
    let mut deny = json!({ "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*" });
    deny["Condition"] = json!({ "StringEquals": { "ec2:InstanceType": "t3.large" } });
    let ec2 = ec2_as(&cloud, ann(&cloud, &json!([allow(&["ec2:*"], "*"), deny])).await);
    let run = |template: &LaunchTemplateSpecification| {
        ec2.run_instances().launch_template(template.clone()).image_id("ami-12345678").min_count(1).max_count(1)
    };
    let large = RequestLaunchTemplateData::builder().instance_type(InstanceType::T3Large).build();
    let large = template(&cloud, "large", large).await;
    let refused = run(&large).send().await.unwrap_err();
    assert!(refused.message().unwrap().contains("with an explicit deny in an identity-based policy"), "{refused:?}");
    // What the call says itself is what counts.
    run(&large).instance_type(InstanceType::T3Micro).send().await.unwrap();
    let profile = LaunchTemplateIamInstanceProfileSpecificationRequest::builder().name("web").build();
    let profile = RequestLaunchTemplateData::builder().iam_instance_profile(profile).build();
    let passed = run(&template(&cloud, "profile", profile).await).send().await.unwrap_err();
    assert!(passed.message().unwrap().contains("is not authorized to perform: iam:PassRole on resource"), "{passed:?}");
    // The template itself is one of the things that a launch takes.
    let deny = json!({ "Effect": "Deny", "Action": "*", "Resource": "arn:aws:ec2:*:*:launch-template/*" });
    let bob = ec2_as(&cloud, user(&cloud, "bob", &json!([allow(&["*"], "*"), deny])).await);
    let denied = bob.run_instances().launch_template(large.clone()).image_id("ami-12345678").min_count(1).max_count(1);
    let denied = denied.instance_type(InstanceType::T3Micro).send().await.unwrap_err();
    let of_template = format!("resource: arn:aws:ec2:us-east-1:{ACCOUNT}:launch-template/lt-");
    assert!(denied.message().unwrap().contains(&of_template), "{denied:?}");
    // A policy may want a template.
    let mut other = json!({ "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*" });
    other["Condition"] = json!({ "ArnNotLike": { "ec2:LaunchTemplate": "arn:aws:ec2:*:*:launch-template/*" } });
    let carol = ec2_as(&cloud, user(&cloud, "carol", &json!([allow(&["ec2:*"], "*"), other])).await);
    let bare = || carol.run_instances().image_id("ami-12345678").min_count(1).max_count(1);
    assert!(bare().send().await.is_err());
    bare().launch_template(large).send().await.unwrap();
}

#[tokio::test]
async fn a_session_has_what_its_role_allows_within_what_it_was_begun_with() {
    let cloud = Cloud::with_iam().await;
    let iam = cloud.iam();
    let role = format!("arn:aws:iam::{ACCOUNT}:role/worker");
    let credentials = ann(&cloud, &json!([allow(&["ec2:*"], "*")])).await;
    let trust = |principal: &str| {
        json!({ "Statement": { "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "sts:AssumeRole" } })
            .to_string()
    };
    let account = format!("arn:aws:iam::{ACCOUNT}:root");
    iam.create_role().role_name("worker").assume_role_policy_document(trust(&account)).send().await.unwrap();
    let policy = document(&json!([allow(&["ec2:Describe*", "iam:ListRoles"], "*")]));
    iam.put_role_policy().role_name("worker").policy_name("own").policy_document(policy).send().await.unwrap();
    let sts = aws_sdk_sts::Client::new(&cloud.sdk_as(credentials, "us-east-1"));
    let assume = || sts.assume_role().role_arn(&role).role_session_name("one");
    let refused = assume().send().await.unwrap_err();
    assert_eq!(
        aws_sdk_sts::error::ProvideErrorMetadata::message(&refused).unwrap(),
        format!(
            "User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: sts:AssumeRole on resource: {role} because \
             no identity-based policy allows the sts:AssumeRole action"
        )
    );
    // Whom the role trusts by name needs nothing else.
    let himself = trust(&format!("arn:aws:iam::{ACCOUNT}:user/ann"));
    iam.update_assume_role_policy().role_name("worker").policy_document(himself).send().await.unwrap();
    let lent = |assumed: aws_sdk_sts::operation::assume_role::AssumeRoleOutput| {
        let lent = assumed.credentials().unwrap();
        let token = Some(lent.session_token().to_owned());
        Credentials::from_keys(lent.access_key_id(), lent.secret_access_key(), token)
    };
    let session = lent(assume().send().await.unwrap());
    ec2_as(&cloud, session.clone()).describe_instances().send().await.unwrap();
    let own = aws_sdk_iam::Client::new(&cloud.sdk_as(session.clone(), "us-east-1"));
    own.list_roles().send().await.unwrap();
    let stopped = ec2_as(&cloud, session).stop_instances().instance_ids("i-12345678").send().await.unwrap_err();
    assert!(stopped.message().unwrap().contains(&format!("User: arn:aws:sts::{ACCOUNT}:assumed-role/worker/one")));
    let narrow = document(&json!([allow(&["iam:*"], "*")]));
    let session = lent(assume().policy(narrow).send().await.unwrap());
    let own = aws_sdk_iam::Client::new(&cloud.sdk_as(session.clone(), "us-east-1"));
    own.list_roles().send().await.unwrap();
    let limited = ec2_as(&cloud, session).describe_instances().send().await.unwrap_err();
    assert!(limited.message().unwrap().contains("because no session policy allows the ec2:DescribeInstances action"));
}

#[tokio::test]
async fn simulations_say_what_would_be_decided() {
    let cloud = Cloud::with_iam().await;
    let mut own = allow(&["ec2:StopInstances"], "*");
    own["Condition"] = json!({ "StringEquals": { "aws:ResourceTag/Team": "red" } });
    ann(&cloud, &json!([own, { "Effect": "Deny", "Action": "ec2:Terminate*", "Resource": "*" }])).await;
    let iam = cloud.iam();
    let team = ContextEntry::builder()
        .context_key_name("aws:ResourceTag/Team")
        .context_key_values("red")
        .context_key_type("string".into())
        .build();
    let simulated = iam
        .simulate_principal_policy()
        .policy_source_arn(format!("arn:aws:iam::{ACCOUNT}:user/ann"))
        .action_names("ec2:StopInstances")
        .action_names("ec2:TerminateInstances")
        .action_names("ec2:StartInstances")
        .context_entries(team)
        .send()
        .await
        .unwrap();
    let decided: Vec<_> = simulated.evaluation_results().iter().map(|one| one.eval_decision().as_str()).collect();
    assert_eq!(decided, ["allowed", "explicitDeny", "implicitDeny"]);
    assert_eq!(simulated.evaluation_results()[0].matched_statements()[0].source_policy_id(), Some("own"));
    let custom = iam
        .simulate_custom_policy()
        .policy_input_list(document(&json!([allow(&["s3:*"], "arn:aws:s3:::b/*")])))
        .action_names("s3:GetObject")
        .resource_arns("arn:aws:s3:::b/x")
        .resource_arns("arn:aws:s3:::c/x")
        .send()
        .await
        .unwrap();
    let decided: Vec<_> = custom.evaluation_results().iter().map(|one| one.eval_decision().as_str()).collect();
    assert_eq!(decided, ["allowed", "implicitDeny"]);
    let bad =
        iam.simulate_custom_policy().policy_input_list("{").action_names("s3:GetObject").send().await.unwrap_err();
    assert_eq!(aws_sdk_iam::error::ProvideErrorMetadata::code(&bad), Some("InvalidInput"));
    let owned_by = async |owner: &str| {
        let policy = document(&json!([allow(&["s3:*"], "*")]));
        let simulation = iam.simulate_custom_policy().policy_input_list(policy).action_names("s3:GetObject");
        let simulated = simulation.resource_owner(owner).send().await;
        simulated.map_err(|error| aws_sdk_iam::error::ProvideErrorMetadata::code(&error).map(str::to_owned))
    };
    assert_eq!(owned_by("somebody").await.unwrap_err().as_deref(), Some("InvalidInput"));
    let other = owned_by("arn:aws:iam::111122223333:root").await;
    assert_eq!(other.unwrap_err().as_deref(), Some("NotImplemented"), "who is of another account needs both policies");
    let own = owned_by(&format!("arn:aws:iam::{ACCOUNT}:root")).await.unwrap();
    assert_eq!(own.evaluation_results()[0].eval_decision().as_str(), "allowed");
}

#[tokio::test]
async fn a_functions_policy_lets_in_whom_it_names_and_names_only_who_can_be() {
    let cloud = Cloud::with_iam().await;
    let function = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:f");
    let credentials = ann(&cloud, &json!([allow(&["lambda:List*"], "*")])).await;
    let trust =
        r#"{"Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    cloud.iam().create_role().role_name("worker").assume_role_policy_document(trust).send().await.unwrap();
    let owner = aws_sdk_lambda::Client::new(&cloud.sdk());
    let code = aws_sdk_lambda::primitives::Blob::new(super::function::script("exit 1"));
    let create = owner.create_function().function_name("f").handler("bootstrap");
    let create = create.runtime(aws_sdk_lambda::types::Runtime::Providedal2023);
    let create = create.role(format!("arn:aws:iam::{ACCOUNT}:role/worker"));
    create.code(aws_sdk_lambda::types::FunctionCode::builder().zip_file(code).build()).send().await.unwrap();
    cloud.settle();
    let own = aws_sdk_lambda::Client::new(&cloud.sdk_as(credentials, "us-east-1"));
    let dry = || own.invoke().function_name("f").invocation_type(aws_sdk_lambda::types::InvocationType::DryRun).send();
    let refused = dry().await.unwrap_err();
    assert_eq!(aws_sdk_lambda::error::ProvideErrorMetadata::code(&refused), Some("AccessDeniedException"));
    assert_eq!(
        aws_sdk_lambda::error::ProvideErrorMetadata::message(&refused).unwrap(),
        format!(
            "User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: lambda:InvokeFunction on resource: \
             {function} because no identity-based policy allows the lambda:InvokeFunction action"
        )
    );
    let add = |id: &str, principal: String| {
        let add = owner.add_permission().function_name("f").statement_id(id).action("lambda:InvokeFunction");
        add.principal(principal).send()
    };
    for nobody in ["ann".to_owned(), "123".to_owned(), format!("arn:aws:iam::{ACCOUNT}:user/bob")] {
        let refused = add("n", nobody).await.unwrap_err();
        assert_eq!(
            aws_sdk_lambda::error::ProvideErrorMetadata::message(&refused),
            Some("The provided principal was invalid. Please check the principal and try again.")
        );
    }
    add("account", ACCOUNT.to_owned()).await.unwrap();
    assert!(dry().await.is_err(), "the account leaves it to her own policies");
    add("ann", format!("arn:aws:iam::{ACCOUNT}:user/ann")).await.unwrap();
    dry().await.unwrap();
}

#[tokio::test]
async fn without_iam_nobody_is_kept_from_anything_and_session_policies_are_refused() {
    let cloud = Cloud::start().await;
    let credentials = ann(&cloud, &json!([{ "Effect": "Deny", "Action": "*", "Resource": "*" }])).await;
    ec2_as(&cloud, credentials.clone()).describe_instances().send().await.unwrap();
    let trust =
        format!(r#"{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"{ACCOUNT}"}},"Action":"sts:AssumeRole"}}}}"#);
    cloud.iam().create_role().role_name("worker").assume_role_policy_document(trust).send().await.unwrap();
    let sts = aws_sdk_sts::Client::new(&cloud.sdk_as(credentials, "us-east-1"));
    let assume = || sts.assume_role().role_arn(format!("arn:aws:iam::{ACCOUNT}:role/worker")).role_session_name("one");
    assume().send().await.unwrap();
    let narrow = document(&json!([allow(&["iam:*"], "*")]));
    let refused = assume().policy(narrow).send().await.unwrap_err();
    assert_eq!(aws_sdk_sts::error::ProvideErrorMetadata::code(&refused), Some("NotImplemented"));
}

#[tokio::test]
async fn a_denial_holds_however_the_resource_is_named() {
    let cloud = Cloud::with_iam().await;
    cloud.logs().create_log_group().log_group_name("prod").send().await.unwrap();
    let group = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:prod");
    let bus = format!("arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default");
    let denied = json!({ "Effect": "Deny", "Action": "*", "Resource": [format!("{group}:*"), bus] });
    let credentials = ann(&cloud, &json!([allow(&["logs:*", "events:*"], "*"), denied])).await;
    let sdk = cloud.sdk_as(credentials, "us-east-1");
    let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
    for identifier in ["prod", &group] {
        let refused = logs.filter_log_events().log_group_identifier(identifier).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("AccessDeniedException"), "{identifier}");
        let taken = logs.put_log_group_deletion_protection().log_group_identifier(identifier);
        let refused = taken.deletion_protection_enabled(true).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("AccessDeniedException"), "{identifier}");
    }
    logs.create_log_group().log_group_name("test").send().await.unwrap();
    logs.filter_log_events().log_group_identifier("test").send().await.unwrap();
    let events = aws_sdk_eventbridge::Client::new(&sdk);
    for name in [None, Some("default"), Some(bus.as_str())] {
        let entry =
            aws_sdk_eventbridge::types::PutEventsRequestEntry::builder().source("a").detail_type("b").detail("{}");
        let put = events.put_events().entries(entry.set_event_bus_name(name.map(str::to_owned)).build());
        assert_eq!(put.send().await.unwrap_err().code(), Some("AccessDeniedException"), "{name:?}");
        let described = events.describe_event_bus().set_name(name.map(str::to_owned)).send().await.unwrap_err();
        assert_eq!(described.code(), Some("AccessDeniedException"), "{name:?}");
    }
}

pub(super) fn code<T>(answer: Result<T, impl ProvideErrorMetadata>) -> Option<String> {
    answer.err().and_then(|error| error.code().map(str::to_owned))
}

#[tokio::test]
async fn a_denial_by_tag_holds_by_whatever_name_a_call_calls_the_resource() {
    let cloud = Cloud::with_iam().await;
    let owner = cloud.ec2();
    let prod = |kind: ResourceType| {
        TagSpecification::builder().resource_type(kind).tags(Tag::builder().key("Env").value("prod").build()).build()
    };
    let pair = owner.create_key_pair().key_name("k").key_type(KeyType::Ed25519);
    let pair = pair.tag_specifications(prod(ResourceType::KeyPair));
    let pair = pair.send().await.unwrap().key_pair_id().unwrap().to_owned();
    owner.create_key_pair().key_name("free").key_type(KeyType::Ed25519).send().await.unwrap();
    let small = RequestLaunchTemplateData::builder().instance_type(InstanceType::T3Micro).build();
    let create = owner.create_launch_template().launch_template_name("tpl").launch_template_data(small);
    create.tag_specifications(prod(ResourceType::LaunchTemplate)).send().await.unwrap();
    let create = owner.create_security_group().group_name("web").description("web");
    create.tag_specifications(prod(ResourceType::SecurityGroup)).send().await.unwrap();
    let address = owner.allocate_address().tag_specifications(prod(ResourceType::ElasticIp)).send().await.unwrap();
    let id = instance(&cloud, "red").await;
    let associate = owner.associate_address().allocation_id(address.allocation_id().unwrap()).instance_id(&id);
    let association = associate.send().await.unwrap().association_id().unwrap().to_owned();
    let mut deny = json!({ "Effect": "Deny", "Action": "ec2:*", "Resource": "*" });
    deny["Condition"] = json!({ "StringEquals": { "aws:ResourceTag/Env": "prod" } });
    let ec2 = ec2_as(&cloud, ann(&cloud, &json!([allow(&["ec2:*"], "*"), deny])).await);
    let run = || ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1);
    let named = LaunchTemplateSpecification::builder().launch_template_name("tpl").build();
    let tag = Tag::builder().key("a").value("b").build();
    let public = address.public_ip().unwrap();
    for (what, code) in [
        ("a pair by name", code(ec2.delete_key_pair().key_name("k").send().await)),
        ("a pair by id", code(ec2.delete_key_pair().key_pair_id(&pair).send().await)),
        ("the tags of a pair", code(ec2.create_tags().resources(&pair).tags(tag).send().await)),
        ("a launch with a pair", code(run().key_name("k").send().await)),
        ("a template by name", code(ec2.delete_launch_template().launch_template_name("tpl").send().await)),
        ("a launch by a template", code(run().launch_template(named).send().await)),
        ("a group by name", code(ec2.delete_security_group().group_name("web").send().await)),
        ("a launch in a group", code(run().security_groups("web").send().await)),
        ("an address by itself", code(ec2.release_address().public_ip(public).send().await)),
        ("an address by its association", code(ec2.disassociate_address().association_id(association).send().await)),
    ] {
        assert_eq!(code.as_deref(), Some("UnauthorizedOperation"), "{what}");
    }
    ec2.delete_key_pair().key_name("free").send().await.unwrap();
}

#[tokio::test]
async fn groups_layers_and_rules_are_denied_by_their_paths_arns_and_tags() {
    let cloud = Cloud::with_iam().await;
    cloud.iam().create_group().group_name("g").path("/team/").send().await.unwrap();
    let layer = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:layer:l");
    let resources = json!([format!("arn:aws:iam::{ACCOUNT}:group/team/*"), format!("{layer}:*")]);
    let denied = json!({ "Effect": "Deny", "Action": "*", "Resource": resources });
    let mut tagged = json!({ "Effect": "Deny", "Action": "events:*", "Resource": "*" });
    tagged["Condition"] = json!({ "StringEquals": { "aws:ResourceTag/Env": "prod" } });
    let credentials = ann(&cloud, &json!([allow(&["*"], "*"), denied, tagged])).await;
    let sdk = cloud.sdk_as(credentials, "us-east-1");
    let group = aws_sdk_iam::Client::new(&sdk).get_group().group_name("g").send().await;
    assert_eq!(code(group).as_deref(), Some("AccessDenied"));
    let lambda = aws_sdk_lambda::Client::new(&sdk);
    for name in ["l", &layer] {
        let version = lambda.get_layer_version().layer_name(name).version_number(1).send().await;
        assert_eq!(code(version).as_deref(), Some("AccessDeniedException"), "{name}");
    }
    let owner = aws_sdk_eventbridge::Client::new(&cloud.sdk());
    let prod = aws_sdk_eventbridge::types::Tag::builder().key("Env").value("prod").build().unwrap();
    owner.put_rule().name("r").event_pattern(r#"{"source":["a"]}"#).tags(prod).send().await.unwrap();
    owner.put_rule().name("s").event_pattern(r#"{"source":["a"]}"#).send().await.unwrap();
    let events = aws_sdk_eventbridge::Client::new(&sdk);
    assert_eq!(code(events.disable_rule().name("r").send().await).as_deref(), Some("AccessDeniedException"));
    events.disable_rule().name("s").send().await.unwrap();
}

#[tokio::test]
async fn conditions_know_the_boundary_that_a_user_has_and_the_source_of_each_event() {
    let cloud = Cloud::with_iam().await;
    let iam = cloud.iam();
    let boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    iam.create_user().user_name("bound").permissions_boundary(boundary).send().await.unwrap();
    iam.create_user().user_name("free").send().await.unwrap();
    let mut within = allow(&["iam:PutUserPolicy"], "*");
    within["Condition"] = json!({ "StringEquals": { "iam:PermissionsBoundary": boundary } });
    let mut own = allow(&["events:PutEvents"], "*");
    own["Condition"] = json!({ "StringEquals": { "events:source": "own" } });
    let sdk = cloud.sdk_as(ann(&cloud, &json!([within, own])).await, "us-east-1");
    let policy = document(&json!([allow(&["s3:*"], "*")]));
    let delegate = aws_sdk_iam::Client::new(&sdk);
    let put = |user: &str| delegate.put_user_policy().user_name(user).policy_name("p").policy_document(&policy);
    put("bound").send().await.unwrap();
    assert_eq!(code(put("free").send().await).as_deref(), Some("AccessDenied"));
    let events = aws_sdk_eventbridge::Client::new(&sdk);
    let entry = |source: &str| {
        let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder().source(source);
        entry.detail_type("d").detail("{}").build()
    };
    events.put_events().entries(entry("own")).send().await.unwrap();
    let mixed = events.put_events().entries(entry("own")).entries(entry("other")).send().await;
    assert_eq!(code(mixed).as_deref(), Some("AccessDeniedException"));
}

#[tokio::test]
async fn a_volume_is_denied_by_its_size_and_by_what_it_does_not_say() {
    let cloud = Cloud::with_iam().await;
    let mut large = json!({ "Effect": "Deny", "Action": "ec2:CreateVolume", "Resource": "*" });
    large["Condition"] = json!({ "NumericGreaterThan": { "ec2:VolumeSize": "10" } });
    let mut plain = large.clone();
    plain["Condition"] = json!({ "Bool": { "ec2:Encrypted": "false" } });
    let ann = ec2_as(&cloud, ann(&cloud, &json!([allow(&["ec2:*"], "*"), large])).await);
    let create = |ec2: &aws_sdk_ec2::Client, size: i32| ec2.create_volume().availability_zone("us-east-1a").size(size);
    create(&ann, 10).send().await.unwrap();
    assert_eq!(code(create(&ann, 11).send().await).as_deref(), Some("UnauthorizedOperation"));
    let bob = ec2_as(&cloud, user(&cloud, "bob", &json!([allow(&["ec2:*"], "*"), plain])).await);
    assert_eq!(code(create(&bob, 1).send().await).as_deref(), Some("UnauthorizedOperation"));
}
