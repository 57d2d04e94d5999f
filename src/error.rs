//! The one error of the command line: a stable code with its values, the causes below it, hints that fit, an exit code.
//!
//! Lower layers have enums of their own (`thiserror`); they become an [`Error`] where a command meets them. Texts live
//! in the locale files under `error.<code>` and `hint.<code>`; they are rendered in `ui` only.

use crate::text::{Message, Verbatim, system_words};
use std::fmt;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// What was asked failed (a test, a deploy).
    Failed,
    /// The command line or a setting is wrong.
    Usage,
    /// A confirmation is needed and nobody can be asked.
    Confirmation,
    /// The machine is not ready: Docker, a port, the disk.
    Machine,
    /// The engine is not running or not healthy.
    NotRunning,
    /// A deadline passed.
    Deadline,
    /// A bug in atelier.
    Bug,
    /// Another run holds the lock.
    Busy,
    /// The command that was to be run cannot be, as shells have it.
    NotExecutable,
    /// The command that was to be run is not there, as shells have it.
    NotFound,
    /// Ctrl-C.
    Interrupted,
    /// As the command that was run.
    Command(u8),
}

impl Exit {
    /// The number that the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Confirmation => 3,
            Self::Machine => 4,
            Self::NotRunning => 5,
            Self::Deadline => 6,
            Self::Bug => 70,
            Self::Busy => 75,
            Self::NotExecutable => 126,
            Self::NotFound => 127,
            Self::Interrupted => 130,
            Self::Command(code) => code,
        }
    }
}

/// When the same command may succeed without a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Retry {
    /// Not at all.
    Never,
    /// Later: what stood in its way may pass by itself.
    Later,
}

/// Declares every code once: its stable name, how the process ends, and whether the same command may succeed later
/// without a change.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $text:literal, $exit:ident, $retry:ident;)*) => {
        /// What went wrong; stable, for scripts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $code),* }

        impl Code {
            /// Every code, for the test that every language has its text.
            pub const ALL: &[Self] = &[$(Self::$code),*];

            /// The name that JSON and the locale files use.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text),* }
            }

            /// How the process ends.
            #[must_use]
            pub fn exit(self) -> Exit {
                match self { $(Self::$code => Exit::$exit),* }
            }

            /// Whether the same command may succeed later without a change.
            #[must_use]
            pub fn is_retryable(self) -> bool {
                let retry = match self { $(Self::$code => Retry::$retry),* };
                retry == Retry::Later
            }
        }
    };
}

