//! What API Gateway keeps in a region, and how it is found.

use super::{
    account::Account,
    error::{absent, not_found},
    key::ApiKey,
    model::{Resource, RestApi},
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
    pub(super) fn find(&self, id: &str) -> Option<&RestApi> {
        id.parse().ok().and_then(|id: ApiId| self.apis.get(&id))
    }

    /// Finds an API to change it.
    pub(super) fn find_mut(&mut self, id: &str) -> Option<&mut RestApi> {
        id.parse().ok().and_then(|id: ApiId| self.apis.get_mut(&id))
    }

    /// Finds an API of the account, or says that there is none.
    pub(super) fn api(&self, account: &str, id: &str) -> Result<&RestApi, AwsError> {
        self.find(id).ok_or_else(|| no_api(account, id))
    }

    /// The tags of an API, or of a stage of it.
    pub(in crate::emulator) fn tags_of(&self, id: &str, stage: Option<&str>) -> Option<BTreeMap<String, String>> {
        let api = self.find(id)?;
        let Some(stage) = stage else { return Some(api.tags.clone()) };
        api.stages.iter().find(|(name, _)| name.as_str() == stage).map(|(_, stage)| stage.tags.clone())
    }

    /// Tells whether there is an API with this id.
    pub(in crate::emulator) fn has(&self, id: &ApiId) -> bool {
        self.apis.contains_key(id)
    }

    /// Finds an API of the account to change it, or says that there is none.
    pub(super) fn api_mut(&mut self, account: &str, id: &str) -> Result<&mut RestApi, AwsError> {
        self.find_mut(id).ok_or_else(|| no_api(account, id))
    }

    /// Finds a resource of an API; of an API that is not there no resource is.
    pub(super) fn resource(&self, api: &str, id: &str) -> Result<&Resource, AwsError> {
        self.find(api).ok_or_else(|| absent("Resource"))?.resource(id)
    }

    /// Finds a resource of an API to change it.
    pub(super) fn resource_mut(&mut self, api: &str, id: &str) -> Result<&mut Resource, AwsError> {
        self.find_mut(api).ok_or_else(|| absent("Resource"))?.resource_mut(id)
    }

    /// What the account has set.
    pub(super) fn account(&self) -> Account {
        self.accounts.values().next().cloned().unwrap_or_default()
    }

    /// The role that logs of calls are written with.
    pub(super) fn logging_role(&self) -> Option<String> {
        self.accounts.values().next()?.logging_role()
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
        self.plans.get(id).ok_or_else(no_plan)
    }

    /// Finds a usage plan to change it.
    pub(super) fn plan_mut(&mut self, id: &str) -> Result<&mut UsagePlan, AwsError> {
        self.plans.get_mut(id).ok_or_else(no_plan)
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

fn no_plan() -> AwsError {
    not_found("Invalid Usage Plan ID specified")
}

fn no_api(account: &str, id: &str) -> AwsError {
    not_found(format!("Invalid API identifier specified {account}:{id}"))
}
