//! The vectors of the public AWS SigV4 test suite (2015-08-30, region `us-east-1`, service `service`), less those whose
//! paths or bytes no request here can have: dot segments, double slashes, spaces, folded headers, raw UTF-8.

use atelier::{
    edge::{
        keyring::{Key, Keyring},
        signature::Claim,
    },
    secret::Secret,
};
use time::macros::datetime;

const SCOPE: &str = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";
const SUITE_TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
const FORM: &str = "application/x-www-form-urlencoded";
const FORM_HASH: &str = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
const UNRESERVED: &str = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// One case: its request, and its signature in the header and in the query.
struct Vector {
    name: &'static str,
    method: &'static str,
    target: &'static str,
    headers: &'static [(&'static str, &'static str)],
    signed: &'static str,
    in_header: &'static str,
    in_query: &'static str,
}

const fn vector(
    name: &'static str,
    [method, target]: [&'static str; 2],
    headers: &'static [(&'static str, &'static str)],
    signed: &'static str,
    [in_header, in_query]: [&'static str; 2],
) -> Vector {
    Vector { name, method, target, headers, signed, in_header, in_query }
}

const VECTORS: &[Vector] = &[
    vector(
        "get-vanilla",
        ["GET", "/"],
        &[],
        "host",
        [
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d",
        ],
    ),
    vector(
        "get-vanilla-empty-query-key",
        ["GET", "/?Param1=value1"],
        &[],
        "host",
        [
            "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
            "49096700cbbaa5753443850f40df10f904fc2fdb544dc9512203cc77c471a9de",
        ],
    ),
    vector(
        "get-vanilla-query-order-encoded",
        ["GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1"],
        &[],
        "host",
        [
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
            "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787",
        ],
    ),
    vector(
        "get-vanilla-query-order-key-case",
        ["GET", "/?Param2=value2&Param1=value1"],
        &[],
        "host",
        [
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5",
        ],
    ),
    vector(
        "get-vanilla-query-unreserved",
        ["GET", "/?UNRESERVED=UNRESERVED"],
        &[],
        "host",
        [
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
            "8e76a88a7433637b12778d5592799b29ad21ecd6cf6325051c21d86f0acda2bf",
        ],
    ),
    vector(
        "get-unreserved",
        ["GET", "/UNRESERVED"],
        &[],
        "host",
        [
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
            "95968482db1b9e0fadef6efc1bd24689f77c77d9ef56919c96a28cc92e0d6005",
        ],
    ),
    vector(
        "get-header-key-duplicate",
        ["GET", "/"],
        &[("my-header1", "value2"), ("my-header1", "value2"), ("my-header1", "value1")],
        "host;my-header1",
        [
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
            "3349ee0b81b4b589da0ff28a395c3591e04de515651dd74f298fa992d1507a97",
        ],
    ),
    vector(
        "get-header-value-order",
        ["GET", "/"],
        &[("my-header1", "value4"), ("my-header1", "value1"), ("my-header1", "value3"), ("my-header1", "value2")],
        "host;my-header1",
        [
            "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
            "313720e71ca6202fdcfa9b20f88de01a4eb0638a83c833b1c184359a4eda864e",
        ],
    ),
    vector(
        "get-header-value-trim",
        ["GET", "/"],
        &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
        "host;my-header1;my-header2",
        [
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            "e7bb0fd515e125e1aec2ecc4c0c17484fb06f6846b927c35e46005dd3df3acd4",
        ],
    ),
    vector(
        "post-vanilla",
        ["POST", "/"],
        &[],
        "host",
        [
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b",
        ],
    ),
    vector(
        "post-vanilla-query",
        ["POST", "/?Param1=value1"],
        &[],
        "host",
        [
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
            "a9ef26247f293bffe40eeff86a0480ba8c14d31503b2e0c3399e3a16bf1a3682",
        ],
    ),
    vector(
        "post-header-key-sort",
        ["POST", "/"],
        &[("my-header1", "value1")],
        "host;my-header1",
        [
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            "c09d07e0d55871f10f2a6d350d994acf6825a3cae70673d7def55616e6119dd7",
        ],
    ),
    vector(
        "post-header-value-case",
        ["POST", "/"],
        &[("my-header1", "VALUE1")],
        "host;my-header1",
        [
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
            "0698bc9e4f7f9139065ba2909c0e99da257e8e2a42492a097bcd46d792391fed",
        ],
    ),
];

/// Verifies a request of the suite, at the suite's own time.
fn verifies(token: Option<&str>, request: http::request::Builder, body: &[u8]) -> bool {
    let keyring = Keyring::default();
    let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    keyring.insert("AKIDEXAMPLE", Key { secret, session_token: token.map(Secret::new) });
    let host = "example.amazonaws.com";
    let (parts, ()) = request.header("host", host).body(()).unwrap().into_parts();
    let now = datetime!(2015-08-30 12:36:00 UTC);
    Claim::of(&parts).and_then(|claim| claim.verify(&parts, body, &[host], &keyring, now)).is_ok()
}

fn authorization(signed: &str, signature: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders={signed}, Signature={signature}")
}

#[test]
fn the_suites_signed_headers_verify() {
    for Vector { name, method, target, headers, signed, in_header, .. } in VECTORS {
        let target = target.replace("UNRESERVED", UNRESERVED);
        let mut request = http::Request::builder().method(*method).uri(target);
        for (name, value) in *headers {
            request = request.header(*name, *value);
        }
        let request = request
            .header("x-amz-date", "20150830T123600Z")
            .header("authorization", authorization(&format!("{signed};x-amz-date"), in_header));
        assert!(verifies(None, request, b""), "{name}");
    }
}

#[test]
fn the_suites_presigned_urls_verify() {
    for Vector { name, method, target, headers, signed, in_query, .. } in VECTORS {
        let target = target.replace("UNRESERVED", UNRESERVED);
        let joint = if target.contains('?') { '&' } else { '?' };
        let mut request = http::Request::builder().method(*method).uri(format!(
            "{target}{joint}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date=20150830T123600Z\
             &X-Amz-SignedHeaders={}&X-Amz-Expires=3600&X-Amz-Signature={in_query}",
            SCOPE.replace('/', "%2F"),
            signed.replace(';', "%3B"),
        ));
        for (name, value) in *headers {
            request = request.header(*name, *value);
        }
        assert!(verifies(None, request, b""), "{name}");
    }
}

#[test]
fn the_suites_session_token_verifies() {
    let signature = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8";
    let request = http::Request::builder()
        .uri("/")
        .header("x-amz-date", "20150830T123600Z")
        .header("x-amz-security-token", SUITE_TOKEN)
        .header("authorization", authorization("host;x-amz-date;x-amz-security-token", signature));
    assert!(verifies(Some(SUITE_TOKEN), request, b""));
}

#[test]
fn the_suites_form_verifies() {
    let signed = "content-length;content-type;host;x-amz-content-sha256;x-amz-date";
    for (content_type, signature) in [
        (FORM.to_owned(), "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"),
        (format!("{FORM}; charset=utf-8"), "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"),
    ] {
        let request = http::Request::builder()
            .method("POST")
            .uri("/")
            .header("content-type", content_type)
            .header("content-length", "13")
            .header("x-amz-date", "20150830T123600Z")
            .header("x-amz-content-sha256", FORM_HASH)
            .header("authorization", authorization(signed, signature));
        assert!(verifies(None, request, b"Param1=value1"));
    }
}
