//! Expressions of queries: fields, values, operators and functions.

use super::{Malformed, datum::Datum, search::Search, token::Token};

/// How deep expressions may be in each other.
const MAX_DEPTH: usize = 48;

/// An expression. What operators that bind alike join stands in a row: were each in the next, a long expression would be as
/// deep as it is long.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    Field(String),
    Value(Datum),
    /// A length of time, in milliseconds.
    Span(i64),
    Matches(Box<Expression>, Pattern),
    In(Box<Expression>, Vec<Expression>),
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Compared(&'static str, Box<Expression>, Box<Expression>),
    Computed(Box<Expression>, Vec<(&'static str, Expression)>),
    Call(String, Vec<Expression>),
}

/// What `like` compares with.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Part(String),
    Expression(Search),
}

/// The functions that go over many rows.
pub(super) const AGGREGATES: [&str; 14] = [
    "avg",
    "count",
    "count_distinct",
    "earliest",
    "latest",
    "max",
    "median",
    "min",
    "pct",
    "percentile",
    "sortsfirst",
    "sortslast",
    "stddev",
    "sum",
];

/// The functions of one row.
const FUNCTIONS: [&str; 53] = [
    "abs",
    "base64decode",
    "base64encode",
    "bin",
    "case",
    "ceil",
    "coalesce",
    "concat",
    "dateceil",
    "datefloor",
    "dectohex",
    "endswith",
    "exp",
    "floor",
    "frommillis",
    "greatest",
    "hextoascii",
    "hextodec",
    "if",
    "ipv4tonumber",
    "isblank",
    "isempty",
    "isipinsubnet",
    "isipv4insubnet",
    "isipv6insubnet",
    "isnumeric",
    "ispresent",
    "isprivateip",
    "isvalidip",
    "isvalidipv4",
    "isvalidipv6",
    "jsonarraycontains",
    "jsonarraysize",
    "least",
    "log",
    "ltrim",
    "messagesize",
    "mod",
    "pow",
    "replace",
    "round",
    "rtrim",
    "sqrt",
    "startswith",
    "strcontains",
    "strlen",
    "substr",
    "todouble",
    "tolower",
    "tomillis",
    "tonumber",
    "toupper",
    "trim",
];

impl Expression {
    /// Whether it goes over many rows.
    pub(super) fn is_aggregate(&self) -> bool {
        match self {
            Self::Field(_) | Self::Value(_) | Self::Span(_) => false,
            Self::Matches(inner, _) | Self::Not(inner) => inner.is_aggregate(),
            Self::In(inner, list) => inner.is_aggregate() || list.iter().any(Self::is_aggregate),
            Self::All(inner) | Self::Any(inner) => inner.iter().any(Self::is_aggregate),
            Self::Compared(_, a, b) => a.is_aggregate() || b.is_aggregate(),
            Self::Computed(first, rest) => first.is_aggregate() || rest.iter().any(|(_, inner)| inner.is_aggregate()),
            Self::Call(name, arguments) => {
                AGGREGATES.contains(&name.as_str()) || arguments.iter().any(Self::is_aggregate)
            }
        }
    }
}

/// Words that are being read.
pub(super) struct Words<'q> {
    pub(super) text: &'q str,
    pub(super) tokens: &'q [(Token, usize, usize)],
    pub(super) at: usize,
    /// When the query was started, milliseconds since the Unix epoch.
    pub(super) now: i64,
}

