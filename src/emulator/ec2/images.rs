//! Images: a few to be found by name, those of one's own, and any other well-formed id as an image without a name.
//! Workshops and tutorials write image ids of their own; nothing boots from them here.

use super::{
    catalog::Architecture,
    kind,
    listing::{Listing, Record, Tags, flag_passes},
    own_images::OwnImage,
    volumes::{Mapping, Shape},
};
use crate::{
    emulator::{
        service::{Operation, Output, Scope},
        wire::{AwsError, xml},
    },
    lenience::Lean,
    secret::hex,
};
use sha2::{Digest, Sha256};

/// An image that `DescribeImages` lists.
struct Image {
    id: &'static str,
    name: &'static str,
    architecture: Architecture,
    owner: &'static Owner,
    root: &'static str,
    /// The volume that it starts from: GiB, and the type.
    volume: (u32, &'static str),
    created: &'static str,
}

/// Whose an image is.
struct Owner {
    id: &'static str,
    /// The short name (`amazon`), empty where there is none.
    alias: &'static str,
}

const AMAZON: Owner = Owner { id: "137112412989", alias: "amazon" };
const MICROSOFT: Owner = Owner { id: "801119661308", alias: "amazon" };
const CANONICAL: Owner = Owner { id: "099720109477", alias: "" };
const DEBIAN: Owner = Owner { id: "136693071363", alias: "" };

/// Those that examples ask for by their names. What `most_recent` finds of Amazon's is Amazon Linux 2023.
const IMAGES: [Image; 13] = [
    Image {
        id: "ami-0a1b2c3d4e5f60001",
        name: "al2023-ami-2023.6.20250107.0-kernel-6.1-x86_64",
        architecture: Architecture::X86,
        owner: &AMAZON,
        root: "/dev/xvda",
        volume: (8, "gp3"),
        created: "2025-01-07T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60002",
        name: "al2023-ami-2023.6.20250107.0-kernel-6.1-arm64",
        architecture: Architecture::Arm,
        owner: &AMAZON,
        root: "/dev/xvda",
        volume: (8, "gp3"),
        created: "2025-01-07T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60003",
        name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250115",
        architecture: Architecture::X86,
        owner: &CANONICAL,
        root: "/dev/sda1",
        volume: (8, "gp3"),
        created: "2025-01-15T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60004",
        name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20250115",
        architecture: Architecture::Arm,
        owner: &CANONICAL,
        root: "/dev/sda1",
        volume: (8, "gp3"),
        created: "2025-01-15T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60005",
        name: "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20250112",
        architecture: Architecture::X86,
        owner: &CANONICAL,
        root: "/dev/sda1",
        volume: (8, "gp2"),
        created: "2025-01-12T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60006",
        name: "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-arm64-server-20250112",
        architecture: Architecture::Arm,
        owner: &CANONICAL,
        root: "/dev/sda1",
        volume: (8, "gp2"),
        created: "2025-01-12T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60007",
        name: "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-amd64-server-20250111",
        architecture: Architecture::X86,
        owner: &CANONICAL,
        root: "/dev/sda1",
        volume: (8, "gp2"),
        created: "2025-01-11T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60008",
        name: "amzn2-ami-hvm-2.0.20241217.0-x86_64-gp2",
        architecture: Architecture::X86,
        owner: &AMAZON,
        root: "/dev/xvda",
        volume: (8, "gp2"),
        created: "2024-12-17T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60009",
        name: "amzn2-ami-hvm-2.0.20241217.0-arm64-gp2",
        architecture: Architecture::Arm,
        owner: &AMAZON,
        root: "/dev/xvda",
        volume: (8, "gp2"),
        created: "2024-12-17T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60010",
        name: "amzn2-ami-kernel-5.10-hvm-2.0.20241217.0-x86_64-gp2",
        architecture: Architecture::X86,
        owner: &AMAZON,
        root: "/dev/xvda",
        volume: (8, "gp2"),
        created: "2024-12-17T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60011",
        name: "debian-12-amd64-20250115-1993",
        architecture: Architecture::X86,
        owner: &DEBIAN,
        root: "/dev/xvda",
        volume: (8, "gp3"),
        created: "2025-01-15T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60012",
        name: "debian-12-arm64-20250115-1993",
        architecture: Architecture::Arm,
        owner: &DEBIAN,
        root: "/dev/xvda",
        volume: (8, "gp3"),
        created: "2025-01-15T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60013",
        name: "Windows_Server-2022-English-Full-Base-2024.12.13",
        architecture: Architecture::X86,
        owner: &MICROSOFT,
        root: "/dev/sda1",
        volume: (30, "gp2"),
        created: "2024-12-13T00:00:00.000Z",
    },
];

/// Refuses what cannot be an image id. AWS's have 8 or 17 hex digits, those of local engines (`ami-ff0fea8310f3`) a number
/// in between.
pub(super) fn check_id(id: &str) -> Result<(), AwsError> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let message = match id.strip_prefix("ami-") {
        Some(rest) if (8..=17).contains(&rest.len()) && rest.bytes().all(is_digit) => return Ok(()),
        Some(_) => format!("Invalid id: \"{id}\""),
        None => format!("Invalid id: \"{id}\" (expecting \"ami-...\")"),
    };
    Err(AwsError::sender("InvalidAMIID.Malformed", message))
}

