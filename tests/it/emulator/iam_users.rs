//! Users with keys that sign, managed policies, instance profiles, and roles that are assumed.

use super::{
    cloud::{ACCOUNT, Cloud},
    ec2::filter,
};
use aws_credential_types::Credentials;
use aws_sdk_ec2::types::IamInstanceProfileSpecification;
use aws_sdk_iam::{error::ProvideErrorMetadata, types::StatusType};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}"#;

fn trust(principal: &str) -> String {
    format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}]}}"#)
}

fn sts(cloud: &Cloud, credentials: Credentials) -> aws_sdk_sts::Client {
    aws_sdk_sts::Client::new(&cloud.sdk_as(credentials, "us-east-1"))
}

#[tokio::test]
async fn a_users_key_signs_until_it_is_switched_off_and_after_a_restart() {
    let cloud = Cloud::start().await;
    let iam = cloud.iam();
    iam.create_user().user_name("ann").path("/team/").send().await.unwrap();
    let key = iam.create_access_key().user_name("ann").send().await.unwrap().access_key().unwrap().clone();
    let credentials = Credentials::from_keys(key.access_key_id(), key.secret_access_key(), None);
    let identity = sts(&cloud, credentials.clone()).get_caller_identity().send().await.unwrap();
    assert_eq!(identity.arn(), Some(format!("arn:aws:iam::{ACCOUNT}:user/team/ann").as_str()));
    assert!(identity.user_id().unwrap().starts_with("AIDA"));
    let cloud = cloud.restart().await;
    let own = aws_sdk_iam::Client::new(&cloud.sdk_as(credentials.clone(), "us-east-1"));
    assert_eq!(own.get_user().send().await.unwrap().user().unwrap().user_name(), "ann");
    assert_eq!(own.list_access_keys().send().await.unwrap().access_key_metadata().len(), 1);
    own.create_access_key().send().await.unwrap();
    assert_eq!(own.create_access_key().send().await.unwrap_err().code(), Some("LimitExceeded"));
    let iam = cloud.iam();
    let switch = iam.update_access_key().user_name("ann").access_key_id(key.access_key_id());
    switch.status(StatusType::Inactive).send().await.unwrap();
    let refused = sts(&cloud, credentials).get_caller_identity().send().await.unwrap_err();
    assert_eq!(aws_sdk_sts::error::ProvideErrorMetadata::code(&refused), Some("InvalidClientTokenId"));
    assert_eq!(iam.delete_user().user_name("ann").send().await.unwrap_err().code(), Some("DeleteConflict"));
    for key in iam.list_access_keys().user_name("ann").send().await.unwrap().access_key_metadata() {
        iam.delete_access_key().user_name("ann").access_key_id(key.access_key_id().unwrap()).send().await.unwrap();
    }
    iam.update_user().user_name("ann").new_user_name("anna").send().await.unwrap();
    iam.delete_user().user_name("anna").send().await.unwrap();
    assert_eq!(iam.get_user().user_name("anna").send().await.unwrap_err().code(), Some("NoSuchEntity"));
}

#[tokio::test]
async fn a_managed_policy_has_versions_and_stays_while_it_is_attached() {
    let cloud = Cloud::start().await;
    let iam = cloud.iam();
    let made = iam.create_policy().policy_name("own").policy_document(POLICY).send().await.unwrap();
    let arn = made.policy().unwrap().arn().unwrap().to_owned();
    iam.create_user().user_name("ann").send().await.unwrap();
    iam.attach_user_policy().user_name("ann").policy_arn(&arn).send().await.unwrap();
    let policy = iam.get_policy().policy_arn(&arn).send().await.unwrap();
    assert_eq!(policy.policy().unwrap().attachment_count(), Some(1));
    let entities = iam.list_entities_for_policy().policy_arn(&arn).send().await.unwrap();
    assert_eq!(entities.policy_users()[0].user_name(), Some("ann"));
    assert_eq!(iam.delete_policy().policy_arn(&arn).send().await.unwrap_err().code(), Some("DeleteConflict"));
    for _ in 2..=5 {
        iam.create_policy_version().policy_arn(&arn).policy_document(POLICY).set_as_default(true).send().await.unwrap();
    }
    let sixth = iam.create_policy_version().policy_arn(&arn).policy_document(POLICY).send().await.unwrap_err();
    assert_eq!(sixth.code(), Some("LimitExceeded"));
    let default = iam.delete_policy_version().policy_arn(&arn).version_id("v5").send().await.unwrap_err();
    assert_eq!(default.code(), Some("DeleteConflict"));
    for attachable in ["arn:aws:iam::aws:policy/NoSuchPolicy", "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole"] {
        let error = iam.attach_user_policy().user_name("ann").policy_arn(attachable).send().await.unwrap_err();
        assert_eq!(error.code(), Some("NoSuchEntity"), "{attachable}");
    }
}

