//! What a function process writes, on its way into the function's log group.
//!
//! One task per process reads both pipes and the marks between invocations. It prefers the pipes: what a function
//! wrote before it answered is in its log before the line that ends the invocation. Lines are bounded and written in
//! batches; a function that writes faster than the log takes is slowed down by its own full pipe.

use super::platform::{Ending, LogFormat, Status, Subject, init_failed, remarked};
use crate::emulator::{
    Context,
    logs::{self, Event},
    wire::iso_time,
};
use std::{future, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{ChildStderr, ChildStdout},
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

/// The longest line, in bytes; a longer one becomes several.
const MAX_LINE: usize = 64 * 1024;
/// A batch is written when it holds so many bytes,
const MAX_BATCH: usize = 256 * 1024;
/// or is this old.
const BATCH_TIME: Duration = Duration::from_millis(250);
/// How many bytes of log an invocation with `LogType=Tail` returns: Lambda's own number.
const TAIL: usize = 4 * 1024;
/// What a descendant that outlives the process gets to let go of the pipes.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Something that the log says between a function's own lines.
#[derive(Debug)]
pub(super) enum Mark {
    /// The process has begun.
    Start {
        /// What Lambda calls the attempt to start it.
        phase: &'static str,
        /// What is to be said of the program that runs it, and of what it is given.
        remarks: Vec<String>,
    },
    /// There is something else to be said.
    Remark {
        /// What that is.
        remark: String,
    },
    /// The process could not start.
    InitFailed {
        /// What Lambda calls the attempt to start it.
        phase: &'static str,
        /// Why.
        status: Status,
        /// How long it took to fail.
        duration: Duration,
    },
    /// An invocation begins.
    Begin {
        /// The request's id.
        id: String,
    },
    /// An invocation has ended.
    End(Report),
}

/// What the log says of an invocation that has ended.
#[derive(Debug)]
pub(super) struct Report {
    /// The request's id.
    pub(super) id: String,
    /// How it ended.
    pub(super) status: Status,
    /// Why it failed, when the process is gone with it.
    pub(super) failure: Option<String>,
    /// How long it took.
    pub(super) duration: Duration,
    /// The most memory that its processes held, in MB.
    pub(super) memory: u64,
    /// How long the process took to start, at its first invocation.
    pub(super) init: Option<Duration>,
    /// Where the last lines of its log go, when they are wanted.
    pub(super) tail: Option<oneshot::Sender<String>>,
}

/// Where a process's lines go.
#[derive(Clone)]
pub(super) struct Log {
    /// The emulator's state.
    pub(super) context: Arc<Context>,
    /// The function and its log stream, one per process.
    pub(super) target: logs::Target,
    /// Whose log it is.
    pub(super) subject: Subject,
    /// Its format.
    pub(super) format: LogFormat,
    /// Whether a carriage return inside a line stands for a line's end: our runtime clients write the lines of one event
    /// so.
    pub(super) joins_lines: bool,
}

/// Reads until the process is gone, both pipes are empty and nobody can send a mark any more.
pub(super) async fn run(
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    mut marks: mpsc::Receiver<Mark>,
    log: Log,
) {
    let (mut stdout, mut stderr) = (Lines::new(stdout), Lines::new(stderr));
    let mut batch = Batch::new(log);
    let mut closing = None;
    loop {
        tokio::select! {
            biased;
            () = stdout.fill() => stdout.take_lines(|line| batch.line(line)),
            () = stderr.fill() => stderr.take_lines(|line| batch.line(line)),
            mark = marks.recv(), if closing.is_none() => match mark {
                Some(mark) => batch.mark(mark),
                None => closing = Some(Instant::now() + LAST_WORDS),
            },
            () = at(batch.due) => batch.flush().await,
            () = at(closing) => break,
        }
        if batch.size >= MAX_BATCH {
            batch.flush().await;
        }
        if closing.is_some() && stdout.is_closed() && stderr.is_closed() {
            break;
        }
    }
    batch.flush().await;
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => future::pending().await,
    }
}

/// One pipe, cut into lines.
struct Lines<R> {
    pipe: Option<R>,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(pipe: Option<R>) -> Self {
        Self { pipe, buffer: Vec::new() }
    }

    fn is_closed(&self) -> bool {
        self.pipe.is_none()
    }

