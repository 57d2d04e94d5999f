//! Regions, their zones, and what an account may use of them.

use super::{filter::Filters, network::Network};
use crate::{
    aws_protocol::regions::{REGIONS, Region},
    emulator::{
        service::{Operation, Output},
        store,
        wire::{AwsError, xml},
    },
};

/// Whether the partition `aws` has a region of this name.
fn is_region(name: &str) -> bool {
    REGIONS.iter().any(|(known, ..)| *known == name)
}

/// Reads the name of the region that something is copied from.
pub(super) fn source_region(name: &str) -> Result<store::Region, AwsError> {
    let region = name.parse::<store::Region>().ok().filter(|_| is_region(name));
    region.ok_or_else(|| AwsError::sender("InvalidRegion", format!("The region {name} does not exist.")))
}

/// `DescribeRegions`: those that are on, unless others are named or all are asked for.
pub(super) fn describe_regions(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((names, all, filters, dry), _) = operation.query(|params| {
        let (names, all) = (params.list("RegionName")?, params.flag("AllRegions")?.unwrap_or(false));
        let filters = Filters::take(params, &["endpoint", "opt-in-status", "region-name"])?;
        Ok((names, all, filters, super::take_dry_run(params)?))
    })?;
    if let Some(unknown) = names.iter().find(|name| !is_region(name)) {
        return Err(AwsError::sender("InvalidParameterValue", format!("Invalid region provided: {unknown}")));
    }
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        let is_asked = |(region, _, is_off): &&Region| {
            if names.is_empty() { all || !is_off } else { names.iter().any(|name| name == region) }
        };
        let regions = REGIONS.iter().filter(is_asked).filter(|(region, _, is_off)| {
            filters.accept(|name, test| match name {
                "endpoint" => test(&format!("ec2.{region}.amazonaws.com")),
                "opt-in-status" => test(status(*is_off)),
                _ => test(region),
            })
        });
        xml::list(root, "regionInfo", "item", regions, |item, (region, _, is_off)| {
            xml::text(item, "optInStatus", status(*is_off));
            xml::text(item, "regionName", region);
            xml::text(item, "regionEndpoint", &format!("ec2.{region}.amazonaws.com"));
        });
    }))
}

fn status(is_off: bool) -> &'static str {
    if is_off { "not-opted-in" } else { "opt-in-not-required" }
}

const ZONE_FILTERS: &[&str] = &[
    "group-long-name",
    "group-name",
    "message",
    "opt-in-status",
    "parent-zone-id",
    "parent-zone-name",
    "region-name",
    "state",
    "zone-id",
    "zone-name",
    "zone-type",
];

/// `DescribeAvailabilityZones`: the zones of the region that was signed for; there are no local zones.
pub(super) fn describe_zones(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (account, region) = (operation.account().to_owned(), operation.region().clone());
    let ((names, ids, filters, dry), _) = operation.query(|params| {
        let (names, ids) = (params.list("ZoneName")?, params.list("ZoneId")?);
        // All that there are are on.
        params.flag("AllAvailabilityZones")?;
        Ok((names, ids, Filters::take(params, ZONE_FILTERS)?, super::take_dry_run(params)?))
    })?;
    let zones = Network::new(&account, &region).zones();
    let invalid =
        |zone: &String| AwsError::sender("InvalidParameterValue", format!("Invalid availability zone: [{zone}]"));
    if let Some(zone) = names.iter().find(|name| !zones.contains(name)) {
        return Err(invalid(zone));
    }
    if let Some(zone) = ids.iter().find(|id| !zones.iter().any(|zone| Network::zone_id(zone) == **id)) {
        return Err(invalid(zone));
    }
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        let group = format!("{region}-zg-1");
        let mut shown = zones.to_vec();
        shown.retain(|zone| {
            (names.is_empty() || names.contains(zone))
                && (ids.is_empty() || ids.contains(&Network::zone_id(zone)))
                && filters.accept(|name, test| match name {
                    "group-long-name" => test(&long_name(region.as_str())),
                    "group-name" => test(&group),
                    "opt-in-status" => test("opt-in-not-required"),
                    "region-name" => test(region.as_str()),
                    "state" => test("available"),
                    "zone-id" => test(&Network::zone_id(zone)),
                    "zone-name" => test(zone),
                    "zone-type" => test("availability-zone"),
                    _ => false,
                })
        });
        xml::list(root, "availabilityZoneInfo", "item", shown, |item, zone| {
            xml::text(item, "optInStatus", "opt-in-not-required");
            xml::element(item, "messageSet", |_| ());
            xml::text(item, "regionName", region.as_str());
            xml::text(item, "zoneName", &zone);
            xml::text(item, "zoneId", &Network::zone_id(&zone));
            xml::text(item, "groupName", &group);
            xml::text(item, "networkBorderGroup", region.as_str());
            xml::text(item, "zoneType", "availability-zone");
            xml::text(item, "groupLongName", &long_name(region.as_str()));
            xml::text(item, "zoneState", "available");
        });
    }))
}

/// The name of a region's zones that people read.
fn long_name(region: &str) -> String {
    let name = REGIONS.iter().find(|(known, ..)| *known == region).map_or(region, |(_, name, _)| name);
    format!("{name} 1")
}

/// `DescribeAccountAttributes`.
pub(super) fn describe_account(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (account, region) = (operation.account().to_owned(), operation.region().clone());
    let ((names, dry), _) =
        operation.query(|params| Ok((params.list("AttributeName")?, super::take_dry_run(params)?)))?;
    let known: [(&str, String); 6] = [
        ("supported-platforms", "VPC".to_owned()),
        ("vpc-max-security-groups-per-interface", super::groups::PER_INTERFACE.to_string()),
        ("max-elastic-ips", super::networks::elastic::ADDRESSES.to_string()),
        ("max-instances", super::run::LIMIT.to_string()),
        ("vpc-max-elastic-ips", super::networks::elastic::ADDRESSES.to_string()),
        ("default-vpc", Network::new(&account, &region).vpc()),
    ];
    if let Some(unknown) = names.iter().find(|name| !known.iter().any(|(known, _)| known == name)) {
        let reason = "Expected one of default-vpc, supported-platforms.";
        return Err(AwsError::invalid_parameter(unknown, "attributeName", reason));
    }
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        let shown = known.into_iter().filter(|(name, _)| names.is_empty() || names.iter().any(|asked| asked == name));
        xml::list(root, "accountAttributeSet", "item", shown, |item, (name, value)| {
            xml::text(item, "attributeName", name);
            xml::list(item, "attributeValueSet", "item", [value], |item, value| {
                xml::text(item, "attributeValue", &value);
            });
        });
    }))
}
