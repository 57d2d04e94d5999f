//! JSON as API Gateway reads it: leniently. Names and texts may stand in single quotes or in none, and a comma too many
//! harms nobody.

use super::value::{Members, Value};

/// How deep values may stand in each other.
const MAX_DEPTH: usize = 100;

/// The most bytes of memory that what is read takes beside its texts, for each byte that makes a value.
const COSTS: [(u8, usize); 4] = [(b',', 80), (b':', 160), (b'[', 96), (b'{', 192)];

/// What a text takes as memory, at most, once it is read.
pub(super) fn cost(text: &str) -> usize {
    let of = |byte: u8| COSTS.iter().find(|(known, _)| *known == byte).map_or(1, |(_, cost)| *cost);
    text.bytes().fold(64_usize, |sum, byte| sum.saturating_add(of(byte)))
}

/// Reads a text that is JSON, or could be meant so; a text that is neither an object nor a list is itself.
pub(super) fn read(text: &str) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    let mut reader = Reader { rest: text };
    let value = reader.value(0, &[])?;
    reader.space();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, wanted: char) -> bool {
        self.space();
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Reads a value; a text without quotes goes on to one of `ends`.
    fn value(&mut self, depth: usize, ends: &[char]) -> Option<Value> {
        self.space();
        if depth > MAX_DEPTH {
            return None;
        }
        match self.rest.chars().next()? {
            '{' => self.object(depth),
            '[' => self.list(depth),
            '"' | '\'' => self.quoted().map(Value::text),
            _ => Some(plain(self.bare(ends))),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut members = Members::new();
        self.take('{');
        loop {
            while self.take(',') {}
            if self.take('}') {
                return Some(Value::map(members));
            }
            let name = match self.rest.chars().next()? {
                '"' | '\'' => self.quoted()?,
                _ => self.bare(&[':', ',', '}']).to_owned(),
            };
            if name.is_empty() && !self.rest.starts_with(':') || !self.take(':') {
                return None;
            }
            members.insert(name.into(), self.value(depth + 1, &[',', '}'])?);
            self.space();
            if !self.rest.starts_with([',', '}']) {
                return None;
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.take('[');
        loop {
            while self.take(',') {}
            if self.take(']') {
                return Some(Value::json_list(items));
            }
            items.push(self.value(depth + 1, &[',', ']'])?);
            self.space();
            if !self.rest.starts_with([',', ']']) {
                return None;
            }
        }
    }

    /// Reads a text up to one of `ends`, or all that is left.
    fn bare(&mut self, ends: &[char]) -> &'t str {
        let end = if ends.is_empty() { None } else { self.rest.find(ends) };
        let (text, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        text.trim()
    }

    fn quoted(&mut self) -> Option<String> {
        let quote = self.rest.chars().next()?;
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    'b' => text.push('\u{8}'),
                    'f' => text.push('\u{c}'),
                    'u' => {
                        let digits: String = (0..4).filter_map(|_| chars.next()).map(|(_, digit)| digit).collect();
                        text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?).unwrap_or('\u{fffd}'));
                    }
                    other => text.push(other),
                },
                c if c == quote => {
                    self.rest = &self.rest[at + 1..];
                    return Some(text);
                }
                c => text.push(c),
            }
        }
        None
    }
}

/// A word without quotes: a number, a boolean, nothing, or a text.
fn plain(text: &str) -> Value {
    match text {
        "" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => match (text.parse(), text.parse::<f64>()) {
            (Ok(whole), _) => Value::Int(whole),
            (_, Ok(number)) if number.is_finite() => Value::Float(number),
            _ => Value::text(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_for_json_is_read() {
        for (text, json) in [
            ("{ statusCode: 200 }", r#"{"statusCode":200}"#),
            ("{'statusCode': 200,}", r#"{"statusCode":200}"#),
            ("{a: hello world, b: [1,,x], c: {d: null}}", r#"{"a":"hello world","b":[1,"x"],"c":{"d":null}}"#),
            (r#"{"a":"\u0041\n"}"#, "{\"a\":\"A\\n\"}"),
            (r"{'a':'it\'s'}", r#"{"a":"it's"}"#),
            ("plain text", r#""plain text""#),
            ("12", "12"),
            ("{a:}", r#"{"a":null}"#),
        ] {
            assert_eq!(read(text).unwrap().to_json().unwrap(), json, "{text}");
        }
    }

    #[test]
    fn what_has_many_values_costs_more_than_a_long_text() {
        assert!(cost(&"x".repeat(1000)) < 1100);
        assert!(cost(&format!("[{}1]", "1,".repeat(500))) > 500 * 2 * size_of::<Value>());
        assert!(cost(&format!("[{}1]", "{},".repeat(500))) > 500 * (2 * size_of::<Value>() + size_of::<Members>()));
    }

    #[test]
    fn what_cannot_be_meant_as_json_is_nothing() {
        for text in ["", "{", "{a", "{a 1}", "[1", "{\"a\":1} x", "{\"a", &"[".repeat(1000)] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
