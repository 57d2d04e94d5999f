//! What is kept of a function's URL, and how Lambda shows it.

use super::cors::Cors;
use crate::{
    edge::function_url::PREFIX,
    emulator::{
        lambda::{FunctionName, name::Reference},
        wire::iso_time,
    },
    names::FunctionUrlId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{fmt, str::FromStr};

/// Which function, or which alias of it, has the URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::emulator::lambda) struct UrlKey {
    pub(in crate::emulator::lambda) name: FunctionName,
    pub(super) alias: Option<String>,
}

impl UrlKey {
    pub(super) fn of(reference: &Reference) -> Self {
        Self { name: reference.name.clone(), alias: reference.qualifier.clone() }
    }
}

impl fmt::Display for UrlKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        self.alias.as_ref().map_or(Ok(()), |alias| write!(f, ":{alias}"))
    }
}

impl FromStr for UrlKey {
    type Err = crate::emulator::wire::AwsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, alias) = text.split_once(':').map_or((text, None), |(name, alias)| (name, Some(alias)));
        Ok(Self { name: name.parse()?, alias: alias.map(str::to_owned) })
    }
}

/// How calls of a URL prove who makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AuthType {
    #[serde(rename = "NONE")]
    None,
    #[serde(rename = "AWS_IAM")]
    Iam,
}

impl AuthType {
    pub(super) const RULE: &str = "satisfy enum value set: [NONE, AWS_IAM]";

    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "NONE" => Some(Self::None),
            "AWS_IAM" => Some(Self::Iam),
            _ => None,
        }
    }
}

/// How a URL's answers come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum InvokeMode {
    #[serde(rename = "BUFFERED")]
    Buffered,
    #[serde(rename = "RESPONSE_STREAM")]
    ResponseStream,
}

impl InvokeMode {
    pub(super) const RULE: &str = "satisfy enum value set: [RESPONSE_STREAM, BUFFERED]";

    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "BUFFERED" => Some(Self::Buffered),
            "RESPONSE_STREAM" => Some(Self::ResponseStream),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Buffered => "BUFFERED",
            Self::ResponseStream => "RESPONSE_STREAM",
        }
    }
}

/// A function's URL.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::lambda) struct FunctionUrl {
    pub(super) id: FunctionUrlId,
    /// The ARN of the function or of its alias.
    pub(super) function_arn: String,
    pub(super) auth: AuthType,
    pub(super) cors: Option<Cors>,
    /// As it was said; buffered where it never was.
    pub(super) mode: Option<InvokeMode>,
    /// Milliseconds since the Unix epoch.
    pub(super) created: i64,
    pub(super) modified: i64,
}

impl FunctionUrl {
    pub(super) fn invoke_mode(&self) -> InvokeMode {
        self.mode.unwrap_or(InvokeMode::Buffered)
    }

    /// The URL, in the form with the id in the path: the other one needs a resolver that knows names below `localhost`,
    /// which curl and browsers have, and the C library, Python and Node.js mostly have not. Both are served.
    fn url(&self, endpoint: &str) -> String {
        format!("{endpoint}{PREFIX}{}/", self.id)
    }

    /// Shows what a change answers: the mode only where it was ever said.
    pub(super) fn show_change(&self, endpoint: &str) -> Value {
        let mut shown = json!({
            "FunctionUrl": self.url(endpoint),
            "FunctionArn": self.function_arn,
            "AuthType": self.auth,
            "CreationTime": iso_time(self.created),
        });
        if let Some(cors) = &self.cors {
            shown["Cors"] = json!(cors);
        }
        if let Some(mode) = self.mode {
            shown["InvokeMode"] = mode.as_str().into();
        }
        shown
    }

    /// Shows what is set up.
    pub(super) fn show(&self, endpoint: &str) -> Value {
        let mut shown = self.show_change(endpoint);
        shown["LastModifiedTime"] = iso_time(self.modified).into();
        shown["InvokeMode"] = self.invoke_mode().as_str().into();
        shown
    }
}
