//! What a function's process finds in the place of the machine's own: its code at `/var/task` and its layers at `/opt`,
//! both read-only, a `/tmp` and a hosts file.
//!
//! Nothing of it is made on the machine's disk. What the system lets nobody mount stays as it is on the machine, and the
//! process is told that path.

use rustix::{
    fs::{StatVfsMountFlags, statvfs},
    mount::{
        MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_change,
        mount_remount, unmount,
    },
    thread::UnshareFlags,
};
use std::{
    ffi::{OsStr, OsString},
    fs::{self, DirEntry},
    io,
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::symlink,
    },
    path::{Path, PathBuf},
};

/// Where Lambda has a function's code.
const TASK: &str = "/var/task";
/// The folder of that, which machines have while they lack the other.
const VAR: &str = "/var";
const OPT: &str = "/opt";
const TMP: &str = "/tmp";
const HOSTS: &str = "/etc/hosts";

/// What a function has of its own; an empty path leaves the machine's in that place.
pub(super) struct Own {
    pub(super) task: PathBuf,
    pub(super) opt: PathBuf,
    pub(super) tmp: PathBuf,
    pub(super) hosts: PathBuf,
}

/// What a process finds elsewhere than where it is on the machine.
#[derive(Default)]
pub(super) struct View {
    moved: Vec<(PathBuf, &'static str)>,
    /// What the function's log is to say of what could not be.
    pub(super) remarks: Vec<String>,
}

/// Mounts what a function has of its own for this process and those that it starts, as far as the system lets it.
pub(super) fn make(own: Own) -> View {
    // In this order: what is below the machine's `/tmp` is hidden by another one.
    let wanted = [(own.hosts, HOSTS), (own.task, TASK), (own.opt, OPT), (own.tmp, TMP)];
    let wanted: Vec<_> = wanted.into_iter().filter(|(own, _)| !own.as_os_str().is_empty()).collect();
    let mut view = View::default();
    if wanted.is_empty() {
        return view;
    }
    let refusal = own_mounts().err();
    for (own, place) in wanted {
        let made = match &refusal {
            None => put(&own, place).map_err(|error| error.to_string()),
            Some(error) => Err(error.to_string()),
        };
        match made {
            Ok(()) => view.moved.push((own, place)),
            Err(error) => view.remarks.extend(remark(place, &error)),
        }
    }
    view
}

impl View {
    /// Gives the path under which the process finds what is at another one on the machine.
    pub(super) fn of(&self, path: &Path) -> PathBuf {
        self.moved(path).unwrap_or_else(|| path.to_owned())
    }

    /// Gives the variables as the process is to have them: with the paths that it finds, and without a `TMPDIR` where
    /// that is `/tmp`, because Lambda sets none.
    pub(super) fn variables(&self, all: impl Iterator<Item = (OsString, OsString)>) -> Vec<(OsString, OsString)> {
        let is_tmp = |value: &OsStr| self.moved.iter().any(|(own, place)| *place == TMP && own.as_os_str() == value);
        let needed = all.filter(|(name, value)| name != "TMPDIR" || !is_tmp(value));
        needed.map(|(name, value)| (name, self.list(&value))).collect()
    }

    fn moved(&self, path: &Path) -> Option<PathBuf> {
        self.moved.iter().find_map(|(own, place)| {
            let rest = path.strip_prefix(own).ok()?;
            // Joining nothing would leave a slash.
            Some(Path::new(place).join(rest).components().collect())
        })
    }

    /// The same for a value that may be a list of paths.
    fn list(&self, list: &OsStr) -> OsString {
        let paths = list.as_bytes().split(|byte| *byte == b':').map(|path| Path::new(OsStr::from_bytes(path)));
        let paths: Vec<&Path> = paths.collect();
        if paths.iter().all(|path| self.moved(path).is_none()) {
            return list.to_owned();
        }
        let mut found: Vec<Vec<u8>> = paths.iter().map(|path| self.of(path).into_os_string().into_vec()).collect();
        // The place may have been named already, behind what is now there.
        found.dedup();
        OsString::from_vec(found.join(&b':'))
    }
}

/// What the log says of a place that could not be had. Functions that go by `TMPDIR` and `LAMBDA_TASK_ROOT` see no
/// difference; of layers and hosts, the others are told by what they look for.
fn remark(place: &str, error: &str) -> Option<String> {
    match place {
        TMP => Some(format!(
            "atelier: this function sees the machine's /tmp, because the system lets nobody give it another one \
             ({error}); TMPDIR names a folder of its own"
        )),
        TASK => Some(format!(
            "atelier: this function's code is not at /var/task, because the system lets nobody put it there ({error}); \
             LAMBDA_TASK_ROOT names its folder"
        )),
        _ => None,
    }
}

/// Gives this process and those that it starts mounts of their own.
///
/// Only root may do so in the namespace that it has; others get one in which they may. Both are made before the life of
/// the process is bound to its parent's: the kernel forgets that bond when a process gets new rights.
fn own_mounts() -> io::Result<()> {
    if unshare(UnshareFlags::NEWNS).is_err() {
        let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNS)?;
        // Everybody stays who they are; <https://man7.org/linux/man-pages/man7/user_namespaces.7.html> has the order.
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    }
    // What is mounted here is to be seen nowhere else.
    Ok(mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?)
}

