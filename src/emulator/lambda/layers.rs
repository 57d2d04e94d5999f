//! The operations on layers and their versions.

use super::{
    code,
    error::{invalid, validation},
    layer::{self, Key, LayerName, LayerVersion, absent, check_compatible},
    paging::{self, Paging},
    qualified::Qualified,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{self, AwsError},
};
use serde::Deserialize;
use serde_json::json;

/// The most layers that may be asked for.
const MAX_LAYERS: i64 = 50;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublishInput {
    layer_name: String,
    description: Option<String>,
    content: Content,
    #[serde(default)]
    compatible_runtimes: Vec<String>,
    license_info: Option<String>,
    #[serde(default)]
    compatible_architectures: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    zip_file: Option<String>,
    s3_bucket: Option<String>,
    s3_key: Option<String>,
    s3_object_version: Option<String>,
}

/// The members that name a version of a layer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VersionInput {
    layer_name: String,
    version_number: String,
}

impl VersionInput {
    pub(super) fn key(&self, scope: &Scope<'_>) -> Result<Key, AwsError> {
        let owner = LayerName::parse(scope, &self.layer_name)?;
        let number = &self.version_number;
        let number: i64 = number.parse().map_err(|_| validation(number, "versionNumber", "be a number"))?;
        match u64::try_from(number) {
            Ok(qualifier) if qualifier >= 1 => Ok(Qualified { owner, qualifier }),
            _ => Err(invalid("Layer Version Cannot be less than 1")),
        }
    }
}

/// `PublishLayerVersion`.
pub(super) async fn publish(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<PublishInput>()?;
    let name = LayerName::parse(&scope, &input.layer_name)?;
    check_compatible(&input.compatible_runtimes, &input.compatible_architectures)?;
    let description = input.description.unwrap_or_default();
    if description.len() > 256 {
        return Err(validation(&description, "description", "have length less than or equal to 256"));
    }
    if let Some(license) = input.license_info.as_ref().filter(|license| license.len() > 512) {
        return Err(validation(license, "licenseInfo", "have length less than or equal to 512"));
    }
    let Content { zip_file, s3_bucket, s3_key, s3_object_version } = input.content;
    let elsewhere = [s3_bucket, s3_key, s3_object_version].iter().any(Option::is_some);
    let (code, _guard) = code::store_layer(&scope, zip_file, elsewhere).await?;
    let version = LayerVersion {
        description,
        license: input.license_info,
        runtimes: input.compatible_runtimes,
        architectures: input.compatible_architectures,
        code,
        created: scope.now,
        policy: Vec::new(),
        revision: wire::request_id(),
    };
    let (arn, location) = (name.arn(&scope), location(&scope, &version)?);
    scope
        .change(|state| {
            let lambda = &mut state.lambda;
            // Numbers are never used twice.
            let number = lambda.layer_numbers.get(&name).copied().unwrap_or_default() + 1;
            let shown = version.show(&arn, number, &location);
            lambda.layer_numbers.insert(name.clone(), number);
            lambda.layers.insert(Qualified { owner: name, qualifier: number }, version);
            Ok(Output::Members(shown))
        })
        .await
}

/// Where the code of a version may be fetched.
fn location(scope: &Scope<'_>, version: &LayerVersion) -> Result<String, AwsError> {
    scope.context.links.link(&scope.context.config.endpoint, &version.code.blob, scope.now)
}

/// `GetLayerVersion`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<VersionInput>()?;
    let key = input.key(&scope)?;
    show(&scope, &key)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ArnInput {
    arn: String,
}

/// `GetLayerVersionByArn`.
pub(super) fn get_by_arn(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<ArnInput>()?;
    let key = layer::parse_version(&scope, &input.arn)?;
    show(&scope, &key)
}

fn show(scope: &Scope<'_>, key: &Key) -> Result<Output, AwsError> {
    scope.read(|state| {
        let version = state.lambda.layers.get(key).ok_or_else(absent)?;
        Ok(Output::Members(version.show(&key.owner.arn(scope), key.qualifier, &location(scope, version)?)))
    })
}

/// `DeleteLayerVersion`: one that is not there counts as deleted. Functions that have it keep it.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<VersionInput>()?;
    let key = input.key(&scope)?;
    let removed = scope.change(|state| Ok::<_, AwsError>(state.lambda.layers.remove(&key))).await?;
    if let Some(removed) = removed {
        scope.functions.discard_later(removed.code.blob);
    }
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    compatible_architecture: Option<String>,
    compatible_runtime: Option<String>,
}

impl Filter {
    fn check(&self) -> Result<(), AwsError> {
        let list = |text: &Option<String>| text.iter().cloned().collect::<Vec<_>>();
        check_compatible(&list(&self.compatible_runtime), &list(&self.compatible_architecture))
    }

    fn takes(&self, version: &LayerVersion) -> bool {
        version.is_for(self.compatible_runtime.as_deref(), self.compatible_architecture.as_deref())
    }
}

/// `ListLayers`: each with its newest version that the filter takes.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (filter, paging, scope) = operation.inputs::<Filter, Paging>()?;
    filter.check()?;
    scope.read(|state| {
        let lambda = &state.lambda;
        let newest = |name| {
            let versions = lambda.layer_versions(name).filter(|(_, version)| filter.takes(version));
            versions.last().map(|(number, version)| (name, number, version))
        };
        let layers = lambda.layer_numbers.keys().filter_map(newest);
        let (layers, marker) = paging.cut(layers, |(name, ..)| name.to_string(), MAX_LAYERS)?;
        let show = |(name, number, version): (&LayerName, u64, &LayerVersion)| {
            let arn = name.arn(&scope);
            let newest = version.listed(&arn, number);
            json!({ "LayerName": name.to_string(), "LayerArn": arn, "LatestMatchingVersion": newest })
        };
        let shown: Vec<_> = layers.into_iter().map(show).collect();
        Ok(paging::show("Layers", &shown, marker))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListVersionsInput {
    layer_name: String,
    compatible_architecture: Option<String>,
    compatible_runtime: Option<String>,
}

/// `ListLayerVersions`: the newest first.
pub(super) fn list_versions(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, paging, scope) = operation.inputs::<ListVersionsInput, Paging>()?;
    let name = LayerName::parse(&scope, &input.layer_name)?;
    let ListVersionsInput { compatible_architecture, compatible_runtime, .. } = input;
    let filter = Filter { compatible_architecture, compatible_runtime };
    filter.check()?;
    let arn = name.arn(&scope);
    scope.read(|state| {
        let versions = state.lambda.layer_versions(&name).filter(|(_, version)| filter.takes(version));
        let mut versions: Vec<_> = versions.collect();
        versions.reverse();
        let (versions, marker) =
            paging.cut(versions, |(number, _)| format!("{:020}", u64::MAX - number), MAX_LAYERS)?;
        let shown: Vec<_> = versions.into_iter().map(|(number, version)| version.listed(&arn, number)).collect();
        Ok(paging::show("LayerVersions", &shown, marker))
    })
}
