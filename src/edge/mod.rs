//! The edge: the only public listener, in front of every local engine.
//!
//! It forwards the API's own two URL forms for deployed ids and stages, `GET /healthz`, and AWS calls whose SigV4
//! signature verifies. All else is answered here, and the engine ([`Upstream`]) never hears of it.

pub mod answer;
pub mod canonical;
pub mod forward;
mod gate;
pub mod hosts;
pub mod keyring;
pub mod limits;
mod list;
pub mod routes;
pub mod scope;
pub mod server;
pub mod signature;

pub use server::{Config, Edge};

use crate::{
    http1::{Request, Response},
    names::{ApiId, StageName},
};
use std::future::Future;

/// A call of a deployed API, in either of its two URL forms.
#[derive(Debug)]
pub struct ApiCall {
    /// The API that is called.
    pub api: ApiId,
    /// The stage that is called.
    pub stage: StageName,
    /// The path below the stage, still percent-encoded, starting with `/`.
    pub path: String,
    /// The request as it came; its URI is the whole one, its query belongs to the API.
    pub request: Request,
}

/// An AWS call whose signature has been verified.
#[derive(Debug)]
pub struct AwsCall {
    /// The signing name in the credential scope (`ec2`, `lambda`, `apigateway`, `iam`, `sts`, `logs`).
    pub service: String,
    /// The region in the credential scope.
    pub region: String,
    /// The access key that signed.
    pub access_key_id: String,
    /// The request as it came; of a presigned URL still with its signature's parameters.
    pub request: Request,
}

/// The engine behind the edge: the emulator in this process, or an engine reached over HTTP.
pub trait Upstream: Send + Sync + 'static {
    /// Tells whether `stage` of `api` is deployed; only then [`Upstream::api`] is called. `None` when the engine does
    /// not say.
    fn is_deployed(&self, api: &ApiId, stage: &StageName) -> impl Future<Output = Option<bool>> + Send;

    /// Tells whether an API key, as the client sent it, opens `stage` of `api`; in doubt it does not. Nothing is
    /// allowed by that: it decides who pays for the request.
    fn knows_key(&self, api: &ApiId, stage: &StageName, key: &str) -> impl Future<Output = bool> + Send;

    /// Names the services that the engine has, by their signing names; `None` when only the engine knows.
    fn services(&self) -> Option<&'static [&'static str]>;

    /// Answers a call of a deployed API.
    fn api(&self, call: ApiCall) -> impl Future<Output = Response> + Send;

    /// Answers a verified AWS call.
    fn aws(&self, call: AwsCall) -> impl Future<Output = Response> + Send;

    /// Tells whether the engine answers, for `GET /healthz`.
    fn is_healthy(&self) -> impl Future<Output = bool> + Send;
}
