//! The operations on archives.

use super::{
    archive::Archive,
    invalid,
    list::{Limit, cut},
    rule::{BusReference, Plain, bus_arn},
    rules::check_pattern,
    state::State,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{Arn, AwsError, Text},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The name of an archive.
type ArchiveName = Plain<48, false>;

/// What `CreateArchive` and `UpdateArchive` take beside the name.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    description: Option<Text<0, 512>>,
    event_pattern: Option<Text<0, 4096>>,
    retention_days: Option<u32>,
}

impl Settings {
    /// Lays what was sent over what there is; an empty text takes away what there was.
    fn over(self, archive: &mut Archive) -> Result<(), AwsError> {
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        if let Some(description) = self.description {
            archive.description = text(description.into());
        }
        if let Some(pattern) = self.event_pattern {
            archive.pattern = text(pattern.into());
        }
        if let Some(pattern) = &archive.pattern {
            check_pattern(pattern)?;
        }
        archive.retention = self.retention_days.unwrap_or(archive.retention);
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    archive_name: ArchiveName,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    archive_name: ArchiveName,
    event_source_arn: BusReference,
}

/// `CreateArchive`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, settings, scope) = operation.inputs::<Create, Settings>()?;
    let (name, bus) = (input.archive_name.as_str().to_owned(), input.event_source_arn.name(scope.here()).to_owned());
    let mut archive = Archive::new(bus, scope.now_millis());
    settings.over(&mut archive)?;
    let shown = brief(&scope, &name, &archive);
    scope
        .change(|state| {
            state.events.add_archive(name, archive)?;
            Ok(Output::Members(shown))
        })
        .await
}

/// `UpdateArchive`: what is not said stays.
pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, settings, scope) = operation.inputs::<Named, Settings>()?;
    let name = input.archive_name.as_str();
    if settings.description.is_none() && settings.event_pattern.is_none() && settings.retention_days.is_none() {
        return Err(invalid("At least one of EventPattern, RetentionDays or Description must be provided."));
    }
    scope
        .change(|state| {
            let mut archive = state.events.archive(name)?.clone();
            settings.over(&mut archive)?;
            let shown = brief(&scope, name, &archive);
            state.events.archives.insert(name.to_owned(), archive);
            Ok(Output::Members(shown))
        })
        .await
}

/// `DeleteArchive`.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    scope.change(|state| state.events.remove_archive(input.archive_name.as_str())).await?;
    Ok(Output::Done)
}

/// `DescribeArchive`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let name = input.archive_name.as_str();
    scope.read(|state| {
        let archive = state.events.archive(name)?;
        let mut shown = show(&scope, &state.events, name, archive);
        shown["ArchiveArn"] = arn(&scope, name).into();
        for (member, text) in [("Description", &archive.description), ("EventPattern", &archive.pattern)] {
            if let Some(text) = text {
                shown[member] = text.as_str().into();
            }
        }
        Ok(Output::Members(shown))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    name_prefix: Option<Text<1, 48>>,
    event_source_arn: Option<BusReference>,
    state: Option<ArchiveState>,
    next_token: Option<Text<1, 2048>>,
    #[serde(default)]
    limit: Limit,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ArchiveState {
    Enabled,
    Disabled,
    Creating,
    Updating,
    CreateFailed,
    UpdateFailed,
}

/// `ListArchives`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<List>()?;
    let filters = [input.name_prefix.is_some(), input.event_source_arn.is_some(), input.state.is_some()];
    if filters.into_iter().filter(|given| *given).count() > 1 {
        return Err(invalid(
            "At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or NamePrefix.",
        ));
    }
    let bus = input.event_source_arn.as_ref().map(|bus| bus.name(scope.here()));
    let prefix = input.name_prefix.as_deref().unwrap_or_default();
    scope.read(|state| {
        let events = &state.events;
        bus.map_or(Ok(()), |bus| events.check_bus(bus))?;
        let archives = events.archives.iter().filter(|(name, archive)| {
            // One that is there is enabled.
            name.starts_with(prefix)
                && bus.is_none_or(|bus| bus == archive.bus)
                && input.state.as_ref().is_none_or(|state| *state == ArchiveState::Enabled)
        });
        let shown = archives.map(|(name, archive)| (name.clone(), show(&scope, events, name, archive)));
        cut("Archives", shown, input.limit, input.next_token.as_ref()).map(Output::Members)
    })
}

/// The ARN of an archive.
pub(super) fn arn(scope: &Scope<'_>, name: &str) -> String {
    format!("arn:aws:events:{}:{}:archive/{name}", scope.region, scope.account())
}

/// The name of an archive of this region and account, out of its ARN.
pub(super) fn name_of<'t>(scope: &Scope<'_>, arn: &'t str) -> Option<&'t str> {
    scope.here().resource("events", arn)?;
    Arn::parse(arn)?.resource.strip_prefix("archive/")
}

fn brief(scope: &Scope<'_>, name: &str, archive: &Archive) -> Value {
    json!({ "ArchiveArn": arn(scope, name), "State": "ENABLED", "CreationTime": archive.created / 1000 })
}

fn show(scope: &Scope<'_>, state: &State, name: &str, archive: &Archive) -> Value {
    let size = state.size_of(name);
    json!({
        "ArchiveName": name,
        "EventSourceArn": bus_arn(scope, &archive.bus),
        "State": "ENABLED",
        "RetentionDays": archive.retention,
        "SizeBytes": size.bytes,
        "EventCount": size.events,
        "CreationTime": archive.created / 1000,
    })
}
