//! `atelier clean`: lists what is ours, asks, removes it.

use super::locked;
use crate::{
    cli,
    commands::context::Context,
    engine::{self, Engine},
    error::{Code, Error, Result},
    stack::{self, Cleanup, Discovery},
    text::Message,
    ui::{Page, Report, padded, widest},
};

/// What `clean` did.
#[derive(Debug, Default, serde::Serialize)]
pub struct CleanReport {
    /// What went of the stacks.
    #[serde(flatten)]
    stacks: Cleanup,
    /// The containers that went with the last stack.
    containers: Vec<String>,
}

impl Report for CleanReport {
    fn human(&self, page: &mut Page) {
        let count = self.stacks.removed.len();
        let names: Vec<String> = self.containers.iter().map(|name| format!("`{name}`")).collect();
        page.line(match (count, names.is_empty()) {
            (0, true) => Message::new("clean.unchanged"),
            (_, true) => Message::new("clean.done").with("count", count),
            (_, false) => Message::new("clean.done_with").with("count", count).with("names", names.join(", ")),
        });
    }

    fn quiet(&self, _page: &mut Page) {}
}

/// Runs `clean`. An engine in containers goes with the last of its stacks, and the container of the bonus with it.
///
/// # Errors
/// That nobody can be asked, that no engine runs, that another run is at work here, or what failed in the stack.
pub async fn run(context: &Context, args: &cli::Clean) -> Result<CleanReport> {
    let _lock = locked(context).await?;
    let engine = match engine::connect(&context.settings).await {
        Err(error) if error.code == Code::NotRunning => return without_engine(context, args, error).await,
        engine => engine?,
    };
    let own = &context.settings.stack.value;
    let look = async {
        let mut stacks = vec![stack::discover(&engine, own).await?];
        if args.all {
            let others = stack::discover_all(&engine).await?.into_iter();
            stacks.extend(others.filter(|stack| stack.stack != *own));
        }
        Ok(stacks)
    };
    let stacks = stack::until_cancelled(&context.cancel, "discovery", look).await?;
    if !args.yes {
        let place = engine.connection.endpoint.as_deref().unwrap_or(&engine.connection.region);
        ask(context, place, &stacks, &containers_with(context, &engine, &stacks).await?).await?;
    }
    let stacks = stack::clean(&context.run(&engine), &stacks).await?;
    // Another engine than the one that runs here says nothing about what the one here still holds.
    let is_last =
        engine.is_own() && stack::until_cancelled(&context.cancel, "discovery", stack::is_deserted(&engine)).await?;
    let containers = if is_last { engine::dismantle(&context.settings).await? } else { Vec::new() };
    Ok(CleanReport { stacks, containers })
}

/// Cleans up after an engine that is gone, and its stacks with it.
async fn without_engine(context: &Context, args: &cli::Clean, not_running: Error) -> Result<CleanReport> {
    if engine::keeps_state(&context.settings) {
        return Err(not_running);
    }
    if !args.yes {
        let place = Message::new("awaited.docker").to_string();
        ask(context, &place, &[], &engine::belongings(&context.settings).await).await?;
    }
    let containers = engine::dismantle(&context.settings).await?;
    stack::forget(&context.settings)?;
    Ok(CleanReport { stacks: Cleanup::default(), containers })
}

/// Returns the containers that go with these stacks: all of the project's, when no other stack is left.
async fn containers_with(context: &Context, engine: &Engine, stacks: &[Discovery]) -> Result<Vec<String>> {
    if !engine.is_own() {
        return Ok(Vec::new());
    }
    let others = stack::until_cancelled(&context.cancel, "discovery", stack::discover_all(engine)).await?;
    let is_last = others.iter().all(|other| stacks.iter().any(|stack| stack.stack == other.stack));
    Ok(if is_last { engine::belongings(&context.settings).await } else { Vec::new() })
}

/// Shows what would go, and asks; where nothing would, nobody is asked.
async fn ask(context: &Context, place: &str, stacks: &[Discovery], containers: &[String]) -> Result<()> {
    let containers = containers.iter().map(|name| (Message::new("clean.container"), name));
    let parts = stacks.iter().flat_map(|stack| &stack.found).map(|found| (found.part.message(), &found.id));
    let doomed: Vec<(String, &String)> =
        containers.chain(parts).map(|(part, id)| (part.render(context.console.lang()), id)).collect();
    if doomed.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = doomed.iter().map(|(name, _)| name.clone()).collect();
    let width = widest(&names);
    for (name, id) in &doomed {
        let found = Message::new("clean.found").with("part", padded(name, width)).with("id", id);
        context.console.say(&found);
    }
    let of: Vec<String> = stacks.iter().map(|stack| format!("`{}`", stack.stack)).collect();
    let question = if of.is_empty() {
        Message::new("clean.confirm_containers")
    } else {
        Message::new("clean.confirm").with("stacks", of.join(", "))
    };
    let question = question.with("count", doomed.len()).with("place", place);
    let agreed = context.console.confirm(&question, "--yes", &context.cancel).await?;
    if agreed { Ok(()) } else { Err(Error::new(Code::Declined)) }
}
