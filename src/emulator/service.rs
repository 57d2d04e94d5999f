//! The one shape of a service: a name, a table of operations, and a function for each.
//!
//! An [`Operation`] is a call whose name is known and whose input has not been read. Reading it ([`Operation::query`],
//! [`Operation::input`]) refuses what the operation does not know, and only what was read gives the [`Scope`], through
//! which state is read and changed: an operation that ignores a member in silence does not compile.
//!
//! Not here: which services there are, and how a call finds its operation ([`super::services`]).

use super::{
    context::Context,
    runtime::Functions,
    state::RegionState,
    store::Region,
    wire::{self, AwsError, Fault, Here, QueryParams, Shape, members, model, routes::Routes, xml},
};
use crate::{
    http1::{Request, Response},
    lenience::Lean,
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, LazyLock},
};
use time::OffsetDateTime;

/// A service of AWS, as far as it is emulated.
pub struct Service {
    /// The name that its calls are signed for.
    pub name: &'static str,
    /// How its calls name their operation, where that is by method and path.
    pub routes: Option<&'static LazyLock<Routes>>,
    /// How they do, where it is by its name.
    pub names: Option<Names>,
    /// The members that the operations' inputs have at AWS (`scripts/operations.py`); none where the service speaks only of
    /// parameters, which their readers know by themselves.
    pub members: &'static str,
    /// The operations that there are, by their names.
    pub operations: &'static [(&'static str, Handler)],
    /// Words what is wrong with an input.
    pub fault: fn(Fault) -> AwsError,
}

/// How calls name their operation, and which names AWS knows.
pub struct Names {
    /// Every operation that AWS has, the first word of a line (`scripts/operations.py`).
    pub all: &'static str,
    /// The versions of the API that calls with `Action` may name, the newest last; none where there are no such calls.
    pub versions: &'static [&'static str],
    /// What stands before the name in `X-Amz-Target` (`Logs_20140328.`) and in a path
    /// (`/service/Logs_20140328/operation/`); none where there are no such calls.
    pub target: Option<&'static str>,
}

impl Names {
    /// Tells whether AWS has an operation.
    #[must_use]
    pub fn has(&self, operation: &str) -> bool {
        self.all.lines().any(|line| line.split(' ').next() == Some(operation))
    }
}

/// What does an operation.
#[derive(Clone, Copy)]
pub enum Handler {
    /// Answers at once.
    Sync(for<'a> fn(Operation<'a>) -> Result<Output, AwsError>),
    /// May wait: for the disk, for a function.
    Async(for<'a> fn(Operation<'a>) -> Answering<'a>),
}

/// An answer on its way.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Output, AwsError>> + Send + 'a>>;

/// What an operation answers, before its protocol writes it.
pub enum Output {
    /// That it was done, and nothing else.
    Done,
    /// Members, for the protocols with JSON and CBOR.
    Members(Value),
    /// Members of a service that speaks JSON, CBOR and XML: what they are is said beside them.
    Shaped(Value, &'static Shape),
    /// The content of the result, for the protocols with XML.
    Xml(Content),
    /// An answer that is no document of the protocol, as it is.
    Raw(Response),
}

/// Writes the content of an XML element.
pub type Content = Box<dyn FnOnce(&mut xml::Element) + Send>;

impl Output {
    /// Answers with XML that `write` writes.
    pub fn xml(write: impl FnOnce(&mut xml::Element) + Send + 'static) -> Self {
        Self::Xml(Box::new(write))
    }
}

/// The input of a call, as its protocol carries it.
pub(super) enum Input {
    Query(QueryParams),
    Members(Map<String, Value>),
}

/// Makes members of parameters, whose names are paths.
pub type Form = fn(BTreeMap<String, String>) -> Result<Map<String, Value>, AwsError>;

/// One call of one operation, its input not read yet. Its members are nobody's but this file's: who wants the [`Scope`]
/// reads the input.
pub struct Operation<'a> {
    input: Input,
    payload: Bytes,
    service: &'static Service,
    scope: Scope<'a>,
}

