//! Patterns for lines whose fields have spaces between them: `[ip, user, ..., status = 4*, size > 1000]`.

use super::{compare::Comparison, read::Reader};
use std::collections::BTreeMap;

/// The fields of a line, in their order.
#[derive(Debug)]
pub(in crate::emulator::logs) struct Fields {
    /// Those before the dots, or all where there are none.
    first: Vec<Field>,
    /// Those behind the dots.
    last: Option<Vec<Field>>,
}

/// One field: its name, and what must be true of it.
#[derive(Debug)]
struct Field {
    name: String,
    /// Of each group all must be true, of the groups one.
    tests: Vec<Vec<Comparison>>,
}

impl Fields {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let inner = text.strip_prefix('[').and_then(|text| text.trim_end().strip_suffix(']'));
        let mut reader = Reader(inner.ok_or("a bracket does not end")?);
        let (mut first, mut last) = (Vec::new(), None);
        loop {
            reader.skip();
            if reader.take("...") {
                if last.replace(Vec::new()).is_some() {
                    return Err("`...` comes twice".to_owned());
                }
            } else {
                let number = first.len() + last.as_ref().map_or(0, Vec::len) + 1;
                let field = Field::read(&mut reader, number)?;
                last.as_mut().unwrap_or(&mut first).push(field);
            }
            reader.skip();
            if reader.0.is_empty() {
                return Ok(Self { first, last });
            }
            if !reader.take(",") {
                return Err(format!("a comma is missing before `{}`", reader.0));
            }
        }
    }

    /// The fields with their values in a line; nothing where the line has others.
    fn bound<'f, 'm>(&'f self, message: &'m str) -> Option<Vec<(&'f Field, &'m str)>> {
        let values = split(message);
        let last = self.last.as_deref().unwrap_or_default();
        let wanted = self.first.len() + last.len();
        let fits = if self.last.is_some() { values.len() >= wanted } else { values.len() == wanted };
        fits.then(|| {
            let behind = values.len().saturating_sub(last.len());
            let first = self.first.iter().zip(values.iter().copied());
            first.chain(last.iter().zip(values[behind..].iter().copied())).collect()
        })
    }

    pub(super) fn accepts(&self, message: &str) -> bool {
        self.bound(message).is_some_and(|bound| bound.iter().all(|(field, value)| field.accepts(value)))
    }

    /// How many regular expressions there are.
    pub(super) fn expressions(&self) -> usize {
        let fields = self.first.iter().chain(self.last.iter().flatten());
        fields.flat_map(|field| field.tests.iter().flatten()).filter(|test| test.is_expression()).count()
    }

    pub(super) fn extracted(&self, message: &str) -> BTreeMap<String, String> {
        let bound = self.bound(message).unwrap_or_default();
        bound.into_iter().map(|(field, value)| (format!("${}", field.name), value.to_owned())).collect()
    }
}

impl Field {
    fn read(reader: &mut Reader<'_>, number: usize) -> Result<Self, String> {
        let is_nested = reader.take("(");
        reader.skip();
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '$');
        let name = reader.until(|c| !is_name(c)).to_owned();
        let mut tests = Vec::new();
        reader.skip();
        let ends = |reader: &Reader<'_>| reader.0.is_empty() || reader.0.starts_with([',', ')']);
        if !ends(reader) {
            let mut group = vec![Comparison::read(reader, &[',', '&', '|', ')'])?];
            loop {
                reader.skip();
                let is_other = reader.take("||");
                if is_other {
                    tests.push(std::mem::take(&mut group));
                } else if !reader.take("&&") {
                    break;
                }
                reader.skip();
                let again = reader.until(|c| !is_name(c));
                if again != name {
                    return Err(format!("the conditions of the field `{name}` name `{again}`"));
                }
                group.push(Comparison::read(reader, &[',', '&', '|', ')'])?);
            }
            tests.push(group);
        }
        reader.skip();
        if is_nested && !reader.take(")") {
            return Err("a parenthesis does not end".to_owned());
        }
        // A field without a name is named by its place.
        Ok(Self { name: if name.is_empty() { number.to_string() } else { name }, tests })
    }

    fn accepts(&self, value: &str) -> bool {
        self.tests.is_empty() || self.tests.iter().any(|group| group.iter().all(|test| test.accepts(value)))
    }
}

/// Takes a line apart at its spaces; what stands in quotes or in brackets is one field, without them.
fn split(message: &str) -> Vec<&str> {
    let mut rest = message.trim();
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let close = match rest.as_bytes()[0] {
            b'"' => Some('"'),
            b'[' => Some(']'),
            _ => None,
        };
        let enclosed = close.and_then(|close| rest[1..].find(close).map(|end| (&rest[1..=end], &rest[end + 2..])));
        let (field, after) =
            enclosed.unwrap_or_else(|| rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())));
        fields.push(field);
        rest = after.trim_start();
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LINE: &str = r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;

    #[test]
    fn fields_are_what_stands_between_spaces_quotes_and_brackets() {
        for pattern in [
            "[ip, identity, user_id, timestamp, request, status_code, size]",
            "[ip, , user, timestamp, request, status_code = 4*, size]",
            "[ip, identity, user, timestamp, request = *html*, status_code = 404 || status_code = 410, size]",
            "[..., status_code = 4*, size > 1000]",
            "[ip = 127.0.0.1, ...]",
            "[ip = %127\\.0\\.0\\.[1-9]%, ..., size]",
            r#"[ip != "10.0.0.1" && ip != 10.0.0.2, ..., request = "GET *", status_code, size]"#,
            "[ip, ..., (size >= 1534)]",
            "[...]",
        ] {
            assert!(Fields::parse(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}")).accepts(LINE), "{pattern}");
        }
        for pattern in
            ["[ip, user]", "[..., status_code = 5*, size]", "[..., size > 9999]", "[a, b, c, d, e, f, g, h, ...]"]
        {
            assert!(!Fields::parse(pattern).unwrap().accepts(LINE), "{pattern}");
        }
    }

    #[test]
    fn a_field_is_told_by_its_name_or_its_place() {
        let fields = Fields::parse("[ip, ..., size]").unwrap();
        assert_eq!(json!(fields.extracted(LINE)), json!({ "$ip": "127.0.0.1", "$size": "1534" }));
        let fields = Fields::parse("[, second]").unwrap();
        assert_eq!(json!(fields.extracted("a b")), json!({ "$1": "a", "$second": "b" }));
    }

    #[test]
    fn what_is_no_list_of_fields_is_refused() {
        for pattern in ["[a b]", "[a, ..., b, ...]", "[a = 1 && b = 2]", "[a = ]", "[(a = 1]"] {
            assert!(Fields::parse(pattern).is_err(), "{pattern}");
        }
    }
}
