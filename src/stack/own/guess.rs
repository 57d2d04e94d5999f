//! What kind of function is in a folder, as far as nobody says it: the runtime and the handler, guessed from what is there
//! and from nothing else, so that every machine guesses alike.
//!
//! Where two things could be meant, neither is taken.

use super::{error::Error, files::Source};
use crate::{
    runtimes::{Language, Runtime},
    text::Message,
};
use std::{fs, path::Path};

/// The runtime of a folder with a `bootstrap`.
const CUSTOM: &str = "provided.al2023";
/// The file that starts one.
const BOOTSTRAP: &str = "bootstrap";
/// The runtime of a Python function whose folder names no version.
const PYTHON: &str = "python3.13";
/// The same of Node.js.
const NODE: &str = "nodejs22.x";

/// What is known of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) runtime: String,
    pub(super) handler: String,
    /// What of it was guessed.
    pub(super) is_guessed: bool,
}

/// A folder that is to be a function.
pub(super) struct Folder<'a> {
    pub(super) dir: &'a Path,
    pub(super) files: &'a [Source],
}

/// Finds the runtime and the handler; what is said is not guessed.
///
/// # Errors
/// When nothing in the folder tells, or more than one thing does.
pub(super) fn guess(folder: &Folder<'_>, runtime: Option<&str>, handler: Option<&str>) -> Result<Known, Error> {
    if let (Some(runtime), Some(handler)) = (runtime, handler) {
        return Ok(Known { runtime: runtime.to_owned(), handler: handler.to_owned(), is_guessed: false });
    }
    let kind = match runtime {
        Some(runtime) => Kind::of(runtime),
        None => folder.kind()?,
    };
    let runtime = runtime.map_or_else(|| folder.runtime(kind), str::to_owned);
    let handler = match (handler, kind) {
        (Some(handler), _) => handler.to_owned(),
        (None, Kind::Custom) => BOOTSTRAP.to_owned(),
        (None, Kind::In(language)) => folder.handler(language)?,
        (None, Kind::Other) => return Err(folder.no_function("handler_needed")),
    };
    Ok(Known { runtime, handler, is_guessed: true })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A program that asks for its events itself.
    Custom,
    /// A function in a language that is known here.
    In(Language),
    /// One whose runtime somebody has named.
    Other,
}

impl Kind {
    fn of(runtime: &str) -> Self {
        match runtime.parse::<Runtime>() {
            Ok(runtime) => Self::In(runtime.language()),
            Err(_) if runtime.starts_with("provided") => Self::Custom,
            Err(_) => Self::Other,
        }
    }
}

