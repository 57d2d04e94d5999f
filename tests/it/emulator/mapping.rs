//! Integrations that rewrite requests and answers: functions, servers and services behind templates, called as a user
//! calls them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    lambda,
    local::{ACCOUNT, Local},
};
use crate::support::raw::{Answer, Client as Raw};
use aws_sdk_apigateway::{
    Client,
    error::ProvideErrorMetadata,
    types::{DeploymentCanarySettings, IntegrationType, Op, PatchOperation},
};
use serde_json::{Value, json};
use std::collections::HashMap;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

/// An API under construction.
struct Api<'a> {
    local: &'a Local,
    client: Client,
    id: String,
    root: String,
}

impl<'a> Api<'a> {
    async fn new(local: &'a Local) -> Self {
        let client = Client::new(&local.sdk);
        let api = client.create_rest_api().name("t").send().await.unwrap();
        Self { local, client, id: api.id.unwrap(), root: api.root_resource_id.unwrap() }
    }

    /// Makes a method on a path of its own; `parameters` are those that it may have.
    async fn method(&self, path: &str, method: &str, parameters: &[&str]) -> String {
        let resource = self.client.create_resource().rest_api_id(&self.id).parent_id(&self.root).path_part(path);
        let resource = resource.send().await.unwrap().id.unwrap();
        let put = self.client.put_method().rest_api_id(&self.id).resource_id(&resource).http_method(method);
        let parameters: HashMap<_, _> = parameters.iter().map(|name| ((*name).to_owned(), false)).collect();
        put.authorization_type("NONE").set_request_parameters(Some(parameters)).send().await.unwrap();
        resource
    }

    async fn integration(&self, resource: &str, method: &str, integration: Value) {
        self.try_integration(resource, method, integration).await.unwrap();
    }

    async fn try_integration(&self, resource: &str, method: &str, integration: Value) -> Result<(), String> {
        let texts = |name: &str| {
            let members = integration[name].as_object().cloned().unwrap_or_default();
            let text = |value: Value| value.as_str().unwrap().to_owned();
            Some(members.into_iter().map(|(name, value)| (name, text(value))).collect::<HashMap<_, _>>())
        };
        let text = |name: &str| integration[name].as_str().map(str::to_owned);
        let put = self.client.put_integration().rest_api_id(&self.id).resource_id(resource).http_method(method);
        let put = put.r#type(IntegrationType::from(integration["type"].as_str().unwrap()));
        let put = put.set_uri(text("uri")).set_integration_http_method(text("method")).set_credentials(text("role"));
        let put = put.set_request_templates(texts("templates")).set_request_parameters(texts("parameters"));
        let put = put.set_passthrough_behavior(text("passthrough")).send().await;
        put.map(drop).map_err(|error| error.message().unwrap().to_owned())
    }

    /// Says what is answered with a status: for which backends' answers, with which headers, by which template.
    async fn response(&self, resource: &str, method: &str, status: &str, response: Value) {
        let headers = response["headers"].as_object().cloned().unwrap_or_default();
        let named = |name: &str| format!("method.response.header.{name}");
        let known: HashMap<_, _> = headers.keys().map(|name| (named(name), false)).collect();
        let put = self.client.put_method_response().rest_api_id(&self.id).resource_id(resource).http_method(method);
        put.status_code(status).set_response_parameters(Some(known)).send().await.unwrap();
        let mapped: HashMap<_, _> =
            headers.iter().map(|(name, value)| (named(name), value.as_str().unwrap().to_owned())).collect();
        let put =
            self.client.put_integration_response().rest_api_id(&self.id).resource_id(resource).http_method(method);
        let put = put.status_code(status).set_response_parameters(Some(mapped));
        let put = put.set_selection_pattern(response["pattern"].as_str().map(str::to_owned));
        let template = response["template"].as_str().map(|text| ("application/json".to_owned(), text.to_owned()));
        put.set_response_templates(Some(template.into_iter().collect())).send().await.unwrap();
    }

