//! Starts function processes: a cleared environment, a process group of their own, limits, and a life that cannot be
//! longer than the emulator's. What the process does is `runtime`'s business.
//!
//! The kernel ties a parent-death signal to the *thread* that forked, not to the process. Worker threads of the async
//! runtime come and go, so every function process is forked by one thread that lives as long as the [`Spawner`].

use crate::marks::SANDBOX_ROLE;
use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::mpsc,
    thread,
};
use tokio::{
    process::{Child, Command},
    sync::oneshot,
};

/// A function process to be.
#[derive(Debug)]
pub struct Program {
    /// The program's file, absolute.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// A folder that the process finds at `/tmp`, where the system lets it.
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
                // A caller that gave up drops the child, which `kill_on_drop` ends.
                let _ = order.child.send(order.command.spawn());
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
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Kills a process that was not waited for yet, and all that it started and that stayed in its group.
pub fn kill_group(child: &Child) {
    if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}
