//! `atelier clean`: lists what is ours, asks, removes it.

use super::locked;
use crate::{
    cli,
    commands::context::Context,
    engine::{self, Engine},
    error::{Code, Error, Result},
    stack::{self, Cleanup, Discovery, Part},
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
    loop {
        // Without the lock: nobody else waits for the answer of whoever sits here.
        let agreed = if args.yes {
            None
        } else {
            let doomed = Box::pin(look(context, args)).await?;
            ask(context, &doomed).await?;
            Some(doomed.listed())
        };
        let _lock = locked(context).await?;
        let doomed = Box::pin(look(context, args)).await?;
        // Only what was agreed to goes; of anything else the question is another one.
        if agreed.is_none_or(|agreed| agreed == doomed.listed()) {
            return Box::pin(remove(context, args, doomed)).await;
        }
    }
}

/// What would go.
struct Doomed {
    /// The engine that it is in; `None` when that is gone, and its stacks with it.
    engine: Option<Engine>,
    stacks: Vec<Discovery>,
    with: Along,
}

impl Doomed {
    /// All of it, as somebody agrees to it: the parts by stack and id, the containers, and whether the engine goes, too.
    fn listed(&self) -> (Vec<(String, Part, String)>, Vec<String>, bool) {
        let of = |stack: &Discovery| {
            let parts = stack.found.iter().map(|found| (stack.stack.to_string(), found.part, found.id.clone()));
            parts.collect::<Vec<_>>()
        };
        (self.stacks.iter().flat_map(of).collect(), self.with.containers.clone(), self.with.engine.is_some())
    }
}

