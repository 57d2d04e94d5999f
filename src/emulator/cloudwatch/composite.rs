//! `PutCompositeAlarm`, and how composite alarms follow those that their rules name.

use super::{
    action::{self, Change},
    alarm::{Composite, Condition, Core, State, StateValue, arn},
    described::Described,
    history::{Item, Kind},
    inputs,
    rule::{Fault, Rule},
    transition::{apply, perform},
    validation,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, Here, Text},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// How times stand in reasons.
const LONG: &[BorrowedFormatItem] =
    format_description!("[weekday] [day] [month repr:long], [year] [hour]:[minute]:[second] UTC");
/// The most alarms that a rule may name.
const MAX_CHILDREN: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    alarm_name: Text<1, 255>,
    alarm_rule: Text<1, 10240>,
}

/// `PutCompositeAlarm`: makes an alarm, or puts this in the place of what it was; its state and tags stay.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, described, scope) = inputs::<Put, Described>(operation)?;
    let (name, text) = (input.alarm_name.to_string(), input.alarm_rule.to_string());
    let rule = parsed(&text)?;
    let now = scope.now_millis();
    let core = described.core(scope.here(), now, "PutCompositeAlarm")?;
    let changes = scope
        .change(|state| {
            let state = &mut state.cloudwatch;
            if state.alarms.contains_key(&name) {
                return Err(validation(format!(
                    "The alarm {name} is a metric alarm and cannot become a composite one."
                )));
            }
            check(state, &name, &rule)?;
            let old = state.composites.get(&name).cloned();
            let verb = if old.is_some() { "updated" } else { "created" };
            let mut alarm = Composite { core, rule: text };
            if let Some(old) = old {
                alarm.core = Core { condition: old.core.condition, tags: old.core.tags, ..alarm.core };
            }
            let own = arn(scope.region.as_str(), scope.account(), &name);
            let data = json!({ "version": "1.0", "type": "Update", "updatedAlarm": alarm.show(&name, &own) });
            state.composites.insert(name.clone(), alarm);
            state.note(Item {
                alarm: name.clone(),
                is_composite: true,
                time: now,
                kind: Kind::ConfigurationUpdate,
                summary: format!("Alarm \"{name}\" {verb}"),
                data: data.to_string().chars().take(4095).collect(),
            });
            let cause = Cause { reason: format!("{own} was {verb} and its alarm rule evaluates to"), alarms: None };
            let mut changes: Vec<Change> =
                evaluate(state, scope.here(), (name.as_str(), &rule), &cause, now).into_iter().collect();
            follow(state, scope.here(), &mut changes, now);
            Ok(changes)
        })
        .await?;
    for change in &changes {
        perform(scope.context, scope.functions, scope.region, change).await;
    }
    Ok(Output::Done)
}

fn parsed(text: &str) -> Result<Rule, AwsError> {
    if text.trim() != text {
        return Err(validation("AlarmRule must not contain leading or trailing whitespace or be null"));
    }
    Rule::parse(text).map_err(|fault| match fault {
        Fault::Unsupported { token, at } => {
            validation(format!("Error in AlarmRule [Unsupported token '{token}' at char {at}]"))
        }
        Fault::Wrong(why) => validation(format!("Error in AlarmRule [{why}]")),
        Fault::Lacking(what) => {
            AwsError::not_implemented("monitoring", &format!("PutCompositeAlarm (AlarmRule with {what})"))
        }
    })
}

/// Refuses a rule that names alarms which are not there, or too many.
fn check(state: &State, name: &str, rule: &Rule) -> Result<(), AwsError> {
    let named = rule.alarms();
    if named.len() > MAX_CHILDREN {
        return Err(validation(format!("AlarmRule must not name more than {MAX_CHILDREN} alarms")));
    }
    let absent: Vec<&str> = named.into_iter().filter(|child| *child != name && state.core(child).is_none()).collect();
    if absent.is_empty() {
        return Ok(());
    }
    let absent = absent.join(", ");
    Err(validation(format!("Could not save the composite alarm as alarms [{absent}] in the alarm rule do not exist")))
}

