//! Who may call a method of a REST API: functions that decide, signatures and resource policies, as a caller meets them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    cloud::{ACCOUNT, Cloud},
    lambda,
};
use crate::support::raw::{Answer, Client as Raw};
use aws_sdk_apigateway::{
    Client,
    error::ProvideErrorMetadata,
    types::{AuthorizerType, IntegrationType, Op, PatchOperation},
};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use serde_json::{Value, json};
use std::time::SystemTime;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// An engine with the function `f`, which decides as its caller's token says, and an API whose `/x` it answers.
pub(super) struct Lab {
    pub(super) cloud: Cloud,
    pub(super) client: Client,
    pub(super) api: String,
    pub(super) resource: String,
    pub(super) record: tempfile::TempDir,
}

impl Lab {
    pub(super) async fn new() -> Self {
        let cloud = Cloud::start().await;
        let role = cloud.iam().create_role().role_name("worker");
        role.assume_role_policy_document(TRUST).send().await.unwrap();
        let functions = aws_sdk_lambda::Client::new(&cloud.sdk());
        let record = tempfile::tempdir().unwrap();
        let path = record.path().join("events").to_string_lossy().into_owned();
        lambda::creation(&functions, "f", &[("RECORD", &path)]).send().await.unwrap();
        cloud.settle();
        let permission = functions.add_permission().function_name("f").statement_id("api");
        let permission = permission.action("lambda:InvokeFunction").principal("apigateway.amazonaws.com");
        permission.send().await.unwrap();
        let client = Client::new(&cloud.sdk());
        let api = client.create_rest_api().name("t").send().await.unwrap();
        let (api, root) = (api.id.unwrap(), api.root_resource_id.unwrap());
        let resource = client.create_resource().rest_api_id(&api).parent_id(&root).path_part("x").send().await.unwrap();
        let resource = resource.id.unwrap();
        Self { cloud, client, api, resource, record }
    }

    /// Creates a role that a service may take on; gives its ARN.
    pub(super) async fn role(&self, name: &str, service: &str) -> String {
        let role = self.cloud.iam().create_role().role_name(name);
        let role = role.assume_role_policy_document(TRUST.replace("lambda.amazonaws.com", service));
        role.send().await.unwrap().role.unwrap().arn
    }

    /// How often the function was asked to decide.
    fn asked(&self) -> usize {
        let record = std::fs::read_to_string(self.record.path().join("events")).unwrap_or_default();
        record.lines().filter(|line| line.contains("methodArn")).count()
    }

    pub(super) async fn authorizer(&self, kind: AuthorizerType, source: &str, ttl: i32) -> String {
        let create = self.client.create_authorizer().rest_api_id(&self.api).name("a").r#type(kind);
        let create = create.authorizer_uri(uri()).identity_source(source).authorizer_result_ttl_in_seconds(ttl);
        create.send().await.unwrap().id.unwrap()
    }

    /// Makes the method GET, which the function answers, and deploys it.
    pub(super) async fn method(&self, authorization: &str, authorizer: Option<&str>, wants_key: bool) {
        let method = self.client.put_method().rest_api_id(&self.api).resource_id(&self.resource).http_method("GET");
        let method = method.authorization_type(authorization).api_key_required(wants_key);
        method.set_authorizer_id(authorizer.map(str::to_owned)).send().await.unwrap();
        let put = self.client.put_integration().rest_api_id(&self.api).resource_id(&self.resource).http_method("GET");
        let put = put.r#type(IntegrationType::AwsProxy).integration_http_method("POST").uri(uri());
        put.send().await.unwrap();
        self.deploy().await;
    }

    pub(super) async fn deploy(&self) {
        self.client.create_deployment().rest_api_id(&self.api).stage_name("dev").send().await.unwrap();
    }

    /// Calls `/x`; `headers` are whole lines.
    pub(super) async fn call(&self, headers: &[&str]) -> Answer {
        self.call_path("/x", headers).await
    }

