//! A Docker daemon of the test's own, which gets as far as the test lets it.

use crate::support::connections;
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use tempfile::TempDir;

/// What the daemon does with a request.
pub(crate) enum Reply {
    /// It answers with this status and body.
    Answer(u16, &'static str),
    /// It says nothing for as long as the client waits.
    Silence,
    /// It ends in the middle of it, and its socket goes with it.
    End,
}

/// The daemon; it ends with this value.
pub(crate) struct Daemon {
    socket: PathBuf,
    is_over: Arc<AtomicBool>,
    _folder: TempDir,
}

impl Daemon {
    /// Starts a daemon that does with each request, `METHOD /path` without the version, what `reply` says.
    pub(crate) fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let (reply, is_over) = (Arc::new(reply), Arc::new(AtomicBool::new(false)));
        let (over, at) = (is_over.clone(), socket.clone());
        thread::spawn(move || {
            let is_over = || over.load(Ordering::SeqCst);
            // A client that goes away in between is what some tests want.
            connections::each(listener.incoming(), is_over, move |client| drop(serve(&client, &at, &*reply)));
        });
        Self { socket, is_over, _folder: folder }
    }

    /// Its address as `DOCKER_HOST` has it.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the listener; one that has ended already has no socket.
        let _ = UnixStream::connect(&self.socket);
    }
}

/// Serves one connection: requests without a body, or one that is never answered.
fn serve(client: &UnixStream, socket: &Path, reply: &impl Fn(&str) -> Reply) -> io::Result<()> {
    let mut reader = BufReader::new(client);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let mut words = head.split_ascii_whitespace();
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        // `/v1.52/info`
        let path = path.strip_prefix("/v").and_then(|path| path.find('/').map(|at| &path[at..])).unwrap_or(path);
        match reply(&format!("{method} {path}")) {
            Reply::Answer(status, body) => {
                let head = format!("HTTP/1.1 {status} Told\r\ncontent-type: application/json\r\n");
                write!({ client }, "{head}content-length: {}\r\n\r\n{body}", body.len())?;
            }
            Reply::Silence => return reader.read_to_end(&mut Vec::new()).map(drop),
            Reply::End => return std::fs::remove_file(socket),
        }
    }
}
