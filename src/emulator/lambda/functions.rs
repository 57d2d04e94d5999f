//! The operations that create, show, change and remove functions.

use super::{
    FunctionName, Request, State,
    error::{conflict, function_not_found, invalid, wrong_revision},
    function::{Code, Function},
    input::{self, Create, UpdateCode, UpdateConfiguration},
    tags,
};
use crate::{
    emulator::{
        Context,
        runtime::CodeGuard,
        store::Region,
        wire::{self, AwsError},
    },
    http1::Response,
};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use std::ops::Bound;

/// The largest page of `ListFunctions`.
const MAX_PAGE: usize = 50;

/// Finds a function.
pub(super) fn find<'a>(state: &'a State, request: &Request<'_>, name: &FunctionName) -> Result<&'a Function, AwsError> {
    state.functions.get(name).ok_or_else(|| function_not_found(&request.arn(name)))
}

/// Finds a function to change it.
pub(super) fn find_mut<'a>(
    state: &'a mut State,
    request: &Request<'_>,
    name: &FunctionName,
) -> Result<&'a mut Function, AwsError> {
    state.functions.get_mut(name).ok_or_else(|| function_not_found(&request.arn(name)))
}

pub(super) async fn create(request: &Request<'_>) -> Result<Response, AwsError> {
    let create: Create = request.input()?;
    create.check()?;
    let name = FunctionName::parse(&create.function_name)?;
    let runtime = input::check_runtime(create.runtime, create.package_type.as_deref())?;
    let settings = create.settings.create(&name.to_string())?;
    let tags = create.tags.unwrap_or_default();
    tags::check(&tags)?;
    check_role(request, &settings.role)?;
    let exists = conflict(format!("Function already exist: {name}"));
    // Said before an archive is looked into, and again when it is stored.
    if request.read(|state| state.functions.contains_key(&name)) {
        return Err(exists);
    }
    let (code, _guard) = store_code(request, create.code, create.architectures).await?;
    let function = Function {
        arn: request.arn(&name),
        name: name.clone(),
        runtime,
        code,
        settings,
        tags,
        policy: Vec::new(),
        identity: wire::request_id(),
        revision: wire::request_id(),
        modified: request.now(),
        is_new: true,
    };
    let shown = function.configuration(request.now());
    request
        .change(|state| {
            if state.functions.contains_key(&name) {
                return Err(exists);
            }
            state.functions.insert(name, function);
            Ok(())
        })
        .await?;
    Ok(request.json(StatusCode::CREATED, &shown))
}

pub(super) fn get(request: &Request<'_>, name: &FunctionName) -> Result<Response, AwsError> {
    let shown = request.read(|state| {
        let function = find(state, request, name)?;
        let mut shown = json!({
            "Configuration": function.configuration(request.now()),
            "Code": { "RepositoryType": "S3", "Location": format!("{}/blobs/{}", request.endpoint(), function.code.blob) },
        });
        if !function.tags.is_empty() {
            shown["Tags"] = json!(function.tags);
        }
        Ok::<_, AwsError>(shown)
    })?;
    Ok(request.json(StatusCode::OK, &shown))
}

/// Shows the function itself, in the answer of several operations.
pub(super) fn configuration(request: &Request<'_>, name: &FunctionName) -> Result<Response, AwsError> {
    let shown = request.read(|state| Ok::<_, AwsError>(find(state, request, name)?.configuration(request.now())))?;
    Ok(request.json(StatusCode::OK, &shown))
}

pub(super) fn list(request: &Request<'_>) -> Result<Response, AwsError> {
    let most = match request.query("MaxItems") {
        None => MAX_PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|most| (1..=10_000).contains(most))
            .ok_or_else(|| invalid("MaxItems must be between 1 and 10000."))?,
    };
    let after = request.query("Marker").map(|marker| FunctionName::parse(&marker)).transpose()?;
    let shown = request.read(|state| {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = state.functions.range(start).map(|(_, function)| function).peekable();
        let page: Vec<_> = rest.by_ref().take(most.min(MAX_PAGE)).collect();
        let marker = rest.peek().and(page.last()).map(|last| last.name.to_string());
        let functions: Vec<_> = page.iter().map(|function| function.configuration(request.now())).collect();
        let mut shown = json!({ "Functions": functions });
        if let Some(marker) = marker {
            shown["NextMarker"] = marker.into();
        }
        shown
    });
    Ok(request.json(StatusCode::OK, &shown))
}

pub(super) async fn delete(request: &Request<'_>, name: &FunctionName) -> Result<Response, AwsError> {
    let removed = request
        .change(|state| state.functions.remove(name).ok_or_else(|| function_not_found(&request.arn(name))))
        .await?;
    request.functions.retire(&removed.arn);
    request.functions.discard_later(removed.code.blob);
    Ok(request.empty(StatusCode::NO_CONTENT))
}

