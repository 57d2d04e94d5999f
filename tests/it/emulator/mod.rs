//! The emulator over its wire protocols.

mod apigateway;
mod cloud;
mod ec2;
mod ec2_changes;
mod ec2_network;
mod ec2_volumes;
mod format_1;
mod function;
mod iam;
mod iam_users;
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
mod versions;
mod waiting;
