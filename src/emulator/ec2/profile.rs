//! The instance profile of an instance.

use serde::{Deserialize, Serialize};

/// A profile as an instance has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Profile {
    /// The id of the association.
    pub(super) association: String,
    pub(super) arn: String,
    pub(super) id: String,
    /// When it was associated.
    pub(super) since: i64,
}
