//! `RunInstances` with a launch template: what the call leaves open, the template says.

use super::template::Which;
use crate::emulator::{
    ec2::{listing::Tags, state::State},
    service::Scope,
    wire::{AwsError, QueryParams},
};

/// The version of the template that an instance came of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emulator::ec2) struct Origin {
    id: String,
    version: u64,
}

impl Origin {
    /// The tags by which EC2 remembers it.
    pub(in crate::emulator::ec2) fn tags(&self) -> Tags {
        Tags::from([
            ("aws:ec2launchtemplate:id".to_owned(), self.id.clone()),
            ("aws:ec2launchtemplate:version".to_owned(), self.version.to_string()),
        ])
    }
}

/// Reads `LaunchTemplate`, and puts what the template says in the place of what the call does not.
pub(in crate::emulator::ec2) fn overlay(
    params: &mut QueryParams,
    scope: &Scope<'_>,
) -> Result<Option<Origin>, AwsError> {
    scope.read(|state| state.ec2.overlay(params))
}

impl State {
    /// Writes a launch out for whoever asks what it needs: with what its template says, and the template by its id.
    pub(in crate::emulator) fn with_template(&self, params: &mut QueryParams) -> Result<(), AwsError> {
        if let Some(origin) = self.overlay(params)? {
            params.put("LaunchTemplate.LaunchTemplateId".to_owned(), origin.id);
        }
        Ok(())
    }

    fn overlay(&self, params: &mut QueryParams) -> Result<Option<Origin>, AwsError> {
        let asked = params.structure("LaunchTemplate", |asked| {
            if asked.is_empty() {
                return Ok(None);
            }
            Ok(Some((Which::take(asked)?, asked.text("Version"))))
        })?;
        let Some((which, version)) = asked else { return Ok(None) };
        let version = version.filter(|text| !text.is_empty()).unwrap_or_else(|| "$Default".to_owned());
        let template = which.find(self)?;
        let number = template.number(&version)?;
        let data = template.versions.get(&number).map(|version| version.data.0.clone()).unwrap_or_default();
        let mut tags = Vec::new();
        let mut left = Vec::new();
        for (name, value) in data {
            let top = name.split('.').next().unwrap_or_default().to_owned();
            match (top.as_str(), name) {
                // The tags of the template are added to those of the call, after them.
                ("TagSpecification", name) => tags.push((name, value)),
                // The one name that a launch writes otherwise.
                ("RamDiskId", _) if !params.has("RamdiskId") => left.push(("RamdiskId".to_owned(), value)),
                (top, name) if !params.has(top) => left.push((name, value)),
                _ => {}
            }
        }
        left.into_iter().for_each(|(name, value)| params.put(name, value));
        put_tags(params, &tags)?;
        Ok(Some(Origin { id: template.id.clone(), version: number }))
    }
}

/// Adds the tags of a template whose keys the call does not give to the same kind.
fn put_tags(params: &mut QueryParams, tags: &[(String, String)]) -> Result<(), AwsError> {
    // Of a copy: the launch itself reads them once more.
    let own = params.clone().structures("TagSpecification", |specification| {
        let kind = specification.text("ResourceType").unwrap_or_default();
        specification.structures("Tag", |tag| {
            tag.text("Value");
            Ok((kind.clone(), tag.text("Key").unwrap_or_default()))
        })
    })?;
    let mut count = own.len();
    let said: Vec<_> = own.into_iter().flatten().collect();
    let find = |name: &str| tags.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    for (name, key) in tags.iter().filter(|(name, _)| name.ends_with(".Key")) {
        let Some((specification, tag)) = name.split_once(".Tag.") else { continue };
        let kind = find(&format!("{specification}.ResourceType")).unwrap_or_default();
        if said.iter().any(|(of, known)| of == kind && known == key) {
            continue;
        }
        count += 1;
        let value = find(&format!("{specification}.Tag.{}", tag.replace("Key", "Value"))).unwrap_or_default();
        // Each as a specification of its own, after those of the call.
        let place = format!("TagSpecification.{}", 500 + count);
        params.put(format!("{place}.ResourceType"), kind.to_owned());
        params.put(format!("{place}.Tag.1.Key"), key.clone());
        params.put(format!("{place}.Tag.1.Value"), value.to_owned());
    }
    Ok(())
}
