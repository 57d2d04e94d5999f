//! What the edge of a lenient engine lets pass, and for whom.
//!
//! For whoever calls on this machine, or from a container on it (`near.rs`). What has come through anything that
//! forwards is a stranger's, unless the engine is lenient in public: every kind of forwarding that is known to be one
//! counts, and one that leaves no trace (a bare TCP tunnel) cannot be told.
//!
//! Not here: what a page in a browser may do, which is nothing here either ([`super::origin`]).

use super::{
    canonical::ALGORITHM,
    near::is_near,
    origin::is_tunnelled,
    signature::{self, Claim, Denied, Verified},
    welcome,
};
use crate::{hosts, lenience::Lenience};
use http::{HeaderValue, Method, header, request::Parts};

/// What forwards puts on: any of these says that a request comes from elsewhere.
const FORWARDED: [&str; 12] = [
    "cf-connecting-ip",
    "cf-ray",
    "fly-client-ip",
    "forwarded",
    "true-client-ip",
    "tailscale-user-login",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-original-host",
    "x-real-ip",
];

/// The region of a call that names none.
const UNSIGNED_REGION: &str = "us-east-1";
/// How the targets of services begin: of those that are here, and of those that are asked for most and are not.
const TARGETS: [(&str, &str); 15] = [
    ("AWSCognitoIdentityProviderService.", "cognito-idp"),
    ("AWSEvents.", "events"),
    ("AWSStepFunctions.", "states"),
    ("AmazonEC2ContainerServiceV20141113.", "ecs"),
    ("AmazonSQS.", "sqs"),
    ("AmazonSSM.", "ssm"),
    ("CertificateManager.", "acm"),
    ("DynamoDB_20120810.", "dynamodb"),
    ("DynamoDBStreams_20120810.", "dynamodb"),
    ("Firehose_20150804.", "firehose"),
    ("GraniteServiceVersion20100801.", "monitoring"),
    ("Kinesis_20131202.", "kinesis"),
    ("Logs_20140328.", "logs"),
    ("TrentService.", "kms"),
    ("secretsmanager.", "secretsmanager"),
];
/// The versions of services that are asked by parameters, each its own; likewise.
const VERSIONS: [(&str, &str); 10] = [
    ("2010-03-31", "sns"),
    ("2010-05-08", "iam"),
    ("2010-05-15", "cloudformation"),
    ("2010-08-01", "monitoring"),
    ("2011-01-01", "autoscaling"),
    ("2011-06-15", "sts"),
    ("2012-11-05", "sqs"),
    ("2014-10-31", "rds"),
    ("2015-12-01", "elasticloadbalancing"),
    ("2016-11-15", "ec2"),
];
/// How the paths of services begin; likewise. Any other date is one of Lambda's, whose operations have each their own, and
/// any other path is that of a bucket.
const PATHS: [(&str, &str); 8] = [
    ("/2013-04-01/", "route53"),
    ("/2015-02-01/", "elasticfilesystem"),
    ("/2020-05-31/", "cloudfront"),
    ("/apikeys", "apigateway"),
    ("/restapis", "apigateway"),
    ("/service/GraniteServiceVersion20100801/", "monitoring"),
    ("/usageplans", "apigateway"),
    ("/v2/apis", "apigateway"),
];

/// Tells whether the engine is lenient for whoever sends this.
pub(super) fn is_for(lenience: Lenience, parts: &Parts, public_host: Option<&str>) -> bool {
    let headers = &parts.headers;
    match lenience {
        Lenience::Off => false,
        Lenience::On if !is_near(parts) => false,
        Lenience::On => {
            // A public URL that is this machine's own is what `LocalStack`'s users put where nothing is before it; who
            // calls by that name has come through nothing.
            let tunnel = public_host.filter(|host| !hosts::is_here(host));
            !is_tunnelled(headers, tunnel) && !FORWARDED.iter().any(|name| headers.contains_key(*name))
        }
        Lenience::Public => true,
    }
}

/// A page of `LocalStack`'s own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// The services and whether they run.
    Health,
    /// The steps of the start, with the state of each.
    Init,
    /// Whether everything that is to happen at the start has happened.
    Ready,
    /// What answers.
    Info,
    /// The door itself, at which scripts look whether anybody answers.
    Root,
}

/// Finds the page that a request asks for.
pub(super) fn page(parts: &Parts) -> Option<Page> {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return None;
    }
    match parts.uri.path() {
        "/" => {
            let is_call = parts.uri.query().is_some()
                || parts.headers.contains_key(header::AUTHORIZATION)
                || parts.headers.contains_key("x-amz-target");
            (!is_call && !welcome::is_wanted(parts)).then_some(Page::Root)
        }
        "/_localstack/health" | "/health" => Some(Page::Health),
        "/_localstack/init" => Some(Page::Init),
        "/_localstack/init/ready" => Some(Page::Ready),
        "/_localstack/info" => Some(Page::Info),
        _ => None,
    }
}

