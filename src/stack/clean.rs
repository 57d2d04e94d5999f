//! Takes a stack away: from discovery alone, in reverse order, and nothing that lacks our tags.
//!
//! Every part goes through the same loop as in a deploy, wanting nothing to be there. What is on its way out is waited
//! for, so that a second `clean` finds nothing.

use super::{
    client::Clients,
    discover::Discovery,
    error::Error,
    files,
    part::Part,
    parts,
    reconcile::{Next, Pace, Reconcile, converge},
    run::Run,
    sighting::Sighting,
    snapshot::{Cached, Location},
    spec::Names,
};
use crate::{settings::Settings, text::Message};

/// How many of a part are taken away between two looks.
const AT_ONCE: usize = 100;

/// What was taken away.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Cleanup {
    /// Every resource that was removed, in the order of removal.
    pub removed: Vec<Removed>,
}

/// A resource that was removed.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Removed {
    /// Which part it was.
    pub part: Part,
    /// Its id or name.
    pub id: String,
}

/// Removes everything of these stacks, then the files in this folder that tell of one of them.
///
/// # Errors
/// Returns what failed first; what is left is found again by the next run.
pub async fn clean(run: &Run<'_>, stacks: &[Discovery]) -> Result<Cleanup, Error> {
    Box::pin(take_away(run, stacks)).await.map_err(|error| error.at(run.engine))
}

async fn take_away(run: &Run<'_>, stacks: &[Discovery]) -> Result<Cleanup, Error> {
    let clients = Clients::new(run.engine);
    let pace = Pace::of(run);
    let mut report = Cleanup::default();
    for stack in stacks {
        if let Some(tool) = &stack.managed_by {
            run.progress.warn(Message::new("clean.managed").with("manager", tool));
        }
        let names = Names::of(&stack.stack, &clients.region);
        for part in Part::EVERY.iter().copied().rev() {
            let unwanted = UnwantedPart { clients: &clients, names: &names, part };
            let removed = converge(&unwanted, &pace).await?.1.concat();
            if !removed.is_empty() {
                let message =
                    Message::new("clean.removed").with_message("part", part.message()).with("id", removed.join(", "));
                run.progress.end(part.as_str(), message);
            }
            report.removed.extend(removed.into_iter().map(|id| Removed { part, id }));
        }
    }
    forget_what_went(run, stacks)?;
    Ok(report)
}

/// Removes the files, unless they tell of a stack that is still there: another one, or one in another account or region.
fn forget_what_went(run: &Run<'_>, stacks: &[Discovery]) -> Result<(), Error> {
    if let Some(Cached { snapshot: last, .. }) = Cached::read(&run.settings.folder, run.progress) {
        let Some(gone) = stacks.iter().find(|stack| stack.stack == last.stack) else { return Ok(()) };
        let (was, is) = (last.location(), Location { account: &gone.account, region: &run.engine.connection.region });
        if was != is {
            run.progress.warn(Message::new("clean.elsewhere").with("was", was).with("is", is));
            return Ok(());
        }
    }
    Ok(files::remove(&run.settings.folder)?)
}

/// Removes the files that deploys of this folder wrote, when the engine that they tell of is gone.
///
/// # Errors
/// Returns why a file cannot be removed.
pub fn forget(settings: &Settings) -> Result<(), Error> {
    Ok(files::remove(&settings.folder)?)
}

/// A part that should not be there.
struct UnwantedPart<'a> {
    clients: &'a Clients,
    names: &'a Names,
    part: Part,
}

impl Reconcile for UnwantedPart<'_> {
    type View = Sighting;
    /// The ids of what is removed.
    type Action = Vec<String>;

    fn step(&self) -> &'static str {
        self.part.as_str()
    }

    fn begun(&self, _first: &Vec<String>) -> Option<Message> {
        Some(Message::new("clean.removing").with_message("part", self.part.message()))
    }

    async fn look(&self) -> Result<Sighting, Error> {
        parts::remains(self.part, self.clients, self.names).await
    }

    fn next(&self, view: &Sighting, _done: &[Vec<String>]) -> Result<Next<Vec<String>>, Error> {
        let ids: Vec<String> = view.ours.iter().take(AT_ONCE).map(|found| found.id.clone()).collect();
        Ok(match (ids.is_empty(), view.leaving.is_empty()) {
            (false, _) => Next::Act(ids),
            (true, true) => Next::Done,
            (true, false) => Next::Wait(Message::new("awaited.ended")),
        })
    }

    async fn act(&self, ids: &Vec<String>, _view: &Sighting) -> Result<(), Error> {
        parts::delete(self.part, self.clients, ids).await
    }
}
