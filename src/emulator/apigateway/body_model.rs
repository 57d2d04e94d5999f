//! A model, which says what a body looks like, as it is kept and shown.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a body looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Model {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    pub(super) content_type: String,
    /// JSON Schema, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) schema: Option<String>,
}

/// The models that API Gateway makes with every API.
pub(super) fn made_with_it() -> BTreeMap<String, Model> {
    let draft = "http://json-schema.org/draft-04/schema#";
    let error = json!({
        "$schema": draft,
        "title": "Error Schema",
        "type": "object",
        "properties": { "message": { "type": "string" } },
    });
    let empty = json!({ "$schema": draft, "title": "Empty Schema", "type": "object" });
    let model = |id: &str, name: &str, description: &str, schema: Value| Model {
        id: id.to_owned(),
        name: name.to_owned(),
        description: Some(description.to_owned()),
        content_type: "application/json".to_owned(),
        schema: Some(format!("{schema:#}")),
    };
    [
        model("empty0", "Empty", "This is a default empty schema model", empty),
        model("error0", "Error", "This is a default error schema model", error),
    ]
    .map(|model| (model.name.clone(), model))
    .into()
}
