//! The function as Lambda runs it: the real binary under a Runtime API.

use super::{
    code,
    fake_ec2::{FakeEc2, FakeInstance, Fault},
};
use atelier::http1::{self, Admission, Limits, Peer, Rejection, Request, Response, Service};
use bytes::Bytes;
use serde_json::{Value, json};
use std::{os::unix::ffi::OsStrExt, process::Stdio, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::{Mutex, mpsc},
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The longest wait for anything; passing it fails the test.
const DEADLINE: Duration = Duration::from_secs(20);

/// A function process and the Runtime API that it polls.
struct Function {
    events: mpsc::UnboundedSender<Vec<u8>>,
    answers: mpsc::UnboundedReceiver<(String, Bytes)>,
    process: Child,
    _server: DropGuard,
}

struct RuntimeApi {
    events: Mutex<mpsc::UnboundedReceiver<Vec<u8>>>,
    answers: mpsc::UnboundedSender<(String, Bytes)>,
}

impl Service for RuntimeApi {
    type Pass = ();

    async fn admit(&self, _: &http::request::Parts) -> Result<(Admission, ()), Response> {
        Ok((Admission::default(), ()))
    }

    async fn call(&self, request: Request, (): ()) -> Response {
        let path = request.uri().path().to_owned();
        if path == "/2018-06-01/runtime/invocation/next" {
            let Some(event) = self.events.lock().await.recv().await else { std::future::pending().await };
            return http::Response::builder()
                .header("lambda-runtime-aws-request-id", "8476a536")
                .header("lambda-runtime-deadline-ms", "1542409706888")
                .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:f")
                .body(Bytes::from(event))
                .unwrap();
        }
        let _ = self.answers.send((path, request.into_body()));
        http::Response::builder().status(202).body(Bytes::new()).unwrap()
    }

    fn reject(&self, _: Peer, rejection: Rejection) -> Response {
        panic!("the runtime client sent what no door takes: {rejection}")
    }
}

/// The binary as Lambda starts it.
fn command(runtime_api: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atelier"));
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .env("AWS_LAMBDA_FUNCTION_NAME", "infrastructure-handler")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIATEST")
        .env("AWS_SECRET_ACCESS_KEY", "canary-secret")
        .env("ATELIER_STACK", "atelier")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

impl Function {
    async fn start(ec2: &FakeEc2) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, waiting) = mpsc::unbounded_channel();
        let (answered, answers) = mpsc::unbounded_channel();
        let service = Arc::new(RuntimeApi { events: Mutex::new(waiting), answers: answered });
        let stop = CancellationToken::new();
        tokio::spawn(http1::serve(listener, Limits::runtime_api(), service, stop.clone()));
        let process = command(&address).env("AWS_ENDPOINT_URL", &ec2.url).spawn().unwrap();
        Self { events, answers, process, _server: stop.drop_guard() }
    }

    /// Invokes the function, and gives what it handed to the Runtime API as its answer.
    async fn invoke(&mut self, event: impl Into<Vec<u8>>) -> Value {
        self.events.send(event.into()).unwrap();
        let (path, body) = timeout(DEADLINE, self.answers.recv()).await.expect("an answer in time").unwrap();
        assert_eq!(path, "/2018-06-01/runtime/invocation/8476a536/response", "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// Ends the function, and gives its log.
    async fn end(mut self) -> String {
        self.process.start_kill().unwrap();
        let output = timeout(DEADLINE, self.process.wait_with_output()).await.unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap()
    }
}

#[tokio::test]
async fn every_event_gets_an_answer_and_the_next_one_too() {
    let ec2 = FakeEc2::start(vec![FakeInstance::new("running")]).await;
    let mut function = Function::start(&ec2).await;
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let large = json!({"httpMethod": "POST", "path": "/infra", "body": "x".repeat(6 << 20)}).to_string();
    for (event, expected) in [
        ("null".to_owned(), "bad_request"),
        ("[]".to_owned(), "bad_request"),
        ("\"start\"".to_owned(), "bad_request"),
        ("{}".to_owned(), "missing_parameter"),
        ("{".to_owned(), "bad_request"),
        (String::new(), "bad_request"),
        (deep.clone(), "bad_request"),
        (format!(r#"{{"action":{deep}}}"#), "bad_request"),
        (r#"{"httpMethod":null,"requestContext":null,"headers":null}"#.to_owned(), "missing_parameter"),
        (large, "too_large"),
    ] {
        let answer = function.invoke(event).await;
        let body = answer.get("body").map_or_else(|| answer.to_string(), |body| body.as_str().unwrap().to_owned());
        assert_eq!(code(&body), expected);
    }
    assert_eq!(code(&function.invoke(b"{\"a\":\"\xff\"}".to_vec()).await.to_string()), "bad_request");
    let status = json!({"instance_id": "i-0123456789abcdef0", "state": "running", "type": "t2.micro"});
    assert_eq!(function.invoke(r#"{"action":"status"}"#).await, status);
    function.end().await;
}

#[tokio::test]
async fn a_request_leaves_one_line_in_the_log_without_secrets() {
    let ec2 = FakeEc2::start(vec![FakeInstance::new("stopped")]).await;
    let mut function = Function::start(&ec2).await;
    let event = json!({
        "httpMethod": "POST", "path": "/infra", "body": r#"{"action":"start"}"#,
        "headers": {"x-request-id": "client-7", "x-api-key": "canary-key"}
    });
    let answer = function.invoke(event.to_string()).await;
    assert_eq!(answer["statusCode"], 200);
    assert_eq!(answer["headers"]["x-request-id"], "client-7");
    let log = function.end().await;
    assert!(!log.contains("canary"), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{log}");
    for (member, value) in [
        ("request_id", json!("client-7")),
        ("invocation_id", json!("8476a536")),
        ("action", json!("start")),
        ("target", json!("ec2")),
        ("status", json!(200)),
        ("outcome", json!("ok")),
        ("stack", json!("atelier")),
        ("method", json!("POST")),
        ("path", json!("/infra")),
        ("Calls", json!(1)),
        ("Errors", json!(0)),
        ("ColdStart", json!(1)),
    ] {
        assert_eq!(lines[0][member], value, "{member}");
    }
    assert!(lines[0]["duration_ms"].is_u64() && lines[0]["Duration"].is_number());
    let change = &lines[0]["changes"][0];
    assert_eq!((&change["before"], &change["after"]), (&json!("stopped"), &json!("running")), "{change}");
    let asked: Vec<_> = lines[0]["upstream"].as_array().unwrap().iter().map(|call| &call["operation"]).collect();
    assert!(asked.contains(&&json!("ec2 StartInstances")), "{asked:?}");
    // What CloudWatch makes of it: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
    let directive = &lines[0]["_aws"]["CloudWatchMetrics"][0];
    assert!(lines[0]["_aws"]["Timestamp"].is_u64() && directive["Namespace"] == "atelier", "{directive}");
    for metric in directive["Metrics"].as_array().unwrap() {
        assert!(lines[0][metric["Name"].as_str().unwrap()].is_number(), "{metric}");
    }
    for set in directive["Dimensions"].as_array().unwrap() {
        assert!(set.as_array().unwrap().iter().all(|name| lines[0][name.as_str().unwrap()].is_string()), "{set}");
    }
}

#[tokio::test]
async fn every_line_about_a_request_that_failed_has_its_id() {
    let ec2 = FakeEc2::start(vec![FakeInstance::new("stopped")]).await;
    ec2.fail(Fault::Error(500, "InternalError"));
    let mut function = Function::start(&ec2).await;
    let event = json!({
        "httpMethod": "GET", "path": "/infra", "queryStringParameters": {"action": "status"},
        "headers": {"x-request-id": "client-8"}
    });
    let answer = function.invoke(event.to_string()).await;
    assert_eq!(answer["statusCode"], 502);
    let log = function.end().await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "why, and the answer: {log}");
    assert!(lines.iter().all(|line| line["request_id"] == "client-8"), "{log}");
}

#[tokio::test]
async fn outside_lambda_the_function_ends_with_a_reason() {
    let output = Command::new(env!("CARGO_BIN_EXE_atelier"))
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("AWS_LAMBDA_FUNCTION_NAME"));
}

#[tokio::test]
async fn a_list_of_keys_that_is_empty_or_unreadable_lets_nobody_in() {
    let texts = [&b""[..], b" ", b"null", b"[]", b"{", br#"{"abc":"status"}"#, b"{\"\xff\":\"status\"}", b"\xff"];
    for text in texts {
        let keys = std::ffi::OsStr::from_bytes(text);
        let ending = timeout(DEADLINE, command("127.0.0.1:1").env("ATELIER_API_KEYS", keys).output());
        let output = ending.await.expect("the function ends before its first event").unwrap();
        let log = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(log.contains("`ATELIER_API_KEYS` is not"), "{log}");
    }
}
