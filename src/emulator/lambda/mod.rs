//! Lambda: functions, their code and who may invoke them, over Lambda's REST API.
//!
//! What a function is and how it changes is here; the processes that run it are `runtime`'s. There are no published
//! versions, aliases, layers or images: a call that needs one is refused, not ignored.

pub mod archive;
mod error;
mod function;
mod functions;
mod input;
mod invoke;
mod name;
mod policy;
mod tags;

pub use function::Function;
pub use name::FunctionName;
pub use policy::Statement;

use super::{
    Call, Context,
    runtime::{Functions, Spec},
    state::Store,
    store::{AnyTable, Region, Table, Tables},
    wire::{self, AwsError, Protocol},
};
use crate::http1::Response;
use error::{conflict, wrong_revision};
use functions::{find, find_mut};
use http::{HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;
use policy::AddPermission;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{borrow::Cow, sync::Arc};
use time::OffsetDateTime;

/// What survives a restart.
#[derive(Clone, Default)]
pub struct State {
    functions: Table<FunctionName, Function>,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![("lambda/functions", &mut self.functions)]
    }
}

impl State {
    /// Tells whether this very function is there, not a later one of its name.
    pub(super) fn has(&self, arn: &str, identity: &str) -> bool {
        let named = FunctionName::from_reference(arn).ok().and_then(|name| self.functions.get(&name));
        named.is_some_and(|function| function.arn == arn && function.identity == identity)
    }
}

/// Answers one call.
pub async fn serve(context: &Arc<Context>, functions: &Functions, call: Call) -> Response {
    let request = Request { context, functions, call: &call };
    route(&request).await.unwrap_or_else(|error| error.response(Protocol::Lambda, &call.request_id))
}

/// Why a service may not invoke a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// There is no such function.
    Absent,
    /// It is still being created.
    Pending,
    /// Its resource policy does not allow it.
    Forbidden,
}

/// Says what a function's processes are started from, for a service that invokes it on behalf of `source_arn`.
///
/// # Errors
/// When there is no such function, or its resource policy does not allow this.
pub fn invocable(context: &Context, function_arn: &str, service: &str, source_arn: &str) -> Result<Spec, Denied> {
    let region: Region = function_arn.split(':').nth(3).and_then(|text| text.parse().ok()).ok_or(Denied::Absent)?;
    let name = FunctionName::from_reference(function_arn).map_err(|_| Denied::Absent)?;
    context.store.read(&region, |state| {
        let function = state.lambda.functions.get(&name).filter(|f| function_arn.starts_with(&f.arn));
        let function = function.ok_or(Denied::Absent)?;
        if !function.allows(service, source_arn) {
            return Err(Denied::Forbidden);
        }
        if function.is_pending(context.config.clock.now()) {
            return Err(Denied::Pending);
        }
        Ok(function.spec(&region))
    })
}

/// Tells whether a function of any region has this code.
pub(super) fn uses_code(store: &Store, blob: &str) -> bool {
    let uses = |state: &State| state.functions.values().any(|function| function.code.blob == blob);
    store.regions().iter().any(|region| store.read(region, |state| uses(&state.lambda)))
}

/// One call and what it works on.
struct Request<'a> {
    context: &'a Arc<Context>,
    functions: &'a Functions,
    call: &'a Call,
}

