//! What a stack's parts are described from: what is wanted of it, once as it would be deployed, for the revs, and once
//! with marks in the place of everything that is a variable or another resource.

use super::{
    resource::{Default, Digest, Image, Tags, Variable},
    value::{
        ACCOUNT, Attribute, Entry, FUNCTION, FUNCTION_ARN, INVOKE_ARN, LOG_GROUP_ARN, REGION, STACK, Symbol, Text,
        Thing, Value,
    },
};
use crate::{
    api_key::Scope,
    marks::STACK_TAG,
    names::{InstanceName, KeyName, StackName},
    settings::DEFAULT_STACK,
    stack::{
        error::Error,
        own::Own,
        part::Part,
        sighting::InstanceFacts,
        spec::{FUNCTION as FUNCTION_SUFFIX, LAMBDA, Names, Spec},
    },
};

/// Stands for the stack's name where only a name may stand.
const STAND_IN: &str = "zz-name-of-the-stack-zz";

/// What the parts are described from.
pub(in crate::stack) struct Scene<'a> {
    /// As it would be deployed.
    pub(in crate::stack) spec: &'a Spec,
    /// With marks.
    marked: Spec,
    /// The stack's keys: name, what it opens, digest.
    pub(in crate::stack) keys: Vec<(KeyName, Scope, String)>,
    /// The instances that there are.
    instances: Vec<InstanceFacts>,
    /// Whether what there is is taken over.
    pub(in crate::stack) is_import: bool,
}

impl<'a> Scene<'a> {
    /// Sets a scene.
    ///
    /// # Errors
    /// When the document of the user's own is none.
    pub(super) fn new(
        spec: &'a Spec,
        own: Option<&Own>,
        keys: Vec<(KeyName, Scope, String)>,
        instances: Vec<InstanceFacts>,
        is_import: bool,
    ) -> Result<Self, Error> {
        let bug = |error: crate::names::InvalidName| Error::Bug(error.to_string());
        let stack: StackName = STAND_IN.parse().map_err(bug)?;
        let names = Names::of(&stack, &spec.region);
        let names = Names {
            role: names.role.replace(&spec.region, REGION),
            function: FUNCTION.to_owned(),
            log_group: format!("{LAMBDA}{FUNCTION}"),
            ..names
        };
        let mut marked =
            Spec { names, account: ACCOUNT.to_owned(), region: REGION.to_owned(), document: None, ..spec.clone() };
        if let Some(own) = own {
            marked.document = Some(own.document(&marked.api())?);
        }
        Ok(Self { spec, marked, keys, instances, is_import })
    }

    /// The instance of this name, where there is one.
    pub(in crate::stack) fn live(&self, name: Option<&InstanceName>) -> Option<&InstanceFacts> {
        self.instances.iter().find(|facts| facts.name.as_deref() == name.map(InstanceName::as_str))
    }

    /// What is wanted, with marks; what is made of it has to be [`Scene::read`].
    pub(in crate::stack) fn marked(&self) -> &Spec {
        &self.marked
    }

    /// Puts marks in the place of longer texts that one resource knows of itself.
    fn shorten(&self, text: &str) -> String {
        let arn = self.marked.function_arn();
        let invoke = format!("arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations");
        let log_group = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{}", self.marked.names.log_group);
        let text = text.replace(&invoke, INVOKE_ARN).replace(&arn, FUNCTION_ARN).replace(&log_group, LOG_GROUP_ARN);
        text.replace(STAND_IN, STACK)
    }

    /// Reads a text with marks.
    pub(in crate::stack) fn text(&self, text: &str) -> Value {
        Value::text(self.shorten(text))
    }

    /// Reads a JSON value with marks.
    pub(in crate::stack) fn read(&self, value: &serde_json::Value) -> Value {
        Value::json(&self.shortened(value))
    }

    /// The same of what the function itself refers to: it names the function by its parts, not as a resource.
    pub(in crate::stack) fn read_beside_function(&self, value: &serde_json::Value) -> Value {
        const BY_PARTS: &str = "\u{FDDF}";
        let arn = self.marked.function_arn();
        let text = value.to_string().replace(&arn, BY_PARTS);
        let kept: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let text = self.shortened(&kept).to_string().replace(BY_PARTS, &arn);
        Value::json(&serde_json::from_str(&text).unwrap_or_default())
    }

