//! Tags as they are read and written; who has them, `tagging` knows.

use super::{conflict, field, null};
use crate::emulator::wire::{
    AwsError, QueryParams,
    tags::{self, MAX_KEY, MAX_TAGS, TagFault},
    xml,
};
use std::collections::BTreeMap;

/// Reads `Tags.member.N.Key` and `Tags.member.N.Value`.
///
/// # Errors
/// `InvalidInput` for a key or value against the rules or a key that comes twice, `LimitExceeded`.
pub(super) fn take(params: &mut QueryParams) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags = BTreeMap::new();
    // An empty list comes as `Tags=`.
    if params.text("Tags").is_some_and(|text| !text.is_empty()) {
        return Err(AwsError::sender("MalformedInput", "Tags is a list."));
    }
    let given = params.structures("Tags.member", |tag| {
        let mut member = |name: &str| tag.text(name).ok_or_else(|| null(&format!("tags.member.{}", field(name))));
        Ok((member("Key")?, member("Value")?))
    })?;
    for (key, value) in given {
        tags::check_one(&key, &value, MAX_KEY).map_err(refusal)?;
        // Unlike EC2, IAM compares keys without case.
        if tags.keys().any(|known: &String| known.eq_ignore_ascii_case(&key)) {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(AwsError::sender("InvalidInput", message));
        }
        tags.insert(key, value);
    }
    tags::check_count(&tags).map_err(refusal)?;
    Ok(tags)
}

/// The refusal of tags.
pub(super) fn refusal(fault: TagFault) -> AwsError {
    let message = match fault {
        TagFault::TooMany => {
            let message = format!("The number of tags has reached the maximum limit of {MAX_TAGS}.");
            return conflict("LimitExceeded", message);
        }
        TagFault::ReservedKey => "System tags cannot be added/updated by requester.",
        TagFault::EmptyKey | TagFault::LongKey | TagFault::LongValue => {
            "Tag keys are 1 to 128 characters long, and tag values at most 256."
        }
    };
    AwsError::sender("InvalidInput", message)
}

/// Writes a `Tags` list.
pub(super) fn write<'t>(parent: &mut xml::Element, tags: impl IntoIterator<Item = (&'t String, &'t String)>) {
    xml::list(parent, "Tags", "member", tags, |member, (key, value)| {
        xml::text(member, "Key", key);
        xml::text(member, "Value", value);
    });
}
