//! Brings new code of the user's own to the function, and touches nothing else: what `deploy --watch` does at every change.

use super::{
    client::Clients,
    error::Error,
    function::Function,
    instance,
    reconcile::{Pace, converge, reading},
    run::Run,
    spec::Names,
    wanted,
};

/// Brings the function to what is in its folder; tells whether anything was done.
///
/// # Errors
/// Returns what a deploy would return of the function.
pub async fn ship(run: &Run<'_>) -> Result<bool, Error> {
    Box::pin(update(run)).await.map_err(|error| error.at(run.engine))
}

async fn update(run: &Run<'_>) -> Result<bool, Error> {
    let clients = Clients::new(run.engine);
    let own = wanted::own(run)?;
    let names = Names::of(&run.settings.stack.value, &clients.region);
    let asked =
        async { tokio::try_join!(reading(|| clients.account()), reading(|| instance::discover(&clients, &names))) };
    let (asked, package) = tokio::join!(asked, wanted::packed(run, own.as_ref(), true));
    let ((account, sighting), package) = (asked?, package?);
    let spec = wanted::spec(run, own.as_ref(), &sighting.ours, &clients, &account).await?;
    let (_, done) = converge(&Function::new(&clients, &spec, &package), &Pace::of(run)).await?;
    Ok(!done.is_empty())
}
