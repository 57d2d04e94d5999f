//! The operators of conditions.

use super::{
    keys::Keys,
    pattern::Pattern,
    value::{self, Block},
};
use std::cmp::Ordering;

/// An operator of a condition, with what may stand around its name (`ForAllValues:StringLikeIfExists`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operator {
    comparison: Comparison,
    /// Whether no value may match (`StringNotEquals`).
    negated: bool,
    /// How it is with keys that have several values.
    set: Set,
    if_exists: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    One,
    ForAll,
    ForAny,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Text,
    TextOfAnyCase,
    Like,
    Number(Ordered),
    Date(Ordered),
    Bool,
    Ip,
    Arn,
    Null,
}

/// Which orders of the request's value and the policy's are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ordered {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Ordered {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering == Ordering::Equal,
            Self::Less => ordering == Ordering::Less,
            Self::LessOrEqual => ordering != Ordering::Greater,
            Self::Greater => ordering == Ordering::Greater,
            Self::GreaterOrEqual => ordering != Ordering::Less,
        }
    }
}

impl Operator {
    /// Reads an operator by its name, which has no case.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (set, name) = match name.split_once(':') {
            Some(("forallvalues", name)) => (Set::ForAll, name),
            Some(("foranyvalue", name)) => (Set::ForAny, name),
            Some(_) => return None,
            None => (Set::One, name.as_str()),
        };
        let (name, if_exists) = name.strip_suffix("ifexists").map_or((name, false), |name| (name, true));
        let (comparison, negated) = comparison(name)?;
        // Whether a key is there cannot depend on whether it is there.
        if comparison == Comparison::Null && (if_exists || set != Set::One) {
            return None;
        }
        Some(Self { comparison, negated, set, if_exists })
    }

    /// Whether the values that a request has for a key (`None`: it has no such key) are as the policy wants.
    pub(super) fn holds(self, found: Option<&[String]>, wanted: &[Pattern], keys: &Keys) -> bool {
        if self.comparison == Comparison::Null {
            let is_absent = found.is_none_or(<[String]>::is_empty);
            return wanted
                .iter()
                .any(|wanted| wanted.text().eq_ignore_ascii_case(if is_absent { "true" } else { "false" }));
        }
        let fits = |value: &String| wanted.iter().any(|wanted| self.matches(value, wanted, keys)) != self.negated;
        match (found, self.set) {
            (None | Some([]), Set::ForAll) => true,
            (None, _) if self.if_exists => true,
            (None | Some([]), Set::ForAny) => false,
            (None | Some([]), Set::One) => self.negated,
            (Some(values), set) if set == Set::ForAll || (set == Set::One && self.negated) => values.iter().all(fits),
            (Some(values), _) => values.iter().any(fits),
        }
    }

    fn matches(self, value: &str, wanted: &Pattern, keys: &Keys) -> bool {
        let filled = || wanted.filled(keys);
        match self.comparison {
            Comparison::Text => wanted.equals(value, keys),
            Comparison::TextOfAnyCase => wanted.equals_any_case(value, keys),
            Comparison::Like => wanted.matches(value, keys),
            Comparison::Bool => filled().is_some_and(|filled| filled.eq_ignore_ascii_case(value)),
            Comparison::Arn => wanted.matches_arn(value, keys),
            Comparison::Ip => match (filled().and_then(|filled| Block::parse(&filled)), value.parse()) {
                (Some(block), Ok(address)) => block.has(address),
                _ => false,
            },
            Comparison::Number(order) => {
                // `inf` and `NaN` are words of Rust's.
                let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
                let ordering = filled().and_then(|wanted| number(value)?.partial_cmp(&number(&wanted)?));
                ordering.is_some_and(|ordering| order.holds(ordering))
            }
            Comparison::Date(order) => {
                let ordering = filled().and_then(|wanted| Some(value::time(value)?.cmp(&value::time(&wanted)?)));
                ordering.is_some_and(|ordering| order.holds(ordering))
            }
            Comparison::Null => false,
        }
    }
}

/// Whether conditions know an operator.
#[must_use]
pub fn is_operator(name: &str) -> bool {
    Operator::parse(name).is_some()
}

