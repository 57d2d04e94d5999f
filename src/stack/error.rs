//! What can go wrong in a stack, and what an AWS call's failure means for the run. Its words stand in the locale files
//! alone.

use super::part::Part;
use crate::{
    aws::LONGEST_ANSWER,
    disk,
    engine::Engine,
    error::{Code, Error as Report},
    names::{KeyName, StackName},
    text::{Message, system_words},
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::{fmt, time::Duration};

/// What a failed call means for what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Nothing was done, and the same call may succeed later; wait at least that long, where the engine says so.
    Throttled(Option<Duration>),
    /// It may have been done or not: only a discover tells.
    Unknown,
    /// As [`Class::Unknown`], because no answer came in time.
    Silent,
    /// Nothing answers.
    Unreachable,
    /// The resource does not exist.
    NotFound,
    /// Nothing was done, because the engine refused.
    Refused,
}

/// Who started the engine that does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// `atelier up` did.
    Ours,
    /// The user, who named it with `--endpoint`.
    Theirs,
    /// It is AWS.
    Clouds,
}

/// What went wrong in a stack.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An AWS call failed.
    Call {
        /// The operation's AWS name.
        operation: &'static str,
        /// What it means.
        class: Class,
        /// The AWS error code, where there is one.
        code: Option<String>,
        /// The engine's own words, or ours where it had none.
        detail: Message,
    },
    /// The engine did not answer.
    NoAnswer {
        /// The operation's AWS name.
        operation: &'static str,
        /// Where the engine should answer.
        endpoint: String,
        /// What came instead.
        detail: Message,
        /// Nothing listens there; otherwise something does, and says nothing.
        is_gone: bool,
        /// What is at the other end, and so what the user can do about it.
        whose: Whose,
    },
    /// A resource of our name is not ours.
    NotOurs {
        /// Which part it would be.
        part: Part,
        /// Its name.
        name: String,
        /// Whose it is, as far as its tags tell.
        owner: Message,
    },
    /// Another tool looks after the stack.
    Managed {
        /// The tool, as the resources' tags name it.
        by: String,
    },
    /// The function did not become active.
    FunctionFailed {
        /// The engine's `StateReason`.
        reason: String,
    },
    /// A key of this name is there already.
    KeyExists {
        /// Its name.
        name: KeyName,
    },
    /// There is no key of this name.
    NoSuchKey {
        /// The name.
        name: KeyName,
    },
    /// There are as many keys as there can be.
    TooManyKeys {
        /// How many there can be.
        most: usize,
    },
    /// The engine has no such type of instance, or none that its images run on.
    UnknownType {
        /// The instance.
        name: String,
        /// The type.
        kind: String,
    },
    /// There is no instance of this name, or there are several and none was named.
    WhichInstance {
        /// Those that there are.
        names: Vec<String>,
    },
    /// The office hours of the instance stand in `atelier.toml`.
    ScheduledByFile {
        /// The instance.
        name: String,
    },
    /// A wait ended.
    Deadline {
        /// How long it was, in seconds.
        seconds: u64,
        /// What was awaited.
        what: Message,
    },
    /// Ctrl-C.
    Interrupted {
        /// The step that was not begun, or not awaited.
        step: &'static str,
    },
    /// The binary cannot be shipped.
    #[error(transparent)]
    Package(#[from] super::package::Error),
    /// The user's own code cannot be the function.
    #[error(transparent)]
    Own(#[from] super::own::Error),
    /// The region's name leaves none for the stack's role that IAM takes.
    LongRegion {
        /// The region.
        region: String,
        /// The stack, whose name is a part of the role's.
        stack: StackName,
        /// How many characters it may have.
        most: usize,
    },
    /// IAM says that whoever deploys may not do everything that this takes.
    NotAllowed {
        /// Their ARN.
        caller: String,
        /// What they may not do, each with the resource.
        missing: Vec<String>,
    },
    /// AWS takes no such thing.
    Refused {
        /// The setting that says it.
        setting: String,
        /// What AWS takes, and how much of it this is.
        rule: Message,
    },
    /// What was asked for cannot be kept in the folder's settings.
    Settings(Box<Report>),
    /// A file of ours cannot be used.
    #[error(transparent)]
    File(#[from] disk::Error),
    /// Another run holds the lock.
    Busy {
        /// The process that holds it, as far as is known.
        pid: Option<u32>,
    },
    /// What cannot be.
    Bug(String),
}

impl Error {
    /// Describes a failed call.
    #[must_use]
    pub fn call<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let class = class(error);
        let code = error.as_service_error().and_then(|error| error.code()).map(ToOwned::to_owned);
        let detail = match error.as_service_error().and_then(|error| error.message()) {
            Some(message) => Message::literal(message),
            None => no_verdict(error),
        };
        Self::Call { operation, class, code, detail }
    }

    /// Names the engine in a failure that is no answer of it.
    pub(super) fn at(self, engine: &Engine) -> Self {
        match self {
            Self::Call { operation, class: class @ (Class::Unreachable | Class::Silent), detail, .. } => {
                let endpoint = engine.connection.endpoint.clone();
                let whose = match (&endpoint, &engine.session) {
                    (None, _) => Whose::Clouds,
                    (Some(_), None) => Whose::Theirs,
                    (Some(_), Some(_)) => Whose::Ours,
                };
                let endpoint = endpoint.unwrap_or_else(|| format!("AWS ({})", engine.connection.region));
                Self::NoAnswer { operation, endpoint, detail, is_gone: class == Class::Unreachable, whose }
            }
            error => error,
        }
    }

    /// What the failure means; `None` when it was no call's.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Call { class, .. } => Some(*class),
            _ => None,
        }
    }

    /// Whether the resource that was asked for does not exist.
    pub(super) fn is_not_found(&self) -> bool {
        self.class() == Some(Class::NotFound)
    }
}

