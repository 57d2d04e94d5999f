//! Reading a template: its text, its references and its directives.
//!
//! Not here: what stands in the parentheses of directives and methods ([`super::expression`]).

use super::{
    error::TemplateError,
    expression::Cursor,
    syntax::{Expr, Node, Reference},
};

/// Reads a whole template.
pub(super) fn template(text: &str) -> Result<Vec<Node>, TemplateError> {
    let mut reader = Reader { cursor: Cursor::new(text) };
    let (nodes, end) = reader.nodes()?;
    match end {
        End::Text => Ok(nodes),
        End::Directive(name) => Err(reader.cursor.wrong(format!("`#{name}` ends nothing"))),
    }
}

/// Reads a text in double quotes, which is a template in a template and stands so deep already.
pub(super) fn interpolated(text: &str, depth: usize) -> Result<Vec<Node>, TemplateError> {
    let mut reader = Reader { cursor: Cursor::within(text, depth) };
    match reader.nodes()? {
        (nodes, End::Text) => Ok(nodes),
        (_, End::Directive(name)) => Err(reader.cursor.wrong(format!("`#{name}` ends nothing"))),
    }
}

/// Where a list of nodes ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// With the text.
    Text,
    /// Before the parentheses, if any, of `#end`, `#else` or `#elseif`.
    Directive(&'static str),
}

struct Reader<'t> {
    cursor: Cursor<'t>,
}

