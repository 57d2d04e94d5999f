//! Tags as they are read and written; who has them, `tagging` knows.

use super::{conflict, field, null, unfit};
use crate::emulator::wire::{
    AwsError, QueryParams,
    tags::{self, MAX_KEY, MAX_TAGS, MAX_VALUE, TagFault},
    xml,
};
use std::collections::BTreeMap;

/// What keys and values are made of, as IAM says it; of a key there must be at least one.
const PATTERN: &str = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]";

/// Whether two keys that differ in their case are one key: of roles and users they are.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Insensitive,
    Sensitive,
}

impl Case {
    /// Whether two keys are one.
    pub(super) fn is_same(self, one: &str, other: &str) -> bool {
        match self {
            Self::Insensitive => one.eq_ignore_ascii_case(other),
            Self::Sensitive => one == other,
        }
    }

    fn duplicate(self) -> AwsError {
        let message = match self {
            Self::Insensitive => "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            Self::Sensitive => "Duplicate tag keys found.",
        };
        AwsError::sender("InvalidInput", message)
    }
}

/// Reads `Tags.member.N.Key` and `Tags.member.N.Value`.
///
/// # Errors
/// `ValidationError` for what is against the model, `InvalidInput` for a key that is AWS's own or comes twice.
pub(super) fn take(params: &mut QueryParams, case: Case) -> Result<BTreeMap<String, String>, AwsError> {
    // An empty list comes as `Tags=`.
    if params.text("Tags").is_some_and(|text| !text.is_empty()) {
        return Err(AwsError::sender("MalformedInput", "Tags is a list."));
    }
    let given = params.structures("Tags.member", |tag| {
        let mut member = |name: &str| tag.text(name).ok_or_else(|| null(&format!("tags.member.{}", field(name))));
        Ok((member("Key")?, member("Value")?))
    })?;
    check_length("tags", given.len())?;
    let mut tags = BTreeMap::new();
    for (at, (key, value)) in given.into_iter().enumerate() {
        check_one(at + 1, &key, &value)?;
        if tags.keys().any(|known: &String| case.is_same(known, &key)) {
            return Err(case.duplicate());
        }
        tags.insert(key, value);
    }
    Ok(tags)
}

/// Reads `TagKeys.member.N`.
///
/// # Errors
/// `ValidationError` for what is against the model.
pub(super) fn take_keys(params: &mut QueryParams) -> Result<Vec<String>, AwsError> {
    let keys = params.list("TagKeys.member")?;
    check_length("tagKeys", keys.len())?;
    if keys.iter().all(|key| !key.is_empty() && key.chars().count() <= MAX_KEY && key.chars().all(is_plain)) {
        return Ok(keys);
    }
    let constraints = format!(
        "Member must satisfy constraint: [Member must have length less than or equal to {MAX_KEY}, Member must have \
         length greater than or equal to 1, Member must satisfy regular expression pattern: {PATTERN}+, Member must \
         not be null]"
    );
    Err(unfit("tagKeys", &constraints))
}

fn check_length(list: &str, length: usize) -> Result<(), AwsError> {
    if length > MAX_TAGS {
        return Err(unfit(list, &format!("Member must have length less than or equal to {MAX_TAGS}")));
    }
    Ok(())
}

/// Checks one tag, by its number in the list.
fn check_one(number: usize, key: &str, value: &str) -> Result<(), AwsError> {
    let (key_field, value_field) = (format!("tags.{number}.member.key"), format!("tags.{number}.member.value"));
    let pattern = |repeated: char| format!("Member must satisfy regular expression pattern: {PATTERN}{repeated}");
    let too_long = |longest: usize| format!("Member must have length less than or equal to {longest}");
    let (field, constraint) = match tags::check_one(key, value, MAX_KEY) {
        Err(TagFault::EmptyKey) => (key_field, "Member must have length greater than or equal to 1".to_owned()),
        Err(TagFault::LongKey) => (key_field, too_long(MAX_KEY)),
        Err(TagFault::LongValue) => (value_field, too_long(MAX_VALUE)),
        Err(TagFault::ReservedKey | TagFault::TooMany) => {
            return Err(AwsError::sender("InvalidInput", "System tags cannot be added/updated by requester."));
        }
        Ok(()) if !key.chars().all(is_plain) => (key_field, pattern('+')),
        Ok(()) if !value.chars().all(is_plain) => (value_field, pattern('*')),
        Ok(()) => return Ok(()),
    };
    Err(unfit(&field, &constraint))
}

/// Whether a tag may have a character: letters, separators, digits of any script, and a few signs.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

/// Refuses more tags than one thing has.
///
/// # Errors
/// `LimitExceeded`.
pub(super) fn check_count(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    let full = |_| conflict("LimitExceeded", "The number of tags has reached the maximum limit.");
    tags::check_count(tags).map_err(full)
}

/// Writes a `Tags` list.
pub(super) fn write<'t>(parent: &mut xml::Element, tags: impl IntoIterator<Item = (&'t String, &'t String)>) {
    xml::list(parent, "Tags", "member", tags, |member, (key, value)| {
        xml::text(member, "Key", key);
        xml::text(member, "Value", value);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::Request;

    fn taken(form: &str, case: Case) -> Result<BTreeMap<String, String>, AwsError> {
        take(&mut QueryParams::parse(&Request::new(form.to_owned().into())).unwrap(), case)
    }

    fn one(key: &str, value: &str) -> String {
        format!("Tags.member.1.Key={key}&Tags.member.1.Value={value}")
    }

    #[test]
    fn tags_that_cannot_be_are_refused_in_the_words_of_iam() {
        let many: Vec<String> = (1..=51).map(|n| format!("Tags.member.{n}.Key=k{n}&Tags.member.{n}.Value=v")).collect();
        let at = |field: &str, constraint: &str| {
            format!("1 validation error detected: Value at '{field}' failed to satisfy constraint: {constraint}")
        };
        let too_long = |longest: usize| format!("Member must have length less than or equal to {longest}");
        let pattern = r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+";
        for (form, message) in [
            (many.join("&"), at("tags", &too_long(50))),
            (one(&"k".repeat(129), "v"), at("tags.1.member.key", &too_long(128))),
            (one("k", &"v".repeat(257)), at("tags.1.member.value", &too_long(256))),
            (one("NOWAY!", "v"), at("tags.1.member.key", pattern)),
        ] {
            let refused = taken(&form, Case::Sensitive).unwrap_err();
            assert_eq!((refused.code.as_ref(), refused.message.as_str()), ("ValidationError", message.as_str()));
        }
        assert!(taken(&one("Stra%C3%9Fe 1", ""), Case::Sensitive).is_ok());
    }

    #[test]
    fn keys_of_roles_and_users_have_no_case() {
        let both =
            |first: &str, second: &str| format!("{}&Tags.member.2.Key={second}&Tags.member.2.Value=w", one(first, "v"));
        assert_eq!(taken(&both("a", "A"), Case::Sensitive).unwrap().len(), 2);
        let said = |form: String, case: Case| taken(&form, case).unwrap_err().message;
        assert_eq!(said(both("a", "a"), Case::Sensitive), "Duplicate tag keys found.");
        let insensitive = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
        assert_eq!(said(both("a", "A"), Case::Insensitive), insensitive);
    }
}
