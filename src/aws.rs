//! The one place that builds AWS SDK clients.
//!
//! The SDK crates come without a default connector, so a client that is built elsewhere compiles and fails at its
//! first call. Retries are off: a call with an unknown outcome is for the caller to look into, never to repeat blindly.

use crate::{calls, deadlines};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::config::StalledStreamProtectionConfig;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::HttpRequest,
        runtime_components::RuntimeComponents,
    },
    shared::IntoShared,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
use http_body_util::Limited;
use std::time::Duration;

/// The longest wait for a TCP connection.
pub const CONNECT_TIMEOUT: Duration = deadlines::CONNECT;
/// The longest wait for the answer of one AWS call.
pub const CALL_TIMEOUT: Duration = deadlines::CALL;

/// The longest answer that is read, in bytes: more than the 6 MB of a function's, the largest that AWS gives.
pub const LONGEST_ANSWER: usize = 8 * 1024 * 1024;

/// Where an AWS API answers, and who asks.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The URL of a local engine; `None` is AWS itself.
    pub endpoint: Option<String>,
    /// The region, as AWS names it (`us-east-1`).
    pub region: String,
    /// Who signs.
    pub credentials: SharedCredentialsProvider,
}

impl Connection {
    /// Makes the configuration that every SDK client of this connection is built from; they share its connections.
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .operation_attempt_timeout(CALL_TIMEOUT)
            .build();
        let mut config = SdkConfig::builder()
            .behavior_version(aws_sdk_ec2::config::BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials.clone())
            .http_client(http_client(self.endpoint.as_deref()))
            .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(
                aws_smithy_async::rt::sleep::TokioSleep::new(),
            ))
            .timeout_config(timeouts)
            // It measures bodies as they stream; ours are in memory, and the deadlines above end a call that stalls.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::disabled());
        if let Some(endpoint) = &self.endpoint {
            config = config.endpoint_url(endpoint);
        }
        config.build()
    }
}

/// Loading root certificates is the largest cost at start (5 ms): an endpoint in plain HTTP does without TLS.
fn http_client(endpoint: Option<&str>) -> SharedHttpClient {
    if endpoint.is_some_and(|url| url.starts_with("http://")) {
        Watched(Builder::new().build_http()).into_shared()
    } else {
        let crypto = tls::rustls_provider::CryptoMode::Ring;
        Watched(Builder::new().tls_provider(tls::Provider::Rustls(crypto)).build_https()).into_shared()
    }
}

/// An HTTP client, or a connector of one, whose calls are told, and whose answers are broken off after
/// [`LONGEST_ANSWER`]: the SDK reads whatever comes into memory.
#[derive(Debug)]
struct Watched<T>(T);

impl HttpClient for Watched<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Watched(self.0.http_connector(settings, components)))
    }
}

impl HttpConnector for Watched<SharedHttpConnector> {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let call = calls::begin(&mut request);
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await;
            call.end(answer.as_ref().ok().map(|answer| answer.status().as_u16()));
            Ok(answer?.map(|body| SdkBody::from_body_1_x(Limited::new(body, LONGEST_ANSWER))))
        })
    }
}
