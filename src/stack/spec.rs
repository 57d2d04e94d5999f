//! What a stack should be, as data, and the revisions (`rev`) that tell whether a part already is that.
//!
//! A rev is a hash of everything in the wanted part that an update can change. Names are not in it: they identify the
//! part.

use super::{
    own::{self, Own},
    part::Part,
};
use crate::{
    api_key::{KeyScopes, Scope},
    deadlines,
    engine::Engine,
    handler::IDLE_SECONDS,
    marks::{DEFAULT_REGION, PART_TAG, REV_TAG, STACK_TAG},
    names::{InstanceId, InstanceName, StackName},
    openapi,
    schedule::Schedule,
    settings::{Alarms, DEFAULT_STACK, Settings},
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, time::Duration};

/// The names of a stack's resources, which follow from the stack's own.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) stack: StackName,
    pub(super) function: String,
    pub(super) role: String,
    pub(super) log_group: String,
    pub(super) api: String,
}

/// What every function's name ends with.
pub(super) const FUNCTION: &str = "infrastructure-handler";
/// What stands between stack and region in the names of roles outside the default region.
const ROLE_ELSEWHERE: &str = "handler";
/// What the names of Lambda's log groups begin with.
pub(super) const LAMBDA: &str = "/aws/lambda/";

impl Names {
    pub(super) fn of(stack: &StackName, region: &str) -> Self {
        let prefixed = format!("{stack}-{FUNCTION}");
        // The default stack keeps the workshop's own names.
        let function = if stack.as_str() == DEFAULT_STACK { FUNCTION.to_owned() } else { prefixed.clone() };
        let log_group = format!("{LAMBDA}{function}");
        // IAM knows no regions: without one in its name, the stack of another region would have the same role. A
        // region that makes it longer than IAM allows is refused (`wanted::check_names`).
        let role = if region == DEFAULT_REGION { prefixed } else { format!("{stack}-{ROLE_ELSEWHERE}-{region}") };
        Self { stack: stack.clone(), function, role, log_group, api: stack.to_string() }
    }

    /// Whether a role of this name can be a stack's, in whatever region.
    pub(super) fn may_be_role(name: &str) -> bool {
        name.ends_with(FUNCTION) || name.contains(&format!("-{ROLE_ELSEWHERE}-"))
    }

    /// The tags of a part, the rev only where it goes into the creating call.
    pub(super) fn tags(&self, part: Part, rev: Option<&str>) -> Vec<(String, String)> {
        let mut tags =
            vec![(STACK_TAG.to_owned(), self.stack.to_string()), (PART_TAG.to_owned(), part.as_str().to_owned())];
        tags.extend(rev.map(|rev| (REV_TAG.to_owned(), rev.to_owned())));
        tags
    }
}

/// How the function's code is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) runtime: String,
    pub(super) handler: String,
    /// Seconds that one invocation may take.
    pub(super) timeout: i32,
    /// MiB.
    pub(super) memory: i32,
}

/// Longer than the handler's own deadline, shorter than the gateway's.
const TIMEOUT: i32 = 28;
const _: () = assert!(deadlines::FUNCTION.as_secs() == 28);
/// The memory of atelier's function in MiB, of which a Rust function needs a fifth, and of one's own that asks for none.
pub const MEMORY: i32 = 128;

/// This binary.
impl Default for Code {
    fn default() -> Self {
        let (runtime, handler) = ("provided.al2023".to_owned(), "bootstrap".to_owned());
        Self { runtime, handler, timeout: TIMEOUT, memory: MEMORY }
    }
}

/// An instance as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WantedInstance {
    /// Its name; the only one may have none.
    pub(super) name: Option<InstanceName>,
    /// Its type.
    pub(super) kind: String,
    /// Its office hours, as far as `atelier.toml` has some.
    pub(super) schedule: Option<Schedule>,
}

/// The type of an instance that is wanted without a name.
const USUAL_TYPE: &str = "t2.micro";

