//! Running a template that was read, within bounds: no template runs for ever, or makes more than may be passed on.

use super::{
    compare::{are_equal, float, order},
    error::TemplateError,
    methods,
    syntax::{Expr, Node, Operator, Reference, Step},
    value::{MAX_BYTES, Members, Value},
    work::Work,
};
use std::{cmp::Ordering, collections::HashMap, rc::Rc};

/// The most numbers of a range.
const MAX_RANGE: u64 = 100_000;
/// The most items of a `#foreach`: API Gateway's own limit.
const MAX_ITEMS: usize = 1000;
/// How often a block of `#define` may be in itself: Velocity's own limit.
const MAX_RECURSION: usize = 2;
/// How many blocks may be in each other.
const MAX_BLOCKS: usize = 6;

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
    /// What `#define` gave names to: it runs wherever it is referred to.
    blocks: HashMap<String, Rc<[Node]>>,
    /// The blocks that run, each within the one before.
    running: Vec<Rc<[Node]>>,
    work: Work,
}

impl Run {
    /// Begins with variables.
    pub(super) fn new(variables: HashMap<String, Value>) -> Self {
        Self { variables, blocks: HashMap::new(), running: Vec::new(), work: Work::new() }
    }

    /// Runs a whole template.
    pub(super) fn text(&mut self, nodes: &[Node]) -> Result<String, TemplateError> {
        let mut out = String::new();
        self.nodes(nodes, &mut out)?;
        Ok(out)
    }

