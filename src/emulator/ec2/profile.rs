//! The instance profiles of instances, and the associations that they are known by.

use super::{
    filter::Filters,
    instance::{Instance, Phase},
    new_id,
    paging::Paging,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, QueryParams, iso_time, xml},
};
use serde::{Deserialize, Serialize};

/// A profile as an instance has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Profile {
    /// The id of the association.
    pub(super) association: String,
    pub(super) arn: String,
    pub(super) id: String,
    /// When it was associated.
    since: i64,
}

/// What a call says of a profile: its name or its ARN.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    member: &'static str,
    text: String,
}

impl Asked {
    /// Reads `IamInstanceProfile`.
    pub(super) fn take(params: &mut QueryParams) -> Result<Option<Self>, AwsError> {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let take = |profile: &mut QueryParams| Ok((said(profile.text("Arn")), said(profile.text("Name"))));
        match params.structure("IamInstanceProfile", take)? {
            (Some(_), Some(_)) => {
                let message = "The parameter 'iamInstanceProfile.name' may not be used in combination with \
                               'iamInstanceProfile.arn'";
                Err(AwsError::sender("InvalidParameterCombination", message))
            }
            (Some(text), None) => Ok(Some(Self { member: "arn", text })),
            (None, Some(text)) => Ok(Some(Self { member: "name", text })),
            (None, None) => Ok(None),
        }
    }

    /// Finds the profile; it will be the instance's from now on.
    ///
    /// # Errors
    /// `InvalidParameterValue` where there is none.
    pub(super) fn find(&self, scope: &Scope<'_>) -> Result<Profile, AwsError> {
        let found = scope.read_global(|state| state.iam.profile_arn(&self.text, scope.account()));
        let is_arn = self.text.starts_with("arn:");
        let found = found.filter(|_| is_arn == (self.member == "arn"));
        let (arn, id) = found.ok_or_else(|| {
            let what = if self.member == "arn" { "ARN" } else { "name" };
            let parameter = format!("iamInstanceProfile.{}", self.member);
            AwsError::invalid_parameter(&self.text, &parameter, &format!("Invalid IAM Instance Profile {what}"))
        })?;
        Ok(Profile { association: new_id("iip-assoc")?, arn, id, since: scope.now_millis() })
    }
}

impl Profile {
    /// The same profile of another instance.
    pub(super) fn again(&self) -> Result<Self, AwsError> {
        Ok(Self { association: new_id("iip-assoc")?, ..self.clone() })
    }

    /// Writes `iamInstanceProfile`.
    pub(super) fn write(&self, parent: &mut xml::Element) {
        xml::element(parent, "iamInstanceProfile", |profile| {
            xml::text(profile, "arn", &self.arn);
            xml::text(profile, "id", &self.id);
        });
    }

    /// Writes the members of an association.
    fn write_association(&self, item: &mut xml::Element, instance: &str, state: &str) {
        xml::text(item, "associationId", &self.association);
        xml::text(item, "instanceId", instance);
        self.write(item);
        xml::text(item, "state", state);
        xml::text(item, "timestamp", &iso_time(self.since));
    }
}

fn answer(profile: Profile, instance: String, state: &'static str) -> Output {
    Output::xml(move |root| {
        xml::element(root, "iamInstanceProfileAssociation", |association| {
            profile.write_association(association, &instance, state);
        });
    })
}

fn take_required(params: &mut QueryParams) -> Result<Asked, AwsError> {
    Asked::take(params)?.ok_or_else(|| AwsError::missing_parameter("IamInstanceProfile"))
}

