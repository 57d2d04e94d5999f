//! The store by itself, with a state of one table.

use super::{AnyTable, Region, SaveError, SetAside, Store, Table, Tables};
use crate::clock::Clock;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use time::macros::datetime;

/// Texts by their names.
#[derive(Clone, Default)]
pub(super) struct Texts(pub(super) Table<String, String>);

impl Tables for Texts {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![("test/texts", &mut self.0)]
    }
}

fn open(folder: &Path) -> Store<Texts> {
    Store::open(folder, &Clock::manual(datetime!(2026-11-23 12:00 UTC))).unwrap()
}

pub(super) fn region() -> Region {
    "us-east-1".parse().unwrap()
}

async fn put(store: &Store<Texts>, name: &str, text: &str) -> Result<(), SaveError> {
    let put = |state: &mut Texts| {
        state.0.insert(name.to_owned(), text.to_owned());
        Ok(())
    };
    store.change(&region(), put).await
}

fn all(store: &Store<Texts>) -> BTreeMap<String, String> {
    store.read(&region(), |state| state.0.iter().map(|(name, text)| (name.clone(), text.clone())).collect())
}

/// A closed store of some records, more than one page of them, and what is in it.
async fn written(folder: &Path, count: usize) -> BTreeMap<String, String> {
    let store = open(folder);
    for number in 0..count {
        put(&store, &format!("name-{number:03}"), &format!("text-{number:03} {}", "x".repeat(300))).await.unwrap();
    }
    all(&store)
}

fn file(folder: &Path) -> PathBuf {
    folder.join("state.redb")
}

#[tokio::test]
async fn what_is_refused_changes_nothing_and_nobody_waits_for_the_disk_then() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let refused: Result<(), Box<dyn std::error::Error>> = store
        .change(&region(), |state| {
            state.0.insert("a".to_owned(), "1".to_owned());
            Err("no".into())
        })
        .await;
    assert_eq!(refused.unwrap_err().to_string(), "no");
    assert!(all(&store).is_empty());
    assert!(store.regions().is_empty());
}

#[tokio::test]
async fn a_change_that_nobody_waits_for_takes_place_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let put_a = put(&store, "a", "1");
    // Polled once, and then dropped as with a client that hung up.
    assert!(futures_util::FutureExt::now_or_never(put_a).is_none());
    // The next change finds it, and is told when both are on disk.
    let seen = store.change(&region(), |state| Ok::<_, SaveError>(state.0.contains_key("a"))).await;
    assert!(seen.unwrap());
    assert_eq!(all(&store).len(), 1);
    drop(store);
    assert_eq!(all(&open(folder.path())).len(), 1);
}

#[tokio::test]
async fn many_writers_lose_nothing_and_see_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(folder.path()));
    let count = |state: &mut Texts| {
        let next = state.0.get("count").map_or(0, |text| text.parse::<u32>().unwrap()) + 1;
        state.0.insert("count".to_owned(), next.to_string());
        Ok::<_, SaveError>(next)
    };
    let writer = async || store.change(&region(), count).await.unwrap();
    let mut seen = futures_util::future::join_all((0..200).map(|_| writer())).await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=200).collect::<Vec<_>>());
    drop(store);
    assert_eq!(all(&open(folder.path()))["count"], "200");
}

#[tokio::test]
async fn a_commit_that_fails_takes_with_it_what_was_built_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    put(&store, "a", "1").await.unwrap();
    let moved = folder.path().join("moved");
    fs::rename(file(folder.path()), &moved).unwrap();
    let refuse = |state: &mut Texts| {
        assert!(state.0.contains_key("b"), "decided on what was accepted before it");
        Err::<(), _>(SaveError::from(std::io::Error::other("refused")))
    };
    let here = region();
    let (first, second, third) =
        tokio::join!(put(&store, "b", "2"), put(&store, "a", "9"), store.change(&here, refuse));
    let kind = |result: Result<(), SaveError>| format!("{:?}", result.unwrap_err());
    for failed in [first, second, third] {
        // Not the refusal of the third: what it was decided on has never been.
        assert!(kind(failed).contains("NotFound"));
    }
    assert_eq!(all(&store), [("a".to_owned(), "1".to_owned())].into());
    fs::rename(&moved, file(folder.path())).unwrap();
    put(&store, "c", "3").await.unwrap();
    let expected: BTreeMap<_, _> = [("a", "1"), ("c", "3")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    assert_eq!(all(&store), expected);
    drop(store);
    assert_eq!(all(&open(folder.path())), expected);
}

