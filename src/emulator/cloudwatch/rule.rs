//! The rules of composite alarms: `ALARM(cpu) AND NOT OK("arn:…")`.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>

use super::alarm::{StateValue, name_of};
use std::collections::HashSet;

/// How deep a rule may be nested, and how many elements it may have: alarms, truths and parentheses.
const MAX_DEPTH: usize = 40;
const MAX_ELEMENTS: usize = 500;

/// Why a rule is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// What stands there instead.
    Unsupported { token: String, at: usize },
    /// It is longer or deeper than a rule may be, or ends too early.
    Wrong(String),
    /// AWS has it, and the emulator has not.
    Lacking(String),
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    Truth(bool),
    /// Whether an alarm, by its name, is in a state.
    In(StateValue, String),
    Not(Box<Rule>),
    All(Vec<Rule>),
    Any(Vec<Rule>),
}

impl Rule {
    /// Reads a rule.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let mut parser = Parser { text, at: 0, depth: 0, elements: 0 };
        let rule = parser.any()?;
        let (token, at) = parser.next();
        if token.is_empty() { Ok(rule) } else { Err(Fault::Unsupported { token: token.to_owned(), at }) }
    }

    /// Whether it holds in the states of alarms; one that is not there is in none.
    pub(super) fn holds(&self, state: &impl Fn(&str) -> Option<StateValue>) -> bool {
        match self {
            Self::Truth(truth) => *truth,
            Self::In(wanted, name) => state(name) == Some(*wanted),
            Self::Not(rule) => !rule.holds(state),
            Self::All(rules) => rules.iter().all(|rule| rule.holds(state)),
            Self::Any(rules) => rules.iter().any(|rule| rule.holds(state)),
        }
    }

    /// The alarms that it names, each once, in their order.
    pub(super) fn alarms(&self) -> Vec<&str> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        self.collect(&mut found);
        found.retain(|name| seen.insert(*name));
        found
    }

    fn collect<'r>(&'r self, found: &mut Vec<&'r str>) {
        match self {
            Self::Truth(_) => {}
            Self::In(_, name) => found.push(name),
            Self::Not(rule) => rule.collect(found),
            Self::All(rules) | Self::Any(rules) => rules.iter().for_each(|rule| rule.collect(found)),
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    elements: usize,
}

