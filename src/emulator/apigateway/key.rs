//! An API key, as it is kept: of its value only the digest.

use super::model::{Tags, epoch, with};
use crate::api_key::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// A key that callers send in `x-api-key`. Its value is told once, to whoever makes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApiKey {
    pub(super) id: String,
    pub(super) digest: Digest,
    pub(super) created: OffsetDateTime,
    pub(super) updated: OffsetDateTime,
    pub(super) settings: KeySettings,
    pub(super) tags: Tags,
}

/// What `UpdateApiKey` can change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeySettings {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) customer_id: Option<String>,
    #[serde(default)]
    pub(super) enabled: bool,
}

impl ApiKey {
    /// Shows the key, without its value.
    pub(super) fn show(&self) -> Value {
        let shown = json!({
            "id": self.id,
            "createdDate": epoch(self.created),
            "lastUpdatedDate": epoch(self.updated),
            "stageKeys": [],
        });
        with(with(shown, json!(self.settings)), json!({ "tags": self.tags }))
    }

    /// Whether the key's name begins like this.
    pub(super) fn is_named(&self, start: Option<&str>) -> bool {
        start.is_none_or(|start| self.settings.name.as_deref().unwrap_or_default().starts_with(start))
    }
}
