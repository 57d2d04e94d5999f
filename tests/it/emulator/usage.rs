//! How often and how fast an API may be called, what its bodies look like, and what of a stage is kept: as a caller and
//! as whoever set it up meet it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    authorizers::Lab,
    cloud::{ACCOUNT, Cloud},
};
use crate::support::raw::Client as Raw;
use aws_sdk_apigateway::{
    error::ProvideErrorMetadata,
    types::{ApiStage, Op, PatchOperation, QuotaPeriodType, QuotaSettings, ThrottleSettings},
};
use serde_json::{Value, json};
use std::time::Duration;

fn replace(path: &str, value: &str) -> PatchOperation {
    PatchOperation::builder().op(Op::Replace).path(path).value(value).build()
}

/// A key in a plan for the stage `dev`: the plan's id, the key's id and its value.
async fn key(lab: &Lab, throttle: Option<(f64, i32)>, quota: Option<i32>) -> (String, String, String) {
    let stage = ApiStage::builder().api_id(&lab.api).stage("dev").build();
    let throttle =
        throttle.map(|(rate, burst)| ThrottleSettings::builder().rate_limit(rate).burst_limit(burst).build());
    let quota = quota.map(|limit| QuotaSettings::builder().limit(limit).period(QuotaPeriodType::Day).build());
    let plan = lab.client.create_usage_plan().name("p").api_stages(stage).set_throttle(throttle).set_quota(quota);
    let plan = plan.send().await.unwrap().id.unwrap();
    let key = lab.client.create_api_key().name("k").enabled(true).send().await.unwrap();
    let (id, value) = (key.id.unwrap(), key.value.unwrap());
    let add = lab.client.create_usage_plan_key().usage_plan_id(&plan).key_id(&id).key_type("API_KEY");
    add.send().await.unwrap();
    (plan, id, value)
}

/// Gives the account a role that API Gateway writes logs with.
async fn may_log(lab: &Lab) {
    let role = lab.role("logger", "apigateway.amazonaws.com").await;
    lab.client.update_account().patch_operations(replace("/cloudwatchRoleArn", &role)).send().await.unwrap();
}