    async fn deploy(&self, variables: &[(&str, &str)]) {
        let variables: HashMap<_, _> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let deployment = self.client.create_deployment().rest_api_id(&self.id).stage_name("dev");
        deployment.set_variables(Some(variables)).send().await.unwrap();
    }

    async fn call(&self, head: &str, body: &str) -> Answer {
        let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
        let (method, path) = line.split_once(' ').unwrap();
        let headers: String = headers.lines().flat_map(|line| [line, "\r\n"]).collect();
        let mut client = Raw::connect(self.local.address).await;
        let (id, length) = (&self.id, body.len());
        let target = format!("/restapis/{id}/dev/_user_request_{path}");
        client
            .send(format!("{method} {target} HTTP/1.1\r\nhost: x\r\n{headers}content-length: {length}\r\n\r\n{body}"))
            .await;
        client.answer().await.unwrap()
    }
}

fn function_uri(name: &str) -> String {
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}");
    format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_gets_what_a_template_makes_and_its_errors_choose_the_answer() {
    let local = Local::start().await;
    let api = Api::new(&local).await;
    let functions = lambda::create(&local, "f", &[]).await;
    let permission = functions.add_permission().function_name("f").statement_id("api").action("lambda:InvokeFunction");
    permission.principal("apigateway.amazonaws.com").send().await.unwrap();

    let x = api.method("x", "POST", &["method.request.header.invoke"]).await;
    let template = r#"#set($in = $input.path('$'))
{"do":"$!in.do","who":$input.json('$.who'),"q":"$input.params('q')","stage":"$context.stage","v":"$stageVariables.v"}"#;
    api.integration(
        &x,
        "POST",
        json!({
            "type": "AWS", "method": "POST", "uri": function_uri("${stageVariables.fn}"),
            "templates": { "application/json": template }, "passthrough": "NEVER",
            "parameters": { "integration.request.header.X-Amz-Invocation-Type": "method.request.header.invoke" },
        }),
    )
    .await;
    let shown = "{\"got\":$input.json('$'),\"first\":\"$input.path('$.who').substring(0,1)\"}";
    api.response(
        &x,
        "POST",
        "200",
        json!({ "template": shown, "headers": { "X-Who": "integration.response.body.who" } }),
    )
    .await;
    let shown = r#"{"message":$input.json('$.errorMessage')}"#;
    api.response(&x, "POST", "418", json!({ "pattern": "mi.*", "template": shown })).await;
    api.deploy(&[("fn", "f"), ("v", "7")]).await;

    let answer = api.call("POST /x?q=a%20b\ncontent-type: application/json", r#"{"do":"echo","who":"J's"}"#).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let got = json!({ "do": "echo", "who": "J's", "q": "a b", "stage": "dev", "v": "7" });
    assert_eq!(body, json!({ "got": got, "first": "J" }));
    assert_eq!((answer.header("x-who"), answer.header("content-type")), (Some("J's"), Some("application/json")));

    let failed = api.call("POST /x", r#"{"do":"error"}"#).await;
    assert_eq!((failed.status, failed.text().as_str()), (418, r#"{"message":"mine"}"#));
    let refused = api.call("POST /x\ncontent-type: text/plain", "hello").await;
    assert_eq!((refused.status, refused.text().as_str()), (415, r#"{"message":"Unsupported Media Type"}"#));
    assert_eq!(refused.header("x-amzn-errortype"), Some("UnsupportedMediaTypeException"));
    let event = api.call("POST /x\ninvoke: Event", r#"{"do":"echo","who":"later"}"#).await;
    assert_eq!((event.status, event.header("x-who")), (200, None));

    let tested = api.client.test_invoke_method().rest_api_id(&api.id).resource_id(&x).http_method("POST");
    let tested = tested.path_with_query_string("/x?q=1").body(r#"{"do":"echo","who":"t"}"#);
    let tested = tested.stage_variables("fn", "f").send().await.unwrap();
    assert_eq!(tested.status, 200);
    assert!(tested.headers().unwrap()["X-Amzn-Trace-Id"].starts_with("Root=1-"));
    let log = tested.log.unwrap();
    for line in [
        "Starting execution for request: ",
        "Method request headers: {}",
        "Endpoint request body after transformations: {\"do\":\"echo\"",
        "Method completed with status: 200",
    ] {
        assert!(log.contains(line), "{line} is not in {log}");
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_integrated_by_post_and_by_no_other_method() {
    let local = Local::start().await;
    let api = Api::new(&local).await;
    let functions = lambda::create(&local, "f", &[]).await;
    let permission = functions.add_permission().function_name("f").statement_id("api").action("lambda:InvokeFunction");
    permission.principal("apigateway.amazonaws.com").send().await.unwrap();
    let mut resources = Vec::new();
    for (path, kind, method) in [("a", "AWS_PROXY", "GET"), ("b", "AWS_PROXY", "ANY"), ("c", "AWS", "GET")] {
        let resource = api.method(path, "GET", &[]).await;
        let integration = json!({ "type": kind, "method": method, "uri": function_uri("f") });
        api.integration(&resource, "GET", integration).await;
        if kind == "AWS" {
            api.response(&resource, "GET", "200", json!({})).await;
        }
        resources.push((path, resource));
    }
    api.deploy(&[]).await;
    for (path, resource) in &resources {
        let answer = api.call(&format!("GET /{path}"), "").await;
        assert_eq!((answer.status, answer.text().as_str()), (500, r#"{"message":"Internal server error"}"#), "{path}");
        let tested = api.client.test_invoke_method().rest_api_id(&api.id).resource_id(resource).http_method("GET");
        let tested = tested.send().await.unwrap();
        assert_eq!(tested.status, 500, "{path}");
        let log = tested.log.unwrap();
        for line in [
            "Unable to determine service/operation name to be authorized",
            "Lambda invocation failed with status: 403. Lambda request id: ",
            "Execution failed due to configuration error: ",
            "Method completed with status: 500",
        ] {
            assert!(log.contains(line), "{path}: {line} is not in {log}");
        }
        let update = api.client.update_integration().rest_api_id(&api.id).resource_id(resource).http_method("GET");
        let post = PatchOperation::builder().op(Op::Replace).path("/httpMethod").value("POST").build();
        update.patch_operations(post).send().await.unwrap();
    }
    api.deploy(&[]).await;
    for (path, _) in &resources {
        assert_eq!(api.call(&format!("GET /{path}"), "").await.status, 200, "{path}");
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_only_tried_gets_an_event_that_says_so() {
    let local = Local::start().await;
    let api = Api::new(&local).await;
    let functions = lambda::create(&local, "f", &[]).await;
    let permission = functions.add_permission().function_name("f").statement_id("api").action("lambda:InvokeFunction");
    permission.principal("apigateway.amazonaws.com").send().await.unwrap();
    let resource = api.method("x", "GET", &[]).await;
    api.integration(&resource, "GET", json!({ "type": "AWS_PROXY", "method": "POST", "uri": function_uri("f") })).await;
    let test = || api.client.test_invoke_method().rest_api_id(&api.id).resource_id(&resource).http_method("GET");
    let event = |body: Option<String>| -> Value { serde_json::from_str(&body.unwrap()).unwrap() };
    let tried = event(test().path_with_query_string("/x?a=1").send().await.unwrap().body);
    assert_eq!(
        (&tried["path"], &tried["headers"], &tried["multiValueHeaders"]),
        (&json!("/x"), &json!(null), &json!(null))
    );
    let context = &tried["requestContext"];
    assert_eq!((&context["path"], &context["stage"]), (&json!("/x"), &json!("test-invoke-stage")));
    assert_eq!(
        (&context["domainPrefix"], &context["domainName"], context.get("deploymentId")),
        (&json!("testPrefix"), &json!("testPrefix.testDomainName"), None)
    );
    let identity = &context["identity"];
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    for (member, value) in [
        ("sourceIp", "test-invoke-source-ip"),
        ("apiKey", "test-invoke-api-key"),
        ("apiKeyId", "test-invoke-api-key-id"),
        ("accountId", ACCOUNT),
        ("caller", ACCOUNT),
        ("user", ACCOUNT),
        ("userArn", root.as_str()),
    ] {
        assert_eq!(identity[member], value, "{member}");
    }
    assert!(identity["userAgent"].as_str().unwrap().contains("aws-sdk-rust"), "{identity}");
    assert!(!identity["accessKey"].as_str().unwrap().is_empty(), "{identity}");
    let given = event(test().headers("X-Own", "1").send().await.unwrap().body);
    assert_eq!(given["headers"], json!({ "X-Own": "1" }));
    local.stop().await;
}

/// A server that answers each request with what it got; ends with the test.
pub(super) async fn echo() -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = async move {
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let mut got = Vec::new();
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                got.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&got).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head
                    .lines()
                    .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
                if body.len() < length.map_or(0, |length| length.parse().unwrap()) {
                    continue;
                }
                let status = if head.contains("/missing") { "404 Not Found" } else { "201 Created" };
                let answer = json!({ "head": head.to_ascii_lowercase(), "body": body }).to_string();
                let head = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\nx-from: server\r\ncontent-type: text/x\r\nconnection: close\r\n\r\n",
                    answer.len()
                );
                let _ = stream.write_all((head + &answer).as_bytes()).await;
                break;
            }
        }
    };
    (port, tokio::spawn(serve))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_answers_as_it_is_or_by_templates() {
    let local = Local::start().await;
    let api = Api::new(&local).await;
    let (port, server) = echo().await;
    let proxied = api.method("{proxy+}", "ANY", &["method.request.path.proxy"]).await;
    api.integration(
        &proxied,
        "ANY",
        json!({
            "type": "HTTP_PROXY", "method": "ANY", "uri": format!("http://127.0.0.1:{port}/base/{{proxy}}"),
            "parameters": {
                "integration.request.path.proxy": "method.request.path.proxy",
                "integration.request.header.x-stage": "context.stage",
            },
        }),
    )
    .await;
    let mapped = api.method("mapped", "GET", &["method.request.querystring.q"]).await;
    api.integration(
        &mapped,
        "GET",
        json!({
            "type": "HTTP", "method": "POST", "uri": format!("http://localhost:{port}/${{stageVariables.where}}"),
            "parameters": { "integration.request.querystring.query": "method.request.querystring.q" },
            "templates": { "application/json": "{\"q\":\"$input.params('q')\"}" },
        }),
    )
    .await;
    api.response(
        &mapped,
        "GET",
        "200",
        json!({ "headers": { "X-Got": "integration.response.header.x-from" }, "template": "$input.path('$.body')" }),
    )
    .await;
    api.response(&mapped, "GET", "404", json!({ "pattern": "404", "template": "none" })).await;
    api.deploy(&[("where", "here")]).await;

    let answer = api.call("PUT /a/b?x=1&x=2\nx-own: y", "text").await;
    assert_eq!(
        (answer.status, answer.header("x-from"), answer.header("content-type")),
        (201, Some("server"), Some("text/x")),
        "{}",
        answer.text()
    );
    let got: Value = serde_json::from_slice(&answer.body).unwrap();
    let head = got["head"].as_str().unwrap();
    assert!(head.starts_with("put /base/a/b?x=1&x=2 http/1.1"), "{head}");
    assert!(head.contains("\r\nx-own: y") && head.contains("\r\nx-stage: dev"), "{head}");
    assert_eq!(got["body"], "text");
    assert!(head.contains(&format!("\r\nx-amzn-apigateway-api-id: {}", api.id.to_ascii_lowercase())), "{head}");
    // What belongs to the server's connection, and which trace it is of, the server says and not the gateway.
    assert_eq!((answer.header("x-amzn-remapped-connection"), answer.header("x-amzn-trace-id")), (Some("close"), None));

    let answer = api.call("GET /mapped?q=7", "").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"q":"7"}"#));
    assert!(answer.header("x-amzn-trace-id").is_some_and(|trace| trace.starts_with("Root=1-")));
    assert_eq!((answer.header("x-got"), answer.header("content-type")), (Some("server"), Some("application/json")));
    api.deploy(&[("where", "missing")]).await;
    let answer = api.call("GET /mapped?q=7", "").await;
    assert_eq!((answer.status, answer.text().as_str()), (404, "none"));
    server.abort();
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_could_not_call_is_not_called_and_what_is_malformed_is_refused_when_it_is_put() {
    let local = Local::start().await;
    let api = Api::new(&local).await;
    let metadata = api.method("metadata", "GET", &[]).await;
    api.integration(
        &metadata,
        "GET",
        json!({ "type": "HTTP_PROXY", "method": "GET", "uri": "http://169.254.169.254/latest" }),
    )
    .await;
    api.deploy(&[]).await;
    let answer = api.call("GET /metadata", "").await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (504, r#"{"message":"Network error communicating with endpoint"}"#)
    );
    for (integration, said) in [
        (json!({ "type": "HTTP", "method": "GET", "uri": "http://{x}/" }), "Invalid HTTP endpoint specified for URI"),
        (json!({ "type": "MOCK", "templates": { "application/json": "#if(" } }), "Invalid mapping template"),
        (
            json!({ "type": "MOCK", "parameters": { "integration.request.header.a": "method.request.header.b" } }),
            "Invalid mapping expression parameter specified: method.request.header.b",
        ),
    ] {
        let refused = api.try_integration(&metadata, "GET", integration).await.unwrap_err();
        assert!(refused.contains(said), "{refused}");
    }
    let early = api.client.put_integration_response().rest_api_id(&api.id).resource_id(&metadata).http_method("GET");
    let early = early.status_code("200").response_parameters("method.response.header.a", "'b'");
    let early = early.send().await.unwrap_err();
    assert_eq!(early.message(), Some("Invalid Response status code specified"));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_service_acts_as_the_role_of_the_integration() {
    let local = Local::start().await;
    let api = Api::new(&local).await;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let iam = aws_sdk_iam::Client::new(&local.sdk);
    iam.create_role().role_name("gateway").assume_role_policy_document(trust).send().await.unwrap();
    let role = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let who = api.method("who", "GET", &[]).await;
    let caller = "arn:aws:apigateway:us-east-1:sts:action/GetCallerIdentity";
    api.integration(&who, "GET", json!({ "type": "AWS", "method": "POST", "uri": caller, "role": role("gateway") }))
        .await;
    api.response(&who, "GET", "200", json!({})).await;
    let groups = api.method("groups", "GET", &[]).await;
    let described = "arn:aws:apigateway:us-east-1:logs:action/DescribeLogGroups";
    let limited = json!({ "application/json": r#"{"limit":1}"# });
    api.integration(
        &groups,
        "GET",
        json!({ "type": "AWS", "method": "POST", "uri": described, "role": role("gateway"), "templates": limited }),
    )
    .await;
    api.response(&groups, "GET", "200", json!({ "template": "$input.path('$.logGroups').size()" })).await;
    let nobody = api.method("nobody", "GET", &[]).await;
    api.integration(&nobody, "GET", json!({ "type": "AWS", "method": "POST", "uri": caller, "role": role("none") }))
        .await;
    api.response(&nobody, "GET", "200", json!({})).await;
    api.deploy(&[]).await;
    let answer = api.call("GET /who", "").await;
    assert!(answer.text().contains("assumed-role/gateway/"), "{}", answer.text());
    assert_eq!(api.call("GET /groups", "").await.text(), "0");
    assert_eq!(api.call("GET /nobody", "").await.status, 500);
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_is_changed_answers_differently_after_the_next_deployment() {
    let local = Local::start().await;
    let api = Api::new(&local).await;
    let x = api.method("x", "GET", &[]).await;
    api.integration(&x, "GET", json!({ "type": "MOCK", "templates": { "application/json": "{ statusCode: 200 }" } }))
        .await;
    let set = "#set($context.responseOverride.status = 202)$context.httpMethod";
    api.response(&x, "GET", "200", json!({ "template": set, "headers": { "X-A": "'b'" } })).await;
    api.deploy(&[]).await;
    let answer = api.call("GET /x", "").await;
    assert_eq!((answer.status, answer.text().as_str(), answer.header("x-a")), (202, "GET", Some("b")));
    assert_eq!(answer.header("x-amzn-trace-id"), None, "a constant is of no trace");
    let patch = |path: &str, value: &str| PatchOperation::builder().op(Op::Replace).path(path).value(value).build();
    let update = api.client.update_integration_response().rest_api_id(&api.id).resource_id(&x).http_method("GET");
    let update = update.status_code("200").patch_operations(patch("/responseTemplates/application~1json", "new"));
    update.patch_operations(patch("/responseParameters/method.response.header.X-A", "'c'")).send().await.unwrap();
    assert_eq!(api.call("GET /x", "").await.text(), "GET");
    api.deploy(&[]).await;
    let answer = api.call("GET /x", "").await;
    assert_eq!((answer.status, answer.text().as_str(), answer.header("x-a")), (200, "new", Some("c")));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_knows_whether_a_call_is_the_canarys() {
    let local = Local::start().await;
    let api = Api::new(&local).await;
    let x = api.method("x", "GET", &[]).await;
    api.integration(&x, "GET", json!({ "type": "MOCK", "templates": { "application/json": "{ statusCode: 200 }" } }))
        .await;
    api.response(&x, "GET", "200", json!({ "template": "[$context.isCanaryRequest]" })).await;
    api.deploy(&[]).await;
    assert_eq!(api.call("GET /x", "").await.text(), "[]");
    for (percent, said) in [(0.0, "[false]"), (100.0, "[true]")] {
        let canary = DeploymentCanarySettings::builder().percent_traffic(percent).build();
        let deploy = api.client.create_deployment().rest_api_id(&api.id).stage_name("dev").canary_settings(canary);
        deploy.send().await.unwrap();
        assert_eq!(api.call("GET /x", "").await.text(), said);
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_reaches_the_api_that_has_a_method_for_it() {
    let local = Local::start().await;
    let api = Api::new(&local).await;
    // What the console's "enable CORS" makes.
    let x = api.method("x", "OPTIONS", &[]).await;
    let template = json!({ "application/json": "{\"statusCode\": 200}" });
    api.integration(&x, "OPTIONS", json!({ "type": "MOCK", "templates": template, "passthrough": "WHEN_NO_MATCH" }))
        .await;
    let headers = json!({
        "Access-Control-Allow-Origin": "'*'",
        "Access-Control-Allow-Methods": "'OPTIONS,GET'",
        "Access-Control-Allow-Headers": "'Content-Type,X-Api-Key'",
    });
    api.response(&x, "OPTIONS", "200", json!({ "headers": headers })).await;
    api.deploy(&[]).await;
    let asks = "OPTIONS /x\norigin: https://page.example\naccess-control-request-method: GET";
    let answer = api.call(asks, "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")), "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-methods"), Some("OPTIONS,GET"));
    let none = api.call("OPTIONS /y", "").await;
    assert_eq!((none.status, none.text().as_str()), (403, r#"{"message":"Missing Authentication Token"}"#));
    local.stop().await;
}
