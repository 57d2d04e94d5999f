//! Running a template that was read, within bounds: no template runs for ever, or makes more than may be passed on.

use super::{
    compare::{are_equal, float, order},
    methods,
    syntax::{Expr, Node, Operator, Reference, Step},
    value::{MAX_BYTES, Members, Trouble, Value},
};
use std::{cmp::Ordering, collections::HashMap};

/// The most steps that a template takes.
const MAX_STEPS: usize = 1_000_000;
/// The most items of a `#foreach`: API Gateway's own limit.
const MAX_ITEMS: usize = 1000;
/// What the gateway gives to templates is written as nothing when it is not there; what a template makes itself, as the
/// reference.
const GIVEN: [&str; 4] = ["input", "util", "context", "stageVariables"];

/// What a run goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Stop,
}

/// A run of a template.
pub(super) struct Run {
    variables: HashMap<String, Value>,
    steps: usize,
}

impl Run {
    /// Begins with variables.
    pub(super) fn new(variables: HashMap<String, Value>) -> Self {
        Self { variables, steps: 0 }
    }

    /// Runs a whole template.
    pub(super) fn text(&mut self, nodes: &[Node]) -> Result<String, Trouble> {
        let mut out = String::new();
        self.nodes(nodes, &mut out)?;
        Ok(out)
    }

    fn step(&mut self) -> Result<(), Trouble> {
        self.steps += 1;
        if self.steps > MAX_STEPS { Err(Trouble::TooLong) } else { Ok(()) }
    }

