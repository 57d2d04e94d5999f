//! The contract of the API, once: what can be asked for, of what, with which parameters, what a key must open for it,
//! and what is answered.
//!
//! The handler parses with it, `atelier call` writes its requests with it, and the OpenAPI document, the policy of the
//! function's role, the checks of `test` and `docs/api.md` are made from it. An action that is added here is asked for
//! by the compiler and by the tests wherever something has to be done or said about it.
//!
//! Not here: doing any of it (the handler), and what else answers on the way (API Gateway, the edge).

mod action;
mod answer;
mod failure;
mod lifetime;
mod operation;
mod parameter;
mod request;

pub use action::{Action, Change, Target};
pub use answer::{Answer, ContainerStatus, Entry, ErrorBody, InstanceStatus, Modified};
pub use failure::{FailureCode, STATUSES, StatusMeaning};
pub use lifetime::{InvalidLifetime, Lifetime};
pub use operation::{Contradiction, Form, Operation, Presence, Reach};
pub use parameter::{Parameter, Values};
pub use request::{Details, Refusal, Request, WhichContainer, WhichInstance};

/// The path of the API's one resource.
pub const PATH: &str = "/infra";

/// The methods that the resource has, as the header `Allow` writes them.
pub const ALLOW: &str = "GET, POST, OPTIONS";
