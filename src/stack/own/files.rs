//! The files of a function's folder, as they will be in its archive.
//!
//! Links are followed, as `zip` does, and must not lead out of the folder: what is outside is not the function's, and may
//! be anybody's.

use super::{
    error::Error,
    ignore::{FILE, Ignore},
};
use crate::text::Message;
use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The most files that a function may have.
const MOST: usize = 20_000;

/// A file.
#[derive(Debug)]
pub(super) struct Source {
    /// Its path in the archive.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
    /// What the system says of it.
    pub(super) about: Metadata,
}

impl Source {
    /// Whether its owner may execute it.
    pub(super) fn is_executable(&self) -> bool {
        self.about.mode() & 0o100 != 0
    }

    /// Tells it from every other one, and from itself before it was last written to.
    pub(super) fn key(&self) -> String {
        let about = &self.about;
        let times = [about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec()];
        format!("{} {} {} {} {times:?} {}\n", self.name, about.dev(), about.ino(), about.len(), self.is_executable())
    }
}

/// Lists the files of a folder, by their names.
///
/// # Errors
/// Names what cannot be in an archive, or cannot be read.
pub(super) fn list(folder: &Path) -> Result<Vec<Source>, Error> {
    let ignore = match fs::read_to_string(folder.join(FILE)) {
        Ok(text) => Ignore::parse(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ignore::parse(""),
        Err(source) => return Err(Error::Unreadable { path: folder.join(FILE), source }),
    };
    let root = folder.canonicalize().map_err(|source| Error::Unreadable { path: folder.to_owned(), source })?;
    let mut walk = Walk { root: root.clone(), ignore, found: Vec::new() };
    walk.folder(&root, "", &mut vec![root.clone()])?;
    walk.found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(walk.found)
}

struct Walk {
    root: PathBuf,
    ignore: Ignore,
    found: Vec<Source>,
}

impl Walk {
    /// Lists a folder; `above` are the folders that it is in, itself the last.
    fn folder(&mut self, folder: &Path, prefix: &str, above: &mut Vec<PathBuf>) -> Result<(), Error> {
        let unreadable = |source| Error::Unreadable { path: folder.to_owned(), source };
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let bad =
                |name: String, why: &str| Error::BadFile { name, why: Message::new(format!("function.file.{why}")) };
            let name = match entry.file_name().into_string() {
                Ok(name) => format!("{prefix}{name}"),
                Err(name) => return Err(bad(format!("{prefix}{}", name.display()), "name")),
            };
            let path = entry.path();
            let is_link = entry.file_type().map_err(unreadable)?.is_symlink();
            // Of a link it is its own name that is left out, wherever it leads.
            let about = match fs::metadata(&path) {
                Ok(about) => about,
                Err(_) if self.ignore.holds(&name, false) || self.ignore.holds(&name, true) => continue,
                Err(_) if is_link => return Err(bad(name, "dangling")),
                Err(source) => return Err(Error::Unreadable { path, source }),
            };
            if self.ignore.holds(&name, about.is_dir()) {
                continue;
            }
            if name.contains(['\\', '\0']) {
                return Err(bad(name, "name"));
            }
            let path = if is_link {
                let target = path.canonicalize().map_err(|source| Error::Unreadable { path: path.clone(), source })?;
                if !target.starts_with(&self.root) {
                    return Err(bad(name, "outside"));
                }
                target
            } else {
                path
            };
            if about.is_dir() {
                if above.contains(&path) {
                    return Err(bad(name, "circle"));
                }
                above.push(path.clone());
                self.folder(&path, &format!("{name}/"), above)?;
                above.pop();
            } else if about.is_file() {
                self.found.push(Source { name, path, about });
                if self.found.len() > MOST {
                    return Err(bad(folder.display().to_string(), "many"));
                }
            } else {
                return Err(bad(name, "irregular"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    fn names(folder: &Path) -> Result<Vec<String>, String> {
        let files = list(folder).map_err(|error| match error {
            Error::BadFile { name, why } => format!("{name}: {}", why.key()),
            error => error.to_string(),
        })?;
        Ok(files.into_iter().map(|file| file.name).collect())
    }

    #[test]
    fn files_come_by_name_without_what_is_left_out() {
        let folder =
            folder(&["b/z.py", "a.py", "b/a.py", "__pycache__/a.pyc", ".git/config", "notes.md", "empty/.DS_Store"]);
        fs::write(folder.path().join(FILE), "*.md\n").unwrap();
        assert_eq!(names(folder.path()).unwrap(), ["a.py", "b/a.py", "b/z.py"]);
    }

    #[test]
    fn a_link_is_what_it_leads_to_and_never_leads_out() {
        let folder = folder(&["lib/a.py"]);
        let at = |name: &str| folder.path().join(name);
        symlink("lib", at("alias")).unwrap();
        symlink("lib/a.py", at("b.py")).unwrap();
        assert_eq!(names(folder.path()).unwrap(), ["alias/a.py", "b.py", "lib/a.py"]);
        for (target, why) in [("/etc/hostname", "outside"), ("..", "circle"), ("nowhere", "dangling"), (".", "circle")]
        {
            symlink(target, at("lib/link")).unwrap();
            let error = names(folder.path()).unwrap_err();
            assert!(error.ends_with(&format!("/link: function.file.{why}")), "{target}: {error}");
            fs::write(at(FILE), "link\n").unwrap();
            assert_eq!(names(folder.path()).unwrap().len(), 3, "left out");
            fs::remove_file(at(FILE)).unwrap();
            fs::remove_file(at("lib/link")).unwrap();
        }
    }

    #[test]
    fn a_name_that_is_a_path_elsewhere_is_refused() {
        let folder = folder(&["a\\b"]);
        assert_eq!(names(folder.path()).unwrap_err(), "a\\b: function.file.name");
    }
}
