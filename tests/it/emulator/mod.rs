//! The emulator over its wire protocols.

mod apigateway;
mod cloud;
mod ec2;
mod ec2_changes;
mod events;
mod format_1;
mod function;
mod iam;
mod lambda;
mod layers;
mod local;
mod log_formats;
mod logs;
mod models;
mod node;
mod process;
mod protocols;
mod python;
mod runtime;
mod store;
mod versions;
mod waiting;
