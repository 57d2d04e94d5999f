//! The rule that wakes the function every minute, and leave for it to do so.
//!
//! The function makes the rule, too, when something is to be stopped in time; so the leave stands there from the first
//! deploy on, and the rule only where something depends on the time: settings, or tags of instances. It is taken away
//! where nothing does, and the tags are looked at once more after that.

use super::{
    client::Clients,
    error::{Class, Error},
    export::{
        resource::{Body, Concern, Resource},
        scene::Scene,
        value::{Thing, Value},
    },
    instance,
    part::Part,
    predict::{self, PlannedChange, PlannedPart, Predict, Prediction, Wanted},
    reconcile::{Next, Reconcile},
    sighting::{Found, Sighting, Tags},
    spec::{Names, Spec},
};
use crate::{
    marks::{CLOCK, CLOCK_RATE, CLOCK_TARGET, STACK_TAG, clock_rule},
    names::StackName,
};
use aws_sdk_eventbridge::types::{RuleState, Tag, Target};
use std::collections::BTreeSet;

/// The id of the statement in the function's policy.
pub(super) const STATEMENT: &str = "atelier-clock";

/// What the rule may do.
const INVOKE: &str = "lambda:InvokeFunction";
/// Who does it.
const PRINCIPAL: &str = "events.amazonaws.com";

/// Describes the rule for other tools. They make it in any case, asleep where nothing needs it: one that the function made
/// would be nobody's to take away.
pub(super) fn exported(scene: &Scene<'_>) -> Vec<Resource> {
    if scene.spec.is_own {
        return Vec::new();
    }
    let resource = |thing, why, body| Resource { part: Part::Clock, thing, concern: Concern::Clock, why, body };
    let marked = scene.marked();
    let rule = clock_rule(&marked.names.stack);
    let permission = Body::Permission {
        sid: Value::text(STATEMENT),
        action: INVOKE.to_owned(),
        principal: PRINCIPAL.to_owned(),
        source: scene.text(&format!("arn:aws:events:{}:{}:rule/{rule}", marked.region, marked.account)),
    };
    let is_asleep = !scene.spec.is_timed;
    let why = if is_asleep {
        "Wakes the function every minute, once something is to be stopped in time; until then it sleeps."
    } else {
        "Wakes the function every minute: it reads in tags what is to be stopped or started, and when."
    };
    let tags = scene.tags(Part::Clock, None, Vec::new());
    let wakes = Body::ClockRule { name: scene.text(&rule), rate: CLOCK_RATE.to_owned(), is_asleep, tags };
    vec![
        resource(Thing::ClockRule, why, wakes),
        resource(Thing::ClockTarget, "", Body::ClockTarget { id: CLOCK_TARGET.to_owned() }),
        resource(Thing::ClockPermission, "Lets the rule of this name call the function.", permission),
    ]
}

pub(super) struct Clock<'a> {
    clients: &'a Clients,
    spec: &'a Spec,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    /// Lets the rule call the function.
    Permit,
    /// Makes the rule, or makes it as it should be.
    Put,
    /// Lets it call the function.
    Aim,
    Remove,
}

/// The rule, what it does, and whether it is needed.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) sighting: Sighting,
    is_right: bool,
    is_asleep: bool,
    is_aimed: bool,
    is_permitted: bool,
    is_needed: bool,
}

impl<'a> Clock<'a> {
    pub(super) fn new(clients: &'a Clients, spec: &'a Spec) -> Self {
        Self { clients, spec }
    }

    fn rule(&self) -> String {
        clock_rule(&self.spec.names.stack)
    }

    fn arn(&self) -> String {
        format!("arn:aws:events:{}:{}:rule/{}", self.spec.region, self.spec.account, self.rule())
    }
}

