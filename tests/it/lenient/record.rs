//! The record of what works here and fails on AWS, as `doctor` and `status` tell it.

use super::Lab;
use crate::support::Project;

#[test]
fn what_leaned_is_told_once_with_awss_words_and_what_mends_it() {
    let lab = Lab::lenient();
    assert_eq!(lab.project.run(&["doctor", "--aws"]).code, Some(0), "nothing has leaned");
    for _ in 0..2 {
        lab.ok(&["ec2", "run-instances", "--image-id", "ami-12345678"]);
    }
    let told = lab.project.run(&["doctor", "--aws"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    for text in ["`test`", "The security token included in the request is invalid.", "atelier env", "ec2 RunInstances"]
    {
        assert!(told.stdout.contains(text), "{text}: {}", told.stdout);
    }
    assert_eq!(told.stdout.matches("→").count(), 2, "{}", told.stdout);
    let json = lab.project.run(&["doctor", "--aws", "--json"]).json();
    assert_eq!(json["error"]["code"], "fails_on_aws");
    let first = &json["data"]["differences"][0];
    assert_eq!((&first["kind"], &first["access_key_id"]), (&"credentials".into(), &"test".into()), "{json}");
    assert_eq!(first["call"], "ec2 RunInstances");
    assert!(first["fix"].as_str().unwrap().contains("atelier run"), "{first}");
    let french = lab.project.run(&["doctor", "--aws", "--lang", "fr"]);
    assert!(french.stdout.contains("échouent sur AWS"), "{}", french.stdout);

    let status = lab.project.run(&["status"]);
    assert_eq!(status.stdout.matches("doctor --aws").count(), 1, "{}", status.stdout);
    let status = lab.project.run(&["status", "--json"]).json();
    assert_eq!(status["data"]["lenient"], serde_json::json!({ "lenience": "on", "fails_on_aws": 2 }));
    let doctor = lab.project.run(&["doctor", "--json"]).json();
    let findings = doctor["data"]["findings"].as_array().unwrap();
    let lenient = findings.iter().find(|finding| finding["check"] == "lenient").unwrap();
    assert_eq!((&lenient["verdict"], &lenient["fix"]), (&"warn".into(), &"`atelier doctor --aws`".into()));
}

#[test]
fn the_record_outlives_its_engine_until_it_is_forgotten() {
    let lab = Lab::lenient();
    lab.ok(&["sts", "get-caller-identity"]);
    assert_eq!(lab.project.run(&["down"]).code, Some(0));
    assert_eq!(lab.kinds(), ["credentials"]);
    let port = lab.port.to_string();
    assert_eq!(lab.project.run(&["up", "--lenient", "--port", &port]).code, Some(0));
    let forgotten = lab.project.run(&["doctor", "--aws", "--forget"]);
    assert!(forgotten.stdout.contains("access key `test`"), "{forgotten:?}");
    assert_eq!(lab.kinds(), [""; 0]);
    lab.ok(&["sts", "get-caller-identity"]);
    assert_eq!(lab.kinds(), ["credentials"], "noted again by the engine that runs");
}

#[test]
fn an_image_that_somebody_has_registered_is_one() {
    let lab = Lab::lenient();
    let image = lab.ok(&["ec2", "register-image", "--name", "mine"])["ImageId"].as_str().unwrap().to_owned();
    lab.ok(&["ec2", "run-instances", "--image-id", &image]);
    assert!(!lab.kinds().contains(&"image".to_owned()), "{:?}", lab.kinds());
    lab.ok(&["ec2", "run-instances", "--image-id", "ami-12345678"]);
    assert!(lab.kinds().contains(&"image".to_owned()), "{:?}", lab.kinds());
}

#[test]
fn a_strict_engine_has_no_record() {
    let project = Project::new().up();
    let told = project.run(&["doctor", "--aws"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stdout.contains("strict"), "{told:?}");
    assert_eq!(project.run(&["status", "--json"]).json()["data"]["lenient"], serde_json::Value::Null);
    assert_eq!(project.run(&["doctor", "--forget"]).code, Some(2));
}
