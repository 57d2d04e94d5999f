//! The install script, against a place of releases on loopback.

use super::{VERSION, executable, published, repository, run, target};
use crate::support::skipped;
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

/// What the script needs of every system.
const NEEDED: [&str; 12] =
    ["uname", "mkdir", "mktemp", "rm", "cut", "tar", "gzip", "chmod", "mv", "basename", "dirname", "cp"];

/// The script with the releases at a URL, and a home of its own.
fn script(home: &Path, releases: &str) -> Command {
    script_in("sh", "/usr/bin:/bin".as_ref(), home, releases)
}

/// The same in a shell (`busybox sh`), with these programs on the PATH.
fn script_in(shell: &str, programs: &Path, home: &Path, releases: &str) -> Command {
    let mut words = shell.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words).arg(repository().join("install.sh")).current_dir(home);
    command.env_clear().env("HOME", home).env("PATH", programs).env("ATELIER_RELEASES", releases);
    command
}

/// Where this machine has a program.
fn program(name: &str) -> Option<PathBuf> {
    ["/usr/bin", "/bin", "/usr/local/bin"].iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists())
}

/// Makes a folder of links to what the script needs and to these programs, or to `BusyBox` by all of their names. Without
/// one of them the test is counted as skipped.
pub(super) fn programs(folder: &Path, others: &[&str], is_busybox: bool) -> Option<PathBuf> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).unwrap();
    for name in NEEDED.iter().chain(others) {
        let of = if is_busybox { "busybox" } else { *name };
        let Some(path) = program(of) else {
            skipped(&format!("the install script with {others:?}: there is no {of}"));
            return None;
        };
        symlink(path, folder.join(name)).unwrap();
    }
    Some(folder.to_owned())
}

#[test]
fn it_installs_the_newest_or_a_named_version_and_twice_is_as_good_as_once() {
    let (project, _, url) = published();
    let home = project.path();
    let versions: [&[&str]; 4] =
        [&[], &[], &["--version", VERSION], &[&*Box::leak(format!("--version=v{VERSION}").into_boxed_str())]];
    for arguments in versions {
        let (done, told) = run(script(&home, &url).args(arguments));
        assert!(done, "{arguments:?}: {told}");
        assert!(told.contains(&format!("installed atelier {VERSION}")), "{told}");
        assert!(told.contains("export PATH="), "it is not on this PATH: {told}");
    }
    let bin = home.join(".local/bin");
    let (runs, told) = run(Command::new(bin.join("atelier")).arg("--version").env_clear().env("HOME", &home));
    assert!(runs && told.contains(VERSION), "{told}");
    assert!(home.join(".local/share/man/man1/atelier-deploy.1").is_file());
    assert!(home.join(".local/share/bash-completion/completions/atelier").is_file());
    let left: Vec<_> = fs::read_dir(&bin).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["atelier"], "nothing half done is left");
    let profiles = [".profile", ".bashrc", ".zshrc", ".bash_profile"];
    assert!(!profiles.iter().any(|profile| home.join(profile).exists()), "no shell's profile is touched");
}

#[test]
fn it_goes_where_it_is_told_without_anything_beside_it() {
    let (project, _, url) = published();
    let to = project.path().join("tools here");
    let (done, told) = run(script(&project.path(), &url).arg("--to").arg(&to));
    assert!(done, "{told}");
    assert!(to.join("atelier").is_file());
    assert!(!project.path().join("share").exists() && !project.path().join(".local").exists());
}

#[test]
fn a_wrong_checksum_or_none_installs_nothing() {
    let (project, dist, url) = published();
    let sum = dist.join(format!("atelier-{}.tar.gz.sha256", target()));
    let bin = project.path().join(".local/bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(bin.join("atelier"), "the one of before").unwrap();
    for wrong in [Some("0".repeat(64)), Some(String::new()), None] {
        match &wrong {
            Some(text) => fs::write(&sum, text).unwrap(),
            None => fs::remove_file(&sum).unwrap(),
        }
        let (done, told) = run(&mut script(&project.path(), &url));
        assert!(!done && told.contains("error: ") && told.contains("checksum"), "{wrong:?}: {told}");
        let left: Vec<_> = fs::read_dir(&bin).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, ["atelier"], "{wrong:?}");
        assert_eq!(fs::read_to_string(bin.join("atelier")).unwrap(), "the one of before");
    }
}

