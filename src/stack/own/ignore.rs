//! What of a folder is left out of the archive: patterns as `.gitignore` has them, in `.atelierignore`, after some that
//! hold everywhere.

/// The file with the folder's own patterns.
pub(super) const FILE: &str = ".atelierignore";

/// What no function needs: version control, caches, environments of one machine, secrets, and what atelier writes.
const EVERYWHERE: &str = "\
.atelier/
.atelierignore
.git/
.github/
.gitignore
.devcontainer/
.hg/
.svn/
.DS_Store
.env
.venv/
venv/
__pycache__/
*.pyc
.mypy_cache/
.pytest_cache/
.ruff_cache/
/atelier.toml
/.api_id
/.instance_id
/deploy.log
";

/// Patterns, of which the last that fits decides.
pub(super) struct Ignore(Vec<Pattern>);

struct Pattern {
    /// `/` at the beginning or in the middle: it is meant from the folder on. Otherwise it fits a name anywhere.
    is_anchored: bool,
    is_folder: bool,
    /// `!`: what fits is in the archive after all.
    is_kept: bool,
    parts: Vec<String>,
}

impl Ignore {
    /// Reads the folder's own patterns.
    pub(super) fn parse(text: &str) -> Self {
        Self(EVERYWHERE.lines().chain(text.trim_start_matches('\u{feff}').lines()).filter_map(Pattern::parse).collect())
    }

    /// Whether a path below the folder is left out.
    pub(super) fn holds(&self, path: &str, is_folder: bool) -> bool {
        self.0.iter().rev().find(|pattern| pattern.fits(path, is_folder)).is_some_and(|pattern| !pattern.is_kept)
    }
}

impl Pattern {
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (line, is_kept) = line.strip_prefix('!').map_or((line, false), |rest| (rest, true));
        let line = line.strip_prefix('\\').unwrap_or(line);
        let (line, is_folder) = line.strip_suffix('/').map_or((line, false), |rest| (rest, true));
        let is_anchored = line.contains('/');
        let parts = line.trim_start_matches('/').split('/').map(str::to_owned).collect();
        Some(Self { is_anchored, is_folder, is_kept, parts })
    }

    fn fits(&self, path: &str, is_folder: bool) -> bool {
        if self.is_folder && !is_folder {
            return false;
        }
        let parts: Vec<&str> = path.split('/').collect();
        if self.is_anchored {
            return parts_fit(&self.parts, &parts);
        }
        parts.last().is_some_and(|name| part_fits(self.parts[0].as_bytes(), name.as_bytes()))
    }
}

/// Whether a pattern's parts fit a path's; `**` is any number of them.
fn parts_fit(pattern: &[String], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((first, rest)), _) if first == "**" => (0..=path.len()).any(|skip| parts_fit(rest, &path[skip..])),
        (Some(_), None) => false,
        (Some((first, rest)), Some((name, below))) => {
            part_fits(first.as_bytes(), name.as_bytes()) && parts_fit(rest, below)
        }
    }
}

/// Whether a pattern fits a name: `*` is any text, `?` any character, `[a-z]` one of some. Goes back to the last `*` only,
/// which is enough and never slow.
fn part_fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, n));
                p += 1;
                continue;
            }
            Some(b'[') => {
                if let Some((fits, length)) = class(&pattern[p..], name[n])
                    && fits
                {
                    (p, n) = (p + length, n + 1);
                    continue;
                }
            }
            Some(b'?') => {
                (p, n) = (p + 1, n + 1);
                continue;
            }
            Some(byte) if *byte == name[n] => {
                (p, n) = (p + 1, n + 1);
                continue;
            }
            _ => {}
        }
        let Some((after, at)) = star else { return false };
        (p, n, star) = (after, at + 1, Some((after, at + 1)));
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Whether a byte is one of a class, and how long the class is.
fn class(pattern: &[u8], byte: u8) -> Option<(bool, usize)> {
    let end = 1 + pattern.iter().skip(2).position(|byte| *byte == b']')? + 1;
    let inside = &pattern[1..end];
    let (inside, is_not) = match inside.split_first() {
        Some((b'!' | b'^', rest)) => (rest, true),
        _ => (inside, false),
    };
    let mut at = 0;
    let mut fits = false;
    while at < inside.len() {
        if at + 2 < inside.len() && inside[at + 1] == b'-' {
            fits |= (inside[at]..=inside[at + 2]).contains(&byte);
            at += 3;
        } else {
            fits |= inside[at] == byte;
            at += 1;
        }
    }
    Some((fits != is_not, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_gitignore() {
        let ignore = Ignore::parse("# notes\n*.md\n!README.md\n/build/\ndocs/*.txt\n**/deep/x\na[0-9]?\n\\#odd\n");
        for (path, is_folder, held) in [
            ("notes.md", false, true),
            ("sub/notes.md", false, true),
            ("README.md", false, false),
            ("build", true, true),
            ("build", false, false),
            ("sub/build", true, false),
            ("docs/a.txt", false, true),
            ("docs/sub/a.txt", false, false),
            ("deep/x", false, true),
            ("a/b/deep/x", false, true),
            ("a1z", false, true),
            ("abz", false, false),
            ("#odd", false, true),
            ("app.py", false, false),
        ] {
            assert_eq!(ignore.holds(path, is_folder), held, "{path}");
        }
    }

    #[test]
    fn what_no_function_needs_is_left_out_unless_somebody_wants_it() {
        let ignore = Ignore::parse("");
        for path in ["__pycache__", "sub/__pycache__", ".git", ".venv"] {
            assert!(ignore.holds(path, true), "{path}");
        }
        for path in ["sub/a.pyc", ".env", "atelier.toml", ".api_id"] {
            assert!(ignore.holds(path, false), "{path}");
        }
        assert!(!ignore.holds("node_modules", true) && !ignore.holds("sub/atelier.toml", false));
        assert!(!Ignore::parse("!.env").holds(".env", false));
    }

    #[test]
    fn no_pattern_is_slow_or_panics() {
        let ignore = Ignore::parse("*a*a*a*a*a*a*a*a*a*b\n[\n[]\n[a-\n!\n/\n//\n");
        assert!(!ignore.holds(&"a".repeat(2000), false));
    }
}
