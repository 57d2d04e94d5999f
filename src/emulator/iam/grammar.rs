//! What IAM checks of the policies of identities before it keeps them, in its order and in its words. What such a
//! document means, `policy` knows, which is more lenient: what was kept once is not refused when it is asked.
//!
//! The order is that of AWS's answers to documents with several faults: the form, the version, what IAM's first parser
//! stumbles over, the statements' names, what they lack, their resources, their actions.

use crate::emulator::policy::is_operator;
use serde_json::{Map, Value};

type Statement = Map<String, Value>;

const MEMBERS: [&str; 9] =
    ["Action", "Condition", "Effect", "NotAction", "NotPrincipal", "NotResource", "Principal", "Resource", "Sid"];
const PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-us-gov"];
const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";
/// What the path of a resource of IAM begins with.
const PATHS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// Checks a policy of an identity; a managed one must be of the newest version of the language.
///
/// # Errors
/// What is wrong with it, in the words of IAM.
pub(super) fn check(text: &str, is_managed: bool) -> Result<(), String> {
    let document: Value = serde_json::from_str(text).map_err(|_| "This policy contains invalid Json".to_owned())?;
    let statements = syntax(&document).ok_or(SYNTAX)?;
    if is_managed && document["Version"] != "2012-10-17" {
        return Err("Policy document must be version 2012-10-17 or greater.".to_owned());
    }
    if !statements.iter().all(|statement| is_legacy(statement)) {
        return Err(LEGACY.to_owned());
    }
    let mut names: Vec<&str> = statements.iter().filter_map(|statement| statement.get("Sid")?.as_str()).collect();
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("Statement IDs (SID) in a single policy must be unique.".to_owned());
    }
    let lacks = |member: &str| statements.iter().any(|statement| both(statement, member).is_empty());
    if lacks("Action") {
        return Err("Policy statement must contain actions.".to_owned());
    }
    if lacks("Resource") {
        return Err("Policy statement must contain resources.".to_owned());
    }
    statements.iter().flat_map(|statement| both(statement, "Resource")).try_for_each(check_resource)?;
    statements.iter().flat_map(|statement| both(statement, "Action")).try_for_each(check_action)
}

/// The statements of a document whose form is right.
fn syntax(document: &Value) -> Option<Vec<&Statement>> {
    let document = document.as_object()?;
    let is_known = |name: &String| matches!(name.as_str(), "Id" | "Statement" | "Version");
    let has_id = document.get("Id").is_none_or(Value::is_string);
    let version = document.get("Version");
    let has_version = version.is_none_or(|version| version == "2008-10-17" || version == "2012-10-17");
    if !(document.keys().all(is_known) && has_id && has_version) {
        return None;
    }
    let statements: Vec<&Statement> = match document.get("Statement")? {
        Value::Array(statements) => statements.iter().map(Value::as_object).collect::<Option<_>>()?,
        one => vec![one.as_object()?],
    };
    let is_right = !statements.is_empty() && statements.iter().all(|statement| has_syntax(statement));
    is_right.then_some(statements)
}

fn has_syntax(statement: &Statement) -> bool {
    let effect = statement.get("Effect").and_then(Value::as_str).unwrap_or_default();
    let has_both = |member: &str| statement.contains_key(member) && statement.contains_key(&format!("Not{member}"));
    let mut lists =
        ["Action", "NotAction", "Resource", "NotResource"].into_iter().filter_map(|name| statement.get(name));
    statement.keys().all(|name| MEMBERS.contains(&name.as_str()))
        && ["Allow", "Deny"].iter().any(|known| known.eq_ignore_ascii_case(effect))
        && statement.get("Sid").is_none_or(Value::is_string)
        && !has_both("Action")
        && !has_both("Resource")
        && lists.all(|list| each(list).into_iter().all(Value::is_string))
        && statement.get("Condition").is_none_or(is_condition)
}

fn is_condition(condition: &Value) -> bool {
    let is_text = |value: &Value| value.is_string() || value.is_boolean() || value.is_number();
    let is_right = |operator: &String, keys: &Value| {
        let values = |values: &Value| each(values).into_iter().all(is_text);
        // Of what nothing is asked, nobody knows that it is no operator.
        keys.as_object().is_some_and(|keys| (keys.is_empty() || is_operator(operator)) && keys.values().all(values))
    };
    condition.as_object().is_some_and(|operators| operators.iter().all(|(operator, keys)| is_right(operator, keys)))
}

