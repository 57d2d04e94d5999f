//! Whether a caller may call a route of an HTTP API: by a signature, by a token, or because a function says so.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use super::{
    event::{self, Source},
    jwt::{self, Rejected},
    model::{Authorizer, Deployment, Route},
};
use crate::{
    edge::function_url::UrlCaller,
    emulator::{
        Context,
        apigateway::{Function, Outcome, function_arn, policy::answered, with_stage_variables},
        http_event,
        policy::Verdict,
        runtime::Functions,
        sts,
    },
};
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};

/// How long an authorizer's function may take: API Gateway's own limit.
const LIMIT: Duration = Duration::from_secs(10);

/// Why a caller may not come in.
#[derive(Debug)]
pub(super) enum Refused {
    /// Nobody knows who it is; what the answer says of that.
    Unauthorized(Option<String>),
    /// It is known, and may not; what the answer says of that.
    Forbidden(Option<String>),
    /// The authorizer cannot be asked, or answers nonsense.
    Broken,
}

/// What a caller is asked by.
pub(super) struct Door<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) functions: &'a Functions,
    pub(super) deployment: &'a Deployment,
    pub(super) route: &'a Route,
    /// The form of the event that the route's function gets.
    pub(super) version: &'a str,
    pub(super) caller: &'a UrlCaller,
}

impl Door<'_> {
    /// Decides; gives what the event says of the caller (`requestContext.authorizer`), if anything.
    pub(super) async fn open(&self, source: &Source<'_>) -> Result<Option<Value>, Refused> {
        match self.route.authorization_type.as_str() {
            "AWS_IAM" => self.signed(source).map(Some),
            "JWT" | "CUSTOM" => {
                let id = self.route.authorizer_id.as_deref().unwrap_or_default();
                let authorizer = self.deployment.authorizers.get(id).ok_or(Refused::Broken)?;
                if authorizer.authorizer_type == "JWT" {
                    self.by_token(authorizer, source).await.map(Some)
                } else {
                    self.by_function(authorizer, source).await.map(Some)
                }
            }
            _ => Ok(None),
        }
    }

    fn signed(&self, source: &Source<'_>) -> Result<Value, Refused> {
        let UrlCaller::Key(key) = self.caller else { return Err(Refused::Forbidden(None)) };
        let caller = sts::of_key(self.context, key);
        let iam = json!({
            "accessKey": key,
            "accountId": source.account,
            "callerId": caller.id,
            "cognitoIdentity": null,
            "principalOrgId": null,
            "userArn": caller.arn,
            "userId": caller.id,
        });
        Ok(if self.version == "2.0" { json!({ "iam": iam }) } else { iam })
    }

    async fn by_token(&self, authorizer: &Authorizer, source: &Source<'_>) -> Result<Value, Refused> {
        let jwt = authorizer.jwt_configuration.as_ref().ok_or(Refused::Broken)?;
        let scopes = &self.route.authorization_scopes;
        let token = authorizer.identity_source.first().and_then(|identity| value(identity, source));
        let checked = match token {
            Some(token) => jwt::check(self.context, jwt, scopes, &token).await,
            None => Err(Rejected::Missing),
        };
        match checked {
            Ok(claims) => Ok(jwt::shown(&claims, scopes, self.version)),
            Err(Rejected::Missing) => Err(Refused::Unauthorized(Some("Bearer".to_owned()))),
            Err(Rejected::Invalid(why)) => Err(Refused::Unauthorized(Some(format!(
                "Bearer scope=\"{}\" error=\"invalid_token\" error_description=\"{why}\"",
                scopes.join(" ")
            )))),
            Err(Rejected::Scope) => Err(Refused::Forbidden(Some(format!(
                "Bearer scope=\"{}\" error=\"insufficient_scope\" error_description=\"\"",
                scopes.join(" ")
            )))),
        }
    }

    async fn by_function(&self, authorizer: &Authorizer, source: &Source<'_>) -> Result<Value, Refused> {
        let values =
            authorizer.identity_source.iter().map(|identity| value(identity, source)).collect::<Option<Vec<_>>>();
        let values = values.ok_or(Refused::Unauthorized(None))?;
        let ttl = Duration::from_secs(authorizer.ttl.unwrap_or_default().into());
        let named: Vec<_> = values.iter().map(|value| format!("{}:{value}", value.len())).collect();
        let name = format!("{}/{}/{}/{}", source.api, source.stage, authorizer.authorizer_id, named.join(","));
        let (memory, now) = (&self.context.gateway, self.context.config.clock.uptime());
        let known = if ttl.is_zero() { None } else { memory.recall(&name, now) };
        let answer = if let Some(answer) = known {
            answer
        } else {
            let answer = Arc::new(self.ask(authorizer, source, &values).await?);
            if !ttl.is_zero() {
                memory.keep(name, &answer, now, ttl);
            }
            answer
        };
        let context = decided(authorizer, &answer, &route_arn(source))?;
        Ok(if self.version == "2.0" { json!({ "lambda": context }) } else { context })
    }

    async fn ask(&self, authorizer: &Authorizer, source: &Source<'_>, values: &[String]) -> Result<Value, Refused> {
        let uri =
            with_stage_variables(authorizer.authorizer_uri.as_deref().unwrap_or_default(), source.stage_variables);
        let Source { region, account, api, .. } = source;
        let function = Function {
            context: self.context,
            functions: self.functions,
            arn: function_arn(&uri).ok_or(Refused::Broken)?,
            source_arn: &format!(
                "arn:aws:execute-api:{region}:{account}:{api}/authorizers/{}",
                authorizer.authorizer_id
            ),
            role: authorizer.authorizer_credentials_arn.as_deref(),
            limit: LIMIT,
            request_id: source.request_id,
            trace: &format!("{};Sampled=0", source.trace),
        };
        let arn = route_arn(source);
        let question = match authorizer.authorizer_payload_format_version.as_deref() {
            Some("2.0") => event::question_2(source, &arn, values),
            _ => event::question_1(source, &arn, values),
        };
        match function.invoke(question.to_string().into(), true).await {
            Ok(Outcome::Result(answer)) => serde_json::from_slice(&answer).map_err(|_| Refused::Broken),
            Ok(Outcome::Error(document)) => {
                let error: Value = serde_json::from_slice(&document).unwrap_or_default();
                let is_refused = error["errorMessage"] == "Unauthorized";
                Err(if is_refused { Refused::Unauthorized(None) } else { Refused::Broken })
            }
            Ok(Outcome::Accepted) | Err(_) => Err(Refused::Broken),
        }
    }
}

