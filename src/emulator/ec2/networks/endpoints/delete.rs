//! `DeleteVpcEndpoints`.

use crate::emulator::{
    ec2::{dry_run, kind, take_dry_run},
    service::{Operation, Output},
    wire::{AwsError, xml},
};

/// `DeleteVpcEndpoints`: those that are there; the answer names the others.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((ids, dry), scope) = operation.query(|params| {
        let ids = params.list("VpcEndpointId")?;
        if ids.is_empty() {
            return Err(AwsError::missing_parameter("VpcEndpointId"));
        }
        ids.iter().try_for_each(|id| kind::ENDPOINT.check(id))?;
        Ok((ids, take_dry_run(params)?))
    })?;
    let now = scope.now_millis();
    let absent = scope
        .change(|state| {
            dry_run(dry)?;
            let ec2 = &mut state.ec2;
            ec2.prune_endpoints(now);
            let mut absent = Vec::new();
            for id in ids {
                match ec2.endpoints.get(&id).cloned() {
                    Some(endpoint) => ec2.end_endpoint(endpoint, now),
                    None => absent.push(id),
                }
            }
            Ok(absent)
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::list(root, "unsuccessful", "item", &absent, |item, id| {
            xml::element(item, "error", |error| {
                // Not the code of the other operations.
                xml::text(error, "code", "InvalidVpcEndpoint.NotFound");
                xml::text(error, "message", &kind::ENDPOINT.missing(id).message);
            });
            xml::text(item, "resourceId", id);
        });
    }))
}
