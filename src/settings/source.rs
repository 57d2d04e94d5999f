//! Every setting once: its name, and where a value for it may come from.
//!
//! Resolving, the keys of `atelier.toml`, `config show` and `docs/settings.md` read this table. What a text must be to be
//! a value is in `values.rs`.

use super::{
    environment::Environment,
    setting::{Origin, Setting},
    values::Rule,
};
use crate::{
    error::{Code, Error, Result},
    text::{Message, without_login},
};

/// The name of the settings file in the project folder.
pub const FILE: &str = "atelier.toml";

/// How `atelier.toml` may say a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFile {
    /// Not at all: it belongs to a person or to a machine.
    Never,
    /// As a string or a number.
    Scalar,
    /// As that, or as a list of strings.
    List,
    /// As a string, or as `true` and `false`.
    Switch,
    /// As a table.
    Table,
    /// As any number of tables.
    Tables,
}

/// A setting and the places that may say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The name that `atelier.toml` and `config show` use.
    pub key: &'static str,
    /// The flag (`--port`), where there is one.
    pub flag: Option<&'static str>,
    /// The variables; the first that is set decides.
    pub variables: &'static [&'static str],
    /// How the file may say it.
    pub in_file: InFile,
    /// What it is, for the documents.
    pub meaning: &'static str,
}

impl Source {
    /// Asks the flag, then the variables in their order.
    pub(super) fn said<T>(
        &self,
        flag: Option<T>,
        environment: &Environment,
        parse: impl Fn(&str) -> std::result::Result<T, Rule>,
    ) -> Result<Option<Setting<T>>> {
        if let Some(value) = flag {
            return Ok(Some(self.by_flag(value)));
        }
        let Some((name, text)) = self.variable(environment) else { return Ok(None) };
        let value = parse(text).map_err(|rule| bad(name, text, rule))?;
        Ok(Some(Setting { value, origin: Origin::Environment(name) }))
    }

    /// A value that the flag gave.
    pub(super) fn by_flag<T>(&self, value: T) -> Setting<T> {
        Setting { value, origin: Origin::Flag(self.flag.unwrap_or_default()) }
    }

    /// The first of the variables that is set.
    pub(super) fn variable<'a>(&self, environment: &'a Environment) -> Option<(&'static str, &'a str)> {
        self.variables.iter().find_map(|name| Some((*name, environment.get(name)?)))
    }
}

/// Says that a setting cannot have a value.
pub(super) fn bad(name: &str, value: &str, rule: Rule) -> Error {
    Error::new(Code::BadSetting).with("name", name).with("value", without_login(value)).with_message("rule", rule.0)
}

/// The same, with the rule by its name in the locale files.
pub(super) fn bad_rule(name: &str, value: &str, rule: &str) -> Error {
    bad(name, value, Rule(Message::new(format!("rule.{rule}"))))
}

/// Declares the settings, each with its meaning as its comment.
macro_rules! sources {
    ($(#[doc = $meaning:literal] $name:ident = $key:literal, $flag:expr, $variables:expr, $in_file:ident;)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Source = Source {
                key: $key,
                flag: $flag,
                variables: &$variables,
                in_file: InFile::$in_file,
                meaning: $meaning.trim_ascii(),
            };
        )*

        /// Every setting, by its name.
        pub const ALL: &[Source] = &[$($name),*];
    };
}

