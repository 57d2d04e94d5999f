//! What other people have on the same engine: resources of every kind, close to our names, without our tags.

use super::program::archive;
use crate::support::sdk_of;
use aws_sdk_ec2::types::{InstanceType, ResourceType, Tag, TagSpecification};
use aws_sdk_lambda::{
    client::Waiters,
    primitives::Blob,
    types::{FunctionCode, InvocationType, Runtime},
};
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use std::{path::Path, time::Duration};

/// The names under which foreign resources are planted.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) instance: &'a str,
    pub(super) role: &'a str,
    pub(super) log_group: &'a str,
    pub(super) function: &'a str,
    pub(super) api: &'a str,
}

/// Names as close to ours as they can be without being ours.
pub(super) const NEIGHBOURS: Names<'_> = Names {
    instance: "atelier",
    role: "atelier-infrastructure-handler2",
    log_group: "/aws/lambda/infrastructure-handler2",
    function: "infrastructure-handler2",
    api: "atelier2",
};

/// Our own names.
pub(super) const OURS: Names<'_> = Names {
    instance: "atelier",
    role: "atelier-infrastructure-handler",
    log_group: "/aws/lambda/infrastructure-handler",
    function: "infrastructure-handler",
    api: "atelier",
};

/// A client of the project's engine with the project's own credentials, but not atelier.
pub(super) struct Somebody {
    sdk: SdkConfig,
    runtime: tokio::runtime::Runtime,
}

impl Somebody {
    pub(super) fn at(project: &Path, port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // What was open to an earlier life of the engine is found out by using it.
        let sdk = sdk_of(project, port).into_builder().retry_config(RetryConfig::standard()).build();
        Self { sdk, runtime }
    }

    /// Makes one of everything.
    pub(super) fn plant(&self, names: Names<'_>) {
        self.instance(names.instance, &[]);
        self.role(names.role, &[]);
        self.log_group(names.log_group, &[]);
        self.function(names.function, names.role);
        self.api(names.api, &[]);
        self.key(names.api, &[]);
        self.usage_plan(names.api, &[]);
    }

    pub(super) fn instance(&self, name: &str, tags: &[(&str, &str)]) {
        let tags = [("Name", name)]
            .into_iter()
            .chain(tags.iter().copied())
            .map(|(key, value)| Tag::builder().key(key).value(value).build());
        let tags = TagSpecification::builder().resource_type(ResourceType::Instance).set_tags(Some(tags.collect()));
        let call = aws_sdk_ec2::Client::new(&self.sdk).run_instances().image_id("ami-0c02fb55956c7d316");
        let call = call.instance_type(InstanceType::T2Micro).min_count(1).max_count(1);
        self.runtime.block_on(call.tag_specifications(tags.build()).send()).unwrap();
    }

    pub(super) fn role(&self, name: &str, tags: &[(&str, &str)]) {
        let tag = aws_sdk_iam::types::Tag::builder;
        let tags = tags.iter().map(|(key, value)| tag().key(*key).value(*value).build().unwrap()).collect();
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
        let call = aws_sdk_iam::Client::new(&self.sdk).create_role().role_name(name).assume_role_policy_document(trust);
        self.runtime.block_on(call.set_tags(Some(tags)).send()).unwrap();
    }

    pub(super) fn log_group(&self, name: &str, tags: &[(&str, &str)]) {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let call = aws_sdk_cloudwatchlogs::Client::new(&self.sdk).create_log_group().log_group_name(name);
        self.runtime.block_on(call.set_tags(Some(tags)).send()).unwrap();
    }

    pub(super) fn function(&self, name: &str, role: &str) {
        self.function_of(name, role, archive(0), 3);
    }

    /// Makes a function of an archive, which may run for so many seconds.
    pub(super) fn function_of(&self, name: &str, role: &str, archive: Vec<u8>, seconds: i32) {
        let code = FunctionCode::builder().zip_file(Blob::new(archive)).build();
        let call = aws_sdk_lambda::Client::new(&self.sdk).create_function().function_name(name).code(code);
        let call = call.role(format!("arn:aws:iam::000000000000:role/{role}")).handler("bootstrap").timeout(seconds);
        self.runtime.block_on(call.runtime(Runtime::Providedal2023).send()).unwrap();
    }

    /// Waits until a function can be invoked, and invokes it without waiting for what comes of it.
    pub(super) fn invoke(&self, name: &str) {
        let lambda = aws_sdk_lambda::Client::new(&self.sdk);
        let active = lambda.wait_until_function_active_v2().function_name(name).wait(Duration::from_secs(30));
        self.runtime.block_on(active).unwrap();
        let event = lambda.invoke().function_name(name).invocation_type(InvocationType::Event);
        self.runtime.block_on(event.send()).unwrap();
    }

    pub(super) fn api(&self, name: &str, tags: &[(&str, &str)]) {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let call = aws_sdk_apigateway::Client::new(&self.sdk).create_rest_api().name(name).set_tags(Some(tags));
        self.runtime.block_on(call.send()).unwrap();
    }

    pub(super) fn key(&self, name: &str, tags: &[(&str, &str)]) {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let call = aws_sdk_apigateway::Client::new(&self.sdk).create_api_key().name(name).set_tags(Some(tags));
        self.runtime.block_on(call.send()).unwrap();
    }

    pub(super) fn change_function(&self, name: &str) {
        let call = aws_sdk_lambda::Client::new(&self.sdk).update_function_configuration().function_name(name);
        self.runtime.block_on(call.timeout(3).memory_size(512).send()).unwrap();
    }

    pub(super) fn change_policy(&self, role: &str, policy: &str) {
        let everything = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        let call = aws_sdk_iam::Client::new(&self.sdk).put_role_policy().role_name(role).policy_name(policy);
        self.runtime.block_on(call.policy_document(everything).send()).unwrap();
    }

    pub(super) fn remove_policy(&self, role: &str, policy: &str) {
        let call = aws_sdk_iam::Client::new(&self.sdk).delete_role_policy().role_name(role).policy_name(policy);
        self.runtime.block_on(call.send()).unwrap();
    }

    pub(super) fn change_trust(&self, role: &str) {
        let anyone = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
        let call = aws_sdk_iam::Client::new(&self.sdk).update_assume_role_policy().role_name(role);
        self.runtime.block_on(call.policy_document(anyone).send()).unwrap();
    }

    pub(super) fn change_retention(&self, group: &str) {
        let call = aws_sdk_cloudwatchlogs::Client::new(&self.sdk).put_retention_policy().log_group_name(group);
        self.runtime.block_on(call.retention_in_days(90).send()).unwrap();
    }

    /// Makes a key of a stack, as `atelier key create` does.
    pub(super) fn our_key(&self, stack: &str) {
        let value = "atl_0123456789abcdef0123456789abcdef01234567";
        let digest = atelier::api_key::Digest::of(value);
        let tags = [
            ("atelier:stack", stack),
            ("atelier:part", "key"),
            ("atelier:name", "ci"),
            ("atelier:scope", "control"),
            ("atelier:digest", digest.as_str()),
        ];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into_iter().collect();
        let call = aws_sdk_apigateway::Client::new(&self.sdk).create_api_key().name(format!("{stack}-ci")).value(value);
        self.runtime.block_on(call.enabled(true).set_tags(Some(tags)).send()).unwrap();
    }

    pub(super) fn usage_plan(&self, name: &str, tags: &[(&str, &str)]) {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let call = aws_sdk_apigateway::Client::new(&self.sdk).create_usage_plan().name(name).set_tags(Some(tags));
        self.runtime.block_on(call.send()).unwrap();
    }
}
