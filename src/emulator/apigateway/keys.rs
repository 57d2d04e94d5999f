//! API keys, and the usage plans that say which stages a key opens.
//!
//! Of a key's value only the digest is kept, so `includeValue` shows none: unlike at AWS, the answer to `CreateApiKey` is
//! the only one that has it.

use super::{
    HttpMethod, Patch, Request, State,
    error::{absent, bad_request, conflict, not_found},
    model::{ApiKey, KeySettings, PlanSettings, Tags, UsagePlan},
    random_id, unknown,
};
use crate::{
    api_key::Digest,
    emulator::wire::AwsError,
    http1::Response,
    names::{ApiId, StageName},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateKey {
    value: Option<String>,
    #[serde(default)]
    tags: Tags,
    #[serde(flatten)]
    settings: KeySettings,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreatePlan {
    name: String,
    description: Option<String>,
    #[serde(default)]
    api_stages: Vec<ApiStage>,
    throttle: Option<Value>,
    quota: Option<Value>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiStage {
    api_id: String,
    stage: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreatePlanKey {
    key_id: String,
    key_type: String,
}

impl State {
    /// Finds the key that a caller sent, if it opens this stage now. Every key is compared, in constant time each.
    pub(super) fn key_for(&self, value: &str, api: &ApiId, stage: &StageName) -> Option<&ApiKey> {
        let sent = Digest::of(value);
        let mut found = None;
        for key in self.keys.values() {
            if key.digest.is(&sent) {
                found = Some(key);
            }
        }
        let key = found.filter(|key| key.settings.enabled)?;
        let stage = format!("{api}:{stage}");
        let opens = |plan: &UsagePlan| plan.keys.contains(&key.id) && plan.settings.api_stages.contains(&stage);
        self.plans.values().any(opens).then_some(key)
    }
}

pub(super) async fn route(
    request: &Request<'_>,
    method: &HttpMethod,
    part: &str,
    rest: &[&str],
) -> Result<Response, AwsError> {
    match (part, method, rest) {
        ("apikeys", &HttpMethod::POST, []) if request.query("mode").is_none() => create_key(request).await,
        ("apikeys", &HttpMethod::GET, []) => list_keys(request),
        ("apikeys", &HttpMethod::GET, [id]) => {
            let shown = request.read(|state| state.keys.get(*id).map(ApiKey::show).ok_or_else(|| absent("API Key")))?;
            Ok(request.ok(&shown))
        }
        ("apikeys", &HttpMethod::PATCH, [id]) => update_key(request, id).await,
        ("apikeys", &HttpMethod::DELETE, [id]) => {
            request
                .change(|state| {
                    state.keys.remove(*id).ok_or_else(|| absent("API Key"))?;
                    let opened = |plan: &UsagePlan| plan.keys.contains(*id);
                    state.plans.change_where(opened, |plan| plan.keys.retain(|key| key != id));
                    Ok(())
                })
                .await?;
            Ok(request.empty(StatusCode::ACCEPTED))
        }
        ("usageplans", &HttpMethod::POST, []) => create_plan(request).await,
        ("usageplans", &HttpMethod::GET, []) => list_plans(request),
        ("usageplans", &HttpMethod::GET, [id]) => {
            let shown = request.read(|state| Ok::<_, AwsError>(plan(state, id)?.show()))?;
            Ok(request.ok(&shown))
        }
        ("usageplans", &HttpMethod::PATCH, [id]) => update_plan(request, id).await,
        ("usageplans", &HttpMethod::DELETE, [id]) => {
            request.change(|state| state.plans.remove(*id).map(drop).ok_or_else(|| absent("Usage Plan"))).await?;
            Ok(request.empty(StatusCode::ACCEPTED))
        }
        ("usageplans", _, [id, "keys", rest @ ..]) => plan_keys(request, method, id, rest).await,
        _ => Err(unknown(request)),
    }
}

fn plan<'a>(state: &'a State, id: &str) -> Result<&'a UsagePlan, AwsError> {
    state.plans.get(id).ok_or_else(|| absent("Usage Plan"))
}

fn plan_mut<'a>(state: &'a mut State, id: &str) -> Result<&'a mut UsagePlan, AwsError> {
    state.plans.get_mut(id).ok_or_else(|| absent("Usage Plan"))
}

async fn create_key(request: &Request<'_>) -> Result<Response, AwsError> {
    let CreateKey { value, tags, settings } = request.input()?;
    super::tags::check(&tags)?;
    let value = match value.filter(|value| !value.is_empty()) {
        Some(value) if (20..=128).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic()) => value,
        Some(_) => return Err(bad_request("API Key value should be at least 20 characters")),
        None => random_id(40)?,
    };
    let now = request.now();
    let key = ApiKey { id: random_id(10)?, digest: Digest::of(&value), created: now, updated: now, settings, tags };
    let mut shown = key.show();
    shown["value"] = value.into();
    request
        .change(|state| {
            if state.keys.values().any(|other| other.digest.is(&key.digest)) {
                return Err(conflict("API Key already exists"));
            }
            state.keys.insert(key.id.clone(), key);
            Ok(())
        })
        .await?;
    Ok(request.created(&shown))
}