/// Whether IAM's first parser takes a statement.
fn is_legacy(statement: &Statement) -> bool {
    let has_effect = statement.get("Effect").is_some_and(|effect| effect == "Allow" || effect == "Deny");
    // What is no ARN of a partition is told apart, and later.
    let is_resource = |resource: &str| {
        let is_whole = resource.split(':').count() > 5 || !resource.contains("::");
        let has_service = resource == "*" || resource.split(':').nth(2).is_some_and(|service| !service.is_empty());
        check_resource(resource).is_err() || is_whole && has_service
    };
    let conditions = statement.get("Condition").and_then(Value::as_object);
    let dates = conditions.into_iter().flatten().filter(|(operator, _)| is_of_dates(operator)).map(|(_, keys)| keys);
    let mut values = dates.filter_map(Value::as_object).flat_map(Map::values).flat_map(each);
    has_effect
        && both(statement, "Resource").into_iter().all(is_resource)
        // A time is written in digits, whatever else there is to be said about it.
        && values.all(|value| value.as_str().is_none_or(|text| text.bytes().any(|byte| byte.is_ascii_digit())))
}

fn is_of_dates(operator: &str) -> bool {
    operator.rsplit(':').next().is_some_and(|name| name.to_ascii_lowercase().starts_with("date"))
}

fn check_resource(resource: &str) -> Result<(), String> {
    if resource == "*" {
        return Ok(());
    }
    let mut parts = resource.splitn(6, ':');
    let (Some(_), Some(partition)) = (parts.next(), parts.next()) else {
        return Err(format!("Resource {resource} must be in ARN format or \"*\"."));
    };
    let rest: Vec<&str> = parts.collect();
    if partition != "*" && !PARTITIONS.contains(&partition) {
        let part = |at: usize| rest.get(at).copied().unwrap_or("*");
        let whole = format!("arn:{partition}:{}:{}:{}:{}", part(0), part(1), part(2), part(3));
        return Err(format!("Partition \"{partition}\" is not valid for resource \"{whole}\"."));
    }
    let Some(service) = rest.first() else {
        return Err("Resource vendor must be fully qualified and cannot contain regexes.".to_owned());
    };
    let (region, path) = (rest.get(1).copied().unwrap_or_default(), rest.get(3).copied().unwrap_or_default());
    let has_region = !(region.is_empty() || region.contains('*'));
    // A pattern, or a variable, may become one.
    let is_path = path == "root" || PATHS.iter().any(|start| path.starts_with(start));
    match *service {
        "iam" if has_region => Err(format!("IAM resource {resource} cannot contain region information.")),
        "iam" if !is_path && !path.contains(['*', '?', '$', '}']) => {
            let paths = PATHS.join(", ");
            Err(format!("IAM resource path must either be \"*\", root, or start with {paths}."))
        }
        // Access points have a region, and an account.
        "s3" if has_region && rest.get(2).is_none_or(|account| account.is_empty()) => {
            Err(format!("Resource {resource} can not contain region information."))
        }
        _ => Ok(()),
    }
}

fn check_action(action: &str) -> Result<(), String> {
    if action == "*" || action == "*:*" {
        return Ok(());
    }
    let Some((vendor, name)) = action.split_once(':') else {
        return Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned());
    };
    if name.contains(':') {
        return Err("Actions/Condition can contain only one colon.".to_owned());
    }
    if vendor.contains(['*', '?']) {
        return Err("Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.".to_owned());
    }
    let is_vendor = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    if !vendor.bytes().all(is_vendor) {
        return Err(format!("Vendor {vendor} is not valid"));
    }
    Ok(())
}

/// What a statement lists under a name, or as all but that.
fn both<'s>(statement: &'s Statement, member: &str) -> Vec<&'s str> {
    let list = statement.get(member).or_else(|| statement.get(&format!("Not{member}")));
    list.into_iter().flat_map(each).filter_map(Value::as_str).collect()
}

