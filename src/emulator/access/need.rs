//! What a call needs, and where it asks.

use super::caller::Caller;
use crate::emulator::{context::Context, policy::Keys, store::Region};

/// One thing that a call needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    /// `ec2:StopInstances`
    pub(super) action: String,
    /// An ARN, or `*`.
    pub(super) resource: String,
    /// What goes with it alone.
    pub(super) keys: Keys,
}

/// Where a call looks for what it names.
pub(super) struct Place<'a> {
    pub(super) context: &'a Context,
    pub(super) region: &'a Region,
    pub(super) caller: &'a Caller,
}
