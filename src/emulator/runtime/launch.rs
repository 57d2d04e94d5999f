//! What starts a function's process: its own `bootstrap`, or this machine's interpreter with our runtime client.

use super::{
    Spec,
    archive::BOOTSTRAP,
    clients::{self, Client},
};
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
    /// Whether the process finds its layers under `/opt`.
    pub(super) has_own_opt: bool,
}

/// What starts code that no interpreter runs.
fn bootstrap(code: &Path, layers: Option<&Path>) -> Launch {
    let own = code.join(BOOTSTRAP);
    let program = match layers.map(|layers| layers.join(BOOTSTRAP)) {
        Some(of_layer) if !own.exists() && of_layer.exists() => of_layer,
        _ => own,
    };
    let is_free = ![Some(code), layers].into_iter().flatten().any(|place| place.starts_with("/opt"));
    Launch { program, defaults: paths(None, code, layers), has_own_opt: is_free, ..Launch::default() }
}

/// Where programs and libraries are looked for: the machine's places, the code's and the layers'.
fn paths(programs: Option<&Path>, code: &Path, layers: Option<&Path>) -> Vec<(&'static str, String)> {
    let machine = ["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from);
    let of_layers = layers.map(|layers| layers.join("bin"));
    let path = programs.map(Path::to_owned).into_iter().chain(machine).chain(of_layers).chain(["/opt/bin".into()]);
    let libraries = [code.to_owned(), code.join("lib")].into_iter().chain(layers.map(|layers| layers.join("lib")));
    let libraries = libraries.chain(["/opt/lib".into()]);
    let variables = [("PATH", search_path(path)), ("LD_LIBRARY_PATH", search_path(libraries))];
    variables.into_iter().filter_map(|(name, path)| Some((name, path?))).collect()
}

/// Where the modules of layers are, the first to be searched first.
fn modules(runtime: Runtime, layers: Option<&Path>) -> Vec<PathBuf> {
    let Some(layers) = layers else { return Vec::new() };
    let release = runtime.release();
    match runtime.language() {
        Language::Python => {
            let python = layers.join("python");
            vec![python.join(format!("lib/python{release}/site-packages")), python]
        }
        Language::Node => {
            let node = layers.join("nodejs");
            vec![node.join(format!("node{release}/node_modules")), node.join("node_modules")]
        }
    }
}

fn search_path(folders: impl IntoIterator<Item = PathBuf>) -> Option<String> {
    let folders: Vec<String> = folders.into_iter().map(|folder| folder.display().to_string()).collect();
    (!folders.is_empty()).then(|| folders.join(":"))
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

    /// Finds what starts the code in a folder, with the layers in another one; without a runtime that has an interpreter,
    /// the code's own `bootstrap`, or that of a layer.
    ///
    /// # Errors
    /// When there is no interpreter any more, or the disk does not take its client.
    pub(super) async fn launch(&self, spec: &Spec, code: &Path, layers: Option<&Path>) -> io::Result<Launch> {
        let Some(runtime) = spec.runtime else { return Ok(bootstrap(code, layers)) };
        let interpreter = self.interpreter(runtime).await.map_err(io::Error::other)?;
        let client = self.client(runtime.language()).await?;
        let packages = self.shelf.as_ref().and_then(|shelf| shelf.installed(&interpreter));
        let programs = interpreter.path.parent().unwrap_or(Path::new("/usr/bin"));
        let mut defaults = paths(Some(programs), code, layers);
        let mut reserved = vec![
            ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{runtime}")),
            ("LAMBDA_RUNTIME_DIR", client.folder.display().to_string()),
        ];
        let modules = modules(runtime, layers);
        match runtime.language() {
            // The user's own folders are searched beside those of the layers and of the packages, as at AWS.
            Language::Python => {
                let own = spec.variables.get("PYTHONPATH").map(PathBuf::from);
                reserved.extend(
                    search_path(modules.into_iter().chain(own).chain(packages.clone()))
                        .map(|path| ("PYTHONPATH", path)),
                );
            }
            Language::Node => {
                defaults
                    .extend(search_path(modules.into_iter().chain(packages.clone())).map(|path| ("NODE_PATH", path)));
            }
        }
        // What is below the machine's `/tmp` would be hidden by another one, and so with `/opt`.
        let places = [Some(code), Some(&client.folder), Some(interpreter.path.as_path()), packages.as_deref(), layers];
        let is_free = |folder: &str| !places.into_iter().flatten().any(|place| place.starts_with(folder));
        Ok(Launch {
            argument: Some(client.program.clone()),
            defaults,
            reserved,
            remark: interpreter.remark(),
            has_own_tmp: is_free("/tmp"),
            has_own_opt: is_free("/opt"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_searched_where_lambda_searches_them() {
        let layers = Some(Path::new("/layers"));
        let texts = |runtime: &str, layers| {
            let modules = modules(runtime.parse().unwrap(), layers);
            modules.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(texts("python3.12", layers), ["/layers/python/lib/python3.12/site-packages", "/layers/python"]);
        assert_eq!(texts("nodejs22.x", layers), ["/layers/nodejs/node22/node_modules", "/layers/nodejs/node_modules"]);
        assert!(texts("python3.12", None).is_empty());
        let paths = paths(None, Path::new("/code"), layers);
        let path = "/usr/local/bin:/usr/bin:/bin:/layers/bin:/opt/bin".to_owned();
        let libraries = "/code:/code/lib:/layers/lib:/opt/lib".to_owned();
        assert_eq!(paths, [("PATH", path), ("LD_LIBRARY_PATH", libraries)]);
    }

    #[test]
    fn a_bootstrap_is_the_codes_own_before_that_of_a_layer() {
        let folder = tempfile::tempdir().unwrap();
        let (code, layers) = (folder.path().join("code"), folder.path().join("layers"));
        for folder in [&code, &layers] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(layers.join("bootstrap"), "").unwrap();
        assert_eq!(bootstrap(&code, Some(&layers)).program, layers.join("bootstrap"));
        assert_eq!(bootstrap(&code, None).program, code.join("bootstrap"));
        std::fs::write(code.join("bootstrap"), "").unwrap();
        assert_eq!(bootstrap(&code, Some(&layers)).program, code.join("bootstrap"));
    }
}