/// What came instead of an answer that says what is wrong.
fn no_verdict<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> Message {
    match (error, error.raw_response()) {
        (SdkError::TimeoutError(_), _) => Message::new("answer.none"),
        _ if is_too_long(error) => Message::new("answer.too_long").with("most", LONGEST_ANSWER / 1024 / 1024),
        (_, Some(answer)) => {
            let status = answer.status().as_u16();
            let body = String::from_utf8_lossy(answer.body().bytes().unwrap_or_default());
            let start: String = body.chars().filter(|c| !c.is_control() && *c != '`').take(LONGEST_QUOTE).collect();
            // Pages and XML only: Lambda's JSON holds the function's environment, a token among it.
            let start = if start.starts_with('<') { format!(": `{start}`") } else { String::new() };
            Message::literal(format!("HTTP {status}{start}"))
        }
        (_, None) => system_words(deepest(error)),
    }
}

fn is_too_long(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<http_body_util::LengthLimitError>() || error.source().is_some_and(is_too_long)
}

/// How many characters of a senseless answer are shown.
const LONGEST_QUOTE: usize = 80;

/// The innermost cause: the SDK's outer layers only say that something failed.
fn deepest<'e>(error: &'e (dyn std::error::Error + 'static)) -> &'e (dyn std::error::Error + 'static) {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost
}

/// An engine's code, where it gave one, before its words.
fn said(code: Option<&str>, detail: Message) -> Message {
    match code {
        Some(code) => Message::new("engine.said").with("code", code).with_message("detail", detail),
        None => detail,
    }
}

/// Names the process that holds a lock.
pub(super) fn holder(pid: Option<u32>) -> Message {
    match pid {
        Some(pid) => Message::new("stack.holder").with("pid", pid),
        None => Message::new("stack.unknown_holder"),
    }
}

/// Codes with which AWS says that nothing was done and that the caller should come back.
const THROTTLES: [&str; 9] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "LimitExceededException.Throttle",
    "PriorRequestNotComplete",
];

/// Codes of signatures that are refused, most often because of their time.
const CLOCKS: [&str; 5] = [
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "RequestTimeTooSkewed",
    "RequestExpired",
    "RequestInTheFuture",
];

/// Codes of conflicts that do not come as a 409.
const CONFLICTS: [&str; 2] = ["ResourceAlreadyExistsException", "OperationAbortedException"];

fn class<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Class {
    match error {
        SdkError::ConstructionFailure(_) => Class::Refused,
        // Only a failure to connect proves that nothing was sent.
        SdkError::DispatchFailure(failure) if failure.as_connector_error().is_some_and(is_connect) => {
            Class::Unreachable
        }
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Class::Unreachable,
        SdkError::TimeoutError(_) => Class::Silent,
        SdkError::ServiceError(context) => class_of_answer(
            context.raw().status().as_u16(),
            context.err().code(),
            context.raw().headers().get("retry-after").and_then(|value| value.parse().ok()).map(Duration::from_secs),
        ),
        _ => Class::Unknown,
    }
}

