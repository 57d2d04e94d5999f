//! Access logs of both kinds of APIs: a line for each call of a stage, as the stage's format says, in the log group that
//! the stage names.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>
//!
//! Lines are written in the background: no caller waits for them, and where too many are on their way some are lost, which
//! the engine's own log says.

use crate::{
    emulator::{
        Context, logs,
        runtime::Functions,
        store::Region,
        wire::{AwsError, millis},
    },
    secret,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use time::OffsetDateTime;

/// Where a stage's access log goes, and what its lines say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::emulator) struct AccessLog {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::emulator) format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::emulator) destination_arn: Option<String>,
}

/// The longest format, in bytes:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>.
const MAX_FORMAT: usize = 3 * 1024;
/// The longest line, in bytes: what a log event may have. A format may say what a client sent many times.
const MAX_LINE: usize = 256 * 1024;

/// The kinds of APIs, which word their refusals differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator) enum Kind {
    /// A REST API.
    Rest,
    /// An HTTP API.
    Http,
}

fn bad_request(message: impl Into<String>) -> AwsError {
    AwsError::sender("BadRequestException", message)
}

impl AccessLog {
    /// Checks the destination and the format, as far as they are said; gives the log group.
    pub(in crate::emulator) fn check(
        &self,
        kind: Kind,
        region: &Region,
        account: &str,
    ) -> Result<Option<&str>, AwsError> {
        let group = self.destination_arn.as_deref().map(|arn| destination(arn, region, account)).transpose()?;
        self.format.as_deref().map_or(Ok(()), |format| check_format(format, kind))?;
        Ok(group)
    }

    /// The line of a call of which `context` is known, and the group that it goes to; none where either is not said.
    pub(in crate::emulator) fn line(&self, context: &Value) -> Option<(&str, String)> {
        let (_, group) = self.destination_arn.as_deref()?.split_once(":log-group:")?;
        let line = render(self.format.as_deref()?.trim_end_matches(['\r', '\n']), context);
        Some((group.strip_suffix(":*").unwrap_or(group), line))
    }
}

/// The log group that an ARN names, if it is one of this account and region.
fn destination<'a>(arn: &'a str, region: &Region, account: &str) -> Result<&'a str, AwsError> {
    if !arn.starts_with("arn:") {
        return Err(bad_request(format!("Invalid ARN specified in the request. ARNs must start with 'arn:': {arn}")));
    }
    if arn.starts_with("arn:aws:firehose:") {
        return Err(AwsError::not_implemented("apigateway", "(parameter destinationArn of a delivery stream)"));
    }
    let start = format!("arn:aws:logs:{region}:{account}:log-group:");
    let group = arn.strip_prefix(&start).map(|group| group.strip_suffix(":*").unwrap_or(group));
    group.filter(|group| !group.is_empty() && !group.contains([':', '*'])).ok_or_else(|| {
        bad_request(
            "Invalid ARN specified in the request. The ARN must be a valid CloudWatch Logs log group or Kinesis Data \
             Firehose delivery stream ARN.",
        )
    })
}

/// A format is one line, and names the request.
fn check_format(format: &str, kind: Kind) -> Result<(), AwsError> {
    if format.len() > MAX_FORMAT {
        return Err(bad_request(format!("Access Log format must not be longer than {MAX_FORMAT} bytes")));
    }
    let (line, prefix, at_end) = match kind {
        Kind::Rest => {
            let line = format.strip_suffix('\n').map_or(format, |line| line.strip_suffix('\r').unwrap_or(line));
            (line, "", ", new line character is allowed only at end of the format")
        }
        Kind::Http => (format, "The following errors are found in Access Log Format: ", ""),
    };
    if line.contains(['\r', '\n']) {
        return Err(bad_request(format!("{prefix}Access Log format must be single line{at_end}: '{format}'")));
    }
    let mut names = line.match_indices('$').filter_map(|(at, _)| variable(&line[at..])).map(|(name, _)| name);
    if names.any(|name| matches!(name, "requestId" | "extendedRequestId")) {
        return Ok(());
    }
    Err(bad_request(format!(
        "{prefix}Access Log format must include either $context.requestId or $context.extendedRequestId : '{format}'"
    )))
}

/// The variable that a text begins with (`$context.name` or `${context.name}`), and what is behind it.
fn variable(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix("${context.") {
        return rest.split_once('}');
    }
    let rest = text.strip_prefix("$context.")?;
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
    // What ends a sentence is no part of a name.
    let name = rest[..end].trim_end_matches(['.', '-']);
    (!name.is_empty()).then(|| (name, &rest[name.len()..]))
}

/// Fills a format; of what is not known it says `-`. What a client sent neither ends a text of JSON nor the line.
fn render(format: &str, context: &Value) -> String {
    let (mut line, mut rest) = (String::with_capacity(format.len()), format);
    while let Some(at) = rest.find('$') {
        line.push_str(&rest[..at]);
        if let Some((name, behind)) = variable(&rest[at..]) {
            line.push_str(&value(context, name).map_or_else(|| "-".to_owned(), |value| escaped(name, value)));
            rest = behind;
            if line.len() > MAX_LINE {
                line.truncate(line.floor_char_boundary(MAX_LINE));
                return line;
            }
        } else {
            line.push('$');
            rest = &rest[at + 1..];
        }
    }
    line.push_str(rest);
    line
}

