//! Route tables: made, shown, removed.

use super::{block::Block, endpoints::endpoint::Endpoint, in_use};
use crate::emulator::{
    ec2::{
        dry_run,
        instance::Phase,
        kind,
        listing::{Listing, Record, Tags, created, flag, flag_passes},
        network::Network,
        new_id,
        state::State,
        tags, take_client_token, take_dry_run,
    },
    service::{Operation, Output},
    wire::{AwsError, xml},
};
use serde::{Deserialize, Serialize};

/// A route table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct RouteTable {
    pub(super) id: String,
    pub(super) vpc: String,
    pub(super) routes: Vec<Route>,
    pub(super) associations: Vec<Association>,
    #[serde(default)]
    pub(super) token: String,
}

/// A way out of the VPC.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Route {
    pub(super) destination: Block,
    pub(super) target: Target,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Target {
    Gateway(String),
    Nat(String),
    Instance(String),
    Interface(String),
}

/// Who follows a route table: a subnet, or everybody in the VPC that follows no other.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Association {
    pub(super) id: String,
    pub(super) subnet: Option<String>,
}

impl RouteTable {
    /// The main table of the default network, which leads to its gateway.
    pub(super) fn default_of(network: &Network) -> Self {
        let out = Route { destination: Block::everything(), target: Target::Gateway(network.id("igw", "")) };
        Self {
            id: network.id("rtb", ""),
            vpc: network.vpc(),
            routes: vec![out],
            associations: vec![Association { id: network.id("rtbassoc", ""), subnet: None }],
            token: String::new(),
        }
    }

    pub(super) fn is_main(&self) -> bool {
        self.associations.iter().any(|association| association.subnet.is_none())
    }
}

impl Target {
    /// Whether what it leads to is there.
    fn is_alive(&self, state: &State, vpc: &str, network: &Network, now: i64) -> bool {
        match self {
            Self::Gateway(id) => state.gateway(id, network).is_ok_and(|gateway| gateway.vpc.as_deref() == Some(vpc)),
            Self::Nat(id) => state.nats.get(id).is_some_and(|nat| nat.ended.is_none()),
            Self::Instance(id) => state.instances.get(id).is_some_and(|instance| instance.phase(now) == Phase::Running),
            Self::Interface(id) => state.has_interface(id, now),
        }
    }

    /// The element and the id.
    fn shown(&self) -> (&'static str, &str) {
        match self {
            Self::Gateway(id) => ("gatewayId", id),
            Self::Nat(id) => ("natGatewayId", id),
            Self::Instance(id) => ("instanceId", id),
            Self::Interface(id) => ("networkInterfaceId", id),
        }
    }
}

/// A route table as a listing shows it.
struct Shown {
    table: RouteTable,
    /// The blocks of the VPC, which everybody in it reaches.
    locals: Vec<Block>,
    /// Whether each route leads somewhere.
    alive: Vec<bool>,
    /// The gateways of services that it leads to, each after its prefix list.
    endpoints: Vec<(String, String)>,
    owner: String,
    tags: Tags,
}

impl Shown {
    fn of(state: &State, table: RouteTable, network: &Network, now: i64) -> Self {
        let alive = |route: &Route| route.target.is_alive(state, &table.vpc, network, now);
        let endpoints = state.endpoints.values();
        let endpoints =
            endpoints.filter_map(|endpoint| Some((endpoint.route_in(&table.id)?, endpoint.id().to_owned())));
        Self {
            endpoints: endpoints.collect(),
            alive: table.routes.iter().map(alive).collect(),
            locals: state.locals(&table.vpc, network),
            owner: network.account().to_owned(),
            tags: state.tags_of(&table.id).clone(),
            table,
        }
    }
}

/// `CreateRouteTable`: leads to the VPC itself, and nowhere else.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((vpc, new_tags, token, dry), scope) = operation.query(|params| {
        let tags = tags::take_for(params, &kind::ROUTE_TABLE)?;
        Ok((params.required("VpcId")?, tags, take_client_token(params)?, take_dry_run(params)?))
    })?;
    let (id, now) = (new_id(kind::ROUTE_TABLE.prefix)?, scope.now_millis());
    let network = Network::new(scope.account(), scope.region);
    let shown = scope
        .change(|state| {
            let vpc = state.ec2.vpc(&vpc, &network)?;
            let is_repeated = |known: &&RouteTable| !token.is_empty() && known.token == token;
            let known = state.ec2.route_tables.values().find(is_repeated).cloned();
            dry_run(dry)?;
            let table = known.unwrap_or_else(|| {
                let table =
                    RouteTable { id, vpc: vpc.id, routes: Vec::new(), associations: Vec::new(), token: token.clone() };
                state.ec2.set_tags(&table.id, new_tags);
                state.ec2.route_tables.insert(table.id.clone(), table.clone());
                table
            });
            Ok::<_, AwsError>(Shown::of(&state.ec2, table, &network, now))
        })
        .await?;
    Ok(created("routeTable", shown, &token))
}

