//! What pages of other sites may do with a function's URL, as its owner has said: Lambda answers preflights itself, and
//! replaces what the function says about it.

use crate::{
    edge::origin::silence,
    emulator::{lambda::error::validation, wire::AwsError},
    http1::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts};
use serde::{Deserialize, Serialize};

const METHODS: [&str; 7] = ["GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*"];

/// What was set up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Cors {
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_credentials: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_methods: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_origins: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expose_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<i64>,
}

impl Cors {
    /// Checks what was sent.
    pub(super) fn check(&self) -> Result<(), AwsError> {
        for (list, name, most, shortest, longest) in [
            (&self.allow_headers, "cors.allowHeaders", 100, 0, 1024),
            (&self.allow_methods, "cors.allowMethods", 6, 0, 6),
            (&self.allow_origins, "cors.allowOrigins", 100, 1, 253),
            (&self.expose_headers, "cors.exposeHeaders", 100, 0, 1024),
        ] {
            let list = list.as_deref().unwrap_or_default();
            let shown = || format!("[{}]", list.join(", "));
            if list.len() > most {
                return Err(validation(&shown(), name, &format!("have length less than or equal to {most}")));
            }
            let fits =
                |value: &String| (shortest..=longest).contains(&value.len()) && HeaderValue::from_str(value).is_ok();
            if !list.iter().all(fits) {
                let rule = format!(
                    "satisfy constraint: [Member must have length less than or equal to {longest}, Member must have \
                     length greater than or equal to {shortest}, Member must satisfy regular expression pattern: .*]"
                );
                return Err(validation(&shown(), name, &rule));
            }
        }
        let methods = self.allow_methods.iter().flatten();
        if let Some(other) = methods.map(String::as_str).find(|method| !METHODS.contains(method)) {
            return Err(validation(
                other,
                "cors.allowMethods",
                &format!("satisfy enum value set: [{}]", METHODS.join(", ")),
            ));
        }
        match self.max_age {
            Some(age) if !(0..=86_400).contains(&age) => {
                let rule = if age < 0 { "greater than or equal to 0" } else { "less than or equal to 86400" };
                Err(validation(&age.to_string(), "cors.maxAge", &format!("have value {rule}")))
            }
            _ => Ok(()),
        }
    }

    /// Answers a page that asks what it may send.
    pub(super) fn preflight(&self, parts: &Parts) -> Response {
        let mut response = Response::default();
        let headers = response.headers_mut();
        let asked = parts.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
        let asked = asked.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
        let methods = self.allow_methods.as_deref().unwrap_or_default();
        let is_allowed = asked.is_some_and(|asked| methods.iter().any(|known| known == "*" || asked == known.as_str()));
        if self.allow_origin(parts, headers) && is_allowed {
            put(headers, header::ACCESS_CONTROL_ALLOW_METHODS, &methods.join(","));
            list(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, self.allow_headers.as_deref());
            if let Some(age) = self.max_age {
                put(headers, header::ACCESS_CONTROL_MAX_AGE, &age.to_string());
            }
        }
        response
    }

    /// Puts on an answer what its page may do with it, and takes off what the function says of that.
    pub(super) fn apply(&self, parts: &Parts, headers: &mut HeaderMap) {
        silence(headers);
        if self.allow_origin(parts, headers) {
            list(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, self.expose_headers.as_deref());
        }
    }

    /// Says that the request's page may see the answer, if it may.
    fn allow_origin(&self, parts: &Parts, headers: &mut HeaderMap) -> bool {
        let origins = self.allow_origins.as_deref().unwrap_or_default();
        let Some(origin) = parts.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) else {
            return false;
        };
        if !origins.iter().any(|known| known == "*" || known == origin) {
            return false;
        }
        let sends_credentials = self.allow_credentials == Some(true);
        // Browsers refuse the star where credentials are sent.
        let is_anybody = origins.iter().any(|known| known == "*") && !sends_credentials;
        put(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, if is_anybody { "*" } else { origin });
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if sends_credentials {
            put(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        true
    }
}

fn list(headers: &mut HeaderMap, name: HeaderName, values: Option<&[String]>) {
    if let Some(values) = values.filter(|values| !values.is_empty()) {
        put(headers, name, &values.join(","));
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cors(value: serde_json::Value) -> Cors {
        serde_json::from_value(value).unwrap()
    }

    fn page(origin: &str, method: &str) -> Parts {
        let request = http::Request::builder().method("OPTIONS").uri("/").header(header::ORIGIN, origin);
        let request = request.header(header::ACCESS_CONTROL_REQUEST_METHOD, method);
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_preflight_is_answered_for_those_who_may() {
        let cors = cors(json!({
            "AllowOrigins": ["https://a.example"], "AllowMethods": ["GET", "POST"], "AllowHeaders": ["x-a", "x-b"],
            "AllowCredentials": true, "MaxAge": 60,
        }));
        let answer = cors.preflight(&page("https://a.example", "POST"));
        assert_eq!(answer.status(), 200);
        for (name, value) in [
            ("access-control-allow-origin", "https://a.example"),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "GET,POST"),
            ("access-control-allow-headers", "x-a,x-b"),
            ("access-control-max-age", "60"),
            ("vary", "Origin"),
        ] {
            assert_eq!(answer.headers()[name], value, "{name}");
        }
        assert!(cors.preflight(&page("https://b.example", "POST")).headers().is_empty());
        let other = cors.preflight(&page("https://a.example", "DELETE"));
        assert!(!other.headers().contains_key("access-control-allow-methods"));
    }

    #[test]
    fn an_answer_says_what_was_set_up_and_nothing_that_the_function_says() {
        let cors = cors(json!({ "AllowOrigins": ["*"], "ExposeHeaders": ["x-c"] }));
        let mut headers = HeaderMap::new();
        put(&mut headers, header::ACCESS_CONTROL_ALLOW_METHODS, "TRACE");
        cors.apply(&page("https://b.example", "GET"), &mut headers);
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(headers["access-control-expose-headers"], "x-c");
        assert!(!headers.contains_key("access-control-allow-methods"));
    }

    #[test]
    fn what_lambda_refuses_is_refused() {
        for (value, member) in [
            (json!({ "AllowMethods": ["OPTIONS"] }), "cors.allowMethods"),
            (json!({ "AllowMethods": ["TRACE"] }), "cors.allowMethods"),
            (json!({ "MaxAge": 86_401 }), "cors.maxAge"),
            (json!({ "MaxAge": -1 }), "cors.maxAge"),
            (json!({ "AllowOrigins": ["x".repeat(254)] }), "cors.allowOrigins"),
            (json!({ "AllowHeaders": vec!["x"; 101] }), "cors.allowHeaders"),
        ] {
            let error = cors(value.clone()).check().unwrap_err();
            assert_eq!(error.code, "ValidationException", "{value}");
            assert!(error.message.contains(member), "{error}");
        }
        cors(json!({ "AllowMethods": ["*"], "MaxAge": 86_400 })).check().unwrap();
    }
}