    /// Sends a body to `/x`.
    pub(super) async fn post(&self, body: &str) -> Answer {
        let address = self.cloud.endpoint.strip_prefix("http://").unwrap().parse().unwrap();
        let mut client = Raw::connect(address).await;
        let (target, length) = (format!("/restapis/{}/dev/_user_request_/x", self.api), body.len());
        let head = format!("POST {target} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n");
        client.send(format!("{head}content-length: {length}\r\n\r\n{body}")).await;
        client.answer().await.unwrap()
    }

    /// Calls another path.
    pub(super) async fn call_path(&self, path: &str, headers: &[&str]) -> Answer {
        let address = self.cloud.endpoint.strip_prefix("http://").unwrap().parse().unwrap();
        let mut client = Raw::connect(address).await;
        let headers: String = headers.iter().flat_map(|line| [*line, "\r\n"]).collect();
        let target = format!("/restapis/{}/dev/_user_request_{path}", self.api);
        client.send(format!("GET {target} HTTP/1.1\r\nhost: {address}\r\n{headers}\r\n")).await;
        client.answer().await.unwrap()
    }

    pub(super) async fn patch_api(&self, path: &str, value: &str) {
        let patch = PatchOperation::builder().op(Op::Replace).path(path).value(value).build();
        self.client.update_rest_api().rest_api_id(&self.api).patch_operations(patch).send().await.unwrap();
    }
}

fn uri() -> String {
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:f");
    format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations")
}

fn refused(answer: &Answer) -> (u16, String, String) {
    (answer.status, answer.text(), answer.header("x-amzn-errortype").unwrap_or_default().to_owned())
}

fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{} {}", answer.status, answer.text()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_decides_and_what_was_decided_is_remembered_for_its_time() {
    let lab = Lab::new().await;
    let id = lab.authorizer(AuthorizerType::Token, "method.request.header.Authorization", 60).await;
    lab.method("CUSTOM", Some(&id), false).await;

    let none = lab.call(&[]).await;
    let unauthorized = (401, r#"{"message":"Unauthorized"}"#.to_owned(), "UnauthorizedException".to_owned());
    assert_eq!(refused(&none), unauthorized);
    assert_eq!(lab.asked(), 0, "without a token nobody is asked");
    for _ in 0..3 {
        let answer = lab.call(&["Authorization: allow"]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let context = &body(&answer)["requestContext"]["authorizer"];
        assert_eq!((&context["principalId"], &context["who"]), (&json!("ann"), &json!("ann")));
        assert_eq!((&context["n"], &context["ok"]), (&json!("1"), &json!("true")), "values are texts");
        assert!(context["integrationLatency"].is_number());
    }
    assert_eq!(lab.asked(), 1);
    lab.cloud.clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(lab.call(&["Authorization: allow"]).await.status, 200);
    assert_eq!(lab.asked(), 2);

    let explicit = r#"{"Message":"User is not authorized to access this resource with an explicit deny"}"#;
    let implicit = r#"{"Message":"User is not authorized to access this resource"}"#;
    for (token, status, text, error) in [
        ("deny", 403, explicit, "AccessDeniedException"),
        ("other", 403, implicit, "AccessDeniedException"),
        ("unauthorized", 401, r#"{"message":"Unauthorized"}"#, "UnauthorizedException"),
        ("fail", 500, r#"{"message":null}"#, "AuthorizerFailureException"),
        ("nonsense", 500, r#"{"message":null}"#, "AuthorizerConfigurationException"),
    ] {
        let answer = lab.call(&[&format!("authorization: {token}")]).await;
        assert_eq!(refused(&answer), (status, text.to_owned(), error.to_owned()), "{token}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_decides_by_all_of_its_sources_and_words_its_refusals() {
    let lab = Lab::new().await;
    let source = "method.request.header.X-Token, method.request.querystring.q";
    let id = lab.authorizer(AuthorizerType::Request, source, 300).await;
    let worded = lab.client.put_gateway_response().rest_api_id(&lab.api);
    let worded = worded.response_type(aws_sdk_apigateway::types::GatewayResponseType::AccessDenied).status_code("418");
    let template = r#"{"no":$context.error.messageString}"#;
    worded.response_templates("application/json", template).send().await.unwrap();
    lab.method("CUSTOM", Some(&id), false).await;

    assert_eq!(lab.call(&["X-Token: allow"]).await.status, 401, "a source is missing");
    assert_eq!(lab.call_path("/x?q=1", &["X-Token: allow"]).await.status, 200);
    assert_eq!(lab.call_path("/x?q=1", &["X-Token: allow"]).await.status, 200);
    assert_eq!(lab.asked(), 1);
    assert_eq!(lab.call_path("/x?q=2", &["X-Token: allow"]).await.status, 200);
    assert_eq!(lab.asked(), 2, "another value is another question");
    let denied = lab.call_path("/x?q=1", &["X-Token: deny"]).await;
    let message = r#"{"no":"User is not authorized to access this resource with an explicit deny"}"#;
    assert_eq!((denied.status, denied.text().as_str()), (418, message));
    lab.client.flush_stage_authorizers_cache().rest_api_id(&lab.api).stage_name("dev").send().await.unwrap();
    assert_eq!(lab.call_path("/x?q=1", &["X-Token: allow"]).await.status, 200);
    assert_eq!(lab.asked(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorizer_is_tried_without_a_deployment_and_not_deleted_while_it_is_used() {
    let lab = Lab::new().await;
    let id = lab.authorizer(AuthorizerType::Token, "method.request.header.Authorization", 0).await;
    let test = lab.client.test_invoke_authorizer().rest_api_id(&lab.api).authorizer_id(&id);
    let tested = test.headers("Authorization", "allow").send().await.unwrap();
    assert_eq!((tested.client_status(), tested.principal_id()), (200, Some("ann")));
    assert!(tested.policy().unwrap().contains("execute-api:Invoke"), "{:?}", tested.policy());
    let test = lab.client.test_invoke_authorizer().rest_api_id(&lab.api).authorizer_id(&id);
    assert_eq!(test.send().await.unwrap().client_status(), 401);

    let method = lab.client.put_method().rest_api_id(&lab.api).resource_id(&lab.resource).http_method("GET");
    let missing = method.authorization_type("CUSTOM").authorizer_id("nosuch").send().await.unwrap_err();
    assert!(missing.message().unwrap().starts_with("Invalid authorizer ID specified"), "{missing:?}");
    lab.method("CUSTOM", Some(&id), false).await;
    let used = lab.client.delete_authorizer().rest_api_id(&lab.api).authorizer_id(&id).send().await.unwrap_err();
    assert_eq!(used.code(), Some("ConflictException"));
    let patch = PatchOperation::builder().op(Op::Replace).path("/id").value("other").build();
    let update = lab.client.update_authorizer().rest_api_id(&lab.api).authorizer_id(&id).patch_operations(patch);
    assert_eq!(update.send().await.unwrap_err().code(), Some("BadRequestException"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorizer_may_name_the_api_key() {
    let lab = Lab::new().await;
    let id = lab.authorizer(AuthorizerType::Token, "method.request.header.Authorization", 0).await;
    lab.patch_api("/apiKeySource", "AUTHORIZER").await;
    lab.method("CUSTOM", Some(&id), true).await;
    let key = lab.client.create_api_key().name("k").enabled(true).send().await.unwrap();
    let stage = aws_sdk_apigateway::types::ApiStage::builder().api_id(&lab.api).stage("dev").build();
    let plan = lab.client.create_usage_plan().name("p").api_stages(stage).send().await.unwrap().id.unwrap();
    let add = lab.client.create_usage_plan_key().usage_plan_id(plan).key_id(key.id.unwrap()).key_type("API_KEY");
    add.send().await.unwrap();
    let value = key.value.unwrap();
    let answer = lab.call(&[&format!("authorization: key {value}")]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(body(&answer)["requestContext"]["identity"]["apiKey"], value);
    for headers in [
        vec!["authorization: allow".to_owned()],
        vec!["authorization: allow".to_owned(), format!("x-api-key: {value}")],
    ] {
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        let answer = lab.call(&headers).await;
        assert_eq!(refused(&answer), (403, r#"{"message":"Forbidden"}"#.to_owned(), "ForbiddenException".to_owned()));
    }
}

/// Signs a call of `/x`; gives its headers.
fn signed(lab: &Lab, secret: &str, service: &str) -> Vec<String> {
    let url = format!("{}/restapis/{}/dev/_user_request_/x", lab.cloud.endpoint, lab.api);
    let identity = aws_credential_types::Credentials::from_keys("AKIATEST", secret, None).into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let host = lab.cloud.endpoint.strip_prefix("http://").unwrap();
    let request = SignableRequest::new("GET", &url, [("host", host)].into_iter(), SignableBody::Bytes(b"")).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    instructions.headers().map(|(name, value)| format!("{name}: {value}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_may_want_a_signature() {
    let lab = Lab::new().await;
    lab.method("AWS_IAM", None, false).await;
    let none = lab.call(&[]).await;
    let missing = r#"{"message":"Missing Authentication Token"}"#;
    assert_eq!(refused(&none), (403, missing.to_owned(), "MissingAuthenticationTokenException".to_owned()));
    for (secret, service, status) in
        [("secret", "execute-api", 200), ("wrong", "execute-api", 403), ("secret", "lambda", 403)]
    {
        let headers = signed(&lab, secret, service);
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        let answer = lab.call(&headers).await;
        assert_eq!(answer.status, status, "{secret} {service}: {}", answer.text());
        if status == 200 {
            let identity = &body(&answer)["requestContext"]["identity"];
            assert_eq!(identity["userArn"], format!("arn:aws:iam::{ACCOUNT}:root"));
            assert_eq!((&identity["accessKey"], &identity["accountId"]), (&json!("AKIATEST"), &json!(ACCOUNT)));
        } else {
            assert_eq!(answer.header("x-amzn-errortype"), Some("InvalidSignatureException"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_resource_policy_of_an_api_is_asked() {
    let lab = Lab::new().await;
    lab.method("NONE", None, false).await;
    let policy = |effect: &str, range: &str| {
        let allow = json!({ "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*" });
        let condition = json!({ "IpAddress": { "aws:SourceIp": range } });
        let other = json!({
            "Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/dev/GET/x",
            "Condition": condition,
        });
        let statements = if effect == "Deny" { json!([allow, other]) } else { json!([other]) };
        json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
    };
    for (effect, range, status, end) in [
        ("Deny", "127.0.0.0/8", 403, " with an explicit deny"),
        ("Deny", "10.0.0.0/8", 200, ""),
        ("Allow", "127.0.0.1", 200, ""),
        ("Allow", "10.0.0.0/8", 403, ""),
    ] {
        lab.patch_api("/policy", &policy(effect, range)).await;
        lab.deploy().await;
        let answer = lab.call(&[]).await;
        assert_eq!(answer.status, status, "{effect} {range}: {}", answer.text());
        if status == 403 {
            let message = format!(
                "User: anonymous is not authorized to perform: execute-api:Invoke on resource: \
                 arn:aws:execute-api:us-east-1:********0000:{}/dev/GET/x{end}",
                lab.api
            );
            assert_eq!(body(&answer), json!({ "Message": message }));
        }
    }
    let patch = PatchOperation::builder().op(Op::Replace).path("/policy").value("no policy").build();
    let update = lab.client.update_rest_api().rest_api_id(&lab.api).patch_operations(patch).send().await.unwrap_err();
    assert!(update.message().unwrap().starts_with("Invalid policy document"), "{update:?}");
}
