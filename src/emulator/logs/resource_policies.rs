//! Resource policies: which services of AWS may write to groups of the account. EventBridge does so in its own name.

use super::{
    invalid,
    metric_filters::too_many,
    state::{Name, ResourcePolicy, group_arn, limit},
};
use crate::emulator::{
    access,
    context::Context,
    policy::{Document, Use},
    service::{Operation, Output},
    store::Region,
    wire::{
        AwsError, Text,
        page::{key_of, page, token},
    },
};
use serde::Deserialize;
use serde_json::{Value, json};

/// CloudWatch Logs' own limit on the policies of a region.
const MAX_POLICIES: usize = 10;

/// Whether one of several services may make a stream in a group and write to it, on behalf of `source_arn`.
pub fn lets_write(
    context: &Context,
    region: &Region,
    (services, source_arn): (&[&str], &str),
    (group, stream): (&str, &str),
) -> bool {
    let account = &context.config.account;
    let documents: Vec<Document> = context.store.read(region, |state| {
        let policies = state.logs.resource_policies.values();
        policies.filter_map(|policy| Document::parse(&policy.document, Use::Resource).ok()).collect()
    });
    let resource = format!("{}:log-stream:{stream}", group_arn(region, account, group));
    let lets = |service: &str, action: &str| {
        access::lets_service(documents.clone(), (service, source_arn), account, action, &resource)
    };
    let may = |service: &&str| ["logs:CreateLogStream", "logs:PutLogEvents"].iter().all(|action| lets(service, action));
    services.iter().any(may)
}

fn show(name: &str, policy: &ResourcePolicy) -> Value {
    json!({
        "policyName": name,
        "policyDocument": policy.document,
        "lastUpdatedTime": policy.updated,
        "policyScope": "ACCOUNT",
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Put {
    policy_name: Name,
    policy_document: Text<1, 51200>,
}

/// `PutResourcePolicy`: makes one, or puts it in the place of that of its name.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Put>()?;
    let document = serde_json::from_str::<Value>(&input.policy_document).unwrap_or_default();
    if !document["Statement"].is_array() && !document["Statement"].is_object() {
        return Err(invalid("The policy document is not valid."));
    }
    let (name, updated) = (String::from(input.policy_name), scope.now_millis());
    let policy = ResourcePolicy { document: input.policy_document.into(), updated };
    let shown = show(&name, &policy);
    scope
        .change(|state| {
            let policies = &mut state.logs.resource_policies;
            if !policies.contains_key(&name) && policies.len() >= MAX_POLICIES {
                return Err(too_many());
            }
            policies.insert(name, policy);
            Ok(())
        })
        .await?;
    Ok(Output::Members(json!({ "resourcePolicy": shown })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delete {
    policy_name: Name,
}

/// `DeleteResourcePolicy`.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (Delete { policy_name: name }, scope) = operation.input()?;
    scope
        .change(|state| {
            let removed = state.logs.resource_policies.remove(&*name).map(drop);
            removed.ok_or_else(|| {
                let message = format!("Policy with name [{}] does not exist.", &*name);
                AwsError::sender("ResourceNotFoundException", message)
            })
        })
        .await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
enum PolicyScope {
    #[serde(rename = "ACCOUNT")]
    Account,
    #[serde(rename = "RESOURCE")]
    Resource,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    policy_scope: Option<PolicyScope>,
    next_token: Option<String>,
    limit: Option<usize>,
}

/// `DescribeResourcePolicies`: those of the account; there are none of single groups.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Describe>()?;
    let most = limit(input.limit, 50)?;
    let unknown = || invalid("The specified nextToken is invalid.");
    let after = input.next_token.as_deref().map(|token| key_of(token).ok_or_else(unknown)).transpose()?;
    scope.read(|state| {
        let is_none = matches!(input.policy_scope, Some(PolicyScope::Resource));
        let policies = state.logs.resource_policies.iter().filter(|_| !is_none);
        let (policies, last) = page(policies, |(name, _)| (*name).clone(), after.as_ref(), most);
        let shown: Vec<Value> = policies.into_iter().map(|(name, policy)| show(name, policy)).collect();
        let mut answer = json!({ "resourcePolicies": shown });
        if let Some(last) = last {
            answer["nextToken"] = token(&last).into();
        }
        Ok(Output::Members(answer))
    })
}
