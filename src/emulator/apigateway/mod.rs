//! API Gateway's REST APIs: what clients put together ([`serve`]), and what callers of a deployed API get ([`api`]).
//!
//! What is put is not served before it is deployed: a deployment is a copy, and a stage serves one. Integrations are
//! `AWS_PROXY` and MOCK; authorizers, models, validators, caches and custom domains are refused, not ignored.

mod answer;
mod deployments;
mod error;
mod event;
mod gateway;
mod keys;
mod matching;
mod mock;
mod model;
mod openapi;
mod patch;
mod resources;
mod rest_apis;
mod tags;

pub use gateway::{api, is_deployed, knows_key};
pub use model::{ApiKey, RestApi, UsagePlan};

use super::{
    Call, Context,
    store::{AnyTable, Table, Tables},
    wire::{self, AwsError, Protocol},
};
use crate::{http1::Response, names::ApiId};
use error::{bad_request, not_found};
use http::{HeaderValue, Method as HttpMethod, StatusCode};
use patch::Patch;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{borrow::Cow, sync::Arc};
use time::OffsetDateTime;

/// What survives a restart.
#[derive(Clone, Default)]
pub struct State {
    apis: Table<ApiId, RestApi>,
    keys: Table<String, ApiKey>,
    plans: Table<String, UsagePlan>,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![
            ("apigateway/apis", &mut self.apis),
            ("apigateway/keys", &mut self.keys),
            ("apigateway/plans", &mut self.plans),
        ]
    }
}

impl State {
    fn api(&self, id: &str) -> Result<&RestApi, AwsError> {
        let known = id.parse().ok().and_then(|id: ApiId| self.apis.get(&id));
        known.ok_or_else(|| not_found(format!("Invalid API identifier specified {id}")))
    }

    fn api_mut(&mut self, id: &str) -> Result<&mut RestApi, AwsError> {
        let known = id.parse().ok().and_then(|id: ApiId| self.apis.get_mut(&id));
        known.ok_or_else(|| not_found(format!("Invalid API identifier specified {id}")))
    }
}

/// Answers one call.
pub async fn serve(context: &Arc<Context>, call: Call) -> Response {
    let request = Request { context, call: &call };
    route(&request).await.unwrap_or_else(|error| error.response(Protocol::ApiGateway, &call.request_id))
}

/// One call and what it works on.
struct Request<'a> {
    context: &'a Arc<Context>,
    call: &'a Call,
}

impl Request<'_> {
    fn input<T: DeserializeOwned>(&self) -> Result<T, AwsError> {
        let body: &[u8] = if self.call.request.body().is_empty() { b"{}" } else { self.call.request.body() };
        serde_json::from_slice(body).map_err(|error| bad_request(format!("Invalid request input: {error}")))
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        self.context.store.read(&self.call.region, |state| read(&state.apigateway))
    }

    async fn change<T>(&self, edit: impl FnOnce(&mut State) -> Result<T, AwsError>) -> Result<T, AwsError> {
        self.context.store.change(&self.call.region, |state| edit(&mut state.apigateway)).await
    }

    fn now(&self) -> OffsetDateTime {
        self.context.config.clock.now()
    }

    fn queries(&self, name: &str) -> impl Iterator<Item = String> {
        let query = self.call.request.uri().query().unwrap_or_default().as_bytes();
        form_urlencoded::parse(query).filter(move |(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    fn query(&self, name: &str) -> Option<String> {
        self.queries(name).next()
    }

    fn json(&self, status: StatusCode, value: &Value) -> Response {
        wire::json_response(status, Protocol::ApiGateway, value, &self.call.request_id)
    }

    fn ok(&self, value: &Value) -> Response {
        self.json(StatusCode::OK, value)
    }

    fn created(&self, value: &Value) -> Response {
        self.json(StatusCode::CREATED, value)
    }

    fn empty(&self, status: StatusCode) -> Response {
        let mut response = Response::default();
        *response.status_mut() = status;
        if let Ok(id) = HeaderValue::from_str(&self.call.request_id) {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        response
    }

    /// Shows one page of a list. `position` is the id of the last thing on the page before.
    fn page<'b, T: 'b>(
        &self,
        things: impl Iterator<Item = (&'b str, &'b T)>,
        show: impl Fn(&T) -> Value,
    ) -> Result<Value, AwsError> {
        let most = match self.query("limit") {
            None => 25,
            Some(text) => text
                .parse()
                .ok()
                .filter(|most| (1..=500).contains(most))
                .ok_or_else(|| bad_request("Invalid limit: it must be between 1 and 500"))?,
        };
        let position = self.query("position");
        let mut rest =
            things.skip_while(|(id, _)| position.as_deref().is_some_and(|position| *id <= position)).peekable();
        let page: Vec<_> = rest.by_ref().take(most).collect();
        let mut shown = json!({ "item": page.iter().map(|(_, thing)| show(thing)).collect::<Vec<_>>() });
        if let (Some(_), Some((last, _))) = (rest.peek(), page.last()) {
            shown["position"] = (*last).into();
        }
        Ok(shown)
    }
}

/// Draws an id as API Gateway does: lower-case letters and digits.
fn random_id(length: usize) -> Result<String, AwsError> {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut raw = vec![0; length];
    getrandom::fill(&mut raw).map_err(|error| AwsError::internal(format!("There is no randomness: {error}.")))?;
    // The slight preference for some digits harms nobody: an id is not a secret.
    Ok(raw.iter().map(|byte| char::from(DIGITS[usize::from(byte % 36)])).collect())
}

/// Chooses the operation by what the path names.
async fn route(request: &Request<'_>) -> Result<Response, AwsError> {
    let path = request.call.request.uri().path();
    let parts: Vec<Cow<'_, str>> =
        path.split('/').skip(1).map(|part| percent_decode_str(part).decode_utf8_lossy()).collect();
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    let method = request.call.request.method();
    match parts.as_slice() {
        ["restapis", api, "resources", rest @ ..] => resources::route(request, method, api, rest).await,
        ["restapis", api, part @ ("deployments" | "stages"), rest @ ..] => {
            deployments::route(request, method, api, part, rest).await
        }
        ["restapis", rest @ ..] => rest_apis::route(request, method, rest).await,
        [part @ ("apikeys" | "usageplans"), rest @ ..] => keys::route(request, method, part, rest).await,
        ["tags", arn] => tags::route(request, method, arn).await,
        // A client that does not escape the slashes of the ARN.
        ["tags", rest @ ..] => tags::route(request, method, &rest.join("/")).await,
        _ => Err(unknown(request)),
    }
}

fn unknown(request: &Request<'_>) -> AwsError {
    let request = &request.call.request;
    let (method, uri) = (request.method(), request.uri());
    match wire::operation(include_str!("operations.txt"), method, uri, 0) {
        Some(name) => AwsError::not_implemented("apigateway", name),
        None => AwsError::not_implemented("apigateway", &format!("{method} {}", uri.path())),
    }
}
