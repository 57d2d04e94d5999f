//! What is particular about each kind of engine, as data: nobody else asks which kind one is.
//!
//! A new kind is a row here and an arm for starting, stopping and connecting (`life`, `engine`). Not here: what differs
//! between the images of one kind (`profile`).

use crate::engine_kind::EngineKind;
use std::time::Duration;

/// How long an engine takes for what it does, and how often it may be asked.
#[derive(Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long it may take for what it has begun; `None` leaves that to `--timeout`.
    pub patience: Option<Duration>,
    /// How long it may put calls off; `None` is as long as they may fail.
    pub throttle: Option<Duration>,
    /// The longest pause between two looks at what it has begun.
    pub pause: Duration,
    /// The longest upload of a function's code; `None` is as long as any call.
    pub upload: Option<Duration>,
    /// The pause before a role that was just made is tried again; `None` where it can be assumed at once.
    pub role: Option<Duration>,
}

/// Where an engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Site {
    /// In a process of this machine.
    Process,
    /// In containers.
    Containers,
    /// Always, and nothing of it on this machine.
    Remote,
    /// Nobody knows.
    Unknown,
}

/// What is particular about a kind of engine.
#[derive(Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where it runs.
    site: Site,
    /// Whether it is called with the user's own credentials; others know the installation's key pair only.
    pub shares_credentials: bool,
    /// Whether what is deployed survives its end.
    pub keeps_state: bool,
    /// The image that instances are made from.
    pub machine_image: &'static str,
    /// How long it takes.
    pub pace: Pace,
}

/// An image id for engines that take any.
const ANY_IMAGE: &str = "ami-0c02fb55956c7d316";

/// An engine of this machine: `LocalStack` starts a function in 0.3 s, and may have to pull an image first.
const LOCAL_PACE: Pace =
    Pace { patience: None, throttle: None, pause: Duration::from_millis(50), upload: None, role: None };

/// A container that speaks the AWS API; it takes along what was in it.
const CONTAINER: Facts = Facts {
    site: Site::Containers,
    shares_credentials: false,
    keeps_state: false,
    machine_image: ANY_IMAGE,
    pace: LOCAL_PACE,
};

/// The engine in this binary needs milliseconds for anything.
const EMBEDDED: Facts = Facts {
    site: Site::Process,
    keeps_state: true,
    pace: Pace { patience: Some(Duration::from_secs(20)), ..LOCAL_PACE },
    ..CONTAINER
};

/// The cloud allows few calls in a second and one `DeleteRestApi` in 30 s; 50 MB on a slow line take minutes, and a new
/// role cannot be assumed for some seconds. Images
/// differ from region to region, so EC2 itself looks the newest Amazon Linux up.
const AWS: Facts = Facts {
    site: Site::Remote,
    shares_credentials: true,
    keeps_state: true,
    machine_image: "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    pace: Pace {
        patience: None,
        throttle: Some(Duration::from_secs(45)),
        pause: Duration::from_secs(2),
        upload: Some(Duration::from_mins(5)),
        role: Some(Duration::from_secs(2)),
    },
};

/// An AWS API that somebody else started (`--endpoint`): nothing is known of it, so nothing is said or done that is
/// right for one engine only.
pub(super) const FOREIGN: Facts = Facts { site: Site::Unknown, keeps_state: true, ..CONTAINER };

impl Facts {
    /// Whether it is always there, and nothing of it on this machine.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.site == Site::Remote
    }

    /// Whether it runs in containers.
    #[must_use]
    pub fn needs_docker(&self) -> bool {
        self.site == Site::Containers
    }
}

impl EngineKind {
    /// Returns what is particular about this kind.
    #[must_use]
    pub fn facts(self) -> &'static Facts {
        match self {
            Self::Embedded => &EMBEDDED,
            Self::Localstack => &CONTAINER,
            Self::Aws => &AWS,
        }
    }
}
