//! How often one client may call: a token bucket each, and never more than so many buckets.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Buckets at a time. A flood of new addresses beyond that shares one bucket.
const BUCKETS: usize = 4096;

/// What one client may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rate {
    /// Requests a second, in the long run; at least 1.
    pub per_second: u32,
    /// Requests at once, after a rest; at least 1.
    pub burst: u32,
}

/// A rate, or none: as often as one likes.
pub type Limit = Option<Rate>;

impl std::fmt::Display for Rate {
    /// Writes it as the setting `rate` is read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.per_second, self.burst)
    }
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    /// An address; of IPv6 a whole /64, which one client has to itself.
    Address(IpAddr),
    /// Everybody behind the tunnel: there it has one address for all, and what it says of them is not ours to believe.
    Tunnel,
    /// An API key that opens what it calls, by a digest of it.
    Key([u8; 32]),
    /// Whoever of an address sends what is no request.
    Malformed(IpAddr),
}

impl Client {
    /// Counts a client by its address.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self::Address(network(address))
    }

    /// Counts what is no request, by the address that it comes from.
    #[must_use]
    pub fn malformed(address: IpAddr) -> Self {
        Self::Malformed(network(address))
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

/// The buckets of every client of one door.
///
/// A bucket is the instant at which it will be full again (the generic cell rate algorithm); one that is full already
/// is the same as none.
#[derive(Debug)]
pub struct Buckets {
    /// The time that one request costs.
    interval: Duration,
    /// The time that a full bucket is worth.
    capacity: Duration,
    full_at: Mutex<HashMap<Option<Client>, Instant>>,
}

impl Buckets {
    /// Starts with every bucket full.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let interval = Duration::from_secs(1) / rate.per_second.max(1);
        Self { interval, capacity: interval * rate.burst.max(1), full_at: Mutex::default() }
    }

    /// Takes a token from the client's bucket.
    ///
    /// # Errors
    /// Tells how long to wait for the next token.
    pub fn take(&self, client: Client, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS && !buckets.contains_key(&Some(client)) {
            buckets.retain(|_, full_at| *full_at > now);
        }
        let known = buckets.len() < BUCKETS || buckets.contains_key(&Some(client));
        let full_at = buckets.entry(known.then_some(client)).or_insert(now);
        let next = (*full_at).max(now) + self.interval;
        match (next - now).checked_sub(self.capacity) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                *full_at = next;
                Ok(())
            }
        }
    }

    /// Counts the buckets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Tells whether there is no bucket.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    const RATE: Rate = Rate { per_second: 10, burst: 5 };

    fn client(number: u32) -> Client {
        Client::at(IpAddr::V4(Ipv4Addr::from_bits(number)))
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let (buckets, start) = (Buckets::new(RATE), Instant::now());
        for _ in 0..5 {
            assert_eq!(buckets.take(client(1), start), Ok(()));
        }
        assert_eq!(buckets.take(client(1), start), Err(Duration::from_millis(100)));
        assert_eq!(buckets.take(client(2), start), Ok(()));
        let later = start + Duration::from_millis(100);
        assert_eq!(buckets.take(client(1), later), Ok(()));
        assert!(buckets.take(client(1), later).is_err());
        let rested = start + Duration::from_mins(1);
        assert!((0..5).all(|_| buckets.take(client(1), rested).is_ok()));
        assert!(buckets.take(client(1), rested).is_err());
    }

    #[test]
    fn one_clients_ipv6_addresses_share_a_bucket() {
        let [a, b, c] =
            ["2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1"].map(|text| Client::at(text.parse().unwrap()));
        assert_eq!(a, b);
        assert_ne!(a, c);
        assert_eq!(Client::at("::ffff:127.0.0.1".parse().unwrap()), Client::at("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a_flood_of_clients_needs_bounded_memory_and_meets_a_shared_bucket() {
        let (buckets, start) = (Buckets::new(RATE), Instant::now());
        let passed = (0..20_000).filter(|number| buckets.take(client(*number), start).is_ok()).count();
        assert_eq!(passed, BUCKETS + 5);
        assert!(buckets.len() <= BUCKETS + 1);
        let later = start + Duration::from_secs(1);
        assert_eq!(buckets.take(client(30_000), later), Ok(()));
        assert!(buckets.len() <= 2);
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_burst_plus_rate(gaps in proptest::collection::vec(0_u64..300, 1..200)) {
            let (buckets, start) = (Buckets::new(RATE), Instant::now());
            let mut at = Duration::ZERO;
            let mut passed = 0;
            for gap in gaps {
                at += Duration::from_millis(gap);
                passed += u128::from(buckets.take(client(1), start + at).is_ok());
            }
            prop_assert!(passed <= 5 + at.as_millis() / 100);
            prop_assert!(passed >= 1);
        }
    }
}