/// The comparison of an operator, and whether it is turned around.
fn comparison(name: &str) -> Option<(Comparison, bool)> {
    use Comparison::{Arn, Bool, Date, Ip, Like, Null, Number, Text, TextOfAnyCase};
    Some(match name {
        // Binary values are base64 on both sides.
        "stringequals" | "binaryequals" => (Text, false),
        "stringnotequals" => (Text, true),
        "stringequalsignorecase" => (TextOfAnyCase, false),
        "stringnotequalsignorecase" => (TextOfAnyCase, true),
        "stringlike" => (Like, false),
        "stringnotlike" => (Like, true),
        "bool" => (Bool, false),
        "ipaddress" => (Ip, false),
        "notipaddress" => (Ip, true),
        // These two are one: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.
        "arnequals" | "arnlike" => (Arn, false),
        "arnnotequals" | "arnnotlike" => (Arn, true),
        "null" => (Null, false),
        _ => {
            let (kind, order) = match (name.strip_prefix("numeric"), name.strip_prefix("date")) {
                (Some(order), _) => (Number as fn(Ordered) -> Comparison, order),
                (None, Some(order)) => (Date as fn(Ordered) -> Comparison, order),
                (None, None) => return None,
            };
            let (order, negated) = match order {
                "equals" => (Ordered::Equal, false),
                "notequals" => (Ordered::Equal, true),
                "lessthan" => (Ordered::Less, false),
                "lessthanequals" => (Ordered::LessOrEqual, false),
                "greaterthan" => (Ordered::Greater, false),
                "greaterthanequals" => (Ordered::GreaterOrEqual, false),
                _ => return None,
            };
            (kind(order), negated)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(operator: &str, found: Option<&[&str]>, wanted: &[&str]) -> bool {
        let found: Option<Vec<String>> = found.map(|values| values.iter().map(|value| (*value).to_owned()).collect());
        let wanted: Vec<Pattern> = wanted.iter().map(|text| Pattern::new(text, true)).collect();
        Operator::parse(operator).unwrap().holds(found.as_deref(), &wanted, &Keys::default())
    }

    #[test]
    fn each_operator_compares_in_its_way() {
        for (operator, found, wanted, expected) in [
            ("StringEquals", "a", "a", true),
            ("StringEquals", "ab", "a*", false),
            ("StringEqualsIgnoreCase", "Ab", "aB", true),
            ("StringNotEqualsIgnoreCase", "Ab", "aB", false),
            ("StringLike", "abc", "a*c", true),
            ("StringNotLike", "abc", "a*c", false),
            ("NumericLessThan", "5", "5.5", true),
            ("NumericLessThanEquals", "6", "5.5", false),
            ("NumericEquals", "5", "5.0", true),
            ("NumericNotEquals", "x", "5", true),
            ("NumericGreaterThanEquals", "x", "5", false),
            ("NumericGreaterThan", "inf", "5", false),
            ("IpAddress", "2001:db8::9", "2001:db8::/32", true),
            ("NotIpAddress", "2001:db8::9", "203.0.113.0/24", true),
            ("DateLessThan", "2026-11-28T00:00:00Z", "2026-11-29", true),
            ("DateGreaterThan", "2026-11-28T00:00:00Z", "1795824000", false),
            ("DateGreaterThanEquals", "2026-11-28T00:00:00Z", "1795824000", true),
            ("Bool", "true", "True", true),
            ("Bool", "false", "true", false),
            ("IpAddress", "203.0.113.9", "203.0.113.0/24", true),
            ("NotIpAddress", "203.0.113.9", "203.0.113.0/24", false),
            ("ArnLike", "arn:aws:lambda:us-east-1:1:function:f", "arn:aws:lambda:*:1:function:*", true),
            ("ArnEquals", "arn:aws:lambda:us-east-1:1:function:f", "arn:aws:lambda:*:1:function:*", true),
            ("ArnNotLike", "arn:aws:lambda:us-east-1:1:function:f", "arn:aws:lambda:*", true),
            ("BinaryEquals", "QQ==", "QQ==", true),
        ] {
            assert_eq!(holds(operator, Some(&[found]), &[wanted]), expected, "{operator} {found} {wanted}");
        }
    }

    #[test]
    fn a_key_that_is_not_there_fails_unless_the_operator_denies_or_allows_for_it() {
        for (operator, expected) in [
            ("StringEquals", false),
            ("StringNotEquals", true),
            ("StringEqualsIfExists", true),
            ("IpAddress", false),
            ("NotIpAddress", true),
            ("ForAllValues:StringEquals", true),
            ("ForAnyValue:StringEquals", false),
            ("ForAnyValue:StringEqualsIfExists", true),
        ] {
            assert_eq!(holds(operator, None, &["a"]), expected, "{operator}");
        }
        assert!(holds("Null", None, &["true"]) && !holds("Null", Some(&["x"]), &["true"]));
        assert!(holds("Null", Some(&["x"]), &["false"]) && !holds("Null", None, &["false"]));
    }

    #[test]
    fn sets_are_asked_about_all_or_any_of_their_values() {
        assert!(holds("ForAllValues:StringEquals", Some(&["a", "b"]), &["a", "b", "c"]));
        assert!(!holds("ForAllValues:StringEquals", Some(&["a", "d"]), &["a", "b", "c"]));
        assert!(holds("ForAnyValue:StringEquals", Some(&["d", "a"]), &["a"]));
        assert!(holds("ForAnyValue:StringNotEquals", Some(&["d", "a"]), &["a"]));
        assert!(!holds("ForAllValues:StringNotEquals", Some(&["d", "a"]), &["a"]));
    }

    #[test]
    fn what_is_no_operator_is_none() {
        for name in
            ["", "Equals", "StringEqual", "ForSome:StringEquals", "NullIfExists", "ForAllValues:Null", "NumericLike"]
        {
            assert!(Operator::parse(name).is_none(), "{name}");
        }
        assert!(Operator::parse("forallvalues:stringlikeifexists").is_some());
    }

    proptest! {
        #[test]
        fn a_negated_operator_says_the_opposite(
            found in "[a-c]{0,2}",
            wanted in proptest::collection::vec("[a-c*]{0,2}", 1..3),
        ) {
            let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            for (operator, opposite) in [("StringEquals", "StringNotEquals"), ("StringLike", "StringNotLike")] {
                prop_assert_ne!(
                    holds(operator, Some(&[&found]), &wanted),
                    holds(opposite, Some(&[&found]), &wanted)
                );
            }
        }
    }
}
