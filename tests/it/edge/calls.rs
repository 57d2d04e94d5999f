//! What the edge lets through, and how its answers look.

use super::{API, Door, KEY_ID, NOW, SECRET, config, signing::Signer};
use crate::support::raw::{Answer, Client};
use atelier::{
    edge::{
        Config,
        proof::{self, Challenge},
    },
    secret::Secret,
};
use http::{HeaderMap, request::Parts};
use std::time::Duration;

const PUBLIC: &str = "name-4566.app.github.dev";

/// Sends a signed request, with other header lines instead of the signed ones where they are given.
async fn send(door: &Door, parts: &Parts, instead: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut headers: Vec<(&str, &str)> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .filter(|(name, _)| !instead.iter().any(|(other, _)| other == name))
        .collect();
    headers.extend_from_slice(instead);
    door.ask(parts.method.as_str(), &parts.uri.to_string(), &headers, body).await
}

/// Whether an error has this code, where its protocol has it: Lambda's only in a header.
fn names(answer: &Answer, code: &str) -> bool {
    answer.header("x-amzn-errortype").map_or_else(|| answer.text().contains(code), |named| named == code)
}

#[tokio::test]
async fn both_url_forms_reach_the_api_and_nothing_undeployed_does() {
    let door = Door::open(config()).await;
    assert_eq!(door.get(&format!("{API}/infra?action=status")).await.text(), "/infra");
    assert_eq!(door.get("/_aws/execute-api/abc123/dev/infra").await.text(), "/infra");
    for target in ["/restapis/abc124/dev/_user_request_/infra", "/_aws/execute-api/abc123/prod/infra"] {
        let answer = door.get(target).await;
        assert_eq!((answer.status, answer.text().as_str()), (404, r#"{"error":"Not found","code":"not_found"}"#));
    }
    assert_eq!(door.seen(), ["api GET /infra", "api GET /infra"]);
    door.close().await;
}

#[tokio::test]
async fn health_is_told_without_a_signature() {
    let door = Door::open(config()).await;
    let answer = door.get("/healthz").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"status":"ok"}"#));
    door.close().await;
}

#[tokio::test]
async fn health_comes_with_a_proof_to_whoever_holds_the_key_and_asks_for_one() {
    let door = Door::open(config()).await;
    let asked = |secret: &str| Challenge::draw(KEY_ID, &Secret::new(secret)).unwrap();
    for (challenge, is_met) in [(asked(SECRET), true), (asked("another"), false)] {
        let answer = door.ask("GET", "/healthz", &[(proof::CHALLENGE, challenge.text())], b"").await;
        let proof = answer.header(proof::PROOF).unwrap().parse().unwrap();
        let headers = HeaderMap::from_iter([(proof::PROOF.parse().unwrap(), proof)]);
        assert_eq!((answer.status, challenge.is_met(&headers)), (200, is_met));
    }
    let answer = door.ask("GET", "/healthz", &[(proof::CHALLENGE, "x")], b"").await;
    assert_eq!((answer.status, answer.header(proof::PROOF)), (200, None));
    door.close().await;
}

#[tokio::test]
async fn a_405_names_the_methods_that_there_are() {
    let door = Door::open(config()).await;
    for (method, target, allow) in [
        ("TRACE", "/healthz", "GET, HEAD, OPTIONS"),
        ("DELETE", "/healthz", "GET, HEAD, OPTIONS"),
        ("TRACE", &format!("{API}/infra"), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ] {
        let answer = door.ask(method, target, &[], b"").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {target}");
    }
    door.close().await;
}

#[tokio::test]
async fn a_signed_call_reaches_the_engine_with_its_scope() {
    let door = Door::open(config()).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = b"Action=DescribeInstances&Version=2016-11-15";
    let parts = Signer { region: "eu-west-3", ..Signer::default() }.sign("POST", "/", &form, body);
    let answer = send(&door, &parts, &[], body).await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &body[..]));
    assert_eq!(door.seen(), ["aws ec2 eu-west-3 /"]);
    door.close().await;
}

#[tokio::test]
async fn a_presigned_url_reaches_the_engine() {
    let door = Door::open(config()).await;
    let signer = Signer { service: "sts", presign: Some(Duration::from_mins(1)), ..Signer::default() };
    let parts = signer.sign("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", &[], b"");
    assert_eq!(send(&door, &parts, &[], b"").await.status, 200);
    assert_eq!(door.seen().len(), 1);
    door.close().await;
}

