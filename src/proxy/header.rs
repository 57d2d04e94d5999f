//! Headers of the proxy's own.

use http::HeaderName;

/// Tells the state of a container before it was changed.
pub(crate) const STATE_BEFORE: HeaderName = HeaderName::from_static("x-state-before");
