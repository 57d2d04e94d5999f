//! What a process has started, down to the last descendant, and how much memory they all hold.
//!
//! Linux says it in `/proc` (`CONFIG_PROC_CHILDREN`, which every distribution sets); where it does not, a process has no
//! descendants here and holds nothing.

use rustix::process::Pid;
use std::{fs, path::Path};

/// Gives the children of a process, those of each of its threads.
#[must_use]
pub fn children(pid: Pid) -> Vec<Pid> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|id| Pid::from_raw(id.parse().ok()?)).collect::<Vec<_>>())
        .collect()
}

/// Gives all that a process started and what those started, but not the process itself.
#[must_use]
pub fn descendants(pid: Pid) -> Vec<Pid> {
    let mut found = children(pid);
    let mut looked = 0;
    while let Some(next) = found.get(looked) {
        let more = children(*next);
        found.extend(more);
        looked += 1;
    }
    found
}

/// Tells how many bytes a process's descendants hold that nobody else has: what a file would give back does not count,
/// and what several of them share after a fork counts once as soon as it comes to `much`.
#[must_use]
pub fn resident(pid: Pid, much: u64) -> u64 {
    let family = descendants(pid);
    let sum = |file: &str, fields: &[&str]| {
        let of = |pid: &Pid| kilobytes(&Path::new("/proc").join(pid.as_raw_nonzero().to_string()).join(file), fields);
        family.iter().filter_map(of).sum::<u64>() * 1024
    };
    let quick = sum("status", &["RssAnon:", "RssShmem:"]);
    // The exact figure costs a walk over all pages, so it is asked for only where it decides something.
    let exact = if quick > much { sum("smaps_rollup", &["Pss_Anon:", "Pss_Shmem:"]) } else { 0 };
    if exact == 0 { quick } else { exact }
}

/// The sum of some fields of a file of `/proc`, each a line `Name:  123 kB`; `None` when the process is gone.
fn kilobytes(file: &Path, fields: &[&str]) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let value = |line: &str| {
        let rest = fields.iter().find_map(|field| line.strip_prefix(field))?;
        rest.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some(text.lines().filter_map(value).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };

    #[test]
    fn grandchildren_are_found_and_weighed() {
        let script = "sh -c 'sh -c \"echo ready; read x\"; :'; :";
        let mut shell =
            Command::new("sh").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let pid = Pid::from_child(&shell);
        assert_eq!(children(pid).len(), 1);
        let family = descendants(pid);
        assert!(family.len() >= 2, "{family:?}");
        let held = resident(pid, u64::MAX);
        assert!(held > 0);
        assert!(resident(pid, 0) <= held, "what is shared counts once");
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert!(descendants(pid).is_empty());
    }
}
