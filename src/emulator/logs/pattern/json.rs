//! Patterns for JSON: `{ ($.level = "ERROR" || $.status >= 500) && $.user NOT EXISTS }`.

use super::{compare::Comparison, read::Reader};
use serde_json::Value;
use std::collections::BTreeMap;

/// How deep conditions may be in each other.
const MAX_DEPTH: usize = 32;

/// What must be true of a message.
#[derive(Debug)]
pub(in crate::emulator::logs) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    One(Selector, Test),
}

/// What must be true of what a selector names.
#[derive(Debug)]
pub(in crate::emulator::logs) enum Test {
    Compared(Comparison),
    Is(Option<bool>),
    Exists(bool),
}

/// A path to members: `$.a.b[0]['c d'].*`.
#[derive(Debug)]
pub(in crate::emulator::logs) struct Selector {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Member(String),
    Item(usize),
    /// Every member, or every item.
    Each,
}

impl Condition {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let inner = text.strip_prefix('{').and_then(|text| text.trim_end().strip_suffix('}'));
        let mut reader = Reader(inner.ok_or("a brace does not end")?);
        let condition = any(&mut reader, 0)?;
        reader.skip();
        if reader.0.is_empty() { Ok(condition) } else { Err(format!("`{}` is left over", reader.0)) }
    }

    pub(super) fn accepts(&self, message: &Value) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|condition| condition.accepts(message)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.accepts(message)),
            Self::One(selector, test) => {
                let found = selector.find(message);
                match test {
                    Test::Exists(exists) => found.is_empty() != *exists,
                    Test::Is(wanted) => found.iter().any(|value| match wanted {
                        Some(flag) => value.as_bool() == Some(*flag),
                        None => value.is_null(),
                    }),
                    Test::Compared(comparison) => found.iter().any(|value| comparison.accepts_value(value)),
                }
            }
        }
    }

    /// How many regular expressions there are.
    pub(super) fn expressions(&self) -> usize {
        match self {
            Self::All(conditions) | Self::Any(conditions) => conditions.iter().map(Self::expressions).sum(),
            Self::One(_, Test::Compared(comparison)) => usize::from(comparison.is_expression()),
            Self::One(..) => 0,
        }
    }

    pub(super) fn extracted(&self, message: &Value) -> BTreeMap<String, String> {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().flat_map(|condition| condition.extracted(message)).collect()
            }
            Self::One(selector, _) => {
                let found = selector.find(message);
                found.first().map(|value| (selector.text.clone(), self::text(value))).into_iter().collect()
            }
        }
    }
}

/// Conditions with `||` between them.
fn any(reader: &mut Reader<'_>, depth: usize) -> Result<Condition, String> {
    let mut conditions = vec![all(reader, depth)?];
    loop {
        reader.skip();
        if !reader.take("||") {
            break;
        }
        conditions.push(all(reader, depth)?);
    }
    Ok(if conditions.len() == 1 { conditions.remove(0) } else { Condition::Any(conditions) })
}

/// Conditions with `&&` between them.
fn all(reader: &mut Reader<'_>, depth: usize) -> Result<Condition, String> {
    let mut conditions = vec![one(reader, depth)?];
    loop {
        reader.skip();
        if !reader.take("&&") {
            break;
        }
        conditions.push(one(reader, depth)?);
    }
    Ok(if conditions.len() == 1 { conditions.remove(0) } else { Condition::All(conditions) })
}

fn one(reader: &mut Reader<'_>, depth: usize) -> Result<Condition, String> {
    reader.skip();
    if reader.take("(") {
        if depth == MAX_DEPTH {
            return Err("the conditions are nested too deep".to_owned());
        }
        let condition = any(reader, depth + 1)?;
        reader.skip();
        return if reader.take(")") { Ok(condition) } else { Err("a parenthesis does not end".to_owned()) };
    }
    let selector = Selector::read(reader)?;
    reader.skip();
    let test = if reader.word("IS") {
        reader.skip();
        let known = [("NULL", None), ("TRUE", Some(true)), ("FALSE", Some(false))];
        let found = known.into_iter().find(|(word, _)| reader.word(word));
        Test::Is(found.ok_or("IS wants NULL, TRUE or FALSE")?.1)
    } else if reader.word("NOT") {
        reader.skip();
        if !reader.word("EXISTS") {
            return Err("NOT wants EXISTS".to_owned());
        }
        Test::Exists(false)
    } else if reader.word("EXISTS") {
        Test::Exists(true)
    } else {
        Test::Compared(Comparison::read(reader, &[')', '&', '|'])?)
    };
    Ok(Condition::One(selector, test))
}

