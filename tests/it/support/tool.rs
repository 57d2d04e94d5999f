//! Programs of others that tests run: the AWS CLI and what is built on it.

use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Stdio},
};

/// A tool that the environment names (`ATELIER_AWS_CLI`), else one on the PATH: in a folder that is its HOME, with this
/// environment and no other.
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
pub(crate) fn tool<N: AsRef<OsStr>, V: AsRef<OsStr>>(
    variable: &str,
    name: &str,
    folder: &Path,
    environment: impl IntoIterator<Item = (N, V)>,
) -> Command {
    let mut command = Command::new(std::env::var(variable).unwrap_or_else(|_| name.to_owned()));
    command
        .current_dir(folder)
        .env_clear()
        .envs(environment)
        .env("HOME", folder)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_PAGER", "")
        .stdin(Stdio::null());
    command
}