impl Reader<'_> {
    fn nodes(&mut self) -> Result<(Vec<Node>, End), TemplateError> {
        let (mut nodes, mut text) = (Vec::new(), String::new());
        while let Some(c) = self.cursor.peek() {
            let node = match c {
                '\\' => self.escape()?,
                '$' => self.cursor.reference()?.map(Node::Reference),
                '#' => match self.directive()? {
                    Found::Node(node) => Some(node),
                    Found::Nothing => continue,
                    Found::End(end) => {
                        push(&mut nodes, &mut text);
                        return Ok((nodes, End::Directive(end)));
                    }
                    Found::Text => None,
                },
                _ => None,
            };
            match node {
                Some(node) => {
                    push(&mut nodes, &mut text);
                    nodes.push(node);
                }
                None => text.extend(self.cursor.next()),
            }
        }
        push(&mut nodes, &mut text);
        Ok((nodes, End::Text))
    }

    /// Reads what a directive encloses.
    fn inner(&mut self) -> Result<(Vec<Node>, End), TemplateError> {
        self.cursor.enter()?;
        let read = self.nodes();
        self.cursor.leave();
        read
    }

    /// Reads a backslash; one before a reference or a directive makes that a text, any other is itself.
    fn escape(&mut self) -> Result<Option<Node>, TemplateError> {
        let before = self.cursor.rest();
        let after = before.strip_prefix('\\').unwrap_or_default();
        if after.starts_with('$') {
            self.cursor.next();
            if let Some(reference) = self.cursor.reference()? {
                return Ok(Some(Node::Reference(Reference { is_escaped: true, ..reference })));
            }
            self.cursor.go_back_to(before);
        } else if name(after).is_some() {
            self.cursor.skip(2);
            return Ok(Some(Node::Text("#".to_owned())));
        }
        Ok(None)
    }

    fn directive(&mut self) -> Result<Found, TemplateError> {
        let rest = self.cursor.rest();
        if rest.starts_with("##") {
            let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
            self.cursor.skip(end);
            return Ok(Found::Nothing);
        }
        if let Some(comment) = rest.strip_prefix("#*") {
            let end = comment.find("*#").ok_or_else(|| self.cursor.wrong("a comment that does not end"))?;
            self.cursor.skip(end + 4);
            return Ok(Found::Nothing);
        }
        if let Some(raw) = rest.strip_prefix("#[[") {
            let end = raw.find("]]#").ok_or_else(|| self.cursor.wrong("`#[[` without `]]#`"))?;
            self.cursor.skip(end + 6);
            return Ok(Found::Node(Node::Text(raw[..end].to_owned())));
        }
        let Some((name, length)) = name(rest) else { return Ok(Found::Text) };
        let opens = rest[length..].trim_start_matches([' ', '\t']).starts_with('(');
        match name {
            "set" | "if" | "foreach" | "elseif" | "define" if !opens => return Ok(Found::Text),
            "macro" | "include" | "parse" | "evaluate" => {
                return if opens { Err(self.cursor.lacking(format!("#{name}"))) } else { Ok(Found::Text) };
            }
            _ => self.cursor.skip(length),
        }
        Ok(match name {
            "set" => Found::Node(self.set()?),
            "if" => Found::Node(self.block()?),
            "foreach" => Found::Node(self.for_each()?),
            "define" => Found::Node(self.define()?),
            "break" => self.alone(Node::Break),
            "stop" => self.alone(Node::Stop),
            "else" | "end" => {
                self.cursor.end_line();
                Found::End(name)
            }
            _ => Found::End(name),
        })
    }

    fn alone(&mut self, node: Node) -> Found {
        self.cursor.end_line();
        Found::Node(node)
    }

    fn set(&mut self) -> Result<Node, TemplateError> {
        self.cursor.expect('(')?;
        self.cursor.space();
        let target = self.cursor.reference()?.ok_or_else(|| self.cursor.wrong("`#set` names no variable"))?;
        self.cursor.expect('=')?;
        let value = self.cursor.expression()?;
        self.cursor.expect(')')?;
        self.cursor.end_line();
        Ok(Node::Set(target, value))
    }

    fn condition(&mut self) -> Result<Expr, TemplateError> {
        self.cursor.expect('(')?;
        let condition = self.cursor.expression()?;
        self.cursor.expect(')')?;
        self.cursor.end_line();
        Ok(condition)
    }

    fn block(&mut self) -> Result<Node, TemplateError> {
        let (mut branches, mut otherwise) = (Vec::new(), Vec::new());
        let mut condition = Some(self.condition()?);
        loop {
            let (nodes, end) = self.inner()?;
            let is_else = condition.is_none();
            match condition.take() {
                Some(condition) => branches.push((condition, nodes)),
                None => otherwise = nodes,
            }
            match end {
                End::Directive("end") => return Ok(Node::If(branches, otherwise)),
                End::Directive("elseif") if !is_else => condition = Some(self.condition()?),
                End::Directive("else") if !is_else => {}
                _ => return Err(self.cursor.wrong("an `#if` without its `#end`")),
            }
        }
    }

    fn define(&mut self) -> Result<Node, TemplateError> {
        self.cursor.expect('(')?;
        self.cursor.space();
        let block = self.cursor.reference()?.filter(|block| block.steps.is_empty());
        let block = block.ok_or_else(|| self.cursor.wrong("`#define` names no variable"))?;
        self.cursor.expect(')')?;
        self.cursor.end_line();
        let (nodes, end) = self.inner()?;
        if end != End::Directive("end") {
            return Err(self.cursor.wrong("a `#define` without its `#end`"));
        }
        Ok(Node::Define(block.name, nodes.into()))
    }

    fn for_each(&mut self) -> Result<Node, TemplateError> {
        self.cursor.expect('(')?;
        self.cursor.space();
        let item = self.cursor.reference()?.filter(|item| item.steps.is_empty());
        let item = item.ok_or_else(|| self.cursor.wrong("`#foreach` names no variable"))?;
        self.cursor.space();
        if !self.cursor.word("in") {
            return Err(self.cursor.wrong("a `#foreach` without `in`"));
        }
        let items = self.cursor.expression()?;
        self.cursor.expect(')')?;
        self.cursor.end_line();
        let (nodes, end) = self.inner()?;
        if end != End::Directive("end") {
            return Err(self.cursor.wrong("a `#foreach` without its `#end`"));
        }
        Ok(Node::ForEach(item.name, items, nodes))
    }
}

/// What stands at a `#`.
enum Found {
    Node(Node),
    /// A comment.
    Nothing,
    End(&'static str),
    /// No directive.
    Text,
}

const NAMES: [&str; 13] = [
    "set", "if", "elseif", "else", "end", "foreach", "break", "stop", "macro", "define", "include", "parse", "evaluate",
];

/// The name of the directive at a `#`, and the bytes up to its end; it may stand in braces.
fn name(rest: &str) -> Option<(&'static str, usize)> {
    let after = rest.strip_prefix('#')?;
    let (word, braces) = if let Some(inner) = after.strip_prefix('{') {
        (inner.split_once('}')?.0, 2)
    } else {
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        (&after[..end], 0)
    };
    let name = NAMES.into_iter().find(|name| *name == word)?;
    Some((name, 1 + braces + name.len()))
}

fn push(nodes: &mut Vec<Node>, text: &mut String) {
    if !text.is_empty() {
        nodes.push(Node::Text(std::mem::take(text)));
    }
}
