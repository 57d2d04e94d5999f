//! The role that the function runs as, with the least that it needs.
//!
//! `CreateRole` sets the tags of ownership but no rev; the inline policy follows; `TagRole` writes the rev last. A role
//! without the wanted rev is unfinished and its policy is put again, which is harmless.

use super::{
    client::Clients,
    error::Error,
    export::{
        resource::{Body, Concern, Resource},
        scene::Scene,
        value::Thing,
    },
    part::Part,
    predict::{self, PlannedPart, Predict, Prediction, Wanted},
    reconcile::{Next, Reconcile},
    sighting::{Found, Sighting, Tags, rev as tagged_rev},
    spec::{Names, Spec, rev},
};
use crate::{
    contract::Change,
    marks::{LAST_CALL_TAG, MODIFY_TAG, STACK_TAG, STOPS_AT_TAG, clock_rule, container_stops_at_tag},
    names::StackName,
    schedule::EDGE_TAG,
};
use aws_sdk_iam::types::Tag;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The name of the one inline policy.
pub(super) const POLICY: &str = "atelier";

pub(super) struct Role<'a> {
    clients: &'a Clients,
    spec: &'a Spec,
    trust: Value,
    policy: Value,
    rev: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Create,
    Trust,
    Policy,
    /// Writes the rev.
    Finish,
}

impl<'a> Role<'a> {
    pub(super) fn new(clients: &'a Clients, spec: &'a Spec) -> Self {
        let (trust, policy) = (trust(), policy(spec));
        let rev = wanted_rev(&trust, &policy);
        Self { clients, spec, trust, policy, rev }
    }

    fn tags(&self, rev: Option<&str>) -> Result<Vec<Tag>, Error> {
        let tags = self.spec.names.tags(Part::Role, rev).into_iter();
        tags.map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect::<Result<_, _>>()
            .map_err(|error| Error::Bug(error.to_string()))
    }
}

fn wanted_rev(trust: &Value, policy: &Value) -> String {
    rev(&json!([trust, policy]))
}

/// Lets Lambda, and nobody else, run as the role.
pub(super) fn trust() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    })
}

