//! How a function is named: by its name, or by a partial or whole ARN, with or without a version.

use super::error::{function_not_found, invalid, not_found, validation};
use crate::emulator::{service::Scope, store::Region, wire::AwsError};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The version that is the function itself.
pub(super) const LATEST: &str = "$LATEST";

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

    /// Reads the name out of a function's own ARN.
    pub(super) fn of_arn(arn: &str) -> Option<Self> {
        let parts = Parts::of(arn).filter(|parts| parts.qualifier.is_none())?;
        Self::parse(parts.name).ok()
    }

    /// Makes the function's ARN.
    pub(super) fn arn(&self, scope: &Scope<'_>) -> String {
        arn(scope.region.as_str(), scope.account(), &self.0)
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

/// The member by which an operation names a function.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Named {
    function_name: String,
}

impl Named {
    pub(super) fn reference(&self, scope: &Scope<'_>) -> Result<Reference, AwsError> {
        Reference::parse(scope, &self.function_name, None)
    }
}

/// The members by which an operation names a version of a function.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Versioned {
    function_name: String,
    qualifier: Option<String>,
}

impl Versioned {
    pub(super) fn reference(&self, scope: &Scope<'_>) -> Result<Reference, AwsError> {
        Reference::parse(scope, &self.function_name, self.qualifier.as_deref())
    }
}

/// A function of the call's account and region, as the call names it; it need not be there.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) name: FunctionName,
    /// The function's ARN, without a version.
    pub(super) arn: String,
    /// The version or alias, where the call names one.
    pub(super) qualifier: Option<String>,
}

impl Reference {
    /// Reads what a call says: `f`, `f:$LATEST`, `000000000000:function:f`, `arn:aws:lambda:…:function:f`, and a version
    /// beside it.
    ///
    /// # Errors
    /// When it has not the form, names two versions, or a function of another account or region.
    pub(super) fn parse(scope: &Scope<'_>, text: &str, qualifier: Option<&str>) -> Result<Self, AwsError> {
        let parts = Parts::of(text).ok_or_else(|| validation(text, "functionName", FUNCTION_PATTERN))?;
        parts.check_place(scope.region.as_str(), scope.account())?;
        let name = FunctionName::parse(parts.name)?;
        if let Some(other) = parts.qualifier.filter(|qualifier| !is_qualifier(qualifier)) {
            return Err(validation(&format!("{name}:{other}"), "functionName", FUNCTION_PATTERN));
        }
        let beside = qualifier.filter(|qualifier| !qualifier.is_empty());
        if let Some(other) = beside.filter(|qualifier| !is_qualifier(qualifier)) {
            return Err(validation(other, "qualifier", QUALIFIER_PATTERN));
        }
        if beside.zip(parts.qualifier).is_some_and(|(beside, within)| beside != within) {
            return Err(invalid(
                "The derived qualifier from the function name does not match the specified qualifier.",
            ));
        }
        let qualifier = beside.or(parts.qualifier).map(str::to_owned);
        Ok(Self { arn: name.arn(scope), name, qualifier })
    }

    /// Reads a whole ARN, which says by itself where the function is.
    pub(super) fn of_arn(arn: &str) -> Option<(Region, Self)> {
        let parts = Parts::of(arn).filter(|parts| arn.starts_with("arn:aws:lambda:") && parts.region.is_some())?;
        let (region, account) = (parts.region?, parts.account?);
        let name = FunctionName::parse(parts.name).ok()?;
        let qualifier = parts.qualifier.map(str::to_owned);
        Some((region.parse().ok()?, Self { arn: self::arn(region, account, parts.name), name, qualifier }))
    }

    /// Refuses to be a version or an alias, for what only whole functions have.
    pub(super) fn own(self) -> Result<Self, AwsError> {
        if self.is_latest() { Ok(self) } else { Err(own_only()) }
    }

    /// Refuses any version, also `$LATEST`, for what a function has as a whole.
    pub(super) fn unqualified(self) -> Result<Self, AwsError> {
        if self.qualifier.is_none() { Ok(self) } else { Err(own_only()) }
    }

    /// Whether this is the function itself, and no published version.
    pub(super) fn is_latest(&self) -> bool {
        self.qualifier.as_deref().is_none_or(|qualifier| qualifier == LATEST)
    }

    /// The ARN with what the call names behind the function.
    pub(super) fn whole_arn(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.arn),
            None => self.arn.clone(),
        }
    }

    /// Says that there is no such function.
    pub(super) fn not_found(&self) -> AwsError {
        function_not_found(&self.whole_arn())
    }
}

