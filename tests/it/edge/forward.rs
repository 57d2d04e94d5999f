//! The upstream for an engine behind HTTP: what reaches that engine, and what of its answers comes back.

use super::{API, KEY_ID, KNOWN_KEY, SECRET, config, keyring, raw, signing::Signer};
use crate::support::{
    engine_port,
    raw::{Answer, Client},
};
use atelier::{
    edge::{
        Config, Edge,
        forward::{Engine, Forward},
        limits::Rate,
        server,
    },
    http1::{self, Admission, Limits, Peer, Rejection, Request, Response, Service},
};
use bytes::Bytes;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// A LocalStack of the tests' own, which keeps every request that reached it.
struct FakeEngine {
    seen: Mutex<Vec<Request>>,
    /// What it lists; `None` is an engine that has lost its mind.
    apis: Mutex<Option<Vec<&'static str>>>,
}

impl Default for FakeEngine {
    fn default() -> Self {
        // The last ones are no ids.
        Self { seen: Mutex::default(), apis: Mutex::new(Some(vec!["abc123", "../x", "a?b=c"])) }
    }
}

impl Service for FakeEngine {
    type Pass = ();

    async fn admit(&self, _: &http::request::Parts) -> Result<(Admission, ()), Response> {
        Ok((Admission::default(), ()))
    }

    async fn call(&self, request: Request, (): ()) -> Response {
        let path = request.uri().path().to_owned();
        self.seen.lock().unwrap().push(request);
        let mut response = Response::new(Bytes::from(path.clone()));
        response.headers_mut().insert("server", "engine/1.0".parse().unwrap());
        response.headers_mut().insert("access-control-allow-origin", "*".parse().unwrap());
        response.headers_mut().insert("x-kept", "yes".parse().unwrap());
        match path.as_str() {
            "/restapis" => match &*self.apis.lock().unwrap() {
                Some(ids) => {
                    let items: Vec<_> = ids.iter().map(|id| serde_json::json!({ "id": id })).collect();
                    *response.body_mut() = serde_json::json!({ "item": items }).to_string().into();
                }
                None => *response.body_mut() = "<html>".into(),
            },
            "/restapis/abc123/stages" => *response.body_mut() = r#"{"item":[{"stageName":"dev"},{}]}"#.into(),
            "/apikeys" => {
                let key = serde_json::json!({ "value": KNOWN_KEY, "enabled": true });
                let off = serde_json::json!({ "value": "atl_off", "enabled": false });
                *response.body_mut() = serde_json::json!({ "item": [key, off] }).to_string().into();
            }
            path if path.ends_with("/stages") => *response.body_mut() = r#"{"item":[{"stageName":"dev"}]}"#.into(),
            path if path.ends_with("/hang") => std::future::pending().await,
            path if path.ends_with("/huge") => *response.body_mut() = vec![b'a'; 11 * 1024 * 1024].into(),
            path if path.ends_with("/large") => *response.body_mut() = vec![b'a'; 5 * 1024 * 1024].into(),
            _ => {}
        }
        response
    }

    fn reject(&self, _: Peer, rejection: Rejection) -> Response {
        Response::new(Bytes::from(rejection.code()))
    }
}

/// A running fake engine.
pub(super) struct Fake {
    pub(super) address: SocketAddr,
    engine: Arc<FakeEngine>,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

impl Fake {
    pub(super) async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let engine = Arc::new(FakeEngine::default());
        let shutdown = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let address = listener.local_addr().unwrap();
        tasks.spawn(http1::serve(listener, Limits::edge(), Arc::clone(&engine), shutdown.clone()));
        Self { address, engine, shutdown, tasks }
    }

    pub(super) async fn close(self) {
        self.shutdown.cancel();
        self.tasks.join_all().await;
    }
}

/// An edge in front of a fake engine.
pub(super) struct Pair {
    pub(super) edge: SocketAddr,
    fake: Fake,
}

impl Pair {
    pub(super) async fn open() -> Self {
        let mut fake = Fake::open().await;
        let edge = Self::edge(fake.address, &mut fake.tasks, &fake.shutdown).await;
        Self { edge, fake }
    }

    async fn edge(engine: SocketAddr, tasks: &mut JoinSet<()>, shutdown: &CancellationToken) -> SocketAddr {
        Self::edge_with(engine, config(), tasks, shutdown).await
    }

    async fn edge_with(
        engine: SocketAddr,
        config: Config,
        tasks: &mut JoinSet<()>,
        shutdown: &CancellationToken,
    ) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let forward = Forward::new(Engine {
            authority: engine.to_string().parse().unwrap(),
            health_path: "/_localstack/health".parse().unwrap(),
            access_key_id: "test".to_owned(),
            region: "us-east-1".to_owned(),
        });
        let edge = Edge::new(Arc::new(forward), keyring(), config);
        tasks.spawn(server::run(listener, edge, shutdown.clone()));
        address
    }

    pub(super) fn seen(&self) -> Vec<String> {
        self.fake.engine.seen.lock().unwrap().iter().map(|r| format!("{} {}", r.method(), r.uri())).collect()
    }

    pub(super) async fn close(self) {
        self.fake.close().await;
    }
}

