//! The operations that create, show, change and remove functions.

use super::{
    FunctionName,
    code::{self, CodeInput},
    error::{conflict, function_not_found, invalid, pending, validation},
    function::Function,
    input::{self, Create, SettingsInput, UpdateCode, UpdateConfiguration},
    name::{LATEST, Named, Reference, Versioned},
    paging::{self, MAX_ITEMS, Paging},
    tags,
};
use crate::{
    emulator::{
        service::{Operation, Output, Scope},
        wire::{self, AwsError},
    },
    http1::Response,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// `CreateFunction`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (create, settings, scope) = operation.inputs::<Create, SettingsInput>()?;
    create.check()?;
    let name = FunctionName::parse(&create.function_name)?;
    let runtime = input::check_runtime(create.runtime, create.package_type.as_deref())?;
    let settings = settings.create(&name.to_string(), runtime.parse().ok())?;
    let tags = create.tags.unwrap_or_default();
    tags::check(&tags)?;
    check_role(&scope, &settings.role)?;
    let exists = conflict(format!("Function already exist: {name}"));
    // Said before an archive is looked into, and again when it is stored.
    if scope.read(|state| state.lambda.functions.contains_key(&name)) {
        return Err(exists);
    }
    let remark = remark(&scope, &runtime).await?;
    let (code, _guard) = code::store(&scope, create.code, create.architectures, runtime.parse().ok()).await?;
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
        modified: scope.now,
        is_new: true,
    };
    let shown = function.configuration(scope.now);
    scope
        .change(|state| {
            if state.lambda.functions.contains_key(&name) {
                return Err(exists);
            }
            state.lambda.functions.insert(name, function);
            Ok(())
        })
        .await?;
    Ok(Output::Members(shown))
}

/// `GetFunction`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Versioned>()?;
    let reference = input.reference(&scope)?;
    let endpoint = &scope.context.config.endpoint;
    scope.read(|state| {
        let function = state.lambda.find(&reference)?;
        let mut shown = json!({
            "Configuration": function.show(&reference, scope.now),
            "Code": { "RepositoryType": "S3", "Location": format!("{endpoint}/blobs/{}", function.code.blob) },
        });
        if !function.tags.is_empty() {
            shown["Tags"] = json!(function.tags);
        }
        Ok(Output::Members(shown))
    })
}

/// `GetFunctionConfiguration`.
pub(super) fn configuration(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Versioned>()?;
    let reference = input.reference(&scope)?;
    scope.read(|state| Ok(Output::Members(state.lambda.find(&reference)?.show(&reference, scope.now))))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListInput {
    function_version: Option<String>,
}

/// `ListFunctions`: with `FunctionVersion=ALL` their versions, of which each has one.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, paging, scope) = operation.inputs::<ListInput, Paging>()?;
    let show = match input.function_version.as_deref() {
        None => Function::configuration,
        Some("ALL") => Function::version,
        Some(other) => return Err(validation(other, "functionVersion", "satisfy enum value set: [ALL]")),
    };
    scope.read(|state| {
        let functions = state.lambda.functions.values();
        let (functions, marker) = paging.cut(functions, |function| function.name.to_string(), MAX_ITEMS)?;
        let shown: Vec<_> = functions.into_iter().map(|function| show(function, scope.now)).collect();
        Ok(paging::show("Functions", &shown, marker))
    })
}

/// `ListVersionsByFunction`.
pub(super) fn list_versions(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, paging, scope) = operation.inputs::<Named, Paging>()?;
    let reference = input.reference(&scope)?;
    scope.read(|state| {
        let versions = [state.lambda.find(&reference)?.version(scope.now)];
        let (versions, marker) = paging.cut(versions, |_| LATEST.to_owned(), MAX_ITEMS)?;
        Ok(paging::show("Versions", &versions, marker))
    })
}

/// `DeleteFunction`.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Versioned>()?;
    let reference = input.reference(&scope)?;
    if let Some(version) = &reference.qualifier {
        return delete_version(&scope, &reference, version);
    }
    let removed = scope
        .change(|state| state.lambda.functions.remove(&reference.name).ok_or_else(|| reference.not_found()))
        .await?;
    scope.functions.retire(&removed.arn);
    scope.functions.discard_later(removed.code.blob);
    Ok(Output::Raw(empty(StatusCode::NO_CONTENT)))
}

