//! What the testing verbs share: the result of a list of checks, for people, scripts, `JUnit` readers and GitHub.

mod junit;

use crate::{
    commands::context::Context,
    disk,
    error::{Code, Error, Exit, Result},
    text::Message,
    ui::{Page, Report, Tone},
};
use std::{io::Write as _, path::Path, time::Duration};

/// What a call that is under way gets after Ctrl-C; an honest one takes milliseconds.
const AFTER_CANCEL: Duration = Duration::from_secs(2);

/// One check.
#[derive(Debug, serde::Serialize)]
pub struct Check {
    /// Its name (`start`, or what the user's own is called).
    pub name: String,
    /// What it is called for people.
    #[serde(skip)]
    pub title: Message,
    /// Whether everything was right.
    pub passed: bool,
    /// The status of the answer, where one came.
    pub status: Option<u16>,
    /// The body of the answer as it came, at most 2 KiB.
    pub answer: String,
    /// How long the answer took, in milliseconds.
    pub millis: u128,
    /// What was wrong.
    pub problems: Vec<Message>,
    /// Whether it could not be carried out, so that nothing is known of what it looks at.
    #[serde(skip)]
    pub is_broken: bool,
}

/// The checks of a run, in their order.
#[derive(Debug, serde::Serialize)]
pub struct Checks {
    #[serde(rename = "checks")]
    list: Vec<Check>,
    passed: usize,
    failed: usize,
}

/// What was checked through the deployed API, and how it went.
#[derive(Debug, serde::Serialize)]
pub struct ChecksReport<S> {
    /// The URL that was driven.
    pub url: String,
    /// What was driven through it.
    #[serde(flatten)]
    pub subject: S,
    /// The checks and their sums.
    #[serde(flatten)]
    pub checks: Checks,
}

impl<S: serde::Serialize> Report for ChecksReport<S> {
    fn human(&self, page: &mut Page) {
        self.checks.human(page);
    }

    fn quiet(&self, _page: &mut Page) {}

    fn exit(&self) -> Option<Exit> {
        self.checks.exit()
    }

    fn error(&self) -> Option<Error> {
        self.checks.error()
    }
}

/// A run of checks and who is told of it.
pub(super) struct Suite<'a> {
    context: &'a Context,
    /// What reports call it.
    name: &'static str,
    /// The `JUnit` file that was asked for.
    junit: Option<&'a Path>,
}

impl<'a> Suite<'a> {
    /// Begins a run. A report of an earlier one is taken away, so that a run without checks is not taken for that one.
    pub(super) fn begin(context: &'a Context, name: &'static str, junit: Option<&'a Path>) -> Result<Self> {
        if let Some(path) = junit.filter(|path| is_file(path)) {
            disk::remove(path)?;
        }
        Ok(Self { context, name, junit })
    }

    /// Publishes what was seen of what need not be put back.
    pub(super) fn end(&self, (checks, stopped): (Vec<Check>, Option<Error>)) -> Result<Checks> {
        let checks = self.publish(checks)?;
        stopped.map_or(Ok(checks), Err)
    }

    /// Tells whoever reads the checks what was seen, before anything else can fail.
    fn publish(&self, checks: Vec<Check>) -> Result<Checks> {
        let checks = Checks::of(checks);
        checks.publish(self.context, self.name, self.junit)?;
        Ok(checks)
    }

    /// Publishes what was seen, and puts back what was driven, also after a failure and after Ctrl-C: it is the user's
    /// and not ours to leave in another state. `restoring` is the text that is shown meanwhile.
    pub(super) async fn finish(
        &self,
        (checks, stopped): (Vec<Check>, Option<Error>),
        restoring: &str,
        restore: impl Future<Output = Result<()>>,
    ) -> Result<Checks> {
        let checks = self.publish(checks)?;
        self.context.progress.wait("restore", Message::new(restoring));
        let restored = restore.await;
        self.context.progress.done("restore");
        match stopped {
            Some(error) => Err(error),
            None => restored.map(|()| checks),
        }
    }
}

