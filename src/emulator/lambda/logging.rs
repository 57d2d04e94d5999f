//! How a function logs: where to, in which format, and how much.

use super::error::{invalid, validation};
use crate::emulator::{
    runtime::{Level, LogFormat},
    wire::AwsError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How a function logs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Logging {
    pub(super) format: LogFormat,
    /// The log group, where it is not the one of the function's name.
    group: Option<String>,
}

impl Logging {
    /// The log group of a function of this name.
    pub(super) fn group_of(&self, function: &str) -> String {
        self.group.clone().unwrap_or_else(|| format!("/aws/lambda/{function}"))
    }

    pub(super) fn show(&self, function: &str) -> Value {
        let group = self.group_of(function);
        match self.format {
            LogFormat::Text => json!({ "LogFormat": "Text", "LogGroup": group }),
            LogFormat::Json { application, system } => json!({
                "LogFormat": "JSON",
                "ApplicationLogLevel": application.to_string(),
                "SystemLogLevel": system.to_string(),
                "LogGroup": group,
            }),
        }
    }
}

/// What `LoggingConfig` says.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LoggingInput {
    log_format: Option<String>,
    log_group: Option<String>,
    application_log_level: Option<String>,
    system_log_level: Option<String>,
}

impl LoggingInput {
    /// Checks what was sent and lays it over what there is.
    pub(super) fn over(self, old: Logging) -> Result<Logging, AwsError> {
        const APPLICATION: &str = "satisfy enum value set: [TRACE, DEBUG, INFO, WARN, ERROR, FATAL]";
        const SYSTEM: &str = "satisfy enum value set: [DEBUG, INFO, WARN]";
        let is_json = match self.log_format.as_deref() {
            None => matches!(old.format, LogFormat::Json { .. }),
            Some("JSON") => true,
            Some("Text") => false,
            Some(other) => {
                return Err(validation(other, "loggingConfig.logFormat", "satisfy enum value set: [JSON, Text]"));
            }
        };
        let application = level(self.application_log_level, "applicationLogLevel", APPLICATION, |_| true)?;
        let system = level(self.system_log_level, "systemLogLevel", SYSTEM, |level| {
            matches!(level, Level::Debug | Level::Info | Level::Warn)
        })?;
        let format = if is_json {
            let (old_application, old_system) = match old.format {
                LogFormat::Json { application, system } => (application, system),
                LogFormat::Text => (Level::Info, Level::Info),
            };
            LogFormat::Json {
                application: application.unwrap_or(old_application),
                system: system.unwrap_or(old_system),
            }
        } else if application.is_some() || system.is_some() {
            return Err(invalid(
                "LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request or change \
                 the LogFormat to \"JSON\" and try again.",
            ));
        } else {
            LogFormat::Text
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/#".contains(&b);
        let fits = |group: &str| (1..=512).contains(&group.len()) && group.bytes().all(plain);
        if let Some(group) = self.log_group.as_deref().filter(|group| !fits(group)) {
            let rule = "satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+";
            return Err(validation(group, "loggingConfig.logGroup", rule));
        }
        Ok(Logging { format, group: self.log_group.or(old.group) })
    }
}

fn level(text: Option<String>, member: &str, rule: &str, fits: fn(Level) -> bool) -> Result<Option<Level>, AwsError> {
    let Some(text) = text else { return Ok(None) };
    let level = text.parse().ok().filter(|level| fits(*level));
    level.map(Some).ok_or_else(|| validation(&text, &format!("loggingConfig.{member}"), rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(input: Value, old: Logging) -> Result<Logging, AwsError> {
        serde_json::from_value::<LoggingInput>(input).unwrap().over(old)
    }

    #[test]
    fn what_is_not_said_stays_and_a_change_of_the_format_begins_anew() {
        let json = over(json!({ "LogFormat": "JSON", "LogGroup": "/mine" }), Logging::default()).unwrap();
        let info = json!({
            "LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", "LogGroup": "/mine"
        });
        assert_eq!(json.show("f"), info);
        let debug = over(json!({ "ApplicationLogLevel": "DEBUG" }), json.clone()).unwrap();
        assert_eq!(debug.show("f")["ApplicationLogLevel"], "DEBUG");
        let text = over(json!({ "LogFormat": "Text" }), debug).unwrap();
        assert_eq!(text.show("f"), json!({ "LogFormat": "Text", "LogGroup": "/mine" }));
        assert_eq!(Logging::default().show("f")["LogGroup"], "/aws/lambda/f");
    }

    #[test]
    fn what_logging_cannot_be_is_refused() {
        for (input, code) in [
            (json!({ "LogFormat": "XML" }), "ValidationException"),
            (json!({ "LogFormat": "JSON", "SystemLogLevel": "ERROR" }), "ValidationException"),
            (json!({ "LogFormat": "JSON", "ApplicationLogLevel": "LOUD" }), "ValidationException"),
            (json!({ "LogGroup": "a b" }), "ValidationException"),
            (json!({ "ApplicationLogLevel": "INFO" }), "InvalidParameterValueException"),
            (json!({ "LogFormat": "Text", "SystemLogLevel": "INFO" }), "InvalidParameterValueException"),
        ] {
            assert_eq!(over(input.clone(), Logging::default()).unwrap_err().code, code, "{input}");
        }
    }
}
