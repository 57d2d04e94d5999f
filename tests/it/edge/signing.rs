//! Signatures, with the AWS SDK's own signer as the client.

use super::{KEY_ID, NOW, SECRET, keyring};
use atelier::{
    edge::{
        canonical::{Canonical, Scope, sha256, sign as sign_hash},
        signature::{Claim, Denied, Verified},
    },
    secret::Secret,
};
use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{prelude::*, sample::Index};
use std::time::{Duration, SystemTime};
use time::OffsetDateTime;

/// How a test client signs.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    pub(crate) key_id: &'static str,
    pub(crate) token: Option<&'static str>,
    pub(crate) host: &'static str,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    pub(crate) at: OffsetDateTime,
    pub(crate) presign: Option<Duration>,
    pub(crate) payload_header: bool,
    pub(crate) unsigned_payload: bool,
}

impl Default for Signer {
    fn default() -> Self {
        Self {
            key_id: KEY_ID,
            token: None,
            host: "localhost:4566",
            region: "us-east-1",
            service: "ec2",
            at: NOW,
            presign: None,
            payload_header: false,
            unsigned_payload: false,
        }
    }
}

impl Signer {
    /// Signs a request, which ends up with its target in origin form and a `Host`.
    pub(crate) fn sign(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Parts {
        let mut request = http::Request::builder().method(method).uri(format!("http://{}{target}", self.host));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(()).unwrap();
        let identity = Credentials::new(self.key_id, SECRET, self.token.map(str::to_owned), None, "tests").into();
        let mut settings = SigningSettings::default();
        if let Some(expires) = self.presign {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(expires);
        }
        if self.payload_header {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        if self.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(SystemTime::from(self.at))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let payload = if self.unsigned_payload { SignableBody::UnsignedPayload } else { SignableBody::Bytes(body) };
        let uri = request.uri().to_string();
        let signable = SignableRequest::new(method, &uri, headers.iter().copied(), payload).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        let (mut parts, ()) = request.into_parts();
        parts.uri = parts.uri.path_and_query().unwrap().as_str().parse().unwrap();
        parts.headers.insert("host", self.host.parse().unwrap());
        parts
    }
}

fn check(parts: &Parts, body: &[u8]) -> Result<Verified, Denied> {
    check_at(parts, body, NOW)
}

fn check_at(parts: &Parts, body: &[u8], now: OffsetDateTime) -> Result<Verified, Denied> {
    let host = parts.headers["host"].to_str().unwrap();
    Claim::of(parts)?.verify(parts, body, &[host], &keyring(), now)
}

/// Changes one thing of a signed request that its signature covers.
fn tamper(parts: &mut Parts, body: &mut Vec<u8>, what: u8, at: Index) {
    let swap = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        let place = at.index(bytes.len());
        bytes[place] = if bytes[place] == b'1' { b'2' } else { b'1' };
        String::from_utf8(bytes).unwrap()
    };
    match what {
        0 => parts.method = http::Method::PATCH,
        1 => parts.uri = format!("/1{}", parts.uri).parse().unwrap(),
        2 => {
            let joint = if parts.uri.query().is_some() { '&' } else { '?' };
            parts.uri = format!("{}{joint}extra=1", parts.uri).parse().unwrap();
        }
        3 => match body.len() {
            0 => body.push(b'x'),
            length => body[at.index(length)] ^= 1,
        },
        4 => match parts.headers.get("x-amz-test").map(|value| swap(value.to_str().unwrap())) {
            Some(value) => drop(parts.headers.insert("x-amz-test", value.parse().unwrap())),
            None => drop(parts.headers.insert("x-amz-test", "added".parse().unwrap())),
        },
        5 => drop(parts.headers.append("x-amz-test", "again".parse().unwrap())),
        6 => drop(parts.headers.insert("host", "other:4566".parse().unwrap())),
        _ => match parts.headers.get("authorization") {
            // Any byte of the credential, the list or the signature.
            Some(value) => {
                let text = value.to_str().unwrap();
                let fields = text.split_once(' ').unwrap().1;
                let changed = format!("AWS4-HMAC-SHA256 {}", swap(fields));
                parts.headers.insert("authorization", changed.parse().unwrap());
            }
            None => parts.uri = format!("/?{}", swap(parts.uri.query().unwrap())).parse().unwrap(),
        },
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

prop_compose! {
    fn request()(
        method in "GET|POST|PUT|DELETE",
        path in proptest::collection::vec("[ -~é]{1,6}".prop_filter("a dot segment", |s| s != "." && s != ".."), 0..4),
        plain in "[a-z0-9:@!$&'()*+,;=._~-]{0,4}x",
        query in proptest::collection::vec(("[ -~é]{1,4}", "[ -~é]{0,4}"), 0..4),
        header in proptest::option::of(" {0,2}[!-~]{1,3}( {1,3}[!-~]{1,3}){0,2} {0,2}"),
        body in proptest::collection::vec(any::<u8>(), 0..40),
    ) -> (String, String, Option<String>, Vec<u8>) {
        let segments: Vec<String> = path.iter().map(|segment| escaped(segment)).chain([plain]).collect();
        let mut target = format!("/{}", segments.join("/"));
        let pairs: Vec<String> = query.iter().map(|(k, v)| format!("{}={}", escaped(k), escaped(v))).collect();
        if !pairs.is_empty() {
            target = format!("{target}?{}", pairs.join("&"));
        }
        (method, target, header, body)
    }
}

prop_compose! {
    fn signer()(
        service in prop_oneof!["ec2", "lambda", "apigateway", "s3"].prop_map(|name| match name.as_str() {
            "ec2" => "ec2", "lambda" => "lambda", "s3" => "s3", _ => "apigateway",
        }),
        temporary in any::<bool>(),
        presigned in any::<bool>(),
        payload_header in any::<bool>(),
    ) -> Signer {
        Signer {
            service,
            key_id: if temporary { "ASIATEST" } else { KEY_ID },
            token: temporary.then_some("the/session+token="),
            presign: presigned.then_some(Duration::from_mins(5)),
            payload_header,
            ..Signer::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn what_the_sdk_signs_verifies(
        (method, target, header, body) in request(),
        signer in signer(),
    ) {
        let headers: Vec<_> = header.iter().map(|value| ("x-amz-test", value.as_str())).collect();
        let parts = signer.sign(&method, &target, &headers, &body);
        let verified = check(&parts, &body);
        prop_assert_eq!(verified.map(|verified| verified.service), Ok(signer.service.to_owned()));
    }

    #[test]
    fn whatever_is_changed_after_signing_is_refused(
        (method, target, header, body) in request(),
        signer in signer(),
        what in 0_u8..9,
        at in any::<Index>(),
    ) {
        let headers: Vec<_> = header.iter().map(|value| ("x-amz-test", value.as_str())).collect();
        let mut parts = signer.sign(&method, &target, &headers, &body);
        let mut body = body;
        tamper(&mut parts, &mut body, what, at);
        prop_assert!(check(&parts, &body).is_err(), "{:?}", parts);
    }

    #[test]
    fn no_text_in_the_place_of_a_signature_panics_or_verifies(
        authorization in "(AWS4-HMAC-SHA256 )?[ -~]{0,80}",
        query in "[!-~&&[^#?<>\"`{}^|\\\\]]{0,80}",
    ) {
        let mut request = http::Request::builder().uri("/").header("host", "localhost:4566").body(()).unwrap();
        if let Ok(uri) = format!("/?X-Amz-Signature=0&{query}").parse() {
            *request.uri_mut() = uri;
        }
        prop_assert!(check(&request.clone().into_parts().0, b"").is_err());
        request.headers_mut().insert("authorization", authorization.parse().unwrap());
        *request.uri_mut() = "/".parse().unwrap();
        prop_assert!(check(&request.into_parts().0, b"").is_err());
    }
}

#[test]
fn a_signature_is_good_for_a_quarter_of_an_hour_either_way() {
    let parts = Signer::default().sign("GET", "/", &[], b"");
    for (minutes, good) in [(-16, false), (-15, true), (0, true), (15, true), (16, false)] {
        let verified = check_at(&parts, b"", NOW + time::Duration::minutes(minutes));
        assert_eq!(verified.is_ok(), good, "{minutes} min");
        assert!(good || matches!(verified, Err(Denied::Expired(_))));
    }
}

#[test]
fn a_presigned_url_is_good_until_it_expires() {
    let signer = Signer { presign: Some(Duration::from_hours(1)), ..Signer::default() };
    let parts = signer.sign("GET", "/?Action=DescribeInstances", &[], b"");
    for (minutes, good) in [(-16, false), (-15, true), (60, true), (61, false)] {
        assert_eq!(check_at(&parts, b"", NOW + time::Duration::minutes(minutes)).is_ok(), good, "{minutes} min");
    }
    for (from, to) in [("3600", "7200"), ("3600", "0"), ("3600", "604801"), ("3600", "-1"), ("3600", "+3600")] {
        let mut parts = signer.sign("GET", "/", &[], b"");
        let changed = parts.uri.to_string().replace(&format!("Expires={from}"), &format!("Expires={to}"));
        parts.uri = changed.parse().unwrap();
        assert!(check(&parts, b"").is_err(), "{to}");
    }
}

#[test]
fn an_unsigned_payload_is_accepted_of_s3_where_the_signature_says_so_and_of_no_other_service() {
    for (service, good) in [("s3", true), ("ec2", false), ("lambda", false), ("iam", false), ("logs", false)] {
        let signed = Signer { unsigned_payload: true, payload_header: true, service, ..Signer::default() };
        let presigned = Signer { unsigned_payload: true, presign: Some(Duration::from_mins(1)), ..signed.clone() };
        for signer in [signed, presigned] {
            let verified = check(&signer.sign("PUT", "/", &[], b""), b"anything");
            assert_eq!(verified.is_ok(), good, "{service}");
            assert!(good || verified == Err(Denied::Mismatch), "{service}");
        }
        let mut unsigned_header = Signer { service, ..Signer::default() }.sign("PUT", "/", &[], b"");
        unsigned_header.headers.insert("x-amz-content-sha256", "UNSIGNED-PAYLOAD".parse().unwrap());
        assert!(check(&unsigned_header, b"anything").is_err(), "{service}");
    }
}

/// Presigns `GET /` with exactly these parameters, whatever they say.
fn presigned(parameters: &[(&str, &str)]) -> Parts {
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let uri = format!("/?{}", pairs.join("&"));
    let (mut parts, ()) =
        http::Request::builder().uri(&uri).header("host", "localhost:4566").body(()).unwrap().into_parts();
    let scope = Scope { date: "20260102".into(), region: "us-east-1".into(), service: "ec2".into() };
    let hash = Canonical::new(&parts, "ec2", "host", true).hash("localhost:4566", &sha256(b"")).unwrap();
    let signature = sign_hash(&Secret::new(SECRET), &scope, "20260102T030405Z", &hash);
    parts.uri = format!("{uri}&X-Amz-Signature={signature}").parse().unwrap();
    parts
}

const PARAMETERS: [(&str, &str); 5] = [
    ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
    ("X-Amz-Credential", "AKIDTEST%2F20260102%2Fus-east-1%2Fec2%2Faws4_request"),
    ("X-Amz-Date", "20260102T030405Z"),
    ("X-Amz-Expires", "60"),
    ("X-Amz-SignedHeaders", "host"),
];

#[test]
fn the_life_of_a_presigned_url_is_a_plain_number_from_a_second_to_a_week() {
    for (expires, good) in [
        ("1", true),
        ("60", true),
        ("604800", true),
        ("0", false),
        ("604801", false),
        ("", false),
        ("060", false),
        ("+60", false),
        ("%2B60", false),
        ("-1", false),
        ("6e1", false),
        ("60.0", false),
        ("%2060", false),
        ("99999999999999999999999", false),
    ] {
        let mut parameters = PARAMETERS;
        parameters[3].1 = expires;
        let verified = check(&presigned(&parameters), b"");
        assert_eq!(verified.is_ok(), good, "{expires}: {verified:?}");
        let said = verified.err().map(|denied| denied.to_string());
        assert!(good || said.is_some_and(|said| said.starts_with("X-Amz-Expires must be")), "{expires}");
    }
}

#[test]
fn a_presigned_url_lives_to_its_last_second() {
    for (expires, last) in [("1", 1), ("604800", 604_800)] {
        let mut parameters = PARAMETERS;
        parameters[3].1 = expires;
        let parts = presigned(&parameters);
        assert!(check_at(&parts, b"", NOW + time::Duration::seconds(last)).is_ok(), "{expires}");
        let late = check_at(&parts, b"", NOW + time::Duration::seconds(last + 1));
        assert!(matches!(late, Err(Denied::Expired(_))), "{expires}: {late:?}");
    }
}

#[test]
fn a_presigned_url_with_a_parameter_twice_or_not_at_all_is_incomplete() {
    assert!(check(&presigned(&PARAMETERS), b"").is_ok());
    for (index, (name, value)) in PARAMETERS.into_iter().enumerate() {
        for again in [name.to_owned(), name.replace("X-", "X%2D"), name.replace("Amz", "%41mz")] {
            for other in [value, "", "other"] {
                let parameters = [&PARAMETERS[..], &[(again.as_str(), other)]].concat();
                let denied = check(&presigned(&parameters), b"");
                assert!(matches!(denied, Err(Denied::Incomplete(_))), "{again}={other}: {denied:?}");
            }
        }
        let others: Vec<_> = PARAMETERS.into_iter().enumerate().filter(|(i, _)| *i != index).map(|(_, p)| p).collect();
        assert!(matches!(check(&presigned(&others), b""), Err(Denied::Incomplete(_))), "{name}");
    }
    for again in ["X-Amz-Signature=0", "X%2DAmz-Signature=0"] {
        let mut parts = presigned(&PARAMETERS);
        parts.uri = format!("{}&{again}", parts.uri).parse().unwrap();
        assert!(matches!(check(&parts, b""), Err(Denied::Incomplete(_))), "{again}");
    }
    for name in ["X-Amz-Security-Token", "X%2DAmz-Security-Token"] {
        let parameters = [&PARAMETERS[..], &[(name, "a"), ("X-Amz-Security-Token", "b")]].concat();
        assert!(matches!(check(&presigned(&parameters), b""), Err(Denied::Incomplete(_))), "{name}");
    }
}

#[test]
fn chunked_signing_and_wrong_payload_hashes_are_refused() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for payload in ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x", "", empty] {
        let parts = Signer::default().sign("PUT", "/", &[("x-amz-content-sha256", payload)], b"body");
        assert_eq!(check(&parts, b"body"), Err(Denied::Mismatch), "{payload}");
    }
}

#[test]
fn a_session_token_must_be_the_keys_own() {
    let good = Signer { key_id: "ASIATEST", token: Some("the/session+token="), ..Signer::default() };
    assert!(check(&good.sign("GET", "/", &[], b""), b"").is_ok());
    for (key_id, token) in [("ASIATEST", None), ("ASIATEST", Some("another")), (KEY_ID, Some("the/session+token="))] {
        let parts = Signer { key_id, token, ..Signer::default() }.sign("GET", "/", &[], b"");
        assert_eq!(check(&parts, b""), Err(Denied::UnknownKey), "{key_id} {token:?}");
    }
    let parts = Signer { key_id: "AKIDOTHER", ..Signer::default() }.sign("GET", "/", &[], b"");
    assert_eq!(check(&parts, b""), Err(Denied::UnknownKey));
}

#[test]
fn the_scope_tells_service_and_region() {
    let signer = Signer { region: "eu-west-3", service: "logs", ..Signer::default() };
    let verified = check(&signer.sign("POST", "/", &[], b""), b"").unwrap();
    assert_eq!((verified.region.as_str(), verified.service.as_str()), ("eu-west-3", "logs"));
    for (from, to) in [("eu-west-3", "us-east-1"), ("logs", "ec2"), ("20260102", "20260103"), ("eu-west-3", "..")] {
        let mut parts = signer.sign("POST", "/", &[], b"");
        let changed = parts.headers["authorization"].to_str().unwrap().replacen(from, to, 1);
        parts.headers.insert("authorization", changed.parse().unwrap());
        assert!(check(&parts, b"").is_err(), "{from} -> {to}");
    }
}

#[test]
fn the_date_header_stands_in_for_x_amz_date() {
    let scope = Scope { date: "20260102".into(), region: "us-east-1".into(), service: "ec2".into() };
    let unsigned = http::Request::builder().uri("/").header("host", "localhost:4566");
    let (mut parts, ()) = unsigned.header("date", "Fri, 02 Jan 2026 03:04:05 GMT").body(()).unwrap().into_parts();
    let hash = Canonical::new(&parts, "ec2", "date;host", false).hash("localhost:4566", &sha256(b"")).unwrap();
    let signature = sign_hash(&Secret::new(SECRET), &scope, "20260102T030405Z", &hash);
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={KEY_ID}/20260102/us-east-1/ec2/aws4_request,SignedHeaders=date;host,\
         Signature={signature}"
    );
    parts.headers.insert("authorization", authorization.parse().unwrap());
    assert!(check(&parts, b"").is_ok());
    parts.headers.insert("date", "Fri, 02 Jan 2026 03:04:06 GMT".parse().unwrap());
    assert_eq!(check(&parts, b""), Err(Denied::Mismatch));
    parts.headers.remove("date");
    assert!(matches!(check(&parts, b""), Err(Denied::Incomplete(_))));
}

#[test]
fn a_signature_in_two_places_is_refused() {
    let header = Signer::default().sign("GET", "/", &[], b"");
    for name in ["X-Amz-Signature", "X%2DAmz-Signature", "X-Amz-Algorithm"] {
        let mut parts = header.clone();
        parts.uri = format!("/?{name}=0").parse().unwrap();
        assert!(matches!(check(&parts, b""), Err(Denied::Incomplete(_))), "{name}");
    }
    let mut twice = header.clone();
    let again = twice.headers["authorization"].clone();
    twice.headers.append("authorization", again);
    assert!(matches!(check(&twice, b""), Err(Denied::Incomplete(_))));
}

#[test]
fn different_bytes_are_different_also_when_they_are_not_text() {
    let signer = Signer { presign: Some(Duration::from_mins(1)), ..Signer::default() };
    let mut parts = signer.sign("GET", "/?a=%EF%BF%BD", &[], b"");
    assert!(check(&parts, b"").is_ok());
    parts.uri = parts.uri.to_string().replace("%EF%BF%BD", "%FF").parse().unwrap();
    assert_eq!(check(&parts, b""), Err(Denied::Mismatch));
}