/// The items of a list, or the one that stands for a list.
fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::policy::{Document, Use};
    use serde_json::json;

    const BUCKET: &str = "arn:aws:s3:::bucket";

    fn said(statement: &Value) -> Result<(), String> {
        check(&json!({ "Version": "2012-10-17", "Statement": statement }).to_string(), true)
    }

    fn of(action: &str, resource: &Value) -> Value {
        json!({ "Effect": "Allow", "Action": action, "Resource": resource })
    }

    fn under(condition: &Value) -> Value {
        json!({ "Effect": "Allow", "Action": "s3:ListBucket", "Resource": BUCKET, "Condition": condition })
    }

    #[test]
    fn a_document_that_is_none_is_told_from_one_of_an_old_version() {
        let right = of("s3:ListBucket", &json!(BUCKET));
        let version = Err("Policy document must be version 2012-10-17 or greater.".to_owned());
        let syntax = || Err(SYNTAX.to_owned());
        for (document, managed, inline) in [
            (json!("This is not a json document"), syntax(), syntax()),
            (json!({ "Statement": right }), version.clone(), Ok(())),
            (json!({ "Version": "2008-10-17", "Statement": right }), version.clone(), Ok(())),
            (json!({ "Version": "2013-10-17", "Statement": right }), syntax(), syntax()),
            (json!({ "Version": "2012-10-17" }), syntax(), syntax()),
            (json!({ "Version": "2012-10-17", "Statement": [] }), syntax(), syntax()),
            (json!({ "Version": "2012-10-17", "Statement": ["afd"] }), syntax(), syntax()),
            (json!({ "Version": "2012-10-17", "Statement": right, "Extra field": "value" }), syntax(), syntax()),
            (json!({ "Version": "2012-10-17", "Statement": right, "Id": {} }), syntax(), syntax()),
        ] {
            let text = document.to_string();
            assert_eq!((check(&text, true), check(&text, false)), (managed, inline), "{document}");
        }
        assert_eq!(check("{", true), Err("This policy contains invalid Json".to_owned()));
        // The version is missed before anything that a statement says.
        let wrong = json!({ "Statement": { "Effect": "denY", "Action": "s3:ListBucket", "Resource": BUCKET } });
        assert_eq!(check(&wrong.to_string(), true), version);
    }

    #[test]
    fn what_a_statement_cannot_say_is_refused_in_the_words_and_the_order_of_iam() {
        let unique = "Statement IDs (SID) in a single policy must be unique.";
        let vendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
        let colon = "Actions/Condition can contain only one colon.";
        let wildcards = "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.";
        let (actions, resources) =
            ("Policy statement must contain actions.", "Policy statement must contain resources.");
        let named = json!({ "Sid": "sdf", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": BUCKET });
        for (statement, message) in [
            (json!({ "Effect": "invalid", "Action": "s3:ListBucket", "Resource": BUCKET }), SYNTAX),
            (json!({ "Action": "s3:ListBucket", "Resource": BUCKET }), SYNTAX),
            (json!({ "Effect": "Allow", "Action": "s3:L", "Resource": BUCKET, "Extra field": "value" }), SYNTAX),
            (json!({ "Effect": "Allow", "Action": "s3:L", "Resource": { "a": BUCKET } }), SYNTAX),
            (json!({ "Effect": "Deny", "Action": [[]], "Resource": BUCKET }), SYNTAX),
            (json!({ "Effect": "Allow", "NotAction": "s3:L", "Action": [], "Resource": BUCKET }), SYNTAX),
            (json!({ "Effect": "Allow", "Action": "s3:L", "Resource": BUCKET, "NotResource": "*" }), SYNTAX),
            (json!({ "Sid": [], "Effect": "Allow", "Action": "s3:L", "Resource": BUCKET }), SYNTAX),
            (json!({ "Effect": "denY", "Action": "s3:ListBucket", "Resource": BUCKET }), LEGACY),
            (json!([named, { "Sid": "sdf", "Effect": "Allow" }]), unique),
            (json!({ "Effect": "Allow" }), actions),
            (json!({ "Effect": "Allow", "Action": [], "Resource": BUCKET }), actions),
            (json!([{ "Effect": "Deny" }, named]), actions),
            (json!({ "Effect": "Allow", "Action": "s3:ListBucket" }), resources),
            (json!({ "Effect": "Allow", "Action": "s3:ListBucket", "Resource": [] }), resources),
            (json!({ "Effect": "Allow", "Action": "invalid" }), resources),
            (of("invalid", &json!(BUCKET)), vendor),
            (json!({ "Effect": "Allow", "NotAction": "", "Resource": BUCKET }), vendor),
            (of("a a:ListBucket", &json!(BUCKET)), "Vendor a a is not valid"),
            (of("*:Untag*", &json!(BUCKET)), wildcards),
            (of("ec*:RunInstances", &json!(BUCKET)), wildcards),
            (of("s3:List:Bucket", &json!(BUCKET)), colon),
            (of("s:3:ListBucket", &json!("sdfsadf")), "Resource sdfsadf must be in ARN format or \"*\"."),
        ] {
            assert_eq!(said(&statement), Err(message.to_owned()), "{statement}");
        }
    }

    #[test]
    fn conditions_have_operators_and_times_have_digits() {
        for condition in [
            json!([]),
            json!("a"),
            json!({ "a": "b" }),
            json!({ "DateGreaterThan": "b" }),
            json!({ "DateGreaterThan": { "a": {} } }),
            json!({ "x": { "a": "1" } }),
            json!({ "ForAnyValue::StringEqualsIfExists": { "a": "asf" } }),
        ] {
            assert_eq!(said(&under(&condition)), Err(SYNTAX.to_owned()), "{condition}");
        }
        let late = under(&json!({ "DateGreaterThan": { "a": "sdfdsf" } }));
        assert_eq!(said(&late), Err(LEGACY.to_owned()));
    }

    #[test]
    fn resources_are_arns_of_a_partition_that_there_is() {
        let partition =
            |name: &str, whole: &str| format!("Partition \"{name}\" is not valid for resource \"{whole}\".");
        let path = "IAM resource path must either be \"*\", root, or start with user/, federated-user/, role/, group/, \
                    instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, \
                    report/, access-report/.";
        let iam = "arn:aws:iam:us-east-1::bucket";
        let s3 = "arn:aws:s3:us-east-1::bucket";
        for (resource, message) in [
            ("", "Resource  must be in ARN format or \"*\".".to_owned()),
            ("a:bsdfdsafsad", partition("bsdfdsafsad", "arn:bsdfdsafsad:*:*:*:*")),
            ("a:b:cadfsdf", partition("b", "arn:b:cadfsdf:*:*:*")),
            ("a:b:c:d:e:f:g:h", partition("b", "arn:b:c:d:e:f:g:h")),
            ("aws:s3:::bucket", partition("s3", "arn:s3:::bucket:*")),
            ("arn:error:s3:::bucket", partition("error", "arn:error:s3:::bucket")),
            ("arn:aws", "Resource vendor must be fully qualified and cannot contain regexes.".to_owned()),
            ("arn:aws:iam:::bucket", path.to_owned()),
            (iam, format!("IAM resource {iam} cannot contain region information.")),
            (s3, format!("Resource {s3} can not contain region information.")),
            ("arn:aws:s3::bucket", LEGACY.to_owned()),
            ("arn:aws::::bucket", LEGACY.to_owned()),
            ("arn:aws::fdsasf", LEGACY.to_owned()),
        ] {
            assert_eq!(said(&of("s3:ListBucket", &json!(resource))), Err(message), "{resource}");
        }
    }

    #[test]
    fn what_iam_takes_is_taken_and_can_be_decided_with() {
        let mut statements: Vec<Value> = [
            "arn:aws:iam:::user/bucket",
            "arn:aws:iam::*:user/${aws:username}",
            "arn:aws:s33:::bucket",
            "arn:aws:fdsasf",
            "arn:aws:ec2:us-east-1::bucket",
            "arn:aws:rds:region:*:*",
            "arn:aws:s3:us-west-2:123456789012:accesspoint/my-access-point/object/*",
            "*",
        ]
        .into_iter()
        .map(|resource| of("s3:ListBucket", &json!([resource, BUCKET])))
        .collect();
        statements.extend(
            ["*", "*:*", "iam: asdf safdsf af ", "s3-s:ListBucket", "s3.s:ListBucket"]
                .map(|action| of(action, &json!(BUCKET))),
        );
        statements.extend(
            [
                json!({}),
                json!({ "a": {} }),
                json!({ "DateGreaterThan": { "a": [] } }),
                json!({ "DateGreaterThan": { "a": "01T" } }),
                json!({ "DateLessThan": { "a": "-292275054" } }),
                json!({ "ForAnyValue:StringEqualsIfExists": { "a": "asf" } }),
                json!({ "Bool": { "kms:GrantIsForAWSResource": true } }),
            ]
            .map(|condition| under(&condition)),
        );
        statements.push(json!({ "Sid": "", "Effect": "Allow", "NotAction": "s3:ListBucket", "NotResource": "*" }));
        for statement in statements {
            assert_eq!(said(&statement), Ok(()), "{statement}");
            let text = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
            assert!(Document::parse(&text, Use::Identity).is_ok(), "{text}");
        }
    }
}
