"""Lambda."""

import io
import sys
import zipfile

from rows import iam_rows

# Speaks the Runtime API; answers each event with itself.
BOOTSTRAP = f"""#!{sys.executable}
import os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as event:
        identity, body = event.headers["Lambda-Runtime-Aws-Request-Id"], event.read()
    urllib.request.urlopen(api + identity + "/response", data=body).close()
"""


def archive(comment=""):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        packed.writestr(entry, BOOTSTRAP + comment)
    return file.getvalue()


FUNCTION = {
    "FunctionName": "$new",
    "Runtime": "provided.al2023",
    "Role": "$role_arn",
    "Handler": "bootstrap",
    "Code": {"ZipFile": archive()},
    "Timeout": 5,
    "Environment": {"Variables": {"AB": "c"}},
    "Tags": {"a": "b"},
}

LAYER = {"LayerName": "$name", "Content": {"ZipFile": archive("# layer")}}
GRANT = {"StatementId": "all", "Action": "lambda:GetLayerVersion", "Principal": "*"}
THE_LAYER = {"LayerName": "$layer", "VersionNumber": 1}

FIXTURES = {
    "role": iam_rows.FIXTURES["role"],
    "role_arn": iam_rows.FIXTURES["role_arn"],
    "function": {
        "call": "lambda.CreateFunction",
        "input": FUNCTION,
        "is": "output.FunctionName",
        "until": [
            {
                "call": "lambda.GetFunctionConfiguration",
                "input": {"FunctionName": "$it"},
                "sees": "State",
                "value": "Active",
            },
        ],
    },
    "function_arn": {
        "call": "lambda.GetFunctionConfiguration",
        "input": {"FunctionName": "$function"},
        "is": "output.FunctionArn",
    },
    "version": {
        "call": "lambda.PublishVersion",
        "input": {"FunctionName": "$function"},
        "is": "output.Version",
    },
    "alias": {
        "call": "lambda.CreateAlias",
        "input": {"FunctionName": "$function", "Name": "live", "FunctionVersion": "$version"},
        "is": "input.Name",
    },
    "layer": {"call": "lambda.PublishLayerVersion", "input": LAYER, "is": "input.LayerName"},
    "layer_arn": {
        "call": "lambda.GetLayerVersion",
        "input": {"LayerName": "$layer", "VersionNumber": 1},
        "is": "output.LayerVersionArn",
    },
    "shared": {
        "call": "lambda.AddLayerVersionPermission",
        "input": {"LayerName": "$layer", "VersionNumber": 1, **GRANT},
        "is": "input.LayerName",
    },
    "reserved": {
        "call": "lambda.PutFunctionConcurrency",
        "input": {"FunctionName": "$function", "ReservedConcurrentExecutions": 2},
        "is": "input.FunctionName",
    },
    "provisioned": {
        "call": "lambda.PutProvisionedConcurrencyConfig",
        "input": {"FunctionName": "$function", "Qualifier": "$version", "ProvisionedConcurrentExecutions": 2},
        "is": "input.Qualifier",
        "until": [
            {
                "call": "lambda.GetProvisionedConcurrencyConfig",
                "input": {"FunctionName": "$function", "Qualifier": "$it"},
                "sees": "Status",
                "value": "READY",
            },
        ],
    },
    "set": {
        "call": "lambda.PutFunctionEventInvokeConfig",
        "input": {"FunctionName": "$function", "MaximumRetryAttempts": 1},
        "is": "input.FunctionName",
    },
    "statement": {
        "call": "lambda.AddPermission",
        "input": {
            "FunctionName": "$function",
            "StatementId": "api",
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
        },
        "is": "input.StatementId",
    },
    "url": {
        "call": "lambda.CreateFunctionUrlConfig",
        "input": {"FunctionName": "$function", "AuthType": "NONE"},
        "is": "input.FunctionName",
    },
    "allowed": {
        "call": "lambda.AddPermission",
        "input": {
            "FunctionName": "$function",
            "StatementId": "api",
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
        },
        "is": "input.FunctionName",
    },
}

