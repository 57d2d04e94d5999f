//! The policy language: documents read into closed types, and the rule by which they allow or deny a request.
//!
//! Pure: nothing here knows a service, the store or a clock. Who asks gathers the policies that have a say and the
//! condition keys of the request ([`Keys`]), and gets a [`Verdict`] with the statement that decided.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>
//!
//! Not here: which policies a caller has (`iam`), what an operation needs (`access`), how services word a refusal.

mod condition;
mod decide;
mod document;
mod keys;
mod operator;
mod pattern;
mod principal;
mod value;

pub use decide::{Layer, Policies, Reason, Request, Source, Verdict, decide};
pub use document::{Document, Effect, Malformed, Use};
pub use keys::Keys;
pub use operator::is_operator;
pub use pattern::Pattern;
pub use principal::Principal;
