//! What a call to API Gateway needs, whose actions are the methods of HTTP, and whose resources are paths; and the roles
//! that it hands over, whether members, patches or a document say them.

use super::{
    Call,
    need::Need,
    tree::{at, texts},
};
use crate::emulator::{apigateway::openapi, policy::Keys};
use serde_json::Value;
use std::collections::BTreeSet;

/// The members that name a role: those of REST APIs, and those of HTTP APIs.
const ROLES: [&str; 4] = ["credentials", "authorizerCredentials", "credentialsArn", "authorizerCredentialsArn"];

/// The paths of patches that name one.
const PATCHES: [&str; 3] = ["/credentials", "/authorizerCredentials", "/cloudwatchRoleArn"];

/// The extensions of a document whose members name one.
const EXTENSIONS: [(&str, &str); 2] =
    [("x-amazon-apigateway-integration", "credentials"), ("x-amazon-apigateway-authorizer", "authorizerCredentials")];

/// What is needed to call a path:
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html>
pub(super) fn by_path(call: &Call<'_>, input: &Value, keys: &Keys) -> Vec<Need> {
    let region = call.region;
    let path = call.request.uri().path().trim_end_matches('/');
    let need = |action: &str, path: &str| Need {
        action: format!("apigateway:{action}"),
        resource: format!("arn:aws:apigateway:{region}::{path}"),
        keys: keys.clone(),
    };
    let document = document(call, input);
    let mut needs = vec![need(call.request.method().as_str(), path)];
    let changes_policy = !texts(input, "policy").is_empty()
        || at(input, "patchOperations").iter().any(|patch| patch["path"] == "/policy")
        || document.get("x-amazon-apigateway-policy").is_some();
    if changes_policy {
        needs.push(need("UpdateRestApiPolicy", path));
    }
    for role in roles(input, &document) {
        let mut keys = keys.clone();
        keys.set("iam:PassedToService", "apigateway.amazonaws.com");
        needs.push(Need { action: "iam:PassRole".to_owned(), resource: role, keys });
    }
    needs
}

/// The document that a call imports; nothing where it imports none, or where it cannot be read, which the call itself
/// refuses.
fn document(call: &Call<'_>, input: &Value) -> Value {
    let read = match call.operation {
        "ImportRestApi" | "PutRestApi" => openapi::read(call.request.body()),
        "ImportApi" | "ReimportApi" => openapi::read(input["body"].as_str().unwrap_or_default().as_bytes()),
        _ => return Value::Null,
    };
    read.unwrap_or_default()
}

/// The ARNs of the roles that a call hands over, each once.
fn roles(input: &Value, document: &Value) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = ROLES.iter().flat_map(|member| texts(input, member)).collect();
    for patch in at(input, "patchOperations") {
        if PATCHES.iter().any(|path| patch["path"] == *path) {
            found.extend(patch["value"].as_str().map(str::to_owned));
        }
    }
    of_document(document, &mut found);
    found.retain(|role| role.starts_with("arn:"));
    found
}

/// Finds the roles in the extensions of a document, wherever they stand: another place may refer to them.
fn of_document(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (extension, member) in EXTENSIONS {
                let role = members.get(extension).and_then(|extension| extension[member].as_str());
                found.extend(role.map(str::to_owned));
            }
            members.values().for_each(|value| of_document(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| of_document(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn role(name: &str) -> String {
        format!("arn:aws:iam::000000000000:role/{name}")
    }

    #[test]
    fn a_role_is_handed_over_by_members_patches_and_documents() {
        let found = |input: Value, document: Value| roles(&input, &document).into_iter().collect::<Vec<_>>();
        for member in ROLES {
            assert_eq!(found(json!({ member: role("a") }), Value::Null), [role("a")], "{member}");
        }
        for path in PATCHES {
            let patch = json!({ "op": "replace", "path": path, "value": role("a") });
            assert_eq!(found(json!({ "patchOperations": [patch] }), Value::Null), [role("a")], "{path}");
        }
        let other = json!({ "op": "replace", "path": "/uri", "value": role("a") });
        assert!(found(json!({ "patchOperations": [other], "credentials": "" }), Value::Null).is_empty());
        let document = json!({
            "paths": {
                "/a": { "get": { "x-amazon-apigateway-integration": { "credentials": role("b") } } },
                "/b": { "get": { "x-amazon-apigateway-integration": { "credentials": role("b"), "uri": role("no") } } },
            },
            "components": {
                "schemas": { "S": { "example": { "credentials": role("no") } } },
                "securitySchemes": { "s": { "x-amazon-apigateway-authorizer": { "authorizerCredentials": role("c") } } },
            },
        });
        assert_eq!(found(json!({}), document), [role("b"), role("c")]);
    }
}