/// Whatever keeps a connection from being made: nobody listens, no address for the name, no route to the host.
fn is_connect(error: &aws_smithy_runtime_api::client::result::ConnectorError) -> bool {
    use std::error::Error as _;
    let mut next = error.source();
    while let Some(cause) = next {
        if cause.downcast_ref().is_some_and(hyper_util::client::legacy::Error::is_connect) {
            return true;
        }
        next = cause.source();
    }
    false
}

fn class_of_answer(status: u16, code: Option<&str>, retry_after: Option<Duration>) -> Class {
    let named = |list: &[&str]| code.is_some_and(|code| list.contains(&code));
    match status {
        _ if named(&THROTTLES) => Class::Throttled(retry_after),
        429 => Class::Throttled(retry_after),
        // 501 is how an engine says that it does not know the operation, 507 that its disk is full: asking again changes
        // nothing.
        501 | 507 => Class::Refused,
        404 => Class::NotFound,
        // What is there is not what was seen: somebody was faster, or an update is still going on.
        409 | 500.. => Class::Unknown,
        400..500 if named(&CONFLICTS) => Class::Unknown,
        400..500 if code.is_some_and(|code| code.ends_with("NotFound") || code.starts_with("NoSuch")) => {
            Class::NotFound
        }
        400..500 if named(&["ResourceNotFoundException", "NotFoundException"]) => Class::NotFound,
        400..500 => Class::Refused,
        // A success that is not understood (half an answer, a web page).
        _ => Class::Unknown,
    }
}

