//! The credentials that the edge accepts: the installation's own, and those that the emulator lends to its functions.

use crate::secret::Secret;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// An access key's secret, and the session token that must come with it.
#[derive(Clone)]
pub struct Key {
    /// The secret access key.
    pub secret: Secret,
    /// The session token, for temporary credentials only.
    pub session_token: Option<Secret>,
}

/// The access keys that are valid now, shared by the edge, which looks them up, and the emulator, which lends some.
#[derive(Clone, Default)]
pub struct Keyring(Arc<RwLock<HashMap<String, Key>>>);

impl Keyring {
    /// Accepts a key from now on.
    pub fn insert(&self, access_key_id: impl Into<String>, key: Key) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(access_key_id.into(), key);
    }

    /// Refuses a key from now on.
    pub fn remove(&self, access_key_id: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(access_key_id);
    }

    /// Tells whether a key is accepted, without showing it.
    #[must_use]
    pub fn has(&self, access_key_id: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(access_key_id)
    }

    /// Looks a key up.
    #[must_use]
    pub fn get(&self, access_key_id: &str) -> Option<Key> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
    }
}
