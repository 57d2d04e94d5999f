//! A process under test that lasts: what it has written so far can be looked at while it runs.

use super::{Output, eventually};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{self, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{JoinHandle, sleep},
    time::{Duration, Instant},
};

/// Nothing that a test waits for takes longer unless something hangs.
const DEADLINE: Duration = Duration::from_mins(1);
/// Between two tries to run a program that is being written.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// A running process; killed when the test ends without having waited for it.
pub(crate) struct Running {
    child: Child,
    stdout: Stream,
    stderr: Stream,
}

/// What has been read of a pipe so far, and the thread that reads it.
struct Stream {
    text: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    fn new(pipe: Option<impl Read + Send + 'static>) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let (mut pipe, sink) = (pipe.unwrap(), text.clone());
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                sink.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }

    fn whole(&mut self) -> String {
        self.reader.take().unwrap().join().unwrap();
        self.so_far()
    }
}

impl Running {
    /// Starts a prepared command.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        // A copy that was written just now may be open in a child of another test which is not its own program yet.
        let begun = Instant::now();
        let is_passing =
            |error: &io::Error| error.kind() == io::ErrorKind::ExecutableFileBusy && begun.elapsed() < DEADLINE;
        let mut child = loop {
            match command.spawn() {
                Err(error) if is_passing(&error) => sleep(BUSY_PAUSE),
                started => break started.unwrap(),
            }
        };
        let (stdout, stderr) = (Stream::new(child.stdout.take()), Stream::new(child.stderr.take()));
        Self { child, stdout, stderr }
    }

    /// The process's number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until stdout holds `text`.
    pub(crate) fn says(&self, text: &str) {
        assert!(eventually(DEADLINE, || self.stdout.so_far().contains(text)), "{}", self.stdout.so_far());
    }

    /// Waits until stderr holds `text`.
    pub(crate) fn tells(&self, text: &str) {
        assert!(eventually(DEADLINE, || self.stderr.so_far().contains(text)), "{}", self.stderr.so_far());
    }

    /// What stdout holds so far.
    pub(crate) fn said(&self) -> String {
        self.stdout.so_far()
    }

    /// How many lines stdout holds so far.
    pub(crate) fn lines(&self) -> usize {
        self.stdout.so_far().lines().count()
    }

    /// Sends what Ctrl-C sends.
    pub(crate) fn interrupt(&self) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
    }

    /// Waits for the end, which must come before the deadline.
    pub(crate) fn end(self) -> Output {
        self.end_within(DEADLINE)
    }

    /// Waits for the end, for which the user has been promised not to wait longer.
    pub(crate) fn end_within(mut self, promised: Duration) -> Output {
        let mut code = None;
        let in_time = eventually(promised, || {
            code = self.child.try_wait().unwrap().map(|status| status.code());
            code.is_some()
        });
        if !in_time {
            self.child.kill().unwrap();
        }
        let output = Output { code: code.flatten(), stdout: self.stdout.whole(), stderr: self.stderr.whole() };
        assert!(in_time, "hangs: {output:?}");
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
