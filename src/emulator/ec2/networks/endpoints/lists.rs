//! `DescribeVpcEndpointServices` and `DescribePrefixLists`: what there is for endpoints to lead to.

use super::{
    parts::no_service,
    services::{Offer, PrefixList, Way, offers, prefix_lists},
};
use crate::emulator::{
    ec2::{
        kind,
        listing::{Listing, Record, Tags, flag, write_with_tags},
        network::Network,
        paging::Paging,
    },
    service::{Operation, Output},
    wire::{AwsError, xml},
};

/// What belongs to AWS has no tags.
static NO_TAGS: Tags = Tags::new();

/// A service as a listing shows it.
struct Shown {
    offer: Offer,
    /// The name and the way, which no other has.
    key: String,
    zones: Vec<String>,
}

/// `DescribeVpcEndpointServices`.
pub(in crate::emulator::ec2) fn describe_services(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = ["owner", "service-name", "service-region", "service-type", "supported-ip-address-types"];
    let region = operation.region().as_str().to_owned();
    let ((names, listing), scope) = operation.query(|params| {
        if params.list("ServiceRegion")?.iter().any(|other| *other != region) {
            return Err(AwsError::not_implemented("ec2", "DescribeVpcEndpointServices with ServiceRegion"));
        }
        Ok((params.list("ServiceName")?, Listing::take_all(params, &known)?))
    })?;
    let network = Network::new(scope.account(), scope.region);
    let mut offers = offers(scope.region.as_str());
    if let Some(absent) = names.iter().find(|name| !offers.iter().any(|offer| offer.service == **name)) {
        return Err(no_service(absent));
    }
    offers.retain(|offer| names.is_empty() || names.contains(&offer.service));
    let zones = network.zones();
    let shown = |offer: Offer| {
        let key = format!("{}/{}", offer.service, offer.way.name());
        Shown { offer, key, zones: zones.to_vec() }
    };
    let (page, token) = listing.cut(offers.into_iter().map(shown).collect())?;
    Ok(Output::xml(move |root| {
        xml::texts(root, "serviceNameSet", "item", page.iter().map(|shown| shown.offer.service.as_str()));
        xml::list(root, "serviceDetailSet", "item", &page, write_with_tags);
        Paging::write(root, token.as_deref());
    }))
}

impl Record for Shown {
    const LISTS_NO_TAGS: bool = true;

    fn id(&self) -> &str {
        &self.key
    }

    fn tags(&self) -> &Tags {
        &NO_TAGS
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "owner" => test("amazon"),
            "service-name" => test(&self.offer.service),
            "service-region" => test(&self.offer.region),
            "service-type" => test(self.offer.way.name()),
            _ => test("ipv4"),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        let offer = &self.offer;
        xml::text(item, "serviceName", &offer.service);
        xml::text(item, "serviceId", &offer.id());
        xml::list(item, "serviceType", "item", [offer.way], |each, way| xml::text(each, "serviceType", way.name()));
        xml::text(item, "serviceRegion", &offer.region);
        let ids: Vec<String> = self.zones.iter().map(|zone| Network::zone_id(zone)).collect();
        xml::texts(item, "availabilityZoneIdSet", "item", ids.iter().map(String::as_str));
        xml::texts(item, "availabilityZoneSet", "item", self.zones.iter().map(String::as_str));
        xml::text(item, "owner", "amazon");
        xml::texts(item, "baseEndpointDnsNameSet", "item", [offer.base_name().as_str()]);
        if let Some(name) = offer.private_name() {
            xml::text(item, "privateDnsName", &name);
            xml::list(item, "privateDnsNameSet", "item", [&name], |each, name| {
                xml::text(each, "privateDnsName", name);
            });
            xml::text(item, "privateDnsNameVerificationState", "verified");
        }
        flag(item, "vpcEndpointPolicySupported", true);
        flag(item, "acceptanceRequired", false);
        flag(item, "managesVpcEndpoints", false);
        // A gateway's service says nothing of addresses.
        if offer.way == Way::Interface {
            xml::texts(item, "supportedIpAddressTypeSet", "item", ["ipv4"]);
        }
    }
}

/// `DescribePrefixLists`.
pub(in crate::emulator::ec2) fn describe_prefix_lists(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = ["prefix-list-id", "prefix-list-name"];
    let (listing, scope) = operation.query(|params| Listing::take(params, "PrefixListId", &known))?;
    listing.answer(&kind::PREFIX_LIST, "prefixListSet", prefix_lists(scope.region.as_str()))
}

impl Record for PrefixList {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &NO_TAGS
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        test(if filter == "prefix-list-id" { &self.id } else { &self.name })
    }

    fn write(&self, item: &mut xml::Element) {
        xml::texts(item, "cidrSet", "item", [self.block]);
        xml::text(item, "prefixListId", &self.id);
        xml::text(item, "prefixListName", &self.name);
    }
}
