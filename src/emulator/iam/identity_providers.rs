//! OpenID Connect providers: who else may say who somebody is, for trust policies to name. Nothing is asked of a provider
//! here, so thumbprints are those that were given.

use super::{MAX_ARN, State, conflict, no_such_entity, null, tags, take_length, take_text, validation};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, QueryParams, iso_seconds, millis, xml},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most audiences of a provider,
const CLIENTS: usize = 100;
/// the most thumbprints,
const THUMBPRINTS: usize = 5;
/// and the most providers of an account.
const PROVIDERS: usize = 100;
/// Hex digits of a SHA-1.
const THUMBPRINT: usize = 40;

/// An OpenID Connect provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Provider {
    /// Without `https://`.
    url: String,
    created: i64,
    clients: Vec<String>,
    thumbprints: Vec<String>,
    pub(super) tags: BTreeMap<String, String>,
}

/// Takes the ARN of a provider.
pub(super) fn take_arn(params: &mut QueryParams) -> Result<String, AwsError> {
    let parameter = "OpenIDConnectProviderArn";
    let arn = take_text(params, parameter, MAX_ARN)?.ok_or_else(|| null("openIDConnectProviderArn"))?;
    let is_arn = arn.starts_with("arn:") && arn.len() >= 20;
    if is_arn { Ok(arn) } else { Err(validation(format!("ARN {arn} is not valid."))) }
}

/// The refusal of an ARN that no provider has.
fn absent(arn: &str) -> AwsError {
    no_such_entity(format!("OpenIDConnect Provider not found for arn {arn}"))
}

/// The URL, which is a provider's key, in an ARN of the account.
fn url_of<'a>(arn: &'a str, account: &str) -> Option<&'a str> {
    arn.strip_prefix("arn:aws:iam::")?.strip_prefix(account)?.strip_prefix(":oidc-provider/")
}

fn arn_of(url: &str, account: &str) -> String {
    format!("arn:aws:iam::{account}:oidc-provider/{url}")
}

impl State {
    pub(super) fn provider(&self, arn: &str, account: &str) -> Result<&Provider, AwsError> {
        url_of(arn, account).and_then(|url| self.providers.get(url)).ok_or_else(|| absent(arn))
    }

    /// Finds a provider to change it.
    pub(super) fn provider_mut(&mut self, arn: &str, account: &str) -> Result<&mut Provider, AwsError> {
        url_of(arn, account).and_then(|url| self.providers.get_mut(url)).ok_or_else(|| absent(arn))
    }
}

fn take_url(params: &mut QueryParams) -> Result<String, AwsError> {
    let url = take_length(params, "Url", 1..=255)?.ok_or_else(|| null("url"))?;
    let rest = url.strip_prefix("https://").filter(|rest| !rest.is_empty() && !rest.starts_with('/'));
    let is_plain = |rest: &&str| rest.bytes().all(|b| b.is_ascii_graphic() && !b"?#".contains(&b));
    let invalid = || validation("Invalid Open ID Connect Provider URL".to_owned());
    Ok(rest.filter(is_plain).ok_or_else(invalid)?.to_owned())
}

fn take_client(params: &mut QueryParams) -> Result<String, AwsError> {
    take_length(params, "ClientID", 1..=255)?.ok_or_else(|| null("clientID"))
}

fn take_clients(params: &mut QueryParams) -> Result<Vec<String>, AwsError> {
    let mut clients = Vec::new();
    for client in params.list("ClientIDList.member")? {
        if !(1..=255).contains(&client.chars().count()) {
            let message = "The values of ClientIDList are 1 to 255 characters long.";
            return Err(AwsError::sender("InvalidInput", message));
        }
        if !clients.contains(&client) {
            clients.push(client);
        }
    }
    check_clients(&clients)?;
    Ok(clients)
}

fn check_clients(clients: &[String]) -> Result<(), AwsError> {
    if clients.len() > CLIENTS {
        let message = format!("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENTS}");
        return Err(conflict("LimitExceeded", message));
    }
    Ok(())
}

fn take_thumbprints(params: &mut QueryParams) -> Result<Vec<String>, AwsError> {
    let thumbprints = params.list("ThumbprintList.member")?;
    if thumbprints.len() > THUMBPRINTS {
        let message = "Thumbprint list must contain fewer than 5 entries.";
        return Err(AwsError::sender("InvalidInput", message));
    }
    for thumbprint in &thumbprints {
        if thumbprint.len() != THUMBPRINT || !thumbprint.bytes().all(|b| b.is_ascii_hexdigit()) {
            let message = "The values of ThumbprintList are 40 hexadecimal digits long.";
            return Err(AwsError::sender("InvalidInput", message));
        }
    }
    Ok(thumbprints)
}

