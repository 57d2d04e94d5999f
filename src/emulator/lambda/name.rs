//! How a function is named: by its name, or by a partial or whole ARN, with or without a version.

use super::error::{function_not_found, invalid, not_found, validation};
use crate::{
    emulator::{service::Scope, store::Region, wire::AwsError},
    names::is_account,
};
use http::StatusCode;
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
        if text.is_empty() || !text.bytes().all(plain) {
            return Err(validation(text, "functionName", FUNCTION_PATTERN));
        }
        if text.len() > 64 {
            return Err(invalid(format!(
                "1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint: Member must \
                 have length less than or equal to 64"
            )));
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads the name of a function that is to be made, which may stand in an ARN of its own, of this account and region.
    pub(super) fn parse_new(scope: &Scope<'_>, text: &str) -> Result<Self, AwsError> {
        let parts = Parts::of(text).filter(|parts| parts.is_well_formed() && !parts.name.contains('.'));
        let parts = parts.ok_or_else(|| validation(text, "functionName", NEW_FUNCTION_PATTERN))?;
        if text.len() > 140 {
            return Err(validation(text, "functionName", "have length less than or equal to 140"));
        }
        let name = Self::parse(parts.name)?;
        Reference::parse(scope, text, None)?.unqualified()?;
        Ok(name)
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
        let parts = Parts::of(text).filter(Parts::is_well_formed);
        let parts = parts.ok_or_else(|| validation(text, "functionName", FUNCTION_PATTERN))?;
        if text.len() > 170 {
            return Err(validation(text, "functionName", "have length less than or equal to 170"));
        }
        parts.check_region(scope.region.as_str())?;
        if let Some(other) = parts.account.filter(|other| *other != scope.account()) {
            return Err(foreign(scope, &arn(scope.region.as_str(), other, parts.name)));
        }
        // No function has a name that is too long.
        let name = FunctionName::parse(parts.name);
        let name = name.map_err(|_| function_not_found(&arn(scope.region.as_str(), scope.account(), parts.name)))?;
        let beside = qualifier.filter(|qualifier| !qualifier.is_empty());
        if let Some(other) = beside.filter(|qualifier| qualifier.len() > 128) {
            return Err(validation(other, "qualifier", "have length less than or equal to 128"));
        }
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

const FUNCTION_PATTERN: &str = "satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|\
                                (-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST\
                                (\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";
/// The same for a function that is to be made.
const NEW_FUNCTION_PATTERN: &str = "satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}\
                                    ((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?\
                                    ([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?";
const QUALIFIER_PATTERN: &str = "satisfy regular expression pattern: \\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";

/// Whether a text has the form that these patterns give a region's name, narrower than that of other services:
/// `eu-west-1`, `us-gov-east-1`.
fn is_region(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let is_partition = |word: &str| word == "gov" || word == "iso" || word.len() == 4 && word.starts_with("iso");
    let parts: Vec<&str> = text.strip_prefix("eusc-").unwrap_or(text).split('-').collect();
    let (area, place, number) = match parts[..] {
        [area, place, number] => (area, place, number),
        [area, kind, place, number] if is_word(kind) && is_partition(kind) => (area, place, number),
        _ => return false,
    };
    let is_digit = number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit());
    area.len() == 2 && is_word(area) && is_word(place) && is_digit
}

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

    /// Whether each part has the form that it may have.
    fn is_well_formed(&self) -> bool {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let is_version = |qualifier: &str| {
            matches!(qualifier, LATEST | "$LATEST.PUBLISHED") || !qualifier.is_empty() && qualifier.bytes().all(plain)
        };
        !self.name.is_empty()
            && self.name.bytes().all(|b| plain(b) || b == b'.')
            && self.region.is_none_or(is_region)
            && self.account.is_none_or(is_account)
            && self.qualifier.is_none_or(is_version)
    }

    /// Refuses a function of another region: there may be one of that name here.
    fn check_region(&self, region: &str) -> Result<(), AwsError> {
        match self.region.filter(|other| *other != region) {
            Some(other) => {
                let message = format!("Functions from '{other}' are not reachable in this region ('{region}')");
                Err(not_found(message))
            }
            None => Ok(()),
        }
    }
}

/// Refuses a function of another account, of which nothing is known here.
fn foreign(scope: &Scope<'_>, arn: &str) -> AwsError {
    let operation = scope.call.rsplit(' ').next().unwrap_or_default();
    let action = if operation == "Invoke" { "InvokeFunction" } else { operation };
    let message = format!(
        "User: arn:aws:iam::{}:root is not authorized to perform: lambda:{action} on resource: {arn} because no \
         resource-based policy allows the lambda:{action} action",
        scope.account()
    );
    AwsError::new(StatusCode::FORBIDDEN, "AccessDeniedException", message)
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
            assert!(Parts::of(text).unwrap().check_region("us-east-1").is_ok(), "{text}");
        }
    }

    #[test]
    fn a_region_has_the_form_that_the_pattern_says() {
        for good in ["eu-west-1", "us-gov-east-1", "us-iso-east-1", "us-isob-east-1", "eusc-de-east-1"] {
            assert!(is_region(good), "{good}");
        }
        for bad in ["", "here", "eu-west", "eu-west-12", "eur-west-1", "us-go-east-1", "us-isobc-east-1", "eu--west-1"]
        {
            assert!(!is_region(bad), "{bad}");
        }
    }

    #[test]
    fn a_function_elsewhere_is_not_the_one_here() {
        let parts = Parts::of("arn:aws:lambda:eu-west-1:000000000000:function:f").unwrap();
        let region = parts.check_region("us-east-1").unwrap_err();
        assert_eq!(region.code, "ResourceNotFoundException");
        assert_eq!(region.message, "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')");
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
        for text in ["", "a b", "a/b", "é", "arn:aws:s3:::function:f"] {
            assert_eq!(name(text).unwrap_err().code, "ValidationException", "{text}");
        }
        // One that is only too long is refused by another part of Lambda.
        assert_eq!(name(&"a".repeat(65)).unwrap_err().code, "InvalidParameterValueException");
        for text in ["arn:aws:lambda:here:000000000000:function:f", "f:1:2", "1:function:f", "f:$LATES", "f:"] {
            assert!(!Parts::of(text).is_some_and(|parts| parts.is_well_formed()), "{text}");
        }
        assert!(is_qualifier("$LATEST") && is_qualifier("live-2"));
        assert!(!is_qualifier("7:8") && !is_qualifier("a?") && !is_qualifier(""));
    }
}
