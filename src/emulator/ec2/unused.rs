//! What an account has none of here, and can make none of: endpoints, placement groups, encryption that nobody asked for.

use super::listing::{Listing, Record, Tags};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, xml},
};

/// One of a kind that there is none of.
enum Nothing {}

impl Record for Nothing {
    fn id(&self) -> &str {
        match *self {}
    }

    fn tags(&self) -> &Tags {
        match *self {}
    }

    fn has(&self, _: &str, _: &dyn Fn(&str) -> bool) -> bool {
        match *self {}
    }

    fn write(&self, _: &mut xml::Element) {
        match *self {}
    }
}

/// `DescribeVpcEndpoints`.
pub(super) fn describe_endpoints(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = [
        "ip-address-type",
        "service-name",
        "service-region",
        "vpc-endpoint-id",
        "vpc-endpoint-state",
        "vpc-endpoint-type",
        "vpc-id",
    ];
    let (listing, _) = operation.query(|params| Listing::take(params, "VpcEndpointId", &known))?;
    if let Some(id) = listing.ids.first() {
        let message = format!("The Vpc Endpoint Id '{id}' does not exist");
        return Err(AwsError::sender("InvalidVpcEndpointId.NotFound", message));
    }
    listing.write::<Nothing>("vpcEndpointSet", Vec::new())
}

/// `DescribePlacementGroups`.
pub(super) fn describe_placements(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = ["group-arn", "group-name", "spread-level", "state", "strategy"];
    let ((names, listing), _) = operation.query(|params| {
        let names = params.list("GroupName")?;
        Ok((names, Listing::take_whole(params, "GroupId", &known)?))
    })?;
    if let Some(name) = names.first().or(listing.ids.first()) {
        let message = format!("The Placement Group '{name}' is unknown.");
        return Err(AwsError::sender("InvalidPlacementGroup.Unknown", message));
    }
    listing.write::<Nothing>("placementGroupSet", Vec::new())
}

/// `GetEbsEncryptionByDefault`.
pub(super) fn encryption_by_default(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (dry, _) = operation.query(super::take_dry_run)?;
    super::dry_run(dry)?;
    Ok(Output::xml(|root| {
        xml::text(root, "ebsEncryptionByDefault", "false");
        xml::text(root, "sseType", "none");
    }))
}
