"""API Gateway."""

import json

FUNCTION = "arn:aws:lambda:us-east-1:$account:function:f"
PROXY = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
ANSWERED = {"responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": "{}"}}}}
MOCK = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}, **ANSWERED}
DOCUMENT = json.dumps({
    "openapi": "3.0.1",
    "info": {"title": "imported", "version": "1"},
    "paths": {"/a": {"get": {"x-amazon-apigateway-integration": MOCK}}},
}).encode()

SCHEMA = json.dumps({"type": "object", "properties": {"name": {"type": "string"}}})

METHOD = {"restApiId": "$api", "resourceId": "$root", "httpMethod": "GET"}

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
})

FIXTURES = {
    "logging_role": {
        "call": "iam.CreateRole",
        "input": {"RoleName": "$new", "AssumeRolePolicyDocument": TRUST},
        "is": "output.Role.Arn",
    },
    "api": {
        "call": "apigateway.CreateRestApi",
        "input": {"name": "$new", "description": "of a test", "tags": {"a": "b"}},
        "is": "output.id",
    },
    "root": {"call": "apigateway.GetResources", "input": {"restApiId": "$api"}, "is": "output.items[0].id"},
    "resource": {
        "call": "apigateway.CreateResource",
        "input": {"restApiId": "$api", "parentId": "$root", "pathPart": "$new"},
        "is": "output.id",
    },
    "method": {
        "call": "apigateway.PutMethod",
        "input": {**METHOD, "authorizationType": "NONE", "requestParameters": {"method.request.querystring.q": False}},
        "is": "input.httpMethod",
    },
    "integration": {
        "call": "apigateway.PutIntegration",
        "input": {
            **METHOD,
            "httpMethod": "$method",
            "type": "MOCK",
            "requestTemplates": {"application/json": '{"statusCode": 200}'},
        },
        "is": "input.httpMethod",
    },
    "method_response": {
        "call": "apigateway.PutMethodResponse",
        "input": {**METHOD, "httpMethod": "$method", "statusCode": "200"},
        "is": "input.statusCode",
    },
    "integration_response": {
        "call": "apigateway.PutIntegrationResponse",
        "input": {
            **METHOD,
            "httpMethod": "$integration",
            "statusCode": "$method_response",
            "responseTemplates": {"application/json": "{}"},
        },
        "is": "input.statusCode",
    },
    # A method that answers.
    "answered": {
        "call": "apigateway.GetIntegrationResponse",
        "input": {**METHOD, "statusCode": "$integration_response"},
        "is": "input.httpMethod",
    },
    "deployment": {
        "call": "apigateway.CreateDeployment",
        # A deployment takes methods that are answered.
        "input": {"restApiId": "$api", "description": "$integration_response"},
        "is": "output.id",
    },
    "authorizer": {
        "call": "apigateway.CreateAuthorizer",
        "input": {"restApiId": "$api", "name": "$new", "type": "TOKEN", "authorizerUri": PROXY},
        "is": "output.id",
    },
    "model": {
        "call": "apigateway.CreateModel",
        "input": {"restApiId": "$api", "name": "Pet", "contentType": "application/json", "schema": SCHEMA},
        "is": "input.name",
    },
    "validator": {
        "call": "apigateway.CreateRequestValidator",
        "input": {"restApiId": "$api", "name": "v", "validateRequestParameters": True},
        "is": "output.id",
    },
    "documentation_part": {
        "call": "apigateway.CreateDocumentationPart",
        "input": {
            "restApiId": "$api",
            "location": {"type": "METHOD", "path": "/", "method": "GET"},
            "properties": '{"description": "d"}',
        },
        "is": "output.id",
    },
    # What one filter lets through another does not: two methods, a resource and a model are documented.
    "documented_root": {
        "call": "apigateway.CreateDocumentationPart",
        "input": {
            "restApiId": "$api",
            "location": {"type": "METHOD", "path": "/", "method": "GET"},
            "properties": '{"description": "root"}',
        },
        "is": "input.restApiId",
    },
    "documented_path": {
        "call": "apigateway.CreateDocumentationPart",
        "input": {
            "restApiId": "$documented_root",
            "location": {"type": "METHOD", "path": "/a", "method": "GET"},
            "properties": '{"description": "path"}',
        },
        "is": "input.restApiId",
    },
    "documented_resource": {
        "call": "apigateway.CreateDocumentationPart",
        "input": {
            "restApiId": "$documented_path",
            "location": {"type": "RESOURCE", "path": "/"},
            "properties": '{"description": "resource"}',
        },
        "is": "input.restApiId",
    },
    "documented_api": {
        "call": "apigateway.CreateDocumentationPart",
        "input": {
            "restApiId": "$documented_resource",
            "location": {"type": "MODEL", "name": "Pet"},
            "properties": '{"description": "model"}',
        },
        "is": "input.restApiId",
    },
    "documentation_version": {
        "call": "apigateway.CreateDocumentationVersion",
        "input": {"restApiId": "$api", "documentationVersion": "v1"},
        "is": "input.documentationVersion",
    },
    "gateway_response": {
        "call": "apigateway.PutGatewayResponse",
        "input": {"restApiId": "$api", "responseType": "THROTTLED", "statusCode": "430"},
        "is": "input.responseType",
    },
    "stage": {
        "call": "apigateway.CreateStage",
        "input": {"restApiId": "$api", "stageName": "dev", "deploymentId": "$deployment", "variables": {"a": "b"}},
        "is": "input.stageName",
    },
    "key": {
        "call": "apigateway.CreateApiKey",
        "input": {"name": "$new", "enabled": True, "tags": {"a": "b"}},
        "is": "output.id",
    },
    "plan": {
        "call": "apigateway.CreateUsagePlan",
        "input": {
            "name": "$new",
            "apiStages": [{"apiId": "$api", "stage": "$stage"}],
            "throttle": {"rateLimit": 10.0, "burstLimit": 5},
            "quota": {"limit": 100, "offset": 0, "period": "MONTH"},
        },
        "is": "output.id",
    },
    "empty_plan": {"call": "apigateway.CreateUsagePlan", "input": {"name": "$new"}, "is": "output.id"},
    "fresh_key": {"call": "apigateway.CreateApiKey", "input": {"name": "$new"}, "is": "output.id", "fresh": True},
    "plan_key": {
        "call": "apigateway.CreateUsagePlanKey",
        "input": {"usagePlanId": "$plan", "keyId": "$key", "keyType": "API_KEY"},
        "is": "input.keyId",
    },
    "keyed_plan": {
        "call": "apigateway.CreateUsagePlanKey",
        "input": {"usagePlanId": "$plan", "keyId": "$key", "keyType": "API_KEY"},
        "is": "input.usagePlanId",
    },
    "second_plan_key": {
        "call": "apigateway.CreateUsagePlanKey",
        "input": {"usagePlanId": "$keyed_plan", "keyId": "$fresh_key", "keyType": "API_KEY"},
        "is": "input.keyId",
    },
    "root_of_method": {
        "call": "apigateway.GetMethod",
        "input": {**METHOD, "httpMethod": "$method"},
        "is": "input.resourceId",
    },
    "staged_api": {
        "call": "apigateway.GetStage",
        "input": {"restApiId": "$api", "stageName": "$stage"},
        "is": "input.restApiId",
    },
    "idle_deployment": {
        "call": "apigateway.CreateDeployment",
        "input": {"restApiId": "$staged_api"},
        "is": "output.id",
        "fresh": True,
    },
    "imported": {"call": "apigateway.ImportRestApi", "input": {"body": DOCUMENT}, "is": "output.id"},
    "imported_stage": {
        "call": "apigateway.CreateDeployment",
        "input": {"restApiId": "$imported", "stageName": "dev"},
        "is": "input.stageName",
    },
    "api_arn": {
        # Nothing tells it.
        "call": "apigateway.GetRestApi",
        "input": {"restApiId": "$api"},
        "is": "join('', ['arn:aws:apigateway:us-east-1::/restapis/', output.id])",
    },
}