impl Reconcile for Clock<'_> {
    type View = View;
    type Action = Action;

    fn step(&self) -> &'static str {
        CLOCK
    }

    async fn look(&self) -> Result<View, Error> {
        let names = &self.spec.names;
        let mut view = look(self.clients, names).await?;
        view.is_permitted = is_permitted(self.clients, names).await?;
        let instances = instance::discover(self.clients, names).await?.ours;
        let needs = |found: &Found| found.instance.as_ref().is_some_and(super::sighting::InstanceFacts::needs_clock);
        view.is_needed = self.spec.is_timed || instances.iter().any(needs);
        if view.sighting.kept().is_some() {
            view.is_aimed = is_aimed(self.clients, &self.rule(), &self.spec.function_arn()).await?;
        }
        Ok(view)
    }

    fn next(&self, view: &View, _done: &[Action]) -> Result<Next<Action>, Error> {
        view.sighting.refuse_foreign()?;
        let is_there = view.sighting.kept().is_some();
        Ok(match (view.is_needed, is_there) {
            _ if !view.is_permitted => Next::Act(Action::Permit),
            (true, false) => Next::Act(Action::Put),
            (true, true) if !view.is_right => Next::Act(Action::Put),
            (true, true) if !view.is_aimed => Next::Act(Action::Aim),
            // What wakes nobody was made by another tool, to have it when it is needed.
            (false, true) if !view.is_asleep => Next::Act(Action::Remove),
            _ => Next::Done,
        })
    }

    async fn act(&self, action: &Action, _view: &View) -> Result<(), Error> {
        let (events, rule) = (&self.clients.events, self.rule());
        match action {
            Action::Permit => {
                let call = self.clients.lambda.add_permission().function_name(&self.spec.names.function);
                let call = call.statement_id(STATEMENT).action(INVOKE);
                let call = call.principal(PRINCIPAL).source_arn(self.arn());
                call.send().await.map(drop).map_err(|error| Error::call("AddPermission", &error))
            }
            Action::Put => {
                let tags = self.spec.names.tags(Part::Clock, None).into_iter();
                let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build());
                let tags = tags.collect::<Result<_, _>>().map_err(|error| Error::Bug(error.to_string()))?;
                let call = events.put_rule().name(&rule).schedule_expression(CLOCK_RATE).set_tags(Some(tags));
                let answer = call.state(RuleState::Enabled).send().await;
                answer.map(drop).map_err(|error| Error::call("PutRule", &error))
            }
            Action::Aim => {
                let target = Target::builder().id(CLOCK_TARGET).arn(self.spec.function_arn()).build();
                let target = target.map_err(|error| Error::Bug(error.to_string()))?;
                let answer = events.put_targets().rule(&rule).targets(target).send().await;
                answer.map(drop).map_err(|error| Error::call("PutTargets", &error))
            }
            Action::Remove => delete(self.clients, &rule).await,
        }
    }
}

impl Predict for Clock<'_> {
    fn sighting(view: &View) -> &Sighting {
        &view.sighting
    }

    fn prediction(&self, action: &Action, view: &View) -> Prediction {
        match action {
            Action::Put if view.sighting.kept().is_none() => Prediction::CREATE,
            Action::Permit => Prediction::update("permission"),
            Action::Put => Prediction::update("rate"),
            Action::Aim => Prediction::update("target"),
            Action::Remove => Prediction { change: PlannedChange::Remove, differs: Vec::new() },
        }
    }
}

/// Predicts what a deploy would do to the rule. Where there is neither need nor function, there is nothing to tell.
pub(super) async fn predict(clients: &Clients, wanted: &Wanted<'_>) -> Result<Option<PlannedPart>, Error> {
    if wanted.spec.is_own {
        return Ok(None);
    }
    let clock = Clock::new(clients, wanted.spec);
    let planned = predict::predict(&clock, Part::Clock).await?;
    let is_there = planned.id.is_some();
    let has_function = !wanted.api_id.is_empty();
    let is_told = match planned.change {
        PlannedChange::Unchanged => is_there,
        // Of a stack that is not there yet the leave is made with it; it is no part of its own.
        PlannedChange::Update if !is_there => has_function,
        _ => true,
    };
    if is_told {
        return Ok(Some(planned));
    }
    let is_wanted = wanted.spec.is_timed && !is_there;
    Ok(is_wanted.then_some(PlannedPart { change: PlannedChange::Create, differs: Vec::new(), ..planned }))
}

/// Looks the rule up by its name.
pub(super) async fn discover(clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    look(clients, names).await.map(|view| view.sighting)
}

