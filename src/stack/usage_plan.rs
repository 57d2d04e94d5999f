//! The usage plan: what makes API keys open the API's stage. Only a stack with keys has one.
//!
//! `CreateUsagePlan` sets name, tags, limits and the stage; the keys are attached one by one. The plan is as wanted when
//! it opens the API's stage for every key of the stack. Its limits are what protects an API on AWS, where no edge is in
//! front of it.

use super::{
    client::Clients,
    error::Error,
    export::{
        resource::{Body, Concern, Resource},
        scene::Scene,
        value::Thing,
    },
    key,
    part::Part,
    predict::{self, PlannedPart, Predict, Prediction, Wanted},
    reconcile::{Next, Reconcile},
    sighting::{Found, Ownership, Sighting, Tags, ownership},
    spec::{Names, Spec},
};
use crate::{
    marks::{STACK_TAG, STAGE},
    names::StackName,
    settings::PUBLIC_RATE,
};
use aws_sdk_apigateway::types::{ApiStage, Op, PatchOperation, ThrottleSettings, UsagePlan as Plan};
use std::collections::BTreeSet;

/// The most that one page may hold.
const PAGE: i32 = 500;

pub(super) struct UsagePlan<'a> {
    clients: &'a Clients,
    spec: &'a Spec,
    /// The API that the keys open.
    api: &'a str,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Create,
    /// Removes a duplicate.
    Remove(String),
    /// Lets the plan open the API's stage.
    Open,
    /// Gives the plan a key.
    Attach(String),
}

/// The plan, what it opens, and the keys that it lacks.
#[derive(Debug)]
pub(super) struct View {
    pub(super) sighting: Sighting,
    stages: BTreeSet<String>,
    missing: Vec<String>,
}

impl<'a> UsagePlan<'a> {
    pub(super) fn new(clients: &'a Clients, spec: &'a Spec, api: &'a str) -> Self {
        Self { clients, spec, api }
    }

    fn stage(&self) -> String {
        format!("{}:{}", self.api, STAGE)
    }

    async fn create(&self) -> Result<(), Error> {
        let names = &self.spec.names;
        let limits = ThrottleSettings::builder()
            .rate_limit(f64::from(PUBLIC_RATE.per_second))
            .burst_limit(i32::try_from(PUBLIC_RATE.burst).unwrap_or(i32::MAX))
            .build();
        let stage = ApiStage::builder().api_id(self.api).stage(STAGE).build();
        let call = self.clients.api.create_usage_plan().name(&names.api).throttle(limits).api_stages(stage);
        let tags = names.tags(Part::UsagePlan, None).into_iter().collect();
        let answer = call.set_tags(Some(tags)).send().await;
        answer.map(drop).map_err(|error| Error::call("CreateUsagePlan", &error))
    }
}

impl Reconcile for UsagePlan<'_> {
    type View = View;
    type Action = Action;

    fn step(&self) -> &'static str {
        Part::UsagePlan.as_str()
    }

    async fn look(&self) -> Result<View, Error> {
        let (sighting, stages) = see(self.clients, &self.spec.names).await?;
        let Some(plan) = sighting.kept() else { return Ok(View { sighting, stages, missing: Vec::new() }) };
        let attached = attached(self.clients, &plan.id).await?;
        let ours = key::discover(self.clients, &self.spec.names).await?.ours.into_iter().map(|key| key.id);
        let missing = ours.filter(|id| !attached.contains(id)).collect();
        Ok(View { sighting, stages, missing })
    }

    fn next(&self, view: &View, _done: &[Action]) -> Result<Next<Action>, Error> {
        if let Some(duplicate) = view.sighting.duplicates().first() {
            return Ok(Next::Act(Action::Remove(duplicate.id.clone())));
        }
        Ok(match (view.sighting.kept(), view.missing.first()) {
            (None, _) => Next::Act(Action::Create),
            _ if !view.stages.contains(&self.stage()) => Next::Act(Action::Open),
            (_, Some(key)) => Next::Act(Action::Attach(key.clone())),
            (Some(_), None) => Next::Done,
        })
    }

    async fn act(&self, action: &Action, view: &View) -> Result<(), Error> {
        let id = view.sighting.kept().map(|found| found.id.as_str()).unwrap_or_default();
        match action {
            Action::Create => self.create().await,
            Action::Remove(id) => delete(self.clients, id).await,
            Action::Open => patch(self.clients, id, Op::Add, &self.stage()).await,
            Action::Attach(key) => {
                let call = self.clients.api.create_usage_plan_key().usage_plan_id(id).key_id(key).key_type("API_KEY");
                call.send().await.map(drop).map_err(|error| Error::call("CreateUsagePlanKey", &error))
            }
        }
    }
}

impl Predict for UsagePlan<'_> {
    fn sighting(view: &View) -> &Sighting {
        &view.sighting
    }

    fn prediction(&self, action: &Action, _view: &View) -> Prediction {
        match action {
            Action::Create => Prediction::CREATE,
            Action::Remove(id) => Prediction::duplicate(id),
            Action::Open => Prediction::update("stage"),
            Action::Attach(_) => Prediction::update("keys"),
        }
    }
}

/// Predicts what a deploy would do to the usage plan, which only an API with keys has.
pub(super) async fn predict(clients: &Clients, wanted: &Wanted<'_>) -> Result<Option<PlannedPart>, Error> {
    if wanted.spec.keys.is_none() {
        return Ok(None);
    }
    predict::predict(&UsagePlan::new(clients, wanted.spec, wanted.api_id), Part::UsagePlan).await.map(Some)
}