impl Folder<'_> {
    fn no_function(&self, why: &str) -> Error {
        Error::NoFunction { dir: self.dir.to_owned(), why: Message::new(format!("function.none.{why}")) }
    }

    fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.name == name)
    }

    /// The files in the folder itself with one of some endings.
    fn top(&self, endings: &'static [&'static str]) -> impl Iterator<Item = &Source> {
        let ends = move |name: &str| endings.iter().any(|ending| name.ends_with(ending));
        self.files.iter().filter(move |file| !file.name.contains('/') && ends(&file.name))
    }

    fn kind(&self) -> Result<Kind, Error> {
        if self.has(BOOTSTRAP) {
            return Ok(Kind::Custom);
        }
        let python = self.top(&[".py"]).next().map(|file| file.name.clone());
        let python = python.or_else(|| self.has("requirements.txt").then(|| "requirements.txt".to_owned()));
        let node = self.top(&[".js", ".mjs", ".cjs"]).next().map(|file| file.name.clone());
        let node = node.or_else(|| self.has("package.json").then(|| "package.json".to_owned()));
        match (python, node) {
            (Some(_), None) => Ok(Kind::In(Language::Python)),
            (None, Some(_)) => Ok(Kind::In(Language::Node)),
            (Some(python), Some(node)) => Err(self.ambiguous(&[python, node], "--runtime")),
            (None, None) if self.files.is_empty() => Err(self.no_function("empty")),
            (None, None) => Err(self.no_function("kind")),
        }
    }

    fn ambiguous(&self, candidates: &[String], flag: &'static str) -> Error {
        let candidates = candidates.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Error::Ambiguous { dir: self.dir.to_owned(), candidates, flag }
    }

    /// The runtime of a kind: of the version that the folder names as version managers have it, where Lambda has that.
    fn runtime(&self, kind: Kind) -> String {
        let named = |files: &[&str]| {
            let text = files.iter().find_map(|name| fs::read_to_string(self.dir.join(name)).ok())?;
            Some(text.trim().trim_start_matches('v').to_owned())
        };
        let (named, usual) = match kind {
            Kind::In(Language::Python) => {
                let release = named(&[".python-version"]);
                let runtime = release.map(|text| text.splitn(3, '.').take(2).collect::<Vec<_>>().join("."));
                (runtime.map(|release| format!("python{release}")), PYTHON)
            }
            Kind::In(Language::Node) => {
                let release = named(&[".nvmrc", ".node-version"]);
                let runtime = release.and_then(|text| Some(format!("nodejs{}.x", text.split('.').next()?)));
                (runtime, NODE)
            }
            Kind::Custom | Kind::Other => (None, CUSTOM),
        };
        named.filter(|runtime| runtime.parse::<Runtime>().is_ok()).unwrap_or_else(|| usual.to_owned())
    }

    /// The one function of that name that the files in the folder itself hold.
    fn handler(&self, language: Language) -> Result<String, Error> {
        let endings: &[&str] = match language {
            Language::Python => &[".py"],
            Language::Node => &[".js", ".mjs", ".cjs"],
        };
        let mut found = Vec::new();
        for file in self.top(endings) {
            let text = fs::read_to_string(&file.path)
                .map_err(|source| Error::Unreadable { path: file.path.clone(), source })?;
            let module = file.name.rsplit_once('.').map_or(file.name.as_str(), |(module, _)| module);
            let names = match language {
                Language::Python => in_python(&text),
                Language::Node => in_node(&text),
            };
            found.extend(names.into_iter().map(|name| format!("{module}.{name}")));
        }
        match found.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(self.no_function(match language {
                Language::Python => "python",
                Language::Node => "node",
            })),
            several => Err(self.ambiguous(several, "--handler")),
        }
    }
}

/// The names that a Python module gives a function by, as Lambda's own examples have them.
fn in_python(text: &str) -> Vec<&'static str> {
    let has = |name: &str| {
        text.lines().map(|line| line.trim_start_matches('\u{feff}')).any(|line| {
            let defined = line.strip_prefix("def ").and_then(|rest| rest.strip_prefix(name)).unwrap_or_default();
            let assigned = line.strip_prefix(name).unwrap_or_default().trim_start();
            defined.trim_start().starts_with('(') || (assigned.starts_with('=') && !assigned.starts_with("=="))
        })
    };
    ["lambda_handler", "handler"].into_iter().filter(|name| has(name)).collect()
}

