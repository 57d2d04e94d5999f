//! A version of a function as a call names it: found, shown, and what its processes are started from.

use super::{
    State, Statement,
    alias::{self, Key},
    error::invalid,
    function::Function,
    name::{LATEST, Reference},
    qualified::{self, Qualified, VersionId},
};
use crate::emulator::{runtime::Spec, store::Region, wire::AwsError};
use serde_json::Value;
use time::OffsetDateTime;

/// A version of a function, as a call names it.
pub(super) struct View<'f> {
    /// The function itself, or as it was when the version was published.
    pub(super) function: &'f Function,
    pub(super) id: VersionId,
    /// What its ARN names behind the function; none for the function's own ARN.
    pub(super) qualifier: Option<String>,
}

impl View<'_> {
    /// Whether it is still being made, and so cannot be invoked.
    pub(super) fn is_pending(&self, now: OffsetDateTime) -> bool {
        match self.id {
            // What had settled is published as it is.
            VersionId::Published(_) => !self.function.is_settled(now),
            VersionId::Latest => self.function.is_pending(now),
        }
    }

    /// The ARN that names it as the call does.
    fn arn(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.function.arn),
            None => self.function.arn.clone(),
        }
    }

    /// Shows it as Lambda's `FunctionConfiguration`.
    pub(super) fn configuration(&self, now: OffsetDateTime) -> Value {
        let mut shown = self.function.shown(now);
        shown["FunctionArn"] = self.arn().into();
        shown["Version"] = self.id.to_string().into();
        let pending = self.is_pending(now);
        let settled = self.function.is_settled(now);
        shown["State"] = if pending { "Pending" } else { "Active" }.into();
        if !pending {
            shown["LastUpdateStatus"] = if settled { "Successful" } else { "InProgress" }.into();
        }
        if pending {
            shown["StateReason"] = "The function is being created.".into();
            shown["StateReasonCode"] = "Creating".into();
        } else if let Some(failure) = &self.function.failure {
            shown["State"] = "Failed".into();
            shown["StateReason"] = failure.as_str().into();
            shown["StateReasonCode"] = "InvalidZipFileException".into();
        } else if let Some(remark) = &self.function.remark {
            shown["StateReason"] = remark.as_str().into();
        }
        if !pending && !settled {
            // AWS has no other words for a change.
            shown["LastUpdateStatusReason"] = "The function is being created.".into();
            shown["LastUpdateStatusReasonCode"] = "Creating".into();
        }
        shown
    }

    /// Shows it as lists do, which do not tell how far it has come.
    pub(super) fn listed(&self, now: OffsetDateTime) -> Value {
        let mut shown = self.function.shown(now);
        shown["FunctionArn"] = self.arn().into();
        shown["Version"] = self.id.to_string().into();
        shown
    }

    /// Its place in lists: by function, `$LATEST` before the numbers, these in their order.
    pub(super) fn sort_key(&self) -> String {
        // A space comes before all that a function's name is made of.
        match self.id {
            VersionId::Latest => format!("{} $LATEST", self.function.name),
            VersionId::Published(number) => format!("{} {number:020}", self.function.name),
        }
    }

    /// Returns what its processes are started from, but for what is said of all versions: see [`State::spec`].
    fn spec(&self, region: &Region) -> Spec {
        let function_arn = &self.function.arn;
        let arn = match self.id {
            VersionId::Latest => function_arn.clone(),
            VersionId::Published(number) => format!("{function_arn}:{number}"),
        };
        Spec { arn, version: self.id.to_string(), invoked_arn: self.arn(), ..self.function.spec(region) }
    }
}

impl Function {
    /// It, under its own ARN.
    pub(super) fn view(&self) -> View<'_> {
        View { function: self, id: VersionId::Latest, qualifier: None }
    }

    /// The names of the blobs of its code and its layers.
    pub(super) fn blobs(&self) -> impl Iterator<Item = &str> {
        let layers = self.settings.layers.iter().map(|layer| layer.code.blob.as_str());
        std::iter::once(self.code.blob.as_str()).chain(layers)
    }

    /// It and its published versions, each under its qualified ARN.
    pub(super) fn with_versions<'s>(&'s self, state: &'s State) -> impl Iterator<Item = View<'s>> {
        let qualifier = Some(LATEST.to_owned());
        let latest = View { function: self, id: VersionId::Latest, qualifier };
        let versions = state.versions_of(&self.name);
        std::iter::once(latest).chain(versions.map(|version| version.view(Some(version.number.to_string()))))
    }
}

/// What a removed version leaves behind.
pub(super) struct Removed {
    /// The ARN under which its processes are known.
    pub(super) arn: String,
    /// The names of the blobs of its code and its layers.
    pub(super) blobs: Vec<String>,
}

/// Whose resource policy a call means.
pub(super) struct PolicyMut<'s> {
    pub(super) statements: &'s mut Vec<Statement>,
    /// Changes with the policy.
    pub(super) revision: &'s mut String,
}