    /// Waits for more bytes or for the end of the pipe; for ever once that was reached. Cancel safe.
    async fn fill(&mut self) {
        let Some(pipe) = &mut self.pipe else { return future::pending().await };
        self.buffer.reserve(8 * 1024);
        if !matches!(pipe.read_buf(&mut self.buffer).await, Ok(1..)) {
            self.pipe = None;
        }
    }

    /// Hands out the lines that are complete, too long, or the last.
    fn take_lines(&mut self, mut line: impl FnMut(&[u8])) {
        let mut rest = self.buffer.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            rest[..end].chunks(MAX_LINE).for_each(&mut line);
            rest = &rest[end + 1..];
        }
        let is_last = rest.len() >= MAX_LINE || self.pipe.is_none();
        if is_last {
            rest.chunks(MAX_LINE).for_each(&mut line);
            rest = &[];
        }
        self.buffer.drain(..self.buffer.len() - rest.len());
    }
}

/// Lines that wait for being written, and the tail of the current invocation.
struct Batch {
    log: Log,
    events: Vec<Event>,
    size: usize,
    due: Option<Instant>,
    tail: String,
}

impl Batch {
    fn new(log: Log) -> Self {
        Self { log, events: Vec::new(), size: 0, due: None, tail: String::new() }
    }

    fn line(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(line);
        if !self.log.format.takes(&text) {
            return;
        }
        self.text(if self.log.joins_lines { text.replace('\r', "\n") } else { text.into_owned() });
    }

    fn text(&mut self, message: String) {
        self.tail.push_str(&message);
        self.tail.push('\n');
        if self.tail.len() > 2 * TAIL {
            self.tail = last(&self.tail, TAIL).to_owned();
        }
        self.size += message.len();
        self.due.get_or_insert_with(|| Instant::now() + BATCH_TIME);
        let now = self.log.context.config.clock.now().unix_timestamp_nanos() / 1_000_000;
        self.events.push(Event { timestamp: i64::try_from(now).unwrap_or_default(), message });
    }

    fn mark(&mut self, mark: Mark) {
        let time = iso_time(self.log.context.now_millis());
        let Log { subject, format, .. } = &self.log;
        let (lines, tail) = match mark {
            Mark::Start { phase, remarks } => (subject.started(*format, &time, phase, &remarks), None),
            Mark::Remark { remark } => (remarked(*format, &time, &remark).into_iter().collect(), None),
            Mark::InitFailed { phase, status, duration } => {
                (init_failed(*format, &time, phase, &status, duration), None)
            }
            Mark::Begin { id } => {
                self.tail.clear();
                (subject.begun(*format, &time, &id), None)
            }
            Mark::End(Report { id, status, failure, duration, memory, init, tail }) => {
                let ending = Ending { id: &id, failure: failure.as_deref(), status: &status, duration, memory, init };
                (subject.ended(*format, &time, &ending), tail)
            }
        };
        for line in lines {
            self.text(line);
        }
        if let Some(tail) = tail {
            let _ = tail.send(last(&self.tail, TAIL).to_owned());
        }
    }

    async fn flush(&mut self) {
        (self.size, self.due) = (0, None);
        if self.events.is_empty() {
            return;
        }
        let Log { context, target, .. } = &self.log;
        let events = std::mem::take(&mut self.events);
        if let Err(error) = logs::append(context, target, events).await {
            tracing::warn!(group = target.group, %error, "log lines of a function were lost");
        }
    }
}

/// The last `most` bytes of a text, less what would cut a character.
fn last(text: &str, most: usize) -> &str {
    let mut start = text.len().saturating_sub(most);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]], closed: bool) -> Vec<String> {
        let mut reader = Lines { pipe: (!closed).then(tokio::io::empty), buffer: chunks.concat() };
        let mut out = Vec::new();
        reader.take_lines(|line| out.push(String::from_utf8_lossy(line).into_owned()));
        out
    }

    #[test]
    fn half_a_line_waits_for_its_end_or_for_the_end_of_the_pipe() {
        assert_eq!(lines(&[b"a\nb"], false), ["a"]);
        assert_eq!(lines(&[b"a\nb"], true), ["a", "b"]);
    }

    #[test]
    fn a_line_without_an_end_becomes_several() {
        let long = vec![b'x'; MAX_LINE + 1];
        assert_eq!(lines(&[&long], false).iter().map(String::len).collect::<Vec<_>>(), [MAX_LINE, 1]);
    }

    #[test]
    fn a_tail_never_cuts_a_character() {
        assert_eq!(last("aé", 1), "");
        assert_eq!(last("aé", 2), "é");
        assert_eq!(last("a", 5), "a");
    }
}
