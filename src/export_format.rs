//! The tools for which a stack can be written as code, the values of `export`'s argument.

use crate::text::Verbatim;

/// A tool for which a stack can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Terraform, or OpenTofu.
    Terraform,
    /// AWS CloudFormation.
    #[value(name = "cloudformation")]
    CloudFormation,
    /// Pulumi, as a program in Python.
    Pulumi,
}

impl Format {
    /// Returns the name on the command line, and of the folder that is written when none is named.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::CloudFormation => "cloudformation",
            Self::Pulumi => "pulumi",
        }
    }
}

impl Verbatim for Format {}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
