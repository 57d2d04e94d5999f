//! `DescribeInstanceStatus`.

use super::{
    describe::{page_key, refuse_ids_with_pages},
    filter::Filters,
    instance::{Instance, Phase},
    instance_xml::write_state,
    network::Network,
    paging::Paging,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, xml},
};

const FILTERS: &[&str] = &[
    "availability-zone",
    "instance-state-code",
    "instance-state-name",
    "instance-status.reachability",
    "instance-status.status",
    "system-status.reachability",
    "system-status.status",
];

/// `DescribeInstanceStatus`: running instances, unless `IncludeAllInstances`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((ids, all, filters, paging, dry), scope) = operation.query(|params| {
        let (ids, all) = (params.list("InstanceId")?, params.flag("IncludeAllInstances")?.unwrap_or(false));
        let (filters, paging) = (Filters::take(params, FILTERS)?, Paging::take(params, 1000)?);
        Ok((ids, all, filters, paging, super::take_dry_run(params)?))
    })?;
    refuse_ids_with_pages(&ids, &paging)?;
    let now = scope.now_millis();
    let (page, token) = scope.read(|state| {
        let mut found = if ids.is_empty() { state.ec2.visible(now) } else { state.ec2.find(&ids, now)? };
        found.sort_by_key(|instance| instance.place());
        found.dedup_by_key(|instance| &instance.id);
        found.retain(|instance| {
            (all || instance.phase(now) == Phase::Running)
                && filters.accept(|name, test| test(filter_value(instance, name, now)))
        });
        let (page, token) = paging.cut(found, |instance| page_key(instance));
        Ok::<_, AwsError>((page.into_iter().cloned().collect::<Vec<Instance>>(), token))
    })?;
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        xml::list(root, "instanceStatusSet", "item", &page, |item, instance| write(item, instance, now));
        Paging::write(root, token.as_deref());
    }))
}

fn filter_value<'a>(instance: &'a Instance, name: &str, now: i64) -> &'a str {
    let (state, code) = instance.phase(now).name_and_code();
    match name {
        "availability-zone" => &instance.zone,
        "instance-state-code" => code,
        "instance-state-name" => state,
        "instance-status.reachability" | "system-status.reachability" if instance.phase(now) == Phase::Running => {
            "passed"
        }
        "instance-status.status" | "system-status.status" => health(instance, now),
        _ => "",
    }
}

fn health(instance: &Instance, now: i64) -> &'static str {
    if instance.phase(now) == Phase::Running { "ok" } else { "not-applicable" }
}

fn write(item: &mut xml::Element, instance: &Instance, now: i64) {
    xml::text(item, "instanceId", &instance.id);
    xml::text(item, "availabilityZone", &instance.zone);
    xml::text(item, "availabilityZoneId", &Network::zone_id(&instance.zone));
    write_state(item, "instanceState", instance.phase(now));
    for tag in ["systemStatus", "instanceStatus"] {
        xml::element(item, tag, |status| {
            xml::text(status, "status", health(instance, now));
            if instance.phase(now) == Phase::Running {
                xml::list(status, "details", "item", [()], |detail, ()| {
                    xml::text(detail, "name", "reachability");
                    xml::text(detail, "status", "passed");
                });
            }
        });
    }
}
