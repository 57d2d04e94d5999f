//! The instance types: the families that a test, a tutorial or a Terraform plan is likely to name. `types.txt` has them,
//! a line each; none is made up.

use super::{filter::Filters, network::Network, paging::Paging};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, xml},
};
use std::sync::LazyLock;

/// A processor architecture, as EC2 names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Architecture {
    X86,
    Arm,
}

impl Architecture {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        }
    }
}

/// One instance type.
#[derive(Debug)]
pub(super) struct InstanceType {
    pub(super) name: String,
    pub(super) architecture: Architecture,
    pub(super) cpus: u32,
    /// MiB.
    pub(super) memory: u32,
    pub(super) is_burstable: bool,
    pub(super) hypervisor: &'static str,
}

/// Every type: family, generation of the network, size, processors, memory in MiB.
static TYPES: LazyLock<Vec<InstanceType>> = LazyLock::new(|| {
    let types = include_str!("types.txt").lines().filter_map(InstanceType::parse);
    let mut types: Vec<InstanceType> = types.collect();
    types.sort_by(|a, b| a.name.cmp(&b.name));
    types
});

impl InstanceType {
    /// Reads `t3.micro x86_64 2 1024`.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (name, architecture) = (words.next()?.to_owned(), words.next()?);
        let (cpus, memory) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let family = name.split('.').next()?;
        let is_old = matches!(family, "t1" | "t2" | "m1" | "m4" | "c4" | "r4");
        Some(Self {
            architecture: if architecture == "arm64" { Architecture::Arm } else { Architecture::X86 },
            cpus,
            memory,
            is_burstable: family.starts_with('t') && family != "t1",
            hypervisor: if is_old { "xen" } else { "nitro" },
            name,
        })
    }
}

/// Those on what the answer shows of a type.
const FILTERS: &[&str] = &[
    "auto-recovery-supported",
    "bare-metal",
    "burstable-performance-supported",
    "current-generation",
    "dedicated-hosts-supported",
    "ebs-info.ebs-optimized-support",
    "ebs-info.encryption-support",
    "ebs-info.nvme-support",
    "free-tier-eligible",
    "hibernation-supported",
    "hypervisor",
    "instance-storage-supported",
    "instance-type",
    "memory-info.size-in-mib",
    "network-info.efa-supported",
    "network-info.ena-support",
    "network-info.encryption-in-transit-supported",
    "network-info.ipv4-addresses-per-interface",
    "network-info.ipv6-addresses-per-interface",
    "network-info.ipv6-supported",
    "network-info.maximum-network-cards",
    "network-info.maximum-network-interfaces",
    "network-info.network-performance",
    "processor-info.supported-architecture",
    "supported-boot-mode",
    "supported-root-device-type",
    "supported-usage-class",
    "supported-virtualization-type",
    "vcpu-info.default-cores",
    "vcpu-info.default-threads-per-core",
    "vcpu-info.default-vcpus",
];

/// Finds a type by its name.
pub(super) fn find(name: &str) -> Option<&'static InstanceType> {
    let types: &'static [InstanceType] = &TYPES;
    types.binary_search_by(|known| known.name.as_str().cmp(name)).ok().map(|at| &types[at])
}

/// `DescribeInstanceTypes`.
pub(super) fn describe_types(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((names, filters, paging, dry), _) = operation.query(|params| {
        let (names, filters) = (params.list("InstanceType")?, Filters::take(params, FILTERS)?);
        Ok((names, filters, Paging::take(params, 100)?, super::take_dry_run(params)?))
    })?;
    let unknown: Vec<&str> = names.iter().filter(|name| find(name).is_none()).map(String::as_str).collect();
    if !unknown.is_empty() {
        let message = format!("The following supplied instance types do not exist: [{}]", unknown.join(", "));
        return Err(AwsError::sender("InvalidInstanceType", message));
    }
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        let types = TYPES.iter().filter(|each| names.is_empty() || names.contains(&each.name));
        let types = types.filter(|each| filters.accept(|name, test| each.has(name, test)));
        let (types, token) = paging.cut(types, |each: &&InstanceType| each.name.clone());
        xml::list(root, "instanceTypeSet", "item", types, |item, each| each.write(item));
        Paging::write(root, token.as_deref());
    }))
}

