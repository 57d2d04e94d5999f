//! Texts as expressions.

use super::{Expression, FUNCTIONS, Fault, LACKING, Operator};

/// How deep an expression may be nested.
const MAX_DEPTH: usize = 40;

/// The operators, those that bind least first.
const RANKS: [&[(&str, Operator)]; 6] = [
    &[("||", Operator::Or), ("OR", Operator::Or)],
    &[("&&", Operator::And), ("AND", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::Different),
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("<", Operator::Below),
        (">", Operator::Above),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
    &[("^", Operator::Power)],
];

/// The signs, the longer ones first.
const SIGNS: [&str; 18] =
    ["||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ","];

/// One word of an expression.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Name(String),
    Sign(&'static str),
}

/// Reads an expression.
pub(in super::super) fn parse(text: &str) -> Result<Expression, Fault> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let expression = parser.rank(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(expression),
        Some(token) => Err(unexpected(token)),
    }
}

fn wrong(why: impl Into<String>) -> Fault {
    Fault::Wrong(why.into())
}

fn unexpected(token: &Token) -> Fault {
    wrong(match token {
        Token::Number(number) => format!("Unexpected number {number}"),
        Token::Text(text) => format!("Unexpected text \"{text}\""),
        Token::Name(name) => format!("Unexpected name {name}"),
        Token::Sign(sign) => format!("Unexpected symbol {sign}"),
    })
}

fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if matches!(first, '"' | '\'') {
            let inner = &rest[1..];
            let end = inner.find(first).ok_or_else(|| wrong("A text does not end"))?;
            (Token::Text(inner[..end].to_owned()), end + 2)
        } else if first.is_ascii_digit() || first == '.' {
            let length = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
            let number = rest[..length].parse().map_err(|_| wrong(format!("{} is no number", &rest[..length])))?;
            (Token::Number(number), length)
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            (Token::Name(rest[..length].to_owned()), length)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| wrong(format!("Unexpected symbol {first}")))?;
            (Token::Sign(sign), sign.len())
        };
        found.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    /// Reads operands with the operators of a rank between them.
    fn rank(&mut self, rank: usize) -> Result<Expression, Fault> {
        let Some(operators) = RANKS.get(rank) else { return self.operand() };
        let first = self.rank(rank + 1)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.operator(operators) {
            rest.push((operator, self.rank(rank + 1)?));
        }
        Ok(if rest.is_empty() { first } else { Expression::Chain(Box::new(first), rest) })
    }

    fn operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        let word = match self.tokens.get(self.at)? {
            Token::Sign(sign) => sign,
            Token::Name(name) => name.as_str(),
            _ => return None,
        };
        let (_, operator) = operators.iter().find(|(name, _)| *name == word)?;
        self.at += 1;
        Some(*operator)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.tokens.get(self.at), Some(Token::Sign(next)) if *next == sign);
        self.at += usize::from(is_next);
        is_next
    }

    fn operand(&mut self) -> Result<Expression, Fault> {
        let token = self.tokens.get(self.at).cloned().ok_or_else(|| wrong("The expression ends too early"))?;
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(wrong("The expression is nested too deeply"));
        }
        let read = match token {
            Token::Number(number) => Expression::Number(number),
            Token::Text(text) => Expression::Text(text),
            Token::Sign("-") => Expression::Negative(Box::new(self.operand()?)),
            Token::Sign("(") => {
                let inner = self.rank(0)?;
                if !self.takes(")") {
                    return Err(wrong("A parenthesis does not end"));
                }
                inner
            }
            Token::Sign("[") => Expression::List(self.items("]")?),
            Token::Name(name) if LACKING.contains(&name.as_str()) => return Err(Fault::Lacking(name)),
            Token::Name(name) if self.takes("(") => self.call(&name)?,
            Token::Name(name) if name.starts_with(|c: char| c.is_ascii_lowercase()) => Expression::Id(name),
            Token::Name(name) => Expression::Word(name),
            other @ Token::Sign(_) => return Err(unexpected(&other)),
        };
        self.depth -= 1;
        Ok(read)
    }

    fn items(&mut self, end: &str) -> Result<Vec<Expression>, Fault> {
        let mut items = Vec::new();
        if self.takes(end) {
            return Ok(items);
        }
        loop {
            items.push(self.rank(0)?);
            if self.takes(end) {
                return Ok(items);
            }
            if !self.takes(",") {
                return Err(match self.tokens.get(self.at) {
                    Some(token) => unexpected(token),
                    None => wrong("The expression ends too early"),
                });
            }
        }
    }

    fn call(&mut self, name: &str) -> Result<Expression, Fault> {
        let known = FUNCTIONS.into_iter().find(|(known, ..)| *known == name);
        let (_, function, least, most) = known.ok_or_else(|| wrong(format!("Unsupported function {name}")))?;
        let arguments = self.items(")")?;
        if (least..=most).contains(&arguments.len()) {
            return Ok(Expression::Call(function, arguments));
        }
        Err(wrong(format!("The function {name} does not take {} arguments", arguments.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_expression_is_refused_and_what_is_lacking_is_named() {
        let deep = format!("{}m1{}", "(".repeat(1000), ")".repeat(1000));
        for bad in ["", "m1 +", "(m1", "[m1", "m1 m2", "SUM(m1", "NONE(m1)", "SUM()", "IF(m1)", "m1 # 2", "\"a", &deep]
        {
            assert!(matches!(parse(bad), Err(Fault::Wrong(_))), "{bad}");
        }
        for lacking in ["SEARCH('a', 'Sum', 300)", "ANOMALY_DETECTION_BAND(m1, 2)", "m1 + SEARCH"] {
            assert!(matches!(parse(lacking), Err(Fault::Lacking(_))), "{lacking}");
        }
    }

    #[test]
    fn a_long_expression_is_no_deep_one() {
        let long = format!("m1{}", " + m2".repeat(400));
        assert_eq!(parse(&long).unwrap().ids().len(), 401);
    }
}
