//! Lenient engines: what they let pass that AWS refuses, and the record of what leaned on it.
//!
//! [`Lenience`] is for whom an engine is lenient, [`Lean`] one thing that AWS would have refused, with AWS's words and
//! what mends it, [`Leans`] the record. A strict engine asks the same questions ([`Leans::lets`]) and is told no, so both
//! refuse with the same words.
//!
//! Not here: where each question is asked, which is where a strict engine refuses.

mod lean;
mod mode;
mod record;

pub use lean::Lean;
pub use mode::Lenience;
pub use record::{Entry, Leans, forget, read};
