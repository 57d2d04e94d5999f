//! The routes of a REST service, from a table made of AWS's public model (`scripts/operations.py`).
//!
//! A route says which operation a method and a path name, where the members of its input stand (path, query string,
//! headers, body) and which status its answer has. Operations that the emulator lacks have a route too: whoever is
//! refused wants to know what.

use super::members::Fault;
use http::{HeaderMap, Method, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::str::FromStr;

/// The routes of one service.
#[derive(Debug)]
pub struct Routes {
    routes: Vec<Route>,
}

/// How one operation is called and answered.
#[derive(Debug)]
pub struct Route {
    method: Method,
    segments: Vec<Segment>,
    /// What the query string must have for this route (`mode=import`); empty for most.
    flag: &'static str,
    /// The status of a success.
    pub status: StatusCode,
    /// The operation's name.
    pub name: &'static str,
    bindings: Vec<Binding>,
    /// Whether the body is one member as it comes, and not a document of members.
    pub has_payload: bool,
}

#[derive(Debug)]
enum Segment {
    Literal(&'static str),
    Label(&'static str),
    /// The rest of the path, slashes included.
    Rest(&'static str),
}

/// Where a member stands that is not in the path, nor in the body under its own name.
#[derive(Debug)]
struct Binding {
    at: At,
    name: &'static str,
    member: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Query,
    Header,
    Body,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Boolean,
    List,
    /// Takes every parameter that has no binding of its own.
    Map,
}

impl Routes {
    /// Reads the table; see `scripts/operations.py` for its form. A line of another form is passed over.
    #[must_use]
    pub fn parse(table: &'static str) -> Self {
        Self { routes: table.lines().filter_map(Route::parse).collect() }
    }

    /// Returns the route that a request takes, with the members that its path holds.
    #[must_use]
    pub fn find(&self, method: &Method, uri: &Uri) -> Option<(&Route, Map<String, Value>)> {
        let query = uri.query().unwrap_or_default();
        let parts: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
        self.routes.iter().filter(|route| route.method == method).find_map(|route| {
            let is_flagged = route.flag.is_empty() || query.split('&').any(|pair| pair == route.flag);
            is_flagged.then(|| route.labels(&parts)).flatten().map(|labels| (route, labels))
        })
    }

    /// Returns the names of all operations.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.routes.iter().map(|route| route.name)
    }
}

impl Route {
    fn parse(line: &'static str) -> Option<Self> {
        let mut words = line.split(' ');
        let (method, path, status, name) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let (path, flag) = path.split_once('?').unwrap_or((path, ""));
        let segments = path.trim_matches('/').split('/').map(Segment::parse).collect();
        let (mut bindings, mut has_payload) = (Vec::new(), false);
        for word in words {
            match word.split_at_checked(1)? {
                ("=", _) => has_payload = true,
                ("@", binding) => bindings.push(Binding::parse(binding, At::Header)),
                (".", binding) => bindings.push(Binding::parse(binding, At::Body)),
                (_, binding) => bindings.push(Binding::parse(binding, At::Query)),
            }
        }
        let (method, status) = (Method::from_str(method).ok()?, StatusCode::from_str(status).ok()?);
        Some(Self { method, segments, flag, status, name, bindings, has_payload })
    }

    fn labels(&self, parts: &[&str]) -> Option<Map<String, Value>> {
        let text = |part: &str| Value::String(percent_decode_str(part).decode_utf8_lossy().into_owned());
        let mut labels = Map::new();
        for (at, segment) in self.segments.iter().enumerate() {
            match (segment, parts.get(at)?) {
                (Segment::Literal(known), part) if known == part => {}
                (Segment::Label(name), part) if !part.is_empty() => {
                    labels.insert((*name).to_owned(), text(part));
                }
                (Segment::Rest(name), part) if !part.is_empty() => {
                    labels.insert((*name).to_owned(), text(&parts[at..].join("/")));
                    return Some(labels);
                }
                _ => return None,
            }
        }
        (self.segments.len() == parts.len()).then_some(labels)
    }

    /// Adds the members of the query string and of the headers to `members`.
    ///
    /// # Errors
    /// A parameter that has no binding, comes twice, or has not the form of its type.
    pub fn bind(&self, uri: &Uri, headers: &HeaderMap, members: &mut Map<String, Value>) -> Result<(), Fault> {
        for binding in self.bindings.iter().filter(|binding| binding.at == At::Header) {
            // A header that comes twice is a list in one (RFC 9110, 5.3); AWS's SDK for Rust adds an `Accept` of its own.
            let values: Vec<&str> =
                headers.get_all(binding.name).iter().filter_map(|value| value.to_str().ok()).collect();
            if !values.is_empty() {
                members.insert(binding.member.to_owned(), binding.kind.read(binding.name, &values.join(", "))?);
            }
        }
        let query = uri.query().unwrap_or_default();
        for (name, text) in form_urlencoded::parse(query.as_bytes()) {
            let is_own = format!("{name}={text}") == self.flag || name == self.flag;
            // A presigned URL's own parameters.
            let is_signature = name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"));
            if !is_own && !is_signature {
                self.bind_parameter(&name, &text, members)?;
            }
        }
        Ok(())
    }

    /// Returns the name of the member that has this name in the body.
    #[must_use]
    pub fn member(&self, name: String) -> String {
        let binding = self.bindings.iter().find(|binding| binding.at == At::Body && binding.name == name);
        binding.map_or(name, |binding| binding.member.to_owned())
    }

    fn bind_parameter(&self, name: &str, text: &str, members: &mut Map<String, Value>) -> Result<(), Fault> {
        let mut bindings = self.bindings.iter().filter(|binding| binding.at == At::Query);
        let named = bindings.clone().find(|binding| binding.name == name && binding.kind != Kind::Map);
        let binding = named.or_else(|| bindings.find(|binding| binding.kind == Kind::Map));
        let binding = binding.ok_or_else(|| Fault::Unknown(name.to_owned()))?;
        let value = binding.kind.read(name, text)?;
        match (binding.kind, members.get_mut(binding.member)) {
            (Kind::List, Some(Value::Array(items))) => items.push(text.into()),
            (Kind::Map, Some(Value::Object(entries))) => {
                entries.insert(name.to_owned(), text.into());
            }
            (_, Some(_)) => return Err(Fault::Invalid(name.to_owned(), "it comes twice".to_owned())),
            (_, None) => {
                members.insert(binding.member.to_owned(), value);
            }
        }
        Ok(())
    }
}

impl Segment {
    fn parse(part: &'static str) -> Self {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            None => Self::Literal(part),
            Some(label) => label.strip_suffix('+').map_or(Self::Label(label), Self::Rest),
        }
    }
}

impl Binding {
    fn parse(text: &'static str, at: At) -> Self {
        let (text, kind) = text.split_once(':').unwrap_or((text, ""));
        let (name, member) = text.split_once('=').unwrap_or((text, text));
        let kind = match kind {
            "integer" => Kind::Integer,
            "boolean" => Kind::Boolean,
            "list" => Kind::List,
            "map" => Kind::Map,
            _ => Kind::Text,
        };
        Self { at, name, member, kind }
    }
}

impl Kind {
    fn read(self, name: &str, text: &str) -> Result<Value, Fault> {
        let invalid = |why: &str| Fault::Invalid(name.to_owned(), format!("`{text}` is {why}"));
        Ok(match self {
            Self::Text => text.into(),
            Self::Integer => text.parse::<i64>().map_err(|_| invalid("no integer"))?.into(),
            Self::Boolean => match text {
                "true" => true.into(),
                "false" => false.into(),
                _ => return Err(invalid("neither true nor false")),
            },
            Self::List => Value::Array(vec![text.into()]),
            Self::Map => Value::Object(Map::from_iter([(name.to_owned(), text.into())])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TABLE: &str = "\
POST /things?mode=import 201 ImportThings ?parameters:map =body
GET /things 200 ListThings ?limit:integer ?deep=isDeep:boolean ?embed:list @X-Kind=kind
GET /things/{id} 200 GetThing
PUT /things/{kind} 201 PutThing .kind=innerKind
PUT /tags/{arn+} 204 TagThing";

    fn found(method: &Method, uri: &str) -> Option<(&'static str, Value)> {
        let (uri, routes): (Uri, _) = (uri.parse().unwrap(), Routes::parse(TABLE));
        let (route, mut members) = routes.find(method, &uri)?;
        let headers = HeaderMap::from_iter([("x-kind".parse().unwrap(), "k".parse().unwrap())]);
        match route.bind(&uri, &headers, &mut members) {
            Ok(()) => Some((route.name, Value::Object(members))),
            Err(fault) => Some((route.name, fault.to_string().into())),
        }
    }

    #[test]
    fn a_route_is_found_by_method_and_path_and_brings_its_members() {
        assert_eq!(found(&Method::GET, "/things/a%2Fb"), Some(("GetThing", json!({ "id": "a/b" }))));
        assert_eq!(found(&Method::GET, "/things/"), Some(("ListThings", json!({ "kind": "k" }))));
        assert_eq!(found(&Method::PUT, "/tags/arn:x/y/z"), Some(("TagThing", json!({ "arn": "arn:x/y/z" }))));
        let listed = found(&Method::GET, "/things?limit=5&deep=true&embed=a&embed=b&X-Amz-Date=1");
        let members = json!({ "kind": "k", "limit": 5, "isDeep": true, "embed": ["a", "b"] });
        assert_eq!(listed, Some(("ListThings", members)));
        let imported = found(&Method::POST, "/things?mode=import&a=1&b=2");
        assert_eq!(imported, Some(("ImportThings", json!({ "parameters": { "a": "1", "b": "2" } }))));
        assert_eq!(found(&Method::POST, "/things"), None);
        assert_eq!(found(&Method::GET, "/things/a/b"), None);
    }

    #[test]
    fn a_parameter_without_a_place_or_of_another_form_is_named() {
        for (query, named) in
            [("colour=red", "colour"), ("limit=x", "limit"), ("deep=1", "deep"), ("limit=1&limit=2", "limit")]
        {
            let (_, fault) = found(&Method::GET, &format!("/things?{query}")).unwrap();
            assert!(fault.as_str().is_some_and(|text| text.contains(&format!("`{named}`"))), "{query}: {fault}");
        }
    }

    #[test]
    fn a_member_of_the_body_may_have_the_name_of_a_label_there() {
        let routes = Routes::parse(TABLE);
        let (route, members) = routes.find(&Method::PUT, &Uri::from_static("/things/a")).unwrap();
        assert_eq!(Value::Object(members), json!({ "kind": "a" }));
        assert_eq!([route.member("kind".to_owned()), route.member("size".to_owned())], ["innerKind", "size"]);
    }

    #[test]
    fn every_line_of_the_tables_is_a_route() {
        for table in [include_str!("../lambda/operations.txt"), include_str!("../apigateway/operations.txt")] {
            assert_eq!(Routes::parse(table).names().count(), table.lines().count());
        }
    }
}
