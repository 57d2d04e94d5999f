//! `atelier test-bonus`: stops and starts the container of the bonus through the public URL, and asks Docker itself
//! whether it is so. The container is left as it was found.

use super::{
    checks::{self, Check, ChecksReport, Name, Suite},
    resource_url,
    test::{CLIENT_DEADLINE, no_answer, shown},
};
use crate::{
    api_key::Scope,
    cli,
    commands::context::Context,
    contract::{Answer, Change, ContainerStatus, Request, WhichContainer},
    engine::{self, Engine, reach, target},
    error::{Code, Error, Result},
    http_client::{Answer as HttpAnswer, HttpClient},
    names::ContainerName,
    stack,
    text::{Message, Verbatim},
};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use std::time::Instant;

/// A request, and the change whose state the container must be in after it.
struct Case {
    name: &'static str,
    /// What is asked for; `None` asks for the state.
    change: Option<Change>,
    after: Change,
}

/// What reports call these checks.
const SUITE: &str = "atelier test-bonus";

/// In the order of the workshop.
const CASES: [Case; 4] = [
    Case { name: "container_stop", change: Some(Change::Stop), after: Change::Stop },
    Case { name: "container_exited", change: None, after: Change::Stop },
    Case { name: "container_start", change: Some(Change::Start), after: Change::Start },
    Case { name: "container_running", change: None, after: Change::Start },
];

/// What `test-bonus` drives.
#[derive(Debug, serde::Serialize)]
pub struct Subject {
    /// The container behind the API.
    pub container: ContainerName,
}

/// What `test-bonus` saw.
pub type TestBonusReport = ChecksReport<Subject>;

/// Runs every check.
///
/// # Errors
/// `not_running`, `not_deployed` (also without a `bonus`), what [`reach::check`] says, and why Docker cannot be asked. A check that
/// goes wrong is not an error but a result.
pub async fn run(context: &Context, args: &cli::TestBonus) -> Result<TestBonusReport> {
    let suite = Suite::begin(context, SUITE, args.report.junit.as_deref())?;
    engine::refuse_without_docker(&context.settings)?;
    let engine = engine::connect(&context.settings).await?;
    let discovery = Box::pin(stack::discover(&engine, &context.settings.stack.value)).await?;
    let api = discovery.api_id().ok_or_else(|| Error::new(Code::NotDeployed))?;
    let Some(found) = target::state(&context.settings, &args.name).await? else {
        return Err(Error::new(Code::NotDeployed).hint(Message::new("hint.bonus")));
    };
    reach::check(&context.settings, &engine).await?;
    let container = args.name.clone();
    let url = resource_url(&context.settings, &engine, &api);
    let http = super::test::client_for(context, &engine, &url, Scope::Control).await?;
    let checked = checks::run_all(
        context,
        &CASES,
        |case| Name::ours(case.name),
        async |case| check((context, &engine), &http, &url, case, &container).await,
    )
    .await;
    let is_on_its_way = checked.0.last().is_some_and(|check| check.is_broken);
    let restore = target::restore(&context.settings, &container, &found, is_on_its_way);
    let checks = suite.finish(checked, "test.restoring_container", restore).await?;
    Ok(TestBonusReport { url, subject: Subject { container }, checks })
}

async fn check(
    (context, engine): (&Context, &Engine),
    http: &HttpClient,
    url: &str,
    case: &Case,
    container: &ContainerName,
) -> Result<Check> {
    let began = Instant::now();
    let call = format!("{url}?{}", request(case, container).query());
    let called = http.call(Method::GET, &call, Bytes::new(), CLIENT_DEADLINE);
    let called = checks::until_cancelled(context, called).await.ok_or_else(|| Error::new(Code::Interrupted))?;
    let millis = began.elapsed().as_millis();
    let state = target::state(&context.settings, container).await?.unwrap_or_default();
    if let Ok(answer) = &called
        && let Some(error) = reach::misled(&context.settings, engine, url, answer).await
    {
        return Err(error);
    }
    let (status, answer, problems) = match called {
        Ok(answer) => (Some(answer.status.as_u16()), shown(&answer), judge(case, &answer, container, &state)),
        Err(error) => match reach::missed(&context.settings, engine).await {
            // What lies before the API is no fault of the API's, and the next check would meet it, too.
            Some(missed) => return Err(missed),
            None => (None, String::new(), vec![no_answer(&error)]),
        },
    };
    let Name { name, title } = Name::ours(case.name);
    Ok(Check { name, title, passed: problems.is_empty(), status, answer, millis, problems, is_broken: false })
}

/// The request of a case.
fn request(case: &Case, container: &ContainerName) -> Request {
    let which = WhichContainer::Named(container.clone());
    match case.change {
        Some(change) => Request::ChangeContainer { change, which, lifetime: None },
        None => Request::Container(which),
    }
}

/// Compares an answer with the contract and with Docker's own view; returns what is wrong.
fn judge(case: &Case, answer: &HttpAnswer, container: &ContainerName, state: &str) -> Vec<Message> {
    let wanted_state = case.after.container_state();
    let wanted = match case.change {
        Some(change) => Answer::container_changed(change, container.to_string(), None),
        None => Answer::Container(ContainerStatus::new(container.to_string(), wanted_state.to_owned())),
    };
    let mut problems = Vec::new();
    if answer.status != http::StatusCode::OK {
        problems.push(differs("test.wrong_status", 200_u16, answer.status.as_u16()));
    }
    match serde_json::from_slice::<Value>(&answer.body) {
        Err(_) => problems.push(Message::new("test.not_json")),
        Ok(found) if found != json!(wanted) => problems.push(differs("test.wrong_body", json!(wanted), &found)),
        Ok(_) => {}
    }
    if state != wanted_state {
        problems.push(differs("test.wrong_container_state", wanted_state, state));
    }
    problems
}

fn differs(key: &str, wanted: impl Verbatim, found: impl Verbatim) -> Message {
    Message::new(key).with("wanted", wanted).with("found", found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, StatusCode};

    fn keys(case: usize, status: u16, body: &str, state: &str) -> Vec<String> {
        let answer = HttpAnswer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.to_owned().into(),
        };
        let container = "mycontainer".parse().unwrap();
        let problems = judge(&CASES[case], &answer, &container, state);
        problems.iter().map(|problem| problem.key().to_owned()).collect()
    }

    #[test]
    fn the_contracts_own_answers_are_right() {
        let stopped = r#"{"status":"stopped","target":"docker","container":"mycontainer"}"#;
        assert_eq!(keys(0, 200, stopped, "exited"), [""; 0]);
        let exited = r#"{"target":"docker","container":"mycontainer","state":"exited"}"#;
        assert_eq!(keys(1, 200, exited, "exited"), [""; 0]);
    }

    #[test]
    fn an_answer_that_docker_contradicts_is_wrong() {
        let started = r#"{"status":"started","target":"docker","container":"mycontainer"}"#;
        assert_eq!(keys(2, 200, started, "exited"), ["test.wrong_container_state"]);
        assert_eq!(keys(3, 502, "<html>", "running"), ["test.wrong_status", "test.not_json"]);
    }
}