/// Takes a call's word for who calls, and for what; only its form is checked. A presigned URL is a link that anybody's
/// page may hold, so that one has to be signed with credentials that are known.
pub(super) fn at_its_word(parts: &Parts) -> Option<Verified> {
    let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
    let authorization = headers.next().filter(|_| headers.next().is_none())?.to_str().ok()?;
    let fields = authorization.strip_prefix(ALGORITHM).filter(|rest| rest.starts_with([' ', ',']))?;
    let credential = fields.split([',', ' ']).find_map(|field| field.strip_prefix("Credential="))?;
    let (access_key_id, scope) = signature::credential_scope(credential).ok()?;
    let plain = (1..=128).contains(&access_key_id.len()) && access_key_id.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then_some(Verified { access_key_id, region: scope.region, service: scope.service, is_lent: false })
}

/// Whether a call may be taken for its owner's although nobody has signed it. Nothing that a page in a browser can send may:
/// it could be sent without anybody's knowledge, as a signature cannot.
pub(super) fn may_be_unsigned(parts: &Parts) -> bool {
    let is_browser = |agent: &HeaderValue| agent.as_bytes().starts_with(b"Mozilla/");
    let is_plain = !parts.headers.contains_key(header::ORIGIN)
        && !parts.headers.contains_key("sec-fetch-site")
        && !parts.headers.get_all(header::USER_AGENT).iter().any(is_browser);
    is_plain && matches!(Claim::of(parts), Err(Denied::Missing))
}

/// Takes an unsigned call for what it looks like, as `LocalStack` does; it says neither who calls nor in which region. A
/// service that is not here is named as well, so that it can be said which is missing.
pub(super) fn unsigned(parts: &Parts, body: &[u8]) -> Option<Verified> {
    let service = may_be_unsigned(parts).then(|| service_of(parts, body)).flatten()?;
    let (access_key_id, region) = (String::new(), UNSIGNED_REGION.to_owned());
    Some(Verified { access_key_id, region, service: service.to_owned(), is_lent: false })
}

/// The service of a call by what it looks like: its target, the version of its parameters, its path.
fn service_of<'a>(parts: &'a Parts, body: &[u8]) -> Option<&'a str> {
    let of = |known: &[(&str, &'static str)], text: &str| {
        known.iter().find(|(start, _)| text.starts_with(start)).map(|(_, service)| *service)
    };
    if let Some(target) = parts.headers.get("x-amz-target") {
        let target = target.to_str().ok()?;
        // Of others, what they call themselves.
        return of(&TARGETS, target).or_else(|| Some(target.split_once('.')?.0));
    }
    if parts.uri.path() != "/" {
        let path = parts.uri.path();
        return of(&PATHS, path)
            .or_else(|| is_dated(path).then_some("lambda"))
            .or_else(|| is_of_bucket(path).then_some("s3"));
    }
    let lists = [parts.uri.query().unwrap_or_default().as_bytes(), body];
    let mut pairs = lists.iter().flat_map(|list| list.split(|&byte| byte == b'&'));
    let version = pairs.find_map(|pair| std::str::from_utf8(pair).ok()?.strip_prefix("Version="))?;
    of(&VERSIONS, version)
}

/// Tells whether a path begins with the date of an API's version.
fn is_dated(path: &str) -> bool {
    let date = path[1..].split_once('/').map_or("", |(date, _)| date);
    let has_form = |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    date.len() == 10 && date.bytes().enumerate().all(has_form)
}

/// Tells whether a path begins with what may be the name of a bucket.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
fn is_of_bucket(path: &str) -> bool {
    let name = path.strip_prefix('/').unwrap_or_default().split('/').next().unwrap_or_default();
    let may_be = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    (3..=63).contains(&name.len()) && name.bytes().all(may_be)
}

