//! Routes, and who follows which route table.

use super::{
    block::Block,
    no_association, refuse,
    table::{Association, Route, RouteTable, Target},
};
use crate::emulator::{
    ec2::{dry_run, kind, network::Network, new_hex, state::State, take_dry_run},
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// What a route can lead to in EC2, and cannot here.
const LACKING: [&str; 10] = [
    "CarrierGatewayId",
    "CoreNetworkArn",
    "DestinationIpv6CidrBlock",
    "DestinationPrefixListId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "OdbNetworkArn",
    "TransitGatewayId",
    "VpcEndpointId",
    "VpcPeeringConnectionId",
];

/// The most routes of a table besides the local one.
const ROUTES: usize = 500;

/// A route that is asked for.
struct Asked {
    table: String,
    destination: Block,
    target: Target,
    dry: bool,
}

impl Asked {
    fn take(params: &mut QueryParams, operation: &str) -> Result<Self, AwsError> {
        refuse(params, operation, &LACKING)?;
        let table = params.required("RouteTableId")?;
        let destination = take_destination(params)?;
        let mut targets = Vec::new();
        for (name, target) in [
            ("GatewayId", Target::Gateway as fn(String) -> Target),
            ("NatGatewayId", Target::Nat),
            ("InstanceId", Target::Instance),
            ("NetworkInterfaceId", Target::Interface),
        ] {
            targets.extend(params.text(name).filter(|id| !id.is_empty()).map(target));
        }
        let dry = take_dry_run(params)?;
        let target = match (targets.pop(), targets.is_empty()) {
            (Some(target), true) => target,
            (Some(_), false) => {
                let message =
                    "Only one of gatewayId, instanceId, natGatewayId and networkInterfaceId may be specified.";
                return Err(AwsError::sender("InvalidParameterCombination", message));
            }
            (None, _) => return Err(AwsError::missing_parameter("gatewayId")),
        };
        Ok(Self { table, destination, target, dry })
    }

    /// Finds the table, and refuses what is not in its network.
    fn check(&self, state: &State, network: &Network, now: i64) -> Result<RouteTable, AwsError> {
        let table = state.route_table(&self.table, network)?;
        let (what, id, vpc) = match &self.target {
            Target::Gateway(id) if id == "local" => {
                return Err(AwsError::not_implemented("ec2", "CreateRoute with GatewayId local"));
            }
            Target::Gateway(id) => ("network gateway", id, state.gateway(id, network)?.vpc),
            Target::Nat(id) => {
                let nat = state.nats.get(id).filter(|nat| nat.ended.is_none());
                ("NAT gateway", id, Some(nat.ok_or_else(|| kind::NAT.absent(id))?.vpc.clone()))
            }
            Target::Instance(id) => {
                let found = state.find(std::slice::from_ref(id), now)?;
                ("instance", id, found.first().map(|instance| instance.vpc(network)))
            }
            Target::Interface(id) => ("interface", id, Some(state.interface_vpc(id, network, now)?)),
        };
        if vpc.as_ref() != Some(&table.vpc) {
            let message = format!("route table {} and {what} {id} belong to different networks", table.id);
            return Err(AwsError::sender("InvalidParameterValue", message));
        }
        Ok(table)
    }
}

fn take_destination(params: &mut QueryParams) -> Result<Block, AwsError> {
    let text = params.text("DestinationCidrBlock").filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| AwsError::missing_parameter("destinationCidrBlock"))?;
    text.parse()
        .map_err(|_| AwsError::invalid_parameter(&text, "destinationCidrBlock", "This is not a valid CIDR block."))
}

/// `CreateRoute`.
pub(in crate::emulator::ec2) async fn create_route(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (asked, scope) = operation.query(|params| Asked::take(params, "CreateRoute"))?;
    let (network, now) = (Network::new(scope.account(), scope.region), scope.now_millis());
    scope
        .change(|state| {
            let mut table = asked.check(&state.ec2, &network, now)?;
            let is_there = |route: &Route| route.destination == asked.destination;
            let is_local = state.ec2.locals(&table.vpc, &network).contains(&asked.destination);
            if is_local || table.routes.iter().any(is_there) {
                let message = format!("The route identified by {} already exists.", asked.destination);
                return Err(AwsError::sender("RouteAlreadyExists", message));
            }
            if table.routes.len() >= ROUTES {
                let message = format!("The maximum number of routes has been reached for {}.", table.id);
                return Err(AwsError::sender("RouteLimitExceeded", message));
            }
            dry_run(asked.dry)?;
            table.routes.push(Route { destination: asked.destination, target: asked.target });
            state.ec2.route_tables.insert(table.id.clone(), table);
            Ok(())
        })
        .await?;
    Ok(Output::xml(|root| xml::text(root, "return", "true")))
}