sources! {
    /// From when on the function is in alarm: `errors_per_minute`, `p95`, `throttles`.
    ALARM = "alarm", None, [], Table;
    /// Who may call the API: `none` or `api-key`.
    AUTH = "auth", Some("--auth"), ["ATELIER_AUTH"], Scalar;
    /// When to use colour: `auto`, `always` or `never`.
    COLOR = "color", Some("--color"), ["NO_COLOR", "CLICOLOR_FORCE", "TERM", "CLICOLOR"], Never;
    /// Containers behind the API, by name: `cache = "redis:7"`.
    CONTAINERS = "containers", Some("--container"), [], Table;
    /// The origins whose pages may call the API, separated by commas.
    CORS_ORIGINS = "cors_origins", None, ["ATELIER_CORS_ORIGINS"], List;
    /// The Docker daemon, instead of the one that is found.
    DOCKER_HOST = "docker_host", None, ["DOCKER_HOST"], Never;
    /// The docker proxy as the function reaches it, instead of the one that `bonus` starts.
    DOCKER_PROXY = "docker_proxy", None, ["DOCKER_PROXY"], Scalar;
    /// An AWS API that already runs, instead of one that `up` starts; `--folder` goes before the variable.
    ENDPOINT = "endpoint", Some("--endpoint"), ["ATELIER_ENDPOINT"], Scalar;
    /// The engine that answers the AWS API: `embedded`, `localstack` or `aws`.
    ENGINE = "engine", Some("--engine"), ["ATELIER_ENGINE"], Scalar;
    /// The project folder.
    FOLDER = "folder", Some("--folder"), ["ATELIER_FOLDER"], Never;
    /// A function of one's own, instead of atelier's: `dir`, `runtime`, `handler`, `environment`, `timeout`, `memory`, `openapi`, `build`.
    FUNCTION = "function", Some("--function"), [], Table;
    /// Whether the embedded engine lets the policies of callers have a say, as AWS does: `off` or `on`.
    IAM = "iam", Some("--iam"), ["ATELIER_IAM"], Switch;
    /// What nobody uses is stopped: `stop_after = "30m"` without a call of the API.
    IDLE = "idle", None, [], Table;
    /// The engine's image, instead of the pinned one.
    IMAGE = "image", Some("--image"), ["ATELIER_IMAGE"], Scalar;
    /// The stack's instances, by name and type: `web = "t3.micro"`; without it there is one without a name.
    INSTANCES = "instances", Some("--instance"), [], Table;
    /// The AWS API as the function reaches it.
    INTERNAL_ENDPOINT = "internal_endpoint", None, ["AWS_ENDPOINT_INTERNAL"], Scalar;
    /// The language of messages: `en` or `fr`.
    LANG = "lang", Some("--lang"), ["ATELIER_LANG", "LC_ALL", "LC_MESSAGES", "LANG"], Never;
    /// Lets pass what LocalStack lets pass: `off`; `on` for this machine and its containers; `public` for whoever reaches it.
    LENIENT = "lenient", Some("--lenient"), ["ATELIER_LENIENT"], Switch;
    /// Another address that the embedded engine listens on, `0.0.0.0` for all: inside a container, whose port is published.
    LISTEN = "listen", Some("--listen"), ["ATELIER_LISTEN"], Scalar;
    /// How many log files of the embedded engine are kept, the current one included.
    LOG_FILES = "log_files", None, ["ATELIER_LOG_FILES"], Scalar;
    /// How long one of them becomes before the next is begun: `16MB`, `512kB`.
    LOG_SIZE = "log_size", None, ["ATELIER_LOG_SIZE"], Scalar;
    /// Whether the function's role may change the types of instances (`action=modify`); a key of that scope implies it.
    MODIFY = "modify", None, ["ATELIER_MODIFY"], Switch;
    /// The public port, 0 for any free one.
    PORT = "port", Some("--port"), ["ATELIER_PORT"], Scalar;
    /// The public URL, instead of the one under which Codespaces forwards the port.
    PUBLIC_ENDPOINT = "public_endpoint", None, ["AWS_ENDPOINT_PUBLIC"], Scalar;
    /// How often one client may call the API: `off`, `50` a second, or `50/100` with a burst.
    RATE = "rate", Some("--rate"), ["ATELIER_RATE"], Scalar;
    /// The AWS region.
    REGION = "region", Some("--region"), ["AWS_REGION", "AWS_DEFAULT_REGION"], Scalar;
    /// When instances start and stop: `start`, `stop`, `zone`, and a table of these for each that has its own.
    SCHEDULE = "schedule", None, [], Table;
    /// The name of the stack.
    STACK = "stack", Some("--stack"), ["ATELIER_STACK"], Scalar;
    /// The requests with which `test` checks a function of one's own: `name`, `request`, `headers`, `body`, `status`, `json`, `contains`.
    TEST = "test", None, [], Tables;
    /// The longest that any wait may take: `30s`, `10m`, `500ms`.
    TIMEOUT = "timeout", Some("--timeout"), ["ATELIER_TIMEOUT"], Scalar;
}

