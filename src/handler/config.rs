//! The handler's few variables: the one place besides `settings` that reads the environment.

use super::deadline::Deadlines;
use crate::{
    api_key::{InvalidKeyScopes, KeyScopes},
    aws::Connection,
    clock::Clock,
    marks::DEFAULT_REGION,
    names::StackName,
    proxy::ProxyAddress,
    secret::Secret,
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use std::{ffi::OsString, path::PathBuf, time::Duration};

/// The variable that says how long nobody may call, in seconds.
pub const IDLE_SECONDS: &str = "ATELIER_IDLE_SECONDS";

/// What the handler must know.
#[derive(Clone)]
pub struct Config {
    /// The stack whose instance it drives.
    pub stack: StackName,
    /// The AWS API; `None` when the function was given no credentials.
    pub ec2: Option<Connection>,
    /// The docker proxy; `None` where there is no Docker.
    pub docker: Option<ProxyAddress>,
    /// The API keys of which one is needed; `None` when the API is open.
    pub keys: Option<KeyScopes>,
    /// How long nobody may call the API before what runs is stopped; `None` when that is nobody's business.
    pub idle: Option<Duration>,
    /// How long things may take.
    pub deadlines: Deadlines,
    /// What tells how much of the function's own time is left.
    pub clock: Clock,
    /// The file whose lock keeps changes of the instance apart, when other processes on this machine run the same code:
    /// Lambda gives each event that comes meanwhile a process of its own.
    pub turns: Option<PathBuf>,
}

/// Why the function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The stack's name is not one.
    #[error("`ATELIER_STACK` is {0}")]
    Stack(#[from] crate::names::InvalidName),
    /// The API keys cannot be read. Without them nobody can be let in, and nobody should.
    #[error("`ATELIER_API_KEYS` is {0}")]
    Keys(#[from] InvalidKeyScopes),
    /// The Runtime API's client needs more than was given.
    #[error("`{0}` is not set: is this a Lambda function?")]
    NotLambda(&'static str),
}

/// Tells whether Lambda started this process.
#[must_use]
pub fn is_lambda() -> bool {
    variable("AWS_LAMBDA_RUNTIME_API").is_some()
}

impl Config {
    /// Reads the function's environment: `ATELIER_STACK`, `ATELIER_API_KEYS`, `ATELIER_IDLE_SECONDS`, `DOCKER_PROXY` and `DOCKER_PROXY_TOKEN`, which the stack
    /// sets; `AWS_ENDPOINT_URL`, which it sets on every engine but AWS; and what Lambda itself sets.
    ///
    /// # Errors
    /// Returns a [`ConfigError`] where no event could be answered.
    pub fn from_env() -> Result<Self, ConfigError> {
        // The Runtime API's client panics without these.
        for name in ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] {
            variable(name).ok_or(ConfigError::NotLambda(name))?;
        }
        Ok(Self {
            stack: variable("ATELIER_STACK").as_deref().unwrap_or("atelier").parse()?,
            ec2: connection(),
            docker: variable("DOCKER_PROXY").map(|url| ProxyAddress {
                url,
                token: Secret::new(variable("DOCKER_PROXY_TOKEN").unwrap_or_default()),
            }),
            // Not by `variable`: an empty list of keys must not be taken for none, which would open the API.
            keys: set("ATELIER_API_KEYS").map(|text| KeyScopes::parse(&text.to_string_lossy())).transpose()?,
            idle: variable(IDLE_SECONDS).and_then(|text| text.parse().ok()).map(Duration::from_secs),
            deadlines: Deadlines::default(),
            clock: Clock::System,
            turns: variable("LAMBDA_TASK_ROOT").map(|root| PathBuf::from(root).join("bootstrap")),
        })
    }
}

fn connection() -> Option<Connection> {
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN"),
        None,
        "function",
    );
    Some(Connection {
        endpoint: variable("AWS_ENDPOINT_URL"),
        region: variable("AWS_REGION")
            .or_else(|| variable("AWS_DEFAULT_REGION"))
            .unwrap_or_else(|| DEFAULT_REGION.to_owned()),
        credentials: SharedCredentialsProvider::new(credentials),
    })
}

/// Reads a variable; an empty one counts as absent, as it does for the AWS SDKs.
fn variable(name: &str) -> Option<String> {
    set(name)?.into_string().ok().filter(|value| !value.is_empty())
}

/// Reads a variable as it is set.
fn set(name: &str) -> Option<OsString> {
    #[expect(clippy::disallowed_methods, reason = "the handler's one place")]
    std::env::var_os(name)
}