impl Request<'_> {
    fn input<T: DeserializeOwned>(&self) -> Result<T, AwsError> {
        let body: &[u8] = if self.call.request.body().is_empty() { b"{}" } else { self.call.request.body() };
        serde_json::from_slice(body).map_err(|error| {
            AwsError::sender(
                "InvalidRequestContentException",
                format!("Could not parse request body into json: {error}"),
            )
        })
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        self.context.store.read(&self.call.region, |state| read(&state.lambda))
    }

    async fn change<T>(&self, edit: impl FnOnce(&mut State) -> Result<T, AwsError>) -> Result<T, AwsError> {
        self.context.store.change(&self.call.region, |state| edit(&mut state.lambda)).await
    }

    fn now(&self) -> OffsetDateTime {
        self.context.config.clock.now()
    }

    fn endpoint(&self) -> &str {
        &self.context.config.endpoint
    }

    fn arn(&self, name: &FunctionName) -> String {
        name.arn(self.call.region.as_str(), &self.context.config.account)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.call.request.headers().get(name)?.to_str().ok()
    }

    fn query(&self, name: &str) -> Option<String> {
        self.queries(name).next()
    }

    fn queries(&self, name: &str) -> impl Iterator<Item = String> {
        let query = self.call.request.uri().query().unwrap_or_default().as_bytes();
        form_urlencoded::parse(query).filter(move |(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    fn json(&self, status: StatusCode, value: &Value) -> Response {
        wire::json_response(status, Protocol::Lambda, value, &self.call.request_id)
    }

    fn empty(&self, status: StatusCode) -> Response {
        let mut response = Response::default();
        *response.status_mut() = status;
        if let Ok(id) = HeaderValue::from_str(&self.call.request_id) {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        response
    }
}

/// Chooses the operation by method and path: the API's version, then what the path names.
async fn route(request: &Request<'_>) -> Result<Response, AwsError> {
    let (method, path) = (request.call.request.method(), request.call.request.uri().path());
    let parts: Vec<Cow<'_, str>> =
        path.split('/').skip(1).map(|part| percent_decode_str(part).decode_utf8_lossy()).collect();
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    let (get, put) = (method == Method::GET, method == Method::PUT);
    let (post, delete) = (method == Method::POST, method == Method::DELETE);
    match parts.as_slice() {
        ["2015-03-31", "functions" | "functions/"] | ["2015-03-31", "functions", ""] if post => {
            functions::create(request).await
        }
        ["2015-03-31", "functions"] | ["2015-03-31", "functions", ""] if get => functions::list(request),
        ["2017-03-31", "tags", arn] => tags::route(request, method, &FunctionName::from_reference(arn)?).await,
        [version, "functions", reference, rest @ ..] => {
            let name = FunctionName::from_reference(reference)?;
            match (*version, rest) {
                ("2015-03-31", []) if get => functions::get(request, &name),
                ("2015-03-31", []) if delete => functions::delete(request, &name).await,
                ("2015-03-31", ["configuration"]) if get => functions::configuration(request, &name),
                ("2015-03-31", ["configuration"]) if put => functions::update_configuration(request, &name).await,
                ("2015-03-31", ["code"]) if put => functions::update_code(request, &name).await,
                ("2015-03-31", ["invocations"]) if post => invoke::invoke(request, &name).await,
                ("2015-03-31", ["policy"]) if get => get_policy(request, &name),
                ("2015-03-31", ["policy"]) if post => add_permission(request, &name).await,
                ("2015-03-31", ["policy", id]) if delete => remove_permission(request, &name, id).await,
                (_, [aspect]) if get => unused_aspect(request, &name, aspect),
                _ => Err(unknown(request)),
            }
        }
        _ => Err(unknown(request)),
    }
}

fn unknown(request: &Request<'_>) -> AwsError {
    let request = &request.call.request;
    let (method, uri) = (request.method(), request.uri());
    match wire::operation(include_str!("operations.txt"), method, uri, 1) {
        Some(name) => AwsError::not_implemented("lambda", name),
        None => AwsError::not_implemented("lambda", &format!("{method} {}", uri.path())),
    }
}

/// Shows what the emulator's functions never have, as a function shows it that does not have it: Terraform reads these.
fn unused_aspect(request: &Request<'_>, name: &FunctionName, aspect: &str) -> Result<Response, AwsError> {
    let shown = request.read(|state| {
        let function = find(state, request, name)?;
        Ok(match aspect {
            "versions" => json!({ "Versions": [function.configuration(request.now())] }),
            "aliases" => json!({ "Aliases": [] }),
            "concurrency" => json!({}),
            "code-signing-config" => json!({ "CodeSigningConfigArn": "", "FunctionName": name }),
            "runtime-management-config" => json!({ "UpdateRuntimeOn": "Auto", "FunctionArn": function.arn }),
            "recursion-config" => json!({ "RecursiveLoop": "Terminate" }),
            _ => return Err(unknown(request)),
        })
    })?;
    Ok(request.json(StatusCode::OK, &shown))
}

fn get_policy(request: &Request<'_>, name: &FunctionName) -> Result<Response, AwsError> {
    let shown = request.read(|state| {
        let function = find(state, request, name)?;
        Ok::<_, AwsError>(json!({ "Policy": function.show_policy()?, "RevisionId": function.revision }))
    })?;
    Ok(request.json(StatusCode::OK, &shown))
}

async fn add_permission(request: &Request<'_>, name: &FunctionName) -> Result<Response, AwsError> {
    let mut input: AddPermission = request.input()?;
    let revision = input.revision_id.take();
    let statement = input.statement()?;
    let shown = request
        .change(|state| {
            let function = find_mut(state, request, name)?;
            if revision.is_some_and(|revision| revision != function.revision) {
                return Err(wrong_revision());
            }
            if function.policy.len() >= MAX_STATEMENTS {
                return Err(conflict("The final policy size is bigger than the limit (20480)."));
            }
            function.add_permission(statement)
        })
        .await?;
    Ok(request.json(StatusCode::CREATED, &json!({ "Statement": shown })))
}

/// About what fits into the 20 KB of a policy.
const MAX_STATEMENTS: usize = 64;

async fn remove_permission(request: &Request<'_>, name: &FunctionName, id: &str) -> Result<Response, AwsError> {
    let revision = request.query("RevisionId");
    request
        .change(|state| {
            let function = find_mut(state, request, name)?;
            if revision.is_some_and(|revision| revision != function.revision) {
                return Err(wrong_revision());
            }
            function.remove_permission(id)
        })
        .await?;
    Ok(request.empty(StatusCode::NO_CONTENT))
}
