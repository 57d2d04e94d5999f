//! `atelier status`: every component of the engine and every part of the stack, whether it is as it should be, and one
//! picture of how a request goes through them.

mod chain;
mod parts;
mod picture;

use super::{doctor::leans, env::Syntax, resource_url};
use crate::{
    cli::{self, StatusOutput},
    commands::context::Context,
    engine::{self, Component, Engine, Health, record::Record},
    error::{Code, Error, Exit, Result},
    http_client::HttpClient,
    lenience::Lenience,
    names::ApiId,
    settings::Settings,
    stack::{self, Discovery, OwnCode},
    text::Message,
    ui::{Page, Report, Tone, padded, widest},
};
use bytes::Bytes;
use chain::Chain;
use http::{Method, StatusCode};
use parts::PartStatus;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The pause between two looks of `--wait`.
const PAUSE: Duration = Duration::from_millis(300);
/// How long the deployed API may take for its own document; one that takes longer is not healthy.
const ANSWER: Duration = Duration::from_secs(2);

/// How the whole is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OverallState {
    /// Every component answers and every part is as it should be.
    Healthy,
    /// Something runs, and something that should does not.
    Degraded,
    /// Nothing runs.
    Stopped,
}

impl OverallState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Stopped => "stopped",
        }
    }
}

/// What a lenient engine let pass.
#[derive(Debug, serde::Serialize)]
pub struct Lenient {
    /// For whom it is lenient.
    pub lenience: Lenience,
    /// How many things worked here and fail on AWS.
    pub fails_on_aws: usize,
}

impl Lenient {
    fn look(settings: &Settings) -> Option<Self> {
        let lenience = Record::read(settings).map(|record| record.lenient).unwrap_or_default();
        let fails_on_aws = leans::count(&settings.folder);
        (lenience.is_on() || fails_on_aws > 0).then_some(Self { lenience, fails_on_aws })
    }
}

/// How everything is.
#[derive(Debug, serde::Serialize)]
pub struct StatusReport {
    /// Whether every component is healthy and every part is there.
    pub healthy: bool,
    /// The same with one word more: half of it running is not running.
    pub state: OverallState,
    /// The pieces of the engine.
    pub components: Vec<Component>,
    /// The stack; absent when the engine cannot be asked.
    pub stack: Option<Discovery>,
    /// The parts of the stack, the missing ones too.
    pub parts: Vec<PartStatus>,
    /// How a request goes through all of it; absent when nothing is deployed.
    pub chain: Option<Chain>,
    /// The URL of the API, once it is deployed.
    pub url: Option<String>,
    /// How the API answers; absent when nothing is deployed.
    pub api: Option<Health>,
    /// The user's own code behind it; absent where it is atelier's.
    pub own: Option<OwnCode>,
    /// Why the engine could not be asked for the stack.
    pub problem: Option<Message>,
    /// Whether the engine lets pass what AWS refuses; absent when it is strict and always was.
    pub lenient: Option<Lenient>,
    #[serde(skip)]
    output: Option<StatusOutput>,
    #[serde(skip)]
    error: Option<(Exit, Code, u64)>,
}

impl Report for StatusReport {
    fn human(&self, page: &mut Page) {
        if self.output == Some(StatusOutput::Env) {
            for (name, value) in self.variables() {
                // What is not so any more must not stay in the shell that evaluates this.
                page.raw(value.map_or_else(|| Syntax::Posix.unset(name), |value| Syntax::Posix.export(name, &value)));
            }
            return;
        }
        self.components(page);
        if let Some(stack) = &self.stack {
            parts::human(stack, &self.parts, page);
        }
        if let Some(own) = &self.own {
            let code = Message::new("status.own").with("dir", own.dir.display());
            page.line(code.with("runtime", &own.runtime).with("handler", &own.handler));
        }
        if let Some(chain) = &self.chain {
            page.raw("");
            picture::draw(chain, page);
        }
        if let Some(problem) = &self.problem {
            page.toned(Tone::Bad, &Message::new("status.problem").with_message("problem", problem.clone()));
        }
        if let Some(url) = &self.url {
            page.raw("");
            page.line(Message::new("status.url").with("url", url));
        }
        if let Some(lenient) = &self.lenient {
            page.toned(Tone::Warn, &Message::new("status.lenient").with("count", lenient.fails_on_aws));
        }
    }

    fn exit(&self) -> Option<Exit> {
        self.error.map(|(exit, _, _)| exit)
    }

    fn error(&self) -> Option<Error> {
        self.error.map(|(_, code, seconds)| {
            Error::new(code).with("seconds", seconds).with_message("what", Message::new("awaited.healthy"))
        })
    }
}

impl StatusReport {
    fn components(&self, page: &mut Page) {
        let lang = page.lang();
        let names: Vec<String> = self.components.iter().map(|component| component.label().render(lang)).collect();
        let words = self.components.iter().map(|component| chain::health(component.health).0.render(lang));
        let words: Vec<String> = words.collect();
        let (width, longest) = (widest(&names).max(10), widest(&words));
        for ((component, name), word) in self.components.iter().zip(names).zip(words) {
            let (_, tone) = chain::health(component.health);
            let pid = component.pid.map(|pid| format!("pid {pid}"));
            let facts = [component.url.clone(), pid, Some(component.detail.render(lang))];
            let facts: Vec<String> = facts.into_iter().flatten().filter(|fact| !fact.is_empty()).collect();
            let start = format!("{}  {}  ", padded(&name, width), padded(&page.paint(tone, &word), longest));
            page.folded(&start, width + longest + 4, &facts.join(", "));
        }
    }

