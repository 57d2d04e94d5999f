//! The rules that AWS's services have in common for tags; each words a breach in its own way.

use std::collections::BTreeMap;

/// The most tags of one resource, for every service here.
pub const MAX_TAGS: usize = 50;
/// The longest value, in characters.
pub const MAX_VALUE: usize = 256;
/// The longest key, in characters, where the service has no other limit.
pub const MAX_KEY: usize = 128;

/// Why tags are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagFault {
    /// There are more than [`MAX_TAGS`].
    TooMany,
    /// A key is empty.
    EmptyKey,
    /// A key is too long.
    LongKey,
    /// A key begins with `aws:`, in whatever case.
    ReservedKey,
    /// A value is longer than [`MAX_VALUE`].
    LongValue,
}

/// Checks all tags of a resource.
///
/// # Errors
/// The first breach; the number of tags comes last.
pub fn check(tags: &BTreeMap<String, String>, longest_key: usize) -> Result<(), TagFault> {
    for (key, value) in tags {
        check_one(key, value, longest_key)?;
    }
    check_count(tags)
}

/// Checks one tag.
///
/// # Errors
/// What it breaks.
pub fn check_one(key: &str, value: &str, longest_key: usize) -> Result<(), TagFault> {
    if key.is_empty() {
        return Err(TagFault::EmptyKey);
    }
    if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
        return Err(TagFault::ReservedKey);
    }
    if key.chars().count() > longest_key {
        return Err(TagFault::LongKey);
    }
    if value.chars().count() > MAX_VALUE {
        return Err(TagFault::LongValue);
    }
    Ok(())
}

/// Checks how many tags a resource has.
///
/// # Errors
/// [`TagFault::TooMany`].
pub fn check_count(tags: &BTreeMap<String, String>) -> Result<(), TagFault> {
    if tags.len() > MAX_TAGS { Err(TagFault::TooMany) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_breach_is_told_apart() {
        let check = |key: &str, value: &str| check(&BTreeMap::from([(key.to_owned(), value.to_owned())]), 5);
        assert_eq!(check("a", ""), Ok(()));
        assert_eq!(check("", ""), Err(TagFault::EmptyKey));
        assert_eq!(check("AWS:", ""), Err(TagFault::ReservedKey));
        assert_eq!(check("éééééé", ""), Err(TagFault::LongKey));
        assert_eq!(check("a", &"x".repeat(257)), Err(TagFault::LongValue));
        let many = (0..51).map(|n| (n.to_string(), String::new())).collect();
        assert_eq!(super::check(&many, 5), Err(TagFault::TooMany));
    }
}
