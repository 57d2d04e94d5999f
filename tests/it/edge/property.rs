//! Whatever bytes a client sends, the engine sees one of a few templates or nothing.

use super::{API, forward::Pair, signing::Signer};
use crate::support::raw::Client;
use proptest::prelude::*;

/// Pieces of requests: what the edge knows, and what others could read differently.
const PIECES: &[&str] = &[
    "GET",
    "POST",
    "DELETE",
    "OPTIONS",
    " ",
    "/",
    "//",
    "/restapis",
    "/restapis/abc123",
    "/restapis/other",
    "/dev",
    "/_user_request_",
    "/_aws/execute-api",
    "/abc123",
    "/infra",
    "/healthz",
    "/_localstack/health",
    "/moto-api/reset",
    "/..",
    "/.",
    "%2f",
    "%2e%2e",
    "%252e",
    "%5c",
    "%00",
    "?",
    "?Action=RunInstances",
    "?X-Amz-Signature=0",
    "&X%2DAmz-Date=1",
    ";",
    "\\",
    " HTTP/1.1",
    " HTTP/1.0",
    "\r\n",
    "\n",
    "host: localhost",
    "host: evil.example",
    "x-forwarded-host: evil.example",
    "origin: https://evil.example",
    "authorization: AWS4-HMAC-SHA256 Credential=AKIDTEST/20260102/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0",
    "x-amz-target: Logs_20140328.DescribeLogGroups",
    "x-http-method-override: DELETE",
    "content-length: 0",
    "content-length: 5",
    "transfer-encoding: chunked",
    "connection: upgrade",
    "0\r\n\r\n",
    "{}",
    "\0",
    "\u{e9}",
];

/// Bytes near the grammar: allowed requests with pieces put in, doubled or replaced.
fn near_requests() -> impl Strategy<Value = String> {
    let pieces =
        |most| proptest::collection::vec(proptest::sample::select(PIECES), 0..most).prop_map(|pieces| pieces.concat());
    let start = proptest::sample::select(
        &["GET ", "POST ", "GET /restapis/abc123/dev/_user_request_", "POST /_aws/execute-api/abc123/dev", ""][..],
    );
    (start, pieces(6), pieces(5)).prop_map(|(start, target, extra)| {
        format!("{start}{target} HTTP/1.1\r\nhost: localhost:4566\r\n{extra}\r\n\r\n")
    })
}

/// A signed request, with one piece put somewhere.
fn signed_requests() -> impl Strategy<Value = String> {
    let signed = ["/", "/2015-03-31/functions", "/restapis/abc123/stages/dev"].map(|target| {
        let parts = Signer::default().sign("GET", target, &[], b"");
        let headers = parts.headers.iter();
        let lines: Vec<_> = headers.map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap())).collect();
        format!("GET {target} HTTP/1.1\r\n{}\r\n", lines.concat())
    });
    (proptest::sample::select(signed.to_vec()), proptest::sample::select(PIECES), any::<proptest::sample::Index>())
        .prop_map(|(mut request, piece, at)| {
            request.insert_str(at.index(request.len()), piece);
            request
        })
}

/// Tells whether the engine may see a request of a stranger.
fn is_template(line: &str) -> bool {
    let (method, target) = line.split_once(' ').unwrap();
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let below = [API, "/_aws/execute-api/abc123/dev"].iter().find_map(|stage| path.strip_prefix(stage));
    matches!(line, "GET /restapis?limit=500" | "GET /restapis/abc123/stages" | "GET /_localstack/health")
        || below.is_some_and(|below| {
            ["GET", "POST", "DELETE", "HEAD", "PUT", "PATCH"].contains(&method)
                && (below.is_empty() || below.starts_with('/'))
                && has_one_reading(below)
        })
}

/// Tells whether a path has the same segments for whoever decodes it never, once, twice or three times, and none of
/// them leads elsewhere.
fn has_one_reading(path: &str) -> bool {
    let mut reading = path.as_bytes().to_vec();
    (0..4).all(|_| {
        let safe = |&byte: &u8| byte != b'\\' && !byte.is_ascii_control();
        let stays = |segment: &[u8]| segment != b"." && segment != b"..";
        let segments = reading.split(|&byte| byte == b'/').count();
        let one = segments == path.split('/').count()
            && !reading.windows(2).any(|pair| pair == b"//")
            && reading.iter().all(safe)
            && reading.split(|&byte| byte == b'/').all(stays);
        reading = percent_encoding::percent_decode(&reading).collect();
        one
    })
}

/// Tells whether the engine may see it of somebody who has signed it: those paths, as they were signed.
fn is_signed_template(line: &str) -> bool {
    let signed = ["GET /", "GET /2015-03-31/functions", "GET /restapis/abc123/stages/dev"];
    is_template(line) || signed.contains(&line)
}

/// Sends each of these on a connection of its own; gives what the engine saw.
fn seen(requests: &[Vec<u8>]) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pair = Pair::open().await;
        for bytes in requests {
            let mut client = Client::connect(pair.edge).await;
            client.send(bytes).await;
            client.finish().await;
            client.drain().await;
        }
        let seen = pair.seen();
        pair.close().await;
        seen
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_stranger_sends_the_engine_sees_one_of_the_templates(
        requests in proptest::collection::vec(near_requests(), 1..6),
        noise in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let bytes: Vec<Vec<u8>> = requests.into_iter().map(String::into_bytes).chain([noise]).collect();
        let seen = seen(&bytes);
        prop_assert!(seen.iter().all(|line| is_template(line)), "{:?}", seen);
    }

    #[test]
    fn whatever_is_put_into_a_signed_request_the_engine_sees_what_was_signed_or_nothing(
        requests in proptest::collection::vec(signed_requests(), 1..6),
    ) {
        let bytes: Vec<Vec<u8>> = requests.into_iter().map(String::into_bytes).collect();
        let seen = seen(&bytes);
        prop_assert!(seen.iter().all(|line| is_signed_template(line)), "{:?}", seen);
    }
}
