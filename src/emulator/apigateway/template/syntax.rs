//! What a template consists of, once it has been read.

use std::rc::Rc;

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// As it is.
    Text(String),
    /// A value, where it stands.
    Reference(Reference),
    /// `#set`.
    Set(Reference, Expr),
    /// `#if`, its `#elseif`s, and its `#else`.
    If(Vec<(Expr, Vec<Node>)>, Vec<Node>),
    /// `#foreach`.
    ForEach(String, Expr, Vec<Node>),
    /// `#define`.
    Define(String, Rc<[Node]>),
    /// `#break`.
    Break,
    /// `#stop`.
    Stop,
}

/// A reference to a value (`$a.b(1)[2]`).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reference {
    /// The variable.
    pub(super) name: String,
    /// What follows it.
    pub(super) steps: Vec<Step>,
    /// Whether nothing is written when there is nothing.
    pub(super) is_quiet: bool,
    /// As it stands in the template, which is written when there is nothing.
    pub(super) written: String,
    /// Whether a backslash stands before it: then what is written is the reference itself.
    pub(super) is_escaped: bool,
}

/// What follows a variable.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// `.name`
    Member(String),
    /// `.name(..)`
    Call(String, Vec<Expr>),
    /// `[..]`
    Index(Expr),
}

/// What has a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    /// `null`
    Null,
    /// `true`
    Bool(bool),
    /// `1`
    Int(i64),
    /// `1.5`
    Float(f64),
    /// `'a'`
    Text(String),
    /// `"a $b"`
    Template(Vec<Node>),
    /// `$a`
    Reference(Reference),
    /// `[1, 2]`
    List(Vec<Expr>),
    /// `[1..3]`
    Range(Box<Expr>, Box<Expr>),
    /// `{"a": 1}`
    Map(Vec<(Expr, Expr)>),
    /// `!a`
    Not(Box<Expr>),
    /// `-a`
    Minus(Box<Expr>),
    /// `a + b - c`: operators that bind alike, from left to right. They stand in a row: were each in the next, a long
    /// expression would be as deep as it is long.
    Chain(Box<Expr>, Vec<(Operator, Expr)>),
}

/// What stands between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}
