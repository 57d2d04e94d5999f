//! What the edge of a lenient engine lets pass, and for whom.
//!
//! For whoever calls on this machine or over Docker's bridge, which are the only addresses that it listens on. What has
//! come through anything that forwards is a stranger's, unless the engine is lenient in public: every kind of forwarding
//! that is known to be one counts, and one that leaves no trace (a bare TCP tunnel) cannot be told.
//!
//! Not here: what a page in a browser may do, which is nothing here either ([`super::origin`]).

use super::{
    canonical::ALGORITHM,
    origin::is_tunnelled,
    signature::{self, Verified},
};
use crate::{
    http1::{Local, Peer},
    lenience::Lenience,
};
use http::{Method, header, request::Parts};
use std::net::{IpAddr, Ipv4Addr};

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

/// Tells whether the engine is lenient for whoever sends this.
pub(super) fn is_for(lenience: Lenience, parts: &Parts, public_host: Option<&str>) -> bool {
    let headers = &parts.headers;
    match lenience {
        Lenience::Off => false,
        Lenience::On if !is_near(parts) => false,
        Lenience::On => {
            !is_tunnelled(headers, public_host) && !FORWARDED.iter().any(|name| headers.contains_key(*name))
        }
        Lenience::Public => true,
    }
}

/// Tells whether a request comes from this machine or from a container. A system takes what is meant for the address of
/// its bridge from any of its networks, so that the address which was reached proves nothing.
fn is_near(parts: &Parts) -> bool {
    let Some(Peer(peer)) = parts.extensions.get() else { return false };
    let peer = peer.ip().to_canonical();
    let IpAddr::V4(address) = peer else { return peer.is_loopback() };
    let network = |address: Ipv4Addr| [address.octets()[0], address.octets()[1]];
    let is_beside = |Local(local): &Local| match local.ip().to_canonical() {
        IpAddr::V4(local) => network(local) == network(address),
        IpAddr::V6(_) => false,
    };
    // Docker's networks are beside its bridge, unless it was told otherwise: 172.16.0.0/12.
    let is_of_docker = address.octets()[0] == 172 && address.octets()[1] & 0xf0 == 16;
    address.is_loopback() || is_of_docker || parts.extensions.get().is_some_and(is_beside)
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
}

/// Finds the page at a path.
pub(super) fn page(method: &Method, path: &str) -> Option<Page> {
    if *method != Method::GET && *method != Method::HEAD {
        return None;
    }
    match path {
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
    use http::HeaderValue;

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
    fn only_this_machine_and_containers_are_near() {
        let from = |peer: &str, local: &str| {
            let mut parts = parts(&[]);
            parts.extensions.insert(Peer(peer.parse().unwrap()));
            parts.extensions.insert(Local(local.parse().unwrap()));
            is_for(Lenience::On, &parts, None)
        };
        for near in ["127.0.0.1:9", "[::1]:9", "[::ffff:127.0.0.1]:9", "172.17.0.5:9", "172.31.9.9:9"] {
            assert!(from(near, "172.17.0.1:4566"), "{near}");
        }
        assert!(from("10.200.3.4:9", "10.200.0.1:4566"));
        for far in ["192.0.2.7:9", "192.168.1.7:9", "172.32.0.1:9", "10.200.3.4:9", "[2001:db8::1]:9"] {
            assert!(!from(far, "172.17.0.1:4566"), "{far}");
        }
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
