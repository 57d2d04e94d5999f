//! Images: a few to be found by name, and any other well-formed id as an image without a name. Workshops and tutorials
//! write image ids of their own; nothing boots from them here.

use super::{
    catalog::Architecture,
    filter::Filters,
    paging::Paging,
    volumes::{Mapping, Shape},
};
use crate::{
    emulator::{
        service::{Operation, Output},
        wire::{AwsError, xml},
    },
    secret::hex,
};
use sha2::{Digest, Sha256};

/// An image that `DescribeImages` lists.
struct Image {
    id: &'static str,
    name: &'static str,
    architecture: Architecture,
    owner: &'static str,
    /// The short name of the owner (`amazon`), empty where there is none.
    alias: &'static str,
    root: &'static str,
    created: &'static str,
}

const IMAGES: [Image; 4] = [
    Image {
        id: "ami-0a1b2c3d4e5f60001",
        name: "al2023-ami-2023.6.20250107.0-kernel-6.1-x86_64",
        architecture: Architecture::X86,
        owner: "137112412989",
        alias: "amazon",
        root: "/dev/xvda",
        created: "2025-01-07T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60002",
        name: "al2023-ami-2023.6.20250107.0-kernel-6.1-arm64",
        architecture: Architecture::Arm,
        owner: "137112412989",
        alias: "amazon",
        root: "/dev/xvda",
        created: "2025-01-07T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60003",
        name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250115",
        architecture: Architecture::X86,
        owner: "099720109477",
        alias: "",
        root: "/dev/sda1",
        created: "2025-01-15T00:00:00.000Z",
    },
    Image {
        id: "ami-0a1b2c3d4e5f60004",
        name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20250115",
        architecture: Architecture::Arm,
        owner: "099720109477",
        alias: "",
        root: "/dev/sda1",
        created: "2025-01-15T00:00:00.000Z",
    },
];

/// Refuses what cannot be an image id.
///
/// AWS wants 8 or 17 hex digits; the ids of local engines (`ami-ff0fea8310f3`) and of workshops (`ami-test`) are other
/// letters and digits, and pass here.
pub(super) fn check_id(id: &str) -> Result<(), AwsError> {
    let message = match id.strip_prefix("ami-") {
        Some(rest) if is_plain(rest) => return Ok(()),
        Some(_) => format!("Invalid id: \"{id}\""),
        None => format!("Invalid id: \"{id}\" (expecting \"ami-...\")"),
    };
    Err(AwsError::sender("InvalidAMIID.Malformed", message))
}

fn is_plain(rest: &str) -> bool {
    (1..=32).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
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
    vec![Mapping {
        name: root_device(id).to_owned(),
        // Whose it is nobody is told: AWS's are not shown either.
        snapshot: format!("snap-{}", &digest[..17]),
        shape: Shape {
            size: 8,
            kind: "gp3".to_owned(),
            iops: Some(3000),
            throughput: Some(125),
            is_encrypted: false,
            key: None,
        },
        delete_on_termination: true,
    }]
}

/// `DescribeImages`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = [
        "architecture",
        "image-id",
        "is-public",
        "name",
        "owner-alias",
        "owner-id",
        "root-device-type",
        "state",
        "virtualization-type",
    ];
    let ((ids, owners, filters, paging, dry), scope) = operation.query(|params| {
        let (ids, owners) = (params.list("ImageId")?, params.list("Owner")?);
        let (filters, paging) = (Filters::take(params, &known)?, Paging::take(params, 1000)?);
        // Every image is public, and none is deprecated or disabled.
        params.list("ExecutableBy")?;
        params.flag("IncludeDeprecated")?;
        params.flag("IncludeDisabled")?;
        Ok((ids, owners, filters, paging, super::take_dry_run(params)?))
    })?;
    ids.iter().try_for_each(|id| check_id(id))?;
    super::dry_run(dry)?;
    let account = scope.account().to_owned();
    Ok(Output::xml(move |root| {
        let mut images: Vec<(String, Option<&Image>)> = if ids.is_empty() {
            IMAGES.iter().map(|image| (image.id.to_owned(), Some(image))).collect()
        } else {
            ids.iter().map(|id| (id.clone(), IMAGES.iter().find(|image| image.id == id))).collect()
        };
        images.sort_by(|a, b| a.0.cmp(&b.0));
        images.retain(|(id, image)| {
            let value = |name: &str| filter_value(id, *image, &account, name);
            let owned = |owner: &String| match owner.as_str() {
                "self" => value("owner-id") == account,
                owner => value("owner-id") == owner || value("owner-alias") == owner,
            };
            (owners.is_empty() || owners.iter().any(owned)) && filters.accept(|name, test| test(&value(name)))
        });
        let (images, token) = paging.cut(images, |(id, _)| id.clone());
        xml::list(root, "imagesSet", "item", images, |item, (id, image)| write(item, &id, image, &account));
        Paging::write(root, token.as_deref());
    }))
}

