//! Whether a caller may call a method: the API's resource policy, the caller's signature, or a function that decides.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>
//!
//! Not here: API keys, which are asked for after this ([`super::gateway`]).

use super::{
    authorizer::{Authorizer, AuthorizerKind},
    event::{self, Identity, Source},
    exchange,
    failure::Failure,
    function::{Function, Outcome},
    incoming::Incoming,
    journal::masked,
    mapping,
    model::{Deployment, Method},
    policy::{self, Called},
    service_call::Caller,
    template,
    uri::function_arn,
};
use crate::{
    edge::{function_url::UrlCaller, signature::Denied},
    emulator::{
        access,
        policy::{Keys, Policies, Principal, Verdict as Said},
        sts,
    },
};
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};

/// How long an authorizer's function may take: API Gateway's own limit.
const LIMIT: Duration = Duration::from_secs(29);

/// What is known of a caller who may come in.
#[derive(Debug, Default)]
pub(super) struct Authorized {
    /// `$context.authorizer`.
    pub(super) authorizer: Option<Value>,
    /// Who signed.
    pub(super) identity: Option<Identity>,
    /// The API key that the authorizer names.
    pub(super) usage_identifier_key: Option<String>,
}

/// What an authorizer's function answered, checked.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) principal: String,
    pub(super) policy: Value,
    context: Map<String, Value>,
    usage_identifier_key: Option<String>,
}

impl Verdict {
    /// Reads an answer; anything but a principal, a policy and flat values is the authorizer's fault.
    fn read(answer: &Value) -> Option<Self> {
        let principal = match answer.get("principalId")? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let policy = answer.get("policyDocument").filter(|policy| policy.is_object())?.clone();
        let mut context = Map::new();
        for (name, value) in answer.get("context").and_then(Value::as_object).into_iter().flatten() {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                Value::Null => continue,
                Value::Array(_) | Value::Object(_) => return None,
            };
            context.insert(name.clone(), text.into());
        }
        let usage_identifier_key = answer.get("usageIdentifierKey").and_then(Value::as_str).map(str::to_owned);
        Some(Self { principal, policy, context, usage_identifier_key })
    }
}

/// A question to an authorizer.
pub(super) struct Asking<'a> {
    pub(super) authorizer: &'a Authorizer,
    pub(super) source: &'a Source<'a>,
    pub(super) incoming: &'a Incoming,
    pub(super) caller: &'a Caller<'a>,
}

/// The token in a header.
pub(super) fn token(incoming: &Incoming, header: &str) -> Option<String> {
    incoming.parameters.header(header).filter(|token| !token.is_empty()).cloned()
}

