//! The tags of roles.

use super::{
    conflict, field, null,
    paging::Paging,
    role::{self, write_tags},
    take_role_name,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{
        AwsError, QueryParams,
        tags::{self, MAX_KEY, MAX_TAGS, TagFault},
    },
};
use std::collections::BTreeMap;

/// Reads `Tags.member.N.Key` and `Tags.member.N.Value`.
///
/// # Errors
/// `InvalidInput` for a key or value against the rules or a key that comes twice, `LimitExceeded`.
pub(super) fn take(params: &mut QueryParams) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags = BTreeMap::new();
    for mut tag in take_members(params, "Tags")? {
        let mut member = |name: &str| tag.text(name).ok_or_else(|| null(&format!("tags.member.{}", field(name))));
        let (key, value) = (member("Key")?, member("Value")?);
        tag.finish()?;
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

fn take_members(params: &mut QueryParams, name: &str) -> Result<Vec<QueryParams>, AwsError> {
    // An empty list comes as `Tags=`.
    if params.text(name).is_some_and(|text| !text.is_empty()) {
        return Err(AwsError::sender("MalformedInput", format!("{name} is a list.")));
    }
    params.structures(&format!("{name}.member"))
}

fn refusal(fault: TagFault) -> AwsError {
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

/// `TagRole`: adds or replaces.
pub(super) async fn add(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, new), scope) = operation.query(|params| {
        let name = take_role_name(params)?;
        if !params.has("Tags") {
            return Err(null("tags"));
        }
        Ok((name, take(params)?))
    })?;
    role::change(&scope, &name, |role| {
        role.tags.retain(|key, _| !new.keys().any(|new| new.eq_ignore_ascii_case(key)));
        role.tags.extend(new);
        tags::check_count(&role.tags).map_err(refusal)
    })
    .await?;
    Ok(Output::Done)
}

/// `UntagRole`: a key that is not there is no error.
pub(super) async fn remove(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, keys), scope) = operation.query(|params| {
        let name = take_role_name(params)?;
        if !params.has("TagKeys") {
            return Err(null("tagKeys"));
        }
        Ok((name, params.list("TagKeys.member")?))
    })?;
    role::change(&scope, &name, |role| {
        role.tags.retain(|key, _| !keys.iter().any(|gone| gone.eq_ignore_ascii_case(key)));
        Ok(())
    })
    .await?;
    Ok(Output::Done)
}

/// `ListRoleTags`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, paging), scope) = operation.query(|params| Ok((take_role_name(params)?, Paging::take(params)?)))?;
    let tags = role::read(&scope, &name, |role| {
        Ok(role.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>())
    })?;
    let (tags, marker) = paging.cut(tags, |(key, _)| key.clone());
    Ok(Output::xml(move |result| {
        write_tags(result, tags.iter().map(|(key, value)| (key, value)));
        Paging::write(result, marker.as_deref());
    }))
}
