//! `atelier status`: every component of the engine and every part of the stack, whether it is as it should be, and one
//! picture of how a request goes through them.

mod chain;
mod last_call;
mod parts;
mod picture;

use super::{call_line::word, doctor::leans, env::Syntax, live, resource_url};
use crate::{
    cli::{self, StatusOutput},
    commands::context::Context,
    engine::{self, Component, Engine, Health, record::Record},
    error::{Code, Error, Exit, Result},
    http_client::HttpClient,
    lenience::Lenience,
    names::ApiId,
    settings::{Auth, Settings},
    stack::{self, Discovery, OwnCode, kept_key},
    text::Message,
    ui::{Page, Report, Tone, padded, widest},
};
use bytes::Bytes;
use chain::ApiHealth;
pub(crate) use chain::{Chain, Station};
use http::{Method, StatusCode};
use last_call::LastCall;
pub(crate) use parts::PartStatus;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

/// The pause between two looks of `--wait`.
const PAUSE: Duration = Duration::from_millis(300);
/// The pause between two looks of `--watch`.
const WATCH_PAUSE: Duration = Duration::from_secs(2);
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
    /// Who would have to tell does not: no credentials, or no answer.
    Unknown,
}

impl OverallState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown",
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
    /// What is wrong with the way the API answers, where anything is.
    pub api_problem: Option<Message>,
    /// How the last call of the API ended, where that was within a day.
    pub last_call: Option<LastCall>,
    /// The user's own code behind it; absent where it is atelier's.
    pub own: Option<OwnCode>,
    /// Why the engine could not be asked for the stack.
    pub problem: Option<Message>,
    /// Whether the engine lets pass what AWS refuses; absent when it is strict and always was.
    pub lenient: Option<Lenient>,
    /// What can be done about that.
    pub hints: Vec<Message>,
    /// What is to be done next, where anything is.
    pub next: Option<Message>,
    #[serde(skip)]
    is_verbose: bool,
    /// Whether it has been printed already.
    #[serde(skip)]
    is_streamed: bool,
    #[serde(skip)]
    output: Option<StatusOutput>,
    #[serde(skip)]
    error: Option<(Exit, Code, u64)>,
}

impl Report for StatusReport {
    fn human(&self, page: &mut Page) {
        if self.is_streamed {
            return;
        }
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
            for (station, why) in chain.reasons() {
                let line = Message::new("status.why").with_message("name", station.label.clone());
                page.toned(Tone::Bad, &line.with_message("why", why.clone()));
            }
        }
        if let Some(call) = &self.last_call {
            let (tone, line) = call.line(OffsetDateTime::now_utc());
            page.toned(tone, &line);
        }
        if let Some(problem) = &self.problem {
            page.toned(Tone::Bad, &Message::new("status.problem").with_message("problem", problem.clone()));
            for hint in &self.hints {
                page.raw(format_args!(
                    "  {} {}",
                    Message::new("ui.hint").render(page.lang()),
                    hint.render(page.lang())
                ));
            }
        }
        if let Some(url) = &self.url {
            page.raw("");
            page.line(Message::new("status.url").with("url", url));
        }
        if let Some(lenient) = &self.lenient {
            page.toned(Tone::Warn, &Message::new("status.lenient").with("count", lenient.fails_on_aws));
        }
        if let Some(next) = &self.next {
            page.line(next.clone());
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

    fn quiet(&self, page: &mut Page) {
        if self.output.is_some() {
            self.human(page);
        }
    }
}

impl StatusReport {
    /// What counts as a change of it, in a line.
    fn line(&self) -> String {
        let mut words = vec![self.state.as_str().to_owned()];
        words.extend(self.components.iter().map(|component| format!("{} {}", component.name, health_word(component))));
        let parts = self.parts.iter().map(|part| {
            let state = part.state.as_deref().or(part.id.as_ref().map(|_| "there")).unwrap_or("missing");
            // Of several, which one.
            let name = part.name.as_deref().or(part.id.as_deref().filter(|_| part.part == stack::Part::Alarm));
            let name = name.map(|name| format!(" {}", word(name))).unwrap_or_default();
            let held = if part.held { " held by hand" } else { "" };
            let stops_at = part.stops_at.as_deref().map(|at| format!(" stops at {}", word(at))).unwrap_or_default();
            format!("{}{name} {state}{held}{stops_at}", part.part.as_str())
        });
        words.extend(parts);
        words.extend(self.last_call.as_ref().map(LastCall::in_a_line));
        words.join("  ")
    }