/// Gives this process, which has one thread, namespaces of its own.
#[expect(deprecated, reason = "what makes it unsafe is a flag about file descriptors that is never given here")]
fn unshare(flags: UnshareFlags) -> io::Result<()> {
    Ok(rustix::thread::unshare(flags)?)
}

fn put(own: &Path, place: &str) -> io::Result<()> {
    match place {
        TASK => put_task(own),
        OPT => put_read_only(own, OPT),
        _ => Ok(mount_bind(own, place)?),
    }
}

/// Lets the process find a folder, and write nothing into it: what it wrote would be in the code of the next process, and
/// of every function with the same archive.
fn put_read_only(own: &Path, place: &str) -> io::Result<()> {
    mount_bind(own, place)?;
    let remounted = statvfs(place).and_then(|system| {
        // Of what the machine mounted with these, nobody may take them away in a namespace of users.
        let kept = [
            (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
            (StatVfsMountFlags::NODEV, MountFlags::NODEV),
            (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        ];
        let kept = kept.into_iter().filter(|(is_set, _)| system.f_flag.contains(*is_set)).map(|(_, flag)| flag);
        mount_remount(place, kept.fold(MountFlags::BIND | MountFlags::RDONLY, |all, flag| all | flag), "")
    });
    if remounted.is_err() {
        let _ = unmount(place, UnmountFlags::DETACH);
    }
    Ok(remounted?)
}

/// Lets the process find its code. Where the machine has no folder for it, the process gets another `/var`: one in
/// memory that has all that the machine's has, and that folder.
fn put_task(code: &Path) -> io::Result<()> {
    if Path::new(TASK).is_dir() {
        return put_read_only(code, TASK);
    }
    // As the working folder the machine's is still to be reached when the other one is mounted over it.
    std::env::set_current_dir(VAR)?;
    let entries = fs::read_dir(".")?.collect::<io::Result<Vec<_>>>()?;
    mount("tmpfs", VAR, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, c"mode=755")?;
    let made = fill_var(&entries).and_then(|()| put_read_only(code, TASK));
    if made.is_err() {
        let _ = unmount(VAR, UnmountFlags::DETACH);
    }
    made
}

/// Fills the new `/var` from the machine's, which is the working folder.
fn fill_var(entries: &[DirEntry]) -> io::Result<()> {
    for entry in entries {
        let (from, kind) = (PathBuf::from(entry.file_name()), entry.file_type()?);
        let to = Path::new(VAR).join(&from);
        if kind.is_symlink() {
            symlink(fs::read_link(&from)?, &to)?;
            continue;
        }
        if kind.is_dir() {
            fs::create_dir(&to)?;
        } else {
            fs::File::create(&to)?;
        }
        // With what is mounted below it: without, the kernel would have to show what that hides, and refuses.
        mount_bind_recursive(&from, &to)?;
    }
    fs::create_dir(TASK)?;
    // Nobody is to fill the memory with it.
    Ok(mount_remount(VAR, MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV, "")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        let moved = [("/engine/code/0", TASK), ("/engine/layers/0", OPT), ("/engine/scratch/0", TMP)];
        View { moved: moved.map(|(own, place)| (PathBuf::from(own), place)).into(), remarks: Vec::new() }
    }

    #[test]
    fn a_process_is_told_the_paths_that_it_finds() {
        for (on_machine, found) in [
            ("/engine/code/0", "/var/task"),
            ("/engine/code/0/bootstrap", "/var/task/bootstrap"),
            ("/engine/code/01", "/engine/code/01"),
            ("/engine/layers/0/extensions/a", "/opt/extensions/a"),
            ("/usr/bin/python3", "/usr/bin/python3"),
        ] {
            assert_eq!(view().of(Path::new(on_machine)).to_str(), Some(found));
            assert_eq!(View::default().of(Path::new(on_machine)).to_str(), Some(on_machine));
        }
    }

    #[test]
    fn its_variables_name_them_too() {
        let variables = [
            ("LAMBDA_TASK_ROOT", "/engine/code/0", Some("/var/task")),
            (
                "LD_LIBRARY_PATH",
                "/engine/code/0:/engine/code/0/lib:/engine/layers/0/lib:/opt/lib",
                Some("/var/task:/var/task/lib:/opt/lib"),
            ),
            ("PYTHONPATH", "/engine/layers/0/python:src", Some("/opt/python:src")),
            ("ADDRESS", "::1", Some("::1")),
            ("TMPDIR", "/engine/scratch/0", None),
        ];
        let all = || variables.iter().map(|(name, value, _)| (OsString::from(name), OsString::from(value)));
        let found =
            variables.iter().filter_map(|(name, _, found)| Some((OsString::from(name), OsString::from((*found)?))));
        assert_eq!(view().variables(all()), found.collect::<Vec<_>>());
        assert_eq!(View::default().variables(all()), all().collect::<Vec<_>>());
        let own = || [(OsString::from("TMPDIR"), OsString::from("/tmp/mine"))].into_iter();
        assert_eq!(view().variables(own()), own().collect::<Vec<_>>());
    }
}
