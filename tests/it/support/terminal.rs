//! A process under test on a pseudo-terminal: what a person would see, and what their keys would do.

use super::eventually;
use rustix::{
    fs::{Mode, OFlags},
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use std::{
    fs::File,
    io::{Read, Write},
    process::{Child, Command},
    sync::{Arc, Mutex},
    time::Duration,
};

/// Nothing that a test waits for takes longer unless something hangs.
const DEADLINE: Duration = Duration::from_mins(1);
const ROWS: u16 = 24;

/// A process and the terminal that it sees. The terminal is not its controlling one: keys that send signals do not.
pub(crate) struct Terminal {
    child: Child,
    keys: File,
    screen: Arc<Mutex<Vec<u8>>>,
    columns: u16,
}

impl Terminal {
    /// Starts a prepared command on a terminal of this many columns.
    pub(crate) fn start(mut command: Command, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        tcsetwinsize(&slave, Winsize { ws_row: ROWS, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        if command.get_envs().all(|(name, _)| name != "TERM") {
            command.env("TERM", "xterm-256color");
        }
        let child =
            command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave).spawn().unwrap();
        // Only the child may hold the other side, or its end would not be seen here.
        drop(command);
        let screen = Arc::new(Mutex::new(Vec::new()));
        let (mut output, sink) = (File::from(master.try_clone().unwrap()), screen.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                sink.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        Self { child, keys: File::from(master), screen, columns }
    }

    /// Everything that was written to the terminal so far, escape sequences included.
    pub(crate) fn seen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    /// What is on the screen now, as its reader sees it: without the blanks at the ends.
    pub(crate) fn screen(&self) -> String {
        let mut screen = vt100::Parser::new(ROWS, self.columns, 0);
        screen.process(&self.screen.lock().unwrap());
        let lines: Vec<String> = screen.screen().rows(0, self.columns).map(|row| row.trim_end().to_owned()).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Waits until the terminal has seen `text`.
    pub(crate) fn shows(&self, text: &str) {
        assert!(eventually(DEADLINE, || self.seen().contains(text)), "no `{text}`: {}", self.seen());
    }

    /// Types.
    pub(crate) fn types(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).unwrap();
    }

    /// Sends what Ctrl-C sends.
    pub(crate) fn interrupt(&self) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
    }

    /// Waits for the end and tells the exit code.
    pub(crate) fn end(&mut self) -> Option<i32> {
        let mut status = None;
        let ended = eventually(DEADLINE, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(ended, "hangs: {}", self.seen());
        status.and_then(|status| status.code())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
