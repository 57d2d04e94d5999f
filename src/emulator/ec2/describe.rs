//! `DescribeInstances`: the call that every `status` of the handler makes, so it reads a snapshot once and allocates for
//! what it answers only.

use super::{
    filter::Filters,
    images,
    instance::{Goal, Instance, Phase},
    instance_xml::{architecture, write_reservations},
    network::Network,
    paging::Paging,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, iso_time},
};

const FILTERS: &[&str] = &[
    "architecture",
    "availability-zone",
    "client-token",
    "dns-name",
    "hypervisor",
    "image-id",
    "instance-id",
    "instance-state-code",
    "instance-state-name",
    "instance-type",
    "instance.group-id",
    "instance.group-name",
    "ip-address",
    "launch-index",
    "launch-time",
    "monitoring-state",
    "owner-id",
    "private-dns-name",
    "private-ip-address",
    "reason",
    "reservation-id",
    "root-device-name",
    "root-device-type",
    "source-dest-check",
    "state-reason-code",
    "subnet-id",
    "tag-key",
    "tag:",
    "tenancy",
    "virtualization-type",
    "vpc-id",
];

/// `DescribeInstances`.
pub(super) fn instances(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((ids, filters, paging, dry), scope) = operation.query(|params| {
        let (ids, filters) = (params.list("InstanceId")?, Filters::take(params, FILTERS)?);
        Ok((ids, filters, Paging::take(params, 1000)?, super::take_dry_run(params)?))
    })?;
    refuse_ids_with_pages(&ids, &paging)?;
    let now = scope.now_millis();
    let (account, region) = (scope.account().to_owned(), scope.region.clone());
    let network = Network::new(&account, &region);
    let (page, token) = scope.read(|state| {
        let mut found = if ids.is_empty() { state.ec2.visible(now) } else { state.ec2.find(&ids, now)? };
        found.sort_by_key(|instance| instance.place());
        found.dedup_by_key(|instance| &instance.id);
        found.retain(|instance| filters.accept(|name, test| has(instance, name, test, &network, now)));
        let (page, token) = paging.cut(found, |instance| page_key(instance));
        Ok::<_, AwsError>((page.into_iter().cloned().collect::<Vec<Instance>>(), token))
    })?;
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        write_reservations(root, &page, &Network::new(&account, &region), &account, now);
        Paging::write(root, token.as_deref());
    }))
}

/// Refuses pages of instances that were asked for by id, as EC2 does.
pub(super) fn refuse_ids_with_pages(ids: &[String], paging: &Paging) -> Result<(), AwsError> {
    if !ids.is_empty() && paging.is_asked() {
        let message = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(AwsError::sender("InvalidParameterCombination", message));
    }
    Ok(())
}

/// A text that sorts as [`Instance::place`] does.
pub(super) fn page_key(instance: &Instance) -> String {
    format!("{:020}/{}/{:010}", instance.created, instance.reservation, instance.index)
}

/// Tells whether one of the instance's values for a filter passes the test.
pub(super) fn has(instance: &Instance, filter: &str, test: &dyn Fn(&str) -> bool, network: &Network, now: i64) -> bool {
    if let Some(key) = filter.strip_prefix("tag:") {
        return instance.tags.get(key).is_some_and(|value| test(value));
    }
    let (state, code) = instance.phase(now).name_and_code();
    match filter {
        "architecture" => test(architecture(instance).as_str()),
        "availability-zone" => test(&instance.zone),
        "client-token" => test(&instance.client_token),
        "hypervisor" => test("xen"),
        "image-id" => test(&instance.image),
        "instance-id" => test(&instance.id),
        "instance-state-code" => test(code),
        "instance-state-name" => test(state),
        "instance-type" => test(&instance.kind),
        "launch-index" => test(&instance.index.to_string()),
        "launch-time" => test(&iso_time(instance.launched)),
        "monitoring-state" => test(if instance.attributes.monitoring { "enabled" } else { "disabled" }),
        "owner-id" => test(network.account()),
        "reason" => test(&instance.reason()),
        "reservation-id" => test(&instance.reservation),
        "root-device-name" => test(images::root_device(&instance.image)),
        "root-device-type" => test("ebs"),
        "source-dest-check" => test(if instance.attributes.source_dest_check { "true" } else { "false" }),
        "state-reason-code" => instance.goal != Goal::Run && test("Client.UserInitiatedShutdown"),
        "tag-key" => instance.tags.keys().any(|key| test(key)),
        "tenancy" => test("default"),
        "virtualization-type" => test("hvm"),
        // A terminated instance has given its place in the network back.
        _ => instance.phase(now) != Phase::Terminated && has_in_network(instance, filter, test, network),
    }
}

/// The filters on an instance's place in the network. There are no public addresses, so `dns-name` and `ip-address`
/// match nothing.
fn has_in_network(instance: &Instance, filter: &str, test: &dyn Fn(&str) -> bool, network: &Network) -> bool {
    match filter {
        "instance.group-id" => test(&network.security_group()),
        "instance.group-name" => test("default"),
        "private-dns-name" => test(&network.private_name(instance.address)),
        "private-ip-address" => test(&instance.address.to_string()),
        "subnet-id" => test(&network.subnet(&instance.zone)),
        "vpc-id" => test(&network.vpc()),
        _ => false,
    }
}
