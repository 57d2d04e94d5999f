//! The AWS protocols: how the members of an input come in, and what all services share in their answers. Knows no
//! service; what an error looks like on the wire is [`crate::aws_protocol`]'s.

mod arn;
pub mod cbor;
mod error;
pub mod event_stream;
mod ids;
pub mod inflate;
pub mod members;
pub mod model;
pub mod page;
mod query;
mod regular;
pub mod routes;
mod shape;
pub mod tags;
mod text;
mod times;
pub mod yaml;

pub use crate::aws_protocol::xml;
pub use arn::{Arn, Here};
pub use error::AwsError;
pub use ids::{hex_id, letter_id, request_id};
pub use members::Fault;
pub use query::QueryParams;
pub use regular::regular_expression;
pub use shape::Shape;
pub use text::Text;
pub use times::{iso_seconds, iso_time, millis, utc_time};