/// `DeleteRouteTable`: not while a subnet follows it, and never the main one.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) = operation.query(|params| Ok((params.required("RouteTableId")?, take_dry_run(params)?)))?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let table = state.ec2.route_table(&id, &network)?;
            if !table.associations.is_empty() {
                return Err(in_use("routeTable", &id));
            }
            dry_run(dry)?;
            state.ec2.route_tables.remove(&id);
            let leads = |endpoint: &Endpoint| endpoint.route_in(&id).is_some();
            state.ec2.endpoints.change_where(leads, |endpoint| endpoint.forget_table(&id));
            state.ec2.set_tags(&id, Tags::new());
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

const FILTERS: &[&str] = &[
    "association.gateway-id",
    "association.main",
    "association.route-table-association-id",
    "association.route-table-id",
    "association.subnet-id",
    "owner-id",
    "route-table-id",
    "route.destination-cidr-block",
    "route.destination-ipv6-cidr-block",
    "route.destination-prefix-list-id",
    "route.egress-only-internet-gateway-id",
    "route.gateway-id",
    "route.instance-id",
    "route.nat-gateway-id",
    "route.origin",
    "route.state",
    "route.transit-gateway-id",
    "route.vpc-peering-connection-id",
    "vpc-id",
];

/// `DescribeRouteTables`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (listing, scope) = operation.query(|params| Listing::take_pages(params, "RouteTableId", FILTERS, 100))?;
    let (network, now) = (Network::new(scope.account(), scope.region), scope.now_millis());
    let shown = scope.read(|state| {
        let tables = state.ec2.route_tables(&network).into_iter();
        tables.map(|table| Shown::of(&state.ec2, table, &network, now)).collect()
    });
    listing.answer(&kind::ROUTE_TABLE, "routeTableSet", shown)
}

impl Record for Shown {
    const LISTS_NO_TAGS: bool = true;

    fn id(&self) -> &str {
        &self.table.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        let (associations, routes) = (&self.table.associations, &self.table.routes);
        let leads = |element: &str| {
            routes.iter().any(|route| {
                let (tag, id) = route.target.shown();
                tag == element && test(id)
            })
        };
        match filter {
            "association.main" => associations.iter().any(|each| flag_passes(each.subnet.is_none(), test)),
            "association.route-table-association-id" => associations.iter().any(|each| test(&each.id)),
            "association.route-table-id" => !associations.is_empty() && test(&self.table.id),
            "association.subnet-id" => associations.iter().any(|each| each.subnet.as_deref().is_some_and(test)),
            "owner-id" => test(&self.owner),
            "route-table-id" => test(&self.table.id),
            "route.destination-cidr-block" => {
                let own = routes.iter().map(|route| route.destination);
                self.locals.iter().copied().chain(own).any(|block| test(&block.to_string()))
            }
            "route.destination-prefix-list-id" => self.endpoints.iter().any(|(list, _)| test(list)),
            "route.gateway-id" => {
                test("local") || leads("gatewayId") || self.endpoints.iter().any(|(_, endpoint)| test(endpoint))
            }
            "route.instance-id" => leads("instanceId"),
            "route.nat-gateway-id" => leads("natGatewayId"),
            "route.origin" => {
                let has_others = !routes.is_empty() || !self.endpoints.is_empty();
                test("CreateRouteTable") || (has_others && test("CreateRoute"))
            }
            "route.state" => test("active") || (self.alive.contains(&false) && test("blackhole")),
            "vpc-id" => test(&self.table.vpc),
            // There are no others.
            _ => false,
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "routeTableId", &self.table.id);
        xml::text(item, "vpcId", &self.table.vpc);
        xml::text(item, "ownerId", &self.owner);
        let write =
            |route: &mut xml::Element, destination: Block, (tag, id): (&str, &str), alive: bool, origin: &str| {
                xml::text(route, "destinationCidrBlock", &destination.to_string());
                xml::text(route, tag, id);
                xml::text(route, "state", if alive { "active" } else { "blackhole" });
                xml::text(route, "origin", origin);
            };
        xml::element(item, "routeSet", |set| {
            for local in &self.locals {
                xml::element(set, "item", |route| {
                    write(route, *local, ("gatewayId", "local"), true, "CreateRouteTable");
                });
            }
            for (each, alive) in self.table.routes.iter().zip(&self.alive) {
                xml::element(set, "item", |route| {
                    write(route, each.destination, each.target.shown(), *alive, "CreateRoute");
                });
            }
            for (list, endpoint) in &self.endpoints {
                xml::element(set, "item", |route| {
                    xml::text(route, "destinationPrefixListId", list);
                    xml::text(route, "gatewayId", endpoint);
                    xml::text(route, "state", "active");
                    xml::text(route, "origin", "CreateRoute");
                });
            }
        });
        xml::list(item, "associationSet", "item", &self.table.associations, |each, association| {
            xml::text(each, "routeTableAssociationId", &association.id);
            xml::text(each, "routeTableId", &self.table.id);
            if let Some(subnet) = &association.subnet {
                xml::text(each, "subnetId", subnet);
            }
            flag(each, "main", association.subnet.is_none());
            xml::element(each, "associationState", |state| xml::text(state, "state", "associated"));
        });
        xml::element(item, "propagatingVgwSet", |_| ());
    }
}
