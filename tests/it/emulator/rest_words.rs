//! What API Gateway says of REST APIs, word for word as it was recorded at AWS.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{authorizers::Lab, cloud::ACCOUNT};
use aws_sdk_apigateway::{
    error::ProvideErrorMetadata,
    types::{EndpointConfiguration, EndpointType, Op, PatchOperation},
};

fn said(error: &impl ProvideErrorMetadata) -> String {
    format!("{}: {}", error.code().unwrap_or_default(), error.message().unwrap_or_default())
}

fn patch(op: &str, path: &str, value: &str) -> PatchOperation {
    PatchOperation::builder().op(Op::from(op)).path(path).value(value).build()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_update_cannot_do_is_refused_in_the_words_of_its_operation() {
    let lab = Lab::new().await;
    lab.method("NONE", None, false).await;
    for (op, path, words) in [
        ("add", "/operationName", "BadRequestException: Invalid patch operation specified. Must be one of: [replace]"),
        ("replace", "/httpMethod", "BadRequestException: Invalid patch path /httpMethod"),
        ("remove", "/requestModels/a~1b", "NotFoundException: Content-Type specified was not found"),
        (
            "put",
            "/operationName",
            "ValidationException: 1 validation error detected: Value 'put' at \
             'updateMethodInput.patchOperations.1.member.op' failed to satisfy constraint: Member must satisfy enum value \
             set: [add, remove, move, test, replace, copy]",
        ),
    ] {
        let update = lab.client.update_method().rest_api_id(&lab.api).resource_id(&lab.resource).http_method("GET");
        let refused = update.patch_operations(patch(op, path, "x")).send().await.unwrap_err();
        assert_eq!(said(&refused), words);
    }
    for (op, path, words) in [
        (
            "add",
            "/pathPart",
            "BadRequestException: Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported \
             operations",
        ),
        (
            "replace",
            "/id",
            "BadRequestException: Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/parentId, \
             /pathPart]",
        ),
    ] {
        let update = lab.client.update_resource().rest_api_id(&lab.api).resource_id(&lab.resource);
        let refused = update.patch_operations(patch(op, path, "x")).send().await.unwrap_err();
        assert_eq!(said(&refused), words);
    }
    for (op, path, words) in [
        (
            "remove",
            "/*/*",
            "BadRequestException: Cannot remove method setting */* because there is no method setting for this method ",
        ),
        (
            "add",
            "/canarySettings/percentTraffic",
            "BadRequestException: Invalid add operation with path: /canarySettings/percentTraffic",
        ),
        ("replace", "/accessLogSettings/format", "BadRequestException: Access Log value must not be empty"),
    ] {
        let update = lab.client.update_stage().rest_api_id(&lab.api).stage_name("dev");
        let refused = update.patch_operations(patch(op, path, "")).send().await.unwrap_err();
        assert_eq!(said(&refused), words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_is_not_there_is_missed_as_its_operation_misses_it() {
    let lab = Lab::new().await;
    let absent = lab.client.get_rest_api().rest_api_id("nothing").send().await.unwrap_err();
    assert_eq!(said(&absent), format!("NotFoundException: Invalid API identifier specified {ACCOUNT}:nothing"));
    let absent = lab.client.get_method().rest_api_id("nothing").resource_id("r").http_method("GET").send().await;
    assert_eq!(said(&absent.unwrap_err()), "NotFoundException: Invalid Resource identifier specified");
    let absent = lab.client.get_model().rest_api_id("nothing").model_name("Pet").send().await.unwrap_err();
    assert_eq!(said(&absent), "NotFoundException: Invalid model name specified: Pet");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_of_one_kind_and_a_private_one_has_both_kinds_of_addresses() {
    let lab = Lab::new().await;
    let create = |kinds: &[EndpointType]| {
        let endpoint = EndpointConfiguration::builder().set_types(Some(kinds.to_vec())).build();
        lab.client.create_rest_api().name("e").endpoint_configuration(endpoint).send()
    };
    let refused = create(&[EndpointType::Edge, EndpointType::Regional]).await.unwrap_err();
    assert_eq!(said(&refused), "BadRequestException: Cannot create an api with multiple Endpoint Types.");
    let private = create(&[EndpointType::Private]).await.unwrap();
    let addresses = private.endpoint_configuration().unwrap().ip_address_type().unwrap();
    assert_eq!(addresses.as_str(), "dualstack");
    let update = lab.client.update_rest_api().rest_api_id(private.id().unwrap());
    let update = update.patch_operations(patch("replace", "/endpointConfiguration/ipAddressType", "ipv4"));
    let refused = update.send().await.unwrap_err();
    assert_eq!(said(&refused), "BadRequestException: Only dualstack ipAddressType is supported for Private APIs.");
}
