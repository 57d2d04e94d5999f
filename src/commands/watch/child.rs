//! The processes of a round: the user's build, and the new binary's `deploy`.

use crate::{
    commands::context::Context,
    settings::{Origin, Setting, Settings},
};
use clap::ValueEnum;
use serde_json::Value;
use std::{
    io,
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};
use tokio::{process::Command, time::sleep};

/// How often a program that is still being written is tried, and the pause between.
const BUSY_ATTEMPTS: u32 = 100;
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// Runs the user's build in the project folder, its output on stderr; the error says how it ended.
pub(in crate::commands) async fn build(command: &str, settings: &Settings) -> Result<(), String> {
    let status = Command::new("sh")
        .args(["-c", command])
        .current_dir(&settings.folder)
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .kill_on_drop(true)
        .status();
    match status.await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Runs the new binary's `deploy` with the settings of this one and tells whether anything changed. It ends by itself:
/// every wait of `deploy` has a deadline.
pub(super) async fn deploy(binary: &Path, context: &Context) -> Result<bool, String> {
    let settings = &context.settings;
    let mut command = Command::new(binary);
    command
        .args(["deploy", "--json", "--folder"])
        .arg(&settings.folder)
        .args(["--stack", settings.stack.value.as_str(), "--region", &settings.region.value])
        .args(settings.engine.value.iter().map(|engine| format!("--engine={engine}")))
        .args(settings.endpoint.value.iter().map(|endpoint| format!("--endpoint={endpoint}")))
        .arg(if context.console.is_verbose() { "--verbose" } else { "--quiet" })
        .args(flag("--lang", &settings.lang, word))
        .args(flag("--color", &context.console.look().color, word))
        .args(flag("--port", &settings.port, |port| Some(port.to_string())))
        .arg(format!("--timeout={}ms", settings.timeout.value.as_millis()))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    let output = run(&mut command).await.map_err(|error| error.to_string())?;
    outcome(&output.stdout).ok_or_else(|| output.status.to_string())?
}

/// Runs a program that was written just now. Who wrote it may have it open for a moment longer, or a child of theirs which
/// has not become its own program yet, and the kernel says `ETXTBSY`.
async fn run(command: &mut Command) -> io::Result<Output> {
    for _ in 0..BUSY_ATTEMPTS {
        match command.output().await {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => sleep(BUSY_PAUSE).await,
            done => return done,
        }
    }
    Err(io::ErrorKind::ExecutableFileBusy.into())
}

/// A flag of this run that the environment, which the child has too, does not tell.
fn flag<T>(name: &str, setting: &Setting<T>, text: impl Fn(&T) -> Option<String>) -> Option<String> {
    let is_flag = matches!(setting.origin, Origin::Flag(_));
    text(&setting.value).filter(|_| is_flag).map(|value| format!("{name}={value}"))
}

fn word<T: ValueEnum>(value: &T) -> Option<String> {
    value.to_possible_value().map(|value| value.get_name().to_owned())
}

/// Reads the envelope; `None` when there is none, as from a binary that cannot run.
fn outcome(stdout: &[u8]) -> Option<Result<bool, String>> {
    let envelope: Value = serde_json::from_slice(stdout).ok()?;
    if let Some(message) = envelope["error"]["message"].as_str() {
        let causes = envelope["error"]["causes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        return Some(Err(std::iter::once(message).chain(causes).collect::<Vec<_>>().join(": ")));
    }
    envelope["data"]["changed"].as_bool().map(Ok)
}

#[cfg(test)]
mod tests {
    use super::outcome;

    #[test]
    fn the_envelope_tells_what_happened() {
        assert_eq!(outcome(br#"{"data":{"changed":true},"error":null}"#), Some(Ok(true)));
        let failed = br#"{"data":null,"error":{"message":"no engine","causes":["it ended"]}}"#;
        assert_eq!(outcome(failed), Some(Err("no engine: it ended".to_owned())));
        for none in [&b""[..], b"Segmentation fault", b"{}"] {
            assert_eq!(outcome(none), None);
        }
    }
}
