//! What the edge wants of the engine behind it: the emulator in this process, or an engine reached over HTTP.

use super::{
    answer,
    function_url::{UrlAuth, UrlCaller},
};
use crate::{
    http1::{Request, Response},
    names::{ApiId, FunctionUrlId, StageName},
};
use http::{Uri, request::Parts};
use std::future::{Future, ready};

/// The engine behind the edge.
pub trait Upstream: Send + Sync + 'static {
    /// What a call of an API is answered from: what its stage served when it was looked up.
    type Deployment: Send;

    /// Looks up what a stage of an API serves, and whether an API key, as the client sent it, opens it. Asked once for
    /// each call: whether the call is let in, who pays for it and what answers it come from the same deployment.
    fn find(
        &self,
        api: &ApiId,
        stage: &StageName,
        key: Option<&str>,
    ) -> impl Future<Output = Lookup<Self::Deployment>> + Send;

    /// Whether APIs of the engine may speak for themselves ([`Upstream::voice`]).
    const SPEAKS: bool = false;

    /// Tells what an API says for itself on a path below its stage.
    fn voice(&self, _deployment: &Self::Deployment, _path: &str) -> Voice {
        Voice::default()
    }

    /// Tells whether a path means the same to the API as to the edge when it has separators in escapes (`a%2Fb`): an
    /// engine that decodes it may read another path.
    fn takes_escapes(&self) -> bool {
        false
    }

    /// Names the services that the engine has, by their signing names; `None` when only the engine knows.
    fn services(&self) -> Option<&'static [&'static str]>;

    /// Answers a call of a deployed API.
    fn api(&self, call: ApiCall<Self::Deployment>) -> impl Future<Output = Response> + Send;

    /// Answers a verified AWS call.
    fn aws(&self, call: AwsCall) -> impl Future<Output = Response> + Send;

    /// Tells how calls of a function's URL prove who makes them; `None` where there is no such URL, as in an engine
    /// that answers them elsewhere.
    fn url(&self, _id: &FunctionUrlId) -> impl Future<Output = Option<UrlAuth>> + Send {
        ready(None)
    }

    /// Answers a call of a function's URL, allowed or not.
    fn call_url(&self, _call: UrlCall) -> impl Future<Output = Response> + Send {
        ready(answer::not_found())
    }

    /// Gives the code that a link leads to; `None` where it is none that the engine has handed out, or not valid any more.
    fn code(&self, _uri: &Uri) -> impl Future<Output = Option<Response>> + Send {
        ready(None)
    }

    /// Words the refusal of an AWS call that is larger than any may be, where its service has words of its own for that.
    fn too_large(&self, _service: &str, _head: &Parts, _most: usize, _request_id: &str) -> Option<Response> {
        None
    }

    /// Words the refusal of a call of an API whose body is larger than any may be, where its gateway does that.
    fn api_too_large(&self, _deployment: &Self::Deployment) -> Option<Response> {
        None
    }

    /// Tells whether the engine answers, for `GET /healthz`.
    fn is_healthy(&self) -> impl Future<Output = bool> + Send;
}

/// What an API says for itself; on everything else the edge decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Voice {
    /// Whether its answers stand as they are: what they say about other origins and about caching, and what it answers
    /// to OPTIONS.
    pub is_own: bool,
    /// Whether its author says what pages of other origins may do here.
    pub answers_pages: bool,
}

/// What an engine says of a stage of an API.
#[derive(Debug)]
pub enum Lookup<D> {
    /// The stage serves this.
    Deployed {
        /// What a call is answered from.
        deployment: D,
        /// Whether the key that came with the call opens the stage; in doubt it does not. Nothing is allowed by that: it
        /// decides who pays for the call.
        is_opened: bool,
    },
    /// There is no such API.
    Absent,
    /// There is such an API, but no such stage of it: what its gateway says.
    NoStage(Response),
    /// The engine does not say.
    Unknown,
}

impl<D> Lookup<D> {
    /// The same of another type of deployment.
    pub fn map<E>(self, change: impl FnOnce(D) -> E) -> Lookup<E> {
        match self {
            Self::Deployed { deployment, is_opened } => Lookup::Deployed { deployment: change(deployment), is_opened },
            Self::Absent => Lookup::Absent,
            Self::NoStage(response) => Lookup::NoStage(response),
            Self::Unknown => Lookup::Unknown,
        }
    }
}

/// A call of a deployed API, in either of its two URL forms.
#[derive(Debug)]
pub struct ApiCall<D> {
    /// The id that the edge logs the call under, and the API's own id of it.
    pub request_id: String,
    /// The API that is called.
    pub api: ApiId,
    /// The stage that is called.
    pub stage: StageName,
    /// What the stage served when the call came.
    pub deployment: D,
    /// The path below the stage, still percent-encoded, starting with `/`.
    pub path: String,
    /// Who has signed it, which only methods ask that want to know.
    pub caller: UrlCaller,
    /// The request as it came; its URI is the whole one, its query belongs to the API.
    pub request: Request,
}

/// An AWS call whose signature has been verified.
#[derive(Debug)]
pub struct AwsCall {
    /// The id that the edge logs the call under, and the service's own id of it.
    pub request_id: String,
    /// The signing name in the credential scope (`ec2`, `lambda`, `apigateway`, `iam`, `sts`, `logs`).
    pub service: String,
    /// The region in the credential scope.
    pub region: String,
    /// The access key that signed.
    pub access_key_id: String,
    /// The request as it came; of a presigned URL still with its signature's parameters.
    pub request: Request,
}

/// A call of a function's URL.
#[derive(Debug)]
pub struct UrlCall {
    /// The id that the edge logs the call under, and the function's own id of it.
    pub request_id: String,
    /// The URL that is called.
    pub id: FunctionUrlId,
    /// Who calls it.
    pub caller: UrlCaller,
    /// The path that the function sees, still percent-encoded, starting with `/`.
    pub path: String,
    /// The request as it came; its query belongs to the function.
    pub request: Request,
}
