//! A block of IPv4 addresses, in the one form that EC2 keeps.

use serde::{Deserialize, Serialize};
use std::{fmt, net::Ipv4Addr, str::FromStr};

/// A block: an address without bits below its prefix, and the length of the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(in crate::emulator::ec2) struct Block {
    start: u32,
    length: u8,
}

/// The text is no block.
#[derive(Debug, thiserror::Error)]
#[error("not a block of addresses")]
pub(in crate::emulator::ec2) struct NoBlock;

impl FromStr for Block {
    type Err = NoBlock;

    /// Reads `10.0.0.1/8` as `10.0.0.0/8`.
    fn from_str(text: &str) -> Result<Self, NoBlock> {
        let (address, length) = text.split_once('/').ok_or(NoBlock)?;
        let is_number = (1..=2).contains(&length.len()) && length.bytes().all(|b| b.is_ascii_digit());
        let length = length.parse::<u8>().ok().filter(|length| is_number && *length <= 32).ok_or(NoBlock)?;
        let address: Ipv4Addr = address.parse().map_err(|_| NoBlock)?;
        let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
        Ok(Self { start: u32::from(address) & mask, length })
    }
}

impl TryFrom<String> for Block {
    type Error = NoBlock;

    fn try_from(text: String) -> Result<Self, NoBlock> {
        text.parse()
    }
}

impl From<Block> for String {
    fn from(block: Block) -> Self {
        block.to_string()
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.start), self.length)
    }
}

impl Block {
    /// The block of all addresses.
    pub(super) const fn everything() -> Self {
        Self { start: 0, length: 0 }
    }

    /// The block that starts at an address.
    pub(in crate::emulator::ec2) const fn of(start: [u8; 4], length: u8) -> Self {
        Self { start: u32::from_be_bytes(start), length }
    }

    /// The length of the prefix.
    pub(super) fn length(self) -> u8 {
        self.length
    }

    /// The first address as a number.
    pub(super) fn start(self) -> u32 {
        self.start
    }

    /// How many addresses there are.
    pub(super) fn size(self) -> u64 {
        1 << (32 - u32::from(self.length))
    }

    fn end(self) -> u64 {
        u64::from(self.start) + self.size()
    }

    /// Whether another block lies within this one.
    pub(super) fn holds(self, other: Self) -> bool {
        other.start >= self.start && other.end() <= self.end()
    }

    /// Whether two blocks have an address in common.
    pub(super) fn meets(self, other: Self) -> bool {
        u64::from(self.start) < other.end() && u64::from(other.start) < self.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_one_form_and_know_what_lies_in_them() {
        let block = |text: &str| text.parse::<Block>().unwrap();
        assert_eq!(block("10.1.2.3/16").to_string(), "10.1.0.0/16");
        assert_eq!((block("0.0.0.0/0").size(), block("1.2.3.4/32").size()), (1 << 32, 1));
        assert!(block("10.0.0.0/16").holds(block("10.0.255.0/24")));
        assert!(!block("10.0.0.0/16").holds(block("10.1.0.0/24")));
        assert!(
            block("10.0.0.0/24").meets(block("10.0.0.128/25")) && !block("10.0.0.0/24").meets(block("10.0.1.0/24"))
        );
        for bad in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0/8", "::/0", "10.0.0.0/008"] {
            assert!(bad.parse::<Block>().is_err(), "{bad}");
        }
    }
}