# What has changed since its last version, of which there would be no other else.
FIXTURES["changed"] = {
    "call": "lambda.UpdateFunctionConfiguration",
    "input": {"FunctionName": "$function", "Description": "$new"},
    "is": "output.FunctionName",
    "until": [
        {
            "call": "lambda.GetFunctionConfiguration",
            "input": {"FunctionName": "$it"},
            "sees": "LastUpdateStatus",
            "value": "Successful",
        },
    ],
    "fresh": True,
}
FIXTURES["new_version"] = {**FIXTURES["version"], "input": {"FunctionName": "$changed"}, "fresh": True}
FIXTURES["new_alias"] = {
    "call": "lambda.CreateAlias",
    "input": {"FunctionName": "$function", "Name": "$new", "FunctionVersion": "$version"},
    "is": "input.Name",
    "fresh": True,
}
ARN = "arn:aws:lambda:us-east-1:000000000000:function:"

# What shows whether a refused call has changed something.
READS = [
    {"call": "lambda.ListFunctions"},
    {"call": "lambda.GetFunctionConfiguration", "input": {"FunctionName": "$function"}},
    {"call": "lambda.GetPolicy", "input": {"FunctionName": "$allowed"}},
    {"call": "lambda.ListVersionsByFunction", "input": {"FunctionName": "$function"}},
    {"call": "lambda.ListAliases", "input": {"FunctionName": "$function"}},
    {"call": "lambda.GetFunctionUrlConfig", "input": {"FunctionName": "$url"}},
    {"call": "lambda.GetFunctionConcurrency", "input": {"FunctionName": "$function"}},
    {"call": "lambda.GetFunctionRecursionConfig", "input": {"FunctionName": "$function"}},
    {"call": "lambda.GetRuntimeManagementConfig", "input": {"FunctionName": "$function"}},
    {"call": "lambda.ListProvisionedConcurrencyConfigs", "input": {"FunctionName": "$function"}},
    {"call": "lambda.ListFunctionEventInvokeConfigs", "input": {"FunctionName": "$function"}},
    {"call": "lambda.ListLayers"},
    {"call": "lambda.ListTags", "input": {"Resource": "$function_arn"}},
]

OF_THE_URL = {"input": {"FunctionName": "$url"}}
NO_MAPPING = "14e0db71-5a35-4eb5-b481-8945cf9d10c2"
OF_THE_FUNCTION = {"input": {"FunctionName": "$function"}}

