//! `atelier env`: the variables with which the workshop's `aws` and `curl` commands work unchanged.
//!
//! Printing the generated key pair is this verb's purpose; it opens the local engine only. On AWS the user's own
//! credentials are where they were, and none are printed.
//!
//! The AWS CLI v2 wants base64 where v1 takes text (`lambda invoke --payload '{"action":"status"}'`), unless its settings
//! file says otherwise; no variable does. So a local engine's shell gets a settings file of its own. The user's file is
//! not merged into it: profiles lead to real accounts, and everything else that is needed here is in the variables.

use super::aws_cli;
use crate::{
    cli::{self, EnvShell},
    commands::context::Context,
    disk,
    engine::{self, Engine, reach},
    error::{Code, Error, Result},
    settings::{Auth, Settings},
    shell::quoted,
    stack::{self, kept_key},
    text::Message,
    ui::{Page, Report},
};
use aws_credential_types::provider::ProvideCredentials;
use std::{collections::BTreeMap, path::Path};

/// The AWS CLI's settings: bytes as they are typed, and no pager in the way of scripts.
const AWS_CONFIG: &str = "[default]\ncli_binary_format = raw-in-base64-out\ncli_pager =\n";

/// The variables.
#[derive(Debug, serde::Serialize)]
pub struct EnvReport {
    /// What to set, by name.
    pub variables: BTreeMap<&'static str, String>,
    /// What to unset: it would contradict what is set.
    pub unset: Vec<&'static str>,
    #[serde(skip)]
    shell: Syntax,
}

/// How a shell is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Posix,
    Fish,
}

impl Report for EnvReport {
    fn human(&self, page: &mut Page) {
        for (name, value) in &self.variables {
            page.raw(self.shell.export(name, value));
        }
        for name in &self.unset {
            page.raw(self.shell.unset(name));
        }
    }
}

impl Syntax {
    /// Writes the line that sets a variable.
    pub(super) fn export(self, name: &str, value: &str) -> String {
        match self {
            Self::Posix => format!("export {name}={}", quoted(value)),
            Self::Fish => format!("set -gx {name} '{}'", value.replace('\\', r"\\").replace('\'', r"\'")),
        }
    }

    /// Writes the line that takes a variable away.
    pub(super) fn unset(self, name: &str) -> String {
        match self {
            Self::Posix => format!("unset {name}"),
            Self::Fish => format!("set -e {name}"),
        }
    }
}

/// Collects the variables.
///
/// # Errors
/// `not_running`, and what the engine answers when it is asked for the API's id.
pub async fn run(context: &Context, args: &cli::Env) -> Result<EnvReport> {
    let engine = engine::connect(&context.settings).await?;
    let Variables { set: variables, unset } = variables(&context.settings, &engine).await?;
    reach::warn(&context.settings, &engine, &context.progress).await;
    let is_local = !engine::is_remote(&context.settings);
    if let Some(version) = aws_cli::old_version(&context.settings).await.filter(|_| is_local) {
        context.progress.warn(Message::new("env.old_aws").with("version", version));
    }
    Ok(EnvReport { variables, unset, shell: syntax(args.shell, context.settings.shell.as_deref()) })
}

/// What the engine of some settings is reached with.
pub(super) struct Variables {
    /// What to set, by name.
    pub(super) set: BTreeMap<&'static str, String>,
    /// What to unset: it would contradict what is set.
    pub(super) unset: Vec<&'static str>,
}

/// Collects them.
///
/// # Errors
/// As [`run`].
pub(super) async fn variables(settings: &Settings, engine: &Engine) -> Result<Variables> {
    let discovery = Box::pin(stack::discover(engine, &settings.stack.value)).await?;
    let mut variables = BTreeMap::new();
    if let Some(api) = discovery.api_id() {
        variables.insert("API_ID", api.to_string());
    }
    if let Some(url) = &engine.public_url {
        variables.insert("AWS_ENDPOINT_PUBLIC", url.clone());
    }
    let mut unset = Vec::new();
    // So that the next atelier of this shell does not take the engine's own URL for a public one.
    match engine.public_url.clone().filter(|_| settings.public_endpoint.value.is_none()) {
        Some(url) => drop(variables.insert("ATELIER_ENGINE_URL", url)),
        None => unset.push("ATELIER_ENGINE_URL"),
    }
    match key_header(engine, settings).await? {
        Some(path) => drop(variables.insert("ATELIER_API_KEY_HEADER", path)),
        None => unset.push("ATELIER_API_KEY_HEADER"),
    }
    let (aws, not_aws) = aws_variables(engine, settings).await?;
    variables.extend(aws);
    unset.extend(not_aws);
    Ok(Variables { set: variables, unset })
}