    fn nodes(&mut self, nodes: &[Node], out: &mut String) -> Result<Flow, TemplateError> {
        for node in nodes {
            self.work.step()?;
            let flow = match node {
                Node::Text(text) => {
                    self.work.handle(text.len())?;
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
                Node::Define(name, nodes) => {
                    self.variables.remove(name);
                    self.blocks.insert(name.clone(), Rc::clone(nodes));
                    Flow::Next
                }
                Node::Break => Flow::Break,
                Node::Stop => Flow::Stop,
            };
            if out.len() > MAX_BYTES {
                return Err(TemplateError::TooLarge);
            }
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn write(&mut self, reference: &Reference, out: &mut String) -> Result<(), TemplateError> {
        let value = self.reference(reference)?.filter(|value| !matches!(value, Value::Null));
        match value {
            Some(_) if reference.is_escaped => out.push_str(&reference.written),
            Some(value) => {
                let text = value.text_within(&mut self.work)?;
                self.work.handle(text.len())?;
                out.push_str(&text);
            }
            None if reference.is_quiet => {}
            // Nothing that a variable has is written as nothing; a variable that there is not, as the reference.
            None if self.variables.contains_key(&reference.name) => {}
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
    ) -> Result<Flow, TemplateError> {
        for (condition, nodes) in branches {
            if self.value(condition)?.is_true() {
                return self.nodes(nodes, out);
            }
        }
        self.nodes(otherwise, out)
    }

    fn for_each(&mut self, name: &str, items: &Expr, body: &[Node], out: &mut String) -> Result<Flow, TemplateError> {
        let items = self.value(items)?;
        let length = match &items {
            Value::List { items, .. } => items.borrow().len(),
            Value::Map(members) => members.borrow().len(),
            _ => return Ok(Flow::Next),
        };
        if length > MAX_ITEMS {
            return Err(TemplateError::TooMany);
        }
        self.work.look(length.saturating_mul(size_of::<Value>()))?;
        let items: Vec<_> = match items {
            Value::List { items, .. } => items.borrow().clone(),
            Value::Map(members) => members.borrow().values().cloned().collect(),
            _ => return Ok(Flow::Next),
        };
        let names = [name, "foreach", "velocityCount"];
        let outer = names.map(|name| self.variables.remove(name));
        let mut flow = Flow::Next;
        for (at, item) in items.into_iter().enumerate() {
            self.work.step()?;
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

    fn set(&mut self, target: &Reference, value: &Expr) -> Result<(), TemplateError> {
        let value = self.value(value)?;
        let Some((last, before)) = target.steps.split_last() else {
            self.blocks.remove(&target.name);
            self.variables.insert(target.name.clone(), value);
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
            Step::Call(..) => return Err(TemplateError::Argument("`#set` cannot set what a method gives".to_owned())),
        };
        let method = if matches!(holder, Value::Map(_)) { "put" } else { "set" };
        methods::call(&holder, method, &[name, value], &mut self.work)?;
        Ok(())
    }

    fn reference(&mut self, reference: &Reference) -> Result<Option<Value>, TemplateError> {
        let mut value = match self.variables.get(&reference.name).cloned() {
            Some(value) => value,
            None => match self.block(&reference.name)? {
                Some(text) => Value::text(text),
                None => return Ok(None),
            },
        };
        for step in &reference.steps {
            self.work.step()?;
            match self.take(&value, step)? {
                Some(next) => value = next,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }

    /// Runs a block, where there is one, with the variables of now; nothing comes of one that is in itself too often.
    fn block(&mut self, name: &str) -> Result<Option<String>, TemplateError> {
        let Some(block) = self.blocks.get(name).cloned() else { return Ok(None) };
        if self.running.iter().filter(|running| Rc::ptr_eq(running, &block)).count() >= MAX_RECURSION {
            return Ok(None);
        }
        if self.running.len() >= MAX_BLOCKS {
            return Err(TemplateError::TooLarge);
        }
        self.running.push(Rc::clone(&block));
        let text = self.text(&block);
        self.running.pop();
        text.map(Some)
    }

    fn take(&mut self, value: &Value, step: &Step) -> Result<Option<Value>, TemplateError> {
        match step {
            Step::Member(name) => Ok(match (value, name.as_str()) {
                (Value::List { items, .. }, "empty") => Some(Value::Bool(items.borrow().is_empty())),
                (Value::Text(text), "empty") => Some(Value::Bool(text.is_empty())),
                (value, name) => value.member(name),
            }),
            Step::Call(name, args) => {
                let args = args.iter().map(|arg| self.value(arg)).collect::<Result<Vec<_>, _>>()?;
                methods::call(value, name, &args, &mut self.work)
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
                    value => Ok(value.member(&index.text_within(&mut self.work)?)),
                }
            }
        }
    }

    fn value(&mut self, expr: &Expr) -> Result<Value, TemplateError> {
        self.work.step()?;
        Ok(match expr {
            Expr::Null => Value::Null,
            Expr::Bool(flag) => Value::Bool(*flag),
            Expr::Int(number) => Value::Int(*number),
            Expr::Float(number) => Value::Float(*number),
            Expr::Text(text) => {
                self.work.handle(text.len())?;
                Value::text(text.as_str())
            }
            Expr::Template(nodes) => Value::text(self.text(nodes)?),
            Expr::Reference(reference) => self.reference(reference)?.unwrap_or(Value::Null),
            Expr::List(items) => Value::list(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?),
            Expr::Range(from, to) => self.range(from, to)?,
            Expr::Map(members) => {
                let mut map = Members::new();
                for (name, value) in members {
                    let name = self.value(name)?;
                    let name = name.text_within(&mut self.work)?;
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
            Expr::Chain(first, rest) => {
                let mut left = self.value(first)?;
                for (operator, right) in rest {
                    self.work.step()?;
                    left = self.binary(*operator, &left, right)?;
                }
                left
            }
        })
    }

    fn range(&mut self, from: &Expr, to: &Expr) -> Result<Value, TemplateError> {
        let (Value::Int(from), Value::Int(to)) = (self.value(from)?, self.value(to)?) else { return Ok(Value::Null) };
        if from.abs_diff(to) > MAX_RANGE {
            return Err(TemplateError::TooLarge);
        }
        let count = usize::try_from(from.abs_diff(to)).unwrap_or(usize::MAX).saturating_add(1);
        self.work.handle(count.saturating_mul(size_of::<Value>()))?;
        let items: Vec<_> = if from <= to {
            (from..=to).map(Value::Int).collect()
        } else {
            (to..=from).rev().map(Value::Int).collect()
        };
        Ok(Value::list(items))
    }

    fn binary(&mut self, operator: Operator, left: &Value, right: &Expr) -> Result<Value, TemplateError> {
        match operator {
            Operator::Or => return Ok(Value::Bool(left.is_true() || self.value(right)?.is_true())),
            Operator::And => return Ok(Value::Bool(left.is_true() && self.value(right)?.is_true())),
            _ => {}
        }
        let right = self.value(right)?;
        let ordered = |fits: fn(Ordering) -> bool| Value::Bool(order(left, &right).is_some_and(fits));
        Ok(match operator {
            Operator::Equal => Value::Bool(are_equal(left, &right, &mut self.work)?),
            Operator::Unequal => Value::Bool(!are_equal(left, &right, &mut self.work)?),
            Operator::Less => ordered(Ordering::is_lt),
            Operator::AtMost => ordered(Ordering::is_le),
            Operator::More => ordered(Ordering::is_gt),
            Operator::AtLeast => ordered(Ordering::is_ge),
            _ => arithmetic(operator, left, &right, &mut self.work)?,
        })
    }
}

fn arithmetic(operator: Operator, left: &Value, right: &Value, work: &mut Work) -> Result<Value, TemplateError> {
    if operator == Operator::Add && matches!((left, right), (Value::Text(_), _) | (_, Value::Text(_))) {
        let (left, right) = (left.text_within(work)?, right.text_within(work)?);
        if left.len() + right.len() > MAX_BYTES {
            return Err(TemplateError::TooLarge);
        }
        work.handle(left.len() + right.len())?;
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