    fn nodes(&mut self, nodes: &[Node], out: &mut String) -> Result<Flow, Trouble> {
        for node in nodes {
            self.step()?;
            let flow = match node {
                Node::Text(text) => {
                    out.push_str(text);
                    Flow::Next
                }
                Node::Reference(reference) => {
                    self.write(reference, out)?;
                    Flow::Next
                }
                Node::Set(target, value) => {
                    self.set(target, value)?;
                    Flow::Next
                }
                Node::If(branches, otherwise) => self.branch(branches, otherwise, out)?,
                Node::ForEach(name, items, body) => self.for_each(name, items, body, out)?,
                Node::Break => Flow::Break,
                Node::Stop => Flow::Stop,
            };
            if out.len() > MAX_BYTES {
                return Err(Trouble::TooLarge);
            }
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn write(&mut self, reference: &Reference, out: &mut String) -> Result<(), Trouble> {
        let value = self.reference(reference)?.filter(|value| !matches!(value, Value::Null));
        match value {
            Some(_) if reference.is_escaped => out.push_str(&reference.written),
            Some(value) => out.push_str(&value.to_text()?),
            None if reference.is_quiet => {}
            None if GIVEN.contains(&reference.name.as_str()) && !reference.steps.is_empty() => {}
            None => {
                out.push_str(if reference.is_escaped { "\\" } else { "" });
                out.push_str(&reference.written);
            }
        }
        Ok(())
    }

    fn branch(
        &mut self,
        branches: &[(Expr, Vec<Node>)],
        otherwise: &[Node],
        out: &mut String,
    ) -> Result<Flow, Trouble> {
        for (condition, nodes) in branches {
            if self.value(condition)?.is_true() {
                return self.nodes(nodes, out);
            }
        }
        self.nodes(otherwise, out)
    }

    fn for_each(&mut self, name: &str, items: &Expr, body: &[Node], out: &mut String) -> Result<Flow, Trouble> {
        let items = match self.value(items)? {
            Value::List { items, .. } => items.borrow().clone(),
            Value::Map(members) => members.borrow().values().cloned().collect(),
            _ => return Ok(Flow::Next),
        };
        if items.len() > MAX_ITEMS {
            return Err(Trouble::TooMany);
        }
        let names = [name, "foreach", "velocityCount"];
        let outer = names.map(|name| self.variables.remove(name));
        let length = items.len();
        let mut flow = Flow::Next;
        for (at, item) in items.into_iter().enumerate() {
            self.step()?;
            let place = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
            let mut state = Members::from([
                ("index".into(), place(at)),
                ("count".into(), place(at + 1)),
                ("hasNext".into(), Value::Bool(at + 1 < length)),
                ("first".into(), Value::Bool(at == 0)),
                ("last".into(), Value::Bool(at + 1 == length)),
            ]);
            if let Some(parent) = &outer[1] {
                state.insert("parent".into(), parent.clone());
            }
            let values = [item, Value::map(state), place(at + 1)];
            for (name, value) in names.into_iter().zip(values) {
                self.variables.insert(name.to_owned(), value);
            }
            flow = self.nodes(body, out)?;
            if flow != Flow::Next {
                break;
            }
        }
        for (name, value) in names.into_iter().zip(outer) {
            match value {
                Some(value) => self.variables.insert(name.to_owned(), value),
                None => self.variables.remove(name),
            };
        }
        Ok(if flow == Flow::Stop { Flow::Stop } else { Flow::Next })
    }

    fn set(&mut self, target: &Reference, value: &Expr) -> Result<(), Trouble> {
        let value = self.value(value)?;
        let Some((last, before)) = target.steps.split_last() else {
            match value {
                Value::Null => self.variables.remove(&target.name),
                value => self.variables.insert(target.name.clone(), value),
            };
            return Ok(());
        };
        let Some(mut holder) = self.variables.get(&target.name).cloned() else { return Ok(()) };
        for step in before {
            let Some(next) = self.take(&holder, step)? else { return Ok(()) };
            holder = next;
        }
        let name = match last {
            Step::Member(name) => Value::text(name.as_str()),
            Step::Index(index) => self.value(index)?,
            Step::Call(..) => return Err(Trouble::Argument("`#set` cannot set what a method gives".to_owned())),
        };
        let method = if matches!(holder, Value::Map(_)) { "put" } else { "set" };
        methods::call(&holder, method, &[name, value])?;
        Ok(())
    }

    fn reference(&mut self, reference: &Reference) -> Result<Option<Value>, Trouble> {
        let Some(mut value) = self.variables.get(&reference.name).cloned() else { return Ok(None) };
        for step in &reference.steps {
            self.step()?;
            match self.take(&value, step)? {
                Some(next) => value = next,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }

    fn take(&mut self, value: &Value, step: &Step) -> Result<Option<Value>, Trouble> {
        match step {
            Step::Member(name) => Ok(match (value, name.as_str()) {
                (Value::List { items, .. }, "empty") => Some(Value::Bool(items.borrow().is_empty())),
                (Value::Text(text), "empty") => Some(Value::Bool(text.is_empty())),
                (value, name) => value.member(name),
            }),
            Step::Call(name, args) => {
                let args = args.iter().map(|arg| self.value(arg)).collect::<Result<Vec<_>, _>>()?;
                methods::call(value, name, &args)
            }
            Step::Index(index) => {
                let index = self.value(index)?;
                match value {
                    Value::List { items, .. } => {
                        let Value::Int(at) = index else { return Ok(None) };
                        let items = items.borrow();
                        let at = if at < 0 { at + i64::try_from(items.len()).unwrap_or(i64::MAX) } else { at };
                        Ok(usize::try_from(at).ok().and_then(|at| items.get(at).cloned()))
                    }
                    value => Ok(value.member(&index.to_text()?)),
                }
            }
        }
    }

    fn value(&mut self, expr: &Expr) -> Result<Value, Trouble> {
        self.step()?;
        Ok(match expr {
            Expr::Null => Value::Null,
            Expr::Bool(flag) => Value::Bool(*flag),
            Expr::Int(number) => Value::Int(*number),
            Expr::Float(number) => Value::Float(*number),
            Expr::Text(text) => Value::text(text.as_str()),
            Expr::Template(nodes) => Value::text(self.text(nodes)?),
            Expr::Reference(reference) => self.reference(reference)?.unwrap_or(Value::Null),
            Expr::List(items) => Value::list(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?),
            Expr::Range(from, to) => self.range(from, to)?,
            Expr::Map(members) => {
                let mut map = Members::new();
                for (name, value) in members {
                    let name = self.value(name)?.to_text()?;
                    map.insert(name, self.value(value)?);
                }
                Value::map(map)
            }
            Expr::Not(inner) => Value::Bool(!self.value(inner)?.is_true()),
            Expr::Minus(inner) => match self.value(inner)? {
                Value::Int(number) => number.checked_neg().map_or(Value::Null, Value::Int),
                Value::Float(number) => Value::Float(-number),
                _ => Value::Null,
            },
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right)?,
        })
    }

    fn range(&mut self, from: &Expr, to: &Expr) -> Result<Value, Trouble> {
        let (Value::Int(from), Value::Int(to)) = (self.value(from)?, self.value(to)?) else { return Ok(Value::Null) };
        if from.abs_diff(to) > MAX_STEPS as u64 / 10 {
            return Err(Trouble::TooLarge);
        }
        let items: Vec<_> = if from <= to {
            (from..=to).map(Value::Int).collect()
        } else {
            (to..=from).rev().map(Value::Int).collect()
        };
        Ok(Value::list(items))
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr) -> Result<Value, Trouble> {
        let left = self.value(left)?;
        match operator {
            Operator::Or => return Ok(Value::Bool(left.is_true() || self.value(right)?.is_true())),
            Operator::And => return Ok(Value::Bool(left.is_true() && self.value(right)?.is_true())),
            _ => {}
        }
        let right = self.value(right)?;
        let ordered = |fits: fn(Ordering) -> bool| Value::Bool(order(&left, &right).is_some_and(fits));
        Ok(match operator {
            Operator::Equal => Value::Bool(are_equal(&left, &right)?),
            Operator::Unequal => Value::Bool(!are_equal(&left, &right)?),
            Operator::Less => ordered(Ordering::is_lt),
            Operator::AtMost => ordered(Ordering::is_le),
            Operator::More => ordered(Ordering::is_gt),
            Operator::AtLeast => ordered(Ordering::is_ge),
            _ => arithmetic(operator, &left, &right)?,
        })
    }
}

fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Result<Value, Trouble> {
    if operator == Operator::Add && matches!((left, right), (Value::Text(_), _) | (_, Value::Text(_))) {
        let (left, right) = (left.to_text()?, right.to_text()?);
        if left.len() + right.len() > MAX_BYTES {
            return Err(Trouble::TooLarge);
        }
        return Ok(Value::text(format!("{left}{right}")));
    }
    if let (Value::Int(left), Value::Int(right)) = (left, right) {
        let number = match operator {
            Operator::Add => left.checked_add(*right),
            Operator::Subtract => left.checked_sub(*right),
            Operator::Multiply => left.checked_mul(*right),
            Operator::Divide => left.checked_div(*right),
            _ => left.checked_rem(*right),
        };
        return Ok(number.map_or(Value::Null, Value::Int));
    }
    let (Some(left), Some(right)) = (float(left), float(right)) else { return Ok(Value::Null) };
    Ok(Value::Float(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        _ => left % right,
    }))
}
