//! How the user is told where the dashboard is: a URL that lets one browser in, and anew when the engine is another one.
//!
//! The token is never in a process's arguments, which everybody on a machine can read: a browser is given a file that only
//! its owner can, and which is gone once it was used.

use super::board::Board;
use crate::{
    api_key::Scope,
    commands::{context::Context, open},
    disk,
    engine::{reach, record::Record},
    error::{Code, Error, Result},
    secret::Secret,
    text::Message,
    ui::{Page, Report},
};
use maud::{DOCTYPE, html};
use std::{path::PathBuf, time::Duration};
use tokio::time::{Instant, sleep};

/// How long a token waits to be used.
const LIFE: Duration = Duration::from_mins(15);
/// How often it is looked whether the engine is still the same.
const PAUSE: Duration = Duration::from_secs(1);
/// How often it is looked whether a Codespace's port has been opened to everybody, in these pauses.
const EXPOSED: u32 = 30;

/// Tells the user.
pub(super) struct Told<'a> {
    pub(super) context: &'a Context,
    pub(super) board: &'a Board,
    /// Whether nothing but the URL is wanted.
    pub(super) only_url: bool,
}

/// Where the dashboard is, as one entry of a stream.
#[derive(Debug, serde::Serialize)]
struct Invited {
    /// What lets one browser in.
    url: String,
    /// What lets others look, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_url: Option<String>,
    #[serde(skip)]
    only_url: bool,
}

impl Report for Invited {
    fn human(&self, page: &mut Page) {
        if self.only_url {
            page.raw(&self.url);
            self.share_url.iter().for_each(|url| page.raw(url));
            return;
        }
        page.line(Message::new("board.told.url"));
        page.raw(format_args!("  {}", self.url));
        if let Some(url) = &self.share_url {
            page.line(Message::new("board.told.share"));
            page.raw(format_args!("  {url}"));
        }
        page.line(Message::new("board.told.end"));
    }
}

impl Told<'_> {
    /// Prints a URL that lets one browser in, and one for others that only looks.
    ///
    /// # Errors
    /// That stdout cannot be written to, or that the system has no randomness to give.
    pub(super) fn invite(&self, share: Option<Duration>) -> Result<()> {
        let url = self.url(&self.token(Scope::Control, LIFE)?);
        let share_url = match share {
            Some(life) => {
                let token =
                    self.board.sessions.invite(Scope::Status, false, Instant::now() + life).map_err(no_randomness)?;
                Some(self.url(&token))
            }
            None => None,
        };
        let invited = Invited { url, share_url, only_url: self.only_url };
        self.context.console.entry(&invited).map_err(|error| {
            let error = Error::new(Code::File).with("path", "stdout").cause(&error);
            error.with_message("action", Message::new("action.write"))
        })
    }

    fn token(&self, scope: Scope, life: Duration) -> Result<Secret> {
        self.board.sessions.invite(scope, true, Instant::now() + life).map_err(no_randomness)
    }

    fn url(&self, token: &Secret) -> String {
        format!("{}/enter#{}", self.board.place.url(), token.expose())
    }

    /// Opens a browser; `false` when none takes it. In a Codespace it is one on another machine, which cannot read our
    /// file: that one is shown the door, and the URL in the terminal opens it.
    pub(super) async fn browse(&self) -> bool {
        if self.board.place.forwarded_url().is_some() {
            return open::open(self.context, &format!("{}/enter", self.board.place.url())).await;
        }
        let Ok(token) = self.token(Scope::Control, LIFE) else { return false };
        let url = format!("{}/enter#{}", self.board.place.local_url(), token.expose());
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="refresh" content={ "0; url=" (url) };
                    title { "atelier" }
                }
                body { a href=(url) { "atelier" } }
            }
        };
        let path = self.page();
        disk::replace(&path, page.into_string().as_bytes(), 0o600).is_ok()
            && open::open(self.context, &format!("file://{}", path.display())).await
    }

    fn page(&self) -> PathBuf {
        disk::own_folder(&self.context.settings.folder).join("dashboard.html")
    }

    /// Removes what a browser was given.
    pub(super) fn withdraw(&self) {
        // Where there is none, there is nothing to remove.
        let _ = disk::remove(&self.page());
    }

    /// Watches over who is let in: sessions end with their engine, and a port that a Codespace shows to everybody is shut.
    pub(super) async fn watch(&self) {
        let session = || Record::read(&self.context.settings).map(|record| record.session);
        let mut known = session();
        for round in 0_u32.. {
            if round.is_multiple_of(EXPOSED) {
                self.see_exposure().await;
            }
            sleep(PAUSE).await;
            if !self.board.sessions.is_awaited() {
                self.withdraw();
            }
            let now = session();
            if now.is_some() && known.is_some() && now != known {
                self.board.sessions.end();
                // Who reads the terminal no more has no use for another URL.
                let _ = self.invite(None);
            }
            known = now.or(known);
        }
    }

    /// Sees whether the tunnel lets everybody through, and says so once.
    async fn see_exposure(&self) {
        let Some(url) = self.board.place.forwarded_url() else { return };
        let is_public = reach::is_open(&format!("{url}/enter")).await;
        if self.board.place.is_seen_public(is_public) {
            let port = self.board.place.port();
            self.context.progress.warn(Message::new("board.told.public").with("port", port));
        }
    }
}

fn no_randomness(error: getrandom::Error) -> Error {
    Error::new(Code::Bug).with("detail", "no randomness").cause(&error)
}
