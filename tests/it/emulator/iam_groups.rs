//! Groups of users.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::cloud::Cloud;
use aws_sdk_iam::error::ProvideErrorMetadata;

const READ: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}"#;

#[tokio::test]
async fn a_group_has_users_and_policies_and_goes_without_them() {
    let cloud = Cloud::start().await;
    let iam = cloud.iam();
    let made = iam.create_group().group_name("web").path("/teams/").send().await.unwrap();
    assert_eq!(made.group().unwrap().arn(), "arn:aws:iam::000000000000:group/teams/web");
    let twice = iam.create_group().group_name("WEB").send().await.unwrap_err();
    assert_eq!(twice.code(), Some("EntityAlreadyExists"));
    iam.create_user().user_name("ana").send().await.unwrap();
    let add = |user: &str| iam.add_user_to_group().group_name("web").user_name(user).send();
    assert_eq!(add("nobody").await.unwrap_err().code(), Some("NoSuchEntity"));
    add("ana").await.unwrap();
    add("ana").await.unwrap();
    iam.attach_group_policy().group_name("web").policy_arn(READ).send().await.unwrap();
    iam.put_group_policy().group_name("web").policy_name("own").policy_document(POLICY).send().await.unwrap();
    let entities = iam.list_entities_for_policy().policy_arn(READ).send().await.unwrap();
    assert_eq!(entities.policy_groups()[0].group_name(), Some("web"));
    iam.update_user().user_name("ana").new_user_name("eva").send().await.unwrap();
    iam.update_group().group_name("web").new_group_name("front").send().await.unwrap();
    let cloud = cloud.restart().await;
    let iam = cloud.iam();
    let shown = iam.get_group().group_name("front").send().await.unwrap();
    assert_eq!(shown.users().iter().map(aws_sdk_iam::types::User::user_name).collect::<Vec<_>>(), ["eva"]);
    let of_user = iam.list_groups_for_user().user_name("eva").send().await.unwrap();
    assert_eq!(of_user.groups()[0].group_name(), "front");
    assert_eq!(iam.delete_user().user_name("eva").send().await.unwrap_err().code(), Some("DeleteConflict"));
    let delete = || iam.delete_group().group_name("front").send();
    assert_eq!(delete().await.unwrap_err().code(), Some("DeleteConflict"));
    let remove = || iam.remove_user_from_group().group_name("front").user_name("eva").send();
    // Who is not in it may be removed once more.
    remove().await.unwrap();
    remove().await.unwrap();
    assert_eq!(delete().await.unwrap_err().code(), Some("DeleteConflict"));
    iam.detach_group_policy().group_name("front").policy_arn(READ).send().await.unwrap();
    iam.delete_group_policy().group_name("front").policy_name("own").send().await.unwrap();
    delete().await.unwrap();
    iam.delete_user().user_name("eva").send().await.unwrap();
    assert!(iam.list_groups().send().await.unwrap().groups().is_empty());
}
