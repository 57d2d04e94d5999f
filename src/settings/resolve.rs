//! Settles every setting: which of its sources speaks, and whether what it says can be.

use super::{
    DEFAULT_PORT, DEFAULT_STACK, Environment, Flags, Look, Origin, PUBLIC_RATE, Rule, Setting, Settings, alarm,
    base_url, duration, endpoint,
    file::SettingsFile,
    operate, own,
    source::{self, InFile, Source, bad},
    test_entry::{self, TestEntries},
    values::{
        Auth, address, auth, engine, lenient, log_files, log_size, origins, port, rate, region, stack, switch, text,
    },
};
use crate::{
    error::{Code, Error, Result},
    hosts::is_url_here,
    lenience::Lenience,
    log::Rotation,
    marks::DEFAULT_REGION,
    runtimes::Machine,
    secret::Secret,
    text::Message,
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Answers that take longer mean that something hangs: the slowest honest one is a first image pull.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(5);

impl Settings {
    /// Settles every setting.
    ///
    /// # Errors
    /// `bad_setting` and `unknown_setting` name what is wrong; `file` when the folder or `atelier.toml` is unusable.
    pub fn resolve(flags: &Flags, look: &Look, environment: &Environment) -> Result<Self> {
        let Setting { value: folder, origin: folder_origin } = folder(flags, environment)?;
        let sources = Sources { environment, file: SettingsFile::read(&folder)?, folder: &folder };
        let home = environment.get("HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let port = sources.settle(&source::PORT, flags.port, port)?.or(DEFAULT_PORT);
        let forwarding = environment.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN");
        let tests = TestEntries::of(sources.file.item(test_entry::TABLES));
        let tests_origin = if tests.count() == 0 { Origin::Default } else { Origin::File(folder.join(super::FILE)) };
        let (instances, containers) = (&flags.instances, &flags.containers);
        let operate = operate::settle(&folder, |key| sources.file.item(key), instances, containers)?;
        let docker_host = sources.settle(&source::DOCKER_HOST, None, text)?.optional();
        let mut settings = Self {
            function: own::settle(&folder, sources.file.item(own::TABLE), &flags.function)?,
            alarms: alarm::settle(&folder, sources.file.item(alarm::TABLE))?,
            tests: Setting { value: tests, origin: tests_origin },
            auth: sources.settle(&source::AUTH, flags.auth, auth)?.or(Auth::None),
            instances: operate.instances,
            containers: operate.containers,
            schedules: operate.schedules,
            idle: operate.idle,
            modify: sources.settle(&source::MODIFY, None, switch)?.or(false),
            rate: Setting::default_of(None),
            cors_origins: sources.settle(&source::CORS_ORIGINS, None, origins)?.or(Vec::new()),
            data_folder: user_folder("XDG_DATA_HOME", ".local/share", home.as_deref(), environment),
            machine: Machine {
                path: environment.get("PATH").map(str::to_owned),
                home: home.clone(),
                cache: user_folder("XDG_CACHE_HOME", ".cache", home.as_deref(), environment),
                docker_host: docker_host.value.clone(),
                installs: environment.get("ATELIER_RUNTIME_PACKAGES") != Some("off"),
                tools: environment.of_installers(),
            },
            runtime_folder: environment.get("XDG_RUNTIME_DIR").map(PathBuf::from),
            engine: sources.settle(&source::ENGINE, flags.engine, engine)?.optional(),
            stack: sources
                .settle(&source::STACK, flags.stack.clone(), stack)?
                .or(stack(DEFAULT_STACK).map_err(|rule| bad("stack", DEFAULT_STACK, rule))?),
            region: sources.settle(&source::REGION, flags.region.clone(), region)?.or(DEFAULT_REGION.to_owned()),
            timeout: sources.settle(&source::TIMEOUT, flags.timeout, duration)?.or(DEFAULT_TIMEOUT),
            lenient: sources.settle(&source::LENIENT, flags.lenient, lenient)?.or(Lenience::Off),
            listen: sources.settle(&source::LISTEN, flags.listen, address)?.optional(),
            iam: sources.settle(&source::IAM, flags.iam, switch)?.or(false),
            log_files: sources.settle(&source::LOG_FILES, None, log_files)?.or(Rotation::default().files),
            log_size: sources.settle(&source::LOG_SIZE, None, log_size)?.or(Rotation::default().bytes),
            image: sources.settle(&source::IMAGE, flags.image.clone(), text)?.optional(),
            endpoint: beside(
                sources.settle(&source::ENDPOINT, flags.endpoint.clone(), endpoint)?.optional(),
                &folder_origin,
            ),
            public_endpoint: exported_by_us(
                sources.settle(&source::PUBLIC_ENDPOINT, None, base_url)?.optional(),
                environment,
            ),
            internal_endpoint: sources.settle(&source::INTERNAL_ENDPOINT, None, base_url)?.optional(),
            docker_proxy: sources.settle(&source::DOCKER_PROXY, None, base_url)?.optional(),
            docker_host,
            docker_context: environment.get("DOCKER_CONTEXT").map(str::to_owned),
            docker_config: environment
                .get("DOCKER_CONFIG")
                .map(PathBuf::from)
                .or_else(|| Some(home.as_ref()?.join(".docker"))),
            docker_cert_path: environment.get("DOCKER_CERT_PATH").map(PathBuf::from),
            docker_tls: environment.get("DOCKER_TLS_VERIFY").is_some(),
            docker_plain_tcp: environment.get("ATELIER_DOCKER_PLAIN_TCP").is_some(),
            codespace: environment.get("CODESPACE_NAME").map(str::to_owned),
            forwarding_domain: forwarding.map(str::to_owned),
            github_actions: environment.get("GITHUB_ACTIONS") == Some("true"),
            localstack_token: environment.get("LOCALSTACK_AUTH_TOKEN").map(Secret::new),
            shell: environment.get("SHELL").and_then(|path| path.rsplit('/').next()).map(str::to_owned),
            browser: environment.get("BROWSER").map(str::to_owned),
            releases: environment.get("ATELIER_RELEASES").map(str::to_owned),
            ambient_endpoint: environment.get("AWS_ENDPOINT_URL").map(str::to_owned),
            ambient_credentials: ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"]
                .into_iter()
                .find(|name| environment.get(name).is_some()),
            lang: look.lang.clone(),
            home,
            port,
            folder: folder.clone(),
            folder_origin,
        };
        settings.public_endpoint = settings.public_endpoint_at(settings.port.value);
        let usual_rate = match &settings.public_endpoint.value {
            Some(url) if !is_url_here(url) => {
                Setting { value: Some(PUBLIC_RATE), origin: Origin::Derived("public_endpoint") }
            }
            _ => Setting::default_of(None),
        };
        let rate = sources.settle(&source::RATE, flags.rate, rate)?;
        settings.rate = rate.0.unwrap_or(usual_rate);
        Ok(settings)
    }

    /// The public base URL of a port: the one that the user names, else the one under which Codespaces forwards the port.
    #[must_use]
    pub fn public_endpoint_at(&self, port: u16) -> Setting<Option<String>> {
        match (&self.codespace, &self.forwarding_domain) {
            (Some(name), Some(domain))
                if matches!(self.public_endpoint.origin, Origin::Default | Origin::Derived(_)) =>
            {
                Setting {
                    value: base_url(&format!("https://{name}-{port}.{domain}")).ok(),
                    origin: Origin::Derived("CODESPACE_NAME"),
                }
            }
            _ => self.public_endpoint.clone(),
        }
    }

    /// Whether the stack that is meant is the folder's own: the one that its file names, else the usual one. What the file is
    /// told of any other would hold for this one as well.
    ///
    /// # Errors
    /// The file cannot be read, or is not TOML.
    pub fn is_own_stack(&self) -> Result<bool> {
        let own = SettingsFile::read(&self.folder)?.get(&source::STACK)?;
        Ok(own.as_deref().unwrap_or(DEFAULT_STACK) == self.stack.value.as_str())
    }

    /// The stack that whoever runs the command has named for it. One that is only a folder's, or nobody's, narrows nothing
    /// down: what belongs to no stack (what the door refused) is wanted then, too.
    #[must_use]
    pub fn named_stack(&self) -> Option<String> {
        let is_named = matches!(self.stack.origin, Origin::Flag(_) | Origin::Environment(_));
        is_named.then(|| self.stack.value.to_string())
    }

    /// The same settings with another public port, and what follows from it.
    #[must_use]
    pub fn at_port(&self, port: u16) -> Self {
        let public_endpoint = self.public_endpoint_at(port);
        Self { port: Setting { value: port, ..self.port.clone() }, public_endpoint, ..self.clone() }
    }
}

/// Leaves out an endpoint of the environment, as `run` puts one there, where a flag names the folder whose engine is meant.
fn beside(endpoint: Setting<Option<String>>, folder: &Origin) -> Setting<Option<String>> {
    let is_outdone = matches!((&endpoint.origin, folder), (Origin::Environment(_), Origin::Flag(_)));
    if is_outdone { Setting::default_of(None) } else { endpoint }
}

/// Leaves out what `env` exported for the workshop's `curl`: an engine's own URL is no public one, and may be that of an
/// engine which has long gone or belongs to another folder.
fn exported_by_us(endpoint: Setting<Option<String>>, environment: &Environment) -> Setting<Option<String>> {
    let exported = environment.get("ATELIER_ENGINE_URL");
    let is_ours = matches!(endpoint.origin, Origin::Environment(_)) && endpoint.value.as_deref() == exported;
    if is_ours { Setting::default_of(None) } else { endpoint }
}

/// What was said about a setting, if anything.
struct Said<T>(Option<Setting<T>>);

impl<T> Said<T> {
    fn or(self, default: T) -> Setting<T> {
        self.0.unwrap_or_else(|| Setting::default_of(default))
    }

    fn optional(self) -> Setting<Option<T>> {
        match self.0 {
            Some(Setting { value, origin }) => Setting { value: Some(value), origin },
            None => Setting::default_of(None),
        }
    }
}

struct Sources<'a> {
    environment: &'a Environment,
    file: SettingsFile,
    folder: &'a Path,
}

impl Sources<'_> {
    /// Asks the flag, then the variables in their order, then the file.
    fn settle<T>(
        &self,
        source: &Source,
        flag: Option<T>,
        parse: fn(&str) -> std::result::Result<T, Rule>,
    ) -> Result<Said<T>> {
        let said = source.said(flag, self.environment, parse)?;
        if said.is_some() || source.in_file == InFile::Never {
            return Ok(Said(said));
        }
        let Some(text) = self.file.get(source)? else { return Ok(Said(None)) };
        let value = parse(&text).map_err(|rule| bad(source.key, &text, rule))?;
        Ok(Said(Some(Setting { value, origin: Origin::File(self.folder.join(super::FILE)) })))
    }
}

