//! Reading references and expressions, from wherever a template has one.

use super::{
    error::TemplateError,
    read::interpolated,
    syntax::{Expr, Operator, Reference, Step},
};

/// How deep blocks, expressions and texts with references may stand in each other, all together: each costs several calls
/// of whoever reads or runs it, and stacks end.
const MAX_DEPTH: usize = 50;

/// A place in a template.
pub(super) struct Cursor<'t> {
    whole: &'t str,
    rest: &'t str,
    /// How deep this place stands in blocks, expressions and texts.
    depth: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { whole: text, rest: text, depth: 0 }
    }

    /// A template in a template, which stands so deep already.
    pub(super) fn within(text: &'t str, depth: usize) -> Self {
        Self { whole: text, rest: text, depth }
    }

    /// Goes a step deeper; [`Cursor::leave`] comes back.
    pub(super) fn enter(&mut self) -> Result<(), TemplateError> {
        if self.depth == MAX_DEPTH {
            return Err(self.wrong("blocks and expressions stand too deep in each other"));
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn rest(&self) -> &'t str {
        self.rest
    }

    pub(super) fn go_back_to(&mut self, rest: &'t str) {
        self.rest = rest;
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    pub(super) fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Passes over the rest of a line that has nothing else.
    pub(super) fn end_line(&mut self) {
        let rest = self.rest.trim_start_matches([' ', '\t']);
        let end = ["\r\n", "\n", "\r"].into_iter().find_map(|end| rest.strip_prefix(end));
        self.rest = end.unwrap_or(self.rest);
    }

    pub(super) fn wrong(&self, what: impl Into<String>) -> TemplateError {
        TemplateError::Syntax { line: self.line(), what: what.into() }
    }

    pub(super) fn lacking(&self, what: String) -> TemplateError {
        TemplateError::Lacking { line: self.line(), what }
    }

    fn line(&self) -> usize {
        let read = self.whole.len() - self.rest.len();
        self.whole[..read].matches('\n').count() + 1
    }

    pub(super) fn expect(&mut self, wanted: char) -> Result<(), TemplateError> {
        self.space();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => self.rest = rest,
            None => return Err(self.wrong(format!("`{wanted}` is missing"))),
        }
        Ok(())
    }

    fn take(&mut self, text: &str) -> bool {
        self.space();
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes a word that ends where it ends.
    pub(super) fn word(&mut self, word: &str) -> bool {
        self.space();
        let rest = self.rest.strip_prefix(word).filter(|rest| !rest.starts_with(is_of_name));
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn name(&mut self) -> Option<&'t str> {
        if !self.rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return None;
        }
        let end = self.rest.find(|c| !is_of_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(name)
    }

    /// Reads the reference at a `$`; nothing, and no step further, when there is none.
    pub(super) fn reference(&mut self) -> Result<Option<Reference>, TemplateError> {
        let start = self.rest;
        let Some(rest) = start.strip_prefix('$') else { return Ok(None) };
        let is_quiet = rest.starts_with('!');
        self.rest = rest.strip_prefix('!').unwrap_or(rest);
        let in_braces = self.rest.starts_with('{');
        self.rest = self.rest.strip_prefix('{').unwrap_or(self.rest);
        let Some(name) = self.name() else {
            self.rest = start;
            return Ok(None);
        };
        let steps = self.steps()?;
        if in_braces {
            let Some(rest) = self.rest.strip_prefix('}') else {
                self.rest = start;
                return Ok(None);
            };
            self.rest = rest;
        }
        let written = start[..start.len() - self.rest.len()].to_owned();
        Ok(Some(Reference { name: name.to_owned(), steps, is_quiet, written, is_escaped: false }))
    }

    fn steps(&mut self) -> Result<Vec<Step>, TemplateError> {
        let mut steps = Vec::new();
        loop {
            let before = self.rest;
            if let Some(rest) = self.rest.strip_prefix('.') {
                self.rest = rest;
                let Some(name) = self.name() else {
                    self.rest = before;
                    return Ok(steps);
                };
                steps.push(if let Some(rest) = self.rest.strip_prefix('(') {
                    self.rest = rest;
                    Step::Call(name.to_owned(), self.items(')')?)
                } else {
                    Step::Member(name.to_owned())
                });
            } else if let Some(rest) = self.rest.strip_prefix('[') {
                self.rest = rest;
                match self.expression() {
                    Ok(index) if self.take("]") => steps.push(Step::Index(index)),
                    // A bracket of the text's own.
                    _ => {
                        self.rest = before;
                        return Ok(steps);
                    }
                }
            } else {
                return Ok(steps);
            }
        }
    }

    /// Reads expressions up to what closes their list.
    fn items(&mut self, close: char) -> Result<Vec<Expr>, TemplateError> {
        let mut items = Vec::new();
        let close_text = close.to_string();
        if self.take(&close_text) {
            return Ok(items);
        }
        loop {
            items.push(self.expression()?);
            if !self.take(",") {
                self.expect(close)?;
                return Ok(items);
            }
        }
    }

    /// Reads an expression.
    pub(super) fn expression(&mut self) -> Result<Expr, TemplateError> {
        self.enter()?;
        let read = self.level(0);
        self.leave();
        read
    }

    /// Reads what binds at least as strongly as a level says.
    fn level(&mut self, level: usize) -> Result<Expr, TemplateError> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let (first, mut rest) = (self.level(level + 1)?, Vec::new());
        while let Some(operator) = self.operator(operators) {
            rest.push((operator, self.level(level + 1)?));
        }
        Ok(if rest.is_empty() { first } else { Expr::Chain(Box::new(first), rest) })
    }

    /// Takes one of the operators, if it is next.
    fn operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        let found = operators.iter().find(|(text, _)| {
            let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic());
            if is_word { self.word(text) } else { self.take(text) }
        });
        found.map(|(_, operator)| *operator)
    }

    fn unary(&mut self) -> Result<Expr, TemplateError> {
        self.space();
        if self.take("!") || self.word("not") {
            return Ok(Expr::Not(Box::new(self.operand()?)));
        }
        self.primary()
    }

    /// Reads what an operator stands before.
    fn operand(&mut self) -> Result<Expr, TemplateError> {
        self.enter()?;
        let read = self.unary();
        self.leave();
        read
    }

    fn primary(&mut self) -> Result<Expr, TemplateError> {
        match self.peek() {
            Some('$') => {
                let reference = self.reference()?;
                reference.map(Expr::Reference).ok_or_else(|| self.wrong("`$` names no variable"))
            }
            Some('\'') => Ok(Expr::Text(self.quoted('\'')?)),
            Some('"') => {
                let text = self.quoted('"')?;
                Ok(Expr::Template(interpolated(&text, self.depth)?))
            }
            Some('(') => {
                self.next();
                let inner = self.expression()?;
                self.expect(')')?;
                Ok(inner)
            }
            Some('[') => self.list(),
            Some('{') => self.map(),
            Some('-') => {
                self.next();
                Ok(match self.operand()? {
                    Expr::Int(number) => Expr::Int(-number),
                    Expr::Float(number) => Expr::Float(-number),
                    other => Expr::Minus(Box::new(other)),
                })
            }
            Some(c) if c.is_ascii_digit() => self.number(),
            _ => match self.name() {
                Some("true") => Ok(Expr::Bool(true)),
                Some("false") => Ok(Expr::Bool(false)),
                Some("null") => Ok(Expr::Null),
                Some(name) => Err(self.wrong(format!("`{name}` is no value"))),
                None => Err(self.wrong("a value is missing")),
            },
        }
    }

    /// Reads a text in quotes; two of them in a row are one.
    fn quoted(&mut self, quote: char) -> Result<String, TemplateError> {
        let mut text = String::new();
        self.next();
        loop {
            match self.next() {
                None => return Err(self.wrong("a text that does not end")),
                Some('\\') if quote == '"' && self.rest.starts_with('"') => {
                    self.next();
                    text.push('"');
                }
                Some(c) if c == quote => {
                    if !self.rest.starts_with(quote) {
                        return Ok(text);
                    }
                    self.next();
                    text.push(quote);
                }
                Some(c) => text.push(c),
            }
        }
    }

    fn number(&mut self) -> Result<Expr, TemplateError> {
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let whole = digits(self.rest);
        let fraction = self.rest[whole..].strip_prefix('.').map_or(0, digits);
        let end = if fraction > 0 { whole + 1 + fraction } else { whole };
        let text = &self.rest[..end];
        let number = if fraction > 0 { text.parse().map(Expr::Float).ok() } else { text.parse().map(Expr::Int).ok() };
        let number = number.ok_or_else(|| self.wrong(format!("`{text}` is no number")))?;
        self.skip(end);
        Ok(number)
    }

    fn list(&mut self) -> Result<Expr, TemplateError> {
        self.next();
        if self.take("]") {
            return Ok(Expr::List(Vec::new()));
        }
        let first = self.expression()?;
        if self.take("..") {
            let last = self.expression()?;
            self.expect(']')?;
            return Ok(Expr::Range(Box::new(first), Box::new(last)));
        }
        let mut items = vec![first];
        if self.take(",") {
            items.extend(self.items(']')?);
        } else {
            self.expect(']')?;
        }
        Ok(Expr::List(items))
    }

    fn map(&mut self) -> Result<Expr, TemplateError> {
        self.next();
        let mut members = Vec::new();
        if self.take("}") {
            return Ok(Expr::Map(members));
        }
        loop {
            let name = self.expression()?;
            self.expect(':')?;
            members.push((name, self.expression()?));
            if !self.take(",") {
                self.expect('}')?;
                return Ok(Expr::Map(members));
            }
        }
    }
}

/// The operators, those that bind least first; of two that begin alike the longer one first.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("||", Operator::Or), ("or", Operator::Or)],
    &[("&&", Operator::And), ("and", Operator::And)],
    &[("==", Operator::Equal), ("eq", Operator::Equal), ("!=", Operator::Unequal), ("ne", Operator::Unequal)],
    &[
        ("<=", Operator::AtMost),
        ("le", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("ge", Operator::AtLeast),
        ("<", Operator::Less),
        ("lt", Operator::Less),
        (">", Operator::More),
        ("gt", Operator::More),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)],
];

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}