/// Describes the usage plan for other tools; only a stack with keys has one.
pub(super) fn exported(scene: &Scene<'_>) -> Vec<Resource> {
    if scene.spec.keys.is_none() {
        return Vec::new();
    }
    let plan = Body::UsagePlan {
        name: scene.text(&scene.marked().names.api),
        rate: PUBLIC_RATE.per_second.into(),
        burst: PUBLIC_RATE.burst.into(),
        stage: STAGE.to_owned(),
        tags: scene.tags(Part::UsagePlan, None, Vec::new()),
    };
    vec![Resource {
        part: Part::UsagePlan,
        thing: Thing::UsagePlan,
        concern: Concern::Api,
        why: "Makes the keys open the stage, and protects it: what one key may call in a second, and at once after a rest.",
        body: plan,
    }]
}

/// Finds the stack's usage plans.
pub(super) async fn discover(clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    see(clients, names).await.map(|(sighting, _)| sighting)
}

/// Finds the stack's usage plans, and the stages (`<api>:<stage>`) that the kept one opens.
async fn see(clients: &Clients, names: &Names) -> Result<(Sighting, BTreeSet<String>), Error> {
    let mut sighting = Sighting::default();
    let mut stages = std::collections::BTreeMap::new();
    for (plan, tags) in every(clients).await? {
        let Some(id) = plan.id else { continue };
        if let Ownership::Ours = ownership(names, Part::UsagePlan, &tags) {
            stages.insert(id.clone(), opened(&plan.api_stages.unwrap_or_default()));
            sighting.ours.push(Found {
                part: Part::UsagePlan,
                id,
                rev: None,
                state: None,
                reason: None,
                created: 0,
                changed: None,
                instance: None,
            });
        }
    }
    sighting.sort();
    let stages = sighting.kept().and_then(|kept| stages.remove(&kept.id)).unwrap_or_default();
    Ok((sighting, stages))
}

/// Returns the stacks that have a usage plan.
pub(super) async fn stacks(clients: &Clients) -> Result<BTreeSet<StackName>, Error> {
    let plans = every(clients).await?;
    Ok(plans.iter().filter_map(|(_, tags)| tags.get(STACK_TAG)?.parse().ok()).collect())
}

/// Lists every usage plan of the account, with its tags.
async fn every(clients: &Clients) -> Result<Vec<(Plan, Tags)>, Error> {
    let mut plans = Vec::new();
    let mut position = None;
    loop {
        let answer = clients.api.get_usage_plans().limit(PAGE).set_position(position).send().await;
        let page = match answer.map_err(|error| Error::call("GetUsagePlans", &error)) {
            // A small engine that has no plans has none of ours.
            Err(error) if error.is_not_found() => return Ok(plans),
            answer => answer?,
        };
        for mut plan in page.items.unwrap_or_default() {
            let tags: Tags = plan.tags.take().unwrap_or_default().into_iter().collect();
            plans.push((plan, tags));
        }
        match page.position.filter(|position| !position.is_empty()) {
            Some(next) => position = Some(next),
            None => return Ok(plans),
        }
    }
}

fn opened(stages: &[ApiStage]) -> BTreeSet<String> {
    stages.iter().filter_map(|stage| Some(format!("{}:{}", stage.api_id()?, stage.stage()?))).collect()
}

/// Lists the ids of the keys that a plan has.
async fn attached(clients: &Clients, plan: &str) -> Result<BTreeSet<String>, Error> {
    let mut ids = BTreeSet::new();
    let mut position = None;
    loop {
        let call = clients.api.get_usage_plan_keys().usage_plan_id(plan).limit(PAGE).set_position(position);
        let page = call.send().await.map_err(|error| Error::call("GetUsagePlanKeys", &error))?;
        ids.extend(page.items.unwrap_or_default().into_iter().filter_map(|key| key.id));
        match page.position.filter(|position| !position.is_empty()) {
            Some(next) => position = Some(next),
            None => return Ok(ids),
        }
    }
}

async fn patch(clients: &Clients, id: &str, op: Op, stage: &str) -> Result<(), Error> {
    let change = PatchOperation::builder().op(op).path("/apiStages").value(stage).build();
    let answer = clients.api.update_usage_plan().usage_plan_id(id).patch_operations(change).send().await;
    answer.map(drop).map_err(|error| Error::call("UpdateUsagePlan", &error))
}

/// Takes a key out of the stack's plan. LocalStack leaves one there that is deleted, and answers calls with it with a 500.
pub(super) async fn detach(clients: &Clients, names: &Names, key: &str) -> Result<(), Error> {
    for plan in discover(clients, names).await?.ours {
        let answer = clients.api.delete_usage_plan_key().usage_plan_id(plan.id).key_id(key).send().await;
        match answer.map(drop).map_err(|error| Error::call("DeleteUsagePlanKey", &error)) {
            // It never was there.
            Err(error) if error.is_not_found() => {}
            answer => answer?,
        }
    }
    Ok(())
}

/// Deletes a plan. API Gateway refuses that while the plan opens a stage, so it is closed first.
pub(super) async fn delete(clients: &Clients, id: &str) -> Result<(), Error> {
    let answer = clients.api.get_usage_plan().usage_plan_id(id).send().await;
    let plan = answer.map_err(|error| Error::call("GetUsagePlan", &error))?;
    for stage in opened(plan.api_stages()) {
        patch(clients, id, Op::Remove, &stage).await?;
    }
    let answer = clients.api.delete_usage_plan().usage_plan_id(id).send().await;
    answer.map(drop).map_err(|error| Error::call("DeleteUsagePlan", &error))
}
