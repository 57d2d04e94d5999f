//! JSON 1.1 requests: the operation is in `X-Amz-Target`, the input is the body.

use super::AwsError;
use crate::http1::Request;
use serde::de::DeserializeOwned;

/// Reads the operation of a JSON 1.1 request: what follows the dot in `X-Amz-Target: Logs_20140328.CreateLogGroup`.
///
/// # Errors
/// `UnknownOperationException` when the header is absent or names no operation.
pub fn json_target(request: &Request) -> Result<&str, AwsError> {
    request
        .headers()
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .and_then(|target| target.rsplit_once('.'))
        .map(|(_, operation)| operation)
        .filter(|operation| !operation.is_empty())
        .ok_or_else(|| AwsError::sender("UnknownOperationException", "The request has no X-Amz-Target."))
}

/// Reads the body of a JSON request; an empty body is an empty object.
///
/// # Errors
/// `SerializationException` when the body is not JSON of the operation's shape.
pub fn json_input<T: DeserializeOwned>(request: &Request) -> Result<T, AwsError> {
    let body: &[u8] = if request.body().is_empty() { b"{}" } else { request.body() };
    serde_json::from_slice(body).map_err(|error| AwsError::sender("SerializationException", error.to_string()))
}
