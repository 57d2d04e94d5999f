//! The names of REST operations: their calls carry a method and a path only, but who is refused wants to know what.

use http::{Method, Uri};

/// Finds the name of an operation. `table` has a line for each: the method, the path after `skipped` segments with `*`
/// for what varies, and the name. Paths with a query stand before those without.
pub fn operation<'a>(table: &'a str, method: &Method, uri: &Uri, skipped: usize) -> Option<&'a str> {
    let segments = || uri.path().trim_matches('/').split('/').skip(skipped);
    let query = uri.query().unwrap_or_default();
    table.lines().find_map(|line| {
        let mut words = line.split(' ');
        let (known, path, name) = (words.next()?, words.next()?, words.next()?);
        let (path, flag) = path.split_once('?').unwrap_or((path, ""));
        let alike = |(known, segment): (&str, &str)| known == segment || known == "*" && !segment.is_empty();
        let fits = known == method.as_str()
            && path.split('/').count() == segments().count()
            && path.split('/').zip(segments()).all(alike)
            && (flag.is_empty() || query.split('&').any(|member| member == flag));
        fits.then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "POST things?mode=import ImportThings\nPOST things CreateThing\nGET things/* GetThing\n";

    #[test]
    fn a_name_is_found_by_method_path_and_query() {
        let name = |method: Method, uri: &str| operation(TABLE, &method, &uri.parse().unwrap(), 1);
        assert_eq!(name(Method::POST, "/v1/things"), Some("CreateThing"));
        assert_eq!(name(Method::POST, "/v1/things/?a=b&mode=import"), Some("ImportThings"));
        assert_eq!(name(Method::GET, "/v1/things/x"), Some("GetThing"));
        for (method, uri) in [(Method::GET, "/v1/things"), (Method::GET, "/v1/things/x/y"), (Method::PUT, "/")] {
            assert_eq!(name(method, uri), None, "{uri}");
        }
    }
}
