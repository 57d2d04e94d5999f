//! The instance types: the families that a test, a tutorial or a Terraform plan is likely to name.

use super::{filter::Filters, paging::Paging};
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

/// Sizes of a family with their processors and their memory in MiB.
type Sizes = &'static [(&'static str, u32, u32)];

const T2: Sizes = &[
    ("nano", 1, 512),
    ("micro", 1, 1024),
    ("small", 1, 2048),
    ("medium", 2, 4096),
    ("large", 2, 8192),
    ("xlarge", 4, 16_384),
    ("2xlarge", 8, 32_768),
];
const T3: Sizes = &[
    ("nano", 2, 512),
    ("micro", 2, 1024),
    ("small", 2, 2048),
    ("medium", 2, 4096),
    ("large", 2, 8192),
    ("xlarge", 4, 16_384),
    ("2xlarge", 8, 32_768),
];
/// The general families; those for computing have half the memory of their sizes, those for memory twice.
const M: Sizes = &[
    ("large", 2, 8192),
    ("xlarge", 4, 16_384),
    ("2xlarge", 8, 32_768),
    ("4xlarge", 16, 65_536),
    ("8xlarge", 32, 131_072),
    ("12xlarge", 48, 196_608),
    ("16xlarge", 64, 262_144),
    ("24xlarge", 96, 393_216),
];
const C5: Sizes = &[
    ("large", 2, 8192),
    ("xlarge", 4, 16_384),
    ("2xlarge", 8, 32_768),
    ("4xlarge", 16, 65_536),
    ("9xlarge", 36, 147_456),
    ("12xlarge", 48, 196_608),
    ("18xlarge", 72, 294_912),
    ("24xlarge", 96, 393_216),
];
/// The families with Graviton processors.
const ARM: Sizes = &[
    ("medium", 1, 4096),
    ("large", 2, 8192),
    ("xlarge", 4, 16_384),
    ("2xlarge", 8, 32_768),
    ("4xlarge", 16, 65_536),
    ("8xlarge", 32, 131_072),
    ("12xlarge", 48, 196_608),
    ("16xlarge", 64, 262_144),
];

const X86_FAMILIES: [&str; 8] = ["c6i", "c7i", "m5", "m6i", "m7i", "r5", "r6i", "r7i"];
const ARM_FAMILIES: [&str; 6] = ["c6g", "c7g", "m6g", "m7g", "r6g", "r7g"];

static TYPES: LazyLock<Vec<InstanceType>> = LazyLock::new(|| {
    let mut types = Vec::new();
    let mut add = |family: &str, architecture, sizes: Sizes| {
        for (size, cpus, memory) in sizes {
            let memory = match family.as_bytes()[0] {
                b'c' => memory / 2,
                b'r' => memory * 2,
                _ => *memory,
            };
            types.push(InstanceType {
                name: format!("{family}.{size}"),
                architecture,
                cpus: *cpus,
                memory,
                is_burstable: family.starts_with('t'),
                hypervisor: if matches!(family, "t2" | "m1") { "xen" } else { "nitro" },
            });
        }
    };
    add("m1", Architecture::X86, &[("small", 1, 1740)]);
    add("t2", Architecture::X86, T2);
    add("t3", Architecture::X86, T3);
    add("t3a", Architecture::X86, T3);
    add("t4g", Architecture::Arm, T3);
    add("c5", Architecture::X86, C5);
    for family in X86_FAMILIES {
        add(family, Architecture::X86, M);
    }
    for family in ARM_FAMILIES {
        add(family, Architecture::Arm, ARM);
    }
    types.sort_by(|a, b| a.name.cmp(&b.name));
    types
});

/// Finds a type by its name.
pub(super) fn find(name: &str) -> Option<&'static InstanceType> {
    let types: &'static [InstanceType] = &TYPES;
    types.binary_search_by(|known| known.name.as_str().cmp(name)).ok().map(|at| &types[at])
}

/// `DescribeInstanceTypes`.
pub(super) fn describe_types(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = [
        "burstable-performance-supported",
        "current-generation",
        "hypervisor",
        "instance-type",
        "memory-info.size-in-mib",
        "processor-info.supported-architecture",
        "vcpu-info.default-vcpus",
    ];
    let ((names, filters, paging, dry), _) = operation.query(|params| {
        let (names, filters) = (params.list("InstanceType")?, Filters::take(params, &known)?);
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
        let types = types.filter(|each| filters.accept(|name, test| test(&each.filter_value(name))));
        let (types, token) = paging.cut(types, |each: &&InstanceType| each.name.clone());
        xml::list(root, "instanceTypeSet", "item", types, |item, each| each.write(item));
        Paging::write(root, token.as_deref());
    }))
}

impl InstanceType {
    /// The threads of a core: Graviton's processors have one, and so have virtual ones without Nitro.
    pub(super) fn threads(&self) -> u32 {
        let has_one = self.architecture == Architecture::Arm || self.hypervisor == "xen" || self.cpus == 1;
        if has_one { 1 } else { 2 }
    }

    fn is_current(&self) -> bool {
        !self.name.starts_with("m1.")
    }

    fn filter_value(&self, name: &str) -> String {
        match name {
            "burstable-performance-supported" => self.is_burstable.to_string(),
            "current-generation" => self.is_current().to_string(),
            "hypervisor" => self.hypervisor.to_owned(),
            "memory-info.size-in-mib" => self.memory.to_string(),
            "processor-info.supported-architecture" => self.architecture.as_str().to_owned(),
            "vcpu-info.default-vcpus" => self.cpus.to_string(),
            _ => self.name.clone(),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "instanceType", &self.name);
        xml::text(item, "currentGeneration", &self.is_current().to_string());
        xml::text(item, "freeTierEligible", &matches!(self.name.as_str(), "t2.micro" | "t3.micro").to_string());
        xml::texts(item, "supportedUsageClasses", "item", ["on-demand"]);
        xml::texts(item, "supportedRootDeviceTypes", "item", ["ebs"]);
        xml::texts(item, "supportedVirtualizationTypes", "item", ["hvm"]);
        xml::text(item, "bareMetal", "false");
        xml::text(item, "hypervisor", self.hypervisor);
        xml::element(item, "processorInfo", |processor| {
            let architectures = [self.architecture.as_str()];
            xml::texts(processor, "supportedArchitectures", "item", architectures);
        });
        xml::element(item, "vCpuInfo", |cpus| xml::text(cpus, "defaultVCpus", &self.cpus.to_string()));
        xml::element(item, "memoryInfo", |memory| xml::text(memory, "sizeInMiB", &self.memory.to_string()));
        xml::text(item, "instanceStorageSupported", "false");
        xml::text(item, "hibernationSupported", "false");
        xml::text(item, "burstablePerformanceSupported", &self.is_burstable.to_string());
        xml::text(item, "dedicatedHostsSupported", "false");
        xml::text(item, "autoRecoverySupported", "false");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_their_exact_name() {
        let micro = find("t2.micro").unwrap();
        assert_eq!((micro.cpus, micro.memory, micro.architecture), (1, 1024, Architecture::X86));
        assert_eq!(find("c7g.large").unwrap().memory, 4096);
        assert_eq!(find("r5.large").unwrap().memory, 16_384);
        assert_eq!((find("c5.9xlarge").unwrap().memory, find("m7g.medium").unwrap().memory), (73_728, 4096));
        for unknown in ["", "t2", "t2.", "T2.micro", "t9.micro", "c5.8xlarge", "c6g.24xlarge"] {
            assert!(find(unknown).is_none(), "{unknown}");
        }
    }
}
