//! The default network that every region has: zones, one subnet a zone, one security group. Ids follow from the account
//! and the region, so they need no state.

use super::filter::Filters;
use crate::{
    emulator::{
        service::{Operation, Output},
        store::Region,
        wire::{AwsError, xml},
    },
    secret::hex,
};
use sha2::{Digest, Sha256};
use std::{collections::HashSet, net::Ipv4Addr};

/// The zones of every region; AWS's regions have three to six.
const ZONES: [char; 3] = ['a', 'b', 'c'];
/// The regions that are on without opting in.
const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];
/// Addresses that AWS keeps for itself at the start of each subnet.
const RESERVED: u16 = 4;
/// Addresses of a subnet (a /20), without the last one, which is the broadcast address.
const HOSTS: u16 = 4095;

/// The default network of a region.
pub(super) struct Network<'a> {
    account: &'a str,
    region: &'a Region,
}

impl<'a> Network<'a> {
    pub(super) fn new(account: &'a str, region: &'a Region) -> Self {
        Self { account, region }
    }

    pub(super) fn account(&self) -> &str {
        self.account
    }

    pub(super) fn vpc(&self) -> String {
        self.id("vpc", "")
    }

    pub(super) fn subnet(&self, zone: &str) -> String {
        self.id("subnet", zone)
    }

    pub(super) fn security_group(&self) -> String {
        self.id("sg", "default")
    }

    pub(super) fn zones(&self) -> [String; 3] {
        ZONES.map(|letter| format!("{}{letter}", self.region))
    }

    /// The id of a zone, the same for every account here (`use1-az1` on AWS).
    pub(super) fn zone_id(zone: &str) -> String {
        let (region, letter) = zone.split_at(zone.len().saturating_sub(1));
        let mut parts = region.split('-');
        let (area, side, number) =
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let side: String = match side {
            "northeast" => "ne".to_owned(),
            "northwest" => "nw".to_owned(),
            "southeast" => "se".to_owned(),
            "southwest" => "sw".to_owned(),
            other => other.chars().take(1).collect(),
        };
        let place = ZONES.iter().position(|zone| letter.starts_with(*zone)).unwrap_or(0) + 1;
        format!("{area}{side}{number}-az{place}")
    }

    /// The first free address of a zone's subnet at or after a place that follows from the instance's id.
    pub(super) fn address(&self, zone: &str, instance: &str, taken: &HashSet<Ipv4Addr>) -> Option<Ipv4Addr> {
        let digest = Sha256::digest(instance.as_bytes());
        let start = u16::from_be_bytes([digest[0], digest[1]]);
        let subnet = u16::try_from(self.zones().iter().position(|known| known == zone)?).ok()? * 4096;
        (0..HOSTS - RESERVED)
            .map(|step| subnet + RESERVED + (start % (HOSTS - RESERVED) + step) % (HOSTS - RESERVED))
            .map(|host| {
                let [high, low] = host.to_be_bytes();
                Ipv4Addr::new(172, 31, high, low)
            })
            .find(|address| !taken.contains(address))
    }

    /// The name of an address within the network; us-east-1 has an older form.
    pub(super) fn private_name(&self, address: Ipv4Addr) -> String {
        let dashed = address.to_string().replace('.', "-");
        match self.region.as_str() {
            "us-east-1" => format!("ip-{dashed}.ec2.internal"),
            region => format!("ip-{dashed}.{region}.compute.internal"),
        }
    }

    fn id(&self, prefix: &str, what: &str) -> String {
        let digest = Sha256::digest(format!("{prefix}/{}/{}/{what}", self.account, self.region).as_bytes());
        format!("{prefix}-{}", &hex(&digest)[..17])
    }
}

/// `DescribeRegions`.
pub(super) fn describe_regions(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((names, filters, dry), _) = operation.query(|params| {
        let names = params.list("RegionName")?;
        let filters = Filters::take(params, &["endpoint", "opt-in-status", "region-name"])?;
        // All that there are are shown anyway.
        params.flag("AllRegions")?;
        Ok((names, filters, super::take_dry_run(params)?))
    })?;
    if let Some(unknown) = names.iter().find(|name| !REGIONS.contains(&name.as_str())) {
        return Err(AwsError::sender("InvalidParameterValue", format!("Invalid region provided: {unknown}")));
    }
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        let regions = REGIONS.iter().filter(|region| names.is_empty() || names.iter().any(|name| name == *region));
        let regions = regions.filter(|region| {
            filters.accept(|name, test| match name {
                "endpoint" => test(&format!("ec2.{region}.amazonaws.com")),
                "opt-in-status" => test("opt-in-not-required"),
                _ => test(region),
            })
        });
        xml::list(root, "regionInfo", "item", regions, |item, region| {
            xml::text(item, "optInStatus", "opt-in-not-required");
            xml::text(item, "regionName", region);
            xml::text(item, "regionEndpoint", &format!("ec2.{region}.amazonaws.com"));
        });
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_belong_to_an_account_and_a_region() {
        let (east, west) = ("us-east-1".parse().unwrap(), "us-west-2".parse().unwrap());
        let network = Network::new("000000000000", &east);
        assert_eq!(network.vpc().len(), "vpc-".len() + 17);
        assert_eq!(network.vpc(), Network::new("000000000000", &east).vpc());
        assert_ne!(network.vpc(), Network::new("000000000000", &west).vpc());
        assert_ne!(network.subnet("us-east-1a"), network.subnet("us-east-1b"));
        assert_eq!(Network::zone_id("us-east-1b"), "use1-az2");
        assert_eq!(Network::zone_id("ap-southeast-2a"), "apse2-az1");
    }

    #[test]
    fn addresses_are_never_given_twice_and_stay_in_their_subnet() {
        let region = "us-east-1".parse().unwrap();
        let network = Network::new("000000000000", &region);
        let mut taken = HashSet::new();
        for number in 0..300 {
            let address = network.address("us-east-1b", &format!("i-{number}"), &taken).unwrap();
            assert_eq!(address.octets()[..2], [172, 31]);
            assert!((16..32).contains(&address.octets()[2]), "{address}");
            assert!(taken.insert(address));
        }
    }
}