async fn look(clients: &Clients, names: &Names) -> Result<View, Error> {
    let name = clock_rule(&names.stack);
    let answer = clients.events.describe_rule().name(&name).send().await;
    let rule = match answer.map_err(|error| Error::call("DescribeRule", &error)) {
        Err(error) if is_absent(&error) => return Ok(View::default()),
        answer => answer?,
    };
    let arn = rule.arn.unwrap_or_default();
    let found = Found {
        part: Part::Clock,
        id: name,
        rev: Some(CLOCK_RATE.to_owned()),
        state: rule.state.as_ref().map(|state| state.as_str().to_ascii_lowercase()),
        reason: None,
        created: 0,
        changed: None,
        instance: None,
    };
    let is_right = rule.schedule_expression.as_deref() == Some(CLOCK_RATE) && rule.state == Some(RuleState::Enabled);
    let answer = clients.events.list_tags_for_resource().resource_arn(&arn).send().await;
    let tags = match answer.map_err(|error| Error::call("ListTagsForResource", &error)) {
        Err(error) if is_absent(&error) => return Ok(View::default()),
        answer => answer?.tags.unwrap_or_default(),
    };
    let tags: Tags = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    let is_asleep = rule.state == Some(RuleState::Disabled);
    Ok(View { sighting: Sighting::named(names, found, &tags, &arn), is_right, is_asleep, ..View::default() })
}

/// Whether there is no such rule. An engine without EventBridge has none.
fn is_absent(error: &Error) -> bool {
    let lacks = |code: &str| matches!(code, "NotImplemented" | "UnknownOperationException" | "InternalFailure");
    match error {
        Error::Call { class: Class::Refused, code: Some(code), .. } => lacks(code),
        error => error.is_not_found(),
    }
}

async fn is_aimed(clients: &Clients, rule: &str, function: &str) -> Result<bool, Error> {
    let answer = clients.events.list_targets_by_rule().rule(rule).send().await;
    let targets = match answer.map_err(|error| Error::call("ListTargetsByRule", &error)) {
        Err(error) if error.is_not_found() => return Ok(false),
        answer => answer?.targets.unwrap_or_default(),
    };
    Ok(targets.iter().any(|target| target.arn == function))
}

async fn is_permitted(clients: &Clients, names: &Names) -> Result<bool, Error> {
    let answer = clients.lambda.get_policy().function_name(&names.function).send().await;
    let policy = match answer.map_err(|error| Error::call("GetPolicy", &error)) {
        Err(error) if error.is_not_found() => return Ok(false),
        answer => answer?.policy.unwrap_or_default(),
    };
    let policy: serde_json::Value = serde_json::from_str(&policy).unwrap_or_default();
    let statements = policy["Statement"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(statements.iter().any(|statement| statement["Sid"] == STATEMENT))
}

/// Returns the stacks that have a rule: by its name, and by its tags for sure.
pub(super) async fn stacks(clients: &Clients) -> Result<BTreeSet<StackName>, Error> {
    let mut stacks = BTreeSet::new();
    let mut token = None;
    loop {
        let answer = clients.events.list_rules().set_next_token(token).send().await;
        let page = match answer.map_err(|error| Error::call("ListRules", &error)) {
            Err(error) if is_absent(&error) => return Ok(stacks),
            answer => answer?,
        };
        for rule in page.rules.unwrap_or_default() {
            let name = rule.name.unwrap_or_default();
            let Some(arn) = rule.arn.filter(|_| name.ends_with(&format!("-{CLOCK}"))) else { continue };
            let answer = clients.events.list_tags_for_resource().resource_arn(arn).send().await;
            let tags = match answer.map_err(|error| Error::call("ListTagsForResource", &error)) {
                Err(error) if error.is_not_found() => continue,
                answer => answer?.tags.unwrap_or_default(),
            };
            let stack = tags.into_iter().find(|tag| tag.key == STACK_TAG);
            stacks.extend(stack.and_then(|tag| tag.value.parse().ok()));
        }
        match page.next_token.filter(|token| !token.is_empty()) {
            Some(next) => token = Some(next),
            None => return Ok(stacks),
        }
    }
}

/// Deletes the rule, its targets first, as EventBridge demands.
pub(super) async fn delete(clients: &Clients, name: &str) -> Result<(), Error> {
    let answer = clients.events.list_targets_by_rule().rule(name).send().await;
    let targets = answer.map_err(|error| Error::call("ListTargetsByRule", &error))?.targets.unwrap_or_default();
    let ids: Vec<String> = targets.into_iter().map(|target| target.id).collect();
    if !ids.is_empty() {
        let answer = clients.events.remove_targets().rule(name).set_ids(Some(ids)).send().await;
        answer.map_err(|error| Error::call("RemoveTargets", &error))?;
    }
    let answer = clients.events.delete_rule().name(name).send().await;
    answer.map(drop).map_err(|error| Error::call("DeleteRule", &error))
}