/// Writes the header with a key into a file that only its owner can read, for `curl -H @file`: so no key is printed, in
/// the environment, or on a command line. The key that opens most is taken. `None` without keys.
async fn key_header(engine: &Engine, settings: &Settings) -> Result<Option<String>> {
    if settings.auth.value == Auth::None {
        return Ok(None);
    }
    // The one that is kept may be another stack's, and the only copy of it.
    let Some(key) = stack::keys::strongest(engine, settings).await? else { return Ok(None) };
    Ok(Some(format!("@{}", kept_key::write(&settings.folder, &key)?.display())))
}

/// The variables that lead AWS tools to an engine, and those that would lead them away. On AWS the user's own credentials
/// are where they were.
pub(super) async fn aws_variables(
    engine: &Engine,
    settings: &Settings,
) -> Result<(BTreeMap<&'static str, String>, &'static [&'static str])> {
    let region = engine.connection.region.clone();
    let mut variables = BTreeMap::from([("AWS_DEFAULT_REGION", region.clone()), ("AWS_REGION", region)]);
    if engine.facts.shares_credentials {
        return Ok((variables, &[]));
    }
    local(engine, &mut variables).await?;
    // Without room for it the AWS CLI has the user's own settings, which this key pair and this endpoint outdo.
    if let Ok(path) = aws_config(&settings.folder) {
        variables.insert("AWS_CONFIG_FILE", path);
    }
    // A token of a real session would be sent along with our key pair, and a profile is looked up in our file.
    Ok((variables, &["AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"]))
}

async fn local(engine: &Engine, variables: &mut BTreeMap<&'static str, String>) -> Result<()> {
    let credentials = engine.connection.credentials.provide_credentials().await;
    let credentials =
        credentials.map_err(|error| Error::new(Code::Bug).with("detail", "no credentials").cause(&error))?;
    variables.insert("AWS_ACCESS_KEY_ID", credentials.access_key_id().to_owned());
    variables.insert("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key().to_owned());
    variables.extend(engine.connection.endpoint.clone().map(|endpoint| ("AWS_ENDPOINT_URL", endpoint)));
    Ok(())
}

/// Writes the AWS CLI's settings file where it is not as it should be, and tells where it is.
fn aws_config(project: &Path) -> Result<String> {
    let path = disk::own_folder(project).join("aws-config");
    if !matches!(disk::read(&path), Ok(Some(text)) if text == AWS_CONFIG) {
        disk::replace(&path, AWS_CONFIG.as_bytes(), 0o644)?;
    }
    Ok(path.display().to_string())
}

fn syntax(wanted: Option<EnvShell>, login: Option<&str>) -> Syntax {
    match (wanted, login) {
        (Some(EnvShell::Fish), _) | (None, Some("fish")) => Syntax::Fish,
        _ => Syntax::Posix,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_can_end_its_quotes() {
        assert_eq!(Syntax::Posix.export("A", "it's $(x)"), r"export A='it'\''s $(x)'");
        assert_eq!(Syntax::Fish.export("A", r"it's \'"), r"set -gx A 'it\'s \\\''");
    }

    #[test]
    fn the_settings_file_of_the_aws_cli_is_written_and_mended() {
        let project = tempfile::tempdir().unwrap();
        for damage in [None, Some(""), Some("[default]\ncli_binary_format = base64\n")] {
            if let Some(text) = damage {
                std::fs::write(project.path().join(".atelier/aws-config"), text).unwrap();
            }
            let path = aws_config(project.path()).unwrap();
            assert_eq!(std::fs::read_to_string(path).unwrap(), AWS_CONFIG);
        }
    }

    #[test]
    fn the_flag_wins_over_the_login_shell() {
        assert_eq!(syntax(None, Some("fish")), Syntax::Fish);
        assert_eq!(syntax(Some(EnvShell::Bash), Some("fish")), Syntax::Posix);
        assert_eq!(syntax(None, None), Syntax::Posix);
    }
}
