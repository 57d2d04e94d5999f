//! The engine, and what earlier runs left: an engine without a record or a record without an engine, containers of
//! nobody, other stacks.

use super::{
    Finding, Verdict, late, limited, off_thread,
    scene::{EngineState, Scene},
};
use crate::{
    docker::container,
    engine::{self, Engine, Health, installation, orphan, record::Record},
    marks::OWNER_LABEL,
    settings::Settings,
    stack::{self, Discovery},
    text::Message,
};
use std::path::Path;

/// What an engine that does not answer said last.
const LOOK: &str = "atelier logs -n 20";
/// What helps one that keeps its state, after that.
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
            // How a cloud is, its credentials tell.
            if settings.endpoint.value.is_none() && !engine.facts.is_remote() {
                let again = again(engine);
                findings =
                    Box::pin(limited(late("engine", Verdict::Fail).run(again), components(settings, again))).await;
            }
            // One that does not answer has been told, and would only be waited for again. One that does may be slow: a
            // container loads each of its services when it is first asked for it.
            if findings.iter().all(|finding| finding.verdict == Verdict::Ok) {
                let asked = stacks(settings, engine);
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
        None => finding.run(LOOK),
    }
}

/// What is said where no engine is known to run.
async fn stopped(scene: &Scene<'_>) -> Finding {
    let folder = scene.settings.folder.clone();
    if let Some(process) = off_thread(move || orphan::find(&folder)).await {
        let said = Message::new("doctor.engine.unrecorded").with("pid", process.pid);
        return Finding::warn("engine", said).run("atelier up");
    }
    match scene.record() {
        None => Finding::ok("engine", Message::new("doctor.engine.none")),
        Some(record) => stale(record),
    }
}

fn stale(record: &Record) -> Finding {
    let said = Message::new("doctor.engine.stale").with_message("engine", record.kind.message());
    Finding::warn("engine", said.with("since", record.started_to_the_second())).run("atelier up")
}

/// What helps an engine that does not answer: to start one anew that forgets what is deployed is no help.
fn again(engine: &Engine) -> &'static str {
    if engine.facts.keeps_state { AGAIN } else { LOOK }
}

async fn components(settings: &Settings, again: &'static str) -> Vec<Finding> {
    let components = engine::components(settings).await.into_iter();
    let finding = |component: engine::Component| {
        let said = |case: &str| Message::new(format!("doctor.engine.{case}")).with_message("name", component.label());
        match component.health {
            Health::Healthy => Finding::ok("engine", said("healthy")),
            Health::Limited => Finding::ok("engine", said("limited")),
            _ if component.is_proxy() => Finding::fail("engine", said("unhealthy")).run("atelier bonus"),
            Health::Stopped => Finding::fail("engine", said("unhealthy")).run("atelier up"),
            Health::Unhealthy | Health::Unknown => Finding::fail("engine", said("unhealthy")).run(again),
        }
    };
    components.map(finding).collect()
}

/// How the stack is that the settings name, and whether others are deployed besides it.
async fn stacks(settings: &Settings, engine: &Engine) -> Vec<Finding> {
    let found = match stack::discover_all(engine).await {
        Ok(found) => found,
        Err(error) => return vec![Finding::of("stacks", Verdict::Fail, &error.into())],
    };
    let own = found.iter().find(|found| found.stack == settings.stack.value && !found.is_empty());
    let mut findings: Vec<Finding> = own.and_then(fault).into_iter().collect();
    findings.push(deployed(settings, &found));
    findings
}

/// What is wrong with a stack, as `status` sees it.
fn fault(stack: &Discovery) -> Option<Finding> {
    if stack.is_right() {
        return None;
    }
    let said = |case: &str| Message::new(format!("doctor.stacks.{case}")).with("name", &stack.stack);
    let said = match stack.found.iter().find_map(|found| found.reason.as_deref()) {
        Some(reason) => said("failed").with("reason", reason),
        None => said("unfinished"),
    };
    let verdict = if stack.works() { Verdict::Warn } else { Verdict::Fail };
    // What another tool looks after is for that tool to mend.
    let mends = if stack.managed_by.is_some() { "atelier status" } else { "atelier deploy" };
    Some(Finding::new("stacks", verdict, said).run(mends))
}

fn deployed(settings: &Settings, found: &[Discovery]) -> Finding {
    let others: Vec<String> =
        found.iter().filter(|found| found.stack != settings.stack.value).map(|found| found.stack.to_string()).collect();
    if !others.is_empty() {
        let said = Message::new("doctor.stacks.others").with("own", &settings.stack.value);
        return Finding::ok("stacks", said.with("names", others.join(", ")));
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
        // Shown, not removed: what runs in them may be wanted.
        Finding::warn("leftovers", said).run(format_args!("docker ps -a --filter label={OWNER_LABEL}={owner}"))
    }]
}

/// A container belongs to nobody when its project's folder is gone, or when it is ours and no engine is recorded.
fn is_orphaned(project: &str, settings: &Settings, has_engine: bool) -> bool {
    !Path::new(project).exists() || (Path::new(project) == settings.folder && !has_engine)
}
