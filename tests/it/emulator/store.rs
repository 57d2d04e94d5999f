//! What survives: restarts, damage, a second emulator, a full disk's stand-in.

use crate::support::engine_state;

use super::{
    cloud::{Cloud, config},
    ec2::launch,
};
use atelier::{
    clock::Clock,
    edge::keyring::Keyring,
    emulator::{Emulator, Obstacle, OpenError},
};
use aws_sdk_ec2::error::ProvideErrorMetadata;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};
use time::macros::datetime;

fn open_at_once(folder: &Path) -> Result<Emulator, OpenError> {
    let clock = Clock::manual(datetime!(2026-11-23 12:00 UTC));
    Emulator::open(config(folder, "http://127.0.0.1:1", clock, Keyring::default()))
}

/// Opens a folder that nobody uses. A process that another test starts has, between fork and exec, all that this one has
/// open, the lock of a folder that was let go of among it.
fn open(folder: &Path) -> Result<Emulator, OpenError> {
    for _ in 0..1000 {
        match open_at_once(folder) {
            Err(OpenError::InUse { .. }) => std::thread::sleep(Duration::from_millis(5)),
            opened => return opened,
        }
    }
    open_at_once(folder)
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// What was set aside, one thing.
fn only_aside(folder: &Path) -> PathBuf {
    let aside: Vec<_> = names(folder).into_iter().filter(|name| name.starts_with("state.redb.damaged-")).collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    folder.join(&aside[0])
}

#[tokio::test]
async fn what_was_answered_is_on_disk_and_nobody_else_can_read_it() {
    let cloud = Cloud::start().await;
    let id = launch(&cloud.ec2(), 1, &[]).await[0].instance_id().unwrap().to_owned();
    assert_eq!(engine_state::read(cloud.folder())["us-east-1"]["ec2"]["instances"][&id]["id"], *id);
    let mode = fs::metadata(cloud.folder().join("state.redb")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(names(cloud.folder()), ["blobs", "global.json", "lock", "state.redb"]);
    let cloud = cloud.restart().await;
    let found = cloud.ec2().describe_instances().instance_ids(&id).send().await.unwrap();
    assert_eq!(found.reservations().len(), 1);
}

#[tokio::test]
async fn reading_writes_nothing() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    let id = launch(&ec2, 1, &[]).await[0].instance_id().unwrap().to_owned();
    cloud.settle();
    let file = cloud.folder().join("state.redb");
    let before = fs::metadata(&file).unwrap().modified().unwrap();
    ec2.describe_instances().send().await.unwrap();
    ec2.start_instances().instance_ids(&id).send().await.unwrap();
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), before);
}

#[tokio::test]
async fn a_state_that_cannot_be_written_is_an_error_and_changes_nothing() {
    let cloud = Cloud::start().await;
    let ec2 = cloud.ec2();
    launch(&ec2, 1, &[]).await;
    let (file, moved) = (cloud.folder().join("state.redb"), cloud.folder().join("moved"));
    let run = ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1);
    let state = engine_state::read(cloud.folder());
    // Nothing, a folder and somebody else's file in the place of the state.
    let obstacles: [&dyn Fn(); 3] = [&|| (), &|| fs::create_dir(&file).unwrap(), &|| fs::write(&file, "mine").unwrap()];
    for place in obstacles {
        fs::rename(&file, &moved).unwrap();
        place();
        let error = run.clone().send().await.unwrap_err();
        assert_eq!(error.code(), Some("InternalFailure"));
        assert_eq!(error.raw_response().unwrap().status().as_u16(), 500);
        assert_eq!(ec2.describe_instances().send().await.unwrap().reservations().len(), 1);
        let _ = fs::remove_dir(&file).or_else(|_| fs::remove_file(&file));
        fs::rename(&moved, &file).unwrap();
        assert_eq!(engine_state::read(cloud.folder()), state);
    }
    run.send().await.unwrap();
    assert_eq!(ec2.describe_instances().send().await.unwrap().reservations().len(), 2);
}

#[test]
fn a_damaged_file_is_set_aside_whatever_it_is() {
    for damage in ["", "{", "null", "redb", &"redb".repeat(10_000)] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("state.redb"), damage).unwrap();
        assert!(open(folder.path()).is_ok(), "{damage}");
        let aside = only_aside(folder.path());
        assert_eq!(fs::read_to_string(aside).unwrap(), damage);
    }
}

