//! Starts and ends function processes: a cleared environment, a process group of their own, limits, and a life that
//! cannot be longer than the emulator's. What the process does is `runtime`'s business.
//!
//! What is started is this binary in its role `@sandbox`, the parent of the function's own process: it ends all that
//! the function started when that ends, when it is asked to, and when the emulator dies.
//!
//! The kernel ties a parent-death signal to the *thread* that forked, not to the process. Worker threads of the async
//! runtime come and go, so every function process is forked by one thread that lives as long as the [`Spawner`].

use crate::marks::SANDBOX_ROLE;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    process::Stdio,
    sync::mpsc,
    thread,
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    time::timeout,
};

/// How long the sandbox gets to end everything before it is killed itself.
const END_TIMEOUT: Duration = Duration::from_secs(2);

/// How often, and how far apart, it is looked whether what was killed is gone: a second in all.
const LEFTOVER_LOOKS: u32 = 100;
const LEFTOVER_PAUSE: Duration = Duration::from_millis(10);

/// A function process to be.
#[derive(Debug)]
pub struct Program {
    /// The program's file, absolute.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// A folder that the process finds at `/var/task`, read-only, where the system lets it. Its paths and those in its
    /// environment are then the ones below that.
    pub task: Option<PathBuf>,
    /// A folder that the process finds at `/opt`, in the same way.
    pub opt: Option<PathBuf>,
    /// A folder that the process finds at `/tmp`, where the system lets it. It gets no `TMPDIR` of that name then.
    pub tmp: Option<PathBuf>,
    /// A file that the process finds at `/etc/hosts`, where the system lets it.
    pub hosts: Option<PathBuf>,
    /// Its working folder.
    pub folder: PathBuf,
    /// Its whole environment.
    pub environment: Vec<(String, String)>,
}

struct Order {
    command: Command,
    child: oneshot::Sender<io::Result<Child>>,
}

/// The thread that forks function processes. When it is dropped the thread ends, and the kernel kills those left over.
pub struct Spawner {
    orders: mpsc::Sender<Order>,
    executable: PathBuf,
}

