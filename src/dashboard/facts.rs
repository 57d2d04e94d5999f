//! What views show beyond what the lookout has seen, as the commands told it.

use crate::{
    error::Error,
    stack::{Key, Plan},
};

/// What a deploy would do, and the keys.
pub(super) struct Found {
    pub(super) plan: Result<Plan, Error>,
    pub(super) keys: Result<Vec<Key>, Error>,
}
