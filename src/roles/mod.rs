//! The hidden roles of the binary: programs that atelier starts itself, chosen by the first argument,
//! and one that shells start, chosen by a variable.
//!
//! An entry point reads its arguments, builds the runtime and runs; what it runs lives in the module of that name.

pub mod complete;
pub mod edge;
pub mod engine;
mod mounts;
pub mod proxy;
pub mod sandbox;
mod stop;
mod supervise;