# What shows whether a refused call has changed something.
READS = [
    {"call": "apigateway.GetAccount", "input": {}},
    {"call": "apigateway.GetRestApis", "input": {"limit": 500}},
    {"call": "apigateway.GetResources", "input": {"restApiId": "$api", "embed": ["methods"], "limit": 500}},
    {"call": "apigateway.GetDeployments", "input": {"restApiId": "$api", "limit": 500}},
    {"call": "apigateway.GetStages", "input": {"restApiId": "$api"}},
    {"call": "apigateway.GetRequestValidators", "input": {"restApiId": "$api"}},
    {"call": "apigateway.GetAuthorizers", "input": {"restApiId": "$api"}},
    {"call": "apigateway.GetModels", "input": {"restApiId": "$api"}},
    {"call": "apigateway.GetGatewayResponses", "input": {"restApiId": "$api"}},
    {"call": "apigateway.GetDocumentationParts", "input": {"restApiId": "$api"}},
    {"call": "apigateway.GetDocumentationVersions", "input": {"restApiId": "$api"}},
    {"call": "apigateway.GetApiKeys", "input": {"limit": 500}},
    {"call": "apigateway.GetUsagePlans", "input": {"limit": 500}},
    {"call": "apigateway.GetUsagePlanKeys", "input": {"usagePlanId": "$plan", "limit": 500}},
]


