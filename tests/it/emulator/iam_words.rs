//! IAM and STS in AWS's own words, and what of a thing each of their answers shows.

use super::cloud::{ACCOUNT, Cloud};
use aws_credential_types::Credentials;
use aws_sdk_iam::{
    error::ProvideErrorMetadata,
    types::{Role, Tag},
};
use serde_json::json;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const BOUNDARY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

/// The code and the message of a refusal.
fn told(error: &impl ProvideErrorMetadata) -> (String, String) {
    (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn each_answer_shows_of_a_role_what_it_shows_at_aws() {
    let cloud = Cloud::start().await;
    let iam = cloud.iam();
    let create = iam.create_role().role_name("worker").assume_role_policy_document(TRUST).max_session_duration(7200);
    let create = create.description("of a test").permissions_boundary(BOUNDARY).tags(tag("a", "b"));
    let made = create.send().await.unwrap().role().unwrap().clone();
    let got = iam.get_role().role_name("worker").send().await.unwrap().role().unwrap().clone();
    let listed = iam.list_roles().send().await.unwrap().roles()[0].clone();
    let shown = |role: &Role| {
        let has = [role.description().is_some(), role.max_session_duration().is_some()];
        (has, role.permissions_boundary().is_some(), role.tags().len(), role.role_last_used().is_some())
    };
    assert_eq!(shown(&made), ([false, false], true, 1, false));
    assert_eq!(shown(&got), ([true, true], true, 1, true));
    assert_eq!(shown(&listed), ([true, true], false, 0, false));
    // What an update does not name stays.
    iam.update_role().role_name("worker").send().await.unwrap();
    let got = iam.get_role().role_name("worker").send().await.unwrap().role().unwrap().clone();
    assert_eq!((got.description(), got.max_session_duration()), (Some("of a test"), Some(7200)));
    let described = iam.update_role_description().role_name("worker").description("new").send().await.unwrap();
    let described = described.role().unwrap();
    assert_eq!((described.description(), described.max_session_duration()), (Some("new"), None));
    iam.create_instance_profile().instance_profile_name("web").send().await.unwrap();
    iam.add_role_to_instance_profile().instance_profile_name("web").role_name("worker").send().await.unwrap();
    let profile = iam.get_instance_profile().instance_profile_name("web").send().await.unwrap();
    let within = &profile.instance_profile().unwrap().roles()[0];
    assert_eq!((within.max_session_duration(), within.tags().len()), (None, 0));
}

#[tokio::test]
async fn what_iam_refuses_it_refuses_in_its_own_words() {
    let cloud = Cloud::start().await;
    let iam = cloud.iam();
    iam.create_role().role_name("worker").assume_role_policy_document(TRUST).send().await.unwrap();
    iam.create_instance_profile().instance_profile_name("web").send().await.unwrap();
    let policy = format!("arn:aws:iam::{ACCOUNT}:policy/absent");
    let provider = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/absent.example.com");
    let boundary = format!("arn:aws:iam::{ACCOUNT}:not_a_policy/invalid");
    let rule = iam.update_account_password_policy().minimum_password_length(129).password_reuse_prevention(25);
    let remove = iam.remove_role_from_instance_profile().instance_profile_name("web").role_name("worker");
    let bound = iam.put_role_permissions_boundary().role_name("worker").permissions_boundary(&boundary);
    let leave = iam.remove_user_from_group().group_name("none").user_name("nobody");
    let version = |version: &str| iam.get_policy_version().policy_arn(&policy).version_id(version).send();
    let old = json!({ "Statement": { "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*" } }).to_string();
    for (refusal, code, message) in [
        (
            told(&iam.delete_account_password_policy().send().await.unwrap_err()),
            "NoSuchEntity",
            "The account policy with name PasswordPolicy cannot be found.".to_owned(),
        ),
        (
            told(&rule.max_password_age(1096).send().await.unwrap_err()),
            "ValidationError",
            "3 validation errors detected: Value at 'minimumPasswordLength' failed to satisfy constraint: Member must \
             have value less than or equal to 128; Value at 'passwordReusePrevention' failed to satisfy constraint: \
             Member must have value less than or equal to 24; Value at 'maxPasswordAge' failed to satisfy constraint: \
             Member must have value less than or equal to 1095"
                .to_owned(),
        ),
        (
            told(&version("v1").await.unwrap_err()),
            "NoSuchEntity",
            format!("Policy {policy} version v1 does not exist or is not attachable."),
        ),
        (
            told(&version("wrong_format").await.unwrap_err()),
            "ValidationError",
            r"1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?".to_owned(),
        ),
        (
            told(&iam.create_policy().policy_name("old").policy_document(old).send().await.unwrap_err()),
            "MalformedPolicyDocument",
            "Policy document must be version 2012-10-17 or greater.".to_owned(),
        ),
        (
            told(
                &iam.delete_open_id_connect_provider()
                    .open_id_connect_provider_arn(&provider)
                    .send()
                    .await
                    .unwrap_err(),
            ),
            "NoSuchEntity",
            format!("OpenId connect Provider {provider} cannot be found."),
        ),
        (
            told(&remove.send().await.unwrap_err()),
            "NoSuchEntity",
            "Role worker in Instance Profile web cannot be found.".to_owned(),
        ),
        (told(&bound.send().await.unwrap_err()), "InvalidInput", format!("ARN {boundary} is not valid.")),
        (told(&leave.send().await.unwrap_err()), "NoSuchEntity", "The user with name nobody cannot be found.".to_owned()),
    ] {
        assert_eq!(refusal, (code.to_owned(), message));
    }
}

#[tokio::test]
async fn what_is_asked_of_sts_in_vain_is_refused_in_its_own_words() {
    let cloud = Cloud::start().await;
    let sts = aws_sdk_sts::Client::new(&cloud.sdk());
    let role = format!("arn:aws:iam::{ACCOUNT}:role/worker");
    let long = "s".repeat(65);
    let at = |value: &str, constraint: &str| {
        let words = "failed to satisfy constraint: Member must";
        format!("1 validation error detected: Value '{value}' at 'roleSessionName' {words} {constraint}")
    };
    for (arn, session, message) in [
        ("nothing-valid-in-here", "one", "nothing-valid-in-here is invalid".to_owned()),
        ("arn::b:::something/test-role", "one", "arn::b:::something/test-role is invalid".to_owned()),
        ("arn:a::::something/test-role", "one", "arn:a::::something/test-role is invalid".to_owned()),
        ("arn:a:::something/test-role", "one", "arn:a:::something/test-role is invalid".to_owned()),
        ("arn:a:a::aaaaaaaaaa:", "one", "arn:a:a::aaaaaaaaaa: is invalid".to_owned()),
        (role.as_str(), "Session1:2", at("Session1:2", r"satisfy regular expression pattern: [\w+=,.@-]*")),
        (role.as_str(), long.as_str(), at(&long, "have length less than or equal to 64")),
    ] {
        let refused = sts.assume_role().role_arn(arn).role_session_name(session).send().await.unwrap_err();
        assert_eq!(told(&refused), ("ValidationError".to_owned(), message));
    }
}

#[tokio::test]
async fn a_tag_that_goes_on_is_on_the_next_session_and_cannot_be_another_there() {
    let cloud = Cloud::with_iam().await;
    let iam = cloud.iam();
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": ["sts:AssumeRole", "sts:TagSession"],
    }] });
    let red = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*",
        "Condition": { "StringEquals": { "aws:PrincipalTag/Team": "red" } },
    }] });
    for name in ["first", "second"] {
        iam.create_role().role_name(name).assume_role_policy_document(trust.to_string()).send().await.unwrap();
    }
    let put = iam.put_role_policy().role_name("second").policy_name("red").policy_document(red.to_string());
    put.send().await.unwrap();
    let assume = |sts: &aws_sdk_sts::Client, role: &str| {
        sts.assume_role().role_arn(format!("arn:aws:iam::{ACCOUNT}:role/{role}")).role_session_name("one")
    };
    let team = |key: &str, value: &str| aws_sdk_sts::types::Tag::builder().key(key).value(value).build().unwrap();
    let session = |lent: &aws_sdk_sts::types::Credentials| {
        let token = Some(lent.session_token().to_owned());
        cloud.sdk_as(Credentials::from_keys(lent.access_key_id(), lent.secret_access_key(), token), "us-east-1")
    };
    let owner = aws_sdk_sts::Client::new(&cloud.sdk());
    let lacking = assume(&owner, "first").tags(team("Team", "red")).transitive_tag_keys("Other").send().await;
    let message = "The specified transitive tag key must be included in the requested tags.";
    assert_eq!(told(&lacking.unwrap_err()), ("InvalidParameterValue".to_owned(), message.to_owned()));
    let twice = assume(&owner, "first").tags(team("Team", "red")).tags(team("team", "blue")).send().await;
    let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    assert_eq!(told(&twice.unwrap_err()), ("InvalidParameterValue".to_owned(), message.to_owned()));
    let first = assume(&owner, "first").tags(team("Team", "red")).transitive_tag_keys("Team").send().await.unwrap();
    let first = aws_sdk_sts::Client::new(&session(first.credentials().unwrap()));
    let other = assume(&first, "second").tags(team("team", "blue")).send().await.unwrap_err();
    let message = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key \
                   from the calling session.";
    assert_eq!(told(&other), ("InvalidParameterValue".to_owned(), message.to_owned()));
    let second = assume(&first, "second").send().await.unwrap();
    let ec2 = aws_sdk_ec2::Client::new(&session(second.credentials().unwrap()));
    ec2.describe_instances().send().await.unwrap();
    // What goes on is passed like what is given: the next role has to let it be.
    let alone = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "sts:AssumeRole",
    }] });
    iam.create_role().role_name("plain").assume_role_policy_document(alone.to_string()).send().await.unwrap();
    assume(&owner, "plain").send().await.unwrap();
    let (code, message) = told(&assume(&first, "plain").send().await.unwrap_err());
    assert_eq!(code, "AccessDenied");
    assert!(message.contains("is not authorized to perform: sts:TagSession on resource: arn:aws:iam::"), "{message}");
    let untagged = assume(&owner, "second").send().await.unwrap();
    let ec2 = aws_sdk_ec2::Client::new(&session(untagged.credentials().unwrap()));
    assert_eq!(told(&ec2.describe_instances().send().await.unwrap_err()).0, "UnauthorizedOperation");
}