#[tokio::test]
async fn a_damaged_record_costs_itself_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let whole = written(folder.path(), 60).await;
    let bytes = fs::read(file(folder.path())).unwrap();
    for (name, text) in &whole {
        let damaged = tempfile::tempdir().unwrap();
        let mut bytes = bytes.clone();
        // Everywhere where it is: what was replaced may lie about.
        let mark = &text.as_bytes()[..8];
        let places: Vec<_> = (0..bytes.len() - mark.len()).filter(|at| bytes[*at..].starts_with(mark)).collect();
        for at in places {
            bytes[at] ^= 1;
        }
        fs::write(file(damaged.path()), &bytes).unwrap();
        let store = open(damaged.path());
        let mut rest = whole.clone();
        rest.remove(name);
        assert_eq!(all(&store), rest, "{name}");
        let [SetAside { path, kept: 59, lost: Some(1) }] = store.set_aside() else { panic!("{:?}", store.set_aside()) };
        assert_eq!(fs::read(path).unwrap(), bytes, "the damaged file is kept as it was");
        put(&store, name, text).await.unwrap();
        drop(store);
        let again = open(damaged.path());
        assert_eq!((all(&again), again.set_aside()), (whole.clone(), [].as_slice()));
    }
}

/// Where each record's text lies in a file: there may be copies that nothing leads to any more.
fn places(bytes: &[u8], whole: &BTreeMap<String, String>) -> Vec<(String, Vec<usize>)> {
    let starts = |text: &String| {
        let text = format!("\"{text}\"").into_bytes();
        (0..bytes.len() - text.len()).filter(move |at| bytes[*at..].starts_with(&text)).collect()
    };
    whole.iter().map(|(name, text)| (name.clone(), starts(text))).collect()
}

/// The names of the records that lie in some place that is whole.
fn intact(places: &[(String, Vec<usize>)], is_whole: impl Fn(usize) -> bool) -> Vec<&str> {
    let found = places.iter().filter(|(_, starts)| starts.iter().any(|start| is_whole(*start)));
    found.map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn whatever_is_flipped_or_cut_off_all_is_read_that_is_there_and_nothing_that_was_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let whole = written(folder.path(), 60).await;
    let bytes = fs::read(file(folder.path())).unwrap();
    let places = places(&bytes, &whole);
    assert!(places.iter().all(|(_, starts)| !starts.is_empty()));
    let of_page = |at: usize| at / 4096;
    // Pages in use, a bit here and there; the header more densely.
    let in_use = |at: &usize| *at < 512 || bytes[of_page(*at) * 4096..][..4096].iter().any(|byte| *byte != 0);
    let flips = (0..320).chain((320..bytes.len()).step_by(509)).filter(in_use);
    let flipped = flips.map(|at| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        // Of its page, it may cost all that has no copy elsewhere; and the records whose keys are not to be read.
        let most = if at < 4096 { 0 } else { 2 };
        (format!("bit flipped at {at}"), bytes, intact(&places, |start| of_page(start) != of_page(at)), most)
    });
    let length = whole.values().next().unwrap().len() + 2;
    let cut = (0..16).map(|part| {
        let at = bytes.len() / 16 * part;
        (format!("cut at {at}"), bytes[..at].to_vec(), intact(&places, |start| start + length <= at), 0)
    });
    // The roots of both commits, so that no tree leads anywhere.
    let mut rootless = bytes.clone();
    for root in [72, 200] {
        rootless[root + 2] ^= 8;
    }
    let rootless = ("no root".to_owned(), rootless, intact(&places, |_| true), 0);
    let (mut cases, mut worst) = (0, 0);
    for (what, bytes, intact, most) in flipped.chain(cut).chain([rootless]) {
        let damaged = tempfile::tempdir().unwrap();
        fs::write(file(damaged.path()), &bytes).unwrap();
        let store = open(damaged.path());
        let found = all(&store);
        assert!(found.iter().all(|(name, text)| whole.get(name) == Some(text)), "{what}");
        let lacking: Vec<_> = intact.iter().filter(|name| !found.contains_key(**name)).collect();
        assert!(lacking.len() <= most, "{what}: {lacking:?}");
        let missing = whole.len() - found.len();
        match store.set_aside() {
            [] => assert_eq!(missing, 0, "{what}"),
            [SetAside { path, kept, lost }] => {
                assert_eq!((*kept, fs::read(path).unwrap()), (found.len(), bytes), "{what}");
                // Unless the number of records itself is what is damaged.
                assert!(lost.is_none_or(|lost| lost == missing || what.starts_with("bit")), "{what}: {lost:?}");
            }
            more => panic!("{what}: {more:?}"),
        }
        cases += 1;
        worst += usize::from(missing > 0);
    }
    // Most of a file is text, and a flip there costs one record of it.
    assert!(cases > 100 && worst < cases, "{worst} of {cases} lost something");
}

