//! Which calls are wanted.

use super::call::Call;
use crate::settings::StatusFilter;
use regex_lite::Regex;
use time::OffsetDateTime;

/// Which calls are wanted; the empty filter wants all but atelier's own.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "conditions, each for itself")]
pub struct Filter {
    /// Only those whose answer has one of these; empty is any.
    pub statuses: Vec<StatusFilter>,
    /// Only this action (`start`) or AWS operation (`StartInstances`).
    pub action: Option<String>,
    /// Only with the key of this name.
    pub key: Option<String>,
    /// Only those whose request id, or Lambda's id of the invocation, begins with this.
    pub request: Option<String>,
    /// Only of this stack.
    pub stack: Option<String>,
    /// Only those that came at this moment or after it.
    pub since: Option<OffsetDateTime>,
    /// Only those that were answered at this moment or after it, whenever they came.
    pub ended_since: Option<OffsetDateTime>,
    /// Only those that were answered before this moment.
    pub until: Option<OffsetDateTime>,
    /// Only those of which what was asked, or a line, matches.
    pub grep: Option<Regex>,
    /// Only those that were refused or went wrong, and of the other lines those that say so.
    pub errors: bool,
    /// Only those that may have changed something.
    pub changes: bool,
    /// Only those of an API: no tick, and nothing that was asked of AWS itself.
    pub api: bool,
    /// Also atelier's own.
    pub own: bool,
}

impl Filter {
    /// Whether a call is wanted.
    #[must_use]
    pub fn takes(&self, call: &Call) -> bool {
        let is = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        (self.own || !call.own)
            && (self.statuses.is_empty() || self.statuses.iter().any(|status| status.takes(call.status)))
            && self
                .action
                .as_ref()
                .is_none_or(|action| call.action.as_ref().is_some_and(|found| found.eq_ignore_ascii_case(action)))
            && is(&self.key, &call.key)
            && is(&self.stack, &call.stack)
            && self.request.as_ref().is_none_or(|id| {
                call.request_id.starts_with(id.as_str())
                    || call.invocation_id.as_ref().is_some_and(|found| found.starts_with(id.as_str()))
            })
            && self.since.is_none_or(|since| call.time >= since)
            && self.ended_since.is_none_or(|since| call.end >= since)
            && self.until.is_none_or(|until| call.end < until)
            && (!self.errors || call.is_error())
            && (!self.changes || call.changes_something())
            && (!self.api || call.is_of_api())
            && self.grep.as_ref().is_none_or(|grep| {
                let words = [call.key.as_deref(), call.code.as_deref(), call.source.as_deref()];
                grep.is_match(&call.asked())
                    || grep.is_match(&call.request_id)
                    || words.into_iter().flatten().any(|word| grep.is_match(word))
                    || call.lines.iter().any(|line| grep.is_match(&line.text))
            })
    }

    /// The moment before which nothing ended that is wanted.
    pub(super) fn floor(&self) -> OffsetDateTime {
        self.since.max(self.ended_since).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// Whether nothing but time narrows it down, so that lines that belong to no call are wanted, too.
    #[must_use]
    pub fn takes_other_lines(&self) -> bool {
        let Self { statuses, action, key, request, stack, changes, api, .. } = self;
        let is_open = action.is_none() && key.is_none() && request.is_none() && stack.is_none();
        is_open && statuses.is_empty() && !changes && !api
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn call() -> Call {
        let mut call = Call::new("lesson-1".to_owned(), datetime!(2026-11-23 12:00 UTC));
        call.operation = "GET /infra action=start".to_owned();
        (call.method, call.path) = (Some("GET".to_owned()), Some("/infra".to_owned()));
        (call.action, call.key, call.status) = (Some("start".to_owned()), Some("alice".to_owned()), Some(404));
        call.invocation_id = Some("invocation".to_owned());
        call
    }

    #[test]
    fn each_condition_leaves_out_what_it_does_not_mean() {
        let all = Filter::default();
        assert!(all.takes(&call()));
        assert!(!all.takes(&Call { own: true, ..call() }));
        assert!(Filter { own: true, ..all.clone() }.takes(&Call { own: true, ..call() }));
        let errors = Filter { errors: true, ..all.clone() };
        assert!(!errors.takes(&Call { status: Some(200), ..call() }) && errors.takes_other_lines());
        let of_api = Filter { api: true, ..all.clone() };
        assert!(
            of_api.takes(&call()) && !of_api.takes(&Call { operation: "ec2 DescribeInstances".to_owned(), ..call() })
        );
        let text = |text: &str| Some(text.to_owned());
        for (filter, takes) in [
            (Filter { statuses: vec![StatusFilter::Class(4)], ..all.clone() }, true),
            (Filter { statuses: vec![StatusFilter::Class(5), StatusFilter::Exactly(404)], ..all.clone() }, true),
            (Filter { statuses: vec![StatusFilter::Exactly(400)], ..all.clone() }, false),
            (Filter { action: text("start"), ..all.clone() }, true),
            (Filter { action: text("stop"), ..all.clone() }, false),
            (Filter { key: text("alice"), ..all.clone() }, true),
            (Filter { key: text("bob"), ..all.clone() }, false),
            (Filter { request: text("lesson"), ..all.clone() }, true),
            (Filter { request: text("on-1"), ..all.clone() }, false),
            (Filter { since: Some(call().end), ..all.clone() }, true),
            (Filter { since: Some(call().end + time::Duration::SECOND), ..all.clone() }, false),
            (Filter { ended_since: Some(call().end), ..all.clone() }, true),
            (Filter { ended_since: Some(call().end + time::Duration::SECOND), ..all.clone() }, false),
            (Filter { until: Some(call().end), ..all.clone() }, false),
            (Filter { errors: true, ..all.clone() }, true),
            (Filter { changes: true, ..all.clone() }, true),
            (Filter { grep: Regex::new("action=st").ok(), ..all.clone() }, true),
            (Filter { grep: Regex::new("^stop$").ok(), ..all.clone() }, false),
        ] {
            assert_eq!(filter.takes(&call()), takes, "{filter:?}");
        }
    }

    #[test]
    fn since_means_when_a_call_came_as_its_line_says() {
        let mut long = call();
        long.lasted(5_000.0);
        let between = long.end - time::Duration::SECOND;
        assert!(!Filter { since: Some(between), ..Filter::default() }.takes(&long));
        assert!(Filter { ended_since: Some(between), ..Filter::default() }.takes(&long));
        assert!(Filter { since: Some(long.time), ..Filter::default() }.takes(&long));
    }
}
