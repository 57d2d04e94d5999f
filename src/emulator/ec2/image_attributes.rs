//! The attributes of images of one's own: what can be changed of one, and what is read back.

use super::{
    images,
    own_images::{OwnImage, not_owned, refuse},
    sharing::{self, Sharing},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// A change of one attribute.
enum Change {
    Description(String),
    /// That it knows version 2 of the metadata service only, which cannot be taken back.
    Version2,
    Sharing(sharing::Change),
}

impl Change {
    /// Reads the only change of a call, in the new form (`Description.Value`) or the old (`Attribute` and `Value`); none
    /// where there is none, which is said after a member that nobody knows.
    fn take(params: &mut QueryParams) -> Result<Option<Self>, AwsError> {
        let (mut description, mut version) = (params.text("Description.Value"), params.text("ImdsSupport.Value"));
        let known = ["description", "imdsSupport", "launchPermission", "productCodes"];
        match params.one_of("Attribute", &known)?.as_deref() {
            Some("description") => description = Some(params.required("Value")?),
            Some("imdsSupport") => version = Some(params.required("Value")?),
            Some("productCodes") => {
                return Err(AwsError::not_implemented("ec2", "ModifyImageAttribute of productCodes"));
            }
            // Whom it is shared with, other members say.
            _ => {}
        }
        let sharing = sharing::Change::take(params, "LaunchPermission")?;
        let changes = [
            description.map(Self::of_description).transpose()?,
            version.map(|version| Self::of_version(&version)).transpose()?,
            sharing.map(Self::Sharing),
        ];
        let mut changes = changes.into_iter().flatten();
        match (changes.next(), changes.next()) {
            (Some(_), Some(_)) => Err(combination("Fields for multiple attribute types specified")),
            (change, _) => Ok(change),
        }
    }

    fn of_description(text: String) -> Result<Self, AwsError> {
        if text.chars().count() > 255 {
            let reason = "Character sets beyond ASCII, and more than 255 characters, are not supported.";
            return Err(AwsError::invalid_parameter(&text, "description", reason));
        }
        Ok(Self::Description(text))
    }

    fn of_version(version: &str) -> Result<Self, AwsError> {
        if version == "v2.0" {
            return Ok(Self::Version2);
        }
        Err(AwsError::invalid_parameter(version, "imdsSupport", "Expected v2.0."))
    }

    fn apply(self, image: &mut OwnImage) {
        match self {
            Self::Description(text) => image.description = text,
            Self::Version2 => image.knows_version_2 = true,
            Self::Sharing(change) => change.apply(&mut image.sharing),
        }
    }
}

fn combination(message: &str) -> AwsError {
    AwsError::sender("InvalidParameterCombination", message)
}

/// `ModifyImageAttribute`: the description of one's own image, whom it is shared with, and that it knows version 2 of the
/// metadata service only.
pub(super) async fn modify(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, change, dry), scope) = operation.query(|params| {
        refuse(params, "ModifyImageAttribute", &["OrganizationArn", "OrganizationalUnitArn", "ProductCode"])?;
        Ok((params.required("ImageId")?, Change::take(params)?, super::take_dry_run(params)?))
    })?;
    let change = change.ok_or_else(|| combination("No attributes specified."))?;
    images::check_id(&id)?;
    scope
        .change(|state| {
            state.ec2.own_image(&id)?;
            let Some(image) = state.ec2.images.get_mut(&id) else { return Err(not_owned(&id)) };
            super::dry_run(dry)?;
            change.apply(image);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `ResetImageAttribute`: it is shared with nobody, as at first.
pub(super) async fn reset(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) = operation.query(|params| {
        let attribute = params.one_of("Attribute", &["launchPermission"])?;
        attribute.ok_or_else(|| AwsError::missing_parameter("Attribute"))?;
        Ok((params.required("ImageId")?, super::take_dry_run(params)?))
    })?;
    images::check_id(&id)?;
    scope
        .change(|state| {
            state.ec2.own_image(&id)?;
            let Some(image) = state.ec2.images.get_mut(&id) else { return Err(not_owned(&id)) };
            super::dry_run(dry)?;
            image.sharing = Sharing::default();
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DescribeImageAttribute`: of one's own images.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let names = [
        "blockDeviceMapping",
        "bootMode",
        "deregistrationProtection",
        "description",
        "imdsSupport",
        "kernel",
        "lastLaunchedTime",
        "launchPermission",
        "productCodes",
        "ramdisk",
        "sriovNetSupport",
        "tpmSupport",
        "uefiData",
    ];
    let ((id, attribute, dry), scope) = operation.query(|params| {
        let attribute = params.one_of("Attribute", &names)?;
        let attribute = attribute.ok_or_else(|| AwsError::missing_parameter("Attribute"))?;
        Ok((params.required("ImageId")?, attribute, super::take_dry_run(params)?))
    })?;
    images::check_id(&id)?;
    let image = scope.read(|state| state.ec2.own_image(&id).map(Option::<&OwnImage>::cloned))?;
    let image = image.ok_or_else(|| not_owned(&id))?;
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        xml::text(root, "imageId", &id);
        let value = match attribute.as_str() {
            "blockDeviceMapping" => {
                xml::list(root, &attribute, "item", &image.devices, |item, device| device.write(item));
                return;
            }
            "launchPermission" => {
                image.sharing.write(root, &attribute);
                return;
            }
            "deregistrationProtection" => Some("disabled"),
            "description" => Some(image.description.as_str()),
            "imdsSupport" if image.knows_version_2 => Some("v2.0"),
            "sriovNetSupport" => image.has_sriov.then_some("simple"),
            // It has nothing of its own.
            _ => None,
        };
        xml::element(root, &attribute, |element| {
            if let Some(value) = value {
                xml::text(element, "value", value);
            }
        });
    }))
}
