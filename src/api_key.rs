//! API keys: how one is drawn, what is kept of it, and what it opens.
//!
//! A key is 160 random bits in hex after `atl_`. Whoever must recognise keys keeps only their digests ([`Digest`]); a
//! plain SHA-256 is enough for what nobody can guess. Not here: where keys live (the stack), who asks (the handler).

use crate::secret::{self, Secret};
use clap::ValueEnum;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, fmt, str::FromStr};
use subtle::ConstantTimeEq;

/// The header that carries a key, and the only place where one is looked for.
pub const HEADER: &str = "x-api-key";

/// The file in `.atelier/` that holds that header with a key, for `curl -H @file`, `test`, `call` and `watch`.
pub const HEADER_FILE: &str = "api-key.header";

const PREFIX: &str = "atl_";
/// 160 bits.
const BYTES: usize = 20;

/// What a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// What only looks.
    Status,
    /// That, and what starts and stops something.
    Control,
    /// That, and what changes an instance's type.
    Modify,
}

impl Scope {
    /// The name in tags and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Control => "control",
            Self::Modify => "modify",
        }
    }

    /// Reads what [`Scope::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::value_variants().iter().copied().find(|known| known.as_str() == text)
    }

    /// Whether a key of this scope may do what needs `wanted`.
    #[must_use]
    pub fn allows(self, wanted: Self) -> bool {
        self >= wanted
    }
}

impl crate::text::Verbatim for Scope {}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Draws a new key.
///
/// # Errors
/// Returns the operating system's error when it has no randomness to give.
pub fn draw() -> Result<Secret, getrandom::Error> {
    Ok(Secret::new(format!("{PREFIX}{}", secret::random_hex(BYTES)?)))
}

/// A text that is not 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a digest: expected 64 lower-case hex digits")]
pub struct InvalidDigest;

/// The SHA-256 of a key. It opens nothing, so it may be seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Digest(String);

impl Digest {
    /// Digests a key, or what somebody sent as one.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(secret::hex(&Sha256::digest(key)))
    }

    /// Borrows the hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the digest of the same key, in constant time.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Self, InvalidDigest> {
        let valid = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if valid { Ok(Self(text)) } else { Err(InvalidDigest) }
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        text.to_owned().try_into()
    }
}

/// The keys that open an API: their digests, each with its scope and its name. An empty one opens nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyScopes(BTreeMap<Digest, Opens>);

/// What a key opens, and what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Opens {
    scope: Scope,
    /// Its name, which is no secret; none in what an earlier atelier wrote.
    name: Option<String>,
}

impl Opens {
    /// Reads `control`, or `control alice`.
    fn parse(text: &str) -> Result<Self, InvalidKeyScopes> {
        let (scope, name) = text.split_once(' ').map_or((text, None), |(scope, name)| (scope, Some(name)));
        let is_name = |name: &&str| {
            (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        match (Scope::parse(scope), name) {
            (Some(scope), None) => Ok(Self { scope, name: None }),
            (Some(scope), Some(name)) if is_name(&name) => Ok(Self { scope, name: Some(name.to_owned()) }),
            _ => Err(InvalidKeyScopes::Scope),
        }
    }
}

impl fmt::Display for Opens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} {name}", self.scope),
            None => self.scope.fmt(f),
        }
    }
}

