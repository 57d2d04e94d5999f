//! Which services there are, how a call finds its operation, and how its answer gets its form. The only place that
//! knows both all services and all protocols.

use super::{
    access, apigateway, apigatewayv2, cloudwatch,
    context::Context,
    ec2, events, iam, lambda, logs,
    runtime::Functions,
    service::{Content, Handler, Input, Operation, Output, Scope, Service},
    store::Region,
    sts,
    wire::{AwsError, Fault, QueryParams, cbor, inflate, routes::Route, xml},
};
use crate::{
    aws_protocol::{self, Protocol},
    edge::{AwsCall, Told},
    http1::{Request, Response},
};
use bytes::Bytes;
use http::{Method, StatusCode, request::Parts};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Every service that is emulated, in the order of their names.
pub const SERVICES: [&Service; 9] = [
    &apigateway::SERVICE,
    &apigatewayv2::SERVICE,
    &ec2::SERVICE,
    &events::SERVICE,
    &iam::SERVICE,
    &lambda::SERVICE,
    &logs::SERVICE,
    &cloudwatch::SERVICE,
    &sts::SERVICE,
];

/// The signing names of [`SERVICES`].
pub const NAMES: [&str; SERVICES.len()] = {
    let mut names = [""; SERVICES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = SERVICES[at].name;
        at += 1;
    }
    names
};

/// The XML namespace of EC2's answers.
const EC2_NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// Answers a verified call.
pub(super) async fn answer(context: &Arc<Context>, functions: &Functions, call: &AwsCall) -> Response {
    let protocol = Protocol::of(&call.service, call.request.headers());
    let refuse = |error: AwsError| refuse(&error, &call.service, protocol, &call.request_id);
    let plain = match inflate::plain(&call.request) {
        Ok(plain) => plain,
        Err(error) => return refuse(error),
    };
    let request = plain.as_ref().unwrap_or(&call.request);
    let mut named = None;
    let served = serve(context, functions, call, request, protocol, &mut named).await;
    let mut response = served.unwrap_or_else(refuse);
    response.extensions_mut().insert(Told { operation: named, ..Told::default() });
    response
}

/// Words the refusal of a call that is larger than any may be. Lambda names the operation; the others say what AWS's
/// references list among the errors that all its services have in common, EC2's alone excepted.
/// <https://docs.aws.amazon.com/mgn/latest/APIReference/CommonErrors.html>
pub(super) fn too_large(service: &str, head: &Parts, most: usize, request_id: &str) -> Option<Response> {
    let service = SERVICES.into_iter().find(|known| known.name == service)?;
    let protocol = Protocol::of(service.name, &head.headers);
    let error = match protocol {
        Protocol::Ec2 => return None,
        Protocol::Lambda => {
            let (route, _) = service.routes?.find(&head.method, &head.uri)?;
            lambda::request_too_large(most, route.name)
        }
        _ => {
            let message = format!("The request entity is too large: it may have {most} bytes.");
            AwsError::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message)
        }
    };
    Some(refuse(&error, service.name, protocol, request_id))
}

/// Writes a refusal as the clients of the service read it.
fn refuse(error: &AwsError, service: &str, protocol: Protocol, request_id: &str) -> Response {
    let mut response = error.response(protocol, request_id);
    protocol.name_query_error(service, &error.code, &mut response);
    response
}

async fn serve(
    context: &Arc<Context>,
    functions: &Functions,
    call: &AwsCall,
    request: &Request,
    protocol: Protocol,
    operation_name: &mut Option<String>,
) -> Result<Response, AwsError> {
    let request_id = call.request_id.as_str();
    if context.sessions.is_expired(&call.access_key_id, context.now_millis()) {
        let message = "The security token included in the request is expired";
        return Err(AwsError::new(StatusCode::FORBIDDEN, "ExpiredToken", message));
    }
    let region: Region = call.region.parse()?;
    let name = service_name(call);
    let service = SERVICES.into_iter().find(|service| service.name == name);
    let service = service.ok_or_else(|| AwsError::not_implemented(&call.service, &hint(request)))?;
    let called = Called::find(service, protocol, request)?;
    let name = called.name().to_owned();
    let handler = service.operations.iter().find(|(known, _)| *known == name).map(|(_, handler)| *handler);
    let handler = handler.ok_or_else(|| match &service.names {
        Some(names) if !names.has(&name) => no_operation(protocol, &name, names.versions.last().unwrap_or(&"")),
        _ => AwsError::not_implemented(service.name, &name),
    })?;
    let status = called.status();
    let input = called.input(request).map_err(service.fault)?;
    let (access_key_id, now) = (call.access_key_id.as_str(), context.config.clock.now());
    if context.config.evaluates {
        let call = access::Call {
            context,
            service: service.name,
            operation: &name,
            region: &region,
            access_key_id,
            request,
            request_id,
        };
        access::check(&call, &input)?;
    }
    let named = format!("{} {name}", service.name);
    *operation_name = Some(named.clone());
    let scope = Scope { context, functions, region: &region, access_key_id, call: &named, request, request_id, now };
    let operation = Operation::new(input, request.body().clone(), service, scope);
    let output = match handler {
        Handler::Sync(serve) => serve(operation),
        Handler::Async(serve) => serve(operation).await,
    }?;
    Ok(render(output, protocol, &name, status, request_id))
}

