"""API Gateway's HTTP APIs."""

import json

# What identity sources, mappings and formats begin with.
WORDS = ("context", "request")
FUNCTION = "arn:aws:lambda:us-east-1:$account:function:f"

FIXTURES = {
    "api": {
        "call": "apigatewayv2.CreateApi",
        "input": {
            "Name": "$new",
            "ProtocolType": "HTTP",
            "CorsConfiguration": {"AllowOrigins": ["*"]},
            "Tags": {"a": "b"},
        },
        "is": "output.ApiId",
    },
    "api_arn": {
        "call": "apigatewayv2.GetApi",
        "input": {"ApiId": "$api"},
        "is": "join('', ['arn:aws:apigateway:us-east-1::/apis/', output.ApiId])",
    },
    "integration": {
        "call": "apigatewayv2.CreateIntegration",
        "input": {
            "ApiId": "$api",
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": FUNCTION,
            "PayloadFormatVersion": "2.0",
        },
        "is": "output.IntegrationId",
    },
    "fresh_integration": {
        "call": "apigatewayv2.CreateIntegration",
        "input": {
            "ApiId": "$api",
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": FUNCTION,
            "PayloadFormatVersion": "2.0",
        },
        "is": "output.IntegrationId",
        "fresh": True,
    },
    "route": {
        "call": "apigatewayv2.CreateRoute",
        "input": {"ApiId": "$api", "RouteKey": "GET /$new", "Target": "integrations/$integration"},
        "is": "output.RouteId",
    },
    "deployment": {
        "call": "apigatewayv2.CreateDeployment",
        # An API without routes is not deployed.
        "input": {"ApiId": "$api", "Description": "$route"},
        "is": "output.DeploymentId",
    },
    "stage": {
        "call": "apigatewayv2.CreateStage",
        "input": {"ApiId": "$api", "StageName": "dev", "DeploymentId": "$deployment", "StageVariables": {"a": "b"}},
        "is": "output.StageName",
    },
}

FIXTURES["staged_api"] = {
    "call": "apigatewayv2.GetStage",
    "input": {"ApiId": "$api", "StageName": "$stage"},
    "is": "input.ApiId",
}
FIXTURES["log_group"] = {
    "call": "logs.CreateLogGroup",
    "input": {"logGroupName": "$new"},
    "is": "join('', ['arn:aws:logs:us-east-1:000000000000:log-group:', input.logGroupName])",
}
# A stage that logs and has settings for a route.
FIXTURES["set_stage"] = {
    "call": "apigatewayv2.UpdateStage",
    "input": {
        "ApiId": "$api",
        "StageName": "$stage",
        "AccessLogSettings": {"DestinationArn": "$log_group", "Format": "$context.requestId"},
        "RouteSettings": {"GET /logged": {"ThrottlingBurstLimit": 5}},
        "Description": "$logged_route",
    },
    "is": "input.StageName",
}
FIXTURES["logged_route"] = {
    "call": "apigatewayv2.CreateRoute",
    "input": {"ApiId": "$api", "RouteKey": "GET /logged"},
    "is": "output.RouteId",
}
# What its stage does not serve yet.
FIXTURES["grown_api"] = {
    "call": "apigatewayv2.CreateRoute",
    "input": {"ApiId": "$staged_api", "RouteKey": "GET /later"},
    "is": "input.ApiId",
}
JWT = {
    "AuthorizerType": "JWT",
    "IdentitySource": ["$request.header.Authorization"],
    "JwtConfiguration": {"Audience": ["a"], "Issuer": "https://example.com"},
}
FIXTURES["authorizer"] = {
    "call": "apigatewayv2.CreateAuthorizer",
    "input": {"ApiId": "$api", "Name": "$new", **JWT},
    "is": "output.AuthorizerId",
}

INVOCATION = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"

OF_THE_API = {"ApiId": "$api"}
OF_AUTHORIZER = {"ApiId": "$api", "AuthorizerId": "$authorizer"}
# What a route says of who may call it.
GUARDED = {"AuthorizationType": "JWT", "AuthorizerId": "$authorizer", "AuthorizationScopes": ["a"]}

