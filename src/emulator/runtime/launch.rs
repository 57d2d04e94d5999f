//! What starts a function's process: its own `bootstrap`, or this machine's interpreter with our runtime client.

use super::{
    Spec,
    archive::BOOTSTRAP,
    clients::{self, Client},
    container::{self, Container, Docker},
};
use crate::runtimes::{
    Language, Machine, Runtime,
    interpreter::{Finder, Interpreter},
    packages::Shelf,
};
use crate::secret::random_hex;
use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};
use tokio::sync::OnceCell;

/// The program that is put before the interpreter, where a function's variable names one.
const WRAPPER: &str = "AWS_LAMBDA_EXEC_WRAPPER";
/// What starts it: the words and the exit codes are those of AWS's own `bootstrap`.
const START_WRAPPER: &str = "if [ ! -f \"$1\" ]; then echo \"$1: does not exist\"; exit 127; fi
if [ ! -x \"$1\" ]; then echo \"$1: is not an executable\"; exit 126; fi
exec \"$@\"";

/// A program with what it is started with.
#[derive(Debug, Default)]
pub(super) struct Launch {
    /// The program's file.
    pub(super) program: PathBuf,
    /// Its arguments: for an interpreter, its options and the file that it is to run.
    pub(super) arguments: Vec<OsString>,
    /// The container that it runs, for Docker.
    pub(super) container: Option<Container>,
    /// Variables that a function's configuration may replace.
    pub(super) defaults: Vec<(&'static str, String)>,
    /// Variables that it may not.
    pub(super) reserved: Vec<(&'static str, String)>,
    /// What the function's log says about the program and what it is given.
    pub(super) remarks: Vec<String>,
    /// Whether the process finds its code at `/var/task`.
    pub(super) has_own_task: bool,
    /// Whether the process is to find its own folder at `/tmp`.
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
    let places: Vec<&Path> = [Some(code), layers].into_iter().flatten().collect();
    Launch { program, defaults: paths(None, code, layers), ..Launch::default() }.with_folders(&places)
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

/// The options that AWS's `bootstrap` starts an interpreter with, for a function of so many MB; `own` is what the
/// function asks Node.js for.
fn options(interpreter: &Interpreter, memory: u32, own: &str) -> Vec<OsString> {
    let runtime = interpreter.runtime;
    if runtime.language() == Language::Python {
        return Vec::new();
    }
    let version = interpreter.version;
    let knows_features = version.is_at_least(22, 0) || version.is_at_least(20, 17) && !version.is_at_least(21, 0);
    let features = if knows_features { taken_away(&runtime.release(), own) } else { Vec::new() };
    always(memory).into_iter().chain(features).map(OsString::from).collect()
}

/// What every Node.js is started with: of the function's memory a tenth is for young objects.
fn always(memory: u32) -> Vec<String> {
    let young = memory / 10;
    vec![
        "--expose-gc".to_owned(),
        "--max-http-header-size=81920".to_owned(),
        format!("--max-semi-space-size={}", young / 2),
        format!("--max-old-space-size={}", memory - young),
    ]
}

/// Takes away what Node.js has by itself in a release and Lambda has not, unless the function asks for it:
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html>.
fn taken_away(release: &str, own: &str) -> Vec<String> {
    let features: &[&str] = match release {
        "20" => &["require-module"],
        "22" => &["require-module", "detect-module"],
        _ => &[],
    };
    let asked_for: Vec<&str> =
        own.split_whitespace().filter_map(|option| option.strip_prefix("--experimental-")).collect();
    let features = features.iter().filter(|feature| !asked_for.contains(feature));
    features.map(|feature| format!("--no-experimental-{feature}")).collect()
}

/// Puts a function's own wrapper before a program, as AWS's `bootstrap` does:
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper>.
fn wrapped(wrapper: Option<&String>, program: PathBuf, arguments: Vec<OsString>) -> (PathBuf, Vec<OsString>) {
    let Some(wrapper) = wrapper.filter(|wrapper| !wrapper.is_empty()) else { return (program, arguments) };
    let words = ["-c", START_WRAPPER, BOOTSTRAP, wrapper.as_str()].map(OsString::from);
    let words = words.into_iter().chain([program.into_os_string()]).chain(arguments);
    (PathBuf::from("/bin/sh"), words.collect())
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

impl Launch {
    /// Gives the process its code at `/var/task`, its layers at `/opt`, and a `/tmp` of its own, unless something that it
    /// needs is below the machine's, which that would hide.
    fn with_folders(mut self, places: &[&Path]) -> Self {
        let hides = |folder: &str| places.iter().any(|place| place.starts_with(folder));
        self.has_own_task = !hides("/var/task");
        self.has_own_opt = !hides("/opt");
        let hidden = places.iter().find(|place| place.starts_with("/tmp"));
        self.has_own_tmp = hidden.is_none();
        self.remarks.extend(hidden.map(|place| {
            let place = place.display();
            format!("atelier: this function sees the machine's /tmp, because {place} is in it; TMPDIR names a folder of its own")
        }));
        self
    }
}

/// What runs the functions of a runtime on this machine.
pub enum Executor {
    /// The machine's own interpreter.
    Interpreter(Interpreter),
    /// AWS's image, in Docker.
    Image(ImageOf),
}

/// An image that runs functions of a runtime.
pub struct ImageOf {
    runtime: Runtime,
    docker: Docker,
}

impl Executor {
    /// Says what is to be known of it: that it is not what the runtime's name says.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        match self {
            Self::Interpreter(interpreter) => interpreter.remark(),
            Self::Image(ImageOf { runtime, .. }) => Some(format!(
                "{} in Docker runs this {runtime} function: no {} was found on this machine",
                container::image(*runtime),
                runtime.language()
            )),
        }
    }
}

/// Nothing on this machine runs the functions of a runtime.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source_of}: {remedy}")]
pub struct NoExecutor {
    source_of: String,
    remedy: String,
}

impl NoExecutor {
    fn new(runtime: Runtime, has_docker: bool) -> Self {
        let (language, release, image) = (runtime.language(), runtime.release(), container::image(runtime));
        let docker = if has_docker { "run" } else { "install Docker and run" };
        Self {
            source_of: format!("no {language} for {runtime} is on this machine"),
            remedy: format!(
                "install {language} {release} ({}), or {docker} `docker pull {image}`, which then runs it",
                runtime.remedy()
            ),
        }
    }
}

/// Finds what starts functions.
pub(super) struct Launcher {
    finder: Finder,
    docker: Option<Docker>,
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
        let docker = Docker::find(machine);
        Self { finder: Finder::new(machine), docker, shelf, folder, python: OnceCell::new(), node: OnceCell::new() }
    }

    /// Finds what runs a runtime's functions: an interpreter, else an image that is here.
    ///
    /// # Errors
    /// When this machine has neither.
    pub(super) async fn executor(&self, runtime: Runtime) -> Result<Executor, NoExecutor> {
        if let Ok(interpreter) = self.finder.find(runtime).await {
            return Ok(Executor::Interpreter(interpreter));
        }
        match &self.docker {
            Some(docker) if docker.has(&container::image(runtime)).await => {
                Ok(Executor::Image(ImageOf { runtime, docker: docker.clone() }))
            }
            docker => Err(NoExecutor::new(runtime, docker.is_some())),
        }
    }

    /// Finds every interpreter that runs a runtime's functions, the nearest first.
    pub(super) async fn interpreters(&self, runtime: Runtime) -> Vec<Interpreter> {
        self.finder.find_all(runtime).await
    }

    /// Finds what starts the code in a folder, with the layers in another one; without a runtime that has an interpreter,
    /// the code's own `bootstrap`, or that of a layer. Where an interpreter is to stand in for the nearest, it is `instead`.
    ///
    /// # Errors
    /// When there is no interpreter any more, or the disk does not take its client.
    pub(super) async fn launch(
        &self,
        spec: &Spec,
        code: &Path,
        layers: Option<&Path>,
        instead: Option<Interpreter>,
    ) -> io::Result<Launch> {
        let Some(runtime) = spec.runtime else { return Ok(bootstrap(code, layers)) };
        let (executor, remarks) = if let Some(interpreter) = instead {
            // Whoever chose it says so.
            (Executor::Interpreter(interpreter), Vec::new())
        } else {
            let executor = self.executor(runtime).await.map_err(io::Error::other)?;
            let remarks = executor.remark().into_iter().collect();
            (executor, remarks)
        };
        let interpreter = match executor {
            Executor::Interpreter(interpreter) => interpreter,
            Executor::Image(image) => return in_container(image, remarks),
        };
        let client = self.client(runtime.language()).await?;
        let packages = self.shelf.as_ref().and_then(|shelf| shelf.installed(&interpreter));
        let programs = interpreter.path.parent().unwrap_or(Path::new("/usr/bin"));
        let mut defaults = paths(Some(programs), code, layers);
        // AWS's `bootstrap` is a shell's, which says where it is.
        defaults.extend([("PWD", code.display().to_string()), ("SHLVL", "0".to_owned())]);
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
                let folders = modules.into_iter().chain(packages.clone()).chain([code.to_owned()]);
                defaults.extend(search_path(folders).map(|path| ("NODE_PATH", path)));
            }
        }
        let places = [Some(code), Some(&client.folder), Some(interpreter.path.as_path()), packages.as_deref(), layers];
        let places: Vec<&Path> = places.into_iter().flatten().collect();
        let own = spec.variables.get("NODE_OPTIONS").map(String::as_str).unwrap_or_default();
        let mut arguments = options(&interpreter, spec.memory, own);
        arguments.push(client.program.clone().into());
        let (program, arguments) = wrapped(spec.variables.get(WRAPPER), interpreter.path.clone(), arguments);
        Ok(Launch { program, arguments, defaults, reserved, remarks, ..Launch::default() }.with_folders(&places))
    }

    async fn client(&self, language: Language) -> io::Result<&Client> {
        let client = match language {
            Language::Python => &self.python,
            Language::Node => &self.node,
        };
        client.get_or_try_init(|| async { clients::write(language, &self.folder) }).await
    }
}

