//! API Gateway's REST APIs: put together through the SDK, called over HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    function, lambda,
    local::{ACCOUNT, Local},
};
use crate::support::raw::{Answer, Client as Raw};
use atelier::deadlines::GATEWAY;
use aws_sdk_apigateway::{
    Client,
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{ApiStage, IntegrationType, Op, PatchOperation, PutMode},
};
use aws_sdk_lambda::types::Environment;
use serde_json::{Value, json};
use std::time::Duration;

fn function_uri(name: &str) -> String {
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}");
    format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations")
}

/// The document that the tests deploy: a function, itself as a constant, and a method that wants a key.
fn document(title: &str) -> Value {
    let proxy = json!({ "type": "aws_proxy", "httpMethod": "POST", "uri": function_uri("f") });
    let constant = |body: &str| {
        json!({
            "type": "mock",
            "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
            "responses": { "default": { "statusCode": "200", "responseTemplates": { "application/json": body } } },
        })
    };
    let key = json!({ "type": "apiKey", "in": "header", "name": "x-api-key" });
    json!({
        "openapi": "3.0.1",
        "info": { "title": title, "version": "7" },
        "paths": {
            "/infra": {
                "get": { "x-amazon-apigateway-integration": proxy },
                "post": { "x-amazon-apigateway-integration": proxy },
            },
            "/files/{proxy+}": { "x-amazon-apigateway-any-method": { "x-amazon-apigateway-integration": proxy } },
            "/openapi.json": { "get": { "x-amazon-apigateway-integration": constant("{\"openapi\":\"3.0.1\"}") } },
            "/secret": {
                "get": { "x-amazon-apigateway-integration": constant("{}"), "security": [{ "key": [] }] },
            },
        },
        "components": { "securitySchemes": { "key": key } },
        "x-unknown": "kept",
    })
}

/// Creates an API of the document, deployed on `dev`; gives its id.
async fn deploy(local: &Local, client: &Client) -> String {
    let id = client.create_rest_api().name("t").send().await.unwrap().id.unwrap();
    put(client, &id, &document("t")).await;
    client.create_deployment().rest_api_id(&id).stage_name("dev").send().await.unwrap();
    let functions = lambda::create(local, "f", &[]).await;
    let permission = functions.add_permission().function_name("f").statement_id("api").action("lambda:InvokeFunction");
    let source = format!("arn:aws:execute-api:us-east-1:{ACCOUNT}:{id}/*");
    permission.principal("apigateway.amazonaws.com").source_arn(source).send().await.unwrap();
    id
}

async fn put(client: &Client, id: &str, document: &Value) {
    let put = client.put_rest_api().rest_api_id(id).mode(PutMode::Overwrite);
    put.body(Blob::new(document.to_string())).send().await.unwrap();
}

/// Calls the stage `dev` of an API.
async fn call(local: &Local, id: &str, head: &str, body: &str) -> Answer {
    let mut client = Raw::connect(local.address).await;
    client.send(request(id, head, body)).await;
    client.answer().await.unwrap()
}