#[test]
fn a_damaged_file_of_the_old_format_is_set_aside_whatever_it_is() {
    for damage in ["", "{", "null", r#"{"schema":"x"}"#, r#"{"schema":1}"#, r#"{"schema":1,"state":{"ec2":7}}"#] {
        let folder = tempfile::tempdir().unwrap();
        let regions = folder.path().join("regions");
        fs::create_dir(&regions).unwrap();
        fs::write(regions.join("us-east-1.json"), damage).unwrap();
        assert_eq!(open(folder.path()).unwrap().set_aside().len(), 1, "{damage}");
        let left = names(&regions);
        assert!(left.len() == 1 && left[0].starts_with("us-east-1.json.damaged-"), "{damage}: {left:?}");
        assert_eq!(fs::read_to_string(regions.join(&left[0])).unwrap(), damage);
        assert!(open(folder.path()).unwrap().set_aside().is_empty());
    }
}

#[test]
fn a_folder_a_link_or_a_fifo_in_the_place_of_a_file_is_said_at_once_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside");
    fs::write(&outside, "mine").unwrap();
    fs::create_dir(folder.path().join("regions")).unwrap();
    for name in ["lock", "global.json", "regions/us-east-1.json", "state.redb"] {
        let file = folder.path().join(name);
        let obstacles: [(Obstacle, &dyn Fn()); 3] = [
            (Obstacle::Link(outside.clone()), &|| std::os::unix::fs::symlink(&outside, &file).unwrap()),
            (Obstacle::Folder, &|| fs::create_dir(&file).unwrap()),
            (Obstacle::Irregular, &|| rustix::fs::mkfifoat(rustix::fs::CWD, &file, 0o600.into()).unwrap()),
        ];
        for (obstacle, place) in obstacles {
            place();
            let error = open(folder.path()).err().unwrap();
            let OpenError::Obstacle { path, what } = &error else { panic!("{name}: {error}") };
            assert_eq!((path, what), (&file, &obstacle));
            assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
            fs::remove_file(&file).or_else(|_| fs::remove_dir(&file)).unwrap();
            let _ = fs::remove_file(folder.path().join("state.redb"));
        }
    }
    assert_eq!(fs::read_to_string(&outside).unwrap(), "mine");
    assert!(open(folder.path()).unwrap().set_aside().is_empty());
}

#[test]
fn what_a_killed_emulator_left_is_swept_unless_a_state_that_was_set_aside_may_need_it() {
    let folder = tempfile::tempdir().unwrap();
    let orphan = "0".repeat(64);
    let (blobs, functions) = (folder.path().join("blobs"), folder.path().join("functions"));
    let leave_behind = || {
        fs::create_dir_all(functions.join("scratch/abc")).unwrap();
        fs::create_dir_all(functions.join("code").join(&orphan)).unwrap();
        fs::create_dir_all(&blobs).unwrap();
        fs::write(blobs.join(&orphan), "code").unwrap();
        fs::write(blobs.join(format!("{orphan}.tmp")), "co").unwrap();
        fs::write(blobs.join("not ours"), "").unwrap();
    };
    leave_behind();
    drop(open(folder.path()).unwrap());
    assert!(!functions.exists());
    assert_eq!(names(&blobs), ["not ours"]);

    leave_behind();
    fs::write(folder.path().join("state.redb"), "damaged").unwrap();
    let emulator = open(folder.path()).unwrap();
    assert!(emulator.set_aside()[0].path.to_str().unwrap().contains("state.redb.damaged-"));
    assert!(names(&blobs).contains(&orphan));
}

#[test]
fn a_newer_state_is_refused_in_a_sentence_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("global.json");
    fs::write(&file, r#"{"schema":99,"shape":"unknown"}"#).unwrap();
    let error = open(folder.path()).err().unwrap();
    assert!(matches!(error, OpenError::Newer { found: 99, .. }));
    assert!(error.to_string().contains("was written by a newer atelier"), "{error}");
    assert!(file.exists());
}

#[test]
fn two_emulators_never_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    assert!(matches!(open_at_once(folder.path()), Err(OpenError::InUse { .. })));
    drop(first);
    assert!(open(folder.path()).is_ok());
}