impl State {
    /// Finds the version that a call names; an alias stands for its first.
    pub(super) fn view(&self, reference: &Reference) -> Result<View<'_>, AwsError> {
        self.view_at(reference, 1.0)
    }

    /// Finds the version that a call gets; where an alias stands for two, `place` (0 to 1) says which.
    pub(super) fn view_at(&self, reference: &Reference, place: f64) -> Result<View<'_>, AwsError> {
        let function = self.functions.get(&reference.name).ok_or_else(|| reference.not_found())?;
        let qualifier = reference.qualifier.as_deref();
        let id = match qualifier.map(str::parse) {
            None => VersionId::Latest,
            Some(Ok(id)) => id,
            Some(Err(_)) => {
                let key = Key::new(&reference.name, qualifier.unwrap_or_default().to_owned());
                self.aliases.get(&key).ok_or_else(|| reference.not_found())?.choose(place)
            }
        };
        let qualifier = reference.qualifier.clone();
        match id {
            VersionId::Latest => Ok(View { function, id, qualifier }),
            VersionId::Published(number) => {
                let version = self.versions.get(&Qualified::new(&reference.name, number));
                Ok(version.ok_or_else(|| reference.not_found())?.view(qualifier))
            }
        }
    }

    /// Finds a version of a function to change it; an alias is none.
    pub(super) fn version_mut(&mut self, reference: &Reference) -> Result<&mut Function, AwsError> {
        let found = match reference.qualifier.as_deref().unwrap_or(LATEST).parse() {
            Ok(VersionId::Latest) => self.functions.get_mut(&reference.name),
            Ok(VersionId::Published(number)) => {
                let version = self.versions.get_mut(&Qualified::new(&reference.name, number));
                version.map(|version| &mut version.function)
            }
            Err(_) if !self.functions.contains_key(&reference.name) => None,
            Err(_) => return Err(invalid("The qualifier must be $LATEST or the number of a published version.")),
        };
        found.ok_or_else(|| reference.not_found())
    }

    /// Removes a function with all that is its own.
    pub(super) fn remove(&mut self, reference: &Reference) -> Result<Vec<Removed>, AwsError> {
        let function = self.functions.remove(&reference.name).ok_or_else(|| reference.not_found())?;
        qualified::remove_all(&mut self.aliases, &reference.name);
        self.remove_urls(&reference.name);
        qualified::remove_all(&mut self.invoke_configs, &reference.name);
        self.reserved.remove(&reference.name);
        qualified::remove_all(&mut self.provisioned, &reference.name);
        let removed = |arn, function: &Function| Removed { arn, blobs: function.blobs().map(str::to_owned).collect() };
        let versions = qualified::remove_all(&mut self.versions, &reference.name).into_iter();
        let versions =
            versions.map(|(number, version)| removed(format!("{}:{number}", reference.arn), &version.function));
        let latest = removed(function.arn.clone(), &function);
        Ok(std::iter::once(latest).chain(versions).collect())
    }

    /// Returns what the processes of the version that a call gets are started from.
    pub(super) fn spec(&self, reference: &Reference, place: f64, region: &Region) -> Result<Spec, AwsError> {
        let view = self.view_at(reference, place)?;
        Ok(Spec { reserved: self.reserved.get(&reference.name).copied(), ..view.spec(region) })
    }

    /// Shows a version that was just published under its number.
    pub(super) fn show_published(
        &self,
        reference: &Reference,
        number: u64,
        now: OffsetDateTime,
    ) -> Result<Value, AwsError> {
        let version = self.versions.get(&Qualified::new(&reference.name, number));
        let version = version.ok_or_else(|| reference.not_found())?;
        Ok(version.view(Some(number.to_string())).configuration(now))
    }

    /// Finds the resource policy of what a call names, and its revision: function, version and alias have one each.
    pub(super) fn policy(&self, reference: &Reference, now: OffsetDateTime) -> Result<(&[Statement], &str), AwsError> {
        let function = self.functions.get(&reference.name).ok_or_else(|| reference.not_found())?;
        let own = || Ok((function.policy.as_slice(), function.revision_at(now)));
        let Some(qualifier) = &reference.qualifier else { return own() };
        match qualifier.parse() {
            Ok(VersionId::Latest) => own(),
            Ok(VersionId::Published(number)) => {
                let version = self.versions.get(&Qualified::new(&reference.name, number));
                let function = &version.ok_or_else(|| reference.not_found())?.function;
                Ok((&function.policy, function.revision_at(now)))
            }
            Err(_) => {
                let alias = self.aliases.get(&Key::new(&reference.name, qualifier.clone()));
                let alias = alias.ok_or_else(|| alias::absent(&reference.arn, qualifier))?;
                Ok((&alias.policy, &alias.revision))
            }
        }
    }

    /// The same to change it.
    pub(super) fn policy_mut(&mut self, reference: &Reference, now: OffsetDateTime) -> Result<PolicyMut<'_>, AwsError> {
        // Says what is missing.
        self.policy(reference, now)?;
        let qualifier = reference.qualifier.as_deref().unwrap_or(LATEST);
        let found = match qualifier.parse() {
            Ok(VersionId::Latest) => self.functions.get_mut(&reference.name),
            Ok(VersionId::Published(number)) => {
                let version = self.versions.get_mut(&Qualified::new(&reference.name, number));
                version.map(|version| &mut version.function)
            }
            Err(_) => {
                let alias = self.aliases.get_mut(&Key::new(&reference.name, qualifier.to_owned()));
                let alias = alias.ok_or_else(|| reference.not_found())?;
                return Ok(PolicyMut { statements: &mut alias.policy, revision: &mut alias.revision });
            }
        };
        let function = found.ok_or_else(|| reference.not_found())?;
        function.settle(now);
        Ok(PolicyMut { statements: &mut function.policy, revision: &mut function.revision })
    }
}
