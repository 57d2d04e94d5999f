//! `atelier aws`: the AWS CLI of this machine, led to the engine that runs here. Versions before 1.29 and 2.13 do not know
//! `AWS_ENDPOINT_URL`, and would take every call to the cloud.

use super::{aws_cli, env};
use crate::{
    cli,
    commands::context::Context,
    engine::{self, Engine},
    error::{Code, Error, Exit, Result},
    settings::Settings,
    text::Message,
    ui::{Page, Report},
};
use std::{
    ffi::OsString,
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

/// The flag that every version has.
const ENDPOINT: &str = "--endpoint-url";

/// What the AWS CLI wrote, where it had to be caught for `--json`.
#[derive(Debug, serde::Serialize)]
pub struct AwsReport {
    /// Its exit code; `null` after a signal.
    pub exit_code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Report for AwsReport {
    fn human(&self, page: &mut Page) {
        page.raw(self.stdout.trim_end());
    }

    fn exit(&self) -> Option<Exit> {
        // As without `--json`, where it is the AWS CLI itself that ends.
        let code = self.exit_code.and_then(|code| u8::try_from(code).ok());
        (code != Some(0)).then(|| code.map_or(Exit::Failed, Exit::Command))
    }

    fn error(&self) -> Option<Error> {
        let code = self.exit_code.map_or_else(|| "?".to_owned(), |code| code.to_string());
        self.exit().map(|_| Error::new(Code::ToolFailed).with("tool", aws_cli::PROGRAM).with("code", code))
    }
}

/// Becomes the AWS CLI, with the engine's address and credentials; with `--json` runs it and tells what it wrote.
///
/// # Errors
/// That no engine runs, or that there is no AWS CLI.
pub async fn run(context: &Context, args: &cli::Aws) -> Result<AwsReport> {
    let settings = &context.settings;
    let program = aws_cli::find(settings).ok_or_else(|| {
        Error::new(Code::NoTool)
            .with("tool", aws_cli::PROGRAM)
            .hint(Message::new("hint.install_tool").with("tool", aws_cli::PROGRAM))
    })?;
    let engine = engine::connect(settings).await?;
    let mut command = prepare(&program, &engine, settings, &args.args).await?;
    if context.console.is_json() {
        let output = command.stdin(Stdio::null()).output().map_err(|error| unusable(&program, &error))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        return Ok(AwsReport { exit_code: output.status.code(), stdout, stderr });
    }
    // Its exit code, its signals and its terminal are then its own.
    Err(unusable(&program, &command.exec()))
}

fn unusable(program: &Path, error: &std::io::Error) -> Error {
    let error = Error::new(Code::File).with("path", program.display()).cause(error);
    error.with_message("action", Message::new("action.start"))
}

/// The command with what leads it here; what the user says of it himself stays.
async fn prepare(program: &Path, engine: &Engine, settings: &Settings, args: &[OsString]) -> Result<Command> {
    let mut command = Command::new(program);
    let is_said = |arg: &OsString| arg.to_str().is_some_and(|arg| arg.starts_with(ENDPOINT));
    if let Some(endpoint) = engine.connection.endpoint.as_ref().filter(|_| !args.iter().any(is_said)) {
        command.args([ENDPOINT, endpoint]);
    }
    let (variables, unset) = env::aws_variables(engine, settings).await?;
    command.args(args).envs(variables);
    for name in unset {
        command.env_remove(name);
    }
    Ok(command)
}