/// The id that a launch means: the newest image that a public parameter of Systems Manager names, where it says so
/// (`resolve:ssm:/aws/service/…`).
pub(super) fn resolve(asked: String) -> Result<String, AwsError> {
    let Some(parameter) = asked.strip_prefix("resolve:ssm:") else { return Ok(asked) };
    let name = parameter.strip_prefix("/aws/service/ami-amazon-linux-latest/al2023-ami-").unwrap_or_default();
    let found = IMAGES.iter().find(|image| {
        let wanted = if image.architecture == Architecture::Arm { "arm64" } else { "x86_64" };
        image.name.starts_with("al2023-ami-") && name.ends_with(wanted)
    });
    found.map(|image| image.id.to_owned()).ok_or_else(|| {
        let message = format!("The parameter '{parameter}' was not found, or names no image.");
        AwsError::sender("InvalidParameterValue", message)
    })
}

/// Refuses to launch from what cannot be an image id; a lenient engine takes what is written like one (`ami-test`).
pub(super) fn check_launch(scope: &Scope<'_>, id: &str) -> Result<(), AwsError> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_like_one =
        id.strip_prefix("ami-").is_some_and(|rest| (1..=32).contains(&rest.len()) && rest.bytes().all(is_plain));
    check_id(id).or_else(|error| {
        let is_let = is_like_one && scope.lets(&Lean::Image { image: id.to_owned() });
        if is_let { Ok(()) } else { Err(error) }
    })
}

/// Whether `DescribeImages` lists an image.
pub(super) fn is_listed(id: &str) -> bool {
    IMAGES.iter().any(|image| image.id == id)
}

/// The architecture of an image, where it is known.
pub(super) fn architecture(id: &str) -> Option<Architecture> {
    IMAGES.iter().find(|image| image.id == id).map(|image| image.architecture)
}

/// The name of the device that an image starts from.
pub(super) fn root_device(id: &str) -> &'static str {
    IMAGES.iter().find(|image| image.id == id).map_or("/dev/xvda", |image| image.root)
}

/// Whether instances of an image answer for their metadata to whoever has a token only, unless it is said.
pub(super) fn knows_version_2(id: &str) -> bool {
    IMAGES.iter().any(|image| image.id == id && image.name.starts_with("al2023-"))
}

/// The devices of an image: the one that it starts from.
pub(super) fn devices(id: &str) -> Vec<Mapping> {
    let digest = hex(&Sha256::digest(id.as_bytes()));
    let (size, kind) = IMAGES.iter().find(|image| image.id == id).map_or((8, "gp3"), |image| image.volume);
    let is_gp3 = kind == "gp3";
    vec![Mapping {
        name: root_device(id).to_owned(),
        // Whose it is nobody is told: AWS's are not shown either.
        snapshot: format!("snap-{}", &digest[..17]),
        shape: Shape {
            size,
            kind: kind.to_owned(),
            // The speed of gp2 follows from its size, and is its least up to 33 GiB.
            iops: Some(if is_gp3 { 3000 } else { 100 }),
            throughput: is_gp3.then_some(125),
            is_encrypted: false,
            key: None,
        },
        delete_on_termination: true,
    }]
}

/// The root device of an image of which no snapshot was said, as large as those of Linux are.
pub(super) fn blank(name: &str) -> Mapping {
    let root = devices("").remove(0);
    Mapping { name: name.to_owned(), snapshot: String::new(), ..root }
}

