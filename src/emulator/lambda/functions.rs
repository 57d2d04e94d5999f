//! The operations that create, show, change and remove functions.

use super::{
    FunctionName, account_of,
    code::{self, CodeInput},
    error::{conflict, failed, invalid, pending, validation},
    function::Function,
    input::{self, Create, SettingsInput, UpdateCode, UpdateConfiguration},
    layer::check_size,
    name::{Reference, Versioned},
    paging::{self, MAX_ITEMS, Paging},
    recursion::RecursiveLoop,
    runtime_updates::RuntimeUpdates,
    tags, versions,
    view::{Removed, View},
};
use crate::{
    emulator::{
        access,
        runtime::Provision,
        service::{Operation, Output, Scope},
        wire::{self, AwsError},
    },
    http1::Response,
    lenience::Lean,
    runtimes::Runtime,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// `CreateFunction`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (create, mut settings, scope) = operation.inputs::<Create, SettingsInput>()?;
    create.check()?;
    let name = FunctionName::parse_new(&scope, &create.function_name)?;
    let lets = |lean: &Lean| scope.lets(lean);
    let package = create.package_type.as_deref();
    let runtime = input::check_runtime(create.runtime, package, &name.to_string(), lets)?;
    let layers = settings.layers.take().unwrap_or_default();
    let mut settings = settings.leaning(&scope, &name.to_string()).create()?;
    let tags = create.tags.unwrap_or_default();
    tags::check(&tags)?;
    check_role(&scope, &name, &settings.role)?;
    let exists = conflict(format!("Function already exist: {name}"));
    // Said before an archive is looked into, and again when it is stored.
    if scope.read(|state| state.lambda.functions.contains_key(&name)) {
        return Err(exists);
    }
    settings.layers = scope.read(|state| state.lambda.layers(&scope, &layers))?;
    let remark = remark(&scope, &runtime).await?;
    let needs_bootstrap = code::needs_bootstrap(Runtime::that_runs(&runtime), &settings.layers);
    let (code, _guard) = code::store(&scope, create.code, create.architectures, needs_bootstrap).await?;
    check_size(code.unpacked, &settings.layers)?;
    let function = Function {
        arn: name.arn(&scope),
        name: name.clone(),
        runtime,
        remark,
        code,
        settings,
        tags,
        policy: Vec::new(),
        identity: wire::request_id(),
        revision: wire::request_id(),
        settled_revision: wire::request_id(),
        build: wire::request_id(),
        modified: scope.now,
        recursion: RecursiveLoop::default(),
        runtime_updates: RuntimeUpdates::default(),
        is_new: true,
        failure: None,
    };
    let reference = Reference { arn: function.arn.clone(), name, qualifier: None };
    scope
        .change(|state| {
            if state.lambda.functions.contains_key(&reference.name) {
                return Err(exists);
            }
            state.lambda.functions.insert(reference.name.clone(), function);
            let mut shown = show(&scope, &state.lambda.view(&reference)?);
            if create.publish {
                let number = state.lambda.publish(&reference.name, None, scope.now);
                shown["Version"] = number.map(|number| number.to_string()).into();
            }
            Ok(Output::Members(shown))
        })
        .await
}

/// `GetFunction`.
pub(super) async fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Versioned>()?;
    let reference = input.reference(&scope)?;
    scope.functions.verified().await;
    scope.read(|state| {
        let view = state.lambda.view(&reference)?;
        let function = view.function;
        let location = scope.context.links.link(&scope.context.config.endpoint, &function.code.blob, scope.now)?;
        let mut shown = json!({
            "Configuration": show(&scope, &view),
            "Code": { "RepositoryType": "S3", "Location": location },
        });
        let tags = state.lambda.functions.get(&reference.name).map(|function| &function.tags);
        if let Some(tags) = tags.filter(|tags| !tags.is_empty()) {
            shown["Tags"] = json!(tags);
        }
        if let Some(reserved) = state.lambda.reserved.get(&reference.name) {
            shown["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
        }
        Ok(Output::Members(shown))
    })
}

