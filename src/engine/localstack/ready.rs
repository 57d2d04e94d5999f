//! Waits until an engine is ready: its health path answers and EC2 is warm. A crash ends the wait at once.

use super::set::Set;
use crate::{
    aws::Connection,
    docker::{
        self,
        container::{self, Change, Ensured},
    },
    engine::{local::local_connection, probe, profile::Profile},
    error::{Code, Error, Result},
    progress::Progress,
    text::Message,
};
use aws_sdk_ec2::types::InstanceType;
use std::time::Duration;
use tokio::time::sleep;

/// The pause between two looks; an engine takes seconds.
const PAUSE: Duration = Duration::from_millis(50);
/// The exit code of LocalStack images whose license activation failed.
const NO_LICENSE: i64 = 55;

/// Waits for a container that runs to answer; without a deadline of its own, because `up` has one. Gives the account
/// that the engine speaks for, `None` of an engine that ran already.
pub(super) async fn wait(set: &Set, engine: &Ensured, progress: &Progress) -> Result<Option<String>> {
    while !matches!(probe::status(set.addresses.engine, set.profile.health).await, Ok(200)) {
        container::still_runs(&set.daemon, &engine.id, &set.names.engine).await.map_err(|error| explain(set, error))?;
        sleep(PAUSE).await;
    }
    if engine.change == Change::Kept {
        return Ok(None);
    }
    progress.begin("warm", Message::new("engine.warming"));
    let connection = local_connection(&set.settings, &set.installation, format!("http://{}", set.addresses.engine));
    let account = tokio::select! {
        account = warm(&connection, set.profile) => account,
        error = crash(set, engine) => return Err(error),
    };
    progress.end("warm", Message::new("engine.warm"));
    Ok(account)
}

/// Makes the engine load what it loads at first use, which takes LocalStack seconds and `deploy`'s calls with it. A dry
/// run makes no instance, where there are such; elsewhere a look has to do. What the calls answer does not matter here:
/// `deploy` judges its own.
async fn warm(connection: &Connection, profile: &Profile) -> Option<String> {
    let config = connection.sdk_config();
    let (sts, ec2) = (aws_sdk_sts::Client::new(&config), aws_sdk_ec2::Client::new(&config));
    let first_use = async {
        if profile.has_dry_run {
            let run = ec2.run_instances().image_id("ami-00000000000000000").instance_type(InstanceType::T2Micro);
            let _ = run.min_count(1).max_count(1).dry_run(true).send().await;
        } else {
            let _ = ec2.describe_instances().send().await;
        }
    };
    let (identity, ()) = tokio::join!(sts.get_caller_identity().send(), first_use);
    identity.ok().and_then(|identity| identity.account)
}

/// Returns when the engine's container has ended.
async fn crash(set: &Set, engine: &Ensured) -> Error {
    loop {
        if let Err(error) = container::still_runs(&set.daemon, &engine.id, &set.names.engine).await {
            return explain(set, error);
        }
        sleep(PAUSE * 4).await;
    }
}

/// An image that ends with LocalStack's code for "no license" wants an account, whatever its tag promised.
fn explain(set: &Set, error: docker::Error) -> Error {
    match &error {
        docker::Error::Ended { code: NO_LICENSE, log, .. } => {
            let explained = Error::new(Code::ImageNeedsToken)
                .with("image", &set.image)
                .hint(Message::new("hint.image_without_account").with("image", docker::image::LOCALSTACK));
            log.iter().fold(explained, Error::because)
        }
        _ => error.into(),
    }
}
