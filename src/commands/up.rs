//! `atelier up`: starts the engine, under the folder's lock. Where an AWS API is named that runs already (as by `atelier run`),
//! there is none to start.

use super::{locked, read_on};
use crate::{
    cli,
    commands::context::Context,
    contract::Lifetime,
    engine::{self, record::Record},
    error::{Code, Error, Result},
    hosts::is_url_here,
    lenience::Lenience,
    settings::{Origin, Settings},
    text::Message,
    ui::{Page, Report},
};
use std::time::Duration;

/// How often an engine in the foreground is looked after.
const LOOK: Duration = Duration::from_secs(1);

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What `up` did.
#[derive(Debug, serde::Serialize)]
#[serde(untagged)]
pub enum UpReport {
    /// It started an engine, or found it running.
    Engine(engine::Startup),
    /// An AWS API is named that runs already.
    Named {
        /// Where it is.
        url: String,
        /// Never.
        changed: bool,
    },
    /// The engine that it stayed with has ended.
    Ended {
        /// Always.
        ended: bool,
    },
}

impl Report for UpReport {
    fn human(&self, page: &mut Page) {
        page.line(match self {
            Self::Engine(up) => {
                let key = if up.changed { "up.ready" } else { "up.unchanged" };
                Message::new(key).with_message("engine", up.engine.message()).with("url", &up.url)
            }
            Self::Named { url, .. } => Message::new("up.named").with("url", url),
            Self::Ended { .. } => Message::new("down.stopped"),
        });
        if let Self::Engine(up) = self
            && up.lenient.is_on()
        {
            page.line(Message::new(format!("up.lenient.{}", up.lenient.as_str())));
        }
        if let Self::Engine(up) = self
            && up.iam
        {
            page.line(Message::new("up.iam"));
        }
    }

    fn quiet(&self, _page: &mut Page) {}
}

/// The AWS API that is named and runs already.
pub(super) fn named(settings: &Settings) -> Option<String> {
    settings.endpoint.value.clone().filter(|_| !engine::is_remote(settings))
}

/// Runs `up`.
///
/// # Errors
/// What [`engine::up`] says, that another run is at work here, or that nobody agreed to what lenience opens; in the
/// foreground also that the engine ended by itself.
pub async fn run(context: &Context, args: &cli::Up) -> Result<UpReport> {
    let up = start(context, args).await?;
    if !args.foreground {
        return Ok(up);
    }
    read_on(context.console.entry(&up))?;
    context.progress.note(Message::new("up.foreground"));
    Box::pin(stay(context)).await?;
    engine::down(&context.settings, &context.progress).await?;
    Ok(UpReport::Ended { ended: true })
}

/// Stays until Ctrl-C, or until the engine runs no more.
async fn stay(context: &Context) -> Result<()> {
    loop {
        let look = Box::pin(engine::connect(&context.settings));
        if let Some(Err(error)) = context.cancel.run_until_cancelled(look).await
            && error.code == Code::NotRunning
            && !is_back(context).await
        {
            return Err(error);
        }
        if context.cancel.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
            return Ok(());
        }
    }
}

/// Whether an engine that ran no more runs again: another `up`, which holds the lock meanwhile, has changed something.
async fn is_back(context: &Context) -> bool {
    let Ok(_lock) = locked(context).await else { return false };
    Box::pin(engine::connect(&context.settings)).await.is_ok()
}

async fn start(context: &Context, args: &cli::Up) -> Result<UpReport> {
    if let Some(url) = named(&context.settings) {
        return Ok(UpReport::Named { url, changed: false });
    }
    let _lock = locked(context).await?;
    if !args.yes {
        ask(context).await?;
    }
    let is_other = context.settings.engine.value.is_some_and(|kind| kind != engine::ENDS_BY_ITSELF);
    if args.stop_after.is_some() && is_other {
        return Err(Error::new(Code::Usage).with_message("detail", Message::new("up.stop_after_engine")));
    }
    if let Some(lifetime) = args.stop_after {
        let value = lifetime.to_string();
        let flag = ("--stop-after", value.as_str());
        engine::imply(&context.settings, &context.progress, engine::ENDS_BY_ITSELF, flag).await?;
    }
    let mut up = engine::up(&context.settings, &context.progress).await?;
    engine::registry::remember(&context.settings);
    up.changed |= engine::mend::door(&context.settings, &context.progress).await;
    // Of a Codespace's own port, which leads nowhere else, it has been told whether it is open.
    if matches!(context.settings.public_endpoint.origin, Origin::Flag(_) | Origin::Environment(_) | Origin::File(_))
        && let Ok(engine) = engine::connect(&context.settings).await
    {
        engine::reach::warn(&context.settings, &engine, &context.progress).await;
    }
    if let Some(lifetime) = args.stop_after {
        end_after(context, lifetime)?;
    }
    Ok(UpReport::Engine(up))
}

/// Writes down when the engine is to end; given again, it counts from now on.
fn end_after(context: &Context, lifetime: Lifetime) -> Result<()> {
    let Some(mut record) = Record::read(&context.settings) else { return Ok(()) };
    let at = OffsetDateTime::now_utc() + lifetime.duration();
    record.stops_at = Some(at.unix_timestamp());
    record.write_to(&context.settings.folder)?;
    let at = at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default();
    context.progress.note(Message::new("up.stops_at").with("time", at));
    Ok(())
}

/// Asks before an engine becomes lenient where others than this machine may reach it. On loopback alone nobody is asked.
async fn ask(context: &Context) -> Result<()> {
    let settings = &context.settings;
    let Some(lenience) = engine::becomes_lenient(settings) else { return Ok(()) };
    let (opens, question) = match (lenience, &settings.public_endpoint.value) {
        (Lenience::Public, url) => {
            let url = url.clone().unwrap_or_else(|| engine::loopback(engine::meant_port(settings).value));
            (Message::new("up.lenient.opens_public").with("url", url), "up.lenient.confirm")
        }
        (_, Some(url)) if !is_url_here(url) => {
            (Message::new("up.lenient.opens").with("url", url), "up.lenient.confirm")
        }
        (_, _) => return Ok(()),
    };
    context.console.say(&opens);
    match context.console.confirm(&Message::new(question), "--yes", &context.cancel).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::new(Code::Declined)),
        Err(error) if error.code == Code::ConfirmationNeeded => Err(error.because_of(opens)),
        Err(error) => Err(error),
    }
}
