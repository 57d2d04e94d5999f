//! Decides whether an AWS call was signed by somebody who holds a key of the [`Keyring`], as AWS decides it.
//!
//! Signature Version 4 in an `Authorization` header or in a presigned URL. Chunked signing (`STREAMING-…`) is refused:
//! only S3 has it. What the caller may do is not decided here.

use super::{
    canonical::{self, ALGORITHM, Canonical, Scope},
    keyring::Keyring,
};
use http::{HeaderMap, header, request::Parts};
use std::time::Duration;
use subtle::ConstantTimeEq;
use time::{OffsetDateTime, PrimitiveDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// How far a client's clock may be from ours, either way.
const SKEW: Duration = Duration::from_mins(15);
/// The longest life of a presigned URL: seven days.
const LONGEST_EXPIRY: u64 = 604_800;
/// What stands for the hash of a body that is not signed.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

const TIMESTAMP: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// Who signed, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The access key that signed.
    pub access_key_id: String,
    /// The region in the credential scope.
    pub region: String,
    /// The signing name in the credential scope.
    pub service: String,
    /// Whether the key is a lent one, which comes with a session token: a function calls, not the owner.
    pub is_lent: bool,
}

/// Why a call is refused; the sentences are AWS's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody signed.
    #[error("Request is missing Authentication Token")]
    Missing,
    /// Something that a signature consists of is absent, repeated or malformed.
    #[error("{0}")]
    Incomplete(&'static str),
    /// The key is not ours, or its session token is not.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// The date is too far from now, or the presigned URL is too old.
    #[error("Signature {0}")]
    Expired(&'static str),
    /// The signature is not the one of this request.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
    /// The signature is good, for a region that is not here.
    #[error("{0}")]
    Scope(String),
    /// The signature is good, for a service that is not here.
    #[error("{0}")]
    Service(String),
}

/// What a request claims about its signature: who made it, for what, and what it covers. Nothing of it is proved before
/// [`Claim::verify`]; only its form is checked.
#[derive(Debug)]
pub struct Claim {
    access_key_id: String,
    scope: Scope,
    signed_headers: String,
    signature: String,
    timestamp: String,
    session_token: Option<String>,
    /// How long a presigned URL is good for.
    expires: Option<Duration>,
}

impl Claim {
    /// Reads what a request claims, in its `Authorization` header or its query.
    ///
    /// # Errors
    /// Returns the first reason to refuse it, in the order in which AWS looks.
    pub fn of(parts: &Parts) -> Result<Self, Denied> {
        let presigned =
            query_value(parts, "X-Amz-Signature")?.is_some() || query_value(parts, "X-Amz-Algorithm")?.is_some();
        match (one_header(&parts.headers, "authorization")?, presigned) {
            (Some(_), true) => Err(Denied::Incomplete("Only one auth mechanism allowed")),
            (Some(authorization), false) => header_claim(parts, authorization),
            (None, true) => query_claim(parts),
            (None, false) => Err(Denied::Missing),
        }
    }

    /// The access key that is said to have signed.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The signing name of the service that is called.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.scope.service
    }

    /// Verifies the request that claims this. `hosts` are the hosts that the client may have signed: the one that
    /// arrived, and those that a tunnel may have replaced.
    ///
    /// # Errors
    /// Returns the first reason to refuse it, in the order in which AWS looks.
    pub fn verify(
        self,
        parts: &Parts,
        body: &[u8],
        hosts: &[&str],
        keyring: &Keyring,
        now: OffsetDateTime,
    ) -> Result<Verified, Denied> {
        check_time(&self, now)?;
        check_signed_headers(&self.signed_headers, &parts.headers)?;
        let key = keyring.get(&self.access_key_id).ok_or(Denied::UnknownKey)?;
        match (&key.session_token, &self.session_token) {
            (None, None) => {}
            (Some(expected), Some(given)) if expected.matches(given) => {}
            _ => return Err(Denied::UnknownKey),
        }

        let presigned = self.expires.is_some();
        let canonical = Canonical::new(parts, &self.scope.service, &self.signed_headers, presigned);
        for payload in payload_hashes(&self.scope.service, &parts.headers, body, presigned)? {
            for host in hosts {
                let hash = canonical.hash(host, &payload).ok_or(Denied::Mismatch)?;
                let expected = canonical::sign(&key.secret, &self.scope, &self.timestamp, &hash);
                if expected.as_bytes().ct_eq(self.signature.as_bytes()).into() {
                    let Scope { region, service, .. } = self.scope;
                    let is_lent = key.session_token.is_some();
                    return Ok(Verified { access_key_id: self.access_key_id, region, service, is_lent });
                }
            }
        }
        Err(Denied::Mismatch)
    }
}

/// Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
fn header_claim(parts: &Parts, authorization: &str) -> Result<Claim, Denied> {
    let fields = authorization
        .strip_prefix(ALGORITHM)
        .filter(|rest| rest.starts_with(' '))
        .ok_or(Denied::Incomplete("Unsupported AWS 'algorithm' in Authorization header"))?;
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for field in fields.split(',').map(str::trim) {
        let (name, value) = field
            .split_once('=')
            .ok_or(Denied::Incomplete("not a valid key=value pair (missing equal-sign) in Authorization header"))?;
        let slot = match name {
            "Credential" => &mut credential,
            "SignedHeaders" => &mut signed_headers,
            "Signature" => &mut signature,
            _ => return Err(Denied::Incomplete("unknown parameter in Authorization header")),
        };
        if slot.replace(value).is_some() {
            return Err(Denied::Incomplete("a parameter is repeated in Authorization header"));
        }
    }
    let credential = credential.ok_or(Denied::Incomplete("Authorization header requires 'Credential' parameter."))?;
    let signed_headers =
        signed_headers.ok_or(Denied::Incomplete("Authorization header requires 'SignedHeaders' parameter."))?;
    let signature = signature.ok_or(Denied::Incomplete("Authorization header requires 'Signature' parameter."))?;
    let (access_key_id, scope) = credential_scope(credential)?;
    Ok(Claim {
        access_key_id,
        scope,
        signed_headers: signed_headers.to_owned(),
        signature: signature.to_owned(),
        timestamp: header_timestamp(&parts.headers)?,
        session_token: one_header(&parts.headers, "x-amz-security-token")?.map(str::to_owned),
        expires: None,
    })
}

/// Reads a presigned URL.
fn query_claim(parts: &Parts) -> Result<Claim, Denied> {
    let need = |name, message| query_value(parts, name)?.ok_or(Denied::Incomplete(message));
    if need("X-Amz-Algorithm", "AWS query-string parameters must include 'X-Amz-Algorithm'")? != ALGORITHM {
        return Err(Denied::Incomplete("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\""));
    }
    let credential = need("X-Amz-Credential", "AWS query-string parameters must include 'X-Amz-Credential'")?;
    let (access_key_id, scope) = credential_scope(&credential)?;
    let expires = need("X-Amz-Expires", "AWS query-string parameters must include 'X-Amz-Expires'")?;
    let expires = Some(expires.as_str())
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0'))
        .and_then(|text| text.parse().ok())
        .filter(|seconds| (1..=LONGEST_EXPIRY).contains(seconds))
        .ok_or(Denied::Incomplete("X-Amz-Expires must be a number of seconds, at least 1 and at most a week"))?;
    Ok(Claim {
        access_key_id,
        scope,
        signed_headers: need("X-Amz-SignedHeaders", "AWS query-string parameters must include 'X-Amz-SignedHeaders'")?,
        signature: need("X-Amz-Signature", "AWS query-string parameters must include 'X-Amz-Signature'")?,
        timestamp: need("X-Amz-Date", "AWS query-string parameters must include 'X-Amz-Date'")?,
        session_token: query_value(parts, "X-Amz-Security-Token")?,
        expires: Some(Duration::from_secs(expires)),
    })
}

/// Reads `access key/YYYYMMDD/region/service/aws4_request`. Region and service become parts of file names and keys
/// further on, so they may hold nothing but what AWS's own names hold.
pub(super) fn credential_scope(credential: &str) -> Result<(String, Scope), Denied> {
    let fields: Vec<&str> = credential.split('/').collect();
    let [access_key_id, date, region, service, "aws4_request"] = fields[..] else {
        return Err(Denied::Incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term",
        ));
    };
    let is_name = |text: &str| (1..=64).contains(&text.len()) && crate::names::is_kebab(text);
    if !is_name(region) {
        return Err(Denied::Incomplete("Credential should be scoped to a valid region"));
    }
    if !is_name(service) {
        return Err(Denied::Incomplete("Credential should be scoped to correct service"));
    }
    let scope = Scope { date: date.to_owned(), region: region.to_owned(), service: service.to_owned() };
    Ok((access_key_id.to_owned(), scope))
}

