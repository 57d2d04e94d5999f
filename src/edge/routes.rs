//! Where a request goes, from its method and path alone.
//!
//! Pure, and it decides before anybody is asked: what it refuses, no engine hears of. Paths are matched as the client
//! wrote them and never normalised; a path that a later parser could normalise into another one is refused.

use crate::names::{ApiId, StageName, is_region};
use http::Method;
use percent_encoding::percent_decode_str;

/// The segment that tells a call of a deployed API from a management call, which starts with `/restapis/` too.
const USER_REQUEST: &str = "_user_request_";
/// The path of the edge's own health.
const HEALTH: &str = "/healthz";
/// How the path of a link to code begins.
pub const CODE: &str = "/_aws/code/";

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `GET /healthz`, answered by the edge.
    Health,
    /// A link to code that the engine has handed out, if it is one.
    Code,
    /// A call of an API, if it is deployed.
    Api(ApiPath),
    /// An AWS call, if its signature verifies.
    Aws,
    /// Nowhere.
    Refused(Refused),
}

/// What a call of an API names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiPath {
    /// The API.
    pub api: ApiId,
    /// The stage.
    pub stage: StageName,
    /// The path below the stage, still percent-encoded, starting with `/`.
    pub path: String,
    /// The path of the stage that URLs do not name, where the API has that and not this one.
    pub unnamed: Option<String>,
    /// Whether no segment of it hides a separator, a dot or a control character from whoever decodes it once more.
    pub is_plain: bool,
}

/// Why a request goes nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is nothing at this path, or nothing for strangers.
    NotFound,
    /// There are two slashes in a row: most often the public URL was written with a slash at its end.
    DoubleSlash,
    /// The path has no such method; it has those that this names as the header `Allow` does.
    Method(&'static str),
}

/// The methods that any path may have.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
/// The methods of what is for reading only.
const READING: &str = "GET, HEAD, OPTIONS";

/// Finds the route of a request to `path`, still percent-encoded and without its query.
#[must_use]
pub fn route(method: &Method, path: &str) -> Route {
    let allow = if path == HEALTH || path.starts_with(CODE) { READING } else { METHODS };
    if !allow.split(", ").any(|allowed| allowed == method.as_str()) {
        return Route::Refused(Refused::Method(allow));
    }
    if path.contains("//") {
        return Route::Refused(Refused::DoubleSlash);
    }
    if !path.starts_with('/') || is_ambiguous(path) {
        return Route::Refused(Refused::NotFound);
    }
    if path == HEALTH {
        return Route::Health;
    }
    if path.starts_with(CODE) {
        return Route::Code;
    }
    api(path).unwrap_or_else(|| if is_aws(path) { Route::Aws } else { Route::Refused(Refused::NotFound) })
}

/// Finds the route of a request to an API's own host (`ID.execute-api.localhost`).
#[must_use]
pub fn route_of(api: ApiId, method: &Method, path: &str) -> Route {
    match route(method, path) {
        Route::Refused(refused @ (Refused::Method(_) | Refused::DoubleSlash)) => Route::Refused(refused),
        _ if is_ambiguous(path) => Route::Refused(Refused::NotFound),
        _ => below(api, path),
    }
}

/// The API whose host this is: `ID.execute-api.localhost`, with or without region and port. The second name is a public
/// one of 127.0.0.1.
#[must_use]
pub fn api_of_host(host: &str) -> Option<ApiId> {
    let name = host.split_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    let (id, rest) = name.split_once(".execute-api.")?;
    let own = ["localhost", "localhost.localstack.cloud"];
    let without_region = rest.split_once('.').filter(|(region, _)| is_region(region)).map_or(rest, |(_, rest)| rest);
    id.parse().ok().filter(|_| own.contains(&rest) || own.contains(&without_region))
}

/// Matches the API's own two URL forms.
fn api(path: &str) -> Option<Route> {
    if let Some(rest) = path.strip_prefix("/_aws/execute-api/") {
        let end = rest.find('/').unwrap_or(rest.len());
        return Some(below(rest[..end].parse().ok()?, &rest[end..]));
    }
    let (api, rest) = path.strip_prefix("/restapis/")?.split_once('/')?;
    let (stage, rest) = rest.split_once('/')?;
    let path = match rest.strip_prefix(USER_REQUEST)? {
        "" => "/",
        path if path.starts_with('/') => path,
        _ => return None,
    };
    Some(Route::Api(ApiPath::new(api.parse().ok()?, stage.parse().ok()?, path.to_owned(), None)))
}

