//! What is switched on a machine while it exists: monitoring, the metadata service, credits, recovery; and what it wrote to its
//! console, which is nothing.

use super::{
    catalog,
    describe::refuse_ids_with_pages,
    filter::Filters,
    instance::{Instance, Phase},
    options::{AskedMetadata, check_credits},
    paging::Paging,
    state::State,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, iso_time, xml},
};

/// `MonitorInstances`.
pub(super) async fn monitor(operation: Operation<'_>) -> Result<Output, AwsError> {
    set_monitoring(operation, true, ("pending", "enabled")).await
}

/// `UnmonitorInstances`.
pub(super) async fn unmonitor(operation: Operation<'_>) -> Result<Output, AwsError> {
    set_monitoring(operation, false, ("disabling", "disabled")).await
}

/// Switches the detailed monitoring; `words` are for what is on its way, and for what was there.
async fn set_monitoring(
    operation: Operation<'_>,
    is_on: bool,
    words: (&'static str, &'static str),
) -> Result<Output, AwsError> {
    let ((ids, dry), scope) = operation.query(|params| {
        let ids = params.list("InstanceId")?;
        if ids.is_empty() {
            return Err(AwsError::missing_parameter("InstanceId"));
        }
        Ok((ids, super::take_dry_run(params)?))
    })?;
    let now = scope.now_millis();
    let states = scope
        .change(|state| {
            let found = state.ec2.find(&ids, now)?;
            let states = found.iter().map(|instance| {
                let (on_its_way, there) = words;
                let word = if instance.attributes.monitoring == is_on { there } else { on_its_way };
                (instance.id.clone(), word)
            });
            let states: Vec<(String, &str)> = states.collect();
            super::dry_run(dry)?;
            for (id, _) in &states {
                if let Some(instance) = state.ec2.instances.get_mut(id) {
                    instance.attributes.monitoring = is_on;
                }
            }
            Ok::<_, AwsError>(states)
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::list(root, "instancesSet", "item", states, |item, (id, word)| {
            xml::text(item, "instanceId", &id);
            xml::element(item, "monitoring", |monitoring| xml::text(monitoring, "state", word));
        });
    }))
}

/// Finds an instance that is not terminated, to change it.
fn alive<'s>(state: &'s mut State, id: &str, now: i64) -> Result<&'s mut Instance, AwsError> {
    state.find(&[id.to_owned()], now)?;
    match state.instances.get_mut(id) {
        Some(instance) if !matches!(instance.phase(now), Phase::ShuttingDown | Phase::Terminated) => Ok(instance),
        _ => {
            let message = format!("The instance '{id}' is not in a state in which it can be changed.");
            Err(AwsError::sender("IncorrectInstanceState", message))
        }
    }
}

/// `ModifyInstanceMetadataOptions`.
pub(super) async fn modify_metadata(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, asked, dry), scope) = operation.query(|params| {
        let (id, asked) = (params.required("InstanceId")?, AskedMetadata::take(params)?);
        if asked.is_empty() {
            return Err(AwsError::missing_parameter("HttpTokens"));
        }
        Ok((id, asked, super::take_dry_run(params)?))
    })?;
    let now = scope.now_millis();
    let metadata = scope
        .change(|state| {
            let instance = alive(&mut state.ec2, &id, now)?;
            asked.apply(&mut instance.options.metadata);
            let metadata = instance.options.metadata.clone();
            super::dry_run(dry)?;
            Ok::<_, AwsError>(metadata)
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "instanceId", &id);
        xml::element(root, "instanceMetadataOptions", |options| metadata.write(options, "pending"));
    }))
}

/// `ModifyInstanceMaintenanceOptions`.
pub(super) async fn modify_maintenance(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, recovery, dry), scope) = operation.query(|params| {
        let (id, recovery) = (params.required("InstanceId")?, params.one_of("AutoRecovery", &["default", "disabled"])?);
        let recovery = recovery.ok_or_else(|| AwsError::missing_parameter("AutoRecovery"))?;
        Ok((id, recovery, super::take_dry_run(params)?))
    })?;
    let now = scope.now_millis();
    scope
        .change(|state| {
            alive(&mut state.ec2, &id, now)?.options.recovery.clone_from(&recovery);
            super::dry_run(dry)
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "instanceId", &id);
        xml::text(root, "autoRecovery", &recovery);
    }))
}

