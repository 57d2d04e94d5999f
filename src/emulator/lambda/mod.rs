//! Lambda, REST API 2015-03-31 and what was added to it: functions, their code and who may invoke them.
//!
//! What a function is and how it changes is here; the processes that run it are `runtime`'s. There are no images and no
//! dead-letter queues: a call that needs one is refused, not ignored.

mod alias;
mod aliases;
mod code;
mod concurrency;
mod defaults;
mod error;
mod events;
mod function;
mod functions;
mod input;
mod invoke;
mod invoke_config;
mod invoke_stream;
mod layer;
mod layer_permissions;
mod layers;
mod links;
mod logging;
pub(super) mod loss;
mod name;
mod paging;
mod permissions;
mod policy;
mod provisioned;
mod qualified;
mod recursion;
mod runtime_updates;
mod tags;
mod url;
mod version;
mod versions;
mod view;

pub(in crate::emulator) use error::request_too_large;
pub use function::Function;
pub use links::{Links, follow};
pub use name::FunctionName;
pub use policy::Statement;
pub use url::{auth as url_auth, call as call_url};

use super::{
    context::Context,
    runtime::{Functions, Invocation, InvokeError, Spec},
    service::{Handler, Service},
    store::{AnyTable, Region, Table, Tables},
    wire::{self, AwsError, routes::Routes},
};
use crate::lenience::Lean;
use alias::Alias;
use bytes::Bytes;
use invoke_config::InvokeConfig;
use layer::{LayerName, LayerVersion};
use name::Reference;
use provisioned::Provisioned;
use qualified::Qualified;
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, LazyLock},
};
use version::Version;

