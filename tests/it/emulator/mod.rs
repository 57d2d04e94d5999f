//! The emulator over its wire protocols.

mod apigateway;
mod cloud;
mod ec2;
mod ec2_changes;
mod function;
mod iam;
mod lambda;
mod local;
mod logs;
mod models;
mod protocols;
mod runtime;
mod store;
mod waiting;
