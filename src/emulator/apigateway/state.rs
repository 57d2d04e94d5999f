//! What API Gateway keeps in a region, and how it is found.

use super::{
    account::Account,
    error::{absent, not_found},
    key::ApiKey,
    model::RestApi,
    usage::Usage,
    usage_plan::UsagePlan,
};
use crate::{
    api_key::Digest,
    emulator::{
        store::{AnyTable, Table, Tables},
        wire::AwsError,
    },
    names::{ApiId, StageName},
};
use std::collections::BTreeMap;

/// What survives a restart.
#[derive(Clone, Default)]
pub struct State {
    pub(super) apis: Table<ApiId, RestApi>,
    pub(super) keys: Table<String, ApiKey>,
    pub(super) plans: Table<String, UsagePlan>,
    /// By plan and key.
    pub(super) usage: Table<String, Usage>,
    /// The one account, once it has set something.
    accounts: Table<String, Account>,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![
            ("apigateway/apis", &mut self.apis),
            ("apigateway/keys", &mut self.keys),
            ("apigateway/plans", &mut self.plans),
            ("apigateway/usage", &mut self.usage),
            ("apigateway/accounts", &mut self.accounts),
        ]
    }
}

impl State {
    /// Finds an API by the text of its id.
    pub(super) fn api(&self, id: &str) -> Result<&RestApi, AwsError> {
        id.parse().ok().and_then(|id: ApiId| self.apis.get(&id)).ok_or_else(|| no_api(id))
    }

    /// The tags of an API.
    pub(in crate::emulator) fn tags_by_id(&self, id: &str) -> Option<BTreeMap<String, String>> {
        self.api(id).ok().map(|api| api.tags.clone())
    }

    /// Tells whether there is an API with this id.
    pub(in crate::emulator) fn has(&self, id: &ApiId) -> bool {
        self.apis.contains_key(id)
    }

    /// Finds an API to change it.
    pub(super) fn api_mut(&mut self, id: &str) -> Result<&mut RestApi, AwsError> {
        id.parse().ok().and_then(|id: ApiId| self.apis.get_mut(&id)).ok_or_else(|| no_api(id))
    }

    /// What the account has set.
    pub(super) fn account(&self) -> Account {
        self.accounts.values().next().cloned().unwrap_or_default()
    }

    /// Keeps what the account has set.
    pub(super) fn set_account(&mut self, account: Account) {
        self.accounts.insert("own".to_owned(), account);
    }

    /// Finds an API key by its id.
    pub(super) fn key(&self, id: &str) -> Result<&ApiKey, AwsError> {
        self.keys.get(id).ok_or_else(|| absent("API Key"))
    }

    /// Finds an API key to change it.
    pub(super) fn key_mut(&mut self, id: &str) -> Result<&mut ApiKey, AwsError> {
        self.keys.get_mut(id).ok_or_else(|| absent("API Key"))
    }

    /// Finds a usage plan by its id.
    pub(super) fn plan(&self, id: &str) -> Result<&UsagePlan, AwsError> {
        self.plans.get(id).ok_or_else(|| absent("Usage Plan"))
    }

    /// Finds a usage plan to change it.
    pub(super) fn plan_mut(&mut self, id: &str) -> Result<&mut UsagePlan, AwsError> {
        self.plans.get_mut(id).ok_or_else(|| absent("Usage Plan"))
    }

    /// Finds the key that a caller sent, if it opens this stage now, and the plan by which it does. Every key is compared, in constant time each.
    pub(super) fn key_for(&self, value: &str, api: &ApiId, stage: &StageName) -> Option<(&ApiKey, &UsagePlan)> {
        let sent = Digest::of(value);
        let mut found = None;
        for key in self.keys.values() {
            if key.digest.is(&sent) {
                found = Some(key);
            }
        }
        let key = found.filter(|key| key.settings.enabled)?;
        let stage = format!("{api}:{stage}");
        let opens = |plan: &&UsagePlan| plan.keys.contains(&key.id) && plan.settings.api_stages.contains(&stage);
        self.plans.values().find(opens).map(|plan| (key, plan))
    }
}

fn no_api(id: &str) -> AwsError {
    not_found(format!("Invalid API identifier specified {id}"))
}