impl Asking<'_> {
    /// Asks the function, whatever was answered before.
    pub(super) async fn ask(&self) -> Result<Verdict, Failure> {
        let values = self.values()?;
        Verdict::read(&self.invoke(&values).await?).ok_or_else(|| self.malformed())
    }

    /// What was answered before for the same values, else what the function answers, and how long it took.
    async fn recall(&self) -> Result<(Verdict, u64), Failure> {
        let values = self.values()?;
        let (context, ttl) = (self.caller.context, Duration::from_secs(self.authorizer.ttl.into()));
        let name = format!(
            "{}/{}/{}/{}",
            self.source.api,
            self.source.stage,
            self.authorizer.id,
            values.iter().map(|value| format!("{}:{value}", value.len())).collect::<Vec<_>>().join(",")
        );
        if !ttl.is_zero()
            && let Some(answer) = context.gateway.recall(&name, context.config.clock.uptime())
        {
            return Ok((Verdict::read(&answer).ok_or_else(|| self.malformed())?, 0));
        }
        let began = std::time::Instant::now();
        let answer = self.invoke(&values).await?;
        let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let verdict = Verdict::read(&answer).ok_or_else(|| self.malformed())?;
        if !ttl.is_zero() {
            context.gateway.keep(name, &Arc::new(answer), context.config.clock.uptime(), ttl);
        }
        Ok((verdict, took))
    }

    /// The values that the decision depends on. Without one of them nobody is asked.
    fn values(&self) -> Result<Vec<String>, Failure> {
        let value = |source: &str| {
            let value = match source.strip_prefix("method.request.header.") {
                Some(name) => token(self.incoming, name),
                None => mapping::request_value(source, self.incoming).map(|value| value.one()),
            };
            value.filter(|value| !value.is_empty()).ok_or(Failure::Unauthorized)
        };
        let values: Vec<_> = self.authorizer.sources().map(value).collect::<Result<_, _>>()?;
        let expression = self.authorizer.identity_validation_expression.as_deref().filter(|text| !text.is_empty());
        if let (Some(expression), Some(token)) = (expression, values.first()) {
            let pattern = template::pattern::whole(expression).map_err(|_| Failure::AuthorizerConfiguration)?;
            if !pattern.is_match(token) {
                return Err(Failure::Unauthorized);
            }
        }
        Ok(values)
    }

    async fn invoke(&self, values: &[String]) -> Result<Value, Failure> {
        let Source { region, account, api, .. } = self.source;
        let arn = method_arn(self.source);
        let event = match self.authorizer.kind {
            AuthorizerKind::Token => {
                json!({ "type": "TOKEN", "methodArn": arn, "authorizationToken": values.first() })
            }
            AuthorizerKind::Request => event::question(self.source, &arn),
        };
        let uri = exchange::with_stage_variables(&self.authorizer.authorizer_uri, self.source.stage_variables);
        let function = Function {
            arn: function_arn(&uri).ok_or(Failure::AuthorizerConfiguration)?,
            source_arn: &format!("arn:aws:execute-api:{region}:{account}:{api}/authorizers/{}", self.authorizer.id),
            role: self.authorizer.authorizer_credentials.as_deref(),
            limit: LIMIT,
            ..self.caller.function()
        };
        let journal = &self.incoming.journal;
        journal
            .note(|| format!("Incoming identity: {}", values.iter().map(|v| masked(v)).collect::<Vec<_>>().join(", ")));
        journal.note(|| format!("Endpoint request body after transformations: {event}"));
        let invoked = function.invoke(event.to_string().into(), true).await;
        let answer = match invoked.map_err(|_| Failure::AuthorizerConfiguration)? {
            Outcome::Result(answer) => answer,
            Outcome::Error(document) => {
                let error: Value = serde_json::from_slice(&document).unwrap_or_default();
                let is_refused = error["errorMessage"] == "Unauthorized";
                return Err(if is_refused { Failure::Unauthorized } else { Failure::AuthorizerBroken });
            }
            Outcome::Accepted => return Err(Failure::AuthorizerConfiguration),
        };
        journal.note(|| format!("Endpoint response body before transformations: {}", String::from_utf8_lossy(&answer)));
        serde_json::from_slice(&answer).map_err(|_| self.malformed())
    }

    fn malformed(&self) -> Failure {
        let (request_id, authorizer) = (self.source.request_id, &self.authorizer.name);
        tracing::warn!(request_id, authorizer, "an authorizer answers no principal and policy with flat values");
        let note = "Execution failed due to configuration error: Invalid JSON in response";
        self.incoming.journal.note(|| note.to_owned());
        Failure::AuthorizerConfiguration
    }
}

/// What a caller wants to call.
fn method_arn(source: &Source<'_>) -> String {
    let Source { region, account, api, stage, method, path, .. } = source;
    format!("arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}{path}")
}

/// Decides whether a caller may call a method.
pub(super) async fn authorize(
    method: &Method,
    deployment: &Deployment,
    source: &Source<'_>,
    caller: &Caller<'_>,
    signer: &UrlCaller,
) -> Result<Authorized, Failure> {
    let arn = method_arn(source);
    let called = Called { context: caller.context, source, arn: &arn };
    let policy = deployment.policy.as_deref();
    match method.authorization_type.as_str() {
        "NONE" | "" => {
            if policy.is_some() {
                let verdict = called.says(policy, &Principal::Anonymous, Policies::default(), &Keys::default());
                if !verdict.is_allowed() {
                    return Err(called.refuse("anonymous", &verdict));
                }
            }
            Ok(Authorized::default())
        }
        "AWS_IAM" => {
            let identity = signed(source, caller, signer)?;
            let known = access::caller(caller.context, &identity.access_key);
            let account = source.account.to_owned();
            let verdict = match known.filter(|_| caller.context.config.evaluates) {
                Some(known) => called.says(policy, &known.principal, known.policies(), &known.keys),
                // The account's own may do anything that is not denied.
                None => called.says(policy, &Principal::Root(account), Policies::default(), &Keys::default()),
            };
            if !verdict.is_allowed() {
                return Err(called.refuse(&identity.user_arn, &verdict));
            }
            Ok(Authorized { identity: Some(identity), ..Authorized::default() })
        }
        _ => by_function(method, deployment, &called, caller).await,
    }
}

