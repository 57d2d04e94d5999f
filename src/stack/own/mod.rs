//! The stack's function where it is one of the user's own: a folder that becomes its code, its configuration, and the
//! document of the API in front of it.
//!
//! Not here: what the settings file may say (`settings`), and how a function gets what is wanted (`stack::function`).

mod archive;
mod document;
mod error;
mod files;
mod guess;
mod ignore;
mod requirements;

pub(super) use error::Error;

use crate::{
    openapi,
    progress::Progress,
    runtimes::{Runtime, packages::Bounds},
    settings::{OwnFunction, Settings},
};
use requirements::RunBy;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

/// What the stack sets in the function's environment, and nobody else can.
const RESERVED: [&str; 6] =
    ["ATELIER_STACK", "ATELIER_API_KEYS", "AWS_ENDPOINT_URL", "DOCKER_PROXY", "DOCKER_PROXY_TOKEN", "INSTANCE_ID"];

/// A function of one's own as the folder and the settings have it.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub(super) function: OwnFunction,
    /// Its runtime and its handler.
    pub(super) runtime: String,
    pub(super) handler: String,
    /// Whether something of these was guessed.
    pub(super) is_guessed: bool,
}

/// Where packages are installed for it, and how far that may go.
pub(super) struct Workshop<'a> {
    pub(super) settings: &'a Settings,
    pub(super) progress: &'a Progress,
    pub(super) cancel: &'a CancellationToken,
    /// Whether packages that are not here may be installed.
    pub(super) may_install: bool,
    /// Whether the interpreter that will run it is the runtime's own, and not this machine's.
    pub(super) is_elsewhere: bool,
}

/// Finds out what kind of function the folder is.
///
/// # Errors
/// When it is none, or could be more than one.
pub(super) fn resolve(function: &OwnFunction) -> Result<Own, Error> {
    if let Some(name) = function.environment.keys().find(|name| RESERVED.contains(&name.as_str())) {
        return Err(Error::Reserved { name: name.clone() });
    }
    let files = files::list(&function.dir)?;
    let folder = guess::Folder { dir: &function.dir, files: &files };
    let known = guess::guess(&folder, function.runtime.as_deref(), function.handler.as_deref())?;
    Ok(Own { function: function.clone(), runtime: known.runtime, handler: known.handler, is_guessed: known.is_guessed })
}

/// Tells one state of the folder from another; also one in which something cannot be shipped.
pub(super) fn stamp(function: &OwnFunction) -> String {
    match files::list(&function.dir) {
        Ok(files) => files.iter().map(files::Source::key).collect(),
        Err(error) => error.to_string(),
    }
}

impl Own {
    /// Writes the document that the API is deployed from.
    ///
    /// # Errors
    /// When the user's own is none.
    pub(super) fn document(&self, input: &openapi::Input) -> Result<Value, Error> {
        match &self.function.openapi {
            None => Ok(openapi::own::proxy_document(input)),
            Some(path) => {
                let bad = |why| Error::Document { path: path.clone(), why };
                openapi::own::filled(document::read(path)?, input).map_err(|why| bad(why.to_owned()))
            }
        }
    }

    /// Makes its archive, unless `kept` has one of the same key; `None` where packages would have to be installed and must
    /// not be.
    ///
    /// # Errors
    /// When a file cannot be in it, or packages cannot be installed.
    pub(super) async fn archive<T: Send + 'static>(
        &self,
        workshop: &Workshop<'_>,
        kept: impl FnOnce(&str) -> Option<T> + Send + 'static,
        made: impl FnOnce(&str, Vec<u8>) -> T + Send + 'static,
    ) -> Result<Option<T>, Error> {
        let installed = match self.runtime.parse::<Runtime>() {
            Ok(runtime) if runtime.language() == crate::runtimes::Language::Python => {
                let Workshop { settings, progress, cancel, may_install, is_elsewhere } = *workshop;
                let bounds = Bounds { progress, cancel, patience: settings.timeout.value };
                let run_by = if is_elsewhere { RunBy::Runtime } else { RunBy::Machine };
                requirements::files(settings, &self.function.dir, runtime, run_by, may_install.then_some(&bounds))
                    .await?
            }
            _ => Some(Vec::new()),
        };
        let Some(installed) = installed else { return Ok(None) };
        let dir = self.function.dir.clone();
        let packed = tokio::task::spawn_blocking(move || {
            let files = files::list(&dir)?;
            let mut hash = Sha256::new();
            files.iter().chain(&installed).for_each(|file| hash.update(file.key()));
            let key = crate::secret::hex(&hash.finalize());
            match kept(&key) {
                Some(kept) => Ok(Some(kept)),
                None => Ok(Some(made(&key, archive::write(&files, &installed)?))),
            }
        });
        let unreadable =
            |error| Error::Unreadable { path: self.function.dir.clone(), source: std::io::Error::other(error) };
        packed.await.map_err(unreadable)?
    }
}
