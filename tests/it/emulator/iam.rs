//! Roles and their policies; who the caller is.

use super::cloud::{ACCOUNT, Cloud};
use aws_sdk_iam::{error::ProvideErrorMetadata, types::Tag};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}"#;
const MANAGED: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

#[tokio::test]
async fn a_role_lives_with_its_tags_and_survives_a_restart() {
    let cloud = Cloud::start().await;
    let iam = cloud.iam();
    let create = iam.create_role().role_name("worker").path("/app/").assume_role_policy_document(TRUST);
    let role = create.description("é <&>").tags(tag("atelier:stack", "atelier")).send().await.unwrap();
    assert_eq!(role.role().unwrap().arn(), format!("arn:aws:iam::{ACCOUNT}:role/app/worker"));
    iam.tag_role().role_name("worker").tags(tag("atelier:part", "role")).send().await.unwrap();
    let cloud = cloud.restart().await;
    let iam = cloud.iam();
    let found = iam.get_role().role_name("worker").send().await.unwrap();
    let role = found.role().unwrap();
    assert_eq!(role.description(), Some("é <&>"));
    assert_eq!(role.max_session_duration(), Some(3600));
    assert_eq!(role.tags().len(), 2);
    let trust = percent_encoding::percent_decode_str(role.assume_role_policy_document().unwrap()).decode_utf8();
    assert_eq!(trust.unwrap(), TRUST);
    iam.untag_role().role_name("worker").tag_keys("atelier:part").send().await.unwrap();
    let tags = iam.list_role_tags().role_name("worker").send().await.unwrap();
    assert_eq!(tags.tags(), [tag("atelier:stack", "atelier")]);
    iam.update_role().role_name("worker").description("new").max_session_duration(7200).send().await.unwrap();
    let roles = iam.list_roles().path_prefix("/app/").send().await.unwrap();
    assert_eq!(roles.roles()[0].description(), Some("new"));
    assert_eq!(roles.roles()[0].max_session_duration(), Some(7200));
}

