//! How a request came to the edge: by the tunnel or not, for which hosts it may be signed, and from a page of which site.
//!
//! A web page in the user's browser can send requests to a loopback port, but browsers say where a request comes from
//! (`Origin`, `Sec-Fetch-Site`). Not here: whether a host is this door's ([`crate::hosts`]).

use crate::hosts::is_public;
use http::{HeaderMap, HeaderName, HeaderValue, header};

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The headers in which an answer says what pages of other sites may do.
const TOLD_TO_PAGES: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

/// Takes off an answer what it says about pages of other sites: whoever decides that says it anew.
pub fn silence(headers: &mut HeaderMap) {
    for name in &TOLD_TO_PAGES {
        headers.remove(name);
    }
}

/// Tells whether a request came by the public URL, through the tunnel: by its `Host`, or by what the tunnel puts in its
/// place. Nothing else that a client can write counts.
#[must_use]
pub fn is_tunnelled(headers: &HeaderMap, public_host: Option<&str>) -> bool {
    let Some(public) = public_host else { return false };
    let hosts = headers.get_all(header::HOST).iter().chain(headers.get_all(FORWARDED_HOST));
    hosts.filter_map(|host| host.to_str().ok()).any(|host| is_public(host, public))
}

/// Lists the hosts that a client may have signed, in the order of their likelihood: as it arrived, as the tunnel says,
/// as configured. There is no fourth.
#[must_use]
pub fn signed_candidates<'a>(headers: &'a HeaderMap, public_host: Option<&'a str>) -> Vec<&'a str> {
    let mut candidates = Vec::with_capacity(3);
    let mut forwarded = headers.get_all(FORWARDED_HOST).iter();
    let forwarded = forwarded.next().filter(|_| forwarded.next().is_none());
    for host in [text(headers.get(header::HOST)), text(forwarded), public_host].into_iter().flatten() {
        if !candidates.contains(&host) {
            candidates.push(host);
        }
    }
    candidates
}

/// Where a request comes from, as far as a browser tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Site {
    /// Not from a page, or from a page of this very door.
    Own,
    /// From a page of an origin that may call.
    Allowed(HeaderValue),
    /// From a page of anybody else.
    Foreign,
}

/// Tells where a request comes from. Allowed origins are exact (`https://example.org`).
#[must_use]
pub fn site(headers: &HeaderMap, public_host: Option<&str>, allowed: &[String]) -> Site {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(_), Some(_)) => Site::Foreign,
        (Some(origin), None) => {
            let name = text(Some(origin)).unwrap_or_default();
            if allowed.iter().any(|known| known == name) {
                Site::Allowed(origin.clone())
            } else if is_own(name, headers, public_host) {
                Site::Own
            } else {
                Site::Foreign
            }
        }
        // Without `Origin`, a GET: an image, a link, a frame. `none` is the address bar.
        (None, _) if headers.contains_key(FETCH_SITE) => {
            let own = headers.get_all(FETCH_SITE).iter().all(|site| site == "none" || site == "same-origin");
            if own { Site::Own } else { Site::Foreign }
        }
        // An old browser says nothing but the page that the request comes from.
        (None, _) => {
            let mut pages = headers.get_all(header::REFERER).iter();
            let own = pages.all(|page| is_ours_or_allowed(page, headers, public_host, allowed));
            if own { Site::Own } else { Site::Foreign }
        }
    }
}

/// Tells whether an origin is that of this very door.
fn is_own(origin: &str, headers: &HeaderMap, public_host: Option<&str>) -> bool {
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    host.is_some_and(|host| text(headers.get(header::HOST)) == Some(host) || public_host == Some(host))
}

fn is_ours_or_allowed(page: &HeaderValue, headers: &HeaderMap, public_host: Option<&str>, allowed: &[String]) -> bool {
    let page = text(Some(page)).unwrap_or_default();
    let scheme = page.find("://").map_or(0, |at| at + 3);
    let origin = page[scheme..].find(['/', '?', '#']).map_or(page, |end| &page[..scheme + end]);
    allowed.iter().any(|known| known == origin) || is_own(origin, headers, public_host)
}

fn text(value: Option<&HeaderValue>) -> Option<&str> {
    value.and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_another_site_is_foreign() {
        let allowed = vec!["https://good.example".to_owned()];
        for (headers, expected) in [
            (vec![("host", "x:1")], "own"),
            (vec![("host", "x:1"), ("sec-fetch-site", "none")], "own"),
            (vec![("host", "x:1"), ("sec-fetch-site", "same-origin")], "own"),
            (vec![("host", "x:1"), ("origin", "http://x:1"), ("sec-fetch-site", "same-origin")], "own"),
            (vec![("host", "localhost:1"), ("origin", "https://public.example")], "own"),
            (vec![("host", "x:1"), ("origin", "https://good.example"), ("sec-fetch-site", "cross-site")], "allowed"),
            (vec![("host", "x:1"), ("sec-fetch-site", "cross-site")], "foreign"),
            (vec![("host", "x:1"), ("sec-fetch-site", "same-site")], "foreign"),
            (vec![("host", "x:1"), ("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")], "foreign"),
            (vec![("host", "x:1"), ("referer", "http://x:1/page")], "own"),
            (vec![("host", "x:1"), ("referer", "https://public.example")], "own"),
            (vec![("host", "x:1"), ("referer", "https://good.example/page?x")], "own"),
            (vec![("host", "x:1"), ("referer", "https://evil.example/http://x:1/")], "foreign"),
            (vec![("host", "x:1"), ("referer", "https://good.example.evil.example/")], "foreign"),
            (vec![("host", "x:1"), ("referer", "https://good.example@evil.example/")], "foreign"),
            (vec![("host", "x:1"), ("referer", "about:blank")], "foreign"),
            (vec![("host", "x:1"), ("referer", "https://evil.example/"), ("sec-fetch-site", "none")], "own"),
            (vec![("host", "x:1"), ("origin", "null")], "foreign"),
            (vec![("host", "x:1"), ("origin", "http://x:2")], "foreign"),
            (vec![("host", "x:1"), ("origin", "https://good.example.evil.example")], "foreign"),
            (vec![("host", "x:1"), ("origin", "http://good.example")], "foreign"),
            (vec![("host", "x:1"), ("origin", "https://good.example"), ("origin", "https://evil.example")], "foreign"),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in &headers {
                map.append(*name, HeaderValue::from_static(value));
            }
            let site = match site(&map, Some("public.example"), &allowed) {
                Site::Own => "own",
                Site::Allowed(_) => "allowed",
                Site::Foreign => "foreign",
            };
            assert_eq!(site, expected, "{headers:?}");
        }
    }
}
