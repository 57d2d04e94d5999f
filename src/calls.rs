//! Tells each call to AWS and to Docker with its outcome and its time, while somebody wants to know (`--verbose`).
//!
//! Told are the service, the operation (or method and path), the status and the duration: never a header, a query or a
//! body, which is where secrets are. A call may be given a name by which the engine's log knows it. One listener and one
//! name per process, as with a log, so that no layer has to hand them down.

use crate::{progress::Progress, text::Message};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The header in which a call's name goes out, which is a request's id to whoever gets it.
pub(crate) const NAME_HEADER: &str = "x-request-id";

static LISTENER: OnceLock<Progress> = OnceLock::new();
/// What a local engine's log is to call the calls of this process; a number comes behind it.
static NAME: OnceLock<String> = OnceLock::new();
/// How many of them there were.
static CALLS: AtomicU64 = AtomicU64::new(0);

tokio::task_local! {
    /// The request for which calls are made.
    static FOR: String;
}

/// Tells every call of this process from now on; the first listener stays.
pub fn tell_to(progress: Progress) {
    let _ = LISTENER.set(progress);
}

/// Names every call of this process from now on, so that whoever reads the engine's log knows them; the first name
/// stays.
pub fn name(id: &str) {
    let _ = NAME.set(id.to_owned());
}

/// Does some work for a request, whose id its calls then carry.
pub(crate) async fn on_behalf_of<T>(request_id: String, work: impl Future<Output = T>) -> T {
    FOR.scope(request_id, work).await
}

/// The name of the next call, where it is to have one: the request that it is made for, else one of its own.
pub(crate) fn next_name() -> Option<String> {
    let own = || Some(format!("{}-{}", NAME.get()?, CALLS.fetch_add(1, Ordering::Relaxed) + 1));
    FOR.try_with(Clone::clone).ok().or_else(own)
}

/// Whether somebody listens.
#[must_use]
pub fn are_told() -> bool {
    LISTENER.get().is_some()
}

/// Tells one call and the status of its answer, where one came.
pub(crate) fn tell(call: &str, status: Option<u16>, took: Duration) {
    if let Some(progress) = LISTENER.get() {
        let outcome = status.map_or_else(|| Message::new("answer.none"), Message::literal);
        let told = Message::new("call.told").with("call", call).with_message("outcome", outcome);
        progress.note(told.with("millis", took.as_millis()));
    }
}

/// A call to AWS that is on its way; without a description when nobody listens.
pub(crate) struct Begun(Option<(String, Instant)>);

/// Names a signed AWS call for the engine's log, and begins to tell it.
pub(crate) fn begin(request: &mut HttpRequest) -> Begun {
    if let Some(name) = next_name() {
        // After the signature, which does not cover it.
        request.headers_mut().insert(NAME_HEADER, name);
    }
    Begun(are_told().then(|| (describe(request), Instant::now())))
}

impl Begun {
    /// Tells the call with the status of its answer, where one came.
    pub(crate) fn end(self, status: Option<u16>) {
        if let Self(Some((call, began))) = self {
            tell(&call, status, began.elapsed());
        }
    }
}

/// Names a call: `ec2 DescribeInstances`, `apigateway GET /restapis`.
fn describe(request: &HttpRequest) -> String {
    let header = |name| request.headers().get(name).unwrap_or_default();
    let service = service(header("authorization")).unwrap_or("aws");
    let target = header("x-amz-target").rsplit('.').next().filter(|target| !target.is_empty());
    let action = request.body().bytes().and_then(action);
    match target.or(action) {
        Some(operation) => format!("{service} {operation}"),
        None => format!("{service} {} {}", request.method(), path(request.uri())),
    }
}

/// The service in a signature's scope (`Credential=<key>/<date>/<region>/<service>/aws4_request`).
fn service(authorization: &str) -> Option<&str> {
    let scope = authorization.split("/aws4_request").next().filter(|scope| *scope != authorization)?;
    scope.rsplit('/').next()
}

/// The operation of the query protocol, whose body starts with it.
fn action(body: &[u8]) -> Option<&str> {
    let action = body.strip_prefix(b"Action=")?;
    let end = action.iter().position(|byte| *byte == b'&').unwrap_or(action.len());
    std::str::from_utf8(&action[..end]).ok()
}

/// The path of a URL, without what comes after it.
pub(crate) fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    path.split(['?', '#']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_named_by_what_is_no_secret() {
        let scope = "AWS4-HMAC-SHA256 Credential=ATELIER0/20261123/us-east-1/ec2/aws4_request, Signature=abc";
        assert_eq!(service(scope), Some("ec2"));
        assert_eq!(service("Bearer abc"), None);
        assert_eq!(action(b"Action=RunInstances&Password=secret"), Some("RunInstances"));
        assert_eq!(action(b"{}"), None);
        assert_eq!(path("http://127.0.0.1:4566/restapis/abc?key=secret"), "/restapis/abc");
        assert_eq!(path("unix://host"), "/");
    }
}
