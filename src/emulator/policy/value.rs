//! The values of conditions that are more than texts: times, addresses.

use std::net::IpAddr;
use time::{
    Date, OffsetDateTime, PrimitiveDateTime, format_description::well_known::Rfc3339, macros::format_description,
};

/// Reads a time: ISO 8601 with or without a time of day, or seconds since the Unix epoch. In nanoseconds since then.
pub(super) fn time(text: &str) -> Option<i128> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(i128::from(seconds) * 1_000_000_000);
    }
    if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) {
        return Some(time.unix_timestamp_nanos());
    }
    let text = text.trim_end_matches('Z');
    let minutes = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    let seconds = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let time = PrimitiveDateTime::parse(text, seconds).or_else(|_| PrimitiveDateTime::parse(text, minutes));
    let time =
        time.ok().or_else(|| Some(Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?.midnight()));
    time.map(|time| time.assume_utc().unix_timestamp_nanos())
}

/// A block of addresses; one address is a block of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    address: IpAddr,
    length: u32,
}

impl Block {
    /// Reads `203.0.113.0/24`, `2001:db8::/32` or an address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse().ok().filter(|length| *length <= most)?,
            None => most,
        };
        Some(Self { address, length })
    }

    pub(super) fn has(self, address: IpAddr) -> bool {
        let same = |own: u128, other: u128, bits: u32| {
            let rest = bits - self.length;
            own.checked_shr(rest).unwrap_or_default() == other.checked_shr(rest).unwrap_or_default()
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same(u32::from(own).into(), u32::from(other).into(), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.into(), other.into(), 128),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_forms_that_aws_takes() {
        for text in
            ["2026-11-28T00:00:00Z", "2026-11-28T01:00:00+01:00", "2026-11-28", "2026-11-28T00:00Z", "1795824000"]
        {
            assert_eq!(time(text), Some(1_795_824_000_000_000_000), "{text}");
        }
        assert_eq!(time("soon"), None);
    }

    #[test]
    fn a_block_has_the_addresses_that_begin_as_it_does() {
        for (block, address, expected) in [
            ("127.0.0.0/8", "127.9.9.9", true),
            ("127.0.0.0/8", "128.0.0.1", false),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("::/0", "::1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("0.0.0.0/0", "::1", false),
            ("127.0.0.1/32", "::ffff:127.0.0.1", true),
        ] {
            assert_eq!(Block::parse(block).unwrap().has(address.parse().unwrap()), expected, "{block} {address}");
        }
        assert!(Block::parse("10.0.0.0/33").is_none() && Block::parse("ten").is_none());
    }
}
