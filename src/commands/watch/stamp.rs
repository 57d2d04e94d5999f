//! What files look like from outside: enough to tell that one has changed.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The names, times and lengths of files.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::commands) struct Stamp(Vec<(PathBuf, SystemTime, u64)>);

impl Stamp {
    /// Looks at files, and at every file below folders. What cannot be looked at is not there.
    pub(in crate::commands) fn of<P: AsRef<Path>>(paths: &[P]) -> Self {
        let mut files = Vec::new();
        let mut left: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
        while let Some(path) = left.pop() {
            // A link is not followed: it could lead round in a circle.
            let Ok(about) = fs::symlink_metadata(&path) else { continue };
            if about.is_dir() {
                left.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
            } else if let Ok(time) = about.modified() {
                files.push((path, time, about.len()));
            }
        }
        files.sort();
        Self(files)
    }

    pub(in crate::commands) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_a_longer_and_a_removed_file_show_and_a_second_look_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let look = || Stamp::of(&[folder.path()]);
        assert!(look().is_empty() && Stamp::of(&[at("absent")]).is_empty());
        fs::create_dir(at("deep")).unwrap();
        let steps: [&dyn Fn(); 4] = [
            &|| fs::write(at("deep/a"), "1").unwrap(),
            &|| fs::write(at("deep/a"), "22").unwrap(),
            &|| fs::write(at("b"), "").unwrap(),
            &|| fs::remove_file(at("deep/a")).unwrap(),
        ];
        for step in steps {
            let before = look();
            step();
            assert_ne!(look(), before);
            assert_eq!(look(), look());
        }
    }
}
