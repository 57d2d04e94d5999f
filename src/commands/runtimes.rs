//! `atelier runtimes`: which languages of AWS Lambda this machine runs, and the packages that AWS has beside them.

use crate::{
    cli,
    commands::context::Context,
    error::{Code, Error, Result},
    runtimes::{
        Language, Runtime,
        interpreter::{Finder, Interpreter, NoInterpreter},
        packages::{Bounds, InstallError, Packages, Shelf},
    },
    settings::Settings,
    text::Message,
    ui::{Page, Report, Tone, padded, widest},
};
use std::path::PathBuf;

/// Every runtime that has an interpreter.
#[derive(Debug, serde::Serialize)]
pub struct RuntimeListReport {
    /// The runtimes, the oldest of each language first.
    pub runtimes: Vec<Entry>,
}

/// What this machine has for a runtime.
#[derive(Debug, serde::Serialize)]
pub struct Entry {
    /// The runtime.
    pub runtime: Runtime,
    /// The interpreter that runs its functions.
    pub interpreter: Option<Found>,
    /// Where its functions have the AWS SDK from.
    pub packages: Option<Packages>,
}

/// An interpreter.
#[derive(Debug, serde::Serialize)]
pub struct Found {
    /// Its file.
    pub path: PathBuf,
    /// Its version.
    pub version: String,
    /// Whether it is of the runtime's own release.
    pub exact: bool,
}

impl From<&Interpreter> for Found {
    fn from(interpreter: &Interpreter) -> Self {
        let (path, version) = (interpreter.path.clone(), interpreter.version.to_string());
        Self { path, version, exact: interpreter.is_exact() }
    }
}

impl Report for RuntimeListReport {
    fn human(&self, page: &mut Page) {
        let names: Vec<String> = self.runtimes.iter().map(|entry| entry.runtime.to_string()).collect();
        let (width, mut lacks) = (widest(&names), None);
        for (entry, name) in self.runtimes.iter().zip(&names) {
            let (tone, text) = describe(entry);
            let name = page.paint(tone, &padded(name, width));
            page.folded(&format!("{name}  "), width + 2, &text.render(page.lang()));
            let is_lacking = entry.packages == Some(Packages::Nowhere);
            lacks = lacks.or(is_lacking.then_some(entry.runtime));
        }
        if let Some(runtime) = lacks {
            page.line(Message::new("runtimes.remedy").with("runtime", runtime));
        }
    }
}

fn describe(entry: &Entry) -> (Tone, Message) {
    let language = entry.runtime.language();
    let Some(Found { path, version, exact }) = &entry.interpreter else {
        return (Tone::Dim, Message::new("runtimes.none").with("language", language));
    };
    let packages = match &entry.packages {
        Some(Packages::Nowhere) => Message::new("runtimes.without").with("packages", language.sdk()),
        _ => Message::new("runtimes.with").with("packages", language.sdk()),
    };
    let (tone, key) = if *exact { (Tone::Good, "runtimes.exact") } else { (Tone::Warn, "runtimes.nearest") };
    let message = Message::new(key).with("language", language).with("version", version).with("path", path.display());
    (tone, message.with_message("packages", packages))
}

/// Lists the runtimes.
///
/// # Errors
/// That there is no home folder.
pub async fn list(context: &Context, _args: &cli::RuntimesList) -> Result<RuntimeListReport> {
    let (finder, shelf) = (finder(&context.settings), shelf(&context.settings)?);
    let mut runtimes = Vec::new();
    for runtime in Runtime::all() {
        let interpreter = finder.find(runtime).await.ok();
        let packages = match &interpreter {
            Some(interpreter) => Some(shelf.find(interpreter).await),
            None => None,
        };
        runtimes.push(Entry { runtime, interpreter: interpreter.as_ref().map(Found::from), packages });
    }
    Ok(RuntimeListReport { runtimes })
}

/// The packages of some runtimes, installed.
#[derive(Debug, serde::Serialize)]
pub struct InstallReport {
    /// Whether anything was not there before.
    pub changed: bool,
    /// The runtimes in the order of the command line.
    pub runtimes: Vec<Installed>,
}