#[tokio::test]
async fn an_instance_has_the_profile_that_holds_a_role() {
    let cloud = Cloud::start().await;
    let (iam, ec2) = (cloud.iam(), cloud.ec2());
    let service = trust(r#"{"Service":"ec2.amazonaws.com"}"#);
    iam.create_role().role_name("worker").assume_role_policy_document(service).send().await.unwrap();
    let made = iam.create_instance_profile().instance_profile_name("web").send().await.unwrap();
    let arn = made.instance_profile().unwrap().arn().to_owned();
    let add = || iam.add_role_to_instance_profile().instance_profile_name("web").role_name("worker").send();
    add().await.unwrap();
    assert_eq!(add().await.unwrap_err().code(), Some("LimitExceeded"));
    assert_eq!(iam.delete_role().role_name("worker").send().await.unwrap_err().code(), Some("DeleteConflict"));
    let by_name = |name: &str| IamInstanceProfileSpecification::builder().name(name).build();
    let run = || ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1);
    let absent = run().iam_instance_profile(by_name("none")).send().await.unwrap_err();
    let message = "Value (none) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name";
    assert_eq!(aws_sdk_ec2::error::ProvideErrorMetadata::message(&absent), Some(message));
    let launched = run().iam_instance_profile(by_name("web")).send().await.unwrap().instances()[0].clone();
    assert_eq!(launched.iam_instance_profile().unwrap().arn(), Some(arn.as_str()));
    let found = ec2.describe_instances().filters(filter("iam-instance-profile.arn", &[&arn])).send().await.unwrap();
    assert_eq!(found.reservations().len(), 1);
    let associations = ec2.describe_iam_instance_profile_associations().send().await.unwrap();
    let association = associations.iam_instance_profile_associations()[0].association_id().unwrap().to_owned();
    ec2.disassociate_iam_instance_profile().association_id(&association).send().await.unwrap();
    let gone = ec2.disassociate_iam_instance_profile().association_id(association).send().await.unwrap_err();
    assert_eq!(aws_sdk_ec2::error::ProvideErrorMetadata::code(&gone), Some("InvalidAssociationID.NotFound"));
}

#[tokio::test]
async fn a_role_is_assumed_by_whom_it_trusts_and_for_as_long_as_asked() {
    let cloud = Cloud::start().await;
    let iam = cloud.iam();
    iam.create_user().user_name("ann").send().await.unwrap();
    let key = iam.create_access_key().user_name("ann").send().await.unwrap().access_key().unwrap().clone();
    let create =
        |name: &str, trust: String| iam.create_role().role_name(name).assume_role_policy_document(trust).send();
    let ann = format!(r#"{{"AWS":"arn:aws:iam::{ACCOUNT}:user/ann"}}"#);
    create("open", trust(&ann)).await.unwrap();
    create("closed", trust(r#"{"Service":"lambda.amazonaws.com"}"#)).await.unwrap();
    let nobody = create("none", trust(&ann.replace("ann", "bob"))).await.unwrap_err();
    assert_eq!(nobody.code(), Some("MalformedPolicyDocument"));
    let sts_of_ann = sts(&cloud, Credentials::from_keys(key.access_key_id(), key.secret_access_key(), None));
    let assume = |role: &str| {
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
        sts_of_ann.assume_role().role_arn(arn).role_session_name("one").duration_seconds(900)
    };
    let assumed = assume("open").send().await.unwrap();
    let lent = assumed.credentials().unwrap();
    let token = Some(lent.session_token().to_owned());
    let session = sts(&cloud, Credentials::from_keys(lent.access_key_id(), lent.secret_access_key(), token));
    let identity = session.get_caller_identity().send().await.unwrap();
    assert_eq!(identity.arn(), Some(format!("arn:aws:sts::{ACCOUNT}:assumed-role/open/one").as_str()));
    assert_eq!(
        identity.user_id(),
        assumed.assumed_role_user().map(aws_sdk_sts::types::AssumedRoleUser::assumed_role_id)
    );
    for refused in ["closed", "absent"] {
        let error = assume(refused).send().await.unwrap_err();
        let message = format!(
            "User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: sts:AssumeRole on resource: \
             arn:aws:iam::{ACCOUNT}:role/{refused}"
        );
        assert_eq!(aws_sdk_sts::error::ProvideErrorMetadata::message(&error), Some(message.as_str()));
    }
    let long = assume("open").duration_seconds(7200).send().await.unwrap_err();
    assert_eq!(aws_sdk_sts::error::ProvideErrorMetadata::code(&long), Some("ValidationError"));
    cloud.clock.advance(std::time::Duration::from_secs(901));
    let over = session.get_caller_identity().send().await.unwrap_err();
    assert_eq!(aws_sdk_sts::error::ProvideErrorMetadata::code(&over), Some("ExpiredToken"));
}
