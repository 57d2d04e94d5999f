//! Values of resources before they are in any language: texts with references in them, lists, maps, documents.
//!
//! A part tells its values by the functions that a deploy uses, given a [`Spec`] whose region, account and names are
//! marks (`scene`); what has marks in it becomes a text with references here. So nothing is described twice.
//!
//! [`Spec`]: crate::stack::spec::Spec

use crate::names::InstanceName;

/// A resource of the stack, as other resources refer to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::stack) enum Thing {
    /// An instance that the API controls, by its name where it has one.
    Instance(Option<String>),
    /// The role that the function runs as.
    Role,
    /// What the role may do.
    RolePolicy,
    /// The function's log group.
    LogGroup,
    /// The function.
    Function,
    /// The REST API.
    Api,
    /// Its leave to call the function.
    Permission,
    /// What is served of it.
    Deployment,
    /// Where it is served.
    Stage,
    /// What makes keys open it.
    UsagePlan,
    /// An API key, by its name.
    Key(String),
    /// That key in the usage plan.
    PlanKey(String),
    /// The rule that wakes the function.
    ClockRule,
    /// That it wakes the function.
    ClockTarget,
    /// Its leave to do so.
    ClockPermission,
    /// An alarm on the function, by what its name ends with.
    Alarm(String),
}

impl Thing {
    /// Refers to an instance, by its name where it has one.
    pub(in crate::stack) fn of_instance(name: Option<&InstanceName>) -> Self {
        Self::Instance(name.map(ToString::to_string))
    }
}

/// What is known of a resource once it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::stack) enum Attribute {
    /// Its id, or its name where it has no other.
    Id,
    /// Its ARN; of a log group without `:*`.
    Arn,
    /// The ARN by which API Gateway calls a function.
    InvokeArn,
    /// What the ARNs of an API's methods begin with.
    ExecutionArn,
}

/// Something that a text refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) enum Symbol {
    /// The account's number.
    Account,
    /// A variable, by its name.
    Variable(String),
    /// The digest of an API key, by the key's name.
    Digest(String),
    /// Something of another resource.
    Of(Thing, Attribute),
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) enum Piece {
    /// Characters as they are.
    Literal(String),
    /// What a reference stands for.
    Symbol(Symbol),
}

/// A text with references in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::stack) struct Text(pub(in crate::stack) Vec<Piece>);

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) enum Value {
    /// A text.
    Text(Text),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// A list.
    List(Vec<Value>),
    /// Names with values.
    Map(Vec<Entry>),
    /// A value as a text in JSON.
    Json(Box<Value>),
    /// Nothing, where a variable's value may be absent.
    Optional(String),
}

/// A name with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) struct Entry {
    /// The name.
    pub(in crate::stack) name: Text,
    /// The value.
    pub(in crate::stack) value: Value,
    /// The variable without which it is left out.
    pub(in crate::stack) needs: Option<String>,
}

/// The characters that stand for references in texts that are not parsed yet: noncharacters, which Unicode keeps for use
/// inside a program. Those for private use are icons in some fonts, and so in tags.
const MARKS: std::ops::RangeInclusive<char> = '\u{FDD0}'..='\u{FDDF}';

/// The region.
pub(super) const REGION: &str = "\u{FDD0}";
/// The account.
pub(super) const ACCOUNT: &str = "\u{FDD1}";
/// The stack's name.
pub(super) const STACK: &str = "\u{FDD2}";
/// The function's name.
pub(super) const FUNCTION: &str = "\u{FDD3}";
/// The function's ARN.
pub(super) const FUNCTION_ARN: &str = "\u{FDD4}";
/// The ARN by which API Gateway calls it.
pub(super) const INVOKE_ARN: &str = "\u{FDD5}";
/// The log group's ARN.
pub(super) const LOG_GROUP_ARN: &str = "\u{FDD6}";