/// Deletes nothing: of a function that is there, a version that is not counts as deleted.
fn delete_version(scope: &Scope<'_>, reference: &Reference, version: &str) -> Result<Output, AwsError> {
    if !version.bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid(match version {
            LATEST => "$LATEST version cannot be deleted without deleting the function.",
            _ => "Deletion of aliases is not currently supported.",
        }));
    }
    if !scope.read(|state| state.lambda.functions.contains_key(&reference.name)) {
        return Err(function_not_found(&reference.arn));
    }
    Ok(Output::Raw(empty(StatusCode::NO_CONTENT)))
}

/// `UpdateFunctionCode`.
pub(super) async fn update_code(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (update, code, scope) = operation.inputs::<UpdateCode, CodeInput>()?;
    update.check()?;
    let reference = Reference::parse(&scope, &update.function_name, None)?;
    let check = |function: &Function| check_change(scope.now, function, update.revision_id.as_deref());
    let (architectures, runtime) = scope.read(|state| {
        let function = state.lambda.find(&reference)?;
        check(function)?;
        let architectures = update.architectures.clone().unwrap_or_else(|| vec![function.code.architecture.clone()]);
        Ok::<_, AwsError>((architectures, function.interpreted()))
    })?;
    if update.dry_run {
        let (_, code) = code::inspect(code, Some(architectures), runtime).await?;
        return scope.read(|state| {
            let mut function = state.lambda.find(&reference)?.clone();
            function.code = code;
            Ok(Output::Members(function.configuration(scope.now)))
        });
    }
    let (code, _guard) = code::store(&scope, code, Some(architectures), runtime).await?;
    let (shown, old) = scope
        .change(|state| {
            let function = state.lambda.find_mut(&reference)?;
            check(function)?;
            let old = std::mem::replace(&mut function.code, code);
            Ok((touch(scope.now, function), old))
        })
        .await?;
    scope.functions.retire(&reference.arn);
    scope.functions.discard_later(old.blob);
    Ok(Output::Members(shown))
}

/// `UpdateFunctionConfiguration`.
pub(super) async fn update_configuration(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (update, settings, scope) = operation.inputs::<UpdateConfiguration, SettingsInput>()?;
    let reference = Reference::parse(&scope, &update.function_name, None)?;
    let runtime = match update.runtime {
        Some(runtime) => {
            let runtime = input::check_runtime(Some(runtime), None)?;
            Some((remark(&scope, &runtime).await?, runtime))
        }
        None => None,
    };
    let shown = scope
        .change(|state| {
            let function = state.lambda.find_mut(&reference)?;
            check_change(scope.now, function, update.revision_id.as_deref())?;
            let settings = settings.apply(&reference.name.to_string(), function.settings.clone())?;
            if settings.role != function.settings.role {
                check_role(&scope, &settings.role)?;
            }
            function.settings = settings;
            if let Some((remark, runtime)) = runtime {
                (function.remark, function.runtime) = (remark, runtime);
            }
            Ok(touch(scope.now, function))
        })
        .await?;
    scope.functions.retire(&reference.arn);
    Ok(Output::Members(shown))
}

/// Makes an answer without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// Notes a change and shows the function as it is now.
fn touch(now: OffsetDateTime, function: &mut Function) -> Value {
    // A function that is still being created stays so: its first change must not make it callable.
    function.is_new = function.is_pending(now);
    function.modified = now;
    function.revision = wire::request_id();
    function.configuration(now)
}

fn check_change(now: OffsetDateTime, function: &Function, revision: Option<&str>) -> Result<(), AwsError> {
    function.check_revision(revision)?;
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

/// Tells what is to be known of the interpreter that runs a runtime here.
async fn remark(scope: &Scope<'_>, runtime: &str) -> Result<Option<String>, AwsError> {
    let Ok(runtime) = runtime.parse() else { return Ok(None) };
    let interpreter = scope.functions.interpreter(runtime).await;
    interpreter.map(|interpreter| interpreter.remark()).map_err(|error| invalid(error.to_string()))
}

/// A function's role must be there. Whether its trust policy names Lambda is not looked into: nothing here is refused
/// by a policy of a role.
fn check_role(scope: &Scope<'_>, role: &str) -> Result<(), AwsError> {
    if scope.read_global(|state| state.iam.has_role(role, scope.account())) {
        return Ok(());
    }
    Err(invalid("The role defined for the function cannot be assumed by Lambda."))
}
