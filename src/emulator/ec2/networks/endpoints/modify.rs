//! `ModifyVpcEndpoint`.

use super::{
    endpoint::Endpoint,
    parts::{check_way, offer_of, take_policy, take_records},
    services::Way,
};
use crate::emulator::{
    ec2::{dry_run, network::Network, networks::refuse, state::State, take_dry_run},
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// What is added to an endpoint, and what is taken away.
struct Edit {
    added: Vec<String>,
    removed: Vec<String>,
}

/// A change of an endpoint.
struct Change {
    id: String,
    policy: Option<String>,
    resets_policy: bool,
    tables: Edit,
    subnets: Edit,
    groups: Edit,
    private_name: Option<bool>,
    records: Option<String>,
    dry: bool,
}

impl Edit {
    fn take(params: &mut QueryParams, of: &str) -> Result<Self, AwsError> {
        Ok(Self { added: params.list(&format!("Add{of}"))?, removed: params.list(&format!("Remove{of}"))? })
    }

    /// All that it names.
    fn all(&self) -> Vec<String> {
        [self.added.as_slice(), self.removed.as_slice()].concat()
    }
}

impl Change {
    fn take(params: &mut QueryParams) -> Result<Self, AwsError> {
        refuse(params, "ModifyVpcEndpoint", &["SubnetConfiguration"])?;
        Ok(Self {
            id: params.required("VpcEndpointId")?,
            policy: take_policy(params)?,
            resets_policy: params.flag("ResetPolicy")? == Some(true),
            tables: Edit::take(params, "RouteTableId")?,
            subnets: Edit::take(params, "SubnetId")?,
            groups: Edit::take(params, "SecurityGroupId")?,
            private_name: params.flag("PrivateDnsEnabled")?,
            records: take_records(params, "ModifyVpcEndpoint")?,
            dry: take_dry_run(params)?,
        })
    }

    /// Refuses what the endpoint cannot have, and what is taken away and is not there.
    fn check(&self, state: &State, endpoint: &Endpoint, network: &Network) -> Result<(), AwsError> {
        check_way(endpoint.way, &self.tables.all(), &self.subnets.all(), &self.groups.all())?;
        self.tables.removed.iter().try_for_each(|id| state.route_table(id, network).map(drop))?;
        self.subnets.removed.iter().try_for_each(|id| state.subnet(id, network).map(drop))?;
        self.groups.removed.iter().try_for_each(|id| state.group(id, network).map(drop))
    }
}

/// `ModifyVpcEndpoint`.
pub(in crate::emulator::ec2) async fn modify(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (change, scope) = operation.query(Change::take)?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let mut endpoint = ec2.endpoint(&change.id)?;
            change.check(ec2, &endpoint, &network)?;
            if let Some(is_on) = change.private_name {
                if is_on {
                    let offer = offer_of(scope.region.as_str(), &endpoint.service, endpoint.way)?;
                    let vpc = ec2.vpc(&endpoint.vpc, &network)?;
                    ec2.check_private_name(&endpoint.id, &offer, &vpc)?;
                }
                endpoint.has_private_name = is_on;
            }
            endpoint.policy = if change.resets_policy { None } else { change.policy.or(endpoint.policy) };
            endpoint.records = change.records.or(endpoint.records);
            match endpoint.way {
                Way::Gateway => {
                    endpoint.tables.retain(|id| !change.tables.removed.contains(id));
                    ec2.lead(&mut endpoint, &change.tables.added, &network)?;
                }
                Way::Interface => {
                    endpoint.groups.retain(|id| !change.groups.removed.contains(id));
                    endpoint.groups.extend(change.groups.added);
                    ec2.leave_subnets(&mut endpoint, &change.subnets.removed);
                    ec2.enter(&mut endpoint, &change.subnets.added, &network)?;
                }
            }
            dry_run(change.dry)?;
            ec2.endpoints.insert(endpoint.id.clone(), endpoint);
            Ok(())
        })
        .await?;
    Ok(Output::xml(|root| xml::text(root, "return", "true")))
}
