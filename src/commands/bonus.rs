//! `atelier bonus`: puts a container behind the API, and the docker proxy through which functions reach it.

use super::{curl, locked, resource_url};
use crate::{
    cli,
    commands::context::Context,
    contract::{Change, Request, WhichContainer},
    engine::{self, target},
    error::Result,
    settings::Auth,
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
    /// Whether the API asks for keys.
    #[serde(skip)]
    wants_key: bool,
}

impl Report for BonusReport {
    fn human(&self, page: &mut Page) {
        let key = if self.target.changed { "bonus.ready" } else { "bonus.unchanged" };
        page.line(Message::new(key).with("name", &self.target.name).with("image", &self.target.image));
        let Some(url) = &self.url else {
            page.line(Message::new("bonus.not_deployed"));
            return;
        };
        let which = || WhichContainer::Named(self.target.name.clone());
        let change = |change| Request::ChangeContainer { change, which: which(), lifetime: None };
        for request in [change(Change::Stop), Request::Container(which()), change(Change::Start)] {
            page.raw(format_args!("  {}", curl(url, Some(&request), self.wants_key)));
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
    // Asked of the function itself: what an earlier run could not tell it is told now.
    if url.is_some() && !stack::knows_door(&engine, &context.settings.stack.value).await? {
        Box::pin(stack::deploy(&context.run(&engine))).await?;
    }
    if url.is_some() {
        engine::reach::warn(&context.settings, &engine, &context.progress).await;
    }
    let wants_key = context.settings.auth.value == Auth::ApiKey
        || (discovery.part(stack::Part::UsagePlan).is_some() && !context.settings.is_own_stack()?);
    Ok(BonusReport { target, url, wants_key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    fn lines(wants_key: bool) -> String {
        let (image, docker_proxy) = ("nginx".to_owned(), "http://127.0.0.1:1".to_owned());
        let name = "web".parse().unwrap();
        let target = target::Target { name, image, docker_proxy, changed: true };
        let mut page = Page::new(Lang::En, false, None, true);
        BonusReport { target, url: Some("http://x/infra".to_owned()), wants_key }.human(&mut page);
        page.text().to_owned()
    }

    #[test]
    fn the_lines_to_try_have_the_key_where_the_api_asks_for_one() {
        let open = "  curl \"http://x/infra?target=docker&action=stop&name=web\"\n";
        assert!(lines(false).contains(open), "{}", lines(false));
        let closed = lines(true);
        assert_eq!(closed.matches("curl -H \"$ATELIER_API_KEY_HEADER\" \"http://x/infra?").count(), 3, "{closed}");
    }
}
