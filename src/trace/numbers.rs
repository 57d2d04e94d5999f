//! Calls in numbers: how many, how they ended, how long they took.

use super::call::{Call, Place};
use crate::marks::NO_ACTION;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many rows a table has beside the one for all others: paths are as many as somebody likes.
const ROWS: usize = 100;

/// What is counted as the code of a call that was never answered.
pub const UNANSWERED: &str = "unanswered";

/// Calls in numbers. Built up call by call, so that nobody needs to hold all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Numbers {
    /// How many there were.
    pub calls: usize,
    /// How many of them were refused or went wrong.
    pub errors: usize,
    /// How many by the status of their answers.
    pub by_status: BTreeMap<u16, usize>,
    /// How many of those that went wrong, by their code.
    pub by_code: BTreeMap<String, usize>,
    /// How many were refused before anything was done, by the reason: no key, too many requests, a foreign page.
    pub refusals: BTreeMap<String, usize>,
    /// For how many a process had to be started.
    pub cold_starts: usize,
    /// By action.
    pub actions: BTreeMap<String, ActionNumbers>,
}

/// The calls of one action.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ActionNumbers {
    /// How many there were.
    pub calls: usize,
    /// How many of them were refused or went wrong.
    pub errors: usize,
    /// Half of them took no longer, in milliseconds.
    pub p50_ms: f64,
    /// Nineteen of twenty took no longer.
    pub p95_ms: f64,
    /// Ninety-nine of a hundred took no longer.
    pub p99_ms: f64,
    /// The time that the function ran in sum, in milliseconds: what Lambda bills.
    pub function_ms: f64,
    #[serde(skip)]
    times: Vec<f32>,
}

impl Numbers {
    /// Sums calls up.
    #[must_use]
    pub fn of<'c>(calls: impl IntoIterator<Item = &'c Call>) -> Self {
        let mut numbers = Self::default();
        calls.into_iter().for_each(|call| numbers.add(call));
        numbers.settle();
        numbers
    }

    /// Counts one call; [`Numbers::settle`] ends it.
    pub fn add(&mut self, call: &Call) {
        self.calls += 1;
        let is_error = call.is_error();
        self.errors += usize::from(is_error);
        if let Some(status) = call.status {
            *self.by_status.entry(status).or_default() += 1;
        }
        if is_error {
            let unknown = || call.status.map_or_else(|| UNANSWERED.to_owned(), |status| status.to_string());
            let code = call.code.clone().unwrap_or_else(unknown);
            if is_refusal(call) {
                *row(&mut self.refusals, code.clone()) += 1;
            }
            *row(&mut self.by_code, code) += 1;
        }
        self.cold_starts += usize::from(call.cold == Some(true));
        let action = row(&mut self.actions, name(call));
        action.calls += 1;
        action.errors += usize::from(is_error);
        action.function_ms +=
            [Place::Function, Place::Init].into_iter().filter_map(|at| Some(call.at(at)?.ms)).sum::<f64>();
        if let Some(ms) = call.total_ms {
            #[expect(clippy::cast_possible_truncation, reason = "seven digits of a time are enough")]
            action.times.push(ms as f32);
        }
    }

    /// Works out what takes all calls to be known.
    pub fn settle(&mut self) {
        for action in self.actions.values_mut() {
            action.times.sort_by(f32::total_cmp);
            let [p50, p95, p99] = [50, 95, 99].map(|percent| percentile(&action.times, percent));
            (action.p50_ms, action.p95_ms, action.p99_ms) = (p50, p95, p99);
        }
    }
}

/// The row of this name, as long as there are not too many.
fn row<T: Default>(rows: &mut BTreeMap<String, T>, name: String) -> &mut T {
    let has_room = rows.len() < ROWS || rows.contains_key(&name);
    rows.entry(if has_room { name } else { NO_ACTION.to_owned() }).or_default()
}

/// What a call is counted as: the action of atelier's API, the AWS operation, or method and path.
fn name(call: &Call) -> String {
    match &call.action {
        Some(action) if call.is_of_api() || call.invocation_id.is_some() => {
            // Strangers ask for what they like; a table has few rows.
            let is_known = call.invocation_id.is_some() || !call.is_error();
            let is_action = crate::contract::Action::ALL.iter().any(|known| known.as_str() == action);
            if is_action || is_known && call.code.is_none() { action.clone() } else { NO_ACTION.to_owned() }
        }
        // Of AWS: what is no operation has a path.
        Some(action) if call.is_error() || action.contains('/') => NO_ACTION.to_owned(),
        Some(_) => call.operation.clone(),
        // What reached the function is a path that there is.
        None if call.is_error() && call.invocation_id.is_none() => NO_ACTION.to_owned(),
        None => call.asked(),
    }
}