/// A text that is not what [`KeyScopes::to_text`] writes.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKeyScopes {
    /// It is not a JSON object of known scopes.
    #[error("not a JSON object of digests and scopes")]
    Json(#[from] serde_json::Error),
    /// A value in it is no scope, or no scope and a name.
    #[error("not a JSON object of digests and scopes")]
    Scope,
    /// A name in it is no digest.
    #[error(transparent)]
    Digest(#[from] InvalidDigest),
}

impl KeyScopes {
    /// Reads what [`KeyScopes::to_text`] wrote.
    ///
    /// # Errors
    /// Tells what is wrong; nothing is skipped, because half a list would lock keys out silently.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyScopes> {
        let members: BTreeMap<String, String> = serde_json::from_str(text)?;
        let scopes = members.into_iter().map(|(digest, opens)| Ok((digest.parse()?, Opens::parse(&opens)?)));
        Ok(Self(scopes.collect::<Result<_, InvalidKeyScopes>>()?))
    }

    /// Writes them as compact JSON: `{"<digest>":"control alice"}`, the same text for the same keys.
    #[must_use]
    pub fn to_text(&self) -> String {
        let members = self.0.iter().map(|(digest, opens)| format!(r#""{}":"{opens}""#, digest.as_str()));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }

    /// Adds a key that has a name.
    pub fn insert(&mut self, digest: Digest, scope: Scope, name: &str) {
        self.0.insert(digest, Opens { scope, name: Some(name.to_owned()) });
    }

    /// Counts the keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether one of them opens just this.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.0.values().any(|known| known.scope == scope)
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Finds the scope of a key that somebody sent. Every digest is compared, in constant time each.
    #[must_use]
    pub fn scope_of(&self, candidate: &str) -> Option<Scope> {
        self.find(candidate).map(|(scope, _)| scope)
    }

    /// The same, and the key's name where it is known.
    #[must_use]
    pub fn find(&self, candidate: &str) -> Option<(Scope, Option<&str>)> {
        let sent = Digest::of(candidate);
        let mut found = None;
        for (digest, opens) in &self.0 {
            if digest.is(&sent) {
                found = Some((opens.scope, opens.name.as_deref()));
            }
        }
        found
    }
}

impl FromIterator<(Digest, Scope)> for KeyScopes {
    fn from_iter<I: IntoIterator<Item = (Digest, Scope)>>(keys: I) -> Self {
        Self(keys.into_iter().map(|(digest, scope)| (digest, Opens { scope, name: None })).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_has_its_prefix_and_160_bits_and_no_twin() {
        let (a, b) = (draw().unwrap(), draw().unwrap());
        assert_eq!(a.expose().strip_prefix("atl_").unwrap().len() * 4, 160);
        assert!(!a.matches(b.expose()));
    }

    #[test]
    fn keys_survive_their_text_and_open_what_their_scope_says() {
        let mut every = KeyScopes::default();
        for scope in Scope::value_variants() {
            every.insert(Digest::of(scope.as_str()), *scope, scope.as_str());
        }
        assert_eq!(KeyScopes::parse(&every.to_text()).unwrap(), every);
        let scopes: KeyScopes =
            [(Digest::of("atl_a"), Scope::Control), (Digest::of("atl_b"), Scope::Status)].into_iter().collect();
        let read = KeyScopes::parse(&scopes.to_text()).unwrap();
        assert_eq!(read, scopes);
        assert_eq!(read.scope_of("atl_a"), Some(Scope::Control));
        assert_eq!(read.scope_of("atl_b"), Some(Scope::Status));
        assert!(!scopes.to_text().contains("atl_"));
        let mut named = scopes.clone();
        named.insert(Digest::of("atl_a"), Scope::Control, "alice");
        let read = KeyScopes::parse(&named.to_text()).unwrap();
        assert_eq!((read.find("atl_a"), &read), (Some((Scope::Control, Some("alice"))), &named));
        assert_eq!(read.find("atl_b"), Some((Scope::Status, None)));
        assert_eq!(KeyScopes::parse("{}").unwrap().scope_of(""), None);
        assert!(Scope::Control.allows(Scope::Status) && !Scope::Status.allows(Scope::Control));
    }

    #[test]
    fn what_is_not_a_list_of_digests_is_refused_whole() {
        let digest = Digest::of("atl_a");
        for text in ["", "[]", "null", r#"{"abc":"status"}"#, &format!(r#"{{"{}":"all"}}"#, digest.as_str())] {
            assert!(KeyScopes::parse(text).is_err(), "{text}");
        }
        assert!(digest.as_str().to_ascii_uppercase().parse::<Digest>().is_err());
    }

    proptest! {
        #[test]
        fn only_the_key_itself_opens(candidate in ".{0,60}") {
            let scopes: KeyScopes = [(Digest::of("atl_a"), Scope::Control)].into_iter().collect();
            prop_assert_eq!(scopes.scope_of(&candidate).is_some(), candidate == "atl_a");
        }
    }
}