    /// What scripts ask for most, as shell variables.
    fn variables(&self) -> [(&'static str, Option<String>); 6] {
        let stack = self.stack.as_ref();
        [
            ("ATELIER_STATE", Some(self.state.as_str().to_owned())),
            ("ATELIER_URL", self.url.clone()),
            ("API_ID", stack.and_then(Discovery::api_id).map(|id| id.to_string())),
            ("INSTANCE_ID", stack.and_then(Discovery::instance_id).map(|id| id.to_string())),
            ("INSTANCE_STATE", stack.and_then(|stack| stack.part(stack::Part::Instance)?.state.clone())),
            ("FUNCTION_NAME", stack.and_then(Discovery::function_name).map(ToOwned::to_owned)),
        ]
    }
}

/// Asks every component, and the engine for the stack; with `--wait` until all is well.
///
/// # Errors
/// `interrupted` while waiting. What cannot be asked is no error but what `status` reports.
pub async fn run(context: &Context, args: &cli::Status) -> Result<StatusReport> {
    let mut report = Box::pin(look(context)).await;
    if let Some(wait) = args.wait {
        let end = Instant::now() + wait;
        if !report.healthy {
            context.progress.begin("status", Message::new("status.waiting"));
        }
        while !report.healthy && Instant::now() < end {
            tokio::select! {
                () = context.cancel.cancelled() => return Err(Error::new(Code::Interrupted)),
                () = sleep(PAUSE.min(end.saturating_duration_since(Instant::now()))) => {}
            }
            report = Box::pin(look(context)).await;
        }
        context.progress.done("status");
    }
    report.error = match (report.healthy, args.check, args.wait) {
        (false, true, _) => Some((Exit::NotRunning, Code::Unhealthy, 0)),
        (false, false, Some(wait)) => Some((Exit::Deadline, Code::Deadline, wait.as_secs())),
        _ => None,
    };
    report.output = args.output;
    Ok(report)
}

async fn look(context: &Context) -> StatusReport {
    let settings = &context.settings;
    let (components, targets, engine) =
        tokio::join!(engine::components(settings), engine::target::all(settings), engine::connect(settings));
    let (mut seen, mut url, mut api, mut problem) = (None, None, None, None);
    let own = stack::own_code(settings).ok().flatten();
    // An engine that hangs would make each of the questions below take its whole deadline.
    let hangs = components.iter().any(|component| component.is_engine() && component.health == Health::Unhealthy);
    match engine {
        _ if hangs => problem = Some(Message::new("status.silent")),
        Err(error) if error.code == Code::NotRunning => {}
        Err(error) => problem = Some(error.message),
        Ok(engine) => match see(context, &engine).await {
            Err(error) => problem = Some(error.message),
            Ok((stack, parts)) => {
                if let Some(id) = stack.api_id() {
                    url = Some(resource_url(settings, &engine, &id));
                    api = Some(match &settings.function.value {
                        Some(_) => chain::served(&stack),
                        None => ask(settings, &engine, &id).await,
                    });
                }
                seen = Some((stack, parts));
            }
        },
    }
    let (stack, parts) = seen.unzip();
    let healthy = components.iter().all(|component| component.health == Health::Healthy)
        && stack
            .as_ref()
            .is_some_and(|stack| stack.is_complete() && stack.obstacles().next().is_none() && chain::works(stack))
        && api == Some(Health::Healthy);
    let runs = components.iter().any(|component| component.health != Health::Stopped);
    let state = match (healthy, runs) {
        (true, _) => OverallState::Healthy,
        (false, true) => OverallState::Degraded,
        (false, false) => OverallState::Stopped,
    };
    let chain = stack.as_ref().filter(|stack| !stack.is_empty());
    let chain = chain.map(|stack| Chain::of(&components, stack, api, &targets));
    let components = components.into_iter().chain(targets).collect();
    let parts = parts.unwrap_or_default();
    let lenient = Lenient::look(settings);
    let (output, error) = (None, None);
    StatusReport { healthy, state, components, stack, parts, chain, url, api, own, problem, lenient, output, error }
}

/// Asks the deployed API for its document, which it gives without the function. Asked is the door on this machine: what
/// lies before it on the way from outside is for `doctor`.
async fn ask(settings: &Settings, engine: &Engine, api: &ApiId) -> Health {
    let door = Record::read(settings).filter(|_| engine.is_own());
    let url = match door {
        Some(record) => Engine { public_url: Some(engine::loopback(record.port)), ..engine.clone() }.api_url(api),
        None => engine.api_url(api),
    };
    let Ok(client) = HttpClient::for_url(&url) else { return Health::Unhealthy };
    let answer = client.call(Method::GET, &format!("{url}/openapi.json"), Bytes::new(), ANSWER).await;
    let is_right = answer.is_ok_and(|answer| answer.status == StatusCode::OK);
    if is_right { Health::Healthy } else { Health::Unhealthy }
}

/// Finds the parts, and what a deploy would do to those that are there.
async fn see(context: &Context, engine: &Engine) -> Result<(Discovery, Vec<PartStatus>)> {
    let stack = Box::pin(stack::discover(engine, &context.settings.stack.value)).await?;
    // A plan that a deploy would be refused for (something foreign in the way) leaves the drift unknown.
    let plan = if stack.is_empty() { None } else { Box::pin(stack::plan(&context.run(engine))).await.ok() };
    let parts = PartStatus::all(&stack, plan.as_ref(), time::OffsetDateTime::now_utc());
    Ok((stack, parts))
}