#[tokio::test]
async fn a_lost_page_brings_back_what_lies_about_and_a_damaged_record_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut whole = written(folder.path(), 60).await;
    let store = open(folder.path());
    let remove = |state: &mut Texts| {
        state.0.remove("name-059");
        Ok::<_, SaveError>(())
    };
    store.change(&region(), remove).await.unwrap();
    drop(store);
    let removed = whole.remove_entry("name-059").unwrap();
    let bytes = fs::read(file(folder.path())).unwrap();
    let salvaged = |bytes: &[u8]| {
        let damaged = tempfile::tempdir().unwrap();
        fs::write(file(damaged.path()), bytes).unwrap();
        let store = open(damaged.path());
        let [SetAside { lost, .. }] = store.set_aside() else { panic!("{:?}", store.set_aside()) };
        (all(&store), *lost)
    };
    // One record, in all its copies.
    let mut marked = bytes.clone();
    for (name, starts) in places(&bytes, &whole) {
        for start in starts.into_iter().filter(|_| name == "name-000") {
            marked[start + 1] ^= 1;
        }
    }
    let mut rest = whole.clone();
    rest.remove("name-000");
    assert_eq!(salvaged(&marked), (rest, Some(1)));
    // No root: nobody can tell that the last one was deleted.
    let mut rootless = bytes;
    for root in [72, 200] {
        rootless[root + 2] ^= 8;
    }
    let (mut found, lost) = salvaged(&rootless);
    let back = found.remove_entry("name-059");
    assert!(back.is_none_or(|back| back == removed), "it may lie about, or not");
    assert_eq!((found, lost), (whole, None));
}

#[tokio::test]
async fn a_record_of_the_wrong_shape_is_put_into_a_file_beside() {
    let folder = tempfile::tempdir().unwrap();
    let whole = written(folder.path(), 3).await;
    let mut database = super::database::Database::open(&file(folder.path())).unwrap();
    let records: [(&str, &[u8]); 3] = [
        ("us-east-1/test/texts/odd", b"7"),
        ("NOT A REGION/test/texts/odd", b"\"\""),
        ("us-east-1/other/kind/x", b"7"),
    ];
    database.commit(records.iter().map(|(key, json)| ((*key).to_owned(), Some(*json)))).unwrap();
    drop(database);
    let store = open(folder.path());
    assert_eq!(all(&store), whole);
    // A table that this binary does not know is somebody else's, and stays.
    let [SetAside { path, kept: 4, lost: Some(2) }] = store.set_aside() else { panic!("{:?}", store.set_aside()) };
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains("us-east-1/test/texts/odd") && text.contains("NOT A REGION"), "{text}");
    drop(store);
    assert!(open(folder.path()).set_aside().is_empty());
}

#[tokio::test]
async fn a_database_that_somebody_else_has_open_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), 1).await;
    let _other = super::database::Database::open(&file(folder.path())).unwrap();
    let clock = Clock::manual(datetime!(2026-11-23 12:00 UTC));
    let error = Store::<Texts>::open(folder.path(), &clock).err().unwrap();
    assert!(matches!(error, super::OpenError::InUse { .. }), "{error}");
}

#[tokio::test]
async fn a_file_that_was_made_halfway_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("state.new"), "half").unwrap();
    assert_eq!(written(folder.path(), 2).await.len(), 2);
    assert!(!folder.path().join("state.new").exists());
}

#[tokio::test]
async fn a_file_of_a_newer_format_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), 1).await;
    let database = redb::Database::open(file(folder.path())).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta = redb::TableDefinition::<&str, u64>::new("meta");
    transaction.open_table(meta).unwrap().insert("format", 3).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let clock = Clock::manual(datetime!(2026-11-23 12:00 UTC));
    let error = Store::<Texts>::open(folder.path(), &clock).err().unwrap();
    assert!(matches!(error, super::OpenError::Newer { found: 3, known: 2, .. }), "{error}");
    assert!(file(folder.path()).exists());
}

#[tokio::test]
async fn a_file_of_a_newer_format_of_the_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), 1).await;
    let mut bytes = fs::read(file(folder.path())).unwrap();
    // The version that stands at the beginning of each commit slot.
    for slot in super::database::SLOTS {
        assert_eq!(bytes[slot], 3, "what this test and its subject know of the format");
        bytes[slot] = 4;
    }
    fs::write(file(folder.path()), &bytes).unwrap();
    let clock = Clock::manual(datetime!(2026-11-23 12:00 UTC));
    let error = Store::<Texts>::open(folder.path(), &clock).err().unwrap();
    assert!(matches!(error, super::OpenError::Newer { found: 4, known: 3, .. }), "{error}");
    assert_eq!(fs::read(file(folder.path())).unwrap(), bytes);
    // One slot alone is damage.
    bytes[super::database::SLOTS[0]] = 3;
    fs::write(file(folder.path()), &bytes).unwrap();
    assert_eq!(open(folder.path()).set_aside().len(), 1);
}
