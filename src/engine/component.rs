//! The pieces of an engine, for `status`.

use super::layout;
use crate::text::Message;

/// How a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It answers.
    Healthy,
    /// It is there and does not answer as it should.
    Unhealthy,
    /// It is not running.
    Stopped,
}

/// One piece of an engine, for `status`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Component {
    /// Its name (`engine`, `edge`, `docker-proxy`, a container's name).
    pub name: String,
    /// What it is (`process`, `container`, `cloud`).
    pub kind: &'static str,
    /// How it is.
    pub health: Health,
    /// More about it, for people; may be empty.
    pub detail: Message,
    /// Where it answers.
    pub url: Option<String>,
    /// Its process.
    pub pid: Option<u32>,
}

/// The name of an engine that is no container of ours; such a container has its own.
pub(crate) const OUTSIDE_CONTAINERS: &str = "engine";

impl Component {
    /// What people call it: an engine by what it is, everything else by its name.
    #[must_use]
    pub fn label(&self) -> Message {
        if self.name == OUTSIDE_CONTAINERS { Message::new("component.engine") } else { Message::literal(&self.name) }
    }

    /// Whether it is what answers the AWS API, and not a door beside it.
    #[must_use]
    pub fn is_engine(&self) -> bool {
        self.name == OUTSIDE_CONTAINERS || self.name.starts_with(layout::ENGINE)
    }
}
