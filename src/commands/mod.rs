//! One file per verb: from a context and the verb's arguments to a report.
//!
//! Not here: printing (`ui`), what an engine or a stack is (`engine`, `stack`).

pub mod aws;
mod aws_cli;
pub mod bonus;
mod build;
pub mod call;
pub(crate) mod call_line;
pub mod checks;
pub mod clean;
pub mod completions;
pub mod config;
pub mod context;
pub mod deploy;
pub mod doctor;
pub mod down;
pub mod env;
pub mod explain;
pub mod export;
pub mod help;
pub mod history;
pub mod init;
pub mod key;
mod live;
pub mod logs;
pub mod man;
pub mod metrics;
pub mod open;
pub mod overview;
pub mod plan;
pub mod run;
pub mod runtimes;
pub mod schedule;
pub mod status;
pub mod test;
pub mod test_bonus;
pub mod trace;
pub mod up;
pub mod version;
mod watch;
mod watch_own;

use crate::{
    api_key,
    contract::{PATH, Request, WhichInstance},
    engine::{self, Engine, reach},
    error::{Code, Error, Result},
    names::ApiId,
    settings::Settings,
    stack::{self, Lock, Part},
    text::Message,
};
use context::Context;
use std::{io, time::Duration};

/// How long a command waits for another run in the same folder before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes the folder's lock for a command that changes something.
async fn locked(context: &Context) -> Result<Lock> {
    let patience = PATIENCE.min(context.settings.timeout.value);
    Ok(Lock::take(&context.settings.folder, patience, &context.progress, &context.cancel).await?)
}

/// What became of an entry of a stream: `false` when nobody reads any more, who then has what they wanted.
fn read_on(written: io::Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => {
            let error = Error::new(Code::File).with("path", "stdout").cause(&error);
            Err(error.with_message("action", Message::new("action.write")))
        }
    }
}

/// Finds the URL of what the deployed API has.
pub(crate) async fn deployed_url(context: &Context) -> Result<String> {
    let engine = engine::connect(&context.settings).await?;
    let discovery = Box::pin(stack::discover(&engine, &context.settings.stack.value)).await?;
    let api = discovery.api_id().ok_or_else(|| Error::new(Code::NotDeployed))?;
    Ok(resource_url(&context.settings, &engine, &api))
}

/// Finds where the deployed API is, and what to ask it for to try it: nothing of a function of the user's own. Warns where the
/// URL leads elsewhere.
async fn to_try(context: &Context) -> Result<(String, Option<Request>)> {
    let settings = &context.settings;
    let engine = engine::connect(settings).await?;
    let found = Box::pin(stack::discover(&engine, &settings.stack.value)).await?;
    let api = found.api_id().ok_or_else(|| Error::new(Code::NotDeployed))?;
    let name = found.part(Part::Instance).and_then(|first| first.instance.as_ref()?.name.as_deref());
    let request = settings.function.value.is_none().then(|| Request::Instance(instance_to_try(name)));
    reach::warn(settings, &engine, &context.progress).await;
    Ok((resource_url(settings, &engine, &api), request))
}

/// The instance that is asked for where an API is to be tried: the first, by its name where it has one.
fn instance_to_try(name: Option<&str>) -> WhichInstance {
    name.and_then(|name| name.parse().ok()).map_or(WhichInstance::Only, WhichInstance::Named)
}

/// Writes the line that tries an API. The key comes from a file that `env` writes, never from the command line, which every
/// process here can read.
fn curl(url: &str, request: Option<&Request>, wants_key: bool) -> String {
    curl_with(if wants_key { "-H \"$ATELIER_API_KEY_HEADER\" " } else { "" }, url, request)
}

/// The same for a key that has just been shown, and is in no file: whoever pastes the line types the key, which then is on
/// no command line and in no history.
fn curl_asking(url: &str, request: Option<&Request>) -> String {
    format!("read -r KEY; echo \"{}: $KEY\" | {}", api_key::HEADER, curl_with("-H @- ", url, request))
}

fn curl_with(header: &str, url: &str, request: Option<&Request>) -> String {
    let query = request.map(|request| format!("?{}", request.query())).unwrap_or_default();
    format!("curl {header}\"{url}{query}\"")
}

/// Writes the URL of what an API has: atelier's one resource, in the form that the workshop uses, or whatever is below it.
fn resource_url(settings: &Settings, engine: &Engine, api: &ApiId) -> String {
    let path = if settings.function.value.is_some() { "/" } else { PATH };
    format!("{}{path}", engine.api_url(api))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_names_an_instance_that_has_a_name_and_sends_a_key_where_one_is_asked_for() {
        let request = |name| Request::Instance(instance_to_try(name));
        assert_eq!(curl("http://x/infra", Some(&request(None)), false), "curl \"http://x/infra?action=status\"");
        let with_key = "curl -H \"$ATELIER_API_KEY_HEADER\" \"http://x/infra?action=status&name=db\"";
        assert_eq!(curl("http://x/infra", Some(&request(Some("db"))), true), with_key);
        assert_eq!(curl("http://x/", None, false), "curl \"http://x/\"");
        let asking = "read -r KEY; echo \"x-api-key: $KEY\" | curl -H @- \"http://x/\"";
        assert_eq!(curl_asking("http://x/", None), asking);
    }
}
