//! Lambda, REST API 2015-03-31 and what was added to it: functions, their code and who may invoke them.
//!
//! What a function is and how it changes is here; the processes that run it are `runtime`'s. There are no published
//! versions, aliases, layers or images: a call that needs one is refused, not ignored.

mod code;
mod defaults;
mod error;
mod function;
mod functions;
mod input;
mod invoke;
mod name;
mod paging;
mod permissions;
mod policy;
mod tags;

pub use function::Function;
pub use name::FunctionName;
pub use policy::Statement;

use super::{
    context::Context,
    runtime::Spec,
    service::{Handler, Service},
    state::Store,
    store::{AnyTable, Region, Table, Tables},
    wire::{AwsError, routes::Routes},
};
use name::Reference;
use std::sync::LazyLock;

/// Lambda, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "lambda",
    routes: Some(&ROUTES),
    operations: &[
        ("AddPermission", Handler::Async(|operation| Box::pin(permissions::add(operation)))),
        ("CreateFunction", Handler::Async(|operation| Box::pin(functions::create(operation)))),
        ("DeleteFunction", Handler::Async(|operation| Box::pin(functions::delete(operation)))),
        ("GetAccountSettings", Handler::Sync(defaults::account_settings)),
        ("GetFunction", Handler::Sync(functions::get)),
        ("GetFunctionCodeSigningConfig", Handler::Sync(defaults::code_signing_config)),
        ("GetFunctionConcurrency", Handler::Sync(defaults::concurrency)),
        ("GetFunctionConfiguration", Handler::Sync(functions::configuration)),
        ("GetFunctionRecursionConfig", Handler::Sync(defaults::recursion_config)),
        ("GetPolicy", Handler::Sync(permissions::get)),
        ("GetRuntimeManagementConfig", Handler::Sync(defaults::runtime_management_config)),
        ("Invoke", Handler::Async(|operation| Box::pin(invoke::invoke(operation)))),
        ("ListAliases", Handler::Sync(defaults::aliases)),
        ("ListEventSourceMappings", Handler::Sync(defaults::event_source_mappings)),
        ("ListFunctions", Handler::Sync(functions::list)),
        ("ListLayers", Handler::Sync(defaults::layers)),
        ("ListTags", Handler::Sync(tags::list)),
        ("ListVersionsByFunction", Handler::Sync(functions::list_versions)),
        ("RemovePermission", Handler::Async(|operation| Box::pin(permissions::remove(operation)))),
        ("TagResource", Handler::Async(|operation| Box::pin(tags::add(operation)))),
        ("UntagResource", Handler::Async(|operation| Box::pin(tags::remove(operation)))),
        ("UpdateFunctionCode", Handler::Async(|operation| Box::pin(functions::update_code(operation)))),
        (
            "UpdateFunctionConfiguration",
            Handler::Async(|operation| Box::pin(functions::update_configuration(operation))),
        ),
    ],
    fault: error::fault,
};

static ROUTES: LazyLock<Routes> = LazyLock::new(|| Routes::parse(include_str!("operations.txt")));

/// What survives a restart.
#[derive(Clone, Default)]
pub struct State {
    functions: Table<FunctionName, Function>,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![("lambda/functions", &mut self.functions)]
    }
}

impl State {
    /// Whether this very function is there, not a later one of its name.
    pub(super) fn has(&self, arn: &str, identity: &str) -> bool {
        let named = FunctionName::of_latest(arn).and_then(|name| self.functions.get(&name));
        named.is_some_and(|function| function.arn == arn && function.identity == identity)
    }

    /// Finds a function.
    fn find(&self, reference: &Reference) -> Result<&Function, AwsError> {
        let function = self.functions.get(&reference.name).filter(|_| reference.is_latest());
        function.ok_or_else(|| reference.not_found())
    }

    /// Finds a function to change it.
    fn find_mut(&mut self, reference: &Reference) -> Result<&mut Function, AwsError> {
        let function = self.functions.get_mut(&reference.name).filter(|_| reference.is_latest());
        function.ok_or_else(|| reference.not_found())
    }
}

/// Why a service may not invoke a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// There is no such function.
    Absent,
    /// It is still being created.
    Pending,
    /// Its resource policy does not allow it.
    Forbidden,
}

/// Returns what a function's processes are started from, for a service that invokes it on behalf of `source_arn`.
///
/// # Errors
/// When there is no such function, or its resource policy does not allow this.
pub fn invocable(context: &Context, function_arn: &str, service: &str, source_arn: &str) -> Result<Spec, Denied> {
    let region: Region = function_arn.split(':').nth(3).and_then(|text| text.parse().ok()).ok_or(Denied::Absent)?;
    let name = FunctionName::of_latest(function_arn).ok_or(Denied::Absent)?;
    context.store.read(&region, |state| {
        let function = state.lambda.functions.get(&name).filter(|f| function_arn.starts_with(&f.arn));
        let function = function.ok_or(Denied::Absent)?;
        if !function.allows(service, source_arn) {
            return Err(Denied::Forbidden);
        }
        if function.is_pending(context.config.clock.now()) {
            return Err(Denied::Pending);
        }
        Ok(function.spec(&region))
    })
}

/// Whether a function of any region has this code.
pub(super) fn uses_code(store: &Store, blob: &str) -> bool {
    let uses = |state: &State| state.functions.values().any(|function| function.code.blob == blob);
    store.regions().iter().any(|region| store.read(region, |state| uses(&state.lambda)))
}
