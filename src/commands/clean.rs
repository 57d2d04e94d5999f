//! `atelier clean`: lists what is ours, asks, removes it.

use super::locked;
use crate::{
    cli,
    commands::context::Context,
    engine::{self, Engine},
    error::{Code, Error, Result},
    stack::{self, Cleanup, Discovery},
    text::Message,
    ui::{Page, Report},
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
        let count = self.stacks.removed.len() + self.containers.len();
        let key = if count == 0 { "clean.unchanged" } else { "clean.done" };
        page.line(Message::new(key).with("count", count));
    }
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
        ask(context, &stacks, &containers_with(context, &engine, &stacks).await?).await?;
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
        ask(context, &[], &engine::belongings(&context.settings).await).await?;
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
async fn ask(context: &Context, stacks: &[Discovery], containers: &[String]) -> Result<()> {
    let containers = containers.iter().map(|name| (Message::new("clean.container"), name));
    let parts = stacks.iter().flat_map(|stack| &stack.found).map(|found| (found.part.message(), &found.id));
    let lines =
        containers.chain(parts).map(|(part, id)| Message::new("clean.found").with_message("part", part).with("id", id));
    let lines: Vec<Message> = lines.collect();
    if lines.is_empty() {
        return Ok(());
    }
    for line in &lines {
        context.console.say(line);
    }
    let agreed = context.console.confirm(&Message::new("clean.confirm"), "--yes", &context.cancel).await?;
    if agreed { Ok(()) } else { Err(Error::new(Code::Declined)) }
}
