//! Provisioned concurrency: how many processes of a version or an alias are to be ready. It is kept, counted and shown;
//! processes start when they are needed, as those of any function.

use super::{
    State,
    alias::{self, Key},
    concurrency::{ACCOUNT_LIMIT, LEAST_UNRESERVED},
    error::{conflict, invalid, not_found_as, validation},
    function::{has_settled, last_modified},
    name::{FunctionName, Named, Reference},
    paging::{self, Paging},
    qualified::{self, Qualified, VersionId},
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::AwsError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// The most that may be asked for in a list.
const MAX_CONFIGS: i64 = 50;
/// What is said of `$LATEST`, where it is set,
const UNPUBLISHED: &str = "Provisioned Concurrency Configs cannot be applied to unpublished function versions.";
/// and elsewhere.
const NO_VERSION: &str = "The function resource provided must be an alias or a published version.";

/// How many processes are to be ready.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Provisioned {
    requested: u32,
    modified: OffsetDateTime,
}

impl Provisioned {
    fn show(&self, now: OffsetDateTime) -> Value {
        let is_ready = has_settled(self.modified, now);
        let there = if is_ready { self.requested } else { 0 };
        json!({
            "RequestedProvisionedConcurrentExecutions": self.requested,
            "AvailableProvisionedConcurrentExecutions": there,
            "AllocatedProvisionedConcurrentExecutions": there,
            "Status": if is_ready { "READY" } else { "IN_PROGRESS" },
            "LastModified": last_modified(self.modified),
        })
    }
}

/// The members that name a version or an alias, which must be said here.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    function_name: String,
    qualifier: String,
}

impl Target {
    fn reference(&self, scope: &Scope<'_>) -> Result<Reference, AwsError> {
        Reference::parse(scope, &self.function_name, Some(&self.qualifier))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutInput {
    provisioned_concurrent_executions: i64,
}

/// `PutProvisionedConcurrencyConfig`.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (target, input, scope) = operation.inputs::<Target, PutInput>()?;
    let asked = input.provisioned_concurrent_executions;
    let requested = u32::try_from(asked).ok().filter(|requested| *requested > 0).ok_or_else(|| {
        validation(&asked.to_string(), "provisionedConcurrentExecutions", "have value greater than or equal to 1")
    })?;
    let reference = target.reference(&scope)?;
    scope
        .change(|state| {
            let lambda = &mut state.lambda;
            let key = lambda.provisionable(&reference, UNPUBLISHED)?;
            lambda.check_sharing(&key)?;
            lambda.check_room(&key, requested)?;
            let provisioned = Provisioned { requested, modified: scope.now };
            let shown = provisioned.show(scope.now);
            lambda.provisioned.insert(key, provisioned);
            Ok(Output::Members(shown))
        })
        .await
}

/// `GetProvisionedConcurrencyConfig`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (target, scope) = operation.input::<Target>()?;
    let reference = target.reference(&scope)?;
    scope.read(|state| {
        let key = state.lambda.provisionable(&reference, NO_VERSION)?;
        let provisioned = state.lambda.provisioned.get(&key).ok_or_else(|| {
            let message = "No Provisioned Concurrency Config found for this function";
            not_found_as("ProvisionedConcurrencyConfigNotFoundException", message)
        })?;
        Ok(Output::Members(provisioned.show(scope.now)))
    })
}

/// `DeleteProvisionedConcurrencyConfig`: one that is not there counts as deleted.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (target, scope) = operation.input::<Target>()?;
    let reference = target.reference(&scope)?;
    scope
        .change(|state| {
            let key = state.lambda.provisionable(&reference, NO_VERSION)?;
            state.lambda.provisioned.remove(&key);
            Ok(Output::Done)
        })
        .await
}