/// What a call works on and works with.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// Configuration, log events, sessions.
    pub context: &'a Arc<Context>,
    /// The processes of the functions.
    pub functions: &'a Functions,
    /// The region that was signed for.
    pub region: &'a Region,
    /// The access key that signed.
    pub access_key_id: &'a str,
    /// The called service and operation, for people (`lambda CreateFunction`).
    pub call: &'a str,
    /// The call as it came.
    pub request: &'a Request,
    /// The id that the answer carries.
    pub request_id: &'a str,
    /// The time of the call, the same for the whole operation.
    pub now: OffsetDateTime,
}

impl<'a> Operation<'a> {
    /// A call whose operation was found; `payload` is its whole body.
    pub(super) fn new(input: Input, payload: Bytes, service: &'static Service, scope: Scope<'a>) -> Self {
        Self { input, payload, service, scope }
    }

    /// Reads the parameters of a query call; what `read` leaves is refused.
    ///
    /// # Errors
    /// What `read` returns, and `UnknownParameter` for the first parameter that nobody took.
    pub fn query<T>(
        self,
        read: impl FnOnce(&mut QueryParams) -> Result<T, AwsError>,
    ) -> Result<(T, Scope<'a>), AwsError> {
        self.query_with(|params, _| read(params))
    }

    /// Reads the parameters of a query call where some of them are known only from the state, as those of a template are.
    ///
    /// # Errors
    /// As [`Operation::query`].
    pub fn query_with<T>(
        self,
        read: impl FnOnce(&mut QueryParams, &Scope<'a>) -> Result<T, AwsError>,
    ) -> Result<(T, Scope<'a>), AwsError> {
        let Input::Query(mut params) = self.input else {
            return Err(AwsError::internal("This operation was asked in a protocol that its service has not."));
        };
        let input = read(&mut params, &self.scope)?;
        params.finish()?;
        Ok((input, self.scope))
    }

    /// Reads the members of the input; those that `T` does not know are refused, at every depth.
    ///
    /// # Errors
    /// The service's own words for what is wrong with the first member that is.
    pub fn input<T: DeserializeOwned>(self) -> Result<(T, Scope<'a>), AwsError> {
        Ok((members::read(self.members()?).map_err(|fault| refuse(self.service, self.scope.call, fault))?, self.scope))
    }

    /// Reads the members of an input that may have come as parameters, which `form` makes members of.
    ///
    /// # Errors
    /// As [`Operation::input`], and what `form` returns.
    pub fn input_of_any<T: DeserializeOwned>(self, form: Form) -> Result<(T, Scope<'a>), AwsError> {
        self.of_any(form, |members| members::read(members))
    }

    /// Reads such an input that is described by two types; what neither knows is refused.
    ///
    /// # Errors
    /// As [`Operation::input_of_any`].
    pub fn inputs_of_any<A: DeserializeOwned, B: DeserializeOwned>(
        self,
        form: Form,
    ) -> Result<(A, B, Scope<'a>), AwsError> {
        let ((a, b), scope) = self.of_any(form, |members| members::read_both(members))?;
        Ok((a, b, scope))
    }

    fn of_any<T>(
        self,
        form: Form,
        read: impl FnOnce(&Map<String, Value>) -> Result<T, Fault>,
    ) -> Result<(T, Scope<'a>), AwsError> {
        let is_form = matches!(self.input, Input::Query(_));
        let members = match self.input {
            Input::Members(members) => members,
            Input::Query(mut params) => form(params.take_rest())?,
        };
        let input = read(&members).map_err(|fault| match fault {
            // What JSON's reader stumbles over has another name in the query protocol.
            Fault::WrongType(..) if is_form => AwsError::sender("MalformedInput", fault.to_string()),
            fault => refuse(self.service, self.scope.call, fault),
        })?;
        Ok((input, self.scope))
    }

    /// Reads an input that is described by two types; what neither knows is refused.
    ///
    /// # Errors
    /// As [`Operation::input`].
    pub fn inputs<A: DeserializeOwned, B: DeserializeOwned>(self) -> Result<(A, B, Scope<'a>), AwsError> {
        let (a, b) =
            members::read_both(self.members()?).map_err(|fault| refuse(self.service, self.scope.call, fault))?;
        Ok((a, b, self.scope))
    }

    fn members(&self) -> Result<&Map<String, Value>, AwsError> {
        match &self.input {
            Input::Members(members) => Ok(members),
            Input::Query(_) => {
                Err(AwsError::internal("This operation was asked in a protocol that its service has not."))
            }
        }
    }

    /// Returns the name of the operation and the input as it came, for who checks it before it is read.
    pub(super) fn asked(&self) -> (&'a str, &Input) {
        (operation_name(self.scope.call), &self.input)
    }

    /// Returns the body of an operation whose input has one beside its members.
    #[must_use]
    pub fn payload(&self) -> Bytes {
        self.payload.clone()
    }

    /// Returns the account that owns everything.
    #[must_use]
    pub fn account(&self) -> &'a str {
        self.scope.account()
    }

