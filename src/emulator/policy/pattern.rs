//! Patterns: `*` stands for any text, `?` for one character, and `${aws:username}` for what the request says.

use super::keys::Keys;

/// A pattern of the policy language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Char(char),
    /// `?`
    One,
    /// `*`
    Any,
    /// `${key}` or `${key, 'default'}`
    Variable {
        key: String,
        default: Option<String>,
    },
}

impl Pattern {
    /// Reads a pattern. Variables exist since the version 2012-10-17 of the language; before, they are plain text.
    #[must_use]
    pub fn new(text: &str, has_variables: bool) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let inner = rest.strip_prefix("${").filter(|_| has_variables).and_then(|inner| inner.split_once('}'));
            if let Some((inner, after)) = inner {
                parts.push(variable(inner));
                rest = after;
                continue;
            }
            parts.push(match first {
                '*' => Part::Any,
                '?' => Part::One,
                other => Part::Char(other),
            });
            rest = &rest[first.len_utf8()..];
        }
        Self { text: text.to_owned(), parts }
    }

    /// A pattern that has no wildcards and no variables.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self { text: text.to_owned(), parts: text.chars().map(Part::Char).collect() }
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a text is of the pattern. A variable that the request has no value for is of no text.
    #[must_use]
    pub fn matches(&self, text: &str, keys: &Keys) -> bool {
        self.tokens(keys).is_some_and(|tokens| glob(&tokens, &text.chars().collect::<Vec<_>>()))
    }

    /// The same without a difference between upper and lower case.
    #[must_use]
    pub fn matches_any_case(&self, text: &str, keys: &Keys) -> bool {
        let fold = |token: Token| match token {
            Token::Char(c) => Token::Char(c.to_ascii_lowercase()),
            other => other,
        };
        let text: Vec<char> = text.chars().map(|c| c.to_ascii_lowercase()).collect();
        let tokens = self.tokens(keys).map(|tokens| tokens.into_iter().map(fold).collect::<Vec<_>>());
        tokens.is_some_and(|tokens| glob(&tokens, &text))
    }

    /// Whether a text is the pattern's own text, in which wildcards stand for themselves.
    #[must_use]
    pub fn equals(&self, text: &str, keys: &Keys) -> bool {
        self.filled(keys).is_some_and(|filled| filled == text)
    }

    /// The same without a difference between upper and lower case.
    #[must_use]
    pub fn equals_any_case(&self, text: &str, keys: &Keys) -> bool {
        self.filled(keys).is_some_and(|filled| filled.eq_ignore_ascii_case(text))
    }

    /// Whether an ARN is of the pattern; each of the six parts is compared by itself.
    #[must_use]
    pub fn matches_arn(&self, arn: &str, keys: &Keys) -> bool {
        let Some(tokens) = self.tokens(keys) else { return false };
        let mut patterns = tokens.splitn(6, |token| *token == Token::Char(':'));
        let mut parts = arn.splitn(6, ':');
        (0..6).all(|_| match (patterns.next(), parts.next()) {
            (Some(pattern), Some(part)) => glob(pattern, &part.chars().collect::<Vec<_>>()),
            _ => false,
        })
    }

    /// The text with its variables filled in.
    #[must_use]
    pub fn filled(&self, keys: &Keys) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Char(c) => text.push(*c),
                Part::One => text.push('?'),
                Part::Any => text.push('*'),
                Part::Variable { key, default } => text.push_str(value(keys, key, default.as_deref())?),
            }
        }
        Some(text)
    }

    fn tokens(&self, keys: &Keys) -> Option<Vec<Token>> {
        let mut tokens = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            match part {
                Part::Char(c) => tokens.push(Token::Char(*c)),
                Part::One => tokens.push(Token::One),
                Part::Any => tokens.push(Token::Any),
                // What a request says has no wildcards in it: nobody names himself `*`.
                Part::Variable { key, default } => {
                    tokens.extend(value(keys, key, default.as_deref())?.chars().map(Token::Char));
                }
            }
        }
        Some(tokens)
    }
}

