//! What the command line says about settings.

use super::{own::FunctionFlags, values::Auth};
use crate::{
    edge::limits::Limit,
    engine_kind::EngineKind,
    lenience::Lenience,
    names::{ContainerName, InstanceName, InstanceType, StackName},
};
use std::{net::IpAddr, path::PathBuf, time::Duration};

/// The flags that were given, each under the name of its setting.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--folder`.
    pub folder: Option<PathBuf>,
    /// `--engine`.
    pub engine: Option<EngineKind>,
    /// `--stack`.
    pub stack: Option<StackName>,
    /// `--region`.
    pub region: Option<String>,
    /// `--port`.
    pub port: Option<u16>,
    /// `--timeout`.
    pub timeout: Option<Duration>,
    /// `--endpoint`.
    pub endpoint: Option<String>,
    /// `up --image`.
    pub image: Option<String>,
    /// `up --rate`.
    pub rate: Option<Limit>,
    /// `up --lenient`.
    pub lenient: Option<Lenience>,
    /// `up --listen`.
    pub listen: Option<IpAddr>,
    /// `up --iam`.
    pub iam: Option<bool>,
    /// `deploy --auth`.
    pub auth: Option<Auth>,
    /// `deploy --instance`.
    pub instances: Vec<(InstanceName, InstanceType)>,
    /// `deploy --container`.
    pub containers: Vec<(ContainerName, String)>,
    /// `deploy --function`, `--runtime`, `--handler`.
    pub function: FunctionFlags,
}