/// `ModifyInstanceCreditSpecification`: each instance for itself.
pub(super) async fn modify_credits(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((asked, dry), scope) = operation.query(|params| {
        // Setting the same twice is setting it once.
        super::take_client_token(params)?;
        let asked = params.structures("InstanceCreditSpecification", |one| {
            Ok((one.required("InstanceId")?, check_credits(one.required("CpuCredits")?)?))
        })?;
        if asked.is_empty() {
            return Err(AwsError::missing_parameter("InstanceCreditSpecification"));
        }
        Ok((asked, super::take_dry_run(params)?))
    })?;
    let now = scope.now_millis();
    let (set, refused) = scope
        .change(|state| {
            super::dry_run(dry)?;
            let (mut set, mut refused) = (Vec::new(), Vec::new());
            for (id, credits) in asked {
                match set_credits(&mut state.ec2, &id, credits, now) {
                    Ok(()) => set.push(id),
                    Err(error) => refused.push((id, error)),
                }
            }
            Ok::<_, AwsError>((set, refused))
        })
        .await?;
    Ok(Output::xml(move |root| {
        let instance = |item: &mut xml::Element, id: &str| xml::text(item, "instanceId", id);
        xml::list(root, "successfulInstanceCreditSpecificationSet", "item", set, |item, id| instance(item, &id));
        xml::list(root, "unsuccessfulInstanceCreditSpecificationSet", "item", refused, |item, (id, error)| {
            instance(item, &id);
            xml::element(item, "error", |each| {
                xml::text(each, "code", &error.code);
                xml::text(each, "message", &error.message);
            });
        });
    }))
}

fn set_credits(state: &mut State, id: &str, credits: String, now: i64) -> Result<(), AwsError> {
    let instance = alive(state, id, now)?;
    if !catalog::find(&instance.kind).is_some_and(|kind| kind.is_burstable) {
        let message = format!("The instance '{id}' is not a burstable performance instance.");
        return Err(AwsError::sender("InstanceCreditSpecification.NotSupported", message));
    }
    instance.options.credits = Some(credits);
    Ok(())
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
        let mut credits: Vec<(String, String)> = burstable
            .map(|instance| (instance.id.clone(), instance.options.credits(&instance.kind).to_owned()))
            .collect();
        credits.sort();
        credits.dedup();
        Ok::<_, AwsError>(paging.cut(credits, |(id, _)| id.clone()))
    })?;
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        xml::list(root, "instanceCreditSpecificationSet", "item", page, |item, (id, credits)| {
            xml::text(item, "instanceId", &id);
            xml::text(item, "cpuCredits", &credits);
        });
        Paging::write(root, token.as_deref());
    }))
}

/// `GetPasswordData`: empty, as of an instance that made no password, or has not told it yet.
pub(super) fn password(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) =
        operation.query(|params| Ok((params.required("InstanceId")?, super::take_dry_run(params)?)))?;
    let now = scope.now_millis();
    scope.read(|state| state.ec2.find(std::slice::from_ref(&id), now).map(drop))?;
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        xml::text(root, "instanceId", &id);
        xml::text(root, "timestamp", &iso_time(now));
        xml::text(root, "passwordData", "");
    }))
}

/// `GetConsoleOutput`: as of an instance whose console was not read yet.
pub(super) fn console(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, latest, dry), scope) = operation.query(|params| {
        let (id, latest) = (params.required("InstanceId")?, params.flag("Latest")?.unwrap_or(false));
        Ok((id, latest, super::take_dry_run(params)?))
    })?;
    let now = scope.now_millis();
    let kind = scope.read(|state| {
        let found = state.ec2.find(std::slice::from_ref(&id), now)?;
        Ok::<_, AwsError>(found.first().map(|instance| instance.kind.clone()).unwrap_or_default())
    })?;
    if latest && catalog::find(&kind).is_none_or(|kind| kind.hypervisor == "xen") {
        let message = "This instance type does not support retrieving the latest console logs.";
        return Err(AwsError::sender("UnsupportedOperation", message));
    }
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        xml::text(root, "instanceId", &id);
        xml::text(root, "timestamp", &iso_time(now));
    }))
}
