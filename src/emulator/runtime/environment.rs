//! The environment of a function process: what Lambda promises, what the user set, and nothing of the emulator's own.

use super::Spec;
use crate::emulator::sts::Credentials;
use std::{collections::BTreeMap, net::SocketAddr, path::Path};

/// Variables that Lambda sets and that a function's configuration must not set.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>
const RESERVED: [&str; 18] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    TASK_ROOT,
];

/// Says where the function's code is; only functions have it, and they cannot set it themselves.
pub const TASK_ROOT: &str = "LAMBDA_TASK_ROOT";

/// Tells whether a function's configuration must not set this variable.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// What differs from process to process.
pub struct Place<'a> {
    /// Where the process's Runtime API listens.
    pub runtime_api: SocketAddr,
    /// The unpacked code.
    pub task_root: &'a Path,
    /// The process's own folder for temporary files.
    pub scratch: &'a Path,
    /// The log group.
    pub log_group: &'a str,
    /// The log stream.
    pub log_stream: &'a str,
    /// The URL of the AWS API.
    pub endpoint: &'a str,
    /// Variables that the engine adds and that the user's replace.
    pub engine: &'a [(&'static str, String)],
    /// What the interpreter adds, where one runs the function: variables that the user's replace,
    pub defaults: &'a [(&'static str, String)],
    /// and those that the user's do not.
    pub reserved: &'a [(&'static str, String)],
}

/// Builds the whole environment. The user's variables replace the defaults, never the reserved ones.
#[must_use]
pub fn build(spec: &Spec, place: &Place<'_>, credentials: &Credentials) -> Vec<(String, String)> {
    let region = spec.region.as_str();
    let defaults = [
        ("AWS_ENDPOINT_URL", place.endpoint),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        // Nobody listens there, which SDKs of X-Ray take for a daemon that loses what it is sent.
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
        ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"),
        ("_AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1"),
        ("_AWS_XRAY_DAEMON_PORT", "2000"),
        ("LANG", "en_US.UTF-8"),
        ("TMPDIR", &place.scratch.to_string_lossy()),
        ("TZ", ":UTC"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let reserved = [
        ("_HANDLER", spec.handler.as_str()),
        ("AWS_ACCESS_KEY_ID", &credentials.access_key_id),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &spec.memory.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", &spec.name),
        ("AWS_LAMBDA_FUNCTION_VERSION", &spec.version),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", place.log_group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", place.log_stream),
        ("AWS_LAMBDA_RUNTIME_API", &place.runtime_api.to_string()),
        ("AWS_REGION", region),
        ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key.expose()),
        ("AWS_SESSION_TOKEN", credentials.session_token.expose()),
        (TASK_ROOT, &place.task_root.to_string_lossy()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let of_interpreter = |variables: &[(&str, String)]| -> Vec<(String, String)> {
        variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    };
    let mut environment = BTreeMap::from(defaults);
    environment.extend(of_interpreter(place.engine));
    environment.extend(of_interpreter(&spec.log_format.variables()));
    environment.extend(of_interpreter(place.defaults));
    environment.extend(spec.variables.clone());
    environment.extend(reserved);
    environment.extend(of_interpreter(place.reserved));
    environment.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{emulator::runtime::LogFormat, secret::Secret};
    use std::time::Duration;

    #[test]
    fn the_users_variables_replace_defaults_but_nothing_reserved() {
        let variables = [("AWS_ENDPOINT_URL", "http://mine"), ("AWS_REGION", "mars"), ("MODE", "x")];
        let spec = Spec {
            region: "eu-west-1".parse().unwrap(),
            name: "f".into(),
            arn: "arn:f".into(),
            function_arn: "arn:f".into(),
            version: "$LATEST".into(),
            invoked_arn: "arn:f".into(),
            role: "arn:r".into(),
            identity: "0".into(),
            revision: "1".into(),
            runtime: Some("python3.12".parse().unwrap()),
            handler: "bootstrap".into(),
            memory: 128,
            timeout: Duration::from_secs(3),
            variables: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            code: "0".repeat(64),
            layers: Vec::new(),
            log_group: "/aws/lambda/f".into(),
            log_format: LogFormat::Text,
            reserved: None,
        };
        let place = Place {
            runtime_api: ([127, 0, 0, 1], 9).into(),
            task_root: Path::new("/code"),
            scratch: Path::new("/scratch"),
            log_group: "/aws/lambda/f",
            log_stream: "s",
            endpoint: "http://127.0.0.1:4566",
            engine: &[("EDGE_PORT", "4566".to_owned())],
            defaults: &[("PATH", "/python/bin".to_owned()), ("MODE", "y".to_owned())],
            reserved: &[("AWS_EXECUTION_ENV", "AWS_Lambda_python3.12".to_owned())],
        };
        let credentials = Credentials {
            access_key_id: "ASIA".into(),
            secret_access_key: Secret::new("s"),
            session_token: Secret::new("t"),
        };
        let environment: BTreeMap<_, _> = build(&spec, &place, &credentials).into_iter().collect();
        assert_eq!(environment["AWS_ENDPOINT_URL"], "http://mine");
        assert_eq!(environment["AWS_REGION"], "eu-west-1");
        assert_eq!(environment["AWS_LAMBDA_RUNTIME_API"], "127.0.0.1:9");
        assert_eq!(environment["EDGE_PORT"], "4566");
        assert_eq!(environment["MODE"], "x");
        assert_eq!(environment["PATH"], "/python/bin");
        assert_eq!(environment["AWS_EXECUTION_ENV"], "AWS_Lambda_python3.12");
        assert_eq!(environment["_AWS_XRAY_DAEMON_PORT"], "2000");
        assert!(!environment.contains_key("AWS_LAMBDA_LOG_FORMAT"), "only another format than text is told");
    }
}
