//! Keys: real ones, made here, and public ones that somebody brings, with the fingerprints that EC2 gives them.

use super::der;
use crate::secret::Secret;
use base64::{Engine, prelude::BASE64_STANDARD};
use crypto_bigint::{
    NonZero, U1024, U2048,
    rand_core::{TryCryptoRng, TryRng},
};
use crypto_primes::{
    Flavor,
    hazmat::{SetBits, SmallFactorsSieveFactory},
    is_prime, sieve_and_find,
};
use md5::Md5;
use ring::{
    digest,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use sha2::{Digest, Sha256};
use std::convert::Infallible;

/// The public exponent of every RSA key that is made.
const PUBLIC: u32 = 65_537;

/// A key that was made: the private half leaves in the answer and is not kept.
pub(super) struct Made {
    pub(super) private: Secret,
    /// `ssh-rsa AAAA…`, without a comment.
    pub(super) public: String,
    pub(super) fingerprint: String,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error("there is no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    #[error("no key came of it")]
    Numbers,
}

/// Random numbers from one seed of the operating system: SHA-256 of the seed and a counter.
struct Random {
    seed: [u8; 32],
    counter: u64,
    rest: Vec<u8>,
}

impl Random {
    fn new() -> Result<Self, getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Self { seed, counter: 0, rest: Vec::new() })
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        for byte in target {
            if self.rest.is_empty() {
                self.rest =
                    Sha256::new().chain_update(self.seed).chain_update(self.counter.to_be_bytes()).finalize().to_vec();
                self.counter += 1;
            }
            *byte = self.rest.pop().unwrap_or_default();
        }
        Ok(())
    }
}

impl TryCryptoRng for Random {}

/// Makes an RSA key of 2048 bits. Takes a good part of a second: not for a thread that others wait for.
pub(super) fn rsa() -> Result<Made, Failed> {
    let mut random = Random::new()?;
    loop {
        let (one, other) = (prime(&mut random)?, prime(&mut random)?);
        // One in ten thousand primes does not go with the exponent.
        if let Some(made) = rsa_of(one.max(other), one.min(other)) {
            return Ok(made);
        }
    }
}

/// Draws a prime whose two first bits are set, so that a product of two has all 2048 bits.
fn prime(random: &mut Random) -> Result<U1024, Failed> {
    let sieve =
        SmallFactorsSieveFactory::new(Flavor::Any, U1024::BITS, SetBits::TwoMsb).map_err(|_| Failed::Numbers)?;
    let found = sieve_and_find(random, sieve, |_, candidate: &U1024| is_prime(Flavor::Any, candidate));
    found.ok().flatten().ok_or(Failed::Numbers)
}

/// Makes the key of two primes, the larger one first.
fn rsa_of(p: U1024, q: U1024) -> Option<Made> {
    let inverse = |number: U1024, modulus: U1024| -> Option<U1024> {
        let modulus: Option<NonZero<U1024>> = NonZero::new(modulus).into();
        number.invert_mod(&modulus?).into()
    };
    let one = U1024::ONE;
    let (less_p, less_q) = (p.wrapping_sub(&one), q.wrapping_sub(&one));
    let modulus: U2048 = p.concatenating_mul(&q);
    let order: U2048 = less_p.concatenating_mul(&less_q);
    let order: Option<NonZero<U2048>> = NonZero::new(order).into();
    let private: Option<U2048> = U2048::from(PUBLIC).invert_mod(&order?).into();
    let (private, small) = (private?, U1024::from(PUBLIC));
    let numbers = [
        modulus.to_be_bytes().as_ref().to_vec(),
        PUBLIC.to_be_bytes().to_vec(),
        private.to_be_bytes().as_ref().to_vec(),
        p.to_be_bytes().as_ref().to_vec(),
        q.to_be_bytes().as_ref().to_vec(),
        inverse(small, less_p)?.to_be_bytes().as_ref().to_vec(),
        inverse(small, less_q)?.to_be_bytes().as_ref().to_vec(),
        inverse(q, p)?.to_be_bytes().as_ref().to_vec(),
    ];
    let pkcs1 = der::pkcs1(&numbers.each_ref().map(Vec::as_slice));
    let sha1 = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &der::pkcs8(&pkcs1));
    let wire = der::ssh(&[b"ssh-rsa", &der::ssh_number(&numbers[1]), &der::ssh_number(&numbers[0])]);
    Some(Made {
        private: Secret::new(der::pem("RSA PRIVATE KEY", &pkcs1)),
        public: format!("ssh-rsa {}", BASE64_STANDARD.encode(wire)),
        fingerprint: with_colons(sha1.as_ref()),
    })
}

/// Makes an Ed25519 key, in the form that OpenSSH has for private ones.
pub(super) fn ed25519() -> Result<Made, Failed> {
    let (mut seed, mut check) = ([0; 32], [0; 4]);
    getrandom::fill(&mut seed)?;
    getrandom::fill(&mut check)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| Failed::Numbers)?;
    let public = pair.public_key().as_ref();
    let wire = der::ssh(&[b"ssh-ed25519", public]);
    let both = [seed.as_slice(), public].concat();
    // What says that nothing is encrypted; then the private part, padded to a block of eight.
    let mut private = [check, check].concat();
    private.extend(der::ssh(&[b"ssh-ed25519", public, &both, b""]));
    private.extend((1..=u8::MAX).take((8 - private.len() % 8) % 8));
    let mut file = b"openssh-key-v1\0".to_vec();
    file.extend(der::ssh(&[b"none", b"none", b""]));
    file.extend(1_u32.to_be_bytes());
    file.extend(der::ssh(&[&wire, &private]));
    Ok(Made {
        private: Secret::new(der::pem("OPENSSH PRIVATE KEY", &file)),
        fingerprint: BASE64_STANDARD.encode(Sha256::digest(&wire)),
        public: format!("ssh-ed25519 {}", BASE64_STANDARD.encode(wire)),
    })
}

