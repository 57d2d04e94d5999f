//! Calls, joined: what the edge, the gateway, the function and the docker proxy wrote about one request, under its one id.
//!
//! ```text
//! engine.log, engine.log.1 …  \                                   / Filter
//! containers' logs (Docker)    >  Line -> Record -> join -> Call <  Page, Cursor (newest first)
//! the function's log group    /                                   \ Follower (what is new)
//! ```
//!
//! [`Reader::page`] gives the newest calls that a [`Filter`] lets through, and a [`Cursor`] to go on from; files are read
//! from their end in pieces, so that a log of any length costs what is looked at. [`Follower`] gives what came since the
//! last look. [`Numbers`] sums calls up. Logs, trace, history, metrics and the dashboard are views of these.
//!
//! What strangers wrote is in [`Call`] and [`Line`] as they wrote it; who shows it on a terminal passes it through
//! [`crate::text::plain`], who shows it on a page writes text nodes.
//!
//! Not here: writing events (the edge, the gateway, the handler and the proxy do, each its own), and any form.

mod call;
mod container_log;
mod cost;
mod filter;
mod follow;
mod function_log;
mod join;
mod line;
mod numbers;
mod reader;
mod record;
mod rotated;

pub use call::{Call, Change, Place, Station};
pub use cost::{Bill, InstanceHours, Life, PRICES_OF, Usage, hourly, running};
pub use filter::Filter;
pub use follow::{Follower, Patience};
pub use line::{Line, time_of};
pub use numbers::{ActionNumbers, Numbers, UNANSWERED};
pub use reader::{Cursor, Page, Reader};
pub use rotated::Rotated;
