//! The views: where each is, what it is called, and which command shows the same.

use crate::{shell::word, text::plain};

/// A view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// How a request goes through everything.
    Chain,
    /// The calls, and one of them station by station.
    Calls,
    /// A form that calls the API.
    Try,
    /// What everything wrote.
    Logs,
    /// What is deployed, what a deploy would do, the keys.
    Parts,
    /// Calls in numbers, and what they would cost.
    Numbers,
    /// Every stack of the engine.
    Class,
    /// What is wrong with this machine.
    Doctor,
}

impl View {
    /// Every view, in the order of the menu.
    pub(super) const ALL: [Self; 8] =
        [Self::Chain, Self::Calls, Self::Try, Self::Logs, Self::Parts, Self::Numbers, Self::Class, Self::Doctor];

    /// The name in URLs and the locale files.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Calls => "calls",
            Self::Try => "try",
            Self::Logs => "logs",
            Self::Parts => "parts",
            Self::Numbers => "numbers",
            Self::Class => "class",
            Self::Doctor => "doctor",
        }
    }

    /// Finds a view by its name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.name() == name)
    }

    /// The path of its page.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Chain => "/",
            Self::Calls => "/calls",
            Self::Try => "/try",
            Self::Logs => "/logs",
            Self::Parts => "/parts",
            Self::Numbers => "/numbers",
            Self::Class => "/class",
            Self::Doctor => "/doctor",
        }
    }

    /// The command that shows the same.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Chain => "atelier status",
            Self::Calls => "atelier logs",
            Self::Try => "atelier call status",
            Self::Logs => "atelier logs -f -v",
            Self::Parts => "atelier plan",
            Self::Numbers => "atelier metrics",
            Self::Class => "atelier status --all",
            Self::Doctor => "atelier doctor",
        }
    }

    /// Whether it is about one stack.
    pub(super) fn is_of_stack(self) -> bool {
        !matches!(self, Self::Class | Self::Doctor)
    }

    /// The same with those options that have a value. What a link made a visitor ask for goes into a shell: as text.
    pub(super) fn command_with(self, options: &[(&str, &str)]) -> String {
        let given = options.iter().filter(|(_, value)| !value.is_empty());
        given.fold(self.command().to_owned(), |line, (name, value)| format!("{line} --{name}={}", word(&plain(value))))
    }
}
