//! How many crates the docker proxy's code reaches, of all that the binary links: what must be trusted next to the
//! Docker socket. Counted by `cargo tree` from the crates that the proxy's own files name, with the features that the
//! whole binary turns on, so never fewer than are really used.

use crate::table::{Row, row};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// What the proxy's code consists of.
const FILES: [&str; 7] = [
    "src/proxy",
    "src/http1",
    "src/names.rs",
    "src/secret.rs",
    "src/roles/proxy.rs",
    "src/settings/environment.rs",
    "src/settings/roles.rs",
];
/// More means that somebody should ask why.
const BUDGET: usize = 70;

/// Counts, from the repository's root.
pub fn measure() -> io::Result<Vec<Row>> {
    // Of some there is another version further down.
    let named = |line: &String| line.split_once(" v").map(|(name, version)| (name.to_owned(), version.to_owned()));
    let ours: BTreeMap<String, String> = tree(&["--depth", "1"])?.iter().filter_map(named).collect();
    let mut direct = BTreeSet::new();
    for file in FILES {
        for path in sources(Path::new(file))? {
            direct.extend(used(&fs::read_to_string(path)?, &ours));
        }
    }
    let mut reached = BTreeSet::new();
    for name in &direct {
        reached.extend(tree(&["-p", &format!("{name}@{}", ours[name])])?);
    }
    let all = tree(&[])?.len();
    let ours = format!("{} of {all}", reached.len());
    Ok(vec![row("crates that the docker proxy's code reaches", &format!("at most {BUDGET}"), ours, "-")])
}

fn sources(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.iter().map(|path| sources(path)).collect::<io::Result<Vec<_>>>().map(|all| all.concat())
}

/// Names the crates that a file's code names, its tests left out.
fn used(text: &str, ours: &BTreeMap<String, String>) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let is_named = |name: &&String| code.contains(&format!("{}::", name.replace('-', "_")));
    ours.keys().filter(is_named).cloned().collect()
}

/// Lists what is linked, from the whole package or from one crate of it.
fn tree(more: &[&str]) -> io::Result<BTreeSet<String>> {
    let output = Command::new("cargo")
        .args(["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"])
        .args(more)
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let crates = text.lines().map(|line| line.trim_end_matches(" (*)").to_owned());
    Ok(crates.filter(|line| !line.is_empty() && !line.starts_with("atelier ")).collect())
}
