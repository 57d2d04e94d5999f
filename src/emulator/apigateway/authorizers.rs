//! The operations on authorizers.

use super::{
    authorization::{self, Asking},
    authorizer::{self, Authorizer, AuthorizerKind},
    error::{absent, bad_request, conflict, lacking},
    event,
    incoming::Incoming,
    journal::Journal,
    model::RestApi,
    paging::Paging,
    patch,
    rest_apis::ApiPath,
    service_call::Caller,
    test_invoke::{self, Tested},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, letter_id},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

const CONCURRENT: &str = "Unable to complete operation due to concurrent modification. Please try again later.";

/// The authorizer that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizerPath {
    rest_api_id: String,
    authorizer_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateAuthorizer {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "providerARNs", default)]
    providers: Vec<String>,
    auth_type: Option<String>,
    authorizer_uri: Option<String>,
    authorizer_credentials: Option<String>,
    identity_source: Option<String>,
    identity_validation_expression: Option<String>,
    authorizer_result_ttl_in_seconds: Option<u32>,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<ApiPath, CreateAuthorizer>()?;
    let kind = authorizer::kind(&input.kind)?;
    if !input.providers.is_empty() {
        return Err(lacking("providerARNs"));
    }
    let given = Authorizer::default();
    let authorizer = Authorizer {
        id: letter_id(6)?,
        name: input.name,
        kind,
        auth_type: input.auth_type.unwrap_or(given.auth_type),
        authorizer_uri: input.authorizer_uri.unwrap_or_default(),
        authorizer_credentials: input.authorizer_credentials,
        identity_source: input.identity_source,
        identity_validation_expression: input.identity_validation_expression,
        ttl: input.authorizer_result_ttl_in_seconds.unwrap_or(given.ttl),
    };
    let authorizer = authorizer.checked()?;
    let shown = json!(authorizer);
    let added = scope.change(|state| {
        // API Gateway takes an API that is not there for one that somebody deletes right now.
        let api = state.apigateway.find_mut(&at.rest_api_id).ok_or_else(|| conflict(CONCURRENT))?;
        let authorizers = &mut api.authorizers;
        if authorizers.values().any(|other| other.name == authorizer.name) {
            return Err(bad_request("Authorizer name must be unique"));
        }
        authorizers.insert(authorizer.id.clone(), authorizer);
        Ok(())
    });
    added.await?;
    Ok(Output::Members(shown))
}

fn find<'s>(api: &'s RestApi, id: &str) -> Result<&'s Authorizer, AwsError> {
    api.authorizers.get(id).ok_or_else(|| absent("Authorizer"))
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<AuthorizerPath>()?;
    scope.read(|state| {
        let api = state.apigateway.api(scope.account(), &at.rest_api_id)?;
        Ok(Output::Members(json!(find(api, &at.authorizer_id)?)))
    })
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| {
        let authorizers = state.apigateway.api(scope.account(), &at.rest_api_id)?.authorizers.values();
        paging.page(authorizers.map(|authorizer| (authorizer.id.as_str(), authorizer)), |found| json!(found))
    })
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = patch::inputs::<AuthorizerPath>(operation)?;
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &at.rest_api_id)?;
        let old = find(api, &at.authorizer_id)?;
        patch.only(&[
            "name",
            "type",
            "authType",
            "authorizerUri",
            "authorizerCredentials",
            "identitySource",
            "identityValidationExpression",
            "authorizerResultTtlInSeconds",
        ])?;
        let new: Authorizer = patch.apply(old)?;
        let new = new.checked()?;
        if api.authorizers.values().any(|other| other.name == new.name && other.id != new.id) {
            return Err(bad_request("Authorizer name must be unique"));
        }
        let shown = json!(new);
        api.authorizers.insert(new.id.clone(), new);
        Ok(shown)
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<AuthorizerPath>()?;
    let removed = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &at.rest_api_id)?;
        find(api, &at.authorizer_id)?;
        let mut methods = api.resources.values().flat_map(|resource| resource.methods.values());
        if methods.any(|method| method.authorizer_id.as_ref() == Some(&at.authorizer_id)) {
            return Err(conflict("Unable to delete Authorizer because it is used by a method"));
        }
        api.authorizers.remove(&at.authorizer_id);
        Ok(())
    });
    removed.await?;
    Ok(Output::Done)
}

/// `FlushStageAuthorizersCache`.
pub(super) fn flush(operation: Operation<'_>) -> Result<Output, AwsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct StagePath {
        rest_api_id: String,
        stage_name: String,
    }
    let (at, scope) = operation.input::<StagePath>()?;
    let id = scope.read(|state| {
        let api = state.apigateway.api(scope.account(), &at.rest_api_id)?;
        api.stage(&at.stage_name)?;
        Ok::<_, AwsError>(api.id.clone())
    })?;
    scope.context.gateway.forget(&format!("{id}/{}/", at.stage_name));
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TestInvokeAuthorizer {
    path_with_query_string: Option<String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    multi_value_headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    stage_variables: BTreeMap<String, String>,
    #[serde(default)]
    additional_context: BTreeMap<String, String>,
}

/// `TestInvokeAuthorizer`: an authorizer asked without a deployment, and what was written down on the way.
pub(super) async fn test(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<AuthorizerPath, TestInvokeAuthorizer>()?;
    if let Some(name) = input.additional_context.keys().next() {
        return Err(lacking(&format!("additionalContext {name}")));
    }
    let (authorizer, binary) = scope.read(|state| {
        let api = state.apigateway.api(scope.account(), &at.rest_api_id)?;
        Ok::<_, AwsError>((find(api, &at.authorizer_id)?.clone(), api.settings.binary_media_types.clone()))
    })?;
    let tested = Tested {
        api: &at.rest_api_id,
        headers: &input.headers,
        multi_value_headers: &input.multi_value_headers,
        body: &input.body,
        stage_variables: &input.stage_variables,
        whole: input.path_with_query_string.as_deref().filter(|path| !path.is_empty()).unwrap_or("/"),
        binary_media_types: &binary,
    };
    let journal = Arc::new(Journal::kept());
    journal.note(|| format!("Starting authorizer: {} for request: {}", authorizer.name, scope.request_id));
    let request = tested.request(&scope)?;
    let source = request.source(&tested, &scope);
    let incoming = Incoming { journal: Arc::clone(&journal), ..event::incoming(&source) };
    let caller = Caller {
        context: scope.context,
        functions: scope.functions,
        source_arn: "",
        request_id: scope.request_id,
        trace: &request.trace,
    };
    let began = std::time::Instant::now();
    let asking = Asking { authorizer: &authorizer, source: &source, incoming: &incoming, caller: &caller };
    let (status, verdict) = match asking.ask().await {
        Ok(verdict) => (200, Some(verdict)),
        Err(failure) => (failure.status(), None),
    };
    let latency = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut shown = json!({
        "clientStatus": status,
        "log": test_invoke::log(&journal, scope.request_id, scope.now),
        "latency": latency,
    });
    if let (Some(verdict), Value::Object(members)) = (verdict, &mut shown) {
        members.insert("principalId".to_owned(), verdict.principal.clone().into());
        members.insert("policy".to_owned(), verdict.policy.to_string().into());
        let is_token = authorizer.kind == AuthorizerKind::Token;
        let header = authorizer.sources().next().and_then(|source| source.strip_prefix("method.request.header."));
        if let Some(header) = header.filter(|_| is_token) {
            let token = authorization::token(&incoming, header).unwrap_or_default();
            members.insert("authorization".to_owned(), json!({ header: [token] }));
        }
    }
    Ok(Output::Members(shown))
}