fn value<'v>(keys: &'v Keys, key: &str, default: Option<&'v str>) -> Option<&'v str> {
    keys.one(key).or(default)
}

/// Reads what stands between the braces.
fn variable(inner: &str) -> Part {
    match inner {
        "*" => return Part::Char('*'),
        "?" => return Part::Char('?'),
        "$" => return Part::Char('$'),
        _ => {}
    }
    let (key, default) = match inner.split_once(',') {
        Some((key, default)) => (key, Some(default.trim().trim_matches('\'').to_owned())),
        None => (inner, None),
    };
    Part::Variable { key: key.trim().to_owned(), default }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Char(char),
    One,
    Any,
}

/// Matches greedily with one point to come back to, so its time is bounded by the product of the lengths.
fn glob(pattern: &[Token], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Token::Any) => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(Token::One) => (p, t) = (p + 1, t + 1),
            Some(Token::Char(c)) if *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match &mut retry {
                Some((after_star, from)) => {
                    *from += 1;
                    (p, t) = (*after_star, *from);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|token| *token == Token::Any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern, true).matches(text, &Keys::default())
    }

    #[test]
    fn wildcards_stand_for_any_text_also_across_slashes_and_colons() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "a/b:c", true),
            ("a*c", "abbd", false),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("*a*b", "xaxab", true),
            ("", "a", false),
            ("ec2:Describe*", "ec2:describeInstances", false),
        ] {
            assert_eq!(of(pattern, text), expected, "{pattern} {text}");
        }
        assert!(Pattern::new("EC2:describe*", true).matches_any_case("ec2:DescribeInstances", &Keys::default()));
    }

    #[test]
    fn variables_are_what_the_request_says_and_never_wildcards() {
        let mut keys = Keys::default();
        keys.set("aws:username", "an*");
        assert!(Pattern::new("user/${aws:UserName}", true).matches("user/an*", &keys));
        assert!(!Pattern::new("user/${aws:username}", true).matches("user/ann", &keys));
        assert!(Pattern::new("${aws:PrincipalTag/team, 'none'}-?", true).matches("none-1", &keys));
        assert!(!Pattern::new("${aws:PrincipalTag/team}*", true).matches("", &keys));
        assert!(Pattern::new("a${*}${?}${$}", true).matches("a*?$", &keys));
        assert!(Pattern::new("${aws:username}", false).matches("${aws:username}", &keys));
    }

    #[test]
    fn the_parts_of_an_arn_are_compared_one_by_one() {
        let arn = "arn:aws:execute-api:us-east-1:000000000000:abc/dev/GET/infra";
        let is = |pattern: &str| Pattern::new(pattern, true).matches_arn(arn, &Keys::default());
        assert!(
            is("arn:aws:execute-api:*:*:abc/*") && is("arn:aws:execute-api:us-east-1:000000000000:abc/*/GET/infra")
        );
        for other in ["*", "arn:aws:execute-api:*", "arn:aws:execute-api:us-east-1:1:abc/*", "arn:*:abc/*"] {
            assert!(!is(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_of_itself_of_a_star_and_of_as_many_question_marks(text in "[a-zé:/]{0,12}") {
            let (around, longer) = (format!("*{text}*"), format!("{text}?"));
            prop_assert!(of(&text, &text) && of("*", &text) && of(&around, &text));
            prop_assert!(of(&"?".repeat(text.chars().count()), &text));
            prop_assert!(!of(&longer, &text));
        }

        #[test]
        fn it_agrees_with_the_plain_rule(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            fn plain(pattern: &[char], text: &[char]) -> bool {
                match pattern.split_first() {
                    None => text.is_empty(),
                    Some(('*', rest)) => (0..=text.len()).any(|at| plain(rest, &text[at..])),
                    Some((c, rest)) => {
                        text.split_first().is_some_and(|(first, left)| (*c == '?' || c == first) && plain(rest, left))
                    }
                }
            }
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(of(&pattern, &text), plain(&p, &t));
        }
    }
}