/// Reads instances (EC2 has no finer right for that), changes this stack's as the API can, writes the function's own
/// log. How long something may run stands in tags, of which it may write its own and no other, and what stops it then is
/// one rule of this stack, which can wake nothing but the function.
pub(super) fn policy(spec: &Spec) -> Value {
    let (region, account) = (&spec.region, &spec.account);
    let mut reads = vec!["ec2:DescribeInstances"];
    let mut changes: Vec<&str> = Change::ALL.map(Change::permission).to_vec();
    if spec.may_modify {
        reads.push("ec2:DescribeInstanceTypes");
        changes.push("ec2:ModifyInstanceAttribute");
    }
    let instances = format!("arn:aws:ec2:{region}:{account}:instance/*");
    let is_ours = json!({ format!("aws:ResourceTag/{STACK_TAG}"): spec.names.stack });
    let mut statements = vec![
        json!({ "Effect": "Allow", "Action": reads, "Resource": "*" }),
        json!({
            "Effect": "Allow",
            "Action": changes,
            "Resource": instances,
            "Condition": { "StringEquals": is_ours },
        }),
        json!({
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": format!("arn:aws:logs:{region}:{account}:log-group:{}:*", spec.names.log_group),
        }),
    ];
    // A function of the user's own has no use for them.
    if !spec.is_own {
        let rule = format!("arn:aws:events:{region}:{account}:rule/{}", clock_rule(&spec.names.stack));
        let container_times = container_stops_at_tag("*");
        let tags = [STOPS_AT_TAG, &container_times, MODIFY_TAG, EDGE_TAG, LAST_CALL_TAG];
        statements.extend([
            json!({
                "Effect": "Allow",
                "Action": ["ec2:CreateTags", "ec2:DeleteTags"],
                "Resource": instances,
                "Condition": { "StringEquals": is_ours, "ForAllValues:StringLike": { "aws:TagKeys": tags } },
            }),
            json!({ "Effect": "Allow", "Action": ["events:PutRule", "events:TagResource"], "Resource": rule }),
            json!({
                "Effect": "Allow",
                "Action": "events:PutTargets",
                "Resource": rule,
                "Condition": { "ArnEquals": { "events:TargetArn": spec.function_arn() } },
            }),
        ]);
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The role, who may run as it, and what it may do.
#[derive(Default)]
pub(super) struct View {
    pub(super) sighting: Sighting,
    trust: Value,
    policy: Value,
}

impl Reconcile for Role<'_> {
    type View = View;
    type Action = Action;

    fn step(&self) -> &'static str {
        Part::Role.as_str()
    }

    async fn look(&self) -> Result<View, Error> {
        let view = look(self.clients, &self.spec.names).await?;
        let policy = match view.sighting.kept() {
            Some(found) => put_policy(self.clients, &found.id).await?,
            None => Value::Null,
        };
        Ok(View { policy, ..view })
    }

    fn next(&self, view: &View, done: &[Action]) -> Result<Next<Action>, Error> {
        view.sighting.refuse_foreign()?;
        let Some(found) = view.sighting.kept() else { return Ok(Next::Act(Action::Create)) };
        let did = |action| done.contains(&action);
        let has_rev = found.rev.as_ref() == Some(&self.rev);
        // What this run has put is as wanted, also while the engine still shows what was there before.
        let has_trust = did(Action::Create) || did(Action::Trust) || has_rev && view.trust == self.trust;
        let has_policy = did(Action::Policy) || has_rev && view.policy == self.policy;
        Ok(match (has_trust, has_policy) {
            (false, _) => Next::Act(Action::Trust),
            (true, false) => Next::Act(Action::Policy),
            (true, true) if has_rev => Next::Done,
            (true, true) => Next::Act(Action::Finish),
        })
    }

    async fn act(&self, action: &Action, _view: &View) -> Result<(), Error> {
        let (iam, name) = (&self.clients.iam, &self.spec.names.role);
        match action {
            Action::Create => {
                let call = iam.create_role().role_name(name).assume_role_policy_document(self.trust.to_string());
                let answer = call.set_tags(Some(self.tags(None)?)).send().await;
                answer.map(drop).map_err(|error| Error::call("CreateRole", &error))
            }
            Action::Trust => {
                let call = iam.update_assume_role_policy().role_name(name);
                let answer = call.policy_document(self.trust.to_string()).send().await;
                answer.map(drop).map_err(|error| Error::call("UpdateAssumeRolePolicy", &error))
            }
            Action::Policy => {
                let call = iam.put_role_policy().role_name(name).policy_name(POLICY);
                let answer = call.policy_document(self.policy.to_string()).send().await;
                answer.map(drop).map_err(|error| Error::call("PutRolePolicy", &error))
            }
            Action::Finish => {
                let tags = self.tags(Some(&self.rev))?;
                let answer = iam.tag_role().role_name(name).set_tags(Some(tags)).send().await;
                answer.map(drop).map_err(|error| Error::call("TagRole", &error))
            }
        }
    }
}

impl Predict for Role<'_> {
    fn sighting(view: &View) -> &Sighting {
        &view.sighting
    }

    fn prediction(&self, action: &Action, _view: &View) -> Prediction {
        match action {
            Action::Create => Prediction::CREATE,
            Action::Trust => Prediction::update("trust"),
            Action::Policy | Action::Finish => Prediction::update("policy"),
        }
    }
}

/// Predicts what a deploy would do to the role.
pub(super) async fn predict(clients: &Clients, wanted: &Wanted<'_>) -> Result<Option<PlannedPart>, Error> {
    predict::predict(&Role::new(clients, wanted.spec), Part::Role).await.map(Some)
}

/// Describes the role for other tools.
pub(super) fn exported(scene: &Scene<'_>) -> Vec<Resource> {
    let marked = scene.marked();
    let resource = |thing, why, body| Resource { part: Part::Role, thing, concern: Concern::Iam, why, body };
    let tags = scene.tags(Part::Role, Some(&wanted_rev(&trust(), &policy(scene.spec))), Vec::new());
    let role = Body::Role { name: scene.text(&marked.names.role), trust: scene.read(&trust()), tags };
    let policy = Body::RolePolicy { name: POLICY.to_owned(), policy: scene.read_beside_function(&policy(marked)) };
    vec![
        resource(Thing::Role, "The role that the function runs as: Lambda may, and nobody else.", role),
        resource(
            Thing::RolePolicy,
            "The least that the function needs: it sees instances (EC2 has no finer right for that), changes those\nof this stack, and writes its own log.",
            policy,
        ),
    ]
}

