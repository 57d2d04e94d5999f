//! Filters: every filter must accept, a filter accepts when one of its patterns matches one of the values.

use crate::emulator::wire::{AwsError, QueryParams};

/// EC2's limit on the values of all filters of a request together.
const MAX_VALUES: usize = 200;

/// The filters of a request, with their patterns read.
#[derive(Debug, Default)]
pub(super) struct Filters(Vec<(String, Vec<Pattern>)>);

impl Filters {
    /// Reads `Filter.N.Name` and `Filter.N.Value.M`; `known` lists the names, `tag:` stands for all names with that start.
    ///
    /// # Errors
    /// `InvalidParameterValue` for an unknown name, `FilterLimitExceeded` for too many values.
    pub(super) fn take(params: &mut QueryParams, known: &[&str]) -> Result<Self, AwsError> {
        let mut filters = Vec::new();
        let mut total = 0;
        let take = |filter: &mut QueryParams| Ok((filter.required("Name")?, filter.list("Value")?));
        for (name, values) in params.structures("Filter", take)? {
            let is_known = known.contains(&name.as_str())
                || (known.contains(&"tag:") && name.strip_prefix("tag:").is_some_and(|key| !key.is_empty()));
            if !is_known || name == "tag:" {
                return Err(AwsError::sender("InvalidParameterValue", format!("The filter '{name}' is invalid")));
            }
            total += values.len();
            filters.push((name, values.iter().map(|value| Pattern::parse(value)).collect()));
        }
        if total > MAX_VALUES {
            let message = format!("The maximum number of filter values specified on a single call is {MAX_VALUES}");
            return Err(AwsError::sender("FilterLimitExceeded", message));
        }
        Ok(Self(filters))
    }

    /// Tells whether all filters accept. `any(name, test)` tells whether one of the values that the resource has for
    /// the filter `name` passes `test`.
    pub(super) fn accept(&self, any: impl Fn(&str, &dyn Fn(&str) -> bool) -> bool) -> bool {
        self.0.iter().all(|(name, patterns)| any(name, &|value| patterns.iter().any(|pattern| pattern.matches(value))))
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `?`: one character.
    One,
    /// `*`: any number of characters.
    Many,
}

/// A value of a filter: `*` and `?` are wildcards, a backslash takes the meaning away from what follows.
#[derive(Debug)]
pub(super) struct Pattern(Vec<Token>);

impl Pattern {
    pub(super) fn parse(text: &str) -> Self {
        let mut tokens = Vec::new();
        let mut chars = text.chars();
        while let Some(next) = chars.next() {
            tokens.push(match next {
                '*' => Token::Many,
                '?' => Token::One,
                '\\' => Token::Char(chars.next().unwrap_or('\\')),
                other => Token::Char(other),
            });
        }
        Self(tokens)
    }

    /// Tells whether the whole text matches. Going back to the last `*` only is enough, so the cost is at most the
    /// product of both lengths.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut rest = text;
        let mut at = 0;
        let mut resume: Option<(usize, &str)> = None;
        loop {
            let next = rest.chars().next();
            match (self.0.get(at), next) {
                (None, None) => return true,
                (Some(Token::Many), _) => {
                    resume = Some((at, rest));
                    at += 1;
                    continue;
                }
                (Some(Token::One), Some(found)) => rest = &rest[found.len_utf8()..],
                (Some(Token::Char(wanted)), Some(found)) if *wanted == found => rest = &rest[found.len_utf8()..],
                _ => {
                    // The last `*` takes one character more, and what follows it is tried again.
                    let Some((star, from)) = resume else { return false };
                    let Some(skipped) = from.chars().next() else { return false };
                    rest = &from[skipped.len_utf8()..];
                    resume = Some((star, rest));
                    at = star;
                }
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).matches(text)
    }

    #[test]
    fn wildcards_match_and_a_backslash_makes_them_plain() {
        for (pattern, text) in [
            ("*", ""),
            ("a*", "abc"),
            ("*c", "abc"),
            ("a?c", "abc"),
            ("*b*", "abc"),
            (r"\*a", "*a"),
            ("a*b*c", "aXbbYc"),
            ("é?", "éà"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "a"), ("a", ""), ("a?", "a"), (r"\*a", "ba"), ("*a", "ab"), ("A", "a"), (r"a\?", "ab")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_hostile_pattern_costs_no_more_than_the_product_of_the_lengths() {
        assert!(!matches(&"*a".repeat(200), &"a".repeat(199)));
    }

    proptest! {
        #[test]
        fn text_without_wildcards_matches_itself_only(text in "[a-z/:.-]{0,12}", other in "[a-z/:.-]{0,12}") {
            prop_assert_eq!(matches(&text, &other), text == other);
        }

        #[test]
        fn stars_around_a_text_mean_contains(needle in "[ab]{0,4}", hay in "[ab]{0,12}") {
            prop_assert_eq!(matches(&format!("*{needle}*"), &hay), hay.contains(&needle));
        }
    }
}
