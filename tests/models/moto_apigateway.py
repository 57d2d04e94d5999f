"""Where moto's server and the embedded engine differ about REST APIs, as `moto_differences` describes it."""

from moto_words import BOTH, HERE, MOTO, NO_FILTER, NO_MEMBER, NO_OPERATION, NO_SETTING

REST_APIS = [
    (
        "CreateDocumentationPart CreateDocumentationVersion FlushStageAuthorizersCache GetClientCertificates "
        "GetDocumentationVersions GetModelTemplate GetTags GetUsage TagResource UntagResource UpdateUsage",
        "absent", HERE, NO_OPERATION,
    ),
    (
        "ImportRestApi PutRestApi TestInvokeAuthorizer TestInvokeMethod UpdateDeployment UpdateGatewayResponse "
        "UpdateIntegration UpdateIntegrationResponse UpdateMethod UpdateMethodResponse UpdateModel UpdateResource",
        "absent", HERE, "the API reference has the operation; moto answers it with 500",
    ),
    (
        "DeleteDocumentationPart DeleteDocumentationVersion GetDocumentationPart GetDocumentationParts "
        "GetDocumentationVersion GetExport ImportDocumentationParts UpdateDocumentationPart "
        "UpdateDocumentationVersion",
        "setting", HERE, NO_SETTING,
    ),
    ("CreateApiKey", "value", BOTH, "a value that was not given is made up"),
    (
        "CreateUsagePlanKey GetUsagePlanKey", "value", MOTO,
        "recorded by test_get_usage_plan_api_keys: a plan's key has its value; here only its digest is kept",
    ),
    (
        "UpdateApiKey", "value", HERE,
        "recorded by test_api_key_required_for_methods: the answer to UpdateApiKey has no value",
    ),
    (
        "CreateAuthorizer GetAuthorizer UpdateAuthorizer", "authType", HERE,
        "the CLI's example of CreateAuthorizer shows custom for an authorizer that was given none",
    ),
    ("CreateAuthorizer", "identityValidationExpression", HERE, NO_MEMBER + ", though it was given"),
    (
        "GetAuthorizer UpdateAuthorizer", "identitySource", BOTH,
        "the row's authorizer names none; Terraform's provider has this header as the default",
    ),
    (
        "CreateRequestValidator GetRequestValidator UpdateRequestValidator", "validateRequestBody", HERE,
        "recorded by test_request_validator_lifecycle: false is answered for what was not given",
    ),
    (
        "CreateRestApi GetRestApi UpdateRestApi", "binaryMediaTypes", HERE,
        "recorded by test_list_and_delete_apis: an API without binary types has no such member",
    ),
    ("CreateRestApi", "binaryMediaTypes[]", HERE, "moto drops the types that were given"),
    (
        "CreateRestApi GetRestApi UpdateRestApi", "endpointConfiguration.ipAddressType", HERE,
        "recorded by test_list_and_delete_apis: ipv4, the default",
    ),
    ("CreateRestApi", "tags", HERE, "recorded by test_list_and_delete_apis: a new API without tags has no such member"),
    (
        "CreateRestApi GetRestApi UpdateRestApi", "version", HERE,
        "the version is what was given, and absent where nothing was; moto says V1 of every API",
    ),
    ("GetRestApis", "items[]", HERE, "moto lacks the APIs that its ImportRestApi did not make"),
    (
        "CreateStage GetStage UpdateStage", "cacheClusterStatus", HERE,
        "recorded by test_get_stages_filters_by_deployment_id: NOT_AVAILABLE without a cache",
    ),
    (
        "CreateStage GetStage UpdateStage", "*Date", HERE,
        "recorded by test_get_stages_filters_by_deployment_id: a stage has both times",
    ),
    (
        "GetStage UpdateStage", "tracingEnabled", HERE,
        "recorded by test_get_stages_filters_by_deployment_id: false where it was not given",
    ),
    (
        "GetStage", "description", HERE,
        "recorded by test_get_stages_filters_by_deployment_id: no member where none was given",
    ),
    ("GetStages", "item[]", HERE, NO_FILTER),
    (
        "GetAccount UpdateAccount", "apiKeyVersion", BOTH,
        "the API reference says only that it is the version of the account's keys; it names none",
    ),
    ("GetAccount UpdateAccount", "features", HERE, NO_MEMBER),
    (
        "GetGatewayResponse", "response*", HERE,
        "recorded by test_gateway_response_crud: a response that nobody changed has both members",
    ),
    (
        "GetGatewayResponses", "items[]", HERE,
        "recorded by test_gateway_response_crud: those that nobody changed are in the list",
    ),
    (
        "GetIntegration GetMethod GetResources PutIntegration", "*cacheNamespace", HERE,
        "recorded by test_lifecycle_method_response: the resource's id where none was given",
    ),
    (
        "GetIntegration GetMethod GetResources PutIntegration", "*passthroughBehavior", HERE,
        "recorded by test_lifecycle_method_response: WHEN_NO_MATCH where none was given",
    ),
    (
        "GetIntegration GetMethod GetResources PutIntegration", "*timeoutInMillis", HERE,
        "recorded by test_lifecycle_method_response: 29000 where none was given",
    ),
    (
        "GetMethod GetResource PutMethod", "*methodResponses", HERE,
        "recorded by test_method_lifecycle: a method without responses has no such member",
    ),
    (
        "PutIntegrationResponse", "selectionPattern", HERE,
        "recorded by test_lifecycle_integration_response: an empty pattern is shown",
    ),
    (
        "GetModels", "items[]", HERE,
        "the CLI's example of GetModels lists the models Error and Empty, which moto does not make",
    ),
    (
        "GetUsagePlan UpdateUsagePlan", "tags", HERE,
        "recorded by test_usage_plan_crud: both answers have tags, if none are set",
    ),
]