/// Lambda, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "lambda",
    routes: Some(&ROUTES),
    names: None,
    members: include_str!("members.txt"),
    operations: &[
        ("AddLayerVersionPermission", Handler::Async(|operation| Box::pin(layer_permissions::add(operation)))),
        ("AddPermission", Handler::Async(|operation| Box::pin(permissions::add(operation)))),
        ("CreateAlias", Handler::Async(|operation| Box::pin(aliases::create(operation)))),
        ("CreateFunction", Handler::Async(|operation| Box::pin(functions::create(operation)))),
        ("CreateFunctionUrlConfig", Handler::Async(|operation| Box::pin(url::create(operation)))),
        ("DeleteAlias", Handler::Async(|operation| Box::pin(aliases::delete(operation)))),
        ("DeleteEventSourceMapping", Handler::Sync(defaults::no_event_source_mapping)),
        ("DeleteFunction", Handler::Async(|operation| Box::pin(functions::delete(operation)))),
        ("DeleteFunctionCodeSigningConfig", Handler::Sync(defaults::delete_code_signing_config)),
        ("DeleteFunctionConcurrency", Handler::Async(|operation| Box::pin(concurrency::delete(operation)))),
        ("DeleteFunctionEventInvokeConfig", Handler::Async(|operation| Box::pin(invoke_config::delete(operation)))),
        ("DeleteFunctionUrlConfig", Handler::Async(|operation| Box::pin(url::delete(operation)))),
        ("DeleteLayerVersion", Handler::Async(|operation| Box::pin(layers::delete(operation)))),
        ("DeleteProvisionedConcurrencyConfig", Handler::Async(|operation| Box::pin(provisioned::delete(operation)))),
        ("GetAccountSettings", Handler::Sync(concurrency::account_settings)),
        ("GetAlias", Handler::Sync(aliases::get)),
        ("GetEventSourceMapping", Handler::Sync(defaults::no_event_source_mapping)),
        ("GetFunction", Handler::Async(|operation| Box::pin(functions::get(operation)))),
        ("GetFunctionCodeSigningConfig", Handler::Sync(defaults::code_signing_config)),
        ("GetFunctionConcurrency", Handler::Sync(concurrency::get)),
        ("GetFunctionConfiguration", Handler::Async(|operation| Box::pin(functions::configuration(operation)))),
        ("GetFunctionEventInvokeConfig", Handler::Sync(invoke_config::get)),
        ("GetFunctionRecursionConfig", Handler::Sync(recursion::get)),
        ("GetFunctionUrlConfig", Handler::Sync(url::get)),
        ("GetLayerVersion", Handler::Sync(layers::get)),
        ("GetLayerVersionByArn", Handler::Sync(layers::get_by_arn)),
        ("GetLayerVersionPolicy", Handler::Sync(layer_permissions::get)),
        ("GetPolicy", Handler::Sync(permissions::get)),
        ("GetProvisionedConcurrencyConfig", Handler::Sync(provisioned::get)),
        ("GetRuntimeManagementConfig", Handler::Sync(runtime_updates::get)),
        ("Invoke", Handler::Async(|operation| Box::pin(invoke::invoke(operation)))),
        ("InvokeAsync", Handler::Sync(invoke::invoke_async)),
        ("InvokeWithResponseStream", Handler::Async(|operation| Box::pin(invoke_stream::invoke(operation)))),
        ("ListAliases", Handler::Sync(aliases::list)),
        ("ListCodeSigningConfigs", Handler::Sync(defaults::code_signing_configs)),
        ("ListEventSourceMappings", Handler::Sync(defaults::event_source_mappings)),
        ("ListFunctionEventInvokeConfigs", Handler::Sync(invoke_config::list)),
        ("ListFunctionUrlConfigs", Handler::Sync(url::list)),
        ("ListFunctions", Handler::Sync(functions::list)),
        ("ListLayerVersions", Handler::Sync(layers::list_versions)),
        ("ListLayers", Handler::Sync(layers::list)),
        ("ListProvisionedConcurrencyConfigs", Handler::Sync(provisioned::list)),
        ("ListTags", Handler::Sync(tags::list)),
        ("ListVersionsByFunction", Handler::Sync(versions::list)),
        ("PublishLayerVersion", Handler::Async(|operation| Box::pin(layers::publish(operation)))),
        ("PublishVersion", Handler::Async(|operation| Box::pin(versions::publish(operation)))),
        ("PutFunctionConcurrency", Handler::Async(|operation| Box::pin(concurrency::put(operation)))),
        ("PutFunctionEventInvokeConfig", Handler::Async(|operation| Box::pin(invoke_config::put(operation)))),
        ("PutFunctionRecursionConfig", Handler::Async(|operation| Box::pin(recursion::put(operation)))),
        ("PutProvisionedConcurrencyConfig", Handler::Async(|operation| Box::pin(provisioned::put(operation)))),
        ("PutRuntimeManagementConfig", Handler::Async(|operation| Box::pin(runtime_updates::put(operation)))),
        ("RemoveLayerVersionPermission", Handler::Async(|operation| Box::pin(layer_permissions::remove(operation)))),
        ("RemovePermission", Handler::Async(|operation| Box::pin(permissions::remove(operation)))),
        ("TagResource", Handler::Async(|operation| Box::pin(tags::add(operation)))),
        ("UntagResource", Handler::Async(|operation| Box::pin(tags::remove(operation)))),
        ("UpdateAlias", Handler::Async(|operation| Box::pin(aliases::update(operation)))),
        ("UpdateFunctionCode", Handler::Async(|operation| Box::pin(functions::update_code(operation)))),
        (
            "UpdateFunctionConfiguration",
            Handler::Async(|operation| Box::pin(functions::update_configuration(operation))),
        ),
        ("UpdateFunctionEventInvokeConfig", Handler::Async(|operation| Box::pin(invoke_config::update(operation)))),
        ("UpdateFunctionUrlConfig", Handler::Async(|operation| Box::pin(url::update(operation)))),
    ],
    fault: error::fault,
};

static ROUTES: LazyLock<Routes> = LazyLock::new(|| Routes::parse(include_str!("operations.txt")));

