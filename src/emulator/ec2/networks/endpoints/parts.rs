//! What an endpoint has in its VPC: routes, and interfaces with their groups.

use super::{
    endpoint::{Endpoint, Place},
    services::{Offer, Way, offers},
};
use crate::emulator::{
    ec2::{
        instance::TRANSITION,
        kind,
        listing::Tags,
        network::Network,
        networks::{interface::OwnInterface, records::Vpc, refuse},
        new_id,
        state::State,
    },
    wire::{AwsError, QueryParams},
};

/// The refusal of what does not fit an endpoint.
pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidParameter", message)
}

/// The refusal of a service that no region has.
pub(super) fn no_service(name: &str) -> AwsError {
    AwsError::sender("InvalidServiceName", format!("The Vpc Endpoint Service '{name}' does not exist"))
}

/// Finds the way of a kind to a service.
pub(super) fn offer_of(region: &str, service: &str, way: Way) -> Result<Offer, AwsError> {
    let known: Vec<Offer> = offers(region).into_iter().filter(|offer| offer.service == service).collect();
    if known.is_empty() {
        return Err(no_service(service));
    }
    let types: Vec<&str> = known.iter().map(|offer| offer.way.name()).collect();
    let message =
        format!("Endpoint type ({}) does not match available service types ([{}]).", way.name(), types.join(", "));
    known.into_iter().find(|offer| offer.way == way).ok_or_else(|| invalid(message))
}

/// Reads a policy.
pub(super) fn take_policy(params: &mut QueryParams) -> Result<Option<String>, AwsError> {
    let text = params.text("PolicyDocument").filter(|text| !text.is_empty());
    let is_document = |text: &String| {
        let parsed = serde_json::from_str::<serde_json::Value>(text);
        parsed.is_ok_and(|document| document.get("Statement").is_some())
    };
    if text.as_ref().is_some_and(|text| !is_document(text)) {
        let message = "The specified policy document is not a valid JSON policy document.";
        return Err(AwsError::sender("InvalidPolicyDocument", message));
    }
    Ok(text)
}

/// Reads the kind of addresses and of records, and refuses by name all but those of IPv4.
pub(super) fn take_records(params: &mut QueryParams, operation: &str) -> Result<Option<String>, AwsError> {
    refuse(params, operation, &["DnsOptions.PrivateDnsPreference", "DnsOptions.PrivateDnsSpecifiedDomain"])?;
    let lacking = |what: &str| AwsError::not_implemented("ec2", &format!("{operation} with {what}"));
    if params.flag("DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint")? == Some(true) {
        return Err(lacking("PrivateDnsOnlyForInboundResolverEndpoint"));
    }
    let addresses = params.one_of("IpAddressType", &["dualstack", "ipv4", "ipv6"])?;
    if let Some(other) = addresses.filter(|kind| kind != "ipv4") {
        return Err(lacking(&format!("IpAddressType {other}")));
    }
    let records = params.one_of("DnsOptions.DnsRecordIpType", &["dualstack", "ipv4", "ipv6", "service-defined"])?;
    match records {
        Some(other) if other == "dualstack" || other == "ipv6" => Err(lacking(&format!("DnsRecordIpType {other}"))),
        records => Ok(records),
    }
}

/// Refuses what endpoints of a kind do not have.
pub(super) fn check_way(way: Way, tables: &[String], subnets: &[String], groups: &[String]) -> Result<(), AwsError> {
    match way {
        Way::Gateway if !subnets.is_empty() => {
            Err(invalid("Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints."))
        }
        Way::Gateway if !groups.is_empty() => {
            Err(invalid("Security group IDs are only supported for Interface type VPC Endpoint."))
        }
        Way::Interface if !tables.is_empty() => {
            Err(invalid("Route table IDs are only supported for Gateway type VPC Endpoint."))
        }
        _ => Ok(()),
    }
}

impl Endpoint {
    pub(super) fn is_visible(&self, now: i64) -> bool {
        self.ended.is_none_or(|ended| (ended..ended.saturating_add(TRANSITION)).contains(&now))
    }

    pub(super) fn state(&self, now: i64) -> &'static str {
        let is_new = (self.created..self.created.saturating_add(TRANSITION)).contains(&now);
        match self.ended {
            Some(_) => "deleting",
            None if is_new && self.way == Way::Interface => "pending",
            None => "available",
        }
    }
}

impl State {
    /// Finds an endpoint that was not deleted.
    pub(in crate::emulator::ec2) fn endpoint(&self, id: &str) -> Result<Endpoint, AwsError> {
        let known = self.endpoints.get(id).filter(|endpoint| endpoint.is_there());
        known.cloned().ok_or_else(|| kind::ENDPOINT.absent(id))
    }

    /// Forgets the endpoints that nobody sees any more.
    pub(super) fn prune_endpoints(&mut self, now: i64) {
        let gone = self.endpoints.values().filter(|endpoint| !endpoint.is_visible(now));
        for id in gone.map(|endpoint| endpoint.id.clone()).collect::<Vec<_>>() {
            self.endpoints.remove(&id);
        }
    }

