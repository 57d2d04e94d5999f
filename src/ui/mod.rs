//! The only code that prints. stdout carries the result, for people or as JSON; stderr carries everything else.
//!
//! Not here: what is said. Commands hand over reports, errors and messages; this module decides language, colour,
//! width and form.

mod human;
mod json;
mod number;
mod page;
mod plain;
mod progress;
mod prompt;
mod style;
mod words;

pub(crate) use number::{decimal, hours, millis};
pub use page::Page;
pub(crate) use page::{columns, padded, widest};
pub use style::Tone;

use crate::{
    error::{Code, Error, Exit, Result},
    progress::{Event, Progress},
    settings::{ColorWhen, Look},
    text::{Lang, Message},
};
use std::{
    io::{self, ErrorKind, IsTerminal, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
};

/// The result of a command: data for scripts, and a page for people.
pub trait Report: serde::Serialize {
    /// Writes the result for people.
    fn human(&self, page: &mut Page);

    /// Writes what is left of it for whoever wants to hear as little as possible: data stays, what only tells goes.
    fn quiet(&self, page: &mut Page) {
        self.human(page);
    }

    /// How the process ends, when the command did its work and yet what was asked is not so (a failed test).
    fn exit(&self) -> Option<Exit> {
        None
    }

    /// The error that goes with [`Report::exit`], for the envelope; `data` is there all the same.
    fn error(&self) -> Option<Error> {
        None
    }
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
}

/// How much is told on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volume {
    /// Warnings and errors.
    Quiet,
    /// Each step.
    Normal,
    /// Each step and each call, with their durations.
    Verbose,
}

/// The process's output: one per process, cheap to clone.
#[derive(Clone)]
pub struct Console {
    inner: Arc<Inner>,
    /// Whether the envelope is written to stderr: stdout is somebody else's.
    is_on_stderr: bool,
}

struct Inner {
    command: String,
    format: Format,
    look: Look,
    warnings: Mutex<Vec<Message>>,
    steps: Steps,
    err: Face,
    /// Whether a question waits for its answer.
    is_asking: AtomicBool,
}

/// How a stream is written to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Face {
    pub(crate) lang: Lang,
    pub(crate) color: bool,
    pub(crate) volume: Volume,
    /// Words only.
    pub(crate) plain: bool,
}

impl Face {
    /// Renders a text for this stream.
    pub(crate) fn render(self, message: &Message) -> String {
        let text = message.render(self.lang);
        if self.plain { words::only(&text) } else { text }
    }
}

enum Steps {
    Bars(progress::Bars),
    Lines(plain::Lines),
}

impl Console {
    /// Looks at the two streams and decides how `command` will print.
    #[must_use]
    pub fn new(command: impl Into<String>, format: Format, look: Look, volume: Volume) -> Self {
        let terminal = io::stderr().is_terminal();
        let err = Face { lang: look.lang.value, color: colored(look.color.value, terminal), volume, plain: look.plain };
        let animated = terminal && !look.plain && !look.ci && volume != Volume::Quiet && format == Format::Human;
        let steps = if animated { Steps::Bars(progress::Bars::new(err)) } else { Steps::Lines(plain::Lines::new(err)) };
        let (warnings, is_asking) = (Mutex::default(), AtomicBool::new(false));
        let inner = Inner { command: command.into(), format, look, warnings, steps, err, is_asking };
        Self { inner: Arc::new(inner), is_on_stderr: false }
    }

    /// The same console, which leaves stdout to the command that it runs.
    #[must_use]
    pub fn on_stderr(self) -> Self {
        Self { is_on_stderr: true, ..self }
    }