/// `DescribeInstanceTypeOfferings`: every type is offered everywhere.
pub(super) fn describe_offerings(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (account, region) = (operation.account().to_owned(), operation.region().clone());
    let kinds = ["availability-zone", "availability-zone-id", "outpost", "region"];
    let ((kind, filters, paging, dry), _) = operation.query(|params| {
        let kind = params.one_of("LocationType", &kinds)?.unwrap_or_else(|| "region".to_owned());
        let filters = Filters::take(params, &["instance-type", "location"])?;
        Ok((kind, filters, Paging::take(params, 1000)?, super::take_dry_run(params)?))
    })?;
    super::dry_run(dry)?;
    let zones = Network::new(&account, &region).zones();
    let places: Vec<String> = match kind.as_str() {
        "region" => vec![region.to_string()],
        "availability-zone" => zones.to_vec(),
        "availability-zone-id" => zones.iter().map(|zone| Network::zone_id(zone)).collect(),
        _ => Vec::new(),
    };
    Ok(Output::xml(move |root| {
        let offerings =
            TYPES.iter().flat_map(|each| places.iter().map(move |place| (each.name.as_str(), place.as_str())));
        let offerings = offerings.filter(|&(name, place)| {
            filters.accept(|filter, test| test(if filter == "location" { place } else { name }))
        });
        let (page, token) = paging.cut(offerings, |(name, place)| format!("{name}/{place}"));
        xml::list(root, "instanceTypeOfferingSet", "item", page, |item, (name, place)| {
            xml::text(item, "instanceType", name);
            xml::text(item, "locationType", &kind);
            xml::text(item, "location", place);
        });
        Paging::write(root, token.as_deref());
    }))
}

impl InstanceType {
    /// The threads of a core: Graviton's processors have one, and so have the first families.
    pub(super) fn threads(&self) -> u32 {
        let has_one = self.architecture == Architecture::Arm || self.is_early() || self.cpus == 1;
        if has_one { 1 } else { 2 }
    }

    fn family(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    fn size(&self) -> &str {
        self.name.split('.').nth(1).unwrap_or_default()
    }

    /// Whether it is of the first families, of whose processors EC2 tells no threads.
    fn is_early(&self) -> bool {
        matches!(self.family(), "t1" | "t2" | "m1")
    }

    /// Whether it can be in a cluster placement group.
    pub(super) fn is_for_clusters(&self) -> bool {
        !(self.is_burstable || self.is_early())
    }

    /// The architectures of images that it runs, as EC2 names them.
    fn architectures(&self) -> &'static [&'static str] {
        let is_small = matches!(self.size(), "nano" | "micro" | "small" | "medium");
        match self.architecture {
            Architecture::Arm => &["arm64"],
            Architecture::X86 if self.is_early() && is_small => &["i386", "x86_64"],
            Architecture::X86 => &["x86_64"],
        }
    }