/// What a caller wants to call.
fn route_arn(source: &Source<'_>) -> String {
    let Source { region, account, api, stage, method, path, .. } = source;
    let below = path.strip_prefix(&format!("/{stage}")).unwrap_or(path);
    format!("arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}{below}")
}

/// Reads what a function answered; gives its context.
fn decided(authorizer: &Authorizer, answer: &Value, arn: &str) -> Result<Value, Refused> {
    let context = match answer.get("context") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(members)) => members.clone(),
        Some(_) => return Err(Refused::Broken),
    };
    if authorizer.enable_simple_responses == Some(true) {
        let is_allowed = answer.get("isAuthorized").and_then(Value::as_bool).ok_or(Refused::Broken)?;
        return if is_allowed { Ok(context.into()) } else { Err(Refused::Forbidden(None)) };
    }
    let principal = answer.get("principalId").filter(|id| id.is_string()).ok_or(Refused::Broken)?;
    let policy = answer.get("policyDocument").ok_or(Refused::Broken)?;
    match answered(policy, arn).ok_or(Refused::Broken)? {
        Verdict::Allowed(_) => {
            let mut context = context;
            context.entry("principalId").or_insert_with(|| principal.clone());
            Ok(context.into())
        }
        Verdict::Denied(_) | Verdict::Missing(_) => Err(Refused::Forbidden(None)),
    }
}

/// What an identity source names in a request.
fn value(identity: &str, source: &Source<'_>) -> Option<String> {
    let rest = identity.strip_prefix('$')?;
    let found = if let Some(name) = rest.strip_prefix("request.header.") {
        let all = http_event::texts(source.headers, &name.to_ascii_lowercase());
        (!all.is_empty()).then(|| all.join(","))
    } else if let Some(name) = rest.strip_prefix("request.querystring.") {
        http_event::parameters(source.query).remove(name)
    } else if let Some(name) = rest.strip_prefix("stageVariables.") {
        source.stage_variables.get(name).cloned()
    } else {
        match rest.strip_prefix("context.")? {
            "routeKey" => Some(source.route.route_key.clone()),
            "stage" => Some(source.stage.to_owned()),
            "apiId" => Some(source.api.to_owned()),
            "accountId" => Some(source.account.to_owned()),
            "requestId" => Some(source.request_id.to_owned()),
            "path" => Some(source.path.to_owned()),
            "httpMethod" => Some(source.method.to_owned()),
            "identity.sourceIp" => Some(http_event::address(source.caller_ip)),
            "identity.userAgent" => http_event::text(source.headers, "user-agent"),
            _ => None,
        }
    };
    found.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:000000000000:a/dev/GET/x";

    #[test]
    fn a_function_answers_yes_or_no_or_a_policy() {
        let simple = Authorizer { enable_simple_responses: Some(true), ..Authorizer::default() };
        let policy = Authorizer::default();
        let allow = json!({ "Statement": [{ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*" }] });
        let deny = json!({ "Statement": [{ "Effect": "Deny", "Action": "execute-api:Invoke", "Resource": "*" }] });
        let yes = json!({ "isAuthorized": true, "context": { "a": [1] } });
        assert_eq!(decided(&simple, &yes, ARN).unwrap(), json!({ "a": [1] }));
        let document = json!({ "principalId": "u", "policyDocument": allow, "context": { "a": 1 } });
        assert_eq!(decided(&policy, &document, ARN).unwrap(), json!({ "a": 1, "principalId": "u" }));
        for (authorizer, answer) in [
            (&simple, json!({ "isAuthorized": false })),
            (&policy, json!({ "principalId": "u", "policyDocument": deny })),
        ] {
            assert!(matches!(decided(authorizer, &answer, ARN), Err(Refused::Forbidden(None))), "{answer}");
        }
        for (authorizer, answer) in [
            (&simple, json!({})),
            (&simple, json!({ "isAuthorized": "yes" })),
            (&simple, json!({ "isAuthorized": true, "context": 5 })),
            (&policy, json!({ "isAuthorized": true })),
            (&policy, json!({ "principalId": "u", "policyDocument": "text" })),
        ] {
            assert!(matches!(decided(authorizer, &answer, ARN), Err(Refused::Broken)), "{answer}");
        }
    }
}
