//! The tests that need a Docker daemon: containers as `up`, `bonus` and `clean` make and remove them.
//!
//! Every test has an owner (its own HOME), ports and container names of its own, so that tests run beside each other
//! and beside anything else. Without Docker each says that it was skipped; `ATELIER_REQUIRE_DOCKER=1` makes that a
//! failure.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bonus;
mod canary;
mod clock;
mod compose;
mod connecting;
mod crash;
mod export;
mod failing;
mod function_image;
mod images;
mod killed;
mod machine;
mod networks;
mod podman;
mod profiles;
mod proxy;
mod recovery;
mod refusals;
mod repair;
#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the other test binary uses the rest")]
mod support;
mod tls;
mod workshop;
