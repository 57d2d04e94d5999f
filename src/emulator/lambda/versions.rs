//! The operations on published versions.

use super::{
    error::{conflict, function_not_found, invalid, validation},
    functions::check_change,
    name::{LATEST, Named, Reference},
    paging::{self, MAX_ITEMS, Paging},
    qualified::Qualified,
    view::View,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::AwsError,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublishInput {
    function_name: String,
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
}

/// `PublishVersion`.
pub(super) async fn publish(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<PublishInput>()?;
    let reference = Reference::parse(&scope, &input.function_name, None)?.own()?;
    if let Some(text) = input.description.as_ref().filter(|text| text.len() > 256) {
        return Err(validation(text, "description", "have length less than or equal to 256"));
    }
    scope
        .change(|state| {
            let function = state.lambda.find(&reference)?;
            check_change(scope.now, function, input.revision_id.as_deref())?;
            let (asked, current) = (input.code_sha256.filter(|hash| !hash.is_empty()), &function.code.sha256);
            if let Some(asked) = asked.filter(|hash| hash != current) {
                return Err(invalid(format!(
                    "CodeSHA256 ({asked}) is different from current CodeSHA256 in $LATEST ({current}). Please try again \
                     with the CodeSHA256 in $LATEST."
                )));
            }
            let number = state.lambda.publish(&reference.name, input.description, scope.now);
            let number = number.ok_or_else(|| reference.not_found())?;
            state.lambda.show_published(&reference, number, scope.now).map(Output::Members)
        })
        .await
}

/// `ListVersionsByFunction`: the function itself first.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, paging, scope) = operation.inputs::<Named, Paging>()?;
    let reference = input.reference(&scope)?;
    scope.read(|state| {
        let versions = state.lambda.find(&reference)?.with_versions(&state.lambda);
        let (versions, marker) = paging.cut(versions, View::sort_key, MAX_ITEMS)?;
        let shown: Vec<_> = versions.iter().map(|view| view.listed(scope.now)).collect();
        Ok(paging::show("Versions", &shown, marker))
    })
}

/// Deletes a version, as `DeleteFunction` does that names one. One that is not there counts as deleted; one that an alias
/// stands for stays.
pub(super) async fn delete(scope: &Scope<'_>, reference: &Reference, version: &str) -> Result<(), AwsError> {
    let Ok(number) = version.parse::<u64>() else {
        return Err(invalid(match version {
            LATEST => "$LATEST version cannot be deleted without deleting the function.",
            _ => "Deletion of aliases is not currently supported.",
        }));
    };
    let removed = scope
        .change(|state| {
            let lambda = &mut state.lambda;
            if !lambda.functions.contains_key(&reference.name) {
                return Err(function_not_found(&reference.arn));
            }
            let aliases = lambda.aliases_of(&reference.name).filter(|(_, alias)| alias.names(number));
            let aliases: Vec<_> = aliases.map(|(name, _)| name.as_str()).collect();
            if !aliases.is_empty() {
                let aliases = aliases.join(", ");
                let message =
                    format!("Unable to delete version because the following aliases reference it: [{aliases}]");
                return Err(conflict(message));
            }
            lambda.invoke_configs.remove(&Qualified::new(&reference.name, number.to_string()));
            lambda.provisioned.remove(&Qualified::new(&reference.name, number.to_string()));
            Ok(lambda.versions.remove(&Qualified::new(&reference.name, number)))
        })
        .await?;
    if let Some(removed) = removed {
        scope.functions.retire(&format!("{}:{number}", reference.arn));
        removed.function.blobs().for_each(|blob| scope.functions.discard_later(blob.to_owned()));
    }
    Ok(())
}
