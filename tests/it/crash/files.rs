//! Files that were lost, damaged or replaced, disks that are full, and the lock.

use super::lab::Lab;
use crate::support::{
    Project, Running,
    fault::{At, Fault, FaultProxy},
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

/// Every file that a deploy writes.
const WRITTEN: [&str; 4] = [".api_id", ".instance_id", "deploy.log", ".atelier/state.json"];

/// Puts something that is no file of ours in a file's place; tells whether it can be replaced by one.
fn plant(what: &str, path: &Path, theirs: &Path) -> bool {
    let _ = fs::remove_file(path);
    match what {
        "link" => symlink(theirs, path).unwrap(),
        "dangling link" => symlink("/nowhere/at/all", path).unwrap(),
        "fifo" => mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap(),
        "huge" => fs::write(path, vec![b'7'; 400_000]).unwrap(),
        "binary" => fs::write(path, [0xff, 0x00, 0xfe]).unwrap(),
        "folder" => fs::create_dir(path).unwrap(),
        _ => panic!("{what}"),
    }
    what != "folder"
}

#[test]
fn whatever_stands_in_a_files_place_is_neither_followed_nor_waited_for() {
    let lab = Lab::new();
    let theirs = lab.project.path().join("theirs");
    fs::write(&theirs, "theirs").unwrap();
    lab.ok(&["deploy"]);
    for name in WRITTEN {
        let path = lab.project.path().join(name);
        for what in ["link", "dangling link", "fifo", "huge", "binary", "folder"] {
            let can_be_replaced = plant(what, &path, &theirs);
            let output = lab.project.run(&["deploy"]);
            if can_be_replaced {
                assert_eq!(output.code, Some(0), "{what} for {name}: {output:?}");
                assert!(fs::symlink_metadata(&path).unwrap().is_file(), "{what} for {name}");
                lab.settled();
            } else {
                assert_eq!(output.code, Some(4), "{what} for {name}: {output:?}");
                assert!(output.stderr.contains(path.to_str().unwrap()), "{output:?}");
                fs::remove_dir(&path).unwrap();
            }
        }
        // `clean` takes a link away, not what it leads to.
        plant("link", &path, &theirs);
        lab.ok(&["clean", "--yes"]);
        assert!(fs::symlink_metadata(&path).is_err(), "{name}");
        lab.ok(&["deploy"]);
    }
    assert_eq!(fs::read_to_string(theirs).unwrap(), "theirs");
    lab.whole();
    lab.restored();
}

#[test]
fn a_lost_record_or_lost_credentials_cost_one_up() {
    let lab = Lab::bare();
    let first = lab.project.run(&["deploy", "--json"]).json()["data"]["api_id"].clone();
    let port = lab.port.to_string();
    for (name, told, way) in [
        ("engine.json", "runs without a record", "`atelier up`"),
        ("credentials.json", "starting it again", "`atelier up` makes them agree"),
    ] {
        fs::remove_file(lab.project.path().join(".atelier").join(name)).unwrap();
        let deploy = lab.project.run(&["deploy", "--json"]);
        assert_eq!((deploy.code, &deploy.json()["error"]["hints"][0]), (Some(5), &way.into()), "{deploy:?}");
        let up = lab.project.run(&["up", "--engine", "embedded", "--port", &port]);
        assert_eq!(up.code, Some(0), "{name}: {up:?}");
        assert!(up.stderr.contains(told), "{name}: {up:?}");
        let again = lab.project.run(&["deploy", "--json"]).json();
        assert_eq!((&again["data"]["changed"], &again["data"]["api_id"]), (&false.into(), &first), "{name}");
    }
    fs::remove_file(lab.project.path().join(".atelier/engine.json")).unwrap();
    let down = lab.project.run(&["down", "--json"]).json();
    assert_eq!(down["data"]["changed"], true, "an engine without a record is not forgotten");
}

#[test]
fn a_lost_owner_file_is_written_again_and_the_apis_id_stays() {
    let lab = Lab::new();
    let (first, _) = lab.ok(&["deploy"]);
    let owner = lab.project.path().with_file_name("home").join(".local/share/atelier/owner");
    let id = fs::read_to_string(&owner).unwrap();
    lab.ok(&["clean", "--yes"]);
    fs::remove_file(&owner).unwrap();
    assert_eq!(lab.ok(&["deploy"]).0["api_id"], first["api_id"]);
    assert_eq!(fs::read_to_string(&owner).unwrap(), id);
}

#[test]
fn what_a_killed_run_has_left_half_written_is_swept_by_the_next_and_nothing_else_is() {
    let lab = Lab::bare();
    let own = lab.project.path().join(".atelier");
    let (litter, theirs) = (own.join(".engine.json.0123456789abcdef.tmp"), own.join(".theirs.0123456789abcdef.tmp"));
    for path in [&litter, &theirs] {
        fs::write(path, "{").unwrap();
    }
    lab.ok(&["deploy"]);
    assert!(!litter.exists() && theirs.exists());
}

/// Prepares `atelier` with no room for any byte in any file, as on a full disk.
pub(super) fn without_room(project: &Project, args: &[&str]) -> Command {
    let atelier = project.command(args);
    let mut shell = Command::new("sh");
    // An ignored signal stays ignored across `exec`; the limit then shows as an error of `write`.
    shell.args(["-c", r#"trap "" XFSZ; ulimit -f 0; exec "$0" "$@""#]).arg(atelier.get_program());
    shell.args(atelier.get_args()).env_clear().current_dir(project.path());
    shell.envs(atelier.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

#[test]
fn a_full_disk_is_a_sentence_and_half_of_nothing() {
    let lab = Lab::new();
    let without_room = |args: &[&str]| Running::start(without_room(&lab.project, args)).end();
    let full = without_room(&["deploy", "--json"]);
    assert_eq!(full.code, Some(4), "{full:?}");
    let error = &full.json()["error"];
    assert_eq!(error["code"], "file");
    assert!(error["message"].as_str().unwrap().contains(".atelier/state.json"), "{error}");
    for name in WRITTEN {
        assert!(!lab.project.path().join(name).exists(), "{name}");
    }
    lab.ok(&["deploy"]);
    lab.whole();
    let before = WRITTEN.map(|name| fs::read(lab.project.path().join(name)).unwrap());
    let full = without_room(&["deploy", "--json"]);
    assert_eq!(full.code, Some(4), "the log cannot grow: {full:?}");
    assert_eq!(WRITTEN.map(|name| fs::read(lab.project.path().join(name)).unwrap()), before);
    assert_eq!(without_room(&["clean", "--yes"]).code, Some(0), "removing needs no room");
    lab.empty();
}

#[test]
fn a_second_run_waits_with_a_line_that_names_the_first_and_goes_on_when_it_is_killed() {
    let lab = Lab::new();
    let proxy = FaultProxy::to(lab.port);
    proxy.arm(Some((At::Named("RunInstances".to_owned(), 0), Fault::Hang)));
    let url = proxy.url();
    let first = Running::start(lab.project.command(&["deploy", "--endpoint", &url]));
    assert!(crate::support::eventually(std::time::Duration::from_secs(30), || proxy.has_struck()));
    let busy = lab.project.run(&["deploy", "--timeout", "1s"]);
    assert_eq!(busy.code, Some(75), "{busy:?}");
    assert!(busy.stderr.contains(&format!("another run is at work here (process {}): waiting", first.pid())));
    let second = Running::start(lab.project.command(&["deploy"]));
    second.tells("waiting");
    // No unlock command exists: the lock ends with its process.
    drop(first);
    assert_eq!(second.end().code, Some(0));
    lab.whole();
    lab.restored();
}

#[test]
fn whatever_stands_in_the_locks_place_costs_a_sentence_at_most() {
    let lab = Lab::new();
    let (lock, theirs) = (lab.project.path().join(".atelier/lock"), lab.project.path().join("theirs"));
    fs::write(&theirs, "theirs").unwrap();
    for what in ["link", "dangling link", "fifo", "huge", "binary", "folder"] {
        plant(what, &lock, &theirs);
        let output = lab.project.run(&["deploy"]);
        let refused = matches!(what, "link" | "dangling link" | "folder");
        assert_eq!(output.code, Some(if refused { 4 } else { 0 }), "{what}: {output:?}");
        assert!(!refused || output.stderr.contains(lock.to_str().unwrap()), "{what}: {output:?}");
        if what == "folder" {
            fs::remove_dir(&lock).unwrap();
        }
    }
    assert_eq!(fs::read_to_string(theirs).unwrap(), "theirs");
    lab.whole();
    lab.restored();
}