/// `AssociateIamInstanceProfile`.
pub(super) async fn associate(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((instance, asked), scope) =
        operation.query(|params| Ok((params.required("InstanceId")?, take_required(params)?)))?;
    let profile = asked.find(&scope)?;
    let (kept, now) = (profile.clone(), scope.now_millis());
    scope
        .change(|state| {
            let found = state.ec2.find(std::slice::from_ref(&instance), now)?;
            if found.iter().any(|found| {
                !matches!(found.phase(now), Phase::Pending | Phase::Running | Phase::Stopped | Phase::Stopping)
            }) {
                let message = format!("The instance '{instance}' is not in the 'running' or 'stopped' states.");
                return Err(AwsError::sender("IncorrectInstanceState", message));
            }
            if found.iter().any(|found| found.profile.is_some()) {
                let message = format!("There is an existing association for instance {instance}");
                return Err(AwsError::sender("IncorrectState", message));
            }
            if let Some(found) = state.ec2.instances.get_mut(&instance) {
                found.profile = Some(kept);
            }
            Ok(())
        })
        .await?;
    Ok(answer(profile, instance, "associating"))
}

/// `DisassociateIamInstanceProfile`.
pub(super) async fn disassociate(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (association, scope) = operation.query(|params| params.required("AssociationId"))?;
    let (profile, instance) = change(&scope, &association, |instance| instance.profile.take()).await?;
    Ok(answer(profile, instance, "disassociating"))
}

/// `ReplaceIamInstanceProfileAssociation`.
pub(super) async fn replace(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((association, asked), scope) =
        operation.query(|params| Ok((params.required("AssociationId")?, take_required(params)?)))?;
    let profile = asked.find(&scope)?;
    let (profile, instance) = change(&scope, &association, |instance| {
        instance.profile = Some(profile.clone());
        Some(profile)
    })
    .await?;
    Ok(answer(profile, instance, "associating"))
}

/// Changes the instance that has an association.
async fn change(
    scope: &Scope<'_>,
    association: &str,
    edit: impl FnOnce(&mut Instance) -> Option<Profile>,
) -> Result<(Profile, String), AwsError> {
    let now = scope.now_millis();
    let absent = || {
        let message = format!("An invalid association-id of '{association}' was given");
        AwsError::sender("InvalidAssociationID.NotFound", message)
    };
    scope
        .change(|state| {
            let has_it =
                |instance: &&Instance| is_shown(instance, now).is_some_and(|own| own.association == association);
            let id =
                state.ec2.instances.values().find(has_it).map(|instance| instance.id.clone()).ok_or_else(absent)?;
            let profile = state.ec2.instances.get_mut(&id).and_then(edit).ok_or_else(absent)?;
            Ok((profile, id))
        })
        .await
}

/// The association of an instance that still has one.
fn is_shown(instance: &Instance, now: i64) -> Option<&Profile> {
    instance.profile.as_ref().filter(|_| instance.phase(now) != Phase::Terminated)
}

/// `DescribeIamInstanceProfileAssociations`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((ids, filters, paging), scope) = operation.query(|params| {
        let ids = params.list("AssociationId")?;
        Ok((ids, Filters::take(params, &["instance-id", "state"])?, Paging::take(params, 1000)?))
    })?;
    let now = scope.now_millis();
    let mut all: Vec<(Profile, String)> = scope.read(|state| {
        let instances = state.ec2.instances.values();
        let own = instances.filter_map(|one| is_shown(one, now).map(|profile| (profile.clone(), one.id.clone())));
        own.collect()
    });
    if let Some(id) = ids.iter().find(|id| !all.iter().any(|(profile, _)| profile.association == **id)) {
        let message = format!("An invalid association-id of '{id}' was given");
        return Err(AwsError::sender("InvalidAssociationID.NotFound", message));
    }
    all.retain(|(profile, instance)| {
        (ids.is_empty() || ids.contains(&profile.association))
            && filters.accept(|name, test| if name == "state" { test("associated") } else { test(instance) })
    });
    all.sort_by(|(a, _), (b, _)| a.association.cmp(&b.association));
    let (page, token) = paging.cut(all, |(profile, _)| profile.association.clone());
    Ok(Output::xml(move |root| {
        xml::list(root, "iamInstanceProfileAssociationSet", "item", page, |item, (profile, instance)| {
            profile.write_association(item, &instance, "associated");
        });
        Paging::write(root, token.as_deref());
    }))
}
