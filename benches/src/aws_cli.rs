//! The same steps as `atelier deploy`, one after the other by the AWS CLI, as the workshop's scripts do them.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}"#;
const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:by-cli";

/// Deploys instance, role, log group, function and API, and tells how long that took.
pub fn deploy(engine: SocketAddr, archive: &Path) -> io::Result<Duration> {
    let start = Instant::now();
    let aws = |arguments: &[&str]| aws(engine, arguments);
    aws(&["ec2", "run-instances", "--image-id", "ami-12345678", "--instance-type", "t2.micro"])?;
    aws(&["iam", "create-role", "--role-name", "by-cli", "--assume-role-policy-document", TRUST])?;
    aws(&["iam", "put-role-policy", "--role-name", "by-cli", "--policy-name", "p", "--policy-document", POLICY])?;
    aws(&["logs", "create-log-group", "--log-group-name", "/aws/lambda/by-cli"])?;
    let code = format!("fileb://{}", archive.display());
    aws(&[
        "lambda",
        "create-function",
        "--function-name",
        "by-cli",
        "--runtime",
        "provided.al2023",
        "--handler",
        "bootstrap",
        "--role",
        "arn:aws:iam::000000000000:role/by-cli",
        "--zip-file",
        &code,
        "--timeout",
        "28",
    ])?;
    aws(&["lambda", "wait", "function-active-v2", "--function-name", "by-cli"])?;
    let api = aws(&["apigateway", "create-rest-api", "--name", "by-cli", "--query", "id", "--output", "text"])?;
    let api = api.trim();
    let root =
        aws(&["apigateway", "get-resources", "--rest-api-id", api, "--query", "items[0].id", "--output", "text"])?;
    let infra = aws(&[
        "apigateway",
        "create-resource",
        "--rest-api-id",
        api,
        "--parent-id",
        root.trim(),
        "--path-part",
        "infra",
        "--query",
        "id",
        "--output",
        "text",
    ])?;
    let infra = infra.trim();
    let uri = format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations");
    for method in ["GET", "POST"] {
        let place = ["--rest-api-id", api, "--resource-id", infra, "--http-method", method];
        aws(&[&["apigateway", "put-method", "--authorization-type", "NONE"], &place[..]].concat())?;
        let kind = [
            "apigateway",
            "put-integration",
            "--type",
            "AWS_PROXY",
            "--integration-http-method",
            "POST",
            "--uri",
            &uri,
        ];
        aws(&[&kind[..], &place[..]].concat())?;
    }
    aws(&[
        "lambda",
        "add-permission",
        "--function-name",
        "by-cli",
        "--statement-id",
        "s",
        "--action",
        "lambda:InvokeFunction",
        "--principal",
        "apigateway.amazonaws.com",
    ])?;
    aws(&["apigateway", "create-deployment", "--rest-api-id", api, "--stage-name", "dev"])?;
    Ok(start.elapsed())
}

/// Credentials that an engine accepts: an access key's id and its secret.
type Credentials = (String, String);

/// Creates the role and the function `bench` in Python, and waits until it is active.
pub fn create_function(engine: SocketAddr, credentials: &Credentials, code: &Path, runtime: &str) -> io::Result<()> {
    let aws = |arguments: &[&str]| aws_as(engine, credentials, arguments);
    aws(&["iam", "create-role", "--role-name", "bench", "--assume-role-policy-document", TRUST])?;
    let code = format!("fileb://{}", code.display());
    let role = "arn:aws:iam::000000000000:role/bench";
    let name = ["--function-name", "bench"];
    let what = ["--runtime", runtime, "--handler", "app.handler", "--role", role, "--zip-file", &code];
    aws(&[&["lambda", "create-function"], &name[..], &what].concat())?;
    aws(&["lambda", "wait", "function-active-v2", "--function-name", "bench"]).map(drop)
}

/// Changes the function `bench`, so that its processes end, and waits until it has settled.
pub fn touch_function(engine: SocketAddr, credentials: &Credentials, number: usize) -> io::Result<()> {
    let aws = |arguments: &[&str]| aws_as(engine, credentials, arguments);
    let (name, text) = (["--function-name", "bench"], number.to_string());
    aws(&[&["lambda", "update-function-configuration"], &name[..], &["--description", &text]].concat())?;
    aws(&["lambda", "wait", "function-updated-v2", "--function-name", "bench"]).map(drop)
}

fn aws(engine: SocketAddr, arguments: &[&str]) -> io::Result<String> {
    aws_as(engine, &("test".to_owned(), "test".to_owned()), arguments)
}

fn aws_as(engine: SocketAddr, (key_id, secret): &Credentials, arguments: &[&str]) -> io::Result<String> {
    let output = Command::new("aws")
        .args(["--endpoint-url", &format!("http://{engine}"), "--region", "us-east-1"])
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", key_id)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env("AWS_PAGER", "")
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(format!("aws {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr))))
}
