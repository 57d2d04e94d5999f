//! What became of a part in a deploy.

use super::part::Part;

/// What happened to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was not there.
    Created,
    /// It was there and not as wanted.
    Updated,
    /// It was as wanted.
    Unchanged,
    /// It was there and not wanted.
    Removed,
}

impl Outcome {
    /// The word for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Removed => "removed",
        }
    }

    /// Tells what the actions of a part amount to.
    pub(super) fn of<A: PartialEq>(done: &[A], create: &A) -> Self {
        if done.contains(create) {
            Self::Created
        } else if done.is_empty() {
            Self::Unchanged
        } else {
            Self::Updated
        }
    }
}

/// A part after a deploy.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PartReport {
    /// Which part.
    pub part: Part,
    /// Its id or name.
    pub id: String,
    /// What happened to it.
    pub outcome: Outcome,
    /// The name of an instance that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
