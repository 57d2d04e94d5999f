//! What API Gateway's front refuses before an operation sees it: values that are not of their enumeration or pattern, all
//! of a call in one sentence. The order within an enumeration is AWS's own.

use crate::emulator::{
    service::{Input, Operation},
    wire::AwsError,
};
use serde_json::Value;

const ENDPOINTS: [&str; 3] = ["PRIVATE", "EDGE", "REGIONAL"];
const ADDRESSES: [&str; 2] = ["ipv4", "dualstack"];
const OPS: [&str; 6] = ["add", "remove", "move", "test", "replace", "copy"];
const INTEGRATIONS: [&str; 5] = ["HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS"];
const LOCATIONS: [&str; 12] = [
    "RESPONSE_BODY",
    "RESPONSE",
    "METHOD",
    "MODEL",
    "AUTHORIZER",
    "RESPONSE_HEADER",
    "RESOURCE",
    "PATH_PARAMETER",
    "REQUEST_BODY",
    "QUERY_PARAMETER",
    "API",
    "REQUEST_HEADER",
];
const RESPONSES: [&str; 21] = [
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "MISSING_AUTHENTICATION_TOKEN",
    "BAD_REQUEST_BODY",
    "INVALID_SIGNATURE",
    "INVALID_API_KEY",
    "BAD_REQUEST_PARAMETERS",
    "AUTHORIZER_FAILURE",
    "UNAUTHORIZED",
    "INTEGRATION_TIMEOUT",
    "ACCESS_DENIED",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "WAF_FILTERED",
    "QUOTA_EXCEEDED",
    "THROTTLED",
    "API_CONFIGURATION_ERROR",
    "UNSUPPORTED_MEDIA_TYPE",
    "INTEGRATION_FAILURE",
    "EXPIRED_TOKEN",
];

/// Checks the input of a call, which has not been read.
pub(super) fn check(operation: &Operation<'_>) -> Result<(), AwsError> {
    let (name, Input::Members(input)) = operation.asked() else { return Ok(()) };
    let faults = faults(name, &Value::Object(input.clone()));
    let count = match faults.len() {
        0 => return Ok(()),
        1 => "1 validation error".to_owned(),
        more => format!("{more} validation errors"),
    };
    Err(AwsError::sender("ValidationException", format!("{count} detected: {}", faults.join("; "))))
}

/// What is wrong with the input of an operation.
fn faults(operation: &str, input: &Value) -> Vec<String> {
    let (first, rest) = operation.split_at(1.min(operation.len()));
    let body = format!("{}{rest}Input", first.to_ascii_lowercase());
    let mut faults = Vec::new();
    let endpoint = &input["endpointConfiguration"];
    if let Some(types) = endpoint["types"].as_array() {
        let names: Vec<_> = types.iter().filter_map(Value::as_str).collect();
        if names.iter().any(|name| !ENDPOINTS.contains(name)) {
            faults.push(fault(
                &format!("[{}]", names.join(", ")),
                &format!("{body}.endpointConfiguration.types"),
                &format!("Member must satisfy constraint: [{}]", one_of(&ENDPOINTS)),
            ));
        }
    }
    let mut expect = |value: &Value, path: String, known: &[&str]| {
        if let Some(text) = value.as_str().filter(|text| !known.contains(text)) {
            faults.push(fault(text, &path, &one_of(known)));
        }
    };
    expect(&endpoint["ipAddressType"], format!("{body}.endpointConfiguration.ipAddressType"), &ADDRESSES);
    for (at, patch) in input["patchOperations"].as_array().into_iter().flatten().enumerate() {
        expect(&patch["op"], format!("{body}.patchOperations.{}.member.op", at + 1), &OPS);
    }
    if operation == "PutIntegration" {
        expect(&input["type"], format!("{body}.type"), &INTEGRATIONS);
    }
    expect(&input["location"]["type"], format!("{body}.location.type"), &LOCATIONS);
    expect(&input["responseType"], "responseType".to_owned(), &RESPONSES);
    // The status of a gateway response is in the body, and may be left out.
    if let Some(status) = input["statusCode"].as_str().filter(|status| !is_status(status))
        && operation.ends_with("Response")
        && !operation.ends_with("GatewayResponse")
    {
        faults.push(fault(status, "statusCode", r"Member must satisfy regular expression pattern: [1-5]\d\d"));
    }
    faults
}

fn fault(value: &str, path: &str, constraint: &str) -> String {
    format!("Value '{value}' at '{path}' failed to satisfy constraint: {constraint}")
}

fn one_of(known: &[&str]) -> String {
    format!("Member must satisfy enum value set: [{}]", known.join(", "))
}

fn is_status(text: &str) -> bool {
    text.len() == 3 && text.starts_with(['1', '2', '3', '4', '5']) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn all_that_is_wrong_with_a_call_is_said_at_once() {
        let input = json!({ "statusCode": "wrong", "patchOperations": [{ "op": "add" }, { "op": "put" }] });
        assert_eq!(
            faults("UpdateMethodResponse", &input),
            [
                "Value 'put' at 'updateMethodResponseInput.patchOperations.2.member.op' failed to satisfy constraint: Member \
             must satisfy enum value set: [add, remove, move, test, replace, copy]",
                r"Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\d\d",
            ]
        );
        let types = json!({ "endpointConfiguration": { "types": ["EDGE", "NOPE"] } });
        assert_eq!(
            faults("CreateRestApi", &types),
            ["Value '[EDGE, NOPE]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: \
             Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]",]
        );
        assert!(faults("PutGatewayResponse", &json!({ "responseType": "THROTTLED", "statusCode": "" })).is_empty());
    }
}
