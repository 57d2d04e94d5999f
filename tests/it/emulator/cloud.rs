//! An emulator behind the real edge on a free port, and the AWS SDKs as its clients. Signatures follow the machine's
//! clock; the emulator's own clock stands still until a test moves it.

use atelier::{
    aws::Connection,
    clock::Clock,
    edge::{
        self,
        keyring::{Key, Keyring},
        server::Edge,
    },
    emulator::{self, Emulator},
    secret::Secret,
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_types::SdkConfig;
use std::{path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use time::macros::datetime;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) const ACCOUNT: &str = "000000000000";

/// The emulator, its edge and its folder; all end with it.
pub(crate) struct Cloud {
    pub(crate) endpoint: String,
    pub(crate) clock: Clock,
    /// Whether the policies of identities have a say.
    evaluates: bool,
    folder: TempDir,
    upstream: Arc<Emulator>,
    shutdown: DropGuard,
    server: JoinHandle<()>,
}

impl Cloud {
    /// Starts with an empty folder.
    pub(crate) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), Clock::manual(datetime!(2026-11-23 12:00 UTC))).await
    }

    /// The same with a clock that goes on by itself, for clients that wait.
    pub(crate) async fn with_running_clock() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), Clock::System).await
    }

    /// The same where the policies of callers have a say.
    pub(crate) async fn with_iam() -> Self {
        Self::open(tempfile::tempdir().unwrap(), Clock::manual(datetime!(2026-11-23 12:00 UTC)), true).await
    }

    pub(crate) async fn start_in(folder: TempDir, clock: Clock) -> Self {
        Self::open(folder, clock, false).await
    }

    async fn open(folder: TempDir, clock: Clock, evaluates: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let keyring = Keyring::default();
        keyring.insert("AKIATEST", Key { secret: Secret::new("secret"), session_token: None });
        let config = config(folder.path(), &endpoint, clock.clone(), keyring.clone());
        let config = emulator::Config { evaluates, ..config };
        let upstream = Arc::new(open(config).await);
        let edge = Edge::new(Arc::clone(&upstream), keyring, edge::Config::default());
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(edge::server::run(listener, edge, shutdown.clone()));
        Self { endpoint, clock, evaluates, folder, upstream, shutdown: shutdown.drop_guard(), server }
    }

    /// Ends the emulator and starts another one in the same folder, at the same time of day.
    pub(crate) async fn restart(self) -> Self {
        drop(self.shutdown);
        self.server.await.unwrap();
        // As the program does: what runs functions lets go of the folder once they have ended.
        self.upstream.shutdown().await;
        drop(self.upstream);
        Self::open(self.folder, self.clock, self.evaluates).await
    }

    /// Moves the emulator's clock past every transition.
    pub(crate) fn settle(&self) {
        self.clock.advance(Duration::from_millis(100));
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What SDK clients of the installation's own key are made from.
    pub(crate) fn sdk(&self) -> SdkConfig {
        self.sdk_as(Credentials::from_keys("AKIATEST", "secret", None), "us-east-1")
    }

    pub(crate) fn sdk_as(&self, credentials: Credentials, region: &str) -> SdkConfig {
        let credentials = SharedCredentialsProvider::new(credentials);
        Connection { endpoint: Some(self.endpoint.clone()), region: region.to_owned(), credentials }.sdk_config()
    }

    pub(crate) fn ec2(&self) -> aws_sdk_ec2::Client {
        aws_sdk_ec2::Client::new(&self.sdk())
    }

    pub(crate) fn iam(&self) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(&self.sdk())
    }

    pub(crate) fn logs(&self) -> aws_sdk_cloudwatchlogs::Client {
        aws_sdk_cloudwatchlogs::Client::new(&self.sdk())
    }
}

/// Opens an emulator; where one before it is still at something that happens by itself, as soon as that is done.
async fn open(config: emulator::Config) -> Emulator {
    for _ in 0..1000 {
        match Emulator::open(config.clone()) {
            Err(emulator::OpenError::InUse { .. }) => tokio::time::sleep(Duration::from_millis(5)).await,
            opened => return opened.unwrap(),
        }
    }
    panic!("another emulator is using the folder");
}

/// What an emulator in `folder` is opened with.
pub(crate) fn config(folder: &Path, endpoint: &str, clock: Clock, keyring: Keyring) -> emulator::Config {
    emulator::Config {
        folder: folder.to_owned(),
        account: ACCOUNT.to_owned(),
        endpoint: endpoint.to_owned(),
        clock,
        keyring,
        processes: emulator::runtime::MAX_PROCESSES,
        init_limit: emulator::runtime::INIT_LIMIT,
        executable: env!("CARGO_BIN_EXE_atelier").into(),
        machine: crate::support::interpreters::machine(),
        leans: atelier::lenience::Leans::default(),
        evaluates: false,
    }
}
