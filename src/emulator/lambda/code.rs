//! The code of a function, as it comes with a call.

use super::{
    error::{invalid, validation},
    function::Code,
};
use crate::{
    emulator::{
        runtime::{
            CodeGuard, InvokeError,
            archive::{self, ArchiveError},
        },
        service::Scope,
        wire::AwsError,
    },
    runtimes::Runtime,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Where the code comes from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CodeInput {
    zip_file: Option<String>,
    s3_bucket: Option<String>,
    s3_key: Option<String>,
    s3_object_version: Option<String>,
    image_uri: Option<String>,
}

/// Inflating and hashing tens of megabytes must not hold up the other calls.
pub(super) async fn inspect(
    input: CodeInput,
    architectures: Option<Vec<String>>,
    runtime: Option<Runtime>,
) -> Result<(Bytes, Code), AwsError> {
    tokio::task::spawn_blocking(move || read(&input, architectures.as_deref(), runtime))
        .await
        .map_err(|_| AwsError::internal("The archive could not be inspected."))?
}

/// Stores an archive. The guard keeps it from being discarded as unused until a function uses it.
pub(super) async fn store<'a>(
    scope: &Scope<'a>,
    input: CodeInput,
    architectures: Option<Vec<String>>,
    runtime: Option<Runtime>,
) -> Result<(Code, CodeGuard<'a>), AwsError> {
    let (zip, code) = inspect(input, architectures, runtime).await?;
    let guard = scope.functions.guard_code().await;
    let stored = scope.context.store.blobs().put(zip).await;
    stored.map_err(|error| AwsError::of_disk("The code could not be stored", &error))?;
    // What cannot be unpacked is refused now, and the first invocation need not wait for it.
    scope.functions.unpack(&code.blob).await.map_err(|error| match error {
        InvokeError::Start(error) | InvokeError::Code(ArchiveError::Io(error)) => {
            AwsError::of_disk("The code could not be unpacked", &error)
        }
        error => invalid(error.to_string()),
    })?;
    Ok((code, guard))
}

/// Decodes and checks an archive; everything about it is known before anything is stored.
fn read(
    input: &CodeInput,
    architectures: Option<&[String]>,
    runtime: Option<Runtime>,
) -> Result<(Bytes, Code), AwsError> {
    let Some(text) = &input.zip_file else {
        return Err(invalid(
            "Please provide a ZipFile: the emulator takes code from the request only, not from S3 or an image.",
        ));
    };
    if [&input.s3_bucket, &input.s3_key, &input.s3_object_version, &input.image_uri].into_iter().any(Option::is_some) {
        return Err(invalid("Please do not provide other FunctionCode parameters when providing a ZipFile."));
    }
    let zip = BASE64_STANDARD.decode(text).map_err(|_| invalid("Could not unzip uploaded file: it is not base64."))?;
    archive::inspect(&zip, runtime).map_err(|error| invalid(error.to_string()))?;
    let digest = Sha256::digest(&zip);
    let architecture = match architectures {
        None => "x86_64".to_owned(),
        Some([one]) if matches!(one.as_str(), "x86_64" | "arm64") => one.clone(),
        Some(other) => {
            let rule = "have one member out of the enum value set: [x86_64, arm64]";
            return Err(validation(&other.join(", "), "architectures", rule));
        }
    };
    let code = Code {
        blob: crate::secret::hex(&digest),
        sha256: BASE64_STANDARD.encode(digest),
        size: zip.len(),
        architecture,
    };
    Ok((zip.into(), code))
}
