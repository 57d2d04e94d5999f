//! The marks by which atelier knows its own, and the words that its programs agree on. Each stands here once: what may
//! be stopped or taken away hangs on them.

/// The first argument that makes this binary the public door in front of an engine in a container.
pub const EDGE_ROLE: &str = "@edge";
/// The first argument that makes this binary the embedded engine.
pub const ENGINE_ROLE: &str = "@engine";
/// The last argument of an embedded engine that ends with whoever started it.
pub const TETHERED: &str = "tethered";
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

/// The tag that holds the stack's name. A resource without it and [`PART_TAG`] is somebody else's.
pub const STACK_TAG: &str = "atelier:stack";
/// The tag that tells which part of its stack a resource is.
pub const PART_TAG: &str = "atelier:part";
/// The value of [`PART_TAG`] for instances, which the function looks for.
pub const INSTANCE: &str = "instance";
/// The tag that holds the rev that the part was last brought to.
pub const REV_TAG: &str = "atelier:rev";
/// The tag that names the tool that looks after a resource, where it is not atelier: a deploy leaves that stack alone.
pub const MANAGER_TAG: &str = "atelier:managed-by";
/// The tag that `CloudFormation` gives what it makes.
pub const CLOUDFORMATION_TAG: &str = "aws:cloudformation:stack-name";
/// The tag that holds the SHA-256 of an API key.
pub const KEY_DIGEST_TAG: &str = "atelier:digest";
/// The tag that holds what an API key opens.
pub const KEY_SCOPE_TAG: &str = "atelier:scope";
/// The tag that holds an API key's name for people.
pub const KEY_NAME_TAG: &str = "atelier:name";
/// The tag that pins an API's id at its creation, on `LocalStack`, its kin and the embedded engine.
pub const API_ID_TAG: &str = "_custom_id_";

/// The namespace of the metrics that the function writes.
pub const NAMESPACE: &str = "atelier";
/// The action in a metric of what asked for none that there is: metrics have few dimensions, whatever strangers ask.
pub const NO_ACTION: &str = "none";
/// What atelier's own commands begin the ids of their AWS calls with, so that logs can tell them apart.
pub const OWN_CALLS: &str = "atelier-";

/// The stage that the API is deployed to, a part of its URL.
pub const STAGE: &str = "dev";

/// API Gateway's extension of `OpenAPI` that integrates an operation.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>
pub const INTEGRATION: &str = "x-amazon-apigateway-integration";
/// API Gateway's extension for the methods that have no operation.
pub const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
/// API Gateway's extension for what it answers itself.
pub const GATEWAY_RESPONSES: &str = "x-amazon-apigateway-gateway-responses";
