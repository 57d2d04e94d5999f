//! A folder as atelier wrote it before the state was a database: everything in it is taken over, once.

use super::cloud::Cloud;
use crate::support::engine_state;
use atelier::clock::Clock;
use serde_json::Value;
use std::{fs, path::Path};
use tempfile::TempDir;
use time::macros::datetime;

/// The folder of an engine with a deployed stack that has a key and was called once, written at 5815815.
const STORED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/emulator/format_1");
const FILES: [&str; 2] = ["global.json", "regions/us-east-1.json"];

fn stored(file: &str) -> String {
    fs::read_to_string(Path::new(STORED).join(file)).unwrap()
}

fn plant(folder: &Path) {
    fs::create_dir_all(folder.join("regions")).unwrap();
    for file in FILES {
        fs::write(folder.join(file), stored(file)).unwrap();
    }
}

async fn open(folder: TempDir) -> Cloud {
    Cloud::start_in(folder, Clock::manual(datetime!(2026-11-29 18:00 UTC))).await
}

/// What the stored files hold, in the shape that the state has now.
fn expected() -> Value {
    let state = |file| serde_json::from_str::<Value>(&stored(file)).unwrap()["state"].take();
    let mut region = state(FILES[1]);
    for (group, content) in region["logs"]["groups"].as_object().cloned().unwrap() {
        for (name, stream) in content["streams"].as_object().unwrap() {
            region["logs"]["streams"][format!("{group}:{name}")] = stream.clone();
        }
        region["logs"]["groups"][&group].as_object_mut().unwrap().remove("streams");
    }
    serde_json::json!({ "us-east-1": region, "aws-global": state(FILES[0]) })
}

#[tokio::test]
async fn everything_of_an_old_folder_is_there_and_the_old_files_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    plant(folder.path());
    let cloud = open(folder).await;
    assert_eq!(engine_state::read(cloud.folder()), expected());
    for file in FILES {
        assert_eq!(fs::read_to_string(cloud.folder().join(format!("{file}.format-1"))).unwrap(), stored(file));
    }
    // An atelier that knows the old format only reads this, and refuses it as newer.
    assert_eq!(fs::read_to_string(cloud.folder().join("global.json")).unwrap(), "{\"schema\":2,\"state\":null}\n");
    let ec2 = cloud.ec2().describe_instances().instance_ids("i-af002b3df0c70a124").send().await.unwrap();
    assert_eq!(ec2.reservations()[0].instances()[0].private_ip_address(), Some("172.31.14.127"));
    let role = cloud.iam().get_role().role_name("atelier-infrastructure-handler").send().await.unwrap();
    assert_eq!(role.role().unwrap().role_id(), "AROA3FD737B6F260F7373");
    let function = aws_sdk_lambda::Client::new(&cloud.sdk()).get_function_configuration();
    let function = function.function_name("infrastructure-handler").send().await.unwrap();
    assert_eq!(function.timeout(), Some(28));
    let apis = aws_sdk_apigateway::Client::new(&cloud.sdk());
    let stage = apis.get_stage().rest_api_id("7bghi3jn45").stage_name("dev").send().await.unwrap();
    assert!(stage.deployment_id().is_some());
    assert_eq!(apis.get_api_keys().send().await.unwrap().items().len(), 1);
    let streams = cloud.logs().describe_log_streams().log_group_name("/aws/lambda/infrastructure-handler");
    let name = "2026/11/29/[$LATEST]1686945ec846fc22b3167e6de7cb5942";
    assert_eq!(streams.send().await.unwrap().log_streams()[0].log_stream_name(), Some(name));
}

#[tokio::test]
async fn a_start_that_was_killed_on_the_way_is_finished_and_nothing_is_read_twice() {
    let folder = tempfile::tempdir().unwrap();
    plant(folder.path());
    // Killed before the new file was whole.
    fs::write(folder.path().join("state.new"), "half").unwrap();
    let cloud = open(folder).await;
    assert_eq!(engine_state::read(cloud.folder()), expected());
    cloud.ec2().terminate_instances().instance_ids("i-af002b3df0c70a124").send().await.unwrap();
    // Killed when it was, and before the old files had their new names.
    plant(cloud.folder());
    let cloud = cloud.restart().await;
    let state = engine_state::read(cloud.folder());
    assert_eq!(state["us-east-1"]["ec2"]["instances"]["i-af002b3df0c70a124"]["goal"], "terminate");
    assert!(FILES.iter().all(|file| cloud.folder().join(format!("{file}.format-1")).exists()));
    assert!(!cloud.folder().join(FILES[1]).exists());
}
