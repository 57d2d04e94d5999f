//! `DescribeLaunchTemplates` and `DescribeLaunchTemplateVersions`.

use super::template::{Template, Which, no_name};
use crate::emulator::{
    ec2::{
        kind,
        listing::{Listing, Record, Tags, flag, flag_passes, write_tags},
    },
    service::{Operation, Output},
    wire::{AwsError, QueryParams, iso_time, xml},
};

/// Writes the members of a template, its tags with them.
pub(super) fn write(item: &mut xml::Element, template: &Template, tags: &Tags) {
    xml::text(item, "launchTemplateId", &template.id);
    xml::text(item, "launchTemplateName", &template.name);
    xml::text(item, "createTime", &iso_time(template.created));
    xml::text(item, "createdBy", &template.by);
    xml::text(item, "defaultVersionNumber", &template.default.to_string());
    xml::text(item, "latestVersionNumber", &template.latest.to_string());
    write_tags(item, tags);
}

/// Writes the members of one version.
pub(super) fn write_version(item: &mut xml::Element, template: &Template, number: u64) {
    let Some(version) = template.versions.get(&number) else { return };
    xml::text(item, "launchTemplateId", &template.id);
    xml::text(item, "launchTemplateName", &template.name);
    xml::text(item, "versionNumber", &number.to_string());
    if let Some(description) = &version.description {
        xml::text(item, "versionDescription", description);
    }
    xml::text(item, "createTime", &iso_time(version.created));
    xml::text(item, "createdBy", &version.by);
    flag(item, "defaultVersion", template.default == number);
    xml::element(item, "launchTemplateData", |data| version.data.write(data));
}

/// A template as a listing shows it.
struct Shown {
    template: Template,
    tags: Tags,
}

/// `DescribeLaunchTemplates`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((names, listing), scope) = operation.query(|params| {
        // No service manages one here.
        params.flag("IncludeManagedResources")?;
        let known = ["create-time", "launch-template-name"];
        Ok((params.list("LaunchTemplateName")?, Listing::take_pages(params, "LaunchTemplateId", &known, 200)?))
    })?;
    let shown = scope.read(|state| {
        let ec2 = &state.ec2;
        if let Some(name) = names.iter().find(|name| !ec2.templates.values().any(|known| known.name == **name)) {
            return Err(no_name(name));
        }
        let wanted = ec2.templates.values().filter(|known| names.is_empty() || names.contains(&known.name));
        Ok(wanted
            .map(|template| Shown { template: template.clone(), tags: ec2.tags_of(&template.id).clone() })
            .collect())
    })?;
    listing.answer(&kind::TEMPLATE, "launchTemplates", shown)
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.template.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "create-time" => test(&iso_time(self.template.created)),
            _ => test(&self.template.name),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        // The listing writes the tags.
        write(item, &self.template, &Tags::new());
    }
}

/// A version as a listing shows it.
struct ShownVersion {
    /// Sorts by template and number.
    key: String,
    template: Template,
    number: u64,
}

const FILTERS: &[&str] = &[
    "create-time",
    "ebs-optimized",
    "http-endpoint",
    "http-protocol-ipv4",
    "http-tokens",
    "iam-instance-profile",
    "image-id",
    "instance-type",
    "is-default-version",
    "kernel-id",
    "license-configuration-arn",
    "network-card-index",
    "ram-disk-id",
];

fn take_bound(params: &mut QueryParams, name: &str) -> Result<Option<u64>, AwsError> {
    params.number::<u64>(name)
}

/// `DescribeLaunchTemplateVersions`: of one template; of all, `$Latest` and `$Default` only.
pub(in crate::emulator::ec2) fn describe_versions(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((which, versions, from, to, listing), scope) = operation.query(|params| {
        params.flag("IncludeManagedResources")?;
        // No image is named by a parameter of Systems Manager here.
        params.flag("ResolveAlias")?;
        let which = Which::take_if_said(params)?;
        let versions = params.list("LaunchTemplateVersion")?;
        let (from, to) = (take_bound(params, "MinVersion")?, take_bound(params, "MaxVersion")?);
        Ok((which, versions, from, to, Listing::take_pages(params, "VersionId", FILTERS, 200)?))
    })?;
    let is_alias = |version: &String| matches!(version.as_str(), "$Default" | "$Latest");
    if which.is_none() && (versions.is_empty() || !versions.iter().all(is_alias)) {
        let message = "Either LaunchTemplateId or LaunchTemplateName must be specified, or the versions $Latest and \
                       $Default alone.";
        return Err(AwsError::sender("MissingParameter", message));
    }
    if !versions.is_empty() && (from.is_some() || to.is_some()) {
        let message = "The parameter LaunchTemplateVersion cannot be used with MinVersion and MaxVersion.";
        return Err(AwsError::sender("InvalidParameterCombination", message));
    }
    let shown = scope.read(|state| {
        let templates = match &which {
            Some(which) => vec![which.find(&state.ec2)?],
            None => state.ec2.templates.values().collect(),
        };
        let mut shown = Vec::new();
        for template in templates {
            let mut numbers: Vec<u64> = if versions.is_empty() {
                let within =
                    |number: &&u64| from.is_none_or(|from| **number >= from) && to.is_none_or(|to| **number <= to);
                template.versions.keys().filter(within).copied().collect()
            } else {
                versions.iter().map(|version| template.number(version)).collect::<Result<_, _>>()?
            };
            numbers.sort_unstable();
            numbers.dedup();
            shown.extend(numbers.into_iter().map(|number| ShownVersion {
                // The newest first.
                key: format!("{}/{:020}", template.id, u64::MAX - number),
                template: template.clone(),
                number,
            }));
        }
        Ok::<_, AwsError>(shown)
    })?;
    listing.write("launchTemplateVersionSet", shown)
}

impl Record for ShownVersion {
    fn id(&self) -> &str {
        &self.key
    }

    fn tags(&self) -> &Tags {
        static NONE: Tags = Tags::new();
        &NONE
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        let Some(version) = self.template.versions.get(&self.number) else { return false };
        let value = |name: &str| version.data.get(name).is_some_and(test);
        match filter {
            "create-time" => test(&iso_time(version.created)),
            "ebs-optimized" => value("EbsOptimized"),
            "http-endpoint" => value("MetadataOptions.HttpEndpoint"),
            "http-tokens" => value("MetadataOptions.HttpTokens"),
            "iam-instance-profile" => value("IamInstanceProfile.Arn"),
            "image-id" => value("ImageId"),
            "instance-type" => value("InstanceType"),
            "is-default-version" => flag_passes(self.template.default == self.number, test),
            "kernel-id" => value("KernelId"),
            "ram-disk-id" => value("RamDiskId"),
            // None has these.
            _ => false,
        }
    }

    fn write(&self, item: &mut xml::Element) {
        write_version(item, &self.template, self.number);
    }
}