/// `ListProvisionedConcurrencyConfigs`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, paging, scope) = operation.inputs::<Named, Paging>()?;
    let function = input.reference(&scope)?;
    scope.read(|state| {
        state.lambda.find(&function)?;
        let configs = qualified::of(&state.lambda.provisioned, &function.name);
        let (configs, marker) = paging.cut(configs, |(qualifier, _)| (*qualifier).clone(), MAX_CONFIGS)?;
        let show = |(qualifier, config): (&String, &Provisioned)| {
            let mut shown = config.show(scope.now);
            shown["FunctionArn"] = format!("{}:{qualifier}", function.arn).into();
            shown
        };
        let shown: Vec<_> = configs.into_iter().map(show).collect();
        Ok(paging::show("ProvisionedConcurrencyConfigs", &shown, marker))
    })
}

impl State {
    /// Finds the version or the alias that is meant; `why_not_latest` is said of `$LATEST`.
    fn provisionable(&self, reference: &Reference, why_not_latest: &str) -> Result<Key, AwsError> {
        let qualifier = reference.qualifier.clone().unwrap_or_default();
        match qualifier.parse() {
            Ok(VersionId::Latest) => return Err(invalid(why_not_latest)),
            Ok(VersionId::Published(number)) => {
                let version = self.versions.get(&Qualified::new(&reference.name, number));
                version.ok_or_else(|| reference.not_found())?;
            }
            Err(_) => {
                let alias = self.aliases.get(&Key::new(&reference.name, qualifier.clone()));
                alias.ok_or_else(|| alias::absent(&reference.arn, &qualifier))?;
            }
        }
        Ok(Key::new(&reference.name, qualifier))
    }

    /// A version has its processes by its number or by one alias, not by both.
    fn check_sharing(&self, key: &Key) -> Result<(), AwsError> {
        let has = |qualifier: String| self.provisioned.contains_key(&Key { qualifier, ..key.clone() });
        match (key.qualifier.parse(), self.aliases.get(key)) {
            (Ok(VersionId::Published(number)), _) => {
                let mut aliases = self.aliases_of(&key.owner).filter(|(_, alias)| alias.names(number));
                if aliases.any(|(name, _)| has(name.clone())) {
                    return Err(conflict("Version is pointed by a Provisioned Concurrency alias"));
                }
            }
            (_, Some(alias)) if has(alias.version.to_string()) => {
                return Err(conflict(
                    "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// What is provisioned is taken from what is reserved for the function, else from what is left of the account's.
    fn check_room(&self, key: &Key, requested: u32) -> Result<(), AwsError> {
        let own = self.provisioned.get(key).map_or(0, |provisioned| provisioned.requested);
        if let Some(reserved) = self.reserved.get(&key.owner) {
            if (self.provisioned_of(&key.owner) - own).saturating_add(requested) > *reserved {
                return Err(invalid(
                    "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for \
                     function",
                ));
            }
            return Ok(());
        }
        let unreserved = self.unreserved() + own;
        if requested > unreserved {
            return Err(invalid(format!(
                "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency \
                 [{unreserved}]."
            )));
        }
        if unreserved - requested < LEAST_UNRESERVED {
            return Err(invalid(format!(
                "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its \
                 minimum value of [{LEAST_UNRESERVED}]."
            )));
        }
        Ok(())
    }

    /// How many are provisioned of one function, all its versions together.
    pub(super) fn provisioned_of(&self, function: &FunctionName) -> u32 {
        qualified::of(&self.provisioned, function).map(|(_, provisioned)| provisioned.requested).sum()
    }

    /// How many invocations are left for functions that have none reserved.
    pub(super) fn unreserved(&self) -> u32 {
        let reserved: u32 = self.reserved.values().sum();
        let is_unreserved = |key: &Key| !self.reserved.contains_key(&key.owner);
        let provisioned = self.provisioned.iter().filter(|(key, _)| is_unreserved(key));
        let provisioned: u32 = provisioned.map(|(_, provisioned)| provisioned.requested).sum();
        ACCOUNT_LIMIT.saturating_sub(reserved + provisioned)
    }
}