fn list_keys(request: &Request<'_>) -> Result<Response, AwsError> {
    let (name, customer) = (request.query("name"), request.query("customerId"));
    let shown = request.read(|state| {
        let wanted = |key: &&ApiKey| {
            let starts = |text: &Option<String>, prefix: &Option<String>| {
                prefix.as_deref().is_none_or(|prefix| text.as_deref().unwrap_or_default().starts_with(prefix))
            };
            starts(&key.settings.name, &name)
                && customer.as_ref().is_none_or(|id| key.settings.customer_id.as_ref() == Some(id))
        };
        let keys = state.keys.values().filter(wanted).map(|key| (key.id.as_str(), key));
        request.page(keys, ApiKey::show)
    })?;
    Ok(request.ok(&shown))
}

async fn update_key(request: &Request<'_>, id: &str) -> Result<Response, AwsError> {
    let patch: Patch = request.input()?;
    let now = request.now();
    let shown = request
        .change(|state| {
            let key = state.keys.get_mut(id).ok_or_else(|| absent("API Key"))?;
            (key.settings, key.updated) = (patch.apply(&key.settings)?, now);
            Ok(key.show())
        })
        .await?;
    Ok(request.ok(&shown))
}

async fn create_plan(request: &Request<'_>) -> Result<Response, AwsError> {
    let CreatePlan { name, description, api_stages, throttle, quota, tags } = request.input()?;
    super::tags::check(&tags)?;
    if name.is_empty() {
        return Err(bad_request("Usage Plan name must be specified"));
    }
    let api_stages = api_stages.into_iter().map(|stage| format!("{}:{}", stage.api_id, stage.stage)).collect();
    let settings = PlanSettings { name, description, api_stages, throttle, quota };
    let plan = UsagePlan { id: random_id(6)?, settings, tags, keys: BTreeSet::new() };
    let shown = plan.show();
    request
        .change(|state| {
            check_stages(state, &plan.settings)?;
            state.plans.insert(plan.id.clone(), plan);
            Ok(())
        })
        .await?;
    Ok(request.created(&shown))
}

/// A plan names stages that exist.
fn check_stages(state: &State, settings: &PlanSettings) -> Result<(), AwsError> {
    for text in &settings.api_stages {
        let (api, wanted) =
            text.split_once(':').ok_or_else(|| bad_request("Invalid API stage: `api:stage` is needed"))?;
        let known = state.api(api).is_ok_and(|api| api.stages.keys().any(|name| name.as_str() == wanted));
        if !known {
            return Err(not_found(format!("API Stage not found: {text}")));
        }
    }
    Ok(())
}

fn list_plans(request: &Request<'_>) -> Result<Response, AwsError> {
    let key = request.query("keyId");
    let shown = request.read(|state| {
        let wanted = |plan: &&UsagePlan| key.as_ref().is_none_or(|key| plan.keys.contains(key));
        let plans = state.plans.values().filter(wanted).map(|plan| (plan.id.as_str(), plan));
        request.page(plans, UsagePlan::show)
    })?;
    Ok(request.ok(&shown))
}

async fn update_plan(request: &Request<'_>, id: &str) -> Result<Response, AwsError> {
    let patch: Patch = request.input()?;
    let shown = request
        .change(|state| {
            let settings = patch.apply(&plan(state, id)?.settings)?;
            check_stages(state, &settings)?;
            let plan = plan_mut(state, id)?;
            plan.settings = settings;
            Ok(plan.show())
        })
        .await?;
    Ok(request.ok(&shown))
}

async fn plan_keys(request: &Request<'_>, method: &HttpMethod, id: &str, rest: &[&str]) -> Result<Response, AwsError> {
    let show = |key: &ApiKey| json!({ "id": key.id, "type": "API_KEY", "name": key.settings.name.as_deref().unwrap_or_default() });
    match (method, rest) {
        (&HttpMethod::POST, []) => {
            let CreatePlanKey { key_id, key_type } = request.input()?;
            if key_type != "API_KEY" {
                return Err(bad_request("Invalid key type: API_KEY is the only one"));
            }
            let shown = request
                .change(|state| {
                    let shown = show(state.keys.get(&key_id).ok_or_else(|| absent("API Key"))?);
                    if !plan_mut(state, id)?.keys.insert(key_id) {
                        return Err(conflict("This key is in the usage plan already"));
                    }
                    Ok(shown)
                })
                .await?;
            Ok(request.created(&shown))
        }
        (&HttpMethod::GET, []) => {
            let shown = request.read(|state| {
                let keys = plan(state, id)?.keys.iter().filter_map(|key| state.keys.get(key));
                request.page(keys.map(|key| (key.id.as_str(), key)), show)
            })?;
            Ok(request.ok(&shown))
        }
        (&HttpMethod::GET, [key]) => {
            let shown = request.read(|state| {
                let key = plan(state, id)?.keys.get(*key).and_then(|key| state.keys.get(key));
                key.map(show).ok_or_else(|| absent("Usage Plan Key"))
            })?;
            Ok(request.ok(&shown))
        }
        (&HttpMethod::DELETE, [key]) => {
            request
                .change(
                    |state| {
                        if plan_mut(state, id)?.keys.remove(*key) { Ok(()) } else { Err(absent("Usage Plan Key")) }
                    },
                )
                .await?;
            Ok(request.empty(StatusCode::ACCEPTED))
        }
        _ => Err(unknown(request)),
    }
}
