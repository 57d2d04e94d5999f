//! What AWS would refuse in the middle of a deploy, checked before its first change: one table of limits, each with where
//! AWS says it.
//!
//! Not here: how long the role's name is (`wanted`), the types of instances (`instances`), the size of the archive
//! (`package`), what settings check on their own (memory, times, names), and quotas of an account, which only AWS knows.

use super::{
    alarm,
    error::Error,
    instance,
    part::Part,
    role,
    spec::{Code, Spec},
};
use crate::{emulator::runtime::environment::is_reserved, marks::clock_rule, text::Message};
use std::collections::BTreeMap;

/// How much of something AWS takes.
#[derive(Debug, PartialEq, Eq)]
struct Limit {
    /// What the user has said that may be too much.
    setting: &'static str,
    /// The sentence's end, by its name in the locale files.
    rule: &'static str,
    most: usize,
}

/// Bytes of all variables, measured as JSON.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const ENVIRONMENT: Limit = Limit { setting: "function.environment", rule: "limit_environment", most: 4096 };
/// Characters. <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
const HANDLER: Limit = Limit { setting: "function.handler", rule: "limit_handler", most: 128 };
/// Bytes of the document that an API is made from.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>
const DOCUMENT: Limit = Limit { setting: "function.openapi", rule: "limit_document", most: 6 * 1024 * 1024 };
/// Characters of a role's inline policies, white space not counted.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const POLICY: Limit = Limit { setting: "stack", rule: "limit_policy", most: 10_240 };
/// Characters of who may take a role on: 2,048 unless the account's quota was raised. The same page.
const TRUST: Limit = Limit { setting: "stack", rule: "limit_trust", most: 2048 };
/// Characters. <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
const FUNCTION: Limit = Limit { setting: "stack", rule: "limit_function", most: 64 };
/// Characters. <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>
const LOG_GROUP: Limit = Limit { setting: "stack", rule: "limit_log_group", most: 512 };
/// Characters. <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
const RULE: Limit = Limit { setting: "stack", rule: "limit_rule", most: 64 };
/// Characters. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
const ALARM: Limit = Limit { setting: "stack", rule: "limit_alarm", most: 255 };
/// Tags of one resource. <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>
const TAGS: Limit = Limit { setting: "instances", rule: "limit_tags", most: 50 };
/// Characters of a tag's key. The same page.
const TAG_KEY: Limit = Limit { setting: "instances", rule: "limit_tag_key", most: 128 };
/// Characters of its value. The same page.
const TAG_VALUE: Limit = Limit { setting: "instances", rule: "limit_tag_value", most: 256 };

impl Limit {
    fn check(&self, size: usize) -> Result<(), Error> {
        if size <= self.most {
            return Ok(());
        }
        let rule = Message::new(format!("rule.{}", self.rule)).with("most", self.most).with("size", size);
        Err(Error::Refused { setting: self.setting.to_owned(), rule })
    }
}

