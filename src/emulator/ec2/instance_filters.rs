//! The filters of `DescribeInstances`: every one that AWS documents. One on what no instance can have here finds nothing.

use super::{
    instance::{Instance, Phase},
    instance_xml::{architecture, state_reason},
    listing::{flag_passes, tag_passes},
    network::Network,
};
use crate::emulator::wire::iso_time;

pub(super) const FILTERS: &[&str] = &[
    "affinity",
    "architecture",
    "availability-zone",
    "availability-zone-id",
    "block-device-mapping.attach-time",
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.status",
    "block-device-mapping.volume-id",
    "boot-mode",
    "capacity-reservation-id",
    "capacity-reservation-specification.capacity-reservation-preference",
    "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id",
    "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
    "client-token",
    "current-instance-boot-mode",
    "dns-name",
    "ebs-optimized",
    "ena-support",
    "enclave-options.enabled",
    "hibernation-options.configured",
    "host-id",
    "hypervisor",
    "iam-instance-profile.arn",
    "iam-instance-profile.id",
    "image-id",
    "instance-id",
    "instance-lifecycle",
    "instance-state-code",
    "instance-state-name",
    "instance-type",
    "instance.group-id",
    "instance.group-name",
    "ip-address",
    "ipv6-address",
    "kernel-id",
    "key-name",
    "launch-index",
    "launch-time",
    "maintenance-options.auto-recovery",
    "metadata-options.http-endpoint",
    "metadata-options.http-protocol-ipv4",
    "metadata-options.http-protocol-ipv6",
    "metadata-options.http-put-response-hop-limit",
    "metadata-options.http-tokens",
    "metadata-options.instance-metadata-tags",
    "metadata-options.state",
    "monitoring-state",
    "network-interface.addresses.association.allocation-id",
    "network-interface.addresses.association.association-id",
    "network-interface.addresses.association.carrier-ip",
    "network-interface.addresses.association.customer-owned-ip",
    "network-interface.addresses.association.ip-owner-id",
    "network-interface.addresses.association.public-dns-name",
    "network-interface.addresses.association.public-ip",
    "network-interface.addresses.primary",
    "network-interface.addresses.private-dns-name",
    "network-interface.addresses.private-ip-address",
    "network-interface.association.allocation-id",
    "network-interface.association.association-id",
    "network-interface.association.carrier-ip",
    "network-interface.association.customer-owned-ip",
    "network-interface.association.ip-owner-id",
    "network-interface.association.public-dns-name",
    "network-interface.association.public-ip",
    "network-interface.attachment.attach-time",
    "network-interface.attachment.attachment-id",
    "network-interface.attachment.delete-on-termination",
    "network-interface.attachment.device-index",
    "network-interface.attachment.instance-id",
    "network-interface.attachment.instance-owner-id",
    "network-interface.attachment.network-card-index",
    "network-interface.attachment.status",
    "network-interface.availability-zone",
    "network-interface.deny-all-igw-traffic",
    "network-interface.description",
    "network-interface.group-id",
    "network-interface.group-name",
    "network-interface.ipv4-prefixes.ipv4-prefix",
    "network-interface.ipv6-address",
    "network-interface.ipv6-addresses.ipv6-address",
    "network-interface.ipv6-addresses.is-primary-ipv6",
    "network-interface.ipv6-native",
    "network-interface.ipv6-prefixes.ipv6-prefix",
    "network-interface.mac-address",
    "network-interface.network-interface-id",
    "network-interface.operator.managed",
    "network-interface.operator.principal",
    "network-interface.outpost-arn",
    "network-interface.owner-id",
    "network-interface.private-dns-name",
    "network-interface.private-ip-address",
    "network-interface.public-dns-name",
    "network-interface.requester-id",
    "network-interface.requester-managed",
    "network-interface.source-dest-check",
    "network-interface.status",
    "network-interface.subnet-id",
    "network-interface.tag-key",
    "network-interface.tag-value",
    "network-interface.vpc-id",
    "network-performance-options.bandwidth-weighting",
    "operator.managed",
    "operator.principal",
    "outpost-arn",
    "owner-id",
    "placement-group-name",
    "placement-partition-number",
    "platform",
    "platform-details",
    "private-dns-name",
    "private-dns-name-options.enable-resource-name-dns-a-record",
    "private-dns-name-options.enable-resource-name-dns-aaaa-record",
    "private-dns-name-options.hostname-type",
    "private-ip-address",
    "product-code",
    "product-code.type",
    "ramdisk-id",
    "reason",
    "requester-id",
    "reservation-id",
    "root-device-name",
    "root-device-type",
    "source-dest-check",
    "spot-instance-request-id",
    "state-reason-code",
    "state-reason-message",
    "subnet-id",
    "tag-key",
    "tag:",
    "tenancy",
    "tpm-support",
    "usage-operation",
    "usage-operation-update-time",
    "virtualization-type",
    "vpc-id",
];

