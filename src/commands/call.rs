//! `atelier call`: the deployed API from the command line, its URL filled in. The answer is printed as it came.

use super::{deployed_url, test};
use crate::{
    api_key::Scope,
    cli::{self, Called},
    commands::context::Context,
    contract::{Details, Operation, PATH, Refusal, Request, Target},
    engine::{self, reach},
    error::{Code, Error, Exit, Result},
    http_client::Answer,
    settings::Auth,
    text::Message,
    ui::{Page, Report},
};
use bytes::Bytes;
use http::{Method, StatusCode, header};

/// What the API answered.
#[derive(Debug, serde::Serialize)]
pub struct CallReport {
    /// The URL that was called.
    pub url: String,
    /// The answer's HTTP status.
    pub status: u16,
    /// The answer's body; a string where it is not JSON.
    pub answer: serde_json::Value,
    #[serde(skip)]
    body: String,
    /// How long the API wants callers to wait, in its own word.
    #[serde(skip)]
    retry_after: Option<String>,
    /// Whether a container was asked for.
    #[serde(skip)]
    is_of_docker: bool,
    /// What a key must open for the call.
    #[serde(skip)]
    scope: Scope,
    /// Whether the API may be one that asks for keys.
    #[serde(skip)]
    may_ask_keys: bool,
}

impl Report for CallReport {
    fn human(&self, page: &mut Page) {
        page.raw(self.body.trim_end());
    }

    fn exit(&self) -> Option<Exit> {
        exit(StatusCode::from_u16(self.status).ok()?)
    }

    fn error(&self) -> Option<Error> {
        self.exit()?;
        let error = Error::new(Code::ApiRefused).with("status", self.status);
        Some(match StatusCode::from_u16(self.status) {
            Ok(StatusCode::TOO_MANY_REQUESTS) => {
                let seconds = self.retry_after.as_deref().unwrap_or("1");
                error.hint(Message::new("hint.limited").with("seconds", seconds))
            }
            Ok(StatusCode::SERVICE_UNAVAILABLE) if self.is_of_docker => error.hint(Message::new("hint.bonus")),
            Ok(StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) => error.hint(Message::new("hint.function_log")),
            // That no key came is said by who asks for one; other refusals may have any reason.
            Ok(status)
                if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN && self.may_ask_keys =>
            {
                error.hint(Message::new("hint.no_key").with("scope", self.scope))
            }
            _ => error,
        })
    }
}

/// How the process ends for an answer's status.
fn exit(status: StatusCode) -> Option<Exit> {
    match status {
        status if status.is_success() => None,
        StatusCode::TOO_MANY_REQUESTS => Some(Exit::Busy),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => Some(Exit::NotRunning),
        StatusCode::GATEWAY_TIMEOUT => Some(Exit::Deadline),
        _ => Some(Exit::Failed),
    }
}

/// Calls the API.
///
/// # Errors
/// That nothing is deployed, that no key opens it, that the public URL leads elsewhere, or that no answer came. An answer
/// with a bad status is a result.
pub async fn run(context: &Context, args: &cli::Call) -> Result<CallReport> {
    let prepared = prepare(args, context.settings.function.value.is_some())?;
    let base = deployed_url(context).await?;
    let url = match &prepared.path {
        Some(path) => format!("{}{path}", base.trim_end_matches('/').trim_end_matches(PATH)),
        None => format!("{base}?{}", prepared.query),
    };
    let engine = engine::connect(&context.settings).await?;
    reach::check(&context.settings, &engine).await?;
    let client = test::client_for(context, &engine, &url, prepared.scope).await?;
    let deadline = test::CLIENT_DEADLINE.min(context.settings.timeout.value);
    context.progress.wait("call", Message::new("call.waiting").with("url", &url));
    let Prepared { method, headers, body, scope, .. } = prepared;
    let answer = client.send(method, &url, &headers, body, deadline).await;
    context.progress.done("call");
    let answer = match answer {
        Err(error) => return Err(reach::unanswered(&context.settings, &engine, &error).await),
        Ok(answer) => answer,
    };
    if let Some(error) = reach::misled(&context.settings, &engine, &url, &answer).await {
        return Err(error);
    }
    let may_ask_keys = !context.settings.is_own_stack()? || context.settings.auth.value != Auth::None;
    let is_of_docker = args.target == Target::Docker;
    Ok(CallReport { is_of_docker, may_ask_keys, ..report(url, scope, &answer) })
}

fn report(url: String, scope: Scope, answer: &Answer) -> CallReport {
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    let json = serde_json::from_slice(&answer.body).unwrap_or_else(|_| body.clone().into());
    let retry_after = answer.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.filter(|text| text.parse::<u32>().is_ok()).map(ToOwned::to_owned);
    let (status, is_of_docker, may_ask_keys) = (answer.status.as_u16(), false, false);
    CallReport { url, status, answer: json, body, retry_after, is_of_docker, scope, may_ask_keys }
}

/// A call as it will be made.
#[derive(Debug)]
struct Prepared {
    /// What follows the API's URL; else its one resource is asked.
    path: Option<String>,
    query: String,
    method: Method,
    headers: Vec<(String, String)>,
    body: Bytes,
    scope: Scope,
}

