//! Which route takes a request: literal parts win over `{name}`, which wins over the greedy `{name+}`; on one path the
//! method wins over `ANY`; `$default` takes what is left.

use super::model::Route;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// The key of the route that takes what no other takes.
const DEFAULT: &str = "$default";

/// A route that takes a request, and the values of its path parameters, decoded.
#[derive(Debug)]
pub(super) struct Matched<'a> {
    pub(super) route: &'a Route,
    pub(super) parameters: BTreeMap<String, String>,
}

/// Finds the route of a request.
pub(super) fn find<'a>(routes: &'a BTreeMap<String, Route>, method: &str, path: &str) -> Option<Matched<'a>> {
    let candidates = routes.values().filter_map(|route| {
        let (verb, pattern) = route.route_key.split_once(' ')?;
        let (ranks, parameters) = matched(pattern, path).filter(|_| verb == method || verb == "ANY")?;
        Some(((ranks, verb == "ANY"), Matched { route, parameters }))
    });
    let best = candidates.min_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, matched)| matched);
    let default = || routes.values().find(|route| route.route_key == DEFAULT);
    best.or_else(|| default().map(|route| Matched { route, parameters: BTreeMap::new() }))
}

/// Whether a preflight of a path is for a route of its own: one of the method OPTIONS, or any method.
pub(super) fn has_options(routes: &BTreeMap<String, Route>, path: &str) -> bool {
    find(routes, "OPTIONS", path).is_some()
}

/// How specific a part of a route's path is; the smaller the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Literal,
    Parameter,
    Greedy,
}

fn matched(pattern: &str, path: &str) -> Option<(Vec<Rank>, BTreeMap<String, String>)> {
    let (mut ranks, mut parameters) = (Vec::new(), BTreeMap::new());
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let wanted: Vec<&str> = pattern.split('/').skip(1).collect();
    for (at, want) in wanted.iter().enumerate() {
        let part = *parts.get(at)?;
        match want.strip_prefix('{').and_then(|want| want.strip_suffix('}')) {
            None if part == *want || decoded(part) == *want => ranks.push(Rank::Literal),
            None => return None,
            Some(_) if part.is_empty() => return None,
            Some(name) => {
                if let Some(name) = name.strip_suffix('+') {
                    ranks.push(Rank::Greedy);
                    parameters.insert(name.to_owned(), decoded(&parts[at..].join("/")));
                    return Some((ranks, parameters));
                }
                ranks.push(Rank::Parameter);
                parameters.insert(name.to_owned(), decoded(part));
            }
        }
    }
    (parts.len() == wanted.len()).then_some((ranks, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(keys: &[&str], method: &str, path: &str) -> Option<(String, BTreeMap<String, String>)> {
        let route = |key: &&str| ((*key).to_owned(), Route { route_key: (*key).to_owned(), ..Route::default() });
        let routes = keys.iter().map(route).collect();
        find(&routes, method, path).map(|found| (found.route.route_key.clone(), found.parameters))
    }

    #[test]
    fn the_most_specific_route_takes_a_request() {
        // The example of AWS's documentation.
        let all = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default", "GET /"];
        for (method, path, key) in [
            ("GET", "/pets/dog/1", "GET /pets/dog/1"),
            ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
            ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
            ("POST", "/test/5", "ANY /{proxy+}"),
            ("POST", "/pets/dog/1", "ANY /{proxy+}"),
            ("GET", "/", "GET /"),
            ("POST", "/", "$default"),
        ] {
            assert_eq!(found(&all, method, path).unwrap().0, key, "{method} {path}");
        }
        assert_eq!(found(&["ANY /a", "GET /a"], "GET", "/a").unwrap().0, "GET /a");
        assert!(found(&["GET /a"], "GET", "/a/").is_none());
        assert!(found(&["GET /a"], "POST", "/a").is_none());
    }

    #[test]
    fn parameters_are_decoded() {
        let (_, parameters) = found(&["GET /a/{b}/{c+}"], "GET", "/a/x%20y/1/2%2F3").unwrap();
        assert_eq!((parameters["b"].as_str(), parameters["c"].as_str()), ("x y", "1/2/3"));
    }
}