const FILTERS: &[&str] = &[
    "architecture",
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.encrypted",
    "block-device-mapping.snapshot-id",
    "block-device-mapping.volume-size",
    "block-device-mapping.volume-type",
    "creation-date",
    "description",
    "ena-support",
    "free-tier-eligible",
    "hypervisor",
    "image-allowed",
    "image-id",
    "image-type",
    "is-public",
    "kernel-id",
    "manifest-location",
    "name",
    "owner-alias",
    "owner-id",
    "platform",
    "product-code",
    "product-code.type",
    "ramdisk-id",
    "root-device-name",
    "root-device-type",
    "source-image-id",
    "source-image-region",
    "source-instance-id",
    "sriov-net-support",
    "state",
    "state-reason-code",
    "state-reason-message",
    "virtualization-type",
];

/// An image as a listing shows it.
struct Shown {
    id: String,
    /// Nothing where it belongs to somebody else.
    own: Option<OwnImage>,
    account: String,
    tags: Tags,
}

/// `DescribeImages`: those of [`IMAGES`], the account's own, and any other that is asked for by its id.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((owners, users, listing), scope) = operation.query(|params| {
        // None is deprecated or disabled.
        params.flag("IncludeDeprecated")?;
        params.flag("IncludeDisabled")?;
        let (owners, users) = (params.list("Owner")?, params.list("ExecutableBy")?);
        Ok((owners, users, Listing::take(params, "ImageId", FILTERS)?))
    })?;
    listing.ids.iter().try_for_each(|id| check_id(id))?;
    let account = scope.account().to_owned();
    let mut shown = scope.read(|state| {
        let show = |id: &str, own: Option<&OwnImage>| Shown {
            id: id.to_owned(),
            own: own.cloned(),
            account: account.clone(),
            tags: state.ec2.tags_of(id).clone(),
        };
        if listing.ids.is_empty() {
            let public = IMAGES.iter().map(|image| show(image.id, None));
            return Ok(public.chain(state.ec2.own_images().map(|image| show(&image.id, Some(image)))).collect());
        }
        let mut shown: Vec<Shown> = Vec::new();
        for id in &listing.ids {
            match state.ec2.own_image(id) {
                Ok(own) if !shown.iter().any(|known| known.id == *id) => shown.push(show(id, own)),
                Ok(_) => {}
                Err(_) => return Err(kind::IMAGE.missing(id)),
            }
        }
        Ok(shown)
    })?;
    shown.retain(|image| {
        let value = |name: &str| image.value(name);
        let owned = |owner: &String| match owner.as_str() {
            "self" => image.own.is_some(),
            owner => value("owner-id") == owner || value("owner-alias") == owner,
        };
        // Everybody may use what is public, and the owner what is not.
        let shared_with = |user: &str| image.own.as_ref().is_some_and(|own| own.sharing.names(user));
        let usable = |user: &String| match user.as_str() {
            "all" => image.own.is_none() || shared_with("all"),
            "self" => shared_with(&image.account),
            user => (user == image.account && image.own.is_some()) || shared_with(user),
        };
        (owners.is_empty() || owners.iter().any(owned)) && (users.is_empty() || users.iter().any(usable))
    });
    listing.write("imagesSet", shown)
}