codes! {
    /// The command line is wrong.
    Usage = "usage", Usage, Never;
    /// A setting has a value that it cannot have.
    BadSetting = "bad_setting", Usage, Never;
    /// `atelier.toml` holds a key that is no setting.
    UnknownSetting = "unknown_setting", Usage, Never;
    /// Something is to be destroyed, nobody can be asked, and `--yes` was not given.
    ConfirmationNeeded = "confirmation_needed", Confirmation, Never;
    /// Somebody was asked, and did not say yes.
    Declined = "declined", Confirmation, Never;
    /// The public port is taken.
    PortTaken = "port_taken", Machine, Never;
    /// A file or folder cannot be read or written.
    File = "file", Machine, Never;
    /// Docker does not answer.
    DockerUnreachable = "docker_unreachable", Machine, Later;
    /// Docker's socket is there but not for this user.
    DockerDenied = "docker_denied", Machine, Never;
    /// Docker refused a call, or answered something that makes no sense.
    DockerRefused = "docker_refused", Machine, Never;
    /// The engine's image is absent and cannot be pulled.
    ImageUnavailable = "image_unavailable", Machine, Never;
    /// The engine's image wants an account.
    ImageNeedsToken = "image_needs_token", Machine, Never;
    /// This binary cannot run inside a container or Lambda: it is dynamically linked.
    NotStatic = "not_static", Machine, Never;
    /// This binary is no Linux program for the machine that Lambda would be.
    ForeignBinary = "foreign_binary", Machine, Never;
    /// The function's archive is larger than Lambda takes.
    ArchiveTooLarge = "archive_too_large", Machine, Never;
    /// A folder holds no function.
    NoFunction = "no_function", Usage, Never;
    /// A folder could be more than one function.
    AmbiguousFunction = "ambiguous_function", Usage, Never;
    /// A file cannot be in a function's archive.
    BadFunctionFile = "bad_function_file", Failed, Never;
    /// A document is no OpenAPI.
    BadDocument = "bad_document", Failed, Never;
    /// What `requirements.txt` names cannot be installed.
    RequirementsUnavailable = "requirements_unavailable", Machine, Later;
    /// What makes the function's code failed.
    BuildFailed = "build_failed", Failed, Never;
    /// There is nothing to test the user's own function with.
    NoTests = "no_tests", Usage, Never;
    /// A file with requests cannot be read.
    BadRequestFile = "bad_request_file", Usage, Never;
    /// A file that would be written is there.
    FileExists = "file_exists", Usage, Never;
    /// A folder that would be written holds something.
    FolderNotEmpty = "folder_not_empty", Usage, Never;
    /// A file holds no state of Terraform's.
    BadState = "bad_state", Usage, Never;
    /// A language cannot hold a name.
    BadName = "bad_name", Usage, Never;
    /// This machine has no interpreter for a runtime.
    NoInterpreter = "no_interpreter", Machine, Never;
    /// Whether there is a newer release cannot be found out.
    ReleasesUnavailable = "releases_unavailable", Failed, Later;
    /// A program of this machine that is needed is not there.
    NoTool = "no_tool", Machine, Never;
    /// A program that was run for the user failed.
    ToolFailed = "tool_failed", Failed, Never;
    /// The packages of a runtime are absent and cannot be installed.
    PackagesUnavailable = "packages_unavailable", Machine, Later;
    /// No engine runs here.
    NotRunning = "not_running", NotRunning, Never;
    /// The engine ended by itself.
    EngineCrashed = "engine_crashed", NotRunning, Later;
    /// The engine's state was written by a newer atelier.
    StateNewer = "state_newer", Machine, Never;
    /// Another process works on the engine's state.
    StateInUse = "state_in_use", Busy, Later;
    /// The engine refused a call.
    EngineRefused = "engine_refused", Failed, Never;
    /// Whoever deploys may not do everything that this takes; nothing was made.
    NotAllowed = "not_allowed", Failed, Never;
    /// The engine put a call off for longer than anybody waits.
    EngineOverloaded = "engine_overloaded", Failed, Later;
    /// The engine answered something that makes no sense, or broke off.
    EngineSenseless = "engine_senseless", Failed, Later;
    /// The engine cannot be reached.
    EngineUnreachable = "engine_unreachable", NotRunning, Later;
    /// A resource of our name belongs to somebody else.
    NotOurs = "not_ours", Failed, Never;
    /// Another tool looks after the stack.
    Managed = "managed_elsewhere", Failed, Never;
    /// A key of this name is there already.
    KeyExists = "key_exists", Failed, Never;
    /// There is no key of this name.
    NoSuchKey = "no_such_key", Failed, Never;
    /// There are as many keys as there can be.
    TooManyKeys = "too_many_keys", Failed, Never;
    /// Keys are on, and there is none that opens what is needed.
    NoKey = "no_key", Failed, Never;
    /// The function did not become active.
    FunctionFailed = "function_failed", Failed, Never;
    /// The port is forwarded, but only to its owner.
    PrivatePort = "private_port", Machine, Never;
    /// The public URL does not lead to the engine, which runs.
    PublicUrlUnreachable = "public_url_unreachable", Machine, Later;
    /// The public URL leads to another engine than the one that runs here.
    PublicUrlOfAnother = "public_url_of_another", Machine, Never;
    /// A flag names another engine than the one that runs here.
    OtherEngine = "other_engine", Usage, Never;
    /// The engine that runs here was started with other credentials.
    OtherCredentials = "other_credentials", NotRunning, Never;
    /// Something is not as it should be.
    Unhealthy = "unhealthy", NotRunning, Never;
    /// There is no deployed stack here.
    NotDeployed = "not_deployed", NotRunning, Never;
    /// No log has a call of this id.
    NoSuchCall = "no_such_call", Failed, Never;
    /// No log has any call.
    NoCall = "no_call", Failed, Never;
    /// A deploy has something to do.
    Pending = "pending", Failed, Never;
    /// The deployed API did not do what it was asked.
    ApiRefused = "api_refused", Failed, Never;
    /// Nothing is written down about a call.
    NoDecision = "no_decision", Failed, Never;
    /// `doctor` found something that does not work.
    NotReady = "not_ready", Machine, Never;
    /// Something worked on a lenient engine that AWS refuses.
    FailsOnAws = "fails_on_aws", Failed, Never;
    /// Checks of `test` failed.
    TestsFailed = "tests_failed", Failed, Never;
    /// A wait reached its deadline.
    Deadline = "deadline", Deadline, Later;
    /// Another run holds the lock.
    Busy = "busy", Busy, Later;
    /// The command that was to be run is not there.
    CommandNotFound = "command_not_found", NotFound, Never;
    /// The command that was to be run cannot be.
    CommandNotRun = "command_not_run", NotExecutable, Never;
    /// Ctrl-C.
    Interrupted = "interrupted", Interrupted, Never;
    /// A bug.
    Bug = "bug", Bug, Never;
}