/// `ReplaceRoute`.
pub(in crate::emulator::ec2) async fn replace_route(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (asked, scope) = operation.query(|params| {
        refuse(params, "ReplaceRoute", &["LocalTarget"])?;
        Asked::take(params, "ReplaceRoute")
    })?;
    let (network, now) = (Network::new(scope.account(), scope.region), scope.now_millis());
    scope
        .change(|state| {
            let mut table = asked.check(&state.ec2, &network, now)?;
            let route = table.routes.iter_mut().find(|route| route.destination == asked.destination);
            let route = route.ok_or_else(|| no_route(&asked.table, asked.destination))?;
            dry_run(asked.dry)?;
            route.target = asked.target;
            state.ec2.route_tables.insert(table.id.clone(), table);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

fn no_route(table: &str, destination: Block) -> AwsError {
    let message = format!("no route with destination-cidr-block {destination} in route table {table}");
    AwsError::sender("InvalidRoute.NotFound", message)
}

/// `DeleteRoute`.
pub(in crate::emulator::ec2) async fn delete_route(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, destination, dry), scope) = operation.query(|params| {
        refuse(params, "DeleteRoute", &["DestinationIpv6CidrBlock", "DestinationPrefixListId"])?;
        Ok((params.required("RouteTableId")?, take_destination(params)?, take_dry_run(params)?))
    })?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let mut table = state.ec2.route_table(&id, &network)?;
            if state.ec2.locals(&table.vpc, &network).contains(&destination) {
                let message = format!("cannot remove local route {destination} in route table {id}");
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
            let before = table.routes.len();
            table.routes.retain(|route| route.destination != destination);
            if table.routes.len() == before {
                return Err(no_route(&id, destination));
            }
            dry_run(dry)?;
            state.ec2.route_tables.insert(id, table);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

fn write_associated(root: &mut xml::Element) {
    xml::element(root, "associationState", |state| xml::text(state, "state", "associated"));
}

/// `AssociateRouteTable`: with a subnet.
pub(in crate::emulator::ec2) async fn associate(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((table, subnet, dry), scope) = operation.query(|params| {
        refuse(params, "AssociateRouteTable", &["GatewayId", "PublicIpv4Pool"])?;
        Ok((params.required("RouteTableId")?, params.required("SubnetId")?, take_dry_run(params)?))
    })?;
    let network = Network::new(scope.account(), scope.region);
    let id = format!("rtbassoc-{}", new_hex()?);
    let made = id.clone();
    scope
        .change(|state| {
            let mut table = state.ec2.route_table(&table, &network)?;
            let subnet = state.ec2.subnet(&subnet, &network)?;
            if table.vpc != subnet.vpc {
                let message = format!("Route table {} and subnet {} belong to different networks", table.id, subnet.id);
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
            if state.ec2.table_of(&subnet.id, &network).is_some() {
                let message = format!(
                    "the specified association for route table {} conflicts with an existing association",
                    table.id
                );
                return Err(AwsError::sender("Resource.AlreadyAssociated", message));
            }
            dry_run(dry)?;
            table.associations.push(Association { id, subnet: Some(subnet.id) });
            state.ec2.route_tables.insert(table.id.clone(), table);
            Ok(())
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "associationId", &made);
        write_associated(root);
    }))
}

/// `ReplaceRouteTableAssociation`: the same subnet follows another table; of the main association, the whole VPC does.
pub(in crate::emulator::ec2) async fn replace_association(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((old, table, dry), scope) = operation.query(|params| {
        Ok((params.required("AssociationId")?, params.required("RouteTableId")?, take_dry_run(params)?))
    })?;
    let network = Network::new(scope.account(), scope.region);
    let id = format!("rtbassoc-{}", new_hex()?);
    let made = id.clone();
    scope
        .change(|state| {
            let (mut from, association) = state.ec2.association(&old, &network)?;
            let mut to = state.ec2.route_table(&table, &network)?;
            if from.vpc != to.vpc {
                let message = format!("Route table {} and association {old} belong to different networks", to.id);
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
            dry_run(dry)?;
            let association = Association { id, ..association };
            from.associations.retain(|known| known.id != old);
            if from.id == to.id {
                from.associations.push(association);
            } else {
                to.associations.push(association);
                state.ec2.route_tables.insert(to.id.clone(), to);
            }
            state.ec2.route_tables.insert(from.id.clone(), from);
            Ok(())
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "newAssociationId", &made);
        write_associated(root);
    }))
}

/// `DisassociateRouteTable`: the subnet follows the main table again.
pub(in crate::emulator::ec2) async fn disassociate(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) =
        operation.query(|params| Ok((params.required("AssociationId")?, take_dry_run(params)?)))?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let (mut table, association) = state.ec2.association(&id, &network)?;
            if association.subnet.is_none() {
                let message = format!("cannot disassociate the main route table association {id}");
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
            dry_run(dry)?;
            table.associations.retain(|known| known.id != id);
            state.ec2.route_tables.insert(table.id.clone(), table);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

impl State {
    /// The table that a subnet follows by name.
    fn table_of(&self, subnet: &str, network: &Network) -> Option<RouteTable> {
        let follows = |each: &Association| each.subnet.as_deref() == Some(subnet);
        self.route_tables(network).into_iter().find(|table| table.associations.iter().any(follows))
    }

    /// Ends the association of a subnet that is removed.
    pub(super) fn unfollow(&mut self, subnet: &str, network: &Network) {
        if let Some(mut table) = self.table_of(subnet, network) {
            table.associations.retain(|each| each.subnet.as_deref() != Some(subnet));
            self.route_tables.insert(table.id.clone(), table);
        }
    }

    /// The id of the route table that an association is with.
    pub(in crate::emulator::ec2) fn associated_table(&self, id: &str, network: &Network) -> Option<String> {
        self.association(id, network).ok().map(|(table, _)| table.id)
    }

    fn association(&self, id: &str, network: &Network) -> Result<(RouteTable, Association), AwsError> {
        let found = self.route_tables(network).into_iter().find_map(|table| {
            let association = table.associations.iter().find(|each| each.id == id).cloned();
            association.map(|association| (table, association))
        });
        found.ok_or_else(|| no_association(id))
    }
}
