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
    /// It answers that there were too many calls, which passes.
    Limited,
    /// Nobody can tell.
    Unknown,
}

impl Health {
    /// Whether nothing is wrong with it: who is limited is alive.
    #[must_use]
    pub fn is_well(self) -> bool {
        matches!(self, Self::Healthy | Self::Limited)
    }
}

/// One piece of an engine, for `status`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Component {
    /// Its name (`engine`, `edge`, `docker-proxy`, a container's name).
    pub name: String,
    /// What it is (`process`, `container`, `cloud`, `endpoint`).
    pub kind: &'static str,
    /// How it is.
    pub health: Health,
    /// More about it, for people; may be empty.
    pub detail: Message,
    /// What it is made from, where it is a container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Where it answers.
    pub url: Option<String>,
    /// Its process.
    pub pid: Option<u32>,
}

/// The name of an engine that is no container of ours; such a container has its own.
pub(crate) const OUTSIDE_CONTAINERS: &str = "engine";

/// The name of the public URL, where there is one.
pub(super) const PUBLIC_URL: &str = "public-url";

/// The kind of an engine that somebody else has started.
const NAMED: &str = "endpoint";

impl Component {
    /// An engine that is only known by its URL. How it is, whoever asks it for something learns.
    pub(super) fn named(url: &str) -> Self {
        Self {
            name: OUTSIDE_CONTAINERS.to_owned(),
            kind: NAMED,
            health: Health::Unknown,
            detail: Message::literal(""),
            image: None,
            url: Some(url.to_owned()),
            pid: None,
        }
    }

    /// Tells of an engine that is only known by its URL whether it answered.
    pub(crate) fn answered(&mut self, well: bool) {
        if self.kind == NAMED {
            self.health = if well { Health::Healthy } else { Health::Unhealthy };
        }
    }

    /// What people call it: an engine and a URL by what they are, everything else by its name.
    #[must_use]
    pub fn label(&self) -> Message {
        match self.name.as_str() {
            OUTSIDE_CONTAINERS => Message::new("component.engine"),
            PUBLIC_URL => Message::new("component.public_url"),
            name => Message::literal(name),
        }
    }

    /// Whether it is the door to Docker.
    #[must_use]
    pub fn is_proxy(&self) -> bool {
        self.name.starts_with(layout::PROXY)
    }

    /// Whether it is what answers the AWS API, and not a door beside it.
    #[must_use]
    pub fn is_engine(&self) -> bool {
        self.name == OUTSIDE_CONTAINERS || self.name.starts_with(layout::ENGINE)
    }
}
