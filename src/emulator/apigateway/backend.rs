//! A server as a backend, over HTTP.
//!
//! What is called out is chosen by who made the API, never by who calls it, and only where AWS could call too: public
//! addresses. Loopback is let pass, because that is where backends under test are; private networks, link-local
//! addresses (where clouds keep credentials) and everything else are not. Redirects are not followed.

use super::failure::Failure;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{
            HttpConnector,
            dns::{GaiResolver, Name},
        },
    },
    rt::TokioExecutor,
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll},
};
use tower_service::Service;

/// API Gateway's own limit on what a backend answers.
const MAX_BODY: usize = 10 * 1024 * 1024;

/// What may not stand in a part of a path; slashes may, for greedy parameters.
const ESCAPED_IN_PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'`').add(b'{').add(b'}').add(b'%');
/// Headers that concern one connection, or that the way to the backend writes itself.
const NOT_PASSED: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Tells whether a header goes on to a backend, or from it to the caller.
pub(in crate::emulator) fn is_passed(name: &str) -> bool {
    !NOT_PASSED.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Writes a text as a part of a path, or as several.
pub(in crate::emulator) fn in_path(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED_IN_PATH).to_string()
}

/// A backend's answer.
pub(in crate::emulator) struct Answer {
    pub(in crate::emulator) status: StatusCode,
    pub(in crate::emulator) headers: HeaderMap,
    pub(in crate::emulator) body: Bytes,
}

type Connector = HttpsConnector<HttpConnector<Guarded>>;

/// The way out; root certificates are read once. None when the machine has no root certificates.
static CONNECTOR: LazyLock<io::Result<Connector>> = LazyLock::new(|| {
    let mut connector = HttpConnector::new_with_resolver(Guarded(GaiResolver::new()));
    connector.set_connect_timeout(Some(crate::deadlines::CONNECT));
    connector.set_nodelay(true);
    connector.enforce_http(false);
    let tls = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1();
    Ok(tls.wrap_connector(connector))
});

/// Calls a server, and reads the whole of its answer.
pub(in crate::emulator) async fn call(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Answer, Failure> {
    // Names are resolved by the guarded resolver; addresses are not resolved at all.
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    if host.parse::<IpAddr>().is_ok_and(|address| !may_be_called(address)) {
        tracing::warn!(%uri, "an integration calls an address that AWS could not call");
        return Err(Failure::NoBackend);
    }
    let connector = CONNECTOR.as_ref().map_err(|error| {
        tracing::warn!(%error, "there are no root certificates");
        Failure::NoBackend
    })?;
    let mut request = Request::new(Full::new(body));
    (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, uri.clone(), headers);
    // No connection is kept: backends of tests come and go.
    let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector.clone());
    let response = client.request(request).await.map_err(|error| {
        tracing::warn!(%uri, %error, "an integration's server does not answer");
        Failure::NoBackend
    })?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(|error| {
        tracing::warn!(%uri, error, "the answer of an integration's server was broken off or is too large");
        Failure::BadAnswer
    })?;
    Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() })
}

/// Resolves names to addresses that may be called.
#[derive(Clone)]
struct Guarded(GaiResolver);

impl Service<Name> for Guarded {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolved = self.0.call(name);
        Box::pin(async move {
            let addresses: Vec<_> = resolved.await?.filter(|address| may_be_called(address.ip())).collect();
            if addresses.is_empty() {
                return Err(io::Error::other("the name has no address that AWS could call"));
            }
            Ok(addresses.into_iter())
        })
    }
}

/// Tells whether an address is a public one or loopback.
fn may_be_called(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || is_public(address),
        IpAddr::V6(address) => address.is_loopback() || is_public_6(address),
    }
}

fn is_public(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocols = (a, b, c) == (192, 0, 0);
    let benchmarks = a == 198 && matches!(b, 18 | 19);
    a != 0
        && a < 224
        && !(address.is_private() || address.is_link_local() || address.is_documentation())
        && !(shared || protocols || benchmarks)
}

fn is_public_6(address: Ipv6Addr) -> bool {
    // What is given out to the public internet (2000::/3), without what is written for documentation; the addresses
    // that hold an IPv4 address of somebody else's choice (6to4, Teredo) are not.
    let segments = address.segments();
    segments[0] & 0xe000 == 0x2000
        && segments[0] != 0x2002
        && !(segments[0] == 0x2001 && matches!(segments[1], 0 | 0xdb8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_and_loopback_are_called() {
        for address in ["127.0.0.1", "127.9.9.9", "::1", "93.184.216.34", "2606:2800:220:1::1", "::ffff:127.0.0.1"] {
            assert!(may_be_called(address.parse().unwrap()), "{address}");
        }
        for address in [
            "169.254.169.254",
            "10.0.0.1",
            "172.17.0.1",
            "192.168.1.1",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "::",
            "255.255.255.255",
            "fe80::1",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "2002:a9fe:a9fe::1",
            "198.18.0.1",
        ] {
            assert!(!may_be_called(address.parse().unwrap()), "{address}");
        }
    }
}
