//! What is checked, and what is right: the API's contract, as rules without any I/O.

use super::instance::View;
use crate::{
    contract::{Answer, Change, FailureCode, InstanceStatus, Request, WhichInstance},
    http_client::Answer as HttpAnswer,
    text::{Message, Verbatim},
};
use http::StatusCode;
use serde_json::{Value, json};

/// A request and what it must bring.
pub(super) struct Case {
    /// Its name in reports, and of its title in the locale files.
    pub(super) name: &'static str,
    /// What follows the URL.
    pub(super) query: String,
    expected: Expected,
}

#[derive(Clone, Copy)]
enum Expected {
    /// The change is done.
    Done(Change),
    /// The instance is described as it is.
    Described,
    /// The request is refused, and nothing is done.
    Refused,
}

/// Both transitions; the failures come last because they must change nothing.
pub(super) fn cases(which: &WhichInstance) -> Vec<Case> {
    let asking = |name, request: Request, expected| Case { name, query: format!("?{}", request.query()), expected };
    let change = |change: Change| {
        let which = which.clone();
        let request = Request::ChangeInstance { change, which, wait: true, lifetime: None };
        asking(change.as_str(), request, Expected::Done(change))
    };
    let mut cases = Vec::from([Change::Start, Change::Stop].map(change));
    cases.extend([
        asking("status", Request::Instance(which.clone()), Expected::Described),
        Case { name: "unknown_action", query: "?action=explode".to_owned(), expected: Expected::Refused },
        Case { name: "no_action", query: String::new(), expected: Expected::Refused },
    ]);
    cases
}

/// Compares an answer with the contract and with EC2's own view; returns what is wrong.
pub(super) fn judge(case: &Case, answer: &HttpAnswer, before: &View, after: &View) -> Vec<Message> {
    let mut problems = Vec::new();
    let View { id: instance_id, state, kind, name } = after.clone();
    let (body, wanted_state) = match case.expected {
        Expected::Done(status) => {
            let state = status.instance_state();
            let (state_now, stops_at) = (state.to_owned(), None);
            (Some(Answer::InstanceChanged { status, instance_id, state: state_now, name, stops_at }), state)
        }
        Expected::Described => {
            let status = InstanceStatus { instance_id, state, r#type: kind, name, stops_at: None };
            (Some(Answer::Instance(status)), before.state.as_str())
        }
        Expected::Refused => (None, before.state.as_str()),
    };
    let status = if body.is_some() { StatusCode::OK } else { FailureCode::BadRequest.status() };
    if answer.status != status {
        problems.push(differs("test.wrong_status", status.as_u16(), answer.status.as_u16()));
    }
    let mut found = serde_json::from_slice::<Value>(&answer.body);
    // When it will be stopped is nobody's business here.
    if let Ok(Value::Object(found)) = &mut found {
        found.remove("stops_at");
    }
    match (found, body.map(|body| json!(body))) {
        (Err(_), _) => problems.push(Message::new("test.not_json")),
        (Ok(found), Some(wanted)) if found != wanted => problems.push(differs("test.wrong_body", wanted, found)),
        (Ok(found), None) if !(found["error"].is_string() && found["code"].is_string()) => {
            problems.push(differs("test.wrong_body", json!({ "error": "…", "code": "…" }), found));
        }
        (Ok(_), _) => {}
    }
    if after.state != wanted_state {
        problems.push(differs("test.wrong_state", wanted_state, &after.state));
    }
    problems
}

fn differs(key: &str, wanted: impl Verbatim, found: impl Verbatim) -> Message {
    Message::new(key).with("wanted", wanted).with("found", found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn view(state: &str) -> View {
        View { id: "i-01234567".to_owned(), state: state.to_owned(), kind: "t2.micro".to_owned(), name: None }
    }

    fn answer(status: u16, body: &str) -> HttpAnswer {
        let status = StatusCode::from_u16(status).unwrap();
        HttpAnswer { status, headers: HeaderMap::new(), body: body.to_owned().into() }
    }

    fn keys(name: &str, answer: &HttpAnswer, before: &str, after: &str) -> Vec<String> {
        let case = cases(&WhichInstance::Only).into_iter().find(|case| case.name == name).unwrap();
        judge(&case, answer, &view(before), &view(after)).iter().map(|problem| problem.key().to_owned()).collect()
    }

    #[test]
    fn the_contracts_own_answers_are_right() {
        let started = answer(200, r#"{"status":"started","instance_id":"i-01234567","state":"running"}"#);
        assert_eq!(keys("start", &started, "stopped", "running"), [""; 0]);
        let described = answer(200, r#"{"instance_id":"i-01234567","state":"stopped","type":"t2.micro"}"#);
        assert_eq!(keys("status", &described, "stopped", "stopped"), [""; 0]);
        let refused = answer(400, r#"{"error":"no","code":"bad_request"}"#);
        assert_eq!(keys("no_action", &refused, "stopped", "stopped"), [""; 0]);
    }

    #[test]
    fn an_answer_that_ec2_contradicts_is_wrong() {
        let started = answer(200, r#"{"status":"started","instance_id":"i-01234567","state":"running"}"#);
        assert_eq!(keys("start", &started, "stopped", "pending"), ["test.wrong_state"]);
        let refused = answer(400, r#"{"error":"no","code":"bad_request"}"#);
        assert_eq!(keys("unknown_action", &refused, "stopped", "running"), ["test.wrong_state"]);
    }

    #[test]
    fn an_extra_key_a_wrong_status_and_html_are_wrong() {
        let extra = answer(200, r#"{"status":"started","instance_id":"i-01234567","state":"running","x":1}"#);
        assert_eq!(keys("start", &extra, "stopped", "running"), ["test.wrong_body"]);
        assert_eq!(keys("start", &answer(502, "<html>"), "stopped", "running"), ["test.wrong_status", "test.not_json"]);
        assert_eq!(
            keys("no_action", &answer(200, "{}"), "stopped", "stopped"),
            ["test.wrong_status", "test.wrong_body"]
        );
    }
}
