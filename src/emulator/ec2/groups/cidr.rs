//! Blocks of addresses in the one form that EC2 keeps: an address without bits below its prefix, and the prefix.

use crate::emulator::wire::AwsError;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Reads `10.0.0.1/8` as `10.0.0.0/8`.
pub(super) fn ipv4(text: &str) -> Result<String, AwsError> {
    let (address, length) = parts::<Ipv4Addr>(text, 32)?;
    let bits = u32::from(address).checked_shr(32 - length).unwrap_or(0);
    Ok(format!("{}/{length}", Ipv4Addr::from(bits.checked_shl(32 - length).unwrap_or(0))))
}

/// Reads `2001:DB8::1/32` as `2001:db8::/32`.
pub(in crate::emulator::ec2) fn ipv6(text: &str) -> Result<String, AwsError> {
    let (address, length) = parts::<Ipv6Addr>(text, 128)?;
    let bits = u128::from(address).checked_shr(128 - length).unwrap_or(0);
    Ok(format!("{}/{length}", Ipv6Addr::from(bits.checked_shl(128 - length).unwrap_or(0))))
}

fn parts<A: std::str::FromStr>(text: &str, longest: u32) -> Result<(A, u32), AwsError> {
    let read = || {
        let (address, length) = text.split_once('/')?;
        let is_number = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
        let length = length.parse::<u32>().ok().filter(|length| is_number && *length <= longest)?;
        Some((address.parse().ok()?, length))
    };
    read().ok_or_else(|| AwsError::sender("InvalidParameterValue", format!("CIDR block {text} is malformed")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_block_has_one_form() {
        assert_eq!(ipv4("10.1.2.3/8").unwrap(), "10.0.0.0/8");
        assert_eq!(ipv4("0.0.0.0/0").unwrap(), "0.0.0.0/0");
        assert_eq!(ipv4("1.2.3.4/32").unwrap(), "1.2.3.4/32");
        assert_eq!(ipv6("2001:DB8::1/32").unwrap(), "2001:db8::/32");
        assert_eq!(ipv6("::/0").unwrap(), "::/0");
    }

    #[test]
    fn what_is_no_block_is_malformed() {
        for bad in ["", "10.0.0.1", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "300.0.0.0/8", "::/0", "10.0.0/8"] {
            assert_eq!(ipv4(bad).unwrap_err().message, format!("CIDR block {bad} is malformed"));
        }
        assert!(ipv6("10.0.0.0/8").is_err() && ipv6("::/129").is_err());
    }

    proptest! {
        #[test]
        fn a_form_is_its_own_form(address: u32, length in 0_u32..=32) {
            let once = ipv4(&format!("{}/{length}", Ipv4Addr::from(address))).unwrap();
            prop_assert_eq!(ipv4(&once).unwrap(), once);
        }
    }
}