/// Why a composite alarm is evaluated.
struct Cause {
    /// What stands before the state that it comes to.
    reason: String,
    /// The alarms that did it; those of the rule where nobody did.
    alarms: Option<Vec<String>>,
}

/// The rules of all composite alarms, each read once: there may be many, and they are needed under the store's lock.
pub(super) struct Rules {
    /// By the names of the alarms.
    all: Vec<(String, Rule)>,
    /// The places in the list of the rules that name an alarm.
    naming: HashMap<String, Vec<usize>>,
}

impl Rules {
    pub(super) fn of(state: &State) -> Self {
        let read = |(name, alarm): (&String, &Composite)| Some((name.clone(), Rule::parse(&alarm.rule).ok()?));
        let all: Vec<(String, Rule)> = state.composites.iter().filter_map(read).collect();
        let mut naming: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, (_, rule)) in all.iter().enumerate() {
            for child in rule.alarms() {
                naming.entry(child.to_owned()).or_default().push(at);
            }
        }
        Self { all, naming }
    }

    /// The composite alarms whose rules name an alarm, by their names, with their rules.
    pub(super) fn parents(&self, child: &str) -> impl Iterator<Item = (&str, &Rule)> {
        let places = self.naming.get(child).into_iter().flatten();
        places.map(move |at| {
            let (name, rule) = &self.all[*at];
            (name.as_str(), rule)
        })
    }
}

/// Has the composite alarms follow alarms that have changed, and each other; adds what has changed with that.
pub(super) fn follow(state: &mut State, here: Here<'_>, changes: &mut Vec<Change>, now: i64) {
    if changes.is_empty() {
        return;
    }
    let rules = Rules::of(state);
    // In a circle of alarms each changes once at most: CloudWatch stops there, too.
    let mut changed: HashSet<String> = changes.iter().map(|change| change.name.clone()).collect();
    let mut at = 0;
    while let Some(change) = changes.get(at) {
        let (name, value) = (change.name.clone(), change.core.condition.value.as_str());
        let child = arn(here.region, here.account, &name);
        let reason = format!("{child} transitioned to {value} at {}", long(change.core.condition.updated));
        let cause = Cause { reason, alarms: Some(vec![name.clone()]) };
        for (parent, rule) in rules.parents(&name) {
            if changed.contains(parent) {
                continue;
            }
            if let Some(change) = evaluate(state, here, (parent, rule), &cause, now) {
                changed.insert(parent.to_owned());
                changes.push(change);
            }
        }
        at += 1;
    }
}

/// Brings a composite alarm into the state that its rule says; gives what has changed.
fn evaluate(state: &mut State, here: Here<'_>, (name, rule): (&str, &Rule), cause: &Cause, now: i64) -> Option<Change> {
    let alarm = state.composites.get(name)?;
    let is_alarm = rule.holds(&|child| state.core(child).map(|core| core.condition.value));
    let value = if is_alarm { StateValue::Alarm } else { StateValue::Ok };
    if alarm.core.condition.value == value {
        return None;
    }
    let own = || rule.alarms().into_iter().map(str::to_owned).collect();
    let triggers: Vec<Value> = cause
        .alarms
        .clone()
        .unwrap_or_else(own)
        .iter()
        .filter_map(|child| {
            let condition = &state.core(child)?.condition;
            let at = action::time(condition.updated);
            let shown = json!({ "value": condition.value.as_str(), "timestamp": at });
            Some(json!({ "arn": arn(here.region, here.account, child), "state": shown }))
        })
        .collect();
    let reason = match &cause.alarms {
        Some(_) => cause.reason.clone(),
        None => format!("{} {}", cause.reason, value.as_str()),
    };
    let data = Some(json!({ "triggeringAlarms": triggers }).to_string());
    let condition = Condition { value, reason, data, updated: now, transitioned: now };
    apply(state, name, condition)
}

fn long(millis: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(LONG).unwrap_or_default()
}

