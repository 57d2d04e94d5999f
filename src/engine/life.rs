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
    docker::{ImageName, image},
    engine_kind::EngineKind,
    error::{Code, Error, Result},
    progress::Progress,
    settings::{Origin, Setting, Settings},
    text::{Message, Verbatim},
};
use std::net::Ipv4Addr;

/// Starts the wanted engine, or the one that suits this machine; an engine that runs already is left alone, unless it is to
/// be otherwise and loses nothing by another start.
///
/// # Errors
/// Says why the machine cannot run it (port, Docker, image, folder), or that it ended while starting.
pub async fn up(settings: &Settings, progress: &Progress) -> Result<Startup> {
    if is_remote(settings) {
        return Err(aws::nothing_to_start());
    }
    refuse_to_start(settings)?;
    Record::refuse_folder(&settings.folder)?;
    let recorded = recorded(settings).await;
    let runs = match &recorded {
        Some(record) => match (is_running(settings, record).await, settings.engine.value) {
            // Docker's silence is no obstacle to an engine that needs no Docker.
            (Err(_), Some(wanted)) if wanted != record.kind => false,
            (runs, _) => runs?,
        },
        None => false,
    };
    if let Some(record) = recorded.as_ref().filter(|_| runs) {
        agree(settings, record)?;
    }
    let last = if recorded.is_none() { Record::last(settings) } else { None };
    let kind = kind(settings, progress, recorded.as_ref(), last.as_ref(), runs).await?;
    refuse_for(kind, settings)?;
    let before = recorded.as_ref().or_else(|| last.as_ref().filter(|last| last.kind == kind));
    let meant = meant(settings, progress, before, runs, kind)?;
    let up = match kind {
        EngineKind::Embedded => {
            if recorded.is_some_and(|record| record.kind.facts().needs_docker()) {
                // Its edge would hold the port, and its record is about to go.
                sweep_beside(settings, progress, None).await?;
            }
            Box::pin(embedded::up(&meant, progress)).await?
        }
        EngineKind::Localstack => Box::pin(localstack::up(&meant, progress)).await?,
        EngineKind::Aws => return Err(aws::nothing_to_start()),
    };
    codespace::open_port(settings, up.port, progress).await;
    Ok(up)
}

/// Refuses to start or stop what is named by a flag and runs already.
///
/// # Errors
/// [`Code::Usage`].
pub fn refuse_to_start(settings: &Settings) -> Result<()> {
    match settings.endpoint.origin {
        Origin::Flag(flag) => Err(Error::new(Code::Usage)
            .with_message("detail", Message::new("usage.endpoint_is_not_started").with("flag", flag))),
        _ => Ok(()),
    }
}

