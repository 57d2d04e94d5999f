//! STS: who signed. Also keeps the credentials that are lent to functions.

mod sessions;

pub use sessions::{Credentials, Sessions};

use super::{
    Call, Context,
    wire::{AwsError, Protocol, QueryParams, xml, xml_response},
};
use crate::http1::Response;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Answers one call.
pub fn serve(context: &Context, call: &Call) -> Response {
    answer(context, call).unwrap_or_else(|error| error.response(Protocol::Query(NAMESPACE), &call.request_id))
}

fn answer(context: &Context, call: &Call) -> Result<Response, AwsError> {
    let mut params = QueryParams::parse(&call.request)?;
    match params.action()?.as_str() {
        "GetCallerIdentity" => params.finish()?,
        unknown => return Err(AwsError::not_implemented("sts", unknown)),
    }
    let account = &context.config.account;
    let (arn, user) = match context.sessions.owner(&call.access_key_id) {
        Some(session) => (session.arn(account), session.user_id(&call.access_key_id)),
        None => (format!("arn:aws:iam::{account}:root"), account.clone()),
    };
    let document = xml::document("GetCallerIdentityResponse", NAMESPACE, |root| {
        xml::element(root, "GetCallerIdentityResult", |result| {
            xml::text(result, "Arn", &arn);
            xml::text(result, "UserId", &user);
            xml::text(result, "Account", account);
        });
        xml::element(root, "ResponseMetadata", |data| xml::text(data, "RequestId", &call.request_id));
    });
    Ok(xml_response(document, &call.request_id))
}
