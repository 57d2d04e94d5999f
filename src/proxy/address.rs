//! Where the docker proxy answers, and what it asks for: all that its clients must know.

use crate::secret::Secret;
use http::HeaderName;

/// The header of an answer that tells the state of a container before it was changed.
pub(crate) const STATE_BEFORE: HeaderName = HeaderName::from_static("x-state-before");

/// The docker proxy, as the handler reaches it.
#[derive(Clone)]
pub struct ProxyAddress {
    /// Base URL (`http://172.17.0.1:2375`).
    pub url: String,
    /// The bearer token that every call carries.
    pub token: Secret,
}
