//! `chalice deploy`: a tool that nobody here wrote, from its project to an answer of its API.
//!
//! `scripts/chalice.sh` installs it where the machine lacks it and names it in `ATELIER_CHALICE`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::cloud::Cloud;
use crate::support::raw::Client as Raw;
use serde_json::{Value, json};
use std::{fs, path::Path, process::Stdio};
use tokio::process::Command;

const APP: &str = "
from chalice import Chalice

app = Chalice(app_name='hello')


@app.route('/')
def index():
    return {'hello': 'world'}


@app.route('/things/{name}', methods=['POST'], cors=True)
def thing(name):
    return {'name': name, 'got': app.current_request.json_body}
";

#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
async fn chalice(cloud: &Cloud, project: &Path, verb: &str) {
    let program = std::env::var("ATELIER_CHALICE").unwrap_or_else(|_| "chalice".to_owned());
    let mut command = Command::new(&program);
    command
        .arg(verb)
        .current_dir(project)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", project)
        .env("AWS_ACCESS_KEY_ID", "AKIATEST")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", &cloud.endpoint)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = command.output().await.unwrap_or_else(|error| panic!("{program}: {error} (scripts/chalice.sh)"));
    let (said, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "chalice {verb}: {said}{failed}");
}

async fn call(cloud: &Cloud, head: &str, body: &str) -> (u16, Value, Option<String>) {
    let mut client = Raw::connect(cloud.endpoint.strip_prefix("http://").unwrap().parse().unwrap()).await;
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let headers: String = headers.lines().flat_map(|line| [line, "\r\n"]).collect();
    let length = body.len();
    client.send(format!("{line} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {length}\r\n\r\n{body}")).await;
    let answer = client.answer().await.unwrap();
    let origin = answer.header("access-control-allow-origin").map(str::to_owned);
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default(), origin)
}

#[tokio::test(flavor = "multi_thread")]
async fn chalice_deploys_an_api_that_answers_and_deploys_it_again() {
    let cloud = Cloud::with_running_clock().await;
    let project = tempfile::tempdir().unwrap();
    let config = json!({ "version": "2.0", "app_name": "hello", "stages": { "dev": { "api_gateway_stage": "api" } } });
    fs::create_dir(project.path().join(".chalice")).unwrap();
    for (name, text) in [("app.py", APP), ("requirements.txt", ""), (".chalice/config.json", &config.to_string())] {
        fs::write(project.path().join(name), text).unwrap();
    }
    chalice(&cloud, project.path(), "deploy").await;
    let apis = aws_sdk_apigateway::Client::new(&cloud.sdk());
    let id = apis.get_rest_apis().send().await.unwrap().items()[0].id().unwrap().to_owned();
    let index = format!("GET /_aws/execute-api/{id}/api/");
    assert_eq!(call(&cloud, &index, "").await, (200, json!({ "hello": "world" }), None));
    let thing = format!("POST /_aws/execute-api/{id}/api/things/a\ncontent-type: application/json");
    let (status, answer, origin) = call(&cloud, &thing, r#"{"b":1}"#).await;
    assert_eq!((status, answer), (200, json!({ "name": "a", "got": { "b": 1 } })));
    assert_eq!(origin.as_deref(), Some("*"));
    let asks = format!("OPTIONS /_aws/execute-api/{id}/api/things/a\norigin: https://page.example");
    let (status, _, origin) = call(&cloud, &asks, "").await;
    assert_eq!((status, origin.as_deref()), (200, Some("*")));
    // The same project again changes the API that is there.
    fs::write(project.path().join("app.py"), APP.replace("world", "again")).unwrap();
    chalice(&cloud, project.path(), "deploy").await;
    assert_eq!(call(&cloud, &index, "").await, (200, json!({ "hello": "again" }), None));
    chalice(&cloud, project.path(), "delete").await;
    assert_eq!(apis.get_rest_apis().send().await.unwrap().items().len(), 0);
}
