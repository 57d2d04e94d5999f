//! The emulator over its wire protocols.

mod apigateway;
mod cloud;
mod ec2;
mod ec2_changes;
mod format_1;
mod function;
mod http_apis;
mod iam;
mod lambda;
mod local;
mod logs;
mod mapping;
mod models;
mod node;
mod process;
mod protocols;
mod python;
mod runtime;
mod store;
mod versions;
mod waiting;
