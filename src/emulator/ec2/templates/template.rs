//! A launch template and its versions, and how they are found.

use super::data::Data;
use crate::emulator::{
    ec2::{kind, state::State},
    wire::{AwsError, QueryParams},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A launch template.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Template {
    pub(in crate::emulator::ec2) id: String,
    pub(in crate::emulator::ec2) name: String,
    /// Milliseconds since the Unix epoch.
    pub(super) created: i64,
    /// The ARN of who made it.
    pub(super) by: String,
    /// The number of the version that is meant where none is named.
    pub(super) default: u64,
    /// The highest number that a version ever had.
    pub(super) latest: u64,
    pub(super) versions: BTreeMap<u64, Version>,
    pub(super) token: String,
}

/// A version of a launch template.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) created: i64,
    pub(super) by: String,
    pub(super) description: Option<String>,
    pub(super) data: Data,
    pub(super) token: String,
}

/// Which template a call is about: by id or by name.
#[derive(Debug)]
pub(super) enum Which {
    Id(String),
    Name(String),
}

impl Which {
    /// Reads `LaunchTemplateId` or `LaunchTemplateName`; nothing where neither is said.
    pub(super) fn take_if_said(params: &mut QueryParams) -> Result<Option<Self>, AwsError> {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (id, name) = (said(params.text("LaunchTemplateId")), said(params.text("LaunchTemplateName")));
        match (id, name) {
            (Some(_), Some(_)) => {
                let message = "Either LaunchTemplateId or LaunchTemplateName must be specified, but not both.";
                Err(AwsError::sender("InvalidParameterCombination", message))
            }
            (Some(id), None) => Ok(Some(Self::Id(id))),
            (None, Some(name)) => Ok(Some(Self::Name(name))),
            (None, None) => Ok(None),
        }
    }

    /// The same where one must be said.
    pub(super) fn take(params: &mut QueryParams) -> Result<Self, AwsError> {
        Self::take_if_said(params)?.ok_or_else(|| {
            AwsError::sender("MissingParameter", "Either LaunchTemplateId or LaunchTemplateName must be specified.")
        })
    }

    pub(super) fn find<'s>(&self, state: &'s State) -> Result<&'s Template, AwsError> {
        match self {
            Self::Id(id) => state.templates.get(id).ok_or_else(|| kind::TEMPLATE.absent(id)),
            Self::Name(name) => {
                state.templates.values().find(|template| template.name == *name).ok_or_else(|| no_name(name))
            }
        }
    }
}

/// The refusal of a name that no template has.
pub(super) fn no_name(name: &str) -> AwsError {
    let message = format!("The specified launch template, with template name {name}, does not exist.");
    AwsError::sender("InvalidLaunchTemplateName.NotFoundException", message)
}

impl Template {
    /// The number that a text means: a number, `$Latest` or `$Default`.
    pub(super) fn number(&self, text: &str) -> Result<u64, AwsError> {
        let number = match text {
            "$Default" => Some(self.default),
            "$Latest" => self.versions.keys().next_back().copied(),
            number => number.parse().ok(),
        };
        let number = number.ok_or_else(|| {
            AwsError::sender(
                "InvalidLaunchTemplateVersion.Malformed",
                format!("Invalid launch template version: {text}"),
            )
        })?;
        if self.versions.contains_key(&number) {
            return Ok(number);
        }
        let message =
            format!("Could not find the specified version {text} for the launch template with ID {}.", self.id);
        Err(AwsError::sender("InvalidLaunchTemplateId.VersionNotFound", message))
    }
}