/// Refuses what AWS refuses of any stack. The names of variables matter to AWS alone: engines of this machine take more
/// of them, as they were started.
pub(super) fn check(spec: &Spec, is_aws: bool) -> Result<(), Error> {
    let Code { handler, .. } = &spec.code;
    HANDLER.check(handler.chars().count())?;
    if handler.contains(char::is_whitespace) {
        let rule = Message::new("rule.limit_handler").with("most", HANDLER.most).with("size", handler.chars().count());
        return Err(Error::Refused { setting: HANDLER.setting.to_owned(), rule });
    }
    variables(&spec.environment, is_aws)?;
    if let Some(document) = &spec.document {
        DOCUMENT.check(document.to_string().len())?;
    }
    POLICY.check(without_space(&role::policy(spec)))?;
    TRUST.check(without_space(&role::trust()))?;
    let names = &spec.names;
    FUNCTION.check(names.function.chars().count())?;
    LOG_GROUP.check(names.log_group.chars().count())?;
    RULE.check(clock_rule(&names.stack).chars().count())?;
    for name in alarm::every_name(names) {
        ALARM.check(name.chars().count())?;
    }
    for part in Part::EVERY {
        tags(&names.tags(*part, Some("")))?;
    }
    spec.instances.iter().try_for_each(|wanted| tags(&instance::wanted_tags(spec, wanted)))
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
fn variables(variables: &BTreeMap<String, String>, is_aws: bool) -> Result<(), Error> {
    let is_name = |name: &str| {
        name.len() > 1
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let refused = |name: &str, rule: &str| {
        let setting = format!("{}.{name}", ENVIRONMENT.setting);
        Err(Error::Refused { setting, rule: Message::new(format!("rule.{rule}")) })
    };
    for (name, value) in variables {
        match name.as_str() {
            name if value.contains('\0') => return refused(name, "variable_text"),
            name if is_aws && is_reserved(name) => return refused(name, "variable_of_lambda"),
            name if is_aws && !is_name(name) => return refused(name, "variable_name"),
            _ => {}
        }
    }
    ENVIRONMENT.check(serde_json::json!(variables).to_string().len())
}

/// How IAM counts the characters of a policy.
fn without_space(policy: &serde_json::Value) -> usize {
    policy.to_string().chars().filter(|c| !c.is_whitespace()).count()
}

/// Every service takes letters, digits, spaces and these; what begins with `aws:` is AWS's own.
fn tags(tags: &[(String, String)]) -> Result<(), Error> {
    let is_plain = |c: char| c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c);
    TAGS.check(tags.len())?;
    for (key, value) in tags {
        TAG_KEY.check(key.chars().count())?;
        TAG_VALUE.check(value.chars().count())?;
        if key.to_ascii_lowercase().starts_with("aws:") || !key.chars().chain(value.chars()).all(is_plain) {
            let rule = Message::new("rule.tag_text").with("tag", key);
            return Err(Error::Refused { setting: TAGS.setting.to_owned(), rule });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::Error as Report, text::Lang};

    fn said(refused: Result<(), Error>) -> String {
        Report::from(refused.unwrap_err()).message.render(Lang::En)
    }

    fn of(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn variables_are_measured_as_lambda_measures_them() {
        // {"NAME":"..."} is eleven characters beside the value.
        let (most, more) = ("x".repeat(4096 - 11), "x".repeat(4097 - 11));
        assert!(variables(&of(&[("NAME", &most)]), true).is_ok());
        let sentence = said(variables(&of(&[("NAME", &more)]), false));
        assert!(sentence.contains("function.environment"), "{sentence}");
        assert!(sentence.contains("4096") && sentence.contains("4097"), "{sentence}");
    }

    #[test]
    fn aws_takes_no_variable_of_lambdas_own_and_no_odd_name() {
        for (name, value) in [("AWS_REGION", "a"), ("_HANDLER", "a"), ("1A", "a"), ("A-B", "a"), ("A", "a")] {
            let sentence = said(variables(&of(&[(name, value)]), true));
            assert!(sentence.contains(&format!("function.environment.{name}")), "{sentence}");
            assert!(variables(&of(&[(name, value)]), false).is_ok(), "{name}: an engine may be lenient");
        }
        assert!(variables(&of(&[("AB", "a\0b")]), false).is_err());
        assert!(variables(&of(&[("A1_", "é\n")]), true).is_ok());
    }

    #[test]
    fn a_tag_is_as_long_as_any_service_lets_it_and_of_the_letters_that_all_take() {
        let tag = |key: &str, value: &str| tags(&[(key.to_owned(), value.to_owned())]);
        assert!(tag(&"k".repeat(128), &"é".repeat(256)).is_ok());
        assert!(tag("atelier:start", "30 18 @ @ 1-5").is_ok());
        assert!(tag(&"k".repeat(129), "").is_err());
        assert!(tag("k", &"v".repeat(257)).is_err());
        for (key, value) in [("aws:key", "a"), ("AWS:key", "a"), ("key", "a*"), ("k,y", "a")] {
            assert!(said(tag(key, value)).contains(key), "{key}={value}");
        }
        let many = |count: usize| (0..count).map(|n| (format!("k{n}"), String::new())).collect::<Vec<_>>();
        assert!(tags(&many(50)).is_ok());
        assert!(said(tags(&many(51))).contains("50"));
    }

    #[test]
    fn white_space_does_not_count_in_a_policy() {
        assert_eq!(without_space(&serde_json::json!({ "a b": "c\u{a0}d" })), r#"{"ab":"cd"}"#.len());
    }

    #[test]
    fn every_limit_has_its_words_in_both_languages() {
        for limit in [
            &ENVIRONMENT,
            &HANDLER,
            &DOCUMENT,
            &POLICY,
            &TRUST,
            &FUNCTION,
            &LOG_GROUP,
            &RULE,
            &ALARM,
            &TAGS,
            &TAG_KEY,
            &TAG_VALUE,
        ] {
            assert!(limit.check(limit.most).is_ok(), "{limit:?}");
            let report = Report::from(limit.check(limit.most + 1).unwrap_err());
            assert_eq!(report.code, crate::error::Code::BadSetting);
            for lang in [Lang::En, Lang::Fr] {
                let sentence = report.message.render(lang);
                assert!(sentence.contains(limit.setting) && !sentence.contains("rule."), "{sentence}");
                assert!(sentence.contains(&limit.most.to_string()), "{sentence}");
            }
        }
    }
}
