//! More blocks of addresses for a VPC than the one that it was made with.

use super::{block::Block, records::More, refuse, vpcs::take_vpc_block};
use crate::emulator::{
    ec2::{network::Network, new_hex},
    service::{Operation, Output},
    wire::{AwsError, xml},
};

/// The most blocks of a VPC.
const BLOCKS: usize = 5;

/// `AssociateVpcCidrBlock`.
pub(in crate::emulator::ec2) async fn associate(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, block), scope) = operation.query(|params| {
        refuse(params, "AssociateVpcCidrBlock", &["CidrBlockSource"])?;
        Ok((params.required("VpcId")?, take_vpc_block(params, "AssociateVpcCidrBlock")?))
    })?;
    let network = Network::new(scope.account(), scope.region);
    let association = format!("vpc-cidr-assoc-{}", new_hex()?);
    let (vpc, made) = (id.clone(), association.clone());
    scope
        .change(|state| {
            let mut vpc = state.ec2.vpc(&id, &network)?;
            if vpc.blocks().into_iter().any(|known| known.meets(block)) {
                let message = format!("The CIDR '{block}' conflicts with another CIDR block of the VPC.");
                return Err(AwsError::sender("CidrConflict", message));
            }
            if vpc.more.len() + 1 >= BLOCKS {
                let message = format!("This network '{id}' has met its maximum number of allowed CIDRs: {BLOCKS}");
                return Err(AwsError::sender("CidrLimitExceeded", message));
            }
            vpc.more.push(More { association, block });
            state.ec2.vpcs.insert(id, vpc);
            Ok(())
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "vpcId", &vpc);
        write(root, &made, block, "associating");
    }))
}

/// `DisassociateVpcCidrBlock`: not while a subnet lies in it, and never the one that the VPC was made with.
pub(in crate::emulator::ec2) async fn disassociate(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (association, scope) = operation.query(|params| params.required("AssociationId"))?;
    let network = Network::new(scope.account(), scope.region);
    let asked = association.clone();
    let (vpc, block) = scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let mut vpcs = ec2.vpcs(&network).into_iter();
            let found = vpcs.find_map(|vpc| {
                let (_, block) = vpc.associated(&network).into_iter().find(|(known, _)| *known == association)?;
                Some((vpc, block))
            });
            let Some((mut vpc, block)) = found else {
                let message = format!("The vpc CIDR block association ID '{association}' does not exist");
                return Err(AwsError::sender("InvalidVpcCidrBlockAssociationID.NotFound", message));
            };
            if vpc.association(&network) == association {
                let message = format!(
                    "The vpc CIDR block with association ID {association} may not be disassociated. It is the primary \
                     IPv4 CIDR block of the VPC"
                );
                return Err(AwsError::sender("OperationNotPermitted", message));
            }
            if ec2.subnets(&network).iter().any(|subnet| subnet.vpc == vpc.id && block.holds(subnet.block)) {
                let message = format!("The vpc CIDR block '{block}' is currently in use.");
                return Err(AwsError::sender("InvalidCidrBlock.InUse", message));
            }
            vpc.more.retain(|more| more.association != association);
            let id = vpc.id.clone();
            ec2.vpcs.insert(id.clone(), vpc);
            Ok((id, block))
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "vpcId", &vpc);
        write(root, &asked, block, "disassociating");
    }))
}

fn write(root: &mut xml::Element, association: &str, block: Block, state: &str) {
    xml::element(root, "cidrBlockAssociation", |each| {
        xml::text(each, "associationId", association);
        xml::text(each, "cidrBlock", &block.to_string());
        xml::element(each, "cidrBlockState", |element| xml::text(element, "state", state));
    });
}
