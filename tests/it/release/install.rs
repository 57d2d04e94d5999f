//! The install script, against a place of releases on loopback.

use super::{VERSION, published, repository, run, target};
use std::{fs, path::Path, process::Command};

/// The script with the releases at a URL, and a home of its own.
fn script(home: &Path, releases: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg(repository().join("install.sh"));
    command.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").env("ATELIER_RELEASES", releases);
    command
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
    let cases: [(&[&str], &str); 6] = [
        (&["--version", "v9.9.9"], "is that version published"),
        (&["--version", "newest"], "is not a version"),
        (&["--version"], "wants a value"),
        (&["--prefix", "/"], "unknown argument"),
        (&["--to", "/proc/nothing/here"], "name another one with --to"),
        (&["--version", "v1; touch $HOME/hacked"], "is that version published"),
    ];
    for (arguments, words) in cases {
        let (done, told) = run(script(&home, &url).args(arguments));
        assert!(!done && told.contains("error: ") && told.contains(words), "{arguments:?}: {told}");
    }
    assert!(!home.join("hacked").exists());
    let (done, told) = run(script(&home, "ftp://example.com/releases").args([] as [&str; 0]));
    assert!(!done && told.contains("is not an https URL"), "{told}");
}
