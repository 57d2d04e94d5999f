//! The operations on usage plans, which say which stages a key opens.

use super::{
    State,
    error::{absent, bad_request, conflict, not_found},
    key::ApiKey,
    model::Tags,
    paging::Paging,
    patch::Patch,
    tags,
    usage_plan::{PlanSettings, Quota, Throttle, UsagePlan},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, letter_id},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateUsagePlan {
    name: String,
    description: Option<String>,
    #[serde(default)]
    api_stages: Vec<ApiStage>,
    throttle: Option<Throttle>,
    quota: Option<Quota>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiStage {
    api_id: String,
    stage: String,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<CreateUsagePlan>()?;
    let CreateUsagePlan { name, description, api_stages, throttle, quota, tags } = input;
    tags::check(&tags)?;
    if name.is_empty() {
        return Err(bad_request("Usage Plan name must be specified"));
    }
    let api_stages = api_stages.into_iter().map(|stage| format!("{}:{}", stage.api_id, stage.stage)).collect();
    let settings = PlanSettings { name, description, api_stages, throttle, quota };
    let plan = UsagePlan { id: letter_id(6)?, settings, tags, keys: BTreeSet::new() };
    let shown = plan.show();
    scope
        .change(|state| {
            check_stages(&state.apigateway, &plan.settings)?;
            state.apigateway.plans.insert(plan.id.clone(), plan);
            Ok(())
        })
        .await?;
    Ok(Output::Members(shown))
}

/// A plan names stages that exist.
fn check_stages(state: &State, settings: &PlanSettings) -> Result<(), AwsError> {
    for text in &settings.api_stages {
        let (api, name) =
            text.split_once(':').ok_or_else(|| bad_request("Invalid API stage: `api:stage` is needed"))?;
        if state.api(api).and_then(|api| api.stage(name)).is_err() {
            return Err(not_found(format!("API Stage not found: {text}")));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetUsagePlans {
    key_id: Option<String>,
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (GetUsagePlans { key_id }, paging, scope) = operation.inputs::<GetUsagePlans, Paging>()?;
    let is_wanted = |plan: &&UsagePlan| key_id.as_ref().is_none_or(|key| plan.keys.contains(key));
    scope.read(|state| {
        let plans = state.apigateway.plans.values().filter(is_wanted);
        paging.page(plans.map(|plan| (plan.id.as_str(), plan)), UsagePlan::show)
    })
}

/// The plan that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlanPath {
    usage_plan_id: String,
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<PlanPath>()?;
    scope.read(|state| Ok(Output::Members(state.apigateway.plan(&at.usage_plan_id)?.show())))
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = operation.inputs::<PlanPath, Patch>()?;
    let shown = scope.change(|state| {
        let state = &mut state.apigateway;
        let settings = patch.apply(&state.plan(&at.usage_plan_id)?.settings)?;
        check_stages(state, &settings)?;
        let plan = state.plan_mut(&at.usage_plan_id)?;
        plan.settings = settings;
        Ok(plan.show())
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (PlanPath { usage_plan_id: id }, scope) = operation.input()?;
    let removed = scope.change(|state| {
        let removed = state.apigateway.plans.remove(&id);
        removed.map(drop).ok_or_else(|| absent("Usage Plan"))
    });
    removed.await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateUsagePlanKey {
    usage_plan_id: String,
    key_id: String,
    key_type: String,
}

pub(super) async fn create_key(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (CreateUsagePlanKey { usage_plan_id, key_id, key_type }, scope) = operation.input()?;
    if key_type != "API_KEY" {
        return Err(bad_request("Invalid key type: API_KEY is the only one"));
    }
    let shown = scope.change(|state| {
        let shown = show_key(state.apigateway.key(&key_id)?);
        if !state.apigateway.plan_mut(&usage_plan_id)?.keys.insert(key_id) {
            return Err(conflict("This key is in the usage plan already"));
        }
        Ok(shown)
    });
    Ok(Output::Members(shown.await?))
}

/// Shows a key as the plans do.
fn show_key(key: &ApiKey) -> Value {
    json!({ "id": key.id, "type": "API_KEY", "name": key.settings.name.as_deref().unwrap_or_default() })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetUsagePlanKeys {
    usage_plan_id: String,
    name_query: Option<String>,
}

pub(super) fn list_keys(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, paging, scope) = operation.inputs::<GetUsagePlanKeys, Paging>()?;
    scope.read(|state| {
        let ids = &state.apigateway.plan(&input.usage_plan_id)?.keys;
        let keys = ids.iter().filter_map(|id| state.apigateway.keys.get(id));
        let keys = keys.filter(|key| key.is_named(input.name_query.as_deref()));
        paging.page(keys.map(|key| (key.id.as_str(), key)), show_key)
    })
}

/// The key of a plan that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlanKeyPath {
    usage_plan_id: String,
    key_id: String,
}

pub(super) fn get_key(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (PlanKeyPath { usage_plan_id, key_id }, scope) = operation.input()?;
    scope.read(|state| {
        let id = state.apigateway.plan(&usage_plan_id)?.keys.get(&key_id);
        let key = id.and_then(|id| state.apigateway.keys.get(id));
        key.map(|key| Output::Members(show_key(key))).ok_or_else(|| absent("Usage Plan Key"))
    })
}

pub(super) async fn delete_key(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (PlanKeyPath { usage_plan_id, key_id }, scope) = operation.input()?;
    let removed = scope.change(|state| {
        let was_there = state.apigateway.plan_mut(&usage_plan_id)?.keys.remove(&key_id);
        was_there.then_some(()).ok_or_else(|| absent("Usage Plan Key"))
    });
    removed.await?;
    Ok(Output::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::wire::{Fault, members};

    fn read(input: &Value) -> Result<CreateUsagePlan, Fault> {
        members::read(input.as_object().unwrap())
    }

    #[test]
    fn limits_are_kept_as_they_are_put() {
        let throttle = json!({ "burstLimit": 20, "rateLimit": 10 });
        let quota = json!({ "limit": 5000, "period": "WEEK" });
        let plan = read(&json!({ "name": "p", "throttle": throttle, "quota": quota })).unwrap();
        assert_eq!((json!(plan.throttle), json!(plan.quota)), (throttle, quota));
    }

    #[test]
    fn limits_that_are_none_are_refused() {
        for (input, member) in [
            (json!({ "throttle": "text" }), "throttle"),
            (json!({ "throttle": { "burstLimit": 1.5 } }), "throttle.burstLimit"),
            (json!({ "throttle": { "rateLimit": "10" } }), "throttle.rateLimit"),
            (json!({ "quota": { "limit": -1 } }), "quota.limit"),
            (json!({ "quota": { "period": "YEAR" } }), "quota.period"),
        ] {
            let mut input = input;
            input["name"] = "p".into();
            assert!(
                matches!(read(&input), Err(Fault::WrongType(found, _) | Fault::Invalid(found, _)) if found == member),
                "{member}"
            );
        }
    }

    #[test]
    fn what_a_plan_cannot_limit_here_is_refused_by_name() {
        let stage = json!({ "apiId": "a", "stage": "dev", "throttle": { "/GET": { "burstLimit": 1 } } });
        let fault = read(&json!({ "name": "p", "apiStages": [stage] })).map(drop).unwrap_err();
        assert_eq!(fault, Fault::Unknown("apiStages[0].throttle".to_owned()));
    }
}
