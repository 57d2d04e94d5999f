//! JSON paths, as `$input.path` and parameter mappings take them.
//!
//! A path that can mean one value only gives it, or nothing; one that may mean several gives a list.

use super::{
    error::TemplateError,
    value::{MAX_BYTES, Value},
    work::Work,
};

/// The most values that a path gives.
const MAX_FOUND: usize = 100_000;
/// What it costs to look for a member, or at a value.
const LOOK: usize = 64;
/// What it costs to look at one place of a list.
const PLACE: usize = 16;
/// What a byte of a path takes once it is read.
const READ: usize = 64;
/// The most values by which a condition on one item is decided.
const MAX_DECIDING: usize = 100;
/// How deep the conditions of a path may stand in each other: each costs calls of whoever reads it, and stacks end.
const MAX_DEPTH: usize = 16;

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Names(Vec<String>),
    Items(Vec<i64>),
    Slice(Option<i64>, Option<i64>),
    All,
    /// What follows is looked for at every depth.
    Anywhere,
    Where(Vec<Step>, Option<(String, String)>),
    Length,
}

/// Finds what a path means.
pub(super) fn find(root: &Value, path: &str, work: &mut Work) -> Result<Value, TemplateError> {
    work.handle(path.len().saturating_mul(READ))?;
    let steps = parse(path, 0).ok_or_else(|| TemplateError::Argument(format!("`{path}` is not a JSON path")))?;
    let mut found = vec![root.clone()];
    let mut is_many = false;
    let mut is_anywhere = false;
    for step in &steps {
        if *step == Step::Anywhere {
            (is_anywhere, is_many) = (true, true);
            continue;
        }
        if std::mem::take(&mut is_anywhere) {
            let mut all = Vec::new();
            for value in &found {
                within(value, 0, &mut all, work)?;
            }
            found = all;
        }
        is_many |= match step {
            Step::Names(names) => names.len() > 1,
            Step::Items(items) => items.len() > 1,
            Step::Length | Step::Anywhere => false,
            Step::Slice(..) | Step::All | Step::Where(..) => true,
        };
        found = each(&found, step, MAX_FOUND, work)?;
    }
    if is_many {
        return Ok(Value::json_list(found));
    }
    Ok(found.into_iter().next().unwrap_or(Value::Null))
}

/// What a step leads to from each of several values, up to a number.
fn each(values: &[Value], step: &Step, most: usize, work: &mut Work) -> Result<Vec<Value>, TemplateError> {
    let mut found = Vec::new();
    for value in values {
        work.look(PLACE)?;
        found.extend(taken(value, step, work)?);
        if found.len() >= most {
            found.truncate(most);
            break;
        }
    }
    Ok(found)
}

fn taken(value: &Value, step: &Step, work: &mut Work) -> Result<Vec<Value>, TemplateError> {
    Ok(match (step, value) {
        (Step::Names(names), value) => {
            work.look(names.len().saturating_mul(LOOK))?;
            names.iter().filter_map(|name| value.member(name)).collect()
        }
        (Step::Items(wanted), Value::List { items, .. }) => {
            work.look(wanted.len().saturating_mul(PLACE))?;
            let items = items.borrow();
            wanted.iter().filter_map(|&at| items.get(place(at, items.len())?).cloned()).collect()
        }
        (Step::Slice(from, to), Value::List { items, .. }) => {
            let items = items.borrow();
            let clamp = |at: i64| place(at, items.len()).map_or(0, |at| at.min(items.len()));
            let (from, to) = (from.map_or(0, clamp), to.map_or(items.len(), clamp));
            work.look(to.saturating_sub(from).saturating_mul(LOOK))?;
            items.get(from..to).map(<[Value]>::to_vec).unwrap_or_default()
        }
        (Step::All, value) => children(value, work)?,
        (Step::Where(path, wanted), Value::List { items, .. }) => {
            let items = items.borrow();
            work.look(items.len().saturating_mul(LOOK))?;
            let mut found = Vec::new();
            for item in items.iter() {
                if fits(item, path, wanted.as_ref(), work)? {
                    found.push(item.clone());
                }
            }
            found
        }
        (Step::Length, Value::List { items, .. }) => vec![count(items.borrow().len())],
        (Step::Length, Value::Map(members)) => vec![count(members.borrow().len())],
        (Step::Length, Value::Text(text)) => {
            work.look(text.len())?;
            vec![count(text.chars().count())]
        }
        _ => Vec::new(),
    })
}