/// `GetFunctionConfiguration`.
pub(super) async fn configuration(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Versioned>()?;
    let reference = input.reference(&scope)?;
    scope.functions.verified().await;
    scope.read(|state| Ok(Output::Members(show(&scope, &state.lambda.view(&reference)?))))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListInput {
    function_version: Option<String>,
}

/// `ListFunctions`: with `FunctionVersion=ALL` their versions too, each function itself first.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, paging, scope) = operation.inputs::<ListInput, Paging>()?;
    let all = match input.function_version.as_deref() {
        None => false,
        Some("ALL") => true,
        Some(other) => return Err(validation(other, "functionVersion", "satisfy enum value set: [ALL]")),
    };
    scope.read(|state| {
        let lambda = &state.lambda;
        let views = lambda.functions.values().flat_map(|function| {
            let one = (!all).then(|| function.view());
            let versions = all.then(|| function.with_versions(lambda));
            one.into_iter().chain(versions.into_iter().flatten())
        });
        let (views, marker) = paging.cut(views, View::sort_key, MAX_ITEMS)?;
        let shown: Vec<_> = views.iter().map(|view| view.listed(scope.now)).collect();
        Ok(paging::show("Functions", &shown, marker))
    })
}

/// `DeleteFunction`: with its versions, aliases and all that is set for them; or one version only.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Versioned>()?;
    let reference = input.reference(&scope)?;
    if let Some(version) = &reference.qualifier {
        versions::delete(&scope, &reference, version).await?;
        return Ok(Output::Raw(empty(StatusCode::NO_CONTENT)));
    }
    let removed = scope.change(|state| state.lambda.remove(&reference)).await?;
    for Removed { arn, blobs } in removed {
        scope.functions.retire(&arn);
        for blob in blobs {
            scope.functions.discard_later(blob);
        }
    }
    Ok(Output::Raw(empty(StatusCode::NO_CONTENT)))
}

/// `UpdateFunctionCode`.
pub(super) async fn update_code(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (update, code, scope) = operation.inputs::<UpdateCode, CodeInput>()?;
    let reference = Reference::parse(&scope, &update.function_name, None)?.own()?;
    let check = |function: &Function| check_change(scope.now, function, update.revision_id.as_deref());
    let (architectures, needs_bootstrap) = scope.read(|state| {
        let function = state.lambda.find(&reference)?;
        check(function)?;
        let architectures = update.architectures.clone().unwrap_or_else(|| vec![function.code.architecture.clone()]);
        let needs_bootstrap = code::needs_bootstrap(function.interpreted(), &function.settings.layers);
        Ok::<_, AwsError>((architectures, needs_bootstrap))
    })?;
    code.refuse_image()?;
    if update.dry_run {
        let (_, code) = code::inspect(code, Some(architectures), needs_bootstrap).await?;
        return scope.read(|state| {
            let mut function = state.lambda.find(&reference)?.clone();
            function.code = code;
            Ok(Output::Members(function.view().configuration(scope.now)))
        });
    }
    let (code, _guard) = code::store(&scope, code, Some(architectures), needs_bootstrap).await?;
    let (shown, old) = scope
        .change(|state| {
            let function = state.lambda.find_mut(&reference)?;
            check(function)?;
            check_size(code.unpacked, &function.settings.layers)?;
            let before = function.clone();
            function.code = code;
            function.failure = None;
            // The same code once more counts as a change: it can be published again.
            function.build = wire::request_id();
            let mut shown = touch(&scope, function, &before);
            if update.publish {
                let number = state.lambda.publish(&reference.name, None, scope.now);
                let number = number.ok_or_else(|| reference.not_found())?;
                shown = state.lambda.show_published(&reference, number, scope.now)?;
            }
            Ok((shown, before.code))
        })
        .await?;
    scope.functions.retire(&reference.arn);
    scope.functions.discard_later(old.blob);
    Ok(Output::Members(shown))
}

