//! `atelier deploy`: brings the stack to what is wanted, or tells with `--dry-run` what that would take.

use super::{
    build, curl, instance_to_try, locked,
    plan::{self, PlanReport},
    read_on,
    watch::Watch,
    watch_own::WatchOwn,
};
use crate::{
    cli,
    commands::context::Context,
    contract::{PATH, Request, WhichInstance},
    engine::{self, Engine, reach, target::Need},
    error::{Code, Error, Result},
    settings::{self, Auth},
    stack::{self, Deployment},
    text::Message,
    ui::{Page, Report},
};

/// What `deploy` did, or would do.
#[derive(Debug, serde::Serialize)]
#[serde(untagged)]
pub enum DeployReport {
    /// It did.
    Done(Deployment),
    /// It did, and what came after has been told.
    Watched(Deployment),
    /// It would do.
    Planned(PlanReport),
}

impl Report for DeployReport {
    fn human(&self, page: &mut Page) {
        match self {
            Self::Done(report) => done(report, page),
            Self::Watched(_) => {}
            Self::Planned(plan) => plan.human(page),
        }
    }

    fn quiet(&self, page: &mut Page) {
        if let Self::Done(report) = self {
            page.raw(url(report));
        }
    }
}

/// The block that the workshop's scripts look for, then the line to try, which has the URL in it.
fn done(report: &Deployment, page: &mut Page) {
    page.rule();
    page.line(Message::new(if report.changed { "deploy.done" } else { "deploy.unchanged" }));
    page.raw(format_args!("API_ID: {}", report.api_id));
    page.rule();
    let request = report.own.is_none().then(|| Request::Instance(first(report)));
    page.raw(curl(&url(report), request.as_ref(), report.keys.is_some()));
}

/// The instance that is asked for in what is to be tried: the first, by its name where it has one.
fn first(report: &Deployment) -> WhichInstance {
    let first = report.parts.iter().find(|part| part.id == report.instance_id.as_str());
    instance_to_try(first.and_then(|part| part.name.as_deref()))
}

/// The URL of what the API has: atelier's one resource, or whatever is below it.
fn url(report: &Deployment) -> String {
    let path = if report.own.is_some() { "/" } else { PATH };
    format!("{}{path}", report.url)
}

/// Runs `deploy`.
///
/// # Errors
/// That no engine runs, that another run is at work here, or what failed in the stack; Ctrl-C is how `--watch` ends.
pub async fn run(context: &Context, args: &cli::Deploy) -> Result<DeployReport> {
    if args.dry_run {
        return Ok(DeployReport::Planned(plan::plan(context, false).await?));
    }
    if args.build.is_some() && context.settings.function.value.is_some() {
        return Err(Error::new(Code::Usage).with_message("detail", Message::new("deploy.own_build")));
    }
    let lock = locked(context).await?;
    if !context.settings.containers.value.is_empty() {
        engine::refuse_without_docker(&context.settings)?;
    }
    let mut engine = engine::connect(&context.settings).await?;
    // Before anything is written or made.
    if let Err(error) = check(context, &engine).await {
        return Err(engine::with_last_words(&context.settings, error.into()).await);
    }
    // Before the stack, whose function is told of the door to them.
    let brought = Box::pin(engine::target::bring(&context.settings, &context.progress)).await?;
    for container in &brought {
        let told = Message::new(format!("deploy.container.{}", container.change.as_str()));
        context.progress.end("container", told.with("name", &container.name).with("image", &container.image));
    }
    // What was made may have opened the door that functions are told of.
    if brought.iter().any(|container| container.change != Need::Unchanged) {
        engine = engine::connect(&context.settings).await?;
    }
    build::own(context).await?;
    let keep = || args.auth.map_or(Ok(()), |auth| keep(context, auth));
    let report = match stack::deploy_checked(&context.run(&engine), keep).await {
        Err(error) => return Err(engine::with_last_words(&context.settings, error.into()).await),
        Ok(report) => report,
    };
    // Only what can be is kept.
    if let Some(function) = &context.settings.function.value
        && (args.function.is_some() || args.runtime.is_some() || args.handler.is_some())
    {
        settings::keep_function(&context.settings.folder, function)?;
    }
    settings::keep_entries(&context.settings.folder, &args.instance, &args.container)?;
    reach::warn(&context.settings, &engine, &context.progress).await;
    for key in notes(engine.is_loopback(), report.keys) {
        match key {
            OPEN if report.own.is_some() => context.progress.warn(Message::new("deploy.public_own")),
            OPEN => context.progress.warn(Message::new(key)),
            _ => context.progress.note(Message::new(key)),
        }
    }
    if !args.watch {
        return Ok(DeployReport::Done(report));
    }
    drop(lock);
    let url = url(&report);
    let report = DeployReport::Done(report);
    if read_on(context.console.entry(&report))? {
        let watched = match &context.settings.function.value {
            Some(function) => WatchOwn { context, engine: &engine, function }.run().await,
            None => Watch { context, engine: &engine, build: args.build.as_deref(), url: &url }.run().await,
        };
        match watched {
            // The way out of what has no end.
            Err(error) if error.code == Code::Interrupted => {}
            ended => ended?,
        }
    }
    Ok(match report {
        DeployReport::Done(report) => DeployReport::Watched(report),
        planned => planned,
    })
}

/// Refuses what a deploy would be refused for, where it begins with containers, which are no part of the stack.
async fn check(context: &Context, engine: &Engine) -> std::result::Result<(), stack::Error> {
    let run = context.run(engine);
    stack::check_types(&run).await?;
    if context.settings.containers.value.is_empty() { Ok(()) } else { stack::check_owner(&run).await }
}

/// Keeps who may call the API in the folder's file, which is about the folder's own stack; of another nothing is kept.
fn keep(context: &Context, auth: Auth) -> Result<()> {
    let settings = &context.settings;
    if settings.is_own_stack()? {
        return settings::keep(&settings.folder, &settings::source::AUTH, auth.as_str());
    }
    let note = Message::new("deploy.auth_not_kept").with("auth", auth.as_str());
    context.progress.note(note.with("stack", &settings.stack.value));
    Ok(())
}

/// Whoever has the URL may call the API: said also to who wants to hear as little as possible.
const OPEN: &str = "deploy.public";

/// What to say about who can call the API.
fn notes(is_loopback: bool, keys: Option<usize>) -> impl Iterator<Item = &'static str> {
    let reach = match (is_loopback, keys) {
        (true, _) => Some("deploy.loopback"),
        (false, None) => Some(OPEN),
        (false, Some(_)) => None,
    };
    reach.into_iter().chain((keys == Some(0)).then_some("deploy.no_key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(is_loopback: bool, keys: Option<usize>) -> Vec<&'static str> {
        notes(is_loopback, keys).collect()
    }

    #[test]
    fn an_open_api_on_a_public_url_is_one_line_and_a_closed_one_is_none() {
        assert_eq!(said(false, None), ["deploy.public"]);
        assert_eq!(said(false, Some(1)), [""; 0]);
        assert_eq!(said(false, Some(0)), ["deploy.no_key"]);
        assert_eq!(said(true, None), ["deploy.loopback"]);
        assert_eq!(said(true, Some(0)), ["deploy.loopback", "deploy.no_key"]);
    }
}
