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

/// The label with the id of the installation that made a container or image. A container without it is never started,
/// stopped, changed or removed.
pub const OWNER_LABEL: &str = "atelier.owner";
/// The label with what a container of ours is for.
pub const ROLE_LABEL: &str = "atelier.role";
/// The value of [`ROLE_LABEL`] for what the API may drive.
pub const TARGET: &str = "target";
/// The label with the hash of what a container was made from.
pub const SPEC_LABEL: &str = "atelier.spec";
/// The label with the project folder that a container was made for.
pub const PROJECT_LABEL: &str = "atelier.project";
/// The label with the id of the installation whose engine made a container for a function. It is not [`OWNER_LABEL`]:
/// the docker proxy takes that for leave to start and stop.
pub const ENGINE_LABEL: &str = "atelier.engine";
