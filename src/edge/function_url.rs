//! Calls of functions by their own URLs: which requests are some, and who has signed them.
//!
//! A URL has two forms: AWS's, with the function's id in the host, and one with the id in the path, for clients whose
//! resolver knows no names below `localhost` and for the public URL, which has one host only. The function sees the same
//! path in both. Not here: whether a call is allowed, and what it answers; that is the engine's.

use super::signature::{Denied, Verified};
use crate::names::FunctionUrlId;
use http::{Method, header, request::Parts};

/// How a path begins that has the id of a function's URL in it.
pub const PREFIX: &str = "/_aws/lambda-url/";
/// What stands between the id and the region in a host.
const SERVICE: &str = "lambda-url";
/// The names of this machine that a host ends with. The second is a public name of 127.0.0.1.
const OWN_NAMES: [&str; 2] = ["localhost", "localhost.localstack.cloud"];
/// The signing name of the service.
const SIGNED_FOR: &str = "lambda";

/// How calls of a function's URL prove who makes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlAuth {
    /// They do not: the function is anybody's.
    None,
    /// By a signature for this region.
    Iam {
        /// The function's region.
        region: String,
    },
}

/// Who calls a function's URL.
#[derive(Debug)]
pub enum UrlCaller {
    /// Nobody in particular.
    Anybody,
    /// Whose signature does not verify, or is missing where one is needed.
    Denied(Denied),
    /// The owner of this access key.
    Key(String),
}

/// Finds the id in a host: `ID.lambda-url.REGION.localhost`, with or without a port.
pub(super) fn of_host(host: &str) -> Option<FunctionUrlId> {
    let host = host.split_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    let mut labels = host.splitn(4, '.');
    let (id, service, region, rest) = (labels.next()?, labels.next()?, labels.next()?, labels.next()?);
    let is_ours = service == SERVICE && crate::names::is_region(region) && OWN_NAMES.contains(&rest);
    id.parse().ok().filter(|_| is_ours)
}

/// Finds the id in a path, and what the function sees of that path.
pub(super) fn of_path(path: &str) -> Option<(FunctionUrlId, &str)> {
    let rest = path.strip_prefix(PREFIX)?;
    let end = rest.find('/').unwrap_or(rest.len());
    let below = if end == rest.len() { "/" } else { &rest[end..] };
    Some((rest[..end].parse().ok()?, below))
}

/// Tells whether a browser asks beforehand what a page may send.
#[must_use]
pub fn is_preflight(parts: &Parts) -> bool {
    let has = |name| parts.headers.contains_key(name);
    parts.method == Method::OPTIONS && has(header::ORIGIN) && has(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Checks what a call was signed for.
pub(super) fn check_scope(verified: &Verified, auth: &UrlAuth) -> Result<(), Denied> {
    let UrlAuth::Iam { region } = auth else { return Ok(()) };
    if verified.service != SIGNED_FOR {
        return Err(Denied::Scope(format!("Credential should be scoped to correct service: '{SIGNED_FOR}'.")));
    }
    if verified.region != *region {
        return Err(Denied::Scope(format!(
            "Credential should be scoped to a valid Region, not '{}'.",
            verified.region
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "abcdefghijklmnopqrstuvwxyz012345";

    #[test]
    fn a_url_has_its_id_in_the_host_or_in_the_path() {
        for host in [
            format!("{ID}.lambda-url.us-east-1.localhost:4566"),
            format!("{ID}.lambda-url.eu-west-3.localhost.localstack.cloud:4566"),
            format!("{}.Lambda-URL.us-east-1.LOCALHOST", ID.to_uppercase()),
        ] {
            assert_eq!(of_host(&host).unwrap().as_str(), ID, "{host}");
        }
        for host in [
            "localhost:4566".to_owned(),
            format!("{ID}.lambda-url.us-east-1.localhost.evil.example"),
            format!("{ID}.lambda-url.us-east-1.on.aws"),
            format!("{ID}.execute-api.us-east-1.localhost"),
            format!("x{ID}.lambda-url.us-east-1.localhost"),
            format!("{ID}.lambda-url.localhost"),
        ] {
            assert_eq!(of_host(&host), None, "{host}");
        }
        for (path, below) in [("", "/"), ("/", "/"), ("/a//b/..", "/a//b/..")] {
            let path = format!("{PREFIX}{ID}{path}");
            assert_eq!(of_path(&path).unwrap(), (ID.parse().unwrap(), below));
        }
        for path in ["/_aws/lambda-url/", "/_aws/lambda-url/short/", "/_aws/lambda-urls"] {
            assert_eq!(of_path(path), None, "{path}");
        }
    }
}
