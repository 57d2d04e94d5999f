//! `atelier open` where there is nobody to look at the dashboard: the deployed API's URL.

use super::to_try;
use crate::{
    cli,
    commands::context::Context,
    error::Result,
    ui::{Page, Report},
};
use std::{process::Stdio, time::Duration};
use tokio::{process::Command, time::timeout};

/// How long a browser's starter may take to say that it cannot. One that goes on has become the browser.
const STARTER: Duration = Duration::from_secs(3);

/// Where the API is.
#[derive(Debug, serde::Serialize)]
pub struct OpenReport {
    /// The URL; atelier's own function is asked for the instance's status, and changes nothing.
    pub url: String,
    /// Whether a browser was given it; who has one is shown the dashboard instead.
    pub opened: bool,
}

impl Report for OpenReport {
    fn human(&self, page: &mut Page) {
        page.raw(&self.url);
    }
}

/// Runs `open`.
///
/// # Errors
/// That no engine runs or nothing is deployed. No browser is no error: the URL is printed in any case.
pub async fn run(context: &Context, _args: &cli::Open) -> Result<OpenReport> {
    let (url, request) = to_try(context).await?;
    let query = request.map(|request| format!("?{}", request.query())).unwrap_or_default();
    Ok(OpenReport { url: url + &query, opened: false })
}

/// Hands the URL to the first starter that takes it: the user's own (Codespaces sets `BROWSER`), then the system's.
pub(crate) async fn open(context: &Context, url: &str) -> bool {
    let own = context.settings.browser.as_deref();
    let system = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    for starter in own.into_iter().chain([system]) {
        let mut command = Command::new(starter);
        command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match timeout(STARTER, command.status()).await {
            Err(_) => return true,
            Ok(Ok(status)) if status.success() => return true,
            Ok(_) => {}
        }
    }
    false
}