pub(super) async fn ask(edge: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut client = Client::connect(edge).await;
    client.send(raw(method, target, headers, body)).await;
    client.answer().await.unwrap()
}

#[tokio::test]
async fn an_api_call_is_written_anew_for_the_engine() {
    let pair = Pair::open().await;
    let headers = [
        ("x-api-key", "atl_1"),
        ("content-type", "application/json"),
        ("x-amz-target", "AWSLambda.Invoke"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=x/20260102/us-east-1/s3/aws4_request"),
        ("x-forwarded-for", "6.6.6.6"),
        ("x-forwarded-host", "evil.example"),
        ("x-http-method-override", "DELETE"),
        ("content_length", "5"),
        ("te", "trailers"),
        ("cookie", "a=b"),
        ("via", "1.1 x"),
        ("proxy", "http://evil.example"),
        ("forwarded", "for=6.6.6.6"),
        ("x-real-ip", "6.6.6.6"),
        ("x-original-url", "/_localstack/health"),
        ("x-rewrite-url", "/_localstack/health"),
        ("x-localstack-tgt-api", "s3"),
        ("x-moto-account-id", "666666666666"),
        ("accept", "*/*"),
        ("user-agent", "curl/8"),
    ];
    let answer = ask(pair.edge, "POST", &format!("{API}/infra?a=b"), &headers, b"{}").await;
    assert_eq!((answer.status, answer.header("x-kept")), (200, Some("yes")));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("server"), None);

    assert_eq!(
        pair.seen(),
        [
            "GET /apikeys?includeValues=true&limit=500",
            "GET /restapis?limit=500",
            "GET /restapis/abc123/stages",
            &format!("POST {API}/infra?a=b")
        ]
    );
    {
        let seen = pair.fake.engine.seen.lock().unwrap();
        let mut names: Vec<_> = seen[3].headers().keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        let wanted = ["accept", "content-length", "content-type", "host", "user-agent", "x-api-key"];
        assert_eq!(names, [&wanted[..], &["x-forwarded-for", "x-request-id"]].concat());
        assert_eq!(seen[3].headers()["x-forwarded-for"], "127.0.0.1");
        assert_eq!(seen[3].headers()["x-request-id"], answer.header("x-request-id").unwrap());
        assert_eq!(seen[3].body(), "{}");
    }
    pair.close().await;
}

#[tokio::test]
async fn of_the_names_that_strangers_invent_the_engine_hears_nothing() {
    let pair = Pair::open().await;
    for number in 0..20 {
        for target in [
            format!("/restapis/secret{number}/dev/_user_request_/x"),
            format!("/restapis/abc123/secret{number}/_user_request_/x"),
            format!("/_aws/execute-api/secret{number}/secret/x"),
        ] {
            let key = format!("secret-{number}");
            let answer = ask(pair.edge, "GET", &target, &[("x-api-key", &key)], b"").await;
            assert_eq!(answer.status, 404, "{target}");
        }
        assert_eq!(ask(pair.edge, "GET", &format!("{API}/infra"), &[], b"").await.status, 200);
    }
    let constants = [
        "GET /restapis?limit=500".to_owned(),
        "GET /restapis/abc123/stages".to_owned(),
        "GET /apikeys?includeValues=true&limit=500".to_owned(),
        format!("GET {API}/infra"),
    ];
    let seen = pair.seen();
    assert!(seen.iter().all(|line| constants.contains(line)), "{seen:?}");
    assert!(seen.len() < 20 + 60, "{}", seen.len());
    for request in pair.fake.engine.seen.lock().unwrap().iter() {
        assert!(!format!("{request:?}").contains("secret"), "{request:?}");
    }
    pair.close().await;
}

#[tokio::test]
async fn an_api_that_was_deployed_just_now_is_found_just_now() {
    let pair = Pair::open().await;
    let target = "/restapis/new/dev/_user_request_/x";
    assert_eq!(ask(pair.edge, "GET", target, &[], b"").await.status, 404);
    pair.fake.engine.apis.lock().unwrap().as_mut().unwrap().push("new");
    assert_eq!(ask(pair.edge, "GET", target, &[], b"").await.status, 200);
    pair.close().await;
}

#[tokio::test]
async fn an_engine_that_answers_nonsense_is_a_503_and_no_call_goes_on() {
    let pair = Pair::open().await;
    *pair.fake.engine.apis.lock().unwrap() = None;
    let answer = ask(pair.edge, "POST", &format!("{API}/infra"), &[], b"{}").await;
    assert_eq!((answer.status, answer.text().contains("unavailable")), (503, true));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(pair.seen(), ["GET /restapis?limit=500"]);
    pair.close().await;
}

