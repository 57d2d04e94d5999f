//! `up --iam` and `explain`: which statement decided about a call, in both languages, also after the engine has ended.

use crate::support::{Project, engine_port};
use aws_credential_types::Credentials;
use aws_sdk_ec2::error::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

#[test]
fn a_refused_call_is_explained_by_its_id() {
    let port = engine_port();
    let project = Project::new();
    let up = project.run(&["up", "--engine", "embedded", "--iam", "--port", &port.to_string()]);
    assert!(up.code == Some(0) && up.stdout.contains("atelier explain"), "{up:?}");
    assert_eq!(project.run(&["up", "--json"]).json()["data"]["iam"], true, "it stays as it was started");
    let none = project.run(&["explain"]);
    assert!(none.code == Some(0) && none.stdout.contains("Nothing was refused"), "{none:?}");
    let sdk = project.sdk(port);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Look","Effect":"Allow","Action":"ec2:Describe*","Resource":"*"},{"Sid":"Never","Effect":"Deny","Action":"ec2:Run*","Resource":"*"}]}"#;
    let (allowed, denied) = runtime.block_on(async {
        let iam = aws_sdk_iam::Client::new(&sdk);
        iam.create_user().user_name("ann").send().await.unwrap();
        iam.put_user_policy().user_name("ann").policy_name("own").policy_document(policy).send().await.unwrap();
        let key = iam.create_access_key().user_name("ann").send().await.unwrap().access_key().unwrap().clone();
        let credentials = Credentials::from_keys(key.access_key_id(), key.secret_access_key(), None);
        let config = aws_sdk_ec2::config::Builder::from(&sdk).credentials_provider(credentials).build();
        let ec2 = aws_sdk_ec2::Client::from_conf(config);
        let allowed = ec2.describe_instances().send().await.unwrap().request_id().unwrap().to_owned();
        let run = ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1);
        let denied = run.send().await.unwrap_err();
        assert_eq!(denied.code(), Some("UnauthorizedOperation"));
        (allowed, denied.request_id().unwrap().to_owned())
    });
    let told = project.run(&["explain", &allowed]).stdout;
    assert!(told.contains("ec2:DescribeInstances is allowed") && told.contains("statement Look of own"), "{told}");
    let told = project.run(&["explain", &denied, "--lang", "fr"]).stdout;
    assert!(told.contains("refusé explicitement") && told.contains("déclaration Never de own"), "{told}");
    let json = project.run(&["explain", &denied, "--json"]).json();
    assert_eq!(json["data"]["decisions"][0]["outcome"], "explicit_deny");
    assert_eq!(json["data"]["decisions"][0]["by"]["layer"], "identity");
    let unknown = project.run(&["explain", "none", "--json"]);
    assert_eq!((unknown.code, &unknown.json()["error"]["code"]), (Some(1), &"no_decision".into()));
    assert_eq!(project.run(&["down"]).code, Some(0));
    assert!(project.run(&["explain"]).stdout.contains("ec2:RunInstances"), "what was written down stays");
    let off = project.run(&["up", "--iam=off", "--json"]);
    assert_eq!(off.json()["data"]["iam"], false, "{off:?}");
    let other = project.run(&["up", "--iam", "--engine", "localstack", "--json"]);
    assert!(other.code == Some(2), "{other:?}");
}