    /// A JSON value with the shortest marks.
    pub(super) fn shortened(&self, value: &serde_json::Value) -> serde_json::Value {
        use serde_json::Value::{Array, Object, String};
        match value {
            String(text) => String(self.shorten(text)),
            Array(items) => Array(items.iter().map(|item| self.shortened(item)).collect()),
            Object(members) => {
                Object(members.iter().map(|(name, value)| (self.shorten(name), self.shortened(value))).collect())
            }
            other => other.clone(),
        }
    }

    /// The tags of a part, without those that all have, and more.
    pub(in crate::stack) fn tags(&self, part: Part, rev: Option<&str>, more: Vec<Entry>) -> Tags {
        let own = self.marked.names.tags(part, rev).into_iter().filter(|(name, _)| name != STACK_TAG);
        Tags(own.map(|(name, value)| Entry::new(name, self.text(&value))).chain(more).collect())
    }

    /// The function's environment. What may be absent needs a variable; what may be a secret is one.
    pub(in crate::stack) fn environment(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (name, value) in &self.marked.environment {
            let variable = |variable: &str| Entry::new(name, Value::variable(variable));
            entries.push(match name.as_str() {
                "ATELIER_STACK" => Entry::new(name, Value::text(STACK)),
                "ATELIER_API_KEYS" => Entry::new(name, Value::Json(Box::new(self.key_scopes()))),
                "AWS_ENDPOINT_URL" => variable("function_endpoint").needing("function_endpoint"),
                "DOCKER_PROXY" => variable("docker_proxy").needing("docker_proxy_token"),
                "DOCKER_PROXY_TOKEN" => variable("docker_proxy_token").needing("docker_proxy_token"),
                "INSTANCE_ID" => continue,
                name if is_secret(name) => variable(&secret_variable(name)),
                _ => Entry::new(name, Value::text(value)),
            });
        }
        if self.marked.document.is_some()
            && let Some(first) = self.spec.instances.first()
        {
            let id = Value::of(Thing::of_instance(first.name.as_ref()), Attribute::Id);
            entries.push(Entry::new("INSTANCE_ID", id));
        }
        entries
    }

    /// Whether a secret of the environment is a variable.
    pub(in crate::stack) fn has_secrets(&self) -> bool {
        self.marked.environment.keys().any(|name| name == "DOCKER_PROXY_TOKEN" || is_secret(name))
    }

    /// What the function is told of the keys.
    fn key_scopes(&self) -> Value {
        let mut keys: Vec<_> = self.keys.iter().collect();
        keys.sort_by(|a, b| a.2.cmp(&b.2));
        let entry = |(name, scope, _): &(KeyName, Scope, String)| Entry {
            name: Text::symbol(Symbol::Digest(name.to_string())),
            value: Value::text(format!("{} {name}", scope.as_str())),
            needs: None,
        };
        Value::Map(keys.into_iter().map(entry).collect())
    }

    /// The digests of the keys.
    pub(super) fn digests(&self) -> Vec<Digest> {
        let digest = |(name, _, known): &(KeyName, Scope, String)| Digest {
            key: name.to_string(),
            variable: key_variable(name),
            known: known.clone(),
        };
        self.keys.iter().map(digest).collect()
    }