impl<'t> Parser<'t> {
    /// The next word or parenthesis, and where it begins; empty at the end.
    fn next(&self) -> (&'t str, usize) {
        let rest = &self.text[self.at..];
        let begin = self.at + (rest.len() - rest.trim_start().len());
        let rest = &self.text[begin..];
        let length = match rest.chars().next() {
            Some('(' | ')') => 1,
            _ => rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).unwrap_or(rest.len()),
        };
        (&rest[..length], begin)
    }

    fn takes(&mut self, wanted: &str) -> bool {
        let (token, at) = self.next();
        let is_next = token.eq_ignore_ascii_case(wanted);
        if is_next {
            self.at = at + token.len();
        }
        is_next
    }

    fn any(&mut self) -> Result<Rule, Fault> {
        self.several("OR", Self::all, Rule::Any)
    }

    fn all(&mut self) -> Result<Rule, Fault> {
        self.several("AND", Self::one, Rule::All)
    }

    fn several(
        &mut self,
        word: &str,
        read: impl Fn(&mut Self) -> Result<Rule, Fault>,
        make: impl Fn(Vec<Rule>) -> Rule,
    ) -> Result<Rule, Fault> {
        let first = read(self)?;
        let mut rules = vec![first];
        while self.takes(word) {
            rules.push(read(self)?);
        }
        Ok(if rules.len() == 1 { rules.remove(0) } else { make(rules) })
    }

    fn one(&mut self) -> Result<Rule, Fault> {
        let (token, at) = self.next();
        self.depth += 1;
        self.elements += 1;
        if self.depth > MAX_DEPTH || self.elements > MAX_ELEMENTS {
            return Err(Fault::Wrong("it has too many elements".to_owned()));
        }
        self.at = at + token.len();
        let upper = token.to_ascii_uppercase();
        let rule = match upper.as_str() {
            "" => return Err(Fault::Wrong("it ends too early".to_owned())),
            "NOT" => Rule::Not(Box::new(self.one()?)),
            "TRUE" => Rule::Truth(true),
            "FALSE" => Rule::Truth(false),
            "AT_LEAST" => return Err(Fault::Lacking("AT_LEAST".to_owned())),
            "ALARM" => Rule::In(StateValue::Alarm, self.alarm()?),
            "OK" => Rule::In(StateValue::Ok, self.alarm()?),
            "INSUFFICIENT_DATA" => Rule::In(StateValue::InsufficientData, self.alarm()?),
            "(" => {
                let inner = self.any()?;
                self.closes()?;
                inner
            }
            _ => return Err(Fault::Unsupported { token: token.to_owned(), at }),
        };
        self.depth -= 1;
        Ok(rule)
    }

    fn closes(&mut self) -> Result<(), Fault> {
        if self.takes(")") {
            return Ok(());
        }
        match self.next() {
            ("", _) => Err(Fault::Wrong("a parenthesis does not end".to_owned())),
            (token, at) => Err(Fault::Unsupported { token: token.to_owned(), at }),
        }
    }

    /// Reads the name of an alarm, or its ARN, in parentheses; a name in quotes may have any character.
    fn alarm(&mut self) -> Result<String, Fault> {
        if !self.takes("(") {
            let (token, at) = self.next();
            return Err(Fault::Unsupported { token: token.to_owned(), at });
        }
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        let (named, length) = if let Some(inner) = rest.strip_prefix('"') {
            let end = inner.find('"').ok_or_else(|| Fault::Wrong("a quote does not end".to_owned()))?;
            (&inner[..end], end + 2)
        } else {
            let end = rest.find(')').ok_or_else(|| Fault::Wrong("a parenthesis does not end".to_owned()))?;
            (rest[..end].trim_end(), end)
        };
        if named.is_empty() {
            return Err(Fault::Unsupported { token: ")".to_owned(), at: self.at });
        }
        self.at += length;
        self.closes()?;
        Ok(name_of(named).unwrap_or(named).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(rule: &str) -> bool {
        let state = |name: &str| match name {
            "a" | "a b(c)" => Some(StateValue::Alarm),
            "o" => Some(StateValue::Ok),
            "i" => Some(StateValue::InsufficientData),
            _ => None,
        };
        Rule::parse(rule).unwrap_or_else(|fault| panic!("{rule}: {fault:?}")).holds(&state)
    }

    #[test]
    fn rules_hold_by_the_states_of_alarms() {
        for (rule, expected) in [
            ("TRUE", true),
            ("false", false),
            ("ALARM(a)", true),
            ("ALARM(\"a b(c)\") AND OK( o )", true),
            ("ALARM(arn:aws:cloudwatch:us-east-1:000000000000:alarm:a)", true),
            ("NOT ALARM(a) OR INSUFFICIENT_DATA(i)", true),
            ("ALARM(a) AND NOT (OK(o) OR FALSE)", false),
            ("ALARM(a) OR ALARM(a) AND FALSE", true),
            ("NOT NOT OK(gone)", false),
        ] {
            assert_eq!(holds(rule), expected, "{rule}");
        }
        let rule = Rule::parse("ALARM(b) OR ALARM(a) OR OK(b)").unwrap();
        assert_eq!(rule.alarms(), ["b", "a"]);
    }

    #[test]
    fn what_is_no_rule_is_refused_with_where() {
        for (rule, token, at) in [("()", ")", 1), ("ALARM(a) XOR OK(b)", "XOR", 9), ("ALARM a", "a", 6), ("a", "a", 0)]
        {
            let expected = Fault::Unsupported { token: token.to_owned(), at };
            assert_eq!(Rule::parse(rule), Err(expected), "{rule}");
        }
        let deep = format!("{}TRUE{}", "(".repeat(400), ")".repeat(400));
        for rule in ["", "ALARM(a", "(TRUE", "ALARM(\"a)", "NOT", &deep] {
            assert!(matches!(Rule::parse(rule), Err(Fault::Wrong(_))), "{rule}");
        }
        assert!(matches!(Rule::parse("AT_LEAST(2, ALARM, (a, b))"), Err(Fault::Lacking(_))));
    }
}