/// Reads what is below an API: a stage and a path, or the path of the stage that has no name in URLs.
fn below(api: ApiId, whole: &str) -> Route {
    let whole = if whole.is_empty() { "/" } else { whole };
    let end = whole[1..].find('/').map_or(whole.len(), |at| at + 1);
    let path = if end == whole.len() { "/" } else { &whole[end..] };
    Route::Api(match whole[1..end].parse() {
        Ok(stage) => ApiPath::new(api, stage, path.to_owned(), Some(whole.to_owned())),
        Err(_) => ApiPath::new(api, StageName::default_stage(), whole.to_owned(), None),
    })
}

impl ApiPath {
    fn new(api: ApiId, stage: StageName, path: String, unnamed: Option<String>) -> Self {
        // An escaped separator is one segment to us and may be two to the engine, at whichever time it decodes.
        let whole = unnamed.as_deref().unwrap_or(&path);
        let is_plain = !decoded_segments(whole).any(|segment| segment.contains(&b'/') || decodes_further(&segment));
        Self { api, stage, path, unnamed, is_plain }
    }
}

/// Tells whether an AWS service can have this path. The engines' own pages (`/_localstack/…`, `/_aws/…`, `/moto-api/…`)
/// are not among them, however they are spelled.
fn is_aws(path: &str) -> bool {
    let first = path[1..].split('/').next().unwrap_or_default();
    let engines_own = first.starts_with('_') || first.contains('%') || first == "moto-api";
    let data_plane = decoded_segments(path).any(|segment| segment.starts_with(USER_REQUEST.as_bytes()));
    !engines_own && !data_plane
}

/// Tells whether a later parser could read another path: dot segments, backslashes and control characters, plain or
/// escaped once.
fn is_ambiguous(path: &str) -> bool {
    decoded_segments(path).any(|segment| {
        segment.iter().any(|&byte| byte == b'\\' || byte.is_ascii_control())
            || segment.split(|&byte| byte == b'/').any(|part| part == b"." || part == b"..")
    })
}

/// Tells whether a decoded segment hides another separator, dot or control character from whoever decodes it again.
fn decodes_further(segment: &[u8]) -> bool {
    let mut layer = segment.to_vec();
    loop {
        let next: Vec<u8> = percent_encoding::percent_decode(&layer).collect();
        if next == layer {
            return false;
        }
        let hidden = |byte: &u8| matches!(byte, b'/' | b'\\' | b'.') || byte.is_ascii_control();
        if next.iter().filter(|byte| hidden(byte)).count() > layer.iter().filter(|byte| hidden(byte)).count() {
            return true;
        }
        layer = next;
    }
}

