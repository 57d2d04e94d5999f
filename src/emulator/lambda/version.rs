//! Published versions, and the rule when there is a new one.

use super::{
    State,
    function::Function,
    name::FunctionName,
    qualified::{self, Qualified, VersionId},
    view::View,
};
use crate::emulator::wire;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A published version: the function as it was, which nothing changes any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) number: u64,
    /// What it was. Policy and revision are the version's own; tags are the function's only.
    pub(super) function: Function,
    pub(super) published: OffsetDateTime,
}

impl Version {
    /// Shows how it looks when its ARN names it so.
    pub(super) fn view(&self, qualifier: Option<String>) -> View<'_> {
        View { function: &self.function, id: VersionId::Published(self.number), qualifier }
    }
}

impl State {
    /// Publishes a function that is there as it is now, and returns the number. What was published last is not published
    /// again. Numbers are never used twice, not even by a later function of the name.
    pub(super) fn publish(
        &mut self,
        name: &FunctionName,
        description: Option<String>,
        now: OffsetDateTime,
    ) -> Option<u64> {
        let last = self.numbers.get(name).copied().unwrap_or_default();
        let function = self.functions.get_mut(name)?;
        let before = self.versions.get(&Qualified::new(name, last));
        let is_the_same =
            |before: &Version| before.function.identity == function.identity && before.function.build == function.build;
        if before.is_some_and(is_the_same) {
            return Some(last);
        }
        // The function has been published, which its readers may want to know.
        function.settle(now);
        function.revision = wire::request_id();
        let mut published = Function {
            policy: Vec::new(),
            tags: std::collections::BTreeMap::new(),
            revision: wire::request_id(),
            settled_revision: String::new(),
            ..function.clone()
        };
        if let Some(description) = description {
            published.settings.description = description;
        }
        let number = last + 1;
        self.numbers.insert(name.clone(), number);
        self.versions.insert(Qualified::new(name, number), Version { number, function: published, published: now });
        Some(number)
    }

    /// The published versions of a function, in the order of their numbers.
    pub(super) fn versions_of(&self, name: &FunctionName) -> impl Iterator<Item = &Version> {
        qualified::of(&self.versions, name).map(|(_, version)| version)
    }
}
