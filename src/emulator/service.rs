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
    wire::{self, AwsError, Fault, QueryParams, Shape, members, routes::Routes, xml},
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
    /// The operations that there are, by their names.
    pub operations: &'static [(&'static str, Handler)],
    /// Words what is wrong with an input.
    pub fault: fn(Fault) -> AwsError,
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

/// One call of one operation, its input not read yet.
pub struct Operation<'a> {
    pub(super) input: Input,
    pub(super) payload: Bytes,
    pub(super) service: &'static Service,
    pub(super) scope: Scope<'a>,
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
    /// Reads the parameters of a query call; what `read` leaves is refused.
    ///
    /// # Errors
    /// What `read` returns, and `UnknownParameter` for the first parameter that nobody took.
    pub fn query<T>(
        self,
        read: impl FnOnce(&mut QueryParams) -> Result<T, AwsError>,
    ) -> Result<(T, Scope<'a>), AwsError> {
        let Input::Query(mut params) = self.input else {
            return Err(AwsError::internal("This operation reads query parameters only."));
        };
        let input = read(&mut params)?;
        params.finish()?;
        Ok((input, self.scope))
    }

    /// Reads the members of the input; those that `T` does not know are refused, at every depth.
    ///
    /// # Errors
    /// The service's own words for what is wrong with the first member that is.
    pub fn input<T: DeserializeOwned>(self) -> Result<(T, Scope<'a>), AwsError> {
        Ok((members::read(self.members()?).map_err(|fault| self.refuse(fault))?, self.scope))
    }

    /// Words what is wrong with the input. A member that AWS knows and no type here is one that is lacking.
    fn refuse(&self, fault: Fault) -> AwsError {
        let operation = self.scope.call.split_once(' ').map_or("", |(_, operation)| operation);
        match fault {
            Fault::Unknown(path) if self.service.routes.is_some_and(|routes| routes.has_member(operation, &path)) => {
                AwsError::not_implemented(self.service.name, &format!("(parameter {path})"))
            }
            fault => (self.service.fault)(fault),
        }
    }

    /// Reads the members of an input that may have come as parameters, which `form` makes members of.
    ///
    /// # Errors
    /// As [`Operation::input`].
    pub fn input_of_any<T: DeserializeOwned>(
        self,
        form: impl FnOnce(BTreeMap<String, String>) -> Map<String, Value>,
    ) -> Result<(T, Scope<'a>), AwsError> {
        let members = match self.input {
            Input::Members(members) => members,
            Input::Query(params) => form(params.into_values()),
        };
        Ok((members::read(&members).map_err(self.service.fault)?, self.scope))
    }

    /// Reads an input that is described by two types; what neither knows is refused.
    ///
    /// # Errors
    /// As [`Operation::input`].
    pub fn inputs<A: DeserializeOwned, B: DeserializeOwned>(self) -> Result<(A, B, Scope<'a>), AwsError> {
        let (a, b) = members::read_both(self.members()?).map_err(|fault| self.refuse(fault))?;
        Ok((a, b, self.scope))
    }

    fn members(&self) -> Result<&Map<String, Value>, AwsError> {
        match &self.input {
            Input::Members(members) => Ok(members),
            Input::Query(_) => Err(AwsError::internal("This operation reads members only.")),
        }
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
