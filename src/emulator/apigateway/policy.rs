//! The resource policy of an API: who may call it, from where, on which paths. It counts as it was when the API was
//! deployed, as on AWS.

use super::{event::Source as Call, failure::Failure};
use crate::emulator::{
    access::Decision,
    context::Context,
    policy::{self, Document, Keys, Layer, Policies, Principal, Request as Asked, Source, Use, Verdict},
    wire::{iso_time, millis},
};
use http::header::{REFERER, USER_AGENT};
use std::sync::Arc;
use time::format_description::well_known::Rfc3339;

/// The action that calls of APIs are.
const INVOKE: &str = "execute-api:Invoke";

/// A call of a deployed API, to policies.
pub(super) struct Called<'a> {
    pub(super) context: &'a Context,
    pub(super) source: &'a Call<'a>,
    /// What is called (`arn:aws:execute-api:us-east-1:000000000000:api/stage/GET/path`).
    pub(super) arn: &'a str,
}

impl Called<'_> {
    /// What an API's policy says of the call, together with those that its caller brings.
    pub(super) fn says(&self, policy: Option<&str>, principal: &Principal, brought: Policies, also: &Keys) -> Verdict {
        let Call { region, account, api, .. } = self.source;
        let own = format!("arn:aws:execute-api:{region}:{account}:{api}");
        let mut policies = brought;
        if let Some(text) = policy {
            // What was kept by an engine that did not look into policies may be none; nobody is let in by it.
            let document = Document::parse(text, Use::Resource).unwrap_or_default();
            let document = document.with_resources(|short| {
                let rest = short.strip_prefix("execute-api:").filter(|rest| rest.starts_with(['/', '*']))?;
                Some(format!("{own}{rest}"))
            });
            policies.sources.push(Source { layer: Layer::Resource, name: own, document: Arc::new(document) });
        }
        let mut keys = self.keys();
        keys.add(also);
        policy::decide(&policies, &Asked { principal, action: INVOKE, resource: self.arn, keys: &keys })
    }

    /// Refuses the call in AWS's words, and writes the decision down.
    pub(super) fn refuse(&self, who: &str, verdict: &Verdict) -> Failure {
        let account = self.source.account;
        let at = iso_time(millis(self.source.now));
        let call = format!("execute-api {}", self.source.method);
        let decision = Decision::new(self.source.request_id, at, call, who, INVOKE, self.arn, verdict);
        self.context.decisions.write(&decision);
        let end = if matches!(verdict, Verdict::Denied(_)) { " with an explicit deny" } else { "" };
        // Strangers are not told the account.
        let hidden = self.arn.replacen(account, &format!("********{}", &account[account.len().min(8)..]), 1);
        Failure::Denied(format!("User: {who} is not authorized to perform: {INVOKE} on resource: {hidden}{end}"))
    }

    fn keys(&self) -> Keys {
        let mut keys = Keys::default();
        keys.set("aws:CurrentTime", self.source.now.format(&Rfc3339).unwrap_or_default());
        keys.set("aws:EpochTime", self.source.now.unix_timestamp().to_string());
        keys.set("aws:SecureTransport", "true");
        if let Some(ip) = self.source.caller_ip {
            keys.set("aws:SourceIp", ip.to_canonical().to_string());
        }
        for (header, key) in [(USER_AGENT, "aws:UserAgent"), (REFERER, "aws:Referer")] {
            if let Some(value) = self.source.headers.get(header).and_then(|value| value.to_str().ok()) {
                keys.set(key, value);
            }
        }
        keys
    }
}

/// What the policy that an authorizer answers says of a call; nothing where it is none.
pub(in crate::emulator) fn answered(document: &serde_json::Value, arn: &str) -> Option<Verdict> {
    let document = Document::parse(&document.to_string(), Use::Identity).ok()?;
    let source =
        Source { layer: Layer::Identity, name: "the authorizer's answer".to_owned(), document: Arc::new(document) };
    let policies = Policies { sources: vec![source], ..Policies::default() };
    // Whoever the authorizer says that it is: somebody, whose policy this is.
    let principal = Principal::User { account: String::new(), arn: String::new() };
    let asked = Asked { principal: &principal, action: INVOKE, resource: arn, keys: &Keys::default() };
    Some(policy::decide(&policies, &asked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_answer_of_an_authorizer_allows_what_it_names() {
        let arn = "arn:aws:execute-api:us-east-1:000000000000:abc/dev/GET/pets/1";
        let said = |effect: &str, resource: &str| {
            let statement = json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": resource });
            answered(&json!({ "Version": "2012-10-17", "Statement": [statement] }), arn)
        };
        for resource in
            ["*", arn, "arn:aws:execute-api:*:*:abc/*", "arn:aws:execute-api:us-east-1:000000000000:abc/dev/*/pets/?"]
        {
            assert!(said("Allow", resource).unwrap().is_allowed(), "{resource}");
            assert!(matches!(said("Deny", resource), Some(Verdict::Denied(_))), "{resource}");
        }
        let other = said("Allow", "arn:aws:execute-api:*:*:abc/dev/POST/*");
        assert!(matches!(other, Some(Verdict::Missing(_))), "{other:?}");
        for document in [json!(null), json!({}), json!("text"), json!({ "Statement": [{ "Effect": "Maybe" }] })] {
            assert!(answered(&document, arn).is_none(), "{document}");
        }
    }
}