/// `UpdateFunctionConfiguration`.
pub(super) async fn update_configuration(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (update, settings, scope) = operation.inputs::<UpdateConfiguration, SettingsInput>()?;
    let reference = Reference::parse(&scope, &update.function_name, None)?.own()?;
    let mut settings = settings.leaning(&scope, &reference.name.to_string());
    let runtime = match update.runtime {
        Some(runtime) => {
            let name = reference.name.to_string();
            let runtime = input::check_runtime(Some(runtime), None, &name, |lean| scope.lets(lean))?;
            Some((remark(&scope, &runtime).await?, runtime))
        }
        None => None,
    };
    let layers = settings.layers.take();
    let (shown, old) = scope
        .change(|state| {
            // What is not there is said before what is wrong.
            state.lambda.find(&reference)?;
            let layers = layers.map(|layers| state.lambda.layers(&scope, &layers)).transpose()?;
            let function = state.lambda.find_mut(&reference)?;
            check_change(scope.now, function, update.revision_id.as_deref())?;
            if function.failure.is_some() {
                return Err(failed());
            }
            let before = function.clone();
            let mut settings = settings.apply(function.settings.clone())?;
            settings.layers = layers.unwrap_or(settings.layers);
            check_size(function.code.unpacked, &settings.layers)?;
            if settings.role != function.settings.role {
                check_role(&scope, &reference.name, &settings.role)?;
            }
            function.settings = settings;
            if let Some((remark, runtime)) = runtime {
                (function.remark, function.runtime) = (remark, runtime);
            }
            Ok((touch(&scope, function, &before), before.settings.layers))
        })
        .await?;
    scope.functions.retire(&reference.arn);
    for layer in old {
        scope.functions.discard_later(layer.code.blob);
    }
    Ok(Output::Members(shown))
}

/// Makes an answer without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// Notes a change and shows the function as it is now.
fn touch(scope: &Scope<'_>, function: &mut Function, before: &Function) -> Value {
    let now = scope.now;
    // A function that is still being created stays so: its first change must not make it callable.
    function.is_new = function.is_pending(now);
    function.modified = now;
    function.revision = wire::request_id();
    function.settled_revision = wire::request_id();
    if !function.runs_as(before) {
        function.build = wire::request_id();
    }
    show(scope, &function.view())
}

/// Shows a function; as long as the packages of its runtime are being installed, it is being made.
fn show(scope: &Scope<'_>, view: &View<'_>) -> Value {
    let mut shown = view.configuration(scope.now);
    let provision = view.function.interpreted().map_or(Provision::Done, |runtime| scope.functions.provision(runtime));
    match provision {
        Provision::Coming(told) if shown["State"] != "Failed" => {
            shown["State"] = "Pending".into();
            shown["StateReason"] = format!("The function is being created: {told}").into();
            shown["StateReasonCode"] = "Creating".into();
            for of_change in ["LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode"] {
                shown.as_object_mut().map(|members| members.remove(of_change));
            }
        }
        Provision::Lacking(told) if shown["State"] == "Active" => {
            let remark = shown["StateReason"].as_str().map(|remark| format!("{remark}. {told}"));
            shown["StateReason"] = remark.unwrap_or(told).into();
        }
        _ => {}
    }
    shown
}

/// Refuses a change that comes too early, or was made with another revision in mind.
pub(super) fn check_change(now: OffsetDateTime, function: &Function, revision: Option<&str>) -> Result<(), AwsError> {
    function.check_revision(revision, now)?;
    if function.is_pending(now) {
        return Err(pending());
    }
    if !function.is_settled(now) {
        return Err(conflict(format!(
            "The operation cannot be performed at this time. An update is in progress for resource: {}",
            function.arn
        )));
    }
    Ok(())
}

/// Tells what is to be known of the interpreter that runs a runtime here, and sees to its packages.
async fn remark(scope: &Scope<'_>, runtime: &str) -> Result<Option<String>, AwsError> {
    let Some(runtime) = Runtime::that_runs(runtime) else { return Ok(None) };
    let executor = scope.functions.executor(runtime).await;
    scope.functions.provide(runtime).await;
    executor.map(|executor| executor.remark()).map_err(|error| invalid(error.to_string()))
}

/// A function's role must be there, and its trust policy let Lambda take it on for this function.
fn check_role(scope: &Scope<'_>, function: &FunctionName, role: &str) -> Result<(), AwsError> {
    let trust = scope.read_global(|state| state.iam.trusting(role, scope.account())).map(|(_, trust, _)| trust);
    let (arn, account) = (function.arn(scope), scope.account());
    if trust.is_some_and(|trust| access::trusts_service(&trust, "lambda.amazonaws.com", &arn, account)) {
        return Ok(());
    }
    let is_foreign = account_of(role) != account;
    let lean = Lean::Role { function: function.to_string(), role: role.to_owned(), is_foreign };
    match (scope.lets(&lean), is_foreign) {
        (true, _) => Ok(()),
        (false, true) => Err(AwsError::new(StatusCode::FORBIDDEN, "AccessDeniedException", lean.refusal())),
        (false, false) => Err(invalid(lean.refusal())),
    }
}
