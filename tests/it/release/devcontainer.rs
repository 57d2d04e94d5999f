//! The devcontainer: what makes a new one ready, run in a copy of the scripts that it is made of.

use super::{VERSION, executable, install::programs, published, repository, run};
use crate::support::{Project, skipped};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A clone as a codespace has it, as far as its scripts go.
fn clone(project: &Project) -> PathBuf {
    let clone = project.path().join("clone");
    for file in [".devcontainer/post-create.sh", "scripts/released.sh", "install.sh"] {
        let to = clone.join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        // By another process: a file that this one has open while another test forks cannot be run.
        assert!(Command::new("cp").arg(repository().join(file)).arg(to).status().unwrap().success());
    }
    clone
}

/// Makes the container ready, with these programs on the PATH.
fn post_create(clone: &Path, path: &Path, releases: &str) -> (bool, String) {
    let mut script = Command::new(clone.join(".devcontainer/post-create.sh"));
    script.env_clear().env("HOME", clone.parent().unwrap()).env("PATH", path).env("ATELIER_RELEASES", releases);
    run(&mut script)
}

#[test]
fn a_new_codespace_has_the_released_binary_and_is_ready_twice_as_well_as_once() {
    let (project, _, url) = published();
    let clone = clone(&project);
    for _ in 0..2 {
        let (made, told) = post_create(&clone, "/usr/bin:/bin".as_ref(), &url);
        assert!(made && told.contains("ready: atelier up"), "{told}");
    }
    let mut atelier = Command::new(clone.join(".bin/atelier"));
    let (runs, told) = run(atelier.arg("--version").env_clear().env("HOME", project.path()));
    assert!(runs && told.contains(VERSION), "{told}");
    let profile = fs::read_to_string(project.path().join(".bashrc")).unwrap();
    assert_eq!(profile.matches("atelier completions bash").count(), 1, "{profile}");
}

#[test]
fn a_codespace_without_a_release_and_without_rust_says_what_to_add() {
    let project = Project::new();
    let others = ["bash", "env", "sed", "grep", "awk", "curl", "sha256sum"];
    let Some(path) = programs(&project.path().join("programs"), &others, false) else { return };
    let clone = clone(&project);
    let (made, told) = post_create(&clone, &path, "http://127.0.0.1:1/releases");
    assert!(!made && told.contains("no Rust here") && told.contains("features/rust:1"), "{told}");
    assert!(!clone.join(".bin/atelier").exists() && !project.path().join(".bashrc").exists());
}

#[test]
fn a_clone_knows_its_releases_by_its_remote() {
    let project = Project::new();
    let clone = clone(&project);
    fs::remove_file(clone.join("install.sh")).unwrap();
    executable(&clone.join("install.sh"), "#!/bin/sh\necho \"$ATELIER_RELEASES $*\"\n");
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.args(args).current_dir(&clone).env("HOME", project.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        git.output().is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "--quiet"]) {
        skipped("the remote of a clone: there is no git");
        return;
    }
    let released = || {
        let mut script = Command::new(clone.join("scripts/released.sh"));
        run(script.args(["bin", "newest"]).env("HOME", project.path()).env_remove("ATELIER_RELEASES"))
    };
    let (found, told) = released();
    assert!(!found && told.contains("no remote with releases"), "{told}");
    assert!(git(&["remote", "add", "origin", "/elsewhere/atelier.git"]));
    let (found, told) = released();
    assert!(!found && told.contains("no remote with releases"), "{told}");
    for remote in [
        "https://github.com/somebody/atelier",
        "https://github.com/somebody/atelier.git",
        "https://somebody:secret@github.com/somebody/atelier.git",
        "git@github.com:somebody/atelier.git",
        "ssh://git@github.com/somebody/atelier.git",
        "ssh://git@github.com:22/somebody/atelier",
    ] {
        assert!(git(&["remote", "set-url", "origin", remote]), "{remote}");
        let (found, told) = released();
        let wanted = "https://github.com/somebody/atelier/releases --version latest --to bin\n";
        assert!(found && told == wanted, "{remote}: {told}");
    }
}
