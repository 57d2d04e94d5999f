//! What can go wrong between atelier and the Docker daemon, and what the user sees of it: its words stand in the locale
//! files alone.

use super::endpoint::{Address, Endpoint, FoundBy};
use crate::{
    error,
    text::{Message, Verbatim, system_words, without_login},
};
use std::{
    fmt::{self, Write as _},
    io,
    net::SocketAddr,
    path::PathBuf,
};

/// An answer of the daemon that is not what was asked for, or none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No daemon was named, and none of the usual sockets is there.
    NotFound {
        /// Every place that was looked at.
        looked: Vec<PathBuf>,
    },
    /// The socket that was named is not there.
    Missing {
        /// The socket.
        path: PathBuf,
        /// Who named it.
        found_by: FoundBy,
    },
    /// The socket is there but not for this user.
    Denied {
        /// The socket.
        path: PathBuf,
    },
    /// Nobody listens, or the connection broke.
    Unreachable {
        /// The daemon's address and who named it.
        endpoint: Endpoint,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The daemon takes connections and says nothing.
    Hangs {
        /// The daemon's address and who named it.
        endpoint: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// `DOCKER_HOST` or a context holds something that cannot be used.
    BadHost {
        /// Who said it.
        found_by: String,
        /// What it said.
        value: String,
        /// What it should have said.
        rule: Message,
    },
    /// The context that was named cannot be read.
    Context {
        /// The context's name.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A container of that name exists, and this installation did not make it.
    NotOurs {
        /// The container.
        name: String,
        /// Its image, which tells the user what it is.
        image: String,
    },
    /// The image is absent and the registry does not give it.
    Image {
        /// The image.
        image: String,
        /// The daemon's or the registry's own words.
        reason: Message,
    },
    /// The text is not the name of an image.
    BadImageName(String),
    /// The running binary needs libraries of this machine.
    NotStatic(PathBuf),
    /// The running binary cannot be read.
    Executable {
        /// The binary.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The address that a container was to be published on is taken.
    PortTaken {
        /// Address and port.
        address: SocketAddr,
        /// The daemon's own words.
        reason: String,
    },
    /// A container that should run has ended.
    Ended {
        /// The container.
        name: String,
        /// Its exit code.
        code: i64,
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// A container was given time and did not become ready.
    NotReady {
        /// The container.
        name: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The daemon is on another machine.
    Remote {
        /// The daemon's address and who named it.
        endpoint: Endpoint,
    },
    /// The daemon refused a call, or answered something else.
    Api {
        /// What was asked, as a verb and its object.
        operation: Message,
        /// What came back.
        #[source]
        source: Box<bollard::errors::Error>,
    },
    /// The daemon's answer lacks something that it must have.
    Nonsense {
        /// What was asked, as a key of the locale files.
        operation: &'static str,
        /// What is missing, as a key of the locale files.
        what: &'static str,
    },
}

/// What every call to the daemon returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Makes an error of a failed call, `operation` being a key of the locale files; used as `map_err(Error::api(…))`.
    pub(crate) fn api(operation: &'static str) -> impl FnOnce(bollard::errors::Error) -> Self {
        move |source| Self::Api { operation: Message::new(operation), source: Box::new(source) }
    }

    /// The same for a call about something that has a name.
    pub(crate) fn named(operation: &'static str, name: impl Verbatim) -> impl FnOnce(bollard::errors::Error) -> Self {
        move |source| Self::Api { operation: Message::new(operation).with("name", name), source: Box::new(source) }
    }
}

impl Error {
    /// What else is known of the cause: the daemon's own words, or more than the sentence says.
    fn causes(&self) -> Vec<Message> {
        match self {
            Self::Hangs { seconds, .. } => vec![Message::new("answer.late").with("seconds", seconds)],
            Self::Image { reason, .. } => vec![reason.clone()],
            Self::PortTaken { reason, .. } => vec![Message::literal(reason)],
            Self::Ended { log, .. } => log.iter().map(Message::literal).collect(),
            Self::Nonsense { what, .. } => vec![Message::new(*what)],
            _ => Vec::new(),
        }
    }
}

/// The HTTP status with which the daemon refused a call.
pub(crate) fn status(error: &bollard::errors::Error) -> Option<u16> {
    match error {
        bollard::errors::Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// Whether a call had no answer at all, or half of one: the daemon has gone, or hangs.
pub(crate) fn is_loss(error: &bollard::errors::Error) -> bool {
    use bollard::errors::Error::{RequestTimeoutError, SocketNotFoundError};
    let is_cut_off = |error: &hyper::Error| error.is_incomplete_message() || error.is_canceled() || error.is_closed();
    matches!(error, RequestTimeoutError | SocketNotFoundError(_))
        || io_kind(error).is_some()
        || chain(error).filter_map(|error| error.downcast_ref()).any(is_cut_off)
}

/// Finds what the operating system said: bollard has the same words for "permission denied" and "refused", the
/// difference is in the innermost error.
pub(crate) fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    chain(error).find_map(|error| error.downcast_ref().map(io::Error::kind))
}

/// An error and its causes, outermost first.
fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    use bollard::errors::Error::{HyperResponseError, IOError};
    std::iter::successors(Some(error), |error| match error.downcast_ref() {
        // These show their content as themselves, so that the content is not among the sources.
        Some(IOError { err }) => Some(err),
        Some(HyperResponseError { err }) => Some(err),
        _ => error.source(),
    })
}

fn list(paths: &[PathBuf]) -> String {
    let mut text = String::new();
    for path in paths {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{comma}`{}`", path.display());
    }
    text
}

/// Writes the English sentence.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error::Error::from(self).fmt(f)
    }
}

impl From<Error> for error::Error {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for error::Error {
    fn from(error: &Error) -> Self {
        use error::Code;
        let new = error::Error::new;
        let made = match error {
            Error::NotFound { looked } => {
                new(Code::DockerUnreachable).with("place", list(looked)).hint(Message::new("hint.docker_install"))
            }
            Error::Missing { path, found_by } => {
                new(Code::DockerUnreachable).with("place", format!("`{}` ({found_by})", path.display()))
            }
            Error::Denied { path } => new(Code::DockerDenied).with("path", path.display()),
            Error::Unreachable { endpoint, source } => {
                let hint = match &endpoint.address {
                    Address::Tls(_, folder) if source.kind() != io::ErrorKind::ConnectionRefused => {
                        Message::new("hint.docker_certificates").with("folder", folder.display())
                    }
                    _ => Message::new("hint.docker_start"),
                };
                new(Code::DockerUnreachable).with("place", endpoint).hint(hint)
            }
            Error::Hangs { endpoint, .. } => {
                new(Code::DockerUnreachable).with("place", endpoint).hint(Message::new("hint.docker_restart"))
            }
            Error::BadHost { found_by, value, rule } => new(Code::BadSetting)
                .with("name", found_by)
                .with("value", without_login(value))
                .with_message("rule", rule.clone()),
            Error::Context { name, .. } => new(Code::DockerUnreachable)
                .with("place", format!("`docker context {name}`"))
                .hint(Message::new("hint.docker_context")),
            Error::NotOurs { name, image } => new(Code::NotOurs)
                .with_message("kind", Message::new("part.container"))
                .with("name", name)
                .with("owner", format!("`{image}`"))
                .hint(Message::new("hint.container_not_ours").with("name", name)),
            Error::Image { image, .. } => new(Code::ImageUnavailable).with("image", image),
            Error::BadImageName(text) => new(Code::BadSetting)
                .with("name", "image")
                .with("value", text)
                .with_message("rule", Message::new("rule.image")),
            Error::NotStatic(_) => new(Code::NotStatic),
            Error::Executable { path, .. } => {
                new(Code::File).with_message("action", Message::new("action.read")).with("path", path.display())
            }
            Error::PortTaken { address, .. } => new(Code::PortTaken)
                .with("port", address.port())
                .with_message("holder", Message::new("docker.port_holder")),
            Error::Ended { name, code, .. } => {
                let mut ended = new(Code::EngineCrashed).hint(Message::new("hint.container_log").with("name", name));
                ended.message = Message::new("error.container_ended").with("name", name).with("code", code);
                ended
            }
            Error::NotReady { name, seconds } => new(Code::Deadline)
                .with("seconds", seconds)
                .with("what", format!("`{name}`"))
                .hint(Message::new("hint.container_log").with("name", name)),
            Error::Remote { endpoint } => {
                let mut remote = new(Code::DockerUnreachable).hint(Message::new("hint.docker_remote"));
                remote.message = Message::new("error.docker_remote").with("place", endpoint);
                remote
            }
            Error::Api { operation, source } if is_loss(source) => {
                let mut lost = new(Code::DockerUnreachable);
                lost = lost.hint(Message::new("hint.docker_restart")).hint(Message::new("hint.again"));
                lost.message = Message::new("error.docker_lost").with_message("operation", operation.clone());
                lost
            }
            Error::Api { operation, .. } => new(Code::DockerRefused).with_message("operation", operation.clone()),
            Error::Nonsense { operation, .. } => {
                new(Code::DockerRefused).with_message("operation", Message::new(*operation))
            }
        };
        let made = error.causes().into_iter().fold(made, error::Error::because_of);
        // The innermost alone: above it are the names of the client's own layers.
        match std::error::Error::source(error).and_then(|source| chain(source).last()) {
            Some(cause) => made.because_of(system_words(cause)),
            None => made,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use error::Code;

    #[test]
    fn a_daemon_that_is_lost_on_the_way_is_not_one_that_refuses() {
        let report = |source| error::Error::from(Error::api("docker.operation.list_containers")(source));
        let gone = io::Error::from(io::ErrorKind::ConnectionRefused).into();
        assert_eq!(report(gone).code, Code::DockerUnreachable);
        assert_eq!(report(bollard::errors::Error::RequestTimeoutError).code, Code::DockerUnreachable);
        let refusal = bollard::errors::Error::DockerResponseServerError { status_code: 500, message: "no".to_owned() };
        assert_eq!(report(refusal).code, Code::DockerRefused);
    }

    #[test]
    fn where_nobody_named_a_socket_every_place_that_was_looked_at_is_told() {
        let looked = vec!["/var/run/docker.sock".into(), "/home/a/.docker/run/docker.sock".into()];
        let report = error::Error::from(Error::NotFound { looked });
        assert_eq!(report.code, Code::DockerUnreachable);
        assert_eq!(
            report.to_string(),
            "Docker does not answer at `/var/run/docker.sock`, `/home/a/.docker/run/docker.sock`"
        );
        assert_eq!(report.hints[0].key(), "hint.docker_install");
    }

    #[test]
    fn an_error_has_one_sentence() {
        let lost = Error::api("docker.operation.list_containers")(bollard::errors::Error::RequestTimeoutError);
        let denied = Error::Denied { path: "/var/run/docker.sock".into() };
        for error in [lost, denied] {
            let said = error.to_string();
            assert_eq!(said, error::Error::from(error).to_string());
            assert!(!said.starts_with("error."), "{said}");
        }
    }

    #[test]
    fn what_a_container_wrote_last_is_told_once() {
        let ended = Error::Ended { name: "engine".to_owned(), code: 3, log: vec!["out of luck".to_owned()] };
        let report = error::Error::from(ended);
        assert_eq!(report.causes.iter().filter(|cause| cause.to_string().contains("out of luck")).count(), 1);
        assert_eq!(report.hints[0].key(), "hint.container_log");
    }
}
