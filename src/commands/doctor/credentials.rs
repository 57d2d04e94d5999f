//! Credentials: ours are for our eyes only; the user's own never go to a local engine.

use super::{
    Finding, Verdict, late, limited,
    scene::{EngineState, Scene},
};
use crate::{
    commands::aws_cli,
    disk,
    engine::{Engine, installation},
    settings::Settings,
    shell::quoted,
    text::{Message, without_login},
};
use std::{os::unix::fs::PermissionsExt, path::Path};

/// Tells what AWS says of the credentials that it is sent.
const ASK_AWS: &str = "aws sts get-caller-identity";

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let settings = scene.settings;
    if settings.engine.value.is_some_and(|kind| kind.facts().shares_credentials) {
        return limited(late("aws", Verdict::Fail).run(ASK_AWS), async { vec![of_aws(&scene.engine).await] }).await;
    }
    let mut findings = vec![own(&installation::credentials_path(&settings.folder))];
    findings.push(match settings.ambient_credentials {
        Some(name) => Finding::ok("aws", Message::new("doctor.aws.unused").with("name", name)),
        None => Finding::ok("aws", Message::new("doctor.aws.none")),
    });
    if let EngineState::Running(engine) = &scene.engine {
        findings.extend(elsewhere(settings, engine));
    }
    // Looking writes nothing, and where nothing is kept of it this is the slowest question of all: beside the others.
    findings.extend(limited(late("aws-cli", Verdict::Ok), cli(settings)).await);
    findings
}

/// Looks at who may read the key pair and the proxy's token.
fn own(path: &Path) -> Finding {
    let Ok(facts) = std::fs::symlink_metadata(path) else {
        return Finding::ok("credentials", Message::new("doctor.credentials.none"));
    };
    let permissions = facts.permissions();
    let said = |case: &str| Message::new(format!("doctor.credentials.{case}")).with("path", path.display());
    if disk::is_private(&permissions) {
        Finding::ok("credentials", said("ok"))
    } else {
        let said = said("open").with("mode", format_args!("{:03o}", permissions.mode() & 0o777));
        Finding::fail("credentials", said).run(format_args!("chmod 600 {}", quoted(&path.display().to_string())))
    }
}

/// An `aws` that is too old to be led by a variable.
async fn cli(settings: &Settings) -> Vec<Finding> {
    let Some(version) = aws_cli::old_version(settings).await else { return Vec::new() };
    let said = Message::new("doctor.aws_cli.old").with("version", version);
    vec![Finding::warn("aws-cli", said).run("atelier aws sts get-caller-identity")]
}

/// The `aws` command follows `AWS_ENDPOINT_URL`; it should lead to the engine that runs here.
fn elsewhere(settings: &Settings, engine: &Engine) -> Option<Finding> {
    let theirs = settings.ambient_endpoint.as_deref()?.trim_end_matches('/');
    let ours = [engine.connection.endpoint.as_deref(), engine.public_url.as_deref()];
    if ours.contains(&Some(theirs)) {
        return None;
    }
    let said = Message::new("doctor.endpoint.elsewhere").with("url", without_login(theirs));
    Some(Finding::warn("endpoint", said).run("eval \"$(atelier env)\""))
}

/// Asks who we are: credentials that are there may have expired, or may sign nothing.
async fn of_aws(engine: &EngineState) -> Finding {
    let engine = match engine {
        EngineState::Running(engine) => engine,
        EngineState::Unusable(error) => return Finding::of("aws", Verdict::Fail, error),
        EngineState::Absent | EngineState::Unknown => return late("aws", Verdict::Fail).run(ASK_AWS),
    };
    let sts = aws_sdk_sts::Client::new(&engine.connection.sdk_config());
    match sts.get_caller_identity().send().await {
        Ok(_) => Finding::ok("aws", Message::new("doctor.aws.found").with("region", &engine.connection.region)),
        Err(error) => {
            let reason = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source()).last();
            let reason = reason.map(ToString::to_string).unwrap_or_default();
            Finding::fail("aws", Message::new("doctor.aws.refused").with("reason", reason)).run(ASK_AWS)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions, write};

    #[test]
    fn credentials_that_others_may_read_are_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.json");
        assert_eq!(own(&path).verdict, Verdict::Ok, "nothing was drawn yet");
        write(&path, "{}").unwrap();
        set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let finding = own(&path);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert_eq!(finding.fix.unwrap().to_string(), format!("`chmod 600 '{}'`", path.display()));
        set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(own(&path).verdict, Verdict::Ok);
    }
}
