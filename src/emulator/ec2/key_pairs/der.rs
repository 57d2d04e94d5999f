//! The few forms in which keys are written: DER, the wire format of SSH, and PEM.

use base64::{Engine, prelude::BASE64_STANDARD};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
/// `SEQUENCE { OBJECT IDENTIFIER rsaEncryption, NULL }`.
const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut element = vec![tag];
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    match u8::try_from(content.len()) {
        Ok(short) if short < 128 => element.push(short),
        // A length has a few bytes at most.
        _ => {
            element.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            element.extend(digits);
        }
    }
    element.extend_from_slice(content);
    element
}

/// A number without leading zeros, and with one where its first bit would be a sign.
fn number(bytes: &[u8]) -> Vec<u8> {
    let rest: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    match rest.first() {
        None => vec![0],
        Some(first) if *first >= 128 => [&[0], rest.as_slice()].concat(),
        Some(_) => rest,
    }
}

fn integers(numbers: &[&[u8]]) -> Vec<u8> {
    let each = numbers.iter().map(|bytes| element(INTEGER, &number(bytes)));
    element(SEQUENCE, &each.collect::<Vec<_>>().concat())
}

/// A private RSA key (PKCS #1): modulus, public and private exponent, the primes, and what makes it fast.
pub(super) fn pkcs1(numbers: &[&[u8]; 8]) -> Vec<u8> {
    let version: &[u8] = &[0];
    integers(&[&[version], numbers.as_slice()].concat())
}

/// A private RSA key (PKCS #8).
pub(super) fn pkcs8(pkcs1: &[u8]) -> Vec<u8> {
    let version = element(INTEGER, &[0]);
    element(SEQUENCE, &[version.as_slice(), RSA, &element(OCTET_STRING, pkcs1)].concat())
}

/// A public RSA key (`SubjectPublicKeyInfo`).
pub(super) fn spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = [&[0], integers(&[modulus, exponent]).as_slice()].concat();
    element(SEQUENCE, &[RSA, &element(BIT_STRING, &key)].concat())
}

/// Texts of SSH's wire format, one after the other.
pub(super) fn ssh(parts: &[&[u8]]) -> Vec<u8> {
    let mut wire = Vec::new();
    for part in parts {
        wire.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        wire.extend_from_slice(part);
    }
    wire
}

/// A number of SSH's wire format.
pub(super) fn ssh_number(bytes: &[u8]) -> Vec<u8> {
    number(bytes)
}

/// Reads the texts of SSH's wire format; `None` where it is cut.
pub(super) fn ssh_parts(mut wire: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    while !wire.is_empty() {
        let (length, rest) = wire.split_first_chunk::<4>()?;
        let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        parts.push(part);
        wire = rest;
    }
    Some(parts)
}

/// Writes bytes between a `BEGIN` and an `END`.
pub(super) fn pem(label: &str, bytes: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(bytes);
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem + &format!("-----END {label}-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lengths_are_written_as_der_has_them() {
        assert_eq!(integers(&[&[0], &[0, 0x7f], &[0x80]]), [0x30, 10, 2, 1, 0, 2, 1, 0x7f, 2, 2, 0, 0x80]);
        assert_eq!(element(SEQUENCE, &[0; 300])[..4], [0x30, 0x82, 0x01, 0x2c]);
        assert_eq!(element(SEQUENCE, &[0; 130])[..3], [0x30, 0x81, 130]);
    }

    #[test]
    fn what_is_written_for_ssh_is_read_again_and_what_is_cut_is_not() {
        let wire = ssh(&[b"ssh-rsa", &[1, 0, 1], b""]);
        assert_eq!(ssh_parts(&wire).unwrap(), [b"ssh-rsa".as_slice(), &[1, 0, 1], b""]);
        assert_eq!(ssh_parts(&wire[..wire.len() - 1]), None);
        assert_eq!(ssh_parts(&[0xff; 9]), None);
    }

    #[test]
    fn a_pem_has_lines_of_64() {
        assert_eq!(pem("X", &[0; 49]).lines().map(str::len).collect::<Vec<_>>(), [17, 64, 4, 15]);
    }
}
