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
use std::{net::Ipv4Addr, sync::Arc};

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
/// The addresses of a /20.
const SUBNET: u16 = 4096;
/// How many instances a subnet has addresses for,
const ROOM: usize = (HOSTS - RESERVED) as usize;
/// and the whole network.
pub(super) const CAPACITY: usize = ROOM * ZONES.len();

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
    pub(super) fn address(&self, zone: &str, instance: &str, taken: &Addresses) -> Option<Ipv4Addr> {
        let digest = Sha256::digest(instance.as_bytes());
        let start = u16::from_be_bytes([digest[0], digest[1]]);
        let subnet = u16::try_from(self.place(zone)?).ok()? * SUBNET;
        (0..HOSTS - RESERVED)
            .map(|step| subnet + RESERVED + (start % (HOSTS - RESERVED) + step) % (HOSTS - RESERVED))
            .map(|host| {
                let [high, low] = host.to_be_bytes();
                Ipv4Addr::new(172, 31, high, low)
            })
            .find(|address| !taken.contains(*address))
    }

    /// Counts the addresses that a zone's subnet has left.
    pub(super) fn room(&self, zone: &str, taken: &Addresses) -> usize {
        self.place(zone).map_or(0, |place| ROOM.saturating_sub(taken.count(place)))
    }

    /// The place of a zone among those of the region.
    fn place(&self, zone: &str) -> Option<usize> {
        self.zones().iter().position(|known| known == zone)
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

/// The addresses of the network that instances have, a bit for each; copies share what did not change.
#[derive(Clone)]
pub(super) struct Addresses([Arc<[u64; WORDS]>; ZONES.len()]);

/// The words that hold the bits of a subnet.
const WORDS: usize = SUBNET as usize / 64;

impl Default for Addresses {
    fn default() -> Self {
        Self(ZONES.map(|_| Arc::new([0; WORDS])))
    }
}

impl Addresses {
    /// Takes an address, or gives it back.
    pub(super) fn set(&mut self, address: Ipv4Addr, is_taken: bool) {
        let (place, word, bit) = Self::locate(address);
        if let Some(words) = self.0.get_mut(place) {
            let word = &mut Arc::make_mut(words)[word];
            *word = if is_taken { *word | bit } else { *word & !bit };
        }
    }

    /// Whether an instance has this address.
    pub(super) fn contains(&self, address: Ipv4Addr) -> bool {
        let (place, word, bit) = Self::locate(address);
        self.0.get(place).is_some_and(|words| words[word] & bit != 0)
    }

    /// Counts the addresses that are taken in the zone of this place.
    fn count(&self, place: usize) -> usize {
        self.0[place].iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Counts the addresses that are taken in the whole network.
    pub(super) fn len(&self) -> usize {
        (0..ZONES.len()).map(|place| self.count(place)).sum()
    }

    /// The zone's place, the word and the bit of an address.
    fn locate(address: Ipv4Addr) -> (usize, usize, u64) {
        let [_, _, high, low] = address.octets();
        let host = usize::from(u16::from_be_bytes([high, low]));
        let (place, within) = (host / usize::from(SUBNET), host % usize::from(SUBNET));
        (place, within / 64, 1 << (within % 64))
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
        let mut taken = Addresses::default();
        for number in 0..ROOM {
            let address = network.address("us-east-1b", &format!("i-{number}"), &taken).unwrap();
            assert_eq!(address.octets()[..2], [172, 31]);
            assert!((16..32).contains(&address.octets()[2]), "{address}");
            assert!(!taken.contains(address));
            taken.set(address, true);
        }
        assert_eq!((taken.len(), network.room("us-east-1b", &taken)), (ROOM, 0));
        assert_eq!(network.address("us-east-1b", "i-more", &taken), None);
        assert_eq!(network.room("us-east-1a", &taken), ROOM);
        taken.set(Ipv4Addr::new(172, 31, 16, 4), false);
        assert_eq!(network.address("us-east-1b", "i-more", &taken), Some(Ipv4Addr::new(172, 31, 16, 4)));
    }
}
