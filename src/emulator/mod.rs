//! The emulator behind the `embedded` engine: just the AWS calls that atelier, the workshop's `aws` commands and an
//! SDK or Terraform client of the same services need, over the real protocols.
//!
//! One folder per service, each of the shape that [`service`] says and listed in [`services`]; below them [`wire`] (the
//! protocols), [`store`] (what survives a restart) and [`runtime`] (the processes of functions). An operation that is
//! missing is a 501 that names it, never an empty 200.
//!
//! Not here: signatures (the edge verifies them before a call arrives), sockets (the edge owns the public listener;
//! only the Lambda Runtime API opens loopback listeners of its own).

pub mod access;
pub mod apigateway;
pub mod apigatewayv2;
pub mod cloudwatch;
mod context;
pub mod ec2;
pub mod events;
mod http_event;
pub mod iam;
pub mod lambda;
pub mod logs;
pub mod policy;
pub mod process_tree;
pub mod runtime;
pub mod sandbox;
pub mod service;
pub mod services;
pub mod state;
pub mod store;
pub mod sts;
pub mod timers;
pub mod wire;

pub use context::{Config, Context};
pub use store::{Obstacle, OpenError, SetAside};

use crate::{
    edge::{ApiCall, AwsCall, Lookup, Upstream, UrlCall, Voice, function_url::UrlAuth},
    http1::Response,
    names::{ApiId, FunctionUrlId, StageName},
};
use http::{Uri, request::Parts};
use state::Store;
use std::sync::Arc;

/// The emulator: state in a folder, services over it, and the processes of its functions.
pub struct Emulator {
    context: Arc<Context>,
    functions: runtime::Functions,
}

impl Emulator {
    /// Opens the state in `config.folder`, or starts it. A damaged file is set aside with a warning.
    ///
    /// # Errors
    /// When the folder cannot be used, belongs to another running emulator, or was written by a newer atelier, and when
    /// something that is no file stands in the place of one.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let store = Store::open(&config.folder, &config.clock)?;
        let events = logs::Events::new(config.folder.join("logs"));
        // A state that was set aside may still be mended, and names files that nothing else does.
        if store.set_aside().is_empty() {
            events.sweep(&logs::event_files(&store));
            store.blobs().sweep(|blob| lambda::loss::uses_code(&store, blob));
        }
        runtime::sweep(&config.folder).map_err(|source| OpenError::Folder { path: config.folder.clone(), source })?;
        let sessions = sts::Sessions::new(config.keyring.clone());
        iam::accept(&store, &config.keyring);
        let decisions = access::Journal::new(&config.folder);
        let context = Arc::new(Context {
            config,
            store,
            events,
            queries: logs::Queries::default(),
            functions: std::sync::OnceLock::new(),
            gateway: apigateway::Memory::default(),
            sessions,
            links: lambda::Links::default(),
            metrics: cloudwatch::Metrics::default(),
            timers: timers::Timers::default(),
            decisions,
        });
        let functions = runtime::Functions::new(Arc::clone(&context), lambda::loss::owners(events::announce));
        let _ = context.functions.set(functions.downgrade());
        timers::start(&context, &functions);
        Ok(Self { context, functions })
    }

    /// Returns what was damaged and set aside when this was opened.
    #[must_use]
    pub fn set_aside(&self) -> &[SetAside] {
        self.context.store.set_aside()
    }

    /// Looks whether the functions' code is what was kept; takes as long as reading it.
    pub async fn verify(&self) {
        self.functions.verify(lambda::loss::codes(&self.context.store)).await;
    }

    /// Ends every function process and waits for them. The state needs no goodbye: it is on disk already.
    pub async fn shutdown(&self) {
        self.functions.shutdown().await;
    }
}

/// What a stage of an API of either kind serves.
#[derive(Debug)]
pub enum Served {
    /// Of a REST API.
    Rest(apigateway::Served),
    /// Of an HTTP API.
    Http(apigatewayv2::Served),
}

impl Upstream for Emulator {
    type Deployment = Served;

    async fn find(&self, api: &ApiId, stage: &StageName, key: Option<&str>) -> Lookup<Served> {
        match apigateway::find(&self.context, api, stage, key) {
            Lookup::Absent => apigatewayv2::find(&self.context, api, stage).map(Served::Http),
            found => found.map(Served::Rest),
        }
    }

    fn takes_escapes(&self) -> bool {
        true
    }

    const SPEAKS: bool = true;

    fn voice(&self, deployment: &Served, path: &str) -> Voice {
        match deployment {
            Served::Rest(served) => served.voice(path),
            Served::Http(served) => Voice { is_own: true, answers_pages: served.answers_pages(path) },
        }
    }

    fn services(&self) -> Option<&'static [&'static str]> {
        Some(&services::NAMES)
    }

    async fn api(&self, call: ApiCall<Served>) -> Response {
        let ApiCall { request_id, api, stage, deployment, path, caller, request } = call;
        match deployment {
            Served::Rest(deployment) => {
                let call = ApiCall { request_id, api, stage, deployment, path, caller, request };
                apigateway::api(&self.context, &self.functions, call).await
            }
            Served::Http(deployment) => {
                let call = ApiCall { request_id, api, stage, deployment, path, caller, request };
                apigatewayv2::api(&self.context, &self.functions, call).await
            }
        }
    }

    async fn aws(&self, call: AwsCall) -> Response {
        services::answer(&self.context, &self.functions, &call).await
    }

    async fn url(&self, id: &FunctionUrlId) -> Option<UrlAuth> {
        lambda::url_auth(&self.context, id)
    }

    async fn call_url(&self, call: UrlCall) -> Response {
        lambda::call_url(&self.context, &self.functions, call).await
    }

    async fn code(&self, uri: &Uri) -> Option<Response> {
        lambda::follow(&self.context, uri).await
    }

    fn too_large(&self, service: &str, head: &Parts, most: usize, request_id: &str) -> Option<Response> {
        services::too_large(service, head, most, request_id)
    }

    fn api_too_large(&self, deployment: &Served) -> Option<Response> {
        Some(match deployment {
            Served::Rest(served) => served.too_large(),
            Served::Http(_) => apigatewayv2::too_large(),
        })
    }

    async fn is_healthy(&self) -> bool {
        true
    }
}