/// What a log group has, in the order of the texts, once it has so many events: they are written in the background.
pub(super) async fn logged(cloud: &Cloud, group: &str, count: usize) -> Vec<String> {
    for _ in 0..4000 {
        let found = cloud.logs().filter_log_events().log_group_name(group).send().await;
        let events = found.ok().and_then(|found| found.events).unwrap_or_default();
        if events.len() >= count {
            let mut texts: Vec<_> = events.into_iter().filter_map(|event| event.message).collect();
            texts.sort_unstable();
            return texts;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{group} has no {count} events");
}

async fn calls(lab: &Lab, header: &str, count: usize) -> Vec<(u16, String)> {
    let mut answers = Vec::new();
    for _ in 0..count {
        let answer = lab.call(&[header]).await;
        answers.push((answer.status, if answer.status == 200 { String::new() } else { answer.text() }));
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_counted_shown_set_and_begins_anew() {
    let lab = Lab::new().await;
    lab.method("NONE", None, true).await;
    let (plan, id, value) = key(&lab, None, Some(3)).await;
    let header = format!("x-api-key: {value}");
    let statuses = calls(&lab, &header, 5).await;
    let exceeded = (429, r#"{"message":"Limit Exceeded"}"#.to_owned());
    assert_eq!(statuses[..3], vec![(200, String::new()); 3]);
    assert_eq!(statuses[3..], vec![exceeded.clone(); 2]);
    assert_eq!(lab.call(&[&header]).await.header("x-amzn-errortype"), Some("LimitExceededException"));

    let usage = lab.client.get_usage().usage_plan_id(&plan).start_date("2026-11-22").end_date("2026-11-23");
    let usage = usage.send().await.unwrap();
    assert_eq!(usage.items().unwrap()[&id], [[0, 3], [3, 0]]);
    let update =
        lab.client.update_usage().usage_plan_id(&plan).key_id(&id).patch_operations(replace("/remaining", "1"));
    assert_eq!(update.send().await.unwrap().items().unwrap()[&id], [[3, 1]]);
    let statuses = calls(&lab, &header, 2).await;
    assert_eq!(statuses, [(200, String::new()), exceeded]);
    lab.cloud.clock.advance(Duration::from_hours(12));
    assert_eq!(lab.call(&[&header]).await.status, 200, "another day");

    let lab = Lab { cloud: lab.cloud.restart().await, ..lab };
    let usage = aws_sdk_apigateway::Client::new(&lab.cloud.sdk()).get_usage().usage_plan_id(&plan);
    let usage = usage.start_date("2026-11-23").end_date("2026-11-24").send().await.unwrap();
    assert_eq!(usage.items().unwrap()[&id], [[4, 0], [1, 2]], "what was used survives a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_and_its_paths_are_called_no_faster_than_they_say() {
    let lab = Lab::new().await;
    lab.method("NONE", None, true).await;
    let (plan, _, value) = key(&lab, Some((1.0, 2)), None).await;
    let header = format!("x-api-key: {value}");
    let too_many = (429, r#"{"message":"Too Many Requests"}"#.to_owned());
    assert_eq!(calls(&lab, &header, 3).await, [(200, String::new()), (200, String::new()), too_many.clone()]);
    lab.cloud.clock.advance(Duration::from_secs(1));
    assert_eq!(calls(&lab, &header, 2).await, [(200, String::new()), too_many.clone()]);

    let path = format!("/apiStages/{}:dev/throttle/~1x/GET", lab.api);
    let update = lab.client.update_usage_plan().usage_plan_id(&plan);
    let update = update.patch_operations(replace(&format!("{path}/rateLimit"), "100"));
    let update = update.patch_operations(replace(&format!("{path}/burstLimit"), "4")).send().await.unwrap();
    let throttle = &update.api_stages()[0].throttle().unwrap()["/x/GET"];
    assert_eq!((throttle.rate_limit(), throttle.burst_limit()), (100.0, 4));
    let statuses = calls(&lab, &header, 5).await;
    assert_eq!(statuses.iter().filter(|(status, _)| *status == 200).count(), 4, "{statuses:?}");
    let used = lab.client.delete_usage_plan().usage_plan_id(&plan).send().await.unwrap_err();
    assert_eq!(used.code(), Some("BadRequestException"), "it has a stage");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_throttles_its_methods_and_keeps_what_else_they_are_set_to() {
    let lab = Lab::new().await;
    lab.method("NONE", None, false).await;
    may_log(&lab).await;
    let update = lab.client.update_stage().rest_api_id(&lab.api).stage_name("dev");
    let update = update
        .patch_operations(replace("/*/*/metrics/enabled", "true"))
        .patch_operations(replace("/~1x/GET/throttling/burstLimit", "1"))
        .patch_operations(replace("/~1x/GET/throttling/rateLimit", "0.5"))
        .patch_operations(replace("/*/*/logging/loglevel", "INFO"))
        .patch_operations(replace("/cacheClusterEnabled", "false"));
    let stage = update.send().await.unwrap();
    let settings = stage.method_settings().unwrap();
    assert!(settings["*/*"].metrics_enabled());
    assert_eq!(settings["*/*"].logging_level(), Some("INFO"));
    assert_eq!((settings["~1x/GET"].throttling_burst_limit(), settings["~1x/GET"].throttling_rate_limit()), (1, 0.5));
    let statuses = calls(&lab, "accept: */*", 2).await;
    assert_eq!(statuses, [(200, String::new()), (429, r#"{"message":"Too Many Requests"}"#.to_owned())]);
    lab.cloud.clock.advance(Duration::from_secs(2));
    assert_eq!(lab.call(&[]).await.status, 200);
    for (path, value, code) in [
        ("/cacheClusterEnabled", "true", "NotImplemented"),
        ("/clientCertificateId", "c", "NotImplemented"),
        ("/*/*/throttling/rateLimit", "fast", "BadRequestException"),
        ("/variables/k k", "v", "BadRequestException"),
        ("/accessLogSettings/destinationArn", "arn:aws:s3:::bucket", "BadRequestException"),
        ("/nonsense", "1", "BadRequestException"),
    ] {
        let update = lab.client.update_stage().rest_api_id(&lab.api).stage_name("dev");
        let refused = update.patch_operations(replace(path, value)).send().await.unwrap_err();
        assert_eq!(refused.code(), Some(code), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_writes_down_its_calls_where_the_account_has_a_role_for_that() {
    let lab = Lab::new().await;
    lab.method("NONE", None, false).await;
    lab.cloud.logs().create_log_group().log_group_name("g").send().await.unwrap();
    let format = "$context.requestId $context.resourcePath $context.status $context.integration.status \
                  $context.error.responseType";
    let settings = [
        replace("/accessLogSettings/destinationArn", &format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g")),
        replace("/accessLogSettings/format", format),
        replace("/~1x/GET/logging/loglevel", "INFO"),
        replace("/~1x/GET/logging/dataTrace", "true"),
        replace("/~1x/GET/metrics/enabled", "true"),
    ];
    let update = || {
        let update = lab.client.update_stage().rest_api_id(&lab.api).stage_name("dev");
        update.set_patch_operations(Some(settings.to_vec())).send()
    };
    let refused = update().await.unwrap_err();
    let message = "CloudWatch Logs role ARN must be set in account settings to enable logging";
    assert_eq!((refused.code(), refused.message()), (Some("BadRequestException"), Some(message)));
    may_log(&lab).await;
    update().await.unwrap();

    assert_eq!(lab.call(&["x-request-id: r-1", "authorization: 0123456789abcdef"]).await.status, 200);
    assert_eq!(lab.call_path("/nothing", &["x-request-id: r-2"]).await.status, 403);
    let lines = logged(&lab.cloud, "g", 2).await;
    assert_eq!(lines, ["r-1 /x 200 200 -", "r-2 - 403 - MISSING_AUTHENTICATION_TOKEN"]);
    let lines = logged(&lab.cloud, &format!("API-Gateway-Execution-Logs_{}/dev", lab.api), 1).await.join("\n");
    for line in [
        "(r-1) Starting execution for request: r-1",
        "authorization=**********abcdef",
        "(r-1) Endpoint request body after transformations: {",
        "(r-1) Successfully completed execution",
        "(r-1) Method completed with status: 200",
    ] {
        assert!(lines.contains(line), "{line} is not in {lines}");
    }
    assert!(!lines.contains("0123456789abcdef"), "{lines}");
    let metrics = aws_sdk_cloudwatch::Client::new(&lab.cloud.sdk()).list_metrics().namespace("AWS/ApiGateway");
    let metrics = metrics.metric_name("Count").send().await.unwrap();
    let named = metrics.metrics().iter().map(|metric| {
        metric.dimensions().iter().filter_map(|dimension| dimension.value()).collect::<Vec<_>>().join(" ")
    });
    let named: Vec<_> = named.collect();
    assert!(named.contains(&"t GET /x dev".to_owned()), "{named:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_gets_its_part_of_the_calls_until_it_is_promoted() {
    let lab = Lab::new().await;
    lab.method("NONE", None, false).await;
    let settings = aws_sdk_apigateway::types::DeploymentCanarySettings::builder().percent_traffic(100.0);
    let settings = settings.stage_variable_overrides("v", "new").build();
    let deploy = lab.client.create_deployment().rest_api_id(&lab.api).stage_name("dev").canary_settings(settings);
    let new = deploy.send().await.unwrap().id.unwrap();
    let seen = |answer: crate::support::raw::Answer| -> Value { serde_json::from_slice(&answer.body).unwrap() };
    let event = seen(lab.call(&[]).await);
    assert_eq!(
        (&event["stageVariables"], &event["requestContext"]["deploymentId"]),
        (&json!({ "v": "new" }), &json!(new))
    );
    let promote =
        PatchOperation::builder().op(Op::Copy).from("/canarySettings/deploymentId").path("/deploymentId").build();
    let remove = PatchOperation::builder().op(Op::Remove).path("/canarySettings").build();
    let update = lab.client.update_stage().rest_api_id(&lab.api).stage_name("dev");
    let stage = update.patch_operations(promote).patch_operations(remove).send().await.unwrap();
    assert_eq!((stage.deployment_id(), stage.canary_settings().is_none()), (Some(new.as_str()), true));
    let event = seen(lab.call(&[]).await);
    assert_eq!(event["stageVariables"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_what_its_model_says() {
    let lab = Lab::new().await;
    let schema = json!({ "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } });
    let model = |name: &str, schema: &Value| {
        let create = lab.client.create_model().rest_api_id(&lab.api).name(name).content_type("application/json");
        create.schema(schema.to_string())
    };
    model("Pet", &schema).send().await.unwrap();
    let reference = format!("https://apigateway.amazonaws.com/restapis/{}/models/Pet", lab.api);
    model("Pets", &json!({ "type": "array", "items": { "$ref": reference } })).send().await.unwrap();
    let broken = model("Broken", &json!({ "type": "nonsense" })).send().await.unwrap_err();
    assert!(broken.message().unwrap().starts_with("Invalid model specified"), "{broken:?}");
    let validator = lab.client.create_request_validator().rest_api_id(&lab.api).name("v").validate_request_body(true);
    let validator = validator.send().await.unwrap().id.unwrap();
    let worded = lab.client.put_gateway_response().rest_api_id(&lab.api);
    let worded = worded.response_type(aws_sdk_apigateway::types::GatewayResponseType::BadRequestBody);
    let template = r#"{"message":$context.error.messageString,"why":"$util.escapeJavaScript($context.error.validationErrorString)"}"#;
    worded.response_templates("application/json", template).send().await.unwrap();
    let method = lab.client.put_method().rest_api_id(&lab.api).resource_id(&lab.resource).http_method("POST");
    let method = method.authorization_type("NONE").request_validator_id(&validator);
    method.request_models("application/json", "Pets").send().await.unwrap();
    let put = lab.client.put_integration().rest_api_id(&lab.api).resource_id(&lab.resource).http_method("POST");
    let put = put.r#type(aws_sdk_apigateway::types::IntegrationType::Mock);
    put.request_templates("application/json", r#"{"statusCode":200}"#).send().await.unwrap();
    let response = lab.client.put_method_response().rest_api_id(&lab.api).resource_id(&lab.resource);
    response.http_method("POST").status_code("200").send().await.unwrap();
    let response = lab.client.put_integration_response().rest_api_id(&lab.api).resource_id(&lab.resource);
    response.http_method("POST").status_code("200").send().await.unwrap();

    let tested = lab.client.test_invoke_method().rest_api_id(&lab.api).resource_id(&lab.resource).http_method("POST");
    let tested = tested.body("{}").send().await.unwrap();
    let (log, body) = (tested.log.unwrap(), tested.body.unwrap());
    assert_eq!((tested.status, body.as_str()), (400, r#"{"message":"Invalid request body"}"#));
    assert!(log.contains("Request body does not match model schema for content type application/json: ["), "{log}");
    lab.deploy().await;
    assert_eq!(lab.post(r#"[{"name":"a"}]"#).await.status, 200);
    let refused = lab.post("[{}]").await;
    let body: Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!((refused.status, &body["message"]), (400, &json!("Invalid request body")));
    assert_eq!(body["why"], r#"[object has missing required properties (["name"])]"#);
    let address = lab.cloud.endpoint.strip_prefix("http://").unwrap().parse().unwrap();
    let mut client = Raw::connect(address).await;
    let target = format!("/restapis/{}/dev/_user_request_/x", lab.api);
    client.send(format!("POST {target} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 11000000\r\n\r\n")).await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (413, r#"{"message":"Request Too Long"}"#));
    let used = lab.client.delete_model().rest_api_id(&lab.api).model_name("Pet").send().await.unwrap_err();
    assert_eq!(used.code(), Some("ConflictException"));
    let flat = lab.client.get_model().rest_api_id(&lab.api).model_name("Pets").flatten(true).send().await.unwrap();
    assert!(flat.schema().unwrap().contains("required"), "{:?}", flat.schema());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_can_be_imported_again_in_either_form() {
    let lab = Lab::new().await;
    let id = lab.authorizer(aws_sdk_apigateway::types::AuthorizerType::Token, "method.request.header.X-Token", 0).await;
    lab.method("CUSTOM", Some(&id), false).await;
    for form in ["oas30", "swagger"] {
        for accepts in ["application/json", "application/yaml"] {
            let export = lab.client.get_export().rest_api_id(&lab.api).stage_name("dev").export_type(form);
            let export = export.parameters("extensions", "apigateway").customize();
            // AWS's SDK for Rust asks for JSON whatever `accepts` says.
            let export = export.mutate_request(move |request| drop(request.headers_mut().insert("accept", accepts)));
            let export = export.send().await.unwrap();
            assert_eq!(export.content_type(), Some(accepts));
            let text = export.body.unwrap();
            let imported = lab.client.import_rest_api().body(text).send().await.unwrap();
            let copy = imported.id.unwrap();
            let resources = lab.client.get_resources().rest_api_id(&copy).embed("methods").send().await.unwrap();
            let resource = resources.items().iter().find(|resource| resource.path() == Some("/x")).unwrap();
            let method = &resource.resource_methods().unwrap()["GET"];
            assert_eq!(method.authorization_type(), Some("CUSTOM"), "{form} {accepts}");
            let uri = method.method_integration().unwrap().uri().unwrap();
            assert!(uri.ends_with("function:f/invocations"), "{uri}");
            let authorizers = lab.client.get_authorizers().rest_api_id(&copy).send().await.unwrap();
            assert_eq!(authorizers.items()[0].identity_source(), Some("method.request.header.X-Token"));
        }
        let plain =
            lab.client.get_export().rest_api_id(&lab.api).stage_name("dev").export_type(form).send().await.unwrap();
        let plain = String::from_utf8(plain.body.unwrap().into_inner()).unwrap();
        assert!(!plain.contains("x-amazon-apigateway"), "{plain}");
        let document: Value = serde_json::from_str(&plain).unwrap();
        assert_eq!(document["info"]["title"], "t");
    }
    let export = lab.client.get_export().rest_api_id(&lab.api).stage_name("dev").export_type("oas31").send().await;
    assert_eq!(export.unwrap_err().code(), Some("BadRequestException"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_writes_logs_with_a_role_that_trusts_the_gateway_or_with_none() {
    let lab = Lab::new().await;
    let set = async |role: &str| {
        let update = lab.client.update_account().patch_operations(replace("/cloudwatchRoleArn", role));
        update.send().await.map(|answer| answer.cloudwatch_role_arn)
    };
    let kept = async || lab.client.get_account().send().await.unwrap().cloudwatch_role_arn;
    assert_eq!(kept().await, None);
    let others = lab.role("logs", "ec2.amazonaws.com").await;
    for (role, refusal) in [("logs", "Invalid ARN"), (&*others, "trust permission")] {
        let refused = set(role).await.unwrap_err();
        assert_eq!(refused.code(), Some("BadRequestException"));
        assert!(refused.message().unwrap().contains(refusal), "{role}: {refused:?}");
    }
    let role = lab.role("gateway", "apigateway.amazonaws.com").await;
    assert_eq!(set(&role).await.unwrap(), Some(role.clone()));
    assert_eq!(kept().await, Some(role));
    let features = PatchOperation::builder().op(Op::Remove).path("/features").value("UsagePlans").build();
    let refused = lab.client.update_account().patch_operations(features).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("BadRequestException"));
    assert_eq!(set("").await.unwrap(), None);
    assert_eq!(kept().await, None);
}
