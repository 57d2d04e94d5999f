//! One test binary, no Docker: commands and servers as a user and a stranger meet them, on free ports.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod architecture;
mod aws_cli;
mod cli;
mod clients;
mod crash;
mod dashboard;
mod edge;
mod emulator;
mod examples;
mod handler;
mod http1;
mod lenient;
mod proxy;
mod pull;
mod readme;
mod release;
mod stack;
mod support;
