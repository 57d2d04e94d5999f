//! The signature check: nobody gets in without the secret, whatever is sent; and what was signed and then changed
//! verifies only when it still says the same.

#![no_main]

use atelier_fuzz::{
    edge::{
        canonical::{Canonical, Scope, sha256, sign},
        origin,
        keyring::{Key, Keyring},
        signature::Claim,
    },
    http1::Limits,
    request,
    secret::Secret,
};
use http::{HeaderName, HeaderValue, Method, request::Parts};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use time::{OffsetDateTime, macros::datetime};

/// What the owner signs with; nobody else names its key id.
const SECRET: &str = "the owner signs with this";

/// The key id that the seeds name; what they are signed with is another secret.
fn keyring() -> &'static Keyring {
    static KEYRING: OnceLock<Keyring> = OnceLock::new();
    KEYRING.get_or_init(|| {
        let keyring = Keyring::default();
        keyring.insert("AKIDTEST", Key { secret: Secret::new("nobody signs with this"), session_token: None });
        keyring.insert("AKIDOWNER", Key { secret: Secret::new(SECRET), session_token: None });
        keyring
    })
}

fuzz_target!(|bytes: &[u8]| {
    let Some(request) = request(bytes, &Limits::edge()) else { return };
    let (parts, body) = request.into_parts();
    let candidates = origin::signed_candidates(&parts.headers, Some("name-4566.app.github.dev"));
    assert!(candidates.len() <= 3);
    let now = datetime!(2026-01-02 03:04:05 UTC);
    let verified = Claim::of(&parts).and_then(|claim| claim.verify(&parts, &body, &candidates, keyring(), now));
    assert!(verified.is_err());
    sign_then_mutate(parts, &body, now);
});

/// Signs what was sent, as the owner would; then changes one byte of what is covered.
fn sign_then_mutate(mut parts: Parts, body: &[u8], now: OffsetDateTime) {
    for name in ["authorization", "date", "x-amz-content-sha256", "x-amz-security-token"] {
        parts.headers.remove(name);
    }
    let others: Vec<HeaderName> =
        parts.headers.keys().filter(|name| name.as_str().starts_with("x-amz-")).cloned().collect();
    for name in others {
        parts.headers.remove(name);
    }
    parts.headers.insert("x-amz-date", HeaderValue::from_static("20260102T030405Z"));
    let host = parts.headers["host"].to_str().unwrap_or_default().to_owned();
    let scope = Scope { date: "20260102".into(), region: "us-east-1".into(), service: "ec2".into() };
    let list = "host;x-amz-date";
    let hash = Canonical::new(&parts, "ec2", list, false).hash(&host, &sha256(body)).expect("the headers are there");
    let signature = sign(&Secret::new(SECRET), &scope, "20260102T030405Z", &hash);
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDOWNER/20260102/us-east-1/ec2/aws4_request, SignedHeaders={list}, \
         Signature={signature}"
    );
    parts.headers.insert("authorization", HeaderValue::try_from(authorization).expect("plain text"));
    let verify = |parts: &Parts, body: &[u8], host: &str| Claim::of(parts)?.verify(parts, body, &[host], keyring(), now);
    let query = parts.uri.query().unwrap_or_default();
    // A target that is itself presigned claims two signatures, which is refused.
    let claims_twice = query.contains("Amz-") || query.contains('%');
    assert!(verify(&parts, body, &host).is_ok() || claims_twice);

    assert!(verify(&parts, &[body, b"x"].concat(), &host).is_err());
    assert!(verify(&parts, body, "another.example").is_err() || host == "another.example");
    let mut other = parts.clone();
    other.method = if parts.method == Method::PUT { Method::POST } else { Method::PUT };
    assert!(verify(&other, body, &host).is_err());
    let joint = if parts.uri.query().is_some() { '&' } else { '?' };
    if let Ok(uri) = format!("{}{joint}extra=1", parts.uri).parse() {
        other = parts.clone();
        other.uri = uri;
        assert!(verify(&other, body, &host).is_err());
    }
    if let Ok(uri) = format!("/x{}", parts.uri).parse() {
        other = parts.clone();
        other.uri = uri;
        assert!(verify(&other, body, &host).is_err());
    }
    other = parts;
    other.headers.insert("x-amz-date", HeaderValue::from_static("20260102T030406Z"));
    assert!(verify(&other, body, &host).is_err());
}
