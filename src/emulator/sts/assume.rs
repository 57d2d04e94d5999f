//! `AssumeRole` and `GetSessionToken`: credentials for a while.

use super::{
    Owner,
    caller::caller,
    sessions::{Credentials, Session},
};
use crate::emulator::{
    access::{self, Assumed, Call},
    policy::{Document, Use},
    service::{Operation, Output, Scope},
    wire::{
        AwsError, QueryParams, iso_seconds,
        tags::{self, MAX_KEY},
        xml,
    },
};
use http::StatusCode;
use std::{collections::BTreeMap, ops::RangeInclusive};

/// The lengths that a role's session may have, and the one that it has unless it is said, in seconds.
const ROLE: (RangeInclusive<u32>, u32) = (900..=43_200, 3600);
/// The same of a session of one's own.
const OWN: (RangeInclusive<u32>, u32) = (900..=129_600, 43_200);
/// The longest session of a role that a role's session takes on.
const CHAINED: u32 = 3600;

fn denied(message: String) -> AwsError {
    AwsError::new(StatusCode::FORBIDDEN, "AccessDenied", message)
}

fn validation(message: String) -> AwsError {
    AwsError::sender("ValidationError", message)
}

/// The refusal of a value that is against the model.
pub(super) fn unfit(value: &str, field: &str, constraint: &str) -> AwsError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: {constraint}"
    ))
}

/// Takes `DurationSeconds`; `None` where it is not said.
fn take_duration(params: &mut QueryParams, (allowed, _): &(RangeInclusive<u32>, u32)) -> Result<Option<u32>, AwsError> {
    let duration = params.number::<u32>("DurationSeconds")?;
    let Some(seconds) = duration.filter(|seconds| !allowed.contains(seconds)) else { return Ok(duration) };
    let bound = if seconds < *allowed.start() {
        format!("greater than or equal to {}", allowed.start())
    } else {
        format!("less than or equal to {}", allowed.end())
    };
    Err(unfit(&seconds.to_string(), "durationSeconds", &format!("Member must have value {bound}")))
}

/// Takes a text of letters that sessions may have.
fn take_plain(
    params: &mut QueryParams,
    parameter: &str,
    lengths: RangeInclusive<usize>,
) -> Result<Option<String>, AwsError> {
    let Some(text) = params.text(parameter) else { return Ok(None) };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    let length = text.chars().count();
    let constraint = if length > *lengths.end() {
        format!("Member must have length less than or equal to {}", lengths.end())
    } else if length < *lengths.start() {
        format!("Member must have length greater than or equal to {}", lengths.start())
    } else if !text.bytes().all(plain) {
        "Member must satisfy regular expression pattern: [\\w+=,.@-]*".to_owned()
    } else {
        return Ok(Some(text));
    };
    let field = format!("{}{}", parameter[..1].to_ascii_lowercase(), &parameter[1..]);
    Err(unfit(&text, &field, &constraint))
}

/// Refuses a second factor: nobody has registered one.
fn refuse_factor(params: &QueryParams) -> Result<(), AwsError> {
    match ["SerialNumber", "TokenCode"].into_iter().find(|name| params.has(name)) {
        Some(name) => {
            Err(denied(format!("MultiFactorAuthentication failed, the {name} belongs to no device of this account.")))
        }
        None => Ok(()),
    }
}

struct Asked {
    arn: String,
    session: String,
    duration: Option<u32>,
    external_id: Option<String>,
    source: Option<String>,
    policy: Option<String>,
    policy_arns: Vec<String>,
    tags: BTreeMap<String, String>,
    /// The keys of those tags that go on to the sessions that this one begins.
    transitive: Vec<String>,
}

/// The most characters of a session's own policy, and the most managed ones beside it.
const POLICY: (usize, usize) = (2048, 10);

/// Takes the session's own policy and the ARNs of managed ones.
fn take_policies(params: &mut QueryParams) -> Result<(Option<String>, Vec<String>), AwsError> {
    let policy = params.text("Policy");
    if let Some(text) = &policy {
        if text.chars().count() > POLICY.0 {
            let message = format!(
                "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to {}",
                POLICY.0
            );
            return Err(validation(message));
        }
        let malformed = |message| AwsError::sender("MalformedPolicyDocument", message);
        Document::parse(text, Use::Identity).map_err(|error| malformed(error.0))?;
    }
    let arns = params.structures("PolicyArns.member", |one| one.required("arn"))?;
    if arns.len() > POLICY.1 {
        return Err(AwsError::sender("PackedPolicyTooLarge", "There are more than 10 managed session policies."));
    }
    Ok((policy, arns))
}