def replace(path, value):
    return {"patchOperations": [{"op": "replace", "path": path, "value": value}]}


OF_THE_API = {"restApiId": "$api"}
OF_THE_STAGE = {"restApiId": "$api", "stageName": "$stage"}

APIS = {
    "CreateRestApi": [
        {
            "input": {
                "name": "$new",
                "description": "d",
                "version": "1",
                "binaryMediaTypes": ["image/png"],
                "apiKeySource": "HEADER",
                "endpointConfiguration": {"types": ["REGIONAL"]},
                "tags": {"a": "b"},
            },
            "answer": {"id": ..., "rootResourceId": ..., "tags.a": "b", "createdDate": ..., "binaryMediaTypes[0]": ...},
        },
        {"input": {"name": "$new", "apiKeySource": "AUTHORIZER"}, "answer": {"apiKeySource": "AUTHORIZER"}},
    ],
    "DeleteRestApi": {"input": OF_THE_API},
    "GetExport": [
        {
            "input": {
                "restApiId": "$imported",
                "stageName": "$imported_stage",
                "exportType": "oas30",
                "accepts": accepts,
            },
            "answer": {"body": ..., "contentType": accepts},
        }
        for accepts in ("application/json", "application/yaml")
    ],
    "GetRestApi": {
        "input": OF_THE_API,
        "answer": {"id": "$api", "apiKeySource": "HEADER", "endpointConfiguration": ...},
    },
    "GetRestApis": {"input": {"limit": 500}, "answer": {"items": ...}},
    "ImportRestApi": {"input": {"body": DOCUMENT, "failOnWarnings": False}, "answer": {"name": "imported", "id": ...}},
    "PutRestApi": [
        {"input": {**api, "mode": "overwrite", "body": DOCUMENT}, "answer": {"name": "imported"}}
        for api in (OF_THE_API, {"restApiId": "$staged_api"})
    ],
    "UpdateRestApi": {"input": {**OF_THE_API, **replace("/description", "new")}, "answer": {"description": "new"}},
    "GetTags": {"input": {"resourceArn": "$api_arn"}, "answer": {"tags.a": "b"}},
    "TagResource": {"input": {"resourceArn": "$api_arn", "tags": {"c": "d"}}},
    "UntagResource": {"input": {"resourceArn": "$api_arn", "tagKeys": ["a"]}},
}

ON_METHOD = {**METHOD, "httpMethod": "$method"}
ON_INTEGRATION = {**METHOD, "httpMethod": "$integration"}