impl WantedInstance {
    /// The instances that settings want. Those of a table are wanted by name; without one, those that are there keep their
    /// names: who has no table says nothing about them.
    pub(super) fn all(settings: &Settings, named: BTreeMap<InstanceName, String>) -> Vec<Self> {
        let schedules = &settings.schedules.value;
        let of = |name: Option<InstanceName>, kind: String| Self {
            schedule: schedules.of(name.as_ref()).cloned(),
            name,
            kind,
        };
        if !settings.instances.value.is_empty() {
            let all = settings.instances.value.iter();
            return all.map(|(name, kind)| of(Some(name.clone()), kind.to_string())).collect();
        }
        if named.is_empty() {
            return vec![of(None, USUAL_TYPE.to_owned())];
        }
        named.into_iter().map(|(name, kind)| of(Some(name), kind)).collect()
    }

    /// What people read of it: the stack, and which of it.
    pub(super) fn full_name(&self, stack: &StackName) -> String {
        self.name.as_ref().map_or_else(|| stack.to_string(), |name| format!("{stack}-{name}"))
    }
}

/// Everything that the parts of a stack are made from. The function's environment has the proxy's token in it, so none
/// of this can be printed.
#[derive(Clone)]
pub(super) struct Spec {
    pub(super) names: Names,
    pub(super) account: String,
    pub(super) region: String,
    /// How the function's code is run.
    pub(super) code: Code,
    /// The document that the API is deployed from, where it is not atelier's.
    pub(super) document: Option<serde_json::Value>,
    /// The function's environment.
    pub(super) environment: BTreeMap<String, String>,
    /// The API's id, where the engine lets us pin one.
    pub(super) pinned_api: Option<(&'static str, String)>,
    /// The image that the instance is made from.
    pub(super) image: &'static str,
    /// The pause before a role that was just made is tried again; `None` where it can be assumed at once.
    pub(super) role_pause: Option<Duration>,
    /// The keys that open the API; `None` when it is open.
    pub(super) keys: Option<KeyScopes>,
    /// From when on the function is in alarm.
    pub(super) alarms: Alarms,
    /// The instances.
    pub(super) instances: Vec<WantedInstance>,
    /// Whether the function's role may change the types of instances.
    pub(super) may_modify: bool,
    /// Whether the function is the user's own, which knows nothing of times and types.
    pub(super) is_own: bool,
    /// Whether settings want something to happen in time; what tags want is seen there.
    pub(super) is_timed: bool,
}

impl Spec {
    pub(super) fn new(
        engine: &Engine,
        settings: &Settings,
        account: &str,
        keys: Option<KeyScopes>,
        named: BTreeMap<InstanceName, String>,
    ) -> Self {
        let stack = &settings.stack.value;
        let mut environment = BTreeMap::from([("ATELIER_STACK".to_owned(), stack.to_string())]);
        if let Some(endpoint) = &engine.internal_endpoint {
            environment.insert("AWS_ENDPOINT_URL".to_owned(), endpoint.clone());
        }
        if let Some(docker) = &engine.docker {
            environment.insert("DOCKER_PROXY".to_owned(), docker.url.clone());
            environment.insert("DOCKER_PROXY_TOKEN".to_owned(), docker.token.expose().to_owned());
        }
        if let Some(keys) = &keys {
            environment.insert("ATELIER_API_KEYS".to_owned(), keys.to_text());
        }
        if let Some(idle) = settings.idle.value {
            environment.insert(IDLE_SECONDS.to_owned(), idle.as_secs().to_string());
        }
        let opens_types = keys.as_ref().is_some_and(|keys| keys.has(Scope::Modify));
        Self {
            instances: WantedInstance::all(settings, named),
            is_own: false,
            may_modify: settings.modify.value || opens_types,
            is_timed: settings.idle.value.is_some() || !settings.schedules.value.is_empty(),
            names: Names::of(stack, &engine.connection.region),
            account: account.to_owned(),
            region: engine.connection.region.clone(),
            code: Code::default(),
            document: None,
            environment,
            pinned_api: None,
            image: engine.facts.machine_image,
            role_pause: engine.facts.pace.role,
            keys,
            alarms: Alarms::default(),
        }
    }

