//! The programs of external extensions: found in a function's layers, started before the function, and watched.

use super::{
    extensions::{Extensions, Shutdown},
    output::{self, Log},
};
use crate::{
    clock::Clock,
    emulator::sandbox::{self, Program, Spawner},
};
use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{process::Child, sync::mpsc, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long extensions may take to end: Lambda's own time.
const FAREWELL: Duration = Duration::from_secs(2);
/// Where below `/opt` the programs are.
const FOLDER: &str = "extensions";
/// What a function's process is told and its extensions are not.
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#runtimes-extensions-api-reg>
const NOT_FOR_THEM: [&str; 6] = [
    "_HANDLER",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// Finds the programs, in the order of their names; none without layers.
pub(super) fn programs(opt: Option<&Path>) -> Vec<PathBuf> {
    let entries = opt.and_then(|opt| fs::read_dir(opt.join(FOLDER)).ok()).into_iter().flatten().flatten();
    let is_program =
        |path: &PathBuf| fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    let mut programs: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_program).collect();
    programs.sort();
    programs
}

/// The name under which a program registers.
pub(super) fn name_of(program: &Path) -> String {
    program.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What the programs of one process are started with.
pub(super) struct Start<'a> {
    pub(super) spawner: &'a Spawner,
    pub(super) tasks: &'a TaskTracker,
    pub(super) extensions: &'a Arc<Extensions>,
    pub(super) folder: &'a Path,
    pub(super) task: Option<&'a Path>,
    pub(super) opt: Option<&'a Path>,
    pub(super) tmp: Option<&'a Path>,
    pub(super) hosts: Option<&'a Path>,
    pub(super) environment: &'a [(String, String)],
    pub(super) log: &'a Log,
    /// Cancelled when the function's process is to end.
    pub(super) kill: &'a CancellationToken,
    /// Cancelled when the programs are to end too.
    pub(super) over: &'a CancellationToken,
}

/// Starts the programs; each is watched until it ends, or everything does.
///
/// # Errors
/// The operating system's, when one cannot be started.
pub(super) async fn start(programs: Vec<PathBuf>, start: &Start<'_>) -> io::Result<()> {
    let environment: Vec<_> =
        start.environment.iter().filter(|(name, _)| !NOT_FOR_THEM.contains(&name.as_str())).cloned().collect();
    for path in programs {
        let name = name_of(&path);
        let folder = start.folder.to_owned();
        let own = [start.task, start.opt, start.tmp, start.hosts];
        let [task, opt, tmp, hosts] = own.map(|path| path.map(Path::to_owned));
        let (arguments, environment) = (Vec::new(), environment.clone());
        let program = Program { path, arguments, task, opt, tmp, hosts, folder, environment };
        let mut child = start.spawner.spawn(&program).await?;
        let (marks, inbox) = mpsc::channel(1);
        start.tasks.spawn(output::run(child.stdout.take(), child.stderr.take(), inbox, start.log.clone()));
        let (extensions, kill, over) = (Arc::clone(start.extensions), start.kill.clone(), start.over.clone());
        start.tasks.spawn(async move {
            watch(child, &name, &extensions, &kill, &over).await;
            drop(marks);
        });
    }
    Ok(())
}

/// Waits for the end of a program, which is the end of its function's process, or makes it.
async fn watch(
    mut child: Child,
    name: &str,
    extensions: &Extensions,
    kill: &CancellationToken,
    over: &CancellationToken,
) {
    tokio::select! {
        _ = child.wait() => {
            extensions.crashed(name);
            kill.cancel();
        }
        () = over.cancelled() => {
            sandbox::end(&mut child).await;
            let _ = child.wait().await;
        }
    }
}

/// Tells the extensions that their process ends, and gives those that asked for it their time: until each has ended, or
/// asked for another event.
pub(super) async fn farewell(extensions: &Extensions, reason: Shutdown) {
    let deadline_ms = (Clock::System.now() + FAREWELL).unix_timestamp_nanos() / 1_000_000;
    if extensions.shut_down(reason, deadline_ms) {
        let _ = timeout(FAREWELL, extensions.ended()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::OpenOptionsExt;

    #[test]
    fn executable_files_of_the_layers_are_extensions() {
        let opt = tempfile::tempdir().unwrap();
        assert!(programs(None).is_empty() && programs(Some(opt.path())).is_empty());
        let folder = opt.path().join(FOLDER);
        fs::create_dir_all(folder.join("folder")).unwrap();
        for (name, mode) in [("b", 0o755), ("a", 0o500), ("readme", 0o644)] {
            fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(folder.join(name)).unwrap();
        }
        assert_eq!(programs(Some(opt.path())), [folder.join("a"), folder.join("b")]);
        assert_eq!(name_of(&folder.join("a")), "a");
    }
}