#[tokio::test]
async fn a_key_that_the_engine_has_pays_for_itself_when_its_address_has_nothing_left() {
    let mut fake = Fake::open().await;
    let rate = Some(Rate { per_second: 1, burst: 3 });
    let edge = Pair::edge_with(fake.address, Config { rate, ..config() }, &mut fake.tasks, &fake.shutdown).await;
    let target = format!("{API}/infra");
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(ask(edge, "GET", &target, &[("x-api-key", "atl_off")], b"").await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429, 429]);
    for _ in 0..3 {
        assert_eq!(ask(edge, "GET", &target, &[("x-api-key", KNOWN_KEY)], b"").await.status, 200);
    }
    assert_eq!(ask(edge, "GET", &target, &[("x-api-key", KNOWN_KEY)], b"").await.status, 429);
    fake.close().await;
}

#[tokio::test]
async fn large_answers_that_nobody_reads_are_bounded_together() {
    let pair = Pair::open().await;
    let request = raw("GET", &format!("{API}/large"), &[], b"");
    let mut readers = Vec::new();
    let mut refused = 0;
    for _ in 0..8 {
        let mut client = Client::connect(pair.edge).await;
        client.send(&request).await;
        let answer = client.answer_to_head().await.unwrap();
        refused += usize::from(answer.status == 503);
        readers.push(client);
    }
    assert_eq!(refused, 2);
    assert_eq!(ask(pair.edge, "GET", &format!("{API}/infra"), &[], b"").await.status, 200);
    drop(readers);
    let again = async { while ask(pair.edge, "GET", &format!("{API}/large"), &[], b"").await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(20), again).await.unwrap();
    pair.close().await;
}

#[tokio::test]
async fn an_aws_call_goes_on_under_the_engines_own_key() {
    let pair = Pair::open().await;
    let signer = Signer { key_id: "ASIATEST", token: Some("the/session+token="), service: "logs", ..Signer::default() };
    let presigned = Signer { presign: Some(Duration::from_mins(1)), ..signer.clone() };
    for parts in [
        signer.sign("POST", "/", &[("x-amz-target", "Logs_20140328.DescribeLogGroups")], b"{}"),
        presigned.sign("POST", "/?a=b", &[], b"{}"),
        {
            // The same request to whoever decodes it.
            let mut parts = presigned.sign("POST", "/?a=b", &[], b"{}");
            parts.uri = parts.uri.to_string().replace("X-Amz-", "%58%2DAmz-").parse().unwrap();
            parts
        },
    ] {
        let headers: Vec<_> =
            parts.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(ask(pair.edge, "POST", &parts.uri.to_string(), &headers, b"{}").await.status, 200);
    }
    assert_eq!(pair.seen(), ["POST /", "POST /?a=b", "POST /?a=b"]);
    for request in pair.fake.engine.seen.lock().unwrap().iter() {
        let text = format!("{request:?}");
        assert!(request.headers()["authorization"].to_str().unwrap().contains("Credential=test/"));
        assert!(request.headers()["authorization"].to_str().unwrap().contains("/us-east-1/logs/aws4_request"));
        assert!(![KEY_ID, SECRET, "ASIATEST", "session+token", "Amz-"].iter().any(|secret| text.contains(secret)));
    }
    assert_eq!(pair.fake.engine.seen.lock().unwrap()[0].headers()["x-amz-target"], "Logs_20140328.DescribeLogGroups");
    pair.close().await;
}

#[tokio::test]
async fn what_the_edge_refuses_never_reaches_the_engine() {
    let pair = Pair::open().await;
    for target in ["/", "/_localstack/health", "/restapis", "/restapis/abc123/dev/_user_request_/../x", "/bucket"] {
        assert!(matches!(ask(pair.edge, "GET", target, &[], b"").await.status, 403 | 404), "{target}");
    }
    assert_eq!(pair.seen(), Vec::<String>::new());
    pair.close().await;
}

#[tokio::test]
async fn health_is_the_engines_and_asked_once_for_many() {
    let pair = Pair::open().await;
    for _ in 0..3 {
        assert_eq!(ask(pair.edge, "GET", "/healthz", &[], b"").await.status, 200);
    }
    assert_eq!(pair.seen()[0], "GET /_localstack/health");
    pair.close().await;
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_nonsense() {
    let pair = Pair::open().await;
    let answer = ask(pair.edge, "GET", &format!("{API}/huge"), &[], b"").await;
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("\"code\":\"engine\""));
    pair.close().await;
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_a_503_and_not_a_404() {
    // Not one of those that other tests are given now.
    let address = SocketAddr::from(([127, 0, 0, 1], engine_port()));
    let (mut tasks, shutdown) = (JoinSet::new(), CancellationToken::new());
    let edge = Pair::edge(address, &mut tasks, &shutdown).await;
    assert_eq!(ask(edge, "GET", &format!("{API}/infra"), &[], b"").await.status, 503);
    assert_eq!(ask(edge, "GET", "/healthz", &[], b"").await.status, 503);
    let parts = Signer::default().sign("POST", "/", &[], b"");
    let headers: Vec<_> = parts.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    let answer = ask(edge, "POST", "/", &headers, b"").await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("<Code>ServiceUnavailable</Code>"));
    shutdown.cancel();
    tasks.join_all().await;
}
