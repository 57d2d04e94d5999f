//! `ModifyInstanceAttribute` and what reads attributes back.

use super::{
    catalog,
    describe::refuse_ids_with_pages,
    filter::Filters,
    instance::{Instance, Phase},
    network::Network,
    paging::Paging,
    run::{check_shutdown_behavior, check_user_data, invalid_type},
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, QueryParams, xml},
};

/// A change of one attribute, its value checked.
enum Change {
    Type(String),
    UserData(Option<String>),
    ShutdownBehavior(String),
    DisableApiTermination(bool),
    DisableApiStop(bool),
    EbsOptimized(bool),
    SourceDestCheck(bool),
}

/// `ModifyInstanceAttribute`.
pub(super) async fn modify(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry, changes), scope) = operation
        .query(|params| Ok((params.required("InstanceId")?, super::take_dry_run(params)?, Change::take(params)?)))?;
    let change = Change::only(changes)?;
    let now = scope.now_millis();
    scope
        .change(|state| {
            state.ec2.find(std::slice::from_ref(&id), now)?;
            if let Some(instance) = state.ec2.instances.get_mut(&id) {
                change.apply(instance, now)?;
            }
            super::dry_run(dry)
        })
        .await?;
    Ok(Output::Done)
}

/// The attributes that can be changed, by their parameter and by their name.
const ATTRIBUTES: [(&str, &str); 7] = [
    ("DisableApiStop", "disableApiStop"),
    ("DisableApiTermination", "disableApiTermination"),
    ("EbsOptimized", "ebsOptimized"),
    ("InstanceInitiatedShutdownBehavior", "instanceInitiatedShutdownBehavior"),
    ("InstanceType", "instanceType"),
    ("SourceDestCheck", "sourceDestCheck"),
    ("UserData", "userData"),
];

impl Change {
    /// Reads all changes, in the new form (`InstanceType.Value`) or the old (`Attribute` and `Value`).
    fn take(params: &mut QueryParams) -> Result<Vec<Self>, AwsError> {
        let mut changes = Vec::new();
        if let Some(attribute) = params.text("Attribute") {
            if !ATTRIBUTES.iter().any(|(_, known)| *known == attribute) {
                return Err(lacking(&attribute));
            }
            changes.push(Self::of(&attribute, params.required("Value")?)?);
        }
        for (name, attribute) in ATTRIBUTES {
            if let Some(value) = params.text(&format!("{name}.Value")) {
                changes.push(Self::of(attribute, value)?);
            }
        }
        Ok(changes)
    }

    /// Returns the only one: a call changes one attribute.
    fn only(mut changes: Vec<Self>) -> Result<Self, AwsError> {
        let combination = |message: &str| Err(AwsError::sender("InvalidParameterCombination", message));
        match (changes.pop(), changes.is_empty()) {
            (Some(change), true) => Ok(change),
            (Some(_), false) => combination("Fields for multiple attribute types specified"),
            (None, _) => combination("No attributes specified."),
        }
    }

    fn of(attribute: &str, value: String) -> Result<Self, AwsError> {
        let flag = |value: &str| match value.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(AwsError::invalid_parameter(value, attribute, "Expected a boolean.")),
        };
        Ok(match attribute {
            "disableApiStop" => Self::DisableApiStop(flag(&value)?),
            "disableApiTermination" => Self::DisableApiTermination(flag(&value)?),
            "ebsOptimized" => Self::EbsOptimized(flag(&value)?),
            "instanceInitiatedShutdownBehavior" => Self::ShutdownBehavior(check_shutdown_behavior(value)?),
            "instanceType" if catalog::find(&value).is_some() => Self::Type(value),
            "instanceType" => return Err(invalid_type(&value)),
            "sourceDestCheck" => Self::SourceDestCheck(flag(&value)?),
            "userData" => {
                check_user_data(&value)?;
                Self::UserData(Some(value).filter(|data| !data.is_empty()))
            }
            other => return Err(lacking(other)),
        })
    }

    fn apply(&self, instance: &mut Instance, now: i64) -> Result<(), AwsError> {
        let needs_stop = matches!(self, Self::Type(_) | Self::UserData(_) | Self::EbsOptimized(_));
        if needs_stop && instance.phase(now) != Phase::Stopped {
            let message = format!("The instance '{}' is not in the 'stopped' state.", instance.id);
            return Err(AwsError::sender("IncorrectInstanceState", message));
        }
        let attributes = &mut instance.attributes;
        match self {
            Self::Type(kind) => instance.kind.clone_from(kind),
            Self::UserData(data) => attributes.user_data.clone_from(data),
            Self::ShutdownBehavior(behavior) => attributes.shutdown_behavior.clone_from(behavior),
            Self::DisableApiTermination(on) => attributes.disable_api_termination = *on,
            Self::DisableApiStop(on) => attributes.disable_api_stop = *on,
            Self::EbsOptimized(on) => attributes.ebs_optimized = *on,
            Self::SourceDestCheck(on) => attributes.source_dest_check = *on,
        }
        Ok(())
    }
}

