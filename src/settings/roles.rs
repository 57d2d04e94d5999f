//! The settings of the hidden roles that run in containers: from the environment only, which `up` writes.

use super::{Environment, Settings};
use crate::{
    edge::{self, limits::Limit},
    error::{Code, Error, Result},
    lenience::Lenience,
    log::Rotation,
    names::OwnerId,
    secret::Secret,
};
use http::uri::{Authority, PathAndQuery};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

/// The shortest token that is one: 32 random bytes make 64 hex digits, half of that is still out of reach.
const MIN_TOKEN: usize = 32;

/// The settings of the role `@proxy`.
#[derive(Clone)]
pub struct Proxy {
    /// Where it listens (`ATELIER_PROXY_LISTEN`, `0.0.0.0:2375`).
    pub listen: SocketAddr,
    /// The token that every call must carry (`ATELIER_PROXY_TOKEN`).
    pub token: Secret,
    /// Whose containers it drives (`ATELIER_OWNER`).
    pub owner: OwnerId,
    /// The project whose containers they are (`ATELIER_PROJECT`); every one's where it is not set.
    pub project: Option<String>,
    /// The Docker daemon's socket (`ATELIER_DOCKER_SOCKET`, `/var/run/docker.sock`).
    pub socket: PathBuf,
}

impl Proxy {
    /// Reads the role's settings.
    ///
    /// # Errors
    /// Returns a [`Code::BadSetting`] that names the variable; of the token never its value.
    pub fn read(environment: &Environment) -> Result<Self> {
        let listen = match environment.get("ATELIER_PROXY_LISTEN") {
            None => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 2375)),
            Some(text) => text.parse().map_err(|_| bad("ATELIER_PROXY_LISTEN", text, "an address and a port"))?,
        };
        let token = environment.get("ATELIER_PROXY_TOKEN").unwrap_or_default();
        if token.len() < MIN_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(bad("ATELIER_PROXY_TOKEN", "…", "32 or more visible ASCII characters"));
        }
        let owner = environment.get("ATELIER_OWNER").unwrap_or_default();
        let owner = owner.parse().map_err(|_| bad("ATELIER_OWNER", owner, "32 hex digits"))?;
        let socket = environment.get("ATELIER_DOCKER_SOCKET").unwrap_or("/var/run/docker.sock").into();
        let project = environment.get("ATELIER_PROJECT").map(str::to_owned);
        Ok(Self { listen, token: Secret::new(token), owner, project, socket })
    }
}

/// What the user's settings say about the public door, whichever role opens it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Door {
    /// The host of the public URL as clients sign it, where there is one.
    pub public_host: Option<String>,
    /// How often one client may call.
    pub rate: Limit,
    /// The origins whose pages may call.
    pub cors_origins: Vec<String>,
}

impl Door {
    /// Takes what the door must know out of the settings of `up`.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let public_url = settings.public_endpoint.value.as_deref();
        Self {
            public_host: public_url.and_then(|url| Some(url.split_once("://")?.1.to_owned())),
            rate: settings.rate.value,
            cors_origins: settings.cors_origins.value.clone(),
        }
    }

    /// Reads what [`Door::to_text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Writes it as one word for an argument or a variable; none of it is secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The edge's configuration, as far as users decide it.
    #[must_use]
    pub fn config(self) -> edge::Config {
        let Self { public_host, rate, cors_origins } = self;
        edge::Config { public_host, rate, cors_origins, ..edge::Config::default() }
    }
}

/// What the embedded engine alone is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Habits {
    /// For whom it is lenient.
    pub lenient: Lenience,
    /// The address of Docker's bridge, where it is to listen, too.
    pub bridge: Option<IpAddr>,
    /// Another address than loopback that it is to listen on, because somebody said so.
    pub listen: Option<IpAddr>,
    /// Whether the policies of identities have a say.
    #[serde(default)]
    pub iam: bool,
    /// How its log is rotated.
    #[serde(default)]
    pub logs: Rotation,
}

/// How the settings have logs rotated.
#[must_use]
pub fn rotation(settings: &Settings) -> Rotation {
    Rotation { bytes: settings.log_size.value, files: settings.log_files.value }
}

impl Habits {
    /// Reads what [`Habits::to_text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Writes it as one word for an argument.
    #[must_use]
    pub fn to_text(self) -> String {
        serde_json::to_string(&self).unwrap_or_default()
    }
}

/// The settings of the role `@edge`.
#[derive(Clone)]
pub struct Edge {
    /// Where it listens (`ATELIER_EDGE_LISTEN`).
    pub listen: SocketAddr,
    /// The engine's host and port (`ATELIER_EDGE_ENGINE`).
    pub engine: Authority,
    /// The engine's path that answers 200 when it is ready (`ATELIER_EDGE_HEALTH`).
    pub health: PathAndQuery,
    /// API calls at a time that the engine bears (`ATELIER_EDGE_IN_FLIGHT`, as many as the edge bears).
    pub in_flight: usize,
    /// The region that APIs are deployed in (`ATELIER_EDGE_REGION`).
    pub region: String,
    /// The key pair whose signatures are accepted (`ATELIER_EDGE_ACCESS_KEY_ID`).
    pub access_key_id: String,
    /// Its secret (`ATELIER_EDGE_SECRET_ACCESS_KEY`).
    pub secret_access_key: Secret,
    /// The door's own settings (`ATELIER_EDGE_DOOR`).
    pub door: Door,
}

