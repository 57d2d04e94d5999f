//! A call of a function's URL: found, allowed, invoked and answered.

use super::{
    answer::{self, Malformed},
    config::{AuthType, FunctionUrl, InvokeMode},
    event::{self, Source},
};
use crate::{
    edge::{
        UrlCall,
        function_url::{self, UrlAuth, UrlCaller},
    },
    emulator::{
        Context, access,
        lambda::{invoke, name::Reference, policy},
        runtime::{Answer, Begun, Functions, Invocation, InvokeError, Invoked, Spec, Streaming},
        store::Region,
        sts, wire,
    },
    http1::{Peer, Piece, Response, Rest},
    lenience::Lean,
    names::FunctionUrlId,
};
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The largest event, in bytes.
const MAX_EVENT: usize = 6 * 1024 * 1024;
/// The most bytes of a streamed answer's head.
const MAX_HEAD: usize = 64 * 1024;

/// Why a call gets no answer of the function, in Lambda's words.
enum Refusal {
    /// The URL is not open to this caller, or nothing allows it.
    Forbidden(&'static str),
    /// The signature that was given is none.
    Signature(String),
    /// The event that it would make is too large.
    TooLarge,
    /// Too many processes are busy.
    Throttled,
    /// The function failed, or what it answered is no answer.
    Failed(String),
}

impl Refusal {
    fn response(self) -> Response {
        let (status, kind, message) = match self {
            Self::Forbidden(_) => (
                StatusCode::FORBIDDEN,
                "AccessDeniedException",
                "Forbidden. For troubleshooting Function URL authorization issues, see: \
                 https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
                    .to_owned(),
            ),
            Self::Signature(message) => (StatusCode::FORBIDDEN, "InvalidSignatureException", message),
            Self::TooLarge => {
                let message =
                    format!("Request must be smaller than {MAX_EVENT} bytes for the InvokeFunction operation");
                (StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message)
            }
            Self::Throttled => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate Exceeded.".to_owned()),
            Self::Failed(_) => {
                let mut response = Response::new(Bytes::from_static(b"Internal Server Error"));
                *response.status_mut() = StatusCode::BAD_GATEWAY;
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                return response;
            }
        };
        let mut response = Response::new(json!({ "Message": message }).to_string().into());
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(kind));
        response
    }

    /// What the engine's log says of it.
    fn reason(&self) -> &str {
        match self {
            Self::Forbidden(reason) => reason,
            Self::Signature(reason) | Self::Failed(reason) => reason,
            Self::TooLarge => "its event would be too large",
            Self::Throttled => "too many function processes are busy",
        }
    }
}

