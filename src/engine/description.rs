//! An engine that answers, as the stack and the commands see it.

use super::{facts::Facts, local::is_loopback_url};
use crate::{aws::Connection, marks::STAGE, names::ApiId, proxy::ProxyAddress};
use std::time::Duration;

/// An engine that answers, and what the stack must know of it.
#[derive(Clone)]
pub struct Engine {
    /// What is particular about its kind.
    pub facts: &'static Facts,
    /// The AWS API as this process reaches it.
    pub connection: Connection,
    /// Base URL of deployed APIs for people (`https://…-4566.app.github.dev`, `http://127.0.0.1:4566`), no slash at
    /// the end; on AWS it depends on the API's id and is `None`.
    pub public_url: Option<String>,
    /// The AWS API as the function reaches it; `None` leaves the function's SDK alone (AWS).
    pub internal_endpoint: Option<String>,
    /// The docker proxy as the function reaches it.
    pub docker: Option<ProxyAddress>,
    /// The tag that pins an API's id at its creation, where the engine has one.
    pub api_id_tag: Option<&'static str>,
    /// The engine's session: another one than last time means that it was restarted. `None` where `up` did not start it.
    pub session: Option<String>,
    /// The longest that the user lets anything take (`--timeout`); calls have bounds of their own below it.
    pub patience: Duration,
}

impl Engine {
    /// Returns the URL of a deployed API's stage in the form that the workshop uses, without a slash at the end.
    #[must_use]
    pub fn api_url(&self, api: &ApiId) -> String {
        match &self.public_url {
            Some(base) => format!("{base}/restapis/{api}/{STAGE}/_user_request_"),
            None => format!("https://{api}.execute-api.{}.amazonaws.com/{STAGE}", self.connection.region),
        }
    }

    /// Whether it is the one that `up` started here: not AWS, and not somebody else's (`--endpoint`).
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.session.is_some()
    }

    /// Whether the public URL works on this machine only.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.public_url.as_deref().is_some_and(is_loopback_url)
    }
}
