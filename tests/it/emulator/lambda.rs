//! Lambda's REST API through the SDK.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{function, local::Local};
use atelier::{edge::Upstream, runtimes};
use aws_sdk_lambda::{
    Client,
    error::ProvideErrorMetadata,
    operation::{create_function::builders::CreateFunctionFluentBuilder, invoke::InvokeOutput},
    primitives::Blob,
    types::{
        DurableConfig, Environment, FunctionCode, FunctionUrlAuthType, InvocationType, LastUpdateStatus,
        LayerVersionContentInput, LogType, Runtime, State, VpcConfig,
    },
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::time::Duration;

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

/// Creates a function of some files on a runtime of a language.
pub(super) async fn create_from(
    local: &Local,
    name: &str,
    runtime: runtimes::Runtime,
    handler: &str,
    files: &[(&str, &str)],
) -> Client {
    let client = Client::new(&local.sdk);
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, 0o644, text.as_bytes())).collect();
    let code = FunctionCode::builder().zip_file(Blob::new(function::zip(&files))).build();
    let creation = client.create_function().function_name(name).role(ROLE).handler(handler).timeout(20);
    creation.runtime(runtime.to_string().as_str().into()).code(code).send().await.unwrap();
    local.settle();
    client
}

pub(super) async fn invoke(client: &Client, name: &str, event: &str) -> InvokeOutput {
    client.invoke().function_name(name).payload(Blob::new(event)).send().await.unwrap()
}

pub(super) fn text(output: &InvokeOutput) -> String {
    String::from_utf8(output.payload().unwrap().as_ref().to_vec()).unwrap()
}

