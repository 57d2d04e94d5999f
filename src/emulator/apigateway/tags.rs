//! The tags of APIs, stages, keys and plans, by ARN (`arn:aws:apigateway:us-east-1::/restapis/abc`).

use super::{
    HttpMethod, Request, State,
    error::{absent, bad_request},
    model::Tags,
    unknown,
};
use crate::{emulator::wire::AwsError, http1::Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

/// The most tags of one thing: AWS's own limit.
const MAX_TAGS: usize = 50;

#[derive(Deserialize)]
struct Input {
    tags: Tags,
}

pub(super) async fn route(request: &Request<'_>, method: &HttpMethod, arn: &str) -> Result<Response, AwsError> {
    let path = arn.splitn(6, ':').nth(5).ok_or_else(|| bad_request("Invalid resource ARN specified"))?;
    match *method {
        HttpMethod::GET => {
            // Reading goes through the same search as changing, on a copy.
            let tags = request.read(|state| find(&mut state.clone(), path).cloned())?;
            Ok(request.ok(&json!({ "tags": tags })))
        }
        HttpMethod::PUT => {
            let Input { tags: new } = request.input()?;
            request
                .change(|state| {
                    let tags = find(state, path)?;
                    tags.extend(new);
                    check(tags)
                })
                .await?;
            Ok(request.empty(StatusCode::NO_CONTENT))
        }
        HttpMethod::DELETE => {
            let keys: Vec<_> = request.queries("tagKeys").collect();
            request
                .change(|state| {
                    find(state, path)?.retain(|key, _| !keys.contains(key));
                    Ok(())
                })
                .await?;
            Ok(request.empty(StatusCode::NO_CONTENT))
        }
        _ => Err(unknown(request)),
    }
}

fn find<'a>(state: &'a mut State, path: &str) -> Result<&'a mut Tags, AwsError> {
    let parts: Vec<_> = path.split('/').collect();
    match parts.as_slice() {
        ["", "restapis", api] => Ok(&mut state.api_mut(api)?.tags),
        ["", "restapis", api, "stages", name] => {
            let stages = &mut state.api_mut(api)?.stages;
            let found = name.parse().ok().and_then(|name| stages.get_mut(&name));
            Ok(&mut found.ok_or_else(|| absent("stage"))?.tags)
        }
        ["", "apikeys", id] => Ok(&mut state.keys.get_mut(*id).ok_or_else(|| absent("API Key"))?.tags),
        ["", "usageplans", id] => Ok(&mut state.plans.get_mut(*id).ok_or_else(|| absent("Usage Plan"))?.tags),
        _ => Err(bad_request("Invalid resource ARN specified")),
    }
}

/// Checks all tags of one thing.
pub(super) fn check(tags: &Tags) -> Result<(), AwsError> {
    let fits = |(key, value): (&String, &String)| {
        (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256 && !key.starts_with("aws:")
    };
    if tags.len() > MAX_TAGS || !tags.iter().all(fits) {
        return Err(bad_request(
            "There are at most 50 tags, with keys of 1 to 128 characters that do not start with `aws:` and values of \
             at most 256.",
        ));
    }
    Ok(())
}