/// Tells whether one of the instance's values for a filter passes the test.
pub(super) fn has(instance: &Instance, filter: &str, test: &dyn Fn(&str) -> bool, network: &Network, now: i64) -> bool {
    if let Some(passes) = tag_passes(&instance.tags, filter, test) {
        return passes;
    }
    let (attributes, options) = (&instance.attributes, &instance.options);
    let (state, code) = instance.phase(now).name_and_code();
    match filter {
        "architecture" => test(architecture(instance).as_str()),
        "availability-zone" => test(&instance.zone),
        "availability-zone-id" => test(&Network::zone_id(&instance.zone)),
        "capacity-reservation-specification.capacity-reservation-preference" => test(&options.capacity),
        "client-token" => test(&instance.client_token),
        "current-instance-boot-mode" => test("legacy-bios"),
        "ebs-optimized" => flag_passes(attributes.ebs_optimized, test),
        "ena-support" => flag_passes(true, test),
        "enclave-options.enabled" => flag_passes(options.has_enclave, test),
        "hibernation-options.configured" | "operator.managed" => flag_passes(false, test),
        "hypervisor" => test("xen"),
        "iam-instance-profile.arn" => instance.profile.as_ref().is_some_and(|profile| test(&profile.arn)),
        "iam-instance-profile.id" => instance.profile.as_ref().is_some_and(|profile| test(&profile.id)),
        "image-id" => test(&instance.image),
        "instance-id" => test(&instance.id),
        "instance-state-code" => test(code),
        "instance-state-name" => test(state),
        "instance-type" => test(&instance.kind),
        "key-name" => instance.key.as_ref().is_some_and(|key| test(key)),
        "launch-index" => test(&instance.index.to_string()),
        "launch-time" => test(&iso_time(instance.launched)),
        "maintenance-options.auto-recovery" => test(&options.recovery),
        "monitoring-state" => test(if attributes.monitoring { "enabled" } else { "disabled" }),
        "owner-id" => test(network.account()),
        "placement-group-name" => options.group.as_ref().is_some_and(|placed| test(&placed.name)),
        "placement-partition-number" => {
            let partition = options.group.as_ref().and_then(|placed| placed.partition);
            partition.is_some_and(|number| test(&number.to_string()))
        }
        "platform-details" => test("Linux/UNIX"),
        "private-dns-name-options.enable-resource-name-dns-a-record" => flag_passes(options.names.has_a, test),
        "private-dns-name-options.enable-resource-name-dns-aaaa-record" => flag_passes(options.names.has_aaaa, test),
        "private-dns-name-options.hostname-type" => test(options.names.kind()),
        "reason" => test(&instance.reason()),
        "reservation-id" => test(&instance.reservation),
        "root-device-name" => test(instance.root_device()),
        "root-device-type" => test("ebs"),
        "source-dest-check" => flag_passes(instance.source_dest_check(), test),
        "state-reason-code" => state_reason(instance, now).is_some_and(|(code, _)| test(code)),
        "state-reason-message" => state_reason(instance, now).is_some_and(|(_, message)| test(message)),
        "tenancy" => test(&options.tenancy),
        "usage-operation" => test("RunInstances"),
        "usage-operation-update-time" => test(&iso_time(instance.created)),
        "virtualization-type" => test("hvm"),
        _ => has_below(instance, filter, test, network, now),
    }
}

/// The filters on parts of an instance, and on its place in the network.
fn has_below(instance: &Instance, filter: &str, test: &dyn Fn(&str) -> bool, network: &Network, now: i64) -> bool {
    if let Some(filter) = filter.strip_prefix("block-device-mapping.") {
        return instance.devices.iter().any(|device| device.has(filter, test));
    }
    if let Some(filter) = filter.strip_prefix("metadata-options.") {
        return instance.options.metadata.has(filter, test);
    }
    // A terminated instance has given its place in the network back.
    if instance.phase(now) == Phase::Terminated {
        return false;
    }
    if let Some(filter) = filter.strip_prefix("network-interface.") {
        return instance.faces(network, now).iter().any(|face| face.has(filter, test));
    }
    let filter = match filter {
        "dns-name" => "public-dns-name",
        "instance.group-id" => "group-id",
        "instance.group-name" => "group-name",
        "ip-address" => "association.public-ip",
        "private-dns-name" | "private-ip-address" | "subnet-id" | "vpc-id" => filter,
        // Nothing here has an outpost, a spot request, a product code, a kernel of its own, …
        _ => return false,
    };
    instance.faces(network, now).first().is_some_and(|face| face.has(filter, test))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::ec2::instance::tests::sample;

    #[test]
    fn every_filter_is_one_of_these_and_finds_what_it_names_only() {
        let region = "us-east-1".parse().unwrap();
        let network = Network::new("000000000000", &region);
        let instance = sample("i-00000000000000001");
        let finds = |filter: &str, value: &str| has(&instance, filter, &|found| found == value, &network, 1000);
        assert!(FILTERS.is_sorted() && FILTERS.len() == 136);
        for (filter, value) in [
            ("network-interface.addresses.private-ip-address", "172.31.0.10"),
            ("network-interface.network-interface-id", "eni-00000000000000001"),
            ("metadata-options.http-tokens", "optional"),
            ("instance.group-name", "default"),
            ("ip-address", "198.18.0.10"),
            ("dns-name", "ec2-198-18-0-10.compute-1.amazonaws.com"),
            ("vpc-id", &network.vpc()),
        ] {
            assert!(finds(filter, value), "{filter}");
            assert!(!finds(filter, "no"), "{filter}");
        }
        let finds_nothing = |filter: &str| !has(&instance, filter, &|_| true, &network, 1000);
        for filter in ["key-name", "iam-instance-profile.arn", "block-device-mapping.volume-id", "outpost-arn"] {
            assert!(finds_nothing(filter), "{filter}");
        }
    }
}
