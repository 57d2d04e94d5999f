//! A condition: an operator, a key and the values that it may have.

use super::{keys::Keys, operator::Operator, pattern::Pattern};

/// A condition of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) operator: Operator,
    pub(super) key: String,
    pub(super) values: Vec<Pattern>,
}

impl Condition {
    /// Whether a request is as the condition wants.
    pub(super) fn holds(&self, keys: &Keys) -> bool {
        self.operator.holds(keys.get(&self.key), &self.values, keys)
    }
}
