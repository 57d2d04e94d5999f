//! Regular expressions of queries: what a search costs is known before it is made.

use super::work::Work;
use crate::emulator::wire::regular_expression;
use regex_lite::{Captures, Error, Regex, RegexBuilder};

/// A regular expression, and how large it is.
#[derive(Debug, Clone)]
pub(super) struct Search {
    regex: Regex,
    /// Bytes once it is read, up to the next power of two.
    size: usize,
}

impl Search {
    /// Reads a regular expression.
    ///
    /// # Errors
    /// When it is none, or too large.
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        let regex = regular_expression(text)?;
        let has_room = |size: &usize| RegexBuilder::new(text).size_limit(*size).build().is_ok();
        let size = (10..usize::BITS - 1).map(|power| 1_usize << power).find(has_room).unwrap_or(usize::MAX);
        Ok(Self { regex, size })
    }

    /// Whether a text has what is searched for; none has once the work is spent.
    pub(super) fn is_in(&self, text: &str, work: &Work) -> bool {
        work.search(self.size, text.len()).is_some() && self.regex.is_match(text)
    }

    /// Finds the parts of a text; none are found once the work is spent.
    pub(super) fn captures<'t>(&self, text: &'t str, work: &Work) -> Option<Captures<'t>> {
        work.search(self.size, text.len())?;
        self.regex.captures(text)
    }

    /// The names of its parts, each with its place.
    pub(super) fn names(&self) -> Vec<(usize, String)> {
        let names = self.regex.capture_names().enumerate();
        names.filter_map(|(at, name)| Some((at, name?.to_owned()))).collect()
    }

    /// How many parts of a text it takes.
    pub(super) fn parts(&self) -> usize {
        self.regex.captures_len() - 1
    }

    /// The expression as it was written.
    #[cfg(test)]
    pub(super) fn text(&self) -> &str {
        self.regex.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_search_that_would_take_too_long_is_not_made() {
        let (small, large) = (Search::read("ERR|WARN").unwrap(), Search::read(&"[ab]{40}".repeat(12)).unwrap());
        assert!(small.size < large.size, "{small:?} {large:?}");
        let long = format!("{}WARN", "a".repeat(1 << 20));
        let work = Work::lasting(Duration::from_hours(1));
        assert!(small.is_in(&long, &work) && large.is_in(&"ab".repeat(300), &work) && !work.is_late());
        assert!(!large.is_in(&long, &work) && work.is_late());
        // And so is none behind it.
        assert!(!small.is_in("WARN", &work) && small.captures("WARN", &work).is_none());
    }

    #[test]
    fn nothing_is_searched_when_the_time_is_over() {
        let work = Work::lasting(Duration::ZERO);
        assert!(!Search::read("a").unwrap().is_in("a", &work) && work.is_late() && work.is_spent());
    }
}