impl From<InvokeError> for Refusal {
    fn from(error: InvokeError) -> Self {
        if matches!(error, InvokeError::Busy | InvokeError::Reserved) {
            Self::Throttled
        } else {
            Self::Failed(error.to_string())
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(error: Malformed) -> Self {
        Self::Failed(format!("the function's answer is malformed: {error}"))
    }
}

fn find(context: &Context, id: &FunctionUrlId) -> Option<(Region, FunctionUrl)> {
    let store = &context.store;
    store.regions().into_iter().find_map(|region| {
        let url = store.read(&region, |state| state.lambda.urls.values().find(|url| url.id == *id).cloned())?;
        Some((region, url))
    })
}

/// Tells how calls of a URL prove who makes them.
#[must_use]
pub fn auth(context: &Context, id: &FunctionUrlId) -> Option<UrlAuth> {
    let (region, url) = find(context, id)?;
    Some(match url.auth {
        AuthType::None => UrlAuth::None,
        AuthType::Iam => UrlAuth::Iam { region: region.to_string() },
    })
}

/// Answers a call of a URL.
pub async fn call(context: &Arc<Context>, functions: &Functions, call: UrlCall) -> Response {
    let Some((region, url)) = find(context, &call.id) else { return crate::edge::answer::no_url() };
    let UrlCall { request_id, caller, path, request, .. } = call;
    let (parts, body) = request.into_parts();
    if let Some(cors) = url.cors.as_ref().filter(|_| function_url::is_preflight(&parts)) {
        return cors.preflight(&parts);
    }
    let trace = trace(&request_id, context);
    let asked = Asked { context, url: &url, region: &region, path: &path, parts: &parts, request_id: &request_id };
    let mut response = match asked.answer(functions, &caller, &body, &trace).await {
        Ok(response) => response,
        Err(refusal) => {
            let (function, reason) = (&url.function_arn, refusal.reason());
            tracing::warn!(request_id, function, reason, "a call of a function's URL was refused");
            refusal.response()
        }
    };
    let headers = response.headers_mut();
    if let Some(cors) = &url.cors {
        cors.apply(&parts, headers);
    }
    for (name, value) in [("x-amzn-requestid", &request_id), ("x-amzn-trace-id", &trace)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}

/// A call of a URL that is there.
struct Asked<'a> {
    context: &'a Arc<Context>,
    url: &'a FunctionUrl,
    region: &'a Region,
    path: &'a str,
    parts: &'a Parts,
    request_id: &'a str,
}

impl Asked<'_> {
    async fn answer(
        &self,
        functions: &Functions,
        caller: &UrlCaller,
        body: &[u8],
        trace: &str,
    ) -> Result<Response, Refusal> {
        let spec = self.permitted(caller)?;
        let payload = self.event(caller, body, trace);
        if payload.len() > MAX_EVENT {
            return Err(Refusal::TooLarge);
        }
        let invocation = Invocation {
            id: self.request_id.to_owned(),
            payload: payload.into(),
            trace: trace.to_owned(),
            client_context: None,
            wants_tail: false,
            stream: None,
        };
        match self.url.invoke_mode() {
            InvokeMode::Buffered => Ok(answer::read(&result(functions.invoke(&spec, invocation).await?)?)?),
            InvokeMode::ResponseStream => streamed(functions, functions.stream(spec, invocation)).await,
        }
    }

    /// Asks whether this caller may invoke the function by its URL.
    fn permitted(&self, caller: &UrlCaller) -> Result<Spec, Refusal> {
        match (self.url.auth, caller) {
            (AuthType::None, _) | (AuthType::Iam, UrlCaller::Key(_)) => {}
            (AuthType::Iam, UrlCaller::Anybody) => return Err(Refusal::Forbidden("it has no signature")),
            (AuthType::Iam, UrlCaller::Denied(function_url_denied)) => {
                return Err(refused_signature(function_url_denied));
            }
        }
        let (region, arn) = (self.region, self.url.function_arn.as_str());
        if let (AuthType::Iam, UrlCaller::Key(key)) = (self.url.auth, caller)
            && !access::may_call_url(self.context, region, key, arn, self.request_id)
        {
            return Err(Refusal::Forbidden("no policy lets its caller (`atelier explain`)"));
        }
        let absent = || Refusal::Forbidden("there is no such function, or no such alias of it");
        let (_, reference) = Reference::of_arn(&self.url.function_arn).ok_or_else(absent)?;
        let place = invoke::place().map_err(|error| Refusal::Failed(error.message))?;
        self.context.store.read(self.region, |state| {
            let view = state.lambda.view_at(&reference, place).map_err(|_| absent())?;
            // The caller's own account may invoke it; a policy decides about everybody else.
            if self.url.auth == AuthType::None {
                let (policy, _) =
                    state.lambda.policy(&reference, self.context.config.clock.now()).map_err(|_| absent())?;
                let missing = policy::allows_anybody_by_url(policy).err().filter(|_| !self.leans(&reference, policy));
                missing.map_or(Ok(()), |missing| Err(Refusal::Forbidden(missing)))?;
            }
            if view.is_pending(self.context.config.clock.now()) {
                return Err(Refusal::Failed("the function is still being created".to_owned()));
            }
            state.lambda.spec(&reference, place, self.region).map_err(|_| absent())
        })
    }

    /// Whether the call may lean on a permission that the function does not give.
    fn leans(&self, function: &Reference, policy: &[policy::Statement]) -> bool {
        let qualifier = function.qualifier.iter().map(|qualifier| format!(":{qualifier}"));
        let function = function.name.to_string() + &qualifier.collect::<String>();
        let lean = Lean::Url { function, actions: policy::lacking_by_url(policy) };
        self.context.config.leans.lets(&lean, || format!("lambda InvokeFunctionUrl ({})", self.url.id))
    }

    fn event(&self, caller: &UrlCaller, body: &[u8], trace: &str) -> Vec<u8> {
        let signer = match (self.url.auth, caller) {
            (AuthType::Iam, UrlCaller::Key(key)) => Some((key.as_str(), sts::of_key(self.context, key))),
            _ => None,
        };
        event::build(&Source {
            id: self.url.id.as_str(),
            region: self.region.as_str(),
            function_arn: &self.url.function_arn,
            path: self.path,
            parts: self.parts,
            body,
            caller_ip: self.parts.extensions.get::<Peer>().map(|peer| peer.0.ip()),
            signer,
            request_id: self.request_id,
            trace,
            now: self.context.config.clock.now(),
        })
    }
}

fn refused_signature(denied: &crate::edge::signature::Denied) -> Refusal {
    match denied {
        crate::edge::signature::Denied::Missing => Refusal::Forbidden("it has no signature"),
        denied => Refusal::Signature(denied.to_string()),
    }
}

/// The result of a function that has not failed.
fn result(invoked: Invoked) -> Result<Bytes, Refusal> {
    match invoked.answer {
        Answer::Result(document) => Ok(document),
        Answer::Error(document) => {
            let error = String::from_utf8_lossy(&document[..document.len().min(1024)]).into_owned();
            Err(Refusal::Failed(error))
        }
    }
}

/// Answers with what the function streams, from its first byte on; what does not stream is the body as it is.
async fn streamed(functions: &Functions, mut streaming: Streaming) -> Result<Response, Refusal> {
    let content_type = match streaming.begun().await {
        Begun::Whole(invoked) => {
            let mut response = Response::new(result(invoked?)?);
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            return Ok(response);
        }
        Begun::Stream(content_type) => content_type,
    };
    let has_head = content_type.as_ref().is_some_and(|kind| kind.as_bytes() == answer::WITH_HEAD.as_bytes());
    let mut response = if has_head {
        head(&mut streaming).await?
    } else {
        let mut response = Response::default();
        let octets = || HeaderValue::from_static("application/octet-stream");
        response.headers_mut().insert(header::CONTENT_TYPE, content_type.unwrap_or_else(octets));
        response
    };
    let (pieces, rest) = Rest::channel();
    functions.aside(pass_on(streaming, pieces));
    response.extensions_mut().insert(rest);
    Ok(response)
}

/// Reads the head of a streamed answer; what of the body came with it is the answer's first part.
async fn head(streaming: &mut Streaming) -> Result<Response, Refusal> {
    let mut read = BytesMut::new();
    loop {
        let size = answer::SEPARATOR.len();
        if let Some(end) = read.windows(size).position(|window| window == answer::SEPARATOR) {
            let mut response = answer::head(&read[..end])?;
            *response.body_mut() = read.split_off(end + size).freeze();
            return Ok(response);
        }
        if read.len() > MAX_HEAD {
            return Err(Refusal::Failed("the streamed answer has a head without an end".to_owned()));
        }
        if let Some(piece) = streaming.piece().await {
            read.extend_from_slice(&piece);
        } else {
            result(streaming.end().await?)?;
            return Err(Refusal::Failed("the streamed answer ends inside its head".to_owned()));
        }
    }
}

/// Hands a streamed answer on. One that fails in the middle is broken off, so that nobody takes it for a whole one.
async fn pass_on(mut streaming: Streaming, pieces: mpsc::Sender<Piece>) {
    while let Some(bytes) = streaming.piece().await {
        // Who has hung up gets no more of it; the function goes on.
        let _ = pieces.send(Piece::Bytes(bytes)).await;
    }
    if matches!(streaming.end().await, Ok(Invoked { answer: Answer::Result(_), .. })) {
        let _ = pieces.send(Piece::End).await;
    }
}

fn trace(request_id: &str, context: &Context) -> String {
    let digits: String = wire::request_id().chars().filter(|c| *c != '-').take(24).collect();
    let parent: String = request_id.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    let seconds = context.config.clock.now().unix_timestamp();
    format!("Root=1-{seconds:08x}-{digits};Parent={parent:0<16};Sampled=0")
}
