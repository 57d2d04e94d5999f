//! The URLs of functions: how they are set up (`operations`), what is kept of one (`config`), and what a call of one is
//! (`call`), from its event (`event`) to its answer (`answer`, `cors`).

mod answer;
mod call;
mod config;
mod cors;
mod event;
mod operations;

pub use call::{auth, call};
pub(super) use config::{FunctionUrl, UrlKey};
pub(super) use operations::{create, delete, get, list, update};
