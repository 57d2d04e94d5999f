//! What a deploy would do, part by part; changes nothing.

use super::{
    client::Clients,
    discover::discover_with,
    error::Error,
    instances, parts,
    predict::{PlannedChange, PlannedPart, Wanted},
    reconcile::reading,
    run::Run,
    wanted,
};

/// What a deploy would do.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Plan {
    /// The stack.
    pub stack: crate::names::StackName,
    /// `false` when no part needs anything.
    pub changes: bool,
    /// The tool that looks after the stack, which a deploy therefore leaves alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
    /// Every part but the keys, in the order of [`super::Part::EVERY`].
    pub parts: Vec<PlannedPart>,
}

/// Looks at every part and returns what a deploy would begin with.
///
/// # Errors
/// Returns what a deploy would be refused for, or the look that failed.
pub async fn plan(run: &Run<'_>) -> Result<Plan, Error> {
    Box::pin(predict(run)).await.map_err(|error| error.at(run.engine))
}

async fn predict(run: &Run<'_>) -> Result<Plan, Error> {
    wanted::check_names(run)?;
    let clients = Clients::new(run.engine);
    let stack = &run.settings.stack.value;
    let account = reading(|| clients.account()).await?;
    let before = discover_with(&clients, stack, &account).await?;
    // As a deploy: a tool may have made what has no tag of ours.
    before.refuse_foreign().map_err(|foreign| before.refuse_managed().err().unwrap_or(foreign))?;
    let own = wanted::own(run)?;
    let spec = wanted::spec(run, own.as_ref(), &before.instances(), &clients, &account).await?;
    instances::check_types(&clients, &spec.instances).await?;
    let package = wanted::packed(run, own.as_ref(), false).await?;
    // Which API the usage plan opens is known once there is one.
    let api_id = before.api_id().map(|id| id.to_string()).unwrap_or_default();
    let parts = parts::predict(&clients, &Wanted { spec: &spec, package: &package, api_id: &api_id }).await?;
    let changes = parts.iter().any(|part| part.change != PlannedChange::Unchanged);
    Ok(Plan { stack: stack.clone(), changes, managed_by: before.managed_by, parts })
}
