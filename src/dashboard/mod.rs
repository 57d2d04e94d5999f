//! `atelier dashboard`: everything in a browser, served on a port of this machine's own for as long as the command runs.
//!
//! Responsible for the pages, who may see them and what they may have done. What they show is what the commands report;
//! nothing here asks an engine by itself. Not here: the public door's page (`edge::welcome`), which shows nothing.
//!
//! Pages are whole HTML, made anew for each request; a script, where there is one, is told by a stream that something has
//! changed, asks for the same page again and puts in what differs.

mod actions;
mod board;
mod calling;
mod current;
mod desk;
mod facts;
mod footprint;
mod guard;
mod invitation;
mod layout;
mod listener;
mod lookout;
mod pages;
mod place;
mod prometheus;
mod questions;
mod recent;
mod server;
mod session;
mod shown;
mod stance;
mod stream;
mod view;
mod views;

use crate::{
    cli,
    commands::{
        context::Context,
        open::{self as api, OpenReport},
    },
    engine::{self, record::Record},
    error::{Code, Error, Result},
    progress::Progress,
    settings::Settings,
    text::Message,
    ui::{Page, Report},
};
use board::Board;
use current::Current;
use desk::Worker;
use invitation::Told;
use place::Place;
use stance::Stance;
use std::{future::Future, net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, time::sleep};

/// How far from the engine's port the dashboard's is, where that one is free.
const BESIDE: u16 = 10;
/// What open pages get to end once the command does.
const FAREWELL: Duration = Duration::from_millis(500);

/// Where the dashboard was.
#[derive(Debug, serde::Serialize)]
pub struct DashboardReport {
    /// Its URL, without what lets anybody in.
    pub url: String,
    /// The port on this machine.
    pub port: u16,
}

impl Report for DashboardReport {
    fn human(&self, _page: &mut Page) {}
}

/// What `open` has opened.
#[derive(Debug, serde::Serialize)]
#[serde(untagged)]
pub enum Opened {
    /// The dashboard, in a browser.
    Dashboard(DashboardReport),
    /// Nothing: nobody takes a URL here.
    Url(OpenReport),
}

impl Report for Opened {
    fn human(&self, page: &mut Page) {
        match self {
            Self::Dashboard(report) => report.human(page),
            Self::Url(report) => report.human(page),
        }
    }
}

/// Serves the dashboard until Ctrl-C.
///
/// # Errors
/// That no port can be had, or that stdout cannot be written to.
pub async fn run(context: &Context, args: &cli::Dashboard) -> Result<DashboardReport> {
    let (house, worker) = House::build(context, args.allow_writes).await?;
    let board = house.board.clone();
    let told = Told { context, board: &board, only_url: args.url || context.console.is_quiet() };
    told.invite(args.share)?;
    // Served meanwhile: a browser that is there asks at once.
    let begin = async {
        if !args.url && context.console.is_watched() {
            told.browse().await;
        }
        Ok(true)
    };
    let report = DashboardReport { url: board.place.url(), port: board.place.port() };
    Box::pin(house.serve(context, worker, &told, begin)).await?;
    Ok(report)
}

/// Whether `open` is to open the dashboard: somebody looks, and has not asked for the URL alone.
#[must_use]
pub fn is_opened(context: &Context, args: &cli::Open) -> bool {
    !args.url && context.console.is_watched()
}

/// Opens the dashboard in a browser and serves it until Ctrl-C; where no browser takes it, gives the API's URL instead.
///
/// # Errors
/// As [`run`], and as `open` without a browser.
pub async fn open(context: &Context, args: &cli::Open) -> Result<Opened> {
    let (house, worker) = House::build(context, false).await?;
    let board = house.board.clone();
    let told = Told { context, board: &board, only_url: false };
    let begin = async {
        let is_taken = told.browse().await;
        if is_taken {
            told.invite(None)?;
        }
        Ok(is_taken)
    };
    let report = DashboardReport { url: board.place.url(), port: board.place.port() };
    if Box::pin(house.serve(context, worker, &told, begin)).await? {
        return Ok(Opened::Dashboard(report));
    }
    api::run(context, args).await.map(Opened::Url)
}

/// A listener and what is served on it.
struct House {
    listener: TcpListener,
    board: Arc<Board>,
}

impl House {
    async fn build(context: &Context, allow_writes: bool) -> Result<(Self, Worker)> {
        let settings = &context.settings;
        let listener = listen(settings).await?;
        let port = listener.local_addr().map_err(|error| no_port(&error))?.port();
        let is_remote = engine::is_remote(settings);
        let stance = Arc::new(Stance::new(!is_remote || allow_writes, settings));
        let (desk, worker) = desk::open();
        let place = Place::new(port, forwarded(settings, port));
        let board = Arc::new(Board::new(place, desk, stance, context.cancel.clone()));
        Ok((Self { listener, board }, worker))
    }

    /// Serves until Ctrl-C, or until what was begun with it says that there is nobody to serve (`false`). What pages ask
    /// of commands is done here, and tells nothing on the way.
    async fn serve(
        self,
        context: &Context,
        worker: Worker,
        told: &Told<'_>,
        begin: impl Future<Output = Result<bool>>,
    ) -> Result<bool> {
        let Self { listener, board } = self;
        let quiet = Context { progress: Progress::silent(), ..context.clone() };
        let current = Current::new(quiet, board.stance.clone());
        let end = async {
            context.cancel.cancelled().await;
            sleep(FAREWELL).await;
        };
        let attend = async {
            if !begin.await? {
                return Ok(false);
            }
            told.watch().await;
            Ok(true)
        };
        let served = tokio::select! {
            served = server::serve(listener, board.clone()) => served.map(|()| true).map_err(|error| no_port(&error)),
            () = worker.serve(&current) => Ok(true),
            () = lookout::keep(&board.lookout, &current) => Ok(true),
            attended = attend => attended,
            () = end => Ok(true),
        };
        told.withdraw();
        served
    }
}

/// Listens beside the engine's port, or on any port where that one is taken; on this machine only.
async fn listen(settings: &Settings) -> Result<TcpListener> {
    let port = Record::read(settings).map_or(settings.port.value, |record| record.port);
    let beside = port.checked_add(BESIDE).filter(|port| *port > BESIDE).unwrap_or(0);
    match TcpListener::bind((Ipv4Addr::LOCALHOST, beside)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| no_port(&error)),
    }
}

fn no_port(error: &std::io::Error) -> Error {
    let error = Error::new(Code::File).with_message("action", Message::new("action.use")).cause(error);
    error.with("path", "127.0.0.1")
}

/// The name under which this Codespace forwards a port.
fn forwarded(settings: &Settings, port: u16) -> Option<String> {
    let (name, domain) = (settings.codespace.as_ref()?, settings.forwarding_domain.as_ref()?);
    Some(format!("{name}-{port}.{domain}").to_ascii_lowercase())
}
