//! The operations on the URLs of functions.

use super::config::{AuthType, FunctionUrl, InvokeMode, UrlKey};
use super::cors::Cors;
use crate::emulator::{
    lambda::{
        error::{conflict, not_found, null, validation},
        name::{Named, Reference, Versioned},
        paging::{self, Paging},
    },
    service::{Operation, Output, Scope},
    wire::{AwsError, letter_id},
};
use serde::Deserialize;

/// The most items of a list that may be asked for.
const MAX_ITEMS: i64 = 50;
/// What a URL can belong to beside the function itself.
const ALIAS: &str = "satisfy regular expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)";

/// What can be said of a URL.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UrlInput {
    auth_type: Option<String>,
    cors: Option<Cors>,
    invoke_mode: Option<String>,
}

/// The same, checked.
struct Settings {
    auth: Option<AuthType>,
    cors: Option<Cors>,
    mode: Option<InvokeMode>,
}

impl UrlInput {
    fn check(self) -> Result<Settings, AwsError> {
        let auth = self
            .auth_type
            .as_deref()
            .map(|text| AuthType::parse(text).ok_or_else(|| validation(text, "authType", AuthType::RULE)));
        let mode = self
            .invoke_mode
            .as_deref()
            .map(|text| InvokeMode::parse(text).ok_or_else(|| validation(text, "invokeMode", InvokeMode::RULE)));
        let (auth, mode) = (auth.transpose()?, mode.transpose()?);
        self.cors.as_ref().map_or(Ok(()), Cors::check)?;
        Ok(Settings { auth, cors: self.cors, mode })
    }
}

/// Reads which function, or alias, a call means; a version has no URL.
fn reference(scope: &Scope<'_>, input: &Versioned) -> Result<Reference, AwsError> {
    let reference = input.reference(scope)?;
    match &reference.qualifier {
        Some(other) if other.contains('$') || other.bytes().all(|b| b.is_ascii_digit()) => {
            Err(validation(other, "qualifier", ALIAS))
        }
        _ => Ok(reference),
    }
}

fn no_url() -> AwsError {
    not_found("The resource you requested does not exist.")
}

fn no_function() -> AwsError {
    not_found("Function does not exist")
}

/// `CreateFunctionUrlConfig`.
pub(in crate::emulator::lambda) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (function, input, scope) = operation.inputs::<Versioned, UrlInput>()?;
    let function = reference(&scope, &function)?;
    let Settings { auth, cors, mode } = input.check()?;
    let auth = auth.ok_or_else(|| null("AuthType"))?;
    // As random as a key, because to whoever knows it a URL without a signature is open.
    let id = letter_id(32)?.parse().map_err(|_| AwsError::internal("No id could be drawn."))?;
    let (created, modified) = (scope.now_millis(), scope.now_millis());
    let key = UrlKey::of(&function);
    let url = scope
        .change(|state| {
            let function_arn = state.lambda.whole_arn(&function).ok_or_else(no_function)?;
            if state.lambda.urls.contains_key(&key) {
                return Err(conflict(format!(
                    "Failed to create function url config for [functionArn = {function_arn}]. Error message:  \
                     FunctionUrlConfig exists for this Lambda function"
                )));
            }
            let url = FunctionUrl { id, function_arn, auth, cors, mode, created, modified };
            state.lambda.urls.insert(key, url.clone());
            Ok(url)
        })
        .await?;
    Ok(Output::Members(url.show_change(&scope.context.config.endpoint)))
}

/// `GetFunctionUrlConfig`.
pub(in crate::emulator::lambda) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (function, scope) = operation.input::<Versioned>()?;
    let key = UrlKey::of(&reference(&scope, &function)?);
    scope.read(|state| {
        let url = state.lambda.urls.get(&key).ok_or_else(no_url)?;
        Ok(Output::Members(url.show(&scope.context.config.endpoint)))
    })
}

/// `UpdateFunctionUrlConfig`: what is not said stays.
pub(in crate::emulator::lambda) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (function, input, scope) = operation.inputs::<Versioned, UrlInput>()?;
    let function = reference(&scope, &function)?;
    let settings = input.check()?;
    let key = UrlKey::of(&function);
    let url = scope
        .change(|state| {
            state.lambda.whole_arn(&function).ok_or_else(no_function)?;
            let url = state.lambda.urls.get_mut(&key).ok_or_else(no_url)?;
            url.auth = settings.auth.unwrap_or(url.auth);
            url.mode = settings.mode.or(url.mode);
            url.cors = settings.cors.or_else(|| url.cors.take());
            url.modified = scope.now_millis();
            Ok(url.clone())
        })
        .await?;
    let mut shown = url.show_change(&scope.context.config.endpoint);
    shown["LastModifiedTime"] = crate::emulator::wire::iso_time(url.modified).into();
    Ok(Output::Members(shown))
}

/// `DeleteFunctionUrlConfig`.
pub(in crate::emulator::lambda) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (function, scope) = operation.input::<Versioned>()?;
    let key = UrlKey::of(&reference(&scope, &function)?);
    scope.change(|state| state.lambda.urls.remove(&key).map(drop).ok_or_else(no_url)).await?;
    Ok(Output::Done)
}

/// `ListFunctionUrlConfigs`: the function's own first, then those of its aliases.
pub(in crate::emulator::lambda) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (function, paging, scope) = operation.inputs::<Named, Paging>()?;
    let function = function.reference(&scope)?;
    scope.read(|state| {
        state.lambda.functions.get(&function.name).ok_or_else(no_function)?;
        let urls = state.lambda.urls.iter().filter(|(key, _)| key.name == function.name);
        let (urls, marker) = paging.cut(urls, |(key, _)| key.to_string(), MAX_ITEMS)?;
        let endpoint = &scope.context.config.endpoint;
        let shown: Vec<_> = urls.into_iter().map(|(_, url)| url.show(endpoint)).collect();
        Ok(paging::show("FunctionUrlConfigs", &shown, marker))
    })
}
