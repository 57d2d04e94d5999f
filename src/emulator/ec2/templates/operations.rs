//! Launch templates are made, changed and removed.

use super::{
    data::Data,
    shown::write,
    template::{Template, Version, Which},
};
use crate::emulator::{
    ec2::{dry_run, kind, listing::Tags, new_id, tags, take_client_token, take_dry_run},
    service::{Operation, Output},
    sts,
    wire::{AwsError, QueryParams, xml},
};
use std::collections::BTreeMap;

/// Reads `VersionDescription`.
pub(super) fn take_description(params: &mut QueryParams) -> Result<Option<String>, AwsError> {
    let text = params.text("VersionDescription").filter(|text| !text.is_empty());
    match text {
        Some(long) if long.chars().count() > 255 => {
            let reason = "The description must be at most 255 characters long.";
            Err(AwsError::invalid_parameter(&long, "VersionDescription", reason))
        }
        text => Ok(text),
    }
}

fn take_name(params: &mut QueryParams) -> Result<String, AwsError> {
    let name = params.required("LaunchTemplateName")?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_()./".contains(&b);
    if (3..=128).contains(&name.len()) && name.bytes().all(is_plain) {
        return Ok(name);
    }
    let message = "The specified launch template name is malformed: it must be between 3 and 128 characters long, and \
                   may contain letters, numbers and the characters - ( ) . / _.";
    Err(AwsError::sender("InvalidLaunchTemplateName.MalformedException", message))
}

/// `CreateLaunchTemplate`: with its first version.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, description, data, new_tags, token, dry), scope) = operation.query(|params| {
        if params.has("Operator") {
            return Err(AwsError::not_implemented("ec2", "CreateLaunchTemplate with Operator"));
        }
        let (name, description) = (take_name(params)?, take_description(params)?);
        let (data, tags) = (Data::take(params, "CreateLaunchTemplate")?, tags::take_for(params, &kind::TEMPLATE)?);
        Ok((name, description, data, tags, take_client_token(params)?, take_dry_run(params)?))
    })?;
    let (created, by) = (scope.now_millis(), sts::caller(&scope).arn);
    let first = Version { created, by: by.clone(), description, data, token: String::new() };
    let template = Template {
        id: new_id(kind::TEMPLATE.prefix)?,
        name,
        created,
        by,
        default: 1,
        latest: 1,
        versions: BTreeMap::from([(1, first)]),
        token,
    };
    let (template, tags) = scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            if let Some(known) = ec2.templates.values().find(|known| known.name == template.name) {
                if !template.token.is_empty() && known.token == template.token {
                    return Ok((known.clone(), ec2.tags_of(&known.id).clone()));
                }
                let message = "Launch template name already in use.";
                return Err(AwsError::sender("InvalidLaunchTemplateName.AlreadyExistsException", message));
            }
            dry_run(dry)?;
            ec2.set_tags(&template.id, new_tags.clone());
            ec2.templates.insert(template.id.clone(), template.clone());
            Ok((template, new_tags))
        })
        .await?;
    Ok(answer(template, tags))
}

fn answer(template: Template, tags: Tags) -> Output {
    Output::xml(move |root| xml::element(root, "launchTemplate", |item| write(item, &template, &tags)))
}

/// `ModifyLaunchTemplate`: another version is meant where none is named.
pub(in crate::emulator::ec2) async fn modify(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((which, version, dry), scope) = operation.query(|params| {
        // It may be repeated as it is.
        take_client_token(params)?;
        let version = params.text("SetDefaultVersion").filter(|text| !text.is_empty());
        Ok((Which::take(params)?, version, take_dry_run(params)?))
    })?;
    let (template, tags) = scope
        .change(|state| {
            let mut template = which.find(&state.ec2)?.clone();
            if let Some(version) = &version {
                template.default = template.number(version)?;
            }
            dry_run(dry)?;
            state.ec2.templates.insert(template.id.clone(), template.clone());
            let tags = state.ec2.tags_of(&template.id).clone();
            Ok::<_, AwsError>((template, tags))
        })
        .await?;
    Ok(answer(template, tags))
}

/// `DeleteLaunchTemplate`: with all versions; instances that came of it stay.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((which, dry), scope) = operation.query(|params| Ok((Which::take(params)?, take_dry_run(params)?)))?;
    let template = scope
        .change(|state| {
            let template = which.find(&state.ec2)?.clone();
            dry_run(dry)?;
            state.ec2.templates.remove(&template.id);
            state.ec2.set_tags(&template.id, Tags::new());
            Ok::<_, AwsError>(template)
        })
        .await?;
    Ok(answer(template, Tags::new()))
}