    /// Returns the place where commands tell what they are doing.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let console = self.clone();
        Progress::new(move |event| console.event(&event))
    }

    /// The command whose output this is, in as many words as it has.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.inner.command
    }

    /// The language of texts.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.inner.look.lang.value
    }

    /// Whether everything on the way is wanted.
    #[must_use]
    pub fn is_verbose(&self) -> bool {
        self.inner.err.volume == Volume::Verbose
    }

    /// Whether as little as possible is wanted.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.inner.err.volume == Volume::Quiet
    }

    /// Whether the result is one JSON object.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.inner.format == Format::Json
    }

    /// Whether a person looks at the result on a terminal, on which something may be drawn over.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        let Look { ci, plain, .. } = self.inner.look;
        self.inner.format == Format::Human && io::stdout().is_terminal() && !ci && !plain
    }

    fn event(&self, event: &Event) {
        if let Event::Warn(message) = event {
            self.warnings().push(message.clone());
        }
        match &self.inner.steps {
            Steps::Bars(bars) => bars.event(event),
            Steps::Lines(lines) => lines.event(event),
        }
    }

    /// Shows a sign of life while steps last; never ends. Runs beside the command that it watches.
    pub async fn heartbeat(&self) {
        match &self.inner.steps {
            Steps::Bars(bars) => bars.tick().await,
            Steps::Lines(lines) => lines.tick().await,
        }
    }

    /// Says one line on stderr, whatever the volume.
    pub fn say(&self, message: &Message) {
        self.tell(&self.inner.err.render(message));
    }

    /// Writes a text on stderr as it is.
    pub(crate) fn tell(&self, text: &str) {
        self.stderr(text);
    }

    /// Prints a piece of a result for people before the rest is known; scripts get the whole at the end.
    ///
    /// # Errors
    /// As [`Console::answer`].
    pub fn part(&self, write: impl FnOnce(&mut Page)) -> io::Result<()> {
        if self.inner.format == Format::Json {
            return Ok(());
        }
        let mut page = self.page();
        write(&mut page);
        unless_nobody_reads(self.write_out(page.text()))
    }

    /// Prints a command's result, or its error.
    ///
    /// # Errors
    /// Returns the error of a stdout that cannot be written to; one that nobody reads any more is fine.
    pub fn answer<R: Report>(&self, result: Result<R>) -> io::Result<Option<Exit>> {
        self.settle();
        match result {
            Err(error) => self.fail(&error).map(Some),
            Ok(report) => {
                let (exit, error) = (report.exit(), report.error());
                match self.inner.format {
                    Format::Json => {
                        let data = serde_json::to_value(&report).map_err(io::Error::other)?;
                        self.envelope(error.is_some(), &data, error.as_ref())?;
                    }
                    Format::Human => {
                        let mut page = self.page();
                        if self.is_quiet() {
                            report.quiet(&mut page);
                        } else {
                            report.human(&mut page);
                        }
                        unless_nobody_reads(write_out(page.text()))?;
                        if let Some(error) = &error {
                            self.stderr(&human::error(error, self.inner.err));
                        }
                    }
                }
                Ok(exit)
            }
        }
    }

    /// Prints one entry of a stream: a line of text, or of NDJSON.
    ///
    /// # Errors
    /// Returns the error of a stdout that cannot be written to, also when nobody reads it any more.
    pub fn entry<R: Report>(&self, entry: &R) -> io::Result<()> {
        let text = match self.inner.format {
            Format::Json => json::entry(&self.inner.command, entry)?,
            Format::Human => {
                let mut page = self.page();
                entry.human(&mut page);
                page.text().to_owned()
            }
        };
        self.write_out(&text)
    }

    /// Prints a result for people over the one that was printed before, which took so many lines of the screen, and tells
    /// how many this one takes. What does not fit on the screen is left out: it could not be printed over.
    ///
    /// # Errors
    /// As [`Console::entry`].
    pub fn redraw<R: Report>(&self, report: &R, lines: usize) -> io::Result<usize> {
        let mut page = self.page();
        report.human(&mut page);
        let (width, height) = style::screen();
        let room = height.saturating_sub(1);
        let (mut text, mut taken, left) = fitting(page.text(), width, room);
        if left > 0 {
            // What does not fit is said in a line of its own.
            let (shown, rows, left) = fitting(page.text(), width, room.saturating_sub(1));
            let more = Message::new("ui.more").with("count", left).render(page.lang());
            taken = rows + columns(&more).div_ceil(width.max(1));
            text = format!("{shown}{more}\n");
        }
        let back = if lines > 0 { format!("\u{1b}[{lines}A\r\u{1b}[J") } else { String::new() };
        self.write_out(&format!("{back}{text}"))?;
        Ok(taken)
    }

    /// Writes to stdout while nothing moves on the screen, which may be the same one.
    fn write_out(&self, text: &str) -> io::Result<()> {
        match &self.inner.steps {
            Steps::Bars(bars) => bars.aside(|| write_out(text)),
            Steps::Lines(_) => write_out(text),
        }
    }

    /// Prints an error and tells how the process ends.
    ///
    /// # Errors
    /// As [`Console::answer`].
    pub fn fail(&self, error: &Error) -> io::Result<Exit> {
        self.settle();
        match self.inner.format {
            Format::Json => self.envelope(true, &serde_json::Value::Null, Some(error))?,
            Format::Human => self.stderr(&human::error(error, self.inner.err)),
        }
        Ok(error.exit())
    }

    /// Ends what moves on the screen, before something is printed that stays.
    fn settle(&self) {
        if let Steps::Bars(bars) = &self.inner.steps {
            bars.clear();
        }
        self.end_question();
    }

    fn envelope(&self, failed: bool, data: &serde_json::Value, error: Option<&Error>) -> io::Result<()> {
        let warnings = self.warnings().clone();
        let text = json::envelope(&self.inner.command, failed, data, &warnings, error);
        if self.is_on_stderr {
            self.stderr(text.trim_end());
            return Ok(());
        }
        unless_nobody_reads(write_out(&text))
    }

    fn page(&self) -> Page {
        let terminal = io::stdout().is_terminal();
        let color = colored(self.inner.look.color.value, terminal);
        Page::new(self.lang(), color, if terminal { style::width() } else { None }, self.inner.look.plain)
    }

    fn stderr(&self, text: &str) {
        match &self.inner.steps {
            Steps::Bars(bars) => bars.print(text),
            Steps::Lines(_) => plain::print(text),
        }
    }

    fn warnings(&self) -> MutexGuard<'_, Vec<Message>> {
        self.inner.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As many of the first lines of a text as fit on a screen, how many lines of the screen they take, and how many lines of
