//! The tags of roles.

use super::{
    Answer, conflict,
    paging::Paging,
    role::{self, write_tags},
    take_role_name,
};
use crate::emulator::{
    Context,
    wire::{AwsError, QueryParams},
};
use std::collections::BTreeMap;

/// IAM's limit on the tags of a role.
const MAX_TAGS: usize = 50;

/// Reads `Tags.member.N.Key` and `Tags.member.N.Value`.
///
/// # Errors
/// `InvalidInput` for a key or value against the rules or a key that comes twice, `LimitExceeded`.
pub(super) fn take(params: &mut QueryParams) -> Result<BTreeMap<String, String>, AwsError> {
    let invalid = |message: String| Err(AwsError::sender("InvalidInput", message));
    let mut tags = BTreeMap::new();
    for mut tag in take_members(params, "Tags")? {
        let (key, value) = (tag.text("Key").unwrap_or_default(), tag.text("Value").unwrap_or_default());
        tag.finish()?;
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return invalid("Tag keys are 1 to 128 characters long, and tag values at most 256.".to_owned());
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return invalid("System tags cannot be added/updated by requester.".to_owned());
        }
        // Unlike EC2, IAM compares keys without case.
        if tags.keys().any(|known: &String| known.eq_ignore_ascii_case(&key)) {
            return invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.".to_owned());
        }
        tags.insert(key, value);
    }
    check_count(&tags)?;
    Ok(tags)
}

fn take_members(params: &mut QueryParams, name: &str) -> Result<Vec<QueryParams>, AwsError> {
    // An empty list comes as `Tags=`.
    if params.text(name).is_some_and(|text| !text.is_empty()) {
        return Err(AwsError::sender("MalformedInput", format!("{name} is a list.")));
    }
    params.structures(&format!("{name}.member"))
}

fn check_count(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    if tags.len() > MAX_TAGS {
        let message = format!("The number of tags has reached the maximum limit of {MAX_TAGS}.");
        return Err(conflict("LimitExceeded", message));
    }
    Ok(())
}

/// `TagRole`: adds or replaces.
pub(super) async fn add(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let name = take_role_name(&mut params)?;
    let tags = take(&mut params)?;
    params.finish()?;
    role::change(context, &name, |role| {
        role.tags.retain(|key, _| !tags.keys().any(|new| new.eq_ignore_ascii_case(key)));
        role.tags.extend(tags);
        check_count(&role.tags)
    })
    .await?;
    Ok(None)
}

/// `UntagRole`: a key that is not there is no error.
pub(super) async fn remove(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let name = take_role_name(&mut params)?;
    let keys = params.list("TagKeys.member")?;
    params.finish()?;
    role::change(context, &name, |role| {
        role.tags.retain(|key, _| !keys.iter().any(|gone| gone.eq_ignore_ascii_case(key)));
        Ok(())
    })
    .await?;
    Ok(None)
}

/// `ListRoleTags`.
pub(super) fn list(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let name = take_role_name(&mut params)?;
    let paging = Paging::take(&mut params)?;
    params.finish()?;
    let tags = role::read(context, &name, |role| {
        Ok(role.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>())
    })?;
    let (tags, marker) = paging.cut(tags, |(key, _)| key);
    Ok(Some(Box::new(move |result| {
        write_tags(result, tags.iter().map(|(key, value)| (key, value)));
        Paging::write(result, marker.as_deref());
    })))
}
