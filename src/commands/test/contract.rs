//! What is checked, and what is right: the API's contract, as rules without any I/O.

use super::instance::View;
use crate::{
    http_client::Answer,
    text::{Message, Verbatim},
};
use serde_json::{Value, json};

/// A request and what it must bring.
pub(super) struct Case {
    /// Its name in reports, and of its title in the locale files.
    pub(super) name: &'static str,
    /// What follows the URL.
    pub(super) query: &'static str,
    expected: Expected,
}

enum Expected {
    /// The action is done, and the instance is in this state.
    Done { status: &'static str, state: &'static str },
    /// The instance is described as it is.
    Described,
    /// The request is refused, and nothing is done.
    Refused,
}

/// Ends with the instance stopped, after both transitions; the failures come last because they must change nothing.
pub(super) const CASES: [Case; 5] = [
    Case { name: "start", query: "?action=start", expected: Expected::Done { status: "started", state: "running" } },
    Case { name: "stop", query: "?action=stop", expected: Expected::Done { status: "stopped", state: "stopped" } },
    Case { name: "status", query: "?action=status", expected: Expected::Described },
    Case { name: "unknown_action", query: "?action=explode", expected: Expected::Refused },
    Case { name: "no_action", query: "", expected: Expected::Refused },
];

/// Compares an answer with the contract and with EC2's own view; returns what is wrong.
pub(super) fn judge(case: &Case, answer: &Answer, before: &View, after: &View) -> Vec<Message> {
    let mut problems = Vec::new();
    let (status, body, state) = match case.expected {
        Expected::Done { status, state } => {
            (200, Some(json!({ "status": status, "instance_id": after.id, "state": state })), state)
        }
        Expected::Described => {
            let body = json!({ "instance_id": after.id, "state": after.state, "type": after.kind });
            (200, Some(body), before.state.as_str())
        }
        Expected::Refused => (400, None, before.state.as_str()),
    };
    if answer.status.as_u16() != status {
        problems.push(differs("test.wrong_status", status, answer.status.as_u16()));
    }
    match (serde_json::from_slice::<Value>(&answer.body), body) {
        (Err(_), _) => problems.push(Message::new("test.not_json")),
        (Ok(found), Some(wanted)) if found != wanted => problems.push(differs("test.wrong_body", wanted, found)),
        (Ok(found), None) if !(found["error"].is_string() && found["code"].is_string()) => {
            problems.push(differs("test.wrong_body", json!({ "error": "…", "code": "…" }), found));
        }
        (Ok(_), _) => {}
    }
    if after.state != state {
        problems.push(differs("test.wrong_state", state, &after.state));
    }
    problems
}

fn differs(key: &str, wanted: impl Verbatim, found: impl Verbatim) -> Message {
    Message::new(key).with("wanted", wanted).with("found", found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, StatusCode};

    fn view(state: &str) -> View {
        View { id: "i-01234567".to_owned(), state: state.to_owned(), kind: "t2.micro".to_owned() }
    }

    fn answer(status: u16, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers: HeaderMap::new(), body: body.to_owned().into() }
    }

    fn keys(name: &str, answer: &Answer, before: &str, after: &str) -> Vec<String> {
        let case = CASES.iter().find(|case| case.name == name).unwrap();
        judge(case, answer, &view(before), &view(after)).iter().map(|problem| problem.key().to_owned()).collect()
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