fn invalid_tags(message: &'static str) -> AwsError {
    AwsError::sender("InvalidParameterValue", message)
}

fn take_tags(params: &mut QueryParams) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags = BTreeMap::new();
    let take = |tag: &mut QueryParams| Ok((tag.required("Key")?, tag.text("Value").unwrap_or_default()));
    for (key, value) in params.structures("Tags.member", take)? {
        if tags.keys().any(|known: &String| known.eq_ignore_ascii_case(&key)) {
            return Err(invalid_tags("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
        }
        tags.insert(key, value);
    }
    let limit = |_| {
        validation(
            "A session has at most 50 tags, with keys of up to 128 and values of up to 256 characters.".to_owned(),
        )
    };
    tags::check(&tags, MAX_KEY).map_err(limit)?;
    Ok(tags)
}

/// Takes the keys of the tags that are to go on.
fn take_transitive(params: &mut QueryParams, tags: &BTreeMap<String, String>) -> Result<Vec<String>, AwsError> {
    let keys = params.list("TransitiveTagKeys.member")?;
    if !keys.iter().all(|key| tags.keys().any(|known| known.eq_ignore_ascii_case(key))) {
        return Err(invalid_tags("The specified transitive tag key must be included in the requested tags."));
    }
    Ok(keys)
}

/// Whether a text has the form of an ARN.
fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", partition, service, _, _, resource]
        if !(partition.is_empty() || service.is_empty() || resource.is_empty()))
}

/// Takes the ARN of a role, or of what may be one.
fn take_role(params: &mut QueryParams) -> Result<String, AwsError> {
    let arn = params.text("RoleArn").ok_or_else(|| null("roleArn"))?;
    let (length, shown) = (arn.chars().count(), arn.chars().take(64).collect::<String>());
    match length {
        ..20 => Err(unfit(&shown, "roleArn", "Member must have length greater than or equal to 20")),
        2049.. => Err(unfit(&shown, "roleArn", "Member must have length less than or equal to 2048")),
        _ if !is_arn(&arn) => Err(validation(format!("{arn} is invalid"))),
        _ => Ok(arn),
    }
}

fn null(field: &str) -> AwsError {
    validation(format!(
        "1 validation error detected: Value null at '{field}' failed to satisfy constraint: Member must not be null"
    ))
}

impl Asked {
    fn take(params: &mut QueryParams) -> Result<Self, AwsError> {
        if params.has("ProvidedContexts") {
            return Err(AwsError::not_implemented("sts", "AssumeRole with ProvidedContexts"));
        }
        refuse_factor(params)?;
        let arn = take_role(params)?;
        let external_id = params.text("ExternalId");
        if external_id.as_ref().is_some_and(|id| !(2..=1224).contains(&id.len())) {
            return Err(validation("ExternalId must have a length between 2 and 1224".to_owned()));
        }
        let (policy, policy_arns) = take_policies(params)?;
        let tags = take_tags(params)?;
        Ok(Self {
            policy,
            policy_arns,
            transitive: take_transitive(params, &tags)?,
            tags,
            arn,
            session: take_plain(params, "RoleSessionName", 2..=64)?.ok_or_else(|| null("roleSessionName"))?,
            duration: take_duration(params, &ROLE)?,
            external_id,
            source: take_plain(params, "SourceIdentity", 2..=64)?,
        })
    }
}

/// `AssumeRole`: the role's trust policy decides.
pub(super) fn role(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (asked, scope) = operation.query(Asked::take)?;
    let caller = caller(&scope);
    let inherited = inherited(&scope, &asked)?;
    let found = scope.read_global(|state| state.iam.trusting(&asked.arn, scope.account()));
    let assumed = Assumed {
        role: &asked.arn,
        trust: found.as_ref().map(|(_, trust, _)| trust.as_str()),
        session: &asked.session,
        external_id: asked.external_id.as_deref(),
        source: asked.source.as_deref(),
        tags: &asked.tags,
        transitive: &asked.transitive,
        inherits: !inherited.is_empty(),
    };
    access::assume(&call(&scope), &assumed)?;
    let absent = || denied(format!("The role {} is gone.", asked.arn));
    let (id, _, longest) = found.ok_or_else(absent)?;
    let duration = asked.duration.unwrap_or(ROLE.1);
    if duration > longest {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(validation(message.to_owned()));
    }
    if caller.is_role && duration > CHAINED {
        let message =
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
        return Err(validation(message.to_owned()));
    }
    let policies = session_policies(&scope, &asked)?;
    let session = begin(&asked, policies, inherited);
    let (arn, user_id) = (session.arn(scope.account()), session.user_id(&id));
    let (credentials, until) = lend(&scope, Owner::Role(session), duration)?;
    let source = asked.source;
    Ok(Output::xml(move |result| {
        write(result, &credentials, until);
        xml::element(result, "AssumedRoleUser", |user| {
            xml::text(user, "AssumedRoleId", &user_id);
            xml::text(user, "Arn", &arn);
        });
        if let Some(source) = &source {
            xml::text(result, "SourceIdentity", source);
        }
    }))
}

