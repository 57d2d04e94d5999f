//! `atelier call`: the deployed API from the command line, its URL filled in. The answer is printed as it came.

use super::{deployed_url, test};
use crate::{
    api_key::Scope,
    cli::{self, CallAction, CallTarget},
    commands::context::Context,
    engine::{self, codespace},
    error::{Code, Error, Exit, Result},
    http_client::{Answer, CallError},
    text::Message,
    ui::{Page, Report},
};
use bytes::Bytes;
use clap::ValueEnum;
use http::{Method, StatusCode};

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
}

impl Report for CallReport {
    fn human(&self, page: &mut Page) {
        page.raw(self.body.trim_end());
    }

    fn exit(&self) -> Option<Exit> {
        exit(StatusCode::from_u16(self.status).ok()?)
    }

    fn error(&self) -> Option<Error> {
        self.exit().map(|_| Error::new(Code::ApiRefused).with("status", self.status))
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
/// That nothing is deployed, that no key opens it, that the port is private, or that no answer came. An answer with a bad status is a result.
pub async fn run(context: &Context, args: &cli::Call) -> Result<CallReport> {
    let query = query(args)?;
    let url = format!("{}?{query}", deployed_url(context).await?);
    let engine = engine::connect(&context.settings).await?;
    let client = test::client_for(context, &engine, &url, scope(args.action)).await?;
    let deadline = test::CLIENT_DEADLINE.min(context.settings.timeout.value);
    context.progress.wait("call", Message::new("call.waiting").with("url", &url));
    let answer = client.call(Method::GET, &url, Bytes::new(), deadline).await;
    context.progress.done("call");
    let answer = answer.map_err(|error| unanswered(&error))?;
    if answer.is_private_port() {
        return Err(codespace::private_port(&context.settings, &url));
    }
    Ok(report(url, &answer))
}

fn report(url: String, answer: &Answer) -> CallReport {
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    let json = serde_json::from_slice(&answer.body).unwrap_or_else(|_| body.clone().into());
    CallReport { url, status: answer.status.as_u16(), answer: json, body }
}

/// What the key must open that the action needs.
fn scope(action: CallAction) -> Scope {
    match action {
        CallAction::Start | CallAction::Stop => Scope::Control,
        CallAction::Status | CallAction::List => Scope::Status,
    }
}

/// The request's parameters. What the API would refuse is refused here with the flag's name.
fn query(args: &cli::Call) -> Result<String> {
    let word = |value: Option<clap::builder::PossibleValue>| value.map(|value| value.get_name().to_owned());
    let action = word(args.action.to_possible_value()).unwrap_or_default();
    let usage = |key: &str| Error::new(Code::Usage).with_message("detail", Message::new(key));
    match (args.target, &args.name) {
        (CallTarget::Ec2, None) => Ok(format!("action={action}")),
        (CallTarget::Ec2, Some(_)) => Err(usage("call.name_needs_docker")),
        (CallTarget::Docker, None) if args.action == CallAction::List => Ok(format!("target=docker&action={action}")),
        (CallTarget::Docker, None) => Err(usage("call.docker_needs_name")),
        (CallTarget::Docker, Some(_)) if args.action == CallAction::List => Err(usage("call.list_takes_no_name")),
        // A container's name has no character that a URL would need escaped.
        (CallTarget::Docker, Some(name)) => Ok(format!("target=docker&action={action}&name={name}")),
    }
}

/// Says why no answer came, with the exit code that fits.
pub(super) fn unanswered(error: &CallError) -> Error {
    match error {
        CallError::Deadline { url, deadline } => {
            Error::new(Code::Deadline).with("seconds", deadline.as_secs()).with("what", url)
        }
        CallError::Unreachable { url, .. } | CallError::Broken { url, .. } | CallError::Url(url) => {
            Error::new(Code::EngineUnreachable).with("endpoint", url).because_of(error.reason())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(action: CallAction, target: CallTarget, name: Option<&str>) -> Option<String> {
        query(&cli::Call { action, target, name: name.map(|name| name.parse().unwrap()) }).ok()
    }

    #[test]
    fn parameters_are_those_of_the_workshop_and_contradictions_are_refused() {
        let docker = CallTarget::Docker;
        assert_eq!(asked(CallAction::Start, CallTarget::Ec2, None).unwrap(), "action=start");
        assert_eq!(asked(CallAction::List, docker, None).unwrap(), "target=docker&action=list");
        let stop = asked(CallAction::Stop, docker, Some("mycontainer")).unwrap();
        assert_eq!(stop, "target=docker&action=stop&name=mycontainer");
        for (action, target, name) in [
            (CallAction::Start, CallTarget::Ec2, Some("x")),
            (CallAction::Status, docker, None),
            (CallAction::List, docker, Some("x")),
        ] {
            assert_eq!(asked(action, target, name), None, "{action:?} {target:?} {name:?}");
        }
    }

    #[test]
    fn a_bad_status_is_a_bad_exit() {
        let exit = |status: u16| exit(StatusCode::from_u16(status).unwrap());
        assert_eq!([exit(200), exit(404), exit(429)], [None, Some(Exit::Failed), Some(Exit::Busy)]);
        assert_eq!([exit(503), exit(504)], [Some(Exit::NotRunning), Some(Exit::Deadline)]);
    }
}