fn request(id: &str, head: &str, body: &str) -> String {
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let (method, path) = line.split_once(' ').unwrap();
    let headers: String = headers.lines().flat_map(|line| [line, "\r\n"]).collect();
    format!(
        "{method} /restapis/{id}/dev/_user_request_{path} HTTP/1.1\r\nhost: x\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn event(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_reaches_the_function_as_a_proxy_event_and_its_answer_comes_back() {
    let local = Local::start().await;
    let id = deploy(&local, &Client::new(&local.sdk)).await;
    let answer = call(&local, &id, "GET /infra?action=status&a=1&a=2\nuser-agent: test", "").await;
    assert_eq!(answer.header("x-from"), Some("function"));
    assert!(answer.header("x-amzn-requestid").is_some());
    let event = event(&answer);
    assert_eq!(event["resource"], "/infra");
    assert_eq!(event["queryStringParameters"], json!({ "action": "status", "a": "2" }));
    assert_eq!(event["requestContext"]["identity"]["sourceIp"], "127.0.0.1");
    assert_eq!(event["requestContext"]["stage"], "dev");
    assert_eq!(event["requestContext"]["apiId"], id);
    let posted = call(&local, &id, "POST /infra\ncontent-type: application/json", r#"{"action":"é"}"#).await;
    assert_eq!(self::event(&posted)["body"], r#"{"action":"é"}"#);
    let greedy = call(&local, &id, "DELETE /files/a/b%20c", "").await;
    assert_eq!(self::event(&greedy)["pathParameters"]["proxy"], "a/b%20c");
    assert_eq!(self::event(&greedy)["path"], "/files/a/b c");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_has_the_id_of_the_edge_which_clients_may_choose_and_one_of_the_gateways_own() {
    let local = Local::start().await;
    let id = deploy(&local, &Client::new(&local.sdk)).await;
    let mut own = Vec::new();
    for _ in 0..2 {
        let answer = call(&local, &id, "GET /infra\nx-request-id: lesson-1", "").await;
        let context = &event(&answer)["requestContext"];
        assert_eq!((answer.header("x-amzn-requestid"), &context["requestId"]), (Some("lesson-1"), &json!("lesson-1")));
        assert_eq!(answer.header("x-amz-apigw-id"), context["extendedRequestId"].as_str());
        own.push(context["extendedRequestId"].clone());
    }
    assert!(own[0] != own[1] && !own.contains(&json!("lesson-1")), "{own:?}");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_with_the_trace_of_its_caller_and_an_answer_tells_which_it_is() {
    let local = Local::start().await;
    let id = deploy(&local, &Client::new(&local.sdk)).await;
    let root = "Root=1-3152b799-8954dae64eda91bc9a23a7e8";
    let whole = format!("{root};Parent=7fa8c0f79203be72;Sampled=1");
    let told = call(&local, &id, &format!("GET /infra\nx-amzn-trace-id: {whole}"), "").await;
    assert_eq!(told.header("x-amzn-trace-id"), Some(whole.as_str()));
    assert_eq!(event(&told)["headers"]["X-Amzn-Trace-Id"], whole);
    let told = call(&local, &id, &format!("GET /infra\nx-amzn-trace-id: {root}"), "").await;
    let parts: Vec<_> = told.header("x-amzn-trace-id").unwrap().split(';').collect();
    assert_eq!((parts[0], parts[2]), (root, "Sampled=0"));
    assert_eq!(parts[1].strip_prefix("Parent=").map(str::len), Some(16));
    let own = call(&local, &id, "GET /infra", "").await;
    assert!(own.header("x-amzn-trace-id").unwrap().starts_with("Root=1-"));
    for line in ["GET /nothing", "GET /infra?answer=42", "GET /openapi.json"] {
        let answer = call(&local, &id, line, "").await;
        assert_eq!(answer.header("x-amzn-trace-id"), None, "{line}");
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_deployed_is_refused_as_aws_refuses_it() {
    let local = Local::start().await;
    let id = deploy(&local, &Client::new(&local.sdk)).await;
    for line in ["GET /nothing", "PUT /infra", "GET /", "GET //nothing"] {
        let answer = call(&local, &id, line, "").await;
        assert_eq!((answer.status, answer.text().as_str()), (403, r#"{"message":"Missing Authentication Token"}"#));
    }
    // Slashes in front are one, and one at the end is none.
    for line in ["GET //infra", "GET /infra/"] {
        assert_eq!(event(&call(&local, &id, line, "").await)["resource"], "/infra", "{line}");
    }
    assert_eq!(call(&local, "unknown", "GET /infra", "").await.status, 404);
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_answers_nonsense_crashes_or_forbids_it_gives_a_5xx() {
    let local = Local::start().await;
    let id = deploy(&local, &Client::new(&local.sdk)).await;
    for nonsense in ["42", "%7B%22statusCode%22%3A200%2C%22extra%22%3A1%7D", "%7B"] {
        let answer = call(&local, &id, &format!("GET /infra?answer={nonsense}"), "").await;
        assert_eq!((answer.status, answer.text().as_str()), (502, r#"{"message":"Internal server error"}"#));
    }
    let functions = aws_sdk_lambda::Client::new(&local.sdk);
    functions.remove_permission().function_name("f").statement_id("api").send().await.unwrap();
    assert_eq!(call(&local, &id, "GET /infra", "").await.status, 500);
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_breaks_a_function_is_a_502_and_the_next_call_works() {
    let local = Local::start().await;
    let id = deploy(&local, &Client::new(&local.sdk)).await;
    let functions = aws_sdk_lambda::Client::new(&local.sdk);
    let configure = async |init: &str| {
        let program = std::env::current_exe().unwrap().to_string_lossy().into_owned();
        let environment = Environment::builder().variables(function::PROGRAM, program).variables("INIT", init);
        let update = functions.update_function_configuration().function_name("f").timeout(1);
        update.environment(environment.build()).send().await.unwrap();
        local.settle();
    };
    configure("").await;
    // A hang is ended by the function's own timeout, long before the integration's.
    for broken in ["crash", "hang", "garbage", "%7B%22statusCode%22%3A%22x%22%7D"] {
        let ends = async {
            if broken == "hang" {
                local.says("hanging").await;
                local.clock.advance(Duration::from_secs(1));
            }
        };
        let line = format!("GET /infra?answer={broken}");
        let (answer, ()) = tokio::join!(call(&local, &id, &line, ""), ends);
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (502, r#"{"message":"Internal server error"}"#),
            "{broken}"
        );
        assert_eq!(call(&local, &id, "GET /infra", "").await.status, 200, "after {broken}");
    }
    for init in ["exit", "error"] {
        configure(init).await;
        assert_eq!(call(&local, &id, "GET /infra", "").await.status, 502, "{init}");
        configure("").await;
        assert_eq!(call(&local, &id, "GET /infra", "").await.status, 200, "after {init}");
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_takes_longer_than_the_integration_allows_is_a_504_after_29_seconds() {
    let local = Local::start().await;
    let id = deploy(&local, &Client::new(&local.sdk)).await;
    let functions = aws_sdk_lambda::Client::new(&local.sdk);
    functions.update_function_configuration().function_name("f").timeout(900).send().await.unwrap();
    local.settle();
    let runs_out = async {
        local.says("hanging").await;
        local.clock.advance(GATEWAY.saturating_sub(Duration::from_millis(1)));
        assert_eq!(call(&local, &id, "GET /infra", "").await.status, 200);
        local.clock.advance(Duration::from_millis(1));
    };
    let mut client = Raw::connect(local.address).await;
    client.send(request(&id, "GET /infra?answer=hang", "")).await;
    runs_out.await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (504, r#"{"message":"Endpoint request timed out"}"#));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mock_answers_with_its_constant() {
    let local = Local::start().await;
    let id = deploy(&local, &Client::new(&local.sdk)).await;
    let answer = call(&local, &id, "GET /openapi.json", "").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"openapi":"3.0.1"}"#));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_is_served_after_the_next_deployment_and_the_id_stays() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let id = deploy(&local, &client).await;
    let mut changed = document("t");
    changed["paths"] = json!({ "/new": changed["paths"]["/openapi.json"] });
    put(&client, &id, &changed).await;
    assert_eq!(call(&local, &id, "GET /openapi.json", "").await.status, 200);
    assert_eq!(call(&local, &id, "GET /new", "").await.status, 403);
    client.create_deployment().rest_api_id(&id).stage_name("dev").send().await.unwrap();
    assert_eq!(call(&local, &id, "GET /openapi.json", "").await.status, 403);
    assert_eq!(call(&local, &id, "GET /new", "").await.status, 200);
    assert_eq!(client.get_deployments().rest_api_id(&id).send().await.unwrap().items().len(), 2);
    let export = client.get_export().rest_api_id(&id).stage_name("dev").export_type("oas30").send().await.unwrap();
    let export: Value = serde_json::from_slice(export.body.unwrap().as_ref()).unwrap();
    assert_eq!(export["x-unknown"], "kept");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_the_stages_of_its_usage_plan_only() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let id = deploy(&local, &client).await;
    let key = client.create_api_key().name("k").enabled(true).send().await.unwrap();
    let value = key.value.unwrap();
    let with_key = format!("GET /secret\nx-api-key: {value}");
    assert_eq!(call(&local, &id, &with_key, "").await.status, 403, "a key without a plan");
    let stage = ApiStage::builder().api_id(&id).stage("dev").build();
    let plan = client.create_usage_plan().name("p").api_stages(stage).send().await.unwrap().id.unwrap();
    let key_id = key.id.unwrap();
    client.create_usage_plan_key().usage_plan_id(&plan).key_id(&key_id).key_type("API_KEY").send().await.unwrap();
    assert_eq!(call(&local, &id, &with_key, "").await.status, 200);
    let answer = call(&local, &id, "GET /secret", "").await;
    assert_eq!((answer.status, answer.text().as_str()), (403, r#"{"message":"Forbidden"}"#));
    let disable = PatchOperation::builder().op(Op::Replace).path("/enabled").value("false").build();
    client.update_api_key().api_key(&key_id).patch_operations(disable).send().await.unwrap();
    assert_eq!(call(&local, &id, &with_key, "").await.status, 403, "a key that is switched off");
    // Only the digest is kept: the value was told when the key was made.
    let one = client.get_api_key().api_key(&key_id).include_value(true).send().await.unwrap();
    let all = client.get_api_keys().include_values(true).send().await.unwrap();
    let of_plan = client.get_usage_plan_keys().usage_plan_id(&plan).send().await.unwrap();
    assert_eq!((one.value(), all.items()[0].value(), of_plan.items()[0].value()), (None, None, None));
    let twin = client.create_api_key().name("twin").value(&value).send().await.unwrap_err();
    assert_eq!(twin.code(), Some("ConflictException"));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_built_from_single_resources_as_terraform_does() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let api = client.create_rest_api().name("t").tags("_custom_id_", "pinned").tags("a", "b").send().await.unwrap();
    assert_eq!(api.id(), Some("pinned"));
    let (id, root) = ("pinned", api.root_resource_id.unwrap());
    let resource = client.create_resource().rest_api_id(id).parent_id(&root).path_part("infra").send().await.unwrap();
    let resource = resource.id.unwrap();
    let put_method = || {
        let put = client.put_method().rest_api_id(id).resource_id(&resource).http_method("GET");
        put.authorization_type("NONE").send()
    };
    put_method().await.unwrap();
    assert_eq!(put_method().await.unwrap_err().code(), Some("ConflictException"));
    let early = client.create_deployment().rest_api_id(id).stage_name("dev").send().await.unwrap_err();
    assert_eq!(early.message(), Some("No integration defined for method"));
    let put = client.put_integration().rest_api_id(id).resource_id(&resource).http_method("GET");
    let put = put.r#type(IntegrationType::AwsProxy).integration_http_method("POST").uri(function_uri("f"));
    assert_eq!(put.send().await.unwrap().timeout_in_millis, 29000);
    let got = client.get_integration().rest_api_id(id).resource_id(&resource).http_method("GET").send().await.unwrap();
    assert_eq!(got.uri(), Some(function_uri("f").as_str()));
    let deployment = client.create_deployment().rest_api_id(id).send().await.unwrap().id.unwrap();
    let stage = client.create_stage().rest_api_id(id).stage_name("dev").deployment_id(&deployment);
    assert_eq!(stage.variables("k", "v").send().await.unwrap().variables().unwrap()["k"], "v");
    let resources = client.get_resources().rest_api_id(id).embed("methods").send().await.unwrap();
    let found = resources.items().iter().find(|found| found.path() == Some("/infra")).unwrap();
    let method = &found.resource_methods().unwrap()["GET"];
    assert_eq!(method.method_integration().unwrap().r#type(), Some(&IntegrationType::AwsProxy));
    client.delete_rest_api().rest_api_id(id).send().await.unwrap();
    let gone = client.get_rest_api().rest_api_id(id).send().await.unwrap_err();
    assert_eq!(gone.code(), Some("NotFoundException"));
    local.stop().await;
}

/// AWS promises no order; scripts take `items[0]` for the root, also when they run a second time.
#[tokio::test(flavor = "multi_thread")]
async fn the_root_is_listed_before_all_other_resources_and_pages_lose_none() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let api = client.create_rest_api().name("t").send().await.unwrap();
    let (id, root) = (api.id.unwrap(), api.root_resource_id.unwrap());
    let mut wanted = vec!["/".to_owned()];
    for number in 10..25 {
        let part = format!("r{number}");
        client.create_resource().rest_api_id(&id).parent_id(&root).path_part(&part).send().await.unwrap();
        wanted.push(format!("/{part}"));
    }
    let mut paths: Vec<String> = Vec::new();
    let mut position = None;
    loop {
        let page = client.get_resources().rest_api_id(&id).limit(1).set_position(position);
        let page = page.send().await.unwrap();
        paths.extend(page.items().iter().map(|resource| resource.path().unwrap().to_owned()));
        position = page.position;
        if position.is_none() {
            break;
        }
    }
    assert_eq!(paths.first().map(String::as_str), Some("/"));
    paths.sort();
    assert_eq!(paths, wanted);
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apis_are_listed_in_pages_imported_patched_and_tagged() {
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let import = client.import_rest_api().body(Blob::new(document("one").to_string())).send().await.unwrap();
    assert_eq!((import.name(), import.version()), (Some("one"), Some("7")));
    client.create_rest_api().name("two").send().await.unwrap();
    let first = client.get_rest_apis().limit(1).send().await.unwrap();
    assert_eq!(first.items().len(), 1);
    let second = client.get_rest_apis().limit(1).position(first.position().unwrap()).send().await.unwrap();
    assert_eq!((second.items().len(), second.position()), (1, None));
    let id = import.id().unwrap();
    let rename = PatchOperation::builder().op(Op::Replace).path("/name").value("three").build();
    let renamed = client.update_rest_api().rest_api_id(id).patch_operations(rename).send().await.unwrap();
    assert_eq!(renamed.name(), Some("three"));
    let arn = format!("arn:aws:apigateway:us-east-1::/restapis/{id}");
    client.tag_resource().resource_arn(&arn).tags("a", "1").send().await.unwrap();
    assert_eq!(client.get_tags().resource_arn(&arn).send().await.unwrap().tags().unwrap()["a"], "1");
    for elsewhere in
        [arn.replace("us-east-1", "eu-west-1"), arn.replace("::", ":123456789012:"), arn.replace("apigateway", "s3")]
    {
        let refused = client.get_tags().resource_arn(&elsewhere).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("BadRequestException"), "{elsewhere}");
        assert!(client.tag_resource().resource_arn(&elsewhere).tags("b", "1").send().await.is_err(), "{elsewhere}");
    }
    client.untag_resource().resource_arn(&arn).tag_keys("a").send().await.unwrap();
    let untagged = client.get_rest_api().rest_api_id(id).send().await.unwrap();
    assert_eq!(untagged.tags().map(std::collections::HashMap::len), Some(0), "AWS shows that there are none");
    let linked = client.put_integration().rest_api_id(id).resource_id("r").http_method("GET").connection_id("link");
    let lacking = linked.r#type(IntegrationType::Mock).send().await.unwrap_err();
    assert_eq!(lacking.code(), Some("NotImplemented"));
    assert!(lacking.message().unwrap().contains("connectionId"), "{lacking:?}");
    let nonsense = client.import_rest_api().body(Blob::new("openapi: 3.0.1")).send().await.unwrap_err();
    assert_eq!(nonsense.code(), Some("BadRequestException"));
    local.stop().await;
}
