//! What a stack consists of: the parts, by name and in the order in which they are made.
//!
//! A new part is a row here, its own module, and its arm in `parts`.

use crate::text::Message;

/// Whether every stack has a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// Every stack has it.
    Always,
    /// A stack whose API wants a key has it.
    WithKeys,
    /// A stack whose settings name limits has it.
    WithLimits,
    /// A stack in which something depends on the time has it.
    WithTimes,
}

/// Writes the enum and everything that follows from its rows: name in tags and reports, presence, what it is.
macro_rules! parts {
    ($($(#[$doc:meta])* $part:ident $name:literal $presence:ident,)*) => {
        /// One resource of a stack.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub enum Part {
            $($(#[$doc])* #[serde(rename = $name)] $part,)*
        }

        impl Part {
            /// Every part that a stack may have, in the order in which they are made.
            pub const EVERY: &'static [Self] = &[$(Self::$part),*];

            /// Returns the name in tags and reports.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$part => $name,)*
                }
            }

            fn presence(self) -> Presence {
                match self {
                    $(Self::$part => Presence::$presence,)*
                }
            }
        }
    };
}

parts! {
    /// The EC2 instance that the API controls.
    Instance "instance" Always,
    /// The role that the function runs as.
    Role "role" Always,
    /// The function's log group.
    LogGroup "log-group" Always,
    /// The function.
    Function "function" Always,
    /// The REST API.
    Api "api" Always,
    /// The usage plan, by which API keys open the API.
    UsagePlan "usage-plan" WithKeys,
    /// An API key; there may be any number.
    Key "key" WithKeys,
    /// An alarm on the function; one for each limit that is set.
    Alarm "alarm" WithLimits,
    /// The rule that wakes the function every minute.
    Clock "clock" WithTimes,
}

impl Part {
    /// Returns the parts that every stack has, in the order in which they are made.
    pub fn required() -> impl Iterator<Item = Self> {
        Self::EVERY.iter().copied().filter(|part| part.presence() == Presence::Always)
    }

    /// Returns the word for people.
    #[must_use]
    pub fn message(self) -> Message {
        Message::new(format!("part.{}", self.as_str()))
    }
}
