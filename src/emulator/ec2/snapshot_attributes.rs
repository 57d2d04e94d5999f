//! The attribute of a snapshot that can be changed: who may make volumes of it.

use super::sharing::{Change, Sharing};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// The attribute that there is, and the one that nothing here has.
const ATTRIBUTES: [&str; 2] = ["createVolumePermission", "productCodes"];

/// `ModifySnapshotAttribute`.
pub(super) async fn modify(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, change, dry), scope) = operation.query(|params| {
        refuse_codes(params.one_of("Attribute", &ATTRIBUTES)?.as_deref(), "ModifySnapshotAttribute")?;
        let change = Change::take(params, "CreateVolumePermission")?;
        let change = change.ok_or_else(|| AwsError::missing_parameter("CreateVolumePermission"))?;
        Ok((params.required("SnapshotId")?, change, super::take_dry_run(params)?))
    })?;
    scope
        .change(|state| {
            let shape = &state.ec2.snapshot(&id)?.shape;
            if change.adds() && shape.is_encrypted && shape.key.is_none() {
                let message = "Encrypted snapshots with EBS default key cannot be shared";
                return Err(AwsError::sender("OperationNotPermitted", message));
            }
            super::dry_run(dry)?;
            if let Some(snapshot) = state.ec2.snapshots.get_mut(&id) {
                change.apply(&mut snapshot.sharing);
            }
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `ResetSnapshotAttribute`: it is shared with nobody, as at first.
pub(super) async fn reset(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) = operation.query(|params| {
        refuse_codes(Some(&take_attribute(params)?), "ResetSnapshotAttribute")?;
        Ok((params.required("SnapshotId")?, super::take_dry_run(params)?))
    })?;
    scope
        .change(|state| {
            state.ec2.snapshot(&id)?;
            super::dry_run(dry)?;
            if let Some(snapshot) = state.ec2.snapshots.get_mut(&id) {
                snapshot.sharing = Sharing::default();
            }
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DescribeSnapshotAttribute`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, attribute, dry), scope) = operation
        .query(|params| Ok((params.required("SnapshotId")?, take_attribute(params)?, super::take_dry_run(params)?)))?;
    let sharing = scope.read(|state| state.ec2.snapshot(&id).map(|snapshot| snapshot.sharing.clone()))?;
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        xml::text(root, "snapshotId", &id);
        if attribute == "createVolumePermission" {
            sharing.write(root, &attribute);
        } else {
            xml::element(root, &attribute, |_| ());
        }
    }))
}

fn take_attribute(params: &mut QueryParams) -> Result<String, AwsError> {
    params.one_of("Attribute", &ATTRIBUTES)?.ok_or_else(|| AwsError::missing_parameter("Attribute"))
}

fn refuse_codes(attribute: Option<&str>, operation: &str) -> Result<(), AwsError> {
    match attribute {
        Some("productCodes") => Err(AwsError::not_implemented("ec2", &format!("{operation} of productCodes"))),
        _ => Ok(()),
    }
}
