//! What starting and stopping an engine did.

use crate::{engine_kind::EngineKind, lenience::Lenience};

/// What starting did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Startup {
    /// Which kind runs now.
    pub engine: EngineKind,
    /// The base URL for people.
    pub url: String,
    /// The public port.
    #[serde(skip)]
    pub port: u16,
    /// The engine's process, where it is one of ours.
    pub pid: Option<u32>,
    /// For whom it is lenient.
    pub lenient: Lenience,
    /// Whether the policies of identities have a say.
    pub iam: bool,
    /// `false` when it ran already.
    pub changed: bool,
}

/// What stopping did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Shutdown {
    /// Which kind was stopped; `None` when none was recorded.
    pub engine: Option<EngineKind>,
    /// `false` when none ran.
    pub changed: bool,
    /// Whether what was deployed went with it.
    #[serde(skip)]
    pub is_lost: bool,
}