/// The alarms that a composite alarm's rule names.
pub(super) fn children_of(state: &State, parent: &str) -> Vec<String> {
    let rule = state.composites.get(parent).and_then(|alarm| Rule::parse(&alarm.rule).ok());
    rule.map(|rule| rule.alarms().into_iter().map(str::to_owned).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::cloudwatch::alarm::tests::alarm;

    const HERE: Here<'_> = Here { region: "us-east-1", account: "000000000000" };

    fn state(rules: &[(&str, &str)]) -> State {
        let mut state = State::default();
        for name in ["a", "b"] {
            state.alarms.insert(name.to_owned(), alarm());
        }
        for (name, rule) in rules {
            let core = alarm().core;
            state.composites.insert((*name).to_owned(), Composite { core, rule: (*rule).to_owned() });
        }
        state
    }

    /// What becomes of the others when an alarm goes off.
    fn after_alarm(state: &mut State, name: &str) -> Vec<(String, &'static str)> {
        let data = None;
        let value = StateValue::Alarm;
        let condition = Condition { value, reason: String::new(), data, updated: 1, transitioned: 1 };
        let mut changes: Vec<Change> = apply(state, name, condition).into_iter().collect();
        follow(state, HERE, &mut changes, 1);
        changes.into_iter().skip(1).map(|change| (change.name, change.core.condition.value.as_str())).collect()
    }

    #[test]
    fn composite_alarms_follow_those_that_they_name_and_each_other() {
        let mut state =
            state(&[("both", "ALARM(a) AND ALARM(b)"), ("any", "ALARM(a) OR ALARM(b)"), ("top", "ALARM(any)")]);
        let first = after_alarm(&mut state, "a");
        assert_eq!(first, [("any".into(), "ALARM"), ("both".into(), "OK"), ("top".into(), "ALARM")]);
        assert_eq!(after_alarm(&mut state, "b"), [("both".into(), "ALARM")]);
        let condition = &state.composites.get("both").unwrap().core.condition;
        assert_eq!(
            condition.reason,
            "arn:aws:cloudwatch:us-east-1:000000000000:alarm:b transitioned to ALARM at Thursday 01 January, 1970 \
             00:00:00 UTC"
        );
        assert!(condition.data.as_deref().unwrap().contains(r#""triggeringAlarms":[{"arn":"#));
    }

    #[test]
    fn of_many_composite_alarms_those_that_name_an_alarm_follow_it() {
        let rules: Vec<(String, String)> = (0..300)
            .map(|number| (format!("c{number:03}"), format!("ALARM(a) AND NOT ALARM(a{number}) OR OK(a)")))
            .chain((0..300).map(|number| (format!("d{number:03}"), "ALARM(b)".to_owned())))
            .collect();
        let rules: Vec<(&str, &str)> = rules.iter().map(|(name, rule)| (name.as_str(), rule.as_str())).collect();
        let mut state = state(&rules);
        let parents = |state: &State, child: &str| Rules::of(state).parents(child).count();
        assert_eq!((parents(&state, "a"), parents(&state, "a7"), parents(&state, "none")), (300, 1, 0));
        let changed = after_alarm(&mut state, "a");
        assert_eq!((changed.len(), &changed[299]), (300, &("c299".to_owned(), "ALARM")));
    }

    #[test]
    fn alarms_in_a_circle_change_once() {
        let mut state = state(&[("x", "ALARM(a) AND NOT ALARM(y)"), ("y", "ALARM(x)")]);
        assert_eq!(after_alarm(&mut state, "a"), [("x".into(), "ALARM"), ("y".into(), "ALARM")]);
    }

    #[test]
    fn a_rule_names_alarms_that_are_there() {
        let state = state(&[]);
        let refused = check(&state, "c", &parsed("ALARM(a) OR OK(gone) OR OK(lost)").unwrap()).unwrap_err();
        let message = "Could not save the composite alarm as alarms [gone, lost] in the alarm rule do not exist";
        assert_eq!(refused.message, message);
        let refused = parsed("()").unwrap_err();
        assert_eq!(refused.message, "Error in AlarmRule [Unsupported token ')' at char 1]");
    }
}
