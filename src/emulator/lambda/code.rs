//! The code of a function, as it comes with a call.

use super::{
    error::{invalid, validation, zip_too_large},
    function::Code,
    layer::{LayerCode, Used},
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

/// The largest archive that a call may bring, in bytes: Lambda's own limit.
const MAX_ZIPPED: usize = 50 * 1024 * 1024;

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

impl CodeInput {
    /// Refuses an image for a function whose code is an archive.
    pub(super) fn refuse_image(&self) -> Result<(), AwsError> {
        if self.image_uri.is_some() {
            return Err(invalid("Please don't provide ImageUri when updating a function with packageType Zip."));
        }
        Ok(())
    }
}

/// Inflating and hashing tens of megabytes must not hold up the other calls.
pub(super) async fn inspect(
    input: CodeInput,
    architectures: Option<Vec<String>>,
    needs_bootstrap: bool,
) -> Result<(Bytes, Code), AwsError> {
    tokio::task::spawn_blocking(move || read(&input, architectures.as_deref(), needs_bootstrap))
        .await
        .map_err(|_| AwsError::internal("The archive could not be inspected."))?
}

/// Whether the code itself must start the function: no interpreter does, and no layer.
pub(super) fn needs_bootstrap(runtime: Option<Runtime>, layers: &[Used]) -> bool {
    runtime.is_none() && !layers.iter().any(|layer| layer.code.has_bootstrap)
}

/// Stores an archive. The guard keeps it from being discarded as unused until a function uses it.
pub(super) async fn store<'a>(
    scope: &Scope<'a>,
    input: CodeInput,
    architectures: Option<Vec<String>>,
    needs_bootstrap: bool,
) -> Result<(Code, CodeGuard<'a>), AwsError> {
    let (zip, code) = inspect(input, architectures, needs_bootstrap).await?;
    let guard = keep(scope, zip, &code.blob).await?;
    Ok((code, guard))
}

/// Stores the archive of a layer, in the same way. `elsewhere` is whether the input says that it is somewhere else.
pub(super) async fn store_layer<'a>(
    scope: &Scope<'a>,
    zip: Option<String>,
    elsewhere: bool,
) -> Result<(LayerCode, CodeGuard<'a>), AwsError> {
    let Some(text) = zip else {
        return Err(if elsewhere {
            AwsError::not_implemented("lambda", "(parameter Content.S3Bucket)")
        } else {
            invalid("Please provide a source for the layer: its ZipFile.")
        });
    };
    if elsewhere {
        return Err(invalid("Please do not provide other LayerVersionContent parameters when providing a ZipFile."));
    }
    let read = move || {
        let zip = decode(&text)?;
        let contents = archive::inspect(&zip, false).map_err(|error| invalid(error.to_string()))?;
        let digest = Sha256::digest(&zip);
        let code = LayerCode {
            blob: crate::secret::hex(&digest),
            sha256: BASE64_STANDARD.encode(digest),
            size: zip.len(),
            unpacked: contents.unpacked,
            has_bootstrap: contents.has_bootstrap,
        };
        Ok::<_, AwsError>((Bytes::from(zip), code))
    };
    let inspected = tokio::task::spawn_blocking(read).await;
    let (zip, code) = inspected.map_err(|_| AwsError::internal("The archive could not be inspected."))??;
    let guard = keep(scope, zip, &code.blob).await?;
    Ok((code, guard))
}

async fn keep<'a>(scope: &Scope<'a>, zip: Bytes, blob: &str) -> Result<CodeGuard<'a>, AwsError> {
    let guard = scope.functions.guard_code().await;
    let stored = scope.context.store.blobs().put(zip).await;
    stored.map_err(|error| AwsError::of_disk("The code could not be stored", &error))?;
    // What cannot be unpacked is refused now, and the first invocation need not wait for it.
    scope.functions.unpack(blob).await.map_err(|error| match error {
        InvokeError::Start(error) | InvokeError::Code(ArchiveError::Io(error)) => {
            AwsError::of_disk("The code could not be unpacked", &error)
        }
        error => invalid(error.to_string()),
    })?;
    Ok(guard)
}

fn decode(text: &str) -> Result<Vec<u8>, AwsError> {
    BASE64_STANDARD.decode(text).map_err(|_| invalid("Could not unzip uploaded file: it is not base64."))
}

/// Refuses an archive for its size alone.
fn check_zipped(size: usize) -> Result<(), AwsError> {
    if size > MAX_ZIPPED { Err(zip_too_large(MAX_ZIPPED)) } else { Ok(()) }
}

/// Decodes and checks an archive; everything about it is known before anything is stored.
fn read(input: &CodeInput, architectures: Option<&[String]>, needs_bootstrap: bool) -> Result<(Bytes, Code), AwsError> {
    let elsewhere = [&input.s3_bucket, &input.s3_key, &input.s3_object_version, &input.image_uri];
    let is_elsewhere = elsewhere.into_iter().any(Option::is_some);
    let Some(text) = &input.zip_file else {
        return Err(match (is_elsewhere, &input.image_uri) {
            (false, _) => invalid("Please provide a source for function code."),
            (true, None) => AwsError::not_implemented("lambda", "(parameter S3Bucket)"),
            (true, Some(_)) => AwsError::not_implemented("lambda", "(parameter ImageUri)"),
        });
    };
    if is_elsewhere {
        return Err(invalid("Please do not provide other FunctionCode parameters when providing a ZipFile."));
    }
    let zip = decode(text)?;
    check_zipped(zip.len())?;
    let contents = archive::inspect(&zip, needs_bootstrap).map_err(|error| invalid(error.to_string()))?;
    let digest = Sha256::digest(&zip);
    let architecture = match architectures {
        None => "x86_64".to_owned(),
        Some([one]) if matches!(one.as_str(), "x86_64" | "arm64") => one.clone(),
        Some(other) => {
            let rule = match other.len() {
                1 => {
                    "satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
                }
                0 => "have length greater than or equal to 1",
                _ => "have length less than or equal to 1",
            };
            return Err(validation(&format!("[{}]", other.join(", ")), "architectures", rule));
        }
    };
    let code = Code {
        blob: crate::secret::hex(&digest),
        sha256: BASE64_STANDARD.encode(digest),
        size: zip.len(),
        unpacked: contents.unpacked,
        architecture,
    };
    Ok((zip.into(), code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_that_is_too_large_is_refused_as_the_request_that_brings_it() {
        check_zipped(MAX_ZIPPED).unwrap();
        let error = check_zipped(MAX_ZIPPED + 1).unwrap_err();
        assert_eq!(error.code, "RequestEntityTooLargeException");
        assert_eq!(error.message, "Zipped size must be smaller than 52428800 bytes");
    }
}
