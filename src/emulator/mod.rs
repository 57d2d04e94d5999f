//! The emulator behind the `embedded` engine: just the AWS calls that atelier, the workshop's `aws` commands and an
//! SDK or Terraform client of the same services need, over the real protocols.
//!
//! One folder per service, on top of [`wire`] (the protocols) and [`store`] (what survives a restart). An operation
//! that is missing is a 501 that names it, never an empty 200.
//!
//! Not here: signatures (the edge verifies them before a call arrives), sockets (the edge owns the public listener;
//! only the Lambda Runtime API opens loopback listeners of its own).

pub mod apigateway;
pub mod ec2;
pub mod iam;
pub mod lambda;
pub mod logs;
pub mod runtime;
pub mod sandbox;
pub mod state;
pub mod store;
pub mod sts;
pub mod wire;

use crate::{
    clock::Clock,
    edge::{ApiCall, AwsCall, Upstream, keyring::Keyring},
    http1::{Request, Response},
    names::{ApiId, StageName},
};
use state::Store;
use std::{path::PathBuf, sync::Arc};
use store::Region;
use wire::{AwsError, Protocol};

pub use store::{OpenError, SetAside};

/// What an emulator is opened with.
#[derive(Clone)]
pub struct Config {
    /// Where the state lives; made when absent, never shared with another emulator.
    pub folder: PathBuf,
    /// The account that owns everything, twelve digits.
    pub account: String,
    /// The URL at which functions reach the AWS API (`http://127.0.0.1:4566`).
    pub endpoint: String,
    /// Tells the time: timestamps, timed state transitions, idle processes.
    pub clock: Clock,
    /// The keys that the edge accepts; the emulator adds those that it lends to functions.
    pub keyring: Keyring,
    /// The most function processes at a time, of all functions together.
    pub processes: usize,
    /// This binary, which starts function processes in its hidden sandbox role.
    pub executable: PathBuf,
}

/// What every service works with.
pub struct Context {
    /// What the emulator was opened with.
    pub config: Config,
    /// What survives a restart.
    pub store: Store,
    /// The log events, which are kept beside the store.
    pub events: logs::Events,
    /// The credentials that are lent to functions, and whose they are.
    pub sessions: sts::Sessions,
}

impl Context {
    /// Tells the time in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_millis(&self) -> i64 {
        wire::millis(self.config.clock.now())
    }
}

/// One verified AWS call, as the services get it.
pub struct Call {
    /// The region that was signed for.
    pub region: Region,
    /// The access key that signed.
    pub access_key_id: String,
    /// The request as it came.
    pub request: Request,
    /// The id that the answer carries.
    pub request_id: String,
}

/// The emulator: state in a folder, services over it, and the processes of its functions.
pub struct Emulator {
    context: Arc<Context>,
    functions: runtime::Functions,
}

impl Emulator {
    /// Opens the state in `config.folder`, or starts it. A damaged file is set aside with a warning.
    ///
    /// # Errors
    /// When the folder cannot be used, belongs to another running emulator, or was written by a newer atelier.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let store = Store::open(&config.folder, &config.clock)?;
        let events = logs::Events::new(config.folder.join("logs"));
        // A state that was set aside may still be mended, and names files that nothing else does.
        if store.set_aside().is_empty() {
            events.sweep(&logs::event_files(&store));
            store.blobs().sweep(|blob| lambda::uses_code(&store, blob));
        }
        runtime::sweep(&config.folder).map_err(|source| OpenError::Folder { path: config.folder.clone(), source })?;
        let sessions = sts::Sessions::new(config.keyring.clone());
        let context = Arc::new(Context { config, store, events, sessions });
        let functions = runtime::Functions::new(Arc::clone(&context));
        Ok(Self { context, functions })
    }

    /// Lists what was damaged and set aside when this was opened.
    #[must_use]
    pub fn set_aside(&self) -> &[SetAside] {
        self.context.store.set_aside()
    }

    /// Ends every function process and waits for them. The state needs no goodbye: it is on disk already.
    pub async fn shutdown(&self) {
        self.functions.shutdown().await;
    }
}

impl Upstream for Emulator {
    async fn is_deployed(&self, api: &ApiId, stage: &StageName) -> Option<bool> {
        Some(apigateway::is_deployed(&self.context, api, stage))
    }

    async fn knows_key(&self, api: &ApiId, stage: &StageName, key: &str) -> bool {
        apigateway::knows_key(&self.context, api, stage, key)
    }

    fn services(&self) -> Option<&'static [&'static str]> {
        Some(&["apigateway", "ec2", "iam", "lambda", "logs", "sts"])
    }

    async fn api(&self, call: ApiCall) -> Response {
        apigateway::api(&self.context, &self.functions, call).await
    }

    async fn aws(&self, call: AwsCall) -> Response {
        let request_id = wire::request_id();
        let AwsCall { service, region, access_key_id, request } = call;
        let protocol = Protocol::of(&service);
        let region: Region = match region.parse() {
            Ok(region) => region,
            Err(error) => return AwsError::from(error).response(protocol, &request_id),
        };
        let call = Call { region, access_key_id, request, request_id };
        match service.as_str() {
            "apigateway" => apigateway::serve(&self.context, call).await,
            "ec2" => ec2::serve(&self.context, &call).await,
            "iam" => iam::serve(&self.context, &call).await,
            "lambda" => lambda::serve(&self.context, &self.functions, call).await,
            "logs" => logs::serve(&self.context, &call).await,
            "sts" => sts::serve(&self.context, &call),
            unknown => {
                AwsError::not_implemented(unknown, &operation_hint(&call.request)).response(protocol, &call.request_id)
            }
        }
    }

    async fn is_healthy(&self) -> bool {
        true
    }
}

/// Names the operation of a service that is not emulated, wherever its protocol carries the name.
fn operation_hint(request: &Request) -> String {
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
    match target.and_then(|target| target.rsplit('.').next()) {
        Some(operation) => operation.to_owned(),
        None => wire::action(request).unwrap_or_else(|| format!("{} {}", request.method(), request.uri().path())),
    }
}
