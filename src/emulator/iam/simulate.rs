//! `SimulateCustomPolicy` and `SimulatePrincipalPolicy`: what would be decided, with nothing done.

use super::{MAX_ARN, MAX_POLICY, no_such_entity, null, paging::Paging, take_one_of, take_text};
use crate::emulator::{
    access,
    policy::{self, Document, Keys, Layer, Policies, Principal, Request as Asked, Source, Use, Verdict},
    service::{Operation, Output, Scope},
    wire::{AwsError, QueryParams, xml},
};
use std::sync::Arc;

/// IAM's limits on the lists of a simulation.
const MOST: usize = 1000;

/// The types of condition keys; each is written as texts.
const KINDS: [&str; 12] = [
    "binary",
    "binaryList",
    "boolean",
    "booleanList",
    "date",
    "dateList",
    "ip",
    "ipList",
    "numeric",
    "numericList",
    "string",
    "stringList",
];

struct Input {
    policies: Vec<String>,
    boundaries: Vec<String>,
    actions: Vec<String>,
    resources: Vec<String>,
    resource_policy: Option<String>,
    caller: Option<String>,
    owner: Option<String>,
    paging: Paging,
    keys: Keys,
}

impl Input {
    fn take(params: &mut QueryParams) -> Result<Self, AwsError> {
        let mut list = |name: &str| -> Result<Vec<String>, AwsError> { params.list(&format!("{name}.member")) };
        let (policies, boundaries) = (list("PolicyInputList")?, list("PermissionsBoundaryPolicyInputList")?);
        let (actions, mut resources) = (list("ActionNames")?, list("ResourceArns")?);
        if actions.is_empty() {
            return Err(null("actionNames"));
        }
        if actions.len() > MOST || resources.len() > MOST {
            return Err(invalid(&format!("A simulation has at most {MOST} actions and resources.")));
        }
        if let Some(action) = actions.iter().find(|action| !action.contains(':')) {
            return Err(invalid(&format!("Invalid Action: {action}")));
        }
        if resources.is_empty() {
            resources.push("*".to_owned());
        }
        let mut keys = Keys::default();
        let entries = params.structures("ContextEntries.member", |entry| {
            take_one_of(entry, "ContextKeyType", &KINDS)?;
            Ok((entry.required("ContextKeyName")?, entry.list("ContextKeyValues.member")?))
        })?;
        for (name, values) in entries {
            keys.set_all(&name, values);
        }
        if params.has("ResourceHandlingOption") {
            return Err(AwsError::not_implemented("iam", "a simulation with ResourceHandlingOption"));
        }
        Ok(Self {
            policies,
            boundaries,
            actions,
            resources,
            resource_policy: take_text(params, "ResourcePolicy", MAX_POLICY)?,
            caller: take_text(params, "CallerArn", MAX_ARN)?,
            owner: take_text(params, "ResourceOwner", MAX_ARN)?,
            paging: Paging::take(params)?,
            keys,
        })
    }

    /// Adds the policies that the simulation brings; what it asks about belongs to `account`, as everything here does.
    fn add(&self, policies: &mut Policies, account: &str) -> Result<(), AwsError> {
        if let Some(owner) = &self.owner {
            let parts: Vec<&str> = owner.splitn(6, ':').collect();
            let ["arn", _, _, _, of, _] = parts.as_slice() else {
                return Err(invalid(&format!("Invalid ResourceOwner: {owner} is no ARN.")));
            };
            if *of != account {
                return Err(AwsError::not_implemented("iam", "a simulation with a ResourceOwner of another account"));
            }
        }
        let numbered = |kind: &'static str, texts: &[String]| -> Vec<(String, String)> {
            texts.iter().enumerate().map(|(at, text)| (format!("{kind}.{}", at + 1), text.clone())).collect()
        };
        for (name, text) in numbered("PolicyInputList", &self.policies) {
            policies.sources.push(source(Layer::Identity, name, &text, Use::Identity)?);
        }
        for (name, text) in numbered("PermissionsBoundaryPolicyInputList", &self.boundaries) {
            policies.has_boundary = true;
            policies.sources.push(source(Layer::Boundary, name, &text, Use::Identity)?);
        }
        if let Some(text) = &self.resource_policy {
            policies.sources.push(source(Layer::Resource, "ResourcePolicy".to_owned(), text, Use::Resource)?);
        }
        Ok(())
    }
}

