//! Where the dashboard is served: which hosts and origins are its own, and whether a request came through the tunnel of a
//! Codespace.
//!
//! A web page can send requests to a loopback port, but it cannot choose `Host`, so a name that was rebound to a loopback
//! address shows there; and browsers say which page a write comes from.

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use std::sync::atomic::{AtomicBool, Ordering};

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The dashboard's own listener.
#[derive(Debug)]
pub(super) struct Place {
    port: u16,
    /// The name under which a Codespace forwards the port.
    forwarded: Option<String>,
    /// Whether that was seen to answer people who have not logged in.
    is_public: AtomicBool,
}

impl Place {
    pub(super) fn new(port: u16, forwarded: Option<String>) -> Self {
        Self { port, forwarded, is_public: AtomicBool::new(false) }
    }

    /// The base URL for people, without a slash at the end.
    pub(super) fn url(&self) -> String {
        match &self.forwarded {
            Some(host) => format!("https://{host}"),
            None => self.local_url(),
        }
    }

    /// The same on this machine.
    pub(super) fn local_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The URL that the tunnel gives the port.
    pub(super) fn forwarded_url(&self) -> Option<String> {
        self.forwarded.as_ref().map(|host| format!("https://{host}"))
    }

    /// Notes whether the tunnel lets everybody through.
    pub(super) fn is_seen_public(&self, is_public: bool) -> bool {
        self.is_public.swap(is_public, Ordering::Relaxed) != is_public && is_public
    }

    /// Whether a request is for one of the names that mean this listener, and for nothing else besides.
    pub(super) fn serves(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let Some(host) = only(headers, &header::HOST) else { return false };
        let named = uri.authority().is_none_or(|authority| self.is_own(authority.as_str()));
        named && self.is_own(host)
    }

    /// Whether a request came through the tunnel, and the tunnel is open to everybody.
    pub(super) fn is_exposed(&self, headers: &HeaderMap) -> bool {
        self.is_public.load(Ordering::Relaxed) && self.is_tunnelled(headers)
    }

    /// Whether a request came through the tunnel, behind which is https.
    pub(super) fn is_tunnelled(&self, headers: &HeaderMap) -> bool {
        let Some(forwarded) = &self.forwarded else { return false };
        let mut hosts = headers.get_all(header::HOST).iter().chain(headers.get_all(FORWARDED_HOST));
        hosts.any(|host| host.to_str().is_ok_and(|host| host.eq_ignore_ascii_case(forwarded)))
    }

    /// Whether a write comes from a page of ours. A page that tells nobody where it is (`Referrer-Policy: no-referrer`)
    /// sends its forms with the origin `null`; what else browsers say then decides. Programs say nothing.
    pub(super) fn is_own_write(&self, headers: &HeaderMap) -> bool {
        let mut sites = headers.get_all(FETCH_SITE).iter();
        let site = sites.next().map(HeaderValue::as_bytes);
        if sites.next().is_some() || site.is_some_and(|site| site != b"same-origin") {
            return false;
        }
        match (headers.contains_key(header::ORIGIN), only(headers, &header::ORIGIN)) {
            (false, _) => true,
            (true, Some("null")) => site.is_some(),
            (true, Some(origin)) => self.is_own_origin(origin),
            (true, None) => false,
        }
    }

    fn is_own_origin(&self, origin: &str) -> bool {
        match origin.split_once("://") {
            Some(("https", host)) => self.forwarded.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(host)),
            Some(("http", host)) => self.is_loopback(host),
            _ => false,
        }
    }

    fn is_own(&self, host: &str) -> bool {
        self.is_loopback(host) || self.forwarded.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(host))
    }

    fn is_loopback(&self, host: &str) -> bool {
        let Some((name, port)) = host.rsplit_once(':') else { return false };
        port == self.port.to_string()
            && ["127.0.0.1", "localhost", "[::1]"].iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// The value of a header that came once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, HeaderValue::from_static(value));
        }
        map
    }

    fn codespace() -> Place {
        Place::new(4576, Some("fuzzy-fish-4576.app.github.dev".to_owned()))
    }

    #[test]
    fn only_names_of_this_listener_are_served() {
        let place = codespace();
        let serves = |host: &'static str| place.serves(&headers(&[("host", host)]), &Uri::from_static("/"));
        for host in
            ["127.0.0.1:4576", "localhost:4576", "LocalHost:4576", "[::1]:4576", "fuzzy-fish-4576.app.github.dev"]
        {
            assert!(serves(host), "{host}");
        }
        for host in [
            "evil.example:4576",
            "127.0.0.1",
            "127.0.0.1:4566",
            "127.0.0.2:4576",
            "localhost.evil.example:4576",
            "fuzzy-fish-4566.app.github.dev",
            "0.0.0.0:4576",
            "",
        ] {
            assert!(!serves(host), "{host}");
        }
        assert!(!place.serves(&headers(&[]), &Uri::from_static("/")));
        assert!(
            !place.serves(&headers(&[("host", "localhost:4576"), ("host", "evil.example")]), &Uri::from_static("/"))
        );
        let absolute = Uri::from_static("http://evil.example/");
        assert!(!place.serves(&headers(&[("host", "localhost:4576")]), &absolute));
    }

    #[test]
    fn a_write_comes_from_a_page_of_ours_or_from_a_program() {
        let place = codespace();
        for own in [
            &[("origin", "http://127.0.0.1:4576")][..],
            &[("origin", "http://localhost:4576"), ("sec-fetch-site", "same-origin")],
            &[("origin", "https://fuzzy-fish-4576.app.github.dev")],
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
            &[],
        ] {
            assert!(place.is_own_write(&headers(own)), "{own:?}");
        }
        for foreign in [
            &[("origin", "null")][..],
            &[("origin", "null"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://127.0.0.1:4576")],
            &[("origin", "http://127.0.0.1:4566")],
            &[("origin", "http://127.0.0.1:4576.evil.example")],
            &[("origin", "http://127.0.0.1:4576"), ("sec-fetch-site", "cross-site")],
            &[("origin", "http://127.0.0.1:4576"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin"), ("origin", "null")],
        ] {
            assert!(!place.is_own_write(&headers(foreign)), "{foreign:?}");
        }
    }

    #[test]
    fn a_tunnel_that_is_open_to_all_is_told_once_and_refused() {
        let place = codespace();
        let (tunnel, here) =
            (headers(&[("host", "fuzzy-fish-4576.app.github.dev")]), headers(&[("host", "localhost:4576")]));
        assert!(place.is_tunnelled(&tunnel) && !place.is_exposed(&tunnel));
        assert!(place.is_seen_public(true) && !place.is_seen_public(true));
        assert!(place.is_exposed(&tunnel) && !place.is_exposed(&here));
        assert!(place.is_exposed(&headers(&[
            ("host", "localhost:4576"),
            ("x-forwarded-host", "fuzzy-fish-4576.app.github.dev")
        ])));
        assert!(!place.is_seen_public(false) && !place.is_exposed(&tunnel));
    }
}