    /// The same for a function of the user's own, which drives what it is told; atelier's finds its instance by tags.
    pub(super) fn with_own(mut self, own: &Own, instance: Option<&InstanceId>) -> Result<Self, own::Error> {
        let function = &own.function;
        self.code = Code {
            runtime: own.runtime.clone(),
            handler: own.handler.clone(),
            timeout: function.timeout.unwrap_or(TIMEOUT),
            memory: function.memory.unwrap_or(MEMORY),
        };
        self.environment.extend(function.environment.clone());
        self.document = Some(own.document(&self.api())?);
        self.is_own = true;
        Ok(match instance {
            Some(instance) => self.knowing(instance.as_str()),
            None => self,
        })
    }

    /// The same, once the instance is there.
    pub(super) fn knowing(mut self, instance: &str) -> Self {
        if self.document.is_some() {
            self.environment.insert("INSTANCE_ID".to_owned(), instance.to_owned());
        }
        self
    }

    /// What the API's document must know of the stack.
    pub(super) fn api(&self) -> openapi::Input {
        openapi::Input {
            function_arn: self.function_arn(),
            region: self.region.clone(),
            title: self.names.api.clone(),
            wants_key: self.keys.is_some(),
        }
    }

    pub(super) fn role_arn(&self) -> String {
        format!("arn:aws:iam::{}:role/{}", self.account, self.names.role)
    }

    pub(super) fn function_arn(&self) -> String {
        format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.names.function)
    }
}

/// Hashes a wanted part: the first 16 hex digits of the SHA-256 of its canonical JSON (object keys are sorted).
pub(super) fn rev(wanted: &serde_json::Value) -> String {
    let mut hex = crate::secret::hex(&Sha256::digest(wanted.to_string().as_bytes()));
    hex.truncate(16);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api_key::Digest,
        aws::Connection,
        engine_kind::EngineKind,
        marks::clock_rule,
        proxy::ProxyAddress,
        secret::Secret,
        settings::{Environment, FILE, Flags, Look},
    };
    use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};

    /// As long as the name of any region.
    const REGION: &str = "us-isof-south-1";

    #[test]
    fn the_longest_names_and_the_most_keys_keep_to_the_limits_of_aws() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "[idle]\nstop_after = \"30m\"\n").unwrap();
        let stack: StackName = "s".repeat(32).parse().unwrap();
        let flags = Flags {
            folder: Some(folder.path().to_owned()),
            stack: Some(stack.clone()),
            region: Some(REGION.to_owned()),
            ..Flags::default()
        };
        let environment = Environment::default();
        let look = Look::resolve(None, None, false, &environment);
        let settings = Settings::resolve(&flags, &look, &environment).unwrap_or_else(|error| panic!("{error}"));
        let url = || "http://127.127.127.127:65535".to_owned();
        let engine = Engine {
            facts: EngineKind::Embedded.facts(),
            connection: Connection {
                endpoint: Some(url()),
                region: REGION.to_owned(),
                credentials: SharedCredentialsProvider::new(Credentials::from_keys("id", "secret", None)),
            },
            public_url: Some(url()),
            internal_endpoint: Some(url()),
            docker: Some(ProxyAddress { url: url(), token: Secret::new("t".repeat(64)) }),
            api_id_tag: None,
            session: None,
            patience: Duration::from_secs(1),
        };
        let mut keys = KeyScopes::default();
        for number in 0..crate::stack::keys::MOST {
            keys.insert(Digest::of(&number.to_string()), Scope::Control, &"k".repeat(32));
        }
        let spec = Spec::new(&engine, &settings, "000000000000", Some(keys), BTreeMap::new());
        for name in [&spec.names.role, &spec.names.function, &clock_rule(&stack)] {
            assert!(name.len() <= 64, "{name}");
        }
        assert_eq!(spec.environment.len(), 6);
        let environment = serde_json::to_string(&spec.environment).unwrap();
        assert!(environment.len() <= 4096, "{} bytes: {environment}", environment.len());
    }
}