/// The name of a call's service: that which it is signed for, but for HTTP APIs, whose calls are signed as those of REST
/// APIs and have paths of their own.
fn service_name(call: &AwsCall) -> &str {
    let is_of_http_apis = call.service == "apigateway" && call.request.uri().path().starts_with("/v2/");
    if is_of_http_apis { apigatewayv2::SERVICE.name } else { &call.service }
}

/// How a call names its operation.
enum Called<'r> {
    /// By `Action`; the other parameters are beside it.
    Action(String, QueryParams),
    /// By a header, with JSON in the body.
    Target(&'r str),
    /// By the end of its path, with CBOR in the body.
    Rpc(&'r str),
    /// By method and path, which hold members.
    Route(&'static Route, Map<String, Value>),
}

impl<'r> Called<'r> {
    fn find(service: &'static Service, protocol: Protocol, request: &'r Request) -> Result<Self, AwsError> {
        let names = service.names.as_ref();
        let prefix = names.and_then(|names| names.target);
        let unknown = |what: String| AwsError::sender("UnknownOperationException", what);
        match protocol {
            Protocol::Ec2 | Protocol::Query(_) | Protocol::RestXml => {
                let mut params = QueryParams::parse(request)?;
                let (version, action) = (params.text("Version"), params.action()?);
                let versions = names.map(|names| names.versions).unwrap_or_default();
                match version.filter(|version| !versions.contains(&version.as_str())) {
                    Some(version) => Err(no_operation(protocol, &action, &version)),
                    None => Ok(Self::Action(action, params)),
                }
            }
            Protocol::Json10 | Protocol::Json11 => match target(request) {
                Some((found, name)) if Some(found) == prefix => Ok(Self::Target(name)),
                Some((found, name)) => Err(unknown(format!("{found}.{name} is no operation of {}.", service.name))),
                None => Err(unknown("The request has no X-Amz-Target.".to_owned())),
            },
            Protocol::Cbor => {
                let path = request.uri().path();
                let named = path.strip_prefix("/service/").and_then(|rest| rest.split_once("/operation/"));
                match named {
                    Some((found, name)) if Some(found) == prefix && *request.method() == Method::POST => {
                        Ok(Self::Rpc(name))
                    }
                    _ => Err(unknown(format!("{} {path} is no operation of {}.", request.method(), service.name))),
                }
            }
            Protocol::RestJson | Protocol::Lambda => {
                let routes = service.routes.map(|routes| &**routes);
                let found = routes.and_then(|routes| routes.find(request.method(), request.uri()));
                let (route, labels) = found.ok_or_else(|| AwsError::not_implemented(service.name, &hint(request)))?;
                Ok(Self::Route(route, labels))
            }
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Action(name, _) => name,
            Self::Target(name) | Self::Rpc(name) => name,
            Self::Route(route, _) => route.name,
        }
    }

    /// The status of a success.
    fn status(&self) -> StatusCode {
        if let Self::Route(route, _) = self { route.status } else { StatusCode::OK }
    }

    fn input(self, request: &Request) -> Result<Input, Fault> {
        Ok(match self {
            Self::Action(_, params) => Input::Query(params),
            Self::Target(_) => Input::Members(json_members(request.body())?),
            Self::Rpc(_) => Input::Members(cbor::read(request.body())?),
            Self::Route(route, mut members) => {
                route.bind(request.uri(), request.headers(), &mut members)?;
                if !route.has_payload {
                    for (name, value) in json_members(request.body())? {
                        let name = route.member(name);
                        // A member has one place only; one that stands in the path cannot say something else here.
                        if members.get(&name).is_some_and(|known| *known != value) {
                            return Err(Fault::Unknown(name));
                        }
                        members.insert(name, value);
                    }
                }
                Input::Members(members)
            }
        })
    }
}

/// Reads a body of JSON; an empty one is an empty object.
fn json_members(body: &Bytes) -> Result<Map<String, Value>, Fault> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Fault::Unreadable("the body is not a JSON object".to_owned())),
        Err(error) => Err(Fault::Unreadable(format!("the body is not JSON: {error}"))),
    }
}