/// Names an AWS call for people: its service and its operation, where the call carries its name, else method and path.
pub(super) fn call(service: &str, parts: &Parts, body: &[u8]) -> String {
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()?.rsplit('.').next());
    let action =
        || body.split(|&byte| byte == b'&').find_map(|pair| std::str::from_utf8(pair).ok()?.strip_prefix("Action="));
    // Smithy's RPC v2 has it in the path.
    let rpc = parts.uri.path().split_once("/operation/").map(|(_, name)| name);
    match target.or(rpc).or_else(action) {
        Some(operation) => format!("{service} {operation}"),
        None => format!("{service} {} {}", parts.method, parts.uri.path()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::Peer;

    fn parts(headers: &[(&'static str, &'static str)]) -> Parts {
        let mut request = http::Request::new(());
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        request.extensions_mut().insert(Peer("127.0.0.1:9".parse().unwrap()));
        request.into_parts().0
    }

    #[test]
    fn what_was_forwarded_is_a_strangers_unless_lenience_is_public() {
        let public = Some("a.example");
        let local = parts(&[("host", "localhost:4566")]);
        assert!(is_for(Lenience::On, &local, public));
        assert!(!is_for(Lenience::Off, &local, public));
        for header in
            [("host", "a.example"), ("x-forwarded-host", "a.example"), ("x-forwarded-for", "1.2.3.4"), ("via", "x")]
        {
            let forwarded = parts(&[header]);
            assert!(!is_for(Lenience::On, &forwarded, public), "{header:?}");
            assert!(is_for(Lenience::Public, &forwarded, public), "{header:?}");
        }
    }

    #[test]
    fn a_public_url_on_this_machine_makes_nobody_a_stranger() {
        for own in
            ["localhost:4566", "127.0.0.1:4566", "[::1]:4566", "localhost.localstack.cloud:4566", "172.17.0.1:4566"]
        {
            let call = |headers: &[(&'static str, &'static str)]| is_for(Lenience::On, &parts(headers), Some(own));
            assert!(call(&[("host", own)]), "{own}");
            assert!(!call(&[("host", own), ("x-forwarded-for", "1.2.3.4")]), "{own}");
        }
        assert!(!is_for(Lenience::On, &parts(&[("host", "203.0.113.1:4566")]), Some("203.0.113.1:4566")));
    }

    #[test]
    fn credentials_are_taken_at_their_word_when_they_name_key_region_and_service() {
        let word = |text: &'static str| at_its_word(&parts(&[("authorization", text)]));
        let verified = word(
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=x",
        )
        .unwrap();
        assert_eq!((verified.access_key_id.as_str(), verified.region.as_str()), ("test", "us-east-1"));
        assert_eq!((verified.service.as_str(), verified.is_lent), ("ec2", false));
        assert!(word("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ec2/aws4_request").is_some());
        for bad in [
            "Bearer x",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 Credential=test",
            "AWS4-HMAC-SHA256 Credential=test/2026/../ec2/aws4_request",
            "AWS4-HMAC-SHA256X Credential=test/20260101/us-east-1/ec2/aws4_request",
        ] {
            assert_eq!(word(bad), None, "{bad}");
        }
        assert_eq!(at_its_word(&parts(&[])), None);
    }

    #[test]
    fn an_unsigned_call_is_for_the_service_that_it_looks_like_unless_a_browser_may_have_sent_it() {
        let ask = |path: &'static str, headers: &[(&'static str, &'static str)], body: &'static str| {
            let mut parts = parts(headers);
            parts.uri = path.parse().unwrap();
            unsigned(&parts, body.as_bytes()).map(|verified| verified.service)
        };
        for (path, headers, body, service) in [
            ("/", &[][..], "Action=DescribeInstances&Version=2016-11-15", "ec2"),
            ("/?Action=ListRoles&Version=2010-05-08", &[], "", "iam"),
            ("/", &[("x-amz-target", "Logs_20140328.DescribeLogGroups")], "{}", "logs"),
            ("/2015-03-31/functions/f/invocations", &[("user-agent", "curl/8")], "{}", "lambda"),
            ("/2021-11-07/functions/f/things", &[], "{}", "lambda"),
            ("/2020-05-31/distribution", &[], "", "cloudfront"),
            ("/restapis", &[], "", "apigateway"),
            ("/bucket/key", &[], "", "s3"),
            ("/2021-11-07-logs/key", &[], "", "s3"),
            ("/", &[("x-amz-target", "DynamoDB_20120810.ListTables")], "{}", "dynamodb"),
            ("/", &[("x-amz-target", "Other_20200101.ListThings")], "{}", "Other_20200101"),
            ("/", &[], "Action=ListTopics&Version=2010-03-31", "sns"),
        ] {
            assert_eq!(ask(path, headers, body).as_deref(), Some(service), "{path} {body}");
        }
        for headers in [
            ("user-agent", "Mozilla/5.0"),
            ("origin", "http://localhost"),
            ("sec-fetch-site", "none"),
            ("authorization", "Bearer x"),
        ] {
            assert_eq!(ask("/restapis", &[headers], ""), None, "{headers:?}");
        }
        for (path, body) in [("/Page", ""), ("/a/key", ""), ("/", "Action=X"), ("/", "Action=X&Version=1999-01-01")] {
            assert_eq!(ask(path, &[], body), None, "{path} {body}");
        }
    }

    #[test]
    fn a_call_is_named_by_its_operation_where_it_says_it() {
        let plain = parts(&[]);
        assert_eq!(call("ec2", &plain, b"Version=1&Action=RunInstances&x=y"), "ec2 RunInstances");
        assert_eq!(
            call("logs", &parts(&[("x-amz-target", "Logs_1.DescribeLogGroups")]), b"{}"),
            "logs DescribeLogGroups"
        );
        assert_eq!(call("lambda", &plain, b"{}"), "lambda GET /");
    }
}
