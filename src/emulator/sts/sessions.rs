//! The temporary credentials that the emulator lends to its functions, and whose they are.
//!
//! They live in memory only: a function process does not outlive the emulator that started it.

use crate::{
    edge::keyring::{Key, Keyring},
    secret::{Secret, random_hex},
};
use std::{
    collections::HashMap,
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
pub struct Session {
    /// The name of the role, without its path.
    pub role: String,
    /// The name of the session; Lambda uses the function's name.
    pub name: String,
}

impl Session {
    /// The ARN that STS shows (`arn:aws:sts::000000000000:assumed-role/role/session`).
    #[must_use]
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:sts::{account}:assumed-role/{}/{}", self.role, self.name)
    }

    /// The unique id that STS shows: a role's id and the session's name.
    #[must_use]
    pub fn user_id(&self, access_key_id: &str) -> String {
        format!("AROA{}:{}", access_key_id.get(4..).unwrap_or_default(), self.name)
    }
}

/// The lent keys, accepted by the edge as long as they are here.
pub struct Sessions {
    keyring: Keyring,
    owners: RwLock<HashMap<String, Session>>,
}

impl Sessions {
    /// Starts with nothing lent.
    #[must_use]
    pub fn new(keyring: Keyring) -> Self {
        Self { keyring, owners: RwLock::default() }
    }

    /// Lends credentials to a function: the edge accepts them until [`Sessions::revoke`].
    ///
    /// # Errors
    /// The operating system's, when it has no randomness to give.
    pub fn lend(&self, role_arn: &str, session: &str) -> Result<Credentials, getrandom::Error> {
        let access_key_id = format!("ASIA{}", random_hex(8)?.to_ascii_uppercase());
        let secret_access_key = Secret::random(20)?;
        let session_token = Secret::random(32)?;
        let role = role_arn.rsplit('/').next().unwrap_or(role_arn).to_owned();
        let owner = Session { role, name: session.to_owned() };
        self.owners.write().unwrap_or_else(PoisonError::into_inner).insert(access_key_id.clone(), owner);
        let key = Key { secret: secret_access_key.clone(), session_token: Some(session_token.clone()) };
        self.keyring.insert(&access_key_id, key);
        Ok(Credentials { access_key_id, secret_access_key, session_token })
    }

    /// Takes lent credentials back.
    pub fn revoke(&self, access_key_id: &str) {
        if self.owners.write().unwrap_or_else(PoisonError::into_inner).remove(access_key_id).is_some() {
            self.keyring.remove(access_key_id);
        }
    }

    /// Tells whose a key is; `None` for a key that was not lent.
    #[must_use]
    pub fn owner(&self, access_key_id: &str) -> Option<Session> {
        self.owners.read().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
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
        let owner = sessions.owner(&lent.access_key_id).unwrap();
        assert_eq!(owner.arn("000000000000"), "arn:aws:sts::000000000000:assumed-role/worker/f");
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
}
