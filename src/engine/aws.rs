//! The `aws` engine: the cloud itself, with the user's own credentials from the SDK's default chain.
//!
//! Chosen by `--engine aws` only, never by default. There is nothing to start or stop, and no record: nothing that is
//! remembered may send a later command to the cloud.

use super::{
    component::{Component, Health},
    description::Engine,
};
use crate::{
    aws::Connection,
    engine_kind::EngineKind,
    error::{Code, Error, Result},
    settings::{Origin, Settings},
    text::Message,
};
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_http_client::{Builder, tls};
use aws_types::region::Region;
use std::time::Duration;
use tokio::time::timeout;

/// How long credentials may take: a program or a session that gives them is slow, and a machine outside AWS never answers.
const CREDENTIALS: Duration = Duration::from_secs(4);

/// The refusal of `up` and `down`.
pub(crate) fn nothing_to_start() -> Error {
    Error::new(Code::BadSetting)
        .with("name", "engine")
        .with("value", EngineKind::Aws)
        .with_message("rule", Message::new("rule.engine_to_start"))
}

/// The refusal of a container beside it.
pub(super) fn without_docker() -> Error {
    Error::new(Code::BadSetting)
        .with("name", "engine")
        .with("value", EngineKind::Aws)
        .with_message("rule", Message::new("rule.engine_with_docker"))
}

/// Connects with the default chain's credentials; the region is `--region` where given, else the profile's. The API is
/// AWS's own unless the chain names an endpoint, as for every other AWS tool.
pub(super) async fn connect(settings: &Settings) -> Result<Engine> {
    let http = Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https();
    let mut loader = aws_config::defaults(aws_sdk_ec2::config::BehaviorVersion::latest()).http_client(http);
    if settings.region.origin != Origin::Default {
        loader = loader.region(Region::new(settings.region.value.clone()));
    }
    let config = loader.load().await;
    let credentials = config.credentials_provider().ok_or_else(no_credentials)?;
    let region = config.region().map_or_else(|| settings.region.value.clone(), ToString::to_string);
    // What stands in for AWS, for whoever says so to every AWS tool (`AWS_ENDPOINT_URL`): the chain has read it.
    let endpoint = config.endpoint_url().map(|url| url.trim_end_matches('/').to_owned());
    Ok(Engine {
        facts: EngineKind::Aws.facts(),
        connection: Connection { endpoint: endpoint.clone(), region, credentials },
        public_url: endpoint,
        internal_endpoint: None,
        docker: None,
        api_id_tag: None,
        session: None,
        patience: settings.timeout.value,
    })
}

/// Whether the default chain gives credentials. A machine of AWS is asked for its own, which elsewhere nobody answers.
async fn has_credentials(settings: &Settings) -> bool {
    let found = async {
        let engine = connect(settings).await.ok()?;
        engine.connection.credentials.provide_credentials().await.ok()
    };
    timeout(CREDENTIALS, found).await.ok().flatten().is_some()
}

/// The error of a machine without credentials.
pub(crate) fn no_credentials() -> Error {
    let message = Message::new("engine.no_credentials");
    Error { message, ..Error::new(Code::NotRunning).hint(Message::new("hint.aws_credentials")) }
}

/// What `status` says of the cloud without calling it: without credentials nobody can tell how it is.
pub(super) async fn component(settings: &Settings) -> Component {
    let (health, detail) = if has_credentials(settings).await {
        (Health::Healthy, Message::literal(&settings.region.value))
    } else {
        (Health::Unknown, Message::new("engine.no_credentials"))
    };
    Component { name: "aws".to_owned(), kind: "cloud", health, detail, image: None, url: None, pid: None }
}
