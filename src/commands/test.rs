//! `atelier test`: drives the deployed API through its public URL, as a client would, and compares what it says with
//! EC2's own view. The instance is left as it was found.
//!
//! A function of the user's own is tested with their requests (`tests/*.http`, `[[test]]`), or, where there are none, by the
//! contract, if it answers that.

mod contract;
mod http_file;
mod instance;
mod request;

use self::{contract::Case, instance::Instances};
use super::checks::{self, Check, ChecksReport, Name, Suite};
use crate::{
    api_key::Scope,
    cli,
    commands::context::Context,
    contract::{PATH, Request, WhichInstance},
    engine::{self, Engine, reach},
    error::{Code, Error, Result},
    http_client::{Answer, CallError, HttpClient},
    names::InstanceId,
    settings::{Auth, TestEntry},
    stack,
    text::Message,
};
use bytes::Bytes;
use http::Method;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// What a client waits for an answer; longer than every deadline behind the URL.
pub(crate) const CLIENT_DEADLINE: Duration = crate::deadlines::CLIENT;

/// What `test` drives.
#[derive(Debug, serde::Serialize)]
pub struct Subject {
    /// The instance behind the API, where that is tested.
    pub instance_id: Option<InstanceId>,
    /// What is right: atelier's contract, or what the user's requests expect.
    pub by: Measure,
}

/// What an API is tested by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Atelier's contract.
    Contract,
    /// The user's own requests.
    Requests,
}

/// What `test` saw.
pub type TestReport = ChecksReport<Subject>;

/// Runs every check.
///
/// # Errors
/// `not_running`, `not_deployed`, `no_key`, what [`reach::check`] says, and what EC2's own view cannot be had for. A check
/// that goes wrong is not an error but a result.
pub async fn run(context: &Context, args: &cli::Test) -> Result<TestReport> {
    let entries = context.settings.tests.value.read()?;
    let suite = Suite::begin(context, "atelier test", args.report.junit.as_deref())?;
    let engine = engine::connect(&context.settings).await?;
    let discovery = Box::pin(stack::discover(&engine, &context.settings.stack.value)).await?;
    let Some(api) = discovery.api_id() else { return Err(Error::new(Code::NotDeployed)) };
    let Some(instance_id) = discovery.instance_id() else {
        let gone = Error::new(Code::Unhealthy).because_of(Message::new("test.no_instance"));
        return Err(gone.hint(Message::new("hint.not_deployed")));
    };
    reach::check(&context.settings, &engine).await?;
    let is_own = context.settings.function.value.is_some();
    if is_own || !entries.is_empty() {
        let base = engine.api_url(&api);
        let http = client_for(context, &engine, &base, Scope::Control).await?;
        let cases = cases(context, &entries, &base)?;
        if !cases.is_empty() {
            return own((context, &engine), &suite, &http, &base, &cases).await;
        }
        if !answers_contract(&http, &base).await {
            return Err(Error::new(Code::NoTests));
        }
    }
    let url = format!("{}{PATH}", engine.api_url(&api));
    let http = client_for(context, &engine, &url, Scope::Control).await?;
    let instances = Instances::new(&engine, instance_id.clone());
    let found = instances.view().await?;
    let which =
        found.name.as_ref().and_then(|name| name.parse().ok()).map_or(WhichInstance::Only, WhichInstance::Named);
    let checked = checks::run_all(
        context,
        &contract::cases(&which),
        |case| Name::ours(case.name),
        async |case| check((context, &engine), &http, &url, case, &instances).await,
    )
    .await;
    let checks = suite.finish(checked, "test.restoring", instances.restore(&found.state)).await?;
    let subject = Subject { instance_id: Some(instance_id), by: Measure::Contract };
    Ok(TestReport { url, subject, checks })
}

/// The user's requests: those of the settings file, then those of the files, by their names.
fn cases(context: &Context, entries: &[TestEntry], url: &str) -> Result<Vec<request::Case>> {
    let mut cases: Vec<request::Case> = entries.iter().map(request::Case::from).collect();
    let inside = std::fs::read_dir(context.settings.folder.join("tests")).into_iter().flatten().flatten();
    let is_requests = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "http" || kind == "rest");
    let mut files: Vec<PathBuf> = inside.map(|entry| entry.path()).filter(is_requests).collect();
    files.sort();
    for path in files {
        let bad = || Error::new(Code::BadRequestFile).with("path", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| bad().with("line", 1_usize).cause(&error))?;
        let read = http_file::parse(&text, &[("url", url)]);
        cases.extend(read.map_err(|error| bad().with("line", error.number).because_of(error.why))?);
    }
    Ok(cases)
}

