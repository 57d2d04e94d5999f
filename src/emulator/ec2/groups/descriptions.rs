//! Descriptions of rules are changed without the rules.

use super::{
    change::{Target, absent},
    permission,
    rule::{Rule, check_description},
};
use crate::emulator::{
    ec2::{kind, network::Network},
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// `UpdateSecurityGroupRuleDescriptionsIngress`.
pub(in crate::emulator::ec2) async fn describe_ingress(operation: Operation<'_>) -> Result<Output, AwsError> {
    update(operation, false).await
}

/// `UpdateSecurityGroupRuleDescriptionsEgress`.
pub(in crate::emulator::ec2) async fn describe_egress(operation: Operation<'_>) -> Result<Output, AwsError> {
    update(operation, true).await
}

/// Reads the new descriptions by the ids of their rules; none takes the description away.
fn take_named(params: &mut QueryParams) -> Result<Vec<(String, Option<String>)>, AwsError> {
    params.structures("SecurityGroupRuleDescription", |item| {
        Ok((item.required("SecurityGroupRuleId")?, check_description(item.text("Description"))?))
    })
}

async fn update(operation: Operation<'_>, is_egress: bool) -> Result<Output, AwsError> {
    let ((target, named, asked, dry), scope) = operation.query(|params| {
        let (target, named) = (Target::take(params, false)?, take_named(params)?);
        let asked = permission::take(params, is_egress)?;
        match (named.is_empty(), asked.is_empty()) {
            (true, true) => {
                let message = "Either 'ipPermissions' or 'securityGroupRuleDescriptions' should be provided.";
                Err(AwsError::sender("MissingParameter", message))
            }
            (false, false) => {
                let message =
                    "The parameter 'securityGroupRuleDescriptions' may not be used in combination with 'ipPermissions'";
                Err(AwsError::sender("InvalidParameterCombination", message))
            }
            _ => Ok((target, named, asked, super::super::take_dry_run(params)?)),
        }
    })?;
    scope
        .change(|state| {
            let (ec2, network) = (&mut state.ec2, Network::new(scope.account(), scope.region));
            let id = target.find(ec2, &network)?;
            let asked = asked.iter().map(|asked| asked.rule(ec2, &network)).collect::<Result<Vec<Rule>, _>>()?;
            let group = ec2.group_mut(&id, &network)?;
            for (id, description) in named {
                kind::RULE.check(&id)?;
                let rule = group.rules.iter_mut().find(|rule| rule.id == id && rule.is_egress == is_egress);
                rule.ok_or_else(|| kind::RULE.missing(&id))?.description = description;
            }
            for wanted in asked {
                let rule = group.rules.iter_mut().find(|rule| rule.is_like(&wanted));
                rule.ok_or_else(absent)?.description = wanted.description;
            }
            super::super::dry_run(dry)
        })
        .await?;
    Ok(Output::xml(|root| xml::text(root, "return", "true")))
}
