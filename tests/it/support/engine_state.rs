//! What the embedded engine has on disk, read from beside it and changed behind its back.

use redb::{Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition, backends::InMemoryBackend};
use serde_json::{Map, Value};
use std::{fs, path::Path};

const RECORDS: TableDefinition<&str, &[u8]> = TableDefinition::new("records");

/// The checksum in front of a record.
const CHECKSUM: usize = 4;

/// Reads the state in an engine's folder, running or not: `{"us-east-1":{"ec2":{"instances":{"i-…":{…}}}}}`.
pub(crate) fn read(engine: &Path) -> Value {
    let mut state = Value::Object(Map::new());
    let read = || fs::read(engine.join("state.redb")).ok();
    let Some(mut bytes) = read() else { return state };
    // One that runs may be writing: it is the file of one moment when it is the same twice.
    while let Some(again) = read().filter(|again| *again != bytes) {
        bytes = again;
    }
    let copy = InMemoryBackend::new();
    copy.set_len(bytes.len() as u64).unwrap();
    copy.write(0, &bytes).unwrap();
    let database = Database::builder().create_with_backend(copy).unwrap();
    let records = database.begin_read().unwrap().open_table(RECORDS).unwrap();
    for record in records.iter().unwrap() {
        let (key, framed) = record.unwrap();
        let [region, service, kind, id] = key.value().splitn(4, '/').collect::<Vec<_>>().try_into().unwrap();
        state[region][service][kind][id] = serde_json::from_slice(&framed.value()[CHECKSUM..]).unwrap();
    }
    state
}

/// Changes the JSON of every record in the folder of an engine that does not run.
pub(crate) fn edit(engine: &Path, edit: impl Fn(&str) -> String) {
    let database = Database::open(engine.join("state.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    let mut records = transaction.open_table(RECORDS).unwrap();
    let found: Vec<(String, String)> = records
        .iter()
        .unwrap()
        .map(|record| {
            let (key, framed) = record.unwrap();
            (key.value().to_owned(), String::from_utf8(framed.value()[CHECKSUM..].to_vec()).unwrap())
        })
        .collect();
    for (key, json) in found {
        let json = edit(&json);
        let mut framed = crc32fast::hash(format!("{key}{json}").as_bytes()).to_be_bytes().to_vec();
        framed.extend(json.into_bytes());
        records.insert(key.as_str(), framed.as_slice()).unwrap();
    }
    drop(records);
    transaction.commit().unwrap();
}
