//! Who may call a route of an HTTP API: functions that decide, tokens of an issuer on this machine, and signatures.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    cloud::{ACCOUNT, Cloud},
    http_apis::{body, call, send, with_function},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

/// An API whose route `GET /x` the function answers behind an authorizer; gives its id.
async fn api(cloud: &Cloud, authorizer: Value, kind: &str, scopes: &[&str]) -> String {
    let api = call(cloud, "create_api", &json!({ "Name": "a", "ProtocolType": "HTTP" })).await.unwrap();
    let id = api["ApiId"].as_str().unwrap();
    let mut authorizer = authorizer;
    authorizer["ApiId"] = id.into();
    let authorizer = call(cloud, "create_authorizer", &authorizer).await.unwrap();
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:f");
    let integration = json!({
        "ApiId": id, "IntegrationType": "AWS_PROXY", "IntegrationUri": arn, "PayloadFormatVersion": "2.0",
    });
    let integration = call(cloud, "create_integration", &integration).await.unwrap();
    let route = json!({
        "ApiId": id, "RouteKey": "GET /x", "AuthorizationType": kind, "AuthorizerId": authorizer["AuthorizerId"],
        "AuthorizationScopes": scopes,
        "Target": format!("integrations/{}", integration["IntegrationId"].as_str().unwrap()),
    });
    call(cloud, "create_route", &route).await.unwrap();
    call(cloud, "create_stage", &json!({ "ApiId": id, "StageName": "$default", "AutoDeploy": true })).await.unwrap();
    id.to_owned()
}

async fn allow(functions: &aws_sdk_lambda::Client) {
    let permission = functions.add_permission().function_name("f").statement_id("api").action("lambda:InvokeFunction");
    permission.principal("apigateway.amazonaws.com").send().await.unwrap();
}

