//! A function on a machine without an interpreter of its language: in a container of AWS's image, or of one of the same
//! contract where there is no registry (scripts/function-image.sh).

use crate::{
    machine,
    support::{Project, engine_port},
};
use aws_sdk_cloudwatchlogs::operation::filter_log_events::FilterLogEventsError;
use aws_sdk_lambda::{
    Client,
    client::Waiters,
    primitives::Blob,
    types::{FunctionCode, Runtime},
};
use std::{
    io::{Cursor, Write},
    process::Command,
    time::Duration,
};
use zip::{ZipWriter, write::SimpleFileOptions};

const IMAGE: &str = "amazon/aws-lambda-python:3.14";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const APP: &str = "
import os, time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    if event.get('hang'):
        time.sleep(60)
    open('/tmp/x', 'a').write('x')
    print('calls', calls)
    return {'calls': calls, 'root': os.environ['LAMBDA_TASK_ROOT'], 'files': os.listdir('/tmp'), 'mode': os.environ['MODE'], 'id': context.aws_request_id}
";

/// The image, which is removed again where the test has made it.
struct Image(bool);

impl Image {
    fn ensure() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/function-image.sh");
        let output = Command::new(script).arg(IMAGE).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self(String::from_utf8_lossy(&output.stdout).contains("was built"))
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if self.0 {
            let _ = Command::new("docker").args(["rmi", "--force", IMAGE]).output();
        }
    }
}

fn code() -> Blob {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("app.py", SimpleFileOptions::default()).unwrap();
    writer.write_all(APP.as_bytes()).unwrap();
    Blob::new(writer.finish().unwrap().into_inner())
}

fn containers() -> String {
    machine::docker(&["ps", "--all", "--quiet", "--filter", &format!("ancestor={IMAGE}")])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_python_runs_its_functions_in_awss_image() {
    if !machine::is_here() {
        return;
    }
    // Nothing but the docker program is where this project's engine looks for programs.
    let programs = tempfile::tempdir().unwrap();
    let which = Command::new("sh").args(["-c", "command -v docker"]).output().unwrap();
    let docker = String::from_utf8(which.stdout).unwrap();
    std::os::unix::fs::symlink(docker.trim(), programs.path().join("docker")).unwrap();
    let port = engine_port();
    let project = Project::new().with("PATH", programs.path().to_str().unwrap());
    let up = project.run(&["up", "--engine", "embedded", "--port", &port.to_string()]);
    assert_eq!(up.code, Some(0), "{up:?}");
    let sdk = project.sdk(port);
    let role = aws_sdk_iam::Client::new(&sdk).create_role().role_name("worker").assume_role_policy_document(TRUST);
    let role = role.send().await.unwrap().role.unwrap().arn;
    let (client, logs) = (Client::new(&sdk), aws_sdk_cloudwatchlogs::Client::new(&sdk));
    let create = || {
        let environment = aws_sdk_lambda::types::Environment::builder().variables("MODE", "m").build();
        let creation = client.create_function().function_name("f").role(&role).handler("app.handler").timeout(3);
        let creation = creation.environment(environment).runtime(Runtime::from("python3.14"));
        creation.code(FunctionCode::builder().zip_file(code()).build())
    };
    let refused = create().send().await.unwrap_err().into_service_error();
    assert!(refused.to_string().contains(&format!("or run `docker pull {IMAGE}`")), "{refused}");

    let _image = Image::ensure();
    create().send().await.unwrap();
    let active = client.wait_until_function_active_v2().function_name("f");
    active.wait(Duration::from_secs(20)).await.unwrap();
    let shown = client.get_function_configuration().function_name("f").send().await.unwrap();
    assert!(shown.state_reason().unwrap().contains("in Docker runs this python3.14 function"), "{shown:?}");
    for calls in 1..3 {
        let invoked = client.invoke().function_name("f").send().await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(invoked.payload().unwrap().as_ref()).unwrap();
        assert_eq!(
            (&answer["calls"], &answer["root"], &answer["mode"]),
            (&calls.into(), &"/var/task".into(), &"m".into())
        );
        assert_eq!(answer["files"], serde_json::json!(["x"]));
        // What it prints comes by way of the daemon, which the answer need not wait for, and the log group with it.
        let printed = format!("calls {calls}");
        let said = async {
            loop {
                let lines = match logs.filter_log_events().log_group_name("/aws/lambda/f").send().await {
                    Ok(lines) => lines.events.unwrap_or_default(),
                    Err(error) => {
                        let is_to_come =
                            error.as_service_error().is_some_and(FilterLogEventsError::is_resource_not_found_exception);
                        assert!(is_to_come, "{error:?}");
                        Vec::new()
                    }
                };
                if lines.iter().any(|event| event.message() == Some(&printed)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), said).await.unwrap_or_else(|_| panic!("no `{printed}`"));
    }
    // One that hangs is ended with its container.
    let late = client.invoke().function_name("f").payload(Blob::new(r#"{"hang":true}"#)).send().await.unwrap();
    assert!(String::from_utf8_lossy(late.payload().unwrap().as_ref()).contains("Sandbox.Timedout"));
    client.delete_function().function_name("f").send().await.unwrap();
    let gone = async {
        while !containers().is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone)
        .await
        .expect("the container of a function that hung still runs");
    let down = project.run(&["down"]);
    assert_eq!(down.code, Some(0), "{down:?}");
}
