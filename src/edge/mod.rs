//! The edge: the only public listener, in front of every local engine.
//!
//! It forwards the API's own two URL forms for deployed ids and stages, `GET /healthz`, and AWS calls whose SigV4
//! signature verifies. All else is answered here, and the engine ([`Upstream`]) never hears of it. In front of an engine
//! that is lenient it lets pass more, to whoever calls on this machine: `lenient.rs`.

pub mod answer;
pub mod canonical;
mod capacity;
mod config;
mod event;
pub mod forward;
pub mod function_url;
mod gate;
pub mod keyring;
mod lenient;
pub mod limits;
mod list;
mod loading;
mod near;
pub mod origin;
mod pages;
pub mod proof;
pub mod routes;
pub mod scope;
pub mod server;
pub mod signature;
mod upstream;
mod welcome;

pub use config::{AWS_IN_FLIGHT, Config, IN_FLIGHT};
pub use event::Told;
pub use server::Edge;
pub use upstream::{ApiCall, AwsCall, Lookup, Upstream, UrlCall, Voice};
