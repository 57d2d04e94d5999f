//! An emulator of a test's own, behind a door that believes every signature, and SDK clients of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use atelier::{
    aws::Connection,
    clock::Clock,
    edge::{ApiCall, AwsCall, Lookup, Upstream, function_url::UrlCaller, keyring::Keyring},
    emulator::{Config, Emulator, runtime::INIT_LIMIT},
    http1::{self, Admission, Limits, Peer, Rejection, Request, Response, Service, ids::RequestIds},
    lenience::{Leans, Lenience},
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// The longest wait for a function's word; passing it fails the test.
const DEADLINE: Duration = Duration::from_secs(20);

/// How many function processes a test emulator has at most.
pub(super) const PROCESSES: usize = 3;

/// The account of every test emulator.
pub(super) const ACCOUNT: &str = "000000000000";

/// Lets Lambda take the role `worker`, which every test emulator has.
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// A running emulator; its clock stands still until the test moves it.
pub(super) struct Local {
    pub(super) emulator: Arc<Emulator>,
    pub(super) clock: Clock,
    pub(super) keyring: Keyring,
    pub(super) address: SocketAddr,
    pub(super) sdk: aws_types::SdkConfig,
    folder: TempDir,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

impl Local {
    pub(super) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    /// Starts one whose state is in this folder.
    pub(super) async fn start_in(folder: TempDir) -> Self {
        Self::open(folder, INIT_LIMIT, Lenience::Off).await
    }

    /// Starts one that lets pass what `LocalStack` lets pass.
    pub(super) async fn start_lenient() -> Self {
        Self::open(tempfile::tempdir().unwrap(), INIT_LIMIT, Lenience::On).await
    }

    /// Starts one whose functions may take so long to start.
    pub(super) async fn start_with_init_limit(limit: Duration) -> Self {
        Self::open(tempfile::tempdir().unwrap(), limit, Lenience::Off).await
    }

    async fn open(folder: TempDir, init_limit: Duration, lenience: Lenience) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (clock, keyring) = (Clock::manual(OffsetDateTime::now_utc()), Keyring::default());
        let emulator = Emulator::open(Config {
            folder: folder.path().to_owned(),
            account: ACCOUNT.to_owned(),
            endpoint: format!("http://{address}"),
            clock: clock.clone(),
            keyring: keyring.clone(),
            processes: PROCESSES,
            init_limit,
            executable: env!("CARGO_BIN_EXE_atelier").into(),
            machine: crate::support::interpreters::machine(),
            leans: Leans::open(lenience, folder.path(), clock.clone()),
            evaluates: false,
        });
        let emulator = Arc::new(emulator.unwrap());
        let (stop, door) = (CancellationToken::new(), Arc::new(Door(Arc::clone(&emulator), RequestIds::default())));
        let server = tokio::spawn(http1::serve(listener, Limits::edge(), door, stop.clone()));
        let connection = Connection {
            endpoint: Some(format!("http://{address}")),
            region: "us-east-1".to_owned(),
            credentials: SharedCredentialsProvider::new(Credentials::from_keys("AKIATEST", "secret", None)),
        };
        let local = Self { emulator, clock, keyring, address, sdk: connection.sdk_config(), folder, stop, server };
        let role = aws_sdk_iam::Client::new(&local.sdk).create_role().role_name("worker");
        role.assume_role_policy_document(TRUST).send().await.unwrap();
        local
    }

    /// Moves the clock past every transition.
    pub(super) fn settle(&self) {
        self.clock.advance(Duration::from_secs(1));
    }

    /// Waits until the log of the function `f` holds `text`.
    pub(super) async fn says(&self, text: &str) {
        let logs = aws_sdk_cloudwatchlogs::Client::new(&self.sdk);
        let said = async {
            loop {
                // Until the first line there is no log group.
                let answer = logs.filter_log_events().log_group_name("/aws/lambda/f").send().await;
                if answer.is_ok_and(|answer| {
                    answer.events().iter().any(|event| event.message().is_some_and(|line| line.contains(text)))
                }) {
                    return;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(DEADLINE, said).await.unwrap_or_else(|_| panic!("the function never says `{text}`"));
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) async fn stop(self) {
        self.emulator.shutdown().await;
        self.stop.cancel();
        self.server.await.unwrap();
    }
}

/// Hands AWS calls and API calls to the emulator, as the edge does after its checks.
struct Door(Arc<Emulator>, RequestIds);

impl Service for Door {
    type Pass = ();

    async fn admit(&self, _: &http::request::Parts) -> Result<(Admission, ()), Response> {
        Ok((Admission::default(), ()))
    }

    async fn call(&self, request: Request, (): ()) -> Response {
        let scope = request.headers().get("authorization").and_then(|value| value.to_str().ok()).map(|text| {
            let scope = text.split("Credential=").nth(1).unwrap().split(',').next().unwrap();
            scope.split('/').map(str::to_owned).collect::<Vec<_>>()
        });
        if let Some(scope) = scope {
            let [key, _, region, service, ..] = scope.as_slice() else { return Response::default() };
            let (access_key_id, region, service) = (key.clone(), region.clone(), service.clone());
            let request_id = self.1.draw();
            return self.0.aws(AwsCall { request_id, service, region, access_key_id, request }).await;
        }
        let path = request.uri().path().to_owned();
        let parts: Vec<_> = path.splitn(6, '/').collect();
        let ["", "restapis", api, stage, "_user_request_", rest] = parts.as_slice() else {
            return http::Response::builder().status(404).body("no route".into()).unwrap();
        };
        let (api, stage) = (api.parse().unwrap(), stage.parse().unwrap());
        let key = request.headers().get("x-api-key").and_then(|key| key.to_str().ok());
        let deployment = match self.0.find(&api, &stage, key).await {
            Lookup::Deployed { deployment, .. } => deployment,
            Lookup::NoStage(answer) => return answer,
            _ => return http::Response::builder().status(404).body("not deployed".into()).unwrap(),
        };
        let request_id = self.1.of(request.headers());
        let (path, caller) = (format!("/{rest}"), UrlCaller::Anybody);
        self.0.api(ApiCall { request_id, api, stage, deployment, path, caller, request }).await
    }

    fn reject(&self, _: Peer, rejection: Rejection) -> Response {
        http::Response::builder().status(rejection.status()).body(rejection.code().into()).unwrap()
    }
}
