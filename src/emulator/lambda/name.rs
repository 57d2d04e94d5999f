//! How a function is named: by its name, or by a partial or whole ARN, with or without `$LATEST`.

use super::error::{not_found, validation};
use crate::emulator::wire::AwsError;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The name of a function: 1 to 64 letters, digits, `-` and `_`, so it is safe in a log group's name and in an ARN.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FunctionName(String);

impl FunctionName {
    /// Parses a plain name, as `CreateFunction` takes it.
    pub(super) fn parse(text: &str) -> Result<Self, AwsError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(validation(text, "functionName", "satisfy regular expression pattern: [a-zA-Z0-9-_]{1,64}"))
        }
    }

    /// Parses what a path says: `f`, `f:$LATEST`, `000000000000:function:f`, `arn:aws:lambda:…:function:f`.
    pub(super) fn from_reference(text: &str) -> Result<Self, AwsError> {
        let tail = match text.split_once(":function:") {
            Some((_, tail)) => tail,
            None => text.strip_prefix("function:").unwrap_or(text),
        };
        let (name, qualifier) = tail.split_once(':').unwrap_or((tail, "$LATEST"));
        check_qualifier(text, Some(qualifier))?;
        Self::parse(name)
    }

    /// Makes the function's ARN.
    pub(super) fn arn(&self, region: &str, account: &str) -> String {
        format!("arn:aws:lambda:{region}:{account}:function:{self}")
    }
}

/// Refuses every version but the unpublished one: the emulator publishes none.
pub(super) fn check_qualifier(function: &str, qualifier: Option<&str>) -> Result<(), AwsError> {
    match qualifier {
        None | Some("" | "$LATEST") => Ok(()),
        Some(other) => Err(not_found(format!("Function not found: {function}:{other}"))),
    }
}

impl FromStr for FunctionName {
    type Err = AwsError;

    fn from_str(text: &str) -> Result<Self, AwsError> {
        Self::parse(text)
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_found_by_its_name_and_by_its_arns() {
        for text in [
            "f-1",
            "f-1:$LATEST",
            "function:f-1",
            "000000000000:function:f-1",
            "arn:aws:lambda:us-east-1:000000000000:function:f-1",
            "arn:aws:lambda:us-east-1:000000000000:function:f-1:$LATEST",
        ] {
            assert_eq!(FunctionName::from_reference(text).unwrap().to_string(), "f-1", "{text}");
        }
    }

    #[test]
    fn a_version_that_was_never_published_is_not_found() {
        assert_eq!(FunctionName::from_reference("f:7").unwrap_err().code, "ResourceNotFoundException");
    }

    #[test]
    fn names_that_are_none_are_refused() {
        for text in ["", "a b", "a/b", "é", &"a".repeat(65)] {
            assert_eq!(FunctionName::from_reference(text).unwrap_err().code, "ValidationException", "{text}");
        }
    }
}