/// Makes sure that `flag` may mean the kind that alone can do what it asks: another that runs is not replaced unasked, and one
/// that ran here the last time is not without a word.
///
/// # Errors
/// [`Code::OtherEngine`].
pub async fn imply(
    settings: &Settings,
    progress: &Progress,
    kind: EngineKind,
    (flag, value): (&'static str, &str),
) -> Result<()> {
    let recorded = recorded(settings).await;
    if let Some(record) = recorded.as_ref().filter(|record| record.kind != kind)
        && is_running(settings, record).await.unwrap_or(false)
    {
        return Err(contradiction(flag, value, record));
    }
    if let Some(last) = recorded.or_else(|| Record::last(settings)).filter(|last| last.kind != kind) {
        let other = Message::new("engine.other_kind").with("flag", flag).with_message("engine", kind.message());
        progress.note(other.with_message("last", last.kind.message()));
    }
    Ok(())
}

/// Tells which kind is meant by who wants what one kind can only (`setting`, `value`): that one.
fn embedded_kind(
    settings: &Settings,
    running: Option<&Record>,
    (setting, flag, value): (&'static str, &'static str, &'static str),
) -> Result<EngineKind> {
    let refused =
        |rule| Err(Error::new(Code::BadSetting).with("name", setting).with("value", value).with_message("rule", rule));
    let named = settings.engine.value.is_some_and(|kind| kind != EngineKind::Embedded);
    match running {
        Some(record) if record.kind != EngineKind::Embedded => Err(contradiction(flag, value, record)),
        _ if named || settings.image.value.is_some() => refused(Message::new("rule.lenient_engine")),
        _ => Ok(EngineKind::Embedded),
    }
}

/// Tells which kind is meant: the one that the user names, else the recorded one, else the one that was ended last, else
/// the one that suits this machine.
async fn kind(
    settings: &Settings,
    progress: &Progress,
    record: Option<&Record>,
    last: Option<&Record>,
    runs: bool,
) -> Result<EngineKind> {
    let running = record.filter(|_| runs);
    if settings.lenient.value.is_on() {
        return embedded_kind(settings, running, ("lenient", "--lenient", settings.lenient.value.as_str()));
    }
    if settings.iam.value {
        return embedded_kind(settings, running, ("iam", "--iam", "on"));
    }
    // Who names an image wants a container.
    let has_image = settings.image.value.is_some();
    match (settings.engine.value, record, last) {
        (Some(wanted), Some(record), _) if runs && wanted != record.kind => {
            Err(contradiction("--engine", wanted, record))
        }
        (Some(wanted), _, _) => Ok(wanted),
        (None, Some(record), _) if runs || !has_image => Ok(record.kind),
        (None, None, Some(last)) if !has_image => {
            progress.note(again(last));
            Ok(last.kind)
        }
        (None, _, _) => Ok(choose(settings, progress).await),
    }
}

/// Refuses flags that mean nothing to the kind of engine that is about to start, rather than to start one without them.
fn refuse_for(kind: EngineKind, settings: &Settings) -> Result<()> {
    let (origin, value, rule) = if kind.facts().needs_docker() {
        (&settings.listen.origin, settings.listen.value.map(|address| address.to_string()), "rule.listen_engine")
    } else {
        (&settings.image.origin, settings.image.value.clone(), "rule.image_engine")
    };
    match (origin, value) {
        (Origin::Flag(flag), Some(value)) => Err(Error::new(Code::BadSetting)
            .with("name", *flag)
            .with("value", value)
            .with_message("rule", Message::new(rule))),
        _ => Ok(()),
    }
}

/// Says which engine of an earlier time is taken up again, and how to get the other.
fn again(last: &Record) -> Message {
    let key = if last.kind.facts().keeps_state { "engine.again" } else { "engine.again_empty" };
    let other = if last.kind == EngineKind::Embedded { EngineKind::Localstack } else { EngineKind::Embedded };
    let image = last.image.as_deref().filter(|image| *image != image::LOCALSTACK);
    let name = match image {
        Some(image) => {
            Message::new("engine.with_image").with_message("engine", last.kind.message()).with("image", image)
        }
        None => last.kind.message(),
    };
    Message::new(key).with_message("engine", name).with("other", other)
}

/// The refusal of a flag that names something else than what runs.
fn contradiction(flag: &'static str, value: impl Verbatim, record: &Record) -> Error {
    let error = Error::new(Code::OtherEngine).with("flag", flag).with("value", value).with("port", record.port);
    error.with_message("engine", record.kind.message())
}

/// Refuses flags that contradict the engine that runs here: to go on without them would do something else than was
/// asked. What a variable or `atelier.toml` says is how the next engine is to be, which `up` starts where nothing is lost
/// by that.
fn agree(settings: &Settings, record: &Record) -> Result<()> {
    let is_flag = |origin: &Origin| matches!(origin, Origin::Flag(_));
    if let Some(wanted) = settings.engine.value.filter(|_| is_flag(&settings.engine.origin))
        && wanted != record.kind
    {
        return Err(contradiction("--engine", wanted, record));
    }
    let port = settings.port.value;
    if is_flag(&settings.port.origin) && port != 0 && port != record.port {
        return Err(contradiction("--port", port, record));
    }
    if let Some(wanted) = &settings.image.value {
        let running = record.image.as_deref().unwrap_or(image::LOCALSTACK);
        // What is deployed in a container goes with it: another image is not put in its place unasked.
        let is_other = record.kind.facts().needs_docker() && wanted.parse::<ImageName>()?.as_str() != running;
        let is_none = !record.kind.facts().needs_docker() && is_flag(&settings.image.origin);
        if is_other || is_none {
            return Err(contradiction("--image", wanted, record));
        }
    }
    let has_other_rate = record.door.as_ref().is_some_and(|door| door.rate != settings.rate.value);
    if is_flag(&settings.rate.origin) && has_other_rate {
        let rate = settings.rate.value.map_or_else(|| "off".to_owned(), |rate| rate.to_string());
        return Err(contradiction("--rate", rate, record));
    }
    if let Some(wanted) = settings.listen.value.filter(|_| is_flag(&settings.listen.origin))
        && record.listen != Some(wanted)
    {
        return Err(contradiction("--listen", wanted.to_string(), record));
    }
    Ok(())
}

/// Refuses flags that contradict the engine that runs here, for the commands that follow it.
///
/// # Errors
/// [`Code::OtherEngine`], or that an engine and the URL of another are named at once. That Docker cannot be asked is for
/// the command itself to meet.
pub async fn heed(settings: &Settings) -> Result<()> {
    if let (Origin::Flag(endpoint), Some(kind)) = (&settings.endpoint.origin, settings.engine.value)
        && (is_remote(settings) || matches!(settings.engine.origin, Origin::Flag(_)))
    {
        let detail = Message::new("usage.endpoint_and_engine").with("endpoint", *endpoint).with("engine", kind);
        return Err(Error::new(Code::Usage).with_message("detail", detail));
    }
    if is_remote(settings) || settings.endpoint.value.is_some() {
        return Ok(());
    }
    let Some(record) = Record::read(settings) else { return Ok(()) };
    agree(settings, &record).or_else(|error| if may_run(&record) { Err(error) } else { Ok(()) })
}

fn is_remote(settings: &Settings) -> bool {
    settings.engine.value.is_some_and(|kind| kind.facts().is_remote())
}

/// Whether a recorded engine runs, as far as can be told without asking Docker.
fn may_run(record: &Record) -> bool {
    record.kind.facts().needs_docker() || embedded::is_running(record)
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
        // Whatever port is free: the last one, if it is. What was deployed calls the engine there, its timers among it.
        Some(record) if wanted == 0 && port::is_free((Ipv4Addr::UNSPECIFIED, record.port).into()) => {
            settings.at_port(record.port)
        }
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

/// The port of the engine that runs here, else the one that the next `up` takes if it is free: where nobody names one,
/// that of the last engine. Docker is not asked.
#[must_use]
pub fn meant_port(settings: &Settings) -> Setting<u16> {
    if is_remote(settings) || settings.endpoint.value.is_some() {
        return settings.port.clone();
    }
    let is_meant = |last: &Record| settings.engine.value.is_none_or(|kind| kind == last.kind);
    let recorded = Record::read(settings);
    let runs = recorded.as_ref().is_some_and(may_run);
    match recorded.or_else(|| Record::last(settings).filter(is_meant)) {
        Some(record) if runs || settings.port.origin == Origin::Default => {
            Setting { value: record.port, origin: Origin::Kept }
        }
        _ => settings.port.clone(),
    }
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
    let ended = Message::new("engine.ended").with_message("engine", record.kind.message());
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

/// Stops the engine that is recorded here; what becomes of its state is in its facts.
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
    Record::retire(&settings.folder, record.as_ref())?;
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
        Some(record) if record.kind.facts().needs_docker() => Record::retire(&settings.folder, Some(&record))?,
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
