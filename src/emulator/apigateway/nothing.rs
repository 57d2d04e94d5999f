//! Lists of what nobody can make here: custom domains, links to networks and certificates for clients. They are empty.

use super::paging::Paging;
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde::Deserialize;
use serde_json::Value;

fn none(paging: &Paging) -> Result<Output, AwsError> {
    paging.page(std::iter::empty::<(&str, &Value)>(), Value::clone)
}

/// `GetClientCertificates` and `GetVpcLinks`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (paging, _) = operation.input::<Paging>()?;
    none(&paging)
}

/// Whose things are listed.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Owner {
    #[serde(rename = "SELF")]
    Own,
    OtherAccounts,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owned {
    #[expect(dead_code, reason = "there are none of anybody's")]
    resource_owner: Option<Owner>,
}

/// `GetDomainNames`.
pub(super) fn domain_names(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (_, paging, _) = operation.inputs::<Owned, Paging>()?;
    none(&paging)
}