/// `CreateOpenIDConnectProvider`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let created = millis(operation.now());
    let (provider, scope) = operation.query(|params| {
        let (url, clients, thumbprints) = (take_url(params)?, take_clients(params)?, take_thumbprints(params)?);
        Ok(Provider { url, created, clients, thumbprints, tags: tags::take(params, tags::Case::Sensitive)? })
    })?;
    let (arn, tags) = (arn_of(&provider.url, scope.account()), provider.tags.clone());
    scope
        .change_global(|state| {
            if state.iam.providers.contains_key(&provider.url) {
                let message = format!("Provider with url https://{} already exists.", provider.url);
                return Err(conflict("EntityAlreadyExists", message));
            }
            if state.iam.providers.len() >= PROVIDERS {
                let message = format!("Cannot exceed quota for OpenIdConnectProvidersPerAccount: {PROVIDERS}");
                return Err(conflict("LimitExceeded", message));
            }
            state.iam.providers.insert(provider.url.clone(), provider);
            Ok(())
        })
        .await?;
    Ok(Output::xml(move |result| {
        xml::text(result, "OpenIDConnectProviderArn", &arn);
        if !tags.is_empty() {
            tags::write(result, &tags);
        }
    }))
}

/// `GetOpenIDConnectProvider`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (arn, scope) = operation.query(take_arn)?;
    let provider = scope.read_global(|state| state.iam.provider(&arn, scope.account()).cloned())?;
    Ok(Output::xml(move |result| {
        xml::text(result, "Url", &provider.url);
        xml::texts(result, "ClientIDList", "member", provider.clients.iter().map(String::as_str));
        xml::texts(result, "ThumbprintList", "member", provider.thumbprints.iter().map(String::as_str));
        xml::text(result, "CreateDate", &iso_seconds(provider.created));
        tags::write(result, &provider.tags);
    }))
}

/// `ListOpenIDConnectProviders`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((), scope) = operation.query(|_| Ok(()))?;
    let account = scope.account().to_owned();
    let urls: Vec<String> = scope.read_global(|state| state.iam.providers.keys().cloned().collect());
    Ok(Output::xml(move |result| {
        xml::list(result, "OpenIDConnectProviderList", "member", &urls, |member, url| {
            xml::text(member, "Arn", &arn_of(url, &account));
        });
    }))
}

/// `DeleteOpenIDConnectProvider`. AWS's reference says of one that is not there that it is no error, and IAM refuses it.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (arn, scope) = operation.query(take_arn)?;
    scope
        .change_global(|state| {
            let absent = || no_such_entity(format!("OpenId connect Provider {arn} cannot be found."));
            let url = url_of(&arn, scope.account()).ok_or_else(absent)?;
            state.iam.providers.remove(url).map(drop).ok_or_else(absent)
        })
        .await?;
    Ok(Output::Done)
}

/// `UpdateOpenIDConnectProviderThumbprint`.
pub(super) async fn update_thumbprint(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((arn, thumbprints), scope) = operation.query(|params| {
        if !params.has("ThumbprintList") {
            return Err(null("thumbprintList"));
        }
        Ok((take_arn(params)?, take_thumbprints(params)?))
    })?;
    scope
        .change_global(|state| {
            state.iam.provider_mut(&arn, scope.account())?.thumbprints = thumbprints;
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `AddClientIDToOpenIDConnectProvider`: one that is there already is no error.
pub(super) async fn add_client(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((arn, client), scope) = operation.query(|params| Ok((take_arn(params)?, take_client(params)?)))?;
    scope
        .change_global(|state| {
            let provider = state.iam.provider_mut(&arn, scope.account())?;
            if !provider.clients.contains(&client) {
                provider.clients.push(client);
            }
            check_clients(&provider.clients)
        })
        .await?;
    Ok(Output::Done)
}

/// `RemoveClientIDFromOpenIDConnectProvider`: one that is not there is no error.
pub(super) async fn remove_client(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((arn, client), scope) = operation.query(|params| Ok((take_arn(params)?, take_client(params)?)))?;
    scope
        .change_global(|state| {
            state.iam.provider_mut(&arn, scope.account())?.clients.retain(|known| *known != client);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}
