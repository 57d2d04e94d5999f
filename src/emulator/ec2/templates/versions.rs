//! Versions of a launch template are made and removed.

use super::{
    data::Data,
    operations::take_description,
    shown::write_version,
    template::{Template, Version, Which},
};
use crate::emulator::{
    ec2::{dry_run, take_client_token, take_dry_run},
    service::{Operation, Output},
    sts,
    wire::{AwsError, xml},
};

/// `CreateLaunchTemplateVersion`: of its own, or with what is different from another version.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((which, source, description, data, token, dry), scope) = operation.query(|params| {
        // No image is named by a parameter of Systems Manager here.
        params.flag("ResolveAlias")?;
        let (which, source) = (Which::take(params)?, params.text("SourceVersion").filter(|text| !text.is_empty()));
        let (description, data) = (take_description(params)?, Data::take(params, "CreateLaunchTemplateVersion")?);
        Ok((which, source, description, data, take_client_token(params)?, take_dry_run(params)?))
    })?;
    let (created, by) = (scope.now_millis(), sts::caller(&scope).arn);
    let (template, number) = scope
        .change(|state| {
            let mut template = which.find(&state.ec2)?.clone();
            let data = match &source {
                Some(source) => {
                    let number = template.number(source)?;
                    template.versions.get(&number).map(|version| data.over(&version.data))
                }
                None => Some(data),
            };
            let is_repeated = |version: &Version| !token.is_empty() && version.token == token;
            let known = template.versions.iter().find(|(_, version)| is_repeated(version)).map(|(number, _)| *number);
            dry_run(dry)?;
            if let Some(number) = known {
                return Ok((template, number));
            }
            let number = template.latest + 1;
            let version = Version { created, by, description, data: data.unwrap_or_default(), token };
            template.latest = number;
            template.versions.insert(number, version);
            state.ec2.templates.insert(template.id.clone(), template.clone());
            Ok::<_, AwsError>((template, number))
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::element(root, "launchTemplateVersion", |item| write_version(item, &template, number));
    }))
}

/// `DeleteLaunchTemplateVersions`: never the one that is meant where none is named.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((which, versions, dry), scope) = operation.query(|params| {
        let versions = params.list("LaunchTemplateVersion")?;
        if versions.is_empty() {
            return Err(AwsError::missing_parameter("LaunchTemplateVersion"));
        }
        Ok((Which::take(params)?, versions, take_dry_run(params)?))
    })?;
    let (template, done, refused) = scope
        .change(|state| {
            let mut template: Template = which.find(&state.ec2)?.clone();
            let (mut done, mut refused) = (Vec::new(), Vec::new());
            for version in versions {
                match version.parse::<u64>().ok().filter(|number| template.versions.contains_key(number)) {
                    Some(number) if number == template.default => {
                        refused.push((version, "unexpectedError", "The default version cannot be deleted."));
                    }
                    Some(number) => {
                        template.versions.remove(&number);
                        done.push(number);
                    }
                    None => refused.push((
                        version,
                        "launchTemplateVersionDoesNotExist",
                        "Could not find the specified version for the launch template.",
                    )),
                }
            }
            dry_run(dry)?;
            state.ec2.templates.insert(template.id.clone(), template.clone());
            Ok::<_, AwsError>((template, done, refused))
        })
        .await?;
    Ok(Output::xml(move |root| {
        let name = |item: &mut xml::Element, number: &str| {
            xml::text(item, "launchTemplateId", &template.id);
            xml::text(item, "launchTemplateName", &template.name);
            xml::text(item, "versionNumber", number);
        };
        xml::list(root, "successfullyDeletedLaunchTemplateVersionSet", "item", &done, |item, number| {
            name(item, &number.to_string());
        });
        xml::list(root, "unsuccessfullyDeletedLaunchTemplateVersionSet", "item", &refused, |item, each| {
            let (version, code, message) = each;
            if version.parse::<u64>().is_ok() {
                name(item, version);
            }
            xml::element(item, "responseError", |error| {
                xml::text(error, "code", code);
                xml::text(error, "message", message);
            });
        });
    }))
}