fn in_container(ImageOf { runtime, docker }: ImageOf, remarks: Vec<String>) -> io::Result<Launch> {
    let name = format!("atelier-function-{}", random_hex(8).map_err(io::Error::other)?);
    let container = Container { docker, image: container::image(runtime), name };
    let reserved = vec![("AWS_EXECUTION_ENV", format!("AWS_Lambda_{runtime}"))];
    Ok(Launch { program: container.program(), container: Some(container), reserved, remarks, ..Launch::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_anything_is_told_both_ways_out() {
        let runtime = "python3.12".parse().unwrap();
        let error = NoExecutor::new(runtime, false).to_string();
        assert_eq!(
            error,
            "no Python for python3.12 is on this machine: install Python 3.12 (`uv python install 3.12` or `pyenv \
             install 3.12`), or install Docker and run `docker pull amazon/aws-lambda-python:3.12`, which then runs it"
        );
        assert!(NoExecutor::new(runtime, true).to_string().contains("), or run `docker pull "));
    }

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
    fn node_is_started_with_the_options_that_it_has_at_aws() {
        assert_eq!(always(128)[2..], ["--max-semi-space-size=6", "--max-old-space-size=116"]);
        for (release, own, expected) in [
            ("22", "", &["--no-experimental-require-module", "--no-experimental-detect-module"][..]),
            ("20", "", &["--no-experimental-require-module"]),
            ("18", "", &[]),
            ("22", "--no-warnings --experimental-require-module", &["--no-experimental-detect-module"]),
            ("20", "--experimental-require-module", &[]),
            ("24", "", &[]),
        ] {
            assert_eq!(taken_away(release, own), expected, "{release} {own}");
        }
    }

    #[test]
    fn a_wrapper_is_started_with_the_interpreter_and_all_that_it_gets() {
        let start = |wrapper: Option<&String>| {
            let (program, arguments) = wrapped(wrapper, "/bin/python3".into(), vec!["/client.py".into()]);
            (program, arguments.into_iter().map(|word| word.into_string().unwrap()).collect::<Vec<_>>())
        };
        for none in [None, Some(&String::new())] {
            assert_eq!(start(none), (PathBuf::from("/bin/python3"), vec!["/client.py".to_owned()]));
        }
        let (program, arguments) = start(Some(&"/opt/wrapper".to_owned()));
        assert_eq!(program, Path::new("/bin/sh"));
        assert_eq!(arguments[2..], ["bootstrap", "/opt/wrapper", "/bin/python3", "/client.py"]);
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
