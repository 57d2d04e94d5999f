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

/// The AWS region, where none is named.
pub const DEFAULT_REGION: &str = "us-east-1";

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
/// The label of a container that stands in `[containers]`; one without it, of `bonus`, is nobody's but the user's to remove.
pub const DECLARED_LABEL: &str = "atelier.declared";
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
/// The tag that holds an instance's name, where a stack names its instances.
pub const INSTANCE_NAME_TAG: &str = KEY_NAME_TAG;
/// The tag that holds the type that a deploy last wanted of an instance.
pub const INSTANCE_TYPE_TAG: &str = "atelier:type";
/// The tag that holds when an instance is to be stopped (`2026-11-28T20:00:00Z`). That of a container, which can have no
/// new label while it runs, stands at the stack's instance under this name, a colon and the container's.
pub const STOPS_AT_TAG: &str = "atelier:stops-at";

/// The tag that holds when a container is to be stopped, by its name; the beginning of all of them where that is empty.
#[must_use]
pub fn container_stops_at_tag(name: &str) -> String {
    format!("{STOPS_AT_TAG}:{name}")
}

/// The tag that holds when the API was last called, where what nobody uses is to be stopped.
pub const LAST_CALL_TAG: &str = "atelier:last-call";
/// The tag that holds the type that an instance is on its way to, which runs again once it has it.
pub const MODIFY_TAG: &str = "atelier:modify";
/// The tag that pins an API's id at its creation, on `LocalStack`, its kin and the embedded engine.
pub const API_ID_TAG: &str = "_custom_id_";

/// The namespace of the metrics that the function writes.
pub const NAMESPACE: &str = "atelier";
/// The action in a metric of what asked for none that there is: metrics have few dimensions, whatever strangers ask.
pub const NO_ACTION: &str = "none";
/// The action in the line of an event that only says that a minute has passed.
pub const TICK: &str = "tick";
/// What atelier's own commands begin the ids of their AWS calls with, so that logs can tell them apart.
pub const OWN_CALLS: &str = "atelier-";

/// The value of [`PART_TAG`] for the rule that wakes the function every minute.
pub const CLOCK: &str = "clock";
/// How often it does.
pub const CLOCK_RATE: &str = "rate(1 minute)";
/// The id of the function among the rule's targets.
pub const CLOCK_TARGET: &str = "function";

/// The name of a stack's rule that wakes the function every minute. The function makes it, too: who starts something for
/// two hours must find it stopped then.
#[must_use]
pub fn clock_rule(stack: impl std::fmt::Display) -> String {
    format!("{stack}-{CLOCK}")
}

/// The stage that the API is deployed to, a part of its URL.
pub const STAGE: &str = "dev";

/// API Gateway's extension of `OpenAPI` that integrates an operation.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>
pub const INTEGRATION: &str = "x-amazon-apigateway-integration";
/// API Gateway's extension for the methods that have no operation.
pub const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
/// API Gateway's extension for what it answers itself.
pub const GATEWAY_RESPONSES: &str = "x-amazon-apigateway-gateway-responses";
