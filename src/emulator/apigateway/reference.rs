//! How schemas of models refer to each other: `https://apigateway.amazonaws.com/restapis/{api}/models/{name}`.

/// How models are named in references.
pub(super) const MODELS: &str = "https://apigateway.amazonaws.com/restapis/";

/// The model that a reference names.
pub(super) fn named(reference: &str) -> Option<&str> {
    let (_, name) = reference.strip_prefix(MODELS)?.split_once("/models/")?;
    Some(name.split('#').next().unwrap_or(name))
}

/// The models that a schema's text refers to.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    let references = text.match_indices(MODELS).map(|(at, _)| &text[at..]);
    references.filter_map(|rest| named(rest.split(['"', '\'']).next()?))
}
