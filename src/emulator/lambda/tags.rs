//! The tags of a function.

use super::{
    FunctionName, Request,
    error::invalid,
    functions::{find, find_mut},
    unknown,
};
use crate::{emulator::wire::AwsError, http1::Response};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The most tags of a function: AWS's own limit.
const MAX_TAGS: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tags {
    tags: BTreeMap<String, String>,
}

pub(super) async fn route(request: &Request<'_>, method: &Method, name: &FunctionName) -> Result<Response, AwsError> {
    match *method {
        Method::GET => {
            let tags = request.read(|state| Ok::<_, AwsError>(find(state, request, name)?.tags.clone()))?;
            Ok(request.json(StatusCode::OK, &json!({ "Tags": tags })))
        }
        Method::POST => {
            let Tags { tags } = request.input()?;
            request
                .change(|state| {
                    let function = find_mut(state, request, name)?;
                    function.tags.extend(tags);
                    check(&function.tags)
                })
                .await?;
            Ok(request.empty(StatusCode::NO_CONTENT))
        }
        Method::DELETE => {
            let keys: Vec<_> = request.queries("tagKeys").collect();
            request
                .change(|state| {
                    let function = find_mut(state, request, name)?;
                    function.tags.retain(|key, _| !keys.contains(key));
                    Ok(())
                })
                .await?;
            Ok(request.empty(StatusCode::NO_CONTENT))
        }
        _ => Err(unknown(request)),
    }
}

/// Checks all tags of a function.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    let fits = |(key, value): (&String, &String)| {
        (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256 && !key.starts_with("aws:")
    };
    if tags.len() > MAX_TAGS || !tags.iter().all(fits) {
        return Err(invalid(
            "A resource has at most 50 tags, with keys of 1 to 128 characters that do not start with `aws:` and values of at most 256.",
        ));
    }
    Ok(())
}