/// the text are left.
fn fitting(text: &str, width: usize, height: usize) -> (String, usize, usize) {
    let (mut shown, mut taken) = (String::new(), 0);
    for (at, line) in text.lines().enumerate() {
        let rows = columns(line).div_ceil(width.max(1)).max(1);
        if taken + rows > height {
            return (shown, taken, text.lines().count() - at);
        }
        taken += rows;
        shown.push_str(line);
        shown.push('\n');
    }
    (shown, taken, 0)
}

fn colored(when: ColorWhen, terminal: bool) -> bool {
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => terminal,
    }
}

fn write_out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A reader that has gone (`atelier status | head -1`) got what it wanted.
fn unless_nobody_reads(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Tells on stderr that stdout could not be written to, the one thing that cannot be told on stdout.
pub(crate) fn stdout_failed(error: &io::Error, face: Face) -> Exit {
    let error =
        Error::new(Code::File).with_message("action", Message::new("action.write")).with("path", "stdout").cause(error);
    plain::print(&human::error(&error, face));
    error.exit()
}

impl Console {
    /// How stderr is written to.
    pub(crate) fn face(&self) -> Face {
        self.inner.err
    }

    /// How output looks.
    pub(crate) fn look(&self) -> &Look {
        &self.inner.look
    }

    /// How results are printed.
    pub(crate) fn format(&self) -> Format {
        self.inner.format
    }

    /// Renders clap's help, in colour where results are.
    pub(crate) fn styled(&self, help: &clap::Error) -> String {
        self.rendered(&help.render())
    }

    /// Renders a text of clap's, in colour where results are.
    pub(crate) fn rendered(&self, text: &clap::builder::StyledStr) -> String {
        let color =
            self.inner.format == Format::Human && colored(self.inner.look.color.value, io::stdout().is_terminal());
        if color { text.ansi().to_string() } else { text.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_over_takes_no_more_lines_than_the_screen_has() {
        assert_eq!(fitting("a\nb\n", 80, 10), ("a\nb\n".to_owned(), 2, 0));
        assert_eq!(fitting("abcdef\nb\n\n", 4, 10), ("abcdef\nb\n\n".to_owned(), 4, 0));
        assert_eq!(fitting("a\nbcdefg\nc\n", 4, 2), ("a\n".to_owned(), 1, 2));
    }
}