    /// Returns the region that was signed for.
    #[must_use]
    pub fn region(&self) -> &'a Region {
        self.scope.region
    }

    /// Returns the time of the call.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.scope.now
    }
}

impl<'a> Scope<'a> {
    /// Returns the account that owns everything.
    #[must_use]
    pub fn account(&self) -> &'a str {
        &self.context.config.account
    }

    /// Returns what ARNs must be of to name something that the call can reach.
    #[must_use]
    pub fn here(&self) -> Here<'a> {
        Here { region: self.region.as_str(), account: self.account() }
    }

    /// Returns the time of the call in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_millis(&self) -> i64 {
        wire::millis(self.now)
    }

    /// Tells whether the call may lean on something that AWS refuses, which is then on record.
    #[must_use]
    pub fn lets(&self, lean: &Lean) -> bool {
        self.context.config.leans.lets(lean, || self.call.to_owned())
    }

    /// Reads the state of the call's region, as it is on disk.
    pub fn read<T>(&self, read: impl FnOnce(&RegionState) -> T) -> T {
        self.context.store.read(self.region, read)
    }

    /// Changes the state of the call's region; on disk when this returns.
    ///
    /// # Errors
    /// What `edit` returns, and `InternalFailure` when the state cannot be written; then nothing has changed.
    pub async fn change<T>(&self, edit: impl FnOnce(&mut RegionState) -> Result<T, AwsError>) -> Result<T, AwsError> {
        self.context.store.change(self.region, edit).await
    }

    /// Reads the state that belongs to no region.
    pub fn read_global<T>(&self, read: impl FnOnce(&RegionState) -> T) -> T {
        self.context.store.read(&Region::global(), read)
    }

    /// Changes the state that belongs to no region; on disk when this returns.
    ///
    /// # Errors
    /// As [`Scope::change`].
    pub async fn change_global<T>(
        &self,
        edit: impl FnOnce(&mut RegionState) -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        self.context.store.change(&Region::global(), edit).await
    }
}

/// The operation in a service and its operation (`lambda CreateFunction`).
fn operation_name(call: &str) -> &str {
    call.split_once(' ').map_or("", |(_, operation)| operation)
}

/// Words what is wrong with the input of a call. A member that AWS knows and no type here is one that is lacking.
fn refuse(service: &Service, call: &str, fault: Fault) -> AwsError {
    let operation = operation_name(call);
    match fault {
        Fault::Unknown(path) if model::has_member(service.members, operation, &path) => {
            AwsError::not_implemented(service.name, &format!("{operation} (parameter {path})"))
        }
        fault => (service.fault)(fault),
    }
}
