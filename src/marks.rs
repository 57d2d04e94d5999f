//! The marks by which atelier knows its own, and the words that its programs agree on. Each stands here once: what may
//! be stopped or taken away hangs on them.

/// The first argument that makes this binary the public door in front of an engine in a container.
pub const EDGE_ROLE: &str = "@edge";
/// The first argument that makes this binary the embedded engine.
pub const ENGINE_ROLE: &str = "@engine";
/// The first argument that makes this binary the docker proxy.
pub const PROXY_ROLE: &str = "@proxy";
/// The first argument that makes this binary set a function's limits on itself and become the function.
pub const SANDBOX_ROLE: &str = "@sandbox";

/// The account of engines on this machine: the embedded one's, and `LocalStack`'s until it is asked, so that ARNs look
/// alike.
pub const LOCAL_ACCOUNT: &str = "000000000000";