/// Finds what would go.
async fn look(context: &Context, args: &cli::Clean) -> Result<Doomed> {
    let engine = match engine::connect(&context.settings).await {
        Err(error) if error.code == Code::NotRunning => {
            if engine::keeps_state(&context.settings) {
                return Err(error);
            }
            // Who is not asked needs not be shown them.
            let containers = if args.yes { Vec::new() } else { engine::belongings(&context.settings).await };
            return Ok(Doomed { engine: None, stacks: Vec::new(), with: Along { containers, engine: None } });
        }
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
    let with = along(context, args, &engine, &stacks).await?;
    Ok(Doomed { engine: Some(engine), stacks, with })
}

/// Removes it.
async fn remove(context: &Context, args: &cli::Clean, doomed: Doomed) -> Result<CleanReport> {
    let Doomed { engine, stacks, with } = doomed;
    let Some(engine) = engine else {
        let containers = engine::dismantle(&context.settings).await?;
        stack::forget(&context.settings)?;
        return Ok(CleanReport { stacks: Cleanup::default(), containers });
    };
    if let Some(engine) = with.engine.filter(|_| args.yes) {
        context.progress.warn(engine_too(engine));
    }
    let stacks = stack::clean(&context.run(&engine), &stacks).await?;
    // Another engine than the one that runs here says nothing about what the one here still holds.
    let is_last =
        engine.is_own() && stack::until_cancelled(&context.cancel, "discovery", stack::is_deserted(&engine)).await?;
    let mut containers = if is_last { engine::dismantle(&context.settings).await? } else { Vec::new() };
    if is_last {
        // What an engine takes away itself, with the function that it was made for, has gone, too.
        containers.extend(with.containers);
        containers.sort();
        containers.dedup();
    }
    Ok(CleanReport { stacks, containers })
}

/// Where the stacks are, as people know it: an engine in containers is called behind its door.
async fn place(context: &Context, engine: &Engine) -> String {
    let record = if engine.is_own() { engine::recorded(&context.settings).await } else { None };
    let door = record.map(|record| engine::loopback(record.port)).or_else(|| engine.connection.endpoint.clone());
    door.unwrap_or_else(|| engine.connection.region.clone())
}

/// What goes with the last stack.
#[derive(Default)]
struct Along {
    /// Containers: all of the project's.
    containers: Vec<String>,
    /// The name of an engine that keeps nothing: whatever else is in it goes as well, the user's own buckets and queues.
    engine: Option<Message>,
}

/// Finds what goes with these stacks when no other is left.
async fn along(context: &Context, args: &cli::Clean, engine: &Engine, stacks: &[Discovery]) -> Result<Along> {
    // Of an engine that stays there is nothing to say unasked.
    if !engine.is_own() || (args.yes && !engine.facts.needs_docker()) {
        return Ok(Along::default());
    }
    let others = stack::until_cancelled(&context.cancel, "discovery", stack::discover_all(engine)).await?;
    if !others.iter().all(|other| stacks.iter().any(|stack| stack.stack == other.stack)) {
        return Ok(Along::default());
    }
    let containers = engine::belongings(&context.settings).await;
    let record = if engine.facts.needs_docker() { engine::recorded(&context.settings).await } else { None };
    Ok(Along { containers, engine: record.map(|record| record.kind.message()) })
}

/// Says that an engine goes with its last stack.
fn engine_too(engine: Message) -> Message {
    Message::new("clean.engine_too").with_message("engine", engine)
}

/// Shows what would go, and asks; where nothing would, nobody is asked.
async fn ask(context: &Context, doomed: &Doomed) -> Result<()> {
    let Doomed { engine, stacks, with } = doomed;
    let containers = with.containers.iter().map(|name| (Message::new("clean.container"), name));
    let parts = stacks.iter().flat_map(|stack| &stack.found).map(|found| (found.part.message(), &found.id));
    let doomed: Vec<(String, &String)> =
        containers.chain(parts).map(|(part, id)| (part.render(context.console.lang()), id)).collect();
    if doomed.is_empty() && with.engine.is_none() {
        return Ok(());
    }
    let place = match engine {
        Some(engine) => place(context, engine).await,
        None => Message::new("awaited.docker").to_string(),
    };
    let names: Vec<String> = doomed.iter().map(|(name, _)| name.clone()).collect();
    let width = widest(&names);
    for (name, id) in &doomed {
        let found = Message::new("clean.found").with("part", padded(name, width)).with("id", id);
        context.console.say(&found);
    }
    let of: Vec<String> = stacks.iter().map(|stack| format!("`{}`", stack.stack)).collect();
    let question = question(&of, doomed.len() - with.containers.len(), with).with("place", place);
    match (context.console.confirm(&question, "--yes", &context.cancel).await, &with.engine) {
        (Ok(true), _) => Ok(()),
        (Ok(false), _) => Err(Error::new(Code::Declined)),
        (Err(error), Some(engine)) if error.code == Code::ConfirmationNeeded => {
            Err(error.because_of(engine_too(engine.clone())))
        }
        (Err(error), _) => Err(error),
    }
}

/// The question about so many parts of these stacks, by their names, and about what goes with them.
fn question(of: &[String], count: usize, with: &Along) -> Message {
    let containers = with.containers.len();
    let question = match &with.engine {
        Some(engine) => Message::new("clean.confirm_engine").with_message("engine", engine.clone()),
        None if count == 0 => return Message::new("clean.confirm_containers").with("count", containers),
        None if containers > 0 => Message::new("clean.confirm_with"),
        None => Message::new("clean.confirm"),
    };
    question.with("count", count).with("containers", containers).with("stacks", of.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_says_that_an_engine_that_keeps_nothing_goes_too() {
        let of = ["`atelier`".to_owned()];
        let asked = |with: &Along| question(&of, 7, with).with("place", "here").to_string();
        assert_eq!(asked(&Along::default()), "Remove these 7 of stack `atelier` (here)?");
        let containers = vec!["mycontainer".to_owned(), "atelier-edge-4566".to_owned()];
        let with = Along { containers, engine: None };
        assert_eq!(
            asked(&with),
            "Remove these 7 of stack `atelier` and these 2 containers (here)?",
            "each counted once"
        );
        let engine = crate::engine_kind::EngineKind::Localstack.message();
        let asked = asked(&Along { engine: Some(engine.clone()), ..with });
        assert!(asked.contains("7 of stack `atelier` (here)"), "{asked}");
        assert!(asked.contains("the LocalStack engine with its 2 containers"), "{asked}");
        assert!(engine_too(engine).to_string().contains("the LocalStack engine"));
    }
}