/// Asks a function, unless the API's policy denies the call already; who is allowed by either may come in.
async fn by_function(
    method: &Method,
    deployment: &Deployment,
    called: &Called<'_>,
    caller: &Caller<'_>,
) -> Result<Authorized, Failure> {
    let policy = deployment.policy.as_deref();
    let own = policy.map(|_| called.says(policy, &Principal::Anonymous, Policies::default(), &Keys::default()));
    if let Some(verdict @ Said::Denied(_)) = &own {
        return Err(called.refuse("anonymous", verdict));
    }
    let id = method.authorizer_id.as_deref().unwrap_or_default();
    let authorizer = deployment.authorizers.get(id).ok_or(Failure::AuthorizerConfiguration)?;
    let source = called.source;
    let incoming = event::incoming(source);
    let (verdict, took) = Asking { authorizer, source, incoming: &incoming, caller }.recall().await?;
    let answered = policy::answered(&verdict.policy, called.arn).ok_or(Failure::AuthorizerConfiguration)?;
    let refused = match answered {
        Said::Denied(_) => Some("User is not authorized to access this resource with an explicit deny"),
        Said::Missing(_) if !own.is_some_and(|own| own.is_allowed()) => {
            Some("User is not authorized to access this resource")
        }
        _ => None,
    };
    if let Some(message) = refused {
        return Err(Failure::Denied(message.to_owned()));
    }
    let mut context = verdict.context;
    context.insert("principalId".to_owned(), verdict.principal.into());
    context.insert("integrationLatency".to_owned(), took.into());
    Ok(Authorized {
        authorizer: Some(context.into()),
        identity: None,
        usage_identifier_key: verdict.usage_identifier_key,
    })
}

/// Who signed a call.
fn signed(source: &Source<'_>, caller: &Caller<'_>, signer: &UrlCaller) -> Result<Identity, Failure> {
    match signer {
        UrlCaller::Anybody | UrlCaller::Denied(Denied::Missing) => Err(Failure::NoRoute),
        UrlCaller::Denied(denied) => {
            let error = match denied {
                Denied::Incomplete(_) => "IncompleteSignatureException",
                Denied::UnknownKey => "UnrecognizedClientException",
                _ => "InvalidSignatureException",
            };
            Err(Failure::Signature(error, denied.to_string()))
        }
        UrlCaller::Key(key) => {
            let known = sts::of_key(caller.context, key);
            Ok(Identity {
                access_key: key.clone(),
                account_id: source.account.to_owned(),
                caller: known.id.clone(),
                user: known.id,
                user_arn: known.arn,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_principal_a_policy_and_flat_values() {
        let read = |answer: &Value| Verdict::read(answer);
        let verdict = read(&json!({
            "principalId": "u", "policyDocument": { "Statement": [] }, "usageIdentifierKey": "k",
            "context": { "a": "x", "n": 1, "b": true, "none": null },
        }));
        let verdict = verdict.unwrap();
        assert_eq!(Value::from(verdict.context), json!({ "a": "x", "n": "1", "b": "true" }));
        assert_eq!(verdict.usage_identifier_key.as_deref(), Some("k"));
        for answer in [
            json!(null),
            json!({ "policyDocument": {} }),
            json!({ "principalId": "u" }),
            json!({ "principalId": "u", "policyDocument": "text" }),
            json!({ "principalId": "u", "policyDocument": {}, "context": { "a": [] } }),
            json!({ "principalId": "u", "policyDocument": {}, "context": { "a": {} } }),
        ] {
            assert!(read(&answer).is_none(), "{answer}");
        }
    }
}