/// The refusal of an operation that AWS has not either; one that only the emulator lacks is a 501.
fn no_operation(protocol: Protocol, operation: &str, version: &str) -> AwsError {
    match protocol {
        Protocol::Ec2 => {
            let message = format!("The action {operation} is not valid for this web service.");
            AwsError::sender("InvalidAction", message)
        }
        Protocol::Query(_) => {
            AwsError::sender("InvalidAction", format!("Could not find operation {operation} for version {version}"))
        }
        _ => AwsError::sender("UnknownOperationException", format!("There is no operation {operation}.")),
    }
}

/// What stands before the dot in `X-Amz-Target: Logs_20140328.CreateLogGroup`, and the operation.
fn target(request: &Request) -> Option<(&str, &str)> {
    let target = request.headers().get("x-amz-target")?.to_str().ok()?;
    target.rsplit_once('.').filter(|(_, operation)| !operation.is_empty())
}

/// Names an operation that is not known, wherever the call carries its name.
fn hint(request: &Request) -> String {
    let action = || QueryParams::parse(request).ok()?.action().ok();
    let path = || format!("{} {}", request.method(), request.uri().path());
    target(request).map(|(_, operation)| operation.to_owned()).or_else(action).unwrap_or_else(path)
}

/// Writes an answer in the form of its protocol.
fn render(output: Output, protocol: Protocol, operation: &str, status: StatusCode, request_id: &str) -> Response {
    let document = match (output, protocol) {
        (Output::Raw(mut response), _) => {
            aws_protocol::name_request(&mut response, request_id);
            return response;
        }
        (Output::Done, Protocol::RestJson | Protocol::Lambda) => {
            let mut response = Response::default();
            *response.status_mut() = status;
            aws_protocol::name_request(&mut response, request_id);
            return response;
        }
        (output, Protocol::Ec2) => xml::document(&format!("{operation}Response"), EC2_NAMESPACE, |root| {
            xml::text(root, "requestId", request_id);
            match content(output) {
                Some(write) => write(root),
                // What EC2 says when there is nothing else to say.
                None => xml::text(root, "return", "true"),
            }
        })
        .into(),
        (Output::Shaped(members, shape), Protocol::Cbor) => shape.cbor(&members),
        (output, Protocol::Query(namespace)) => xml::document(&format!("{operation}Response"), namespace, |root| {
            if let Some(write) = content(output) {
                xml::element(root, &format!("{operation}Result"), write);
            }
            xml::element(root, "ResponseMetadata", |data| xml::text(data, "RequestId", request_id));
        })
        .into(),
        (Output::Members(members), Protocol::Cbor) => cbor::write(&members),
        (_, Protocol::Cbor) => cbor::write(&json!({})),
        (Output::Members(members) | Output::Shaped(members, _), _) => members.to_string().into(),
        (Output::Done | Output::Xml(_), _) => Bytes::from_static(b"{}"),
    };
    protocol.response(status, document, request_id)
}

fn content(output: Output) -> Option<Content> {
    match output {
        Output::Xml(write) => Some(write),
        Output::Shaped(Value::Object(members), shape) => Some(Box::new(move |element| shape.xml(element, &members))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::wire::model;

    #[test]
    fn the_tables_of_members_have_every_operation_of_their_service_and_no_other() {
        for service in SERVICES.into_iter().filter(|service| !service.members.is_empty()) {
            let of_route = |name: &str| service.routes.is_some_and(|routes| routes.names().any(|known| known == name));
            let is_known = |name: &str| of_route(name) || service.names.as_ref().is_some_and(|names| names.has(name));
            let names: Vec<&str> = service.members.lines().filter_map(|line| line.split(' ').next()).collect();
            for name in &names {
                assert!(is_known(name), "{} {name}", service.name);
            }
            for (name, _) in service.operations {
                assert!(names.contains(name), "{} {name}", service.name);
            }
        }
        for (service, operation, member) in [
            (&apigateway::SERVICE, "PutIntegration", "tlsConfig"),
            (&apigatewayv2::SERVICE, "CreateStage", "routeSettings.GET /a.loggingLevel"),
            (&events::SERVICE, "PutTargets", "Targets[1].DeadLetterConfig.Arn"),
            (&lambda::SERVICE, "CreateFunction", "DurableConfig"),
            (&logs::SERVICE, "PutLogEvents", "entity.keyAttributes"),
            (&cloudwatch::SERVICE, "GetMetricData", "MetricDataQueries[0].Expression"),
        ] {
            assert!(model::has_member(service.members, operation, member), "{operation} {member}");
            assert!(!model::has_member(service.members, operation, "colour"), "{operation}");
        }
    }

    #[test]
    fn every_operation_is_one_that_aws_has() {
        for service in SERVICES {
            for (name, _) in service.operations {
                let by_name = service.names.as_ref().is_some_and(|names| names.has(name));
                let by_route = || service.routes.is_some_and(|routes| routes.names().any(|known| known == *name));
                assert!(by_name || by_route(), "{} {name}", service.name);
            }
        }
    }
}