    /// The variables of the stack; `public` is where its API is reached, `endpoint` where functions find AWS unless they
    /// are told by the engine.
    pub(super) fn variables(&self, public: Option<&str>, endpoint: Option<&str>) -> Vec<Variable> {
        let spec = self.spec;
        let given = |value: Option<&str>| value.map_or(Default::Absent, |value| Default::Text(value.to_owned()));
        let variable = |name: &str, why: &str, default| Variable {
            name: name.to_owned(),
            why: why.to_owned(),
            default,
            is_secret: false,
        };
        let text = |text: &str| Default::Text(text.to_owned());
        let mut variables = vec![
            variable("region", "The AWS region.", text(&spec.region)),
            variable(
                "stack",
                "The stack's name, by which `atelier` finds it: in its tags and its resources' names.",
                text(spec.names.stack.as_str()),
            ),
            variable("function_name", &function_why(spec), text(&spec.names.function)),
            variable(
                "endpoint",
                "Where the AWS API is, of an engine on this machine; without it AWS_ENDPOINT_URL tells, else it is AWS.",
                Default::Absent,
            ),
            variable(
                "public_endpoint",
                "Where the API is called, of an engine on this machine; without it, at AWS.",
                given(public),
            ),
        ];
        variables.push(match self.image() {
            Image::Id(id) => {
                variable("image_id", "The image of the instance; each region of AWS has its own.", text(&id))
            }
            Image::Parameter(name) => {
                variable("image_parameter", "The public parameter that names the newest image.", text(&name))
            }
        });
        if spec.environment.contains_key("AWS_ENDPOINT_URL") {
            variables.push(variable(
                "function_endpoint",
                "Where the function finds the AWS API; without it, where the engine or AWS says.",
                given(endpoint),
            ));
        }
        if let Some(proxy) = spec.environment.get("DOCKER_PROXY") {
            variables.push(variable("docker_proxy", "The door to Docker, as the function reaches it.", text(proxy)));
            let why = "What opens the door to Docker; without it the API drives the instance only.";
            variables.push(Variable { is_secret: true, ..variable("docker_proxy_token", why, Default::Absent) });
        }
        if let Some((tag, id)) = &spec.pinned_api {
            let why = format!(
                "The id that engines on this machine give the API (tag `{tag}`), so that its URL stays; AWS draws its own."
            );
            variables.push(variable("api_id", &why, text(id)));
        }
        for name in spec.environment.keys().filter(|name| is_secret(name)) {
            let why = format!("The function's {name}, which atelier.toml has: a secret does not stand in these files.");
            variables.push(Variable { is_secret: true, ..variable(&secret_variable(name), &why, Default::Required) });
        }
        for (name, ..) in &self.keys {
            let why =
                format!("The API key `{name}`; without it API Gateway draws one, or keeps the one that is there.");
            variables.push(Variable { is_secret: true, ..variable(&key_variable(name), &why, Default::Absent) });
        }
        variables
    }

    /// Where the instance's image comes from.
    pub(super) fn image(&self) -> Image {
        match self.spec.image.strip_prefix("resolve:ssm:") {
            Some(parameter) => Image::Parameter(parameter.to_owned()),
            None => Image::Id(self.spec.image.to_owned()),
        }
    }

    /// The tags of every resource of the stack.
    pub(super) fn common_tags() -> Vec<Entry> {
        vec![Entry::new(STACK_TAG, Value::text(STACK))]
    }
}

fn function_why(spec: &Spec) -> String {
    if spec.names.stack.as_str() == DEFAULT_STACK {
        format!("The function's name; in every stack but `{DEFAULT_STACK}` it is `STACK-{FUNCTION_SUFFIX}`.")
    } else {
        format!("The function's name: the stack's, then `-{FUNCTION_SUFFIX}`.")
    }
}

/// The variable that may hold a key.
pub(in crate::stack) fn key_variable(name: &KeyName) -> String {
    format!("key_{}", name.as_str().replace('-', "_"))
}

/// What the names of variables contain that hold a secret.
const SECRETS: [&str; 8] =
    ["SECRET", "TOKEN", "PASSW", "CREDENTIAL", "PRIVATE", "API_KEY", "ACCESS_KEY", "DATABASE_URL"];

/// Whether a variable of the user's own function is likely to hold a secret.
fn is_secret(name: &str) -> bool {
    let is_ours = matches!(name, "ATELIER_API_KEYS" | "DOCKER_PROXY_TOKEN");
    !is_ours && SECRETS.iter().any(|word| name.to_ascii_uppercase().contains(word))
}

fn secret_variable(name: &str) -> String {
    format!("env_{}", name.to_ascii_lowercase())
}
