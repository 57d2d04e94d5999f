//! JSON Web Tokens: whether one was signed by a key of its issuer, for this audience, and is good now.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>
//!
//! Keys come from the issuer's `OpenID` configuration; unlike at AWS the issuer may be a server on this machine, without
//! TLS.

use super::model::Jwt;
use crate::emulator::{Context, apigateway::backend};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Method};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents,
};
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};

/// How long keys are remembered.
const KEYS_TTL: Duration = Duration::from_mins(5);
/// How long the issuer has to answer, for each of two questions.
const LIMIT: Duration = Duration::from_secs(5);

/// Why a token lets nobody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rejected {
    /// There is none.
    Missing,
    /// It is not good; why, as the answer says it.
    Invalid(&'static str),
    /// It is good, and not for this.
    Scope,
}

/// A token that was taken apart, nothing of it proved.
struct Token<'t> {
    header: Value,
    claims: Map<String, Value>,
    /// What was signed.
    signed: &'t str,
    signature: Vec<u8>,
}

impl<'t> Token<'t> {
    fn read(text: &'t str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok();
        Some(Self {
            header: serde_json::from_slice(&decode(header)?).ok()?,
            claims: serde_json::from_slice(&decode(claims)?).ok()?,
            signed,
            signature: decode(signature)?,
        })
    }

    fn is_signed_by(&self, key: &Value) -> bool {
        let part = |name: &str| {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(key[name].as_str()?.trim_end_matches('=')).ok()?;
            Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<_>>())
        };
        let parameters: &RsaParameters = match self.header["alg"].as_str() {
            Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
            Some("RS384") => &RSA_PKCS1_2048_8192_SHA384,
            Some("RS512") => &RSA_PKCS1_2048_8192_SHA512,
            // Among others `none`.
            _ => return false,
        };
        let (Some(n), Some(e)) = (part("n"), part("e")) else { return false };
        RsaPublicKeyComponents { n, e }.verify(parameters, self.signed.as_bytes(), &self.signature).is_ok()
    }
}

/// Checks a token; gives its claims.
pub(super) async fn check(
    context: &Arc<Context>,
    jwt: &Jwt,
    scopes: &[String],
    text: &str,
) -> Result<Map<String, Value>, Rejected> {
    let text = text.get(..7).filter(|start| start.eq_ignore_ascii_case("bearer ")).map_or(text, |_| &text[7..]);
    let token = Token::read(text.trim()).ok_or(Rejected::Invalid("the token is malformed"))?;
    let issuer = jwt.issuer.as_deref().unwrap_or_default();
    let key_id = token.header["kid"].as_str().ok_or(Rejected::Invalid("the token has no key id"))?;
    let keys = keys(context, issuer, key_id).await.ok_or(Rejected::Invalid("the issuer's keys cannot be read"))?;
    let named = keys["keys"].as_array().into_iter().flatten().find(|key| key["kid"] == key_id);
    let key = named.ok_or(Rejected::Invalid("the token has an unknown key id"))?;
    if !token.is_signed_by(key) {
        return Err(Rejected::Invalid("signature verification failed"));
    }
    let now = context.config.clock.now().unix_timestamp();
    check_claims(jwt, scopes, &token.claims, now)?;
    Ok(token.claims)
}

fn check_claims(jwt: &Jwt, scopes: &[String], claims: &Map<String, Value>, now: i64) -> Result<(), Rejected> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    #[expect(clippy::cast_possible_truncation, reason = "a time that is no whole number of seconds is rounded")]
    let time = |name: &str| claims.get(name).and_then(Value::as_f64).map(|seconds| seconds as i64);
    if text("iss") != jwt.issuer.as_deref() {
        return Err(Rejected::Invalid("the token has an invalid issuer"));
    }
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(one) => one.as_str().into_iter().collect(),
        None => text("client_id").into_iter().collect(),
    };
    if !audience.iter().any(|one| jwt.audience.iter().any(|wanted| wanted == one)) {
        return Err(Rejected::Invalid("the token has an invalid audience"));
    }
    match time("exp") {
        Some(end) if end > now => {}
        Some(_) => return Err(Rejected::Invalid("the token has expired")),
        None => return Err(Rejected::Invalid("the token has no expiration time")),
    }
    if time("nbf").is_some_and(|start| start > now) || time("iat").is_some_and(|start| start > now) {
        return Err(Rejected::Invalid("the token is not valid yet"));
    }
    let granted: Vec<&str> = match claims.get("scope").or_else(|| claims.get("scp")) {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(one) => one.as_str().unwrap_or_default().split_whitespace().collect(),
        None => Vec::new(),
    };
    let is_granted = scopes.is_empty() || scopes.iter().any(|wanted| granted.contains(&wanted.as_str()));
    if is_granted { Ok(()) } else { Err(Rejected::Scope) }
}

