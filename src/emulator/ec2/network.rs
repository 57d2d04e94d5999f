//! The default network that every region has: zones, one subnet a zone, one security group. Ids follow from the account
//! and the region, so they need no state.

use super::networks::{block::Block, records::Subnet};
use crate::{emulator::store::Region, secret::hex};
use rpds::RedBlackTreeSetSync;
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
/// Public addresses, of each eighth, for instances in networks of one's own, and as many elastic ones.
const ROOM_OF_OWN: u32 = 2048;
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

    pub(super) fn region(&self) -> &str {
        self.region.as_str()
    }

    pub(super) fn vpc(&self) -> String {
        self.id("vpc", "")
    }

    pub(super) fn subnet(&self, zone: &str) -> String {
        self.id("subnet", zone)
    }

    /// The addresses of a zone's subnet.
    pub(super) fn subnet_block(&self, zone: &str) -> Block {
        let place = u8::try_from(self.place(zone).unwrap_or(0)).unwrap_or(0);
        Block::of([172, 31, place * 16, 0], 20)
    }

    /// The ARN of something that EC2 has in the region.
    pub(super) fn arn(&self, what: &str, id: &str) -> String {
        format!("arn:aws:ec2:{}:{}:{what}/{id}", self.region, self.account)
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

    /// The public address of an instance at its `starts`-th start. AWS's are anybody's; these belong to nobody (RFC
    /// 2544), and follow from the private one, so that no two instances have the same.
    pub(super) fn public_address(private: Ipv4Addr, starts: u32) -> Ipv4Addr {
        let [_, _, high, low] = private.octets();
        let host = u32::from(u16::from_be_bytes([high, low]));
        Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + ((starts % 8) << 14) + host)
    }

    /// The public address of an instance in a network of one's own at its `starts`-th start: one of those that no instance
    /// in the default network has. It follows from the id, since private addresses are not told apart there.
    pub(super) fn public_address_of(id: &str, starts: u32) -> Ipv4Addr {
        Self::spare(starts % 8, Self::hashed(id) % ROOM_OF_OWN)
    }

    /// The first elastic address that is free, at or after a place that follows from its allocation.
    pub(super) fn elastic_address(id: &str, is_taken: impl Fn(Ipv4Addr) -> bool) -> Option<Ipv4Addr> {
        let start = Self::hashed(id);
        let all = 8 * ROOM_OF_OWN;
        (0..all)
            .map(|step| (start + step) % all)
            .map(|place| Self::spare(place / ROOM_OF_OWN, ROOM_OF_OWN + place % ROOM_OF_OWN))
            .find(|address| !is_taken(*address))
    }

    /// A public address that no instance in the default network can have: of each eighth the last 4096.
    fn spare(eighth: u32, place: u32) -> Ipv4Addr {
        let start = u32::from(Ipv4Addr::new(198, 18, 0, 0));
        Ipv4Addr::from(start + (eighth << 14) + u32::from(SUBNET) * 3 + place)
    }

    fn hashed(id: &str) -> u32 {
        let digest = Sha256::digest(id.as_bytes());
        u32::from(u16::from_be_bytes([digest[0], digest[1]]))
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
        format!("ip-{dashed}.{}", self.domain())
    }

    /// What the names of addresses within the network end with.
    pub(super) fn domain(&self) -> String {
        match self.region.as_str() {
            "us-east-1" => "ec2.internal".to_owned(),
            region => format!("{region}.compute.internal"),
        }
    }

    /// An id of the network's own that follows from what it is for.
    pub(super) fn id(&self, prefix: &str, what: &str) -> String {
        let digest = Sha256::digest(format!("{prefix}/{}/{}/{what}", self.account, self.region).as_bytes());
        format!("{prefix}-{}", &hex(&digest)[..17])
    }
}

/// The addresses that are taken: a bit for each of the default network, and those of other subnets by the subnet. Copies
/// share what did not change.
#[derive(Clone)]
pub(super) struct Addresses {
    default: [Arc<[u64; WORDS]>; ZONES.len()],
    others: RedBlackTreeSetSync<(String, Ipv4Addr)>,
}

