//! The operations on usage plans, which say which stages a key opens.

use super::{
    State,
    error::{absent, bad_request, conflict, not_found},
    key::ApiKey,
    model::{Tags, with_tags},
    paging::Paging,
    patch::{self, Patch, PatchOperation, unescaped},
    tags, usage,
    usage_plan::{PathThrottles, Period, PlanSettings, Quota, Throttle, UsagePlan},
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
    #[serde(default)]
    throttle: PathThrottles,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<CreateUsagePlan>()?;
    let CreateUsagePlan { name, description, api_stages, throttle, quota, tags } = input;
    tags::check(&tags)?;
    if name.is_empty() {
        return Err(bad_request("Usage Plan name must be specified"));
    }
    let named = |stage: &ApiStage| format!("{}:{}", stage.api_id, stage.stage);
    let path_throttles = api_stages.iter().filter(|stage| !stage.throttle.is_empty());
    let path_throttles = path_throttles.map(|stage| (named(stage), stage.throttle.clone())).collect();
    let api_stages = api_stages.iter().map(named).collect();
    let settings = PlanSettings { name, description, api_stages, path_throttles, throttle, quota };
    check_limits(&settings)?;
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
        if state.find(api).is_none_or(|api| api.stage(name).is_err()) {
            return Err(not_found(format!("API Stage not found: {text}")));
        }
    }
    Ok(())
}

