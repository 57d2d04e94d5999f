//! The default network that every region has: zones, one subnet a zone, one security group. Ids follow from the account
//! and the region, so they need no state.

use crate::{emulator::store::Region, secret::hex};
use sha2::{Digest, Sha256};
use std::{net::Ipv4Addr, sync::Arc};

/// The zones of every region; AWS's regions have three to six.
const ZONES: [char; 3] = ['a', 'b', 'c'];
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

    /// The addresses of a zone's subnet.
    pub(super) fn subnet_cidr(&self, zone: &str) -> String {
        format!("172.31.{}.0/20", self.place(zone).unwrap_or(0) * usize::from(SUBNET) / 256)
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

    /// Whether an address is one that an instance in the zone's subnet may have.
    pub(super) fn is_usable(&self, zone: &str, address: Ipv4Addr) -> bool {
        let [first, second, high, low] = address.octets();
        let host = usize::from(u16::from_be_bytes([high, low]));
        let start = self.place(zone).map_or(usize::MAX, |place| place * usize::from(SUBNET) + usize::from(RESERVED));
        (first, second) == (172, 31) && (start..start + ROOM).contains(&host)
    }

    /// The public address of an instance at its `starts`-th start. AWS's are anybody's; these belong to nobody (RFC
    /// 2544), and follow from the private one, so that no two instances have the same.
    pub(super) fn public_address(private: Ipv4Addr, starts: u32) -> Ipv4Addr {
        let [_, _, high, low] = private.octets();
        let host = u32::from(u16::from_be_bytes([high, low]));
        Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + ((starts % 8) << 14) + host)
    }

    /// The public name of an address; us-east-1 has an older form.
    pub(super) fn public_name(&self, address: Ipv4Addr) -> String {
        let dashed = address.to_string().replace('.', "-");
        match self.region.as_str() {
            "us-east-1" => format!("ec2-{dashed}.compute-1.amazonaws.com"),
            region => format!("ec2-{dashed}.{region}.compute.amazonaws.com"),
        }
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

    /// An id of the network's own that follows from what it is for.
    pub(super) fn id(&self, prefix: &str, what: &str) -> String {
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
        assert_eq!(network.subnet_cidr("us-east-1b"), "172.31.16.0/20");
    }

    #[test]
    fn a_public_address_is_another_at_each_start_and_nobody_elses() {
        let first = Network::public_address(Ipv4Addr::new(172, 31, 47, 254), 1);
        assert_eq!(first.octets()[..2], [198, 18]);
        assert_ne!(first, Network::public_address(Ipv4Addr::new(172, 31, 47, 254), 2));
        assert_eq!(Network::public_address(Ipv4Addr::new(172, 31, 47, 254), 7), Ipv4Addr::new(198, 19, 239, 254));
        let (east, west) = ("us-east-1".parse().unwrap(), "us-west-2".parse().unwrap());
        let name = |region| Network::new("000000000000", region).public_name(Ipv4Addr::new(198, 18, 1, 2));
        assert_eq!(name(&east), "ec2-198-18-1-2.compute-1.amazonaws.com");
        assert_eq!(name(&west), "ec2-198-18-1-2.us-west-2.compute.amazonaws.com");
    }

    #[test]
    fn an_address_that_is_asked_for_lies_in_its_subnet_and_is_not_reserved() {
        let region = "us-east-1".parse().unwrap();
        let network = Network::new("000000000000", &region);
        let usable = |address: [u8; 4]| network.is_usable("us-east-1b", address.into());
        assert!(usable([172, 31, 16, 4]) && usable([172, 31, 31, 254]));
        assert!(!usable([172, 31, 16, 3]) && !usable([172, 31, 31, 255]) && !usable([172, 31, 0, 9]));
        assert!(!usable([10, 0, 16, 4]));
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