/// The ARN of what a call names, by whatever form; what has none of them is taken for a name.
pub(super) fn whole_arn(region: &str, account: &str, text: &str, qualifier: Option<&str>) -> String {
    let parts = Parts::of(text).unwrap_or(Parts { region: None, account: None, name: text, qualifier: None });
    let arn = arn(parts.region.unwrap_or(region), parts.account.unwrap_or(account), parts.name);
    match qualifier.filter(|qualifier| !qualifier.is_empty()).or(parts.qualifier) {
        Some(qualifier) => format!("{arn}:{qualifier}"),
        None => arn,
    }
}

fn own_only() -> AwsError {
    invalid(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please \
         specify either a function name or an unqualified function ARN.",
    )
}

const FUNCTION_PATTERN: &str = "satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|\
                                (-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST|\
                                [a-zA-Z0-9-_]+))?";
const QUALIFIER_PATTERN: &str = "satisfy regular expression pattern: \\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";

fn is_qualifier(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'$');
    text == "$LATEST.PUBLISHED" || (1..=128).contains(&text.len()) && text.bytes().all(plain)
}

fn arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:lambda:{region}:{account}:function:{name}")
}

/// A reference taken apart.
struct Parts<'t> {
    region: Option<&'t str>,
    account: Option<&'t str>,
    name: &'t str,
    qualifier: Option<&'t str>,
}

impl<'t> Parts<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let (place, tail) = match text.split_once(":function:") {
            Some((place, tail)) => (place.split(':').collect(), tail),
            None => (Vec::new(), text.strip_prefix("function:").unwrap_or(text)),
        };
        let (region, account) = match place.as_slice() {
            [] => (None, None),
            [account] => (None, Some(*account)),
            ["arn", _, "lambda", region, account] | [region, account] => (Some(*region), Some(*account)),
            _ => return None,
        };
        let (name, qualifier) = tail.split_once(':').map_or((tail, None), |(name, qualifier)| (name, Some(qualifier)));
        Some(Self { region, account, name, qualifier })
    }

    /// Refuses a function that is not the caller's own, in the caller's region: there may be one of that name here.
    fn check_place(&self, region: &str, account: &str) -> Result<(), AwsError> {
        if let Some(other) = self.region.filter(|other| *other != region) {
            let message = format!("Functions from '{other}' are not reachable in this region ('{region}')");
            return Err(not_found(message));
        }
        match self.account.filter(|other| *other != account) {
            Some(other) => Err(function_not_found(&arn(region, other, self.name))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:f-1";

    fn name(text: &str) -> Result<FunctionName, AwsError> {
        FunctionName::parse(Parts::of(text).map(|parts| parts.name).unwrap_or_default())
    }

    #[test]
    fn a_function_is_found_by_its_name_and_by_its_arns() {
        let with_version = format!("{ARN}:$LATEST");
        for text in ["f-1", "f-1:$LATEST", "function:f-1", "000000000000:function:f-1", ARN, with_version.as_str()] {
            assert_eq!(name(text).unwrap().to_string(), "f-1", "{text}");
            assert!(Parts::of(text).unwrap().check_place("us-east-1", "000000000000").is_ok(), "{text}");
        }
    }

    #[test]
    fn a_function_elsewhere_is_not_the_one_here() {
        let error = |text| Parts::of(text).unwrap().check_place("us-east-1", "000000000000").unwrap_err();
        let region = error("arn:aws:lambda:eu-west-1:000000000000:function:f");
        assert_eq!(region.code, "ResourceNotFoundException");
        assert_eq!(region.message, "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')");
        for text in ["111111111111:function:f", "arn:aws:lambda:us-east-1:111111111111:function:f"] {
            let account = error(text);
            assert_eq!(account.code, "ResourceNotFoundException");
            assert!(account.message.ends_with("arn:aws:lambda:us-east-1:111111111111:function:f"), "{account}");
        }
    }

    #[test]
    fn a_whole_arn_says_where_the_function_is_and_which_version() {
        let (region, reference) = Reference::of_arn(&format!("{ARN}:live")).unwrap();
        assert_eq!((region.as_str(), reference.arn.as_str()), ("us-east-1", ARN));
        assert_eq!(reference.qualifier.as_deref(), Some("live"));
        assert!(Reference::of_arn(ARN).is_some_and(|(_, reference)| reference.is_latest()));
        for other in ["f-1", "000000000000:function:f-1", "arn:aws:sqs:us-east-1:000000000000:q"] {
            assert!(Reference::of_arn(other).is_none(), "{other}");
        }
    }

    #[test]
    fn names_that_are_none_are_refused() {
        for text in ["", "a b", "a/b", "é", "arn:aws:s3:::function:f", &"a".repeat(65)] {
            assert_eq!(name(text).unwrap_err().code, "ValidationException", "{text}");
        }
        assert!(is_qualifier("$LATEST") && is_qualifier("live-2"));
        assert!(!is_qualifier("7:8") && !is_qualifier("a?") && !is_qualifier(""));
    }
}
