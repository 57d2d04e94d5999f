//! Files with requests, as editors have them (`.http`): the part that needs no editor.
//!
//! ```text
//! @name = world
//!
//! ### greets by name
//! POST {{url}}/hello?from={{name}}
//! content-type: application/json
//!
//! {"name": "{{name}}"}
//!
//! ?? status == 200
//! ?? header content-type contains json
//! ?? json message == hello world
//! ```
//!
//! A request begins after `###` and goes on to the next one; lines that begin with `#` or `//` before its body are
//! comments. What it is compared with begins with `??`, as httpYac has it. Scripts (`> {% … %}`), files (`< body.json`) and
//! what an editor asks people for are refused by name: nothing that is written is passed over.

use super::request::{Case, Expected, Relation, Subject};
use crate::text::Message;
use http::Method;
use serde_json::Value;

/// A line that cannot be read.
#[derive(Debug)]
pub(super) struct BadLine {
    pub(super) number: usize,
    pub(super) why: Message,
}

/// Reads the requests; `variables` are those that every file has.
pub(super) fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Vec<Case>, BadLine> {
    let mut file = File {
        variables: variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        cases: Vec::new(),
        name: None,
        draft: None,
    };
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        file.line(line).map_err(|why| BadLine { number: index + 1, why })?;
    }
    file.finish();
    Ok(file.cases)
}

struct File {
    variables: Vec<(String, String)>,
    cases: Vec<Case>,
    /// What the next request is called.
    name: Option<String>,
    draft: Option<Draft>,
}

/// A request that is being read.
struct Draft {
    case: Case,
    /// Whether its head has ended.
    is_body: bool,
}

fn wrong(why: &str, text: &str) -> Message {
    Message::new(format!("test.file.{why}")).with("text", text)
}

impl File {
    fn line(&mut self, line: &str) -> Result<(), Message> {
        let plain = line.trim();
        if let Some(name) = plain.strip_prefix("###") {
            self.finish();
            self.name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
            return Ok(());
        }
        if let Some(expected) = plain.strip_prefix("??") {
            let expected = self.filled(expected.trim())?;
            let draft = self.draft.as_mut().ok_or_else(|| wrong("no_request", plain))?;
            draft.is_body = true;
            draft.case.expected.push(expectation(&expected)?);
            return Ok(());
        }
        if ["> ", ">>", "< ", "<@", "<> "].iter().any(|start| plain.starts_with(start)) || plain == ">" {
            return Err(wrong("script", plain));
        }
        let is_body = self.draft.as_ref().is_some_and(|draft| draft.is_body);
        if !is_body && (plain.starts_with('#') || plain.starts_with("//")) {
            return self.comment(plain.trim_start_matches(['#', '/']).trim());
        }
        match &mut self.draft {
            None => self.before(plain),
            Some(draft) if draft.is_body => {
                let line = filled(line, &self.variables)?;
                let body = &mut draft.case.body;
                if !body.is_empty() || !line.trim().is_empty() {
                    body.push_str(&line);
                    body.push('\n');
                }
                Ok(())
            }
            Some(draft) if plain.is_empty() => {
                draft.is_body = true;
                Ok(())
            }
            Some(draft) => {
                let plain = filled(plain, &self.variables)?;
                // A query may go on below the line of the request.
                if draft.case.headers.is_empty() && plain.starts_with(['?', '&']) {
                    draft.case.path.push_str(&plain);
                    return Ok(());
                }
                let (name, value) = plain.split_once(':').ok_or_else(|| wrong("header", &plain))?;
                draft.case.headers.push((name.trim().to_owned(), value.trim().to_owned()));
                Ok(())
            }
        }
    }

    /// A comment may name the request.
    fn comment(&mut self, text: &str) -> Result<(), Message> {
        let Some(rest) = text.strip_prefix('@') else { return Ok(()) };
        match rest.split_once(char::is_whitespace) {
            Some(("name", name)) => {
                let name = name.trim_start_matches('=').trim().to_owned();
                match &mut self.draft {
                    Some(draft) => draft.case.name = name,
                    None => self.name = self.name.take().or(Some(name)),
                }
                Ok(())
            }
            _ => Err(wrong("script", text)),
        }
    }

    /// A line before the request: a variable, or the request itself.
    fn before(&mut self, line: &str) -> Result<(), Message> {
        if line.is_empty() {
            return Ok(());
        }
        if let Some((name, value)) = line.strip_prefix('@').and_then(|rest| rest.split_once('=')) {
            let value = self.filled(value.trim())?;
            self.variables.push((name.trim().to_owned(), value));
            return Ok(());
        }
        let filled = self.filled(line)?;
        let (method, path) = self.request(&filled).ok_or_else(|| wrong("request", &filled))?;
        let name = self.name.take().unwrap_or_else(|| format!("{method} {path}"));
        let (headers, expected) = (Vec::new(), Vec::new());
        self.draft =
            Some(Draft { case: Case { name, method, path, headers, body: String::new(), expected }, is_body: false });
        Ok(())
    }

