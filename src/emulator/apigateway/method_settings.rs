//! The settings that a stage has for its methods, and the patches that set them:
//! `/{resource}/{method}/throttling/rateLimit`, where `*` stands for all.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateStage.html>
//!
//! Throttling, logging and metrics are acted upon; caching is kept and shown, as there are no caches.

use super::{
    error::bad_request,
    memory::Pace,
    patch::{PatchOperation, unescaped},
};
use crate::emulator::wire::AwsError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// API Gateway's own limits of a region, which methods have unless their stage says something else.
const RATE: f64 = 10_000.0;
const BURST: i64 = 5000;

/// What a stage says of methods.
#[expect(clippy::struct_excessive_bools, reason = "these are API Gateway's members")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct MethodSettings {
    metrics_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    logging_level: Option<String>,
    data_trace_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    throttling_burst_limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    throttling_rate_limit: Option<f64>,
    caching_enabled: bool,
    cache_ttl_in_seconds: u32,
    cache_data_encrypted: bool,
    require_authorization_for_cache_control: bool,
    unauthorized_cache_control_header_strategy: String,
}

/// How much of a call is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Logging {
    /// Whether more than errors is.
    pub(super) has_all: bool,
    /// Whether headers and bodies are, too.
    pub(super) has_data: bool,
}

impl Default for MethodSettings {
    fn default() -> Self {
        Self {
            metrics_enabled: false,
            logging_level: None,
            data_trace_enabled: false,
            throttling_burst_limit: Some(BURST),
            throttling_rate_limit: Some(RATE),
            caching_enabled: false,
            cache_ttl_in_seconds: 300,
            cache_data_encrypted: false,
            require_authorization_for_cache_control: true,
            unauthorized_cache_control_header_strategy: "SUCCEED_WITH_RESPONSE_HEADER".to_owned(),
        }
    }
}

/// Settings by the methods that they are for: `*/*`, or `~1path~1{id}/GET` as the patch had it.
pub(super) type AllSettings = BTreeMap<String, MethodSettings>;

impl MethodSettings {
    /// How fast the methods may be called; as fast as one likes where a limit is -1 or the region's own.
    pub(super) fn pace(&self) -> Option<Pace> {
        Pace::of(self.throttling_rate_limit, self.throttling_burst_limit)
    }

    /// Whether each method has metrics of its own.
    pub(super) fn has_metrics(&self) -> bool {
        self.metrics_enabled
    }

    /// What of calls is written down; none where nothing is.
    pub(super) fn logging(&self) -> Option<Logging> {
        match self.logging_level.as_deref() {
            Some("INFO") => Some(Logging { has_all: true, has_data: self.data_trace_enabled }),
            Some("ERROR") => Some(Logging { has_all: false, has_data: self.data_trace_enabled }),
            _ => None,
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), AwsError> {
        let invalid = || bad_request(format!("Invalid value '{value}' specified for the method setting {name}"));
        let flag = || match value.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(invalid()),
        };
        let one_of = |known: &[&str]| known.contains(&value).then(|| value.to_owned()).ok_or_else(invalid);
        match name {
            "metrics/enabled" => self.metrics_enabled = flag()?,
            "logging/dataTrace" => self.data_trace_enabled = flag()?,
            "logging/loglevel" => self.logging_level = Some(one_of(&["OFF", "ERROR", "INFO"])?),
            "throttling/burstLimit" => {
                let limit = value.parse().ok().filter(|limit: &i64| *limit >= -1);
                self.throttling_burst_limit = Some(limit.ok_or_else(invalid)?);
            }
            "throttling/rateLimit" => {
                let limit = value.parse().ok().filter(|limit: &f64| limit.is_finite() && *limit >= -1.0);
                self.throttling_rate_limit = Some(limit.ok_or_else(invalid)?);
            }
            "caching/enabled" => self.caching_enabled = flag()?,
            "caching/dataEncrypted" => self.cache_data_encrypted = flag()?,
            "caching/ttlInSeconds" => {
                let ttl = value.parse().ok().filter(|ttl: &u32| *ttl <= 3600);
                self.cache_ttl_in_seconds = ttl.ok_or_else(invalid)?;
            }
            "caching/requireAuthorizationForCacheControl" => self.require_authorization_for_cache_control = flag()?,
            "caching/unauthorizedCacheControlHeaderStrategy" => {
                self.unauthorized_cache_control_header_strategy =
                    one_of(&["FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER"])?;
            }
            _ => return Err(bad_request(format!("Invalid method setting path: {name}"))),
        }
        Ok(())
    }
}

/// Applies a patch of settings; tells whether it is one.
pub(super) fn apply(all: &mut AllSettings, operation: &PatchOperation) -> Result<bool, AwsError> {
    let parts: Vec<&str> = operation.path().split('/').skip(1).collect();
    let known = ["metrics", "logging", "throttling", "caching"];
    match parts.as_slice() {
        [resource @ .., method, group, name] if !resource.is_empty() && known.contains(group) => {
            check_method(method, operation)?;
            let key = format!("{}/{method}", resource.join("/"));
            let name = format!("{group}/{name}");
            if operation.op() == "remove" {
                all.entry(key).or_default().reset(&name, &MethodSettings::default())?;
                return Ok(true);
            }
            let value = operation.text()?;
            // What says nothing of its own begins as what all methods have.
            let of_all = all.get("*/*").cloned().unwrap_or_default();
            all.entry(key).or_insert(of_all).set(&name, value)?;
            Ok(true)
        }
        [resource, method] if operation.op() == "remove" && *resource != "variables" => {
            all.remove(&format!("{resource}/{method}")).map(|_| true).ok_or_else(|| no_setting(operation))
        }
        _ => Ok(false),
    }
}

