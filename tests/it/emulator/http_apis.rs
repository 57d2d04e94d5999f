//! HTTP APIs: put together by the AWS CLI's own library, and called as a user calls them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    cloud::{ACCOUNT, Cloud},
    lambda,
    mapping::echo,
    usage::logged,
};
use crate::support::raw::{Answer, Client as Raw};
use atelier::deadlines::HTTP_GATEWAY;
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::{net::TcpListener, process::Command};

/// An engine behind its edge, with the function `f`, which answers a proxy event with itself.
pub(super) async fn with_function() -> (Cloud, aws_sdk_lambda::Client) {
    let cloud = Cloud::start().await;
    let role = cloud.iam().create_role().role_name("worker");
    role.assume_role_policy_document(TRUST).send().await.unwrap();
    let functions = aws_sdk_lambda::Client::new(&cloud.sdk());
    lambda::creation(&functions, "f", &[]).send().await.unwrap();
    cloud.settle();
    (cloud, functions)
}

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// Makes one call through boto3's core; the answer is JSON.
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
pub(super) async fn call(cloud: &Cloud, operation: &str, input: &Value) -> Result<Value, String> {
    const SCRIPT: &str = "
import json, sys, botocore.session
from botocore.exceptions import ClientError
endpoint, operation, given = sys.argv[1:]
session = botocore.session.get_session()
client = session.create_client('apigatewayv2', region_name='us-east-1', endpoint_url=endpoint,
                               aws_access_key_id='AKIATEST', aws_secret_access_key='secret')
try:
    answer = getattr(client, operation)(**json.loads(given))
    answer.pop('ResponseMetadata')
    print(json.dumps(answer, default=str))
except ClientError as error:
    print(error, file=sys.stderr)
    sys.exit(1)
";
    let python = std::env::var("ATELIER_BOTOCORE").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT, &cloud.endpoint, operation, &input.to_string()]).stdin(Stdio::null());
    let output = command.output().await.unwrap();
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Sends a request to a host and a path; `head` may have more lines.
pub(super) async fn send(cloud: &Cloud, host: &str, head: &str, body: &str) -> Answer {
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let headers: String = headers.lines().flat_map(|line| [line, "\r\n"]).collect();
    let address = cloud.endpoint.strip_prefix("http://").unwrap().parse().unwrap();
    let mut client = Raw::connect(address).await;
    let length = body.len();
    client.send(format!("{line} HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {length}\r\n\r\n{body}")).await;
    client.answer().await.unwrap()
}