/// What the API would refuse is refused here, with the flag's name.
fn prepare(args: &cli::Call, is_own: bool) -> Result<Prepared> {
    let usage = |key: &str| Err(Error::new(Code::Usage).with_message("detail", Message::new(format!("call.{key}"))));
    let action = match &args.action {
        Called::Path(_) if says_more(args) => return usage("path_alone"),
        Called::Path(path) => return Ok(to_path(args, path)),
        Called::Action(_) if is_own => return usage("own_function"),
        Called::Action(_) if args.method.is_some() || args.data.is_some() || !args.header.is_empty() => {
            return usage("path_needed");
        }
        Called::Action(action) => *action,
    };
    let details = Details {
        name: args.name.clone(),
        wait: true,
        all: args.all.then_some(true),
        lifetime: args.lifetime,
        kind: args.kind.clone(),
        restart: args.restart.then_some(true),
    };
    let request = Request::new(Operation { target: args.target, action }, details).map_err(refused)?;
    let (query, scope) = (request.query(), request.scope());
    Ok(Prepared { path: None, query, method: Method::GET, headers: Vec::new(), body: Bytes::new(), scope })
}

/// Whether flags say what only an action knows.
fn says_more(args: &cli::Call) -> bool {
    args.name.is_some() || args.all || args.lifetime.is_some() || args.kind.is_some() || args.restart
}

fn to_path(args: &cli::Call, path: &str) -> Prepared {
    let mut headers = args.header.clone();
    let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(data) = args.data.as_ref().filter(|_| !has_type) {
        let is_json = serde_json::from_str::<serde_json::Value>(data).is_ok();
        let kind = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
        headers.push(("content-type".to_owned(), kind.to_owned()));
    }
    let usual = if args.data.is_some() { Method::POST } else { Method::GET };
    Prepared {
        path: Some(path.to_owned()),
        query: String::new(),
        method: args.method.clone().unwrap_or(usual),
        headers,
        body: Bytes::from(args.data.clone().unwrap_or_default()),
        scope: Scope::Control,
    }
}

fn refused(refusal: Refusal) -> Error {
    let key = match refusal {
        Refusal::Missing(parameter) => format!("call.missing.{}", parameter.as_str()),
        Refusal::Contradictory(contradiction) => format!("call.contradictory.{}", contradiction.as_str()),
        // clap has refused these.
        Refusal::Unknown | Refusal::Duplicate(_) | Refusal::Invalid(_) => {
            return Error::new(Code::Usage).with("detail", refusal.to_string());
        }
    };
    Error::new(Code::Usage).with_message("detail", Message::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Action;

    #[test]
    fn every_refusal_of_the_contract_has_a_sentence_with_the_flag() {
        let mut refusals = std::collections::BTreeSet::new();
        for (target, action) in Target::ALL.into_iter().flat_map(|target| Action::ALL.map(|action| (target, action))) {
            for bits in 0..32_u8 {
                let has = |bit: u8| bits & (1 << bit) != 0;
                let args = cli::Call {
                    action: Called::Action(action),
                    target,
                    name: has(0).then(|| "x".parse().unwrap()),
                    all: has(1),
                    lifetime: has(2).then(|| "2h".parse().unwrap()),
                    kind: has(3).then(|| "t3.small".parse().unwrap()),
                    restart: has(4),
                    method: None,
                    header: Vec::new(),
                    data: None,
                };
                if let Err(error) = prepare(&args, false) {
                    let said = error.to_string();
                    assert!(said.contains("`--") && !said.contains("call."), "{args:?}: {said}");
                    refusals.insert(said);
                }
            }
        }
        assert_eq!(refusals.len(), 9, "{refusals:?}");
    }

    #[test]
    fn who_has_no_key_for_a_call_is_told_how_to_make_one_that_opens_it() {
        let hints = |scope: Scope, status: u16, may_ask_keys: bool| -> Vec<String> {
            let (url, body) = ("http://127.0.0.1".to_owned(), String::new());
            let (answer, retry_after, is_of_docker) = (serde_json::Value::Null, None, false);
            let report = CallReport { url, status, answer, body, retry_after, is_of_docker, scope, may_ask_keys };
            report.error().unwrap().hints.iter().map(ToString::to_string).collect()
        };
        for (scope, status) in [(Scope::Status, 401), (Scope::Control, 403), (Scope::Modify, 403)] {
            assert_eq!(hints(scope, status, true), [format!("`atelier key create --scope {scope}` makes one")]);
        }
        assert!(hints(Scope::Control, 403, false).is_empty());
    }

    #[test]
    fn a_bad_status_is_a_bad_exit() {
        let exit = |status: u16| exit(StatusCode::from_u16(status).unwrap());
        assert_eq!([exit(200), exit(404), exit(429)], [None, Some(Exit::Failed), Some(Exit::Busy)]);
        assert_eq!([exit(503), exit(504)], [Some(Exit::NotRunning), Some(Exit::Deadline)]);
    }
}