pub(super) async fn update_code(request: &Request<'_>, name: &FunctionName) -> Result<Response, AwsError> {
    let update: UpdateCode = request.input()?;
    update.check()?;
    let check = |function: &Function| check_change(request, function, update.revision_id.as_deref());
    let architectures = request.read(|state| {
        let function = find(state, request, name)?;
        check(function)?;
        Ok::<_, AwsError>(update.architectures.unwrap_or_else(|| vec![function.code.architecture.clone()]))
    })?;
    if update.dry_run {
        let (_, code) = inspect_code(update.code, Some(architectures)).await?;
        let shown = request.read(|state| {
            let mut function = find(state, request, name)?.clone();
            function.code = code;
            Ok::<_, AwsError>(function.configuration(request.now()))
        })?;
        return Ok(request.json(StatusCode::OK, &shown));
    }
    let (code, _guard) = store_code(request, update.code, Some(architectures)).await?;
    let (shown, old) = request
        .change(|state| {
            let function = find_mut(state, request, name)?;
            check(function)?;
            let old = std::mem::replace(&mut function.code, code);
            Ok((touch(request, function), old))
        })
        .await?;
    request.functions.retire(&request.arn(name));
    request.functions.discard_later(old.blob);
    Ok(request.json(StatusCode::OK, &shown))
}

pub(super) async fn update_configuration(request: &Request<'_>, name: &FunctionName) -> Result<Response, AwsError> {
    let update: UpdateConfiguration = request.input()?;
    let runtime = match update.runtime {
        Some(runtime) => Some(input::check_runtime(Some(runtime), None)?),
        None => None,
    };
    let shown = request
        .change(|state| {
            let function = find_mut(state, request, name)?;
            check_change(request, function, update.revision_id.as_deref())?;
            let settings = update.settings.apply(&name.to_string(), function.settings.clone())?;
            if settings.role != function.settings.role {
                check_role(request, &settings.role)?;
            }
            function.settings = settings;
            function.runtime = runtime.unwrap_or_else(|| function.runtime.clone());
            Ok(touch(request, function))
        })
        .await?;
    request.functions.retire(&request.arn(name));
    Ok(request.json(StatusCode::OK, &shown))
}

/// Notes a change and shows the function as it is now.
fn touch(request: &Request<'_>, function: &mut Function) -> Value {
    let now = request.now();
    // A function that is still being created stays so: its first change must not make it callable.
    function.is_new = function.is_pending(now);
    function.modified = now;
    function.revision = wire::request_id();
    function.configuration(now)
}

fn check_change(request: &Request<'_>, function: &Function, revision: Option<&str>) -> Result<(), AwsError> {
    if revision.is_some_and(|revision| revision != function.revision) {
        return Err(wrong_revision());
    }
    if function.is_pending(request.now()) {
        return Err(conflict(
            "The operation cannot be performed at this time. The function is currently in the following state: Pending",
        ));
    }
    if !function.is_settled(request.now()) {
        return Err(conflict(format!(
            "The operation cannot be performed at this time. An update is in progress for resource: {}",
            function.arn
        )));
    }
    Ok(())
}

/// A function's role must be there. Whether its trust policy names Lambda is not looked into: nothing here is refused
/// by a policy of a role.
fn check_role(request: &Request<'_>, role: &str) -> Result<(), AwsError> {
    let Context { store, config, .. } = &**request.context;
    if store.read(&Region::global(), |state| state.iam.has_role(role, &config.account)) {
        return Ok(());
    }
    Err(invalid("The role defined for the function cannot be assumed by Lambda."))
}

/// Inflating and hashing tens of megabytes must not hold up the other calls.
async fn inspect_code(input: input::CodeInput, architectures: Option<Vec<String>>) -> Result<(Bytes, Code), AwsError> {
    tokio::task::spawn_blocking(move || input::read_code(&input, architectures.as_deref()))
        .await
        .map_err(|_| AwsError::internal("The archive could not be inspected."))?
}

/// Stores an archive. The guard keeps it from being discarded as unused until a function uses it.
async fn store_code<'a>(
    request: &Request<'a>,
    input: input::CodeInput,
    architectures: Option<Vec<String>>,
) -> Result<(Code, CodeGuard<'a>), AwsError> {
    let (zip, code) = inspect_code(input, architectures).await?;
    let guard = request.functions.guard_code().await;
    let stored = request.context.store.blobs().put(zip).await;
    stored.map_err(|error| AwsError::internal(format!("The code could not be stored: {}.", error.kind())))?;
    // What cannot be unpacked is refused now, and the first invocation need not wait for it.
    request.functions.unpack(&code.blob).await.map_err(|error| invalid(error.to_string()))?;
    Ok((code, guard))
}
