//! What is written down about a call while it is answered: for `TestInvokeMethod` to show, and for the log group that a
//! stage has where its settings say so (`API-Gateway-Execution-Logs_{api}/{stage}`).
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>

use super::{
    event::{self, Source},
    journal::{Journal, masked},
    method_settings::Logging,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// How the lines begin that hold headers and bodies.
const DATA: [&str; 4] = ["Method request ", "Method response ", "Endpoint request ", "Endpoint response "];
/// How the lines begin that tell of an error.
const ERRORS: [&str; 5] = [
    "Execution failed",
    "Gateway response type",
    "Lambda execution failed",
    "Lambda invocation failed",
    "Request body does not match",
];
/// Headers whose values nobody is shown, but for their end.
const SECRET: [&str; 3] = ["authorization", "x-api-key", "x-amz-security-token"];
/// What is shorter is no secret that could be told from other text.
const SHORTEST: usize = 7;
/// A call has so many secrets at most; of one with more no data is written down.
const MOST_SECRETS: usize = 8;
/// What is shown of a line, in bytes.
const MOST: usize = 1024;

/// Writes down what is asked.
pub(super) fn note_request(journal: &Journal, source: &Source<'_>) {
    if !journal.is_kept() {
        return;
    }
    let incoming = event::incoming(source);
    let listed = |pairs: Vec<(&String, &String)>| {
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
    };
    let parameters = &incoming.parameters;
    journal.note(|| format!("Starting execution for request: {}", source.request_id));
    journal.note(|| format!("HTTP Method: {}, Resource Path: {}", source.method, source.path));
    for (what, pairs) in [("path", &parameters.path), ("query string", &parameters.query)] {
        journal.note(|| format!("Method request {what}: {{{}}}", listed(pairs.iter().collect())));
    }
    journal.note(|| {
        let shown = |(name, value): (&String, &String)| {
            let is_secret = SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret));
            if is_secret { format!("{name}={}", masked(value)) } else { format!("{name}={value}") }
        };
        format!("Method request headers: {{{}}}", parameters.headers.iter().map(shown).collect::<Vec<_>>().join(", "))
    });
    journal.note(|| format!("Method request body before transformations: {}", incoming.text()));
}

/// Writes down how it ended.
pub(super) fn note_end(journal: &Journal, status: u16) {
    journal.note(|| {
        let is_done = status < 500 || !journal.lines().iter().any(|line| line.starts_with("Execution failed"));
        if is_done { "Successfully completed execution".to_owned() } else { "Failed to complete execution".to_owned() }
    });
    journal.note(|| format!("Method completed with status: {status}"));
}

/// The lines that a stage's settings want of those that were written down, each with the request's id, without what is
/// secret, and no longer than API Gateway shows them.
pub(super) fn lines(journal: &Journal, logging: Logging, source: &Source<'_>) -> Vec<String> {
    let begins = |line: &str, starts: &[&str]| starts.iter().any(|start| line.starts_with(start));
    let sent =
        SECRET.iter().flat_map(|name| source.headers.get_all(*name).iter()).filter_map(|value| value.to_str().ok());
    let secrets: BTreeSet<&str> = sent.filter(|value| value.len() >= SHORTEST).collect();
    let has_data = logging.has_all && logging.has_data && secrets.len() <= MOST_SECRETS;
    let shown = |line: String| -> Option<String> {
        let line = match begins(&line, &DATA) {
            true if has_data => hidden(line, &secrets),
            false if logging.has_all || begins(&line, &ERRORS) => line,
            _ => return None,
        };
        Some(format!("({}) {}", source.request_id, &line[..line.floor_char_boundary(MOST)]))
    };
    journal.lines().into_iter().filter_map(shown).collect()
}

/// A line without secrets, as they were sent or as JSON has them.
fn hidden(line: String, secrets: &BTreeSet<&str>) -> String {
    secrets.iter().fold(line, |line, secret| {
        let line = line.replace(secret, &masked(secret));
        let escaped = Value::from(*secret).to_string();
        let escaped = &escaped[1..escaped.len() - 1];
        if escaped == *secret { line } else { line.replace(escaped, &masked(secret)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_as_it_was_sent_and_as_json_has_it() {
        let secret = r#"Digest response="0123456789""#;
        let line = format!("Endpoint request body: {{\"a\":{}}} {secret}", Value::from(secret));
        let shown = hidden(line, &BTreeSet::from([secret]));
        assert_eq!(shown.matches("6789").count(), 2, "{shown}");
        assert!(!shown.contains("response"), "{shown}");
    }
}