/// The tags that go on from the calling session. One that the call gives as well is refused.
fn inherited(scope: &Scope<'_>, asked: &Asked) -> Result<BTreeMap<String, String>, AwsError> {
    let Some(Owner::Role(calling)) = scope.context.sessions.owner(scope.access_key_id) else {
        return Ok(BTreeMap::new());
    };
    let inherited = calling.transitive_tags();
    if inherited.keys().any(|key| asked.tags.keys().any(|given| given.eq_ignore_ascii_case(key))) {
        return Err(invalid_tags(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from \
             the calling session.",
        ));
    }
    Ok(inherited)
}

/// The session that begins. What it inherits goes on from it, too.
fn begin(asked: &Asked, policies: Vec<(String, String)>, inherited: BTreeMap<String, String>) -> Session {
    let transitive = asked.transitive.iter().chain(inherited.keys()).cloned().collect();
    let tags = asked.tags.clone().into_iter().chain(inherited).collect();
    Session { policies, tags, transitive, ..Session::of(&asked.arn, &asked.session) }
}

/// The call, for whoever decides about it.
fn call<'a>(scope: &Scope<'a>) -> Call<'a> {
    Call {
        context: scope.context,
        service: "sts",
        operation: "AssumeRole",
        region: scope.region,
        access_key_id: scope.access_key_id,
        request: scope.request,
        request_id: scope.request_id,
    }
}

/// The policies that the session is to be limited by. They are refused where they would limit nothing.
fn session_policies(scope: &Scope<'_>, asked: &Asked) -> Result<Vec<(String, String)>, AwsError> {
    let limits = asked.policy.is_some() || !asked.policy_arns.is_empty();
    if limits && !scope.context.config.evaluates {
        let what = "AssumeRole with session policies on an engine without `atelier up --iam`";
        return Err(AwsError::not_implemented("sts", what));
    }
    let mut policies: Vec<(String, String)> =
        asked.policy.iter().map(|text| ("session".to_owned(), text.clone())).collect();
    for arn in &asked.policy_arns {
        let text = scope.read_global(|state| state.iam.document_of(arn, scope.account()));
        let absent =
            || validation(format!("The session policy {arn} does not exist, or its document is not known here."));
        policies.push((arn.clone(), text.ok_or_else(absent)?));
    }
    Ok(policies)
}

/// `GetSessionToken`: for whoever signed with a lasting key.
pub(super) fn session_token(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (duration, scope) = operation.query(|params| {
        refuse_factor(params)?;
        take_duration(params, &OWN)
    })?;
    let caller = caller(&scope);
    if scope.context.sessions.owner(scope.access_key_id).is_some() {
        return Err(denied("Cannot call GetSessionToken with session credentials".to_owned()));
    }
    let owner = caller.user.map_or(Owner::Root, Owner::User);
    // AWS gives root an hour at most.
    let duration = duration.unwrap_or(OWN.1).min(if caller.is_owner { CHAINED } else { *OWN.0.end() });
    let (credentials, until) = lend(&scope, owner, duration)?;
    Ok(Output::xml(move |result| write(result, &credentials, until)))
}

fn lend(scope: &Scope<'_>, owner: Owner, seconds: u32) -> Result<(Credentials, i64), AwsError> {
    let until = scope.now_millis() + i64::from(seconds) * 1000;
    let lent = scope.context.sessions.lend_until(owner, until);
    Ok((lent.map_err(|error| AwsError::internal(format!("There is no randomness: {error}.")))?, until))
}

fn write(result: &mut xml::Element, credentials: &Credentials, until: i64) {
    xml::element(result, "Credentials", |element| {
        xml::text(element, "AccessKeyId", &credentials.access_key_id);
        xml::text(element, "SecretAccessKey", credentials.secret_access_key.expose());
        xml::text(element, "SessionToken", credentials.session_token.expose());
        xml::text(element, "Expiration", &iso_seconds(until));
    });
}