fn source(layer: Layer, name: String, text: &str, used: Use) -> Result<Source, AwsError> {
    let document = Document::parse(text, used).map_err(|error| invalid(&error.0))?;
    Ok(Source { layer, name, document: Arc::new(document) })
}

fn invalid(message: &str) -> AwsError {
    AwsError::sender("InvalidInput", message)
}

/// `SimulateCustomPolicy`.
pub(super) fn custom(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.query(Input::take)?;
    if input.policies.is_empty() {
        return Err(null("policyInputList"));
    }
    let mut policies = Policies::default();
    let account = scope.account();
    input.add(&mut policies, account)?;
    let arn = input.caller.clone().unwrap_or_else(|| format!("arn:aws:iam::{account}:user/simulated"));
    let principal = Principal::User { account: account.to_owned(), arn };
    Ok(answer(&scope, input, &policies, &principal))
}

/// `SimulatePrincipalPolicy`: with the policies of a user or a role.
pub(super) fn principal(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((arn, input), scope) = operation.query(|params| {
        let arn = take_text(params, "PolicySourceArn", MAX_ARN)?.ok_or_else(|| null("policySourceArn"))?;
        Ok((arn, Input::take(params)?))
    })?;
    let caller = access::of_arn(scope.context, &arn)
        .ok_or_else(|| no_such_entity(format!("The policy source {arn} cannot be found.")))?;
    let mut input = input;
    let mut policies = caller.policies();
    if !input.boundaries.is_empty() {
        policies.sources.retain(|source| source.layer != Layer::Boundary);
    }
    input.add(&mut policies, scope.account())?;
    // What the simulation says of the request is heard before what is known of the caller.
    input.keys.add(&caller.keys);
    let principal = match (&input.caller, &caller.principal) {
        (Some(arn), _) => Principal::User { account: scope.account().to_owned(), arn: arn.clone() },
        (None, principal) => principal.clone(),
    };
    Ok(answer(&scope, input, &policies, &principal))
}

fn answer(scope: &Scope<'_>, input: Input, policies: &Policies, principal: &Principal) -> Output {
    let mut keys = input.keys;
    keys.add(&access::time_keys(scope.context));
    let mut results = Vec::new();
    for action in &input.actions {
        for resource in &input.resources {
            let verdict = policy::decide(policies, &Asked { principal, action, resource, keys: &keys });
            results.push((results.len(), action.clone(), resource.clone(), verdict));
        }
    }
    let (results, marker) = input.paging.cut(results, |(number, ..)| format!("{number:08}"));
    Output::xml(move |result| {
        xml::list(result, "EvaluationResults", "member", &results, |member, (_, action, resource, verdict)| {
            xml::text(member, "EvalActionName", action);
            xml::text(member, "EvalResourceName", resource);
            let (decision, reason) = match verdict {
                Verdict::Allowed(reason) => ("allowed", Some(reason)),
                Verdict::Denied(reason) => ("explicitDeny", Some(reason)),
                Verdict::Missing(_) => ("implicitDeny", None),
            };
            xml::text(member, "EvalDecision", decision);
            xml::list(member, "MatchedStatements", "member", reason, |statement, reason| {
                xml::text(statement, "SourcePolicyId", &reason.policy);
                let kind = match reason.layer {
                    Layer::Resource => "Resource Policy",
                    _ => "IAM Policy",
                };
                xml::text(statement, "SourcePolicyType", kind);
            });
            xml::element(member, "MissingContextValues", |_| ());
        });
        Paging::write(result, marker.as_deref());
    })
}