/// The folder that is named, else the current one; always absolute, because background processes outlive it.
fn folder(flags: &Flags, environment: &Environment) -> Result<Setting<PathBuf>> {
    let said = source::FOLDER.said(flags.folder.clone(), environment, |text| Ok(PathBuf::from(text)))?;
    let Setting { value: path, origin } = said.unwrap_or_else(|| Setting::default_of(PathBuf::from(".")));
    let unusable = |path: &Path| {
        Error::new(Code::File).with_message("action", Message::new("action.use")).with("path", path.display())
    };
    let absolute = path.canonicalize().map_err(|error| unusable(&path).cause(&error))?;
    if absolute.is_dir() {
        Ok(Setting { value: absolute, origin })
    } else {
        Err(unusable(&path).because_of(Message::new("strange.no_folder")))
    }
}

/// Our folder below one of the user's: `variable` names it, else it is `usual` at home.
/// <https://specifications.freedesktop.org/basedir-spec/latest/>: relative paths are to be ignored.
fn user_folder(variable: &str, usual: &str, home: Option<&Path>, environment: &Environment) -> Option<PathBuf> {
    let named = environment.get(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| Some(home?.join(usual))).map(|folder| folder.join("atelier"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::limits::Rate;

    fn resolve(flags: &Flags, variables: &[(&str, &str)], file: &str) -> Result<Settings> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(super::super::FILE), file).unwrap();
        let environment: Environment = variables.iter().copied().collect();
        let flags = Flags { folder: Some(folder.path().to_owned()), ..flags.clone() };
        Settings::resolve(&flags, &Look::resolve(None, None, false, &environment), &environment)
    }

    fn port_of(flags: &Flags, variables: &[(&str, &str)], file: &str) -> Setting<u16> {
        resolve(flags, variables, file).unwrap_or_else(|error| panic!("{error}")).port
    }

    #[test]
    fn flags_win_over_environment_over_file_over_default() {
        let flag = Flags { port: Some(1), ..Flags::default() };
        let (variable, file) = ([("ATELIER_PORT", "2")], "port = 3");
        assert_eq!(port_of(&flag, &variable, file).value, 1);
        let chosen = port_of(&Flags::default(), &variable, file);
        assert_eq!((chosen.value, chosen.origin), (2, Origin::Environment("ATELIER_PORT")));
        let chosen = port_of(&Flags::default(), &[], file);
        assert!(matches!(chosen, Setting { value: 3, origin: Origin::File(_) }));
        let chosen = port_of(&Flags::default(), &[], "");
        assert_eq!((chosen.value, chosen.origin), (4566, Origin::Default));
    }

    #[test]
    fn the_public_url_is_the_users_then_the_codespaces_then_none() {
        let codespace =
            [("CODESPACE_NAME", "fuzzy-fish"), ("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "app.github.dev")];
        let url = |variables: &[(&str, &str)]| {
            resolve(&Flags::default(), variables, "").unwrap_or_else(|error| panic!("{error}")).public_endpoint.value
        };
        assert_eq!(url(&codespace).as_deref(), Some("https://fuzzy-fish-4566.app.github.dev"));
        let own = [codespace[0], codespace[1], ("AWS_ENDPOINT_PUBLIC", "https://mine.example/")];
        assert_eq!(url(&own).as_deref(), Some("https://mine.example"));
        assert_eq!(url(&[]), None);
        // What `env` exported is where some engine was, not what the user says.
        let exported = ("AWS_ENDPOINT_PUBLIC", "http://127.0.0.1:43773");
        assert_eq!(url(&[exported]).as_deref(), Some("http://127.0.0.1:43773"));
        assert_eq!(url(&[exported, ("ATELIER_ENGINE_URL", "http://127.0.0.1:43773")]), None);
        let tunnel = ("AWS_ENDPOINT_PUBLIC", "https://mine.example");
        assert_eq!(url(&[tunnel, ("ATELIER_ENGINE_URL", "http://127.0.0.1:43773")]).as_deref(), Some(tunnel.1));
        let of_codespace = [codespace[0], codespace[1], exported, ("ATELIER_ENGINE_URL", exported.1)];
        assert_eq!(url(&of_codespace).as_deref(), Some("https://fuzzy-fish-4566.app.github.dev"));

        let settings = resolve(&Flags::default(), &codespace, "").unwrap_or_else(|error| panic!("{error}"));
        let elsewhere = settings.at_port(5000);
        assert_eq!(elsewhere.port.value, 5000);
        assert_eq!(elsewhere.public_endpoint.value.as_deref(), Some("https://fuzzy-fish-5000.app.github.dev"));
        let settings = resolve(&Flags::default(), &own, "").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(settings.at_port(5000).public_endpoint.value.as_deref(), Some("https://mine.example"));
    }

    #[test]
    fn only_a_public_url_is_limited_unless_somebody_says_otherwise() {
        let rate = |variables: &[(&str, &str)], file: &str| {
            resolve(&Flags::default(), variables, file).unwrap_or_else(|error| panic!("{error}")).rate.value
        };
        let public = ("AWS_ENDPOINT_PUBLIC", "https://mine.example");
        assert_eq!(rate(&[], ""), None);
        assert_eq!(rate(&[public], ""), Some(PUBLIC_RATE));
        assert_eq!(rate(&[("AWS_ENDPOINT_PUBLIC", "http://localhost:4566")], ""), None);
        assert_eq!(rate(&[public], "rate = 'off'"), None);
        assert_eq!(rate(&[("ATELIER_RATE", "5")], "rate = 7"), Some(Rate { per_second: 5, burst: 10 }));
    }

    #[test]
    fn a_value_that_cannot_be_names_its_variable_and_the_rule() {
        for (name, value) in [
            ("ATELIER_PORT", "65536"),
            ("ATELIER_ENGINE", "Embedded"),
            ("ATELIER_STACK", "Ünder"),
            ("AWS_REGION", "us east"),
            ("ATELIER_TIMEOUT", "soon"),
            ("AWS_ENDPOINT_PUBLIC", "x-4566.app.github.dev"),
        ] {
            let error = resolve(&Flags::default(), &[(name, value)], "").err().unwrap();
            assert_eq!(error.code, Code::BadSetting, "{name}");
            assert!(error.to_string().contains(name) && error.to_string().contains(value), "{error}");
        }
    }

    #[test]
    fn the_second_region_variable_counts_only_without_the_first() {
        let region = |variables: &[(&str, &str)]| {
            resolve(&Flags::default(), variables, "").unwrap_or_else(|error| panic!("{error}")).region.value
        };
        assert_eq!(region(&[("AWS_DEFAULT_REGION", "eu-west-3")]), "eu-west-3");
        assert_eq!(region(&[("AWS_DEFAULT_REGION", "eu-west-3"), ("AWS_REGION", "eu-west-1")]), "eu-west-1");
        assert_eq!(region(&[]), "us-east-1");
    }
}
