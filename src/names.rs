//! Names that cross the program's borders, each parsed once into a type that cannot be wrong.
//!
//! A value of one of these types is safe to put into a URL path, a filter or a label as it is: none of them can
//! hold a separator, a percent sign, a control character or anything outside ASCII.

use std::{fmt, str::FromStr};

/// A text that is not a name of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: expected {rule}")]
pub struct InvalidName {
    /// What the text should have been, in lower case (`container name`).
    pub kind: &'static str,
    /// The rule that it breaks, for people.
    pub rule: &'static str,
}

/// Whether a text holds nothing but a-z, 0-9 and `-`.
#[must_use]
pub fn is_kebab(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether a text is a name that a person gives to something of a stack.
fn is_short(text: &str) -> bool {
    text.len() <= 32 && text.starts_with(|first: char| first.is_ascii_lowercase()) && is_kebab(text)
}

/// Whether a text can be an AWS region, by its form only: new regions appear every year.
#[must_use]
pub fn is_region(text: &str) -> bool {
    text.len() >= 3 && text.contains('-') && is_short(text)
}

/// Whether a text can be the number of an AWS account.
#[must_use]
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Somebody else's text, where it is one plain word of at most so many bytes: a code of an error, the name of a class.
#[must_use]
pub fn word(text: &str, most: usize) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    ((1..=most).contains(&text.len()) && text.bytes().all(is_plain)).then_some(text)
}

/// Declares a name type: its text, the rule that the text keeps, and that rule in words.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The rule that the text keeps, in words.
            pub const RULE: &str = $rule;

            /// Borrows the name's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidName { kind: $kind, rule: Self::RULE })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl crate::text::Verbatim for $name {}

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(
    /// The name of a stack; it prefixes the names of a stack's resources, so it keeps the strictest of their rules.
    StackName,
    "stack name",
    "1 to 32 of a-z, 0-9 and `-`, starting with a letter",
    is_short
);

name!(
    /// The name of an API key, which is for people and unique in its stack.
    KeyName,
    "key name",
    "1 to 32 of a-z, 0-9 and `-`, starting with a letter",
    is_short
);

name!(
    /// The name of a container, as Docker's daemon accepts it, at most 128 bytes; never an id prefix's stand-in.
    ContainerName,
    "container name",
    "1 to 128 of A-Z, a-z, 0-9, `_`, `.` and `-`, starting with a letter or digit",
    |text| {
        text.len() <= 128
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
    }
);

impl ContainerName {
    /// The rule as a regular expression that every dialect reads alike.
    pub const PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$";
}

name!(
    /// The id of an EC2 instance: `i-` and 8 or 17 lower-case hex digits.
    InstanceId,
    "instance id",
    "`i-` and 8 or 17 hex digits",
    |text| {
        text.strip_prefix("i-").is_some_and(|digits| {
            matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        })
    }
);

name!(
    /// The name of an instance in its stack, where a stack has several.
    InstanceName,
    "instance name",
    "1 to 32 of a-z, 0-9 and `-`, starting with a letter",
    is_short
);

name!(
    /// The name of a type of instance, by its form only: which there are, an engine knows.
    InstanceType,
    "instance type",
    "an instance type such as `t3.small`",
    |text| {
        let is_part = |part: &str| (1..=16).contains(&part.len()) && is_kebab(part);
        text.split_once('.').is_some_and(|(family, size)| is_part(family) && is_part(size))
    }
);

impl InstanceType {
    /// The rule as a regular expression that every dialect reads alike.
    pub const PATTERN: &str = "^[a-z0-9-]{1,16}[.][a-z0-9-]{1,16}$";

    /// The part before the point (`t3`).
    #[must_use]
    pub fn family(&self) -> &str {
        self.0.split_once('.').map_or(&self.0, |(family, _)| family)
    }
}

name!(
    /// The id of a REST API: API Gateway draws ten letters and digits, local engines let users pin their own.
    ApiId,
    "API id",
    "1 to 64 of a-z, 0-9 and `-`, starting with a letter or digit",
    |text| {
        text.len() <= 64
            && text.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
            && is_kebab(text)
    }
);

name!(
    /// The name of a stage of a REST API.
    StageName,
    "stage name",
    "1 to 128 of A-Z, a-z, 0-9, `_` and `-`, or `$default`",
    |text| {
        text == DEFAULT_STAGE
            || (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    }
);

impl StageName {
    /// The stage of HTTP APIs that URLs do not name.
    #[must_use]
    pub fn default_stage() -> Self {
        Self(DEFAULT_STAGE.to_owned())
    }
}

/// What API Gateway calls it.
const DEFAULT_STAGE: &str = "$default";

name!(
    /// The id of a function's URL.
    FunctionUrlId,
    "function URL's id",
    "32 of a-z and 0-9",
    |text| text.len() == 32 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
);

name!(
    /// The random id of an installation: containers that carry it as `atelier.owner` are ours.
    OwnerId,
    "owner id",
    "32 hex digits",
    |text| text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn container_names_are_dockers_own() {
        for good in ["a", "mycontainer", "My_c.0-x", &"a".repeat(128)] {
            assert!(good.parse::<ContainerName>().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "-a", "_a", "a/b", "a b", "a%2f", "é", "../../images/prune?x=", &"a".repeat(129)] {
            assert!(bad.parse::<ContainerName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn instance_ids_have_8_or_17_hex_digits() {
        assert!("i-0123456789abcdef0".parse::<InstanceId>().is_ok());
        assert!("i-01234567".parse::<InstanceId>().is_ok());
        for bad in ["", "i-", "i-0123456", "i-0123456789ABCDEF0", "x-01234567", "i-0123456g"] {
            assert!(bad.parse::<InstanceId>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_name_ever_holds_a_byte_that_needs_escaping(text in ".{0,140}") {
            let accepted = text.parse::<ContainerName>().is_ok()
                || text.parse::<StackName>().is_ok()
                || text.parse::<ApiId>().is_ok()
                || text.parse::<StageName>().is_ok();
            let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
            prop_assert!(!accepted || plain);
        }
    }
}
