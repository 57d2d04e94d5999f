//! The policies that AWS itself has, by their names; and which policies of either sort there are.
//!
//! `managed.txt` has the names, a line each, with their paths; `managed.json` the documents of those that are read most.
//! A document that is not there is not made up.

use super::State;
use crate::emulator::wire::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

/// How the ARN of a policy that belongs to AWS starts.
const START: &str = "arn:aws:iam::aws:policy/";
/// When they are said to be made: the day on which IAM got them.
pub(super) const CREATED: i64 = 1_423_251_600_000;

/// The account that asks.
pub(super) type Account<'a> = &'a str;

static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("managed.txt").lines().collect());

#[derive(Deserialize)]
struct Document {
    version: String,
    document: Value,
}

static DOCUMENTS: LazyLock<BTreeMap<String, Document>> =
    LazyLock::new(|| serde_json::from_str(include_str!("managed.json")).unwrap_or_default());

/// Of policies whose documents are too large to be here, the statements about the services that are here, with the
/// actions of other services left out. They decide as the whole would; `GetPolicyVersion` has only whole documents.
static PARTS: LazyLock<BTreeMap<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("managed_parts.json")).unwrap_or_default());

/// A policy of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Managed {
    /// Path and name (`service-role/AWSLambdaRole`).
    full: &'static str,
}

impl Managed {
    /// Finds one by its ARN.
    pub(super) fn find(arn: &str) -> Option<Self> {
        let wanted = arn.strip_prefix(START)?;
        NAMES.iter().find(|name| **name == wanted).map(|full| Self { full })
    }

    /// Every one, in the order of path and name.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|full| Self { full })
    }

    pub(super) fn arn(self) -> String {
        format!("{START}{}", self.full)
    }

    pub(super) fn name(self) -> &'static str {
        self.full.rsplit('/').next().unwrap_or(self.full)
    }

    /// The path, which starts and ends with `/`.
    pub(super) fn path(self) -> String {
        match self.full.rsplit_once('/') {
            Some((path, _)) => format!("/{path}/"),
            None => "/".to_owned(),
        }
    }

    /// The version that counts; what is not known is the first.
    pub(super) fn version(self) -> &'static str {
        DOCUMENTS.get(self.name()).map_or("v1", |document| document.version.as_str())
    }

    /// The document.
    ///
    /// # Errors
    /// `NotImplemented` where it is not known.
    pub(super) fn document(self) -> Result<String, AwsError> {
        let document = DOCUMENTS.get(self.name()).map(|document| document.document.to_string());
        document.ok_or_else(|| {
            AwsError::not_implemented("iam", &format!("GetPolicyVersion for the document of {}", self.name()))
        })
    }
}

impl Managed {
    /// The document as far as it is about the services that are here.
    pub(super) fn about_here(self) -> Option<String> {
        let part =
            || PARTS.get(self.name()).map(|part| json!({ "Version": "2012-10-17", "Statement": part }).to_string());
        self.document().ok().or_else(part)
    }
}

/// Whether a policy of this ARN exists, AWS's or the account's.
pub(super) fn exists(state: &State, arn: &str, account: Account<'_>) -> bool {
    Managed::find(arn).is_some() || state.policies.values().any(|policy| policy.arn(account) == arn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::policy::{Document, Use};

    #[test]
    fn policies_are_found_by_their_whole_arn() {
        let role = Managed::find("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").unwrap();
        assert_eq!((role.name(), role.path().as_str()), ("AWSLambdaBasicExecutionRole", "/service-role/"));
        assert_eq!(Managed::find(&role.arn()), Some(role));
        for unknown in ["", "AdministratorAccess", "AWSLambdaBasicExecutionRole", "NoSuchPolicy"] {
            assert_eq!(Managed::find(&format!("{START}{unknown}")).is_some(), unknown == "AdministratorAccess");
        }
    }

    #[test]
    fn the_names_are_in_order_and_each_document_has_one() {
        assert!(NAMES.is_sorted() && NAMES.len() > 1000);
        assert!(DOCUMENTS.len() > 10);
        for name in DOCUMENTS.keys() {
            assert!(Managed::all().any(|policy| policy.name() == name), "{name}");
        }
        for name in PARTS.keys() {
            let managed = Managed::all().find(|policy| policy.name() == name).unwrap();
            assert!(!DOCUMENTS.contains_key(name), "{name}");
            Document::parse(&managed.about_here().unwrap(), Use::Identity).unwrap();
        }
        let administrator = Managed::find("arn:aws:iam::aws:policy/AdministratorAccess").unwrap();
        assert!(administrator.document().unwrap().contains(r#""Action":"*""#));
    }
}