/// The keys of an issuer: those that are remembered, unless they lack the one that is wanted.
async fn keys(context: &Arc<Context>, issuer: &str, key_id: &str) -> Option<Arc<Value>> {
    let name = format!("jwks {issuer}");
    let now = context.config.clock.uptime();
    let has = |keys: &Value| keys["keys"].as_array().is_some_and(|keys| keys.iter().any(|key| key["kid"] == key_id));
    if let Some(known) = context.gateway.recall(&name, now) {
        let asked = format!("jwks asked {issuer}");
        // An unknown key makes nobody ask again at once, whatever the next token calls its key.
        if has(&known) || context.gateway.recall(&asked, now).is_some() {
            return Some(known);
        }
        context.gateway.keep(asked, &Arc::new(Value::Null), now, Duration::from_secs(10));
    }
    let configuration =
        get(context, &format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))).await?;
    let keys = Arc::new(get(context, configuration["jwks_uri"].as_str()?).await?);
    context.gateway.keep(name, &keys, now, KEYS_TTL);
    Some(keys)
}

async fn get(context: &Arc<Context>, url: &str) -> Option<Value> {
    let called = backend::call(Method::GET, url.parse().ok()?, HeaderMap::new(), Bytes::new());
    let answer = context.config.clock.timeout(LIMIT, called).await?.ok()?;
    if !answer.status.is_success() {
        tracing::warn!(url, status = answer.status.as_u16(), "a token's issuer does not answer");
        return None;
    }
    serde_json::from_slice(&answer.body).ok()
}

/// What functions get of the claims: texts.
pub(super) fn shown(claims: &Map<String, Value>, scopes: &[String], version: &str) -> Value {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<_> =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
            format!("[{}]", items.join(" "))
        }
        other => other.to_string(),
    };
    let claims: Map<String, Value> = claims.iter().map(|(name, value)| (name.clone(), text(value).into())).collect();
    let scopes = if scopes.is_empty() { Value::Null } else { json!(scopes) };
    let jwt = json!({ "claims": claims, "scopes": scopes });
    if version == "2.0" { json!({ "jwt": jwt }) } else { jwt }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt() -> Jwt {
        Jwt { audience: vec!["app".to_owned()], issuer: Some("http://127.0.0.1:1".to_owned()) }
    }

    fn checked(more: &Value, scopes: &[&str]) -> Result<(), Rejected> {
        let mut claims = json!({ "iss": "http://127.0.0.1:1", "aud": "app", "exp": 200, "scope": "read write" });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let scopes: Vec<_> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        check_claims(&jwt(), &scopes, claims.as_object().unwrap(), 100)
    }

    #[test]
    fn claims_are_for_this_api_and_for_now() {
        checked(&json!({}), &[]).unwrap();
        checked(&json!({ "aud": ["x", "app"] }), &["admin", "read"]).unwrap();
        checked(&json!({ "aud": null, "client_id": "app" }), &[]).unwrap_err();
        for more in [
            json!({ "iss": "http://127.0.0.1:2" }),
            json!({ "aud": "other" }),
            json!({ "exp": 100 }),
            json!({ "exp": null }),
            json!({ "nbf": 101 }),
            json!({ "iat": 101 }),
        ] {
            assert!(matches!(checked(&more, &[]), Err(Rejected::Invalid(_))), "{more}");
        }
        assert_eq!(checked(&json!({}), &["admin"]), Err(Rejected::Scope));
        assert_eq!(checked(&json!({ "scope": null }), &["read"]), Err(Rejected::Scope));
    }

    #[test]
    fn what_is_no_token_is_none() {
        for text in ["", "a", "a.b.c", "e30.e30", "e30.W10.e30"] {
            assert!(Token::read(text).is_none_or(|token| !token.is_signed_by(&json!({}))), "{text}");
        }
        let none = Token::read("eyJhbGciOiJub25lIn0.e30.").unwrap();
        assert!(!none.is_signed_by(&json!({ "n": "AQAB", "e": "AQAB" })));
    }

    #[test]
    fn functions_get_claims_as_texts() {
        let claims = json!({ "sub": "u", "exp": 5, "groups": ["a", "b"], "ok": true });
        let shown = shown(claims.as_object().unwrap(), &[], "2.0");
        let claims = json!({ "sub": "u", "exp": "5", "groups": "[a b]", "ok": "true" });
        assert_eq!(shown, json!({ "jwt": { "claims": claims, "scopes": null } }));
    }
}
