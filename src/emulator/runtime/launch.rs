//! What starts a function's process: its own `bootstrap`, or this machine's interpreter with our runtime client.

use super::clients::{self, Client};
use crate::runtimes::{
    Language, Machine, Runtime,
    interpreter::{Finder, Interpreter, NoInterpreter},
    packages::Shelf,
};
use std::{
    io,
    path::{Path, PathBuf},
};
use tokio::sync::OnceCell;

/// A program with what it is started with.
#[derive(Debug, Default)]
pub(super) struct Launch {
    /// The program's file.
    pub(super) program: PathBuf,
    /// The file that it is to run, for an interpreter.
    pub(super) argument: Option<PathBuf>,
    /// Variables that a function's configuration may replace.
    pub(super) defaults: Vec<(&'static str, String)>,
    /// Variables that it may not.
    pub(super) reserved: Vec<(&'static str, String)>,
    /// What the function's log says about the program.
    pub(super) remark: Option<String>,
    /// Whether the process finds its own folder under `/tmp`.
    pub(super) has_own_tmp: bool,
}

/// Finds what starts functions.
pub(super) struct Launcher {
    finder: Finder,
    shelf: Option<Shelf>,
    /// Where the clients are written to.
    folder: PathBuf,
    python: OnceCell<Client>,
    node: OnceCell<Client>,
}

impl Launcher {
    /// Looks for interpreters and packages where `machine` has them, and writes clients below `folder`.
    pub(super) fn new(machine: &Machine, folder: PathBuf) -> Self {
        let shelf = machine.cache.as_deref().map(Shelf::new);
        Self { finder: Finder::new(machine), shelf, folder, python: OnceCell::new(), node: OnceCell::new() }
    }

    /// Finds the interpreter that runs a runtime's functions.
    ///
    /// # Errors
    /// When this machine has none.
    pub(super) async fn interpreter(&self, runtime: Runtime) -> Result<Interpreter, NoInterpreter> {
        self.finder.find(runtime).await
    }

    /// Finds what starts the code in a folder; without a runtime that has an interpreter, its own `bootstrap`.
    ///
    /// # Errors
    /// When there is no interpreter any more, or the disk does not take its client.
    pub(super) async fn launch(&self, runtime: Option<Runtime>, code: &Path) -> io::Result<Launch> {
        let Some(runtime) = runtime else {
            return Ok(Launch { program: code.join("bootstrap"), ..Launch::default() });
        };
        let interpreter = self.interpreter(runtime).await.map_err(io::Error::other)?;
        let client = self.client(runtime.language()).await?;
        let packages = self.shelf.as_ref().and_then(|shelf| shelf.installed(&interpreter));
        let search = match runtime.language() {
            Language::Python => "PYTHONPATH",
            Language::Node => "NODE_PATH",
        };
        let programs = interpreter.path.parent().unwrap_or(Path::new("/usr/bin")).display();
        let path = ("PATH", format!("{programs}:/usr/local/bin:/usr/bin:/bin:/opt/bin"));
        let modules = packages.as_deref().map(|folder| (search, folder.display().to_string()));
        // What is below the machine's `/tmp` would be hidden by another one.
        let places = [Some(code), Some(&client.folder), Some(interpreter.path.as_path()), packages.as_deref()];
        let has_own_tmp = !places.into_iter().flatten().any(|place| place.starts_with("/tmp"));
        Ok(Launch {
            argument: Some(client.program.clone()),
            defaults: [path].into_iter().chain(modules).collect(),
            reserved: vec![
                ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{runtime}")),
                ("LAMBDA_RUNTIME_DIR", client.folder.display().to_string()),
            ],
            remark: interpreter.remark(),
            has_own_tmp,
            program: interpreter.path,
        })
    }

    async fn client(&self, language: Language) -> io::Result<&Client> {
        let client = match language {
            Language::Python => &self.python,
            Language::Node => &self.node,
        };
        client.get_or_try_init(|| async { clients::write(language, &self.folder) }).await
    }
}