#[tokio::test]
async fn a_role_is_deleted_only_without_policies() {
    let cloud = Cloud::start().await;
    let iam = cloud.iam();
    iam.create_role().role_name("worker").assume_role_policy_document(TRUST).send().await.unwrap();
    iam.attach_role_policy().role_name("worker").policy_arn(MANAGED).send().await.unwrap();
    iam.put_role_policy().role_name("worker").policy_name("own").policy_document(POLICY).send().await.unwrap();
    let attached = iam.list_attached_role_policies().role_name("worker").send().await.unwrap();
    assert_eq!(attached.attached_policies()[0].policy_name(), Some("AWSLambdaBasicExecutionRole"));
    let own = iam.get_role_policy().role_name("worker").policy_name("own").send().await.unwrap();
    let text = percent_encoding::percent_decode_str(own.policy_document()).decode_utf8().unwrap();
    assert_eq!(text, POLICY);
    for _ in 0..2 {
        let error = iam.delete_role().role_name("worker").send().await.unwrap_err();
        assert_eq!(error.code(), Some("DeleteConflict"));
        let _ = iam.detach_role_policy().role_name("worker").policy_arn(MANAGED).send().await;
    }
    assert_eq!(iam.list_role_policies().role_name("worker").send().await.unwrap().policy_names(), ["own"]);
    iam.delete_role_policy().role_name("worker").policy_name("own").send().await.unwrap();
    iam.delete_role().role_name("worker").send().await.unwrap();
    let error = iam.get_role().role_name("worker").send().await.unwrap_err();
    assert_eq!(error.code(), Some("NoSuchEntity"));
    assert_eq!(error.message(), Some("The role with name worker cannot be found."));
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn roles_that_cannot_be_are_refused_with_the_code_of_aws() {
    let cloud = Cloud::start().await;
    let iam = cloud.iam();
    let create = |name: &str, trust: &str| iam.create_role().role_name(name).assume_role_policy_document(trust).send();
    create("worker", TRUST).await.unwrap();
    assert_eq!(create("worker", TRUST).await.unwrap_err().code(), Some("EntityAlreadyExists"));
    assert_eq!(create("WORKER", TRUST).await.unwrap_err().code(), Some("EntityAlreadyExists"));
    assert_eq!(create("other", "{").await.unwrap_err().code(), Some("MalformedPolicyDocument"));
    assert_eq!(create("other", POLICY).await.unwrap_err().code(), Some("MalformedPolicyDocument"));
    assert_eq!(create("a b", TRUST).await.unwrap_err().code(), Some("ValidationError"));
    let attach = iam.attach_role_policy().role_name("worker").policy_arn("arn:aws:iam::000000000000:policy/none");
    assert_eq!(attach.send().await.unwrap_err().code(), Some("NoSuchEntity"));
}

#[tokio::test]
async fn pages_of_roles_cover_everything_once() {
    let cloud = Cloud::start().await;
    let iam = cloud.iam();
    for name in ["a", "b", "c"] {
        iam.create_role().role_name(name).assume_role_policy_document(TRUST).send().await.unwrap();
    }
    let first = iam.list_roles().max_items(2).send().await.unwrap();
    assert!(first.is_truncated());
    let second = iam.list_roles().max_items(2).set_marker(first.marker().map(str::to_owned)).send().await.unwrap();
    assert!(!second.is_truncated());
    let names: Vec<_> = first.roles().iter().chain(second.roles()).map(aws_sdk_iam::types::Role::role_name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn the_caller_is_the_account_that_owns_the_key() {
    let cloud = Cloud::start().await;
    let identity = aws_sdk_sts::Client::new(&cloud.sdk()).get_caller_identity().send().await.unwrap();
    assert_eq!(identity.account(), Some(ACCOUNT));
    assert_eq!(identity.arn(), Some(format!("arn:aws:iam::{ACCOUNT}:root").as_str()));
    assert_eq!(identity.user_id(), Some(ACCOUNT));
}

#[tokio::test]
async fn an_identity_provider_is_kept_with_its_audiences() {
    let cloud = Cloud::start().await;
    let iam = cloud.iam();
    let create = || {
        let create = iam.create_open_id_connect_provider().url("https://token.example.com").client_id_list("one");
        create.thumbprint_list("9e99a48a9960b14926bb7f3b02e22da2b0ab7280").tags(tag("a", "b")).send()
    };
    let arn = create().await.unwrap().open_id_connect_provider_arn().unwrap().to_owned();
    assert_eq!(arn, format!("arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.com"));
    assert_eq!(create().await.unwrap_err().code(), Some("EntityAlreadyExists"));
    let add = iam.add_client_id_to_open_id_connect_provider().open_id_connect_provider_arn(&arn).client_id("two");
    add.send().await.unwrap();
    let cloud = cloud.restart().await;
    let iam = cloud.iam();
    let shown = iam.get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send().await.unwrap();
    assert_eq!((shown.url(), shown.client_id_list().len()), (Some("token.example.com"), 2));
    assert_eq!(shown.tags(), [tag("a", "b")]);
    iam.delete_open_id_connect_provider().open_id_connect_provider_arn(&arn).send().await.unwrap();
    let gone = iam.get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send().await.unwrap_err();
    assert_eq!(gone.code(), Some("NoSuchEntity"));
}

#[tokio::test]
async fn an_account_has_one_alias_and_a_rule_that_passwords_follow() {
    let cloud = Cloud::start().await;
    let iam = cloud.iam();
    for alias in ["first", "second"] {
        iam.create_account_alias().account_alias(alias).send().await.unwrap();
        assert_eq!(iam.list_account_aliases().send().await.unwrap().account_aliases(), [alias]);
    }
    let none = iam.get_account_password_policy().send().await.unwrap_err();
    assert_eq!(none.code(), Some("NoSuchEntity"));
    iam.update_account_password_policy().minimum_password_length(12).max_password_age(90).send().await.unwrap();
    let rule = iam.get_account_password_policy().send().await.unwrap().password_policy().unwrap().clone();
    assert_eq!((rule.minimum_password_length(), rule.expire_passwords()), (Some(12), true));
    iam.create_user().user_name("ann").send().await.unwrap();
    let login = |password: &str| iam.create_login_profile().user_name("ann").password(password).send();
    assert_eq!(login("Abcdefg-1").await.unwrap_err().code(), Some("PasswordPolicyViolation"));
    login("twelveletters").await.unwrap();
    iam.delete_account_password_policy().send().await.unwrap();
    iam.delete_account_alias().account_alias("second").send().await.unwrap();
    assert!(iam.list_account_aliases().send().await.unwrap().account_aliases().is_empty());
}
