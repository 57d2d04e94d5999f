//! Tags: of roles, users, policies and instance profiles.

use super::{State, conflict, field, holder::Kind, null, paging::Paging, policy, profile, role::write_tags};
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

/// What has tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tagged {
    Policy,
    Profile,
    Role,
    User,
}

impl Tagged {
    /// Takes the name, or of a policy the ARN.
    fn take(self, params: &mut QueryParams) -> Result<String, AwsError> {
        match self {
            Self::Policy => policy::take_arn(params),
            Self::Profile => profile::take(params),
            Self::Role => Kind::Role.take(params),
            Self::User => Kind::User.take(params),
        }
    }

    fn of<'s>(
        self,
        state: &'s mut State,
        name: &str,
        account: &str,
    ) -> Result<&'s mut BTreeMap<String, String>, AwsError> {
        Ok(match self {
            Self::Policy => &mut state.policy_mut(name, account)?.tags,
            Self::Profile => &mut state.profiles.get_mut(name).ok_or_else(|| profile::absent(name))?.tags,
            Self::Role => &mut state.role_mut(name)?.tags,
            Self::User => &mut state.users.get_mut(name).ok_or_else(|| Kind::User.absent(name))?.tags,
        })
    }
}

/// `TagRole` and its like: adds or replaces.
pub(super) async fn add(operation: Operation<'_>, tagged: Tagged) -> Result<Output, AwsError> {
    let ((name, new), scope) = operation.query(|params| {
        let name = tagged.take(params)?;
        if !params.has("Tags") {
            return Err(null("tags"));
        }
        Ok((name, take(params)?))
    })?;
    scope
        .change_global(|state| {
            let tags = tagged.of(&mut state.iam, &name, scope.account())?;
            tags.retain(|key, _| !new.keys().any(|new| new.eq_ignore_ascii_case(key)));
            tags.extend(new);
            tags::check_count(tags).map_err(refusal)
        })
        .await?;
    Ok(Output::Done)
}

/// `UntagRole` and its like: a key that is not there is no error.
pub(super) async fn remove(operation: Operation<'_>, tagged: Tagged) -> Result<Output, AwsError> {
    let ((name, keys), scope) = operation.query(|params| {
        let name = tagged.take(params)?;
        if !params.has("TagKeys") {
            return Err(null("tagKeys"));
        }
        Ok((name, params.list("TagKeys.member")?))
    })?;
    scope
        .change_global(|state| {
            let tags = tagged.of(&mut state.iam, &name, scope.account())?;
            tags.retain(|key, _| !keys.iter().any(|gone| gone.eq_ignore_ascii_case(key)));
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `ListRoleTags` and its like.
pub(super) fn list(operation: Operation<'_>, tagged: Tagged) -> Result<Output, AwsError> {
    let ((name, paging), scope) = operation.query(|params| Ok((tagged.take(params)?, Paging::take(params)?)))?;
    // A copy of the state costs nothing, and is not kept.
    let tags = scope.read_global(|state| {
        tagged
            .of(&mut state.iam.clone(), &name, scope.account())
            .map(|tags| tags.clone().into_iter().collect::<Vec<_>>())
    })?;
    let (tags, marker) = paging.cut(tags, |(key, _)| key.clone());
    Ok(Output::xml(move |result| {
        write_tags(result, tags.iter().map(|(key, value)| (key, value)));
        Paging::write(result, marker.as_deref());
    }))
}