/// The words that hold the bits of a subnet.
const WORDS: usize = SUBNET as usize / 64;

impl Default for Addresses {
    fn default() -> Self {
        Self { default: ZONES.map(|_| Arc::new([0; WORDS])), others: RedBlackTreeSetSync::new_sync() }
    }
}

impl Addresses {
    /// Takes an address, or gives it back; `own` is its subnet where that did not come with the default network.
    pub(super) fn set(&mut self, own: Option<&str>, address: Ipv4Addr, is_taken: bool) {
        if let Some(subnet) = own {
            let key = (subnet.to_owned(), address);
            if is_taken {
                self.others.insert_mut(key);
            } else {
                self.others.remove_mut(&key);
            }
            return;
        }
        let (place, word, bit) = Self::locate(address);
        if let Some(words) = self.default.get_mut(place) {
            let word = &mut Arc::make_mut(words)[word];
            *word = if is_taken { *word | bit } else { *word & !bit };
        }
    }

    /// Whether somebody has this address.
    pub(super) fn contains(&self, own: Option<&str>, address: Ipv4Addr) -> bool {
        if let Some(subnet) = own {
            return self.others.contains(&(subnet.to_owned(), address));
        }
        let (place, word, bit) = Self::locate(address);
        self.default.get(place).is_some_and(|words| words[word] & bit != 0)
    }

    /// Counts the addresses of a subnet that are taken.
    pub(super) fn count(&self, subnet: &Subnet, network: &Network) -> usize {
        match subnet.own() {
            Some(id) => {
                let start = (id.to_owned(), Ipv4Addr::UNSPECIFIED);
                self.others.range(start..).take_while(|(of, _)| of == id).count()
            }
            None => network.place(&subnet.zone).map_or(0, |place| self.count_at(place)),
        }
    }

    fn count_at(&self, place: usize) -> usize {
        self.default[place].iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Counts the addresses that are taken in the whole default network.
    pub(super) fn len(&self) -> usize {
        (0..ZONES.len()).map(|place| self.count_at(place)).sum()
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
        assert_eq!(network.subnet_block("us-east-1b").to_string(), "172.31.16.0/20");
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
    fn addresses_are_never_given_twice_and_stay_in_their_subnet() {
        let region = "us-east-1".parse().unwrap();
        let network = Network::new("000000000000", &region);
        let (subnet, other) = ("us-east-1b", "us-east-1a");
        let (subnet, other) = (Subnet::default_of(&network, subnet), Subnet::default_of(&network, other));
        let mut taken = Addresses::default();
        let free = |taken: &Addresses, id: &str| subnet.address(id, |address| taken.contains(None, address));
        for number in 0..ROOM {
            let address = free(&taken, &format!("i-{number}")).unwrap();
            assert_eq!(address.octets()[..2], [172, 31]);
            assert!((16..32).contains(&address.octets()[2]), "{address}");
            assert!(!taken.contains(None, address));
            taken.set(None, address, true);
        }
        assert_eq!((taken.len(), taken.count(&subnet, &network), taken.count(&other, &network)), (ROOM, ROOM, 0));
        assert_eq!(free(&taken, "i-more"), None);
        taken.set(None, Ipv4Addr::new(172, 31, 16, 4), false);
        assert_eq!(free(&taken, "i-more"), Some(Ipv4Addr::new(172, 31, 16, 4)));
    }

    #[test]
    fn nobody_else_has_an_elastic_address_or_one_of_a_network_of_ones_own() {
        let elastic = Network::elastic_address("eipalloc-1", |_| false).unwrap();
        assert_ne!(Network::elastic_address("eipalloc-1", |taken| taken == elastic), Some(elastic));
        for (address, least) in [(elastic, 14_336), (Network::public_address_of("i-1", 9), 12_288)] {
            let place = u32::from(address) - u32::from(Ipv4Addr::new(198, 18, 0, 0));
            assert!(place < 1 << 17 && (least..least + 2048).contains(&(place % (1 << 14))), "{address}");
        }
    }
}