fn lacking(attribute: &str) -> AwsError {
    AwsError::not_implemented("ec2", &format!("ModifyInstanceAttribute of {attribute}"))
}

/// `DescribeInstanceAttribute`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, attribute, dry), scope) = operation.query(|params| {
        Ok((params.required("InstanceId")?, params.required("Attribute")?, super::take_dry_run(params)?))
    })?;
    let instance = one(&scope, &id)?;
    let attributes = &instance.attributes;
    let value = match attribute.as_str() {
        "disableApiStop" => Some(attributes.disable_api_stop.to_string()),
        "disableApiTermination" => Some(attributes.disable_api_termination.to_string()),
        "ebsOptimized" => Some(attributes.ebs_optimized.to_string()),
        "instanceInitiatedShutdownBehavior" => Some(attributes.shutdown_behavior.clone()),
        "instanceType" => Some(instance.kind.clone()),
        "sourceDestCheck" => Some(attributes.source_dest_check.to_string()),
        "userData" => attributes.user_data.clone(),
        "groupSet" => None,
        other => return Err(AwsError::not_implemented("ec2", &format!("DescribeInstanceAttribute of {other}"))),
    };
    super::dry_run(dry)?;
    let group = Network::new(scope.account(), scope.region).security_group();
    Ok(Output::xml(move |root| {
        xml::text(root, "instanceId", &id);
        if attribute == "groupSet" {
            xml::list(root, "groupSet", "item", [group], |item, group| {
                xml::text(item, "groupId", &group);
                xml::text(item, "groupName", "default");
            });
        } else {
            xml::element(root, &attribute, |element| {
                if let Some(value) = &value {
                    xml::text(element, "value", value);
                }
            });
        }
    }))
}

fn one(scope: &Scope<'_>, id: &str) -> Result<Instance, AwsError> {
    scope.read(|state| {
        let found = state.ec2.find(&[id.to_owned()], scope.now_millis())?;
        found.first().map(|instance| Instance::clone(instance)).ok_or_else(|| AwsError::internal("No instance."))
    })
}

/// `DescribeInstanceCreditSpecifications`: Terraform reads it for every burstable instance.
pub(super) fn describe_credits(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((ids, filters, paging, dry), scope) = operation.query(|params| {
        let (ids, filters) = (params.list("InstanceId")?, Filters::take(params, &["instance-id"])?);
        Ok((ids, filters, Paging::take(params, 1000)?, super::take_dry_run(params)?))
    })?;
    refuse_ids_with_pages(&ids, &paging)?;
    let now = scope.now_millis();
    let (page, token) = scope.read(|state| {
        let found = if ids.is_empty() { state.ec2.visible(now) } else { state.ec2.find(&ids, now)? };
        let burstable = found.into_iter().filter(|instance| {
            catalog::find(&instance.kind).is_some_and(|kind| kind.is_burstable)
                && filters.accept(|_, test| test(&instance.id))
        });
        let mut credits: Vec<(String, &str)> = burstable
            .map(|instance| {
                (instance.id.clone(), if instance.kind.starts_with("t2.") { "standard" } else { "unlimited" })
            })
            .collect();
        credits.sort();
        credits.dedup();
        Ok::<_, AwsError>(paging.cut(credits, |(id, _)| id.clone()))
    })?;
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        xml::list(root, "instanceCreditSpecificationSet", "item", page, |item, (id, credits)| {
            xml::text(item, "instanceId", &id);
            xml::text(item, "cpuCredits", credits);
        });
        Paging::write(root, token.as_deref());
    }))
}
