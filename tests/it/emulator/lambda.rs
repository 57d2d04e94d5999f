//! Lambda's REST API through the SDK.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{function, local::Local};
use aws_sdk_lambda::{
    Client,
    error::ProvideErrorMetadata,
    operation::{create_function::builders::CreateFunctionFluentBuilder, invoke::InvokeOutput},
    primitives::Blob,
    types::{Environment, FunctionCode, InvocationType, LastUpdateStatus, LogType, Runtime, State},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

pub(super) const ROLE: &str = "arn:aws:iam::000000000000:role/worker";

/// A call that creates the test function with variables of its own.
pub(super) fn creation(client: &Client, name: &str, variables: &[(&str, &str)]) -> CreateFunctionFluentBuilder {
    let program = std::env::current_exe().unwrap().to_string_lossy().into_owned();
    let mut environment = Environment::builder().variables(function::PROGRAM, program);
    for (key, value) in variables {
        environment = environment.variables(*key, *value);
    }
    client
        .create_function()
        .function_name(name)
        .role(ROLE)
        .runtime(Runtime::Providedal2023)
        .handler("bootstrap")
        .timeout(20)
        .environment(environment.build())
        .code(FunctionCode::builder().zip_file(Blob::new(function::archive())).build())
}

/// Creates the test function and lets it become active.
pub(super) async fn create(local: &Local, name: &str, variables: &[(&str, &str)]) -> Client {
    let client = Client::new(&local.sdk);
    creation(&client, name, variables).send().await.unwrap();
    local.settle();
    client
}

pub(super) async fn invoke(client: &Client, name: &str, event: &str) -> InvokeOutput {
    client.invoke().function_name(name).payload(Blob::new(event)).send().await.unwrap()
}

pub(super) fn text(output: &InvokeOutput) -> String {
    String::from_utf8(output.payload().unwrap().as_ref().to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_pending_then_active_and_shows_the_hash_of_its_code() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let created = creation(&client, "f", &[("MODE", "x")]).tags("atelier:part", "function").send().await.unwrap();
    assert_eq!(created.state(), Some(&State::Pending));
    let zip = function::archive();
    assert_eq!(created.code_sha256(), Some(BASE64_STANDARD.encode(Sha256::digest(&zip)).as_str()));
    assert_eq!(created.code_size(), i64::try_from(zip.len()).unwrap());
    let early = client.invoke().function_name("f").send().await.unwrap_err();
    assert_eq!(early.code(), Some("ResourceConflictException"));
    local.settle();
    let got = client.get_function().function_name("f").send().await.unwrap();
    assert_eq!(got.tags().unwrap()["atelier:part"], "function");
    let configuration = got.configuration().unwrap();
    assert_eq!(configuration.state(), Some(&State::Active));
    assert_eq!(configuration.last_update_status(), Some(&LastUpdateStatus::Successful));
    assert_eq!(configuration.environment().unwrap().variables().unwrap()["MODE"], "x");
    assert_eq!(configuration.revision_id(), created.revision_id());
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_name_twice_is_a_conflict_and_an_absent_name_is_not_found() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let twice = creation(&client, "f", &[]).send().await.unwrap_err();
    assert_eq!(twice.code(), Some("ResourceConflictException"));
    let absent = client.get_function().function_name("g").send().await.unwrap_err();
    assert_eq!(absent.code(), Some("ResourceNotFoundException"));
    assert_eq!(absent.message(), Some("Function not found: arn:aws:lambda:us-east-1:000000000000:function:g"));
    client.delete_function().function_name("f").send().await.unwrap();
    let deleted = client.invoke().function_name("f").send().await.unwrap_err();
    assert_eq!(deleted.code(), Some("ResourceNotFoundException"));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_cannot_run_here_is_refused_before_anything_is_stored() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let mut other = vec![0_u8; 64];
    other[..6].copy_from_slice(b"\x7fELF\x02\x01");
    // The number of a processor that nobody runs this on.
    other[18] = 22;
    for (zip, expected) in [
        (b"not a zip".to_vec(), "Could not unzip uploaded file"),
        (function::zip(&[("main", 0o755, b"x")]), "no `bootstrap`"),
        (function::zip(&[("bootstrap", 0o644, b"#!/bin/sh")]), "chmod +x bootstrap"),
        (function::zip(&[("bootstrap", 0o755, &other)]), std::env::consts::ARCH),
        (function::zip(&[("bootstrap", 0o755, b"#!"), ("../x", 0o644, b"")]), "outside the function's folder"),
    ] {
        let code = FunctionCode::builder().zip_file(Blob::new(zip)).build();
        let error = creation(&client, "f", &[]).code(code).send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidParameterValueException"));
        assert!(error.message().unwrap().contains(expected), "{error:?}");
    }
    assert!(client.list_functions().send().await.unwrap().functions().is_empty());
    assert!(!local.folder().join("functions").exists());
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_not_there_is_refused() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let absent = creation(&client, "f", &[]).role("arn:aws:iam::000000000000:role/absent").send().await.unwrap_err();
    assert_eq!(absent.code(), Some("InvalidParameterValueException"));
    let malformed = creation(&client, "f", &[]).role("worker").send().await.unwrap_err();
    assert_eq!(malformed.code(), Some("ValidationException"));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_listed_in_pages() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    for name in ["a", "b", "c"] {
        creation(&client, name, &[]).send().await.unwrap();
    }
    let first = client.list_functions().max_items(2).send().await.unwrap();
    assert_eq!(first.functions().len(), 2);
    let rest = client.list_functions().marker(first.next_marker().unwrap()).send().await.unwrap();
    assert_eq!(rest.functions()[0].function_name(), Some("c"));
    assert_eq!(rest.next_marker(), None);
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_must_know_the_latest_revision_and_a_dry_run_changes_nothing() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let zip = Blob::new(function::script("exit 0"));
    let update = || client.update_function_code().function_name("f").zip_file(zip.clone());
    let stale = update().revision_id("stale").send().await.unwrap_err();
    assert_eq!(stale.code(), Some("PreconditionFailedException"));
    let dry = update().dry_run(true).send().await.unwrap();
    let before = client.get_function_configuration().function_name("f").send().await.unwrap();
    assert_ne!(dry.code_sha256(), before.code_sha256());
    let updated = update().revision_id(before.revision_id().unwrap()).send().await.unwrap();
    assert_eq!(updated.code_sha256(), dry.code_sha256());
    assert_eq!(updated.last_update_status(), Some(&LastUpdateStatus::InProgress));
    let busy = client.update_function_configuration().function_name("f").timeout(5).send().await.unwrap_err();
    assert_eq!(busy.code(), Some("ResourceConflictException"));
    local.settle();
    let changed = client.update_function_configuration().function_name("f").timeout(5).send().await.unwrap();
    assert_eq!(changed.timeout(), Some(5));
    assert_eq!(changed.memory_size(), Some(128));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_are_added_once_shown_and_removed() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let add = || {
        let add = client.add_permission().function_name("f").statement_id("api").action("lambda:InvokeFunction");
        add.principal("apigateway.amazonaws.com").source_arn("arn:aws:execute-api:us-east-1:000000000000:abc/*")
    };
    let added = add().send().await.unwrap();
    assert!(added.statement().unwrap().contains(r#""Service":"apigateway.amazonaws.com""#));
    assert_eq!(add().send().await.unwrap_err().code(), Some("ResourceConflictException"));
    let policy = client.get_policy().function_name("f").send().await.unwrap();
    assert!(policy.policy().unwrap().contains(r#""Sid":"api""#));
    client.remove_permission().function_name("f").statement_id("api").send().await.unwrap();
    let none = client.get_policy().function_name("f").send().await.unwrap_err();
    assert_eq!(none.code(), Some("ResourceNotFoundException"));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_set_shown_and_removed_by_the_functions_arn() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    client.tag_resource().resource(arn).tags("a", "1").tags("b", "2").send().await.unwrap();
    client.untag_resource().resource(arn).tag_keys("a").send().await.unwrap();
    let tags = client.list_tags().resource(arn).send().await.unwrap();
    assert_eq!(tags.tags().unwrap().get("b").map(String::as_str), Some("2"));
    assert_eq!(tags.tags().unwrap().len(), 1);
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_answers_with_what_the_function_said() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let output = invoke(&client, "f", r#"{"do":"echo","text":"héllo"}"#).await;
    assert_eq!(output.status_code(), 200);
    assert_eq!(output.function_error(), None);
    assert_eq!(output.executed_version(), Some("$LATEST"));
    assert_eq!(text(&output), r#"{"do":"echo","text":"héllo"}"#);
    let empty = client.invoke().function_name("f").send().await.unwrap();
    assert_eq!(text(&empty), "{}");
    let error = invoke(&client, "f", r#"{"do":"error"}"#).await;
    assert_eq!(error.function_error(), Some("Unhandled"));
    assert!(text(&error).contains(r#""errorType":"Own""#));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_that_are_no_json_or_too_large_never_reach_the_function() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let send = |payload: Vec<u8>| client.invoke().function_name("f").payload(Blob::new(payload)).send();
    assert_eq!(send(b"{".to_vec()).await.unwrap_err().code(), Some("InvalidRequestContentException"));
    let deep = vec![b'['; 100_000];
    assert_eq!(send(deep).await.unwrap_err().code(), Some("InvalidRequestContentException"));
    let large = format!("\"{}\"", "x".repeat(6 << 20)).into_bytes();
    assert_eq!(send(large).await.unwrap_err().code(), Some("RequestTooLargeException"));
    assert!(!local.folder().join("functions/scratch").exists(), "a process was started");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_accepted_and_run_and_a_dry_run_is_neither() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let (mine, theirs) = (local.folder().join("mine"), local.folder().join("theirs"));
    let event = |mine, theirs| serde_json::json!({ "do": "meet", "mine": mine, "theirs": theirs }).to_string();
    let call =
        |kind, event: String| client.invoke().function_name("f").invocation_type(kind).payload(Blob::new(event)).send();
    let dry = call(InvocationType::DryRun, event(&mine, &theirs)).await.unwrap();
    assert_eq!(dry.status_code(), 204);
    let accepted = call(InvocationType::Event, event(&mine, &theirs)).await.unwrap();
    assert_eq!(accepted.status_code(), 202);
    let met = call(InvocationType::RequestResponse, event(&theirs, &mine)).await.unwrap();
    assert_eq!(met.function_error(), None);
    assert!(mine.exists());
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_of_the_log_comes_back_when_it_is_asked_for() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let call = client.invoke().function_name("f").payload(Blob::new(r#"{"do":"print"}"#));
    let output = call.log_type(LogType::Tail).send().await.unwrap();
    let log = String::from_utf8(BASE64_STANDARD.decode(output.log_result().unwrap()).unwrap()).unwrap();
    let position = |text: &str| log.find(text).unwrap_or_else(|| panic!("no `{text}` in {log}"));
    assert!(position("START RequestId: ") < position("a line on stdout"));
    assert!(position("a line on stderr") < position("END RequestId: "));
    assert!(position("REPORT RequestId: ") < position("Init Duration: "));
    assert_eq!(invoke(&client, "f", "{}").await.log_result(), None);
    local.stop().await;
}