/// Looks the role up by its name.
pub(super) async fn discover(clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    look(clients, names).await.map(|view| view.sighting)
}

/// The role without its policy, which takes a call of its own.
async fn look(clients: &Clients, names: &Names) -> Result<View, Error> {
    let answer = clients.iam.get_role().role_name(&names.role).send().await;
    let role = match answer.map_err(|error| Error::call("GetRole", &error)) {
        Err(error) if error.is_not_found() => return Ok(View::default()),
        answer => answer?.role,
    };
    let Some(role) = role else { return Ok(View::default()) };
    let trust = document(role.assume_role_policy_document.as_deref().unwrap_or_default());
    let tags: Tags = role.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect();
    let found = Found {
        part: Part::Role,
        id: names.role.clone(),
        rev: tagged_rev(&tags),
        state: None,
        reason: None,
        created: role.create_date.secs(),
        changed: None,
        instance: None,
    };
    Ok(View { sighting: Sighting::named(names, found, &tags, &role.arn), trust, policy: Value::Null })
}

/// The inline policy as IAM has it; null where there is none.
async fn put_policy(clients: &Clients, name: &str) -> Result<Value, Error> {
    let answer = clients.iam.get_role_policy().role_name(name).policy_name(POLICY).send().await;
    match answer.map_err(|error| Error::call("GetRolePolicy", &error)) {
        Err(error) if error.is_not_found() => Ok(Value::Null),
        answer => Ok(document(&answer?.policy_document)),
    }
}

/// Reads a policy document, which IAM tells percent-encoded and small engines as it is.
fn document(text: &str) -> Value {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&decoded)).unwrap_or_default()
}

/// Names the stacks that have a role, in whatever region they are: IAM knows none.
pub(super) async fn stacks(clients: &Clients) -> Result<BTreeSet<StackName>, Error> {
    let mut stacks = BTreeSet::new();
    let mut marker = None;
    loop {
        let page = clients.iam.list_roles().set_marker(marker).send().await;
        let page = page.map_err(|error| Error::call("ListRoles", &error))?;
        // Only roles of our names can be ours; asking each for its tags would be a call per role.
        for role in page.roles.into_iter().filter(|role| Names::may_be_role(&role.role_name)) {
            let answer = clients.iam.list_role_tags().role_name(role.role_name).send().await;
            let tags = match answer.map_err(|error| Error::call("ListRoleTags", &error)) {
                Err(error) if error.is_not_found() => continue,
                answer => answer?.tags,
            };
            stacks.extend(tags.iter().filter(|tag| tag.key == STACK_TAG).filter_map(|tag| tag.value.parse().ok()));
        }
        match page.marker.filter(|marker| !marker.is_empty()) {
            Some(next) => marker = Some(next),
            None => return Ok(stacks),
        }
    }
}

/// Deletes the role with everything that hangs on it, as IAM demands.
pub(super) async fn delete(clients: &Clients, name: &str) -> Result<(), Error> {
    let answer = clients.iam.list_role_policies().role_name(name).send().await;
    for policy in answer.map_err(|error| Error::call("ListRolePolicies", &error))?.policy_names {
        let answer = clients.iam.delete_role_policy().role_name(name).policy_name(policy).send().await;
        answer.map_err(|error| Error::call("DeleteRolePolicy", &error))?;
    }
    let answer = clients.iam.list_attached_role_policies().role_name(name).send().await;
    let attached = answer.map_err(|error| Error::call("ListAttachedRolePolicies", &error))?.attached_policies;
    for arn in attached.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_arn) {
        let answer = clients.iam.detach_role_policy().role_name(name).policy_arn(arn).send().await;
        answer.map_err(|error| Error::call("DetachRolePolicy", &error))?;
    }
    let answer = clients.iam.delete_role().role_name(name).send().await;
    answer.map(drop).map_err(|error| Error::call("DeleteRole", &error))
}
