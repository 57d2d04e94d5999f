//! The operations on routes.

use super::{
    apis::ApiPath,
    error::{absent, bad_request, conflict},
    model::{HttpApi, Paging, Route},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, letter_id},
};
use serde::Deserialize;
use serde_json::json;

const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    route_key: Option<String>,
    target: Option<String>,
    authorization_type: Option<String>,
    authorizer_id: Option<String>,
    authorization_scopes: Option<Vec<String>>,
    #[serde(default)]
    api_key_required: bool,
    operation_name: Option<String>,
}

/// The route that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoutePath {
    api_id: String,
    route_id: String,
}

/// Checks a key: a method and a path, or `$default`.
pub(super) fn check_key(key: &str) -> Result<(), AwsError> {
    if key == "$default" {
        return Ok(());
    }
    match key.split_once(' ') {
        Some((method, path)) if METHODS.contains(&method) && path.starts_with('/') => check_path(path),
        _ => Err(bad_request(
            "The provided route key is not formatted properly for HTTP protocol. Format should be \"<HTTP METHOD> \
             /<RESOURCE PATH>\" or \"$default\"",
        )),
    }
}

/// Checks the parts of a path: plain text or one parameter, of which the last may be greedy; none is behind a slash at the
/// end.
fn check_path(path: &str) -> Result<(), AwsError> {
    let mut parts = path.split('/').skip(1).peekable();
    let mut parts = std::iter::from_fn(|| parts.next().map(|part| (part, parts.peek().is_none())));
    let are_parts = parts.all(|(part, is_last)| {
        let name = part.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        match name.map(|name| (name.strip_suffix('+'), name)) {
            Some((Some(greedy), _)) => is_last && !greedy.is_empty(),
            Some((None, name)) => !name.is_empty(),
            None => !part.contains(['{', '}']),
        }
    });
    if are_parts && (path == "/" || !path.ends_with('/')) {
        return Ok(());
    }
    Err(bad_request("One or more path parts appear to be invalid"))
}

impl Settings {
    fn apply(self, api: &HttpApi, route: &mut Route) -> Result<(), AwsError> {
        if let Some(kind) = self.authorization_type.filter(|kind| !kind.is_empty()) {
            route.authorization_type = kind;
        }
        route.authorizer_id = self.authorizer_id.or(route.authorizer_id.take()).filter(|id| !id.is_empty());
        route.authorization_scopes =
            self.authorization_scopes.unwrap_or_else(|| std::mem::take(&mut route.authorization_scopes));
        check_authorization(api, route)?;
        if self.api_key_required {
            return Err(bad_request("ApiKeyRequired is not currently supported for HTTP APIs"));
        }
        if let Some(key) = self.route_key {
            check_key(&key)?;
            if api.routes.values().any(|other| other.route_key == key && other.route_id != route.route_id) {
                return Err(conflict(format!("Route with key {key} already exists for this API")));
            }
            route.route_key = key;
        }
        if let Some(target) = self.target {
            let id = target.strip_prefix("integrations/");
            let id = id.ok_or_else(|| bad_request("Invalid target specified. Must be integrations/<integrationId>"))?;
            if !api.integrations.contains_key(id) {
                return Err(absent("Integration", id));
            }
            route.target = Some(target);
        }
        route.operation_name = self.operation_name.or(route.operation_name.take());
        Ok(())
    }
}

/// A route that would ask an authorizer must not be open instead.
pub(super) fn check_authorization(api: &HttpApi, route: &mut Route) -> Result<(), AwsError> {
    let wanted = match route.authorization_type.as_str() {
        "NONE" | "AWS_IAM" => {
            route.authorizer_id = None;
            route.authorization_scopes.clear();
            return Ok(());
        }
        "JWT" => "JWT",
        "CUSTOM" => "REQUEST",
        _ => return Err(bad_request("Invalid AuthorizationType specified. Valid values: NONE, AWS_IAM, CUSTOM, JWT")),
    };
    let id = route.authorizer_id.as_deref().ok_or_else(|| {
        bad_request(format!("AuthorizerId must be specified for AuthorizationType {}", route.authorization_type))
    })?;
    let authorizer = api.authorizers.get(id).ok_or_else(|| absent("Authorizer", id))?;
    if authorizer.authorizer_type != wanted {
        return Err(bad_request(format!(
            "Authorizer type {} does not match AuthorizationType {}",
            authorizer.authorizer_type, route.authorization_type
        )));
    }
    if wanted == "REQUEST" && !route.authorization_scopes.is_empty() {
        return Err(bad_request("AuthorizationScopes are only supported for JWT authorizers"));
    }
    Ok(())
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<ApiPath, Settings>()?;
    if input.route_key.is_none() {
        return Err(bad_request("RouteKey must be specified"));
    }
    let route_id = letter_id(7)?;
    let shown = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        let mut route = Route { route_id, authorization_type: "NONE".to_owned(), ..Route::default() };
        input.apply(api, &mut route)?;
        let shown = json!(route);
        api.routes.insert(route.route_id.clone(), route);
        api.deploy_automatically(scope.now)?;
        Ok(shown)
    });
    Ok(Output::Members(shown.await?))
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<RoutePath>()?;
    scope.read(|state| {
        let route = state.apigatewayv2.api(&at.api_id)?.routes.get(&at.route_id);
        Ok(Output::Members(json!(route.ok_or_else(|| absent("Route", &at.route_id))?)))
    })
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| {
        let routes = state.apigatewayv2.api(&at.api_id)?.routes.values();
        paging.page(routes.map(|route| (route.route_id.clone(), json!(route)))).map(Output::Members)
    })
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<RoutePath, Settings>()?;
    let shown = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        let route = api.routes.get(&at.route_id).ok_or_else(|| absent("Route", &at.route_id))?;
        let mut route = route.clone();
        input.apply(api, &mut route)?;
        let shown = json!(route);
        api.routes.insert(at.route_id, route);
        api.deploy_automatically(scope.now)?;
        Ok(shown)
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<RoutePath>()?;
    let removed = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        api.routes.remove(&at.route_id).ok_or_else(|| absent("Route", &at.route_id))?;
        api.deploy_automatically(scope.now)
    });
    removed.await?;
    Ok(Output::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_method_and_a_path() {
        for key in ["$default", "GET /", "ANY /a/{b}/c", "POST /{proxy+}", "GET /a.b"] {
            check_key(key).unwrap();
        }
        let format = "Format should be \"<HTTP METHOD> /<RESOURCE PATH>\" or \"$default\"";
        let refused = |key: &str| check_key(key).unwrap_err().message;
        for key in ["", "get /", "GET", "GET a", "$connect"] {
            assert!(refused(key).ends_with(format), "{key}");
        }
        for key in ["GET /{a+}/b", "GET /{}", "GET /a{b}", "DELETE /{id}.json", "GET /a/"] {
            assert_eq!(refused(key), "One or more path parts appear to be invalid", "{key}");
        }
    }
}