/// Whether nothing was done because of who asked, or how often.
fn is_refusal(call: &Call) -> bool {
    matches!(call.status, Some(401 | 403 | 429)) || call.operation == "rejected"
}

/// The nearest rank: the least time that so many of a hundred do not exceed.
fn percentile(sorted: &[f32], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    // To the microsecond: what a shorter float has beyond that is noise.
    sorted.get(rank - 1).map_or(0.0, |time| (f64::from(*time) * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn call(action: &str, status: u16, ms: f64) -> Call {
        let mut call = Call::new("r".to_owned(), datetime!(2026-11-23 12:00 UTC));
        call.operation = format!("GET /infra action={action}");
        (call.method, call.path) = (Some("GET".to_owned()), Some("/infra".to_owned()));
        (call.action, call.status, call.total_ms) = (Some(action.to_owned()), Some(status), Some(ms));
        call
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "one of the numbers themselves is meant")]
    fn percentiles_are_the_nearest_rank() {
        let times: Vec<f32> = (1..=100u16).map(f32::from).collect();
        assert_eq!([50, 95, 99].map(|percent| percentile(&times, percent)), [50.0, 95.0, 99.0]);
        assert_eq!([50, 99].map(|percent| percentile(&[7.0], percent)), [7.0, 7.0]);
        assert_eq!(percentile(&[], 50), 0.0);
    }

    #[test]
    fn calls_are_counted_by_action_and_by_how_they_ended() {
        let mut forbidden = call("stop", 403, 1.0);
        forbidden.code = Some("forbidden".to_owned());
        let calls = [call("start", 200, 10.0), call("start", 504, 30.0), forbidden, call("'; drop", 400, 1.0)];
        let numbers = Numbers::of(&calls);
        assert_eq!((numbers.calls, numbers.errors), (4, 3));
        assert_eq!(numbers.refusals, [("forbidden".to_owned(), 1)].into());
        assert_eq!(numbers.by_code["504"], 1);
        let start = &numbers.actions["start"];
        assert_eq!((start.calls, start.errors, start.p50_ms, start.p99_ms), (2, 1, 10.0, 30.0));
        assert_eq!(numbers.actions.keys().collect::<Vec<_>>(), ["none", "start", "stop"]);
    }

    #[test]
    fn what_strangers_ask_of_aws_makes_no_rows() {
        let aws = |operation: &str, status: u16| {
            let mut call = call("", status, 1.0);
            (call.operation, call.path) = (operation.to_owned(), Some("/".to_owned()));
            call.action = operation.split_once(' ').map(|(_, name)| name.to_owned());
            call
        };
        let calls = [
            aws("ec2 StartInstances", 200),
            aws("ec2 Nonsense", 400),
            aws("aws GET /scan/1", 404),
            aws("s3 GET /scan/2", 200),
        ];
        let actions = Numbers::of(&calls).actions;
        assert_eq!(actions.keys().collect::<Vec<_>>(), ["ec2 StartInstances", "none"]);
        assert_eq!((actions["none"].calls, actions["none"].errors), (3, 2));
    }

    #[test]
    fn a_path_of_a_function_has_its_own_errors_and_paths_have_a_bound() {
        let path = |path: &str, status: u16, is_invoked: bool| {
            let mut call = call("", status, 1.0);
            (call.operation, call.path, call.action) = (format!("GET {path}"), Some(path.to_owned()), None);
            call.invocation_id = is_invoked.then(|| "i".to_owned());
            call
        };
        let actions = Numbers::of(&[path("/a", 200, true), path("/a", 500, true), path("/b", 404, false)]).actions;
        assert_eq!(actions.keys().collect::<Vec<_>>(), ["GET /a", "none"]);
        assert_eq!((actions["GET /a"].calls, actions["GET /a"].errors), (2, 1));
        let many: Vec<Call> = (0..2 * ROWS).map(|number| path(&format!("/{number}"), 404, true)).collect();
        let numbers = Numbers::of(&many);
        assert_eq!(numbers.actions.len(), ROWS + 1);
        assert_eq!((numbers.calls, numbers.actions["none"].calls), (2 * ROWS, ROWS));
        assert_eq!(numbers.by_code, [("404".to_owned(), 2 * ROWS)].into());
    }
}
