//! A light `atelier` for tests that run it a thousand times: without debug information, and with a function archive of
//! a few bytes already in its cache. (The real archive goes through every step in `stack`.)

use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    fs,
    io::{Cursor, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};
use zip::{ZipWriter, write::SimpleFileOptions};

/// The program and the key under which its archive is cached.
pub(super) struct Program {
    pub(super) path: PathBuf,
    key: String,
    /// Holds `path`; kept for as long as the tests run.
    _folder: tempfile::TempDir,
}

/// Made once for all tests.
pub(super) static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (built, path) = (env!("CARGO_BIN_EXE_atelier"), folder.path().join("atelier"));
    // `strip` comes with the C compiler that the build needs; without it the tests are only slower.
    let stripped = Command::new("strip").arg("-o").arg(&path).arg(built).status();
    if !stripped.is_ok_and(|status| status.success()) {
        fs::copy(built, &path).unwrap();
    }
    let file = fs::metadata(&path).unwrap();
    let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
    let key = hex(format!("{} {} {} {times:?}", file.dev(), file.ino(), file.size()).as_bytes());
    Program { path, key, _folder: folder }
});

impl Program {
    /// Puts the archive of a function that says `version` where `atelier` in this project looks for its own.
    pub(super) fn pack(&self, project: &Path, version: u32) {
        let cache = project.join(".atelier/cache");
        let _ = fs::remove_dir_all(&cache);
        fs::create_dir_all(&cache).unwrap();
        let zip = archive(version);
        fs::write(cache.join(format!("{}-{}.zip", self.key, hex(&zip))), zip).unwrap();
    }
}

/// A function of one line.
pub(super) fn archive(version: u32) -> Vec<u8> {
    script(&format!("# version {version}"))
}

/// A function that is a shell script.
pub(super) fn script(text: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    write!(zip, "#!/bin/sh\n{text}\n").unwrap();
    zip.finish().unwrap().into_inner()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}
