//! `DescribeVpcEndpoints`.

use super::{
    endpoint::Endpoint,
    parts::offer_of,
    services::{Way, digits, hosted_zone},
};
use crate::emulator::{
    ec2::{
        groups::GroupName,
        kind,
        listing::{Listing, Record, Tags, flag},
        network::Network,
        state::State,
    },
    service::{Operation, Output},
    wire::{AwsError, iso_time, xml},
};

/// An endpoint as a listing shows it.
pub(super) struct Shown {
    endpoint: Endpoint,
    owner: String,
    region: String,
    groups: Vec<GroupName>,
    tags: Tags,
    now: i64,
}

impl Shown {
    pub(super) fn of(state: &State, endpoint: Endpoint, network: &Network, now: i64) -> Self {
        let group = |id: &String| {
            let found = state.group(id, network).ok()?;
            Some(GroupName { id: found.id.clone(), name: found.name.clone() })
        };
        Self {
            groups: endpoint.groups.iter().filter_map(group).collect(),
            owner: network.account().to_owned(),
            region: network.region().to_owned(),
            tags: state.tags_of(&endpoint.id).clone(),
            now,
            endpoint,
        }
    }

    /// The names that lead to it, each with its hosted zone: for all zones, for each zone, and the service's own.
    fn names(&self) -> Vec<(String, String)> {
        let endpoint = &self.endpoint;
        let offer = offer_of(&self.region, &endpoint.service, endpoint.way).ok();
        let Some(offer) = offer.filter(|offer| offer.way == Way::Interface) else { return Vec::new() };
        let (base, start) = (offer.base_name(), format!("{}-{}", endpoint.id, digits(&endpoint.id)));
        let zones = endpoint.places.iter().map(|place| format!("{start}-{}.{base}", place.zone));
        let names = std::iter::once(format!("{start}.{base}")).chain(zones);
        let zone = hosted_zone(&format!("{}.vpce.amazonaws.com", self.region));
        let mut names: Vec<(String, String)> = names.map(|name| (name, zone.clone())).collect();
        let own = offer.private_name().filter(|_| endpoint.has_private_name);
        names.extend(own.map(|name| (name, hosted_zone(&endpoint.id))));
        names
    }
}

/// `DescribeVpcEndpoints`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = [
        "ip-address-type",
        "service-name",
        "service-region",
        "vpc-endpoint-id",
        "vpc-endpoint-state",
        "vpc-endpoint-type",
        "vpc-id",
    ];
    let (listing, scope) = operation.query(|params| Listing::take(params, "VpcEndpointId", &known))?;
    let (network, now) = (Network::new(scope.account(), scope.region), scope.now_millis());
    let shown = scope.read(|state| {
        let endpoints = state.ec2.endpoints.values().filter(|endpoint| endpoint.is_visible(now)).cloned();
        endpoints.map(|endpoint| Shown::of(&state.ec2, endpoint, &network, now)).collect()
    });
    listing.answer(&kind::ENDPOINT, "vpcEndpointSet", shown)
}

impl Record for Shown {
    const LISTS_NO_TAGS: bool = true;

    fn id(&self) -> &str {
        &self.endpoint.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "ip-address-type" => test("ipv4"),
            "service-name" => test(&self.endpoint.service),
            "service-region" => test(&self.region),
            "vpc-endpoint-id" => test(&self.endpoint.id),
            "vpc-endpoint-state" => test(self.endpoint.state(self.now)),
            "vpc-endpoint-type" => test(self.endpoint.way.name()),
            _ => test(&self.endpoint.vpc),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        let endpoint = &self.endpoint;
        let is_gateway = endpoint.way == Way::Gateway;
        xml::text(item, "vpcEndpointId", &endpoint.id);
        xml::text(item, "vpcEndpointType", endpoint.way.name());
        xml::text(item, "vpcId", &endpoint.vpc);
        xml::text(item, "serviceName", &endpoint.service);
        // In small letters, although the model has others.
        xml::text(item, "state", endpoint.state(self.now));
        xml::text(item, "policyDocument", endpoint.policy());
        xml::texts(item, "routeTableIdSet", "item", endpoint.tables.iter().map(String::as_str));
        xml::texts(item, "subnetIdSet", "item", endpoint.places.iter().map(|place| place.subnet.as_str()));
        xml::list(item, "groupSet", "item", &self.groups, |each, group| group.write(each));
        xml::text(item, "ipAddressType", "ipv4");
        if let Some(records) = endpoint.records.as_deref().or((!is_gateway).then_some("ipv4")) {
            xml::element(item, "dnsOptions", |options| xml::text(options, "dnsRecordIpType", records));
        }
        flag(item, "privateDnsEnabled", endpoint.has_private_name);
        flag(item, "requesterManaged", false);
        xml::texts(item, "networkInterfaceIdSet", "item", endpoint.places.iter().map(|place| place.interface.as_str()));
        xml::list(item, "dnsEntrySet", "item", self.names(), |each, (name, zone)| {
            xml::text(each, "dnsName", &name);
            xml::text(each, "hostedZoneId", &zone);
        });
        xml::text(item, "creationTimestamp", &iso_time(endpoint.created));
        xml::text(item, "ownerId", &self.owner);
        xml::text(item, "serviceRegion", &self.region);
    }
}
