//! The page at `/` for a browser: what this is, in both languages, and nothing of what is behind it.
//!
//! Who follows the link of a forwarded port comes here. Programs get what they always got: they ask for no page.

use crate::{
    http1::Response,
    text::{Lang, Message},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderName, HeaderValue, Method, header, request::Parts};
use maud::{DOCTYPE, PreEscaped, html};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

const STYLE: &str = "html{color-scheme:light dark;font:100%/1.6 ui-sans-serif,system-ui,sans-serif}\
                     body{max-width:34rem;margin:16vh auto 0;padding:0 1.5rem}\
                     h1{font:600 1.7rem/1.2 \"Iowan Old Style\",Palatino,Georgia,serif}\
                     section+section{margin-top:2rem;padding-top:1rem;border-top:1px solid #8886}";

/// Whether this is a browser that looks at the door: it asks for a page, and claims nothing.
pub(super) fn is_wanted(parts: &Parts) -> bool {
    let is_root = parts.uri.path() == "/" && parts.uri.query().is_none();
    let is_look = matches!(parts.method, Method::GET | Method::HEAD);
    let claims = parts.headers.contains_key(header::AUTHORIZATION) || parts.headers.contains_key("x-amz-target");
    let mut accepted = parts.headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    is_root && is_look && !claims && accepted.any(names_html)
}

/// Whether `Accept` names HTML itself; what takes anything is a program.
fn names_html(accept: &str) -> bool {
    let mut kinds = accept.split(',').filter_map(|range| range.split(';').next());
    kinds.any(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
}

/// Writes the page; it is the same for everybody.
pub(super) fn page() -> Response {
    static PAGE: OnceLock<(String, String)> = OnceLock::new();
    let (page, policy) = PAGE.get_or_init(|| (text(), policy()));
    let mut response = Response::new(page.as_str().into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("vary"), "accept"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What the page may load: its own style.
fn policy() -> String {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn text() -> String {
    let say = |lang: Lang, key: &str| Message::new(key).render(lang);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "atelier" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    @for lang in [Lang::En, Lang::Fr] {
                        section lang=(lang.tag()) {
                            h1 { (say(lang, "welcome.title")) }
                            p {
                                @for (at, piece) in say(lang, "welcome.text").split('`').enumerate() {
                                    @if at % 2 == 1 { code { (piece) } } @else { (piece) }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_names_html_is_a_browser() {
        for accept in ["text/html", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "*/*, TEXT/HTML;q=0.1"] {
            assert!(names_html(accept), "{accept}");
        }
        for accept in ["*/*", "application/json", "", "text/htmlx", "text/*"] {
            assert!(!names_html(accept), "{accept}");
        }
    }
}