    /// Ends an endpoint: a gateway at once, an interface's is seen for a while.
    pub(super) fn end_endpoint(&mut self, endpoint: Endpoint, now: i64) {
        endpoint.places.iter().for_each(|place| self.remove_interface(&place.interface));
        self.set_tags(&endpoint.id, Tags::new());
        let id = endpoint.id.clone();
        if endpoint.way == Way::Gateway {
            self.endpoints.remove(&id);
        } else if endpoint.is_there() {
            self.endpoints.insert(id, Endpoint { ended: Some(now), places: Vec::new(), ..endpoint });
        }
    }

    /// Refuses an endpoint that the service's own name cannot lead to.
    pub(super) fn check_private_name(&self, endpoint: &str, offer: &Offer, vpc: &Vpc) -> Result<(), AwsError> {
        let Some(name) = offer.private_name() else {
            return Err(invalid(format!(
                "Private DNS can't be enabled because the service {} does not provide a private DNS name.",
                offer.service
            )));
        };
        let id = vpc.id();
        if !vpc.has_names() {
            return Err(invalid(format!(
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true \
                 for {id}"
            )));
        }
        let is_called_so = |other: &Endpoint| {
            other.id != endpoint && other.is_in(id) && other.has_private_name && other.service == offer.service
        };
        if self.endpoints.values().any(is_called_so) {
            return Err(invalid(format!(
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name} in the \
                 VPC {id}"
            )));
        }
        Ok(())
    }

    /// Makes route tables lead to a gateway.
    pub(super) fn lead(&self, endpoint: &mut Endpoint, tables: &[String], network: &Network) -> Result<(), AwsError> {
        for id in tables {
            let table = self.route_table(id, network)?;
            if table.vpc != endpoint.vpc {
                let vpc = &endpoint.vpc;
                return Err(invalid(format!("Route table {id} and network {vpc} belong to different networks.")));
            }
            let others = self.endpoints.values();
            let others = others.filter(|other| other.id != endpoint.id && other.service == endpoint.service);
            if let Some(list) = others.chain([&*endpoint]).find_map(|other| other.route_in(id)) {
                let message = format!("route table {id} already has a route with destination-prefix-list-id {list}");
                return Err(AwsError::sender("RouteAlreadyExists", message));
            }
            endpoint.tables.push(id.clone());
        }
        Ok(())
    }

    /// Gives the interfaces of an endpoint its groups, and the endpoint an interface in each of these subnets.
    pub(super) fn enter(
        &mut self,
        endpoint: &mut Endpoint,
        subnets: &[String],
        network: &Network,
    ) -> Result<(), AwsError> {
        let groups = self.groups_of(&endpoint.groups, &[], &endpoint.vpc, network)?;
        endpoint.groups = groups.iter().map(|group| group.id.clone()).collect();
        for place in &endpoint.places {
            if let Some(known) = self.interfaces.get(&place.interface).cloned() {
                self.put_interface(OwnInterface { groups: groups.clone(), ..known });
            }
        }
        for id in subnets {
            let subnet = self.subnet(id, network)?;
            if subnet.vpc != endpoint.vpc {
                let vpc = &endpoint.vpc;
                return Err(invalid(format!("Subnet {id} and network {vpc} belong to different networks.")));
            }
            if endpoint.places.iter().any(|place| place.zone == subnet.zone) {
                let message = format!(
                    "Found another VPC endpoint subnet in the availability zone of {id}. VPC endpoint subnets should be \
                     in different availability zones supported by the VPC endpoint service."
                );
                return Err(AwsError::sender("DuplicateSubnetsInSameZone", message));
            }
            let interface = new_id(kind::INTERFACE.prefix)?;
            let place = Place { subnet: id.clone(), zone: subnet.zone.clone(), interface: interface.clone() };
            endpoint.places.push(place);
            self.put_interface(OwnInterface {
                address: self.private_address(&subnet, &interface, None)?,
                id: interface,
                is_in_default: subnet.own().is_none(),
                subnet: subnet.id,
                vpc: subnet.vpc,
                zone: subnet.zone,
                description: format!("VPC Endpoint Interface {}", endpoint.id),
                groups: groups.clone(),
                source_dest_check: true,
                is_of_nat: false,
                is_of_endpoint: true,
                elastic: None,
                attachment: None,
                left: None,
                token: String::new(),
            });
        }
        Ok(())
    }

    /// Takes the interfaces of an endpoint out of these subnets.
    pub(super) fn leave_subnets(&mut self, endpoint: &mut Endpoint, subnets: &[String]) {
        let places = std::mem::take(&mut endpoint.places);
        let (left, kept): (Vec<_>, Vec<_>) = places.into_iter().partition(|place| subnets.contains(&place.subnet));
        endpoint.places = kept;
        left.iter().for_each(|place| self.remove_interface(&place.interface));
    }
}