/// What went wrong, as data.
#[derive(Debug, Clone)]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// The sentence, `error.<code>` and its values.
    pub message: Message,
    /// The causes, outermost first: ours, and the words of the operating system, of Docker or of an engine.
    pub causes: Vec<Message>,
    /// What the user can do; empty means the code's own hint, where there is one.
    pub hints: Vec<Message>,
}

impl Error {
    /// Starts an error of this code.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, message: Message::new(format!("error.{}", code.as_str())), causes: Vec::new(), hints: Vec::new() }
    }

    /// Sets the sentence's placeholder `%{name}`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Verbatim) -> Self {
        self.message = self.message.with(name, value);
        self
    }

    /// Sets the sentence's placeholder `%{name}` to a value that is translated with the rest.
    #[must_use]
    pub fn with_message(mut self, name: &'static str, value: Message) -> Self {
        self.message = self.message.with_message(name, value);
        self
    }

    /// Adds somebody else's error as a cause, and everything below it, in its own words.
    #[must_use]
    pub fn cause(mut self, cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut next = Some(cause);
        while let Some(error) = next {
            self.causes.push(system_words(error));
            next = error.source();
        }
        self
    }

    /// Adds a cause that is only known as a text: somebody else's words.
    #[must_use]
    pub fn because(self, text: impl Verbatim) -> Self {
        self.because_of(Message::literal(text))
    }

    /// Adds a cause that is translated with the rest.
    #[must_use]
    pub fn because_of(mut self, cause: Message) -> Self {
        self.causes.push(cause);
        self
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn hint(mut self, hint: Message) -> Self {
        self.hints.push(hint);
        self
    }

    /// What the user can do: the hints given here, else the code's own, where there is one.
    #[must_use]
    pub fn hints_or_default(&self) -> Vec<Message> {
        if !self.hints.is_empty() {
            return self.hints.clone();
        }
        let own = Message::new(format!("hint.{}", self.code.as_str()));
        if own.exists() { vec![own] } else { Vec::new() }
    }

    /// How the process ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.code.exit()
    }

    /// Whether the same command may succeed later without a change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.code.is_retryable()
    }
}

/// Writes the English sentence, without causes and hints.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl std::error::Error for Error {}

/// What every command returns.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_says_what_to_do_next() {
        // These say in their own sentence, or in the operating system's, what was expected, or what a person has just
        // decided; the last eight are made in few places, which give them a hint of their own.
        let own_words = [
            Code::Usage,
            Code::BadSetting,
            Code::UnknownSetting,
            Code::ConfirmationNeeded,
            Code::Declined,
            Code::Interrupted,
            Code::File,
            Code::EngineOverloaded,
            Code::EngineSenseless,
            Code::ImageNeedsToken,
            Code::PrivatePort,
            Code::PublicUrlUnreachable,
            Code::Managed,
            Code::NoTool,
            Code::ToolFailed,
        ];
        for code in Code::ALL.iter().filter(|code| !own_words.contains(code)) {
            assert!(!Error::new(*code).hints_or_default().is_empty(), "{code:?}");
        }
    }
}
