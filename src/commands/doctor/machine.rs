//! The machine itself: disk, memory, the project folder, this binary.

use super::{Finding, Verdict, late, limited, off_thread, scene::Scene};
use crate::{
    disk,
    engine::localstack,
    error::{Code, Error},
    shell::quoted,
    text::Message,
};
use std::path::{Path, PathBuf};

/// What `up` and `deploy` need at most beside an image: state, archive, logs.
const MIN_DISK: u64 = 200 << 20;
/// What an image pull needs on top.
const IMAGE_DISK: u64 = 3 << 30;
/// The embedded engine and a function need less than half of it.
const MIN_MEMORY: u64 = 256 << 20;
/// What LocalStack's container settles at.
const CONTAINER_MEMORY: u64 = 1 << 30;

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let folder = scene.settings.folder.clone();
    let hangs = late("folder", Verdict::Fail).run(format_args!("df {}", quoted(&folder.display().to_string())));
    let images = scene.docker.as_ref().ok().and_then(|docker| docker.info.docker_root_dir.clone());
    let (mut findings, machine, images) = tokio::join!(
        limited(hangs, off_thread(move || place(&folder))),
        off_thread(machine),
        limited(
            late("docker-disk", Verdict::Warn).run("docker system df"),
            off_thread(move || images.and_then(|root| of_docker(&root)).into_iter().collect())
        ),
    );
    findings.extend(images);
    findings.extend(machine);
    findings
}

/// Looks at the project folder, which may be on a network that hangs.
fn place(folder: &Path) -> Vec<Finding> {
    let mut findings = vec![writable(folder)];
    findings.extend(free(folder).map(space));
    findings
}

fn machine() -> Vec<Finding> {
    available_memory().map(memory).into_iter().chain([binary()]).collect()
}

/// Looks where Docker keeps its images; behind a virtual machine there is no such folder here.
fn of_docker(root: &str) -> Option<Finding> {
    let root = Path::new(root);
    let free = free(root)?;
    let said = |case: &str| {
        Message::new(format!("doctor.docker_disk.{case}"))
            .with_message("free", bytes(free))
            .with("path", root.display())
    };
    Some(if free < IMAGE_DISK {
        Finding::warn("docker-disk", said("warn")).run("docker system df")
    } else {
        Finding::ok("docker-disk", said("ok"))
    })
}

/// The bytes that this user may still write there.
fn free(folder: &Path) -> Option<u64> {
    rustix::fs::statvfs(folder).ok().map(|system| system.f_bavail * system.f_frsize)
}

/// Whether atelier may write where it keeps its own files.
fn writable(folder: &Path) -> Finding {
    let own = disk::own_folder(folder);
    let place: PathBuf = if own.exists() { own } else { folder.to_owned() };
    match rustix::fs::access(&place, rustix::fs::Access::WRITE_OK) {
        Ok(()) => Finding::ok("folder", Message::new("doctor.folder.ok").with("path", place.display())),
        Err(error) => {
            let said = Message::new("doctor.folder.fail")
                .with("path", place.display())
                .with("reason", std::io::Error::from(error));
            Finding::fail("folder", said).run(format_args!("ls -ld {}", quoted(&place.display().to_string())))
        }
    }
}

fn space(free: u64) -> Finding {
    let said = |case: &str| Message::new(format!("doctor.disk.{case}")).with_message("free", bytes(free));
    if free < MIN_DISK {
        Finding::fail("disk", said("fail")).run("docker system df; du -xh --max-depth=1 . | sort -h | tail")
    } else if free < IMAGE_DISK {
        Finding::warn("disk", said("warn")).run("docker system df")
    } else {
        Finding::ok("disk", said("ok"))
    }
}

fn memory(free: u64) -> Finding {
    let said = |case: &str| Message::new(format!("doctor.memory.{case}")).with_message("free", bytes(free));
    if free < MIN_MEMORY {
        Finding::fail("memory", said("fail")).run("ps -eo pid,rss,comm --sort=-rss | head")
    } else if free < CONTAINER_MEMORY {
        Finding::warn("memory", said("warn")).run("atelier up --engine embedded")
    } else {
        Finding::ok("memory", said("ok"))
    }
}

/// `MemAvailable` of `/proc/meminfo`, in bytes; nothing where the system does not tell.
fn available_memory() -> Option<u64> {
    parse_available(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn parse_available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// Whether this binary can be shipped into Lambda and into a container.
fn binary() -> Finding {
    if localstack::runs_in_a_container() {
        Finding::ok("binary", Message::new("doctor.binary.ok").with("version", env!("CARGO_PKG_VERSION")))
    } else {
        Finding::of("binary", Verdict::Fail, &Error::new(Code::NotStatic))
    }
}

/// Writes a size as people do: one digit after the point, binary units.
fn bytes(count: u64) -> Message {
    const UNIT: u64 = 1 << 30;
    if count >= UNIT {
        Message::new("doctor.size.gib").with("whole", count / UNIT).with("tenths", count % UNIT * 10 / UNIT)
    } else {
        Message::new("doctor.size.mib").with("whole", count >> 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    #[test]
    fn sizes_are_for_people() {
        assert_eq!(bytes(3 << 29).to_string(), "1.5 GiB");
        assert_eq!(bytes(3 << 29).render(Lang::Fr), "1,5 Gio");
        assert_eq!(bytes(200 << 20).to_string(), "200 MiB");
        assert_eq!(bytes(0).render(Lang::Fr), "0 Mio");
    }

    #[test]
    fn the_available_memory_is_read_in_bytes() {
        assert_eq!(parse_available("MemTotal: 5 kB\nMemAvailable:   2048 kB\n"), Some(2 << 20));
        assert_eq!(parse_available("MemTotal: 5 kB\n"), None);
    }

    #[test]
    fn little_is_a_warning_and_nothing_a_failure() {
        let verdicts = |check: fn(u64) -> Finding| [0, 1 << 29, 1 << 40].map(|free| check(free).verdict);
        assert_eq!(verdicts(space), [Verdict::Fail, Verdict::Warn, Verdict::Ok]);
        assert_eq!(verdicts(memory), [Verdict::Fail, Verdict::Warn, Verdict::Ok]);
    }

    #[test]
    fn a_folder_that_is_not_there_cannot_be_written() {
        let finding = writable(Path::new("/nonexistent/folder"));
        assert_eq!(finding.verdict, Verdict::Fail);
        assert_eq!(finding.fix.unwrap().to_string(), "`ls -ld '/nonexistent/folder'`");
    }
}
