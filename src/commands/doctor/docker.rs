//! Docker: whether it answers, for this user, which one it is; and the engine's image.

use super::{
    Finding, Verdict, late, limited,
    scene::{Docker, Scene},
};
use crate::{
    docker::image,
    engine::{localstack, profile::Profile},
    error::Error,
    text::Message,
};

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let verdict = if scene.wants_docker() { Verdict::Fail } else { Verdict::Warn };
    match &scene.docker {
        Ok(docker) => {
            let mut findings = vec![version(docker)];
            let slow = late("image", verdict).run(super::remedy::look());
            findings.extend(limited(slow, async { vec![image(scene, docker).await] }).await);
            findings
        }
        Err(problem) => {
            let finding = Finding::of("docker", verdict, &problem.error);
            vec![match &problem.fix {
                Some(command) => finding.run(command),
                None => finding,
            }]
        }
    }
}

fn version(docker: &Docker) -> Finding {
    let version = docker.info.server_version.as_deref().unwrap_or("?");
    let said = Message::new("doctor.docker.ok").with("product", docker.product).with("version", version);
    Finding::ok("docker", said.with("place", docker.daemon.endpoint()))
}

async fn image(scene: &Scene<'_>, docker: &Docker) -> Finding {
    let image = match localstack::wanted_image(scene.settings) {
        Ok(image) => image,
        Err(error) => return Finding::of("image", Verdict::Fail, &error),
    };
    if Profile::of(&image).needs_account(&image) && scene.settings.localstack_token.is_none() {
        return Finding::of("image", Verdict::Fail, &localstack::needs_token(&image));
    }
    let said = |case: &str| Message::new(format!("doctor.image.{case}")).with("image", &image);
    match image::is_present(&docker.daemon, &image).await {
        Ok(true) => Finding::ok("image", said("ok")),
        // `up` pulls it, or does without where nobody asked for containers.
        Ok(false) => Finding::warn("image", said("absent")).run(format_args!("docker pull {image}")),
        Err(error) => Finding::of("image", Verdict::Warn, &Error::from(error)),
    }
}
