//! `atelier down`: stops the engine, under the folder's lock. The embedded engine's state stays on disk; what a container
//! holds goes with it, which is said before, and asked about where somebody can answer.

use super::{call_line::word, locked, up};
use crate::{
    cli,
    commands::context::Context,
    engine::{self, registry},
    error::{Code, Error, Exit, Result},
    stack,
    text::Message,
    ui::{Page, Report},
};
use futures_util::future::join_all;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::timeout;

/// How long the engine may take to tell what is deployed in it.
const ANSWER: Duration = Duration::from_secs(10);

/// What `down` did.
#[derive(Debug, serde::Serialize)]
#[serde(untagged)]
pub enum DownReport {
    /// It stopped the engine of this folder, or found none.
    Engine(engine::Shutdown),
    /// An AWS API is named that `up` has not started.
    Named {
        /// Where it is.
        url: String,
        /// Never.
        changed: bool,
    },
}

impl Report for DownReport {
    fn human(&self, page: &mut Page) {
        page.line(match self {
            Self::Engine(down) => Message::new(match (down.changed, down.is_lost) {
                (false, _) => "down.unchanged",
                (true, true) => "down.removed",
                (true, false) => "down.stopped",
            }),
            Self::Named { url, .. } => Message::new("down.named").with("url", url),
        });
    }

    fn quiet(&self, _page: &mut Page) {}
}

/// Runs `down`.
///
/// # Errors
/// What [`engine::down`] says, that somebody said no, or that another run is at work here.
pub async fn run(context: &Context, args: &cli::Down) -> Result<DownReport> {
    if engine::is_remote(&context.settings) {
        return Err(engine::nothing_to_start());
    }
    if let Some(url) = up::named(&context.settings) {
        return Ok(DownReport::Named { url, changed: false });
    }
    let _lock = locked(context).await?;
    if let Some(doomed) = doomed(context).await {
        context.progress.warn(doomed);
        // A script that stops its engine means it; a person may have forgotten what is in it.
        if !args.yes && context.console.can_ask() {
            let question = Message::new("down.confirm");
            if !context.console.confirm(&question, "--yes", &context.cancel).await? {
                return Err(Error::new(Code::Declined));
            }
        }
    }
    engine::down(&context.settings, &context.progress).await.map(DownReport::Engine)
}

/// What goes with an engine that keeps nothing: the stacks that are deployed in it. `None` where nothing is, or it keeps
/// what is.
async fn doomed(context: &Context) -> Option<Message> {
    let engine = engine::connect(&context.settings).await.ok()?;
    if engine.facts.keeps_state || !engine.is_own() {
        return None;
    }
    let stacks = timeout(ANSWER, Box::pin(stack::discover_all(&engine))).await;
    let Ok(Ok(stacks)) = stacks else { return Some(Message::new("down.loses_something")) };
    let names: Vec<String> = stacks.iter().map(|stack| format!("`{}`", stack.stack)).collect();
    let loses = Message::new("down.loses").with("names", names.join(", "));
    (!names.is_empty()).then_some(loses)
}

/// What `down --all` did in one folder.
#[derive(Debug, serde::Serialize)]
pub struct Stopped {
    /// The folder.
    pub folder: PathBuf,
    /// Whether an engine ran there, and was stopped.
    pub changed: bool,
    /// Whether what was deployed in it went with it.
    pub is_lost: bool,
    /// Why it was not stopped.
    pub problem: Option<Message>,
}

/// What `down --all` did.
#[derive(Debug, serde::Serialize)]
pub struct AllDownReport {
    /// Folder by folder.
    pub folders: Vec<Stopped>,
}

impl Report for AllDownReport {
    fn human(&self, page: &mut Page) {
        if self.folders.is_empty() {
            page.line(Message::new("down.unchanged"));
        }
        for stopped in &self.folders {
            let done = match (&stopped.problem, stopped.changed, stopped.is_lost) {
                (Some(problem), _, _) => problem.clone(),
                (None, false, _) => Message::new("down.unchanged"),
                (None, true, true) => Message::new("down.removed"),
                (None, true, false) => Message::new("down.stopped"),
            };
            let line = Message::new("down.folder").with("folder", word(&stopped.folder.display().to_string()));
            page.line(line.with_message("done", done));
        }
    }

    fn exit(&self) -> Option<Exit> {
        self.folders.iter().any(|stopped| stopped.problem.is_some()).then_some(Exit::Failed)
    }

    fn error(&self) -> Option<Error> {
        let problem = self.folders.iter().find_map(|stopped| stopped.problem.clone())?;
        Some(Error { message: problem, ..Error::new(Code::Unhealthy) })
    }
}

/// Stops the engines of every folder of this user, one after the other, each under its folder's lock. One that cannot be
/// stopped keeps no other one running.
///
/// # Errors
/// That somebody said no, or Ctrl-C.
pub async fn all(context: &Context, args: &cli::Down) -> Result<AllDownReport> {
    engine::refuse_to_start(&context.settings)?;
    let folders = registry::folders(&context.settings);
    let there =
        |folder: &Path| Context { settings: registry::settings_of(&context.settings, folder), ..context.clone() };
    let losses = join_all(folders.iter().map(|folder| {
        let there = there(folder);
        Box::pin(async move { doomed(&there).await })
    }));
    let losses = losses.await;
    let is_asked = folders.len() > 1 || losses.iter().any(Option::is_some);
    for (folder, doomed) in folders.iter().zip(losses) {
        let Some(doomed) = doomed else { continue };
        let warning = Message::new("down.folder").with("folder", word(&folder.display().to_string()));
        context.progress.warn(warning.with_message("done", doomed));
    }
    if is_asked && !args.yes && context.console.can_ask() {
        let question = Message::new("down.confirm_all").with("count", folders.len());
        if !context.console.confirm(&question, "--yes", &context.cancel).await? {
            return Err(Error::new(Code::Declined));
        }
    }
    let mut report = AllDownReport { folders: Vec::new() };
    for folder in folders {
        if context.cancel.is_cancelled() {
            return Err(Error::new(Code::Interrupted));
        }
        let there = there(&folder);
        let stopped = async {
            let _lock = locked(&there).await?;
            engine::down(&there.settings, &there.progress).await
        };
        report.folders.push(match stopped.await {
            Ok(down) => Stopped { folder, changed: down.changed, is_lost: down.is_lost, problem: None },
            Err(error) => Stopped { folder, changed: false, is_lost: false, problem: Some(error.message) },
        });
    }
    Ok(report)
}