fn uri() -> String {
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:f");
    format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_decides_in_either_form() {
    let (cloud, functions) = with_function().await;
    allow(&functions).await;
    let authorizer = |version: &str, simple: bool| {
        json!({
            "Name": "a", "AuthorizerType": "REQUEST", "AuthorizerUri": uri(), "AuthorizerPayloadFormatVersion": version,
            "EnableSimpleResponses": simple, "IdentitySource": ["$request.header.X-Token"],
        })
    };
    for (version, simple, yes, no) in
        [("2.0", true, "yes", "no"), ("2.0", false, "allow", "deny"), ("1.0", false, "allow", "other")]
    {
        let id = api(&cloud, authorizer(version, simple), "CUSTOM", &[]).await;
        let host = format!("{id}.execute-api.localhost:4566");
        let none = send(&cloud, &host, "GET /x", "").await;
        assert_eq!((none.status, none.text().as_str()), (401, r#"{"message":"Unauthorized"}"#), "{version}");
        let answer = send(&cloud, &host, &format!("GET /x\nx-token: {yes}"), "").await;
        assert_eq!(answer.status, 200, "{version} {simple}: {}", answer.text());
        let context = &body(&answer)["requestContext"]["authorizer"]["lambda"];
        assert_eq!((&context["who"], &context["n"]), (&json!("ann"), &json!(1)), "{version}");
        let denied = send(&cloud, &host, &format!("GET /x\nx-token: {no}"), "").await;
        assert_eq!((denied.status, denied.text().as_str()), (403, r#"{"message":"Forbidden"}"#), "{version}");
        let broken = send(&cloud, &host, "GET /x\nx-token: nonsense", "").await;
        assert_eq!((broken.status, broken.text().as_str()), (500, r#"{"message":"Internal Server Error"}"#));
        let thrown = send(&cloud, &host, "GET /x\nx-token: unauthorized", "").await;
        assert_eq!(thrown.status, 401);
    }
}

/// An issuer of tokens on this machine.
struct Issuer {
    url: String,
    key: RsaKeyPair,
    server: JoinHandle<()>,
    /// How often it was asked for anything.
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    async fn start() -> Self {
        let key = RsaKeyPair::from_pkcs8(&private_key()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let PublicKeyComponents::<Vec<u8>> { n, e } = key.public().into();
        let public = json!({
            "kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256",
            "n": BASE64_URL_SAFE_NO_PAD.encode(n),
            "e": BASE64_URL_SAFE_NO_PAD.encode(e),
        });
        let configuration = json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }).to_string();
        let keys = json!({ "keys": [public] }).to_string();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let server = tokio::spawn(async move {
            loop {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                count.fetch_add(1, Ordering::Relaxed);
                let mut head = vec![0; 4096];
                let length = stream.read(&mut head).await.unwrap_or_default();
                let is_keys = String::from_utf8_lossy(&head[..length]).starts_with("GET /keys ");
                let body = if is_keys { &keys } else { &configuration };
                let answer =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, key, server, asked }
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// A key that is made anew each time, by the emulator itself: EC2 has one for whoever asks.
fn private_key() -> Vec<u8> {
    let pem = KEY.get().unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    pkcs8(&base64::prelude::BASE64_STANDARD.decode(body).unwrap())
}

static KEY: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// Wraps a key of PKCS#1 as PKCS#8, which is what the signer reads.
fn pkcs8(key: &[u8]) -> Vec<u8> {
    let length = |count: usize| match count {
        0..=127 => vec![u8::try_from(count).unwrap()],
        128..=255 => vec![0x81, u8::try_from(count).unwrap()],
        _ => vec![0x82, u8::try_from(count >> 8).unwrap(), u8::try_from(count & 255).unwrap()],
    };
    let tagged = |tag: u8, content: &[u8]| [vec![tag], length(content.len()), content.to_vec()].concat();
    let algorithm = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    tagged(0x30, &[vec![2, 1, 0], algorithm.to_vec(), tagged(4, key)].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_issuer_lets_in_for_its_audience_its_time_and_its_scopes() {
    let (cloud, functions) = with_function().await;
    allow(&functions).await;
    let made = cloud.ec2().create_key_pair().key_name("k").send().await.unwrap();
    KEY.get_or_init(|| made.key_material.unwrap());
    let issuer = Issuer::start().await;
    let authorizer = json!({
        "Name": "j", "AuthorizerType": "JWT", "IdentitySource": ["$request.header.Authorization"],
        "JwtConfiguration": { "Audience": ["app"], "Issuer": issuer.url },
    });
    let id = api(&cloud, authorizer, "JWT", &["read", "admin"]).await;
    let host = format!("{id}.execute-api.localhost:4566");
    let now = cloud.clock.now().unix_timestamp();
    let header = json!({ "alg": "RS256", "kid": "one", "typ": "JWT" });
    let claims = |more: Value| {
        let mut claims = json!({ "iss": issuer.url, "aud": "app", "sub": "ann", "exp": now + 60, "scope": "read" });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    };
    let with = |token: &str| format!("GET /x\nauthorization: Bearer {token}");

    let none = send(&cloud, &host, "GET /x", "").await;
    assert_eq!((none.status, none.header("www-authenticate")), (401, Some("Bearer")));
    let good = issuer.token(&header, &claims(json!({ "groups": ["a", "b"] })));
    let answer = send(&cloud, &host, &with(&good), "").await;
    assert_eq!(answer.status, 200, "{} {:?}", answer.text(), answer.header("www-authenticate"));
    let jwt = &body(&answer)["requestContext"]["authorizer"]["jwt"];
    assert_eq!((&jwt["claims"]["sub"], &jwt["claims"]["groups"]), (&json!("ann"), &json!("[a b]")));
    for (header, claims, status) in [
        (header.clone(), claims(json!({ "aud": "other" })), 401),
        (header.clone(), claims(json!({ "iss": "http://127.0.0.1:1" })), 401),
        (header.clone(), claims(json!({ "exp": now - 1 })), 401),
        (header.clone(), claims(json!({ "nbf": now + 9 })), 401),
        (json!({ "alg": "RS256", "kid": "two" }), claims(json!({})), 401),
        (json!({ "alg": "none", "kid": "one" }), claims(json!({})), 401),
        (header.clone(), claims(json!({ "scope": "write" })), 403),
    ] {
        let answer = send(&cloud, &host, &with(&issuer.token(&header, &claims)), "").await;
        assert_eq!(answer.status, status, "{header} {claims}");
        let why = if status == 401 { "invalid_token" } else { "insufficient_scope" };
        assert!(answer.header("www-authenticate").unwrap().contains(why), "{header} {claims}");
    }
    let forged = format!("{}x", &good[..good.len() - 1]);
    for token in [forged.as_str(), "nonsense", "a.b.c"] {
        assert_eq!(send(&cloud, &host, &with(token), "").await.status, 401, "{token}");
    }
    // A key that nobody knows was asked for once; whoever makes up more of them makes nobody ask.
    let asked = issuer.asked.load(Ordering::Relaxed);
    for number in 0..5 {
        let header = json!({ "alg": "RS256", "kid": format!("key-{number}") });
        let token = issuer.token(&header, &claims(json!({})));
        assert_eq!(send(&cloud, &host, &with(&token), "").await.status, 401);
    }
    assert_eq!(issuer.asked.load(Ordering::Relaxed), asked);
    issuer.server.abort();
}