impl<'q> Words<'q> {
    pub(super) fn peek(&self) -> Option<&'q Token> {
        self.tokens.get(self.at).map(|(token, ..)| token)
    }

    pub(super) fn take(&mut self) -> Option<&'q Token> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    /// Takes a sign, if it is next.
    pub(super) fn sign(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Sign(next)) if *next == sign);
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes a word, if it is next.
    pub(super) fn word(&mut self, word: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Name(next)) if next.eq_ignore_ascii_case(word));
        self.at += usize::from(is_next);
        is_next
    }

    /// The text from a word on to the one before the next.
    pub(super) fn text_since(&self, start: usize) -> &'q str {
        let begin = self.tokens.get(start).map_or(0, |(_, begin, _)| *begin);
        let end = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(begin, |(_, _, end)| *end);
        self.text.get(begin..end).unwrap_or_default()
    }

    pub(super) fn unexpected(&self) -> Malformed {
        let here = self.tokens.get(self.at).and_then(|(_, begin, end)| self.text.get(*begin..*end));
        Malformed::Syntax(match here {
            Some(word) => format!("unexpected symbol found {word}"),
            None => "the query ends too early".to_owned(),
        })
    }

    fn expect(&mut self, sign: &str) -> Result<(), Malformed> {
        if self.sign(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Reads an expression.
    pub(super) fn expression(&mut self) -> Result<Expression, Malformed> {
        self.or(0)
    }

    fn or(&mut self, depth: usize) -> Result<Expression, Malformed> {
        if depth > MAX_DEPTH {
            return Err(Malformed::Syntax("the expressions are nested too deep".to_owned()));
        }
        let (first, mut rest) = (self.and(depth)?, Vec::new());
        while self.word("or") {
            rest.push(self.and(depth)?);
        }
        Ok(joined(first, rest, Expression::Any))
    }

    fn and(&mut self, depth: usize) -> Result<Expression, Malformed> {
        let (first, mut rest) = (self.not(depth)?, Vec::new());
        while self.word("and") {
            rest.push(self.not(depth)?);
        }
        Ok(joined(first, rest, Expression::All))
    }

    fn not(&mut self, depth: usize) -> Result<Expression, Malformed> {
        let mut count = 0;
        while self.word("not") {
            count += 1;
        }
        let inner = self.comparison(depth)?;
        Ok(if count % 2 == 1 { Expression::Not(Box::new(inner)) } else { inner })
    }

    fn comparison(&mut self, depth: usize) -> Result<Expression, Malformed> {
        let left = self.sum(depth)?;
        for sign in ["!=", "<=", ">=", "==", "=", "<", ">"] {
            if self.sign(sign) {
                let sign = if sign == "==" { "=" } else { sign };
                return Ok(Expression::Compared(sign, Box::new(left), Box::new(self.sum(depth)?)));
            }
        }
        if self.sign("=~") {
            return self.matching(left);
        }
        let start = self.at;
        let is_not = self.word("not");
        let found = if self.word("like") {
            self.matching(left)?
        } else if self.word("in") {
            self.expect("[")?;
            let mut list = Vec::new();
            while !self.sign("]") {
                list.push(self.sum(depth + 1)?);
                if !self.sign(",") && !matches!(self.peek(), Some(Token::Sign("]"))) {
                    return Err(self.unexpected());
                }
            }
            Expression::In(Box::new(left), list)
        } else {
            self.at = start;
            return Ok(left);
        };
        Ok(if is_not { Expression::Not(Box::new(found)) } else { found })
    }

    fn matching(&mut self, left: Expression) -> Result<Expression, Malformed> {
        let pattern = match self.peek() {
            Some(Token::Expression(search)) => Pattern::Expression(search.clone()),
            Some(Token::Text(text)) => Pattern::Part(text.clone()),
            _ => return Err(self.unexpected()),
        };
        self.at += 1;
        Ok(Expression::Matches(Box::new(left), pattern))
    }

    fn sum(&mut self, depth: usize) -> Result<Expression, Malformed> {
        let (first, mut rest) = (self.product(depth)?, Vec::new());
        while let Some(sign) = ["+", "-"].into_iter().find(|sign| self.sign(sign)) {
            rest.push((sign, self.product(depth)?));
        }
        Ok(computed(first, rest))
    }

    fn product(&mut self, depth: usize) -> Result<Expression, Malformed> {
        let (first, mut rest) = (self.power(depth)?, Vec::new());
        while let Some(sign) = ["*", "/", "%"].into_iter().find(|sign| self.sign(sign)) {
            rest.push((sign, self.power(depth)?));
        }
        Ok(computed(first, rest))
    }

    fn power(&mut self, depth: usize) -> Result<Expression, Malformed> {
        let left = self.primary(depth)?;
        if self.sign("^") {
            return Ok(computed(left, vec![("^", self.primary(depth)?)]));
        }
        Ok(left)
    }

    fn primary(&mut self, depth: usize) -> Result<Expression, Malformed> {
        if self.sign("-") {
            let zero = Expression::Value(Datum::Number(0.0));
            if depth > MAX_DEPTH {
                return Err(Malformed::Syntax("the expressions are nested too deep".to_owned()));
            }
            return Ok(computed(zero, vec![("-", self.primary(depth + 1)?)]));
        }
        if self.sign("(") {
            let inner = self.or(depth + 1)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let start = self.at;
        match self.take() {
            Some(Token::Number(number)) => Ok(Expression::Value(Datum::Number(*number))),
            Some(Token::Text(text)) => Ok(Expression::Value(Datum::Text(text.clone()))),
            Some(Token::Span(millis)) => Ok(Expression::Span(*millis)),
            Some(Token::Name(name)) if self.sign("(") => self.call(name, depth),
            Some(Token::Name(name)) => Ok(Expression::Field(name.clone())),
            _ => {
                self.at = start;
                Err(self.unexpected())
            }
        }
    }

    fn call(&mut self, name: &str, depth: usize) -> Result<Expression, Malformed> {
        let known = name.to_ascii_lowercase();
        if known == "now" {
            self.expect(")")?;
            #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact")]
            let seconds = self.now.div_euclid(1000) as f64;
            return Ok(Expression::Value(Datum::Number(seconds)));
        }
        if !AGGREGATES.contains(&known.as_str()) && !FUNCTIONS.contains(&known.as_str()) {
            return Err(Malformed::Lacking(format!("function {name}")));
        }
        let mut arguments = Vec::new();
        if known == "count" && self.sign("*") {
            self.expect(")")?;
            return Ok(Expression::Call(known, arguments));
        }
        while !self.sign(")") {
            arguments.push(self.or(depth + 1)?);
            if !self.sign(",") && !matches!(self.peek(), Some(Token::Sign(")"))) {
                return Err(self.unexpected());
            }
        }
        Ok(Expression::Call(known, arguments))
    }
}

fn joined(first: Expression, mut rest: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    if rest.is_empty() {
        return first;
    }
    rest.insert(0, first);
    join(rest)
}

fn computed(first: Expression, rest: Vec<(&'static str, Expression)>) -> Expression {
    if rest.is_empty() { first } else { Expression::Computed(Box::new(first), rest) }
}
