//! `DescribeInstanceStatus`.

use super::{
    describe::{page_key, refuse_ids_with_pages},
    filter::Filters,
    instance::{Instance, Phase},
    instance_xml::write_state,
    listing::flag_passes,
    network::Network,
    paging::Paging,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, xml},
};

/// Every one that AWS documents: no event is planned for what has no machine, so those on events find nothing.
const FILTERS: &[&str] = &[
    "attached-ebs-status.status",
    "availability-zone",
    "availability-zone-id",
    "event.code",
    "event.description",
    "event.instance-event-id",
    "event.not-after",
    "event.not-before",
    "event.not-before-deadline",
    "instance-state-code",
    "instance-state-name",
    "instance-status.reachability",
    "instance-status.status",
    "operator.managed",
    "operator.principal",
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
                && filters.accept(|name, test| has(instance, name, test, now))
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

/// Tells whether the instance's value for a filter passes the test.
fn has(instance: &Instance, filter: &str, test: &dyn Fn(&str) -> bool, now: i64) -> bool {
    let phase = instance.phase(now);
    let (state, code) = phase.name_and_code();
    match filter {
        "availability-zone" => test(&instance.zone),
        "availability-zone-id" => test(&Network::zone_id(&instance.zone)),
        "instance-state-code" => test(code),
        "instance-state-name" => test(state),
        "instance-status.reachability" | "system-status.reachability" => phase == Phase::Running && test("passed"),
        "instance-status.status" | "system-status.status" => test(health(instance, now)),
        "operator.managed" => flag_passes(false, test),
        _ => false,
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