/// The same of a module of Node.js: what it exports as `handler`.
fn in_node(text: &str) -> Vec<&'static str> {
    let starts = |line: &str, start: &str| {
        line.strip_prefix(start)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$')))
    };
    let exports = text.lines().any(|line| {
        let line = line.trim_start_matches('\u{feff}');
        ["const", "let", "var", "function", "async function"]
            .iter()
            .any(|kind| starts(line, &format!("export {kind} handler")))
            || starts(line, "exports.handler")
            || starts(line, "module.exports.handler")
            || ["module.exports = {", "export {"].iter().any(|start| {
                line.strip_prefix(start).is_some_and(|names| {
                    names.split(['}', ',']).any(|name| {
                        let name = name.trim();
                        name == "handler" || name.ends_with(" as handler") || name.starts_with("handler:")
                    })
                })
            })
    });
    if exports { vec!["handler"] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::{super::files, *};

    fn known(contents: &[(&str, &str)], runtime: Option<&str>, handler: Option<&str>) -> Result<String, String> {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in contents {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let files = files::list(dir.path()).unwrap();
        match guess(&Folder { dir: dir.path(), files: &files }, runtime, handler) {
            Ok(known) => Ok(format!("{} {}", known.runtime, known.handler)),
            Err(Error::NoFunction { why, .. }) => Err(why.key().to_owned()),
            Err(Error::Ambiguous { candidates, flag, .. }) => Err(format!("{candidates} {flag}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_one_function_of_a_folder_is_found() {
        let handler = "def handler(event, context):\n";
        for (files, found) in [
            (&[("app.py", handler)][..], "python3.13 app.handler"),
            (
                &[("lambda_function.py", "def lambda_handler(e, c): pass"), ("util.py", "def f(): pass")],
                "python3.13 lambda_function.lambda_handler",
            ),
            (&[("app.py", "\u{feff}handler = Mangum(app)"), (".python-version", "3.11.4\n")], "python3.11 app.handler"),
            (&[("app.py", handler), (".python-version", "2.7")], "python3.13 app.handler"),
            (&[("index.mjs", "export const handler = async () => 1;")], "nodejs22.x index.handler"),
            (
                &[("index.js", "exports.handler = async () => 1"), (".nvmrc", "v20.11.1"), ("package.json", "{}")],
                "nodejs20.x index.handler",
            ),
            (&[("a.js", "module.exports = { other, handler }")], "nodejs22.x a.handler"),
            (&[("a.mjs", "export async function handler(event) {}")], "nodejs22.x a.handler"),
            (&[("a.mjs", "export { main as handler };")], "nodejs22.x a.handler"),
            (&[("bootstrap", "#!/bin/sh"), ("helper.py", "")], "provided.al2023 bootstrap"),
        ] {
            assert_eq!(known(files, None, None).as_deref(), Ok(found));
        }
    }

    #[test]
    fn what_is_said_is_not_guessed() {
        let files = [("a.py", "def handler(e, c): pass"), ("b.py", "def handler(e, c): pass"), ("c.js", "")];
        assert_eq!(known(&files, Some("python3.12"), Some("b.handler")).unwrap(), "python3.12 b.handler");
        assert_eq!(known(&files[..1], Some("python3.9"), None).unwrap(), "python3.9 a.handler");
        assert_eq!(known(&files[..2], None, Some("a.main")).unwrap(), "python3.13 a.main");
        assert_eq!(known(&[], Some("provided.al2"), None).unwrap(), "provided.al2 bootstrap");
        assert_eq!(known(&[], Some("java21"), None).unwrap_err(), "function.none.handler_needed");
    }

    #[test]
    fn what_could_be_two_things_is_neither() {
        let python = ("app.py", "def handler(e, c): pass");
        assert_eq!(known(&[python, ("index.js", "")], None, None).unwrap_err(), "`app.py`, `index.js` --runtime");
        let two = [python, ("main.py", "def lambda_handler(e, c): pass")];
        assert_eq!(known(&two, None, None).unwrap_err(), "`app.handler`, `main.lambda_handler` --handler");
        assert_eq!(
            known(&[("app.py", "def handle(): pass\nhandlers = 1")], None, None).unwrap_err(),
            "function.none.python"
        );
        assert_eq!(
            known(&[("a.js", "const handler = 1; exports.handlers = 2")], None, None).unwrap_err(),
            "function.none.node"
        );
        assert_eq!(known(&[("notes.txt", "")], None, None).unwrap_err(), "function.none.kind");
        assert_eq!(known(&[], None, None).unwrap_err(), "function.none.empty");
    }
}
