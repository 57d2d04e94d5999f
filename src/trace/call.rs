//! A call, joined from what was written about it.

use super::line::Line;
use crate::marks::NO_ACTION;
use serde::Serialize;
use std::fmt::Write as _;
use time::{Duration, OffsetDateTime};

/// A station of a call's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The public door.
    Edge,
    /// API Gateway.
    Gateway,
    /// The start of the function's process, of a cold call.
    Init,
    /// The function itself.
    Function,
    /// EC2, asked by the function.
    Ec2,
    /// Docker, asked by the function through the docker proxy.
    Docker,
}

impl Place {
    /// The word for it, in JSON and as the end of a key in the locale files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Gateway => "gateway",
            Self::Init => "init",
            Self::Function => "function",
            Self::Ec2 => "ec2",
            Self::Docker => "docker",
        }
    }
}

/// The time that a call spent at one station, those behind it included.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Station {
    /// Which one.
    pub place: Place,
    /// When it was reached, in milliseconds after the call came.
    pub at_ms: f64,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// What was asked of it (`ec2 StartInstances`), where that says more than the call itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What went wrong there, in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What a call did to one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// An instance's id, or a container's name.
    pub resource: String,
    /// Its state before, where it was seen.
    pub before: Option<String>,
    /// Its state after; of one that was given another type, the types.
    pub after: Option<String>,
    /// Why it was done, where nobody asked for it: `schedule`, `lifetime` or `idle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// The id that every log has it under.
    pub request_id: String,
    /// Lambda's id of the invocation, where there was one.
    pub invocation_id: Option<String>,
    /// When it came, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// When it was answered, UTC; the order of pages.
    #[serde(with = "time::serde::rfc3339")]
    pub end: OffsetDateTime,
    /// The stack that it was for, where that is known.
    pub stack: Option<String>,
    /// What was asked, in the field's words: `GET /infra action=start`, `ec2 StartInstances`.
    pub operation: String,
    /// The action of atelier's own API, or the AWS operation. A stranger's word where nothing knows it.
    pub action: Option<String>,
    /// What it is done to: `ec2`, `docker`.
    pub target: Option<String>,
    /// The name in the request.
    pub name: Option<String>,
    /// What else the request said, as its query has it (`type=t3.small&restart=1`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
    /// The HTTP method.
    pub method: Option<String>,
    /// The path, below the API's stage where an API was called.
    pub path: Option<String>,
    /// The answer's status; none where the call was never answered.
    pub status: Option<u16>,
    /// Why it was not done: the answer's code (`invalid_parameter`), or AWS's.
    pub code: Option<String>,
    /// Milliseconds from the first station to the answer.
    pub total_ms: Option<f64>,
    /// Where they went, in the order of the way.
    pub stations: Vec<Station>,
    /// Whether a process of the function had to be started for it.
    pub cold: Option<bool>,
    /// The name of the key that was shown, never its value.
    pub key: Option<String>,
    /// The address that it came from, as the first station that knows one saw it.
    pub source: Option<String>,
    /// Whether it is atelier's own, which looked after things, and nobody's who uses them.
    pub own: bool,
    /// What it changed.
    pub changes: Vec<Change>,
    /// Whether a function made it, for a call that is not known, or not over yet.
    #[serde(skip)]
    pub(super) lent: bool,
    /// Whether the function told that it has ended, and of no failure.
    #[serde(skip)]
    pub(super) is_done: bool,
    /// What kept the function's process from starting, where that is why the call failed.
    #[serde(skip)]
    pub(crate) unstarted: Option<String>,
    /// What was written about it, oldest first; START, END and REPORT among it.
    pub lines: Vec<Line>,
}

impl Call {
    /// An empty call of this id.
    pub(crate) fn new(request_id: String, end: OffsetDateTime) -> Self {
        Self {
            request_id,
            invocation_id: None,
            time: end,
            end,
            stack: None,
            operation: String::new(),
            action: None,
            target: None,
            name: None,
            options: None,
            method: None,
            path: None,
            status: None,
            code: None,
            total_ms: None,
            stations: Vec::new(),
            cold: None,
            key: None,
            source: None,
            own: false,
            changes: Vec::new(),
            lent: false,
            is_done: false,
            unstarted: None,
            lines: Vec::new(),
        }
    }

    /// What was asked, as one would type it (`GET /infra?action=start`), else the operation.
    #[must_use]
    pub fn asked(&self) -> String {
        match (&self.method, &self.path) {
            (Some(method), Some(path)) if self.is_of_api() => self.worded(&format!("{method} {path}"), ('?', '&')),
            _ => self.operation.clone(),
        }
    }

    /// Whether it went through API Gateway, or straight to the function in the API's words.
    #[must_use]
    pub fn is_of_api(&self) -> bool {
        // All of it: a method is any word that a stranger likes, the beginning of an AWS call's name among them.
        let asked = |method: &String| match &self.path {
            Some(path) => self.operation.starts_with(&format!("{method} {path}")),
            None => self.operation.starts_with(&format!("{method} ")),
        };
        self.method.as_ref().is_some_and(asked)
    }

    /// Whether something may have been changed by it.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        let is_look = |action: &str| matches!(action, "status" | "list" | NO_ACTION);
        let is_action = self.invocation_id.is_some() && self.action.as_deref().is_some_and(|action| !is_look(action));
        !self.changes.is_empty() || (is_action && !self.own)
    }

    /// Whether it was refused or went wrong. Where only the function's own log is read, nobody has written down what
    /// was answered: it is enough that the function ended, and told of no failure.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.status.map_or(!self.has_ended_well(), |status| status >= 400)
    }

    /// Whether nothing but the function told how it ended, and that was well.
    #[must_use]
    pub fn has_ended_well(&self) -> bool {
        self.status.is_none() && self.is_done && self.code.is_none()
    }

    /// The time of one station.
    #[must_use]
    pub fn at(&self, place: Place) -> Option<&Station> {
        self.stations.iter().find(|station| station.place == place)
    }

    /// Writes the parameters behind `start`, the first after one and the others after another character.
    pub(super) fn worded(&self, start: &str, (first, next): (char, char)) -> String {
        let mut text = start.to_owned();
        let mut mark = first;
        let parameters = [("target", &self.target), ("action", &self.action), ("name", &self.name)];
        for (name, value) in parameters {
            // The target that is meant where none is named is not written by most.
            let Some(value) = value.as_deref().filter(|value| name != "target" || *value != "ec2") else { continue };
            let _ = write!(text, "{mark}{name}={value}");
            mark = next;
        }
        for pair in self.options.iter().flat_map(|options| options.split('&')) {
            let _ = write!(text, "{mark}{pair}");
            mark = next;
        }
        text
    }

    /// Moves the beginning so that the call lasted this long.
    pub(super) fn lasted(&mut self, ms: f64) {
        self.total_ms = Some(ms);
        self.time = self.end - milliseconds(ms);
    }
}

/// A duration of so many milliseconds; what is none is nothing.
pub(super) fn milliseconds(ms: f64) -> Duration {
    if ms.is_finite() { Duration::seconds_f64(ms.clamp(0.0, 1e9) / 1000.0) } else { Duration::ZERO }
}
