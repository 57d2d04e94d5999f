//! For whom an engine is lenient.

/// For whom an engine is lenient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lenience {
    /// For nobody: it refuses what AWS refuses.
    #[default]
    Off,
    /// For whoever calls on this machine; what comes by a tunnel is signed with real credentials.
    On,
    /// For whoever has the public URL, too.
    Public,
}

impl Lenience {
    /// Whether it is lenient for anybody.
    #[must_use]
    pub fn is_on(self) -> bool {
        self != Self::Off
    }

    /// The word that flags, the settings file and the engine's arguments use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Public => "public",
        }
    }

    /// Reads what [`Lenience::as_str`] writes, and what people write for it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "off" | "false" | "no" | "0" => Some(Self::Off),
            "on" | "true" | "yes" | "1" => Some(Self::On),
            "public" => Some(Self::Public),
            _ => None,
        }
    }
}