pub(super) fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{} {}", answer.status, answer.text()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_is_made_with_its_target_answers_at_once_in_every_form_of_its_url() {
    let (cloud, functions) = with_function().await;
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:f");
    let api =
        call(&cloud, "create_api", &json!({ "Name": "quick", "ProtocolType": "HTTP", "Target": arn })).await.unwrap();
    let id = api["ApiId"].as_str().unwrap();
    let host = format!("{id}.execute-api.localhost:4566");
    // The function's policy has to let the API in.
    let refused = send(&cloud, &host, "GET /x", "").await;
    assert_eq!((refused.status, refused.text().as_str()), (500, r#"{"message":"Internal Server Error"}"#));
    let permission = functions.add_permission().function_name("f").statement_id("api").action("lambda:InvokeFunction");
    let source = format!("arn:aws:execute-api:us-east-1:{ACCOUNT}:{id}/$default/$default");
    permission.principal("apigateway.amazonaws.com").source_arn(source).send().await.unwrap();

    let head = "POST /a%20b/c?x=1&x=2&y\ncookie: k=v; l=w\nx-own: 1\nx-own: 2\ncontent-type: application/json";
    let answer = send(&cloud, &host, head, r#"{"q":1}"#).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{}", answer.text());
    assert!(answer.header("apigw-requestid").is_some());
    let event = body(&answer);
    assert_eq!(event["version"], "2.0");
    assert_eq!((&event["routeKey"], &event["rawPath"]), (&json!("$default"), &json!("/a b/c")));
    assert_eq!(event["rawQueryString"], "x=1&x=2&y");
    assert_eq!(event["queryStringParameters"], json!({ "x": "1,2", "y": "" }));
    assert_eq!(event["cookies"], json!(["k=v", "l=w"]));
    assert_eq!(event["headers"]["x-own"], "1,2");
    assert!(event["headers"].get("cookie").is_none() && event.get("stageVariables").is_none());
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(r#"{"q":1}"#), &json!(false)));
    let context = &event["requestContext"];
    assert_eq!((&context["stage"], &context["http"]["method"]), (&json!("$default"), &json!("POST")));
    assert_eq!((&context["apiId"], &context["http"]["sourceIp"]), (&json!(id), &json!("127.0.0.1")));

    let endpoint = api["ApiEndpoint"].as_str().unwrap();
    let path = endpoint.split_once("//").unwrap().1.split_once('/').unwrap().1;
    for line in [
        format!("GET /{path}/x/y"),
        format!("GET /{path}/$default/x/y"),
        format!("GET /restapis/{id}/$default/_user_request_/x/y"),
    ] {
        let answer = send(&cloud, "localhost:4566", &line, "").await;
        assert_eq!(body(&answer)["rawPath"], "/x/y", "{line}");
    }
    assert_eq!(body(&send(&cloud, "localhost:4566", &format!("GET /{path}"), "").await)["rawPath"], "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_stages_and_deployments_decide_what_is_served() {
    let (cloud, functions) = with_function().await;
    let permission = functions.add_permission().function_name("f").statement_id("api").action("lambda:InvokeFunction");
    permission.principal("apigateway.amazonaws.com").send().await.unwrap();
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:${{stageVariables.fn}}");
    let api = call(&cloud, "create_api", &json!({ "Name": "a", "ProtocolType": "HTTP" })).await.unwrap();
    let id = api["ApiId"].as_str().unwrap();
    let integration = json!({
        "ApiId": id, "IntegrationType": "AWS_PROXY", "IntegrationUri": arn, "PayloadFormatVersion": "1.0",
        "RequestParameters": { "append:header.x-stage": "$context.stage" },
    });
    let mut incomplete = integration.clone();
    incomplete.as_object_mut().unwrap().remove("PayloadFormatVersion");
    let refused = call(&cloud, "create_integration", &incomplete).await.unwrap_err();
    assert!(refused.contains("PayloadFormatVersion is a required parameter for integration"), "{refused}");
    let integration = call(&cloud, "create_integration", &integration).await.unwrap();
    assert_eq!(integration["IntegrationMethod"], "POST");
    let target = format!("integrations/{}", integration["IntegrationId"].as_str().unwrap());
    let route = json!({ "ApiId": id, "RouteKey": "GET /things/{thing}", "Target": target });
    call(&cloud, "create_route", &route).await.unwrap();
    let conflict = call(&cloud, "create_route", &route).await.unwrap_err();
    assert!(conflict.contains("ConflictException") && conflict.contains("already exists for this API"), "{conflict}");
    let stage = json!({ "ApiId": id, "StageName": "dev", "StageVariables": { "fn": "f" } });
    call(&cloud, "create_stage", &stage).await.unwrap();
    let deployment = json!({ "ApiId": id, "StageName": "dev" });
    call(&cloud, "create_deployment", &deployment).await.unwrap();

    let host = format!("{id}.execute-api.us-east-1.localhost:4566");
    let event = body(&send(&cloud, &host, "GET /dev/things/a%20b?q=1\nx-own: 1\nx-own: 2", "").await);
    assert_eq!(event["version"], "1.0");
    assert_eq!((&event["headers"]["x-own"], &event["headers"]["x-stage"]), (&json!("1,2"), &json!("dev")));
    assert_eq!(event["multiValueHeaders"]["x-own"], json!(["1", "2"]));
    assert_eq!(
        event["headers"].get("x-request-id"),
        None,
        "what the edge calls a request is no header of its client's"
    );
    assert_eq!((&event["resource"], &event["path"]), (&json!("/things/{thing}"), &json!("/dev/things/a b")));
    assert_eq!(
        (&event["pathParameters"], &event["stageVariables"]),
        (&json!({ "thing": "a b" }), &json!({ "fn": "f" }))
    );
    assert_eq!(event["queryStringParameters"], json!({ "q": "1" }));
    for line in ["GET /dev/nothing", "POST /dev/things/x", "GET /dev/things/x/", "GET /nowhere/things/x"] {
        let absent = send(&cloud, &host, line, "").await;
        assert_eq!((absent.status, absent.text().as_str()), (404, r#"{"message":"Not Found"}"#), "{line}");
    }
    // What is made later is served after the next deployment, and at once where the stage deploys by itself.
    call(&cloud, "create_route", &json!({ "ApiId": id, "RouteKey": "$default", "Target": target })).await.unwrap();
    assert_eq!(send(&cloud, &host, "GET /dev/nothing", "").await.status, 404);
    call(&cloud, "update_stage", &json!({ "ApiId": id, "StageName": "dev", "AutoDeploy": true })).await.unwrap();
    assert_eq!(send(&cloud, &host, "GET /dev/nothing", "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_itself_says_what_pages_of_other_origins_may_do() {
    let (cloud, functions) = with_function().await;
    let permission = functions.add_permission().function_name("f").statement_id("api").action("lambda:InvokeFunction");
    permission.principal("apigateway.amazonaws.com").send().await.unwrap();
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:f");
    let cors = json!({ "AllowOrigins": ["https://good.example"], "AllowMethods": ["GET"], "AllowHeaders": ["x-own"], "MaxAge": 60 });
    let api =
        json!({ "Name": "a", "ProtocolType": "HTTP", "Target": arn, "RouteKey": "GET /x", "CorsConfiguration": cors });
    let api = call(&cloud, "create_api", &api).await.unwrap();
    let host = format!("{}.execute-api.localhost", api["ApiId"].as_str().unwrap());
    let asks = "OPTIONS /x\norigin: https://good.example\naccess-control-request-method: GET";
    let preflight = send(&cloud, &host, asks, "").await;
    assert_eq!(
        (preflight.status, preflight.header("access-control-allow-origin")),
        (204, Some("https://good.example"))
    );
    assert_eq!(
        (preflight.header("access-control-allow-methods"), preflight.header("access-control-max-age")),
        (Some("GET"), Some("60"))
    );
    let foreign = send(&cloud, &host, &asks.replace("good", "bad"), "").await;
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (204, None));
    let answer = send(&cloud, &host, "GET /x\norigin: https://good.example", "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("https://good.example")));
    // One that says nothing is closed to pages, as before.
    call(&cloud, "delete_cors_configuration", &json!({ "ApiId": api["ApiId"] })).await.unwrap();
    let closed = send(&cloud, &host, "GET /x\norigin: https://good.example", "").await;
    assert_eq!(closed.status, 403, "{}", closed.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_http_apis_have_at_aws_and_not_here_is_a_501_by_name() {
    let cloud = Cloud::start().await;
    let api = call(&cloud, "create_api", &json!({ "Name": "t", "ProtocolType": "HTTP" })).await.unwrap();
    let api = &api["ApiId"];
    let integration = |member: &str, value: Value| {
        let mut input = json!({
            "ApiId": api, "IntegrationType": "HTTP_PROXY", "IntegrationMethod": "GET", "PayloadFormatVersion": "1.0",
            "IntegrationUri": "http://127.0.0.1:1/",
        });
        input[member] = value;
        input
    };
    for (operation, input, member) in [
        ("create_integration", integration("TlsConfig", json!({ "ServerNameToVerify": "a.example" })), "tlsConfig"),
        ("create_integration", integration("IntegrationSubtype", json!("EventBridge-PutEvents")), "integrationSubtype"),
    ] {
        let refused = call(&cloud, operation, &input).await.unwrap_err();
        assert!(refused.contains("(NotImplemented)") && refused.contains(member), "{member}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_is_asked_and_answers_is_changed_as_its_integration_says() {
    let cloud = Cloud::start().await;
    let (port, server) = echo().await;
    let api = call(&cloud, "create_api", &json!({ "Name": "a", "ProtocolType": "HTTP" })).await.unwrap();
    let id = api["ApiId"].as_str().unwrap();
    let mut integration = json!({
        "ApiId": id, "IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "PayloadFormatVersion": "1.0",
        "IntegrationUri": format!("http://127.0.0.1:{port}/elsewhere"),
        "RequestParameters": {
            "overwrite:path": "/base/$request.path.thing", "overwrite:header.host": "own.example",
            "append:header.x-who": "${request.body.who}@${stageVariables.v}", "remove:querystring.secret": "''",
        },
        "ResponseParameters": {
            "201": { "overwrite:statuscode": "202", "append:header.x-was": "${response.header.x-from}" },
        },
    });
    let made = call(&cloud, "create_integration", &integration).await.unwrap();
    assert_eq!(made["RequestParameters"], integration["RequestParameters"]);
    let target = format!("integrations/{}", made["IntegrationId"].as_str().unwrap());
    let route = json!({ "ApiId": id, "RouteKey": "POST /things/{thing}", "Target": target });
    call(&cloud, "create_route", &route).await.unwrap();
    let stage = json!({ "ApiId": id, "StageName": "$default", "AutoDeploy": true, "StageVariables": { "v": "w" } });
    call(&cloud, "create_stage", &stage).await.unwrap();

    let host = format!("{id}.execute-api.localhost");
    let line = "POST /things/a%20b?secret=1&q=2\ncontent-type: application/json";
    let answer = send(&cloud, &host, line, r#"{"who":"ann"}"#).await;
    assert_eq!((answer.status, answer.header("x-was")), (202, Some("server")), "{}", answer.text());
    let head = body(&answer)["head"].as_str().unwrap().to_owned();
    assert!(head.starts_with("post /base/a%20b?q=2 http/1.1"), "{head}");
    for line in ["\r\nhost: own.example", "\r\nx-who: ann@w"] {
        assert!(head.contains(line), "{line} is not in {head}");
    }
    // What is updated to nothing is taken away.
    let update = json!({
        "ApiId": id, "IntegrationId": made["IntegrationId"],
        "RequestParameters": { "append:header.x-who": "" }, "ResponseParameters": { "201": {} },
    });
    let updated = call(&cloud, "update_integration", &update).await.unwrap();
    assert_eq!(updated["RequestParameters"].get("append:header.x-who"), None);
    assert_eq!(updated.get("ResponseParameters"), None);
    integration["RequestParameters"] = json!({ "append:header.Authorization": "x" });
    let refused = call(&cloud, "create_integration", &integration).await.unwrap_err();
    assert!(refused.contains("Operations on header Authorization are restricted"), "{refused}");
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_writes_down_its_calls_and_lets_only_so_many_through() {
    let (cloud, functions) = with_function().await;
    let permission = functions.add_permission().function_name("f").statement_id("api").action("lambda:InvokeFunction");
    permission.principal("apigateway.amazonaws.com").send().await.unwrap();
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:f");
    let api = json!({ "Name": "a", "ProtocolType": "HTTP", "Target": arn, "RouteKey": "GET /x" });
    let api = call(&cloud, "create_api", &api).await.unwrap();
    let group = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g");
    let format = "$context.requestId $context.routeKey $context.status $context.integrationStatus \
                  $context.error.message";
    let log = |format: &str| {
        json!({
            "ApiId": api["ApiId"], "StageName": "$default",
            "AccessLogSettings": { "DestinationArn": group, "Format": format },
            "RouteSettings": { "GET /x": { "ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 0.5 } },
        })
    };
    let absent = call(&cloud, "update_stage", &log(format)).await.unwrap_err();
    assert!(absent.contains("Cannot enable logging. LogDestination: g does not exist"), "{absent}");
    cloud.logs().create_log_group().log_group_name("g").send().await.unwrap();
    let nameless = call(&cloud, "update_stage", &log("$context.status")).await.unwrap_err();
    assert!(nameless.contains("must include either $context.requestId or $context.extendedRequestId"), "{nameless}");
    let stage = call(&cloud, "update_stage", &log(format)).await.unwrap();
    assert_eq!(stage["RouteSettings"]["GET /x"]["ThrottlingBurstLimit"], 1);
    assert_eq!(stage["DefaultRouteSettings"], json!({ "DetailedMetricsEnabled": false }));

    let host = format!("{}.execute-api.localhost", api["ApiId"].as_str().unwrap());
    for (line, status) in [
        ("GET /x\nx-request-id: r-1", 200),
        ("GET /x\nx-request-id: r-2", 429),
        ("GET /nothing\nx-request-id: r-3", 404),
    ] {
        assert_eq!(send(&cloud, &host, line, "").await.status, status, "{line}");
    }
    let lines = ["r-1 GET /x 200 200 -", "r-2 GET /x 429 - Too Many Requests", "r-3 - 404 - Not Found"];
    assert_eq!(logged(&cloud, "g", 3).await, lines);

    let stage = json!({ "ApiId": api["ApiId"], "StageName": "$default" });
    call(&cloud, "delete_access_log_settings", &stage).await.unwrap();
    let mut settings = stage.clone();
    settings["RouteKey"] = json!("GET /x");
    call(&cloud, "delete_route_settings", &settings).await.unwrap();
    let shown = call(&cloud, "get_stage", &stage).await.unwrap();
    assert_eq!((shown.get("AccessLogSettings"), &shown["RouteSettings"]), (None, &json!({})));
    assert_eq!(send(&cloud, &host, "GET /x", "").await.status, 200);
    for (settings, why) in [
        (json!({ "RouteSettings": { "GET /y": {} } }), "Unable to find Route by key GET /y"),
        (json!({ "DefaultRouteSettings": { "LoggingLevel": "INFO" } }), "not supported on protocolType HTTP"),
        (json!({ "StageVariables": { "k k": "v" } }), "Invalid stage variable name: k k."),
    ] {
        let mut input = stage.clone();
        input.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let refused = call(&cloud, "update_stage", &input).await.unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_longer_than_an_integration_may_is_a_503_of_the_gateways() {
    let cloud = Cloud::start().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/", silent.local_addr().unwrap());
    let api =
        call(&cloud, "create_api", &json!({ "Name": "a", "ProtocolType": "HTTP", "Target": target })).await.unwrap();
    let host = format!("{}.execute-api.localhost", api["ApiId"].as_str().unwrap());
    let runs_out = async {
        let connection = silent.accept().await.unwrap();
        cloud.clock.advance(HTTP_GATEWAY);
        connection
    };
    let (answer, _connection) = tokio::join!(send(&cloud, &host, "GET /x", ""), runs_out);
    assert_eq!((answer.status, answer.text().as_str()), (503, r#"{"message":"Service Unavailable"}"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_in_the_gateways_words() {
    let cloud = Cloud::start().await;
    let api = json!({ "Name": "a", "ProtocolType": "HTTP", "Target": "http://127.0.0.1:9/" });
    let api = call(&cloud, "create_api", &api).await.unwrap();
    let host = format!("{}.execute-api.localhost", api["ApiId"].as_str().unwrap());
    let address = cloud.endpoint.strip_prefix("http://").unwrap().parse().unwrap();
    let mut client = Raw::connect(address).await;
    // Its length alone says it.
    client.send(format!("POST /x HTTP/1.1\r\nhost: {host}\r\ncontent-length: 11000000\r\n\r\n")).await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (413, r#"{"message":"Request Entity Too Large"}"#));
}
