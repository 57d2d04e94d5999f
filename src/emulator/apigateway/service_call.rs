//! A service of AWS as a backend: one action of the emulator's own services, done as the integration's role.

use super::{failure::Failure, function::Function};
use crate::{
    edge::AwsCall,
    emulator::{Context, iam, runtime::Functions, services, wire},
    http1::{Request, Response},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Uri, header};
use std::{sync::Arc, time::Duration};

/// Whoever calls backends on behalf of a route.
pub(super) struct Caller<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) functions: &'a Functions,
    /// The route, as permissions name it.
    pub(super) source_arn: &'a str,
    pub(super) request_id: &'a str,
    pub(super) trace: &'a str,
}

impl<'a> Caller<'a> {
    /// A function that is yet to be named, called on behalf of the route.
    pub(super) fn function(&self) -> Function<'a> {
        Function {
            context: self.context,
            functions: self.functions,
            arn: "",
            source_arn: self.source_arn,
            role: None,
            limit: Duration::ZERO,
            request_id: self.request_id,
            trace: self.trace,
        }
    }
}

/// What a service is asked.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    /// `arn:aws:apigateway:{region}:{service}:action/{name}` or `…:path/{path}`.
    pub(super) uri: &'a str,
    pub(super) role: &'a str,
    pub(super) query: &'a [(String, String)],
    pub(super) headers: &'a [(String, String)],
    pub(super) body: Bytes,
}

/// What a URI of an integration names: region, service, whether it is an action, and the action or the path.
pub(super) fn parse(uri: &str) -> Option<(&str, &str, bool, &str)> {
    let mut parts = uri.strip_prefix("arn:aws:apigateway:")?.splitn(3, ':');
    let (region, service, called) = (parts.next()?, parts.next()?, parts.next()?);
    let service = service.rsplit('.').next()?;
    let (kind, called) = called.split_once('/')?;
    match kind {
        _ if region.is_empty() || service.is_empty() || called.is_empty() => None,
        "action" => Some((region, service, true, called)),
        "path" => Some((region, service, false, called)),
        _ => None,
    }
}

/// Has the service answer.
pub(super) async fn call(asked: Asked<'_>, caller: &Caller<'_>) -> Result<Response, Failure> {
    let (region, service, is_action, target) = parse(asked.uri).ok_or(Failure::Configuration)?;
    let mut query: Vec<_> = asked.query.to_vec();
    let mut headers: Vec<_> = asked.headers.to_vec();
    let (target, also) = target.split_once(['?', '&']).unwrap_or((target, ""));
    query.extend(form_urlencoded::parse(also.as_bytes()).into_owned());
    let path = if is_action { "/".to_owned() } else { format!("/{target}") };
    let known = services::SERVICES.into_iter().find(|known| known.name == service);
    let names = known.and_then(|known| known.names.as_ref());
    // In a header, where the service has that.
    let prefix = names.and_then(|names| names.target);
    let version = names.and_then(|names| names.versions.last()).filter(|_| prefix.is_none());
    if is_action {
        match prefix {
            Some(prefix) => {
                headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                headers.push(("x-amz-target".to_owned(), format!("{prefix}.{target}")));
                headers.push(("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()));
            }
            None => query.push(("Action".to_owned(), target.to_owned())),
        }
    }
    let says_version = query.iter().any(|(name, _)| name == "Version");
    if let Some(version) = version.filter(|_| !says_version) {
        query.push(("Version".to_owned(), (*version).to_owned()));
    }
    let request = request(asked.method, &path, &query, &headers, asked.body).ok_or(Failure::Configuration)?;
    if !iam::has_role(caller.context, asked.role) {
        let request_id = caller.request_id;
        tracing::warn!(request_id, role = asked.role, "the role of an integration does not exist");
        return Err(Failure::Configuration);
    }
    // The role acts under a key of its own, as everywhere, and no longer than this call.
    let session = format!("apigateway-{}", caller.request_id);
    let lent = caller.context.sessions.lend(asked.role, &session).map_err(|_| Failure::Configuration)?;
    let lent = Lent { context: caller.context, access_key_id: lent.access_key_id };
    let aws = AwsCall {
        request_id: wire::request_id(),
        service: service.to_owned(),
        region: region.to_owned(),
        access_key_id: lent.access_key_id.clone(),
        request,
    };
    Ok(services::answer(caller.context, caller.functions, &aws).await)
}

/// A key that is taken back with this.
struct Lent<'a> {
    context: &'a Context,
    access_key_id: String,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.context.sessions.revoke(&self.access_key_id);
    }
}

fn request(
    method: &str,
    path: &str,
    query: &[(String, String)],
    headers: &[(String, String)],
    body: Bytes,
) -> Option<Request> {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let uri: Uri = format!("{path}{}{query}", if query.is_empty() { "" } else { "?" }).parse().ok()?;
    let mut request = Request::new(body);
    (*request.method_mut(), *request.uri_mut()) = (method.parse::<Method>().ok()?, uri);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            request.headers_mut().append(name, value);
        }
    }
    request.headers_mut().remove(header::CONTENT_LENGTH);
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_a_service_and_what_is_called_there() {
        for (uri, parsed) in [
            (
                "arn:aws:apigateway:us-east-1:ec2:action/DescribeInstances",
                Some(("us-east-1", "ec2", true, "DescribeInstances")),
            ),
            ("arn:aws:apigateway:us-east-1:x.s3:path/a/b", Some(("us-east-1", "s3", false, "a/b"))),
            ("arn:aws:apigateway:us-east-1:ec2:DescribeInstances", None),
            ("arn:aws:lambda:us-east-1:0:function:f", None),
        ] {
            assert_eq!(parse(uri), parsed, "{uri}");
        }
    }
}
