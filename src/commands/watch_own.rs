//! `atelier deploy --watch` with a function of the user's own: what is saved in its folder is shipped at once, by this
//! process and to the function alone; a stream, NDJSON with `--json`.
//!
//! Nothing is called afterwards: what a request to somebody's function does, is not known here.

use super::{build, read_on, watch::stamp::Stamp};
use crate::{
    commands::context::Context,
    engine::Engine,
    error::{Code, Error, Result},
    settings::OwnFunction,
    stack::{self, Lock},
    text::Message,
    ui::{Page, Report},
};
use std::time::{Duration, Instant};

/// How often files are looked at, and how long they must have rested: what is saved in several steps is shipped once.
const GLANCE: Duration = Duration::from_millis(30);
/// Of the time between two looks, the looks take this part at most: a folder may hold ten thousand files.
const SHARE: u32 = 10;

/// What code is built from, in a project: as far as it is known here.
const SOURCES: [&str; 5] = ["src", "Cargo.toml", "package.json", "go.mod", "main.go"];

/// What is watched.
pub(super) struct WatchOwn<'a> {
    pub(super) context: &'a Context,
    pub(super) engine: &'a Engine,
    pub(super) function: &'a OwnFunction,
}

/// A change that has arrived.
#[derive(Debug, serde::Serialize)]
struct Shipped {
    /// Whether the function was updated; `false` when its code is the same again.
    changed: bool,
    /// How long it took from the look that saw the change, in milliseconds.
    millis: u128,
}

impl Report for Shipped {
    fn human(&self, page: &mut Page) {
        let key = if self.changed { "watch.shipped" } else { "watch.same_code" };
        page.line(Message::new(key).with("millis", self.millis));
    }
}

impl WatchOwn<'_> {
    /// Watches until Ctrl-C, or until nobody reads any more.
    ///
    /// # Errors
    /// `interrupted` ends it; code that cannot be shipped does not.
    pub(super) async fn run(&self) -> Result<()> {
        let mut shipped = self.look();
        let watched = match self.function.build {
            Some(_) => self.context.settings.folder.join(SOURCES[0]),
            None => self.function.dir.clone(),
        };
        self.context.progress.note(Message::new("watch.watching").with("path", watched.display()));
        loop {
            let (now, began) = self.changed(&shipped).await?;
            shipped = now;
            match self.ship(began).await {
                Ok(round) => {
                    if !read_on(self.context.console.entry(&round))? {
                        return Ok(());
                    }
                }
                Err(error) if self.context.cancel.is_cancelled() => return Err(error),
                Err(error) => {
                    let reason = error.causes.iter().fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
                    self.context.progress.warn(Message::new("watch.deploy_failed").with("reason", reason));
                }
            }
        }
    }

    /// What tells one state of the code from another; with a build, of what the code is made of.
    fn look(&self) -> String {
        let project = &self.context.settings.folder;
        match self.function.build {
            Some(_) => format!("{:?}", Stamp::of(&SOURCES.map(|name| project.join(name)))),
            None => stack::own_stamp(self.function),
        }
    }

    /// Waits for a change that rests; gives what is there then, and when it was first seen.
    async fn changed(&self, before: &str) -> Result<(String, Instant)> {
        let (mut last, mut seen) = (None, None);
        loop {
            let began = Instant::now();
            let now = self.look();
            if now == before {
                (last, seen) = (None, None);
            } else if last.as_ref() == Some(&now) {
                return Ok((now, seen.unwrap_or(began)));
            } else {
                seen = seen.or(Some(began));
                last = Some(now);
            }
            let pause = GLANCE.max(began.elapsed() * SHARE);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.context.cancel.cancelled() => return Err(Error::new(Code::Interrupted)),
            }
        }
    }

    async fn ship(&self, began: Instant) -> Result<Shipped> {
        let context = self.context;
        let patience = super::PATIENCE.min(context.settings.timeout.value);
        let _lock = Lock::take(&context.settings.folder, patience, &context.progress, &context.cancel).await?;
        build::own(context).await?;
        let changed = stack::ship(&context.run(self.engine)).await?;
        Ok(Shipped { changed, millis: began.elapsed().as_millis() })
    }
}