    /// Who made the processor: Graviton is AWS's own, and AMD's families end in `a`.
    fn manufacturer(&self) -> &'static str {
        match self.architecture {
            Architecture::Arm => "AWS",
            Architecture::X86 if self.family().ends_with('a') => "AMD",
            Architecture::X86 => "Intel",
        }
    }

    /// How an image may boot.
    fn boot_modes(&self) -> &'static [&'static str] {
        match self.architecture {
            Architecture::Arm => &["uefi"],
            Architecture::X86 if self.is_nitro() => &["legacy-bios", "uefi"],
            Architecture::X86 => &["legacy-bios"],
        }
    }

    /// Whether one of its values for a filter passes the test.
    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "processor-info.supported-architecture" => self.architectures().iter().any(|known| test(known)),
            "supported-boot-mode" => self.boot_modes().iter().any(|known| test(known)),
            _ => self.filter_value(filter).is_some_and(|value| test(&value)),
        }
    }

    fn is_current(&self) -> bool {
        !matches!(self.family(), "t1" | "m1" | "m4" | "c4" | "r4")
    }

    /// Its value for a filter that has a single one, if it has one.
    fn filter_value(&self, name: &str) -> Option<String> {
        Some(match name {
            "burstable-performance-supported" => self.is_burstable.to_string(),
            "current-generation" => self.is_current().to_string(),
            "ebs-info.ebs-optimized-support" => self.ebs_optimized().to_owned(),
            "ebs-info.encryption-support" => "supported".to_owned(),
            "ebs-info.nvme-support" => self.needed_by_nitro().to_owned(),
            "free-tier-eligible" => self.is_free().to_string(),
            "hypervisor" => self.hypervisor.to_owned(),
            "instance-type" => self.name.clone(),
            "memory-info.size-in-mib" => self.memory.to_string(),
            "network-info.ena-support" => self.ena_support().to_owned(),
            "network-info.ipv4-addresses-per-interface" | "network-info.ipv6-addresses-per-interface" => {
                self.network().1.to_string()
            }
            "network-info.ipv6-supported" => self.has_ipv6().to_string(),
            "network-info.maximum-network-cards" => 1.to_string(),
            "network-info.maximum-network-interfaces" => self.network().0.to_string(),
            "network-info.network-performance" => self.performance()?.to_owned(),
            "supported-root-device-type" => "ebs".to_owned(),
            "supported-usage-class" => "on-demand".to_owned(),
            "supported-virtualization-type" => "hvm".to_owned(),
            "vcpu-info.default-cores" => (self.cpus / self.threads()).to_string(),
            "vcpu-info.default-threads-per-core" => self.threads().to_string(),
            "vcpu-info.default-vcpus" => self.cpus.to_string(),
            // No type is shown to have more: bare metal, disks of its own, hibernation, …
            _ => false.to_string(),
        })
    }

    fn is_free(&self) -> bool {
        matches!(self.name.as_str(), "t2.micro" | "t3.micro")
    }

    /// Whether volumes have a network of their own.
    fn ebs_optimized(&self) -> &'static str {
        match (self.family(), self.size()) {
            ("m1", "large" | "xlarge") => "supported",
            _ if self.is_early() => "unsupported",
            _ => "default",
        }
    }

    /// What Nitro does not go without, and Xen does not have here.
    fn needed_by_nitro(&self) -> &'static str {
        if self.is_nitro() { "required" } else { "unsupported" }
    }

    /// Whether enhanced networking goes by ENA.
    fn ena_support(&self) -> &'static str {
        let may = self.family() == "r4" || self.name == "m4.16xlarge";
        if may { "supported" } else { self.needed_by_nitro() }
    }

    /// Only the first families do without.
    fn has_ipv6(&self) -> bool {
        !matches!(self.family(), "t1" | "m1")
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "instanceType", &self.name);
        xml::text(item, "currentGeneration", &self.is_current().to_string());
        xml::text(item, "freeTierEligible", &self.is_free().to_string());
        xml::texts(item, "supportedUsageClasses", "item", ["on-demand"]);
        xml::texts(item, "supportedRootDeviceTypes", "item", ["ebs"]);
        xml::texts(item, "supportedVirtualizationTypes", "item", ["hvm"]);
        xml::text(item, "bareMetal", "false");
        xml::text(item, "hypervisor", self.hypervisor);
        xml::element(item, "processorInfo", |processor| {
            xml::texts(processor, "supportedArchitectures", "item", self.architectures().iter().copied());
            xml::text(processor, "manufacturer", self.manufacturer());
        });
        xml::element(item, "vCpuInfo", |cpus| {
            xml::text(cpus, "defaultVCpus", &self.cpus.to_string());
            xml::text(cpus, "defaultCores", &(self.cpus / self.threads()).to_string());
            xml::text(cpus, "defaultThreadsPerCore", &self.threads().to_string());
        });
        xml::element(item, "memoryInfo", |memory| xml::text(memory, "sizeInMiB", &self.memory.to_string()));
        xml::text(item, "instanceStorageSupported", "false");
        self.write_surroundings(item);
        xml::text(item, "hibernationSupported", "false");
        xml::text(item, "burstablePerformanceSupported", &self.is_burstable.to_string());
        xml::text(item, "dedicatedHostsSupported", "false");
        xml::text(item, "autoRecoverySupported", "false");
        xml::texts(item, "supportedBootModes", "item", self.boot_modes().iter().copied());
    }

    fn is_nitro(&self) -> bool {
        self.hypervisor == "nitro"
    }

    /// Writes what disks, network and placement the type can have.
    fn write_surroundings(&self, item: &mut xml::Element) {
        xml::element(item, "ebsInfo", |ebs| {
            xml::text(ebs, "ebsOptimizedSupport", self.ebs_optimized());
            xml::text(ebs, "encryptionSupport", "supported");
            xml::text(ebs, "nvmeSupport", self.needed_by_nitro());
        });
        let (interfaces, addresses) = self.network();
        xml::element(item, "networkInfo", |network| {
            if let Some(performance) = self.performance() {
                xml::text(network, "networkPerformance", performance);
            }
            xml::text(network, "maximumNetworkInterfaces", &interfaces.to_string());
            xml::text(network, "maximumNetworkCards", "1");
            xml::text(network, "defaultNetworkCardIndex", "0");
            xml::text(network, "ipv4AddressesPerInterface", &addresses.to_string());
            xml::text(network, "ipv6AddressesPerInterface", &addresses.to_string());
            xml::text(network, "ipv6Supported", &self.has_ipv6().to_string());
            xml::text(network, "enaSupport", self.ena_support());
            xml::text(network, "efaSupported", "false");
            xml::text(network, "encryptionInTransitSupported", "false");
        });
        xml::element(item, "placementGroupInfo", |placement| {
            let all = ["cluster", "partition", "spread"];
            let strategies = if self.is_for_clusters() { &all[..] } else { &all[1..] };
            xml::texts(placement, "supportedStrategies", "item", strategies.iter().copied());
        });
    }

    /// How fast the network is said to be; of most types that goes by the size, and is not told here.
    fn performance(&self) -> Option<&'static str> {
        match self.family() {
            "t1" => Some("Very Low"),
            "t2" => Some("Low to Moderate"),
            "t3" | "t3a" | "t4g" => Some("Up to 5 Gigabit"),
            _ => None,
        }
    }

    /// The most interfaces, and the addresses of each: by the size, but for a few.
    fn network(&self) -> (u32, u32) {
        match self.name.as_str() {
            "m1.medium" => return (2, 6),
            "m4.large" => return (2, 10),
            "m4.16xlarge" => return (8, 30),
            "t2.xlarge" | "t2.2xlarge" => return (3, 15),
            "t3a.small" => return (2, 4),
            _ => {}
        }
        match (self.size(), self.is_burstable) {
            ("nano" | "micro", _) => (2, 2),
            ("small", true) => (3, 4),
            ("medium", true) => (3, 6),
            ("large", true) => (3, 12),
            ("small" | "medium", false) => (2, 4),
            ("large", false) => (3, 10),
            ("xlarge" | "2xlarge", _) => (4, 15),
            ("4xlarge" | "8xlarge" | "9xlarge" | "10xlarge" | "12xlarge", _) => (8, 30),
            _ => (15, 50),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_has_the_value_that_the_answer_shows() {
        let value = |kind: &str, filter: &str| find(kind).unwrap().filter_value(filter).unwrap_or_default();
        for (filter, micro, large) in [
            ("bare-metal", "false", "false"),
            ("ebs-info.ebs-optimized-support", "unsupported", "default"),
            ("ebs-info.nvme-support", "unsupported", "required"),
            ("free-tier-eligible", "true", "false"),
            ("network-info.ena-support", "unsupported", "required"),
            ("network-info.ipv4-addresses-per-interface", "2", "10"),
            ("network-info.ipv6-supported", "true", "true"),
            ("network-info.network-performance", "Low to Moderate", ""),
            ("supported-usage-class", "on-demand", "on-demand"),
            ("vcpu-info.default-cores", "1", "1"),
            ("vcpu-info.default-threads-per-core", "1", "2"),
        ] {
            assert!(FILTERS.contains(&filter));
            assert_eq!((value("t2.micro", filter), value("c5.large", filter)), (micro.to_owned(), large.to_owned()));
        }
        assert!(FILTERS.is_sorted());
    }

    #[test]
    fn a_filter_on_what_a_type_has_more_than_one_of_finds_each() {
        let has = |kind: &str, filter: &str, value: &str| find(kind).unwrap().has(filter, &|known| known == value);
        let architecture = "processor-info.supported-architecture";
        for (kind, values) in
            [("t2.medium", "i386 x86_64"), ("t2.large", "x86_64"), ("c5.large", "x86_64"), ("t4g.small", "arm64")]
        {
            let known = ["i386", "x86_64", "arm64"].into_iter().filter(|value| has(kind, architecture, value));
            assert_eq!(known.collect::<Vec<_>>().join(" "), values, "{kind}");
        }
        for (kind, old, new) in [("t2.micro", true, false), ("c5.large", true, true), ("m7g.medium", false, true)] {
            let modes = ["legacy-bios", "uefi"].map(|mode| has(kind, "supported-boot-mode", mode));
            assert_eq!(modes, [old, new], "{kind}");
        }
        assert!(FILTERS.contains(&architecture) && FILTERS.contains(&"supported-boot-mode"));
    }

    /// From the answers of AWS that moto has recorded (`instance_types.json`).
    #[test]
    fn a_type_is_what_aws_says_of_it() {
        for (name, manufacturer, threads, ena, network) in [
            ("t1.micro", "Intel", 1, "unsupported", (2, 2)),
            ("m1.medium", "Intel", 1, "unsupported", (2, 6)),
            ("t2.xlarge", "Intel", 1, "unsupported", (3, 15)),
            ("t3a.small", "AMD", 2, "required", (2, 4)),
            ("c4.large", "Intel", 2, "unsupported", (3, 10)),
            ("m4.16xlarge", "Intel", 2, "supported", (8, 30)),
            ("r4.large", "Intel", 2, "supported", (3, 10)),
            ("m6a.large", "AMD", 2, "required", (3, 10)),
            ("c7g.large", "AWS", 1, "required", (3, 10)),
        ] {
            let kind = find(name).unwrap();
            let found = (kind.manufacturer(), kind.threads(), kind.ena_support(), kind.network());
            assert_eq!(found, (manufacturer, threads, ena, network), "{name}");
        }
        let optimized = ["m1.small", "m1.large", "m4.large"].map(|name| find(name).unwrap().ebs_optimized());
        assert_eq!(optimized, ["unsupported", "supported", "default"]);
        let clustered = ["m1.small", "t3.micro", "m4.large"].map(|name| find(name).unwrap().is_for_clusters());
        assert_eq!(clustered, [false, false, true]);
        assert!(!find("m1.small").unwrap().has_ipv6() && find("m4.large").unwrap().has_ipv6());
    }

    #[test]
    fn types_are_found_by_their_exact_name() {
        let micro = find("t2.micro").unwrap();
        assert_eq!((micro.cpus, micro.memory, micro.architecture), (1, 1024, Architecture::X86));
        assert_eq!(find("c7g.large").unwrap().memory, 4096);
        assert_eq!(find("r5.large").unwrap().memory, 16_384);
        assert_eq!((find("c5.9xlarge").unwrap().memory, find("m7g.medium").unwrap().memory), (73_728, 4096));
        assert_eq!(find("t1.micro").map(|micro| (micro.memory, micro.is_burstable)), Some((627, false)));
        assert_eq!(TYPES.len(), include_str!("types.txt").lines().count());
        for unknown in ["", "t2", "t2.", "T2.micro", "t9.micro", "c5.8xlarge", "c6g.24xlarge"] {
            assert!(find(unknown).is_none(), "{unknown}");
        }
    }
}