pub(super) fn document(output: &InvokeOutput) -> Value {
    serde_json::from_str(&text(output)).unwrap()
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
    assert_eq!(created.last_update_status(), None);
    assert_ne!(configuration.revision_id(), created.revision_id(), "one that has settled is another revision");
    let link: http::Uri = got.code().unwrap().location().unwrap().parse().unwrap();
    assert_eq!(local.emulator.code(&link).await.unwrap().body(), zip.as_slice());
    local.clock.advance(Duration::from_mins(10));
    assert!(local.emulator.code(&link).await.is_none());
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
    let without = || client.update_function_code().function_name("f");
    let image = without().image_uri("000000000000.dkr.ecr.us-east-1.amazonaws.com/f:1").send().await.unwrap_err();
    let message = "Please don't provide ImageUri when updating a function with packageType Zip.";
    assert_eq!(image.message(), Some(message));
    let nothing = without().send().await.unwrap_err();
    assert_eq!(nothing.message(), Some("Please provide a source for function code."));
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
    let torn = send(b"{".to_vec()).await.unwrap_err();
    assert_eq!(torn.code(), Some("InvalidRequestContentException"));
    let said = "Could not parse request body into json: Could not parse payload into json: ";
    assert!(torn.message().unwrap().starts_with(said), "{torn:?}");
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
    let strange = call("Later".into(), "{}".to_owned()).await.unwrap_err();
    let message = "1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: Member must \
                   satisfy enum value set: [DryRun, RequestResponse, Event]";
    assert_eq!((strange.code(), strange.message()), (Some("ValidationException"), Some(message)));
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

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_never_published_is_not_the_function() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let missing = "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:7";
    let refused = |code: Option<&str>, message: Option<&str>| {
        assert_eq!((code, message), (Some("ResourceNotFoundException"), Some(missing)));
    };
    let error = client.get_function().function_name("f").qualifier("7").send().await.unwrap_err();
    refused(error.code(), error.message());
    let error = client.get_function().function_name("f:7").send().await.unwrap_err();
    refused(error.code(), error.message());
    let error = client.get_function_configuration().function_name("f").qualifier("7").send().await.unwrap_err();
    refused(error.code(), error.message());
    let error = client.invoke().function_name("f").qualifier("7").send().await.unwrap_err();
    refused(error.code(), error.message());
    let error = client.get_policy().function_name("f").qualifier("7").send().await.unwrap_err();
    assert_eq!(error.message(), Some("The resource you requested does not exist."));
    let error = client.get_runtime_management_config().function_name("f").qualifier("7").send().await.unwrap_err();
    refused(error.code(), error.message());
    let remove = client.remove_permission().function_name("f").qualifier("7").statement_id("s");
    let error = remove.send().await.unwrap_err();
    refused(error.code(), error.message());
    let add = || {
        let add = client.add_permission().function_name("f").statement_id("s").action("lambda:InvokeFunction");
        add.principal("apigateway.amazonaws.com")
    };
    let error = add().qualifier("7").send().await.unwrap_err();
    refused(error.code(), error.message());
    let latest = add().qualifier("$LATEST").send().await.unwrap_err();
    assert_eq!(latest.message(), Some("We currently do not support adding policies for $LATEST."));
    assert_eq!(
        client.get_policy().function_name("f").send().await.unwrap_err().code(),
        Some("ResourceNotFoundException")
    );
    let mixed = client.get_function().function_name("f:$LATEST").qualifier("7").send().await.unwrap_err();
    assert_eq!(mixed.code(), Some("InvalidParameterValueException"));
    let latest = client.get_function_configuration().function_name("f").qualifier("$LATEST").send().await.unwrap();
    assert_eq!(latest.function_arn(), Some("arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST"));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_version_leaves_the_function_alone() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    client.delete_function().function_name("f").qualifier("7").send().await.unwrap();
    for (name, qualifier) in [("f", Some("$LATEST")), ("f:$LATEST", None), ("f", Some("live"))] {
        let delete = client.delete_function().function_name(name).set_qualifier(qualifier.map(str::to_owned));
        assert_eq!(delete.send().await.unwrap_err().code(), Some("InvalidParameterValueException"), "{name}");
    }
    let absent = client.delete_function().function_name("g").qualifier("7").send().await.unwrap_err();
    assert_eq!(absent.code(), Some("ResourceNotFoundException"));
    client.get_function().function_name("f").send().await.unwrap();
    client.delete_function().function_name("f").send().await.unwrap();
    assert!(client.get_function().function_name("f").send().await.is_err());
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_of_another_account_or_region_is_not_the_one_here() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    for (arn, code) in [
        ("arn:aws:lambda:eu-west-1:000000000000:function:f", "ResourceNotFoundException"),
        ("arn:aws:lambda:us-east-1:111111111111:function:f", "AccessDeniedException"),
        ("111111111111:function:f", "AccessDeniedException"),
    ] {
        let got = client.get_function().function_name(arn).send().await.unwrap_err();
        assert_eq!(got.code(), Some(code), "{arn}");
        let deleted = client.delete_function().function_name(arn).send().await.unwrap_err();
        assert_eq!(deleted.code(), Some(code), "{arn}");
        // Tags are asked for by a whole ARN.
        let code = if arn.starts_with("arn:") { code } else { "ValidationException" };
        let tags = client.list_tags().resource(arn).send().await.unwrap_err();
        assert_eq!(tags.code(), Some(code), "{arn}");
    }
    let elsewhere = client.invoke().function_name("arn:aws:lambda:eu-west-1:000000000000:function:f").send().await;
    let message = "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')";
    assert_eq!(elsewhere.unwrap_err().message(), Some(message));
    let own = "arn:aws:lambda:us-east-1:000000000000:function:f";
    client.get_function().function_name(own).send().await.unwrap();
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_emulator_lacks_is_refused_by_its_name() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let durable = DurableConfig::builder().execution_timeout(60).build();
    let vpc = VpcConfig::builder().ipv6_allowed_for_dual_stack(true).build();
    for (call, name) in [
        (creation(&client, "f", &[]).durable_config(durable), "DurableConfig"),
        (creation(&client, "f", &[]).vpc_config(vpc), "VpcConfig.Ipv6AllowedForDualStack"),
        (creation(&client, "f", &[]).publish_to("LATEST_PUBLISHED".into()), "PublishTo"),
    ] {
        let error = call.send().await.unwrap_err();
        assert_eq!(error.code(), Some("NotImplemented"), "{name}");
        assert!(error.message().unwrap().contains(name), "{error:?}");
    }
    let both = FunctionCode::builder().zip_file(Blob::new(function::archive())).s3_bucket("b").s3_key("k").build();
    let error = creation(&client, "f", &[]).code(both).send().await.unwrap_err();
    assert_eq!(error.message(), Some("Please do not provide other FunctionCode parameters when providing a ZipFile."));
    let elsewhere = FunctionCode::builder().s3_bucket("b").s3_key("k").build();
    let error = creation(&client, "f", &[]).code(elsewhere).send().await.unwrap_err();
    assert_eq!(error.code(), Some("NotImplemented"));
    assert!(error.message().unwrap().contains("S3Bucket"), "{error:?}");
    let elsewhere = LayerVersionContentInput::builder().s3_bucket("b").s3_key("k").build();
    let error = client.publish_layer_version().layer_name("l").content(elsewhere).send().await.unwrap_err();
    assert_eq!(error.code(), Some("NotImplemented"));
    assert!(client.list_functions().send().await.unwrap().functions().is_empty());
    let tenant = client.invoke().function_name("f").tenant_id("t").send().await.unwrap_err();
    assert!(tenant.message().unwrap().contains("TenantId"), "{tenant:?}");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conditions_of_a_permission_are_kept_and_shown() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let add = client.add_permission().function_name("f").statement_id("s").action("lambda:InvokeFunction");
    let add = add.principal("*").principal_org_id("o-1234567890").invoked_via_function_url(true);
    add.function_url_auth_type(FunctionUrlAuthType::None).event_source_token("token").send().await.unwrap();
    let policy = client.get_policy().function_name("f").send().await.unwrap();
    let policy: serde_json::Value = serde_json::from_str(policy.policy().unwrap()).unwrap();
    let expected = serde_json::json!({
        "StringEquals": {
            "aws:PrincipalOrgID": "o-1234567890",
            "lambda:EventSourceToken": "token",
            "lambda:FunctionUrlAuthType": "NONE",
        },
        "Bool": { "lambda:InvokedViaFunctionUrl": "true" },
    });
    assert_eq!(policy["Statement"][0]["Condition"], expected);
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_version_says_when_it_takes_a_newer_runtime() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    client.publish_version().function_name("f").send().await.unwrap();
    let put = |mode: &str| client.put_runtime_management_config().function_name("f").update_runtime_on(mode.into());
    let shown = async |qualifier: &str| {
        let shown =
            client.get_runtime_management_config().function_name("f").qualifier(qualifier).send().await.unwrap();
        shown.update_runtime_on().unwrap().as_str().to_owned()
    };
    put("FunctionUpdate").send().await.unwrap();
    assert_eq!((shown("$LATEST").await.as_str(), shown("1").await.as_str()), ("FunctionUpdate", "Auto"));
    let version = put("FunctionUpdate").qualifier("1").send().await.unwrap();
    assert!(version.function_arn().ends_with(":function:f:1"), "{version:?}");
    put("Auto").send().await.unwrap();
    assert_eq!((shown("$LATEST").await.as_str(), shown("1").await.as_str()), ("Auto", "FunctionUpdate"));
    for (mode, qualifier, code) in [
        ("Sometimes", "1", "ValidationException"),
        ("Manual", "1", "NotImplemented"),
        ("Auto", "2", "ResourceNotFoundException"),
        ("Auto", "live", "InvalidParameterValueException"),
    ] {
        let refused = put(mode).qualifier(qualifier).send().await.unwrap_err();
        assert_eq!(refused.code(), Some(code), "{mode} {qualifier}");
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_set_shows_its_default() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let versions = client.list_versions_by_function().function_name("f").send().await.unwrap();
    assert_eq!(versions.versions().iter().map(|one| one.version()).collect::<Vec<_>>(), [Some("$LATEST")]);
    assert!(client.list_aliases().function_name("f").send().await.unwrap().aliases().is_empty());
    let absent = client.list_aliases().function_name("g").send().await.unwrap_err();
    assert_eq!(absent.code(), Some("ResourceNotFoundException"));
    let concurrency = client.get_function_concurrency().function_name("f").send().await.unwrap();
    assert_eq!(concurrency.reserved_concurrent_executions(), None);
    let signing = client.get_function_code_signing_config().function_name("f").send().await.unwrap();
    assert_eq!(signing.function_name(), "f");
    client.delete_function_code_signing_config().function_name("f").send().await.unwrap();
    assert!(client.list_code_signing_configs().send().await.unwrap().code_signing_configs().is_empty());
    let mapping =
        client.get_event_source_mapping().uuid("14e0db71-5a35-4eb5-b481-8945cf9d10c2").send().await.unwrap_err();
    assert_eq!(mapping.code(), Some("ResourceNotFoundException"), "{mapping:?}");
    let runtime = client.get_runtime_management_config().function_name("f").send().await.unwrap();
    assert_eq!(runtime.update_runtime_on().map(aws_sdk_lambda::types::UpdateRuntimeOn::as_str), Some("Auto"));
    let recursion = client.get_function_recursion_config().function_name("f").send().await.unwrap();
    assert_eq!(recursion.recursive_loop().map(aws_sdk_lambda::types::RecursiveLoop::as_str), Some("Terminate"));
    assert!(client.list_layers().send().await.unwrap().layers().is_empty());
    assert!(client.list_event_source_mappings().send().await.unwrap().event_source_mappings().is_empty());
    let account = client.get_account_settings().send().await.unwrap();
    assert_eq!(account.account_usage().unwrap().function_count(), 1);
    local.stop().await;
}