#[tokio::test]
async fn behind_a_tunnel_the_signed_host_may_be_in_three_places_and_in_no_fourth() {
    let door = Door::open(Config { public_host: Some(PUBLIC.to_owned()), ..config() }).await;
    let other = "other-4566.app.github.dev";
    for (signed, headers, good) in [
        ("localhost:4566", vec![("host", "localhost:4566")], true),
        (PUBLIC, vec![("host", PUBLIC)], true),
        (PUBLIC, vec![("host", "localhost:4566"), ("x-forwarded-host", PUBLIC)], true),
        (PUBLIC, vec![("host", "localhost:4566")], true),
        (other, vec![("host", "localhost:4566"), ("x-forwarded-host", other)], true),
        (other, vec![("host", "localhost:4566")], false),
        (other, vec![("host", "localhost:4566"), ("x-original-host", other)], false),
        (other, vec![("host", "localhost:4566"), ("forwarded", "host=other-4566.app.github.dev")], false),
        (other, vec![("host", "localhost:4566"), ("x-forwarded-host", PUBLIC), ("x-forwarded-host", other)], false),
        (other, vec![("host", other)], false),
    ] {
        let parts = Signer { host: signed, ..Signer::default() }.sign("POST", "/", &[], b"");
        let answer = send(&door, &parts, &headers, b"").await;
        assert_eq!(answer.status, if good { 200 } else { 403 }, "{signed} {headers:?}");
    }
    assert_eq!(door.seen().len(), 5);
    door.close().await;
}

#[tokio::test]
async fn a_refused_call_is_worded_as_its_service_words_it() {
    let door = Door::open(config()).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (body, start) in [
        (
            &b"Action=DescribeInstances&Version=2016-11-15"[..],
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors>",
        ),
        (
            b"Action=GetCallerIdentity&Version=2011-06-15",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ErrorResponse><Error><Type>Sender</Type>",
        ),
    ] {
        let answer = door.ask("POST", "/", &form, body).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().starts_with(start), "{}", answer.text());
        assert!(answer.text().contains("<Code>MissingAuthenticationToken</Code>"));
        let message = "eval &quot;$(atelier env)&quot;";
        assert!(answer.text().contains(message), "{}", answer.text());
    }
    let unsigned = b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r&WebIdentityToken=t";
    let answer = door.ask("POST", "/", &form, unsigned).await;
    assert_eq!(answer.status, 501, "nobody signs it");
    assert!(answer.text().contains("<Code>NotImplemented</Code>"), "{}", answer.text());
    let answer = door.get("/2015-03-31/functions").await;
    assert_eq!(answer.header("x-amzn-errortype"), Some("MissingAuthenticationTokenException"));
    assert!(answer.text().contains("\"__type\":\"MissingAuthenticationTokenException\""));

    for (service, codes) in [
        ("ec2", ["AuthFailure", "SignatureDoesNotMatch", "RequestExpired"]),
        ("iam", ["InvalidClientTokenId", "SignatureDoesNotMatch", "SignatureDoesNotMatch"]),
        ("lambda", ["UnrecognizedClientException", "InvalidSignatureException", "InvalidSignatureException"]),
    ] {
        let good = Signer { service, ..Signer::default() };
        let unknown = Signer { key_id: "AKIDOTHER", ..good.clone() }.sign("GET", "/", &[], b"");
        let mut changed = good.sign("GET", "/", &[], b"");
        changed.method = http::Method::POST;
        let old = Signer { at: NOW - time::Duration::hours(1), ..good }.sign("GET", "/", &[], b"");
        for (parts, code) in [unknown, changed, old].iter().zip(codes) {
            let answer = send(&door, parts, &[], b"").await;
            assert_eq!(answer.status, 403);
            assert!(names(&answer, code), "{service} {code}: {answer:?}");
        }
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn every_answer_carries_its_id_and_may_not_be_kept() {
    let door = Door::open(config()).await;
    let api = format!("{API}/infra");
    let unsigned = ("authorization", "AWS4-HMAC-SHA256 nonsense");
    let large = vec![b'a'; 11 * 1024 * 1024];
    let answers = [
        door.get("/healthz").await,
        door.get("/").await,
        door.get("/_localstack/health").await,
        door.get("//").await,
        door.ask("OPTIONS", &api, &[("origin", "https://evil.example")], b"").await,
        door.ask("GET", &api, &[("origin", "https://evil.example")], b"").await,
        door.ask("GET", &api, &[("host", "evil.example")], b"").await,
        door.ask("POST", "/", &[unsigned], b"").await,
        door.ask("POST", &api, &[], &large).await,
        crate::support::raw::refused(door.address, "GET / HTTP/1.0\r\n\r\n").await,
    ];
    for answer in answers {
        assert!(answer.header("x-request-id").is_some_and(|id| id.len() > 16), "{answer:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{answer:?}");
    }
    door.close().await;
}

#[tokio::test]
async fn what_an_api_answers_for_itself_is_left_as_it_is() {
    let door = Door::open(config()).await;
    for (method, headers) in [
        ("GET", vec![]),
        ("GET", vec![("origin", "https://elsewhere.example")]),
        ("POST", vec![("sec-fetch-site", "cross-site")]),
        ("OPTIONS", vec![("origin", "https://elsewhere.example")]),
    ] {
        let answer = door.ask(method, &format!("{API}/open"), &headers, b"").await;
        assert_eq!(answer.status, 200, "{method} {headers:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!((answer.header("cache-control"), answer.header("x-content-type-options")), (None, None));
        assert!(answer.header("x-request-id").is_some());
    }
    assert_eq!(door.seen(), ["api GET /open", "api GET /open", "api POST /open", "api OPTIONS /open"]);
    let body = vec![b'a'; 9 * 1024 * 1024];
    assert_eq!(door.ask("POST", &format!("{API}/open"), &[], &body).await.status, 200);
    door.close().await;
}

#[tokio::test]
async fn a_clients_own_request_id_is_used_only_when_it_is_clean() {
    let door = Door::open(config()).await;
    let clean = door.ask("GET", "/healthz", &[("x-request-id", "abc-1.2_3")], b"").await;
    assert_eq!(clean.header("x-request-id"), Some("abc-1.2_3"));
    let long = "a".repeat(65);
    for id in ["", "a b", "a\"b", "<script>", "a,b", &long] {
        let answer = door.ask("GET", "/healthz", &[("x-request-id", id)], b"").await;
        assert_ne!(answer.header("x-request-id"), Some(id));
    }
    let twice = door.ask("GET", "/healthz", &[("x-request-id", "a"), ("x-request-id", "a")], b"").await;
    assert_ne!(twice.header("x-request-id"), Some("a"));
    door.close().await;
}

#[tokio::test]
async fn options_asks_nobody_and_tells_only_allowed_origins() {
    let door = Door::open(Config { cors_origins: vec!["https://good.example".to_owned()], ..config() }).await;
    let target = format!("{API}/infra");
    for origin in ["https://good.example", "https://evil.example", "https://good.example.evil.example", "null"] {
        let good = origin == "https://good.example";
        let answer = door.ask("OPTIONS", &target, &[("origin", origin)], b"").await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), good.then_some(origin));
        for header in ["access-control-allow-methods", "access-control-allow-headers"] {
            assert_eq!(answer.header(header).is_some(), good, "{origin}: {header}");
        }
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    let answer = door.ask("GET", &target, &[("origin", "https://good.example")], b"").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("https://good.example")));
    assert_eq!(answer.header("vary"), Some("origin"));
    door.close().await;
}