/// What a mark stands for.
fn symbol(mark: char) -> Option<Symbol> {
    let variable = |name: &str| Symbol::Variable(name.to_owned());
    Some(match mark.to_string().as_str() {
        REGION => variable("region"),
        ACCOUNT => Symbol::Account,
        STACK => variable("stack"),
        FUNCTION => variable("function_name"),
        FUNCTION_ARN => Symbol::Of(Thing::Function, Attribute::Arn),
        INVOKE_ARN => Symbol::Of(Thing::Function, Attribute::InvokeArn),
        LOG_GROUP_ARN => Symbol::Of(Thing::LogGroup, Attribute::Arn),
        _ => return None,
    })
}

impl Text {
    /// Reads a text with marks in it.
    pub(in crate::stack) fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        for character in text.chars() {
            match symbol(character).filter(|_| MARKS.contains(&character)) {
                None => literal.push(character),
                Some(symbol) => {
                    if !literal.is_empty() {
                        pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                    }
                    pieces.push(Piece::Symbol(symbol));
                }
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Self(pieces)
    }

    /// One reference and nothing else.
    pub(in crate::stack) fn symbol(symbol: Symbol) -> Self {
        Self(vec![Piece::Symbol(symbol)])
    }

    /// The same with something after it.
    pub(in crate::stack) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The text, where nothing in it is a reference.
    pub(in crate::stack) fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

impl Value {
    /// A text, with marks or without.
    pub(in crate::stack) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Text::parse(text.as_ref()))
    }

    /// A reference.
    pub(in crate::stack) fn symbol(symbol: Symbol) -> Self {
        Self::Text(Text::symbol(symbol))
    }

    /// A variable.
    pub(in crate::stack) fn variable(name: &str) -> Self {
        Self::symbol(Symbol::Variable(name.to_owned()))
    }

    /// Something of another resource.
    pub(in crate::stack) fn of(thing: Thing, attribute: Attribute) -> Self {
        Self::symbol(Symbol::Of(thing, attribute))
    }

    /// A list of texts.
    pub(in crate::stack) fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// Reads a JSON value whose texts may have marks in them; what has no place in it (null, fractions) becomes a text.
    pub(in crate::stack) fn json(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::String(text) => Self::text(text),
            serde_json::Value::Bool(flag) => Self::Flag(*flag),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::json).collect()),
            serde_json::Value::Object(members) => {
                Self::Map(members.iter().map(|(name, value)| Entry::new(name, Self::json(value))).collect())
            }
            other => other.as_i64().map_or_else(|| Self::text(other.to_string()), Self::Number),
        }
    }
}

impl Value {
    /// Whether a symbol is somewhere in it.
    pub(super) fn mentions(&self, symbol: &Symbol) -> bool {
        let in_text = |text: &Text| text.0.iter().any(|piece| matches!(piece, Piece::Symbol(known) if known == symbol));
        match self {
            Self::Text(text) => in_text(text),
            Self::List(items) => items.iter().any(|item| item.mentions(symbol)),
            Self::Map(entries) => entries.iter().any(|entry| in_text(&entry.name) || entry.value.mentions(symbol)),
            Self::Json(inner) => inner.mentions(symbol),
            Self::Optional(variable) => *symbol == Symbol::Variable(variable.clone()),
            Self::Number(_) | Self::Flag(_) => false,
        }
    }
}

impl Entry {
    /// A name with a value.
    pub(in crate::stack) fn new(name: impl AsRef<str>, value: Value) -> Self {
        Self { name: Text::parse(name.as_ref()), value, needs: None }
    }

    /// The same, there only when a variable has a value.
    pub(in crate::stack) fn needing(self, variable: &str) -> Self {
        Self { needs: Some(variable.to_owned()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_references_and_everything_else_stays() {
        let text = Text::parse(&format!("arn:aws:ec2:{REGION}:{ACCOUNT}:instance/* é"));
        let literal = |text: &str| Piece::Literal(text.to_owned());
        assert_eq!(
            text.0,
            [
                literal("arn:aws:ec2:"),
                Piece::Symbol(Symbol::Variable("region".to_owned())),
                literal(":"),
                Piece::Symbol(Symbol::Account),
                literal(":instance/* é"),
            ]
        );
        assert_eq!(Text::parse("plain").literal(), Some("plain"));
        assert_eq!(text.literal(), None);
    }
}
