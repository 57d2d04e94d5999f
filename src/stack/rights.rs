//! Whether whoever deploys may make what is missing of the stack: asked of IAM before anything is made.
//!
//! Nothing depends on the question. Who may not ask it, or is nobody whose policies IAM simulates (the account's owner, a
//! federated user, a role whose path its session does not tell), deploys all the same, and the first call that AWS
//! refuses says so. An answer that depends on what only a real call tells (`MissingContextValues`) is no refusal.
//!
//! Not here: what is there already and may have to be changed, and what the looks before have needed.

use super::{client::Clients, discover::Discovery, error::Error, part::Part, spec::Spec};
use crate::marks::{STACK_TAG, clock_rule};
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType};

/// What is done to one resource.
struct Question {
    resource: String,
    actions: &'static [&'static str],
}

/// What making the missing parts takes, as far as a call of its own is needed for it in any case; a part of
/// `docs/aws.md`.
fn questions(spec: &Spec, has: impl Fn(Part) -> bool) -> Vec<Question> {
    let Spec { region, account, names, .. } = spec;
    let lacks = |part| !has(part);
    let mut questions = Vec::new();
    let mut ask = |is_needed: bool, resource: String, actions: &'static [&'static str]| {
        if is_needed {
            questions.push(Question { resource, actions });
        }
    };
    ask(lacks(Part::Instance), format!("arn:aws:ec2:{region}:{account}:instance/*"), &["ec2:RunInstances"]);
    ask(
        lacks(Part::Role),
        spec.role_arn(),
        &["iam:CreateRole", "iam:GetRolePolicy", "iam:PutRolePolicy", "iam:TagRole"],
    );
    ask(lacks(Part::Function), spec.role_arn(), &["iam:PassRole"]);
    ask(lacks(Part::Function), spec.function_arn(), &["lambda:AddPermission", "lambda:CreateFunction"]);
    ask(
        lacks(Part::LogGroup),
        format!("arn:aws:logs:{region}:{account}:log-group:{}:log-stream:", names.log_group),
        &["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
    );
    ask(lacks(Part::Api), format!("arn:aws:apigateway:{region}::/restapis"), &["apigateway:POST"]);
    let wants_plan = spec.keys.is_some() && lacks(Part::UsagePlan);
    ask(wants_plan, format!("arn:aws:apigateway:{region}::/usageplans"), &["apigateway:POST"]);
    let wants_clock = spec.is_timed && !spec.is_own && lacks(Part::Clock);
    ask(
        wants_clock,
        format!("arn:aws:events:{region}:{account}:rule/{}", clock_rule(&names.stack)),
        &["events:PutRule", "events:PutTargets"],
    );
    questions
}

/// Refuses what IAM says that its caller may not do.
pub(super) async fn check(clients: &Clients, spec: &Spec, before: &Discovery) -> Result<(), Error> {
    let questions = questions(spec, |part| before.part(part).is_some() || before.stand_in(part).is_some());
    if questions.is_empty() {
        return Ok(());
    }
    let Some((caller, source)) = clients.caller().await.and_then(|caller| Some((caller.clone(), source(&caller)?)))
    else {
        return Ok(());
    };
    let mut missing = Vec::new();
    // One resource at a time: a simulation asks every action of every resource.
    for Question { resource, actions } in questions {
        let call = clients.iam.simulate_principal_policy().policy_source_arn(&source).resource_arns(&resource);
        let actions = actions.iter().map(|action| (*action).to_owned()).collect();
        let call = call.set_action_names(Some(actions)).set_context_entries(Some(context(spec)));
        let Ok(answer) = call.send().await else { return Ok(()) };
        let refused = answer.evaluation_results().iter().filter(|result| is_refused(result));
        missing.extend(refused.map(|result| format!("{} ({resource})", result.eval_action_name())));
    }
    if missing.is_empty() { Ok(()) } else { Err(Error::NotAllowed { caller, missing }) }
}

fn is_refused(result: &EvaluationResult) -> bool {
    let refusals = [PolicyEvaluationDecisionType::ExplicitDeny, PolicyEvaluationDecisionType::ImplicitDeny];
    refusals.contains(result.eval_decision()) && result.missing_context_values().is_empty()
}

/// What the calls of a deploy tell, which policies have conditions on.
fn context(spec: &Spec) -> Vec<ContextEntry> {
    let entries = [
        (format!("aws:RequestTag/{STACK_TAG}"), spec.names.stack.to_string()),
        ("aws:RequestedRegion".to_owned(), spec.region.clone()),
        ("iam:PassedToService".to_owned(), "lambda.amazonaws.com".to_owned()),
        ("events:TargetArn".to_owned(), spec.function_arn()),
    ];
    let entry = |(name, value): (String, String)| {
        let entry = ContextEntry::builder().context_key_name(name).context_key_values(value);
        entry.context_key_type(ContextKeyTypeEnum::String).build()
    };
    entries.into_iter().map(entry).collect()
}

/// Whose policies a caller's ARN stands for; `None` for one that IAM does not simulate.
fn source(caller: &str) -> Option<String> {
    let parts: Vec<&str> = caller.splitn(6, ':').collect();
    let [arn, partition, service, _, account, resource] = parts.as_slice() else { return None };
    match (*service, resource.split('/').collect::<Vec<_>>().as_slice()) {
        ("iam", ["user", ..]) => Some(caller.to_owned()),
        ("sts", ["assumed-role", role, _]) => Some(format!("{arn}:{partition}:iam::{account}:role/{role}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_stands_for_its_role_and_a_user_for_itself() {
        let user = "arn:aws:iam::123456789012:user/team/deployer";
        assert_eq!(source(user).as_deref(), Some(user));
        let session = "arn:aws:sts::123456789012:assumed-role/deployer/session";
        assert_eq!(source(session).as_deref(), Some("arn:aws:iam::123456789012:role/deployer"));
        for nobody in
            ["arn:aws:iam::123456789012:root", "arn:aws:sts::123456789012:federated-user/someone", "deployer", ""]
        {
            assert_eq!(source(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn what_only_a_real_call_tells_is_no_refusal() {
        let result = |decision| EvaluationResult::builder().eval_action_name("iam:CreateRole").eval_decision(decision);
        assert!(is_refused(&result(PolicyEvaluationDecisionType::ImplicitDeny).build().unwrap()));
        assert!(is_refused(&result(PolicyEvaluationDecisionType::ExplicitDeny).build().unwrap()));
        assert!(!is_refused(&result(PolicyEvaluationDecisionType::Allowed).build().unwrap()));
        let depends = result(PolicyEvaluationDecisionType::ImplicitDeny).missing_context_values("aws:SourceIp");
        assert!(!is_refused(&depends.build().unwrap()));
    }
}