    fn components(&self, page: &mut Page) {
        let lang = page.lang();
        let names: Vec<String> = self.components.iter().map(|component| component.label().render(lang)).collect();
        let words = self.components.iter().map(|component| chain::health(component.health).0.render(lang));
        let words: Vec<String> = words.collect();
        let (width, longest) = (widest(&names).max(10), widest(&words));
        for ((component, name), word) in self.components.iter().zip(names).zip(words) {
            let (_, tone) = chain::health(component.health);
            // What nobody reads pushes out what everybody does.
            let pid = component.pid.filter(|_| self.is_verbose).map(|pid| format!("pid {pid}"));
            let image = component.image.clone().filter(|_| self.is_verbose);
            let facts = [component.url.clone(), pid, image, Some(component.detail.render(lang))];
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
    if args.watch {
        let look = async || Ok(Box::pin(look(context, Depth::Parts)).await);
        let report = Box::pin(live::watch(context, WATCH_PAUSE, look, StatusReport::line)).await?;
        return Ok(StatusReport { is_streamed: true, ..report });
    }
    // An engine in containers loads each service when it is first asked for it: some seconds of silence.
    let loads = Record::read(&context.settings).is_some_and(|record| record.kind.facts().needs_docker());
    context.progress.wait("look", Message::new(if loads { "status.loading" } else { "plan.looking" }));
    let mut report = Box::pin(look(context, Depth::Drift)).await;
    context.progress.done("look");
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
            report = Box::pin(look(context, Depth::Drift)).await;
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

/// A component's health, as JSON says it.
fn health_word(component: &Component) -> String {
    let word = serde_json::to_value(component.health).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// How closely a look looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What is there.
    Parts,
    /// That, and what a deploy would do to it.
    Drift,
}

/// Asks every component, and the engine for the stack.
pub(crate) async fn look(context: &Context, depth: Depth) -> StatusReport {
    let settings = &context.settings;
    let (mut components, targets, engine, way) = tokio::join!(
        engine::components(settings),
        engine::target::all(settings),
        engine::connect(settings),
        engine::reach::component(settings),
    );
    let own = stack::own_code(settings).ok().flatten();
    let (mut seen, mut url, mut api, mut last_call, mut problem) = (None, None, None, None, None);
    // An engine that hangs would make each of the questions below take its whole deadline, and one that nobody can ask
    // all of them together.
    let engine_health = components.iter().find(|component| component.is_engine() || component.kind == "cloud");
    match (engine, engine_health.map(|component| component.health)) {
        (Ok(engine), Some(Health::Unknown)) if engine.facts.is_remote() => problem = Some(engine::no_credentials()),
        (Err(error), _) if error.code == Code::NotRunning => {}
        (Err(error), _) => problem = Some(error),
        (Ok(_), Some(Health::Unhealthy)) => problem = Some(silent()),
        (Ok(engine), _) => match see(context, &engine, depth).await {
            Err(error) => problem = Some(error),
            Ok((stack, parts)) => {
                if let Some(id) = stack.api_id() {
                    url = Some(resource_url(settings, &engine, &id));
                    api = Some(match &settings.function.value {
                        // What is asked of a function of the user's own, and what it does then, is the user's to say.
                        Some(_) => ApiHealth { health: chain::served(&stack), why: None },
                        None => ask(settings, &engine, &stack, &id).await,
                    });
                    last_call = LastCall::find(settings, &stack).await;
                    // A caller sees that, whatever is deployed, and nobody has to be called to find it out.
                    if let Some(why) = last_call.as_ref().and_then(|call| call.why_never.clone()) {
                        api = Some(ApiHealth { health: Health::Unhealthy, why: Some(why) });
                    }
                }
                seen = Some((stack, parts));
            }
        },
    }
    if problem.is_some() {
        // Nobody has heard of it how it is.
        let clouds = components.iter_mut().filter(|component| component.kind == "cloud");
        clouds.for_each(|component| component.health = Health::Unknown);
    }
    components.iter_mut().for_each(|component| component.answered(problem.is_none()));
    components.extend(way);
    let (stack, parts) = seen.unzip();
    let healthy = components.iter().all(|component| component.health.is_well())
        && stack.as_ref().is_some_and(Discovery::is_right)
        && api.as_ref().is_some_and(|api| api.health.is_well());
    let is = |health| components.iter().any(|component| component.health == health);
    let state = match healthy {
        true => OverallState::Healthy,
        false if components.iter().all(|component| component.health == Health::Stopped) => OverallState::Stopped,
        false if is(Health::Unknown) && !is(Health::Unhealthy) => OverallState::Unknown,
        false => OverallState::Degraded,
    };
    let next = next(&components, stack.as_ref(), problem.is_some());
    let chain = stack.as_ref().filter(|stack| !stack.is_empty());
    let chain = chain.map(|stack| Chain::of(&components, stack, api.as_ref(), &targets));
    let components = components.into_iter().chain(targets).collect();
    let (api, api_problem) = api.map(|api| (api.health, api.why)).unzip();
    StatusReport {
        healthy,
        state,
        components,
        stack,
        parts: parts.unwrap_or_default(),
        chain,
        url,
        api,
        api_problem: api_problem.flatten(),
        last_call,
        own,
        hints: problem.as_ref().map(Error::hints_or_default).unwrap_or_default(),
        problem: problem.map(|error| error.message),
        lenient: Lenient::look(settings),
        next,
        is_verbose: context.console.is_verbose(),
        is_streamed: false,
        output: None,
        error: None,
    }
}

/// The problem of an engine that does not answer as it should; its component says how.
fn silent() -> Error {
    Error {
        message: Message::new("status.silent"),
        ..Error::new(Code::Unhealthy).hint(Message::new("hint.engine_refused"))
    }
}

/// What mends what is not as it should be: the one line that people look for where they look first.
fn next(components: &[Component], stack: Option<&Discovery>, is_unknown: bool) -> Option<Message> {
    let is_down = components.iter().any(|component| component.health == Health::Stopped);
    let key = match stack {
        _ if is_down => "status.next.up",
        _ if is_unknown => return None,
        Some(stack) if stack.is_empty() => "status.next.deploy",
        Some(stack) if !stack.is_right() => "status.next.mend",
        _ => return None,
    };
    Some(Message::new(key))
}

/// Asks the deployed API for its document, which it gives without the function, with the key that is kept here, if one
/// is. Asked is the door on this machine; what lies before it on the way from outside is a row of its own.
async fn ask(settings: &Settings, engine: &Engine, stack: &Discovery, api: &ApiId) -> ApiHealth {
    let door = Record::read(settings).filter(|_| engine.is_own());
    let url = match door {
        Some(record) => Engine { public_url: Some(engine::loopback(record.port)), ..engine.clone() }.api_url(api),
        None => engine.api_url(api),
    };
    let unhealthy = |why| ApiHealth { health: Health::Unhealthy, why: Some(why) };
    let client = match HttpClient::for_url(&url) {
        Err(error) => return unhealthy(Message::literal(error)),
        Ok(client) => client,
    };
    let client = match kept_key::read(&settings.folder) {
        Some(key) => client.with_api_key(&key),
        None => client,
    };
    let answer = match client.call(Method::GET, &format!("{url}/openapi.json"), Bytes::new(), ANSWER).await {
        Err(error) => return unhealthy(error.reason()),
        Ok(answer) => answer,
    };
    let wants_key = settings.auth.value == Auth::ApiKey || stack.part(stack::Part::UsagePlan).is_some();
    match answer.status {
        StatusCode::OK => ApiHealth { health: Health::Healthy, why: None },
        // The gateway itself says so, and it asks the right question.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if wants_key => {
            ApiHealth { health: Health::Healthy, why: None }
        }
        StatusCode::TOO_MANY_REQUESTS => {
            ApiHealth { health: Health::Limited, why: Some(Message::new("reach.limited")) }
        }
        status => unhealthy(Message::new("reach.answers").with("status", status.as_u16())),
    }
}

/// Finds the parts, and what a deploy would do to those that are there.
async fn see(context: &Context, engine: &Engine, depth: Depth) -> Result<(Discovery, Vec<PartStatus>)> {
    let stack = Box::pin(stack::discover(engine, &context.settings.stack.value)).await?;
    // A plan that a deploy would be refused for (something foreign in the way) leaves the drift unknown.
    let is_asked = depth == Depth::Drift && !stack.is_empty();
    let plan = if is_asked { Box::pin(stack::plan(&context.run(engine))).await.ok() } else { None };
    let parts = PartStatus::all(&stack, plan.as_ref(), OffsetDateTime::now_utc());
    Ok((stack, parts))
}