fn count(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

/// The place that a number means; one below zero counts from the end.
fn place(at: i64, length: usize) -> Option<usize> {
    let size = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
    if at < 0 { length.checked_sub(size) } else { Some(size) }
}

fn children(value: &Value, work: &mut Work) -> Result<Vec<Value>, TemplateError> {
    let count = match value {
        Value::List { items, .. } => items.borrow().len(),
        Value::Map(members) => members.borrow().len(),
        _ => 0,
    };
    work.look(count.saturating_mul(LOOK))?;
    Ok(match value {
        Value::List { items, .. } => items.borrow().clone(),
        Value::Map(members) => members.borrow().values().cloned().collect(),
        _ => Vec::new(),
    })
}

/// Finds a value and all that stands in it.
fn within(value: &Value, depth: usize, found: &mut Vec<Value>, work: &mut Work) -> Result<(), TemplateError> {
    if found.len() >= MAX_FOUND {
        return Ok(());
    }
    found.push(value.clone());
    if depth < 128 {
        for child in children(value, work)? {
            within(&child, depth + 1, found, work)?;
        }
    }
    Ok(())
}

/// Tells whether a condition is true of an item.
fn fits(
    item: &Value,
    path: &[Step],
    wanted: Option<&(String, String)>,
    work: &mut Work,
) -> Result<bool, TemplateError> {
    let mut found = vec![item.clone()];
    for step in path {
        found = each(&found, step, MAX_DECIDING, work)?;
    }
    let (Some(value), Some((operator, wanted))) = (found.first(), wanted) else { return Ok(!found.is_empty()) };
    let text = value.to_text();
    // One that is too long was written so far.
    work.look(text.as_ref().map_or(MAX_BYTES, |text| text.len()))?;
    let text = text.unwrap_or_default();
    let order = match (text.parse::<f64>(), wanted.parse::<f64>()) {
        (Ok(value), Ok(wanted)) => value.partial_cmp(&wanted),
        _ => Some((*text).cmp(wanted.as_str())),
    };
    let Some(order) = order else { return Ok(false) };
    Ok(match operator.as_str() {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    })
}

fn parse(path: &str, depth: usize) -> Option<Vec<Step>> {
    if depth > MAX_DEPTH {
        return None;
    }
    let path = path.trim();
    let (mut rest, mut steps) = (path.strip_prefix('$').unwrap_or(path), Vec::new());
    if !path.starts_with('$') && !path.is_empty() {
        // `a.b` is `$.a.b`.
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        steps.push(Step::Names(vec![rest[..end].to_owned()]));
        rest = &rest[end..];
    }
    while !rest.is_empty() && rest != "." {
        if let Some(after) = rest.strip_prefix("..") {
            steps.push(Step::Anywhere);
            rest = after;
            if rest.starts_with('[') {
                continue;
            }
        } else if let Some(inner) = rest.strip_prefix('[') {
            let end = closing(inner)?;
            steps.push(bracket(inner[..end].trim(), depth)?);
            rest = &inner[end + 1..];
            continue;
        } else {
            rest = rest.strip_prefix('.')?;
            if rest.starts_with('[') {
                continue;
            }
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        steps.push(match &rest[..end] {
            "" => return None,
            "*" => Step::All,
            "length()" | "size()" => Step::Length,
            name => Step::Names(vec![name.to_owned()]),
        });
        rest = &rest[end..];
    }
    Some(steps)
}

/// Where the bracket closes that is open; one in quotes does not count.
fn closing(text: &str) -> Option<usize> {
    let (mut quote, mut depth) = (None, 0);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn bracket(inner: &str, depth: usize) -> Option<Step> {
    if inner == "*" {
        return Some(Step::All);
    }
    if let Some(filter) = inner.strip_prefix("?(").and_then(|inner| inner.strip_suffix(')')) {
        return filtered(filter.trim(), depth);
    }
    if inner.starts_with(['\'', '"']) {
        let names = inner.split(',').map(|name| unquoted(name.trim()).map(str::to_owned));
        return Some(Step::Names(names.collect::<Option<_>>()?));
    }
    if let Some((from, to)) = inner.split_once(':') {
        let bound = |text: &str| if text.trim().is_empty() { Some(None) } else { text.trim().parse().ok().map(Some) };
        return Some(Step::Slice(bound(from)?, bound(to)?));
    }
    let items = inner.split(',').map(|at| at.trim().parse().ok());
    Some(Step::Items(items.collect::<Option<_>>()?))
}

fn unquoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    text[1..].strip_suffix(quote)
}

/// A condition on the items of a list: `@.a`, or `@.a == 'x'`.
fn filtered(filter: &str, depth: usize) -> Option<Step> {
    let operator = ["==", "!=", "<=", ">=", "<", ">"].into_iter().find(|operator| filter.contains(operator));
    let (path, wanted) = match operator {
        None => (filter, None),
        Some(operator) => {
            let (path, wanted) = filter.split_once(operator)?;
            let wanted = unquoted(wanted.trim()).unwrap_or(wanted.trim());
            (path.trim(), Some((operator.to_owned(), wanted.to_owned())))
        }
    };
    Some(Step::Where(parse(&format!("${}", path.strip_prefix('@')?), depth + 1)?, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(root: &Value, path: &str) -> Result<Value, TemplateError> {
        super::find(root, path, &mut Work::new())
    }

    #[test]
    fn a_path_gives_what_it_names() {
        let root: Value = serde_json::from_str(
            r#"{"a":{"b":[1,2,{"c":"x"}]},"k y":7,"l":[{"n":"a","v":1},{"n":"b","v":2}],"c":"top"}"#,
        )
        .unwrap();
        for (path, json) in [
            ("$.a.b[0]", "1"),
            ("$.a.b[-1].c", r#""x""#),
            ("$['k y']", "7"),
            ("$.a['b'][1]", "2"),
            ("a.b[1]", "2"),
            ("$.nothing.at[3]", "null"),
            ("$.l[*].n", r#"["a","b"]"#),
            ("$..c", r#"["top","x"]"#),
            ("$.l[?(@.n == 'b')].v", "[2]"),
            ("$.l[?(@.v < 2)].n", r#"["a"]"#),
            ("$.a.b[0:2]", "[1,2]"),
            ("$.l.length()", "2"),
            ("$.a.b[0,1]", "[1,2]"),
            ("$.l[0]['n','v']", r#"["a",1]"#),
        ] {
            assert_eq!(find(&root, path).unwrap().to_json().unwrap(), json, "{path}");
        }
        assert_eq!(find(&root, "$").unwrap().to_json().unwrap(), root.to_json().unwrap());
        for path in ["$.", "$.a[", "$.a[x]", "$.a..", "$!"] {
            assert!(find(&root, path).is_err() || path == "$.", "{path}");
        }
        let far = i64::MIN;
        assert_eq!(find(&root, &format!("$.a.b[{far}]")).unwrap().to_json().unwrap(), "null");
        assert_eq!(find(&root, &format!("$.a.b[{far}:2]")).unwrap().to_json().unwrap(), "[1,2]");
    }

    #[test]
    fn conditions_stand_in_each_other_so_deep_only() {
        let path = |depth: usize| format!("$.l{}{}", "[?(@".repeat(depth), ")]".repeat(depth));
        assert!(find(&Value::Null, &path(MAX_DEPTH)).is_ok());
        assert!(find(&Value::Null, &path(MAX_DEPTH + 1)).is_err());
        assert!(find(&Value::Null, &path(100_000)).is_err());
    }

    #[test]
    fn no_path_looks_for_ever() {
        let nested: Value = serde_json::from_str(&format!("[{}1{}]", "[".repeat(60), "]".repeat(60))).unwrap();
        let wide = format!("$[?(@{} == 1)]", "[0,0,0,0,0,0,0,0]".repeat(60));
        assert_eq!(find(&nested, &wide).unwrap().to_json().unwrap().matches('1').count(), 1);
        let many: Value = serde_json::from_str(&format!("[{}{{}}]", "{},".repeat(9999))).unwrap();
        let names = vec!["'a'"; 2000].join(",");
        assert_eq!(find(&many, &format!("$[*][{names}]")).err(), Some(TemplateError::TooLong));
        // What conditions look at counts as well.
        assert_eq!(find(&many, &format!("$[?(@[{names}] == 1)]")).err(), Some(TemplateError::TooLong));
    }
}