/// A public key that somebody brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Imported {
    pub(super) is_rsa: bool,
    pub(super) public: String,
    pub(super) fingerprint: String,
}

/// Reads a public key as `ssh-keygen` writes it, or as RFC 4716 has it; `None` for anything else.
pub(super) fn import(text: &str) -> Option<Imported> {
    let text = text.trim();
    let (named, encoded) = if text.starts_with("---- BEGIN SSH2 PUBLIC KEY ----") {
        let lines = text.lines().filter(|line| !line.starts_with("----") && !line.contains(':'));
        (None, lines.map(str::trim).collect::<String>())
    } else {
        let mut words = text.split_ascii_whitespace();
        match (words.next()?, words.next()) {
            (kind, Some(encoded)) => (Some(kind), encoded.to_owned()),
            // The bare key, without what says so.
            (encoded, None) => (None, encoded.to_owned()),
        }
    };
    let wire = BASE64_STANDARD.decode(&encoded).ok()?;
    let (is_rsa, fingerprint) = match der::ssh_parts(&wire)?.as_slice() {
        [b"ssh-rsa", exponent, modulus] => {
            let bits = modulus.iter().skip_while(|byte| **byte == 0).count() * 8;
            if !matches!(bits, 1024 | 2048 | 3072 | 4096) {
                return None;
            }
            (true, with_colons(&Md5::digest(der::spki(modulus, exponent))))
        }
        [b"ssh-ed25519", public] if public.len() == 32 => (false, BASE64_STANDARD.encode(Sha256::digest(&wire))),
        _ => return None,
    };
    let kind = if is_rsa { "ssh-rsa" } else { "ssh-ed25519" };
    // What it says that it is, it is.
    if named.is_some_and(|named| named != kind) {
        return None;
    }
    Some(Imported { is_rsa, public: format!("{kind} {encoded}"), fingerprint })
}

fn with_colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of `ssh-keygen`, with the fingerprints that OpenSSL and `ssh-keygen` tell of them.
    const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC80mZPs+QdORwelPXGg1xYoZF6i1rB7gLTI80I6BQuC3oVXuKCEgXhiWfJZtOTczm1J8sx8IaBU43x0pd0b5CKBuhqHIyFDJ2tzW0O9Pc/O4BD1rZ6MREdPIltUDh3fnRu7oSA+k56/Kx/7g1Z8fb7HvuqbH4AlTnBR0ZK+KIvLZSuHHci5CuHGfX0F0bVN7c+tQujUOWM2Uv+/uYBkOJZ0YPrNodtwIIW9aUMNTUWv9Or79izh7Rirpz5TyNWAfoQ/fT9Mw1RH2RZC2K8yhzZLLrhWm4lGzn4ALD7ky+j27vNiaQMf5gLxyHTdnainQDhVy8lVO34Q1hDShA9omC/";
    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICbAWsaYZ9sfhMHOZorEhqx6OaJHr/NVfgv2pbNVk9ub";

    #[test]
    fn the_fingerprints_of_keys_from_elsewhere_are_those_that_openssl_tells() {
        let rsa = import(&format!("{RSA} somebody@somewhere\n")).unwrap();
        assert_eq!((rsa.is_rsa, rsa.fingerprint.as_str()), (true, "dc:2b:77:f3:f9:35:07:6d:9e:da:2c:bc:7f:3b:b2:bd"));
        assert_eq!(rsa.public, RSA);
        let edwards = import(ED25519).unwrap();
        assert_eq!(
            (edwards.is_rsa, edwards.fingerprint.as_str()),
            (false, "6PiTVOIMnxmt2LkzwPzez+afeYDrDRH64NZQqg6+qaY=")
        );
        let bare = ED25519.split(' ').nth(1).unwrap();
        assert_eq!(import(bare), Some(edwards));
        let framed = format!("---- BEGIN SSH2 PUBLIC KEY ----\nComment: x\n{bare}\n---- END SSH2 PUBLIC KEY ----");
        assert_eq!(import(&framed).unwrap().public, ED25519);
    }

    #[test]
    fn what_is_no_public_key_is_none() {
        let swapped = ED25519.replace("ssh-ed25519", "ssh-rsa");
        for bad in ["", "ssh-rsa", "ssh-rsa !", "ssh-dss AAAA", "x y", &RSA[..RSA.len() - 8], &swapped] {
            assert_eq!(import(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_made_key_can_be_imported_and_no_two_are_the_same() {
        for make in [ed25519, rsa] {
            let (one, other) = (make().unwrap(), make().unwrap());
            assert_ne!(one.public, other.public);
            assert_eq!(import(&one.public).unwrap().public, one.public);
            assert!(one.private.expose().starts_with("-----BEGIN ") && one.private.expose().ends_with(" KEY-----"));
        }
    }

    #[test]
    fn the_key_of_two_primes_is_a_key_of_2048_bits() {
        let mut random = Random { seed: [7; 32], counter: 0, rest: Vec::new() };
        let (p, q) = (prime(&mut random).unwrap(), prime(&mut random).unwrap());
        let made = rsa_of(p.max(q), p.min(q)).unwrap();
        assert_eq!(made.fingerprint.len(), 20 * 3 - 1);
        assert!(import(&made.public).unwrap().is_rsa);
    }
}
