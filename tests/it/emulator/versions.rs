//! Published versions and aliases: what they are, what they answer, and who may invoke them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    function,
    lambda::{create, creation, document, invoke, text},
    local::{ACCOUNT, Local},
};
use crate::support::raw::Client as Raw;
use aws_sdk_apigateway::{primitives::Blob as Document, types::PutMode};
use aws_sdk_lambda::{
    Client,
    error::ProvideErrorMetadata,
    operation::publish_version::PublishVersionOutput,
    primitives::Blob,
    types::{AliasRoutingConfiguration, FunctionVersion, LastUpdateStatus, LogType, State},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

/// Publishes the function `f` and lets the version become active.
async fn publish(local: &Local, client: &Client) -> PublishVersionOutput {
    let published = client.publish_version().function_name("f").send().await.unwrap();
    local.settle();
    published
}

/// Changes the function `f`, so that there is something to publish.
async fn change(local: &Local, client: &Client, memory: i32) {
    client.update_function_configuration().function_name("f").memory_size(memory).send().await.unwrap();
    local.settle();
}

async fn versions(client: &Client) -> Vec<String> {
    let versions = client.list_versions_by_function().function_name("f").send().await.unwrap();
    versions.versions().iter().map(|version| version.version().unwrap().to_owned()).collect()
}

fn routing(version: &str, weight: f64) -> AliasRoutingConfiguration {
    AliasRoutingConfiguration::builder().additional_version_weights(version, weight).build()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_the_function_as_it_was() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let first = client.publish_version().function_name("f").description("one").send().await.unwrap();
    assert_eq!((first.version(), first.description()), (Some("1"), Some("one")));
    assert_eq!(first.function_arn(), Some(format!("{ARN}:1").as_str()));
    assert_eq!(first.state(), Some(&State::Active));
    local.settle();
    // Nothing has changed since.
    let again = client.publish_version().function_name("f").description("other").send().await.unwrap();
    assert_eq!((again.version(), again.description()), (Some("1"), Some("one")));
    change(&local, &client, 256).await;
    let second = publish(&local, &client).await;
    assert_eq!((second.version(), second.memory_size()), (Some("2"), Some(256)));
    for (qualifier, memory) in [("1", 128), ("2", 256), ("$LATEST", 256)] {
        let got = client.get_function_configuration().function_name("f").qualifier(qualifier).send().await.unwrap();
        assert_eq!((got.version(), got.memory_size()), (Some(qualifier), Some(memory)));
        assert_eq!(
            (got.state(), got.last_update_status()),
            (Some(&State::Active), Some(&LastUpdateStatus::Successful))
        );
        assert_eq!(got.function_arn(), Some(format!("{ARN}:{qualifier}").as_str()));
    }
    assert_eq!(versions(&client).await, ["$LATEST", "1", "2"]);
    let all = client.list_functions().function_version(FunctionVersion::All).send().await.unwrap();
    let all: Vec<_> = all.functions().iter().map(|one| one.function_arn().unwrap().to_owned()).collect();
    assert_eq!(all, ["$LATEST", "1", "2"].map(|version| format!("{ARN}:{version}")));
    let own = client.list_functions().send().await.unwrap();
    assert_eq!(own.functions().iter().map(|one| one.function_arn()).collect::<Vec<_>>(), [Some(ARN)]);
    let first_page = client.list_versions_by_function().function_name("f").max_items(2).send().await.unwrap();
    let rest = client.list_versions_by_function().function_name("f").marker(first_page.next_marker().unwrap());
    assert_eq!(rest.send().await.unwrap().versions()[0].version(), Some("2"));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_what_was_meant() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let created = creation(&client, "f", &[]).publish(true).send().await.unwrap();
    assert_eq!((created.version(), created.function_arn()), (Some("1"), Some(ARN)));
    let early = client.publish_version().function_name("f").send().await.unwrap_err();
    assert_eq!(early.code(), Some("ResourceConflictException"));
    local.settle();
    let other = client.publish_version().function_name("f").code_sha256("x").send().await.unwrap_err();
    assert_eq!(other.code(), Some("InvalidParameterValueException"));
    assert!(other.message().unwrap().starts_with("CodeSHA256 (x) is different from current CodeSHA256 in $LATEST ("));
    let stale = client.publish_version().function_name("f").revision_id("stale").send().await.unwrap_err();
    assert_eq!(stale.code(), Some("PreconditionFailedException"));
    let of_one = client.publish_version().function_name("f:1").send().await.unwrap_err();
    assert!(of_one.message().unwrap().starts_with("This operation is permitted on Lambda functions only."));
    let zip = Blob::new(function::script("exit 0"));
    for number in ["2", "3"] {
        let update = client.update_function_code().function_name("f").zip_file(zip.clone()).publish(true);
        let updated = update.send().await.unwrap();
        assert_eq!(
            (updated.version(), updated.function_arn()),
            (Some(number), Some(format!("{ARN}:{number}").as_str()))
        );
        local.settle();
    }
    assert_eq!(publish(&local, &client).await.version(), Some("3"), "the same code again, published already");
    let absent = client.publish_version().function_name("g").send().await.unwrap_err();
    assert_eq!(absent.code(), Some("ResourceNotFoundException"));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_answers_as_it_was_and_knows_that_it_is_one() {
    let local = Local::start().await;
    let client = create(&local, "f", &[("STEP", "one")]).await;
    publish(&local, &client).await;
    let zip = Blob::new(function::script("exit 3"));
    client.update_function_code().function_name("f").zip_file(zip).send().await.unwrap();
    local.settle();
    let call = |name: &str, event: &str| client.invoke().function_name(name).payload(Blob::new(event)).send();
    assert!(text(&call("f", "{}").await.unwrap()).contains("exit status 3"));
    let output = call("f:1", r#"{"do":"environment"}"#).await.unwrap();
    assert_eq!(output.executed_version(), Some("1"));
    let environment = document(&output);
    assert_eq!((&environment["AWS_LAMBDA_FUNCTION_VERSION"], &environment["STEP"]), (&json!("1"), &json!("one")));
    assert!(environment["AWS_LAMBDA_LOG_STREAM_NAME"].as_str().unwrap().contains("/[1]"));
    client.create_alias().function_name("f").name("live").function_version("1").send().await.unwrap();
    for (name, qualifier, arn) in [
        ("f", Some("1"), format!("{ARN}:1")),
        ("f:live", None, format!("{ARN}:live")),
        (&format!("{ARN}:live"), Some("live"), format!("{ARN}:live")),
    ] {
        let call = client.invoke().function_name(name).set_qualifier(qualifier.map(str::to_owned));
        let call = call.log_type(LogType::Tail).payload(Blob::new(r#"{"do":"context"}"#));
        let output = call.send().await.unwrap();
        assert_eq!(output.executed_version(), Some("1"), "{name}");
        assert_eq!(document(&output)["headers"]["lambda-runtime-invoked-function-arn"], json!(arn));
        let log = BASE64_STANDARD.decode(output.log_result().unwrap()).unwrap();
        assert!(String::from_utf8(log).unwrap().contains(" Version: 1\n"));
    }
    for name in ["f:2", "f:nobody"] {
        let error = call(name, "{}").await.unwrap_err();
        let message = format!("Function not found: arn:aws:lambda:us-east-1:000000000000:function:{name}");
        assert_eq!((error.code(), error.message()), (Some("ResourceNotFoundException"), Some(message.as_str())));
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_deleted_alone_unless_an_alias_stands_for_it_and_its_number_is_never_used_again() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    publish(&local, &client).await;
    change(&local, &client, 256).await;
    publish(&local, &client).await;
    let alias = client.create_alias().function_name("f").name("live").function_version("1");
    alias.routing_config(routing("2", 0.5)).send().await.unwrap();
    let delete = |version: &str| client.delete_function().function_name("f").qualifier(version).send();
    for version in ["1", "2"] {
        let kept = delete(version).await.unwrap_err();
        let message = "Unable to delete version because the following aliases reference it: [live]";
        assert_eq!((kept.code(), kept.message()), (Some("ResourceConflictException"), Some(message)));
    }
    client.delete_alias().function_name("f").name("live").send().await.unwrap();
    client.delete_alias().function_name("f").name("live").send().await.unwrap();
    delete("2").await.unwrap();
    assert_eq!(versions(&client).await, ["$LATEST", "1"]);
    assert_eq!(publish(&local, &client).await.version(), Some("3"));
    client.delete_function().function_name("f").send().await.unwrap();
    assert!(client.get_function().function_name("f:1").send().await.is_err());
    create(&local, "f", &[]).await;
    assert_eq!(versions(&client).await, ["$LATEST"]);
    assert_eq!(publish(&local, &client).await.version(), Some("4"));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_are_made_changed_listed_and_removed() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    publish(&local, &client).await;
    change(&local, &client, 256).await;
    publish(&local, &client).await;
    let make =
        |name: &str, version: &str| client.create_alias().function_name("f").name(name).function_version(version);
    let live = make("live", "1").description("d").send().await.unwrap();
    assert_eq!((live.alias_arn(), live.function_version()), (Some(format!("{ARN}:live").as_str()), Some("1")));
    assert_eq!(live.routing_config(), None);
    make("next", "$LATEST").send().await.unwrap();
    for (call, code) in [
        (make("live", "1"), "ResourceConflictException"),
        (make("other", "7"), "ResourceNotFoundException"),
        (make("7", "1"), "ValidationException"),
        (make("other", "live"), "ValidationException"),
        (make("other", "1").routing_config(routing("7", 0.5)), "ResourceNotFoundException"),
        (make("other", "1").routing_config(routing("1", 0.5)), "InvalidParameterValueException"),
        (make("other", "1").routing_config(routing("2", 1.5)), "ValidationException"),
        (make("other", "$LATEST").routing_config(routing("2", 0.5)), "InvalidParameterValueException"),
    ] {
        assert_eq!(call.send().await.unwrap_err().code(), Some(code));
    }
    let update = || client.update_alias().function_name("f").name("live");
    let stale = update().revision_id("stale").function_version("2").send().await.unwrap_err();
    assert_eq!(stale.code(), Some("PreconditionFailedException"));
    let shared =
        update().revision_id(live.revision_id().unwrap()).routing_config(routing("2", 1.0)).send().await.unwrap();
    assert_eq!(shared.routing_config(), Some(&routing("2", 1.0)));
    assert_eq!((shared.description(), shared.function_version()), (Some("d"), Some("1")));
    assert_ne!(shared.revision_id(), live.revision_id());
    let executed =
        |output: aws_sdk_lambda::operation::invoke::InvokeOutput| output.executed_version().map(str::to_owned);
    assert_eq!(executed(invoke(&client, "f:live", "{}").await).as_deref(), Some("2"));
    update().function_version("1").routing_config(routing("2", 0.0)).send().await.unwrap();
    assert_eq!(executed(invoke(&client, "f:live", "{}").await).as_deref(), Some("1"));
    let plain = update().routing_config(AliasRoutingConfiguration::builder().build()).send().await.unwrap();
    assert_eq!(plain.routing_config(), None);
    let got = client.get_function().function_name("f").qualifier("live").send().await.unwrap();
    let got = got.configuration().unwrap();
    assert_eq!((got.version(), got.function_arn()), (Some("1"), Some(format!("{ARN}:live").as_str())));
    let named = |aliases: &[aws_sdk_lambda::types::AliasConfiguration]| {
        aliases.iter().map(|alias| alias.name().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = client.list_aliases().function_name("f").send().await.unwrap();
    assert_eq!(named(all.aliases()), ["live", "next"]);
    let of_one = client.list_aliases().function_name("f").function_version("1").send().await.unwrap();
    assert_eq!(named(of_one.aliases()), ["live"]);
    let absent = client.get_alias().function_name("f").name("nobody").send().await.unwrap_err();
    assert_eq!(absent.message(), Some(format!("Cannot find alias arn: {ARN}:nobody").as_str()));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn function_version_and_alias_have_a_policy_each_and_a_gateway_needs_that_of_the_one_it_names() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    publish(&local, &client).await;
    client.create_alias().function_name("f").name("live").function_version("1").send().await.unwrap();
    let gateway = aws_sdk_apigateway::Client::new(&local.sdk);
    let id = gateway.create_rest_api().name("t").send().await.unwrap().id.unwrap();
    let uri = format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}:live/invocations");
    let proxy = json!({ "type": "aws_proxy", "httpMethod": "POST", "uri": uri });
    let paths = json!({ "/x": { "get": { "x-amazon-apigateway-integration": proxy } } });
    let api = json!({ "openapi": "3.0.1", "info": { "title": "t", "version": "1" }, "paths": paths });
    let put = gateway.put_rest_api().rest_api_id(&id).mode(PutMode::Overwrite);
    put.body(Document::new(api.to_string())).send().await.unwrap();
    gateway.create_deployment().rest_api_id(&id).stage_name("dev").send().await.unwrap();
    let call = async || {
        let mut raw = Raw::connect(local.address).await;
        let head = format!("GET /restapis/{id}/dev/_user_request_/x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
        raw.send(head).await;
        raw.answer().await.unwrap().status
    };
    let allow = |qualifier: Option<&str>| {
        let add = client.add_permission().function_name("f").set_qualifier(qualifier.map(str::to_owned));
        let add = add.statement_id("api").action("lambda:InvokeFunction").principal("apigateway.amazonaws.com");
        add.source_arn(format!("arn:aws:execute-api:us-east-1:{ACCOUNT}:{id}/*"))
    };
    let before = client.get_function_configuration().function_name("f").send().await.unwrap();
    allow(None).send().await.unwrap();
    let after = client.get_function_configuration().function_name("f").send().await.unwrap();
    assert_ne!(before.revision_id(), after.revision_id(), "a permission is a revision of what it is for");
    allow(Some("1")).send().await.unwrap();
    assert_eq!(call().await, 500, "a permission of the function, or of the version, is none of the alias");
    allow(Some("live")).send().await.unwrap();
    assert_eq!(call().await, 200);
    let policy = client.get_policy().function_name("f:live").send().await.unwrap();
    assert!(policy.policy().unwrap().contains(&format!("\"Resource\":\"{ARN}:live\"")));
    client.remove_permission().function_name("f").statement_id("api").send().await.unwrap();
    assert_eq!(call().await, 200);
    client.remove_permission().function_name("f").qualifier("live").statement_id("api").send().await.unwrap();
    assert_eq!(call().await, 500);
    let nobody = allow(Some("nobody")).send().await.unwrap_err();
    assert_eq!(nobody.message(), Some(format!("Cannot find alias arn: {ARN}:nobody").as_str()));
    local.stop().await;
}
