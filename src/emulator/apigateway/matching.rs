//! Which resource a path means: literal parts win over `{name}`, which wins over the greedy `{name+}`.

use super::model::{Method, Resource, Resources};
use std::collections::BTreeMap;

/// A resource that matches a path, and the values of its path parameters.
#[derive(Debug)]
pub(super) struct Matched<'a> {
    pub(super) resource: &'a Resource,
    pub(super) parameters: BTreeMap<String, String>,
}

/// Finds the method that answers: the named one, else `ANY`.
pub(super) fn find<'a>(resources: &'a Resources, method: &str, path: &str) -> Option<(Matched<'a>, &'a Method)> {
    let mut candidates: Vec<_> = resources.values().filter_map(|resource| matched(resource, path)).collect();
    candidates.sort_by(|(a, _), (b, _)| a.cmp(b));
    candidates.into_iter().find_map(|(_, matched)| {
        let methods = &matched.resource.methods;
        let method = methods.get(method).or_else(|| methods.get("ANY"))?;
        Some((matched, method))
    })
}

/// The values of a resource's path parameters in a path; nothing when it does not match.
pub(super) fn parameters(resource: &Resource, path: &str) -> Option<BTreeMap<String, String>> {
    matched(resource, path).map(|(_, matched)| matched.parameters)
}

/// How specific a part of a resource's path is; the smaller the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Literal,
    Parameter,
    Greedy,
}

fn matched<'a>(resource: &'a Resource, path: &str) -> Option<(Vec<Rank>, Matched<'a>)> {
    let (mut ranks, mut parameters) = (Vec::new(), BTreeMap::new());
    let mut parts = parts(path);
    let mut wanted = self::parts(&resource.path);
    loop {
        let (part, want) = match (parts.next(), wanted.next()) {
            (None, None) => return Some((ranks, Matched { resource, parameters })),
            (Some(part), Some(want)) => (part, want),
            _ => return None,
        };
        match want.strip_prefix('{').and_then(|want| want.strip_suffix('}')) {
            None if part == want => ranks.push(Rank::Literal),
            None => return None,
            Some(name) => match name.strip_suffix('+') {
                Some(name) => {
                    ranks.push(Rank::Greedy);
                    let rest: Vec<_> = std::iter::once(part).chain(parts).collect();
                    parameters.insert(name.to_owned(), rest.join("/"));
                    return Some((ranks, Matched { resource, parameters }));
                }
                None if part.is_empty() => return None,
                None => {
                    ranks.push(Rank::Parameter);
                    parameters.insert(name.to_owned(), part.to_owned());
                }
            },
        }
    }
}

/// The parts of a path; slashes in front of it and one at the end do not count.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    let path = path.trim_start_matches('/');
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').skip(usize::from(path.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(paths: &[&str]) -> Resources {
        let method = Method { name: "GET".into(), ..Method::default() };
        let resource = |path: &str| Resource {
            id: path.to_owned(),
            parent_id: None,
            path_part: None,
            path: path.to_owned(),
            methods: [("GET".to_owned(), method.clone())].into(),
        };
        paths.iter().map(|path| ((*path).to_owned(), resource(path))).collect()
    }

    fn found(paths: &[&str], path: &str) -> Option<(String, BTreeMap<String, String>)> {
        let resources = resources(paths);
        let (matched, _) = find(&resources, "GET", path)?;
        Some((matched.resource.path.clone(), matched.parameters))
    }

    #[test]
    fn the_most_specific_resource_answers() {
        let all = ["/", "/infra", "/{name}", "/{proxy+}", "/infra/{id}"];
        for (path, expected) in [
            ("/", "/"),
            ("/infra", "/infra"),
            ("/infra/", "/infra"),
            ("/other", "/{name}"),
            ("/infra/7", "/infra/{id}"),
            ("/infra/7/x", "/{proxy+}"),
        ] {
            assert_eq!(found(&all, path).unwrap().0, expected, "{path}");
        }
    }

    #[test]
    fn a_greedy_parameter_takes_the_rest_but_not_nothing() {
        let (_, parameters) = found(&["/a/{proxy+}"], "/a/b/c%20d").unwrap();
        assert_eq!(parameters["proxy"], "b/c%20d");
        assert!(found(&["/a/{proxy+}"], "/a").is_none());
        assert!(found(&["/{proxy+}"], "/").is_none());
    }

    #[test]
    fn a_method_that_is_not_there_is_not_found() {
        let resources = resources(&["/infra"]);
        assert!(find(&resources, "POST", "/infra").is_none());
        assert!(find(&resources, "GET", "//infra").is_some());
    }
}