/// Sends every request.
async fn own(
    (context, engine): (&Context, &Engine),
    suite: &Suite<'_>,
    http: &HttpClient,
    url: &str,
    cases: &[request::Case],
) -> Result<TestReport> {
    let send = async |case: &request::Case| {
        let began = Instant::now();
        let (target, body) = (format!("{url}{}", case.path), Bytes::from(case.body.clone()));
        let called = http.send(case.method.clone(), &target, &case.headers, body, CLIENT_DEADLINE);
        let called = checks::until_cancelled(context, called).await.ok_or_else(|| Error::new(Code::Interrupted))?;
        let millis = began.elapsed().as_millis();
        let (status, answer, problems) = match called {
            Ok(answer) => match reach::misled(&context.settings, engine, url, &answer).await {
                Some(misled) => return Err(misled),
                None => (Some(answer.status.as_u16()), shown(&answer), request::judge(case, &answer)),
            },
            Err(error) => match reach::missed(&context.settings, engine).await {
                Some(missed) => return Err(missed),
                None => (None, String::new(), vec![no_answer(&error)]),
            },
        };
        let Name { name, title } = Name::theirs(&case.name);
        Ok(Check { name, title, passed: problems.is_empty(), status, answer, millis, problems, is_broken: false })
    };
    let checked = checks::run_all(context, cases, |case| Name::theirs(&case.name), send).await;
    let checks = suite.end(checked)?;
    Ok(TestReport { url: url.to_owned(), subject: Subject { instance_id: None, by: Measure::Requests }, checks })
}

/// Whether the function answers as atelier's does. The question changes nothing.
async fn answers_contract(http: &HttpClient, url: &str) -> bool {
    let status = format!("{url}{PATH}?{}", Request::Instance(WhichInstance::Only).query());
    let answer = http.call(Method::GET, &status, Bytes::new(), CLIENT_DEADLINE).await;
    answer.is_ok_and(|answer| {
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        ["instance_id", "state", "type"].iter().all(|name| body[name].is_string())
    })
}

/// Makes a client for the API; with keys on, it sends one that opens `scope`.
///
/// The settings tell what is wished of the folder's own stack, which need not be what is deployed. Where no key is known and
/// it is not certain that one is needed, the API is called without: it answers 401 if it wants one.
pub(crate) async fn client_for(context: &Context, engine: &Engine, url: &str, scope: Scope) -> Result<HttpClient> {
    let (http, settings) = (plain_client(url)?, &context.settings);
    let is_own = settings.is_own_stack()?;
    if is_own && settings.auth.value == Auth::None {
        return Ok(http);
    }
    if let Some(key) = stack::keys::value(engine, settings, scope).await? {
        return Ok(http.with_api_key(&key));
    }
    // An API that has been opened again keeps its usage plan; one without has never asked for keys.
    let wants_key = is_own && {
        let found = Box::pin(stack::discover(engine, &settings.stack.value)).await?;
        found.part(stack::Part::UsagePlan).is_some()
    };
    if wants_key {
        let hint = Message::new("hint.no_key").with("scope", scope);
        return Err(Error::new(Code::NoKey).with("scope", scope).hint(hint));
    }
    Ok(http)
}

fn plain_client(url: &str) -> Result<HttpClient> {
    HttpClient::for_url(url).map_err(|error| {
        Error::new(Code::File)
            .with_message("action", Message::new("action.read"))
            .with_message("path", Message::new("action.certificates"))
            .cause(&error)
    })
}

async fn check(
    (context, engine): (&Context, &Engine),
    http: &HttpClient,
    url: &str,
    case: &Case,
    instances: &Instances,
) -> Result<Check> {
    let interrupted = || Error::new(Code::Interrupted);
    let before = context.cancel.run_until_cancelled(instances.view()).await.ok_or_else(interrupted)??;
    let began = Instant::now();
    let called = format!("{url}{}", case.query);
    let called = http.call(Method::GET, &called, Bytes::new(), CLIENT_DEADLINE);
    let called = checks::until_cancelled(context, called).await.ok_or_else(interrupted)?;
    let millis = began.elapsed().as_millis();
    let after = instances.view().await?;
    if let Ok(answer) = &called
        && let Some(error) = reach::misled(&context.settings, engine, url, answer).await
    {
        return Err(error);
    }
    let (status, answer, problems) = match called {
        Ok(answer) => (Some(answer.status.as_u16()), shown(&answer), contract::judge(case, &answer, &before, &after)),
        Err(error) => match reach::missed(&context.settings, engine).await {
            // What lies before the API is no fault of the API's, and the next check would meet it, too.
            Some(missed) => return Err(missed),
            None => (None, String::new(), vec![no_answer(&error)]),
        },
    };
    let Name { name, title } = Name::ours(case.name);
    Ok(Check { name, title, passed: problems.is_empty(), status, answer, millis, problems, is_broken: false })
}

pub(super) fn no_answer(error: &CallError) -> Message {
    Message::new("test.no_answer").with_message("reason", error.reason())
}

/// The body as one line of at most 2 KiB, without anything that could move the cursor.
pub(super) fn shown(answer: &Answer) -> String {
    let start = &answer.body[..answer.body.len().min(2048)];
    String::from_utf8_lossy(start).trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