ROWS = {
    "AddLayerVersionPermission": {
        "input": {**THE_LAYER, **GRANT},
        "answer": {"Statement": ..., "RevisionId": ...},
    },
    "AddPermission": {
        "input": {
            "FunctionName": "$function",
            "StatementId": "one",
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": "arn:aws:execute-api:us-east-1:$account:abc/*",
            "SourceAccount": "$account",
        },
        "answer": {"Statement": ...},
    },
    "CreateAlias": {
        "input": {
            "FunctionName": "$function",
            "Name": "live",
            "FunctionVersion": "$version",
            "Description": "of a test",
        },
        "answer": {"Name": "live", "FunctionVersion": "$version", "AliasArn": ..., "RevisionId": ...},
    },
    "CreateFunction": {
        "input": {
            **FUNCTION,
            "Description": "of a test",
            "MemorySize": 256,
            "Architectures": ["x86_64"],
            "PackageType": "Zip",
            "TracingConfig": {"Mode": "PassThrough"},
            "EphemeralStorage": {"Size": 512},
            "LoggingConfig": {"LogFormat": "Text"},
            "Layers": ["$layer_arn"],
        },
        "answer": {"State": "Pending", "CodeSha256": ..., "LoggingConfig.LogFormat": "Text", "Version": "$LATEST"},
    },
    # What is not there counts as deleted.
    "DeleteAlias": {"input": {"FunctionName": "$function", "Name": "$alias"}, "free": ["FunctionName", "Name"]},
    "CreateFunctionUrlConfig": {
        "input": {
            "FunctionName": "$function",
            "AuthType": "AWS_IAM",
            "Cors": {
                "AllowCredentials": True,
                "AllowHeaders": ["x-a"],
                "AllowMethods": ["GET", "*"],
                "AllowOrigins": ["https://example.org"],
                "ExposeHeaders": ["x-b"],
                "MaxAge": 5,
            },
            "InvokeMode": "RESPONSE_STREAM",
        },
        "answer": {"FunctionUrl": ..., "AuthType": "AWS_IAM", "Cors.MaxAge": 5, "InvokeMode": "RESPONSE_STREAM"},
    },
    # No mapping has any id.
    "DeleteEventSourceMapping": {"input": {"UUID": NO_MAPPING}, "refusal": "ResourceNotFoundException"},
    "DeleteFunctionCodeSigningConfig": OF_THE_FUNCTION,
    "DeleteFunctionUrlConfig": OF_THE_URL,
    "DeleteFunction": {"input": {"FunctionName": "$function"}},
    "DeleteFunctionConcurrency": {"input": {"FunctionName": "$reserved"}},
    "DeleteProvisionedConcurrencyConfig": {"input": {"FunctionName": "$function", "Qualifier": "$provisioned"}},
    "DeleteFunctionEventInvokeConfig": {"input": {"FunctionName": "$set"}},
    # What is not there counts as deleted.
    "DeleteLayerVersion": {"input": THE_LAYER, "free": ["LayerName"]},
    "GetAccountSettings": {"answer": {"AccountLimit.TotalCodeSize": ..., "AccountUsage.FunctionCount": ...}},
    "GetAlias": {
        "input": {"FunctionName": "$function", "Name": "$alias"},
        "answer": {"Name": "$alias", "FunctionVersion": "$version"},
    },
    "GetEventSourceMapping": {"input": {"UUID": NO_MAPPING}, "refusal": "ResourceNotFoundException"},
    "GetFunction": {
        **OF_THE_FUNCTION,
        "answer": {"Configuration.State": "Active", "Code.Location": ..., "Tags.a": "b"},
    },
    "GetFunctionCodeSigningConfig": {**OF_THE_FUNCTION, "answer": {"FunctionName": "$function"}},
    "GetFunctionConcurrency": {
        "input": {"FunctionName": "$reserved"},
        "answer": {"ReservedConcurrentExecutions": 2},
    },
    "GetFunctionConfiguration": {
        **OF_THE_FUNCTION,
        "answer": {"Environment.Variables.AB": "c", "LastUpdateStatus": "Successful", "Runtime": "provided.al2023"},
    },
    "GetFunctionEventInvokeConfig": {
        "input": {"FunctionName": "$set"},
        "answer": {"MaximumRetryAttempts": 1, "FunctionArn": ..., "LastModified": ...},
    },
    "GetFunctionRecursionConfig": {**OF_THE_FUNCTION, "answer": {"RecursiveLoop": "Terminate"}},
    "GetFunctionUrlConfig": {**OF_THE_URL, "answer": {"AuthType": "NONE", "InvokeMode": "BUFFERED"}},
    "GetLayerVersion": {"input": THE_LAYER, "answer": {"Version": 1, "Content.CodeSha256": ..., "LayerArn": ...}},
    "GetLayerVersionByArn": {"input": {"Arn": "$layer_arn"}, "answer": {"LayerVersionArn": "$layer_arn"}},
    "GetLayerVersionPolicy": {
        "input": {"LayerName": "$shared", "VersionNumber": 1},
        "answer": {"Policy": ..., "RevisionId": ...},
    },
    "GetPolicy": {"input": {"FunctionName": "$allowed"}, "answer": {"Policy": ..., "RevisionId": ...}},
    "GetProvisionedConcurrencyConfig": {
        "input": {"FunctionName": "$function", "Qualifier": "$provisioned"},
        "answer": {"RequestedProvisionedConcurrentExecutions": 2, "Status": ..., "LastModified": ...},
    },
    "GetRuntimeManagementConfig": {**OF_THE_FUNCTION, "answer": {"UpdateRuntimeOn": "Auto"}},
    "Invoke": [
        {
            "input": {"FunctionName": "$function", "Payload": b'{"a":1}', "LogType": "Tail"},
            "answer": {"StatusCode": 200, "ExecutedVersion": ..., "LogResult": ...},
        },
        {
            "input": {"FunctionName": "$function", "Payload": b"{}", "InvocationType": "DryRun"},
            "answer": {"StatusCode": 204},
        },
        {
            "input": {"FunctionName": "$function", "Payload": b"{}", "InvocationType": "Event"},
            "answer": {"StatusCode": 202},
        },
    ],
    "InvokeWithResponseStream": [
        {
            "input": {"FunctionName": "$function", "Payload": b'{"a":1}', "LogType": "Tail"},
            "answer": {"StatusCode": 200, "ExecutedVersion": ...},
        },
        {
            "input": {"FunctionName": "$function", "Payload": b"{}", "InvocationType": "DryRun"},
            "answer": {"StatusCode": 204},
        },
    ],
    "InvokeAsync": {"input": {"FunctionName": "$function", "InvokeArgs": b"{}"}, "answer": {"Status": 202}},
    "ListAliases": {**OF_THE_FUNCTION, "answer": {"Aliases": ...}},
    "ListCodeSigningConfigs": {"answer": {"CodeSigningConfigs": ...}},
    "ListEventSourceMappings": {"input": {"FunctionName": "f"}, "answer": {"EventSourceMappings": ...}},
    "ListFunctionUrlConfigs": {**OF_THE_URL, "answer": {"FunctionUrlConfigs[0].AuthType": "NONE"}},
    "ListFunctionEventInvokeConfigs": {
        "input": {"FunctionName": "$set"},
        "answer": {"FunctionEventInvokeConfigs[0].MaximumRetryAttempts": 1},
    },
    "ListFunctions": {"input": {"MaxItems": 50}, "answer": {"Functions": ...}},
    # A layer that is not there has no versions.
    "ListLayerVersions": {
        "input": {"LayerName": "$layer", "MaxItems": 50},
        "free": ["LayerName"],
        "answer": {"LayerVersions[0].Version": 1},
    },
    "ListLayers": {"input": {"MaxItems": 50}, "answer": {"Layers": ...}},
    "ListProvisionedConcurrencyConfigs": {**OF_THE_FUNCTION, "answer": {"ProvisionedConcurrencyConfigs": ...}},
    "ListTags": {"input": {"Resource": "$function_arn"}, "answer": {"Tags.a": "b"}},
    "ListVersionsByFunction": {**OF_THE_FUNCTION, "answer": {"Versions[0].FunctionName": "$function"}},
    "PublishLayerVersion": {
        "input": {
            **LAYER,
            "Description": "of a test",
            "LicenseInfo": "MIT",
            "CompatibleRuntimes": ["python3.12"],
            "CompatibleArchitectures": ["x86_64"],
        },
        "answer": {"Version": 1, "Content.CodeSize": ..., "CompatibleRuntimes[0]": "python3.12", "LicenseInfo": "MIT"},
    },
    "PublishVersion": {
        "input": {"FunctionName": "$function", "Description": "of a test"},
        "answer": {"Version": "1", "Description": "of a test", "FunctionName": "$function"},
    },
    "PutFunctionConcurrency": {
        "input": {"FunctionName": "$function", "ReservedConcurrentExecutions": 3},
        "answer": {"ReservedConcurrentExecutions": 3},
    },
    "PutFunctionEventInvokeConfig": {
        "input": {"FunctionName": "$function", "MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
        "answer": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60, "DestinationConfig": ...},
    },
    "PutFunctionRecursionConfig": {
        "input": {"FunctionName": "$function", "RecursiveLoop": "Allow"},
        "answer": {"RecursiveLoop": "Allow"},
    },
    "PutProvisionedConcurrencyConfig": {
        "input": {"FunctionName": "$function", "Qualifier": "$version", "ProvisionedConcurrentExecutions": 1},
        "answer": {"RequestedProvisionedConcurrentExecutions": 1, "Status": "IN_PROGRESS"},
    },
    "PutRuntimeManagementConfig": [
        {
            "input": {"FunctionName": "$function", "UpdateRuntimeOn": "FunctionUpdate"},
            "answer": {"UpdateRuntimeOn": "FunctionUpdate", "FunctionArn": ...},
        },
        {
            "input": {"FunctionName": "$function", "Qualifier": "$version", "UpdateRuntimeOn": "Auto"},
            "answer": {"UpdateRuntimeOn": "Auto", "FunctionArn": ...},
        },
    ],
    "RemoveLayerVersionPermission": {
        "input": {"LayerName": "$shared", "VersionNumber": 1, "StatementId": "all"},
    },
    "RemovePermission": {"input": {"FunctionName": "$function", "StatementId": "$statement"}},
    "TagResource": {"input": {"Resource": "$function_arn", "Tags": {"c": "d"}}},
    "UntagResource": {"input": {"Resource": "$function_arn", "TagKeys": ["a"]}},
    "UpdateAlias": {
        "input": {"FunctionName": "$function", "Name": "$alias", "Description": "another"},
        "answer": {"Description": "another", "FunctionVersion": "$version"},
    },
    "UpdateFunctionCode": {
        "input": {"FunctionName": "$function", "ZipFile": archive("# 2"), "Architectures": ["x86_64"]},
        "answer": {"CodeSha256": ..., "FunctionName": "$function"},
    },
    "UpdateFunctionConfiguration": {
        "input": {"FunctionName": "$function", "Timeout": 7, "Environment": {"Variables": {"DE": "f"}}},
        "answer": {"Timeout": 7, "Environment.Variables.DE": "f"},
    },
    "UpdateFunctionEventInvokeConfig": {
        "input": {"FunctionName": "$set", "MaximumEventAgeInSeconds": 60},
        "answer": {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60},
    },
    "UpdateFunctionUrlConfig": {
        "input": {"FunctionName": "$url", "AuthType": "AWS_IAM", "Cors": {"MaxAge": 7}},
        "answer": {"AuthType": "AWS_IAM", "Cors.MaxAge": 7, "LastModifiedTime": ...},
    },
}

PAGES = {
    "ListAliases": {
        "make": {
            "call": "lambda.CreateAlias",
            "input": {"FunctionName": "$function", "Name": "$new", "FunctionVersion": "$LATEST"},
            "is": "output.Name",
        },
        "remove": {"call": "lambda.DeleteAlias", "input": {"FunctionName": "$function", "Name": "$item"}},
        **OF_THE_FUNCTION,
        "items": "Aliases[].Name",
    },
    "ListCodeSigningConfigs": {"items": "CodeSigningConfigs[].CodeSigningConfigArn"},
    "ListEventSourceMappings": {"items": "EventSourceMappings[].UUID"},
    # A function has one, and so has each of its aliases.
    "ListFunctionUrlConfigs": {
        "make": {
            "call": "lambda.CreateFunctionUrlConfig",
            "input": {"FunctionName": "$function", "Qualifier": "$new_alias", "AuthType": "NONE"},
            "is": "output.FunctionArn",
        },
        "remove": {"call": "lambda.DeleteFunctionUrlConfig", "input": {"FunctionName": "$item"}},
        **OF_THE_FUNCTION,
        "items": "FunctionUrlConfigs[].FunctionArn",
    },
    "ListFunctionEventInvokeConfigs": {
        "make": {
            "call": "lambda.PutFunctionEventInvokeConfig",
            "input": {"FunctionName": "$function", "Qualifier": "$new_alias", "MaximumRetryAttempts": 1},
            "is": "output.FunctionArn",
        },
        "remove": {"call": "lambda.DeleteFunctionEventInvokeConfig", "input": {"FunctionName": "$item"}},
        **OF_THE_FUNCTION,
        "items": "FunctionEventInvokeConfigs[].FunctionArn",
    },
    "ListLayerVersions": {
        "make": {
            "call": "lambda.PublishLayerVersion",
            "input": {**LAYER, "LayerName": "$layer"},
            "is": "output.Version",
        },
        "remove": {"call": "lambda.DeleteLayerVersion", "input": {"LayerName": "$layer", "VersionNumber": "$item"}},
        "input": {"LayerName": "$layer"},
        "items": "LayerVersions[].Version",
    },
    "ListLayers": {
        "make": {
            "call": "lambda.PublishLayerVersion",
            "input": {**LAYER, "LayerName": "$new"},
            "is": "input.LayerName",
        },
        "remove": {"call": "lambda.DeleteLayerVersion", "input": {"LayerName": "$item", "VersionNumber": 1}},
        "items": "Layers[].LayerName",
    },
    "ListFunctions": {
        "make": {"call": "lambda.CreateFunction", "input": FUNCTION, "is": "output.FunctionName"},
        "remove": {"call": "lambda.DeleteFunction", "input": {"FunctionName": "$item"}},
        "items": "Functions[].FunctionName",
    },
    "ListProvisionedConcurrencyConfigs": {
        "make": {
            "call": "lambda.PutProvisionedConcurrencyConfig",
            "input": {"FunctionName": "$function", "Qualifier": "$new_version", "ProvisionedConcurrentExecutions": 1},
            "is": f"join('', ['{ARN}', input.FunctionName, ':', input.Qualifier])",
        },
        "remove": {
            "call": "lambda.DeleteProvisionedConcurrencyConfig",
            "input": {"FunctionName": "$function", "Qualifier": "$qualifier"},
        },
        **OF_THE_FUNCTION,
        "items": "ProvisionedConcurrencyConfigs[].FunctionArn",
    },
    "ListVersionsByFunction": {
        "make": {"call": "lambda.PublishVersion", "input": {"FunctionName": "$changed"}, "is": "output.Version"},
        "remove": {"call": "lambda.DeleteFunction", "input": {"FunctionName": "$function", "Qualifier": "$item"}},
        **OF_THE_FUNCTION,
        "items": "Versions[].Version",
    },
}