/// Gives the signing time, from `x-amz-date`, else from `date`.
fn header_timestamp(headers: &HeaderMap) -> Result<String, Denied> {
    const BAD: Denied = Denied::Incomplete(
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header, in ISO-8601 basic format",
    );
    if let Some(timestamp) = one_header(headers, "x-amz-date")? {
        return Ok(timestamp.to_owned());
    }
    let date = one_header(headers, header::DATE.as_str())?.ok_or(BAD)?;
    match PrimitiveDateTime::parse(date, HTTP_DATE) {
        Ok(time) => time.format(TIMESTAMP).map_err(|_| BAD),
        Err(_) => Ok(date.to_owned()),
    }
}

fn check_time(claim: &Claim, now: OffsetDateTime) -> Result<(), Denied> {
    let signed = PrimitiveDateTime::parse(&claim.timestamp, TIMESTAMP)
        .map_err(|_| Denied::Incomplete("Date must be in ISO-8601 'basic format', e.g. 20260102T030405Z"))?
        .assume_utc();
    if !claim.timestamp.starts_with(&claim.scope.date) || claim.scope.date.len() != 8 {
        return Err(Denied::Incomplete("Date in Credential scope does not match YYYYMMDD of the signing date"));
    }
    if signed > now + SKEW {
        return Err(Denied::Expired("not yet current: its date is too far in the future, is a clock wrong?"));
    }
    if now > signed + claim.expires.unwrap_or(SKEW) {
        return Err(Denied::Expired("expired: its date is too far in the past, is a clock wrong?"));
    }
    Ok(())
}

/// Checks the list: sorted lower-case names, `host` and every `x-amz-…` that was sent among them.
fn check_signed_headers(list: &str, headers: &HeaderMap) -> Result<(), Denied> {
    let names: Vec<&str> = list.split(';').collect();
    let sorted = names.windows(2).all(|pair| pair[0] < pair[1]);
    let lower = names.iter().all(|name| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase()));
    if !sorted || !lower {
        return Err(Denied::Incomplete("SignedHeaders must be lower-case names in ascending order"));
    }
    if !names.contains(&"host") {
        return Err(Denied::Incomplete("'Host' must be a 'SignedHeader' in the AWS Authorization"));
    }
    let unsigned = headers.keys().any(|name| name.as_str().starts_with("x-amz-") && !names.contains(&name.as_str()));
    if unsigned {
        return Err(Denied::Incomplete("There were 'x-amz-' headers present in the request which were not signed"));
    }
    Ok(())
}

/// Gives the payload hashes that the client may have signed. A header that names one must tell the truth. Only S3 lets
/// a client leave the payload unsigned; the other services hash what they got, whatever the header says:
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>.
fn payload_hashes(service: &str, headers: &HeaderMap, body: &[u8], presigned: bool) -> Result<Vec<String>, Denied> {
    let actual = canonical::sha256(body);
    let may_be_unsigned = service == "s3";
    match one_header(headers, "x-amz-content-sha256")? {
        Some(UNSIGNED_PAYLOAD) if may_be_unsigned => Ok(vec![UNSIGNED_PAYLOAD.to_owned()]),
        Some(claimed) if claimed == actual => Ok(vec![actual]),
        Some(_) => Err(Denied::Mismatch),
        None if presigned && may_be_unsigned => Ok(vec![actual, UNSIGNED_PAYLOAD.to_owned()]),
        None => Ok(vec![actual]),
    }
}

/// Gives the only value of a header that decides about a signature.
fn one_header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Denied> {
    const BAD: Denied = Denied::Incomplete("a header that the signature depends on is repeated or malformed");
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(BAD);
    }
    first.to_str().map(Some).map_err(|_| BAD)
}

/// Gives the only value of a query parameter that decides about a signature.
fn query_value(parts: &Parts, name: &str) -> Result<Option<String>, Denied> {
    const BAD: Denied = Denied::Incomplete("a query parameter that the signature depends on is repeated or malformed");
    let pairs = parts.uri.query().unwrap_or_default().split('&');
    let mut values = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(known, _)| canonical::unescape(known) == name.as_bytes());
    let Some((_, value)) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(BAD);
    }
    String::from_utf8(canonical::unescape(value)).map(Some).map_err(|_| BAD)
}
