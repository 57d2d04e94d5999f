//! An engine for a test: on a free port, in a folder of its own, gone when the value is dropped.
//!
//! Copy this file into your own `tests/`; it has no dependency. `ATELIER` names the binary where it is not on the PATH.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

/// A running engine.
pub struct Engine {
    folder: PathBuf,
    variables: BTreeMap<String, String>,
}

impl Engine {
    /// Starts an engine.
    ///
    /// # Panics
    /// When `atelier` is not there or does not start; a test cannot go on then.
    #[must_use]
    pub fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("engine-{}-{count}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut engine = Self { folder, variables: BTreeMap::new() };
        engine.run(&["up", "--engine", "embedded", "--port", "0"]);
        // Lines such as: export AWS_REGION='us-east-1'
        let lines = engine.run(&["env", "--shell", "bash"]);
        let pair = |line: &str| {
            let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
            Some((name.to_owned(), value.trim_matches('\'').to_owned()))
        };
        engine.variables = lines.lines().filter_map(pair).collect();
        engine
    }

    /// Runs a command of atelier's in the engine's folder, and returns what it prints.
    ///
    /// # Panics
    /// When it fails, with what it said.
    pub fn run(&self, args: &[&str]) -> String {
        let output = command(&self.folder, args).output().expect("`atelier` is not on the PATH, and ATELIER names none");
        assert!(output.status.success(), "atelier {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Where the engine answers, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.variables["AWS_ENDPOINT_URL"]
    }

    /// What leads AWS clients to the engine: for `Command::envs`, or for a client's configuration.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = command(&self.folder, &["down", "--yes"]).output();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let program = env::var_os("ATELIER").unwrap_or_else(|| "atelier".into());
    let mut command = Command::new(program);
    command.args(args).arg("--folder").arg(folder);
    command
}
