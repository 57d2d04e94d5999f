//! Internet gateways.

use super::{in_use, records::Gateway};
use crate::emulator::{
    ec2::{
        dry_run, kind,
        listing::{Listing, Record, Tags, created},
        network::Network,
        new_id, tags, take_dry_run,
    },
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// An internet gateway as a listing shows it.
struct Shown {
    gateway: Gateway,
    owner: String,
    tags: Tags,
}

/// `CreateInternetGateway`.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((tags, dry), scope) =
        operation.query(|params| Ok((tags::take_for(params, &kind::GATEWAY)?, take_dry_run(params)?)))?;
    let gateway = Gateway { id: new_id(kind::GATEWAY.prefix)?, vpc: None };
    let shown = Shown { gateway: gateway.clone(), owner: scope.account().to_owned(), tags: tags.clone() };
    scope
        .change(|state| {
            dry_run(dry)?;
            state.ec2.set_tags(&gateway.id, tags);
            state.ec2.gateways.insert(gateway.id.clone(), gateway);
            Ok(())
        })
        .await?;
    Ok(created("internetGateway", shown, ""))
}

fn take_both(params: &mut QueryParams) -> Result<(String, String, bool), AwsError> {
    Ok((params.required("InternetGatewayId")?, params.required("VpcId")?, take_dry_run(params)?))
}

/// `AttachInternetGateway`: a gateway has one VPC, and a VPC one gateway.
pub(in crate::emulator::ec2) async fn attach(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, vpc, dry), scope) = operation.query(take_both)?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let mut gateway = state.ec2.gateway(&id, &network)?;
            let vpc = state.ec2.vpc(&vpc, &network)?.id;
            if let Some(other) = &gateway.vpc {
                let message = format!("resource {id} is already attached to network {other}");
                return Err(AwsError::sender("Resource.AlreadyAssociated", message));
            }
            if state.ec2.has_gateway(&vpc, &network) {
                let message = format!("Network {vpc} already has an internet gateway attached");
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
            dry_run(dry)?;
            gateway.vpc = Some(vpc);
            state.ec2.gateways.insert(id, gateway);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DetachInternetGateway`: not while somebody has a public address.
pub(in crate::emulator::ec2) async fn detach(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, vpc, dry), scope) = operation.query(take_both)?;
    let (network, now) = (Network::new(scope.account(), scope.region), scope.now_millis());
    scope
        .change(|state| {
            let mut gateway = state.ec2.gateway(&id, &network)?;
            let vpc = state.ec2.vpc(&vpc, &network)?.id;
            if gateway.vpc.as_ref() != Some(&vpc) {
                let message = format!("resource {id} is not attached to network {vpc}");
                return Err(AwsError::sender("Gateway.NotAttached", message));
            }
            let is_public = state
                .ec2
                .instances
                .values()
                .any(|each| each.vpc(&network) == vpc && each.public_address(now).is_some());
            if is_public || state.ec2.interfaces.values().any(|each| each.vpc == vpc && each.elastic.is_some()) {
                let message = format!(
                    "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before \
                     detaching the gateway."
                );
                return Err(AwsError::sender("DependencyViolation", message));
            }
            dry_run(dry)?;
            gateway.vpc = None;
            state.ec2.gateways.insert(id, gateway);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DeleteInternetGateway`: once it is detached.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) =
        operation.query(|params| Ok((params.required("InternetGatewayId")?, take_dry_run(params)?)))?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let gateway = state.ec2.gateway(&id, &network)?;
            if gateway.vpc.is_some() {
                return Err(in_use("internetGateway", &id));
            }
            if id == network.id(kind::GATEWAY.prefix, "") {
                return Err(AwsError::not_implemented("ec2", "DeleteInternetGateway of the default network's"));
            }
            dry_run(dry)?;
            state.ec2.gateways.remove(&id);
            state.ec2.set_tags(&id, Tags::new());
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DescribeInternetGateways`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = ["attachment.state", "attachment.vpc-id", "internet-gateway-id", "owner-id"];
    let (listing, scope) = operation.query(|params| Listing::take(params, "InternetGatewayId", &known))?;
    let network = Network::new(scope.account(), scope.region);
    let shown = scope.read(|state| {
        let gateways = state.ec2.gateways(&network).into_iter();
        let shown = gateways.map(|gateway| Shown {
            tags: state.ec2.tags_of(&gateway.id).clone(),
            owner: scope.account().to_owned(),
            gateway,
        });
        shown.collect()
    });
    listing.answer(&kind::GATEWAY, "internetGatewaySet", shown)
}

impl Record for Shown {
    const LISTS_NO_TAGS: bool = true;

    fn id(&self) -> &str {
        &self.gateway.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "attachment.state" => self.gateway.vpc.is_some() && test("available"),
            "attachment.vpc-id" => self.gateway.vpc.as_deref().is_some_and(test),
            "internet-gateway-id" => test(&self.gateway.id),
            _ => test(&self.owner),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "internetGatewayId", &self.gateway.id);
        xml::text(item, "ownerId", &self.owner);
        xml::list(item, "attachmentSet", "item", &self.gateway.vpc, |each, vpc| {
            xml::text(each, "vpcId", vpc);
            // What EC2 says, although the model has `attached`.
            xml::text(each, "state", "available");
        });
    }
}
