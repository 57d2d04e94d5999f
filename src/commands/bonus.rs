//! `atelier bonus`: puts a container behind the API, and the docker proxy through which functions reach it.

use super::{locked, resource_url};
use crate::{
    cli,
    commands::context::Context,
    engine::{self, target},
    error::Result,
    stack,
    text::Message,
    ui::{Page, Report},
};

/// What `bonus` did.
#[derive(Debug, serde::Serialize)]
pub struct BonusReport {
    /// The container.
    #[serde(flatten)]
    target: target::Target,
    /// The API that drives it, where it is deployed.
    url: Option<String>,
}

impl Report for BonusReport {
    fn human(&self, page: &mut Page) {
        let key = if self.target.changed { "bonus.ready" } else { "bonus.unchanged" };
        page.line(Message::new(key).with("name", &self.target.name).with("image", &self.target.image));
        let Some(url) = &self.url else {
            page.line(Message::new("bonus.not_deployed"));
            return;
        };
        for action in ["stop", "status", "start"] {
            page.raw(format_args!("  curl \"{url}?target=docker&action={action}&name={}\"", self.target.name));
        }
    }

    fn quiet(&self, _page: &mut Page) {}
}

/// Runs `bonus`.
///
/// # Errors
/// What [`target::ensure`] says, that another run is at work here, or why a deployed function cannot be told of the
/// door that it did not know.
pub async fn run(context: &Context, args: &cli::Bonus) -> Result<BonusReport> {
    engine::refuse_without_docker(&context.settings)?;
    let _lock = locked(context).await?;
    let target = Box::pin(target::ensure(&context.settings, &args.name, &args.image, &context.progress)).await?;
    let engine = engine::connect(&context.settings).await?;
    let discovery = Box::pin(stack::discover(&engine, &context.settings.stack.value)).await?;
    let url = discovery.api_id().map(|api| resource_url(&context.settings, &engine, &api));
    if target.is_door_new && url.is_some() {
        Box::pin(stack::deploy(&context.run(&engine))).await?;
    }
    Ok(BonusReport { target, url })
}