RESOURCES = {
    "CreateResource": {
        "input": {"restApiId": "$api", "parentId": "$root", "pathPart": "$new"},
        "answer": {"id": ..., "path": ..., "parentId": "$root"},
    },
    "DeleteResource": {"input": {"restApiId": "$api", "resourceId": "$resource"}},
    "UpdateResource": {
        "input": {"restApiId": "$api", "resourceId": "$resource", **replace("/pathPart", "renamed")},
        "answer": {"pathPart": "renamed", "path": "/renamed"},
    },
    "GetResource": [
        {
            "input": {"restApiId": "$api", "resourceId": "$resource", "embed": ["methods"]},
            "answer": {"id": "$resource", "path": ...},
        },
        {
            "input": {"restApiId": "$api", "resourceId": "$root_of_method", "embed": ["methods"]},
            "answer": {"resourceMethods.GET.authorizationType": "NONE"},
        },
    ],
    "GetResources": [
        {"input": {"restApiId": "$api", "embed": ["methods"], "limit": 500}, "answer": {"items": ...}},
        {
            "input": {"restApiId": "$staged_api", "embed": ["methods"]},
            "answer": {"items[0].resourceMethods.GET.authorizationType": "NONE"},
        },
    ],
    "PutMethod": {
        "input": {**METHOD, "authorizationType": "NONE", "apiKeyRequired": True, "operationName": "o"},
        "answer": {"apiKeyRequired": True, "httpMethod": "GET", "authorizationType": "NONE"},
    },
    "GetMethod": {"input": ON_INTEGRATION, "answer": {"methodIntegration.type": "MOCK", "requestParameters": ...}},
    "UpdateMethod": {"input": {**ON_METHOD, **replace("/apiKeyRequired", "true")}, "answer": {"apiKeyRequired": True}},
    "DeleteMethod": {"input": ON_METHOD},
    "PutMethodResponse": {
        "input": {**ON_METHOD, "statusCode": "200", "responseParameters": {"method.response.header.a": False}},
        "answer": {"statusCode": "200"},
    },
    "GetMethodResponse": {"input": {**ON_METHOD, "statusCode": "$method_response"}, "answer": {"statusCode": "200"}},
    "UpdateMethodResponse": {
        "input": {
            **ON_METHOD,
            "statusCode": "$method_response",
            "patchOperations": [{"op": "add", "path": "/responseModels/application~1json", "value": "Empty"}],
        },
        "answer": {"statusCode": "200", "responseModels": ...},
    },
    "DeleteMethodResponse": {"input": {**ON_METHOD, "statusCode": "$method_response"}},
    "PutIntegration": [
        {
            "input": {
                **ON_METHOD,
                "type": "AWS_PROXY",
                "integrationHttpMethod": "POST",
                "uri": PROXY,
                "timeoutInMillis": 5000,
            },
            "answer": {"type": "AWS_PROXY", "uri": ..., "httpMethod": "POST", "timeoutInMillis": 5000},
        },
        {"input": {**ON_METHOD, "type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}},
    ],
    "GetIntegration": {"input": ON_INTEGRATION, "answer": {"type": "MOCK", "requestTemplates": ...}},
    "UpdateIntegration": {
        "input": {**ON_INTEGRATION, **replace("/timeoutInMillis", "2000")},
        "answer": {"timeoutInMillis": 2000},
    },
    "DeleteIntegration": {"input": ON_INTEGRATION},
    "PutIntegrationResponse": {
        "input": {
            **ON_INTEGRATION,
            "statusCode": "$method_response",
            "responseTemplates": {"application/json": "{}"},
            "selectionPattern": "",
        },
        "free": ["statusCode"],
        "answer": {"statusCode": "200", "responseTemplates": ...},
    },
    "GetIntegrationResponse": {
        "input": {**METHOD, "statusCode": "$integration_response"},
        "answer": {"statusCode": "200"},
    },
    "UpdateIntegrationResponse": {
        "input": {**METHOD, "statusCode": "$integration_response", **replace("/selectionPattern", "4.*")},
        "answer": {"statusCode": "200", "selectionPattern": "4.*"},
    },
    "TestInvokeMethod": {
        "input": {
            **METHOD,
            "restApiId": "$api",
            "httpMethod": "$answered",
            "pathWithQueryString": "/?q=1",
            "body": "said",
            "headers": {"a": "b"},
            "multiValueHeaders": {"c": ["d"]},
            "stageVariables": {"e": "f"},
        },
        "answer": {"status": 200, "body": "{}", "headers": ..., "log": ..., "latency": ...},
    },
    "DeleteIntegrationResponse": {"input": {**METHOD, "statusCode": "$integration_response"}},
}

OF_AUTHORIZER = {"restApiId": "$api", "authorizerId": "$authorizer"}
OF_MODEL = {"restApiId": "$api", "modelName": "$model"}

CALLERS = {
    "CreateAuthorizer": [
        {
            "input": {
                "restApiId": "$api",
                "name": "$new",
                "type": "TOKEN",
                "authType": "oauth2",
                "authorizerUri": PROXY,
                "identitySource": "method.request.header.Authorization",
                "identityValidationExpression": ".*",
                "authorizerResultTtlInSeconds": 60,
            },
            "answer": {"id": ..., "type": "TOKEN", "authType": "oauth2", "authorizerResultTtlInSeconds": 60},
        },
        {
            "input": {
                "restApiId": "$api",
                "name": "$new",
                "type": "REQUEST",
                "authorizerUri": PROXY,
                "identitySource": "method.request.header.a,stageVariables.b",
            },
            "answer": {"type": "REQUEST", "authorizerResultTtlInSeconds": 300},
        },
    ],
    "DeleteAuthorizer": {"input": OF_AUTHORIZER},
    "GetAuthorizer": {"input": OF_AUTHORIZER, "answer": {"id": "$authorizer", "authorizerUri": PROXY}},
    "GetAuthorizers": {"input": {"restApiId": "$api", "limit": 500}, "answer": {"items": ...}},
    "UpdateAuthorizer": {
        "input": {**OF_AUTHORIZER, **replace("/authorizerResultTtlInSeconds", "5")},
        "answer": {"authorizerResultTtlInSeconds": 5},
    },
    "TestInvokeAuthorizer": [
        {
            "input": {
                **OF_AUTHORIZER,
                "headers": {"a": "b"},
                "multiValueHeaders": {"c": ["d"]},
                "pathWithQueryString": "/?q=1",
                "body": "",
                "stageVariables": {"e": "f"},
            },
            # Without a token nobody is asked.
            "answer": {"clientStatus": 401, "log": ..., "latency": ...},
        },
        # With one, a function that is not there.
        {"input": {**OF_AUTHORIZER, "headers": {"Authorization": "t"}}, "answer": {"clientStatus": 500}},
        {"input": {**OF_AUTHORIZER, "multiValueHeaders": {"Authorization": ["t"]}}, "answer": {"clientStatus": 500}},
    ],
    "FlushStageAuthorizersCache": {"input": OF_THE_STAGE},
    "CreateModel": {
        "input": {
            "restApiId": "$api",
            "name": "Other",
            "description": "d",
            "contentType": "application/json",
            "schema": SCHEMA,
        },
        "answer": {"id": ..., "name": "Other", "schema": SCHEMA},
    },
    "DeleteModel": {"input": OF_MODEL},
    "GetModel": {"input": {**OF_MODEL, "flatten": True}, "answer": {"name": "Pet", "schema": ...}},
    "GetModelTemplate": {"input": OF_MODEL, "answer": {"value": ...}},
    "GetModels": {"input": {"restApiId": "$api", "limit": 500}, "answer": {"items[0].name": "Empty"}},
    "UpdateModel": {"input": {**OF_MODEL, **replace("/description", "n")}, "answer": {"description": "n"}},
}

OF_VALIDATOR = {"restApiId": "$api", "requestValidatorId": "$validator"}
OF_RESPONSE = {"restApiId": "$api", "responseType": "$gateway_response"}

RULES = {
    "CreateRequestValidator": {
        "input": {"restApiId": "$api", "name": "v", "validateRequestParameters": True},
        "answer": {"id": ..., "name": "v", "validateRequestParameters": True, "validateRequestBody": False},
    },
    "DeleteRequestValidator": {"input": OF_VALIDATOR},
    "GetRequestValidator": {"input": OF_VALIDATOR, "answer": {"id": "$validator"}},
    "GetRequestValidators": {"input": {"restApiId": "$api", "limit": 500}, "answer": {"items": ...}},
    "UpdateRequestValidator": {"input": {**OF_VALIDATOR, **replace("/name", "n")}, "answer": {"name": "n"}},
    "PutGatewayResponse": {
        "input": {
            "restApiId": "$api",
            "responseType": "DEFAULT_4XX",
            "statusCode": "404",
            "responseParameters": {"gatewayresponse.header.a": "'b'"},
            "responseTemplates": {"application/json": "{}"},
        },
        "answer": {"responseType": "DEFAULT_4XX", "statusCode": "404", "defaultResponse": False},
    },
    "DeleteGatewayResponse": {"input": OF_RESPONSE},
    "GetGatewayResponse": {"input": OF_RESPONSE, "answer": {"responseType": "THROTTLED", "statusCode": "430"}},
    "GetGatewayResponses": {"input": {"restApiId": "$api", "limit": 500}, "answer": {"items": ...}},
    "UpdateGatewayResponse": {
        "input": {**OF_RESPONSE, **replace("/statusCode", "431")},
        "answer": {"statusCode": "431"},
    },
}

ACCOUNT = {
    "GetAccount": {"answer": {"throttleSettings.burstLimit": 5000, "features": ["UsagePlans"]}},
    "UpdateAccount": {
        "input": replace("/cloudwatchRoleArn", "$logging_role"),
        "answer": {"cloudwatchRoleArn": "$logging_role", "apiKeyVersion": "4"},
    },
}

DEPLOYMENTS = {
    "UpdateDeployment": {
        "input": {"restApiId": "$api", "deploymentId": "$deployment", **replace("/description", "new")},
        "answer": {"description": "new"},
    },
    "CreateDeployment": {
        "input": {"restApiId": "$api", "stageName": "prod", "description": "$integration_response"},
        "free": ["description"],
        "answer": {"id": ..., "createdDate": ...},
    },
    "DeleteDeployment": {"input": {"restApiId": "$api", "deploymentId": "$deployment"}},
    "GetDeployment": {"input": {"restApiId": "$api", "deploymentId": "$deployment"}, "answer": {"id": "$deployment"}},
    "GetDeployments": {"input": {"restApiId": "$api", "limit": 500}, "answer": {"items": ...}},
    "CreateStage": {
        "input": {
            "restApiId": "$api",
            "stageName": "prod",
            "deploymentId": "$deployment",
            "description": "d",
            "tracingEnabled": True,
            "variables": {"a": "b"},
            "tags": {"a": "b"},
        },
        "answer": {"stageName": "prod", "deploymentId": "$deployment", "variables.a": "b", "createdDate": ...},
    },
    "DeleteStage": {"input": OF_THE_STAGE},
    "GetStage": {"input": OF_THE_STAGE, "answer": {"stageName": "dev", "lastUpdatedDate": ...}},
    "GetStages": [
        {
            "input": {"restApiId": "$api", "deploymentId": "$deployment"},
            "free": ["deploymentId"],
            "answer": {"item": ...},
        },
        {"input": {"restApiId": "$staged_api", "deploymentId": "$idle_deployment"}, "answer": {"item": []}},
    ],
    "UpdateStage": {"input": {**OF_THE_STAGE, **replace("/description", "new")}, "answer": {"description": "new"}},
}

KEYS = {
    "CreateApiKey": {
        "input": {"name": "$new", "description": "d", "enabled": True, "customerId": "c", "tags": {"a": "b"}},
        "answer": {"id": ..., "value": ..., "enabled": True, "createdDate": ...},
    },
    "DeleteApiKey": {"input": {"apiKey": "$key"}},
    "GetApiKey": {"input": {"apiKey": "$key"}, "answer": {"id": "$key", "enabled": True, "stageKeys": ...}},
    "GetApiKeys": {"input": {"limit": 500}, "answer": {"items": ...}},
    "UpdateApiKey": {"input": {"apiKey": "$key", **replace("/enabled", "false")}, "answer": {"enabled": False}},
    "CreateUsagePlan": {
        "input": {
            "name": "$new",
            "description": "d",
            "apiStages": [{"apiId": "$api", "stage": "$stage"}],
            "throttle": {"rateLimit": 10.5, "burstLimit": 5},
            "quota": {"limit": 100, "offset": 0, "period": "MONTH"},
            "tags": {"a": "b"},
        },
        "answer": {"id": ..., "throttle.rateLimit": 10.5, "quota.period": "MONTH", "apiStages[0].apiId": "$api"},
    },
    "DeleteUsagePlan": {"input": {"usagePlanId": "$empty_plan"}},
    "GetUsagePlan": {"input": {"usagePlanId": "$plan"}, "answer": {"id": "$plan", "throttle.burstLimit": 5}},
    "GetUsagePlans": {
        "input": {"keyId": "$plan_key", "limit": 500},
        "free": ["keyId"],
        "answer": {"items[0].id": "$plan"},
    },
    "GetUsage": [
        {
            "input": {
                "usagePlanId": "$plan",
                "keyId": "$plan_key",
                "startDate": "2026-11-01",
                "endDate": "2026-11-02",
                "limit": 500,
            },
            "answer": {"usagePlanId": "$plan", "startDate": "2026-11-01", "items": ...},
        },
        {
            "input": {
                "usagePlanId": "$keyed_plan",
                "keyId": "$second_plan_key",
                "startDate": "2026-11-01",
                "endDate": "2026-11-02",
            },
            "answer": {"length(keys(items))": 1},
        },
    ],
    "UpdateUsage": {
        "input": {"usagePlanId": "$plan", "keyId": "$plan_key", **replace("/remaining", "7")},
        "answer": {"usagePlanId": "$plan", "items": ...},
    },
    "UpdateUsagePlan": {"input": {"usagePlanId": "$plan", **replace("/name", "n")}, "answer": {"name": "n"}},
    "CreateUsagePlanKey": {
        "input": {"usagePlanId": "$plan", "keyId": "$key", "keyType": "API_KEY"},
        "answer": {"id": "$key", "type": "API_KEY"},
    },
    "DeleteUsagePlanKey": {"input": {"usagePlanId": "$plan", "keyId": "$plan_key"}},
    "GetUsagePlanKey": {"input": {"usagePlanId": "$plan", "keyId": "$plan_key"}, "answer": {"id": "$key"}},
    "GetUsagePlanKeys": [
        {"input": {"usagePlanId": "$plan", "limit": 500}, "answer": {"items": ...}},
        {"input": {"usagePlanId": "$keyed_plan", "nameQuery": "of-nobody"}, "answer": {"items": []}},
    ],
}

OF_PART = {"restApiId": "$api", "documentationPartId": "$documentation_part"}
OF_VERSION = {"restApiId": "$api", "documentationVersion": "$documentation_version"}
DOCUMENTATION = json.dumps({
    "x-amazon-apigateway-documentation": {
        "documentationParts": [{"location": {"type": "API"}, "properties": {"description": "d"}}],
    },
}).encode()

DOCUMENTED = {
    "CreateDocumentationPart": {
        "input": {
            "restApiId": "$api",
            "location": {"type": "RESPONSE_HEADER", "path": "/a", "method": "GET", "statusCode": "200", "name": "h"},
            "properties": '{"description": "d"}',
        },
        "answer": {"id": ..., "location.name": "h", "location.statusCode": "200", "properties": ...},
    },
    "DeleteDocumentationPart": {"input": OF_PART},
    "GetDocumentationPart": {"input": OF_PART, "answer": {"id": "$documentation_part", "location.type": "METHOD"}},
    "GetDocumentationParts": [
        {
            "input": {
                "restApiId": "$documented_api",
                "type": "METHOD",
                "path": "/",
                "locationStatus": "DOCUMENTED",
                "limit": 500,
            },
            "answer": {"length(items)": 1, "items[0].location.type": "METHOD", "items[0].location.path": "/"},
        },
        {
            "input": {"restApiId": "$documented_api", "nameQuery": "Pe"},
            "answer": {"length(items)": 1, "items[0].location.name": "Pet"},
        },
        {"input": {"restApiId": "$documented_api", "nameQuery": "of-nobody"}, "answer": {"items": []}},
    ],
    "ImportDocumentationParts": [
        {
            "input": {"restApiId": "$documented_api", "mode": mode, "failOnWarnings": False, "body": DOCUMENTATION},
            "answer": {"ids[0]": ...},
        }
        for mode in ("overwrite", "merge")
    ],
    "UpdateDocumentationPart": {
        "input": {**OF_PART, **replace("/properties", "{}")},
        "answer": {"properties": "{}"},
    },
    "CreateDocumentationVersion": {
        "input": {"restApiId": "$staged_api", "documentationVersion": "v2", "stageName": "dev", "description": "d"},
        "answer": {"version": "v2", "description": "d", "createdDate": ...},
    },
    "DeleteDocumentationVersion": {"input": OF_VERSION},
    "GetDocumentationVersion": {"input": OF_VERSION, "answer": {"version": "v1"}},
    "GetDocumentationVersions": {"input": {"restApiId": "$api", "limit": 500}, "answer": {"items": ...}},
    "UpdateDocumentationVersion": {
        "input": {**OF_VERSION, **replace("/description", "n")},
        "answer": {"description": "n"},
    },
}

# Lists of what nobody can make here.
NOTHING = {
    "GetClientCertificates": {"input": {"limit": 500}, "answer": {"items": []}},
    "GetDomainNames": {"input": {"limit": 500}, "answer": {"items": []}},
    "GetVpcLinks": {"input": {"limit": 500}, "answer": {"items": []}},
}

ROWS = APIS | RESOURCES | CALLERS | RULES | ACCOUNT | DEPLOYMENTS | KEYS | DOCUMENTED | NOTHING

PAGES = {
    "GetClientCertificates": {"items": "items[].clientCertificateId"},
    "GetDocumentationParts": {
        "make": {
            "call": "apigateway.CreateDocumentationPart",
            "input": {"restApiId": "$api", "location": {"type": "MODEL", "name": "$new"}, "properties": "{}"},
            "is": "output.id",
        },
        "remove": {
            "call": "apigateway.DeleteDocumentationPart",
            "input": {"restApiId": "$api", "documentationPartId": "$item"},
        },
        "input": OF_THE_API,
        "items": "items[].id",
    },
    "GetDocumentationVersions": {
        "make": {
            "call": "apigateway.CreateDocumentationVersion",
            "input": {"restApiId": "$api", "documentationVersion": "$new"},
            "is": "input.documentationVersion",
        },
        "remove": {
            "call": "apigateway.DeleteDocumentationVersion",
            "input": {"restApiId": "$api", "documentationVersion": "$item"},
        },
        "input": OF_THE_API,
        "items": "items[].version",
    },
    "GetDomainNames": {"items": "items[].domainName"},
    "GetVpcLinks": {"items": "items[].id"},
    "GetAuthorizers": {
        "make": {
            "call": "apigateway.CreateAuthorizer",
            "input": {"restApiId": "$api", "name": "$new", "type": "TOKEN", "authorizerUri": PROXY},
            "is": "output.id",
        },
        "remove": {"call": "apigateway.DeleteAuthorizer", "input": {"restApiId": "$api", "authorizerId": "$item"}},
        "input": OF_THE_API,
        "items": "items[].id",
    },
    "GetUsage": {
        "make": {
            "call": "apigateway.CreateUsagePlanKey",
            "input": {"usagePlanId": "$plan", "keyId": "$fresh_key", "keyType": "API_KEY"},
            "is": "input.keyId",
        },
        "remove": {"call": "apigateway.DeleteUsagePlanKey", "input": {"usagePlanId": "$plan", "keyId": "$item"}},
        "input": {"usagePlanId": "$plan", "startDate": "2026-11-01", "endDate": "2026-11-02"},
        "items": "keys(items)",
    },
    # One that is deleted is there with AWS's own words.
    "GetGatewayResponses": {
        "make": {
            "call": "apigateway.PutGatewayResponse",
            "input": {"restApiId": "$api", "responseType": "$each", "statusCode": "430"},
            "is": "input.responseType",
        },
        "each": ["ACCESS_DENIED", "INVALID_API_KEY", "QUOTA_EXCEEDED", "THROTTLED", "UNAUTHORIZED"],
        "remove": {"call": "apigateway.DeleteGatewayResponse", "input": {"restApiId": "$api", "responseType": "$item"}},
        "input": OF_THE_API,
        "items": "items[].responseType",
    },
    "GetModels": {
        "make": {
            "call": "apigateway.CreateModel",
            "input": {"restApiId": "$api", "name": "m$each", "contentType": "application/json", "schema": SCHEMA},
            "is": "input.name",
        },
        "remove": {"call": "apigateway.DeleteModel", "input": {"restApiId": "$api", "modelName": "$item"}},
        "input": OF_THE_API,
        "items": "items[].name",
    },
    "GetRequestValidators": {
        "make": {
            "call": "apigateway.CreateRequestValidator",
            "input": {"restApiId": "$api", "name": "$new"},
            "is": "output.id",
        },
        "remove": {
            "call": "apigateway.DeleteRequestValidator",
            "input": {"restApiId": "$api", "requestValidatorId": "$item"},
        },
        "input": OF_THE_API,
        "items": "items[].id",
    },
    "GetApiKeys": {
        "make": {"call": "apigateway.CreateApiKey", "input": {"name": "$name"}, "is": "output.id"},
        "remove": {"call": "apigateway.DeleteApiKey", "input": {"apiKey": "$item"}},
        "input": {"nameQuery": "$name"},
        "items": "items[].id",
    },
    "GetDeployments": {
        "make": {
            "call": "apigateway.CreateDeployment",
            "input": {"restApiId": "$api", "description": "$integration_response"},
            "is": "output.id",
        },
        "remove": {"call": "apigateway.DeleteDeployment", "input": {"restApiId": "$api", "deploymentId": "$item"}},
        "input": OF_THE_API,
        "items": "items[].id",
    },
    "GetResources": {
        "make": {
            "call": "apigateway.CreateResource",
            "input": {"restApiId": "$api", "parentId": "$root", "pathPart": "$new"},
            "is": "output.id",
        },
        "remove": {"call": "apigateway.DeleteResource", "input": {"restApiId": "$api", "resourceId": "$item"}},
        "input": OF_THE_API,
        "items": "items[].id",
    },
    "GetRestApis": {
        "make": {"call": "apigateway.CreateRestApi", "input": {"name": "$new"}, "is": "output.id"},
        "remove": {"call": "apigateway.DeleteRestApi", "input": {"restApiId": "$item"}},
        "items": "items[].id",
    },
    "GetUsagePlanKeys": {
        "make": {
            "call": "apigateway.CreateUsagePlanKey",
            "input": {"usagePlanId": "$plan", "keyId": "$fresh_key", "keyType": "API_KEY"},
            "is": "input.keyId",
        },
        "remove": {"call": "apigateway.DeleteUsagePlanKey", "input": {"usagePlanId": "$plan", "keyId": "$item"}},
        "input": {"usagePlanId": "$plan"},
        "items": "items[].id",
    },
    "GetUsagePlans": {
        "make": {"call": "apigateway.CreateUsagePlan", "input": {"name": "$new"}, "is": "output.id"},
        "remove": {"call": "apigateway.DeleteUsagePlan", "input": {"usagePlanId": "$item"}},
        "items": "items[].id",
    },
}
