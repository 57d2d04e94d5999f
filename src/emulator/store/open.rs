//! Opening a store: what stands in the file's place, and what becomes of it when it is damaged.

use super::{
    OpenError, SetAside,
    commit::{Regions, State},
    database::{Database, Fault, parse_key, unframe},
    file, format_1, obstacle, salvage,
    set_aside::{free_name, link_aside},
};
use crate::clock::Clock;
use serde_json::json;
use std::{collections::BTreeMap, fs, io, path::Path, sync::Arc};

/// The database's name in the store's folder.
const FILE: &str = "state.redb";

/// A store's content, and what was found on the way to it.
pub(super) struct Opened<S> {
    pub(super) database: Database,
    pub(super) regions: Regions<S>,
    pub(super) set_aside: Vec<SetAside>,
}

/// Opens the database of a folder, or makes one: of what the old format left, of what is readable of a damaged one, or
/// an empty one.
pub(super) fn open<S: State>(folder: &Path, clock: &Clock) -> Result<Opened<S>, OpenError> {
    let path = folder.join(FILE);
    let refused = |fault| refusal(&path, folder, fault);
    obstacle::refuse(&path)?;
    let mut set_aside = Vec::new();
    let mut old = format_1::find(folder)?;
    if fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        let records = old.records::<S>(clock, &mut set_aside)?;
        Database::create(&path, &records).map_err(refused)?;
    }
    old.retire()?;
    let database = match Database::open(&path) {
        Err(Fault::Damaged(what)) => {
            tracing::warn!(path = %path.display(), %what, "state file damaged");
            let salvaged = salvage::read(&path).map_err(|error| refused(error.into()))?;
            let aside = link_aside(&path, clock)?;
            set_aside.push(SetAside { path: aside, kept: salvaged.records.len(), lost: salvaged.lost });
            Database::create(&path, &salvaged.records).and_then(|()| Database::open(&path))
        }
        opened => opened,
    };
    let mut database = database.map_err(refused)?;
    let Loaded { regions, kept, damaged } = load(&database).map_err(refused)?;
    if !damaged.is_empty() {
        let aside = free_name(&path, clock);
        let mut keep = || {
            file::save(&aside, &lines(&damaged))?;
            database.commit(damaged.iter().map(|(key, _)| (key.clone(), None)))
        };
        keep().map_err(|error| OpenError::Folder { path: path.clone(), source: io::Error::other(error) })?;
        set_aside.push(SetAside { path: aside, kept, lost: Some(damaged.len()) });
    }
    Ok(Opened { database, regions, set_aside })
}

/// What a database holds.
struct Loaded<S> {
    regions: Regions<S>,
    /// How many records were read.
    kept: usize,
    /// The records that could not be read, by their keys.
    damaged: Vec<(String, Vec<u8>)>,
}

/// Reads every record into its table. Records of tables that this binary does not know stay where they are.
fn load<S: State>(database: &Database) -> Result<Loaded<S>, Fault> {
    let mut regions: BTreeMap<_, S> = BTreeMap::new();
    let (mut kept, mut damaged) = (0, Vec::new());
    database.for_each(|key, framed| match load_one(&mut regions, key, framed) {
        Some(()) => kept += 1,
        None => damaged.push((key.to_owned(), framed.to_vec())),
    })?;
    let derived = regions.into_iter().map(|(region, mut state)| {
        state.derive();
        (region, Arc::new(state))
    });
    Ok(Loaded { regions: derived.collect(), kept, damaged })
}

fn load_one<S: State>(regions: &mut BTreeMap<super::Region, S>, key: &str, framed: &[u8]) -> Option<()> {
    let json = unframe(key, framed)?;
    let (region, name, id) = parse_key(key)?;
    let mut tables = regions.entry(region.parse().ok()?).or_default().tables();
    match tables.iter_mut().find(|(known, _)| *known == name) {
        Some((_, table)) => table.load(id, json).ok(),
        None => Some(()),
    }
}

/// Writes damaged records for a person's eyes, a line each.
fn lines(damaged: &[(String, Vec<u8>)]) -> Vec<u8> {
    let line = |(key, framed): &(String, Vec<u8>)| {
        format!("{}\n", json!({ "key": key, "record": String::from_utf8_lossy(framed) }))
    };
    damaged.iter().map(line).collect::<String>().into_bytes()
}

fn refusal(path: &Path, folder: &Path, fault: Fault) -> OpenError {
    match fault {
        Fault::Newer { found, known } => OpenError::Newer { path: path.to_owned(), found, known },
        Fault::InUse => OpenError::InUse { path: folder.to_owned() },
        fault => OpenError::Folder { path: path.to_owned(), source: fault.into() },
    }
}
