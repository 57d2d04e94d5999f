//! Terraform on this machine, for tests that prove what is written for it.

use super::{skipped, tool};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

/// Where the AWS provider of Terraform lies, below a folder that holds it as its registry does.
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
fn mirror() -> Option<PathBuf> {
    let named = std::env::var_os("ATELIER_TERRAFORM_MIRROR").map(PathBuf::from);
    let places = ["/opt/tf-plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"];
    let holds = |folder: &PathBuf| folder.join("registry.terraform.io/hashicorp/aws").is_dir();
    named.into_iter().chain(places.map(PathBuf::from)).find(holds)
}

/// Whether Terraform and its provider are here; a test that they are absent for is counted as skipped.
pub(crate) fn has_terraform() -> bool {
    static HERE: OnceLock<bool> = OnceLock::new();
    let is_here = *HERE.get_or_init(|| {
        let folder = std::env::temp_dir();
        let version =
            tool("ATELIER_TERRAFORM", "terraform", &folder, [("CHECKPOINT_DISABLE", "1")]).arg("version").output();
        version.is_ok_and(|output| output.status.success()) && mirror().is_some()
    });
    if !is_here {
        skipped("no terraform with the AWS provider in a mirror (ATELIER_TERRAFORM, ATELIER_TERRAFORM_MIRROR)");
    }
    is_here
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
        let mirror = mirror().unwrap();
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
