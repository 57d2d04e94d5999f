//! The resource policy of an API: who may call it, from where, on which paths. It counts as it was when the API was
//! deployed, as on AWS.

use super::{error::bad_request, failure::Failure};
use crate::{
    emulator::{
        access::Decision,
        context::Context,
        policy::{self, Document, Keys, Layer, Policies, Principal, Request as Asked, Source, Use, Verdict},
        wire::{AwsError, iso_time, millis},
    },
    http1::{Peer, Request},
};
use http::header::{REFERER, USER_AGENT};
use std::sync::Arc;
use time::format_description::well_known::Rfc3339;

/// Refuses a policy that is none.
pub(super) fn check(text: &str) -> Result<(), AwsError> {
    let invalid = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.";
    Document::parse(text, Use::Resource).map(drop).map_err(|error| bad_request(format!("{invalid} ({error})")))
}

/// Shows a policy as API Gateway does: as the inside of a text of JSON.
pub(super) fn escaped(text: &str) -> String {
    let text = serde_json::Value::from(text).to_string();
    text.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned()
}

/// Reads a policy in either form, that in which it is shown and that in which it is written.
pub(super) fn unescaped(text: &str) -> String {
    let read = serde_json::from_str::<String>(&format!("\"{text}\""));
    read.ok().filter(|_| text.starts_with("{\\")).unwrap_or_else(|| text.to_owned())
}

/// A call of a deployed API, to its policy.
pub(super) struct Called<'a> {
    pub(super) context: &'a Context,
    pub(super) region: &'a str,
    pub(super) api: &'a str,
    pub(super) stage: &'a str,
    pub(super) path: &'a str,
    pub(super) request: &'a Request,
    pub(super) request_id: &'a str,
}

/// Refuses a call that the API's policy does not let in.
pub(super) fn permit(policy: Option<&str>, called: &Called<'_>, principal: &Principal) -> Result<(), Failure> {
    let Some(text) = policy else { return Ok(()) };
    let account = &called.context.config.account;
    let own = format!("arn:aws:execute-api:{}:{account}:{}", called.region, called.api);
    let resource = format!("{own}/{}/{}{}", called.stage, called.request.method(), called.path);
    let action = "execute-api:Invoke";
    // What was kept by an engine that did not look into policies may be none; nobody is let in by it.
    let document = Document::parse(text, Use::Resource).unwrap_or_default();
    let document = document.with_resources(|short| {
        let rest = short.strip_prefix("execute-api:").filter(|rest| rest.starts_with(['/', '*']))?;
        Some(format!("{own}{rest}"))
    });
    let source = Source { layer: Layer::Resource, name: own.clone(), document: Arc::new(document) };
    let policies = Policies { sources: vec![source], needs_resource: true, ..Policies::default() };
    let verdict = policy::decide(&policies, &Asked { principal, action, resource: &resource, keys: &keys(called) });
    let end = match &verdict {
        Verdict::Allowed(_) => return Ok(()),
        Verdict::Denied(_) => " with an explicit deny",
        Verdict::Missing(_) => "",
    };
    let at = iso_time(millis(called.context.config.clock.now()));
    let call = format!("execute-api {}", called.request.method());
    let decision = Decision::new(called.request_id, at, call, "anonymous", action, &resource, &verdict);
    called.context.decisions.write(&decision);
    // Strangers are not told the account.
    let hidden = resource.replacen(account.as_str(), &format!("********{}", &account[account.len().min(8)..]), 1);
    Err(Failure::Denied(format!("User: anonymous is not authorized to perform: {action} on resource: {hidden}{end}")))
}

fn keys(called: &Called<'_>) -> Keys {
    let (mut keys, now) = (Keys::default(), called.context.config.clock.now());
    keys.set("aws:CurrentTime", now.format(&Rfc3339).unwrap_or_default());
    keys.set("aws:EpochTime", now.unix_timestamp().to_string());
    keys.set("aws:SecureTransport", "true");
    if let Some(peer) = called.request.extensions().get::<Peer>() {
        keys.set("aws:SourceIp", peer.0.ip().to_canonical().to_string());
    }
    for (header, key) in [(USER_AGENT, "aws:UserAgent"), (REFERER, "aws:Referer")] {
        if let Some(value) = called.request.headers().get(header).and_then(|value| value.to_str().ok()) {
            keys.set(key, value);
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_shown_as_the_inside_of_a_text_and_read_in_both_forms() {
        let text = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}}"#;
        check(text).unwrap();
        let shown = escaped(text);
        assert!(shown.starts_with(r#"{\"Statement\":"#) && shown.ends_with('}'));
        assert_eq!((unescaped(&shown).as_str(), unescaped(text).as_str()), (text, text));
        let error =
            check(r#"{"Statement":{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}}"#).unwrap_err();
        assert!(error.message.starts_with("Invalid policy document. Please check the policy syntax"));
        assert_eq!((error.status.as_u16(), error.code.as_ref()), (400, "BadRequestException"));
    }
}
