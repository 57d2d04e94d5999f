//! Proves to an installation, through whatever lies before this door, that the door is its own: a challenge at
//! `GET /healthz` that only who holds the installation's secret can answer. Every atelier answers there with 200; only
//! this tells one from another.
//!
//! Strangers may ask, and learn nothing that is worth anything elsewhere: what is signed begins with words of its own, the
//! key is never that of a signature of an AWS call (there `AWS4` stands before the secret), and of what may be asked only
//! the digits are free.

use super::{canonical::hmac, keyring::Keyring};
use crate::secret::{Secret, hex, random_hex};
use http::{HeaderMap, HeaderValue};

/// The header with the challenge: the id of an access key, a point, and random digits.
pub const CHALLENGE: &str = "x-atelier-challenge";
/// The header with the proof, as hex.
pub const PROOF: &str = "x-atelier-proof";

/// Bytes of randomness in a challenge.
const NONCE_BYTES: usize = 16;

/// A challenge, and the only answer to it that proves something.
pub struct Challenge {
    text: String,
    proof: Secret,
}

impl Challenge {
    /// Draws one for the door that holds this key.
    ///
    /// # Errors
    /// Returns the operating system's error when it has no randomness to give.
    pub fn draw(access_key_id: &str, secret: &Secret) -> Result<Self, getrandom::Error> {
        let nonce = random_hex(NONCE_BYTES)?;
        Ok(Self { text: format!("{access_key_id}.{nonce}"), proof: Secret::new(proof(secret, &nonce)) })
    }

    /// What is sent as [`CHALLENGE`].
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether an answer with these headers comes from whoever holds the key.
    #[must_use]
    pub fn is_met(&self, headers: &HeaderMap) -> bool {
        let found = headers.get(PROOF).and_then(|found| found.to_str().ok());
        found.is_some_and(|found| self.proof.matches(found))
    }
}

/// The proof that is asked for in these headers; `None` where none is, or where the key is not one that lasts.
pub(super) fn of(headers: &HeaderMap, keyring: &Keyring) -> Option<HeaderValue> {
    let (access_key_id, nonce) = headers.get(CHALLENGE)?.to_str().ok()?.split_once('.')?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_nonce = nonce.len() == 2 * NONCE_BYTES && nonce.bytes().all(is_digit);
    let key = keyring.get(access_key_id).filter(|key| is_nonce && key.session_token.is_none())?;
    HeaderValue::from_str(&proof(&key.secret, nonce)).ok()
}

fn proof(secret: &Secret, nonce: &str) -> String {
    hex(&hmac(secret.expose().as_bytes(), &format!("atelier: this door is yours {nonce}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::keyring::Key;

    fn asked(text: &str, keyring: &Keyring) -> HeaderMap {
        let asked = HeaderMap::from_iter([(CHALLENGE.parse().unwrap(), HeaderValue::from_str(text).unwrap())]);
        of(&asked, keyring).map(|proof| (PROOF.parse().unwrap(), proof)).into_iter().collect()
    }

    #[test]
    fn only_who_holds_the_key_answers_and_only_what_is_a_challenge() {
        let (secret, other) = (Secret::new("secret"), Secret::new("other"));
        let keyring = Keyring::default();
        keyring.insert("ATELIER1", Key { secret: secret.clone(), session_token: None });
        keyring.insert("ASIALENT", Key { secret: secret.clone(), session_token: Some(Secret::new("token")) });

        let challenge = Challenge::draw("ATELIER1", &secret).unwrap();
        assert!(challenge.is_met(&asked(challenge.text(), &keyring)));
        assert!(!challenge.is_met(&HeaderMap::new()), "an atelier that knows no challenges, or nobody of ours");
        let again = Challenge::draw("ATELIER1", &secret).unwrap();
        assert!(!again.is_met(&asked(challenge.text(), &keyring)), "an answer to another challenge");
        let theirs = Challenge::draw("ATELIER1", &other).unwrap();
        assert!(!theirs.is_met(&asked(theirs.text(), &keyring)), "a door with another secret");

        let nonce = "0".repeat(32);
        assert_eq!(asked(&format!("ATELIER1.{nonce}"), &keyring).len(), 1);
        for text in [
            format!("ATELIER2.{nonce}"),
            format!("ASIALENT.{nonce}"),
            format!("ATELIER1.{}", &nonce[1..]),
            format!("ATELIER1.0{nonce}"),
            format!("ATELIER1.{}F", &nonce[1..]),
            format!("ATELIER1.{} ", &nonce[1..]),
            nonce,
        ] {
            assert!(asked(&text, &keyring).is_empty(), "{text}");
        }
    }
}