/// What a check is called: in reports, and for people.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) name: String,
    pub(super) title: Message,
}

impl Name {
    /// One of atelier's own, which has its title in the locale files.
    pub(super) fn ours(name: &str) -> Self {
        Self { name: name.to_owned(), title: Message::new(format!("test.title.{name}")) }
    }

    /// One of the user's.
    pub(super) fn theirs(name: &str) -> Self {
        Self { name: name.to_owned(), title: Message::literal(name) }
    }
}

impl Check {
    /// A check that an error put an end to.
    pub(super) fn broken(name: Name, error: &Error) -> Self {
        let problems = vec![error.message.clone()];
        let Name { name, title } = name;
        Self { name, title, passed: false, status: None, answer: String::new(), millis: 0, problems, is_broken: true }
    }

    pub(super) fn human(&self, page: &mut Page) {
        let (key, tone) = if self.passed { ("test.passed", Tone::Good) } else { ("test.failed", Tone::Bad) };
        let answer = if self.status.is_none() { Message::new("test.nothing") } else { Message::literal(&self.answer) };
        page.toned(
            tone,
            &match self.refusal().filter(|_| self.passed) {
                // A tick before an error would need a second look.
                Some((status, code)) => Message::new("test.refused").with("status", status).with("code", code),
                None => Message::new(key).with_message("answer", answer),
            },
        );
        // On a line of its own: the line above is the workshop's, to the last character.
        page.toned(Tone::Dim, &Message::new("test.took").with("millis", self.millis));
        for problem in &self.problems {
            page.line(Message::new("test.problem").with_message("problem", problem.clone()));
        }
        page.raw("");
    }

    /// The status and the code of an answer that refuses.
    fn refusal(&self) -> Option<(u16, String)> {
        let status = self.status.filter(|status| (400..500).contains(status))?;
        let body: serde_json::Value = serde_json::from_str(&self.answer).ok()?;
        Some((status, body["code"].as_str()?.to_owned()))
    }
}

impl Checks {
    fn of(checks: Vec<Check>) -> Self {
        let failed = checks.iter().filter(|check| !check.passed).count();
        Self { passed: checks.len() - failed, failed, list: checks }
    }

    /// Writes the verdict, in the workshop's form.
    pub(super) fn human(&self, page: &mut Page) {
        page.rule();
        if self.failed == 0 {
            page.toned(Tone::Good, &Message::new("test.all_passed"));
        } else {
            let verdict = Message::new("test.some_failed").with("failed", self.failed);
            page.toned(Tone::Bad, &verdict.with("total", self.list.len()));
        }
        page.rule();
    }

    fn exit(&self) -> Option<Exit> {
        (self.failed > 0).then_some(Exit::Failed)
    }

    fn error(&self) -> Option<Error> {
        let error = Error::new(Code::TestsFailed).with("failed", self.failed).with("total", self.list.len());
        (self.failed > 0).then_some(error)
    }

    /// Tells those who do not read the terminal: the `JUnit` file that was asked for, and GitHub, where it runs us.
    fn publish(&self, context: &Context, suite: &str, junit: Option<&Path>) -> Result<()> {
        if let Some(path) = junit {
            write(path, junit::document(suite, &self.list).as_bytes())?;
        }
        if context.settings.github_actions {
            for check in self.list.iter().filter(|check| !check.passed) {
                context.console.say(&Message::literal(annotation(suite, check, context.console.lang())));
            }
        }
        Ok(())
    }
}

