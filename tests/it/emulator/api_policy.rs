//! The resource policy of a REST API decides about every call, also where policies of identities have no say; and whom a
//! role's trust policy names decides whether a function can have it.

use super::{function, local::Local};
use crate::support::raw::{Answer, Client as Raw};
use aws_sdk_apigateway::{
    Client,
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{Op, PatchOperation, PutMode},
};
use serde_json::{Value, json};

fn document(policy: Option<&Value>) -> String {
    let mock = json!({
        "type": "mock",
        "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
        "responses": { "default": { "statusCode": "200" } },
    });
    let method = json!({ "responses": { "200": {} }, "x-amazon-apigateway-integration": mock });
    let mut document = json!({
        "openapi": "3.0.1",
        "info": { "title": "t", "version": "1" },
        "paths": { "/open": { "get": method }, "/closed": { "get": method, "post": method } },
    });
    if let Some(policy) = policy {
        document["x-amazon-apigateway-policy"] = policy.clone();
    }
    document.to_string()
}

fn statement(effect: &str, resource: &str, condition: &Value) -> Value {
    json!({
        "Effect": effect,
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": resource,
        "Condition": condition,
    })
}

async fn put(client: &Client, id: &str, policy: Option<&Value>) {
    let put = client.put_rest_api().rest_api_id(id).mode(PutMode::Overwrite);
    put.body(Blob::new(document(policy))).send().await.unwrap();
    client.create_deployment().rest_api_id(id).stage_name("dev").send().await.unwrap();
}

async fn call(local: &Local, id: &str, method: &str, path: &str) -> Answer {
    let mut client = Raw::connect(local.address).await;
    client.send(format!("{method} /restapis/{id}/dev/_user_request_{path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    client.answer().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apis_policy_decides_by_path_and_address_as_it_was_deployed() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let id = client.create_rest_api().name("t").send().await.unwrap().id.unwrap();
    let here = json!({ "IpAddress": { "aws:SourceIp": ["127.0.0.0/8", "::1/128"] } });
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            statement("Allow", "execute-api:/*", &here),
            statement("Deny", "execute-api:/dev/POST/*", &json!({})),
        ],
    });
    put(&client, &id, Some(&policy)).await;
    assert_eq!(call(&local, &id, "GET", "/open").await.status, 200);
    let denied = call(&local, &id, "POST", "/closed").await;
    assert_eq!(denied.status, 403);
    assert_eq!(denied.header("x-amzn-errortype"), Some("AccessDeniedException"));
    assert_eq!(
        denied.text(),
        json!({
            "Message": format!(
                "User: anonymous is not authorized to perform: execute-api:Invoke on resource: \
                 arn:aws:execute-api:us-east-1:********0000:{id}/dev/POST/closed with an explicit deny"
            )
        })
        .to_string()
    );
    assert_eq!(call(&local, &id, "GET", "/none").await.text(), r#"{"message":"Missing Authentication Token"}"#);
    let elsewhere = json!({ "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } });
    let elsewhere = json!({
        "Version": "2012-10-17",
        "Statement": [statement("Allow", &format!("arn:aws:execute-api:*:*:{id}/*/GET/open"), &elsewhere)],
    });
    let patch = |value: &str| {
        let patch = PatchOperation::builder().op(Op::Replace).path("/policy").value(value).build();
        client.update_rest_api().rest_api_id(&id).patch_operations(patch).send()
    };
    let shown = patch(&elsewhere.to_string()).await.unwrap().policy.unwrap();
    let read: String = serde_json::from_str(&format!("\"{shown}\"")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&read).unwrap(), elsewhere);
    assert_eq!(call(&local, &id, "GET", "/open").await.status, 200, "it counts when it is deployed");
    client.create_deployment().rest_api_id(&id).stage_name("dev").send().await.unwrap();
    let missing = call(&local, &id, "GET", "/open").await;
    assert!(missing.status == 403 && missing.text().ends_with(r#"/dev/GET/open"}"#), "{}", missing.text());
    let bad = patch(r#"{"Statement":[]}"#).await.unwrap_err();
    assert_eq!(bad.code(), Some("BadRequestException"));
    assert!(bad.message().unwrap().starts_with("Invalid policy document."), "{bad:?}");
    patch("").await.unwrap();
    client.create_deployment().rest_api_id(&id).stage_name("dev").send().await.unwrap();
    assert_eq!(call(&local, &id, "POST", "/closed").await.status, 200);

    // Nobody is behind an endpoint of a VPC here; without a policy a private API is not even deployed.
    let private = PatchOperation::builder().op(Op::Replace).path("/endpointConfiguration/types/0").value("PRIVATE");
    client.update_rest_api().rest_api_id(&id).patch_operations(private.build()).send().await.unwrap();
    let bare = client.create_deployment().rest_api_id(&id).stage_name("dev").send().await.unwrap_err();
    assert_eq!(bare.message(), Some("Private REST API doesn't have a resource policy attached to it"));
    patch(&policy.to_string()).await.unwrap();
    client.create_deployment().rest_api_id(&id).stage_name("dev").send().await.unwrap();
    let unreached = call(&local, &id, "GET", "/open").await;
    assert_eq!((unreached.status, unreached.text()), (403, r#"{"message":"Forbidden"}"#.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_has_a_role_only_that_lambda_may_take_on() {
    let local = Local::start().await;
    let iam = aws_sdk_iam::Client::new(&local.sdk);
    let trust = |principal: &str, condition: &str| {
        format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole","Condition":{condition}}}}}"#
        )
    };
    let lambda = r#"{"Service":"lambda.amazonaws.com"}"#;
    for (name, trust) in [
        ("others", trust(r#"{"Service":"ec2.amazonaws.com"}"#, "{}")),
        ("mine", trust(lambda, r#"{"StringEquals":{"aws:SourceAccount":"000000000000"}}"#)),
        ("theirs", trust(lambda, r#"{"StringEquals":{"aws:SourceAccount":"111111111111"}}"#)),
    ] {
        iam.create_role().role_name(name).assume_role_policy_document(trust).send().await.unwrap();
    }
    let functions = aws_sdk_lambda::Client::new(&local.sdk);
    let create = |role: &str| {
        let code = aws_sdk_lambda::types::FunctionCode::builder();
        let code = code.zip_file(aws_sdk_lambda::primitives::Blob::new(function::script("exit 1"))).build();
        functions
            .create_function()
            .function_name(format!("f-{role}"))
            .runtime(aws_sdk_lambda::types::Runtime::Providedal2023)
            .handler("bootstrap")
            .role(format!("arn:aws:iam::000000000000:role/{role}"))
            .code(code)
            .send()
    };
    create("mine").await.unwrap();
    for role in ["others", "theirs"] {
        let refused = create(role).await.unwrap_err();
        assert_eq!(
            aws_sdk_lambda::error::ProvideErrorMetadata::message(&refused),
            Some("The role defined for the function cannot be assumed by Lambda."),
            "{role}"
        );
    }
}
