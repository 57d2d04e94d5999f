//! `atelier deploy --watch`: for whoever changes the handler. Builds when the sources change, deploys when the binary
//! has changed, and waits for the first healthy answer; a stream, NDJSON with `--json`.
//!
//! The function's code is the running binary, and that does not change while it runs: each round is therefore run by the
//! new binary, as a process of its own. Files are looked at, not subscribed to: that works on every file system.

pub(super) mod child;
pub(super) mod stamp;

use super::{
    read_on,
    test::{CLIENT_DEADLINE, client_for},
};
use crate::{
    api_key::Scope,
    commands::context::Context,
    contract::Request,
    disk,
    engine::Engine,
    error::{Code, Error, Result},
    http_client::HttpClient,
    text::Message,
    ui::{Page, Report},
};
use bytes::Bytes;
use http::{Method, StatusCode};
use stamp::Stamp;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How often files are looked at.
const GLANCE: Duration = Duration::from_millis(300);
/// How long files must have rested before they count as changed: editors and linkers write in several steps.
const REST: Duration = Duration::from_millis(300);
/// How often the function is called until it answers.
const CALL: Duration = Duration::from_millis(50);

/// What is watched.
pub(super) struct Watch<'a> {
    pub(super) context: &'a Context,
    /// Tells the key that a closed API wants.
    pub(super) engine: &'a Engine,
    /// Builds the binary, run by `sh` in the project folder.
    pub(super) build: Option<&'a str>,
    /// The API's URL.
    pub(super) url: &'a str,
}

/// A change that has arrived.
#[derive(Debug, serde::Serialize)]
struct Round {
    /// Whether the function was updated; `false` when the binary is the same again.
    changed: bool,
    /// How long the build took, where there was one, in milliseconds.
    build_millis: Option<u128>,
    /// How long the deploy took, in milliseconds.
    update_millis: u128,
    /// How long the first healthy answer took after that, in milliseconds.
    answer_millis: u128,
}

impl Report for Round {
    fn human(&self, page: &mut Page) {
        let key = if self.changed { "watch.updated" } else { "watch.unchanged" };
        let line = Message::new(key).with("update", self.update_millis).with("answer", self.answer_millis);
        page.line(match self.build_millis {
            Some(millis) => Message::new("watch.built").with("build", millis).with_message("rest", line),
            None => line,
        });
    }
}

impl Watch<'_> {
    /// Watches until Ctrl-C, or until nobody reads any more.
    ///
    /// # Errors
    /// `interrupted` ends it; a build or a deploy that fails does not.
    pub(super) async fn run(&self) -> Result<()> {
        let binary = std::env::current_exe().map_err(|source| disk::Error::Io {
            action: "read",
            path: PathBuf::from("/proc/self/exe"),
            source,
        })?;
        let sources = [self.context.settings.folder.join("src"), self.context.settings.folder.join("Cargo.toml")];
        let http = client_for(self.context, self.engine, self.url, Scope::Status).await?;
        let (mut built, mut deployed) = (Stamp::of(&sources), Stamp::of(&[&binary]));
        let watched = if self.build.is_some() { &sources[0] } else { &binary };
        self.context.progress.note(Message::new("watch.watching").with("path", watched.display()));
        loop {
            self.pause(GLANCE).await?;
            let mut build_millis = None;
            if let Some(command) = self.build
                && let Some(now) = self.changed(&built, &sources).await?
            {
                built = now;
                build_millis = self.build(command).await?;
            }
            match (self.changed(&deployed, &[&binary]).await?, build_millis) {
                (Some(now), _) => {
                    deployed = now;
                    if !self.round(&binary, build_millis, &http).await? {
                        return Ok(());
                    }
                }
                (None, Some(millis)) => {
                    let same = Message::new("watch.same").with("build", millis).with("path", binary.display());
                    self.context.progress.note(same);
                }
                (None, None) => {}
            }
        }
    }

    /// Looks whether files differ from what they were, and waits until they rest; a deleted one is about to come back.
    async fn changed<P: AsRef<Path>>(&self, before: &Stamp, paths: &[P]) -> Result<Option<Stamp>> {
        let mut now = Stamp::of(paths);
        while now != *before {
            self.pause(REST).await?;
            let later = Stamp::of(paths);
            if later == now && !now.is_empty() {
                return Ok(Some(now));
            }
            now = later;
        }
        Ok(None)
    }

    /// Runs the build; gives its duration in milliseconds, `None` when it failed, which its own output has told.
    async fn build(&self, command: &str) -> Result<Option<u128>> {
        let began = Instant::now();
        self.context.progress.note(Message::new("watch.building").with("command", command));
        let built = self.or_interrupted(child::build(command, &self.context.settings)).await?;
        if let Err(reason) = built {
            self.context.progress.warn(Message::new("watch.build_failed").with("reason", reason));
            return Ok(None);
        }
        Ok(Some(began.elapsed().as_millis()))
    }

    /// Runs the new binary's deploy and calls it; `false` when nobody reads the result any more.
    async fn round(&self, binary: &Path, build_millis: Option<u128>, http: &HttpClient) -> Result<bool> {
        let began = Instant::now();
        let changed = match self.or_interrupted(child::deploy(binary, self.context)).await? {
            Ok(changed) => changed,
            Err(reason) => {
                self.context.progress.warn(Message::new("watch.deploy_failed").with("reason", reason));
                return Ok(true);
            }
        };
        let updated = Instant::now();
        if !self.or_interrupted(healthy(self.url, http)).await? {
            self.context.progress.warn(Message::new("watch.no_answer").with("seconds", CLIENT_DEADLINE.as_secs()));
            return Ok(true);
        }
        let update_millis = (updated - began).as_millis();
        let round = Round { changed, build_millis, update_millis, answer_millis: updated.elapsed().as_millis() };
        read_on(self.context.console.entry(&round))
    }

    async fn pause(&self, duration: Duration) -> Result<()> {
        self.or_interrupted(tokio::time::sleep(duration)).await
    }

    /// Drops `work` at Ctrl-C; a process that it runs ends with it.
    async fn or_interrupted<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            done = work => Ok(done),
            () = self.context.cancel.cancelled() => Err(Error::new(Code::Interrupted)),
        }
    }
}

/// Calls until the function answers as it should; `false` when it does not within the client's deadline.
async fn healthy(url: &str, http: &HttpClient) -> bool {
    // Whatever the number of instances.
    let url = format!("{url}?{}", Request::Instances.query());
    let answers = async {
        loop {
            let answer = http.call(Method::GET, &url, Bytes::new(), CLIENT_DEADLINE).await;
            if answer.is_ok_and(|answer| answer.status == StatusCode::OK) {
                return;
            }
            tokio::time::sleep(CALL).await;
        }
    };
    tokio::time::timeout(CLIENT_DEADLINE, answers).await.is_ok()
}
