//! Layers: published, shared, used by functions in every kind of runtime, and gone without taking functions with them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    function,
    lambda::{ROLE, create_from, creation, document, invoke, text},
    local::Local,
    tmp::lets_mount,
};
use crate::support::interpreters::here;
use aws_sdk_lambda::{
    Client,
    error::ProvideErrorMetadata,
    operation::publish_layer_version::PublishLayerVersionOutput,
    primitives::Blob,
    types::{Architecture, FunctionCode, LayerVersionContentInput, LayerVersionsListItem, Runtime},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;

const LAYER: &str = "arn:aws:lambda:us-east-1:000000000000:layer:l";

async fn publish(client: &Client, name: &str, files: &[(&str, u32, &[u8])]) -> PublishLayerVersionOutput {
    let content = LayerVersionContentInput::builder().zip_file(Blob::new(function::zip(files))).build();
    client.publish_layer_version().layer_name(name).content(content).send().await.unwrap()
}

/// Whether a process here may have an `/opt` of its own.
fn has_own_opt() -> bool {
    Path::new("/opt").is_dir() && lets_mount()
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_are_published_listed_shared_and_removed() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let zip = function::zip(&[("python/a.py", 0o644, b"A = 1")]);
    let content = LayerVersionContentInput::builder().zip_file(Blob::new(zip.clone())).build();
    let first = client.publish_layer_version().layer_name("l").content(content.clone()).description("d");
    let first =
        first.license_info("MIT").compatible_runtimes(Runtime::Python312).compatible_architectures(Architecture::X8664);
    let first = first.send().await.unwrap();
    assert_eq!((first.version(), first.layer_arn()), (1, Some(LAYER)));
    assert_eq!(first.layer_version_arn(), Some(format!("{LAYER}:1").as_str()));
    let code = first.content().unwrap();
    assert_eq!(code.code_sha256(), Some(BASE64_STANDARD.encode(Sha256::digest(&zip)).as_str()));
    assert_eq!(code.code_size(), i64::try_from(zip.len()).unwrap());
    let second = publish(&client, "l", &[("bin/tool", 0o755, b"#!/bin/sh")]).await;
    assert_eq!((second.version(), second.description()), (2, Some("")));
    publish(&client, "other", &[("bin/tool", 0o755, b"#!/bin/sh")]).await;
    let got = client.get_layer_version().layer_name(LAYER).version_number(1).send().await.unwrap();
    assert_eq!((got.description(), got.license_info()), (Some("d"), Some("MIT")));
    assert_eq!(got.compatible_runtimes(), [Runtime::Python312]);
    let by_arn = client.get_layer_version_by_arn().arn(format!("{LAYER}:2")).send().await.unwrap();
    assert_eq!(by_arn.version(), 2);
    let versions = client.list_layer_versions().layer_name("l").send().await.unwrap();
    assert_eq!(versions.layer_versions().iter().map(LayerVersionsListItem::version).collect::<Vec<_>>(), [2, 1]);
    let described: Vec<_> = versions.layer_versions().iter().map(LayerVersionsListItem::description).collect();
    assert_eq!(described, [None, Some("d")], "a list says nothing of an empty description");
    let layers = client.list_layers().send().await.unwrap();
    let newest = |at: usize| layers.layers()[at].latest_matching_version().unwrap().version();
    assert_eq!((layers.layers().len(), newest(0), newest(1)), (2, 2, 1));
    let fitting = client.list_layers().compatible_runtime(Runtime::Python312).send().await.unwrap();
    assert_eq!(fitting.layers().len(), 1);
    assert_eq!(fitting.layers()[0].latest_matching_version().unwrap().version(), 1);
    let grant = || {
        let grant = client.add_layer_version_permission().layer_name("l").version_number(1).statement_id("all");
        grant.action("lambda:GetLayerVersion").principal("*").organization_id("o-1234567890")
    };
    let added = grant().send().await.unwrap();
    assert_eq!(grant().send().await.unwrap_err().code(), Some("ResourceConflictException"));
    let policy = client.get_layer_version_policy().layer_name("l").version_number(1).send().await.unwrap();
    assert_eq!(policy.revision_id(), added.revision_id());
    let policy: Value = serde_json::from_str(policy.policy().unwrap()).unwrap();
    assert_eq!(
        policy["Statement"][0]["Condition"],
        json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1234567890" } })
    );
    let remove = || client.remove_layer_version_permission().layer_name("l").version_number(1).statement_id("all");
    let stale = remove().revision_id("stale").send().await.unwrap_err();
    assert_eq!(stale.code(), Some("PreconditionFailedException"));
    remove().send().await.unwrap();
    let none = client.get_layer_version_policy().layer_name("l").version_number(1).send().await.unwrap_err();
    assert_eq!(none.message(), Some("No policy is associated with the given resource."));
    for number in [2, 2] {
        client.delete_layer_version().layer_name("l").version_number(number).send().await.unwrap();
    }
    let gone = client.get_layer_version().layer_name("l").version_number(2).send().await.unwrap_err();
    assert_eq!(gone.code(), Some("ResourceNotFoundException"));
    let zero = client.get_layer_version().layer_name("l").version_number(0).send().await.unwrap_err();
    assert_eq!(zero.message(), Some("Layer Version Cannot be less than 1"));
    assert_eq!(publish(&client, "l", &[("x", 0o644, b"")]).await.version(), 3, "a number is never used again");
    let foreign = client.get_layer_version_by_arn().arn("arn:aws:lambda:us-east-1:111111111111:layer:l:1");
    assert_eq!(foreign.send().await.unwrap_err().code(), Some("AccessDeniedException"));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_has_only_layers_that_there_are_and_keeps_them() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    for _ in 0..2 {
        publish(&client, "l", &[("x", 0o644, b"")]).await;
    }
    let several: Vec<String> = (1..=6).map(|number| format!("{LAYER}{number}:1")).collect();
    for (layers, message) in [
        (vec![format!("{LAYER}:7")], format!("Layer version {LAYER}:7 does not exist.")),
        (several, "Cannot reference more than 5 layers.".to_owned()),
        (
            vec![format!("{LAYER}:1"), format!("{LAYER}:2")],
            format!(
                "Two different versions of the same layer are not allowed to be referenced in the same function. {LAYER}:1 \
                 and {LAYER}:2 are versions of the same layer."
            ),
        ),
        (
            vec!["arn:aws:lambda:eu-west-1:000000000000:layer:l:1".to_owned()],
            "Layers are not in the same region as the function. Layers are expected to be in region us-east-1."
                .to_owned(),
        ),
    ] {
        let error = creation(&client, "f", &[]).set_layers(Some(layers)).send().await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Some("InvalidParameterValueException"), Some(message.as_str())));
    }
    let foreign = creation(&client, "f", &[]).layers("arn:aws:lambda:us-east-1:111111111111:layer:l:1").send().await;
    assert_eq!(foreign.unwrap_err().code(), Some("AccessDeniedException"));
    let malformed = creation(&client, "f", &[]).layers(LAYER).send().await.unwrap_err();
    assert_eq!(malformed.code(), Some("ValidationException"));
    let expected = format!("'[{LAYER}]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: [");
    assert!(malformed.message().unwrap().contains(&expected), "{malformed:?}");
    let created = creation(&client, "f", &[]).layers(format!("{LAYER}:2")).send().await.unwrap();
    assert_eq!(created.layers()[0].arn(), Some(format!("{LAYER}:2").as_str()));
    local.settle();
    client.delete_layer_version().layer_name("l").version_number(2).send().await.unwrap();
    let kept = client.get_function_configuration().function_name("f").send().await.unwrap();
    assert_eq!(kept.layers().len(), 1);
    assert_eq!(text(&invoke(&client, "f", "[1]").await), "[1]");
    let without = client.update_function_configuration().function_name("f").set_layers(Some(Vec::new()));
    assert!(without.send().await.unwrap().layers().is_empty());
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_runtime_may_start_with_the_bootstrap_of_a_layer() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let bootstrap =
        b"#!/bin/sh\nexec \"$FUNCTION_PROGRAM\" emulator::function::runs_as_a_lambda_function --exact --nocapture\n";
    publish(&client, "l", &[("bootstrap", 0o755, bootstrap), ("lib/x", 0o644, b"")]).await;
    let code = || FunctionCode::builder().zip_file(Blob::new(function::zip(&[("data", 0o644, b"x")]))).build();
    let alone = creation(&client, "f", &[]).code(code()).send().await.unwrap_err();
    assert!(alone.message().unwrap().contains("no `bootstrap`"), "{alone:?}");
    creation(&client, "f", &[]).code(code()).layers(format!("{LAYER}:1")).send().await.unwrap();
    local.settle();
    let environment = document(&invoke(&client, "f", r#"{"do":"environment"}"#).await);
    let libraries = environment["LD_LIBRARY_PATH"].as_str().unwrap();
    if has_own_opt() {
        assert_eq!(libraries, "/var/task:/var/task/lib:/opt/lib");
    } else {
        let layers = libraries.split(':').find(|folder| folder.contains("/functions/layers/")).unwrap();
        assert!(Path::new(layers).join("x").exists(), "{libraries}");
    }
    assert!(environment["PATH"].as_str().unwrap().ends_with("/bin:/opt/bin"), "{environment}");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_finds_the_modules_of_its_layers_the_later_ones_first() {
    const APP: &str = "import os, sys, lay, deep, own\n\ndef handler(event, context):\n    tool = os.popen('tool').read()\n    \
                       return [lay.NAME, deep.NAME, own.NAME, tool, lay.__file__ == '/opt/python/lay.py']\n";
    let Some(runtime) = here("python").await.pop() else { return };
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let deep = format!("python/lib/python{}/site-packages/deep.py", runtime.release());
    let below: &[(&str, u32, &[u8])] = &[("python/lay.py", 0o644, b"NAME = 'below'"), (&deep, 0o644, b"NAME = 'deep'")];
    publish(&client, "l", below).await;
    let above: &[(&str, u32, &[u8])] =
        &[("python/lay.py", 0o644, b"NAME = 'above'"), ("bin/tool", 0o755, b"#!/bin/sh\nprintf tool")];
    publish(&client, "above", above).await;
    create_from(&local, "f", runtime, "app.handler", &[("app.py", APP), ("src/own.py", "NAME = 'own'")]).await;
    let layers = vec![format!("{LAYER}:1"), format!("{}above:1", LAYER.trim_end_matches('l'))];
    let environment = aws_sdk_lambda::types::Environment::builder().variables("PYTHONPATH", "src").build();
    let update = client.update_function_configuration().function_name("f").set_layers(Some(layers));
    update.environment(environment).send().await.unwrap();
    local.settle();
    let seen = document(&invoke(&client, "f", "{}").await);
    assert_eq!(seen, json!(["above", "deep", "own", "tool", has_own_opt()]));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_finds_the_modules_of_its_layers() {
    let Some(runtime) = here("node").await.pop() else { return };
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    publish(&client, "l", &[("nodejs/node_modules/lay/index.js", 0o644, b"exports.name = 'lay';")]).await;
    let code = function::zip(&[("index.js", 0o644, b"exports.handler = async () => require('lay').name;")]);
    let code = FunctionCode::builder().zip_file(Blob::new(code)).build();
    let creation = client.create_function().function_name("f").role(ROLE).handler("index.handler").code(code);
    let creation = creation.runtime(runtime.to_string().as_str().into()).timeout(20).layers(format!("{LAYER}:1"));
    creation.send().await.unwrap();
    local.settle();
    assert_eq!(text(&invoke(&client, "f", "{}").await), "\"lay\"");
    local.stop().await;
}
