//! The path that all paths of a document are below, and what becomes of it.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api-basePath.html>

use serde::Deserialize;
use serde_json::{Map, Value};

/// What becomes of a document's base path.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::emulator::apigateway) enum BasePath {
    /// It is left away.
    #[default]
    Ignore,
    /// All paths are below it.
    Prepend,
    /// All paths are below what comes after its first part.
    Split,
}

impl BasePath {
    /// Gives the paths of a document what is to stand before them.
    pub(in crate::emulator::apigateway) fn apply(self, document: &mut Value) {
        let base = base(document);
        let base = base.trim_matches('/');
        let prefix = match self {
            Self::Ignore => "",
            Self::Prepend => base,
            Self::Split => base.split_once('/').map_or("", |(_, rest)| rest),
        };
        let Some(paths) = document["paths"].as_object_mut().filter(|_| !prefix.is_empty()) else { return };
        let below = |path: &String| format!("/{prefix}{}", path.trim_end_matches('/'));
        let moved: Map<_, _> = std::mem::take(paths).into_iter().map(|(path, item)| (below(&path), item)).collect();
        *paths = moved;
    }
}

/// The base path itself: Swagger says it, and of OpenAPI 3 the first server has it, in a variable or in its URL.
fn base(document: &Value) -> String {
    let server = &document["servers"][0];
    let said = document["basePath"].as_str().or_else(|| server["variables"]["basePath"]["default"].as_str());
    let of_url = || {
        let url = server["url"].as_str()?;
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        rest.split_once('/').map(|(_, path)| path)
    };
    said.or_else(of_url).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_go_below_the_base_path_or_below_what_follows_its_first_part() {
        let swagger = json!({ "basePath": "/base" });
        let variable = json!({ "basePath": { "default": "v1" } });
        let variable = json!({ "servers": [{ "url": "https://x/{basePath}", "variables": variable }] });
        let url = json!({ "servers": [{ "url": "https://x.example/a/b" }] });
        for (document, base, path) in [
            (&swagger, BasePath::Ignore, "/test"),
            (&swagger, BasePath::Prepend, "/base/test"),
            (&swagger, BasePath::Split, "/test"),
            (&variable, BasePath::Prepend, "/v1/test"),
            (&url, BasePath::Prepend, "/a/b/test"),
            (&url, BasePath::Split, "/b/test"),
        ] {
            let mut document = document.clone();
            document["paths"] = json!({ "/test": {} });
            base.apply(&mut document);
            assert_eq!(document["paths"], json!({ path: {} }));
        }
    }
}