impl Selector {
    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        let whole = reader.0;
        if !reader.take("$") {
            return Err(format!("a selector begins with `$`, not `{}`", whole.chars().take(20).collect::<String>()));
        }
        let mut steps = Vec::new();
        loop {
            if reader.take("[") {
                steps.push(Self::bracket(reader)?);
            } else if reader.take(".") {
                if reader.0.starts_with('[') {
                    continue;
                }
                let ends = |c: char| c.is_whitespace() || "=!<>.[()&|{}".contains(c);
                match reader.until(ends) {
                    "" => return Err("a selector has an empty name".to_owned()),
                    "*" => steps.push(Step::Each),
                    name => steps.push(Step::Member(name.to_owned())),
                }
            } else {
                break;
            }
        }
        let text = whole[..whole.len() - reader.0.len()].to_owned();
        if steps.is_empty() { Err("a selector names nothing".to_owned()) } else { Ok(Self { text, steps }) }
    }

    fn bracket(reader: &mut Reader<'_>) -> Result<Step, String> {
        let step = if reader.0.starts_with(['"', '\'']) {
            Step::Member(reader.quoted()?)
        } else {
            match reader.until(|c| c == ']').trim() {
                "*" => Step::Each,
                index => Step::Item(index.parse().map_err(|_| format!("`[{index}]` is no index"))?),
            }
        };
        if reader.take("]") { Ok(step) } else { Err("a bracket does not end".to_owned()) }
    }

    fn find<'v>(&self, message: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![message];
        for step in &self.steps {
            found = found
                .into_iter()
                .flat_map(|value| -> Vec<&Value> {
                    match (step, value) {
                        (Step::Member(name), Value::Object(members)) => members.get(name).into_iter().collect(),
                        (Step::Item(at), Value::Array(items)) => items.get(*at).into_iter().collect(),
                        (Step::Each, Value::Array(items)) => items.iter().collect(),
                        (Step::Each, Value::Object(members)) => members.values().collect(),
                        _ => Vec::new(),
                    }
                })
                .collect();
        }
        found
    }
}

/// What a selector names in a message.
pub(super) fn select(selector: &str, message: &Value) -> Option<Value> {
    let mut reader = Reader(selector.trim());
    let selector = Selector::read(&mut reader).ok().filter(|_| reader.0.is_empty())?;
    selector.find(message).first().map(|value| (*value).clone())
}

/// A value as a text.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn accepts(pattern: &str) -> bool {
        let message = json!({
            "level": "ERROR", "status": 503, "ms": 1.5e3, "ok": false, "none": null, "ip": "10.1.2.3",
            "user": { "id": "u-1", "full name": "A B" }, "tags": ["x", "y"], "list": [{ "k": 1 }, { "k": 2 }],
        });
        Condition::parse(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}")).accepts(&message)
    }

    #[test]
    fn a_condition_is_about_members_however_deep() {
        for pattern in [
            r#"{ $.level = "ERROR" }"#,
            "{ $.level = ERROR }",
            "{$.level=ERR*}",
            "{ $.status >= 500 && $.status < 600 }",
            "{ $.level = INFO || ($.status = 503 && $.ok IS FALSE) }",
            "{ $.level = INFO || $.status = 503 && $.ok is false }",
            "{ $.none IS NULL }",
            "{ $.gone NOT EXISTS }",
            "{ $.level EXISTS }",
            "{ $.ip = 10.1.* }",
            "{ $.ip = %^10\\.1\\.% }",
            "{ $.user.id != u-2 }",
            "{ $.user['full name'] = \"A B\" }",
            "{ $.['level'] = ERROR }",
            "{ $.tags[1] = y }",
            "{ $.tags[*] = x }",
            "{ $.list[*].k = 2 }",
            "{ $.user.* = u-1 }",
            "{ $.ms > 1e2 }",
        ] {
            assert!(accepts(pattern), "{pattern}");
        }
        for pattern in [
            "{ $.level = error }",
            "{ $.gone = x }",
            "{ $.gone != x }",
            "{ $.ok IS TRUE }",
            "{ $.ok IS NULL }",
            "{ $.level NOT EXISTS }",
            "{ ($.level = INFO || $.status = 503) && $.ok IS TRUE }",
            "{ $.tags[2] = x }",
            "{ $.user = u-1 }",
        ] {
            assert!(!accepts(pattern), "{pattern}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for pattern in [
            "{}",
            "{ $ = 1 }",
            "{ $.a = }",
            "{ $.a IS }",
            "{ $.a = 1 && }",
            "{ ($.a = 1 }",
            "{ $.a[x] = 1 }",
            "{ $.a > b }",
        ] {
            assert!(Condition::parse(pattern).is_err(), "{pattern}");
        }
        let deep = format!("{{ {}$.a = 1{} }}", "(".repeat(99), ")".repeat(99));
        assert!(Condition::parse(&deep).is_err());
    }

    #[test]
    fn what_a_condition_names_is_told() {
        let condition = Condition::parse("{ $.a = 1 || $.b.c = x }").unwrap();
        let told = condition.extracted(&json!({ "a": 1, "b": { "c": "x" } }));
        assert_eq!(json!(told), json!({ "$.a": "1", "$.b.c": "x" }));
        assert_eq!(select("$.b[0]", &json!({ "b": [7] })), Some(json!(7)));
        assert_eq!(select("$.b[0] x", &json!({ "b": [7] })), None);
    }
}
