//! What is said of the parts of an API, as it is kept.

use super::error::bad_request;
use crate::emulator::wire::{AwsError, letter_id};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// API Gateway's own limit on the parts of an API.
pub(super) const MAX_PARTS: usize = 2000;

/// What is said of one part of an API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) id: String,
    pub(super) location: Location,
    /// JSON, as it was written.
    pub(super) properties: String,
}

/// Which part of an API is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

/// The kinds of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Kind {
    Api,
    Authorizer,
    Method,
    Model,
    PathParameter,
    QueryParameter,
    RequestBody,
    RequestHeader,
    Resource,
    Response,
    ResponseBody,
    ResponseHeader,
}

impl Location {
    /// What is at a path and does not say so is at the root.
    pub(super) fn settled(mut self) -> Self {
        if !matches!(self.kind, Kind::Api | Kind::Authorizer | Kind::Model) {
            self.path.get_or_insert_with(|| "/".to_owned());
        }
        self
    }
}

/// The parts of an API by their ids.
pub(super) type Parts = BTreeMap<String, Part>;

/// The documentation of an API as it once was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) version: String,
    pub(super) created: OffsetDateTime,
    pub(super) description: Option<String>,
    pub(super) parts: Parts,
}

/// Refuses one more of what an API may have so many of.
pub(super) fn check_room(count: usize, most: usize, what: &str) -> Result<(), AwsError> {
    if count < most {
        return Ok(());
    }
    let message = format!("Maximum number of {what} for this API has been reached. The limit is {most}.");
    Err(AwsError::new(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", message))
}

/// Adds what a document says of its parts, instead of what was said of them before; gives the ids in their order.
pub(super) fn add(document: &Value, known: &mut Parts) -> Result<Vec<String>, AwsError> {
    #[derive(Deserialize)]
    struct Written {
        location: Location,
        properties: Value,
    }
    let parts = document["x-amazon-apigateway-documentation"]["documentationParts"].as_array();
    let mut ids = Vec::new();
    for part in parts.into_iter().flatten() {
        let part: Written = serde_json::from_value(part.clone())
            .map_err(|error| bad_request(format!("Invalid documentation part: {error}")))?;
        let location = part.location.settled();
        let same = known.values().find(|part| part.location == location);
        if same.is_none() {
            check_room(known.len(), MAX_PARTS, "documentation parts")?;
        }
        let id = same.map_or_else(|| letter_id(6), |part| Ok(part.id.clone()))?;
        let part = Part { id: id.clone(), location, properties: part.properties.to_string() };
        known.insert(id.clone(), part);
        ids.push(id);
    }
    Ok(ids)
}
