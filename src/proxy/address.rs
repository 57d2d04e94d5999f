//! Where the docker proxy answers, and what it asks for: all that its clients must know.

use crate::secret::Secret;

/// The docker proxy, as the handler reaches it.
#[derive(Clone)]
pub struct ProxyAddress {
    /// Base URL (`http://172.17.0.1:2375`).
    pub url: String,
    /// The bearer token that every call carries.
    pub token: Secret,
}