    /// Reads the line of a request: a method, and a path below the API's URL, which may stand before it.
    fn request(&self, line: &str) -> Option<(Method, String)> {
        let mut words = line.split_whitespace();
        let first = words.next()?;
        let is_method = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_uppercase());
        let (method, target) = if is_method { (first, words.next()?) } else { ("GET", first) };
        if words.next().is_some_and(|version| !version.starts_with("HTTP/")) || words.next().is_some() {
            return None;
        }
        let url = self.variables.first().map(|(_, url)| url.as_str()).unwrap_or_default();
        let path = target.strip_prefix(url).unwrap_or(target);
        let path = if path.is_empty() { "/" } else { path };
        (path.starts_with('/')).then_some((Method::from_bytes(method.as_bytes()).ok()?, path.to_owned()))
    }

    fn filled(&self, text: &str) -> Result<String, Message> {
        filled(text, &self.variables)
    }

    fn finish(&mut self) {
        if let Some(Draft { mut case, .. }) = self.draft.take() {
            case.body.truncate(case.body.trim_end().len());
            self.cases.push(case);
        }
        self.name = None;
    }
}

/// Puts variables in the place of `{{name}}`; of two of one name the later counts.
fn filled(text: &str, variables: &[(String, String)]) -> Result<String, Message> {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or_else(|| wrong("variable", text))?;
        let found = variables.iter().rev().find(|(known, _)| known == name.trim());
        let (_, value) = found.ok_or_else(|| wrong("variable", name.trim()))?;
        done.push_str(before);
        done.push_str(value);
        rest = after;
    }
    done.push_str(rest);
    Ok(done)
}

/// Reads `SUBJECT RELATION VALUE`.
fn expectation(text: &str) -> Result<Expected, Message> {
    let bad = || wrong("expectation", text);
    let (subject, rest) = text.split_once(char::is_whitespace).ok_or_else(bad)?;
    let mut rest = rest.trim();
    let subject = match subject {
        "status" => Subject::Status,
        "body" => Subject::Body,
        "header" | "json" => {
            let (name, after) = rest.split_once(char::is_whitespace).ok_or_else(bad)?;
            rest = after.trim();
            if subject == "header" { Subject::Header(name.to_owned()) } else { Subject::Json(name.to_owned()) }
        }
        _ => return Err(bad()),
    };
    let (relation, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let relation = match relation {
        "==" => Relation::Is,
        "!=" => Relation::IsNot,
        "contains" | "includes" => Relation::Contains,
        "exists" => Relation::Exists,
        _ => return Err(bad()),
    };
    let value = value.trim();
    if value.is_empty() != (relation == Relation::Exists) {
        return Err(bad());
    }
    // What is no JSON is a text, without quotes around it.
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    if subject == Subject::Status && !value.is_u64() {
        return Err(bad());
    }
    Ok(Expected { subject, relation, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const URL: &[(&str, &str)] = &[("url", "http://127.0.0.1:1/restapis/x/dev/_user_request_")];

    #[test]
    fn a_file_holds_requests_with_what_is_expected_of_them() {
        let text = "@who = world\n@greeting = hello {{who}}\n\n### greets\n# a comment\nPOST {{url}}/hello\n    ?a=1\n    &b=2\n\
                    Content-Type: application/json\n\n{\n  \"who\": \"{{who}}\"\n}\n\n?? status == 201\n?? json message == {{greeting}}\n\
                    ?? json count != 2\n?? header x-a exists\n?? body contains \"hello\"\n\n###\n// second\nGET /\n\n###\n# @name third\n{{url}}\n";
        let cases = parse(text, URL).unwrap();
        let first = &cases[0];
        assert_eq!(
            (first.name.as_str(), first.method.as_str(), first.path.as_str()),
            ("greets", "POST", "/hello?a=1&b=2")
        );
        assert_eq!(first.headers, [("Content-Type".to_owned(), "application/json".to_owned())]);
        assert_eq!(first.body, "{\n  \"who\": \"world\"\n}");
        let values: Vec<&Value> = first.expected.iter().map(|expected| &expected.value).collect();
        assert_eq!(values, [&json!(201), &json!("hello world"), &json!(2), &json!(""), &json!("hello")]);
        assert_eq!((cases[1].name.as_str(), cases[1].path.as_str()), ("GET /", "/"));
        assert_eq!((cases[2].name.as_str(), cases[2].path.as_str()), ("third", "/"));
        assert_eq!(cases.len(), 3);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (text, number, why) in [
            ("GET http://example.com/", 1, "request"),
            ("GET /\nno header", 2, "header"),
            ("GET /{{nobody}}", 1, "variable"),
            ("GET /{{open", 1, "variable"),
            ("?? status == 200", 1, "no_request"),
            ("GET /\n\n?? status 200", 3, "expectation"),
            ("GET /\n\n?? status == ok", 3, "expectation"),
            ("GET /\n\n?? duration < 100", 3, "expectation"),
            ("GET /\n\n> {% client.test() %}", 3, "script"),
            ("POST /\n\n< body.json", 3, "script"),
            ("# @prompt user\nGET /", 1, "script"),
        ] {
            let error = parse(text, URL).unwrap_err();
            assert_eq!((error.number, error.why.key()), (number, format!("test.file.{why}").as_str()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(text in "([GET/{}@#?=<>: a\n]|\\PC){0,80}") {
            let _ = parse(&text, URL);
        }
    }
}