/// That a path is nothing that a stage has.
pub(super) fn no_setting(operation: &PatchOperation) -> AwsError {
    let path = operation.path();
    if operation.op() == "remove" {
        return bad_request(format!(
            "Cannot remove method setting {} because there is no method setting for this method ",
            path.trim_start_matches('/')
        ));
    }
    bad_request(format!("Invalid method setting path: {path}. Must be one of: [{PATHS}]"))
}

/// The paths of a stage, as API Gateway lists them.
const PATHS: &str = "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, \
    /accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, \
    /{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, \
    /{resourcePath}/{httpMethod}/logging/loglevel, \
    /{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, \
    /{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, \
    /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, \
    /{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, \
    /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit \
    /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, \
    /*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, \
    /variables/{variable_name}, /tracingEnabled";

impl MethodSettings {
    fn reset(&mut self, name: &str, default: &Self) -> Result<(), AwsError> {
        match name {
            "metrics/enabled" => self.metrics_enabled = default.metrics_enabled,
            "logging/dataTrace" => self.data_trace_enabled = default.data_trace_enabled,
            "logging/loglevel" => self.logging_level.clone_from(&default.logging_level),
            "throttling/burstLimit" => self.throttling_burst_limit = default.throttling_burst_limit,
            "throttling/rateLimit" => self.throttling_rate_limit = default.throttling_rate_limit,
            "caching/enabled" => self.caching_enabled = default.caching_enabled,
            "caching/dataEncrypted" => self.cache_data_encrypted = default.cache_data_encrypted,
            "caching/ttlInSeconds" => self.cache_ttl_in_seconds = default.cache_ttl_in_seconds,
            _ => return Err(bad_request(format!("Invalid patch path '{name}' specified for op 'remove'"))),
        }
        Ok(())
    }
}

fn is_method(name: &str) -> bool {
    matches!(name, "*" | "ANY" | "DELETE" | "GET" | "HEAD" | "OPTIONS" | "PATCH" | "POST" | "PUT")
}

fn check_method(method: &str, operation: &PatchOperation) -> Result<(), AwsError> {
    let invalid =
        || bad_request(format!("Invalid patch path  '{}' specified for op '{}'.", operation.path(), operation.op()));
    is_method(method).then_some(()).ok_or_else(invalid)
}

/// The settings for a method of a resource: its own, else those of all.
pub(super) fn of<'a>(all: &'a AllSettings, resource: &str, method: &str) -> Option<&'a MethodSettings> {
    if all.is_empty() {
        return None;
    }
    let is_own = |key: &str| {
        key.rsplit_once('/').is_some_and(|(path, of)| {
            let path = unescaped(path);
            of == method && path.trim_start_matches('/') == resource.trim_start_matches('/')
        })
    };
    all.iter().find(|(key, _)| is_own(key)).map(|(_, settings)| settings).or_else(|| all.get("*/*"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(operations: &[(&str, &str, &str)]) -> Result<AllSettings, AwsError> {
        let mut all = AllSettings::new();
        for (op, path, value) in operations {
            let operation = serde_json::from_value(json!({ "op": op, "path": path, "value": value })).unwrap();
            assert!(apply(&mut all, &operation)?, "{path}");
        }
        Ok(all)
    }

    #[test]
    fn a_method_has_its_own_settings_else_those_of_all() {
        let all = patched(&[
            ("replace", "/*/*/metrics/enabled", "true"),
            ("replace", "/*/*/throttling/rateLimit", "5"),
            ("replace", "/~1pets~1{id}/GET/throttling/burstLimit", "2"),
            ("replace", "/x/POST/logging/loglevel", "INFO"),
        ]);
        let all = all.unwrap();
        assert_eq!(all.keys().collect::<Vec<_>>(), ["*/*", "x/POST", "~1pets~1{id}/GET"]);
        let pace = |resource, method| of(&all, resource, method).and_then(MethodSettings::pace).unwrap();
        assert_eq!(pace("/pets/{id}", "GET"), Pace { rate: 5.0, burst: 2.0 });
        assert_eq!(pace("/pets/{id}", "PUT"), Pace { rate: 5.0, burst: 5000.0 });
        assert_eq!(json!(all["x/POST"])["loggingLevel"], "INFO");
        assert_eq!(json!(all["x/POST"])["metricsEnabled"], true);
    }

    #[test]
    fn what_is_no_setting_or_no_value_of_one_is_refused() {
        for (path, value) in [
            ("/*/*/metrics/enabled", "maybe"),
            ("/*/*/throttling/rateLimit", "fast"),
            ("/*/*/throttling/burstLimit", "1.5"),
            ("/*/*/logging/loglevel", "DEBUG"),
            ("/*/*/logging/colour", "red"),
            ("/x/FETCH/metrics/enabled", "true"),
        ] {
            assert_eq!(patched(&[("replace", path, value)]).unwrap_err().code, "BadRequestException", "{path}");
        }
    }

    #[test]
    fn settings_are_taken_away_one_by_one_or_all() {
        let all = patched(&[
            ("replace", "/*/*/throttling/rateLimit", "5"),
            ("remove", "/*/*/throttling/rateLimit", ""),
            ("replace", "/x/GET/metrics/enabled", "true"),
            ("remove", "/x/GET", ""),
        ]);
        let all = all.unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all["*/*"].pace(), None);
    }
}
