//! The temporary credentials that the emulator lends, to its functions and to whoever asks STS, and whose they are.
//!
//! They live in memory only: a function process does not outlive the emulator that started it, and whoever assumed a
//! role assumes it again.

use crate::{
    edge::keyring::{Key, Keyring},
    secret::{Secret, random_hex},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{PoisonError, RwLock},
};

/// Credentials as a function gets them in its environment.
pub struct Credentials {
    /// `ASIA` and 16 letters or digits.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// The token that must come with them.
    pub session_token: Secret,
}

/// Whose a lent key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Somebody who took a role on.
    Role(Session),
    /// A user, by name.
    User(String),
    /// The account's root.
    Root,
}

/// Somebody who took a role on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The name of the role, without its path.
    pub role: String,
    /// The name of the session; Lambda uses the function's name.
    pub name: String,
    /// The policies that limit it, by their names.
    pub policies: Vec<(String, String)>,
    /// Its tags, beside those of the role.
    pub tags: BTreeMap<String, String>,
    /// The keys of those of them that go on to the sessions that this one begins, in any case.
    pub transitive: Vec<String>,
}

impl Session {
    /// A session of a role, with nothing of its own.
    #[must_use]
    pub fn of(role_arn: &str, name: &str) -> Self {
        let role = role_arn.rsplit('/').next().unwrap_or(role_arn).to_owned();
        let (policies, tags, transitive) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { role, name: name.to_owned(), policies, tags, transitive }
    }

    /// Its tags that go on to the sessions that it begins.
    #[must_use]
    pub fn transitive_tags(&self) -> BTreeMap<String, String> {
        let goes_on = |key: &String| self.transitive.iter().any(|known| known.eq_ignore_ascii_case(key));
        self.tags.iter().filter(|(key, _)| goes_on(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// The ARN that STS shows (`arn:aws:sts::000000000000:assumed-role/role/session`).
    #[must_use]
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:sts::{account}:assumed-role/{}/{}", self.role, self.name)
    }

    /// The unique id that STS shows: the role's id and the session's name.
    #[must_use]
    pub fn user_id(&self, role_id: &str) -> String {
        format!("{role_id}:{}", self.name)
    }
}

/// A lent key.
struct Lent {
    owner: Owner,
    /// Milliseconds since the Unix epoch; `None` for one that is taken back by hand.
    until: Option<i64>,
}

/// The lent keys, accepted by the edge as long as they are here.
pub struct Sessions {
    keyring: Keyring,
    lent: RwLock<HashMap<String, Lent>>,
}

impl Sessions {
    /// Starts with nothing lent.
    #[must_use]
    pub fn new(keyring: Keyring) -> Self {
        Self { keyring, lent: RwLock::default() }
    }

    /// Lends credentials to a function: the edge accepts them until [`Sessions::revoke`].
    ///
    /// # Errors
    /// The operating system's, when it has no randomness to give.
    pub fn lend(&self, role_arn: &str, session: &str) -> Result<Credentials, getrandom::Error> {
        self.keep(Owner::Role(Session::of(role_arn, session)), None)
    }

    /// Lends credentials until a time, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// As [`Sessions::lend`].
    pub fn lend_until(&self, owner: Owner, until: i64) -> Result<Credentials, getrandom::Error> {
        self.keep(owner, Some(until))
    }

    fn keep(&self, owner: Owner, until: Option<i64>) -> Result<Credentials, getrandom::Error> {
        let access_key_id = format!("ASIA{}", random_hex(8)?.to_ascii_uppercase());
        let secret_access_key = Secret::random(20)?;
        let session_token = Secret::random(32)?;
        let lent = Lent { owner, until };
        self.lent.write().unwrap_or_else(PoisonError::into_inner).insert(access_key_id.clone(), lent);
        let key = Key { secret: secret_access_key.clone(), session_token: Some(session_token.clone()) };
        self.keyring.insert(&access_key_id, key);
        Ok(Credentials { access_key_id, secret_access_key, session_token })
    }

    /// Takes lent credentials back.
    pub fn revoke(&self, access_key_id: &str) {
        if self.lent.write().unwrap_or_else(PoisonError::into_inner).remove(access_key_id).is_some() {
            self.keyring.remove(access_key_id);
        }
    }

    /// Whether a key was lent for a time that is over; then it is taken back once a day has passed, until when its
    /// holder is told why.
    pub fn is_expired(&self, access_key_id: &str, now: i64) -> bool {
        const DAY: i64 = 24 * 60 * 60 * 1000;
        let until =
            self.lent.read().unwrap_or_else(PoisonError::into_inner).get(access_key_id).and_then(|one| one.until);
        if until.is_some_and(|until| now >= until.saturating_add(DAY)) {
            self.revoke(access_key_id);
        }
        until.is_some_and(|until| now >= until)
    }

    /// Tells whose a key is; `None` for a key that was not lent.
    #[must_use]
    pub fn owner(&self, access_key_id: &str) -> Option<Owner> {
        let lent = self.lent.read().unwrap_or_else(PoisonError::into_inner);
        lent.get(access_key_id).map(|one| one.owner.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lent_credentials_are_accepted_until_they_are_taken_back() {
        let keyring = Keyring::default();
        let sessions = Sessions::new(keyring.clone());
        let lent = sessions.lend("arn:aws:iam::000000000000:role/service/worker", "f").unwrap();
        assert!(keyring.get(&lent.access_key_id).unwrap().secret.matches(lent.secret_access_key.expose()));
        let Some(Owner::Role(session)) = sessions.owner(&lent.access_key_id) else { panic!("no session") };
        assert_eq!(session.arn("000000000000"), "arn:aws:sts::000000000000:assumed-role/worker/f");
        assert!(!sessions.is_expired(&lent.access_key_id, i64::MAX));
        sessions.revoke(&lent.access_key_id);
        assert!(keyring.get(&lent.access_key_id).is_none());
        assert!(sessions.owner(&lent.access_key_id).is_none());
    }

    #[test]
    fn a_key_that_was_not_lent_cannot_be_taken_back_here() {
        let keyring = Keyring::default();
        keyring.insert("AKIA", Key { secret: Secret::new("s"), session_token: None });
        Sessions::new(keyring.clone()).revoke("AKIA");
        assert!(keyring.get("AKIA").is_some());
    }

    #[test]
    fn credentials_for_a_while_are_over_when_it_is() {
        let keyring = Keyring::default();
        let sessions = Sessions::new(keyring.clone());
        let lent = sessions.lend_until(Owner::Root, 1000).unwrap();
        let is_expired = |now: i64| sessions.is_expired(&lent.access_key_id, now);
        assert!(!is_expired(999) && is_expired(1000) && keyring.has(&lent.access_key_id));
        assert!(is_expired(1000 + 24 * 60 * 60 * 1000) && !keyring.has(&lent.access_key_id));
    }
}