/// The packages of a runtime.
#[derive(Debug, serde::Serialize)]
pub struct Installed {
    /// The runtime.
    pub runtime: Runtime,
    /// The interpreter that they are for.
    pub interpreter: Found,
    /// Where they are.
    pub packages: Packages,
    /// Whether they were not there before.
    pub changed: bool,
}

impl Report for InstallReport {
    fn human(&self, page: &mut Page) {
        for Installed { runtime, interpreter, packages, changed } in &self.runtimes {
            let language = runtime.language();
            let key = if *changed { "runtimes.installed" } else { "runtimes.unchanged" };
            let message = Message::new(key).with("language", language).with("version", &interpreter.version);
            page.toned(Tone::Good, &message.with("packages", language.sdk()).with("runtime", runtime));
            if let Packages::Atelier(folder) = packages {
                page.raw(format_args!("  {}", folder.display()));
            }
        }
    }

    fn quiet(&self, _page: &mut Page) {}
}

/// Installs the packages of runtimes that lack them.
///
/// # Errors
/// `no_interpreter`, `packages_unavailable`, or that there is no home folder.
pub async fn install(context: &Context, args: &cli::RuntimesInstall) -> Result<InstallReport> {
    let (finder, shelf) = (finder(&context.settings), shelf(&context.settings)?);
    let mut runtimes = Vec::new();
    for runtime in &args.runtimes {
        let interpreter = finder.find(*runtime).await.map_err(no_interpreter)?;
        let mut packages = shelf.find(&interpreter).await;
        let changed = packages == Packages::Nowhere;
        if changed {
            let patience = context.settings.timeout.value;
            let bounds = Bounds { progress: &context.progress, cancel: &context.cancel, patience };
            let installed = shelf.install(&interpreter, &bounds).await;
            packages = Packages::Atelier(installed.map_err(|error| unavailable(&error, &interpreter))?);
        }
        runtimes.push(Installed { runtime: *runtime, interpreter: (&interpreter).into(), packages, changed });
    }
    Ok(InstallReport { changed: runtimes.iter().any(|installed| installed.changed), runtimes })
}

fn finder(settings: &Settings) -> Finder {
    Finder::new(&settings.machine)
}

fn shelf(settings: &Settings) -> Result<Shelf> {
    let cache = settings.machine.cache.as_deref().map(Shelf::new);
    cache.ok_or_else(|| {
        let error = Error::new(Code::BadSetting).with("name", "HOME").with("value", "");
        error.with_message("rule", Message::new("rule.folder"))
    })
}

fn no_interpreter(NoInterpreter { runtime }: NoInterpreter) -> Error {
    let error = Error::new(Code::NoInterpreter).with("runtime", runtime).with("language", runtime.language());
    let hint = match runtime.language() {
        Language::Python => "hint.install_python",
        Language::Node => "hint.install_node",
    };
    error.hint(Message::new(hint).with("release", runtime.release()))
}

fn unavailable(error: &InstallError, interpreter: &Interpreter) -> Error {
    let language = interpreter.runtime.language();
    let failed = Error::new(Code::PackagesUnavailable).with("packages", language.sdk());
    let failed = failed.with("language", language).with("version", interpreter.version);
    match error {
        InstallError::NoTool { tool: "venv" } => failed
            .because_of(Message::new("runtimes.no_tool").with("tool", "venv"))
            .hint(Message::new("hint.install_venv").with("release", interpreter.release())),
        InstallError::NoTool { tool } => failed
            .because_of(Message::new("runtimes.no_tool").with("tool", tool))
            .hint(Message::new("hint.install_tool").with("tool", tool)),
        InstallError::Failed { tool, words } => {
            failed.because_of(Message::new("runtimes.tool_failed").with("tool", tool).with("words", words))
        }
        InstallError::Deadline(patience) => {
            let error = Error::new(Code::Deadline).with("seconds", patience.as_secs());
            error.with_message("what", Message::new("runtimes.awaited").with("packages", language.sdk()))
        }
        InstallError::Interrupted => Error::new(Code::Interrupted),
        InstallError::Disk { path, source } => {
            let error = Error::new(Code::File).with("path", path.display());
            error.with_message("action", Message::new("action.write")).cause(source)
        }
    }
}