impl Shown {
    fn public(&self) -> Option<&'static Image> {
        IMAGES.iter().find(|image| image.id == self.id)
    }

    fn is_windows(&self) -> bool {
        self.public().is_some_and(|image| image.name.starts_with("Windows_"))
    }

    fn devices(&self) -> Vec<Mapping> {
        self.own.as_ref().map_or_else(|| devices(&self.id), |own| own.devices.clone())
    }

    /// The value for a filter that has one; empty where the image has none.
    fn value(&self, name: &str) -> String {
        let (own, public) = (self.own.as_ref(), self.public());
        match name {
            "architecture" => match own {
                Some(own) => own.architecture().as_str().to_owned(),
                None => architecture(&self.id).unwrap_or(Architecture::X86).as_str().to_owned(),
            },
            "creation-date" => match own {
                Some(own) => own.creation(),
                None => public.map_or("2025-01-01T00:00:00.000Z", |image| image.created).to_owned(),
            },
            "description" => own.map_or_else(String::new, |own| own.description.clone()),
            "ena-support" => own.is_none_or(|own| own.has_ena).to_string(),
            "hypervisor" => "xen".to_owned(),
            "image-allowed" => "true".to_owned(),
            "image-id" => self.id.clone(),
            "image-type" => "machine".to_owned(),
            "free-tier-eligible" => own.is_none().to_string(),
            "is-public" => own.is_none_or(|own| own.sharing.is_public()).to_string(),
            "manifest-location" => {
                let (owner, alias) = (self.value("owner-id"), self.value("owner-alias"));
                format!("{}/{}", if alias.is_empty() { owner } else { alias }, self.value("name"))
            }
            "name" => match own {
                Some(own) => own.name.clone(),
                None => public.map_or(self.id.as_str(), |image| image.name).to_owned(),
            },
            "owner-alias" => public.map_or("", |image| image.owner.alias).to_owned(),
            // An image that nobody knows is a stranger's; the account's own have a record.
            "owner-id" => public.map_or(self.account.as_str(), |image| image.owner.id).to_owned(),
            "platform" if self.is_windows() => "windows".to_owned(),
            "root-device-name" => own.map_or_else(|| root_device(&self.id).to_owned(), |own| own.root.clone()),
            "root-device-type" => "ebs".to_owned(),
            "source-image-id" => of_image(own, |(id, _)| id),
            "source-image-region" => of_image(own, |(_, region)| region),
            "source-instance-id" => own.and_then(|own| own.of_instance.clone()).unwrap_or_default(),
            "sriov-net-support" if own.is_some_and(|own| own.has_sriov) => "simple".to_owned(),
            "state" => "available".to_owned(),
            "virtualization-type" => "hvm".to_owned(),
            _ => String::new(),
        }
    }
}

fn of_image(own: Option<&OwnImage>, part: impl Fn(&(String, String)) -> &String) -> String {
    own.and_then(|own| own.of_image.as_ref()).map(|of| part(of).clone()).unwrap_or_default()
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        let Some(filter) = filter.strip_prefix("block-device-mapping.") else {
            let value = self.value(filter);
            return !value.is_empty() && test(&value);
        };
        self.devices().iter().any(|device| match filter {
            "delete-on-termination" => flag_passes(device.delete_on_termination, test),
            "device-name" => test(&device.name),
            "encrypted" => flag_passes(device.shape.is_encrypted, test),
            "snapshot-id" => test(&device.snapshot),
            "volume-size" => test(&device.shape.size.to_string()),
            _ => test(&device.shape.kind),
        })
    }

    fn write(&self, item: &mut xml::Element) {
        let mut text = |tag: &str, name: &str| {
            let value = self.value(name);
            if !value.is_empty() {
                xml::text(item, tag, &value);
            }
        };
        for (tag, name) in [
            ("imageId", "image-id"),
            ("imageLocation", "manifest-location"),
            ("imageState", "state"),
            ("imageOwnerId", "owner-id"),
            ("creationDate", "creation-date"),
            ("isPublic", "is-public"),
            ("architecture", "architecture"),
            ("platform", "platform"),
            ("imageType", "image-type"),
            ("imageOwnerAlias", "owner-alias"),
            ("name", "name"),
            ("description", "description"),
            ("rootDeviceType", "root-device-type"),
            ("rootDeviceName", "root-device-name"),
            ("virtualizationType", "virtualization-type"),
            ("hypervisor", "hypervisor"),
            ("enaSupport", "ena-support"),
            ("sriovNetSupport", "sriov-net-support"),
            ("sourceInstanceId", "source-instance-id"),
            ("sourceImageId", "source-image-id"),
            ("sourceImageRegion", "source-image-region"),
        ] {
            text(tag, name);
        }
        xml::list(item, "blockDeviceMapping", "item", self.devices(), |mapping, device| device.write(mapping));
        if self.own.as_ref().map_or_else(|| knows_version_2(&self.id), |own| own.knows_version_2) {
            xml::text(item, "imdsSupport", "v2.0");
        }
        let (details, usage) =
            if self.is_windows() { ("Windows", "RunInstances:0002") } else { ("Linux/UNIX", "RunInstances") };
        xml::text(item, "platformDetails", details);
        xml::text(item, "usageOperation", usage);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_ids_of_aws_and_of_local_engines_pass() {
        for id in ["ami-0c55b159cbfafe1f0", "ami-12345678", "ami-ff0fea8310f3"] {
            assert!(check_id(id).is_ok(), "{id}");
        }
        for id in ["", "ami-", "ami", "i-12345678", "AMI-12345678", "ami-<x>", "ami-a b", "ami-1234567", "ami-xyzxyzxy"]
        {
            assert_eq!(check_id(id).unwrap_err().code, "InvalidAMIID.Malformed", "{id}");
        }
    }
}
