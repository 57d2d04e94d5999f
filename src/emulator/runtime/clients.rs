//! The clients of the Runtime API that interpreters run: programs in the languages themselves, in this binary.
//!
//! They show functions, callers and logs what AWS's own clients show. Written once into the emulator's folder, from
//! where interpreters read them.

use crate::runtimes::Language;
use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// The client in Python; the first file is the program, under the name of AWS's.
const PYTHON: [(&str, &str); 2] =
    [("bootstrap.py", include_str!("clients/python.py")), ("python_hosts.py", include_str!("clients/python_hosts.py"))];

/// The client in JavaScript; the first file is the program.
const NODE: [(&str, &str); 10] = [
    ("index.mjs", include_str!("clients/node/index.mjs")),
    ("api.mjs", include_str!("clients/node/api.mjs")),
    ("console.mjs", include_str!("clients/node/console.mjs")),
    ("errors.mjs", include_str!("clients/node/errors.mjs")),
    ("hooks.mjs", include_str!("clients/node/hooks.mjs")),
    ("hosts.mjs", include_str!("clients/node/hosts.mjs")),
    ("invoke.mjs", include_str!("clients/node/invoke.mjs")),
    ("load.mjs", include_str!("clients/node/load.mjs")),
    ("now.mjs", include_str!("clients/node/now.mjs")),
    ("stream.mjs", include_str!("clients/node/stream.mjs")),
];

/// The client of one language, in its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Client {
    /// The folder, which functions know as `LAMBDA_RUNTIME_DIR`.
    pub(super) folder: PathBuf,
    /// The program in it.
    pub(super) program: PathBuf,
}

/// Writes the client of a language below `folder`.
///
/// # Errors
/// Returns the operating system's refusal.
pub(super) fn write(language: Language, folder: &Path) -> io::Result<Client> {
    let (name, files): (_, &[(&str, &str)]) = match language {
        Language::Python => ("python", &PYTHON),
        Language::Node => ("node", &NODE),
    };
    let folder = folder.join(name);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    for (name, text) in files {
        fs::write(folder.join(name), text)?;
    }
    Ok(Client { program: folder.join(files[0].0), folder })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_a_client_imports_is_written_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let client = write(Language::Node, folder.path()).unwrap();
        for (_, text) in NODE {
            let imports = text.split("from './").skip(1).filter_map(|rest| rest.split('\'').next());
            for name in imports.chain(["hooks.mjs"]) {
                assert!(client.folder.join(name).is_file(), "{name}");
            }
        }
        assert!(write(Language::Python, folder.path()).unwrap().program.ends_with("python/bootstrap.py"));
    }
}