#[tokio::test]
async fn only_who_claims_a_known_key_may_send_a_large_body() {
    let door = Door::open(config()).await;
    let body = vec![b'a'; 2 * 1024 * 1024];
    let signer = Signer { service: "lambda", ..Signer::default() };
    let parts = signer.sign("POST", "/2015-03-31/functions", &[], &body);
    assert_eq!(send(&door, &parts, &[], &body).await.status, 200);
    let stranger = Signer { key_id: "AKIDOTHER", ..signer }.sign("POST", "/2015-03-31/functions", &[], &body);
    assert_eq!(send(&door, &stranger, &[], &body).await.status, 413);
    assert_eq!(door.ask("POST", "/healthz", &[], &body).await.status, 405);
    // An API takes what API Gateway takes.
    assert_eq!(door.ask("POST", &format!("{API}/infra"), &[], &body).await.status, 200);
    assert_eq!(door.ask("POST", &format!("{API}/infra"), &[], &vec![b'a'; 10 * 1024 * 1024 + 1]).await.status, 413);
    assert_eq!(door.seen().len(), 2);
    assert_ne!(KEY_ID, "AKIDOTHER");
    door.close().await;
}

#[tokio::test]
async fn a_request_in_flight_ends_before_the_edge_does() {
    let door = Door::open(config()).await;
    let mut client = Client::connect(door.address).await;
    client.send(super::raw("GET", &format!("{API}/slow"), &[], b"")).await;
    door.recorder.arrived.acquire().await.unwrap().forget();
    door.shutdown.cancel();
    door.recorder.gate.add_permits(1);
    assert_eq!(client.answer().await.unwrap().status, 200);
    door.task.await.unwrap();
}

#[tokio::test]
async fn a_good_signature_for_a_region_or_service_that_is_not_here_is_refused_as_aws_refuses_it() {
    let door = Door::open(config()).await;
    for (region, service, said) in [
        ("us-east-1", "s3", "The service 's3' is not implemented"),
        ("us-east-1", "dynamodb", "The service 'dynamodb' is not implemented"),
        ("us-east-1", "route53", "The service 'route53' is not implemented"),
        ("us-east-1", "execute-api", "The service 'execute-api' is not implemented"),
        ("us-east-9", "ec2", "Credential should be scoped to a valid Region, not 'us-east-9'"),
        ("mars", "iam", "Credential should be scoped to a valid Region, not 'mars'"),
        ("mars-north-1", "lambda", "Credential should be scoped to a valid Region, not 'mars-north-1'"),
    ] {
        for presign in [None, Some(Duration::from_mins(1))] {
            let parts = Signer { region, service, presign, ..Signer::default() }.sign("GET", "/", &[], b"");
            let answer = send(&door, &parts, &[], b"").await;
            let is_here = !said.starts_with("The service");
            assert_eq!(answer.status, if is_here { 403 } else { 501 }, "{region} {service}");
            // XML and JSON each have their way of writing an apostrophe.
            let text = answer.text().replace("&apos;", "'");
            assert!(text.contains(said), "{region} {service}: {text}");
            let code = match service {
                _ if !is_here => "NotImplemented",
                "ec2" | "iam" => "SignatureDoesNotMatch",
                _ => "InvalidSignatureException",
            };
            assert!(names(&answer, code), "{region} {service}: {answer:?}");
        }
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}
