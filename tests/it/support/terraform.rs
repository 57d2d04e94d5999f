//! Terraform on this machine, for tests that prove what is written for it.

use super::{skipped, tool};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

/// The folder with Terraform's AWS provider, which `ATELIER_TERRAFORM_PROVIDERS` names or `scripts/terraform-providers.sh`
/// finds; a test that Terraform is absent for is counted as skipped.
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
pub(crate) fn providers() -> Option<PathBuf> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        if !std::env::split_paths(&path).any(|folder| folder.join("terraform").is_file()) {
            return Err("terraform is not on the PATH".to_owned());
        }
        if let Some(folder) = std::env::var_os("ATELIER_TERRAFORM_PROVIDERS") {
            return Ok(folder.into());
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/terraform-providers.sh");
        let found = Command::new(script).stdin(Stdio::null()).output().unwrap();
        let said = |text: &[u8]| String::from_utf8_lossy(text).trim().to_owned();
        if found.status.success() { Ok(said(&found.stdout).into()) } else { Err(said(&found.stderr)) }
    });
    found.as_ref().inspect_err(|reason| skipped(reason)).ok().cloned()
}

/// A module of Terraform's, and the engine that it is applied to.
pub(crate) struct Module {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Module {
    /// Prepares a module whose provider comes from the mirror; `environment` is what leads to an engine.
    pub(crate) fn new(folder: &Path, environment: Vec<(String, String)>) -> Self {
        let settings = folder.parent().unwrap().join("terraform.rc");
        let mirror = providers().unwrap();
        let text = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
            mirror.display()
        );
        std::fs::write(&settings, text).unwrap();
        let more = [
            ("TF_CLI_CONFIG_FILE", settings.display().to_string()),
            ("TF_IN_AUTOMATION", "1".to_owned()),
            ("TF_INPUT", "0".to_owned()),
            ("CHECKPOINT_DISABLE", "1".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ];
        let more = more.into_iter().map(|(name, value)| (name.to_owned(), value));
        Self { folder: folder.to_owned(), environment: environment.into_iter().chain(more).collect() }
    }

    /// Sets a variable of the module.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((format!("TF_VAR_{name}"), value.to_owned()));
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = tool("ATELIER_TERRAFORM", "terraform", &self.folder, self.environment.clone());
        command.args(args);
        command
    }

    /// Runs a command and returns how it ended, and what it said.
    pub(crate) fn run(&self, args: &[&str]) -> (i32, String) {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        (status.code().unwrap_or(-1), said)
    }

    /// Runs a command that must succeed, and returns what it said.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let (code, said) = self.run(args);
        assert_eq!(code, 0, "terraform {args:?}: {said}");
        said
    }
}