/// Writes the English sentence and its causes on one line, for logs.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = Report::from(self);
        write!(f, "{report}")?;
        report.causes.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl From<Error> for Report {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Report {
    fn from(error: &Error) -> Self {
        let again = || Message::new("hint.again");
        match error {
            Error::Call { operation, class, code, detail } => {
                let report = Self::new(match class {
                    Class::Refused | Class::NotFound => Code::EngineRefused,
                    Class::Throttled(_) => Code::EngineOverloaded,
                    Class::Unknown | Class::Silent | Class::Unreachable => Code::EngineSenseless,
                });
                let report = report.with("operation", operation);
                let is_disk = code.as_deref() == Some("InsufficientStorage");
                let is_clock = code.as_deref().is_some_and(|code| CLOCKS.contains(&code));
                let report = report.because_of(said(code.as_deref(), detail.clone()));
                match class {
                    _ if is_clock => report.hint(Message::new("hint.clock")),
                    _ if is_disk => report.hint(Message::new("hint.disk_full")),
                    Class::Refused | Class::NotFound => report.hint(Message::new("hint.engine_refused")),
                    Class::Throttled(_) | Class::Unknown | Class::Silent | Class::Unreachable => report.hint(again()),
                }
            }
            Error::NoAnswer { operation, endpoint, detail, is_gone, whose } => {
                let report = Self::new(Code::EngineUnreachable).with("endpoint", endpoint);
                let report = report.because_of(said(Some(&format!("`{operation}`")), detail.clone()));
                let report = match whose {
                    Whose::Ours if *is_gone => return report,
                    Whose::Ours => report.hint(Message::new("hint.engine_silent")),
                    Whose::Theirs => report.hint(Message::new("hint.endpoint_silent")),
                    Whose::Clouds => report.hint(Message::new("hint.aws_silent")),
                };
                if *is_gone { report } else { report.hint(again()) }
            }
            Error::NotOurs { part, name, owner } => Self::new(Code::NotOurs)
                .with_message("kind", part.message())
                .with("name", name)
                .with_message("owner", owner.clone()),
            Error::Managed { by } => {
                let report = Self::new(Code::Managed).with("manager", by);
                let hint = Message::new(format!("hint.managed_by.{by}"));
                if hint.exists() { report.hint(hint) } else { report.hint(Message::new("hint.managed_by.other")) }
            }
            Error::FunctionFailed { reason } => Self::new(Code::FunctionFailed).with("reason", reason),
            Error::KeyExists { name } => Self::new(Code::KeyExists).with("name", name),
            Error::NoSuchKey { name } => Self::new(Code::NoSuchKey).with("name", name),
            Error::UnknownType { name, kind } => Self::new(Code::BadSetting)
                .with("name", format!("instances.{name}"))
                .with("value", kind)
                .with_message("rule", Message::new("rule.known_type")),
            Error::LongRegion { region, stack, most } => {
                let rule = Message::new("rule.region_length").with("most", most).with("stack", stack);
                Self::new(Code::BadSetting).with("name", "region").with("value", region).with_message("rule", rule)
            }
            Error::NotAllowed { caller, missing } => {
                let report = Self::new(Code::NotAllowed).with("caller", caller);
                missing.iter().fold(report, Self::because)
            }
            Error::Refused { setting, rule } => {
                Self::new(Code::BadSetting).with("name", setting).with("value", "…").with_message("rule", rule.clone())
            }
            Error::Settings(report) => (**report).clone(),
            Error::WhichInstance { names } if names.is_empty() => Self::new(Code::NotDeployed),
            Error::WhichInstance { names } => Self::new(Code::Usage)
                .with_message("detail", Message::new("schedule.which").with("names", names.join(", "))),
            Error::ScheduledByFile { name } => {
                Self::new(Code::Usage).with_message("detail", Message::new("schedule.by_file").with("name", name))
            }
            Error::TooManyKeys { most } => Self::new(Code::TooManyKeys).with("most", most),
            Error::Deadline { seconds, what } => {
                Self::new(Code::Deadline).with("seconds", seconds).with_message("what", what.clone())
            }
            Error::Interrupted { step } => {
                let step = Message::new(format!("part.{step}"));
                Self::new(Code::Interrupted).hint(Message::new("hint.stopped_at").with_message("step", step))
            }
            Error::Package(error) => error.into(),
            Error::Own(error) => error.into(),
            Error::File(error) => error.into(),
            Error::Busy { pid } => Self::new(Code::Busy).with_message("holder", holder(*pid)),
            Error::Bug(detail) => Self::new(Code::Bug).with("detail", detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_verdict_leaves_the_outcome_unknown() {
        for status in [200, 500, 502, 503, 504] {
            assert_eq!(class_of_answer(status, None, None), Class::Unknown, "{status}");
        }
    }

    #[test]
    fn a_throttle_is_known_by_its_status_or_its_code() {
        let wait = Some(Duration::from_secs(2));
        assert_eq!(class_of_answer(429, None, wait), Class::Throttled(wait));
        assert_eq!(class_of_answer(503, Some("RequestLimitExceeded"), None), Class::Throttled(None));
        assert_eq!(class_of_answer(400, Some("ThrottlingException"), None), Class::Throttled(None));
    }

    #[test]
    fn absence_has_a_different_code_in_every_service() {
        let answers = [
            (404, "NoSuchEntity"),
            (404, "ResourceNotFoundException"),
            (400, "ResourceNotFoundException"),
            (400, "InvalidInstanceID.NotFound"),
        ];
        for (status, code) in answers {
            assert_eq!(class_of_answer(status, Some(code), None), Class::NotFound, "{code}");
        }
    }

    #[test]
    fn an_operation_that_the_engine_lacks_is_refused_at_once() {
        assert_eq!(class_of_answer(501, Some("NotImplemented"), None), Class::Refused);
    }

    #[test]
    fn a_log_says_what_the_screen_says_with_its_causes() {
        let detail = Message::literal("not allowed");
        let code = Some("AccessDenied".to_owned());
        let refused = Error::Call { operation: "CreateRole", class: Class::Refused, code, detail };
        assert_eq!(refused.to_string(), "the engine refused CreateRole: AccessDenied: not allowed");
        assert_eq!(Report::from(refused).to_string(), "the engine refused CreateRole");
        let late = Error::Deadline { seconds: 30, what: Message::literal("the function") };
        assert_eq!(late.to_string(), "gave up after 30 s waiting for the function");
        let source = std::io::ErrorKind::PermissionDenied.into();
        let file = Error::from(disk::Error::Io { action: "lock", path: "a".into(), source });
        assert_eq!(file.to_string(), format!("{}: {}", Report::from(&file), Report::from(&file).causes[0]));
    }
}