/// What survives a restart.
#[derive(Clone, Default)]
pub struct State {
    functions: Table<FunctionName, Function>,
    versions: Table<Qualified<u64>, Version>,
    aliases: Table<Qualified<String>, Alias>,
    /// The last number that a version of a function of this name ever had.
    numbers: Table<FunctionName, u64>,
    urls: Table<url::UrlKey, url::FunctionUrl>,
    /// What is set for asynchronous invocations.
    invoke_configs: Table<Qualified<String>, InvokeConfig>,
    /// How many invocations of a function may run at a time, where that is set.
    reserved: Table<FunctionName, u32>,
    /// How many processes of a version or an alias are to be ready.
    provisioned: Table<Qualified<String>, Provisioned>,
    layers: Table<layer::Key, LayerVersion>,
    /// The last number that a version of a layer of this name ever had.
    layer_numbers: Table<LayerName, u64>,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![
            ("lambda/functions", &mut self.functions),
            ("lambda/versions", &mut self.versions),
            ("lambda/aliases", &mut self.aliases),
            ("lambda/numbers", &mut self.numbers),
            ("lambda/urls", &mut self.urls),
            ("lambda/invoke-configs", &mut self.invoke_configs),
            ("lambda/reserved", &mut self.reserved),
            ("lambda/provisioned", &mut self.provisioned),
            ("lambda/layers", &mut self.layers),
            ("lambda/layer-numbers", &mut self.layer_numbers),
        ]
    }
}

impl State {
    /// Whether this very function is there, not a later one of its name.
    pub(super) fn has(&self, arn: &str, identity: &str) -> bool {
        let named = FunctionName::of_arn(arn).and_then(|name| self.functions.get(&name));
        named.is_some_and(|function| function.arn == arn && function.identity == identity)
    }

    /// Finds a function; only the function itself.
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

impl State {
    /// The ARN of a function, or of an alias of one, that is there.
    fn whole_arn(&self, reference: &Reference) -> Option<String> {
        self.view(reference).ok().map(|_| reference.whole_arn())
    }

    /// Forgets the URLs of a function, which do not outlive it.
    fn remove_urls(&mut self, name: &FunctionName) {
        let keys: Vec<_> = self.urls.keys().filter(|key| key.name == *name).cloned().collect();
        for key in keys {
            self.urls.remove(&key);
        }
    }
}

impl State {
    /// The tags of a function, by its ARN or that of a version or an alias.
    pub(super) fn tags_by_arn(&self, arn: &str) -> Option<BTreeMap<String, String>> {
        let (_, reference) = Reference::of_arn(arn)?;
        self.functions.get(&reference.name).map(|function| function.tags.clone())
    }
}

/// The ARN of what a call names: a function, or a version or an alias of one.
pub(super) fn arn_of(region: &str, account: &str, text: &str, qualifier: Option<&str>) -> String {
    name::whole_arn(region, account, text, qualifier)
}

/// The resource policy of a function, a version or an alias, as a document.
pub(super) fn policy_text(context: &Context, region: &Region, arn: &str) -> Option<String> {
    let (_, reference) = Reference::of_arn(arn)?;
    context.store.read(region, |state| {
        let (statements, _) = state.lambda.policy(&reference, context.config.clock.now()).ok()?;
        policy::show(statements, &reference.whole_arn()).ok()
    })
}

/// The log groups that a function writes to, by its ARN; an alias may stand for two versions.
pub(super) fn log_groups(state: &State, arn: &str) -> Vec<String> {
    let Some((_, reference)) = Reference::of_arn(arn) else { return Vec::new() };
    let views = [0.0, 1.0].into_iter().filter_map(|place| state.view_at(&reference, place).ok());
    views.map(|view| view.function.settings.logging.group_of(&view.function.name.to_string())).collect()
}

/// The account in an ARN.
fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// Why a service may not invoke a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// There is no such function.
    Absent,
    /// It is still being created.
    Pending,
    /// Its code is lost.
    Failed,
    /// Its resource policy does not allow it.
    Forbidden,
}

