//! Lambda through the AWS CLI, with atelier's own archive as the function's code.

use super::Cli;
use std::io::Write;

/// The archive of a function whose process ends instead of working.
fn crashing(cli: &Cli) -> String {
    let path = cli.project.path().join("crash.zip");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).expect("a file"));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    archive.start_file("bootstrap", options).expect("an entry");
    archive.write_all(b"#!/bin/sh\nexit 3\n").expect("a script");
    archive.finish().expect("an archive");
    format!("fileb://{}", path.display())
}

#[test]
fn a_function_is_created_invoked_updated_and_deleted() {
    let cli = Cli::start();
    cli.deploy();
    let cache = std::fs::read_dir(cli.project.path().join(".atelier/cache")).expect("a cache");
    let archive = cache.map(|entry| entry.expect("an entry").path()).next().expect("the archive that was deployed");
    let role = cli.ok(&["iam", "get-role", "--role-name", "atelier-infrastructure-handler"]);
    let role = role["Role"]["Arn"].as_str().expect("an ARN");
    let code = format!("fileb://{}", archive.display());
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let create = [
        "lambda",
        "create-function",
        "--function-name",
        "mine",
        "--runtime",
        "provided.al2023",
        "--role",
        role,
        "--handler",
        "bootstrap",
        "--zip-file",
        &code,
        "--architectures",
        architecture,
        "--environment",
        "Variables={ATELIER_STACK=atelier}",
        "--timeout",
        "28",
    ];
    let created = cli.ok(&create);
    assert_eq!(created["FunctionName"], "mine");
    cli.ok(&["lambda", "wait", "function-active-v2", "--function-name", "mine"]);

    assert_eq!(cli.refused(&create), "ResourceConflictException");

    let payload = cli.project.path().join("payload.json");
    std::fs::write(&payload, r#"{"action":"status"}"#).expect("the payload is written");
    let payload = format!("fileb://{}", payload.display());
    let invoked = cli.ok(&[
        "lambda",
        "invoke",
        "--function-name",
        "mine",
        "--payload",
        &payload,
        "--log-type",
        "Tail",
        "out.json",
    ]);
    assert_eq!(invoked["StatusCode"], 200);
    assert_eq!(invoked["FunctionError"], serde_json::Value::Null);
    assert!(invoked["LogResult"].is_string());
    let answer: serde_json::Value =
        serde_json::from_slice(&std::fs::read(cli.project.path().join("out.json")).expect("an answer")).expect("JSON");
    assert_eq!(answer["type"], "t2.micro");

    let update = |code: &str| {
        let updated = cli.ok(&["lambda", "update-function-code", "--function-name", "mine", "--zip-file", code]);
        cli.ok(&["lambda", "wait", "function-updated-v2", "--function-name", "mine"]);
        updated["CodeSha256"].as_str().expect("a hash").to_owned()
    };
    let invoke = || {
        let invoked = cli.ok(&["lambda", "invoke", "--function-name", "mine", "--payload", &payload, "out.json"]);
        let answer = std::fs::read(cli.project.path().join("out.json")).expect("an answer");
        (invoked["FunctionError"].clone(), serde_json::from_slice::<serde_json::Value>(&answer).expect("JSON"))
    };
    assert_ne!(update(&crashing(&cli)), created["CodeSha256"]);
    let (error, answer) = invoke();
    assert_eq!((error.as_str(), answer["errorType"].as_str()), (Some("Unhandled"), Some("Runtime.ExitError")));
    assert_eq!(update(&code), created["CodeSha256"]);
    assert_eq!(invoke().1["type"], "t2.micro");

    let updated =
        cli.ok(&["lambda", "update-function-configuration", "--function-name", "mine", "--memory-size", "256"]);
    assert_eq!(updated["MemorySize"], 256);
    cli.ok(&["lambda", "delete-function", "--function-name", "mine"]);
    assert_eq!(cli.refused(&["lambda", "get-function", "--function-name", "mine"]), "ResourceNotFoundException");
}
