//! `atelier test`: drives the deployed API through its public URL, as a client would, and compares what it says with
//! EC2's own view. The instance is left as it was found.

mod contract;
mod instance;

use self::{contract::Case, instance::Instances};
use super::{
    checks::{self, Check, ChecksReport, Suite},
    resource_url,
};
use crate::{
    api_key::Scope,
    cli,
    commands::context::Context,
    engine::{self, Engine, reach},
    error::{Code, Error, Result},
    http_client::{Answer, CallError, HttpClient},
    names::InstanceId,
    settings::Auth,
    stack,
    text::Message,
};
use bytes::Bytes;
use http::Method;
use std::time::{Duration, Instant};

/// What a client waits for an answer; longer than every deadline behind the URL.
pub(super) const CLIENT_DEADLINE: Duration = crate::deadlines::CLIENT;

/// What `test` drives.
#[derive(Debug, serde::Serialize)]
pub struct Subject {
    /// The instance behind the API.
    pub instance_id: InstanceId,
}

/// What `test` saw.
pub type TestReport = ChecksReport<Subject>;

/// Runs every check.
///
/// # Errors
/// `not_running`, `not_deployed`, `no_key`, `private_port`, and what EC2's own view cannot be had for. A check that goes wrong
/// is not an error but a result.
pub async fn run(context: &Context, args: &cli::Test) -> Result<TestReport> {
    let suite = Suite::begin(context, "atelier test", args.report.junit.as_deref())?;
    let engine = engine::connect(&context.settings).await?;
    let discovery = Box::pin(stack::discover(&engine, &context.settings.stack.value)).await?;
    let (Some(api), Some(instance_id)) = (discovery.api_id(), discovery.instance_id()) else {
        return Err(Error::new(Code::NotDeployed));
    };
    let url = resource_url(&engine, &api);
    let http = client_for(context, &engine, &url, Scope::Control).await?;
    let instances = Instances::new(&engine, instance_id.clone());
    let found = instances.view().await?;
    let checked = checks::run_all(
        context,
        &contract::cases(),
        |case| case.name,
        async |case| check((context, &engine), &http, &url, case, &instances).await,
    )
    .await;
    let checks = suite.finish(checked, "test.restoring", instances.restore(&found.state)).await?;
    Ok(TestReport { url, subject: Subject { instance_id }, checks })
}

/// Makes a client for the API; with keys on, it sends one that opens `scope`.
pub(super) async fn client_for(context: &Context, engine: &Engine, url: &str, scope: Scope) -> Result<HttpClient> {
    let http = plain_client(url)?;
    if context.settings.auth.value == Auth::None {
        return Ok(http);
    }
    let key = stack::keys::value(engine, &context.settings, scope).await?;
    let key = key.ok_or_else(|| Error::new(Code::NoKey).with("scope", scope))?;
    Ok(http.with_api_key(&key))
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
    Ok(Check { name: case.name, passed: problems.is_empty(), status, answer, millis, problems, is_broken: false })
}

pub(super) fn no_answer(error: &CallError) -> Message {
    Message::new("test.no_answer").with_message("reason", error.reason())
}

/// The body as one line of at most 2 KiB, without anything that could move the cursor.
pub(super) fn shown(answer: &Answer) -> String {
    let start = &answer.body[..answer.body.len().min(2048)];
    String::from_utf8_lossy(start).trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