fn filter_value(id: &str, image: Option<&Image>, account: &str, name: &str) -> String {
    let text = match name {
        "architecture" => image.map_or(Architecture::X86, |image| image.architecture).as_str(),
        "image-id" => id,
        "is-public" => "true",
        "name" => image.map_or(id, |image| image.name),
        "owner-alias" => image.map_or("", |image| image.alias),
        "owner-id" => image.map_or(account, |image| image.owner),
        "root-device-type" => "ebs",
        "state" => "available",
        _ => "hvm",
    };
    text.to_owned()
}

fn write(item: &mut xml::Element, id: &str, image: Option<&Image>, account: &str) {
    let value = |name: &str| filter_value(id, image, account, name);
    let (name, alias) = (value("name"), value("owner-alias"));
    xml::text(item, "imageId", id);
    xml::text(item, "imageLocation", &format!("{}/{name}", if alias.is_empty() { account } else { &alias }));
    xml::text(item, "imageState", "available");
    xml::text(item, "imageOwnerId", &value("owner-id"));
    xml::text(item, "creationDate", image.map_or("2025-01-01T00:00:00.000Z", |image| image.created));
    xml::text(item, "isPublic", "true");
    xml::text(item, "architecture", &value("architecture"));
    xml::text(item, "imageType", "machine");
    if !alias.is_empty() {
        xml::text(item, "imageOwnerAlias", &alias);
    }
    xml::text(item, "name", &name);
    xml::text(item, "rootDeviceType", "ebs");
    xml::text(item, "rootDeviceName", root_device(id));
    xml::list(item, "blockDeviceMapping", "item", devices(id), |mapping, device| {
        xml::text(mapping, "deviceName", &device.name);
        xml::element(mapping, "ebs", |ebs| {
            xml::text(ebs, "snapshotId", &device.snapshot);
            xml::text(ebs, "volumeSize", &device.shape.size.to_string());
            xml::text(ebs, "deleteOnTermination", if device.delete_on_termination { "true" } else { "false" });
            xml::text(ebs, "volumeType", &device.shape.kind);
            device.shape.write_speed(ebs);
        });
    });
    if knows_version_2(id) {
        xml::text(item, "imdsSupport", "v2.0");
    }
    xml::text(item, "virtualizationType", "hvm");
    xml::text(item, "hypervisor", "xen");
    xml::text(item, "enaSupport", "true");
    xml::text(item, "platformDetails", "Linux/UNIX");
    xml::text(item, "usageOperation", "RunInstances");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_ids_of_aws_of_local_engines_and_of_workshops_pass() {
        for id in ["ami-0c55b159cbfafe1f0", "ami-12345678", "ami-ff0fea8310f3", "ami-test"] {
            assert!(check_id(id).is_ok(), "{id}");
        }
        for id in ["", "ami-", "ami", "i-12345678", "AMI-12345678", "ami-<x>", "ami-a b"] {
            assert_eq!(check_id(id).unwrap_err().code, "InvalidAMIID.Malformed", "{id}");
        }
    }
}
