//! The emulator over its wire protocols.

mod apigateway;
mod cloud;
mod ec2;
mod ec2_changes;
mod extensions;
mod format_1;
mod function;
mod function_url;
mod iam;
mod lambda;
mod local;
mod logs;
mod models;
mod node;
mod process;
mod protocols;
mod python;
mod runtime;
mod store;
mod streaming;
mod tmp;
mod versions;
mod waiting;