impl Edge {
    /// Reads the role's settings.
    ///
    /// # Errors
    /// Returns a [`Code::BadSetting`] that names the variable; of the secret never its value.
    pub fn read(environment: &Environment) -> Result<Self> {
        let text = |name: &'static str| environment.get(name).ok_or_else(|| bad(name, "", "a value"));
        Ok(Self {
            listen: parsed(environment, "ATELIER_EDGE_LISTEN", "an address and a port")?,
            engine: parsed(environment, "ATELIER_EDGE_ENGINE", "a host and a port")?,
            health: parsed(environment, "ATELIER_EDGE_HEALTH", "a path")?,
            in_flight: in_flight(environment)?,
            region: text("ATELIER_EDGE_REGION")?.to_owned(),
            access_key_id: text("ATELIER_EDGE_ACCESS_KEY_ID")?.to_owned(),
            secret_access_key: Secret::new(text("ATELIER_EDGE_SECRET_ACCESS_KEY")?),
            door: match environment.get("ATELIER_EDGE_DOOR") {
                None => Door::default(),
                Some(text) => Door::parse(text).ok_or_else(|| bad("ATELIER_EDGE_DOOR", text, "the door's JSON"))?,
            },
        })
    }
}

fn in_flight(environment: &Environment) -> Result<usize> {
    const NAME: &str = "ATELIER_EDGE_IN_FLIGHT";
    let Some(text) = environment.get(NAME) else { return Ok(edge::IN_FLIGHT) };
    let number = text.parse().ok().filter(|number| (1..=edge::IN_FLIGHT).contains(number));
    number.ok_or_else(|| bad(NAME, text, "a number of calls, as many as the edge bears at most"))
}

fn parsed<T: FromStr>(environment: &Environment, name: &str, rule: &str) -> Result<T> {
    let text = environment.get(name).unwrap_or_default();
    // An empty text parses as some of these types.
    let parsed = if text.is_empty() { None } else { text.parse().ok() };
    parsed.ok_or_else(|| bad(name, text, rule))
}

fn bad(name: &str, value: &str, rule: &str) -> Error {
    Error::new(Code::BadSetting).with("name", name).with("value", value).with("rule", rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: (&str, &str) = ("ATELIER_PROXY_TOKEN", "0123456789abcdef0123456789abcdef");
    const OWNER: (&str, &str) = ("ATELIER_OWNER", "00112233445566778899aabbccddeeff");

    #[test]
    fn only_token_and_owner_must_be_given() {
        let proxy = Proxy::read(&Environment::from_iter([TOKEN, OWNER])).unwrap();
        assert_eq!(proxy.listen.to_string(), "0.0.0.0:2375");
        assert_eq!(proxy.socket, PathBuf::from("/var/run/docker.sock"));
    }

    #[test]
    fn a_proxy_without_a_real_token_or_owner_does_not_start() {
        for bad in [
            vec![OWNER],
            vec![TOKEN],
            vec![OWNER, ("ATELIER_PROXY_TOKEN", "short")],
            vec![OWNER, ("ATELIER_PROXY_TOKEN", "0123456789abcdef 0123456789abcdef")],
            vec![TOKEN, ("ATELIER_OWNER", "me")],
            vec![TOKEN, OWNER, ("ATELIER_PROXY_LISTEN", "2375")],
        ] {
            let error = Proxy::read(&Environment::from_iter(bad.clone())).map(drop).unwrap_err();
            assert_eq!(error.code, Code::BadSetting, "{bad:?}");
            assert!(!error.to_string().contains("0123456789abcdef "));
        }
    }

    #[test]
    fn a_door_survives_its_text() {
        let door = Door {
            public_host: Some("a.example:8443".to_owned()),
            rate: Some(crate::edge::limits::Rate { per_second: 5, burst: 9 }),
            cors_origins: vec!["https://a.example".to_owned()],
        };
        assert_eq!(Door::parse(&door.to_text()), Some(door.clone()));
        assert_eq!(door.config().cors_origins, ["https://a.example"]);
    }

    #[test]
    fn an_edge_bears_what_its_engine_bears_and_never_more_than_its_memory() {
        let with = |text| in_flight(&Environment::from_iter([("ATELIER_EDGE_IN_FLIGHT", text)]));
        assert_eq!(in_flight(&Environment::default()).unwrap(), edge::IN_FLIGHT);
        assert_eq!(with("8").unwrap(), 8);
        for bad in ["0", "-1", "97", "many"] {
            assert_eq!(with(bad).unwrap_err().code, Code::BadSetting, "{bad}");
        }
    }

    #[test]
    fn the_edge_names_the_variable_that_it_lacks() {
        let all = [
            ("ATELIER_EDGE_LISTEN", "0.0.0.0:4566"),
            ("ATELIER_EDGE_ENGINE", "172.17.0.1:4566"),
            ("ATELIER_EDGE_HEALTH", "/_localstack/health"),
            ("ATELIER_EDGE_REGION", "us-east-1"),
            ("ATELIER_EDGE_ACCESS_KEY_ID", "ATELIER0"),
            ("ATELIER_EDGE_SECRET_ACCESS_KEY", "secret"),
        ];
        assert!(Edge::read(&Environment::from_iter(all)).is_ok());
        for lacking in all {
            let others = all.into_iter().filter(|variable| *variable != lacking);
            let error = Edge::read(&others.collect()).map(drop).unwrap_err();
            assert!(error.to_string().contains(lacking.0), "{error}");
        }
    }
}
