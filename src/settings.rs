//! Where every setting comes from: flags > environment > `atelier.toml` > defaults. The only place that reads the
//! environment, and each value keeps its origin.
//!
//! Not here: what a setting does, and how it is printed (`commands::config`).

mod alarm;
pub mod environment;
mod file;
mod flags;
mod look;
mod nearest;
mod operate;
mod own;
mod resolve;
pub mod roles;
mod setting;
pub mod source;
mod test_entry;
mod values;

pub use alarm::Alarms;
pub use environment::Environment;
pub use file::{keep, keep_entries, keep_function};
pub use flags::Flags;
pub use look::{ColorWhen, Look};
pub(crate) use nearest::distance;
pub use operate::{
    Containers, Instances, Schedules, container_entry, contradiction, instance_entry, instance_name, time, zone,
};
pub use own::{FunctionFlags, OwnFunction};
pub use setting::{Origin, Setting};
pub use source::FILE;
pub use test_entry::{TestEntries, TestEntry, request_line};
pub use values::{
    Auth, Moment, Rule, StatusFilter, address, base_url, duration, endpoint, instance_type, lenient, lifetime, moment,
    origins, pattern, port, rate, region, runtime, stack, status, switch,
};

use crate::{
    edge::limits::Rate, engine_kind::EngineKind, lenience::Lenience, names::StackName, runtimes::Machine,
    secret::Secret, text::Lang,
};
use std::{net::IpAddr, path::PathBuf, time::Duration};

/// The stack, where none is named.
pub const DEFAULT_STACK: &str = "atelier";
/// The public port, where none is named: LocalStack's.
pub const DEFAULT_PORT: u16 = 4566;

/// What one client may call a second, and at once after a rest, behind a public URL. A person with `curl`, a page that
/// polls and a class that shares a tunnel stay below it; a flood does not get through.
pub const PUBLIC_RATE: Rate = Rate { per_second: 50, burst: 100 };

/// Every setting of a command, resolved.
#[derive(Clone)]
pub struct Settings {
    /// The project folder: `.atelier/`, `.api_id`, `.instance_id` and `deploy.log` live here.
    pub folder: PathBuf,
    /// Who named the project folder.
    pub folder_origin: Origin,
    /// The user's home folder (`$HOME`), when there is one.
    pub home: Option<PathBuf>,
    /// The user's data folder (`$XDG_DATA_HOME/atelier`, `$HOME/.local/share/atelier`), when there is one.
    pub data_folder: Option<PathBuf>,
    /// Where interpreters and their packages are: `PATH`, the home folder, the user's cache folder
    /// (`$XDG_CACHE_HOME/atelier`, `$HOME/.cache/atelier`).
    pub machine: Machine,
    /// The user's runtime folder (`$XDG_RUNTIME_DIR`), when there is one: rootless Docker's socket lives there.
    pub runtime_folder: Option<PathBuf>,
    /// The wanted engine; `None` lets `up` choose and the others follow its record.
    pub engine: Setting<Option<EngineKind>>,
    /// The stack (`atelier`).
    pub stack: Setting<StackName>,
    /// The AWS region (`us-east-1`).
    pub region: Setting<String>,
    /// The public port (4566); with 0, `up` takes any free one and records it.
    pub port: Setting<u16>,
    /// The bound of every wait of a command.
    pub timeout: Setting<Duration>,
    /// Who may call the API.
    pub auth: Setting<Auth>,
    /// A function of one's own, instead of atelier's.
    pub function: Setting<Option<OwnFunction>>,
    /// From when on the function is in alarm.
    pub alarms: Setting<Alarms>,
    /// The stack's instances by name; none where there is one without a name.
    pub instances: Setting<Instances>,
    /// The containers behind the API by name.
    pub containers: Setting<Containers>,
    /// When instances start and stop.
    pub schedules: Setting<Schedules>,
    /// How long nobody may call before what runs is stopped.
    pub idle: Setting<Option<Duration>>,
    /// Whether the function's role may change types.
    pub modify: Setting<bool>,
    /// The requests with which `test` checks it, which nobody else judges.
    pub tests: Setting<TestEntries>,
    /// How often one client, and one API key, may call the edge; by default as often as it likes on loopback, and not
    /// more than [`PUBLIC_RATE`] behind a public URL.
    pub rate: Setting<Option<Rate>>,
    /// The origins whose pages may call the API; by default none.
    pub cors_origins: Setting<Vec<String>>,
    /// Whether the embedded engine lets pass what `LocalStack` lets pass, and for whom; by default it does not.
    pub lenient: Setting<Lenience>,
    /// Another address than loopback that the embedded engine listens on; by default none.
    pub listen: Setting<Option<IpAddr>>,
    /// Whether the embedded engine lets the policies of identities have a say; by default it does not.
    pub iam: Setting<bool>,
    /// How many log files of the embedded engine are kept, the current one included.
    pub log_files: Setting<usize>,
    /// How many bytes one of them may have.
    pub log_size: Setting<u64>,
    /// The engine's image, when not the pinned one.
    pub image: Setting<Option<String>>,
    /// An AWS API that already runs (`--endpoint`), instead of one that `up` starts; no slash at the end.
    pub endpoint: Setting<Option<String>>,
    /// The public base URL, without a slash at the end: `AWS_ENDPOINT_PUBLIC`, else built from the Codespace's
    /// variables, else `None` (loopback).
    pub public_endpoint: Setting<Option<String>>,
    /// `AWS_ENDPOINT_INTERNAL`: overrides what the handler uses.
    pub internal_endpoint: Setting<Option<String>>,
    /// `DOCKER_PROXY`: overrides what the handler uses.
    pub docker_proxy: Setting<Option<String>>,
    /// `DOCKER_HOST`.
    pub docker_host: Setting<Option<String>>,
    /// `DOCKER_CONTEXT`.
    pub docker_context: Option<String>,
    /// `DOCKER_CONFIG`, the folder of the docker CLI's settings, else `$HOME/.docker`.
    pub docker_config: Option<PathBuf>,
    /// `DOCKER_CERT_PATH`: the folder of the certificates for a daemon behind TLS.
    pub docker_cert_path: Option<PathBuf>,
    /// `DOCKER_TLS_VERIFY` is set: a TCP daemon is spoken to with TLS.
    pub docker_tls: bool,
    /// `ATELIER_DOCKER_PLAIN_TCP` is set: a daemon beyond this machine may be spoken to without TLS.
    pub docker_plain_tcp: bool,
    /// `CODESPACE_NAME`: the Codespace that this machine is.
    pub codespace: Option<String>,
    /// `GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN`: where its ports are forwarded to.
    pub forwarding_domain: Option<String>,
    /// `GITHUB_ACTIONS`: GitHub reads what is printed and shows `::error::` lines beside the run.
    pub github_actions: bool,
    /// `LOCALSTACK_AUTH_TOKEN`, passed on to an image that wants an account.
    pub localstack_token: Option<Secret>,
    /// The name of the shell in `SHELL` (`bash`).
    pub shell: Option<String>,
    /// `BROWSER`: the user's own program that opens a URL.
    pub browser: Option<String>,
    /// `ATELIER_RELEASES`: where releases are, instead of where this binary's sources say.
    pub releases: Option<String>,
    /// `AWS_ENDPOINT_URL`: where the user's other AWS tools go; ours do only with the `aws` engine.
    pub ambient_endpoint: Option<String>,
    /// The variable that says that the user has AWS credentials of their own, which local engines never see.
    pub ambient_credentials: Option<&'static str>,
    /// The language of texts.
    pub lang: Setting<Lang>,
}
