//! The engine, and what earlier runs left: an engine without a record or a record without an engine, containers of
//! nobody, other stacks.

use super::{
    Finding, Verdict, late, limited, off_thread,
    scene::{EngineState, Scene},
};
use crate::{
    docker::container,
    engine::{self, Engine, Health, installation, orphan, record::Record},
    settings::Settings,
    stack,
    text::Message,
};
use std::path::Path;

/// What helps an engine that does not answer, after a look at what it said last.
const AGAIN: &str = "atelier logs -n 20; atelier down && atelier up";

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let slow = late("leftovers", Verdict::Warn);
    let (mut findings, containers) = tokio::join!(engines(scene), limited(slow, containers(scene)));
    findings.extend(containers);
    findings
}

async fn engines(scene: &Scene<'_>) -> Vec<Finding> {
    let settings = scene.settings;
    match &scene.engine {
        EngineState::Running(engine) => {
            let mut findings = Vec::new();
            if settings.endpoint.value.is_none() {
                findings = limited(late("engine", Verdict::Fail).run(AGAIN), components(settings)).await;
            }
            // One that does not answer has been told, and would only be waited for again. One that does may be slow: a
            // container loads each of its services when it is first asked for it.
            if findings.iter().all(|finding| finding.verdict == Verdict::Ok) {
                let asked = async { vec![stacks(settings, engine).await] };
                findings.extend(limited(late("stacks", Verdict::Warn).run("atelier status"), asked).await);
            }
            findings
        }
        EngineState::Unusable(error) => vec![Finding::of("engine", Verdict::Fail, error).run("atelier up")],
        EngineState::Unknown => vec![unknown(scene)],
        EngineState::Absent => vec![stopped(scene).await],
    }
}

/// What is said of an engine that nobody tells about.
fn unknown(scene: &Scene<'_>) -> Finding {
    let finding = Finding::fail("engine", Message::new("doctor.engine.unknown"));
    match scene.docker.as_ref().err().and_then(|problem| problem.fix.as_ref()) {
        Some(fix) => finding.run(fix),
        None => finding.run(AGAIN),
    }
}

/// What is said where no engine is known to run.
async fn stopped(scene: &Scene<'_>) -> Finding {
    let folder = scene.settings.folder.clone();
    if let Some(process) = off_thread(move || orphan::find(&folder)).await {
        let said = Message::new("doctor.engine.unrecorded").with("pid", process.pid);
        return Finding::warn("engine", said).run("atelier down");
    }
    match scene.record() {
        None => Finding::ok("engine", Message::new("doctor.engine.none")),
        Some(record) => stale(record),
    }
}

fn stale(record: &Record) -> Finding {
    let said = Message::new("doctor.engine.stale").with("engine", record.kind);
    Finding::warn("engine", said.with("since", record.started_to_the_second())).run("atelier up")
}

async fn components(settings: &Settings) -> Vec<Finding> {
    let components = engine::components(settings).await.into_iter();
    let finding = |component: engine::Component| {
        let case = if component.health == Health::Healthy { "healthy" } else { "unhealthy" };
        let said = Message::new(format!("doctor.engine.{case}")).with_message("name", component.label());
        match component.health {
            Health::Healthy => Finding::ok("engine", said),
            _ => Finding::fail("engine", said).run(AGAIN),
        }
    };
    components.map(finding).collect()
}

/// Whether stacks are deployed besides the one that the settings name.
async fn stacks(settings: &Settings, engine: &Engine) -> Finding {
    let found = match stack::discover_all(engine).await {
        Ok(found) => found,
        Err(error) => return Finding::of("stacks", Verdict::Fail, &error.into()),
    };
    let others: Vec<String> =
        found.iter().filter(|found| found.stack != settings.stack.value).map(|found| found.stack.to_string()).collect();
    if let Some(first) = others.first() {
        let said = Message::new("doctor.stacks.others").with("names", others.join(", "));
        return Finding::warn("stacks", said).run(format_args!("atelier clean --stack {first}"));
    }
    Finding::ok("stacks", Message::new("doctor.stacks.ok").with("count", found.len()))
}

/// Finds containers with this installation's label whose project is gone or has no engine.
async fn containers(scene: &Scene<'_>) -> Vec<Finding> {
    // Nothing was ever made where no owner was ever drawn.
    let Some(owner) = installation::owner(scene.settings) else { return Vec::new() };
    let Ok(docker) = &scene.docker else { return Vec::new() };
    let (made, functions) = (container::owned(&docker.daemon, &owner), container::of_functions(&docker.daemon, &owner));
    let Ok((made, functions)) = tokio::try_join!(made, functions) else { return Vec::new() };
    let has_engine = scene.record().is_some();
    let orphans: Vec<String> = made
        .into_iter()
        .chain(functions)
        .filter(|container| {
            container.project.as_deref().is_some_and(|project| is_orphaned(project, scene.settings, has_engine))
        })
        .map(|container| container.name)
        .collect();
    vec![if orphans.is_empty() {
        Finding::ok("leftovers", Message::new("doctor.leftovers.none"))
    } else {
        let said = Message::new("doctor.leftovers.some").with("names", orphans.join(", "));
        Finding::warn("leftovers", said).run(format_args!("docker rm -f {}", orphans.join(" ")))
    }]
}

/// A container belongs to nobody when its project's folder is gone, or when it is ours and no engine is recorded.
fn is_orphaned(project: &str, settings: &Settings, has_engine: bool) -> bool {
    !Path::new(project).exists() || (Path::new(project) == settings.folder && !has_engine)
}
