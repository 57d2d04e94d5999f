//! The names that there are to complete: from `atelier.toml`, Docker, the engine and the logs, within a second or not at all,
//! because somebody is waiting at a prompt. The cloud is not asked there, and nothing is written.

use crate::{
    docker::{Role, container},
    engine::{
        self, Engine, daemon,
        installation::{self, Installation},
    },
    settings::{Environment, Flags, Look, Settings},
    stack,
    text::plain,
    trace::{Call, Filter, Reader},
};
use clap_complete::CompletionCandidate;
use std::{collections::BTreeSet, ffi::OsString, path::PathBuf, time::Duration};
use tokio::{runtime, time::timeout};

/// How long a shell may hang.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many calls are offered.
const CALLS: usize = 30;
/// How many characters are said of a call.
const LONGEST: usize = 60;

/// What a value names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A stack of the engine.
    Stack,
    /// A key of the stack.
    Key,
    /// A call that was made.
    Call,
    /// An instance of the stack.
    Instance,
    /// A container behind the API.
    Container,
    /// An instance or a container.
    Driven,
}

impl Kind {
    /// What an argument of a verb names, where that is there already.
    pub(super) fn of(verb: &str, argument: &str) -> Option<Self> {
        match (verb, argument) {
            (_, "stack") => Some(Self::Stack),
            ("revoke" | "rotate", "name") | ("logs" | "history", "key") => Some(Self::Key),
            ("trace", "id") | ("logs", "request") | ("explain", "request_id") => Some(Self::Call),
            ("set" | "remove", "name") => Some(Self::Instance),
            ("bonus" | "test-bonus", "name") => Some(Self::Container),
            ("call", "name") => Some(Self::Driven),
            _ => None,
        }
    }
}

/// A name, and what there is to say of it.
type Name = (String, Option<String>);

/// Where names are looked for: what the environment says, and the words typed so far.
#[derive(Clone)]
pub(super) struct Place {
    flags: Flags,
    environment: Environment,
}

impl Place {
    pub(super) fn of(words: &[OsString], environment: &Environment) -> Self {
        let stack = value_of(words, "--stack").and_then(|stack| stack.to_str()?.parse().ok());
        let flags = Flags { folder: value_of(words, "--folder").map(PathBuf::from), stack, ..Flags::default() };
        Self { flags, environment: environment.clone() }
    }

    /// The names of a kind; none where they cannot be had in time.
    pub(super) fn candidates(&self, kind: Kind) -> Vec<CompletionCandidate> {
        let look = Look::resolve(None, None, false, &self.environment);
        let Ok(settings) = Settings::resolve(&self.flags, &look, &self.environment) else { return Vec::new() };
        let Ok(runtime) = runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
        let found = runtime.block_on(names(kind, &settings));
        // Whatever hangs ends with this process.
        runtime.shutdown_background();
        // What somebody else has chosen for a name, and no shell takes for a word, is left out.
        let found = found.into_iter().filter(|(name, _)| is_word(name));
        found.map(|(name, help)| CompletionCandidate::new(name).help(help.map(Into::into))).collect()
    }
}

fn is_word(name: &str) -> bool {
    !name.starts_with('-') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// The value of a flag among words, as one or as two of them.
fn value_of(words: &[OsString], flag: &str) -> Option<OsString> {
    words.iter().enumerate().find_map(|(at, word)| match word.to_str()?.strip_prefix(flag)? {
        "" => words.get(at + 1).cloned(),
        rest => rest.strip_prefix('=').map(OsString::from),
    })
}

async fn names(kind: Kind, settings: &Settings) -> Vec<Name> {
    match kind {
        Kind::Stack => soon(stacks(settings)).await,
        Kind::Key => soon(keys(settings)).await,
        Kind::Call => soon(calls(settings)).await,
        Kind::Instance => instances(settings).await,
        Kind::Container => soon(containers(settings)).await,
        Kind::Driven => {
            let (mut names, containers) = tokio::join!(instances(settings), soon(containers(settings)));
            names.extend(containers);
            names
        }
    }
}

async fn soon(look: impl Future<Output = Option<Vec<Name>>>) -> Vec<Name> {
    timeout(PATIENCE, Box::pin(look)).await.ok().flatten().unwrap_or_default()
}

/// The engine, where it is one of this machine and has been used from here.
async fn engine_here(settings: &Settings) -> Option<Engine> {
    if engine::is_remote(settings) {
        return None;
    }
    Installation::load(settings)?;
    engine::connect(settings).await.ok()
}

fn plainly(names: impl IntoIterator<Item = String>) -> Vec<Name> {
    names.into_iter().map(|name| (name, None)).collect()
}

async fn stacks(settings: &Settings) -> Option<Vec<Name>> {
    let stacks = stack::names(&engine_here(settings).await?).await.ok()?;
    Some(plainly(stacks.iter().map(ToString::to_string)))
}

async fn keys(settings: &Settings) -> Option<Vec<Name>> {
    let keys = stack::keys::list(&engine_here(settings).await?, &settings.stack.value).await.ok()?;
    Some(keys.into_iter().map(|key| (key.name.to_string(), Some(key.scope.as_str().to_owned()))).collect())
}

/// The last calls.
async fn calls(settings: &Settings) -> Option<Vec<Name>> {
    if engine::is_remote(settings) {
        return None;
    }
    let filter = Filter { stack: settings.named_stack(), ..Filter::default() };
    let page = Reader::new(settings).page(&filter, CALLS, None).await.ok()?;
    // Those of an API or a function, as `trace` means them; what is asked of AWS itself is many.
    let is_meant = |call: &Call| call.is_of_api() || call.invocation_id.is_some();
    let calls = page.calls.into_iter().filter(is_meant);
    let help = |asked: &str, status: Option<u16>| {
        let asked: String = plain(asked).chars().take(LONGEST).collect();
        format!("{asked} {}", status.map(|status| status.to_string()).unwrap_or_default()).trim_end().to_owned()
    };
    Some(calls.map(|call| (call.request_id.clone(), Some(help(&call.asked(), call.status)))).collect())
}

/// The instances that `atelier.toml` names, and those that are there.
async fn instances(settings: &Settings) -> Vec<Name> {
    let deployed = async {
        let found = stack::instances(&engine_here(settings).await?, &settings.stack.value).await.ok()?;
        Some(plainly(found.into_iter().filter_map(|instance| instance.name)))
    };
    let deployed = soon(deployed).await.into_iter().map(|(name, _)| name);
    let wanted = settings.instances.value.keys().map(ToString::to_string);
    plainly(wanted.chain(deployed).collect::<BTreeSet<_>>())
}

/// The containers that the API may drive.
async fn containers(settings: &Settings) -> Option<Vec<Name>> {
    let owner = installation::owner(settings)?;
    let daemon = daemon::find(settings).await.ok()?;
    let containers = container::owned(&daemon, &owner).await.ok()?;
    let driven = containers.into_iter().filter(|found| found.role == Role::Target.as_str());
    Some(plainly(driven.map(|found| found.name)))
}