/// Runs one check after the other and shows each; an error ends them, and is the last one's outcome.
pub(super) async fn run_all<C>(
    context: &Context,
    cases: &[C],
    name: impl Fn(&C) -> Name,
    check: impl AsyncFn(&C) -> Result<Check>,
) -> (Vec<Check>, Option<Error>) {
    let mut checks = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        if context.cancel.is_cancelled() {
            return (checks, Some(Error::new(Code::Interrupted)));
        }
        let title = name(case).title;
        let heading = Message::new("test.heading").with("number", number + 1).with_message("title", title);
        let is_quiet = context.console.is_quiet();
        let told = if is_quiet { Ok(()) } else { told(context.console.part(|page| page.line(heading.clone()))) };
        context.progress.wait("check", heading.clone());
        let checked = match told {
            Ok(()) => check(case).await,
            Err(error) => Err(error),
        };
        context.progress.done("check");
        let told = checked.and_then(|check| {
            let told = match (is_quiet, check.passed) {
                (true, true) => Ok(()),
                // Of what went wrong it is said what it was.
                (true, false) => self::told(context.console.part(|page| {
                    page.line(heading);
                    check.human(page);
                })),
                (false, _) => self::told(context.console.part(|page| check.human(page))),
            };
            checks.push(check);
            told
        });
        if let Err(error) = told {
            if checks.len() == number {
                checks.push(Check::broken(name(case), &error));
            }
            return (checks, Some(error));
        }
    }
    (checks, None)
}

fn told(result: std::io::Result<()>) -> Result<()> {
    result.map_err(|error| {
        Error::new(Code::File).with_message("action", Message::new("action.write")).with("path", "stdout").cause(&error)
    })
}

/// Waits for a call; after Ctrl-C for a moment longer, because what the API has begun is put back once it is done.
pub(super) async fn until_cancelled<T>(context: &Context, call: impl Future<Output = T>) -> Option<T> {
    tokio::pin!(call);
    tokio::select! {
        done = &mut call => Some(done),
        () = context.cancel.cancelled() => tokio::time::timeout(AFTER_CANCEL, call).await.ok().and(None),
    }
}

/// Replaces a file as a whole. What is no file (`/dev/stdout`, a FIFO) is written to and stays what it is.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if is_file(path) || std::fs::symlink_metadata(path).is_err() {
        return Ok(disk::replace(path, bytes, 0o644)?);
    }
    let written = std::fs::OpenOptions::new().append(true).open(path).and_then(|mut file| file.write_all(bytes));
    Ok(written.map_err(|source| disk::Error::Io { action: "write", path: path.to_owned(), source })?)
}

fn is_file(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|about| about.is_file())
}

/// A line that GitHub shows beside the run:
/// <https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-an-error-message>.
fn annotation(suite: &str, check: &Check, lang: crate::text::Lang) -> String {
    let problems: Vec<String> = check.problems.iter().map(|problem| problem.render(lang)).collect();
    let title = escaped(&format!("{suite}: {}", check.title.render(lang))).replace(':', "%3A").replace(',', "%2C");
    format!("::error title={title}::{}", escaped(&problems.join("\n")))
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::text::Lang;

    pub(super) fn check(name: &str, answer: &str, problems: &[&str]) -> Check {
        let problems: Vec<Message> = problems.iter().map(Message::literal).collect();
        let Name { name, title } = Name::ours(name);
        Check {
            name,
            title,
            passed: problems.is_empty(),
            status: Some(200),
            answer: answer.to_owned(),
            millis: 1234,
            problems,
            is_broken: false,
        }
    }

    #[test]
    fn an_annotation_is_one_line_whatever_the_answer_holds() {
        let check = check("start", "", &["100% wrong", "a::b\r\n::error::forged"]);
        assert_eq!(
            annotation("atelier test", &check, Lang::En),
            "::error title=atelier test%3A Starting the EC2 instance::100%25 wrong%0Aa::b%0D%0A::error::forged"
        );
    }

    #[test]
    fn one_failed_check_fails_the_run() {
        let checks = Checks::of(vec![check("start", "{}", &[]), check("stop", "", &["no"])]);
        assert_eq!((checks.passed, checks.failed), (1, 1));
        assert_eq!(checks.exit(), Some(Exit::Failed));
        assert!(checks.error().is_some_and(|error| error.to_string().contains("1 of 2")));
        assert_eq!(Checks::of(vec![check("start", "{}", &[])]).exit(), None);
    }
}
