//! Starting and stopping: which engine is meant, what of it runs, and what goes with it.
//!
//! The record tells what was meant; what is there, processes and labels tell. A record whose engine has ended still says
//! how the next one is to be, and where it is lost, the containers stand in for it.

use super::{
    aws, codespace,
    deadline::within,
    embedded, localstack, port,
    record::Record,
    report::{Shutdown, Startup},
};
use crate::{
    disk,
    engine_kind::EngineKind,
    error::{Code, Error, Result},
    progress::Progress,
    settings::{Origin, Settings},
    text::Message,
};

/// Starts the wanted engine, or the one that suits this machine; an engine that runs already is left alone.
///
/// # Errors
/// Says why the machine cannot run it (port, Docker, image, folder), or that it ended while starting.
pub async fn up(settings: &Settings, progress: &Progress) -> Result<Startup> {
    let recorded = recorded(settings).await;
    let runs = match &recorded {
        Some(record) => match (is_running(settings, record).await, settings.engine.value) {
            // Docker's silence is no obstacle to an engine that needs no Docker.
            (Err(_), Some(wanted)) if wanted != record.kind => false,
            (runs, _) => runs?,
        },
        None => false,
    };
    let kind = kind(settings, progress, recorded.as_ref(), runs).await?;
    let meant = meant(settings, progress, recorded.as_ref(), runs, kind)?;
    let up = match kind {
        EngineKind::Embedded => {
            if recorded.is_some_and(|record| record.kind.facts().needs_docker()) {
                // Its edge would hold the port, and its record is about to go.
                sweep_beside(settings, progress, None).await?;
            }
            embedded::up(&meant, progress).await?
        }
        EngineKind::Localstack => Box::pin(localstack::up(&meant, progress)).await?,
        EngineKind::Aws => return Err(aws::nothing_to_start()),
    };
    codespace::open_port(settings, up.port, progress).await;
    Ok(up)
}

/// Tells which kind is meant: the one that the user names, else the recorded one, else the one that suits this machine.
async fn kind(settings: &Settings, progress: &Progress, record: Option<&Record>, runs: bool) -> Result<EngineKind> {
    if settings.lenient.value.is_on() {
        return lenient_kind(settings, record.filter(|_| runs));
    }
    match (settings.engine.value, record) {
        (Some(wanted), Some(record)) if runs && wanted != record.kind => Err(Error::new(Code::BadSetting)
            .with("name", "engine")
            .with("value", wanted)
            .with_message("rule", Message::new("rule.running_engine").with("engine", record.kind))),
        (Some(wanted), _) => Ok(wanted),
        // Who names an image wants a container.
        (None, Some(record)) if runs || settings.image.value.is_none() => Ok(record.kind),
        (None, _) => Ok(choose(settings, progress).await),
    }
}

/// Tells which kind is meant by who wants a lenient engine: there is one that can be.
fn lenient_kind(settings: &Settings, running: Option<&Record>) -> Result<EngineKind> {
    let refused =
        |rule| Err(Error::new(Code::BadSetting).with("name", "lenient").with("value", "on").with_message("rule", rule));
    let named = settings.engine.value.is_some_and(|kind| kind != EngineKind::Embedded);
    match running {
        Some(record) if record.kind != EngineKind::Embedded => {
            refused(Message::new("rule.running_engine").with("engine", record.kind))
        }
        _ if named || settings.image.value.is_some() => refused(Message::new("rule.lenient_engine")),
        _ => Ok(EngineKind::Embedded),
    }
}

/// The settings, with the record's port and image where the user names none. A port that is in use stays in use.
fn meant(
    settings: &Settings,
    progress: &Progress,
    record: Option<&Record>,
    runs: bool,
    kind: EngineKind,
) -> Result<Settings> {
    let wanted = settings.port.value;
    let mut meant = match record {
        Some(record) if runs || settings.port.origin == Origin::Default => settings.at_port(record.port),
        // An engine of one process takes whatever port is free; the names of containers and the URL of a Codespace have
        // it in them.
        _ if wanted == 0 && (kind.facts().needs_docker() || settings.codespace.is_some()) => {
            let free = port::free().map_err(|error| Error::new(Code::Bug).with("detail", error))?;
            settings.at_port(free)
        }
        _ => settings.clone(),
    };
    if settings.port.origin != Origin::Default && wanted != 0 && meant.port.value != wanted {
        let warning = Message::new("engine.other_port").with("port", meant.port.value);
        progress.warn(warning.with("wanted", wanted));
    }
    if meant.image.value.is_none() {
        meant.image.value = record.and_then(|record| record.image.clone());
    }
    Ok(meant)
}

/// What is recorded of this folder's engine; where the record is lost, what its containers tell.
pub(crate) async fn recorded(settings: &Settings) -> Option<Record> {
    match Record::read(settings) {
        Some(record) => Some(record),
        None => localstack::traces(settings).await,
    }
}