READS = [
    {"call": "apigatewayv2.GetApis", "input": {"MaxResults": "500"}},
    {"call": "apigatewayv2.GetRoutes", "input": OF_THE_API},
    {"call": "apigatewayv2.GetAuthorizers", "input": OF_THE_API},
    {"call": "apigatewayv2.GetIntegrations", "input": OF_THE_API},
    {"call": "apigatewayv2.GetStages", "input": OF_THE_API},
    {"call": "apigatewayv2.GetDeployments", "input": OF_THE_API},
]

DOCUMENT = json.dumps({"openapi": "3.0.1", "info": {"title": "imported", "version": "1"}, "paths": {"/a": {"get": {}}}})

EXPORT = {"Specification": "OAS30", "OutputType": "JSON"}

ROWS = {
    "ImportApi": {"input": {"Body": DOCUMENT, "Basepath": "ignore"}, "answer": {"ApiId": ..., "Name": "imported"}},
    "ReimportApi": {"input": {**OF_THE_API, "Body": DOCUMENT}, "answer": {"ApiId": "$api", "Name": "imported"}},
    "ExportApi": [
        {
            "input": {
                **OF_THE_API,
                **EXPORT,
                "ExportVersion": "1.0",
                "IncludeExtensions": True,
                "StageName": "$stage",
            },
        },
        {"input": {"ApiId": "$staged_api", **EXPORT, "IncludeExtensions": False}},
        {"input": {"ApiId": "$grown_api", **EXPORT, "StageName": "$stage"}},
    ],
    "CreateAuthorizer": [
        {
            "input": {
                **OF_THE_API,
                "Name": "$new",
                "AuthorizerType": "REQUEST",
                "AuthorizerUri": INVOCATION,
                "AuthorizerPayloadFormatVersion": "2.0",
                "AuthorizerResultTtlInSeconds": 60,
                "EnableSimpleResponses": True,
                "IdentitySource": ["$request.header.Authorization"],
            },
            "answer": {"AuthorizerId": ..., "AuthorizerType": "REQUEST", "AuthorizerResultTtlInSeconds": 60},
        },
        {
            "input": {**OF_THE_API, "Name": "$new", **JWT},
            "answer": {"JwtConfiguration.Issuer": "https://example.com"},
        },
    ],
    "DeleteAuthorizer": {"input": OF_AUTHORIZER},
    "GetAuthorizer": {"input": OF_AUTHORIZER, "answer": {"AuthorizerId": "$authorizer", "Name": ...}},
    "GetAuthorizers": {"input": {**OF_THE_API, "MaxResults": "100"}, "answer": {"Items": ...}},
    "UpdateAuthorizer": {"input": {**OF_AUTHORIZER, "Name": "renamed"}, "answer": {"Name": "renamed"}},
    "ResetAuthorizersCache": {"input": {**OF_THE_API, "StageName": "$stage"}},
    "CreateApi": [
        {
            "input": {
                "Name": "$new",
                "ProtocolType": "HTTP",
                "Description": "d",
                "Version": "1",
                "CorsConfiguration": {"AllowOrigins": ["*"], "AllowMethods": ["GET"], "MaxAge": 5},
                "Tags": {"a": "b"},
            },
            "answer": {"ApiId": ..., "ApiEndpoint": ..., "CreatedDate": ..., "CorsConfiguration.MaxAge": 5},
        },
        {
            "input": {"Name": "$new", "ProtocolType": "HTTP", "Target": FUNCTION, "RouteKey": "GET /a"},
            "answer": {"ApiId": ...},
        },
    ],
    "DeleteApi": {"input": OF_THE_API},
    "GetApi": {"input": OF_THE_API, "answer": {"ApiId": "$api", "ProtocolType": "HTTP", "Tags.a": "b"}},
    "GetApis": {"input": {"MaxResults": "100"}, "answer": {"Items": ...}},
    "UpdateApi": {"input": {**OF_THE_API, "Description": "new"}, "answer": {"Description": "new"}},
    "DeleteCorsConfiguration": {"input": OF_THE_API},
    "GetTags": {"input": {"ResourceArn": "$api_arn"}, "answer": {"Tags.a": "b"}},
    "TagResource": {"input": {"ResourceArn": "$api_arn", "Tags": {"c": "d"}}},
    "UntagResource": {"input": {"ResourceArn": "$api_arn", "TagKeys": ["a"]}},
    "CreateIntegration": [
        {
            "input": {
                **OF_THE_API,
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": FUNCTION,
                "IntegrationMethod": "POST",
                "PayloadFormatVersion": "2.0",
                "RequestParameters": {"append:header.x-a": "$context.stage"},
                "ResponseParameters": {"500": {"overwrite:statuscode": "503"}},
                "TimeoutInMillis": 5000,
                "Description": "d",
            },
            "answer": {
                "IntegrationId": ...,
                "IntegrationMethod": "POST",
                "PayloadFormatVersion": "2.0",
                "ConnectionType": "INTERNET",
                "RequestParameters": {"append:header.x-a": "$context.stage"},
                "ResponseParameters": {"500": {"overwrite:statuscode": "503"}},
            },
        },
        {
            "input": {
                **OF_THE_API,
                "IntegrationType": "HTTP_PROXY",
                "IntegrationUri": "http://127.0.0.1:9/",
                "IntegrationMethod": "ANY",
                "PayloadFormatVersion": "1.0",
            },
        },
    ],
    "DeleteIntegration": {"input": {**OF_THE_API, "IntegrationId": "$integration"}},
    "GetIntegration": {
        "input": {**OF_THE_API, "IntegrationId": "$integration"},
        "answer": {"IntegrationId": "$integration", "IntegrationUri": ...},
    },
    "GetIntegrations": {"input": {**OF_THE_API, "MaxResults": "100"}, "answer": {"Items": ...}},
    "UpdateIntegration": {
        "input": {**OF_THE_API, "IntegrationId": "$integration", "TimeoutInMillis": 2000},
        "answer": {"TimeoutInMillis": 2000},
    },
    "GetIntegrationResponses": {
        "input": {**OF_THE_API, "IntegrationId": "$integration", "MaxResults": "100"},
        "answer": {"Items": []},
    },
    "GetRouteResponses": {
        "input": {**OF_THE_API, "RouteId": "$route", "MaxResults": "100"},
        "answer": {"Items": []},
    },
    "GetModels": {"input": {**OF_THE_API, "MaxResults": "100"}, "answer": {"Items": []}},
    "GetDomainNames": {"input": {"MaxResults": "100"}, "answer": {"Items": []}},
    "GetVpcLinks": {"input": {"MaxResults": "100"}, "answer": {"Items": []}},
    "CreateRoute": [
        {
            "input": {
                **OF_THE_API,
                "RouteKey": "GET /$new",
                "Target": "integrations/$integration",
                "AuthorizationType": "NONE",
                "OperationName": "o",
            },
            "answer": {"RouteId": ..., "RouteKey": ..., "AuthorizationType": "NONE", "ApiKeyRequired": False},
        },
        {"input": {**OF_THE_API, "RouteKey": "GET /$new", **GUARDED}, "answer": {"AuthorizerId": "$authorizer"}},
    ],
    "DeleteRoute": {"input": {**OF_THE_API, "RouteId": "$route"}},
    "GetRoute": {"input": {**OF_THE_API, "RouteId": "$route"}, "answer": {"RouteId": "$route", "Target": ...}},
    "GetRoutes": {"input": {**OF_THE_API, "MaxResults": "100"}, "answer": {"Items": ...}},
    "UpdateRoute": [
        {
            "input": {**OF_THE_API, "RouteId": "$route", "OperationName": "new"},
            "answer": {"OperationName": "new"},
        },
        {"input": {**OF_THE_API, "RouteId": "$route", **GUARDED}, "answer": {"AuthorizationScopes": ["a"]}},
    ],
    "CreateStage": {
        "input": {
            **OF_THE_API,
            "StageName": "prod",
            "AutoDeploy": True,
            "Description": "$logged_route",
            "StageVariables": {"a": "b"},
            "Tags": {"a": "b"},
            "AccessLogSettings": {"DestinationArn": "$log_group", "Format": "$context.requestId $context.status"},
            "DefaultRouteSettings": {"DetailedMetricsEnabled": True, "ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 2.5},
            "RouteSettings": {"GET /logged": {"ThrottlingBurstLimit": 1}},
        },
        "free": ["Description"],
        "answer": {"StageName": "prod", "AutoDeploy": True, "DeploymentId": ..., "StageVariables.a": "b"},
    },
    "DeleteStage": {"input": {**OF_THE_API, "StageName": "$stage"}},
    "DeleteAccessLogSettings": {"input": {**OF_THE_API, "StageName": "$set_stage"}},
    "DeleteRouteSettings": {"input": {**OF_THE_API, "StageName": "$set_stage", "RouteKey": "GET /logged"}},
    "GetStage": {"input": {**OF_THE_API, "StageName": "$stage"}, "answer": {"StageName": "dev", "CreatedDate": ...}},
    "GetStages": {"input": {**OF_THE_API, "MaxResults": "100"}, "answer": {"Items": ...}},
    "UpdateStage": {
        "input": {**OF_THE_API, "StageName": "$stage", "Description": "new"},
        "answer": {"Description": "new"},
    },
    "CreateDeployment": {
        "input": {**OF_THE_API, "StageName": "$stage", "Description": "d"},
        "answer": {"DeploymentId": ..., "DeploymentStatus": "DEPLOYED", "AutoDeployed": False},
    },
    "DeleteDeployment": {"input": {**OF_THE_API, "DeploymentId": "$deployment"}},
    "GetDeployment": {
        "input": {**OF_THE_API, "DeploymentId": "$deployment"},
        "answer": {"DeploymentId": "$deployment", "CreatedDate": ...},
    },
    "GetDeployments": {"input": {**OF_THE_API, "MaxResults": "100"}, "answer": {"Items": ...}},
}

PAGES = {
    "GetDomainNames": {"items": "Items[].DomainName"},
    "GetVpcLinks": {
        "items": "Items[].VpcLinkId",
        "tokens": {"input_token": "NextToken", "output_token": "NextToken", "limit_key": "MaxResults"},
    },
    "GetModels": {"input": OF_THE_API, "items": "Items[].ModelId"},
    "GetRouteResponses": {"input": {**OF_THE_API, "RouteId": "$route"}, "items": "Items[].RouteResponseId"},
    "GetIntegrationResponses": {
        "input": {**OF_THE_API, "IntegrationId": "$integration"},
        "items": "Items[].IntegrationResponseId",
    },
    "GetAuthorizers": {
        "make": {
            "call": "apigatewayv2.CreateAuthorizer",
            "input": {"ApiId": "$api", "Name": "$new", **JWT},
            "is": "output.AuthorizerId",
        },
        "remove": {"call": "apigatewayv2.DeleteAuthorizer", "input": {"ApiId": "$api", "AuthorizerId": "$item"}},
        "input": OF_THE_API,
        "items": "Items[].AuthorizerId",
    },
    "GetApis": {
        "make": {"call": "apigatewayv2.CreateApi", "input": {"Name": "$new", "ProtocolType": "HTTP"}, "is": "output.ApiId"},
        "remove": {"call": "apigatewayv2.DeleteApi", "input": {"ApiId": "$item"}},
        "items": "Items[].ApiId",
    },
    "GetIntegrations": {
        "make": {
            "call": "apigatewayv2.CreateIntegration",
            "input": {
                "ApiId": "$api",
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": FUNCTION,
                "PayloadFormatVersion": "2.0",
            },
            "is": "output.IntegrationId",
        },
        "remove": {"call": "apigatewayv2.DeleteIntegration", "input": {"ApiId": "$api", "IntegrationId": "$item"}},
        "input": OF_THE_API,
        "items": "Items[].IntegrationId",
    },
    "GetRoutes": {
        "make": {
            "call": "apigatewayv2.CreateRoute",
            "input": {"ApiId": "$api", "RouteKey": "GET /$new"},
            "is": "output.RouteId",
        },
        "remove": {"call": "apigatewayv2.DeleteRoute", "input": {"ApiId": "$api", "RouteId": "$item"}},
        "input": OF_THE_API,
        "items": "Items[].RouteId",
    },
    "GetStages": {
        "make": {
            "call": "apigatewayv2.CreateStage",
            "input": {"ApiId": "$api", "StageName": "$new"},
            "is": "output.StageName",
        },
        "remove": {"call": "apigatewayv2.DeleteStage", "input": {"ApiId": "$api", "StageName": "$item"}},
        "input": OF_THE_API,
        "items": "Items[].StageName",
    },
    "GetDeployments": {
        "make": {
            "call": "apigatewayv2.CreateDeployment",
            "input": {"ApiId": "$api", "Description": "$route"},
            "is": "output.DeploymentId",
        },
        "remove": {"call": "apigatewayv2.DeleteDeployment", "input": {"ApiId": "$api", "DeploymentId": "$item"}},
        "input": OF_THE_API,
        "items": "Items[].DeploymentId",
    },
}