/// A value as it stands within quotes; a name that ends so brings its own (`error.messageString`).
fn escaped(name: &str, value: String) -> String {
    if name.ends_with("String") || !value.contains(|c: char| matches!(c, '"' | '\\') || c.is_control()) {
        return value;
    }
    let text = Value::from(value).to_string();
    text[1..text.len() - 1].to_owned()
}

/// A member of `$context` as text.
pub(in crate::emulator) fn value(context: &Value, name: &str) -> Option<String> {
    match name.split('.').try_fold(context, |value, name| value.get(name))? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    }
}

/// Lines of a call on their way to a log group.
#[derive(Debug)]
pub(in crate::emulator) struct Lines {
    pub(in crate::emulator) region: Region,
    pub(in crate::emulator) group: String,
    /// Whether API Gateway makes the group where there is none.
    pub(in crate::emulator) makes_group: bool,
    /// The API and the stage (`api/stage`), which have one stream.
    pub(in crate::emulator) of: String,
    /// The role of the account that they are written with; none where none is needed.
    pub(in crate::emulator) role: Option<String>,
    pub(in crate::emulator) at: OffsetDateTime,
    pub(in crate::emulator) texts: Vec<String>,
}

impl Lines {
    /// Writes them in the background.
    pub(in crate::emulator) fn write(self, context: &Arc<Context>, functions: &Functions) {
        let group = &self.group;
        let Some(place) = context.gateway.place() else {
            tracing::warn!(group, "a line about a call of an API is lost: too many are on their way");
            return;
        };
        let context = Arc::clone(context);
        functions.aside(async move {
            let _place = place;
            let stream = &secret::hex(&Sha256::digest(&self.of))[..32];
            let role = self.role.as_deref().map(|role| ("apigateway", role));
            let Self { region, group, makes_group, at, texts, .. } = &self;
            let to = logs::Place { region, group, makes_group: *makes_group, stream, role };
            let event = |text: &String| logs::Event { timestamp: millis(*at), message: text.clone() };
            let events: Vec<_> = texts.iter().map(event).collect();
            if let Err(error) = logs::deliver(&context, &to, &events).await {
                tracing::warn!(group, error = error.message, "a line about a call of an API cannot be written");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_has_what_is_known_of_a_call_in_the_place_of_variables() {
        let context = json!({
            "requestId": "r", "status": 200, "identity": { "sourceIp": "192.0.2.1", "user": null }, "empty": "",
            "authorizer": { "claims": { "sub": "ann" } }, "error": { "messageString": "\"no\"" },
            "path": "x\",\"_aws\":\"\n",
        });
        for (format, line) in [
            ("$context.requestId $context.status", "r 200"),
            (
                "{\"ip\":\"$context.identity.sourceIp\",\"id\":\"${context.requestId}\"}",
                r#"{"ip":"192.0.2.1","id":"r"}"#,
            ),
            ("$context.identity.user $context.empty $context.nothing.here", "- - -"),
            ("$context.authorizer.claims.sub, $context.error.messageString.", "ann, \"no\"."),
            ("{\"path\":\"$context.path\"}", r#"{"path":"x\",\"_aws\":\"\n"}"#),
            ("$ $context. ${context.requestId $input", "$ $context. ${context.requestId $input"),
        ] {
            assert_eq!(render(format, &context), line, "{format}");
        }
    }

    #[test]
    fn a_line_that_repeats_what_a_client_sent_ends() {
        let context = json!({ "path": "é".repeat(10_000) });
        assert!(render(&"$context.path ".repeat(200), &context).len() <= MAX_LINE);
    }

    #[test]
    fn a_destination_is_a_log_group_here_and_a_format_one_line_that_names_the_request() {
        let region: Region = "us-east-1".parse().unwrap();
        let checked = |arn: &str, format: &str, kind| {
            let log = AccessLog { format: Some(format.to_owned()), destination_arn: Some(arn.to_owned()) };
            log.check(kind, &region, "000000000000").map(|group| group.unwrap().to_owned())
        };
        let (arn, id) = ("arn:aws:logs:us-east-1:000000000000:log-group:/a/b", "$context.requestId");
        assert_eq!(checked(arn, id, Kind::Http).unwrap(), "/a/b");
        assert_eq!(checked(&format!("{arn}:*"), "${context.extendedRequestId}\n", Kind::Rest).unwrap(), "/a/b");
        for (arn, format, kind, why) in [
            ("group", id, Kind::Rest, "ARNs must start with 'arn:': group"),
            (
                "arn:aws:logs:us-west-2:000000000000:log-group:g",
                id,
                Kind::Rest,
                "must be a valid CloudWatch Logs log group",
            ),
            ("arn:aws:s3:::bucket", id, Kind::Http, "must be a valid CloudWatch Logs log group"),
            (
                arn,
                "$context.status",
                Kind::Rest,
                "must include either $context.requestId or $context.extendedRequestId",
            ),
            (arn, "$context.requestId\n", Kind::Http, "must be single line: "),
            (arn, &format!("$context.requestId {}", "x".repeat(MAX_FORMAT)), Kind::Rest, "longer than 3072 bytes"),
            (arn, "$context.requestId\n$context.status", Kind::Rest, "allowed only at end of the format"),
        ] {
            let error = checked(arn, format, kind).unwrap_err();
            assert!(error.code == "BadRequestException" && error.message.contains(why), "{error:?}");
        }
    }
}