/// The record of the engine that runs here.
///
/// # Errors
/// [`Code::NotRunning`] when none does, or why Docker, which runs the recorded one, does not answer.
pub(crate) async fn running(settings: &Settings) -> Result<Record> {
    let Some(record) = recorded(settings).await else { return Err(Error::new(Code::NotRunning)) };
    if is_running(settings, &record).await? {
        return Ok(record);
    }
    let ended = Message::new("engine.ended").with("engine", record.kind);
    Err(Error::new(Code::NotRunning).because_of(ended.with("since", record.started_to_the_second())))
}

async fn is_running(settings: &Settings, record: &Record) -> Result<bool> {
    match record.kind {
        EngineKind::Embedded => Ok(embedded::is_running(record)),
        EngineKind::Localstack => localstack::is_running(settings, record).await,
        EngineKind::Aws => Ok(false),
    }
}

/// Chooses LocalStack where Docker and its image are there, else this binary, and says why.
async fn choose(settings: &Settings, progress: &Progress) -> EngineKind {
    match localstack::why_not(settings).await {
        None => EngineKind::Localstack,
        Some(reason) => {
            progress.note(Message::new("engine.chosen_embedded").with_message("reason", reason));
            EngineKind::Embedded
        }
    }
}

/// Stops the engine that is recorded here; its state stays.
///
/// # Errors
/// Says why it cannot be stopped, or why its record cannot be removed.
pub async fn down(settings: &Settings, progress: &Progress) -> Result<Shutdown> {
    let record = recorded(settings).await;
    let kind = record.as_ref().map(|record| record.kind);
    let changed = match &record {
        Some(record) if record.kind.facts().needs_docker() => {
            within(settings, "awaited.containers_end", localstack::down(settings, progress)).await?
        }
        Some(record) => {
            let ran = embedded::down(record, progress).await?;
            !sweep_beside(settings, progress, Some(record)).await?.is_empty() || ran
        }
        None => {
            let ran = embedded::down_unrecorded(settings, progress).await?;
            !sweep_beside(settings, progress, None).await?.is_empty() || ran
        }
    };
    Record::remove(settings)?;
    let engine = kind.or(changed.then_some(EngineKind::Embedded));
    Ok(Shutdown { engine, changed, is_lost: changed && engine.is_some_and(|kind| !kind.facts().keeps_state) })
}

/// Removes the containers that stand beside an engine which needs no Docker. That Docker cannot be asked keeps nothing
/// from ending; it is told where the record says that something is left there.
async fn sweep_beside(settings: &Settings, progress: &Progress, record: Option<&Record>) -> Result<Vec<String>> {
    let sweep = localstack::sweep(settings, localstack::What::Engine);
    match within(settings, "awaited.containers_end", sweep).await {
        Err(error) if is_silence(&error) => {
            if record.is_some_and(|record| record.docker_proxy.is_some()) {
                progress.warn(Message::new("engine.proxy_stays").with_message("reason", error.message));
            }
            Ok(Vec::new())
        }
        swept => swept,
    }
}

/// Whether Docker could not be asked at all.
fn is_silence(error: &Error) -> bool {
    matches!(error.code, Code::DockerUnreachable | Code::DockerDenied | Code::BadSetting)
}

/// Takes away what belongs to no stack: the containers of this project and atelier's own images; an embedded engine
/// stays. Gives the containers' names, none where Docker was never used.
///
/// # Errors
/// Says why Docker, which the record says is in use, does not answer, or which container it would not remove.
pub async fn dismantle(settings: &Settings) -> Result<Vec<String>> {
    let record = recorded(settings).await;
    let sweep = localstack::sweep(settings, localstack::What::Everything);
    let removed = match within(settings, "awaited.containers_end", sweep).await {
        Err(error) if is_silence(&error) && !record.as_ref().is_some_and(Record::uses_docker) => Vec::new(),
        removed => removed?,
    };
    match record {
        Some(record) if record.kind.facts().needs_docker() => Record::remove(settings)?,
        Some(record) if record.docker_proxy.is_some() => {
            Record { docker_proxy: None, ..record }.write_to(&settings.folder)?;
        }
        _ => {}
    }
    Ok(removed)
}

/// Returns the containers that [`dismantle`] would take away; none where Docker cannot be asked.
pub async fn belongings(settings: &Settings) -> Vec<String> {
    let listed = within(settings, "awaited.docker", localstack::belongings(settings)).await;
    listed.unwrap_or_default()
}

/// Whether a stack may be in what an engine that does not run has left on disk; containers leave nothing.
#[must_use]
pub fn keeps_state(settings: &Settings) -> bool {
    let is_lost = Record::read(settings).is_some_and(|record| !record.kind.facts().keeps_state);
    !is_lost && disk::own_folder(&settings.folder).join("engine").exists()
}