impl Spawner {
    /// Starts the thread; `executable` is this binary, for its `@sandbox` role. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// Returns the operating system's error when there is no thread to be had.
    pub fn start(executable: PathBuf) -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel::<Order>();
        let runtime = tokio::runtime::Handle::current();
        thread::Builder::new().name("function-spawner".to_owned()).spawn(move || {
            let _context = runtime.enter();
            for mut order in inbox {
                if let Err(Ok(child)) = order.child.send(order.command.spawn()) {
                    // The caller gave up. What was started is waited for by the runtime.
                    ask_to_end(&child);
                }
            }
        })?;
        Ok(Self { orders, executable })
    }

    /// Starts a process with its output piped and no input.
    ///
    /// # Errors
    /// Returns the operating system's error.
    pub async fn spawn(&self, program: &Program) -> io::Result<Child> {
        let (child, answer) = oneshot::channel();
        let command = command(&self.executable, program);
        self.orders.send(Order { command, child }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts functions is gone")
}

fn command(executable: &Path, program: &Program) -> Command {
    let mut command = Command::new(executable);
    command
        .arg(SANDBOX_ROLE)
        .arg(std::process::id().to_string())
        .arg(&program.folder)
        .arg(program.task.as_deref().unwrap_or(Path::new("")))
        .arg(program.opt.as_deref().unwrap_or(Path::new("")))
        .arg(program.tmp.as_deref().unwrap_or(Path::new("")))
        .arg(program.hosts.as_deref().unwrap_or(Path::new("")))
        .arg(&program.path)
        .args(&program.arguments)
        .env_clear()
        .envs(program.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Its own group from the first instruction on, so that whatever it starts can be killed with it.
        .process_group(0);
    command
}

/// Waits until a process has ended, and leaves it to be waited for, so that its number stays its own. Where the system
/// cannot tell, it is waited for.
pub async fn death(child: &mut Child) {
    if let (Some(id), Ok(mut deaths)) = (id(child), signal(SignalKind::child())) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while let Ok(None) = waitid(WaitId::Pid(id), options) {
            deaths.recv().await;
        }
    } else {
        let _ = child.wait().await;
    }
}

/// Ends a function's process and all that it started.
pub async fn end(child: &mut Child) {
    ask_to_end(child);
    let _ = timeout(END_TIMEOUT, death(child)).await;
    // Nothing is left, unless somebody ended the sandbox itself. It was not waited for yet, so the group's number is
    // still its own.
    if let Some(id) = id(child) {
        let _ = kill_process_group(id, Signal::KILL);
    }
}

fn ask_to_end(child: &Child) {
    if let Some(id) = id(child) {
        let _ = kill_process(id, Signal::TERM);
    }
}

/// The number of a process that was not waited for yet.
#[must_use]
pub fn id(child: &Child) -> Option<Pid> {
    Pid::from_raw(child.id().and_then(|id| i32::try_from(id).ok())?)
}

/// Kills what the functions of a former emulator left behind, if somebody killed their sandboxes: each process whose
/// environment has a variable that only functions have, with a place in a folder that only this emulator uses, or with
/// one where the process finds one of the `places` in it; and each that finds one of the `scratches` in it at `/tmp`.
///
/// What had no `/tmp` of its own and was started with another environment is not recognised, and is left alone.
pub fn end_leftovers(variable: &str, folder: &Path, places: &str, scratches: &str) {
    let identities = |name: &str| -> HashSet<_> {
        let entries = fs::read_dir(folder.join(name)).into_iter().flatten().flatten();
        entries.filter_map(|entry| identity(&entry.path())).collect()
    };
    let (places, scratches) = (identities(places), identities(scratches));
    end_processes(|process| {
        process.own_tmp().is_some_and(|tmp| scratches.contains(&tmp))
            || process.values(variable).iter().any(|place| {
                place.starts_with(folder) || process.found(place).is_some_and(|place| places.contains(&place))
            })
    });
}

/// Kills what is left of a function whose sandbox somebody has killed: each process that has `scratch` as its `/tmp`, or
/// is told so.
pub fn end_left(scratch: &Path) {
    let tmp = identity(scratch);
    end_processes(|process| {
        tmp.is_some() && process.own_tmp() == tmp || process.values("TMPDIR").iter().any(|place| place == scratch)
    });
}

/// A process of the machine. Of those of other users, and of those that have ended, nothing is to be known.
struct Process(Pid);

impl Process {
    fn folder(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.0.as_raw_nonzero()))
    }

    /// The values of a variable in its environment.
    fn values(&self, variable: &str) -> Vec<PathBuf> {
        let name = [variable.as_bytes(), b"="].concat();
        let environment = fs::read(self.folder().join("environ")).unwrap_or_default();
        let values = environment.split(|byte| *byte == 0).filter_map(|variable| variable.strip_prefix(name.as_slice()));
        values.map(|value| PathBuf::from(OsStr::from_bytes(value))).collect()
    }

    /// What it finds at a path.
    fn found(&self, path: &Path) -> Option<(u64, u64)> {
        identity(&self.folder().join("root").join(path.strip_prefix("/").unwrap_or(path)))
    }

    fn own_tmp(&self) -> Option<(u64, u64)> {
        self.found(Path::new("/tmp"))
    }
}

/// Kills processes, and waits until they are gone.
fn end_processes(is_ours: impl Fn(&Process) -> bool) {
    let Ok(processes) = fs::read_dir("/proc") else { return };
    let ids = processes.flatten().filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?));
    let leftovers: Vec<Process> = ids.map(Process).filter(&is_ours).collect();
    for Process(id) in &leftovers {
        tracing::warn!(pid = id.as_raw_nonzero().get(), "a process that a function has left was ended");
        let _ = kill_process(*id, Signal::KILL);
    }
    // What is being killed may still write where the next step removes.
    for _ in 0..LEFTOVER_LOOKS {
        if !leftovers.iter().any(&is_ours) {
            break;
        }
        thread::sleep(LEFTOVER_PAUSE);
    }
}

/// Tells a file from all others of the machine, whatever its paths are.
fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}
