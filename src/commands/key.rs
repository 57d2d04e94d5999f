//! `atelier key`: makes, lists, takes away and replaces the API's keys. A key's value is shown once, by what makes it.

use super::{curl_asking, locked, to_try};
use crate::{
    api_key::Scope,
    cli,
    commands::context::Context,
    contract::Request,
    engine,
    error::{Code, Error, Result},
    names::KeyName,
    settings::Auth,
    stack::{Key, keys},
    text::Message,
    ui::{Page, Report, Tone},
};

/// A key that was made, with its value.
#[derive(serde::Serialize)]
pub struct KeyCreateReport {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// What callers send in `x-api-key`: printing it, this once, is what the verb is for.
    pub value: String,
    /// Where it opens something, once the API is deployed.
    pub url: Option<String>,
    /// What is asked there to try the key; nothing of a function of the user's own.
    #[serde(skip)]
    pub(super) request: Option<Request>,
}

impl Report for KeyCreateReport {
    fn human(&self, page: &mut Page) {
        let Key { name, scope, .. } = &self.key;
        page.toned(Tone::Good, &Message::new("key.made").with("name", name).with("scope", scope));
        page.raw(&self.value);
        page.line(Message::new("key.once"));
        if let Some(url) = &self.url {
            page.line(Message::new("key.try"));
            page.raw(format_args!("  {}", curl_asking(url, self.request.as_ref())));
        }
    }

    fn quiet(&self, page: &mut Page) {
        page.raw(&self.value);
    }
}

/// The keys.
#[derive(Debug, serde::Serialize)]
pub struct KeyListReport {
    /// Every key of the stack, by name.
    pub keys: Vec<Key>,
}

impl Report for KeyListReport {
    fn human(&self, page: &mut Page) {
        if self.keys.is_empty() {
            page.line(Message::new("key.none"));
        }
        let width = self.keys.iter().map(|key| key.name.as_str().len()).max().unwrap_or_default();
        for Key { name, scope, id, created, .. } in &self.keys {
            let created = time::OffsetDateTime::from_unix_timestamp(*created).ok().map(|time| time.date().to_string());
            page.raw(format_args!("{name:width$}  {scope:7}  {id}  {}", created.unwrap_or_default()));
        }
    }
}

/// A key that was taken away.
#[derive(Debug, serde::Serialize)]
pub struct KeyRevokeReport {
    /// The key that it was.
    #[serde(flatten)]
    pub key: Key,
}

impl Report for KeyRevokeReport {
    fn human(&self, page: &mut Page) {
        page.toned(Tone::Good, &Message::new("key.revoked").with("name", &self.key.name));
    }

    fn quiet(&self, _page: &mut Page) {}
}

/// Runs `key create`.
///
/// # Errors
/// `key_exists`, `too_many_keys`, that no engine runs, that another run is at work here, or what the engine answers.
pub async fn create(context: &Context, args: &cli::KeyCreate) -> Result<KeyCreateReport> {
    let name = match &args.name {
        Some(name) => name.clone(),
        None => named_after(args.scope)?,
    };
    let _lock = locked(context).await?;
    let engine = engine::connect(&context.settings).await?;
    let made = keys::create(&context.run(&engine), &name, args.scope).await?;
    Ok(shown(context, made).await)
}

/// Runs `key list`.
///
/// # Errors
/// That no engine runs, or what it answers.
pub async fn list(context: &Context, _args: &cli::KeyList) -> Result<KeyListReport> {
    let engine = engine::connect(&context.settings).await?;
    let keys = keys::list(&engine, &context.settings.stack.value).await?;
    note_when_off(context);
    Ok(KeyListReport { keys })
}

/// Runs `key revoke`.
///
/// # Errors
/// `no_such_key`, that somebody said no, that no engine runs, that another run is at work here, or what the engine
/// answers.
pub async fn revoke(context: &Context, args: &cli::KeyRevoke) -> Result<KeyRevokeReport> {
    // A script that revokes a key means it; a person may have forgotten who calls with it.
    let is_asked = !args.yes && context.console.can_ask();
    loop {
        // Without the lock: nobody else waits for the answer of whoever sits here.
        let agreed = if is_asked { Some(Box::pin(agreed(context, &args.name)).await?) } else { None };
        let _lock = locked(context).await?;
        let engine = engine::connect(&context.settings).await?;
        let run = context.run(&engine);
        // Of a key that was put in its place meanwhile the question is another one.
        if let Some(agreed) = agreed
            && keys::named(&run, &args.name).await? != agreed
        {
            continue;
        }
        return Ok(KeyRevokeReport { key: keys::revoke(&run, &args.name).await? });
    }
}

/// Asks whether the key of this name is to go, and returns the one that was asked about.
async fn agreed(context: &Context, name: &KeyName) -> Result<Key> {
    let engine = engine::connect(&context.settings).await?;
    let key = keys::named(&context.run(&engine), name).await?;
    let question = Message::new("key.confirm").with("name", &key.name).with("scope", key.scope);
    let question = question.with("stack", &context.settings.stack.value);
    if context.console.confirm(&question, "--yes", &context.cancel).await? {
        Ok(key)
    } else {
        Err(Error::new(Code::Declined))
    }
}

/// Runs `key rotate`.
///
/// # Errors
/// `no_such_key`, that no engine runs, that another run is at work here, or what the engine answers.
pub async fn rotate(context: &Context, args: &cli::KeyRotate) -> Result<KeyCreateReport> {
    let _lock = locked(context).await?;
    let engine = engine::connect(&context.settings).await?;
    let made = keys::rotate(&context.run(&engine), &args.name).await?;
    Ok(shown(context, made).await)
}

async fn shown(context: &Context, made: keys::Created) -> KeyCreateReport {
    note_when_off(context);
    let (url, request) = Box::pin(to_try(context)).await.map_or((None, None), |(url, request)| (Some(url), request));
    KeyCreateReport { key: made.key, value: made.value.expose().to_owned(), url, request }
}

/// Keys that nobody asks for are easily taken for protection. Of a stack that is not the folder's own only what is wished is
/// known.
fn note_when_off(context: &Context) {
    let settings = &context.settings;
    if settings.auth.value != Auth::None {
        return;
    }
    // The value of a new key is about to be shown, this once: nothing may fail here.
    context.progress.note(if settings.is_own_stack().unwrap_or(true) {
        Message::new("key.not_asked")
    } else {
        Message::new("key.not_wished").with("stack", &settings.stack.value)
    });
}

fn named_after(scope: Scope) -> Result<KeyName> {
    let name = scope.as_str().parse();
    name.map_err(|error: crate::names::InvalidName| Error::new(Code::Bug).with("detail", error.to_string()))
}
