//! What commands tell for the views, besides what the lookout sees.

use crate::{
    error::Error,
    stack::{Key, Plan},
};

/// What the view of parts shows.
pub(super) struct Found {
    pub(super) plan: Result<Plan, Error>,
    pub(super) keys: Result<Vec<Key>, Error>,
}