#[test]
fn what_cannot_be_is_said_with_a_way_out() {
    let (project, _, url) = published();
    let home = project.path();
    let cases: [(&[&str], &str); 8] = [
        (&["--version", "v9.9.9"], "is that version published"),
        (&["--version", "newest"], "is not a version"),
        (&["--version"], "wants a value"),
        (&["--prefix", "/"], "unknown argument"),
        (&["--to", "/proc/nothing/here"], "name another one with --to"),
        (&["--version", "v1; touch $HOME/hacked"], "is not a version"),
        (&["--version", "v1/../../../../somebody/else/releases/download/v1"], "is not a version"),
        (&["--version", ""], "is not a version"),
    ];
    for (arguments, words) in cases {
        let (done, told) = run(script(&home, &url).args(arguments));
        assert!(!done && told.contains("error: ") && told.contains(words), "{arguments:?}: {told}");
    }
    assert!(!home.join("hacked").exists());
    // The script as it stands in the sources names nobody.
    let (done, told) = run(script(&home, "").env_remove("ATELIER_RELEASES"));
    assert!(!done && told.contains("whose releases to install"), "{told}");
    let folder = home.join(".local/bin/atelier");
    fs::create_dir_all(&folder).unwrap();
    let (done, told) = run(&mut script(&home, &url));
    assert!(!done && told.contains("is a folder"), "{told}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn plain_http_is_spoken_with_this_machine_alone() {
    let (project, _, url) = published();
    let home = project.path();
    for elsewhere in [
        "ftp://example.com/releases",
        "http://example.com/releases",
        "http://127.0.0.1:80@example.com/releases",
        "http://localhost:secret@example.com/releases",
        "http://127.0.0.1:1?@example.com/releases",
        "http://127.0.0.1.example.com/releases",
    ] {
        let (done, told) = run(&mut script(&home, elsewhere));
        assert!(!done && told.contains("is not an https URL"), "{elsewhere}: {told}");
    }
    let curl = home.join("curl");
    if let Some(curl) = programs(&curl, &["curl", "sha256sum"], false) {
        let archive = format!("302 Found\r\nlocation: {url}/latest/download/atelier-{}.tar.gz", target());
        let redirecting = crate::cli::door(Box::leak(archive.into_boxed_str()), "");
        let (done, told) = run(&mut script_in("/bin/sh", &curl, &home, &redirecting));
        assert!(!done && told.contains("cannot download"), "{told}");
    }
    let wget = home.join("wget");
    if let Some(wget) = programs(&wget, &["sha256sum"], false) {
        // As BusyBox's says it, where it was built without.
        let said = "wget: note: TLS certificate validation not implemented";
        let script = format!("#!/bin/sh\n[ \"$1\" != --version ] || exit 1\necho '{said}' >&2\n: >\"$3\"\n");
        executable(&wget.join("wget"), &script);
        let (done, told) = run(&mut script_in("/bin/sh", &wget, &home, "https://127.0.0.1:1/releases"));
        assert!(!done && told.contains("does not verify from whom it downloads"), "{told}");
    }
    assert!(!home.join(".local/bin/atelier").exists());
}

#[test]
fn any_shell_will_do_and_the_tools_of_any_system() {
    let (project, _, url) = published();
    let tools: [(&[&str], bool); 4] = [
        (&["curl", "sha256sum"], false),
        (&["wget", "sha256sum"], false),
        (&["curl", "shasum"], false),
        (&["wget", "sha256sum"], true),
    ];
    for shell in ["dash", "bash --posix", "busybox sh"] {
        let Some(path) = program(shell.split(' ').next().unwrap()) else {
            skipped(&format!("the install script in {shell}: it is not here"));
            continue;
        };
        let words = shell.split_once(' ').map(|(_, words)| format!(" {words}")).unwrap_or_default();
        for (others, is_busybox) in tools {
            let home = project.path().join("somebody");
            let _ = fs::remove_dir_all(&home);
            fs::create_dir(&home).unwrap();
            let Some(programs) = programs(&project.path().join("programs"), others, is_busybox) else { continue };
            let (done, told) =
                run(&mut script_in(&format!("{}{words}", path.display()), &programs, &home, &format!("{url}/")));
            assert!(done && told.contains(&format!("installed atelier {VERSION}")), "{shell} {others:?}: {told}");
            assert!(home.join(".local/bin/atelier").is_file(), "{shell} {others:?}");
            assert!(home.join(".local/share/man/man1/atelier.1").is_file(), "{shell} {others:?}");
        }
    }
}

#[test]
fn a_folder_may_be_named_from_where_one_stands() {
    let (project, _, url) = published();
    let home = project.path().canonicalize().unwrap();
    for (to, wanted) in [("tools", "tools"), ("-tools/", "-tools")] {
        let (done, told) = run(script(&home, &url).args(["--to", to]));
        assert!(done, "{to}: {told}");
        let folder = home.join(wanted);
        assert!(folder.join("atelier").is_file(), "{to}");
        assert!(told.contains(&format!("export PATH=\"{}:", folder.display())), "{to}: {told}");
    }
}

#[test]
fn a_machine_without_a_release_is_told_what_to_do() {
    let (project, _, url) = published();
    let home = project.path();
    let Some(programs) = programs(&home.join("programs"), &["curl", "shasum"], false) else { return };
    for (system, machine, words) in [("Darwin", "arm64", "docker run"), ("Linux", "riscv64", "make build")] {
        let uname = programs.join("uname");
        fs::remove_file(&uname).unwrap();
        executable(&uname, &format!("#!/bin/sh\n[ \"$1\" = -m ] && echo {machine} || echo {system}\n"));
        let (done, told) = run(&mut script_in("/bin/sh", &programs, &home, &url));
        assert!(!done && told.contains("there is no release for") && told.contains(words), "{system}: {told}");
    }
    assert!(!home.join(".local").exists());
}