/// A variable that is read beside those of the settings, and what it does, for the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// The variables that are read beside those of the settings.
pub const VARIABLES: &[Variable] = &[
    variable("ACCESSIBLE", "Words only, as with `--plain`: no drawing, no emoji, nothing that moves"),
    variable(
        "ALL_PROXY",
        "With `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`: handed to what installs packages of functions",
    ),
    variable("ATELIER_DOCKER_PLAIN_TCP", "Lets a Docker daemon beyond this machine be spoken to without TLS"),
    variable(
        "ATELIER_ENGINE_URL",
        "The engine's own URL, as `env` exports it; `AWS_ENDPOINT_PUBLIC` with the same value is no public URL",
    ),
    variable("ATELIER_RELEASES", "Where releases are, for `version --check` and `install.sh`; a URL"),
    variable(
        "ATELIER_RUNTIME_PACKAGES",
        "With `off`, boto3 and the AWS SDK for JavaScript are installed by `runtimes install` only",
    ),
    variable("AWS_ACCESS_KEY_ID", "Says that there are AWS credentials, which a local engine never sees"),
    variable("AWS_ENDPOINT_URL", "Is where AWS tools go, and atelier with `--engine aws`; `doctor` compares it"),
    variable("AWS_PROFILE", "Says that there are AWS credentials, which a local engine never sees"),
    variable("BROWSER", "The program that `open` gives the URL to"),
    variable("CI", "Says that nobody watches: no question, no animation"),
    variable("CODESPACE_NAME", "The Codespace, which the public URL is built from"),
    variable("DOCKER_CERT_PATH", "The folder of the certificates for a Docker daemon behind TLS"),
    variable("DOCKER_CONFIG", "The folder of the docker CLI's settings; `~/.docker` when not set"),
    variable("DOCKER_CONTEXT", "The docker CLI's context, whose daemon is used"),
    variable("DOCKER_TLS_VERIFY", "Lets a Docker daemon at a TCP address be spoken to with TLS"),
    variable("GITHUB_ACTIONS", "Lets failed checks be shown beside the run (`::error::` lines)"),
    variable("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "The domain that the public URL of a Codespace is built from"),
    variable("HOME", "The home folder"),
    variable("LOCALSTACK_AUTH_TOKEN", "Is handed to a LocalStack image that wants an account"),
    variable("NPM_CONFIG_", "What begins so, or with `PIP_`, is handed to the installer of that name"),
    variable("PATH", "Where the interpreters of functions are looked for"),
    variable("SHELL", "The shell that `env` writes for"),
    variable(
        "SSL_CERT_FILE",
        "With `SSL_CERT_DIR`, `CURL_CA_BUNDLE`, `REQUESTS_CA_BUNDLE` and `NODE_EXTRA_CA_CERTS`: handed to what installs packages of functions",
    ),
    variable("TERM", "With `dumb`, the terminal can only append lines, as with `--plain`"),
    variable(
        "XDG_CACHE_HOME",
        "The folder of what can be made again, the packages of runtimes; `~/.cache` when not set",
    ),
    variable("XDG_DATA_HOME", "The folder of the installation's own data; `~/.local/share` when not set"),
    variable("XDG_RUNTIME_DIR", "The folder in which rootless Docker has its socket"),
];

const fn variable(name: &'static str, meaning: &'static str) -> Variable {
    Variable { name, meaning }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_sorted_and_named_once() {
        assert!(ALL.is_sorted_by(|a, b| a.key < b.key));
        assert!(VARIABLES.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn every_variable_that_is_read_is_in_a_table() {
        let mut count = 0;
        for code in [include_str!("resolve.rs"), include_str!("look.rs")] {
            let code = code.split("#[cfg(test)]").next().unwrap().replace([' ', '\n'], "");
            for name in code.split(".get(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(VARIABLES.iter().any(|variable| variable.name == name), "{name}");
                count += 1;
            }
        }
        assert!(count > 10, "the reader above finds them: {count}");
    }
}