fn decoded_segments(path: &str) -> impl Iterator<Item = Vec<u8>> {
    path.split('/').map(|segment| percent_decode_str(segment).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn get(path: &str) -> Route {
        route(&Method::GET, path)
    }

    fn named(route: Route) -> (String, String, String) {
        let Route::Api(found) = route else { panic!("{route:?}") };
        (found.api.to_string(), found.stage.to_string(), found.path)
    }

    fn api_route(path: &str) -> (String, String, String) {
        ("abc123".to_owned(), "dev".to_owned(), path.to_owned())
    }

    #[test]
    fn an_api_has_a_host_of_its_own_and_a_stage_that_need_not_be_named() {
        for host in ["abc123.execute-api.localhost:4566", "ABC123.execute-api.us-east-1.localhost.localstack.cloud"] {
            assert_eq!(api_of_host(host).unwrap().as_str(), "abc123", "{host}");
        }
        for host in ["localhost", "abc123.execute-api.evil.example", "abc123.execute-api.localhost.evil.example", "a.b"]
        {
            assert_eq!(api_of_host(host), None, "{host}");
        }
        for (path, stage, below, unnamed) in [
            ("/dev/x/y", "dev", "/x/y", Some("/dev/x/y")),
            ("/dev", "dev", "/", Some("/dev")),
            ("/", "$default", "/", None),
            ("/a.b/c", "$default", "/a.b/c", None),
            ("/healthz", "healthz", "/", Some("/healthz")),
        ] {
            let Route::Api(found) = route_of("abc123".parse().unwrap(), &Method::GET, path) else { panic!("{path}") };
            assert_eq!((found.stage.as_str(), found.path.as_str(), found.unnamed.as_deref()), (stage, below, unnamed));
        }
        for path in ["//x", "/a/../b", "/%2e%2e/x"] {
            assert!(matches!(route_of("abc123".parse().unwrap(), &Method::GET, path), Route::Refused(_)), "{path}");
        }
    }

    #[test]
    fn both_url_forms_lead_to_the_api() {
        for (path, below) in [
            ("/restapis/abc123/dev/_user_request_/infra", "/infra"),
            ("/restapis/abc123/dev/_user_request_/a/b%20c", "/a/b%20c"),
            ("/restapis/abc123/dev/_user_request_/100%25", "/100%25"),
            ("/restapis/abc123/dev/_user_request_/a.b/50%2525c", "/a.b/50%2525c"),
            ("/restapis/abc123/dev/_user_request_/", "/"),
            ("/restapis/abc123/dev/_user_request_", "/"),
            ("/_aws/execute-api/abc123/dev/infra", "/infra"),
            ("/_aws/execute-api/abc123/dev/", "/"),
            ("/_aws/execute-api/abc123/dev", "/"),
        ] {
            assert_eq!(named(get(path)), api_route(below), "{path}");
        }
    }

    #[test]
    fn a_path_that_hides_something_says_so() {
        for path in [
            "/restapis/abc123/dev/_user_request_/a%2fb",
            "/restapis/abc123/dev/_user_request_/a%252fb",
            "/restapis/abc123/dev/_user_request_/a%25252Fb",
            "/restapis/abc123/dev/_user_request_/%252e%252E/x",
            "/_aws/execute-api/abc123/dev/a%255cb",
            "/_aws/execute-api/abc123/dev/a%250d",
        ] {
            assert!(matches!(get(path), Route::Api(ApiPath { is_plain: false, .. })), "{path}");
        }
    }

    #[test]
    fn management_calls_are_aws_calls_although_they_start_alike() {
        for path in [
            "/",
            "/restapis",
            "/restapis/abc123",
            "/restapis/abc123/stages/dev",
            "/restapis/abc123/resources/xyz/methods/GET",
            "/2015-03-31/functions/infrastructure-handler/invocations",
            "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fabc123",
        ] {
            assert_eq!(get(path), Route::Aws, "{path}");
        }
    }

    #[test]
    fn engines_own_pages_and_ambiguous_paths_lead_nowhere() {
        for path in [
            "/_localstack/health",
            "/_localstack",
            "/%5flocalstack/health",
            "/%5Flocalstack/health",
            "/_aws/",
            "/_aws/lambda/runtime",
            "/_aws/execute-api/",
            "/_aws/execute-api/ABC/dev/x",
            "/%5faws/execute-api/abc123/dev/x",
            "/_localemu/health",
            "/_fakecloud/health",
            "/moto-api/reset",
            "/restapis/abc123/dev/_user_request_x",
            "/restapis/abc123/dev/%5fuser_request_/x",
            "/restapis/abc123/dev/x/_user_request_/x",
            "/restapis/abc123/_user_request_/x",
            "/restapis/abc123/dev/_user_request_/../../../../_localstack/health",
            "/restapis/abc123/dev/_user_request_/%2e%2e/x",
            "/restapis/abc123/dev/_user_request_/%2E./x",
            "/restapis/abc123/dev/_user_request_/..%2f..%2f_localstack",
            "/restapis/abc123/dev/_user_request_/a%5cb",
            "/restapis/abc123/dev/_user_request_/a%00b",
            "/restapis/abc123/dev/_user_request_/a%0d%0ab",
            "/restapis/../_localstack/health",
            "/x/%2e%2e/_localstack/health",
            "/./_localstack/health",
            "/x/..%2f_localstack/health",
        ] {
            assert_eq!(get(path), Route::Refused(Refused::NotFound), "{path}");
        }
        assert_eq!(get("//restapis/abc123/dev/_user_request_/infra"), Route::Refused(Refused::DoubleSlash));
    }

    #[test]
    fn health_and_links_to_code_are_for_reading() {
        assert_eq!((get("/healthz"), get("/_aws/code/abc")), (Route::Health, Route::Code));
        for (method, path) in [(Method::POST, "/healthz"), (Method::TRACE, "/healthz"), (Method::PUT, "/_aws/code/abc")]
        {
            assert_eq!(route(&method, path), Route::Refused(Refused::Method("GET, HEAD, OPTIONS")));
        }
    }

    #[test]
    fn a_method_that_no_path_has_is_refused_with_those_that_there_are() {
        let refused = route(&Method::TRACE, "/");
        assert_eq!(refused, Route::Refused(Refused::Method("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")));
    }

    proptest! {
        #[test]
        fn what_reaches_an_engine_has_one_reading(path in "/([a-z_%0-9A-F./\\\\~;-]|%2e|%2f|%5c|_user_request_/|_localstack|restapis/){0,12}") {
            let decoded = String::from_utf8_lossy(&percent_decode_str(&path).collect::<Vec<_>>()).into_owned();
            match get(&path) {
                Route::Refused(_) | Route::Health | Route::Code => {}
                Route::Api(ApiPath { path: below, is_plain, .. }) => {
                    prop_assert!(path.ends_with(&below) || below == "/");
                    prop_assert!(!is_plain || !below.to_ascii_lowercase().contains("%2f"));
                    prop_assert!(!decoded.split('/').any(|part| part == ".." || part == "."));
                }
                Route::Aws => {
                    prop_assert!(!decoded.starts_with("/_"));
                    prop_assert!(!decoded.split('/').any(|part| part == ".." || part == "."));
                }
            }
        }
    }
}