/// A plan limits by what API Gateway can count.
fn check_limits(settings: &PlanSettings) -> Result<(), AwsError> {
    let throttles = settings.throttle.iter().chain(settings.path_throttles.values().flat_map(PathThrottles::values));
    for throttle in throttles {
        let rate = throttle.rate_limit.as_ref().and_then(serde_json::Number::as_f64);
        if rate.is_some_and(|rate| rate < 0.0) {
            return Err(bad_request("Usage Plan throttle rate limit must not be negative"));
        }
        if rate.is_some_and(|rate| throttle.burst_limit.is_some_and(|burst| rate > 0.0 && burst == 0)) {
            return Err(bad_request("Usage Plan throttle burst limit must be at least 1"));
        }
    }
    for stage in settings.path_throttles.keys() {
        if !settings.api_stages.contains(stage) {
            return Err(not_found(format!("API Stage not found: {stage}")));
        }
    }
    if let Some(quota) = &settings.quota {
        let limit = quota.limit.ok_or_else(|| bad_request("Usage Plan quota limit must be specified"))?;
        let period = quota.period.ok_or_else(|| bad_request("Usage Plan quota period must be specified"))?;
        let days = match period {
            Period::Day => 1,
            Period::Week => 7,
            Period::Month => 28,
        };
        if quota.offset.unwrap_or_default() >= days {
            return Err(bad_request("Usage Plan quota offset must be less than the days of its period"));
        }
        if limit == 0 {
            return Err(bad_request("Usage Plan quota limit must be greater than 0"));
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
    scope.read(|state| Ok(Output::Members(with_tags(state.apigateway.plan(&at.usage_plan_id)?.show()))))
}

/// The stage that a plan is to have, or to have no more, is named as `api:stage`, and is there.
fn check_stage(state: &State, plan: &str, operation: &PatchOperation) -> Result<(), AwsError> {
    let text = operation.value().unwrap_or_default();
    let (api, stage) = text.split_once(':').ok_or_else(|| bad_request("Invalid API Stage specified"))?;
    let is_there = if operation.op() == "remove" {
        state.plan(plan)?.settings.api_stages.iter().any(|known| known == text)
    } else {
        state.find(api).is_some_and(|api| api.stage(stage).is_ok())
    };
    if is_there {
        return Ok(());
    }
    Err(not_found(format!("Invalid API Stage {{api: {api}, stage: {stage}}} specified for usageplan {plan}")))
}

/// Applies a patch of the throttles of methods
/// (`/apiStages/{api:stage}/throttle/{resource path}/{method}/rateLimit`); tells whether it is one.
fn throttle_path(settings: &mut PlanSettings, operation: &PatchOperation) -> Result<bool, AwsError> {
    let Some((stage, rest)) = operation.path().strip_prefix("/apiStages/").and_then(|rest| rest.split_once('/')) else {
        return Ok(false);
    };
    let invalid =
        || bad_request(format!("Invalid patch path  '{}' specified for op '{}'.", operation.path(), operation.op()));
    let rest = rest.strip_prefix("throttle").ok_or_else(invalid)?;
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    if !settings.api_stages.iter().any(|known| known == stage) {
        return Err(not_found(format!("API Stage not found: {stage}")));
    }
    let throttles = settings.path_throttles.entry(stage.to_owned()).or_default();
    let limit = ["rateLimit", "burstLimit"].into_iter().find(|name| rest.ends_with(&format!("/{name}")));
    let route = limit.map_or(rest, |limit| &rest[..rest.len() - limit.len() - 1]);
    // Terraform writes `/items/GET`, others `~1items/GET`; that of the root is `//GET`.
    let route = unescaped(route);
    let route = if route.starts_with('/') { route } else { format!("/{route}") };
    match (operation.op(), limit) {
        ("remove", None) if rest.is_empty() => throttles.clear(),
        ("remove", None) => drop(throttles.remove(&route)),
        ("add" | "replace", None) if rest.is_empty() => {
            *throttles = serde_json::from_str(operation.text()?).map_err(|_| invalid())?;
        }
        ("add" | "replace" | "remove", Some(limit)) => {
            let value = if operation.op() == "remove" { None } else { Some(operation.text()?) };
            let mut throttle =
                throttles.get(&route).cloned().unwrap_or(Throttle { burst_limit: None, rate_limit: None });
            if limit == "rateLimit" {
                throttle.rate_limit = value.map(|text| text.parse().map_err(|_| invalid())).transpose()?;
            } else {
                throttle.burst_limit = value.map(|text| text.parse().map_err(|_| invalid())).transpose()?;
            }
            throttles.insert(route, throttle);
        }
        _ => return Err(invalid()),
    }
    settings.path_throttles.retain(|_, throttles| !throttles.is_empty());
    Ok(true)
}

/// Applies a patch in its order: a stage must be there before its throttles, and takes them along when it goes.
fn patched(patch: &Patch, settings: PlanSettings) -> Result<PlanSettings, AwsError> {
    let mut settings = patch.apply_but(settings, |settings, operation| {
        drop_orphans(settings);
        throttle_path(settings, operation)
    })?;
    drop_orphans(&mut settings);
    Ok(settings)
}

/// Drops the throttles of stages that the plan has no more.
fn drop_orphans(settings: &mut PlanSettings) {
    let PlanSettings { api_stages, path_throttles, .. } = settings;
    path_throttles.retain(|stage, _| api_stages.contains(stage));
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = patch::inputs::<PlanPath>(operation)?;
    let shown = scope.change(|state| {
        let state = &mut state.apigateway;
        patch.only(&["name", "description", "apiStages", "throttle", "quota"])?;
        let settings = state.plan(&at.usage_plan_id)?.settings.clone();
        for operation in patch.operations().filter(|operation| operation.path() == "/apiStages") {
            check_stage(state, &at.usage_plan_id, operation)?;
        }
        let settings = patched(&patch, settings)?;
        check_limits(&settings)?;
        let plan = state.plan_mut(&at.usage_plan_id)?;
        plan.settings = settings;
        Ok(with_tags(plan.show()))
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (PlanPath { usage_plan_id: id }, scope) = operation.input()?;
    let removed = scope.change(|state| {
        let state = &mut state.apigateway;
        let plan = state.plan(&id)?.clone();
        if let Some(stage) = plan.settings.api_stages.first() {
            return Err(bad_request(format!(
                "Cannot delete Usage Plan {id} because it is still associated with API Stages ({stage})"
            )));
        }
        for key in &plan.keys {
            state.usage.remove(&usage::name(&id, key));
        }
        state.plans.remove(&id);
        Ok(())
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
        check_one_plan(&state.apigateway, &usage_plan_id, &key_id)?;
        if !state.apigateway.plan_mut(&usage_plan_id)?.keys.insert(key_id) {
            return Err(conflict("This key is in the usage plan already"));
        }
        Ok(shown)
    });
    Ok(Output::Members(shown.await?))
}

/// A key is in one plan at most for each stage.
fn check_one_plan(state: &State, plan: &str, key: &str) -> Result<(), AwsError> {
    let stages = &state.plan(plan)?.settings.api_stages;
    let others = state.plans.values().filter(|other| other.id != plan && other.keys.contains(key));
    let mut shared = others.flat_map(|other| &other.settings.api_stages).filter(|stage| stages.contains(stage));
    match shared.next() {
        Some(stage) => Err(conflict(format!(
            "API Key {key} cannot be added to multiple usage plans with common API stages ({stage})"
        ))),
        None => Ok(()),
    }
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
        let state = &mut state.apigateway;
        let was_there = state.plan_mut(&usage_plan_id)?.keys.remove(&key_id);
        state.usage.remove(&usage::name(&usage_plan_id, &key_id));
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
    fn a_patch_of_stages_and_their_throttles_is_applied_in_its_order() {
        let rate = "/apiStages/a:prod/throttle//items/GET/rateLimit";
        let patched = |operations: &[(&str, &str, &str)]| {
            let operation = |(op, path, value): &(&str, &str, &str)| json!({ "op": op, "path": path, "value": value });
            let operations: Vec<Value> = operations.iter().map(operation).collect();
            let patch: Patch = serde_json::from_value(json!({ "patchOperations": operations })).unwrap();
            let settings: PlanSettings = serde_json::from_value(json!({ "name": "p" })).unwrap();
            super::patched(&patch, settings).map(|settings| json!(settings.path_throttles))
        };
        let (add, remove) = (("add", "/apiStages", "a:prod"), ("remove", "/apiStages", "a:prod"));
        let throttle = ("replace", rate, "5");
        assert_eq!(patched(&[add, throttle]).unwrap(), json!({ "a:prod": { "/items/GET": { "rateLimit": 5 } } }));
        for (written, route) in [("//GET", "//GET"), ("~1/GET", "//GET"), ("~1items~1{id}/GET", "/items/{id}/GET")] {
            let path = format!("/apiStages/a:prod/throttle/{written}/burstLimit");
            let patched = patched(&[add, ("add", &path, "2")]).unwrap();
            assert_eq!(patched, json!({ "a:prod": { route: { "burstLimit": 2 } } }), "{written}");
        }
        assert_eq!(patched(&[add, throttle, remove, add]).unwrap(), json!({}));
        assert_eq!(patched(&[add, throttle, remove]).unwrap(), json!({}));
        assert_eq!(patched(&[throttle, add]).unwrap_err().code, "NotFoundException");
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
    fn a_throttle_of_a_method_is_patched_by_its_path() {
        let mut settings = PlanSettings {
            name: "p".to_owned(),
            description: None,
            api_stages: vec!["a:dev".to_owned()],
            path_throttles: std::collections::BTreeMap::new(),
            throttle: None,
            quota: None,
        };
        let mut patch = |op: &str, path: &str, value: &str| {
            let operation = serde_json::from_value(json!({ "op": op, "path": path, "value": value })).unwrap();
            throttle_path(&mut settings, &operation).map(|is_one| (is_one, json!(settings.path_throttles)))
        };
        let (_, shown) = patch("replace", "/apiStages/a:dev/throttle/~1pets~1{id}/GET/rateLimit", "1.5").unwrap();
        assert_eq!(shown, json!({ "a:dev": { "/pets/{id}/GET": { "rateLimit": 1.5 } } }));
        let (_, shown) = patch("replace", "/apiStages/a:dev/throttle//pets/{id}/GET/burstLimit", "2").unwrap();
        assert_eq!(shown["a:dev"]["/pets/{id}/GET"], json!({ "rateLimit": 1.5, "burstLimit": 2 }));
        assert!(patch("replace", "/apiStages/a:dev/throttle/~1x/GET/rateLimit", "fast").is_err());
        assert!(patch("replace", "/apiStages/b:dev/throttle/~1x/GET/rateLimit", "1").is_err());
        assert!(patch("replace", "/apiStages/a:dev/colour", "red").is_err());
        assert!(!patch("add", "/apiStages", "a:dev").unwrap().0);
        let (_, shown) = patch("remove", "/apiStages/a:dev/throttle/~1pets~1{id}/GET", "").unwrap();
        assert_eq!(shown, json!({}));
    }
}
