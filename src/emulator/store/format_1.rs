//! The format before this one, a JSON file for each region (`regions/us-east-1.json`) and `global.json`: found, read
//! once, and kept under other names.
//!
//! An atelier that knows nothing else would start empty beside the database; so `global.json` stays, and says that it
//! is of a newer format.

use super::{
    OpenError, Region,
    commit::State,
    database::{self, FORMAT},
    file, obstacle,
    set_aside::{SetAside, put_aside},
};
use crate::clock::Clock;
use rustix::fs::OFlags;
use serde::Deserialize;
use serde_json::Value;
use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// What `global.json` holds from now on.
const STUB: &str = "{\"schema\":2,\"state\":null}\n";
/// What the names of the old files end with from now on.
const KEPT: &str = ".format-1";

/// The files of the old format in a folder.
pub(super) struct Old {
    stub: PathBuf,
    has_stub: bool,
    files: Vec<(Region, PathBuf)>,
}

#[derive(Deserialize)]
struct Schema {
    schema: u64,
}

#[derive(Deserialize)]
struct Stored {
    state: Value,
}

/// Looks for files of the old format.
///
/// # Errors
/// When the folder cannot be read, or is of a newer format.
pub(super) fn find(folder: &Path) -> Result<Old, OpenError> {
    let mut old = Old { stub: folder.join("global.json"), has_stub: false, files: Vec::new() };
    match read(&old.stub).map(|text| serde_json::from_slice::<Schema>(&text)) {
        Ok(Ok(Schema { schema: FORMAT })) => old.has_stub = true,
        Ok(Ok(Schema { schema })) => {
            check_schema(&old.stub, schema)?;
            old.files.push((Region::global(), old.stub.clone()));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Ok(Err(_)) | Err(_) => old.files.push((Region::global(), old.stub.clone())),
    }
    let regions = folder.join("regions");
    match fs::read_dir(&regions) {
        Ok(entries) => old.files.extend(entries.flatten().filter_map(|entry| of_region(entry.path()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(OpenError::Folder { path: regions, source }),
    }
    Ok(old)
}

impl Old {
    /// Reads all records. A file that is damaged is set aside.
    ///
    /// # Errors
    /// When a file cannot be read or set aside, is none, or is of a newer format.
    pub(super) fn records<S: State>(
        &mut self,
        clock: &Clock,
        set_aside: &mut Vec<SetAside>,
    ) -> Result<Vec<Record>, OpenError> {
        let mut records = Vec::new();
        let mut whole = Vec::new();
        for (region, path) in self.files.drain(..) {
            obstacle::refuse(&path)?;
            match read_records::<S>(&region, &path) {
                Ok(found) => {
                    records.extend(found);
                    whole.push((region, path));
                }
                Err(Damage::Schema(schema)) => check_schema(&path, schema)?,
                Err(Damage::Io(source)) => return Err(OpenError::Folder { path, source }),
                Err(Damage::Shape) => set_aside.push(SetAside::whole(put_aside(&path, clock)?)),
            }
        }
        self.files = whole;
        Ok(records)
    }

    /// Gives the files their new names; what they held is in the database.
    ///
    /// # Errors
    /// When a file cannot be renamed or written.
    pub(super) fn retire(self) -> Result<(), OpenError> {
        for (_, path) in &self.files {
            let mut kept = path.as_os_str().to_owned();
            kept.push(KEPT);
            file::rename(path, Path::new(&kept)).map_err(|source| OpenError::Folder { path: path.clone(), source })?;
        }
        if self.has_stub {
            return Ok(());
        }
        file::save(&self.stub, STUB.as_bytes()).map_err(|source| OpenError::Folder { path: self.stub, source })
    }
}

/// A record's key and its JSON.
type Record = (String, Vec<u8>);

/// Why a file of the old format is not taken over.
enum Damage {
    Io(io::Error),
    /// It is of this format, which is not the old one.
    Schema(u64),
    /// It is not JSON, or not of the state's shape.
    Shape,
}

impl From<serde_json::Error> for Damage {
    fn from(_: serde_json::Error) -> Self {
        Self::Shape
    }
}

fn read_records<S: State>(region: &Region, path: &Path) -> Result<Vec<Record>, Damage> {
    let text = read(path).map_err(Damage::Io)?;
    // The schema first: a newer state may have any shape.
    match serde_json::from_slice::<Schema>(&text)?.schema {
        ..FORMAT => {}
        newer => return Err(Damage::Schema(newer)),
    }
    let mut state = serde_json::from_slice::<Stored>(&text)?.state;
    S::upgrade(&mut state);
    let mut records = Vec::new();
    let mut typed = S::default();
    let mut tables = typed.tables();
    let Value::Object(services) = state else { return Err(Damage::Shape) };
    for (service, kinds) in services {
        let Value::Object(kinds) = kinds else { return Err(Damage::Shape) };
        for (kind, by_id) in kinds {
            let name = format!("{service}/{kind}");
            let Value::Object(by_id) = by_id else { return Err(Damage::Shape) };
            let table = tables.iter_mut().find(|(known, _)| *known == name).map(|(_, table)| table);
            let table = table.ok_or(Damage::Shape)?;
            for (id, value) in by_id {
                let json = serde_json::to_vec(&value)?;
                table.load(&id, &json).map_err(|_| Damage::Shape)?;
                records.push((database::key(region.as_str(), &name, &id), json));
            }
        }
    }
    Ok(records)
}

fn check_schema(path: &Path, found: u64) -> Result<(), OpenError> {
    match found {
        ..FORMAT => Ok(()),
        found => Err(OpenError::Newer { path: path.to_owned(), found, known: FORMAT }),
    }
}

/// The region whose file this is; `None` for a file set aside or half written.
fn of_region(path: PathBuf) -> Option<(Region, PathBuf)> {
    if path.extension()? != "json" {
        return None;
    }
    let region = path.file_stem()?.to_str()?.parse().ok()?;
    Some((region, path))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A symlink is not followed, and a FIFO in the file's place does not hang the start.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a regular file"));
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(text)
}