/// Returns what a function's processes are started from, for a service that invokes it on behalf of `source_arn`. Where
/// the ARN names a version or an alias, that one is meant, and its own resource policy.
///
/// # Errors
/// When there is no such function, or its resource policy does not allow this.
pub fn invocable(context: &Context, function_arn: &str, service: &str, source_arn: &str) -> Result<Spec, Denied> {
    find_invocable(context, function_arn, |reference, policy| {
        policy::allows(policy, service, source_arn) || leans(context, reference, service, source_arn)
    })
}

/// Returns what a function's processes are started from, for a role of its owner that invokes it.
///
/// # Errors
/// When there is no such function.
pub fn invocable_as_owner(context: &Context, function_arn: &str) -> Result<Spec, Denied> {
    find_invocable(context, function_arn, |_, _| true)
}

fn find_invocable(
    context: &Context,
    function_arn: &str,
    is_allowed: impl FnOnce(&Reference, &[Statement]) -> bool,
) -> Result<Spec, Denied> {
    let (region, reference) = Reference::of_arn(function_arn).ok_or(Denied::Absent)?;
    let place = invoke::place().map_err(|_| Denied::Absent)?;
    context.store.read(&region, |state| {
        let view = state.lambda.view_at(&reference, place).map_err(|_| Denied::Absent)?;
        if view.function.arn != reference.arn {
            return Err(Denied::Absent);
        }
        let (policy, _) = state.lambda.policy(&reference, context.config.clock.now()).map_err(|_| Denied::Absent)?;
        if !is_allowed(&reference, policy) {
            return Err(Denied::Forbidden);
        }
        if view.is_pending(context.config.clock.now()) {
            return Err(Denied::Pending);
        }
        if view.function.failure.is_some() {
            return Err(Denied::Failed);
        }
        state.lambda.spec(&reference, place, &region).map_err(|_| Denied::Absent)
    })
}

/// Makes the invocation of an event that comes from a service.
#[must_use]
pub fn event(context: &Context, payload: Bytes) -> Invocation {
    let id = wire::request_id();
    let trace = invoke::new_trace(&id, context.config.clock.now());
    Invocation { id, payload, trace, client_context: None, wants_tail: false, stream: None }
}

/// Has a function that was found to be invocable run later, as asynchronous invocations do.
///
/// # Errors
/// When it is gone, or too many are waiting.
pub fn enqueue(
    context: &Arc<Context>,
    functions: &Functions,
    function_arn: &str,
    invocation: Invocation,
) -> Result<(), InvokeError> {
    enqueue_after(0, context, functions, function_arn, invocation)
}

/// The same for what `chain` functions have told each other before.
///
/// # Errors
/// As [`enqueue`].
pub fn enqueue_after(
    chain: u8,
    context: &Arc<Context>,
    functions: &Functions,
    function_arn: &str,
    invocation: Invocation,
) -> Result<(), InvokeError> {
    let gone = || InvokeError::Start(io::ErrorKind::NotFound.into());
    let (region, function) = Reference::of_arn(function_arn).ok_or_else(gone)?;
    let begun = context.config.clock.now();
    events::enqueue(context, functions, events::Event { region, function, invocation, begun, chain })
}

/// Whether a service may lean on a permission that the function does not have.
fn leans(context: &Context, function: &Reference, service: &str, source_arn: &str) -> bool {
    // Of an API, a rule or a group all sources are one.
    let source = source_arn.split_once('/').map_or_else(|| source_arn.to_owned(), |(whole, _)| format!("{whole}/*"));
    let qualifier = function.qualifier.iter().map(|qualifier| format!(":{qualifier}"));
    let function = function.name.to_string() + &qualifier.collect::<String>();
    let lean = Lean::Permission { function, principal: service.to_owned(), source };
    context.config.leans.lets(&lean, || format!("lambda Invoke ({source_arn})"))
}
